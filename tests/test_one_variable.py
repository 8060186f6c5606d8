"""Monotone and convex functions of one variable: built networks between the bounds, and functions that attain them."""

import math
from itertools import product

import numpy as np
import pytest
from members import member, of

import approxbounds as ab
from approxbounds.constructions.interpolation import free_pieces

INF = math.inf
SLACK = 1 + 1e-9
MONOTONE, CONVEX = ab.MonotoneFunctions(dim=1), ab.ConvexFunctions(dim=1)
WIDTHS = [(1,), (2,), (23,), (5, 4, 6), (9, 1)]
EXPONENTS = [1, 2, 4, INF]


def network(theorem, widths):
    return (ab.HeavisideNetwork if theorem == "monotone-steps" else ab.ReLUNetwork)(widths=widths, input_dim=1)


def steps(count):
    """Steps as fine as the levels of a construction, and shifted by half of one: hit by no grid of midpoints."""
    return [lambda x: np.floor(count * x[:, 0]) / count, lambda x: np.floor(count * x[:, 0] + 0.5) / count]


def sticks(t, u):
    """(1-x/t)_+ + (1-(1-x)/(1-u))_+: the worst convex functions are of this kind."""
    return lambda x: np.maximum(1 - x[:, 0] / t, 0) + np.maximum(1 - (1 - x[:, 0]) / (1 - u), 0)


MONOTONE_TARGETS = [
    *steps(23),
    *steps(24),
    lambda x: x[:, 0] > 1 / 3,
    lambda x: np.full(len(x), 0.2),
    lambda x: x[:, 0] ** 9,
    lambda x: x[:, 0] ** 0.05,
]
CONVEX_TARGETS = [
    *(sticks(t, u) for t, u in ((0.3, 0.3), (0.01, 0.5), (1e-6, 1 - 1e-3), (0.49, 0.51))),
    lambda x: (x[:, 0] == 0) * 1.0 + (x[:, 0] == 1),
    lambda x: (2 * x[:, 0] - 1) ** 2,
    lambda x: np.zeros(len(x)),
    lambda x: x[:, 0] ** 30,
]
CASES = [
    ("monotone-steps", MONOTONE, MONOTONE_TARGETS, EXPONENTS),
    ("monotone-interpolation", MONOTONE, MONOTONE_TARGETS, EXPONENTS[:3]),
    ("convex-free-nodes", CONVEX, CONVEX_TARGETS, EXPONENTS),
    ("convex-graded-nodes", CONVEX, CONVEX_TARGETS, EXPONENTS[:3]),
]


@pytest.mark.parametrize(("theorem", "F", "targets", "exponents"), CASES, ids=[case[0] for case in CASES])
def test_built_networks_are_between_the_bounds(theorem, F, targets, exponents):
    rng = np.random.default_rng(3)
    for widths, p in product(WIDTHS, exponents):
        G = network(theorem, widths)
        bound, lower, worst = of(theorem, F, G, p), ab.lower_bound(F, G, p=p).value, 0.0
        lost = 0.0 if theorem == "monotone-steps" else 2.0**-20  # build says so
        if theorem == "monotone-interpolation":
            lost += 2.0 ** (-31 / p)
        for f in (*targets, *(member(rng, F) for _ in range(3))):
            built = bound.build(f)
            assert built.widths == widths
            for side in (1500, 23 * 64):  # the second hits the nodes of 23 pieces by no point either
                worst = max(worst, built.error(f, p=p, per_side=side))
        assert lower <= bound.value and worst <= bound.value * SLACK + lost
        assert theorem != "monotone-steps" or worst >= 0.9 * bound.value  # steps half a level apart attain it


def test_points_of_jumps_are_on_the_right_side():
    """Doubles next to the jumps of f, and the jumps themselves."""
    f = lambda x: np.floor(8 * x[:, 0] ** 2) / 8  # noqa: E731
    bound = of("monotone-steps", MONOTONE, network("monotone-steps", (20, 31)), INF)
    jumps = np.sqrt(np.arange(9) / 8)
    x = np.concatenate([jumps, np.nextafter(jumps, 0), np.nextafter(jumps, 1)])[:, None]
    assert np.abs(bound.build(f)(x) - f(x)).max() <= bound.value * SLACK


@pytest.mark.parametrize("p", [1, 2])
def test_graded_nodes_against_all_pairs_of_sticks(p):
    """No pair of sticks is above the bound, and in L^1 one attains it."""
    bound, x = of("convex-graded-nodes", CONVEX, network("", (12,)), p), (np.arange(20000) + 0.5)[:, None] / 20000
    half = (2 * np.arange(7) / 12) ** float(bound.witness["grading"]) / 2
    nodes, worst = np.concatenate([half, 1 - half[-2::-1]]), 0.0
    kinks = np.unique(
        np.concatenate([np.sqrt(nodes[1:-1] * nodes[2:]), 1 - np.sqrt(nodes[1:-1] * nodes[2:]), [0.001, 0.999]])
    )
    for t, u in product(kinks, kinks):
        if t <= u:
            gap = np.interp(x[:, 0], nodes, sticks(t, u)(nodes[:, None])) - sticks(t, u)(x)
            worst = max(worst, np.mean(np.abs(gap) ** p) ** (1 / p))
    assert 0.95 * bound.value <= worst <= bound.value * (1 + 1e-4)


def test_their_numbers():
    def value(theorem, F, n, p):
        return of(theorem, F, network(theorem, (n,)), p).value

    assert value("monotone-steps", MONOTONE, 64, INF) == pytest.approx(1 / 130, rel=1e-15)
    assert value("monotone-interpolation", MONOTONE, 64, 2) == pytest.approx(3**-0.5 / 64, rel=1e-15)
    assert value("convex-free-nodes", CONVEX, 64, INF) == 1 / 64
    assert value("convex-graded-nodes", CONVEX, 64, 2) < 0.0055
    for theorem, F, _, exponents in CASES:
        for p in exponents:  # a wider or deeper network is never worse
            shapes = [(5,), (9,), (9, 9), (9, 9, 9), (70, 70, 70)]
            values = [ab.upper_bound(F, network(theorem, widths), p=p).value for widths in shapes]
            assert values == sorted(values, reverse=True)


def test_the_smallest_layer_counts_for_steps_only():
    """Heaviside layers pass no sums on; ReLU layers do, and add pieces."""
    assert of("monotone-steps", MONOTONE, network("monotone-steps", (9, 3, 7)), INF).witness == {"pieces": 4}
    assert of("monotone-interpolation", MONOTONE, network("", (9, 3, 7)), 2).witness == {
        "pieces": free_pieces(network("", (9, 3, 7)))
    }
    powers = ab.ReLUPowerNetwork(widths=(30,), input_dim=1, power=2)
    assert of("monotone-steps", MONOTONE, powers, 2).witness == {"pieces": 11}
    for G, p in ((powers, INF), (network("monotone-steps", (9,)), INF)):
        refused = {refusal.theorem for refusal in ab.upper_bounds(MONOTONE, G, p=p).refusals}
        assert ("monotone-steps" in refused) == (G is powers)
    with pytest.raises(ab.NotApplicableError, match="limit"):
        of("monotone-steps", MONOTONE, powers, 2).build(lambda x: x[:, 0])
