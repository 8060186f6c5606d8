"""Recurrent networks that exist: their weights, and their measured errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.errors import NotApplicableError
from approxbounds.facts.archives import archive_of, arrays_of
from approxbounds.facts.built import MOST_PARAMETERS, BuiltNetwork, linear_of, torch_package

__all__ = ["RecurrentWeights"]

_MOST_HIDDEN, _MOST_STEPS = 4096, 10**6
_RECTIFIES = ("output", "state", "thresholds")
#: Names of the arrays in files, and their numbers of dimensions.
_ARRAYS = {"W": 2, "U": 2, "b": 1, "thresholds": 1, "v": 1, "c": 0, "steps": 0, "rectifies": 0}


@dataclass(frozen=True, eq=False)
class RecurrentWeights(BuiltNetwork):
    """a_t = W h_{t-1} + U x_t + b, h_t = sigma(a_t), h_0 = 0, y = v.r(h_T) + c, with its weights.

    ``rectifies``: "output" (sigma the identity, r = relu), "state" (sigma = relu, r the identity) or "thresholds"
    (sigma(a) = sign(a) relu(|a| + thresholds), r the identity). Calling it with points (x_1, .., x_T) of shape (m, T
    d_in) gives its values, shape (m,). In files its arrays have these names; ``rectifies`` is 0, 1 or 2 there, in this
    order.

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

    def _archive(self) -> bytes:
        arrays = {name: getattr(self, name) for name in _ARRAYS if name != "rectifies"}
        return archive_of({**arrays, "rectifies": _RECTIFIES.index(self.rectifies)})

    @classmethod
    def _of_archive(cls, data: bytes) -> Self:
        W, U, b, thresholds, v, c, steps, kind = arrays_of(data, lambda _: _ARRAYS, MOST_PARAMETERS)
        n = len(b)
        if not 1 <= n <= _MOST_HIDDEN or W.shape != (n, n) or len(U) != n or not U.shape[1]:
            raise ValueError(f"matrices of shape {W.shape} and {U.shape} belong to {n} units")
        if not len(thresholds) == len(v) == n:
            raise ValueError(f"{len(thresholds)} thresholds and {len(v)} output weights belong to {n} units")
        if steps not in range(1, _MOST_STEPS + 1) or kind not in range(len(_RECTIFIES)):
            raise ValueError(f"steps must be an integer from 1 to {_MOST_STEPS}, rectifies 0, 1 or 2")
        return cls(W, U, b, thresholds, v, float(c), int(steps), _RECTIFIES[int(kind)])

    def to_torch(self) -> Any:
        """The same network as a ``torch.nn.Module`` in float64, to train further; values have shape (m, 1).

        W, U, b, v, c are its parameters, and the thresholds where there are any; training does not keep W orthogonal.
        Raises MissingPackageError where torch is not installed.
        """
        torch, built = torch_package(), self

        class Recurrent(torch.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.hidden, self.inputs = linear_of(torch, built.W), linear_of(torch, built.U, built.b)
                self.output = linear_of(torch, built.v[None], np.array([built.c]))
                if built.rectifies == "thresholds":
                    self.thresholds = torch.nn.Parameter(torch.tensor(built.thresholds))

            def forward(self, x: Any) -> Any:
                state, width = None, built.U.shape[1]
                for t in range(built.steps):
                    own = self.inputs(x[:, t * width : (t + 1) * width])
                    state = own if state is None else self.hidden(state) + own
                    if built.rectifies == "state":
                        state = torch.relu(state)
                    elif built.rectifies == "thresholds":
                        state = torch.sign(state) * torch.relu(torch.abs(state) + self.thresholds)
                return self.output(torch.relu(state) if built.rectifies == "output" else state)

        return Recurrent()
