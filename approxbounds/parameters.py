"""What the parameters of records may be, as data: each field declares its check, and the record applies them all.

``radius: Number = field(default=1, metadata=allowed(Exact()))``. A check turns what the user gave into the exact value
or raises ParameterError, and gives examples, from which tests of every class are made.
:class:`~approxbounds.description.Description` applies the checks; None is allowed where it is the declared default.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from approxbounds import validation
from approxbounds.errors import ParameterError

__all__ = [
    "BITS",
    "DEGREE",
    "DIMENSION",
    "FLAG",
    "INPUTS",
    "PIECES",
    "POSITIVE",
    "WIDTHS",
    "Check",
    "Choice",
    "Entries",
    "Exact",
    "Exponent",
    "Flag",
    "Integer",
    "allowed",
    "declared",
]

_KEY = "approxbounds"
_MOST_CLASSES = 4096  # whose checks are remembered


class Check(ABC):
    """What a parameter may be."""

    @abstractmethod
    def parse(self, name: str, value: object) -> Any:
        """The exact value that is meant; ParameterError, with the name, if it is not allowed."""

    @abstractmethod
    def examples(self) -> tuple[Any, ...]:
        """Some allowed values, simple ones first."""


@dataclass(frozen=True)
class Integer(Check):
    """An integer in [minimum, maximum]; a symbol too, unless ``symbols`` is false."""

    minimum: int = 1
    maximum: int = validation.MOST_UNITS
    symbols: bool = True

    def parse(self, name: str, value: object) -> Any:
        return validation.integer(name, value, minimum=self.minimum, maximum=self.maximum, symbols=self.symbols)

    def examples(self) -> tuple[int, ...]:
        return tuple(range(self.minimum, min(self.minimum + 4, self.maximum + 1)))


@dataclass(frozen=True)
class Exact(Check):
    """A rational number in [minimum, maximum], by default a positive one; a symbol too, unless ``symbols`` is false."""

    minimum: Fraction | int = validation.SMALLEST
    maximum: Fraction | int = validation.LARGEST
    symbols: bool = True

    def parse(self, name: str, value: object) -> Any:
        return validation.exact(name, value, minimum=self.minimum, maximum=self.maximum, symbols=self.symbols)

    def examples(self) -> tuple[Any, ...]:
        simple = (1, Fraction(1, 2), 2, Fraction(1, 3), 3, 0, -1)
        found = tuple(value for value in simple if self.minimum <= value <= self.maximum)
        return found or (self.minimum, self.maximum)


@dataclass(frozen=True)
class Exponent(Check):
    """The exponent of an L^p norm, infinity and symbols included."""

    def parse(self, name: str, value: object) -> Any:
        return validation.exponent(value, name=name)

    def examples(self) -> tuple[Any, ...]:
        return 2, 1, Fraction(3, 2), math.inf


@dataclass(frozen=True)
class Flag(Check):
    """True or False."""

    def parse(self, name: str, value: object) -> bool:
        return validation.flag(name, value)

    def examples(self) -> tuple[bool, ...]:
        return False, True


@dataclass(frozen=True)
class Choice(Check):
    """One of some words."""

    words: tuple[str, ...]

    def parse(self, name: str, value: object) -> Any:
        if not isinstance(value, str) or value not in self.words:
            raise ParameterError(name, value, f"must be one of {', '.join(self.words)}")
        return value

    def examples(self) -> tuple[str, ...]:
        return self.words


@dataclass(frozen=True)
class Entries(Check):
    """A non-empty sequence of at most ``most`` entries; ``what`` tells the user what they are.

    Without a check for each, entries stay as they are: the class checks them, and ``some`` are its examples.
    """

    each: Check | None
    most: int
    what: str
    some: tuple[tuple[Any, ...], ...] = ()

    def parse(self, name: str, value: object) -> tuple[Any, ...]:
        entries = validation.sequence(name, value, most=self.most, what=self.what)
        if self.each is None:
            return entries
        return tuple(self.each.parse(f"{name}[{i}]", entry) for i, entry in enumerate(entries))

    def examples(self) -> tuple[tuple[Any, ...], ...]:
        if self.each is None:
            return self.some
        some = self.each.examples()
        return tuple((*some, *some)[:length] for length in range(1, min(self.most, 3) + 1))


def allowed(check: Check) -> Mapping[str, Check]:
    """The metadata of a field that declare its check: ``dim: Number = field(metadata=allowed(Integer(maximum=3)))``."""
    return MappingProxyType({_KEY: check})


@lru_cache(maxsize=_MOST_CLASSES)
def declared(kind: type[Any]) -> tuple[tuple[str, Check, bool], ...]:
    """Of all fields of a dataclass that declare one: the name, the check, and whether None is allowed.

    >>> import approxbounds as ab
    >>> [name for name, _, optional in declared(ab.LinearSpace) if optional]
    ['input_dim']
    """
    checked = [field for field in fields(kind) if _KEY in field.metadata]
    return tuple((field.name, field.metadata[_KEY], field.default is None) for field in checked)


#: What several classes ask for.
DIMENSION = allowed(Integer(maximum=validation.MOST_DIMENSIONS))
INPUTS = allowed(Integer(maximum=10**6))
POSITIVE = allowed(Exact())
FLAG = allowed(Flag())
WIDTHS = allowed(Entries(Integer(), validation.MOST_LAYERS - 1, "an integer per hidden layer, such as (64, 64)"))
DEGREE = allowed(Integer(minimum=0, maximum=1000))
PIECES = allowed(Integer(maximum=10**6))
BITS = allowed(Integer(maximum=64))
