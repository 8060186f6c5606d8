"""Uniform quantisation to p bits; in training its gradient is taken as the identity (straight through)."""

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError

MOST_BITS = 16
#: Where the step of the quantised values comes from; see :func:`codes`.
SCALES = ("max", "frobenius", "rms")
#: The steps, by bits, with which 2^p - 1 symmetric values lose least of a standard normal number in mean square (for
#: p = 1 three values); with more bits the steps of "max" lose little.
NORMAL_STEPS = (1.2240064, 1.2240064, 0.6507697, 0.3534113, 0.1932485, 0.1054876, 0.0572613, 0.0308701)


def most_code(bits: int) -> int:
    """The largest code; symmetric codes are from minus this to it."""
    return max((1 << bits - 1) - 1, 1)


def codes(matrix: Array, *, bits: int, scale: str = "max", norm: float | None = None) -> tuple[Array, float]:
    """The integers c and the step s of the quantised matrix s c, for export.

    With alpha = max |M| and a = alpha / 2^(p-1), c = round(M / a) clipped to [-2^(p-1), 2^(p-1) - 1]; for p = 1
    clipped to [-1, 1], which is ternary (the convention of Foucault, Mamalet and Malgouyres 2025, whose formula for p
    bits this is). ``scale``: with "max" s = a. Rounding then adds energy to the matrix: its Frobenius norm grows by a
    factor of about 1 + 2 / 2^(2p), that of a random orthogonal one by more, and a linear recurrence with it
    exponentially. "frobenius" keeps c, but s makes ||s c||_F = ``norm`` (by default that of M), up to a float32. "rms"
    does so for symmetric c in +-(2^(p-1) - 1) (for p = 1 in +-1), with a the root mean square of M times the best
    step for normal entries; for at most 8 bits. A matrix of zeros has step 0.

    >>> codes(np.array([-1.0, -0.2, 0.3, 1.0]), bits=2)
    (array([-2,  0,  1,  1], dtype=int32), 0.5)
    >>> codes(np.array([-1.0, -0.2, 0.3, 1.0]), bits=2, scale="rms")
    (array([-1,  0,  0,  1], dtype=int32), 1.0319883823394775)
    """
    half, most = 2 ** (check.integer("bits", bits, most=MOST_BITS) - 1), most_code(bits)
    least = -half
    matrix = check.numbers("matrix", matrix)
    size = float(np.abs(matrix).max(initial=0.0))
    if not np.isfinite(size):
        raise ParameterError("matrix", size, "must have finite entries")
    step = size / half
    if check.choice("scale", scale, SCALES) == "rms":
        check.integer("bits", bits, most=len(NORMAL_STEPS))
        least, step = -most, NORMAL_STEPS[bits - 1] * _length(matrix) / np.sqrt(max(matrix.size, 1))
    if step == 0.0:
        return np.zeros(matrix.shape, dtype=np.int32), 0.0
    # divided in double precision, so that the codes do not depend on how a float32 quotient is rounded
    rounded = np.rint(matrix / np.float64(step))
    found = np.clip(rounded, least, most).astype(np.int32)
    if scale != "max":
        step = float(np.float32((_length(matrix) if norm is None else norm) / max(_length(found), 1.0)))
    return found, float(step)


def quantize(matrix: Array, *, bits: int | None, scale: str = "max", norm: float | None = None) -> Array:
    """The matrix s c of p-bit values (see :func:`codes`), in its dtype; itself if bits is None.

    >>> quantize(np.array([-1.0, -0.2, 0.3, 1.0]), bits=2)
    array([-1. ,  0. ,  0.5,  0.5])
    """
    if bits is None:
        return matrix
    matrix = check.numbers("matrix", matrix)
    integers, step = codes(matrix, bits=bits, scale=scale, norm=norm)
    return (integers * step).astype(matrix.dtype)


def _length(matrix: Array) -> float:
    """The Frobenius norm, in double precision."""
    return float(np.linalg.norm(matrix.astype(np.float64)))


def exact(array: Array, *, bits: int | None = None, scale: str = "max", norm: float | None = None) -> tuple[Array, int]:
    """Integers and a power of 2: their quotients are the floats of an array, or its quantised values, not rounded.

    >>> exact(np.array([0.5, -0.75]))
    (array([2, -3], dtype=object), 4)
    """
    if bits is not None:
        integers, step = codes(array, bits=bits, scale=scale, norm=norm)
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
