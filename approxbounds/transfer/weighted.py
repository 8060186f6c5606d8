"""T3w, the hypercube theorem for cells of any masses, under any measure; T3w-inf in sup norm. THEORY.md, T3w."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, precision
from approxbounds.complexity.pseudo_dimension import excludes_shattering, growth_steps, no_growth
from approxbounds.complexity.shattering import nearly_excluded
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.hypercube import Index, family_of
from approxbounds.facts.weighted import Cells, WeightedFamily
from approxbounds.members import cylinders, on_cylinder
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only, sup_norm_only
from approxbounds.transfer.hamming import best_distance, checked_mass
from approxbounds.validation import Number
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = [
    "Masses",
    "WeightedHypercubeTheorem",
    "WeightedSupNormTheorem",
    "largest_cells",
    "log_u",
    "masses_of",
    "mean_distance",
    "nearly_best",
    "no_weighted_family",
    "total",
    "weighted_member",
    "weighted_members",
]

_LN2 = float(np.log(2.0))
_GROUPS = 400
_FEW = 3000  # cells: up to so many equal masses are tried
_MOST_DIMS = 3  # of the cylinders that are searched


def weighted_members(query: Query) -> Iterator[tuple[Mapping[str, int], Query, WeightedFamily]]:
    """The weighted families of F and of its cylinders of few coordinates, each with its part of a witness."""
    for part, reduced in cylinders(query):
        if part.get("dims", 0) <= _MOST_DIMS:
            for family in reduced.F.weighted_families:
                yield part, reduced, family


@np.errstate(over="ignore", invalid="ignore")
def nearly_best(
    query: Query, score: Callable[[Query, WeightedFamily, Index, float], tuple[float, Witness]], failure: str
) -> Witness:
    """The member of F with the largest value, of those that searches try and of those near the best of them.

    ``score`` gives the value for E^p and the rest of the witness; it may give less where the value is not more than its
    last argument, the best one so far. Raises HypothesisError with the text ``failure`` if there is none above 1e-300.
    """
    best, found, where = 0.0, None, None
    for part, reduced, family in weighted_members(query):
        for index in family.members():
            value, more = score(reduced, family, index, best)
            if value > best:
                best, found, where = value, {**family.witness(index), **part, **more}, (part, reduced, family, index)
    if found is None or where is None or best ** (1 / float(query.p)) < 1e-300:
        raise HypothesisError(failure)
    part, reduced, family, index = where
    for near in family.near(index):
        value, more = score(reduced, family, near, best)
        if value > best:
            best, found = value, {**family.witness(near), **part, **more}
    return found


def weighted_member(query: Query, witness: Witness) -> tuple[Query, WeightedFamily, dict[str, int]]:
    """The query on the coordinates of the cylinder, the family, and the indices of its member."""
    reduced = on_cylinder(query, witness)
    return reduced, *family_of(reduced.F.weighted_families, witness)


def no_weighted_family(query: Query) -> str | None:
    return (
        None if query.F.weighted_families else "no family on cells of known masses is known for F (T3 has equal ones)"
    )


def largest_cells(cells: Cells, n: int) -> list[Any]:
    """The values of n cells of the largest ones, by the middles of balls: any n cells would do."""
    flat: list[tuple[Any, Any]] = []
    for values, counts in zip(*cells, strict=True):
        flat += zip(values, counts, strict=True) if isinstance(values, np.ndarray) else [(values, counts)]
    taken = []
    for value, count in sorted(flat, key=lambda pair: -float(pair[0])):
        taken.append(value)
        n -= int(count)
        if n <= 0:
            return taken
    raise HypothesisError("there are not so many cells")


def total(terms: Any) -> Any:
    """The sum of an array, or the one number that it is instead in balls."""
    return float(np.sum(terms)) if isinstance(terms, np.ndarray) else terms


def mean_distance(A: Arithmetic[V], masses: Cells, log2_growth: V | float, rate: Fraction) -> V:
    """(-log u - 1 + u)/lambda with u = Pi prod_i (1 + e^{-lambda A_i})/2, after checking that u < 1."""
    lam = A.number(rate)
    u = log_u(A, masses, log2_growth, lam)
    require(bool(u < 0), "u is not certainly below 1")
    return (-u - 1 + A.exp(u)) / lam


def log_u(A: Arithmetic[V], masses: Cells, log2_growth: V | float, rate: V) -> V:
    """log u for the cells of these masses, at lambda = ``rate``."""
    value = A.log(A.number(2)) * log2_growth
    for mass, count in zip(masses.values, masses.counts, strict=True):
        value = value + total(count * A.log((1 + A.exp(-rate * mass)) / 2))
    return value


class Masses:
    """The masses of a member in floats, the largest first; many are put together into a few hundred groups.

    None if their sum is beyond doubles, as it may be for large p: searches leave such members out.
    """

    def __init__(self, cells: Cells) -> None:
        masses, counts = (np.concatenate([np.atleast_1d(x) for x in column]).astype(float) for column in cells)
        keep = np.flatnonzero((masses > 0) & np.isfinite(counts @ masses))
        order = keep[np.argsort(-masses[keep], kind="stable")]
        masses, counts = masses[order], counts[order]
        if masses.size > _GROUPS:
            starts = np.unique(np.linspace(0, masses.size, _GROUPS, endpoint=False).astype(int))
            sums, counts = np.add.reduceat(counts * masses, starts), np.add.reduceat(counts, starts)
            masses = sums / counts
        self.masses, self.counts = masses, counts
        self.total = float(counts @ masses)

    def best_rate(self, log_growth: float) -> tuple[float, float]:
        """The largest (-log u - 1 + u)/lambda, and lambda; (0, 1) if there is none."""
        cells = float(self.counts.sum())
        if self.total <= 0 or log_growth >= _LN2 * cells:
            return 0.0, 1.0
        rates, i, values = np.exp(np.linspace(-3.0, 14.0, 40)) * cells / self.total, 0, np.zeros(0)
        for finer in (True, False):
            logs = log_growth + (np.log1p(np.exp(-np.outer(rates, self.masses))) - _LN2) @ self.counts
            with np.errstate(over="ignore"):
                values = np.where(logs < 0, (-logs - 1 + np.exp(np.minimum(logs, 0.0))) / rates, 0.0)
            i = int(np.argmax(values))
            if finer:
                rates = np.geomspace(rates[max(i - 1, 0)], rates[min(i + 1, rates.size - 1)], 40)
        return float(values[i]), float(rates[i])

    def best_equal(self, growth: Any) -> tuple[float, int, int]:
        """The largest a S(n, Pi(n)), the n masses >= a taken for a; n, and h."""
        ends = np.cumsum(self.counts)
        places = np.unique(np.geomspace(1, ends.size, 80).astype(int)) - 1
        n = ends[places]
        log2_growth = np.broadcast_to(growth.evaluate(FLOAT, n), n.shape)
        h, mass = np.ones_like(n), np.zeros_like(n)
        possible = np.flatnonzero(log2_growth < n)
        if possible.size:
            h[possible], mass[possible] = best_distance(n[possible], log2_growth[possible])
        values = self.masses[places] * np.maximum(mass, 0.0)
        i = int(np.argmax(values))
        return float(values[i]), int(n[i]), int(h[i])


def _score(reduced: Query, family: WeightedFamily, index: Index, best: float) -> tuple[float, Witness]:
    """What T3w gives for E^p at a member."""
    p, growth = reduced.p, reduced.G.growth(family.centres)
    N = float(family.cells(index))
    log2_growth = float(growth.evaluate(FLOAT, N))
    if log2_growth >= N or family.ceiling(index, p) <= best:
        return 0.0, {}
    masses = masses_of(family, tuple(index.items()), p)
    if masses.total / 2 <= best:  # no choice of lambda, n gives more
        return 0.0, {}
    value, rate = masses.best_rate(log2_growth * _LN2)
    equal, n, h = masses.best_equal(growth) if N < _FEW else (0.0, 1, 1)  # for many cells a rate is better
    return max(value, equal), {"rate": short_fraction(rate)} if value >= equal else {"cells": n, "h": h}


@lru_cache(maxsize=2048)
def masses_of(family: WeightedFamily, index: tuple[tuple[str, int], ...], p: Number) -> Masses:
    """The masses do not depend on G."""
    return Masses(family.masses(FLOAT, dict(index), p))


class WeightedHypercubeTheorem(Theorem):
    """T3 for cells of any masses A_i <= 2 int_{C_i} w^p dmu, under any measure mu.

    Hypotheses: 1 <= p < inf; a weighted family of F; Pi bounds the patterns of G on the points of its cells at the
    thresholds of its kind. Guarantee: with u = Pi prod_i (1 + e^{-lambda A_i})/2 < 1, E_p^p >= (-log u - 1 + u)/lambda;
    and E_p^p >= a S(n, Pi(n)) for any n masses >= a, S as in T3, which is the case of equal masses. Both bound the mean
    of inf_g ||f_omega - g||_p^p over uniform omega. Witness: ``family``, its indices, ``dims`` if it is one of a
    cylinder, and ``rate`` = lambda, or ``cells`` = n and h. Proof: THEORY.md, T3w.
    """

    id = "T3w"
    title = "Hypercube theorem for unequal masses"
    statement = (
        r"$E_p(F,G)^p\ge(-\log u-1+u)/\lambda$ for $\lambda>0$ with $u=\Pi\prod_i(1+e^{-\lambda A_i})/2<1$, for every "
        r"family of $F$ on cells with masses $A_i\le2\int_{C_i}w^pd\mu$; and $E_p^p\ge aS(n,\Pi(n))$ for $n$ masses "
        r"$\ge a$."
    )
    citations = (Citation("approxbounds", "T3w"), Citation("Siegel2023"))
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query, "T3w-inf") or no_weighted_family(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        failure = "no member searched gives more than 1e-300: G shows too many patterns for them"
        return nearly_best(query, _score, failure)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("T3w: the formula has a term for each mass; its value is a number only")
        reduced, family, index = weighted_member(query, witness)
        masses = family.masses(A, index, query.p)
        growth = reduced.G.growth(family.centres)
        if witness.get("rate") is None:
            n = integer_of(witness, "cells", minimum=1)
            least = A.minimum(*largest_cells(masses, n))
            power = least * checked_mass(A, n, growth.evaluate(A, n), witness)
        else:
            power = mean_distance(A, masses, growth.evaluate(A, family.cells(index)), fraction_of(witness, "rate"))
        require(bool(power > 0), "the bound is not certainly positive")
        return A.power(power, 1 / A.number(query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        reduced, family, index = weighted_member(query, witness)
        N, p = family.cells(index), query.p
        n = N if witness.get("rate") is not None else integer_of(witness, "cells")
        if witness.get("rate") is not None:
            how = f"With $\\lambda={float(fraction_of(witness, 'rate')):.6g}$ the first"
        else:
            how = f"With the $n={n}$ largest masses and $h={integer_of(witness, 'h')}$ the second"
        value = below(self.evaluate(BALL, query, witness))
        return (
            Step(f"{family.describe(index)} This gives $N={N}$ cells.", family.citations),
            *growth_steps(reduced.G.growth(family.centres), n),
            Step(f"{self.statement} {how} gives $E_{{{p}}}\\ge {value}$.", self.citations),
        )


class WeightedSupNormTheorem(Theorem):
    """If no N points are shattered by G at thresholds c(x_i), E_inf >= the N-th largest ess sup of w over the cells.

    Hypotheses: p = inf; a weighted family of F with N cells of positive measure mu; Pi(N) < 2^N. Some pattern of these
    cells is missed by every g, which is then on the wrong side of c on one of them, where |f_omega - g| >= w.
    Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, ``cells`` = N.
    """

    id = "T3w-inf"
    title = "Hypercube theorem for unequal cells in sup norm"
    statement = (
        r"If $\Pi_G(N)<2^N$ then $E_\infty(F,G)\ge\min_i\operatorname{ess\,sup}_{C_i}w$ for every family of $F$ on $N$ "
        r"cells of positive measure."
    )
    citations = (Citation("approxbounds", "T3w"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return sup_norm_only(query, "T3w") or no_weighted_family(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        best, found = 0.0, None
        for part, reduced, family in weighted_members(query):
            least = nearly_excluded(reduced.G, family.centres)
            n = next(
                (n for n in (least, least + 1, least + 2 + least // 10**9) if self._unshattered(reduced, family, n)), 0
            )
            for index in self._members(family, n) if n else ():
                if family.cells(index) < n:
                    continue
                heights = Masses(family.heights(FLOAT, index))
                ends = np.cumsum(heights.counts)
                if not ends.size or ends[-1] < n:
                    continue
                height = float(heights.masses[int(np.searchsorted(ends, n))])
                if height > best:
                    best, found = height, {**family.witness(index), **part, "cells": n}
        if found is None:
            raise HypothesisError("no member searched has more cells than G may shatter, and a height above 0")
        return found

    @staticmethod
    def _unshattered(query: Query, family: WeightedFamily, n: int) -> bool:
        with precision(256):
            return excludes_shattering(BALL, query.G, n, family.centres)

    @staticmethod
    def _members(family: WeightedFamily, cells: int) -> Iterator[dict[str, int]]:
        """The coarsest of so many cells, and others: cells of unequal heights may be better."""
        with suppress(HypothesisError):
            yield family.coarsest(cells)
        yield from islice(family.members(), 2000)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("T3w-inf: the least of the heights is a number only")
        reduced, family, index = weighted_member(query, witness)
        n = integer_of(witness, "cells", minimum=1)
        unshattered = excludes_shattering(A, reduced.G, n, family.centres)
        require(unshattered, f"it is not certain that no N={echo(n)} points are shattered")
        return A.minimum(*largest_cells(family.heights(A, index), n))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        n, (reduced, family, index) = integer_of(witness, "cells"), weighted_member(query, witness)
        return (
            Step(f"{family.describe(index)} We take the $N={n}$ cells of the largest heights.", family.citations),
            *growth_steps(reduced.G.growth(family.centres), n),
            Step(f"{self.statement} Here this is ${below(self.evaluate(BALL, query, witness))}$.", self.citations),
        )
