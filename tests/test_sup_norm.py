"""Exact results in sup norm: jumps, boundary layers, points that F shatters, Sobolev balls that blow up."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

import approxbounds as ab


def best(F, G, p="inf"):
    return ab.lower_bound(F, G, p=p)


def value_of(name, F, G, p="inf"):
    """The value of one theorem, or None if it does not apply."""
    return next((bound.value for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == name), None)


# ------------------------------------------------------------------------------------------------------- jumps


def continuous(d):
    return [
        ab.ReLUNetwork(widths=(64,), input_dim=d),
        ab.ReLUNetwork(widths=(64,) * 9, input_dim=d, bits=3),
        ab.ReLUPowerNetwork(widths=(9, 9), input_dim=d, power=3),
        ab.FeedForwardNetwork(widths=(5,), input_dim=d, degree=2, pieces=7, continuous=True),
        ab.LipschitzFunctions(constant="1e50", input_dim=d),
        ab.QORNN(hidden=3, steps=d, recurrent_bits=1, activation="relu"),
        ab.BoundedLinear(norm=9, input_dim=d),
        ab.NormBoundedNetwork(norms=(9, 9), input_dim=d),
        ab.Union(members=(ab.ReLUNetwork(widths=(9,), input_dim=d), ab.BoundedLinear(norm=1, input_dim=d))),
    ]


@pytest.mark.parametrize("d", [1, 2, 784])
def test_monotone_functions_are_far_from_continuous_ones(d):
    F = ab.MonotoneFunctions(dim=d)
    for G in continuous(d):
        assert value_of("Tjump", F, G) == 0.5 and value_of("Tjump", F, G, p=2) is None
        assert value_of("Tjump", ab.ConvexFunctions(dim=d), G) is None
    found = ab.bracket(F, ab.ReLUNetwork(widths=(64,), input_dim=d), p="inf")
    assert (found.lower.value, found.upper.value, found.upper.theorem.id) == (0.5, 0.5, "constant")
    assert ab.verify(found.lower.certificate)


DISCONTINUOUS = [
    ab.HeavisideNetwork(widths=(64,), input_dim=1),
    ab.FeedForwardNetwork(widths=(5,), input_dim=1, degree=1, pieces=2),
    ab.SkipNetwork(widths=(5,), input_dim=1),
    ab.NetworkSize(weights=99, depth=3),
    ab.LinearSpace(dimension=9),
    ab.PiecewisePolynomials(cells=4, degree=1, input_dim=1),
    ab.FreeKnotSplines(knots=5, degree=2),
    ab.QORNN(hidden=3, steps=1, recurrent_bits=1, activation="modrelu"),
    ab.Union(members=(ab.ReLUNetwork(widths=(9,), input_dim=1), ab.FiniteClass(size=2))),
]


@pytest.mark.parametrize("G", DISCONTINUOUS, ids=str)
def test_nothing_is_said_of_jumps_against_jumps(G):
    assert value_of("Tjump", ab.MonotoneFunctions(dim=1), G) is None


def test_continuous_piecewise_affine_functions_are_half_a_jump_away():
    """The best function with equal knots is at distance 1/2 from 1[x > z], whatever their number."""
    for knots, points in ((2, 40), (5, 100), (30, 31)):
        x = np.linspace(0, 1, points)
        hats = np.maximum(0, 1 - np.abs(x[:, None] * (knots - 1) - np.arange(knots)))
        z = x[points // 2]
        at = hats[points // 2]
        values = np.vstack([hats, at])  # at z the function has both values
        target = np.concatenate([(x > z).astype(float), [1.0]])
        ones = -np.ones((len(target), 1))
        constraints = np.block([[values, ones], [-values, ones]])
        fit = linprog([0] * knots + [1], constraints, np.concatenate([target, -target]), bounds=(None, None))
        assert fit.fun == pytest.approx(0.5)


def test_norms_differ_for_monotone_functions_of_one_variable_and_continuous_networks():
    F = ab.MonotoneFunctions(dim=1)
    relu, heaviside = (kind(widths=(64,), input_dim=1) for kind in (ab.ReLUNetwork, ab.HeavisideNetwork))
    entries = list(ab.compare(F, [relu, heaviside], [1, 2]))
    assert [entry.norms.value for entry in entries] == ["differ", "differ", "open", "open"]
    assert "[Tjump]" in entries[0].reason


# -------------------------------------------------------------------------------------------- boundary layers


def steep(M, ratio):
    """Points and values of the convex function that falls from 1 to 0 and rises again by 1/M on each segment."""
    left = [Fraction(0), *(ratio ** (M - k) / 2 for k in range(1, M + 1))]
    values = [1 - Fraction(k, M) for k in range(M + 1)]
    return [*left, *(1 - x for x in reversed(left[:-1]))], [*values, *reversed(values[:-1])]


def slopes(x, y):
    return [(d - b) / (c - a) for (a, b), (c, d) in pairwise(zip(x, y, strict=True))]


@pytest.mark.parametrize("M", [1, 2, 9])
@pytest.mark.parametrize("ratio", [Fraction(1, 2), Fraction(1, 1000)])
def test_steep_functions_are_convex(M, ratio):
    x, y = steep(M, ratio)
    assert slopes(x, y) == sorted(slopes(x, y)) and {min(y), max(y)} == {0, 1}


def affine_error(x, y):
    """The distance of a convex function with these corners from affine ones: half of its largest gap to the chord."""
    if len(x) < 3:
        return Fraction(0)
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return max(y[0] + slope * (a - x[0]) - b for a, b in zip(x, y, strict=True)) / 2


def constant_error(x, y):
    return (max(y) - min(y)) / 2


def best_pieces(x, y, error, pieces):
    """The least error of so many pieces, from below: nothing is asked between the pieces."""
    n = len(x)
    cost = {(i, j): error(x[i : j + 1], y[i : j + 1]) for i in range(n) for j in range(i, n)}
    found = [cost[0, j] for j in range(n)]
    for _ in range(pieces - 1):
        found = [min([cost[0, j], *(max(found[i - 1], cost[i, j]) for i in range(1, j + 1))]) for j in range(n)]
    return found[-1]


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
@pytest.mark.parametrize("error", [constant_error, affine_error])
def test_pieces_do_not_resolve_boundary_layers(pieces, error):
    """By all partitions: at least the bound of the proof for this M, and at most a little above the theorem's."""
    M, ratio = 24, Fraction(1, 10**6)
    x, y = steep(M, ratio)
    x, y = ([v for a, b in pairwise(z) for v in (a, (a + b) / 2)] + [z[-1]] for z in (x, y))
    q = (pieces + 1) // 2  # pieces at one of the ends
    whole = -((q - 1 - M) // q)  # segments of one of them
    found = best_pieces(x, y, error, pieces)
    assert Fraction(whole - 1, 2 * M) - 4 * ratio <= found
    assert Fraction(1, 2 * q) - Fraction(1, M) <= found <= Fraction(1, 2 * q)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_constant_pieces_and_jumps(pieces):
    """M jumps, any places: P constants have the error 1/(2P), up to the height of a jump, and are never better."""
    M = 30
    y = [Fraction(k, M) for k in range(M + 1)]
    found = best_pieces(y, y, constant_error, pieces)
    assert Fraction(1, 2 * pieces) - Fraction(1, 2 * M) <= found <= Fraction(1, 2 * pieces)


@pytest.mark.parametrize(
    ("F", "G", "value"),
    [
        (ab.ConvexFunctions(dim=1), ab.ReLUNetwork(widths=(64,), input_dim=1), Fraction(1, 66)),
        (ab.ConvexFunctions(dim=3), ab.HeavisideNetwork(widths=(9, 99), input_dim=3), Fraction(1, 10)),
        (ab.ConvexFunctions(dim=1), ab.FreeKnotSplines(knots=5, degree=3, smooth=True), Fraction(1, 6)),
        (ab.MonotoneFunctions(dim=1), ab.HeavisideNetwork(widths=(9, 99), input_dim=1), Fraction(1, 20)),
        (ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(64,), input_dim=1), None),
        (ab.ConvexFunctions(dim=1), ab.LinearSpace(dimension=3), None),
    ],
    ids=str,
)
def test_values_of_boundary_layers(F, G, value):
    found = value_of("Tlayers", F, G)
    assert found == pytest.approx(value) if value else found is None
    assert value is None or found <= value
