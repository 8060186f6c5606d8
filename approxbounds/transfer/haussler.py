"""Separated functions of bounded pseudo-dimension: Haussler's packing bound. THEORY.md, T2a."""

from __future__ import annotations

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.complexity.pseudo_dimension import excludes_shattering
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.validation import Number
from approxbounds.witness import Witness, integer_of, require

__all__ = ["CITATION", "checked_pdim", "log2_haussler"]

CITATION = Citation("Haussler1995", "Thm 1")


def log2_haussler(A: Arithmetic[V], pdim: V | float, spread: V | float, tau: V | float, p: Number) -> V:
    """log2 U(tau), U = e(P+1)(2e((b-a)/tau)^p)^P: tau-separated functions of G clipped to [a,b] (Haussler 1995)."""
    P, e = A.number(pdim), A.e
    return A.log2(e * (P + 1)) + P * (A.log2(2 * e) + A.number(p) * A.log2(spread / tau))


def checked_pdim(A: Arithmetic[V], query: Query, witness: Witness) -> int:
    """P of the witness, after checking Pdim(G) <= P."""
    P = integer_of(witness, "pdim")
    if A.decides:
        require(excludes_shattering(A, query.G, P + 1), f"Pdim(G) <= pdim={P} is not certain")
    return P
