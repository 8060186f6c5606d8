"""Small feed-forward networks with ReLU or Heaviside units, fitted to numbers as well as one can, in NumPy and SciPy.

Training minimises the mean of |residual|^p by L-BFGS from several starts, with the read-out fitted anew before and
after. Heaviside units are trained as sigmoids that become steeper, then made hard; a local search over single units
follows. Small networks have many poor local minima: what counts is the best of all starts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector
from hadamrnn.errors import ParameterError
from hadamrnn.expressivity.regression import fit_readout, lbfgs, power_loss
from hadamrnn.work import calm

__all__ = ["FeedForward", "FeedForwardConfig", "best_feedforward"]

#: Slopes of the sigmoids in place of Heaviside units, one after the other.
STEEPNESS = (8.0, 32.0, 128.0)
#: Single units that the local search draws anew.
TRIALS = 60


@dataclass(frozen=True, kw_only=True)
class FeedForwardConfig:
    """The settings of a :class:`FeedForward`: numbers of inputs and of hidden units, "relu" or "heaviside"."""

    inputs: int
    widths: tuple[int, ...]
    activation: str = "relu"

    kind: ClassVar[str] = "feedforward"

    def __post_init__(self) -> None:
        check.plain(self)
        check.integer("inputs", self.inputs, most=10**4)
        if not isinstance(self.widths, tuple) or not self.widths:
            raise ParameterError("widths", self.widths, "must be a tuple of at least one integer")
        widths = tuple(check.integer("widths", units, most=10**4) for units in self.widths)
        object.__setattr__(self, "widths", widths)
        check.choice("activation", self.activation, ("relu", "heaviside"))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The trained arrays."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (inputs, units) in enumerate(zip((self.inputs, *self.widths), (*self.widths, 1), strict=True)):
            shapes |= {f"W{layer}": (units, inputs), f"b{layer}": (units,)}
        return shapes

    def record(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {"kind": self.kind, **asdict(self), "widths": list(self.widths)}


class FeedForward:
    """h_l = sigma(W_l h_{l-1} + b_l) from h = x, and a linear output; sigma(a) = max(a, 0) or 1[a >= 0].

    ``parameters`` holds W0, b0, ..., those of the output last.

    >>> network = FeedForward(FeedForwardConfig(inputs=2, widths=(3,)))
    >>> network.predict(np.ones((5, 2))).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, config: FeedForwardConfig, flat: Array | None = None) -> None:
        self.config = config
        self.parameters = Vector(config.shapes(), "float64", flat=flat)

    @property
    def depth(self) -> int:
        """The number of hidden layers."""
        return len(self.config.widths)

    def predict(self, x: Array) -> Array:
        """Values (m,) at points (m, inputs)."""
        return self._output(self._layers(x, None)[-1])

    def features(self, x: Array) -> Array:
        """The last hidden layer and a column of ones, (m, units + 1): what the output is linear in."""
        last = self._layers(x, None)[-1]
        return np.hstack([last, np.ones((len(last), 1))])

    def set_readout(self, weights: Array) -> None:
        """Set the output layer to the coefficients of :meth:`features`."""
        self.parameters[f"W{self.depth}"][...] = weights[:-1]
        self.parameters[f"b{self.depth}"][...] = weights[-1]

    def loss_and_gradients(
        self, x: Array, y: Array, *, p: float, steepness: float | None = None
    ) -> tuple[float, Vector]:
        """:func:`power_loss` of the outputs for x (m, inputs) against y (m,), and its gradients.

        ``steepness``: Heaviside units are replaced by the sigmoids 1/(1 + exp(-steepness a)). The gradients of hard
        ones are zero.
        """
        layers, gradients = self._layers(x, steepness), self.parameters.zeros()
        loss, slope = power_loss(self._output(layers[-1]) - y, p)
        back = slope[:, None]
        for layer in range(self.depth, -1, -1):
            gradients[f"W{layer}"][...], gradients[f"b{layer}"][...] = back.T @ layers[layer], back.sum(0)
            if layer:
                back = back @ self.parameters[f"W{layer}"]
                h = layers[layer]
                if self.config.activation == "relu":
                    back *= h > 0
                else:
                    back *= 0.0 if steepness is None else steepness * h * (1 - h)
        return loss, gradients

    def _layers(self, x: Array, steepness: float | None) -> list[Array]:
        """The inputs and all hidden layers."""
        layers = [x]
        for layer in range(self.depth):
            a = layers[-1] @ self.parameters[f"W{layer}"].T + self.parameters[f"b{layer}"]
            if self.config.activation == "relu":
                h = np.maximum(a, 0.0)
            elif steepness is None:
                h = (a >= 0).astype(float)
            else:
                h = 0.5 * (1 + np.tanh(0.5 * steepness * a))
            layers.append(h)
        return layers

    def _output(self, last: Array) -> Array:
        output: Array = (last @ self.parameters[f"W{self.depth}"].T + self.parameters[f"b{self.depth}"])[:, 0]
        return output

    def draw(self, x: Array, rng: np.random.Generator) -> None:
        """Random hidden units, each of which changes its sign at a random point of x."""
        for layer, units in enumerate(self.config.widths):
            for unit in range(units):
                self.draw_unit(layer, unit, x, rng)

    def draw_unit(self, layer: int, unit: int, x: Array, rng: np.random.Generator) -> None:
        """The same for a single one."""
        inputs = self._layers(x[rng.integers(len(x), size=1)], None)[layer][0]
        direction = rng.standard_normal(len(inputs))
        direction /= np.linalg.norm(direction)
        # inputs of later layers may be integers, where units that touch a value would all be alike
        offset = 0.0 if layer == 0 else rng.uniform(-0.5, 0.5)
        self.parameters[f"W{layer}"][unit] = direction
        self.parameters[f"b{layer}"][unit] = offset - direction @ inputs


def best_feedforward(
    config: FeedForwardConfig, x: Array, y: Array, *, p: float, restarts: int, rng: np.random.Generator
) -> FeedForward:
    """The best of ``restarts`` networks trained on points x (m, inputs) and numbers y (m,) in the p-th power loss.

    Best is meant on these points; errors elsewhere are for others to say.

    >>> x = np.linspace(0, 1, 50)[:, None]
    >>> config = FeedForwardConfig(inputs=1, widths=(2,))
    >>> network = best_feedforward(config, x, np.abs(x[:, 0] - 0.3), p=2, restarts=4, rng=np.random.default_rng(0))
    >>> bool(np.abs(network.predict(x) - np.abs(x[:, 0] - 0.3)).max() < 1e-3)
    True
    """
    check.integer("restarts", restarts)
    p = check.number("p", p, least=1.0, open=False)
    scale = float(np.abs(y).max()) or 1.0
    with calm():
        found = [_trained(config, x, y / scale, p, rng) for _ in range(restarts)]
    network = min(found, key=lambda network: power_loss(network.predict(x) - y / scale, p)[0])
    for name in (f"W{network.depth}", f"b{network.depth}"):
        network.parameters[name] *= scale
    return network


def _trained(config: FeedForwardConfig, x: Array, y: Array, p: float, rng: np.random.Generator) -> FeedForward:
    network = FeedForward(config)
    network.draw(x, rng)
    _search(network, x, y, p, rng)
    hard = config.activation == "heaviside"
    for steepness in STEEPNESS if hard else (None,):

        def loss(flat: Array, steepness: float | None = steepness) -> tuple[float, Array]:
            value, gradients = FeedForward(config, flat).loss_and_gradients(x, y, p=p, steepness=steepness)
            return value, gradients.flat

        network = FeedForward(config, lbfgs(loss, network.parameters.flat))
    if hard:
        _search(network, x, y, p, rng)
    _refit(network, x, y, p)
    return network


def _search(network: FeedForward, x: Array, y: Array, p: float, rng: np.random.Generator) -> None:
    """Draw single units anew, and keep those with which a read-out by least squares is better."""
    flat = network.parameters.flat
    best = _refit(network, x, y, 2)
    for _ in range(TRIALS):
        before = flat.copy()
        layer = int(rng.integers(network.depth))
        network.draw_unit(layer, int(rng.integers(network.config.widths[layer])), x, rng)
        value = _refit(network, x, y, 2)
        if value < best:
            best = value
        else:
            flat[...] = before


def _refit(network: FeedForward, x: Array, y: Array, p: float) -> float:
    """Fit the output layer; returns the loss."""
    features = network.features(x)
    weights = fit_readout(features, y, p=p)
    network.set_readout(weights)
    return power_loss(features @ weights - y, p)[0]
