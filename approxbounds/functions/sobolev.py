"""Sobolev balls of integer smoothness. THEORY.md, section 2.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import factorial
from typing import Any, Self

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.description import where
from approxbounds.facts.functions import Regularity, SmoothBall, box_gradient_error, gradient_error
from approxbounds.facts.hypercube import HypercubeFamily, Index
from approxbounds.facts.splines import SmoothSplines, SplineBall
from approxbounds.facts.waves import HolderWave, Wave
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.besov import besov_smoothness
from approxbounds.functions.bump import concentrated_maximum_holds
from approxbounds.functions.cubes import BumpCubes, Cubes, DistanceCubes, PerfectSplineCubes
from approxbounds.functions.halves import halves_of
from approxbounds.functions.perfect_spline import MOST_ORDER, derivative_amplitude
from approxbounds.parameters import DIMENSION, POSITIVE, Exponent, Integer, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = ["SobolevBall", "SobolevCubes", "SobolevSplineCubes"]


@dataclass(frozen=True)
class SobolevCubes(BumpCubes):
    """w = A k^{-s} prod_j psi(k t_j), psi = (4y(1-y))^s, A = R / max_{|m|<=s} ||D^m phi||_inf = R/(4^s s!).

    Derivatives up to order s-1 vanish on the cell boundaries, so f_omega has weak derivatives of order s,
    bounded by A max ||D^m phi||, whose L^q norms are at most their sup norm. The maximum is ||psi^(s)|| =
    4^s s!, since mixed derivatives are dominated by pure ones (checked in balls).
    """

    id = "sobolev-cubes"
    citations = (Citation("approxbounds", "2.4"),)

    def _height(self, A: Arithmetic[V]) -> V:
        s = int(self.smoothness)
        concentrated_maximum_holds(s - 1)
        return A.number(self.radius) / A.number(4**s * factorial(s))

    def describe(self, index: Index | None) -> str:
        k = "k" if index is None else str(index["k"])
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}; $f_\\omega=\\pm w$ by the sign "
            f"of $2\\omega_i-1$, with $w=A\\,k^{{-s}}\\prod_j\\psi(kt_j)$, $\\psi(y)=(4y(1-y))^s$, $A=R/(4^ss!)$. "
            f"All centres are 0."
        )


@dataclass(frozen=True)
class SobolevSplineCubes(PerfectSplineCubes):
    """The products of perfect splines with A = R/max_{|m|<=s} prod_j q_{m_j}, 2 <= s <= 8.

    Derivatives up to order s - 1 vanish on the cell boundaries, and those of order s are bounded by R, as above.
    """

    id = "sobolev-perfect-splines"
    citations = (Citation("approxbounds", "2.4"),)

    def _height(self, A: Arithmetic[V]) -> V:
        return A.number(self.radius) * A.number(derivative_amplitude(self._order, int(self.dim)))

    @property
    def _amplitude(self) -> str:
        return r"$A=R/\max_{|m|\le s}\prod_jq_{m_j}$, $q_i=\|\psi^{(i)}\|_\infty/\psi(\tfrac12)$"


@dataclass(frozen=True, kw_only=True)
class SobolevBall(FunctionClass):
    """Functions on [0,1]^d with ||D^m f||_{L^q} <= R for all |m| <= s (weak derivatives).

    Parameters: ``smoothness`` (s, an integer from 1 to 100), ``dim`` (d), ``radius`` (R), ``integrability``
    (q in [1, inf]). The lower bounds hold for every q, as the hard functions have bounded derivatives. The
    entropy exponent is d/s (Birman and Solomyak 1967).

    >>> SobolevBall(smoothness=2, dim=3, integrability=2).entropy_exponent(2)
    3/2
    """

    citations = (Citation("BirmanSolomyak1967"),)
    symmetric = True

    dim: Number = field(metadata=DIMENSION)
    smoothness: Number = field(metadata=allowed(Integer(maximum=100, symbols=False)))
    integrability: Number = field(metadata=allowed(Exponent()))
    radius: Number = field(default=1, metadata=POSITIVE)

    @property
    def definition(self) -> str:
        q = r"\infty" if is_infinite(self.integrability) else str(self.integrability)
        return (
            f"$F$ is the Sobolev ball $\\|D^mf\\|_{{L^{{{q}}}}}\\le R$ for $|m|\\le s$ on $[0,1]^d$"
            f"{where(', ', s=self.smoothness, d=self.dim, R=self.radius)}."
        )

    def larger(self) -> Iterator[Self]:
        return self.variants({"radius": 2 * self.radius})

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        s, arguments = self.smoothness, (self.smoothness, self.dim, self.radius)
        cubes: Cubes = SobolevCubes(*arguments)
        if s == 1:  # Lipschitz functions are larger than these bumps
            cubes = DistanceCubes(*arguments)
        if is_symbolic(self.dim):
            return (cubes,)
        splines = () if s == 1 or s > MOST_ORDER else (SobolevSplineCubes(*arguments),)
        return cubes, *splines, *halves_of(cubes, *splines, dim=self.dim)

    def blow_up(self, p: Number) -> str | None:
        """For s + d/p < d/q: the family squeezed into a small cube."""
        q, d = self.integrability, Fraction(self.dim)
        if is_infinite(q) or self.smoothness + (0 if is_infinite(p) else d / p) >= d / q:
            return None
        at_p = "" if is_infinite(p) else "+d/p"
        return (
            f"As $s{at_p}<d/q$, the functions $\\pm w$ on the cubes of side $\\delta/k$ in $[0,\\delta]^d$ are in $F$, "
            f"$w=A(\\delta/k)^s\\delta^{{-d/q}}\\prod_j\\psi(kt_j/\\delta)$, $\\psi(y)=(4y(1-y))^s$, $A=R/(4^ss!)$. "
            f"Their norms, of order $k^{{-s}}\\delta^{{s{at_p}-d/q}}$, tend to infinity as $\\delta\\to0$ with the "
            f"number of cubes $k^d$ fixed."
        )

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    @property
    def smooth_ball(self) -> SmoothBall:
        """For every q: bounded derivatives of order s are weak derivatives with L^q norms of at most R."""
        return SmoothBall(self.smoothness, self.radius, directional=True)

    @property
    def spline_balls(self) -> tuple[SplineBall, ...]:
        return (SmoothSplines(self.smoothness, self.dim, self.radius, weak=True),)

    @property
    def wave(self) -> Wave:
        return HolderWave(self.smoothness, self.radius)

    @property
    def holder_smoothness(self) -> Number | None:
        """s for q = inf: the ball of W^{s,inf}, whose functions have R-bounded derivatives up to order s."""
        return self.smoothness if is_infinite(self.integrability) else None

    def embedded_smoothness(self, p: Number) -> Number | None:
        return besov_smoothness(self.smoothness, self.dim, self.integrability, p)

    @property
    def holder_radius(self) -> Number:
        return self.radius

    @property
    def regularity(self) -> Regularity | None:
        """For q = inf. Not isotropic: derivatives of order s-1 are Lipschitz with constant sqrt(d) R only."""
        if self.holder_smoothness is None or is_symbolic(self.dim):
            return None
        return Regularity((self.smoothness,) * self.dim, self.radius, mixed=self.smoothness)

    def modulus_constant(self, A: Arithmetic[V]) -> V:
        """sqrt(d) R, a bound on the Euclidean norm of the gradient (the cube is convex)."""
        return A.number(self.radius) * A.power(A.number(self.dim), A.number(1) / 2)

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        return gradient_error(A, self.dim, self.radius, k, p)

    def box_error(self, A: Arithmetic[V], resolutions: Sequence[V | float], p: Number) -> V:
        return box_gradient_error(A, self.radius, resolutions, p)

    @property
    def last_modulus(self) -> tuple[Number, Number] | None:
        return (1, self.radius) if is_infinite(self.integrability) else None

    @property
    def value_range(self) -> tuple[Number, Number] | None:
        return (-self.radius, self.radius) if is_infinite(self.integrability) else None

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(self.dim) / SYMBOLIC.number(self.smoothness)
