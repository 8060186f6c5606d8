"""Piecewise-linear elements on the Kuhn triangulation of the square: two hidden layers, every L^p. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.pairs import assembled, best_plan, cell_shares, cell_widths, sum_of_cells
from approxbounds.constructions.placement import reshaped, two_layers_refusal, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.smoothness import gradient_refusal
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness

__all__ = ["ElementConstruction"]


class ElementConstruction(SizedConstruction):
    """Linear interpolation on triangles of sides 1/k, 1/k, sqrt(2)/k: exact, with finite weights, in every L^p.

    Hypotheses: d = 2, ReLU, biases, real parameters, n_1 >= 4k - 1 and n_2 >= (k+1)^2 - 1, or pairs of layers that hold
    so many units together; F a Hölder ball, 1 < s <= 2, or with bounded second derivatives. Guarantee, h = 1/k, e =
    min(s, 2): R c (h^2/2)^(e/2) for p = inf, R c (h^2/3)^(e/2) for ep <= 2, R c ((h^2/2)^(ep/2-1) h^2/3)^(1/p) else;
    c = sqrt(2)/s for Hölder balls, s <= 2, and 1 for bounded second derivatives. Witness: ``k``.

    Proof. In the triangle, with barycentric coordinates lam_i, sum lam_i |v_i - x|^2 = h^2/2 - |x - o|^2, o the middle
    of the longest side, of mean h^2/3. The error is sum lam_i [f(v_i) - f(x) - grad f(x)(v_i - x)], at most (R/s)
    sum lam_i |w_i|_1 |w_i|_2^(s-1), or (R/2) sum lam_i |w_i|_1^2, w_i = v_i - x; |w|_1 <= sqrt(2) |w|_2, and y^(e/2) is
    concave. The hat of a vertex is (1 - (|u| + |v| + |u - v|)/2)_+, (u, v) = k (x - vertex): of the three moduli the
    largest is the sum of the others. The hats add up to 1: one vertex needs no unit.
    """

    id = "p1"
    title = "Piecewise-linear elements by two layers of ReLU units"
    statement = (
        r"Interpolate $f$ linearly on the triangles into which the diagonals cut the $k\times k$ squares. The hat of a "
        r"vertex is one unit $(1-(|u|+|v|+|u-v|)/2)_+$ of the moduli of $(u,v)=k(x-\text{vertex})$, which are made of "
        r"$4k-1$ units in the first layer; the error is at most of order $k^{-\min(s,2)}$ in every $L^p$, by the mean "
        r"and the maximum of $\sum_i\lambda_i|v_i-x|^2$ over a triangle, $h^2/3$ and $h^2/2$, $h=1/k$."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("k",)

    def needs(self, query: Query) -> str | None:
        F = self._regularity(query)
        if query.G.domain_dim != 2:
            return "it is for d = 2"
        return gradient_refusal(F) or two_layers_refusal(query.G)

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        k = largest(lambda k: self.has_room(query, {"k": k}), max(widths_of(query.G)))
        return {"k": k} if k else None

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        k = sizes["k"]
        found = best_plan(widths_of(query.G), 2, sum_of_cells(4 * k - 1))
        return found is not None and found[0] >= (k + 1) ** 2 - 1

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        e, h = min(F.along[0], 2), 1 / sizes["k"]
        factor, square = A.number(F.radius), h * h
        if F.isotropic and F.along[0] <= 2:
            factor = factor * A.power(A.number(2), A.number(1) / 2) / A.number(F.along[0])
        power = A.number(e) / 2
        if is_infinite(p):
            return factor * A.power(square / 2, power)
        # for ep > 2 the mean of the (ep/2)-th power is at most h^2/3 times a power of the maximum; else by Jensen
        exponent = A.maximum(power - 1 / A.number(p), A.number(0))
        return factor * A.power(square / 2, exponent) * A.power(square / 3, power - exponent)

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1 and n_2 of order k and k^2."""
        import sympy

        return sympy.Symbol("W", positive=True) ** -(SYMBOLIC.number(min(self._regularity(query).along[0], 2)) / 3)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        k = int(witness["k"])
        needed = cell_widths(widths_of(query.G), 2, 4 * k - 1, (k + 1) ** 2 - 1)
        return None if needed is None else reshaped(query.G, needed)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at the vertices; the one where it is least is the output bias."""
        require_moderate(query.G)
        widths, k = widths_of(query.G), int(witness["k"])
        found = best_plan(widths, 2, sum_of_cells(4 * k - 1))
        assert found is not None  # it has a witness
        vertices = np.indices((k + 1, k + 1)).reshape(2, -1).T
        values = values_at(f, vertices / k)
        lowest = int(values.argmin())
        chosen = np.delete(vertices, lowest, axis=0)
        weights, constant = np.delete(values, lowest) - values[lowest], float(values[lowest])
        inner, sloping = np.arange(1, k) / k, np.arange(1 - k, k) / k
        directions = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], [k - 1, k - 1, 2 * k - 1], axis=0)
        first = directions, -np.concatenate([inner, inner, sloping])
        # |t - a| = 2 (t - a)_+ - (t - a) at inner breaks a, and +-(t - a) at those where it does not change its sign
        matrix, biases = np.zeros((len(chosen), 2 + len(directions))), np.ones(len(chosen))
        rows = np.arange(len(chosen))
        kinds = (
            (chosen[:, 0], 0, k, 2, (1.0, 0.0)),
            (chosen[:, 1], 0, k, k + 1, (0.0, 1.0)),
            (chosen[:, 0] - chosen[:, 1], -k, k, 2 * k, (1.0, -1.0)),
        )
        for place, least, most, start, (right, up) in kinds:
            broken = (place > least) & (place < most)
            matrix[rows[broken], start + place[broken] - least - 1] -= k
            sign = (
                np.where(place == least, -1.0, 1.0) / 2
            )  # of -|t - a|/2 as a multiple of k (t - a), without the hinge
            matrix[:, 0] += sign * k * right
            matrix[:, 1] += sign * k * up
            biases -= sign * place
        shares = cell_shares(found[1], first, (matrix, biases), weights)
        return dense(query.G, assembled(found[1], shares, len(widths), 2, constant))
