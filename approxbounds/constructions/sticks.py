"""Convex functions of one variable as averages of sticks (1 - x/t)_+, and graded nodes for them. THEORY.md, section 5.

A linear operator T with T1 = 1 errs on a convex f: [0,1] -> [0,1] no more than on the worst pair of a stick and a
mirrored stick, 1 - x in place of x, t <= t'. If what it does to a function in a cell depends on the function in that
cell only, c_i being its largest error on sticks with t in cell i, and nodes are symmetric, this is at most

    max( max_{i<j} (c_i^p + c_{n+1-j}^p)^{1/p}, max_i (c_i + c_{n+1-i}) ).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.constructions.splits import resolutions_up_to

__all__ = [
    "GRADINGS",
    "best_nodes",
    "difference_cell",
    "fit_gradings",
    "float_nodes",
    "graded",
    "interpolated_cell",
    "node",
    "strip_cell",
    "strip_cells",
    "together",
    "worst_pair",
]

GRADINGS = tuple(Fraction(n, 4) for n in range(4, 61))
_MOST_BITS = 60  # of the least node
_PARTS = 16  # of a cell, in each of which the largest error of a stick is bounded


def fit_gradings(n: int) -> list[Fraction]:
    """The gradings with which the least of n + 1 nodes is not too small for doubles."""
    return [g for g in GRADINGS if g * n.bit_length() <= _MOST_BITS]


def node(A: Arithmetic[V], i: int, n: int, grading: Fraction) -> V:
    """x_i = (2i/n)^g/2 up to 1/2, and mirror images."""
    if 2 * i > n:
        return 1 - node(A, n - i, n, grading)
    return A.power(A.number(Fraction(2 * i, n)), A.number(grading)) / 2 if i else A.number(0)


def graded(A: Arithmetic[V], n: int, grading: Fraction) -> list[V]:
    """All nodes."""
    return [node(A, i, n, grading) for i in range(n + 1)]


def float_nodes(n: int, grading: float) -> NDArray[np.float64]:
    """All nodes as doubles."""
    left = (2 * np.arange(n // 2 + 1) / n) ** grading / 2
    return np.concatenate([left, 1 - left[::-1][1 - n % 2 :]])


def interpolated_cell(A: Arithmetic[V], a: V, b: V, p: V) -> V:
    """c_i^p of interpolation at the nodes, for the cell [a, b].

    The error of (t-x)_+ is a triangle of height (t-a)(b-t)/(b-a); over t it is the largest at t = sqrt(ab). In floats
    b may be a near 1, so sqrt(b) - sqrt(a) is written (b-a)/(sqrt(a) + sqrt(b)).
    """
    half = A.number(1) / 2
    return A.power((b - a) / A.power(A.power(a, half) + A.power(b, half), A.number(2)), p) * (b - a) / (p + 1)


def difference_cell(A: Arithmetic[V], a: V, b: V, p: V) -> V:
    """c_i^p of S f = (f(c+u) + f(c-u))/2 - f(c) on the cell [a, b], c its centre; S plays the part of I - T.

    With its kink at t = c - v, v >= 0, S of a stick is (|u| - v)_+/(2t), whose norm over h = b - a, (h/2 - v)^{1+1/p}/t
    but for a constant, is the largest for v = 0, as t >= h/2 - v; for t > c it is the same over a larger t.
    """
    return A.power((b - a) / (2 * (a + b)), p) * (b - a) / (p + 1)


def strip_cell(A: Arithmetic[V], a: V, b: V, before: V, p: V, *, means: bool, first: bool = False) -> V:
    """A bound on c_i^p of step functions on cells, for the cell [a, b]: cell means (p = 2) or values at the centres.

    In a cell of width h before that of t, a stick is affine with slope 1/t: (h/t)^p h/(2^p (p+1)); ``before`` is the
    sum of the h^{p+1}/(2^p (p+1)) of these cells. In its own cell t^p times the p-th power of the error is n(w), which
    grows with w = t - a: w^3/3 - w^4/(4h) for means; for centres w^{p+1}/(p+1) up to w = h/2, then the smaller one of
    that and ((h/2)^{p+1} + v^{p+1})/(p+1) + (h-w) v^p, v = w - h/2. So it is bounded on each of some parts of the cell.
    In the ``first`` cell, a = 0, n(w)/w^p is w/(p+1) up to w = h/2; for means it is largest at w = 2h/3: h/9.
    """
    h = b - a
    if first and means:
        return h / 9
    start = h / 2 if first else a
    bounds = [h / (2 * (p + 1))] if first else []
    low = start
    for k in range(1, _PARTS + 1):
        high = start * A.power(b / start, A.number(Fraction(k, _PARTS))) if k < _PARTS else b
        w = high - a
        if means:
            own = w * w * w * (A.number(1) / 3 - w / (4 * h))
        else:
            v = A.maximum(w - h / 2, h / 2**40)  # the second formula grows with v, and balls need v > 0
            late = (A.power(h / 2, p + 1) + v * A.power(v, p)) / (p + 1) + (h - w) * A.power(v, p)
            own = A.minimum(A.power(w, p + 1) / (p + 1), late)
        bounds.append((before + own) / A.power(low, p))
        low = high
    return A.maximum(*bounds)


def strip_cells(A: Arithmetic[V], nodes: Sequence[V], p: V, *, means: bool) -> list[V]:
    """The bounds of :func:`strip_cell` for all cells."""
    before, found = A.number(0), []
    for i, (a, b) in enumerate(pairwise(nodes)):
        found.append(strip_cell(A, a, b, before, p, means=means, first=i == 0))
        before = before + 2 * A.power((b - a) / 2, p + 1) / (p + 1)
    return found


def together(A: Arithmetic[V], one: V, other: V, p: V, *, same: bool) -> V:
    """The error of two sticks in different cells or in the same one, from the p-th powers of their errors."""
    return A.power(one, 1 / p) + A.power(other, 1 / p) if same else A.power(one + other, 1 / p)


def worst_pair(A: Arithmetic[V], cells: Sequence[Any], p: V) -> V:
    """The largest error of a pair of sticks, from the c_i^p."""
    pairs = list(zip(cells, reversed(cells), strict=True))
    worst = A.maximum(*(together(A, one, other, p, same=True) for one, other in pairs))
    if len(cells) == 1:
        return worst
    before = accumulate(cells, A.maximum)
    apart = A.maximum(*(one + other for one, (_, other) in zip(before, pairs[1:], strict=False)))
    return A.maximum(worst, together(A, apart, A.number(0), p, same=False))


@lru_cache(maxsize=4096)
def best_nodes(parts: int, p: float, kind: str) -> tuple[float, int, Fraction]:
    """The least error of a pair of sticks for at most so many parts, in floats: the error, the parts, the grading.

    ``kind``: "interpolation", "differences", "centres", or "means". So that more parts are never worse, those of a
    fixed list count.
    """
    *others, n = resolutions_up_to(parts)
    affine = kind in ("interpolation", "differences")  # no error on affine functions
    least, most = (0.8 * p + 0.8, p + 1) if affine else (0.55 * p, p + 0.25)  # where the best ones are
    fitting = fit_gradings(n)
    gradings = [g for g in fitting if least <= g <= most] or fitting[:1] + fitting[-1:]
    gradings = gradings[:: -(-len(gradings) // 5)]
    nodes = np.stack([float_nodes(n, float(g)) for g in gradings])
    with np.errstate(all="ignore"):  # for huge p powers are 0, and quotients of them are not counted
        errors = _float_pairs(np.nan_to_num(_float_cells(nodes, p, kind), nan=0.0), p)
    own = float(errors.min()), n, gradings[int(errors.argmin())]
    return min(own, best_nodes(others[-1], p, kind)) if others else own


def _float_cells(nodes: NDArray[np.float64], p: float, kind: str) -> NDArray[np.float64]:
    """c_i^p for all cells, for each row of nodes."""
    a, b = nodes[:, :-1], nodes[:, 1:]
    if kind == "interpolation":
        return np.asarray(interpolated_cell(FLOAT, a, b, p))
    if kind == "differences":
        return np.asarray(difference_cell(FLOAT, a, b, p))
    own = 2 * ((b - a) / 2) ** (p + 1) / (p + 1)
    before, means = np.cumsum(own, axis=1) - own, kind == "means"
    first = strip_cell(FLOAT, a[:, :1], b[:, :1], before[:, :1], p, means=means, first=True)
    return np.hstack([first, strip_cell(FLOAT, a[:, 1:], b[:, 1:], before[:, 1:], p, means=means)])


def _float_pairs(cells: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    """The largest error of a pair of sticks, for each row of cells."""
    mirrored = cells[:, ::-1]
    same: NDArray[np.float64] = (cells ** (1 / p) + mirrored ** (1 / p)).max(axis=1)
    if cells.shape[1] == 1:
        return same
    apart = (np.maximum.accumulate(cells, axis=1)[:, :-1] + mirrored[:, 1:]).max(axis=1)
    largest: NDArray[np.float64] = np.maximum(same, apart ** (1 / p))
    return largest
