"""Every closed form of every theorem does in SymPy what expressions do."""

import mpmath
import numpy as np
import pytest
import sympy
from symbolic_queries import closed_forms
from sympy.functions.elementary.piecewise import ExprCondPair

import approxbounds as ab
from approxbounds.symbolic import RealPower
from approxbounds.testing import examples

W, L, D, d = sympy.symbols("W L D d", positive=True)
FORMS = [
    pytest.param(form, id=f"{bound.theorem.id}-{i}")
    for i, (form, bound) in enumerate({bound.expression: bound for bound in closed_forms()}.items())
]
NODES = vars(sympy) | {"RealPower": RealPower, "ExprCondPair": ExprCondPair}
#: Values at which all are compared; other symbols are 3.
VALUES = {"weights": 100, "units": 20, "d": 2, "eps": "1/50", "gamma": "1/8", "smoothness": "1/2", "radius": "3/2"}
# rates or numbers only
WITHOUT_CLOSED_FORMS = {"T1", "T2b", "T2be", "T2e", "T3fat", "T3fat-inf", "known-rate", "pdim-growth", "vc-growth"}
WITHOUT_CLOSED_FORMS |= {"Tjump", "Tblowup", "Tregion", "convex-graded-nodes"}  # no symbols, or no closed form
WITHOUT_CLOSED_FORMS |= {"convex-columns", "convex-cells", "covering-convex", "covering-envelopes"}  # over all cells
WITHOUT_CLOSED_FORMS |= {"covering-constant", "known-rate-besov"}
WITHOUT_CLOSED_FORMS |= {"T3w", "T3w-inf", "Tlin-w", "T3fat-w", "T3fat-w-inf", "Tcurv-w"}  # a sum over all masses
WITHOUT_CLOSED_FORMS |= {"from-the-cube", "graded-grids"}  # the best of many constructions, a sum over all nodes
WITHOUT_CLOSED_FORMS |= {"Tnear", "limits"}  # a search for the distance, the best of many constructions
WITHOUT_CLOSED_FORMS |= {"Tforms", "Tparity"}  # the best of many degrees, for a fixed number of coordinates
OTHER_SIZES = {"lu-shen-yang-zhang"}  # of shen-yang-zhang's kind, for other smoothness
PRINTERS = [
    sympy.pycode,
    sympy.ccode,
    sympy.cxxcode,
    lambda form: sympy.fcode(form, standard=2008, user_functions={"gamma": "gamma"}),  # SymPy knows none
    sympy.octave_code,
    sympy.julia_code,
    sympy.rust_code,
    sympy.jscode,
    sympy.rcode,
    sympy.mathematica_code,
]
SLOW_PRINTERS = (sympy.julia_code, sympy.rust_code)  # ten seconds for long forms with nested maxima


def _without_condition(form):
    """The formula, where the condition of a theorem leaves nothing else (languages need a second case)."""
    return form.args[0].expr if isinstance(form, sympy.Piecewise) and form.args[-1].cond != sympy.true else form


def _symbols(form):
    symbols = sorted(form.free_symbols, key=str)
    return symbols, [sympy.Rational(VALUES.get(symbol.name, 3)) for symbol in symbols]


def test_every_theorem_with_closed_forms_is_among_them():
    found = {bound.theorem.id for bound in closed_forms()}
    assert found | WITHOUT_CLOSED_FORMS | OTHER_SIZES == set(ab.THEOREMS) and not found & WITHOUT_CLOSED_FORMS
    assert any(form.values[0].has(RealPower) for form in FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_closed_forms_are_computed_everywhere(form):
    symbols, numbers = _symbols(form)
    inserted = form.subs(dict(zip(symbols, numbers, strict=True)))
    exact = mpmath.mpmathify(inserted.evalf(30))
    assert abs(float(form.evalf(subs=dict(zip(symbols, numbers, strict=True)))) - exact) <= 1e-12 * abs(exact)
    with np.errstate(all="ignore"):
        assert float(sympy.lambdify(symbols, form)(*map(float, numbers))) == pytest.approx(float(exact), rel=1e-9)
    with mpmath.workdps(30):
        there = sympy.lambdify(symbols, form, "mpmath")(*map(mpmath.mpmathify, numbers))
        assert abs(there - exact) <= mpmath.mpf(10) ** -20 * abs(exact)


def _fails(printer, form):
    try:
        printer(form)
    except TypeError:
        return True
    return False


@pytest.mark.parametrize("form", FORMS)
def test_closed_forms_print(form):
    shown, text = sympy.latex(form), str(form)
    assert r"\left(2\right)^" not in shown and "RealPower" not in shown + text
    again = eval(sympy.srepr(form), NODES)
    if again != form:  # SymPy factors roots of integers further when it makes them again
        values = dict(zip(*_symbols(form), strict=True))
        one, other = (x.subs(values).evalf(30) for x in (again, form))
        assert abs(one - other) <= 1e-25 * abs(other)
    form = form.rewrite(sympy.gamma) if form.has(sympy.binomial) else form  # which most languages lack
    for printer in PRINTERS:
        if printer in (sympy.rust_code, sympy.jscode) and form.has(sympy.gamma):  # they have none
            continue
        if printer is sympy.mathematica_code and form.has(sympy.Piecewise):  # SymPy prints none for Mathematica
            continue
        if printer in SLOW_PRINTERS and len(text) > 2000 and form.has(sympy.Max):
            continue
        shown = _without_condition(form)
        if printer is sympy.rust_code and _fails(printer, shown):
            assert _fails(printer, shown.rewrite(sympy.Pow))  # SymPy's own nodes do, too
            continue
        assert "RealPower" not in printer(shown)
    rewritten = form.rewrite(sympy.Pow)
    assert not any(not power.is_number for power in rewritten.atoms(RealPower))


@pytest.mark.parametrize("form", FORMS)
def test_closed_forms_have_derivatives(form):
    symbols, numbers = _symbols(form)
    for i, symbol in enumerate(symbols):
        slope = form.diff(symbol)
        assert not slope.has(sympy.Subs, sympy.Derivative)
        if i:
            continue
        with mpmath.workdps(40):
            derivative, value = (sympy.lambdify(symbols, f, "mpmath", cse=True) for f in (slope, form))
            rest = [mpmath.mpf(x.p) / x.q for x in numbers[1:]]
            at, h = mpmath.mpf(numbers[0].p) / numbers[0].q, mpmath.mpf(10) ** -15
            difference = (value(at + h, *rest) - value(at - h, *rest)) / (2 * h)
            assert abs(derivative(at, *rest) - difference) <= 1e-10 * abs(difference) + mpmath.mpf(10) ** -20


def test_lambdify_of_the_first_example():
    form = ab.lower_bound(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=W, depth=L, degree=1), p=2).expression
    exact = float(form.evalf(subs={W: 100, L: 3}))
    for modules in (None, "numpy", "mpmath", "math"):
        assert float(sympy.lambdify((W, L), form, modules)(100, 3)) == pytest.approx(exact, rel=1e-14)
    grid = sympy.lambdify((W, L), form)(np.array([100, 10**4]), np.array([3, 30]))
    assert grid.shape == (2,) and grid[0] == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=d), ab.LipschitzBall(dim=2), ab.HolderBall(smoothness=0.7, dim=3)])
def test_closed_forms_have_limits(F):
    form = ab.lower_bound(F, ab.NetworkSize(weights=W, depth=L, degree=1), p=2).expression
    assert sympy.limit(form, W, sympy.oo) == 0


def test_closed_forms_have_series():
    form = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=D), p=2).expression
    x = sympy.Symbol("x", positive=True)
    at_infinity = form.subs(D, 1 / x)
    assert sympy.limit(form * D, D, sympy.oo) == sympy.limit(at_infinity / x, x, 0, "+") == sympy.sqrt(3) / 144
    expansion = sympy.series(form, D, 5, 3)
    assert float(expansion.removeO().subs(D, 5.01)) == pytest.approx(float(form.subs(D, 5.01)), rel=1e-6)


@pytest.mark.parametrize("value", [1800, 10**6, sympy.Rational(1800, 7**5), 10**12])
def test_numbers_in_place_of_symbols_never_explode(value):
    forms = [
        ab.lower_bound(F, G, p=p).expression
        for F in (ab.HolderBall(smoothness=0.7, dim=1), ab.LipschitzBall(dim=1))
        for G in (ab.LinearSpace(dimension=D), ab.NetworkSize(weights=D, depth=3))
        for p in (2, 2.3)
    ]
    for form in forms:
        inserted = form.subs(D, value)
        assert len(str(inserted)) < 2000 and len(sympy.latex(inserted)) < 4000
        assert float(inserted) == pytest.approx(float(sympy.lambdify(D, form)(float(value))), rel=1e-9)
        assert float(inserted * 3 + inserted**2) > 0 and eval(sympy.srepr(inserted), NODES) == inserted


def test_rates_have_one_exponent_and_cases_outside_of_it():
    rate = ab.lower_bound(ab.LipschitzBall(dim=5), ab.NetworkSize(weights=W, depth=L), p=2).rate
    assert str(rate) == "(L*W*log(W))**(-1/5)"
    sup = ab.lower_bound(ab.MonotoneFunctions(dim=d), ab.NetworkSize(weights=W, depth=L), p="inf").rate
    assert isinstance(sup, sympy.Piecewise) and not any(x.exp.has(sympy.Piecewise) for x in sup.atoms(sympy.Pow))


def test_symbols_are_substituted_as_documented():
    bound = ab.lower_bound(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=W, depth=L, degree=1), p=2)
    numbers = {symbol: {"W": 100, "L": 3}[symbol.name] for symbol in bound.expression.free_symbols}
    assert bound.expression.subs(numbers).is_number and bound.expression.subs({"W": 100}) == bound.expression


def numbers(kind):
    """Certified bounds on a class of functions or networks, by every theorem that has one."""
    for record in examples(kind, most=3):
        if isinstance(record, ab.FunctionClass):
            G = ab.ReLUNetwork(widths=(60,) * 4, input_dim=record.domain_dim or 2)
            H = ab.LipschitzFunctions(constant=2, input_dim=record.domain_dim or 2)
            for p in (1, "3/2", "inf"):
                yield from (*ab.lower_bounds(record, G, p=p), *ab.upper_bounds(record, G, p=p))
                yield from (*ab.lower_bounds(record, H, p=p), *ab.upper_bounds(record, H, p=p))
        else:
            yield record.pseudo_dimension() if record.bounded_growth else record.fat_shattering("1/9")
            yield from ab.lower_bounds(ab.LipschitzBall(dim=record.domain_dim or 1), record, p=2)


@pytest.mark.parametrize("kind", [*ab.FUNCTION_CLASSES.values(), *ab.NETWORK_CLASSES.values()])
def test_the_formula_is_the_value(kind):
    for bound in numbers(kind):
        if bound.number is not None:
            exact = bound.formula.evalf(20)
            exact = sympy.floor(exact) if bound.theorem.integral else exact
            assert abs(exact - bound.value) <= 1e-12 * abs(bound.value), bound
            assert len(str(bound.formula)) < 3000 and sympy.latex(bound.formula)


def test_there_is_no_formula_without_a_value():
    with pytest.raises(ab.NoNumberError):
        _ = ab.lower_bound(ab.LipschitzBall(dim=d), ab.LinearSpace(dimension=D), p=2).formula
