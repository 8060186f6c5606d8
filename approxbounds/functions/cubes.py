"""Families on the k^d cubes of side 1/k: distance profiles, bumps, perfect splines. THEORY.md, section 2.2."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import ceil, comb, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.description import where
from approxbounds.facts.hypercube import Grid, GridSides, Index, Thresholds, cube_grid, integer_root
from approxbounds.functions.bump import concentrated_maximum_holds, derivative_norm
from approxbounds.functions.halves import Profiled
from approxbounds.functions.perfect_spline import MOST_ORDER, MOST_POWER, height, mean_power
from approxbounds.functions.spline_gradient import derivative_and_gradient
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["BumpCubes", "Cubes", "DistanceCubes", "IntegratedDistances", "PerfectSplineCubes"]


@dataclass(frozen=True)
class Cubes(Profiled):
    """Sign patterns on the k^d cubes of side 1/k; all centres are 0."""

    smoothness: Number
    dim: Number
    radius: Number
    on_cubes = compact = True
    centres = Thresholds.COMMON

    def cells(self, index: Index) -> int:
        cells: int = int(index["k"]) ** int(self.dim)
        return cells

    def grid_sides(self, index: Index) -> GridSides:
        return ((index["k"], int(self.dim)),)

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return 2 * self.norm(A, index, float("inf"))

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"k": integer_root(cells, int(self.dim))}

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return ({"k": k},)

    def grid(self) -> Grid:
        return cube_grid(int(self.dim), 256)

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
class IntegratedDistances(Cubes):
    """d = 1, 1 < s <= 2: |w'| = R 2^{s-2} dist(t, ends of the two halves of the cell)^{s-1}, w' > 0 on the left half.

    f_omega' has on the 2k halves the values of `distance-cubes` of smoothness s - 1, whose signs are free. At distance
    v/(4k) <= 1/(4k) from the end of a cell w = sup w v^s/2, from its middle w = sup w (1 - v^s/2), and sup w =
    R (2k)^{-s}/(2s). ||w||_p is bounded below by the norm of the largest integer order q <= p, q <= 32.
    """

    id = "integrated-distances"
    citations = (Citation("approxbounds", "2.2"),)

    def _height(self, A: Arithmetic[V]) -> V:
        s = A.number(self.smoothness)
        return A.number(self.radius) * A.power(A.number(2), -s) / (2 * s)

    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        order = 1 if is_symbolic(p) else min(int(p), MOST_POWER)
        s, half = A.number(self.smoothness), A.number(1) / 2
        low = half**order / (s * order + 1)
        mean = sum((comb(order, i) * (-half) ** i / (s * i + 1) for i in range(order + 1)), low) / 2
        return A.power(mean, A.number(1) / order)

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        near = 4 * np.minimum(t[:, 0], 1 - t[:, 0])
        v = np.minimum(near, 2 - near) ** float(self.smoothness) / 2
        profile: NDArray[np.float64] = np.where(near < 1, v, 1 - v)
        return profile

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut $[0,1]$ into the $k$ intervals of length $1/k${where(', ', k=k)}; $f_\\omega=\\pm w$ on interval $i$ "
            f"by the sign of $2\\omega_i-1$, with "
            f"$w'=\\pm R\\,2^{{s-2}}\\operatorname{{dist}}(t,\\text{{ends}})^{{s-1}}$ on its left and right half: "
            f"$\\sup w=R(2k)^{{-s}}/(2s)$. All centres are 0."
        )


@dataclass(frozen=True)
class PerfectSplineCubes(Cubes):
    """s > 1: w = A k^{-s} prod_j psi(k t_j)/psi(1/2) with the perfect spline psi of order r = ceil(s), r <= 8 if d > 1.

    A = R/max L^{s-r+1} (2S)^{r-s}, the maximum over |m| = r - 1 with S = sup |D^m phi| and L the largest gradient of
    D^m phi, phi the product; so R/max L for integer s, and R psi(1/2) for d = 1, too. D^m w = 0 on the faces of the
    cube for |m| < r, so signs are free, and |D^m w| <= R (2k)^{|m|-s} <= R.
    ||w||_p is bounded below by the norm of the largest integer order q <= p, q <= 32 (q = 1 for r > 8).
    """

    id = "perfect-splines"
    citations = (Citation("approxbounds", "2.2"),)

    @property
    def _order(self) -> int:
        order: int = ceil(self.smoothness)
        return order

    def _height(self, A: Arithmetic[V]) -> V:
        r = self._order
        if self.dim == 1 and self.smoothness == r:
            return A.number(self.radius) * height(A, r)
        alpha = A.number(self.smoothness - (r - 1))
        constants = [
            A.power(A.number(slope), alpha) * A.power(A.number(2 * largest), 1 - alpha)
            for largest, slope in derivative_and_gradient(r, int(self.dim))
        ]
        return A.number(self.radius) / A.maximum(*constants)

    def _relative_norm(self, A: Arithmetic[V], p: Number) -> V:
        r = self._order
        order = 1 if is_symbolic(p) or r > MOST_ORDER else min(int(p), MOST_POWER)
        area = A.number(4**r * factorial(r))  # int psi = 4^{-r}/r!
        mean = 1 / (area * height(A, r)) if order == 1 else A.number(mean_power(r, order))
        return A.exp_over(A.number(self.dim) * A.log(mean), A.number(order))

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        r = self._order
        psi = t**r
        for j in range(1, r + 1):
            knot = (1 - np.cos(j * np.pi / (r + 1))) / 2
            psi = psi + 2 * (-1.0) ** j * np.maximum(t - knot, 0) ** r
        profile: NDArray[np.float64] = np.prod(np.abs(psi) / factorial(r) / float(height(FLOAT, r)), axis=1)
        return profile

    def describe(self, index: Index | None) -> str:
        k, r = ("k" if index is None else str(index["k"])), self._order
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}; $f_\\omega=\\pm w$ on cube $i$ by "
            f"the sign of $2\\omega_i-1$, with $w=A\\,k^{{-s}}\\prod_j\\psi(kt_j)/\\psi(\\tfrac12)$ and the perfect "
            f"spline $\\psi^{{({r})}}=\\pm\\operatorname{{sign}}U_{{{r}}}(2y-1)$, $\\int\\psi=4^{{-{r}}}/{r}!$; "
            f"{self._amplitude}. All centres are 0."
        )

    @property
    def _amplitude(self) -> str:
        """A in words of the norms of derivatives of psi."""
        r = self._order
        if self.dim == 1 and self.smoothness == r:
            return r"$A=R\,\psi(\tfrac12)$"
        power = "" if self.smoothness == r else rf"^{{s-{r - 1}}}(2\|D^m\phi\|_\infty)^{{{r}-s}}"
        return (
            rf"$A=R/\max_{{|m|={r - 1}}}\|\nabla D^m\phi\|_\infty{power}$, "
            r"$\phi=\prod_j\psi(t_j)/\psi(\tfrac12)$"
        )
