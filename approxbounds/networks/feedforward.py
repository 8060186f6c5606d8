"""Fully connected feed-forward networks with piecewise-polynomial activations. THEORY.md, section 3.2."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from approxbounds.description import named
from approxbounds.errors import ParameterError
from approxbounds.facts.growth import (
    AffineCount,
    CodeCount,
    Count,
    CountedLayer,
    GrowthBound,
    HalfspaceCount,
    PolynomialCount,
    SumCount,
    Thresholds,
    TotalsCount,
)
from approxbounds.facts.networks import Activation, Architecture, NetworkFacts, Sizes
from approxbounds.facts.piecewise import Piecewise, layered_pieces, pieces_of_totals
from approxbounds.facts.region_counts import CommonRegionCount, RegionCount
from approxbounds.facts.sign_patterns import blocks_of_layers
from approxbounds.networks.parametric import LayeredNetwork, ParametricNetwork, finer, operation_counts, wider
from approxbounds.parameters import BITS, DEGREE, FLAG, INPUTS, PIECES, WIDTHS, Integer, allowed
from approxbounds.validation import MOST_LAYERS, MOST_WEIGHTS, Number, is_symbolic, symbol_unless_symbolic

__all__ = ["FeedForwardNetwork", "HeavisideNetwork", "NetworkSize", "ReLUNetwork", "ReLUPowerNetwork"]


@dataclass(frozen=True, kw_only=True)
class _Layered(LayeredNetwork):
    """Fully connected layers of ``widths`` hidden units, then one linear output unit."""

    widths: tuple[Number, ...] = field(metadata=WIDTHS)
    input_dim: Number = field(metadata=INPUTS)
    bias: bool = field(default=True, metadata=FLAG)
    bits: Number | None = field(default=None, metadata=BITS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_symbolic(self.weights) and self.weights > MOST_WEIGHTS:
            raise ParameterError("widths", self.widths, f"at most {MOST_WEIGHTS} parameters are supported")

    @property
    @abstractmethod
    def activation(self) -> Activation:
        """The activation of the hidden units."""

    @property
    def layer_parameters(self) -> tuple[Number, ...]:
        """The number of parameters of each layer, output layer last."""
        inputs = (self.input_dim, *self.widths)
        return tuple(k * (f + int(self.bias)) for k, f in zip((*self.widths, 1), inputs, strict=True))

    @property
    def counted_sizes(self) -> Sizes:
        return Sizes(self.weights, sum(self.widths), self.depth, self.activation)

    @property
    def architecture(self) -> Architecture:
        return Architecture(self.widths, self.layer_parameters, self.activation, self.bias)

    def with_widths(self, widths: tuple[Number, ...]) -> Self:
        return replace(self, widths=widths)

    @property
    def contains_constants(self) -> bool:
        return self.bits is None and self.bias

    @property
    def piecewise(self) -> Piecewise | None:
        a = self.activation
        found = layered_pieces(
            self.widths, a.pieces - 1, a.degree, continuous=a.continuous, skips=False, inputs=self.input_dim
        )
        if found is None or len(self.widths) > 1 or not a.power:
            return found
        changes = self.widths[0] + a.power  # a spline of degree k in C^(k-1)
        return replace(found, changes=changes, affine_changes=changes)

    @property
    def piece_order(self) -> Any:
        """The order in W: widths of two neighbouring layers have a product of at most W."""
        import sympy

        if any(map(is_symbolic, self.widths)):
            return super().piece_order
        layers = len(self.widths) if self.activation.degree else 1
        return sympy.Symbol("W", positive=True) ** ((layers + 1) // 2)

    @property
    def is_continuous(self) -> bool:
        return self.activation.continuous

    @property
    def homogeneity(self) -> Number | None:
        power = self.activation.power
        return None if self.bias or power is None else power ** len(self.widths)

    def section(self, axes: tuple[int, ...]) -> NetworkFacts | None:
        """With real biases: what the other coordinates add to the net inputs of the first layer."""
        if not self.symbols and self.weights + sum(self.widths) >= MOST_WEIGHTS:
            return None
        return replace(self, input_dim=len(axes), bias=True, bits=None)

    def flat_growth(self, axes: tuple[int, ...], thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        if self.bits is None and self.bias:  # the same counts with fewer inputs: the whole class has no smaller ones
            section = self.section(axes)
            if section is not None:
                return section.growth(thresholds)
        return super().flat_growth(axes, thresholds)

    def larger(self) -> Iterator[Self]:
        return self.variants(*wider(self.widths), *finer(self.bits), *self._richer())

    def _richer(self) -> list[dict[str, Any]]:
        """Changes of parameters by which the activations are more general."""
        return []

    @property
    def definition(self) -> str:
        a = self.activation
        shape, nu = ", ".join(map(str, self.widths)), named(r"\nu", a.degree)
        return (
            f"$G$: {self}, fully connected with hidden widths ({shape}), ${named('d', self.input_dim)}$ inputs, one "
            f"linear output unit, {'with' if self.bias else 'without'} biases; activation of at most "
            f"${named('K', a.pieces)}$ pieces of degree $\\le{nu}$. ${named('W', self.weights)}$ parameters in "
            f"$L={self.depth}$ layers.{self.codebook}"
        )

    def real_growth(self, thresholds: Thresholds) -> GrowthBound:
        a, biased = self.activation, int(self.bias)
        breaks, degree = a.pieces - 1, a.degree
        own = self.layer_parameters
        layers = []
        inputs = (self.input_dim, *self.widths)
        for number, units in enumerate(self.widths, 1):
            fan_in = inputs[number - 1]
            count: Count
            if number > 1 and degree > 0:
                count = PolynomialCount(breaks * units, blocks_of_layers(own[:number], degree))
            elif a.pieces == 2 and self.bias:
                count = HalfspaceCount(units, fan_in)
            else:
                count = AffineCount(units, breaks, fan_in + biased)
            layers.append(CountedLayer(f"hidden layer {number}", (count, *self._codes(own[number - 1])), hidden=True))
        layers.append(CountedLayer("output", (*self._output_counts(own), *self._codes(own[-1]))))
        others = (*operation_counts(self.counted_sizes), *self.line_counts(thresholds))
        return GrowthBound((SumCount(tuple(layers)), *self._sorted(layers[0], thresholds), *others))

    def _codes(self, parameters: int) -> tuple[Count, ...]:
        """The values of a layer's quantised parameters, if no others act on it: for nu = 0."""
        if self.bits is None or self.activation.degree > 0:
            return ()
        return (CodeCount(self.bits * parameters),)

    def _sorted(self, first: CountedLayer, thresholds: Thresholds) -> tuple[Count, ...]:
        """nu = 0: the first layer sorts the points into the cells of its hyperplanes, on which g is constant."""
        known = self.piecewise if self.activation.degree == 0 else None
        regions = None if known is None else known.regions(self.input_dim)
        if regions is None:
            return ()
        common = thresholds is Thresholds.COMMON
        count = CommonRegionCount(regions) if common else RegionCount(regions)
        cells = CountedLayer("cells of the first layer", (count,))
        return (SumCount((first, cells)),)

    def _output_counts(self, own: tuple[int, ...]) -> tuple[Count, ...]:
        degree = self.activation.degree
        if degree == 0:
            return (AffineCount(1, 1, own[-1]),)
        counts: tuple[Count, ...] = (PolynomialCount(1, blocks_of_layers(own, degree)),)
        if self.activation.homogeneous:
            # each output weight is folded into its unit's row: one degree and k_{L-1} parameters fewer
            folded = (*own[:-2], own[-2] + own[-1] - self.widths[-1])
            counts += (PolynomialCount(1, blocks_of_layers(folded, degree)),)
            if self.depth == 2:
                counts += (AffineCount(1, 1, sum(folded)),)
        return counts


@dataclass(frozen=True, kw_only=True)
class FeedForwardNetwork(_Layered):
    """Networks with any activation of at most ``pieces`` polynomial pieces of degree <= ``degree``.

    widths: hidden units per layer; input_dim: number of inputs; the output is one linear unit.
    degree: nu >= 0; pieces: K >= 1 (K - 1 breakpoints); ``bias=False`` removes all biases.
    The pieces are half-open intervals, or the activation is continuous; ``continuous=True`` states the
    latter (it sharpens bounds for one input). Several activations may be mixed within these limits.
    Parameters are real numbers, or quantised: one of 2^``bits`` values each of a codebook fixed in advance.
    Symbols may replace the integers (a symbolic degree means degree >= 1).

    A spline activation of degree nu with K - 1 knots is ``degree=nu, pieces=K, continuous=True`` (nu >= 1).

    Growth bounds: Bartlett, Harvey, Liaw and Mehrabian (2019), Thm 6, and per-unit counts (THEORY.md, 3.2).

    >>> FeedForwardNetwork(widths=(8, 8), input_dim=2, degree=2, pieces=3).weights
    105
    >>> quadratic_b_spline = {"degree": 2, "pieces": 5, "continuous": True}  # knots 0, 1, 2, 3; zero outside
    >>> FeedForwardNetwork(widths=(8, 8), input_dim=2, **quadratic_b_spline).pseudo_dimension().value
    2323
    """

    degree: Number = field(default=1, metadata=DEGREE)
    pieces: Number = field(default=2, metadata=PIECES)
    continuous: bool = field(default=False, metadata=FLAG)

    def _richer(self) -> list[dict[str, Any]]:
        return [{"degree": self.degree + 1}, {"pieces": self.pieces + 1}]

    @property
    def activation(self) -> Activation:
        return Activation(self.degree, self.pieces, self.continuous)


@dataclass(frozen=True, kw_only=True)
class ReLUNetwork(_Layered):
    """Networks with the activation max(x, 0).

    >>> ReLUNetwork(widths=(10,), input_dim=2).weights
    41
    >>> ReLUNetwork(widths=(10,), input_dim=2, bits=4).pseudo_dimension().value
    164
    """

    @property
    def activation(self) -> Activation:
        return Activation(1, 2, continuous=True, homogeneous=True, power=1)


@dataclass(frozen=True, kw_only=True)
class HeavisideNetwork(_Layered):
    """Networks with the activation 1[x >= 0].

    >>> HeavisideNetwork(widths=(6, 9), input_dim=2).weights
    91
    """

    @property
    def activation(self) -> Activation:
        return Activation(0, 2, power=0)


@dataclass(frozen=True, kw_only=True)
class ReLUPowerNetwork(_Layered):
    """Spline networks: the activation max(x, 0)^power, power >= 1 (1 is ReLU).

    >>> ReLUPowerNetwork(widths=(10,), input_dim=2, power=2).activation.degree
    2
    """

    power: int = field(default=2, metadata=allowed(Integer(maximum=1000, symbols=False)))

    @property
    def activation(self) -> Activation:
        return Activation(self.power, 2, continuous=True, homogeneous=self.power == 1, power=self.power)


@dataclass(frozen=True, kw_only=True)
class NetworkSize(ParametricNetwork):
    """Any one architecture of which only totals are known; skip connections are allowed, shared weights are not.

    weights: W, at most that many parameters; depth: L, layers with the output layer; units: U, hidden units
    (default: at most W, as each unit has a parameter); degree and pieces as in :class:`FeedForwardNetwork`.
    Hypothesis: each parameter is used once, at one connection (no convolutions, no tied weights).
    With ``bits`` it is one of 2^bits values of a codebook fixed in advance.
    The bounds hold for each fixed architecture with these totals, not for the union of all of them.
    All may be symbols (a symbolic degree means degree >= 1).

    >>> import sympy
    >>> W, L = sympy.symbols("W L", positive=True)
    >>> NetworkSize(weights=W, depth=L, degree=1).orders.pdim
    L*W*log(W)
    """

    weights: Number = field(metadata=allowed(Integer(maximum=MOST_WEIGHTS)))
    depth: Number = field(metadata=allowed(Integer(minimum=2, maximum=MOST_LAYERS)))
    degree: Number = field(default=1, metadata=DEGREE)
    pieces: Number = field(default=2, metadata=PIECES)
    units: Number | None = field(default=None, metadata=allowed(Integer(maximum=MOST_WEIGHTS)))
    bits: Number | None = field(default=None, metadata=BITS)

    def __post_init__(self) -> None:
        super().__post_init__()
        known = self.units is not None and not is_symbolic(self.units) and not is_symbolic(self.depth)
        if known and self.units < self.depth - 1:
            raise ParameterError("units", self.units, f"must be at least depth-1={self.depth - 1}: one per layer")
        if not is_symbolic(self.weights) and not is_symbolic(self.depth) and self.weights < self.depth:
            raise ParameterError("weights", self.weights, f"must be at least depth={self.depth}: one per layer")

    def larger(self) -> Iterator[Self]:
        grown = [{name: getattr(self, name) + 1} for name in ("weights", "depth", "degree", "pieces")]
        units = [] if self.units is None else [{"units": self.units + 1}]
        return self.variants(*grown, *units, *finer(self.bits))

    @property
    def definition(self) -> str:
        nu = named(r"\nu", self.degree)
        return (
            f"$G$: networks of one architecture with ${named('W', self.weights)}$ parameters, each used once, "
            f"${named('L', self.depth)}$ layers and at most ${named('U', self.counted_sizes.units)}$ hidden units; "
            f"activations of at most ${named('K', self.pieces)}$ pieces of degree $\\le{nu}$.{self.codebook}"
        )

    @property
    def piecewise(self) -> Piecewise | None:
        """P <= ((K-1) nu^(H-1) U/H + 1)^H for H hidden layers, by the means of their factors."""
        return pieces_of_totals(self.depth - 1, self.counted_sizes.units, self.pieces - 1, self.degree)

    @property
    def piece_order(self) -> Any:
        W, L = symbol_unless_symbolic(self.weights, "W"), self.depth
        return (W / L) ** (L - 1) if is_symbolic(L) else W ** (L - 1)

    def section(self, axes: tuple[int, ...]) -> NetworkFacts | None:
        """With a bias of its own for each unit, for what the other coordinates add."""
        units = self.counted_sizes.units
        weights = self.weights + units + 1
        if not is_symbolic(weights) and weights > MOST_WEIGHTS:
            return None
        return replace(self, weights=weights, units=units, bits=None)

    @property
    def counted_sizes(self) -> Sizes:
        units = self.weights if self.units is None else self.units
        return Sizes(self.weights, units, self.depth, Activation(self.degree, self.pieces))

    def real_growth(self, thresholds: Thresholds) -> GrowthBound:
        t = self.counted_sizes
        totals = TotalsCount(t.weights, t.units, t.depth, self.pieces, self.degree)
        return GrowthBound(whole=(totals, *operation_counts(t)))
