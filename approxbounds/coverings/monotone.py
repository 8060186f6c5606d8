"""Covers of monotone functions by step functions on adaptive dyadic cubes. THEORY.md, section 2.8."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.coverings.base import CoveringTheorem
from approxbounds.errors import HypothesisError
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["MonotoneCodes"]

_MOST_LEVELS = 150
_RATIOS = (1.5, 2.0, 2.5, 3.2, 4.0, 6.0, 16.0)  # of the thresholds of one level and the next
_SCALES = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 3.0)  # t_0/k
_FINENESS = (0.35, 0.5, 0.7, 1.0, 1.5, 2.5)  # q_l/t_l
_LAST = (1.0, 0.0)  # whether the last level has one value only, or as many as the first


class MonotoneCodes(CoveringTheorem):
    """Monotone functions with values in [0,1], p < inf: step functions on cubes that are cut where f varies much.

    Level l has the cubes of side 1/m_l, m_l = 2^l k. All of level 0 are there; one of level l is cut into 2^d if f
    varies on it by more than 1/t_l, t_L = 1. On the others the middle of the range of f is coded by one of q_l values,
    which do not decrease along lines; 1/2 if q_l = 1. With c_l = min(d m_l^{d-1}, m_l^d), n_0 = k^d,
    a_l = min(n_l, c_l (t_l - 1)), n_{l+1} = 2^d a_l, v_l = min(1, n_l m_l^{-d})::

        S = sum_l min(v_l t_l^{-p}, c_l m_l^{-d} t_l^{1-p})  (v_l if q_l = 1),    Q = sum_l v_l q_l^{-p}  (q_l > 1),
        eps >= (S^{1/p} + Q^{1/p})/2,
        log2 N <= sum_{l<L} min(n_l, a log2(e n_l/a)) + sum_l r_l log2 C(n_l/r_l + q_l - 1, q_l - 1),

    a = max(a_l, 1), r_l = min(m_l^{d-1}, n_l). Witness: ``levels`` = L, ``k``, ``t0``, .., ``q0``, ..
    """

    id = "covering-monotone"
    title = "Steps on adaptive cubes"
    statement = (
        r"Start from $k^d$ cubes, cut each cube of level $l<L$ on which $f$ varies by more than $1/t_l$ into $2^d$ "
        r"(on chains of cubes along diagonals $f$ varies by at most 1, so they are few), and code which are cut and, "
        r"by one of $q_l$ values that do not decrease along lines, the middle of the range of $f$ on the others."
    )
    citations = (Citation("GaoWellner2007"), Citation("approxbounds", "2.8"))

    def refusal(self, query: Query) -> str | None:
        if not query.F.is_monotone or query.F.value_range != (0, 1):
            return "F must consist of monotone functions with values in [0,1]"
        if is_symbolic(query.F.domain_dim) or is_symbolic(query.p):
            return "it needs numbers for the dimension and p"
        return "in sup norm there is no finite cover: jumps may be anywhere" if is_infinite(query.p) else None

    def search(self, query: Query) -> Witness:
        """Geometric thresholds; the least k for each choice by bisection, all at once."""
        d, p = query.F.domain_dim, float(query.p)
        middle_ratio = 2.0 ** (
            (d - 1 + 1 / max(p - 1, 0.2)) / 2
        )  # of two powers of 2 by which sums over levels converge
        choices = np.meshgrid((*_RATIOS, middle_ratio), _SCALES, _FINENESS, _LAST, indexing="ij")
        ratio, scale, fineness, last = (np.ravel(choice) for choice in choices)
        eps = float(query.eps)

        def levels(k: Any) -> tuple[list[Any], list[Any]]:
            top = np.maximum(np.round(scale * k), 1)
            t = [top]
            while len(t) < _MOST_LEVELS - 1 and np.any(t[-1] > 1):
                t.append(np.maximum(np.round(top * ratio ** -len(t)), 1))
            t.append(np.ones_like(top))
            finest = np.maximum(np.round(fineness * np.maximum(t[0], 1 / eps)), 1)
            return t, [np.where(each > 1, np.maximum(np.round(fineness * each), 1), finest ** (1 - last)) for each in t]

        with np.errstate(all="ignore"):
            low, high = np.zeros_like(ratio), np.full_like(ratio, 2.0**60)
            for _ in range(60):
                middle = np.maximum(np.floor(np.sqrt(np.maximum(low, 0.5) * high)), low + 1)
                enough = _error(FLOAT, query, middle, *levels(middle)) <= eps * (1 - 1e-12)
                low, high = np.where(enough, low, middle), np.where(enough, middle, high)
                if np.all((high - low <= 1) | (high <= 1.01 * low)):
                    break
            t, q = levels(high)
            size = np.where(_error(FLOAT, query, high, t, q) <= eps, _size(FLOAT, query, high, t, q), np.inf)
        best = int(np.argmin(np.where(np.isnan(size), np.inf, size)))
        if not size[best] < np.inf:
            raise HypothesisError("eps is too small: no cover is found whose size doubles hold")
        depth = next(level for level, each in enumerate(t) if each[best] == 1)
        found = {"levels": depth, "k": int(high[best])} | {f"t{i}": int(t[i][best]) for i in range(depth)}
        return found | {f"q{i}": int(q[i][best]) for i in range(depth + 1)}

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return _error(A, query, *_data(A, witness))

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return _size(A, query, *_data(A, witness))

    def rate(self, query: Query) -> Any:
        """Gao and Wellner's upper bounds."""
        import sympy

        d, p, eps = query.F.domain_dim, query.p, self.separation(query)
        order = eps ** -SYMBOLIC.number(max(d, (d - 1) * p))
        return order * sympy.log(1 / SYMBOLIC.number(eps)) ** d if d == (d - 1) * p else order

    def expression(self, query: Query) -> Any:
        """L = 0, q = ceil(1/eps), k = ceil(d eps^{-p}), C(k+q-1,k) <= 2^{k+q-1}: of order eps^{-dp}."""
        d, eps = query.F.domain_dim, SYMBOLIC.number(query.eps)
        k = d * SYMBOLIC.power(eps, -SYMBOLIC.number(query.p)) + 1
        return k ** (d - 1) * (k + 1 / eps) * SYMBOLIC.log(SYMBOLIC.number(2))


def _data(A: Arithmetic[V], witness: Witness) -> tuple[V, list[V], list[int]]:
    """k, the t_l, the q_l."""
    levels = integer_of(witness, "levels", maximum=_MOST_LEVELS - 1)
    t = [A.number(integer_of(witness, f"t{i}", minimum=2)) for i in range(levels)]
    q = [integer_of(witness, f"q{i}", minimum=1) for i in range(levels + 1)]
    return A.number(integer_of(witness, "k", minimum=1)), [*t, A.number(1)], q


def _counts(A: Arithmetic[V], d: Number, k: V, t: list[V]) -> list[tuple[V, V, V, V]]:
    """m_l, c_l, n_l and a_l for each level."""
    found, m = [], k
    cubes = A.power(k, A.number(d))
    for each in t:
        chains = A.minimum(d * A.power(m, A.number(d - 1)), A.power(m, A.number(d)))
        cut = A.minimum(cubes, chains * (each - 1))
        found.append((m, chains, cubes, cut))
        m, cubes = 2 * m, 2**d * cut
    return found


def _error(A: Arithmetic[V], query: Query, k: V, t: list[V], q: Any) -> V:
    d, p, one, zero = query.F.domain_dim, A.number(query.p), A.number(1), A.number(0)
    varying, rounding = zero, zero
    for (m, chains, cubes, _), each, values in zip(_counts(A, d, k, t), t, q, strict=True):
        cell = A.power(m, -A.number(d))
        volume = A.minimum(one, cubes * cell)
        power = A.power(each, -p)
        varying = varying + A.at_least(values, 2, A.minimum(volume * power, chains * cell * each * power), volume)
        rounding = rounding + A.at_least(values, 2, volume * A.power(A.number(values), -p), zero)
    return (A.power(varying, 1 / p) + A.power(rounding, 1 / p)) / 2


def _size(A: Arithmetic[V], query: Query, k: V, t: list[V], q: Any) -> V:
    d, one, bits = query.F.domain_dim, A.number(1), A.number(0)
    counts = _counts(A, d, k, t)
    for level, ((m, _, cubes, cut), values) in enumerate(zip(counts, q, strict=True)):
        if level < len(t) - 1:
            a = A.maximum(cut, one)
            bits = bits + A.minimum(cubes, a * A.log2(A.e * A.maximum(cubes, one) / a))
        lines = A.maximum(A.minimum(A.power(m, A.number(d - 1)), cubes), one)  # those with cubes on them
        free = A.number(values) - 1
        bits = bits + lines * A.log2_binomial(cubes / lines + free, free)
    return bits * A.log(A.number(2))
