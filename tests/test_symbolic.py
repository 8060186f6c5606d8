"""Closed forms and rates with the exact values of floats, whose fractions have many digits, stay small and quick."""

import pickle

import pytest
import sympy

import approxbounds as ab
from approxbounds.symbolic import RealPower, power

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
    assert isinstance(lazy, RealPower) and lazy.is_positive
    assert float(lazy.evalf(30)) == pytest.approx(1202**0.3, rel=1e-15)
    assert float((3 * lazy**2 + 1).evalf(30)) == pytest.approx(3 * 1202**0.6 + 1, rel=1e-15)
    assert sympy.Max(lazy, 8) == lazy and pickle.loads(pickle.dumps(lazy)) == lazy
    assert "1202" in sympy.latex(lazy) and "1202" in str(lazy)
    x = sympy.Symbol("x", positive=True)
    assert power(x, exponent) == x**exponent and power(sympy.Integer(9), sympy.Rational(1, 2)) == 3


def test_rates_of_numbers_are_in_symbols_of_the_sizes():
    W, L = sympy.symbols("W L", positive=True)
    rate = ab.lower_bound(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=10**6, depth=12), p=2).rate
    assert sympy.simplify(rate - 1 / sympy.sqrt(L * W * sympy.log(W))) == 0
