"""Three arithmetics behind one small interface; every formula is written once against it.

* :data:`FLOAT`: NumPy doubles, vectorised: fast search and plots. Approximate.
* :data:`BALL`: python-flint ``arb`` balls: rigorous enclosures. Only these certify.
* :data:`SYMBOLIC`: SymPy: closed forms and rates.

A formula receives one of them as ``A``, turns exact parameters into numbers with ``A.number`` (ParameterError for
what is no number of the arithmetic, such as a double among balls) and then uses ``+ - * /`` and the methods below.
Sample sizes and indices (``m``, ``N``, ``h``) are passed as exact ints (balls), as arrays or floats (NumPy) or as
expressions (SymPy).
This module is the only door to python-flint, whose precision is global: it is set by :func:`precision`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any, Protocol, TypeAlias

import flint
import numpy as np
from numpy.typing import NDArray

from approxbounds.errors import ParameterError

__all__ = [
    "BALL",
    "EXACT_TERMS",
    "FLOAT",
    "SYMBOLIC",
    "Arithmetic",
    "Value",
    "ceil_float",
    "floor_float",
    "log2_lower_tail",
    "precision",
]

#: A value of one of the three arithmetics: float or array, ``arb``, or SymPy expression.
Value: TypeAlias = Any
FloatArray: TypeAlias = NDArray[np.float64]

#: Binomial sums V(n, j) with j up to this are summed term by term; beyond it V(n,j) <= 2^{n H2(j/n)}.
EXACT_TERMS = 4096
_LN2 = math.log(2.0)
_ROUNDING_BITS = 8192
_ROUNDING = 1e-9  # relative: what floats may lose in a hypothesis
_MOST_PATTERNS = 1e306  # more than any m in floats (2^1000), and a small multiple of it is still finite


class Arithmetic(Protocol):
    """What a formula may use. ``log`` is natural, ``log2`` binary; ``exp_over(x, p)`` is exp(x/p), ``e`` is exp(1).

    ``rigorous``: results enclose the true values, so what holds for them is proved; ``decides``: comparisons of numbers
    are true or false, so hypotheses can be checked (in floats up to rounding); ``vectorised``: values may be arrays.
    """

    name: str
    rigorous: bool
    decides: bool
    vectorised: bool

    @property
    def e(self) -> Value: ...
    def times(self, functions: int, m: Value) -> Value:
        """functions * m for a number of points m, which only has to be right in its logarithm."""
        ...

    def at_most(self, x: Value, y: Value) -> bool:
        """Whether x <= y: certainly in balls, up to rounding in floats."""
        ...

    def number(self, value: Any) -> Value: ...
    def log(self, x: Value) -> Value: ...
    def exp(self, x: Value) -> Value: ...
    def log2(self, x: Value) -> Value: ...
    def log2_integer(self, n: Any) -> Value: ...
    def power(self, x: Value, y: Value) -> Value: ...
    def exp_over(self, x: Value, p: Value) -> Value: ...
    def minimum(self, *xs: Value) -> Value: ...
    def maximum(self, *xs: Value) -> Value: ...
    def at_least(self, m: Value, bound: Value, then: Value, otherwise: Value) -> Value: ...
    def cos_pi(self, x: Fraction) -> Value: ...
    def log_gamma(self, x: Value) -> Value: ...
    def log_beta(self, a: Value, b: Value) -> Value: ...
    def log2_binomial(self, n: Value, j: Value) -> Value: ...
    def log2_binomial_sum(self, n: Value, j: int) -> Value: ...


def _is_exact(value: object) -> bool:
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


# --------------------------------------------------------------------------------------------- floats


def _stirling(x: FloatArray) -> FloatArray:
    """log Gamma(x + 1) minus its leading part (x log x - x + log(2 pi x)/2), for x >= 16."""
    inverse = 1.0 / x
    square = inverse * inverse
    result: FloatArray = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return result


class _Float:
    """NumPy doubles. Accurate to about 1e-12 relative, without a guarantee: for search only."""

    name = "float"
    rigorous, decides, vectorised = False, True, True
    e = math.e

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y + _ROUNDING * abs(y))

    def times(self, functions: int, m: Value) -> Value:
        return functions * np.minimum(m, _MOST_PATTERNS / functions)  # cut where it would overflow; it is above m then

    def number(self, value: Any) -> Value:
        if _is_exact(value):
            return float(value)
        if isinstance(value, (float, np.number, np.ndarray)):
            return value
        if isinstance(value, flint.arb):
            return float(value.mid())
        raise ParameterError("number", value, "must be an int, a Fraction, a float or an array")

    def log(self, x: Value) -> Value:
        return np.log(x)

    def exp(self, x: Value) -> Value:
        return np.exp(x)

    def log2(self, x: Value) -> Value:
        return np.log2(x)

    def log2_integer(self, n: Any) -> Value:
        return math.log2(n)  # exact ints of any size

    def power(self, x: Value, y: Value) -> Value:
        return np.power(x, y)

    def exp_over(self, x: Value, p: Value) -> Value:
        return np.exp(x / p)

    def minimum(self, *xs: Value) -> Value:
        return reduce(np.minimum, xs)

    def maximum(self, *xs: Value) -> Value:
        return reduce(np.maximum, xs)

    def at_least(self, m: Value, bound: Value, then: Value, otherwise: Value) -> Value:
        return np.where(np.asarray(m) >= float(bound), then, otherwise)

    def cos_pi(self, x: Fraction) -> Value:
        return math.cos(math.pi * x)

    def log_gamma(self, x: Value) -> Value:
        from scipy.special import gammaln

        return gammaln(x)

    def log_beta(self, a: Value, b: Value) -> Value:
        from scipy.special import betaln

        return betaln(a, b)

    def log2_binomial(self, n: Value, j: Value) -> Value:
        from scipy.special import betaln

        n, j = np.broadcast_arrays(np.asarray(n, float), np.asarray(j, float))
        rest = n - j
        middle = (j >= 16) & (rest >= 16)
        a, b, c = (np.where(middle, x, y) for x, y in ((n, 64.0), (j, 32.0), (rest, 32.0)))
        # Stirling with the large terms combined: no cancellation between huge logarithms of Gamma.
        large = (
            -b * np.log(b / a)
            - c * np.log1p(-b / a)
            + 0.5 * np.log(a / b / (2 * math.pi * c))  # b c may overflow
            + (_stirling(a) - _stirling(b) - _stirling(c))
        )
        small = -np.log1p(n) - betaln(rest + 1, j + 1)
        return np.where(middle, large, small) / _LN2

    def log2_binomial_sum(self, n: Value, j: int) -> Value:
        n = np.asarray(n, float)
        if j > EXACT_TERMS:
            return _entropy_bound(self, n, float(j))
        lower = np.minimum(float(j), n - j - 1)  # V(n, j) = 2^n - V(n, n-j-1) on the upper half
        tail = self._log2_lower_tail(n, np.maximum(lower, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            upper = n + np.log1p(-np.exp2(np.minimum(tail - n, 0.0))) / _LN2
        return np.where(j >= n, n, np.where(2 * j < n, tail, upper))

    def _log2_lower_tail(self, n: FloatArray, j: FloatArray) -> FloatArray:
        """log2 V(n, j) for j < n/2: the largest binomial times 1 + r_1 + r_1 r_2 + ..., all r_i < 1."""
        total, product = np.ones_like(n), np.ones_like(n)
        for i in range(1, EXACT_TERMS + 1):
            product = product * np.maximum(j - i + 1, 0.0) / np.maximum(n - j + i, 1.0)
            if not np.any(product > 1e-18 * total):
                break
            total = total + product
        tail: FloatArray = self.log2_binomial(n, j) + np.log2(total)
        return tail


# ---------------------------------------------------------------------------------------------- balls


def _arb(value: Any) -> flint.arb:
    if isinstance(value, flint.arb):
        return value
    if not _is_exact(value):  # not None, which flint takes for 0, and no double, which hides its rounding
        raise ParameterError("number", value, "must be exact: an int or a Fraction; or a ball")
    return flint.arb(value if isinstance(value, int) else flint.fmpq(value.numerator, value.denominator))


class _Ball:
    """python-flint balls: each result encloses the true value for every point of its arguments."""

    name = "ball"
    rigorous, decides, vectorised = True, True, False

    @property
    def e(self) -> Value:
        return flint.arb(1).exp()

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y)

    def times(self, functions: int, m: Value) -> Value:
        return functions * m

    def number(self, value: Any) -> Value:
        return _arb(value)

    def log(self, x: Value) -> Value:
        return _arb(x).log()

    def exp(self, x: Value) -> Value:
        return _arb(x).exp()

    def log2(self, x: Value) -> Value:
        return _arb(x).log() / flint.arb.const_log2()

    def log2_integer(self, n: Any) -> Value:
        return self.log2(n)

    def power(self, x: Value, y: Value) -> Value:
        return _arb(x) ** _arb(y)

    def exp_over(self, x: Value, p: Value) -> Value:
        return (_arb(x) / _arb(p)).exp()

    def minimum(self, *xs: Value) -> Value:
        return reduce(flint.arb.min, map(_arb, xs))

    def maximum(self, *xs: Value) -> Value:
        return reduce(flint.arb.max, map(_arb, xs))

    def at_least(self, m: Value, bound: Value, then: Value, otherwise: Value) -> Value:
        return then if int(m) >= int(bound) else otherwise  # exact integers only

    def cos_pi(self, x: Fraction) -> Value:
        return flint.arb.cos_pi_fmpq(flint.fmpq(x.numerator, x.denominator))

    def log_gamma(self, x: Value) -> Value:
        return _arb(x).lgamma()

    def log_beta(self, a: Value, b: Value) -> Value:
        a, b = _arb(a), _arb(b)
        return a.lgamma() + b.lgamma() - (a + b).lgamma()

    def log2_binomial(self, n: Value, j: Value) -> Value:
        n, j = _arb(n), _arb(j)
        return ((n + 1).lgamma() - (j + 1).lgamma() - (n - j + 1).lgamma()) / flint.arb.const_log2()

    def log2_binomial_sum(self, n: Value, j: int) -> Value:
        n = int(n)
        if j >= n:
            return flint.arb(n)
        if j > EXACT_TERMS:
            return _entropy_bound(self, n, j)
        # Horner: V(n, j) = 1 + n/1 (1 + (n-1)/2 (1 + ... (1 + (n-j+1)/j)))
        total = flint.arb(1)
        for i in range(j, 0, -1):
            total = 1 + total * (n - i + 1) / i
        return self.log2(total)


# ------------------------------------------------------------------------------------------- symbolic


class _Symbolic:
    """SymPy expressions, built without evaluation of what has no closed form."""

    name = "symbolic"
    rigorous, decides, vectorised = False, False, False

    @property
    def e(self) -> Value:
        import sympy

        return sympy.E

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y)  # numbers only

    def times(self, functions: int, m: Value) -> Value:
        return functions * m

    def number(self, value: Any) -> Value:
        import sympy

        if isinstance(value, sympy.Expr):
            return value
        if isinstance(value, float) and value == math.inf:
            return sympy.oo
        if not _is_exact(value):
            raise ParameterError("number", value, "must be an int, a Fraction or a SymPy expression")
        return sympy.Rational(value.numerator, value.denominator)

    def log(self, x: Value) -> Value:
        import sympy

        return sympy.log(x)

    def exp(self, x: Value) -> Value:
        from approxbounds.symbolic import exponential

        return exponential(x)

    def log2(self, x: Value) -> Value:
        import sympy

        return sympy.log(x) / sympy.log(2)

    def log2_integer(self, n: Any) -> Value:
        return self.log2(self.number(n))

    def power(self, x: Value, y: Value) -> Value:
        from approxbounds.symbolic import power

        return power(self.number(x), self.number(y))

    def exp_over(self, x: Value, p: Value) -> Value:
        return self.exp(x / p)

    def minimum(self, *xs: Value) -> Value:
        from approxbounds.symbolic import minimum

        return minimum(tuple(map(self.number, xs)))

    def maximum(self, *xs: Value) -> Value:
        import sympy

        return sympy.Max(*xs)

    def at_least(self, m: Value, bound: Value, then: Value, otherwise: Value) -> Value:
        import sympy

        return sympy.Piecewise((then, sympy.Ge(m, bound)), (otherwise, True))

    def cos_pi(self, x: Fraction) -> Value:
        import sympy

        return sympy.cos(sympy.pi * self.number(x))

    def log_gamma(self, x: Value) -> Value:
        import sympy

        return sympy.loggamma(x)

    def log_beta(self, a: Value, b: Value) -> Value:
        import sympy

        def gamma(x: Any) -> Any:  # large factorials stay unevaluated
            return sympy.gamma(x, evaluate=not (x.is_number and x > 100))

        a, b = self.number(a), self.number(b)
        return sympy.log(gamma(a) * gamma(b) / gamma(a + b))

    def log2_binomial(self, n: Value, j: Value) -> Value:
        import sympy

        return self.log2(sympy.binomial(n, j))

    def log2_binomial_sum(self, n: Value, j: int) -> Value:
        import sympy

        i = sympy.Dummy("i", integer=True, nonnegative=True)
        return self.log2(sympy.Sum(sympy.binomial(n, i), (i, 0, j)))


def _entropy_bound(A: Arithmetic, n: Value, j: Value) -> Value:
    """n H2(j/n) for j <= n/2 and n beyond: an upper bound on log2 V(n, j)."""
    if A.vectorised:
        x = np.minimum(j / np.maximum(n, 1.0), 0.5)
        return np.where(2 * j >= n, n, -n * (x * np.log(x) + (1 - x) * np.log1p(-x)) / _LN2)
    if 2 * j >= n:
        return A.number(n)
    x = A.number(j) / A.number(n)
    return -A.number(n) * (x * A.log2(x) + (1 - x) * A.log2(1 - x))


FLOAT: Arithmetic = _Float()
BALL: Arithmetic = _Ball()
SYMBOLIC: Arithmetic = _Symbolic()


def log2_lower_tail(A: Arithmetic, n: Value, j: Value) -> Value:
    """An upper bound on log2 V(n, j) for 0 <= j < n/2 (float: arrays of j allowed).

    V(n, j) <= C(n, j) (n-j+1)/(n-2j+1): the ratio of consecutive binomials below j is at most
    j/(n-j+1), and the geometric series sums to the factor. (It is below n H2(j/n) but for j near n/2.)
    """
    n, j = A.number(n), A.number(j)
    return A.minimum(A.log2_binomial(n, j) + A.log2((n - j + 1) / (n - 2 * j + 1)), n)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Ball arithmetic at ``bits`` bits inside the block; python-flint's global setting is restored."""
    with flint.ctx.workprec(bits):
        yield


def floor_float(x: flint.arb) -> float:
    """The largest double that is certainly at most every point of the ball."""
    if not x.is_finite():
        return -math.inf
    with precision(_ROUNDING_BITS):  # at few bits the ends of the ball would be rounded once more
        guess = float(x.lower())  # rounds to nearest: step until it is certain
        while not flint.arb(guess) <= x:
            guess = math.nextafter(guess, -math.inf)
        following = math.nextafter(guess, math.inf)
        while flint.arb(following) <= x:
            guess, following = following, math.nextafter(following, math.inf)
    return guess


def ceil_float(x: flint.arb) -> float:
    """The smallest double that is certainly at least every point of the ball."""
    with precision(_ROUNDING_BITS):
        return -floor_float(-x) + 0.0  # not -0.0
