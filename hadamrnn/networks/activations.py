"""Activations of recurrences, in place: "linear", "relu" and "modrelu", sigma(a) = sign(a) relu(|a| + beta).

modReLU has one threshold beta per unit, and sign(0) = 0.
"""

from __future__ import annotations

import numpy as np

from hadamrnn.arrays import Array

ACTIVATIONS = ("linear", "relu", "modrelu")


def rectify(h: Array, out: Array) -> Array:
    """relu(h) of shape (steps, n, B); the zeros are an array, as np.maximum is vectorised for arrays only."""
    positive: Array = np.maximum(h, np.zeros_like(h[0]), out=out)
    return positive


def modrelu(a: Array, threshold: Array | None, scratch: Array) -> None:
    """Replace a by sigma(a)."""
    np.abs(a, out=scratch)
    live = scratch > 0
    scratch += threshold
    live &= scratch > 0
    np.copysign(scratch, a, out=a)
    a *= live
