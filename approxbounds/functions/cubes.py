"""Families on the k^d cubes of side 1/k: distance profiles, bumps, perfect splines. THEORY.md, section 2.2."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.description import named, where
from approxbounds.facts.hypercube import MOST_CELLS, Grid, Index, Thresholds, integer_root, resolutions
from approxbounds.functions.bump import concentrated_maximum_holds, derivative_norm
from approxbounds.functions.halves import Profiled
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite

__all__ = ["BumpCubes", "Cubes", "DistanceCubes", "PerfectSplineCubes"]


@lru_cache(maxsize=64)
def _cube_grid(dim: int) -> Grid:
    most = max(2, integer_root(MOST_CELLS, dim))
    k = np.array(resolutions(most, 256), float)
    return Grid({"k": k}, k**dim)


@dataclass(frozen=True)
class Cubes(Profiled):
    """Sign patterns on the k^d cubes of side 1/k; all centres are 0."""

    smoothness: Number
    dim: Number
    radius: Number
    on_cubes = True
    centres = Thresholds.COMMON

    def cells(self, index: Index) -> int:
        cells: int = int(index["k"]) ** int(self.dim)
        return cells

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return 2 * self.norm(A, index, float("inf"))

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"k": integer_root(cells, int(self.dim))}

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return ({"k": k},)

    def grid(self) -> Grid:
        return _cube_grid(int(self.dim))

    def least_norm(self, A: Arithmetic[V], cells: V | float, p: Number) -> V:
        # the coarsest k is below cells^{1/d} + 1, and the norm decreases in k
        return self.norm(A, {"k": A.power(cells, 1 / A.number(self.dim)) + 1}, p)

    def finest_cells(self, A: Arithmetic[V], norm: V | float, p: Number) -> V:
        # ||w||_p = c k^{-s} > norm for the largest integer k below (c / norm)^{1/s}, which is at least that minus 1
        ratio = A.power(self.norm(A, {"k": 1}, p) / norm, 1 / A.number(self.smoothness))
        return A.power(A.maximum(ratio - 1, A.number(0)), A.number(self.dim))

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        scale = self._height(A) * A.power(A.number(index["k"]), -A.number(self.smoothness))
        return scale if is_infinite(p) else scale * self._relative_norm(A, p)

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V | None:
        return 1 / self._relative_norm(A, p)

    @abstractmethod
    def _height(self, A: Arithmetic[V]) -> V:
        """sup w at k = 1."""

    @abstractmethod
    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        """||w||_p / sup w (or a lower bound on it), p < inf: the mean of order p of w / sup w over a cell."""

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        k, dim = int(index["k"]), int(self.dim)
        scaled = np.asarray(points, float) * k
        cell = np.minimum(np.floor(scaled), k - 1)
        number = cell @ (float(k) ** np.arange(dim))
        height = float(self.norm(FLOAT, index, float("inf")))
        signs = 2.0 * np.asarray(omega, float)[number.astype(int)] - 1.0
        values: NDArray[np.float64] = signs * height * self.profile(scaled - cell)
        return values


@dataclass(frozen=True)
class DistanceCubes(Cubes):
    """s <= 1: w(t) = R 2^{s-1} dist(t, boundary of the cube)^s, pointwise optimal on cubes."""

    id = "distance-cubes"
    citations = (Citation("approxbounds", "2.2"),)

    def _height(self, A: Arithmetic[V]) -> V:
        return A.number(self.radius) / 2  # R 2^{s-1} (1/2)^s: the centre of the cube

    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        d = A.number(self.dim)
        return A.exp_over(A.log(d) + A.log_beta(A.number(self.smoothness) * A.number(p) + 1, d), A.number(p))

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        profile: NDArray[np.float64] = (2 * np.minimum(t, 1 - t).min(axis=1)) ** float(self.smoothness)
        return profile

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}; $f_\\omega=\\pm w$ on cube $i$ by "
            f"the sign of $2\\omega_i-1$, with "
            f"$w(t)=R\\,2^{{s-1}}\\operatorname{{dist}}(t,\\partial\\,\\text{{cube}})^s$. All centres are 0, and "
            f"$\\|w\\|_p=\\frac R2 k^{{-s}}(d\\,B(sp+1,d))^{{1/p}}$."
        )


@dataclass(frozen=True)
class BumpCubes(Cubes):
    """s > 1: w = A k^{-s} prod_j psi(k t_j), psi(y) = (4y(1-y))^{n+1}, n = ceil(s) - 1."""

    id = "bump-cubes"
    citations = (Citation("approxbounds", "2.2"),)

    @property
    def _n(self) -> int:
        n: int = ceil(self.smoothness) - 1
        return n

    def _height(self, A: Arithmetic[V]) -> V:
        n, alpha = self._n, A.number(self.smoothness - self._n)
        concentrated_maximum_holds(n)  # hence the maxima over multi-indices are at (n, 0, ..., 0)
        first, last, top = (derivative_norm(A, n + 1, i) for i in (1, n, n + 1))
        ratio = first * last / top  # squares of q_{n+1} would overflow doubles for large s
        lipschitz = A.power(top, alpha) * A.power(1 + (A.number(self.dim) - 1) * ratio * ratio, alpha / 2)
        return A.number(self.radius) / (lipschitz * A.power(2 * last, 1 - alpha))

    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        b = (self._n + 1) * A.number(p)
        log_mean = A.number(self.dim) * (b * A.log(A.number(4)) + A.log_beta(b + 1, b + 1))
        return A.exp_over(log_mean, A.number(p))

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        profile: NDArray[np.float64] = np.prod((4 * t * (1 - t)) ** (self._n + 1), axis=1)
        return profile

    def describe(self, index: Index | None) -> str:
        k, n = ("k" if index is None else str(index["k"])), self._n
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}; $f_\\omega=\\pm w$ on cube $i$ by "
            f"the sign of $2\\omega_i-1$, with $w=A\\,k^{{-s}}\\prod_j\\psi(kt_j)$, $\\psi(y)=(4y(1-y))^{{{n + 1}}}$, "
            f"$A=R\\,/\\,\\big((q_{{{n + 1}}}^2+(d-1)q_1^2q_{{{n}}}^2)^{{\\alpha/2}}(2q_{{{n}}})^{{1-\\alpha}}\\big)$, "
            f"$q_i=\\|\\psi^{{(i)}}\\|_\\infty$, $\\alpha=s-{n}$. All centres are 0."
        )


@dataclass(frozen=True)
class PerfectSplineCubes(Cubes):
    """d = 1, integer s >= 2: w = R k^{-s} psi(k .), psi^(s) = +-sign of the Chebyshev polynomial U_s(2y-1).

    U_s is orthogonal in sign to polynomials of degree < s, so psi vanishes to order s at both ends;
    |psi^(i)| <= 1 for i <= s, hence the amplitude R. By Rolle psi has no zero and one maximum inside, at 1/2:
    psi(1/2) = (2^{-s}/s!) |1 + 2 sum_{0<j<(s+1)/2} (-1)^j cos^s(j pi/(s+1))|, and int psi = 4^{-s}/s!.
    ||w||_p is bounded below by ||w||_1.
    """

    id = "perfect-splines"
    citations = (Citation("approxbounds", "2.2"),)

    def _height(self, A: Arithmetic[V]) -> V:
        s = int(self.smoothness)
        total = A.number(1)
        for j in range(1, (s + 2) // 2):
            power = A.cos_pi(Fraction(j, s + 1)) ** s
            total = total + 2 * power if j % 2 == 0 else total - 2 * power
        total = A.maximum(total, -total)
        return A.number(self.radius) * total / A.number(2**s * factorial(s))

    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        # the mean of order 1, at most that of order p
        s = int(self.smoothness)
        return A.number(self.radius) / A.number(4**s * factorial(s)) / self._height(A)

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        s, y = int(self.smoothness), t[:, 0]
        psi = y**s
        for j in range(1, s + 1):
            knot = (1 - np.cos(j * np.pi / (s + 1))) / 2
            psi = psi + 2 * (-1.0) ** j * np.maximum(y - knot, 0) ** s
        profile: NDArray[np.float64] = np.abs(psi) * float(self.radius) / factorial(s) / float(self._height(FLOAT))
        return profile

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut $[0,1]$ into ${named('k', k)}$ intervals; $f_\\omega=\\pm w$ by the sign of $2\\omega_i-1$, with the "
            f"perfect spline $w=Rk^{{-s}}\\psi(kt)$, $\\psi^{{(s)}}=\\pm\\operatorname{{sign}}U_s(2y-1)$, "
            f"$\\int\\psi=4^{{-s}}/s!$. All centres are 0."
        )
