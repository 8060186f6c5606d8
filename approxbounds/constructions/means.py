"""Means on boxes, and the nearest broken lines: Poincaré's inequality for step functions and columns. THEORY.md, 5."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.constructions.hinges import line_values
from approxbounds.constructions.smoothness import axes, broken_lines_error, columns_error, wirtinger
from approxbounds.facts.functions import FunctionFacts, Regularity
from approxbounds.facts.grid import Function, midpoints, values_at
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["column_values", "cube_means", "mean_error", "takes_means"]

_MOST_POINTS = 10**6  # at which means are taken


def mean_error(A: Arithmetic[V], F: FunctionFacts, k: V | float, p: Number) -> V | None:
    """A bound on ||f - its means on the k^d cubes||_p for |f(x) - f(y)| <= C |x-y|_2, p < inf; None if not known.

    C/(pi k) for p <= 2; beyond (C/k) pi^(-2/p) (d/3)^(1/2-1/p), as |g|_p <= |g|_2^(2/p) |g|_inf^(1-2/p) and the mean of
    |x-y|_2 over y in a cube is at most its root mean square, sqrt(d/3)/k for x in a corner.
    """
    exponent, d = F.modulus_exponent, F.domain_dim
    if any(map(is_symbolic, (p, exponent))) or exponent != 1 or is_infinite(p):
        return None
    scale = F.modulus_constant(A) / k
    if p <= 2:
        return scale * wirtinger(A)
    share = 2 / Fraction(p)
    return scale * A.power(wirtinger(A), A.number(share)) * A.power(A.number(d) / 3, A.number((1 - share) / 2))


def takes_means(F: FunctionFacts, p: Number) -> bool:
    """Whether means are certainly nearer than what ``F.cube_error`` is about."""
    error = None if F.symbols else mean_error(FLOAT, F, 1.0, p)
    return error is not None and bool(error < F.cube_error(FLOAT, 1.0, p))


def cube_means(f: Function, k: int, dim: int) -> NDArray[np.float64]:
    """The means of f on the k^d cubes over the midpoints of m^d parts of each: off by at most C sqrt(d)/(2km)."""
    m = max(1, min(64, int((_MOST_POINTS / k**dim) ** (1 / dim))))
    values = values_at(f, midpoints(k * m, dim)).reshape((k, m) * dim)
    means: NDArray[np.float64] = values.mean(axis=tuple(range(1, 2 * dim, 2))).ravel()
    return means


def column_values(f: Function, F: Regularity, p: Number, intervals: int, cuts: tuple[int, ...]) -> NDArray[np.float64]:
    """The values at the nodes of functions of one variable on columns, within ``columns_error`` of f.

    Shape and order are those of :func:`line_values`: f on the middle lines or, where that is nearer, the means of f
    over columns, projected (least squares, at the midpoints of at most 64 parts of each interval).
    """
    order, dim = axes(F), len(F.along)
    sizes = [float(intervals), *map(float, cuts)]
    projected = broken_lines_error(FLOAT, F, p, sizes)
    if projected is None or columns_error(FLOAT, F, p, sizes[0], sizes[1:]) < projected:
        return line_values(f, dim, order, intervals, cuts)
    counts = (intervals, *cuts, *(1,) * (dim - 1 - len(cuts)))
    m = max(1, min(64, int((_MOST_POINTS / prod(counts)) ** (1 / dim))))
    parts = (max(m, 2), *(m,) * (dim - 1))
    places = [(np.arange(k * n) + 0.5) / (k * n) for k, n in zip(reversed(counts), reversed(parts), strict=True)]
    grids = np.meshgrid(*places, indexing="ij")
    points = np.empty((grids[0].size, dim))
    for axis, grid in zip(order, reversed(grids), strict=True):
        points[:, axis] = grid.ravel()
    shape = [size for pair in zip(reversed(counts), reversed(parts), strict=True) for size in pair]
    values = values_at(f, points).reshape(shape).mean(axis=tuple(range(1, 2 * dim - 2, 2)))
    return _projected(values.reshape(-1, *shape[-2:])).reshape(*reversed(cuts), intervals + 1)


def _projected(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values at the nodes of the nearest broken lines to rows of K times n values, at midpoints of the pieces."""
    from scipy.linalg import solveh_banded

    rows, intervals, n = values.shape
    t = (np.arange(n) + 0.5) / n
    own, mixed = float(t @ t), float(t @ (1 - t))  # the normal equations have three diagonals
    right = np.zeros((rows, intervals + 1))
    right[:, :-1] += values @ (1 - t)
    right[:, 1:] += values @ t
    diagonal = np.full(intervals + 1, 2 * own)
    diagonal[[0, -1]] = own
    bands = np.vstack([np.full(intervals + 1, mixed), diagonal])  # the first entry is not used
    projected: NDArray[np.float64] = solveh_banded(bands, right.T).T
    return projected
