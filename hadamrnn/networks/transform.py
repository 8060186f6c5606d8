"""Recurrent matrices: W = diag(u) (I (x) H_m) / sqrt(m), applied fast, and any W, as it is.

H_m is the Kronecker product of two dense factors.
A vector of n = blocks * a * b numbers is an array (blocks, a, b). The left factor A mixes the index a in one
matrix product, the right factor C the index b in one product for each of the n/b values of the others; the
signs u (and 1/sqrt(m)) are folded into these right factors, so that they cost nothing. That is n(a + b)
operations per vector instead of n^2, at the speed of dense matrix products.
"""

from typing import TypeAlias

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.hadamard import factors

#: Steps after which a recurrence is settled: what shrinks by less than half a step stays far above what is no normal
#: number until the next time.
SETTLED = 16
#: A right factor smaller than this is repeated along the diagonal: tiny products are mostly overhead.
LEAST_FACTOR = 16
#: Squaring W costs n^3: beyond this order T cheap steps of a Hadamard matrix are faster.
MOST_DOUBLING = 128


def settle(array: Array) -> None:
    """Round an array of floats, in place, to multiples of tiny/eps (1e-31 in float32), so that nothing is left of what
    decays: products of numbers that are not normal are slow on many processors. Larger ones than tiny/eps^3 stay as
    they are; all others change by less than gradients or states of order 1 do by rounding.

    >>> settle(decayed := np.array([1.0, -1e-20, 1e-40], dtype=np.float32))
    >>> decayed.tolist()[::2]
    [1.0, 0.0]
    """
    limits = np.finfo(array.dtype)
    offset = limits.tiny / limits.eps**2
    array += offset
    array -= offset


class SignedHadamard:
    """The orthogonal matrix W = diag(signs) (I (x) H_m) / sqrt(m) of order n, with m = n or m = ``block``; without the
    division if not ``scaled``.

    ``apply`` and ``adjoint`` act on the columns of an (n, B) array that is given, and written to ``out``, in
    the shapes of ``inner`` (views as W reads it) and ``outer`` (views as W writes it); ``rows`` and
    ``rows_adjoint`` on the rows of a (k, n) array with k small. An ``out`` must not overlap its argument.
    ``doubles``: whether powers of W are worth their squarings.
    """

    def __init__(self, signs: Array, block: int | None = None, *, scaled: bool = True) -> None:
        self.signs, n, order = signs, len(signs), block or len(signs)
        self.order, self.doubles = n, n <= MOST_DOUBLING
        left, right = (factor.astype(signs.dtype) for factor in factors(order))
        if scaled:
            right /= np.sqrt(order).astype(signs.dtype)
        if order <= LEAST_FACTOR:
            left, right = np.ones_like(left, shape=(1, 1)), np.kron(left, right)
        while len(left) == 1 and len(right) < LEAST_FACTOR and n % (2 * len(right)) == 0:
            right = np.kron(np.eye(2, dtype=signs.dtype), right)
        a, b = len(left), len(right)
        self.left, self.right, self._mixes = left, right, a > 1
        self.signed = np.ascontiguousarray(signs.reshape(n // b, b, 1) * right)
        self.signed_adjoint = self.signed.swapaxes(1, 2)
        self._outer = (n // b, b, -1)
        self._inner = (n // (a * b), a, -1) if self._mixes else self._outer
        self._scratch = np.empty(0, dtype=signs.dtype)

    def inner(self, h: Array) -> Array:
        """The view of an array (..., n, B) that ``apply`` reads and ``adjoint`` writes."""
        return h.reshape(*h.shape[:-2], *self._inner)

    def outer(self, h: Array) -> Array:
        """The view of an array (..., n, B) that ``apply`` writes and ``adjoint`` reads."""
        return h.reshape(*h.shape[:-2], *self._outer)

    def apply(self, h: Array, out: Array) -> None:
        """W h, from an inner to an outer view."""
        if self._mixes:
            room = self._room(h.size)
            np.matmul(self.left, h, out=room.reshape(h.shape))
            h = room.reshape(out.shape)
        np.matmul(self.signed, h, out=out)

    def adjoint(self, g: Array, out: Array) -> None:
        """W^T g, from an outer to an inner view."""
        if not self._mixes:
            np.matmul(self.signed_adjoint, g, out=out)
            return
        room = self._room(g.size)
        np.matmul(self.signed_adjoint, g, out=room.reshape(g.shape))
        np.matmul(self.left.T, room.reshape(out.shape), out=out)

    def rows(self, x: Array, out: Array) -> None:
        """x W^T."""
        self._unsigned_rows(x, self.right.T, self.left, out)
        np.multiply(out, self.signs, out=out)

    def rows_adjoint(self, x: Array, out: Array) -> None:
        """x W."""
        self._unsigned_rows(x * self.signs, self.right, self.left.T, out)

    def dense(self) -> Array:
        """W as an (n, n) matrix."""
        identity = np.eye(len(self.signs), dtype=self.signs.dtype)
        W = np.empty_like(identity)
        self.apply(self.inner(identity), self.outer(W))
        return W

    def gradient(self, D: Array, after: Array, before: Array) -> Array:
        """dLoss/du from D = dLoss/d``after``, where the rows of ``after`` are W times those of ``before``."""
        return np.asarray(self.signs * np.einsum("skn,skn->n", D, after))  # of W = diag(u) K: after/u = K before

    def leaps(self, steps: int, batch: int, length: int) -> bool:
        """Whether W^length, which carries a batch over so many of its steps at once, costs less than it saves."""
        return self.doubles

    def _unsigned_rows(self, x: Array, right: Array, left: Array, out: Array) -> None:
        a, b = len(left), len(right)
        target = self._room(x.size).reshape(-1, b) if self._mixes else out.reshape(-1, b)
        np.matmul(x.reshape(-1, b), right, out=target)
        if self._mixes:
            np.matmul(left, target.reshape(-1, a, b), out=out.reshape(-1, a, b))

    def _room(self, size: int) -> Array:
        if self._scratch.size != size:
            self._scratch = np.empty(size, dtype=self.signs.dtype)
        return self._scratch


class DenseMatrix:
    """Any matrix W of order n; its methods are those of a :class:`SignedHadamard`, whose views are the arrays."""

    doubles = True

    def __init__(self, W: Array) -> None:
        self.W, self.order = W, len(W)

    def inner(self, h: Array) -> Array:
        return h

    outer = inner

    def apply(self, h: Array, out: Array) -> None:
        np.matmul(self.W, h, out=out)

    def adjoint(self, g: Array, out: Array) -> None:
        np.matmul(self.W.T, g, out=out)

    def rows(self, x: Array, out: Array) -> None:
        np.matmul(x, self.W.T, out=out)

    def rows_adjoint(self, x: Array, out: Array) -> None:
        np.matmul(x, self.W, out=out)

    def dense(self) -> Array:
        """W, not a copy of it."""
        return self.W

    def gradient(self, D: Array, after: Array, before: Array) -> Array:
        """dLoss/dW."""
        return np.asarray(D.reshape(-1, self.order).T @ before.reshape(-1, self.order))

    def leaps(self, steps: int, batch: int, length: int) -> bool:
        return steps * batch >= self.order * length.bit_length()


RecurrentMatrix: TypeAlias = SignedHadamard | DenseMatrix
