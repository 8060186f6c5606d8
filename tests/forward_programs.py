"""Programs in NumPy: plain forward passes with the layers of ``approxbounds.Tally``, for arrays of inputs.

``Forward`` takes the parameters group by group, in the order in which layers are made; tensors have shape
(inputs, *places, width).
"""

import math

import numpy as np
from scipy.special import erf


def sigmoid(a):
    return 0.5 * (1 + np.tanh(a / 2))


ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "silu": lambda a: a * sigmoid(a),
    "gelu": lambda a: a * (1 + erf(a / math.sqrt(2))) / 2,
    "gelu-tanh": lambda a: a * (1 + np.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))) / 2,
    "softplus": lambda a: np.logaddexp(0, a),
    "elu": lambda a: np.where(a < 0, np.expm1(np.minimum(a, 0)), a),
    "arctan": np.arctan,
    "relu": lambda a: np.maximum(a, 0),
    "abs": np.abs,
}


def softmax(a):
    powers = np.exp(a - a.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Forward:
    """One network at inputs ``x`` of shape (inputs, d), with the parameters of each group."""

    def __init__(self, groups, x):
        self.groups, self.x = [np.asarray(group, float) for group in groups], x

    def take(self, *shape):
        return self.groups.pop(0).reshape(shape)

    def input(self, width, *, places=()):
        return self.x.reshape(len(self.x), *places, width)

    def parameters(self, width, *, places=()):
        return np.broadcast_to(self.take(*places, width), (len(self.x), *places, width))

    def dense(self, *xs, size, bias=True):
        x = np.concatenate(xs, axis=-1)
        matrix = self.take(size, x.shape[-1] + int(bias))
        return x @ matrix[:, : x.shape[-1]].T + (matrix[:, -1] if bias else 0)

    def convolution(self, x, *, size, kernel, padding=0):
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
        rows, columns = (n - kernel + 1 for n in x.shape[1:3])
        shifted = [x[:, i : i + rows, j : j + columns] for i in range(kernel) for j in range(kernel)]
        return self.dense(*shifted, size=size)

    def batch_norm(self, x):
        factor, shift = self.take(2, x.shape[-1])
        return factor * x + shift

    def act(self, x, activation):
        return ACTIVATIONS[activation](x)

    def add(self, *xs):
        return sum(xs[1:], xs[0])

    def multiply(self, x, y):
        return x * y

    def mix(self, z, x, y):
        return (1 - z) * x + z * y

    def softmax(self, x):
        return softmax(x)

    def attention(self, x, *, heads=1, causal=False):
        count, tokens, width = x.shape
        query, key, value = (self.dense(x, size=width).reshape(count, tokens, heads, -1) for _ in range(3))
        logits = np.einsum("bihd,bjhd->bhij", query, key) / math.sqrt(width / heads)
        if causal:
            logits = np.where(np.tri(tokens, dtype=bool), logits, -np.inf)
        mixed = np.einsum("bhij,bjhd->bihd", softmax(logits), value).reshape(count, tokens, width)
        return self.dense(mixed, size=width)

    def layer_norm(self, x):
        factor, shift = self.take(2, x.shape[-1])
        return factor * (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) + shift

    def max_pool(self, x, *, window):
        rows, columns = (n // window for n in x.shape[1:3])
        parts = [
            x[:, i : rows * window : window, j : columns * window : window]
            for i in range(window)
            for j in range(window)
        ]
        return np.max(parts, axis=0)

    def mean(self, x):
        return x.reshape(len(x), -1, x.shape[-1]).mean(axis=1)

    def flatten(self, x):
        return x.reshape(len(x), -1)

    def lstm(self, x, *, hidden):
        matrix = self.take(4 * hidden, x.shape[-1] + hidden + 1)
        h = c = np.zeros((len(x), hidden))
        for t in range(x.shape[1]):
            net = np.concatenate([x[:, t], h, np.ones((len(x), 1))], axis=1) @ matrix.T
            enter, forget, out, new = np.split(net, 4, axis=1)
            c = sigmoid(forget) * c + sigmoid(enter) * np.tanh(new)
            h = sigmoid(out) * np.tanh(c)
        return h

    def gru(self, x, *, hidden, reset_after=False):
        gates = self.take(2 * hidden, x.shape[-1] + hidden + 1)
        read, kept = self.take(hidden, x.shape[-1] + 1), self.take(hidden, hidden + int(reset_after))
        h, one = np.zeros((len(x), hidden)), np.ones((len(x), 1))
        for t in range(x.shape[1]):
            z, r = np.split(sigmoid(np.concatenate([x[:, t], h, one], axis=1) @ gates.T), 2, axis=1)
            past = r * (np.concatenate([h, one], axis=1) @ kept.T) if reset_after else (r * h) @ kept.T
            h = (1 - z) * h + z * np.tanh(np.concatenate([x[:, t], one], axis=1) @ read.T + past)
        return h
