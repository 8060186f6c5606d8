"""Orders that bounds on the fat-shattering dimension give, and where such theorems apply. THEORY.md, T1."""

from __future__ import annotations

from typing import Any

from approxbounds.complexity.fat_shattering import no_fat_bound
from approxbounds.errors import NoExpressionError
from approxbounds.members import no_family
from approxbounds.theorem import Query
from approxbounds.validation import is_symbolic

__all__ = ["fat_rate", "no_fat_scale", "no_fat_theorem"]


def fat_rate(query: Query, *, logarithms: bool = True) -> Any:
    """The order of the least eps with eps^{-a} <= fat_eps(G) log^2(fat_eps(G)/eps), a the entropy exponent of F.

    Pdim(G) = P: P^{-1/a}(log P)^{-2/a}. fat_gamma(G) of order C gamma^{-q}, q < a: C^{-1/(a-q)}(log C)^{-2/(a-q)}, as C
    grows. In sup norm T3fat has no logarithms. Raises NoExpressionError if a <= q: the theorem then gives no rate.
    """
    import sympy

    a = query.F.entropy_exponent(query.p)
    # the least q gives the largest bound
    if query.G.bounded_growth:
        size, q = query.G.orders.pdim, 0
    elif query.G.fat_orders:
        pairs = [pair for pair in query.G.fat_orders if not is_symbolic(pair[1])]
        size, q = min(pairs, key=lambda pair: pair[1]) if pairs else query.G.fat_orders[0]
    else:
        raise NoExpressionError("Pdim(G) is infinite and no order of its fat-shattering dimension is known")
    if not (a - q).is_extended_positive:
        raise NoExpressionError(f"fat_gamma(G) is of order gamma^(-{q}) and the entropy exponent {a} is not above {q}")
    power = 1 / (a - q)
    return size**-power * (sympy.log(size) ** (-2 * power) if logarithms else 1)


def no_fat_theorem(query: Query) -> str | None:
    """The reason why theorems on F's families and G's fat-shattering dimension do not apply, if there is one."""
    return no_family(query) or no_fat_scale(query)


def no_fat_scale(query: Query) -> str | None:
    """The reason why G's fat-shattering dimension on the domain of F is not known, if there is one."""
    if not query.F.in_cube:
        return "the fat-shattering dimension of G is known for inputs in [0,1]^d only, and mu is not known to be there"
    return no_fat_bound(query.G)
