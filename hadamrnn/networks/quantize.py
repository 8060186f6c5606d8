"""Uniform quantisation to p bits; in training its gradient is taken as the identity (straight through)."""

from __future__ import annotations

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError

MOST_BITS = 16


def codes(matrix: Array, *, bits: int) -> tuple[Array, float]:
    """The integers c and the step s of the quantised matrix s c, for export.

    With alpha = max |M| and s = alpha / 2^(p-1), c = round(M / s) clipped to [-2^(p-1), 2^(p-1) - 1];
    for p = 1 clipped to [-1, 1], which is ternary (the convention of Foucault, Mamalet and Malgouyres 2025,
    whose formula for p bits this is). A matrix of zeros has step 0.

    >>> codes(np.array([-1.0, -0.2, 0.3, 1.0]), bits=2)
    (array([-2,  0,  1,  1], dtype=int32), 0.5)
    """
    half = 2 ** (check.integer("bits", bits, most=MOST_BITS) - 1)
    matrix = check.numbers("matrix", matrix)
    alpha = float(np.abs(matrix).max(initial=0.0))
    if not np.isfinite(alpha):
        raise ParameterError("matrix", alpha, "must have finite entries")
    step = alpha / half
    if step == 0.0:
        return np.zeros(matrix.shape, dtype=np.int32), 0.0
    # divided in double precision, so that the codes do not depend on how a float32 quotient is rounded
    rounded = np.rint(matrix / np.float64(step))
    return np.clip(rounded, -half, max(half - 1, 1)).astype(np.int32), step


def quantize(matrix: Array, *, bits: int | None) -> Array:
    """The matrix of p-bit values nearest to ``matrix`` (see :func:`codes`), in its dtype; itself if bits is None.

    >>> quantize(np.array([-1.0, -0.2, 0.3, 1.0]), bits=2)
    array([-1. ,  0. ,  0.5,  0.5])
    """
    if bits is None:
        return matrix
    matrix = check.numbers("matrix", matrix)
    integers, step = codes(matrix, bits=bits)
    return (integers * step).astype(matrix.dtype)


def exact(array: Array, *, bits: int | None = None) -> tuple[Array, int]:
    """Integers and a power of 2: their quotients are the floats of an array, or its quantised values, not rounded.

    >>> exact(np.array([0.5, -0.75]))
    (array([2, -3], dtype=object), 4)
    """
    if bits is not None:
        integers, step = codes(array, bits=bits)
        numerator, denominator = step.as_integer_ratio()
        return integers.astype(object) * numerator, denominator
    ratios = np.array([value.as_integer_ratio() for value in array.ravel().tolist()], dtype=object)
    above, below = np.moveaxis(ratios.reshape(*array.shape, 2), -1, 0)
    denominator = below.max(initial=1)
    return above * (denominator // below), denominator


def signs(vector: Array) -> Array:
    """-1 where an entry is negative, 1 elsewhere (so the sign of 0 is 1), in the dtype of the vector.

    >>> signs(np.array([-0.5, 0.0, 2.0]))
    array([-1.,  1.,  1.])
    """
    return np.where(vector < 0, -1, 1).astype(vector.dtype)
