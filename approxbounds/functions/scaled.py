"""Families carried from [0,1]^d to other domains by the distribution functions of a product measure. THEORY.md, 8.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.facts.hypercube import Grid, HypercubeFamily, Index, Thresholds
from approxbounds.measures.laws import Law
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["ScaledFamily"]


@dataclass(frozen=True)
class ScaledFamily(HypercubeFamily):
    """f_omega(x) = C^{-s} h_omega(F_1(x_1), .., F_d(x_d)) for the members h_omega of a family ``base`` on [0,1]^d.

    The F_j are the distribution functions of ``laws``, C is the largest of their densities; s = 0 leaves values as they
    are. Cells and L^p norms are those on [0,1]^d, times C^{-s}: the map carries mu to Lebesgue measure. ``least``:
    members need k >= least, so that C^{-s} h_omega is in the class.
    """

    base: HypercubeFamily
    laws: tuple[Law, ...]
    smoothness: Number = 0
    least: int = 1

    @property
    def id(self) -> str:  # type: ignore[override]
        return self.base.id

    @property
    def indices(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.base.indices

    @property
    def largest_index(self) -> int:  # type: ignore[override]
        return self.base.largest_index

    @property
    def most_cells(self) -> float:  # type: ignore[override]
        return self.base.most_cells

    @property
    def citations(self) -> tuple[Citation, ...]:  # type: ignore[override]
        return (*self.base.citations, Citation("approxbounds", "8.2"))

    @property
    def centres(self) -> Thresholds:  # type: ignore[override]
        """Common ones stay; what is affine on [0,1] is affine on an interval, but not under other maps."""
        centres = self.base.centres
        affine = all(law.sides is not None for law in self.laws)
        return centres if centres is Thresholds.COMMON or affine else Thresholds.ANY

    def _factor(self, A: Arithmetic[V]) -> V:
        """C^{-s}."""
        if self.smoothness == 0:
            return A.number(1)
        width = A.minimum(*(law.width(A) for law in dict.fromkeys(self.laws)))
        return A.power(width, A.number(self.smoothness))

    def check(self, index: Index) -> None:
        self.base.check(index)
        require(index.get("k", 1) >= self.least, f"k={index.get('k', 1)} must be at least {self.least}")

    def member(self, witness: Any) -> dict[str, int]:
        index = self.base.member(witness)
        self.check(index)
        return index

    def witness(self, index: Index) -> dict[str, Any]:
        return self.base.witness(index)

    def cells(self, index: Index) -> int:
        return self.base.cells(index)

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        return self._factor(A) * self.base.norm(A, index, p)

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return self._factor(A) * self.base.spread(A, index)

    def coarsest(self, cells: int) -> dict[str, int]:
        return self.base.coarsest(max(cells, self._least_cells))

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return self.base.extremes(max(k, self.least))

    def grid(self) -> Grid:
        grid = self.base.grid()
        return grid if self.least == 1 else grid.only(grid.index["k"] >= self.least)

    @property
    def _least_cells(self) -> int:
        """So many cells only members of k >= least have."""
        return 1 if self.least == 1 else self.base.cells({"k": self.least})

    def least_norm(self, A: Arithmetic[V], cells: V | float, p: Number) -> V | None:
        enough = cells if self.least == 1 else A.maximum(cells, A.number(self._least_cells))
        norm = self.base.least_norm(A, enough, p)
        return None if norm is None else self._factor(A) * norm

    def finest_cells(self, A: Arithmetic[V], norm: V | float, p: Number) -> V | None:
        return self.base.finest_cells(A, norm / self._factor(A), p) if self.least == 1 else None

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V | None:
        return self.base.peak_ratio(A, p)

    def describe(self, index: Index | None) -> str:
        factor = "" if self.smoothness == 0 else f"C^{{-{self.smoothness}}}"
        largest = "" if self.smoothness == 0 else " and $C$ the largest density of a coordinate"
        return (
            f"$f_\\omega(x)={factor}h_\\omega(F_1(x_1),\\dots,F_d(x_d))$ with the distribution functions $F_j$ of the "
            f"coordinates{largest}, for a family $h_\\omega$ on $[0,1]^d$. {self.base.describe(index)}"
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = [law.cdf(column) for law, column in zip(self.laws, np.asarray(points, float).T, strict=True)]
        return float(self._factor(FLOAT)) * self.base.evaluate(index, omega, np.stack(columns, axis=1))
