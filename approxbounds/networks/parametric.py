"""Networks of W parameters that are real numbers or, quantised, values of a fixed codebook. THEORY.md, 3.6."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, Self

from approxbounds.facts.growth import BitCount, Count, GrowthBound, SauerCount, Thresholds
from approxbounds.facts.networks import Contents, Orders, Sizes, layered_order
from approxbounds.networks.base import NetworkClass
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic, symbol_unless_symbolic

__all__ = ["LayeredNetwork", "ParametricNetwork", "finer", "network_orders", "operation_counts", "wider"]


def network_orders(degree: Number, weights: Any, depth: Any) -> Orders:
    """Orders of networks of W weights and L layers: Pdim, and T1 as its source states it.

    Pdim: :func:`layered_order` with log W; for nu >= 2 at most W^2, by the operation count.
    T1 (Achour et al. 2022, Cor. 2): W^{-1/a}(log W)^{-3/a}, (LW)^{-1/a}(log W)^{-3/a}, W^{-2/a}(log W)^{-2/a}.
    """
    import sympy

    from approxbounds.symbolic import extreme

    W, L = sympy.S(weights), sympy.S(depth)
    log = sympy.log(W)
    pdim = layered_order(degree, W, L, log)
    if degree == 0:
        return Orders(pdim, log, W, 3)
    if degree == 1:
        return Orders(pdim, log, L * W, 3)
    return Orders(extreme((pdim, W**2), least=True), log, W**2, 2)


def operation_counts(totals: Sizes) -> tuple[Count, ...]:
    """The Sauer bound from the operation count, where it can be the smallest: degree >= 2, deep networks."""
    if totals.activation.degree < 2 or totals.depth**2 < totals.units:
        return ()
    return (SauerCount(4 * totals.weights * (totals.operations() + 2)),)


def wider(widths: tuple[Number, ...]) -> list[dict[str, Any]]:
    """Changes of parameters by which one hidden layer has one unit more."""
    return [{"widths": (*widths[:i], width + 1, *widths[i + 1 :])} for i, width in enumerate(widths)]


def finer(bits: Number | None) -> list[dict[str, Any]]:
    """Changes of parameters by which quantised weights take more values; none if they are real."""
    return [] if bits is None else [{"bits": bits + 1}, {"bits": None}]


class ParametricNetwork(NetworkClass):
    """The base of layered networks of W parameters; each record that derives from it declares the field ``bits``:

    ``bits: Number | None = field(default=None, metadata=BITS)``.

    ``bits=None``: the parameters are real numbers. ``bits=b``, 1 <= b <= 64 or a symbol: each parameter takes one
    of 2^b values of a codebook fixed in advance; each may have its own. These are at most 2^{bW} functions, all
    in the class with real parameters: growth and Pdim(G) <= bW are the smaller of both bounds, and constructions,
    which need real parameters, do not fit in.
    """

    citations = (Citation("BartlettHarveyLiawMehrabian2019"),)
    bits: Number | None

    @property
    @abstractmethod
    def counted_sizes(self) -> Sizes:
        """W, U, L and the activation."""

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=self.contains_constants)

    @property
    def free_sizes(self) -> Sizes | None:
        return self.counted_sizes if self.bits is None else None

    @property
    def bits_per_parameter(self) -> Number | None:
        return self.bits

    def quantised(self, bits: int) -> Self:
        return replace(self, bits=bits)  # type: ignore[call-arg]  # a field of every record

    @property
    def exact_pseudo_dimension(self) -> Number:
        return None if self.bits is None else self.bits * self.counted_sizes.weights

    @property
    def codebook(self) -> str:
        """The sentence of the definition about quantised parameters, after a blank; empty for real ones."""
        if self.bits is None:
            return ""
        return f" Each parameter takes one of $2^{{{self.bits}}}$ values of a codebook fixed in advance."

    @abstractmethod
    def real_growth(self, thresholds: Thresholds) -> GrowthBound:
        """The growth bound for real parameters; codes of quantised ones may be counted, too, layer by layer."""

    @property
    def real_orders(self) -> Orders:
        """The orders for real parameters."""
        sizes = self.counted_sizes
        W, L = symbol_unless_symbolic(sizes.weights, "W"), symbol_unless_symbolic(sizes.depth, "L")
        return network_orders(sizes.activation.degree, W, L)

    @property
    def direct_orders(self) -> Orders:
        """Of bW: W for a number b."""
        W = symbol_unless_symbolic(self.counted_sizes.weights, "W")
        return Orders.of_size(self.bits * W if is_symbolic(self.bits) else W)

    @property
    def orders(self) -> Orders:
        """For b bits, Pdim is of order min(bW, real order): W for a number b."""
        if self.bits is None:
            return self.real_orders
        if not is_symbolic(self.bits):
            return self.direct_orders
        from approxbounds.symbolic import extreme

        pdim = extreme((self.direct_orders.pdim, self.real_orders.pdim), least=True)
        return replace(self.direct_orders, pdim=pdim)

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        growth = self.real_growth(thresholds)
        if self.bits is None:
            return growth
        return GrowthBound((*growth.whole, BitCount(self.exact_pseudo_dimension)))


class LayeredNetwork(ParametricNetwork):
    """The base of networks whose hidden widths and numbers of parameters are known layer by layer."""

    widths: tuple[Number, ...]

    @property
    @abstractmethod
    def layer_parameters(self) -> tuple[Number, ...]:
        """The number of parameters of each layer, output layer last."""

    @property
    def weights(self) -> Number:
        """W, the number of parameters (weights and biases, the output layer's included)."""
        return sum(self.layer_parameters)

    @property
    def depth(self) -> int:
        """L, the number of layers, output layer included."""
        return len(self.widths) + 1
