"""Recurrent networks that exist: their weights, and their measured errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import BuiltNetwork

__all__ = ["RecurrentWeights"]

_MOST_HIDDEN = 4096


@dataclass(frozen=True, eq=False)
class RecurrentWeights(BuiltNetwork):
    """a_t = W h_{t-1} + U x_t + b, h_t = sigma(a_t), h_0 = 0, y = v.r(h_T) + c, with its weights.

    ``rectifies``: "output" (sigma the identity, r = relu), "state" (sigma = relu, r the identity) or "thresholds"
    (sigma(a) = sign(a) relu(|a| + thresholds), r the identity). Calling it with points (x_1, .., x_T) of shape (m, T
    d_in) gives its values, shape (m,).

    >>> import approxbounds as ab
    >>> G = ab.OrthogonalRNN(hidden=16, steps=2, activation="relu")
    >>> bound = ab.upper_bound(ab.HolderBall(smoothness=2, dim=2), G, p="inf")
    >>> bound.theorem.id, bound.build(lambda x: x[:, 0] - x[:, 1] / 2)([[0.5, 0.25]]).tolist()
    ('recurrent-sums', [0.375])
    """

    W: NDArray[np.float64]
    U: NDArray[np.float64]
    b: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    v: NDArray[np.float64]
    c: float
    steps: int
    rectifies: str

    @staticmethod
    def require_moderate(hidden: int) -> None:
        """Refuse to build a W that does not fit into the memory."""
        if hidden > _MOST_HIDDEN:
            raise NotApplicableError(f"hidden={hidden}: recurrent networks of at most {_MOST_HIDDEN} units are built")

    @property
    def input_dim(self) -> int:
        """T d_in."""
        return self.steps * int(self.U.shape[1])

    @property
    def _widest(self) -> int:
        return len(self.b)

    def __repr__(self) -> str:
        return f"RecurrentWeights(hidden={len(self.b)}, steps={self.steps}, inputs={self.U.shape[1]})"

    def _values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        state = np.zeros((len(points), len(self.b)))
        for x in np.split(points, self.steps, axis=1):
            state = state @ self.W.T + x @ self.U.T + self.b
            if self.rectifies == "state":
                state = np.maximum(state, 0)
            elif self.rectifies == "thresholds":
                state = np.sign(state) * np.maximum(np.abs(state) + self.thresholds, 0)
        values: NDArray[np.float64] = (np.maximum(state, 0) if self.rectifies == "output" else state) @ self.v + self.c
        return values
