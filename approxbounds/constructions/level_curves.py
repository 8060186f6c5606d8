"""Monotone functions of two variables by their level curves, which ReLU units follow. THEORY.md, 5.1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.hinges import hinges
from approxbounds.constructions.pairs import Plan, ShareOf, assembled, best_plan, cell_shares, shared_widths
from approxbounds.constructions.placement import reshaped, two_layers_refusal, widths_of
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import rounded
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import MOST_UNITS, Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["LevelCurves"]

_BITS = 22  # of the heights of the curves
_STEEP = 2.0**_BITS  # steps are 1/M wide; forms with slopes of order K lose K/M^2
_CHUNK = 2**15  # points at which f is asked for at a time


def _share_of(breaks: int) -> ShareOf:
    """Curves: two second-layer units each; x_1, x_2 and the breaks in the first layer."""
    return lambda units, rest, first: (rest + int(first)) // 2 if units >= breaks + 2 else -1


class LevelCurves(Construction):
    """m level curves of f: [0,1]^2 -> [a,b], non-decreasing in each coordinate, each followed by two units.

    Hypotheses: d = 2, p < inf, ReLU, biases, real parameters, two hidden layers: n_1 >= K + 2 and n_2 >= 2m, or pairs
    of layers that hold so many curves. Guarantee: E_p <= (b-a) ((m/(m+1)) (3K)^{-1/p} + 1/(2(m+1))). A limit of steep
    units. Witness: ``K``, ``m``.

    Proof. Let a = 0, b = 1. The step function (1/2 + #{i: f >= i/(m+1)})/(m+1), i = 1..m, is within 1/(2(m+1)) of f. Up
    to a null set {f >= i/(m+1)} is {x_2 > h_i(x_1)}, h_i: [0,1] -> [0,1] non-increasing. For s piecewise linear,
    (M(x_2-s)+1)_+ - (M(x_2-s))_+ is in [0,1] and tends to 1[x_2 > s] off a null set. Take s_i the interpolant of h_i,
    constant beyond [0,1], at all (j+theta)/K: K breaks are in [0,1]. h_i is a constant and an average of steps 1[x <
    tau]; the interpolant of a step with tau at a share r of its interval is (r^2 + (1-r)^2)/(2K) away from it in L^1,
    1/(3K) on average over theta: some theta has the mean of all ||h_i - s_i||_1 at most 1/(3K). This is the measure of
    the set D_i between the curves, and ||mean of the 1_{D_i}||_p^p is at most the mean of the measures.
    """

    id = "level-curves"
    title = "Level curves of monotone functions of two variables"
    statement = (
        r"The sets $\{f\ge a+\frac{i}{m+1}(b-a)\}$ of a monotone $f:[0,1]^2\to[a,b]$ are $\{x_2>h_i(x_1)\}$ with "
        r"non-increasing $h_i$. Replace $h_i$ by its interpolant $s_i$ with $K$ breaks, well placed: on average over "
        r"$i$ it is within $\frac1{3K}$ in $L^1$. Two steep ReLU units make $\mathbf{1}[x_2>s_i(x_1)]$."
    )
    citations = (Citation("approxbounds", "5.1"),)

    def refusal(self, query: Query) -> str | None:
        F = query.F
        if not F.is_monotone or F.value_range is None or F.domain_dim != 2:
            return "F must be a class of monotone functions of two variables with a known range"
        if is_infinite(query.p):
            return "a continuous function does not follow jumps in sup norm"
        return two_layers_refusal(query.G)

    def search(self, query: Query) -> Witness:
        """A symbol p does not matter for what fits: in its place is 2."""
        widths, p = widths_of(query.G), 2 if is_symbolic(query.p) else query.p

        def curves(breaks: int) -> int:
            found = best_plan(widths, 2, _share_of(breaks))
            return 0 if found is None else found[0]

        def error(breaks: int, levels: int) -> float:
            return float(_error(FLOAT, FLOAT.number(breaks), FLOAT.number(levels), p))

        found = best_split(resolutions_up_to(max(widths)), curves, error)
        if found is None:
            raise self.no_room
        return {"K": found[0], "m": found[1]}

    def _plan(self, query: Query, witness: Witness) -> tuple[int, int, Plan]:
        """K, m, and the pairs of layers."""
        breaks, levels = (integer_of(witness, name, minimum=1, maximum=MOST_UNITS) for name in ("K", "m"))
        found = best_plan(widths_of(query.G), 2, _share_of(breaks))
        if found is None or found[0] < levels:
            raise HypothesisError(f"the widths of G have no room for K={echo(breaks)}, m={echo(levels)}")
        return breaks, levels, found[1]

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        breaks, levels, _ = self._plan(query, witness)
        return query.F.span(A) * _error(A, A.number(breaks), A.number(levels), query.p)

    def rate(self, query: Query) -> Any:
        """For the best shapes: K of order m^p, W of order K m."""
        import sympy

        return sympy.Symbol("W", positive=True) ** (-1 / (SYMBOLIC.number(query.p) + 1))

    def expression(self, query: Query) -> Any:
        """In K and m, where G has symbols."""
        breaks, levels = self.sizes(query, "K", "m")
        return conditional(query, query.F.span(SYMBOLIC) * _error(SYMBOLIC, breaks, levels, query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        breaks, levels, _ = self._plan(query, witness)
        built = rounded(self.built(query, witness), True)
        return (
            *self.allowed(query, witness, f"$K={breaks}$ breaks and $m={levels}$ curves"),
            Step(
                f"This is for the best place of the breaks and a limit of steep units. What is built has the best of "
                f"${_shifts(breaks, levels)}$ places and steps $2^{{-22}}$ wide: error at most about ${built}$."
            ),
        )

    def built(self, query: Query, witness: Witness) -> float:
        """A bound on the error of what is built, up to the last digits of doubles.

        J places, breaks h = 1/K apart. The interpolants of the h_i at spacing h/J are averages of steps, evenly spread
        over intervals of that length: at the place that is best for them the mean of the L^1 distances is at most h/3.
        They are within h/(2J) of the h_i.
        """
        breaks, levels, _ = self._plan(query, witness)
        area = (1 + 1.5 / _shifts(breaks, levels)) / (3 * breaks) + 2 / _STEEP
        own: float = levels / (levels + 1) * area ** (1 / float(query.p)) + 1 / (2 * (levels + 1))
        return float(query.F.span(FLOAT)) * own

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by the points where it passes the levels, on lines over the places that are tried."""
        require_moderate(query.G)
        breaks, levels, plan = self._plan(query, witness)
        low, high = map(float, query.F.value_range or (0, 0))
        gap = (high - low) / (levels + 1)
        nodes, heights = _placed(f, breaks, np.asarray(low + gap * np.arange(1, levels + 1), float))
        slopes = np.diff(heights, axis=1) * breaks
        forms = np.zeros((levels, 2 + breaks))
        forms[:, 0], forms[:, 1], forms[:, 2:] = -slopes[:, 0], 1, -np.diff(slopes, axis=1)
        starts = -(heights[:, 0] - slopes[:, 0] * nodes[0])
        matrix = _STEEP * np.repeat(forms, 2, axis=0)
        biases = _STEEP * np.repeat(starts, 2) + np.tile([1.0, 0.0], levels)
        first, output = hinges(0, nodes[1:-1], 2), np.tile([gap, -gap], levels)
        shares = cell_shares(plan, first, (matrix, biases), output, each=2)
        return dense(query.G, assembled(plan, shares, len(widths_of(query.G)), 2, low + gap / 2))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        breaks, levels, plan = self._plan(query, witness)
        return reshaped(query.G, shared_widths(plan, 2, breaks + 2, levels, each=2))


def _error(A: Arithmetic[V], breaks: V, levels: V, p: Number) -> V:
    """For b - a = 1."""
    return levels / (levels + 1) * A.power(3 * breaks, -1 / A.number(p)) + 1 / (2 * (levels + 1))


def _shifts(breaks: int, levels: int) -> int:
    """J: as many places as take a moderate time."""
    return min(64, max(8, 2**18 // (breaks * levels)))


def _placed(f: Function, breaks: int, levels: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best K + 2 nodes of those that are tried, and the heights of the curves over them: (levels, K + 2)."""
    shifts = _shifts(breaks, len(levels))
    fine = np.arange(-shifts, (breaks + 1) * shifts) / (breaks * shifts)
    curves = _heights(f, np.clip(fine, 0, 1), levels)
    share = np.arange(shifts) / shifts
    distances = np.zeros(shifts)
    step = max(1, _CHUNK // len(fine))
    for some in (curves[first : first + step] for first in range(0, len(levels), step)):
        inside = some[:, shifts : (breaks + 1) * shifts + 1]
        for j in range(shifts):
            nodes = some[:, j::shifts]
            between = (nodes[:, :-1, None] + np.diff(nodes, axis=1)[:, :, None] * share).reshape(len(some), -1)
            own = np.hstack([between, nodes[:, -1:]])[:, shifts - j :][:, : breaks * shifts + 1]
            distances[j] += _area(inside - own)
    best = int(np.argmin(distances))
    return fine[best::shifts], curves[:, best::shifts]


def _area(gaps: NDArray[np.float64]) -> float:
    """A multiple of the sum of the integrals of |g|, g piecewise linear with these values."""
    sizes = np.abs(gaps)
    row, crossed = np.nonzero(gaps[:, :-1] * gaps[:, 1:] < 0)
    left, right = sizes[row, crossed], sizes[row, crossed + 1]
    ends = sizes[:, 0].sum() + sizes[:, -1].sum()
    return float(2 * sizes.sum() - ends - (2 * left * right / (left + right)).sum())


def _heights(f: Function, x: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least multiple of 2^-22 where f(x_1, .) passes the levels; 1 where it does not: (levels, points).

    Levels lie between neighbouring values of a table. There the place is guessed twice by interpolation, which finds it
    for smooth f; what is left is bisected.
    """
    found = np.empty((len(levels), len(x)))
    step = max(1, _CHUNK // len(levels))
    for first in range(0, len(x), step):
        own = x[first : first + step]
        found[:, first : first + step] = _passed(f, own, levels) / 2**_BITS
    return found


def _passed(f: Function, x: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """For a few points: the places in units of 2^-22."""
    coarse = min(_BITS - 1, len(levels).bit_length() + 1)
    grid = np.arange(2**coarse + 1) / 2**coarse
    table = values_at(f, np.column_stack([np.repeat(x, len(grid)), np.tile(grid, len(x))])).reshape(len(x), -1)
    upper = np.concatenate([np.searchsorted(row, levels) for row in table])
    places = np.clip(upper * 2.0 ** (_BITS - coarse), 1, 2**_BITS)
    left = np.flatnonzero((upper > 0) & (upper < len(grid)))  # elsewhere all of [0,1] passes the level, or nothing
    row, high = left // len(levels), places[left]
    low, below, above = high - 2.0 ** (_BITS - coarse), table[row, upper[left] - 1], table[row, upper[left]]
    level, points, attempt = levels[left % len(levels)], np.column_stack([x[row], low]), 0
    place, passes = low, low > 0
    while left.size:
        if attempt < 4 and attempt % 2 == 0:
            with np.errstate(all="ignore"):  # f may be no function of F: no number is trusted
                place = low + np.ceil(np.fmin(np.fmax((level - below) / (above - below), 0), 1) * (high - low))
        else:  # the neighbour on the other side, or the middle
            place = place + np.where(passes, -1.0, 1.0) if attempt < 4 else np.floor((low + high) / 2)
        place = np.minimum(np.maximum(place, low + 1), high - 1)
        points[:, 1] = place / 2**_BITS
        value = values_at(f, points)
        passes = value >= level
        low, below = np.where(passes, low, place), np.where(passes, below, value)
        high, above = np.where(passes, place, high), np.where(passes, value, above)
        attempt += 1
        if attempt in {2, 4} or attempt > 4:
            places[left] = high
            more = high - low > 1
            kept: list[Any] = [each[more] for each in (left, low, high, below, above, level, points)]
            left, low, high, below, above, level, points = kept
    return places.reshape(len(x), -1).T
