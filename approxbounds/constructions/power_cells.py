"""Polynomials on cubes by networks of max(x,0)^q, q >= 2. THEORY.md, section 5."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, comb, factorial
from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.placement import placement_refusal, power_of, reshaped, widths_of
from approxbounds.constructions.power_networks import one_layer, two_layers
from approxbounds.constructions.taylor import monic_norm, near_in_square_mean, projection_error, taylor_error
from approxbounds.errors import HypothesisError, NotApplicableError, echo
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.hypercube import integer_root
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["PowerCells", "cells_in_one_layer", "cells_in_two_layers"]

_BUILT_POWER = 8  # up to which polynomials and their weights are well determined by doubles


def cells_in_one_layer(widths: tuple[int, ...], power: int, dim: int) -> int:
    """b: all polynomials of degree <= q on each of b intervals (d = 1), or on [0,1]^d (b = 1), by one layer.

    q powers of affine functions and the bias span the polynomials on the first interval, q+1 breaks close to its end
    change one to another. Layers before it pass x on, layers after it the sum.
    """
    if dim == 1:
        return max((width + 1) // (power + 1) for width in widths)
    passing = next((i for i, width in enumerate(widths) if width < dim), len(widths) - 1)
    return int(max(widths[: passing + 1]) >= comb(power + dim, dim) - 1)


def cells_in_two_layers(widths: tuple[int, ...], power: int, dim: int) -> int:
    """b: the same on b^d cubes by two layers, C(q+d,d) - 1 powers and d(b-1) breaks, then one unit a cube."""
    powers, best = comb(power + dim, dim) - 1, 0
    for first, second in pairwise(widths):
        if first >= powers:
            root = integer_root(second, dim)
            best = max(best, min((first - powers) // dim + 1, root if root**dim == second else root - 1))
        if first < dim:  # x gets no further
            break
    return best


class PowerCells(Construction):
    """A polynomial of degree <= q on each of b^d cubes of side 1/b, by max(x,0)^q, q >= 2; p < inf, or b = 1.

    Hypotheses: all derivatives of f of order e are bounded by R, or those of order n = ceil(s) - 1 <= q are Hölder with
    exponent s - n and constant R (Hölder balls; every F for d = 1). With u uniform on |u_j| <= 1/(2b), t = sp::

        E_p <= R Gamma(s-n+1)/Gamma(s+1) || |u|_1 ||_t^n || |u|_2 ||_t^{s-n}   (Hölder, s <= q+1),
        E_p <= R || |u|_1 ||_{ep}^e / e!,   e = min(floor(s), q+1)             (otherwise),
        E_p <= R (2b)^{-q-1} kappa/(q+1)!                                       (d = 1, s >= q+1),
        E_p <= R rem_{e-1}(1/b, .., 1/b)                        (p <= 2, e an integer, see projection_error),

    kappa the L^p norm on [-1,1] of a monic polynomial of degree q+1 with zeros there. Proof: Taylor's formula at the
    centres and Hölder's inequality, or interpolation at the zeros; cubes: THEORY.md, section 5. Witness: ``cells`` (b).
    """

    id = "power-cells"
    title = "Polynomials on cubes by powers of ReLU"
    statement = (
        r"Units $\max(x,0)^q$ make, in the limit, every function that is a polynomial of degree at most $q$ on each of "
        r"$b^d$ cubes: powers of affine functions span the polynomials, and one unit of the second layer switches one "
        r"of them on in its cube; for $d=1$, $q+1$ close breaks change one polynomial to the next."
    )

    def refusal(self, query: Query) -> str | None:
        F, G, s = query.F, query.G, query.F.holder_smoothness
        reason = placement_refusal(G)
        if reason is not None or power_of(G) < 2:
            return reason or "the activation must be max(x,0)^q with q >= 2"
        if s is None or is_symbolic(s) or is_symbolic(F.domain_dim) or not (F.is_holder_ball or s >= 1):
            return "F must be a Hölder, Lipschitz or Sobolev (q = inf) ball, its smoothness and dimension numbers"
        if G.symbols:
            whole = all(map(is_symbolic, widths_of(G))) and not is_infinite(query.p)
            return (
                None if whole and (F.domain_dim == 1 or len(widths_of(G)) > 1) else "it needs wide layers and p < inf"
            )
        return None if self._most(query) else "G is too small for the construction"

    def _most(self, query: Query) -> int:
        arguments = widths_of(query.G), power_of(query.G), int(query.F.domain_dim)
        one = cells_in_one_layer(*arguments)
        return min(one, 1) if is_infinite(query.p) else max(one, cells_in_two_layers(*arguments))

    def search(self, query: Query) -> Witness:
        most = self._most(query)
        if not most:
            raise HypothesisError("G is too small for the construction")
        return {"cells": most}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        b, most = integer_of(witness, "cells", minimum=1), self._most(query)
        require(b <= most, f"cells={echo(b)}: the widths of G (and p) allow at most {most}")
        return self._error(A, query, A.number(b))

    def _order(self, query: Query) -> Number:
        """The power of 1/b in the error."""
        s, top = self._smoothness(query), power_of(query.G) + 1
        return min(s if query.F.is_holder_ball else int(s), top)

    def _smoothness(self, query: Query) -> Number:
        s = query.F.holder_smoothness
        assert s is not None  # refused otherwise
        return s

    def _error(self, A: Arithmetic[V], query: Query, b: V) -> V:
        F, d, p, q = query.F, int(query.F.domain_dim), query.p, power_of(query.G)
        half, e = 1 / (2 * b), self._order(query)
        n = ceil(e) - 1 if F.is_holder_ball and self._smoothness(query) <= q + 1 else int(e)
        error = A.number(F.holder_radius) * taylor_error(A, d, half, p, order=e, whole=n)
        if d == 1 and e == q + 1:
            monic = A.number(F.holder_radius) * A.power(half, A.number(e)) * monic_norm(A, q + 1, p) / factorial(q + 1)
            error = A.minimum(error, monic)
        if e == int(e) and near_in_square_mean(p):  # all derivatives of order e are bounded by R
            projected = projection_error(A, int(e) - 1, [1 / b] * d)
            error = A.minimum(error, A.number(F.holder_radius) * projected)
        return error

    def rate(self, query: Query) -> Any:
        """For the best shapes: W of order b for d = 1, else b^{d+1} in two hidden layers."""
        import sympy

        d, W = query.F.domain_dim, sympy.Symbol("W", positive=True)
        if is_infinite(query.p) or (d > 1 and len(widths_of(query.G)) == 1):
            return sympy.Integer(1)
        return W ** (-SYMBOLIC.number(self._order(query)) / (1 if d == 1 else d + 1))

    def expression(self, query: Query) -> Any:
        """In b, where G has symbols."""
        (b,) = self.sizes(query, "b")
        return self._error(SYMBOLIC, query, b)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        return self.allowed(query, witness, f"$b={integer_of(witness, 'cells')}$")

    def _in_one_layer(self, query: Query, b: int) -> bool:
        return b <= cells_in_one_layer(widths_of(query.G), power_of(query.G), int(query.F.domain_dim))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        b, q, d = integer_of(witness, "cells"), power_of(query.G), int(query.F.domain_dim)
        if self._in_one_layer(query, b):
            return reshaped(query.G, ((q + 1) * b - 1 if d == 1 else comb(q + d, d) - 1,))
        return reshaped(query.G, (comb(q + d, d) - 1 + d * (b - 1), b**d))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at a few points of each cube. The first layers of G, one or two of them, are needed.

        Of the limit they lose what :mod:`approxbounds.constructions.power_networks` says. Two layers need 2d(b-1)
        breaks, as (t-x)_+^q from the others would cancel: NotApplicableError where they do not fit.
        """
        require_moderate(query.G)
        b, q, d = integer_of(witness, "cells", minimum=1), power_of(query.G), int(query.F.domain_dim)
        widths = widths_of(query.G)
        interpolated = d == 1 and self._order(query) == q + 1
        layers = 1 if self._in_one_layer(query, b) else 2
        first = comb(q + d, d) - 1 + 2 * d * (b - 1)
        if q > _BUILT_POWER:
            raise NotApplicableError(f"{self.id}: power={q}: doubles are enough for q <= {_BUILT_POWER} only")
        if len(widths) != layers or (layers == 2 and widths[0] < first):
            text = f"{layers} hidden layers" if layers == 1 else f"2 hidden layers, the first of {first} units or more"
            raise NotApplicableError(f"{self.id}: b={b} is built for networks with {text}")
        make = one_layer if layers == 1 else two_layers
        return dense(query.G, make(f, power=q, dim=d, cells=b, p=float(query.p), interpolated=interpolated))
