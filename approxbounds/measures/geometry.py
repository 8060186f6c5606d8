"""Geometry of finitely many points in doubles: certain distances between the parts of partitions, chains of the order.

Distances are certain lower bounds, by an analysis of the rounding errors.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import spend
from approxbounds.measures.neighbours import linked, nearest_of_other_parts
from approxbounds.measures.partitions import blocks, grid_cells, net
from approxbounds.measures.points import Table

__all__ = ["chain_lengths", "net_separation", "parts_of", "separations"]

_ALL_PAIRS = 600  # up to so many places all distances are kept
_BITS = 12  # of a lower bound on a squared distance: few different ones


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


@lru_cache(maxsize=64)
def separations(places: Table, kind: str, size: int, sup: bool = False, certain: bool = True) -> NDArray[np.float64]:
    """For each place a lower bound on the squared distance to the nearest place of another part; inf if there is none.

    The parts are those of :func:`parts_of`. ``sup``: the distance is the maximum norm. ``certain``: else it is the
    distance in doubles, for plots.
    """
    labels = parts_of(places, kind, size)
    few = len(places) <= _ALL_PAIRS
    found = _nearest_of_all(places, labels, sup) if few else nearest_of_other_parts(places, labels, sup)
    return _rounded_down(found, places.values.shape[1]) if certain else found


def net_separation(places: Table, size: int) -> float:
    """A certain lower bound on the squared distances of the centres of a net."""
    return float(_rounded_down(np.array([net(places, size).square]), places.values.shape[1])[0])


def parts_of(places: Table, kind: str, size: int) -> NDArray[np.int64]:
    """The part of each place: single places, ``size`` blocks, ``size`` near pairs linked, or a grid or net of it."""
    if kind == "points":
        return np.arange(len(places))
    if kind == "net":
        return net(places, size).labels
    if kind == "links":
        return linked(places, size)
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
        columns = np.ascontiguousarray(ordered.T[np.argsort(-np.median(ordered, axis=0), kind="stable")])
        for i in range(1, m):
            spend(1 + i // 200)
            below = np.flatnonzero(columns[0, :i] <= columns[0, i])
            for column in columns[1:]:
                if not below.size:
                    break
                below = below[column[below] <= column[i]]
            if below.size:
                lengths[i] = lengths[below].max() + 1
    found = np.empty(m, np.int64)
    found[order] = lengths
    return found
