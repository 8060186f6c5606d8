"""Pseudo-dimension bounds against an independent linear scan, exhaustive shattering, and counted operations."""

import math
import random
from itertools import pairwise, permutations

import mpmath
import numpy as np
import oracles
import pytest
from growth_checks import line_numbers

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.bound import Bound
from approxbounds.complexity.pseudo_dimension import (
    ClosedFormMethod,
    GrowthMethod,
    OperationCountMethod,
    excludes_shattering,
    pdim_upper,
)
from approxbounds.complexity.shattering import largest_shattered
from approxbounds.errors import HypothesisError
from approxbounds.facts.growth import Thresholds, TotalsCount
from approxbounds.theorem import Query

NETWORKS = [
    ab.ReLUNetwork(widths=(1,), input_dim=1),
    ab.ReLUNetwork(widths=(10,), input_dim=2),
    ab.ReLUNetwork(widths=(3, 2), input_dim=2),
    ab.ReLUNetwork(widths=(2, 2, 2), input_dim=1, bias=False),
    ab.ReLUNetwork(widths=(4,), input_dim=3, bias=False),
    ab.HeavisideNetwork(widths=(1,), input_dim=1),
    ab.HeavisideNetwork(widths=(6, 9), input_dim=2),
    ab.HeavisideNetwork(widths=(5,), input_dim=4, bias=False),
    ab.ReLUPowerNetwork(widths=(3,), input_dim=2, power=2),
    ab.ReLUPowerNetwork(widths=(2, 2), input_dim=1, power=3),
    ab.FeedForwardNetwork(widths=(3, 2), input_dim=2, degree=0, pieces=3),
    ab.FeedForwardNetwork(widths=(3, 2), input_dim=2, degree=1, pieces=4),
    ab.FeedForwardNetwork(widths=(2, 3), input_dim=2, degree=2, pieces=3, bias=False),
    ab.FeedForwardNetwork(widths=(2, 3), input_dim=2, degree=2, pieces=1),
]


def log2(n: int) -> mpmath.mpf:
    return mpmath.log(n) / mpmath.log(2)


def own_growth(G: ab.FeedForwardNetwork, m: int) -> mpmath.mpf:
    """THEORY.md 3.2 written down a second time, with exact binomial sums."""
    a, bias = G.activation, int(G.bias)
    sizes = [G.input_dim, *G.widths, 1]
    own = [units * (inputs + bias) for inputs, units in pairwise(sizes)]
    total = first = mpmath.mpf(0)
    breaks = a.pieces - 1
    for layer, units in enumerate(G.widths):
        if layer > 0 and a.degree > 0:
            powers = [a.degree ** (layer - j) for j in range(layer + 1)]
            total += oracles.wl(breaks * units * m, *zip(powers, own[: layer + 1], strict=True))
        elif a.pieces == 2 and G.bias:
            total += units * log2(2 * oracles.binomial_sum(m - 1, sizes[layer]))
        else:
            total += units * log2(oracles.binomial_sum(breaks * m, sizes[layer] + bias))
        first = total if layer == 0 else first
    if a.degree == 0:
        cells = oracles.binomial_sum(breaks * G.widths[0], G.input_dim)
        return min(total + log2(oracles.binomial_sum(m, own[-1])), first + cells * log2(1 + mpmath.mpf(m) / cells))
    last = [oracles.wl(m, *((a.degree ** (len(own) - 1 - j), P) for j, P in enumerate(own)))]
    if a.homogeneous:
        folded = sum(own) - G.widths[-1]
        last.append(oracles.wl(m, *((1, P) for P in (*own[:-2], own[-2] + own[-1] - G.widths[-1]))))
        if len(own) == 2:
            last.append(log2(oracles.binomial_sum(m, folded)))
    return total + min(last)


def own_bound(G: ab.FeedForwardNetwork, m: int) -> mpmath.mpf:
    """The smallest of all counts at any thresholds."""
    if G.input_dim > 1:
        return min(own_growth(G, m), m)
    free, largest = line_numbers(G, Thresholds.ANY)
    return min(own_growth(G, m), free + log2(oracles.binomial_sum(m - free, largest)), m)


def values_of(G) -> dict[str, int]:
    """What each method that applies gives for G."""
    bound = G.pseudo_dimension()
    return {each.theorem.id: each.value for each in (bound, *bound.others) if isinstance(each, Bound)}


@pytest.mark.parametrize("G", NETWORKS, ids=str)
def test_bisection_finds_what_a_linear_scan_finds(G):
    found = largest_shattered(G)
    with mpmath.workdps(100):
        reached = [m for m in range(1, found + 300) if own_bound(G, m) >= m]
    assert max(reached) == found
    assert reached == list(range(1, found + 1))  # once below m, below for good
    assert values_of(G)["pdim-growth"] == found
    with pytest.raises(HypothesisError):
        GrowthMethod().evaluate(BALL, Query(network=G), {"pdim": found - 1})


@pytest.mark.parametrize("G", NETWORKS, ids=str)
def test_growth_values_agree_with_the_second_writing(G):
    with mpmath.workdps(40), precision(128):
        for m in (1, 2, 5, 40, 333):
            own = own_bound(G, m)
            assert abs(mpmath.mpf(str(G.growth().evaluate(BALL, m).mid().str(35, radius=False))) - own) < 1e-25


def test_golden_values():
    expected = {
        ab.ReLUNetwork(widths=(10,), input_dim=2): 306,
        ab.LinearSpace(dimension=20): 20,
        ab.FiniteClass(bits=64): 64,
    }
    assert {G: G.pseudo_dimension().value for G in expected} == expected
    assert {G: G.pseudo_dimension().expression for G in expected} == expected


# ------------------------------------------------------------------------------------------- true dimensions


def methods_of(G: ab.ReLUNetwork) -> dict[str, int]:
    totals = G.free_sizes
    kind = {"degree": G.activation.degree, "pieces": G.activation.pieces}
    size = ab.NetworkSize(weights=totals.weights, depth=totals.depth, units=totals.units, **kind)
    return {f"{type(net).__name__} {name}": value for net in (G, size) for name, value in values_of(net).items()}


@pytest.mark.parametrize(("width", "exact"), [(1, 3), (2, 5)])
def test_every_method_is_above_the_dimension_of_heaviside_networks(width, exact):
    """All orders of the thresholds are tried, so the dimension for one input is exact."""

    def shattered(m: int) -> bool:
        return any(len(oracles.step_function_patterns(list(r), width)) == 2**m for r in permutations(range(m)))

    assert shattered(exact)
    assert not shattered(exact + 1)
    values = methods_of(ab.HeavisideNetwork(widths=(width,), input_dim=1))
    assert len(values) >= 5
    assert min(values.values()) >= exact, values


@pytest.mark.parametrize("activation", ["relu", "absolute", "hard tanh", "staircase", "squared relu"])
@pytest.mark.parametrize(("widths", "dim"), [((1,), 1), ((2,), 1), ((1, 1), 2), ((2,), 2)])
def test_every_method_is_above_shattering_found_by_search(activation, widths, dim):
    rng = np.random.default_rng(31)
    _, degree, pieces, continuous = oracles.ACTIVATIONS[activation]
    G = ab.FeedForwardNetwork(widths=widths, input_dim=dim, degree=degree, pieces=pieces, continuous=continuous)
    largest = 0
    for m in range(1, 6):
        for _ in range(3):
            values = oracles.random_networks(rng, activation, widths, rng.normal(size=(m, dim)), count=4000)
            if oracles.distinct_rows(values > np.median(values, axis=0)) == 2**m:
                largest = m
    assert largest >= 2  # the search finds something
    values = methods_of(G)
    assert min(values.values()) >= largest, values


def test_common_thresholds_give_exact_dimensions_for_one_input():
    """Step functions with n breaks shatter n + 1 points at a common threshold, and no more."""
    for width in (1, 2, 5, 40):
        G = ab.HeavisideNetwork(widths=(width,), input_dim=1)
        assert largest_shattered(G, Thresholds.COMMON) == width + 1
        assert pdim_upper(G, Thresholds.COMMON) == width + 1
        with precision(128):
            assert excludes_shattering(BALL, G, width + 2, Thresholds.COMMON)
            assert not excludes_shattering(BALL, G, width + 1, Thresholds.COMMON)


# ------------------------------------------------------------------------------------------------ closed forms


def test_lemma_of_the_closed_form():
    """2^m <= 2^t (m r/w)^w with r >= 16 and m >= w >= t >= 0 gives m <= t + w log2(2 r log2 r)."""
    rng = np.random.default_rng(6)
    w = np.exp(rng.uniform(0, 12, 200000))
    t = w * np.where(rng.random(w.size) < 0.5, rng.random(w.size), rng.integers(0, 2, w.size))
    r = 16 * np.exp(np.where(rng.random(w.size) < 0.3, 0, rng.uniform(0, 30, w.size)))
    claim = t + w * np.log2(2 * r * np.log2(r))
    low, high = np.maximum(w, claim / 4), 4 * claim  # the largest solution, by bisection on a concave function
    assert (high > t + w * np.log2(high * r / w)).all()
    for _ in range(80):
        middle = (low + high) / 2
        inside = middle <= t + w * np.log2(middle * r / w)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    assert (low <= claim * (1 + 1e-12)).all()
    assert (low / claim).max() > 1 - 1e-9  # attained at r = 16, t = w: the condition is sharp


def sizes(count: int) -> list[ab.NetworkSize]:
    rng = random.Random(8)
    found = []
    for _ in range(count):
        depth = rng.choice([2, 2, 3, 5, 20])
        weights = depth + rng.choice([0, 1, 5, 50, 3000])
        units = rng.choice([None, depth - 1, depth + 10])
        kind = {"degree": rng.randint(0, 4), "pieces": rng.randint(2, 5), "units": units}
        found.append(ab.NetworkSize(weights=weights, depth=depth, **kind))
    return found


def test_closed_form_dominates_the_growth_it_is_derived_from():
    for G in sizes(150):
        t = G.free_sizes
        closed = float(ClosedFormMethod().evaluate(FLOAT, Query(network=G), {}))
        assert closed >= largest_shattered(G), G
        # the inequality Pi(m) <= 2^L (m r/w)^w, m >= w, of its docstring
        w = t.weights * (1 if G.degree == 0 else t.depth)
        degree = 1 if G.degree == 0 else sum(G.degree**j for j in range(t.depth))
        log_r = math.log2(2 * math.e * ((G.pieces - 1) * t.units + 2)) + math.log2(degree)
        m = w * np.geomspace(1, 1e6, 50)
        growth = TotalsCount(t.weights, t.units, t.depth, G.pieces, G.degree).evaluate(FLOAT, m)
        assert (t.depth + w * (np.log2(m / w) + log_r) >= growth * (1 - 1e-12)).all(), G
        assert closed >= t.depth + w * (1 + log_r + math.log2(log_r)) - 1e-6 * closed


def test_layered_closed_form_dominates_the_growth_method():
    for G in NETWORKS:
        query = Query(network=G)
        if ClosedFormMethod().refusal(query) is None:
            assert float(ClosedFormMethod().evaluate(FLOAT, query, {})) >= largest_shattered(G), G


def test_closed_form_refuses_where_its_lemma_fails():
    assert "2 units" in ClosedFormMethod().refusal(Query(network=ab.ReLUNetwork(widths=(1,), input_dim=3)))
    assert "pieces=1" in ClosedFormMethod().refusal(
        Query(network=ab.FeedForwardNetwork(widths=(5,), input_dim=3, degree=2, pieces=1))
    )


# --------------------------------------------------------------------------------------------- operation count


class Counted:
    """A number that counts arithmetic operations and comparisons."""

    operations = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def _count(self, value: float) -> "Counted":
        Counted.operations += 1
        return Counted(value)

    def __add__(self, other: "Counted") -> "Counted":
        return self._count(self.value + other.value)

    def __mul__(self, other: "Counted") -> "Counted":
        return self._count(self.value * other.value)

    def __gt__(self, other: "Counted") -> bool:
        Counted.operations += 1
        return self.value > other.value


def counted_operations(G: ab.FeedForwardNetwork) -> int:
    """Operations of 1[g(x) > r], worst case of the activation: all comparisons, then Horner's rule."""
    Counted.operations = 0
    one, other = Counted(0.1), Counted(0.2)
    values = [one] * G.input_dim
    for units in (*G.widths, 1):
        following = []
        for _ in range(units):
            total = values[0] * one
            for value in values[1:]:
                total = total + value * one
            following.append(total + one if G.bias else total)
        values = following
    for _ in range(sum(G.widths)):
        for _ in range(G.activation.pieces - 1):
            _ = one > other
        result = one
        for _ in range(G.activation.degree):
            result = result * one + one
    _ = values[0] > other
    return Counted.operations + 1  # and the output


@pytest.mark.parametrize("G", NETWORKS, ids=str)
def test_operations_are_counted_generously(G):
    value = float(OperationCountMethod().evaluate(FLOAT, Query(network=G), {}))
    assert value / (4 * G.weights) - 2 >= counted_operations(G)
