"""Covers by one function, and by zigzags. THEORY.md, section 2.8."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.coverings.base import CoveringTheorem, finest
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.witness import Witness, integer_of

__all__ = ["OneFunction", "ZigzagCodes"]


class OneFunction(CoveringTheorem):
    """The constant (a+b)/2 is within (b-a)/2 of all functions with values in [a,b]: log N = 0 for such eps."""

    id = "covering-constant"
    title = "One function"
    statement = (
        r"The constant $(a+b)/2$ is within $(b-a)/2$ of every function with values in $[a,b]$, so for "
        r"$\varepsilon\ge(b-a)/2$ one ball is enough."
    )

    def refusal(self, query: Query) -> str | None:
        if query.symbols:
            return "it is for numbers"
        if query.F.value_range is None:
            return "F must be bounded"
        low, high = query.F.value_range
        return None if 2 * query.eps >= high - low else f"eps={query.eps} is below half the range of F"

    def search(self, query: Query) -> Witness:
        return {}

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return query.F.span(A) / 2

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return A.number(0)

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.number(0)

    def expression(self, query: Query) -> Any:
        return SYMBOLIC.number(0)


class ZigzagCodes(CoveringTheorem):
    """d = 1, |f(x) - f(y)| <= C|x - y|, values in [a,b]: broken lines with slopes +-C on k intervals.

    The first value is one of at most (b-a) k/(2C) + 1; then each slope is a bit. If g is within C/k of f at one node,
    one of the two slopes keeps it so at the next, and between them, as there f - g is monotone::

        log N <= k log 2 + log(1 + (b-a) k/(2C)),    eps >= C/k.

    Witness: ``k``.
    """

    id = "covering-zigzag"
    title = "Zigzags"
    statement = (
        r"Broken lines with slopes $\pm C$ on $k$ equal intervals whose first value is one of $1+(b-a)k/(2C)$ follow "
        r"every $f$ of Lipschitz constant $C$ within $C/k$: one of the two slopes keeps the distance at the next node, "
        r"and between nodes $f-g$ is monotone."
    )
    citations = (Citation("KolmogorovTikhomirov1959"), Citation("approxbounds", "2.8"))

    def refusal(self, query: Query) -> str | None:
        F = query.F
        if F.domain_dim != 1 or F.modulus_exponent != 1 or F.value_range is None:
            return "it is for bounded Lipschitz functions of one variable"
        return None

    def search(self, query: Query) -> Witness:
        return {"k": finest(float(query.F.modulus_constant(FLOAT)) / float(query.eps), 1)}

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return query.F.modulus_constant(A) / integer_of(witness, "k", minimum=1)

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return self._size(A, query, A.number(integer_of(witness, "k", minimum=1)))

    def _size(self, A: Arithmetic[V], query: Query, k: V) -> V:
        values = query.F.span(A) * k / (2 * query.F.modulus_constant(A))
        return k * A.log(A.number(2)) + A.log(1 + values)

    def rate(self, query: Query) -> Any:
        return 1 / SYMBOLIC.number(self.separation(query))

    def expression(self, query: Query) -> Any:
        k = query.F.modulus_constant(SYMBOLIC) / SYMBOLIC.number(query.eps) + 1
        return self._size(SYMBOLIC, query, k)
