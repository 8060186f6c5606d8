"""Convex functions of several variables: affine functions on the cells of graded grids. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.affine_cells import strips_of_cells
from approxbounds.constructions.graded_boxes import GradedBoxes
from approxbounds.constructions.pairs import cell_widths, most_units
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sticks import best_nodes, difference_cell, graded, worst_pair
from approxbounds.constructions.switches import switch_plan, switched_widths
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step
from approxbounds.witness import Witness

__all__ = ["ConvexCells"]


class ConvexCells(GradedBoxes):
    """An affine function on each of K x k_2 x .. x k_d boxes of a grid that is dense at the faces of the cube.

    Hypotheses: d >= 2, all f in F are convex with values in [a,b], p < inf, ReLU, biases, real parameters; the widths
    of ``affine-cells``. Guarantee: with D_p(k) the norm of f(c+u)/2 + f(c-u)/2 - f(c), c the centre of its cell, over k
    graded cells for the worst pair of sticks, n_1, .., n_d the numbers K, k_2, .. in any order, q = 1 - 1/p::

        E_p <= (b-a) sum_j 2^(jq) D_p(n_j)                                          supporting planes at the centres,
        E_p <= (b-a) ((27/64) (D_2(n_1)^2 + D_2(n_2)^2) + (D_2(n_1) + (3/4)^(1/2) D_2(n_2))^2)^(1/2)
                                                              d = 2, p <= 2: ``projections`` = 1.

    For the distance e >= 0 from the plane, e(u_1, u') + e(-u_1, u') = 2 S_1 + 2 e(0, u'), S_1
    that of a convex function of x_1; so the mean of both e^p is at most 2^(p-1) (S_1 + e(0, u'))^p; go on with e(0,
    u'). The L^2 projection is off by no more than what it is off in each variable, and the part u_1 u_2, bounded by the
    mean of e over signs. Witness: ``K``, ``grading``, ``k2``, ``grading2``, .., ``projections``.
    Proof: THEORY.md, 5.1.
    """

    id = "convex-cells"
    title = "Affine functions on graded cells for convex functions"
    statement = (
        r"Cut $[0,1]^d$ into $K\times k_2\times\dots\times k_d$ boxes, narrow near its faces, and take on each a "
        r"supporting plane of the convex $f$ at the centre, or the $L^2$ projection on affine functions ($d=2$). The "
        r"error is bounded by the second differences $\frac12f(c+u)+\frac12f(c-u)-f(c)$ along each axis, those of "
        r"convex functions of one variable, so at most of a pair of sticks $(1-x/t)_+$ and mirror images. Networks of "
        r"two hidden ReLU layers have a free affine function on each box."
    )
    unbuilt = "its bound is on a limit of networks with steep units, whose weights are not written out"
    other = "projections"
    not_in_sup_norm = "pieces that jump are a limit of networks only if p is finite"
    most = (512, 512)

    def other_refusal(self, query: Query) -> str | None:
        known = query.p <= 2 and query.F.domain_dim == 2
        return None if known else "projections are for d = 2 and p <= 2"

    def ways(self, query: Query) -> list[tuple[float, Witness]]:
        p, plane = float(query.p), query.F.domain_dim == 2
        found = self._best(query, False, p) if p != 2 or not plane else []
        return found + (self._best(query, True, 2.0) if p <= 2 and plane else [])

    def _best(self, query: Query, projections: bool, p: float) -> list[tuple[float, Witness]]:
        def nodes(axis: int, parts: int) -> tuple[float, int, Fraction]:
            return best_nodes(parts, p, "differences")

        def error(cuts: tuple[int, ...], room: int) -> float:
            differences = [nodes(0, min(n, self.most[0]))[0] for n in (room, *cuts)]
            differences.sort()  # the largest one has the best factor
            if projections:
                one, two = differences
                return float((27 / 64 * (one**2 + two**2) + (one + 0.75**0.5 * two) ** 2) ** 0.5)
            return float(sum(2 ** ((j + 1) * (1 - 1 / p)) * D for j, D in enumerate(reversed(differences))))

        # fewer parts where these are as good: 2 in place of 3, as kinks at centres are the worst
        every = self.choices(query, sum(widths_of(query.G)))
        fewest = list(dict.fromkeys(tuple(nodes(0, k)[1] for k in cuts) for cuts in every))

        def room(cuts: tuple[int, ...]) -> int:
            return self.columns(query, cuts)

        return self.best(query, projections, choices=fewest, room=room, error=error, nodes=nodes)

    def columns(self, query: Query, cuts: tuple[int, ...]) -> int:
        """For d = 2 switches need fewer units than windows."""
        widths, d = widths_of(query.G), len(cuts) + 1
        if d == 2:
            return largest(lambda K: strips_of_cells(widths, K) >= cuts[0], max(widths))
        return max(0, (most_units(widths, d, prod(cuts)) - sum(cuts) - 1) // (d + 1) + 1)

    def total(self, A: Arithmetic[V], other: bool, p: V, grids: Sequence[tuple[int, Fraction]]) -> V:
        differences = []
        for n, grading in sorted(grids):  # the fewest cells first, in any arithmetic
            cells = [difference_cell(A, a, b, p) for a, b in pairwise(graded(A, n, grading))]
            differences.append(worst_pair(A, cells, p))
        if other:
            two, one = differences
            mixed, own = one + A.power(A.number(3) / 4, A.number(1) / 2) * two, A.number(27) / 64
            return A.power(own * (one * one + two * two) + mixed * mixed, A.number(1) / 2)
        terms = [A.power(A.number(2), (j + 1) * (1 - 1 / p)) * D for j, D in enumerate(differences)]
        return sum(terms[1:], terms[0])

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1, n_2 of order k, k^(d-1), and gradings p+1: errors of order k^(-1-1/p)."""
        import sympy

        order = (1 + 1 / SYMBOLIC.number(query.p)) / int(query.F.domain_dim)
        return sympy.Symbol("W", positive=True) ** -order

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        grids = self.grids(query, witness)
        shown, gradings = r"\times".join(str(n) for n, _ in grids), ", ".join(str(g) for _, g in grids)
        kind = "$L^2$ projections" if witness["projections"] else "supporting planes"
        then = (
            f". With {kind} on them, and nodes $x_i=\\frac12(2i/n)^g$ up to $\\frac12$ and mirror images, "
            f"$g={gradings}$ in $x_1,x_2,\\dots$,"
        )
        return self.allowed(query, witness, f"${shown}$ boxes", then)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        K, *cuts = (n for n, _ in self.grids(query, witness))
        widths, d = widths_of(query.G), len(cuts) + 1
        if d == 2:
            fixed = 3 * K - 1
            switched = switched_widths(switch_plan(widths, 2, fixed)[1], 2, fixed)
            return reshaped(query.G, _narrowed(switched, K, cuts[0]))
        units = d + (d + 1) * (K - 1) + sum(cuts) - len(cuts)
        needed = cell_widths(widths, d, units, prod(cuts))
        assert needed is not None  # it has room
        return reshaped(query.G, needed)


def _narrowed(widths: tuple[int, ...], K: int, strips: int) -> tuple[int, ...]:
    """Each layer, from the last to the first, with as few units as leave room for so many strips of K cells."""

    def without(widths: tuple[int, ...], layer: int, fewer: int) -> tuple[int, ...]:
        return (*widths[:layer], widths[layer] - fewer, *widths[layer + 1 :])

    def spare(widths: tuple[int, ...], layer: int) -> int:
        return largest(lambda fewer: strips_of_cells(without(widths, layer, fewer), K) >= strips, widths[layer] - 1)

    for layer in reversed(range(len(widths))):
        widths = without(widths, layer, spare(widths, layer))
    return widths
