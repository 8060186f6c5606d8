"""All functions with a given Lipschitz constant: their fat-shattering dimension is finite. THEORY.md, 3.6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from approxbounds.description import where
from approxbounds.errors import NoExpressionError
from approxbounds.facts.growth import GrowthBound, Thresholds
from approxbounds.facts.networks import Orders
from approxbounds.networks.base import NetworkClass
from approxbounds.parameters import DIMENSION, POSITIVE
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["LipschitzFunctions"]


@dataclass(frozen=True, kw_only=True)
class LipschitzFunctions(NetworkClass):
    """All functions on [0,1]^d with |g(x) - g(y)| <= Lambda |x - y|_2, networks or not.

    ``constant`` is Lambda > 0, ``input_dim`` is d. The class shatters sets of every size, so its
    pseudo-dimension is infinite; its fat-shattering dimension at scale gamma is at most
    (floor(Lambda sqrt(d)/(2 gamma)) + 1)^d, which is exact for d = 1.

    >>> LipschitzFunctions(constant=10, input_dim=1).fat_shattering("1/2").value
    11
    """

    citations = (Citation("McShane1934"),)
    constant: Number = field(metadata=POSITIVE)
    input_dim: Number = field(metadata=DIMENSION)

    @property
    def contains_constants(self) -> bool:
        return True

    def larger(self) -> Iterator[Self]:
        return self.variants({"constant": 2 * self.constant})

    @property
    def definition(self) -> str:
        constant = where(", ", **{r"\Lambda": self.constant})
        return (
            f"$G$ is the class of all functions on $[0,1]^d${where(', ', d=self.input_dim)}, with "
            f"$|g(x)-g(y)|\\le\\Lambda|x-y|_2${constant}."
        )

    @property
    def bounded_growth(self) -> bool:
        return False

    @property
    def lipschitz_constant(self) -> Number:
        return self.constant

    @property
    def is_continuous(self) -> bool:
        return True

    @property
    def is_lipschitz_ball(self) -> bool:
        return True

    @property
    def orders(self) -> Orders:
        raise NoExpressionError("the pseudo-dimension of Lipschitz functions is infinite: it has no order")

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        return GrowthBound()
