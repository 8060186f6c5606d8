"""Tpoints: points that F shatters with a gap and G does not shatter, in sup norm. THEORY.md, Tpoints."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import (
    excludes_shattering,
    growth_steps,
    no_growth,
    pdim_expression,
    pdim_upper,
    unshattered_member,
)
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.hypercube import family_of
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, require

__all__ = ["PointsTheorem"]


class PointsTheorem(Theorem):
    """E_inf >= w if F shatters N points with every gap below w and G does not shatter N points.

    Hypotheses: p = inf; N points x_i with levels c_i such that for every omega an f_omega in F, continuous at the
    points, is at least c_i + w where omega_i = 1 and at most c_i - w where omega_i = 0 (or this for every number below
    w); G does not shatter any N points at levels of this kind. Otherwise functions of G within less than w of the
    f_omega would shatter points near the x_i. Convex functions of two or more variables: w = 1/2 for every N.
    Witness: ``family`` and its indices.
    """

    id = "Tpoints"
    title = "Points shattered with a gap"
    statement = (
        r"If $F$ shatters $N$ points at levels $c_i$ with every gap below $w$, by functions that are continuous there, "
        r"and $G$ shatters no $N$ points, then $E_\infty(F,G)\ge w$: functions of $G$ within less than $w$ of the "
        r"$f_\omega$ would show all $2^N$ patterns at points near them."
    )
    citations = (Citation("approxbounds", "Tpoints"),)

    def refusal(self, query: Query) -> str | None:
        if not is_infinite(query.p):
            return f"p = {query.p}: points count in sup norm only"
        if not query.F.point_families:
            return "no points that F shatters with a gap are known (T3inf takes hypercube families)"
        return no_growth(query)

    def size_free(self, query: Query) -> str | None:
        constant = any(family.exponent == 0 for family in query.F.point_families)
        return "functions of finite pseudo-dimension" if constant else None

    def search(self, query: Query) -> Witness:
        best, found = 0.0, None
        for family in query.F.point_families:
            points = pdim_upper(query.G, family.centres) + 1
            index = unshattered_member(query.G, family, points, family.points)
            if index is not None and (gap := float(family.gap(FLOAT, index))) > best:
                best, found = gap, family.witness(index)
        if found is None:
            raise HypothesisError("no points that G certainly fails to shatter were found")
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index = family_of(query.F.point_families, witness)
        if A.decides:
            points = family.points(index)
            unshattered = excludes_shattering(A, query.G, points, family.centres)
            require(unshattered, f"it is not certain that no N={echo(points)} points are shattered")
        return family.gap(A, index)

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-query.F.point_families[0].exponent)

    def expression(self, query: Query) -> Any:
        """w for N = P + 1 points, P >= Pdim(G)."""
        P, _ = pdim_expression(query.G)
        return conditional(query, query.F.point_families[0].least_gap(SYMBOLIC, P + 1))

    def outline(self, query: Query) -> tuple[Step, ...]:
        family = query.F.point_families[0]
        _, citations = pdim_expression(query.G)
        return (
            Step(family.describe(None), family.citations),
            Step(r"Take $N\ge\operatorname{Pdim}(G)+1$ points.", citations),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index = family_of(query.F.point_families, witness)
        N = family.points(index)
        shown = f"This gives $N={N}$ points and $w\\ge {below(family.gap(BALL, index))}$."
        return (
            Step(f"{family.describe(index)} {shown}", family.citations),
            *growth_steps(query.G.growth(family.centres), N),
            Step(self.statement, self.citations),
        )
