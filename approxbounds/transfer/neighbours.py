"""Bounds for G by those for a class near it. THEORY.md, Tnear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.networks import Neighbourhood
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.render import below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, applicable
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.transfer.sup_norm import SupNormTheorem
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, require, short_fraction

__all__ = ["NeighbourTheorem"]

_SHARES = (0.1, 0.01, 0.003)  # of the bound so far: the distances that are tried, the first of 1
_NAMES = frozenset({"near", "rho", "theorem"})
_LESS = frozenset({"T2a", "T2b", "T3fat", "T3fat-inf"})  # than T3 or T3inf give for the finite classes of nets


class _Inner(Mapping[str, Any]):
    """The part of a witness that is for G': names that Tnear takes for itself have "inner." before them."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def __getitem__(self, name: str) -> Any:
        return self._witness[_written(name)]

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix("inner.") for name in self._witness if name not in _NAMES)

    def __len__(self) -> int:
        return len(self._witness.keys() - _NAMES)


def _written(name: str) -> str:
    return f"inner.{name}" if name in _NAMES else name


@dataclass(frozen=True)
class _Near:
    """A class near G at a distance, the theorem for it, what this needs, and the bound for it in floats."""

    known: Neighbourhood
    rho: Fraction
    theorem: Theorem
    value: float
    data: Witness

    @property
    def left(self) -> float:
        return self.value - float(self.rho)

    @property
    def witness(self) -> dict[str, Any]:
        own = {"near": self.known.id, "rho": self.rho, "theorem": self.theorem.id}
        return {**{_written(name): entry for name, entry in self.data.items()}, **own}


def _plain(query: Query) -> Theorem:
    """The theorem for classes counted on grids, and of witnesses that name none."""
    return SupNormTheorem() if is_infinite(query.p) else HypercubeTheorem()


def _applicable(near: Query) -> Iterator[Theorem]:
    """The theorems for the class near G that give numbers."""
    if not near.G.bounded_growth:  # counted on grids only
        return iter((_plain(near),))
    return applicable((theorem for theorem in LOWER_THEOREMS if not isinstance(theorem, NeighbourTheorem)), near)


def _neighbourhood(query: Query, witness: Witness) -> Neighbourhood:
    for known in query.G.neighbourhoods:
        if known.id == witness.get("near"):
            return known
    raise HypothesisError(f"no class near G is known by the name {echo(witness.get('near'))}")


class NeighbourTheorem(Theorem):
    """E_p(F, G) >= E_p(F, G') - rho if each g in G is within rho of some g' in G', in sup norm on [0,1]^d.

    Hypotheses: a class near G is known (``neighbourhoods``): a finite net of networks with bounded parameters, or step
    networks. Guarantee: the bound of any theorem for G', less rho, in balls. By the triangle inequality; G' need not be
    part of G. Witness: ``near`` names the way, ``rho``, ``theorem`` the one for G' (by default T3, or T3inf for p =
    inf), and what that one needs; its own rho is ``inner.rho``. Proof: THEORY.md, Tnear.
    """

    id = "Tnear"
    title = "Neighbours"
    statement = r"If every $g\in G$ has a $g'\in G'$ with $\|g-g'\|_p\le\rho$, then $E_p(F,G)\ge E_p(F,G')-\rho$."
    citations = (Citation("approxbounds", "Tnear"),)

    def refusal(self, query: Query) -> str | None:
        if not query.G.neighbourhoods:
            return "no class near G is known (it takes a bound on the parameters)"
        return "it gives numbers, no closed form" if query.symbols else None

    def search(self, query: Query) -> Witness:
        best: _Near | None = None
        for known in query.G.neighbourhoods:
            value, theorems = 1.0, None
            for share in _SHARES:  # finer nets have more functions, but few more
                found = self._at(query, known, short_fraction(value * share), theorems)
                if found:
                    value = max(near.value for near in found)
                    theorems = [near.theorem for near in found if near.value >= value / 2]
                    best = max((near for near in (best, *found) if near is not None), key=lambda near: near.left)
        if best is None or not best.left > 0:
            raise HypothesisError("no distance searched leaves a bound above 0")
        return best.witness

    @staticmethod
    def _at(query: Query, known: Neighbourhood, rho: Fraction, theorems: Sequence[Theorem] | None) -> list[_Near]:
        """What these theorems give for the class at this distance; by default all that apply."""
        found = []
        with suppress(HypothesisError):
            near = replace(query, network=known.at(rho))
            for theorem in _applicable(near) if theorems is None else theorems:
                if theorem.id not in _LESS:
                    with suppress(HypothesisError):
                        data = theorem.search(near)
                        value = float(theorem.evaluate(FLOAT, near, data))
                        found.append(_Near(known, rho, theorem, value, data))
        return found

    @staticmethod
    def _read(query: Query, witness: Witness) -> tuple[Neighbourhood, Fraction, Theorem, Query]:
        """The way, the distance, the theorem and the query for the class near G."""
        rho, known = fraction_of(witness, "rho"), _neighbourhood(query, witness)
        near, name = replace(query, network=known.at(rho)), witness.get("theorem")
        if name is None:
            return known, rho, _plain(near), near
        for theorem in _applicable(near):
            if theorem.id == name:
                return known, rho, theorem, near
        raise HypothesisError(f"theorem={echo(name)} is none that applies to the class near G")

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        _, rho, theorem, near = self._read(query, witness)
        value = theorem.evaluate(A, near, _Inner(witness)) - A.number(rho)
        require(not A.decides or bool(value > 0), f"the bound for the class near G is not above rho={echo(rho)}")
        return value

    def rate(self, query: Query) -> Any:
        raise NoExpressionError("Tnear states no rate")

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        known, rho, theorem, near = self._read(query, witness)
        return (
            Step(
                f"Let $\\rho={latex(rho)}$. {known.describe(rho)} These are $G'$, of which the next steps speak.",
                known.citations,
            ),
            *theorem.argument(near, _Inner(witness)),
            Step(f"{self.statement} Here ${below(self.evaluate(BALL, query, witness))}$ is left.", self.citations),
        )
