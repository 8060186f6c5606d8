"""Balls of splines: their members are in F, and determinants of shifted B-splines are at least Mahler measures."""

from fractions import Fraction
from itertools import product
from math import comb, factorial, prod

import flint
import numpy as np
import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.hypercube import Thresholds
from approxbounds.facts.spline_measure import least_measure, lower_nodes, mean_measure
from approxbounds.facts.splines import BoxSplines, SmoothSplines, b_splines

DEGREES = range(1, 11)


def coefficients(D, t):
    """N_D(t + j), j = 0..D, exactly for a rational t, by truncated powers."""
    powers = [sum((-1) ** i * comb(D + 1, i) * (t + j - i) ** D for i in range(j + 1)) for j in range(D + 1)]
    return [Fraction(power, factorial(D)) for power in powers]


@pytest.fixture(autouse=True)
def _precise():
    with precision(128):
        yield


def zeros(D, t):
    """The moduli of the zeros of S_t for a rational t, in balls."""
    S = flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in coefficients(D, t)])
    return [abs(root) for root, _ in S.complex_roots()]


def measure(D, t):
    top = flint.arb(flint.fmpq((1 - t).numerator, (1 - t).denominator))
    return prod((flint.arb.max(modulus, 1) for modulus in zeros(D, t)), start=top**D / factorial(D))


def number(x):
    return flint.arb(flint.fmpq(x.numerator, x.denominator))


# ---------------------------------------------------------------------------------------- the table of measures


def test_closed_forms_and_symmetry():
    for i in range(1, 12):
        t = Fraction(i, 23)
        assert float(measure(1, t)) == pytest.approx(1 - t)
        u = (0.25 + float(t * (1 - t))) ** 0.5
        assert float(measure(2, t)) == pytest.approx((u + 0.5) ** 2 / 2)
        for D in (3, 4):
            assert float(measure(D, t)) == pytest.approx(float(measure(D, 1 - t)))


@pytest.mark.parametrize("D", DEGREES)
def test_the_table_is_below_by_certified_roots_at_some_places(D):
    for i, node in enumerate(lower_nodes(D)[1:-1], 1):
        found = measure(D, Fraction(i, 32)) if D > 1 else flint.arb(1)
        assert number(node) < found < number(node) * flint.arb("1.0012") or D == 1


@pytest.mark.parametrize("D", DEGREES[1:])
def test_the_table_is_below_everywhere(D):
    """The moduli of the zeros increase with t, so M_D(t) >= (1-t1)^D/D! times the zeros at t0 for t0 <= t <= t1.

    The j-th largest modulus at t0 is above x_j if S(-x_j) has the sign of (-1)^(D-j), which doubles decide.
    """
    share, nodes = (2.5e-4 if D < 5 else 7.5e-4), np.array([float(node) for node in lower_nodes(D)])
    steps = 1 - np.exp(-share / D * np.arange(int(D / share * np.log(2)) + 2))
    t = np.unique(np.concatenate([steps[1:][steps[1:] < 0.5], np.linspace(0, 0.5, nodes.size), [1e-9]]))
    t0, t1 = t[:-1], t[1:]
    c = b_splines(D, t0)
    r = D // 2 if D % 2 == 0 else (D - 1) // 2
    companion = np.zeros((t0.size, D, D))
    companion[:, np.arange(1, D), np.arange(D - 1)] = 1
    companion[:, :, -1] = -(c[:-1] / c[-1]).T
    x = np.sort(np.abs(np.linalg.eigvals(companion)), axis=1)[:, ::-1][:, :r] * (1 - 1e-7)
    terms = c.T[:, None, :] * x[:, :, None] ** np.arange(D + 1)
    signs = (terms * (-1.0) ** np.arange(D + 1)).sum(axis=2) * (-1.0) ** (D - 1 - np.arange(r))
    assert (signs > 1e-11 * terms.sum(axis=2)).all()
    lower = (1 - t1) ** D / factorial(D) * np.maximum(x, 1).prod(axis=1) * (1 - 1e-12)
    line = np.interp(t, np.linspace(0, 0.5, nodes.size), nodes)
    assert (lower >= np.maximum(line[:-1], line[1:])).all()


@pytest.mark.parametrize("D", [1, 2, 3, 4])
def test_means_are_those_of_the_broken_line_and_increase_with_p(D):
    t = (np.arange(20_000) + 0.5) / 40_000
    nodes = lower_nodes(D)
    line = np.interp(t, np.linspace(0, 0.5, len(nodes)), [float(node) for node in nodes])
    found = [float(mean_measure(FLOAT, D, p)) for p in (1, Fraction(7, 3), 40, 10**6, float("inf"))]
    assert found[:3] == pytest.approx([(line**p).mean() ** (1 / p) for p in (1, 7 / 3, 40)], rel=1e-6)
    assert found == sorted(found) and found[-1] == float(max(nodes))
    assert float(mean_measure(BALL, D, Fraction(7, 3))) == pytest.approx(found[1], rel=1e-12)
    known = {
        1: (0.75, 0.76376, 1),
        2: (0.6547, 0.6581, 0.7286),
        3: (0.5622, 0.5645, 0.6220),
        4: (0.4864, 0.4876, 0.5251),
    }
    for p, exact in zip((1, 2, float("inf")), known[D], strict=True):
        assert 0.998 * exact < float(mean_measure(FLOAT, D, p)) < exact + 1e-4


def test_beyond_the_table_there_is_a_general_bound():
    assert mean_measure(FLOAT, 30, 2) == 2.0**-30 and least_measure(30) == Fraction(1, 2**30)


# ------------------------------------------------------------------------------------------------- determinants


@pytest.mark.parametrize("D", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("t", [Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)])
def test_determinants_of_square_parts_are_at_least_the_measure(D, t):
    """Of the k + D columns those are chosen that begin with the number of small zeros; exact rational determinants."""
    c, best = coefficients(D, t), measure(D, t)
    small = sum(1 for modulus in zeros(D, t) if modulus < 1)
    for n in (1, 2, 5, 9):
        entries = [[c[small + i - j] if 0 <= small + i - j <= D else Fraction(0) for j in range(n)] for i in range(n)]
        T = flint.fmpq_mat(n, n, [flint.fmpq(x.numerator, x.denominator) for row in entries for x in row])
        assert abs(flint.arb(T.det())) >= best**n * (1 - flint.arb(2) ** -80)


# --------------------------------------------------------------------------------------------------- membership


BALLS = [
    ab.HolderBall(smoothness="1/2", dim=2, radius=3),
    ab.LipschitzBall(dim=2),
    ab.HolderBall(smoothness="3/2", dim=1),
    ab.HolderBall(smoothness="5/2", dim=2),
    ab.HolderBall(smoothness=3, dim=2, radius="1/2"),
    ab.HolderBall(smoothness=2, dim=3),
]


def random_spline(ball, index, seed, extreme=True):
    rng = np.random.default_rng(seed)
    shape = tuple(D + k for D, k in ball.sides(index))
    a = rng.choice([-1.0, 1.0], shape) if extreme else rng.uniform(-1, 1, shape)
    if seed == 0:  # alternating: the largest derivatives
        a = (-1.0) ** np.indices(shape).sum(axis=0)
    amplitude = float(ball.amplitude(FLOAT, index))
    return lambda x: ball.evaluate(amplitude, index, a, x)


def derivative(f, m, x, h):
    """D^m f at x by central differences; x keeps away from the boundary."""
    total = 0.0
    for steps in product(*(range(n + 1) for n in m)):
        sign = prod((-1) ** i * comb(n, i) for i, n in zip(steps, m, strict=True))
        total = total + sign * f(x + h * (np.array(m) / 2 - np.array(steps)))
    return total / h ** sum(m)


def orders(total, dim):
    return [m for m in product(range(total + 1), repeat=dim) if sum(m) == total]


@pytest.mark.parametrize("F", BALLS, ids=str)
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_splines_are_in_holder_balls(F, k, seed):
    (ball,) = F.spline_balls
    f, (d, s) = random_spline(ball, {"k": k}, seed), (F.dim, float(F.holder_smoothness))
    n, R, h = ball.degree - 1, float(F.radius), 1e-3 / k
    rng = np.random.default_rng(seed)
    edge = (n + 1) * h
    x = rng.uniform(edge, 1 - edge, (4000, d))
    y = np.clip(x + rng.normal(size=x.shape) * 10 ** rng.uniform(-3, 0, (4000, 1)) / k, edge, 1 - edge)
    for i in range(n + 1):
        for m in orders(i, d):
            values = derivative(f, m, x, h)
            assert np.abs(values).max() <= R * 1.001
            if i == n:  # differences are means of derivatives, so they are as Hölder as these
                distance = np.sqrt(((x - y) ** 2).sum(axis=1))
                quotients = np.abs(values - derivative(f, m, y, h)) / np.maximum(distance, h) ** (s - n)
                assert quotients.max() <= R * 1.001


@pytest.mark.parametrize("s", [Fraction(1, 2), 1, 2, 3])
def test_no_larger_amplitude_is_possible(s):
    """d = 1: with alternating coefficients the derivative of order n rises and falls by R k^(n-s) along 1/k."""
    ball, k = SmoothSplines(s, 1, 1), 6
    f, n = random_spline(ball, {"k": k}, 0), ball.degree - 1
    values = derivative(f, (n,), np.linspace(0.2, 0.8, 10**4)[:, None], 1e-4)
    assert np.ptp(values) == pytest.approx(k ** (n - float(s)), rel=1e-2)


@pytest.mark.parametrize("seed", [0, 1])
def test_splines_are_in_sobolev_and_anisotropic_balls(seed):
    F = ab.SobolevBall(smoothness=2, dim=2, integrability=1, radius=3)
    (ball,) = F.spline_balls
    f, h = random_spline(ball, {"k": 3}, seed), 1e-3
    x = np.random.default_rng(seed).uniform(3 * h, 1 - 3 * h, (5000, 2))
    assert all(np.abs(derivative(f, m, x, h)).max() <= 3 * 1.001 for i in range(3) for m in orders(i, 2))
    G = ab.AnisotropicHolderBall(smoothness=("1/2", "5/2"), radius=2)
    (boxes,) = G.spline_balls
    g = random_spline(boxes, {"k1": 7, "k2": 2}, seed)
    for j, (s, n) in enumerate(((0.5, 0), (2.5, 2))):
        step = np.zeros((5000, 2))
        step[:, j] = np.random.default_rng(9).uniform(0, 1 - 3 * h, 5000) - x[:, j]
        for i in range(n + 1):
            m = tuple(i if axis == j else 0 for axis in range(2))
            values = derivative(g, m, x, h)
            assert np.abs(values).max() <= 2 * 1.001
        gaps = np.abs(values - derivative(g, m, np.clip(x + step, 3 * h, 1 - 3 * h), h))
        assert (gaps <= 2 * 1.001 * np.maximum(np.abs(step[:, j]), h) ** (s - n)).all()


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 5])
def test_convex_splines_are_convex_and_in_the_unit_interval(dim, k):
    F = ab.ConvexFunctions(dim=dim)
    (ball,) = F.spline_balls
    for seed in (0, 1, 2):
        f = random_spline(ball, {"k": k}, seed)
        assert F.contains(f, np.random.default_rng(seed).random((300, dim)))
    assert ball.centres is Thresholds.ANY


@pytest.mark.parametrize("ball", [SmoothSplines(Fraction(5, 2), 2, 1), BoxSplines((1, 2, 3), 1)])
def test_values_at_shifted_grids_are_the_linear_image_of_the_coefficients(ball):
    index = {name: 2 + i for i, name in enumerate(ball.indices)}
    sides = ball.sides(index)
    rng = np.random.default_rng(4)
    a, t = rng.uniform(-1, 1, tuple(D + k for D, k in sides)), rng.random(len(sides))
    expected = a
    for axis, (D, k) in enumerate(sides):
        b = b_splines(D, np.array(t[axis]))
        T = np.array([[b[i - j + D] if 0 <= i - j + D <= D else 0.0 for j in range(k + D)] for i in range(k)])
        expected = np.moveaxis(np.tensordot(T, expected, (1, axis)), 0, axis)
    points = np.stack(np.meshgrid(*[(np.arange(k) + t[j]) / k for j, (_, k) in enumerate(sides)], indexing="ij"), -1)
    assert ball.evaluate(1.0, index, a, points.reshape(-1, len(sides))) == pytest.approx(expected.ravel())
    assert ball.cells(index) == expected.size


@pytest.mark.parametrize(
    "F", [*BALLS, ab.AnisotropicHolderBall(smoothness=("1/2", "5/2")), ab.ConvexFunctions(dim=2)], ids=str
)
def test_coarsest_members_have_enough_cells_and_the_closed_form_is_below(F):
    (ball,) = F.spline_balls
    for cells in (1, 2, 100, 12345):
        index = ball.coarsest(cells)
        assert ball.cells(index) >= cells
        assert float(ball.least_amplitude(FLOAT, float(cells))) <= float(ball.amplitude(FLOAT, index)) * (1 + 1e-12)
    grid = ball.grid()
    assert grid.cells[0] >= 1 and (np.diff(grid.cells) >= 0).all()
