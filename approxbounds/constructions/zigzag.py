"""Piecewise-linear functions of one variable, with a node for each pair of units of two layers. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.pairs import Pair, Plan, Share, ShareOf, assembled, best_plan, plan_widths
from approxbounds.constructions.placement import reshaped, two_layers_refusal, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.smoothness import quasi_interpolation_error, quasi_interpolation_values
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import MOST_UNITS, Number
from approxbounds.witness import Witness

__all__ = ["ZigzagInterpolation", "zigzag_layers", "zigzag_plan"]

_FIXED, _FREE = 4, 6  # second-layer units for each inner node of the strips: at equal distances, or anywhere


def _strips(pair_units: int, first: bool, free: bool) -> int:
    """The strips of a pair: a break each, but two units for x (in the first pair it is a break) and the guard.

    Between equal strips the zigzag must come from 0 and go up at last, so their number is odd after the first pair.
    """
    if first:
        return pair_units
    strips = max(pair_units - 2, 0)
    return strips if free or strips % 2 else max(strips - 1, 0)


def _share_of(free: bool) -> ShareOf:
    each = _FREE if free else _FIXED
    return lambda units, rest, first: -1 if rest < 0 else _strips(units, first, free) * (rest // each + 1)


def zigzag_plan(widths: tuple[int, ...], *, free: bool = False) -> tuple[int, Plan] | None:
    """N such that ReLU networks of one input have all continuous functions of N linear pieces, and the pairs used.

    The nodes are i/N, or anywhere in [0,1] if ``free``. None if there are no two layers for a pair.

    >>> zigzag_plan((64, 64))[0], zigzag_plan((64, 64), free=True)[0], zigzag_plan((64,))
    (1024, 704, None)
    """
    return best_plan(widths, 1, _share_of(free))


def zigzag_layers(
    plan: Plan, layers: int, nodes: NDArray[np.float64], values: NDArray[np.float64], *, free: bool = False
) -> list[AffineMap]:
    """The layers of the network that is linear between these N + 1 nodes, the first 0 and the last 1.

    N is that of :func:`zigzag_plan`; without ``free`` the nodes are i/N. Exact up to rounding of slopes of order N.
    """
    shares, start = [], 0
    for pair in plan:
        shares.append(_share(pair, start, nodes, values, free))
        start += pair.share
    return assembled(plan, shares, layers, 1)


def _share(pair: Pair, start: int, nodes: NDArray[np.float64], values: NDArray[np.float64], free: bool) -> Share:
    """Breaks at the nodes start, .., start + share - 1, the strips of q + 1 pieces each beginning at every (q+1)-th."""
    m = _strips(pair.units, pair.first, free)
    if m == 0:
        return Share(_no_units(1), _no_units(1), np.zeros(0), (np.zeros(1), 0.0), (values.min(), values.min()))
    q, stop = pair.share // m - 1, start + pair.share
    slopes = np.diff(values) / np.diff(nodes)
    ends = nodes[start : stop + 1 : q + 1]  # of the strips
    inner = nodes[start:stop].reshape(m, q + 1)[:, 1:]
    gaps = inner - ends[:-1, None]
    changes = np.diff(slopes, prepend=slopes[:1])[start:stop].reshape(m, q + 1)[:, 1:]
    lift = 0.0 if free else max(0.0, -changes.min(initial=0.0))
    heights = (changes + lift) * gaps  # of the hats with their tops at the left ends of the strips
    entered = slopes[start - 1] if start else slopes[0]  # the slope that the sum so far goes on with
    sum_so_far = values[start] + entered * (ends - nodes[start]) if start else np.zeros(m + 1)
    wave = _zigzag(m) * (ends[1] - ends[0])
    levels = np.arange(1, q + 1) / (q + 1) * (ends[1] - ends[0])
    peaks = np.maximum(wave[:, None] - levels, 0).sum(axis=1)
    base = values[start : stop + 1 : q + 1] - sum_so_far + lift * peaks
    base[:-1] -= heights.sum(axis=1)
    guard = [] if pair.first else [(nodes[start - 1] + nodes[start]) / 2]
    rows = [wave] if not free else []
    signs = (1.0, -1.0) if free else (1.0,)
    rows += [_hats(ends, np.maximum(sign * heights, 0), gaps, kind) for sign in signs for kind in range(3)]
    forms, constants = _hinges(guard, ends, np.vstack([base, *rows]))
    own = [(forms[1:2].repeat(q, axis=0), constants[1] - levels)] if not free else []
    hats = slice(1 + (not free), None)
    second = (np.vstack([*(m_ for m_, _ in own), forms[hats]]), np.concatenate([*(b for _, b in own), constants[hats]]))
    output = np.concatenate([np.full(0 if free else q, -lift), np.repeat(signs, 3 * q)])
    whole = sum_so_far + base
    at_one = 1 - ends[-1]
    last_slope = (whole[-1] - whole[-2]) / (ends[-1] - ends[-2])
    before = min(values[: start + 1].min(), whole.min(), whole[-1] + last_slope * at_one)
    after = min(values[: stop + 1].min(), values[stop] + slopes[stop - 1] * at_one)
    breaks = np.concatenate([guard, ends[:-1] if guard else ends[1:-1]])
    first = (np.ones((len(breaks), 1)), -breaks)
    return Share(first, second, output, (forms[0], float(constants[0])), (float(before), float(after)))


def _no_units(inputs: int) -> AffineMap:
    return np.zeros((0, inputs)), np.zeros(0)


def _zigzag(strips: int) -> NDArray[np.float64]:
    """0 and 1 in turn at the ends of the strips, the last 1."""
    even: NDArray[np.bool_] = (strips - np.arange(strips + 1)) % 2 == 0
    return even.astype(float)


def _hats(
    ends: NDArray[np.float64], heights: NDArray[np.float64], gaps: NDArray[np.float64], kind: int
) -> NDArray[np.float64]:
    """Values at the ends of q functions, whose positive parts are the sums of the l-th hats of strips j = kind mod 3.

    The hat of strip j is 0 at the end before, its height at the left end, and 0 again at the l-th inner node.
    """
    m, q = heights.shape
    rows = np.zeros((q, m + 1))
    tops = np.arange(kind, m, 3)
    rows[:, tops] = heights[tops].T
    widths = np.diff(ends)[tops]
    rows[:, tops + 1] = -(heights[tops] * (widths[:, None] / gaps[tops] - 1)).T
    if m >= 2 and (m - 2) % 3 == kind:  # not above 0 at 1, up to which it is linear after the last break
        rows[:, m] = rows[:, m - 1] * (1 - ends[m]) / (1 - ends[m - 1])
    return rows


def _hinges(
    guard: list[float], ends: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Functions linear between the ends as forms of x and the hinges (x - t)_+: coefficients and constants.

    With a guard they are 0 before it; else the first end is 0 and x itself is the hinge there.
    """
    if guard:
        ends = np.concatenate([guard, ends])
        values = np.hstack([np.zeros((len(values), 1)), values])
    slopes = np.diff(values, axis=1) / np.diff(ends)
    changes = np.diff(slopes, axis=1, prepend=0.0)
    if guard:
        return np.hstack([np.zeros((len(values), 1)), changes]), np.zeros(len(values))
    return changes, values[:, 0]


class ZigzagInterpolation(SizedConstruction):
    """Linear interpolation on n intervals of length 1/n by two hidden layers: n of the order of their product.

    Hypotheses: d = 1, ReLU, biases, real parameters, two hidden layers or more; F as for relu-interpolation, whose
    formula the error is. Guarantee: (n_1, n_2) has all n = n_1 (floor((n_2 - 1)/4) + 1) equal intervals; further pairs
    add m (q + 1), m the largest odd number <= n_{2i-1} - 3 and q = floor((n_{2i} - 1)/4), or (n_{2i} - 2)/4 if more
    follow. Exact, in every L^p. Witness: ``intervals``.

    Proof. The first layer has breaks xi_j, ends of strips, the second at most 4 units for each inner node l of a strip.
    A zigzag z between the ends has at z = l eta a break in every strip, q units for all; a multiple of their sum P
    makes the changes of slope of S + kappa P at inner nodes non-negative. These are those of hats, linear from 0 at
    xi_{j-1} to c_{j,l} at xi_j and to 0 at the l-th inner node; the hats of every third strip are the positive part of
    one function with breaks at the xi_j, 3 q units for all. What is left has no breaks inside strips: one unit.
    """

    id = "zigzag"
    title = "Linear interpolation by two layers of ReLU units"
    statement = (
        r"Interpolate $f$ linearly at the ends of $n$ intervals of length $h=1/n$. The first layer cuts $[0,1]$ into "
        r"strips; units of the second are breaks in all strips, and hats in every third, so $(n_1,n_2)$ has "
        r"$n=n_1(\lfloor(n_2-1)/4\rfloor+1)$ intervals. On each the error is at most $R(2t(1-t)h)^s$ for $s\le1$, and "
        r"$\frac Rr\,t(1-t)h^r$ with $r=\min(s,2)$ for $s>1$; less for $s>2$ by the values $f-ch^2f''$."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("intervals",)

    def needs(self, query: Query) -> str | None:
        if query.F.domain_dim != 1:
            return "F must be a class of functions on [0,1]"
        return two_layers_refusal(query.G)

    def best(self, query: Query, error: Callable[[Mapping[str, int]], float]) -> Mapping[str, int] | None:
        plan = zigzag_plan(widths_of(query.G))
        return None if plan is None else {"intervals": plan[0]}

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        plan = zigzag_plan(widths_of(query.G))
        return plan is not None and sizes["intervals"] <= plan[0]

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        return quasi_interpolation_error(A, F.along[0], F.radius, 1 / sizes["intervals"], p)

    def rate(self, query: Query) -> Any:
        """For layers of equal widths, whose weights are a fixed multiple of the intervals."""
        import sympy

        s = SYMBOLIC.number(self._regularity(query).along[0])
        return sympy.Symbol("W", positive=True) ** -sympy.Min(s, 2)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        found = zigzag_plan(widths_of(query.G))
        if found is None:
            return None
        plan, units = found[1], []
        for pair in plan:
            strips = _strips(pair.units, pair.first, False)
            own = strips if pair.first else 1 + (strips + 1 if strips else 0)
            units.append((own, 0 if strips == 0 else _FIXED * (pair.share // strips - 1)))
        widths = plan_widths(plan, plan[-1].layer + 2, 1, units)
        return reshaped(query.G, widths) if max(widths) <= MOST_UNITS else query.G

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at i/n (for s > 2, close to them, too) for the largest n that G has room for."""
        require_moderate(query.G)
        found = zigzag_plan(widths_of(query.G))
        assert found is not None  # it has a witness
        n, plan = found
        nodes = np.arange(n + 1) / n
        s = self._regularity(query).along[0]
        values = quasi_interpolation_values(f, nodes[:, None], 0, s=s, h=1 / n, p=query.p)
        return dense(query.G, zigzag_layers(plan, len(widths_of(query.G)), nodes, values))
