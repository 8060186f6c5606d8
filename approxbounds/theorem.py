"""What a theorem is to the library: its hypotheses, its one formula, and how to find good data for it.

A theorem answers a :class:`Query`. Its *witness* is the finite data (resolution, number of cells, ...)
for which its formula is evaluated; :meth:`Theorem.search` finds one carelessly with floats, and
:meth:`Theorem.evaluate` is the formula, written once for the three arithmetics, which checks every
hypothesis about the witness. To add a theorem, subclass :class:`Theorem` in a file of its own and
list it in ``catalogue.py``; from outside the package, register it (``EXTENDING.md``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, ClassVar

from approxbounds.arithmetic import Arithmetic, V, usual_errors
from approxbounds.errors import HypothesisError, NoExpressionError, NotApplicableError, ParameterError
from approxbounds.facts.built import BuiltNetwork
from approxbounds.facts.functions import FunctionFacts
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = [
    "Depths",
    "Direction",
    "Query",
    "Step",
    "Theorem",
    "applicable",
    "conditional",
    "finite_only",
    "foreign_code",
    "full_name",
    "naming",
    "of_this_package",
    "sup_norm_only",
]

_OURS = __name__.partition(".")[0] + "."


class Direction(Enum):
    """Which side of the quantity a bound is on."""

    LOWER = "lower"
    UPPER = "upper"

    @property
    def relation(self) -> str:
        return r"\ge" if self is Direction.LOWER else r"\le"


class Depths(Enum):
    """The networks of the kind of G, as W grows, for which the rate of a theorem holds: a phrase."""

    ANY = ""
    FIXED = "at fixed depth"
    GROWING = "for L at least of order log W"

    def meets(self, other: Depths) -> bool:
        """Whether two rates hold for the same networks, so that they may be compared."""
        return {self, other} != {Depths.FIXED, Depths.GROWING}


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked: classes and exact numbers; what a quantity does not depend on is None."""

    functions: FunctionFacts | None = None
    network: NetworkFacts | None = None
    p: Number = None
    eps: Number = None
    gamma: Number = None

    def __post_init__(self) -> None:
        if self.functions is None or self.network is None:
            return
        dim, inputs = self.functions.domain_dim, self.network.domain_dim
        if dim is not None and inputs is not None and dim != inputs:
            raise ParameterError("input_dim", inputs, f"must equal the dimension of F, dim={dim}")

    @property
    def classes(self) -> tuple[FunctionFacts | NetworkFacts, ...]:
        """F and G, as far as the quantity depends on them."""
        return tuple(part for part in (self.functions, self.network) if part is not None)

    @property
    def symbols(self) -> frozenset[Any]:
        found: frozenset[Any] = frozenset()
        for part in self.classes:
            found |= part.symbols
        for number in (self.p, self.eps, self.gamma):
            if is_symbolic(number):
                found |= number.free_symbols
        return found

    @property
    def work(self) -> int:
        """About how many microseconds it takes to read the parameters once: entries, and arithmetic with fractions."""
        entries = [entry for part in self.classes for _, entry in part.entries()]
        fractions = [entry for entry in (*entries, self.p, self.eps, self.gamma) if isinstance(entry, Fraction)]
        bits = sum(x.numerator.bit_length() + x.denominator.bit_length() for x in fractions)
        return 15 * len(entries) + bits**2 // 50_000  # a product of them takes time of the order of the square

    @property
    def F(self) -> FunctionFacts:
        assert self.functions is not None
        return self.functions

    @property
    def G(self) -> NetworkFacts:
        assert self.network is not None
        return self.network


@dataclass(frozen=True)
class Step:
    """One step of a derivation: Markdown text with LaTeX between dollars, and its sources."""

    text: str
    citations: tuple[Citation, ...] = ()


class Theorem(ABC):
    """A statement that bounds a quantity on one side. Instances are stateless."""

    id: ClassVar[str]
    title: ClassVar[str]
    statement: ClassVar[str]
    citations: ClassVar[tuple[Citation, ...]]
    direction: ClassVar[Direction] = Direction.LOWER
    inputs: ClassVar[tuple[str, ...]] = ("functions", "network", "p")  # the parts of a query that it uses
    integral: ClassVar[bool] = False  # the bounded quantity is an integer
    unbuilt: ClassVar[str] = "it is not the bound of a construction"  # why build() has nothing to build
    depths: ClassVar[Depths] = Depths.ANY  # where the rate holds
    infinite: ClassVar[bool] = False  # the bound is always that the quantity is infinite
    numeric: ClassVar[bool] = True  # False: a constant is unspecified, so there are rates only
    #: Upper bounds by networks that see x by 1[x_j >= t] and 1[x_j > t] only; or by limits of them, p < inf.
    #: For p = inf and classes that are defined at every point they hold at every point.
    by_steps: ClassVar[bool] = False
    any_measure: ClassVar[bool] = False  # whether it is proved for F under any measure, by what F then states

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def _repr_markdown_(self) -> str:
        cited = "; ".join(map(str, self.citations))
        return f"**{self.id}** ({self.title}). {self.statement} [{cited}]"

    def quantity(self, query: Query) -> str:
        """LaTeX of the bounded quantity; by default the approximation error."""
        p = r"\infty" if is_infinite(query.p) else f"{query.p}"
        return f"E_{{{p}}}(F, G)"

    def size_free(self, query: Query) -> str | None:
        """What classes G need, in words, if the bound is the same for all of them, of whatever size; else None."""
        return None

    def elsewhere(self, query: Query) -> str | None:
        """Why the theorem is not known to hold for the measure of F, or None if it is."""
        setting = None if query.functions is None else query.functions.setting
        if setting is None or vars(type(self)).get("any_measure", False):  # said of the theorem itself, not inherited
            return None
        return f"it is proved for Lebesgue measure on [0,1]^d, not under {setting}"

    def objection(self, query: Query) -> str | None:
        """Why the theorem does not answer this query: the measure of F, or its own :meth:`refusal`; None if it does."""
        return self.elsewhere(query) or self.refusal(query)

    @abstractmethod
    def refusal(self, query: Query) -> str | None:
        """Why the theorem does not apply to this query, or None if it does."""

    def search(self, query: Query) -> Witness:
        """Good data for a numeric query, found with floats; raises HypothesisError if there is none."""
        raise HypothesisError(f"{self.id} has no explicit constants")

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        """The bound for these data; raises HypothesisError unless every hypothesis certainly holds."""
        raise HypothesisError(f"{self.id} has no explicit constants")

    def rate(self, query: Query) -> Any:
        """The order of the bound (SymPy), up to a constant factor."""
        raise NoExpressionError(f"{self.id} states no rate")

    def expression(self, query: Query) -> Any:
        """The closed form (SymPy) with every constant explicit."""
        raise NoExpressionError(f"{self.id} has no closed form for this query")

    def steps(self, query: Query, witness: Witness | None) -> tuple[Step, ...]:
        """The derivation: the classes, then the theorem's own steps, with numbers where there is a witness."""
        premises = (Step(part.definition) for part in query.classes)
        return (*premises, *(self.outline(query) if witness is None else self.argument(query, witness)))

    def outline(self, query: Query) -> tuple[Step, ...]:
        """The theorem's own steps without numbers."""
        return (Step(self.statement, self.citations),)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        """The theorem's own steps with the numbers of the witness."""
        return self.outline(query)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        """The smallest network of the kind of G that an upper bound's construction needs, or None."""
        return None

    def build(self, query: Query, witness: Witness, f: Function) -> BuiltNetwork:
        """The network of an upper bound's construction for f, in G; raises NotApplicableError if there is none."""
        raise NotApplicableError(f"{self.id}: there is nothing to build: {self.unbuilt}")

    def hard_function(self, query: Query, witness: Witness) -> Function:
        """A function of F that no g in G is nearer to than a lower bound says; NotApplicableError if none is known."""
        raise NotApplicableError(f"{self.id}: it is not about one function of F (see average_case for random ones)")


@contextmanager
def naming(theorem: Theorem) -> Iterator[None]:
    """A ParameterError raised in this block, by a formula of the theorem, names the theorem."""
    try:
        with usual_errors():
            yield
    except ParameterError as error:
        raise type(error)(error.name, error.value, f"{error.allowed} (in theorem {theorem.id})") from error


def foreign_code(theorem: Theorem, query: Query) -> tuple[str, ...]:
    """Names of the theorems and classes from outside this package that the answer to the query rests on."""
    kinds = [type(theorem), *(kind for part in query.classes for kind in part.kinds)]
    return tuple(dict.fromkeys(full_name(kind) for kind in kinds if not of_this_package(kind)))


def full_name(kind: type[Any]) -> str:
    """Module and name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def of_this_package(kind: type[Any]) -> bool:
    """Whether a class says that it is defined in this package."""
    return kind.__module__.startswith(_OURS)


def finite_only(query: Query, other: str | None = None) -> str | None:
    """The objection to p = inf of a theorem for 1 <= p < inf; ``other`` is the one for the sup norm."""
    elsewhere = "" if other is None else f" ({other} covers the sup norm)"
    return f"p = inf: it needs 1 <= p < inf{elsewhere}" if is_infinite(query.p) else None


def sup_norm_only(query: Query, other: str) -> str | None:
    """The objection to p < inf of a theorem for the sup norm; ``other`` is the one for those p."""
    return None if is_infinite(query.p) else f"p = {query.p}: it is about the sup norm ({other} covers 1 <= p < inf)"


def applicable(theorems: Iterable[Theorem], query: Query) -> Iterator[Theorem]:
    """Those that give finite numbers: of this package, for bounds that do not say whose word they take."""
    for theorem in theorems:
        usable = theorem.numeric and not theorem.infinite and of_this_package(type(theorem))
        if usable and theorem.objection(query) is None:
            yield theorem


def conditional(query: Query, expression: Any) -> Any:
    """The expression, restricted to the condition under which the closed forms of F hold."""
    import sympy

    condition = query.F.closed_form_condition
    return expression if condition == sympy.true else sympy.Piecewise((expression, condition))
