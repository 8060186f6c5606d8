"""HadamRNN and Block-HadamRNN: recurrent networks whose recurrent weights are single bits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Rng
from hadamrnn.errors import ParameterError
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.hadamard import hadamard, require_order
from hadamrnn.networks.layers import HadamardLayer
from hadamrnn.networks.quantize import MOST_BITS, signs
from hadamrnn.networks.transform import SignedHadamard


@dataclass(frozen=True, kw_only=True)
class Config(NetworkConfig):
    """The settings of a :class:`HadamRNN`.

    inputs: numbers per step, or the size of the vocabulary if the sequences are tokens.
    hidden: n, the order of a Hadamard matrix (or a multiple of ``block``). outputs: classes, or numbers.
    block: None for W = diag(u) H_n / sqrt(n); m, dividing n, for the sparse W = diag(u) (I (x) H_m) / sqrt(m).
    bits: of U and V, 1 (ternary: -1, 0, 1 times a step) to 16; None for full precision.
    scale: of their steps, "max" (the paper's), "frobenius" or "rms" (often better with few bits): see :func:`codes`.
    activation: "linear" (the paper's; the read-out is rectified), "relu" or "modrelu" (the recurrence is).
    many_to_many: an output at every step instead of the last only.
    embedding: None, or the size of the trained vectors that tokens are mapped to first. They start as normal numbers
    of standard deviation 0.02. padding: None, or the token whose vector is 0 and stays 0.
    pool: None, or "mean": the read-out is of the mean of r(h) over all steps instead of the last r(h).
    loss: "cross-entropy" or "mse". dtype: "float32" or "float64". seed: of the initial parameters.
    sign_scale: u starts uniform in +-sign_scale * sqrt(6/(n + 1)). 1 is the paper's; the larger, the fewer signs flip.
    """

    block: int | None = None
    bits: int | None = check.setting(4, most=MOST_BITS)
    sign_scale: float = 30.0

    kind: ClassVar[str] = "hadamrnn"
    recurrent: ClassVar[str] = "u"
    parts: ClassVar[Mapping[str, str]] = {**NetworkConfig.parts, "u": "recurrent"}
    signs: ClassVar[tuple[str, ...]] = ("u",)
    gone: ClassVar[Mapping[str, Any]] = {"layers": 1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.block is not None and self.hidden % require_order("block", self.block):
            raise ParameterError("block", self.block, f"must divide hidden={self.hidden}")
        if self.block is None:
            require_order("hidden", self.hidden)

    def record(self) -> dict[str, Any]:
        return {**self.gone, **self.settings()}  # without the kind: see from_record

    @property
    def hadamard_order(self) -> int:
        return self.block or self.hidden

    def integer_matrix(self, numerators: Array, denominator: int) -> tuple[int, Array, int]:
        order = self.hadamard_order
        H = np.kron(np.eye(self.hidden // order, dtype=int), hadamard(order))
        return order, np.where(numerators < 0, -1, 1)[:, None] * H, order

    def integer_map(self, array: Array) -> SignedHadamard:
        return SignedHadamard(signs(array), self.block, scaled=False)

    def class_of_w(self) -> tuple[str, dict[str, Any]]:
        return "HadamRNN", {"block": self.block}


class HadamRNN(Network):
    """h_t = sigma(W h_{t-1} + U x_t + b), y = V r(h) + c with W = diag(sign(u)) H_n / sqrt(n), orthogonal and binary.

    Keyword arguments are those of :class:`Config`; ``parameters`` holds the trained arrays by name, in full
    precision: u, whose signs are used, and U, V, which are quantised to ``bits`` in every pass. Gradients pass
    through sign and quantiser unchanged (straight-through). Source: Foucault, Mamalet and Malgouyres 2025.

    >>> model = HadamRNN(inputs=3, hidden=8, outputs=2, seed=1)
    >>> model.predict(np.ones((5, 4, 3))).shape
    (4, 2)
    """

    config: Config
    config_type = Config
    layer_type = HadamardLayer

    def _initial(self, name: str, shape: tuple[int, ...], rng: Rng) -> Array:
        if name == "u":
            bound = self._glorot(shape) * self.config.sign_scale
            return rng.uniform(-bound, bound, shape)
        return super()._initial(name, shape, rng)

    def _recurrent(self, *, training: bool) -> SignedHadamard:
        return SignedHadamard(signs(self.parameters["u"]), self.config.block)
