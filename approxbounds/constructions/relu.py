"""Deep ReLU constructions with explicit constants (cited). THEORY.md, section 5."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.placement import fits, relu_refusal, reshaped, runs, size_text
from approxbounds.errors import echo
from approxbounds.facts.hypercube import integer_root
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["LuShenYangZhang", "ShenYangZhang"]


class _DeepReLU(Construction):
    """Witness: ``N``, ``L`` of the source (width and depth parameters); formulas call its L ell, as G has L layers."""

    unbuilt = "the weights of the network in its source are not worked out here"

    @abstractmethod
    def _size(self, query: Query, N: int, L: int) -> tuple[int, int]:
        """(an integer at least the width needed for N, the number of hidden layers needed for L)."""

    @abstractmethod
    def _error(self, A: Arithmetic[V], query: Query, N: V | float, L: V | float) -> V: ...

    def _placement_refusal(self, query: Query) -> str | None:
        reason = relu_refusal(query.G)
        if reason is not None:
            return reason
        if query.G.symbols or fits(query.G, *self._size(query, 1, 1)):
            return None
        return "G is too small for the construction"

    def search(self, query: Query) -> Witness:
        """The largest N ell, the only number that the error depends on, among the runs of layers of G."""
        found = [
            {
                "N": largest(lambda n: self._size(query, n, 1)[0] <= width),  # noqa: B023 - called at once
                "L": largest(lambda n: self._size(query, 1, n)[1] <= hidden),  # noqa: B023
            }
            for width, hidden in runs(query.G)
        ]
        return max(found, key=lambda pair: pair["N"] * pair["L"])

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        N, L = integer_of(witness, "N", minimum=1), integer_of(witness, "L", minimum=1)
        width, hidden = self._size(query, N, L)
        require(
            fits(query.G, width, hidden),
            f"N={echo(N)}, L={echo(L)} need width {echo(width)} and {echo(hidden)} hidden layers",
        )
        return self._error(A, query, A.number(N), A.number(L))

    def expression(self, query: Query) -> Any:
        """In N and ell, where G has symbols."""
        N, L = self.sizes(query, "N", "ell")
        return conditional(query, self._error(SYMBOLIC, query, N, L))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        N, L = integer_of(witness, "N"), integer_of(witness, "L")
        error = self._error(BALL, query, BALL.number(N), BALL.number(L))
        needed = size_text(self.smallest_network(query, witness))
        return (
            *self.outline(query),
            Step(f"$N={N}$, $\\ell={L}$ need {needed}; $G$ has them, and the error is at most ${above(error)}$."),
        )

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        width, hidden = self._size(query, integer_of(witness, "N"), integer_of(witness, "L"))
        return reshaped(query.G, (width,) * hidden)


class ShenYangZhang(_DeepReLU):
    """If |f(x) - f(y)| <= C |x-y|_2^r, r <= 1: error <= 19 sqrt(d) C N^{-2r/d} L^{-2r/d} by a ReLU network of width
    C1 max{d floor(N^{1/d}), N+1} and 12L + C2 hidden layers; p < inf: C1 = 12, C2 = 14; sup norm:
    C1 = 3^{d+3}, C2 = 14 + 2d. Source: Shen, Yang and Zhang (2020), Theorem 1.1. For Hölder balls with s <= 1 these
    are r = s, C = R; classes with bounded gradients have r = 1, C = sqrt(d) R.
    """

    id = "shen-yang-zhang"
    title = "Deep ReLU networks for Hölder functions"
    statement = (
        r"A ReLU network of width $C_1\max\{d\lfloor N^{1/d}\rfloor,N+1\}$ with $12\ell+C_2$ hidden layers "
        r"approximates every $f$ with $|f(x)-f(y)|\le C|x-y|^r$, $r\le1$, within $19\sqrt d\,C\,N^{-2r/d}\ell^{-2r/d}$."
    )
    citations = (Citation("ShenYangZhang2020", "Thm 1.1"),)

    def refusal(self, query: Query) -> str | None:
        if query.F.modulus_exponent is None:
            return f"no modulus of continuity is known for {type(query.F).__name__}"
        return self._placement_refusal(query)

    def _size(self, query: Query, N: int, L: int) -> tuple[int, int]:
        d = int(query.F.domain_dim)
        root = integer_root(N, d)
        floor_root = root if root**d == N else root - 1
        c1, c2 = (3 ** (d + 3), 14 + 2 * d) if is_infinite(query.p) else (12, 14)
        return c1 * max(d * floor_root, N + 1), 12 * L + c2

    def _error(self, A: Arithmetic[V], query: Query, N: V | float, L: V | float) -> V:
        d, r = A.number(query.F.domain_dim), A.number(query.F.modulus_exponent)
        return 19 * A.power(d, A.number(1) / 2) * query.F.modulus_constant(A) * A.power(N * L, -2 * r / d)

    def rate(self, query: Query) -> Any:
        import sympy

        W, L = sympy.symbols("W L", positive=True)  # W of order N^2 L
        d, r = SYMBOLIC.number(query.F.domain_dim), sympy.Min(SYMBOLIC.number(query.F.modulus_exponent), 1)
        return (W * L) ** (-r / d)


class LuShenYangZhang(_DeepReLU):
    """Smoothness s > 1: error <= 85 (r+1)^d 8^r R N^{-2r/d} L^{-2r/d}, r = floor(s), by a ReLU network of width
    17 r^{d+1} 3^d d (N+2) log2(8N) and 18 r^2 (L+2) log2(4L) + 2d hidden layers, in every L^p, p <= inf.
    Source: Lu, Shen, Yang and Zhang (2021), Theorem 1.1, for the unit ball of C^r in the norm
    max_{|m|<=r} sup |D^m f|. If the weak derivatives of f up to order r are bounded by R (Hölder balls, Sobolev balls
    with q = inf), f lies in R times the closure of that ball under uniform limits: shrink f towards the centre of the
    cube, which does not increase derivatives, and mollify.
    """

    id = "lu-shen-yang-zhang"
    title = "Deep ReLU networks for smooth functions"
    statement = (
        r"A ReLU network of width $17r^{d+1}3^dd(N+2)\log_2(8N)$ with $18r^2(\ell+2)\log_2(4\ell)+2d$ hidden layers "
        r"approximates every $f$ within $85(r+1)^d8^rR\,N^{-2r/d}\ell^{-2r/d}$, $r=\lfloor s\rfloor$."
    )
    citations = (Citation("LuShenYangZhang2021", "Thm 1.1"),)

    def refusal(self, query: Query) -> str | None:
        s = query.F.holder_smoothness
        if s is None:
            return "F must be a Hölder, Lipschitz or Sobolev (q = inf) ball"
        return "it needs a number s > 1" if is_symbolic(s) or s <= 1 else self._placement_refusal(query)

    @staticmethod
    def _order(s: Number) -> int:
        return int(s)  # floor; F_{s,d} with integer s has Lipschitz derivatives of order s-1

    def _size(self, query: Query, N: int, L: int) -> tuple[int, int]:
        d, r = int(query.F.domain_dim), self._order(query.F.holder_smoothness)

        def ceil_log2(n: int) -> int:
            return (n - 1).bit_length()  # an integer at least log2(n)

        width = 17 * r ** (d + 1) * 3**d * d * (N + 2) * ceil_log2(8 * N)
        return width, 18 * r**2 * (L + 2) * ceil_log2(4 * L) + 2 * d

    def _error(self, A: Arithmetic[V], query: Query, N: V | float, L: V | float) -> V:
        d, r = A.number(query.F.domain_dim), A.number(self._order(query.F.holder_smoothness))
        R = A.number(query.F.holder_radius)
        return 85 * A.power(r + 1, d) * A.power(A.number(8), r) * R * A.power(N * L, -2 * r / d)

    def rate(self, query: Query) -> Any:
        import sympy

        W, L = sympy.symbols("W L", positive=True)
        d, r = SYMBOLIC.number(query.F.domain_dim), self._order(query.F.holder_smoothness)
        return (W * L / (sympy.log(W) * sympy.log(L)) ** 2) ** (-r / d)
