"""Programs of exponentials: how many patterns their parameters can show. THEORY.md, section 3.10."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.facts.levels import LevelCount
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic

__all__ = ["Pfaffian", "PfaffianCount"]

_MANY_TESTS = 60  # from here on 2^(c+1) stands for 2^(c+1) - 1


@dataclass(frozen=True)
class Pfaffian:
    """What is known of a program that computes 1[g(x) > r] from d real parameters by a decision tree.

    ``weights`` = d; ``tests`` = c, the most comparisons on a path. At each node and leaf stands a polynomial of degree
    at most ``degree`` = beta in the parameters and at most ``chain`` = q functions of a Pfaffian chain on all of R^d,
    whose derivatives are polynomials of degree at most ``chain_degree`` = alpha; its own partial derivatives have
    degree less than ``gradient_degree`` = D. beta, D, alpha >= 1; with q = 0 these are polynomials.
    """

    weights: Number
    chain: Number
    chain_degree: Number
    degree: Number
    gradient_degree: Number
    tests: Number = 0

    def log2_solutions(self, A: Arithmetic[V]) -> V:
        """log2 of B, the most components of the zero set of some of these functions.

        B = max(B_{d-1}, B_d), where B_j is Khovanskii's bound for j functions, by Lagrange multipliers if j < d.
        Without a chain also 2 (2 beta)^d, Warren's count of polynomials.
        """
        if is_symbolic(self.chain) or self.chain > 0:
            return self._khovanskii(A, self.chain)
        d = A.number(self.weights)
        return A.minimum(1 + d + d * A.log2(A.number(self.degree)), self._khovanskii(A, 1))

    def _khovanskii(self, A: Arithmetic[V], chain: Number) -> V:
        d, q, alpha = A.number(self.weights), A.number(chain), A.number(self.chain_degree)
        beta, D = A.number(self.degree), A.number(self.gradient_degree)
        r = d * q
        most = r * (r - 1) / 2 + d * A.log2(beta) + r * A.log2(d * (alpha + beta - 1) + 1)
        if not is_symbolic(self.weights) and self.weights == 1:
            return most
        j = d - 1
        r = j * q
        fewer = A.minimum(d + j, r) * alpha + j * beta + d * D - d - j + 1
        return A.maximum(most, r * (r - 1) / 2 + j * A.log2(beta) + d * A.log2(D) + r * A.log2(fewer))

    def log2_nodes(self, A: Arithmetic[V]) -> V:
        """log2 of the 2^(c+1) - 1 nodes of the tree, or c + 1 where c is large."""
        if is_symbolic(self.tests) or self.tests > _MANY_TESTS:
            return A.number(self.tests) + 1
        return A.log2_integer(2 ** (self.tests + 1) - 1)


@dataclass(frozen=True)
class PfaffianCount(LevelCount):
    """log2 B + d log2(eM/d), M = m(2^(c+1) - 1) functions of the tree; m where M < d."""

    program: Pfaffian
    citations = (
        Citation("Khovanskii1991"),
        Citation("AnthonyBartlett1999", "Thm 8.3"),
        Citation("approxbounds", "3.10"),
    )

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        program = self.program
        d = program.weights
        log2_ratio = program.log2_nodes(A) + A.log2(A.e * A.number(m) / A.number(d))
        total = program.log2_solutions(A) + A.number(d) * log2_ratio
        few = -(-d // (2 ** (min(program.tests, _MANY_TESTS) + 1) - 1))
        return A.at_least(m, few, A.minimum(A.number(m), total), A.number(m))

    @property
    def formula(self) -> str:
        d, tests = self.program.weights, self.program.tests
        points = "m" if tests == 0 else rf"m(2^{{{tests + 1}}}-1)"
        return rf"\log_2B+{d}\log_2(e\,{points}/{d})"
