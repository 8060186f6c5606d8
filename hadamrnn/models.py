"""HadamRNN and Block-HadamRNN: recurrent networks whose recurrent weights are single bits."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector, Workspace, read_arrays, write_arrays
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.hadamard import require_order
from hadamrnn.kernel import impulse_response, impulse_response_gradient
from hadamrnn.layers import DenseInput, GatheredInput, Layer, ReLUMap, Segment, segments, with_ones
from hadamrnn.quantize import quantize, require_bits, signs
from hadamrnn.readout import LOSSES, ReadOut
from hadamrnn.recurrence import ACTIVATIONS
from hadamrnn.transform import SignedHadamard

__all__ = ["METHODS", "Config", "HadamRNN"]

#: Ways to compute the same gradients: see :meth:`HadamRNN.loss_and_gradients`.
METHODS = ("auto", "kernel", "checkpointed", "reversible", "stored")
#: Tokens of a vocabulary up to this size are treated as one-hot vectors.
MOST_ONE_HOT = 128
#: Numbers in an impulse response that "auto" is willing to keep.
MOST_KERNEL = 2**25
#: Steps per segment where no checkpoints are kept: enough for batched products, few enough for the cache.
REVERSIBLE_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of a :class:`HadamRNN`.

    inputs: numbers per step, or the size of the vocabulary if the sequences are tokens.
    hidden: n, the order of a Hadamard matrix (or a multiple of ``block``). outputs: classes, or numbers.
    block: None for W = diag(u) H_n / sqrt(n); m, dividing n, for the sparse W = diag(u) (I (x) H_m) / sqrt(m).
    bits: of U and V, 1 to 16; None for full precision.
    activation: "linear" (the paper's; the read-out is rectified), "relu" or "modrelu" (the recurrence is).
    many_to_many: an output at every step instead of the last only.
    embedding: None, or the size of the trained vectors that tokens are mapped to first.
    layers: 2 adds the input map sign(M)/sqrt(n), a recurrence with a full Hadamard matrix, and a ReLU between.
    loss: "cross-entropy" or "mse". dtype: "float32" or "float64". seed: of the initial parameters.
    sign_scale: u starts uniform in +-sign_scale * sqrt(6/(n + 1)). 1 is the paper's; the larger, the fewer signs flip.
    """

    inputs: int
    hidden: int
    outputs: int
    block: int | None = None
    bits: int | None = 4
    activation: str = "linear"
    many_to_many: bool = False
    embedding: int | None = None
    layers: int = 1
    loss: str = "cross-entropy"
    sign_scale: float = 30.0
    dtype: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("inputs", "hidden", "outputs"):
            check.integer(name, getattr(self, name), most=10**7)
        check.integer("layers", self.layers, most=2)
        if self.block is not None and self.hidden % require_order("block", self.block):
            raise ParameterError("block", self.block, f"must divide hidden={self.hidden}")
        if self.block is None or self.layers == 2:
            require_order("hidden", self.hidden)
        require_bits(self.bits)
        check.choice("activation", self.activation, ACTIVATIONS)
        if self.layers == 2 and self.activation != "linear":
            raise ParameterError("activation", self.activation, "must be linear if layers=2")
        check.flag("many_to_many", self.many_to_many)
        if self.embedding is not None:
            check.integer("embedding", self.embedding, most=10**6)
        check.choice("loss", self.loss, LOSSES)
        check.number("sign_scale", self.sign_scale)
        check.choice("dtype", self.dtype, ("float32", "float64"))
        check.integer("seed", self.seed, least=0, most=2**63)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The trained arrays."""
        n, d, out = self.hidden, self.embedding or self.inputs, self.outputs
        first: dict[str, tuple[int, ...]] = {"E": (self.inputs, d)} if self.embedding else {}
        first |= {"U": (n, d), "u": (n,), "b": (n,)}
        if self.activation == "modrelu":
            first["beta"] = (n,)
        second: dict[str, tuple[int, ...]] = {"M": (n, n), "u2": (n,), "b2": (n,)} if self.layers == 2 else {}
        return first | second | {"V": (out, n), "c": (out,)}


class HadamRNN:
    """h_t = sigma(W h_{t-1} + U x_t + b), y = V r(h) + c with W = diag(sign(u)) H_n / sqrt(n), orthogonal and binary.

    Keyword arguments are those of :class:`Config`; ``parameters`` holds the trained arrays by name, in full
    precision: u, whose signs are used, and U, V, which are quantised to ``bits`` in every pass. Gradients pass
    through sign and quantiser unchanged (straight-through). Source: Foucault, Mamalet and Malgouyres 2025.

    >>> model = HadamRNN(inputs=3, hidden=8, outputs=2, seed=1)
    >>> model.predict(np.ones((5, 4, 3))).shape
    (4, 2)
    """

    def __init__(self, **settings: Any) -> None:
        self.config = Config(**settings)
        self.parameters = self._initial()
        self._workspace = Workspace(self.config.dtype)

    # Batches ---------------------------------------------------------------------------------------------------------

    def predict(self, x: Array) -> Array:
        """Outputs (B, outputs), or (T, B, outputs) if many-to-many, for sequences (T, B, inputs) or tokens (T, B)."""
        x = self._sequences(x)
        W, U, V, c = self._weights()
        readout = ReadOut(V, c, self._workspace, rectified=self.config.activation == "linear")
        if self._prefers_kernel(x):
            outputs = readout.outputs(self._impulse(x, W, U)[0])
        else:
            layer, pieces = self._stack(x, W, U, reversible=True, length=REVERSIBLE_LENGTH)
            runs = (layer.run(piece) for piece in pieces)
            if self.config.many_to_many:
                outputs = np.concatenate([readout.outputs(h).copy() for h in runs])
            else:
                outputs = readout.outputs([h[-1:] for h in runs][-1])
        outputs = outputs.swapaxes(1, 2).copy()
        return outputs if self.config.many_to_many else outputs[0]

    def loss_and_gradients(self, batch: tuple[Array, Array], *, method: str = "auto") -> tuple[float, Vector]:
        """The mean loss of a batch (x, y) and its gradients, as a vector like ``parameters``.

        x as for :meth:`predict`. y: classes (B,), or (T_out, B) if many-to-many, for the last T_out steps; with
        loss="mse" the numbers (B, outputs) or (T_out, B, outputs). ``method`` says how; all give the same up to
        rounding: "checkpointed" keeps the states of about sqrt(T) steps and recomputes the rest once;
        "reversible" keeps one, and goes back by W^T (linear only; it drifts by rounding); "stored" keeps all;
        "kernel" multiplies by the impulse response (linear, one layer, many-to-one, few inputs); "auto" is
        "kernel" where that is faster, else "checkpointed". Raises ParameterError for unusable data.
        """
        check.choice("method", method, METHODS)
        x, y = self.check(*batch)
        W, U, V, c = self._weights()
        gradients = self.parameters.zeros()
        readout = ReadOut(V, c, self._workspace, rectified=self.config.activation == "linear")
        if method == "kernel" or (method == "auto" and self._prefers_kernel(x)):
            self._require_kernel(x)
            h, K, powers, columns = self._impulse(x, W, U)
            g = readout.back(h, y, y.size)[0]
            dK, products = (self._workspace.empty(name, *K.shape) for name in ("dK", "products"))
            products = products.reshape(-1, K.shape[2])[: len(columns)]
            dK[:, :-1] = np.matmul(columns, g.T, out=products).reshape(len(K), -1, K.shape[2])
            dK[:, -1] = g.sum(1)
            dstart, gradients["u"][...] = impulse_response_gradient(W, K, powers, dK)
            gradients["U"][...], gradients["b"][...] = dstart[:-1].T, dstart[-1]
        else:
            if method == "reversible" and self.config.activation != "linear":
                raise ParameterError("method", method, "needs activation=linear: no other recurrence is reversible")
            reversible = method == "reversible"
            length = {"stored": len(x), "reversible": REVERSIBLE_LENGTH}.get(method, _length(len(x)))
            layer, pieces = self._stack(x, W, U, reversible=reversible, length=length)
            for piece in pieces if reversible else pieces[:-1]:
                layer.skip(piece)
            offset = len(x) - len(y)
            for piece in reversed(pieces):
                piece = piece._replace(again=True)
                targets = y[max(0, piece.first - offset) : max(0, piece.last - offset)]
                layer.back(piece, readout.back(layer.run(piece), targets, y.size))
            layer.finish(gradients)
        return readout.finish(gradients), gradients

    def check(self, x: object, y: object) -> tuple[Array, Array]:
        """The data as arrays, y as (T_out, B) or (T_out, B, outputs). Raises ParameterError if they do not fit."""
        sequences = self._sequences(x)
        return sequences, self._targets(y, sequences)

    # Files -----------------------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write settings and parameters to one npz file, in one step: an old file is replaced whole or not at all."""
        return write_arrays(path, "model", {"config": asdict(self.config)}, self.parameters)

    @classmethod
    def load(cls, path: str | Path) -> HadamRNN:
        """The model that :meth:`save` wrote. Raises FileError for any other file."""
        header, arrays = read_arrays(path, "model")
        try:
            model = cls(**header["config"])
        except (KeyError, TypeError, ParameterError) as error:
            raise bad_file(path, f"its settings are not those of a model: {error}") from error
        model.assign(arrays, path)
        return model

    def assign(self, arrays: dict[str, Array], path: str | Path) -> None:
        """Replace the parameters by arrays read from a file, if they are of the right names, shapes and type."""
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != self.parameters.shapes:
            raise bad_file(path, f"its arrays do not fit the settings: {shapes}")
        for name, array in arrays.items():
            if array.dtype != self.config.dtype or not np.isfinite(array).all():
                raise bad_file(path, f"{name} must hold finite numbers of type {self.config.dtype}")
            self.parameters[name][...] = array

    # Inside ----------------------------------------------------------------------------------------------------------

    def _initial(self) -> Vector:
        config, rng = self.config, np.random.default_rng(self.config.seed)
        parameters = Vector(config.shapes(), config.dtype)
        for name, array in parameters.items():
            fan = array.shape if array.ndim == 2 else (1, config.hidden)
            bound = math.sqrt(6 / sum(fan))  # Glorot and Bengio 2010
            if name.startswith("u"):
                bound *= config.sign_scale
            elif name in ("b", "b2", "c"):
                bound = 1 / math.sqrt(config.hidden)
            elif name == "beta":
                bound = 0.01
            array[...] = rng.standard_normal(array.shape) if name == "E" else rng.uniform(-bound, bound, array.shape)
        return parameters

    def _weights(self) -> tuple[SignedHadamard, Array, Array, Array]:
        p, bits = self.parameters, self.config.bits
        W = SignedHadamard(signs(p["u"]), self.config.block)
        return W, quantize(p["U"], bits=bits), quantize(p["V"], bits=bits), p["c"]

    def _stack(
        self, x: Array, W: SignedHadamard, U: Array, *, reversible: bool, length: int
    ) -> tuple[Layer, list[Segment]]:
        config, p, batch = self.config, self.parameters, x.shape[1]
        pieces = segments(len(x), length)
        gathered = config.embedding or (x.ndim == 2 and config.inputs > MOST_ONE_HOT)
        source = GatheredInput(x, U, p["b"], p.get("E")) if gathered else DenseInput(x, U, p["b"], self._workspace)
        layer = Layer(
            source,
            W,
            batch,
            pieces,
            self._workspace,
            reversible=reversible,
            activation=config.activation,
            threshold=p.get("beta"),
        )
        if config.layers == 1:
            return layer, pieces
        scale = np.sqrt(config.hidden).astype(config.dtype)
        between = ReLUMap(layer, signs(p["M"]) / scale, p["b2"], self._workspace)
        W2 = SignedHadamard(signs(p["u2"]))
        return Layer(between, W2, batch, pieces, self._workspace, name="2", reversible=reversible), pieces

    def _kernel_allowed(self, x: Array) -> bool:
        c = self.config
        simple = c.activation == "linear" and c.layers == 1 and not c.many_to_many and c.embedding is None
        return simple and (x.ndim == 3 or c.inputs <= MOST_ONE_HOT)

    def _prefers_kernel(self, x: Array) -> bool:
        columns = self.config.inputs + 1
        small = len(x) * columns * self.config.hidden <= MOST_KERNEL
        return self._kernel_allowed(x) and small and 4 * columns <= max(x.shape[1], 32)

    def _require_kernel(self, x: Array) -> None:
        if not self._kernel_allowed(x):
            allowed = "needs activation=linear, layers=1, many_to_many=False, and vectors or a small vocabulary"
            raise ParameterError("method", "kernel", allowed)

    def _impulse(self, x: Array, W: SignedHadamard, U: Array) -> tuple[Array, Array, list[Array], Array]:
        """h_T as (1, n, B), the impulse response, powers of W, and the inputs as columns, last step first."""
        K = self._workspace.empty("K", len(x), self.config.inputs + 1, self.config.hidden)
        K[0, :-1], K[0, -1] = U.T, self.parameters["b"]
        powers = impulse_response(W, K)
        columns = with_ones(x[::-1], self.config.inputs, self._workspace)[:, :-1].reshape(-1, x.shape[1])
        h = K[:, :-1].reshape(len(columns), -1).T @ columns
        h += K[:, -1].sum(0)[:, None]
        return h[None], K, powers, columns

    def _sequences(self, x: object) -> Array:
        c = self.config
        x = np.asarray(x)
        if x.ndim == 2 and np.issubdtype(x.dtype, np.integer):
            if x.size and not 0 <= x.min() <= x.max() < c.inputs:
                raise ParameterError("x", f"tokens from {x.min()} to {x.max()}", f"must be from 0 to {c.inputs - 1}")
        elif c.embedding is not None:
            raise ParameterError("x.shape", x.shape, "must be integer tokens (T, B), for the embedding")
        elif x.ndim != 3 or x.shape[2] != c.inputs:
            raise ParameterError("x.shape", x.shape, f"must be (T, B, {c.inputs}), or integer tokens (T, B)")
        elif not (np.issubdtype(x.dtype, np.floating) or np.issubdtype(x.dtype, np.integer)):
            raise ParameterError("x.dtype", str(x.dtype), "must be real numbers")
        elif not np.isfinite(x).all():
            raise ParameterError("x", _not_finite(x), "must be finite numbers")
        if 0 in x.shape:
            raise ParameterError("x.shape", x.shape, "must not be empty")
        return x

    def _targets(self, y: object, x: Array) -> Array:
        """(T_out, B) or (T_out, B, outputs)."""
        c = self.config
        y = np.asarray(y)
        y = y if c.many_to_many else y[None]
        tail = (x.shape[1],) if c.loss == "cross-entropy" else (x.shape[1], c.outputs)
        if y.shape[1:] != tail or not 1 <= len(y) <= len(x):
            shape = f"({f'1 to {len(x)}, ' if c.many_to_many else ''}{', '.join(map(str, tail))})"
            raise ParameterError("y.shape", y.shape if c.many_to_many else y.shape[1:], f"must be {shape}")
        if c.loss == "mse":
            if not np.issubdtype(y.dtype, np.floating):
                raise ParameterError("y.dtype", str(y.dtype), "must be floating-point numbers")
            if not np.isfinite(y).all():
                raise ParameterError("y", _not_finite(y), "must be finite numbers")
        elif not np.issubdtype(y.dtype, np.integer):
            raise ParameterError("y.dtype", str(y.dtype), "must be integers")
        elif not 0 <= y.min() <= y.max() < c.outputs:
            raise ParameterError("y", f"classes from {y.min()} to {y.max()}", f"must be from 0 to {c.outputs - 1}")
        return y


def _not_finite(array: Array) -> str:
    """A picture of such an array for an error message."""
    bad = np.argwhere(~np.isfinite(array))
    return f"{len(bad)} of {array.size} entries are not, the first at {tuple(map(int, bad[0]))}"


def _length(steps: int) -> int:
    """About sqrt(T), as a power of two: as many states are kept within a segment as there are segments."""
    return 1 << round(math.log2(steps) / 2)
