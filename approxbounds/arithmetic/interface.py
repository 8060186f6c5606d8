"""What a formula may use of an arithmetic, and formulas that arithmetics share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol, TypeAlias

__all__ = ["EXACT_TERMS", "Arithmetic", "Value", "entropy_bound", "is_exact", "log2_lower_tail"]

#: A value of one of the three arithmetics: float or array, ``arb``, or SymPy expression.
Value: TypeAlias = Any

#: Binomial sums V(n, j) with j up to this are summed term by term; beyond it V(n,j) <= 2^{n H2(j/n)}.
EXACT_TERMS = 4096


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


def is_exact(value: object) -> bool:
    """Whether a value is an int or a Fraction (a bool is not one)."""
    return isinstance(value, (int, Fraction)) and not isinstance(value, bool)


def entropy_bound(A: Arithmetic, n: Value, j: Value) -> Value:
    """n H2(j/n) for j <= n/2 and n beyond: an upper bound on log2 V(n, j). Not for arrays."""
    if 2 * j >= n:
        return A.number(n)
    x = A.number(j) / A.number(n)
    return -A.number(n) * (x * A.log2(x) + (1 - x) * A.log2(1 - x))


def log2_lower_tail(A: Arithmetic, n: Value, j: Value) -> Value:
    """An upper bound on log2 V(n, j) for 0 <= j < n/2 (float: arrays of j allowed).

    V(n, j) <= C(n, j) (n-j+1)/(n-2j+1): the ratio of consecutive binomials below j is at most
    j/(n-j+1), and the geometric series sums to the factor. (It is below n H2(j/n) but for j near n/2.)
    """
    n, j = A.number(n), A.number(j)
    return A.minimum(A.log2_binomial(n, j) + A.log2((n - j + 1) / (n - 2 * j + 1)), n)
