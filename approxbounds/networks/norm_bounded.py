"""Classes with bounded weights instead of few: linear functionals and networks of bounded norms. THEORY.md, 3.6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, Self

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.description import named, where
from approxbounds.errors import NoExpressionError, ParameterError
from approxbounds.facts.growth import AffineCount, GrowthBound, Thresholds
from approxbounds.facts.networks import Architecture, Contents, NetworkFacts, Orders, Sizes
from approxbounds.facts.piecewise import Piecewise
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.feedforward import ReLUNetwork
from approxbounds.networks.parametric import wider
from approxbounds.networks.simple import LinearSpace
from approxbounds.parameters import INPUTS, POSITIVE, WIDTHS, Entries, Exact, allowed
from approxbounds.sources import Citation
from approxbounds.validation import MOST_LAYERS, Number, symbol_unless_symbolic, tidy

__all__ = ["BoundedLinear", "NormBoundedNetwork"]


def _root_of_dimension(A: Arithmetic[V], dim: Number) -> V:
    """sqrt(d): the largest |x|_2 on [0,1]^d."""
    return A.power(A.number(dim), A.number(1) / 2)


@dataclass(frozen=True, kw_only=True)
class BoundedLinear(NetworkClass):
    """The linear functionals x -> <w, x> on [0,1]^d with |w|_2 <= B.

    ``norm`` is B > 0, ``input_dim`` is d. As |x|_2 <= sqrt(d), the Rademacher averages are at most
    B sqrt(d/m), hence fat_gamma <= d (B/gamma)^2 (Bartlett and Shawe-Taylor 1999); Pdim = d.

    >>> BoundedLinear(norm=1, input_dim=100).fat_shattering("5/4").value
    64
    """

    citations = (Citation("BartlettShaweTaylor1999"),)
    norm: Number = field(metadata=POSITIVE)
    input_dim: Number = field(metadata=INPUTS)

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True)

    def larger(self) -> Iterator[Self]:
        return self.variants({"norm": 2 * self.norm})

    @property
    def definition(self) -> str:
        return (
            f"$G$ is the class of the functionals $x\\mapsto\\langle w,x\\rangle$ on $[0,1]^d$"
            f"{where(', ', d=self.input_dim)}, with $|w|_2\\le {named('B', self.norm)}$."
        )

    @property
    def exact_pseudo_dimension(self) -> Number:
        return self.input_dim

    @property
    def piecewise(self) -> Piecewise:
        return Piecewise.of(1, 1, continuous=True)

    @property
    def is_continuous(self) -> bool:
        return True

    @property
    def homogeneity(self) -> int:
        return 1

    @property
    def linear_dimension(self) -> Number:
        return self.input_dim

    def section(self, axes: tuple[int, ...]) -> LinearSpace:
        """The affine functions: what the other coordinates add is a constant."""
        return LinearSpace(dimension=len(axes) + 1, input_dim=len(axes))

    @property
    def lipschitz_constant(self) -> Number:
        return self.norm

    def rademacher_constant(self, A: Arithmetic[V]) -> V:
        return A.number(self.norm) * _root_of_dimension(A, self.input_dim)

    @property
    def rademacher_citations(self) -> tuple[Citation, ...]:
        return self.citations

    @property
    def fat_orders(self) -> tuple[tuple[Any, Any], ...]:
        return ((self.orders.pdim * symbol_unless_symbolic(self.norm, "B") ** 2, 2),)

    @property
    def orders(self) -> Orders:
        return Orders.of_size(symbol_unless_symbolic(self.input_dim, "d"))

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound(whole=(AffineCount(1, 1, self.input_dim),))


@dataclass(frozen=True, kw_only=True)
class NormBoundedNetwork(NetworkClass):
    """ReLU networks x -> W_L relu(W_{L-1} ... relu(W_1 x)) with Frobenius norms |W_l|_F <= M_l, without biases.

    ``norms`` is (M_1, ..., M_L), L >= 1; ``input_dim`` is d; ``widths`` are the L - 1 hidden widths, or None for
    networks of every width (then the pseudo-dimension is infinite). Any positively homogeneous 1-Lipschitz
    activation, applied to each entry, may replace relu if ``widths`` is None.

    With |x|_2 <= sqrt(d), the Rademacher averages are at most sqrt(d/m) (sqrt(2 L log 2) + 1) prod_l M_l
    (Golowich, Rakhlin and Shamir 2018, Thm 1); the Lipschitz constant is at most prod_l M_l.

    >>> NormBoundedNetwork(norms=(2, 2), input_dim=4).fat_shattering(1).value
    454
    """

    citations = (Citation("GolowichRakhlinShamir2018"),)
    norms: tuple[Number, ...] = field(
        metadata=allowed(Entries(Exact(), MOST_LAYERS, "a norm for each weight matrix")),
    )
    input_dim: Number = field(metadata=INPUTS)
    widths: tuple[Number, ...] | None = field(default=None, metadata=WIDTHS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.widths is not None:
            if len(self.widths) != len(self.norms) - 1:
                allowed = f"must have one entry fewer than norms, which has {len(self.norms)}"
                raise ParameterError("widths", self.widths, allowed)
            self._network  # its limits on the number of parameters hold here too  # noqa: B018

    @property
    def _network(self) -> ReLUNetwork:
        assert self.widths is not None
        return ReLUNetwork(widths=self.widths, input_dim=self.input_dim, bias=False)

    @property
    def depth(self) -> int:
        """L, the number of weight matrices."""
        return len(self.norms)

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True)

    def larger(self) -> Iterator[Self]:
        first, *others = self.norms
        return self.variants({"norms": (2 * first, *others)}, *wider(self.widths or ()))

    @property
    def definition(self) -> str:
        shape = "every width" if self.widths is None else f"hidden widths ({', '.join(map(str, self.widths))})"
        return (
            f"$G$ is the class of ReLU networks $W_L\\sigma(W_{{L-1}}\\cdots\\sigma(W_1x))$ of {shape} on $[0,1]^d$"
            f"{where(', ', d=self.input_dim, L=self.depth)}, without biases, with Frobenius norms "
            f"$(M_l)=({', '.join(map(str, self.norms))})$."
        )

    @property
    def bounded_growth(self) -> bool:
        return self.widths is not None

    @property
    def counted_sizes(self) -> Sizes | None:
        return None if self.widths is None else self._network.counted_sizes

    @property
    def free_sizes(self) -> None:
        """None: known constructions do not bound the norms."""

    @property
    def architecture(self) -> Architecture | None:
        return None if self.widths is None else self._network.architecture

    @property
    def piecewise(self) -> Piecewise | None:
        return None if self.widths is None else self._network.piecewise

    @property
    def piece_order(self) -> Any:
        return super().piece_order if self.widths is None else self._network.piece_order

    @property
    def is_continuous(self) -> bool:
        return True

    @property
    def homogeneity(self) -> int:
        return 1

    def section(self, axes: tuple[int, ...]) -> NetworkFacts | None:
        return None if self.widths is None else self._network.section(axes)

    @property
    def lipschitz_constant(self) -> Number:
        return tidy(prod(self.norms))

    def rademacher_constant(self, A: Arithmetic[V]) -> V:
        total = A.number(1)
        for norm in self.norms:
            total = total * A.number(norm)
        depth = A.power(2 * A.number(self.depth) * A.log(A.number(2)), A.number(1) / 2) + 1
        return _root_of_dimension(A, self.input_dim) * depth * total

    @property
    def rademacher_citations(self) -> tuple[Citation, ...]:
        return (Citation("GolowichRakhlinShamir2018", "Thm 1"),)

    @property
    def fat_orders(self) -> tuple[tuple[Any, Any], ...]:
        import sympy

        M, L = symbol_unless_symbolic(self.lipschitz_constant, "M"), sympy.Symbol("L", positive=True)
        return ((M**2 * L, 2), (M**self.input_dim, self.input_dim))

    @property
    def orders(self) -> Orders:
        if self.widths is None:
            raise NoExpressionError("the pseudo-dimension of networks of every width is infinite: it has no order")
        return self._network.orders

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound() if self.widths is None else self._network.growth(thresholds)
