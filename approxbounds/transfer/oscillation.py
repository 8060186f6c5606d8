"""Tosc and Tosc-inf: functions that oscillate, against few changes of sign on lines. THEORY.md, Tosc."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.functions import SmoothBall
from approxbounds.facts.grid import Function
from approxbounds.facts.hypercube import Thresholds
from approxbounds.facts.waves import HolderWave, Wave, wave_height
from approxbounds.members import MOST_AXES
from approxbounds.render import below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Depths, Query, Step, Theorem, conditional, finite_only, sup_norm_only
from approxbounds.transfer.lines import along, best_axes, common_axes, line_class, no_lines, pieces_of, pieces_step
from approxbounds.validation import Number, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["OscillationTheorem", "SupNormOscillation"]


class OscillationTheorem(Theorem):
    """E_p >= ||w||_p (2h/N)^{1/p} with h = ceil((N-1-C)/2), for functions that alternate on N equal cells of lines.

    Hypotheses: 1 <= p < inf; F has a function f(x) = c(x_j) + (-1)^i w(t) of one coordinate, t the place in the i-th
    of N >= C + 2 cells; along lines of direction j, 1[g > c + r] changes at most C times for every constant r.
    Proof: T3's inequality for the one alternating sign vector, which has N - 1 changes: altering one sign alters at
    most two changes, so a vector with C changes is at Hamming distance >= (N-1-C)/2. Witness: ``cells`` = N.
    """

    id = "Tosc"
    title = "Oscillation against changes of sign"
    statement = (
        r"Signs with at most $C$ changes differ from the alternating ones of $N\ge C+2$ cells in at least "
        r"$h=\lceil(N-1-C)/2\rceil$ places: $E_p(F,G)\ge\|w\|_p(2h/N)^{1/p}$ for $f=c\pm w$ that alternates on $N$ "
        r"cells, if $\mathbf{1}[g>c+r]$ changes at most $C$ times along lines, for every $r$ and every $g$."
    )
    citations = (Citation("approxbounds", "Tosc"),)
    depths = Depths.FIXED

    def refusal(self, query: Query) -> str | None:
        reason = finite_only(query, "Tosc-inf") or no_lines(query)
        return reason or (None if self._known(query) else "no alternating functions of F are known")

    @staticmethod
    def _known(query: Query) -> Wave | None:
        F = line_class(query, rough=True)
        return None if F is None else F.wave

    def _wave(self, query: Query) -> Wave:
        wave = self._known(query)
        assert wave is not None
        return wave

    @staticmethod
    def _changes(query: Query, wave: Wave) -> Number:
        known = pieces_of(query)
        return known.changes if wave.centres is Thresholds.COMMON else known.affine_changes

    def search(self, query: Query) -> Witness:
        """N = C + 2h: the best h is near C/(2sp)."""
        wave = self._wave(query)
        C, ratio = int(self._changes(query, wave)), 2 * wave.exponent * query.p
        near = int(C // ratio)
        cells = [C + 2 * h for h in (max(near, 1), near + 1)]
        values = [float(self.evaluate(FLOAT, query, {"cells": N})) for N in cells]
        i = int(np.argmax(values))
        if not values[i] > 0:
            raise HypothesisError("no number of cells gives more than 1e-308: G may change its sign too often")
        return {"cells": cells[i]}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        wave, N = self._wave(query), integer_of(witness, "cells", minimum=1)
        C = self._changes(query, wave)
        require(N >= C + 2, f"cells={echo(N)} must be at least C + 2, C={echo(C)}")
        differing = (N - C) // 2  # the least integer >= (N-1-C)/2
        share = A.power(A.number(2 * differing) / A.number(N), 1 / A.number(query.p))
        return wave.height(A, N) * wave.mean_ratio(A, query.p) * share

    def rate(self, query: Query) -> Any:
        return query.G.piece_order ** -SYMBOLIC.number(self._wave(query).exponent)

    def expression(self, query: Query) -> Any:
        """N = 2(C+1): then 2h >= C + 1 = N/2."""
        wave = self._wave(query)
        cells = 2 * (SYMBOLIC.number(self._changes(query, wave)) + 1)
        half = SYMBOLIC.power(SYMBOLIC.number(2), -1 / SYMBOLIC.number(query.p))
        return conditional(query, wave.height(SYMBOLIC, cells) * wave.mean_ratio(SYMBOLIC, query.p) * half)

    def hard_function(self, query: Query, witness: Witness) -> Function:
        """The alternating function; raises HypothesisError where F and G share no coordinate."""
        wave, N = self._wave(query), integer_of(witness, "cells")
        axis = common_axes(query)[:1]
        return lambda points: wave.values(N, along(axis, points))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        wave, N = self._wave(query), integer_of(witness, "cells")
        C, known = self._changes(query, wave), pieces_of(query)
        text = rf", so $\mathbf{{1}}[g>c+r]$ changes at most $C={C}$ times (with $D={known.degree}$)"
        return (
            Step(wave.describe(N), wave.citations),
            pieces_step(query, text),
            Step(
                f"{self.statement} Here $h={(N - C) // 2}$, $\\sup w\\ge {below(wave.height(BALL, N))}$, and the bound "
                f"is at least ${below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )


class SupNormOscillation(Theorem):
    """E_inf >= R c_s u^s, u = min(l/(C+1), 2), if 1[g > 0] changes at most C times along lines on which f alternates.

    Hypotheses: p = inf; F contains the ball of smoothness s and radius R of functions of some j coordinates; C as in
    Tosc on lines along the diagonal of these coordinates; l = j^{1-a/(2s)}, a = s - n, n = ceil(s) - 1 (l = j where the
    ball is defined by directions). c_s is the height of the alternating function of smoothness s on cells of length 1.
    Proof: f(x) = e(b(x_1+..+x_j)) with b = j^{-a/(2s)} (1) is in the ball, and reaches +-sup e alternately at C + 2
    points of the diagonal at distance l/(C+1) in units of e; a g that is nearer than sup e changes its sign C+1 times.
    The derivatives of e of order i are at most R c_{s-i} u^{s-i} <= R, as c_t 2^t <= 1. Witness: ``axes`` = j.
    """

    id = "Tosc-inf"
    title = "Oscillation against changes of sign in sup norm"
    statement = (
        r"$f=e(b(x_1+\dots+x_j))$ reaches $\pm\sup e$ alternately at $C+2$ points of a diagonal; if "
        r"$\|f-g\|_\infty<\sup e$ then $\mathbf{1}[g>0]$ changes $C+1$ times between them: $E_\infty(F,G)\ge\sup e="
        r"Rc_su^s$, $u=\min(l/(C+1),2)$."
    )
    citations = (Citation("approxbounds", "Tosc"),)
    depths = Depths.FIXED

    def refusal(self, query: Query) -> str | None:
        reason = sup_norm_only(query, "Tosc") or no_lines(query)
        return reason or (None if self._known(query, 1) else "no ball of smooth functions is known to be in F")

    @staticmethod
    def _known(query: Query, axes: int) -> SmoothBall | None:
        """The ball of functions of so many coordinates, those in which F may be roughest."""
        F = line_class(query, rough=True) if axes == 1 else query.F.cylinder(common_axes(query)[:axes])
        return None if F is None else F.smooth_ball

    def _ball(self, query: Query, axes: int) -> SmoothBall:
        ball = None if axes > 1 and axes > len(common_axes(query)) else self._known(query, axes)
        if ball is None:
            raise HypothesisError(f"axes={echo(axes)}: F and G do not share so many coordinates")
        return ball

    def search(self, query: Query) -> Witness:
        return best_axes(self, query, MOST_AXES)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        axes = integer_of(witness, "axes", minimum=1, maximum=10**6)
        return self._height(A, query, self._ball(query, axes), axes)

    @staticmethod
    def _length(A: Arithmetic[V], query: Query, ball: SmoothBall, axes: int) -> V:
        """u = min(l/(C+1), cap): the length of the cells of e."""
        s = ball.smoothness
        length = A.number(axes)
        if axes > 1 and not ball.directional:
            alpha = A.number(s - (ceil(s) - 1))
            length = A.power(length, 1 - alpha / (2 * A.number(s)))
        cell = length / A.number(pieces_of(query).changes + 1)
        if is_symbolic(s) or query.symbols:  # l = 1 <= C + 1
            return cell
        cap = A.number(2) if s >= 1 else A.power(A.number(2), 1 / A.number(s))
        return A.minimum(cell, cap)

    def _height(self, A: Arithmetic[V], query: Query, ball: SmoothBall, axes: int) -> V:
        s = ball.smoothness
        length = A.power(self._length(A, query, ball, axes), A.number(s))
        return A.number(ball.radius) * wave_height(A, s) * length

    def rate(self, query: Query) -> Any:
        return query.G.piece_order ** -SYMBOLIC.number(self._ball(query, 1).smoothness)

    def expression(self, query: Query) -> Any:
        """The bound along coordinate directions."""
        return conditional(query, self.evaluate(SYMBOLIC, query, {"axes": 1}))

    def hard_function(self, query: Query, witness: Witness) -> Function:
        """e(b(x_1+..+x_j)), with an extreme value at the corner where all these coordinates are 0."""
        axes = integer_of(witness, "axes", minimum=1)
        ball = self._ball(query, axes)
        cell = float(self._length(FLOAT, query, ball, axes))
        chosen = common_axes(query)[:axes]
        s = float(ball.smoothness)
        stretch = 1.0 if ball.directional else axes ** -((s - (ceil(s) - 1)) / (2 * s))
        wave, count = HolderWave(ball.smoothness, ball.radius), int(stretch * axes / cell) + 2
        # HolderWave has its cells on [0,1]: `count` cells of length `cell` are shrunk to it, and its values stretched
        return lambda points: (
            (count * cell) ** s * wave.values(count, (stretch * along(chosen, points) / cell + 0.5) / count)
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        axes = integer_of(witness, "axes")
        ball = self._ball(query, axes)
        changes = pieces_of(query).changes
        s, R = (latex(SYMBOLIC.number(value)) for value in (ball.smoothness, ball.radius))
        return (
            Step(
                f"The alternating function $e$ of smoothness $s={s}$ on cells of length $u$ has "
                f"$\\sup e=Rc_su^s$, $R={R}$, $c_s\\ge {below(wave_height(BALL, ball.smoothness))}$.",
                (Citation("approxbounds", "2.5"),),
            ),
            pieces_step(query, rf", so $\mathbf{{1}}[g>0]$ changes at most $C={changes}$ times"),
            Step(
                f"{self.statement} With $j={axes}$ coordinates $u\\ge {below(self._length(BALL, query, ball, axes))}$, "
                f"and the bound is at least ${below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
