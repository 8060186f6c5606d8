"""The k^d cubes of side 1/k: their places, and the values of a user's function at points of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from approxbounds.errors import ParameterError

__all__ = ["Function", "cube_indices", "midpoints", "on_the_cube", "values_at"]

#: A function on [0,1]^d as users give it: points of shape (m, d) to values of shape (m,).
Function: TypeAlias = Callable[[NDArray[np.float64]], Any]


def cube_indices(per_side: int, dim: int, first: int = 0, last: int | None = None) -> NDArray[np.int64]:
    """The indices i in {0..per_side-1}^dim of the cubes first..last-1, row by row in lexicographic order."""
    cubes = np.arange(first, per_side**dim if last is None else last)
    return np.stack(np.unravel_index(cubes, (per_side,) * dim), axis=1)


def midpoints(per_side: int, dim: int, first: int = 0, last: int | None = None) -> NDArray[np.float64]:
    """The centres of these cubes.

    >>> midpoints(2, 2).tolist()
    [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]
    """
    centres: NDArray[np.float64] = (cube_indices(per_side, dim, first, last) + 0.5) / per_side
    return centres


def on_the_cube(f: Function, dim: int) -> Function:
    """A function that is asked for points of shape (m, dim) in [0,1]^dim only: others raise ParameterError."""

    def checked(points: Any) -> NDArray[np.float64]:
        where = np.asarray(points, float)
        if where.ndim != 2 or where.shape[1] != dim or not ((where >= 0) & (where <= 1)).all():
            raise ParameterError("points", points, f"must be points of [0,1]^{dim}, an array of shape (m, {dim})")
        return values_at(f, where)

    return checked


def values_at(f: Function, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """f at points of shape (m, d), checked: finite numbers of shape (m,)."""
    if not callable(f):
        raise ParameterError("f", f, "must be a function of points of shape (m, d), with values of shape (m,)")
    values = np.asarray(f(points))
    if values.shape != (len(points),) or values.dtype.kind not in "fiub":
        raise ParameterError(
            "f", f, f"must give {len(points)} numbers, shape ({len(points)},), at {len(points)} points"
        )
    if not np.isfinite(values).all():
        raise ParameterError("f", f, "must have finite values on [0,1]^d")
    return values.astype(float)
