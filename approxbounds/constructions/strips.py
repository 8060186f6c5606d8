"""Interpolants on strips, joined by switches: two hidden layers, every L^p. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.hinges import breaks, hinges, interpolants, steepness
from approxbounds.constructions.means import column_values
from approxbounds.constructions.pairs import Share, ShareOf, assembled, best_plan, plan_widths
from approxbounds.constructions.placement import reshaped, two_layers_refusal, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.smoothness import axes, columns_error, differentiable
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import Number
from approxbounds.witness import Witness

__all__ = ["StripConstruction"]


def _share_of(intervals: int, dim: int) -> ShareOf:
    """Strips: a break and a switch each, but for the first strip, whose interpolant is in the unit of the sum."""

    def share(units: int, rest: int, first: bool) -> int:
        switches = min(rest, units - dim - (intervals - 1))
        return switches + int(first) if switches >= 0 else -1

    return share


class StripConstruction(SizedConstruction):
    """Interpolants of x_1 at K + 1 nodes on the middle lines of k strips in x_2, joined by k - 1 switches.

    Hypotheses: d >= 2, ReLU, biases, real parameters, two hidden layers or more. Guarantee, in every L^p: for Hölder
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

    def best(self, query: Query, error: Callable[[Mapping[str, int]], float]) -> Mapping[str, int] | None:
        widths, dim = widths_of(query.G), int(query.G.domain_dim)

        def strips(intervals: int) -> int:
            found = best_plan(widths, dim, _share_of(intervals, dim))
            return 0 if found is None else found[0]

        split = best_split(resolutions_up_to(max(widths)), strips, lambda K, k: error({"K": K, "k": k}))
        return None if split is None else {"K": split[0], "k": split[1]}

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        dim = int(query.G.domain_dim)
        found = best_plan(widths_of(query.G), dim, _share_of(sizes["K"], dim))
        return found is not None and sizes["k"] <= found[0]

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

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        intervals, dim = int(witness["K"]), int(query.G.domain_dim)
        found = best_plan(widths_of(query.G), dim, _share_of(intervals, dim))
        if found is None:
            return None
        switches = [pair.share - int(pair.first) for pair in found[1]]
        needed = [(dim + intervals - 1 + count, count) for count in switches]
        return reshaped(query.G, plan_widths(found[1], found[1][-1].layer + 2, dim, needed))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by values on the middle lines or means; switches are 1e-7 wide and lose about 1e-7 R in sup norm."""
        require_moderate(query.G)
        widths, dim, intervals = widths_of(query.G), int(query.G.domain_dim), int(witness["K"])
        found = best_plan(widths, dim, _share_of(intervals, dim))
        assert found is not None  # it has a witness
        strips, plan = found
        order = axes(self._regularity(query))
        values = column_values(f, self._regularity(query), query.p, intervals, (strips,))
        forms, constants = interpolants(values)
        steep, jumps = steepness(values), breaks(strips)
        shares, done = [], 0
        for pair in plan:
            new = slice(done, done + pair.share - int(pair.first))
            done, count = new.stop, new.stop - new.start
            lines, own = hinges(order[0], breaks(intervals), dim), hinges(order[1], jumps[new], dim)
            first = np.vstack([lines[0], own[0]]), np.concatenate([lines[1], own[1]])
            columns = [order[0], *range(dim, dim + intervals - 1)]
            second = np.zeros((count, dim + intervals - 1 + count))
            second[:, columns] = np.diff(forms, axis=0)[new]
            second[:, order[1]] += steep
            offsets = np.diff(constants)[new] - steep * jumps[new]
            base, constant = np.zeros(second.shape[1]), 0.0
            base[dim + intervals - 1 :] = -steep
            if pair.first:
                base[columns], constant = forms[0], float(constants[0])
            low = float(values.min())
            below = (low - steep * float((1 - jumps[new]).sum()), low)
            shares.append(Share(first, (second, offsets), np.ones(count), (base, constant), below))
        return dense(query.G, assembled(plan, shares, len(widths), dim))
