"""Growth of functions that are constant on sets into which the points are sorted already. THEORY.md, 3.2."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.levels import LevelCount
from approxbounds.sources import Citation

__all__ = ["CommonRegionCount", "RegionCount"]


@dataclass(frozen=True)
class RegionCount(LevelCount):
    """Functions that are constant on each of ``regions`` sets Q, into which the m points are sorted already.

    A set shows one of m_c + 1 patterns for its m_c points: at most (1 + m/Q)^Q in all, as the product of the factors is
    at most the power of their mean. For m <= Q it is at least 2^m, which is used: there the count has slope 1, beyond
    at most 1/(2 log 2), so it is concave.
    """

    regions: int
    citations = (Citation("approxbounds", "3.2"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        Q = A.number(self.regions)
        return A.at_least(m, self.regions, Q * A.log2(1 + A.number(m) / Q), A.number(m))

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool) -> V:
        """Common levels leave each set one of as many values as there are bins."""
        if common:
            return A.number(self.regions) * A.log2(A.number(levels))
        return super().at_levels(A, points, levels, common=common)

    @property
    def formula(self) -> str:
        return rf"{self.regions}\log_2(1+m/{self.regions})"


@dataclass(frozen=True)
class CommonRegionCount:
    """The same at one threshold for all points: a set shows one of two patterns, 2^Q in all. For m <= Q it is 2^m."""

    regions: int
    citations = (Citation("approxbounds", "3.2"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.at_least(m, self.regions, self.regions + 0 * A.number(m), A.number(m))

    @property
    def formula(self) -> str:
        return f"{self.regions}"
