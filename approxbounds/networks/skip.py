"""Networks with skip connections and with weights that are shared inside layers. THEORY.md, section 3.2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Self

from approxbounds.description import named
from approxbounds.errors import ParameterError
from approxbounds.facts.growth import (
    AffineCount,
    CountedLayer,
    GrowthBound,
    HalfspaceCount,
    PolynomialCount,
    SumCount,
    Thresholds,
)
from approxbounds.facts.networks import Activation, Architecture, NetworkFacts, Orders, Sizes, layered_order
from approxbounds.facts.piecewise import Piecewise, layered_pieces
from approxbounds.facts.sign_patterns import blocks_of_layers
from approxbounds.networks.parametric import LayeredNetwork, finer, operation_counts, wider
from approxbounds.parameters import BITS, DEGREE, INPUTS, PIECES, WIDTHS, Entries, allowed
from approxbounds.validation import MOST_LAYERS, MOST_WEIGHTS, Number, integer, is_symbolic, symbol_unless_symbolic

__all__ = ["SkipNetwork"]


@dataclass(frozen=True, kw_only=True)
class SkipNetwork(LayeredNetwork):
    """Networks in which each hidden layer and the output may read the input and all earlier layers.

    widths: k_1, ..., k_{L-1} hidden units per layer; input_dim: d; degree, pieces: as in
    :class:`FeedForwardNetwork`. The output is one linear unit. ``layer_weights``: the numbers W_1, ..., W_L of
    distinct parameters (weights and biases) of each layer, the output last; by default every connection and
    every unit has its own, W_l = k_l (d + k_1 + ... + k_{l-1} + 1), which is also the most that is allowed.
    Fewer describe one architecture that is sparse, or whose weights are partly fixed or shared inside a layer
    (convolutions). A parameter tied across layers counts in each of them. ``bits`` quantises the parameters.
    Symbols may replace the integers.

    Growth as for fully connected networks (Bartlett, Harvey, Liaw and Mehrabian 2019, Thm 6): where the
    patterns of the earlier layers are fixed, the net inputs of a layer are affine in its own parameters, also if
    some are shared (a shared one multiplies the sum of what its copies would), with coefficients that are
    polynomials in the earlier parameters. Ties across layers select some of these networks. All are
    networks with every connection, so the counts for single units hold for each of them.

    >>> SkipNetwork(widths=(8, 8), input_dim=2).weights
    131
    >>> SkipNetwork(widths=(30, 30), input_dim=32, layer_weights=(4, 4, 31)).pseudo_dimension().value
    375
    """

    widths: tuple[Number, ...] = field(metadata=WIDTHS)
    input_dim: Number = field(metadata=INPUTS)
    layer_weights: tuple[Number, ...] | None = field(
        default=None, metadata=allowed(Entries(None, MOST_LAYERS, "one per layer"))
    )
    degree: Number = field(default=1, metadata=DEGREE)
    pieces: Number = field(default=2, metadata=PIECES)
    bits: Number | None = field(default=None, metadata=BITS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layer_weights is not None:
            object.__setattr__(self, "layer_weights", self._checked_weights(self.layer_weights))
        if not is_symbolic(self.uses) and self.uses > MOST_WEIGHTS:
            raise ParameterError("widths", self.widths, f"at most {MOST_WEIGHTS} connections are supported")

    def _checked_weights(self, entries: tuple[object, ...]) -> tuple[Number, ...]:
        if len(entries) != self.depth:
            raise ParameterError("layer_weights", entries, f"must have {self.depth} entries: one per layer")
        weights = []
        for i, (entry, most) in enumerate(zip(entries, self.connections, strict=True)):
            bounded = {} if is_symbolic(most) else {"maximum": most}
            weights.append(integer(f"layer_weights[{i}]", entry, **bounded))
        return tuple(weights)

    @property
    def fan_in(self) -> tuple[Number, ...]:
        """d + k_1 + ... + k_{l-1}: the inputs of a unit of layer l, the output last."""
        return tuple(accumulate((self.input_dim, *self.widths)))

    @property
    def connections(self) -> tuple[Number, ...]:
        """k_l (d + k_1 + ... + k_{l-1} + 1): the connections and biases of each layer."""
        return tuple(units * (inputs + 1) for units, inputs in zip((*self.widths, 1), self.fan_in, strict=True))

    @property
    def uses(self) -> Number:
        """The number of all connections and biases."""
        return sum(self.connections)

    @property
    def layer_parameters(self) -> tuple[Number, ...]:
        """W_1, ..., W_L."""
        return self.connections if self.layer_weights is None else self.layer_weights

    @property
    def counted_sizes(self) -> Sizes:
        activation = Activation(self.degree, self.pieces)
        return Sizes(self.weights, sum(self.widths), self.depth, activation, uses=self.uses)

    @property
    def architecture(self) -> Architecture:
        return Architecture(self.widths, self.layer_parameters, Activation(self.degree, self.pieces), bias=True)

    @property
    def free_sizes(self) -> None:
        """None: known constructions have no skip connections, and rates in W are not known to carry over."""

    @property
    def contains_constants(self) -> bool:
        """The output unit has a bias of its own; shared parameters may tie it to weights."""
        return self.bits is None and self.layer_weights is None

    @property
    def piecewise(self) -> Piecewise | None:
        return layered_pieces(
            self.widths, self.pieces - 1, self.degree, continuous=False, skips=True, inputs=self.input_dim
        )

    def section(self, axes: tuple[int, ...]) -> NetworkFacts:
        """With all weights and biases free: shared ones are known for the whole input only."""
        return replace(self, input_dim=len(axes), layer_weights=None, bits=None)

    def larger(self) -> Iterator[Self]:
        shape = wider(self.widths) if self.layer_weights is None else [{"layer_weights": None}]
        activation = [{"degree": self.degree + 1}, {"pieces": self.pieces + 1}]
        return self.variants(*shape, *activation, *finer(self.bits))

    @property
    def definition(self) -> str:
        shape, nu = ", ".join(map(str, self.widths)), named(r"\nu", self.degree)
        own = ", ".join(map(str, self.layer_parameters))
        return (
            f"$G$: {self}, hidden widths ({shape}), ${named('d', self.input_dim)}$ inputs, one linear output unit, "
            f"each layer with connections from the input and all earlier layers, with biases; activations of at most "
            f"${named('K', self.pieces)}$ pieces of degree $\\le{nu}$. The $L={self.depth}$ layers have "
            f"$(W_l)=({own})$ distinct parameters, ${named('W', self.weights)}$ in all.{self.codebook}"
        )

    @property
    def real_orders(self) -> Orders:
        """As of other networks if each parameter is used once; else with log U, as W may be smaller than U."""
        if self.layer_weights is None:
            return super().real_orders
        import sympy

        sizes = self.counted_sizes
        W, L = symbol_unless_symbolic(sizes.weights, "W"), sympy.Symbol("L", positive=True)
        log = sympy.log(symbol_unless_symbolic(sizes.units, "U"))
        return Orders.of_size(layered_order(self.degree, W, L, log))

    def real_growth(self, thresholds: Thresholds) -> GrowthBound:
        breaks, degree, own = self.pieces - 1, self.degree, self.layer_parameters
        layers = []
        for number, (units, inputs, W) in enumerate(zip(self.widths, self.fan_in, own, strict=False), 1):
            if number > 1 and degree > 0:
                polynomials = PolynomialCount(breaks * units, blocks_of_layers(own[:number], degree))
                layers.append(CountedLayer(f"hidden layer {number}", (polynomials,), hidden=True))
                continue
            full = HalfspaceCount(units, inputs) if self.pieces == 2 else AffineCount(units, breaks, inputs + 1)
            counts = full, AffineCount(1, breaks * units, W)
            layers.append(CountedLayer(f"hidden layer {number}", counts, hidden=True))
        last = PolynomialCount(1, blocks_of_layers(own, degree)) if degree > 0 else AffineCount(1, 1, own[-1])
        layers.append(CountedLayer("output", (last,)))
        others = (*operation_counts(self.counted_sizes), *self.line_counts(thresholds))
        return GrowthBound((SumCount(tuple(layers)), *others))
