"""The best known rates of ReLU networks, without constants (cited). THEORY.md, section 5."""

from __future__ import annotations

from typing import Any, ClassVar

from approxbounds.arithmetic import SYMBOLIC
from approxbounds.sources import Citation
from approxbounds.theorem import Depths, Direction, Query, Theorem

__all__ = ["EmbeddedRate", "KnownRate"]


class KnownRate(Theorem):
    """The best known upper rate without constants: (WL)^{-s/d} up to logarithms, for ReLU networks.

    W weights, L layers (at least of the order of log W): W^{-s/d} at logarithmic depth (Yarotsky 2017), and
    with width and depth chosen freely (WL)^{-s/d} (Lu, Shen, Yang and Zhang 2021 for integer s; Shen, Yang and
    Zhang 2020 for s <= 1), up to W^{-2s/d} at depth of order W, for all s (Yarotsky and Zhevnerchuk 2020).
    For classes that do not name their activation it is about ReLU, one of those allowed. With one hidden layer the
    rate is false for s > 2 (piecewise linear functions), and without biases for all s: such queries are refused.
    """

    id = "known-rate"
    depths = Depths.GROWING
    title = "Known rates"
    statement = (
        r"Up to logarithms, ReLU networks of $W$ weights and $L$ layers reach the error $(WL)^{-s/d}$, from $W^{-s/d}$ "
        r"at logarithmic depth to $W^{-2s/d}$ at depth of order $W$."
    )
    citations: ClassVar[tuple[Citation, ...]] = (
        Citation("Yarotsky2017", "Thm 1"),
        Citation("YarotskyZhevnerchuk2020"),
        Citation("ShenYangZhang2020", "Thm 1.1"),
        Citation("LuShenYangZhang2021", "Thm 1.1"),
    )
    direction = Direction.UPPER
    numeric = False

    def refusal(self, query: Query) -> str | None:
        if query.F.holder_smoothness is None:
            return "F must be a Hölder, Lipschitz or Sobolev (q = inf) ball"
        return self._network_refusal(query)

    @staticmethod
    def _network_refusal(query: Query) -> str | None:
        sizes = query.G.free_sizes
        if sizes is None:
            return "G must be a layered network with real weights, each used once"
        activation = sizes.activation
        if activation.degree == 0:
            return "degree 0: step functions are the known construction"
        if activation.pieces == 1:
            return "the activation has no breakpoint (pieces=1)"
        if query.G.architecture is not None and not query.G.architecture.bias:
            return "the constructions need biases"
        if sizes.depth == 2:
            return "one hidden layer is not enough: the constructions are deep"
        return None if activation.power in (None, 1) else "the activation must be ReLU"

    def rate(self, query: Query) -> Any:
        import sympy

        W, L = sympy.symbols("W L", positive=True)
        s, d = SYMBOLIC.number(query.F.holder_smoothness), SYMBOLIC.number(query.F.domain_dim)
        return (W * L) ** (-s / d)


class EmbeddedRate(KnownRate):
    """The same rate for balls of Sobolev and Besov spaces that are compact in L^p, without constants.

    B^s_{q,r} and W^{s,q} with s/d > 1/q - 1/p: L^{-2s/d} at fixed width (Siegel 2023), (width times L)^{-2s/d} in
    general (Yang 2024), which is (WL)^{-s/d}; anisotropic spaces with 1/(1/s_1 + .. + 1/s_d) in place of s/d (Yang and
    Fan 2026).
    """

    id = "known-rate-besov"
    title = "Known rates by compact embedding"
    statement = (
        r"If $F$ lies in a ball of a Sobolev or Besov space of smoothness $s$ in $L^q$, $s/d>1/q-1/p$, ReLU networks "
        r"of $W$ weights and $L$ layers reach the error $(WL)^{-s/d}$ in $L^p$, up to logarithms; for anisotropic "
        r"smoothness with $1/(1/s_1+\dots+1/s_d)$ in place of $s/d$."
    )
    citations = (Citation("Siegel2023", "Thm 1"), Citation("Yang2024"), Citation("YangFan2026"))

    def refusal(self, query: Query) -> str | None:
        if query.F.holder_smoothness is not None:
            return "F has bounded derivatives: see known-rate"
        if query.F.embedded_smoothness(query.p) is None:
            return f"F is not known to lie in a Sobolev or Besov ball that is compact in L^p, p={query.p}"
        return self._network_refusal(query)

    def rate(self, query: Query) -> Any:
        import sympy

        W, L = sympy.symbols("W L", positive=True)
        return (W * L) ** -SYMBOLIC.number(query.F.embedded_smoothness(query.p))
