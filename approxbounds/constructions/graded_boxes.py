"""What constructions for convex functions of several variables on graded grids share. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.smoothness import cut_choices
from approxbounds.constructions.splits import best_split
from approxbounds.constructions.sticks import GRADINGS
from approxbounds.constructions.windows import boxes_refusal, cut_names
from approxbounds.errors import NoExpressionError, echo
from approxbounds.facts.functions import Regularity
from approxbounds.sources import Citation
from approxbounds.theorem import Query
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["GradedBoxes"]


class GradedBoxes(Construction):
    """K x k_2 x .. x k_d boxes of a grid that is dense at the faces of the cube; all f in F are convex, d >= 2.

    Witness: ``K``, ``grading``, ``k2``, ``grading2``, .., and whether f enters in another way: ``other`` is 1 or 0.
    """

    citations = (Citation("approxbounds", "5.1"),)
    other: ClassVar[str]
    not_in_sup_norm: ClassVar[str]
    most: ClassVar[tuple[int, int]]  # parts of x_1, and of the others: so that the formula takes a tenth of a second

    @abstractmethod
    def ways(self, query: Query) -> list[tuple[float, Witness]]:
        """The bounds for b - a = 1, in floats, and the witnesses, for all ways in which f may enter."""

    @abstractmethod
    def columns(self, query: Query, cuts: tuple[int, ...]) -> int:
        """The largest K for these k_2, .., k_d; not positive if there is none."""

    @abstractmethod
    def total(self, A: Arithmetic[V], other: bool, p: V, grids: Sequence[tuple[int, Fraction]]) -> V:
        """The bound for b - a = 1 and these parts and gradings; p is 2 in the other way."""

    @abstractmethod
    def other_refusal(self, query: Query) -> str | None:
        """Why f may not enter in the other way, or None."""

    def refusal(self, query: Query) -> str | None:
        if not query.F.is_convex or query.F.value_range is None:
            return "F must be a class of convex functions with a known range"
        return boxes_refusal(query, self.not_in_sup_norm)

    def search(self, query: Query) -> Witness:
        """The numbers of parts of x_2, .., x_d differ by one at most."""
        found = self.ways(query)
        if not found:
            raise self.no_room
        return min(found, key=lambda way: way[0])[1]

    def choices(self, query: Query, most: int) -> list[tuple[int, ...]]:
        """Numbers of parts of x_2, .., x_d, which are all alike."""
        cut = len(cut_names(query))
        return cut_choices(Regularity((1,) * (cut + 1), 1), cut, min(most, self.most[1]))

    def best(
        self,
        query: Query,
        other: bool,
        *,
        choices: Sequence[tuple[int, ...]],
        room: Callable[[tuple[int, ...]], int],
        error: Callable[[tuple[int, ...], int], float],
        nodes: Callable[[int, int], tuple[float, int, Fraction]],
    ) -> list[tuple[float, Witness]]:
        """The best of these k_2, .., k_d with the K that there is room for; none if there is room for none.

        ``nodes``, of the number of the coordinate and of parts: as :func:`best_nodes`.
        """
        split = best_split(choices, room, error)
        if split is None:
            return []
        cuts, first = split
        witness: dict[str, int | Fraction | str] = {}
        for axis, (j, n) in enumerate(zip(("", *cut_names(query)), (min(first, self.most[0]), *cuts), strict=True)):
            _, witness[f"k{j}" if j else "K"], witness[f"grading{j}"] = nodes(axis, n)
        return [(error(*split), witness | {self.other: int(other)})]

    def grids(self, query: Query, witness: Witness) -> list[tuple[int, Fraction]]:
        """The parts and the grading of each coordinate."""
        found = []
        for j in ("", *cut_names(query)):
            parts = integer_of(witness, f"k{j}" if j else "K", minimum=1, maximum=self.most[int(bool(j))])
            grading = fraction_of(witness, f"grading{j}")
            allowed = f"grading{j}={echo(grading)} must be a multiple of 1/4 from 1 to 15"
            require(grading in GRADINGS, allowed)
            found.append((parts, grading))
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        grids = self.grids(query, witness)
        other = integer_of(witness, self.other, maximum=1) == 1
        reason = self.other_refusal(query) if other else None
        require(reason is None, str(reason))
        first, *cuts = (n for n, _ in grids)
        shown = ", ".join(f"k{j}={k}" for j, k in zip(cut_names(query), cuts, strict=True))
        require(self.columns(query, tuple(cuts)) >= first, f"the widths of G have no room for K={first}, {shown}")
        return query.F.span(A) * self.total(A, other, A.number(2 if other else query.p), grids)

    def expression(self, query: Query) -> Any:
        raise NoExpressionError(f"{self.id}: its formula is a maximum over all cells, which has no short closed form")
