"""Covers of convex functions by values of their Moreau envelopes on dyadic boxes. THEORY.md, section 2.8."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.coverings.base import CoveringTheorem
from approxbounds.coverings.convex import convex_refusal
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.witness import Witness, fraction_of, integer_of

__all__ = ["EnvelopeCodes"]

_MOST_LEVELS = 1000
_ROUNDINGS = [Fraction(n, 8) * 2**i for i in range(7) for n in (2, 3)]  # the t that are tried
_MOST_CELLS = 2.0**50  # in one direction


class EnvelopeCodes(CoveringTheorem):
    """Convex functions with values in [0,1], p < inf: their Moreau envelopes on boxes that shrink towards the faces.

    The boxes of level m = b_1 + .. + b_d, b_j >= 1, have the sides [2^{-b_j-1}, 2^{-b_j}] or their mirror images; there
    are 2^d C(m-1,d-1) of them, of volume V_m = C(m-1,d-1) 2^{-m} in all. On those of level m, d <= m <= M, the envelope
    of f is coded at the nodes of k_m^d cells, elsewhere f is 1/2::

        eta_m = 3(d+t)/(8 k_m^2),    eps^p >= sum_m V_m eta_m^p + (1 - sum_m V_m) 2^{-p},
        log2 N <= sum_m 2^d C(m-1,d-1) (((k_m+1)^d - 1)/k_m (k_m + log2 C(k_m(1+4/t) + 1, k_m))
                                        + log2(4(3+4d) k_m^2/(9t) + 2)).

    Of order eps^{-d/2} for every p. Witness: ``levels`` = M, ``t``, ``k<d>``, .., ``k<M>``.
    """

    id = "covering-envelopes"
    title = "Coded envelopes of convex functions"
    statement = (
        r"On a box that is half as far from the faces as it is long, $f$, with the box mapped to $[0,1]^d$, has slopes "
        r"in an interval of length $\frac32$ in each coordinate. Its Moreau envelope $e(z)=\min_xf(x)+\frac34|x-z|^2$ "
        r"has $0\le D^2e\le\frac32$, so multilinear interpolation is good in sup norm, and "
        r"$f(x)=\sup_ze(z)-\frac34|x-z|^2$ is as near to its code as $e$ is. $e$ is convex: the differences of its "
        r"rounded values along a line are a non-decreasing sequence of integers, up to one bit each."
    )
    citations = (Citation("Bronshtein1976"), Citation("approxbounds", "2.8"))

    def refusal(self, query: Query) -> str | None:
        return convex_refusal(query)

    def search(self, query: Query) -> Witness:
        """For each t the least resolution by bisection; that of level m falls like 2^{-m/(2p+d)}."""
        d, p, eps = query.F.domain_dim, float(query.p), float(query.eps)
        levels = range(d, _MOST_LEVELS + 1)
        falls = 2.0 ** (-np.array(levels) / (2 * p + d))
        volumes = np.array([float(Fraction(comb(m - 1, d - 1), 2**m)) for m in levels])
        boxes = np.array([float(comb(m - 1, d - 1)) for m in levels])
        rests = np.array([float(_rest(d, m)) for m in (d - 1, *levels)])
        best: tuple[float, dict[str, int | Fraction]] = (np.inf, {})
        with np.errstate(all="ignore"):
            for t in _ROUNDINGS:

                def cells(scale: float, t: Fraction = t) -> Any:
                    found = np.maximum(np.round(scale * falls), 1)
                    return found[_deviation(FLOAT, d, found, float(t)) < 0.5]

                def error(scale: float, t: Fraction = t) -> float:
                    k = cells(scale)
                    inside = volumes[: len(k)] @ _deviation(FLOAT, d, k, float(t)) ** p
                    return float((inside + rests[len(k)] * 0.5**p) ** (1 / p))

                low, high = 0.5, _MOST_CELLS
                while high > 1.002 * low:
                    middle = (low * high) ** 0.5
                    low, high = (low, middle) if error(middle) <= eps * (1 - 1e-12) else (middle, high)
                k = cells(high)
                size = float(boxes[: len(k)] @ _bits(FLOAT, d, k, float(t))) * 2.0**d
                if size < best[0] and error(high) <= eps * (1 - 1e-12):
                    best = size, {"levels": d - 1 + len(k), "t": t} | {f"k{m}": int(n) for m, n in enumerate(k, d)}
        if not best[0] < np.inf:
            raise HypothesisError("eps is too small: no cover is found whose size doubles hold")
        return best[1]

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        d, p = query.F.domain_dim, A.number(query.p)
        t, cells = _data(A, d, witness)
        total = A.number(_rest(d, d - 1 + len(cells))) * A.power(A.number(2), -p)
        for m, k in enumerate(cells, d):
            total = total + A.number(Fraction(comb(m - 1, d - 1), 2**m)) * A.power(_deviation(A, d, k, t), p)
        return A.power(total, 1 / p)

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        d = query.F.domain_dim
        t, cells = _data(A, d, witness)
        bits = A.number(0)
        for m, k in enumerate(cells, d):
            bits = bits + comb(m - 1, d - 1) * _bits(A, d, k, t)
        return A.power(A.number(2), A.number(d)) * bits * A.log(A.number(2))

    def rate(self, query: Query) -> Any:
        return self.separation(query) ** (-SYMBOLIC.number(query.F.domain_dim) / 2)

    def expression(self, query: Query) -> Any:
        raise NoExpressionError(f"{self.id}: no closed form is worked out")


def _data(A: Arithmetic[V], dim: int, witness: Witness) -> tuple[V, list[V]]:
    """t and the k_m."""
    levels = range(dim, integer_of(witness, "levels", maximum=_MOST_LEVELS) + 1)
    return A.number(fraction_of(witness, "t")), [A.number(integer_of(witness, f"k{m}", minimum=1)) for m in levels]


def _deviation(A: Arithmetic[V], dim: int, k: V, t: V | float) -> V:
    """eta_m."""
    return 3 * (dim + t) / (8 * k * k)


def _bits(A: Arithmetic[V], dim: int, k: V, t: V | float) -> V:
    """Those for one box: a line with k differences at a time, and the first value."""
    lines = (A.power(k + 1, A.number(dim)) - 1) / k
    first = A.log2(4 * (3 + 4 * dim) * k * k / (9 * t) + 2)
    return lines * (k + A.log2_binomial(k * (1 + 4 / t) + 1, k)) + first


def _rest(dim: int, levels: int) -> Fraction:
    """1 - sum_m V_m: the share of words of so many bits of which fewer than ``dim`` are 1."""
    return Fraction(sum(comb(levels, i) for i in range(dim)), 2**levels)
