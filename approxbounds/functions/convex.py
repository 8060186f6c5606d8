"""Convex functions. THEORY.md, section 2.4."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import factorial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.description import where
from approxbounds.facts.functions import BoundaryLayers, Bowl, Curved
from approxbounds.facts.hypercube import HypercubeFamily, Index, Thresholds
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.cubes import BumpCubes
from approxbounds.parameters import DIMENSION
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite

__all__ = ["ConvexCubes", "ConvexFunctions"]

_CROSS = Fraction(256, 27)  # ||psi'||^2 for psi = (4y(1-y))^2, whose second derivative is at most 32


@dataclass(frozen=True)
class ConvexCubes(BumpCubes):
    """A paraboloid plus bumps (those of smoothness 2) so small that its curvature wins.

    c(x) = eta + ((1-2 eta)/d) sum_j (2x_j-1)^2 has Hessian 8(1-2 eta)/d; w = eta phi(k .), phi = prod_j psi,
    psi = (4y(1-y))^2, has Hessian norm at most eta k^2 H, H = 32 + (256/27)(d-1) (row sums). With
    eta = 8/(d k^2 H + 16) they are equal, so c +- w is C^{1,1} with non-negative Hessian, and in [0,1].
    """

    id = "convex-cubes"
    citations = (Citation("approxbounds", "2.4"),)
    centres = Thresholds.ANY

    def _height(self, A: Arithmetic[V]) -> V:
        return self._eta(A, A.number(1))

    def _curvature(self, A: Arithmetic[V]) -> V:
        d = A.number(self.dim)
        return d * (32 + A.number(_CROSS) * (d - 1))

    def _eta(self, A: Arithmetic[V], k: V | float) -> V:
        return 8 / (k * k * self._curvature(A) + 16)

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        eta = self._eta(A, A.number(index["k"]))
        return eta if is_infinite(p) else eta * self._relative_norm(A, p)

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return A.number(1)

    def peak_ratio(self, A: Arithmetic[V], p: Number) -> V | None:
        return None  # the centres are not 0

    def finest_cells(self, A: Arithmetic[V], norm: V | float, p: Number) -> V:
        # eta > v exactly for k < ((8/v - 16) / (d H))^{1/2}; the largest such integer is at least that minus 1
        height = norm if is_infinite(p) else norm / self._relative_norm(A, p)
        square = A.maximum((8 / height - 16) / self._curvature(A), A.number(0))
        k = A.maximum(A.power(square, A.number(Fraction(1, 2))) - 1, A.number(0))
        return A.power(k, A.number(self.dim))

    def centre(self, index: Index, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """c at points of shape (m, d)."""
        eta = float(self._eta(FLOAT, float(index["k"])))
        values: NDArray[np.float64] = eta + (1 - 2 * eta) * ((2 * np.asarray(points, float) - 1) ** 2).mean(axis=1)
        return values

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.centre(index, points) + super().evaluate(index, omega, points)

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}; $f_\\omega=c\\pm w$ with "
            f"$c=\\eta+\\frac{{1-2\\eta}}d\\sum_j(2x_j-1)^2$, $w=\\eta\\prod_j(4kt_j(1-kt_j))^2$, "
            f"$\\eta=8/(dk^2H+16)$, $H=32+\\frac{{256}}{{27}}(d-1)$: the curvature of $c$ is at least that of $w$."
        )


@dataclass(frozen=True, kw_only=True)
class ConvexFunctions(FunctionClass):
    """Convex functions [0,1]^d -> [0,1]. The entropy exponent is d/2 (Bronshtein 1976; Guntuboyina and Sen 2013).

    >>> ConvexFunctions(dim=3).entropy_exponent(2)
    3/2
    """

    citations = (Citation("Bronshtein1976"), Citation("GuntuboyinaSen2013"))

    dim: Number = field(metadata=DIMENSION)

    @property
    def definition(self) -> str:
        return f"$F$ is the class of convex functions $[0,1]^d\\to[0,1]${where(', ', d=self.dim)}."

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        return (ConvexCubes(2, self.dim, 1),)

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    def curved(self, order: int) -> Curved:
        """|2x-1|^m, whose derivative of odd order m changes its sign at 1/2."""
        return Curved(order, 2**order * factorial(order), turns=order % 2)

    @property
    def bowl(self) -> Bowl:
        """The mean of the (2x_j - 1)^2."""
        return Bowl(Fraction(8, self.dim))

    @property
    def boundary_layers(self) -> BoundaryLayers:
        """Affine pieces whose lengths grow so fast, away from 0 and from 1, that the slopes are monotone."""
        return BoundaryLayers(1, 2)

    @property
    def value_range(self) -> tuple[Number, Number]:
        return 0, 1

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(self.dim) / 2

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        """d (max(1, (p+2) 2^{-p}) / ((p+1) k))^{1/p}, p < inf, for the values at the centres.

        From x to the centre of its cube one coordinate after the other: each time f is convex on a line through k
        intervals, the other coordinates fixed, so by Minkowski the error is d times that in one variable. There let f
        fall by u to its minimum on an interval and rise by v after it: all u + v add up to at most 2, and u, v <= 1.
        Say the minimum is in the left half and f(centre) is b above it. On the right half f - f(centre) is between 0
        and its chord, from 0 to a = v - b, and b <= a by convexity; on the left half it is at least -b and below a
        chord, from 0 to at most u. So the mean of |f - f(centre)|^p is at most ((a^p + u^p)/(p+1) + b^p)/2. This is
        convex in b in [0, v/2], hence at most K (v^p + u^p) <= K (u + v), 2K = max(1, (p+2) 2^{-p})/(p+1).
        Sharp for d = 1, p >= 2.
        """
        p, one = A.number(p), A.number(1)
        twice_k = A.maximum(one, (p + 2) * A.power(A.number(2), -p)) / (p + 1)
        return A.number(self.dim) * A.power(twice_k / k, 1 / p)

    def cube_exponent(self, p: Number) -> Number | None:
        """1/p; in sup norm steps on cubes do no better than a constant (f may rise from 0 to 1 at the boundary)."""
        return None if is_infinite(p) else Fraction(1) / p

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        """Convexity at the midpoints of all pairs, and values in [0,1]."""
        values = np.asarray(f(points), float)
        first, second = np.triu_indices(len(points), 1)
        middle = np.asarray(f((points[first] + points[second]) / 2), float)
        convex = middle <= (values[first] + values[second]) / 2 + 1e-12
        return bool(convex.all() and (values >= 0).all() and (values <= 1).all())
