"""Classes that are not networks: linear spaces, finite classes, polynomials on fixed cells. THEORY.md, 3.6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import comb
from typing import Self

from approxbounds.description import named, where
from approxbounds.errors import ParameterError
from approxbounds.facts.growth import AffineCount, BitCount, GrowthBound, Thresholds
from approxbounds.facts.networks import Contents, Orders
from approxbounds.networks.base import NetworkClass
from approxbounds.parameters import DEGREE, INPUTS, Integer, allowed
from approxbounds.sources import Citation
from approxbounds.validation import MOST_WEIGHTS, Number, is_symbolic, symbol_unless_symbolic

__all__ = ["FiniteClass", "LinearSpace", "PiecewisePolynomials"]


class _Linear(NetworkClass):
    """The base of linear spaces; the dimension is their pseudo-dimension."""

    citations = (Citation("AnthonyBartlett1999", "Thm 11.4"),)

    @property
    def orders(self) -> Orders:
        return Orders.of_size(symbol_unless_symbolic(self.exact_pseudo_dimension, "D"))

    @property
    def linear_dimension(self) -> Number:
        return self.exact_pseudo_dimension

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound(whole=(AffineCount(1, 1, self.exact_pseudo_dimension),))


@dataclass(frozen=True, kw_only=True)
class LinearSpace(_Linear):
    """A linear space of functions of dimension D: polynomials, splines on fixed knots, fixed features.

    Its pseudo-dimension is D (Anthony and Bartlett 1999, Thm 11.4). ``input_dim`` may be None.

    >>> LinearSpace(dimension=20).pseudo_dimension().value
    20
    """

    dimension: Number = field(metadata=allowed(Integer(maximum=MOST_WEIGHTS)))
    input_dim: Number | None = field(default=None, metadata=INPUTS)

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=True, cells=self.dimension)

    def larger(self) -> Iterator[Self]:
        return self.variants({"dimension": self.dimension + 1})

    @property
    def definition(self) -> str:
        return f"$G$ is a linear space of dimension ${named('D', self.dimension)}$."

    @property
    def exact_pseudo_dimension(self) -> Number:
        return self.dimension


@dataclass(frozen=True, kw_only=True)
class PiecewisePolynomials(_Linear):
    """Functions that are a polynomial of total degree <= r on each of n cells, which are fixed in advance.

    cells: n; degree: r >= 0; input_dim: d. No continuity is asked for. A linear space of dimension at most
    n C(d+r, d), which is its pseudo-dimension if the cells have interior points (Anthony and Bartlett 1999,
    Thm 11.4). All may be symbols. ParameterError if the dimension is above 10^12.

    >>> PiecewisePolynomials(cells=16, degree=1, input_dim=2).pseudo_dimension().value
    48
    """

    citations = (Citation("BirmanSolomyak1967"),)
    cells: Number = field(metadata=allowed(Integer(maximum=MOST_WEIGHTS)))
    degree: Number = field(metadata=DEGREE)
    input_dim: Number = field(metadata=INPUTS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.symbols and self.exact_pseudo_dimension > MOST_WEIGHTS:
            raise ParameterError("cells", self.cells, f"the dimension must be at most {MOST_WEIGHTS}")

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=True, cells=self.cells)

    @property
    def contains_constants(self) -> bool:
        return True

    def larger(self) -> Iterator[Self]:
        return self.variants({"cells": 2 * self.cells}, {"degree": self.degree + 1})

    @property
    def definition(self) -> str:
        return (
            f"$G$: functions on $[0,1]^d${where(', ', d=self.input_dim)}, polynomials of degree "
            f"$\\le {named('r', self.degree)}$ on each of ${named('n', self.cells)}$ fixed cells: "
            f"a linear space of dimension $D\\le n\\binom{{d+r}}{{d}}$."
        )

    def section(self, axes: tuple[int, ...]) -> Self:
        """Each flat meets at most all n cells."""
        return replace(self, input_dim=len(axes))

    @property
    def exact_pseudo_dimension(self) -> Number:
        if is_symbolic(self.degree) or is_symbolic(self.input_dim):
            import sympy

            return self.cells * sympy.binomial(self.input_dim + self.degree, self.input_dim)
        return self.cells * comb(self.input_dim + self.degree, self.input_dim)


@dataclass(frozen=True, kw_only=True)
class FiniteClass(NetworkClass):
    """A class of at most ``size`` functions (``size`` an integer up to 2^10000), or of 2^``bits`` of them.

    Give exactly one of the two; ``bits`` may be a symbol. Pdim <= log2 of the size.

    >>> FiniteClass(bits=64).pseudo_dimension().value
    64
    """

    citations = (Citation("AnthonyBartlett1999"),)
    bits: Number | None = field(default=None, metadata=allowed(Integer(minimum=0, maximum=MOST_WEIGHTS)))
    size: int | None = field(default=None, metadata=allowed(Integer(maximum=2 ** (10**4), symbols=False)))
    input_dim: Number | None = field(default=None, metadata=INPUTS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.bits is None) == (self.size is None):
            raise ParameterError("bits", self.bits, "give exactly one of bits and size")

    def __repr__(self) -> str:
        return str(self)  # the size may have more digits than the interpreter shows

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=True)

    def larger(self) -> Iterator[Self]:
        if self.size is not None:
            return self.variants({"size": 2 * self.size})
        return self.variants({"bits": self.exact_pseudo_dimension + 1})

    @property
    def definition(self) -> str:
        size = f"2^{{{self.bits}}}" if self.size is None else f"{Decimal(self.size):f}"
        return f"$G$ is a finite class of at most ${size}$ functions."

    @property
    def exact_pseudo_dimension(self) -> Number:
        return self.bits if self.size is None else self.size.bit_length() - 1

    @property
    def orders(self) -> Orders:
        return Orders.of_size(symbol_unless_symbolic(self.bits, "b"))

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound(whole=(BitCount(self.bits) if self.size is None else BitCount(size=self.size),))
