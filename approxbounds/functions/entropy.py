"""Classes of which only an entropy bound is known. THEORY.md, section 2.4, last item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from approxbounds.arithmetic import SYMBOLIC
from approxbounds.description import where
from approxbounds.errors import NoExpressionError, ParameterError
from approxbounds.facts.functions import EntropyBound
from approxbounds.functions.base import FunctionClass
from approxbounds.parameters import DEGREE, DIMENSION, POSITIVE, Exact, Exponent, allowed
from approxbounds.sources import Citation
from approxbounds.validation import LARGEST, Number, is_infinite, is_symbolic

__all__ = ["BarronBall", "EntropyClass"]

_VALUE = allowed(Exact(minimum=-LARGEST, symbols=False))


@dataclass(frozen=True, kw_only=True)
class EntropyClass(FunctionClass):
    """A class F with log M(eps, F, L^q) >= c eps^{-a} for 0 < eps <= eps0, and nothing else known.

    M counts functions at pairwise L^q distance greater than eps, with the uniform probability on the domain, where
    L^p distances grow with p, so that the bound serves every p >= q. ``exponent`` is a, ``norm`` is q (in [1, inf]);
    ``constant`` c and ``valid_below`` eps0 may be None if the literature leaves them unspecified (then only rates
    follow). ``low`` and ``high`` bound the values of all functions; ``dim`` is the d of the domain [0,1]^d, or None.

    Example: the unit ball of the ReLU^k variation (Barron) space in L^2 has a = 2d/(d+2k+1) (Siegel and Xu 2022).

    >>> EntropyClass(exponent="1/2", norm=2).entropy_exponent(2)
    1/2
    """

    citations = (Citation("KolmogorovTikhomirov1959"),)

    exponent: Number = field(metadata=allowed(Exact(maximum=10**6)))
    norm: Number = field(metadata=allowed(Exponent()))
    constant: Number | None = field(default=None, metadata=POSITIVE)
    valid_below: Number | None = field(default=None, metadata=POSITIVE)
    low: Number = field(default=-1, metadata=_VALUE)
    high: Number = field(default=1, metadata=_VALUE)
    dim: Number | None = field(default=None, metadata=DIMENSION)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.constant is None) != (self.valid_below is None):
            raise ParameterError("valid_below", self.valid_below, "give both constant and valid_below, or neither")
        if not self.low < self.high:
            raise ParameterError("high", self.high, f"must be greater than low={self.low}")
        width = self.high - self.low
        if self.valid_below is not None and not is_symbolic(self.valid_below) and self.valid_below >= width:
            allowed = f"must be below high-low={width}: no two functions are further apart"
            raise ParameterError("valid_below", self.valid_below, allowed)

    @property
    def definition(self) -> str:
        constant = "c" if self.constant is None else str(self.constant)
        below = "\\varepsilon_0" if self.valid_below is None else str(self.valid_below)
        q = "\\infty" if is_infinite(self.norm) else str(self.norm)
        return (
            f"$F$ is known by its packing entropy: $\\log M(\\varepsilon,F,L^{{{q}}})\\ge {constant}\\,"
            f"\\varepsilon^{{-{self.exponent}}}$ for $\\varepsilon\\le {below}$; values in $[{self.low},{self.high}]$."
        )

    @property
    def value_range(self) -> tuple[Number, Number]:
        return self.low, self.high

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(_known(self, p).exponent)

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        return ()  # the exponent is the user's

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        # L^p distances grow with p; with symbols p >= q must hold for all their values
        symbolic = is_symbolic(p) or is_symbolic(self.norm)
        certain = self.norm in (p, 1) or is_infinite(p) if symbolic else p >= self.norm
        if not certain:
            return None
        return EntropyBound(self.exponent, self.constant, self.valid_below, self.norm)


@dataclass(frozen=True, kw_only=True)
class BarronBall(FunctionClass):
    """The unit ball of the variation space of ReLU^k ridge functions on [0,1]^d (Barron-type class).

    The closed convex hull, in L^2, of the functions +-max(w.x + b, 0)^k with |w|_2 = 1 and b in a bounded
    interval that covers the domain. ``dim`` is d, ``power`` is k >= 0. Its L^2 packing entropy is at least of
    order eps^{-2d/(d+2k+1)} with an unspecified constant (Siegel and Xu 2022): rates only, for p >= 2.

    >>> BarronBall(dim=3, power=1).entropy_exponent(2)
    1
    """

    citations = (Citation("SiegelXu2022"),)

    dim: Number = field(metadata=DIMENSION)
    power: Number = field(default=1, metadata=DEGREE)

    @property
    def definition(self) -> str:
        return (
            f"$F$ is the unit ball of the variation space of the ridge functions $\\max(w\\cdot x+b,0)^k$ on "
            f"$[0,1]^d${where(', ', d=self.dim, k=self.power)}."
        )

    @property
    def value_range(self) -> None:
        return None

    def entropy_exponent(self, p: Number) -> Any:
        return _known(self, p).exponent

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        if not is_infinite(p) and (is_symbolic(p) or p < 2):
            return None
        d, k = SYMBOLIC.number(self.dim), SYMBOLIC.number(self.power)
        return EntropyBound(2 * d / (d + 2 * k + 1), None, None, 2)


def _known(F: FunctionClass, p: Number) -> EntropyBound:
    bound = F.entropy_bound(p)
    if bound is None:
        raise NoExpressionError(f"p={p}: no entropy of {F} is known in L^p; allowed: p at least the norm of its bound")
    return bound
