"""What every bound on E_p(F, G) must satisfy: checks that raise AssertionError and say what is wrong.

They find mistakes, they prove nothing: a formula that passes may still be false.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np

import approxbounds as ab
from approxbounds import validation
from approxbounds.arithmetic import BALL, FLOAT, ceil_float, precision
from approxbounds.bound import apply
from approxbounds.facts.functions import FunctionFacts
from approxbounds.facts.hypercube import integer_root
from approxbounds.facts.networks import NetworkFacts
from approxbounds.query import candidates, make_query
from approxbounds.testing.mutants import unsafe_mutants
from approxbounds.theorem import Query

__all__ = [
    "Rule",
    "check_bound",
    "check_certificate",
    "check_lower_bound",
    "check_monotone",
    "check_monotone_in_p",
    "check_upper_bound",
    "float_value",
    "known_upper_bounds",
    "larger_functions",
    "larger_networks",
    "require",
]

#: A theorem (also its class), or a function of F, G and the exact p (int, Fraction or math.inf) that gives a number:
#: an int or float, of NumPy too, a Fraction, Decimal, SymPy rational or float, or an mpf of mpmath.
Rule: TypeAlias = ab.Theorem | type[ab.Theorem] | Callable[[Any, Any, Any], Any]

_ROUNDING = 1e-12  # relative: what doubles may lose in a plain function
_FLOAT_AGREES = 1e-9  # relative: balls against the same formula in doubles
# relative: how far doubles may be on the unsafe side of a certified number; they round logarithms of 10^6 bits, of the
# counts of T3 with as many cells, to 10^-10
_SIDE = 1e-10


def require(condition: object, message: str) -> None:
    """Raise AssertionError with the message unless the condition holds (also under ``python -O``)."""
    if not condition:
        raise AssertionError(message)


def _setting(F: object, G: object, p: object) -> str:
    return f"for F={F}, G={G}, p={p}"


def _answer(rule: Rule, query: Query) -> tuple[float | Fraction, ab.Bound | None] | None:
    """The rule's number, with the bound if it is a theorem; None if it does not apply."""
    made: Any = rule() if isinstance(rule, type) else rule
    if isinstance(made, ab.Theorem):
        bound = apply(made, query)
        return None if isinstance(bound, ab.Refusal) or bound.number is None else (bound.number, bound)
    try:
        value = made(query.F, query.G, query.p)
    except (ab.NotApplicableError, ab.NoNumberError):
        return None
    setting = _setting(query.F, query.G, query.p)
    if not isinstance(value, (float, np.floating)):
        value = _exact(value, setting)
    require(math.isfinite(value), f"the bound must be finite, but is {value!r} {setting}")
    require(value >= 0, f"the bound must not be negative, but is {value!r} {setting}")
    return value, None


def _exact(value: Any, setting: str) -> Fraction | int:
    """What a formula gives exactly: an int, Fraction, Decimal or rational of another library."""
    require(not isinstance(value, (bool, str)), f"the bound must be a number, but is {value!r} {setting}")
    if isinstance(value, numbers.Rational):  # of any length
        return validation.tidy(Fraction(int(value.numerator), int(value.denominator)))  # type: ignore[no-any-return]
    try:
        most = validation.LARGEST
        return validation.exact("bound", value, minimum=-most, maximum=most, symbols=False)  # type: ignore[no-any-return]
    except ab.ParameterError as error:
        raise AssertionError(f"the bound must be a number, but is {value!r} {setting}: {error.allowed}") from None


def _slack(value: float | Fraction, bound: ab.Bound | None) -> float:
    """What rounding may have done to the number: nothing if the kernel certified it or it is exact."""
    return 0 if bound is not None or isinstance(value, (int, Fraction)) else _ROUNDING


def known_upper_bounds(F: FunctionFacts, G: NetworkFacts, p: Any) -> Iterator[tuple[str, float]]:
    """Names and values of all that is known to be at least E_p(F, G), for comparison with lower bounds.

    The certified upper bounds; and, as a lower bound must hold for every class that a record describes, the errors of
    the zero function, of the best constant and of step functions on cubes where some such class contains them
    (``may_contain``).

    >>> F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10)
    >>> dict(known_upper_bounds(F, G, p="inf"))
    {'the zero function': 1.0, 'the best constant': 1.0, 'steps on 10^1 cubes': 0.05}
    """
    query = make_query(F, G, p)
    for bound in candidates(query, ab.Direction.UPPER):
        if bound.number is not None:
            yield bound.theorem.id, float(bound.number)
    contents = G.may_contain
    if F.value_range is not None:
        low, high = F.value_range
        if contents.zero:
            yield "the zero function", float(max(abs(low), abs(high)))
        if contents.constant:
            yield "the best constant", float(high - low) / 2
    if contents.cells == 0 or F.domain_dim is None or F.cube_exponent(query.p) is None:
        return
    k = integer_root(contents.cells + 1, F.domain_dim) - 1  # the largest with k^d cells or fewer
    if k >= 1:
        with precision(128):
            error = ceil_float(F.cube_error(BALL, BALL.number(k), query.p))
        yield f"steps on {k}^{F.domain_dim} cubes", error


def check_lower_bound(rule: Rule, F: ab.FunctionClass, G: ab.NetworkClass, p: Any) -> None:
    """A lower bound on E_p(F, G) must be a finite number >= 0 and not above any known upper bound.

    ``rule`` is a :class:`Theorem` or a function of F, G and the exact p (int, Fraction or math.inf) that returns a
    number, or raises NotApplicableError or NoNumberError where it says nothing. A theorem's bound must also pass
    :func:`check_bound`.

    >>> check_lower_bound(lambda F, G, p: 0.05, ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10), "inf")
    >>> check_lower_bound(lambda F, G, p: 0.06, ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10), "inf")
    Traceback (most recent call last):
        ...
    AssertionError: the lower bound 0.06 is above 0.05 (steps on 10^1 cubes) for F=LipschitzBall(dim=1, radius=1), \
G=LinearSpace(dimension=10), p=inf
    """
    query = make_query(F, G, p)
    answer = _answer(rule, query)
    if answer is None:
        return
    value, bound = answer
    slack = _slack(value, bound)
    name, upper = min(known_upper_bounds(F, G, p=p), key=itemgetter(1), default=("nothing known", math.inf))
    message = f"the lower bound {value!r} is above {upper!r} ({name}) {_setting(F, G, query.p)}"
    require(value <= upper * (1 + slack), message)
    if bound is not None:
        check_bound(bound)


def check_upper_bound(rule: Rule, F: ab.FunctionClass, G: ab.NetworkClass, p: Any) -> None:
    """An upper bound on E_p(F, G) must be a finite number and not below any certified lower bound.

    ``rule`` as in :func:`check_lower_bound`.

    >>> F, G = ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(4,), input_dim=1)
    >>> check_upper_bound(lambda F, G, p: 0.5, F, G, 2)
    """
    query = make_query(F, G, p)
    answer = _answer(rule, query)
    if answer is None:
        return
    value, bound = answer
    slack = _slack(value, bound)
    for other in ab.lower_bounds(F, G, p=p):
        if other.number is not None:
            lower = f"{other.number!r} ({other.theorem.id})"
            message = f"the upper bound {value!r} is below {lower} {_setting(F, G, query.p)}"
            require(value >= other.number * (1 - slack), message)
    if bound is not None:
        check_bound(bound)


# ------------------------------------------------------------------------------------------------ monotonicity


def larger_functions(F: ab.FunctionClass) -> Iterator[ab.FunctionClass]:
    """Classes that contain F, as it declares (``larger``): the library's balls of twice the radius.

    >>> [str(larger) for larger in larger_functions(ab.LipschitzBall(dim=1))]
    ['LipschitzBall(dim=1, radius=2)']
    """
    return F.larger()


def larger_networks(G: ab.NetworkClass) -> Iterator[ab.NetworkClass]:
    """Classes that contain G, as it declares (``larger``).

    The library's differ in one parameter each: wider, deeper, with more bits, knots or weights; a larger union.

    >>> [str(larger) for larger in larger_networks(ab.HeavisideNetwork(widths=(4, 5), input_dim=1, bits=3))]
    ['HeavisideNetwork(widths=(5, 5), input_dim=1, bias=True, bits=3)', \
'HeavisideNetwork(widths=(4, 6), input_dim=1, bias=True, bits=3)', \
'HeavisideNetwork(widths=(4, 5), input_dim=1, bias=True, bits=4)', \
'HeavisideNetwork(widths=(4, 5), input_dim=1, bias=True)']
    """
    return G.larger()


def check_monotone(
    rule: Rule,
    F: ab.FunctionClass,
    G: ab.NetworkClass,
    p: Any,
    *,
    larger: Iterable[ab.FunctionClass | ab.NetworkClass] = (),
) -> None:
    """A bound on E_p(F, G) should grow with F and fall as G grows, as E_p does.

    A bound that does not is not yet wrong, but weaker than its own values say, and most often a slip. ``rule`` as in
    :func:`check_lower_bound`. Compared are :func:`larger_functions`, :func:`larger_networks`, and ``larger``: classes
    of yours that contain F or G. Where the rule does not apply nothing is compared.

    >>> F, G = ab.MonotoneFunctions(dim=1), ab.LinearSpace(dimension=10)
    >>> check_monotone(lambda F, G, p: 1 / (4 * G.dimension), F, G, 2)
    >>> check_monotone(lambda F, G, p: 1e-4 * G.dimension, F, G, 2)
    Traceback (most recent call last):
        ...
    AssertionError: the bound is 0.001 but 0.0011 with G=LinearSpace(dimension=11) for F=MonotoneFunctions(dim=1), \
G=LinearSpace(dimension=10), p=2
    """
    query, others = make_query(F, G, p), []
    for record in (*larger_functions(F), *larger_networks(G), *larger):
        if isinstance(record, ab.FunctionClass):
            others.append((f"F={record}", True, replace(query, functions=record)))
        else:
            others.append((f"G={record}", False, replace(query, network=record)))
    _compare(rule, query, others)


def check_monotone_in_p(rule: Rule, F: ab.FunctionClass, G: ab.NetworkClass, p: Any) -> None:
    """A bound on E_p(F, G) should grow with p up to the sup norm, as L^p norms do on a probability space.

    Compared with p + 1, 2p, 100 and infinity; see :func:`check_monotone`.

    >>> F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10)
    >>> check_monotone_in_p(lambda F, G, p: 0.01 / p, F, G, 2)
    Traceback (most recent call last):
        ...
    AssertionError: the bound is 0.005 but 0.0033333333333333335 with p=3 for F=LipschitzBall(dim=1, radius=1), \
G=LinearSpace(dimension=10), p=2
    """
    query = make_query(F, G, p)
    larger = [q for q in (query.p + 1, 2 * query.p, 100, math.inf) if q > query.p]
    _compare(rule, query, [(f"p={q}", True, replace(query, p=q)) for q in larger])


def _compare(rule: Rule, query: Query, others: Iterable[tuple[str, bool, Query]]) -> None:
    """The bound for the query against those for others, which must be at least that (True) or at most (False)."""
    answer = _answer(rule, query)
    if answer is None:
        return
    value = answer[0]
    for what, grows, other in others:
        found = _answer(rule, other)
        if found is not None:
            low, high = (value, found[0]) if grows else (found[0], value)
            message = f"the bound is {value!r} but {found[0]!r} with {what} {_setting(query.F, query.G, query.p)}"
            require(low <= high * (1 + _ROUNDING), message)


# ------------------------------------------------------------------------------------- bounds and certificates


def check_certificate(certificate: ab.Certificate) -> None:
    """A certificate must be accepted in every form, survive JSON, and be rejected after every unsafe change.

    Its classes and theorem must be known: registered, if they are not the library's.

    >>> check_certificate(ab.LinearSpace(dimension=3).pseudo_dimension().certificate)
    """
    text = certificate.to_json()
    require(ab.Certificate.from_json(text) == certificate, f"JSON changes the certificate {text}")
    for form in (certificate, text, json.loads(text)):
        verdict = ab.verify(form)
        require(verdict, f"the certificate is rejected: {verdict.reason}: {text}")
    for mutant in unsafe_mutants(certificate):
        try:
            accepted = bool(ab.verify(mutant))
        except ab.ParameterError:  # a CertificateError is one
            accepted = False
        if accepted:
            raise AssertionError(f"an unsafe change is accepted: {mutant}")


def float_value(bound: ab.Bound) -> float | None:
    """The theorem's formula in doubles for the data of the bound; None where doubles do not decide a hypothesis."""
    try:
        return float(bound.theorem.evaluate(FLOAT, bound.query, bound.witness or {}))
    except ab.HypothesisError:
        return None


def check_bound(bound: ab.Bound) -> None:
    """A bound with a number, on any quantity, must be what its theorem says, in all three arithmetics.

    The certificate passes :func:`check_certificate` (for which unknown classes and theorems are registered meanwhile).
    Doubles give the same value up to 1e-9, the certified one on the safe side of it. The closed form, where it is a
    number, is not stronger than what is known from the other side. The derivation cites every source of the theorem.

    >>> check_bound(ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=2))
    """
    value, theorem = bound.value, bound.theorem
    require(isinstance(value, int if theorem.integral else float), f"{bound}: {value!r} is of the wrong type")
    fitting = value == math.inf if theorem.infinite else 0 <= value < math.inf
    require(fitting, f"{bound}: the value must be finite and not negative, or infinite where the theorem says so")
    kinds = [type(theorem), *(k for part in (bound.query.functions, bound.query.network) if part for k in part.kinds)]
    known = {type(other) for other in ab.THEOREMS.values()}
    with ab.extensions(*(kind for kind in kinds if kind not in known)):
        check_certificate(bound.certificate)
    lower, approximate = bound.direction is ab.Direction.LOWER, float_value(bound)
    if approximate is not None:
        low, high = approximate * (1 - _FLOAT_AGREES), approximate * (1 + _FLOAT_AGREES)
        safe_low, safe_high = (0, approximate * (1 + _SIDE)) if lower else (approximate * (1 - _SIDE), math.inf)
        if theorem.integral:  # an integer at most x is at most floor(x)
            low, high, safe_low = math.floor(low), math.floor(high), math.floor(safe_low)
        require(low <= value <= high, f"{bound}: balls give {value!r}, doubles {approximate!r}")
        on_safe_side = safe_low <= value <= safe_high
        require(on_safe_side, f"{bound}: {value!r} is on the unsafe side of {approximate!r}, the value in doubles")
    _check_closed_form(bound)
    explanation, source = bound.explain(), bound.bibtex()
    for citation in theorem.citations:
        require(str(citation) in explanation, f"{bound}: the derivation does not cite {citation}")
        require(citation.bibtex in source, f"{bound}: the BibTeX entries lack {citation.key}")


def _check_closed_form(bound: ab.Bound) -> None:
    """A rate is SymPy; closed forms of lower bounds on errors are bounds too: not above what is known from above."""
    import sympy

    with suppress(ab.NoExpressionError):
        rate = bound.theorem.rate(bound.query)
        require(isinstance(rate, sympy.Expr), f"{bound}: the rate is {rate!r}, not a SymPy expression")
    if bound.direction is not ab.Direction.LOWER or None in (bound.query.functions, bound.query.network):
        return
    try:
        expression = bound.expression
    except ab.NoExpressionError:
        return
    number = sympy.N(expression, 30)
    real = number == sympy.oo if bound.theorem.infinite else number.is_real
    require(real and number >= 0, f"{bound}: the closed form is {number}, not a number >= 0")
    for name, upper in known_upper_bounds(bound.query.F, bound.query.G, p=bound.query.p):
        require(number <= upper * (1 + _ROUNDING), f"{bound}: the closed form {number} is above {upper!r} ({name})")
