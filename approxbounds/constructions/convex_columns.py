"""Convex functions of several variables: graded interpolants on graded columns, in windows. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.constructions.graded_boxes import GradedBoxes
from approxbounds.constructions.pairs import cell_widths, most_units
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sticks import (
    best_nodes,
    float_nodes,
    graded,
    interpolated_cell,
    strip_cells,
    worst_pair,
)
from approxbounds.constructions.window_networks import STEEP, Built, Cells, built_step, least_loss, window_network
from approxbounds.errors import NotApplicableError, echo
from approxbounds.facts.built import DenseNetwork, require_moderate
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step
from approxbounds.witness import Witness

__all__ = ["ConvexColumns"]


class ConvexColumns(GradedBoxes):
    """Interpolants of x_1 at graded nodes on columns, which are cut at graded places, too; a unit for each column.

    Hypotheses: d >= 2, all f in F are convex with values in [a,b], p < inf, ReLU, biases, real parameters, two hidden
    layers: n_1 >= K + k_2 + .. + k_d, n_2 >= k_2 .. k_d, or pairs of layers that hold so many columns. Guarantee, by
    the errors C_p(k_j) of step functions on k_j cells of x_j and I_p(K) of interpolation on convex functions of one
    variable, each bounded by the worst pair of sticks:

        E_p <= (b-a) (C_p(k_2) + .. + C_p(k_d) + I_p(K))           values at the centres (``means`` = 0),
        E_p <= (b-a) (C_2(k_2)^2 + .. + C_2(k_d)^2 + I_2(K)^2)^{1/2}   means over cells (``means`` = 1), p <= 2.

    Proof. P_j puts the centre of its cell for x_j, or takes the mean over it; T interpolates in x_1. P_j f is convex in
    the other coordinates, with values in [a,b]. f - T P_2..P_d f = (f - P_2 f) + P_2(f - P_3 f) + .. + P_2..P_d(f -
    Tf): in each term, on each line, is the error in one variable of a convex function. Means are orthogonal projections
    that commute with each other and with T, so these terms are orthogonal in L^2. The network: windows. Witness: ``K``,
    ``grading``, ``k2``, ``grading2``, .., ``means``; the i-th of n nodes is (2i/n)^g/2 up to 1/2, and mirror images.
    """

    id = "convex-columns"
    title = "Graded interpolants of convex functions on graded columns"
    statement = (
        r"Cut $x_2,\dots,x_d$ into $k_2,\dots,k_d$ parts, dense at $0$ and $1$, and on the columns interpolate in "
        r"$x_1$ at $K+1$ such nodes the values of a convex $f$ on the middle lines, or its means in $x_2,\dots,x_d$. "
        r"The errors in the coordinates, each that of a convex function of one variable, so at most of a pair of "
        r"sticks $(1-x/t)_+$ and mirror images, add up; for means their squares do in $L^2$. One ReLU unit per column."
    )
    other = "means"
    not_in_sup_norm = "windows overlap on their faces, so p must be finite"
    most = (512, 256)

    def other_refusal(self, query: Query) -> str | None:
        return None if query.p <= 2 else f"p={echo(query.p)}: means over cells are for p <= 2"

    def ways(self, query: Query) -> list[tuple[float, Witness]]:
        return self._ways(query, 1)

    def _ways(self, query: Query, faces: int) -> list[tuple[float, Witness]]:
        """The best with values at the centres and with means, with so many units at each face."""
        p = float(query.p)
        ways = [(True, 2.0)] if p == 2 else [(False, p)] + ([(True, 2.0)] if p < 2 else [])
        return [found for means, power in ways for found in self._best(query, faces, means, power)]

    def _best(self, query: Query, faces: int, means: bool, p: float) -> list[tuple[float, Witness]]:
        power = 2.0 if means else 1.0

        def nodes(axis: int, parts: int) -> tuple[float, int, Fraction]:
            return best_nodes(parts, p, "interpolation" if axis == 0 else "means" if means else "centres")

        def error(cuts: tuple[int, ...], room: int) -> float:
            terms = [nodes(axis, n)[0] for axis, n in enumerate((min(room, self.most[0]), *cuts))]
            return float(sum(term**power for term in terms) ** (1 / power))

        def room(cuts: tuple[int, ...]) -> int:
            return self.columns(query, cuts) - (faces - 1) * (sum(cuts) - len(cuts))

        choices = self.choices(query, max(widths_of(query.G)))
        return self.best(query, means, choices=choices, room=room, error=error, nodes=nodes)

    def columns(self, query: Query, cuts: tuple[int, ...]) -> int:
        return most_units(widths_of(query.G), len(cuts) + 1, prod(cuts)) - sum(cuts)

    def total(self, A: Arithmetic[V], other: bool, p: V, grids: Sequence[tuple[int, Fraction]]) -> V:
        first, *places = [graded(A, n, grading) for n, grading in grids]
        cells = [[interpolated_cell(A, a, b, p) for a, b in pairwise(first)]]
        cells += [strip_cells(A, nodes, p, means=other) for nodes in places]
        errors = [worst_pair(A, some, p) for some in cells]
        if other:
            errors = [error * error for error in errors]
        total = sum(errors[1:], errors[0])
        return A.power(total, A.number(1) / 2) if other else total

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1, n_2 of order k, k^(d-1), and gradings p: errors of order 1/k in every variable."""
        import sympy

        return sympy.Symbol("W", positive=True) ** (-sympy.Rational(1, int(query.F.domain_dim)))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        (intervals, grading), *others = self.grids(query, witness)
        shown, gradings = r"\times".join(str(k) for k, _ in others), ", ".join(str(g) for _, g in others)
        kind = "means over the parts" if witness["means"] else "values on the middle lines"
        then = (
            f". With {kind}, nodes $x_i=\\frac12(2i/n)^g$ up to $\\frac12$ and mirror images, $g={grading}$ in $x_1$ "
            f"and ${gradings}$ in the others,"
        )
        steps = self.allowed(query, witness, f"${shown}$ columns and $K={intervals}$", then)
        return (*steps, built_step(self.built(query, witness)))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        intervals, *cuts = (n for n, _ in self.grids(query, witness))
        needed = cell_widths(widths_of(query.G), len(cuts) + 1, intervals + sum(cuts), prod(cuts))
        assert needed is not None  # it has room
        return reshaped(query.G, needed)

    def built(self, query: Query, witness: Witness) -> Built:
        """With two units at each face, perhaps for fewer columns, or with one; means are taken over some points.

        Slopes of order 1/t at the first node t lose 2^-50/t of the range. For the points see :func:`_points`.
        """
        span, found = float(query.F.span(FLOAT)), []
        for faces in (1, 2):
            for error, sizes in self._ways(query, faces):
                intervals, *cuts = (n for n, _ in self.grids(query, sizes))
                nodes = self._nodes(query, sizes)
                steepness, loss = STEEP, 0.0
                if faces == 1:
                    steepness, loss = least_loss(Cells((1, *cuts), (intervals, *(1,) * len(cuts))), float(query.p))
                    if min(float(np.diff(own).min()) for own in nodes[1:]) * steepness < 16:
                        continue  # windows would overlap
                error += loss + 2.0**-50 / float(nodes[0][1])
                error += sum(_lost(own, _points(intervals, cuts)) for own in nodes[1:]) if sizes["means"] else 0.0
                found.append(Built(sizes, faces == 2, steepness, span * error))
        if not found:
            raise NotApplicableError(f"{self.id}: what is built has windows for which there is no room")
        return min(found, key=lambda way: way.error)

    def _nodes(self, query: Query, witness: Witness) -> list[NDArray[np.float64]]:
        return [_doubles(n, float(g)) for n, g in self.grids(query, witness)]

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at the centres of the cells of x_2, .., x_d, or means over points of these."""
        require_moderate(query.G)
        built = self.built(query, witness)
        intervals, *cuts = (n for n, _ in self.grids(query, built.sizes))
        first, *others = self._nodes(query, built.sizes)
        m = _points(intervals, cuts) if built.sizes["means"] else 1
        fine = [(a[:-1, None] + np.diff(a)[:, None] * (np.arange(m) + 0.5) / m).ravel() for a in others]
        where = np.empty((*map(len, fine), len(cuts) + 1))
        where[..., 1:] = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1)
        values = np.empty((prod(cuts), len(first)))
        for i, x in enumerate(np.clip(first, 2.0**-53, 1 - 2.0**-53)):  # limits at 0 and 1
            where[..., 0] = x
            own = values_at(f, where.reshape(-1, len(cuts) + 1)).reshape([n for k in cuts for n in (k, m)])
            values[:, i] = own.mean(axis=tuple(range(1, 2 * len(cuts), 2))).ravel()
        grid = Cells((1, *cuts), (intervals, *(1,) * len(cuts)))
        pieces = np.zeros(grid.count), [values, *[None] * len(cuts)]
        return window_network(query.G, grid, [first, *others], pieces, built)


def _doubles(n: int, grading: float) -> NDArray[np.float64]:
    """The nodes, kept apart near 1."""
    nodes = np.minimum(float_nodes(n, grading), 1 - 2.0**-53 * np.arange(n, -1, -1))
    return np.asarray(nodes)


def _points(intervals: int, cuts: Sequence[int]) -> int:
    """In each direction of a cell, for its means: from 8 to 64, as many as take a moderate time."""
    return int(min(64, max(8, (2**22 / (prod(cuts) * intervals)) ** (1 / len(cuts)))))


def _lost(nodes: NDArray[np.float64], m: int) -> float:
    """How far means over m points of each cell are in L^2 from means, for convex functions with values in [0,1].

    By the lemma on sticks, at most twice the largest for one of them, whose kink matters in one of m parts only: the
    mean in its cell, of width h, is off by at most 1/(4m) for the first cell, h/(8 m^2 t) for others.
    """
    width = np.diff(nodes)
    return float(2 * max(width[0] ** 0.5 / (4 * m), (width[1:] ** 1.5 / (8 * m * m * nodes[1:-1])).max(initial=0.0)))
