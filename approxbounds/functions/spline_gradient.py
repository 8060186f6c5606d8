"""The largest gradient of D^m (psi(t_1) .. psi(t_d)) for the perfect spline psi of order r, |m| = r-1. THEORY.md, 2.2.

Its square is sum_j y_j prod_{l != j} x_l with x_j = psi^(i)(t_j)^2, y_j = psi^(i+1)(t_j)^2, i = m_j. A set of points
(x, y) is described by its supports: numbers s_k >= y + c_k x for some slopes 0 = c_0 < c_1 < .., and s >= x. Where the
lines y + c_k x = s_k and x = s meet in turn are corners, and each point is dominated by one of the polyline through
them, as that is a line y + c_k x = s_k wherever it is. Two sets give that of all (x x', x y' + y x'); as this is affine
in either point, its supports are those of the products of corners. For all coordinates s_0 bounds the square.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, product
from math import prod
from typing import Any, TypeAlias

from approxbounds.arithmetic import BALL, precision
from approxbounds.functions.perfect_spline import height, norms, partitions, pieces, short_above

__all__ = ["derivative_and_gradient"]

#: Balls s_0, s_1, .., and s.
_Supports: TypeAlias = tuple[Any, ...]
_BITS = 128
_POINTS = 128  # of each piece of psi
_STEPS = 7  # slopes: powers of sqrt(2) around the one that matters for m = (r-1, 0, .., 0)


@lru_cache(maxsize=16)
def _slopes(r: int) -> tuple[Any, ...]:
    """c_0, c_1, .."""
    q = norms(r)
    root = BALL.number(2).sqrt()
    return (BALL.number(0), *((q[r] / q[r - 1]) ** 2 * root**j for j in range(-_STEPS, _STEPS + 1)))


@lru_cache(maxsize=64)
def _curve(r: int, i: int) -> _Supports:
    """Of all (psi^(i)^2, psi^(i+1)^2), psi(1/2) = 1: the largest at points of step h, and what may be between them.

    For i = r-1 the second number is constant.
    """
    q = [*norms(r), BALL.number(0), BALL.number(0)]
    if i == r - 1:
        return (*(q[r] ** 2 + c * q[i] ** 2 for c in _slopes(r)), q[i] ** 2)
    found, top = list[_Supports](), height(BALL, r)
    for low, high, piece in pieces(r):
        if low > 0.499:  # the right half is alike
            break
        poly = piece
        for _ in range(i):
            poly = poly.derivative()
        slope, h = poly.derivative(), (high - low) / _POINTS
        values = [(poly(t) / top, slope(t) / top) for t in (low + g * h for g in range(_POINTS + 1))]
        points = [(x * x, y * y) for x, y in values]  # a power of a ball around 0 is not a number
        bend = (q[i + 1] ** 2 + q[i] * q[i + 2], q[i + 2] ** 2 + q[i + 1] * q[i + 3])  # halves of second derivatives
        more = [h**2 / 4 * second for second in bend]
        lines = [BALL.maximum(*(y + c * x for x, y in points)) + more[1] + c * more[0] for c in _slopes(r)]
        found.append((*lines, BALL.maximum(*(x for x, _ in points)) + more[0]))
    return tuple(BALL.maximum(*column) for column in zip(*found, strict=True))


def _corners(supports: _Supports, slopes: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    *lines, last = supports
    found = []
    for (c, s), (steeper, following) in pairwise(zip(slopes, lines, strict=True)):
        x = (following - s) / (steeper - c)
        found.append((x, s - c * x))
    return [*found, (last, lines[-1] - slopes[-1] * last)]


def _product(one: _Supports, other: _Supports, slopes: tuple[Any, ...]) -> _Supports:
    """The supports of all (x x', x y' + y x')."""
    both = product(_corners(one, slopes), _corners(other, slopes))
    points = [(x * u, x * v + y * u) for (x, y), (u, v) in both]
    return (*(BALL.maximum(*(y + c * x for x, y in points)) for c in slopes), one[-1] * other[-1])


@lru_cache(maxsize=1024)
def _power(r: int, number: int) -> _Supports:
    """For so many factors psi."""
    if number == 1:
        return _curve(r, 0)
    half = number // 2
    return _product(_power(r, half), _power(r, number - half), _slopes(r))


@lru_cache(maxsize=1024)
def _derivatives(r: int, m: tuple[int, ...]) -> _Supports:
    """For the product of all psi^(i), i in m."""
    last = _curve(r, m[-1])
    return last if len(m) == 1 else _product(_derivatives(r, m[:-1]), last, _slopes(r))


@lru_cache(maxsize=1024)
def derivative_and_gradient(r: int, dim: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """For all m, |m| = r-1, in ``dim`` variables numbers just above sup |D^m phi| and the largest gradient of D^m phi.

    phi = prod_j psi(t_j)/psi(1/2), 2 <= r <= MOST_ORDER. Pairs of which both are not larger than those of another m are
    left out, without a closer look if that is so already with the product of all suprema in place of the supremum.

    >>> [(round(float(largest), 2), round(float(slope), 2)) for largest, slope in derivative_and_gradient(2, 2)]
    [(4.0, 17.89)]
    """
    found: list[tuple[Fraction, Fraction]] = []
    with precision(_BITS):
        q = norms(r)
        for m in partitions(r - 1, dim):
            others, largest = dim - len(m), prod(q[i] for i in m)
            roughly = largest * (others * q[1] ** 2 + sum((q[i + 1] / q[i]) ** 2 for i in m)).sqrt()
            if any(largest <= BALL.number(a) and roughly <= BALL.number(b) for a, b in found):
                continue
            total = _derivatives(r, m)
            if others:
                total = _product(total, _power(r, others), _slopes(r))
            found.append((short_above(largest), short_above(total[0].sqrt())))
    return tuple(pair for pair in found if not any(pair[0] < a and pair[1] < b for a, b in found))
