"""Layers of recurrence and what feeds them, segment by segment, with gradients that are summed as they come.

A source writes the inputs f of a segment (``feed``), and given D = dLoss/df of that segment it adds to its gradients
and returns the sum of D f over time and batch (``collect``); at the end it hands over the gradients (``finish``). Time
runs forwards once, then backwards. What is kept in between is (``Keep``) "all" states; "starts", the state before each
segment, from which the segment is computed again; or, in predictions, which do not go back, the "end": the last state.

Arrays are (steps, n, B): in place of the inputs f come the states h_t = sigma(a_t) with a_t = W h_{t-1} + f_t, in place
of dLoss/dh comes D = dLoss/da. A unit that is active (h != 0, or always if linear) has a = h - beta sign(h), with
beta = 0 but for modrelu, so that D_t W h_{t-1} = D_t (a_t - f_t) needs no second transform: with u the signs,

    dLoss/du = u (sum D h  -  beta dLoss/dbeta  -  sum D f),      dLoss/dbeta = sum D sign(h),

the sums over time and batch. (K h_{t-1} = u (a_t - f_t) as u^2 = 1, where W = diag(u) K.) This is the
derivative in u at a vector of signs, which the straight-through rule hands on to the real vector behind it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from hadamrnn.arrays import Array, Vector, Workspace
from hadamrnn.networks.impulse import leap
from hadamrnn.networks.transform import SETTLED, RecurrentMatrix, SignedHadamard, settle

#: What a layer keeps of its states on the way forwards.
Keep: TypeAlias = Literal["all", "starts", "end"]
#: With fewer segments a leap is not worth its preparation.
LEAST_LEAPS = 3


def bits(array: Array) -> Array:
    """The floats as unsigned integers: operations on signs take a fraction of the time of np.copysign. Those of -0.0
    are the bit of the sign."""
    return array.view(f"u{array.itemsize}")


def modrelu(a: Array, threshold: Array, zero: Array, scratch: Array) -> None:
    """Replace a by sign(a) relu(|a| + threshold), where sign(0) = 0; all arrays are of the same shape."""
    stays = a == 0
    np.abs(a, out=scratch)
    scratch += threshold
    np.maximum(scratch, zero, out=scratch)
    own = bits(a)
    own &= bits(-zero[:1, :1])
    own |= bits(scratch)
    if stays.any():
        a[stays] = 0


class Segment(NamedTuple):
    """Steps first to last - 1, the number-th piece of time."""

    number: int
    first: int
    last: int


def segments(steps: int, length: int) -> list[Segment]:
    """Time in pieces of ``length`` steps, the last perhaps shorter."""
    return [Segment(i, first, min(first + length, steps)) for i, first in enumerate(range(0, steps, length))]


def with_ones(x: Array, size: int, workspace: Workspace) -> Array:
    """(T, size + 1, B): vectors (T, B, size), or tokens (T, B) as one-hot vectors, and a last row of ones for b."""
    columns = workspace.empty("columns", len(x), size + 1, x.shape[1])
    if x.ndim == 3:
        columns[:, :size] = x.swapaxes(1, 2)
    else:
        columns[:, :size] = x[:, None, :] == np.arange(size, dtype=x.dtype)[:, None]
    columns[:, size] = 1
    return columns


#: Writes the state after a segment, given that before it and room for another.
Leap: TypeAlias = Callable[[Segment, Array, Array, Array], None]


class DenseInput:
    """f_t = U x_t + b with few numbers per step: one matrix product with [U b], a batch of them over time."""

    def __init__(self, x: Array, U: Array, b: Array, workspace: Workspace) -> None:
        self.x, self.map, self.workspace = x, np.column_stack([U, b]), workspace
        self.gradient = np.zeros_like(self.map)

    def columns(self, segment: Segment) -> Array:
        return with_ones(self.x[segment.first : segment.last], self.map.shape[1] - 1, self.workspace)

    def feed(self, segment: Segment, out: Array) -> None:
        np.matmul(self.map, self.columns(segment), out=out)

    def collect(self, segment: Segment, D: Array) -> Array:
        each = self.workspace.empty("each_map", len(D), *self.map.shape)
        rows = self.columns(segment).swapaxes(1, 2).copy()  # thin products are fastest where nothing is transposed
        gradient = np.matmul(D, rows, out=each).sum(0)
        self.gradient += gradient
        return np.asarray(np.vecdot(gradient, self.map))

    def finish(self, gradients: Vector) -> None:
        gradients["U"] += self.gradient[:, :-1]
        gradients["b"] += self.gradient[:, -1]

    def leap(self, W: RecurrentMatrix, steps: int) -> Leap:
        """What writes the state of a linear recurrence after a segment of so many steps, given that before it."""
        P, R = leap(W, self.map.T, steps)

        def over(segment: Segment, start: Array, end: Array, scratch: Array) -> None:
            np.matmul(P, start, out=end)
            end += np.matmul(R, self.columns(segment)[::-1].reshape(R.shape[1], -1), out=scratch)

        return over


class GatheredInput:
    """f_t = U E[x_t] + b for tokens of a large vocabulary: rows of a table that has only the tokens of the batch.

    Without an embedding E is the identity, and row v of the table is column v of U.
    """

    def __init__(self, x: Array, U: Array, b: Array, E: Array | None) -> None:
        tokens, index = np.unique(x, return_inverse=True)
        self.tokens, self.index, self.U = tokens, index.reshape(x.shape), U
        self.rows = None if E is None else E[tokens]
        self.table = (U.T[tokens] if self.rows is None else self.rows @ U.T) + b
        self.gradient = np.zeros_like(self.table)

    def feed(self, segment: Segment, out: Array) -> None:
        out[...] = self.table[self.index[segment.first : segment.last]].swapaxes(1, 2)

    def collect(self, segment: Segment, D: Array) -> Array:
        from scipy.sparse import csr_array

        index = self.index[segment.first : segment.last].ravel()
        count, ones = len(index), np.ones(len(index), dtype=D.dtype)
        one_hot = csr_array((ones, index, np.arange(count + 1)), shape=(count, len(self.tokens)))
        gradient = one_hot.T @ D.swapaxes(1, 2).reshape(count, -1)
        self.gradient += gradient
        return np.asarray(np.einsum("vn,vn->n", gradient, self.table))

    def finish(self, gradients: Vector) -> None:
        gradients["b"] += self.gradient.sum(0)
        if self.rows is None:
            gradients["U"][:, self.tokens] += self.gradient.T
        else:
            gradients["U"] += self.gradient.T @ self.rows
            gradients["E"][self.tokens] += self.gradient @ self.U


Source: TypeAlias = DenseInput | GatheredInput


class Layer(ABC):
    """A recurrence over the inputs of ``source``, with the threshold "beta" if modrelu; what W is made of, and its
    gradient, is the business of the classes below."""

    def __init__(
        self,
        source: Source,
        W: RecurrentMatrix,
        batch: int,
        pieces: list[Segment],
        workspace: Workspace,
        *,
        keep: Keep,
        activation: str = "linear",
        threshold: Array | None = None,
    ) -> None:
        n = W.order
        self.source, self.W, self.keep, self.workspace = source, W, keep, workspace
        self.activation, self.threshold = activation, None if threshold is None else threshold[:, None].repeat(batch, 1)
        self.states = workspace.empty("states", pieces[-1 if keep == "all" else 0].last, n, batch)
        #: the state before each segment; if only the end is kept one state, that after the last segment visited
        self.starts = workspace.empty("starts", 1 if keep == "end" else len(pieces), n, batch)
        self.carry, self.step = (workspace.empty(name, n, batch) for name in ("carry", "step"))
        self.starts[0], self.carry[...] = 0, 0
        self.slopes = np.zeros(n, dtype=workspace.dtype)
        length, linear = pieces[0].last, activation == "linear" and keep == "starts"
        worth = linear and len(pieces) > LEAST_LEAPS and W.leaps(pieces[-1].last, batch, length)
        self.leap = source.leap(W, length) if worth and isinstance(source, DenseInput) else None

    def _states_of(self, segment: Segment) -> Array:
        """The states of the segment last run; of any that was run if all are kept."""
        first = segment.first if self.keep == "all" else 0
        return self.states[first : first + segment.last - segment.first]

    def run(self, segment: Segment) -> Array:
        """The states of a segment; unless all are kept they overwrite those of the segment before."""
        h, W, step = self._states_of(segment), self.W, self.step
        self.source.feed(segment, h)
        start = self.starts[0 if self.keep == "end" else segment.number]
        before, outer, zero = W.inner(start), W.outer(step), np.zeros_like(step)
        for t, (now, inner) in enumerate(zip(h, W.inner(h), strict=True)):
            W.apply(before, outer)
            now += step
            if self.activation == "relu":
                np.maximum(now, zero, out=now)
            elif self.threshold is not None:
                modrelu(now, self.threshold, zero, step)
            if t % SETTLED == 0:
                settle(now)
            before = inner
        after = 0 if self.keep == "end" else segment.number + 1
        if after < len(self.starts):
            self.starts[after] = h[-1]
        return h

    def again(self, segment: Segment) -> Array:
        """The states of a segment that was run, or skipped, before."""
        return self._states_of(segment) if self.keep == "all" else self.run(segment)

    def skip(self, segment: Segment) -> None:
        """As ``run`` for a full segment, where the states within are not needed."""
        if self.leap is None:
            self.run(segment)
        else:
            start, end = self.starts[segment.number : segment.number + 2]
            self.leap(segment, start, end, self.step)

    def back(self, segment: Segment, g: Array) -> None:
        """Given dLoss/dh of the read-outs for the segment just run, which D overwrites, add to the gradients."""
        h, W = self._states_of(segment), self.W
        inner, outer = W.inner(self.carry), W.outer(g)  # W^T D of the step after
        active, ones = np.empty(self.step.shape, dtype=bool), np.ones_like(g[0, 0])
        signed, sign = bits(self.step), bits(-np.zeros_like(self.step[:1, :1]))
        for t in reversed(range(len(g))):
            now = g[t]
            now += self.carry
            if self.activation != "linear":
                now *= np.not_equal(h[t], 0, out=active)
            if self.threshold is not None:
                np.bitwise_and(bits(h[t]), sign, out=signed)
                signed ^= bits(now)
                self.slopes += self.step @ ones
            W.adjoint(outer[t], inner)
            if t % SETTLED == 0:
                settle(self.carry)
        self._sum(segment, g, h)

    @abstractmethod
    def _sum(self, segment: Segment, D: Array, h: Array) -> None:
        """Add to the gradients of W and of the source."""

    def finish(self, gradients: Vector) -> None:
        if self.threshold is not None:
            gradients["beta"] += self.slopes
        self.source.finish(gradients)


class HadamardLayer(Layer):
    """A layer whose sign vector is the parameter "u"."""

    W: SignedHadamard

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.sum_states, self.sum_inputs = np.zeros((2, self.W.order), dtype=self.slopes.dtype)

    def _sum(self, segment: Segment, D: Array, h: Array) -> None:
        self.sum_states += np.vecdot(D, h).sum(0)
        self.sum_inputs += self.source.collect(segment, D)

    def finish(self, gradients: Vector) -> None:
        total = self.sum_states - self.sum_inputs
        if self.threshold is not None:
            total -= self.threshold[:, 0] * self.slopes
        gradients["u"] += self.W.signs * total
        super().finish(gradients)


class DenseLayer(Layer):
    """A layer whose matrix is the parameter "W": dLoss/dW = sum D_t h_{t-1}^T, a product a segment."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.gradient = np.zeros((self.W.order, self.W.order), dtype=self.slopes.dtype)

    def _sum(self, segment: Segment, D: Array, h: Array) -> None:
        length, n, batch = D.shape
        late, early = (self.workspace.empty(name, D.size).reshape(n, length, batch) for name in ("late", "early"))
        late[...] = D.swapaxes(0, 1)
        early[:, 0] = self.starts[segment.number]
        early[:, 1:] = h[:-1].swapaxes(0, 1)
        self.gradient += late.reshape(n, -1) @ early.reshape(n, -1).T
        self.source.collect(segment, D)

    def finish(self, gradients: Vector) -> None:
        gradients["W"] += self.gradient
        super().finish(gradients)
