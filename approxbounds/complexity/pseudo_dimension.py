"""Upper bounds on the pseudo-dimension of G: by growth, closed form, pieces, operation count, or exactly.

THEORY.md, sections 3.3, 3.4, 3.6, 3.7. Each method is a theorem of its own, certified alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V, precision
from approxbounds.bound import Bound, apply, best
from approxbounds.complexity.dimension import DimensionMethod, ExplicitMethod, no_growth
from approxbounds.complexity.program_dimension import ProgramMethod
from approxbounds.complexity.shattering import largest_shattered
from approxbounds.errors import HypothesisError
from approxbounds.facts.growth import GrowthBound, SumCount, Thresholds
from approxbounds.facts.hypercube import SomeFamily
from approxbounds.facts.networks import Architecture, NetworkFacts, layered_order
from approxbounds.kernel import certified_value
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import Number, is_symbolic, symbol_unless_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = [
    "METHODS",
    "DimensionMethod",
    "GrowthMethod",
    "excludes_shattering",
    "growth_steps",
    "no_growth",
    "pdim_expression",
    "pdim_steps",
    "pdim_upper",
    "pseudo_dimension",
    "unshattered_member",
]


class GrowthMethod(DimensionMethod):
    """growth(P+1) < P+1 implies Pdim(G) <= P.

    Then no P+1 points are shattered, and no more either, as subsets of shattered sets are shattered.
    Witness: ``pdim`` = P.
    """

    entry: ClassVar[str] = "pdim"  # of the witness
    thresholds: ClassVar[Thresholds] = Thresholds.ANY
    fewer: ClassVar[str] = r"$\Pi_G(m)<2^m$"

    id = "pdim-growth"
    title = "Pseudo-dimension from the growth function"
    statement = (
        r"A set of $m$ points is shattered only if $\Pi_G(m)=2^m$; if no $m$ points are shattered, no larger set is."
    )
    citations = (Citation("approxbounds", "3.3"),)

    def refusal(self, query: Query) -> str | None:
        return no_growth(query) or ("the growth bound needs numbers, not symbols" if query.G.symbols else None)

    def search(self, query: Query) -> Witness:
        return {self.entry: largest_shattered(query.G, self.thresholds)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        P = integer_of(witness, self.entry)
        if A.decides and not query.G.growth(self.thresholds).evaluate(A, P + 1) < P + 1:
            raise HypothesisError(f"growth on {self.entry}+1={P + 1} points is not certainly below {P + 1} bits")
        return A.number(P)

    def expression(self, query: Query) -> Any:
        return SYMBOLIC.number(largest_shattered(query.G, self.thresholds))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        m = integer_of(witness, self.entry) + 1
        last = Step(f"{self.statement} Here {self.fewer} at $m={m}$.", self.citations)
        return (*growth_steps(query.G.growth(self.thresholds), m), last)


class ClosedFormMethod(ExplicitMethod):
    """Pdim <= L + w log2(2 r log2 r), from 2^m <= 2^L (m r/w)^w with r >= 16, w >= L.

    Fully connected: w = sum_l W_l (cumulative parameters if nu >= 1, own if nu = 0) and
    r = 2e(K-1)R, R = sum_l k_l (1 + (l-1) nu^{l-1}), more than 2 units (BHLM 2019, Thm 6).
    Sizes only: r = 2e((K-1)U+2) D_L; w = LW if nu >= 1, W if nu = 0.
    """

    id = "pdim-closed-form"
    title = "Pseudo-dimension of piecewise-polynomial networks, closed form"
    statement = (
        r"$\operatorname{Pdim}(G)\le L+w\log_2(2r\log_2 r)$, where $\Pi_G(m)\le 2^L(mr/w)^w$ for $m\ge w$: $w$ counts "
        r"the parameters that act on each layer and $r$ the pieces and degrees."
    )
    citations = (Citation("BartlettHarveyLiawMehrabian2019", "Thm 6"), Citation("approxbounds", "3.3"))

    def refusal(self, query: Query) -> str | None:
        sizes = query.G.counted_sizes
        if sizes is None:
            return "the class is not a layered network"
        activation = sizes.activation
        if not is_symbolic(activation.pieces) and activation.pieces == 1:
            return "the activation has no breakpoint (pieces=1)"
        if query.G.architecture is not None and not is_symbolic(sizes.units) and sizes.units < 2:
            return "it needs more than 2 units (the output unit counted)"
        return None

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        sizes = query.G.counted_sizes
        assert sizes is not None
        nu, K = sizes.activation.degree, A.number(sizes.activation.pieces)
        L = A.number(sizes.depth)
        if query.G.architecture is not None:
            w, r = self._layered(A, query.G.architecture, nu)
            r = 2 * A.e * (K - 1) * r
        else:
            w = A.number(sizes.weights) * (1 if nu == 0 else L)
            r = 2 * A.e * ((K - 1) * A.number(sizes.units) + 2) * self._degree(A, nu, sizes.depth)
        return L + w * A.log2(2 * r * A.log2(r))

    def rate(self, query: Query) -> Any:
        import sympy

        sizes = query.G.counted_sizes
        assert sizes is not None
        W, L = symbol_unless_symbolic(sizes.weights, "W"), symbol_unless_symbolic(sizes.depth, "L")
        # parameters that are used more than once can be fewer than the units
        most = W if sizes.uses is None else symbol_unless_symbolic(sizes.units, "U")
        return layered_order(sizes.activation.degree, W, L, sympy.log(most))

    @staticmethod
    def _layered(A: Arithmetic[V], layers: Architecture, nu: Number) -> tuple[V, V]:
        acting, cumulative, weighted = A.number(0), A.number(0), A.number(0)
        for layer, (own, units) in enumerate(zip(layers.parameters, (*layers.widths, 1), strict=True), 1):
            cumulative = cumulative + A.number(own)
            acting = acting + (A.number(own) if nu == 0 else cumulative)
            factor = 1 if layer == 1 or nu == 0 else 1 + (layer - 1) * A.power(A.number(nu), A.number(layer - 1))
            weighted = weighted + A.number(units) * factor
        return acting, weighted

    @staticmethod
    def _degree(A: Arithmetic[V], nu: Number, depth: Number) -> V:
        L = A.number(depth)
        if nu == 0:
            return A.number(1)
        if nu == 1:
            return L
        return L * A.power(A.number(nu), L - 1)  # >= sum_{j<L} nu^j


class OperationCountMethod(ExplicitMethod):
    """Pdim <= 4P(t+2) if 1[g(x) > r] takes at most t operations and there are P parameters."""

    id = "pdim-operations"
    title = "Pseudo-dimension by operation count"
    statement = (
        r"If $1[g(x)>r]$ is computed with at most $t$ arithmetic operations and comparisons from $P$ real parameters, "
        r"$\operatorname{Pdim}(G)\le 4P(t+2)$; here $P=W$ and $t=2C+U(K-1+2\nu)+2$, where $C=W$ if each parameter is "
        r"used once, else the number of connections."
    )
    citations = (Citation("AnthonyBartlett1999", "Thm 8.4"), Citation("GoldbergJerrum1995"))

    def refusal(self, query: Query) -> str | None:
        return "the class is not a layered network" if query.G.counted_sizes is None else None

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        sizes = query.G.counted_sizes
        assert sizes is not None
        return 4 * A.number(sizes.weights) * (A.number(sizes.operations()) + 2)

    def rate(self, query: Query) -> Any:
        # a unit has at least one connection, and degree and pieces are fixed
        sizes = query.G.counted_sizes
        assert sizes is not None
        W = symbol_unless_symbolic(sizes.weights, "W")
        return W**2 if sizes.uses is None else W * symbol_unless_symbolic(sizes.uses, "C")


class RecurrentMethod(ExplicitMethod):
    """Pdim <= t + w log2(2 r log2 r), from Pi(m) <= 2^t (m r/w)^w for m >= w >= t, r >= 16.

    The step is from the proof of BHLM 2019, Thm 6; t, w and r are those of the class's ``closed_growth``, and the
    smallest value is taken if there are several.
    """

    id = "pdim-recurrent"
    title = "Pseudo-dimension of recurrent networks, closed form"
    statement = (
        r"$\operatorname{Pdim}(G)\le t+w\log_2(2r\log_2 r)$, where $\Pi_G(m)\le 2^t(mr/w)^w$ for $m\ge w$: $t$ counts "
        r"bits and layers of patterns, $w$ bits and the real parameters that act on each, $r$ units and degrees."
    )
    citations = (Citation("BartlettHarveyLiawMehrabian2019", "Thm 6"), Citation("approxbounds", "6"))

    def refusal(self, query: Query) -> str | None:
        known = query.G.closed_growth(SYMBOLIC if query.G.symbols else FLOAT)
        return None if known else "the class is not a recurrent network"

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.minimum(*(t + w * A.log2(2 * r * A.log2(r)) for t, w, r in query.G.closed_growth(A)))

    def rate(self, query: Query) -> Any:
        return query.G.real_orders.pdim  # U and v count as real


class PieceMethod(ExplicitMethod):
    """Functions of one variable with P polynomial pieces of degree <= D: Pdim <= P(D+2) - 1; 2P for broken lines."""

    id = "pdim-pieces"
    title = "Pseudo-dimension of piecewise polynomials of one variable"
    statement = (
        r"$D+2$ points have a pattern that no polynomial of degree $\le D$ shows. So of $P$ groups of $D+2$ points in "
        r"order each would need an end of a piece of its own, and $P$ pieces have $P-1$: "
        r"$\operatorname{Pdim}(G)\le P(D+2)-1$. For continuous functions with $D=1$ it is at most $2P$: at one of the "
        r"two alternating patterns $P$ of the second differences of $2P+1$ points need a kink of their own."
    )
    citations = (Citation("approxbounds", "3.7"),)

    def refusal(self, query: Query) -> str | None:
        if query.G.line_dimension(Thresholds.ANY) is None:
            return "it is for functions of one variable of which the number of polynomial pieces is known"
        return None

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.number(query.G.line_dimension(Thresholds.ANY))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        lines = query.G.piecewise
        assert lines is not None
        return (Step(f"{self.statement} Here $P={lines.pieces}$ and $D={lines.degree}$.", self.citations),)

    def rate(self, query: Query) -> Any:
        return query.G.piece_order


class DirectMethod(ExplicitMethod):
    """Classes that state it: a linear space has Pdim = D, a finite class at most log2 of its size."""

    id = "pdim-direct"
    title = "Pseudo-dimension of linear spaces and finite classes"
    statement = (
        r"A linear space of dimension $D$ has $\operatorname{Pdim}=D$; $m$ points are shattered only by at least $2^m$ "
        r"functions."
    )
    citations = (Citation("AnthonyBartlett1999", "Thm 11.4"),)

    def refusal(self, query: Query) -> str | None:
        return "the class states no dimension directly" if query.G.exact_pseudo_dimension is None else None

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.number(query.G.exact_pseudo_dimension)

    def rate(self, query: Query) -> Any:
        return query.G.direct_orders.pdim


METHODS: tuple[Theorem, ...] = (
    DirectMethod(),
    GrowthMethod(),
    ClosedFormMethod(),
    RecurrentMethod(),
    PieceMethod(),
    OperationCountMethod(),
    ProgramMethod(),
)
_MOST_POINTS = 2**1000
_WITHOUT_WITNESS = tuple(method for method in METHODS if not isinstance(method, GrowthMethod))


def pseudo_dimension(G: NetworkFacts) -> Bound:
    """The least of all upper bounds on Pdim(G); with symbols, the closed form."""
    query = Query(network=G)
    return best(tuple(apply(method, query) for method in METHODS), f"a bound on Pdim of {G}")


def excludes_shattering(A: Arithmetic[V], G: NetworkFacts, m: int, thresholds: Thresholds = Thresholds.ANY) -> bool:
    """Whether some method shows that no m points are shattered at thresholds of this kind."""
    if not A.rigorous:
        m = min(m, _MOST_POINTS)  # what doubles hold; a part of a shattered set is shattered
    on_line = G.line_dimension(thresholds)
    if (on_line is not None and on_line < m) or G.growth(thresholds).evaluate(A, m) < m:
        return True
    query = Query(network=G)
    applicable = (method for method in _WITHOUT_WITNESS if method.refusal(query) is None)
    return any(bool(method.evaluate(A, query, {}) < m) for method in applicable)


def unshattered_member(G: NetworkFacts, family: SomeFamily, cells: int, size: Callable[[Any], int]) -> Any:
    """The index of the coarsest member with about ``cells`` cells or points that G certainly does not shatter; or None.

    ``size``: how many it has. Floats may be off by a little, so a few more are tried.
    """
    for attempt in (cells, cells + 1, cells + 2 + cells // 10**9):
        if attempt > family.most_cells:
            return None
        index = family.coarsest(attempt)
        with precision(256):
            if excludes_shattering(BALL, G, size(index), family.centres):
                return index
    return None


@lru_cache(maxsize=512)
def pdim_upper(G: NetworkFacts, thresholds: Thresholds = Thresholds.ANY) -> int:
    """The least P with Pdim(G) <= P for thresholds of this kind that the methods give; HypothesisError if none does."""
    query = Query(network=G)
    found = [int(certified_value(method, query, {})) for method in _WITHOUT_WITNESS if method.refusal(query) is None]
    if (on_line := G.line_dimension(thresholds)) is not None:
        found.append(on_line)
    try:
        found.append(largest_shattered(G, thresholds))
    except HypothesisError:
        if not found:
            raise
    return min(found)


def pdim_expression(G: NetworkFacts) -> tuple[Any, tuple[Citation, ...]]:
    """An explicit upper bound on Pdim(G) as SymPy: the certified integer, or a closed form in the symbols."""
    bound = pseudo_dimension(G)
    if bound.number is not None:
        return SYMBOLIC.number(bound.number), bound.theorem.citations
    return bound.expression, bound.theorem.citations


def pdim_steps(G: NetworkFacts, P: int) -> tuple[Step, ...]:
    """Pdim(G) <= P with the method that shows it."""
    query, claim = Query(network=G), f"$\\operatorname{{Pdim}}(G)\\le P={P}$."
    for method in _WITHOUT_WITNESS:
        if method.refusal(query) is None and certified_value(method, query, {}) <= P:
            return (Step(f"{method.statement} Hence {claim}", method.citations),)
    last = Step(f"{GrowthMethod.statement} Hence {claim}", GrowthMethod.citations)
    return *growth_steps(G.growth(), P + 1), last


def growth_steps(growth: GrowthBound, m: int) -> tuple[Step, ...]:
    """The growth bound on m points, layer by layer, with numbers."""
    parts: list[str] = []
    citations: list[Citation] = []
    ways = [count.layers for count in growth.whole if isinstance(count, SumCount)]
    undivided = [count for count in growth.whole if not isinstance(count, SumCount)]
    layered = [sum(float(layer.evaluate(FLOAT, m)) for layer in way) for way in ways]
    whole = min((float(count.evaluate(FLOAT, m)) for count in undivided), default=np.inf)
    if layered and min(layered) <= whole:
        for layer in ways[int(np.argmin(layered))]:
            count = layer.smallest(FLOAT, m)
            parts.append(f"{layer.name}: ${count.formula}\\le {above(count.evaluate(BALL, m))}$")
            citations += count.citations
    else:
        count = min(undivided, key=lambda count: float(count.evaluate(FLOAT, m)))
        parts.append(f"whole class: ${count.formula}$")
        citations += count.citations
    text = (
        f"On $m={m}$ points, $\\log_2\\Pi_G(m)\\le {above(growth.evaluate(BALL, m))}$ ({'; '.join(parts)}), where "
        r"$V(n,j)=\sum_{i\le j}\binom ni$ and, with $P=\sum_jP_j$, $\mathrm{wl}(M;D_1^{P_1},D_2^{P_2},\dots)="
        r"\min\big(M,\frac{P(6M+P)}{6M+4P}\log_2e+\sum_jP_j\log_2(D_j(M+P)/P_j)\big)$."
    )
    return (Step(text, tuple(dict.fromkeys(citations))),)
