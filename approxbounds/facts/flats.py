"""The functions of G on flats, sets of points that differ in some coordinates only. THEORY.md, sections 2.7 and 6."""

from __future__ import annotations

from dataclasses import dataclass, replace

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.growth import Count, GrowthBound, Thresholds
from approxbounds.facts.hypercube import GridSides
from approxbounds.facts.networks import NetworkFacts, Orders
from approxbounds.facts.pfaffian import Pfaffian
from approxbounds.facts.piecewise import Piecewise
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["OnFlats"]


@dataclass(frozen=True, kw_only=True)
class OnFlats(NetworkFacts):
    """The functions of ``network`` on the flats in the directions of the coordinates ``axes``, which are its inputs.

    What bounds them everywhere bounds them there: growth, which may be smaller, and constants.
    """

    network: NetworkFacts
    axes: tuple[int, ...]

    @property
    def domain_dim(self) -> int:
        return len(self.axes)

    @property
    def orders(self) -> Orders:
        return self.network.orders

    @property
    def piecewise(self) -> Piecewise | None:
        """What is known of the network on lines; if the flats are lines in other directions, nothing."""
        known = self.network.piecewise
        if known is None or known.axes is None:
            return known
        return replace(known, axes=None) if set(self.axes) <= set(known.axes) else None

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        found = self.network.flat_growth(self.axes, thresholds)
        return replace(found, whole=(*found.whole, *self.line_counts(thresholds)))

    def grid_counts(self, sides: GridSides) -> tuple[Count, ...]:
        section = self.network.section(self.axes)
        return () if section is None else section.grid_counts(sides)

    @property
    def pfaffian(self) -> Pfaffian | None:
        section = self.network.section(self.axes)
        return self.network.pfaffian if section is None else section.pfaffian

    @property
    def bounded_growth(self) -> bool:
        return self.network.bounded_growth

    @property
    def lipschitz_constant(self) -> Number:
        return self.network.lipschitz_constant

    def rademacher_constant(self, A: Arithmetic[V]) -> V | None:
        return self.network.rademacher_constant(A)

    @property
    def rademacher_citations(self) -> tuple[Citation, ...]:
        return self.network.rademacher_citations
