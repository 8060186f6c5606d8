"""The perfect spline psi of order s on [0,1]: its height, bounds on its derivatives, and means of its powers.

psi^(s) = +-sign of the Chebyshev polynomial U_s(2y-1): it changes at the knots (1 - cos(j pi/(s+1)))/2, 0 < j <= s, and
psi vanishes to order s at both ends. So psi = sum_j c_j (y - t_j)_+^s / s!, with c_0 = 1 at t_0 = 0 and c_j = 2 (-1)^j.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import factorial, prod
from typing import Any

import flint

from approxbounds.arithmetic import BALL, Arithmetic, V, integer, precision

__all__ = [
    "MOST_ORDER",
    "MOST_POWER",
    "derivative_amplitude",
    "derivative_bound",
    "height",
    "mean_power",
    "norms",
    "partitions",
    "pieces",
    "short_above",
]

#: The largest s, and the largest power, for which derivatives and means are enclosed.
MOST_ORDER = 8
MOST_POWER = 32
_BITS = 320  # accuracy of the enclosures, whatever the precision in force
_GRID = 1024
_SHORT = 40  # bits
_DIGITS = 10**40  # bounds are rational numbers with so many decimals, rounded to the safe side


def height(A: Arithmetic[V], s: int) -> V:
    """sup |psi| = |psi(1/2)| = (2^{-s}/s!) |1 + 2 sum_{0<j<(s+1)/2} (-1)^j cos^s(j pi/(s+1))|."""
    total = A.number(1)
    for j in range(1, (s + 2) // 2):
        power = A.cos_pi(Fraction(j, s + 1)) ** s
        total = total + 2 * power if j % 2 == 0 else total - 2 * power
    return A.maximum(total, -total) / A.number(2**s * factorial(s))


def _above(value: Any) -> Fraction:
    return Fraction(integer((value * _DIGITS).upper().ceil()), _DIGITS)


def _below(value: Any) -> Fraction:
    return Fraction(integer((value * _DIGITS).lower().floor()), _DIGITS)


def short_above(value: Any) -> Fraction:
    """A number just above a positive ball with few digits: SymPy factors what is below a root or a power."""
    bits = _SHORT - int(value.upper().ceil().unique_fmpz()).bit_length()
    return Fraction(integer((value * flint.arb(2) ** bits).upper().ceil())) / Fraction(2) ** bits


def pieces(s: int) -> tuple[tuple[Any, Any, Any], ...]:
    """The ends of the intervals between the knots, and psi on each."""
    knots = [(1 - flint.arb.cos_pi_fmpq(flint.fmpq(j, s + 1))) / 2 for j in range(s + 2)]
    total, found = flint.arb_poly([0]), []
    for j in range(s + 1):
        factor = flint.arb(1 if j == 0 else 2 * (-1) ** j) / factorial(s)
        total = total + factor * flint.arb_poly([-knots[j], 1]) ** s
        found.append((knots[j], knots[j + 1], total))
    return tuple(found)


@lru_cache(maxsize=64)
def derivative_bound(s: int, i: int) -> Fraction:
    """A rational number just above sup |psi^(i)|, 1 <= i <= s <= MOST_ORDER.

    psi^(s-1) is affine between the knots. For i < s - 1 the largest value is at a zero of psi^(i+1), at most
    1/(2N) from a point of the grid of step 1/N, so it is at most that of the grid plus sup |psi^(i+2)|/(8 N^2).
    (At the ends all these derivatives are 0, and both halves are alike.)

    >>> derivative_bound(3, 3), round(float(derivative_bound(2, 1)), 6)
    (Fraction(1, 1), 0.25)
    """
    if i == s:
        return Fraction(1)
    with precision(_BITS):
        derived = []
        for low, high, poly in pieces(s):
            for _ in range(i):
                poly = poly.derivative()
            derived.append((low, high, poly))
        if i == s - 1:
            found, more = [abs(poly(low)) for low, _, poly in derived], Fraction(0)
        else:
            found = []
            for g in range(_GRID // 2 + 1):
                y = flint.arb(flint.fmpq(g, _GRID))
                # at a knot either piece will do
                found.append(abs(next(poly(y) for _, high, poly in derived if not y > high)))
            more = derivative_bound(s, i + 2) / (8 * _GRID**2)
        return max(map(_above, found)) + more


@lru_cache(maxsize=256)
def mean_power(s: int, q: int) -> Fraction:
    """A rational number just below the mean of (psi/psi(1/2))^q on [0,1], 1 <= q <= MOST_POWER, s <= MOST_ORDER.

    >>> round(float(mean_power(2, 1)), 6)
    0.5
    """
    with precision(_BITS + 100 * q):  # the terms of a power cancel
        total = flint.arb(0)
        for low, high, poly in pieces(s):
            integral = (poly**q).integral()
            total += integral(high) - integral(low)
        return _below(abs(total) / height(BALL, s) ** q)


def norms(s: int) -> list[Any]:
    """q_i = sup |psi^(i)|/psi(1/2), 0 <= i <= s, in balls and bounded above."""
    top = height(BALL, s)
    return [flint.arb(1), *(BALL.number(derivative_bound(s, i)) / top for i in range(1, s + 1))]


@lru_cache(maxsize=256)
def derivative_amplitude(s: int, dim: int) -> Fraction:
    """A number just below 1/max_{|m|<=s} prod_j q_{m_j}, m in ``dim`` variables: one over the largest sup |D^m|."""
    with precision(_BITS):
        q = norms(s)
        largest = [prod((q[i] for i in m), start=flint.arb(1)) for n in range(s + 1) for m in partitions(n, dim)]
        return min(_below(1 / value) for value in largest)


def partitions(total: int, parts: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """The ways to write ``total`` as a sum of at most ``parts`` positive integers, in decreasing order.

    >>> list(partitions(4, 2))
    [(4,), (3, 1), (2, 2)]
    """
    if total == 0:
        yield ()
    elif parts > 0:
        for first in range(min(total, largest or total), 0, -1):
            yield from ((first, *rest) for rest in partitions(total - first, parts - 1, first))
