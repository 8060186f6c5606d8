"""Partitions of finitely many points: blocks, cubes of a grid, cells of a net. Any partition will do for a bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import spend
from approxbounds.measures.points import Table

__all__ = ["NET_SIZES", "Net", "blocks", "grid_cells", "most_centres", "net"]

#: Numbers of centres of the nets that searches try.
NET_SIZES = tuple(sorted({int(2 ** (step / 4)) for step in range(4, 4 * 18)}))
_MOST_NUMBERS = 2**31  # of coordinates that are looked at for a net


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


@dataclass(frozen=True)
class Net:
    """The first n places of a sequence in which each is as far as can be from those before it.

    ``labels``: the nearest of them to each place. ``square``: the squared distance of the last one from those before,
    in doubles, and no two are nearer.
    """

    centres: NDArray[np.int64]
    labels: NDArray[np.int64]
    square: float


def most_centres(places: Table) -> int:
    """How many centres a net may have, for the time that it takes."""
    return min(len(places), max(2, _MOST_NUMBERS // int(places.values.size)))


@lru_cache(maxsize=4)
def _nets(places: Table, sizes: tuple[int, ...]) -> Mapping[int, Net]:
    """Nets of these sizes: farthest places first, from that of number 0."""
    columns = np.ascontiguousarray(places.values.T)
    m = len(places)
    nearest, labels, centres = np.full(m, np.inf), np.zeros(m, np.int64), [0]
    squares, found = np.inf, dict[int, Net]()
    while True:
        spend(1 + columns.size // 500)
        distance = np.zeros(m)
        for column in columns:
            distance += (column - column[centres[-1]]) ** 2
        nearer = distance < nearest
        labels[nearer] = len(centres) - 1
        np.minimum(nearest, distance, out=nearest)
        if len(centres) in sizes:
            found[len(centres)] = Net(np.array(centres), labels.copy(), squares)
        if len(centres) >= sizes[-1]:
            return found
        centres.append(int(np.argmax(nearest)))
        squares = float(nearest[centres[-1]])


def net(places: Table, size: int) -> Net:
    """The net of so many centres, at most :func:`most_centres`."""
    ladder = tuple(n for n in NET_SIZES if n <= most_centres(places))
    return _nets(places, ladder if size in ladder else (size,))[size]
