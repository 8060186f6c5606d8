"""Families on the points of a sample: smooth bumps and monotone functions. THEORY.md, 8.4."""

from __future__ import annotations

from abc import abstractmethod
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
from approxbounds.measures.geometry import chain_lengths, separations
from approxbounds.measures.points import Points
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["OnSample", "SampleBumps", "SampleLayers", "Separated"]


@dataclass(frozen=True)
class OnSample(WeightedFamily):
    """Cells are sets of points of a sample."""

    sample: Points
    centres = Thresholds.ANY
    citations = (Citation("approxbounds", "8.4"),)

    @property
    def number(self) -> int:
        return len(self.sample.places)

    def grouped(self, A: Arithmetic[V], labels: Any, keys: Any, value: Any) -> Cells:
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

    def largest(self, A: Arithmetic[V], labels: Any, keys: Any, value: Any) -> Cells:
        """The largest value in each cell."""
        highest = np.zeros(int(labels.max()) + 1)
        np.maximum.at(highest, labels, keys)
        if A.vectorised:
            return Cells([value(A, highest)], [np.ones(highest.size)])
        kinds, counts = np.unique(highest, return_counts=True)
        return Cells([value(A, None if key == inf else Fraction(key)) for key in kinds.tolist()], counts.tolist())


@dataclass(frozen=True)
class Separated(OnSample):
    """w depends on the distance from other cells only."""

    @abstractmethod
    def height(self, A: Arithmetic[V], square: Any) -> Any:
        """w at a point whose squared distance from the other cells is known; None for an infinite one."""

    def power(self, p: Number, eta: Any) -> Callable[[Any, Any], Any]:
        """max(w - eta, 0)^p, for :meth:`grouped`."""

        def power(A: Arithmetic[V], square: Any) -> Any:
            excess = self.height(A, square) - eta
            if A.vectorised:
                return np.maximum(excess, 0.0) ** float(p)
            return A.power(excess, A.number(p)) if excess > 0 else A.number(0)

        return power


@dataclass(frozen=True)
class SampleBumps(Separated):
    """s > 1: bumps on disjoint cubes about the points, of sides min(1, distance in maximum norm to the nearest)."""

    base: Cubes
    indices: ClassVar[tuple[str, ...]] = ()

    @property
    def id(self) -> str:  # type: ignore[override]
        return f"sample-{self.base.id}"

    def cells(self, index: Index) -> int:
        return self.number

    def height(self, A: Arithmetic[V], square: Any) -> Any:
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
        return self.grouped(A, np.arange(self.number), self._squares(), self.power(p, eta))

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        return self.largest(A, np.arange(self.number), self._squares(), self.height)

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
        values: NDArray[np.float64] = (2.0 * np.asarray(omega, float) - 1.0) * self.height(FLOAT, self._squares())
        return values[self.sample.numbers(points)]


@dataclass(frozen=True)
class SampleLayers(OnSample):
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
