"""SymPy expressions: closed forms and rates."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from approxbounds.arithmetic.interface import EXACT_TERMS, Arithmetic, Value, entropy_bound, is_exact
from approxbounds.errors import ParameterError

__all__ = ["SYMBOLIC"]

_WRITTEN = 64  # binomials C(n, j) with n up to this are written as integers


class _Symbolic:
    """SymPy expressions, built without evaluation of what has no closed form."""

    name = "symbolic"
    rigorous, decides, vectorised = False, False, False

    @property
    def e(self) -> Value:
        import sympy

        return sympy.E

    @property
    def infinity(self) -> Value:
        import sympy

        return sympy.oo

    def at_most(self, x: Value, y: Value) -> bool:
        return bool(x <= y)  # numbers only

    def less(self, x: Value, y: Value) -> bool:
        return bool(x < y)

    def times(self, functions: int, m: Value) -> Value:
        return functions * m

    def number(self, value: Any) -> Value:
        import sympy

        if isinstance(value, sympy.Expr):
            return value
        if isinstance(value, float) and value == math.inf:
            return sympy.oo
        if not is_exact(value):
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
        from approxbounds.symbolic import extreme

        return extreme(tuple(map(self.number, xs)), least=True)

    def maximum(self, *xs: Value) -> Value:
        from approxbounds.symbolic import extreme

        return extreme(tuple(map(self.number, xs)), least=False)

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

        from approxbounds.symbolic import LogBinomial

        n, j = self.number(n), self.number(j)
        if n.is_Integer and j.is_Integer and n > _WRITTEN:
            return LogBinomial(n, j) / sympy.log(2)
        return self.log2(sympy.binomial(n, j))

    def log2_binomial_sum(self, n: Value, j: int) -> Value:
        import sympy

        from approxbounds.symbolic import LogBinomialSum

        n = self.number(n)
        if n.is_Integer:  # as in balls
            if j >= n:
                return n
            if n <= _WRITTEN:
                return self.log2(sympy.Integer(sum(math.comb(int(n), i) for i in range(j + 1))))
            return entropy_bound(self, n, j) if j > EXACT_TERMS else LogBinomialSum(n, j) / sympy.log(2)
        i = sympy.Dummy("i", integer=True, nonnegative=True)
        return self.log2(sympy.Sum(sympy.binomial(n, i), (i, 0, j)))


SYMBOLIC: Arithmetic[Any] = _Symbolic()
