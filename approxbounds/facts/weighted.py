"""Families on cells of unequal masses: what a theorem needs of F under any measure mu. THEORY.md, T3w.

Disjoint cells C_1..C_N, a centre c and a profile w >= 0; for every omega in {0,1}^N some f_omega in F with
f_omega = c + (2 omega_i - 1) w on C_i, mu-almost everywhere. The cells need not look alike: what counts are the masses
A_i = 2 int_{C_i} w^p dmu.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.hypercube import Family, Index
from approxbounds.validation import Number

__all__ = ["Cells", "WeightedFamily"]


class Cells(NamedTuple):
    """Values of the cells, masses or heights, each with the number of cells that have it: in FLOAT, two arrays."""

    values: Sequence[Any]
    counts: Sequence[Any]


class WeightedFamily(Family):
    """A family of F under mu, its members named by integers; masses and heights are those of a profile w' <= w."""

    @abstractmethod
    def cells(self, index: Index) -> int:
        """N, exactly."""

    @abstractmethod
    def masses(self, A: Arithmetic[V], index: Index, p: Number, eta: V | float = 0) -> Cells:
        """Lower bounds on the masses A_i = 2 int_{C_i} max(w' - eta, 0)^p dmu, p < inf."""

    def ceiling(self, index: Index, p: Number) -> float:
        """About an upper bound on half the sum of the masses, where it takes less time than they do; for searches."""
        return inf

    @abstractmethod
    def heights(self, A: Arithmetic[V], index: Index) -> Cells:
        """The essential suprema of w' with respect to mu on the cells."""

    @abstractmethod
    def members(self) -> Iterator[dict[str, int]]:
        """The members that searches try first: the same for every network."""

    def near(self, index: Index) -> Iterator[dict[str, int]]:
        """Members close to a good one, that searches try next."""
        return iter(())

    def coarsest(self, cells: int) -> dict[str, int]:
        """The first member with so many cells: they are ordered from coarse to fine."""
        found = next((index for index in self.members() if self.cells(index) >= cells), None)
        if found is None:
            raise HypothesisError(f"no member searched has {echo(cells)} cells")
        return found

    @abstractmethod
    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at points of shape (m, d) of its cells; ``omega`` of shape (N,) with entries 0 and 1."""
