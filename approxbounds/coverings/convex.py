"""Covers of convex functions by values on graded grids. THEORY.md, section 2.8."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.coverings.base import CoveringTheorem
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["ConvexCodes", "convex_refusal"]

_MOST_BLOCKS = 200
_SHARES = (0.3, 0.5, 0.65, 0.8, 0.9, 0.95)  # of eps for interpolation
_GRADINGS = (0.2, 0.4, 0.6, 0.8)  # K_b is K 2^{-gb/(p+1)}


def convex_refusal(query: Query) -> str | None:
    """Why there is no cover of convex functions here, or None."""
    if not query.F.is_convex or query.F.value_range != (0, 1):
        return "F must consist of convex functions with values in [0,1]"
    if is_symbolic(query.F.domain_dim) or is_symbolic(query.p):
        return "it needs numbers for the dimension and p"
    return "in sup norm there is no finite cover: f may be steep at the faces" if is_infinite(query.p) else None


class ConvexCodes(CoveringTheorem):
    """Convex functions with values in [0,1], p < inf: values at graded nodes, coded along lines, and interpolation.

    In each coordinate the nodes are 0, 1 and, for b = 1..B, those that cut [x_b, 2 x_b], x_b = 2^{-b-1}, and its mirror
    image into K_b equal parts: n = 2 (K_1 + .. + K_B) + 3 of them. Values are rounded to multiples of 1/q::

        iota^p = 2 x_B + 2 sum_b r_b^p x_b K_b^{-p-1} / (4^p (p+1)),    r_b = 1 + x_b/(1 - 2 x_b),    x_0 = 1/2,
        eps >= d iota + 1/(2q),
        log2 N <= n^{d-1} (3 log2(q+1) + 2 sum_b (K_b + log2 C(K_b + q r_b/K_b + 1, K_b))).

    Witness: ``blocks`` = B, ``q``, ``k1``, .., ``kB``.
    """

    id = "covering-convex"
    title = "Coded values of convex functions"
    statement = (
        r"Interpolate values at nodes that are denser at the ends of each coordinate, rounded with step $1/q$. On a "
        r"line the slopes of $f$ increase and are bounded away from the ends, so the differences of the rounded values "
        r"on each of $B$ dyadic blocks on each side are a non-decreasing sequence of integers, up to one bit each."
    )
    citations = (Citation("approxbounds", "2.8"),)

    def refusal(self, query: Query) -> str | None:
        return convex_refusal(query)

    def search(self, query: Query) -> Witness:
        """Shares of eps and gradings; the least resolution for each by bisection."""
        d, p, eps = query.F.domain_dim, float(query.p), float(query.eps)
        best: tuple[float, dict[str, int]] = (np.inf, {})
        with np.errstate(all="ignore"):
            for share in _SHARES:
                target = share * eps / d
                blocks = int(min(_MOST_BLOCKS, max(0, np.ceil(p * np.log2(1 / target) + 1))))
                q = int(np.ceil(0.5 / (eps * (1 - share)) * (1 + 1e-12)))
                for grading in _GRADINGS:
                    weights = 2.0 ** (-grading * np.arange(blocks) / (p + 1))
                    low, high = 0.5, 2.0**40
                    while high > 1.005 * low:
                        middle = (low * high) ** 0.5
                        K = np.maximum(np.round(middle * weights), 1)
                        low, high = (low, middle) if float(_iota(FLOAT, query, list(K))) <= target else (middle, high)
                    K = [int(each) for each in np.maximum(np.round(high * weights), 1)]
                    witness = {"blocks": blocks, "q": q} | {f"k{b}": each for b, each in enumerate(K, 1)}
                    if float(self.error(FLOAT, query, witness)) <= eps * (1 - 1e-12):
                        best = min(best, (float(self.size(FLOAT, query, witness)), witness), key=lambda pair: pair[0])
        if not best[0] < np.inf:
            raise HypothesisError("eps is too small: no cover is found whose size doubles hold")
        return best[1]

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        q, K = _data(A, witness)
        return A.number(query.F.domain_dim) * _iota(A, query, K) + 1 / (2 * q)

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        q, K = _data(A, witness)
        nodes, bits = A.number(3), 3 * A.log2(q + 1)
        for b, each in enumerate(K, 1):
            ratio = A.number(_steepness(b))
            nodes = nodes + 2 * each
            bits = bits + 2 * (each + A.log2_binomial(each + q * ratio / each + 1, each))
        return A.power(nodes, A.number(query.F.domain_dim - 1)) * bits * A.log(A.number(2))

    def rate(self, query: Query) -> Any:
        """eps^{-d/2} for p = 1."""
        p = SYMBOLIC.number(query.p)
        return self.separation(query) ** (-query.F.domain_dim * p / (p + 1))

    def expression(self, query: Query) -> Any:
        raise NoExpressionError(f"{self.id}: no closed form is worked out")


def _data(A: Arithmetic[V], witness: Witness) -> tuple[V, list[V]]:
    """q and the K_b."""
    blocks = integer_of(witness, "blocks", maximum=_MOST_BLOCKS)
    cells = [A.number(integer_of(witness, f"k{b}", minimum=1)) for b in range(1, blocks + 1)]
    return A.number(integer_of(witness, "q", minimum=1)), cells


def _steepness(b: int) -> Fraction:
    """r_b."""
    return 1 + Fraction(1, 2 * (2**b - 1))


def _iota(A: Arithmetic[V], query: Query, K: list[V]) -> V:
    """A bound on the error of interpolation at the nodes in one variable."""
    p = A.number(query.p)
    ends, inside = A.number(Fraction(1, 2 ** len(K))), A.number(0)
    for b, each in enumerate(K, 1):
        part = A.power(A.number(_steepness(b)), p) * A.power(each, -p - 1)
        inside = inside + A.number(Fraction(1, 2**b)) * part
    return A.power(ends + inside * A.power(A.number(4), -p) / (p + 1), 1 / p)
