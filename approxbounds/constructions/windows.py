"""Windows: a second-layer unit for each cell of a grid, which has a function of its own there. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.pairs import (
    Share,
    assembled,
    best_plan,
    cell_widths,
    most_units,
    placed_layers,
    sum_of_cells,
)
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import rounded
from approxbounds.theorem import Query, Step
from approxbounds.validation import MOST_UNITS, is_infinite
from approxbounds.witness import Witness

__all__ = ["MOST_DIRECTIONS", "Built", "Cells", "WindowConstruction", "widest_layer"]

MOST_DIRECTIONS = 16

_STEEP = 2.0**70  # times the range: nothing of a cell is left one double outside of it


@dataclass(frozen=True)
class Cells:
    """A grid of prod b_j cells, each cut into m_j parts in direction j: sum b_j m_j units, x_1..x_d among them."""

    blocks: tuple[int, ...]
    parts: tuple[int, ...]

    @property
    def count(self) -> int:
        return prod(self.blocks)

    @property
    def units(self) -> int:
        return sum(b * m for b, m in zip(self.blocks, self.parts, strict=True))


def widest_layer(widths: tuple[int, ...], dim: int) -> int | None:
    """The widest hidden layer that x can be passed on to, the first of equals; None if no layer has d units first."""
    reachable = next((layer + 1 for layer, width in enumerate(widths) if width < dim), len(widths))
    layers = [layer for layer in range(reachable) if widths[layer] >= dim]
    return max(layers, key=lambda layer: (widths[layer], -layer), default=None)


@dataclass(frozen=True)
class Built:
    """What is built: the sizes; M over the range of the values; a bound on the error, up to the last digits.

    ``two_sided``: a unit for each side of each face, with which windows are exact in floating point.
    """

    sizes: Mapping[str, int]
    two_sided: bool
    steepness: float
    error: float


def _least_loss(grid: Cells, p: float) -> tuple[float, float]:
    """Of windows of one unit for each face: M and the loss in L^p, both over the range of the values.

    Units of neighbouring cells overlap for a distance 1/M from the faces, and M (x - y) cancels to 2^-50 d M.
    """
    dim, faces = len(grid.blocks), sum(grid.blocks) - len(grid.blocks)
    losses = [
        ((2.0**dim - 1) * (2.0 * faces / 2.0**k) ** (1 / p) + dim * 2.0 ** (k - 50), 2.0**k) for k in range(20, 60)
    ]
    loss, steepness = min(losses)
    return steepness, loss


def _units(
    grid: Cells, values: list[NDArray[np.float64] | None], constants: NDArray[np.float64], built: Built
) -> tuple[AffineMap, AffineMap, AffineMap]:
    """For every cell its form of x and the hinges, and sum_j dist(x_j, I_j); and the hinges themselves.

    ``values[j]``: of functions of x_j at the m_j + 1 nodes in each cell, shape (cells, m_j + 1). The hinges of
    direction j are (x_j - t)_+ at all inner nodes; if two-sided those at faces are one double before them, and (y -
    x_j)_+ at the faces. Else they are 4/M before them: where two cells overlap, there is no face, and no usual grid.
    """
    dim, cells = len(grid.blocks), np.indices(grid.blocks).reshape(len(grid.blocks), -1)
    count, rows = cells.shape[1], np.arange(cells.shape[1])
    forms, windows = [np.zeros((count, dim))], [np.zeros((count, dim))]
    constants, distance, hinges, biases = constants.copy(), np.zeros(count), [], []
    for axis, (b, m, own, index) in enumerate(zip(grid.blocks, grid.parts, values, cells, strict=True)):
        nodes, faces, direction = np.arange(1, b * m) / (b * m), np.arange(1, b) / b, np.eye(1, dim, axis)
        descending = faces if built.two_sided else faces[:0]
        ends = np.nextafter(faces, 0) if built.two_sided else faces - 4 / built.steepness
        nodes[m - 1 :: m] = ends
        hinges += [direction.repeat(len(nodes), axis=0), -direction.repeat(len(descending), axis=0)]
        biases += [-nodes, descending]
        form, window = (np.zeros((count, len(nodes) + len(descending))) for _ in range(2))
        if own is not None:
            slopes = np.diff(own, axis=1) * (b * m)
            forms[0][:, axis] = slopes[:, 0]
            constants += own[:, 0] - slopes[:, 0] * index / b
            form[rows[:, None], index[:, None] * m + np.arange(m - 1)] = np.diff(slopes, axis=1)
        before, after = index > 0, index < b - 1
        window[rows[after], (index[after] + 1) * m - 1] = 1
        if built.two_sided:
            window[rows[before], b * m - 2 + index[before]] = 1
        else:  # (y - x)_+ = (x - y)_+ - x + y
            window[rows[before], index[before] * m - 1] = 1
            windows[0][before, axis] = -1
            distance[before] += ends[index[before] - 1]
        forms.append(form)
        windows.append(window)
    units = (np.concatenate(hinges), np.concatenate(biases))
    return (np.hstack(forms), constants), (np.hstack(windows), distance), units


class WindowConstruction(SizedConstruction):
    """One unit (A_Q + B - M sum_j dist(x_j, I_j))_+ for every cell Q = prod I_j, which is A_Q + B on Q and 0 off it.

    Limit M to infinity, in L^p, p < inf; a single cell needs no window, no second layer, and serves p = inf, too.
    """

    @abstractmethod
    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        """The grid for these sizes."""

    @abstractmethod
    def fitted(
        self, query: Query, room: Callable[[tuple[int, ...]], int], error: Callable[[Mapping[str, Any]], float]
    ) -> Mapping[str, int] | None:
        """The best sizes, if ``room`` has the number of first-layer units for a grid of blocks (0 for none)."""

    @abstractmethod
    def pieces(
        self, query: Query, grid: Cells, f: Function
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64] | None]]:
        """A_Q for all cells: constants, and functions of each x_j by their values at the nodes in the cell, or None."""

    def _room(self, query: Query, blocks: tuple[int, ...], two_sided: bool) -> int:
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        if prod(blocks) == 1:
            layer = widest_layer(widths, dim)
            return 0 if layer is None else int(widths[layer])
        if is_infinite(query.p):
            return 0
        return most_units(widths, dim, prod(blocks)) - (sum(blocks) - len(blocks) if two_sided else 0)

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        return self.fitted(query, lambda blocks: self._room(query, blocks, False), error)

    def built(self, query: Query, witness: Witness) -> Built:
        """With two units for each face, perhaps for fewer cells, or with one: whichever has the smaller error."""

        def error(sizes: Mapping[str, Any]) -> float:
            return float(self.error(FLOAT, self._numbers(query), query.p, sizes))

        found = self.fitted(query, lambda blocks: self._room(query, blocks, True), error)
        assert found is not None  # a single cell has room
        exact = Built(found, True, _STEEP, error(found))
        sizes = {name: int(witness[name]) for name in self.names(query)}
        grid = self.cells(query, sizes)
        if is_infinite(query.p) or grid.count == 1 or exact.error <= error(sizes):
            return exact
        steepness, loss = _least_loss(grid, float(query.p))
        low, high = query.F.value_range or (0, 2 * self._regularity(query).radius)
        steep = Built(sizes, False, steepness, error(sizes) + loss * float(high - low))
        return min(exact, steep, key=lambda built: built.error)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        if max(sizes.values()) > MOST_UNITS:
            return False
        grid = self.cells(query, sizes)
        if grid.count == 1:
            return self._room(query, grid.blocks, False) >= grid.units
        found = best_plan(widths_of(query.G), int(query.G.domain_dim), sum_of_cells(grid.units))
        return not is_infinite(query.p) and found is not None and found[0] >= grid.count

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        """With what is built, if that is not as good as the certified limit."""
        steps, built = super().argument(query, witness), self.built(query, witness)
        if built.two_sided and built.sizes == dict(witness):
            return steps
        shown = ", ".join(f"{name}={size}" for name, size in built.sizes.items())
        kind = "two units at each face, which are exact," if built.two_sided else "steep units"
        text = f"The bound is on a limit of steep windows. What is built has {kind} and ${shown}$: error at most about "
        return (*steps, Step(f"{text}${rounded(built.error, True)}$."))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        grid, dim = self.cells(query, {name: int(witness[name]) for name in self.names(query)}), int(query.F.domain_dim)
        if grid.count == 1:
            return reshaped(query.G, (grid.units,))
        needed = cell_widths(widths_of(query.G), dim, grid.units, grid.count)
        return None if needed is None else reshaped(query.G, needed)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """With windows that are exact in floating point for perhaps fewer cells, or steep: ``explain`` says which."""
        require_moderate(query.G)
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        built = self.built(query, witness)
        grid = self.cells(query, built.sizes)
        constants, values = self.pieces(query, grid, f)
        lows = constants + sum(own.min(axis=1) for own in values if own is not None)
        tops = constants + sum(own.max(axis=1) for own in values if own is not None)
        (forms, levels), (windows, distance), units = _units(grid, values, constants, built)
        if grid.count == 1:
            first = np.concatenate([np.eye(dim), units[0]]), np.concatenate([np.zeros(dim), units[1]])
            place = widest_layer(widths, dim)
            assert place is not None  # it has room
            layers = placed_layers(
                [first, (forms, levels)], float(lows[0] - levels[0]), (place,), len(widths), np.eye(dim)
            )
            return dense(query.G, layers)
        found = best_plan(widths, dim, sum_of_cells(dim + len(units[1])))
        assert found is not None  # it has room
        lift, steep = -float(lows.min()), built.steepness * (float(tops.max() - lows.min()) or 1.0)
        matrix, biases = forms - steep * windows, levels + lift - steep * distance
        shares, done = [], 0
        for pair in found[1]:
            cells = slice(done, done + pair.share)
            done += pair.share
            shares.append(Share(units, (matrix[cells], biases[cells]), np.ones(len(biases[cells]))))
        return dense(query.G, assembled(found[1], shares, len(widths), dim, -lift))
