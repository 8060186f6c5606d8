"""Comparison tables: many classes, networks and norms at once, and whether L^p and sup norm differ."""

from __future__ import annotations

import html as _html
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from approxbounds import render, tables, validation
from approxbounds.arithmetic import SYMBOLIC
from approxbounds.asymptotics import needed
from approxbounds.bound import Bound
from approxbounds.brackets import Bracket
from approxbounds.description import Description
from approxbounds.errors import NoExpressionError, ParameterError, called_rightly
from approxbounds.functions.base import FunctionClass
from approxbounds.networks.base import NetworkClass
from approxbounds.query import function_class, make_query, network_class
from approxbounds.sources import Citation, bibtex
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite
from approxbounds.verdict import Known, Norms, verdict

__all__ = ["Comparison", "Entry", "Norms", "compare"]

_QUESTION = Citation("DeVoreHaninPetrova2021")
_MOST = 1000
_DIGITS = 4


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

    @cached_property
    def weights_order(self) -> Any:
        """The order of the weights W that an error epsilon needs, by :attr:`lower_order` (SymPy); None if not known.

        As epsilon tends to 0, fewer weights of this order are excluded; infinity if no number of them suffices.
        """
        import sympy

        W, epsilon = sympy.symbols("W epsilon", positive=True)
        return None if self.lower_order is None else needed(self.lower_order.rate, W, epsilon)

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
        relation = "=" if self.lower is not None and self.lower.theorem.infinite else "<="
        low = "" if self.lower is None else f"{render.number(self.lower.value, False)} {relation} "
        high = "" if self.upper is None else f" <= {render.number(self.upper.value, True)}"
        norms = "" if self.norms is None else f"; L^p and sup norm: {self.norms.value}"
        classes = f"F={self.query.F}, G={self.query.G}"
        return f"{low}E_{validation.to_text(self.query.p)}(F, G){high}{norms} for {classes}"

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
            "weights_order": None if self.weights_order is None else str(self.weights_order),
            "entropy_exponent": None if self.entropy_exponent is None else str(self.entropy_exponent),
            "norms": None if self.norms is None else self.norms.value,
            "reason": self.reason or None,
            "sources": list(dict.fromkeys(source.key for source in self.sources)),
            "foreign": list(self.foreign),
        }


def _id(bound: Bound | None) -> str | None:
    return None if bound is None else bound.theorem.id


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
        table = tables.latex(_MATH_HEADER, self._table(_LATEX), "l" * len(_MATH_HEADER))
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


_HEADER = (
    "F",
    "G",
    "p",
    "lower",
    "upper",
    "lower order",
    "upper order",
    "weights for error epsilon",
    "entropy exponent >=",
    "L^p and sup norm",
)
_MATH_HEADER = (
    "$F$",
    "$G$",
    "$p$",
    *_HEADER[3:-3],
    r"weights for error $\epsilon$",
    r"entropy exponent $\ge$",
    "$L^p$ and sup norm",
)


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
            self.missing if entry.weights_order is None else self.formula(entry.weights_order),
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

    What the verdicts mean is said in :mod:`approxbounds.verdict`. Two findings: for monotone functions L^p and sup
    norm differ (in sup norm the error is 1/2 for all networks with continuous activations and, in two or more
    variables, for every network), and for Hölder balls and ReLU networks they do not, in their order up to logarithms.

    >>> import approxbounds as ab
    >>> monotone, holder = ab.MonotoneFunctions(dim=2), ab.HolderBall(smoothness=2, dim=2)
    >>> deep = ab.ReLUNetwork(widths=(64,) * 8, input_dim=2)
    >>> [(entry.norms.value, entry.reason) for entry in ab.compare(monotone, deep, 2)]
    [('differ', 'orders: E_inf(F, G) >= c * 1 [Tjump], E_2(F, G) <= C * W**(-1/6) [cubes]')]
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
    sup = Known.of(make_query(F, G, math.inf))
    for p in exponents:
        query = make_query(F, G, p)
        known = sup if is_infinite(p) else Known.of(query)
        norms, reason, premises = (None, "", ()) if is_infinite(p) else verdict(known, sup)
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
