"""Bounds for G by those for a class near it. THEORY.md, Tnear."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.networks import Neighbourhood
from approxbounds.members import no_family
from approxbounds.render import below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.transfer.sup_norm import SupNormTheorem
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, require, short_fraction

__all__ = ["NeighbourTheorem"]

_SHARES = (0.1, 0.01, 0.01, 0.003)  # of the bound so far: the distances that are tried, the first of 1


def _inner(query: Query) -> Theorem:
    """The theorem that is used for the class near G."""
    return SupNormTheorem() if is_infinite(query.p) else HypercubeTheorem()


def _neighbourhood(query: Query, witness: Witness) -> Neighbourhood:
    for known in query.G.neighbourhoods:
        if known.id == witness.get("near"):
            return known
    raise HypothesisError(f"no class near G is known by the name {echo(witness.get('near'))}")


class NeighbourTheorem(Theorem):
    """E_p(F, G) >= E_p(F, G') - rho if each g in G is within rho of some g' in G', in sup norm on [0,1]^d.

    Hypotheses: a class near G is known (``neighbourhoods``): a finite net of networks with bounded parameters, or step
    networks. Guarantee: the bound of T3, or of T3inf for p = inf, for G', less rho, in balls. By the triangle
    inequality; G' need not be part of G. Witness: ``near`` names the way, ``rho``, and what the theorem for G' needs.
    """

    id = "Tnear"
    title = "Neighbours"
    statement = r"If every $g\in G$ has a $g'\in G'$ with $\|g-g'\|_p\le\rho$, then $E_p(F,G)\ge E_p(F,G')-\rho$."
    citations = (Citation("approxbounds", "Tnear"),)

    def refusal(self, query: Query) -> str | None:
        if not query.G.neighbourhoods:
            return "no class near G is known (it takes a bound on the parameters)"
        if query.symbols:
            return "it gives numbers, no closed form"
        return no_family(query)

    def search(self, query: Query) -> Witness:
        best, found = 0.0, None
        for known in query.G.neighbourhoods:
            value = 1.0
            for share in _SHARES:
                rho = short_fraction(value * share)
                with suppress(HypothesisError):  # finer nets have more functions, but few more
                    witness, value = self._at(query, known, rho)
                    if value - float(rho) > best:
                        best, found = value - float(rho), {**witness, "near": known.id, "rho": rho}
        if found is None:
            raise HypothesisError("no distance searched leaves a bound above 0")
        return found

    @staticmethod
    def _at(query: Query, known: Neighbourhood, rho: Fraction) -> tuple[dict[str, Any], float]:
        """The witness for the class at this distance, and the bound for it in floats."""
        near, inner = replace(query, network=known.at(rho)), _inner(query)
        witness = dict(inner.search(near))
        return witness, float(inner.evaluate(FLOAT, near, witness))

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        rho = fraction_of(witness, "rho")
        near = replace(query, network=_neighbourhood(query, witness).at(rho))
        value = _inner(query).evaluate(A, near, witness) - A.number(rho)
        require(not A.decides or bool(value > 0), f"the bound for the class near G is not above rho={echo(rho)}")
        return value

    def rate(self, query: Query) -> Any:
        raise NoExpressionError("Tnear states no rate")

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        rho, known = fraction_of(witness, "rho"), _neighbourhood(query, witness)
        near = replace(query, network=known.at(rho))
        return (
            Step(f"Let $\\rho={latex(rho)}$. {known.describe(rho)} These are $G'$.", known.citations),
            *_inner(query).argument(near, witness),
            Step(f"{self.statement} Here ${below(self.evaluate(BALL, query, witness))}$ is left.", self.citations),
        )
