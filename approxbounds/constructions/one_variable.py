"""What constructions with n intervals of [0,1] share, for functions with a known range. THEORY.md, section 5."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.interpolation import free_pieces
from approxbounds.constructions.placement import reshaped
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step
from approxbounds.validation import MOST_UNITS
from approxbounds.witness import Witness, integer_of, require

__all__ = ["FreePieces", "OneVariable", "apart", "levels_of", "no_range"]

_STEEP = 2.0**-32  # what all steep pieces of a built interpolant are wide together


def no_range(query: Query) -> str | None:
    """The reason why F is not a class of functions of one variable with a known range, or None."""
    if query.F.domain_dim == 1 and query.F.value_range is not None:
        return None
    return "F must be functions of one variable with a known range"


def levels_of(query: Query, count: int) -> NDArray[np.float64]:
    """The ends of ``count`` equal parts of the range of F."""
    low, high = query.F.value_range or (0, 0)
    return np.linspace(float(low), float(high), count + 1)


def apart(nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Non-decreasing nodes from 0 to 1, moved by at most 2^-32 so that n pieces are at least 2^-32/n wide each."""
    gaps = _STEEP * np.linspace(0, 1, len(nodes))
    moved: NDArray[np.float64] = np.minimum(np.maximum.accumulate(nodes - gaps) + gaps, 1 - gaps[::-1])
    return moved


class OneVariable(Construction):
    """An error that depends on the number n of intervals only. Witness: ``pieces`` (n)."""

    @abstractmethod
    def error(self, A: Arithmetic[V], query: Query, pieces: V | float) -> V:
        """The error with n intervals."""

    @abstractmethod
    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts: ...

    def expression(self, query: Query) -> Any:
        """In n, where G has symbols."""
        (n,) = self.sizes(query, "n")
        return self.error(SYMBOLIC, query, n)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        return self.allowed(query, witness, f"$n={integer_of(witness, 'pieces')}$ intervals")


class FreePieces(OneVariable):
    """By linear interpolation on n pieces of our choice, of which ReLU networks have :func:`free_pieces`."""

    def search(self, query: Query) -> Witness:
        return {"pieces": free_pieces(query.G)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        n, most = integer_of(witness, "pieces", minimum=1), free_pieces(query.G)
        require(n <= most, f"pieces={n}: the widths of G allow at most {most}")
        return self.error(A, query, A.number(n))

    def rate(self, query: Query) -> Any:
        """For the best shapes, with one wide layer."""
        import sympy

        return 1 / sympy.Symbol("W", positive=True)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        n = integer_of(witness, "pieces")
        return reshaped(query.G, (n,)) if n <= MOST_UNITS else query.G  # no wider layer can be described
