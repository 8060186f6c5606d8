"""How small a monic polynomial can be: the constants of the theorems on curvature. THEORY.md, Tcurv."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import factorial, floor

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, Arithmetic, V, floor_float, precision, spend
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["monic_norm", "unit_ball_volume"]

_HIGHEST_DEGREE = 8  # up to which other exponents than 1, 2 and infinity get constants of their own,
_HIGHEST_EXPONENT = 64  # and up to which exponent
_CELLS = 128
_STEPS = 8  # of Newton's method for one exponent


def monic_norm(A: Arithmetic[V], degree: int, p: Number) -> V:
    """A lower bound on kappa = inf ||x^m - q||_{L^p[0,1]} over polynomials q of degree < m.

    kappa = 2 4^{-m} for p = inf (Chebyshev), 4^{-m} for p = 1, m!^2/((2m)! sqrt(2m+1)) for p = 2 (Legendre), and
    (p+1)^{-1/p}/2 for m = 1. For other p, if m <= 8 and p <= 64, by duality, within a thousandth for p >= 5/4; kappa
    increases with p, so else it is at least the value for a smaller exponent.
    """
    m = degree
    if is_infinite(p):
        return A.number(2) / A.number(4**m)
    if m == 1:
        P = A.number(p)
        return A.power(P + 1, -1 / P) / 2
    if is_symbolic(p) or p == 1:
        return 1 / A.number(4**m)
    leading = Fraction(factorial(m) ** 2, factorial(2 * m))
    legendre = A.number(leading) / A.power(A.number(2 * m + 1), A.number(1) / 2)
    known = legendre if p >= 2 else 1 / A.number(4**m)
    if p == 2 or m > _HIGHEST_DEGREE:
        return known
    return A.maximum(known, A.number(_dual_bound(m, min(p, _HIGHEST_EXPONENT)) / 2**m))


@lru_cache(maxsize=256)
def _dual_bound(m: int, p: Number) -> Fraction:
    """A lower bound, proved in balls, on (int_0^1 |t^m - q|^p)^{1/p} over q of the parity of t^m and of degree < m.

    For g, constant on cells, with int g t^k = 0 for all powers of q: int g t^m <= ||t^m - q||_p ||g||_p'. The g is that
    of the polynomial whose means over the cells are least, with what rounding left of its integrals removed exactly.
    """
    places = [Fraction(round(2**20 * float(t)), 2**20) for t in np.sin(np.pi / 2 * np.arange(_CELLS + 1) / _CELLS)]
    powers = range(m % 2, m + 1, 2)
    spend(12_000 * len(powers))
    lengths = np.diff(np.array(places))
    rows = [np.diff(np.array([t ** (k + 1) for t in places])) / (k + 1) for k in powers]  # int t^k over the cells
    weights = lengths.astype(float)
    g = np.array([Fraction(value) for value in _density(np.array(rows, float) / weights, weights, float(p)).tolist()])
    orthogonal: list[NDArray[np.object_]] = []
    for row in (*rows[:-1], g):
        rest = row
        for other in orthogonal:
            rest = rest - (rest @ other) / (other @ other) * other
        orthogonal.append(rest)
    g, dual = orthogonal[-1], Fraction(p) / (Fraction(p) - 1)
    with precision(64):
        total = BALL.number(0)
        for length, value in zip(lengths, g, strict=True):
            if value:
                total = total + BALL.number(length) * BALL.power(BALL.number(abs(value)), BALL.number(dual))
        proved = floor_float(BALL.number(g @ rows[-1]) / BALL.power(total, BALL.number(1 / dual)))
    return Fraction(floor(Fraction(max(proved, 0.0)) * 10**7), 10**7)  # -inf where the powers are too high for 64 bits


def _density(means: NDArray[np.float64], weights: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    """|r|^{p-1} sign(r), in units of 2^-40, for the r = last row - combination of the others with the least norm.

    By Newton's method, for exponents from 2 on to p.
    """
    *lower, target = means
    basis = np.array(lower).T
    combination = np.zeros(len(lower))
    exponents = 2 * (p / 2) ** np.linspace(0, 1, 9)
    for exponent in exponents.repeat(_STEPS):
        rest = target - basis @ combination
        scale = weights * np.maximum(np.abs(rest) / np.abs(rest).max(), 1e-9) ** (exponent - 2)
        change = np.linalg.lstsq(basis * np.sqrt(scale)[:, None], rest * np.sqrt(scale), rcond=None)[0]
        combination = combination + change / max(exponent - 1, 1.0)
    rest = (target - basis @ combination) / np.abs(target - basis @ combination).max()
    density: NDArray[np.float64] = np.round(np.sign(rest) * np.abs(rest) ** (p - 1) * 2**40)
    return density


def unit_ball_volume(A: Arithmetic[V], dim: int) -> V:
    """pi^(d/2) / Gamma(d/2 + 1), with log pi = 2 log Gamma(1/2)."""
    half = A.number(1) / 2
    return A.exp(dim * A.log_gamma(half) - A.log_gamma(dim * half + 1))
