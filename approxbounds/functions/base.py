"""The base of function classes: a frozen record that offers hypercube families or an entropy bound."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.description import Description
from approxbounds.errors import NoExpressionError
from approxbounds.functions.hypercube import HypercubeFamily
from approxbounds.sources import Citation
from approxbounds.validation import Number

if TYPE_CHECKING:
    from approxbounds.bound import Bound

__all__ = ["EntropyBound", "FunctionClass"]


@dataclass(frozen=True)
class EntropyBound:
    """log M(eps, F, L^q) >= constant * eps^{-exponent} for 0 < eps <= valid_below, q = norm.

    ``constant`` and ``valid_below`` are None where the literature leaves them unspecified.
    """

    exponent: Number
    constant: Number
    valid_below: Number
    norm: Number


@dataclass(frozen=True, kw_only=True)
class FunctionClass(Description, ABC):
    """A class F of functions on [0,1]^d with Lebesgue measure.

    Subclasses are frozen records of exact parameters and state what theorems may use:
    hypercube families, the range [a, b], the entropy exponent.
    """

    @property
    def domain_dim(self) -> Number:
        """d, or None if the class does not name a domain."""
        return getattr(self, "dim", None)

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        """The hypercube families of the class; empty if none is known."""
        return ()

    @property
    def closed_form_condition(self) -> Any:
        """A SymPy condition on symbolic parameters under which the families' closed forms hold."""
        import sympy

        return sympy.true

    @property
    @abstractmethod
    def value_range(self) -> tuple[Number, Number] | None:
        """[a, b] with a <= f <= b for all f in the class; None if there is no such interval or none is known."""

    @abstractmethod
    def entropy_exponent(self, p: Number) -> Any:
        """a such that log M(eps, F, L^p) is at least of order eps^{-a} (SymPy)."""

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        """Sources of the entropy exponent."""
        return ()

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        """The entropy bound that *defines* the class, if it is one known by its entropy only."""
        return None

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        """Whether the defining inequalities hold at the points and all pairs of them (a membership test).

        ``f`` takes points of shape (m, d). Raises NoExpressionError if values of f cannot tell.
        """
        raise NoExpressionError(f"membership in {type(self).__name__} cannot be tested by values at points")

    def packing(self, eps: object, *, p: object) -> Bound:
        """A certified lower bound on log M(eps, F, L^p), the packing entropy (natural logarithm).

        M is the largest number of functions of F with pairwise L^p distance greater than ``eps``.

        >>> import approxbounds as ab
        >>> ab.LipschitzBall(dim=1).packing("1/100", p=2).value > 2
        True
        """
        from approxbounds.complexity.packing import packing

        return packing(self, eps, p=p)
