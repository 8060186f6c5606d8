"""Laws of one real variable: densities as certified numbers, and what a family needs to place its cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.validation import Number

__all__ = ["ExponentialLaw", "GaussLaw", "LaplaceLaw", "Law", "LogisticLaw", "UniformLaw"]


@dataclass(frozen=True)
class Law(ABC):
    """A law with a density that does not increase with the distance from ``start``, on both sides of it or above it."""

    start: Number
    unit: Number  # the scale: a standard deviation, or a number of that order
    two_sided: ClassVar[bool] = True
    #: ``width`` is at most so many units
    most_units: ClassVar[Fraction]

    @abstractmethod
    def width(self, A: Arithmetic[V]) -> V:
        """1/C for the largest density C."""

    @property
    def widest(self) -> Fraction:
        """A rational number that is at least the width."""
        return self.most_units * Fraction(self.unit)

    @abstractmethod
    def density(self, A: Arithmetic[V], distance: V) -> V:
        """The density at this distance from the start, inside the support."""

    def least_mean(self, A: Arithmetic[V], centre: V, half: V) -> V:
        """At most the mean of the densities at centre - t and centre + t, for all 0 <= t <= half <= centre."""
        return (self.density(A, centre) + self.density(A, centre + half)) / 2

    def intervals(self, k: int, extent: Fraction) -> int:
        """How many intervals of length 1/k, side by side from the start, take up about so many units on one side."""
        return max(1, ceil(Fraction(self.unit) * extent * k))

    def length(self, extent: Fraction) -> Fraction:
        """The length of the interval of so many units from the start, on both sides or above it."""
        return (2 if self.two_sided else 1) * Fraction(self.unit) * extent

    @abstractmethod
    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        """At least the mass outside that interval."""

    @property
    def sides(self) -> tuple[Fraction, Fraction] | None:
        """The ends of the interval if the law is uniform on one; else None."""
        return None

    @property
    def is_unit(self) -> bool:
        """Whether it is Lebesgue measure on [0,1]."""
        return self.sides == (Fraction(0), Fraction(1))

    @abstractmethod
    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The distribution function, in doubles."""


@dataclass(frozen=True)
class UniformLaw(Law):
    """On [start, start + unit]."""

    two_sided = False
    most_units = Fraction(1)

    def width(self, A: Arithmetic[V]) -> V:
        return A.number(self.unit)

    def density(self, A: Arithmetic[V], distance: V) -> V:
        return 1 / A.number(self.unit) + 0 * distance

    def intervals(self, k: int, extent: Fraction) -> int:
        return int(Fraction(self.unit) * k)

    def length(self, extent: Fraction) -> Fraction:
        return Fraction(self.unit)

    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        return A.number(0)

    @property
    def sides(self) -> tuple[Fraction, Fraction]:
        return Fraction(self.start), Fraction(self.start) + Fraction(self.unit)

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip((x - float(self.start)) / float(self.unit), 0.0, 1.0)


@dataclass(frozen=True)
class GaussLaw(Law):
    """Normal with mean ``start`` and deviation ``unit``; sqrt(2 pi) < 2.51."""

    most_units = Fraction(251, 100)

    def width(self, A: Arithmetic[V]) -> V:
        pi = A.exp(2 * A.log_gamma(A.number(Fraction(1, 2))))  # Gamma(1/2)^2
        return A.number(self.unit) * A.power(2 * pi, A.number(Fraction(1, 2)))

    def density(self, A: Arithmetic[V], distance: V) -> V:
        z = distance / A.number(self.unit)
        return A.exp(-z * z / 2) / self.width(A)

    def least_mean(self, A: Arithmetic[V], centre: V, half: V) -> V:
        """As a function of t it first increases, perhaps, and then decreases. THEORY.md, 8.3."""
        ends = (self.density(A, centre - half) + self.density(A, centre + half)) / 2
        return A.minimum(self.density(A, centre), ends)

    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        return A.exp(-A.number(extent * extent / 2))  # P(Z > t) <= e^{-t^2/2}/2

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import ndtr

        values: NDArray[np.float64] = ndtr((x - float(self.start)) / float(self.unit))
        return values


@dataclass(frozen=True)
class ExponentialLaw(Law):
    """Density exp(-t/unit)/unit at start + t, t >= 0."""

    two_sided = False
    most_units = Fraction(1)

    def width(self, A: Arithmetic[V]) -> V:
        return A.number(self.unit)

    def density(self, A: Arithmetic[V], distance: V) -> V:
        return A.exp(-distance / A.number(self.unit)) / A.number(self.unit)

    def least_mean(self, A: Arithmetic[V], centre: V, half: V) -> V:
        """The density is convex."""
        return self.density(A, centre)

    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        return A.exp(-A.number(extent))

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return -np.expm1(-np.maximum(x - float(self.start), 0.0) / float(self.unit))


@dataclass(frozen=True)
class LaplaceLaw(Law):
    """Density exp(-|x - start|/unit)/(2 unit)."""

    most_units = Fraction(2)

    def width(self, A: Arithmetic[V]) -> V:
        return 2 * A.number(self.unit)

    def density(self, A: Arithmetic[V], distance: V) -> V:
        return A.exp(-distance / A.number(self.unit)) / self.width(A)

    def least_mean(self, A: Arithmetic[V], centre: V, half: V) -> V:
        """The density is convex."""
        return self.density(A, centre)

    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        return A.exp(-A.number(extent))

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = (x - float(self.start)) / float(self.unit)
        tail = np.exp(-np.abs(z)) / 2
        return np.where(z < 0, tail, 1 - tail)


@dataclass(frozen=True)
class LogisticLaw(Law):
    """Density 1/(unit (e^{z/2} + e^{-z/2})^2), z = (x - start)/unit."""

    most_units = Fraction(4)

    def width(self, A: Arithmetic[V]) -> V:
        return 4 * A.number(self.unit)

    def density(self, A: Arithmetic[V], distance: V) -> V:
        decay = A.exp(-distance / A.number(self.unit))
        return decay / (A.number(self.unit) * (1 + decay) * (1 + decay))

    def tail(self, A: Arithmetic[V], extent: Fraction) -> V:
        return 2 / (1 + A.exp(A.number(extent)))

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import expit

        values: NDArray[np.float64] = expit((x - float(self.start)) / float(self.unit))
        return values
