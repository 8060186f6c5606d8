"""Constructions of the given widths for d >= 2: lower <= measured error of the built network <= stated bound."""

import math
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest
import sympy
from members import CLASSES, member, of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.smoothness import columns_error
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.towers import tower_place
from approxbounds.facts.functions import Regularity

INF = math.inf
SLACK = 1 + 1e-9
STEEP = 1e-6  # what switches of finite steepness lose of the range
EXPONENTS = [1, 2, 4, INF]
WINDOWS = ["columns", "blocks", "affine-cells"]
IDS = ["strips", "towers", "p1", "ridges", *WINDOWS]
SHAPES = [(7, 7), (12, 5, 9, 6), (20, 8, 1, 3), (3, 20, 9, 9, 30), (9,), (2, 9, 9), (31, 12)]
SMOOTH_CLASSES = [F for F in CLASSES if F.regularity is not None and F.domain_dim > 1]
SMOOTH_CLASSES += [ab.HolderBall(smoothness=2, dim=d, radius=2) for d in (2, 3)]
SMOOTH_CLASSES += [ab.HolderBall(smoothness="5/2", dim=2), ab.SobolevBall(smoothness=2, dim=3, integrability="inf")]
SIDES = {2: (96, 101), 3: (24, 35)}  # grids whose points are on faces of cells, and others


def bound_of(theorem, F, G, p):
    """The bound of one theorem, or None if it does not apply."""
    return next((bound for bound in ab.upper_bounds(F, G, p=p) if bound.theorem.id == theorem), None)


def targets(rng, F, G, p):
    """Random members, and a hard function of the lower bound."""
    yield from (member(rng, F) for _ in range(2))
    if p != INF:
        case = ab.average_case(F, G, p=p)
        if case.cells < 10**5:
            omega = rng.integers(0, 2, case.cells)
            yield lambda x: case.target(omega, x)


def built_value(bound):
    """A bound on the error of what is built, which for windows may have fewer cells or finite steepness."""
    return bound.theorem.built(bound.query, bound.witness).error if bound.theorem.id in WINDOWS else bound.value


@pytest.mark.parametrize("F", SMOOTH_CLASSES, ids=str)
@pytest.mark.parametrize("theorem", IDS)
def test_built_networks_are_between_the_bounds(theorem, F):
    rng, d, found = np.random.default_rng(3), F.domain_dim, 0
    for widths, p in zip(SHAPES, [*EXPONENTS, *EXPONENTS], strict=False):
        G = ab.ReLUNetwork(widths=widths, input_dim=d)
        bound = bound_of(theorem, F, G, p)
        if bound is None:
            continue
        found += 1
        assert ab.lower_bound(F, G, p=p).value <= bound.value
        value = max(bound.value, built_value(bound))
        assert value <= {1: 1.01, 2: 1.15, 4: 2, INF: SLACK}[p] * bound.value or theorem == "affine-cells"
        for f in targets(rng, F, G, p):
            network = bound.build(f)
            assert network.widths == widths and network.weights == G.weights
            for side in SIDES[d]:
                assert network.error(f, p=p, per_side=side) <= value * SLACK + STEEP
    assert found >= 3 or theorem in {"blocks", "p1", "affine-cells", "ridges"}


@pytest.mark.parametrize("smoothness", ["1/2", 1])
@pytest.mark.parametrize("theorem", ["strips", "towers"])
def test_freezing_a_coordinate_costs_what_it_says(theorem, smoothness):
    """For |x_2 - c|^s, c the middle of the first part, all of the half of the bound that is not about x_1."""
    F, G = ab.HolderBall(smoothness=smoothness, dim=2), ab.ReLUNetwork(widths=(12, 6), input_dim=2)
    bound, s = of(theorem, F, G, INF), float(F.smoothness)
    _, parts = bound.witness.values()
    error = bound.build(lambda x: np.abs(x[:, 1] - 0.5 / parts) ** s).error(
        lambda x: np.abs(x[:, 1] - 0.5 / parts) ** s, p=INF, per_side=480
    )
    assert 0.98 * (0.5 / parts) ** s <= error <= (0.5 / parts) ** s * SLACK + STEEP < bound.value


@pytest.mark.parametrize("theorem", ["strips", "towers", "columns", "cubes"])
@pytest.mark.parametrize("p", [1, "3/2", 2])
def test_means_are_as_near_as_they_say(theorem, p):
    """x_2 is within h/sqrt(12) of its means, nearly h/pi; cosines are within 0.71 h/pi."""
    kind, widths = (ab.HeavisideNetwork, (14, 63)) if theorem == "cubes" else (ab.ReLUNetwork, (16, 8))
    bound = of(theorem, ab.LipschitzBall(dim=2), kind(widths=widths, input_dim=2), p)
    assert bound.value == pytest.approx(1 / (8 * math.pi), rel=1e-12)
    ratios = []
    for f in (
        lambda x: x[:, 1],
        lambda x: np.cos(8 * np.pi * x[:, 0]) / (8 * np.pi),
        lambda x: np.abs((8 * x[:, 0]) % 2 - 1) / 8,
        lambda x: np.hypot(x[:, 0] - 0.3, x[:, 1] - 0.7),
    ):
        ratios.append(bound.build(f).error(f, p=p, per_side=480) / bound.value)
    assert {1: 0.78, "3/2": 0.85, 2: 0.9}[p] <= ratios[0] and max(ratios) <= SLACK


VALUES = [
    ("strips", ab.LipschitzBall(dim=2), (64, 64), INF, (1 / 50**2 + 1 / 39**2) ** 0.5 / 2),
    ("strips", ab.LipschitzBall(dim=2), (64, 64), 2, 1 / (42 * math.pi)),
    ("columns", ab.LipschitzBall(dim=2), (64, 64), 2, 1 / (32 * math.pi)),
    ("strips", ab.LipschitzBall(dim=2), (64, 64), 3, 0.011514),
    ("strips", ab.LipschitzBall(dim=2), (64,) * 4, INF, 0.0113148),
    ("strips", ab.HolderBall(smoothness="3/2", dim=2), (64,) * 4, INF, 0.00627555),
    ("strips", ab.HolderBall(smoothness="3/2", dim=2), (64, 64), 2, 0.0065784),
    ("towers", ab.LipschitzBall(dim=3), (64, 66, 8), INF, 0.0890001),
    ("columns", ab.LipschitzBall(dim=3), (64, 64), 1, 1 / (8 * math.pi)),
    ("columns", ab.SobolevBall(smoothness=1, dim=2, integrability="inf"), (64, 64), 2, 2**0.5 / (32 * math.pi)),
    ("blocks", ab.HolderBall(smoothness="3/2", dim=2), (64, 64), 2, 0.00773),
    ("blocks", ab.HolderBall(smoothness=2, dim=2), (64, 64), 2, 0.001481),
    ("blocks", ab.SobolevBall(smoothness=2, dim=2, integrability="inf"), (64, 64), 2, 0.001481),
    ("blocks", ab.HolderBall(smoothness=2, dim=2), (64,) * 4, 2, 0.0009429),
    ("p1", ab.HolderBall(smoothness=2, dim=2), (64, 64), INF, 2**0.5 / 2 / 98),
    ("p1", ab.SobolevBall(smoothness=2, dim=2, integrability="inf"), (64, 64), INF, 1 / 98),
    ("p1", ab.HolderBall(smoothness=3, dim=2), (64,) * 4, INF, 1 / 200),
    ("p1", ab.HolderBall(smoothness=3, dim=2), (64, 64), 4, (1 / 98**3 / 147) ** 0.25),
    ("blocks", ab.HolderBall(smoothness=2, dim=2), (64,), INF, 1 / 4 + 1 / 32**2 / 4),
]


@pytest.mark.parametrize(("theorem", "F", "widths", "p", "value"), VALUES)
def test_values(theorem, F, widths, p, value):
    bound = of(theorem, F, ab.ReLUNetwork(widths=widths, input_dim=F.domain_dim), p)
    assert bound.value <= value * SLACK and bound.value == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("theorem", IDS)
@pytest.mark.parametrize("p", [2, INF])
def test_larger_networks_have_no_worse_bounds(theorem, p):
    rng = np.random.default_rng(1)
    for F in (ab.LipschitzBall(dim=2), ab.HolderBall(smoothness=2, dim=2), ab.LipschitzBall(dim=3)):
        for _ in range(6):
            widths = tuple(map(int, rng.choice([3, 5, 8, 13, 21], rng.integers(2, 5))))
            wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
            deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
            values = [
                math.inf if bound is None else bound.value
                for shape in (widths, *wider, *deeper)
                for bound in [bound_of(theorem, F, ab.ReLUNetwork(widths=shape, input_dim=F.dim), p)]
            ]
            assert max(values) == values[0], (widths, F)


@pytest.mark.parametrize("theorem", IDS)
def test_the_network_needed_is_enough(theorem):
    for F, widths in product(
        (ab.LipschitzBall(dim=2), ab.HolderBall(smoothness=2, dim=2), ab.HolderBall(smoothness="3/2", dim=3)),
        [(64, 70), (33, 30, 9, 31), (3, 40, 23, 9), (40, 20, 1, 1)],
    ):
        bound = bound_of(theorem, F, ab.ReLUNetwork(widths=widths, input_dim=F.dim), 2)
        if bound is None:
            continue
        again = bound_of(theorem, F, bound.network, 2)
        assert again is not None and again.value <= bound.value * SLACK
        assert bound.network.weights <= bound.query.G.weights
        assert all(str(size) in bound.explain() for size in bound.witness.values())


@pytest.mark.parametrize("theorem", IDS)
def test_no_room_no_bound(theorem):
    narrow = ab.ReLUNetwork(widths=(1, 1), input_dim=3)  # towers have one interval of one variable
    assert (bound_of(theorem, ab.LipschitzBall(dim=3), narrow, 2) is None) == (theorem != "towers")
    for G in (ab.HeavisideNetwork(widths=(9, 9), input_dim=2), ab.ReLUNetwork(widths=(9, 9), input_dim=2, bias=False)):
        assert bound_of(theorem, ab.LipschitzBall(dim=2), G, 2) is None
    for F in (ab.MonotoneFunctions(dim=2), ab.SobolevBall(smoothness=1, dim=2, integrability=2)):
        assert bound_of(theorem, F, ab.ReLUNetwork(widths=(9, 9), input_dim=2), 2) is None


@pytest.mark.parametrize("widths", [(40, 20), (30, 11, 31, 9), (3, 9, 30, 5, 1)])
@pytest.mark.parametrize("theorem", ["columns", "blocks"])
def test_windows_are_exact_on_and_off_the_faces(theorem, widths):
    """A function that the construction has exactly: x_1 and, in blocks, sums; also at points next to the faces."""
    rng, F = np.random.default_rng(0), ab.HolderBall(smoothness=2, dim=2, radius=9)
    bound = of(theorem, F, ab.ReLUNetwork(widths=widths, input_dim=2), 8)
    assert bound.theorem.built(bound.query, bound.witness).two_sided
    slopes = np.array([2.5, -1.5 if theorem == "blocks" else 0])
    network = bound.build(lambda x: x @ slopes - 0.7)
    faces = np.array([i / n for n in range(1, 9) for i in range(n + 1)])
    near = np.clip(np.concatenate([faces, np.nextafter(faces, 0), np.nextafter(faces, 2), rng.random(30)]), 0, 1)
    points = np.array(list(product(near, near)))
    assert network(points) == pytest.approx(points @ slopes - 0.7, abs=1e-13)


@pytest.mark.parametrize(("p", "said"), [(1, "has steep units"), (2, "two units at each face"), (INF, None)])
def test_explain_says_what_is_built(p, said):
    bound = of("blocks", ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=(64, 64), input_dim=2), p)
    assert ("What is built" in bound.explain()) == (said is not None)
    assert said is None or said in bound.explain()


def test_windows_of_finite_steepness_lose_what_they_say():
    """Steps on blocks, whose windows overlap as much as their values allow, on grids around the faces."""
    F, G = ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=(12, 30), input_dim=2)
    bound = of("blocks", F, G, 1)
    built = bound.theorem.built(bound.query, bound.witness)
    assert not built.two_sided and bound.value < built.error < 1.001 * bound.value
    network, rng = bound.build(lambda x: np.sign(np.sin(5 * x @ [2.0, 1.0]))), np.random.default_rng(0)
    width = 4 / built.steepness
    inside, near = rng.random((10**5, 2)), rng.random((10**5, 2))
    faces = np.concatenate([np.arange(1, built.sizes[b]) / built.sizes[b] for b in ("b1", "b2")])
    near[:, 0] = rng.choice(faces, 10**5) + rng.uniform(-3, 3, 10**5) * width
    far = np.abs(inside[:, None, :] - faces[None, :, None]).min(axis=(1, 2)) > width
    assert np.abs(network(inside[far])).max() < 7 and np.abs(network(near)).max() > np.abs(network(inside[far])).max()


@pytest.mark.parametrize("widths", [(7, 8), (20, 30), (20, 9, 1), (2, 20, 15, 21, 14)])
def test_elements_interpolate_on_triangles(widths):
    bound = of("p1", ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=widths, input_dim=2), 2)
    k, rng = bound.witness["k"], np.random.default_rng(1)
    table = rng.normal(size=(k + 1, k + 1))
    network = bound.build(lambda x: table[tuple(np.rint(x * k).astype(int).T)])
    x = rng.random((2000, 2))
    i, j = np.minimum(np.floor(x * k).astype(int), k - 1).T
    u, v = (x * k).T - (i, j)
    corner = np.where(u > v, table[i + 1, j], table[i, j + 1])  # the diagonals go from (0, 0) to (1, 1)
    expected = (1 - np.maximum(u, v)) * table[i, j] + np.abs(u - v) * corner + np.minimum(u, v) * table[i + 1, j + 1]
    assert network(x) == pytest.approx(expected, abs=1e-11)


def test_elements_are_sharp_for_curved_functions():
    """x_1 x_2 + (x_1^2 + x_2^2)/2 has second derivatives 1, and the error h^2/2 along the diagonals."""
    F, G = (
        ab.SobolevBall(smoothness=2, dim=2, integrability="inf", radius=2),
        ab.ReLUNetwork(widths=(7, 8), input_dim=2),
    )
    bound = of("p1", F, G, INF)
    error = bound.build(lambda x: x.sum(axis=1) ** 2).error(lambda x: x.sum(axis=1) ** 2, p=INF, per_side=200)
    assert 0.98 * bound.value <= error <= bound.value * SLACK


def test_towers_are_placed_as_if_all_places_were_tried():
    rng = np.random.default_rng(0)
    for _ in range(300):
        widths = tuple(map(int, rng.integers(2, 25, rng.integers(1, 7))))
        cuts = tuple(map(int, rng.integers(1, 4, rng.integers(0, 3))))
        while cuts and cuts[-1] == 1:
            cuts = cuts[:-1]
        depth, best = len(cuts) + 1, 0
        needed = [sum(cuts), *(math.prod(cuts[j:]) + 2 * (len(cuts) - 1 - j) for j in range(len(cuts)))]
        for starts in product(range(len(widths)), repeat=depth):
            if list(starts) != sorted(set(starts)) or any(w < depth for w in widths[: starts[0]]):
                continue
            stages = [max(i for i, s in enumerate(starts) if s <= layer) for layer in range(starts[0], len(widths))]
            used = [(w, stage) for w, stage in zip(widths[starts[0] :], stages, strict=True)]
            used = [(w, stage) for i, (w, stage) in enumerate(used) if stage < depth - 1 or i + starts[0] == starts[-1]]
            if all(w >= needed[stage] for w, stage in used if stage > 0):
                best = max(best, min(w - needed[0] for w, stage in used if stage == 0))
        assert tower_place(widths, cuts)[0] == best, (widths, cuts)


def test_the_best_split_is_found_without_trying_all():
    rng = np.random.default_rng(0)
    for _ in range(200):
        choices, total = resolutions_up_to(int(rng.integers(1, 400))), int(rng.integers(1, 500))
        scale, e, g = rng.uniform(0.3, 3, 3)
        error = partial(lambda scale, e, g, k, room: scale / k**e + 1 / room**g, scale, e, g)
        found = best_split(choices, partial(int.__sub__, total), error)
        every = [(error(k, total - k), k) for k in choices if k < total]
        assert found == (None if not every else (min(every)[1], total - min(every)[1]))


def test_no_split_where_no_error_is_a_number():
    for worthless in (math.inf, math.nan):
        assert best_split(range(1, 9), partial(int.__sub__, 10), lambda k, room, worthless=worthless: worthless) is None


def test_what_classes_say_of_their_regularity():
    """Sobolev balls are larger than Hölder balls: x_1 + x_2 has |d_j f| <= 1, and is not 1-Lipschitz."""
    assert ab.LipschitzBall(dim=2, radius=3).regularity == Regularity((1, 1), 3, isotropic=True)
    assert not ab.SobolevBall(smoothness=1, dim=2, integrability="inf").regularity.isotropic
    assert ab.SobolevBall(smoothness=2, dim=2, integrability="inf").regularity.bounded_hessian
    assert ab.SobolevBall(smoothness=2, dim=2, integrability=7).regularity is None
    assert ab.AnisotropicHolderBall(smoothness=(3, 2)).regularity == Regularity((3, 2), 1)
    assert ab.MonotoneFunctions(dim=1).regularity is None
    G = ab.ReLUNetwork(widths=(12, 6), input_dim=2)
    for p in EXPONENTS:
        sobolev = ab.SobolevBall(smoothness=1, dim=2, integrability="inf")
        assert of("strips", sobolev, G, p).value >= of("strips", ab.LipschitzBall(dim=2), G, p).value


def test_orders_and_closed_forms():
    n, W, R = sympy.symbols("n W R", positive=True)
    F = ab.HolderBall(smoothness="1/2", dim=3, radius=R)
    deep = ab.ReLUNetwork(widths=(n, n, n), input_dim=3)
    assert of("towers", F, deep, INF).rate == W ** sympy.Rational(-1, 6)
    assert of("strips", ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(n, n), input_dim=2), 2).rate == W ** (
        -sympy.Rational(1, 2)
    )
    K, k = sympy.symbols("K k", positive=True, integer=True)
    form = of("strips", ab.LipschitzBall(dim=2, radius=R), ab.ReLUNetwork(widths=(n, n), input_dim=2), INF).expression
    assert sympy.simplify(form - R * sympy.sqrt(1 / k**2 + 1 / K**2) / 2) == 0
    shallow = ab.ReLUNetwork(widths=(64, 64), input_dim=2)
    numbers = of("strips", ab.LipschitzBall(dim=2, radius=R), shallow, INF).expression
    assert sympy.simplify(numbers - R * sympy.sqrt(sympy.Rational(1, 50**2) + sympy.Rational(1, 39**2)) / 2) == 0


@pytest.mark.parametrize("p", [1, 2, 4, 9, INF])
@pytest.mark.parametrize("s", [Fraction(1, 4), Fraction(1, 2), 1])
def test_interpolation_on_middle_lines_is_bounded_jointly(p, s):
    """The bound on f(x) minus the mean over both nodes, for distances from one point: cones anywhere in a cell."""
    F, norm = ab.HolderBall(smoothness=s, dim=2).regularity, 2.0 if p == INF else float(p)
    rng = np.random.default_rng(1)
    t, u = (np.stack(np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5)) / 200).reshape(2, -1)
    for K, k in ((1, 1), (5, 3), (3, 20), (40, 3)):
        stated = columns_error(FLOAT, F, p, np.float64(K), (np.float64(k),))
        x = np.column_stack([t / K, (u - 0.5) / k])
        nodes = np.array([[0, 0], [1 / K, 0]])
        for _ in range(20):
            tip = np.array([rng.uniform(-0.5, 1.5) / K, rng.uniform(-1, 1) / k]) * rng.choice([0, 0.5, 1, 3])
            f = [np.linalg.norm(points - tip, axis=1) ** float(s) for points in (x, nodes)]
            gaps = np.abs(f[0] - (1 - t) * f[1][0] - t * f[1][1])
            error = gaps.max() if p == INF else np.mean(gaps**norm) ** (1 / norm)
            assert error <= stated * (1 + 1e-9)
