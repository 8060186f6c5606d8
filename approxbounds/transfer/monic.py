"""How small a monic polynomial can be: the constants of the theorems on curvature. THEORY.md, Tcurv."""

from __future__ import annotations

from math import factorial

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["monic_norm", "unit_ball_volume"]


def monic_norm(A: Arithmetic[V], degree: int, p: Number) -> V:
    """A lower bound on kappa = inf ||x^m - q||_{L^p[0,1]} over polynomials q of degree < m.

    kappa = 2 4^{-m} for p = inf (Chebyshev), 4^{-m} for p = 1, m!^2/((2m)! sqrt(2m+1)) for p = 2 (Legendre), and
    (p+1)^{-1/p}/2 for m = 1. It increases with p, so other p take the value of the exponent 1 or 2 below.
    """
    m = degree
    if is_infinite(p):
        return A.number(2) / A.number(4**m)
    if m == 1:
        P = A.number(p)
        return A.power(P + 1, -1 / P) / 2
    if is_symbolic(p) or p < 2:
        return 1 / A.number(4**m)
    return A.number(factorial(m) ** 2) / A.number(factorial(2 * m)) / A.power(A.number(2 * m + 1), A.number(1) / 2)


def unit_ball_volume(A: Arithmetic[V], dim: int) -> V:
    """pi^(d/2) / Gamma(d/2 + 1), with log pi = 2 log Gamma(1/2)."""
    half = A.number(1) / 2
    return A.exp(dim * A.log_gamma(half) - A.log_gamma(dim * half + 1))
