"""Functions of F along the rays from 0: what theorems on homogeneous networks ask of F. THEORY.md, Thom."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.validation import Number

__all__ = ["RayProfile"]


@dataclass(frozen=True)
class RayProfile:
    """Functions f of F with f(ty) = h(y) phi(t), 0 < t <= 1, on the rays through the points y with max_j y_j = 1.

    phi(t) = (max(t - a, 0)/(1 - a))^power, ``power`` 0 or 1; 1[t >= a] for power 0. The start a is 0, so that phi is 1
    or t; or, if ``free``, any a in [0,1). The mean of |h| over these y (a surface of area d) is at least ``height``.
    ``formula`` is f in LaTeX.
    """

    id: str
    height: Number
    power: int
    formula: str
    free: bool = False

    @classmethod
    def constant(cls, height: Number) -> RayProfile:
        """The constant function of this height."""
        return cls("constant", height, 0, str(height))
