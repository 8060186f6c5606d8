"""What the upper bounds on covering numbers share. THEORY.md, section 2.8."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

from approxbounds.arithmetic import BALL, Arithmetic, V
from approxbounds.errors import HypothesisError
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.validation import is_infinite, symbol_unless_symbolic
from approxbounds.witness import Witness, require

__all__ = ["CoveringTheorem", "finest"]

_LARGEST = 1e300  # cells that the search takes for a number that doubles hold


class CoveringTheorem(Theorem):
    """log N(eps, F, L^p): N closed balls of radius eps in L^p, with any centres, cover F. So M(2 eps) <= N(eps)."""

    inputs = ("functions", "p", "eps")
    direction = Direction.UPPER
    citations: ClassVar[tuple[Citation, ...]] = (Citation("approxbounds", "2.8"),)

    def quantity(self, query: Query) -> str:
        p = r"\infty" if is_infinite(query.p) else f"{query.p}"
        return f"\\log N({query.eps}, F, L^{{{p}}})"

    def separation(self, query: Query) -> Any:
        """eps, or a symbol for it in rates."""
        return symbol_unless_symbolic(query.eps, "eps")

    @abstractmethod
    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        """How far from f its code may be in L^p."""

    @abstractmethod
    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        """The logarithm of the number of codes."""

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        error = self.error(A, query, witness)
        if A.decides:
            require(A.at_most(error, A.number(query.eps)), "the functions of the cover are not certainly within eps")
        return self.size(A, query, witness)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        shown = ", ".join(f"`{name}` = {value}" for name, value in witness.items()) or "no data"
        error, size = above(self.error(BALL, query, witness)), above(self.size(BALL, query, witness))
        text = (
            f"With {shown} each $f$ is within ${error}\\le\\varepsilon={query.eps}$ of its code; the logarithm of the "
            f"number of codes is at most ${size}$."
        )
        return (*self.outline(query), Step(text, self.citations))


def finest(scale: float, order: float) -> int:
    """The least k with scale k^{-order} <= 1 - 1e-12, by floats; HypothesisError if it is beyond them."""
    k = (scale * (1 + 1e-12)) ** (1 / order) if scale > 1e-300 else 1.0
    if not k < _LARGEST:
        raise HypothesisError("eps is too small: the number of cells is beyond the largest double")
    return max(1, math.ceil(k * (1 + 1e-14)))
