"""Pairs of layers: how they are placed, against all placements; and T1's networks, which are exact."""

import math
from itertools import product

import numpy as np
import pytest
import sympy
from members import SMOOTH, member, of

import approxbounds as ab
from approxbounds.constructions.pairs import best_plan, most_units, sum_of_cells
from approxbounds.constructions.zigzag import zigzag_layers, zigzag_plan
from approxbounds.facts.built import DenseNetwork

INF = math.inf
SLACK = 1 + 1e-9
EXPONENTS = [1, 2, 4, INF]


def every_placement(widths, dim, share, layer=0, pairs=0):
    """The best sum of shares, by trying all that C1 of the proof allows from this layer on; -inf if none."""
    if layer == len(widths):
        return -math.inf
    first, width = pairs == 0, widths[layer]
    found = -math.inf
    if width >= dim + (not first):  # pass on x, and the sum
        found = every_placement(widths, dim, share, layer + 1, pairs)
    if layer + 1 < len(widths):
        for last in (True, False):
            units, rest = width - (not first), widths[layer + 1] - 1 - (0 if last else dim)
            own = share(units, rest, first) if units >= dim and rest + first >= 0 else -1
            if own >= 0:  # after the last pair every layer passes the sum
                later = 0 if last else every_placement(widths, dim, share, layer + 2, pairs + 1)
                found = max(found, own + later)
    return found


def zigzag_share(units, rest, first):
    strips = units if first else max(units - 2 - (units % 2 == 0), 0)
    return strips * (rest // 4 + 1) if rest >= 0 else -1


@pytest.mark.parametrize("dim", [1, 2])
def test_the_best_placement_is_found(dim):
    rng = np.random.default_rng(dim)
    for _ in range(300):
        widths = tuple(map(int, rng.choice([1, 2, 3, 4, 5, 9, 14], rng.integers(1, 8))))
        for share in (zigzag_share, sum_of_cells(5)):
            plan, expected = best_plan(widths, dim, share), every_placement(widths, dim, share)
            assert (-math.inf if plan is None else plan[0]) == expected, widths
            if plan is not None and share is zigzag_share and dim == 1:
                assert zigzag_plan(widths) == plan


@pytest.mark.parametrize(
    ("widths", "intervals"),
    [
        ((64, 64), 1024),
        ((64, 64, 64, 64), 2000),
        ((128,) * 8, 16096),
        ((64, 64, 1, 64, 64, 64), 1024),  # behind a layer of width 1 there is x or the sum, not both
        ((64, 64, 64, 1, 64, 64), 1024 + 61),  # the layer of width 1 is the second of a pair without inner nodes
        ((64, 1, 5, 5), 64),
        ((1, 1, 1, 64, 64), 1024),
        ((5, 1, 1, 1), 5),
    ],
)
def test_narrow_and_surplus_layers(widths, intervals):
    G = ab.ReLUNetwork(widths=widths, input_dim=1)
    assert of("zigzag", ab.LipschitzBall(dim=1), G, 2).witness == {"intervals": intervals}


def test_no_pair_no_bound():
    found = ab.upper_bounds(ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(9,), input_dim=1), p=2)
    assert "two hidden layers" in next(r.reason for r in found.refusals if r.theorem == "zigzag")


def test_more_first_layer_units_mean_fewer_cells():
    for widths, dim in product([(9, 7), (9, 7, 8, 12), (20, 9, 3, 9, 9), (2, 2)], (1, 2)):
        counts = [most_units(widths, dim, cells) for cells in range(1, 40)]
        assert counts == sorted(counts, reverse=True)
        for cells, units in enumerate(counts, 1):
            for more, fits in ((units, units > 0), (units + 1, False)):
                plan = best_plan(widths, dim, sum_of_cells(more))
                assert (plan is not None and plan[0] >= cells) == fits or more == 0


SHAPES = [(64, 64), (64, 64, 64, 1, 64, 64), (5, 6, 6, 6, 7, 7), (7, 13, 8, 14, 9, 11, 3), (1, 1, 2, 3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("free", [False, True])
def test_every_piecewise_linear_function_is_made_exactly(free):
    rng = np.random.default_rng(0)
    for widths in [*SHAPES, *(tuple(map(int, rng.integers(1, 14, rng.integers(2, 7)))) for _ in range(60))]:
        found = zigzag_plan(widths, free=free)
        assert found is not None or 1 in widths
        if found is None:
            continue
        n, plan = found
        steps = rng.random(n) + 0.05 if free else np.ones(n)
        nodes = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
        values, x = rng.normal(size=n + 1), np.concatenate([rng.random(500), nodes])
        layers = zigzag_layers(plan, len(widths), nodes, values, free=free)
        assert all(len(biases) <= width for (_, biases), width in zip(layers, widths, strict=False))
        network = DenseNetwork(tuple(layers), 1)
        assert network(x[:, None]) == pytest.approx(np.interp(x, nodes, values), abs=1e-13 * n**2)


@pytest.mark.parametrize("F", SMOOTH, ids=str)
@pytest.mark.parametrize("p", EXPONENTS)
def test_built_zigzags_are_between_the_bounds(F, p):
    rng = np.random.default_rng(5)
    for widths in [(1, 9), (9, 1), (5, 9), (6, 9, 6, 9), (20, 30, 5)]:
        G = ab.ReLUNetwork(widths=widths, input_dim=1)
        bound, found = of("zigzag", F, G, p), ab.bracket(F, G, p=p)
        assert found.lower.value <= found.upper.value <= bound.value
        case = None if p == INF else ab.average_case(F, G, p=p)
        targets = [member(rng, F) for _ in range(3)]
        if case is not None and case.cells < 10**4:
            omega = rng.integers(0, 2, case.cells)
            targets.append(lambda x, case=case, omega=omega: case.target(omega, x))
        for f in targets:
            network = bound.build(f)
            assert network.widths == widths and network.weights == G.weights
            n = bound.witness["intervals"]
            for side in (4096, 21 * n, 32 * n):  # nodes are among the midpoints of the second grid, not of the others
                assert network.error(f, p=p, per_side=side) <= bound.value * SLACK + 1e-13


def test_the_zigzag_is_sharp():
    G = ab.ReLUNetwork(widths=(9, 9, 9, 9), input_dim=1)
    n = of("zigzag", SMOOTH[0], G, 2).witness["intervals"]
    for p in EXPONENTS:
        bound = of("zigzag", ab.HolderBall(smoothness=2, dim=1), G, p)
        error = bound.build(lambda x: x[:, 0] ** 2 / 2).error(lambda x: x[:, 0] ** 2 / 2, p=p, per_side=101 * n)
        assert 0.998 * bound.value <= error <= bound.value * (1 + 1e-4)


@pytest.mark.parametrize("p", [2, INF])
def test_larger_networks_have_no_worse_zigzags(p):
    rng = np.random.default_rng(2)
    for _ in range(40):
        widths = tuple(map(int, rng.choice([1, 2, 3, 5, 8, 13], rng.integers(2, 6))))
        F, bounds = ab.LipschitzBall(dim=1), []
        wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
        deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
        for shape in (widths, *wider, *deeper):
            G = ab.ReLUNetwork(widths=shape, input_dim=1)
            bounds.append(ab.upper_bound(F, G, p=p).value)
        assert max(bounds) == bounds[0]


def test_the_network_needed_is_enough():
    for widths in [(64, 70), (64, 70, 64, 70), (5, 4, 4, 6, 7), (3, 1, 9, 9), (70, 64, 64, 1, 1)]:
        F, G = ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=widths, input_dim=1)
        bound = of("zigzag", F, G, 2)
        assert of("zigzag", F, bound.network, 2).witness == bound.witness
        assert all(a <= b for a, b in zip(bound.network.widths, widths, strict=False))
        assert str(bound.witness["intervals"]) in bound.explain()


def test_zigzag_values_and_orders():
    G = ab.ReLUNetwork(widths=(64, 64), input_dim=1)
    assert ab.upper_bound(ab.LipschitzBall(dim=1), G, p=2).value == pytest.approx(2 / 1024 / math.sqrt(30), rel=1e-12)
    W, s, n = sympy.Symbol("W", positive=True), sympy.Symbol("s", positive=True), sympy.Symbol("n", positive=True)
    symbolic = of("zigzag", ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(n, n), input_dim=1), INF)
    intervals = sympy.Symbol("intervals", positive=True, integer=True)
    assert sympy.simplify(symbolic.expression - 1 / (2 * intervals)) == 0
    assert symbolic.rate == 1 / W
    form = of("zigzag", ab.HolderBall(smoothness=s, dim=1), G, INF).expression
    assert float(form.subs(s, sympy.Rational(1, 2))) == pytest.approx((1 / 2048) ** 0.5)
