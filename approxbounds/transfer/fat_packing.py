"""T2b: the paper's theorem with numbers, by the fat-shattering dimension of G. THEORY.md, T2b."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, integer, precision
from approxbounds.complexity.fat_shattering import (
    fat_floats,
    fat_steps,
    fat_upper,
    least_scale,
    members_for,
)
from approxbounds.errors import echo
from approxbounds.facts.hypercube import HypercubeFamily, Index, member_of
from approxbounds.members import member_steps, on_cylinder
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.alon import CITATIONS, log2_separated, log2_shattered, smallest_exponent
from approxbounds.transfer.fat_orders import fat_rate, no_fat_theorem
from approxbounds.transfer.gilbert_varshamov import excess, packing_of, packing_step, search_packing
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["FatPackingTransfer"]


class FatPackingTransfer(Theorem):
    """If F has M = 2^mu functions at pairwise distance >= 2 eps + tau and G cannot have M near them, E_p >= eps.

    Hypotheses: 1 <= p < inf; a hypercube family with values in an interval of length s and 2^N/V(N,h-1) >= M
    functions at pairwise distance >= 2||w||_p (h/N)^{1/p} = 2 eps + tau; m >= 8 (s/tau)^p log(M^2/2); with tau' =
    (tau/s) 2^{-1/p}: D >= fat_{s tau'/4}(G), B = floor(2/tau'), an integer q >= log2 sum_{i=1}^D C(m,i) B^i, and
    mu > 1 + q log2(m B^2) (mu > 0 if D = 0).
    Proof. Else eps-near elements of G, clipped to the interval, are tau-separated. |g - g'|^p/s^p is in [0,1] with
    mean >= (tau/s)^p; its mean on m random points is below half of that with probability at most exp(-m (tau/s)^p/8)
    (Chernoff). There are fewer than M^2/2 pairs, so on some m points all M functions are more than s tau' apart in
    max norm, which the lemma of ``transfer/alon.py`` forbids.
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
        if is_infinite(query.p):
            return "p = inf: it needs 1 <= p < inf"
        return no_fat_theorem(query)

    def search(self, query: Query) -> Witness:
        def allowed(spread: Any, tau: Any, packing: Any) -> Any:
            p = float(query.p)
            scale = tau / spread * 2 ** (-1 / p)
            m = np.ceil(self._points(FLOAT, scale, query.p, packing))
            D, B = fat_floats(query.G, spread * scale / 4), np.floor(2 / scale)
            q = np.ceil(log2_shattered(FLOAT, m, B, D))
            return np.where(D < 1, 0.0, 1 + q * np.log2(m * B * B)) + 1.001  # mu may be 1 less than the packing

        found = search_packing(query, lambda family: members_for(query, family), allowed)
        family, index, _ = member_of(on_cylinder(query, found).F.families, found)
        with precision(256):
            scale = self._scale(BALL, query, family, index, found)
            mu = integer(packing_of(BALL, family, index, found).lower().floor())
            m = integer(self._points(BALL, scale, query.p, mu).upper().ceil())
            B = integer((2 / scale).upper().floor())
            gamma = short_fraction(float((family.spread(BALL, index) * scale / 4).lower()) * (1 - 1e-6))
            D = fat_upper(query.G, gamma)
        return {**found, "bits": mu, "points": m, "fat": D, "levels": B, "exponent": smallest_exponent(m, B, D)}

    @staticmethod
    def _scale(A: Arithmetic[V], query: Query, family: HypercubeFamily, index: Index, witness: Witness) -> V:
        """tau'."""
        tau = A.number(fraction_of(witness, "tau")) / family.spread(A, index)
        return tau * A.power(A.number(2), -1 / A.number(query.p))

    @staticmethod
    def _points(A: Arithmetic[V], scale: V | float, p: Number, mu: int) -> V:
        """8 (s/tau)^p log(2^{2 mu - 1}) = 4 tau'^{-p} log(2^{2 mu - 1})."""
        return 4 * A.power(scale, -A.number(p)) * A.number(2 * mu - 1) * A.log(A.number(2))

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        mu, m = integer_of(witness, "bits", minimum=1), integer_of(witness, "points", minimum=1)
        D, B = integer_of(witness, "fat"), integer_of(witness, "levels", minimum=1)
        packing, scale = packing_of(A, family, index, witness), self._scale(A, query, family, index, witness)
        if A.decides:
            require(A.at_most(mu, packing), f"the packing of F is not certainly at least 2^bits, bits={echo(mu)}")
            require(
                A.at_most(self._points(A, scale, query.p, mu), m),
                f"points={echo(m)} is not certainly enough for the sample",
            )
            require(A.less(2 / scale, B + 1), f"levels={echo(B)} must be at least floor(2/tau')")
            least = least_scale(A, query.G, D + 1)
            require(A.less(least, family.spread(A, index) * scale / 4), f"fat_gamma(G) <= fat={echo(D)} is not certain")
        allowed = log2_separated(A, m, B, D, integer_of(witness, "exponent"))
        if A.decides:
            require(bool(allowed < mu), "2^bits tau-separated functions of G are not certainly impossible")
        return excess(A, query, family, index, witness)

    def rate(self, query: Query) -> Any:
        return fat_rate(query)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        D, B, m, q = (integer_of(witness, name) for name in ("fat", "levels", "points", "exponent"))
        return (
            *member_steps(query, witness, on_flats=False),
            packing_step(family, index, witness),
            *fat_steps(query.G, D + 1),
            Step(
                f"With $\\tau={above(fraction_of(witness, 'tau'))}$, $\\mu={witness['bits']}$, $m={m}$, $B={B}$, "
                f"$D={D}$: "
                f"$1+\\lceil\\log_2y\\rceil\\log_2(mB^2)\\le {above(log2_separated(BALL, m, B, D, q))}<\\mu$ "
                "(no two such functions if $D=0$)."
            ),
            Step(f"{self.statement} Here $\\varepsilon={below(self.evaluate(BALL, query, witness))}$.", self.citations),
        )
