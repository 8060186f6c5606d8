"""Counts for recurrent networks: codes of quantised weights, central arrangements, all steps at once. THEORY.md, 6."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.levels import LevelCount
from approxbounds.sources import Citation

__all__ = ["CentralCount", "CodeCount", "StepsCount"]


@dataclass(frozen=True)
class CodeCount(LevelCount):
    """``entries`` weights, each one of ``values`` values that are fixed in advance: values^entries choices."""

    entries: int
    values: int
    citations: tuple[Citation, ...] = (Citation("approxbounds", "3.6"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.number(self.entries) * A.log2_integer(self.values) + 0 * A.number(m)

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        return self.evaluate(A, 1)

    @property
    def formula(self) -> str:
        return rf"{self.entries}\,\log_2 {self.values}"


@dataclass(frozen=True)
class CentralCount:
    """``units`` arrangements of ``functions`` * m linear (homogeneous) functions of ``parameters`` reals.

    M hyperplanes through the origin of R^P cut it into at most 2 V(M-1, P-1) open cells (Cover 1965). Their
    closures cover R^P, and on each of them all max(., 0) of the M functions are linear: by continuity the boundary
    belongs to either side. So one term of this size leaves linear functions where there was a layer of ReLUs.

    Concave in m: V(M-1, j) is log-concave in M, and so it is along M = functions * m.
    """

    functions: int
    parameters: int
    units: int = 1
    citations = (Citation("Cover1965"), Citation("approxbounds", "6"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        M = A.times(self.functions, m)
        return A.number(self.units) * (1 + A.log2_binomial_sum(M - 1, self.parameters - 1))

    @property
    def formula(self) -> str:
        before = f"{self.units}\\," if self.units > 1 else ""
        return rf"{before}\log_2(2V({self.functions}m-1,{self.parameters - 1}))"


@dataclass(frozen=True)
class StepsCount(LevelCount):
    """The sum over the steps t = 2..T of wl(M, q(t-1)+1, P), with M = ``functions`` * m and q = ``slope`` >= 1.

    In step t the M functions are polynomials of degree at most q(t-1)+1 in the same P = ``parameters`` reals, where
    the patterns of the steps before are fixed. The product of the degrees is q^{T-1} Gamma(T+1/q)/Gamma(1+1/q).

    Concave in m: linear up to M = P, where the concave sum of logarithms is above the line (T-1)M; then the smaller.
    """

    functions: int
    steps: int
    slope: int
    parameters: int
    citations = (Citation("AnthonyBartlett1999", "Thm 8.3"), Citation("approxbounds", "6"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        M, P, more = A.times(self.functions, m), A.number(self.parameters), A.number(self.steps - 1)
        each = 1 + P * A.log2(2 * A.e * A.number(M) / P)
        total = more * each + P * self._log2_degrees(A)
        capped = A.minimum(more * A.number(M), total)
        return A.at_least(M, self.parameters, capped, more * A.number(M))

    def _log2_degrees(self, A: Arithmetic[V]) -> V:
        inverse = Fraction(1, self.slope)
        gammas = A.log_gamma(A.number(self.steps + inverse)) - A.log_gamma(A.number(1 + inverse))
        return A.number(self.steps - 1) * A.log2_integer(self.slope) + gammas / A.log(A.number(2))

    @property
    def formula(self) -> str:
        degree = f"{self.slope}(t-1)+1" if self.slope > 1 else "t"
        return rf"\sum_{{t=2}}^{{{self.steps}}}\mathrm{{wl}}({self.functions}m,{degree},{self.parameters})"
