"""Whether errors in L^p and in sup norm differ: the verdicts of comparison tables.

DeVore, Hanin and Petrova (2021) ask when errors in L^p and in sup norm differ. As E_p <= E_inf always, each
row has a verdict, which claims no more than the library's bounds prove:

* ``differ``: some known upper order of E_p decays faster, by a power of a size, than a lower order of E_inf
  (orders, as W and L grow); or, where the orders decide nothing, the certified upper bound on E_p is below the
  certified lower bound on E_inf (numbers, for this very G).
* ``same order``: a lower order of E_p agrees, up to logarithms, with a known upper order of E_inf; or both errors are
  infinite.
* ``open``: neither follows from what the library knows; in particular where it knows no upper order.

Orders are in the sizes W and L and hold where their theorems state them, for networks of the kind of G that
grow: the known ReLU rate is for depths of at least the order of log W, orders by pieces on lines are for a fixed
depth, and such two are not compared. :attr:`Entry.reason` names the theorems.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from approxbounds import render
from approxbounds.asymptotics import decays_more_slowly, same_order
from approxbounds.bound import Bound, best, strongest_rate
from approxbounds.query import Candidates, candidates
from approxbounds.theorem import Direction, Query

__all__ = ["Known", "Norms", "verdict"]


class Norms(Enum):
    """Whether the errors in L^p and in sup norm differ (see the module)."""

    DIFFER = "differ"
    SAME_ORDER = "same order"
    OPEN = "open"


@dataclass(frozen=True)
class Known:
    """All bounds on E_p(F, G) for one p."""

    lower: Candidates
    upper: Candidates

    @classmethod
    def of(cls, query: Query) -> Known:
        return cls(candidates(query, Direction.LOWER), candidates(query, Direction.UPPER))

    @staticmethod
    def number(candidates: Candidates) -> Bound | None:
        """The best certified bound."""
        numbers = tuple(bound for bound in candidates if bound.number is not None)
        return best(numbers, "a bound") if numbers else None

    @staticmethod
    def rated(candidates: Candidates) -> list[Bound]:
        """The bounds that have a rate."""
        return [bound for bound in candidates if bound.has_rate]

    def lower_order(self) -> Bound | None:
        """The lower bound whose rate decays most slowly, the first of equals."""
        found = self.rated(self.lower)
        return strongest_rate(found) if found else None

    def upper_order(self) -> Bound | None:
        """The upper bound whose rate decays fastest, the first of equals."""
        found = self.rated(self.upper)
        return strongest_rate(found) if found else None


def verdict(known: Known, sup: Known) -> tuple[Norms, str, tuple[Bound, ...]]:
    """The verdict on L^p against the sup norm, its reason and the bounds it rests on."""
    for low in known.lower:
        if low.theorem.infinite:
            return Norms.SAME_ORDER, f"both are infinite: {low}", (low,)
    for low in sup.rated(sup.lower):
        for high in known.rated(known.upper):
            if low.theorem.depths.meets(high.theorem.depths) and decays_more_slowly(low.rate, high.rate):
                return Norms.DIFFER, f"orders: {_order(low)}, {_order(high)}", (low, high)
    for low in known.rated(known.lower):
        for high in sup.rated(sup.upper):
            if low.theorem.depths.meets(high.theorem.depths) and same_order(low.rate, high.rate):
                return Norms.SAME_ORDER, f"up to logarithms: {_order(low)}, {_order(high)}", (low, high)
    number, height = known.number(known.upper), sup.number(sup.lower)
    if number is not None and height is not None and number.value < height.value:
        return Norms.DIFFER, f"numbers: {number}, {height}", (number, height)
    if not known.rated(known.upper) and not sup.rated(sup.upper):
        return Norms.OPEN, "no upper order is known", ()
    return Norms.OPEN, "the known bounds decide nothing", ()


def _order(bound: Bound) -> str:
    """One order as text, such as ``E_2(F, G) >= c * 1/W [T3]``, with its scope."""
    scope = f" {bound.theorem.depths.value}".rstrip()
    relation = ">= c" if bound.direction is Direction.LOWER else "<= C"
    return f"{render.plain(bound.theorem.quantity(bound.query))} {relation} * {bound.rate} [{bound.theorem.id}]{scope}"
