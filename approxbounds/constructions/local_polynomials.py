"""Polynomials of degree two or three on cubes by ReLU networks of three hidden layers, p < inf. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb
from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.cube_layers import Shape, cells_by_layer, most_breaks
from approxbounds.constructions.fitted import FittedPolynomials
from approxbounds.constructions.local_networks import Layout, network_layers
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.smoothness import interpolation_error
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.taylor import monic_norm, near_in_square_mean, projection_error, taylor_error
from approxbounds.constructions.windows import MOST_DIRECTIONS
from approxbounds.facts.built import AffineMap
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import MOST_UNITS, Number, is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["LocalPolynomials"]


def _remainder(F: Regularity, degree: int) -> tuple[Number, int] | None:
    """Order and whole order of Taylor's remainder for polynomials of this degree; None if they are of no use."""
    s = F.along[0]
    if F.isotropic and not is_symbolic(s) and F.mixed >= degree and degree < s <= degree + 1:
        return s, degree
    return (degree + 1, degree + 1) if F.mixed > degree else None


def _degree(F: Regularity) -> int:
    return 3 if len(F.along) == 2 and _remainder(F, 3) is not None else 2


class LocalPolynomials(FittedPolynomials):
    """Taylor polynomials of degree 2 (of degree 3 for d = 2, s > 3) on b^d cubes, by three hidden layers, p < inf.

    Hypotheses: d >= 2, ReLU, biases, real parameters; all derivatives of order 2 (and 3) are bounded by R, F a Hölder
    ball, s > 2, or all derivatives of order 3 (or 4) bounded by R. Sizes, l = 1/b, J pieces along each axis of a cube
    and 2K along each of D diagonals, D = d(d-1)/2 (degree 3: D = 2): n_1 >= db, n_2 >= db + d(J-1) + D(2K-1), n_3 >=
    b^d; cells may be shared by further layers. Guarantee, rem the remainder of ``power-cells``, beta = min_c ||t(1-t) -
    c||_p <= 1/8 and b_p = ||t(1-t)||_p on [0,1]:

        E_p <= rem + (R l^2/2) beta (d^2/J^2 + D/K^2)                                   (degree 2),
        E_p <= rem + R l^2 ((beta + b_p l)/J^2 + (beta/2 + b_p l)/K^2)                  (degree 3).

    For p <= 2 and derivatives of order 3 (or 4) bounded by R, rem may be that of the L^2 projection of this degree: its
    quadratic and cubic coefficients have the bounds of Taylor's, by the formula of Rodrigues and the parity of Legendre
    polynomials.

    Limit of steep windows. Proof: THEORY.md, 5.1. Witness: ``b``, ``J``, ``K``.
    """

    exact = "which are exact"
    id = "local-polynomials"
    title = "Polynomials of degree two or three on cubes by ReLU networks"
    statement = (
        r"Reflected coordinates $u_j\in[0,l]$, $l=1/b$, are alike in all $b^d$ cubes, so interpolants of squares (and "
        r"cubes) of $u_j-\frac l2$ and of $u_i\pm u_j-\ldots$ are made once, and each cube has a unit "
        r"$(A_Q(x)+B-M\sum_j\operatorname{dist}(x_j,I_j))_+$ with its own combination $A_Q$ of them, nearly the Taylor "
        r"polynomial at its centre or (for $p\le2$) the $L^2$ projection, $M\to\infty$, $p<\infty$. The error is at "
        r"most the remainder plus that of the interpolations."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("b", "J", "K")

    def needs(self, query: Query) -> str | None:
        if not 2 <= query.G.domain_dim <= MOST_DIRECTIONS:
            return f"it is for dimensions from 2 to {MOST_DIRECTIONS}"
        if is_infinite(query.p):
            return "windows overlap on their faces, so p must be finite"
        if len(widths_of(query.G)) < 3:
            return "G must have three hidden layers or more"
        F = self._regularity(query)
        return None if _remainder(F, _degree(F)) else "F must be a Hölder or Sobolev (q = inf) ball with s > 2"

    def shape(self, query: Query, cells: int, *, two_sided: bool = False) -> Shape:
        """Of b^d cubes; ``two_sided``: with a further unit at each inner face."""
        dim = int(query.G.domain_dim)
        quadratic = _degree(self._regularity(query)) == 2
        diagonals, curved = (comb(dim, 2), comb(dim + 1, 2)) if quadratic else (2, 7)
        return Shape(dim, diagonals, dim * (2 * cells - 1 if two_sided else cells), curved, cells**dim)

    def fitted(
        self, query: Query, error: Callable[[Mapping[str, Any]], float], *, two_sided: bool = False
    ) -> Mapping[str, int] | None:
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        diagonals = self.shape(query, 1).diagonals

        def room(b: int) -> int:
            breaks, _ = most_breaks(widths, self.shape(query, b, two_sided=two_sided))
            return breaks if breaks >= diagonals else 0

        def sizes(b: int, breaks: int) -> dict[str, int]:
            J, K = self.shape(query, b).pieces(breaks)
            return {"b": b, "J": J, "K": K}

        def least(b: int, breaks: int) -> float:
            """As if all units were for the axes, and all for the diagonals."""
            return error({"b": b, "J": 1 + breaks / dim, "K": (1 + breaks / diagonals) / 2})

        choices = resolutions_up_to(max(widths) // dim)
        split = best_split(choices, room, lambda b, breaks: error(sizes(b, breaks)), least)
        return None if split is None else sizes(*split)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        b, J, K = (sizes[name] for name in ("b", "J", "K"))
        shape = self.shape(query, b)
        return max(b, J, K) <= MOST_UNITS and most_breaks(widths_of(query.G), shape)[0] >= shape.breaks(J, K)

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        b, J, K = (sizes[name] for name in ("b", "J", "K"))
        degree, dim, side = _degree(F), len(F.along), 1 / b
        remainder = _remainder(F, degree)
        assert remainder is not None  # refused else
        order, whole = remainder
        total = taylor_error(A, dim, side / 2, p, order=order, whole=whole)
        if F.mixed > degree and near_in_square_mean(p):
            total = A.minimum(total, projection_error(A, degree, [side] * dim))
        total = A.number(F.radius) * total
        axes, diagonals, cubic = (dim**2, comb(dim, 2), A.number(0)) if degree == 2 else (2, 1, 2 * side)
        for square, pieces in ((axes, J), (diagonals, K)):  # bounds on second derivatives, over R
            level = A.number(F.radius) * (side / pieces) * (side / pieces) / 8 * monic_norm(A, 2, p)
            total = total + square * level + cubic * interpolation_error(A, 2, F.radius, side / pieces, p)
        return total

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1, n_2 and n_3 of order b, b and b^d."""
        import sympy

        F = self._regularity(query)
        remainder = _remainder(F, _degree(F))
        assert remainder is not None  # refused else
        return sympy.Symbol("W", positive=True) ** -(SYMBOLIC.number(remainder[0]) / (len(F.along) + 1))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        widths, shape = widths_of(query.G), self.shape(query, int(witness["b"]))
        breaks = shape.breaks(int(witness["J"]), int(witness["K"]))
        found, start = most_breaks(widths, shape)
        if found < breaks:
            return None
        *shares, last = cells_by_layer(widths[start + 2 :], shape, breaks)
        needed = [shape.dim] * start + [shape.windows, shape.windows + breaks]
        needed += [shape.passed(breaks) + share + (sum(shares[:i]) > 0) for i, share in enumerate(shares)]
        return reshaped(query.G, (*needed, last + (sum(shares) > 0)))

    def layers(self, query: Query, sizes: Mapping[str, int], f: Function) -> list[AffineMap]:
        widths, shape = widths_of(query.G), self.shape(query, sizes["b"], two_sided=True)
        breaks = shape.breaks(sizes["J"], sizes["K"])
        _, start = most_breaks(widths, shape)
        layout = Layout(
            degree=_degree(self._regularity(query)),
            dim=shape.dim,
            **sizes,
            start=start,
            shares=cells_by_layer(widths[start + 2 :], shape, breaks),
            depth=len(widths),
            compact=shape.curved < breaks,
        )
        return network_layers(f, layout, float(query.p))
