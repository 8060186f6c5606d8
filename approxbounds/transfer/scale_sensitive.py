"""T1, the general lower bound through the fat-shattering dimension (rates). THEORY.md, T1."""

from __future__ import annotations

from typing import Any

from approxbounds.errors import NoExpressionError
from approxbounds.render import latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only
from approxbounds.transfer.fat_orders import fat_rate

__all__ = ["ScaleSensitiveTheorem"]


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
        reason = finite_only(query)
        if reason is None and not query.F.families and query.F.entropy_bound(query.p) is None:
            return f"the entropy of F is not known for p = {query.p}"
        return reason

    def rate(self, query: Query) -> Any:
        if not query.G.bounded_growth:
            return fat_rate(query)
        orders, a = query.G.orders, query.F.entropy_exponent(query.p)
        return orders.t1_size ** (-1 / a) * orders.logarithm ** (-orders.t1_log_power / a)

    def expression(self, query: Query) -> Any:
        raise NoExpressionError("T1: its constants are unspecified in the source; use .rate")

    def outline(self, query: Query) -> tuple[Step, ...]:
        return (
            Step(
                f"The packing entropy has exponent $a={latex(query.F.entropy_exponent(query.p))}$.",
                query.F.entropy_citations,
            ),
            Step(f"{self.statement} The order is ${latex(self.rate(query))}$.", self.citations),
        )
