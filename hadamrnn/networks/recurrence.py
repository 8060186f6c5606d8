"""One recurrence h_t = sigma(W h_{t-1} + f_t) over a segment of time steps, forwards and backwards.

Arrays are (steps, n, B): in place of the inputs f come the states h, in place of dLoss/dh comes
D = dLoss/da with a_t = W h_{t-1} + f_t. Activations: "linear" sigma(a) = a; "relu"; "modrelu"
sigma(a) = sign(a) relu(|a| + beta) with one threshold beta per unit and sign(0) = 0. A unit that is
active (h != 0, or always if linear) has a = h - beta sign(h), with beta = 0 but for modrelu, so that
D_t W h_{t-1} = D_t (a_t - f_t) needs no second transform: with u the signs,

    dLoss/du = u (sum D h  -  beta dLoss/dbeta  -  sum D f),      dLoss/dbeta = sum D sign(h),

the sums over time and batch. (K h_{t-1} = u (a_t - f_t) as u^2 = 1, where W = diag(u) K.) This is the
derivative in u at a vector of signs, which the straight-through rule hands on to the real vector behind it.
"""

from __future__ import annotations

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.transform import RecurrentMatrix

__all__ = ["ACTIVATIONS", "advance", "rectify", "retreat", "state_sums"]

ACTIVATIONS = ("linear", "relu", "modrelu")


def advance(
    W: RecurrentMatrix, f: Array, h: Array, step: Array, *, activation: str = "linear", threshold: Array | None = None
) -> None:
    """Replace the inputs f_1..f_L by the states h_1..h_L; ``h`` is the state before, ``step`` a scratch like it."""
    before, outer, zero = W.inner(h), W.outer(step), np.zeros_like(step)
    for now, inner in zip(f, W.inner(f), strict=True):
        W.apply(before, outer)
        now += step
        if activation == "relu":
            np.maximum(now, zero, out=now)
        elif activation == "modrelu":
            _modrelu(now, threshold, step)
        before = inner


def rectify(h: Array, out: Array) -> Array:
    """relu(h) of shape (steps, n, B); the zeros are an array, as np.maximum is vectorised for arrays only."""
    positive: Array = np.maximum(h, np.zeros_like(h[0]), out=out)
    return positive


def _modrelu(a: Array, threshold: Array | None, scratch: Array) -> None:
    np.abs(a, out=scratch)
    live = scratch > 0
    scratch += threshold
    live &= scratch > 0
    np.copysign(scratch, a, out=a)
    a *= live


def retreat(W: RecurrentMatrix, g: Array, h: Array, carry: Array, activation: str = "linear") -> None:
    """Replace dLoss/dh (of the read-outs alone) by D; ``carry`` is W^T D of the step after, then of the first step."""
    active = None if activation == "linear" else h != 0
    inner, outer = W.inner(carry), W.outer(g)
    for t in reversed(range(len(g))):
        now = g[t]
        now += carry
        if active is not None:
            now *= active[t]
        W.adjoint(outer[t], inner)


def state_sums(D: Array, h: Array, activation: str) -> tuple[Array, Array | None]:
    """sum D h and, for modrelu, sum D sign(h), over time and batch."""
    slopes = np.vecdot(D, np.copysign(D.dtype.type(1), h)).sum(0) if activation == "modrelu" else None
    return np.vecdot(D, h).sum(0), slopes
