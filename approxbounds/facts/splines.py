"""Balls of splines: bodies of large volume in F, sums of B-splines with bounded coefficients. THEORY.md, 2.9.

A member: f = c + A sum_i a_i prod_j N_{D_j}(k_j x_j - i_j), i_j from -D_j to k_j - 1, is in F for all |a_i| <= 1. N_D
is the B-spline of degree D on [0, D+1] with integer knots. There are N = prod_j k_j cells, the boxes of sides 1/k_j.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import ceil, prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.description import where
from approxbounds.facts.hypercube import (
    FINEST_RESOLUTION,
    MOST_CELLS,
    Family,
    Grid,
    Index,
    Thresholds,
    cube_grid,
    integer_root,
    resolutions,
)
from approxbounds.facts.spline_measure import least_measure, mean_measure
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["BoxSplines", "ConvexSplines", "SmoothSplines", "SplineBall", "b_splines"]

_DENSITY = 64  # of the resolutions that searches try


def b_splines(degree: int, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """N_D(t + l), l = 0..D, for t in [0,1]: shape (D + 1, *t.shape), by the recursion in D.

    >>> b_splines(2, np.array([0.0, 0.5])).tolist()
    [[0.0, 0.125], [0.5, 0.75], [0.5, 0.125]]
    """
    values = [np.ones_like(t)]
    for D in range(1, degree + 1):
        padded = [np.zeros_like(t), *values, np.zeros_like(t)]
        values = [((t + j) * padded[j + 1] + (D + 1 - t - j) * padded[j]) / D for j in range(D + 1)]
    return np.array(values)


class SplineBall(Family):
    """A ball of splines of F, indexed by its resolutions. ``centres``: COMMON where c = 0, else ANY.

    ``A`` is the arithmetic; index entries may be arrays in FLOAT.
    """

    citations: ClassVar[tuple[Citation, ...]] = (Citation("approxbounds", "2.9"),)

    @abstractmethod
    def cells(self, index: Index) -> int:
        """N, exactly."""

    @abstractmethod
    def sides(self, index: Index) -> tuple[tuple[int, int], ...]:
        """(D_j, k_j) for each coordinate."""

    @abstractmethod
    def amplitude(self, A: Arithmetic[V], index: Index) -> V:
        """A."""

    @abstractmethod
    def mean_volume(self, A: Arithmetic[V], p: Number) -> V:
        """A lower bound on the product of the means mu_{D_j,p}."""

    @abstractmethod
    def least_volume(self, A: Arithmetic[V]) -> V:
        """A lower bound on the product of the least M_{D_j}."""

    @abstractmethod
    def least_amplitude(self, A: Arithmetic[V], cells: V | float) -> V:
        """A lower bound on A, in closed form, at some member with at least ``cells`` cells."""

    @abstractmethod
    def grid(self) -> Grid:
        """The members that searches try, N never falling: the same for every network, so bounds are monotone in G."""

    def centre(self, index: Index, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """c at points of shape (m, d)."""
        return np.zeros(len(points))

    def evaluate(
        self, amplitude: float, index: Index, coefficients: NDArray[Any], points: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """f at points of shape (m, d); ``coefficients`` a_i of shape (k_1 + D_1, .., k_d + D_d), the first for -D_j."""
        x, sides = np.asarray(points, float), self.sides(index)
        cells, bases = [], []
        for j, (D, k) in enumerate(sides):
            cell = np.minimum(np.floor(x[:, j] * k), k - 1)
            cells.append(cell.astype(int) + D)
            bases.append(b_splines(D, x[:, j] * k - cell))
        total = np.zeros(len(x))
        for shift in product(*(range(D + 1) for D, _ in sides)):
            weights = np.prod([basis[n] for basis, n in zip(bases, shift, strict=True)], axis=0)
            total += weights * coefficients[tuple(cell - n for cell, n in zip(cells, shift, strict=True))]
        values: NDArray[np.float64] = self.centre(index, x) + amplitude * total
        return values


@dataclass(frozen=True)
class SmoothSplines(SplineBall):
    """D = ceil(s), all k_j = k, A = R 2^-D d^(-(s-n)/2) k^-s, n = D - 1, in Hölder balls.

    ``weak``: without the power of d, for integers s, where only |D^m f| <= R is asked for, |m| <= s, almost everywhere.
    """

    smoothness: Number
    dim: Number
    radius: Number
    weak: bool = False
    id = "splines"
    centres = Thresholds.COMMON

    @property
    def degree(self) -> int:
        """D."""
        degree: int = ceil(self.smoothness)
        return degree

    def cells(self, index: Index) -> int:
        cells: int = int(index["k"]) ** int(self.dim)
        return cells

    def sides(self, index: Index) -> tuple[tuple[int, int], ...]:
        return ((self.degree, int(index["k"])),) * int(self.dim)

    def amplitude(self, A: Arithmetic[V], index: Index) -> V:
        return self._scale(A) * A.power(A.number(index["k"]), -A.number(self.smoothness))

    def _scale(self, A: Arithmetic[V]) -> V:
        scale: V = A.number(self.radius) / 2**self.degree
        alpha = A.number(self.smoothness - (self.degree - 1))
        return scale if self.weak else scale * A.power(A.number(self.dim), -alpha / 2)

    def mean_volume(self, A: Arithmetic[V], p: Number) -> V:
        return A.power(mean_measure(A, self.degree, p), A.number(self.dim))

    def least_volume(self, A: Arithmetic[V]) -> V:
        return A.power(A.number(least_measure(self.degree)), A.number(self.dim))

    def least_amplitude(self, A: Arithmetic[V], cells: V | float) -> V:
        # the coarsest k is below cells^{1/d} + 1, and the amplitude decreases in k
        return self.amplitude(A, {"k": A.power(cells, 1 / A.number(self.dim)) + 1})

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"k": integer_root(cells, int(self.dim))}

    def grid(self) -> Grid:
        return cube_grid(int(self.dim), _DENSITY, FINEST_RESOLUTION)

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        factor = "" if self.weak else r"d^{-(s-D+1)/2}"
        return (
            f"All $f=A\\sum_ia_i\\prod_jN_D(kx_j-i_j)$ with $|a_i|\\le1$, $A=R\\,2^{{-D}}{factor}k^{{-s}}$ are in $F$: "
            f"B-splines of degree $D={self.degree}$ with knots at distance $1/k${where(', ', k=k)}, all that overlap "
            f"the cube."
        )


@dataclass(frozen=True)
class ConvexSplines(SmoothSplines):
    """c = A + (1-2A) sum_j (2x_j-1)^2/d with D = 2 and A = 2/(d^2 k^2 + 4): the curvature of c is that of the sum."""

    id = "convex-splines"
    centres = Thresholds.ANY

    def amplitude(self, A: Arithmetic[V], index: Index) -> V:
        d, k = A.number(self.dim), A.number(index["k"])
        return 2 / (d * d * (k * k) + 4)

    def centre(self, index: Index, points: NDArray[np.float64]) -> NDArray[np.float64]:
        amplitude = 2 / (int(self.dim) ** 2 * float(index["k"]) ** 2 + 4)
        values: NDArray[np.float64] = amplitude + (1 - 2 * amplitude) * ((2 * points - 1) ** 2).mean(axis=1)
        return values

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"All $f=A+\\frac{{1-2A}}d\\sum_j(2x_j-1)^2+A\\sum_ia_i\\prod_jN_2(kx_j-i_j)$ with $|a_i|\\le1$, "
            f"$A=2/(d^2k^2+4)$ are in $F$: quadratic B-splines with knots at distance $1/k${where(', ', k=k)}, all "
            f"that overlap the cube."
        )


@dataclass(frozen=True)
class BoxSplines(SplineBall):
    """D_j = ceil(s_j), A = R min_j 2^{-D_j} k_j^{-s_j} in anisotropic Hölder balls; the terms are about equal."""

    smoothness: tuple[Number, ...]
    radius: Number
    id = "box-splines"
    centres = Thresholds.COMMON

    @property
    def indices(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(f"k{j}" for j in range(1, len(self.smoothness) + 1))

    def cells(self, index: Index) -> int:
        return prod(int(index[name]) for name in self.indices)

    def sides(self, index: Index) -> tuple[tuple[int, int], ...]:
        return tuple((ceil(s), int(index[name])) for name, s in zip(self.indices, self.smoothness, strict=True))

    def amplitude(self, A: Arithmetic[V], index: Index) -> V:
        return self._amplitude(A, [A.number(index[name]) for name in self.indices])

    def _amplitude(self, A: Arithmetic[V], resolutions: list[V]) -> V:
        pairs = zip(self.smoothness, resolutions, strict=True)
        return A.number(self.radius) * A.minimum(*(A.power(k, -A.number(s)) / 2 ** ceil(s) for s, k in pairs))

    def mean_volume(self, A: Arithmetic[V], p: Number) -> V:
        return prod((mean_measure(A, ceil(s), p) for s in self.smoothness), start=A.number(1))

    def least_volume(self, A: Arithmetic[V]) -> V:
        return prod((A.number(least_measure(ceil(s))) for s in self.smoothness), start=A.number(1))

    def least_amplitude(self, A: Arithmetic[V], cells: V | float) -> V:
        # k_j = ceil(K^{1/s_j}) with K^{sum 1/s_j} = cells has enough boxes, and k_j <= K^{1/s_j} + 1
        inverse = [1 / A.number(s) for s in self.smoothness]
        K = A.power(A.number(cells), 1 / sum(inverse[1:], inverse[0]))
        return self._amplitude(A, [A.power(K, power) + 1 for power in inverse])

    def _resolutions(self, k: Any) -> dict[str, Any]:
        """All k_j for k, that of the least smoothness: the largest that leave A as it is (floats decide)."""
        least = min(self.smoothness)
        scale = 2.0 ** ceil(least) * np.power(k, float(least))
        sizes = ((scale / 2.0 ** ceil(s)) ** (1 / float(s)) * (1 + 1e-12) for s in self.smoothness)
        return {name: np.maximum(np.floor(size), 1.0) for name, size in zip(self.indices, sizes, strict=True)}

    def _at(self, k: int) -> dict[str, int]:
        return {name: int(value) for name, value in self._resolutions(float(k)).items()}

    def coarsest(self, cells: int) -> dict[str, int]:
        return self._at(largest(lambda k: self.cells(self._at(k)) < cells) + 1)

    def grid(self) -> Grid:
        return _box_grid(self)

    def describe(self, index: Index | None) -> str:
        sides = "k_1,\\dots,k_d" if index is None else ",".join(str(index[name]) for name in self.indices)
        return (
            f"All $f=A\\sum_ia_i\\prod_jN_{{D_j}}(k_jx_j-i_j)$ with $|a_i|\\le1$, $A=R\\min_j2^{{-D_j}}k_j^{{-s_j}}$, "
            f"are in $F$: B-splines of degrees $D_j=\\lceil s_j\\rceil$ with knots at distances $1/k_j$, "
            f"$(k_j)=({sides})$, all that overlap the cube."
        )


@lru_cache(maxsize=64)
def _box_grid(ball: BoxSplines) -> Grid:
    total = float(sum(min(ball.smoothness) / s for s in ball.smoothness))
    most = max(2, int(min(MOST_CELLS ** (1 / total), FINEST_RESOLUTION)))
    with np.errstate(over="ignore"):  # of high smoothness only coarse members can be told in doubles
        index = ball._resolutions(np.array(resolutions(most, _DENSITY), float))
        cells = np.prod(np.array(list(index.values())), axis=0)
    return Grid(index, cells).only(np.isfinite(cells))
