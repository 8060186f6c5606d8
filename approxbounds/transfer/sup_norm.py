"""T3inf, the sup-norm case. THEORY.md, T3inf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import (
    excludes_shattering,
    growth_steps,
    no_growth,
    pdim_expression,
    pdim_upper,
    unshattered_member,
)
from approxbounds.complexity.shattering import nearly_excluded
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.hypercube import HypercubeFamily, member_of
from approxbounds.members import cylinders, least_norm, member_steps, no_family, on_cylinder
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, sup_norm_only
from approxbounds.witness import Witness, require

__all__ = ["SupNormTheorem"]


def _height(family: HypercubeFamily, cells: int) -> float:
    """sup w at the coarsest member with so many cells, by floats."""
    return float(family.norm(FLOAT, family.coarsest(cells), inf))


class SupNormTheorem(Theorem):
    """Pi_G(N) < 2^N implies E_inf >= I_inf = sup w, for every hypercube family with N cells.

    Hypotheses: p = inf; G does not shatter any N points at thresholds c_i. Guarantee: E_inf(F, G) >= sup w.
    Otherwise, with values v_i of g near the maximum of w, every f_omega would force its own pattern.
    For monotone functions of d >= 2 variables this is 1/2 for every G of finite pseudo-dimension.
    Witness: ``family`` and its indices, ``dims`` if it is one of a cylinder.
    """

    id = "T3inf"
    title = "Hypercube theorem in sup norm"
    statement = (
        r"If $\Pi_G(N)<2^N$ then $E_\infty(F,G)\ge\sup w$: some sign pattern $\omega$ is missed by every $g$ at the "
        r"thresholds $c_i$, so for each $g$ some cell has $g$ on the wrong side of $c_i$ and $|f_\omega-g|\ge w$."
    )
    citations = (Citation("approxbounds", "T3inf"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        return sup_norm_only(query, "T3") or no_family(query) or no_growth(query)

    def search(self, query: Query) -> Witness:
        candidates = sorted(self._candidates(query), key=lambda found: -found[0])  # the first of equals
        on_grid, witness = max(self._on_grids(query), key=lambda found: found[0], default=(0.0, None))
        for height, part, reduced, family, cells in candidates:
            if height < on_grid:
                break
            index = unshattered_member(reduced.G, family, cells, family.cells) if height > 0 else None
            if index is not None:
                return {**family.witness(index), **part}
        if witness is not None:
            return witness
        raise HypothesisError("no family member with more cells than G may shatter has a height above 1e-308")

    @staticmethod
    def _on_grids(query: Query) -> Iterator[tuple[float, dict[str, Any]]]:
        """Height and witness of the highest member of each family whose grid G certainly does not shatter."""
        for part, reduced in cylinders(query):
            for family in reduced.F.families:
                grid = family.grid()
                for count in reduced.G.counts_at(family, grid.index):
                    few = np.flatnonzero(count.evaluate(FLOAT, grid.cells) < grid.cells)
                    if few.size:
                        heights = np.broadcast_to(family.norm(FLOAT, grid.index, inf), grid.cells.shape)[few]
                        i = int(np.argmax(heights))
                        yield float(heights[i]), {**family.witness(grid.at(int(few[i]))), **part}

    @staticmethod
    def _candidates(query: Query) -> Iterator[tuple[float, Mapping[str, int], Query, HypercubeFamily, int]]:
        """For each family of F and of its cylinders: height, part of a witness, query, and about the cells it takes.

        Cylinders are left out that are not higher than what there is with as many cells as one of fewer coordinates
        takes: G shows no fewer patterns on larger flats.
        """
        best, least = 0.0, 2
        if not query.G.bounded_growth:  # counted on grids only
            return
        for part, reduced in cylinders(query):
            taken = []
            for family in reduced.F.families:
                of = (reduced.G, family.centres)
                if part and (least > family.most_cells or _height(family, least) <= best):
                    continue
                cells = nearly_excluded(*of) if part else pdim_upper(*of) + 1
                taken.append(cells)
                if cells <= family.most_cells:
                    height = _height(family, cells)
                    best = max(best, height)
                    yield height, part, reduced, family, cells
            if part and taken:
                least = max(least, min(taken))

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        query = on_cylinder(query, witness)
        family, index, cells = member_of(query.F.families, witness)
        if A.decides:
            unshattered = excludes_shattering(A, query.G, cells, family.centres) or any(
                count.evaluate(A, cells) < cells for count in query.G.counts_at(family, index)
            )
            require(unshattered, f"it is not certain that no N={echo(cells)} points are shattered")
        return family.norm(A, index, inf)

    def rate(self, query: Query) -> Any:
        return query.G.orders.pdim ** (-1 / query.F.entropy_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """sup w at the coarsest member with N >= P + 1 cells, P >= Pdim(G)."""
        P, _ = pdim_expression(query.G)
        return least_norm(query, self, P + 1)

    def outline(self, query: Query) -> tuple[Step, ...]:
        family = query.F.families[0]
        _, citations = pdim_expression(query.G)
        return (
            Step(family.describe(None), family.citations),
            Step(r"Take the coarsest member with $N\ge\operatorname{Pdim}(G)+1$ cells.", citations),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        reduced = on_cylinder(query, witness)
        family, index, N = member_of(reduced.F.families, witness)
        return (
            *member_steps(query, witness, f"\\sup w\\ge {below(family.norm(BALL, index, inf))}"),
            *growth_steps(reduced.G.growth_at(family, index), N),
            Step(self.statement, self.citations),
        )
