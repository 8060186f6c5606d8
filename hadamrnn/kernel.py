"""The many-to-one linear recurrence as one matrix product with its impulse response.

h_T = sum_{s<T} W^s [U b] [x_{T-s}; 1] is linear in the sequence, and the impulse response
K_s = (W^s [U b])^T, s < T, an array (T, k, n) with k = d_in + 1, does not depend on the batch: its cost is
that of k sequences instead of B. For a Hadamard W up to n = 128 the powers come by doubling,
K_{L+s} = K_s (W^L)^T, in about log2 T products of matrices; above, by applying W to k rows T times. For a dense W
they come by doubling until the L k rows of a block make a good product, then block by block. The same response
carries a state over many steps at once.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.transform import DenseMatrix, RecurrentMatrix, SignedHadamard

__all__ = ["MOST_DOUBLING", "doubles", "impulse_response", "impulse_response_gradient", "leap"]

#: Squaring W costs n^3: beyond this order T cheap steps of a Hadamard matrix are faster.
MOST_DOUBLING = 128
#: Rows of a block from which products with a dense power of W run at full speed.
FULL_BLOCK = 64


def doubles(W: RecurrentMatrix) -> bool:
    """Whether powers of W come by doubling."""
    return isinstance(W, DenseMatrix) or W.order <= MOST_DOUBLING


def impulse_response(W: RecurrentMatrix, K: Array) -> list[Array]:
    """Fill K, of shape (T, k, n), from its first entry; returns the powers W, W^2, W^4, ... used (none if rolled)."""
    steps, k, n = K.shape
    powers: list[Array] = []
    if isinstance(W, SignedHadamard) and not doubles(W):
        for now, after in pairwise(K):
            W.rows(now, after)
        return powers
    most = 1 + max(0, math.ceil(math.log2(FULL_BLOCK / k))) if isinstance(W, DenseMatrix) else steps
    rows = K.reshape(-1, n)
    for first, known, count in _blocks(steps, most):
        if len(powers) < most:
            powers.append(powers[-1] @ powers[-1] if powers else W.dense())
        np.matmul(rows[first * k : (first + count) * k], powers[-1].T, out=rows[known * k : (known + count) * k])
    return powers


def _blocks(steps: int, most: int) -> list[tuple[int, int, int]]:
    """(first, known, count): entries from ``first`` on give those from ``known`` on, by the next or the last power."""
    found: list[tuple[int, int, int]] = []
    known = 1
    while known < steps:
        block = 1 << min(len(found), most - 1)
        found.append((known - block, known, min(block, steps - known)))
        known += found[-1][2]
    return found


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
    """dLoss/dstart and dLoss/du (of a dense matrix dLoss/dW) from dLoss/dK, which is overwritten."""
    steps, k, n = K.shape
    if isinstance(W, SignedHadamard) and not doubles(W):
        scratch = np.empty_like(dK[0])
        for now, after in zip(dK[-2::-1], dK[:0:-1], strict=True):
            W.rows_adjoint(after, scratch)
            now += scratch
        # dLoss/du = sum D_s (K_s / u), the rows K_s / u being those of the unsigned transform of K_{s-1}
        return dK[0], W.signs * np.einsum("skn,skn->n", dK[1:], K[1:])
    rows, drows = K.reshape(-1, n), dK.reshape(-1, n)
    dpowers = [np.zeros((n, n), dtype=dK.dtype) for _ in range(max(len(powers), 1))]
    for number, (first, known, count) in reversed(list(enumerate(_blocks(steps, len(powers))))):
        j = min(number, len(powers) - 1)
        late, early = drows[known * k : (known + count) * k], slice(first * k, (first + count) * k)
        dpowers[j] += late.T @ rows[early]
        drows[early] += late @ powers[j]
    for j in reversed(range(1, len(powers))):  # through the squares
        dpowers[j - 1] += dpowers[j] @ powers[j - 1].T + powers[j - 1].T @ dpowers[j]
    return dK[0], W.gradient(dpowers[0])
