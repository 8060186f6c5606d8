"""Networks that exist: weight matrices of a construction, and their measured errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from approxbounds import validation as check
from approxbounds.errors import NotApplicableError, ParameterError
from approxbounds.facts.grid import Function, midpoints, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.validation import is_infinite

__all__ = ["AffineMap", "DenseNetwork", "dense", "require_moderate"]

MOST_PARAMETERS = 10**8
MOST_POINTS = 10**7
_CHUNK = 2**22  # numbers held at a time while a network is evaluated

#: The weight matrix and the biases of one layer.
AffineMap = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class DenseNetwork:
    """A fully connected network with its weights: hidden units max(x, 0)^power, 1[x >= 0] for power = 0; linear output.

    ``layers`` are pairs of a matrix of shape (units, inputs) and biases of shape (units,), the output layer last.
    Calling it with points of shape (m, d) gives its values, shape (m,).

    >>> import approxbounds as ab
    >>> F, G = ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(3,), input_dim=1)
    >>> network = ab.upper_bound(F, G, p=2).build(lambda x: x[:, 0])
    >>> network.widths, network.weights, network(np.array([[0.1], [0.9]])).tolist()
    ((3,), 10, [0.125, 0.875])
    """

    layers: tuple[AffineMap, ...]
    power: int

    @property
    def input_dim(self) -> int:
        """d."""
        return int(self.layers[0][0].shape[1])

    @property
    def widths(self) -> tuple[int, ...]:
        """The numbers of hidden units."""
        return tuple(len(biases) for _, biases in self.layers[:-1])

    @property
    def weights(self) -> int:
        """The number of parameters, zeros included."""
        return sum(matrix.size + biases.size for matrix, biases in self.layers)

    def __repr__(self) -> str:
        sizes = f"input_dim={self.input_dim}, widths={self.widths}, power={self.power}"
        return f"DenseNetwork({sizes}; {self.weights} parameters)"

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        where = np.asarray(points, float)
        if where.ndim != 2 or where.shape[1] != self.input_dim:
            raise ParameterError("points", where.shape, f"must have shape (m, {self.input_dim})")
        rows = max(1, _CHUNK // max(self.input_dim, *self.widths))
        parts = [self._values(where[first : first + rows]) for first in range(0, len(where), rows)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        values = points
        for matrix, biases in self.layers[:-1]:
            inputs = values @ matrix.T + biases
            values = (inputs >= 0).astype(float) if self.power == 0 else np.maximum(inputs, 0.0) ** self.power
        matrix, biases = self.layers[-1]
        result: NDArray[np.float64] = (values @ matrix.T + biases)[:, 0]
        return result

    def error(self, f: Function, *, p: object, per_side: int) -> float:
        """The L^p distance from f on the midpoints of per_side^d cubes: a measurement, not a certified number.

        ``f`` takes points of shape (m, d); ``p`` is a number >= 1 or infinity. The grid has at most 10^7 points.
        """
        exponent = check.exponent(p)
        if check.is_symbolic(exponent):
            raise ParameterError("p", p, "a number is needed here, not a symbol")
        side = check.integer("per_side", per_side, maximum=MOST_POINTS, symbols=False)
        points = side**self.input_dim
        if points > MOST_POINTS:
            raise ParameterError("per_side", per_side, f"the grid may have at most {MOST_POINTS} points per_side^d")
        rows = max(1, _CHUNK // self.input_dim)
        gaps = np.empty(points)
        for first in range(0, points, rows):
            where = midpoints(side, self.input_dim, first, min(first + rows, points))
            gaps[first : first + rows] = np.abs(values_at(f, where) - self(where))
        largest = float(gaps.max())
        if is_infinite(exponent) or largest == 0:
            return largest
        return largest * float(np.mean((gaps / largest) ** float(exponent)) ** (1 / float(exponent)))


def require_moderate(G: NetworkFacts) -> None:
    """Refuse to build networks that do not fit into the memory."""
    sizes = G.counted_sizes
    if sizes is not None and sizes.weights > MOST_PARAMETERS:
        raise NotApplicableError(f"weights={sizes.weights}: networks of at most {MOST_PARAMETERS} parameters are built")


def dense(G: NetworkFacts, layers: Sequence[AffineMap]) -> DenseNetwork:
    """The network with these layers as an element of G: hidden layers are filled up with units of weight 0."""
    own = G.architecture
    assert own is not None and own.activation.power is not None
    sizes = (int(G.domain_dim), *own.widths, 1)
    padded = []
    for (inputs, units), (matrix, biases) in zip(pairwise(sizes), layers, strict=True):
        full, offsets = np.zeros((units, inputs)), np.zeros(units)
        full[: matrix.shape[0], : matrix.shape[1]] = matrix
        offsets[: len(biases)] = biases
        padded.append((full, offsets))
    return DenseNetwork(tuple(padded), own.activation.power)
