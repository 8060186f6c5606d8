"""Besov balls: smoothness measured by differences in L^q. THEORY.md, section 2.4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, isqrt
from typing import Any, Self

from approxbounds.arithmetic import SYMBOLIC
from approxbounds.description import where
from approxbounds.facts.functions import SmoothBall
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.facts.waves import HolderWave, Wave
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.holder import HolderBall
from approxbounds.parameters import DIMENSION, POSITIVE, Exact, Exponent, allowed
from approxbounds.render import latex
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic, tidy

__all__ = ["BesovBall", "besov_smoothness"]


def besov_smoothness(s: Number, dim: Number, q: Number, p: Number) -> Number | None:
    """s/d if s/d > 1/q - 1/p, for all values of p if it is a symbol; None otherwise, also if d or q is a symbol."""
    if is_symbolic(dim) or is_symbolic(q):
        return None
    gap = (0 if is_infinite(q) else Fraction(1) / q) - (0 if is_symbolic(p) or is_infinite(p) else Fraction(1) / p)
    smoothness = Fraction(s) / dim
    return tidy(smoothness) if smoothness > gap else None


@dataclass(frozen=True, kw_only=True)
class BesovBall(FunctionClass):
    """The ball of radius R of the Besov space B^s_{q,infinity} on [0,1]^d.

    It is ``||f||_q + sup_{t>0} t^{-s} omega_r(f,t)_q <= R``, r = floor(s) + 1; omega_r(f,t)_q is the supremum over
    ``|h|_2 <= t`` of the L^q norm of the r-th difference of f with step h, on the x with x and x + rh in [0,1]^d. Other
    norms of this space have balls that differ by constant factors; the third index infinity gives the largest space.

    The lower bounds are those of a Hölder ball in it, whose radius is smaller by ``1 + 2^{r-n-1} ceil(d^{n/2})``,
    n = ceil(s) - 1; from above only rates are known. Parameters: ``smoothness`` (s, a number in (0, 100]), ``dim``
    (d), ``radius`` (R), ``integrability`` (q in [1, inf]).

    >>> print(BesovBall(smoothness="3/2", dim=4, integrability=1).inner)
    HolderBall(dim=4, radius=1/3, smoothness=3/2)
    """

    citations = (Citation("KolmogorovTikhomirov1959"), Citation("Siegel2023"))
    symmetric = True

    dim: Number = field(metadata=DIMENSION)
    smoothness: Number = field(metadata=allowed(Exact(maximum=100, symbols=False)))
    integrability: Number = field(metadata=allowed(Exponent()))
    radius: Number = field(default=1, metadata=POSITIVE)

    @property
    def definition(self) -> str:
        q = "\\infty" if is_infinite(self.integrability) else str(self.integrability)
        shown = where(", ", d=self.dim, s=self.smoothness, q=q, R=self.radius)
        return (
            f"$F$ is the Besov ball $\\|f\\|_q+\\sup_tt^{{-s}}\\omega_r(f,t)_q\\le R$ of $B^s_{{q,\\infty}}([0,1]^d)$, "
            f"$r=\\lfloor s\\rfloor+1${shown}. It contains the Hölder ball of smoothness $s$ and radius "
            f"${latex(SYMBOLIC.number(self.inner.radius))}$."
        )

    @property
    def inner(self) -> HolderBall:
        """A Hölder ball in this ball."""
        n = ceil(self.smoothness) - 1
        factor = 2 if n + 1 == self.smoothness else 1  # 2^(r-n-1)
        if is_symbolic(self.dim):
            radius = self.radius / (1 + factor * SYMBOLIC.power(self.dim, SYMBOLIC.number(Fraction(n, 2))))
        else:
            radius = tidy(self.radius * Fraction(1, 1 + factor * (isqrt(self.dim**n - 1) + 1)))
        return HolderBall(smoothness=self.smoothness, dim=self.dim, radius=radius)

    def larger(self) -> Iterator[Self]:
        return self.variants({"radius": 2 * self.radius})

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        return self.inner.families

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    @property
    def smooth_ball(self) -> SmoothBall:
        return SmoothBall(self.smoothness, self.inner.radius)

    @property
    def wave(self) -> Wave:
        return HolderWave(self.smoothness, self.inner.radius)

    @property
    def value_range(self) -> tuple[Number, Number] | None:
        return (-self.radius, self.radius) if is_infinite(self.integrability) else None

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(self.dim) / SYMBOLIC.number(self.smoothness)

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        """That of the Hölder ball."""
        return self.citations[:1]

    def embedded_smoothness(self, p: Number) -> Number | None:
        return besov_smoothness(self.smoothness, self.dim, self.integrability, p)
