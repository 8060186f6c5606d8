"""Windows: a second-layer unit for each cell of a grid, which has a function of its own there. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.constructions.pairs import (
    Share,
    assembled,
    best_plan,
    most_units,
    placed_layers,
    plan_widths,
    sum_of_cells,
)
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.theorem import Query, Step
from approxbounds.validation import MOST_UNITS, is_infinite
from approxbounds.witness import Witness

__all__ = ["MOST_DIRECTIONS", "Cells", "WindowConstruction", "widest_layer"]

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


def _units(
    grid: Cells, values: list[NDArray[np.float64] | None], constants: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], AffineMap]:
    """For every cell its form of x and the hinges, the windows in units of -M, and the hinges themselves.

    ``values[j]``: of functions of x_j at the m_j + 1 nodes in each cell, shape (cells, m_j + 1). The hinges of
    direction j are (x_j - t)_+ at all inner nodes, those at faces one double before them, and (y - x_j)_+ at the faces.
    """
    dim, cells = len(grid.blocks), np.indices(grid.blocks).reshape(len(grid.blocks), -1)
    hinges, biases, coefficients, windows = [], [], [np.zeros((cells.shape[1], dim))], [np.zeros((cells.shape[1], dim))]
    constants = constants.copy()
    for axis, (b, m, own) in enumerate(zip(grid.blocks, grid.parts, values, strict=True)):
        nodes, faces = np.arange(1, b * m) / (b * m), np.arange(1, b) / b
        nodes[m - 1 :: m] = np.nextafter(faces, 0)
        ascending, descending = np.eye(1, dim, axis).repeat(len(nodes), axis=0), np.eye(1, dim, axis).repeat(b - 1, 0)
        hinges += [ascending, -descending]
        biases += [-nodes, faces]
        forms, window = np.zeros((cells.shape[1], b * m + b - 2)), np.zeros((cells.shape[1], b * m + b - 2))
        rows, index = np.arange(cells.shape[1]), cells[axis]
        if own is not None:
            slopes = np.diff(own, axis=1) * (b * m)
            coefficients[0][:, axis] = slopes[:, 0]
            constants += own[:, 0] - slopes[:, 0] * index / b
            forms[rows[:, None], index[:, None] * m + np.arange(m - 1)] = np.diff(slopes, axis=1)
        before, after = index > 0, index < b - 1
        window[rows[after], (index[after] + 1) * m - 1] = 1
        window[rows[before], b * m - 1 + index[before] - 1] = 1
        coefficients.append(forms)
        windows.append(window)
    units = (np.concatenate(hinges), np.concatenate(biases))
    return np.hstack([np.column_stack([constants]), *coefficients]), np.hstack(windows), units


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

    def built(self, query: Query) -> Mapping[str, int]:
        """The sizes of what is built: windows of two units for each face, which are exact, may leave fewer cells."""

        def error(sizes: Mapping[str, Any]) -> float:
            return float(self.error(FLOAT, self._numbers(query), query.p, sizes))

        found = self.fitted(query, lambda blocks: self._room(query, blocks, True), error)
        assert found is not None  # a single cell has room
        return found

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        if max(sizes.values()) > MOST_UNITS:
            return False
        grid = self.cells(query, sizes)
        if grid.count == 1:
            return self._room(query, grid.blocks, False) >= grid.units
        found = best_plan(widths_of(query.G), int(query.G.domain_dim), sum_of_cells(grid.units))
        return not is_infinite(query.p) and found is not None and found[0] >= grid.count

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        """With what is built, if that is less than what the certified number is about."""
        steps, built = super().argument(query, witness), self.built(query)
        if built == dict(witness):
            return steps
        shown = ", ".join(f"{name}={size}" for name, size in built.items())
        exact = {name: BALL.number(size) for name, size in built.items()}
        error = above(self.error(BALL, self._regularity(query), query.p, exact))
        text = (
            f"The bound is on a limit of steep windows. What is built has two units at each face, exact in floating "
            f"point, and so ${shown}$; its error is at most ${error}$."
        )
        return (*steps, Step(text))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        grid, dim = self.cells(query, {name: int(witness[name]) for name in self.names(query)}), int(query.F.domain_dim)
        if grid.count == 1:
            return reshaped(query.G, (grid.units,))
        found = best_plan(widths_of(query.G), dim, sum_of_cells(grid.units))
        if found is None:
            return None
        needed, left = [], grid.count
        for pair in found[1]:
            needed.append((grid.units, min(pair.share, left) - int(pair.first)))
            left -= min(pair.share, left)
        return reshaped(query.G, plan_widths(found[1], found[1][-1].layer + 2, dim, needed))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """With windows that are exact in floating point, for which there may be fewer cells (see ``explain``)."""
        require_moderate(query.G)
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        grid = self.cells(query, self.built(query))
        constants, values = self.pieces(query, grid, f)
        lows = constants + sum(own.min(axis=1) for own in values if own is not None)
        forms, windows, units = _units(grid, values, constants)
        if grid.count == 1:
            first = np.concatenate([np.eye(dim), units[0]]), np.concatenate([np.zeros(dim), units[1]])
            layers = [first, (forms[:, 1:], forms[:, 0])]
            place, low = widest_layer(widths, dim), float(lows[0] - forms[0, 0])
            assert place is not None  # it has room
            return dense(query.G, placed_layers(layers, low, (place,), len(widths), np.eye(dim)))
        found = best_plan(widths, dim, sum_of_cells(grid.units + sum(grid.blocks) - dim))
        assert found is not None  # it has room
        tops = constants + sum(own.max(axis=1) for own in values if own is not None)
        lift, steep = -float(lows.min()), _STEEP * (float(tops.max() - lows.min()) or 1.0)
        shares, done = [], 0
        for pair in found[1]:
            cells = slice(done, done + pair.share)
            done += pair.share
            second = forms[cells, 1:] - steep * windows[cells], forms[cells, 0] + lift
            shares.append(Share(units, second, np.ones(len(second[1]))))
        return dense(query.G, assembled(found[1], shares, len(widths), dim, -lift))
