"""Comparison tables: many classes, networks and norms at once, and whether L^p and sup norm differ.

DeVore, Hanin and Petrova (2021) ask when errors in L^p and in sup norm differ. As E_p <= E_inf always, each
row has a verdict, which claims no more than the library's bounds prove:

* ``differ``: some known upper order of E_p decays faster, by a power of a size, than a lower order of E_inf
  (orders, as W and L grow); or, where the orders decide nothing, the certified upper bound on E_p is below the
  certified lower bound on E_inf (numbers, for this very G).
* ``same order``: a lower order of E_p agrees, up to logarithms, with a known upper order of E_inf.
* ``open``: neither follows from what the library knows; in particular where it knows no upper order.

Orders are in the sizes W and L and hold where their theorems state them, for networks of the kind of G that
grow: the known ReLU rate is for depths of at least the order of log W. :attr:`Entry.reason` names the theorems.
"""

from __future__ import annotations

import html as _html
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, reduce
from itertools import groupby
from typing import Any

from approxbounds import render, tables, validation
from approxbounds.arithmetic import SYMBOLIC
from approxbounds.asymptotics import decays_more_slowly, same_order
from approxbounds.bound import Bound, best
from approxbounds.description import Description
from approxbounds.errors import NoExpressionError, ParameterError, called_rightly
from approxbounds.functions.base import FunctionClass
from approxbounds.networks.base import NetworkClass
from approxbounds.query import (
    Bracket,
    Candidates,
    candidates,
    function_class,
    make_query,
    network_class,
)
from approxbounds.sources import Citation, bibtex
from approxbounds.theorem import Direction, Query
from approxbounds.validation import Number, is_infinite

__all__ = ["Comparison", "Entry", "Norms", "compare"]

_QUESTION = Citation("DeVoreHaninPetrova2021")
_MOST = 1000
_DIGITS = 4


class Norms(Enum):
    """Whether the errors in L^p and in sup norm differ (see the module)."""

    DIFFER = "differ"
    SAME_ORDER = "same order"
    OPEN = "open"


@dataclass(frozen=True)
class Entry:
    """What is known of one E_p(F, G).

    ``lower`` and ``upper``: the best certified bounds; ``lower_order`` and ``upper_order``: the bounds with the
    best orders (the first of equals). Each is None if there is none. ``norms``: the verdict on L^p against the
    sup norm, None for p = inf; ``reason`` says what it rests on.
    """

    query: Query
    lower: Bound | None
    upper: Bound | None
    lower_order: Bound | None
    upper_order: Bound | None
    norms: Norms | None
    reason: str
    premises: tuple[Bound, ...] = ()

    def __post_init__(self) -> None:
        if self.lower is not None and self.upper is not None:
            Bracket(self.lower, self.upper)  # raises if they contradict each other

    @cached_property
    def entropy_exponent(self) -> Any:
        """a, with log M(eps, F, L^p) at least of order eps^{-a} (SymPy); None if none is known in L^p."""
        with suppress(NoExpressionError):
            return self.query.F.entropy_exponent(self.query.p)
        return None

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """Every bound that the entry shows or that its verdict rests on."""
        shown = (self.lower, self.upper, self.lower_order, self.upper_order, *self.premises)
        return tuple(dict.fromkeys(bound for bound in shown if bound is not None))

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Every source of :attr:`bounds` and of the entropy exponent, and of the question if there is a verdict."""
        found = [source for bound in self.bounds for source in bound.sources]
        found += () if self.entropy_exponent is None else self.query.F.entropy_citations
        found += () if self.norms is None else (_QUESTION,)
        return tuple(dict.fromkeys(found))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Theorems and classes from outside this package that :attr:`bounds` rest on."""
        return tuple(dict.fromkeys(name for bound in self.bounds for name in bound.foreign))

    def __str__(self) -> str:
        low = "" if self.lower is None else f"{render.number(self.lower.value, False)} <= "
        high = "" if self.upper is None else f" <= {render.number(self.upper.value, True)}"
        verdict = "" if self.norms is None else f"; L^p and sup norm: {self.norms.value}"
        classes = f"F={self.query.F}, G={self.query.G}"
        return f"{low}E_{validation.to_text(self.query.p)}(F, G){high}{verdict} for {classes}"

    __repr__ = __str__

    def record(self) -> dict[str, Any]:
        """The entry as plain data: exact floats, text, None where nothing is known."""
        return {
            "functions": str(self.query.F),
            "network": str(self.query.G),
            "p": validation.to_text(self.query.p),
            "lower": None if self.lower is None else self.lower.value,
            "lower_theorem": _id(self.lower),
            "upper": None if self.upper is None else self.upper.value,
            "upper_theorem": _id(self.upper),
            "lower_order": None if self.lower_order is None else str(self.lower_order.rate),
            "lower_order_theorem": _id(self.lower_order),
            "upper_order": None if self.upper_order is None else str(self.upper_order.rate),
            "upper_order_theorem": _id(self.upper_order),
            "entropy_exponent": None if self.entropy_exponent is None else str(self.entropy_exponent),
            "norms": None if self.norms is None else self.norms.value,
            "reason": self.reason or None,
            "sources": list(dict.fromkeys(source.key for source in self.sources)),
            "foreign": list(self.foreign),
        }


def _id(bound: Bound | None) -> str | None:
    return None if bound is None else bound.theorem.id


@dataclass(frozen=True)
class _Known:
    """All bounds on E_p(F, G) for one p."""

    lower: Candidates
    upper: Candidates

    @classmethod
    def of(cls, query: Query) -> _Known:
        return cls(candidates(query, Direction.LOWER), candidates(query, Direction.UPPER))

    @staticmethod
    def number(candidates: Candidates) -> Bound | None:
        """The best certified bound."""
        numbers = tuple(bound for bound in candidates if bound.number is not None)
        return best(numbers, "a bound") if numbers else None

    @staticmethod
    def rated(candidates: Candidates) -> list[Bound]:
        """The bounds that have a rate."""
        return [bound for bound in candidates if _has_rate(bound)]

    def lower_order(self) -> Bound | None:
        """The lower bound whose rate decays most slowly, the first of equals."""
        found = self.rated(self.lower)
        return reduce(lambda a, b: b if decays_more_slowly(b.rate, a.rate) else a, found) if found else None

    def upper_order(self) -> Bound | None:
        """The upper bound whose rate decays fastest, the first of equals."""
        found = self.rated(self.upper)
        return reduce(lambda a, b: b if decays_more_slowly(a.rate, b.rate) else a, found) if found else None


def _has_rate(bound: Bound) -> bool:
    try:
        return bound.rate is not None
    except NoExpressionError:
        return False


def _verdict(known: _Known, sup: _Known) -> tuple[Norms, str, tuple[Bound, ...]]:
    """The verdict on L^p against the sup norm, its reason and the bounds it rests on."""
    for low in sup.rated(sup.lower):
        for high in known.rated(known.upper):
            if decays_more_slowly(low.rate, high.rate):
                return Norms.DIFFER, f"orders: {_order(low)}, {_order(high)}", (low, high)
    for low in known.rated(known.lower):
        for high in sup.rated(sup.upper):
            if same_order(low.rate, high.rate):
                return Norms.SAME_ORDER, f"up to logarithms: {_order(low)}, {_order(high)}", (low, high)
    number, height = known.number(known.upper), sup.number(sup.lower)
    if number is not None and height is not None and number.value < height.value:
        return Norms.DIFFER, f"numbers: {number}, {height}", (number, height)
    if not known.rated(known.upper) and not sup.rated(sup.upper):
        return Norms.OPEN, "no upper order is known", ()
    return Norms.OPEN, "the known bounds decide nothing", ()


def _order(bound: Bound) -> str:
    """One order as text, such as ``E_2(F, G) >= c * 1/W [T3]``, with its scope."""
    scope = f" {bound.theorem.scope}" if bound.theorem.scope else ""
    relation = ">= c" if bound.direction is Direction.LOWER else "<= C"
    return f"{render.plain(bound.theorem.quantity(bound.query))} {relation} * {bound.rate} [{bound.theorem.id}]{scope}"


@dataclass(frozen=True)
class Comparison:
    """The answer of :func:`compare`: one :class:`Entry` for each F, G and p, in the order given."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def records(self) -> list[dict[str, Any]]:
        """Tidy data: a dict for each entry, see :meth:`Entry.record`."""
        return [entry.record() for entry in self.entries]

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Every source of every entry, in order of first use."""
        return tuple(dict.fromkeys(source for entry in self.entries for source in entry.sources))

    def bibtex(self) -> str:
        """The BibTeX entries of :attr:`sources`."""
        return bibtex(self.sources)

    @cached_property
    def _legend(self) -> dict[Description, tuple[str, int]]:
        """Classes and networks with their letter and number, in order of first use."""
        functions: dict[Description, None] = dict.fromkeys(entry.query.F for entry in self.entries)
        networks: dict[Description, None] = dict.fromkeys(entry.query.G for entry in self.entries)
        numbered = (("F", functions), ("G", networks))
        return {record: (letter, i) for letter, records in numbered for i, record in enumerate(records, 1)}

    def _table(self, markup: _Markup) -> list[tuple[str, ...]]:
        """Rows in the order given; pairs (F, G) with several p are set apart by empty rows."""
        groups = [list(group) for _, group in groupby(self.entries, key=lambda e: (e.query.F, e.query.G))]
        apart = any(len(group) > 1 for group in groups)
        rows: list[tuple[str, ...]] = []
        for group in groups:
            rows += [()] if rows and apart else []
            for entry in group:
                rows.append(markup.cells(entry, self._legend[entry.query.F], self._legend[entry.query.G]))
        return rows

    def _given(self) -> list[str]:
        return render.given(name for entry in self.entries for name in entry.foreign)

    def _named(self) -> list[tuple[str, int, str]]:
        return [(letter, number, str(record)) for record, (letter, number) in self._legend.items()]

    def to_text(self) -> str:
        """Aligned columns; the classes and networks are spelled out below."""
        return self._spelled_out(tables.text(_HEADER, self._table(_TEXT)))

    def _spelled_out(self, table: str) -> str:
        legend = [f"{letter}{number}  {name}" for letter, number, name in self._named()]
        return "\n".join([table, "", *legend, *self._given()])

    def to_markdown(self) -> str:
        """A Markdown table with LaTeX between dollars."""
        legend = [f"- ${letter}_{{{number}}}$: {tables.code(name)}" for letter, number, name in self._named()]
        given = [f"- {tables.code(text)}" for text in self._given()]
        return "\n".join([tables.markdown(_MATH_HEADER, self._table(_MARKDOWN)), "", *legend, *given]) + "\n"

    def to_latex(self) -> str:
        """A tabular with booktabs rules (it needs the package booktabs); the legend follows it."""
        names = [(letter, number, tables.latex_text(name)) for letter, number, name in self._named()]
        lines = [f"${letter}_{{{number}}}$: \\texttt{{{name}}}" for letter, number, name in names]
        legend = "\\\\\n".join([*lines, *map(tables.latex_text, self._given())])
        table = tables.latex(_MATH_HEADER, self._table(_LATEX), "lllllllll")
        return "\n".join([table, "", r"{\par\smallskip\footnotesize\noindent", legend, r"\par}"]) + "\n"

    def to_csv(self) -> str:
        """The records as comma-separated values: exact floats, citation keys separated by semicolons."""
        records = self.records()
        return tables.csv(tuple(records[0]), [tuple(record.values()) for record in records])

    def _repr_html_(self) -> str:
        lines = [f"{letter}{number}: {name}" for letter, number, name in self._named()] + self._given()
        legend = "<br>".join(map(_html.escape, lines))
        return f"<div>{tables.html(_HEADER, self._table(_HTML))}<p>{legend}</p></div>"

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        few = Comparison(self.entries[: tables.FEW])
        table = tables.fitted(_HEADER, few._table(_TEXT), width=tables.terminal_width())
        return "\n".join([few._spelled_out(table), *tables.more(len(self))])


_HEADER = ("F", "G", "p", "lower", "upper", "lower order", "upper order", "entropy exponent >=", "L^p and sup norm")
_MATH_HEADER = ("$F$", "$G$", "$p$", *_HEADER[3:-2], r"entropy exponent $\ge$", "$L^p$ and sup norm")


@dataclass(frozen=True)
class _Markup:
    """How a kind of table writes SymPy formulas, numbers (value, upwards, digits), words, and what is missing."""

    formula: Callable[[Any], str]
    number: Callable[[float, bool, int], str]
    words: Callable[[str], str]
    label: str  # a format of a letter and a number
    missing: str

    def _value(self, bound: Bound | None, up: bool) -> str:
        if bound is None:
            return self.missing
        return f"{self.number(bound.value, up, _DIGITS)} [{self.words(bound.theorem.id)}]"

    def _order(self, bound: Bound | None) -> str:
        return self.missing if bound is None else f"{self.formula(bound.rate)} [{self.words(bound.theorem.id)}]"

    def cells(self, entry: Entry, functions: tuple[str, int], network: tuple[str, int]) -> tuple[str, ...]:
        """One row."""
        return (
            self.label.format(*functions),
            self.label.format(*network),
            self.formula(SYMBOLIC.number(entry.query.p)),
            self._value(entry.lower, False),
            self._value(entry.upper, True),
            self._order(entry.lower_order),
            self._order(entry.upper_order),
            self.missing if entry.entropy_exponent is None else self.formula(entry.entropy_exponent),
            self.missing if entry.norms is None else self.words(entry.norms.value),
        )


def _plain_formula(expression: Any) -> str:
    return "inf" if str(expression) == "oo" else str(expression)


_TEXT = _Markup(_plain_formula, render.number, str, "{}{}", "-")
_HTML = _Markup(render.math, render.math_number, str, "{}{}", "-")
_MARKDOWN = _Markup(render.math, render.math_number, str, "${}_{{{}}}$", "-")
_LATEX = _Markup(render.math, render.math_number, tables.latex_text, "${}_{{{}}}$", "--")


@called_rightly
def compare(F: Any, G: Any, p: Any) -> Comparison:
    """Bounds for every class in ``F``, network in ``G`` and exponent in ``p``, with verdicts on L^p and sup norm.

    Each of the three is a sequence or a single object; what is named twice has one row. Every F must have the dimension
    of every G (ParameterError names the pair). Bounds in sup norm are always computed, for the verdicts; they have
    rows of their own if p contains infinity. Where no theorem applies the entry is None ("-"), never an error.
    ApproxBoundsError as :class:`Bracket`.

    What the verdicts mean is said in :mod:`approxbounds.comparison`. Two findings: for monotone functions of two or
    more variables L^p and sup norm differ (in sup norm the error is 1/2 for every network), and for Hölder balls
    and ReLU networks they do not, in their order up to logarithms.

    >>> import approxbounds as ab
    >>> monotone, holder = ab.MonotoneFunctions(dim=2), ab.HolderBall(smoothness=2, dim=2)
    >>> deep = ab.ReLUNetwork(widths=(64,) * 8, input_dim=2)
    >>> [(entry.norms.value, entry.reason) for entry in ab.compare(monotone, deep, 2)]
    [('differ', 'orders: E_inf(F, G) >= c * 1 [T3inf], E_2(F, G) <= C * W**(-1/6) [cubes]')]
    >>> [entry.norms.value for entry in ab.compare([monotone, holder], deep, [1, 2])]
    ['differ', 'differ', 'same order', 'same order']
    >>> ab.compare(holder, ab.LinearSpace(dimension=9), 2).entries[0].norms.value       # no upper order is known
    'open'
    """
    functions = dict.fromkeys(map(function_class, validation.several("F", F, most=_MOST, what="function classes")))
    networks = dict.fromkeys(map(network_class, validation.several("G", G, most=_MOST, what="network classes")))
    exponents = dict.fromkeys(map(validation.exponent, validation.several("p", p, most=_MOST, what="exponents")))
    return Comparison(tuple(entry for f in functions for g in networks for entry in _entries(f, g, exponents)))


def _entries(F: FunctionClass, G: NetworkClass, exponents: Iterable[Number]) -> Iterator[Entry]:
    """The entries of one pair, one for each exponent."""
    dims = (F.domain_dim, G.domain_dim)
    if None not in dims and dims[0] != dims[1]:
        raise ParameterError("G", G, f"has {dims[1]} inputs, but F={F} has dim={dims[0]}")
    sup = _Known.of(make_query(F, G, math.inf))
    for p in exponents:
        query = make_query(F, G, p)
        known = sup if is_infinite(p) else _Known.of(query)
        norms, reason, premises = (None, "", ()) if is_infinite(p) else _verdict(known, sup)
        yield Entry(
            query=query,
            lower=known.number(known.lower),
            upper=known.number(known.upper),
            lower_order=known.lower_order(),
            upper_order=known.upper_order(),
            norms=norms,
            reason=reason,
            premises=premises,
        )
