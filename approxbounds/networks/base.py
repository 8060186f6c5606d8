"""The base of network classes: a frozen record that offers a growth bound."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from approxbounds.arithmetic import Arithmetic, Value
from approxbounds.description import Description
from approxbounds.networks.growth import GrowthBound, Thresholds
from approxbounds.sources import Citation
from approxbounds.validation import Number, symbol_unless_symbolic

if TYPE_CHECKING:
    from approxbounds.bound import Bound

__all__ = ["Activation", "NetworkClass", "Orders", "Totals"]


@dataclass(frozen=True)
class Activation:
    """A piecewise-polynomial activation: at most K pieces of degree <= nu, half-open or continuous.

    ``homogeneous``: every piece is a line through the origin and the only breakpoint is 0 (ReLU, |.|).
    ``power``: the activation is max(x, 0)^power (1 for x >= 0 if power = 0); None if it is not of this form.
    """

    degree: Number
    pieces: Number
    continuous: bool = False
    homogeneous: bool = False
    power: int | None = None


@dataclass(frozen=True)
class Totals:
    """Sizes of a layered network: parameters W, hidden units U, layers L (output included).

    ``uses`` is C, how often parameters are used on the way from x to g(x); by default W, each of them once.
    """

    weights: Number
    units: Number
    depth: Number
    activation: Activation
    uses: Number | None = None

    def operations(self) -> Number:
        """t = 2C + U(K-1+2 nu) + 2: the operations that compute 1[g(x) > r]."""
        a = self.activation
        uses = self.weights if self.uses is None else self.uses
        return 2 * uses + self.units * (a.pieces - 1 + 2 * a.degree) + 2


@dataclass(frozen=True)
class Orders:
    """Orders of magnitude (SymPy), up to constants: of Pdim(G), and of T1's lower bound in a."""

    pdim: Any
    logarithm: Any  # the logarithm of the size that appears in T1
    t1_size: Any  # T1: E >= c * t1_size^{-1/a} * logarithm^{-t1_log_power/a}
    t1_log_power: int

    @classmethod
    def of_size(cls, P: Any) -> Orders:
        """The orders of a class of which no more is known than that Pdim(G) is of order P."""
        import sympy

        return cls(P, sympy.log(P), P, 2)


@dataclass(frozen=True, kw_only=True)
class NetworkClass(Description, ABC):
    """A class G of approximating functions. Subclasses are frozen records of exact parameters."""

    @property
    def domain_dim(self) -> Number:
        """The number of inputs, or None if the class does not name it."""
        return getattr(self, "input_dim", None)

    @abstractmethod
    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        """An upper bound on log2 of the growth function for thresholds of this kind."""

    @property
    def bounded_growth(self) -> bool:
        """Whether Pdim(G) is finite; if not, only theorems on the fat-shattering dimension apply."""
        return True

    @property
    def lipschitz_constant(self) -> Number:
        """Lambda with |g(x) - g(y)| <= Lambda |x - y|_2 on [0,1]^d for all g in G, or None if none is known."""
        return None

    def rademacher_constant(self, A: Arithmetic) -> Value | None:
        """C with Rad_m(G) <= C / sqrt(m) for all m points of [0,1]^d, or None if none is known.

        Rad_m is the mean over random signs e of sup_g (1/m) sum_i e_i g(x_i).
        """
        return None

    @property
    def rademacher_citations(self) -> tuple[Citation, ...]:
        """Sources of :meth:`rademacher_constant`."""
        return ()

    @property
    def fat_orders(self) -> tuple[tuple[Any, Any], ...]:
        """Pairs (size, q) of SymPy expressions: fat_gamma(G) is at most of order size * gamma^{-q}."""
        if self.lipschitz_constant is None:
            return ()
        size = symbol_unless_symbolic(self.lipschitz_constant, "Lambda")
        return ((size**self.domain_dim, self.domain_dim),)

    @property
    def size_bounds(self) -> Totals | None:
        """Upper bounds on the sizes of a layered network, for counting arguments; None if G is not one."""
        return None

    @property
    def totals(self) -> Totals | None:
        """The sizes of a layered network if its parameters are free real numbers, each used once, else None.

        Constructions place their networks into G by them.
        """
        return self.size_bounds

    @property
    def exact_pseudo_dimension(self) -> Number:
        """Pdim(G), or a trivial upper bound on it, where the class states one directly."""
        return None

    @property
    @abstractmethod
    def orders(self) -> Orders:
        """Orders of the pseudo-dimension and of T1, in W and L or in the symbols of the query."""

    @property
    def direct_orders(self) -> Orders:
        """The orders that :attr:`exact_pseudo_dimension` gives."""
        return self.orders

    def pseudo_dimension(self) -> Bound:
        """The best certified upper bound on Pdim(G); ``.others`` lists those of the other methods.

        >>> import approxbounds as ab
        >>> ab.ReLUNetwork(widths=(10,), input_dim=2).pseudo_dimension().value
        306
        """
        from approxbounds.complexity.pseudo_dimension import pseudo_dimension

        return pseudo_dimension(self)

    def fat_shattering(self, gamma: object) -> Bound:
        """The best certified upper bound on fat_gamma(G), the fat-shattering dimension at scale ``gamma``.

        fat_gamma is the largest m with points x_i and levels r_i such that for every b in {0,1}^m some g has
        g(x_i) >= r_i + gamma where b_i = 1 and g(x_i) <= r_i - gamma where b_i = 0. It is at most Pdim(G).
        ``gamma`` is an exact positive number or a symbol. Raises ParameterError for bad input and
        NotApplicableError, with all reasons, if no method applies.

        >>> import approxbounds as ab
        >>> ab.NormBoundedNetwork(norms=(1, 1), input_dim=2).fat_shattering("1/10").value
        64
        """
        from approxbounds.complexity.fat_shattering import fat_shattering

        return fat_shattering(self, gamma)
