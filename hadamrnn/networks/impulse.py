"""The many-to-one linear recurrence as one matrix product with its impulse response.

h_T = sum_{s<T} W^s [U b] [x_{T-s}; 1] is linear in the sequence, and the impulse response
K_s = (W^s [U b])^T, s < T, an array (T, k, n) with k = d_in + 1, does not depend on the batch: its cost is
that of k sequences instead of B. For a dense W, and a Hadamard W up to n = 128, it comes by doubling,
K_{L+s} = K_s (W^L)^T, until the L k rows of a block make a good product, then block by block; for a larger
Hadamard W, by applying W to k rows T times. The same response carries a state over many steps at once.
"""

import math
from itertools import pairwise

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.transform import RecurrentMatrix, settle

#: Rows of a block from which products with a power of W run at full speed.
FULL_BLOCK = 64


def impulse_response(W: RecurrentMatrix, K: Array) -> list[Array]:
    """Fill K, of shape (T, k, n), from its first entry; returns the powers W, W^2, W^4, ... used (none if rolled)."""
    steps, k, n = K.shape
    powers: list[Array] = []
    if not W.doubles:
        for now, after in pairwise(K):
            W.rows(now, after)
        return powers
    most = 1 + max(0, math.ceil(math.log2(FULL_BLOCK / k)))
    rows, known = K.reshape(-1, n), 1
    while known < steps:
        if len(powers) < most:
            powers.append(powers[-1] @ powers[-1] if powers else W.dense().copy())
        first = known - (1 << (len(powers) - 1))
        count = min(known - first, steps - known)
        after = rows[known * k : (known + count) * k]
        np.matmul(rows[first * k : (first + count) * k], powers[-1].T, out=after)
        settle(after)
        known += count
    return powers


def leap(W: RecurrentMatrix, start: Array, steps: int) -> tuple[Array, Array]:
    """P and R with h_{t+L} = P h_t + R [x_{t+L}; ...; x_{t+1}], for L = ``steps`` a power of two and W that doubles.

    start: [U b]^T of shape (k, n); the columns x end in 1. P = W^L is (n, n), R is (n, L k).
    """
    K = np.empty((steps, *start.shape), dtype=start.dtype)
    K[0] = start
    powers = impulse_response(W, K)
    power, exponent = (powers[-1], 1 << (len(powers) - 1)) if powers else (W.dense(), 1)
    while exponent < steps:
        power, exponent = power @ power, 2 * exponent
    return power, K.reshape(-1, K.shape[2]).T


def impulse_response_gradient(W: RecurrentMatrix, K: Array, powers: list[Array], dK: Array) -> tuple[Array, Array]:
    """dLoss/dstart and dLoss/du (of a dense matrix dLoss/dW) from dLoss/dK, which is overwritten.

    In place of dLoss/dK_s comes the sum over r >= s of dLoss/dK_r W^{r-s}: the derivative in K_s with all that
    follows from it. With powers of W it is the parallel suffix sum of Brent and Kung 1982.
    """
    if not W.doubles:
        scratch = np.empty_like(dK[0])
        for now, after in zip(dK[-2::-1], dK[:0:-1], strict=True):
            W.rows_adjoint(after, scratch)
            now += scratch
    elif powers:
        top = 1 << (len(powers) - 1)
        strides = [(1 << j, 2 << j, power) for j, power in enumerate(powers[:-1])]
        for stride, double, power in strides:  # up: every second one sums twice as many terms
            _absorb(dK[::double], dK[stride::double], power)
        for s in reversed(range(0, len(dK) - top, top)):
            dK[s] += dK[s + top] @ powers[-1]
        for stride, double, power in reversed(strides):  # down: those between have all terms of the next
            _absorb(dK[stride::double], dK[double::double], power)
    return dK[0], W.gradient(dK[1:], K[1:], K[:-1])


def _absorb(early: Array, late: Array, power: Array) -> None:
    """Add late @ power to the first entries, in one product."""
    early[: len(late)] += (late.reshape(-1, late.shape[2]) @ power).reshape(late.shape)
