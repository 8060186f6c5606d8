"""Rates that are known for balls of Sobolev and Besov spaces exactly where they are compact in L^p."""

from fractions import Fraction

import pytest
import sympy

import approxbounds as ab

W, L, P = sympy.symbols("W L p", positive=True)
DEEP = ab.ReLUNetwork(widths=(64,) * 8, input_dim=2)


def known(F, p, G=DEEP):
    return {bound.theorem.id: bound for bound in ab.upper_bounds(F, G, p=p)}.get("known-rate-besov")


@pytest.mark.parametrize("p", [1, 2, 3, 8, "inf"])
@pytest.mark.parametrize("q", [1, "3/2", 2, 4])
@pytest.mark.parametrize("s", [1, 2, 3])
def test_sobolev_balls(s, q, p):
    gap = 1 / Fraction(q) - (0 if p == "inf" else Fraction(1, p))
    bound = known(ab.SobolevBall(smoothness=s, dim=2, integrability=q), p)
    assert (bound is not None) == (Fraction(s, 2) > gap)
    if bound is not None:
        assert sympy.simplify(bound.rate - (W * L) ** (-sympy.Rational(s, 2))) == 0
        assert bound.status is ab.Status.RATE and "Siegel2023" in bound.bibtex() and "Yang2024" in bound.bibtex()


def test_for_all_p_at_once():
    assert (
        known(ab.SobolevBall(smoothness=3, dim=2, integrability=1), P).rate
        == known(ab.SobolevBall(smoothness=3, dim=2, integrability=1), "inf").rate
    )
    assert known(ab.SobolevBall(smoothness=2, dim=2, integrability=1), P) is None  # not for p = inf


def test_anisotropic_balls():
    F = ab.AnisotropicHolderBall(smoothness=("1/2", 2))
    for p in (1, 2, P, "inf"):
        assert sympy.simplify(known(F, p).rate - (W * L) ** sympy.Rational(-2, 5)) == 0
    lower = ab.lower_bound(F, DEEP, p=2).rate  # of the same order up to logarithms
    assert sympy.simplify(lower * (W * L * sympy.log(W)) ** sympy.Rational(2, 5)) == 1


def test_not_for_other_classes_and_networks():
    sobolev = ab.SobolevBall(smoothness=2, dim=2, integrability=2)
    assert known(ab.HolderBall(smoothness=2, dim=2), 2) is None  # known-rate has it
    assert known(ab.MonotoneFunctions(dim=2), 1) is None
    for G in (
        ab.HeavisideNetwork(widths=(64,) * 8, input_dim=2),
        ab.ReLUNetwork(widths=(64,), input_dim=2),
        ab.ReLUNetwork(widths=(64,) * 8, input_dim=2, bias=False),
        ab.LinearSpace(dimension=9),
    ):
        assert known(sobolev, 2, G) is None
