"""Points that F shatters with a gap: what theorems in sup norm ask of F. THEORY.md, section 2.6."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, comb
from typing import Any, ClassVar

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V, precision
from approxbounds.description import where
from approxbounds.facts.hypercube import Family, Index, Thresholds, integer_root
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["GridCodes", "PointFamily", "redundancy"]


#: Searches stop at this distance of codes: it is enough for s >= 1/3.
MOST_DISTANCE = 64


class PointFamily(Family):
    """Sets of N points x_i with levels c_i and a gap w, indexed by integers.

    For every v < w there are such points, and for every omega in {0,1}^N an f in F, continuous at the points, with
    f(x_i) >= c_i + v where omega_i = 1 and f(x_i) <= c_i - v where omega_i = 0. ``centres``: of what kind the c_i are.
    """

    @abstractmethod
    def points(self, index: Index) -> int:
        """N, exactly."""

    @abstractmethod
    def gap(self, A: Arithmetic[V], index: Index) -> V:
        """w."""

    @property
    @abstractmethod
    def exponent(self) -> Any:
        """e such that the largest gap of N points is of order N^{-e} (SymPy)."""

    @abstractmethod
    def least_gap(self, A: Arithmetic[V], points: V | float) -> V:
        """A lower bound, in closed form, on the gap of some member with at least so many points."""


def redundancy(length: int, distance: int) -> int:
    """r such that a linear binary code of this length and minimum distance has at least 2^(length-r) words.

    Varshamov's bound: choose the columns of a parity-check matrix of r rows one by one, none of them a sum of at most
    D-2 others: V(length-1, D-2) < 2^r leaves one. For even D also that for D-1 with a parity bit.
    """
    found = _varshamov(length, distance)
    return min(found, 1 + _varshamov(length - 1, distance - 1)) if distance % 2 == 0 else found


@lru_cache(maxsize=4096)
def _varshamov(length: int, distance: int) -> int:
    sums = sum(comb(length - 1, i) for i in range(distance - 1))
    return sums.bit_length()  # the least r with 2^r > sums


@dataclass(frozen=True)
class GridCodes(PointFamily):
    """Points of the grid {0, 1/(k-1), .., 1}^d whose parities are words of a binary code of minimum distance D.

    Of a ball of functions with |f| <= R and |f(x) - f(y)| <= R |x-y|_2^s, s <= 1; ``directional``: if x and y differ in
    one coordinate only, so that sum_j |x_j - y_j|^s counts instead. Two of the points that differ in parities do so in
    D coordinates, others by 2/(k-1) in some coordinate; some translate of the code has k^d 2^(-r) points or more. The
    values ±(R/2) min(rho, 2), rho the least distance to the power s, extend to functions of F. D = 1: the whole grid.
    """

    smoothness: Number
    dim: Number
    radius: Number
    directional: bool
    id = "grid-codes"
    indices: ClassVar[tuple[str, ...]] = ("k", "distance")
    citations = (Citation("approxbounds", "2.6"),)
    centres = Thresholds.COMMON

    def check(self, index: Index) -> None:
        require(index["distance"] <= self.dim, f"distance={index['distance']} must be at most d={self.dim}")

    def points(self, index: Index) -> int:
        k, d = int(index["k"]), int(self.dim)
        return int(-(-(k**d) // 2 ** redundancy(d, int(index["distance"]))))

    def gap(self, A: Arithmetic[V], index: Index) -> V:
        k, R, two = int(index["k"]), A.number(self.radius), A.number(2)
        if k == 1 or (k == 2 and self._far(int(index["distance"]))):
            return R  # a single point, or rho >= 2
        s = A.number(self.smoothness)
        separation = A.power(A.number(int(index["distance"])), A.number(1) if self.directional else s / 2)
        if k > 2:
            separation = A.minimum(separation, A.power(two, s))
        return R / 2 * A.minimum(separation * A.power(A.number(k - 1), -s), two)

    def _far(self, distance: int) -> bool:
        """Whether corners of the cube that differ in so many coordinates certainly have rho >= 2, distance^s >= 4."""
        if self.directional:
            return distance >= 2
        s = Fraction(self.smoothness)
        if distance.bit_count() == 1:  # else both sides differ, and balls tell how
            return (distance.bit_length() - 1) * s >= 2
        with precision(256):
            return bool(BALL.power(BALL.number(distance), BALL.number(s)) >= 4)

    def coarsest(self, points: int) -> dict[str, int]:
        d = int(self.dim)
        enough = 2 if self.directional else ceil(4 ** (1 / max(float(self.smoothness), 0.1)))  # then w = R
        members = []
        for distance in range(1, min(d, max(enough, 4), MOST_DISTANCE) + 1):
            k = integer_root((points - 1) * 2 ** redundancy(d, distance) + 1, d)
            if k > 2 and distance > 4:
                break
            members.append({"k": k, "distance": distance})
        return max(members, key=lambda member: float(self.gap(FLOAT, member)))

    @property
    def exponent(self) -> Any:
        return SYMBOLIC.number(self.smoothness) / SYMBOLIC.number(self.dim)

    def least_gap(self, A: Arithmetic[V], points: V | float) -> V:
        # the whole grid: the coarsest k is below points^(1/d) + 1
        return A.number(self.radius) / 2 * A.power(points, -A.number(self.smoothness) / A.number(self.dim))

    def describe(self, index: Index | None) -> str:
        k, D = ("k", "D") if index is None else (str(index["k"]), str(index["distance"]))
        distance = r"\sum_j|x_j-y_j|^s" if self.directional else "|x-y|_2^s"
        return (
            f"Take the points of the grid $\\{{0,\\frac{{1}}{{k-1}},\\dots,1\\}}^d${where(', ', k=k)}, whose parities "
            f"are words of a translate of a binary code of minimum distance $D{'' if D == 'D' else f'={D}'}$, with "
            f"at least $2^{{d-r}}$ words (Varshamov's bound). Values $\\pm w$ there, $w=\\frac R2\\min(\\rho,2)$, "
            f"$\\rho$ the least ${distance}$ of two of them, extend to functions of $F$."
        )
