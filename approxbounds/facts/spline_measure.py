"""Mahler measures of B-splines: what a determinant of shifted B-splines is at least. THEORY.md, 2.9.

N_D is the B-spline of degree D on [0, D+1] with integer knots, S_t(z) = sum_j N_D(t+j) z^j, and M_D(t) the Mahler
measure of S_t: the modulus of its leading coefficient times the product of max(1, |z|) over its zeros z. Always
M_D(1-t) = M_D(t) and M_D >= 2^-D.
"""

from __future__ import annotations

from fractions import Fraction

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["least_measure", "lower_nodes", "mean_measure"]

#: By D, in units of 10^-5, at equal steps from t = 0 to t = 1/2: M_D is not below the broken line through these values.
#: D = 1 is exact, max(t, 1-t); the others are proved by roots at left ends (THEORY.md, 2.9).
_NODES = {
    1: "100000 50000",
    2: "49970 52952 55671 58151 60406 62450 64293 65943 67406 68687 69790 70718 71474 72060 72478 72728 72811",
    3: "62163 62074 61816 61400 60837 60137 59309 58362 57303 56141 54883 53536 52108 50604 49033 47399 45710",
    4: "41221 42484 43693 44841 45923 46934 47869 48725 49499 50188 50789 51301 51723 52051 52287 52429 52476",
    5: "44863 44827 44720 44542 44294 43977 43594 43145 42634 42062 41432 40746 40008 39220 38386 37508 36589",
    6: "32277 32973 33637 34266 34857 35409 35919 36386 36809 37185 37514 37794 38025 38205 38334 38412 38438",
    7: "33026 33006 32948 32849 32713 32538 32325 32075 31789 31468 31112 30724 30304 29853 29373 28866 28332",
    8: "24793 25208 25602 25973 26322 26647 26946 27220 27467 27687 27879 28042 28176 28281 28356 28401 28416",
    9: "24477 24466 24430 24372 24291 24186 24059 23910 23739 23546 23333 23099 22845 22573 22281 21973 21647",
    10: "18869 19127 19372 19602 19817 20017 20201 20370 20521 20656 20773 20873 20955 21019 21064 21092 21101",
}


def lower_nodes(degree: int) -> tuple[Fraction, ...]:
    """Values at equal steps of t from 0 to 1/2 whose broken line is a lower bound on M_D.

    >>> lower_nodes(1), lower_nodes(12)
    ((Fraction(1, 1), Fraction(1, 2)), (Fraction(1, 4096),))
    """
    if degree not in _NODES:
        return (Fraction(1, 2**degree),)
    return tuple(Fraction(int(node), 10**5) for node in _NODES[degree].split())


def least_measure(degree: int) -> Fraction:
    """A lower bound on the least M_D(t)."""
    return min(lower_nodes(degree))


def mean_measure(A: Arithmetic[V], degree: int, p: Number) -> V:
    """A lower bound on mu_{D,p}, the mean of order p of M_D over [0,1], 1 <= p <= inf; for a symbol p that for p = 1.

    The p-th power of an affine function from a to b has the mean (b^{p+1} - a^{p+1})/((p+1)(b-a)).

    >>> from approxbounds.arithmetic import FLOAT
    >>> [round(float(mean_measure(FLOAT, D, 2)), 4) for D in (1, 2, 3, 4)]
    [0.7638, 0.6576, 0.564, 0.4872]
    """
    nodes = lower_nodes(degree)
    top = max(nodes)
    if is_infinite(p) or len(nodes) == 1:
        return A.number(top)
    P = A.number(1 if is_symbolic(p) else p)
    scaled = [A.number(node / top) for node in nodes]
    powers = [A.power(node, P + 1) for node in scaled]
    total = A.number(0)
    for a, b, low, high in zip(scaled, scaled[1:], powers, powers[1:], strict=False):
        total = total + (high - low) / (b - a)
    return A.number(top) * A.power(total / (P + 1) / (len(nodes) - 1), 1 / P)
