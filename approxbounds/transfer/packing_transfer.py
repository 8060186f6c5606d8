"""From packing numbers of F to E_p by Haussler's packing bound. THEORY.md, T2, T2a and T2e."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import (
    no_growth,
    pdim_expression,
    pdim_steps,
    pdim_upper,
)
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.facts.functions import EntropyBound
from approxbounds.facts.hypercube import member_of
from approxbounds.members import member_steps, on_cylinder
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.transfer.gilbert_varshamov import excess, packing_of, packing_step, search_packing
from approxbounds.transfer.haussler import CITATION, checked_pdim, log2_haussler
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

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
        entropy = query.F.entropy_bound(query.p)
        if entropy is None:
            return f"the entropy bound of F is not known for p = {query.p}"
        if is_infinite(entropy.norm):
            return "the entropy of F is known in the sup norm: Haussler's bound needs q < inf"
        if entropy.constant is None:
            return "the constant of the entropy bound is unspecified (T1 gives the rate)"
        if query.F.value_range is None:
            return "no range of the functions of F is known"
        return no_growth(query)

    @staticmethod
    def _entropy(query: Query) -> EntropyBound:
        entropy = query.F.entropy_bound(query.p)
        assert entropy is not None
        return entropy

    def search(self, query: Query) -> Witness:
        P, entropy = pdim_upper(query.G), self._entropy(query)
        low, high = map(float, query.F.value_range or ())
        c, eps0, a = float(entropy.constant), float(entropy.valid_below), float(entropy.exponent)
        theta = np.array([2.0**-i for i in range(1, 12)])[:, None]
        # eps on a logarithmic grid below eps0/2; c (2eps+tau)^{-a} - log U(tau) decreases in eps for fixed theta
        x = np.log(eps0 / 2) - np.linspace(0, 690, 20001)[None, :]
        with np.errstate(all="ignore"):
            total = np.exp(x) * 2 / (1 - theta)  # 2 eps + tau with tau = theta (2 eps + tau)
            allowed = np.log(2.0) * log2_haussler(FLOAT, P, high - low, theta * total, entropy.norm)
            room = np.exp(np.log(c) - a * np.log(total)) - allowed
        value = np.where((room > 1e-9) & (total <= eps0), np.exp(x), 0.0)
        t, i = np.unravel_index(int(np.argmax(value)), value.shape)
        if not value[t, i] > 0:
            raise HypothesisError("the entropy of F is too small against G for every eps above 1e-299")
        tau = short_fraction(float(theta[t, 0] * total[t, i]))
        return {"eps": short_fraction(float(value[t, i])), "tau": tau, "pdim": P}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        entropy = self._entropy(query)
        eps, tau = fraction_of(witness, "eps"), fraction_of(witness, "tau")
        P = checked_pdim(A, query, witness)
        low, high = query.F.value_range or (0, 0)  # refused above
        require(2 * eps + tau <= entropy.valid_below, f"2 eps + tau must be at most eps0={entropy.valid_below}")
        entropy_value = A.number(entropy.constant) * A.power(A.number(2 * eps + tau), -A.number(entropy.exponent))
        allowed = A.log(A.number(2)) * log2_haussler(A, P, A.number(high - low), A.number(tau), entropy.norm)
        if A.decides:
            require(bool(entropy_value > allowed), "the entropy of F is not certainly larger than log U(tau)")
        return A.number(eps)

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
