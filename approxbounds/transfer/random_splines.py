"""Tvol for random targets: the mean and the distribution of the error, and targets to draw. THEORY.md, Tvol."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from approxbounds import render
from approxbounds.arithmetic import BALL, FLOAT, floor_float, precision
from approxbounds.errors import NotApplicableError
from approxbounds.facts.grid import Function, on_the_cube
from approxbounds.facts.hypercube import Index
from approxbounds.facts.splines import SplineBall
from approxbounds.theorem import Query
from approxbounds.transfer.average_case import RandomTargets, searched, shares
from approxbounds.transfer.volumes import VolumeTheorem, ball_volume_factor, log2_vectors, member_of_ball
from approxbounds.validation import is_infinite
from approxbounds.witness import integer_of

__all__ = ["RandomSplines", "random_splines"]

_MOST_COEFFICIENTS = 10**7


@dataclass(frozen=True, repr=False)
class RandomSplines(RandomTargets):
    """Tvol for f = c + A sum_i a_i prod_j N_{D_j}(k_j x_j - i_j) with independent a_i, uniform on [-1,1]; p < inf.

    With Z = inf_{g in G} ||f - g||_p^p: E[Z] >= ``mean``, and :meth:`high_probability` bounds the quantiles of Z. All
    numbers are certified lower bounds.
    """

    def __str__(self) -> str:
        mean, p = render.number(self.mean, False), self.query.p
        return f"mean of inf_g ||f - g||_{p}^{p} >= {mean} for N={self.cells} cells  [Tvol, certified]"

    __repr__ = __str__

    @cached_property
    def _member(self) -> tuple[SplineBall, Index, int]:
        return member_of_ball(self._reduced, self.witness)

    @property
    def ball(self) -> SplineBall:
        """The ball of splines, functions of the coordinates :attr:`axes`."""
        return self._member[0]

    @property
    def index(self) -> Index:
        """The indices of its member, such as {"k": 4}."""
        return self._member[1]

    @property
    def cells(self) -> int:
        """N."""
        return self._member[2]

    @cached_property
    def mean(self) -> float:
        """A lower bound on the mean over f of inf_g ||f - g||_p^p."""
        with precision(256):
            value = VolumeTheorem().evaluate(BALL, self.query, self.witness)
            return floor_float(BALL.power(value, BALL.number(self.query.p)))

    def high_probability(self, theta: object, *, confidence: object) -> float:
        """z such that P(inf_g ||f - g||_p^p >= z) >= confidence, certified.

        z = (1-theta) (min_t r_t - A/Q)^p for the least integer c with 2^-c/theta <= 1 - confidence. ``theta`` and
        ``confidence`` in (0,1). Raises NotApplicableError if that is not positive.
        """
        share, level = shares(theta, confidence)
        bits = 1
        while share * (1 - level) * 2**bits < 1:
            bits += 1
        levels, p = integer_of(self.witness, "levels"), self.query.p
        with precision(256):
            vectors = log2_vectors(BALL, self._reduced.G.level_growth(), self.ball, self.cells, levels)
            theta_least = 2 * self.ball.least_volume(BALL) / ball_volume_factor(BALL, p)
            power = BALL.power(BALL.number(2), -(vectors + bits) / BALL.number(self.cells))
            radius = self.ball.amplitude(BALL, self.index) * (theta_least * power - 1 / BALL.number(levels))
            if not radius > 0:
                raise NotApplicableError(f"confidence={confidence}: the least r_t - A/Q is not positive for c={bits}")
            return floor_float((1 - BALL.number(share)) * BALL.power(radius, BALL.number(p)))

    def function(self, seed: int) -> Function:
        """A random f, the same for the same seed: it takes points of shape (m, d) in [0,1]^d.

        Raises NotApplicableError for more than 10^7 coefficients.

        >>> import approxbounds as ab
        >>> F, G = ab.HolderBall(smoothness=2, dim=1), ab.LinearSpace(dimension=3)
        >>> case = random_splines(ab.lower_bound(F, G, p=2).query)
        >>> case.cells, case.mean > 0, case.function(seed=1)([[0.5]]).shape
        (11, True, (1,))
        """
        shape = tuple(D + k for D, k in self.ball.sides(self.index))
        if prod(shape) > _MOST_COEFFICIENTS:
            raise NotApplicableError(f"cells={self.cells}: a target has more than 10^7 coefficients")
        coefficients = np.random.default_rng(seed).uniform(-1, 1, shape)
        amplitude, axes = float(self.ball.amplitude(FLOAT, self.index)), list(self.axes)
        return on_the_cube(
            lambda points: self.ball.evaluate(amplitude, self.index, coefficients, points[:, axes]),
            self.query.F.domain_dim,
        )


def random_splines(query: Query) -> RandomSplines:
    """Tvol's average-case statement for the member with the best bound; NotApplicableError if there is none."""
    theorem = VolumeTheorem()
    reason = "p = inf: it needs 1 <= p < inf" if is_infinite(query.p) else theorem.refusal(query)
    return RandomSplines(query, searched(theorem, query, reason))
