"""The base of function classes: their facts, and the answers that theorems give."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.bound import Bound
from approxbounds.brackets import Bracket
from approxbounds.complexity.packing import packing
from approxbounds.coverings.covering import covering, entropy
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

    @called_rightly
    def covering(self, eps: object, *, p: object) -> Bound:
        """A certified upper bound on log N(eps, F, L^p), the covering entropy (natural logarithm).

        N is the least number of closed L^p balls of radius ``eps``, with any centres, that cover F. Errors as
        :meth:`packing`; NotApplicableError where F has no finite cover, or none is known.

        >>> import approxbounds as ab
        >>> ab.LipschitzBall(dim=1).covering("1/100", p=2)
        log N(1/100, F, L^2) <= 74.6329  [covering-zigzag, certified]
        """
        return covering(self, eps, p=p)

    @called_rightly
    def entropy(self, eps: object, *, p: object) -> Bracket:
        """The packing entropy log M(eps, F, L^p) from both sides: by :meth:`packing`, and by :meth:`covering` at eps/2.

        Two functions at distance greater than ``eps`` are not in one ball of radius eps/2, so M(eps) <= N(eps/2).

        >>> import approxbounds as ab
        >>> ab.LipschitzBall(dim=1).entropy("1/100", p="inf")
        68.6215 <= log M(1/100, F, L^inf) <= 144.631
        """
        return entropy(self, eps, p=p)
