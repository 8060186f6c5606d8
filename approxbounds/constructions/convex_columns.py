"""Convex functions of several variables: graded interpolants on graded columns, in windows. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.constructions.pairs import cell_widths, most_units
from approxbounds.constructions.placement import reshaped, size_text, widths_of
from approxbounds.constructions.smoothness import cut_choices
from approxbounds.constructions.splits import best_split
from approxbounds.constructions.sticks import (
    GRADINGS,
    best_nodes,
    float_nodes,
    interpolated_cell,
    node,
    strip_cells,
    worst_pair,
)
from approxbounds.constructions.window_networks import STEEP, Built, Cells, built_step, least_loss, window_network
from approxbounds.constructions.windows import boxes_refusal, cut_names
from approxbounds.errors import HypothesisError, NoExpressionError, NotApplicableError, echo
from approxbounds.facts.built import DenseNetwork, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["ConvexColumns"]

_MOST_NODES, _MOST_CUTS = 512, 256  # so that the formula is a matter of a tenth of a second


class ConvexColumns(Theorem):
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
    citations = (Citation("approxbounds", "5.1"),)
    direction = Direction.UPPER

    def refusal(self, query: Query) -> str | None:
        if not query.F.is_convex or query.F.value_range is None:
            return "F must be a class of convex functions with a known range"
        return boxes_refusal(query, "windows overlap on their faces, so p must be finite")

    def search(self, query: Query) -> Witness:
        """The numbers of parts of x_2, .., x_d differ by one at most."""
        found = self._ways(query, 1)
        if not found:
            raise HypothesisError(f"the widths of G have no room for it (id {self.id})")
        return min(found, key=lambda way: way[0])[1]

    def _ways(self, query: Query, faces: int) -> list[tuple[float, Witness]]:
        """The best with values at the centres and with means, with so many units at each face."""
        p = float(query.p)
        ways = [(True, 2.0)] if p == 2 else [(False, p)] + ([(True, 2.0)] if p < 2 else [])
        return [way for way in (self._best(query, faces, *way) for way in ways) if way is not None]

    def _best(self, query: Query, faces: int, means: bool, p: float) -> tuple[float, Witness] | None:
        """In floats, for F with b - a = 1: the bound and the witness; None if there is no room."""
        widths, names, kind = widths_of(query.G), cut_names(query), "means" if means else "centres"
        power = 2.0 if means else 1.0

        def error(cuts: tuple[int, ...], room: int) -> float:
            terms = [best_nodes(min(room, _MOST_NODES), p, "interpolation")[0]]
            terms += [best_nodes(k, p, kind)[0] for k in cuts]
            return float(sum(term**power for term in terms) ** (1 / power))

        def room(cuts: tuple[int, ...]) -> int:
            return most_units(widths, len(names) + 1, prod(cuts)) - sum(cuts) - (faces - 1) * (sum(cuts) - len(cuts))

        alike = Regularity((1,) * (len(names) + 1), 1)
        split = best_split(cut_choices(alike, len(names), min(max(widths), _MOST_CUTS)), room, error)
        if split is None:
            return None
        cuts, units = split
        _, intervals, grading = best_nodes(min(units, _MOST_NODES), p, "interpolation")
        witness: dict[str, int | Fraction | str] = {"K": intervals, "grading": grading}
        for j, k in zip(names, cuts, strict=True):
            _, witness[f"k{j}"], witness[f"grading{j}"] = best_nodes(k, p, kind)
        return error(*split), witness | {"means": int(means)}

    def _sizes(self, query: Query, witness: Witness) -> tuple[int, list[int]]:
        """K, and the k_j."""
        cuts = [integer_of(witness, f"k{j}", minimum=1, maximum=_MOST_CUTS) for j in cut_names(query)]
        return integer_of(witness, "K", minimum=1, maximum=_MOST_NODES), cuts

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        intervals, cuts = self._sizes(query, witness)
        names = ["grading", *(f"grading{j}" for j in cut_names(query))]
        gradings = [fraction_of(witness, name) for name in names]
        for name, grading in zip(names, gradings, strict=True):
            require(grading in GRADINGS, f"{name}={echo(grading)} must be a multiple of 1/4 from 1 to 15")
        means = integer_of(witness, "means", maximum=1) == 1
        require(not means or query.p <= 2, f"p={echo(query.p)}: means over cells are for p <= 2")
        room = most_units(widths_of(query.G), int(query.G.domain_dim), prod(cuts))
        shown = ", ".join(f"k{j}={k}" for j, k in zip(cut_names(query), cuts, strict=True))
        require(intervals + sum(cuts) <= room, f"the widths of G have no room for K={intervals}, {shown}")
        p = A.number(2 if means else query.p)
        places = [[node(A, i, n, g) for i in range(n + 1)] for n, g in zip((intervals, *cuts), gradings, strict=True)]
        cells = [[interpolated_cell(A, a, b, p) for a, b in zip(places[0], places[0][1:], strict=False)]]
        cells += [strip_cells(A, nodes, p, means=means) for nodes in places[1:]]
        errors = [worst_pair(A, some, p) for some in cells]
        if means:
            errors = [error * error for error in errors]
        total = sum(errors[1:], errors[0])
        return query.F.span(A) * (A.power(total, A.number(1) / 2) if means else total)

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1, n_2 of order k, k^(d-1), and gradings p: errors of order 1/k in every variable."""
        import sympy

        return sympy.Symbol("W", positive=True) ** (-sympy.Rational(1, int(query.F.domain_dim)))

    def expression(self, query: Query) -> Any:
        raise NoExpressionError(f"{self.id}: its formula is a maximum over all cells, which has no short closed form")

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        intervals, cuts = self._sizes(query, witness)
        shown = r"\times".join(map(str, cuts))
        needed, error = size_text(self.smallest_network(query, witness)), above(self.evaluate(BALL, query, witness))
        gradings = ", ".join(str(witness[f"grading{j}"]) for j in cut_names(query))
        kind = "means over the parts" if witness["means"] else "values on the middle lines"
        text = (
            f"The widths of $G$ allow ${shown}$ columns and $K={intervals}$ ({needed} are enough). With {kind}, nodes "
            f"$x_i=\\frac12(2i/n)^g$ up to $\\frac12$ and mirror images, $g={witness['grading']}$ in $x_1$ and "
            f"${gradings}$ in the others, the error is at most ${error}$."
        )
        return (*self.outline(query), Step(text, self.citations), built_step(self.built(query, witness)))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        intervals, cuts = self._sizes(query, witness)
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
                intervals, cuts = self._sizes(query, sizes)
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
        intervals, cuts = self._sizes(query, witness)
        gradings = [fraction_of(witness, name) for name in ("grading", *(f"grading{j}" for j in cut_names(query)))]
        return [_doubles(n, float(g)) for n, g in zip((intervals, *cuts), gradings, strict=True)]

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at the centres of the cells of x_2, .., x_d, or means over points of these."""
        require_moderate(query.G)
        built = self.built(query, witness)
        intervals, cuts = self._sizes(query, built.sizes)
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
