"""Fully connected networks with smooth activations: tanh, sigmoid, GELU and others. THEORY.md, 3.10-3.12."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from approxbounds.description import named
from approxbounds.facts.activations import SMOOTH
from approxbounds.facts.growth import Count, SignChangeCount, Thresholds
from approxbounds.facts.growth_on_grids import LogisticLayer, varied
from approxbounds.facts.hypercube import GridSides
from approxbounds.facts.networks import Limit, Neighbourhood
from approxbounds.facts.tally import Tally, Tensor
from approxbounds.networks.feedforward import HeavisideNetwork, ReLUNetwork
from approxbounds.networks.parametric import wider
from approxbounds.networks.program import TalliedNetwork
from approxbounds.networks.steps import GridSteps
from approxbounds.parameters import INPUTS, POSITIVE, WIDTHS, Choice, allowed
from approxbounds.validation import Number

__all__ = ["TanhNetwork"]

_SATURATED = {"tanh": 2, "sigmoid": 1}  # logistic up to affine maps: the length of the interval of their values
_STEPS = ("tanh", "sigmoid", "arctan")  # steep ones are steps in the limit; of the others ReLU is the limit
_MOST_UNITS_ON_LINE = 20


@dataclass(frozen=True, kw_only=True)
class TanhNetwork(TalliedNetwork):
    """Fully connected networks with a smooth activation: tanh, or one of the others that ``activation`` names.

    widths: the hidden units of each layer; input_dim: d; all units have biases, the output is one linear unit.
    activation: "tanh", "sigmoid", "silu" (a sigmoid(a)), "gelu" (a Phi(a)), "gelu-tanh" (its usual approximation),
    "softplus", "elu" or "arctan". Parameters are real numbers; ``bits``: one of 2^bits values each;
    ``weight_bound``: in [-B, B] each. ``output_norm``: V, the absolute values of the output weights sum to at most V,
    and with three or more hidden layers so do those into each unit from the third on (tanh and sigmoid only).

    Growth: Khovanskii's bound (3.10); the exact number of bits; with a weight bound a finite net near G (3.11); for
    one hidden layer of tanh, sigmoid or SiLU on grids no exponentials at all (3.12), and with an output norm layers
    from the second on as steps (3.13). These are for exact arithmetic; see :meth:`deployed`.

    >>> TanhNetwork(widths=(5,), input_dim=2).pseudo_dimension().value
    6314
    >>> import approxbounds as ab
    >>> ab.lower_bound(ab.LipschitzBall(dim=2), TanhNetwork(widths=(64,), input_dim=2), p=2).value
    0.00105...
    """

    widths: tuple[Number, ...] = field(metadata=WIDTHS)
    input_dim: Number = field(metadata=INPUTS)
    activation: str = field(default="tanh", metadata=allowed(Choice(tuple(SMOOTH))))
    output_norm: Number | None = field(default=None, metadata=POSITIVE)

    def program(self, t: Tally) -> Tensor:
        x = t.input(self.input_dim)
        for width in self.widths:
            x = t.act(t.dense(x, size=width), self.activation)
        return t.dense(x, size=1)

    @property
    def definition(self) -> str:
        shape, norm = ", ".join(map(str, self.widths)), ""
        if self.output_norm is not None:
            norm = f" The output weights have $|v|_1\\le V={self.output_norm}$"
            norm += "." if len(self.widths) < 3 else ", and so have those into each unit from layer 3 on."
        return (
            f"$G$: {self}, fully connected with hidden widths ({shape}), activation {self.activation}, "
            f"${named('d', self.input_dim)}$ inputs and one linear output unit; {self._shown}.{norm}"
        )

    def larger(self) -> Iterator[Self]:
        yield from self._grown()
        changes: list[dict[str, Any]] = wider(self.widths)
        if self.output_norm is not None:
            changes += [{"output_norm": 2 * self.output_norm}, {"output_norm": None}]
        yield from self.variants(*changes)

    def section(self, axes: tuple[int, ...]) -> Self:
        """What the other coordinates add to the net inputs of the first layer are real biases."""
        return replace(self, input_dim=len(axes), bits=None, weight_bound=None)

    def line_counts(self, thresholds: Thresholds) -> tuple[Count, ...]:
        """Of one layer on a line: times the denominators, g - r is a sum of 2^U exponentials; with zeros as below."""
        units = sum(self.widths)
        if self.domain_dim != 1 or len(self.widths) > 1 or self.activation not in _SATURATED:
            return ()
        if thresholds is Thresholds.ANY or units > _MOST_UNITS_ON_LINE:
            return ()
        return (SignChangeCount(2 ** (units + (thresholds is Thresholds.AFFINE)) - 1),)

    def grid_counts(self, sides: GridSides) -> tuple[Count, ...]:
        if len(self.widths) > 1 or self.activation not in (*_SATURATED, "silu"):
            return ()
        (units,), along = self.widths, varied(sides)
        linear = 1 if self.activation in _SATURATED else along + 1
        return (LogisticLayer(1, units, units * (along + 1), units * linear + 1, sides),)

    @property
    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        if self.output_norm is None or len(self.widths) == 1 or self.activation not in _SATURATED:
            return super().neighbourhoods
        steps = GridSteps(self.widths, self.output_norm, _SATURATED[self.activation])
        return (*super().neighbourhoods, steps)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Of steep units: steps almost everywhere, or ReLU uniformly."""
        if self.bits is not None or self.weight_bound is not None or self.output_norm is not None:
            return ()
        kind = HeavisideNetwork if self.activation in _STEPS else ReLUNetwork
        return (Limit(kind(widths=self.widths, input_dim=self.input_dim), uniform=kind is ReLUNetwork),)
