"""The base of network classes: their facts, and the answers that theorems give."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.bound import Bound
from approxbounds.complexity.fat_shattering import fat_shattering
from approxbounds.complexity.pseudo_dimension import pseudo_dimension
from approxbounds.complexity.vc_dimension import vc_dimension
from approxbounds.facts.networks import NetworkFacts

__all__ = ["NetworkClass"]


@dataclass(frozen=True, kw_only=True)
class NetworkClass(NetworkFacts):
    """A class G of approximating functions: a frozen record of exact parameters.

    Subclasses state what theorems may use (see :class:`NetworkFacts`), above all a growth bound.
    """

    def pseudo_dimension(self) -> Bound:
        """The best certified upper bound on Pdim(G); ``.others`` lists those of the other methods.

        >>> import approxbounds as ab
        >>> ab.ReLUNetwork(widths=(10,), input_dim=2).pseudo_dimension().value
        306
        """
        return pseudo_dimension(self)

    def vc_dimension(self) -> Bound:
        """The best certified upper bound on VC(G); ``.others`` lists those of the other methods.

        VC(G) is the largest number of points on which 1[g > 0], g in G, show all patterns. It is at most Pdim(G), where
        each point has a level of its own. The bound is VC(G) itself for linear spaces, and for one layer of k threshold
        units with real biases on a line: k + 1. Raises NotApplicableError, with all reasons, if no method applies.

        >>> import approxbounds as ab
        >>> G = ab.HeavisideNetwork(widths=(20,), input_dim=1)
        >>> G.vc_dimension().value, G.pseudo_dimension().value
        (21, 41)
        """
        return vc_dimension(self)

    def fat_shattering(self, gamma: object) -> Bound:
        """The best certified upper bound on fat_gamma(G), the fat-shattering dimension at scale ``gamma``.

        fat_gamma is the largest m with points x_i and levels r_i such that for every b in {0,1}^m some g has
        g(x_i) >= r_i + gamma where b_i = 1 and g(x_i) <= r_i - gamma where b_i = 0. It is at most Pdim(G).
        ``gamma`` is an exact positive number or a symbol. Raises ParameterError for bad input and
        NotApplicableError, with all reasons, if no method applies.

        >>> import approxbounds as ab
        >>> ab.NormBoundedNetwork(norms=(1, 1), input_dim=2).fat_shattering("1/10").value
        64
        """
        return fat_shattering(self, gamma)
