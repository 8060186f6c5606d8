"""Which layers tell cells apart, bend functions and hold columns and boxes (`quadratic-columns`). THEORY.md, 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb, prod
from typing import TypeAlias

from approxbounds.constructions.addresses import address_units

__all__ = [
    "Breaks",
    "ColumnGrid",
    "Layout",
    "found_layout",
    "most_columns",
    "needed_widths",
    "starts",
]

#: Breaks of the first level, and of the second, in one layer or in all.
Breaks: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class ColumnGrid:
    """The units of polynomials of this degree on the cells of a grid; ``cells``: the parts in each direction, K first.

    Degree 2: d >= 2, squares along the axes and along the sums of two; degree 3: d = 2, and cubes, of x_1 - x_2 also.
    """

    degree: int
    cells: tuple[int, ...]
    two_sided: bool = False

    @property
    def dim(self) -> int:
        return len(self.cells)

    @property
    def monomials(self) -> int:
        return comb(self.degree + self.dim, self.dim)

    @property
    def curved(self) -> int:
        """The functions of which, beside affine ones, polynomials are combinations."""
        return self.monomials - 1 - self.dim

    @property
    def squares(self) -> int:
        return comb(self.dim + 1, 2)

    @property
    def diagonals(self) -> int:
        return comb(self.dim, 2) if self.degree == 2 else 2

    @property
    def first(self) -> int:
        """The units of the first layer: x_j and all faces."""
        return sum(self.cells)

    @property
    def own(self) -> int:
        """Those that tell the columns apart; ``others``: those of the boxes."""
        return address_units(self.cells[0], two_sided=self.two_sided)

    @property
    def others(self) -> int:
        return sum(address_units(b, two_sided=self.two_sided) for b in self.cells[1:])

    @property
    def known(self) -> int:
        return self.own + self.others

    @property
    def state(self) -> int:
        """What columns and boxes are made of."""
        return self.known + self.curved

    @property
    def boxes(self) -> int:
        return prod(self.cells[1:])

    def open(self, finer: int) -> int:
        """The sums that are passed on while there are breaks, with the zigzags of breaks of the second level."""
        return self.curved + (self.squares if finer else 0)

    def breaks(self, J: int, D: int, Q: int) -> Breaks:
        """For J pieces along each axis, 2D along each diagonal, and Q in each of these for squares."""
        return self.dim * (J - 1) + self.diagonals * (2 * D - 1), self.squares * (Q - 1)


@lru_cache(maxsize=4096)
def most_columns(widths: tuple[int, ...], grid: ColumnGrid) -> tuple[tuple[int, int], ...]:
    """For each layer the most columns in it and later ones, without and with a sum so far, all powers before it."""
    found = [(0, 0), (0, 0)]  # after the last layer
    m, state, boxes = grid.monomials, grid.state, grid.boxes
    for layer in reversed(range(len(widths))):
        width, following = widths[layer], widths[layer + 1] if layer + 1 < len(widths) else 0
        best = []
        for summed in (0, 1):
            most = found[-1][summed] if width >= state + summed else 0
            if following >= boxes + summed:
                most = max(most, (width - grid.others - summed) // m)
            if following >= boxes + state + summed and width >= state + summed + m:
                most = max(most, (width - state - summed) // m + found[-2][1])
            best.append(most)
        found.append((best[0], best[1]))
    return tuple(reversed(found))[:-2]


def starts(widths: tuple[int, ...], dim: int) -> list[int]:
    """The layers that may have all faces: x can be passed to them, and the layer before is not as wide."""
    found = []
    for layer, width in enumerate(widths):
        if width < dim:
            break
        if layer == 0 or width > widths[layer - 1]:
            found.append(layer)
    return found


@dataclass(frozen=True)
class Layout:
    """The layer of all faces; the breaks of the layers after it; then pairs: (the layer of the columns, how many)."""

    start: int
    breaks: tuple[Breaks, ...]
    pairs: tuple[tuple[int, int], ...]


def _breaks_by_layer(
    widths: tuple[int, ...], grid: ColumnGrid, start: int, breaks: Breaks, begin: int
) -> tuple[Breaks, ...] | None:
    """As early as possible from ``begin`` on; the layers before it pass on the addresses.

    Fewer breaks in the first layer than sums that must be passed on then are not worth it.
    """
    (left, finer), passed = breaks, grid.open(breaks[1])
    shares: list[Breaks] = [(0, 0)] * (begin - start - 1)
    begun = False
    for width in widths[begin:]:
        room = width - grid.known - (passed if begun else 0)
        if room < 0:
            return None
        own = min(room, left)
        if not begun and own < min(left, passed):
            own = 0
        more = 0 if left else min(room, finer)
        begun, left, finer = begun or own > 0, left - own, finer - more
        shares.append((own, more))
        if left == finer == 0:
            return tuple(shares)
    return None


def _pairs(widths: tuple[int, ...], grid: ColumnGrid, layer: int) -> tuple[tuple[int, int], ...]:
    most, left, summed = most_columns(widths, grid), grid.cells[0], 0
    pairs: list[tuple[int, int]] = []
    while True:
        width, following = widths[layer], widths[layer + 1]
        if following >= grid.boxes + summed and (width - grid.others - summed) // grid.monomials >= left:
            return (*pairs, (layer, left))
        own = (width - grid.state - summed) // grid.monomials
        fits = following >= grid.boxes + grid.state + summed and own >= 1
        if fits and own + (most[layer + 2][1] if layer + 2 < len(most) else 0) >= left:
            pairs.append((layer, own))
            layer, left, summed = layer + 2, left - own, 1
        else:
            layer += 1


def found_layout(
    widths: tuple[int, ...], grid: ColumnGrid, breaks: Breaks, among: list[int] | None = None
) -> Layout | None:
    """The first place with room for so many breaks and the columns; ``among``: the starts that are tried, or all."""
    passed = grid.known + grid.open(breaks[1])
    for start in starts(widths, grid.dim) if among is None else among:
        if widths[start] < grid.first:
            continue
        for begin in range(start + 1, len(widths)):
            if widths[begin] < grid.known:
                break
            if begin > start + 1 and min(widths[begin - 1 : begin + 1]) >= passed:  # breaks can begin before
                continue
            shares = _breaks_by_layer(widths, grid, start, breaks, begin)
            layer = start + 1 + len(shares or widths)
            if shares is not None and layer < len(widths) and most_columns(widths, grid)[layer][0] >= grid.cells[0]:
                return Layout(start, shares, _pairs(widths, grid, layer))
    return None


def needed_widths(grid: ColumnGrid, layout: Layout, finer: int) -> tuple[int, ...]:
    """The widths that are needed up to the last box layer; ``finer``: whether there are breaks of the second level."""
    found = [grid.dim] * layout.start + [grid.first]
    begun = False
    for own, more in layout.breaks:
        found.append(grid.known + (grid.open(finer) if begun else 0) + own + more)
        begun = begun or own > 0
    for index, (layer, columns) in enumerate(layout.pairs):
        summed = int(index > 0)
        found += [grid.state + summed] * (layer - len(found))
        last = index == len(layout.pairs) - 1
        found.append(grid.monomials * columns + summed + (grid.others if last else grid.state))
        found.append(grid.boxes + summed + (0 if last else grid.state))
    return tuple(found)
