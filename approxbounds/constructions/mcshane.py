"""Lipschitz approximants of less regular functions: McShane's envelope. THEORY.md, section 5."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.errors import NoExpressionError
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.validation import is_symbolic, symbol_unless_symbolic
from approxbounds.witness import Witness

__all__ = ["McShaneEnvelope"]


class McShaneEnvelope(Theorem):
    """E_p <= E_inf <= (1/2) sup_{0 <= t <= sqrt(d)} (C t^r - Lambda t), and at most (b - a)/2 for values in [a, b].

    Hypotheses: G is the class of all functions with |g(x) - g(y)| <= Lambda |x - y|_2 on [0,1]^d; for all f in F,
    |f(x) - f(y)| <= C |x - y|_2^r, 0 < r <= 1. For r < 1 the supremum is at t = min(t*, sqrt(d)), where
    t* = (rC/Lambda)^{1/(1-r)}, as C t^r - Lambda t increases up to t*; for r = 1 it is sqrt(d) (C - Lambda)_+.

    Proof. g(x) = inf_y f(y) + Lambda |x - y| has Lipschitz constant Lambda and is at most f; f(x) - g(x) is the
    supremum over y of f(x) - f(y) - Lambda |x - y|, at most D = sup_t (C t^r - Lambda t). So |f - (g + D/2)| <= D/2.
    The constant (a + b)/2 is in G too. Attained for f = C |x|^r, d = 1. After McShane (1934).
    """

    id = "mcshane"
    title = "McShane's envelope"
    statement = (
        r"If $|f(x)-f(y)|\le C|x-y|^r$, then $g(x)=\inf_yf(y)+\Lambda|x-y|$ is $\Lambda$-Lipschitz and $0\le f-g\le D$ "
        r"with $D=\sup_{0\le t\le\sqrt d}(Ct^r-\Lambda t)$; so $|f-(g+D/2)|\le D/2$."
    )
    citations = (Citation("McShane1934"), Citation("approxbounds", "5"))
    direction = Direction.UPPER
    unbuilt = "its approximant is an infimum of cones, not a network"

    def refusal(self, query: Query) -> str | None:
        if not query.G.is_lipschitz_ball:
            return "G must be the class of all functions with some Lipschitz constant"
        if query.F.modulus_exponent is None:
            return f"no modulus of continuity is known for {type(query.F).__name__}"
        return None

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        error = self._gap(A, query) / 2
        if query.F.value_range is None:
            return error
        low, high = query.F.value_range
        return A.minimum(error, (A.number(high) - A.number(low)) / 2)

    def _gap(self, A: Arithmetic[V], query: Query) -> V:
        """D."""
        r, C, rate = query.F.modulus_exponent, query.F.modulus_constant(A), A.number(query.G.lipschitz_constant)
        diameter = A.power(A.number(query.F.domain_dim), A.number(1) / 2)
        if r == 1:
            return A.maximum(C - rate, A.number(0)) * diameter
        r = A.number(r)
        t = A.power(A.minimum(r * C / rate, A.power(diameter, 1 - r)), 1 / (1 - r))  # min(t*, sqrt(d))
        return C * A.power(t, r) - rate * t

    def rate(self, query: Query) -> Any:
        """In the Lipschitz constant: Lambda^{-r/(1-r)} for r < 1."""
        r, constant = query.F.modulus_exponent, query.G.lipschitz_constant
        if is_symbolic(r) or r == 1:
            raise NoExpressionError("mcshane: a rate needs a number r < 1 (for r = 1 the error is 0 for Lambda >= C)")
        r = SYMBOLIC.number(r)
        return symbol_unless_symbolic(constant, "Lambda") ** (-r / (1 - r))

    def expression(self, query: Query) -> Any:
        if is_symbolic(query.F.modulus_exponent):
            raise NoExpressionError("mcshane: the closed form needs a number for smoothness")
        return self.evaluate(SYMBOLIC, query, {})

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        r, C, gap = query.F.modulus_exponent, query.F.modulus_constant(BALL), self._gap(BALL, query)
        return (
            *self.outline(query),
            Step(
                f"Here $r={r}$, $C\\le {above(C)}$ and $D\\le {above(gap)}$. The constants are in $G$ too, so the "
                f"error is at most ${above(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
