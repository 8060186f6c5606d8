"""Growth at the points of a grid: there exponentials of affine functions of x are monomials. THEORY.md, 3.12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.hypercube import GridSides
from approxbounds.facts.sign_patterns import SIGN_PATTERNS, log2_sign_patterns, written_sign_patterns
from approxbounds.sources import Citation

__all__ = ["LogisticLayer", "varied"]


@dataclass(frozen=True)
class LogisticLayer:
    """``functions`` * m values of rational functions of the units of a first layer, at m points of a grid.

    On the grid sigmoid(w.x + b) = 1/(1 + u prod_j z_j^{i_j}), with u and the z_j as new parameters in place of b and w.
    Counted from the middle of the grid, each of the ``units`` units has degree at most E in them, so that the common
    numerators have degree units E in the ``powers`` parameters u and z_j, and 1 in the ``parameters`` others.
    """

    functions: int
    units: int
    powers: int
    parameters: int
    sides: GridSides
    citations = (*SIGN_PATTERNS, Citation("approxbounds", "3.12"))

    def __hash__(self) -> int:
        return hash((self.functions, self.units, self.powers, self.parameters))

    @property
    def degree(self) -> Any:
        """U E with E = max(sum_j floor(k_j/2), 1 + sum_j (k_j - 1 - floor(k_j/2)))."""
        below = sum(count * (k // 2) for k, count in self.sides)
        above = sum(count * (k - 1 - k // 2) for k, count in self.sides)
        return self.units * (np.maximum(below, 1 + above) if isinstance(below, np.ndarray) else max(below, 1 + above))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        if self.functions == 0:
            return 0 * A.number(m)
        M = A.times(self.functions, m)
        signs = log2_sign_patterns(A, M, ((1, self.powers), (1, self.parameters)))
        return A.minimum(A.number(M), signs + self.powers * A.log2(A.number(self.degree)))

    @property
    def formula(self) -> str:
        return written_sign_patterns(self.functions, ((self.degree, self.powers), (1, self.parameters)))


def varied(sides: GridSides) -> int:
    """The number of coordinates along which the grid has more than one point; for arrays, that of all members."""
    return sum(count for k, count in sides if np.max(k) > 1)
