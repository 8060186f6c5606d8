"""T3, the hypercube theorem: an L^p lower bound without logarithms. THEORY.md, T3."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import growth_steps, no_growth, pdim_expression
from approxbounds.facts.growth import GrowthBound
from approxbounds.facts.hypercube import HypercubeFamily, Index, member_of
from approxbounds.members import (
    Members,
    Scores,
    best_member,
    least_norm,
    member_steps,
    no_family,
    on_cylinder,
)
from approxbounds.render import above, below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only
from approxbounds.transfer.hamming import best_distance, checked_mass, hamming_mass, log2_delta
from approxbounds.validation import Number
from approxbounds.witness import Witness, integer_of

__all__ = ["HypercubeTheorem", "hypercube_values"]


def _values(parts: Sequence[Members]) -> Scores:
    """T3 for all members of a list: -inf where G may show all patterns."""
    N = np.concatenate([part.cells for part in parts])
    growth = np.concatenate(
        [
            G.growth(centres).evaluate(FLOAT, np.concatenate([part.cells for part in alike]))
            for (G, centres), alike in groupby(parts, lambda part: (part.query.G, part.family.centres))
        ]
    )
    growth = np.minimum(growth, np.concatenate([_on_grids(part) for part in parts]))
    values, h = np.full(N.size, -np.inf), np.ones(N.size)
    possible = np.flatnonzero(growth < N)
    if possible.size:
        cells, norm = N[possible], np.concatenate([part.norm for part in parts])[possible]
        h[possible], mass = best_distance(cells, growth[possible])
        values[possible] = norm * np.power(2 * np.maximum(mass, 0.0) / cells, 1 / float(parts[0].query.p))
    return values, {"h": h}


def _on_grids(part: Members) -> NDArray[np.float64]:
    """log2 of the patterns at the points of each member, by what is known of G on grids only."""
    counts = part.query.G.counts_at(part.family, part.grid.index)
    fewest: NDArray[np.float64] = np.minimum.reduce(
        [part.cells, *(count.evaluate(FLOAT, part.cells) for count in counts)]
    )
    return fewest


def hypercube_values(family: HypercubeFamily, growth: GrowthBound, p: Number, index: Index, cells: Any) -> Any:
    """T3 in floats on arrays of indices with their numbers of cells: (values, h). Vectorised."""
    cells = np.asarray(cells, float)
    h, mass = best_distance(cells, growth.evaluate(FLOAT, cells))
    norm = family.norm(FLOAT, {**index, "cells": cells}, p)
    return norm * np.power(2 * np.maximum(mass, 0.0) / cells, 1 / float(p)), h


class HypercubeTheorem(Theorem):
    """E_p^p >= 2 I_p S, S = sum_h max(0, 1 - Pi V(N,h-1) 2^{-N}), for every hypercube family with N cells.

    Hypotheses: 1 <= p < inf; a hypercube family of F; Pi bounds the patterns of G on N points at thresholds
    c_i + r (c_i the centres, r common). Guarantee: for every family member, as ||w||_p^p = N I_p,
    E_p >= ||w||_p (2S/N)^{1/p}; the same bounds the mean of inf_g ||f_omega - g||_p^p over uniform omega.
    No boundedness of G is needed. Tight up to constants for piecewise constants; equality for N = 1, G = {c}.
    Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, and h. Proof: THEORY.md, T3 (after the
    averaging idea of Siegel 2023).
    """

    id = "T3"
    title = "Hypercube theorem"
    statement = (
        r"$E_p(F,G)^p\ge 2I_pS$ with $S=\sum_{h=1}^N\max(0,1-\Pi V(N,h-1)2^{-N})$, for every hypercube family of $F$ "
        r"with $N$ cells, $\Pi$ the number of patterns of $G$ on $N$ points at thresholds $c_i+r$."
    )
    citations = (Citation("approxbounds", "T3"), Citation("Siegel2023"))
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query, "T3inf") or no_family(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        failure = "no family member searched gives more than 1e-308: G shows too many patterns for them"
        members, i, more = best_member(query, _values, failure)
        return members.witness(i) | {"h": int(more["h"])}

    def mass(self, A: Arithmetic[V], query: Query, witness: Witness) -> tuple[HypercubeFamily, Index, int, V]:
        """Family, index, N and S for the witness, with every hypothesis checked."""
        query = on_cylinder(query, witness)
        family, index, cells = member_of(query.F.families, witness)
        growth = query.G.growth_at(family, index).evaluate(A, cells)
        return family, index, cells, checked_mass(A, cells, growth, witness)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, cells, mass = self.mass(A, query, witness)
        norm = family.norm(A, index, query.p)
        return norm * A.power(2 * mass / A.number(cells), 1 / A.number(query.p))

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-1 / query.F.entropy_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """||w||_p ((1 - e^{-0.3 P})/4)^{1/p} at the coarsest member with N >= 12P, P >= max(Pdim(G), 1).

        With h = floor(N/8)+1: Pi V(N,h-1) 2^{-N} <= 2^{-0.037 N} <= e^{-0.025 N}, and S >= (N/8)(1 - e^{-0.025 N}).
        """
        import sympy

        P, _ = pdim_expression(query.G)
        mass = (1 - sympy.exp(-sympy.Rational(3, 10) * (sympy.Max(P, 1) if P.is_number else P))) / 4
        return least_norm(query, self, 12 * P, SYMBOLIC.power(mass, 1 / SYMBOLIC.number(query.p)))

    def outline(self, query: Query) -> tuple[Step, ...]:
        family = query.F.families[0]
        P, citations = pdim_expression(query.G)
        return (
            Step(family.describe(None), family.citations),
            Step(f"$\\operatorname{{Pdim}}(G)\\le P={latex(P)}$.", citations),
            Step(
                r"Take the coarsest member with $N\ge12P$ cells and $h=\lfloor N/8\rfloor+1$: then "
                r"$\Pi V(N,h-1)2^{-N}\le2^{-0.037N}\le e^{-0.025N}$."
            ),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        reduced = on_cylinder(query, witness)
        family, index, N = member_of(reduced.F.families, witness)
        h = integer_of(witness, "h")
        growth = reduced.G.growth_at(family, index)
        log2_growth = growth.evaluate(BALL, N)
        delta = BALL.power(BALL.number(2), log2_delta(BALL, N, log2_growth, h))
        mass, norm = hamming_mass(BALL, N, log2_growth, h), family.norm(BALL, index, query.p)
        p = query.p
        return (
            *member_steps(query, witness, f"\\|w\\|_{{{p}}}\\ge {below(norm)}"),
            *growth_steps(growth, N),
            Step(
                f"With $h={h}$: $\\delta_h=\\Pi V(N,h-1)2^{{-N}}\\le {above(delta)}$, hence "
                f"$S\\ge h-\\delta_h\\frac{{N-h+2}}{{N-2h+3}}\\ge {below(mass)}$."
            ),
            Step(
                f"{self.statement} As $\\|w\\|_p^p=N I_p$: $E_{{{p}}}\\ge\\|w\\|_{{{p}}}(2S/N)^{{1/{p}}}\\ge "
                f"{below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
