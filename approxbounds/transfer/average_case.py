"""T3 for random targets: the mean and the distribution of the error, for experiments. THEORY.md, T3."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds import render, validation
from approxbounds.arithmetic import BALL, FLOAT, floor_float, precision
from approxbounds.errors import HypothesisError, NoNumberError, NotApplicableError, ParameterError, echo
from approxbounds.facts.hypercube import Family, HypercubeFamily, member_of
from approxbounds.members import on_axes, on_cylinder
from approxbounds.theorem import Query, Theorem
from approxbounds.transfer.hamming import best_distance, log2_delta
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.witness import Witness, integer_of

__all__ = ["AverageCase", "HypercubeCase", "RandomTargets", "average_case", "largest_distance", "searched", "shares"]


_MOST = 1 - Fraction(1, 2**64)  # the largest confidence


@dataclass(frozen=True, repr=False)
class RandomTargets:
    """Random members of F that depend on some coordinates."""

    query: Query
    witness: Witness

    @cached_property
    def _reduced(self) -> Query:
        return on_cylinder(self.query, self.witness)

    @property
    def axes(self) -> tuple[int, ...]:
        """The coordinates, numbered from 0, on which the targets depend: all of them, or those of a cylinder."""
        dim = self._reduced.F.domain_dim
        return tuple(range(dim)) if self._reduced is self.query else on_axes(self.query, dim)


def shares(theta: object, confidence: object, most: Fraction = _MOST) -> tuple[Fraction, Fraction]:
    """theta, at most so large, and a confidence in (0,1), as they are stated; ParameterError otherwise."""
    share = validation.exact("theta", theta, maximum=most, symbols=False)
    return Fraction(share), Fraction(validation.exact("confidence", confidence, maximum=_MOST, symbols=False))


@dataclass(frozen=True, repr=False)
class AverageCase(RandomTargets, ABC):
    """Targets f_omega with uniform signs omega, members of a family of F: what an experiment can test.

    With Z = inf_{g in G} ||f_omega - g||_p^p: E[Z] >= ``mean``, and ``high_probability`` bounds the quantiles of Z. All
    numbers are certified lower bounds.
    """

    theorem: ClassVar[str]

    def __str__(self) -> str:
        mean, p = render.number(self.mean, False), self.query.p
        return f"mean of inf_g ||f_omega - g||_{p}^{p} >= {mean} for N={self.cells} cells  [{self.theorem}, certified]"

    __repr__ = __str__

    @property
    @abstractmethod
    def family(self) -> Family:
        """The family of the targets f_omega, as functions of the coordinates :attr:`axes`."""

    @property
    @abstractmethod
    def index(self) -> dict[str, int]:
        """The indices of its member, such as {"k": 4}."""

    @property
    @abstractmethod
    def cells(self) -> int:
        """N."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """A lower bound on the mean over omega of inf_g ||f_omega - g||_p^p."""

    @abstractmethod
    def high_probability(self, theta: object, *, confidence: object) -> float:
        """z such that P(inf_g ||f_omega - g||_p^p >= z) >= confidence, for ``theta`` and a confidence in (0,1).

        Raises NotApplicableError if there is no positive one.
        """

    @abstractmethod
    def target(self, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at points of shape (m, d), for omega of shape (N,) with entries 0 and 1."""

    def _checked(self, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The coordinates :attr:`axes` of the points, if they and omega have the right shapes."""
        if np.shape(omega) != (self.cells,):
            raise ParameterError("omega", np.shape(omega), f"must have shape ({self.cells},)")
        if not np.isin(omega, (0, 1)).all():
            raise ParameterError("omega", omega, "must have entries 0 and 1")
        where = np.asarray(points, float)
        if where.ndim != 2 or where.shape[1] != self.query.F.domain_dim:
            raise ParameterError("points", where.shape, f"must have shape (m, {self.query.F.domain_dim})")
        return where[:, list(self.axes)]


@dataclass(frozen=True, repr=False)
class HypercubeCase(AverageCase):
    """T3 for a random target.

    For omega uniform on {0,1}^N and Z = inf_{g in G} ||f_omega - g||_p^p:
    E[Z] >= ``mean`` = 2 I_p S, and P(Z >= 2(1-theta) h I_p) >= 1 - delta_h/theta for every theta in (0,1].
    All numbers are certified lower bounds.
    """

    theorem = "T3"

    @cached_property
    def _member(self) -> tuple[HypercubeFamily, dict[str, int], int]:
        return member_of(self._reduced.F.families, self.witness)

    @property
    def family(self) -> HypercubeFamily:
        """The family of the targets f_omega, as functions of the coordinates :attr:`axes`."""
        return self._member[0]

    @property
    def index(self) -> dict[str, int]:
        """The indices of its member, such as {"k": 4}."""
        return self._member[1]

    @property
    def cells(self) -> int:
        """N."""
        return self._member[2]

    @property
    def h(self) -> int:
        """The Hamming distance up to which T3 counts."""
        return integer_of(self.witness, "h")

    @cached_property
    def mean(self) -> float:
        """A lower bound on the mean over omega of inf_g ||f_omega - g||_p^p."""
        with precision(256):
            family, index, cells, mass = HypercubeTheorem().mass(BALL, self.query, self.witness)
            power = BALL.power(family.norm(BALL, index, self.query.p), self._p)
            return floor_float(2 * mass * power / cells)

    @property
    def _p(self) -> Any:
        return BALL.number(self.query.p)

    def high_probability(self, theta: object, *, confidence: object) -> float:
        """z such that P(inf_g ||f_omega - g||_p^p >= z) >= confidence, certified.

        z = 2(1-theta) h I_p with the largest h (at most the witness's) for which 1 - delta_h/theta >= confidence.
        ``theta`` in (0,1], ``confidence`` in (0,1). Raises NotApplicableError if there is no such h >= 1.
        """
        share, level = shares(theta, confidence, most=Fraction(1))
        with precision(256):
            family, index, cells = self._member
            growth = self._reduced.G.growth_at(family, index).evaluate(BALL, cells)
            allowed = BALL.log2(BALL.number(share) * (1 - BALL.number(level)))
            low = largest_distance(cells, growth, allowed, self.h)
            if low == 0:
                reason = f"delta_1/theta is not below 1 - confidence at N={echo(cells)}"
                raise NotApplicableError(f"confidence={confidence}: {reason}")
            power = BALL.power(family.norm(BALL, index, self.query.p), self._p)
            return max(floor_float(2 * (1 - BALL.number(share)) * low * power / cells), 0.0)

    def target(self, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at points of shape (m, d), for omega of shape (N,) with entries 0 and 1."""
        where = self._checked(omega, points)
        if not ((where >= 0) & (where <= 1)).all():
            raise ParameterError("points", points, "must lie in [0,1]^d")
        return self.family.evaluate(self.index, omega, where)


def largest_distance(cells: int, log2_growth: Any, allowed: Any, most: int) -> int:
    """The largest h <= ``most`` with log2 delta_h at most ``allowed`` for certain, in balls; 0 if there is none."""
    low, high = 0, most + 1  # delta_h increases with h
    while high - low > 1:
        middle = (low + high) // 2
        if log2_delta(BALL, cells, log2_growth, middle) <= allowed:
            low = middle
        else:
            high = middle
    return low


def searched(theorem: Theorem, query: Query, reason: str | None) -> Witness:
    """The theorem's witness for numbers; NotApplicableError for this reason, if any, or where it finds none."""
    if reason is not None:
        raise NotApplicableError(f"{theorem.id}: {reason}")
    if query.symbols:
        raise NoNumberError(f"the query has symbols ({', '.join(sorted(map(str, query.symbols)))})")
    try:
        return theorem.search(query)
    except HypothesisError as error:
        raise NotApplicableError(f"{theorem.id}: {error}") from None


def average_case(query: Query, member: Mapping[str, int] | None = None) -> HypercubeCase:
    """T3's average-case statement at the best family member, or at a given one: its indices, perhaps with ``dims``."""
    theorem = HypercubeTheorem()
    reason = theorem.objection(query)
    if member is None or reason is not None or query.symbols:
        return HypercubeCase(query, searched(theorem, query, reason))
    try:
        if not isinstance(member, Mapping):
            raise ParameterError("member", member, "must be a mapping of names of indices to integers")
        part = {}
        if "dims" in member:
            part["dims"] = validation.integer("dims", member["dims"], maximum=query.F.domain_dim, symbols=False)
        reduced = on_cylinder(query, part)
        family = reduced.F.families[0]
        if set(member) - {"dims"} != set(family.indices):
            names = f"{', '.join(family.indices)}, and dims for functions of so many coordinates only"
            raise ParameterError("member", member, f"must be a mapping that names {names}")
        given = {name: validation.integer(name, member[name], maximum=2**60, symbols=False) for name in family.indices}
        index = family.member(given)
        if family.cells(index) > 2**1000:
            raise ParameterError("member", member, "must have at most 2^1000 cells")
        cells = np.array([float(family.cells(index))])
        h, mass = best_distance(cells, reduced.G.growth_at(family, index).evaluate(FLOAT, cells))
        if not mass[0] > 0:
            raise HypothesisError(f"G shows too many patterns on N={family.cells(index)} points")
        return HypercubeCase(query, {**family.witness(index), **part, "h": int(h[0])})
    except HypothesisError as error:
        raise NotApplicableError(f"T3: {error}") from None
