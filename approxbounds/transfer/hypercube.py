"""T3, the hypercube theorem: an L^p lower bound without logarithms. THEORY.md, T3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds import validation
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, Value, floor_float, log2_lower_tail, precision
from approxbounds.complexity.pseudo_dimension import INFINITE, growth_steps, largest_shattered, pdim_expression
from approxbounds.errors import (
    HypothesisError,
    NoExpressionError,
    NoNumberError,
    NotApplicableError,
    ParameterError,
    echo,
)
from approxbounds.facts.growth import GrowthBound
from approxbounds.facts.hypercube import HypercubeFamily, Index, member_of
from approxbounds.render import above, below, latex
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, integer_of, require

__all__ = [
    "AverageCase",
    "HypercubeTheorem",
    "average_case",
    "best_distance",
    "checked_mass",
    "hypercube_values",
    "no_family",
    "no_growth",
]

_RESOLVED = 1e14  # up to this many cells doubles resolve a fraction of a bit
_BACKWARDS = (0.25, 0.5, 1.0, 1.5, 2.0)  # steps back from the largest h, in sqrt(N)


def no_family(query: Query) -> str | None:
    """The reason why theorems on hypercube families do not apply, if there is one."""
    return None if query.F.families else "no hypercube family of F is known (only its entropy)"


def no_growth(query: Query) -> str | None:
    """The reason why theorems on growth functions do not apply, if there is one."""
    return None if query.G.bounded_growth else INFINITE


def log2_delta(A: Arithmetic, cells: Value, log2_growth: Value, h: Value) -> Value:
    """log2 of (an upper bound on) delta_h = Pi V(N, h-1) / 2^N, for 1 <= h, 2(h-1) < N."""
    return log2_growth + log2_lower_tail(A, cells, A.number(h) - 1) - A.number(cells)


def hamming_mass(A: Arithmetic, cells: Value, log2_growth: Value, h: Value) -> Value:
    """A lower bound on S = sum_{i=1}^N max(0, 1 - delta_i): h - delta_h (N-h+2)/(N-2h+3).

    S >= sum_{i<=h} (1 - delta_i), and delta_{i-1} <= delta_i (i-1)/(N-i+2) since each binomial up to
    C(N, i-1) is at least (N-i+2)/(i-1) times the one before: a geometric series.
    """
    N, h_ = A.number(cells), A.number(h)
    delta = A.power(A.number(2), log2_delta(A, cells, log2_growth, h))
    return h_ - delta * (N - h_ + 2) / (N - 2 * h_ + 3)


def checked_mass(A: Arithmetic, cells: int, log2_growth: Value, witness: Witness) -> Value:
    """S for the h of the witness, after checking that h is allowed and S positive."""
    h = integer_of(witness, "h", minimum=1)
    require(2 * (h - 1) < cells, f"h={echo(h)} must be at most N/2 + 1, N={echo(cells)}")
    mass = hamming_mass(A, cells, log2_growth, h)
    require(bool(mass > 0), f"S is not certainly positive for h={echo(h)}, N={echo(cells)}")
    return mass


def _inverse_entropy(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """x in [0, 1/2] with H2(x) about y, never above: Newton from the left on a concave function."""
    y = np.clip(y, 0.0, 1.0)
    x = np.clip(0.5 * (1 - np.sqrt(1 - y**1.5)) * 0.8, 1e-300, 0.5)
    for _ in range(12):
        value = -(x * np.log2(x) + (1 - x) * np.log1p(-x) / np.log(2))
        slope = np.log2((1 - x) / x) + 1e-300
        x = np.clip(x + (y - value) / np.maximum(slope, 1e-9), 1e-300, 0.5)
    return x


def best_distance(cells: NDArray[np.float64], log2_growth: NDArray[np.float64]) -> tuple[Any, Any]:
    """For each N the h with the largest S (about), and that S: floats, vectorised."""
    N = np.asarray(cells, float)
    resolved = N < _RESOLVED
    # the largest j = h - 1 with log2 V(N, j) <= budget; beyond 1e14 cells doubles need a margin
    budget = N - log2_growth - np.where(resolved, 0.0, 1e-11 * N)
    top = np.maximum(np.ceil(N / 2) - 1, 0)
    start = np.minimum(np.floor(N * _inverse_entropy(budget / N)), top)  # not above, as V(N,j) <= 2^{N H2(j/N)}
    j = start
    with np.errstate(all="ignore"):
        for _ in range(3):  # Newton from the left
            slope = np.maximum(np.log2((N - j) / (j + 1.0)), 0.05)
            step = np.maximum((budget - log2_lower_tail(FLOAT, N, j)) / slope, -1.0)
            j = np.where(resolved, np.clip(np.floor(j + step), 0, top), start)
        best_h, best_s = np.ones_like(N), np.full_like(N, -np.inf)
        candidates = [start + 1, j, j + 1, j + 2, j + 3]
        if np.any(top - j < np.sqrt(N)):  # few patterns: near N/2 the geometric series is long, and less is more
            candidates += [j - np.floor(share * np.sqrt(N)) for share in _BACKWARDS]
        for h in candidates:
            h = np.clip(h, 1, top + 1)
            s = hamming_mass(FLOAT, N, log2_growth, h)
            better = s > best_s
            best_h, best_s = np.where(better, h, best_h), np.where(better, s, best_s)
    return best_h, np.where((budget >= 0) & (best_s > 1e-9), best_s, 0.0)  # what is smaller may be rounding


def hypercube_values(family: HypercubeFamily, growth: GrowthBound, p: Number, index: Index, cells: Any) -> Any:
    """T3 in floats on arrays of indices with their numbers of cells: (values, h). Vectorised."""
    cells = np.asarray(cells, float)
    h, mass = best_distance(cells, growth.evaluate(FLOAT, cells))
    norm = family.norm(FLOAT, {**index, "cells": cells}, p)
    return norm * np.power(2 * np.maximum(mass, 0.0) / cells, 1 / float(p)), h


class HypercubeTheorem(Theorem):
    """E_p^p >= 2 I_p S, S = sum_h max(0, 1 - Pi V(N,h-1) 2^{-N}), for every hypercube family with N cells.

    Hypotheses: 1 <= p < inf; a hypercube family of F; Pi bounds the patterns of G on N points at thresholds
    c_i + r (c_i the centres, r common). Guarantee: for every family member, as ||w||_p^p = N I_p,
    E_p >= ||w||_p (2S/N)^{1/p}; the same bounds the mean of inf_g ||f_omega - g||_p^p over uniform omega.
    No boundedness of G is needed. Tight up to constants for piecewise constants; equality for N = 1, G = {c}.
    Witness: ``family``, its indices, and h. Proof: THEORY.md, T3 (after the averaging idea of Siegel 2023).
    """

    id = "T3"
    title = "Hypercube theorem"
    statement = (
        r"$E_p(F,G)^p\ge 2I_pS$ with $S=\sum_{h=1}^N\max(0,1-\Pi V(N,h-1)2^{-N})$, for every hypercube family of $F$ "
        r"with $N$ cells, $\Pi$ the number of patterns of $G$ on $N$ points at thresholds $c_i+r$."
    )
    citations = (Citation("approxbounds", "T3"), Citation("Siegel2023"))

    def refusal(self, query: Query) -> str | None:
        if is_infinite(query.p):
            return "p = inf: it needs 1 <= p < inf (T3inf covers the sup norm)"
        return no_family(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        found: tuple[float, dict[str, Any]] = (0.0, {})
        for family in query.F.families:
            grid = family.grid().relevant(largest_shattered(query.G, family.centres))
            if not grid.cells.size:
                continue
            values, h = hypercube_values(family, query.G.growth(family.centres), query.p, grid.index, grid.cells)
            i = int(np.argmax(values))
            if values[i] > found[0]:
                found = (float(values[i]), family.witness(grid.at(i)) | {"h": int(h[i])})
        if not found[1]:
            raise HypothesisError(
                "no family member searched gives more than 1e-308: G shows too many patterns for them"
            )
        return found[1]

    def _mass(self, A: Arithmetic, query: Query, witness: Witness) -> tuple[HypercubeFamily, Index, int, Value]:
        """Family, index, N and S for the witness, with every hypothesis checked."""
        family, index, cells = member_of(query.F.families, witness)
        growth = query.G.growth(family.centres).evaluate(A, cells)
        return family, index, cells, checked_mass(A, cells, growth, witness)

    def evaluate(self, A: Arithmetic, query: Query, witness: Witness) -> Value:
        family, index, cells, mass = self._mass(A, query, witness)
        norm = family.norm(A, index, query.p)
        return norm * A.power(2 * mass / A.number(cells), 1 / A.number(query.p))

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-1 / query.F.entropy_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """||w||_p ((1 - 2^{-0.444 P})/4)^{1/p} at the coarsest member with N >= 12P, P >= Pdim(G).

        With h = floor(N/8)+1: Pi V(N,h-1) 2^{-N} <= 2^{-0.037 N}, N >= 12P, and S >= (N/8)(1 - 2^{-0.037 N}).
        """
        import sympy

        from approxbounds.symbolic import RealPower

        P, _ = pdim_expression(query.G)
        # 2^{-0.444 P} with a large number P would be a huge fraction: a smaller P there only weakens the bound
        share = sympy.Min(sympy.Max(P, 1), 25) if P.is_number else P
        exponent = -sympy.Rational(444, 1000) * share
        mass = (1 - (2**exponent if P.is_number else RealPower(2, exponent))) / 4
        forms = [family.least_norm(SYMBOLIC, 12 * P, query.p) for family in query.F.families]
        forms = [form for form in forms if form is not None]
        if not forms:
            raise NoExpressionError("T3: no closed form is known for the families of this class")
        factor = SYMBOLIC.power(mass, 1 / SYMBOLIC.number(query.p))
        return conditional(query, forms[0] * factor if len(forms) == 1 else sympy.Max(*(f * factor for f in forms)))

    def steps(self, query: Query, witness: Witness | None) -> tuple[Step, ...]:
        first = (Step(query.F.definition), Step(query.G.definition))
        if witness is None:
            family = query.F.families[0]
            P, citations = pdim_expression(query.G)
            return (
                *first,
                Step(family.describe(None), family.citations),
                Step(f"$\\operatorname{{Pdim}}(G)\\le P={latex(P)}$.", citations),
                Step(
                    r"Take the coarsest member with $N\ge12P$ cells and $h=\lfloor N/8\rfloor+1$: then "
                    r"$\Pi V(N,h-1)2^{-N}\le2^{-0.037N}$."
                ),
                Step(self.statement, self.citations),
            )
        family, index, N = member_of(query.F.families, witness)
        h = integer_of(witness, "h")
        log2_growth = query.G.growth(family.centres).evaluate(BALL, N)
        delta = BALL.power(BALL.number(2), log2_delta(BALL, N, log2_growth, h))
        mass, norm = hamming_mass(BALL, N, log2_growth, h), family.norm(BALL, index, query.p)
        p = query.p
        return (
            *first,
            Step(
                f"{family.describe(index)} This gives $N={N}$ cells and $\\|w\\|_{{{p}}}\\ge {below(norm)}$.",
                family.citations,
            ),
            *growth_steps(query.G, N, family.centres),
            Step(
                f"With $h={h}$: $\\delta_h=\\Pi V(N,h-1)2^{{-N}}\\le {above(delta)}$, hence "
                f"$S\\ge h-\\delta_h\\frac{{N-h+2}}{{N-2h+3}}\\ge {below(mass)}$."
            ),
            Step(
                f"{self.statement} As $\\|w\\|_p^p=N I_p$: $E_{{{p}}}\\ge\\|w\\|_{{{p}}}(2S/N)^{{1/{p}}}\\ge "
                f"{below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )


@dataclass(frozen=True)
class AverageCase:
    """T3 for a random target: what an experiment can test.

    For omega uniform on {0,1}^N and Z = inf_{g in G} ||f_omega - g||_p^p:
    E[Z] >= ``mean`` = 2 I_p S, and P(Z >= 2(1-theta) h I_p) >= 1 - delta_h/theta for every theta in (0,1].
    All numbers are certified lower bounds.
    """

    query: Query
    witness: Witness

    @cached_property
    def _member(self) -> tuple[HypercubeFamily, dict[str, int], int]:
        return member_of(self.query.F.families, self.witness)

    @property
    def family(self) -> HypercubeFamily:
        return self._member[0]

    @property
    def index(self) -> dict[str, int]:
        return self._member[1]

    @property
    def cells(self) -> int:
        """N."""
        return self._member[2]

    @property
    def h(self) -> int:
        return integer_of(self.witness, "h")

    @cached_property
    def mean(self) -> float:
        """A lower bound on the mean over omega of inf_g ||f_omega - g||_p^p."""
        with precision(256):
            family, index, cells, mass = HypercubeTheorem()._mass(BALL, self.query, self.witness)
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
        share = validation.exact("theta", theta, maximum=1, symbols=False)
        level = validation.exact("confidence", confidence, maximum=1 - Fraction(1, 2**64), symbols=False)
        with precision(256):
            family, index, cells = self._member
            growth = self.query.G.growth(family.centres).evaluate(BALL, cells)
            allowed = BALL.log2(BALL.number(share) * (1 - BALL.number(level)))
            low, high = 0, self.h + 1  # delta_h increases with h
            while high - low > 1:
                middle = (low + high) // 2
                if log2_delta(BALL, cells, growth, middle) <= allowed:
                    low = middle
                else:
                    high = middle
            if low == 0:
                reason = f"delta_1/theta is not below 1 - confidence at N={echo(cells)}"
                raise NotApplicableError(f"confidence={confidence}: {reason}")
            power = BALL.power(family.norm(BALL, index, self.query.p), self._p)
            return max(floor_float(2 * (1 - BALL.number(share)) * low * power / cells), 0.0)

    def target(self, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        """f_omega at points of shape (m, d), for omega of shape (N,) with entries 0 and 1."""
        if np.shape(omega) != (self.cells,):
            raise ParameterError("omega", np.shape(omega), f"must have shape ({self.cells},)")
        if not np.isin(omega, (0, 1)).all():
            raise ParameterError("omega", omega, "must have entries 0 and 1")
        where = np.asarray(points, float)
        if where.ndim != 2 or where.shape[1] != self.query.F.domain_dim:
            raise ParameterError("points", where.shape, f"must have shape (m, {self.query.F.domain_dim})")
        if not ((where >= 0) & (where <= 1)).all():
            raise ParameterError("points", points, "must lie in [0,1]^d")
        return self.family.evaluate(self.index, omega, where)


def average_case(query: Query, member: Mapping[str, int] | None = None) -> AverageCase:
    """T3's average-case statement at the best family member, or at a given one (its indices)."""
    theorem = HypercubeTheorem()
    reason = theorem.refusal(query)
    if reason is not None:
        raise NotApplicableError(f"T3: {reason}")
    if query.symbols:
        raise NoNumberError(f"the query has symbols ({', '.join(sorted(map(str, query.symbols)))})")
    try:
        if member is None:
            return AverageCase(query, theorem.search(query))
        family = query.F.families[0]
        if not isinstance(member, Mapping) or set(member) != set(family.indices):
            raise ParameterError("member", member, f"must be a mapping that names exactly {', '.join(family.indices)}")
        member = {name: validation.integer(name, member[name], maximum=2**60, symbols=False) for name in family.indices}
        index = family.member(member)
        if family.cells(index) > 2**1000:
            raise ParameterError("member", member, "must have at most 2^1000 cells")
        cells = np.array([float(family.cells(index))])
        h, mass = best_distance(cells, query.G.growth(family.centres).evaluate(FLOAT, cells))
        if not mass[0] > 0:
            raise HypothesisError(f"G shows too many patterns on N={family.cells(index)} points")
        return AverageCase(query, family.witness(member) | {"h": int(h[0])})
    except HypothesisError as error:
        raise NotApplicableError(f"T3: {error}") from None
