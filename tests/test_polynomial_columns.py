"""Polynomials on columns and boxes: the networks of the formulas, the cost attained, places against brute force."""

import math
from functools import cache, partial
from itertools import product

import numpy as np
import pytest
import sympy
from members import member, of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.addresses import address_units, most_cells
from approxbounds.constructions.column_layers import ColumnGrid, found_layout
from approxbounds.constructions.column_networks import column_layers
from approxbounds.facts.built import dense
from approxbounds.theorem import Query

INF = math.inf
TWO, THREE = "quadratic-columns", "cubic-columns"
CASES = [
    (TWO, ab.HolderBall(smoothness=3, dim=2, radius=2), (30,) * 4),
    (TWO, ab.HolderBall(smoothness="7/2", dim=2), (2, 30, 25, 40, 60, 30, 30, 1)),
    (TWO, ab.SobolevBall(smoothness=3, dim=2, integrability="inf"), (30,) * 7),
    (TWO, ab.SobolevBall(smoothness=5, dim=2, integrability="inf"), (24, 20, 40, 40, 50, 45, 45)),
    (TWO, ab.HolderBall(smoothness=3, dim=3), (40, 60, 60, 60, 60)),
    (THREE, ab.HolderBall(smoothness=4, dim=2), (30, 40, 50, 40)),
    (THREE, ab.HolderBall(smoothness=4, dim=2, radius=3), (50,) * 7),
    (THREE, ab.SobolevBall(smoothness=4, dim=2, integrability="inf"), (2, 40, 25, 50, 50, 50, 60, 40, 60, 40, 3)),
]
NAMES = [f"{case[0]} {case[1]} {len(case[2])}" for case in CASES]


def network(F, widths):
    return ab.ReLUNetwork(widths=widths, input_dim=F.domain_dim)


def pieces(sizes):
    return sizes["J"], sizes["D"], sizes["Q"]


def wave(rng, F, largest):
    """A random sine in F, as far out as it can be."""
    omega, phase, s = rng.uniform(-largest, largest, F.dim), rng.uniform(0, 7), float(F.smoothness)
    top, length = max(1, np.abs(omega).max()), np.linalg.norm(omega)
    last = math.ceil(s) - 1
    scale = float(F.radius) / max(top ** math.ceil(s), top**last * max(1, length ** (s - last)) * 2 ** (last + 1 - s))
    return lambda x: scale * np.sin(x @ omega + phase)


def targets(rng, F):
    return [wave(rng, F, top) for top in (1, 2, 5)] + [member(rng, F)]


@pytest.mark.parametrize(("name", "F", "widths"), CASES, ids=NAMES)
def test_built_networks_are_between_the_bounds(name, F, widths):
    rng = np.random.default_rng(0)
    for p in (1, 4):
        bound = of(name, F, network(F, widths), p)
        sizes, error = bound.theorem.built(bound.query)
        assert ab.lower_bound(F, bound.query.G, p=p).value <= bound.value <= error
        case = ab.average_case(F, bound.query.G, p=p)
        hard = [partial(case.target, rng.integers(0, 2, case.cells))] if case.cells <= 10**5 else []
        measured = []
        for f in targets(rng, F) + hard:
            built = bound.build(f)
            assert built.widths == widths
            sides = {2: (6 * max(sizes["K"], sizes["b2"]), 61), 3: (4 * sizes["K"], 17)}[F.dim]
            measured += [built.error(f, p=p, per_side=side) for side in sides]
        assert 1e-4 * error < max(measured) <= error


@pytest.mark.parametrize(("name", "F", "widths"), CASES, ids=NAMES)
def test_the_network_needed_is_built_and_is_what_the_bound_says(name, F, widths):
    """One unit at each face, exactly so many as the formulas say. Steep windows: the worst points are left out."""
    rng, steepness = np.random.default_rng(1), 2.0**22
    bound = of(name, F, network(F, widths), 2)
    grid, needed = bound.theorem.grid(bound.witness), bound.network.widths
    layout = bound.theorem.layout(needed, bound.witness)
    points = rng.random((4000, F.dim))
    for f in targets(rng, F):
        layers = column_layers(
            f, grid, pieces=pieces(bound.witness), layout=layout, depth=len(needed), p=2, steepness=steepness
        )
        assert tuple(len(biases) for _, biases in layers[:-1]) == needed
        gaps = np.sort(np.abs(dense(bound.network, layers)(points) - f(points)))[: int(0.995 * len(points))]
        assert np.sqrt(np.mean(gaps**2)) <= bound.value + 2.0**-27


@pytest.mark.parametrize(("name", "F", "widths"), CASES, ids=NAMES)
def test_built_windows_are_exact_on_and_off_the_faces(name, F, widths):
    """Affine functions are built exactly, also at faces and next to them."""
    rng, slopes = np.random.default_rng(0), np.array([2.5, -1.5, 0.5])[: F.dim]
    bound = of(name, F, network(F, widths), 2)
    near = []
    for axis, cells in enumerate(bound.theorem.grid(bound.theorem.built(bound.query)[0]).cells):
        faces = np.arange(cells + 1) / cells
        own = np.concatenate([faces, np.nextafter(faces, 0), np.nextafter(faces, 2), rng.random(3)])
        near.append(np.clip(own[:: 1 + (axis > 0)], 0, 1))
    points = np.array(list(product(*near)))
    assert bound.build(lambda x: x @ slopes - 0.7)(points) == pytest.approx(points @ slopes - 0.7, abs=1e-10)
    assert "two units at each face" in bound.explain()


@pytest.mark.parametrize(("name", "s", "d", "widths"), [(TWO, 3, 2, (30,) * 4), (TWO, 3, 3, (60,) * 5)])
def test_the_cost_of_interpolation_is_attained(name, s, d, widths):
    """Quadratic forms are their own best polynomials; all second derivatives are 1, or -1."""
    F = ab.HolderBall(smoothness=s, dim=d)
    bound = of(name, F, network(F, widths), 2)
    sizes, error = bound.theorem.built(bound.query)
    *cells, J, D, Q = sizes.values()
    sides = [1 / cell for cell in cells]
    squares = [(side * sum(sides) / (2 * (J * Q) ** 2)) ** 2 for side in sides]
    squares += [(sides[i] * sides[j] / (2 * (D * Q) ** 2)) ** 2 for i in range(d) for j in range(i)]
    cost, errors = math.sqrt(sum(squares) / 180), []
    points = np.random.default_rng(1).random((20_000, d)) / cells  # in the first cell
    for upper in (-1, 1):  # in the first cell mixed derivatives of the other sign make axes more curved
        signs = np.where(np.eye(d), 1, upper)
        form = partial(lambda signs, x: (x * (x @ signs)).sum(axis=1) / 2, signs)
        errors.append(math.sqrt(np.mean((bound.build(form)(points) - form(points)) ** 2)))
    assert 0.98 * cost < max(errors) <= 1.02 * cost and cost < error


VALUES = [
    (TWO, 3, 2, (256,) * 6, 1.740e-8),
    (TWO, 3, 2, (64,) * 4, 9.080e-6),
    (TWO, 3, 3, (512,) * 4, 1.896e-6),
    (TWO, 4, 2, (200,) * 8, 2.376e-8),
    (THREE, 4, 2, (200,) * 8, 8.803e-10),
]


@pytest.mark.parametrize(("name", "s", "d", "widths", "value"), VALUES)
def test_values_for_networks_of_everyday(name, s, d, widths, value):
    F = ab.HolderBall(smoothness=s, dim=d)
    found = of(name, F, network(F, widths), 2).value
    assert found == pytest.approx(value, rel=1e-3)
    assert found < of("local-polynomials", F, network(F, widths), 2).value / 3


@cache
def columns(widths, grid, summed):
    """The most columns in these layers, tried one by one."""
    if len(widths) < 2:
        return 0
    width, following, *_ = widths
    found = columns(widths[1:], grid, summed) if width >= grid.state + summed else 0
    for k in range(1, width // grid.monomials + 1):
        if grid.monomials * k + grid.others + summed <= width and grid.boxes + summed <= following:
            found = max(found, k)
        if grid.monomials * k + grid.state + summed <= width and grid.boxes + grid.state + summed <= following:
            found = max(found, k + columns(widths[2:], grid, 1))
    return found


@cache
def has_room(widths, grid, left, finer, *, zigzags, begun=False):
    """Whether breaks and then columns fit into these layers, all shares tried."""
    if not left and not finer:
        return columns(widths, grid, 0) >= grid.cells[0]
    if not widths:
        return False
    room = widths[0] - grid.known - (grid.curved + zigzags if begun else 0)
    if room < 0:
        return False
    shares = [(own, 0) for own in range(min(left, room) + 1)] if left else [(0, k) for k in range(min(finer, room) + 1)]
    return any(
        has_room(widths[1:], grid, left - own, finer - more, zigzags=zigzags, begun=begun or own > 0)
        for own, more in shares
    )


def test_layers_are_used_as_if_all_were_tried():
    rng, found = np.random.default_rng(0), [0, 0]
    for _ in range(1000):
        widths = tuple(map(int, rng.integers(3, 40, rng.integers(4, 8))))
        grid = ColumnGrid(int(rng.integers(2, 4)), tuple(map(int, rng.integers(1, 5, 2))))
        left, finer = grid.breaks(*map(int, rng.integers(1, 4, 2)), int(rng.integers(1, 3)))
        zigzags = grid.squares if finer else 0
        anywhere = any(
            widths[start] >= grid.first
            and min(widths[:start], default=2) >= 2
            and has_room(widths[start + 1 :], grid, left, finer, zigzags=zigzags)
            for start in range(len(widths))
        )
        assert (found_layout(widths, grid, (left, finer)) is not None) == anywhere, (widths, grid, left, finer)
        found[anywhere] += 1
    assert min(found) > 50


def test_addresses_are_the_shortest():
    for cells in range(1, 300):
        units = address_units(cells)
        assert units == min(coarse + -(-cells // coarse) - 1 for coarse in range(1, cells + 1))
        assert most_cells(units) >= cells > most_cells(units - 1)


@pytest.mark.parametrize("name", [TWO, THREE])
def test_sizes_are_nearly_the_best(name):
    F = ab.HolderBall(smoothness=4, dim=2)
    for widths in [(16, 30, 25, 10), (14, 22, 40, 30, 38, 9)]:
        bound = of(name, F, network(F, widths), 2)
        theorem, query = bound.theorem, bound.query
        ranges = [range(1, 6), range(1, 13), range(1, 12), range(1, 7), range(1, 8)]
        choices = np.array(list(product(*ranges)))
        errors = theorem.error(FLOAT, F.regularity, 2, dict(zip(bound.witness, choices.T.astype(float), strict=True)))
        best = next(
            errors[i]
            for i in np.argsort(errors)
            if theorem.has_room(query, dict(zip(bound.witness, choices[i].tolist(), strict=True)))
        )
        assert bound.value <= 1.1 * best


def least(name, F, widths, p):
    """The bound in floats, inf where there is no room."""
    theorem, query = ab.THEOREMS[name], Query(functions=F, network=network(F, widths), p=p)
    try:
        return theorem.evaluate(FLOAT, query, theorem.search(query))
    except ab.HypothesisError:
        return INF


@pytest.mark.parametrize(("name", "dim"), [(TWO, 2), (TWO, 3), (THREE, 2)])
def test_larger_networks_have_no_worse_bounds(name, dim):
    rng, F = np.random.default_rng(1), ab.HolderBall(smoothness=4, dim=dim)
    for p in (2, 3):
        for _ in range(3):
            widths = tuple(map(int, rng.choice([5, 9, 13, 21, 30, 40, 60], rng.integers(4, 7))))
            wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
            deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
            assert max(least(name, F, shape, p) for shape in wider + deeper) <= least(name, F, widths, p), widths


# found by trying: narrow layers, where breaks must all be behind them, or before
NARROW = [
    (THREE, (60, 9, 60, 30), (60, 60, 9, 60, 30), 2),
    (THREE, (60, 21, 21, 9, 21), (60, 21, 21, 9, 60, 21), 2),
    (THREE, (100, 100, 5, 5, 30, 21), (100, 100, 8, 5, 30, 21), 3),
    (TWO, (30, 40, 60, 9, 9), (30, 40, 60, 9, 60, 9), 2),
    (TWO, (100, 5, 5, 60, 13, 100, 13), (100, 5, 5, 60, 13, 100, 15), 1),
]


@pytest.mark.parametrize(("name", "widths", "larger", "p"), NARROW)
def test_narrow_layers_are_no_trap(name, widths, larger, p):
    F = ab.HolderBall(smoothness=4, dim=2)
    assert least(name, F, larger, p) <= least(name, F, widths, p) < INF


@pytest.mark.parametrize(
    ("F", "widths", "p", "reasons"),
    [
        (ab.HolderBall(smoothness=3, dim=2), (99,) * 4, 2, {THREE: "s >= 4"}),
        (ab.HolderBall(smoothness="5/2", dim=2), (99,) * 4, 2, {TWO: "s >= 3", THREE: "s >= 4"}),
        (ab.AnisotropicHolderBall(smoothness=(5, 5)), (99,) * 4, 2, {TWO: "s >= 3", THREE: "s >= 4"}),
        (ab.HolderBall(smoothness=5, dim=3), (99,) * 4, 2, {THREE: "two dimensions"}),
        (ab.HolderBall(smoothness=5, dim=1), (99,) * 4, 2, {TWO: "dimensions", THREE: "two dimensions"}),
        (ab.HolderBall(smoothness=5, dim=2), (99,) * 3, 2, {TWO: "four hidden", THREE: "four hidden"}),
        (ab.HolderBall(smoothness=5, dim=2), (99,) * 4, INF, {TWO: "finite", THREE: "finite"}),
    ],
)
def test_what_it_refuses(F, widths, p, reasons):
    refusals = {refusal.theorem: refusal.reason for refusal in ab.upper_bounds(F, network(F, widths), p=p).refusals}
    assert all(reason in refusals[name] for name, reason in reasons.items())


def test_orders_and_closed_forms():
    n, W, R = sympy.symbols("n W R", positive=True)
    K, b, J, D, Q = sympy.symbols("K b2 J D Q", positive=True, integer=True)
    wide = ab.ReLUNetwork(widths=(n,) * 4, input_dim=2)
    cubic = of(THREE, ab.HolderBall(smoothness=4, dim=2, radius=R), wide, 2)
    assert cubic.rate == W**-2
    quadratic = of(TWO, ab.SobolevBall(smoothness=3, dim=2, radius=R, integrability="inf"), wide, 2)
    assert quadratic.rate == W ** -sympy.Rational(3, 2)
    h, g = 1 / K, 1 / b
    rest = ((h**2 + h * g) ** 2 + (g**2 + h * g) ** 2) / J**4 + (h * g) ** 2 / D**4
    q1, q2, q3 = 1 / sympy.sqrt(12), 1 / (12 * sympy.sqrt(5)), 1 / (120 * sympy.sqrt(7))
    best = (h**3 * q3) ** 2 + (h**2 * g * q2 * q1) ** 2 + (h * g**2 * q2 * q1) ** 2 + (g**3 * q3) ** 2
    expected = R * (sympy.sqrt(best) + sympy.sqrt(rest / 180) / (2 * Q**2))
    numbers = {K: 3, b: 7, J: 4, D: 2, Q: 3, R: 5}
    assert float(quadratic.expression.subs(numbers)) == pytest.approx(float(expected.subs(numbers)))


def test_networks_of_many_variables_are_not_built():
    F = ab.HolderBall(smoothness=3, dim=7)
    bound = of(TWO, F, network(F, (60,) * 4), 2)
    with pytest.raises(ab.NotApplicableError, match="dim=7"):
        bound.build(lambda x: x[:, 0])
