"""The networks and targets that are compared by default."""

from __future__ import annotations

from functools import partial
from typing import Any

import approxbounds as ab
from hadamrnn import Config, QORNNConfig
from paper_figures.hard_targets.comparison import Pair
from paper_figures.hard_targets.feedforward import FeedForwardConfig

__all__ = ["standard_pairs"]


def standard_pairs() -> tuple[Pair, ...]:
    """Small networks of every kind against Hölder balls and monotone functions in dimensions 1 to 3.

    Small, as the training comes near the best network then, and the bounds near the truth.

    >>> len(standard_pairs()) >= 20
    True
    """

    one: dict[str, Any] = {"inputs": 1, "outputs": 1, "loss": "mse"}
    hadamard, orthogonal = partial(Config, **one), partial(QORNNConfig, **one)

    def holder(s: str, dim: int, k: int) -> dict[str, Any]:
        return {"functions": ab.HolderBall(smoothness=s, dim=dim), "member": {"k": k}}

    def monotone(dim: int, k: int, **layers: int) -> dict[str, Any]:
        return {"functions": ab.MonotoneFunctions(dim=dim), "member": {"k": k, **layers}}

    def relu(inputs: int, *widths: int, activation: str = "relu") -> FeedForwardConfig:
        return FeedForwardConfig(inputs=inputs, widths=widths, activation=activation)

    heaviside = partial(relu, activation="heaviside")
    chosen = (
        (1, heaviside(1, 1), holder("1", 1, 32)),
        (1, heaviside(1, 1), holder("1", 1, 2048)),
        (2, heaviside(1, 4), holder("1", 1, 80)),
        (4, heaviside(1, 2), holder("2", 1, 400)),
        (2, relu(1, 1), holder("1", 1, 80)),
        (1, relu(1, 4), holder("1", 1, 104)),
        (2, relu(1, 8), holder("1", 1, 168)),
        (2, relu(1, 2), holder("1/2", 1, 72)),
        (1, heaviside(1, 1), monotone(1, 72)),
        (2, relu(1, 4), monotone(1, 96)),
        (2, heaviside(2, 1), holder("1", 2, 12)),
        (1, heaviside(2, 4), holder("1", 2, 21)),
        (1, relu(2, 1), holder("1", 2, 12)),
        (2, relu(2, 4), holder("1", 2, 24)),
        (2, relu(2, 2), holder("3/2", 2, 20)),
        (2, relu(1, 8, 8), holder("1", 1, 728)),
        (1, heaviside(2, 1), monotone(2, 80, layers=1)),
        (1, heaviside(2, 2, 2), monotone(2, 160, layers=1)),
        (1, relu(2, 2), monotone(2, 24, layers=23)),
        (1, heaviside(2, 4), monotone(2, 160, layers=1)),
        (1, heaviside(3, 1), monotone(3, 14, layers=1)),
        (1, relu(3, 2), monotone(3, 14, layers=14)),
        (2, hadamard(hidden=2, bits=None), holder("1", 2, 20)),
        (1, hadamard(hidden=4, bits=2), holder("1", 2, 20)),
        (2, hadamard(hidden=2, bits=None, activation="relu"), holder("1", 3, 9)),
        (1, hadamard(hidden=4, bits=4), monotone(2, 24, layers=23)),
        (2, orthogonal(hidden=3, recurrent_bits=2, bits=2), holder("1", 2, 24)),
        (1, orthogonal(hidden=2, recurrent_bits=2, bits=2, activation="modrelu"), holder("1", 2, 24)),
        (1, orthogonal(hidden=3), monotone(2, 28, layers=27)),
        (2, orthogonal(hidden=2, activation="relu"), holder("1", 3, 10)),
    )
    return tuple(Pair(p=p, network=network, **targets) for p, network, targets in chosen)
