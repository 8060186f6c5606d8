"""Tlin: classes in a linear or affine space of finite dimension. THEORY.md, Tlin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.description import named
from approxbounds.errors import echo
from approxbounds.facts.hypercube import member_of
from approxbounds.members import (
    Members,
    Scores,
    best_member,
    least_norm,
    member_steps,
    no_family,
    on_cylinder,
)
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, require

__all__ = ["LinearSpaceTheorem", "no_space", "space_step"]


def no_space(query: Query) -> str | None:
    """The reason why theorems on linear spaces do not apply, if there is one."""
    known = query.G.linear_dimension is not None
    return None if known else "G is not known to lie in a linear or affine space of finite dimension"


def _dimension(query: Query) -> int:
    """D of a numeric query; only asked where there is one."""
    dimension = query.G.linear_dimension
    assert dimension is not None
    return int(dimension)


def space_step(query: Query) -> Step:
    """The dimension of the space that G lies in."""
    return Step(f"$G$ lies in a linear or affine space of dimension ${named('D', query.G.linear_dimension)}$.")


class LinearSpaceTheorem(Theorem):
    """E_p >= ||w||_p (1 - D/N)^{1/p}, for every hypercube family with N > D cells.

    Hypotheses: 1 <= p < inf; a hypercube family of F, whatever its centres; G lies in a linear or affine space of
    dimension D. Convexity of F is not needed: the distance from a space is a convex function, so among the functions
    c + sum a_i w_i, |a_i| <= 1, it is largest at signs, which are the members f_omega themselves.
    T3 gives nothing before N > 2D or so.
    Witness: ``family`` and its indices. Proof: THEORY.md, Tlin.
    """

    id = "Tlin"
    title = "Hypercube theorem for linear spaces"
    statement = (
        r"If $G$ lies in an affine space of dimension $D$ then $E_p(F,G)\ge\|w\|_p(1-D/N)^{1/p}$, for every hypercube "
        r"family of $F$ with $N>D$ cells: means over the cells map $G$ into $Y\subset\mathbb R^N$ of dimension "
        r"$\le D$, and some sign vector is at $\ell_p$ distance $\ge(N-D)^{1/p}$ from $Y$."
    )
    citations = (Citation("approxbounds", "Tlin"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        if is_infinite(query.p):
            return "p = inf: T3inf gives there what it would give, sup w for every family with N > D cells"
        return no_space(query) or no_family(query)

    def search(self, query: Query) -> Witness:
        D = _dimension(query)

        def values(parts: Sequence[Members]) -> Scores:
            shares = [part.norm * np.power(np.maximum(1 - D / part.cells, 0.0), 1 / float(query.p)) for part in parts]
            return np.concatenate(shares), {}

        members, i, _ = best_member(query, values, f"no family member searched has more than D={D} cells")
        return members.witness(i)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, index, cells = member_of(on_cylinder(query, witness).F.families, witness)
        D = _dimension(query)
        require(cells > D, f"N={echo(cells)} must be greater than the dimension D={D}")
        share = A.number(cells - D) / A.number(cells)
        return family.norm(A, index, query.p) * A.power(share, 1 / A.number(query.p))

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-1 / query.F.entropy_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """||w||_p (a/(a+p))^{1/p} at the coarsest member with N >= (1 + a/p) D, a the entropy exponent.

        For norms of order N^{-1/a} this N is the best.
        """
        D, p = SYMBOLIC.number(query.G.linear_dimension), SYMBOLIC.number(query.p)
        a = query.F.entropy_exponent(query.p)
        return least_norm(query, self, (1 + a / p) * D, SYMBOLIC.power(a / (a + p), 1 / p))

    def outline(self, query: Query) -> tuple[Step, ...]:
        family = query.F.families[0]
        return (
            Step(family.describe(None), family.citations),
            space_step(query),
            Step(r"Take the coarsest member with $N\ge(1+a/p)D$ cells, $a$ the entropy exponent of $F$."),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index, N = member_of(on_cylinder(query, witness).F.families, witness)
        D, p = _dimension(query), query.p
        return (
            *member_steps(query, witness, f"\\|w\\|_{{{p}}}\\ge {below(family.norm(BALL, index, p))}"),
            space_step(query),
            Step(
                f"{self.statement} Here $E_{{{p}}}\\ge\\|w\\|_{{{p}}}(1-{D}/{N})^{{1/{p}}}\\ge "
                f"{below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
