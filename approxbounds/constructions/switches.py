"""Functions of their own on strips, joined by switches of two ReLU units each: two hidden layers. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.hinges import breaks, hinges
from approxbounds.constructions.pairs import Plan, Share, ShareOf, assembled, best_plan, plan_widths
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.witness import Witness

__all__ = ["Strips", "SwitchedConstruction"]


@dataclass(frozen=True, eq=False)
class Strips:
    """k forms of x and the ``units`` of all strips, one on each of k equal parts of the coordinate ``axis``.

    ``forms`` are their coefficients, shape (k, d + units); ``low``: no form has smaller values; ``steep``: a slope that
    passes all differences of neighbours close to the ends of the parts.
    """

    axis: int
    units: AffineMap
    forms: NDArray[np.float64]
    constants: NDArray[np.float64]
    low: float
    steep: float


class SwitchedConstruction(SizedConstruction):
    """Of which ``k`` is the number of strips, each with a form of its own of x and of units that all strips share."""

    @abstractmethod
    def units(self, sizes: Mapping[str, int]) -> int:
        """How many units the strips share, x not among them."""

    @abstractmethod
    def strips(self, query: Query, sizes: Mapping[str, int], f: Function) -> Strips:
        """The forms for f on as many strips as G has room for."""

    def plan(self, query: Query, units: int) -> tuple[int, Plan]:
        """How many strips G has room for with so many shared units, 0 if none, and where."""
        dim = int(query.G.domain_dim)
        return best_plan(widths_of(query.G), dim, _share_of(dim + units)) or (0, ())

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return sizes["k"] <= self.plan(query, self.units(sizes))[0]

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        units, dim = self.units(self._sizes(query, witness)), int(query.G.domain_dim)
        _, plan = self.plan(query, units)
        if not plan:
            return None
        switches = [pair.share - int(pair.first) for pair in plan]
        needed = [(dim + units + count, count) for count in switches]
        return reshaped(query.G, plan_widths(plan, plan[-1].layer + 2, dim, needed))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values on (or close to) the middle lines; switches are 1e-7 wide: 1e-7 R lost in sup norm."""
        require_moderate(query.G)
        sizes, dim = self._sizes(query, witness), int(query.G.domain_dim)
        k, plan = self.plan(query, self.units(sizes))
        strips = self.strips(query, {**sizes, "k": k}, f)
        return dense(query.G, assembled(plan, _shares(plan, dim, strips), len(widths_of(query.G)), dim))

    def _sizes(self, query: Query, witness: Witness) -> dict[str, int]:
        return {name: int(witness[name]) for name in self.names(query)}


def _share_of(fixed: int) -> ShareOf:
    """A break and a switch for each strip but the first, whose form is in the unit of the sum."""

    def share(units: int, rest: int, first: bool) -> int:
        switches = min(rest, units - fixed)
        return switches + int(first) if switches >= 0 else -1

    return share


def _shares(plan: Plan, dim: int, strips: Strips) -> list[Share]:
    """What each pair adds: its own switches, and the first pair the first form too."""
    jumps, shares, done = breaks(len(strips.forms)), [], 0
    fixed = strips.forms.shape[1]
    for pair in plan:
        new = slice(done, done + pair.share - int(pair.first))
        done, count = new.stop, new.stop - new.start
        own = hinges(strips.axis, jumps[new], dim)
        first = np.vstack([strips.units[0], own[0]]), np.concatenate([strips.units[1], own[1]])
        second = np.zeros((count, fixed + count))
        second[:, :fixed] = np.diff(strips.forms, axis=0)[new]
        second[:, strips.axis] += strips.steep
        offsets = np.diff(strips.constants)[new] - strips.steep * jumps[new]
        base, constant = np.zeros(fixed + count), 0.0
        base[fixed:] = -strips.steep
        if pair.first:
            base[:fixed], constant = strips.forms[0], float(strips.constants[0])
        below = (strips.low - strips.steep * float((1 - jumps[new]).sum()), strips.low)
        shares.append(Share(first, (second, offsets), np.ones(count), (base, constant), below))
    return shares
