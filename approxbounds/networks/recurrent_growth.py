"""Counts for recurrent networks: codes of quantised weights, central arrangements, all steps at once. THEORY.md, 6."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.levels import LevelCount
from approxbounds.facts.sign_patterns import SIGN_PATTERNS, log2_sign_patterns
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
    """The sum over the steps t = 2..T of wl(M; (q(t-1))^R, 1^P), with M = ``functions`` * m and q = ``slope`` >= 1.

    In step t the M functions are polynomials of degree at most q(t-1) in the same R = ``entries`` reals of W, and 1 in
    P = ``parameters`` others, where the patterns of the steps before are fixed. The product of the q(t-1) is
    q^{T-1} Gamma(T). Concave in m, as each wl is without its degrees.
    """

    functions: int
    steps: int
    slope: int
    entries: int
    parameters: int
    citations = (*SIGN_PATTERNS, Citation("approxbounds", "6"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        M, more = A.times(self.functions, m), A.number(self.steps - 1)
        degrees = more * A.log2_integer(self.slope) + A.log_gamma(A.number(self.steps)) / A.log(A.number(2))
        each = log2_sign_patterns(A, M, ((1, self.entries), (1, self.parameters)))
        return A.minimum(more * A.number(M), more * each + self.entries * degrees)

    @property
    def formula(self) -> str:
        degree = f"({self.slope}(t-1))" if self.slope > 1 else "(t-1)"
        blocks = rf"{degree}^{{{self.entries}}},1^{{{self.parameters}}}"
        return rf"\sum_{{t=2}}^{{{self.steps}}}\mathrm{{wl}}({self.functions}m;{blocks})"
