"""Which layers have the windows, the pieces and the cubes of `local-polynomials`. THEORY.md, 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

from approxbounds.bisection import largest

__all__ = ["Shape", "cells_by_layer", "most_breaks"]


@dataclass(frozen=True)
class Shape:
    """The units of polynomials of degree r on b^d cubes, curved in d axes and in ``diagonals`` other directions.

    ``windows``: units that tell the cubes apart, x_1..x_d among them; ``curved``: functions of x of which all
    polynomials are combinations, beside the affine ones.
    """

    dim: int
    diagonals: int
    windows: int
    curved: int
    cells: int

    def breaks(self, J: int, K: int) -> int:
        """The second-layer units for J pieces along each axis of a cube, and 2K along each diagonal."""
        return self.dim * (J - 1) + self.diagonals * (2 * K - 1)

    def pieces(self, breaks: int) -> tuple[int, int]:
        """J and K for so many units: one direction after the other is refined, in the same order for any number."""
        ratio = (2 * self.dim) ** (-1 / 3)  # the best one, but for rounding

        def diagonal(J: int) -> int:
            return max(1, int(ratio * J))

        J = largest(lambda J: self.breaks(J, diagonal(J)) <= breaks)
        K = diagonal(J)
        return (J + 1 if self.breaks(J + 1, K) <= breaks else J), K

    def passed(self, breaks: int) -> int:
        """The units that a layer needs to pass on all that cells are made of."""
        return self.windows + min(self.curved, breaks)


@lru_cache(maxsize=1024)
def _most_cells(widths: tuple[int, ...], passed: int) -> tuple[tuple[int, int], ...]:
    """For each layer the most cells in it and later ones, without and with a sum so far; one layer is the last.

    The others pass on so many units, and the sum.
    """
    found, fresh, summed = [], 0, 0
    for index, width in enumerate(reversed(widths)):
        first, more = width, width - 1
        if index and width >= passed:
            first = max(first, fresh)
        if index and width > passed:
            first, more = max(first, width - passed + summed), max(more, width - passed - 1 + summed)
        fresh, summed = first, more
        found.append((fresh, summed))
    return tuple(reversed(found))


def most_breaks(widths: tuple[int, ...], shape: Shape) -> tuple[int, int]:
    """The most second-layer units for pieces, and the layer (from 0) of the windows; (0, 0) if nothing fits.

    Layers before it pass on x. A layer between the windows and the pieces would pass on the windows, so the windows
    can be in the last of them.
    """
    best = (0, 0)
    for layer in range(len(widths) - 2):
        if widths[layer] < shape.dim:
            break
        left = widths[layer + 1] - shape.windows
        if widths[layer] >= shape.windows and left > best[0]:
            has_cells = partial(_has_cells, widths, layer + 2, shape)
            best = max(best, (largest(has_cells, left), layer), key=lambda pair: pair[0])
    return best


def _has_cells(widths: tuple[int, ...], layer: int, shape: Shape, breaks: int) -> bool:
    return _most_cells(widths, shape.passed(breaks))[layer][0] >= shape.cells


def cells_by_layer(widths: tuple[int, ...], shape: Shape, breaks: int) -> tuple[int, ...]:
    """How many cells each layer has, from the first of ``widths`` on, which has windows and pieces as inputs."""
    passed, left, summed = shape.passed(breaks), shape.cells, 0
    most = _most_cells(widths, passed)
    shares: list[int] = []
    for layer, width in enumerate(widths):
        if width - summed >= left:
            return (*shares, left)
        own = width - passed - summed
        share = own if own > 0 and own + most[layer + 1][1] >= left else 0
        shares.append(share)
        left, summed = left - share, int(summed or share > 0)
    raise AssertionError("there are enough cells")  # asked only where there are
