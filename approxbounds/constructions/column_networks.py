"""Weights of ReLU networks with polynomials on columns and boxes (`quadratic-columns`). THEORY.md, 5.1.

With two units at each face windows are exact in floating point, but in [y - 2^-42, y] for the faces y: cells meet a
little before y, and windows end and begin there at points further apart than rounding takes them. With one unit they
are steep: see :func:`column_layers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.addresses import address
from approxbounds.constructions.column_layers import ColumnGrid, Layout
from approxbounds.constructions.power_networks import local_polynomials, multi_indices
from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import Function

__all__ = ["column_layers"]

Array = NDArray[np.float64]

_STEEP = 2.0**70  # times the range: nothing of a cell is left _GAP outside of it


@dataclass(frozen=True, eq=False)
class _Curve:
    """A function of y = form . w that is linear between nodes; about (y - middle)^power + level if ``power`` is not 0.

    ``finer``: the change of its slope at each break of the second level, between the nodes.
    """

    line: int
    nodes: Array
    values: Array
    power: int = 0
    middle: float = 0.0
    level: float = 0.0
    finer: float = 0.0

    @cached_property
    def slopes(self) -> Array:
        return np.diff(self.values) / np.diff(self.nodes)

    @cached_property
    def changes(self) -> Array:
        return np.diff(self.slopes)

    @cached_property
    def low(self) -> float:
        """Below the function, also with some of its breaks only: the first ones."""
        partial = self.values[0] + self.slopes[0] * (self.nodes - self.nodes[0])
        low = partial.min()
        for node, change in zip(self.nodes[1:-1], self.changes, strict=True):
            partial = partial + change * np.maximum(self.nodes - node, 0)
            low = min(low, partial.min())
        return float(low)


def _curves(grid: ColumnGrid, J: int, D: int, Q: int, p: float) -> tuple[Array, list[Array], list[_Curve]]:
    """Lines in the coordinates w, as rows; their nodes; the curved functions, then zigzags if Q > 1."""
    axes = np.eye(grid.dim)
    lines = [*axes, *(axes[i] + axes[j] for i, j in combinations(range(grid.dim), 2))]
    nodes = [np.linspace(0, 1, J + 1)] * grid.dim + [np.linspace(0, 2, 2 * D + 1)] * (len(lines) - grid.dim)
    squares = len(lines)
    if grid.degree == 3:
        lines, nodes = [*lines, axes[0] - axes[1]], [*nodes, np.linspace(-1, 1, 2 * D + 1)]
    curves, zigzags = [], []
    for n in range(squares):
        gap = nodes[n][1]
        wave = gap * (np.arange(len(nodes[n])) % 2)
        values = nodes[n] ** 2 - gap * (1 - 1 / Q) * wave
        level = (gap / Q) ** 2 / (6 if p <= 2 else 8)
        curves.append(_Curve(n, nodes[n], values, 2, level=level, finer=2 * gap / Q))
        zigzags.append(_Curve(n, nodes[n], wave))
    if grid.degree == 3:
        for n, own in enumerate(nodes):
            middle = (own[0] + own[-1]) / 2
            curves.append(_Curve(n, own, (own - middle) ** 3, 3, middle))
    return np.array(lines), nodes, curves + (zigzags if Q > 1 else [])


def _combinations(grid: ColumnGrid, lines: Array, curves: list[_Curve], local: Array) -> Array:
    """For all cells the factors of 1, w_1, .., w_d and the curves less their lows."""
    w = np.array(list(product(np.linspace(0, 1, grid.degree + 1), repeat=grid.dim)))
    own = [(w @ lines[c.line] - c.middle) ** c.power + c.level - c.low for c in curves]
    inverse = np.linalg.pinv(np.stack([np.ones(len(w)), *w.T, *own], axis=1))
    odd = np.indices(grid.cells).reshape(grid.dim, -1).T % 2
    found = np.empty((len(local), inverse.shape[0]))
    for signs in product((0, 1), repeat=grid.dim):
        cells = (odd == signs).all(axis=1)
        y = np.where(signs, 1 - 2 * w, 2 * w - 1)
        monomials = np.prod(y[:, None, :] ** multi_indices(grid.degree, grid.dim), axis=-1)
        found[cells] = local[cells] @ (inverse @ monomials).T
    return found


def _block(parts: list[Array]) -> Array:
    """A matrix with these blocks in its diagonal."""
    rows, columns = (np.cumsum([0, *(part.shape[axis] for part in parts)]) for axis in (0, 1))
    found = np.zeros((rows[-1], columns[-1]))
    for i, part in enumerate(parts):
        found[rows[i] : rows[i + 1], columns[i] : columns[i + 1]] = part
    return found


def column_layers(
    f: Function,
    grid: ColumnGrid,
    *,
    pieces: tuple[int, int, int],
    layout: Layout,
    depth: int,
    p: float,
    steepness: float = _STEEP,
) -> list[AffineMap]:
    """The layers of the network for f, the output last; J, D, Q are ``pieces``.

    ``steepness``, over the range of what is in a window: 2^70 for grids with two units at each face. With one unit,
    windows of neighbours overlap for a distance 1/steepness, and about 2^-50 steepness of the range is lost.
    """
    lines, nodes, curves = _curves(grid, *pieces, p)
    addresses = [address(cells, grid.two_sided) for cells in grid.cells]
    known, curved, Q = grid.known, grid.curved, pieces[2]
    x = (np.eye(grid.dim), np.zeros(grid.dim))
    faces = np.concatenate([np.arange(cells) / cells for cells in grid.cells])
    layers = [x] * layout.start + [(np.repeat(np.eye(grid.dim), grid.cells, axis=0), -faces)]

    # the addresses, and the breaks of curves
    teeth = [2 * (-1.0) ** np.arange(cells) - (np.arange(cells) == 0) for cells in grid.cells]
    w = _block([cells * own[None, :] for cells, own in zip(grid.cells, teeth, strict=True)])
    rows, offsets = _block([own[0] for own, _, _ in addresses]), np.concatenate([own[1] for own, _, _ in addresses])
    waves = _block([wave[None, :] for _, wave, _ in addresses])
    breaks = [(n, k) for n, own in enumerate(nodes) for k in range(len(own) - 2)]
    finer = [(n, k) for n in range(grid.squares) for k in range(1, Q)]
    lows = np.array([c.low for c in curves])
    sums, constants = np.zeros((len(curves), 0)), lows
    begun = False
    for own, more in layout.breaks:
        here, breaks = breaks[:own], breaks[own:]
        there, finer = finer[:more], finer[more:]
        kept = sums if begun else sums[:0]
        matrix = [rows, kept, *(lines[n] @ w for n, _ in here), *(sums[curved + n] for n, _ in there)]
        biases = [offsets, (constants - lows)[: len(kept)], [-nodes[n][1 + k] for n, k in here]]
        biases.append([constants[curved + n] - nodes[n][1] * k / Q for n, k in there])
        layers.append((np.vstack([row for row in matrix if row.size]), np.concatenate(biases)))
        count, first = len(layers[-1][1]), known + len(kept)
        rows, offsets, w = (
            np.eye(known, count),
            np.zeros(known),
            np.hstack([waves, np.zeros((grid.dim, count - known))]),
        )
        if begun:
            sums, constants = np.eye(len(curves), count, known), lows
        else:
            starts = [c.slopes[0] * lines[c.line] @ w for c in curves]
            sums = np.array(starts)
            constants = np.array([c.values[0] - c.slopes[0] * c.nodes[0] for c in curves])
        for unit, (n, k) in enumerate(here):
            for i, c in enumerate(curves):
                sums[i, first + unit] += c.changes[k] if c.line == n else 0
        for unit, (n, _) in enumerate(there):
            sums[n, first + own + unit] += curves[n].finer
        begun = begun or own > 0
    state = np.vstack([rows, sums[:curved]]), np.concatenate([np.zeros(known), (constants - lows)[:curved]])
    _, local = local_polynomials(f, power=grid.degree, dim=grid.dim, cells=grid.cells, p=p, interpolated=False)
    factors = _combinations(grid, lines, curves[:curved], local)
    lift = 4 * float(np.abs(local).sum(axis=1).max()) or 1.0
    return [*layers, *_cells(grid, factors, layout=layout, depth=depth, steepness=steepness, lift=lift, state=state)]


def _cells(
    grid: ColumnGrid,
    factors: Array,
    *,
    layout: Layout,
    depth: int,
    steepness: float,
    lift: float,
    state: AffineMap,
) -> list[AffineMap]:
    """The layers after all breaks: pairs of columns and boxes, those that pass on what they need, and the output."""
    known, boxes, m = grid.known, grid.boxes, grid.monomials
    by_column = factors.reshape(grid.cells[0], boxes, m)
    addresses = [address(cells, grid.two_sided) for cells in grid.cells]
    waves = _block([wave[None, :] for _, wave, _ in addresses])
    monomials = _block([waves, np.eye(grid.curved)])  # but 1, of the state
    column, constant = addresses[0][2]
    index = np.indices(grid.cells[1:]).reshape(grid.dim - 1, -1)
    outside = np.hstack([own[2][0][i] for own, i in zip(addresses[1:], index, strict=True)])
    beyond = np.sum([own[2][1][i] for own, i in zip(addresses[1:], index, strict=True)], axis=0)

    (rows, offsets), total = state, np.zeros(0)  # of the units of the layer before
    layers: list[AffineMap] = []
    done = 0

    def passing(start: int, own: list[Array], biases: list[Array]) -> None:
        """A layer with the state from this place on, the sum so far, and further units."""
        nonlocal rows, offsets, total
        summed = [total[None, :]] if done else []
        layers.append(
            (
                np.vstack([rows[start:], *summed, *own]),
                np.concatenate([offsets[start:], np.zeros(len(summed)), *biases]),
            )
        )
        units, kept = len(layers[-1][1]), len(rows) - start
        rows, offsets = np.eye(kept, units), np.zeros(kept)
        total = np.eye(1, units, kept)[0] if summed else np.zeros(units)

    before = layout.start + 1 + len(layout.breaks)
    for number, (layer, columns) in enumerate(layout.pairs):
        last = number == len(layout.pairs) - 1
        for _ in range(layer - before - len(layers)):
            passing(0, [], [])
        own = slice(done, done + columns)
        far, near = column[own] @ rows[: grid.own], column[own] @ offsets[: grid.own] + constant[own]
        values = np.vstack([np.zeros(rows.shape[1]), monomials @ rows])
        levels = np.concatenate([[1.0], monomials @ offsets])
        units = values[None, :, :] - 8 * steepness * far[:, None, :]
        heights = levels[None, :] - 8 * steepness * near[:, None]
        start = grid.own if last else 0
        others = slice(0, grid.others) if last else slice(grid.own, known)
        if last:
            rows, offsets = rows[:known], offsets[:known]
        passing(start, [units.reshape(columns * m, -1)], [heights.reshape(-1)])
        forms = -steepness * lift * outside @ rows[others]
        forms[:, rows.shape[1] - columns * m :] += by_column[own].transpose(1, 0, 2).reshape(boxes, columns * m)
        constants = lift - steepness * lift * beyond
        if last:
            rows, offsets = rows[:0], offsets[:0]
        passing(0, [forms], [constants])
        done += columns
        total[len(rows) + int(number > 0) :] = 1
    for _ in range(depth - before - len(layers)):
        layers.append((total[None, :], np.zeros(1)))
        total = np.ones(1)
    return [*layers, (total[None, :], np.array([-lift * len(layout.pairs)]))]
