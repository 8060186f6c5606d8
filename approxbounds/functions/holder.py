"""Hölder balls of every smoothness s > 0, and Lipschitz balls (s = 1). THEORY.md, section 2.2."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds import validation as check
from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, Value
from approxbounds.errors import NoExpressionError
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.bump import concentrated_maximum_holds, derivative_norm
from approxbounds.functions.hypercube import (
    MOST_CELLS,
    Grid,
    HypercubeFamily,
    Index,
    Thresholds,
    integer_root,
    resolutions,
)
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["BumpCubes", "DistanceCubes", "HolderBall", "LipschitzBall"]

MOST_SMOOTHNESS = 100


@lru_cache(maxsize=64)
def _cube_grid(dim: int) -> Grid:
    most = max(2, integer_root(MOST_CELLS, dim))
    k = np.array(resolutions(most, 256), float)
    return Grid({"k": k}, k**dim)


@dataclass(frozen=True)
class _Cubes(HypercubeFamily):
    """Sign patterns on the k^d cubes of side 1/k; all centres are 0."""

    smoothness: Number
    dim: Number
    radius: Number
    centres = Thresholds.COMMON

    def cells(self, index: Index) -> int:
        cells: int = int(index["k"]) ** int(self.dim)
        return cells

    def spread(self, A: Arithmetic, index: Index) -> Value:
        return 2 * self.norm(A, index, float("inf"))

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"k": integer_root(cells, int(self.dim))}

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return ({"k": k},)

    def grid(self) -> Grid:
        return _cube_grid(int(self.dim))

    def least_norm(self, A: Arithmetic, cells: Value, p: Number) -> Value:
        # the coarsest k is below cells^{1/d} + 1, and the norm decreases in k
        return self.norm(A, {"k": A.power(cells, 1 / A.number(self.dim)) + 1}, p)

    def finest_cells(self, A: Arithmetic, norm: Value, p: Number) -> Value:
        # ||w||_p = c k^{-s} > norm for the largest integer k below (c / norm)^{1/s}, which is at least that minus 1
        ratio = A.power(self.norm(A, {"k": 1}, p) / norm, 1 / A.number(self.smoothness))
        return A.power(A.maximum(ratio - 1, A.number(0)), A.number(self.dim))

    def norm(self, A: Arithmetic, index: Index, p: Number) -> Value:
        scale = self._height(A) * A.power(A.number(index["k"]), -A.number(self.smoothness))
        return scale if is_infinite(p) else scale * A.exp(self._log_mean(A, p) / A.number(p))

    def peak_ratio(self, A: Arithmetic, p: Number) -> Value:
        return A.exp(-self._log_mean(A, p) / A.number(p))

    @abstractmethod
    def _height(self, A: Arithmetic) -> Value:
        """sup w at k = 1."""

    @abstractmethod
    def _log_mean(self, A: Arithmetic, p: Number) -> Value:
        """The logarithm of the mean of (w / sup w)^p over a cell."""

    @abstractmethod
    def _profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """w / sup w on the unit cube, for t of shape (m, d)."""

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        k, dim = int(index["k"]), int(self.dim)
        scaled = np.asarray(points, float) * k
        cell = np.minimum(np.floor(scaled), k - 1)
        number = cell @ (float(k) ** np.arange(dim))
        height = float(self.norm(FLOAT, index, float("inf")))
        signs = 2.0 * np.asarray(omega, float)[number.astype(int)] - 1.0
        values: NDArray[np.float64] = signs * height * self._profile(scaled - cell)
        return values


@dataclass(frozen=True)
class DistanceCubes(_Cubes):
    """s <= 1: w(t) = R 2^{s-1} dist(t, boundary of the cube)^s, pointwise optimal on cubes."""

    id = "distance-cubes"
    citations = (Citation("approxbounds", "2.2"),)

    def _height(self, A: Arithmetic) -> Value:
        return A.number(self.radius) / 2  # R 2^{s-1} (1/2)^s: the centre of the cube

    def _log_mean(self, A: Arithmetic, p: Number) -> Value:
        d = A.number(self.dim)
        return A.log(d) + A.log_beta(A.number(self.smoothness) * A.number(p) + 1, d)

    def _profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        profile: NDArray[np.float64] = (2 * np.minimum(t, 1 - t).min(axis=1)) ** float(self.smoothness)
        return profile

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k$, $k={k}$; $f_\\omega=\\pm w$ on cube $i$ by the sign "
            f"of $2\\omega_i-1$, with $w(t)=R\\,2^{{s-1}}\\operatorname{{dist}}(t,\\partial\\,\\text{{cube}})^s$. "
            f"All centres are 0, and $\\|w\\|_p=\\frac R2 k^{{-s}}(d\\,B(sp+1,d))^{{1/p}}$."
        )


@dataclass(frozen=True)
class BumpCubes(_Cubes):
    """s > 1: w = A k^{-s} prod_j psi(k t_j), psi(y) = (4y(1-y))^{n+1}, n = ceil(s) - 1."""

    id = "bump-cubes"
    citations = (Citation("approxbounds", "2.2"),)

    @property
    def _n(self) -> int:
        n: int = ceil(self.smoothness) - 1
        return n

    def _height(self, A: Arithmetic) -> Value:
        n, alpha = self._n, A.number(self.smoothness - self._n)
        concentrated_maximum_holds(n)  # hence the maxima over multi-indices are at (n, 0, ..., 0)
        first, last, top = (derivative_norm(A, n + 1, i) for i in (1, n, n + 1))
        ratio = first * last / top  # squares of q_{n+1} would overflow doubles for large s
        lipschitz = A.power(top, alpha) * A.power(1 + (A.number(self.dim) - 1) * ratio * ratio, alpha / 2)
        return A.number(self.radius) / (lipschitz * A.power(2 * last, 1 - alpha))

    def _log_mean(self, A: Arithmetic, p: Number) -> Value:
        b = (self._n + 1) * A.number(p)
        return A.number(self.dim) * (b * A.log(A.number(4)) + A.log_beta(b + 1, b + 1))

    def _profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        profile: NDArray[np.float64] = np.prod((4 * t * (1 - t)) ** (self._n + 1), axis=1)
        return profile

    def describe(self, index: Index | None) -> str:
        k, n = ("k" if index is None else str(index["k"])), self._n
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k$, $k={k}$; $f_\\omega=\\pm w$ on cube $i$ by the sign "
            f"of $2\\omega_i-1$, with $w=A\\,k^{{-s}}\\prod_j\\psi(kt_j)$, $\\psi(y)=(4y(1-y))^{{{n + 1}}}$, "
            f"$A=R\\,/\\,\\big((q_{{{n + 1}}}^2+(d-1)q_1^2q_{{{n}}}^2)^{{\\alpha/2}}(2q_{{{n}}})^{{1-\\alpha}}\\big)$, "
            f"$q_i=\\|\\psi^{{(i)}}\\|_\\infty$, $\\alpha=s-{n}$. All centres are 0."
        )


@dataclass(frozen=True, kw_only=True)
class _Holder(FunctionClass):
    """What Hölder and Lipschitz balls share."""

    dim: Number
    radius: Number = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", check.integer("dim", self.dim, maximum=check.MOST_DIMENSIONS))
        object.__setattr__(self, "radius", check.exact("radius", self.radius))

    @property
    @abstractmethod
    def _s(self) -> Number: ...

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        kind = DistanceCubes if is_symbolic(self._s) or self._s <= 1 else BumpCubes
        return (kind(self._s, self.dim, self.radius),)

    @property
    def closed_form_condition(self) -> Any:
        import sympy

        return sympy.Le(self._s, 1) if is_symbolic(self._s) else sympy.true

    @property
    def value_range(self) -> tuple[Number, Number]:
        return -self.radius, self.radius

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(self.dim) / SYMBOLIC.number(self._s)

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        return (Citation("KolmogorovTikhomirov1959"),)

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        if is_symbolic(self._s) or self._s > 1:
            raise NoExpressionError("the membership test sees values only, so it needs smoothness <= 1")
        values = np.asarray(f(points), float)
        gaps = np.abs(values[:, None] - values[None, :])
        distances = np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
        radius, slack = float(self.radius), 1 + 1e-9
        allowed = radius * distances ** float(self._s)
        return bool((gaps <= allowed * slack + 1e-12 * radius).all() and (np.abs(values) <= radius * slack).all())


@dataclass(frozen=True, kw_only=True)
class HolderBall(_Holder):
    """The ball of radius R of the Hölder class of smoothness s on [0,1]^d.

    With n = ceil(s) - 1 and alpha = s - n in (0,1]: f has continuous derivatives up to order n,
    |D^m f| <= R for |m| <= n, and |D^m f(x) - D^m f(y)| <= R |x-y|_2^alpha for |m| = n.

    Parameters: ``smoothness`` (s, a number in (0, 100]), ``dim`` (d, 1 to 1000), ``radius`` (R). Numbers are
    exact: int, Fraction, decimal string, or float (meaning its binary value); SymPy symbols may replace them
    (closed forms for a symbolic s hold for s <= 1 and say so).

    Source of the entropy exponent d/s: Kolmogorov and Tikhomirov (1959).

    >>> HolderBall(smoothness="1.5", dim=2).entropy_exponent(2)
    4/3
    """

    smoothness: Number

    def __post_init__(self) -> None:
        smoothness = check.exact("smoothness", self.smoothness, maximum=MOST_SMOOTHNESS)
        object.__setattr__(self, "smoothness", smoothness)
        super().__post_init__()

    @property
    def _s(self) -> Number:
        return self.smoothness

    @property
    def definition(self) -> str:
        return (
            f"$F$ is the Hölder ball $F_{{s,d}}(R)$ on $[0,1]^d$ with $s={self.smoothness}$, $d={self.dim}$, "
            f"$R={self.radius}$: derivatives of order $\\le n=\\lceil s\\rceil-1$ bounded by $R$, those of order "
            f"$n$ $(s-n)$-Hölder with constant $R$."
        )


@dataclass(frozen=True, kw_only=True)
class LipschitzBall(_Holder):
    """Functions on [0,1]^d with |f| <= R and |f(x) - f(y)| <= R |x-y|_2: the Hölder ball with s = 1.

    >>> LipschitzBall(dim=2)
    LipschitzBall(dim=2, radius=1)
    """

    @property
    def _s(self) -> Number:
        return 1

    @property
    def definition(self) -> str:
        return (
            f"$F$ is the Lipschitz ball on $[0,1]^d$, $d={self.dim}$: $|f|\\le R$ and "
            f"$|f(x)-f(y)|\\le R|x-y|_2$ with $R={self.radius}$ (Hölder, $s=1$)."
        )
