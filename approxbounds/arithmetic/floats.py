"""NumPy doubles, vectorised: fast search and plots."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias

import flint
import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic.interface import EXACT_TERMS, Arithmetic, Value, is_exact
from approxbounds.arithmetic.meter import spend
from approxbounds.errors import ParameterError

__all__ = ["FLOAT", "usual_errors"]

FloatArray: TypeAlias = NDArray[np.float64]

_LN2 = math.log(2.0)
_MOST_PATTERNS = 1e306  # more than any m in floats (2^1000), and a small multiple of it is still finite
_ROUNDING = 1e-9  # relative: what floats may lose in a hypothesis


def _vector(x: Value, operations: int = 1) -> None:
    """Count operations on an array (or a number): 2 units each, and one for every 256 entries."""
    spend(operations * (2 + np.size(x) // 256))


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
    e, infinity = math.e, math.inf

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y + _ROUNDING * abs(y))

    less = at_most

    def times(self, functions: int, m: Value) -> Value:
        return functions * np.minimum(m, _MOST_PATTERNS / functions)  # cut where it would overflow; it is above m then

    def number(self, value: Any) -> Value:
        if is_exact(value):
            return float(value)
        if isinstance(value, (float, np.number, np.ndarray)):
            return value
        if isinstance(value, flint.arb):
            return float(value.mid())
        raise ParameterError("number", value, "must be an int, a Fraction, a float or an array")

    def log(self, x: Value) -> Value:
        _vector(x)
        return np.log(x)

    def exp(self, x: Value) -> Value:
        _vector(x)
        return np.exp(x)

    def log2(self, x: Value) -> Value:
        _vector(x)
        return np.log2(x)

    def log2_integer(self, n: Any) -> Value:
        return math.log2(n)  # exact ints of any size

    def power(self, x: Value, y: Value) -> Value:
        _vector(x)
        return np.power(x, y)

    def exp_over(self, x: Value, p: Value) -> Value:
        _vector(x)
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
        _vector(x, 20)
        from scipy.special import gammaln

        return gammaln(x)

    def log_beta(self, a: Value, b: Value) -> Value:
        _vector(a, 40)
        from scipy.special import betaln

        return betaln(a, b)

    def log2_binomial(self, n: Value, j: Value) -> Value:
        from scipy.special import betaln

        n, j = np.broadcast_arrays(np.asarray(n, float), np.asarray(j, float))
        _vector(n, 40)
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
        _vector(n, 20)
        if j > EXACT_TERMS:
            x = np.minimum(j / np.maximum(n, 1.0), 0.5)
            return np.where(2 * j >= n, n, -n * (x * np.log(x) + (1 - x) * np.log1p(-x)) / _LN2)
        lower = np.minimum(float(j), n - j - 1)  # V(n, j) = 2^n - V(n, n-j-1) on the upper half
        tail = self._log2_lower_tail(n, np.maximum(lower, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            upper = n + np.log1p(-np.exp2(np.minimum(tail - n, 0.0))) / _LN2
        return np.where(j >= n, n, np.where(2 * j < n, tail, upper))

    def _log2_lower_tail(self, n: FloatArray, j: FloatArray) -> FloatArray:
        """log2 V(n, j) for j < n/2: the largest binomial times 1 + r_1 + r_1 r_2 + ..., all r_i < 1."""
        total, product = np.ones_like(n), np.ones_like(n)
        for i in range(1, EXACT_TERMS + 1):
            _vector(n, 8)
            product = product * np.maximum(j - i + 1, 0.0) / np.maximum(n - j + i, 1.0)
            if not np.any(product > 1e-18 * total):
                break
            total = total + product
        tail: FloatArray = self.log2_binomial(n, j) + np.log2(total)
        return tail


FLOAT: Arithmetic[Any] = _Float()


def usual_errors() -> np.errstate:
    """NumPy's own rules for overflow and the like inside a block, whatever the caller has set with np.seterr."""
    return np.errstate(divide="warn", over="warn", invalid="warn", under="ignore")
