"""Tregion: a bowl against few convex regions. THEORY.md, Tregion."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.grid import Function
from approxbounds.facts.powers import Bowl
from approxbounds.members import MOST_AXES
from approxbounds.render import below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Depths, Query, Step, Theorem
from approxbounds.transfer.lines import best_axes, no_lines, pieces_of, smoothest
from approxbounds.transfer.monic import monic_norm, unit_ball_volume
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, integer_of, require

__all__ = ["RegionTheorem"]


class RegionTheorem(Theorem):
    """E_p >= (c/2) kappa_{2,p} G_{d',p} Q^{-2/d'} for f = c |x' - centre|^2/2 of d' coordinates.

    Hypotheses: 1 <= p <= inf; every flat in the directions of these coordinates is cut into at most Q convex sets on
    which g is affine; f, minus a constant, is in F. kappa_{2,p} is the least norm of a monic polynomial of degree 2,
    w_d the volume of the unit ball, and G_{d,p} = 4 w_d^{-2/d} for p = inf, else the larger of (4/d^2) w_d^{-2/d} and,
    if 2p >= d, (2^{2p+1} w_{d-1} ((d-1)/2) B((d-1)/2, p+3/2))^{1/p} w_d^{-1/p-2/d}.
    Proof. On a chord of length l of a convex set f is c/2 times a monic quadratic: the p-th power of the error is at
    least (c kappa/2)^p l^{2p+1}. The mean over all directions is least for balls (Riesz), one direction of a diameter
    gives the other (isodiametric inequality); the sum over the sets is least for equal volumes. Witness: ``axes`` = d'.
    """

    id = "Tregion"
    title = "Curvature against convex regions"
    statement = (
        r"On chords of a convex set $f=\frac c2|x'-z|^2$ is $c/2$ times a monic quadratic, so the error on a set of "
        r"volume $V$ is at least $\frac c2\kappa_{2,p}G_{d',p}V^{2/d'+1/p}$, and $Q$ sets of equal volume leave least: "
        r"$E_p(F,G)\ge\frac c2\kappa_{2,p}G_{d',p}Q^{-2/d'}$."
    )
    citations = (Citation("approxbounds", "Tregion"),)
    depths = Depths.FIXED

    def refusal(self, query: Query) -> str | None:
        reason = no_lines(query)
        if reason is not None:
            return reason
        if query.symbols:
            return "the query has symbols (Tcurv covers them)"
        known = pieces_of(query)
        if known.degree != 1 or not known.arrangements:
            return "the functions of G are not known to be affine on few convex regions"
        if len(known.among(query.F.domain_dim)) < 2:
            return "F and G share one direction only (Tcurv covers it)"
        return None if self._known(query, 2) is not None else "no multiple of |x|^2 is known to be in F"

    @staticmethod
    def _known(query: Query, axes: int) -> Bowl | None:
        chosen = smoothest(query, axes)
        F = None if chosen is None else query.F.cylinder(chosen)
        return None if F is None else F.bowl

    def _bowl(self, query: Query, axes: int) -> Bowl:
        bowl = self._known(query, axes)
        if bowl is None:
            raise HypothesisError(f"axes={echo(axes)}: F and G do not share so many coordinates in which F is smooth")
        return bowl

    def search(self, query: Query) -> Witness:
        return best_axes(self, query, MOST_AXES, first=2)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        axes = integer_of(witness, "axes", minimum=2, maximum=10**3)
        bowl, regions = self._bowl(query, axes), pieces_of(query).regions(axes)
        require(regions is not None, f"axes={echo(axes)}: too many regions")
        share = A.power(A.number(regions), -2 / A.number(axes))
        return A.number(bowl.curvature) / 2 * monic_norm(A, 2, query.p) * self._least(A, axes, query.p) * share

    @staticmethod
    def _least(A: Arithmetic[V], d: int, p: Number) -> V:
        """G_{d,p}."""
        volume = A.power(unit_ball_volume(A, d), -2 / A.number(d))
        if is_infinite(p):
            return 4 * volume
        chord = 4 * volume / d**2
        if 2 * p < d:
            return chord
        P = A.number(p)
        a = A.number(d - 1) / 2
        ball = A.log_beta(a, P + A.number(3) / 2) + A.log(unit_ball_volume(A, d - 1) / unit_ball_volume(A, d) * a)
        return A.maximum(chord, A.exp_over(ball + (2 * P + 1) * A.log(A.number(2)), P) * volume)

    def rate(self, query: Query) -> Any:
        return query.G.piece_order ** -SYMBOLIC.number(2)

    def expression(self, query: Query) -> Any:
        raise NoExpressionError("Tregion: the number of regions has no short closed form (see Tcurv)")

    def hard_function(self, query: Query, witness: Witness) -> Function:
        """c |x' - centre|^2 / 2, minus a constant."""
        axes = integer_of(witness, "axes", minimum=2)
        bowl, chosen = self._bowl(query, axes), list(smoothest(query, axes) or ())
        return lambda points: bowl.values(np.asarray(points, float)[:, chosen])

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        axes = integer_of(witness, "axes")
        c, regions = self._bowl(query, axes).curvature, pieces_of(query).regions(axes)
        return (
            Step(f"$f=\\frac c2|x'-z|^2$ of $d'={axes}$ coordinates, minus a constant, is in $F$: $c={latex(c)}$."),
            Step(
                f"On every flat in their directions $g$ is affine on each of at most $Q={regions}$ convex sets.",
                (Citation("approxbounds", "3.8"),),
            ),
            Step(
                f"{self.statement} Here $G_{{d',p}}\\ge {below(self._least(BALL, axes, query.p))}$, and the bound is "
                f"at least ${below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
