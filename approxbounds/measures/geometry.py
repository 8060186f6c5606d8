"""Geometry of finitely many points in doubles: partitions, certain distances between their parts, chains of the order.

Partitions need not be good, as any will do; distances are certain lower bounds, by an analysis of the rounding errors.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import spend
from approxbounds.measures.points import Table

__all__ = ["blocks", "chain_lengths", "grid_cells", "parts_of", "separations"]

_LEAF = 48  # points that are compared with others all at once
_ALL_PAIRS = 2500  # up to so many places all distances are kept
_BITS = 12  # of a lower bound on a squared distance: few different ones


@lru_cache(maxsize=64)
def blocks(places: Table, parts: int) -> NDArray[np.int64]:
    """The part of each place: recursive cuts across the longest side, into parts of about equal numbers of places."""
    points = places.values
    labels = np.zeros(len(points), np.int64)
    spend(len(points) * max(1, parts.bit_length()) // 10)
    if parts >= len(points):
        return np.arange(len(points))
    stack = [(np.arange(len(points)), 0, parts)]
    while stack:
        rows, first, count = stack.pop()
        if count == 1:
            labels[rows] = first
            continue
        some = points[rows]
        axis = int(np.argmax(some.max(axis=0) - some.min(axis=0)))
        order = rows[np.argsort(some[:, axis], kind="stable")]
        left = count // 2
        cut = len(rows) * left // count
        stack += [(order[:cut], first, left), (order[cut:], first + left, count - left)]
    return labels


@lru_cache(maxsize=64)
def grid_cells(places: Table, per_side: int) -> NDArray[np.int64]:
    """The part of each place: cubes, so many along the longest side of the box of all places."""
    points = places.values
    spend(points.size // 10)
    low = points.min(axis=0)
    longest = float((points.max(axis=0) - low).max()) or 1.0
    cubes = np.minimum(np.floor((points - low) / longest * per_side), per_side - 1)
    return np.unique(cubes, axis=0, return_inverse=True)[1].reshape(-1)


@lru_cache(maxsize=64)
def _leaves(places: Table) -> list[NDArray[np.int64]]:
    labels = blocks(places, max(1, len(places) // _LEAF)) if len(places) > _LEAF else np.zeros(len(places), np.int64)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(int(labels.max()) + 2))
    return [order[a:b] for a, b in pairwise(ends.tolist())]


def _rounded_down(values: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """Certain lower bounds of few bits on sums of squares that were computed in doubles; infinity stays.

    A difference of doubles, its square and each of the dim - 1 sums of non-negative terms is off by a factor of at most
    1 + 2^-53: in all less than 1 + (dim + 3) 2^-53, unless a square is below the normal doubles. What is below 1e-290
    is taken for 0.
    """
    safe = np.where(values < 1e-290, 0.0, values * (1 - (dim + 4) * 2.0**-52))
    mantissa, exponent = np.frexp(np.where(np.isfinite(safe), safe, 0.0))
    return np.where(np.isfinite(safe), np.ldexp(np.floor(np.ldexp(mantissa, _BITS)), exponent - _BITS), np.inf)


@lru_cache(maxsize=2)
def _all_pairs(places: Table, sup: bool) -> NDArray[np.float64]:
    """The squared distances of all pairs."""
    points = places.values
    squares = np.zeros((len(points), len(points)))
    spend(squares.size * points.shape[1] // 200)
    for column in points.T:
        one = (column[:, None] - column[None, :]) ** 2
        squares = np.maximum(squares, one) if sup else squares + one
    return squares


def _nearest_of_all(places: Table, labels: NDArray[np.int64], sup: bool) -> NDArray[np.float64]:
    """For few places: from the distances of all pairs."""
    spend(len(places) ** 2 // 200)
    alike = labels[:, None] == labels[None, :]
    nearest: NDArray[np.float64] = np.where(alike, np.inf, _all_pairs(places, sup)).min(axis=1)
    return nearest


def _nearest(places: Table, labels: NDArray[np.int64], sup: bool) -> NDArray[np.float64]:
    """For each place the squared distance to the nearest of another part, in doubles: leaves that are too far are left.

    What is left out is farther by more than the rounding errors of the distances of boxes.
    """
    points, leaves = places.values, _leaves(places)
    dim = points.shape[1]
    low = np.array([points[leaf].min(axis=0) for leaf in leaves])
    high = np.array([points[leaf].max(axis=0) for leaf in leaves])
    found = np.full(len(points), np.inf)
    for i, leaf in enumerate(leaves):
        gaps = np.maximum(np.maximum(low - high[i], low[i] - high), 0.0) ** 2
        boxes = gaps.max(axis=1) if sup else gaps.sum(axis=1)
        order = np.argsort(boxes, kind="stable")
        best, at, step = np.full(len(leaf), np.inf), 0, 4
        while at < len(order) and boxes[order[at]] * (1 - 1e-12) <= best.max():
            other = np.concatenate([leaves[j] for j in order[at : at + step]])
            spend(1 + len(leaf) * len(other) * dim // 200)
            squares = np.zeros((len(leaf), len(other)))
            for axis in range(dim):
                one = (points[leaf, axis][:, None] - points[other, axis][None, :]) ** 2
                squares = np.maximum(squares, one) if sup else squares + one
            squares[labels[leaf][:, None] == labels[other][None, :]] = np.inf
            best = np.minimum(best, squares.min(axis=1))
            at, step = at + step, min(2 * step, max(4, 4000 // _LEAF))
        found[leaf] = best
    return found


@lru_cache(maxsize=64)
def separations(places: Table, kind: str, size: int, sup: bool = False, certain: bool = True) -> NDArray[np.float64]:
    """For each place a lower bound on the squared distance to the nearest place of another part; inf if there is none.

    The parts are single places for ``kind`` "points", else those of :func:`blocks` or :func:`grid_cells` with this
    ``size``. ``sup``: the distance is the maximum norm. ``certain``: else it is the distance in doubles, for plots.
    """
    labels = parts_of(places, kind, size)
    found = _nearest(places, labels, sup) if len(places) > _ALL_PAIRS else _nearest_of_all(places, labels, sup)
    return _rounded_down(found, places.values.shape[1]) if certain else found


def parts_of(places: Table, kind: str, size: int) -> NDArray[np.int64]:
    """The part of each place."""
    if kind == "points":
        return np.arange(len(places))
    return blocks(places, size) if kind == "blocks" else grid_cells(places, size)


@lru_cache(maxsize=16)
def chain_lengths(places: Table) -> NDArray[np.int64]:
    """For each place the length of the longest chain x_1 <= .. <= x of different places that ends there (Mirsky)."""
    points = places.values
    m, dim = points.shape
    order = np.lexsort(points.T[::-1])
    ordered = points[order]
    lengths = np.ones(m, np.int64)
    if dim <= 2:  # the longest non-decreasing sequence of the last coordinates that ends here
        spend(m)
        tails: list[float] = []
        for i, last in enumerate(ordered[:, -1].tolist()):
            place = bisect_right(tails, last)
            tails[place : place + 1] = [last]
            lengths[i] = place + 1
    else:
        for i in range(1, m):
            spend(1 + i * dim // 500)
            below = (ordered[:i] <= ordered[i]).all(axis=1)
            if below.any():
                lengths[i] = lengths[:i][below].max() + 1
    found = np.empty(m, np.int64)
    found[order] = lengths
    return found
