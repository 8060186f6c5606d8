"""Tcurv: functions with a large derivative against few polynomial pieces on lines. THEORY.md, Tcurv."""

from __future__ import annotations

from math import factorial
from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.facts.functions import SmoothBall
from approxbounds.facts.grid import Function
from approxbounds.facts.powers import Curved
from approxbounds.members import MOST_AXES
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Depths, Query, Step, Theorem, conditional
from approxbounds.transfer.lines import along, best_axes, line_class, no_lines, pieces_of, pieces_step, smoothest
from approxbounds.transfer.monic import monic_norm
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["CurvatureTheorem"]

_MOST_ORDER = 100  # of a derivative: the bound is below 2^-m P^-m, and m! is a number of about m log2 m bits


class CurvatureTheorem(Theorem):
    """E_p >= (c/m!) kappa_{m,p} P^{-m} if f^(m) = c on lines on which g has P pieces of degree < m.

    Hypotheses: 1 <= p <= inf; on every line in the direction of some coordinate every g in G is a polynomial of degree
    <= D on each of at most P intervals; F has a function of that coordinate whose derivative of order m = D + 1 is
    +-c, with at most a - 1 changes of sign (then P + a - 1 pieces count). kappa_{m,p} is the least L^p norm on [0,1]
    of a monic polynomial of degree m. With ``axes`` = j >= 2: lines along the diagonal of j coordinates, f a power of
    their sum, in balls of smooth functions. Witness: ``axes``. Proof: THEORY.md, Tcurv.
    """

    id = "Tcurv"
    title = "Curvature against pieces"
    statement = (
        r"On an interval of length $h$, a function whose $m$-th derivative is $\pm c$ is further than "
        r"$\frac c{m!}\kappa_{m,p}h^{m+1/p}$ from every polynomial of degree $<m$; $P$ intervals leave least if all "
        r"are $1/P$ long: $E_p(F,G)\ge\frac c{m!}\kappa_{m,p}P^{-m}$."
    )
    citations = (Citation("approxbounds", "Tcurv"),)
    depths = Depths.FIXED

    def refusal(self, query: Query) -> str | None:
        reason = no_lines(query)
        if reason is not None:
            return reason
        if pieces_of(query).degree >= _MOST_ORDER:
            return f"the pieces of G are of a degree >= {_MOST_ORDER}; derivatives of so high an order are not used"
        known = self._curved(query) is not None
        return None if known else f"no function of F with a large derivative of order {self._order(query)} is known"

    def _order(self, query: Query) -> int:
        """m = D + 1; or D + 2 if that derivative keeps its sign, D + 1 does not, and few pieces make it better."""
        lines, F = pieces_of(query), line_class(query)
        m: int = lines.degree + 1
        known = (None, None) if F is None or m > _MOST_ORDER else (F.curved(m), F.curved(m + 1))
        numbers = not any(map(is_symbolic, (query.p, lines.pieces)))
        if not numbers or known[0] is None or known[1] is None or known[1].turns >= known[0].turns:
            return m

        first, second = (self._on_line(FLOAT, query, curved) for curved in known if curved is not None)
        return m if first >= second else m + 1

    def _curved(self, query: Query) -> Curved | None:
        F, m = line_class(query), self._order(query)
        return None if F is None or m > _MOST_ORDER + 1 else F.curved(m)

    def _ball(self, query: Query, axes: int) -> SmoothBall | None:
        """The smooth functions of the coordinates of a diagonal; None if they are not smooth enough."""
        chosen = smoothest(query, axes)
        F = None if chosen is None else query.F.cylinder(chosen)
        ball = None if F is None else F.smooth_ball
        return ball if ball is not None and ball.smoothness >= self._order(query) else None

    def search(self, query: Query) -> Witness:
        return best_axes(self, query, MOST_AXES)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        m, axes = self._order(query), integer_of(witness, "axes", minimum=1, maximum=10**6)
        curved = self._curved(query)
        require(curved is not None, f"F has no function of one variable with a large derivative of order {m}")
        assert curved is not None
        if axes == 1:
            return self._on_line(A, query, curved)
        ball = self._ball(query, axes)
        require(ball is not None, f"axes={axes}: F and G do not share so many coordinates of smoothness >= {m}")
        assert ball is not None
        scale = A.number(ball.radius) * self._scale(A, ball, m, axes)
        value = self._bound(A, query, m, scale, A.number(pieces_of(query).pieces))
        return value * A.power(A.number(axes), A.number(m)) * self._chords(A, query, m, axes)

    def _on_line(self, A: Arithmetic[V], query: Query, curved: Curved) -> V:
        pieces = A.number(pieces_of(query).pieces) + curved.turns
        return self._bound(A, query, curved.order, A.number(curved.curvature), pieces)

    @staticmethod
    def _bound(A: Arithmetic[V], query: Query, m: int, curvature: V, pieces: V) -> V:
        return curvature / A.number(factorial(m)) * monic_norm(A, m, query.p) * A.power(pieces, A.number(-m))

    def _scale(self, A: Arithmetic[V], ball: SmoothBall, m: int, axes: int) -> V:
        """lambda a^m: f = R lambda a^m (t - j/2)^m / m! of the sum t of j coordinates is in the ball.

        Its derivatives of order i are at most R lambda a^m (j/2)^(m-i)/(m-i)!, half of that for i = 0 and even m after
        a constant is subtracted, and those of order m are R lambda a^m; if s = m in the Euclidean distance, the
        gradient of a derivative of order m - 1 is sqrt(j) times as long.
        """
        j = A.number(axes)
        own = A.number(1) if ball.directional or ball.smoothness > m else 1 / A.power(j, A.number(1) / 2)
        half = j / 2
        limits = [own]
        for i in range(m):
            largest = half ** (m - i) / A.number(factorial(m - i))
            limits.append(1 / (largest / 2 if i == 0 and m % 2 == 0 else largest))
        return A.minimum(*limits)

    def _chords(self, A: Arithmetic[V], query: Query, m: int, axes: int) -> V:
        """The mean of order mp of the chords, over sqrt(j): (j(j-1) B(j-1, mp+2))^{1/p}; 1 for p = inf."""
        if is_infinite(query.p):
            return A.number(1)
        j, p = A.number(axes), A.number(query.p)
        return A.exp_over(A.log(j * (j - 1)) + A.log_beta(j - 1, m * p + 2), p)

    def rate(self, query: Query) -> Any:
        return query.G.piece_order ** -(pieces_of(query).degree + 1)

    def expression(self, query: Query) -> Any:
        """The bound along coordinate directions."""
        if query.F.domain_dim is None:
            raise NoExpressionError("Tcurv: the domain of F has no coordinates")
        return conditional(query, self.evaluate(SYMBOLIC, query, {"axes": 1}))

    def hard_function(self, query: Query, witness: Witness) -> Function:
        m, axes = self._order(query), integer_of(witness, "axes", minimum=1)
        chosen = smoothest(query, axes)
        curved = self._curved(query)
        if chosen is None or curved is None:
            raise HypothesisError("Tcurv: F and G share no such coordinates")
        if axes == 1:
            return lambda points: curved.values(along(chosen, points))
        ball = self._ball(query, axes)
        assert ball is not None
        scale = float(ball.radius) * float(self._scale(FLOAT, ball, m, axes)) / factorial(m)
        middle = (axes / 2) ** m / 2 if m % 2 == 0 else 0.0
        return lambda points: scale * ((along(chosen, points) - axes / 2) ** m - middle)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        axes, m = integer_of(witness, "axes"), self._order(query)
        curved = self._curved(query)
        assert curved is not None
        if axes == 1:
            extra = "" if not curved.turns else f"; the {curved.turns} change of its sign counts as one more end"
            chosen = f"$f$ of one coordinate has $f^{{({m})}}=\\pm c$, $c={curved.curvature}${extra}."
        else:
            chosen = (
                f"$f=\\lambda R(x_1+\\dots+x_j-j/2)^{m}/{m}!$ of $j={axes}$ coordinates, along their diagonal: the "
                f"chord through a uniform point has length $\\sqrt j(1-r)$; the range $r$ of $j$ uniform variables "
                f"has the density $j(j-1)r^{{j-2}}(1-r)$."
            )
        bound = below(self.evaluate(BALL, query, witness))
        return (
            Step(f"{chosen} It is in $F$ (up to a constant).", self.citations),
            pieces_step(query, ""),
            Step(f"{self.statement} Here $m={m}$, and the bound is at least ${bound}$.", self.citations),
        )
