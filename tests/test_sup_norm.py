"""Exact results in sup norm: jumps, boundary layers, points that F shatters, Sobolev balls that blow up."""

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
