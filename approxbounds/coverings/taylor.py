"""Coded Taylor polynomials on cubes: covers of balls of smooth functions. THEORY.md, section 2.8."""

from __future__ import annotations

from math import ceil, comb, factorial
from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.taylor import sum_norm, taylor_error
from approxbounds.coverings.base import CoveringTheorem, finest
from approxbounds.errors import HypothesisError
from approxbounds.sources import Citation
from approxbounds.theorem import Query, conditional
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["TaylorCodes"]

_MANY = 12  # orders beyond which all derivatives get the same number of choices
_MOST_CHOICES = 2**20


class TaylorCodes(CoveringTheorem):
    """Kolmogorov and Tikhomirov's chain of cubes: the derivatives at a centre predict those at the next one.

    k^d cubes of side h = 1/k in a chain of neighbours; D^m f at the centre of each, j = |m| <= n = ceil(s) - 1, is
    coded to within delta_j = tau_j R h^{s-j} by one of n_j values around what the codes at the last centre predict::

        tau_j = (kappa_j + sum_{0 < i <= n-j} tau_{j+i}/i!) / (n_j - 1),    kappa_j = Gamma(s-n+1)/Gamma(s-j+1),
        log N <= (k^d - 1) sum_j C(d+j-1,j) log n_j + sum_j C(d+j-1,j) log(1 + k^{s-j}/tau_j),
        eps >= R k^{-s} (Taylor's remainder for k = R = 1 + sum_j tau_j || |u|_1 ||_{jp}^j / j!),    |u_i| <= 1/2.

    Hypothesis: a Hölder ball, or |D^m f| <= R for |m| <= s, s an integer. Witness: ``k``, ``n0``, .., ``nn``.
    """

    id = "covering-taylor"
    title = "Coded Taylor polynomials"
    statement = (
        r"On a chain of $k^d$ cubes, code the derivatives of order $j\le n=\lceil s\rceil-1$ at the centres to within "
        r"$\tau_jRk^{j-s}$, each by one of $n_j$ values around what the codes in the last cube predict, "
        r"$(n_j-1)\tau_j=\kappa_j+\sum_{0<i\le n-j}\tau_{j+i}/i!$: at most "
        r"$\prod_j(1+k^{s-j}/\tau_j)^{\binom{d+j-1}j}\,n_j^{(k^d-1)\binom{d+j-1}j}$ piecewise polynomials."
    )
    citations = (Citation("KolmogorovTikhomirov1959"), Citation("approxbounds", "2.8"))

    def refusal(self, query: Query) -> str | None:
        F, s = query.F, query.F.holder_smoothness
        if s is None or not (F.is_holder_ball or is_symbolic(s) or s >= 1):
            return "F must be a Hölder, Lipschitz or Sobolev (q = inf) ball"
        if is_symbolic(F.domain_dim) and not (F.is_holder_ball and (is_symbolic(s) or s <= 1)):
            return "for s > 1 it needs a number for the dimension"
        return None

    def search(self, query: Query) -> Witness:
        """The numbers of choices by descent, one at a time, k for each of them."""
        order, top = _order(query), _top(query)

        def cost(choices: list[int]) -> tuple[float, int]:
            k = finest(float(self._error(FLOAT, query, 1.0, choices)) / float(query.eps), float(order))
            return float(self._size(FLOAT, query, float(k), choices)), k

        with np.errstate(all="ignore"):
            best, choices = min((cost([n] * (top + 1)), [n] * (top + 1)) for n in (2, 3, 4, 6, 8, 12, 16))
            improved = 0 < top <= _MANY or top == 0
            while improved:
                improved = False
                for j in range(top + 1):
                    for n in {choices[j] - 1, choices[j] + 1, 2 * choices[j]} - {1}:
                        other = [*choices[:j], n, *choices[j + 1 :]]
                        found = cost(other)
                        if n <= _MOST_CHOICES and found < best:
                            best, choices, improved = found, other, True
        if not best[0] < np.inf:
            raise HypothesisError("eps is too small: the bound is beyond the largest double")
        return {"k": best[1]} | {f"n{j}": n for j, n in enumerate(choices)}

    def error(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return self._error(A, query, *_data(A, query, witness))

    def size(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return self._size(A, query, *_data(A, query, witness))

    def _error(self, A: Arithmetic[V], query: Query, k: V, choices: list[int]) -> V:
        F, order, p, half = query.F, _order(query), query.p, A.number(1) / 2
        total = taylor_error(A, F.domain_dim, half, p, order=order, whole=_whole(query))
        for j, tau in enumerate(_precisions(A, order, choices)):
            norm = A.number(1)
            if j:
                norm = A.power(sum_norm(A, F.domain_dim, half, p if is_infinite(p) else j * p), A.number(j))
            total = total + tau * norm / factorial(j)
        return A.number(F.holder_radius) * total * A.power(k, -A.number(order))

    def _size(self, A: Arithmetic[V], query: Query, k: V, choices: list[int]) -> V:
        d, order = query.F.domain_dim, _order(query)
        others, total = A.power(k, A.number(d)) - 1, A.number(0)
        for j, tau in enumerate(_precisions(A, order, choices)):
            first = A.log(1 + A.power(k, A.number(order - j)) / tau)
            total = total + (comb(d + j - 1, j) if j else 1) * (others * A.log(A.number(choices[j])) + first)
        return total

    def rate(self, query: Query) -> Any:
        eps = self.separation(query)
        return eps ** (-SYMBOLIC.number(query.F.domain_dim) / SYMBOLIC.number(_order(query)))

    def expression(self, query: Query) -> Any:
        """Two choices for each derivative."""
        choices = [2] * (_top(query) + 1)
        scale = self._error(SYMBOLIC, query, SYMBOLIC.number(1), choices) / SYMBOLIC.number(query.eps)
        k = SYMBOLIC.power(scale, 1 / SYMBOLIC.number(_order(query))) + 1
        return conditional(query, self._size(SYMBOLIC, query, k, choices))


def _order(query: Query) -> Number:
    """s; for other classes than Hölder balls the largest integer up to it."""
    s = query.F.holder_smoothness
    assert s is not None  # refused otherwise
    return s if query.F.is_holder_ball else int(s)


def _top(query: Query) -> int:
    """n, the highest order of the derivatives that are coded."""
    order = _order(query)
    return 0 if is_symbolic(order) else ceil(order) - 1


def _whole(query: Query) -> int:
    """How many integrations Taylor's remainder has in :func:`taylor_error`."""
    return _top(query) if query.F.is_holder_ball else int(_order(query))


def _data(A: Arithmetic[V], query: Query, witness: Witness) -> tuple[V, list[int]]:
    k = integer_of(witness, "k", minimum=1)
    names = [f"n{j}" for j in range(_top(query) + 1)]
    return A.number(k), [integer_of(witness, name, minimum=2, maximum=_MOST_CHOICES) for name in names]


def _precisions(A: Arithmetic[V], order: Number, choices: list[int]) -> list[V]:
    """tau_0, .., tau_n."""
    top = len(choices) - 1
    alpha = A.log_gamma(A.number(order - top + 1))
    taus: list[V] = []
    for j in range(top, -1, -1):  # the last first
        total = A.exp(alpha - A.log_gamma(A.number(order - j + 1)))
        for i, tau in enumerate(taus, 1):
            total = total + tau / factorial(i)
        taus.insert(0, total / (choices[j] - 1))
    return taus
