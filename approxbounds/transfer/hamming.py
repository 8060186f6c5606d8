"""Sign vectors far from few patterns: the sum S of T3, bounded below by volumes of Hamming balls. THEORY.md, T3."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V, log2_lower_tail
from approxbounds.errors import echo
from approxbounds.witness import Witness, integer_of, require

__all__ = ["best_distance", "checked_mass", "hamming_mass", "log2_delta"]

_RESOLVED = 1e14  # up to this many cells doubles resolve a fraction of a bit
_BACKWARDS = (0.25, 0.5, 1.0, 1.5, 2.0)  # steps back from the largest h, in sqrt(N)


def log2_delta(A: Arithmetic[V], cells: V | float, log2_growth: V | float, h: V | float) -> V:
    """log2 of (an upper bound on) delta_h = Pi V(N, h-1) / 2^N, for 1 <= h, 2(h-1) < N."""
    return log2_growth + log2_lower_tail(A, cells, A.number(h) - 1) - A.number(cells)


def hamming_mass(A: Arithmetic[V], cells: V | float, log2_growth: V | float, h: V | float) -> V:
    """A lower bound on S = sum_{i=1}^N max(0, 1 - delta_i): h - delta_h (N-h+2)/(N-2h+3).

    S >= sum_{i<=h} (1 - delta_i), and delta_{i-1} <= delta_i (i-1)/(N-i+2) since each binomial up to
    C(N, i-1) is at least (N-i+2)/(i-1) times the one before: a geometric series.
    """
    N, h_ = A.number(cells), A.number(h)
    delta = A.power(A.number(2), log2_delta(A, cells, log2_growth, h))
    return h_ - delta * (N - h_ + 2) / (N - 2 * h_ + 3)


def checked_mass(A: Arithmetic[V], cells: int, log2_growth: V | float, witness: Witness) -> V:
    """S for the h of the witness, after checking that h is allowed and S positive."""
    h = integer_of(witness, "h", minimum=1)
    require(2 * (h - 1) < cells, f"h={echo(h)} must be at most N/2 + 1, N={echo(cells)}")
    mass = hamming_mass(A, cells, log2_growth, h)
    if A.decides:
        require(bool(mass > 0), f"S is not certainly positive for h={echo(h)}, N={echo(cells)}")
    return mass


def _inverse_entropy(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """x in [0, 1/2] with H2(x) about y, never above: Newton from the left on a concave function."""
    y = np.clip(y, 0.0, 1.0)
    x = np.clip(0.5 * (1 - np.sqrt(1 - y**1.5)) * 0.8, 1e-300, 0.5)
    for _ in range(12):
        value = -(x * np.log2(x) + (1 - x) * np.log1p(-x) / np.log(2))
        slope = np.log2((1 - x) / x) + 1e-300
        x = np.clip(x + (y - value) / np.maximum(slope, 1e-9), 1e-300, 0.5)
    return x


def best_distance(cells: NDArray[np.float64], log2_growth: NDArray[np.float64]) -> tuple[Any, Any]:
    """For each N the h with the largest S (about), and that S: floats, vectorised."""
    N = np.asarray(cells, float)
    resolved = N < _RESOLVED
    # the largest j = h - 1 with log2 V(N, j) <= budget; beyond 1e14 cells doubles need a margin
    budget = N - log2_growth - np.where(resolved, 0.0, 1e-11 * N)
    top = np.maximum(np.ceil(N / 2) - 1, 0)
    start = np.minimum(np.floor(N * _inverse_entropy(budget / N)), top)  # not above, as V(N,j) <= 2^{N H2(j/N)}
    j = start
    with np.errstate(all="ignore"):
        for _ in range(3):  # Newton from the left
            slope = np.maximum(np.log2((N - j) / (j + 1.0)), 0.05)
            step = np.maximum((budget - log2_lower_tail(FLOAT, N, j)) / slope, -1.0)
            j = np.where(resolved, np.clip(np.floor(j + step), 0, top), start)
        best_h, best_s = np.ones_like(N), np.full_like(N, -np.inf)
        candidates = [start + 1, j, j + 1, j + 2, j + 3]
        if np.any(top - j < np.sqrt(N)):  # few patterns: near N/2 the geometric series is long, and less is more
            candidates += [j - np.floor(share * np.sqrt(N)) for share in _BACKWARDS]
        for h in candidates:
            h = np.clip(h, 1, top + 1)
            s = hamming_mass(FLOAT, N, log2_growth, h)
            better = s > best_s
            best_h, best_s = np.where(better, h, best_h), np.where(better, s, best_s)
    return best_h, np.where((budget >= 0) & (best_s > 1e-9), best_s, 0.0)  # what is smaller may be rounding
