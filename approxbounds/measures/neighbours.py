"""For each of finitely many points others near it, and a certain lower bound on how far all further ones are.

Lists are found once for a set of points; distances between the parts of any partition are then read off. Up to four
coordinates, and where there are few numbers, boxes of points that are too far are left out; else squared distances come
from matrix products in single precision, less more than their rounding errors, and those of the nearest again from
differences. THEORY.md, 8.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import spend
from approxbounds.measures.partitions import blocks
from approxbounds.measures.points import MOST_COORDINATES, Table

__all__ = ["linked", "nearest_of_other_parts"]

_LEAF = 48  # points that are compared with others all at once
_ROWS = 128  # the same, in matrix products
_MOST_AXES = 4  # coordinates up to which boxes leave out most of the points
_FEW_AXES = 64  # coordinates, of more of which the principal axes are taken, ...
_SHARE = 0.9  # ... that have this share of the variance
_GROUPS = 512  # of columns: the least of each is looked at first
_COMPLETED = 2**28  # pairs of points that are compared once more for one partition
_LINKS = 8  # pairs of a point and those nearer than its 8th neighbour may be linked
_UNIT = 2.0**-24  # the rounding error of single precision


@dataclass(frozen=True)
class _Lists:
    """Rows i: numbers of other points, their squared distances in increasing order, and ``rest``[i].

    The squared distance to every point that is not in the list is at least ``rest``, up to the rounding errors of
    doubles; inf if there is none. Lists that are too short end with squares inf.
    """

    numbers: NDArray[np.int32]
    squares: NDArray[np.float64]
    rest: NDArray[np.float64]

    def put(self, rows: NDArray[np.int64], other: _Lists) -> None:
        count = self.squares.shape[1]
        self.numbers[rows], self.squares[rows] = other.numbers[:, :count], other.squares[:, :count]
        self.rest[rows] = (
            other.rest if other.squares.shape[1] <= count else np.minimum(other.rest, other.squares[:, count])
        )


def _empty(rows: int, count: int) -> _Lists:
    return _Lists(np.full((rows, count), -1, np.int32), np.full((rows, count), np.inf), np.zeros(rows))


def _by_boxes(places: Table, sup: bool) -> bool:
    return places.values.shape[1] <= _MOST_AXES or (sup and places.values.size <= MOST_COORDINATES)


def _find(
    places: Table,
    rows: NDArray[np.int64],
    count: int,
    labels: NDArray[np.int64] | None,
    sup: bool,
    *,
    whole: bool = True,
) -> _Lists:
    """For these places ``count`` near ones, of other labels if there are labels; ``whole``: by all coordinates."""
    parts = (
        _in_boxes(places, rows, count, labels, sup)
        if _by_boxes(places, sup)
        else _in_products(places, rows, count, labels, _image(places, whole))
    )
    found = _empty(len(places), count)
    for some, lists in parts:
        found.put(some, lists)
    return _Lists(found.numbers[rows], found.squares[rows], found.rest[rows])


# ---------------------------------------------------------------------------------------------------------------- boxes


@lru_cache(maxsize=8)
def _leaves(places: Table, size: int) -> list[NDArray[np.int64]]:
    labels = blocks(places, max(1, len(places) // size)) if len(places) > size else np.zeros(len(places), np.int64)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(int(labels.max()) + 2))
    return [order[a:b] for a, b in pairwise(ends.tolist())]


def _squares(
    points: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64], sup: bool
) -> NDArray[np.float64]:
    spend(1 + len(rows) * len(columns) * points.shape[1] // 200)
    squares = np.zeros((len(rows), len(columns)))
    for column in points.T:
        one = (column[rows][:, None] - column[columns][None, :]) ** 2
        squares = np.maximum(squares, one) if sup else squares + one
    return squares


def _in_boxes(
    places: Table, rows: NDArray[np.int64], count: int, labels: NDArray[np.int64] | None, sup: bool
) -> Iterator[tuple[NDArray[np.int64], _Lists]]:
    """Leaves of a tree whose boxes are too far, by more than rounding errors, are left out."""
    points, leaves = places.values, _leaves(places, _LEAF)
    low = np.array([points[leaf].min(axis=0) for leaf in leaves])
    high = np.array([points[leaf].max(axis=0) for leaf in leaves])
    asked = np.zeros(len(points), bool)
    asked[rows] = True
    for i, leaf in enumerate(leaves):
        some = leaf[asked[leaf]]
        if not len(some):
            continue
        gaps = np.maximum(np.maximum(low - high[i], low[i] - high), 0.0) ** 2
        boxes = gaps.max(axis=1) if sup else gaps.sum(axis=1)
        order = np.argsort(boxes, kind="stable")
        least = boxes[order] * (1 - 1e-12)
        numbers: NDArray[np.int64] = np.zeros((len(some), 0), np.int64)
        squares: NDArray[np.float64] = np.zeros((len(some), 0))
        at, step, bound = 0, 4, np.inf
        while at < len(order) and least[at] <= bound:
            end = at + step if np.isinf(bound) else int(np.searchsorted(least, bound, side="right"))
            end = min(end, at + 400)
            other = np.concatenate([leaves[j] for j in order[at:end]])
            new = _squares(points, some, other, sup)
            new[(some[:, None] == other) if labels is None else (labels[some][:, None] == labels[other])] = np.inf
            numbers = np.concatenate([numbers, np.broadcast_to(other, new.shape)], axis=1)
            squares = np.concatenate([squares, new], axis=1)
            if squares.shape[1] > count:
                kept = np.argpartition(squares, count - 1, axis=1)[:, :count]
                numbers, squares = np.take_along_axis(numbers, kept, 1), np.take_along_axis(squares, kept, 1)
                bound = float(squares.max())
            at, step = end, 2 * step
        kept = np.argsort(squares, axis=1, kind="stable")
        numbers, squares = np.take_along_axis(numbers, kept, 1), np.take_along_axis(squares, kept, 1)
        lists = _empty(len(some), count)
        have = squares.shape[1]
        lists.numbers[:, :have], lists.squares[:, :have] = numbers, squares
        lists.rest[:] = lists.squares[:, -1]
        yield some, lists


# ------------------------------------------------------------------------------------------------------------- products


@dataclass(frozen=True)
class _Image:
    """Coordinates by a map that lengthens no distance by more than a factor; in units of a power of 2.

    |x - y| >= scale (|image(x) - image(y)| - slack) for all places.
    """

    values: NDArray[np.float64]
    scale: float
    slack: float


@lru_cache(maxsize=2)
def _image(places: Table, whole: bool) -> _Image:
    """All coordinates, or those along the principal axes of many: V'(x - c) with |V'V - I| < 1e-9."""
    points = places.values
    m, dim = points.shape
    spend(m * dim * min(dim, 100) // 200)
    unit = 2.0 ** np.ceil(np.log2(max(float(np.abs(points).max()), 1e-290)))
    centre = points.mean(axis=0) / unit
    chunks = [slice(a, a + 4096) for a in range(0, m, 4096)]
    axes, longest = np.eye(dim), 0.0
    if dim > _FEW_AXES and not whole:
        second = np.zeros((dim, dim))
        for chunk in chunks:
            part = points[chunk] / unit - centre
            second += part.T @ part
        sizes, vectors = np.linalg.eigh(second)
        number = int(np.searchsorted(np.cumsum(sizes[::-1]), _SHARE * float(sizes.sum()))) + 1
        if number <= dim // 2:
            axes = np.linalg.qr(vectors[:, -number:])[0]
            if not float(np.linalg.norm(axes.T @ axes - np.eye(number))) < 1e-10:
                axes = np.eye(dim)
    values = np.empty((m, axes.shape[1]))
    for chunk in chunks:
        part = points[chunk] / unit - centre
        values[chunk], longest = part if axes.shape[1] == dim else part @ axes, max(longest, _longest(part))
    return _Image(values, float(unit) * (1 - 1e-9), (dim + 20) * 2.0**-44 * longest)


def _longest(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", values, values).max()))


def _in_products(
    places: Table, rows: NDArray[np.int64], count: int, labels: NDArray[np.int64] | None, image: _Image
) -> Iterator[tuple[NDArray[np.int64], _Lists]]:
    """|x-y|^2 = |x|^2 + |y|^2 - 2xy in single precision, about the middle of the rows.

    Differences from the middle, norms, products and sums of k terms are together off by less than (2k + 20) 2^-24
    (|x|^2 + |y|^2), in any order of summation; twice as much and 1e-35 are taken off.
    """
    m, k = image.values.shape
    asked = np.zeros(m, bool)
    asked[rows] = True
    groups = min(_GROUPS, m)
    width = m // groups
    ordered = np.concatenate(_leaves(places, _ROWS))
    ordered = ordered[asked[ordered]]
    near = np.empty((m, k), np.float32)
    for first in range(0, len(ordered), _ROWS):
        some = ordered[first : first + _ROWS]
        spend(len(some) * m * (k + 20) // 2000)
        middle = image.values[some].mean(axis=0)
        for a in range(0, m, 4096):
            near[a : a + 4096] = image.values[a : a + 4096] - middle
        norms = np.einsum("ij,ij->i", near, near) * np.float32(1 - (4 * k + 64) * _UNIT) - np.float32(1e-35)
        squares = near[some] @ (-2 * near.T)
        squares += norms  # the norms of the rows are added to the least ones only
        if labels is None:
            squares[np.arange(len(some)), some] = np.inf
        else:
            squares[labels[some][:, None] == labels] = np.inf
        least = squares[:, : width * groups].reshape(len(some), width, groups).min(axis=1)
        bound = np.full(len(some), np.inf, np.float32)
        if count < groups:
            bound = np.partition(least, count, axis=1)[:, count]
        row, column = np.divmod(np.flatnonzero(squares < bound[:, None]), m)
        value = squares[row, column]
        order = np.lexsort((value, row))
        row, column, value = row[order], column[order], value[order]
        rank = np.arange(len(row)) - np.searchsorted(row, np.arange(len(some)))[row]
        after = rank == count
        bound[row[after]] = value[after]
        rest = (bound + norms[some]).astype(float)
        kept = rank < count
        row, column, rank = row[kept], column[kept], rank[kept]
        lists = _empty(len(some), count)
        lists.numbers[row, rank] = column
        lists.squares[row, rank] = _of_pairs(places.values, some[row], column)
        again = np.argsort(lists.squares, axis=1, kind="stable")
        lists.numbers[:], lists.squares[:] = (
            np.take_along_axis(x, again, axis=1) for x in (lists.numbers, lists.squares)
        )
        lists.rest[:] = (image.scale * np.maximum(np.sqrt(np.maximum(rest, 0.0)) - image.slack, 0.0)) ** 2
        yield some, lists


def _of_pairs(points: NDArray[np.float64], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances from differences."""
    step = max(1, 2**17 // points.shape[1])
    found = np.empty(len(first))
    spend(len(first) * points.shape[1] // 200)
    for a in range(0, len(first), step):
        difference = points[first[a : a + step]] - points[second[a : a + step]]
        found[a : a + step] = np.einsum("ij,ij->i", difference, difference)
    return found


# ---------------------------------------------------------------------------------------------------------------- lists


@lru_cache(maxsize=4)
def _lists(places: Table, sup: bool) -> _Lists:
    """Lists of all places, of the whole sample."""
    dim = places.values.shape[1]
    count = min(32 if dim <= _FEW_AXES else 8, len(places))
    every = np.arange(len(places))
    lists = _find(places, every, count, None, sup, whole=False)
    unsure = np.flatnonzero(lists.squares[:, 0] > lists.rest)
    if len(unsure):  # the nearest place may be one that is not in the list
        lists.put(unsure, _find(places, unsure, min(256, len(places)), None, sup))
    return lists


@lru_cache(maxsize=2)
def _pairs(places: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of near places, the nearest first: of each place those nearer than its last neighbour that is looked at."""
    lists = _lists(places, False)
    count = min(_LINKS, lists.squares.shape[1])
    squares, last = lists.squares[:, :count], lists.squares[:, count - 1]
    first, rank = np.nonzero((squares < last[:, None]) & (squares <= lists.rest[:, None]))
    second = lists.numbers[first, rank].astype(np.int64)
    order = np.lexsort((second, first, squares[first, rank]))
    return first[order], second[order]


def linked(places: Table, count: int) -> NDArray[np.int64]:
    """The part of each place: single linkage, by so many of the nearest pairs (each may be there twice)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    m, (first, second) = len(places), (some[:count] for some in _pairs(places))
    spend(m // 10)
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(m, m))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def nearest_of_other_parts(places: Table, labels: NDArray[np.int64], sup: bool) -> NDArray[np.float64]:
    """For each place at most the squared distance to the nearest of another part, up to rounding errors; inf for none.

    It is that distance but for places deep in large parts of large samples of many coordinates. There, it is the
    distance of a place of the same part to which no place of another part is nearer.
    """
    if sup and not _by_boxes(places, sup):  # the Euclidean distance is at most sqrt(d) times as large
        lower: NDArray[np.float64] = nearest_of_other_parts(places, labels, False) / places.values.shape[1]
        return lower
    lists = _lists(places, sup)
    spend(lists.numbers.size // 100)
    other = (labels[lists.numbers] != labels[:, None]) & (lists.numbers >= 0)
    found: NDArray[np.float64] = np.where(other, lists.squares, np.inf).min(axis=1)
    deep = np.flatnonzero(found > lists.rest)
    if len(deep) and (_by_boxes(places, sup) or len(deep) * len(places) <= _COMPLETED):
        more = _find(places, deep, 1 if _by_boxes(places, sup) else 8, labels, sup)
        found[deep] = np.where(more.squares[:, 0] <= more.rest, more.squares[:, 0], _coarsely(more.rest))
    elif len(deep):
        middle = lists.squares[deep, lists.squares.shape[1] // 2]
        found[deep] = np.where(middle <= lists.rest[deep], middle, _coarsely(lists.rest[deep]))
    return found


def _coarsely(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most the values, the same wherever they are computed with a small error, but for rare cases."""
    steps = np.floor(8 * np.log2(np.maximum(values, 1e-300)) - 1e-3)
    lower: NDArray[np.float64] = np.where(values > 1e-290, np.exp2(steps / 8) * (1 - 1e-12), 0.0)
    return lower
