"""Unions of classes: whatever of several kinds is best for a target. THEORY.md, 3.6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from approxbounds.errors import NoExpressionError, ParameterError
from approxbounds.facts.growth import GrowthBound, Thresholds, UnionCount
from approxbounds.facts.networks import Contents, Orders
from approxbounds.facts.piecewise import Piecewise, largest_piecewise
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.simple import FiniteClass, LinearSpace
from approxbounds.parameters import Entries, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["Union"]

_SOME = (LinearSpace(dimension=2), FiniteClass(bits=3))


@dataclass(frozen=True, kw_only=True)
class Union(NetworkClass):
    """The union of Q classes: for each target the best of them is taken, such as one of several architectures.

    ``members`` are 2 to 100 network classes, without symbols and without unions among them, that agree on the
    number of inputs where they name it. On m points there are at most Q times as many patterns as of the
    member with the most: log2 Pi <= log2 Q + max_q log2 Pi_q.

    >>> import approxbounds as ab
    >>> shallow, deep = (ab.ReLUNetwork(widths=widths, input_dim=1) for widths in ((9,), (3, 4)))
    >>> ab.Union(members=(shallow, deep)).pseudo_dimension().value
    40
    """

    citations = (Citation("approxbounds", "3.6"),)
    records = ("members",)
    members: tuple[NetworkClass, ...] = field(
        metadata=allowed(Entries(None, 100, "2 to 100 network classes", some=(_SOME,)))
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.members) < 2:
            raise ParameterError("members", self.members, "must have from 2 to 100 entries")
        inputs = None
        for i, member in enumerate(self.members):
            name = f"members[{i}]"
            if not isinstance(member, NetworkClass) or isinstance(member, Union):
                raise ParameterError(name, member, "must be a network class other than a union")
            if member.symbols:
                raise ParameterError(name, member, "must have no symbols: a union needs numbers")
            if None not in (inputs, member.domain_dim) and member.domain_dim != inputs:
                allowed = f"must have as many inputs as the members before it, {inputs}"
                raise ParameterError(f"{name}.input_dim", member.domain_dim, allowed)
            inputs = inputs if member.domain_dim is None else member.domain_dim

    @property
    def domain_dim(self) -> Number:
        return next((member.domain_dim for member in self.members if member.domain_dim is not None), None)

    @property
    def bounded_growth(self) -> bool:
        return all(member.bounded_growth for member in self.members)

    @property
    def lipschitz_constant(self) -> Number | None:
        constants: list[Number] = [member.lipschitz_constant for member in self.members]
        return None if None in constants else max(constants)

    @property
    def piecewise(self) -> Piecewise | None:
        return largest_piecewise(member.piecewise for member in self.members)

    @property
    def is_continuous(self) -> bool:
        return all(member.is_continuous for member in self.members)

    @property
    def homogeneity(self) -> Number | None:
        degrees = {member.homogeneity for member in self.members}
        return degrees.pop() if len(degrees) == 1 else None

    @property
    def may_contain(self) -> Contents:
        parts = [member.may_contain for member in self.members]
        return Contents(zero=any(part.zero for part in parts), constant=any(part.constant for part in parts))

    @property
    def contains_constants(self) -> bool:
        return any(member.contains_constants for member in self.members)

    def larger(self) -> Iterator[Self]:
        return self.variants({"members": (*self.members, LinearSpace(dimension=1))})

    @property
    def definition(self) -> str:
        shown = " ".join(f"({q}) {member.definition}" for q, member in enumerate(self.members, 1))
        return f"$G=G_1\\cup\\dots\\cup G_Q$ is a union of $Q={len(self.members)}$ classes: {shown}"

    @property
    def orders(self) -> Orders:
        """Pdim is of order P, the largest pseudo-dimension of the members, for a fixed number of them."""
        import sympy

        if not self.bounded_growth:
            raise NoExpressionError("the pseudo-dimension of a member is infinite: it has no order")
        return Orders.of_size(sympy.Symbol("P", positive=True))

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        found = self._union(member.growth(thresholds) for member in dict.fromkeys(self.members))
        return replace(found, whole=(*found.whole, *self.line_counts(thresholds)))

    def flat_growth(self, axes: tuple[int, ...], thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        return self._union(member.flat_growth(axes, thresholds) for member in dict.fromkeys(self.members))

    def _union(self, parts: Iterable[GrowthBound]) -> GrowthBound:
        return GrowthBound(whole=(UnionCount(len(self.members), tuple(parts)),))
