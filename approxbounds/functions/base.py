"""The base of function classes: a frozen record that offers hypercube families, an entropy bound, moduli."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, Value
from approxbounds.description import Description
from approxbounds.errors import NoExpressionError
from approxbounds.functions.grid import Function, midpoints, values_at
from approxbounds.functions.hypercube import HypercubeFamily
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic

if TYPE_CHECKING:
    from approxbounds.bound import Bound

__all__ = ["EntropyBound", "FunctionClass", "gradient_error"]


@dataclass(frozen=True)
class EntropyBound:
    """log M(eps, F, L^q) >= constant * eps^{-exponent} for 0 < eps <= valid_below, q = norm.

    ``constant`` and ``valid_below`` are None where the literature leaves them unspecified.
    """

    exponent: Number
    constant: Number
    valid_below: Number
    norm: Number


def gradient_error(A: Arithmetic, dim: Number, radius: Number, k: Value) -> Value:
    """|f(x) - f(c)| <= R |x - c|_1 <= dR/(2k) on a cube of side 1/k and centre c, if all |d_j f| <= R."""
    return A.number(dim) * A.number(radius) / (2 * k)


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
        """a such that log M(eps, F, L^p) is at least of order eps^{-a} (SymPy).

        Raises NoExpressionError where none is known in L^p.
        """

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        """Sources of the entropy exponent: where the class is studied, unless it says otherwise."""
        return self.citations

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        """The entropy bound that *defines* the class, if it is one known by its entropy only."""
        return None

    @property
    def holder_smoothness(self) -> Number | None:
        """s with |D^m f| <= R = ``radius`` for |m| <= s (weak derivatives; s < 1: f is s-Hölder), or None.

        In one dimension the class then lies in the Hölder ball of smoothness s and radius R.
        """
        return None

    @property
    def modulus_exponent(self) -> Number | None:
        """r in (0,1] with |f(x) - f(y)| <= C |x - y|_2^r on [0,1]^d, or None; C is :meth:`modulus_constant`."""
        s = self.holder_smoothness
        return s if s is None or is_symbolic(s) or s <= 1 else 1

    def modulus_constant(self, A: Arithmetic) -> Value:
        """C; only asked where there is a :attr:`modulus_exponent`."""
        raise NoExpressionError(f"no modulus of continuity of {type(self).__name__} is known")

    def cube_error(self, A: Arithmetic, k: Value, p: Number) -> Value:
        """An upper bound on the L^p distance of f from the step function of :meth:`cube_values`, for every f.

        By default from the modulus of continuity: C (sqrt(d)/(2k))^r. Only asked where there is a
        :meth:`cube_exponent`.
        """
        radius = A.power(A.number(self.domain_dim), A.number(1) / 2) / (2 * k)
        return self.modulus_constant(A) * A.power(radius, A.number(self.modulus_exponent))

    def cube_exponent(self, p: Number) -> Number | None:
        """e such that :meth:`cube_error` is of order k^{-e}; None if no bound on it is known."""
        r = self.modulus_exponent
        if not is_symbolic(r):
            return r
        import sympy

        return sympy.Min(r, 1)

    def cube_values(self, f: Function, k: int) -> NDArray[np.float64]:
        """The values of a step function near f on the k^d cubes of side 1/k: by default f at their centres."""
        return values_at(f, midpoints(k, int(self.domain_dim)))

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
