"""Programs of exponentials written out: polynomials in parameters and chain functions, with their derivatives.

``Explicit`` has the layers of ``approxbounds.Tally``, on arrays of polynomials. Each function of the chain comes with
its partial derivatives as polynomials, and with its values as numbers, so that both can be compared.
"""

import math
from fractions import Fraction
from itertools import product

import numpy as np
from sympy import QQ
from sympy.polys.rings import ring


class Explicit:
    """A program of at most so many parameters and functions; inputs and constants are random rational numbers."""

    def __init__(self, parameters, functions, rng):
        names = [f"t{i}" for i in range(parameters)] + [f"y{i}" for i in range(functions)]
        self.ring, *gens = ring(names, QQ)
        self.thetas, self.ys = gens[:parameters], gens[parameters:]
        self.rng, self.used, self.compared = rng, 0, []
        self.chain = []  # of each function: its derivatives in all parameters, its value at given ones

    # ---------------------------------------------------------------------------------------------- polynomials

    def number(self):
        return self.constant(Fraction(int(self.rng.integers(1, 30)), int(self.rng.integers(31, 60))))

    def constant(self, value):
        exact = Fraction(value)
        return self.ring(QQ(exact.numerator, exact.denominator))

    def gradient(self, f):
        """df/dtheta_i = its partial derivative, and those in y_j times the derivatives of y_j."""
        inner = [(f.diff(y), derivatives) for y, (derivatives, _) in zip(self.ys, self.chain, strict=False)]
        inner = [(partial, derivatives) for partial, derivatives in inner if partial]
        return [
            f.diff(theta) + sum((partial * derivatives[i] for partial, derivatives in inner), self.ring(0))
            for i, theta in enumerate(self.thetas)
        ]

    def function(self, derivative, arguments, value):
        """A function y of the chain, dy = sum_k derivative(y)_k d argument_k."""
        y = self.ys[len(self.chain)]
        gradients = [self.gradient(argument) for argument in arguments]
        own = derivative(y)
        total = [
            sum((factor * gradient[i] for factor, gradient in zip(own, gradients, strict=True)), self.ring(0))
            for i in range(len(self.thetas))
        ]
        self.chain.append((total, lambda at: value(*(at(argument) for argument in arguments))))
        return y

    def value(self, f, numbers):
        """f at these values of parameters and functions."""
        return sum(
            float(coefficient) * math.prod(numbers[i] ** power for i, power in enumerate(powers) if power)
            for powers, coefficient in f.terms()
        )

    def numbers(self, theta):
        """The values of parameters and functions, each function from those before it."""
        numbers = [*theta, *([0.0] * (len(self.ys) + len(self.thetas) - len(theta)))]
        for j, (_, value) in enumerate(self.chain):
            numbers[len(self.thetas) + j] = value(lambda f: self.value(f, numbers))
        return numbers

    @staticmethod
    def degree(f):
        return max((sum(powers) for powers in f.monoms()), default=0)

    def degrees(self, *fs):
        """The largest degree, and that of all derivatives."""
        return max(map(self.degree, fs)), max(self.degree(d) for f in fs for d in self.gradient(f))

    # --------------------------------------------------------------------------------------------------- layers

    def of(self, shape, entry):
        found = np.empty(shape, object)
        for place in np.ndindex(*shape):
            found[place] = entry()
        return found

    def theta(self):
        self.used += 1
        return self.thetas[self.used - 1]

    def input(self, width, *, places=()):
        return self.of((*places, width), self.number)

    def parameters(self, width, *, places=()):
        return self.of((*places, width), self.theta)

    def dense(self, *xs, size, bias=True):
        x = np.concatenate(xs, axis=-1)
        matrix = self.of((size, x.shape[-1]), self.theta)
        shift = self.of((size,), self.theta if bias else lambda: self.ring(0))
        return self.of_rows(x, lambda row: matrix @ row + shift)

    def of_rows(self, x, f):
        rows = [f(row) for row in x.reshape(-1, x.shape[-1])]
        return np.array(rows, object).reshape(*x.shape[:-1], -1)

    def convolution(self, x, *, size, kernel, padding=0):
        assert padding == 0 and x.ndim == 3
        sides = [n - kernel + 1 for n in x.shape[:2]]
        patches = [[x[i : i + kernel, j : j + kernel].reshape(-1) for j in range(sides[1])] for i in range(sides[0])]
        return self.dense(np.array(patches, object), size=size)

    def batch_norm(self, x):
        factor, shift = (self.of((x.shape[-1],), self.theta) for _ in range(2))
        return self.of_rows(x, lambda row: factor * row + shift)

    def act(self, x, activation):
        return np.vectorize(getattr(self, activation.replace("-", "_")), otypes=[object])(x)

    def relu(self, a):
        self.compared.append(a)
        return a

    def tanh(self, a):
        return self.function(lambda y: [1 - y**2], [a], math.tanh)

    def sigmoid(self, a):
        return self.function(lambda y: [y - y**2], [a], lambda v: 1 / (1 + math.exp(-v)))

    def silu(self, a):
        return a * self.sigmoid(a)

    def gelu(self, a):
        density = self.function(lambda y: [-a * y], [a], lambda v: math.exp(-(v**2) / 2))
        factor = self.constant(1 / math.sqrt(2 * math.pi))
        phi = self.function(lambda y: [density * factor], [a], lambda v: (1 + math.erf(v / math.sqrt(2))) / 2)
        return a * phi

    def gelu_tanh(self, a):
        inner = self.constant(math.sqrt(2 / math.pi)) * (a + self.constant(0.044715) * a**3)
        return a * (1 + self.tanh(inner)) * self.constant(0.5)

    def softplus(self, a):
        slope = self.sigmoid(a)
        return self.function(lambda y: [slope], [a], lambda v: math.log1p(math.exp(v)))

    def elu(self, a):
        """The piece with an exponential."""
        self.compared.append(a)
        return self.function(lambda y: [y], [a], math.exp) - 1

    def arctan(self, a):
        inverse = self.function(lambda y: [-2 * a * y**2], [a], lambda v: 1 / (1 + v**2))
        return self.function(lambda y: [inverse], [a], math.atan)

    def add(self, *xs):
        return sum(xs[1:], xs[0])

    def multiply(self, x, y):
        return x * y

    def softmax(self, logits):
        """By sticks: p_i = s_i prod_{j > i} (1 - s_j), s_i = sigmoid(l_i - log sum_{j < i} e^{l_j})."""
        sticks = [self.ring(1)]
        for i in range(1, len(logits)):
            before = [s * math.prod((1 - t for t in sticks[k + 1 :]), start=self.ring(1)) for k, s in enumerate(sticks)]
            sticks.append(
                self.function(
                    lambda y, before=before: [*(-(y - y**2) * p for p in before), y - y**2],
                    list(logits[: i + 1]),
                    lambda *v: 1 / (1 + sum(math.exp(u - v[-1]) for u in v[:-1])),
                )
            )
        return np.array(
            [s * math.prod((1 - t for t in sticks[k + 1 :]), start=self.ring(1)) for k, s in enumerate(sticks)], object
        )

    def attention(self, x, *, heads=1, causal=False):
        tokens, width = x.shape
        query, key, value = (self.dense(x, size=width) for _ in range(3))
        part, mixed = width // heads, np.empty((tokens, width), object)
        scale = self.constant(1 / math.sqrt(part))
        for i, head in product(range(tokens), range(heads)):
            own, seen = slice(head * part, (head + 1) * part), slice(0, i + 1 if causal else tokens)
            weights = self.softmax(key[seen, own] @ query[i, own] * scale)
            mixed[i, own] = weights @ value[seen, own]
        return self.dense(mixed, size=width)

    def layer_norm(self, x):
        n = x.shape[-1]
        factor, shift = (self.of((n,), self.theta) for _ in range(2))

        def normed(row):
            centred = row - row.sum() * self.constant(Fraction(1, n))
            variance = (centred**2).sum() * self.constant(Fraction(1, n))
            root = self.function(lambda y: [-(y**3) * self.constant(0.5)], [variance], lambda v: (v + 1e-5) ** -0.5)
            return factor * centred * root + shift

        return self.of_rows(x, normed)

    def max_pool(self, x, *, window):
        rows, columns = (n // window for n in x.shape[:2])
        pooled = np.empty((rows, columns, x.shape[2]), object)
        for i, j, c in np.ndindex(*pooled.shape):
            entries = x[i * window : (i + 1) * window, j * window : (j + 1) * window, c].reshape(-1)
            self.compared += [entry - entries[0] for entry in entries[1:]]
            pooled[i, j, c] = entries[0]
        return pooled

    def mean(self, x):
        return x.reshape(-1, x.shape[-1]).sum(axis=0) * self.constant(Fraction(x.shape[-1], x.size))

    def flatten(self, x):
        return x.reshape(-1)

    def lstm(self, x, *, hidden):
        """Gates i, f, o and the new values, each with its own matrix and bias."""
        matrices = [self.of((hidden, x.shape[-1] + hidden + 1), self.theta) for _ in range(4)]
        h = c = self.of((hidden,), lambda: self.ring(0))
        for row in x.reshape(-1, x.shape[-1]):
            seen = np.array([*row, *h, self.ring(1)], object)
            enter, forget, out = (self.act(matrix @ seen, "sigmoid") for matrix in matrices[:3])
            c = forget * c + enter * self.act(matrices[3] @ seen, "tanh")
            h = out * self.act(c, "tanh")
        return h

    def gru(self, x, *, hidden, reset_after=False):
        update, reset = (self.of((hidden, x.shape[-1] + hidden + 1), self.theta) for _ in range(2))
        read = self.of((hidden, x.shape[-1] + 1), self.theta)
        kept = self.of((hidden, hidden + int(reset_after)), self.theta)
        h = self.of((hidden,), lambda: self.ring(0))
        for row in x.reshape(-1, x.shape[-1]):
            seen, one = np.array([*row, *h, self.ring(1)], object), self.ring(1)
            z, r = (self.act(matrix @ seen, "sigmoid") for matrix in (update, reset))
            past = r * (kept @ np.array([*h, one], object)) if reset_after else kept @ (r * h)
            h = (1 - z) * h + z * self.act(read @ np.array([*row, one], object) + past, "tanh")
        return h
