"""Families of Hölder balls with s <= 1 on the points of a sample: cells of a partition, and centres. THEORY.md, 8.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.facts.hypercube import Index
from approxbounds.facts.weighted import Cells
from approxbounds.functions.samples import Separated
from approxbounds.measures.geometry import net_separation, parts_of, separations
from approxbounds.measures.partitions import NET_SIZES, most_centres, net
from approxbounds.measures.points import Points
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["SampleCells", "SampleCentres"]

#: Numbers of coordinates up to which searches try partitions into blocks and grids: they take sorting.
_SORTED = 2**21
_FEW_CENTRES = 256  # where there is time for fewer, nets are not searched


@dataclass(frozen=True)
class _Rough(Separated):
    """s <= 1, R."""

    smoothness: Number
    radius: Number

    def height(self, A: Arithmetic[V], square: Any) -> Any:
        """w for a squared distance; None for an infinite one."""
        radius = A.number(self.radius)
        if square is None:
            return radius
        if A.vectorised:
            with np.errstate(all="ignore"):
                return float(radius) * np.minimum(1.0, square ** (float(self.smoothness) / 2) / 2)
        if square == 0:
            return A.number(0)
        exponent = A.number(Fraction(self.smoothness) / 2)
        return radius * A.minimum(A.number(1), A.power(A.number(square), exponent) / 2)

    def ceiling(self, index: Index, p: Number) -> float:
        """R^p: the masses of all points are 1."""
        return float(np.float64(float(self.radius)) ** float(p) * (1 + 1e-9))


@dataclass(frozen=True)
class SampleCells(_Rough):
    """s <= 1: w(x) = R min(1, dist(x, points of the other cells)^s / 2) for any partition of the points into cells.

    ``kind`` of the partition: "points" (each is a cell), "blocks" (recursive cuts into parts of equal numbers), "grid"
    (cubes), "net" (the points nearest to each centre of a net) or "links" (single linkage); the index is the number of
    blocks, of cubes along the longest side, of centres, or of pairs of near points that are linked.
    """

    kind: str
    largest_index: ClassVar[int] = 2**30

    @property
    def id(self) -> str:  # type: ignore[override]
        return f"sample-{self.kind}"

    @property
    def indices(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.kind == "points" else ("parts",)

    def _size(self, index: Index) -> int:
        return int(index.get("parts", 0))

    def _labels(self, index: Index) -> NDArray[np.int64]:
        return parts_of(self.sample.places, self.kind, self._size(index))

    def check(self, index: Index) -> None:
        most = {"blocks": self.number, "net": most_centres(self.sample.places)}.get(self.kind, 2**20)
        require(self._size(index) <= most, f"parts={self._size(index)} must be at most {most}")

    def cells(self, index: Index) -> int:
        if self.kind in ("blocks", "net"):
            return min(self._size(index), self.number)
        return int(self._labels(index).max()) + 1

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        return self.grouped(A, self._labels(index), self._squares(index), self.power(p, eta))

    def _squares(self, index: Index, certain: bool = True) -> NDArray[np.float64]:
        return separations(self.sample.places, self.kind, self._size(index), certain=certain)

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return self.largest(A, self._labels(index), self._squares(index), self.height)

    def members(self) -> Iterator[dict[str, int]]:
        if self.kind == "points":
            yield {}
            return
        if self.kind == "net":
            yield from _of_nets(self.sample)
            return
        if self.kind == "links":
            yield from ({"parts": share * self.number // 10} for share in range(1, 16) if share * self.number >= 10)
            return
        if self.sample.places.values.size > _SORTED:
            return
        most = self.number if self.kind == "blocks" else 1024
        for step in range(100):
            parts = int(2 ** (step / 2 + 1))
            if parts >= most:
                return
            yield {"parts": parts}
            if self.kind == "grid" and self.cells({"parts": parts}) == self.number:
                return  # finer ones have the same cells

    def near(self, index: Index) -> Iterator[dict[str, int]]:
        """The sizes of nets next to it in the list; other numbers of links."""
        if self.kind == "links":
            step = max(1, self.number // 40)
            sizes = (self._size(index) + steps * step for steps in (-3, -2, -1, 1, 2, 3))
            yield from ({"parts": size} for size in sizes if size > 0)
        if self.kind == "net" and self._size(index) in NET_SIZES:
            place, most = NET_SIZES.index(self._size(index)), most_centres(self.sample.places)
            near = NET_SIZES[max(0, place - 1) : place + 2]
            yield from ({"parts": size} for size in near if size <= most and size != self._size(index))

    def describe(self, index: Index | None) -> str:
        parts = "n" if index is None else self._size(index)
        cells = {
            "points": "Each point of the sample is a cell",
            "blocks": f"Cut the sample into ${parts}$ blocks of equal numbers of points",
            "net": f"Take ${parts}$ points of the sample, each as far as can be from those before it; a cell is the "
            "points nearest to one of them",
            "links": f"Link the ${parts}$ nearest pairs of points of the sample; a cell is the points that are linked",
            "grid": f"Cut the sample by the cubes of a grid, ${parts}$ along its longest side",
        }[self.kind]
        return (
            f"{cells}; $f_\\omega=\\pm w$ on cell $i$ by the sign of $2\\omega_i-1$ with "
            f"$w(x)=R\\min(1,\\operatorname{{dist}}(x,\\text{{other cells}})^s/2)$, extended to all of $X$."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points of the sample; ParameterError for others."""
        signs = 2.0 * np.asarray(omega, float)[self._labels(index)] - 1.0
        values: NDArray[np.float64] = signs * self.height(FLOAT, self._squares(index, certain=False))
        return values[self.sample.numbers(points)]


def _of_nets(sample: Points) -> Iterator[dict[str, int]]:
    """Nets that are searched first: every other size of the list, no more than there is time for."""
    most = most_centres(sample.places)
    if most >= min(len(sample.places), _FEW_CENTRES):
        yield from ({"parts": size} for size in NET_SIZES[::2] if size <= most)


@dataclass(frozen=True)
class SampleCentres(_Rough):
    """s <= 1: the centres of a net are the cells, all other points are left out; w = R min(1, r^s/2), r their distance.

    No two of the centres are nearer than the last one is to the others, as each is as far as can be from those before.
    """

    id = "sample-centres"
    indices: ClassVar[tuple[str, ...]] = ("parts",)

    def check(self, index: Index) -> None:
        most = most_centres(self.sample.places)
        require(2 <= index["parts"] <= most, f"parts={index['parts']} must be from 2 to {most}")

    def cells(self, index: Index) -> int:
        return int(index["parts"])

    def _top(self, A: Arithmetic[V], index: Index) -> Any:
        square = net_separation(self.sample.places, int(index["parts"]))
        return self.height(A, square if A.vectorised else Fraction(square))

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        excess = self._top(A, index) - eta
        require(bool(excess > 0), "eta must certainly be below w")
        scale = 2 * A.power(excess, A.number(p)) / A.number(self.sample.total)
        centres = net(self.sample.places, int(index["parts"])).centres.tolist()
        kinds = Counter(self.sample.weights[i] for i in centres)
        return Cells([scale * A.number(weight) for weight in kinds], list(kinds.values()))

    def ceiling(self, index: Index, p: Number) -> float:
        """The masses are known at once; 0 if two centres are so near that their distance is taken for 0."""
        if self._top(FLOAT, index) <= 0:
            return 0.0
        values, counts = self.masses(FLOAT, index, p)
        return float(np.dot(values, counts)) / 2 * (1 + 1e-9)

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return Cells([self._top(A, index)], [self.cells(index)])

    def members(self) -> Iterator[dict[str, int]]:
        yield from _of_nets(self.sample)

    def describe(self, index: Index | None) -> str:
        parts = "n" if index is None else str(index["parts"])
        return (
            f"Take ${parts}$ points of the sample, each as far as can be from those before it; no two are nearer than "
            "$r$, the distance of the last one. $f_\\omega=\\pm w$ at point $i$ by the sign of $2\\omega_i-1$ with "
            "$w=R\\min(1,r^s/2)$, extended to all of $X$."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points of the sample, by McShane's extension from the centres; ParameterError for others."""
        places, top = self.sample.places.values, float(self._top(FLOAT, index))
        values = np.full(self.number, -float(self.radius))
        centres = net(self.sample.places, int(index["parts"])).centres.tolist()
        for centre, sign in zip(centres, 2.0 * np.asarray(omega, float) - 1.0, strict=True):
            distance = np.sqrt(((places - places[centre]) ** 2).sum(axis=1))
            values = np.maximum(values, sign * top - float(self.radius) * distance ** float(self.smoothness))
        found: NDArray[np.float64] = values[self.sample.numbers(points)]
        return found
