"""What theorems may ask of F about its measure, and of classes on [0,1]^d about other domains. THEORY.md, section 8."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from approxbounds.facts.weighted import WeightedFamily
from approxbounds.measures.laws import Law
from approxbounds.validation import Number

__all__ = ["Carried", "CurvedOn", "Maps", "Measured"]


class Maps(IntEnum):
    """Maps of domains that carry a class to itself: f is in it on one domain exactly if f o map is on the other."""

    NONE = 0
    AFFINE = 1  # increasing affine maps of each coordinate
    INCREASING = 2  # all strictly increasing continuous maps of each coordinate


@dataclass(frozen=True)
class Carried:
    """How a class is defined on convex domains X other than [0,1]^d.

    ``maps`` carry it. ``smoothness``, ``radius``: it is the ball (s, R) on X as on [0,1]^d: |D^m f| <= R for
    |m| <= n = ceil(s) - 1, and D^m f, |m| = n, are (s-n)-Hölder with constant R in the Euclidean distance.
    """

    maps: Maps = Maps.NONE
    smoothness: Number = None
    radius: Number = None


@dataclass(frozen=True)
class CurvedOn:
    """A function f of F of one coordinate, which has this law and is independent of the others; f^(m) = +-c.

    c is ``radius``, on any number of adjacent intervals of equal length at most ``longest``; or on one interval only,
    if not ``alternating``. ``scaled``: c = m!/l^m on one interval of any length l. ``convex``: f = |2u-1|^m, u from
    0 to 1 on the interval of a uniform law, c = m! (2/unit)^m on all of it if m is even, on its two halves if m is odd.
    """

    law: Law
    radius: Number = None
    longest: Number = None
    alternating: bool = False
    scaled: bool = False
    convex: bool = False


class Measured:
    """The measure of a class, and the class under others; by default Lebesgue measure, and nothing is known."""

    @property
    def setting(self) -> str | None:
        """The measure mu of L^p(mu), in words, where it is not Lebesgue measure on [0,1]^d."""
        return None

    @property
    def in_cube(self) -> bool:
        """Whether mu lives on [0,1]^d, for which the fat-shattering dimensions of G are known."""
        return True

    @property
    def carried(self) -> Carried:
        """How the class is defined on other domains, and which maps carry it from one to another."""
        return Carried()

    def curved_on(self, axis: int, order: int) -> CurvedOn | None:
        """For classes under a product measure: a function of coordinate ``axis`` (from 0), m = ``order``; or None."""
        return None

    @property
    def weighted_families(self) -> tuple[WeightedFamily, ...]:
        """Families on cells of unequal masses, for classes under a measure; empty if none is known."""
        return ()
