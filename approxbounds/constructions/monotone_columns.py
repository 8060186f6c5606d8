"""Step functions on boxes by steps along columns, in windows of ReLU units, for monotone F. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.pairs import cell_widths, most_units
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.smoothness import cut_choices
from approxbounds.constructions.splits import best_split
from approxbounds.constructions.window_networks import STEEP, Built, Cells, built_step, least_loss, window_network
from approxbounds.constructions.windows import boxes_refusal
from approxbounds.errors import NotApplicableError, echo
from approxbounds.facts.built import DenseNetwork, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import MOST_UNITS, Number
from approxbounds.witness import Witness, integer_of, require

__all__ = ["MonotoneColumns"]


def _before(widths: tuple[int, ...], dim: int, cells: int) -> int:
    """The widest layer that x can be passed on to, and after which there is one of so many units; 0 if none is."""
    found = 0
    for width, following in pairwise(widths):
        found = max(found, width) if following >= cells else found
        if width < dim:
            break
    return found


class MonotoneColumns(Construction):
    """Step functions on boxes k_1 x .. x k_d with the middle of the range of f on each, a unit for each column.

    Hypotheses: d >= 2, all f in F are non-decreasing in each coordinate and have a known range, p < inf, ReLU, biases,
    real parameters, two hidden layers: n_1 >= 2(k_1-1) + k_2 + .. + k_d and n_2 >= k_2 .. k_d; or pairs of layers that
    hold so many columns, with one unit more, x_1, in each first layer. Guarantee: ``F.box_error``, for f with values in
    [0,1] E_p <= (1/2)(1 - prod_j (1 - 1/k_j))^{1/p}. A limit of steep units. Witness: ``k1``, ``k2``, ..

    Proof. There are prod k_j - prod (k_j - 1) chains of boxes along the diagonal; on each the ranges of f, which are
    between opposite corners, add up to at most 1; so sum range^p <= sum range is at most their number. In x_1 a step is
    the difference of two steep units, and between its two values; the unit (A_Q(x_1) + B - M sum_{j>1} dist(x_j,
    I_j))_+ is A_Q + B on the column Q and tends to 0 off it: dominated convergence. No unit needs x_1 itself.
    """

    id = "monotone-columns"
    title = "Steps along columns, in windows of ReLU units"
    statement = (
        r"On $k_1\times\dots\times k_d$ boxes the middle of the range of a monotone $f:[0,1]^d\to[0,1]$ is within "
        r"$\frac12(1-\prod_j(1-\frac1{k_j}))^{1/p}$ of it: along each diagonal chain of boxes the ranges add up to at "
        r"most 1. Two steep units make a step in $x_1$, one unit "
        r"$(A_Q(x_1)+B-M\sum_{j>1}\operatorname{dist}(x_j,I_j))_+$ a column $Q$ of boxes, $M\to\infty$."
    )
    citations = (Citation("approxbounds", "5.1"),)

    def names(self, query: Query) -> tuple[str, ...]:
        return tuple(f"k{j}" for j in range(1, int(query.F.domain_dim) + 1))

    def refusal(self, query: Query) -> str | None:
        if not query.F.is_monotone or query.F.value_range is None:
            return "F must be a class of monotone functions with a known range"
        return boxes_refusal(query, "a continuous function does not follow jumps in sup norm")

    def search(self, query: Query) -> Witness:
        """The numbers of parts of x_2, .., x_d differ by one at most. What fits best does not depend on p."""
        found = self._fitted(query, lambda cuts: self._units(query, prod(cuts)))
        if found is None:
            raise self.no_room
        return dict(zip(self.names(query), found, strict=True))

    def _fitted(self, query: Query, units: Callable[[tuple[int, ...]], int]) -> tuple[int, ...] | None:
        """The best k_j, if there are so many first-layer units without x_1; None if nothing fits."""
        names, widths = self.names(query), widths_of(query.G)

        def error(cuts: tuple[int, ...], room: int) -> float:
            sides = [FLOAT.number(n) for n in ((room + 1) // 2, *cuts)]
            return float(query.F.box_error(FLOAT, sides, 1))

        def room(cuts: tuple[int, ...]) -> int:
            return units(cuts) - sum(cuts) + 1  # none are enough for one part of x_1

        alike = Regularity((1,) * len(names), 1)
        found = best_split(cut_choices(alike, len(names) - 1, max(widths)), room, error)
        return None if found is None else ((found[1] + 1) // 2, *found[0])

    def built(self, query: Query, witness: Witness) -> Built:
        """With x_1 among the first units; with two units at each face, perhaps for fewer boxes, or with one.

        A step in x_1 is delta wide, where f and its value may be a range apart, and loses the range times 2^-50/delta.
        """
        widths, dim, p = widths_of(query.G), int(query.G.domain_dim), float(query.p)
        span, ways = float(query.F.span(FLOAT)), []
        for more in (True, False):

            def units(cuts: tuple[int, ...], more: bool = more) -> int:
                return most_units(widths, dim, prod(cuts)) - 1 - (sum(cuts) - len(cuts) if more else 0)

            found = self._fitted(query, units)
            if found is None:
                continue
            steepness, loss = (STEEP, 0.0) if more else least_loss(Cells((1, *found[1:]), (1,) * dim), p)
            loss += _steps(found[0], p)[1]
            error = float(query.F.box_error(FLOAT, [FLOAT.number(k) for k in found], query.p)) + span * loss
            ways.append(Built(dict(zip(self.names(query), found, strict=True)), more, steepness, error))
        if not ways:
            raise NotApplicableError(f"{self.id}: what is built has a unit for x_1, for which there is no room")
        return min(ways, key=lambda way: way.error)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by the middle of its range on each box; ``explain`` says how many boxes there are."""
        require_moderate(query.G)
        built = self.built(query, witness)
        sides = tuple(built.sizes.values())
        values = np.moveaxis(query.F.box_values(f, sides), 0, -1).reshape(-1, sides[0])
        width, starts = _steps(sides[0], float(query.p))[0], np.arange(1, sides[0]) / sides[0]
        grid = Cells((1, *sides[1:]), (2 * sides[0] - 1, *(1,) * (len(sides) - 1)))
        nodes = grid.equal_nodes
        nodes[0] = np.concatenate([[0.0], np.column_stack([starts - width, starts]).ravel(), [1.0]])
        pieces = np.zeros(grid.count), [np.repeat(values, 2, axis=1), *[None] * (len(sides) - 1)]
        return window_network(query.G, grid, nodes, pieces, built)

    def _units(self, query: Query, columns: int) -> int:
        """The most first-layer units without x_1 where G holds so many columns; 0 if it holds them nowhere."""
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        return max(_before(widths, dim, columns), most_units(widths, dim, columns) - 1)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        first, *cuts = (integer_of(witness, name, minimum=1, maximum=MOST_UNITS) for name in self.names(query))
        shown = ", ".join(f"k{j + 1}={echo(k)}" for j, k in enumerate((first, *cuts)))
        require(
            2 * (first - 1) + sum(cuts) <= self._units(query, prod(cuts)), f"the widths of G have no room for {shown}"
        )
        return query.F.box_error(A, [A.number(k) for k in (first, *cuts)], query.p)

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1 and n_2 of order k and k^(d-1)."""
        import sympy

        power: Number = SYMBOLIC.number(query.p)
        return sympy.Symbol("W", positive=True) ** (-1 / (power * int(query.F.domain_dim)))

    def expression(self, query: Query) -> Any:
        """In the k_j, where G has symbols."""
        return conditional(query, query.F.box_error(SYMBOLIC, self.sizes(query, *self.names(query)), query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        shape = r"\times".join(str(witness[name]) for name in self.names(query))
        steps = self.allowed(query, witness, f"${shape}$ boxes")
        try:
            return (*steps, built_step(self.built(query, witness)))
        except NotApplicableError:
            return steps

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        first, *cuts = (integer_of(witness, name) for name in self.names(query))
        widths, dim, units, columns = widths_of(query.G), len(cuts) + 1, 2 * (first - 1) + sum(cuts), prod(cuts)
        if _before(widths, dim, columns) >= units:
            return reshaped(query.G, (units, columns))
        needed = cell_widths(widths, dim, units + 1, columns)
        assert needed is not None  # it has room
        return reshaped(query.G, needed)


def _steps(count: int, p: float) -> tuple[float, float]:
    """The best width of ``count`` - 1 steps in x_1, and their loss for values in [0,1]."""
    losses = [(((count - 1) * 2.0**-k) ** (1 / p) + 2.0 ** (k - 50), 2.0**-k) for k in range(24, 51)]
    loss, width = min(losses)
    return width, loss if count > 1 else 0.0
