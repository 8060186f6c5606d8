"""Four ways to train a quantised matrix that is nearly orthogonal: each says what stands behind W, and how it moves.

The network computes with Q = q(W), where W = W(P) comes from the trained matrix P, and q is a quantiser. The gradient
G = dLoss/dQ, taken straight through q, is pulled back to P; after a step of the optimiser P is projected.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.networks.orthogonal import bjorck, low_rank, low_rank_update, tangent

#: From dLoss/dW to dLoss/dP.
Pull = Callable[[Array], Array]
#: Steps of low rank after which rounding errors are removed.
CORRECTED = 100


class Strategy:
    """W = P, a free matrix without a penalty: what the strategies below have in common."""

    #: whether W is orthogonal before it is quantised
    orthogonal = True
    #: whether W is quantised in training, and not only in predictions
    quantises = True
    #: whether steps may be approximated by some of low rank
    low_rank = False

    def weight(self, P: Array) -> tuple[Array, Pull]:
        """W, and the way back of its gradient."""
        return P, np.asarray

    def penalty(self, Q: Array, weight: float) -> tuple[float, Array | float]:
        """What is added to the loss, and its derivative in Q."""
        return 0.0, 0.0

    def projected(self, P: Array, step: Array, *, rank: int | None, count: int) -> Array:
        """P after its ``count``-th step."""
        return P + step


class OnManifold(Strategy):
    """ "projunn": P = W stays orthogonal. Gradients are made tangent; the polar retraction follows each step, or its
    best approximation of the given rank. "ptq" is the same without any quantiser in training."""

    low_rank = True

    def __init__(self, *, quantises: bool = True) -> None:
        self.quantises = quantises

    def weight(self, P: Array) -> tuple[Array, Pull]:
        return P, partial(tangent, P)

    def projected(self, P: Array, step: Array, *, rank: int | None, count: int) -> Array:
        if rank is None:
            return bjorck(P + step).W
        moved = low_rank_update(P, *low_rank(step, rank=rank))
        return bjorck(moved).W if count % CORRECTED == 0 else moved


class Bjorck(Strategy):
    """ "bjorck": W is the polar factor of P, by Björck's iteration, which is differentiated through."""

    def weight(self, P: Array) -> tuple[Array, Pull]:
        result = bjorck(P)
        return result.W, result.back


class Penalty(Strategy):
    """ "penalty": W = P, and ||Q^T Q - I||_F^2 is added to the loss with a weight."""

    orthogonal = False

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
