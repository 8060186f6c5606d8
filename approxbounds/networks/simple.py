"""Classes that are not networks but are compared with them: linear spaces and finite classes."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds import validation as check
from approxbounds.errors import ParameterError
from approxbounds.networks.base import NetworkClass, Orders
from approxbounds.networks.growth import AffineCount, BitCount, GrowthBound, Thresholds
from approxbounds.validation import Number

__all__ = ["FiniteClass", "LinearSpace"]


@dataclass(frozen=True, kw_only=True)
class LinearSpace(NetworkClass):
    """A linear space of functions of dimension D: polynomials, splines on fixed knots, fixed features.

    Its pseudo-dimension is D (Anthony and Bartlett 1999, Thm 11.4). ``input_dim`` may be None.

    >>> LinearSpace(dimension=20).pseudo_dimension().value
    20
    """

    dimension: Number
    input_dim: Number | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimension", check.integer("dimension", self.dimension, maximum=check.MOST_WEIGHTS))
        if self.input_dim is not None:
            object.__setattr__(self, "input_dim", check.integer("input_dim", self.input_dim, maximum=10**6))

    @property
    def definition(self) -> str:
        return f"$G$ is a linear space of dimension $D={self.dimension}$."

    @property
    def exact_pseudo_dimension(self) -> Number:
        return self.dimension

    @property
    def orders(self) -> Orders:
        import sympy

        D = self.dimension if self.symbols else sympy.Symbol("D", positive=True)
        return Orders(D, sympy.log(D), D, 2)

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound(whole=(AffineCount(1, 1, self.dimension),))


@dataclass(frozen=True, kw_only=True)
class FiniteClass(NetworkClass):
    """A class of at most ``size`` functions (``size`` an integer up to 2^10000), or of 2^``bits`` of them.

    Give exactly one of the two; ``bits`` may be a symbol. Pdim <= log2 of the size.

    >>> FiniteClass(bits=64).pseudo_dimension().value
    64
    """

    bits: Number | None = None
    size: int | None = None
    input_dim: Number | None = None

    def __post_init__(self) -> None:
        if (self.bits is None) == (self.size is None):
            raise ParameterError("bits", self.bits, "give exactly one of bits and size")
        if self.bits is not None:
            object.__setattr__(self, "bits", check.integer("bits", self.bits, minimum=0, maximum=check.MOST_WEIGHTS))
        if self.size is not None:
            size = check.integer("size", self.size, maximum=2 ** (10**4), symbols=False)
            object.__setattr__(self, "size", size)
        if self.input_dim is not None:
            object.__setattr__(self, "input_dim", check.integer("input_dim", self.input_dim, maximum=10**6))

    @property
    def definition(self) -> str:
        size = f"2^{{{self.bits}}}" if self.size is None else str(self.size)
        return f"$G$ is a finite class of at most ${size}$ functions."

    @property
    def exact_pseudo_dimension(self) -> Number:
        return self.bits if self.size is None else self.size.bit_length() - 1

    @property
    def orders(self) -> Orders:
        import sympy

        bits = self.bits if self.symbols else sympy.Symbol("b", positive=True)
        return Orders(bits, sympy.log(bits), bits, 2)

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound(whole=(BitCount(self.bits) if self.size is None else BitCount(size=self.size),))
