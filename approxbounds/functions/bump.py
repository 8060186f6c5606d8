"""The bump psi(y) = (4 y (1-y))^r on [0,1] and the exact sup norms of its derivatives.

With y = (1+x)/2, psi = (1-x^2)^r. The critical points of the i-th derivative in (-1,1) are the roots
of a Gegenbauer polynomial in x; in u = x^2 it has half the degree and only simple real roots. The first of them
is enclosed (balls, floats), or all are found by exact algebra (SymPy, low degrees): no sampling.

For i < r the largest value is the first extremum, counted from the middle. Proof (Sonin): v = psi^(i) solves
(1-x^2) v'' + 2(r-i-1) x v' + c v = 0, c = (i+1)(2r-i), and S = v^2 + (1-x^2) v'^2/c has the derivative
S' = -(4(r-i)-2) x v'^2/c <= 0 for x >= 0. So the values |v| = S^{1/2} at extrema decrease towards the end. The first
extremum is x = 0 for even i, where |v| = i! C(r, i/2); for odd i it is the smallest critical point.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial
from typing import Any

import flint

from approxbounds.arithmetic import BALL, Arithmetic, V, precision
from approxbounds.errors import HypothesisError

__all__ = ["concentrated_maximum_holds", "derivative_norm"]

_BITS = 320  # accuracy of the enclosures, whatever the precision in force
_SHORT = 64  # bits of numbers whose powers are written: SymPy divides longer ones by primes for minutes
_EXACT_ROOTS = 5  # up to this power critical points have short radicals


def _derivative(r: int, i: int) -> flint.fmpz_poly:
    """The i-th derivative of (1-x^2)^r in x."""
    poly = flint.fmpz_poly([1, 0, -1]) ** r
    for _ in range(i):
        poly = poly.derivative()
    return poly


def _critical_squares(r: int, i: int) -> flint.fmpz_poly:
    """The polynomial in u = x^2 whose roots are the squares of the interior critical points, without 0."""
    following = _derivative(r, i + 1)
    if r - i - 1 > 0:
        following = following // flint.fmpz_poly([1, 0, -1]) ** (r - i - 1)
    coefficients = [int(c) for c in following.coeffs()]
    return flint.fmpz_poly(coefficients[(i + 1) % 2 :: 2])


def _smallest_root(poly: flint.fmpz_poly) -> Any:
    """A ball around the smallest root r_1 of a polynomial with only real, positive roots.

    Left of it Newton's step N = -f/f' is 1/sum_j 1/(r_j - t), so t + N <= r_1 <= t + N deg f.
    """
    slope, degree, t = poly.derivative(), poly.degree(), flint.arb(0)
    while True:
        step = -poly(t) / slope(t)
        if not step > flint.arb(2) ** -_BITS:
            return (t + step).union(t + degree * step)
        t = (t + step).lower()


@lru_cache(maxsize=4096)
def _norm_ball(r: int, i: int) -> Any:
    if i == r:  # Rodrigues: the r-th derivative is a multiple of the Legendre polynomial, largest at the ends
        return flint.arb(4**r * factorial(r))
    if i % 2 == 0:
        return flint.arb(2**i * factorial(i) * comb(r, i // 2))
    with precision(_BITS + 10 * r):
        return abs(_derivative(r, i)(_smallest_root(_critical_squares(r, i)).sqrt())) * 2**i


def _norm_symbolic(r: int, i: int) -> Any:
    import sympy

    if i == r:
        return sympy.Integer(4**r * factorial(r))
    if i == 1:  # |psi'| = 4 r x (1-x^2)^{r-1}, largest at x^2 = 1/(2r-1)
        return 4 * r * (1 - sympy.Rational(1, 2 * r - 1)) ** (r - 1) / sympy.sqrt(2 * r - 1)
    if r > _EXACT_ROOTS:  # a short number just above, m 2^k: closed forms with it are only weaker
        with precision(256 + 10 * r):
            norm = _norm_ball(r, i)
            k = int(norm.upper().ceil().unique_fmpz()).bit_length() - _SHORT
            m = int((norm * flint.arb(2) ** -k).upper().ceil().unique_fmpz())
        return sympy.Integer(m) * sympy.Integer(2) ** k
    x = sympy.Symbol("x")
    poly = sympy.Poly([int(c) for c in reversed(_derivative(r, i).coeffs())], x)
    squares = sympy.Poly([int(c) for c in reversed(_critical_squares(r, i).coeffs())], x)
    points = [sympy.Integer(0), sympy.Integer(1)]
    points += [sympy.sqrt(root) for root in (squares.real_roots() if squares.degree() > 0 else [])]
    values = [sympy.Abs(poly(point)) for point in points]
    return sympy.radsimp(2**i * max(values, key=lambda value: value.evalf(30)))


def derivative_norm(A: Arithmetic[V], r: int, i: int) -> V:
    """sup over [0,1] of |psi^(i)|, psi = (4y(1-y))^r, 0 <= i <= r.

    >>> from approxbounds.arithmetic import FLOAT, SYMBOLIC, V
    >>> derivative_norm(FLOAT, 2, 2), derivative_norm(SYMBOLIC, 2, 1)
    (32.0, 16*sqrt(3)/9)
    """
    return A.number(_norm_ball(r, i) if A.decides else _norm_symbolic(r, i))


@lru_cache(maxsize=256)
def concentrated_maximum_holds(n: int) -> None:
    """Check, in balls, that mixed derivatives of phi = prod_j psi(t_j), r = n+1, are dominated by pure ones.

    Let q_i = ||psi^(i)||. If (i) q_a q_b <= q_{a+b} for a+b <= n and (ii) n (q_a q_b)^2 <= q_{n+1}^2 for
    a+b = n+1, a, b >= 1, then over multi-indices m with |m| = n both ||D^m phi|| = prod q_{m_j} and the
    Lipschitz bound (sum_j (q_{m_j+1} prod_{l != j} q_{m_l})^2)^{1/2} are largest at m = (n, 0, ..., 0):
    merging two parts increases the first by (i); and if m has s >= 2 non-zero parts, the second squared is
    at most s max (q_a q_b)^2 + (d-s) (q_1 q_n)^2 <= q_{n+1}^2 + (d-1) (q_1 q_n)^2 by (ii).
    Raises HypothesisError if either fails (it holds for every n up to 99, checked).
    """
    q = [derivative_norm(BALL, n + 1, i) for i in range(n + 2)]
    first = all(q[a] * q[b] <= q[a + b] for a in range(1, n) for b in range(a, n - a + 1))
    second = all(n * (q[a] * q[n + 1 - a]) ** 2 <= q[n + 1] ** 2 for a in range(1, n // 2 + 2))
    if not (first and second):
        raise HypothesisError(f"derivatives of the bump of order n={n} are not dominated by pure ones")
