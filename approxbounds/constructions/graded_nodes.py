"""Nodes that follow the law of a coordinate, and how far it is from them. THEORY.md, 8.6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.measures.laws import Law
from approxbounds.validation import Number

__all__ = ["LARGEST", "Nodes", "are_fixed", "best_placed", "distortion", "free_ends"]

LARGEST = 64  # of extents and grades
_PARTS = 1024
_TAIL = (0, Fraction(1, 2), 1, 2, 4, 8)  # units beyond the last node of which the density is used
_GRADES = [Fraction(2) ** i for i in range(-5, 7)]


@dataclass(frozen=True)
class Nodes:
    """Nodes of one coordinate, in units of its law; the function is constant before the first and after the last.

    They are at ``extent (t + grade t^3)/(1 + grade)`` for equally spaced t. Between them it is linear, or steps from
    one to the next at their middle.
    """

    count: int
    linear: bool = False
    extent: Fraction = Fraction(1)
    grade: Fraction = Fraction(0)

    def places(self, A: Arithmetic[V], law: Law) -> list[V]:
        """Those at or above the start of the law; below it they are the mirror images, for laws of both sides."""
        n = self.count
        spaces = n - 1 if self.linear and n > 1 else n
        if law.two_sided:
            shares = [Fraction(2 * i - n + 1, spaces) for i in range(n // 2, n)]
        else:
            shares = [Fraction(i, spaces) if spaces < n else Fraction(2 * i + 1, 2 * n) for i in range(n)]
        scale, grade = A.number(self.extent / (1 + self.grade)), A.number(self.grade)
        return [scale * t * (1 + grade * t * t) for t in map(A.number, shares)]

    def positions(self, law: Law) -> NDArray[np.float64]:
        """All of them, in the coordinate, as doubles."""
        near = np.array(self.places(FLOAT, law), float)
        return float(law.start) + float(law.unit) * (np.union1d(-near, near) if law.two_sided else near)

    def pieces(self, A: Arithmetic[V], law: Law) -> Iterator[tuple[V, V, V, V]]:
        """(low, high, a, b): the squared distance is at most |(z-a)(z-b)|, monotone, at z from low to high above 0."""
        places, zero = self.places(A, law), A.number(0)
        mirrored = law.two_sided and self.count % 2 == 0
        if self.linear and self.count > 1:
            if mirrored:
                yield zero, places[0], -places[0], places[0]
            for a, b in pairwise(places):
                middle = (a + b) / 2
                yield a, middle, a, b
                yield middle, b, a, b
        else:
            middles = [zero, *((a + b) / 2 for a, b in pairwise(places))]
            for place, low in zip(places, middles, strict=True):
                yield low, place, place, place
            for place, high in zip(places, middles[1:], strict=False):
                yield place, high, place, place
        last = places[-1]
        if law.sides is None:
            for near, far in pairwise(_TAIL):
                yield last + A.number(near), last + A.number(far), last, last
        elif not self.linear or self.count == 1:
            yield last, A.number(1), last, last


def _part(A: Arithmetic[V], law: Law, part: tuple[Any, Any, Any, Any], q: Number, cap: V) -> Any:
    """At least the integral of min(|(z-a)(z-b)|, cap)^q, monotone, over a part: its start, its width, a, b."""
    near, width, a, b = part
    first, middle, last = (abs((z - a) * (z - b)) for z in (near, near + width / 2, near + width))
    mean = A.minimum((first + 4 * middle + last) / 6, cap)  # Simpson's rule is exact here
    unit = A.number(law.unit)
    found = law.density(A, near * unit) * unit * width * mean
    return found if q == 1 else found * A.power(A.minimum(A.maximum(first, last), cap), A.number(q) - 1)


def distortion(A: Arithmetic[V], law: Law, nodes: Nodes, q: Number, cap: V) -> V:
    """At least the norm in L^q of min(squared distance from the nodes, cap), in squared units of the law.

    The density decreases with the distance from the start, so on each part it is at most that at its near end.
    """
    pieces = list(nodes.pieces(A, law))
    m = max(2, -(-_PARTS // len(pieces)))
    if A.vectorised:
        low, high, a, b = np.array(pieces, float).T[:, :, None]
        width = (high - low) / m
        found: Any = float(np.sum(_part(A, law, (low + width * np.arange(m), width, a, b), q, cap)))
    else:
        found = A.number(0)
        for low, high, a, b in pieces:
            width = (high - low) / m
            found += sum(_part(A, law, (low + j * width, width, a, b), q, cap) for j in range(m))
    if law.two_sided:
        found = 2 * found
    if law.sides is None:
        reach = _reach(law, nodes)
        found = found + A.power(cap, A.number(q)) * law.tail(A, reach)
    return A.power(found, 1 / A.number(q))


def _reach(law: Law, nodes: Nodes) -> Fraction:
    """Units from the start that the pieces take up, or a little less."""
    if nodes.linear and nodes.count > 1:
        return nodes.extent + _TAIL[-1]
    spaces = nodes.count if law.two_sided else 2 * nodes.count
    t = Fraction(spaces - 1, spaces)
    return nodes.extent * t * (1 + nodes.grade * t * t) / (1 + nodes.grade) + _TAIL[-1]


@lru_cache(maxsize=4096)
def best_placed(law: Law, start: Nodes, uniform: bool, q: Number, cap: float) -> tuple[float, Nodes]:
    """Good nodes and their distortion, by steps of half the size where none is better."""
    if are_fixed(law, start.count):
        return float(distortion(FLOAT, law, start, q, cap)), start
    extent, grade, step = Fraction(2), 3, Fraction(2)
    best: tuple[float, Fraction, int] | None = None
    while step >= Fraction(1, 8):
        around = [(extent, grade), (extent + step, grade), (extent - step, grade)]
        around += [] if uniform else [(extent, grade + 1), (extent, grade - 1), (extent + step, grade + 1)]
        tried = []
        for e, g in around:
            if 0 < e <= LARGEST and 0 <= g < len(_GRADES):
                nodes = replace(start, extent=e, grade=Fraction(0) if uniform else _GRADES[g])
                tried.append((float(distortion(FLOAT, law, nodes, q, cap)), e, g))
        least = min(tried)
        if best is None or least[0] < best[0] * (1 - 1e-6):
            best = least
        else:
            step /= 2
        extent, grade = best[1:]
    assert best is not None
    return best[0], replace(start, extent=extent, grade=Fraction(0) if uniform else _GRADES[grade])


def are_fixed(law: Law, count: int) -> bool:
    """Whether the nodes are where they are: for uniform laws, and one at the middle."""
    return law.sides is not None or (law.two_sided and count == 1)


def free_ends(law: Law) -> int:
    """How many nodes need no break: a finite end of the law, where the function is linear already."""
    return 2 if law.sides is not None else 0 if law.two_sided else 1
