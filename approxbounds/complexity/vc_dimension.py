"""Upper bounds on VC(G), the VC dimension of {1[g > 0] : g in G}: the pseudo-dimension with all levels 0.

THEORY.md, section 3.3. Each method is a theorem of its own, certified alike.
"""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.bound import Bound, apply, best
from approxbounds.complexity.pseudo_dimension import METHODS as PDIM_METHODS
from approxbounds.complexity.pseudo_dimension import DimensionMethod, GrowthMethod
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.growth import Thresholds
from approxbounds.facts.networks import NetworkFacts
from approxbounds.kernel import certified_value
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import Number
from approxbounds.witness import Witness

__all__ = ["METHODS", "vc_dimension"]

_DEFINITION = r"$\operatorname{VC}(G)$ is the largest number of points on which $1[g>0]$, $g\in G$, show all patterns."


_VC = r"\operatorname{VC}(G)"


class _VCMethod(DimensionMethod):
    symbol = _VC


class SignGrowthMethod(GrowthMethod):
    """growth(v+1) < v+1 at one threshold for all points implies VC <= v. Witness: ``vc`` = v."""

    symbol = _VC
    entry = "vc"
    thresholds = Thresholds.COMMON
    fewer = "they are fewer than $2^m$"

    id = "vc-growth"
    title = "VC dimension from the growth function"
    statement = f"{_DEFINITION} If $m$ points never show all $2^m$ patterns at a common threshold, no larger set does."


class ChangesMethod(_VCMethod):
    """Functions of one variable whose sign changes at most C times: VC <= C + 1."""

    id = "vc-changes"
    title = "VC dimension from sign changes along a line"
    statement = (
        rf"{_DEFINITION} Where $1[g>0]$ changes at most $C$ times along the line, $C+2$ points do not show the "
        r"alternating pattern: $\operatorname{VC}(G)\le C+1$, with equality if $G$ has all steps with $C$ ends."
    )
    citations = (Citation("approxbounds", "3.7"),)

    def refusal(self, query: Query) -> str | None:
        if query.G.line_dimension(Thresholds.COMMON) is None:
            return "it is for functions of one variable of which the number of sign changes is known"
        return None

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.number(query.G.line_dimension(Thresholds.COMMON))

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        most: Number = query.G.line_dimension(Thresholds.COMMON)
        return (Step(f"{self.statement} Here $C={most - 1}$.", self.citations),)

    def rate(self, query: Query) -> Any:
        return query.G.piece_order


class FromPseudoDimension(_VCMethod):
    """VC <= Pdim, by a method without data. Witness: ``method``, its id; the one of least value is found."""

    id = "vc-pdim"
    title = "VC dimension from the pseudo-dimension"
    statement = (
        rf"{_DEFINITION} So it is at most $\operatorname{{Pdim}}(G)$, where each point has a level of its own; "
        r"linear spaces have equality."
    )
    citations = (Citation("AnthonyBartlett1999", "Thm 11.4"), Citation("approxbounds", "3.3"))

    _methods = {method.id: method for method in PDIM_METHODS if not isinstance(method, GrowthMethod)}

    def _applicable(self, query: Query) -> list[Theorem]:
        return [method for method in self._methods.values() if method.refusal(query) is None]

    def _method(self, query: Query, witness: Witness) -> Theorem:
        name = witness.get("method")
        method = self._methods.get(name) if isinstance(name, str) else None
        if method is None or method.refusal(query) is not None:
            known = ", ".join(each.id for each in self._applicable(query))
            raise HypothesisError(f"witness method={echo(name)} must be one of those that apply: {known}")
        return method

    def refusal(self, query: Query) -> str | None:
        return None if self._applicable(query) else "no method bounds the pseudo-dimension by a formula"

    def search(self, query: Query) -> Witness:
        least = min(self._applicable(query), key=lambda method: certified_value(method, query, {}))
        return {"method": least.id}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return self._method(query, witness).evaluate(A, query, {})

    def expression(self, query: Query) -> Any:
        return self._applicable(query)[0].expression(query)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        method = self._method(query, witness)
        return (Step(method.statement, method.citations), Step(self.statement, self.citations))


METHODS: tuple[Theorem, ...] = (ChangesMethod(), FromPseudoDimension(), SignGrowthMethod())


def vc_dimension(G: NetworkFacts) -> Bound:
    """The least of all upper bounds on the VC dimension of {1[g > 0] : g in G}; with symbols, a closed form."""
    query = Query(network=G)
    return best(tuple(apply(method, query) for method in METHODS), f"a bound on the VC dimension of {G}")
