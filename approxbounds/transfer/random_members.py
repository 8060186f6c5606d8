"""T3w for random targets, under any measure: for experiments on data. THEORY.md, T3w."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import BALL, floor_float, precision
from approxbounds.errors import NotApplicableError
from approxbounds.facts.hypercube import Index
from approxbounds.facts.weighted import WeightedFamily
from approxbounds.theorem import Query
from approxbounds.transfer.average_case import AverageCase, largest_distance, searched, shares
from approxbounds.transfer.weighted import WeightedHypercubeTheorem, largest_cells, log_u, weighted_member
from approxbounds.witness import fraction_of, integer_of

__all__ = ["WeightedCase", "weighted_case"]

_RATES = (1, 2, 4, 8, 16)  # times the witness's, which is best for the mean; more for the quantiles


@dataclass(frozen=True, repr=False)
class WeightedCase(AverageCase):
    """T3w for a random target, under any measure mu.

    For omega uniform on {0,1}^N and Z = inf_{g in G} ||f_omega - g||_p^p in L^p(mu), E[Z] >= ``mean``; and with u as
    in T3w, P(Z >= (1-theta) z) >= 1 - u e^(lambda z)/theta for every z > 0 and theta in (0,1]. On a sample Z is the
    mean p-th power of the errors at its points, the least that any training can reach. All numbers are certified.
    """

    theorem = "T3w"

    @cached_property
    def _member(self) -> tuple[WeightedFamily, Index]:
        return weighted_member(self.query, self.witness)[1:]

    @property
    def family(self) -> WeightedFamily:
        """The family of the targets f_omega, as functions of the coordinates :attr:`axes`."""
        return self._member[0]

    @property
    def index(self) -> dict[str, int]:
        """The indices of its member, such as {"k": 4}."""
        return dict(self._member[1])

    @property
    def cells(self) -> int:
        """N."""
        family, index = self._member
        return family.cells(index)

    @cached_property
    def mean(self) -> float:
        """A lower bound on the mean over omega of inf_g ||f_omega - g||_p^p."""
        with precision(256):
            value = WeightedHypercubeTheorem().evaluate(BALL, self.query, self.witness)
            return floor_float(BALL.power(value, BALL.number(self.query.p)))

    def high_probability(self, theta: object, *, confidence: object) -> float:
        """z such that P(inf_g ||f_omega - g||_p^p >= z) >= confidence, certified.

        (1-theta)(log(theta(1 - confidence)) - log u)/lambda for the best of a few lambda; or (1-theta) h a for the n
        masses >= a of the witness and the largest h with delta_h/theta <= 1 - confidence. ``theta`` and ``confidence``
        in (0,1). Raises NotApplicableError if that is not positive.
        """
        share, level = shares(theta, confidence)
        with precision(256):
            found = self._quantile(BALL.number(share) * (1 - BALL.number(level)))
            value = floor_float((1 - BALL.number(share)) * found)
        if not value > 0:
            raise NotApplicableError(f"confidence={confidence}: u/theta is not below 1 - confidence at N={self.cells}")
        return value

    def _quantile(self, chance: Any) -> Any:
        """The largest z found for which patterns are within z of omega with at most this chance, in balls."""
        family, index = self._member
        masses, counts = family.masses(BALL, index, self.query.p), self._reduced.G.growth(family.centres)
        if self.witness.get("rate") is None:
            n = integer_of(self.witness, "cells")
            h = largest_distance(n, counts.evaluate(BALL, n), BALL.log2(chance), integer_of(self.witness, "h"))
            return h * BALL.minimum(*largest_cells(masses, n))
        growth, first = counts.evaluate(BALL, self.cells), fraction_of(self.witness, "rate")
        values = []
        for rate in (BALL.number(times * first) for times in _RATES):
            values.append((BALL.log(chance) - log_u(BALL, masses, growth, rate)) / rate)
        return max(values, key=floor_float)

    def target(self, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at points of shape (m, d), for omega of shape (N,) with entries 0 and 1.

        For a sample the points must be among its points; else ParameterError.
        """
        return self.family.evaluate(self.index, omega, self._checked(omega, points))


def weighted_case(query: Query) -> WeightedCase:
    """T3w's average-case statement for the member with the best bound; NotApplicableError if there is none."""
    theorem = WeightedHypercubeTheorem()
    return WeightedCase(query, searched(theorem, query, theorem.objection(query)))
