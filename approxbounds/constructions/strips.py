"""Interpolants on strips, joined by switches: two hidden layers, every L^p. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.hinges import breaks, hinges, interpolants, steepness
from approxbounds.constructions.means import column_values
from approxbounds.constructions.placement import two_layers_refusal, widths_of
from approxbounds.constructions.smoothness import axes, columns_error, differentiable
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.switches import Strips, SwitchedConstruction
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.theorem import Query
from approxbounds.validation import Number

__all__ = ["StripConstruction"]


class StripConstruction(SwitchedConstruction):
    """Interpolants of x_1 at K + 1 nodes on the middle lines of k strips in x_2, joined by k - 1 switches.

    Hypotheses: d >= 2, ReLU, biases, real parameters, n_1 >= d + K - 1 + m and n_2 >= 2k - 1 - m,
    m < k, or pairs of layers that share the switches. Guarantee, in every L^p: for Hölder
    balls, s <= 1, E_p <= R rho_s(1/(2k), 1/2, ..) + iota(1/K), with d - 2 sides 1/2, which is R (1/(2k))^s U_s +
    iota(1/K) for d = 2, or the joint bound of THEORY.md, section 5.1, if that is smaller; if all |d_j f| <= R, R U_1
    (1/(2k) + (d-2)/2) + iota(1/K). Limit of steep switches: values between those of neighbouring strips on a set of
    small measure. Witness: ``K``, ``k``.

    Proof. (a + D)_+ - (a)_+ is between 0 and D, and D for a >= |D|, 0 for a <= -|D|. So A_0 + sum_i [(M(x_2 - y_i) +
    A_i - A_{i-1})_+ - M(x_2 - y_i)_+] is A_i on the i-th strip and between A_{i-1} and A_i close to y_i: nothing
    overshoots, and there both are as near to f as on their own strips, for M to infinity.
    """

    id = "strips"
    title = "Interpolants on strips, joined by ReLU switches"
    statement = (
        r"Cut $x_2$ into $k$ strips and interpolate $f$ on their middle lines at $K+1$ nodes: $A_i(x_1)$. Two ReLU "
        r"units pass from $A_{i-1}$ to $A_i$ without overshooting, so the error is at most that of freezing all "
        r"coordinates but $x_1$, plus that of the interpolation; in the limit of steep units, in every $L^p$."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("K", "k")

    def needs(self, query: Query) -> str | None:
        if query.G.domain_dim == 1:
            return "for d = 1 there are no strips"
        return two_layers_refusal(query.G)

    def units(self, sizes: Mapping[str, int]) -> int:
        return sizes["K"] - 1

    def best(self, query: Query, error: Callable[[Mapping[str, int]], float]) -> Mapping[str, int] | None:
        def strips(intervals: int) -> int:
            return self.plan(query, intervals - 1)[0]

        choices = resolutions_up_to(max(widths_of(query.G)))
        split = best_split(choices, strips, lambda K, k: error({"K": K, "k": k}))
        return None if split is None else {"K": split[0], "k": split[1]}

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        return columns_error(A, F, p, sizes["K"], (sizes["k"],))

    def rate(self, query: Query) -> Any:
        """For two layers of equal widths n, d = 2: k and K are of order n, W of order n^2."""
        import sympy

        F = self._regularity(query)
        if len(F.along) > 2:
            return SYMBOLIC.number(1)
        along = [SYMBOLIC.number(1 if differentiable(s) else s) for s in F.along]
        return sympy.Symbol("W", positive=True) ** -(sympy.Min(*along, 1) / 2)

    def strips(self, query: Query, sizes: Mapping[str, int], f: Function) -> Strips:
        dim, K, k = int(query.G.domain_dim), sizes["K"], sizes["k"]
        F = self._regularity(query)
        along, across, *_ = axes(F)
        values = column_values(f, F, query.p, K, (k,))
        slopes, constants = interpolants(values)
        forms = np.zeros((k, dim + K - 1))
        forms[:, [along, *range(dim, dim + K - 1)]] = slopes
        units = hinges(along, breaks(K), dim)
        return Strips(across, units, forms, constants, low=float(values.min()), steep=steepness(values))
