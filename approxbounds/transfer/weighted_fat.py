"""T3fat and T3fat-inf for cells of any masses, under measures on [0,1]^d. THEORY.md, T3fat-w."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, precision
from approxbounds.complexity.fat_shattering import fat_steps, least_scale
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.members import cylinder_steps
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only, sup_norm_only
from approxbounds.transfer.alon import CITATIONS, checked_vectors, log2_separated, vectors_floats, vectors_witness
from approxbounds.transfer.fat_orders import no_fat_scale
from approxbounds.transfer.weighted import (
    Masses,
    largest_cells,
    mean_distance,
    no_weighted_family,
    weighted_member,
    weighted_members,
)
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["WeightedFatSupNorm", "WeightedFatTheorem"]

_SHARES = (1 / 64, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4)


class WeightedFatTheorem(Theorem):
    """T3w with the fat-shattering dimension of G, for mu on [0,1]^d: E_p^p >= (-log u - 1 + u)/lambda.

    u = Pi prod_i (1 + e^{-lambda A_i})/2 < 1 with A_i <= 2 int_{C_i} max(w - eta, 0)^p dmu, eta > 0. Hypotheses: 1 <= p
    < inf; a weighted family of F with N cells; D >= fat_{eta/4}(G); B >= floor(4 sup w/eta); an integer q >= log2
    sum_{i=1}^D C(N,i) B^i. Then Pi = 2 (N B^2)^q (1 if D = 0). Witness: ``family``, its indices, ``dims`` if it is one
    of a cylinder, ``eta``, ``fat`` = D, ``levels`` = B, ``exponent`` = q, ``rate`` = lambda. Proof: THEORY.md, T3fat-w.
    """

    id = "T3fat-w"
    title = "Unequal masses, with the fat-shattering dimension"
    statement = (
        r"$E_p(F,G)^p\ge(-\log u-1+u)/\lambda$ for $\lambda,\eta>0$ with $u=\Pi\prod_i(1+e^{-\lambda A_i})/2<1$, "
        r"for every family of $F$ on $N$ cells with masses $A_i\le2\int_{C_i}\max(w-\eta,0)^pd\mu$, where at most "
        r"$\Pi$ vectors of values of $G$ on $N$ points, clipped to $c_i\pm\sup w$, are at pairwise distance $\ge\eta$."
    )
    citations = (Citation("approxbounds", "T3fat-w"), Citation("Siegel2023"))
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query, "T3fat-w-inf") or no_weighted_family(query) or no_fat_scale(query)

    @np.errstate(over="ignore", invalid="ignore")
    def search(self, query: Query) -> Witness:
        best, found = 0.0, None
        for part, reduced, family in weighted_members(query):
            for index in family.members():
                ceiling, N = family.ceiling(index, query.p), float(family.cells(index))
                largest = _SHARES[-1] * ceiling ** (1 / float(query.p))
                if ceiling <= best or (largest < np.inf and not self._growth(reduced, N, largest, largest) < N):
                    continue  # at no eta there are few enough patterns
                whole = Masses(family.masses(FLOAT, index, query.p))
                height = float(np.max(Masses(family.heights(FLOAT, index)).masses, initial=0.0))
                for share in _SHARES:
                    eta = share * (whole.total / 2) ** (1 / float(query.p))
                    if whole.total / 2 <= best or height <= eta:
                        continue
                    growth = self._growth(reduced, N, eta, height)
                    if not growth < N:
                        continue
                    value, rate = Masses(family.masses(FLOAT, index, query.p, eta)).best_rate(growth * np.log(2.0))
                    if value > best:
                        best = value
                        numbers = {"eta": short_fraction(eta), "rate": short_fraction(rate)}
                        found = (reduced, family, index, {**family.witness(index), **part, **numbers})
        if found is None:
            raise HypothesisError("no member searched has more cells than G's dimension at its scale allows")
        reduced, family, index, witness = found
        eta = witness["eta"]
        with precision(256):
            highest = BALL.maximum(*family.heights(BALL, index).values)
            witness |= vectors_witness(reduced.G, family.cells(index), eta, highest)
        # what the search had for Pi was about that
        masses = Masses(family.masses(FLOAT, index, query.p, float(eta)))
        growth = log2_separated(FLOAT, family.cells(index), witness["levels"], witness["fat"], witness["exponent"])
        _, rate = masses.best_rate(float(growth) * np.log(2.0))
        return witness | {"rate": short_fraction(rate)}

    @staticmethod
    def _growth(query: Query, N: float, eta: float, height: float) -> float:
        """log2 Pi, about."""
        return float(vectors_floats(query.G, N, np.floor(4 * height / eta), np.array([eta / 4]))[0])

    def _log2_growth(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        """log2 Pi, checked."""
        reduced, family, index = weighted_member(query, witness)
        highest = A.maximum(*_values(family.heights(A, index).values))
        return checked_vectors(A, reduced.G, family.cells(index), highest, witness)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("T3fat-w: the formula has a term for each mass; its value is a number only")
        _, family, index = weighted_member(query, witness)
        growth = self._log2_growth(A, query, witness)
        masses = family.masses(A, index, query.p, A.number(fraction_of(witness, "eta")))
        power = mean_distance(A, masses, growth, fraction_of(witness, "rate"))
        require(bool(power > 0), "the bound is not certainly positive")
        return A.power(power, 1 / A.number(query.p))

    def outline(self, query: Query) -> tuple[Step, ...]:
        return (Step(self.statement, (*CITATIONS, *self.citations)),)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        D, (reduced, family, index) = integer_of(witness, "fat"), weighted_member(query, witness)
        growth, value = above(self._log2_growth(BALL, query, witness)), below(self.evaluate(BALL, query, witness))
        return (
            *cylinder_steps(query, witness),
            Step(f"{family.describe(index)} This gives $N={family.cells(index)}$ cells.", family.citations),
            *fat_steps(reduced.G, D + 1),
            Step(
                f"With $\\eta={above(fraction_of(witness, 'eta'))}$: $\\operatorname{{fat}}_{{\\eta/4}}(G)\\le D={D}$ "
                f"and $B=\\lfloor4\\sup w/\\eta\\rfloor={witness['levels']}$ give $\\log_2\\Pi\\le {growth}$.",
                CITATIONS,
            ),
            Step(
                f"{self.statement} With $\\lambda={float(fraction_of(witness, 'rate')):.6g}$ this gives "
                f"$E_{{{query.p}}}\\ge {value}$.",
                self.citations,
            ),
        )


class WeightedFatSupNorm(Theorem):
    """If no n points are gamma-shattered by G for gamma > gamma*, E_inf >= the n-th largest height - gamma*.

    Hypotheses: p = inf; mu on [0,1]^d; a weighted family of F with n cells of positive measure. Proof: that of
    T3fat-inf. Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, ``cells`` = n.
    """

    id = "T3fat-w-inf"
    title = "Unequal cells in sup norm, with the fat-shattering dimension"
    statement = (
        r"If no $n$ points are $\gamma$-shattered by $G$ for $\gamma>\gamma^*$ then $E_\infty(F,G)\ge"
        r"\min_i\operatorname{ess\,sup}_{C_i}w-\gamma^*$ for every family of $F$ on $n$ cells of positive measure."
    )
    citations = (Citation("approxbounds", "T3fat-w"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return sup_norm_only(query, "T3fat-w") or no_weighted_family(query) or no_fat_scale(query)

    def search(self, query: Query) -> Witness:
        best, found = 0.0, None
        for part, reduced, family in weighted_members(query):
            low, high = reduced.F.value_range or (-np.inf, np.inf)
            for index in family.members():
                cells = np.array([float(family.cells(index))])
                if not (float(high) - float(low)) / 2 - least_scale(FLOAT, reduced.G, cells)[0] > best:
                    continue
                heights = Masses(family.heights(FLOAT, index))
                if not heights.counts.size:
                    continue
                ends = np.cumsum(heights.counts)
                values = heights.masses - least_scale(FLOAT, reduced.G, ends)
                i = int(np.argmax(values))
                if values[i] > best:
                    best, found = float(values[i]), {**family.witness(index), **part, "cells": int(ends[i])}
        if found is None:
            raise HypothesisError("no member searched is higher than the scale at which G shatters its cells")
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("T3fat-w-inf: the least of the heights is a number only")
        reduced, family, index = weighted_member(query, witness)
        n = integer_of(witness, "cells", minimum=1)
        value = A.minimum(*largest_cells(family.heights(A, index), n)) - least_scale(A, reduced.G, n)
        require(bool(value > 0), "the heights are not certainly above the scale at which G shatters n points")
        return value

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        n, (reduced, family, index) = integer_of(witness, "cells"), weighted_member(query, witness)
        value = below(self.evaluate(BALL, query, witness))
        return (
            *cylinder_steps(query, witness),
            Step(f"{family.describe(index)} We take the $n={n}$ cells of the largest heights.", family.citations),
            *fat_steps(reduced.G, n),
            Step(f"{self.statement} Here this is at least ${value}$.", self.citations),
        )


def _values(heights: Any) -> list[Any]:
    """The numbers of a list of numbers or arrays."""
    return [value for part in heights for value in (part.tolist() if isinstance(part, np.ndarray) else [part])]
