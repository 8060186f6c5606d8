"""Piecewise-linear functions of one coordinate as forms of units (x - t)_+, and steep switches. THEORY.md, 5.1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import Function, values_at

__all__ = ["breaks", "hinges", "interpolants", "line_values", "steepness"]

_STEEP = 2.0**24  # times the range of the values: sums of some 100 steep terms keep 7 digits, switches are 1e-7 wide


def breaks(parts: int) -> NDArray[np.float64]:
    """The inner ends of equal parts of [0,1]."""
    return np.arange(1, parts) / parts


def hinges(axis: int, where: NDArray[np.float64], dim: int) -> AffineMap:
    """The units (x_axis - t)_+."""
    return np.eye(1, dim, axis).repeat(len(where), axis=0), -where


def interpolants(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Functions of x by their values at i/K, i = 0..K: coefficients of x and of (x - i/K)_+, 0 < i < K; constants."""
    slopes = np.diff(values, axis=-1) * (values.shape[-1] - 1)
    return np.diff(slopes, axis=-1, prepend=0.0), values[..., 0]


def steepness(values: NDArray[np.float64]) -> float:
    """M such that M (x - t) passes all differences of the values close to t."""
    return _STEEP * (float(values.max() - values.min()) or 1.0)


def line_values(
    f: Function, dim: int, order: tuple[int, ...], intervals: int, cuts: tuple[int, ...]
) -> NDArray[np.float64]:
    """f on the middle lines of columns: shape (.., k_3, k_2, K + 1), the nodes i/K along the first axis of the order.

    The next axes are cut into k_2, k_3, .. parts; coordinates that are not cut are 1/2.
    """
    middles = [(np.arange(k) + 0.5) / k for k in cuts]
    grids = np.meshgrid(*reversed(middles), np.arange(intervals + 1) / intervals, indexing="ij")
    points = np.full((grids[0].size, dim), 0.5)
    for axis, grid in zip(order, reversed(grids), strict=False):
        points[:, axis] = grid.ravel()
    return values_at(f, points).reshape(grids[0].shape)
