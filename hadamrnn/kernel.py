"""The many-to-one linear recurrence as one matrix product with its impulse response.

h_T = sum_{s<T} W^s [U b] [x_{T-s}; 1] is linear in the sequence, and the impulse response
K_s = (W^s [U b])^T, s < T, an array (T, k, n) with k = d_in + 1, does not depend on the batch: its cost is
that of k sequences instead of B. Up to n = 128 the powers come by doubling, K_{L+s} = K_s (W^L)^T, in
about log2 T products of matrices; above, by applying W to k rows T times. The same response carries a state
over many steps at once.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.transform import SignedHadamard

__all__ = ["MOST_DOUBLING", "impulse_response", "impulse_response_gradient", "leap"]

#: Squaring W costs n^3: beyond this order T cheap steps are faster.
MOST_DOUBLING = 128


def impulse_response(W: SignedHadamard, K: Array) -> list[Array]:
    """Fill K, of shape (T, k, n), from its first entry; returns the powers W, W^2, W^4, ... used (none if rolled)."""
    steps, k, n = K.shape
    powers: list[Array] = []
    if n > MOST_DOUBLING:
        for now, after in pairwise(K):
            W.rows(now, after)
        return powers
    rows, known = K.reshape(-1, n), 1
    while known < steps:
        powers.append(powers[-1] @ powers[-1] if powers else W.dense())
        more = min(known, steps - known)
        np.matmul(rows[: more * k], powers[-1].T, out=rows[known * k : (known + more) * k])
        known += more
    return powers


def leap(W: SignedHadamard, start: Array, steps: int) -> tuple[Array, Array]:
    """P and R with h_{t+L} = P h_t + R [x_{t+L}; ...; x_{t+1}], for L = ``steps`` a power of two and n up to 128.

    start: [U b]^T of shape (k, n); the columns x end in 1. P = W^L is (n, n), R is (n, L k).
    """
    K = np.empty((steps, *start.shape), dtype=start.dtype)
    K[0] = start
    powers = impulse_response(W, K)
    power = powers[-1] @ powers[-1] if powers else W.dense()
    return power, K.reshape(-1, K.shape[2]).T


def impulse_response_gradient(W: SignedHadamard, K: Array, powers: list[Array], dK: Array) -> tuple[Array, Array]:
    """dLoss/dstart and dLoss/du from dLoss/dK, which is overwritten."""
    steps, k, n = K.shape
    if n > MOST_DOUBLING:
        scratch = np.empty_like(dK[0])
        for now, after in zip(dK[-2::-1], dK[:0:-1], strict=True):
            W.rows_adjoint(after, scratch)
            now += scratch
        # dLoss/du = sum D_s (K_s / u), the rows K_s / u being those of the unsigned transform of K_{s-1}
        return dK[0], W.signs * np.einsum("skn,skn->n", dK[1:], K[1:])
    rows, drows = K.reshape(-1, n), dK.reshape(-1, n)
    dpower: Array | None = None  # of the power at hand, through its square
    for j in reversed(range(len(powers))):
        power, known = powers[j], 2**j
        more = min(known, steps - known) * k
        late, early = drows[known * k : known * k + more], slice(more)
        through_square = 0 if dpower is None else dpower @ power.T + power.T @ dpower
        dpower = late.T @ rows[early] + through_square
        drows[early] += late @ power
    if dpower is None:
        return dK[0], np.zeros(n, dtype=dK.dtype)
    return dK[0], W.signs * np.vecdot(dpower, powers[0])
