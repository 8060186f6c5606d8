"""The weights of windows: a second-layer unit for each cell of a grid. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.pairs import assembled, best_plan, cell_shares, sum_of_cells
from approxbounds.constructions.placed import placed_layers
from approxbounds.constructions.placement import widths_of
from approxbounds.facts.built import AffineMap, DenseNetwork, dense
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import rounded
from approxbounds.theorem import Step

__all__ = [
    "STEEP",
    "Built",
    "Cells",
    "Pieces",
    "built_step",
    "free_windows",
    "least_loss",
    "widest_layer",
    "window_network",
]

#: Of each cell a constant, and functions of each x_j by their values at the nodes in the cell, or None for 0.
Pieces: TypeAlias = tuple[NDArray[np.float64], Sequence[NDArray[np.float64] | None]]

STEEP = 2.0**70  # times the range: nothing of a cell is left one double outside of it


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

    @property
    def equal_nodes(self) -> list[NDArray[np.float64]]:
        """The ends of all parts in each direction."""
        return [np.arange(b * m + 1) / (b * m) for b, m in zip(self.blocks, self.parts, strict=True)]


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

    sizes: Mapping[str, Any]
    two_sided: bool
    steepness: float
    error: float


def least_loss(grid: Cells, p: float) -> tuple[float, float]:
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
    grid: Cells,
    nodes: Sequence[NDArray[np.float64]],
    pieces: Pieces,
    built: Built,
) -> tuple[AffineMap, AffineMap, AffineMap]:
    """For every cell its form of x and the hinges, and sum_j dist(x_j, I_j); and the hinges themselves.

    ``values[j]``: of functions of x_j at the m_j + 1 nodes in each cell, shape (cells, m_j + 1). The hinges of
    direction j are (x_j - t)_+ at all inner nodes; if two-sided those at faces are one double before them, and (y -
    x_j)_+ at the faces. Else they are 4/M before them: where two cells overlap, there is no face, and no usual grid.
    """
    dim, cells = len(grid.blocks), np.indices(grid.blocks).reshape(len(grid.blocks), -1)
    count, rows = cells.shape[1], np.arange(cells.shape[1])
    forms, windows = [np.zeros((count, dim))], [np.zeros((count, dim))]
    (first, values), distance, hinges, biases = pieces, np.zeros(count), [], []
    constants = first.copy()
    for axis, (b, m, where, own, index) in enumerate(zip(grid.blocks, grid.parts, nodes, values, cells, strict=True)):
        inner, faces, direction = where[1:-1].copy(), where[m:-1:m], np.eye(1, dim, axis)
        descending = faces if built.two_sided else faces[:0]
        ends = np.minimum(np.nextafter(faces, 0), faces - (2 / STEEP if built.two_sided else 4 / built.steepness))
        inner[m - 1 :: m] = ends
        hinges += [direction.repeat(len(inner), axis=0), -direction.repeat(len(descending), axis=0)]
        biases += [-inner, descending]
        form, window = (np.zeros((count, len(inner) + len(descending))) for _ in range(2))
        if own is not None:
            slopes = np.diff(own, axis=1) / np.diff(where).reshape(b, m)[index]
            forms[0][:, axis] = slopes[:, 0]
            constants += own[:, 0] - slopes[:, 0] * where[index * m]
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


def window_network(
    G: NetworkFacts,
    grid: Cells,
    nodes: Sequence[NDArray[np.float64]],
    pieces: Pieces,
    built: Built,
) -> DenseNetwork:
    """The network with these pieces in the cells, linear between the nodes: the b_j m_j + 1 ends of parts of x_j."""
    constants, values = pieces
    lows = constants + sum(own.min(axis=1) for own in values if own is not None)
    tops = constants + sum(own.max(axis=1) for own in values if own is not None)
    affine, windows, units = _units(grid, nodes, pieces, built)
    return _network(G, affine, windows, units, limits=(float(lows.min()), float(tops.max())), built=built)


def free_windows(
    G: NetworkFacts,
    blocks: tuple[int, ...],
    units: AffineMap,
    affine: AffineMap,
    *,
    limits: tuple[float, float],
    built: Built,
) -> DenseNetwork:
    """The network that is, in each block, its own affine form of x and these units, with values within the limits."""
    grid = Cells(blocks, (1,) * len(blocks))
    _, (windows, distance), own = _units(grid, grid.equal_nodes, (np.zeros(grid.count), [None] * len(blocks)), built)
    forms, dim, count = affine[0], len(blocks), len(own[1])
    between = np.zeros((len(forms), count))
    every = np.concatenate([own[0], units[0]]), np.concatenate([own[1], units[1]])
    form = np.hstack([forms[:, :dim], between, forms[:, dim:]])
    closed = np.hstack([windows, np.zeros((len(forms), len(units[1])))])
    return _network(G, (form, affine[1]), (closed, distance), every, limits=limits, built=built)


def _network(
    G: NetworkFacts,
    affine: AffineMap,
    outside: AffineMap,
    units: AffineMap,
    *,
    limits: tuple[float, float],
    built: Built,
) -> DenseNetwork:
    """The network of cells with these forms of x and the units, and these distances of x from the cells."""
    (forms, levels), (windows, distance), (low, high) = affine, outside, limits
    widths, dim = widths_of(G), units[0].shape[1]
    if len(levels) == 1:
        first = np.concatenate([np.eye(dim), units[0]]), np.concatenate([np.zeros(dim), units[1]])
        place = widest_layer(widths, dim)
        assert place is not None  # it has room
        layers = placed_layers([first, (forms, levels)], low - float(levels[0]), (place,), len(widths), np.eye(dim))
        return dense(G, layers)
    found = best_plan(widths, dim, sum_of_cells(dim + len(units[1])))
    assert found is not None  # it has room
    lift, steep = -low, built.steepness * (high - low or 1.0)
    matrix, biases = forms - steep * windows, levels + lift - steep * distance
    shares = cell_shares(found[1], units, (matrix, biases), np.ones(len(biases)))
    return dense(G, assembled(found[1], shares, len(widths), dim, -lift))


def built_step(built: Built) -> Step:
    """What is built, for a derivation."""
    shown = ", ".join(f"{name}={size}" for name, size in built.sizes.items())
    kind = "two units at each face, which are exact," if built.two_sided else "steep units"
    text = f"The bound is on a limit of steep windows. What is built has {kind} and ${shown}$: error at most about "
    return Step(f"{text}${rounded(built.error, True)}$.")
