"""ReLU constructions whose data are a few sizes, found by the best split of the widths of G."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.placement import relu_refusal
from approxbounds.errors import echo
from approxbounds.facts.functions import Regularity
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import Number, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["SizedConstruction"]


class SizedConstruction(Construction):
    """A construction for smooth F in ReLU networks, of which the witness has the sizes :meth:`names`."""

    citations = (Citation("approxbounds", "5.1"),)

    @abstractmethod
    def names(self, query: Query) -> tuple[str, ...]:
        """The names of the sizes."""

    @abstractmethod
    def needs(self, query: Query) -> str | None:
        """Why F, d, p, or the number of layers do not suit the construction, or None; d is a number here."""

    @abstractmethod
    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        """The sizes of least error for which G has room, or None if there are none."""

    @abstractmethod
    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        """Whether the widths of G have room for these sizes (all at least 1)."""

    @abstractmethod
    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        """The bound for these sizes."""

    def refusal(self, query: Query) -> str | None:
        if query.F.regularity is None:
            return "F must be a Hölder, Lipschitz, anisotropic or Sobolev (q = inf) ball, its dimension a number"
        reason = relu_refusal(query.G)
        if reason is None and is_symbolic(query.G.domain_dim):
            reason = "the dimension must be a number"
        return self.needs(query) if reason is None else reason

    def search(self, query: Query) -> Witness:
        """Symbols of F and p do not matter for what fits: in their place are a smoothness of 1, R = 1 and p = 2."""
        F, p = self._numbers(query), 2 if is_symbolic(query.p) else query.p

        def error(sizes: Mapping[str, Any]) -> float:
            return float(self.error(FLOAT, F, p, {name: float(size) for name, size in sizes.items()}))

        found = self.best(query, error)
        if found is None:
            raise self.no_room
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        sizes = {name: integer_of(witness, name, minimum=1) for name in self.names(query)}
        shown = ", ".join(f"{name}={echo(size)}" for name, size in sizes.items())
        require(self.has_room(query, sizes), f"the widths of G have no room for {shown}")
        return self.error(A, self._regularity(query), query.p, {name: A.number(n) for name, n in sizes.items()})

    def expression(self, query: Query) -> Any:
        """In the sizes, where G has symbols."""
        names = self.names(query)
        sizes = dict(zip(names, self.sizes(query, *names), strict=True))
        return conditional(query, self.error(SYMBOLIC, self._regularity(query), query.p, sizes))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        shown = ", ".join(f"{name}={size}" for name, size in witness.items())
        return self.allowed(query, witness, f"${shown}$")

    @staticmethod
    def _regularity(query: Query) -> Regularity:
        assert query.F.regularity is not None  # refused else
        return query.F.regularity

    def _numbers(self, query: Query) -> Regularity:
        """The same with numbers for symbols."""
        F = self._regularity(query)
        along = tuple(1 if is_symbolic(s) else s for s in F.along)
        return replace(F, along=along, radius=1 if is_symbolic(F.radius) else F.radius)
