"""Interpolants in one variable, joined by switches in the others, a hidden layer each. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.hinges import breaks, hinges, interpolants, steepness
from approxbounds.constructions.means import column_values
from approxbounds.constructions.placed import placed_layers
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.smoothness import axes, columns_error, cut_choices, differentiable
from approxbounds.constructions.splits import best_split
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import MOST_UNITS, Number
from approxbounds.witness import Witness

__all__ = ["TowerConstruction", "cut", "tower_layers", "tower_place"]

_MOST_CUT = 16  # directions: 2^16 columns at least


def _needed(cuts: tuple[int, ...]) -> tuple[int, ...]:
    """The units of the layers for (k_2, .., k_D), in the first one without those of x_1."""
    top = len(cuts)
    return (sum(cuts), *(prod(cuts[j:]) + 2 * (top - 1 - j) for j in range(top)))


def cut(cuts: tuple[int, ...]) -> tuple[int, ...]:
    """Without the coordinates at the end that are not cut."""
    count = max((j + 1 for j, k in enumerate(cuts) if k > 1), default=0)
    return cuts[:count]


def tower_place(widths: tuple[int, ...], cuts: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The largest K for which a tower with (k_2, .., k_D) fits, 0 if none does, and where its layers are.

    Layers before, between and after its own pass on the D coordinates, all units, and the output.

    >>> tower_place((64, 66, 8), (8, 8)), tower_place((64, 65, 8), (8, 8)), tower_place((9, 64, 3, 66, 8), (8, 8))[0]
    ((48, (0, 1, 2)), (0, ()), 0)
    """
    needed = _needed(cut(cuts))
    reached: list[tuple[int, tuple[int, ...]]] = [(0, ())] * len(needed)
    passing = True
    for layer, width in enumerate(widths):
        for stage in reversed(range(len(needed))):
            if stage == len(needed) - 1:
                kept = reached[stage]
            elif stage == 0:
                kept = max((min(reached[0][0], width - needed[0]), reached[0][1]), (0, ()))
            else:
                kept = reached[stage] if width >= needed[stage] else (0, ())
            new: tuple[int, tuple[int, ...]] = (0, ())
            if stage == 0 and passing:
                new = (width - needed[0], (layer,))
            elif stage > 0 and reached[stage - 1][0] > 0 and width >= needed[stage]:
                new = (reached[stage - 1][0], (*reached[stage - 1][1], layer))
            reached[stage] = new if new[0] > kept[0] else kept
        passing = passing and width >= len(needed)
    best, layers = reached[-1]
    return (best, layers) if best > 0 else (0, ())


class TowerConstruction(SizedConstruction):
    """Interpolants of x_1 at K + 1 nodes on the middle lines of columns k_2 x .. x k_D, joined by switches.

    Hypotheses: d >= 2, ReLU, biases, real parameters, D <= d and at least D hidden layers. Guarantee, in every L^p: the
    error of freezing x_2, .., x_d at the middles of parts 1/k_j (k_j = 1 for j > D) plus iota(1/K): for Hölder balls,
    s <= 1, R rho_s(1/(2k_2), .., 1/(2k_d)) + iota(1/K), and R U_1 sum_j 1/(2k_j) + iota(1/K) if all |d_j f| <= R. Limit
    of steep switches. Witness: ``K``, ``k2``, ``k3``, ..

    Proof. As for strips, recursively: g(x_1, .., x_j) is a chain of switches in x_j between functions of x_1, ..,
    x_{j-1}, forms of the layer before. In a transition all values are between those of neighbouring columns. Sizes: n_1
    >= K + k_2 + .. + k_D, n_l >= prod_{j>=l} k_j + 2(D-l): a unit for each switch and each first column of a chain, and
    for every later x_j itself and sum_i (x_j - y_i)_+.
    """

    id = "towers"
    title = "Interpolants on columns, joined by ReLU switches layer by layer"
    statement = (
        r"Cut $x_2,\dots,x_D$ into $k_2,\dots,k_D$ parts and interpolate $f$ on the middle lines of the columns at "
        r"$K+1$ nodes. The $l$-th hidden layer joins them in $x_l$ by switches of two ReLU units, which never "
        r"overshoot, so the error is at most that of freezing all coordinates but $x_1$, plus that of the "
        r"interpolation; in the limit of steep units, in every $L^p$."
    )

    def _count(self, query: Query) -> int:
        """D - 1."""
        return min(int(query.G.domain_dim), len(widths_of(query.G)), _MOST_CUT + 1) - 1

    def names(self, query: Query) -> tuple[str, ...]:
        return ("K", *(f"k{j}" for j in range(2, self._count(query) + 2)))

    def needs(self, query: Query) -> str | None:
        return "for d = 1 there are no columns" if query.G.domain_dim == 1 else None

    def best(self, query: Query, error: Callable[[Mapping[str, int]], float]) -> Mapping[str, int] | None:
        widths, names = widths_of(query.G), self.names(query)

        def sizes(cuts: tuple[int, ...], intervals: int) -> dict[str, int]:
            return dict(zip(names, (intervals, *cuts, *(1,) * (len(names) - 1 - len(cuts))), strict=True))

        found = []
        for count in range(min(1, len(names) - 1), len(names)):  # how many directions are cut
            choices = cut_choices(self._numbers(query), count, max(widths))
            split = best_split(
                choices, lambda cuts: tower_place(widths, cuts)[0], lambda cuts, K: error(sizes(cuts, K))
            )
            found += [] if split is None else [sizes(*split)]
        return min(found, key=error, default=None)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        intervals, *cuts = sizes.values()
        return max(cuts, default=1) <= MOST_UNITS and tower_place(widths_of(query.G), tuple(cuts))[0] >= intervals

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        intervals, *cuts = sizes.values()
        return columns_error(A, F, p, intervals, cuts)

    def rate(self, query: Query) -> Any:
        """With d hidden layers, for the best shapes: n_1, n_2, n_3 of order k, k^(d-1), k^(d-2)."""
        import sympy

        F, d = self._regularity(query), int(query.G.domain_dim)
        if self._count(query) + 1 < d:
            return SYMBOLIC.number(1)
        along = [SYMBOLIC.number(1 if differentiable(s) else s) for s in F.along]
        return sympy.Symbol("W", positive=True) ** -(sympy.Min(*along, 1) / max(d, 2 * d - 3))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        intervals, *cuts = (int(witness[name]) for name in self.names(query))
        first, *others = _needed(cut(tuple(cuts)))
        return reshaped(query.G, (first + intervals, *others))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by values on the middle lines or means; switches are 1e-7 wide and lose about 1e-7 R in sup norm."""
        require_moderate(query.G)
        intervals, *every = (int(witness[name]) for name in self.names(query))
        widths, dim, cuts = widths_of(query.G), int(query.G.domain_dim), cut(tuple(every))
        _, places = tower_place(widths, cuts)
        order = axes(self._regularity(query))
        values = column_values(f, self._regularity(query), query.p, intervals, cuts)
        used = order[: len(cuts) + 1]
        low = 0.0 if cuts else float(values.min() - values.flat[0])
        forms, inner = interpolants(values.reshape(-1, intervals + 1)), [breaks(k) for k in (intervals, *cuts)]
        tower = tower_layers(values, forms, dim, used, inner)
        return dense(query.G, placed_layers(tower, low, places, len(widths), np.eye(dim)[list(used)]))


def tower_layers(
    values: NDArray[np.float64], columns: AffineMap, dim: int, order: tuple[int, ...], inner: list[NDArray[np.float64]]
) -> list[AffineMap]:
    """The hidden layers and the output by the values of all columns, and their forms of x_1 and its hinges.

    ``inner``: the inner nodes of x_1, and the inner ends of parts of the others. The form is a sum of units, or without
    cuts the interpolant less its first value.
    """
    (forms, constants), steep = columns, steepness(values)
    parts = [hinges(axis, np.concatenate([[0.0], own]), dim) for axis, own in zip(order, inner, strict=True)]
    layers = [(np.concatenate([m for m, _ in parts]), np.concatenate([b for _, b in parts]))]
    units, ends = len(layers[0][1]), np.cumsum([len(b) for _, b in parts])
    current = np.zeros((len(forms), units))  # the functions that are joined, as forms of the units
    current[:, : forms.shape[1]] = forms
    later = []  # of each coordinate to come: x and the sum of its hinges
    for start, stop in pairwise(ends):
        positions = np.arange(units)
        later.append(np.stack([positions == start, (positions > start) & (positions < stop)]).astype(float))
    for jumps in inner[1:]:
        k = len(jumps) + 1
        (x, summed), *later = later
        chains, levels = current.reshape(-1, k, units), constants.reshape(-1, k)
        count, shift = len(chains), steep * float((1 - jumps).sum()) - float(values.min())
        rows = np.concatenate([chains[:, :1] - steep * summed, np.diff(chains, axis=1) + steep * x], axis=1)
        offsets = np.concatenate([levels[:, :1] + shift, np.diff(levels, axis=1) - steep * jumps], axis=1)
        passed = np.concatenate([np.zeros((0, units)), *later])
        layers.append(
            (
                np.concatenate([rows.reshape(-1, units), passed]),
                np.concatenate([offsets.ravel(), np.zeros(len(passed))]),
            )
        )
        units = count * k + len(passed)
        current = np.eye(units)[: count * k].reshape(count, k, units).sum(axis=1)
        constants = np.full(count, -shift)
        later = [np.eye(units)[count * k + 2 * i :][:2] for i in range(len(later))]
    return [*layers, (current, constants)]
