"""Small feed-forward networks with ReLU or Heaviside units, fitted to numbers as well as one can, in NumPy and SciPy.

Training minimises the mean of |residual|^p by L-BFGS from several starts, with the read-out fitted anew before and
after. Heaviside units are trained as sigmoids that become steeper, then made hard; a local search over single units
follows. Small networks have many poor local minima: what counts is the best of all starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import approxbounds as ab
from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector
from hadamrnn.errors import ParameterError
from paper_figures.hard_targets.regression import (
    Trained,
    descend,
    fit_readout,
    power_loss,
    steps_of,
    trained,
    with_ones,
)

__all__ = ["FeedForward", "FeedForwardConfig", "sigmoid"]

#: Single units that the local search draws anew.
TRIALS = 60


class Activation(NamedTuple):
    """h = sigma(a), and its derivative as a function of h."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def sigmoid(steepness: float) -> Activation:
    """1/(1 + exp(-steepness a)): the Heaviside function, the nearer the steeper."""
    return Activation(lambda a: 0.5 * (1 + np.tanh(0.5 * steepness * a)), lambda h: steepness * h * (1 - h))


_RELU = Activation(lambda a: np.maximum(a, 0.0), lambda h: h > 0)
_HEAVISIDE = Activation(lambda a: (a >= 0).astype(float), np.zeros_like)
#: By name: the class of the networks, what they compute with, and what in its place, one after the other, in training.
UNITS = {
    "relu": (ab.ReLUNetwork, _RELU, (_RELU,)),
    "heaviside": (ab.HeavisideNetwork, _HEAVISIDE, tuple(map(sigmoid, (8.0, 32.0, 128.0)))),
}


@dataclass(frozen=True, kw_only=True)
class FeedForwardConfig:
    """The settings of a :class:`FeedForward`: numbers of inputs and of hidden units, "relu" or "heaviside"."""

    inputs: int
    widths: tuple[int, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        check.plain(self)
        check.integer("inputs", self.inputs, most=10**4)
        if not isinstance(self.widths, tuple) or not self.widths:
            raise ParameterError("widths", self.widths, "must be a tuple of at least one integer")
        widths = tuple(check.integer("widths", units, most=10**4) for units in self.widths)
        object.__setattr__(self, "widths", widths)
        check.choice("activation", self.activation, tuple(UNITS))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The trained arrays: W0, b0, ..., those of the output last."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (inputs, units) in enumerate(zip((self.inputs, *self.widths), (*self.widths, 1), strict=True)):
            shapes |= {f"W{layer}": (units, inputs), f"b{layer}": (units,)}
        return shapes

    def record(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {"kind": "feedforward", **asdict(self), "widths": list(self.widths)}

    def as_class(self, *, steps: int) -> ab.NetworkClass:
        """The class of approxbounds with all functions of such networks, of ``steps`` times as many inputs."""
        return UNITS[self.activation][0](widths=self.widths, input_dim=steps * self.inputs)


class FeedForward:
    """h_l = sigma(W_l h_{l-1} + b_l) from h = x, and a linear output; sigma(a) = max(a, 0) or 1[a >= 0].

    >>> network = FeedForward(FeedForwardConfig(inputs=2, widths=(3,)))
    >>> network.predict(np.ones((5, 2))).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, config: FeedForwardConfig) -> None:
        self.config, self.depth = config, len(config.widths)
        self.activation = UNITS[config.activation][1]
        self.parameters = Vector(config.shapes(), "float64")
        arrays = iter(self.parameters.values())
        self.maps = list(zip(arrays, arrays, strict=True))  # W and b of each layer

    def predict(self, points: Array) -> Array:
        """Values (m,) at points (m, inputs)."""
        return self._output(self._layers(points, self.activation)[-1])

    def refit(self, x: Array, y: Array, p: float) -> float:
        """Fit the output layer; returns the loss."""
        features = with_ones(self._layers(x, self.activation)[-1])
        weights = fit_readout(features, y, p=p)
        W, b = self.maps[-1]
        W[...], b[...] = weights[:-1], weights[-1]
        return power_loss(features @ weights - y, p)[0]

    def loss_and_gradients(
        self, x: Array, y: Array, *, p: float, activation: Activation | None = None
    ) -> tuple[float, Vector]:
        """:func:`power_loss` of the outputs for x (m, inputs) against y (m,), and its gradients.

        ``activation``: in place of that of the network.
        """
        activation = activation or self.activation
        layers, gradients = self._layers(x, activation), self.parameters.zeros()
        loss, slope = power_loss(self._output(layers[-1]) - y, p)
        back = slope[:, None]
        for layer in range(self.depth, -1, -1):
            h = layers[layer]
            gradients[f"W{layer}"][...], gradients[f"b{layer}"][...] = back.T @ h, back.sum(0)
            if layer:
                back = back @ self.maps[layer][0] * activation.slope(h)
        return loss, gradients

    def _layers(self, x: Array, activation: Activation) -> list[Array]:
        """The inputs and all hidden layers."""
        layers = [x]
        for W, b in self.maps[:-1]:
            layers.append(activation.value(layers[-1] @ W.T + b))
        return layers

    def _output(self, last: Array) -> Array:
        W, b = self.maps[-1]
        output: Array = (last @ W.T + b)[:, 0]
        return output

    def draw_unit(self, layer: int, unit: int, x: Array, rng: np.random.Generator) -> None:
        """Make a unit a random one, which changes its sign at a random point of x."""
        inputs = self._layers(x[rng.integers(len(x), size=1)], self.activation)[layer][0]
        direction = rng.standard_normal(len(inputs))
        direction /= np.linalg.norm(direction)
        # inputs of later layers may be integers, where units that touch a value would all be alike
        offset = 0.0 if layer == 0 else rng.uniform(-0.5, 0.5)
        W, b = self.maps[layer]
        W[unit], b[unit] = direction, offset - direction @ inputs


def _search(network: FeedForward, x: Array, y: Array, rng: np.random.Generator) -> None:
    """Draw single units anew, and keep those with which a read-out by least squares is better."""
    flat, least = network.parameters.flat, network.refit(x, y, 2)
    for _ in range(TRIALS):
        before = flat.copy()
        layer = int(rng.integers(network.depth))
        network.draw_unit(layer, int(rng.integers(network.config.widths[layer])), x, rng)
        value = network.refit(x, y, 2)
        if value < least:
            least = value
        else:
            flat[...] = before


@steps_of.register
def _(config: FeedForwardConfig, dim: int) -> int:
    if config.inputs != dim:
        raise ParameterError("network.inputs", config.inputs, f"must be d={dim}")
    return 1


@trained.register
def _(config: FeedForwardConfig, x: Array, y: Array, *, p: float, rng: np.random.Generator) -> Trained:
    network = FeedForward(config)
    for layer, units in enumerate(config.widths):
        for unit in range(units):
            network.draw_unit(layer, unit, x, rng)
    _search(network, x, y, rng)
    for activation in (surrogates := UNITS[config.activation][2]):
        descend(network.parameters, partial(network.loss_and_gradients, x, y, p=p, activation=activation))
    if network.activation not in surrogates:
        _search(network, x, y, rng)
    network.refit(x, y, p)
    return Trained(network, network.predict, network.maps[-1])
