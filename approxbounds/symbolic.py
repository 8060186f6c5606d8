"""SymPy powers and exponentials that stay small. Import it only where SymPy is wanted (start-up stays quick)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import mpmath
import sympy
from sympy.printing.precedence import PRECEDENCE

__all__ = ["RealPower", "exponential", "minimum", "power"]

_SIMPLE = 1000  # exponents p/q with |p|, q up to this are left to SymPy,
_MOST_BITS = 1000  # for bases whose numbers, and their powers, have at most this many bits


@lru_cache(maxsize=1024)
def _value(base: Any, exponent: Any, bits: int) -> Any:
    with mpmath.workprec(bits):
        return mpmath.power(base._to_mpmath(bits), exponent._to_mpmath(bits))


class RealPower(sympy.Function):  # type: ignore[misc]
    """base^exponent for a positive number and a real exponent, one of them with many digits or a long expression.

    SymPy would factor the base and raise its prime factors to the numerator of the exponent: for the exact
    value of a float such as 0.3 that is a number of 10^16 digits. It would simplify a long exponent to print it.
    """

    nargs = 2

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_evalf(self, prec: int) -> Any:
        base, exponent = self.args
        if not (base.is_number and exponent.is_number):
            return None
        # the exponent multiplies the error of the base; few precisions, as nested powers ask again and again
        bits = 64 * ((prec + 20 + int(abs(exponent)).bit_length()) // 64 + 1)
        return sympy.Float._new(_value(base, exponent, bits)._mpf_, prec)

    def _sympystr(self, printer: Any) -> str:
        base, exponent = (printer.parenthesize(x, PRECEDENCE["Pow"], strict=False) for x in self.args)
        return f"{base}**{exponent}"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base, exponent = map(printer._print, self.args)
        shown = rf"\left({base}\right)^{{{exponent}}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent, unevaluated where evaluation would not end.

    >>> abs(power(sympy.Integer(1202), sympy.Rational(0.3)).evalf(15) - 1202**0.3) < 1e-12
    True
    >>> power(sympy.Integer(8), sympy.Rational(1, 3))
    2
    """
    if not (exponent.is_Rational and _large(base, exponent)):
        return base**exponent
    if base.is_number:
        return base if base == 1 else RealPower(base, exponent)
    if base.is_Mul:  # SymPy would raise the factors one by one
        number, rest = base.as_independent(*base.free_symbols, as_Add=False)
        return power(number, exponent) * rest**exponent
    return base**exponent


def _large(base: Any, exponent: Any) -> bool:
    """Whether the power of the numbers in ``base`` would have too many digits, or they would to be factored."""
    if max(abs(exponent.p), exponent.q) > _SIMPLE:
        return True
    bits = max((max(abs(x.p), x.q).bit_length() for x in base.atoms(sympy.Rational)), default=0)
    return bool(bits * max(abs(exponent), 1) > _MOST_BITS)


def exponential(x: Any) -> Any:
    """exp(x) as a product: the terms c log(y) of x, with y > 0, give y^c.

    >>> n = sympy.Symbol("n", positive=True)
    >>> exponential(n * (sympy.log(3) + 1) + sympy.log(n) / 2)
    3**n*sqrt(n)*exp(n)
    """
    product = sympy.Integer(1)
    for term in sympy.Add.make_args(sympy.expand_mul(x)):
        logarithm = next((factor for factor in sympy.Mul.make_args(term) if isinstance(factor, sympy.log)), None)
        product *= sympy.exp(term) if logarithm is None else power(logarithm.args[0], term / logarithm)
    return product


def minimum(xs: tuple[Any, ...]) -> Any:
    """The least of the numbers xs, by their values to 30 digits; Min of those that agree to 20, and of symbols.

    SymPy would compare all pairs, each time at growing precision.

    >>> minimum((sympy.sqrt(2), sympy.Rational(3, 2), sympy.Integer(7)))
    sqrt(2)
    """
    candidates = list(dict.fromkeys(xs))
    if not all(x.is_number for x in candidates):
        return sympy.Min(*candidates)
    values = [x.evalf(30) for x in candidates]
    least = min(values)
    near = [x for x, value in zip(candidates, values, strict=True) if value - least <= abs(least) * 1e-20]
    return near[0] if len(near) == 1 else sympy.Min(*near, evaluate=False)
