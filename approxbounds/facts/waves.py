"""Functions of one variable that alternate on equal cells: what theorems on sign changes ask of F. THEORY.md, 2.5."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.description import where
from approxbounds.facts.hypercube import Thresholds
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic

__all__ = ["HolderWave", "StaircaseWave", "Wave", "wave_height"]


class Wave(ABC):
    """For each N a function f of F on [0,1]: c(x) + (-1)^i w(t) on the i-th of N equal cells, t the place in the cell.

    c is 0 (``centres`` COMMON) or affine (AFFINE); w >= 0 is the same on all cells.
    """

    citations: ClassVar[tuple[Citation, ...]]
    centres: ClassVar[Thresholds]

    @abstractmethod
    def height(self, A: Arithmetic[V], cells: V | float) -> V:
        """sup w for N cells; falls as N grows."""

    @abstractmethod
    def mean_ratio(self, A: Arithmetic[V], p: Number) -> V:
        """A lower bound on ||w||_p / sup w in the mean over a cell, p < inf."""

    @property
    @abstractmethod
    def exponent(self) -> Number:
        """s: the height is of order N^{-s}."""

    @abstractmethod
    def values(self, cells: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function with N cells at points of [0,1]."""

    @abstractmethod
    def describe(self, cells: int | None) -> str:
        """The definition in Markdown with LaTeX, with numbers if N is given."""


def _halves(A: Arithmetic[V], smoothness: Number) -> tuple[list[V], V]:
    """The alternating function of smoothness s on cells of length 1 with R = 1, on half a cell: coefficients.

    Let e_0 = 2^(alpha-1) u^alpha at distance u <= 1/2 from its zeros, with alternating signs, and e_i' = ±e_(i-1), e_i
    being zero where e_(i-1) has its peaks: e_i(u) = int_u^(1/2) e_(i-1) for odd i, int_0^u e_(i-1) for even i. So e_n
    is sum_k a_k u^k + b u^s: the a_k, k <= n, and b.
    """
    n = ceil(smoothness) - 1
    alpha, half = A.number(smoothness - n), A.number(1) / 2
    powers: list[V] = []
    last = A.power(A.number(2), alpha - 1)
    for i in range(1, n + 1):
        powers = [A.number(0), *(a / (k + 1) for k, a in enumerate(powers))]
        last = last / (alpha + i)
        if i % 2 == 1:
            total = last * A.power(half, alpha + i)
            for k, a in enumerate(powers):
                total = total + a * half**k
            powers, last = [total, *(-a for a in powers[1:])], -last
    return powers, last


def wave_height(A: Arithmetic[V], smoothness: Number) -> V:
    """c_s: the largest value of the alternating function of smoothness s for cells of length 1 and R = 1.

    1/2 for s <= 1, 1/(4s) up to 2, 1/(8s) up to 3; for integers Favard's K_s/pi^s.
    """
    if is_symbolic(smoothness) or smoothness <= 1:
        return A.number(1) / 2
    n = ceil(smoothness) - 1
    powers, last = _halves(A, smoothness)
    if n % 2 == 1:  # the peak is at u = 0
        return powers[0]
    total = last * A.power(A.number(1) / 2, A.number(smoothness))
    for k, a in enumerate(powers):
        total = total + a * (A.number(1) / 2) ** k
    return total


@lru_cache(maxsize=64)
def _float_halves(smoothness: Number) -> tuple[NDArray[np.float64], float]:
    powers, last = _halves(FLOAT, smoothness)
    return np.array([float(a) for a in powers]), float(last)


@dataclass(frozen=True)
class HolderWave(Wave):
    """w of smoothness s: its n-th derivative, n = ceil(s) - 1, is R 2^(s-n-1) dist(., its zeros)^(s-n), alternating.

    For every choice of signs that is (s-n)-Hölder with constant R (as `distance-cubes`), the derivatives before it are
    at most R, and w is symmetric in each cell. sup w = R c_s N^{-s}.
    """

    smoothness: Number
    radius: Number
    citations = (Citation("approxbounds", "2.5"),)
    centres = Thresholds.COMMON

    @property
    def exponent(self) -> Number:
        return self.smoothness

    def height(self, A: Arithmetic[V], cells: V | float) -> V:
        scale = A.number(self.radius) * A.power(A.number(cells), -A.number(self.smoothness))
        return scale * wave_height(A, self.smoothness)

    def mean_ratio(self, A: Arithmetic[V], p: Number) -> V:
        """Exact for s <= 2, for p = 1, and for integers s and p = 2.

        p = 1: the integral of w over half a cell is the height for smoothness s + 1. p = 2: by parts, s times, the mean
        of w^2 for integer s is the mean of w for smoothness 2s. Beyond, means increase with p, and w is concave on a
        cell and thus above a triangle.
        """
        s, P = self.smoothness, A.number(p)
        if is_symbolic(s) or s <= 1:
            return A.power(A.number(s) * P + 1, -1 / P)
        if s <= 2:  # w = sup w (1 - (2v)^s) at distance v from the centre
            inverse = 1 / A.number(s)
            return A.exp_over(A.log_beta(inverse, P + 1) + A.log(inverse), P)
        height = wave_height(A, s)
        known = [2 * wave_height(A, s + 1) / height, A.power(P + 1, -1 / P)]
        if s == ceil(s) and not is_symbolic(p) and p >= 2:
            known.append(A.power(2 * wave_height(A, 2 * s + 1), A.number(1) / 2) / height)
        return A.maximum(*known)

    def values(self, cells: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = np.asarray(x, float) * cells
        cell = np.minimum(np.floor(scaled), cells - 1)
        t = scaled - cell
        n, s = ceil(self.smoothness) - 1, float(self.smoothness)
        edge = np.minimum(t, 1 - t)  # the distance from the zeros of w
        u = edge if n % 2 == 0 else 0.5 - edge
        powers, last = _float_halves(self.smoothness)
        profile = np.polynomial.polynomial.polyval(u, powers) if n else 0.0
        values: NDArray[np.float64] = (1 - 2 * (cell % 2)) * float(self.radius) * cells**-s * (profile + last * u**s)
        return values

    def describe(self, cells: int | None) -> str:
        shown = "N" if cells is None else str(cells)
        return (
            f"Let $f$ alternate on the ${shown}$ intervals of length $1/N${where(', ', N=shown)}, with "
            f"$f^{{(n)}}=\\pm R\\,2^{{\\alpha-1}}\\operatorname{{dist}}(\\cdot,\\text{{its zeros}})^\\alpha$, "
            f"$n=\\lceil s\\rceil-1$, $\\alpha=s-n$: $f=\\pm w$ on them, $\\sup w=c_sRN^{{-s}}$."
        )


@dataclass(frozen=True)
class StaircaseWave(Wave):
    """Non-decreasing steps q -> (q - 1 + omega_q)/N with alternating omega: w = 1/(2N), centres affine (2.3)."""

    citations = (Citation("approxbounds", "2.5"),)
    centres = Thresholds.AFFINE

    @property
    def exponent(self) -> int:
        return 1

    def height(self, A: Arithmetic[V], cells: V | float) -> V:
        return 1 / (2 * A.number(cells))

    def mean_ratio(self, A: Arithmetic[V], p: Number) -> V:
        return A.number(1)

    def values(self, cells: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
        cell = np.minimum(np.floor(np.asarray(x, float) * cells), cells - 1)
        values: NDArray[np.float64] = (cell + (1 - cell % 2)) / cells
        return values

    def describe(self, cells: int | None) -> str:
        shown = "N" if cells is None else str(cells)
        return (
            f"Cut $[0,1]$ into ${shown}$ intervals of length $1/N${where(', ', N=shown)}; let $f=q/N$ on the $q$-th "
            f"for odd $q$ and $(q-1)/N$ for even $q$: non-decreasing, and $\\pm1/(2N)$ about an affine function of the "
            f"place in each interval."
        )
