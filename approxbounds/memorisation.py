"""How large networks are that can take all labels at some m points, and how large one is enough. THEORY.md, 8.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from approxbounds import validation
from approxbounds.bisection import largest
from approxbounds.bound import Bound
from approxbounds.complexity.pseudo_dimension import pseudo_dimension
from approxbounds.errors import called_rightly
from approxbounds.networks.feedforward import NetworkSize

__all__ = ["Memorisation", "memorisation"]

_MOST_POINTS = 10**9


@dataclass(frozen=True)
class Memorisation:
    """Networks that take all 2^m labels at some m points have at least ``weights`` weights, and ``bits`` bits in all.

    ``bound``: the certified Pdim < m of networks with one weight less; None if no class is excluded. ``sufficient``: so
    many weights take any real values at any m points of R^d, by one hidden layer of m - 1 ReLU units.
    """

    points: int
    weights: int
    bits: int
    bound: Bound | None
    sufficient: int | None

    def __str__(self) -> str:
        enough = "" if self.sufficient is None else f", {self.sufficient} are enough"
        return f"at least {self.weights} weights, {self.bits} bits, for all labels at {self.points} points{enough}"

    __repr__ = __str__


@called_rightly
def memorisation(*, points: Any, depth: Any, input_dim: Any = None, degree: Any = 1, pieces: Any = 2) -> Memorisation:
    """The least numbers of weights and bits that are not excluded for networks that can take all labels at m points.

    Labels are signs of g - r(x) for one threshold r(x) at each point. ``depth`` counts layers, the output included;
    activations have ``pieces`` pieces of degree up to ``degree``. A class that takes all labels at m points has
    Pdim >= m, and at least 2^m functions. With ``input_dim`` and ReLU (the default activations) ``sufficient`` is the
    size of a network of one hidden layer that interpolates any values, if ``depth`` is 2. As for
    :class:`NetworkSize`, the bound is for each fixed architecture. Raises ParameterError for bad input.

    >>> import approxbounds as ab
    >>> ab.memorisation(points=1000, depth=2, input_dim=3)
    at least 46 weights, 1000 bits, for all labels at 1000 points, 4996 are enough
    """
    m = validation.integer("points", points, maximum=_MOST_POINTS, symbols=False)
    d = None if input_dim is None else validation.integer("input_dim", input_dim, maximum=10**6, symbols=False)
    start = NetworkSize(weights=max(m, 1000), depth=depth, degree=degree, pieces=pieces)  # checks the others
    start.require_numbers("memorisation")

    def bound(weights: int) -> Bound:
        return pseudo_dimension(NetworkSize(weights=weights, depth=depth, degree=degree, pieces=pieces))

    fewest = int(start.depth)
    excluded = fewest - 1 + largest(lambda n: bound(fewest - 1 + n).value < m, m)
    relu = start.depth == 2 and (start.degree, start.pieces) == (1, 2)
    enough = (m - 1) * (d + 2) + 1 if relu and d is not None else None
    return Memorisation(m, excluded + 1, m, bound(excluded) if excluded >= fewest else None, enough)
