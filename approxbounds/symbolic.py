"""A SymPy power that stays as it is. Import it only where SymPy is wanted (start-up stays quick)."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy

__all__ = ["RealPower", "power"]

_SIMPLE = 1000  # exponents p/q with |p|, q up to this are left to SymPy


class RealPower(sympy.Function):  # type: ignore[misc]
    """base^exponent for a positive number and a rational exponent with many digits.

    SymPy would factor the base and raise its prime factors to the numerator of the exponent: for the exact
    value of a float such as 0.3 that is a number of 10^16 digits.
    """

    nargs = 2

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_evalf(self, prec: int) -> Any:
        base, exponent = (argument._to_mpmath(prec + 20) for argument in self.args)
        with mpmath.workprec(prec + 20):
            value = mpmath.power(base, exponent)
        return sympy.Float._new(value._mpf_, prec)

    def _sympystr(self, printer: Any) -> str:
        return f"({printer._print(self.args[0])})**({printer._print(self.args[1])})"

    def _latex(self, printer: Any) -> str:
        return rf"\left({printer._print(self.args[0])}\right)^{{{printer._print(self.args[1])}}}"


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent, unevaluated where evaluation would not end.

    >>> abs(power(sympy.Integer(1202), sympy.Rational(0.3)).evalf(15) - 1202**0.3) < 1e-12
    True
    >>> power(sympy.Integer(8), sympy.Rational(1, 3))
    2
    """
    if not (exponent.is_Rational and max(abs(exponent.p), exponent.q) > _SIMPLE):
        return base**exponent
    if base.is_number:
        return base if base == 1 else RealPower(base, exponent)
    if base.is_Mul:  # SymPy would raise the factors one by one
        number, rest = base.as_independent(*base.free_symbols, as_Add=False)
        return power(number, exponent) * rest**exponent
    return base**exponent
