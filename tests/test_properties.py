"""What must hold for every query: order, certification, scaling, monotonicity, rates, closed forms."""

import math
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.complexity.fat_shattering import least_scale
from approxbounds.facts.hypercube import family_of
from approxbounds.members import on_cylinder
from approxbounds.registry import LOWER_THEOREMS, UPPER_THEOREMS
from approxbounds.testing import (
    bounds,
    check_bound,
    check_function_class,
    check_lower_bound,
    check_monotone,
    check_monotone_in_p,
    check_network_class,
    check_upper_bound,
    entropy_classes,
    exponents,
    feedforward,
    finite_exponents,
    float_value,
    function_classes,
    holder_balls,
    larger_networks,
    network_classes,
    network_sizes,
    norm_classes,
    numbers,
    pairs,
    rationals,
)

TINY = 1e-12
W, L = sympy.symbols("W L", positive=True)


def numeric(candidates):
    return [bound for bound in candidates if bound.number is not None]


def value_of(theorem_id, F, G, p):
    """The value of one theorem, 0.0 where it finds no positive bound."""
    found = [b.value for b in numeric(ab.lower_bounds(F, G, p=p)) if b.theorem.id == theorem_id]
    return found[0] if found else 0.0


def best_value(F, G, p):
    return max((b.value for b in numeric(ab.lower_bounds(F, G, p=p))), default=0.0)


def finite_value(F, G, p):
    """The best value; a rule that does not apply where E_p is infinite, as for unbounded functions in the sup norm."""
    value = best_value(F, G, p)
    if value == math.inf:
        raise ab.NotApplicableError("E_p is infinite")
    return value


# ------------------------------------------------------------------------------------ soundness of all answers


@given(pairs(), exponents())
def test_every_theorem_keeps_its_contract(pair, p):
    """Lower bounds below upper bounds, certificates, three arithmetics, citations."""
    for theorem in LOWER_THEOREMS:
        check_lower_bound(theorem, *pair, p)
    for theorem in UPPER_THEOREMS:
        check_upper_bound(theorem, *pair, p)


@given(pairs(), exponents())
def test_brackets_are_of_the_best_bounds(pair, p):
    F, G = pair
    lowers, uppers = numeric(ab.lower_bounds(F, G, p=p)), numeric(ab.upper_bounds(F, G, p=p))
    if lowers and uppers:
        both = ab.bracket(F, G, p=p)
        assert 0 <= both.lower.value == max(b.value for b in lowers)
        assert both.upper.value == min(b.value for b in uppers)
        assert both.ratio >= 1


@given(pairs(), exponents())
def test_doubles_fail_to_decide_only_at_the_last_pattern(pair, p):
    """Doubles do not tell growth = log2(2^N - 2) from N, as T3inf and Tpoints must, nor how scales round."""
    for bound in numeric(ab.lower_bounds(*pair, p=p)):
        approximate = float_value(bound)
        if approximate is None and bound.theorem.id == "T3fat":
            scale = least_scale(FLOAT, bound.query.G, int(bound.witness["fat"]) + 1)
            assert scale == pytest.approx(float(bound.witness["eta"]) / 4, rel=1e-12)
        elif approximate is None:
            query = on_cylinder(bound.query, bound.witness)
            family, index = family_of((*query.F.families, *query.F.point_families), bound.witness)
            cells = family.cells(index) if bound.theorem.id == "T3inf" else family.points(index)
            growth = float(query.G.growth(family.centres).evaluate(FLOAT, cells))
            assert bound.theorem.id in {"T3inf", "Tpoints"} and growth == pytest.approx(cells, rel=1e-14)
        elif bound.theorem.id == "T2e":
            assert bound.value <= approximate


@given(network_classes())
def test_pseudo_dimension_bounds_verify_and_the_least_is_reported(G):
    best = G.pseudo_dimension()
    methods = [best, *(other for other in best.others if isinstance(other, ab.Bound))]
    assert best.value == min(method.value for method in methods)
    for method in methods:
        assert method.direction is ab.Direction.UPPER
        check_bound(method)


@given(bounds())
def test_bounds_on_every_quantity_keep_the_contract(bound):
    check_bound(bound)


@settings(max_examples=12)
@given(function_classes())
def test_function_classes_keep_the_contract(F):
    check_function_class(F)


@settings(max_examples=25)
@given(st.one_of(network_classes(), norm_classes(dim=2)))
def test_network_classes_keep_the_contract(G):
    check_network_class(G)


# -------------------------------------------------------------------------------------------------- scaling


@given(holder_balls(), st.integers(-60, 60), exponents(), st.data())
def test_value_scales_with_the_radius(F, power, p, data):
    G = data.draw(feedforward(dim=F.dim))
    scaled = replace(F, radius=F.radius * Fraction(2) ** power)
    for theorem in ("T3", "T3inf"):
        expected = value_of(theorem, F, G, p) * 2.0**power
        assert value_of(theorem, scaled, G, p) == pytest.approx(expected, rel=TINY, abs=0)


@given(holder_balls(), rationals("1/50", 50), exponents(), st.data())
def test_value_scales_with_any_radius(F, factor, p, data):
    G = data.draw(feedforward(dim=F.dim))
    scaled = replace(F, radius=F.radius * factor)
    for theorem in ("T3", "T3inf"):
        expected = value_of(theorem, F, G, p) * float(factor)
        assert value_of(theorem, scaled, G, p) == pytest.approx(expected, rel=1e-9, abs=0)


@given(st.integers(1, 5), numbers(), exponents(), st.data())
def test_holder_with_smoothness_one_is_lipschitz(dim, radius, p, data):
    G = data.draw(network_classes(dim=dim))
    one = ab.lower_bound(ab.HolderBall(smoothness=1, dim=dim, radius=radius), G, p=p)
    other = ab.lower_bound(ab.LipschitzBall(dim=dim, radius=radius), G, p=p)
    assert one.value == other.value > 0
    assert one.theorem.id == other.theorem.id


# -------------------------------------------------------------------------------------------- monotonicity


@given(st.data(), st.integers(1, 4), exponents())
def test_wider_networks_have_smaller_bounds(data, dim, p):
    F = data.draw(function_classes(dim=dim))
    G = data.draw(feedforward(dim=dim))
    layer = data.draw(st.integers(0, len(G.widths) - 1))
    more = data.draw(st.sampled_from([1, 2, 30]))
    grown = tuple(width + more * (i == layer) for i, width in enumerate(G.widths))
    wide = replace(G, widths=grown)
    check_monotone(finite_value, F, G, p, larger=[wide])
    assert wide.pseudo_dimension().value >= G.pseudo_dimension().value


@given(st.data(), st.integers(1, 4), exponents(), st.sampled_from(["weights", "depth", "units", "degree", "pieces"]))
def test_larger_network_sizes_have_smaller_bounds(data, dim, p, name):
    F, G = data.draw(function_classes(dim=dim)), data.draw(network_sizes())
    before = getattr(G, name)
    assume(before is not None)
    more = data.draw(st.sampled_from([1, 7, 1000] if name in {"weights", "units"} else [1, 2]))
    assume(name != "depth" or (before + more <= G.weights and (G.units is None or before + more <= G.units + 1)))
    larger = replace(G, **{name: before + more})
    check_monotone(finite_value, F, G, p, larger=[larger])
    assert larger.pseudo_dimension().value >= G.pseudo_dimension().value


@given(st.data(), st.integers(1, 4), exponents(), st.booleans())
def test_larger_rivals_have_smaller_bounds(data, dim, p, linear):
    F = data.draw(function_classes(dim=dim))
    size, more = data.draw(st.integers(1, 10**6)), data.draw(st.sampled_from([1, 10, 10**6]))
    small, large = (ab.LinearSpace(dimension=n) if linear else ab.FiniteClass(bits=n) for n in (size, size + more))
    check_monotone(finite_value, F, small, p, larger=[large])


@given(pairs(), exponents())
def test_bounds_are_monotone_in_every_class(pair, p):
    check_monotone(finite_value, *pair, p)
    for larger in larger_networks(pair[1]):
        if larger.bounded_growth:
            assert larger.pseudo_dimension().value >= pair[1].pseudo_dimension().value


@given(pairs(families_only=True), rationals(1, 40), rationals(1, 40))
def test_bounds_grow_with_p_up_to_the_sup_norm(pair, p, q):
    F, G = pair
    low, high = sorted((p, q))
    sup = max(value_of(theorem, F, G, math.inf) for theorem in ("T3inf", "T3fat-inf"))
    assert value_of("T3", F, G, low) <= value_of("T3", F, G, high) * (1 + TINY)
    assert best_value(F, G, low) <= best_value(F, G, high) * (1 + TINY)
    check_monotone_in_p(finite_value, F, G, low)
    assert max(value_of("T3", F, G, high), *(value_of(theorem, F, G, low) for theorem in ("T2a", "T2b"))) <= sup


def test_large_p_approaches_the_sup_norm():
    F, G = ab.LipschitzBall(dim=2), ab.LinearSpace(dimension=100)
    sup = ab.lower_bound(F, G, p=math.inf).value
    values = [ab.lower_bound(F, G, p=p).value for p in (10, 100, 1000, 10**4, 10**6)]
    assert values == sorted(values)
    assert 0.8 * sup < values[-1] <= sup


# --------------------------------------------------------------------------------------------------- packing


def packing_value(F, eps, p):
    try:
        return F.packing(eps, p=p).value
    except ab.NotApplicableError:
        return 0.0


@given(function_classes(), exponents(), rationals("1/500", "2/5"), st.sampled_from([Fraction(9, 8), 2, 17]))
def test_packing_falls_with_eps_and_verifies(F, p, eps, factor):
    if isinstance(F, ab.EntropyClass):
        p = math.inf  # known from its norm upwards
    coarse, fine = packing_value(F, eps, p), packing_value(F, eps / factor, p)
    assert coarse <= fine * (1 + TINY)
    if fine:
        check_bound(F.packing(eps / factor, p=p))


@given(function_classes(families_only=True), rationals(1, 40), rationals(1, 40), rationals("1/300", "1/4"))
def test_packing_grows_with_p_up_to_the_sup_norm(F, p, q, eps):
    values = [packing_value(F, eps, exponent) for exponent in (min(p, q), max(p, q), math.inf)]
    assert values[0] <= values[1] * (1 + TINY) <= values[2] * (1 + TINY) ** 2


@given(holder_balls(), exponents(), rationals("1/300", "1/10"), st.sampled_from([1, 2, 4]))
def test_packing_depends_on_eps_over_radius_only(F, p, eps, shift):
    larger = replace(F, radius=F.radius * 2**shift)
    plain = packing_value(F, eps, p)
    assert packing_value(larger, eps * 2**shift, p) == pytest.approx(plain, rel=TINY)
    assert plain <= packing_value(larger, eps, p) * (1 + TINY)


@given(
    st.integers(1, 6),
    st.sampled_from(["1/8", "1/4", "1/2", 1, "3/2", 3]),
    exponents(),
    st.builds(lambda m, n: 1 / (m * 10**n), rationals(1, 10), st.integers(1, 12)),
    st.sampled_from([Fraction(9, 8), 2, 16, 10**6]),
)
@example(4, "1/4", "3/2", Fraction(1, 57), 16)
def test_packing_grows_with_the_radius_at_every_scale(dim, smoothness, p, eps, factor):
    """Also where the finest members are best, which have far more cells than those of the grid."""
    F = ab.HolderBall(smoothness=smoothness, dim=dim)
    assert packing_value(F, eps, p) <= packing_value(replace(F, radius=factor), eps, p) * (1 + TINY)


# ------------------------------------------------------------------------------------ rates and closed forms


def slope(F, p, networks):
    """The log-log slope of T3's certified values against the pseudo-dimension bound, and the decades spanned."""
    x = np.log([G.pseudo_dimension().value for G in networks])
    y = np.log([value_of("T3", F, G, p) for G in networks])
    return np.polyfit(x, y, 1)[0], (x[-1] - x[0]) / math.log(10)


def linear_spaces(dim):
    return [ab.LinearSpace(dimension=int(10 ** (5 + j / 4))) for j in range(18)]


def relu_networks(dim):
    return [ab.ReLUNetwork(widths=(w, w), input_dim=dim) for w in (int(8 * 10 ** (j / 6)) for j in range(14))]


HOLDER_CASES = [(ab.HolderBall(smoothness=s, dim=d), 2) for s in ("1/2", 1, "3/2", 2, 3) for d in (1, 2, 3, 4)]
# both sides of the regime change at d = (d-1)p, and the change itself
MONOTONE = [(1, 1), (1, 3), (2, 1), (2, "3/2"), (2, 2), (2, 3), (3, 1), (3, "3/2"), (3, 2), (4, 1), (4, 2)]
MONOTONE_CASES = [(ab.MonotoneFunctions(dim=d), p) for d, p in MONOTONE]


@pytest.mark.parametrize("family", [linear_spaces, relu_networks])
@pytest.mark.parametrize(("F", "p"), HOLDER_CASES + MONOTONE_CASES, ids=str)
def test_certified_values_have_the_slope_of_the_rate(F, p, family):
    found, decades = slope(F, p, family(F.dim))
    assert decades >= 4
    assert found == pytest.approx(-1 / float(F.entropy_exponent(Fraction(p))), rel=0.03)


NETWORKS = [
    ab.ReLUNetwork(widths=(1,), input_dim=2),
    ab.ReLUNetwork(widths=(40, 40), input_dim=2),
    ab.HeavisideNetwork(widths=(20, 20, 20), input_dim=2),
    ab.ReLUPowerNetwork(widths=(10, 10), input_dim=2, power=3),
    ab.LinearSpace(dimension=50),
    ab.FiniteClass(size=1),
    ab.FiniteClass(bits=300),
    ab.NetworkSize(weights=1000, depth=4),
    ab.NetworkSize(weights=300, depth=4, degree=0),
]
CLASSES = [ab.LipschitzBall(dim=2, radius=3), ab.HolderBall(smoothness="5/2", dim=2), ab.MonotoneFunctions(dim=2)]


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("G", NETWORKS, ids=str)
def test_closed_forms_are_below_the_certified_values(F, G):
    seen = set()
    for p in (1, "7/2", math.inf):
        for bound in numeric(ab.lower_bounds(F, G, p=p)):
            try:
                expression = bound.expression
            except ab.NoExpressionError:
                continue
            seen.add(bound.theorem.id)
            assert 0 < sympy.N(expression, 30) <= bound.value * (1 + TINY)
    assert seen >= {"T3", "T3inf"}


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_symbolic_closed_forms_are_below_the_concrete_values(F, p, degree):
    symbolic = ab.lower_bound(F, ab.NetworkSize(weights=W, depth=L, degree=degree), p=p)
    with pytest.raises(ab.NoNumberError, match="L, W"):
        _ = symbolic.value
    for weights, depth in ((10, 2), (1000, 4), (10**6, 30)):
        concrete = ab.lower_bound(F, ab.NetworkSize(weights=weights, depth=depth, degree=degree), p=p)
        formula = sympy.N(symbolic.expression.subs({W: weights, L: depth}), 30)
        assert 0 < formula <= concrete.value * (1 + TINY)


def test_symbols_in_every_parameter_give_the_concrete_closed_form():
    s, d, R, p, D = sympy.symbols("s d R p D", positive=True)
    F, G = ab.HolderBall(smoothness=s, dim=d, radius=R), ab.LinearSpace(dimension=D)
    symbolic = ab.lower_bound(F, G, p=p)
    formula = symbolic.expression.subs({s: sympy.Rational(1, 2), d: 3, R: 5, p: 4, D: 20})
    bounds = ab.lower_bounds(ab.HolderBall(smoothness="1/2", dim=3, radius=5), ab.LinearSpace(dimension=20), p=4)
    concrete = next(bound for bound in bounds if bound.theorem == symbolic.theorem)
    assert abs(sympy.N(formula / concrete.expression, 40) - 1) < 1e-30
    assert 0 < sympy.N(formula, 30) <= concrete.value


def test_symbolic_rates_have_the_form_of_the_theorem():
    s, d, p = sympy.symbols("s d p", positive=True)
    networks = {0: W * sympy.log(W), 1: L * W * sympy.log(W)}
    for degree, size in networks.items():
        G = ab.NetworkSize(weights=W, depth=L, degree=degree)
        rate = ab.lower_bound(ab.HolderBall(smoothness=s, dim=d), G, p=2).rate
        assert sympy.simplify(rate / size ** (-s / d)) == 1
        rate = ab.lower_bound(ab.MonotoneFunctions(dim=d), G, p=p).rate
        assert sympy.simplify(rate / size ** (-1 / sympy.Max(d, (d - 1) * p))) == 1


# ------------------------------------------------------------------------------------------- frozen records


@given(pairs(), exponents())
def test_classes_are_values(pair, p):
    for record in pair:
        same = type(record)(**{field.name: getattr(record, field.name) for field in fields(record)})
        assert same == record and hash(same) == hash(record) and same is not record
        assert pickle.loads(pickle.dumps(record)) == record
        with pytest.raises(FrozenInstanceError):
            setattr(record, fields(record)[0].name, 1)
    assert pair[0] != pair[1]


@given(pairs(), exponents())
def test_bounds_survive_pickling(pair, p):
    for result in ab.lower_bounds(*pair, p=p).results:
        copy = pickle.loads(pickle.dumps(result))
        assert copy == result
        if isinstance(result, ab.Bound):
            assert copy.explain() == result.explain()
            with pytest.raises(FrozenInstanceError):
                result.number = 1.0
        if isinstance(result, ab.Bound) and result.number is not None:
            assert copy.certificate == result.certificate


def test_a_bound_does_not_share_its_data_with_its_certificate():
    bound = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=2)
    certificate = bound.certificate
    assert certificate.witness is not bound.witness
    with pytest.raises(FrozenInstanceError):
        certificate.value = 1.0


@pytest.mark.parametrize("error", [ab.ParameterError("p", 0.5, "must be 1"), ab.NotApplicableError("why")])
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)


@example(
    ab.EntropyClass(exponent="1/2", norm=1, constant="1/10", valid_below="1/10"),
    ab.TanhNetwork(widths=(1,), input_dim=1, weight_bound=1),
    1,
)
@given(entropy_classes(), network_classes(), finite_exponents())
def test_entropy_classes_answer_from_their_norm_upwards(F, G, p):
    found = [(bound.theorem.id, bound) for bound in ab.lower_bounds(F, G, p=p)]
    theorems = {bound.witness["theorem"] if name == "Tnear" else name for name, bound in found}  # Tnear takes another's
    exponent = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=1), p=p).query.p
    assert theorems <= ({"T1", "T2be", "T2e"} if exponent >= F.norm else set())
    assert ("T1" in {name for name, _ in found}) == (exponent >= F.norm)
    assert G.neighbourhoods or "Tnear" not in dict(found)
    assert all(ab.verify(bound.certificate) for name, bound in found if name == "Tnear")


@given(entropy_classes(), network_classes())
def test_bounds_from_entropy_are_those_of_its_own_norm(F, G):
    """E_p >= E_q for p >= q, and T2 is strongest for the norm in which the entropy is known."""
    numbers = []
    for p in (F.norm, 7, "inf"):
        found = [bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id in {"T2be", "T2e"}]
        numbers.append([bound.number for bound in found])
        assert all(bound.number is None or ab.verify(bound.certificate) for bound in found)
    assert numbers[0] == numbers[1] == numbers[2]


def test_values_are_floats_and_pdim_is_an_int():
    F, G = ab.MonotoneFunctions(dim=2), ab.ReLUNetwork(widths=(3,), input_dim=2)
    assert type(ab.lower_bound(F, G, p=2).value) is float
    assert type(ab.upper_bound(F, G, p=np.float64(2)).value) is float
    assert type(G.pseudo_dimension().value) is int
