"""HadamRNN and QORNN in plain NumPy, forwards and backwards: slow, in double precision, every formula once.

    a_t = W h_{t-1} + U x_t + b,    h_t = sigma(a_t),    y_t = V r(h_t) + c,

r = relu if sigma is linear, else the identity. HadamRNN: W = diag(sign u) (I (x) H_m) / sqrt(m). QORNN: W = q(W(P)).
Quantisers q and signs have the derivative 1 (straight through). Arrays are (T, B, units). The fast networks are tested
against this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.hadamard import hadamard
from hadamrnn.networks.hadamrnn import Config
from hadamrnn.networks.qornn import QORNNConfig
from hadamrnn.networks.quantize import NORMAL_STEPS, signs

__all__ = ["KINDS", "differentiate", "forward", "loss_and_gradients", "predict", "weights"]

Arrays = dict[str, Array]
#: From gradients in the weights to what is added to the loss, and the gradients in the parameters behind them.
Back = Callable[[Arrays], tuple[float, Arrays]]


def quantised(M: Array, bits: int | None, scale: str, norm: float | None = None) -> Array:
    """s round(M / s) with steps s = max|M| / 2^(p-1), from -2^(p-1) to 2^(p-1) - 1 of them (for p = 1 from -1 to 1).

    If the scale is not "max", then multiplied to the Frobenius norm ``norm``, that of M if none is given; if it is
    "rms", with symmetric steps that suit normal entries.
    """
    if bits is None or not M.any():
        return M
    half, most = 2 ** (bits - 1), max(2 ** (bits - 1) - 1, 1)
    s = np.sqrt(np.mean(M**2)) * NORMAL_STEPS[bits - 1] if scale == "rms" else np.abs(M).max() / half
    C = np.clip(np.rint(M / s), -most if scale == "rms" else -half, most)
    return C * (s if scale == "max" else np.float32((norm or np.sqrt((M**2).sum())) / np.sqrt((C**2).sum())))


def sigma(a: Array, activation: str, beta: Array | float = 0.0) -> Array:
    """The activation sigma; modrelu has a threshold beta per unit."""
    if activation == "relu":
        return np.maximum(a, 0)
    return np.sign(a) * np.maximum(np.abs(a) + beta, 0) if activation == "modrelu" else a


def recur(W: Array, f: Array, activation: str = "linear", beta: Array | float = 0.0) -> Array:
    """h_1, ..., h_T from f_t = U x_t + b and h_0 = 0."""
    h, now = np.zeros_like(f), np.zeros_like(f[0])
    for t in range(len(f)):
        h[t] = now = sigma(now @ W.T + f[t], activation, beta)
    return h


def recur_back(W: Array, h: Array, g: Array, activation: str = "linear") -> tuple[Array, Array]:
    """D_t = dLoss/da_t = dLoss/df_t, and dLoss/dW, from g_t, the part of dLoss/dh_t that comes from y_t."""
    D, dW, carry = np.zeros_like(g), np.zeros_like(W), np.zeros_like(g[0])
    for t in reversed(range(len(g))):
        slope = np.ones_like(h[t]) if activation == "linear" else h[t] != 0  # sigma' is 1 or 0, and 0 where h is
        D[t] = (g[t] + carry) * slope
        carry = D[t] @ W
        if t > 0:
            dW += D[t].T @ h[t - 1]
    return D, dW


def forward(config: NetworkConfig, w: Arrays, x: Array) -> tuple[Array, Array, Array]:
    """x as vectors, h and the outputs y of all steps."""
    if x.ndim == 2:
        x = w["E"][x] if config.embedding else np.eye(config.inputs)[x]
    h = recur(w["W"], x @ w["U"].T + w["b"], config.activation, w.get("beta", 0.0))
    read = np.maximum(h, 0) if config.activation == "linear" else h
    return x, h, read @ w["V"].T + w["c"]


def loss_and_slope(outputs: Array, y: Array, loss: str) -> tuple[float, Array]:
    """The mean over all targets, and its derivative in the outputs of the last steps, which have them."""
    if loss == "mse":
        return float(np.mean((outputs - y) ** 2)), 2 * (outputs - y) / y.size
    outputs = outputs - outputs.max(-1, keepdims=True)
    log_p, one_hot = outputs - np.log(np.exp(outputs).sum(-1, keepdims=True)), np.eye(outputs.shape[-1])[y]
    return float(-(log_p * one_hot).sum() / y.size), (np.exp(log_p) - one_hot) / y.size


def differentiate(config: NetworkConfig, w: Arrays, x: Array, y: Array) -> tuple[float, Arrays]:
    """The loss and its derivatives in all weights w."""
    y = y if config.many_to_many else y[None]
    vectors, h, outputs = forward(config, w, x)
    loss, slope = loss_and_slope(outputs[-len(y) :], y, config.loss)
    late = h[-len(y) :]
    read = np.maximum(late, 0) if config.activation == "linear" else late
    G: Arrays = {"V": outer(slope, read), "c": slope.sum((0, 1))}
    g = np.zeros_like(h)
    g[-len(y) :] = slope @ w["V"] * (late > 0 if config.activation == "linear" else 1)
    D, G["W"] = recur_back(w["W"], h, g, config.activation)
    G["U"], G["b"] = outer(D, vectors), D.sum((0, 1))
    if "beta" in w:
        G["beta"] = (D * np.sign(h)).sum((0, 1))
    if "E" in w:
        G["E"] = outer(np.eye(config.inputs)[x], D @ w["U"])
    return loss, G


def outer(left: Array, right: Array) -> Array:
    """The sum of l r^T over time and batch."""
    return np.asarray(np.einsum("tbi,tbj->ij", left, right))


def hadamrnn(config: Config, p: Arrays, training: bool) -> tuple[Arrays, Back]:
    """W = diag(sign u) K, so dLoss/du is, straight through the sign, the sum of dLoss/dW * K over rows."""
    n, m = config.hidden, config.block or config.hidden
    K = np.kron(np.eye(n // m), hadamard(m)) / np.sqrt(m)
    return {"W": signs(p["u"])[:, None] * K}, lambda G: (0.0, {"u": (G["W"] * K).sum(1)})


def qornn(config: QORNNConfig, p: Arrays, training: bool) -> tuple[Arrays, Back]:
    """W = q(W(P)): the strategy knows W(P), the way back from dLoss/dW to dLoss/dP, and what is added to the loss."""
    W, pull = config.way.weight(p["W"])
    Q = quantised(W, config.bits_of("W", training=training), **config.scaling("W"))

    def back(G: Arrays) -> tuple[float, Arrays]:
        added, slope = config.way.penalty(Q, config.penalty)
        return added, {"W": pull(G["W"] + slope)}

    return {"W": Q}, back


#: By the name of the kind: weights from parameters, and the gradients back with what is added to the loss.
KINDS: dict[str, Callable[[Any, Arrays, bool], tuple[Arrays, Back]]] = {"hadamrnn": hadamrnn, "qornn": qornn}


def weights(model: Network, *, training: bool = True) -> tuple[Arrays, Back]:
    """The real weights that the network computes with in training or in predictions, and the way back from them."""
    config, p = model.config, {name: array.astype(np.float64) for name, array in model.parameters.items()}
    own, back = KINDS[config.kind](config, p, training)
    for name in ("U", "V"):
        p[name] = quantised(p[name], config.bits_of(name, training=training), **config.scaling(name))
    return p | own, back


def predict(model: Network, x: Array) -> Array:
    """As :meth:`Network.predict`."""
    _, _, outputs = forward(model.config, weights(model, training=False)[0], x)
    return outputs if model.config.many_to_many else outputs[-1]


def loss_and_gradients(model: Network, x: Array, y: Array) -> tuple[float, Arrays]:
    """As :meth:`Network.loss_and_gradients`."""
    w, back = weights(model)
    loss, G = differentiate(model.config, w, x, y)
    added, behind = back(G)
    return loss + added, {name: (G | behind)[name] for name in model.parameters}
