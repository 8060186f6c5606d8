"""What theorems may ask of G: growth, layers and sizes, constants of its functions, orders of its dimensions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.description import Description
from approxbounds.errors import NotApplicableError
from approxbounds.facts.growth import Count, GrowthBound, Thresholds
from approxbounds.facts.growth_on_lines import count_on_line, dimension_on_line
from approxbounds.facts.hypercube import GridSides, HypercubeFamily, Index
from approxbounds.facts.levels import LevelGrowth
from approxbounds.facts.pfaffian import Pfaffian
from approxbounds.facts.piecewise import Piecewise
from approxbounds.sources import Citation
from approxbounds.validation import Number, symbol_unless_symbolic

__all__ = [
    "Activation",
    "Architecture",
    "Contents",
    "DelayLine",
    "Limit",
    "Neighbourhood",
    "NetworkFacts",
    "Orders",
    "Sizes",
    "layered_order",
]


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
class Sizes:
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
class Architecture:
    """Layers of hidden units with one activation, then one linear output unit.

    ``widths``: the hidden units of each layer; ``parameters``: the numbers of parameters of each layer, the output
    last; ``bias``: whether all units have biases.
    """

    widths: tuple[Number, ...]
    parameters: tuple[Number, ...]
    activation: Activation
    bias: bool


@dataclass(frozen=True)
class DelayLine:
    """Recurrent networks that can keep their inputs: W may be any permutation; U, v, b, c, thresholds are any numbers.

    ``rectifies``: "output" (h_t = a_t, y = v.relu(h_T) + c), "state" (h_t = relu(a_t), y = v.h_T + c) or "thresholds"
    (h_t = sign(a_t) relu(|a_t| + beta)).
    """

    hidden: Number
    steps: Number
    inputs: Number
    rectifies: str


class Neighbourhood(ABC):
    """A way to give, for each rho > 0, a class G' such that each g in G has a g' in G' with |g - g'| <= rho on [0,1]^d.

    ``id`` names it in witnesses.
    """

    id: ClassVar[str]
    citations: ClassVar[tuple[Citation, ...]]

    @abstractmethod
    def at(self, rho: Fraction) -> NetworkFacts:
        """G' for this distance; HypothesisError where none is known."""

    @abstractmethod
    def describe(self, rho: Fraction) -> str:
        """What G' is, in Markdown with LaTeX."""


@dataclass(frozen=True)
class Limit:
    """A class all of whose functions are limits of functions of G: almost everywhere and boundedly, or uniformly."""

    network: NetworkFacts
    uniform: bool


@dataclass(frozen=True)
class Contents:
    """Simple functions in a class of networks: the zero function; one constant, of our choice; steps.

    ``cells``: a number n such that all step functions on n cells, of our choice, are in it; 0 if none is known.
    """

    zero: bool = False
    constant: bool = False
    cells: Number = 0


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


def layered_order(degree: Number, W: Any, L: Any, log: Any) -> Any:
    """The order of Pdim that counts layer by layer give, with the logarithm of the units or the weights.

    W log (nu = 0), L W log (nu = 1), L W log + L^2 W (nu >= 2, fixed).
    """
    if degree == 0:
        return W * log
    return L * W * log if degree == 1 else L * W * log + L**2 * W


@dataclass(frozen=True, kw_only=True)
class NetworkFacts(Description, ABC):
    """What is known of a class G of approximating functions; None or empty where nothing is.

    :class:`~approxbounds.networks.base.NetworkClass` adds the answers that theorems give.
    """

    domain_parameter = "input_dim"

    @property
    def domain_dim(self) -> Number:
        """The number of inputs, by default the parameter ``input_dim``; None if the class does not name it."""
        return self.parameters().get(self.domain_parameter)

    @abstractmethod
    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        """An upper bound on log2 of the growth function for thresholds of this kind."""

    def level_growth(self) -> LevelGrowth:
        """The same for several thresholds at each point, from the counts that hold at any thresholds."""
        return self.growth(Thresholds.ANY).levels

    def grid_counts(self, sides: GridSides) -> tuple[Count, ...]:
        """Further counts for points of a grid with so many points along its sides, at any thresholds."""
        return ()

    def growth_at(self, family: HypercubeFamily, index: Index) -> GrowthBound:
        """The growth bound for the points of a member of a family: on a grid there may be fewer patterns."""
        return GrowthBound((*self.growth(family.centres).whole, *self.counts_at(family, index)))

    def counts_at(self, family: HypercubeFamily, index: Index) -> tuple[Count, ...]:
        """The :meth:`grid_counts` for the points of a member of a family, or of many if entries are arrays."""
        sides = family.grid_sides(index)
        return () if sides is None else self.grid_counts(sides)

    @property
    def pfaffian(self) -> Pfaffian | None:
        """G as a program of exponentials and its degrees, or None if it is not known as one."""
        return None

    @property
    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        """The ways in which classes near G are known."""
        return ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Classes whose functions G comes as near as one likes on [0,1]^d, for upper bounds."""
        return ()

    @property
    def bounded_growth(self) -> bool:
        """Whether Pdim(G) is finite; if not, only theorems on the fat-shattering dimension apply."""
        return True

    @property
    def piecewise(self) -> Piecewise | None:
        """How every g in G falls into polynomial pieces on lines, or None if nothing is known."""
        return None

    def line_dimension(self, thresholds: Thresholds) -> Number | None:
        """No more points than these are shattered at thresholds of this kind, by :attr:`piecewise`; None if d > 1."""
        lines = self.piecewise if self.domain_dim == 1 else None
        return None if lines is None else dimension_on_line(lines, thresholds)

    def line_counts(self, thresholds: Thresholds) -> tuple[Count, ...]:
        """The count that :attr:`piecewise` gives for functions of one variable, a part of :meth:`growth`."""
        lines = self.piecewise if self.domain_dim == 1 else None
        return () if lines is None else (count_on_line(lines, thresholds),)

    @property
    def piece_order(self) -> Any:
        """The order of the number of pieces on a line, in W and L or in the symbols of the query."""
        known = self.piecewise
        return symbol_unless_symbolic(None if known is None else known.pieces, "P")

    @property
    def is_continuous(self) -> bool:
        """Whether every g in G is known to be continuous."""
        return False

    @property
    def homogeneity(self) -> Number | None:
        """k >= 0 with g(tx) = t^k g(x) for all t > 0 and all g in G, or None if no such number is known."""
        return None

    @property
    def linear_dimension(self) -> Number | None:
        """The dimension of a linear or affine space of functions in which G lies, or None if none is known."""
        return None

    def section(self, axes: tuple[int, ...]) -> NetworkFacts | None:
        """A class with all functions of the coordinates ``axes`` that some g in G is, the others fixed; or None."""
        return None

    def flat_growth(self, axes: tuple[int, ...], thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        """The growth bound for points that differ in the coordinates ``axes`` only.

        By default the smaller one of G and of its :meth:`section`.
        """
        section = self.section(axes)
        whole = self.growth(thresholds)
        return whole if section is None else GrowthBound((*section.growth(thresholds).whole, *whole.whole))

    @property
    def lipschitz_constant(self) -> Number:
        """Lambda with |g(x) - g(y)| <= Lambda |x - y|_2 on [0,1]^d for all g in G, or None if none is known."""
        return None

    def rademacher_constant(self, A: Arithmetic[V]) -> V | None:
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
    def counted_sizes(self) -> Sizes | None:
        """Upper bounds on the sizes of a layered network, for counting arguments; None if G is not one."""
        return None

    @property
    def free_sizes(self) -> Sizes | None:
        """The sizes of a layered network if its parameters are free real numbers, each used once, else None.

        Constructions place their networks into G by them.
        """
        return self.counted_sizes

    @property
    def architecture(self) -> Architecture | None:
        """The layers one by one, or None if G is not a layered network of known widths."""
        return None

    @property
    def delay_line(self) -> DelayLine | None:
        """How recurrent networks keep their inputs, or None if they are not known to."""
        return None

    def with_widths(self, widths: tuple[Number, ...]) -> NetworkFacts:
        """The networks of this kind with other hidden widths; only asked where there is an :attr:`architecture`."""
        raise NotApplicableError(f"{type(self).__name__} has no hidden layers of chosen widths")

    @property
    def bits_per_parameter(self) -> Number | None:
        """b if parameters take one of 2^b values, None if they are real numbers or there are none."""
        return None

    def quantised(self, bits: int) -> NetworkFacts | None:
        """These networks with parameters of ``bits`` bits, or None if the class knows no such thing."""
        return None

    @property
    def contains_constants(self) -> bool:
        """Whether every constant function is in G, the zero function too."""
        return False

    @property
    def may_contain(self) -> Contents:
        """What some class that the record describes contains; lower bounds, which hold for each, may not contradict it.

        At least what :attr:`contains_constants` says of all of them. For tests: no bound rests on what is more. A
        subclass that describes fewer classes must say so itself.
        """
        return Contents(zero=self.contains_constants, constant=self.contains_constants)

    @property
    def is_lipschitz_ball(self) -> bool:
        """Whether G is the class of *all* functions with its :attr:`lipschitz_constant`."""
        return False

    def closed_growth(self, A: Arithmetic[V]) -> tuple[tuple[V, V, V], ...]:
        """Triples (t, w, r), r >= 16, w >= t, with Pi(m) <= 2^t (m r/w)^w for all m >= w; empty if none is known."""
        return ()

    @property
    def exact_pseudo_dimension(self) -> Number:
        """Pdim(G), or a trivial upper bound on it, where the class states one directly."""
        return None

    @property
    @abstractmethod
    def orders(self) -> Orders:
        """Orders of the pseudo-dimension and of T1, in W and L or in the symbols of the query."""

    @property
    def real_orders(self) -> Orders:
        """The orders if all parameters were real numbers."""
        return self.orders

    @property
    def direct_orders(self) -> Orders:
        """The orders that :attr:`exact_pseudo_dimension` gives."""
        return self.orders
