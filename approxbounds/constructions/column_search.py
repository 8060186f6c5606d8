"""The sizes of least error for polynomials on columns and boxes in given widths. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf

from approxbounds.bisection import largest
from approxbounds.constructions.addresses import most_cells
from approxbounds.constructions.column_layers import Breaks, ColumnGrid, found_layout, most_columns
from approxbounds.constructions.splits import best_split

__all__ = ["ColumnSearch", "Found"]

#: The error, and K, b_2, .., b_d, J, D, Q.
Found = tuple[float, tuple[int, ...]]

_MANY = 10**15  # breaks, with which interpolation costs nothing
_LEVELS = 4  # layers of breaks before those of the second level


@dataclass(frozen=True, eq=False)
class ColumnSearch:
    """Among sizes that are alike for all networks: so larger networks have no larger error. ``cuts``: b_2, .., b_d.

    ``start``: the layer of all faces.
    """

    degree: int
    widths: tuple[int, ...]
    start: int
    two_sided: bool
    error: Callable[[tuple[int, ...]], float]

    def grid(self, cuts: tuple[int, ...], columns: int) -> ColumnGrid:
        return ColumnGrid(self.degree, (columns, *cuts), self.two_sided)

    def room(self, cuts: tuple[int, ...]) -> int:
        """The most columns; 0 if there is room for none."""

        def fits(columns: int) -> bool:
            grid = self.grid(cuts, columns)
            return self._fits(grid, grid.breaks(1, 1, 1))

        return largest(fits, max(0, self.widths[self.start] - sum(cuts)))

    def _fits(self, grid: ColumnGrid, breaks: Breaks) -> bool:
        return found_layout(self.widths, grid, breaks, [self.start]) is not None

    def least(self, cuts: tuple[int, ...], columns: int, end: int | None = None) -> float:
        """As if all powers were exact; or with units of the layers before ``end`` as breaks, all in each direction."""
        grid, known = self.grid(cuts, columns), self.grid(cuts, 1).known
        most = _MANY if end is None else sum(max(width - known, 0) for width in self.widths[self.start + 1 : end])
        return self.error((*grid.cells, 1 + most // grid.dim, 1 + most // grid.diagonals, 1 + most // grid.squares))

    def best(self, choices: Sequence[tuple[int, ...]]) -> Found:
        """The best sizes for these cuts, which increase; an infinite error if there is no room."""
        found: Found = (inf, ())

        def value(cuts: tuple[int, ...], columns: int) -> float:
            """The least error so far."""
            nonlocal found
            found = self._better(cuts, columns, found)
            return found[0]

        best_split(choices, self.room, value, self.least)
        return found

    def _better(self, cuts: tuple[int, ...], columns: int, found: Found) -> Found:
        """With so many columns or fewer, that leave more layers, or more units in them, for breaks."""
        if self.least(cuts, columns) < found[0]:
            for most, end in self._ends(cuts, columns):
                for k in self._fewer(most):
                    if self.least(cuts, k, end) >= found[0]:
                        break
                    found = self._refined(self.grid(cuts, k), end, found)
        return found

    def _fewer(self, columns: int) -> Iterator[int]:
        """These, and the most that fewer units tell apart."""
        yield columns
        for units in range(self.grid((), columns).own, 0, -1):
            if most_cells(units) < columns:
                yield most_cells(units)

    def _ends(self, cuts: tuple[int, ...], columns: int) -> Iterator[tuple[int, int]]:
        """Numbers of columns, and the layers that have none of the breaks any more, as late as possible.

        One stretch after the other: a layer that is too narrow to pass on all powers is the last of a stretch.
        """
        grid, layer, depth = self.grid(cuts, columns), self.start + 2, len(self.widths)
        enough = grid.known + grid.open(1)
        while layer < depth:
            stop = next((end for end in range(layer, depth) if self.widths[end] < enough), depth - 1) + 1
            yield from self._latest(cuts, columns, layer, stop)
            layer = stop

    def _latest(self, cuts: tuple[int, ...], columns: int, layer: int, stop: int) -> Iterator[tuple[int, int]]:
        """Those in the layers from ``layer`` to ``stop``."""

        def ends(columns: int) -> list[int]:
            rows = most_columns(self.widths, self.grid(cuts, columns))
            return [end for end in range(layer, stop) if rows[end][0] >= columns]

        while layer < stop:
            columns = largest(lambda k: bool(ends(k)), columns)
            if columns == 0:
                return
            end = ends(columns)[-1]
            yield columns, end
            layer = end + 1

    def _refined(self, grid: ColumnGrid, end: int, found: Found) -> Found:
        """The best pieces in the layers before ``end``, if they are better than what is found."""
        for breaks, finer in self._rooms(grid, end):
            Q = finer // grid.squares + 1
            pieces = _pieces(grid, breaks, finer > 0)
            if pieces is not None:
                sizes = (*grid.cells, *pieces, Q)
                value = self.error(sizes)
                if value < found[0] and self._fits(grid, grid.breaks(*pieces, Q)):
                    found = value, sizes
        return found

    def _rooms(self, grid: ColumnGrid, end: int) -> Iterator[Breaks]:
        """Numbers of breaks of the first and of the second level: all of the first, or after a few layers of them."""
        known = grid.known
        rooms = [width - known for width in self.widths[self.start + 1 : end]]
        if min(rooms) < 0:
            return
        for finer in (0, 1):
            passed = grid.open(finer)
            left = [room - passed for room in rooms]
            for begin, room in enumerate(left):
                if room < 0 and not finer:
                    yield rooms[begin], 0
                if room < 0 or (begin and left[begin - 1] >= 0):
                    continue
                later = list(takewhile(lambda more: more >= 0, left[begin + 1 :]))
                if not finer:
                    yield rooms[begin] + sum(later), 0
                for layers in range(min(_LEVELS, len(later)) if finer else 0):
                    yield rooms[begin] + sum(later[:layers]), sum(later[layers:])


def _pieces(grid: ColumnGrid, breaks: int, finer: bool) -> tuple[int, int] | None:
    """J and D for so many breaks: one direction after the other is refined, in the same order for any number."""
    sides = [1 / cell for cell in grid.cells]
    axes, total = len(sides), sum(sides)
    mixed = [one * other for i, one in enumerate(sides) for other in sides[:i]]
    if finer and grid.degree == 3:  # what is left are the cubes
        weight = 2 * mixed[0] * max(sides) / (total * sum(h * h for h in sides))
        ratio = (weight * axes / (2 * grid.diagonals)) ** (1 / 3)
    else:
        weight = sum(m * m for m in mixed) / sum((h * total) ** 2 for h in sides)
        ratio = (weight * axes / (2 * grid.diagonals)) ** (1 / 5)

    def diagonal(J: int) -> int:
        return max(1, int(ratio * J))

    def fits(J: int, D: int) -> bool:
        return grid.breaks(J, D, 1)[0] <= breaks

    J = largest(lambda J: fits(J, diagonal(J)))
    if J == 0:
        return None
    return J, diagonal(J + 1) if fits(J, diagonal(J + 1)) else diagonal(J)
