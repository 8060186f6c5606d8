"""Families that cut each side of the cube once: the outer faces are free. THEORY.md, section 2.7."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.facts.hypercube import Grid, GridSides, HypercubeFamily, Index, Thresholds
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import require

__all__ = ["Halves", "Profiled", "SplineHalves", "halves_of"]


class Profiled(HypercubeFamily):
    """A family f_omega = c +- w on boxes: the profile on the whole cube, where nothing is cut, is known.

    It is symmetric about the middle of each side, and vanishes at the faces to the order that the class needs.
    """

    @abstractmethod
    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """w / sup w of the uncut cube, for t of shape (m, d)."""

    def centre(self, index: Index, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """c at points of shape (m, d)."""
        return np.zeros(len(points))


@dataclass(frozen=True)
class Halves(HypercubeFamily):
    """2^d cells, all sides of the cube cut at 1/2: f_omega = c +- w(|x_1 - 1/2|, .., |x_d - 1/2|).

    w is the profile of ``base`` on the uncut cube, from a corner to the centre. It vanishes where cells meet, as it
    does at the faces of the cube; it need not vanish at the outer faces. Where signs change, the argument of ``base``
    for neighbouring cells applies. As w is symmetric about the middle of each side, all norms are those of the uncut
    cube.
    """

    base: Profiled
    dim: int
    id = "halves"
    indices: ClassVar[tuple[str, ...]] = ()
    mirrored = True
    citations = (Citation("approxbounds", "2.7"),)

    @property
    def centres(self) -> Thresholds:  # type: ignore[override]
        return self.base.centres

    @property
    def most_cells(self) -> int:  # type: ignore[override]
        return 1 << self.dim

    @property
    def _uncut(self) -> dict[str, int]:
        return dict.fromkeys(self.base.indices, 1)

    def cells(self, index: Index) -> int:
        return self.most_cells

    def grid_sides(self, index: Index) -> GridSides:
        return ((2, self.dim),)  # at one t a point and its mirror image in each coordinate

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        return self.base.norm(A, self._uncut, p)

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return self.base.spread(A, self._uncut)

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V | None:
        return self.base.peak_ratio(A, p)

    def coarsest(self, cells: int) -> dict[str, int]:
        require(cells <= self.most_cells, f"there are 2^{self.dim} cells")
        return {}

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return ({},)

    def grid(self) -> Grid:
        return Grid({}, np.array([float(self.most_cells)]))

    def describe(self, index: Index | None) -> str:
        k = ", ".join(f"${name}=1$" for name in self.base.indices)
        return (
            "Cut all sides of the cube at $1/2$, into $2^d$ cells; $f_\\omega=c\\pm w(|x_1-1/2|,\\dots,|x_d-1/2|)$ by "
            f"the sign of $2\\omega_i-1$, with $w$ and $c$ of the family `{self.base.id}` at {k}, nothing cut. "
            f"{self.base.describe(None)}"
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        where = np.asarray(points, float)
        cell = (where >= 0.5) @ (2.0 ** np.arange(self.dim))
        height = float(self.base.norm(FLOAT, self._uncut, float("inf")))
        signs = 2.0 * np.asarray(omega, float)[cell.astype(int)] - 1.0
        values: NDArray[np.float64] = signs * height * self.base.profile(np.abs(where - 0.5))
        return self.base.centre(self._uncut, where) + values


@dataclass(frozen=True)
class SplineHalves(Halves):
    """The same with the profile of a family of splines."""

    id = "spline-halves"


def halves_of(bumps: Profiled, *splines: Profiled, dim: int) -> tuple[Halves, ...]:
    """For the profile of the bumps and, where there is one, that of splines: one may be higher, the other wider."""
    return (Halves(bumps, dim), *(SplineHalves(base, dim) for base in splines))
