"""Vectors of bins at several thresholds a point: exact numbers of tiny classes against the counts."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import oracles
import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.growth import CountedLayer, HalfspaceCount, KnotCount, SignChangeCount, SumCount, Thresholds
from approxbounds.facts.levels import LevelGrowth
from approxbounds.facts.region_counts import CommonRegionCount, RegionCount
from approxbounds.networks.recurrent_growth import CentralCount


def log2_levels(G, N, Q, common=False):
    with precision(128):
        return oracles.ends(G.level_growth().at_levels(BALL, N, Q, common=common))[1]


def allowed(vectors, G, N, Q, common=False):
    return oracles.log2_exact(vectors) <= log2_levels(G, N, Q, common)


def step_vectors(thresholds, knots):
    """All vectors of bins of step functions with so many jumps on a line; thresholds: sorted rows, one a point."""
    N, found = len(thresholds), set()
    for cuts in combinations(range(1, N), min(knots, N - 1)):
        groups = [range(a, b) for a, b in zip((0, *cuts), (*cuts, N), strict=True)]
        ways = []
        for group in groups:
            values = np.unique(thresholds[list(group)])
            tried = np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2, [values[-1] + 1]])
            ways.append([tuple(int((thresholds[i] < v).sum()) for i in group) for v in tried])
        found |= {sum(way, ()) for way in product(*ways)}
    return len(found)


def line_cells(thresholds, x):
    """The cells into which the lines a + b x_i = r of the plane of (a, b) cut it: 1 + sum over lines of new points."""
    lines = [(Fraction(int(x[i])), Fraction(int(r))) for i, row in enumerate(thresholds) for r in row]
    cells = 1
    for j, (u, r) in enumerate(lines):
        points = {(s - r) / (v - u) for v, s in lines[:j] if v != u}
        cells += 1 + len(points)
    return cells


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(("N", "Q", "knots"), [(5, 3, 1), (4, 4, 2), (6, 2, 2), (7, 3, 1)])
def test_steps_by_enumeration(N, Q, knots, common):
    rng = np.random.default_rng(N)
    rows = np.sort(rng.permutation(N * (Q - 1)).reshape(N, Q - 1) + 0.0, axis=1)
    if common:
        rows = np.tile(rows[:1], (N, 1))
    vectors = step_vectors(rows, knots)
    for G in (ab.HeavisideNetwork(widths=(knots,), input_dim=1), ab.FreeKnotSplines(knots=knots, degree=0)):
        assert allowed(vectors, G, N, Q, common)
    assert vectors > Q ** (knots + 1)  # more than one value for each piece: the test is not empty


@pytest.mark.parametrize(("N", "Q"), [(3, 2), (4, 3), (5, 6)])
def test_affine_functions_of_one_variable_by_the_cells_of_their_parameters(N, Q):
    rng = np.random.default_rng(Q)
    rows = np.sort(np.stack([rng.choice(10**6, Q - 1, replace=False) for _ in range(N)]), axis=1)
    cells = line_cells(rows, np.arange(N))
    for G in (ab.LinearSpace(dimension=2), ab.ReLUNetwork(widths=(1,), input_dim=1)):
        assert allowed(cells, G, N, Q)
    m = N * (Q - 1)  # parallel lines do not meet, so it is a little below all that V(m, 2) allows
    assert cells > 0.3 * (1 + m + comb(m, 2))


@pytest.mark.parametrize("widths", [(2,), (2, 2)])
def test_samples_of_relu_networks(widths):
    rng, N, Q = np.random.default_rng(3), 4, 3
    x = np.linspace(0, 1, N)[None, :, None]
    h = np.repeat(x, 200_000, axis=0)
    for n in widths:
        h = np.maximum(h @ rng.normal(size=(len(h), h.shape[2], n)) + rng.normal(size=(len(h), 1, n)), 0)
    g = (h @ rng.normal(size=(len(h), h.shape[2], 1)))[..., 0] + rng.normal(size=(len(h), 1))
    bins = (g[..., None] > np.sort(rng.normal(size=(N, Q - 1)), axis=1)).sum(axis=2)
    seen = len(np.unique(bins @ Q ** np.arange(N)))
    assert allowed(seen, ab.ReLUNetwork(widths=widths, input_dim=1), N, Q) and seen > 20


@pytest.mark.parametrize(
    ("G", "N", "Q", "expected"),
    [
        (ab.FiniteClass(bits=9), 1000, 1000, 9),
        (ab.ReLUNetwork(widths=(3,), input_dim=1, bits=2), 10**6, 10**6, 2 * 10),
        (ab.Union(members=(ab.FiniteClass(bits=9), ab.FiniteClass(bits=4))), 1000, 1000, 10),
        (ab.LinearSpace(dimension=50), 20, 8, 20 * 3),
    ],
    ids=str,
)
def test_finite_classes_and_codes_count_as_they_are_and_nothing_exceeds_all_vectors(G, N, Q, expected):
    assert abs(log2_levels(G, N, Q) - expected) < Fraction(1, 10**20)


def test_hidden_layers_are_counted_at_the_points_and_the_output_at_pairs():
    G, N, Q = ab.ReLUNetwork(widths=(64, 64), input_dim=2), 10**5, 300
    first, second, output = G.growth().whole[0].layers
    expected = sum(float(layer.evaluate(FLOAT, m)) for layer, m in ((first, N), (second, N), (output, (Q - 1) * N)))
    assert float(G.level_growth().at_levels(FLOAT, N, Q)) == pytest.approx(expected, rel=1e-12)
    H = ab.HeavisideNetwork(widths=(6, 9), input_dim=2)
    (region,) = (c for w in H.growth().whole for layer in w.layers for c in layer.counts if isinstance(c, RegionCount))
    assert float(region.at_levels(FLOAT, N, Q, common=True)) == pytest.approx(22 * np.log2(Q))


def test_counts_for_special_thresholds_cannot_enter():
    one = CountedLayer("knots", (KnotCount(2),), hidden=True)
    for count in (SignChangeCount(2), CommonRegionCount(3), HalfspaceCount(1, 2), CentralCount(1, 2)):
        only = SumCount((one, CountedLayer("output", (count,))))
        knots = float(KnotCount(2).evaluate(FLOAT, 50))
        assert float(only.at_levels(FLOAT, 50, 4, common=True)) == pytest.approx(100 + knots)  # all 4^50 vectors
    for G in (ab.HeavisideNetwork(widths=(9,), input_dim=1), ab.FreeKnotSplines(knots=5, degree=1)):
        special = LevelGrowth(G.growth(Thresholds.COMMON).levels.counts)
        assert float(special.at_levels(FLOAT, 10**6, 9)) >= float(G.level_growth().at_levels(FLOAT, 10**6, 9))
