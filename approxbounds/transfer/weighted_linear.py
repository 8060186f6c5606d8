"""Tlin-w: linear and affine spaces against cells of any masses, under any measure. THEORY.md, Tlin-w."""

from __future__ import annotations

import numpy as np

from approxbounds.arithmetic import BALL, Arithmetic, V
from approxbounds.errors import NoExpressionError
from approxbounds.facts.hypercube import Index
from approxbounds.facts.weighted import WeightedFamily
from approxbounds.members import cylinder_steps
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, finite_only
from approxbounds.transfer.linear_spaces import no_space, space_step
from approxbounds.transfer.weighted import Masses, masses_of, nearly_best, no_weighted_family, total, weighted_member
from approxbounds.witness import Witness, fraction_of, require, short_fraction

__all__ = ["WeightedLinearTheorem"]


def _best_level(masses: Masses, D: int) -> tuple[float, float]:
    """Half the sum of all masses but the D largest, and the largest of these: sum min(A_i, t) - Dt is largest there."""
    ends = np.cumsum(masses.counts)
    if not ends.size or ends[-1] <= D:
        return 0.0, 1.0
    level = float(masses.masses[int(np.searchsorted(ends, D, side="right"))])
    return float(masses.counts @ np.minimum(masses.masses, level) - D * level) / 2, level


class WeightedLinearTheorem(Theorem):
    """E_p^p >= (1/2) sum_{i>D} A_(i), for cells of masses A_(1) >= A_(2) >= .. under any measure mu.

    Hypotheses: 1 <= p < inf; a weighted family of F, whatever its centres, with A_i <= 2 int_{C_i} w^p dmu; G lies in a
    linear or affine space of dimension D. Convexity of F is not needed. For every level t > 0 the sum is at least
    sum_i min(A_i, t) - Dt, with equality at t = A_(D+1), so that nothing has to be sorted. For equal masses it is Tlin.
    Witness: ``family``, its indices, ``dims`` if it is one of a cylinder, and ``level`` = t. Proof: THEORY.md, Tlin-w.
    """

    id = "Tlin-w"
    title = "Unequal masses against linear spaces"
    statement = (
        r"If $G$ lies in an affine space of dimension $D$ then $E_p(F,G)^p\ge\frac12\sum_{i>D}A_{(i)}\ge"
        r"\frac12\big(\sum_i\min(A_i,t)-Dt\big)$ for every $t>0$ and every family of $F$ on cells with masses "
        r"$A_i\le2\int_{C_i}w^pd\mu$, $A_{(1)}\ge A_{(2)}\ge\dots$"
    )
    citations = (Citation("approxbounds", "Tlin-w"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return finite_only(query, "T3w-inf") or no_space(query) or no_weighted_family(query)

    def search(self, query: Query) -> Witness:
        D = int(query.G.linear_dimension or 0)

        def score(_: Query, family: WeightedFamily, index: Index, best: float) -> tuple[float, Witness]:
            if family.cells(index) <= D or family.ceiling(index, query.p) <= best:
                return 0.0, {}
            value, level = _best_level(masses_of(family, tuple(index.items()), query.p), D)
            return value, {"level": short_fraction(level)}

        return nearly_best(query, score, f"no member searched has more than D={D} cells and gives more than 1e-300")

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("Tlin-w: the formula has a term for each mass; its value is a number only")
        _, family, index = weighted_member(query, witness)
        level, D = A.number(fraction_of(witness, "level")), query.G.linear_dimension
        masses = family.masses(A, index, query.p)
        kept = -level * A.number(D)
        for mass, count in zip(masses.values, masses.counts, strict=True):
            kept = kept + total(count * A.minimum(mass, level))
        require(bool(kept > 0), "the bound is not certainly positive")
        return A.power(kept / 2, 1 / A.number(query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        _, family, index = weighted_member(query, witness)
        value, level = below(self.evaluate(BALL, query, witness)), float(fraction_of(witness, "level"))
        return (
            *cylinder_steps(query, witness, on_flats=False),
            Step(f"{family.describe(index)} This gives $N={family.cells(index)}$ cells.", family.citations),
            space_step(query),
            Step(f"{self.statement} With $t={level:.6g}$ this gives $E_{{{query.p}}}\\ge {value}$.", self.citations),
        )
