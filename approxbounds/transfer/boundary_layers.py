"""Tlayers: functions with steep ends against polynomial pieces on lines, in sup norm. THEORY.md, Tlayers."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.facts.functions import BoundaryLayers
from approxbounds.facts.piecewise import Piecewise
from approxbounds.render import latex
from approxbounds.sources import Citation
from approxbounds.theorem import Depths, Query, Step, Theorem
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["BoundaryLayerTheorem"]


class BoundaryLayerTheorem(Theorem):
    """E_inf >= h/(2q), q = floor((P+e-1)/e), if functions vary by h near each of e ends, against P pieces on lines.

    Hypotheses: p = inf; F has :attr:`~approxbounds.facts.functions.FunctionFacts.boundary_layers` of height h at e ends
    in every coordinate; every g in G is on the lines in some coordinate direction a polynomial of some bounded degree
    on each of at most P intervals. For convex functions this is 1/(P+1) or, for even P, 1/P; for monotone ones
    1/(2P): the errors of the best P constants for these functions. There is no witness.
    """

    id = "Tlayers"
    title = "Boundary layers against pieces"
    statement = (
        r"If functions of one coordinate in $F$ vary by $h$, in many small steps of equal height, at each of $e$ ends "
        r"of $[0,1]$, each step as close to the end as one likes against the one before it, and every $g\in G$ is on "
        r"lines in its direction a polynomial of bounded degree on each of at most $P$ intervals, then "
        r"$E_\infty(F,G)\ge\frac{h}{2q}$, $q=\lfloor(P+e-1)/e\rfloor$: at some end there are at most $q$ pieces, and a "
        r"piece that covers many steps is almost constant on all but the last."
    )
    citations = (Citation("approxbounds", "Tlayers"),)
    depths = Depths.FIXED

    def refusal(self, query: Query) -> str | None:
        if not is_infinite(query.p):
            return f"p = {query.p}: steps close to an end count in sup norm only"
        if query.F.boundary_layers is None:
            return "no functions of F with boundary layers are known"
        return None if query.G.piecewise is not None else "no number of polynomial pieces of G on lines is known"

    def search(self, query: Query) -> Witness:
        return {}

    @staticmethod
    def _facts(query: Query) -> tuple[BoundaryLayers, Piecewise]:
        layers, known = query.F.boundary_layers, query.G.piecewise
        assert layers is not None and known is not None
        return layers, known

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        layers, known = self._facts(query)
        pieces = known.pieces + layers.ends - 1
        least = A.number(pieces) / layers.ends if is_symbolic(pieces) else A.number(pieces // layers.ends)
        return A.number(layers.height) / (2 * least)

    def rate(self, query: Query) -> Any:
        return 1 / SYMBOLIC.number(query.G.piece_order)

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})

    def outline(self, query: Query) -> tuple[Step, ...]:
        layers, known = self._facts(query)
        height, pieces = (latex(SYMBOLIC.number(x)) for x in (layers.height, known.pieces))
        return (Step(f"{self.statement} Here $h={height}$, $e={layers.ends}$, $P={pieces}$.", self.citations),)
