"""Units of one coordinate that tell equal parts of [0,1] apart (`quadratic-columns`). THEORY.md, 5.1."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from approxbounds.facts.built import AffineMap

__all__ = ["address", "address_units", "most_cells"]

Array = NDArray[np.float64]

_SHIFT, _GAP = 2.0**-43, 2.0**-45


def address_units(cells: int, *, two_sided: bool = False) -> int:
    """The units of x_j that tell so many equal parts apart: A + ceil(cells/A) - 1 for the best A, x_j among them.

    A coarse parts have A - 1 breaks; of the zigzag between their ends, all of them have the same finer breaks.
    ``two_sided``: with a further unit at each break.

    >>> [address_units(cells) for cells in (1, 2, 9, 10, 182)]
    [1, 2, 5, 6, 26]
    """
    units = isqrt(4 * cells - 1)
    return 2 * units - 1 if two_sided else units


def most_cells(units: int) -> int:
    """The most parts that so many units tell apart, one unit at each break."""
    return (units + 1) ** 2 // 4


def address(cells: int, two_sided: bool) -> tuple[AffineMap, Array, AffineMap]:
    """The units of x_j that tell equal parts apart, as forms of x_j and the (x_j - i/b)_+ of all faces.

    As forms of these units: the zigzag that goes from 0 to 1 or back in each part; and the distance from each part.
    """
    coarse = isqrt(cells - 1) + 1
    fine = -(-cells // coarse)
    turns = np.zeros(cells)  # as a form of x and the faces: between the ends of coarse parts
    turns[0] = 1
    turns[fine::fine] = 2 * (-1.0) ** np.arange(1, coarse)
    up = np.eye(cells)[0]
    ends = [(up, face / cells) for face in range(fine, cells, fine)] + [(turns, i / cells) for i in range(1, fine)]
    shift, gap = (_SHIFT, _GAP) if two_sided else (0.0, 0.0)
    rows = [up] + [form for form, _ in ends]
    biases = [0.0] + [shift + gap - end for _, end in ends]
    if two_sided:
        rows += [-form for form, _ in ends]
        biases += [end - shift for _, end in ends]
    count, faces = len(rows), len(ends)
    part = np.arange(cells) // fine
    place = np.where(part % 2, fine - 1 - np.arange(cells) % fine, np.arange(cells) % fine)
    zigzag = np.zeros(count)
    zigzag[0] = 1
    zigzag[1:coarse] = turns[fine::fine]
    wave = zigzag * 1.0
    wave[coarse : coarse + fine - 1] = 2 * (-1.0) ** np.arange(1, fine)
    outside, constants = np.zeros((cells, count)), np.zeros(cells)
    for level, index, first, form in ((coarse, part, 0, np.eye(count)[0]), (fine, place, coarse - 1, zigzag)):
        for cell, position in enumerate(index):
            if position < level - 1 and (cell < cells - 1 or part[cell] % 2):  # not for the end of [0,1]
                outside[cell, 1 + first + position] += 1
            if position > 0 and two_sided:
                outside[cell, faces + first + position] += 1
            elif position > 0:  # (y - x)_+ = (x - y)_+ - x + y
                outside[cell, first + position] += 1
                outside[cell] -= form
                constants[cell] += ends[first + position - 1][1]
    return (np.array(rows), np.array(biases)), cells * wave, (outside, constants)
