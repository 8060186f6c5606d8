"""What a measure states: its dimension, its independent coordinates if it has them, dense boxes, or points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.description import Description
from approxbounds.measures.laws import Law
from approxbounds.measures.points import Points

__all__ = ["DenseBox", "Measure", "Surrounding"]


@dataclass(frozen=True)
class DenseBox:
    """mu >= density * dx on the box of the open intervals (low_j, high_j)."""

    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    density: Fraction


@dataclass(frozen=True)
class Surrounding(Generic[V]):
    """A box in X with these sides, and all of mu in it but at most the mass ``outside``, which is None for nothing.

    mu is at most ``crowding`` times the uniform law on the box; None if no such number is known.
    """

    sides: tuple[Fraction, ...]
    crowding: V | None = None
    outside: V | None = None


@dataclass(frozen=True, kw_only=True)
class Measure(Description, ABC):
    """A probability measure on R^d: a frozen record of exact parameters. What is not known is None or empty."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d."""

    @property
    def laws(self) -> tuple[Law, ...] | None:
        """The laws of the coordinates if these are independent, and none has atoms; else None."""
        return None

    @property
    def dense_boxes(self) -> tuple[DenseBox, ...]:
        """Disjoint boxes on which mu has at least a known density."""
        return ()

    @property
    def sample(self) -> Points | None:
        """The points and their masses, if mu lives on finitely many points."""
        return None

    def surrounding(self, A: Arithmetic[V], extent: Fraction) -> Surrounding[V] | None:
        """A box around mu, of an unbounded coordinate so many units from its start; None if none is known."""
        return None

    def marginal(self, axes: tuple[int, ...]) -> Measure | None:
        """The law of some coordinates (from 0), if the others are independent of them; else None."""
        return None

    @property
    def is_cube(self) -> bool:
        """Whether it is Lebesgue measure on [0,1]^d."""
        return self.laws is not None and all(law.is_unit for law in self.laws)

    @property
    def is_bounded(self) -> bool:
        """Whether X is a box."""
        return self.is_uniform

    @property
    def in_cube(self) -> bool:
        """Whether mu is known to live on [0,1]^d, which may be a part of X."""
        sides = [law.sides for law in self.laws or ()]
        return bool(sides) and all(ends is not None and ends[0] >= 0 and ends[1] <= 1 for ends in sides)

    @property
    def is_uniform(self) -> bool:
        """Whether it is the uniform law on a box."""
        return self.laws is not None and all(law.sides is not None for law in self.laws)

    @property
    @abstractmethod
    def domain(self) -> str:
        """The closed convex set X of the functions, in LaTeX: for a product that of the supports."""
