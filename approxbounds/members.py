"""Members of hypercube families for theorems: the search for a good one, and the step that describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from approxbounds.errors import HypothesisError
from approxbounds.facts.hypercube import HypercubeFamily, Index
from approxbounds.theorem import Query, Step

__all__ = ["Scored", "best_member", "member_step", "no_family"]

#: What a member is worth, by floats, and its part of a witness.
Scored: TypeAlias = tuple[float, dict[str, Any]]


def no_family(query: Query) -> str | None:
    """The reason why theorems on hypercube families do not apply, if there is one."""
    return None if query.F.families else "no hypercube family of F is known (only its entropy)"


def best_member(
    families: Iterable[HypercubeFamily], candidates: Callable[[HypercubeFamily], Iterable[Scored]], failure: str
) -> dict[str, Any]:
    """The witness with the largest positive score, the first of equals.

    ``candidates`` gives the best members of a family. Raises HypothesisError with the text ``failure`` if no score is
    positive.
    """
    found: Scored = (0.0, {})
    for family in families:
        for score, witness in candidates(family):
            if score > found[0]:  # not for NaN
                found = (score, witness)
    if not found[1]:
        raise HypothesisError(failure)
    return found[1]


def member_step(family: HypercubeFamily, index: Index, cells: int, norm: str = "") -> Step:
    """The family with the numbers of the member; ``norm``: what is known of its profile, in LaTeX."""
    shown = f" and ${norm}$" if norm else ""
    return Step(f"{family.describe(index)} This gives $N={cells}$ cells{shown}.", family.citations)
