"""Perfect splines in several variables: derivatives and means against sampling, membership, norms by quadrature."""

import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
from numpy.polynomial.legendre import leggauss

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.functions import perfect_spline
from approxbounds.functions.cubes import PerfectSplineCubes
from approxbounds.functions.sobolev import SobolevSplineCubes
from approxbounds.functions.spline_gradient import derivative_and_gradient

INF = math.inf
ORDERS = range(2, perfect_spline.MOST_ORDER + 1)


def spline(s, y, i=0):
    """The i-th derivative of the perfect spline of order s, up to its sign, by truncated powers; for y <= 1/2."""
    j = np.arange(s + 1)
    knots, factors = (1 - np.cos(j * np.pi / (s + 1))) / 2, np.where(j == 0, 1.0, 2.0 * (-1.0) ** j)
    gaps = np.asarray(y, float)[..., None] - knots
    powers = np.where(gaps >= 0, np.maximum(gaps, 0) ** (s - i), 0.0)
    return (powers * factors).sum(axis=-1) / math.factorial(s - i)


def ratios(s):
    """sup |psi^(i)|/psi(1/2) by sampling."""
    y = np.linspace(0, 0.5, 100_001)
    return [np.abs(spline(s, y, i)).max() / abs(spline(s, 0.5)) for i in range(s + 1)]


@pytest.mark.parametrize("s", ORDERS)
def test_derivatives_are_bounded_from_above_and_closely(s):
    found = ratios(s)
    for i in range(1, s + 1):
        bound = float(perfect_spline.derivative_bound(s, i)) / float(perfect_spline.height(FLOAT, s))
        assert found[i] * (1 - 1e-7) <= bound <= found[i] * (1 + 1e-4)


@pytest.mark.parametrize("s", ORDERS)
def test_means_are_bounded_from_below_and_closely(s):
    y = (np.arange(200_000) + 0.5) / 400_000
    relative = np.abs(spline(s, y) / spline(s, 0.5))
    for q in (1, 2, 3, 4, 8, 17, perfect_spline.MOST_POWER):
        assert float(perfect_spline.mean_power(s, q)) == pytest.approx((relative**q).mean(), rel=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 3, 5])
@pytest.mark.parametrize("s", [2, 3, 5])
def test_derivatives_of_products_against_all_multi_indices(s, dim):
    q = ratios(s)
    largest = max(math.prod(q[i] for i in m) for n in range(s + 1) for m in oracles.multi_indices(dim, n))
    assert (1 - 1e-4) / largest <= float(perfect_spline.derivative_amplitude(s, dim)) <= (1 + 1e-7) / largest
    found = max(math.prod(q[i] for i in m) for m in oracles.multi_indices(dim, s - 1))
    bound = max(float(S) for S, _ in derivative_and_gradient(s, dim))
    assert found * (1 - 1e-7) <= bound <= found * (1 + 1e-4)


@pytest.mark.parametrize(
    ("s", "dim", "points"), [*((s, 2, 1500) for s in ORDERS), (2, 3, 160), (3, 3, 160), (5, 3, 160)]
)
def test_largest_gradients_by_sampling_products(s, dim, points):
    """All points of a grid with the knots, the middle, and where psi is half as high."""
    knots = (1 - np.cos(np.arange(1, s // 2 + 1) * np.pi / (s + 1))) / 2
    y = np.concatenate([np.linspace(0, 0.5, points), knots * (1 - 1e-12), knots * (1 + 1e-12)])
    squares = [(spline(s, y, i) / spline(s, 0.5)) ** 2 for i in range(s + 1)]
    found = 0.0
    for m in oracles.multi_indices(dim, s - 1):
        total = sum(math.prod(np.ix_(*(squares[m[j] + (j == k)] for j in range(dim)))) for k in range(dim))
        found = max(found, float(np.sqrt(total.max())))
    bound = max(float(L) for _, L in derivative_and_gradient(s, dim))
    assert found <= bound * (1 + 1e-9) and bound <= found * (1.004 if dim == 2 else 1.01)


def test_gradients_hardly_grow_with_the_dimension():
    """Bounds are not far from those of two variables, and the rougher bound of section 2.2 is never below them."""
    for s in (2, 3, 4, 6):
        q = [1.0, *(float(perfect_spline.derivative_bound(s, i)) for i in range(1, s + 1))]
        q = [1.0, *(value / float(perfect_spline.height(FLOAT, s)) for value in q[1:])]
        two = max(float(L) for _, L in derivative_and_gradient(s, 2))
        for dim in (3, 8, 32, 784):
            rough = max(
                math.prod(q[i] for i in m)
                * math.sqrt((dim - len(m)) * q[1] ** 2 + sum((q[i + 1] / q[i]) ** 2 for i in m))
                for m in perfect_spline.partitions(s - 1, dim)
            )
            found = max(float(L) for _, L in derivative_and_gradient(s, dim))
            assert two <= found <= min(rough, 1.12 * two)


def derivative(family, k, omega, points, order):
    """D^m f_omega: products of derivatives of psi, which are mirrored on the right halves."""
    s, dim = math.ceil(family.smoothness), family.dim
    scale = float(family.norm(FLOAT, {"k": k}, INF)) * float(k) ** sum(order)
    cell = np.minimum(np.floor(points * k), k - 1)
    number = (cell @ k ** np.arange(dim)).astype(int)
    values = (2.0 * omega[number] - 1) * scale
    for j, i in enumerate(order):
        t = points[:, j] * k - cell[:, j]
        mirrored = np.where(t > 0.5, (-1.0) ** i, 1.0) * spline(s, np.minimum(t, 1 - t), i)
        values = values * mirrored / spline(s, 0.5)
    return values


@pytest.mark.parametrize("kind", [PerfectSplineCubes, SobolevSplineCubes])
@pytest.mark.parametrize(("s", "dim", "k"), [(2, 2, 1), (2, 2, 3), (3, 2, 2), (2, 3, 2), (4, 2, 2)])
def test_members_are_in_the_class(kind, s, dim, k):
    check_members(kind(s, dim, 2), k, 0.6)


@pytest.mark.parametrize(
    ("s", "dim", "k"), [("3/2", 2, 1), ("3/2", 2, 3), ("5/2", 1, 3), ("21/10", 2, 2), ("7/4", 3, 2)]
)
def test_members_of_any_smoothness_are_in_the_class(s, dim, k):
    check_members(PerfectSplineCubes(Fraction(s), dim, 2), k, 0.3)


def check_members(family, k, least):
    """Derivatives at random pairs of points, near and far, within cells and across; signs of both kinds."""
    s, alpha = math.ceil(family.smoothness), float(family.smoothness) % 1 or 1.0
    kind, dim, R = type(family), family.dim, 2.0
    rng = np.random.default_rng(s)
    x = rng.random((6000, dim))
    near = np.clip(x + rng.normal(size=x.shape) * 10.0 ** rng.uniform(-5, 0, (6000, 1)), 0, 1)
    omega = rng.integers(0, 2, k**dim)
    omega[:2] = (0, 1)[: omega.size]
    distance = np.sqrt(((x - near) ** 2).sum(axis=1))
    attained = 0.0
    for order in range(s + 1 if kind is SobolevSplineCubes else s):
        for m in oracles.multi_indices(dim, order):
            dx, dy = (derivative(family, k, omega, points, m) for points in (x, near))
            assert np.abs(dx).max() <= R * (1 + 1e-9)
            if order == s - 1 and kind is PerfectSplineCubes:
                allowed = R * distance**alpha
                assert (np.abs(dx - dy) <= allowed * (1 + 1e-9) + 1e-10).all(), m
                attained = max(attained, (np.abs(dx - dy) / allowed).max())
            if order == s:
                attained = max(attained, np.abs(dx).max() / R)
            if order == 0:
                assert family.evaluate({"k": k}, omega, x) == pytest.approx(dx, abs=1e-12)
    assert attained > least


@pytest.mark.parametrize(("s", "dim"), [(2, 1), (2, 2), ("5/2", 2), (3, 3), ("3/2", 3)])
def test_halves_of_splines_are_in_the_ball(s, dim):
    F, rng = ab.HolderBall(smoothness=s, dim=dim, radius=2), np.random.default_rng(3)
    family = next(family for family in F.families if family.id == "spline-halves")
    r, alpha = math.ceil(F.smoothness), float(F.smoothness) % 1 or 1.0
    x = rng.random((6000, dim))
    near = np.clip(x + rng.normal(size=x.shape) * 10.0 ** rng.uniform(-5, 0, (6000, 1)), 0, 1)
    omega = rng.integers(0, 2, 2**dim)
    omega[:2] = 0, 1
    height, distance = float(family.norm(FLOAT, {}, INF)), np.sqrt(((x - near) ** 2).sum(axis=1))
    attained = 0.0
    for order in range(r):
        for m in oracles.multi_indices(dim, order):
            found = []
            for points in (x, near):
                values = height * (2.0 * omega[((points >= 0.5) @ 2 ** np.arange(dim)).astype(int)] - 1)
                for j, i in enumerate(m):
                    u = points[:, j] - 0.5
                    values = values * np.sign(u) ** i * spline(r, np.abs(u), i) / spline(r, 0.5)
                found.append(values)
            assert np.abs(found[0]).max() <= 2 * (1 + 1e-9)
            if order == 0:
                assert family.evaluate({}, omega, x) == pytest.approx(found[0], abs=1e-12)
            if order == r - 1:
                quotients = np.abs(found[0] - found[1]) / (2 * distance**alpha)
                assert quotients.max() <= 1 + 1e-9
                attained = max(attained, quotients.max())
    assert attained > 0.3


@pytest.mark.parametrize("kind", [PerfectSplineCubes, SobolevSplineCubes])
@pytest.mark.parametrize("s", [2, 3, 5])
def test_norms_by_quadrature(kind, s):
    family = kind(s, 2, Fraction(3, 2))
    nodes, weights = leggauss(100)
    points = np.stack([a.ravel() for a in np.meshgrid((nodes + 1) / 6, (nodes + 1) / 6)], axis=1)
    values = family.evaluate({"k": 3}, np.ones(9), points)
    for p in (1, 2, 3, 8):
        found = (np.outer(weights, weights).ravel() / 4 @ values**p) ** (1 / p)
        assert float(family.norm(FLOAT, {"k": 3}, p)) == pytest.approx(found, rel=1e-4)
    for p in (Fraction(7, 2), 40):
        found = (np.outer(weights, weights).ravel() / 4 @ values ** float(p)) ** (1 / float(p))
        assert 0.9 * found <= float(family.norm(FLOAT, {"k": 3}, p)) <= found * (1 + 1e-9)
    for p in (1, 2, INF):
        with precision(128):
            assert float(family.norm(BALL, {"k": 3}, p)) == pytest.approx(float(family.norm(FLOAT, {"k": 3}, p)))
        assert float(family.norm(SYMBOLIC, {"k": 3}, p)) == pytest.approx(float(family.norm(FLOAT, {"k": 3}, p)))


def test_splines_beat_bumps_in_few_dimensions():
    for F in (
        *(ab.HolderBall(smoothness=s, dim=d) for s, d in ((2, 2), (3, 4), (8, 6), ("3/2", 2), ("5/2", 1))),
        *(ab.SobolevBall(smoothness=s, dim=d, integrability=2) for s, d in ((2, 1), (2, 6), (8, 3))),
    ):
        bumps, splines, *_ = F.families
        for p in (1, 2, 8, INF):
            assert float(splines.norm(FLOAT, {"k": 4}, p)) > float(bumps.norm(FLOAT, {"k": 4}, p))
    F, G = ab.SobolevBall(smoothness=2, dim=2, integrability=2), ab.ReLUNetwork(widths=(30,), input_dim=2)
    (bound,) = (bound for bound in ab.lower_bounds(F, G, p=2) if bound.theorem.id == "T3")
    assert bound.witness["family"] == "sobolev-perfect-splines" and ab.verify(bound.certificate)


def test_other_orders_and_symbols_keep_the_bumps():
    import sympy

    d = sympy.Symbol("d", positive=True, integer=True)
    for F in (
        ab.HolderBall(smoothness="17/2", dim=2),
        ab.HolderBall(smoothness=9, dim=2),
        ab.HolderBall(smoothness=2, dim=d),
        ab.SobolevBall(smoothness=1, dim=2, integrability=2),
        ab.SobolevBall(smoothness=9, dim=1, integrability=2),
        ab.SobolevBall(smoothness=2, dim=d, integrability=2),
    ):
        assert len([family for family in F.families if family.id != "halves"]) == 1
