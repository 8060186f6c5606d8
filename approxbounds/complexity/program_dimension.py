"""The pseudo-dimension of programs of exponentials, in closed form. THEORY.md, 3.10."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.complexity.dimension import ExplicitMethod
from approxbounds.facts.pfaffian import Pfaffian
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.validation import is_symbolic
from approxbounds.witness import Witness

__all__ = ["ProgramMethod"]


class ProgramMethod(ExplicitMethod):
    """Pdim <= t + d log2(2e(t/d + 2)), t = log2 B + d(c+1), or log2 B if there are no comparisons.

    From 2^m <= B (eM/d)^d with M = m(2^(c+1) - 1) functions, for d parameters, c comparisons and Khovanskii's bound B
    on solutions, or Warren's for programs without exponentials.
    """

    id = "pdim-program"
    title = "Pseudo-dimension of programs of exponentials, closed form"
    statement = (
        r"If $1[g(x)>r]$ is computed from $d$ real parameters with $q$ functions of a Pfaffian chain and $c$ "
        r"comparisons, $\operatorname{Pdim}(G)\le t+d\log_2(2e(t/d+2))$, $t=\log_2B+d(c+1)$ ($t=\log_2B$ if $c=0$), "
        r"with Khovanskii's bound $B$ on the number of solutions of at most $d$ such equations."
    )
    citations = (Citation("Khovanskii1991"), Citation("approxbounds", "3.10"))

    def refusal(self, query: Query) -> str | None:
        return "the class is not a program of exponentials" if query.G.pfaffian is None else None

    @staticmethod
    def _program(query: Query) -> Pfaffian:
        assert query.G.pfaffian is not None
        return query.G.pfaffian

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        program = self._program(query)
        d, t = A.number(program.weights), program.log2_solutions(A)
        if is_symbolic(program.tests) or program.tests > 0:
            t = t + d * (A.number(program.tests) + 1)
        return t + d * A.log2(2 * A.e * (t / d + 2))

    def rate(self, query: Query) -> Any:
        return query.G.real_orders.pdim
