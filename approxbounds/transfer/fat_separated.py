"""Separated functions of bounded fat-shattering dimension in L^p(mu): how many there are. THEORY.md, T2b.

Let g_1, .., g_M in G, M = 2^mu, be clipped to an interval of length s, with pairwise L^p(mu) distances above tau, for a
probability measure mu and 1 <= p < inf. |g - g'|^p/s^p is in [0,1] with mean >= (tau/s)^p; its mean on m random points
is below half of that with probability at most exp(-m (tau/s)^p/8) (Chernoff). There are fewer than M^2/2 pairs, so for
m >= 8 (s/tau)^p log(M^2/2) all are on some m points more than s tau' apart in max norm, tau' = (tau/s) 2^{-1/p}; the
lemma of ``transfer/alon.py`` bounds how many can be.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, integer, precision
from approxbounds.complexity.fat_shattering import fat_steps, fat_upper, least_scale
from approxbounds.errors import echo
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.theorem import Step
from approxbounds.transfer.alon import log2_separated, smallest_exponent, vectors_floats
from approxbounds.validation import Number
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["check_too_many", "fewest_bits", "separation_steps", "separation_witness"]


def _scale(A: Arithmetic[V], spread: V | float, tau: V | float, p: Number) -> V:
    """tau'."""
    return tau / spread * A.power(A.number(2), -1 / A.number(p))


def _points(A: Arithmetic[V], scale: V | float, p: Number, bits: V | float) -> V:
    """8 (s/tau)^p log(2^{2 mu - 1}) = 4 tau'^{-p} log(2^{2 mu - 1})."""
    return 4 * A.power(scale, -A.number(p)) * (2 * A.number(bits) - 1) * A.log(A.number(2))


def fewest_bits(G: NetworkFacts, spread: Any, tau: Any, p: Number, bits: Any) -> Any:
    """About how large mu must be at least, if the m for ``bits`` is taken: floats, vectorised.

    mu may be 1 less than a packing has bits, and D and m are rounded up, at a scale that is rounded down.
    """
    scale = _scale(FLOAT, spread, tau, p)
    m = np.ceil(_points(FLOAT, scale, p, bits))
    return vectors_floats(G, m, np.floor(2 / scale), spread * scale / 4) * (1 + 1e-5) + 1.001


def separation_witness(G: NetworkFacts, found: Witness, *, spread: Any, p: Number, packing: Any) -> Witness:
    """``bits`` = mu, ``points`` = m, ``fat`` = D, ``levels`` = B, ``exponent`` = q for ``tau``; s, packing: balls."""
    with precision(256):
        scale = _scale(BALL, spread, BALL.number(fraction_of(found, "tau")), p)
        mu = integer(packing.lower().floor())
        m = integer(_points(BALL, scale, p, mu).upper().ceil())
        B = integer((2 / scale).upper().floor())
        D = fat_upper(G, short_fraction(float((spread * scale / 4).lower()) * (1 - 1e-6)))
    return {"bits": mu, "points": m, "fat": D, "levels": B, "exponent": smallest_exponent(m, B, D)}


def check_too_many(A: Arithmetic[V], G: NetworkFacts, witness: Witness, *, spread: V, p: Number, packing: V) -> None:
    """That F has 2^mu <= 2^packing functions, and G clipped not so many at pairwise distance above tau."""
    mu, m = integer_of(witness, "bits", minimum=1), integer_of(witness, "points", minimum=1)
    D, B = integer_of(witness, "fat"), integer_of(witness, "levels", minimum=1)
    scale = _scale(A, spread, A.number(fraction_of(witness, "tau")), p)
    if A.decides:
        require(A.at_most(mu, packing), f"the packing of F is not certainly at least 2^bits, bits={echo(mu)}")
        require(A.at_most(_points(A, scale, p, mu), m), f"points={echo(m)} is not certainly enough for the sample")
        require(A.less(2 / scale, B + 1), f"levels={echo(B)} must be at least floor(2/tau')")
        least = least_scale(A, G, D + 1)
        require(A.less(least, spread * scale / 4), f"fat_gamma(G) <= fat={echo(D)} is not certain")
    allowed = log2_separated(A, m, B, D, integer_of(witness, "exponent"))
    if A.decides:
        require(bool(allowed < mu), "2^bits tau-separated functions of G are not certainly impossible")


def separation_steps(G: NetworkFacts, witness: Witness) -> tuple[Step, ...]:
    """The dimension of G, and the numbers of the witness."""
    D, B, m, q = (integer_of(witness, name) for name in ("fat", "levels", "points", "exponent"))
    return (
        *fat_steps(G, D + 1),
        Step(
            f"With $\\tau={above(fraction_of(witness, 'tau'))}$, $\\mu={witness['bits']}$, $m={m}$, $B={B}$, $D={D}$: "
            f"$1+\\lceil\\log_2y\\rceil\\log_2(mB^2)\\le {above(log2_separated(BALL, m, B, D, q))}<\\mu$ "
            "(no two such functions if $D=0$)."
        ),
    )
