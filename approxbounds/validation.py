"""Parsing and checking of parameters, done once at the public door.

Exact meaning of numbers: an ``int``, ``Fraction`` or ``Decimal`` means itself; a string is a decimal
(``"0.1"`` is 1/10) or a quotient (``"1/10"``); a ``float`` means exactly the binary number that it
stores (``0.1`` is 3602879701896397/36028797018963968), and so does an ``mpf`` of mpmath. A SymPy expression with free
symbols stays symbolic; its symbols must be declared positive.
"""

from __future__ import annotations

import math
import numbers
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from approxbounds.errors import ParameterError

__all__ = [
    "LARGEST",
    "LARGEST_EXPONENT",
    "MOST_DIMENSIONS",
    "MOST_LAYERS",
    "MOST_UNITS",
    "MOST_WEIGHTS",
    "SMALLEST",
    "Number",
    "exact",
    "exponent",
    "flag",
    "integer",
    "is_infinite",
    "is_symbolic",
    "sequence",
    "several",
    "symbol_unless_symbolic",
    "tidy",
    "to_text",
]

#: An exact rational or a symbolic (SymPy) expression. SymPy is imported only if the user did so.
Number: TypeAlias = Any

SMALLEST = Fraction(1, 10**100)
LARGEST = Fraction(10**100)
MOST_UNITS = 10**9
MOST_WEIGHTS = 10**12
MOST_LAYERS = 1000
MOST_DIMENSIONS = 10_000
LARGEST_EXPONENT = 10**6

_MOST_BITS = 4000  # of mantissas and exponents
_MOST_DIGITS = 400  # of numerators and denominators, so that what is accepted can be written and read again
_DECIMAL = re.compile(r"[+-]?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,3})?", re.ASCII)
_QUOTIENT = re.compile(rf"[+-]?\d{{1,{_MOST_DIGITS}}}/\d{{1,{_MOST_DIGITS}}}", re.ASCII)


def is_symbolic(value: object) -> bool:
    """Whether ``value`` is a SymPy expression (false, at no cost, if SymPy was never imported)."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Expr)


def symbol_unless_symbolic(value: Number, name: str) -> Any:
    """In orders a number stands for the positive symbol of its size; what is symbolic stays."""
    import sympy

    return value if is_symbolic(value) else sympy.Symbol(name, positive=True)


def _from_sympy(name: str, value: Any) -> Number:
    import sympy

    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if value.is_Float and value.is_finite:
        exact = sympy.Rational(value)
        return Fraction(int(exact.p), int(exact.q))
    if not value.free_symbols:
        raise ParameterError(name, value, "a constant must be rational (int, Fraction, decimal)")
    if value.is_positive is not True:
        raise ParameterError(name, value, "symbols must be positive: sympy.symbols(..., positive=True)")
    return value


def _is_mpf(value: object) -> bool:
    """Whether it is a binary number of mpmath, or one of its infinities; intervals and constants such as pi are not."""
    mpmath = sys.modules.get("mpmath")
    return mpmath is not None and isinstance(value, mpmath.mpf) and not isinstance(value, mpmath.mp.constant)


def _is_duration(value: object) -> bool:
    """NumPy's durations call themselves integers."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.timedelta64)


def _from_mpf(name: str, value: Any) -> Fraction:
    sign, mantissa, exponent, bits = value._mpf_
    if not mantissa and exponent:
        raise ParameterError(name, value, "must be finite")
    if max(abs(exponent), bits) > _MOST_BITS:
        raise ParameterError(name, value, "must be a finite number of ordinary size")
    return Fraction(-1 if sign else 1) * int(mantissa) * Fraction(2) ** int(exponent)


def _from_text(name: str, text: str) -> Fraction:
    stripped = text.strip()
    if _QUOTIENT.fullmatch(stripped):
        numerator, denominator = stripped.split("/")
        if int(denominator) == 0:
            raise ParameterError(name, text, "the denominator must not be 0")
        return Fraction(int(numerator), int(denominator))
    if _DECIMAL.fullmatch(stripped):
        return Fraction(stripped)
    allowed = "an integer or a decimal such as '0.1' (100 digits before and after the point) or a quotient '1/10'"
    raise ParameterError(name, text, f"allowed as text: {allowed} ({_MOST_DIGITS} digits above and below)")


def _parse(name: str, value: object) -> Number:
    """The exact value of ``value``: a Fraction, or a symbolic expression."""
    parsed = _meaning(name, value)
    quotient = isinstance(parsed, Fraction) and parsed.denominator > 1
    if quotient and max(abs(parsed.numerator), parsed.denominator) >= 10**_MOST_DIGITS:
        raise ParameterError(name, value, f"must be a quotient of integers of at most {_MOST_DIGITS} digits")
    return parsed


def _meaning(name: str, value: object) -> Number:
    if is_symbolic(value):
        return _from_sympy(name, value)
    if isinstance(value, str):
        return _from_text(name, value)
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 200:
            raise ParameterError(name, value, "must be a finite number of ordinary size")
        return Fraction(value)
    if _is_mpf(value):
        return _from_mpf(name, value)
    ratio = isinstance(value, numbers.Rational) or hasattr(value, "as_integer_ratio")
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not ratio or _is_duration(value):
        allowed = "must be an int, Fraction, Decimal, decimal string, float or SymPy expression"
        raise ParameterError(name, value, allowed)
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if not math.isfinite(value):
        raise ParameterError(name, value, "must be finite")
    numerator, denominator = value.as_integer_ratio()  # type: ignore[attr-defined]
    return Fraction(int(numerator), int(denominator))


def tidy(value: Number) -> Number:
    """An integral Fraction as an int, anything else unchanged."""
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def exact(
    name: str,
    value: object,
    *,
    minimum: Fraction | int = SMALLEST,
    maximum: Fraction | int = LARGEST,
    symbols: bool = True,
) -> Number:
    """A rational number in [minimum, maximum], or a positive symbolic expression if ``symbols``."""
    parsed = _parse(name, value)
    if is_symbolic(parsed):
        if not symbols:
            raise ParameterError(name, value, "a number is needed here, not a symbol")
        return parsed
    if not minimum <= parsed <= maximum:
        low = "positive, at least 1e-100" if minimum == SMALLEST else f"at least {minimum}"
        high = "1e100" if maximum == LARGEST else str(maximum)
        raise ParameterError(name, value, f"must be {low} and at most {high}")
    return tidy(parsed)


def integer(name: str, value: object, *, minimum: int = 1, maximum: int = MOST_UNITS, symbols: bool = True) -> Number:
    """An integer in [minimum, maximum] (a float or a bool is not one), or a symbolic expression."""
    if isinstance(value, float) or (isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational)):
        raise ParameterError(name, value, "must be an integer, not a float")
    parsed = _parse(name, value)
    if is_symbolic(parsed):
        if not symbols:
            raise ParameterError(name, value, "a number is needed here, not a symbol")
        return parsed
    if parsed.denominator != 1 or not minimum <= parsed <= maximum:
        raise ParameterError(name, value, f"must be an integer from {minimum} to {_limit(maximum)}")
    return int(parsed)


def _limit(value: int) -> str:
    return str(value) if value < 10**20 else f"2^{value.bit_length() - 1}"


def flag(name: str, value: object) -> bool:
    """A bool, and nothing else."""
    if not isinstance(value, bool):
        raise ParameterError(name, value, "must be True or False")
    return value


def sequence(name: str, value: object, *, most: int, what: str) -> tuple[object, ...]:
    """The entries of a non-empty sequence of at most ``most``."""
    # no sets (no order), no iterators (perhaps without end)
    if isinstance(value, (str, bytes)) or not (isinstance(value, Sequence) or getattr(value, "ndim", None) == 1):
        raise ParameterError(name, value, f"must be a sequence: {what}")
    entries: tuple[object, ...] = tuple(value)  # type: ignore[arg-type]
    if not 1 <= len(entries) <= most:
        raise ParameterError(name, value, f"must have from 1 to {most} entries: {what}")
    return entries


def several(name: str, value: object, *, most: int, what: str) -> tuple[Any, ...]:
    """The entries of a sequence, or the one object itself."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return (value,)
    return sequence(name, value, most=most, what=what)


def exponent(value: object, *, name: str = "p") -> Number:
    """The exponent of an L^p norm: a number in [1, 10^6], ``math.inf`` (also "inf", sympy.oo) or a symbol."""
    if isinstance(value, str) and value.strip().lower() in {"inf", "infinity", "oo"}:
        return math.inf
    if (isinstance(value, float) or _is_mpf(value)) and value == math.inf:
        return math.inf
    if is_symbolic(value):
        import sympy

        if value == sympy.oo:
            return math.inf
    parsed = _parse(name, value)
    if not is_symbolic(parsed) and not 1 <= parsed <= LARGEST_EXPONENT:
        raise ParameterError(name, value, f"must be at least 1: a number up to {LARGEST_EXPONENT}, or infinity")
    return tidy(parsed)


def is_infinite(p: Number) -> bool:
    """Whether the exponent is that of the sup norm."""
    return isinstance(p, float) and p == math.inf


def to_text(value: Number) -> int | str:
    """The JSON form of an exact number: an int, "a/b", "inf", or the symbolic expression as text."""
    if isinstance(value, int):
        return value
    if is_infinite(value):
        return "inf"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return str(value)
