"""Outputs of trained networks in integer arithmetic, so that what a network separates is proved, not only computed.

Floats are dyadic rationals, and quantised weights are codes times a step; W = diag(u) (I (x) H_m) / sqrt(m) brings in
one square root. States therefore are (A + B sqrt(m)) / S with integers A, B and S, and so are outputs; signs of such
numbers follow from a comparison of A^2 with m B^2. Nothing is rounded.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError
from hadamrnn.networks.base import Network, NetworkConfig
from hadamrnn.networks.hadamard import hadamard
from hadamrnn.networks.hadamrnn import Config
from hadamrnn.networks.quantize import codes

__all__ = ["ExactStates", "Integers", "exact", "require_exact"]


class Integers(NamedTuple):
    """The numbers ``values`` / ``denominator``; values is an array of Python integers, the denominator a power of 2."""

    values: Array
    denominator: int


def exact(array: Array, *, bits: int | None = None) -> Integers:
    """The floats of an array, or its quantised values, without rounding.

    >>> exact(np.array([0.5, -0.75]))
    Integers(values=array([2, -3], dtype=object), denominator=4)
    """
    if bits is not None:
        integers, step = codes(array, bits=bits)
        numerator, denominator = step.as_integer_ratio()
        return Integers(integers.astype(object) * numerator, denominator)
    ratios = [value.as_integer_ratio() for value in array.ravel().tolist()]
    denominator = max((below for _, below in ratios), default=1)
    values = np.array([above * (denominator // below) for above, below in ratios], dtype=object)
    return Integers(values.reshape(array.shape), denominator)


def require_exact(config: NetworkConfig) -> None:
    """Refuse networks of another form than y = v r(h_T) + c with one layer, one output and vectors as inputs."""
    allowed = {"outputs": 1, "many_to_many": False, "embedding": None, "layers": 1}
    for name, value in allowed.items():
        found = getattr(config, name, value)
        if found != value:
            raise ParameterError(name, found, f"must be {value}: capacity is that of one output of one recurrent layer")


class ExactStates:
    """r(h_T) of a network, exactly, for sequences (T, B, inputs) of floats.

    What follows are statements on y = v r(h_T) + c for any read-out given as floats, quantised to the bits of the
    network's V. A matrix W of a QORNN is taken as it is, so without bits it is orthogonal only up to rounding.
    """

    def __init__(self, model: Network, x: Array) -> None:
        config, weights = model.config, model.weights()
        require_exact(config)
        self.bits = config.bits_of("V")
        self.radicand, M, scale = _recurrent(config, weights)
        U, b, points = exact(weights["U"], bits=config.bits_of("U")), exact(weights["b"]), exact(x)
        beta = exact(weights["beta"][:, None]) if config.activation == "modrelu" else None
        base = max(U.denominator * points.denominator, b.denominator, 1 if beta is None else beta.denominator)
        factor = base // (U.denominator * points.denominator)
        bias = b.values[:, None] * (base // b.denominator)
        self.denominator = base
        A = np.zeros((config.hidden, x.shape[1]), dtype=object)
        B = np.zeros_like(A)
        for now in points.values:
            self.denominator *= scale
            A, B = (M @ B * self.radicand, M @ A) if self.radicand > 1 else (M @ A, B)
            A = A + (U.values @ now.T * factor + bias) * (self.denominator // base)
            if beta is not None:
                sign = _sign(A, B, self.radicand)
                A = A + sign * (beta.values * (self.denominator // beta.denominator))
                live = sign * _sign(A, B, self.radicand) > 0
                A, B = A * live, B * live
            elif config.activation == "relu":
                A, B = self._rectified(A, B)
        self.A, self.B = self._rectified(A, B) if config.activation == "linear" else (A, B)

    def _rectified(self, A: Array, B: Array) -> tuple[Array, Array]:
        positive = _sign(A, B, self.radicand) > 0
        return A * positive, B * positive

    def separates(
        self, V: Array, c: Array, labels: Array, *, gamma: Fraction = Fraction(0), norm: Fraction | None = None
    ) -> bool:
        """Whether s y >= gamma > 0 (s y > 0 if gamma = 0) for all points and labels s in {-1, 1}.

        V: (1, n), c: (1,), as in ``parameters``. norm: if given, |v|_1 + |c| <= norm must hold as well.
        """
        v, offset = exact(V[0], bits=self.bits), exact(c)
        if norm is not None:
            size = Fraction(sum(abs(v.values)), v.denominator) + Fraction(abs(offset.values[0]), offset.denominator)
            if size > norm:
                return False
        whole = self.denominator * v.denominator * offset.denominator  # of the outputs
        A = v.values @ self.A * offset.denominator + offset.values[0] * (whole // offset.denominator)
        B = v.values @ self.B * offset.denominator
        s = labels.astype(int).astype(object)
        above = _sign(s * A * gamma.denominator - gamma.numerator * whole, s * B * gamma.denominator, self.radicand)
        return bool((above >= 0 if gamma else above > 0).all())


def _recurrent(config: NetworkConfig, weights: dict[str, Array]) -> tuple[int, Array, int]:
    """r, M and D with W = M sqrt(r) / D, where r = 1 for a dense W."""
    if not isinstance(config, Config):
        W = exact(weights["W"], bits=config.bits_of("W"))
        return 1, W.values, W.denominator
    order = config.block or config.hidden
    u = np.where(weights["u"] < 0, -1, 1)
    M = np.kron(np.eye(config.hidden // order, dtype=int), hadamard(order).astype(int)) * u[:, None]
    return order, M.astype(object), order


def _sign_of(a: int, b: int, radicand: int) -> int:
    """The sign of a + b sqrt(radicand)."""
    first, second = (a > 0) - (a < 0), (b > 0) - (b < 0)
    if first * second >= 0:
        return first or second
    square = a * a - radicand * b * b
    return first * ((square > 0) - (square < 0))


_SIGN: Any = np.frompyfunc(_sign_of, 3, 1)


def _sign(A: Array, B: Array, radicand: int) -> Array:
    return np.asarray(_SIGN(A, B, radicand))
