"""Splines with free knots: the one-dimensional rivals of networks that adapt to their target. THEORY.md, 3.7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from approxbounds.errors import ParameterError
from approxbounds.facts.growth import (
    CountedLayer,
    GrowthBound,
    KnotCount,
    PolynomialCount,
    SumCount,
    Thresholds,
)
from approxbounds.facts.networks import Contents, Orders
from approxbounds.facts.piecewise import Piecewise
from approxbounds.networks.base import NetworkClass
from approxbounds.parameters import FLAG, Integer, allowed
from approxbounds.sources import Citation

__all__ = ["FreeKnotSplines"]


@dataclass(frozen=True, kw_only=True)
class FreeKnotSplines(NetworkClass):
    """Piecewise polynomials of degree <= r on [0,1] with n free knots: n + 1 pieces.

    knots: n >= 1; degree: r >= 0. ``smooth=False``: the pieces have nothing to do with each other, and a knot
    belongs to one of its two pieces. ``smooth=True`` (r >= 1): p + sum_{i<=n} a_i max(x - t_i, 0)^r with a
    polynomial p of degree <= r, which are the functions of C^{r-1} among them. Not a linear space, as the
    knots are free; numbers only (rates are in n).

    Growth on m points at any thresholds: V(m, (n+1)(r+2) - 1), as there are n + 1 pieces (THEORY.md, 3.7), for smooth
    splines of degree 1 V(m, 2n+2). For smooth splines also: the knots cut the points into n + 1 groups in C(m+n, n)
    ways; then g(x_i) is a polynomial of degree r in the t_i and 1 in the n + r + 1 numbers a_i and coefficients of p.

    At thresholds that are an affine function of x (constant if r = 0) the patterns 1[g > c] change at most P
    times along the points: at most r times on each piece, and at each knot, P = (n+1)(r+1) - 1; for smooth
    splines P = n + r. Proof: g - c - eps, with small eps > 0, has the same patterns and no zero at the
    points. An absolutely continuous f has at most one strict change of sign more than f'; from g - c - eps
    to the r-th derivative, a step function of n + 1 values, these are r steps. (On intervals where g
    vanishes nothing is to be done, as strict changes are counted; zeros of splines: Schumaker 2007.)

    >>> FreeKnotSplines(knots=3, degree=1).pseudo_dimension().value
    11
    """

    citations = (Citation("Schumaker2007", "zeros of polynomial splines"),)
    knots: int = field(metadata=allowed(Integer(symbols=False)))
    degree: int = field(metadata=allowed(Integer(minimum=0, maximum=1000, symbols=False)))
    smooth: bool = field(default=False, metadata=FLAG)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smooth and self.degree == 0:
            raise ParameterError("degree", self.degree, "must be at least 1 for smooth splines")

    @property
    def domain_dim(self) -> int:
        return 1

    @property
    def contains_constants(self) -> bool:
        return True

    @property
    def may_contain(self) -> Contents:
        return Contents(zero=True, constant=True, cells=0 if self.smooth else self.knots)

    def larger(self) -> Iterator[Self]:
        if self.smooth:  # in C^{r-1}: those of a higher degree are smoother
            return iter(())
        return self.variants({"knots": self.knots + 1}, {"degree": self.degree + 1})

    @property
    def definition(self) -> str:
        smooth = f"in $C^{{{self.degree - 1}}}$ " if self.smooth else ""
        return (
            f"$G$: piecewise polynomials on $[0,1]$ of degree $\\le r={self.degree}$ {smooth}with $n={self.knots}$ "
            f"free knots."
        )

    @property
    def orders(self) -> Orders:
        """Pdim is of order n for a fixed degree."""
        import sympy

        return Orders.of_size(sympy.Symbol("n", positive=True))

    @property
    def piecewise(self) -> Piecewise:
        changes, affine = self._changes(Thresholds.COMMON), self._changes(Thresholds.AFFINE)
        return Piecewise(self.knots + 1, self.degree, changes, affine, continuous=self.smooth)

    @property
    def piece_order(self) -> Any:
        return self.orders.pdim

    @property
    def is_continuous(self) -> bool:
        return self.smooth

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        n, r = self.knots, self.degree
        if not self.smooth:
            return GrowthBound(self.line_counts(thresholds))
        coefficients = CountedLayer("coefficients", (PolynomialCount(1, ((r, n), (1, n + r + 1))),))
        knots = CountedLayer("knots", (KnotCount(n),), hidden=True)
        return GrowthBound((SumCount((knots, coefficients)), *self.line_counts(thresholds)))

    def _changes(self, thresholds: Thresholds) -> int:
        """The most changes of the patterns along the points at these thresholds."""
        if self.smooth:
            return self.knots + self.degree
        # an affine threshold makes steps pieces of degree 1
        degree = self.degree if thresholds is Thresholds.COMMON else max(self.degree, 1)
        return (self.knots + 1) * (degree + 1) - 1
