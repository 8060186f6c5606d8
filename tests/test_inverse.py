"""Inverse queries: they agree with linear scans, and their certificates prove what they say."""

import itertools
import math
import re
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.validation import MOST_WEIGHTS

CLASSES = [
    ab.LipschitzBall(dim=1),
    ab.LipschitzBall(dim=2, radius=3),
    ab.HolderBall(smoothness="1/2", dim=2),
    ab.HolderBall(smoothness=2, dim=1, radius=20),
    ab.MonotoneFunctions(dim=2),
    ab.ConvexFunctions(dim=1),
    ab.EntropyClass(exponent=2, norm=1, constant=9, valid_below="1/10"),
]


def parameters(widths, d):
    """Weights and biases of a fully connected network, counted layer by layer."""
    return sum(k * (f + 1) for f, k in itertools.pairwise((d, *widths, 1)))


def architectures(d, depth, most):
    """All hidden widths of fully connected networks with at most ``most`` parameters, by brute force."""

    def extend(widths):
        if parameters((*widths, *(1,) * (depth - 1 - len(widths))), d) > most:
            return
        if len(widths) == depth - 1:
            yield widths
            return
        for units in itertools.count(1):
            longer = list(extend((*widths, units)))
            if not longer:
                return
            yield from longer

    return list(extend(()))


def most_units(d, depth, most):
    """The largest number of hidden units with at most ``most`` parameters (tested by brute force below)."""
    return (most - 1) // (d + 2) if depth == 2 else (most + depth - 2 - d) // 3


def excluded(F, kind, most):
    """Whether a certified bound excludes all networks of a kind with at most ``most`` parameters."""
    d, shape = F.domain_dim or 1, {name: kind[name] for name in ("depth", "degree", "pieces")}
    if most < d + 2 * kind["depth"] - 1:
        return True  # there is none
    units = most_units(d, kind["depth"], most)
    weights, networks = most, []
    if kind["depth"] == 2 and F.domain_dim:
        weights = units * (d + 2) + 1
        single = {"degree": kind["degree"], "pieces": kind["pieces"]}
        networks.append(ab.FeedForwardNetwork(widths=(units,), input_dim=d, **single))
    networks.append(ab.NetworkSize(weights=weights, units=units, **shape))
    bounds = [bound for G in networks for bound in ab.lower_bounds(F, G, p=kind["p"])]
    return any(bound.value > Fraction(kind["error"]) for bound in bounds if bound.number is not None)


KINDS = st.fixed_dictionaries(
    {
        "error": st.sampled_from(["1/2", "1/20", "1/100", "1/500", 0.03, Fraction(3, 1000)]),
        "p": st.sampled_from([1, 2, "5/2", "inf"]),
        "depth": st.integers(2, 4),
        "degree": st.integers(0, 2),
        "pieces": st.sampled_from([2, 3]),
    }
)


@settings(max_examples=40)
@given(F=st.sampled_from(CLASSES), kind=KINDS)
def test_weights_agree_with_a_linear_scan(F, kind):
    if isinstance(F, ab.EntropyClass) and kind["p"] == "inf":
        kind |= {"p": 3}
    need = ab.required_weights(F, **kind)
    if need.value < 100:
        assert need.value == next(W for W in range(1, 100) if not excluded(F, kind, W))
    else:
        assert need.limited or (excluded(F, kind, need.value - 1) and not excluded(F, kind, need.value))
    smallest = (F.domain_dim or 1) + 2 * kind["depth"] - 1
    assert need.value >= smallest
    assert (need.bound is None) == (need.value == smallest) == (need.certificate is None)
    if need.bound is not None:
        assert ab.verify(need.certificate) and need.certificate.value == need.bound.value > Fraction(kind["error"])
        assert need.bound.query.p == need.query.p and need.bound.query.F == F


@pytest.mark.parametrize(("d", "depth", "most"), [(1, 2, 40), (3, 2, 40), (1, 3, 40), (2, 4, 40), (4, 5, 36)])
def test_no_smaller_network_escapes(d, depth, most):
    """The excluded class has room for every architecture with fewer weights, and no more units than the largest."""
    F = ab.LipschitzBall(dim=d, radius=100)
    for p, error in itertools.product((1, "inf"), (3, 5, 10)):
        need = ab.required_weights(F, error=error, p=p, depth=depth, degree=1)
        if need.bound is None or need.value > most:
            continue
        sizes = need.bound.query.G.free_sizes
        shapes = architectures(d, depth, need.value - 1)
        assert all(parameters(widths, d) <= sizes.weights for widths in shapes)
        assert max(map(sum, shapes)) == sizes.units
        assert sizes.depth == depth


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_most_hidden_units_by_brute_force(d, depth):
    """U <= (W + L - 2 - d)/3 for L >= 3, U = (W - 1)/(d + 2) for L = 2, both attained."""
    for most in range(d + 2 * depth - 1, d + 2 * depth + 20):
        units = max(map(sum, architectures(d, depth, most)))
        assert units == most_units(d, depth, most)


@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=2), ab.MonotoneFunctions(dim=3)])
@pytest.mark.parametrize("p", [2, "inf"])
def test_weights_are_monotone(F, p):
    def need(error="1/2000", depth=3, degree=1, F=F):
        return ab.required_weights(F, error=error, p=p, depth=depth, degree=degree).value

    errors = [need(error=Fraction(1, 10**i)) for i in range(1, 5)]
    assert errors == sorted(errors) and (errors[0] < errors[-1] or errors[0] > MOST_WEIGHTS)
    for depth in range(2, 5):  # deeper networks are harder to exclude, until the smallest is not excluded
        assert need(depth=depth + 1) <= max(need(depth=depth), F.domain_dim + 2 * (depth + 1) - 1)
    degrees = [need(degree=degree) for degree in (0, 1, 2)]
    assert degrees == sorted(degrees, reverse=True)
    if isinstance(F, ab.LipschitzBall):
        radii = [need(F=ab.LipschitzBall(dim=2, radius=R)) for R in ("1/2", 1, 2, 8)]
        assert radii == sorted(radii) and radii[0] < radii[-1]


def test_strictly_above_the_error():
    """The error that the bound just reaches is not excluded, the next smaller double is."""
    bound = ab.required_weights(ab.LipschitzBall(dim=2), error="1/1000", p=2, depth=3).bound
    reached, weights = bound.value, bound.query.G.weights
    assert ab.required_weights(ab.LipschitzBall(dim=2), error=reached, p=2, depth=3).value <= weights
    below = ab.required_weights(ab.LipschitzBall(dim=2), error=math.nextafter(reached, 0), p=2, depth=3)
    assert below.value == weights + 1
    assert (
        f"{Fraction(below.bound.value)}" != f"{below.error}" and ">" in below.explain().split("above what is asked")[1]
    )


def test_beyond_what_can_be_described():
    for depth in (2, 3, 50):
        need = ab.required_weights(ab.MonotoneFunctions(dim=2), error="0.4", p="inf", depth=depth)
        assert need.value == MOST_WEIGHTS + 1 and need.limited and "no more can be described" in str(need)
        assert need.certificate.value == 0.5 and ab.verify(need.certificate)
    assert need.bound.query.G.weights == MOST_WEIGHTS
    assert not ab.required_weights(ab.LipschitzBall(dim=2), error="1/1000", p=2, depth=3).limited
    affine = ab.required_weights(ab.LipschitzBall(dim=1), error="1/100", p=2, depth=2, pieces=1)
    assert affine.limited and affine.value > 10**9  # one piece: networks of any size are affine


@pytest.mark.parametrize("need", ["weights", "bits", "none", "all"])
def test_statements(need):
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(8, 8, 8), input_dim=2)
    found, said = {
        "weights": (
            ab.required_weights(F, error="1/1000", p=2, depth=2),
            "at least 345 weights for E_2(F, G) <= 1/1000",
        ),
        "bits": (ab.required_bits(F, G, error="3/1000", p=2), "at least 4 bits for E_2(F, G) <= 3/1000"),
        "none": (ab.required_weights(F, error=3, p=2, depth=4), "at least 9 weights for E_2(F, G) <= 3"),
        "all": (ab.required_bits(F, G, error="1e-9", p="inf"), "no number of bits suffices for E_inf(F, G) <= 1e-9"),
    }[need]
    assert str(found).startswith(said)
    text = found.explain()
    assert text.startswith(f"**Claim.** ${found.latex}$") and found._repr_latex_() == f"$\\displaystyle {found.latex}$"
    keys = set(re.findall(r"^@\w+\{([^,]+),", found.bibtex(), re.M))
    assert keys == {source.key for source in found.sources}
    if found.bound is not None:
        assert keys == {source.key for step in found.bound.steps for source in step.citations}
        assert all(step.text in text for step in found.bound.steps)


BITS = [
    (
        ab.LipschitzBall(dim=2),
        ab.ReLUNetwork(widths=(8, 8, 8), input_dim=2),
        2,
        ["1/100", "3/1000", "1/1000", "1/2000"],
    ),
    (ab.MonotoneFunctions(dim=3), ab.HeavisideNetwork(widths=(30, 9), input_dim=3), 1, ["1/100", "1/120", "1/900"]),
    (ab.HolderBall(smoothness=2, dim=1), ab.ReLUPowerNetwork(widths=(3, 3), input_dim=1), "inf", ["1e-3", "1e-5"]),
    (ab.LipschitzBall(dim=1), ab.NetworkSize(weights=200, depth=30), 2, ["1e-4", "3e-5", "1e-5", "1e-7"]),
    (ab.LipschitzBall(dim=2), ab.SkipNetwork(widths=(3, 3), input_dim=2), "inf", ["1/20", "1/100", "1/1000"]),
]


@pytest.mark.parametrize(("F", "G", "p", "errors"), BITS, ids=[type(row[1]).__name__ for row in BITS])
def test_bits_agree_with_a_linear_scan(F, G, p, errors):
    values = [ab.lower_bound(F, replace(G, bits=bits), p=p).value for bits in range(1, 65)]
    real = ab.lower_bound(F, G, p=p).value
    found = []
    for error in errors:
        need = ab.required_bits(F, G, error=error, p=p)
        first = next((bits for bits, value in enumerate(values, 1) if value <= Fraction(error)), 65)
        assert need.value == (math.inf if real > Fraction(error) else first)
        if need.value == 1:
            assert need.bound is None and need.certificate is None
        else:
            assert ab.verify(need.certificate) and need.certificate.value > Fraction(error)
            assert need.bound.query.G.bits == (None if need.value == math.inf else need.value - 1)
        found.append(need.value)
    assert found == sorted(found) and len(set(found)) > 1  # monotone, and not all the same


def test_more_than_64_bits():
    """Real weights are so expressive that only the finite count excludes, up to the largest number of bits."""
    F, G = ab.LipschitzBall(dim=1), ab.NetworkSize(weights=3000, depth=200, degree=2)
    real, finite = (ab.lower_bound(F, replace(G, bits=bits), p=2).value for bits in (None, 64))
    assert real < finite
    need = ab.required_bits(F, G, error=(real + finite) / 2, p=2)
    assert need.value == 65 and need.limited and need.bound.query.G.bits == 64
    assert ab.verify(need.certificate) and "no more can be described" in str(need)


@pytest.mark.parametrize("p", [2, "inf"])
def test_classes_known_by_rates_are_refused(p):
    for call in (
        lambda: ab.required_weights(ab.BarronBall(dim=2), error=1, p=p, depth=3),
        lambda: ab.required_bits(ab.BarronBall(dim=2), ab.ReLUNetwork(widths=(4,), input_dim=2), error=1, p=p),
    ):
        with pytest.raises(ab.NotApplicableError, match=f"no theorem gives a number for p={p}.*T2e"):
            call()


def test_one_bit_is_singular():
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(8, 8, 8), input_dim=2)
    assert str(ab.required_bits(F, G, error=1, p=2)).startswith("at least 1 bit for ")
    assert str(ab.required_bits(F, G, error="3/1000", p=2)).startswith("at least 4 bits for ")


@pytest.mark.parametrize("degree", [0, 1])
def test_symbols_are_answered_with_the_order_of_weights(degree):
    s, d, L, eps, W = sympy.symbols("s d L eps W", positive=True)
    need = ab.required_weights(ab.HolderBall(smoothness=s, dim=d), error=eps, p=2, depth=L, degree=degree)
    expected = eps ** (-d / s) / sympy.log(1 / eps) / (L if degree else 1)
    assert sympy.simplify(need.rate / expected) == 1 and "eps" in need._repr_latex_()
    assert ab.required_weights(ab.MonotoneFunctions(dim=2), error=eps, p="inf", depth=3).rate == sympy.oo
    with pytest.raises(ab.ParameterError):
        ab.required_weights(ab.LipschitzBall(dim=W), error=eps, p=2, depth=3)
    with pytest.raises(ab.NotApplicableError):
        ab.required_weights(ab.LipschitzBall(dim=2), error=eps, p=2, depth=3, degree=2)


def test_orders_are_derived_and_shown_like_numbers():
    s, d, eps, k = sympy.symbols("s d eps k", positive=True)
    F = ab.HolderBall(smoothness=s, dim=d)
    weights = ab.required_weights(F, error=eps, p=2, depth=3)
    bits = ab.required_bits(F, ab.ReLUNetwork(widths=(k,), input_dim=d), error=eps, p=2)
    none = ab.required_weights(ab.MonotoneFunctions(dim=2), error=eps, p="inf", depth=3)
    assert repr(weights) == f"at least c * {weights.rate} weights for E_2(F, G) <= eps  [T3, symbolic]"
    assert repr(none).startswith("no number of weights suffices for E_inf(F, G) <= eps, if it is small  [T3inf")
    for found in (weights, bits, none):
        assert repr(found) == str(found) and "\n" not in repr(found)
        text = found.explain()
        assert text.startswith(f"**Claim.** ${found.latex}$") and found._repr_latex_().endswith(f"{found.latex}$")
        assert found.sources == found.bound.sources and set(found.sources) >= set(found.bound.theorem.citations)
        assert all(step.text in text for step in (*found.bound.steps, *found.reasons))
        assert found.bibtex().count("@") == len({source.key for source in found.sources})


def test_symbols_are_answered_with_the_order_of_bits():
    """b >= c eps^(-d/s)/W: so many codes are needed for all bits together, whatever the depth is."""
    s, d, L, eps, W, b = sympy.symbols("s d L eps W b", positive=True)
    F, G = ab.HolderBall(smoothness=s, dim=d), ab.NetworkSize(weights=W, depth=L)
    assert sympy.simplify(ab.required_bits(F, G, error=eps, p=2).rate * W * eps ** (d / s)) == 1
    cells = ab.EntropyClass(exponent=s, norm=1, constant=9, valid_below="1/10")  # its theorem pays a logarithm
    assert sympy.simplify(ab.required_bits(cells, G, error=eps, p=2).rate * W * eps**s * sympy.log(1 / eps)) == 1
    assert ab.required_bits(ab.MonotoneFunctions(dim=2), G, error=eps, p="inf").rate == sympy.oo
    with pytest.raises(ab.ParameterError, match="number of bits that is asked: use another symbol"):
        ab.required_bits(F, ab.NetworkSize(weights=b, depth=L), error=eps, p=2)
    with pytest.raises(ab.NotApplicableError, match="also has real parameters"):
        ab.required_bits(ab.LipschitzBall(dim=1), ab.HadamRNN(hidden=W, steps=1), error=eps, p=2)
    with pytest.raises(ab.ParameterError, match="an inverse query whose error is a number needs a number here"):
        ab.required_bits(F, G, error="1/10", p=2)


def test_the_order_of_bits_is_that_of_the_numbers():
    F = ab.LipschitzBall(dim=1)  # so deep that only the number of bits excludes
    needs = [
        W * error * ab.required_bits(F, ab.NetworkSize(weights=W, depth=150), error=error, p=2).value
        for W, error in [(200, 2e-5), (400, 2e-5), (200, 1e-5), (400, 1e-5)]
    ]
    assert max(needs) < 1.2 * min(needs)
