"""Step networks near tanh networks with bounded output weights, counted on grids. THEORY.md, 3.13."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.growth import AffineCount, Count, CountedLayer, GrowthBound, SumCount, Thresholds
from approxbounds.facts.growth_on_grids import LogisticLayer, varied
from approxbounds.facts.hypercube import GridSides
from approxbounds.facts.networks import Neighbourhood, NetworkFacts, Orders
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["GridSteps"]

_MOST_STEPS = 10**250


@dataclass(frozen=True, kw_only=True)
class _StepNetwork(NetworkFacts):
    """A first layer of logistic units, then layers of units with ``steps`` equal values; one linear output unit."""

    widths: tuple[int, ...]
    steps: int

    @property
    def domain_dim(self) -> None:
        return None

    @property
    def bounded_growth(self) -> bool:
        return False  # counted on grids only

    @property
    def orders(self) -> Orders:
        import sympy

        return Orders.of_size(sympy.Symbol("W", positive=True))

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        return GrowthBound()

    def section(self, axes: tuple[int, ...]) -> NetworkFacts:
        return self

    def grid_counts(self, sides: GridSides) -> tuple[Count, ...]:
        first, second, *_ = self.widths
        thresholds, powers = self.steps - 1, first * (varied(sides) + 1)
        inner = LogisticLayer(thresholds * second, first, powers, second * (first + 1), sides)
        layers = [CountedLayer("hidden layer 2", (inner,), hidden=True)]
        for number, (inputs, units) in enumerate(zip(self.widths[1:], self.widths[2:], strict=False), 3):
            layers.append(
                CountedLayer(f"hidden layer {number}", (AffineCount(units, thresholds, inputs + 1),), hidden=True)
            )
        layers.append(CountedLayer("output", (AffineCount(1, 1, self.widths[-1] + 1),)))
        return (SumCount(tuple(layers)),)


@dataclass(frozen=True)
class GridSteps(Neighbourhood):
    """The activations of layers 2, 3, ... as K equal steps.

    ``norm`` bounds the l1 norms of the output weights and of the weights into each unit from layer 3 on; ``span`` is
    the length of the interval of values of the activation: 2 for tanh, 1 for the sigmoid.
    """

    widths: tuple[int, ...]
    norm: Number
    span: int
    id = "grid-steps"
    citations = (Citation("approxbounds", "3.13"),)

    def _steps(self, rho: Fraction) -> int:
        """K with norm (span/2K) (1 + x + .. + x^(H-2)) <= rho, x the slope, 1 or 1/4, times the norm."""
        x = Fraction(self.norm) * (1 if self.span == 2 else Fraction(1, 4))
        total = sum(x**i for i in range(len(self.widths) - 1))
        return ceil(Fraction(self.norm) * self.span * total / (2 * rho))

    def at(self, rho: Fraction) -> NetworkFacts:
        steps = self._steps(rho)
        if steps > _MOST_STEPS:
            raise HypothesisError(f"rho={echo(rho)}: it takes more than 10^250 steps")
        return _StepNetwork(widths=self.widths, steps=steps)

    def describe(self, rho: Fraction) -> str:
        return (
            f"Replace the activation of each unit from layer 2 on by $K={self._steps(rho)}$ equal steps, within "
            f"$\\frac{{{self.span}}}{{2K}}$ of it. As the absolute values of the output weights"
            f"{'' if len(self.widths) == 2 else ' and of those into each unit from layer 3 on'} sum to at most "
            f"${self.norm}$, outputs change by at most $\\rho$."
        )
