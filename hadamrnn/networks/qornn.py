"""QORNN: recurrent networks with quantised, approximately orthogonal recurrent weights; without bits the ORNN.

Each strategy of training says what stands behind W, and how it moves. The network computes with Q = q(W), where
W = W(P) comes from the trained matrix P, and q is a quantiser. The gradient G = dLoss/dQ, taken straight through q, is
pulled back to P; after a step of the optimiser P is projected.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Rng, Vector
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.grid import grid_orthogonal, on_grid, require_grid
from hadamrnn.networks.layers import DenseLayer
from hadamrnn.networks.orthogonal import bjorck, orthogonality_defect, random_orthogonal, tangent
from hadamrnn.networks.quantize import MOST_BITS, SCALES
from hadamrnn.networks.transform import DenseMatrix, RecurrentMatrix
from hadamrnn.optim import Adam

#: Up to so many bits the step of "rms" is better than that of "max".
FEW_BITS = 5
#: Where W starts; see :class:`QORNNConfig`.
STARTS = ("auto", "haar", "grid")
#: From dLoss/dW to dLoss/dP.
Pull = Callable[[Array], Array]


class Strategy:
    """W = P, a free matrix without a penalty: what the strategies below have in common."""

    #: whether W is orthogonal before it is quantised
    orthogonal = True
    #: whether W is quantised in training, and not only in predictions
    quantises = True
    #: whether W stays for long where it is orthogonal on the grid of its bits
    keeps_grid = False

    def weight(self, P: Array) -> tuple[Array, Pull]:
        """W, and the way back of its gradient."""
        return P, np.asarray

    def penalty(self, Q: Array, weight: float) -> tuple[float, Array | float]:
        """What is added to the loss, and its derivative in Q."""
        return 0.0, 0.0

    def projected(self, P: Array) -> Array:
        """P after a step of the optimiser."""
        return P


class OnManifold(Strategy):
    """ "projunn", and "ptq" without any quantiser in training: P = W stays orthogonal."""

    def __init__(self, *, quantises: bool = True) -> None:
        self.quantises = quantises

    def weight(self, P: Array) -> tuple[Array, Pull]:
        return P, partial(tangent, P)

    def projected(self, P: Array) -> Array:
        return bjorck(P).W


class Bjorck(Strategy):
    """ "bjorck": W is the polar factor of P, by Björck's iteration, which is differentiated through."""

    def weight(self, P: Array) -> tuple[Array, Pull]:
        result = bjorck(P)
        return result.W, result.back


class Penalty(Strategy):
    """ "penalty": W = P, and ||Q^T Q - I||_F^2 is added to the loss with a weight."""

    orthogonal = False
    keeps_grid = True

    def penalty(self, Q: Array, weight: float) -> tuple[float, Array | float]:
        excess = Q.T @ Q - np.eye(len(Q), dtype=Q.dtype)
        return weight * float(np.square(excess, dtype=np.float64).sum()), Q.dtype.type(4 * weight) * (Q @ excess)


#: The strategies by name, as in settings and on the command line.
STRATEGIES: dict[str, Strategy] = {
    "projunn": OnManifold(),
    "bjorck": Bjorck(),
    "penalty": Penalty(),
    "ptq": OnManifold(quantises=False),
}


@dataclass(frozen=True, kw_only=True)
class QORNNConfig(NetworkConfig):
    """The settings of a :class:`QORNN`.

    inputs, hidden, outputs, activation, many_to_many, embedding, padding, pool, loss, dtype, seed: as of a HadamRNN,
    with any hidden.
    recurrent_bits: of W, 1 (ternary) to 16; None for full precision. bits: of U and V, likewise.
    strategy: "projunn", "bjorck", "penalty" or "ptq"; with few bits "penalty" is best (the start is why).
    penalty: the weight lambda of the strategy "penalty". recurrent_rate: the learning rate of W in those of the rest.
    scale: of the quantised values, as of :func:`codes`: "max" (the papers'), "frobenius" (q(W) has the norm sqrt(n) of
    an orthogonal matrix, U and V keep their own) or "rms"; "auto" is "rms" for at most 5 bits, else "frobenius" for W
    and "max" for U and V.
    start: of W, "haar" (uniform on O(n)); "grid", exactly orthogonal with recurrent_bits (2 to 6, n = 4 r with a
    Hadamard matrix of order r), where "penalty" leaves W almost as it is, so that the rest learns; "auto" is "grid"
    with "penalty" and at most 5 bits where there is one, else "haar".
    """

    recurrent_bits: int | None = check.setting(None, most=MOST_BITS)
    strategy: str = check.one_of(tuple(STRATEGIES))
    penalty: float = check.setting(0.01, open=False)
    recurrent_rate: float = check.setting(0.1, most=1.0)
    scale: str = check.one_of(("auto", *SCALES))
    start: str = check.one_of(STARTS)

    kind: ClassVar[str] = "qornn"
    recurrent: ClassVar[str] = "W"
    bit_settings: ClassVar[tuple[str, ...]] = ("bits", "recurrent_bits")
    before: ClassVar[Mapping[str, Any]] = {**NetworkConfig.before, "start": "haar"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start == "grid":
            require_grid(self.hidden, bits=self.recurrent_bits)

    @property
    def way(self) -> Strategy:
        """The strategy itself."""
        return STRATEGIES[self.strategy]

    @property
    def chosen_start(self) -> str:
        """That of W, where "auto" is decided."""
        bits = self.recurrent_bits
        grid = self.way.keeps_grid and (bits or MOST_BITS) <= FEW_BITS and on_grid(self.hidden, bits=bits)
        return self.start if self.start != "auto" else "grid" if grid else "haar"

    def packed(self) -> Self:
        return replace(self, strategy="penalty", start="auto", recurrent_bits=None, bits=None)

    def bits_of(self, name: str, *, training: bool = False) -> int | None:
        if training and not self.way.quantises:
            return None
        return self.recurrent_bits if name == "W" else super().bits_of(name)

    def scaling(self, name: str) -> dict[str, Any]:
        scale = self.scale
        if scale == "auto":
            scale = "rms" if (self.bits_of(name) or 0) <= FEW_BITS else "frobenius" if name == "W" else "max"
        free = name == "W" and not self.way.orthogonal  # its own norm may be any
        return {"scale": scale, "norm": math.sqrt(self.hidden) if free else None}

    def class_of_w(self) -> tuple[str, dict[str, Any]]:
        if self.recurrent_bits is not None:
            return "QORNN", {"recurrent_bits": self.recurrent_bits}
        return ("OrthogonalRNN", {}) if self.way.orthogonal else super().class_of_w()


class QORNN(Network):
    """h_t = sigma(q(W) h_{t-1} + q(U) x_t + b), y = q(V) r(h) + c with W orthogonal or nearly, and a quantiser q.

    r is relu if sigma is linear, else the identity. Keyword arguments are those of :class:`QORNNConfig`; W starts
    orthogonal. With G = dLoss/dq(W), taken straight through the quantiser, the strategies are

    - "projunn": the tangent part of G goes to Adam, and the step is followed by the polar retraction, so that W stays
      orthogonal;
    - "bjorck": q(B(W)) in place of q(W), with B the polar factor by Björck iterations, differentiated through;
    - "penalty": W is free, and lambda ||q(W)^T q(W) - I||_F^2 is added to the loss;
    - "ptq": as "projunn" without any quantiser in training; predictions are of the quantised weights. With so few bits
      that these overflow, a run ends at its first validation: train without bits and use :func:`quantised`.

    Source: Foucault, Mamalet and Malgouyres 2024.

    >>> model = QORNN(inputs=3, hidden=8, outputs=2, recurrent_bits=4, seed=1)
    >>> model.predict(np.ones((5, 4, 3))).shape
    (4, 2)
    """

    config: QORNNConfig
    config_type = QORNNConfig
    layer_type = DenseLayer
    _pull: Pull

    def recurrent_matrix(self) -> Array:
        """The matrix q(W), or q(B(W)), of the predictions."""
        return self._recurrent(training=False).dense()

    def weights(self) -> dict[str, Array]:
        return super().weights() | {"W": self.config.way.weight(self.parameters["W"])[0]}

    def defect(self) -> float:
        must = self.config.way.orthogonal and self.config.recurrent_bits is None
        return orthogonality_defect(self.weights()["W"]) if must else 0.0

    def update(self, adam: Adam, gradients: Vector, rate: float) -> None:
        """One step of the optimiser, and the retraction of W."""
        W, config = self.parameters["W"], self.config
        before = W.copy()
        super().update(adam, gradients, rate)
        step = W.dtype.type(config.recurrent_rate) * (W - before)
        W[...] = config.way.projected(before + step)

    def take(self, parameters: Array) -> None:
        super().take(parameters)
        W = self.parameters["W"]
        W[...] = self.config.way.projected(W)

    def _initial(self, name: str, shape: tuple[int, ...], rng: Rng) -> Array:
        if name != "W":
            return super()._initial(name, shape, rng)
        n, bits = self.config.hidden, self.config.recurrent_bits or 0
        on_grid = self.config.chosen_start == "grid"
        return grid_orthogonal(n, bits=bits, rng=rng) if on_grid else random_orthogonal(n, rng)

    def _prefers_kernel(self, x: Array) -> bool:
        # the powers of W cost several n^3 each, the steps n^2 B
        return super()._prefers_kernel(x) and x.shape[0] * x.shape[1] >= 4 * self.config.hidden

    def _recurrent(self, *, training: bool) -> DenseMatrix:
        W, self._pull = self.config.way.weight(self.parameters["W"])
        return DenseMatrix(self.config.quantised("W", W, training=training))

    def _finish(self, W: RecurrentMatrix, gradients: Vector) -> float:
        value, slope = self.config.way.penalty(W.dense(), self.config.penalty)
        gradients["W"][...] = self._pull(gradients["W"] + slope)
        return value


def quantised(model: QORNN, *, recurrent_bits: int | None, bits: int | None) -> QORNN:
    """The model after training with its weights quantised: W to ``recurrent_bits``, U and V to ``bits``.

    It has the strategy "ptq", whose W is the orthogonal one of the model (for "bjorck" the polar factor). Raises
    ParameterError for another kind of model, or other bits than 1 to 16 and None.

    >>> model = QORNN(inputs=3, hidden=8, outputs=2)
    >>> len(np.unique(quantised(model, recurrent_bits=2, bits=4).recurrent_matrix())) <= 4
    True
    """
    check.instance("model", model, QORNN, "a QORNN")
    changes = {"strategy": "ptq", "start": "haar", "recurrent_bits": recurrent_bits, "bits": bits}
    result = QORNN(**asdict(model.config) | changes)
    result.parameters.fill(model.weights())
    return result
