"""Weights of networks of max(x,0)^q that are near a polynomial on each cube. THEORY.md, section 5 (`power-cells`).

What finite weights lose: one layer has the wrong value on a share q 2^{-8} of each interval but the first, where it is
off by a few times the jump between two neighbouring polynomials. Two layers are off by about (q-1) 2^{-27} max f^2/|f|
everywhere, and wrong on faces of cubes only: a set without a double number, as windows that meet at t end before and
begin at t.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import Function, cube_indices, values_at

__all__ = ["local_polynomials", "multi_indices", "one_layer", "two_layers"]

_CLOSE = 2.0**-8  # distance of breaks that change a polynomial, in intervals
_LARGE = 2.0**26  # B, in units of the largest value
_APART = 2.0**55  # a window is closed 1/(_APART b) from its ends: less than doubles from 1/b on are apart

Array = NDArray[np.float64]


def multi_indices(power: int, dim: int) -> NDArray[np.int64]:
    """All multi-indices of order at most q, 0 first."""
    found = [
        np.bincount(np.array(chosen, int), minlength=dim)[:dim]
        for order in range(power + 1)
        for chosen in combinations_with_replacement(range(dim), order)
    ]
    return np.array(found)


def _monomials(points: Array, indices: NDArray[np.int64]) -> Array:
    values: Array = np.prod(points[..., None, :] ** indices, axis=-1)
    return values


def _nodes(power: int, dim: int, p: float, interpolated: bool) -> tuple[Array, Array]:
    """Points of [-1,1]^d and weights of a least-squares fit; as many points as coefficients if it is interpolated."""
    n = power + 1
    if not interpolated:  # Gauss nodes: nearly the best polynomial in L^2
        x, weights = np.polynomial.legendre.leggauss(max(n + 1, 4))
    elif p == 1:
        x, weights = np.cos(np.arange(1, n + 1) * np.pi / (n + 1)), np.ones(n)
    elif p <= 2:
        x, weights = np.polynomial.legendre.leggauss(n)
    else:
        x, weights = np.cos((np.arange(n) + 0.5) * np.pi / n), np.ones(n)
    points = np.array(list(product(x, repeat=dim)))
    return points, np.sqrt(np.prod(np.array(list(product(weights, repeat=dim))), axis=1))


def local_polynomials(
    f: Function, *, power: int, dim: int, cells: int | tuple[int, ...], p: float, interpolated: bool
) -> tuple[Array, Array]:
    """The centres of the cubes, and the coefficients of polynomials in 2b(x - c), one row a cube.

    Or of boxes, ``cells`` = (b_1, .., b_d), in 2 b_j (x_j - c_j).
    """
    points, weights = _nodes(power, dim, p, interpolated)
    counts = np.broadcast_to(cells, dim)
    centres = (np.indices(tuple(counts)).reshape(dim, -1).T + 0.5) / counts
    where = (centres[:, None, :] + points / (2 * counts)).reshape(-1, dim)
    values = values_at(f, where).reshape(len(centres), -1)
    fit = np.linalg.pinv(weights[:, None] * _monomials(points, multi_indices(power, dim)))
    return centres, (values * weights) @ fit.T


def _global(centres: Array, local: Array, power: int, dim: int, cells: int) -> tuple[Array, Array]:
    """Forms 1 + m.x of the first layer, m of order 1..q, and the coefficients of their q-th powers and of 1."""
    indices = multi_indices(power, dim)
    lattice = indices / power  # on which polynomials of degree q are determined
    powers = (1 + lattice @ indices.T) ** power
    scaled = 2 * cells * (lattice - centres[:, None, :])
    values = np.einsum("cpk,ck->cp", _monomials(scaled, indices), local)
    return indices[1:].astype(float), np.linalg.solve(powers, values.T).T


def one_layer(f: Function, *, power: int, dim: int, cells: int, p: float, interpolated: bool) -> list[AffineMap]:
    """Polynomials on b intervals (d = 1), or one on [0,1]^d."""
    centres, local = local_polynomials(f, power=power, dim=dim, cells=cells, p=p, interpolated=interpolated)
    forms, coefficients = _global(centres[:1], local[:1], power, dim, cells)
    if cells == 1:
        return [(forms, np.ones(len(forms))), (coefficients[:, 1:], coefficients[0, :1])]
    order = np.arange(power + 1)
    # the polynomials of two neighbours in y = 2b(x - t), t the point between them: y = z - 1 and z + 1
    shift = np.array([[comb(int(k), int(j)) if j <= k else 0 for k in order] for j in order], float)
    signs = (-1.0) ** (order[None, :] - order[:, None])
    jumps = local[1:] @ (shift * signs).T - local[:-1] @ shift.T
    # sum_i c_i (y - i delta)^q = jump(y): compare the coefficients of y^(q-m)
    moments = np.array([comb(power, int(m)) * (-_CLOSE) ** int(m) for m in order])
    weights = np.linalg.solve(order[None, :].astype(float) ** order[:, None], (jumps[:, ::-1] / moments).T).T
    starts = np.arange(1, cells)[:, None] * 2.0 + _CLOSE * order  # in units of 1/(2b)
    breaks = np.full((weights.size, 1), 2.0 * cells)
    first = (np.vstack([forms, breaks]), np.concatenate([np.ones(power), -starts.ravel()]))
    return [first, (np.concatenate([coefficients[0, 1:], weights.ravel()])[None, :], coefficients[0, :1])]


def two_layers(f: Function, *, power: int, dim: int, cells: int, p: float, interpolated: bool) -> list[AffineMap]:
    """Polynomials on b^d cubes, one unit of the second layer each."""
    centres, local = local_polynomials(f, power=power, dim=dim, cells=cells, p=p, interpolated=interpolated)
    forms, coefficients = _global(centres, local, power, dim, cells)
    ends = np.arange(1, cells) / cells
    axes = np.repeat(np.eye(dim), cells - 1, axis=0)
    before = np.tile(ends, dim)  # (t - x)_+ closes a window on its left, (x - t')_+ just before t on its right
    first = (
        np.vstack([forms, -axes, axes]),
        np.concatenate([np.ones(len(forms)), before, -np.nextafter(before, 0)]),
    )
    size = _LARGE * max(float(np.abs(local).sum(axis=1).max()), 1e-300)
    cube = cube_indices(cells, dim)
    left, right = (np.zeros((len(cube), dim * (cells - 1))) for _ in range(2))
    for j, column in enumerate(cube.T):
        inside, inner = np.flatnonzero(column > 0), np.flatnonzero(column < cells - 1)
        left[inside, j * (cells - 1) + column[inside] - 1] = 1
        right[inner, j * (cells - 1) + column[inner]] = 1
    steep = -4 * size * (_APART * cells) ** power
    second = (np.hstack([coefficients[:, 1:], steep * left, steep * right]), coefficients[:, 0] + size)
    slope = power * size ** (power - 1)
    return [first, second, (np.full((1, len(cube)), 1 / slope), np.array([-size / power]))]
