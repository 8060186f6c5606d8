"""Sums of functions of one variable on blocks, in windows: two hidden layers, p < inf; or one block. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.placement import widths_of
from approxbounds.constructions.smoothness import (
    additive_error,
    gradient_refusal,
    quasi_interpolation_error,
    quasi_interpolation_values,
)
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.window_networks import Built, Cells
from approxbounds.constructions.windows import MOST_DIRECTIONS, WindowConstruction, windows_of
from approxbounds.facts.built import DenseNetwork
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite

__all__ = ["BlockConstruction"]


def _parts(blocks: tuple[int, ...], units: int) -> tuple[int, ...]:
    """m_j with sum b_j m_j <= units, each b_j m_j about as large; 1 at least.

    The coarsest direction is refined first, for any number of units in the same order: more of them are never worse.
    """
    level = max(1, (units - sum(blocks)) // len(blocks))
    parts = [-(-level // b) for b in blocks]
    while True:
        axis = min(range(len(blocks)), key=lambda j: (blocks[j] * parts[j], j))
        if sum(b * m for b, m in zip(blocks, parts, strict=True)) + blocks[axis] > units:
            return tuple(parts)
        parts[axis] += 1


class BlockConstruction(WindowConstruction):
    """On every block f(c) + sum_j [f(c + (x_j - c_j) e_j) - f(c)], linear between nodes h_j = 1/(b_j m_j) apart.

    Hypotheses: d >= 2, ReLU, biases, real parameters; F with s > 1 and bounded second derivatives, or a Hölder ball, 1
    < s <= 2; p < inf and two hidden layers, n_1 >= sum_j b_j m_j and n_2 >= b_1 .. b_d (or pairs of layers that hold so
    many units together), or one block and one hidden layer, and then every p. Guarantee, l_j = 1/b_j: E_p <= mixed +
    sum_j iota(h_j), iota the error of relu-interpolation, mixed = R sum_{i<j} (l_i/2)(l_j/2) U_1^2 for bounded second
    derivatives, R sum_{j>=2} (l_j/2) U_1 rho_{s-1}(l_1/2, .., l_{j-1}/2) for 1 < s <= 2. Limit of steep windows.
    Witness: ``b1``, .., ``m1``, ..

    Proof. f(x) - f(c) - sum_j [f(c + u_j e_j) - f(c)] = sum_j int_0^{u_j} [d_j f(c + u_{<j} + v e_j) - d_j f(c + v
    e_j)] dv: at most R |u_j| |u_{<j}|^(s-1), or R |u_j| sum_{i<j} |u_i|. The u_j are independent, so norms multiply.
    Windows as in ``columns``.
    """

    id = "blocks"
    title = "Sums of functions of one variable on blocks, in windows of ReLU units"
    statement = (
        r"On each of $b_1\cdots b_d$ blocks with centre $c$ take $f(c)+\sum_j[f(c+(x_j-c_j)e_j)-f(c)]$, interpolated "
        r"at nodes $h_j=1/(b_jm_j)$ apart. One ReLU unit $(A_Q+B-M\sum_j\operatorname{dist}(x_j,I_j))_+$ has it on the "
        r"block $Q$ and vanishes off it, $M\to\infty$, $p<\infty$ (a single block needs no window). The error is at "
        r"most that of the mixed differences plus those of the interpolations."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        dims = range(1, int(query.G.domain_dim) + 1)
        return (*(f"b{j}" for j in dims), *(f"m{j}" for j in dims))

    def needs(self, query: Query) -> str | None:
        F = self._regularity(query)
        if not 2 <= query.G.domain_dim <= MOST_DIRECTIONS:
            return f"it is for dimensions from 2 to {MOST_DIRECTIONS}"
        return gradient_refusal(F)

    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        every, d = tuple(sizes.values()), int(query.G.domain_dim)
        return Cells(every[:d], every[d:])

    def fitted(
        self, query: Query, room: Callable[[tuple[int, ...]], int], error: Callable[[Mapping[str, Any]], float]
    ) -> Mapping[str, int] | None:
        names, d = self.names(query), int(query.G.domain_dim)
        most = max(widths_of(query.G)) if len(widths_of(query.G)) > 1 and not is_infinite(query.p) else 1
        choices = [tuple(b + (j < more) for j in range(d)) for b in resolutions_up_to(most) for more in range(d)]

        def units(blocks: tuple[int, ...]) -> int:
            found = room(blocks)
            return found if found >= sum(blocks) else 0

        def sizes(blocks: tuple[int, ...], units: int) -> dict[str, int]:
            return dict(zip(names, (*blocks, *_parts(blocks, units)), strict=True))

        def least(blocks: tuple[int, ...], units: int) -> float:
            """As if m_j were any numbers; then equal h_j are best."""
            return error(dict(zip(names, (*blocks, *(units / (d * b) for b in blocks)), strict=True)))

        split = best_split(choices, units, lambda blocks, units: error(sizes(blocks, units)), least)
        return None if split is None else sizes(*split)

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        every, d = tuple(sizes.values()), len(F.along)
        mixed = additive_error(A, F, [1 / (2 * b) for b in every[:d]], p)
        assert mixed is not None  # refused else
        for s, b, m in zip(F.along, every[:d], every[d:], strict=True):
            mixed = mixed + quasi_interpolation_error(A, s, F.radius, 1 / (b * m), p)
        return mixed

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1 and n_2 of order b and b^d; one block does not get better with more units."""
        import sympy

        F = self._regularity(query)
        if is_infinite(query.p) or len(widths_of(query.G)) < 2:
            return SYMBOLIC.number(1)
        order = SYMBOLIC.number(min(F.along[0], 2))
        return sympy.Symbol("W", positive=True) ** -(order / (len(F.along) + 1))

    def network(self, query: Query, built: Built, f: Function) -> DenseNetwork:
        grid = self.cells(query, built.sizes)
        corners = np.indices(grid.blocks).reshape(len(grid.blocks), -1).T
        sides = 1 / np.array(grid.blocks)
        centres = (corners + 0.5) * sides
        middle = values_at(f, centres)
        values: list[NDArray[np.float64] | None] = []
        for axis, (s, m) in enumerate(zip(self._regularity(query).along, grid.parts, strict=True)):
            points = centres[:, None, :].repeat(m + 1, axis=1)
            points[:, :, axis] = (corners[:, axis, None] + np.arange(m + 1) / m) * sides[axis]
            flat, h = points.reshape(-1, len(grid.blocks)), sides[axis] / m
            own = quasi_interpolation_values(f, flat, axis, s=s, h=h, p=query.p).reshape(grid.count, m + 1)
            values.append(own - middle[:, None])
        return windows_of(query, grid, (middle, values), built)
