"""Inference in integers with states of a few bits: the recurrence of any network whose weights are quantised.

With integer codes C of the weights and their steps s, inputs x about s_x X and states h about s_h g, X and g integers
of b bits, the recurrence h_t = sigma(W h_{t-1} + U x_t + b) becomes

    a_t = C_W g_{t-1} (s_W 2^F) + C_U X_t (s_U s_x / s_h 2^F) + (b / s_h) 2^F,    g_t = clip(sigma(a_t) / 2^F),

where the real factors are Q / 2^K with Q of 16 bits, and each product and the division are rounded. As |X| and |g| are
bounded, so are all sums: that they fit into the accumulators is proved when the network is made, for all inputs. The
steps s_x and s_h come from ranges measured in training data; states beyond them are clipped, and counted. Here all of
these integers are floats that hold them exactly, as products of floats are fast.
"""

import math
from itertools import islice
from typing import NamedTuple

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.deployed.packed import Packed
from hadamrnn.errors import IntegerOverflowError
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.tasks.base import Task
from hadamrnn.work import calm

#: F, the bits that the sum of a step has below those of the states.
FRACTION_BITS = 8
#: Bits of the constant factors Q.
FACTOR_BITS = 16
#: Ranges are above this, the least normal number in float32, so that their steps can be divided by.
LEAST = float(np.finfo(np.float32).tiny)
#: Numbers U x + b that are made at once: enough to be quick, few enough for the cache.
FED = 2**16
#: Batches of the training data in which ranges are measured.
BATCHES = 10


class Ranges(NamedTuple):
    """The largest absolute values of inputs and states."""

    inputs: float
    states: float


def ranges(model: Network, task: Task, *, batch_size: int = 100) -> Ranges:
    """The ranges of a model in the first ten batches of the task's training data (of the epoch 0).

    Tokens, which enter as ones, have the range 1; states that leave the finite numbers have the range inf.
    """
    check.instance("model", model, Network, "a network")
    check.instance("task", task, Task, "a task of hadamrnn.tasks")
    inputs = states = 0.0
    with calm():  # states that are not finite are seen in the result
        for x, _ in islice(task.train(batch_size, 0), BATCHES):
            inputs = max(inputs, 1.0 if task.tokens else float(np.abs(x).max()))
            states = max(states, model.largest_state(x))
    return Ranges(inputs, states)


class Constants(NamedTuple):
    """The numbers of the recurrence: factors Q / 2^K as (Q, K), of W h, U x and of a token; biases; real steps."""

    W: tuple[int, int]
    U: tuple[int, int]
    token: tuple[int, int]
    b: Array
    beta: Array
    input_step: float
    output_step: float


class _Product:
    """C v Q / 2^K for integer vectors v of entries up to ``most``, where Q / 2^K stands for ``factor``."""

    def __init__(self, name: str, C: Array, factor: float, *, most: int, width: int) -> None:
        sums = int(np.abs(C.astype(np.int64)).sum(axis=1).max()) * most
        _require(name, sums, width)
        self.factor, self.shift = _fixed_point(factor if sums else 0.0)
        self.real = self.factor / 2.0**self.shift
        self.largest = (sums * self.factor >> self.shift) + 1
        _require(f"the scaled {name}", self.largest, width)
        # floats that hold all sums, so that products are exact
        self.dtype = np.dtype(np.float32 if sums < 2**24 else np.float64)

    def scale(self, sums: Array) -> None:
        """Multiply doubles by the factor and round, in place: exact, as |sums Q| < 2^47 and K <= 48."""
        sums *= self.real
        sums += 0.5
        np.floor(sums, out=sums)


class IntegerNetwork:
    """A network of one layer with quantised weights, whose recurrence runs in integers.

    packed: of a QORNN with ``recurrent_bits`` and ``bits``, or a HadamRNN with ``bits``. ranges: see :func:`ranges`.
    activation_bits: b, of inputs and states. width: bits of the accumulators. ``predict`` is as of the network; the
    outputs are scaled, and the biases c added, in real numbers. ``saturation``: the share of states clipped so far.

    Raises IntegerOverflowError if a sum may leave the accumulators, and ParameterError for other networks.

    >>> from hadamrnn.networks.qornn import QORNN
    >>> model, x = QORNN(inputs=3, hidden=8, outputs=2, recurrent_bits=6, bits=6), np.ones((5, 4, 3))
    >>> states = model.largest_state(x)
    >>> found = IntegerNetwork(Packed.of(model), ranges=Ranges(1.0, 1.1 * states), activation_bits=12)
    >>> bool(np.allclose(found.predict(x), model.predict(x), atol=0.01)), found.saturation
    (True, 0.0)
    """

    def __init__(self, packed: Packed, *, ranges: Ranges, activation_bits: int = 12, width: int = 32) -> None:
        check.instance("packed", packed, Packed, "a Packed model")
        check.instance("ranges", ranges, Ranges, "the Ranges of inputs and states")
        self.config: NetworkConfig = packed.config
        self.most = most = (1 << (check.integer("activation_bits", activation_bits, least=2, most=16) - 1)) - 1
        check.integer("width", width, least=2, most=32)
        steps = (check.number(f"ranges.{name}", value, least=LEAST) / most for name, value in ranges._asdict().items())
        self.input_step, state_step = steps
        self.config.require_integers()
        self.packed, self._network, self._clipped, self._count = packed, packed.model(), 0, 0
        unit, behind = 1 << FRACTION_BITS, self.config.recurrent
        radicand, C, divisor = self.config.integer_matrix(packed.arrays[behind], 1)
        step = packed.steps.get(behind, 1.0) * math.sqrt(radicand) / divisor
        U, V = (packed.arrays[name] for name in ("U", "V"))
        self._W = _Product("W h", C, step * unit, most=most, width=width)
        self._U = _Product("U x", U, packed.steps["U"] * self.input_step / state_step * unit, most=most, width=width)
        self._token = _Product("U x", U, packed.steps["U"] / state_step * unit, most=1, width=width)
        self._codes = V.astype(_Product("V h", V, 1.0, most=most, width=width).dtype)
        self._c = packed.arrays["c"].astype(np.float64)[:, None]
        b, beta = (
            np.rint(np.asarray(packed.arrays.get(name, 0), np.float64).reshape(-1, 1) * (unit / state_step))
            for name in ("b", "beta")
        )
        largest = self._W.largest + max(self._U.largest, self._token.largest) + np.abs(b).max() + np.abs(beta).max()
        _require("W h + U x + b", int(largest) + unit, width)
        self._b, self._beta = b, beta
        self._map = self.config.integer_map(packed.arrays[behind].astype(self._W.dtype))
        self._fed = U.astype(np.float64)
        self._token.scale(self._fed)
        self._fed += b
        self._rounded = np.hstack([U * self._U.real, np.full_like(b, 0.5)])  # exact as the scaled sums are
        of_W, of_U, of_token = ((product.factor, product.shift) for product in (self._W, self._U, self._token))
        biases = b[:, 0].astype(np.int64), beta[:, 0].astype(np.int64)
        #: what a device needs beside the packed arrays
        self.constants = Constants(of_W, of_U, of_token, *biases, self.input_step, packed.steps["V"] * state_step)

    @property
    def saturation(self) -> float:
        """The share of the states computed so far that were clipped."""
        return self._clipped / max(self._count, 1)

    def check(self, x: object, y: object) -> tuple[Array, Array]:
        """As :meth:`Network.check`."""
        return self._network.check(x, y)

    def predict(self, x: Array) -> Array:
        """Outputs as of :meth:`Network.predict`, in double precision."""
        x = self._network.sequences(x)
        shape = self.config.hidden, x.shape[1]
        g, wide, sums = np.zeros((3, *shape), dtype=self._W.dtype)
        a, length, found = np.empty(shape), max(1, FED // math.prod(shape)), []
        pieces = (x[first : first + length] for first in range(0, len(x), length))
        for fed in (step for piece in pieces for step in self._inputs(piece)):
            self._map.apply(self._map.inner(g), self._map.outer(sums))
            a[...] = sums
            self._W.scale(a)
            a += fed
            if self.config.activation == "modrelu":
                np.multiply(np.sign(a), np.maximum(np.abs(a) + self._beta, 0), out=a)
            elif self.config.activation == "relu":
                np.maximum(a, 0, out=a)
            a *= 1 / (1 << FRACTION_BITS)
            a += 0.5
            wide[...] = np.floor(a, out=a)  # rounded again at most where it is clipped
            np.clip(wide, -self.most, self.most, out=g)
            self._clipped += int(np.count_nonzero(g != wide))
            self._count += g.size
            if self.config.many_to_many:
                found.append(self._outputs(g))
        return np.array(found) if self.config.many_to_many else self._outputs(g)

    def _inputs(self, piece: Array) -> Array:
        """U x + b for some steps, (steps, n, B)."""
        if piece.ndim == 2:
            fed = self._fed[:, piece]
        else:
            X = np.clip(np.rint(piece / self.input_step), -self.most, self.most)
            columns = np.ones((X.shape[2] + 1, X.shape[0] * X.shape[1]))
            columns[:-1] = X.reshape(-1, X.shape[2]).T
            fed = self._rounded @ columns
            np.floor(fed, out=fed)
            fed += self._b
        return fed.reshape(len(fed), *piece.shape[:2]).swapaxes(0, 1)

    def _outputs(self, g: Array) -> Array:
        read = np.maximum(g, 0) if self.config.activation == "linear" else g
        sums = (self._codes @ read.astype(self._codes.dtype, copy=False)).astype(np.int64)  # there is no -0
        return np.asarray((sums * self.constants.output_step + self._c).T)


def _fixed_point(value: float) -> tuple[int, int]:
    """(Q, K) with Q / 2^K the value up to a relative error of 2^-16, or 0 if products with 32 bits round to 0."""
    shift = max(FACTOR_BITS - math.frexp(value)[1], 0)
    return (round(value * 2.0**shift), shift) if shift <= FACTOR_BITS + 32 else (0, 0)


def _require(name: str, largest: int, width: int) -> None:
    if not largest < 1 << (width - 1):
        advice = "use fewer activation_bits, fewer bits of the weights, or a larger width"
        raise IntegerOverflowError(f"{name} may reach {largest}, over the limit {(1 << (width - 1)) - 1}: {advice}")
