"""Patterns of functions of one variable in polynomial pieces: exhaustive counts, and where the bounds are attained."""

import random
from itertools import permutations, product

import numpy as np
import oracles
import pytest
from scipy.optimize import linprog

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.complexity.pseudo_dimension import excludes_shattering, pdim_upper
from approxbounds.facts.growth import SauerCount, SignChangeCount, Thresholds
from approxbounds.facts.growth_on_lines import count_on_line, dimension_on_line
from approxbounds.facts.piecewise import Piecewise


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_steps_show_exactly_the_sauer_sum(pieces):
    """All orders of the thresholds: the largest number of patterns is V(m, 2q-1), and no fewer points are excluded."""
    dimension = Piecewise.of(pieces, 0, continuous=False).dimension
    for m in range(1, 7):
        most = max(len(oracles.step_function_patterns(list(ranks), pieces - 1)) for ranks in permutations(range(m)))
        assert most == oracles.binomial_sum(m, dimension)


@pytest.mark.parametrize("breaks", [4, 7])
def test_steps_shatter_as_many_points_as_is_said(breaks):
    """Increasing thresholds: only the patterns with 0 before 1 need an end there."""
    m = Piecewise.of(breaks + 1, 0, continuous=False).dimension
    assert len(oracles.step_function_patterns(list(range(m)), breaks)) == 2**m


def patterns_of_two_lines(x, levels):
    """All patterns of functions that are affine left and right of some point."""
    found = set()
    for cut in range(len(x) + 1):
        parts = (slice(cut), slice(cut, len(x)))
        left, right = (oracles.polynomial_patterns(x[part], levels[part], 1) for part in parts)
        found |= {a | b << cut for a in left for b in right}
    return found


def test_two_lines_shatter_five_points_and_a_broken_line_four():
    """P(D+2) - 1 = 5 for jumps, 2P = 4 for continuous functions, whose Sauer sum is attained at five points."""
    rng = np.random.default_rng(3)
    sets = [(np.sort(rng.normal(size=6)), rng.normal(size=6)) for _ in range(3)]
    assert max(len(patterns_of_two_lines(x[:5], levels[:5])) for x, levels in sets) == 2**5
    assert max(len(patterns_of_two_lines(x, levels)) for x, levels in sets) < 2**6
    for m, most in ((4, 2**4), (5, 2**5 - 1)):
        every = list(product([0, 1], repeat=m))
        assert max(sum(is_broken_line(x[:m], r[:m], bits, 1) for bits in every) for x, r in sets) == most


def is_broken_line(x, levels, bits, kinks):
    """Whether a continuous, piecewise affine function with so many kinks has this pattern: all gaps for the kinks."""
    signs = 2 * np.array(bits) - 1
    gaps = [gap for gap in product(range(len(x) - 1), repeat=kinks) if list(gap) == sorted(gap)]
    for gap in gaps:
        number = (np.arange(len(x))[:, None] > np.array(gap)).sum(axis=1)  # the piece of each point
        rows = np.zeros((len(x), 2 * (kinks + 1)))
        rows[np.arange(len(x)), 2 * number], rows[np.arange(len(x)), 2 * number + 1] = x, 1
        # two kinks in one gap join any lines; one of them is where its lines meet, in the gap
        single = [k for k, i in enumerate(gap) if gap.count(i) == 1]
        for turns in product([-1, 1], repeat=len(single)):
            meet = []
            for turn, k in zip(turns, single, strict=True):
                for end, side in ((gap[k], 1), (gap[k] + 1, -1)):
                    row = np.zeros(2 * (kinks + 1))
                    row[2 * k : 2 * k + 4] = turn * side * np.array([-x[end], -1, x[end], 1])
                    meet.append(row)
            left = np.vstack([-signs[:, None] * rows, *meet])
            right = np.concatenate([-signs * levels - 1e-6, np.zeros(len(meet))])
            if linprog(np.zeros(left.shape[1]), A_ub=left, b_ub=right, bounds=(None, None)).status == 0:
                return True
    return False


@pytest.mark.parametrize("seed", range(4))
def test_broken_lines_miss_one_of_the_two_alternating_patterns(seed):
    """2n + 3 points, n = 2 kinks, any thresholds."""
    rng = np.random.default_rng(seed)
    x, levels = np.sort(rng.normal(size=7)), rng.normal(size=7)
    alternating = [tuple((i + first) % 2 for i in range(7)) for first in (0, 1)]
    assert not all(is_broken_line(x, levels, bits, 2) for bits in alternating)
    assert is_broken_line(x, levels, (1, 1, 0, 0, 0, 1, 1), 2)


NETWORKS = [
    (ab.HeavisideNetwork(widths=(1,), input_dim=1), 3, 2),
    (ab.HeavisideNetwork(widths=(20, 20), input_dim=1), 41, 21),
    (ab.ReLUNetwork(widths=(20,), input_dim=1), 42, 22),
    (ab.ReLUNetwork(widths=(64, 64), input_dim=1), 8450, 4226),
    (ab.ReLUPowerNetwork(widths=(5,), input_dim=1, power=2), 23, 8),
    (ab.SkipNetwork(widths=(2, 1), input_dim=1, degree=0), 17, 12),
    (ab.FreeKnotSplines(knots=300, degree=300), 90901, 90601),
    (ab.FreeKnotSplines(knots=9, degree=1, smooth=True), 20, 11),
    (ab.HadamRNN(hidden=16, steps=1), 34, 18),
    (ab.Union(members=(ab.ReLUNetwork(widths=(9,), input_dim=1), ab.ReLUNetwork(widths=(3, 4), input_dim=1))), 40, 21),
]


@pytest.mark.parametrize(("G", "any_threshold", "common"), NETWORKS, ids=str)
def test_dimensions_of_classes_of_one_variable(G, any_threshold, common):
    assert G.pseudo_dimension().value == pdim_upper(G) == G.line_dimension(Thresholds.ANY) == any_threshold
    assert pdim_upper(G, Thresholds.COMMON) == common
    assert common <= G.line_dimension(Thresholds.AFFINE) <= any_threshold
    with precision(128):
        for thresholds, most in ((Thresholds.ANY, any_threshold), (Thresholds.COMMON, common)):
            assert excludes_shattering(BALL, G, most + 1, thresholds)
            assert not excludes_shattering(BALL, G, most, thresholds)


def test_more_inputs_are_not_on_a_line():
    for G in (ab.ReLUNetwork(widths=(3,), input_dim=2), ab.HadamRNN(hidden=2, steps=2), ab.LinearSpace(dimension=3)):
        assert G.line_dimension(Thresholds.ANY) is None and G.line_counts(Thresholds.COMMON) == ()


@pytest.mark.parametrize("continuous", [True, False])
@pytest.mark.parametrize("degree", [0, 1, 2, 7])
@pytest.mark.parametrize("pieces", [1, 2, 9])
def test_the_count_that_is_used_is_the_smaller_one(pieces, degree, continuous):
    """Of changes and shattered points, at every kind of threshold; the growth excludes exactly the dimension."""
    lines = Piecewise.of(pieces, degree, continuous=continuous)
    for thresholds, most in ((Thresholds.COMMON, lines.changes), (Thresholds.AFFINE, lines.affine_changes)):
        used, largest = count_on_line(lines, thresholds), dimension_on_line(lines, thresholds)
        for m in (1, 2, 5, 30, 100):
            both = [count.evaluate(FLOAT, m) for count in (SignChangeCount(most), SauerCount(lines.dimension))]
            assert float(used.evaluate(FLOAT, m)) == pytest.approx(float(min(both)))
        with precision(256):
            assert used.evaluate(BALL, largest + 1) < largest + 1
            assert not used.evaluate(BALL, largest) < largest


def test_counts_are_concave_and_alike_in_every_arithmetic():
    rng = random.Random(5)
    for _ in range(8):
        lines = Piecewise.of(rng.randint(1, 40), rng.randint(0, 3), continuous=rng.random() < 0.5)
        for thresholds in Thresholds:
            count = count_on_line(lines, thresholds)
            values = count.evaluate(FLOAT, np.arange(1.0, 400.0))
            assert (np.diff(values, 2) <= 1e-9).all()
            with precision(128):
                assert float(count.evaluate(BALL, 50)) == pytest.approx(values[49], rel=1e-12)
            assert float(count.evaluate(SYMBOLIC, 50)) == pytest.approx(values[49], rel=1e-12)
