"""Inverse queries from above: what is found reaches the error, is as small as said, and never below what is needed."""

import itertools
import math
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.validation import MOST_WEIGHTS

CLASSES = [
    ab.LipschitzBall(dim=1),
    ab.LipschitzBall(dim=2, radius=3),
    ab.HolderBall(smoothness="1/2", dim=3),
    ab.HolderBall(smoothness=2, dim=1, radius=20),
    ab.HolderBall(smoothness=3, dim=2),
    ab.MonotoneFunctions(dim=1),
    ab.MonotoneFunctions(dim=2),
    ab.ConvexFunctions(dim=1),
    ab.ConvexFunctions(dim=2),
]
KINDS = st.fixed_dictionaries(
    {
        "error": st.sampled_from(["3/10", "1/20", "1/100", 0.03, Fraction(3, 1000)]),
        "p": st.sampled_from([1, 2, "5/2", "inf"]),
        "depth": st.integers(2, 5),
        "degree": st.integers(0, 2),
    }
)


def network(widths, d, degree):
    shape = {"widths": widths, "input_dim": d}
    return ab.HeavisideNetwork(**shape) if degree == 0 else ab.ReLUPowerNetwork(power=degree, **shape)


def parameters(widths, d):
    """Weights and biases of a fully connected network, counted layer by layer."""
    return sum(k * (f + 1) for f, k in itertools.pairwise((d, *widths, 1)))


def reaches(F, widths, kind):
    """Whether a bound of another query, of the same activation by its power, reaches the error."""
    bounds = ab.upper_bounds(F, network(widths, F.domain_dim, kind["degree"]), p=kind["p"])
    return any(bound.number is not None and bound.number <= Fraction(kind["error"]) for bound in bounds)


def best(F, widths, degree, p):
    return ab.upper_bound(F, network(widths, F.domain_dim, degree), p=p).value


@settings(max_examples=40)
@given(
    F=st.sampled_from([*CLASSES, ab.HolderBall(smoothness="9/2", dim=2), ab.MonotoneFunctions(dim=3)]),
    widths=st.lists(st.one_of(st.integers(1, 30), st.integers(30, 2000)), min_size=1, max_size=4),
    degree=st.integers(0, 3),
    p=st.sampled_from([1, 2, 4, "inf"]),
    more=st.sampled_from([1, 2, 10]),
)
@example(F=ab.ConvexFunctions(dim=1), widths=[1478], degree=1, p=4, more=1)  # graded nodes: the even number is better
def test_wider_and_deeper_networks_have_no_worse_bounds(F, widths, degree, p, more):
    """What the search assumes. Deeper: a layer twice; powers of ReLU also pass on x, and the sum in one unit."""
    known = best(F, widths, degree, p)
    larger = [[*widths[:i], k + more, *widths[i + 1 :]] for i, k in enumerate(widths)]
    larger += [[*widths[:i], k, *widths[i:]] for i, k in enumerate(widths)]
    if degree:
        larger += [[F.domain_dim, *widths], [*widths, 1]]
    for shape in larger:
        assert best(F, shape, degree, p) <= known, shape


@settings(max_examples=25)
@given(F=st.sampled_from(CLASSES), kind=KINDS)
def test_the_width_agrees_with_a_linear_scan(F, kind):
    hidden = kind["depth"] - 1
    try:
        found = ab.sufficient_width(F, **kind)
    except ab.NotApplicableError:
        assert not any(reaches(F, (n,) * hidden, kind) for n in (1, 7, 64, 1000))
        return
    widths = (found.width,) * hidden
    assert found.network.widths == widths and found.weights == parameters(widths, F.domain_dim)
    assert found.bound.value <= Fraction(kind["error"]) and ab.verify(found.certificate)
    below = range(1, found.width) if found.width < 20 else (*range(1, 9), found.width // 2, found.width - 1)
    assert not any(reaches(F, (n,) * hidden, kind) for n in below)


@settings(max_examples=20)
@given(F=st.sampled_from(CLASSES), kind=KINDS)
def test_what_is_needed_is_never_more_than_what_suffices(F, kind):
    try:
        found = ab.weights_bracket(F, **kind)
    except ab.NotApplicableError:
        return
    widths = found.sufficient.network.widths
    assert len(widths) == kind["depth"] - 1
    assert found.required.value <= found.sufficient.weights == parameters(widths, F.domain_dim)
    assert found.sufficient.weights <= ab.sufficient_width(F, **kind).weights
    assert reaches(F, widths, kind) and ab.verify(found.sufficient.certificate)
    assert found.ratio >= 1 and str(found).startswith(f"between {found.required.value} and ")
    for layer, units in enumerate(widths):
        assert units == 1 or not reaches(F, (*widths[:layer], units - 1, *widths[layer + 1 :]), kind)


def test_narrow_layers_are_found_where_one_layer_is_enough():
    kind = {"error": "1/100", "p": 2}
    one, more = (ab.sufficient_weights(ab.LipschitzBall(dim=1), depth=depth, **kind) for depth in (2, 5))
    assert more.network.widths == (*one.network.widths, 1, 1, 1)  # what later layers pass on takes one unit


def test_the_bracket_is_exact_where_the_theorems_are():
    """Threshold units on a line: step functions with so many jumps, and no fewer."""
    found = ab.weights_bracket(ab.LipschitzBall(dim=1), error="1/100", p=2, depth=2, degree=0)
    assert found.required.value == found.sufficient.weights == 85 and found.ratio == 1


def test_the_error_that_is_just_reached():
    F, kind = ab.HolderBall(smoothness=2, dim=2), {"p": 2, "depth": 3}
    found = ab.sufficient_width(F, error="1/100", **kind)
    reached = found.bound.value
    assert ab.sufficient_width(F, error=reached, **kind).width == found.width
    below = ab.sufficient_width(F, error=math.nextafter(reached, 0), **kind)
    assert below.width > found.width and below.bound.value < reached


def test_widths_grow_as_errors_fall():
    for F, degree in ((ab.LipschitzBall(dim=2), 1), (ab.MonotoneFunctions(dim=1), 0)):
        widths = [ab.sufficient_width(F, error=Fraction(1, 10**i), p=1, depth=3, degree=degree).width for i in range(4)]
        assert widths == sorted(set(widths)) and widths[0] == 1


@pytest.mark.parametrize("call", [ab.sufficient_width, ab.sufficient_weights, ab.weights_bracket])
@pytest.mark.parametrize(
    ("F", "given", "reason"),
    [
        (ab.MonotoneFunctions(dim=2), {"p": "inf", "error": "0.4"}, "no number of weights suffices: E_inf.*Tjump"),
        (ab.MonotoneFunctions(dim=2), {"p": 2, "error": "1e-9"}, "error=1/1000000000.*999997 units.*level-curves"),
        (ab.LipschitzBall(dim=2), {"p": 2, "error": "1/10", "depth": 2}, "no known construction.*depth=2.*10{9} units"),
        (ab.BarronBall(dim=2), {"p": 2, "error": "1/10"}, "no theorem gives a number for p=2, at most a rate: cubes"),
        (
            ab.EntropyClass(exponent=2, norm=1, constant=9, valid_below="1/10"),
            {"p": 2, "error": 1},
            "no number of variables",
        ),
    ],
)
def test_what_no_construction_reaches_is_refused(call, F, given, reason):
    with pytest.raises(ab.NotApplicableError, match=reason):
        call(F, **{"depth": 3, **given})


def test_the_most_that_can_be_described():
    """The bound on weights is met: the layer that a refusal names is the widest."""
    with pytest.raises(ab.NotApplicableError) as refused:
        ab.sufficient_width(ab.MonotoneFunctions(dim=2), error="1e-9", p=2, depth=4)
    widest = int(re.search(r"layers of (\d+) units", str(refused.value))[1])
    assert parameters((widest,) * 3, 2) <= MOST_WEIGHTS < parameters((widest + 1,) * 3, 2)


def test_statements():
    F = ab.HolderBall(smoothness=2, dim=2)
    width = ab.sufficient_width(F, error="1/100", p=2, depth=6)
    assert re.fullmatch(rf"{width.weights} weights suffice for E_2\(F, G\) <= 1/100: widths \d+\^5  \[.*\]", str(width))
    few = ab.sufficient_weights(F, error=Fraction(10**9 + 1, 10**11), p=2, depth=3)
    assert "<= 0.0100001: widths 8x7" in str(few)  # rounded up: what is said remains true
    both = ab.weights_bracket(ab.LipschitzBall(dim=1), error="1/100", p=2, depth=3)
    for found in (width, few, both):
        text = found.explain()
        assert (
            text.startswith(f"**Claim.** ${found.latex}$") and found._repr_latex_() == f"$\\displaystyle {found.latex}$"
        )
        assert repr(found) == str(found)
        assert set(re.findall(r"^@\w+\{([^,]+),", found.bibtex(), re.M)) == {source.key for source in found.sources}
    assert f"With ${width.width - 1}$ units in each layer the best known construction (affine-cells)" in width.explain()
    assert "one unit fewer in any one of the layers" in few.explain()
    steps = {step.text for step in (*both.required.bound.steps, *both.sufficient.bound.steps)}
    assert all(text in both.explain() for text in steps)
    assert "No layer can have fewer units." in ab.sufficient_width(F, error=1, p=2, depth=3).explain()


def test_a_search_that_ends_early_says_so(monkeypatch):
    monkeypatch.setattr("approxbounds.sufficiency._TRIALS", 4)
    F, kind = ab.LipschitzBall(dim=2), {"error": "1/40", "p": 2, "depth": 5}
    found = ab.sufficient_weights(F, **kind)
    assert "the search ended before" in found.explain() and found.bound.value <= 1 / 40
    assert found.weights <= ab.sufficient_width(F, **kind).weights


def test_a_contradiction_is_an_error():
    found = ab.weights_bracket(ab.LipschitzBall(dim=1), error="1/10", p=2, depth=2)
    with pytest.raises(ab.ApproxBoundsError, match="contradict each other"):
        replace(found, required=replace(found.required, value=found.sufficient.weights + 1))
