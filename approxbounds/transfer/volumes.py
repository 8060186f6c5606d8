"""Tvol: a body of functions of large volume, of which few small balls cover little. THEORY.md, Tvol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import growth_steps, no_growth, pdim_expression
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.facts.hypercube import Grid, Index, Thresholds, family_of
from approxbounds.facts.levels import LevelGrowth
from approxbounds.facts.splines import SplineBall
from approxbounds.members import cylinder_steps, cylinders, on_cylinder
from approxbounds.render import above, below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, integer_of, require

__all__ = ["VolumeTheorem", "ball_volume_factor", "log2_vectors", "member_of_ball", "whole_share"]

_LEVELS: NDArray[np.float64] = np.array([2.0**i for i in range(1, 51)])  # Q in searches
_BLOCK = 16  # so many members are bounded together first


def ball_volume_factor(A: Arithmetic[V], p: Number) -> V:
    """v_p: the points of R^N whose mean of |x_i|^p is at most r^p have a volume of at most (v_p r)^N.

    v_p = 2 Gamma(1+1/p) (ep)^{1/p}, 2 for p = inf.
    """
    if is_infinite(p):
        return A.number(2)
    return _without_gamma(A, p) * A.exp(A.log_gamma(1 + 1 / A.number(p)))


def _without_gamma(A: Arithmetic[V], p: Number) -> V:
    """2 (ep)^{1/p}, which is at least v_p as Gamma <= 1 on [1,2]: for closed forms."""
    return 2 * A.exp_over(1 + A.log(A.number(p)), A.number(p))


def _relative(A: Arithmetic[V], ball: SplineBall, p: Number) -> V:
    """theta = 2 prod_j mu_{D_j,p}/v_p."""
    return 2 * ball.mean_volume(A, p) / ball_volume_factor(A, p)


def member_of_ball(query: Query, witness: Witness) -> tuple[SplineBall, Index, int]:
    """The ball of splines that a witness names, the index of its member, and N."""
    ball, index = family_of(query.F.spline_balls, witness)
    return ball, index, ball.cells(index)


def log2_vectors(A: Arithmetic[V], growth: LevelGrowth, ball: SplineBall, cells: V | float, levels: Any) -> V:
    """B(N,Q): log2 of the vectors of bins; arrays in FLOAT."""
    return growth.at_levels(A, cells, levels, common=ball.centres is Thresholds.COMMON)


def whole_share(A: Arithmetic[V], bits: V | float, p: Number) -> V:
    """(1 - 2^-c)^{1/p}; 1 for p = inf, where c tends to 0."""
    if is_infinite(p):
        return A.number(1)
    return A.power(1 - A.power(A.number(2), -A.number(bits)), 1 / A.number(p))


def _best_bits(cells: NDArray[np.float64], p: Number) -> NDArray[np.float64]:
    """c for each N: one more gains at most 2^{-c-1}/p and costs log(2)/N."""
    if is_infinite(p):
        return np.zeros_like(cells)
    best: NDArray[np.float64] = np.maximum(np.ceil(np.log2(cells / (2 * np.log(2) * float(p)))), 1.0)
    return best


@dataclass(frozen=True)
class _Members:
    """The members of one ball that a search tries, their c and A (1-2^-c)^{1/p}, and the Q that may give something."""

    query: Query
    ball: SplineBall
    part: Mapping[str, int]  # of a witness
    grid: Grid
    theta: float
    bits: NDArray[np.float64]
    height: NDArray[np.float64]
    levels: NDArray[np.float64]

    def vectors(self, at: NDArray[np.intp], levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """B(N,Q) of some members (rows) and levels (columns)."""
        B = log2_vectors(FLOAT, self.query.G.level_growth(), self.ball, self.grid.cells[at][:, None], levels)
        return np.broadcast_to(B, (at.size, levels.size))

    def values(self, at: NDArray[np.intp], levels: NDArray[np.float64], vectors: NDArray[np.float64]) -> Any:
        """The bounds."""
        exponent = (vectors + self.bits[at][:, None]) / self.grid.cells[at][:, None]
        height = self.height[at][:, None]
        return height * self.theta * np.exp2(-exponent) - height / levels

    def blocks(self, least: float) -> _Blocks:
        """Blocks of members that may give more than ``least``.

        B(N,Q)/N never increases in N (3.9), so the last member of a block bounds the first term of all, for every Q.
        """
        firsts = np.arange(0, self.height.size, _BLOCK)
        high, low = np.maximum.reduceat(self.height, firsts), np.minimum.reduceat(self.height, firsts)
        worth = np.flatnonzero(self.theta * high > least)
        last = np.minimum(firsts[worth] + _BLOCK, self.height.size) - 1
        vectors = self.vectors(last, self.levels)
        shares = self.theta * np.exp2(-vectors / self.grid.cells[last][:, None]) * (1 + 1e-9)  # floats round
        bounds = high[worth][:, None] * shares - low[worth][:, None] / self.levels
        return _Blocks(firsts[worth], bounds, float(np.max(self.values(last, self.levels, vectors), initial=0.0)))

    def best(self, blocks: _Blocks, least: float) -> tuple[float, Witness] | None:
        """The best member of the blocks and its Q, the first of equals, if it is better than ``least``."""
        rows, columns = np.nonzero(blocks.bounds > least)
        at = (blocks.firsts[np.unique(rows)][:, None] + np.arange(_BLOCK)).ravel()
        at = at[at < self.height.size]
        at = at[self.theta * self.height[at] > least]
        if not at.size:
            return None
        levels = self.levels[columns.min() : columns.max() + 1]
        found = self.values(at, levels, self.vectors(at, levels))
        row, q = divmod(int(np.argmax(found)), levels.size)
        value, i = float(found[row, q]), int(at[row])
        bits = {} if is_infinite(self.query.p) else {"bits": int(self.bits[i])}
        witness = {**self.ball.witness(self.grid.at(i)), "levels": int(levels[q]), **bits, **self.part}
        return (value, witness) if value > least else None


@dataclass(frozen=True)
class _Blocks:
    """The first member of each block, bounds on its values (columns: Q), the largest value of all last members."""

    firsts: NDArray[np.intp]
    bounds: NDArray[np.float64]
    seen: float


def _members(query: Query) -> Iterator[_Members]:
    """What a search tries, of F and of its cylinders."""
    for part, reduced in cylinders(query):
        for ball in reduced.F.spline_balls:
            grid, theta = ball.grid(), float(_relative(FLOAT, ball, query.p))
            bits = _best_bits(grid.cells, query.p)
            height = ball.amplitude(FLOAT, grid.index) * whole_share(FLOAT, bits, query.p)
            levels = _LEVELS[_LEVELS * theta > 1]  # smaller Q give nothing
            if levels.size:
                yield _Members(reduced, ball, part, grid, theta, bits, np.broadcast_to(height, bits.shape), levels)


class VolumeTheorem(Theorem):
    """E_p >= (1-2^-c)^{1/p} A [(2 prod_j mu_{D_j,p}/v_p) 2^{-(B+c)/N} - 1/Q]; for p = inf c = 0.

    Hypotheses: 1 <= p <= inf; a ball of splines of F: all c + A sum_i a_i prod_j N_{D_j}(k_j x_j - i_j), |a_i| <= 1;
    N = prod_j k_j; B bounds log2 of the vectors of bins of G for Q - 1 thresholds at each of N points (all Q >= 2,
    c > 0). mu_{D,p}: mean of order p of the Mahler measure M_D of shifted B-splines; v_p = 2 Gamma(1+1/p)(ep)^{1/p}.
    Guarantee: the same bounds the p-th root of the mean of inf_g ||f - g||_p^p over uniform a_i. No boundedness of G is
    needed. Proof: the values y of f at the N points of one place t in all cells are a linear image of the a_i, by a
    determinant of at least prod_j M_{D_j}(t_j)^N; so they are in one of 2^B small balls with probability 2^-c at most.
    Asymptotically sharp for D = 1, p = inf and splines with coefficients on a grid. Witness: ``family``, its indices,
    ``dims`` if it is one of a cylinder, ``levels`` = Q, and ``bits`` = c if p < inf. Proof: THEORY.md, Tvol.
    """

    id = "Tvol"
    title = "Volume of a ball of splines"
    statement = (
        r"The values of $f=c+A\sum_ia_i\prod_jN_{D_j}(k_jx_j-i_j)\in F$, $a_i$ uniform on $[-1,1]$, at $N=\prod_jk_j$ "
        r"points have a density of at most $\prod_j(2AM_{D_j}(t_j))^{-N}$, and each $g$ is, up to $A/Q$, one of $2^B$ "
        r"vectors there: $E_p(F,G)\ge(1-2^{-c})^{1/p}A\,[\theta\,2^{-(B+c)/N}-\frac1Q]$, "
        r"$\theta=2\prod_j\mu_{D_j,p}/v_p$, $v_p=2\Gamma(1+\frac1p)(ep)^{1/p}$ ($p=\infty$: $c=0$, $v_\infty=2$)."
    )
    citations = (Citation("approxbounds", "Tvol"),)

    def refusal(self, query: Query) -> str | None:
        if not query.F.spline_balls:
            return "no ball of splines with bounded coefficients is known to be in F"
        return no_growth(query)

    def search(self, query: Query) -> Witness:
        value, found = 1e-308, list[tuple[_Members, _Blocks]]()
        for members in _members(query):
            found.append((members, members.blocks(value)))
            value = max(value, found[-1][1].seen * (1 - 1e-12))
        witness = None
        for members, blocks in found:
            best = members.best(blocks, value)
            if best is not None:
                value, witness = best
        if witness is None:
            raise HypothesisError("no ball of splines searched gives more than 1e-308: G shows too many vectors")
        return witness

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        query = on_cylinder(query, witness)
        ball, index, cells = member_of_ball(query, witness)
        levels = integer_of(witness, "levels", minimum=2)
        bits = 0 if is_infinite(query.p) else integer_of(witness, "bits", minimum=1, maximum=10**6)
        vectors = log2_vectors(A, query.G.level_growth(), ball, cells, levels)
        share = A.power(A.number(2), -(vectors + bits) / A.number(cells))
        bracket = _relative(A, ball, query.p) * share - 1 / A.number(levels)
        if A.decides:
            require(bool(bracket > 0), "the bound is not certainly positive")
        return whole_share(A, bits, query.p) * ball.amplitude(A, index) * bracket

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-1 / query.F.entropy_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """2^{-1/p} A theta/4 at the coarsest member with N >= lambda P, P >= max(Pdim(G), 1).

        Let q = 4/theta >= 4, lambda = 2 log2 q + 4, Q = ceil(q), c = 1. By Sauer's lemma for pairs of points and
        thresholds B <= P log2(e(Q-1)N/P), so (B+c)/N <= log2(e q lambda)/lambda + 1/lambda <= 1.
        """
        import sympy

        P, _ = pdim_expression(query.G)
        P = sympy.Max(P, 1) if P.is_number else P
        simple = is_infinite(query.p) or query.p in (1, 2)
        factor = (ball_volume_factor if simple else _without_gamma)(SYMBOLIC, query.p)
        forms = []
        for ball in query.F.spline_balls:
            mean = ball.mean_volume(SYMBOLIC, query.p if is_infinite(query.p) else 1)  # means grow with the order
            theta = 2 * mean / factor
            cells = (2 * SYMBOLIC.log2(4 / theta) + 4) * P
            forms.append(ball.least_amplitude(SYMBOLIC, cells) * theta / 4)
        if any(form is None for form in forms):
            raise NoExpressionError("Tvol: no closed form is known for the splines of this class")
        half = SYMBOLIC.number(1)
        if not is_infinite(query.p):
            half = SYMBOLIC.power(SYMBOLIC.number(2), -1 / SYMBOLIC.number(query.p))
        return conditional(query, half * (forms[0] if len(forms) == 1 else sympy.Max(*forms)))

    def outline(self, query: Query) -> tuple[Step, ...]:
        ball = query.F.spline_balls[0]
        P, citations = pdim_expression(query.G)
        return (
            Step(ball.describe(None), ball.citations),
            Step(f"$\\operatorname{{Pdim}}(G)\\le P={latex(P)}$.", citations),
            Step(
                r"Take the coarsest member with $N\ge\lambda P$, $\lambda=2\log_2q+4$, $q=4/\theta$, "
                r"$Q=\lceil q\rceil$, $c=1$: then $B\le P\log_2(e(Q-1)N/P)$ (Sauer) and $(B+c)/N\le1$."
            ),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        reduced = on_cylinder(query, witness)
        ball, index, N = member_of_ball(reduced, witness)
        Q, c = integer_of(witness, "levels"), 0 if is_infinite(query.p) else integer_of(witness, "bits")
        vectors = log2_vectors(BALL, reduced.G.level_growth(), ball, N, Q)
        amplitude, theta = ball.amplitude(BALL, index), _relative(BALL, ball, query.p)
        return (
            *cylinder_steps(query, witness),
            Step(
                f"{ball.describe(index)} This gives $N={N}$ cells, $A\\ge {below(amplitude)}$ and "
                f"$\\theta\\ge {below(theta)}$.",
                ball.citations,
            ),
            Step(
                f"With $Q-1={Q - 1}$ thresholds at each of $N$ points the functions of $G$ show at most $2^B$ vectors "
                f"of bins, $B\\le {above(vectors)}$.",
                (Citation("approxbounds", "3.9"), *growth_steps(reduced.G.growth(), N)[0].citations),
            ),
            Step(
                f"{self.statement} With $c={c}$ the bound is at least ${below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
