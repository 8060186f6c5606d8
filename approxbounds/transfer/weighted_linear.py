"""Tlin-w: linear and affine spaces against cells of any masses, under any measure. THEORY.md, Tlin-w."""

from __future__ import annotations

import numpy as np

from approxbounds.arithmetic import BALL, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.facts.hypercube import family_of
from approxbounds.members import cylinder_steps, on_cylinder
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.linear_spaces import no_space, space_step
from approxbounds.transfer.weighted import Masses, masses_of, no_weighted_family, total, weighted_members
from approxbounds.validation import is_infinite
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
        if is_infinite(query.p):
            return "p = inf: it needs 1 <= p < inf (T3w-inf covers the sup norm)"
        return no_space(query) or no_weighted_family(query)

    def search(self, query: Query) -> Witness:
        D, best, found, where = int(query.G.linear_dimension or 0), 0.0, None, None
        for part, reduced, family in weighted_members(query):
            for index in family.members():
                if family.cells(index) <= D or family.ceiling(index, query.p) <= best:
                    continue
                value, level = _best_level(masses_of(family, tuple(index.items()), reduced.p), D)
                if value > best:
                    best, where = value, (family, part)
                    found = {**family.witness(index), **part, "level": short_fraction(level)}
        if found is None or where is None or best ** (1 / float(query.p)) < 1e-300:
            raise HypothesisError(f"no member searched has more than D={D} cells and gives more than 1e-300")
        family, part = where
        for near in family.near(family.member(found)):
            value, level = _best_level(masses_of(family, tuple(near.items()), query.p), D)
            if value > best:
                best, found = value, {**family.witness(near), **part, "level": short_fraction(level)}
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("Tlin-w: the formula has a term for each mass; its value is a number only")
        family, index = family_of(on_cylinder(query, witness).F.weighted_families, witness)
        level, D = A.number(fraction_of(witness, "level")), query.G.linear_dimension
        masses = family.masses(A, index, query.p)
        kept = -level * A.number(D)
        for mass, count in zip(masses.values, masses.counts, strict=True):
            kept = kept + total(count * A.minimum(mass, level))
        require(bool(kept > 0), "the bound is not certainly positive")
        return A.power(kept / 2, 1 / A.number(query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, index = family_of(on_cylinder(query, witness).F.weighted_families, witness)
        value, level = below(self.evaluate(BALL, query, witness)), float(fraction_of(witness, "level"))
        return (
            *cylinder_steps(query, witness, on_flats=False),
            Step(f"{family.describe(index)} This gives $N={family.cells(index)}$ cells.", family.citations),
            space_step(query),
            Step(f"{self.statement} With $t={level:.6g}$ this gives $E_{{{query.p}}}\\ge {value}$.", self.citations),
        )
