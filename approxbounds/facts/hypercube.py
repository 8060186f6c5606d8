"""Hypercube families: the one object that carries everything a theorem needs to know about F.

A family with N cells: disjoint cells C_1..C_N of the domain, measure-preserving maps x_i from one
common cell T onto C_i, and functions f_omega in F, omega in {0,1}^N, with
f_omega(x_i(t)) = c_i(t) + (2 omega_i - 1) w(t): centre c_i, half-gap profile w >= 0.

A class offers families indexed by integers (a resolution k, perhaps more). Every theorem needs only
the number of cells N, the centres, the range, and the profile norm
    ||w||_p = (N int_T w^p)^{1/p} = || f_omega - c ||_{L^p},      ||w||_inf = sup w.
(THEORY.md, section 2, writes I_p = ||w||_p^p / N.)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from math import inf, isqrt
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import HypothesisError
from approxbounds.sources import Citation
from approxbounds.validation import Number
from approxbounds.witness import Witness, integer_of

__all__ = [
    "FINEST_CELLS",
    "FINEST_RESOLUTION",
    "MOST_CELLS",
    "Family",
    "Grid",
    "GridSides",
    "HypercubeFamily",
    "Index",
    "SomeFamily",
    "Thresholds",
    "cube_grid",
    "family_of",
    "integer_root",
    "member_of",
    "resolutions",
    "wide_grid",
]

#: Searches stop at about this many cells (certificates may go beyond).
MOST_CELLS = 10**18
#: Where finer members are tried too: their k must be exact, and N finite, in doubles.
FINEST_RESOLUTION, FINEST_CELLS = 2**50, 2**1000
Index = Mapping[str, Any]
#: Of a grid: numbers of points k along its sides, each with the number of sides that have it.
GridSides = tuple[tuple[Any, int], ...]


class Thresholds(IntEnum):
    """What is known of the thresholds c_i + r at which patterns are counted; larger means more special."""

    ANY = 0
    AFFINE = 1  # an affine function of the (one-dimensional) position
    COMMON = 2  # one threshold for all points: all centres are 0


@dataclass(frozen=True)
class Grid:
    """Members of a family to search over: columns of indices, and the number of cells of each."""

    index: Mapping[str, NDArray[np.float64]]
    cells: NDArray[np.float64]

    def at(self, i: int) -> dict[str, int]:
        """The indices of member i as exact integers."""
        return {name: int(column[i]) for name, column in self.index.items()}

    def relevant(self, pdim: int) -> Grid:
        """The members that matter for a G that may shatter ``pdim`` points: as many cells or fewer give nothing.

        No member is left out for its many cells: a smaller G would then miss what a larger one finds.
        """
        return self.only(self.cells > pdim)

    def thinned(self, step: int) -> Grid:
        """Every step-th member beyond the 64th."""
        return self.only(np.concatenate([np.arange(min(64, self.cells.size)), np.arange(64, self.cells.size, step)]))

    def only(self, keep: NDArray[Any]) -> Grid:
        return Grid({name: column[keep] for name, column in self.index.items()}, self.cells[keep])


class Family(ABC):
    """Hard functions of F whose members are named by integers. ``centres``: of what kind their thresholds are."""

    id: ClassVar[str]
    indices: ClassVar[tuple[str, ...]] = ("k",)
    largest_index: ClassVar[int] = 2**70
    #: no member has more cells (or points)
    most_cells: float = inf
    citations: ClassVar[tuple[Citation, ...]]
    centres: Thresholds

    @abstractmethod
    def coarsest(self, cells: int) -> dict[str, int]:
        """The member of largest height (or gap) among those with at least so many cells (or points)."""

    @abstractmethod
    def describe(self, index: Index | None) -> str:
        """The definition in Markdown with LaTeX, with numbers if the index is given."""

    def member(self, witness: Witness) -> dict[str, int]:
        """The index in a witness, checked."""
        index = {name: integer_of(witness, name, minimum=1, maximum=self.largest_index) for name in self.indices}
        self.check(index)
        return index

    def witness(self, index: Index) -> dict[str, Any]:
        """The part of a witness that names the member."""
        return {"family": self.id, **{name: int(index[name]) for name in self.indices}}

    def check(self, index: Index) -> None:  # noqa: B027 - most families have nothing to check
        """Raise HypothesisError unless the index names a member."""


#: Any kind of family.
SomeFamily = TypeVar("SomeFamily", bound=Family)


class HypercubeFamily(Family):
    """A family of F, indexed by integers. ``A`` is the arithmetic; index entries may be arrays in FLOAT."""

    #: whether the cells are the k^d cubes of side 1/k, or some of them, and f_omega looks alike on all
    on_cubes: ClassVar[bool] = False
    #: whether f_omega = +-w vanishes at the faces of all cells with all derivatives that count: cells may be left out
    compact: ClassVar[bool] = False
    #: whether each of the 2^d cells has its own signs of x_j - 1/2, and w is a function of the |x_j - 1/2|
    mirrored: ClassVar[bool] = False

    @abstractmethod
    def cells(self, index: Index) -> int:
        """N, exactly."""

    @abstractmethod
    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        """||w||_p; for p = infinity the height sup w."""

    @abstractmethod
    def spread(self, A: Arithmetic[V], index: Index) -> V:
        """b - a for some interval [a, b] that contains the values of every f_omega."""

    def grid_sides(self, index: Index) -> GridSides | None:
        """The sides of the grid in which the points of all cells lie, for each t; None if they are not known to.

        A grid: the points a + (i_1 s_1, .., i_d s_d) with 0 <= i_j < k_j. Entries of the index may be arrays.
        """
        return None

    @abstractmethod
    def grid(self) -> Grid:
        """The members that searches try: the same for every network, so bounds are monotone in G."""

    @abstractmethod
    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        """The members at resolution k with the most cells and with the largest norm (often the same one)."""

    @abstractmethod
    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at ``points`` of shape (m, d); ``omega`` of shape (N,) with entries 0 and 1."""

    def least_norm(self, A: Arithmetic[V], cells: V | float, p: Number) -> V | None:
        """A lower bound, in closed form, on ||w||_p at some member with at least ``cells`` cells.

        None where no closed form is known. ``cells`` may be a symbolic expression.
        """
        return None

    def finest_cells(self, A: Arithmetic[V], norm: V | float, p: Number) -> V | None:
        """A lower bound, in closed form, on N at some member with ||w||_p > ``norm``; None if none is known."""
        return None

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V | None:
        """||w||_inf / ||w||_p if it is the same for all members and all centres are 0, else None."""
        return None


@lru_cache(maxsize=64)
def resolutions(most: int, density: int) -> tuple[int, ...]:
    """1..density, then steps of 1/density: a grid of resolutions k that does not depend on the query."""

    def generate() -> Iterator[int]:
        k = 1
        while k <= most:
            yield k
            k += max(1, k // density)

    return tuple(generate())


@lru_cache(maxsize=64)
def cube_grid(dim: int, density: int, finest: int = MOST_CELLS) -> Grid:
    """The members {"k": k} with k^d cells of families on the cubes of side 1/k, k <= ``finest``: see `resolutions`."""
    most = min(max(2, integer_root(MOST_CELLS, dim)), finest)
    k = np.array(resolutions(most, density), float)
    return Grid({"k": k}, k**dim)


@lru_cache(maxsize=64)
def wide_grid(family: HypercubeFamily) -> Grid:
    """Every eighth member of the family's grid, continued to finer resolutions: k up to 2^50, N up to 2^1000."""
    grid = family.grid().thinned(8)
    members = list(_finer_members(family, float(grid.cells.max(initial=0.0))))
    cells = np.array([float(count) for _, count in members])
    index = {
        name: np.concatenate([column, np.array([float(member[name]) for member, _ in members])])
        for name, column in grid.index.items()
    }
    return Grid(index, np.concatenate([grid.cells, cells]))


def _finer_members(family: HypercubeFamily, most: float) -> Iterator[tuple[dict[str, int], int]]:
    """Members with more than ``most`` cells, and their numbers of cells."""
    for step in range(8 * FINEST_RESOLUTION.bit_length() - 7):  # eight resolutions an octave
        members = [(member, family.cells(member)) for member in family.extremes(int(2 ** (step / 8)))]
        yield from (pair for pair in members if most < pair[1] <= FINEST_CELLS)
        if min(cells for _, cells in members) > FINEST_CELLS:  # finer members have more
            return


def integer_root(n: int, degree: int) -> int:
    """The smallest k >= 1 with k^degree >= n, exactly."""
    if n <= 1 or degree == 1:
        return max(n, 1)
    if degree == 2:
        k = isqrt(n)
    else:
        k = 1 << -(-n.bit_length() // degree)
        while True:  # Newton from above, exact integers
            following = ((degree - 1) * k + n // k ** (degree - 1)) // degree
            if following >= k:
                break
            k = following
    return k if k**degree >= n else k + 1


def family_of(families: Iterable[SomeFamily], witness: Witness) -> tuple[SomeFamily, dict[str, int]]:
    """The family that a witness names, and the index of its member."""
    for family in families:
        if family.id == witness.get("family"):
            return family, family.member(witness)
    raise HypothesisError(f"F has no family {witness.get('family')!r}")


def member_of(families: Iterable[HypercubeFamily], witness: Witness) -> tuple[HypercubeFamily, dict[str, int], int]:
    """The hypercube family that a witness names, the index of its member, and N."""
    family, index = family_of(families, witness)
    return family, index, family.cells(index)
