"""Lower bounds on the packing entropy log M(eps, F, L^p). THEORY.md, section 2.1."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds import validation
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V, log2_lower_tail
from approxbounds.bisection import largest
from approxbounds.bound import Bound, apply, best
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.functions import FunctionFacts
from approxbounds.facts.hypercube import FINEST_CELLS, FINEST_RESOLUTION, Grid, HypercubeFamily, member_of
from approxbounds.members import cylinders, member_steps, no_family, on_cylinder
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.validation import is_infinite, is_symbolic, symbol_unless_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["THEOREMS", "packing"]


_SHARES, _HALF = np.arange(1, 30) / 64, np.array([0.5])


class _PackingTheorem(Theorem):
    inputs = ("functions", "p", "eps")

    def quantity(self, query: Query) -> str:
        p = r"\infty" if is_infinite(query.p) else f"{query.p}"
        return f"\\log M({query.eps}, F, L^{{{p}}})"

    def rate(self, query: Query) -> Any:
        eps = symbol_unless_symbolic(query.eps, "eps")
        return eps ** (-query.F.entropy_exponent(query.p))


def _distance_and_size(family: HypercubeFamily, grid: Grid, query: Query) -> tuple[Any, Any]:
    """For each member the least h whose distance exceeds eps, and log2 of the packing: floats, 0 if there is none."""
    N, eps = grid.cells, float(query.eps)
    norm = np.broadcast_to(family.norm(FLOAT, {**grid.index, "cells": N}, query.p), N.shape)
    if is_infinite(query.p):
        return np.ones_like(N), np.where(2 * norm > eps * (1 + 1e-12), N, 0.0)
    with np.errstate(all="ignore"):
        h = np.floor((eps / (2 * norm)) ** float(query.p) * N * (1 + 1e-12)) + 1
        tail = log2_lower_tail(FLOAT, N, np.minimum(h - 1, (N - 1) / 2))
        return h, np.where(2 * (h - 1) < N, N - tail, 0.0)


def _finest(family: HypercubeFamily, query: Query, shares: NDArray[np.float64]) -> list[Grid]:
    """The finest members whose distance still exceeds eps at these values of h/N: bisection on k."""
    members: list[dict[str, int]] = []
    for share in shares:
        scale = 1.0 if is_infinite(query.p) else float(share) ** (1 / float(query.p))
        for which in range(len(family.extremes(2))):

            def large(k: int, which: int = which, scale: float = scale) -> bool:
                member = family.extremes(k)[which]
                if family.cells(member) > FINEST_CELLS:
                    return False
                norm = float(family.norm(FLOAT, member, query.p))
                return 2 * norm * scale > float(query.eps) * (1 + 1e-12)

            k = largest(large, FINEST_RESOLUTION)
            if k > 0:
                members.append(family.extremes(k)[which])
        if is_infinite(query.p):
            break
    if not members:
        return []
    index = {name: np.array([float(member[name]) for member in members]) for name in members[0]}
    return [Grid(index, np.array([float(family.cells(member)) for member in members]))]


def _most_cells(family: HypercubeFamily, query: Query) -> float:
    """A number of cells that no member has whose packing the search looks at: a packing has no more bits than cells.

    Members of the grid count if they give something. The finest members at shares below 1/2 have no more cells than
    those at 1/2, which may give nothing themselves.
    """
    grid = family.grid()
    coarse = grid.cells[_distance_and_size(family, grid, query)[1] > 0]
    return max(float(np.max(each, initial=0.0)) for each in (coarse, *(g.cells for g in _finest(family, query, _HALF))))


class GilbertVarshamov(_PackingTheorem):
    """At least 2^N/V(N,h-1) of the f_omega are at pairwise L^p distance >= 2||w||_p (h/N)^{1/p} > eps.

    M(eps) counts distances greater than eps, so eps must be smaller than the distance. In sup norm all 2^N
    functions are at distance 2 sup w. Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, ``h``.
    """

    id = "packing-gilbert-varshamov"
    title = "Gilbert-Varshamov packing of a hypercube family"
    statement = (
        r"For $1\le h\le N$ at least $2^N/V(N,h-1)$ of the $f_\omega$ have pairwise $L^p$ distance at least "
        r"$2\|w\|_p(h/N)^{1/p}$; in sup norm all $2^N$ are at distance $2\sup w$."
    )
    citations = (Citation("Gilbert1952"), Citation("approxbounds", "2.1"))
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return no_family(query)

    def search(self, query: Query) -> Witness:
        """The largest packing; families are skipped that have no member with so many cells whose distance is enough."""
        found: tuple[float, dict[str, Any]] = (0.0, {})
        every = [(part, reduced, family) for part, reduced in cylinders(query) for family in reduced.F.families]
        most = [_most_cells(family, reduced) for _, reduced, family in every]
        for i in np.argsort(-np.array(most), kind="stable"):
            part, reduced, family = every[i]
            if most[i] <= found[0]:
                break
            for grid in (family.grid(), *_finest(family, reduced, _SHARES)):
                h, bits = _distance_and_size(family, grid, reduced)
                j = int(np.argmax(bits))
                if bits[j] > found[0]:
                    found = (float(bits[j]), {**family.witness(grid.at(j)), **part, "h": int(h[j])})
        if not found[1]:
            raise HypothesisError(f"eps={query.eps} is too large: no family searched has two functions so far apart")
        return found[1]

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, cells = member_of(on_cylinder(query, witness).F.families, witness)
        h = integer_of(witness, "h", minimum=1)
        norm, log_two = family.norm(A, index, query.p), A.log(A.number(2))
        if is_infinite(query.p):
            if A.decides:
                require(bool(2 * norm > A.number(query.eps)), "the distance is not certainly greater than eps")
            return log_two * A.number(cells)
        require(2 * (h - 1) < cells, f"h={echo(h)} must be at most N/2 + 1, N={echo(cells)}")
        distance = 2 * norm * A.power(A.number(h) / A.number(cells), 1 / A.number(query.p))
        if A.decides:
            require(bool(distance > A.number(query.eps)), "the distance is not certainly greater than eps")
        return log_two * (A.number(cells) - log2_lower_tail(A, cells, h - 1))

    def expression(self, query: Query) -> Any:
        """h = floor(N/8)+1: log M >= N (1 - H2(1/8)) log 2 with 2||w||_p 8^{-1/p} >= eps; N log 2 in sup norm."""
        share = SYMBOLIC.number(1)
        norm = SYMBOLIC.number(query.eps) / 2
        if not is_infinite(query.p):
            share = SYMBOLIC.number(Fraction(456, 1000))
            norm = norm * SYMBOLIC.power(8, 1 / SYMBOLIC.number(query.p))
        forms = [family.finest_cells(SYMBOLIC, norm, query.p) for family in query.F.families]
        forms = [form for form in forms if form is not None]
        if not forms:
            raise NoExpressionError("no closed form is known for the families of this class")
        return conditional(query, SYMBOLIC.maximum(*forms) * share * SYMBOLIC.log(SYMBOLIC.number(2)))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, _ = member_of(on_cylinder(query, witness).F.families, witness)
        return (
            *member_steps(
                query, witness, on_flats=False, norm=f"\\|w\\|\\ge {below(family.norm(BALL, index, query.p))}"
            ),
            Step(
                f"{self.statement} Take $h={witness['h']}$: the distance is greater than $\\varepsilon={query.eps}$.",
                self.citations,
            ),
        )


class KnownEntropy(_PackingTheorem):
    """The entropy bound by which a class is known: log M(eps, F, L^q) >= c eps^{-a}, for p >= q."""

    id = "packing-known-entropy"
    title = "Known entropy"
    statement = (
        r"$\log M(\varepsilon,F,L^q)\ge c\,\varepsilon^{-a}$ for $\varepsilon\le\varepsilon_0$, and $L^p$ distances "
        r"grow with $p\ge q$."
    )
    citations = (Citation("approxbounds", "2.4"),)

    def refusal(self, query: Query) -> str | None:
        if query.F.families:
            return "F is known by hypercube families"
        entropy = query.F.entropy_bound(query.p)
        if entropy is None:
            return f"the entropy of F is not known for p = {query.p}"
        if entropy.constant is None:
            return "the constant of the entropy bound is unspecified"
        return None

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        entropy = query.F.entropy_bound(query.p)
        assert entropy is not None and entropy.constant is not None
        if not is_symbolic(query.eps) and not is_symbolic(entropy.valid_below):
            require(query.eps <= entropy.valid_below, f"eps={query.eps} must be at most eps0={entropy.valid_below}")
        return A.number(entropy.constant) * A.power(A.number(query.eps), -A.number(entropy.exponent))

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})


THEOREMS: tuple[Theorem, ...] = (GilbertVarshamov(), KnownEntropy())


def packing(F: FunctionFacts, eps: object, *, p: object) -> Bound:
    """A certified lower bound on log M(eps, F, L^p) (natural logarithm), the best family member for that eps."""
    query = Query(functions=F, p=validation.exponent(p), eps=validation.exact("eps", eps))
    return best(tuple(apply(theorem, query) for theorem in THEOREMS), f"a packing bound for {F}")
