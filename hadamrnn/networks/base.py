"""What all recurrent networks do: batches of data, predictions, the loss and its gradients, files."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Rng, Vector, Workspace, read_arrays, write_arrays
from hadamrnn.errors import ParameterError
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.impulse import impulse_response, impulse_response_gradient
from hadamrnn.networks.layers import DenseInput, GatheredInput, Keep, Layer, Segment, Source, segments, with_ones
from hadamrnn.networks.readout import ReadOut, rectify
from hadamrnn.networks.transform import RecurrentMatrix
from hadamrnn.optim import Adam

if TYPE_CHECKING:
    import approxbounds as ab

#: Ways to compute the same gradients: see :meth:`Network.loss_and_gradients`.
METHODS = ("auto", "kernel", "checkpointed", "stored")
#: The standard deviation of an embedding at its start: with 1, training is by heart before any word has a meaning.
SMALL = 0.02
#: Tokens of a vocabulary up to this size are treated as one-hot vectors.
MOST_ONE_HOT = 128
#: Numbers in an impulse response that "auto" is willing to keep.
MOST_KERNEL = 2**25
#: Numbers in the states of all steps that "auto" is willing to keep.
MOST_STORED = 2**26
#: Steps per segment in predictions: enough for batched products, few enough for the cache.
PREDICTED = 32


class Network(ABC):
    """A recurrent network h_t = sigma(W h_{t-1} + U x_t + b), y = V r(h) + c; what W is, the classes below say.

    ``parameters`` holds the trained arrays by name, in full precision.
    """

    config_type: ClassVar[type[NetworkConfig]]
    #: what sums the gradient of W
    layer_type: ClassVar[type[Layer]]

    def __init__(self, *given: Any, **settings: Any) -> None:
        self.config = self.config_type(*given, **settings)
        self.parameters = Vector(self.config.shapes(), self.config.dtype)
        rng = np.random.default_rng(self.config.seed)
        for name, array in self.parameters.items():
            array[...] = self._initial(name, array.shape, rng)
        self._workspace = Workspace(self.config.dtype)

    def __repr__(self) -> str:
        """The call that makes such a network: the settings that differ from the defaults."""
        values = ((field, getattr(self.config, field.name)) for field in fields(self.config))
        shown = ", ".join(f"{field.name}={value!r}" for field, value in values if value != field.default)
        return f"{type(self).__name__}({shown})"

    # Batches ---------------------------------------------------------------------------------------------------------

    def predict(self, x: Array) -> Array:
        """Outputs (B, outputs), or (T, B, outputs) if many-to-many, for sequences (T, B, inputs) or tokens (T, B)."""
        x = self.sequences(x)
        W, U, readout = self._parts(training=False)
        if self._prefers_kernel(x):
            outputs = readout.outputs(self._impulse(x, W, U)[0])
        else:
            layer, pieces = self._stack(x, W, U, keep="end", length=PREDICTED)
            runs = (layer.run(piece) for piece in pieces)
            if self.config.many_to_many:
                outputs = np.concatenate([readout.outputs(h).copy() for h in runs])
            elif self.config.pool:
                outputs = readout.outputs(self._pooled(runs, len(x)))
            else:
                outputs = readout.outputs([h[-1:] for h in runs][-1])
        outputs = outputs.swapaxes(1, 2).copy()
        return outputs if self.config.many_to_many else outputs[0]

    def largest_state(self, x: Array) -> float:
        """The largest absolute value of a state while predicting for x; inf if one is no number."""
        x = self.sequences(x)
        layer, pieces = self._stack(x, *self._parts(training=False)[:2], keep="end", length=PREDICTED)
        largest = float(np.max([np.abs(layer.run(piece)).max() for piece in pieces]))  # unlike max, it keeps NaN
        return math.inf if math.isnan(largest) else largest

    def loss_and_gradients(self, batch: tuple[Array, Array], *, method: str = "auto") -> tuple[float, Vector]:
        """The mean loss of a batch (x, y) and its gradients, as a vector like ``parameters``.

        x as for :meth:`predict`. y: classes (B,), or (T_out, B) if many-to-many, for the last T_out steps; with
        loss="mse" the numbers (B, outputs) or (T_out, B, outputs). ``method`` says how: "checkpointed" keeps the states
        of about sqrt(T) steps and recomputes the rest once; "stored" keeps all; "kernel" multiplies by the impulse
        response (linear, many-to-one, few inputs); "auto" is "kernel" where that is faster, "stored" for
        other activations than linear where the states are at most 2^26 numbers, else "checkpointed". All give the same
        up to rounding, which also decides whether a ReLU passes the gradient of a state that cancels to 0 (as sums of
        columns of U, for tokens, may). Raises ParameterError for unusable data.
        """
        check.choice("method", method, METHODS)
        x, y = self.check(*batch)
        W, U, readout = self._parts(training=True)
        gradients = self.parameters.zeros()
        if method == "kernel" or (method == "auto" and self._prefers_kernel(x)):
            if not self._kernel_allowed(x):
                allowed = "needs activation=linear, one output, no pool, and vectors or a small vocabulary"
                raise ParameterError("method", method, allowed)
            h, K, powers, columns = self._impulse(x, W, U)
            g = readout.back(h, y, y.size)[0]
            dK, products = (self._workspace.empty(name, *K.shape) for name in ("dK", "products"))
            products = products.reshape(-1, K.shape[2])[: len(columns)]
            dK[:, :-1] = np.matmul(columns, g.T, out=products).reshape(len(K), -1, K.shape[2])
            dK[:, -1] = g.sum(1)
            dstart, gradients[self.config.recurrent][...] = impulse_response_gradient(W, K, powers, dK)
            gradients["U"][...], gradients["b"][...] = dstart[:-1].T, dstart[-1]
        else:
            # a linear recurrence leaps from checkpoint to checkpoint, or is cheap; any other would be computed twice
            fits = len(x) * x.shape[1] * self.config.hidden <= MOST_STORED
            stored = method == "stored" or (method == "auto" and self.config.activation != "linear" and fits)
            length = 1 << round(math.log2(len(x)) / 2)  # about sqrt(T): as many states within a segment as segments
            layer, pieces = self._stack(x, W, U, keep="all" if stored else "starts", length=length)
            if self.config.pool:
                mean = self._pooled((layer.run(piece) for piece in pieces), len(x))
                slope = readout.back(mean, y, y.size) / len(x)
            else:
                for piece in pieces if stored else pieces[:-1]:
                    layer.skip(piece)
            offset = len(x) - len(y)
            for piece in reversed(pieces):
                targets = y[max(0, piece.first - offset) : max(0, piece.last - offset)]
                if not (self.config.pool or len(targets) or layer.carry.any()):  # nothing is left that goes back
                    break
                h = layer.again(piece)
                if self.config.pool:
                    g = slope * (h > 0 if self.config.activation == "linear" else np.ones_like(h))
                else:
                    g = readout.back(h, targets, y.size)
                layer.back(piece, g)
            layer.finish(gradients)
            if self.config.padding is not None:
                gradients["E"][self.config.padding] = 0
        return readout.finish(gradients) + self._finish(W, gradients), gradients

    def check(self, x: object, y: object) -> tuple[Array, Array]:
        """The data as arrays, y as (T_out, B) or (T_out, B, outputs). Raises ParameterError if they do not fit."""
        c, x = self.config, self.sequences(x)
        y = check.array("y", y)
        y = y if c.many_to_many else y[None]
        tail = (x.shape[1],) if c.loss == "cross-entropy" else (x.shape[1], c.outputs)
        if y.shape[1:] != tail or not 1 <= len(y) <= len(x):
            shape = f"({f'1 to {len(x)}, ' if c.many_to_many else ''}{', '.join(map(str, tail))})"
            raise ParameterError("y.shape", y.shape if c.many_to_many else y.shape[1:], f"must be {shape}")
        if c.loss == "mse":
            if not np.issubdtype(y.dtype, np.floating):
                raise ParameterError("y.dtype", str(y.dtype), "must be floating-point numbers")
            check.finite("y", y, c.dtype)
        elif not np.issubdtype(y.dtype, np.integer):
            raise ParameterError("y.dtype", str(y.dtype), "must be integers")
        elif not 0 <= y.min() <= y.max() < c.outputs:
            raise ParameterError("y", f"classes from {y.min()} to {y.max()}", f"must be from 0 to {c.outputs - 1}")
        return x, y

    def sequences(self, x: object) -> Array:
        """The sequences as an array. Raises ParameterError if they do not fit."""
        c = self.config
        x = check.array("x", x)
        if x.ndim == 2 and np.issubdtype(x.dtype, np.integer):
            if x.size and not 0 <= x.min() <= x.max() < c.inputs:
                raise ParameterError("x", f"tokens from {x.min()} to {x.max()}", f"must be from 0 to {c.inputs - 1}")
        elif c.embedding is not None:
            raise ParameterError("x.shape", x.shape, "must be integer tokens (T, B), for the embedding")
        elif x.ndim != 3 or x.shape[2] != c.inputs:
            raise ParameterError("x.shape", x.shape, f"must be (T, B, {c.inputs}), or integer tokens (T, B)")
        elif not (np.issubdtype(x.dtype, np.floating) or np.issubdtype(x.dtype, np.integer)):
            raise ParameterError("x.dtype", str(x.dtype), "must be real numbers")
        else:
            check.finite("x", x, c.dtype)
        if 0 in x.shape:
            raise ParameterError("x.shape", x.shape, "must not be empty")
        return x

    # Files -----------------------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write settings and parameters to one npz file, in one step: an old file is replaced whole or not at all.

        Raises ParameterError if :meth:`load` would refuse the parameters: their shapes, types, or that they are finite.
        """
        for name, own in Vector(self.config.shapes(), self.config.dtype).items():
            check.like(f"parameters.{name}", np.asarray(self.parameters[name]), own)
        return write_arrays(path, "model", {"config": self.config.record()}, self.parameters)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that :meth:`save` wrote. Raises FileError for any other file."""
        read = cls.config_type.from_record
        header, arrays = read_arrays(path, "model", lambda header: read(header["config"]).headers())
        model = cls(**vars(read(header["config"])))
        model.parameters.fill(arrays)
        return model

    def as_class(self, *, steps: int) -> "ab.NetworkClass":
        """The class of approxbounds that has all networks of these settings."""
        return self.config.as_class(steps=steps)

    def defect(self) -> float:
        """How far W is from orthogonal in floats, where its class demands it and its form does not make it so."""
        return 0.0

    def weights(self) -> dict[str, Array]:
        """The arrays that predictions need, before they are quantised: the parameters, or what is made of them."""
        return dict(self.parameters)

    # Training --------------------------------------------------------------------------------------------------------

    def update(self, adam: Adam, gradients: Vector, rate: float) -> None:
        """One step of the optimiser, which has the parameters of this model."""
        adam.step(gradients, rate)

    def take(self, parameters: Array) -> None:
        """Take over all parameters as one flat vector, such as a mean of several steps, as ``update`` leaves them."""
        self.parameters.flat[...] = parameters

    # Inside ----------------------------------------------------------------------------------------------------------

    def _initial(self, name: str, shape: tuple[int, ...], rng: Rng) -> Array:
        if name == "E":
            E = SMALL * rng.standard_normal(shape)
            E[[] if self.config.padding is None else self.config.padding] = 0
            return E
        bound = self._glorot(shape)
        if name in ("b", "c"):
            bound = 1 / math.sqrt(self.config.hidden)
        elif name == "beta":
            bound = 0.01
        return rng.uniform(-bound, bound, shape)

    def _glorot(self, shape: tuple[int, ...]) -> float:
        """The bound of Glorot and Bengio 2010."""
        return math.sqrt(6 / sum(shape if len(shape) == 2 else (1, self.config.hidden)))

    def _parts(self, *, training: bool) -> tuple[RecurrentMatrix, Array, ReadOut]:
        """W, U and the read-out, as the network computes with them in predictions or, maybe different, in training."""
        config, p = self.config, self.parameters
        U, V = (config.quantised(name, p[name], training=training) for name in ("U", "V"))
        rectified = config.activation == "linear" and not config.pool
        return self._recurrent(training=training), U, ReadOut(V, p["c"], self._workspace, rectified=rectified)

    @abstractmethod
    def _recurrent(self, *, training: bool) -> RecurrentMatrix:
        """W, in predictions or in training."""

    def _finish(self, W: RecurrentMatrix, gradients: Vector) -> float:
        """Carry on the gradient of W to what is behind it; returns what is to be added to the loss."""
        return 0.0

    def _stack(self, x: Array, W: RecurrentMatrix, U: Array, *, keep: Keep, length: int) -> tuple[Layer, list[Segment]]:
        config, p = self.config, self.parameters
        pieces = segments(len(x), length)
        if config.embedding or (x.ndim == 2 and config.inputs > MOST_ONE_HOT):
            source: Source = GatheredInput(x, U, p["b"], p.get("E"))
        else:
            source = DenseInput(x, U, p["b"], self._workspace)
        sigma: dict[str, Any] = {"activation": config.activation, "threshold": p.get("beta")}
        return self.layer_type(source, W, x.shape[1], pieces, self._workspace, keep=keep, **sigma), pieces

    def _kernel_allowed(self, x: Array) -> bool:
        c = self.config
        simple = c.activation == "linear" and not (c.many_to_many or c.embedding or c.pool)
        return simple and (x.ndim == 3 or c.inputs <= MOST_ONE_HOT)

    def _prefers_kernel(self, x: Array) -> bool:
        columns = self.config.inputs + 1
        small = len(x) * columns * self.config.hidden <= MOST_KERNEL
        return self._kernel_allowed(x) and small and 4 * columns <= max(x.shape[1], 32)

    def _pooled(self, runs: Iterable[Array], steps: int) -> Array:
        """The mean over all steps of r(h), as the (1, n, B) that a read-out without r reads."""
        linear = self.config.activation == "linear"
        sums = [(rectify(h, out=np.empty_like(h)) if linear else h).sum(0) for h in runs]
        return np.asarray(sum(sums) / steps)[None]

    def _impulse(self, x: Array, W: RecurrentMatrix, U: Array) -> tuple[Array, Array, list[Array], Array]:
        """h_T as (1, n, B), the impulse response, powers of W, and the inputs as columns, last step first."""
        K = self._workspace.empty("K", len(x), self.config.inputs + 1, self.config.hidden)
        K[0, :-1], K[0, -1] = U.T, self.parameters["b"]
        powers = impulse_response(W, K)
        columns = with_ones(x[::-1], self.config.inputs, self._workspace)[:, :-1].reshape(-1, x.shape[1])
        h = K[:, :-1].reshape(len(columns), -1).T @ columns
        h += K[:, -1].sum(0)[:, None]
        return h[None], K, powers, columns
