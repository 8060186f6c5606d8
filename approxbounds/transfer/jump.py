"""Tjump: functions with a jump against continuous ones, in sup norm. THEORY.md, Tjump."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.render import latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness

__all__ = ["JumpTheorem"]


class JumpTheorem(Theorem):
    """E_inf >= h/2 if some f in F has a jump of height h and every g in G is continuous.

    Hypotheses: p = inf; F states a :attr:`~approxbounds.facts.functions.FunctionFacts.jump`; G is continuous. Nothing
    is asked of the size of G, nor of its pseudo-dimension. Equality for monotone functions if G has the constant 1/2.
    There is no witness.
    """

    id = "Tjump"
    title = "Jumps against continuous functions"
    statement = (
        r"If some $f\in F$ jumps by $h$ and every $g\in G$ is continuous, then $E_\infty(F,G)\ge h/2$: near a point of "
        r"the jump $g$ is almost constant, and $f$ takes two values at distance $h$ on sets of positive measure."
    )
    citations = (Citation("approxbounds", "Tjump"),)

    def refusal(self, query: Query) -> str | None:
        if not is_infinite(query.p):
            return f"p = {query.p}: jumps count in sup norm only"
        if query.F.jump is None:
            return "no function of F with a jump is known"
        return None if query.G.is_continuous else "the functions of G are not known to be continuous"

    def size_free(self, query: Query) -> str:
        return "continuous functions"

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.number(query.F.jump) / 2

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.number(1)

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})

    def outline(self, query: Query) -> tuple[Step, ...]:
        return (Step(f"{self.statement} Here $h={latex(SYMBOLIC.number(query.F.jump))}$.", self.citations),)
