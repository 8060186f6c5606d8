"""Equal cubes where mu has a density that is known from below: cells of unequal masses. THEORY.md, 8.3."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import ceil, floor, inf, prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.facts.hypercube import FINEST_CELLS, Index, Thresholds
from approxbounds.facts.weighted import Cells, WeightedFamily
from approxbounds.functions.cubes import BumpCubes, Cubes, DistanceCubes
from approxbounds.measures.base import DenseBox
from approxbounds.measures.laws import Law
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["BoxedCubes", "PlacedCubes"]

#: Searches try members of up to so many different masses; certificates may have some more.
_SEARCHED, _MOST = 30_000, 200_000
_EXTENTS = (8, 16, 24, 40)  # eighths of a unit
_PLAIN = (DistanceCubes.id, BumpCubes.id)  # certificates know them as cubes
_ROOT = Fraction(7, 5)  # about the square root of 2


@dataclass(frozen=True)
class _EqualCubes(WeightedFamily):
    """f_omega = +-w on disjoint cubes of side 1/k, 0 elsewhere; w is that of the family ``base`` on [0,1]^d."""

    base: Cubes
    where: ClassVar[str]
    centres = Thresholds.COMMON
    citations = (Citation("approxbounds", "8.3"),)

    @property
    def id(self) -> str:  # type: ignore[override]
        return f"{self.where}-{'cubes' if self.base.id in _PLAIN else self.base.id}"

    @abstractmethod
    def _densities(self, A: Arithmetic[V], index: Index) -> Cells:
        """Lower bounds on the density of mu on the cubes, or on its mean over points that lie symmetrically."""

    def _height(self, A: Arithmetic[V], index: Index) -> V:
        return self.base.norm(A, {"k": index["k"]}, inf)

    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        """A_i = 2 c_i k^{-d} (mean of max(w - eta, 0)^p over a cube); with eta by Minkowski's inequality."""
        norm = self.base.norm(A, {"k": index["k"]}, p) - eta
        require(bool(norm > 0), "eta must certainly be below the mean of order p of w")
        mean = A.power(norm, A.number(p))
        scale = 2 * mean * A.power(A.number(index["k"]), -A.number(self.base.dim))
        densities, counts = self._densities(A, index)
        return Cells([scale * density for density in densities], counts)

    def ceiling(self, index: Index, p: Number) -> float:
        """The mean of w^p: mu is a probability measure."""
        norm: float = self.base.norm(FLOAT, {"k": index["k"]}, p)
        return float(norm ** float(p) * (1 + 1e-9))

    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        cells = self.cells(index)  # those that floats hold are enough for a search
        return Cells([self._height(A, index)], [min(cells, FINEST_CELLS) if A.vectorised else cells])

    def _signed(self, index: Index, t: NDArray[np.float64], omega: NDArray[Any], number: Any) -> NDArray[np.float64]:
        signs = 2.0 * np.asarray(omega, float)[number] - 1.0
        values: NDArray[np.float64] = signs * float(self._height(FLOAT, index)) * self.base.profile(t)
        return values


@dataclass(frozen=True)
class PlacedCubes(_EqualCubes):
    """The cubes [start_j + i_j/k, start_j + (i_j+1)/k] about the starts of independent ``laws``.

    In coordinate j there are so many intervals side by side from the start as take up t/8 units of its law, on both
    sides if the law has two, all that fit if it is uniform. The mean of the densities of mu at points that lie
    symmetrically in a cube is at least the product of the least means of the laws.
    """

    laws: tuple[Law, ...]
    where = "placed"
    indices: ClassVar[tuple[str, ...]] = ("k", "t")
    largest_index: ClassVar[int] = 2**40

    def _along(self, index: Index) -> list[int]:
        extent = Fraction(int(index["t"]), 8)
        return [law.intervals(int(index["k"]), extent) for law in self.laws]

    @property
    def _mirrored(self) -> int:
        """How many cubes have the same mass at least."""
        return 1 << sum(law.two_sided for law in self.laws)

    def check(self, index: Index) -> None:
        require(min(self._along(index)) >= 1, "a uniform law takes no interval of length 1/k")

    def cells(self, index: Index) -> int:
        cells: int = prod(self._along(index)) * self._mirrored
        return cells

    def _densities(self, A: Arithmetic[V], index: Index) -> Cells:
        k, along = int(index["k"]), self._along(index)
        different = [1 if law.sides is not None else n for law, n in zip(self.laws, along, strict=True)]
        require(prod(different) <= _MOST, f"{prod(different)} cubes have different masses, more than {_MOST}")
        same = self._mirrored * prod(along) // prod(different)
        columns = [self._column(A, law, n, k) for law, n in zip(self.laws, different, strict=True)]
        if A.vectorised:
            densities = reduce(np.multiply.outer, columns).reshape(-1)
            return Cells([densities], [np.full(densities.size, float(same))])
        found = reduce(lambda left, right: [x * y for x in left for y in right], columns)
        return Cells(found, [same] * len(found))

    @staticmethod
    def _column(A: Arithmetic[V], law: Law, n: int, k: int) -> Any:
        half = A.number(Fraction(1, 2 * k))
        if A.vectorised:
            return law.least_mean(A, A.number((np.arange(n) + 0.5) / k), half)
        return [law.least_mean(A, A.number(Fraction(2 * i + 1, 2 * k)), half) for i in range(n)]

    def _searched(self, k: int, t: int) -> bool:
        """Whether the search has time for the member, and there is one."""
        along = self._along({"k": k, "t": t})
        pairs = zip(self.laws, along, strict=True)
        different = prod(1 if law.sides is not None else n for law, n in pairs)
        few = different <= _SEARCHED and prod(along) * self._mirrored < 10**300  # a double
        return min(along) >= 1 and few and k <= self.largest_index

    @property
    def _extents(self) -> tuple[int, ...]:
        return (8,) if all(law.sides is not None for law in self.laws) else _EXTENTS

    def members(self) -> Iterator[dict[str, int]]:
        unit = max(Fraction(law.unit) for law in self.laws)
        found = 0
        for k in dict.fromkeys(
            max(1, floor(Fraction(2 ** (step // 2)) * (1, _ROOT)[step % 2] / unit)) for step in range(120)
        ):
            some = [{"k": k, "t": t} for t in self._extents if self._searched(k, t)]
            if found and not some:
                return
            found += len(some)
            yield from some

    def coarsest(self, cells: int) -> dict[str, int]:
        """The largest cubes; as far out as need be where a law is unbounded: there is density everywhere."""
        bounded = [Fraction(law.unit) for law in self.laws if law.sides is not None]
        k = max((ceil(1 / unit) for unit in bounded), default=1)
        if len(bounded) == len(self.laws):
            return {"k": largest(lambda k: self.cells({"k": k, "t": 1}) < cells) + 1, "t": 1}
        return {"k": k, "t": largest(lambda t: self.cells({"k": k, "t": t}) < cells) + 1}

    def near(self, index: Index) -> Iterator[dict[str, int]]:
        k, t = int(index["k"]), int(index["t"])
        for finer in dict.fromkeys(max(1, round(k * 2 ** (step / 8))) for step in range(-3, 4)):
            for further in dict.fromkeys(max(1, round(t * share)) for share in (0.8, 0.9, 1, 1.12, 1.25)):
                if (finer, further) != (k, t) and self._searched(finer, further):
                    yield {"k": finer, "t": further}

    def describe(self, index: Index | None) -> str:
        k, t = ("k", "t") if index is None else (str(index["k"]), str(index["t"]))
        return (
            f"Place cubes of side $1/k$, $k={k}$, side by side around the middle of $\\mu$ (up to ${t}/8$ units), and "
            f"let $f_\\omega=\\pm w$ on cube $i$ by the sign of $2\\omega_i-1$, $0$ elsewhere. The mean of the "
            f"densities of $\\mu$ at points that lie symmetrically in a cube is bounded from below. "
            f"{self.base.describe(index)}"
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        k, along = int(index["k"]), self._along(index)
        low = [-n if law.two_sided else 0 for law, n in zip(self.laws, along, strict=True)]
        starts = np.array([float(law.start) for law in self.laws])
        scaled = (np.asarray(points, float) - starts) * k - np.array(low)
        shape = np.array(along) - np.array(low)
        cell = np.floor(scaled)
        inside = ((cell >= 0) & (cell < shape)).all(axis=1)
        number = np.zeros(len(scaled), int)
        number[inside] = np.ravel_multi_index(cell[inside].astype(int).T, tuple(shape))
        values = self._signed(index, np.where(inside[:, None], scaled - cell, 0.0), omega, number)
        return np.where(inside, values, 0.0)


@dataclass(frozen=True)
class BoxedCubes(_EqualCubes):
    """All cubes of side 1/k at multiples of it from the corner of their box that fit into dense boxes."""

    boxes: tuple[DenseBox, ...]
    where = "boxed"
    indices: ClassVar[tuple[str, ...]] = ("k",)
    largest_index: ClassVar[int] = 2**40

    def _fitting(self, index: Index) -> list[int]:
        k = int(index["k"])
        sides = ([b - a for a, b in zip(box.low, box.high, strict=True)] for box in self.boxes)
        return [prod(floor(side * k) for side in lengths) for lengths in sides]

    def check(self, index: Index) -> None:
        require(self.cells(index) >= 1, f"no cube of side 1/{index['k']} fits into a box")

    def cells(self, index: Index) -> int:
        return sum(self._fitting(index))

    def _densities(self, A: Arithmetic[V], index: Index) -> Cells:
        pairs = [(box.density, n) for box, n in zip(self.boxes, self._fitting(index), strict=True) if n]
        if A.vectorised:
            densities, counts = (np.array(column, float) for column in zip(*pairs, strict=True))
            return Cells([densities], [counts])
        return Cells([A.number(density) for density, _ in pairs], [n for _, n in pairs])

    def members(self) -> Iterator[dict[str, int]]:
        shortest = min(b - a for box in self.boxes for a, b in zip(box.low, box.high, strict=True))
        longest = max(b - a for box in self.boxes for a, b in zip(box.low, box.high, strict=True))
        seen = set()
        for step in range(8 * 40):
            k = ceil(Fraction(int(2 ** (step / 8) * 64), 64) / longest)
            index = {"k": k}
            if k in seen or not self.cells(index):
                continue
            seen.add(k)
            if self.cells(index) > 10**17 or k > 2**30 / shortest:
                return
            yield index

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"In each box on which the density of $\\mu$ is known from below, place as many cubes of side $1/k$, "
            f"$k={k}$, as fit, and let $f_\\omega=\\pm w$ on cube $i$ by the sign of $2\\omega_i-1$, $0$ elsewhere. "
            f"{self.base.describe(index)}"
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        where, k, first = np.asarray(points, float), int(index["k"]), 0
        values = np.zeros(len(where))
        for box, n in zip(self.boxes, self._fitting(index), strict=True):
            low = np.array([float(a) for a in box.low])
            shape = tuple(floor((b - a) * k) for a, b in zip(box.low, box.high, strict=True))
            scaled = (where - low) * k
            cell = np.floor(scaled)
            inside = ((cell >= 0) & (cell < np.array(shape))).all(axis=1)
            if n and inside.any():
                number = first + np.ravel_multi_index(cell[inside].astype(int).T, shape)
                values[inside] = self._signed(index, (scaled - cell)[inside], omega, number)
            first += n
        return values
