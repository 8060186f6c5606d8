"""The read-out y = V r(h) + c and the loss, averaged over the last steps that have a target."""

import numpy as np

from hadamrnn.arrays import Array, Vector, Workspace

LOSSES = ("cross-entropy", "mse")


def rectify(h: Array, out: Array) -> Array:
    """relu(h) of shape (steps, n, B); the zeros are an array, as np.maximum is vectorised for arrays only."""
    return np.asarray(np.maximum(h, np.zeros_like(h[0]), out=out))


class ReadOut:
    """Outputs for states of shape (steps, n, B), the loss, and gradients that are summed as they come.

    ``rectified``: r is relu, else the identity.
    """

    def __init__(self, V: Array, c: Array, workspace: Workspace, *, rectified: bool) -> None:
        self.V, self.c, self.rectified, self.workspace = V, c[:, None], rectified, workspace
        self.loss = 0.0
        self.gradient_V, self.gradient_c = np.zeros_like(V), np.zeros_like(c)

    def outputs(self, h: Array) -> Array:
        """(steps, outputs, B); overwritten by the next call."""
        return self._outputs(self._read(h))

    def back(self, h: Array, y: Array, count: int) -> Array:
        """dLoss/dh, where only the last len(y) states have a target; it is overwritten by the next call.

        y: classes (steps, B), or numbers (steps, B, outputs). count: the size of all y, over which the loss is a mean.
        """
        g, skipped = self.workspace.empty("g", *h.shape), len(h) - len(y)
        g[:skipped] = 0
        if len(y):
            read = self._read(h[skipped:])
            slope = self._outputs(read)
            self.loss += loss_and_slope(slope, y) / count
            slope *= 1 / count
            each = self.workspace.empty("each_V", len(read), *self.V.T.shape)
            self.gradient_V += np.matmul(read, slope.swapaxes(1, 2), out=each).sum(0).T
            self.gradient_c += slope.sum((0, 2))
            np.matmul(self.V.T, slope, out=g[skipped:])
            if self.rectified:
                g[skipped:] *= np.greater(read, 0, out=self.workspace.empty("mask", *read.shape, dtype="bool"))
        return g

    def finish(self, gradients: Vector) -> float:
        gradients["V"] += self.gradient_V
        gradients["c"] += self.gradient_c
        return self.loss

    def _read(self, h: Array) -> Array:
        if not self.rectified:
            return h
        return rectify(h, out=self.workspace.empty("read", *h.shape))

    def _outputs(self, read: Array) -> Array:
        outputs = self.workspace.empty("outputs", len(read), len(self.V), read.shape[2])
        np.matmul(self.V, read, out=outputs)
        outputs += self.c
        return outputs


def loss_and_slope(outputs: Array, y: Array) -> float:
    """The loss, summed over the targets; the outputs, which are contiguous, are overwritten by its derivative."""
    if y.ndim == 3:
        outputs -= y.swapaxes(1, 2)
        loss = float(np.square(outputs, dtype=np.float64).sum())
        outputs *= 2
        return loss
    outputs -= outputs.max(axis=1, keepdims=True)
    steps, classes, batch = outputs.shape
    chosen = (np.arange(steps)[:, None] * classes + y.astype(np.intp)) * batch + np.arange(batch)
    flat = outputs.reshape(-1)
    loss = -float(flat[chosen].sum(dtype=np.float64))
    np.exp(outputs, out=outputs)
    total = outputs.sum(axis=1, keepdims=True)
    loss += float(np.log(total).sum(dtype=np.float64))
    outputs /= total
    flat[chosen] -= 1
    return loss
