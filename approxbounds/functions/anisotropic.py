"""Anisotropic Hölder balls: another smoothness in each direction. THEORY.md, section 2.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil, prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.description import where
from approxbounds.errors import NoExpressionError
from approxbounds.facts.functions import EntropyBound, Regularity, SmoothBall, distance_norm
from approxbounds.facts.hypercube import MOST_CELLS, Grid, GridSides, HypercubeFamily, Index, Thresholds, resolutions
from approxbounds.facts.points import PointFamily
from approxbounds.facts.splines import BoxSplines, SplineBall
from approxbounds.facts.waves import HolderWave, Wave
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.bump import concentrated_maximum_holds, derivative_norm
from approxbounds.functions.halves import Halves, Profiled
from approxbounds.parameters import POSITIVE, Entries, Exact, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic, tidy

__all__ = ["AnisotropicBoxes", "AnisotropicHolderBall"]


@dataclass(frozen=True)
class AnisotropicBoxes(Profiled):
    """Signs on the boxes of sides 1/k_j: w = A prod_j psi_j(k_j x_j), psi_j = (4y(1-y))^{n_j+1}, n_j = ceil(s_j)-1.

    A = R min_j k_j^{-s_j}/H_j, H_j = q_{n+1}^alpha (2 q_n)^{1-alpha} with q_i = ||psi_j^(i)||: direction by
    direction this is the argument of the isotropic family, as the other factors are at most 1.
    All k_j^{s_j} H_j are about equal in the members searched.
    """

    smoothness: tuple[Number, ...]
    radius: Number
    id = "anisotropic-boxes"
    citations = (Citation("approxbounds", "2.4"),)
    centres = Thresholds.COMMON

    @property
    def indices(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(f"k{j}" for j in range(1, len(self.smoothness) + 1))

    def cells(self, index: Index) -> int:
        return prod(int(index[name]) for name in self.indices)

    def _resolutions(self, k: Any) -> dict[str, Any]:
        """All k_j for a number or an array k, the resolution in the direction of least smoothness.

        The other k_j are the largest that leave the amplitude A as it is (floats decide; any integers are a member).
        """
        constants = [float(self._constant(FLOAT, s)) for s in self.smoothness]
        least = min(range(len(constants)), key=lambda j: self.smoothness[j])
        resolutions = {}
        for name, s, constant in zip(self.indices, self.smoothness, constants, strict=True):
            # k_j^{s_j} H_j = k^{s} H of the least smoothness, whose two sides may overflow
            scale = np.power(constants[least] / constant, 1 / float(s))
            power = np.power(k, float(self.smoothness[least] / s)) * scale * (1 + 1e-12)
            resolutions[name] = np.maximum(np.floor(power), 1.0)
        return resolutions

    def _at(self, k: int) -> dict[str, int]:
        return {name: int(value) for name, value in self._resolutions(float(k)).items()}

    def _constant(self, A: Arithmetic[V], s: Number) -> V:
        """H_j."""
        n = ceil(s) - 1
        if n > 0:
            concentrated_maximum_holds(n)  # in particular the norms q_i increase
        alpha = A.number(s - n)
        top, last = derivative_norm(A, n + 1, n + 1), derivative_norm(A, n + 1, n)
        return A.power(A.number(top), alpha) * A.power(2 * A.number(last), 1 - alpha)

    def _amplitude(self, A: Arithmetic[V], resolutions: list[V]) -> V:
        pairs = zip(self.smoothness, resolutions, strict=True)
        return A.number(self.radius) * A.minimum(*(A.power(k, -A.number(s)) / self._constant(A, s) for s, k in pairs))

    def grid_sides(self, index: Index) -> GridSides:
        return tuple((index[name], 1) for name in self.indices)

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        amplitude = self._amplitude(A, [A.number(index[name]) for name in self.indices])
        return amplitude if is_infinite(p) else amplitude / self.peak_ratio(A, p)

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V:
        total = A.number(0)
        for s in self.smoothness:
            b = ceil(s) * A.number(p)
            total = total + b * A.log(A.number(4)) + A.log_beta(b + 1, b + 1)
        return 1 / A.exp_over(total, A.number(p))

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return 2 * self.norm(A, index, float("inf"))

    def coarsest(self, cells: int) -> dict[str, int]:
        return self._at(largest(lambda k: self.cells(self._at(k)) < cells) + 1)

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        return (self._at(k),)

    def grid(self) -> Grid:
        return _box_grid(self)

    def least_norm(self, A: Arithmetic[V], cells: V | float, p: Number) -> V:
        # k_j = ceil(K^{1/s_j}) with K^{sum 1/s_j} = cells has enough boxes, and k_j <= K^{1/s_j} + 1
        inverse = [1 / A.number(s) for s in self.smoothness]
        K = A.power(A.number(cells), 1 / sum(inverse[1:], inverse[0]))
        amplitude = self._amplitude(A, [A.power(K, power) + 1 for power in inverse])
        return amplitude if is_infinite(p) else amplitude / self.peak_ratio(A, p)

    def describe(self, index: Index | None) -> str:
        sides = "k_1,\\dots,k_d" if index is None else ",".join(str(index[name]) for name in self.indices)
        return (
            f"Cut the domain into boxes of sides $1/k_j$, $(k_j)=({sides})$; $f_\\omega=\\pm w$ by the sign of "
            f"$2\\omega_i-1$, with $w=A\\prod_j(4k_jt_j(1-k_jt_j))^{{\\lceil s_j\\rceil}}$, "
            f"$A=R\\min_jk_j^{{-s_j}}/H_j$. All centres are 0."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        sides = np.array([int(index[name]) for name in self.indices])
        scaled = np.asarray(points, float) * sides
        cell = np.minimum(np.floor(scaled), sides - 1)
        number = cell @ np.concatenate([[1.0], np.cumprod(sides[:-1], dtype=float)])
        t = scaled - cell
        height = float(self.norm(FLOAT, index, float("inf")))
        signs = 2.0 * np.asarray(omega, float)[number.astype(int)] - 1.0
        values: NDArray[np.float64] = signs * height * self.profile(t)
        return values

    def profile(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        powers = np.array([ceil(s) for s in self.smoothness])
        profile: NDArray[np.float64] = np.prod((4 * t * (1 - t)) ** powers, axis=1)
        return profile


@lru_cache(maxsize=64)
def _box_grid(family: AnisotropicBoxes) -> Grid:
    total = float(sum(min(family.smoothness) / s for s in family.smoothness))
    most = max(2, int(min(MOST_CELLS ** (1 / total), 2.0**53)))
    index = family._resolutions(np.array(resolutions(most, 256), float))
    return Grid(index, np.prod(np.array(list(index.values())), axis=0))


@dataclass(frozen=True, kw_only=True)
class AnisotropicHolderBall(FunctionClass):
    """Functions on [0,1]^d that are s_j-smooth in direction j, with radius R.

    For each j, with n_j = ceil(s_j) - 1: the derivatives d_j^i f, i <= n_j, exist and are bounded by R, and
    d_j^{n_j} f is (s_j - n_j)-Hölder in x_j with constant R. ``smoothness`` is the tuple (s_1, ..., s_d) of
    numbers in (0, 100] (symbols: rates only). The entropy exponent is sum_j 1/s_j (Kolmogorov, Tikhomirov 1959).

    >>> AnisotropicHolderBall(smoothness=(1, "1/2")).entropy_exponent(2)
    3
    """

    citations = (Citation("KolmogorovTikhomirov1959"),)

    smoothness: tuple[Number, ...] = field(
        metadata=allowed(Entries(Exact(maximum=100), 20, "a smoothness for each direction"))
    )
    radius: Number = field(default=1, metadata=POSITIVE)

    @property
    def domain_dim(self) -> Number:
        return len(self.smoothness)

    @property
    def definition(self) -> str:
        shown = ", ".join(map(str, self.smoothness))
        return (
            f"$F$ is the anisotropic Hölder ball on $[0,1]^{{{self.domain_dim}}}$ of smoothness $({shown})$ in the "
            f"coordinate directions{where(', ', R=self.radius)}."
        )

    def larger(self) -> Iterator[Self]:
        return self.variants({"radius": 2 * self.radius})

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        if any(is_symbolic(s) for s in self.smoothness):
            return ()
        boxes = AnisotropicBoxes(self.smoothness, self.radius)
        return boxes, Halves(boxes, self.domain_dim)

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, smoothness=tuple(self.smoothness[j] for j in axes))

    @property
    def roughest_axes(self) -> tuple[int, ...]:
        if self.symbols:
            return super().roughest_axes
        return tuple(sorted(range(self.domain_dim), key=lambda j: (self.smoothness[j], -j)))

    @property
    def smooth_ball(self) -> SmoothBall | None:
        """Smoother in some directions than asked for: |t|^a <= |t|^b on [0,1] for a >= b."""
        known = not any(is_symbolic(s) for s in self.smoothness)
        return SmoothBall(max(self.smoothness), self.radius, directional=True) if known else None

    @property
    def spline_balls(self) -> tuple[SplineBall, ...]:
        return () if any(is_symbolic(s) for s in self.smoothness) else (BoxSplines(self.smoothness, self.radius),)

    @property
    def point_families(self) -> tuple[PointFamily, ...]:
        """Grids have one resolution for all coordinates: only where all are alike."""
        return super().point_families if len(set(self.smoothness)) == 1 else ()

    @property
    def wave(self) -> Wave:
        return HolderWave(self.smoothness[0], self.radius)

    @property
    def value_range(self) -> tuple[Number, Number]:
        return -self.radius, self.radius

    def entropy_exponent(self, p: Number) -> Any:
        inverse = [1 / SYMBOLIC.number(s) for s in self.smoothness]
        return sum(inverse[1:], inverse[0])

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        return None if self.families else EntropyBound(self.entropy_exponent(p), None, None, 1)

    def embedded_smoothness(self, p: Number) -> Number | None:
        """q = infinity: its derivatives along each axis are Hölder."""
        if any(is_symbolic(s) for s in self.smoothness):
            return None
        return tidy(1 / sum(Fraction(1) / s for s in self.smoothness))

    @property
    def _axis_exponents(self) -> list[Number]:
        """min(s_j, 1): along axis j, |f(x) - f(y)| <= R |x_j - y_j|^min(s_j,1)."""
        return [s if s <= 1 else 1 for s in self.smoothness]

    @property
    def holder_smoothness(self) -> Number | None:
        return self.smoothness[0] if len(self.smoothness) == 1 else None

    @property
    def holder_radius(self) -> Number:
        return self.radius

    @property
    def regularity(self) -> Regularity:
        """Mixed derivatives are not bounded."""
        return Regularity(self.smoothness, self.radius)

    @property
    def modulus_exponent(self) -> Number | None:
        return None if any(is_symbolic(s) for s in self.smoothness) else min(self._axis_exponents)

    def modulus_constant(self, A: Arithmetic[V]) -> V:
        """R d^{1-r/2}: sum_j R t_j^{r_j} <= R sum_j t_j^r <= R d (|t|_2^2/d)^{r/2} for t in [0,1]^d, r = min_j r_j."""
        return A.number(self.radius) * A.power(A.number(self.domain_dim), 1 - A.number(self.modulus_exponent) / 2)

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        """sum_j R (2k)^{-r_j} (p r_j + 1)^{-1/p}, r_j = min(s_j,1): from the centre one coordinate after the other."""
        return self.box_error(A, [k] * len(self.smoothness), p)

    def box_error(self, A: Arithmetic[V], resolutions: Sequence[V | float], p: Number) -> V:
        pairs = zip(resolutions, self._axis_exponents, strict=True)
        terms = [distance_norm(A, 1 / (2 * A.number(k)), r, p, line=True) for k, r in pairs]
        return A.number(self.radius) * sum(terms[1:], terms[0])

    @property
    def last_modulus(self) -> tuple[Number, Number] | None:
        return None if self.modulus_exponent is None else (self._axis_exponents[-1], self.radius)

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        """A necessary condition on all pairs, for s_j <= 1: |f(x)-f(y)| <= R sum_j |x_j-y_j|^{s_j}, |f| <= R."""
        if any(is_symbolic(s) or s > 1 for s in self.smoothness):
            raise NoExpressionError("the membership test sees values only, so it needs all smoothness <= 1")
        values, radius = np.asarray(f(points), float), float(self.radius)
        gaps = np.abs(values[:, None] - values[None, :])
        powers = [np.abs(points[:, None, j] - points[None, :, j]) ** float(s) for j, s in enumerate(self.smoothness)]
        allowed = radius * np.sum(powers, axis=0) * (1 + 1e-9) + 1e-12 * radius
        return bool((gaps <= allowed).all() and (np.abs(values) <= radius * (1 + 1e-9)).all())
