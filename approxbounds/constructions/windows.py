"""Windows: a second-layer unit for each cell of a grid, which has a function of its own there. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.pairs import (
    best_plan,
    cell_widths,
    most_units,
    sum_of_cells,
)
from approxbounds.constructions.placement import reshaped, two_layers_refusal, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.window_networks import (
    STEEP,
    Built,
    Cells,
    Pieces,
    built_step,
    least_loss,
    widest_layer,
    window_network,
)
from approxbounds.facts.built import DenseNetwork, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step
from approxbounds.validation import MOST_UNITS, is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["MOST_DIRECTIONS", "WindowConstruction", "boxes_refusal", "cut_names", "windows_of"]

MOST_DIRECTIONS = 16


def boxes_refusal(query: Query, sup_norm: str) -> str | None:
    """Why functions of their own on boxes cannot be placed in G, or ``sup_norm`` for p = inf; None if they can."""
    d = query.F.domain_dim
    if is_symbolic(d) or not 2 <= d <= MOST_DIRECTIONS:
        return f"it is for dimensions from 2 to {MOST_DIRECTIONS}"
    return sup_norm if is_infinite(query.p) else two_layers_refusal(query.G)


def cut_names(query: Query) -> tuple[str, ...]:
    """The indices of x_2, .., x_d, the coordinates that are cut into strips where x_1 is cut otherwise."""
    return tuple(str(j) for j in range(2, int(query.F.domain_dim) + 1))


class WindowConstruction(SizedConstruction):
    """One unit (A_Q + B - M sum_j dist(x_j, I_j))_+ for every cell Q = prod I_j, which is A_Q + B on Q and 0 off it.

    Limit M to infinity, in L^p, p < inf; a single cell needs no window, no second layer, and serves p = inf, too.
    """

    @abstractmethod
    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        """The grid for these sizes."""

    @abstractmethod
    def fitted(
        self, query: Query, room: Callable[[tuple[int, ...]], int], error: Callable[[Mapping[str, Any]], float]
    ) -> Mapping[str, int] | None:
        """The best sizes, if ``room`` has the number of first-layer units for a grid of blocks (0 for none)."""

    @abstractmethod
    def network(self, query: Query, built: Built, f: Function) -> DenseNetwork:
        """The network for f with what is to be built."""

    def _room(self, query: Query, blocks: tuple[int, ...], two_sided: bool) -> int:
        widths, dim = widths_of(query.G), int(query.G.domain_dim)
        if prod(blocks) == 1:
            layer = widest_layer(widths, dim)
            return 0 if layer is None else int(widths[layer])
        if is_infinite(query.p):
            return 0
        return most_units(widths, dim, prod(blocks)) - (sum(blocks) - len(blocks) if two_sided else 0)

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        return self.fitted(query, lambda blocks: self._room(query, blocks, False), error)

    def built(self, query: Query, witness: Witness) -> Built:
        """With two units for each face, perhaps for fewer cells, or with one: whichever has the smaller error."""

        def error(sizes: Mapping[str, Any]) -> float:
            return float(self.error(FLOAT, self._numbers(query), query.p, sizes))

        found = self.fitted(query, lambda blocks: self._room(query, blocks, True), error)
        assert found is not None  # a single cell has room
        exact = Built(found, True, STEEP, error(found))
        sizes = {name: int(witness[name]) for name in self.names(query)}
        grid = self.cells(query, sizes)
        if is_infinite(query.p) or grid.count == 1 or exact.error <= error(sizes):
            return exact
        steepness, loss = least_loss(grid, float(query.p))
        low, high = query.F.value_range or (0, 2 * self._regularity(query).radius)
        steep = Built(sizes, False, steepness, error(sizes) + loss * float(high - low))
        return min(exact, steep, key=lambda built: built.error)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        if max(sizes.values()) > MOST_UNITS:
            return False
        grid = self.cells(query, sizes)
        if grid.count == 1:
            return self._room(query, grid.blocks, False) >= grid.units
        found = best_plan(widths_of(query.G), int(query.G.domain_dim), sum_of_cells(grid.units))
        return not is_infinite(query.p) and found is not None and found[0] >= grid.count

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        """With what is built, if that is not as good as the certified limit."""
        steps, built = super().argument(query, witness), self.built(query, witness)
        if built.two_sided and built.sizes == dict(witness):
            return steps
        return (*steps, built_step(built))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        grid, dim = self.cells(query, {name: int(witness[name]) for name in self.names(query)}), int(query.F.domain_dim)
        if grid.count == 1:
            return reshaped(query.G, (grid.units,))
        needed = cell_widths(widths_of(query.G), dim, grid.units, grid.count)
        return None if needed is None else reshaped(query.G, needed)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """With windows that are exact in floating point for perhaps fewer cells, or steep: ``explain`` says which."""
        require_moderate(query.G)
        return self.network(query, self.built(query, witness), f)


def windows_of(query: Query, grid: Cells, pieces: Pieces, built: Built) -> DenseNetwork:
    """The network with these pieces of equal lengths in the cells."""
    return window_network(query.G, grid, grid.equal_nodes, pieces, built)
