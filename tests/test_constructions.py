"""Networks that exist: lower <= measured error of the built network <= upper, and sharpness."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import oracles
import pytest
from members import CLASSES, SMOOTH, member, of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.interpolation import breaks_per_layer
from approxbounds.facts.grid import cube_indices, midpoints

INF = math.inf
EXPONENTS = [1, 2, 4, INF]
SLACK = 1 + 1e-9
SIDE = {1: 4096, 2: 96, 3: 24}  # points per side of the grids that errors are measured on
SHAPES = {1: [(1,), (2, 3), (7,), (16, 30, 17)], 2: [(2, 3), (6, 6, 15), (7, 40)], 3: [(3, 8), (6, 6, 30, 27)]}


# ---------------------------------------------------------------------------------------- step functions on cubes


@pytest.mark.parametrize("F", CLASSES, ids=str)
def test_built_step_functions_are_within_the_bound(F):
    rng, d = np.random.default_rng(7), F.domain_dim
    for widths in SHAPES[d]:
        G = ab.HeavisideNetwork(widths=widths, input_dim=d)
        for _ in range(3):
            f = member(rng, F)
            for p in EXPONENTS:
                if p == INF and isinstance(F, ab.ConvexFunctions):
                    continue
                bound = of("cubes", F, G, p)
                network = bound.build(f)
                assert network.widths == G.widths and network.weights == G.weights
                assert network.error(f, p=p, per_side=SIDE[d]) <= bound.value * SLACK


@pytest.mark.parametrize("d", [1, 2, 3])
def test_built_networks_are_the_step_functions(d):
    """Their values on random points are those of f at the centres (monotone: of the middle of two corners)."""
    rng = np.random.default_rng(d)
    for widths, F in product(SHAPES[d], (ab.LipschitzBall(dim=d), ab.MonotoneFunctions(dim=d))):
        bound = of("cubes", F, ab.HeavisideNetwork(widths=widths, input_dim=d), INF)
        k, f, x = bound.witness["k"], member(rng, F), rng.random((500, d))
        cell = np.floor(x * k)
        expected = f((cell + 0.5) / k)
        if isinstance(F, ab.MonotoneFunctions):
            expected = (f(cell / k) + f((cell + 1) / k)) / 2
        assert bound.build(f)(x) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("p", [1, 2, 4])
def test_hard_functions_are_as_hard_for_built_networks_as_claimed(F, p):
    """The mean over random targets of T3's family, at the witness of the bound, on grids that resolve its cells."""
    d, rng = F.domain_dim, np.random.default_rng(3)
    widths = {1: (2,), 2: (2, 3), 3: (3, 7)}[d]
    if isinstance(F, ab.AnisotropicHolderBall) and d == 3:
        widths = (1, 1)  # its cells are so narrow that only few fit a grid
    G = ab.HeavisideNetwork(widths=widths, input_dim=d)
    lower = next(bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == "T3")
    steps, case = of("cubes", F, G, p), ab.average_case(F, G, p=p)
    assert case.mean == pytest.approx(lower.value**p, rel=1e-9)
    resolution = max(size for name, size in case.index.items() if name != "layers")
    monotone = isinstance(F, ab.MonotoneFunctions)  # then all is constant on cells, which are to be resolved exactly
    points_per_cell = steps.witness["k"] if monotone else 4
    errors = []
    for _ in range(2):
        omega = rng.integers(0, 2, case.cells)

        def target(x, omega=omega):
            return case.target(omega, x)

        errors.append(steps.build(target).error(target, p=p, per_side=points_per_cell * resolution))
    assert case.mean <= np.mean(np.power(errors, p)) and max(errors) <= steps.value * SLACK


SHARP = [
    # gradient or modulus attained from the centre of the first cube to its corner
    (ab.HolderBall(smoothness="1/2", dim=1), (7,), INF, lambda x: np.abs(x[:, 0] - 1 / 16) ** 0.5, 0.98),
    (ab.LipschitzBall(dim=2), (6, 15), INF, lambda x: np.linalg.norm(x - 1 / 8, axis=1).clip(max=1), 0.95),
    (ab.HolderBall(smoothness="3/2", dim=2), (6, 15), INF, lambda x: x.sum(axis=1) - 1, 0.95),
    (ab.SobolevBall(smoothness=1, dim=2, integrability="inf"), (6, 15), INF, lambda x: x.sum(axis=1) - 1, 0.95),
    (
        ab.AnisotropicHolderBall(smoothness=("1/2", "3/2")),
        (6, 15),
        INF,
        lambda x: (np.abs(x[:, 0] - 1 / 8) ** 0.5 + x[:, 1]).clip(max=1),
        0.95,
    ),
    # the distance to the nearest centre: the mean of |x - c|^p is attained on every cube
    *(
        (ab.LipschitzBall(dim=1), (7,), p, lambda x: np.abs(8 * x[:, 0] % 1 - 0.5) / 8, 0.999)
        for p in (1, Fraction(3, 2), 3)
    ),
    (ab.LipschitzBall(dim=2), (6, 15), 2, lambda x: x[:, 0], math.pi / math.sqrt(12) * 0.999),  # means on cubes
    (
        ab.HolderBall(smoothness="1/2", dim=2),
        (6, 15),
        4,
        lambda x: np.linalg.norm(x * 4 % 1 - 0.5, axis=1) ** 0.5 / 2,
        0.999,
    ),
    # a jump on the diagonal: f takes both 0 and 1 on a maximal set of cubes (their corners count)
    (ab.MonotoneFunctions(dim=1), (8,), 1, lambda x: x[:, 0] > 0.55, 0.999),
    (ab.MonotoneFunctions(dim=2), (6, 15), 1, lambda x: x.sum(axis=1) > 1, 0.999),
    (ab.MonotoneFunctions(dim=2), (6, 15), 4, lambda x: x.sum(axis=1) > 1, 0.999),
    # all the fall and the rise within half an interval
    (ab.ConvexFunctions(dim=1), (7,), 2, lambda x: np.maximum(1 - 16 * np.minimum(x, 1 - x)[:, 0], 0), 0.999),
    (ab.ConvexFunctions(dim=1), (7,), 4, lambda x: np.maximum(1 - 16 * np.minimum(x, 1 - x)[:, 0], 0), 0.999),
]


@pytest.mark.parametrize(("F", "widths", "p", "f", "share"), SHARP)
def test_step_functions_are_sharp(F, widths, p, f, share):
    bound = of("cubes", F, ab.HeavisideNetwork(widths=widths, input_dim=F.domain_dim), p)
    k = bound.witness["k"]
    points = (4096 if F.domain_dim == 1 else 480) // k
    error = bound.build(f).error(f, p=p, per_side=k * points)
    assert share * bound.value <= error <= bound.value * SLACK
    # some of these are the least error of all: the midpoints of a cell miss (p+1)/(6 points^2) of the norm of |x-c|
    assert ab.lower_bound(F, bound.query.G, p=p).value <= error * (1 + points**-2)


@pytest.mark.parametrize("p", [1, "3/2", 2, 5])
def test_lipschitz_errors_of_heaviside_networks_are_known_exactly(p):
    """R (p+1)^{-1/p}/(2(n+1)), unless a layer is narrower than the first."""
    F, exponent = ab.LipschitzBall(dim=1, radius=3), float(Fraction(p))
    for widths in ((1,), (9,), (9, 12)):
        value = ab.upper_bound(F, ab.HeavisideNetwork(widths=widths, input_dim=1), p=p).value
        assert value == pytest.approx(3 * (exponent + 1) ** (-1 / exponent) / (2 * widths[0] + 2), rel=1e-14)
    narrow = ab.upper_bound(F, ab.HeavisideNetwork(widths=(9, 1), input_dim=1), p=p)
    assert narrow.value > 3 * (exponent + 1) ** (-1 / exponent) / 4 * (1 - 1e-9)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_constant_for_each_function(d):
    """The constants of built networks are within the bound, and the error of x_1 is not far from it."""
    rng, G = np.random.default_rng(d), ab.ReLUNetwork(widths=(2, 1), input_dim=d)
    for F in (ab.LipschitzBall(dim=d, radius=3), ab.HolderBall(smoothness="1/2", dim=d), ab.ConvexFunctions(dim=d)):
        for p in (1, 2, 4):
            bound = of("poincare", F, G, p)
            for _ in range(5):
                f = member(rng, F)
                assert bound.build(f).error(f, p=p, per_side=SIDE[d]) <= bound.value * SLACK
    lipschitz = of("poincare", ab.LipschitzBall(dim=d), G, 2)
    assert lipschitz.value == pytest.approx(min(1 / np.pi, (d / 12) ** 0.5), rel=1e-14)
    wide = lipschitz.build(lambda x: x[:, 0]).error(lambda x: x[:, 0], p=2, per_side=SIDE[d])
    assert wide == pytest.approx(12**-0.5, rel=1e-2) and wide <= lipschitz.value


@pytest.mark.parametrize("p", [1, Fraction(3, 2), 2, 3, 8])
def test_convex_constant_by_random_search(p):
    """On one interval: the mean of |f - f(centre)|^p is at most K (u + v), u the fall and v the rise, u, v <= 1."""
    rng, x = np.random.default_rng(0), midpoints(4000, 1)[:, 0]
    constant = float(ab.ConvexFunctions(dim=1).cube_error(FLOAT, 1.0, p)) ** float(p) / 2
    largest = 0.0
    for trial in range(3000):
        knots, power = np.sort(rng.random(rng.integers(1, 4))), rng.choice([0, 1, 2, 12])
        slopes = rng.exponential(size=(2, len(knots))) * 10.0**power
        f = sum(a * np.maximum(t - x, 0) + b * np.maximum(x - t, 0) for a, b, t in zip(*slopes, knots, strict=True))
        f = f - x * rng.exponential() * 10.0**power * (trial % 2)
        u, v = f[0] - f.min(), f[-1] - f.min()
        scale = max(u, v)
        centre = f[1999:2001].mean()
        largest = max(largest, np.mean(np.abs((f - centre) / scale) ** float(p)) / ((u + v) / scale))
    assert 0.75 * constant < largest <= constant * (1 + 1e-3)


# --------------------------------------------------------------------------------------------------- interpolation

WIDTHS = [(1,), (8,), (5, 1, 3), (5, 4, 3), (2, 2, 2, 2), (1, 9), (9, 1), (4, 1, 1, 1), (20, 30, 5)]
WIDTHS += [(1, 5, 1), (1, 1), (3, 2, 4, 1, 2, 2), (2, 1, 2), (1, 4, 4, 1, 1)]


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_built_interpolants_are_those_of_numpy(widths):
    G, rng = ab.ReLUNetwork(widths=widths, input_dim=1), np.random.default_rng(2)
    bound = of("relu-interpolation", SMOOTH[0], G, 2)
    n = bound.witness["intervals"]
    assert n == 1 + sum(breaks_per_layer(widths))
    values, x = rng.normal(size=n + 1), rng.random((1000, 1))
    nodes = np.arange(n + 1) / n
    network = bound.build(lambda points: np.interp(points[:, 0], nodes, values))
    assert network.widths == widths and network.weights == G.weights
    assert network(x) == pytest.approx(np.interp(x[:, 0], nodes, values), abs=1e-12 * n**2)


def test_deeper_layers_add_what_they_do_not_pass_on():
    assert breaks_per_layer((7,)) == (6,)
    assert breaks_per_layer((7, 5)) == (6, 4)
    assert breaks_per_layer((7, 5, 6, 1)) == (6, 3, 5, 0)
    assert breaks_per_layer((7, 1, 5, 6)) == (0, 0, 4, 5)
    for widths in product((1, 2, 5), repeat=3):  # more units never give fewer intervals
        for layer in range(3):
            wider = tuple(w + (i == layer) for i, w in enumerate(widths))
            assert sum(breaks_per_layer(widths)) <= sum(breaks_per_layer(wider))


@pytest.mark.parametrize("F", SMOOTH, ids=str)
@pytest.mark.parametrize("p", EXPONENTS)
def test_built_interpolants_are_between_the_bounds(F, p):
    rng = np.random.default_rng(5)
    for widths in WIDTHS:
        G = ab.ReLUNetwork(widths=widths, input_dim=1)
        bound, worst = of("relu-interpolation", F, G, p), 0.0
        assert bound.value >= ab.lower_bound(F, G, p=p).value
        for _ in range(3):
            f = member(rng, F)
            worst = max(worst, bound.build(f).error(f, p=p, per_side=4096))
        if p != INF and sum(widths) < 12:
            case = ab.average_case(F, G, p=p)
            omega = rng.integers(0, 2, case.cells)
            hard = bound.build(lambda x, omega=omega, case=case: case.target(omega, x)).error(
                lambda x, omega=omega, case=case: case.target(omega, x), p=p, per_side=8 * case.cells
            )
            assert case.mean <= hard**p
            worst = max(worst, hard)
        assert worst <= bound.value * SLACK + 1e-14


def primitive(s, n):
    """f with f' = 2^{s-2} sign(y) |y|^{s-1} around the middle of the second of n intervals."""
    return lambda x: 2 ** (s - 2) / s * np.abs(x[:, 0] - 1.5 / n) ** s


@pytest.mark.parametrize("n", [3, 10])
def test_interpolation_is_sharp(n):
    G = ab.ReLUNetwork(widths=(n,), input_dim=1)
    sharp = [
        (ab.HolderBall(smoothness="1/3", dim=1), INF, lambda x: np.abs(x[:, 0] - 1.5 / n) ** (1 / 3)),
        (ab.LipschitzBall(dim=1), INF, lambda x: np.abs(x[:, 0] - 1.5 / n)),
        (ab.HolderBall(smoothness="3/2", dim=1), INF, primitive(1.5, n)),
        *(
            (F, p, lambda x: x[:, 0] ** 2 / 2)
            for F in (replace(SMOOTH[3], smoothness=2), replace(SMOOTH[5], radius=1))
            for p in EXPONENTS
        ),
    ]
    for F, p, f in sharp:
        bound = of("relu-interpolation", F, G, p)
        error = bound.build(f).error(f, p=p, per_side=1001 * n)
        assert 0.998 * bound.value <= error <= bound.value * (1 + 1e-6)  # the midpoint rule is above concave integrals
        assert ab.lower_bound(F, G, p=p).value <= error


@pytest.mark.parametrize("s", [1.2, 1.5, 1.9])
def test_extremal_functions_are_in_the_class(s):
    """f' of the sharp example is (s-1)-Hölder with constant 1, on random pairs."""
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 10**5))
    slope = [2 ** (s - 2) * np.sign(t) * np.abs(t) ** (s - 1) for t in (x, y)]
    assert (np.abs(slope[0] - slope[1]) <= np.abs(x - y) ** (s - 1) * SLACK).all()


# --------------------------------------------------------------------------------------------------- built networks


def test_a_built_network_by_hand():
    """Its values from its weights in plain Python, its error from the definition, in chunks of any size."""
    F, G = ab.LipschitzBall(dim=2), ab.HeavisideNetwork(widths=(4, 9, 11), input_dim=2)
    f = member(np.random.default_rng(0), F)
    network = ab.upper_bound(F, G, p=2).build(f)
    points = np.random.default_rng(1).random((50, 2))
    for point, value in zip(points, network(points), strict=True):
        units = list(point)
        for matrix, biases in network.layers[:-1]:
            units = [
                float(sum(w * u for w, u in zip(row, units, strict=True)) + b >= 0)
                for row, b in zip(matrix, biases, strict=True)
            ]
        (row,), (bias,) = network.layers[-1]
        assert value == pytest.approx(sum(w * u for w, u in zip(row, units, strict=True)) + bias, abs=1e-14)
    grid = oracles.midpoints(30, 2)
    gaps = np.abs(f(grid) - network(grid))
    assert network.error(f, p=2, per_side=30) == pytest.approx(np.mean(gaps**2) ** 0.5, rel=1e-12)
    assert network.error(f, p=INF, per_side=30) == gaps.max()
    assert network.error(network, p=1, per_side=7) == 0
    assert network(np.zeros((0, 2))).shape == (0,)


def test_the_constant_is_built_too():
    F, G = ab.MonotoneFunctions(dim=3), ab.ReLUPowerNetwork(widths=(2, 2), input_dim=3, power=2)
    found = ab.bracket(F, G, p=INF)
    assert found.upper.theorem.id == "constant" and found.lower.value == found.upper.value == 0.5
    network = found.upper.build(lambda x: x[:, 0])
    assert network.weights == G.weights and (network(oracles.midpoints(3, 3)) == 0.5).all()
    assert found.measure(lambda x: x.sum(axis=1) > 1.5, per_side=8) == 0.5


def test_grids_are_those_of_the_oracle():
    for per_side, dim in ((5, 1), (4, 2), (3, 3)):
        every = midpoints(per_side, dim)
        assert np.array_equal(np.unique(every, axis=0), np.unique(oracles.midpoints(per_side, dim), axis=0))
        parts = [midpoints(per_side, dim, first, last) for first, last in pairwise((0, 2, 4, per_side**dim))]
        assert np.array_equal(np.concatenate(parts), every)
        assert np.array_equal(cube_indices(per_side, dim)[1], [0] * (dim - 1) + [1])


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (of("cubes", ab.MonotoneFunctions(dim=1), ab.ReLUNetwork(widths=(40,), input_dim=1), 2), "limit"),
        (of("shen-yang-zhang", ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(24,) * 26, input_dim=1), 2), "source"),
        (of("mcshane", ab.LipschitzBall(dim=1), ab.LipschitzFunctions(constant=1, input_dim=1), 2), "cones"),
        (ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=1), p=2), "not the bound of a construction"),
        (
            ab.upper_bound(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(10**4,) * 3, input_dim=1), p=2),
            "200050001",
        ),
    ],
)
def test_what_cannot_be_built_says_why(bound, said):
    with pytest.raises(ab.NotApplicableError, match=said):
        bound.build(lambda x: x[:, 0])
