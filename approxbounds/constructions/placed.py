"""Layers at given places of a ReLU network, and what the others pass on. THEORY.md, 5.1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from approxbounds.facts.built import AffineMap

__all__ = ["placed_layers"]


def placed_layers(
    layers: list[AffineMap], low: float, places: tuple[int, ...], depth: int, coordinates: NDArray[np.float64]
) -> list[AffineMap]:
    """The layers at these places of so many hidden ones; the others pass on coordinates, units, or the output.

    The output is a form that is at least ``low`` and a constant.
    """
    *own, (output, constant) = layers
    result: list[AffineMap] = []
    passed = np.eye(coordinates.shape[1])
    for layer in range(depth):
        if layer in places:
            matrix, biases = own[places.index(layer)]
            result.append((matrix @ passed if layer == places[0] else matrix, biases))
        elif layer < places[0]:
            result.append((np.eye(len(coordinates)) if layer else coordinates, np.zeros(len(coordinates))))
            passed = coordinates.T
        elif layer < places[-1]:
            units = len(result[-1][1])
            result.append((np.eye(units), np.zeros(units)))
        else:
            result.append((output, np.array([-low])))
            output, constant, low = np.ones((1, 1)), constant + low, 0.0
    return [*result, (output, constant)]
