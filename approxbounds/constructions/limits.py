"""Upper bounds for G by those for a class of limits of its functions. THEORY.md, 5.2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.kernel import certified_value
from approxbounds.registry import UPPER_THEOREMS
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem, applicable
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness

__all__ = ["LimitTheorem"]


def _limits(query: Query) -> Iterator[Query]:
    """The query for each class of limits that may stand for G: for p = inf limits must be uniform."""
    for limit in query.G.limits:
        if limit.uniform or not is_infinite(query.p):
            yield replace(query, network=limit.network)


class LimitTheorem(Theorem):
    """E_p(F, G) <= E_p(F, G') if all functions of G' are limits of functions of G.

    Limits: uniform on [0,1]^d, or for p < inf bounded ones almost everywhere. Steep sigmoid, tanh and arctan units are
    steps in the limit, steep softplus, SiLU, GELU and ELU units are ReLU, so that all constructions of networks of
    these carry over. Guarantee: the best certified upper bound for G', at most it, as inf_g ||f - g|| is. Witness:
    ``theorem``, the one for G', and what it needs.
    """

    id = "limits"
    title = "Limits of networks"
    statement = (
        r"If every $g'\in G'$ is the limit of functions of $G$ in $L^p$, then "
        r"$\inf_{g\in G}\|f-g\|_p\le\|f-g'\|_p$ for each of them, so $E_p(F,G)\le E_p(F,G')$."
    )
    citations = (Citation("approxbounds", "5.2"),)
    direction = Direction.UPPER
    unbuilt = "the networks of its construction are limits of those of G"

    def refusal(self, query: Query) -> str | None:
        if not query.G.limits:
            return "G is not known to have limits of another kind (smooth networks with real parameters have)"
        if query.symbols:
            return "it gives numbers, no closed form"
        if not any(True for _ in _limits(query)):
            return "p = inf: the limits are not uniform"
        return None

    def search(self, query: Query) -> Witness:
        found: list[tuple[float, dict[str, Any]]] = []
        for near in _limits(query):
            for theorem in applicable(UPPER_THEOREMS, near):
                with suppress(HypothesisError):
                    witness = theorem.search(near)
                    value = float(certified_value(theorem, near, witness))
                    found.append((value, {**witness, "theorem": theorem.id}))
        if not found:
            raise HypothesisError("no upper bound for the class of limits is known")
        return min(found, key=lambda pair: pair[0])[1]

    @staticmethod
    def _inner(query: Query, witness: Witness) -> tuple[Theorem, Query]:
        """The theorem that the witness names, and the query for the class of limits to which it applies."""
        for near in _limits(query):
            for theorem in applicable(UPPER_THEOREMS, near):
                if theorem.id == witness.get("theorem"):
                    return theorem, near
        raise HypothesisError(f"no upper bound {echo(witness.get('theorem'))} for a class of limits is known")

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        theorem, near = self._inner(query, witness)
        return theorem.evaluate(A, near, witness)

    def rate(self, query: Query) -> Any:
        raise NoExpressionError("limits states no rate: ask for the class of limits")

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        theorem, near = self._inner(query, witness)
        return (
            Step(f"Functions of {near.G}, for $G'$, are limits of functions of $G$. {self.statement}", self.citations),
            *theorem.argument(near, witness),
        )
