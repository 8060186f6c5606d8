"""The witness of a bound: the finite exact data for which a theorem's formula is evaluated, and its readers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import frexp
from typing import TypeAlias

from approxbounds.errors import HypothesisError, echo

__all__ = ["Witness", "fraction_of", "integer_of", "require", "short_fraction"]

#: Names to exact integers, fractions or identifiers.
Witness: TypeAlias = Mapping[str, int | Fraction | str]


def require(condition: bool, text: str) -> None:
    """Raise HypothesisError with the text unless the condition holds."""
    if not condition:
        raise HypothesisError(text)


def integer_of(witness: Witness, name: str, *, minimum: int = 0, maximum: int = 2**1100) -> int:
    """An integer of the witness, or a HypothesisError that names it."""
    value = witness.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise HypothesisError(f"witness {name}={echo(value)} must be an integer")
    if not minimum <= value <= maximum:
        raise HypothesisError(f"witness {name}={echo(value)} must be from {minimum} to 2^{maximum.bit_length() - 1}")
    return value


def fraction_of(witness: Witness, name: str) -> Fraction:
    """A positive rational number of the witness, or a HypothesisError that names it."""
    value = witness.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)) or value <= 0:
        raise HypothesisError(f"witness {name}={echo(value)} must be a positive rational number")
    return Fraction(value)


def short_fraction(x: float) -> Fraction:
    """A dyadic rational of 20 bits just below x > 0."""
    mantissa, exponent = frexp(x)
    return Fraction(int(mantissa * 2**20)) * Fraction(2) ** (int(exponent) - 20)
