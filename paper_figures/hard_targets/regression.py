"""Networks fitted to numbers in the p-th power loss: the best read-out, recurrent networks, the best of several starts.

What another kind of network must answer, :func:`steps_of` and :func:`trained`, are single-dispatch functions of its
settings, here for recurrent networks, in ``feedforward`` for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from hadamrnn.arrays import Array, Vector
from hadamrnn.errors import ParameterError
from hadamrnn.expressivity.fit import features
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.kinds import network_from
from hadamrnn.networks.quantize import quantize
from hadamrnn.optim import Adam
from hadamrnn.work import calm

__all__ = ["Trained", "best", "descend", "fit_readout", "power_loss", "steps_of", "trained", "with_ones"]

#: For p < 2, |r|^p is replaced by (r^2 + SMOOTHING^2)^(p/2), with residuals in units of the largest target.
SMOOTHING = 1e-3
#: Steps of Adam for recurrent networks, and the rates of the first and the last.
STEPS, RATES = 300, (0.03, 0.0003)
#: Of L-BFGS.
OPTIONS = {"maxiter": 150, "maxcor": 20}


class Trained(NamedTuple):
    """A trained network, its values (m,) at points (m, d), and the arrays in which these are linear."""

    network: Any
    predict: Callable[[Array], Array]
    read_out: tuple[Array, Array]


@singledispatch
def steps_of(config: object, dim: int) -> int:
    """In how many steps networks of these settings read x in [0,1]^dim. Raises ParameterError if they cannot."""
    raise ParameterError("network", config, "must be the settings of a network")


@singledispatch
def trained(config: object, x: Array, y: Array, *, p: float, rng: np.random.Generator) -> Trained:
    """A network of these settings trained on points x (m, d) and numbers y (m,), at most about 1."""
    raise ParameterError("network", config, "must be the settings of a network")


def best(config: object, x: Array, y: Array, *, p: float, restarts: int, rng: np.random.Generator) -> Trained:
    """The best of ``restarts`` networks :func:`trained` on points x (m, d) and numbers y (m,), in the p-th power loss.

    Best is meant on these points; errors elsewhere are for others to say.

    >>> from hadamrnn import Config
    >>> x = np.random.default_rng(0).random((100, 2))
    >>> config = Config(inputs=1, hidden=2, outputs=1, bits=None, loss="mse")
    >>> network = best(config, x, x.sum(axis=1), p=2, restarts=2, rng=np.random.default_rng(0))
    >>> bool(np.abs(network.predict(x) - x.sum(axis=1)).max() < 1e-3)
    True
    """
    scale = float(np.abs(y).max()) or 1.0
    with calm():
        found = [trained(config, x, y / scale, p=p, rng=rng) for _ in range(restarts)]
    least = min(found, key=lambda each: power_loss(each.predict(x) - y / scale, p)[0])
    for array in least.read_out:
        array *= scale
    return least


def power_loss(residuals: Array, p: float) -> tuple[float, Array]:
    """The mean of |r|^p, smoothed for p < 2, and its gradient.

    >>> power_loss(np.array([1.0, -3.0]), 2)[0]
    5.0
    """
    squares = np.square(residuals) + (SMOOTHING**2 if p < 2 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(squares > 0, squares ** (p / 2 - 1), 0.0)
    return float(np.mean(powers * squares)), (p / len(residuals)) * powers * residuals


def with_ones(features: Array) -> Array:
    """One more feature, the constant 1."""
    return np.hstack([features, np.ones((len(features), 1))])


def fit_readout(features: Array, y: Array, *, p: float) -> Array:
    """The coefficients of the features (m, n) with about the least mean of |features @ v - y|^p.

    Least squares, which is exact for p = 2; for other p a convex problem that L-BFGS solves from there.

    >>> fit_readout(np.ones((3, 1)), np.array([0.0, 0.0, 9.0]), p=2).round(9).tolist()
    [3.0]
    """
    start: Array = np.linalg.lstsq(features, y, rcond=None)[0]

    def loss(v: Array) -> tuple[float, Array]:
        value, slope = power_loss(features @ v - y, p)
        return value, features.T @ slope

    return start if p == 2 else _lbfgs(loss, start)


def descend(parameters: Vector, loss: Callable[[], tuple[float, Vector]], free: Any = slice(None)) -> None:
    """Move the free ones of the parameters by L-BFGS to where the loss of the network that has them is less.

    ``loss`` returns its value and its gradients.
    """

    def at(values: Array) -> tuple[float, Array]:
        parameters.flat[free] = values
        value, gradients = loss()
        return value, gradients.flat[free]

    parameters.flat[free] = _lbfgs(at, parameters.flat[free].copy())


def _lbfgs(loss: Callable[[Array], tuple[float, Array]], start: Array) -> Array:
    end: Array = minimize(loss, start, jac=True, method="L-BFGS-B", options=OPTIONS).x
    return end


# Recurrent networks --------------------------------------------------------------------------------------------------


@steps_of.register
def _(config: NetworkConfig, dim: int) -> int:
    if (config.outputs, config.loss, config.many_to_many, config.embedding) != (1, "mse", False, None):
        raise ParameterError("network", config, 'must have one output, loss="mse", and real inputs')
    if dim % config.inputs:
        raise ParameterError("network.inputs", config.inputs, f"must divide d={dim}")
    return dim // config.inputs


@trained.register
def _(config: NetworkConfig, x: Array, y: Array, *, p: float, rng: np.random.Generator) -> Trained:
    """Adam on all points; then L-BFGS on all but the recurrence if U and V are real (a gradient that passes straight
    through a quantiser is that of no function); then the read-out is fitted in the p-th power, or its scale if it is
    quantised."""
    model = network_from(replace(config, dtype="float64", seed=int(rng.integers(2**62))))
    parameters, V, c = model.parameters, model.parameters["V"], model.parameters["c"]

    def sequences(points: Array) -> Array:
        """(T, m, inputs)."""
        return points.reshape(len(points), -1, config.inputs).swapaxes(0, 1)

    batch = sequences(x), y[:, None]
    adam, decay = Adam(parameters), (RATES[1] / RATES[0]) ** (1 / STEPS)
    least, kept = math.inf, parameters.flat.copy()
    for step in range(STEPS):
        loss, gradients = model.loss_and_gradients(batch)
        if loss < least:
            least, kept = loss, parameters.flat.copy()
        model.update(adam, gradients, RATES[0] * decay**step)
    parameters.flat[...] = kept
    if config.bits is None:
        recurrent = parameters.zeros()
        recurrent[config.recurrent][...] = 1
        descend(parameters, lambda: model.loss_and_gradients(batch), recurrent.flat == 0)
    read = features(model, batch[0])
    if config.bits is None:
        V[...], c[...] = np.split(fit_readout(with_ones(read), y, p=p), [-1])
    else:  # the scale alone: q(a V) = a q(V) for a >= 0 (codes are not symmetric)
        factor, c[...] = fit_readout(with_ones(read @ quantize(V, bits=config.bits).T), y, p=p)
        V *= max(factor, 0.0)
    return Trained(model, lambda points: model.predict(sequences(points))[:, 0], (V, c))
