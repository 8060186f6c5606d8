"""Networks of b-bit parameters against enumeration of whole codebooks, and against real parameters."""

import math
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import oracles
import pytest
import sympy
from growth_checks import fits
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.growth import Thresholds
from approxbounds.testing import feedforward, network_sizes, skip_networks

BITS = (1, 2, 4, 8, 16)


def all_quantised(rng, activation, widths, points, bits):
    """Outputs of all networks whose parameters come from codebooks of 2^bits values, one for each parameter."""
    sizes = (points.shape[1], *widths, 1)
    weights = sum(k * (f + 1) for f, k in pairwise(sizes))
    codebooks = rng.normal(size=(weights, 2**bits))
    choices = np.array(list(product(range(2**bits), repeat=weights)))
    parameters, start = codebooks[np.arange(weights), choices], 0
    values = np.broadcast_to(points, (len(choices), *points.shape))
    for layer, (f, k) in enumerate(pairwise(sizes)):
        matrix = parameters[:, start : start + k * f].reshape(-1, f, k)
        values = values @ matrix + parameters[:, None, start + k * f : start + k * (f + 1)]
        start += k * (f + 1)
        if layer < len(widths):
            values = oracles.ACTIVATIONS[activation][0](values)
    return values[..., 0]


@pytest.mark.parametrize("activation", ["heaviside", "relu", "squared relu"])
@pytest.mark.parametrize(("widths", "bits"), [((1,), 1), ((1,), 2), ((1,), 3), ((2,), 1), ((1, 1), 1)])
def test_all_networks_of_a_codebook_stay_below(activation, widths, bits):
    rng = np.random.default_rng(bits)
    kind = {"heaviside": ab.HeavisideNetwork, "relu": ab.ReLUNetwork, "squared relu": ab.ReLUPowerNetwork}[activation]
    G = kind(widths=widths, input_dim=1, bits=bits)
    for m in (2, 5, 9, 40, 400):
        x = np.sort(rng.normal(size=(m, 1)), axis=0)
        values = all_quantised(rng, activation, widths, x, bits)
        assert len(values) == 2 ** (bits * G.weights)
        thresholds = {
            Thresholds.ANY: rng.normal(size=(4, m)),
            Thresholds.AFFINE: rng.normal(size=(4, 1)) * x.T + rng.normal(size=(4, 1)),
            Thresholds.COMMON: rng.normal(size=(4, 1)),
        }
        for kind_of_thresholds, levels in thresholds.items():
            assert all(fits(oracles.distinct_rows(values > r), G, m, kind_of_thresholds) for r in levels)


def test_the_finite_count_is_attained():
    """Four parameters of one bit, many points: all 16 networks differ, and one more pattern is not allowed."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 1))
    found = oracles.distinct_rows(all_quantised(rng, "absolute", (1,), x, 1) > 2 * rng.normal(size=400))
    G = ab.FeedForwardNetwork(widths=(1,), input_dim=1, continuous=True, bits=1)
    assert found == 16 and fits(16, G, 400) and not fits(17, G, 400)


SWITCHING = [
    ab.ReLUNetwork(widths=(10,), input_dim=2),
    ab.HeavisideNetwork(widths=(3, 4), input_dim=1),
    ab.ReLUPowerNetwork(widths=(4, 4), input_dim=3, power=2),
    ab.NetworkSize(weights=60, depth=3),
    ab.SkipNetwork(widths=(3, 3), input_dim=2),
    ab.SkipNetwork(widths=(6, 6), input_dim=4, layer_weights=(2, 9, 5), pieces=3),
]


def codes_by_layer(G):
    """Whether the codes of each layer count for it: fully connected threshold units (tests/test_region_count.py)."""
    return isinstance(G, (ab.HeavisideNetwork, ab.FeedForwardNetwork)) and G.activation.degree == 0


@pytest.mark.parametrize("G", SWITCHING, ids=str)
@pytest.mark.parametrize("bits", BITS)
def test_growth_switches_to_the_finite_count_exactly_where_it_is_smaller(G, bits):
    finite, real = bits * G.counted_sizes.weights, G.growth()
    growth, exactly = replace(G, bits=bits).growth(), not codes_by_layer(G)
    with precision(192):
        low, high = 0, 1  # the real bound is at most bW at low points, and above it at high points
        while real.evaluate(BALL, high) <= finite:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if real.evaluate(BALL, middle) <= finite else (low, middle)
        assert low >= finite  # m points show at most 2^m patterns
        for m in (1, max(low // 2, 1), max(low - 1, 1), low):
            quantised, unquantised = oracles.ends(growth.evaluate(BALL, m)), oracles.ends(real.evaluate(BALL, m))
            assert quantised == unquantised if exactly else quantised <= unquantised
        for m in (high, high + 1, 3 * high, 10**6 * high):
            assert real.evaluate(BALL, m) > growth.evaluate(BALL, m)
            assert growth.evaluate(BALL, m) == finite if exactly else growth.evaluate(BALL, m) <= finite


@given(st.one_of(feedforward(), network_sizes(), skip_networks()))
def test_fewer_bits_have_smaller_growth_and_dimension(G):
    G = replace(G, bits=None)
    m = np.floor(np.geomspace(1, 1e8, 60))
    real, dimension = G.growth().evaluate(FLOAT, m), G.pseudo_dimension().value
    previous = np.zeros_like(m)
    for bits in (*BITS, 64):
        quantised = replace(G, bits=bits)
        finite = bits * G.counted_sizes.weights
        growth = quantised.growth().evaluate(FLOAT, m)
        exactly = not codes_by_layer(G)
        assert (growth == np.minimum(real, finite) if exactly else growth <= np.minimum(real, finite)).all()
        assert (growth >= previous).all()
        previous = growth
        found = quantised.pseudo_dimension().value
        assert found == min(finite, dimension) if exactly else found <= min(finite, dimension)


@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=2), ab.MonotoneFunctions(dim=2)], ids=str)
@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_certified_bounds_grow_when_bits_fall(F, p):
    G = ab.ReLUNetwork(widths=(20, 20), input_dim=2)
    bounds = [ab.lower_bound(F, replace(G, bits=bits), p=p) for bits in (None, 64, *BITS[::-1])]
    values = [bound.value for bound in bounds]
    assert values == sorted(values)
    assert values[-1] > values[0] or values[0] == 0.5  # 1/2 is all there is for monotone functions
    assert all(ab.verify(bound.certificate.to_json()) for bound in bounds)
    # a certificate for few bits does not hold for more, nor for real parameters
    if values[-1] > values[0]:
        data = bounds[-1].certificate.to_dict()
        for bits in (2, 16, None):
            assert not ab.verify(data | {"network": data["network"] | {"bits": bits}})


@pytest.mark.parametrize("G", SWITCHING, ids=str)
def test_real_parameters_are_the_default_and_change_nothing(G):
    quantised = replace(G, bits=3)
    assert replace(G, bits=None) == G != quantised
    assert replace(quantised, bits=None) == G and hash(replace(quantised, bits=None)) == hash(G)
    assert "bits" not in str(G) and "bits=3" in str(quantised)
    assert "codebook" not in G.definition and "$2^{3}$ values of a codebook" in quantised.definition
    certificate = G.pseudo_dimension().certificate.to_dict()
    del certificate["network"]["bits"]  # as written by earlier versions
    assert ab.verify(certificate)
    assert codes_by_layer(G) or quantised.growth().whole[:-1] == G.growth().whole


#: Without bits, whether the parameter is there or not.
BEFORE = {
    ab.ReLUNetwork(widths=(10,), input_dim=2): 306,
    ab.ReLUNetwork(widths=(3, 2), input_dim=2): 295,
    ab.HeavisideNetwork(widths=(6, 9), input_dim=2): 152,  # 603 without the cells of the first layer
    ab.ReLUPowerNetwork(widths=(3,), input_dim=2, power=2): 124,
    ab.FeedForwardNetwork(widths=(2, 3), input_dim=2, degree=2, pieces=3, bias=False): 241,
    ab.NetworkSize(weights=41, depth=2, units=10): 696,
    ab.LinearSpace(dimension=20): 20,
}


@pytest.mark.parametrize("G", BEFORE, ids=str)
def test_pseudo_dimensions_of_real_parameters(G):
    assert G.pseudo_dimension().value == BEFORE[G]


@pytest.mark.parametrize(
    "F", [ab.LipschitzBall(dim=1), ab.MonotoneFunctions(dim=1), ab.ConvexFunctions(dim=1)], ids=str
)
def test_constructions_do_not_fit_into_quantised_networks_or_networks_of_shared_weights(F):
    for kind in (ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork, ab.FeedForwardNetwork):
        G = kind(widths=(400,) * 40, input_dim=1)
        assert len(ab.upper_bounds(F, G, p=2)) > 0
        assert len(ab.upper_bounds(F, replace(G, bits=8), p=2)) == 0
    for G in (SWITCHING[-1], ab.NetworkSize(weights=60, depth=3, bits=8)):
        F = ab.LipschitzBall(dim=4)
        assert len(ab.upper_bounds(F, G, p=2)) == 0


def test_symbolic_bits():
    b, W, L = sympy.symbols("b W L", positive=True)
    G = ab.NetworkSize(weights=W, depth=L, degree=1, bits=b)
    assert G.pseudo_dimension().expression == b * W
    assert sympy.simplify(G.orders.pdim - sympy.Min(b * W, L * W * sympy.log(W))) == 0
    bounds = {bound.theorem.id: bound for bound in ab.lower_bounds(ab.LipschitzBall(dim=2), G, p=2)}
    size = (b * W) ** sympy.Rational(-1, 2)
    assert sympy.simplify(bounds["T1"].rate - size / sympy.log(b * W)) == 0
    concrete = ab.lower_bound(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=50, depth=3, bits=2), p=2)
    formula = sympy.N(bounds["T3"].expression.subs({b: 2, W: 50, L: 3}), 30)
    assert 0 < formula <= concrete.value
    assert ab.NetworkSize(weights=W, depth=L, bits=8).orders.pdim == W
    assert ab.ReLUNetwork(widths=(5,), input_dim=1, bits=8).orders.pdim == W
    assert ab.ReLUNetwork(widths=(5,), input_dim=2, bits=b).pseudo_dimension().expression == 21 * b
