"""Families on the points of a sample: Hölder balls and monotone functions. THEORY.md, 8.4."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V, spend
from approxbounds.facts.hypercube import Index, Thresholds
from approxbounds.facts.weighted import Cells, WeightedFamily
from approxbounds.functions.cubes import Cubes
from approxbounds.measures.geometry import chain_lengths, net_separation, parts_of, separations
from approxbounds.measures.partitions import NET_SIZES, most_centres, net
from approxbounds.measures.points import Points
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["SampleBumps", "SampleCells", "SampleCentres", "SampleLayers"]

#: Numbers of coordinates up to which searches try partitions into blocks and grids: they take sorting.
_SORTED = 2**21
_FEW_CENTRES = 256  # where there is time for fewer, nets are not searched


@dataclass(frozen=True)
class _OnSample(WeightedFamily):
    """Cells are sets of points of a sample."""

    sample: Points
    centres = Thresholds.ANY
    citations = (Citation("approxbounds", "8.4"),)

    @property
    def _number(self) -> int:
        return len(self.sample.places)

    def _grouped(self, A: Arithmetic[V], labels: Any, keys: Any, value: Any) -> Cells:
        """Sums over the cells of 2 (mass of the point) value(key): for all keys at once in floats, else one by one."""
        weights = self.sample.weights
        scale = 2 / A.number(self.sample.total)
        if A.vectorised:
            terms = np.array(weights, float) * value(A, keys)
            sums = np.bincount(labels, terms, minlength=int(labels.max()) + 1)
            return Cells([float(scale) * sums], [np.ones(sums.size)])
        values = {
            key: value(A, Fraction(key)) if key != inf else value(A, None) for key in dict.fromkeys(keys.tolist())
        }
        totals: dict[int, dict[tuple[float, int], int]] = {}
        for label, key, weight in zip(labels.tolist(), keys.tolist(), weights, strict=True):
            cell = totals.setdefault(label, {})
            cell[key, weight] = cell.get((key, weight), 0) + 1
        alike: dict[Any, int] = {}
        for cell in totals.values():
            parts = frozenset(cell.items())
            alike[parts] = alike.get(parts, 0) + 1
        spend(len(labels))
        found = []
        for parts in alike:
            terms = [(weight * times) * values[key] for (key, weight), times in parts]
            found.append(scale * sum(terms[1:], terms[0]))
        return Cells(found, list(alike.values()))

    def _largest(self, A: Arithmetic[V], labels: Any, keys: Any, value: Any) -> Cells:
        """The largest value in each cell."""
        highest = np.zeros(int(labels.max()) + 1)
        np.maximum.at(highest, labels, keys)
        if A.vectorised:
            return Cells([value(A, highest)], [np.ones(highest.size)])
        kinds, counts = np.unique(highest, return_counts=True)
        return Cells([value(A, None if key == inf else Fraction(key)) for key in kinds.tolist()], counts.tolist())


@dataclass(frozen=True)
class _Separated(_OnSample):
    """w depends on the distance from other cells only."""

    @abstractmethod
    def _height(self, A: Arithmetic[V], square: Any) -> Any:
        """w at a point whose squared distance from the other cells is known; None for an infinite one."""

    def _power(self, p: Number, eta: Any) -> Callable[[Any, Any], Any]:
        """max(w - eta, 0)^p, for :meth:`_grouped`."""

        def power(A: Arithmetic[V], square: Any) -> Any:
            excess = self._height(A, square) - eta
            if A.vectorised:
                return np.maximum(excess, 0.0) ** float(p)
            return A.power(excess, A.number(p)) if excess > 0 else A.number(0)

        return power


@dataclass(frozen=True)
class _Rough(_Separated):
    """s <= 1, R."""

    smoothness: Number
    radius: Number

    def _height(self, A: Arithmetic[V], square: Any) -> Any:
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
        most: float = float(self.radius) ** float(p) * (1 + 1e-9)
        return most


@dataclass(frozen=True)
class SampleCells(_Rough):
    """s <= 1: w(x) = R min(1, dist(x, points of the other cells)^s / 2) for any partition of the points into cells.

    ``kind`` of the partition: "points" (each is a cell), "blocks" (recursive cuts into parts of equal numbers), "grid"
    (cubes) or "net" (the points nearest to each centre of a net); the index is the number of blocks, of centres, or of
    cubes along the longest side.
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
        most = {"blocks": self._number, "net": most_centres(self.sample.places)}.get(self.kind, 2**20)
        require(self._size(index) <= most, f"parts={self._size(index)} must be at most {most}")

    def cells(self, index: Index) -> int:
        return int(self._labels(index).max()) + 1

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        return self._grouped(A, self._labels(index), self._squares(index), self._power(p, eta))

    def _squares(self, index: Index, certain: bool = True) -> NDArray[np.float64]:
        return separations(self.sample.places, self.kind, self._size(index), certain=certain)

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return self._largest(A, self._labels(index), self._squares(index), self._height)

    def members(self) -> Iterator[dict[str, int]]:
        if self.kind == "points":
            yield {}
            return
        if self.kind == "net":
            yield from _of_nets(self.sample)
            return
        if self.sample.places.values.size > _SORTED:
            return
        most = self._number if self.kind == "blocks" else 1024
        for step in range(100):
            parts = int(2 ** (step / 2 + 1))
            if parts >= most:
                return
            yield {"parts": parts}

    def near(self, index: Index) -> Iterator[dict[str, int]]:
        """The sizes of nets next to it in the list."""
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
            "grid": f"Cut the sample by the cubes of a grid, ${parts}$ along its longest side",
        }[self.kind]
        return (
            f"{cells}; $f_\\omega=\\pm w$ on cell $i$ by the sign of $2\\omega_i-1$ with "
            f"$w(x)=R\\min(1,\\operatorname{{dist}}(x,\\text{{other cells}})^s/2)$, extended to all of $X$."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points of the sample; ParameterError for others."""
        signs = 2.0 * np.asarray(omega, float)[self._labels(index)] - 1.0
        values: NDArray[np.float64] = signs * self._height(FLOAT, self._squares(index, certain=False))
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
        return self._height(A, square if A.vectorised else Fraction(square))

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        excess = self._top(A, index) - eta
        require(bool(excess > 0), "eta must certainly be below w")
        scale = 2 * A.power(excess, A.number(p)) / A.number(self.sample.total)
        centres = net(self.sample.places, int(index["parts"])).centres.tolist()
        kinds = Counter(self.sample.weights[i] for i in centres)
        return Cells([scale * A.number(weight) for weight in kinds], list(kinds.values()))

    def ceiling(self, index: Index, p: Number) -> float:
        """The masses are known at once."""
        values, counts = self.masses(FLOAT, index, p)
        return float(np.dot(values, counts)) / 2 * (1 + 1e-9)

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return Cells([self._top(A, index)], [self.cells(index)])

    def members(self) -> Iterator[dict[str, int]]:
        yield from (index for index in _of_nets(self.sample) if net_separation(self.sample.places, index["parts"]) > 0)

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
        values = np.full(self._number, -float(self.radius))
        centres = net(self.sample.places, int(index["parts"])).centres.tolist()
        for centre, sign in zip(centres, 2.0 * np.asarray(omega, float) - 1.0, strict=True):
            distance = np.sqrt(((places - places[centre]) ** 2).sum(axis=1))
            values = np.maximum(values, sign * top - float(self.radius) * distance ** float(self.smoothness))
        found: NDArray[np.float64] = values[self.sample.numbers(points)]
        return found


@dataclass(frozen=True)
class SampleBumps(_Separated):
    """s > 1: bumps on disjoint cubes about the points, of sides min(1, distance in maximum norm to the nearest)."""

    base: Cubes
    indices: ClassVar[tuple[str, ...]] = ()

    @property
    def id(self) -> str:  # type: ignore[override]
        return f"sample-{self.base.id}"

    def cells(self, index: Index) -> int:
        return self._number

    def _height(self, A: Arithmetic[V], square: Any) -> Any:
        top = self.base.norm(A, {"k": 1}, inf)
        if square is None:
            return top
        if A.vectorised:
            return float(top) * np.minimum(1.0, square ** (float(self.base.smoothness) / 2))
        if square == 0:
            return A.number(0)
        exponent = A.number(Fraction(self.base.smoothness) / 2)
        return top * A.minimum(A.number(1), A.power(A.number(square), exponent))

    def _squares(self) -> NDArray[np.float64]:
        return separations(self.sample.places, "points", 0, sup=True)

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        return self._grouped(A, np.arange(self._number), self._squares(), self._power(p, eta))

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return self._largest(A, np.arange(self._number), self._squares(), self._height)

    def members(self) -> Iterator[dict[str, int]]:
        yield {}

    def describe(self, index: Index | None) -> str:
        return (
            "About each point $x$ of the sample take the cube of side $h_x=\\min(1,\\text{distance in maximum norm "
            "to the nearest other point})$; the cubes are disjoint. $f_\\omega=\\pm w$ with $w=Ah_x^s$ at $x$, the "
            f"bump of this family at $k=1$: {self.base.describe(None)}"
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points of the sample; ParameterError for others."""
        values: NDArray[np.float64] = (2.0 * np.asarray(omega, float) - 1.0) * self._height(FLOAT, self._squares())
        return values[self.sample.numbers(points)]


@dataclass(frozen=True)
class SampleLayers(_OnSample):
    """Monotone functions: layers of points at whose end the longest chain has the same length are incomparable.

    Of the layers the Q with the most points are taken, q_1 < .. < q_Q; the points in them are the cells. f_omega =
    (j - 1 + omega_x)/Q on layer q_j, (number of chosen layers below)/Q elsewhere.
    """

    id = "sample-layers"
    indices: ClassVar[tuple[str, ...]] = ("layers",)

    def _chosen(self, index: Index) -> NDArray[np.int64]:
        sizes = np.bincount(chain_lengths(self.sample.places))
        return np.sort(np.argsort(-sizes, kind="stable")[: int(index["layers"])])

    @property
    def _every(self) -> int:
        return int(chain_lengths(self.sample.places).max())

    def check(self, index: Index) -> None:
        require(index["layers"] <= self._every, f"layers={index['layers']} must be at most {self._every}")

    def _inside(self, index: Index) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(chain_lengths(self.sample.places), self._chosen(index)))

    def cells(self, index: Index) -> int:
        return len(self._inside(index))

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        inside = self._inside(index).tolist()
        weights = [self.sample.weights[i] for i in inside]
        kinds: dict[int, int] = {}
        for weight in weights:
            kinds[weight] = kinds.get(weight, 0) + 1
        excess = 1 / A.number(2 * int(index["layers"])) - eta
        require(bool(excess > 0), "eta must certainly be below w")
        scale = 2 * A.power(excess, A.number(p)) / A.number(self.sample.total)
        return Cells([scale * A.number(weight) for weight in kinds], list(kinds.values()))

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return Cells([1 / A.number(2 * int(index["layers"]))], [self.cells(index)])

    def members(self) -> Iterator[dict[str, int]]:
        seen = set()
        for step in range(100):
            layers = min(int(2 ** (step / 2)), self._every)
            if layers not in seen:
                seen.add(layers)
                yield {"layers": layers}

    def describe(self, index: Index | None) -> str:
        layers = "Q" if index is None else index["layers"]
        return (
            "Points of the sample at which the longest chains of the order that end there have the same length are "
            f"a layer: they are incomparable. Take $Q={layers}$ layers; $f_\\omega=(j-1+\\omega_x)/Q$ at points $x$ "
            "of the $j$-th and (number of these layers below)$/Q$ elsewhere. The half-gap is $w=1/(2Q)$."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """At points of the sample; ParameterError for others."""
        lengths, chosen = chain_lengths(self.sample.places), self._chosen(index)
        values = np.searchsorted(chosen, lengths).astype(float)
        values[self._inside(index)] += np.asarray(omega, float)
        scaled: NDArray[np.float64] = values / int(index["layers"])
        return scaled[self.sample.numbers(points)]
