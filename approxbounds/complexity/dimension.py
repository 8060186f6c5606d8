"""What methods that bound a dimension of G have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from approxbounds.arithmetic import SYMBOLIC
from approxbounds.theorem import Direction, Query, Theorem
from approxbounds.witness import Witness

__all__ = ["DimensionMethod", "ExplicitMethod", "no_growth"]

_INFINITE = "G shatters sets of every size (Pdim is infinite); T3fat and T2b use its fat-shattering dimension"


def no_growth(query: Query) -> str | None:
    """The reason why theorems on growth functions do not apply, if there is one."""
    return None if query.G.bounded_growth else _INFINITE


class DimensionMethod(Theorem):
    """An upper bound on a dimension of G, by default on Pdim(G)."""

    direction = Direction.UPPER
    inputs = ("network",)
    integral = True
    symbol: ClassVar[str] = r"\operatorname{Pdim}(G)"

    def quantity(self, query: Query) -> str:
        return self.symbol

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim


class ExplicitMethod(DimensionMethod):
    """A formula in the sizes of the class: there is nothing to search for."""

    def search(self, query: Query) -> Witness:
        return {}

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})
