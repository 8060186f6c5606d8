"""Convex functions. THEORY.md, section 2.4."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import factorial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.description import where
from approxbounds.facts.functions import BoundaryLayers
from approxbounds.facts.hypercube import HypercubeFamily, Index, Thresholds
from approxbounds.facts.measured import Carried, Maps
from approxbounds.facts.points import PointFamily
from approxbounds.facts.powers import Bowl, Curved
from approxbounds.facts.rays import RayProfile
from approxbounds.facts.splines import ConvexSplines, SplineBall
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.cubes import BumpCubes
from approxbounds.functions.halves import Halves
from approxbounds.parameters import DIMENSION
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic

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
    compact = False
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
            f"$c=\\eta+\\frac{{1-2\\eta}}{{d}}\\sum_j(2x_j-1)^2$, $w=\\eta\\prod_j(4kt_j(1-kt_j))^2$, "
            f"$\\eta=8/(dk^2H+16)$, $H=32+\\frac{{256}}{{27}}(d-1)$: the curvature of $c$ is at least that of $w$."
        )


@dataclass(frozen=True)
class Fan(PointFamily):
    """d >= 2: N points on a curve near the corner 0, each below an affine function that is negative at all others.

    a_i = v^i, b_i = v^(N-1-i), v < 1/4: f_omega = max(0, max over omega_i = 1 of 1 - x_1/a_i - x_2/b_i) is 1 - 2v at
    x_i = (v a_i, v b_i, ..) if omega_i = 1, else 0: the gap is 1/2 - v.
    """

    id = "fan"
    indices: ClassVar[tuple[str, ...]] = ("points",)
    largest_index = 2**1000
    citations = (Citation("approxbounds", "2.6"),)
    centres = Thresholds.COMMON
    exponent = 0

    def points(self, index: Index) -> int:
        return int(index["points"])

    def gap(self, A: Arithmetic[V], index: Index) -> V:
        return A.number(1) / 2

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"points": cells}

    def least_gap(self, A: Arithmetic[V], points: V | float) -> V:
        return A.number(1) / 2

    def describe(self, index: Index | None) -> str:
        shown = "" if index is None else f" ($N={index['points']}$)"
        return (
            f"Let $a_i=v^i$, $b_i=v^{{N-1-i}}$, $0\\le i<N${shown}, $v<1/4$, and "
            f"$f_\\omega=\\max(0,\\max_{{\\omega_i=1}}(1-x_1/a_i-x_2/b_i))$, which is convex. At $x_1=va_i$, "
            f"$x_2=vb_i$ it is $1-2v$ if $\\omega_i=1$, else $0$: the gap is $w=\\frac12-v$, for every such $v$."
        )


@dataclass(frozen=True)
class ConvexStaircases(PointFamily):
    """d = 1: M points on each side of 1/2, the distances from the end growing so fast that any decreasing values do.

    On each side f falls from 1 to 0; its q-th value is 1 - (q-1+omega_q)/M, made strictly decreasing by a small change.
    N = 2M points, gap 1/(2M).
    """

    id = "convex-staircases"
    indices: ClassVar[tuple[str, ...]] = ("steps",)
    largest_index = 2**1000
    citations = (Citation("approxbounds", "2.6"),)
    centres = Thresholds.ANY
    exponent = 1

    def points(self, index: Index) -> int:
        return 2 * int(index["steps"])

    def gap(self, A: Arithmetic[V], index: Index) -> V:
        return 1 / (2 * A.number(index["steps"]))

    def coarsest(self, cells: int) -> dict[str, int]:
        return {"steps": (cells + 1) // 2}

    def least_gap(self, A: Arithmetic[V], points: V | float) -> V:
        return 1 / (A.number(1) + points)

    def describe(self, index: Index | None) -> str:
        shown = "" if index is None else f" ($M={index['steps']}$)"
        return (
            f"Take $M${shown} points on each side of $\\frac12$, their distances from the end growing fast; let "
            f"$f_\\omega$ be $1$ at the ends, $0$ at $\\frac12$, $1-(q-1+\\omega_q)/M$ at the $q$-th point of a side "
            f"(with a small change that makes the values strictly monotone), affine between: convex, as the slopes "
            f"tend to $0$ towards $\\frac12$, and the gap is $w=\\frac{{1}}{{2M}}$."
        )


@dataclass(frozen=True, kw_only=True)
class ConvexFunctions(FunctionClass):
    """Convex functions [0,1]^d -> [0,1]. The entropy exponent is d/2 (Bronshtein 1976; Guntuboyina and Sen 2013).

    >>> ConvexFunctions(dim=3).entropy_exponent(2)
    3/2
    """

    citations = (Citation("Bronshtein1976"), Citation("GuntuboyinaSen2013"))
    symmetric = True

    dim: Number = field(metadata=DIMENSION)

    @property
    def definition(self) -> str:
        return f"$F$ is the class of convex functions $[0,1]^d\\to[0,1]${where(', ', d=self.dim)}."

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        cubes = ConvexCubes(2, self.dim, 1)
        return (cubes,) if is_symbolic(self.dim) else (cubes, Halves(cubes, self.dim))

    @property
    def carried(self) -> Carried:
        return Carried(Maps.AFFINE)

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    @property
    def spline_balls(self) -> tuple[SplineBall, ...]:
        return (ConvexSplines(2, self.dim, 1),)

    def curved(self, order: int) -> Curved:
        """|2x-1|^m, whose derivative of odd order m changes its sign at 1/2."""
        return Curved(order, 2**order * factorial(order), turns=order % 2)

    @property
    def ray_profiles(self) -> tuple[RayProfile, ...]:
        hinge = RayProfile("hinge", 1, 1, r"\max(\max_jx_j-a,0)/(1-a)", free=True)
        return RayProfile.constant(1), hinge

    @property
    def bowl(self) -> Bowl:
        """The mean of the (2x_j - 1)^2."""
        return Bowl(Fraction(8, self.dim))

    @property
    def point_families(self) -> tuple[PointFamily, ...]:
        return (ConvexStaircases(),) if is_symbolic(self.dim) or self.dim == 1 else (Fan(),)

    @property
    def boundary_layers(self) -> BoundaryLayers:
        """Affine pieces whose lengths grow so fast, away from 0 and from 1, that the slopes are monotone."""
        return BoundaryLayers(1, 2)

    @property
    def value_range(self) -> tuple[Number, Number]:
        return 0, 1

    @property
    def is_convex(self) -> bool:
        return True

    @property
    def every_convex(self) -> bool:
        return True

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
