"""Networks that exist: weight matrices of a construction, and their measured errors."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
from numpy.typing import NDArray

from approxbounds import validation as check
from approxbounds.errors import MissingPackageError, NotApplicableError, ParameterError
from approxbounds.facts.archives import AffineMap, archive, layers_of
from approxbounds.facts.grid import Function, midpoints, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.files import read_file, write_atomically
from approxbounds.validation import is_infinite

__all__ = [
    "MOST_PARAMETERS",
    "AffineMap",
    "BuiltNetwork",
    "DenseNetwork",
    "dense",
    "linear_of",
    "require_moderate",
    "torch_package",
]

MOST_PARAMETERS = 10**8
MOST_POINTS = 10**7
_CHUNK = 2**22  # numbers held at a time while a network is evaluated
#: What files raise that are no archives of networks; SyntaxError: a damaged header.
_NO_NETWORK = (OSError, TypeError, ValueError, BadZipFile, ZlibError, EOFError, RuntimeError, SyntaxError)


class BuiltNetwork(ABC):
    """A network with its weights: a function of points of shape (m, d), with values of shape (m,)."""

    @property
    @abstractmethod
    def input_dim(self) -> int:
        """d."""

    @property
    @abstractmethod
    def _widest(self) -> int:
        """The most numbers that are held for a point."""

    @abstractmethod
    def _values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at not too many points."""

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        where = np.asarray(points, float)
        if where.ndim != 2 or where.shape[1] != self.input_dim:
            raise ParameterError("points", where.shape, f"must have shape (m, {self.input_dim})")
        rows = max(1, _CHUNK // max(self.input_dim, self._widest))
        parts = [self._values(where[first : first + rows]) for first in range(0, len(where), rows)]
        return np.concatenate(parts) if parts else np.zeros(0)

    @abstractmethod
    def _archive(self) -> bytes:
        """The network as a NumPy archive."""

    @classmethod
    @abstractmethod
    def _of_archive(cls, data: bytes) -> Self:
        """The network in such an archive; one of ``_NO_NETWORK`` if it holds none."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a NumPy archive (.npz), in one step; ParameterError if that is not possible.

        The arrays in it are all float64; the class says which there are.
        """
        try:
            return write_atomically(Path(path), self._archive())
        except (OSError, TypeError, ValueError) as error:
            raise ParameterError("path", path, f"cannot be written ({error})") from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read it from such a file; ParameterError if there is none, or no network of at most 10^8 parameters in it.

        >>> import approxbounds as ab, tempfile, pathlib
        >>> G = ab.ReLUNetwork(widths=(8,), input_dim=1)
        >>> network = ab.upper_bound(ab.LipschitzBall(dim=1), G, p=2).build(lambda x: x[:, 0] ** 2 / 2)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     again = DenseNetwork.load(network.save(pathlib.Path(directory) / "network.npz"))
        >>> again, bool(again([[0.3]]) == network([[0.3]]))
        (DenseNetwork(input_dim=1, widths=(8,), power=1; 25 parameters), True)
        """
        try:
            return cls._of_archive(read_file(Path(path), 9 * MOST_PARAMETERS))
        except _NO_NETWORK as error:
            raise ParameterError("path", path, f"must be a network that was saved ({error})") from None

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


@dataclass(frozen=True, eq=False)
class DenseNetwork(BuiltNetwork):
    """A fully connected network with its weights: hidden units max(x, 0)^power, 1[x >= 0] for power = 0; linear output.

    ``layers`` are pairs of a matrix of shape (units, inputs) and biases of shape (units,), the output layer last.
    Calling it with points of shape (m, d) gives its values, shape (m,). In files its arrays are ``power`` (a number),
    ``weights0`` (units, inputs), ``biases0`` (units,), ``weights1``, .., the output layer last.

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

    @property
    def _widest(self) -> int:
        return max(self.widths)

    def __repr__(self) -> str:
        sizes = f"input_dim={self.input_dim}, widths={self.widths}, power={self.power}"
        return f"DenseNetwork({sizes}; {self.weights} parameters)"

    def _values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        values = points
        for matrix, biases in self.layers[:-1]:
            inputs = values @ matrix.T + biases
            values = (inputs >= 0).astype(float) if self.power == 0 else np.maximum(inputs, 0.0) ** self.power
        matrix, biases = self.layers[-1]
        result: NDArray[np.float64] = (values @ matrix.T + biases)[:, 0]
        return result

    def _archive(self) -> bytes:
        return archive(self.layers, self.power)

    @classmethod
    def _of_archive(cls, data: bytes) -> Self:
        return cls(*layers_of(data, MOST_PARAMETERS))

    def to_torch(self) -> Any:
        """The same network as a ``torch.nn.Sequential`` in float64, to train further; values have shape (m, 1).

        Raises MissingPackageError where torch is not installed. Units of power 0, which are steps, have no gradients.
        Steep units (a limit, says ``explain()``) have large gradients, so a usual step may go astray.
        So keep the best state, the start among them, by its error on points that are not trained on; then training
        cannot make it worse there. Least squares for the last layer alone are a safe first step.
        """
        torch = torch_package()
        power = self.power

        class Power(torch.nn.Module):  # type: ignore[misc, name-defined]
            """max(x, 0)^power; 1[x >= 0] for power = 0."""

            def forward(self, x: Any) -> Any:
                return (x >= 0).to(x.dtype) if power == 0 else torch.relu(x) ** power

        modules: list[Any] = []
        for matrix, biases in self.layers:
            modules += [linear_of(torch, matrix, biases), torch.nn.ReLU() if power == 1 else Power()]
        return torch.nn.Sequential(*modules[:-1])


def torch_package() -> Any:
    """The package torch; MissingPackageError where it is not installed."""
    try:
        import torch
    except ImportError:
        raise MissingPackageError("to_torch() needs torch: pip install torch") from None
    return torch


def linear_of(torch: Any, matrix: NDArray[np.float64], biases: NDArray[np.float64] | None = None) -> Any:
    """A ``torch.nn.Linear`` in float64 with these weights, and without biases where there are none."""
    units, inputs = matrix.shape
    layer = torch.nn.Linear(inputs, units, bias=biases is not None, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(matrix))
        if biases is not None:
            layer.bias.copy_(torch.tensor(biases))
    return layer


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
