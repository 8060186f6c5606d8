"""Separated functions of bounded fat-shattering dimension on finitely many points. THEORY.md, T2b and T3fat.

Lemma (Alon, Ben-David, Cesa-Bianchi and Haussler 1997; Anthony and Bartlett 1999, Lemma 12.10). Functions from m points
to {0, ..., B}, pairwise at distance >= 2 at some point, of which no D+1 points are strongly shattered (values
>= s_i + 1 and <= s_i - 1), are at most 2 (m B^2)^q for every integer q >= log2 y, y = sum_{i=1}^D C(m,i) B^i;
if D = 0 there is at most one.

Proof. Among 2h m B^2/2 of them, paired off, at least h pairs are split by the same point and the same two values,
as there are fewer than m B^2/2 such choices. The h functions on either side are pairwise separated on the other
points, and what both sides shatter is shattered together with that point; so t(m B^2 h, m) >= 2 t(h, m-1) + 1 for the
least number t of (set, levels) pairs shattered. From t(2, .) >= 1, 2 (m B^2)^q functions shatter at least
2^{q+1} - 1 pairs, but there are only y of at most D points.

Applied to functions with values in an interval of length s: rounded down to multiples of eta/2, those at distance
>= eta in max norm are separated, B = floor(2 s/eta), and D = fat_{eta/4}. T3fat and T3fat-w: s = 2 sup w, and Pi is the
number of vectors. Witness: ``eta``, ``fat`` >= D, ``levels`` >= B, ``exponent`` = q.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, integer, precision
from approxbounds.complexity.fat_shattering import fat_floats, fat_upper, least_scale
from approxbounds.errors import echo
from approxbounds.facts.networks import NetworkFacts
from approxbounds.sources import Citation
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = [
    "CITATIONS",
    "checked_vectors",
    "log2_separated",
    "log2_shattered",
    "smallest_exponent",
    "vectors_floats",
    "vectors_witness",
]

CITATIONS = (
    Citation("AlonBenDavidCesaBianchiHaussler1997"),
    Citation("AnthonyBartlett1999", "Lemma 12.10"),
)


def log2_shattered(A: Arithmetic[V], points: V | float, levels: V | float, fat: V | float) -> V:
    """An upper bound on log2 y: y <= (e m B/D)^D for 1 <= D <= m. (float: D beyond m counts as m)."""
    m, B, D = A.number(points), A.number(levels), A.number(fat)
    if A.vectorised:
        D = A.minimum(A.maximum(D, 1.0), m)
    return D * A.log2(A.e * m * B / D)


def log2_separated(A: Arithmetic[V], points: int, levels: int, fat: int, exponent: int) -> V:
    """log2 of the largest number of separated functions, after checking that ``exponent`` q >= log2 y."""
    if fat == 0:
        return A.number(0)
    if A.decides:
        counted = log2_shattered(A, points, levels, min(fat, points))
        require(A.at_most(counted, exponent), f"q={exponent} is not certainly at least log2 y")
    return 1 + A.number(exponent) * A.log2(A.number(points) * A.number(levels) ** 2)


def smallest_exponent(points: int, levels: int, fat: int) -> int:
    """About the smallest q, never below it: searched with balls."""
    if fat == 0:
        return 0
    with precision(256):
        return integer(log2_shattered(BALL, points, levels, min(fat, points)).upper().ceil())


def vectors_floats(G: NetworkFacts, points: Any, levels: Any, scale: Any) -> Any:
    """log2 Pi for D = fat_scale(G), about, vectorised."""
    with np.errstate(all="ignore"):
        D = fat_floats(G, scale)
        q = np.ceil(log2_shattered(FLOAT, points, levels, D))
        return np.where(D < 1, 0.0, 1 + q * np.log2(points * levels * levels))


def vectors_witness(G: NetworkFacts, cells: int, eta: Fraction, highest: Any) -> dict[str, int]:
    """D, B and q for eta; ``highest``: a ball around sup w."""
    D = fat_upper(G, eta / 4)
    with precision(256):
        B = integer((4 * highest / BALL.number(eta)).upper().floor())
    return {"fat": D, "levels": B, "exponent": smallest_exponent(cells, B, D)}


def checked_vectors(A: Arithmetic[V], G: NetworkFacts, cells: int, highest: V, witness: Witness) -> V:
    """log2 Pi, with every hypothesis about eta, D, B and q checked."""
    eta, D = fraction_of(witness, "eta"), integer_of(witness, "fat")
    B, q = integer_of(witness, "levels", minimum=1), integer_of(witness, "exponent")
    if A.decides:
        scale = least_scale(A, G, D + 1)
        require(A.less(scale, A.number(eta / 4)), f"fat_(eta/4)(G) <= fat={echo(D)} is not certain")
        require(A.less(4 * highest, (B + 1) * A.number(eta)), f"levels={echo(B)} must be at least 4 sup w/eta")
    return log2_separated(A, cells, B, D, q)
