"""Outputs of trained networks in integer arithmetic, so that what a network separates is proved, not only computed.

Floats are dyadic rationals, and quantised weights are codes times a step; W = diag(u) (I (x) H_m) / sqrt(m) brings in
one square root. States therefore are (A + B sqrt(m)) / S with integers A, B and S, and so are outputs; their signs are
those of A|A| + m B|B|, as z -> z|z| increases. Nothing is rounded.
"""

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.quantize import exact


def require_exact(config: NetworkConfig) -> None:
    """Refuse networks of another form than y = v r(h_T) + c with one output and vectors as inputs."""
    config.require(": capacity is that of one output", outputs=1, many_to_many=False, embedding=None)


class ExactStates:
    """r(h_T) of a network, exactly, for sequences (T, B, inputs) of floats.

    What follows are statements on y = v r(h_T) + c for any read-out given as floats, quantised to the bits of the
    network's V. A matrix W of a QORNN is taken as it is, so without bits it is orthogonal only up to rounding.
    """

    def __init__(self, model: Network, x: Array) -> None:
        config, weights = model.config, model.weights()
        require_exact(config)
        self.how_V = {"bits": config.bits_of("V"), **config.scaling("V")}
        behind, (U, of_U) = (
            exact(weights[name], bits=config.bits_of(name), **config.scaling(name)) for name in (config.recurrent, "U")
        )
        self.radicand, M, scale = config.integer_matrix(*behind)
        M = M.astype(object)  # Python's integers, which have no end
        (b, of_b), (points, of_x) = exact(weights["b"]), exact(x)
        beta, of_beta = exact(weights["beta"]) if config.activation == "modrelu" else (None, 1)
        start = max(of_U * of_x, of_b, of_beta)  # all are powers of 2
        self.denominator = start
        A = np.zeros((config.hidden, x.shape[1]), dtype=object)
        B = np.zeros_like(A)
        for now in points:
            self.denominator *= scale
            A, B = (M @ B * self.radicand, M @ A) if self.radicand > 1 else (M @ A, B)
            inputs = U @ now.T * (start // (of_U * of_x)) + b[:, None] * (start // of_b)
            A = A + inputs * (self.denominator // start)
            if beta is not None:
                sign = self._sign(A, B)
                A = A + sign * beta[:, None] * (self.denominator // of_beta)
                live = sign * self._sign(A, B) > 0
                A, B = A * live, B * live
            elif config.activation == "relu":
                A, B = self._rectified(A, B)
        self.A, self.B = self._rectified(A, B) if config.activation == "linear" else (A, B)

    def _sign(self, A: Array, B: Array) -> Array:
        """The signs of A + B sqrt(r)."""
        return np.sign(A * abs(A) + self.radicand * B * abs(B) if self.radicand > 1 else A)

    def _rectified(self, A: Array, B: Array) -> tuple[Array, Array]:
        positive = self._sign(A, B) > 0
        return A * positive, B * positive

    def outputs(self, V: Array, c: Array) -> tuple[Array, Array, int]:
        """A, B and S of the outputs, for V (1, n) and c (1,) as in ``parameters``."""
        (v, of_v), (offset, of_c) = exact(V[0], **self.how_V), exact(c)
        A, B = v @ self.A * of_c + offset[0] * (self.denominator * of_v), v @ self.B * of_c
        return A, B, self.denominator * of_v * of_c

    def separates(self, V: Array, c: Array, labels: Array) -> bool:
        """Whether s y > 0 for all points and labels s in {-1, 1}."""
        A, B, _ = self.outputs(V, c)
        return bool((labels.astype(int) * self._sign(A, B) > 0).all())
