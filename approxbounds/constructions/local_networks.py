"""Weights of ReLU networks that are near a polynomial on each cube. THEORY.md, section 5.1 (`local-polynomials`).

Windows have two units at each face, with which they are exact in floating point: (y - x)_+ at a face y and (x - y')_+
at y', the double before it. The polynomials are nearly the best ones in L^2, from values of f.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.power_networks import local_polynomials, multi_indices
from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import Function, cube_indices

__all__ = ["Layout", "network_layers"]

Array = NDArray[np.float64]
#: A sum of multiples of powers of w_i, w_i + w_j or w_1 - w_2: of (direction, power, weight).
_Curved = tuple[tuple[int, int, float], ...]

_STEEP = 2.0**70  # times the range: nothing of a cell is left one double outside of it


@dataclass(frozen=True)
class Layout:
    """Degree, d, b, J, K; the layer of the windows; the cells of each layer after the next one; all layers.

    ``compact``: later layers get the curved functions, not the pieces that these are made of.
    """

    degree: int
    dim: int
    b: int
    J: int
    K: int
    start: int
    shares: tuple[int, ...]
    depth: int
    compact: bool


def _windows(dim: int, b: int) -> tuple[AffineMap, Array, Array]:
    """First-layer units of x; the reflected coordinates as forms of them, and how far x is outside of each cube.

    The units of coordinate j are x_j, (x_j - y')_+ and (y - x_j)_+ for the inner faces y.
    """
    faces, count = np.arange(1, b) / b, 2 * b - 1
    one = np.concatenate([np.ones(b), -np.ones(b - 1)])
    biases = np.concatenate([[0.0], -np.nextafter(faces, 0), faces])
    up_and_down = np.concatenate([[1.0], 2.0 * (-1.0) ** np.arange(1, b), np.zeros(b - 1)])
    cubes = cube_indices(b, dim)
    rows, outside = np.arange(len(cubes)), np.zeros((len(cubes), dim * count))
    for j, index in enumerate(cubes.T):
        after, before = index < b - 1, index > 0
        outside[rows[after], j * count + 1 + index[after]] = 1
        outside[rows[before], j * count + b - 1 + index[before]] = 1
    units = np.kron(np.eye(dim), one[:, None]), np.tile(biases, dim)
    return units, np.kron(np.eye(dim), up_and_down), outside


def _directions(layout: Layout) -> list[tuple[Array, Array, float]]:
    """Forms of the reflected coordinates, the nodes of their pieces, and the middle: first axes, then diagonals."""
    side, axes = 1 / layout.b, np.eye(layout.dim)
    found = [(axis, np.linspace(0, side, layout.J + 1), side / 2) for axis in axes]
    diagonal = np.linspace(0, 2 * side, 2 * layout.K + 1)
    found += [(axes[i] + axes[j], diagonal, side) for i, j in combinations(range(layout.dim), 2)]
    return [*found, (axes[0] - axes[1], diagonal - side, 0.0)] if layout.degree == 3 else found


def _curved_functions(
    layout: Layout, coefficients: dict[tuple[int, ...], Array], signs: Array
) -> list[tuple[_Curved, Array]]:
    """The functions, and for all cubes their factors, for polynomials in x - c with these coefficients."""
    dim, pairs = layout.dim, list(combinations(range(layout.dim), 2))

    def of(*axes: int) -> Array:
        found: Array = coefficients[tuple(axes.count(j) for j in range(dim))] * np.prod(signs[:, list(axes)], axis=1)
        return found

    squares = [of(j, j) for j in range(dim)]
    if layout.degree == 2:
        mixed = {pair: of(*pair) / 2 for pair in pairs}
        squares = [own - sum(mixed[pair] for pair in pairs if j in pair) for j, own in enumerate(squares)]
        return [(((n, 2, 1.0),), factor) for n, factor in enumerate([*squares, *mixed.values()])]
    one, two = of(0, 0, 1) / 6, of(0, 1, 1) / 6
    cubes = [of(0, 0, 0) - 2 * two, of(1, 1, 1) - 2 * one, one + two, two - one]
    return [
        *((((n, 2, 1.0),), factor) for n, factor in enumerate(squares)),
        (((2, 2, 1.0), (3, 2, -1.0)), of(0, 1) / 4),
        *((((n, 3, 1.0),), factor) for n, factor in enumerate(cubes)),
    ]


def network_layers(f: Function, layout: Layout, p: float) -> list[AffineMap]:
    """The layers of the network for f, the output last."""
    dim, b = layout.dim, layout.b
    first, reflected, outside = _windows(dim, b)
    count, directions = outside.shape[1], _directions(layout)
    rows, biases = [np.eye(count)], [np.zeros(count)]
    for row, nodes, _ in directions:
        rows.append((row @ reflected)[None, :].repeat(len(nodes) - 2, axis=0))
        biases.append(-nodes[1:-1])
    starts = np.cumsum([len(own) for own in biases])
    second = np.concatenate(rows), np.concatenate(biases)

    def interpolant(curved: _Curved) -> tuple[Array, float, float]:
        """As a form of the second layer; the last number is below its values."""
        form, constant, low = np.zeros(starts[-1]), 0.0, 0.0
        for n, power, weight in curved:
            row, nodes, middle = directions[n]
            gap = nodes[1] - nodes[0]
            level = {1.0: 3 / 16}.get(p, 1 / 6 if p <= 2 else 1 / 8) * gap**2 if power == 2 else 0.0
            values = weight * ((nodes - middle) ** power - level)
            slopes = np.diff(values) / gap
            form[:count] += slopes[0] * (row @ reflected)
            form[starts[n] : starts[n + 1]] += np.diff(slopes)
            constant, low = constant + values[0] - slopes[0] * nodes[0], low + values.min()
        return form, float(constant), float(low)

    indices = multi_indices(layout.degree, dim)
    centres, local = local_polynomials(f, power=layout.degree, dim=dim, cells=b, p=p, interpolated=False)
    scaled = local * (2.0 * b) ** indices.sum(axis=1)
    coefficients = {tuple(map(int, m)): column for m, column in zip(indices, scaled.T, strict=True)}
    signs = np.where(cube_indices(b, dim) % 2, -1.0, 1.0)
    functions = _curved_functions(layout, coefficients, signs)
    gradient = np.stack([coefficients[tuple(map(int, m))] for m in np.eye(dim)], axis=1)
    lift = 4 * float(np.abs(local).sum(axis=1).max()) or 1.0
    forms = np.zeros((len(centres), count)) - _STEEP * b * lift * outside
    forms[:, :: 2 * b - 1] += gradient
    levels = coefficients[(0,) * dim] - (gradient * centres).sum(axis=1) + lift
    curved = [interpolant(function) for function, _ in functions]
    factors = np.stack([factor for _, factor in functions], axis=1)
    made = np.stack([form for form, _, _ in curved]), np.array([constant for _, constant, _ in curved])
    if layout.compact:
        passed = np.concatenate([np.eye(count, starts[-1]), made[0]]), np.concatenate([np.zeros(count), made[1]])
        lows = np.concatenate([np.zeros(count), [low for _, _, low in curved]])
        forms = np.hstack([forms, factors])
    else:
        passed, lows = (np.eye(starts[-1]), np.zeros(starts[-1])), np.zeros(starts[-1])
        forms = np.hstack([forms, np.zeros((len(forms), starts[-1] - count))]) + factors @ made[0]
        levels = levels + factors @ made[1]
    x = (np.eye(dim), np.zeros(dim))
    return [*[x] * layout.start, first, second, *_summed(passed, lows, (forms, levels), layout, lift)]


def _summed(passed: AffineMap, lows: Array, cells: AffineMap, layout: Layout, lift: float) -> list[AffineMap]:
    """The layers with cells, which are forms of what is passed on, those that pass on their sum, and the output."""
    (state, offset), (forms, levels), total = passed, cells, np.zeros(0)
    layers: list[AffineMap] = []
    done = 0
    for share in layout.shares:
        own, kept = slice(done, done + share), len(lows) if done + share < len(levels) else 0
        rows, biases = [state[:kept], forms[own] @ state], [(offset - lows)[:kept], forms[own] @ offset + levels[own]]
        if done:
            rows, biases = [*rows, total[None, :]], [*biases, np.zeros(1)]
        layers.append((np.concatenate(rows), np.concatenate(biases)))
        outputs = kept + share + int(done > 0)
        total = np.concatenate([np.zeros(kept), np.ones(outputs - kept)])
        state, offset, done = np.eye(len(lows), outputs), lows, done + share
    for _ in range(layout.depth - layout.start - 2 - len(layout.shares)):
        layers.append((total[None, :], np.zeros(1)))
        total = np.ones(1)
    return [*layers, (total[None, :], np.array([-lift]))]
