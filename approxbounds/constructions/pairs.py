"""Pairs of hidden layers that share the work of a construction, and how they fit into a ReLU network. THEORY.md, 5.1.

In the first layer of a pair are x_1, .., x_d and units of its own, in the second units of which the function is a sum.
What a pair cannot do is left to later ones: its second layer passes on x and the sum so far, in one unit, and so do
layers between pairs; layers before all pairs pass on x, those after them the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from approxbounds.bisection import largest
from approxbounds.facts.built import AffineMap

__all__ = [
    "Pair",
    "Plan",
    "Share",
    "ShareOf",
    "assembled",
    "best_plan",
    "cell_shares",
    "cell_widths",
    "most_units",
    "plan_widths",
    "shared_widths",
    "sum_of_cells",
]

#: (units of the first layer, x among them; units of the second but the sum's; whether it is the first pair) -> the
#: largest share of the work that fits, negative if nothing does. Larger layers never have smaller shares.
ShareOf: TypeAlias = Callable[[int, int, bool], int]


@dataclass(frozen=True)
class Pair:
    """The hidden layers ``layer`` and ``layer`` + 1 (from 0); the last pair passes no x on, the first has no sum yet.

    ``units``: those of its first layer but the sum; ``rest``: those of the second but x and one unit for the sum.
    """

    layer: int
    first: bool
    last: bool
    units: int
    rest: int
    share: int


#: The pairs of a construction in their order.
Plan: TypeAlias = tuple[Pair, ...]


#: A sum of shares and the pairs that have them, the last one first: (), or (the pairs before, the last pair).
_Found: TypeAlias = tuple[int, tuple[Any, ...]]


def best_plan(widths: tuple[int, ...], dim: int, share: ShareOf) -> tuple[int, Plan] | None:
    """The pairs of layers of these widths with the largest sum of shares, and the sum; None if none fits.

    Two layers apart are never a better pair than two neighbours: as x and the sum are among the units of its first
    layer, they can be passed on to the layer before the second.

    >>> best_plan((64, 64), 2, lambda units, rest, first: rest + first if units >= 16 else -1)[0]
    64
    >>> best_plan((9, 64), 2, lambda units, rest, first: rest + first if units >= 16 else -1) is None
    True
    """
    before: _Found | None = (0, ())  # while the layers so far can pass x on
    among: _Found | None = None  # the best with x and the sum in the outputs of the layer before
    after: _Found | None = None  # with the sum only
    ending: list[_Found | None] = [None, None]  # pairs that end in this layer, and pass x on or not
    for layer, width in enumerate(widths):
        begun: list[_Found | None] = [None, None]
        following = widths[layer + 1] - 1 if layer + 1 < len(widths) else -dim
        for last in (False, True):
            rest = following - (0 if last else dim)
            for first, done in ((True, before), (False, among)):
                units = width - (0 if first else 1)
                if done is None or units < dim or rest + first < 0:
                    continue
                own = share(units, rest, first)
                if own >= 0:
                    pair = Pair(layer, first, last, units, rest, own)
                    begun[last] = _better(begun[last], (done[0] + own, (done[1], pair)))
        among = _better(among if width > dim else None, ending[0])
        after = _better(after, ending[1])
        before, ending = before if width >= dim else None, begun
    return None if after is None else (after[0], _in_order(after[1]))


def _better(one: _Found | None, other: _Found | None) -> _Found | None:
    """The larger sum, the first of equals."""
    if one is None or other is None:
        return other if one is None else one
    return other if other[0] > one[0] else one


def _in_order(pairs: tuple[Any, ...]) -> Plan:
    found: list[Pair] = []
    while pairs:
        pairs, pair = pairs
        found.append(pair)
    return tuple(reversed(found))


def sum_of_cells(units: int) -> ShareOf:
    """The shares of constructions with so many first-layer units in every pair, and one second-layer unit per cell."""
    return lambda available, rest, first: rest + int(first) if available >= units else -1


def most_units(widths: tuple[int, ...], dim: int, cells: int) -> int:
    """The most first-layer units, x among them, that pairs can have which hold so many cells; 0 if none do.

    >>> most_units((64, 64), 2, 64), most_units((64, 64), 2, 65), most_units((64, 64, 63, 64), 2, 65)
    (64, 0, 62)
    """

    return largest(lambda units: _most_cells(widths, dim, units) >= cells, max(widths))


@lru_cache(maxsize=4096)
def _most_cells(widths: tuple[int, ...], dim: int, units: int) -> int:
    plan = best_plan(widths, dim, sum_of_cells(units))
    return 0 if plan is None else plan[0]


def plan_widths(plan: Plan, layers: int, dim: int, units: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The widths that a plan needs, for each pair so many first-layer units, x among them, and second-layer units.

    The second-layer units are counted without x and the unit of the sum.
    """
    found = [1] * layers
    for pair, (first, second) in zip(plan, units, strict=True):
        found[pair.layer] = first + (0 if pair.first else 1)
        found[pair.layer + 1] = second + (0 if pair.last else dim) + 1
    begins = {pair.layer for pair in plan} | {pair.layer + 1 for pair in plan}
    for layer in range(plan[-1].layer):
        if layer not in begins:
            found[layer] = dim + (0 if layer < plan[0].layer else 1)
    return tuple(found)


def cell_widths(widths: tuple[int, ...], dim: int, units: int, cells: int) -> tuple[int, ...] | None:
    """The widths that so many cells need, in pairs with so many first-layer units, x among them; None if none fit.

    >>> cell_widths((64, 64, 64, 64), 2, 40, 100)
    (40, 64, 41, 39)
    """
    found = best_plan(widths, dim, sum_of_cells(units))
    return None if found is None or found[0] < cells else shared_widths(found[1], dim, units, cells)


def shared_widths(plan: Plan, dim: int, units: int, cells: int, each: int = 1) -> tuple[int, ...]:
    """The widths that a plan needs for so many first-layer units in all pairs, and cells with units of their own."""
    needed, left = [], cells
    for pair in plan:
        needed.append((units, each * min(pair.share, left) - int(pair.first)))
        left -= min(pair.share, left)
    return plan_widths(plan, plan[-1].layer + 2, dim, needed)


@dataclass(frozen=True, eq=False)
class Share:
    """What one pair adds: output . (second (x, first x)_+ + ..)_+ + base (x, (first x)_+), as weights and biases.

    ``base`` is a form that joins the sum so far in one unit; ``below``: bounds from below on the sum so far with the
    base, and on the sum after this pair.
    """

    first: AffineMap
    second: AffineMap
    output: NDArray[np.float64]
    base: tuple[NDArray[np.float64], float] | None = None
    below: tuple[float, float] = (0.0, 0.0)


def cell_shares(
    plan: Plan, first: AffineMap, second: AffineMap, output: NDArray[np.float64], each: int = 1
) -> list[Share]:
    """The second-layer units of cells, so many for each of them, one pair after the other; ``first``: of all pairs."""
    shares, done, (matrix, biases) = [], 0, second
    for pair in plan:
        own = slice(done, done + each * pair.share)
        done = own.stop
        shares.append(Share(first, (matrix[own], biases[own]), output[own]))
    return shares


def assembled(plan: Plan, shares: Sequence[Share], layers: int, dim: int, constant: float = 0.0) -> list[AffineMap]:
    """The layers of the network whose pairs add these shares, and its output is their sum and the constant."""
    result: list[AffineMap] = []
    x, total, shift, low = np.eye(dim), np.zeros(dim), 0.0, 0.0  # as forms of the outputs of the layer before
    waiting = list(zip(plan, shares, strict=True))
    summed, layer = False, 0

    def add(rows: list[NDArray[np.float64]], biases: list[NDArray[np.float64]]) -> None:
        result.append((np.concatenate(rows), np.concatenate(biases)))

    while layer < layers:
        own_sum = [total[None, :]] if summed else []
        lifted = [np.array([shift - low])] if summed else []
        if not waiting or waiting[0][0].layer > layer:  # pass on x, the sum, or both
            kept = dim if waiting else 0
            add([x[:kept], *own_sum], [np.zeros(kept), *lifted])
            x = np.eye(kept, kept + summed)
            total, shift = np.eye(1, kept + summed, kept)[0], low
            layer += 1
            continue
        pair, share = waiting.pop(0)
        matrix, biases = share.first
        add([x, matrix @ x, *own_sum], [np.zeros(dim), biases, *lifted])
        units = dim + len(biases)
        seen = np.eye(units, units + summed)  # x and the units of this pair
        total = np.eye(1, units + summed, units)[0]
        shift = low if summed else 0.0
        kept = 0 if pair.last else dim
        rows, offsets = [seen[:kept], share.second[0] @ seen], [np.zeros(kept), share.second[1]]
        summing = summed or share.base is not None
        if summing:
            form, offset = share.base or (np.zeros(units), 0.0)
            rows.append((total + form @ seen if summed else form @ seen)[None, :])
            offsets.append(np.array([shift + offset - share.below[0]]))
        add(rows, offsets)
        own = len(share.output)
        x = np.eye(kept, kept + own + summing)
        total = np.concatenate([np.zeros(kept), share.output, np.ones(int(summing))])
        shift, low, summed = share.below[0] if summing else 0.0, share.below[1], True
        layer += 2
    return [*result, (total[None, :], np.array([shift + constant]))]
