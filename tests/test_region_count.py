"""Heaviside networks show no more patterns than the cells of their first layer allow: enumeration and samples."""

import math
import random
from fractions import Fraction
from itertools import product

import numpy as np
import oracles
import pytest
from growth_checks import fits
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.growth import SumCount, Thresholds
from approxbounds.facts.region_counts import CommonRegionCount, RegionCount


def compositions(m, parts):
    """All ways to sort m points into at most so many sets."""
    if parts == 1:
        yield (m,)
        return
    for first in range(m + 1):
        yield from ((first, *rest) for rest in compositions(m - first, parts - 1))


def log2_ends(count, m):
    with precision(128):
        return oracles.ends(count.evaluate(BALL, m))


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("regions", [1, 2, 3, 5])
def test_the_count_is_at_least_that_of_every_way_to_sort_the_points(regions, common):
    for m in (1, 2, 5, 9, 12):
        factor = (lambda c: min(c + 1, 2)) if common else (lambda c: c + 1)
        most = max(math.prod(map(factor, sizes)) for sizes in compositions(m, regions))
        upper = log2_ends((CommonRegionCount if common else RegionCount)(regions), m)[1]
        assert oracles.log2_exact(most) <= upper
        if m % regions == 0:  # attained, where it is below m
            assert upper <= oracles.log2_exact(most) + Fraction(1, 10**30)


@pytest.mark.parametrize("m", [14, 17, 20])
def test_one_unit_in_the_plane_by_enumeration(m):
    """Where the bound is below m: all dichotomies, all pairs of values, thresholds in several orders."""
    rng = random.Random(m)
    G = ab.HeavisideNetwork(widths=(1, 40), input_dim=2)
    dichotomies = oracles.halfplane_dichotomies([(rng.randrange(100), rng.randrange(100)) for _ in range(m)])
    for ranks in (list(range(m)), rng.sample(range(m), m)):
        assert fits(len(oracles.two_value_patterns(dichotomies, ranks)), G, m)
    full = 2**m - 1
    at_common = dichotomies | {full ^ pattern for pattern in dichotomies} | {0, full}
    assert fits(len(at_common), G, m, Thresholds.COMMON)
    assert all(float(G.growth(thresholds).evaluate(FLOAT, m)) < m for thresholds in Thresholds)


@pytest.mark.parametrize("m", [20, 24])
def test_three_values_on_a_line_by_enumeration(m):
    rng = random.Random(m)
    G = ab.HeavisideNetwork(widths=(2, 40), input_dim=1)
    assert float(G.growth().evaluate(FLOAT, m)) < m
    for ranks in ([i if i % 2 else m - i for i in range(m)], rng.sample(range(m), m)):
        assert fits(len(oracles.step_function_patterns(ranks, 2)), G, m)


@pytest.mark.parametrize(("widths", "dim", "pieces"), [((2,), 2, 2), ((3,), 1, 2), ((3,), 2, 2), ((1,), 2, 3)])
def test_later_layers_show_what_the_cells_allow(widths, dim, pieces):
    """The first layer is fixed, 3 points in each of its cells: random later values at random thresholds."""
    rng = np.random.default_rng(7)
    G = ab.FeedForwardNetwork(widths=(*widths, 9), input_dim=dim, degree=0, pieces=pieces)
    _, by_cells = (count for count in G.growth().whole if isinstance(count, SumCount))
    (count,) = by_cells.layers[-1].counts
    x = rng.normal(size=(4000, dim)) * 3
    steps = x @ rng.normal(size=(dim, widths[0]))
    codes = sum((steps > r).astype(int) * 3**i for i, r in enumerate(np.linspace(-0.6, 0.5, pieces - 1)))
    code = codes @ 5.0 ** np.arange(widths[0])
    found = np.unique(code)
    assert len(found) <= count.regions == G.piecewise.regions(dim)
    chosen = np.concatenate([np.flatnonzero(code == one)[:3] for one in found])
    group = np.searchsorted(found, code[chosen])
    for common, draws in ((False, 60_000), (True, 5000)):
        r = np.zeros(len(chosen)) if common else rng.permutation(len(chosen)) / len(chosen) - 0.5
        seen = oracles.distinct_rows(rng.uniform(-0.7, 0.7, (draws, len(found)))[:, group] > r)
        upper = log2_ends((CommonRegionCount if common else RegionCount)(count.regions), len(chosen))[1]
        assert 0.5 * 2 ** float(upper) <= seen * 4 ** (count.regions - len(found)) and oracles.log2_exact(seen) <= upper


def test_points_on_the_breaks_are_sorted_into_as_few_cells():
    rng = np.random.default_rng(8)
    x = np.array(list(product(range(-6, 7), repeat=2)), float)
    for _ in range(50):
        rows, levels = rng.integers(-2, 3, (2, 4)), rng.integers(-4, 5, 4)
        signs = np.where(rng.random(4) < 0.5, x @ rows > levels, x @ rows >= levels)
        assert oracles.distinct_rows(signs) <= ab.HeavisideNetwork(widths=(4,), input_dim=2).piecewise.regions(2) == 11


@given(st.integers(0, 400), st.integers(0, 90))
def test_numbers_of_cells(hyperplanes, dim):
    piecewise = ab.HeavisideNetwork(widths=(hyperplanes + 1,), input_dim=dim + 1).piecewise
    exact = sum(math.comb(hyperplanes + 1, i) for i in range(dim + 2))
    assert piecewise.regions(dim + 1) == (exact if exact <= 10**60 else None)


@pytest.mark.parametrize("bits", [1, 2])
def test_quantised_networks_by_enumeration(bits):
    """Every network of a codebook: parameters (w, b) of a hidden unit, a second one, the output."""
    G = ab.HeavisideNetwork(widths=(1, 1), input_dim=1, bits=bits)
    rng, x = np.random.default_rng(9), np.linspace(0, 1, 12)
    for _ in range(30):
        book = rng.normal(size=(6, 2**bits))
        w, b, v, c, u, a = np.array(list(product(*book))).T[:, :, None]
        values = u * (v * (w * x + b >= 0) + c >= 0) + a
        for thresholds, r in ((Thresholds.COMMON, rng.normal()), (Thresholds.ANY, rng.normal(size=12))):
            assert fits(oracles.distinct_rows(values > r), G, 12, thresholds)
    assert float(G.growth(Thresholds.COMMON).evaluate(FLOAT, 12)) == min(2 * bits + 2, 1 + math.log2(12))


def test_growth_bounds_are_concave_and_fall_with_the_kind_of_thresholds():
    m = np.arange(1, 700)
    for G in (
        ab.HeavisideNetwork(widths=(3, 30), input_dim=2),
        ab.HeavisideNetwork(widths=(4, 9, 9), input_dim=3, bits=2),
        ab.FeedForwardNetwork(widths=(2, 50), input_dim=4, degree=0, pieces=4),
    ):
        values = [G.growth(t).evaluate(FLOAT, m) for t in Thresholds]
        assert all((np.diff(value, 2) <= 1e-9).all() for value in values)
        assert (values[1] <= values[0]).all() and (values[2] <= values[1]).all()


@pytest.mark.parametrize(
    ("G", "most"),
    [
        (ab.HeavisideNetwork(widths=(10, 25), input_dim=2), 320),  # 2777 layer by layer
        (ab.HeavisideNetwork(widths=(10, 25), input_dim=2, bits=1), 124),  # 331, the bits
        (ab.FeedForwardNetwork(widths=(4, 30, 30), input_dim=2, degree=0, pieces=3), 189),  # 12689
    ],
    ids=str,
)
def test_pseudo_dimensions_that_fell(G, most):
    bound = G.pseudo_dimension()
    assert bound.value == most and ab.verify(bound.certificate)
    assert "cells of the first layer" in bound.explain()


def test_networks_of_higher_degree_have_no_such_count():
    for G in (ab.ReLUNetwork(widths=(3, 3), input_dim=2), ab.SkipNetwork(widths=(3,), input_dim=2, degree=0)):
        counts = [count for count in G.growth().whole if isinstance(count, SumCount)]
        assert len(counts) == 1 and "cells" not in counts[0].layers[-1].name
