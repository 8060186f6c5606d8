"""The base of function classes: their facts, and the answers that theorems give."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.bound import Bound
from approxbounds.complexity.packing import packing
from approxbounds.errors import called_rightly
from approxbounds.facts.functions import FunctionFacts

__all__ = ["FunctionClass"]


@dataclass(frozen=True, kw_only=True)
class FunctionClass(FunctionFacts):
    """A class F of functions on [0,1]^d with Lebesgue measure: a frozen record of exact parameters.

    Subclasses state what theorems may use (see :class:`FunctionFacts`): hypercube families, the range [a, b], the
    entropy exponent.
    """

    @called_rightly
    def packing(self, eps: object, *, p: object) -> Bound:
        """A certified lower bound on log M(eps, F, L^p), the packing entropy (natural logarithm).

        M is the largest number of functions of F with pairwise L^p distance greater than ``eps``.

        >>> import approxbounds as ab
        >>> ab.LipschitzBall(dim=1).packing("1/100", p=2).value > 2
        True
        """
        return packing(self, eps, p=p)
