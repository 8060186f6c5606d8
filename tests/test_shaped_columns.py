"""Monotone and convex functions of several variables in columns: limits of the networks between the bounds."""

import math
from itertools import pairwise

import numpy as np
import pytest
from members import member, of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.sticks import float_nodes, strip_cells, worst_pair
from approxbounds.render import rounded

INF = math.inf
SLACK = 1 + 1e-9
SHAPES = [(9, 4), (20, 12), (12, 7, 12, 8), (5, 3, 9), (3, 30, 20, 1)]


def relu(widths, d):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


def points(sides):
    """Midpoints of so many parts in each direction."""
    axes = [(np.arange(side) + 0.5) / side for side in sides]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(sides))


def norm(values, p):
    return np.mean(np.abs(values) ** p) ** (1 / p)


def antidiagonal(x):
    """An upper set whose boundary meets as many boxes as there are diagonal chains (for two variables)."""
    return x.sum(axis=1) > x.shape[1] / 2 + 0.01


@pytest.mark.parametrize("d", [2, 3])
def test_monotone_columns_are_between_the_bounds(d):
    F, rng = ab.MonotoneFunctions(dim=d), np.random.default_rng(d)
    for widths in SHAPES:
        for p in (1, 2, 5):
            bound = of("monotone-columns", F, relu(widths, d), p)
            sides = np.array(list(bound.witness.values()))
            x = points(sides * (10 if d == 2 else 4))  # as many in every box
            assert ab.lower_bound(F, relu(widths, d), p=p).value <= bound.value
            worst = 0.0
            for f in (antidiagonal, lambda x: x[:, 0] > 1 / 3, *(member(rng, F) for _ in range(4))):
                step = F.box_values(f, tuple(sides))[tuple((x * sides).astype(int).T)]
                worst = max(worst, norm(f(x) - step, p))
            assert worst <= bound.value * SLACK
            assert d == 3 or worst >= 0.97 * bound.value  # upper sets attain it


def built(values, steep):
    """The network of a step function on boxes by its values, shape (k_1, .., k_d): function, first and second units."""
    (first, *cuts), d = values.shape, values.ndim
    starts = np.arange(1, first) / first
    axes = np.repeat(np.arange(d), [2 * (first - 1), *cuts])
    breaks = [np.column_stack([starts - 1 / steep, starts]).ravel(), *(np.arange(k) / k for k in cuts)]
    rows, biases = [], []
    for column in np.ndindex(*cuts):
        steps = np.diff(values[(slice(None), *column)]) * steep
        row, bias = [np.column_stack([steps, -steps]).ravel()], values[(0, *column)]
        for i, k in zip(column, cuts, strict=True):
            own = np.zeros(k)  # x_j, then (x_j - i/k)_+: M dist(x_j, [i/k, (i+1)/k])
            if i:
                own[[0, i]] += [steep, -steep]
                bias -= steep * i / k
            if i < k - 1:
                own[i + 1] -= steep
            row.append(own)
        rows.append(np.concatenate(row))
        biases.append(bias)
    matrix, biases, breaks = np.array(rows), np.array(biases), np.concatenate(breaks)
    network = lambda x: np.maximum(np.maximum(x[:, axes] - breaks, 0) @ matrix.T + biases, 0).sum(axis=1)  # noqa: E731
    return network, len(axes), len(matrix)


@pytest.mark.parametrize("widths", [(20, 12), (3, 17, 6)])
def test_the_units_are_enough_for_the_columns(widths):
    """Exactly those of the first two layers that it names, x_1 not among them."""
    for d in (2, 3):
        F, rng = ab.MonotoneFunctions(dim=d), np.random.default_rng(1)
        bound = of("monotone-columns", F, relu(widths, d), 1)
        sides, f = tuple(bound.witness.values()), member(rng, F)
        values, x = F.box_values(f, sides), rng.random((4000, d))
        network, first, second = built(values, 2.0**24)
        assert (first, second) == bound.network.widths
        expected = values[tuple((x * np.array(sides)).astype(int).T)]
        assert np.abs(network(x) - expected).max() <= 1e-6
        one_more = bound.certificate.to_dict() | {"witness": dict(bound.witness) | {"k1": sides[0] + 1}}
        assert not ab.verify(one_more)


def test_numbers_of_monotone_columns():
    F = ab.MonotoneFunctions(dim=2)
    for widths, p, value in (((64, 64), 2, 0.14703), ((100, 200), 1, 0.0282), ((256, 256), 4, 0.1936)):
        assert of("monotone-columns", F, relu(widths, 2), p).value == pytest.approx(value, rel=2e-3)
    bound = of("monotone-columns", ab.MonotoneFunctions(dim=3), relu((64,) * 4, 3), 2)
    assert bound.network.widths == (63, 64, 64, 61)  # two pairs hold 121 columns, x_1 among their first units
    again = of("monotone-columns", ab.MonotoneFunctions(dim=3), bound.network, 2)
    assert again.witness == bound.witness


STRIPS = [(1, 1.0, False), (2, 2.0, True), (2, 1.75, False), (3.5, 3.0, False)]


@pytest.mark.parametrize(("p", "grading", "means"), STRIPS)
@pytest.mark.parametrize("n", [1, 3, 8])
def test_steps_err_on_sticks_as_they_say(n, p, grading, means):
    """Cell by cell, and on pairs of sticks that add up."""
    nodes, m = float_nodes(n, grading), 400
    cells = strip_cells(FLOAT, nodes, p, means=means)
    x = np.concatenate([a + (b - a) * (np.arange(m) + 0.5) / m for a, b in pairwise(nodes)])
    weights, worst = np.repeat(np.diff(nodes) / m, m), 0.0

    def gap(f):
        own = f(x).reshape(n, m)
        step = own.mean(axis=1) if means else f((nodes[1:] + nodes[:-1]) / 2)
        return (own - step[:, None]).ravel()

    def error(values):
        return (weights * np.abs(values) ** p).sum() ** (1 / p)

    ends = [np.linspace(a, b, 40)[1:] for a, b in pairwise(nodes)]
    found = [[gap(lambda x, t=t: np.maximum(1 - x / t, 0)) for t in some] for some in ends]
    for bound, some in zip(cells, found, strict=True):
        largest = max(map(error, some))
        assert 0.8 * bound ** (1 / p) <= largest <= bound ** (1 / p) * 1.001
    worst_ones = [max(some, key=error) for some in found]
    worst = max(error(one + other[::-1]) for i, one in enumerate(worst_ones) for other in worst_ones[: n - i])
    bound = worst_pair(FLOAT, cells, p)
    assert worst <= bound * 1.001 and (n < 8 or worst >= 0.65 * bound)


def measured(f, bound, m):
    """The error of the limit of the networks, on m midpoints in each direction of every cell."""
    d, p, means = bound.query.F.domain_dim, float(bound.query.p), bound.witness["means"]
    names = [("K", "grading"), *((f"k{j}", f"grading{j}") for j in range(2, d + 1))]
    nodes = [float_nodes(bound.witness[k], float(bound.witness[g])) for k, g in names]
    fine = [(a[:-1, None] + np.diff(a)[:, None] * (np.arange(m) + 0.5) / m).ravel() for a in nodes]
    weights = [np.repeat(np.diff(a) / m, m) for a in nodes]

    def at(*axes):
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        return f(grid.reshape(-1, d)).reshape(grid.shape[:-1])

    first = np.clip(nodes[0], 2.0**-53, 1 - 2.0**-53)
    if means:
        table = at(first, *fine[1:])
        for axis in range(1, d):
            table = table.reshape(*table.shape[:axis], -1, m, *table.shape[axis + 1 :]).mean(axis=axis + 1)
    else:
        table = at(first, *((a[1:] + a[:-1]) / 2 for a in nodes[1:]))
    hats = np.stack([np.interp(fine[0], nodes[0], row) for row in np.eye(len(first))], axis=1)
    values = np.tensordot(hats, table, axes=1)
    for axis in range(1, d):
        values = values.repeat(m, axis=axis)
    gaps = np.abs(at(*fine) - values) ** p
    for own in reversed(weights):
        gaps = gaps @ own
    return float(gaps ** (1 / p))


def sharp(rng, d):
    """Convex functions that fall from corners and faces, on all scales."""
    scales = 10.0 ** rng.uniform(-3, 0, (2, d))
    yield lambda x: np.maximum(1 - (x / scales[0]).sum(axis=1), 0)
    yield lambda x: np.maximum(1 - ((1 - x) / scales[1]).sum(axis=1), 0)
    t, u = np.sort(rng.random(2))
    yield lambda x: np.maximum(1 - x[:, -1] / t, 0) + np.maximum(1 - (1 - x[:, -1]) / (1 - u), 0)
    yield lambda x: np.abs(x.sum(axis=1) - d * t) / (d * max(t, 1 - t))


@pytest.mark.parametrize(("d", "m"), [(2, 8), (3, 4)])
def test_convex_columns_are_between_the_bounds(d, m):
    F, rng = ab.ConvexFunctions(dim=d), np.random.default_rng(d)
    for widths in SHAPES:
        for p in (1, "3/2", 2, 5):
            bound = of("convex-columns", F, relu(widths, d), p)
            assert ab.lower_bound(F, relu(widths, d), p=p).value <= bound.value
            for f in (*sharp(rng, d), *sharp(rng, d), *(member(rng, F) for _ in range(2))):
                assert measured(f, bound, m) <= bound.value
            assert str(bound.witness["K"]) in bound.explain()


CLASSES = {"monotone-columns": ab.MonotoneFunctions, "convex-columns": ab.ConvexFunctions}
UNBUILT = {"convex-cells": ab.ConvexFunctions}  # the same tests of their sizes


@pytest.mark.parametrize("p", [1, "3/2", 2, 3])
@pytest.mark.parametrize("theorem", CLASSES | UNBUILT)
def test_larger_networks_have_no_worse_bounds(theorem, p):
    rng = np.random.default_rng(2)
    for d in (2, 3, 2, 3):
        widths = tuple(map(int, rng.choice([4, 8, 13, 21, 70], rng.integers(2, 5))))
        wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
        deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
        values = [
            of(theorem, (CLASSES | UNBUILT)[theorem](dim=d), relu(shape, d), p).value
            for shape in (widths, *wider, *deeper)
        ]
        assert max(values) == values[0], widths


@pytest.mark.parametrize("theorem", CLASSES | UNBUILT)
def test_the_network_needed_is_enough(theorem):
    for d, widths in ((2, (2, 6)), (2, (20, 12, 30)), (3, (3, 30, 9, 30, 9)), (3, (40, 20, 1, 1))):
        bound = of(theorem, (CLASSES | UNBUILT)[theorem](dim=d), relu(widths, d), 2)
        assert of(theorem, bound.query.F, bound.network, 2).value <= bound.value * SLACK
        assert bound.network.weights <= bound.query.G.weights


def test_numbers_of_convex_columns():
    """With a smaller p, too, where means (p <= 2) are better than values on lines."""
    F = ab.ConvexFunctions(dim=2)
    for widths, p, value in (((64, 64), 2, 0.03486), ((64, 64), 1, 0.01668), ((256, 256), 4, 0.03385)):
        assert of("convex-columns", F, relu(widths, 2), p).value == pytest.approx(value, rel=1e-3)
    values = [of("convex-columns", F, relu((64, 64), 2), p) for p in (1, "3/2", "19/10", 2, "201/100", 4)]
    assert [bound.value for bound in values] == sorted(bound.value for bound in values)
    assert [bound.witness["means"] for bound in values] == [0, 0, 1, 1, 0, 0]
    data = values[3].certificate.to_dict()
    assert ab.verify(data) and ab.verify(data | {"p": 1}) and not ab.verify(data | {"p": "201/100"})
    bound = of("convex-columns", ab.ConvexFunctions(dim=3), relu((64,) * 4, 3), 2)
    assert bound.network.widths == (63, 64, 64, 61)
    assert of("convex-columns", ab.ConvexFunctions(dim=3), bound.network, 2).value == bound.value


@pytest.mark.parametrize("theorem", CLASSES | UNBUILT)
def test_what_columns_are_not_for(theorem):
    kind = (CLASSES | UNBUILT)[theorem]
    for F, G, p in (
        (kind(dim=2), relu((9, 9), 2), INF),
        (kind(dim=2), relu((9,), 2), 2),
        (kind(dim=1), relu((9, 9), 1), 2),
        (kind(dim=2), ab.HeavisideNetwork(widths=(9, 9), input_dim=2), 2),
        (ab.LipschitzBall(dim=2), relu((9, 9), 2), 2),
    ):
        assert theorem in {refusal.theorem for refusal in ab.upper_bounds(F, G, p=p).refusals}
    assert ab.upper_bound(kind(dim=2), relu((1, 9, 9), 2), p=2).value == 0.5  # x does not pass the first layer


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize(("d", "widths"), [(2, (9, 4)), (2, (20, 12)), (2, (12, 7, 12, 8)), (3, (12, 9, 10))])
@pytest.mark.parametrize("theorem", CLASSES)
def test_what_is_built_is_between_the_bounds(theorem, d, widths, p):
    """On a grid of the boxes of monotone functions, whose faces other grids would round, and on one that meets none."""
    F, G, rng = CLASSES[theorem](dim=d), relu(widths, d), np.random.default_rng(p)
    bound = of(theorem, F, G, p)
    built = bound.theorem.built(bound.query, bound.witness)
    assert ab.lower_bound(F, G, p=p).value <= bound.value <= built.error * SLACK <= 1.25 * bound.value
    assert rounded(built.error, True) in bound.explain()
    sides, least = np.lcm.reduce(list(built.sizes.values())[: d if F.is_monotone else 1]), 100 if d == 2 else 20
    side, worst = int(sides) * -(-least // int(sides)), 0.0
    targets = [antidiagonal, lambda x: x[:, 0] > 1 / 3, member(rng, F)] if F.is_monotone else [*sharp(rng, d)]
    for f in (*targets, member(rng, F)):
        network = bound.build(f)
        assert network.widths == widths
        worst = max(worst, network.error(f, p=p, per_side=side))
        assert network.error(f, p=p, per_side=least + 1) <= 1.01 * built.error
    assert 0.1 * built.error <= worst <= built.error * SLACK


def test_windows_on_graded_columns_are_exact_next_to_the_faces():
    """For a function of x_1 that is linear between the nodes, with two units at each face."""
    F, p = ab.ConvexFunctions(dim=3), 9
    bound = of("convex-columns", F, relu((64, 64), 3), p)
    built = bound.theorem.built(bound.query, bound.witness)
    assert built.two_sided
    network = bound.build(lambda x: np.abs(x[:, 0] - 0.5))
    faces = np.concatenate([float_nodes(built.sizes[f"k{j}"], float(built.sizes[f"grading{j}"])) for j in (2, 3)])
    near = np.clip(np.concatenate([faces, np.nextafter(faces, 0), np.nextafter(faces, 2)]), 0, 1)
    x = np.stack(np.meshgrid([0.0, 0.3, 0.5, 0.9, 1.0], near, near, indexing="ij"), axis=-1).reshape(-1, 3)
    expected = np.abs(x[:, 0] - 0.5) if built.sizes["K"] % 2 == 0 else network(x * [1, 0, 0] + [0, 0.5, 0.5])
    assert network(x) == pytest.approx(expected, abs=1e-9)
