"""From packing numbers of F to E_p by Haussler's packing bound. THEORY.md, T2, T2a and T2e."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import no_growth, pdim_expression, pdim_steps, pdim_upper
from approxbounds.errors import NoExpressionError
from approxbounds.facts.hypercube import member_of
from approxbounds.members import member_steps, on_cylinder
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.transfer.gilbert_varshamov import excess, packing_of, packing_step, search_packing
from approxbounds.transfer.haussler import CITATION, checked_pdim, log2_haussler
from approxbounds.transfer.known_entropy import entropy_of, known_packing, no_entropy, search_separation
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["EntropyTransfer", "PackingTransfer"]


class PackingTransfer(Theorem):
    """If F has more than U(tau) functions at pairwise distance >= 2 eps + tau, then E_p(F, G) >= eps.

    T2a takes U(tau) = e(P+1)(2e((b-a)/tau)^p)^P, P >= Pdim(G) (Haussler 1995), and the 2^N/V(N,h-1)
    functions of a hypercube family at pairwise distance >= 2||w||_p (h/N)^{1/p} (Gilbert-Varshamov),
    with the range [a,b] of the family. Hypotheses: 1 <= p < inf, Pdim(G) < inf.
    Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, h, ``pdim``, ``tau``.
    Proof: otherwise eps-near elements of clip G would be tau-separated.
    """

    id = "T2a"
    title = "Packing transfer with Haussler's bound"
    statement = (
        r"If $F$ contains more than $U(\tau)=e(P+1)\big(2e((b-a)/\tau)^p\big)^P$ functions with values in $[a,b]$ at "
        r"pairwise distance $\ge2\varepsilon+\tau$, $P\ge\operatorname{Pdim}(G)$, then $E_p(F,G)\ge\varepsilon$."
    )
    citations = (Citation("approxbounds", "T2a"), CITATION)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        if is_infinite(query.p):
            return "p = inf: Haussler's bound needs p < inf"
        if not query.F.families:
            return "no hypercube family of F is known (T2e covers classes known by their entropy)"
        return no_growth(query)

    def search(self, query: Query) -> Witness:
        P = pdim_upper(query.G)

        def allowed(spread: Any, tau: Any, packing: Any) -> Any:
            return log2_haussler(FLOAT, P, spread, tau, query.p) + 1e-6

        return search_packing(query, lambda family: family.grid().thinned(8).relevant(P), allowed) | {"pdim": P}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        P, tau = checked_pdim(A, query, witness), fraction_of(witness, "tau")
        if A.decides:
            packing = packing_of(A, family, index, witness)
            allowed = log2_haussler(A, P, family.spread(A, index), A.number(tau), query.p)
            require(bool(packing > allowed), "the packing of F is not certainly larger than U(tau)")
        return excess(A, query, family, index, witness)

    def rate(self, query: Query) -> Any:
        import sympy

        P, a = query.G.orders.pdim, query.F.entropy_exponent(query.p)
        # the range of the family shrinks like its norm: no logarithm; otherwise tau costs log(1/eps)
        bounded = query.F.families[0].peak_ratio(SYMBOLIC, query.p) is not None
        return (P if bounded else P * sympy.log(P)) ** (-1 / a)

    def expression(self, query: Query) -> Any:
        """h = floor(N/8)+1, tau = 2 eps = ||w||_p 8^{-1/p}, once N (1 - H2(1/8)) > log2 U(tau)."""
        import sympy

        family = query.F.families[0]
        ratio = family.peak_ratio(SYMBOLIC, query.p)
        if ratio is None:
            raise NoExpressionError("T2a: no closed form, as the range of the family is larger than its gaps")
        P, _ = pdim_expression(query.G)
        p = SYMBOLIC.number(query.p)
        bits = log2_haussler(SYMBOLIC, P, 2 * ratio * SYMBOLIC.power(8, 1 / p), sympy.Integer(1), query.p)
        norm = family.least_norm(SYMBOLIC, bits / sympy.Rational(456, 1000), query.p)
        return conditional(query, norm * SYMBOLIC.power(8, -1 / p) / 2)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        P, tau = integer_of(witness, "pdim"), fraction_of(witness, "tau")
        allowed = log2_haussler(BALL, P, family.spread(BALL, index), BALL.number(tau), query.p)
        return (
            *member_steps(query, witness, on_flats=False),
            packing_step(family, index, witness),
            *pdim_steps(query.G, P),
            Step(
                f"With $\\tau={above(tau)}$: $\\log_2U(\\tau)\\le {above(allowed)}$, fewer.",
                (CITATION,),
            ),
            Step(self.statement, self.citations),
        )


class EntropyTransfer(Theorem):
    """T2 for a class known only by log M(eps, F, L^q) >= c eps^{-a}, eps <= eps0, with U(tau) as in T2a for p = q.

    Hypotheses: q <= p, q < inf, values of F in [a,b], c and eps0 known for a number (the rate needs neither).
    If c (2 eps + tau)^{-a} > log U(tau) and 2 eps + tau <= eps0, then E_p(F, G) >= E_q(F, G) >= eps.
    Witness: ``eps``, ``tau``, ``pdim``.
    """

    id = "T2e"
    title = "Packing transfer from an entropy bound"
    statement = (
        r"If $c(2\varepsilon+\tau)^{-a}>\log U(\tau)$ with $U(\tau)=e(P+1)\big(2e((b-a)/\tau)^q\big)^P$, "
        r"$P\ge\operatorname{Pdim}(G)$, and $2\varepsilon+\tau\le\varepsilon_0$, then "
        r"$E_p(F,G)\ge E_q(F,G)\ge\varepsilon$."
    )
    citations = (Citation("approxbounds", "T2e"), CITATION)

    def refusal(self, query: Query) -> str | None:
        if query.F.families:
            return "F is known by hypercube families (T2a covers them)"
        return no_entropy(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        P, span, q = pdim_upper(query.G), query.F.span(FLOAT), entropy_of(query).norm
        return search_separation(query, lambda tau, _: log2_haussler(FLOAT, P, span, tau, q)) | {"pdim": P}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        P, packing = checked_pdim(A, query, witness), known_packing(A, query, witness)
        tau = A.number(fraction_of(witness, "tau"))
        allowed = log2_haussler(A, P, query.F.span(A), tau, entropy_of(query).norm)
        if A.decides:
            require(bool(packing > allowed), "the entropy of F is not certainly larger than log U(tau)")
        return A.number(fraction_of(witness, "eps"))

    def rate(self, query: Query) -> Any:
        import sympy

        P = query.G.orders.pdim
        return (P * sympy.log(P)) ** (-1 / query.F.entropy_exponent(query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        eps, tau, P = fraction_of(witness, "eps"), fraction_of(witness, "tau"), integer_of(witness, "pdim")
        return (
            *pdim_steps(query.G, P),
            Step(
                f"{self.statement} Here $\\varepsilon={below(eps)}$ and $\\tau={above(tau)}$.",
                self.citations,
            ),
        )
