"""Upper bounds on the fat-shattering dimension of G at a scale. THEORY.md, sections 1 and 3.6.

Every method names the scale beyond which m points are not shattered; the dimension follows. One formula a
method: :meth:`FatMethod.least_scale`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any, cast

import numpy as np

from approxbounds import validation
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V, integer, precision
from approxbounds.bound import Bound, apply, best
from approxbounds.complexity.pseudo_dimension import excludes_shattering, pdim_expression, pdim_steps, pdim_upper
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.hypercube import Grid, HypercubeFamily, integer_root, wide_grid
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.validation import Number
from approxbounds.witness import Witness, integer_of, require

__all__ = [
    "METHODS",
    "fat_floats",
    "fat_shattering",
    "fat_steps",
    "fat_upper",
    "least_scale",
    "members_for",
    "no_fat_bound",
]

#: Dimensions beyond are not reported: a certificate could not write them.
MOST = 10**300


class FatMethod(Theorem):
    """fat_gamma(G) <= m if no m+1 points are gamma-shattered: larger sets are not either. Witness: ``fat`` = m."""

    direction = Direction.UPPER
    inputs = ("network", "gamma")
    integral = True

    def quantity(self, query: Query) -> str:
        return rf"\operatorname{{fat}}_{{{query.gamma}}}(G)"

    @abstractmethod
    def least_scale(self, A: Arithmetic[V], G: NetworkFacts, m: V | float) -> V:
        """gamma* such that no m >= 1 points are gamma-shattered for any gamma > gamma*.

        float: arrays of m, infinite where nothing is known; balls: HypothesisError there.
        """

    @abstractmethod
    def closed_form(self, A: Arithmetic[V], G: NetworkFacts, gamma: V | float) -> V:
        """An upper bound on fat_gamma(G) without rounding; float: arrays of gamma."""

    @abstractmethod
    def largest(self, G: NetworkFacts, gamma: Number) -> int:
        """The least m that the method gives for numbers, perhaps a little too small or large."""

    @abstractmethod
    def reason(self, G: NetworkFacts) -> str | None:
        """Why the method does not apply to G, or None."""

    def refusal(self, query: Query) -> str | None:
        return self.reason(query.G)

    def search(self, query: Query) -> Witness:
        return {"fat": self.largest(query.G, query.gamma)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        m = integer_of(witness, "fat")
        require(m < MOST, f"fat={echo(m)} is beyond 10^300")
        if A.decides:
            scale = self.least_scale(A, query.G, m + 1)
            require(bool(scale < A.number(query.gamma)), f"fat+1={echo(m + 1)} points may be shattered at this scale")
        return A.number(m)

    def expression(self, query: Query) -> Any:
        return self.closed_form(SYMBOLIC, query.G, SYMBOLIC.number(query.gamma))

    def explanation(self, G: NetworkFacts, m: int) -> tuple[Step, ...]:
        """The steps that show it for m points."""
        scale = above(self.least_scale(BALL, G, m))
        return (
            Step(self.statement, self.citations),
            Step(f"No $m={m}$ points are shattered at a scale above ${scale}$."),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        return self.explanation(query.G, integer_of(witness, "fat") + 1)


class RademacherMethod(FatMethod):
    """Rad_m(G) <= C/sqrt(m) for all m points implies fat_gamma(G) <= (C/gamma)^2.

    If x_1..x_m are gamma-shattered with levels r_i, then for every sign vector e some g has e_i (g(x_i) - r_i) >=
    gamma for all i; as the mean of sum e_i r_i is 0, Rad_m(G) >= gamma.
    """

    id = "fat-rademacher"
    title = "Fat-shattering dimension by Rademacher averages"
    statement = (
        r"Points that are $\gamma$-shattered force a Rademacher average of at least $\gamma$: if "
        r"$\operatorname{Rad}_m(G)\le C/\sqrt m$ then $\operatorname{fat}_\gamma(G)\le(C/\gamma)^2$."
    )
    citations = (Citation("approxbounds", "3.6"),)

    def reason(self, G: NetworkFacts) -> str | None:
        if G.rademacher_constant(FLOAT if not G.symbols else SYMBOLIC) is None:
            return "no bound on the Rademacher averages of G is known"
        return None

    def least_scale(self, A: Arithmetic[V], G: NetworkFacts, m: V | float) -> V:
        return self._constant(A, G) / A.power(A.number(m), A.number(1) / 2)

    def closed_form(self, A: Arithmetic[V], G: NetworkFacts, gamma: V | float) -> V:
        ratio = self._constant(A, G) / gamma
        return ratio * ratio

    @staticmethod
    def _constant(A: Arithmetic[V], G: NetworkFacts) -> V:
        constant = G.rademacher_constant(A)
        assert constant is not None
        return constant

    def largest(self, G: NetworkFacts, gamma: Number) -> int:
        with precision(4096):
            bound = self.closed_form(BALL, G, BALL.number(gamma))
            require(bool(bound < MOST), "the dimension may be beyond 10^300")
            return integer(bound.upper().floor())

    def rate(self, query: Query) -> Any:
        size, q = next(pair for pair in query.G.fat_orders if pair[1] == 2)
        return size * validation.symbol_unless_symbolic(query.gamma, "gamma") ** -q

    def explanation(self, G: NetworkFacts, m: int) -> tuple[Step, ...]:
        constant = f"The Rademacher averages of $G$ have $C={latex(G.rademacher_constant(SYMBOLIC))}$."
        return Step(constant, G.rademacher_citations), *super().explanation(G, m)


class LipschitzMethod(FatMethod):
    """|g(x) - g(y)| <= Lambda |x-y|_2 on [0,1]^d implies fat_gamma(G) <= (floor(Lambda sqrt(d)/(2 gamma)) + 1)^d.

    Two shattered points with patterns 10 and 01 give g(x) - g(y) >= r + 2 gamma for one g and <= r - 2 gamma
    for another, r the difference of the levels, so Lambda |x-y| >= 2 gamma. Each of k^d cubes of diameter
    sqrt(d)/k < 2 gamma/Lambda then has at most one of the points.
    """

    id = "fat-lipschitz"
    title = "Fat-shattering dimension of Lipschitz functions"
    statement = (
        r"Points that are $\gamma$-shattered are at distance at least $2\gamma/\Lambda$, so "
        r"$\operatorname{fat}_\gamma(G)\le k^d$ as soon as cubes of side $1/k$ have a smaller diameter."
    )
    citations = (Citation("approxbounds", "3.6"),)

    def reason(self, G: NetworkFacts) -> str | None:
        return "no Lipschitz constant of the functions of G is known" if G.lipschitz_constant is None else None

    def least_scale(self, A: Arithmetic[V], G: NetworkFacts, m: V | float) -> V:
        d, points = G.domain_dim, cast(Any, m)  # an exact int where there are no arrays
        if A.vectorised:
            cubes: Any = np.maximum(np.ceil(np.power(points, 1 / float(d)) * (1 - 1e-12)) - 1, 0)
        else:
            cubes = integer_root(int(points), int(d)) - 1  # per side: the most with fewer than m in all
            require(cubes > 0, "one point is shattered at every scale")
        with np.errstate(divide="ignore"):
            scale: V = A.number(G.lipschitz_constant) * A.power(A.number(d), A.number(1) / 2) / (2 * cubes)
        return scale

    def closed_form(self, A: Arithmetic[V], G: NetworkFacts, gamma: V | float) -> V:
        d = A.number(G.domain_dim)
        return A.power(A.number(G.lipschitz_constant) * A.power(d, A.number(1) / 2) / (2 * gamma) + 1, d)

    def largest(self, G: NetworkFacts, gamma: Number) -> int:
        # floor(sqrt(x)) = isqrt(floor(x)), x = (Lambda/(2 gamma))^2 d exactly
        constant, d = G.lipschitz_constant, int(G.domain_dim)
        k = isqrt(int((constant / Fraction(gamma)) ** 2 * d / 4)) + 1
        require(k.bit_length() * d < 1100, "the dimension may be beyond 10^300")
        return int(k**d)

    def rate(self, query: Query) -> Any:
        constant = validation.symbol_unless_symbolic(query.G.lipschitz_constant, "Lambda")
        return (constant / validation.symbol_unless_symbolic(query.gamma, "gamma")) ** query.G.domain_dim


class PseudoDimensionMethod(FatMethod):
    """fat_gamma(G) <= Pdim(G) at every scale: gamma-shattered points are shattered at the thresholds r_i."""

    id = "fat-pdim"
    title = "Fat-shattering dimension at most the pseudo-dimension"
    statement = (
        r"Points that are $\gamma$-shattered at levels $r_i$ are shattered at the thresholds $r_i$, so "
        r"$\operatorname{fat}_\gamma(G)\le\operatorname{Pdim}(G)$."
    )
    citations = (Citation("approxbounds", "1"),)

    def reason(self, G: NetworkFacts) -> str | None:
        return None if G.bounded_growth else "Pdim(G) is infinite"

    def least_scale(self, A: Arithmetic[V], G: NetworkFacts, m: V | float) -> V:
        if A.vectorised:
            return A.number(np.where(np.asarray(m) > pdim_upper(G), 0.0, np.inf))
        if A.decides:
            require(excludes_shattering(A, G, cast(int, m)), f"m={echo(m)} points may be shattered")
        return A.number(0)

    def closed_form(self, A: Arithmetic[V], G: NetworkFacts, gamma: V | float) -> V:
        return 0 * gamma + A.number(pdim_upper(G) if A.decides else pdim_expression(G)[0])

    def largest(self, G: NetworkFacts, gamma: Number) -> int:
        return pdim_upper(G)

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim

    def explanation(self, G: NetworkFacts, m: int) -> tuple[Step, ...]:
        return *pdim_steps(G, m - 1), Step(self.statement, self.citations)


_METHODS: tuple[FatMethod, ...] = (RademacherMethod(), LipschitzMethod(), PseudoDimensionMethod())
METHODS: tuple[Theorem, ...] = _METHODS


def _applicable(G: NetworkFacts) -> list[FatMethod]:
    return [method for method in _METHODS if method.reason(G) is None]


def no_fat_bound(G: NetworkFacts) -> str | None:
    """The reason why theorems on the fat-shattering dimension do not apply to G, if there is one."""
    return None if _applicable(G) else "no bound on the fat-shattering dimension of G is known"


def _collected(G: NetworkFacts, compute: Callable[[FatMethod], Any]) -> list[Any]:
    """What the methods that apply to G give; the last one's HypothesisError if none gives anything."""
    found, failure = [], HypothesisError("no bound on the fat-shattering dimension of G is known")
    for method in _applicable(G):
        try:
            found.append(compute(method))
        except HypothesisError as error:
            failure = error
    if not found:
        raise failure
    return found


def least_scale(A: Arithmetic[V], G: NetworkFacts, m: V | float) -> V:
    """A scale beyond which no m points are shattered, the least that the methods give.

    float: arrays of m, infinite where nothing is known; balls: HypothesisError there.
    """
    return A.minimum(*_collected(G, lambda method: method.least_scale(A, G, m)))


def fat_floats(G: NetworkFacts, gamma: Any) -> Any:
    """An upper bound on fat_gamma(G) for an array of scales, approximately."""
    return np.minimum.reduce(_collected(G, lambda method: method.closed_form(FLOAT, G, gamma)))


def fat_upper(G: NetworkFacts, gamma: Fraction) -> int:
    """The least integer D with fat_gamma(G) <= D that the methods give; HypothesisError if there is none."""
    return int(min(_collected(G, lambda method: method.largest(G, gamma))))


def members_for(query: Query, family: HypercubeFamily) -> Grid:
    """The members of F's family that matter for G: near its pseudo-dimension, or all if that is infinite."""
    return family.grid().thinned(32).relevant(pdim_upper(query.G)) if query.G.bounded_growth else wide_grid(family)


def fat_steps(G: NetworkFacts, m: int) -> tuple[Step, ...]:
    """That no m points are shattered at the least scale known, with the method that shows it."""
    scales = _collected(G, lambda method: (float(method.least_scale(BALL, G, m).mid()), method))
    return min(scales, key=lambda pair: pair[0])[1].explanation(G, m)  # type: ignore[no-any-return]


def fat_shattering(G: NetworkFacts, gamma: object) -> Bound:
    """The least of all upper bounds on fat_gamma(G); with symbols, a closed form."""
    query = Query(network=G, gamma=validation.exact("gamma", gamma))
    return best(tuple(apply(method, query) for method in METHODS), f"a bound on fat_gamma of {G}")
