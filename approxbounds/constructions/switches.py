"""Functions of their own on strips, joined by switches of two ReLU units each: two hidden layers. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from approxbounds.constructions.hinges import breaks, hinges
from approxbounds.constructions.pairs import Pair, Plan, Share, ShareOf, assembled, best_plan, plan_widths
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.witness import Witness

__all__ = ["Strips", "SwitchedConstruction", "switch_plan", "switched_layers", "switched_widths"]


@dataclass(frozen=True, eq=False)
class Strips:
    """k forms of x and the ``units`` of all strips, one on each of k equal parts of the coordinate ``axis``.

    ``forms`` are their coefficients, shape (k, d + units); ``low``: no form has smaller values; ``steep``: a slope that
    passes all differences of neighbours close to the ends of the parts. ``ends``: these, of parts that are not equal.
    """

    axis: int
    units: AffineMap
    forms: NDArray[np.float64]
    constants: NDArray[np.float64]
    low: float
    steep: float
    ends: NDArray[np.float64] | None = None


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
        return switch_plan(widths_of(query.G), dim, dim + units)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return sizes["k"] <= self.plan(query, self.units(sizes))[0]

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        units, dim = self.units(self._sizes(query, witness)), int(query.G.domain_dim)
        _, plan = self.plan(query, units)
        return reshaped(query.G, switched_widths(plan, dim, dim + units)) if plan else None

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values on the middle lines; switches are 1e-7 wide, which loses about 1e-7 R in sup norm."""
        require_moderate(query.G)
        sizes, dim = self._sizes(query, witness), int(query.G.domain_dim)
        k, plan = self.plan(query, self.units(sizes))
        strips = self.strips(query, {**sizes, "k": k}, f)
        return dense(query.G, switched_layers(plan, dim, strips, len(widths_of(query.G))))

    def _sizes(self, query: Query, witness: Witness) -> dict[str, int]:
        return {name: int(witness[name]) for name in self.names(query)}


def switch_plan(widths: tuple[int, ...], dim: int, fixed: int) -> tuple[int, Plan]:
    """How many strips pairs of layers have room for, with so many shared units, x among them; 0 if none, and the pairs.

    A strip but the first costs a switch, of two second-layer units or of one and a break in the first layer; the form
    of the first strip is in the unit of the sum.

    >>> switch_plan((64, 64), 2, 40)[0], switch_plan((64, 64), 2, 65)[0]
    (44, 0)
    """
    return best_plan(widths, dim, _share_of(fixed)) or (0, ())


def _share_of(fixed: int) -> ShareOf:
    def share(units: int, rest: int, first: bool) -> int:
        breaks = min(rest, units - fixed)
        return breaks + (rest - breaks) // 2 + int(first) if units >= fixed else -1

    return share


def _switches(pair: Pair, fixed: int) -> tuple[int, int]:
    """How many switches of a pair have a break in the first layer, and how many have none."""
    breaks = min(pair.rest, pair.units - fixed)
    return breaks, pair.share - int(pair.first) - breaks


def switched_widths(plan: Plan, dim: int, fixed: int) -> tuple[int, ...]:
    """The widths that a plan of switches needs."""
    counts = [_switches(pair, fixed) for pair in plan]
    return plan_widths(plan, plan[-1].layer + 2, dim, [(fixed + one, one + 2 * two) for one, two in counts])


def switched_layers(plan: Plan, dim: int, strips: Strips, depth: int) -> list[AffineMap]:
    """The layers of a network with these strips, and so many hidden layers."""
    return assembled(plan, _shares(plan, dim, strips), depth, dim)


def _shares(plan: Plan, dim: int, strips: Strips) -> list[Share]:
    """What each pair adds: its own switches, and the first pair the first form too."""
    jumps = breaks(len(strips.forms)) if strips.ends is None else strips.ends
    shares, done = [], 0
    fixed, steep = strips.forms.shape[1], strips.steep
    for pair in plan:
        count, more = _switches(pair, fixed)
        new = slice(done, done + count + more)
        done = new.stop
        early, late = jumps[new][:count], jumps[new][count:]  # the breaks of the first layer, and those of the second
        own = hinges(strips.axis, early, dim)
        first = np.vstack([strips.units[0], own[0]]), np.concatenate([strips.units[1], own[1]])
        second = np.zeros((count + 2 * more, fixed + count))
        second[: count + more, :fixed] = np.diff(strips.forms, axis=0)[new]
        second[:, strips.axis] += steep
        offsets = -steep * np.concatenate([jumps[new], late])
        offsets[: count + more] += np.diff(strips.constants)[new]
        output = np.concatenate([np.ones(count + more), -np.ones(more)])
        base, constant = np.zeros(fixed + count), 0.0
        base[fixed:] = -steep
        if pair.first:
            base[:fixed], constant = strips.forms[0], float(strips.constants[0])
        below = (strips.low - steep * float((1 - early).sum()), strips.low)
        shares.append(Share(first, (second, offsets), output, (base, constant), below))
    return shares
