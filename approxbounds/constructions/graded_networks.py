"""The weights of networks whose nodes follow the laws of the coordinates (`graded-grids`). THEORY.md, 8.6."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.graded_nodes import Nodes
from approxbounds.constructions.hinges import hinges, steepness
from approxbounds.constructions.interpolation import breaks_per_layer, interpolating_layers
from approxbounds.constructions.piecewise_constant import step_layers
from approxbounds.constructions.placed import placed_layers
from approxbounds.constructions.switches import Strips, switch_plan, switched_layers
from approxbounds.constructions.towers import cut, tower_layers, tower_place
from approxbounds.constructions.zigzag import zigzag_layers, zigzag_plan
from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import Function, values_at
from approxbounds.measures.laws import Law

__all__ = ["Shape", "graded_layers", "zigzag_nodes"]

_BEYOND = 128  # units beyond the last node up to which numbers are passed on: the mass farther away is below 1e-55

Array = NDArray[np.float64]


class Shape(StrEnum):
    """Which networks have the function: on the line, or on columns."""

    LINE = "line"
    ZIGZAG = "zigzag"
    STEPS = "steps"
    STRIPS = "strips"
    TOWERS = "towers"


def zigzag_nodes(widths: tuple[int, ...], ends: int) -> int:
    """The most equally spaced nodes of a broken line by pairs of layers, clamped beyond them; 0 if there is no room."""
    own = _clamping(widths, ends == 2)
    plan = zigzag_plan(own) if own[0] > 0 and len(own) > 1 else None
    return 0 if plan is None else plan[0] + 1


def _clamping(widths: tuple[int, ...], bounded: bool) -> tuple[int, ...]:
    """The widths that are left where x must be clamped."""
    return widths if bounded else (widths[0] - 2, *widths[1:])


def graded_layers(
    f: Function, shape: Shape, grid: Sequence[tuple[Law, Nodes]], order: tuple[int, ...], widths: tuple[int, ...]
) -> list[AffineMap]:
    """The layers of the network for f, the output last; the first coordinate of the order has the broken lines."""
    places, dim = [nodes.positions(law) for law, nodes in grid], len(grid)
    points = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).reshape(-1, dim)
    table = values_at(f, points).reshape([len(own) for own in places])
    if shape is Shape.STEPS:
        middles = [(own[1:] + own[:-1]) / 2 for own in places]
        first = np.repeat(np.eye(dim), [len(own) for own in middles], axis=0), -np.concatenate(middles)
        return step_layers(widths, first, table)
    if shape is Shape.ZIGZAG:
        return _zigzag(places[0], table, widths, bounded=grid[0][0].sides is not None)
    lows, sides = map(np.array, zip(*(_box(law, nodes) for law, nodes in grid), strict=True))
    scaled = [(own - low) / side for own, low, side in zip(places, lows, sides, strict=True)]
    values = np.transpose(table, order[::-1])
    nodes = scaled[order[0]]
    if len(nodes) == 1:
        nodes, values = np.array([0.0, 1.0]), np.repeat(values, 2, axis=-1)
    else:  # constant beyond the last ones
        extra = (int(nodes[0] > 0), int(nodes[-1] < 1))
        values = np.pad(values, [(0, 0)] * (dim - 1) + [extra], mode="edge")
        nodes = np.concatenate([[0.0] * extra[0], nodes, [1.0] * extra[1]])
    jumps = [(scaled[axis][1:] + scaled[axis][:-1]) / 2 for axis in order[1:]]
    if shape is Shape.LINE:
        layers = interpolating_layers(nodes, values, breaks_per_layer(widths))
    elif shape is Shape.STRIPS:
        layers = _strips(values.reshape(-1, len(nodes)), nodes, jumps[0], order, widths)
    else:
        layers = _towers(values, nodes, jumps, order, widths)
    return _scaled(layers, lows, sides)


def _box(law: Law, nodes: Nodes) -> tuple[float, float]:
    """The low end and the length of the interval on which numbers are passed on."""
    if law.sides is not None:
        return float(law.sides[0]), float(law.sides[1] - law.sides[0])
    reach = float(law.unit) * (float(nodes.extent) + _BEYOND)
    return float(law.start) - (reach if law.two_sided else 0.0), reach * (2 if law.two_sided else 1)


def _scaled(layers: list[AffineMap], lows: Array, sides: Array) -> list[AffineMap]:
    """The layers of the network at (x - lows)/sides."""
    (matrix, biases), *others = layers
    return [(matrix / sides, biases - matrix @ (lows / sides)), *others]


def _zigzag(nodes: Array, values: Array, widths: tuple[int, ...], *, bounded: bool) -> list[AffineMap]:
    """Equally spaced nodes, with further ones of the same value up to the number of the plan; x is clamped there."""
    plan = zigzag_plan(_clamping(widths, bounded))
    assert plan is not None  # it has room
    count, pairs = plan
    side = count * (nodes[-1] - nodes[0]) / max(1, len(nodes) - 1) or 1.0
    padded = np.pad(values, (0, count + 1 - len(nodes)), mode="edge")
    layers = zigzag_layers(pairs, len(widths), np.arange(count + 1) / count, padded)
    if not bounded:  # all units of the first layer are (x - t)_+, less (x - 1)_+ if x is clamped
        (matrix, biases), (second, offsets), *others = layers
        first = np.vstack([matrix, np.ones((1, 1))]), np.append(biases, -1.0)
        layers = [first, (np.hstack([second, -second.sum(axis=1, keepdims=True)]), offsets), *others]
    return _scaled(layers, nodes[:1], np.array([side]))


def _forms(values: Array, nodes: Array) -> tuple[Array, Array]:
    """Of functions by their values: coefficients of x and of the hinges at inner nodes; constants."""
    slopes = np.diff(values, axis=-1) / np.diff(nodes)
    return np.diff(slopes, axis=-1, prepend=0.0), values[..., 0]


def _strips(
    values: Array, nodes: Array, jumps: Array, order: tuple[int, ...], widths: tuple[int, ...]
) -> list[AffineMap]:
    dim, inner = len(order), len(nodes) - 2
    count, plan = switch_plan(widths, dim, dim + inner)
    slopes, constants = _forms(values, nodes)
    forms = np.zeros((count, dim + inner))  # those that are not needed are like the last one
    own = np.minimum(np.arange(count), len(values) - 1)
    forms[:, [order[0], *range(dim, dim + inner)]] = slopes[own]
    ends = np.pad(jumps, (0, count - len(values)), constant_values=1.0)
    units = hinges(order[0], nodes[1:-1], dim)
    steep = steepness(values)
    strips = Strips(order[1], units, forms, constants[own], low=float(values.min()), steep=steep, ends=ends)
    return switched_layers(plan, dim, strips, len(widths))


def _towers(
    values: Array, nodes: Array, jumps: list[Array], order: tuple[int, ...], widths: tuple[int, ...]
) -> list[AffineMap]:
    cuts = cut(tuple(len(own) + 1 for own in jumps))
    used, (_, places) = order[: len(cuts) + 1], tower_place(widths, cuts)
    forms = _forms(values.reshape(-1, len(nodes)), nodes)
    layers = tower_layers(values, forms, len(order), used, [nodes[1:-1], *jumps[: len(cuts)]])
    low = 0.0 if cuts else float(values.min() - values.flat[0])
    return placed_layers(layers, low, places, len(widths), np.eye(len(order))[list(used)])
