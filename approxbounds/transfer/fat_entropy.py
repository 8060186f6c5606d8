"""T2be: T2b for classes of which only an entropy bound is known. THEORY.md, T2be."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, precision
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.alon import CITATIONS
from approxbounds.transfer.fat_orders import fat_rate, no_fat_scale
from approxbounds.transfer.fat_separated import check_too_many, fewest_bits, separation_steps, separation_witness
from approxbounds.transfer.known_entropy import entropy_of, known_packing, no_entropy, search_separation
from approxbounds.witness import Witness, fraction_of

__all__ = ["FatEntropyTransfer"]


class FatEntropyTransfer(Theorem):
    """If log M(2 eps + tau, F, L^q) is known to be larger than what G allows at the scale tau, E_p >= E_q >= eps.

    Hypotheses: 1 <= q < inf, q <= p <= inf; values of F in an interval of length s; log M(eps, F, L^q) >= c eps^{-a}
    for eps <= eps0, with numbers c and eps0; 2 eps + tau <= eps0; an integer mu with c (2 eps + tau)^{-a} >= mu log 2;
    m >= 8 (s/tau)^q log(2^{2 mu - 1}); with tau' = (tau/s) 2^{-1/q}: D >= fat_{s tau'/4}(G), B = floor(2/tau'), an
    integer e >= log2 sum_{i=1}^D C(m,i) B^i, and mu > 1 + e log2(m B^2) (mu > 0 if D = 0).
    Proof. Else eps-near elements of G, clipped to the interval, are tau-separated: too many (fat_separated.py).
    Witness: ``eps``, ``tau``, ``bits`` = mu, ``points`` = m, ``fat`` = D, ``levels`` = B, ``exponent`` = e.
    Proof: THEORY.md, T2be.
    """

    id = "T2be"
    title = "Packing transfer from an entropy bound with the fat-shattering dimension"
    statement = (
        r"If $F$ has values in an interval of length $s$, $c(2\varepsilon+\tau)^{-a}\ge\mu\log2$, "
        r"$2\varepsilon+\tau\le\varepsilon_0$, $m\ge8(s/\tau)^q\log(2^{2\mu-1})$ and "
        r"$\mu>1+\lceil\log_2y\rceil\log_2(mB^2)$, where $y=\sum_{i=1}^D\binom miB^i$, "
        r"$D=\operatorname{fat}_{s\tau'/4}(G)$, $\tau'=2^{-1/q}\tau/s$, $B=\lfloor2/\tau'\rfloor$, then "
        r"$E_p(F,G)\ge E_q(F,G)\ge\varepsilon$."
    )
    citations = (
        Citation("approxbounds", "T2be"),
        *CITATIONS,
        Citation("AchourFoucaultGerchinovitzMalgouyres2022", "Thm 1"),
    )

    def refusal(self, query: Query) -> str | None:
        if query.F.families:
            return "F is known by hypercube families (T2b covers them)"
        return no_entropy(query) or no_fat_scale(query)

    def search(self, query: Query) -> Witness:
        width, q = query.F.span(FLOAT), entropy_of(query).norm
        found = search_separation(query, lambda tau, packing: fewest_bits(query.G, width, tau, q, packing))
        with precision(256):
            span, packing = query.F.span(BALL), known_packing(BALL, query, found)
            return {**found, **separation_witness(query.G, found, spread=span, p=q, packing=packing)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        span, packing = query.F.span(A), known_packing(A, query, witness)
        check_too_many(A, query.G, witness, spread=span, p=entropy_of(query).norm, packing=packing)
        return A.number(fraction_of(witness, "eps"))

    def rate(self, query: Query) -> Any:
        return fat_rate(query)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        packing = below(known_packing(BALL, query, witness))
        return (
            Step(
                f"At $2\\varepsilon+\\tau$ with $\\varepsilon={below(fraction_of(witness, 'eps'))}$: "
                f"$\\log_2M(2\\varepsilon+\\tau,F,L^{{{entropy_of(query).norm}}})\\ge {packing}$.",
                query.F.entropy_citations,
            ),
            *separation_steps(query.G, witness),
            Step(self.statement, self.citations),
        )
