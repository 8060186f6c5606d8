"""Programs of exponentials: any network written down as layers of arithmetic and smooth functions. THEORY.md, 3.10."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Self

from approxbounds.arithmetic import BALL, precision
from approxbounds.description import named
from approxbounds.errors import ParameterError
from approxbounds.facts.growth import BitCount, Count, GrowthBound, Thresholds
from approxbounds.facts.networks import Contents, Neighbourhood, Orders
from approxbounds.facts.pfaffian import Pfaffian, PfaffianCount
from approxbounds.facts.tally import Tally, Tensor
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.covered import Cover, Sensitivity
from approxbounds.networks.parametric import finer
from approxbounds.networks.simple import FiniteClass
from approxbounds.parameters import BITS, INPUTS, POSITIVE, Integer, allowed
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.validation import MOST_WEIGHTS, Number, integer, is_symbolic, symbol_unless_symbolic

__all__ = ["Program", "ProgramClass", "TalliedNetwork"]

_COUNT = allowed(Integer(minimum=0, maximum=10**30))
_DEGREE = allowed(Integer(maximum=10**30))


@dataclass(frozen=True, kw_only=True)
class ProgramClass(NetworkClass):
    """The base of classes of programs: all functions x -> P(x, theta) of one program P, theta its d parameters.

    The parameters are real numbers, or with ``bits``=b one of 2^b values each of a codebook fixed in advance; all else
    is exact real arithmetic. A deployed program, rounding included, is another class: see :meth:`deployed`.
    """

    citations: ClassVar[tuple[Citation, ...]] = (Citation("Khovanskii1991"), Citation("approxbounds", "3.10"))
    bits: Number | None = field(default=None, metadata=BITS)

    @property
    @abstractmethod
    def pfaffian(self) -> Pfaffian:
        """d, the chain, the degrees and the comparisons."""

    @property
    @abstractmethod
    def stored_numbers(self) -> Number:
        """How many numbers a file of the trained network holds: at least d."""

    @property
    def bits_per_parameter(self) -> Number | None:
        return self.bits

    def quantised(self, bits: int) -> Self:
        return replace(self, bits=bits)

    def deployed(self, *, bits: int = 32) -> FiniteClass:
        """The functions that the program computes as it is deployed, in arithmetic with rounding: a finite class.

        At most 2^(bits * stored numbers) functions, if every stored number has this many bits, and the program, its
        library and the machine are fixed and deterministic. Nothing else that is known of the network holds for them:
        rounding can show patterns that exact arithmetic cannot (THEORY.md, 3.10).

        ``bits``: 1 to 1024. ParameterError for others.

        >>> import approxbounds as ab
        >>> ab.LSTM(hidden=128, steps=784).deployed(bits=16)
        FiniteClass(bits=1075216, input_dim=784)
        """
        self.require_numbers("a deployed program")
        bits = integer("bits", bits, maximum=1024, symbols=False)
        return FiniteClass(bits=bits * self.stored_numbers, input_dim=self.domain_dim)

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=self.contains_constants)

    @property
    def exact_pseudo_dimension(self) -> Number:
        return None if self.bits is None else self.bits * self.pfaffian.weights

    @property
    def real_orders(self) -> Orders:
        program = self.pfaffian
        W, q = symbol_unless_symbolic(program.weights, "W"), program.chain
        return Orders.of_size(W if q == 0 else (W * symbol_unless_symbolic(q, "q")) ** 2)

    @property
    def direct_orders(self) -> Orders:
        W = symbol_unless_symbolic(self.pfaffian.weights, "W")
        return Orders.of_size(self.bits * W if is_symbolic(self.bits) else W)

    @property
    def orders(self) -> Orders:
        return self.real_orders if self.bits is None else self.direct_orders

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        counts: tuple[Count, ...] = (PfaffianCount(self.pfaffian), *self.line_counts(thresholds))
        if self.bits is not None:
            counts += (BitCount(self.bits * self.pfaffian.weights),)
        return GrowthBound(counts)

    def larger(self) -> Iterator[Self]:
        return self.variants(*finer(self.bits))

    @property
    def _shown(self) -> str:
        """The sentence of definitions on the parameters and the exponentials."""
        program = self.pfaffian
        text = f"${named('W', program.weights)}$ parameters, {self._allowed}; exact arithmetic with a chain of "
        text += f"${named('q', program.chain)}$ functions"
        if self.symbols:
            return text
        with precision(128):
            return f"{text} ($\\log_2B\\le{above(program.log2_solutions(BALL))}$)"

    @property
    def _allowed(self) -> str:
        """What parameters may be."""
        return "real numbers" if self.bits is None else f"each one of $2^{{{self.bits}}}$ fixed values"


@dataclass(frozen=True, kw_only=True)
class Program(ProgramClass):
    """The functions of one program with exponentials, by its numbers.

    weights: d, the real parameters; chain: q, the most functions of a Pfaffian chain (exponentials, tanh, ...) that
    1[g(x) > r] takes for one x; chain_degree: alpha, the degree of their derivatives; degree: beta, that of outputs
    and compared quantities in parameters and chain; gradient_degree: D, one more than that of their derivatives
    (default alpha + beta); tests: c, the most comparisons for one x; stored: how many numbers a file of the parameters
    holds (default d); input_dim: the inputs, or None; bits: as in :class:`ProgramClass`. Chain functions must be
    defined for all real parameters. :meth:`of` finds these numbers for a network written in layers.

    Growth: Khovanskii's bound on solutions (1991) and Warren's argument, THEORY.md 3.10: Pdim is at most of order
    (d q)^2.

    >>> Program(weights=1441, chain=8, chain_degree=5, degree=2, input_dim=16).pseudo_dimension().value
    66618241
    """

    weights: Number = field(metadata=allowed(Integer(maximum=MOST_WEIGHTS)))
    chain: Number = field(metadata=_COUNT)
    chain_degree: Number = field(default=1, metadata=_DEGREE)
    degree: Number = field(default=1, metadata=_DEGREE)
    gradient_degree: Number | None = field(default=None, metadata=_DEGREE)
    tests: Number = field(default=0, metadata=_COUNT)
    stored: Number | None = field(default=None, metadata=allowed(Integer(maximum=10 * MOST_WEIGHTS)))
    input_dim: Number | None = field(default=None, metadata=INPUTS)

    def __post_init__(self) -> None:
        super().__post_init__()
        known = not is_symbolic(self.stored) and not is_symbolic(self.weights)
        if self.stored is not None and known and self.stored < self.weights:
            raise ParameterError("stored", self.stored, f"must be at least weights={self.weights}")

    @classmethod
    def of(cls, build: Callable[[Tally], Tensor], *, bits: Number | None = None) -> Program:
        """The program that ``build`` writes: it takes a :class:`Tally`, whose methods are layers, and gives the output.

        ParameterError if it gives no tensor of one number, or layers do not fit.

        >>> def build(t):
        ...     x = t.input(16)
        ...     x = t.add(t.act(t.dense(x, size=16), "gelu"), x)
        ...     return t.dense(t.layer_norm(x), size=1)
        >>> Program.of(build, bits=8).pseudo_dimension().value
        2568
        """
        if not callable(build):
            raise ParameterError("build", build, "must be a function of a Tally")
        tally = Tally()
        output = build(tally)
        if not isinstance(output, Tensor):
            raise ParameterError("build", output, "must give a tensor, the output of its last layer")
        p = tally.pfaffian(output)
        return cls(
            weights=p.weights,
            chain=p.chain,
            chain_degree=p.chain_degree,
            degree=p.degree,
            gradient_degree=p.gradient_degree,
            tests=p.tests,
            stored=tally.stored,
            input_dim=tally.inputs or None,
            bits=bits,
        )

    @property
    def pfaffian(self) -> Pfaffian:
        D = self.chain_degree + self.degree if self.gradient_degree is None else self.gradient_degree
        return Pfaffian(self.weights, self.chain, self.chain_degree, self.degree, D, self.tests)

    @property
    def stored_numbers(self) -> Number:
        return self.weights if self.stored is None else self.stored

    def larger(self) -> Iterator[Self]:
        grown = [{name: getattr(self, name) + 1} for name in ("weights", "chain", "chain_degree", "degree", "tests")]
        return self.variants(*grown, *finer(self.bits))

    @property
    def definition(self) -> str:
        p = self.pfaffian
        return (
            f"$G$: the functions of one program with {self._shown} of degree $\\alpha={p.chain_degree}$, outputs of "
            f"degree $\\beta={p.degree}$ with derivatives of degree below $D={p.gradient_degree}$, and at most "
            f"${named('c', p.tests)}$ comparisons."
        )


class _Tallied(NamedTuple):
    """What a tally of a network finds."""

    pfaffian: Pfaffian
    stored: Number
    inputs: Number
    sensitivity: Sensitivity | None


@dataclass(frozen=True, kw_only=True)
class TalliedNetwork(ProgramClass):
    """The base of networks that are written in layers: a record says how by :meth:`program`.

    ``weight_bound``: B, all parameters are in [-B, B]; None: any real numbers.
    """

    weight_bound: Number | None = field(default=None, metadata=POSITIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = self.pfaffian.weights
        if not is_symbolic(weights) and weights > MOST_WEIGHTS:
            raise ParameterError("weights", weights, f"at most {MOST_WEIGHTS} parameters are supported")

    @abstractmethod
    def program(self, t: Tally) -> Tensor:
        """Write the network into the tally, and give its one output."""

    @property
    def _tally(self) -> _Tallied:
        plain = replace(self, bits=None, weight_bound=None) if self.bits or self.weight_bound else self
        return _tallied(plain, None)

    @property
    def sensitivity(self) -> Sensitivity | None:
        """How much outputs change with the parameters, if these are bounded."""
        if self.weight_bound is None or self.symbols:
            return None
        return _tallied(replace(self, bits=None), self.weight_bound).sensitivity

    @property
    def pfaffian(self) -> Pfaffian:
        return self._tally.pfaffian

    @property
    def weights(self) -> Number:
        """d, the number of parameters."""
        return self.pfaffian.weights

    @property
    def stored_numbers(self) -> Number:
        return self._tally.stored

    @property
    def domain_dim(self) -> Number:
        return self._tally.inputs

    @property
    def is_continuous(self) -> bool:
        return True

    @property
    def contains_constants(self) -> bool:
        """The output unit has a bias of its own."""
        return self.bits is None and self.weight_bound is None

    @property
    def neighbourhoods(self) -> tuple[Neighbourhood, ...]:
        return () if self.sensitivity is None else (Cover(self, self.sensitivity),)

    def _grown(self, *names: str) -> Iterator[Self]:
        """Classes that contain this one: some numbers larger by one, parameters finer or less bounded."""
        changes: list[dict[str, Any]] = [{name: getattr(self, name) + 1} for name in names]
        if self.weight_bound is not None:
            changes += [{"weight_bound": 2 * self.weight_bound}, {"weight_bound": None}]
        return self.variants(*changes, *finer(self.bits))

    @property
    def _allowed(self) -> str:
        bounded = "" if self.weight_bound is None else f" in $[-{self.weight_bound},{self.weight_bound}]$"
        return super()._allowed + bounded


@lru_cache(maxsize=256)
def _tallied(network: TalliedNetwork, weight_bound: Number | None) -> _Tallied:
    tally = Tally(weight_bound)
    with tally.precision:
        output = network.program(tally)
    sensitivity = None
    if weight_bound is not None:
        sensitivity = Sensitivity(weight_bound, tally.sensitivities(output))
    return _Tallied(tally.pfaffian(output), tally.stored, tally.inputs, sensitivity)
