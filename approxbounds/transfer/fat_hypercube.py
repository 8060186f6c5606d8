"""T3fat: the hypercube theorem for classes of bounded fat-shattering dimension. THEORY.md, T3fat."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, precision
from approxbounds.complexity.fat_shattering import fat_steps, least_scale, members_for
from approxbounds.facts.hypercube import HypercubeFamily, Index, member_of
from approxbounds.members import Members, Scores, best_member, member_steps, on_cylinder
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only, sup_norm_only
from approxbounds.transfer.alon import CITATIONS, checked_vectors, log2_separated, vectors_floats, vectors_witness
from approxbounds.transfer.fat_orders import fat_rate, no_fat_theorem
from approxbounds.transfer.hamming import best_distance, checked_mass
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["FatHypercubeTheorem", "FatSupNormTheorem"]

_SHARES = np.array([1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4])


class FatSupNormTheorem(Theorem):
    """fat_gamma(G) < N implies E_inf >= sup w - gamma, for every hypercube family with N cells.

    Hypotheses: p = inf; no N points are gamma-shattered by G for gamma > gamma*.
    Guarantee: E_inf(F, G) >= sup w - gamma*.
    Proof. If E_inf < sup w - gamma with gamma > gamma*, then for some e > 0 every f_omega has a g with
    |f_omega - g| < sup w - gamma - e. Where w(t) > sup w - e, g(x_i(t)) >= c_i(t) + gamma if omega_i = 1 and
    <= c_i(t) - gamma if omega_i = 0: N shattered points. Witness: ``family`` and its indices.
    """

    id = "T3fat-inf"
    title = "Hypercube theorem in sup norm, with the fat-shattering dimension"
    statement = (
        r"If no $N$ points are $\gamma$-shattered by $G$ for $\gamma>\gamma^*$ then $E_\infty(F,G)\ge\sup w-\gamma^*$: "
        r"otherwise functions of $G$ near the $f_\omega$ would shatter one point of each cell at the levels $c_i$."
    )
    citations = (Citation("approxbounds", "T3fat-inf"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return sup_norm_only(query, "T3fat") or no_fat_theorem(query)

    def search(self, query: Query) -> Witness:
        def values(parts: Sequence[Members]) -> Scores:
            scales = (least_scale(FLOAT, part.query.G, part.cells) for part in parts)
            return np.concatenate([part.norm - scale for part, scale in zip(parts, scales, strict=True)]), {}

        failure = "no family member searched is higher than the scale at which G shatters its cells"
        members, i, _ = best_member(query, values, failure, members_for, every=False)
        return members.witness(i)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        query = on_cylinder(query, witness)
        family, index, N = member_of(query.F.families, witness)
        value = family.norm(A, index, inf) - least_scale(A, query.G, N)
        if A.decides:
            require(bool(value > 0), "sup w is not certainly above the scale at which G shatters N points")
        return value

    def rate(self, query: Query) -> Any:
        return fat_rate(query, logarithms=False)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        reduced = on_cylinder(query, witness)
        family, index, N = member_of(reduced.F.families, witness)
        return (
            *member_steps(query, witness, f"\\sup w\\ge {below(family.norm(BALL, index, inf))}"),
            *fat_steps(reduced.G, N),
            Step(
                f"{self.statement} Here $\\gamma^*\\le {above(least_scale(BALL, reduced.G, N))}$, so "
                f"$E_\\infty\\ge {below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )


class FatHypercubeTheorem(Theorem):
    """E_p >= (||w||_p - eta) (2S/N)^{1/p} with S = sum_h max(0, 1 - Pi V(N,h-1) 2^{-N}), for 0 < eta < ||w||_p.

    Hypotheses: 1 <= p < inf; a hypercube family with N cells; D >= fat_{eta/4}(G); B = floor(4 sup w/eta); an
    integer q >= log2 sum_{i=1}^D C(N,i) B^i. Then Pi = 2 (N B^2)^q (1 if D = 0).
    Proof. For fixed t clip v_i = g(x_i(t)) - c_i(t) to [-sup w, sup w]; at most Pi of these vectors are at pairwise
    distance >= eta in max norm (``transfer/alon.py``), so each is within eta of one of Pi vectors u. Where w > eta,
    |w - v_i| >= (w - eta - u_i)_+ and |-w - v_i| >= (w - eta + u_i)_+: T3's argument holds with w - eta and u clipped
    to [eta - w, w - eta] in place of w and v. Finally ||(w - eta)_+||_p >= ||w||_p - eta (Minkowski).
    Witness: ``family``, its indices, ``h``, ``eta``, ``fat`` = D, ``levels`` = B, ``exponent`` = q.
    """

    id = "T3fat"
    title = "Hypercube theorem with the fat-shattering dimension"
    statement = (
        r"$E_p(F,G)\ge(\|w\|_p-\eta)(2S/N)^{1/p}$ with $S=\sum_{h=1}^N\max(0,1-\Pi V(N,h-1)2^{-N})$, for every "
        r"hypercube family of $F$ with $N$ cells, where at most $\Pi$ vectors of values of $G$ on $N$ points, clipped "
        r"to $c_i\pm\sup w$, are at pairwise distance $\ge\eta$ in max norm."
    )
    citations = (Citation("approxbounds", "T3fat"), Citation("Siegel2023"))
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query, "T3fat-inf") or no_fat_theorem(query)

    def search(self, query: Query) -> Witness:
        def values(parts: Sequence[Members]) -> Scores:
            growth = np.concatenate([self._growths(part) for part in parts], axis=1).T
            norm = np.concatenate([part.norm for part in parts])
            cells = np.broadcast_to(np.concatenate([part.cells for part in parts])[:, None], growth.shape)
            value = np.zeros(growth.shape)
            possible = (growth < cells) & (norm[:, None] > 0)
            if possible.any():
                _, mass = best_distance(cells[possible], growth[possible])
                scale = ((1 - _SHARES) * norm[:, None])[possible]
                value[possible] = scale * np.power(2 * np.maximum(mass, 0.0) / cells[possible], 1 / float(query.p))
            best = np.argmax(value, axis=1)
            return value[np.arange(norm.size), best], {"share": _SHARES[best]}

        failure = "no family member searched has more cells than G's dimension at its scale allows"
        members, i, more = best_member(query, values, failure, members_for, every=False)
        eta = short_fraction(float(more["share"] * members.norm[i]))
        return {**self._witness(members.query, members.family, members.grid.at(i), eta), **members.part}

    @staticmethod
    def _growths(members: Members) -> Any:
        """log2 Pi for each share eta/||w||_p and each member."""
        family, N, share = members.family, members.cells, _SHARES[:, None]
        height = np.broadcast_to(family.norm(FLOAT, {**members.grid.index, "cells": N}, inf), N.shape)
        eta = share * members.norm
        with np.errstate(all="ignore"):
            return vectors_floats(members.query.G, N, np.floor(4 * height / eta), eta / 4)

    @staticmethod
    def _witness(query: Query, family: HypercubeFamily, index: Index, eta: Fraction) -> dict[str, Any]:
        """The exact integers that go with a member and eta."""
        N = family.cells(index)
        with precision(256):
            numbers = vectors_witness(query.G, N, eta, family.norm(BALL, index, inf))
        growth = log2_separated(FLOAT, N, numbers["levels"], numbers["fat"], numbers["exponent"])
        h, _ = best_distance(np.array([float(N)]), np.array([float(growth)]))
        return family.witness(index) | {"h": int(h[0]), "eta": eta} | numbers

    def _growth(self, A: Arithmetic[V], query: Query, family: HypercubeFamily, index: Index, witness: Witness) -> V:
        """log2 Pi, checked."""
        return checked_vectors(A, query.G, family.cells(index), family.norm(A, index, inf), witness)

    def _mass(self, A: Arithmetic[V], query: Query, witness: Witness) -> tuple[HypercubeFamily, Index, int, V]:
        query = on_cylinder(query, witness)
        family, index, cells = member_of(query.F.families, witness)
        mass = checked_mass(A, cells, self._growth(A, query, family, index, witness), witness)
        return family, index, cells, mass

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, cells, mass = self._mass(A, query, witness)
        norm = family.norm(A, index, query.p) - A.number(fraction_of(witness, "eta"))
        if A.decides:
            require(bool(norm > 0), "eta must certainly be below ||w||_p")
        return norm * A.power(2 * mass / A.number(cells), 1 / A.number(query.p))

    def rate(self, query: Query) -> Any:
        return fat_rate(query)

    def outline(self, query: Query) -> tuple[Step, ...]:
        return (Step(self.statement, (*CITATIONS, *self.citations)),)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, _, mass = self._mass(BALL, query, witness)
        reduced, eta, D = on_cylinder(query, witness), fraction_of(witness, "eta"), integer_of(witness, "fat")
        growth = self._growth(BALL, reduced, family, index, witness)
        p = query.p
        return (
            *member_steps(query, witness, f"\\|w\\|_{{{p}}}\\ge {below(family.norm(BALL, index, p))}"),
            *fat_steps(reduced.G, D + 1),
            Step(
                f"With $\\eta={above(eta)}$: $\\operatorname{{fat}}_{{\\eta/4}}(G)\\le D={D}$ and "
                f"$B=\\lfloor4\\sup w/\\eta\\rfloor={witness['levels']}$ give $\\log_2\\Pi\\le"
                f"1+\\lceil\\log_2y\\rceil\\log_2(NB^2)\\le {above(growth)}$, "
                r"$y=\sum_{i=1}^D\binom NiB^i$ ($\Pi=1$ if $D=0$).",
                CITATIONS,
            ),
            Step(f"With $h={witness['h']}$: $S\\ge {below(mass)}$."),
            Step(
                f"{self.statement} Hence $E_{{{p}}}\\ge {below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
