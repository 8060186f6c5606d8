"""How near smooth functions are to polynomials: remainders, projections, monic polynomials. THEORY.md, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, comb, factorial

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.functions import distance_norm
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = [
    "box_taylor_error",
    "monic_norm",
    "near_in_square_mean",
    "projection_error",
    "square_level",
    "sum_norm",
    "taylor_error",
]

_MOST_MOMENT = 32  # up to which moments of |u|_1 on boxes are computed
_EXACT_DIM = 4  # up to which the norms of |u|_1 are computed exactly


def taylor_error(A: Arithmetic[V], dim: int, half: V, p: Number, *, order: Number, whole: int) -> V:
    """A bound, over R, on || f - its Taylor polynomial at the centre ||_p on a cube of side 2 ``half``.

    With n = ``whole`` and e = ``order``: Gamma(e-n+1)/Gamma(e+1) || |u|_1 ||_{ep}^n || |u|_2 ||_{ep}^{e-n}, u uniform
    on |u_j| <= half. Hypotheses: e = n and |D^m f| <= R for |m| = e, the polynomial of degree e - 1; or n < e <= n + 1
    and D^m f, |m| = n, Hölder with exponent e - n and constant R, the polynomial of degree n.
    """
    t = float("inf") if is_infinite(p) else order * p
    size = A.power(sum_norm(A, dim, half, t), A.number(whole)) if whole else A.number(1)
    if whole < order:
        root = A.power(A.number(dim), A.number(Fraction(1, 2)))
        size = size * A.power(distance_norm(A, root * half, 1, t, line=dim == 1), A.number(order - whole))
    return A.exp(A.log_gamma(A.number(order - whole + 1)) - A.log_gamma(A.number(order + 1))) * size


def projection_error(A: Arithmetic[V], degree: int, sides: Sequence[V]) -> V:
    """The largest L^2 distance (a mean) of f from its projection on polynomials of this total degree, on a box.

    Hypothesis: |D^m f| <= 1 for |m| = degree + 1; for p <= 2 it bounds the distance in L^p. With q_m = m!/((2m)!
    sqrt(2m+1)) and the sides h_j it is the root of the sum, over |m| = degree + 1, of prod_j (h_j^{m_j} q_{m_j})^2.
    """
    series = [Fraction(factorial(m), factorial(2 * m)) ** 2 / (2 * m + 1) for m in range(degree + 2)]
    square = _coefficient(A, degree + 1, [side * side for side in sides], series)
    return A.power(square, A.number(Fraction(1, 2)))


def near_in_square_mean(p: Number) -> bool:
    """Whether an L^2 distance bounds that in L^p on a set of measure 1: p <= 2."""
    return not is_symbolic(p) and not is_infinite(p) and bool(p <= 2)


def box_taylor_error(A: Arithmetic[V], halves: Sequence[V], p: Number, *, order: Number) -> V:
    """As :func:`taylor_error`, degree 1 and 1 < e = ``order`` <= 2, on the box of the |u_j| <= a_j, a = ``halves``.

    || |u|_1 ||_t <= sum_j a_j (t+1)^(-1/t), t = ep, and it is at most the norm of order q = ceil(t), exactly a root of
    E |u|_1^q = q! sum_{|m|=q} prod_j a_j^(m_j)/(m_j+1)!; || |u|_2 ||_t <= |a|_2 (t+1)^(-1/t) for t >= 2, else
    |a|_2/sqrt 3. e = 2: |D^m f| <= R for |m| = 2.
    """
    t = float("inf") if is_infinite(p) else order * p
    total = sum((distance_norm(A, half, 1, t, line=True) for half in halves), A.number(0))
    if not is_infinite(t) and not is_symbolic(t) and t <= _MOST_MOMENT:
        q = ceil(t)
        moment = factorial(q) * _coefficient(A, q, halves, [Fraction(1, factorial(m + 1)) for m in range(q + 1)])
        total = A.minimum(total, A.power(moment, A.number(Fraction(1, q))))
    if order == 2:
        return total * total / 2
    squares = [half * half for half in halves]
    diagonal = A.power(sum(squares[1:], squares[0]), A.number(Fraction(1, 2)))
    return total * A.power(distance_norm(A, diagonal, 1, t), A.number(order - 1)) / A.number(order)


def _coefficient(A: Arithmetic[V], order: int, sides: Sequence[V], series: Sequence[Fraction]) -> V:
    """sum_{|m| = order} prod_j a_j^(m_j) c_(m_j), c the series: over one direction after the other."""
    sums = [A.number(1), *[A.number(0)] * order]  # by the order of m
    for side in sides:
        powers = [A.number(1)]
        for _ in range(order):
            powers.append(powers[-1] * side)
        own = [power * A.number(factor) for power, factor in zip(powers, series, strict=True)]
        sums = [sum((sums[n - m] * own[m] for m in range(1, n + 1)), sums[n] * own[0]) for n in range(order + 1)]
    return sums[-1]


def sum_norm(A: Arithmetic[V], dim: int, half: V, t: Number) -> V:
    """A bound on || |u|_1 ||_t, u uniform on |u_j| <= half: d half (t+1)^{-1/t}; exactly for few dimensions.

    E (U_1 + .. + U_d)^t = Gamma(t+1)/Gamma(t+d+1) sum_{k<d} (-1)^k C(d,k) (d-k)^{t+d} for U_j uniform on [0,1]. Without
    the factor d^t it is small enough for doubles, whatever t is.
    """
    simple = A.number(dim) * distance_norm(A, half, 1, t, line=True)
    if is_infinite(t) or dim == 1 or dim > _EXACT_DIM:
        return simple
    power = A.number(t)
    total = A.number(0)
    for k in range(dim):
        total = total + (-1) ** k * comb(dim, k) * A.power(A.number(Fraction(dim - k, dim)), power + dim)
    for j in range(1, dim + 1):
        total = total * dim / (power + j)
    return half * dim * A.power(total, 1 / power)


def monic_norm(A: Arithmetic[V], degree: int, p: Number) -> V:
    """The L^p norm (a mean over [-1,1]) of a monic polynomial: Chebyshev's, of the second kind for p = 1, Legendre's.

    2^{1-n} bounds it for every p, times ((1 - 1/(4n^2-1))/2)^{1/p} for p >= 2, as that is the mean of T_n^2; 2^{-n} for
    p = 1, and 2^n (n!)^2/((2n)! sqrt(2n+1)) for p <= 2.
    """
    chebyshev = A.number(Fraction(2, 2**degree))
    if is_symbolic(p) or is_infinite(p):
        return chebyshev
    if p > 2:
        square = Fraction(2 * degree**2 - 1, 4 * degree**2 - 1)
        return chebyshev * A.power(A.number(square), 1 / A.number(p))
    if p == 1:
        return chebyshev / 2
    leading = Fraction(2**degree * factorial(degree) ** 2, factorial(2 * degree))
    return A.number(leading) / A.power(A.number(2 * degree + 1), A.number(Fraction(1, 2)))


def square_level(p: Number) -> Fraction:
    """The a for which y^2 - a is the monic polynomial of degree 2 that :func:`monic_norm` takes."""
    if is_symbolic(p) or is_infinite(p) or p > 2:
        return Fraction(1, 2)
    return Fraction(1, 4) if p == 1 else Fraction(1, 3)
