"""The contracts can fail: deliberately wrong formulas, theorems, certificates and classes are found, and named."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
import sympy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds import testing
from approxbounds.arithmetic import SYMBOLIC
from approxbounds.testing import (
    certificates,
    check_bound,
    check_certificate,
    check_lower_bound,
    check_monotone,
    check_monotone_in_p,
    check_upper_bound,
    exponents,
    known_upper_bounds,
    larger_functions,
    larger_networks,
    pairs,
    sharp_pairs,
    unsafe_certificates,
)
from approxbounds.transfer.sup_norm import SupNormTheorem
from approxbounds.witness import integer_of

F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10)
NET = ab.ReLUNetwork(widths=(4,), input_dim=1)
HALF = ab.lower_bound(F, G, p=2)


NO_NUMBERS = [-1e-300, math.nan, math.inf, None, "0", True, [0.1], 1j, Decimal("NaN"), Fraction(-1, 10**300)]
NO_NUMBERS += [sympy.sqrt(2), sympy.Symbol("x", positive=True)]


def fails(message):
    return pytest.raises(AssertionError, match=message)


# ------------------------------------------------------------------------------------------------ formulas


@given(pairs(), exponents())
def test_the_library_passes_as_a_plain_function(pair, p):
    def best(F, G, p):
        return ab.lower_bound(F, G, p=p).value if G.bounded_growth else 0.0

    if not isinstance(pair[0], ab.EntropyClass):
        check_lower_bound(best, *pair, p)
        check_upper_bound(lambda F, G, p: ab.upper_bound(F, G, p=p).value, *pair, p)


@pytest.mark.parametrize(
    "value",
    [
        -1e-300,
        math.nan,
        math.inf,
        None,
        "0",
        True,
        [0.1],
        1j,
        sympy.sqrt(2),
        sympy.Symbol("x", positive=True),
        Decimal("NaN"),
        Fraction(-1, 2),
    ],
)
def test_bounds_must_be_numbers(value):
    for check in (check_lower_bound, check_upper_bound, check_monotone, check_monotone_in_p):
        with fails(r"the bound must .*, but is .* for F=LipschitzBall\(dim=1, radius=1\), G=LinearSpace"):
            check(lambda F, G, p: value, F, G, 2)


@pytest.mark.parametrize("kind", [Fraction, Decimal, sympy.Rational, lambda text: sympy.Float(text, 30)])
def test_exact_numbers_are_taken_exactly(kind):
    """The error is at most 0.05, the double above 1/20: there is nothing to forgive in what is not rounded."""
    check_lower_bound(lambda F, G, p: kind("0.0499"), F, G, "inf")
    check_lower_bound(lambda F, G, p: Fraction(1, 10**500), F, G, "inf")
    for value in ("0.05000000000000001", "0.06"):
        with fails("the lower bound .* is above 0.05 .steps on 10"):
            check_lower_bound(lambda F, G, p, value=value: kind(value), F, G, "inf")
    check_lower_bound(lambda F, G, p: 0.05000000000000001, F, G, "inf")


def _false_order(F, G, p):
    """R/(10 sqrt(W)), where it is of the order of 1/W."""
    if not isinstance(F, ab.LipschitzBall) or not isinstance(G, ab.ReLUNetwork) or F.dim != 1:
        raise ab.NotApplicableError("for ReLU networks of one variable")
    return float(F.radius) / (10 * math.sqrt(G.counted_sizes.weights))


def _twice(F, G, p):
    return 2 * ab.lower_bound(F, G, p).value


@pytest.mark.parametrize("wrong", [_false_order, _twice])
def test_false_formulas_are_found_by_five_lines_and_made_small(wrong):
    """Also from other random numbers: ``tests/benchmarks/bench_testing.py``."""

    @settings(database=None, max_examples=100, derandomize=True)
    @given(pairs(), exponents())
    def property_test(pair, p):
        check_lower_bound(wrong, *pair, p)

    with fails("is above") as caught:
        property_test()
    small = {
        _twice: "F=LipschitzBall(dim=1, radius=1/4), G=ReLUNetwork(widths=(3,), input_dim=1",
        _false_order: "G=ReLUNetwork(widths=(34,), input_dim=1",
    }
    assert small[wrong] in str(caught.value)


@given(sharp_pairs(), exponents())
def test_sharp_pairs_leave_no_factor_of_two(pair, p):
    """In the sup norm, and for a single function in every norm."""
    for q in ("inf", *([p] if isinstance(pair[1], ab.FiniteClass) else [])):
        known = min(value for _, value in known_upper_bounds(*pair, q))
        assert known / 2 < ab.lower_bound(*pair, q).value <= known


@pytest.mark.parametrize(
    ("wrong", "F", "G", "p", "message"),
    [
        (
            lambda F, G, p: 2 * ab.lower_bound(F, G, p=p).value,
            ab.MonotoneFunctions(dim=2),
            G,
            "inf",
            "the best constant",
        ),
        (lambda F, G, p: float(F.radius) / 2, F, NET, 2, "0.1.* .(cubes|relu-interpolation)."),
        (lambda F, G, p: 1 / G.dimension, F, G, 2, r"steps on 10\^1 cubes"),
        (lambda F, G, p: 1.01, F, ab.FiniteClass(bits=3), 1, "the .*(constant|function)"),
        (lambda F, G, p: 0.051, F, ab.PiecewisePolynomials(cells=10, degree=0, input_dim=1), 1, "steps on 10"),
        (lambda F, G, p: 0.051, F, ab.FreeKnotSplines(knots=10, degree=1), "inf", "steps on 10"),
        (lambda F, G, p: 2.0, F, ab.BoundedLinear(norm=1, input_dim=1), 1, "the zero function"),
    ],
)
def test_wrong_lower_bounds_are_found(wrong, F, G, p, message):
    with fails(f"the lower bound .* is above .*{message}"):
        check_lower_bound(wrong, F, G, p)


def test_wrong_lower_bounds_are_found_by_five_lines():
    @settings(database=None, phases=[Phase.generate])
    @given(pairs(), exponents())
    def property_test(pair, p):
        check_lower_bound(lambda F, G, p: 0.3, *pair, p)

    with fails("the lower bound 0.3 is above"):
        property_test()


def test_upper_bounds_from_known_lower_bounds():
    assert dict(known_upper_bounds(F, ab.FreeKnotSplines(knots=4, degree=2, smooth=True), p=2)).keys() == {
        "constant", "poincare", "the zero function", "the best constant",
    }  # fmt: skip
    cells = dict(known_upper_bounds(ab.LipschitzBall(dim=2), ab.LinearSpace(dimension=99), p="inf"))
    assert cells["steps on 9^2 cubes"] == pytest.approx(math.sqrt(2) / 18, rel=1e-15)
    assert "steps on 10^2 cubes" in dict(
        known_upper_bounds(ab.LipschitzBall(dim=2), ab.LinearSpace(dimension=100), p=2)
    )
    with fails(r"the upper bound 1e-05 is below .* \(T3\)"):
        check_upper_bound(lambda F, G, p: 1e-5, F, NET, 2)


def test_rules_that_do_not_apply_are_passed():
    def silent(F, G, p):
        raise ab.NotApplicableError("not for this")

    def rate(F, G, p):
        return ab.lower_bound(ab.BarronBall(dim=1), G, p=p).value  # raises NoNumberError

    for check in (check_lower_bound, check_upper_bound, check_monotone, check_monotone_in_p):
        check(silent, F, G, 2)
        check(rate, F, G, 2)
        check(SupNormTheorem, F, G, 2)  # it needs p = inf
    check_lower_bound(ab.THEOREMS["T1"], F, G, 2)  # a rate
    with pytest.raises(ab.ParameterError, match="G='G'"):
        check_lower_bound(silent, F, "G", 2)


# -------------------------------------------------------------------------------------------- monotonicity


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda F, G, p: 1e-4 / F.radius, r"with F=LipschitzBall\(dim=1, radius=2\)"),
        (lambda F, G, p: 1e-4 * G.dimension, r"with G=LinearSpace\(dimension=11\)"),
        (lambda F, G, p: 1e-4 if G.dimension < 99 else 1e-3, r"with G=LinearSpace\(dimension=100\)"),
    ],
)
def test_bounds_that_are_not_monotone_are_found(wrong, message):
    with fails(f"the bound is .* but .* {message}"):
        check_monotone(wrong, F, G, 2, larger=[ab.LinearSpace(dimension=100)])


def test_bounds_that_fall_with_p_are_found():
    check_monotone_in_p(lambda F, G, p: 0.01, F, G, "inf")
    with fails("with p=inf"):
        check_monotone_in_p(lambda F, G, p: 0.01 if p < math.inf else 0.001, F, G, 1)
    with fails("with p=3 "):
        check_monotone_in_p(lambda F, G, p: 0.01 / p, F, G, 2)


def test_larger_classes():
    assert list(larger_functions(ab.MonotoneFunctions(dim=2))) == []
    assert list(larger_functions(ab.LipschitzBall(dim=1, radius=10**100))) == []  # no record is that large
    union = ab.Union(members=(G, NET))
    (larger,) = larger_networks(union)
    assert larger.members == (*union.members, ab.LinearSpace(dimension=1))
    skip = ab.SkipNetwork(widths=(3,), input_dim=1, layer_weights=(2, 3))
    assert replace(skip, layer_weights=None) in list(larger_networks(skip))
    assert not any(other.widths != (3,) for other in larger_networks(skip))


@given(pairs())
def test_larger_classes_have_larger_parameters(pair):
    F, G = pair
    assert all(other.radius == 2 * F.radius for other in larger_functions(F))
    for other in larger_networks(G):
        changed = [name for name, value in G.parameters().items() if other.parameters()[name] != value]
        assert type(other) is type(G) and len(changed) == 1


# ------------------------------------------------------------------------------------------------ theorems


class Own(ab.Theorem):
    """A true bound: E_p >= 0, with the witness n."""

    id, title, statement, citations = "own", "t", "$s$", (ab.Citation("Siegel2023"),)
    value = Fraction(1, 100)

    def refusal(self, query):
        return None

    def search(self, query):
        return {"n": 100}

    def evaluate(self, A, query, witness):
        return A.number(1) / integer_of(witness, "n", minimum=100)

    def rate(self, query):
        return SYMBOLIC.number(1)


def spoilt(**members):
    return type("Own", (Own,), members)


def _by_arithmetic(balls, others):
    """A formula that has one value in balls and another elsewhere, and reads its witness."""
    return lambda s, A, q, w: A.number((balls if A.name == "ball" else others) + 0 * w["n"])


WRONG_THEOREMS = {
    "the lower bound 0.3.* is above 0.0288": {"evaluate": lambda s, A, q, w: A.number(1) / 3},
    "balls give 0.0.*, doubles 0.0101": {
        "evaluate": lambda s, A, q, w: A.number(
            Fraction(1 + 0 * w["n"], 100) if A.name == "ball" else Fraction(101, 10000)
        )
    },
    "is on the unsafe side of": {
        "evaluate": lambda s, A, q, w: A.number(
            Fraction(1 + 0 * w["n"], 100) if A.name == "ball" else Fraction(10**10 - 5, 10**12)
        )
    },
    "does not cite": {"steps": lambda s, q, w: ()},
    "the closed form 0.9.* is above 0.0288": {"expression": lambda s, q: SYMBOLIC.number(Fraction(9, 10))},
    "not a number >= 0": {"expression": lambda s, q: SYMBOLIC.number(-1)},
    "not a SymPy expression": {"rate": lambda s, q: 1},
    "finite and not negative": {"evaluate": lambda s, A, q, w: A.number(-1)},
}


@pytest.mark.parametrize("message", WRONG_THEOREMS)
def test_wrong_theorems_are_found(message):
    check_lower_bound(Own, F, G, 2)  # as it is, all is well
    with fails(message):
        check_lower_bound(spoilt(**WRONG_THEOREMS[message]), F, G, 2)
    assert "own" not in ab.THEOREMS


def test_wrong_upper_theorems_are_found():
    members = {"direction": ab.Direction.UPPER, "evaluate": lambda s, A, q, w: A.number(1 + 0 * w["n"])}
    check_upper_bound(spoilt(**members), F, NET, 2)
    with fails(r"the upper bound 0.0 is below .* \(T3\)"):
        check_upper_bound(spoilt(**members | {"evaluate": lambda s, A, q, w: A.number(0)}), F, NET, 2)


# -------------------------------------------------------------------------------------------- certificates


def test_certificates_that_lie_are_found():
    for wrong in (replace(HALF.certificate, value=1.0), replace(HALF.certificate, theorem="T3inf")):
        with fails("the certificate is rejected"):
            check_certificate(wrong)
    with fails("an unsafe change is accepted"):  # it claims less than it could
        check_certificate(replace(HALF.certificate, value=HALF.value / 2))
    with fails("rejected"):
        check_bound(replace(HALF, number=2 * HALF.value))


@given(certificates())
def test_random_certificates_are_accepted(certificate):
    assert ab.verify(certificate.to_json())


@given(unsafe_certificates())
def test_random_unsafe_certificates_are_not(mutant):
    try:
        assert not ab.verify(mutant)
    except ab.ParameterError as error:
        assert str(error)


def test_bounds_of_all_kinds_are_drawn():
    seen = set()

    @settings(database=None, max_examples=100)
    @given(testing.bounds())
    def draw(bound):
        seen.add((bound.theorem.quantity(bound.query)[:8], bound.direction))

    draw()
    assert len(seen) >= 5


# ------------------------------------------------------------------------------------------------ the module


def test_without_hypothesis_the_error_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import approxbounds.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.endswith("MissingPackageError: approxbounds.testing needs hypothesis: pip install 'approxbounds[test]'")


def test_the_library_itself_does_not_import_hypothesis():
    code = "import sys, approxbounds, approxbounds.cli; print('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_everything_public_is_documented():
    for name in testing.__all__:
        public = getattr(testing, name)
        assert not callable(public) or public.__doc__, name


@given(st.data())
def test_mutants_are_json_or_refused(data):
    mutant = data.draw(unsafe_certificates())
    try:
        text = json.dumps(mutant)
    except ValueError:  # integers too long to be written
        return
    try:
        assert not ab.verify(text)
    except ab.ParameterError as error:
        assert str(error)
