"""Members of hypercube families for theorems: those of F and of its cylinders, the search for a good one, its step.

A function of some coordinates that is in F as a function of x is a cylinder. A witness says by ``dims`` = d' that its
family consists of functions of the d' coordinates in which F is roughest; without that entry it is a family of F. As
the points of all cells at one t then differ in these coordinates only, G counts by its functions on flats.
THEORY.md, section 2.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC
from approxbounds.errors import HypothesisError, NoExpressionError
from approxbounds.facts.flats import OnFlats
from approxbounds.facts.hypercube import Grid, HypercubeFamily, Index, member_of
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem, conditional
from approxbounds.witness import Witness, integer_of, require

__all__ = [
    "MOST_AXES",
    "MOST_HALVED",
    "Choose",
    "Members",
    "Score",
    "Scores",
    "best_member",
    "cylinder_steps",
    "cylinders",
    "least_norm",
    "member_steps",
    "no_family",
    "on_axes",
    "on_cylinder",
]

#: Searches try cylinders of up to this many coordinates (certificates may have more).
MOST_AXES = 32
#: Functions of more coordinates are searched by their cylinders only: 2^d must be a double.
MOST_HALVED = 1000
_OF_MANY = (64, 128, 256, 512, MOST_HALVED)
#: The first look is at these d' and at d; where a d' takes long, it is the last, ...
_FIRST_LOOK = (1, 2, 3, 4, 8, 16, 32, *_OF_MANY)
#: ... and of the members ordered by their norms at those whose places are about so many times as far as the one before.
_STEP = 1.25


def no_family(query: Query) -> str | None:
    """The reason why theorems on hypercube families do not apply, if there is one."""
    if query.F.families:
        return None
    if query.F.setting is not None:
        return f"no family on cells that look alike is known under {query.F.setting} (T3w takes others)"
    return "no hypercube family of F is known (only its entropy)"


def least_norm(query: Query, theorem: Theorem, cells: Any, factor: Any = 1) -> Any:
    """A closed form of ``factor`` ||w||_p at the best family's coarsest member with so many cells (SymPy)."""
    import sympy

    forms = [family.least_norm(SYMBOLIC, cells, query.p) for family in query.F.families]
    forms = [form * factor for form in forms if form is not None]
    if not forms:
        raise NoExpressionError(f"{theorem.id}: no closed form is known for the families of this class")
    return conditional(query, forms[0] if len(forms) == 1 else sympy.Max(*forms))


def on_axes(query: Query, dims: int) -> tuple[int, ...]:
    """The d' coordinates in which F is roughest, numbered from 0."""
    return query.F.roughest_axes[:dims]


@lru_cache(maxsize=256)
def _reduced(query: Query, dims: int) -> Query:
    if dims == query.F.domain_dim:
        return query
    axes = on_axes(query, dims)
    functions = query.F.cylinder(axes)
    if functions is None:
        raise HypothesisError(f"dims={dims}: no functions of fewer coordinates in F are known")
    network = None if query.network is None else OnFlats(network=query.network, axes=axes)
    return Query(functions=functions, network=network, p=query.p, eps=query.eps)


def on_cylinder(query: Query, witness: Witness) -> Query:
    """The query that the family of the witness belongs to: that for functions of d' coordinates if it says so."""
    if witness.get("dims") is None:
        return query
    dims, dim = integer_of(witness, "dims", minimum=1), query.F.domain_dim
    require(dims <= dim, f"dims={dims} must be at most the dimension of F, {dim}")
    return _reduced(query, dims)


def cylinders(query: Query) -> Iterator[tuple[Mapping[str, int], Query]]:
    """The query itself, and those for functions of 1, 2, ... coordinates, each with its part of a witness.

    Above 32 those of 64, 128, .., 1000 coordinates; they are in place of the query itself if F has more than 1000.
    """
    dim = query.F.domain_dim
    if dim is None or dim <= MOST_HALVED:
        yield {}, query
    if dim is not None and dim > 1 and query.F.cylinder((0,)) is not None:
        for dims in (*range(1, min(dim - 1, MOST_AXES) + 1), *(most for most in _OF_MANY if most < dim)):
            yield {"dims": dims}, _reduced(query, dims)


@dataclass(frozen=True)
class Members:
    """Some members of one family of F or of a cylinder, for a search: what it scores."""

    query: Query
    family: HypercubeFamily
    part: Mapping[str, int]  # of a witness
    grid: Grid
    norm: NDArray[np.float64]  # ||w||_p, p of the query

    @property
    def cells(self) -> NDArray[np.float64]:
        """N of each."""
        return self.grid.cells

    @property
    def dims(self) -> int:
        """d'."""
        dims: int = self.query.F.domain_dim
        return dims

    def only(self, keep: NDArray[Any]) -> Members:
        """Those of a mask, or at the given positions in that order."""
        return Members(self.query, self.family, self.part, self.grid.only(keep), self.norm[keep])

    def worth(self, value: float, few: Mapping[int, float]) -> Members:
        """Those that may be worth at least so much and have more cells than too few, by the largest d' known."""
        least = max((cells for dims, cells in few.items() if dims <= self.dims), default=0.0)
        return self.only(np.flatnonzero((self.norm >= value) & (self.cells > least)))

    def witness(self, i: int) -> dict[str, Any]:
        """The part of a witness that names the i-th."""
        return {**self.family.witness(self.grid.at(i)), **self.part}


#: Values of all members of a list one after the other, and arrays of what else a witness needs. A value of -inf says
#: that this family gives nothing with as few cells or fewer.
Scores: TypeAlias = tuple[NDArray[np.float64], Mapping[str, NDArray[Any]]]
Score: TypeAlias = Callable[[Sequence[Members]], Scores]
Choose: TypeAlias = Callable[[Query, HypercubeFamily], Grid]


def _every(query: Query, choose: Choose, every: bool) -> Iterator[Members]:
    for part, reduced in cylinders(query):
        if part and not every and part["dims"] not in _FIRST_LOOK:
            continue
        for family in reduced.F.families:
            grid = choose(reduced, family)
            if grid.cells.size:
                index = {**grid.index, "cells": grid.cells}
                norm = np.broadcast_to(family.norm(FLOAT, index, query.p), grid.cells.shape)
                yield Members(reduced, family, part, grid, norm)


@dataclass(frozen=True)
class _Found:
    """The best member of some lists: its value, the list, its place there, and what else a witness needs."""

    value: float = 0.0
    members: Members | None = None
    place: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


def _best(parts: Sequence[Members], score: Score) -> tuple[_Found, list[float]]:
    """The best member, the first of equals, and for each list a number of cells that is too few."""
    if not parts:
        return _Found(), []
    values, extra = score(parts)
    ends = np.cumsum([part.norm.size for part in parts])
    split = np.split(values, ends[:-1])
    few = [float(np.max(part.cells[own == -np.inf], initial=0.0)) for part, own in zip(parts, split, strict=True)]
    i = int(np.argmax(np.where(np.isnan(values), -np.inf, values)))
    if not values[i] > 0:
        return _Found(), few
    which = int(np.searchsorted(ends, i, side="right"))
    place = i - (int(ends[which - 1]) if which else 0)
    return _Found(float(values[i]), parts[which], place, {name: column[i] for name, column in extra.items()}), few


def _ladder(size: int) -> NDArray[np.intp]:
    """Some of so many places: the first ones, later ones further and further apart."""
    steps = np.arange(int(np.log(size + 1) / np.log(_STEP)) + 2)
    return np.unique(np.minimum(np.floor(_STEP**steps) - 1, size - 1)).astype(int)


def best_member(
    query: Query,
    score: Score,
    failure: str,
    choose: Choose = lambda query, family: family.grid(),
    every: bool = True,
) -> tuple[Members, int, Mapping[str, Any]]:
    """The member of the largest value, the first of equals: its list, its place there, and what else its witness needs.

    ``score`` gives values, which must be at most ||w||_p; ``choose`` the members to look at, of each family of F and of
    its cylinders: those of all d', or of some d' only if not ``every``. The result is the best of all of them, whatever
    G is, so that it is monotone in G. First a few are looked at, then all whose norms are above what these give. Raises
    HypothesisError with the text ``failure`` if no value is positive.
    """
    found, few = _Found(), dict[int, float]()  # by d': so few cells give nothing, on larger flats neither
    rest: list[Members] = []
    parts = list(_every(query, choose, every))
    for looked in (True, False):  # at some d' first
        some = [
            part.worth(found.value, few)
            for part in parts
            if (part.query is query or part.dims in _FIRST_LOOK) is looked
        ]
        some = [part.only(np.argsort(-part.norm, kind="stable")) for part in some if part.norm.size]
        ladders = [_ladder(part.norm.size) for part in some]
        first, least = _best([part.only(places) for part, places in zip(some, ladders, strict=True)], score)
        found = max(found, first, key=lambda one: one.value)
        for part, places, cells in zip(some, ladders, least, strict=True):
            few[part.dims] = min(few.get(part.dims, inf), cells)
            rest.append(part.only(np.delete(np.arange(part.norm.size), places)))
    left = [part.worth(found.value, few) for part in rest]
    last, _ = _best([part for part in left if part.norm.size], score)
    best = max(found, last, key=lambda one: one.value)
    if best.members is None:
        raise HypothesisError(failure)
    return best.members, best.place, best.more


def member_steps(query: Query, witness: Witness, norm: str = "", *, on_flats: bool = True) -> tuple[Step, ...]:
    """The family with the numbers of the member; ``norm``: what is known of its profile, in LaTeX.

    ``on_flats``: whether G is counted on flats for a cylinder.
    """
    reduced = on_cylinder(query, witness)
    family, index, cells = member_of(reduced.F.families, witness)
    shown = f" and ${norm}$" if norm else ""
    return (*cylinder_steps(query, witness, on_flats=on_flats), _step(family, index, cells, shown))


def cylinder_steps(query: Query, witness: Witness, *, on_flats: bool = True) -> tuple[Step, ...]:
    """The coordinates of the cylinder that the witness names; nothing if it names none."""
    reduced = on_cylinder(query, witness)
    if reduced is query:
        return ()
    axes = sorted(j + 1 for j in on_axes(query, reduced.F.domain_dim))
    names = f"{axes[0]}" if len(axes) == 1 else ", ".join(map(str, axes))
    if axes == list(range(axes[0], axes[-1] + 1)) and len(axes) > 3:
        names = f"{axes[0]} to {axes[-1]}"
    text = f"Functions of $d'={len(axes)}$ coordinates of $x$, of number {names}, are in $F$ as functions of $x$."
    if on_flats:
        text += f" Where the others are fixed, $G$ is counted by its functions of these ${len(axes)}$."
    return (Step(text, (Citation("approxbounds", "2.7"),)),)


def _step(family: HypercubeFamily, index: Index, cells: int, shown: str) -> Step:
    return Step(f"{family.describe(index)} This gives $N={cells}$ cells{shown}.", family.citations)
