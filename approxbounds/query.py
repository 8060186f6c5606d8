"""The public questions: lower and upper bounds on E_p(F, G), brackets, and average-case statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from approxbounds import tables, validation
from approxbounds.arithmetic import usual_errors
from approxbounds.bound import Bound, Refusal, apply, best
from approxbounds.brackets import Bracket
from approxbounds.errors import NoExpressionError, ParameterError, called_rightly
from approxbounds.functions.base import FunctionClass
from approxbounds.networks.base import NetworkClass
from approxbounds.registry import LOWER_THEOREMS, UPPER_THEOREMS
from approxbounds.render import math, math_number, number
from approxbounds.theorem import Direction, Query
from approxbounds.transfer.average_case import AverageCase
from approxbounds.transfer.average_case import average_case as _average_case
from approxbounds.transfer.random_members import weighted_case

__all__ = [
    "Candidates",
    "average_case",
    "bracket",
    "candidates",
    "function_class",
    "lower_bound",
    "lower_bounds",
    "make_query",
    "network_class",
    "upper_bound",
    "upper_bounds",
]


@dataclass(frozen=True)
class Candidates:
    """What every theorem said: iterating gives the bounds; ``refusals`` has the reasons of the others."""

    results: tuple[Bound | Refusal, ...]

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """What the theorems that apply give, in their order."""
        return tuple(result for result in self.results if isinstance(result, Bound))

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Of the theorems that do not apply, the reasons."""
        return tuple(result for result in self.results if isinstance(result, Refusal))

    @property
    def _shown(self) -> tuple[Bound | Refusal, ...]:
        """The bounds come first, the largest numbers first of all."""
        known = sorted(self.bounds, key=lambda bound: -inf if bound.number is None else bound.number, reverse=True)
        return (*known, *self.refusals)

    def __iter__(self) -> Iterator[Bound]:
        return iter(self.bounds)

    def __len__(self) -> int:
        return len(self.bounds)

    def _rows(self, shown: Callable[[float, bool], str], formula: Callable[[Any], str]) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for result in self._shown:
            if isinstance(result, Refusal):
                rows.append((result.theorem, "-", "-", result.reason))
                continue
            value = "-" if result.number is None else shown(result.number, result.direction is Direction.UPPER)
            try:
                rate = formula(result.rate)
            except NoExpressionError:
                rate = "-"
            rows.append((result.theorem.id, value, rate, result.status.value))
        return rows

    _HEADER = ("theorem", "value", "rate", "status or reason")

    def __str__(self) -> str:
        return tables.text(self._HEADER, self._rows(number, str))

    def __repr__(self) -> str:
        width = tables.terminal_width()
        return "\n".join(tables.filled(str(result), width=width) for result in self._shown)

    def _repr_html_(self) -> str:
        return tables.html(self._HEADER, self._rows(math_number, math))


def function_class(F: object) -> FunctionClass:
    """F, if it is one; else ParameterError."""
    if not isinstance(F, FunctionClass):
        allowed = "must be a function class such as HolderBall(smoothness=1, dim=2); F is before G"
        raise ParameterError("F", F, allowed)
    return F


def network_class(G: object) -> NetworkClass:
    """G, if it is one; else ParameterError."""
    if not isinstance(G, NetworkClass):
        allowed = "must be a network class such as ReLUNetwork(widths=(64,), input_dim=2); G is after F"
        raise ParameterError("G", G, allowed)
    return G


def make_query(F: object, G: object, p: object) -> Query:
    """A validated query; raises ParameterError."""
    return Query(functions=function_class(F), network=network_class(G), p=validation.exponent(p))


def candidates(query: Query, direction: Direction) -> Candidates:
    """What all theorems on that side say of E_p(F, G)."""
    theorems = LOWER_THEOREMS if direction is Direction.LOWER else UPPER_THEOREMS
    return Candidates(tuple(apply(theorem, query) for theorem in theorems))


@called_rightly
def lower_bounds(F: FunctionClass, G: NetworkClass, p: Any) -> Candidates:
    """All lower bounds on E_p(F, G), and for each theorem that does not apply the reason."""
    return candidates(make_query(F, G, p), Direction.LOWER)


@called_rightly
def lower_bound(F: FunctionClass, G: NetworkClass, p: Any) -> Bound:
    """The best lower bound on E_p(F, G) = sup over f in F of inf over g in G of ||f - g||_{L^p([0,1]^d)}.

    ``p``: a number >= 1 or infinity (``math.inf``, "inf"). Any number may be a positive SymPy symbol; then
    the bound has a rate and a closed form but no number. Raises ParameterError for bad input (also if the
    dimensions of F and G differ) and NotApplicableError, with all reasons, if no theorem applies.

    >>> import approxbounds as ab
    >>> F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2)
    >>> bound = ab.lower_bound(F, G, p=2)
    >>> bound.theorem.id, f"{bound.value:.4f}", bound.rate
    ('Tosc', '0.0101', 1/W)
    """
    query = make_query(F, G, p)
    return best(candidates(query, Direction.LOWER).results, f"a lower bound for p={query.p}")


@called_rightly
def upper_bounds(F: FunctionClass, G: NetworkClass, p: Any) -> Candidates:
    """All upper bounds on E_p(F, G) by known constructions that fit into G."""
    return candidates(make_query(F, G, p), Direction.UPPER)


@called_rightly
def upper_bound(F: FunctionClass, G: NetworkClass, p: Any) -> Bound:
    """The best known upper bound on E_p(F, G); arguments and errors as :func:`lower_bound`.

    If G has symbols, the closed form is in the sizes that the theorem's statement names: k, n, or N and ell.

    >>> import approxbounds as ab
    >>> F, G = ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(9,), input_dim=1)
    >>> ab.upper_bound(F, G, p=2).value
    0.02886751345948129
    """
    query = make_query(F, G, p)
    return best(candidates(query, Direction.UPPER).results, f"an upper bound for p={query.p}")


@called_rightly
def bracket(F: FunctionClass, G: NetworkClass, p: Any) -> Bracket:
    """The best lower and upper bounds together."""
    return Bracket(lower_bound(F, G, p), upper_bound(F, G, p))


@called_rightly
def average_case(F: FunctionClass, G: NetworkClass, p: Any, *, member: Mapping[str, int] | None = None) -> AverageCase:
    """Random targets f_omega: bounds on the mean and the distribution of inf_g ||f_omega - g||_p^p (T3).

    ``member`` fixes the family member by its indices, such as {"k": 4}; by default the one with the best bound. Under
    another measure (:func:`under`) the statement is that of T3w, for its best member.

    >>> import approxbounds as ab
    >>> case = ab.average_case(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=2), p=2, member={"k": 16})
    >>> case.cells, case.mean > 0
    (16, True)
    >>> data = ab.Empirical(points=[0.0, 1.0, 2.0, 4.0])
    >>> case = ab.average_case(ab.under(ab.LipschitzBall(dim=1), data), ab.FiniteClass(size=4), p=2)
    >>> case.cells, case.target([1, 0, 1, 0], [[0.0], [4.0]])
    (4, array([ 0.5, -1. ]))
    """
    with usual_errors():
        query = make_query(F, G, p)
        if query.F.setting is None:
            return _average_case(query, member)
        if member is not None:
            raise ParameterError("member", member, f"must be None under {query.F.setting}")
        return weighted_case(query)
