"""Growth at several thresholds a point: how many vectors of bins a class can show. THEORY.md, 3.9.

Q - 1 increasing thresholds at each of N points cut the line into Q bins; a function g shows the vector of the bins of
g(x_1), ..., g(x_N). Counts that hold for special thresholds only (one for all points, affine ones) are no
:class:`LevelCount`, so they cannot enter. All values are log2 of numbers of vectors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from approxbounds.arithmetic import Arithmetic, V

__all__ = ["LevelCount", "LevelGrowth"]


class LevelCount(ABC):
    """A count of patterns that holds for all thresholds, also for several at the same point."""

    @abstractmethod
    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        """log2 of the patterns (1[g(x_i) > r_i])_i of m pairs of a point and a threshold."""

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool) -> V:
        """log2 of the vectors of Q = ``levels`` bins at N = ``points`` points: by default the patterns of (Q-1)N pairs.

        These tell the bin of each g(x_i). ``common``: the thresholds are the same at all points.
        """
        return self.evaluate(A, A.times(levels - 1, points))

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        """The count for any number of pairs, if it is the same for all: then log2 of the functions, null sets aside."""
        return None


@dataclass(frozen=True)
class LevelGrowth:
    """min(N log2 Q, every count that applies): an upper bound on log2 of the vectors of bins."""

    counts: tuple[LevelCount, ...] = ()

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool = False) -> V:
        """log2 of the vectors of Q = ``levels`` bins at N = ``points`` points: float arrays, or exact ints for balls.

        ``common``: whether the thresholds are the same at all points.

        >>> from approxbounds.arithmetic import FLOAT
        >>> float(LevelGrowth().at_levels(FLOAT, 10, 8))
        30.0
        """
        every = A.number(points) * A.log2(A.number(levels))
        return A.minimum(every, *(count.at_levels(A, points, levels, common=common) for count in self.counts))
