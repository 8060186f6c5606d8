"""Powers and paraboloids: what theorems on curvature ask of F. THEORY.md, 2.5."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial

import numpy as np
from numpy.typing import NDArray

from approxbounds.validation import Number

__all__ = ["Bowl", "Curved"]


@dataclass(frozen=True)
class Curved:
    """A function of one variable whose derivative of order m is +-``curvature``, and changes its sign ``turns`` times.

    It is centre + scale * (x - 1/2)^m or, with a turn, scale * |x - 1/2|^m: see ``values``.
    """

    order: int
    curvature: Number
    turns: int = 0
    start: Number = Fraction(1, 2)  # where the power has its zero

    def values(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function at points of [0,1]."""
        t = np.asarray(x, float) - float(self.start)
        power = (np.abs(t) if self.turns else t) ** self.order
        values: NDArray[np.float64] = float(self.curvature) / factorial(self.order) * power
        return values


@dataclass(frozen=True)
class Bowl:
    """``curvature`` * |x - centre|^2 / 2 - ``shift`` on [0,1]^d."""

    curvature: Number
    shift: Number = 0

    def values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function at points of shape (m, d)."""
        values: NDArray[np.float64] = float(self.curvature) / 2 * ((points - 0.5) ** 2).sum(axis=1) - float(self.shift)
        return values
