"""Polynomials of degree two or three on columns times boxes by deep ReLU networks, p < inf. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import factorial, inf
from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.column_layers import ColumnGrid, Layout, found_layout, needed_widths, starts
from approxbounds.constructions.column_networks import column_layers
from approxbounds.constructions.column_search import ColumnSearch, Found
from approxbounds.constructions.fitted import FittedPolynomials
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.smoothness import cut_choices, interpolation_error, power_norm
from approxbounds.constructions.taylor import monic_norm, projection_error
from approxbounds.constructions.windows import MOST_DIRECTIONS
from approxbounds.facts.built import AffineMap
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import MOST_UNITS, Number, is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["CubicColumns", "QuadraticColumns"]


class PolynomialColumns(FittedPolynomials):
    """Polynomials of one degree on cells that are columns times boxes: a cell costs weights, not a unit."""

    exact = "exact but within $2^{-42}$ of it"

    @property
    @abstractmethod
    def degree(self) -> int:
        """r."""

    def names(self, query: Query) -> tuple[str, ...]:
        return ("K", *(f"b{j}" for j in range(2, int(query.G.domain_dim) + 1)), "J", "D", "Q")

    def needs(self, query: Query) -> str | None:
        r = self.degree
        if r == 2 and not 2 <= query.G.domain_dim <= MOST_DIRECTIONS:
            return f"it is for dimensions from 2 to {MOST_DIRECTIONS}"
        if r == 3 and query.G.domain_dim != 2:
            return "it is for two dimensions"
        if is_infinite(query.p):
            return "windows overlap on their faces, so p must be finite"
        if len(widths_of(query.G)) < 4:
            return "G must have four hidden layers or more"
        if self._regularity(query).mixed <= r:
            return f"F must be a Hölder or Sobolev (q = inf) ball with s >= {r + 1}"
        return None

    def grid(self, sizes: Mapping[str, int], *, two_sided: bool = False) -> ColumnGrid:
        return ColumnGrid(self.degree, tuple(list(sizes.values())[:-3]), two_sided)

    def layout(self, widths: tuple[int, ...], sizes: Mapping[str, int], *, two_sided: bool = False) -> Layout | None:
        """Where these sizes have room, if they have."""
        grid = self.grid(sizes, two_sided=two_sided)
        return found_layout(widths, grid, grid.breaks(sizes["J"], sizes["D"], sizes["Q"]))

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return max(sizes.values()) <= MOST_UNITS and self.layout(widths_of(query.G), sizes) is not None

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        *cells, J, D, Q = sizes.values()
        sides = [1 / cell for cell in cells]
        total, scale = sum(sides[1:], sides[0]), A.number(F.radius)
        squares = [side * total / 2 / (J * Q * J * Q) for side in sides]
        squares += [one * other / 2 / (D * Q * D * Q) for i, one in enumerate(sides) for other in sides[:i]]
        if is_symbolic(p) or p > 2:
            e = self.degree + 1
            mean = total / 2 * power_norm(A, A.number(1), e * p)
            found = mean**e / factorial(e) + sum(squares[1:], squares[0]) * monic_norm(A, 2, p) / 4
            cubic = interpolation_error(A, 2, 1, A.number(1), p)
        else:  # the errors of interpolation are orthogonal
            length = A.power(sum((s * s for s in squares[1:]), squares[0] * squares[0]), A.number(Fraction(1, 2)))
            found = projection_error(A, self.degree, sides) + length / A.power(A.number(180), A.number(Fraction(1, 2)))
            cubic = 1 / A.power(A.number(120), A.number(Fraction(1, 2)))
        if self.degree == 3:
            one, two = sides
            axes, diagonals = total * (one * one + two * two) / 2, one * two * A.maximum(one, two)
            found = found + (axes / (J * J) + diagonals / (D * D)) * cubic
        return scale * found

    def fitted(
        self, query: Query, error: Callable[[Mapping[str, Any]], float], *, two_sided: bool = False
    ) -> Mapping[str, int] | None:
        widths, names = widths_of(query.G), self.names(query)
        dim, F = len(names) - 3, self._numbers(query)

        def of(sizes: tuple[int, ...]) -> float:
            return error(dict(zip(names, sizes, strict=True)))

        found: Found = (inf, ())
        for start in starts(widths, dim):
            search = ColumnSearch(self.degree, widths, start, two_sided, of)
            choices = [cuts for cuts in cut_choices(F, dim - 1, widths[start]) if sum(cuts) < widths[start]]
            found = min(found, search.best(choices), key=lambda one: one[0])
        return dict(zip(names, found[1], strict=True)) if found[1] else None

    def layers(self, query: Query, sizes: Mapping[str, int], f: Function) -> list[AffineMap]:
        widths, grid = widths_of(query.G), self.grid(sizes, two_sided=True)
        layout = self.layout(widths, sizes, two_sided=True)
        assert layout is not None  # it was found
        pieces = sizes["J"], sizes["D"], sizes["Q"]
        return column_layers(f, grid, pieces=pieces, layout=layout, depth=len(widths), p=float(query.p))

    def rate(self, query: Query) -> Any:
        """For the best shapes: cells as many as parameters, up to a constant factor."""
        import sympy

        return sympy.Symbol("W", positive=True) ** -(SYMBOLIC.number(self.degree + 1) / query.G.domain_dim)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        sizes, widths = {name: int(witness[name]) for name in self.names(query)}, widths_of(query.G)
        layout = self.layout(widths, sizes)
        return None if layout is None else reshaped(query.G, needed_widths(self.grid(sizes), layout, sizes["Q"] - 1))


class QuadraticColumns(PolynomialColumns):
    """Polynomials of degree 2 on K b_2 .. b_d cells, p < inf, by four hidden layers or more.

    Hypotheses: d >= 2, ReLU, biases, real parameters; all derivatives of order 2 and 3 are bounded by R: Hölder balls
    with s >= 3, Sobolev balls (q = inf) of integer s >= 3. Sizes: K columns, b_j parts in direction j >= 2; squares
    are interpolated on J equal pieces along each axis of a cell and on 2D along each sum of two, each cut into Q pieces
    once more. With a(b) = ceil(2 sqrt(b)) - 1 and S = d(d+1)/2: a layer of K + sum b_j units; d(J-1) + (S-d)(2D-1)
    breaks in layers with sum a units more, and S(Q-1) in later ones; then pairs of layers of 1 + d + S units for each
    column and prod b_j for all boxes. Guarantee, h_j the sides of cells, H their sum, p <= 2::

        E_p <= R rem_2(h) + (R/sqrt(180)) (sum_i (h_i H/(2 J^2 Q^2))^2 + sum_{i<j} (h_i h_j/(2 D^2 Q^2))^2)^(1/2),

    rem_2 that of :func:`~approxbounds.constructions.taylor.projection_error`; p > 2: Taylor's remainder, and the sum of
    the terms. Limit of steep windows. Proof: THEORY.md, 5.1. Witness: ``K``, ``b2``, .., ``J``, ``D``, ``Q``.
    """

    id = "quadratic-columns"
    title = "Polynomials of degree two on columns and boxes by deep ReLU networks"
    degree = 2
    statement = (
        r"Cut $[0,1]^d$ into $K$ columns in $x_1$ and boxes in the other coordinates. Reflected coordinates are alike "
        r"in all cells, so interpolants of squares of them are made once, on $J$ pieces along axes and $2D$ along sums "
        r"of two, each cut into $Q$. One layer has units $(\mu-M\operatorname{dist}(x_1,I))_+$, $M\to\infty$, for each "
        r"column $I$ and each of the functions $\mu$ that polynomials are combinations of, the next a unit for each "
        r"box, with the polynomial of each cell in its weights; further pairs of layers have further columns. "
        r"$p<\infty$; the error is at most that of the best polynomials plus that of the interpolations."
    )


class CubicColumns(PolynomialColumns):
    """The same with polynomials of degree 3, d = 2; all derivatives of order 2, 3 and 4 are bounded by R.

    Hölder balls with s >= 4, Sobolev balls (q = inf) of integer s >= 4. Cubes are interpolated on the J pieces along
    each axis and on 2D pieces along w_1 + w_2 and w_1 - w_2; with S = 7 in place of 3, 2(J-1) + 2(2D-1) breaks, and 3
    (Q-1) of the second level, which are for squares only. Guarantee, p <= 2, with rem_3 in place of rem_2 in the
    formula of ``quadratic-columns``::

        E_p <= (that) + (R/sqrt(120)) (H (h_1^2 + h_2^2)/(2 J^2) + h_1 h_2 max(h_1, h_2)/D^2).

    Witness: ``K``, ``b2``, ``J``, ``D``, ``Q``. Proof: THEORY.md, 5.1.
    """

    id = "cubic-columns"
    title = "Polynomials of degree three on columns and boxes by deep ReLU networks"
    degree = 3
    statement = QuadraticColumns.statement.replace("squares of them", "squares and cubes of them").replace(
        r"along sums of two, each cut into $Q$", r"along diagonals, each cut into $Q$ for squares"
    )
