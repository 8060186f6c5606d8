"""Coded values at the nodes of a grid: covers of balls of anisotropic smoothness. THEORY.md, section 2.8."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.smoothness import differentiable, interpolation_error
from approxbounds.coverings.base import CoveringTheorem, finest
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import Regularity
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["GridCodes"]

_CHOICES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32)
_SHARES = np.arange(1, 20) / 20


class GridCodes(CoveringTheorem):
    """Values at the nodes of a grid, coded along lines, and multilinear interpolation between them.

    k_j cells in direction j, h_j = 1/k_j; a_j = min(s_j, 2) and iota_j the error of linear interpolation in x_j. On a
    line in direction d the first e values (e = 1 if s_d <= 1, else 2) are coded to within delta by one of 1 +
    (b-a)/(2 delta) values, the others by one of n around what the e codes before predict: f(x) or 2 f(x+h) - f(x)::

        n delta = (2^e - 1) delta + R h_d^{a_d},    eps >= iota_1 + .. + iota_d + delta,
        log N <= (k_1+1) .. (k_{d-1}+1) ((k_d+1-e) log n + e log(1 + (b-a)/(2 delta))).

    Witness: ``k1``, .., ``kd``, ``choices`` = n.
    """

    id = "covering-grid"
    title = "Coded values on a grid"
    statement = (
        r"Code values at the nodes of a grid to within $\delta$, the first $e\le2$ on each line in direction $d$ by "
        r"one of $1+(b-a)/(2\delta)$ values, the others by one of $n$ around the extrapolation of the last $e$ codes, "
        r"$(n-2^e+1)\delta=Rh_d^{\min(s_d,2)}$, and interpolate: the errors of interpolation and $\delta$ add up."
    )
    citations = (Citation("KolmogorovTikhomirov1959"), Citation("approxbounds", "2.8"))

    def refusal(self, query: Query) -> str | None:
        F = query.F.regularity
        if F is None or query.F.value_range is None:
            return "nothing is known of the smoothness of F along lines, or d is a symbol"
        return "the smoothness must be numbers" if any(map(is_symbolic, F.along)) else None

    def search(self, query: Query) -> Witness:
        """All interpolation errors about equal, a share of eps for them together."""
        F, eps = _regularity(query), float(query.eps)
        unit = [float(interpolation_error(FLOAT, s, F.radius, 1.0, query.p)) for s in F.along]
        best: tuple[float, dict[str, int]] = (np.inf, {})
        with np.errstate(all="ignore"):
            for share in _SHARES:
                part = share * eps / len(unit)
                k = [finest(c / part, float(a)) for c, a in zip(unit, _orders(F), strict=True)]
                for n in (n for n in _CHOICES if n >= 2 ** _lead(F)):
                    witness = {f"k{j}": each for j, each in enumerate(k, 1)} | {"choices": n}
                    if float(self.error(FLOAT, query, witness)) <= eps * (1 - 1e-12):
                        best = min(best, (float(self.size(FLOAT, query, witness)), witness), key=lambda pair: pair[0])
        if not best[0] < np.inf:
            raise HypothesisError("eps is too small: the bound is beyond the largest double")
        return best[1]

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        F, k, n = _regularity(query), _resolutions(A, query, witness), _choices(query, witness)
        total = _precision(A, F, k[-1], n)
        for s, each in zip(F.along, k, strict=True):
            total = total + interpolation_error(A, s, F.radius, 1 / each, query.p)
        return total

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return self._size(A, query, _resolutions(A, query, witness), _choices(query, witness))

    def _size(self, A: Arithmetic[V], query: Query, k: list[V], n: int) -> V:
        lines, F, lead = A.number(1), _regularity(query), _lead(_regularity(query))
        for each in k[:-1]:
            lines = lines * (each + 1)
        first = A.log(1 + query.F.span(A) / (2 * _precision(A, F, k[-1], n)))
        return lines * ((k[-1] + 1 - lead) * A.log(A.number(n)) + lead * first)

    def rate(self, query: Query) -> Any:
        eps = self.separation(query)
        return eps ** -sum(1 / SYMBOLIC.number(a) for a in _orders(_regularity(query)))

    def expression(self, query: Query) -> Any:
        """n = 2^e, and eps shared equally by the precision of the codes and the d interpolations."""
        F, n = _regularity(query), 2 ** _lead(_regularity(query))
        part = SYMBOLIC.number(query.eps) / (len(F.along) + 1)
        k = []
        for j, (s, a) in enumerate(zip(F.along, _orders(F), strict=True), 1):
            scale = interpolation_error(SYMBOLIC, s, F.radius, SYMBOLIC.number(1), query.p)
            if j == len(F.along):  # h^a R <= eps/(d+1), too
                scale = SYMBOLIC.maximum(scale, SYMBOLIC.number(F.radius))
            k.append(SYMBOLIC.power(scale / part, 1 / SYMBOLIC.number(a)) + 1)
        return self._size(SYMBOLIC, query, k, n)


def _regularity(query: Query) -> Regularity:
    found = query.F.regularity
    assert found is not None  # refused otherwise
    return found


def _orders(F: Regularity) -> list[Number]:
    """The a_j."""
    return [min(s, 2) for s in F.along]


def _lead(F: Regularity) -> int:
    """e."""
    return 2 if differentiable(F.along[-1]) else 1


def _resolutions(A: Arithmetic[V], query: Query, witness: Witness) -> list[V]:
    return [A.number(integer_of(witness, f"k{j}", minimum=1)) for j in range(1, len(_regularity(query).along) + 1)]


def _choices(query: Query, witness: Witness) -> int:
    return integer_of(witness, "choices", minimum=2 ** _lead(_regularity(query)))


def _precision(A: Arithmetic[V], F: Regularity, k: V, n: int) -> V:
    """delta."""
    return A.number(F.radius) * A.power(k, -A.number(_orders(F)[-1])) / A.number(n - 2 ** _lead(F) + 1)
