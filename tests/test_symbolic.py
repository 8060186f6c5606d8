"""Closed forms and rates with the exact values of floats, whose fractions have many digits, stay small and quick."""

import pickle
import random
import re
from math import comb

import mpmath
import pytest
import sympy

import approxbounds as ab
from approxbounds.arithmetic import BALL, SYMBOLIC, precision
from approxbounds.symbolic import LogBinomial, LogBinomialSum, RealPower, exponential, extreme, power

CLASSES = [
    ab.HolderBall(smoothness=0.3, dim=1),
    ab.HolderBall(smoothness=1.7, dim=2, radius=0.6),
    ab.SobolevBall(smoothness=2, dim=1, integrability=2),
    ab.AnisotropicHolderBall(smoothness=(0.3, 1.1)),
    ab.ConvexFunctions(dim=2),
    ab.MonotoneFunctions(dim=2),
]


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("p", [2, 2.1, "inf"])
def test_closed_forms_and_rates_of_floats(F, p):
    for G in (ab.LinearSpace(dimension=100), ab.NetworkSize(weights=1800, depth=6)):
        for bound in ab.lower_bounds(F, G, p=p):
            assert len(str(bound.rate)) < 400 and bound.latex
            if bound.number is None:
                continue
            try:
                expression = bound.expression
            except ab.NoExpressionError:
                continue
            assert len(str(expression)) < 2000
            assert 0 < float(expression.evalf(30)) <= bound.value * (1 + 1e-12)
    if not isinstance(F, ab.AnisotropicHolderBall):  # no closed form is known there
        packing = F.packing("1/200", p=p)
        assert float(packing.expression.evalf(30)) <= packing.value * (1 + 1e-12)


def test_real_power_is_the_power():
    exponent = sympy.Rational(0.3)
    lazy = power(sympy.Integer(1202), exponent)
    assert lazy.has(RealPower) and lazy.is_positive
    assert len(str(lazy * power(sympy.Integer(2), exponent))) < 200  # SymPy's own powers: 10^15 bits, for 2404^0.3
    assert float(lazy.evalf(30)) == pytest.approx(1202**0.3, rel=1e-15)
    assert float((3 * lazy**2 + 1).evalf(30)) == pytest.approx(3 * 1202**0.6 + 1, rel=1e-15)
    assert sympy.Max(lazy, 8) == lazy and pickle.loads(pickle.dumps(lazy)) == lazy
    assert "1202" in sympy.latex(lazy) and "1202" in str(lazy)
    x = sympy.Symbol("x", positive=True)
    assert power(x, exponent).rewrite(sympy.Pow) == x**exponent and power(x, exponent).subs(x, 1202) == lazy
    assert power(sympy.Integer(9), sympy.Rational(1, 2)) == 3
    assert not power(sympy.Integer(12), sympy.Rational("0.3")).has(RealPower)  # decimals are short


def test_rates_of_numbers_are_in_symbols_of_the_sizes():
    W, L = sympy.symbols("W L", positive=True)
    rate = ab.lower_bound(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=10**6, depth=12), p=2).rate
    assert sympy.simplify(rate - 1 / sympy.sqrt(L * W * sympy.log(W))) == 0


LARGE = [
    (ab.HolderBall(smoothness=2, dim=2), 3000),
    (ab.HolderBall(smoothness=2, dim=2), 10**6),
    (ab.HolderBall(smoothness=50, dim=1000), 2),
    (ab.HolderBall(smoothness="50.3", dim=1000), 2),
    (ab.SobolevBall(smoothness=3, dim=1000, integrability=1), 2),
    (ab.ConvexFunctions(dim=2), 3000),
    (ab.ConvexFunctions(dim=1000), 10**6),
    (ab.AnisotropicHolderBall(smoothness=tuple(range(1, 21))), 1000),
    (ab.AnisotropicHolderBall(smoothness=tuple(range(1, 21))), 10**6),
    (ab.AnisotropicHolderBall(smoothness=(7, "1/100")), 1000),
    (ab.AnisotropicHolderBall(smoothness=("7/5", "50.3")), "3.7"),
]


@pytest.mark.parametrize(("F", "p"), LARGE, ids=str)
def test_closed_forms_with_large_powers(F, p):
    """They print shortly, and have the values that balls give."""
    G, family = ab.ReLUNetwork(widths=(16, 9), input_dim=F.domain_dim), F.families[0]
    for bound in ab.lower_bounds(F, G, p=p):
        if bound.theorem.id == "T3" or (bound.theorem.id == "T2a" and family.peak_ratio(SYMBOLIC, 2) is not None):
            shown, value = str(bound.expression), sympy.N(bound.expression, 20)
            assert len(shown) < 3000 and len(sympy.latex(bound.expression)) < 5000
            assert 0 < value <= bound.value * (1 + 1e-12)
    exponent = ab.lower_bound(F, G, p=p).query.p
    with precision(2000):
        for cells in (5, 10**9):
            ball = family.least_norm(BALL, BALL.number(cells), exponent)
            form = family.least_norm(SYMBOLIC, SYMBOLIC.number(cells), exponent)
            assert abs(mpmath.mpf(str(form.evalf(40))) / mpmath.mpf(ball.mid().str(60, radius=False)) - 1) < 1e-15
        ratio = family.peak_ratio(BALL, exponent)
        if ratio is not None:
            form = family.peak_ratio(SYMBOLIC, exponent).evalf(40)
            assert abs(mpmath.mpf(str(form)) / mpmath.mpf(ratio.mid().str(60, radius=False)) - 1) < 1e-25


@pytest.mark.parametrize("cls", [ab.ConvexFunctions, ab.MonotoneFunctions])
def test_closed_forms_in_symbols_of_dimension_and_norm(cls):
    d, p = sympy.symbols("d p", positive=True)
    bound = ab.lower_bound(cls(dim=d), ab.ReLUNetwork(widths=(8,), input_dim=d), p=p)
    assert bound.theorem.id == "T3" and len(bound.latex) < 2000 and bound.latex in bound.explain()
    bounds = ab.lower_bounds(cls(dim=2), ab.ReLUNetwork(widths=(8,), input_dim=2), p=3)
    concrete = next(bound for bound in bounds if bound.theorem.id == "T3")
    value = sympy.N(bound.expression.subs({d: 2, p: 3}), 20)  # of a larger P, by the closed form
    assert 0.1 * concrete.value < 10 * value < concrete.value * 10


B, D, K, L, Lambda, R, T, U, W, d, k, n, nu, r, s = sympy.symbols("B D K L Lambda R T U W d k n nu r s", positive=True)
NAMED_AS_IN_THE_TEXT = [
    ab.NetworkSize(weights=W, depth=L, degree=nu, pieces=K, units=U),
    ab.ReLUNetwork(widths=(W, W), input_dim=d),
    ab.SkipNetwork(widths=(W,), input_dim=d),
    ab.RecurrentNetwork(hidden=n, inputs=1, steps=T),
    ab.LinearSpace(dimension=D),
    ab.PiecewisePolynomials(cells=n, degree=r, input_dim=d),
    ab.BoundedLinear(norm=B, input_dim=d),
    ab.NormBoundedNetwork(norms=(R, R), input_dim=d),
    ab.LipschitzFunctions(constant=Lambda, input_dim=d),
    ab.HolderBall(smoothness=s, dim=d, radius=R),
    ab.LipschitzBall(dim=d, radius=R),
    ab.SobolevBall(smoothness=2, dim=d, integrability=2, radius=R),
    ab.AnisotropicHolderBall(smoothness=(s, 1), radius=R),
    ab.MonotoneFunctions(dim=d),
    ab.ConvexFunctions(dim=d),
    ab.BarronBall(dim=d, power=k),
]


@pytest.mark.parametrize("described", NAMED_AS_IN_THE_TEXT, ids=str)
def test_no_symbol_is_said_to_be_itself(described):
    texts = [described.definition]
    if hasattr(described, "families"):
        texts += [family.describe(None) for family in described.families]
    for text in texts:
        assert text.count("$") % 2 == 0 and not re.search(r"\b(\w+)=\1\$", text.replace("\\", " "))


def test_values_are_said():
    assert "with $d=2$, $R=1$:" in ab.HolderBall(smoothness=s, dim=2).definition
    assert "$R=d$" in ab.LipschitzBall(dim=d, radius=d).definition
    text = ab.NetworkSize(weights=W, depth=3).definition
    assert "$W$ parameters, each used once, $L=3$ layers and at most $U=W$ hidden units" in text


def test_real_power_with_symbols():
    n = sympy.Symbol("n", positive=True)
    lazy = RealPower(2, -n)
    assert lazy.evalf() == lazy and float(lazy.subs(n, 3).evalf()) == 1 / 8
    assert str(lazy) == "2**(-n)" and sympy.latex(lazy**3) == r"\left(2^{- n}\right)^{3}"
    huge = RealPower(1 + sympy.pi, 10**15)
    with mpmath.workdps(60):
        exact = (1 + mpmath.pi) ** 10**15
    assert abs(mpmath.mpf(str((huge / sympy.Float(exact, 60)).evalf(30))) - 1) < 1e-14


def test_large_powers_stay_as_they_are():
    for base, exponent in ((3, 10**6), (10**310, sympy.Rational(1, 7)), (2**600, 5), (sympy.Rational(1, 3**700), 2)):
        assert isinstance(power(sympy.sympify(base), sympy.sympify(exponent)), RealPower)
    assert power(sympy.Integer(2), sympy.Integer(400)) == 2**400


def test_exponentials_of_logarithms():
    x, y = sympy.symbols("x y", positive=True)
    assert exponential(sympy.Integer(1)) == sympy.E and exponential(sympy.Integer(0)) == 1
    assert exponential(2 * (sympy.log(3) + x * sympy.log(y) - 1)) == 9 * y ** (2 * x) * sympy.exp(-2)


def test_minimum_of_numbers_and_symbols():
    x = sympy.Symbol("x", positive=True)
    near, equal = sympy.sqrt(2) + sympy.Rational(1, 10**25), sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(3)
    assert extreme((sympy.Integer(3), sympy.pi, sympy.Integer(3)), least=True) == 3
    assert extreme((sympy.Integer(3), x), least=True) == sympy.Min(3, x)
    assert extreme((near, sympy.sqrt(2)), least=True) == sympy.sqrt(2)
    assert extreme((near, sympy.sqrt(2), sympy.Integer(1)), least=False) == near
    both = extreme((equal, sympy.sqrt(2), sympy.Integer(7)), least=True)
    assert set(both.args) == {equal, sympy.sqrt(2)} and float(both) == pytest.approx(2**0.5)
    negative = -sympy.sqrt(2), sympy.Integer(-2), (1 - sympy.sqrt(2)) ** 3  # no power of a negative number is enclosed
    assert extreme(negative, least=True) == -2 and extreme(negative, least=False) == negative[2]
    assert extreme((sympy.pi, sympy.cos(1)), least=True) == sympy.cos(1)


@pytest.mark.parametrize("seed", range(30))
def test_least_and_largest_of_nested_numbers(seed):
    """Against values to 60 digits by SymPy."""
    draw = random.Random(seed)
    numbers = [sympy.Rational(draw.randint(1, 9), draw.randint(1, 9)) for _ in range(5)]
    for _ in range(25):
        a, b = draw.sample(numbers, 2)
        root = power(a + b, sympy.Rational(draw.randint(-3, 3), draw.randint(1, 5)))
        numbers.append(draw.choice([a - b, a * b, root, sympy.log(1 + abs(a)), extreme((a, b), least=True)]))
        numbers = [x for x in numbers if x.is_positive]
    values = [x.evalf(60) for x in numbers]
    for least, best in ((True, min(values)), (False, max(values))):
        assert abs(extreme(tuple(numbers), least=least).evalf(60) - best) <= best * sympy.Float("1e-20")


def growing_bounds():
    """Upper bounds on complexities of symbolic sizes, by every method, and one ratio of sizes for each class."""
    W, L, n, T, d, k, b, B, gamma = sympy.symbols("W L n T d k b B gamma", positive=True)
    sizes = {"hidden": n, "steps": T, "inputs": d}
    for G in (
        ab.NetworkSize(weights=W, depth=3, degree=0),
        ab.NetworkSize(weights=W, depth=L, degree=1),
        ab.NetworkSize(weights=W, depth=L, degree=2),
        ab.NetworkSize(weights=W, depth=L, degree=1, bits=b),
        ab.NetworkSize(weights=W, depth=3, degree=1, bits=3),
        ab.HadamRNN(hidden=n, steps=10, inputs=d, bits=4),
        ab.HadamRNN(**sizes, bits=b, activation="relu"),
        ab.HadamRNN(**sizes, layers=2),
        ab.QORNN(**sizes, recurrent_bits=k, bits=4),
        ab.OrthogonalRNN(**sizes, bits=b),
        ab.RecurrentNetwork(**sizes, activation="relu", bits=4),
        ab.LinearSpace(dimension=n),
        ab.PiecewisePolynomials(cells=n, degree=1, input_dim=2),
        ab.FiniteClass(bits=b),
    ):
        yield G.pseudo_dimension()
    for G in (
        ab.BoundedLinear(norm=B, input_dim=5),
        ab.LipschitzFunctions(constant=B, input_dim=3),
        ab.NormBoundedNetwork(norms=(B, 2), input_dim=3),
    ):
        yield G.fat_shattering(gamma)


@pytest.mark.parametrize("best", list(growing_bounds()), ids=lambda bound: str(bound.query.G))
def test_each_complexity_has_the_rate_of_its_own_method(best):
    """All sizes grow together, and 1/gamma with them: a rate that lacks a logarithm lets the ratio double."""
    found = [best, *(bound for bound in best.others if isinstance(bound, ab.Bound))]
    for bound in found:
        ratio = bound.expression / bound.rate
        small, large = (
            ratio.subs({s: 1 / size if s.name == "gamma" else size for s in ratio.free_symbols})
            for size in (sympy.Integer(100), sympy.Integer(10**4))
        )
        assert 0 < large.evalf(10) < 1.1 * small.evalf(10), bound.theorem.id


@pytest.mark.parametrize(
    ("n", "j"), [(65, 0), (66, 33), (100, 99), (1000, 250), (5001, 2500), (10**9, 70), (10**40, 3)]
)
def test_logarithms_of_binomials(n, j):
    terms = [comb(n, i) for i in range(j + 1)]
    with mpmath.workdps(60):
        for node, exact in ((LogBinomial(n, j), mpmath.log(terms[-1])), (LogBinomialSum(n, j), mpmath.log(sum(terms)))):
            assert abs(mpmath.mpmathify(node.evalf(40)) - exact) <= 1e-38 * exact
            assert eval(sympy.srepr(node), vars(sympy) | {type(node).__name__: type(node)}) == node
            assert float(sympy.lambdify((), node)()) == pytest.approx(float(exact), rel=1e-14)
            assert len(sympy.latex(node) + sympy.ccode(node)) < 150


@pytest.mark.parametrize("smoothness", [("99.123",), ("99.877", "98.77"), ("80.001", "99.999", "97.31"), (100, "1/2")])
@pytest.mark.parametrize("p", [2, "7/3", "inf"])
def test_closed_forms_for_smoothness_with_many_digits_stay_short(smoothness, p):
    """Powers of numbers of 700 bits, which are neither factored for minutes nor written out."""
    W, L = sympy.symbols("W L", positive=True)
    F, G = ab.AnisotropicHolderBall(smoothness=smoothness), ab.NetworkSize(weights=W, depth=L)
    form = ab.lower_bound(F, G, p=p).expression
    assert len(str(form)) < 10_000
    with mpmath.workdps(30):
        value = sympy.lambdify((W, L), form, "mpmath")(100, 3)
        exact = mpmath.mpmathify(form.subs({W: 100, L: 3}).evalf(30))
        assert value > 0 and abs(value - exact) <= mpmath.mpf(10) ** -20 * exact


def test_powers_of_powers_are_printed_with_brackets():
    x = sympy.Symbol("x", positive=True)
    form = 1 / RealPower(x + 1, sympy.Rational(-0.7)) + RealPower(x, sympy.Rational(0.3)) ** 2
    value = 51**0.7 + 50**0.6
    assert form.has(RealPower) and float(form.subs(x, 50)) == pytest.approx(value, rel=1e-12)
    for modules in ("numpy", "mpmath", "math"):
        assert float(sympy.lambdify(x, form, modules)(50)) == pytest.approx(value, rel=1e-12)
    assert eval(str(form), {"x": 50}) == pytest.approx(value, rel=1e-12)
