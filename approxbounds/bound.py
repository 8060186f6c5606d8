"""The answer to a query: a number, a closed form, a rate, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, reduce
from typing import Any

from approxbounds import render
from approxbounds.arithmetic import SYMBOLIC, precision, usual_errors
from approxbounds.asymptotics import decays_more_slowly, gathered
from approxbounds.certificate import Certificate
from approxbounds.errors import HypothesisError, NoExpressionError, NoNumberError, NotApplicableError
from approxbounds.facts.built import BuiltNetwork
from approxbounds.facts.grid import Function, on_the_cube
from approxbounds.facts.networks import NetworkFacts
from approxbounds.kernel import certified_value
from approxbounds.sources import Citation, bibtex
from approxbounds.theorem import Direction, Query, Step, Theorem, foreign_code, naming
from approxbounds.validation import symbol_unless_symbolic
from approxbounds.witness import Witness

__all__ = ["Bound", "Refusal", "Status", "apply", "best", "in_short", "strongest_rate"]

_READABLE = 450  # characters of reasons in an error


class Status(Enum):
    """What kind of answer a bound is."""

    CERTIFIED = "certified"  # a number that the kernel accepted
    SYMBOLIC = "symbolic"  # the query has symbols: rate and closed form
    RATE = "rate"  # the theorem leaves a constant unspecified


@dataclass(frozen=True)
class Refusal:
    """A theorem that does not answer a query, and the reason."""

    theorem: str
    reason: str

    def __str__(self) -> str:
        return f"{self.theorem}: {self.reason}"


@dataclass(frozen=True)
class Bound:
    """A bound on one quantity by one theorem.

    ``value`` is a certified number: a float rounded to the safe side (an int for dimensions, ``math.inf`` for an error
    that is proved to be infinite); asking for it where there is none raises :class:`NoNumberError`. ``expression`` is
    the closed form and ``rate`` the order, both SymPy. ``others`` holds what the other theorems gave or why they did
    not.
    """

    theorem: Theorem
    query: Query
    witness: Witness | None = field(default=None, hash=False)
    number: float | int | None = field(default=None)
    others: tuple[Bound | Refusal, ...] = field(default=(), compare=False, repr=False)

    @property
    def direction(self) -> Direction:
        """On which side of the quantity the bound is: ``Direction.LOWER`` or ``Direction.UPPER``."""
        return self.theorem.direction

    @property
    def status(self) -> Status:
        """What there is: a certified number; of a query with symbols a rate and a closed form; or a rate alone."""
        if self.number is not None:
            return Status.CERTIFIED
        return Status.SYMBOLIC if self.theorem.numeric else Status.RATE

    @property
    def value(self) -> float | int:
        """The certified number: a float rounded to the safe side, an int for dimensions, or ``math.inf``.

        Raises NoNumberError, an AttributeError, where there is none: then ``hasattr(bound, "value")`` is False.
        """
        if self.number is not None:
            return self.number
        if not self.theorem.numeric:
            raise NoNumberError(f"{self.theorem.id} gives a rate only: its constant is unspecified; use .rate")
        names = ", ".join(sorted(map(str, self.query.symbols)))
        raise NoNumberError(f"the query has symbols ({names}): there is no number; use .expression or .rate")

    @cached_property
    def rate(self) -> Any:
        """The order of the bound up to a constant factor, a SymPy expression in W, L, ... or the symbols of the query.

        Its symbols are positive, so ``rate.subs({"W": 100})`` by name finds none of them and changes nothing: SymPy
        makes a symbol without that assumption. Take them from ``rate.free_symbols`` or make
        ``sympy.Symbol("W", positive=True)``. Raises NoExpressionError if the theorem states no rate.

        >>> import approxbounds as ab
        >>> rate = ab.lower_bound(ab.LipschitzBall(dim=5), ab.NetworkSize(weights=1000, depth=3), p=2).rate
        >>> rate
        (L*W*log(W))**(-1/5)
        >>> numbers = {symbol: {"W": 1000, "L": 3}[symbol.name] for symbol in rate.free_symbols}
        >>> f"{float(rate.subs(numbers)):.4f}"
        '0.1370'
        """
        with naming(self.theorem):
            return gathered(SYMBOLIC.number(self.theorem.rate(self.query)))

    @cached_property
    def expression(self) -> Any:
        """The closed form of the theorem at explicit data, as SymPy: true, but weaker than :attr:`value`.

        It holds for all sizes at once, with data that the theorem prescribes (for T3 the coarsest member of at least
        12 Pdim(G) cells), where :attr:`value` searches for the best data: it is mostly weaker by a factor of 2 to 3,
        and by much more for smooth classes, up to 10^5 at s = 3. Its symbols
        (``bound.expression.free_symbols``) are positive: insert numbers by your own symbols, as ``subs({W: 100})``;
        ``subs({"W": 100})`` finds no such symbol and silently changes nothing. A Piecewise with one case states
        where the closed form holds; for limits and code take ``expression.args[0].expr``. For smoothness near 100 it
        has numbers beyond doubles: take ``evalf`` or ``lambdify(..., "mpmath")``. The code
        printers of SymPy take it, but the one for Rust (SymPy 1.14) loses the parentheses of sums. Raises
        NoExpressionError if no closed form is known.

        >>> import sympy, approxbounds as ab
        >>> W, L = sympy.symbols("W L", positive=True)
        >>> F, G = ab.LipschitzBall(dim=2), ab.NetworkSize(weights=W, depth=L, degree=1)
        >>> f = sympy.lambdify((W, L), ab.lower_bound(F, G, p=2).expression)
        >>> certified = ab.lower_bound(F, ab.NetworkSize(weights=100, depth=3, degree=1), p=2).value
        >>> f"{f(100, 3):.6f} {certified:.6f}"
        '0.000435 0.001074'
        """
        with naming(self.theorem):
            return SYMBOLIC.number(self.theorem.expression(self.query))

    @cached_property
    def formula(self) -> Any:
        """The theorem's formula at the data that the search found, as SymPy: exact, and equal to :attr:`value`.

        It is the number that :attr:`value` rounds to the safe side (for dimensions: down to an integer), for these
        sizes only; ``formula.evalf(30)`` gives its digits. Raises NoNumberError where there is no value.

        >>> import approxbounds as ab
        >>> bound = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=1)
        >>> bound.formula, bound.value
        (1/48, 0.020833333333333332)
        """
        _ = self.value  # raises if there is none
        with naming(self.theorem):
            return SYMBOLIC.number(self.theorem.evaluate(SYMBOLIC, self.query, self.witness or {}))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Theorems and classes from outside this package that the bound rests on; empty for the library's own.

        ``certified`` then means: the number is what that code states, recomputed in balls and rounded to the safe
        side. That the statement is true is the word of its author.
        """
        return foreign_code(self.theorem, self.query)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The derivation: sentences of Markdown with LaTeX, the numbers of this bound, and the source of each."""
        with precision(2048), usual_errors():  # numbers in the text are enclosed and rounded outwards
            steps = self.theorem.steps(self.query, self.witness)
        if not self.foreign:
            return steps
        names = ", ".join(f"`{name}`" for name in self.foreign)
        return (*steps, Step(f"This takes code from outside approxbounds at its word: {names}."))

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Every source that the derivation uses, in order of first use."""
        return tuple(dict.fromkeys(citation for step in self.steps for citation in step.citations))

    def bibtex(self) -> str:
        """The BibTeX entries of :attr:`sources`."""
        return bibtex(self.sources)

    @property
    def certificate(self) -> Certificate:
        """The data that :func:`approxbounds.verify` checks; raises NoNumberError if there is no number."""
        return Certificate.of(self.theorem, self.query, self.witness or {}, self.value)

    @cached_property
    def network(self) -> NetworkFacts | None:
        """The smallest network of the kind of G that the construction of an upper bound needs, if it has a size."""
        return None if self.number is None else self.theorem.smallest_network(self.query, self.witness or {})

    def build(self, f: Function) -> BuiltNetwork:
        """The network that the construction of an upper bound makes for f: an element of G, padded to its widths.

        ``f`` takes points of shape (m, d) in [0,1]^d and gives values of shape (m,); it is trusted to be in F, and then
        the network is within :attr:`value` of it. Where the value is that of a limit of steep units, the network may
        have fewer cells, and :meth:`explain` says within what it is (measured: up to 2.5 times the value). Raises
        NoNumberError for a bound without a number, NotApplicableError if there is nothing to build or it has more than
        10^8 parameters, and ParameterError if f is not such a function.

        >>> import approxbounds as ab
        >>> bound = ab.upper_bound(ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(8,), input_dim=1), p="inf")
        >>> bound.value, bound.build(lambda x: abs(x[:, 0] - 0.5)).error(lambda x: abs(x[:, 0] - 0.5), p=2, per_side=99)
        (0.0625, 0.0)
        """
        _ = self.value  # raises if there is none
        return self.theorem.build(self.query, self.witness or {}, f)

    @property
    def hard_function(self) -> Function:
        """One function f of F with inf_g ||f - g||_p >= :attr:`value`, for lower bounds that rest on one function.

        It takes points of shape (m, d) in [0,1]^d and gives values of shape (m,): a target for experiments. Raises
        NoNumberError for a bound without a number, NotApplicableError for theorems on random or many functions.

        >>> import approxbounds as ab
        >>> bound = ab.lower_bound(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(3,), input_dim=1), p=1)
        >>> bound.value, bound.hard_function([[0.0], [0.75]]).tolist()
        (0.0625, [-0.5, 0.25])
        """
        _ = self.value  # raises if there is none
        return on_the_cube(self.theorem.hard_function(self.query, self.witness or {}), self.query.F.domain_dim)

    @property
    def has_rate(self) -> bool:
        """Whether the theorem states an order of the bound."""
        try:
            return self.rate is not None
        except NoExpressionError:
            return False

    @property
    def relation(self) -> str:
        """How the quantity stands to the bound: ``>=`` or ``<=``; ``=`` if it is infinite."""
        if self.theorem.infinite:
            return "="
        return ">=" if self.direction is Direction.LOWER else "<="

    @property
    def latex(self) -> str:
        """The statement in LaTeX: the quantity, the relation, and the number, closed form or rate."""
        relation = "=" if self.theorem.infinite else self.direction.relation
        left = f"{self.theorem.quantity(self.query)} {relation} "
        if self.number is not None:
            return left + render.rounded(self.number, self.direction is Direction.UPPER)
        import sympy

        try:
            return left + str(sympy.latex(self.expression))
        except NoExpressionError:
            return left + r"c \cdot " + str(sympy.latex(self.rate))

    def explain(self) -> render.Derivation:
        """A numbered derivation in Markdown with LaTeX, every constant filled in, sources at the end."""
        return render.markdown(self.latex, self.steps, self.sources)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}\\quad\\text{{[{self.origin}]}}$"

    def __str__(self) -> str:
        quantity = render.plain(self.theorem.quantity(self.query))
        return f"{quantity} {self.relation} {self._answer()}  [{self.origin}]"

    __repr__ = __str__  # a terminal shows the statement

    def _answer(self) -> str:
        """The number, else the rate, else the closed form."""
        if self.theorem.infinite:
            return "inf"
        if self.number is not None:
            return render.number(self.number, self.direction is Direction.UPPER)
        try:
            rate = self.rate
        except NoExpressionError:
            return str(self.expression)
        constant = "c" if self.direction is Direction.LOWER else "C"
        return f"{constant} * ({rate})" if rate.is_Add else f"{constant} * {rate}"

    @property
    def origin(self) -> str:
        """The theorem, the status, and whose word it takes."""
        given = f", given {', '.join(self.foreign)}" if self.foreign else ""
        return f"{self.theorem.id}, {self.status.value}{given}"


def apply(theorem: Theorem, query: Query) -> Bound | Refusal:
    """The theorem's answer to the query: search, then the kernel's verdict, or the reason for none."""
    with usual_errors():
        reason = theorem.objection(query)
    if reason is not None:
        return Refusal(theorem.id, reason)
    if query.symbols or not theorem.numeric:
        return _without_number(Bound(theorem, query))
    try:
        with naming(theorem):
            witness = dict(theorem.search(query))
        return Bound(theorem, query, witness, certified_value(theorem, query, witness))
    except HypothesisError as error:
        return Refusal(theorem.id, str(error))


def _without_number(bound: Bound) -> Bound | Refusal:
    """A bound that has symbols or an unspecified constant must have a rate or a closed form."""
    try:
        _ = bound.rate
    except NoExpressionError as error:
        try:
            _ = bound.expression
        except NoExpressionError:
            return Refusal(bound.theorem.id, str(error))
    return bound


def in_short(reasons: Mapping[str, str]) -> str:
    """The reasons of theorems, those of one reason together, as many as can be read at once; those by p alone last.

    >>> in_short({"T3": "p = inf: too large", "Tosc": "p = inf: too large", "T3inf": "no family"})
    'T3inf: no family; T3, Tosc: p = inf: too large'
    """
    theorems: dict[str, list[str]] = {}
    for theorem, reason in reasons.items():
        theorems.setdefault(reason, []).append(theorem)
    shown: list[str] = []
    for reason, names in sorted(theorems.items(), key=lambda entry: entry[0].startswith("p = ")):
        text = f"{', '.join(names)}: {reason}"
        if shown and sum(map(len, shown)) + len(text) > _READABLE:
            more = f"and {len(theorems) - len(shown)} reasons more (refusals of lower_bounds or upper_bounds)"
            return "; ".join([*shown, more])
        shown.append(text)
    return "; ".join(shown)


def strongest_rate(bounds: list[Bound]) -> Bound:
    """The bound whose rate is certainly the strongest, up to logarithms; the first where nothing is certain.

    Rates are compared as sizes grow and the eps of packings and covers and the gamma of fat-shattering tend to 0.
    """
    query = bounds[0].query
    name, scale = ("gamma", query.gamma) if query.eps is None else ("eps", query.eps)
    tends_to_0 = None if scale is None else symbol_unless_symbolic(scale, name)

    def stronger(a: Bound, b: Bound) -> Bound:
        slow, fast = (b.rate, a.rate) if a.direction is Direction.LOWER else (a.rate, b.rate)
        return b if decays_more_slowly(slow, fast, tends_to_0) else a

    return reduce(stronger, bounds)


def best(results: tuple[Bound | Refusal, ...], what: str) -> Bound:
    """The strongest bound, with all the others attached; earlier theorems win ties.

    Without numbers it is the one of the strongest rate, among theorems with explicit constants if there are any.
    """
    bounds = [result for result in results if isinstance(result, Bound)]
    if not bounds:
        refusals = {result.theorem: result.reason for result in results if isinstance(result, Refusal)}
        raise NotApplicableError(f"no theorem gives {what}: {in_short(refusals)}")
    numbers = [bound for bound in bounds if bound.number is not None]
    if numbers:
        sign = 1 if numbers[0].direction is Direction.LOWER else -1
        chosen = max(numbers, key=lambda bound: sign * bound.value)
    else:
        explicit = [bound for bound in bounds if bound.theorem.numeric] or bounds
        chosen = strongest_rate([bound for bound in explicit if bound.has_rate] or explicit[:1])
    others = tuple(result for result in results if result is not chosen)
    return Bound(chosen.theorem, chosen.query, chosen.witness, chosen.number, others)
