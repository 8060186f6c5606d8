"""Networks fitted to numbers: the p-th power loss, the best read-out, and recurrent networks trained to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.expressivity.fit import features
from hadamrnn.networks.base import Network, NetworkConfig
from hadamrnn.networks.kinds import network_from
from hadamrnn.networks.quantize import quantize
from hadamrnn.optim import Adam, Schedule
from hadamrnn.work import calm

__all__ = ["best_recurrent", "fit_readout", "lbfgs", "power_loss"]

#: For p < 2, |r|^p is replaced by (r^2 + SMOOTHING^2)^(p/2), with residuals in units of the largest target.
SMOOTHING = 1e-3
#: Steps of Adam for recurrent networks, and the rates of the first and the last.
STEPS, RATES = 300, (0.03, 0.0003)
#: Iterations of L-BFGS.
ITERATIONS = 150


def power_loss(residuals: Array, p: float) -> tuple[float, Array]:
    """The mean of |r|^p, smoothed for p < 2, and its gradient.

    >>> power_loss(np.array([1.0, -3.0]), 2)[0]
    5.0
    """
    squares = np.square(residuals) + (SMOOTHING**2 if p < 2 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(squares > 0, squares ** (p / 2 - 1), 0.0)
    return float(np.mean(powers * squares)), (p / len(residuals)) * powers * residuals


def fit_readout(features: Array, y: Array, *, p: float) -> Array:
    """The coefficients of the features (m, n) with about the least mean of |features @ v - y|^p.

    Least squares, which is exact for p = 2; for other p a convex problem that L-BFGS solves from there.

    >>> fit_readout(np.ones((3, 1)), np.array([0.0, 0.0, 9.0]), p=2).round(9).tolist()
    [3.0]
    """
    start: Array = np.linalg.lstsq(features, y, rcond=None)[0]
    if p == 2:
        return start

    def loss(v: Array) -> tuple[float, Array]:
        value, slope = power_loss(features @ v - y, p)
        return value, features.T @ slope

    return lbfgs(loss, start)


def lbfgs(loss: Callable[[Array], tuple[float, Array]], start: Array, *, iterations: int = ITERATIONS) -> Array:
    """Where L-BFGS ends; ``loss`` returns its value and its gradient."""
    from scipy.optimize import minimize

    options = {"maxiter": iterations, "maxcor": 20}
    end: Array = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return end


def best_recurrent(
    config: NetworkConfig, x: Array, y: Array, *, p: float, restarts: int, rng: np.random.Generator
) -> Network:
    """The best of ``restarts`` networks, with one output and the loss "mse", for sequences (T, m, inputs) and y (m,).

    Best is meant in the p-th power loss. Adam on all points; then L-BFGS on all but the recurrence if U and V are
    real (a gradient that passes straight through a quantiser is that of no function); then the read-out is fitted in
    the p-th power, or its scale if it is quantised.

    >>> from hadamrnn import Config
    >>> x = np.random.default_rng(0).random((2, 100, 1))
    >>> config = Config(inputs=1, hidden=2, outputs=1, bits=None, loss="mse")
    >>> network = best_recurrent(config, x, x.sum(axis=(0, 2)), p=2, restarts=2, rng=np.random.default_rng(0))
    >>> bool(np.abs(network.predict(x)[:, 0] - x.sum(axis=(0, 2))).max() < 1e-3)
    True
    """
    scale = float(np.abs(y).max()) or 1.0
    with calm():
        found = [_trained(config, x, y / scale, p, int(rng.integers(2**62))) for _ in range(restarts)]
    network = min(found, key=lambda network: power_loss(network.predict(x)[:, 0] - y / scale, p)[0])
    for name in ("V", "c"):
        network.parameters[name] *= scale
    return network


def _trained(config: NetworkConfig, x: Array, y: Array, p: float, seed: int) -> Network:
    model = network_from(replace(config, dtype="float64", seed=seed))
    parameters, batch = model.parameters, (x, y[:, None])
    adam, schedule = Adam(parameters), Schedule(rate=RATES[0], decay=(RATES[1] / RATES[0]) ** (1 / STEPS))
    least, best = math.inf, parameters.flat.copy()
    for step in range(STEPS):
        loss, gradients = model.loss_and_gradients(batch)
        if loss < least:
            least, best = loss, parameters.flat.copy()
        model.update(adam, gradients, schedule(step))
    parameters.flat[...] = best
    if config.bits is None:
        recurrent = parameters.zeros()
        recurrent[config.recurrent][...] = 1
        free = recurrent.flat == 0

        def loss_of(values: Array) -> tuple[float, Array]:
            parameters.flat[free] = values
            loss, gradients = model.loss_and_gradients(batch)
            return loss, gradients.flat[free]

        parameters.flat[free] = lbfgs(loss_of, parameters.flat[free])
    _fit_own_readout(model, x, y, p)
    return model


def _fit_own_readout(model: Network, x: Array, y: Array, p: float) -> None:
    """Of a quantised V only the scale: q(a V) = a q(V) for a >= 0 (codes are not symmetric)."""
    V, c, bits = model.parameters["V"], model.parameters["c"], model.config.bits
    read = features(model, x)
    if bits is not None:
        read = read @ quantize(V, bits=bits).T
    weights = fit_readout(np.hstack([read, np.ones((len(read), 1))]), y, p=p)
    V[...] = weights[:-1] if bits is None else max(weights[0], 0.0) * V
    c[...] = weights[-1]
