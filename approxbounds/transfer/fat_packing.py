"""T2b: the paper's theorem with numbers, by the fat-shattering dimension of G. THEORY.md, T2b."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, Arithmetic, V, precision
from approxbounds.complexity.fat_shattering import members_for
from approxbounds.facts.hypercube import member_of
from approxbounds.members import member_steps, on_cylinder
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only
from approxbounds.transfer.alon import CITATIONS
from approxbounds.transfer.fat_orders import fat_rate, no_fat_theorem
from approxbounds.transfer.fat_separated import check_too_many, fewest_bits, separation_steps, separation_witness
from approxbounds.transfer.gilbert_varshamov import excess, packing_of, packing_step, search_packing
from approxbounds.witness import Witness

__all__ = ["FatPackingTransfer"]


class FatPackingTransfer(Theorem):
    """If F has M = 2^mu functions at pairwise distance >= 2 eps + tau and G cannot have M near them, E_p >= eps.

    Hypotheses: 1 <= p < inf; a hypercube family with values in an interval of length s and 2^N/V(N,h-1) >= M
    functions at pairwise distance >= 2||w||_p (h/N)^{1/p} = 2 eps + tau; m >= 8 (s/tau)^p log(M^2/2); with tau' =
    (tau/s) 2^{-1/p}: D >= fat_{s tau'/4}(G), B = floor(2/tau'), an integer q >= log2 sum_{i=1}^D C(m,i) B^i, and
    mu > 1 + q log2(m B^2) (mu > 0 if D = 0).
    Proof. Else eps-near elements of G, clipped to the interval, are tau-separated: too many (fat_separated.py).
    Witness: ``family``, its indices, ``h``, ``tau``, ``bits`` = mu, ``points`` = m, ``fat`` = D, ``levels`` = B,
    ``exponent`` = q.
    """

    id = "T2b"
    title = "Packing transfer with the fat-shattering dimension"
    statement = (
        r"If $F$ contains $2^\mu$ functions with values in an interval of length $s$ at pairwise distance "
        r"$\ge2\varepsilon+\tau$, $m\ge8(s/\tau)^p\log(2^{2\mu-1})$ and $\mu>1+\lceil\log_2y\rceil\log_2(mB^2)$, where "
        r"$y=\sum_{i=1}^D\binom miB^i$, $D=\operatorname{fat}_{s\tau'/4}(G)$, $\tau'=2^{-1/p}\tau/s$, "
        r"$B=\lfloor2/\tau'\rfloor$, then $E_p(F,G)\ge\varepsilon$."
    )
    citations = (
        Citation("approxbounds", "T2b"),
        *CITATIONS,
        Citation("AchourFoucaultGerchinovitzMalgouyres2022", "Thm 1"),
    )
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query) or no_fat_theorem(query)

    def search(self, query: Query) -> Witness:
        def allowed(spread: Any, tau: Any, packing: Any) -> Any:
            return fewest_bits(query.G, spread, tau, query.p, packing)

        found = search_packing(query, lambda family: members_for(query, family), allowed)
        family, index, _ = member_of(on_cylinder(query, found).F.families, found)
        with precision(256):
            spread, packing = family.spread(BALL, index), packing_of(BALL, family, index, found)
        return {**found, **separation_witness(query.G, found, spread=spread, p=query.p, packing=packing)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        packing, spread = packing_of(A, family, index, witness), family.spread(A, index)
        check_too_many(A, query.G, witness, spread=spread, p=query.p, packing=packing)
        return excess(A, query, family, index, witness)

    def rate(self, query: Query) -> Any:
        return fat_rate(query)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        return (
            *member_steps(query, witness, on_flats=False),
            packing_step(family, index, witness),
            *separation_steps(query.G, witness),
            Step(f"{self.statement} Here $\\varepsilon={below(self.evaluate(BALL, query, witness))}$.", self.citations),
        )
