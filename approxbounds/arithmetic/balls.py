"""python-flint balls: rigorous enclosures. Only these certify."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import flint

from approxbounds.arithmetic.interface import EXACT_TERMS, Arithmetic, Value, entropy_bound, is_exact
from approxbounds.arithmetic.meter import spend
from approxbounds.errors import ParameterError

__all__ = ["BALL", "ceil_float", "floor_float", "integer", "precision"]

_ROUNDING_BITS = 8192
_MANY_TERMS = 64  # of a binomial sum: beyond, it is summed from its largest term


def _elementary() -> None:
    """Count a logarithm, exponential or power at the precision in force: 2 units at 128 bits, 86 at 4096."""
    spend(2 + flint.ctx.prec**2 // 200_000)


def _gamma() -> None:
    """Count a logarithm of the Gamma function: 11 units at 128 bits, 1100 at 4096."""
    spend(10 + flint.ctx.prec**2 // 15_000)


def _arb(value: Any) -> flint.arb:
    if isinstance(value, flint.arb):
        return value
    if not is_exact(value):  # not None, which flint takes for 0, and no double, which hides its rounding
        raise ParameterError("number", value, "must be exact: an int or a Fraction; or a ball")
    spend(1 + (value.numerator.bit_length() + value.denominator.bit_length()) // 128)
    return flint.arb(value if isinstance(value, int) else flint.fmpq(value.numerator, value.denominator))


def _per_term(n: int) -> int:
    """What a term of V(n, j) costs at the precision in force."""
    size = n.bit_length()
    return 1 + flint.ctx.prec // 2048 + (3 if size > 62 else 0) + size // 1024


def _horner(n: int, j: int) -> flint.arb:
    """V(n, j) = 1 + n/1 (1 + (n-1)/2 (1 + ... (1 + (n-j+1)/j)))."""
    spend(j * _per_term(n))
    total = flint.arb(1)
    for i in range(j, 0, -1):
        total = 1 + total * (n - i + 1) / i
    return total


def _from_the_top(n: int, j: int) -> flint.arb:
    """V(n, j) for 2j < n: C(n, j) (1 + r_1 + r_1 r_2 + ...) with r_i = (j-i+1)/(n-j+i) < 1, which decrease.

    Once the terms are below the precision in force, all that follow are below a geometric series with the ratio
    r_{i+1} = (j-i)/(n-j+i+1), whose sum is term r/(1-r) = term (j-i)/(n-2j+2i+1): a ball from 0 to it.
    """
    total = term = flint.arb(1)
    cost = _per_term(n)
    tiny = flint.arb(2) ** (-flint.ctx.prec - 8)
    for i in range(1, j + 1):
        spend(cost)
        term = term * (j - i + 1) / (n - j + i)
        total += term
        if term < tiny:
            rest = term * (j - i) / (n - 2 * j + 2 * i + 1)
            total += rest * flint.arb(0.5, 0.5)
            break
    _gamma()
    return total * flint.arb(n).bin(j)


class _Ball:
    """python-flint balls: each result encloses the true value for every point of its arguments."""

    name = "ball"
    rigorous, decides, vectorised = True, True, False

    @property
    def e(self) -> Value:
        return flint.arb(1).exp()

    @property
    def infinity(self) -> Value:
        return flint.arb("inf")

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y)

    def less(self, x: Value, y: Value) -> bool:
        return bool(x < y)

    def times(self, functions: int, m: Value) -> Value:
        return functions * m

    def number(self, value: Any) -> Value:
        return _arb(value)

    def log(self, x: Value) -> Value:
        _elementary()
        return _arb(x).log()

    def exp(self, x: Value) -> Value:
        _elementary()
        return _arb(x).exp()

    def log2(self, x: Value) -> Value:
        _elementary()
        return _arb(x).log() / flint.arb.const_log2()

    def log2_integer(self, n: Any) -> Value:
        return self.log2(n)

    def power(self, x: Value, y: Value) -> Value:
        _elementary()
        return _arb(x) ** _arb(y)

    def exp_over(self, x: Value, p: Value) -> Value:
        _elementary()
        return (_arb(x) / _arb(p)).exp()

    def minimum(self, *xs: Value) -> Value:
        return reduce(flint.arb.min, map(_arb, xs))

    def maximum(self, *xs: Value) -> Value:
        return reduce(flint.arb.max, map(_arb, xs))

    def at_least(self, m: Value, bound: Value, then: Value, otherwise: Value) -> Value:
        return then if int(m) >= int(bound) else otherwise  # exact integers only

    def cos_pi(self, x: Fraction) -> Value:
        _elementary()
        return flint.arb.cos_pi_fmpq(flint.fmpq(x.numerator, x.denominator))

    def log_gamma(self, x: Value) -> Value:
        _gamma()
        return _arb(x).lgamma()

    def log_beta(self, a: Value, b: Value) -> Value:
        for _ in range(3):
            _gamma()
        a, b = _arb(a), _arb(b)
        return a.lgamma() + b.lgamma() - (a + b).lgamma()

    def log2_binomial(self, n: Value, j: Value) -> Value:
        for _ in range(3):
            _gamma()
        n, j = _arb(n), _arb(j)
        return ((n + 1).lgamma() - (j + 1).lgamma() - (n - j + 1).lgamma()) / flint.arb.const_log2()

    def log2_binomial_sum(self, n: Value, j: int) -> Value:
        n = int(n)
        if j >= n:
            return flint.arb(n)
        if j > EXACT_TERMS:
            return entropy_bound(self, n, j)
        if j > _MANY_TERMS and 2 * j < n:
            total = _from_the_top(n, j)
            if total.rel_accuracy_bits() > flint.ctx.prec - 32:  # binomials of huge n are not narrow in python-flint
                return self.log2(total)
        return self.log2(_horner(n, j))


BALL: Arithmetic[flint.arb] = _Ball()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Ball arithmetic at ``bits`` bits inside the block; python-flint's global setting is restored."""
    with flint.ctx.workprec(bits):
        yield


def integer(x: flint.arb) -> int:
    """The exact integer that a ball without width is, such as ``x.upper().ceil()``."""
    value = x.unique_fmpz()
    assert value is not None
    return int(value)


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
