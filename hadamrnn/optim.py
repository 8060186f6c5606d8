"""Adam, clipping by the global norm, and the running mean of parameters."""

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector

#: Of the means of gradients and squares, as in the paper.
DECAYS = (0.9, 0.999)
EPSILON = 1e-8


def clip(gradients: Vector, *, most: float) -> float:
    """Scale the gradients, in place, to an Euclidean norm of at most ``most``; returns the norm that they had."""
    check.instance("gradients", gradients, Vector, "a Vector")
    norm = float(np.sqrt(np.square(gradients.flat, dtype=np.float64).sum()))
    if norm > check.number("most", most):
        gradients.flat *= most / norm
    return norm


class Adam:
    """Adam (Kingma and Ba 2015, Algorithm 1) on one flat vector; its state is two vectors and a count."""

    def __init__(self, parameters: Vector) -> None:
        check.instance("parameters", parameters, Vector, "a Vector")
        self.parameters = parameters
        self.mean, self.square = np.zeros_like(parameters.flat), np.zeros_like(parameters.flat)
        self.count = 0

    def step(self, gradients: Vector, rate: float) -> None:
        """Move the parameters, in place, against the gradients."""
        (first, second), g = DECAYS, gradients.flat
        self.count += 1
        self.mean *= first
        self.mean += (1 - first) * g
        self.square *= second
        self.square += (1 - second) * np.square(g)
        size = np.sqrt(self.square)
        size *= 1 / np.sqrt(1 - second**self.count)
        size += EPSILON
        np.divide(self.mean, size, out=size)
        size *= rate / (1 - first**self.count)
        self.parameters.flat -= size

    def state(self) -> dict[str, Array]:
        """The arrays that a checkpoint needs."""
        return {"mean": self.mean, "square": self.square, "count": np.array(self.count)}

    def restore(self, state: dict[str, Array]) -> None:
        """Go on from such a state."""
        self.mean[...] = check.like("mean", state["mean"], self.mean)
        self.square[...] = check.like("square", state["square"], self.square)
        self.count = check.integer("count", state["count"][()], least=0)


class Average:
    """The running mean m of parameters: m <- a m + (1 - a) w after step t, with a = min(share, (1 + t) / (10 + t)).

    What single steps add by chance, as the flips of quantised weights, mostly cancels in it. Source: Polyak and
    Juditsky 1992, who weigh all steps alike.

    >>> w = Vector({"b": (1,)}, "float64")
    >>> average = Average(w, share=0.9)
    >>> w.flat[0] = 11.0
    >>> average.step(1)
    >>> average.mean
    array([9.])
    """

    def __init__(self, parameters: Vector, share: float) -> None:
        check.instance("parameters", parameters, Vector, "a Vector")
        self.parameters, self.mean = parameters, parameters.flat.copy()
        self.share = check.number("share", share, most=1.0)

    def step(self, count: int) -> None:
        """Take in the parameters after their step number ``count``, which is at least 1."""
        kept = min(self.share, (1 + count) / (10 + count))
        self.mean += (1 - kept) * (self.parameters.flat - self.mean)
