"""Layers of Heaviside networks that make steps into indicators of boxes, or pass them on. THEORY.md, section 5."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from approxbounds.facts.built import AffineMap
from approxbounds.facts.grid import cube_indices

__all__ = ["indicators", "kept", "stages"]


def stages(widths: tuple[int, ...], needed: tuple[int, ...]) -> tuple[int, ...] | None:
    """How many layers each stage gets, or None: a layer reaches the next stage, or passes on all units of its own."""
    reached: dict[int, tuple[int, ...]] = {-1: ()}  # the stage, and the layers of each stage so far
    for width in widths:
        following = {}
        for stage, counts in reached.items():
            if stage >= 0 and width >= needed[stage]:
                following[stage] = (*counts[:-1], counts[-1] + 1)
            if stage + 1 < len(needed) and width >= needed[stage + 1]:
                following[stage + 1] = (*counts, 1)
        reached = following
    return reached.get(len(needed) - 1)


def kept(first: AffineMap, layers: int) -> list[AffineMap]:
    """A layer, and others that pass its units on."""
    units = len(first[1])
    return [first, *[(np.eye(units), np.full(units, -0.5))] * (layers - 1)]


def indicators(k: int, dim: int) -> AffineMap:
    """Cube i, but the last one, from the steps s_{j,i} = 1[k x_j >= i], s_{j,0} = 1, s_{j,k} = 0.

    sum_j (s_{j,i_j} - s_{j,i_j+1}) is d on the cube and at most d-1 elsewhere.
    """
    indices = cube_indices(k, dim, 0, k**dim - 1)
    matrix = np.zeros((len(indices), dim * (k - 1)))
    biases: NDArray[np.float64] = (indices == 0).sum(axis=1) - (dim - 0.5)
    for j, column in enumerate(indices.T):
        inside, before_last = np.flatnonzero(column > 0), np.flatnonzero(column < k - 1)
        matrix[inside, j * (k - 1) + column[inside] - 1] += 1
        matrix[before_last, j * (k - 1) + column[before_last]] -= 1
    return matrix, biases
