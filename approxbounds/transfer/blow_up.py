"""Tblowup: classes whose functions concentrate so much that no network is near all of them. THEORY.md, Tblowup."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import excludes_shattering, growth_steps, no_growth, pdim_upper
from approxbounds.errors import echo
from approxbounds.facts.hypercube import Thresholds
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["BlowUpTheorem"]


class BlowUpTheorem(Theorem):
    """E_p = infinity if F has hypercube families of any number of cells with ||w||_p as large as one likes.

    Hypotheses: such families, all centres 0 (:meth:`~approxbounds.facts.functions.FunctionFacts.blow_up`); G
    shatters no ``points`` many points at common thresholds, so that its growth there is polynomial (Sauer's lemma).
    Sobolev balls with s + d/p < d/q, which do not lie in L^p. Witness: ``points``.
    """

    id = "Tblowup"
    title = "Blow-up of concentrated functions"
    statement = (
        r"If $F$ has hypercube families of any number of cells, all centres $0$, with $\|w\|_p$ as large as one likes, "
        r"and $G$ is of finite pseudo-dimension, then $E_p(F,G)=\infty$: by T3 (T3inf) $E_p(F,G)\ge c\,\|w\|_p$ for a "
        r"large number of cells, with one $c>0$ for all these families."
    )
    citations = (Citation("approxbounds", "Tblowup"), Citation("approxbounds", "T3"))
    infinite = True

    def refusal(self, query: Query) -> str | None:
        if query.F.symbols or is_symbolic(query.p):
            return "it needs numbers in F and p, not symbols"
        if query.F.blow_up(query.p) is None:
            return f"F is not known to have hypercube families with unbounded norms in L^p, p = {query.p}"
        return no_growth(query)

    def size_free(self, query: Query) -> str:
        return "functions of finite pseudo-dimension"

    def search(self, query: Query) -> Witness:
        return {"points": pdim_upper(query.G, Thresholds.COMMON) + 1}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        points = integer_of(witness, "points", minimum=1)
        if A.decides:
            unshattered = excludes_shattering(A, query.G, points, Thresholds.COMMON)
            require(unshattered, f"it is not certain that no points={echo(points)} points are shattered")
        return A.infinity

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.infinity

    def expression(self, query: Query) -> Any:
        return SYMBOLIC.infinity

    def outline(self, query: Query) -> tuple[Step, ...]:
        return Step(query.F.blow_up(query.p) or "", self.citations[:1]), Step(self.statement, self.citations)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, last = self.outline(query)
        return (family, *growth_steps(query.G.growth(Thresholds.COMMON), integer_of(witness, "points")), last)
