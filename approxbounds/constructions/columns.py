"""Interpolants of one variable on columns, in windows: two hidden layers, p < inf. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.means import column_values
from approxbounds.constructions.placement import widths_of
from approxbounds.constructions.smoothness import axes, columns_error, cut_choices, differentiable
from approxbounds.constructions.splits import best_split
from approxbounds.constructions.window_networks import Built, Cells
from approxbounds.constructions.windows import MOST_DIRECTIONS, WindowConstruction, windows_of
from approxbounds.facts.built import DenseNetwork
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite

__all__ = ["ColumnConstruction"]


class ColumnConstruction(WindowConstruction):
    """Interpolants of x_1 at K + 1 nodes on the middle lines of columns k_2 x .. x k_d, a second-layer unit for each.

    Hypotheses: d >= 2, p < inf, ReLU, biases, real parameters, two hidden layers or more: n_1 >= K + k_2 + .. + k_d and
    n_2 >= k_2 .. k_d, or pairs of layers that hold so many units together. Guarantee: the error of ``towers``. Limit of
    steep windows: all but a set of small measure, where the values are bounded. Witness: ``K``, ``k2``, ..

    Proof. The unit of column Q is (A_Q(x_1) + B - M sum_j dist(x_j, I_j))_+ with A_Q + B >= 0 on Q: A_Q + B on Q, and 0
    off the closed Q as M goes to infinity, below its value on Q: dominated convergence.
    """

    id = "columns"
    title = "Interpolants on columns, in windows of ReLU units"
    statement = (
        r"Cut $x_2,\dots,x_d$ into $k_2,\dots,k_d$ parts and interpolate $f$ on the middle lines of the columns at "
        r"$K+1$ nodes. One ReLU unit $(A_Q(x_1)+B-M\sum_j\operatorname{dist}(x_j,I_j))_+$ has the interpolant on the "
        r"column $Q$ and vanishes off it, $M\to\infty$; so the error is at most that of freezing all coordinates but "
        r"$x_1$, plus that of the interpolation, for $p<\infty$."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("K", *(f"k{j}" for j in range(2, int(query.G.domain_dim) + 1)))

    def needs(self, query: Query) -> str | None:
        if not 2 <= query.G.domain_dim <= MOST_DIRECTIONS:
            return f"it is for dimensions from 2 to {MOST_DIRECTIONS}"
        return "windows overlap on their faces, so p must be finite" if is_infinite(query.p) else None

    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        intervals, *cuts = sizes.values()
        order = axes(self._regularity(query))
        blocks, parts = [1] * len(order), [1] * len(order)
        parts[order[0]] = intervals
        for axis, k in zip(order[1:], cuts, strict=True):
            blocks[axis] = k
        return Cells(tuple(blocks), tuple(parts))

    def fitted(
        self, query: Query, room: Callable[[tuple[int, ...]], int], error: Callable[[Mapping[str, Any]], float]
    ) -> Mapping[str, int] | None:
        names, widths = self.names(query), widths_of(query.G)

        def sizes(cuts: tuple[int, ...], intervals: int) -> dict[str, int]:
            return dict(zip(names, (intervals, *cuts, *(1,) * (len(names) - 1 - len(cuts))), strict=True))

        def intervals(cuts: tuple[int, ...]) -> int:
            every = (*cuts, *(1,) * (len(names) - 1 - len(cuts)))
            return self.intervals(room(cuts), every)

        found = []
        for count in range(1, len(names)):  # how many directions are cut
            choices = cut_choices(self._numbers(query), count, max(widths))
            split = best_split(choices, intervals, lambda cuts, K: error(sizes(cuts, K)))
            found += [] if split is None else [sizes(*split)]
        return min(found, key=error, default=None)

    def intervals(self, units: int, cuts: tuple[int, ...]) -> int:
        """The largest K for so many units of the first layer; 0 if there are too few of them."""
        return max(0, units - sum(cuts))

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        intervals, *cuts = sizes.values()
        return columns_error(A, F, p, intervals, cuts)

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1 and n_2 of order k and k^(d-1): optimal up to logarithms for s <= 1."""
        import sympy

        F = self._regularity(query)
        if len(widths_of(query.G)) < 2:  # one column, which does not get better
            return SYMBOLIC.number(1)
        along = [SYMBOLIC.number(1 if differentiable(s) else s) for s in F.along]
        return sympy.Symbol("W", positive=True) ** -(sympy.Min(*along, 1) / len(along))

    def network(self, query: Query, built: Built, f: Function) -> DenseNetwork:
        grid, F = self.cells(query, built.sizes), self._regularity(query)
        dim = len(grid.blocks)
        order = axes(F)
        cuts = tuple(grid.blocks[axis] for axis in order[1:])
        table = column_values(f, F, query.p, grid.parts[order[0]], cuts)  # axes: order[d-1], .., order[1], nodes
        positions = [dim - 1 - order.index(axis) for axis in range(dim) if axis != order[0]]
        values: list[NDArray[np.float64] | None] = [None] * dim
        values[order[0]] = np.transpose(table, (*positions, dim - 1)).reshape(grid.count, -1)
        return windows_of(query, grid, (np.zeros(grid.count), values), built)
