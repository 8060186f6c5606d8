"""T1, the general lower bound through the fat-shattering dimension (rates). THEORY.md, T1."""

from __future__ import annotations

from typing import Any

from approxbounds.complexity.fat_shattering import no_fat_bound
from approxbounds.errors import NoExpressionError
from approxbounds.render import latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.hypercube import no_family
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["ScaleSensitiveTheorem", "fat_rate", "no_fat_theorem"]


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
    return no_family(query) or no_fat_bound(query.G)


class ScaleSensitiveTheorem(Theorem):
    """E_p >= min{eps1, c1 P^{-1/a} (log P)^{-2/a}} if log M(eps, F, L^p) >= c0 eps^{-a}, P = Pdim(G) >= 2.

    Hypotheses: F with values in [a,b] (else it is applied to the bounded hypercube families of F);
    1 <= p < inf; fat_gamma(G) finite. The constants c1 and eps1 depend on p, a, c0 and b - a only and are
    unspecified in the source: rates, never a number. For networks the rate is as the source states it, with
    its own pseudo-dimension bounds; for classes of infinite pseudo-dimension it is that of its Theorem 1.
    """

    id = "T1"
    title = "General lower bound (Achour, Foucault, Gerchinovitz, Malgouyres)"
    statement = (
        r"If $\log M(\varepsilon,F,L^p)\ge c_0\varepsilon^{-a}$ for small $\varepsilon$ and "
        r"$P=\operatorname{Pdim}(G)\ge2$, then $E_p(F,G)\ge\min\{\varepsilon_1,\,c_1P^{-1/a}(\log P)^{-2/a}\}$ "
        r"with unspecified $c_1,\varepsilon_1>0$."
    )
    citations = (
        Citation("AchourFoucaultGerchinovitzMalgouyres2022", "Thm 1 and Cor. 1"),
        Citation("Mendelson2002"),
    )
    numeric = False

    def refusal(self, query: Query) -> str | None:
        if is_infinite(query.p):
            return "p = inf: it needs 1 <= p < inf"
        if not query.F.families and query.F.entropy_bound(query.p) is None:
            return f"the entropy of F is not known for p = {query.p}"
        return None

    def rate(self, query: Query) -> Any:
        if not query.G.bounded_growth:
            return fat_rate(query)
        orders, a = query.G.orders, query.F.entropy_exponent(query.p)
        return orders.t1_size ** (-1 / a) * orders.logarithm ** (-orders.t1_log_power / a)

    def expression(self, query: Query) -> Any:
        raise NoExpressionError("T1: its constants are unspecified in the source; use .rate")

    def steps(self, query: Query, witness: Witness | None) -> tuple[Step, ...]:
        return (
            Step(query.F.definition),
            Step(query.G.definition),
            Step(
                f"The packing entropy has exponent $a={latex(query.F.entropy_exponent(query.p))}$.",
                query.F.entropy_citations,
            ),
            Step(f"{self.statement} The order is ${latex(self.rate(query))}$.", self.citations),
        )
