"""Upper bounds under product measures: steps and broken lines whose nodes follow the law. THEORY.md, 8.6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.interpolation import free_pieces
from approxbounds.constructions.piecewise_constant import cubes_refusal
from approxbounds.constructions.placement import placement_refusal, power_of, widths_of
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.switches import switch_plan
from approxbounds.constructions.towers import tower_place
from approxbounds.constructions.zigzag import zigzag_plan
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import Placed
from approxbounds.measures.laws import Law
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["GradedGrids", "Nodes", "distortion"]

_MOST_NODES, _FEW_NODES, _MOST_AXES, _PARTS = 2048, 48, 16, 1024
_TAIL = (0, Fraction(1, 2), 1, 2, 4, 8)  # units beyond the last node of which the density is used
_LARGEST = 64  # of extents and grades
_GRADES = [Fraction(2) ** i for i in range(-5, 7)]


class Shape(StrEnum):
    """Which networks have the function: on the line, or on columns."""

    LINE = "line"
    ZIGZAG = "zigzag"
    STEPS = "steps"
    STRIPS = "strips"
    TOWERS = "towers"


@dataclass(frozen=True)
class Nodes:
    """Nodes of one coordinate, in units of its law; the function is constant before the first and after the last.

    They are at ``extent (t + grade t^3)/(1 + grade)`` for equally spaced t. Between them it is linear, or steps from
    one to the next at their middle.
    """

    count: int
    linear: bool = False
    extent: Fraction = Fraction(1)
    grade: Fraction = Fraction(0)

    def places(self, A: Arithmetic[V], law: Law) -> list[V]:
        """Those at or above the start of the law; below it they are the mirror images, for laws of both sides."""
        n = self.count
        spaces = n - 1 if self.linear and n > 1 else n
        if law.two_sided:
            shares = [Fraction(2 * i - n + 1, spaces) for i in range(n // 2, n)]
        else:
            shares = [Fraction(i, spaces) if spaces < n else Fraction(2 * i + 1, 2 * n) for i in range(n)]
        scale, grade = A.number(self.extent / (1 + self.grade)), A.number(self.grade)
        return [scale * t * (1 + grade * t * t) for t in map(A.number, shares)]

    def pieces(self, A: Arithmetic[V], law: Law) -> Iterator[tuple[V, V, V, V]]:
        """(low, high, a, b): the squared distance is at most |(z-a)(z-b)|, monotone, at z from low to high above 0."""
        places, zero = self.places(A, law), A.number(0)
        mirrored = law.two_sided and self.count % 2 == 0
        if self.linear and self.count > 1:
            if mirrored:
                yield zero, places[0], -places[0], places[0]
            for a, b in pairwise(places):
                middle = (a + b) / 2
                yield a, middle, a, b
                yield middle, b, a, b
        else:
            middles = [zero, *((a + b) / 2 for a, b in pairwise(places))]
            for place, low in zip(places, middles, strict=True):
                yield low, place, place, place
            for place, high in zip(places, middles[1:], strict=False):
                yield place, high, place, place
        last = places[-1]
        if law.sides is None:
            for near, far in pairwise(_TAIL):
                yield last + A.number(near), last + A.number(far), last, last
        elif not self.linear or self.count == 1:
            yield last, A.number(1), last, last


def _part(A: Arithmetic[V], law: Law, part: tuple[Any, Any, Any, Any], q: Number, cap: V) -> Any:
    """At least the integral of min(|(z-a)(z-b)|, cap)^q, monotone, over a part: its start, its width, a, b."""
    near, width, a, b = part
    first, middle, last = (abs((z - a) * (z - b)) for z in (near, near + width / 2, near + width))
    mean = A.minimum((first + 4 * middle + last) / 6, cap)  # Simpson's rule is exact here
    unit = A.number(law.unit)
    found = law.density(A, near * unit) * unit * width * mean
    return found if q == 1 else found * A.power(A.minimum(A.maximum(first, last), cap), A.number(q) - 1)


def distortion(A: Arithmetic[V], law: Law, nodes: Nodes, q: Number, cap: V) -> V:
    """At least the norm in L^q of min(squared distance from the nodes, cap), in squared units of the law.

    The density decreases with the distance from the start, so on each part it is at most that at its near end.
    """
    pieces = list(nodes.pieces(A, law))
    m = max(2, -(-_PARTS // len(pieces)))
    if A.vectorised:
        low, high, a, b = np.array(pieces, float).T[:, :, None]
        width = (high - low) / m
        found: Any = float(np.sum(_part(A, law, (low + width * np.arange(m), width, a, b), q, cap)))
    else:
        found = A.number(0)
        for low, high, a, b in pieces:
            width = (high - low) / m
            found += sum(_part(A, law, (low + j * width, width, a, b), q, cap) for j in range(m))
    if law.two_sided:
        found = 2 * found
    if law.sides is None:
        reach = _reach(law, nodes)
        found = found + A.power(cap, A.number(q)) * law.tail(A, reach)
    return A.power(found, 1 / A.number(q))


def _reach(law: Law, nodes: Nodes) -> Fraction:
    """Units from the start that the pieces take up, or a little less."""
    if nodes.linear and nodes.count > 1:
        return nodes.extent + _TAIL[-1]
    spaces = nodes.count if law.two_sided else 2 * nodes.count
    t = Fraction(spaces - 1, spaces)
    return nodes.extent * t * (1 + nodes.grade * t * t) / (1 + nodes.grade) + _TAIL[-1]


@lru_cache(maxsize=4096)
def _best(law: Law, start: Nodes, uniform: bool, q: Number, cap: float) -> tuple[float, Nodes]:
    """Good nodes and their distortion, by steps of half the size where none is better."""
    if _fixed(law, start.count):
        return float(distortion(FLOAT, law, start, q, cap)), start
    extent, grade, step = Fraction(2), 3, Fraction(2)
    best: tuple[float, Fraction, int] | None = None
    while step >= Fraction(1, 8):
        around = [(extent, grade), (extent + step, grade), (extent - step, grade)]
        around += [] if uniform else [(extent, grade + 1), (extent, grade - 1), (extent + step, grade + 1)]
        tried = []
        for e, g in around:
            if 0 < e <= _LARGEST and 0 <= g < len(_GRADES):
                nodes = replace(start, extent=e, grade=Fraction(0) if uniform else _GRADES[g])
                tried.append((float(distortion(FLOAT, law, nodes, q, cap)), e, g))
        least = min(tried)
        if best is None or least[0] < best[0] * (1 - 1e-6):
            best = least
        else:
            step /= 2
        extent, grade = best[1:]
    assert best is not None
    return best[0], replace(start, extent=extent, grade=Fraction(0) if uniform else _GRADES[grade])


def _fixed(law: Law, count: int) -> bool:
    """Whether the nodes are where they are: for uniform laws, and one at the middle."""
    return law.sides is not None or (law.two_sided and count == 1)


def _ends(law: Law) -> int:
    """How many nodes need no break: a finite end of the law, where the function is linear already."""
    return 2 if law.sides is not None else 0 if law.two_sided else 1


@dataclass(frozen=True)
class _Setting:
    """What a query states: laws, the modulus C t^r, the coordinates by their spread, q."""

    placed: Placed
    laws: tuple[Law, ...]
    order: tuple[int, ...]
    r: Number
    q: Number

    @staticmethod
    def of(query: Query) -> _Setting:
        placed = query.F.placed
        assert placed is not None and placed.measure.laws is not None
        laws, r = placed.measure.laws, placed.functions.modulus_exponent
        assert r is not None
        order = tuple(sorted(range(len(laws)), key=lambda j: (-Fraction(laws[j].unit), j)))
        return _Setting(placed, laws, order, r, max(Fraction(1), Fraction(r) * Fraction(query.p) / 2))

    def cap(self, A: Arithmetic[V], law: Law) -> V:
        """A squared distance, in squared units, from which on the modulus says no more than the range."""
        F, unit = self.placed.functions, A.number(law.unit)
        return A.power(F.span(A) / F.modulus_constant(A), 2 / A.number(self.r)) / (unit * unit)

    def error(self, A: Arithmetic[V], terms: list[V]) -> V:
        """C (sum of the norms of the squared distances)^{r/2}."""
        total = sum(terms[1:], terms[0])
        return self.placed.functions.modulus_constant(A) * A.power(total, A.number(self.r) / 2)

    def term(self, A: Arithmetic[V], law: Law, nodes: Nodes) -> V:
        unit = A.number(law.unit)
        return unit * unit * distortion(A, law, nodes, self.q, self.cap(A, law))


class GradedGrids(Theorem):
    """Steps or broken lines at nodes that follow the laws of the coordinates, constant beyond the last ones.

    Hypotheses: mu a product of laws with densities that do not increase with the distance from their starts; |f(x) -
    f(y)| <= C |x-y|_2^r on its domain; p < inf; G has real weights and biases. With v_j(x_j) the squared distance from
    the nearest node or, between nodes a and b of a broken line, (x_j - a)(b - x_j): |f - g| <= C (sum_j v_j)^{r/2}, so
    for q = max(1, rp/2)

        E_p <= C (sum_j || min(v_j, (span/C)^{2/r}) ||_{L^q(mu_j)})^{r/2}.

    One coordinate, the first by its scale, has broken lines (``line``, ``zigzag``; ``strips``, ``towers``), or none
    (``steps``). Witness: ``shape``, the numbers of nodes ``n1``, .., and where they are: ``extent1``, ``grade1``, ..
    Source: ours.
    """

    id = "graded-grids"
    title = "Grids whose nodes follow the measure"
    statement = (
        r"$g$ has the values of $f$ at the nodes of a grid which is finer where $\mu$ has more mass: a step function, "
        r"or linear between nodes in one coordinate; beyond the last nodes it is constant. With $v_j$ the squared "
        r"distance from the nearest node, or $(x_j-a)(b-x_j)$ between nodes $a,b$, $|f-g|\le C(\sum_jv_j)^{r/2}$, and "
        r"$E_p\le C\big(\sum_j\|\min(v_j,c)\|_{L^q(\mu_j)}\big)^{r/2}$, $q=\max(1,rp/2)$, $c$ from the range of $f$."
    )
    citations = (Citation("approxbounds", "8.6"),)
    direction = Direction.UPPER
    any_measure = True
    unbuilt = "its weights are not worked out here; the nodes are in the witness"

    def refusal(self, query: Query) -> str | None:
        placed = query.F.placed
        if placed is None:
            return "F is on [0,1]^d with Lebesgue measure, where the other constructions answer"
        if placed.measure.laws is None or placed.functions.carried.smoothness is None:
            return "F must be a Hölder or Lipschitz ball under a product measure"
        if len(placed.measure.laws) > _MOST_AXES:
            return f"it is for d <= {_MOST_AXES}"
        if query.symbols or is_infinite(query.p):
            return "it needs numbers, and p < inf"
        return placement_refusal(query.G)

    # ------------------------------------------------------------------------------------------------ the networks

    def _counts(self, query: Query, shape: Shape, error: Callable[[list[int]], float]) -> list[int] | None:
        """Numbers of nodes for which G has room, of small error; None if there are none."""
        G, widths, d = query.G, widths_of(query.G), int(query.G.domain_dim)
        order = _Setting.of(query).order
        ends = _ends(_Setting.of(query).laws[order[0]])

        def on_axes(first: int, cuts: int, others: int) -> list[int]:
            counts = [1] * d
            counts[order[0]] = min(first, _MOST_NODES)
            for axis in order[1 : others + 1]:
                counts[axis] = cuts
            return counts

        most = min(max(widths), _MOST_NODES)
        if shape is Shape.STEPS:
            k = largest(lambda k: cubes_refusal(G, k, query.p) is None, _MOST_NODES)
            return [k] * d if k else None
        if power_of(G) != 1 or (d == 1) != (shape in (Shape.LINE, Shape.ZIGZAG)):
            return None
        if shape is Shape.LINE:
            return on_axes(free_pieces(G) - 1 + ends, 1, 0)
        if shape is Shape.ZIGZAG:
            return on_axes(_zigzag_nodes(widths, ends), 1, 0) if _zigzag_nodes(widths, ends) else None
        found = []
        for others in range(1, min(d, len(widths))) if shape is Shape.TOWERS else [1]:

            def room(k: int, others: int = others) -> int:
                if shape is Shape.TOWERS:
                    return max(0, tower_place(widths, (k,) * others)[0] - 1 + ends)
                return largest(lambda breaks: switch_plan(widths, d, d + breaks)[0] >= k, most) + ends

            def own_error(k: int, first: int, others: int = others) -> float:
                return error(on_axes(first, k, others))

            split = best_split(resolutions_up_to(most), room, own_error)
            found += [] if split is None else [on_axes(split[1], split[0], others)]
        return min((counts for counts in found if self._room(query, shape, counts) is None), key=error, default=None)

    def _room(self, query: Query, shape: Shape, counts: list[int]) -> str | None:
        """None if G has all functions of this shape with so many nodes in the coordinates, else the reason."""
        G, widths, d = query.G, widths_of(query.G), int(query.G.domain_dim)
        if shape is Shape.STEPS:
            return cubes_refusal(G, max(counts), query.p)
        setting = _Setting.of(query)
        if power_of(G) != 1:
            return "the activation must be ReLU"
        first, *cuts = (counts[axis] for axis in setting.order)
        ends = _ends(setting.laws[setting.order[0]])
        breaks = max(0, first - ends)
        if shape is Shape.LINE:
            fits = d == 1 and breaks < free_pieces(G)
        elif shape is Shape.ZIGZAG:
            fits = d == 1 and first <= _zigzag_nodes(widths, ends)
        elif shape is Shape.STRIPS:
            fits = d > 1 and max(cuts[1:], default=1) == 1 and cuts[0] <= switch_plan(widths, d, d + breaks)[0]
        else:
            fits = d > 1 and breaks < tower_place(widths, tuple(cuts))[0]
        return None if fits else "the widths of G have no room for so many nodes"

    @staticmethod
    def _nodes(query: Query, shape: Shape, counts: list[int]) -> list[tuple[Law, int, bool]]:
        """Of each coordinate the law, the number of nodes, and whether there are broken lines."""
        setting = _Setting.of(query)
        linear = [shape is not Shape.STEPS and j == setting.order[0] and n > 1 for j, n in enumerate(counts)]
        return list(zip(setting.laws, counts, linear, strict=True))

    # --------------------------------------------------------------------------------------------------- the bound

    def search(self, query: Query) -> Witness:
        setting = _Setting.of(query)

        def placed(shape: Shape, counts: list[int]) -> list[tuple[float, Nodes]]:
            return [
                _best(law, Nodes(count, linear), shape is Shape.ZIGZAG, setting.q, float(setting.cap(FLOAT, law)))
                for law, count, linear in self._nodes(query, shape, counts)
            ]

        def error(shape: Shape, counts: list[int], most: int = _MOST_NODES) -> float:
            """With more nodes than ``most``, about as many times as near as there are more."""
            few = [min(count, most) for count in counts]
            terms = [
                (float(law.unit) * own / count) ** 2 * value
                for law, own, count, (value, _) in zip(setting.laws, few, counts, placed(shape, few), strict=True)
            ]
            return float(setting.error(FLOAT, terms))

        best: tuple[float, Shape, list[int]] | None = None
        for shape in Shape:
            counts = self._counts(query, shape, partial(error, shape, most=_FEW_NODES))
            if counts is not None and (best is None or error(shape, counts) < best[0]):
                best = error(shape, counts), shape, counts
        if best is None:
            raise HypothesisError("G has no room for any of the grids")
        witness: dict[str, int | Fraction | str] = {"shape": best[1].value}
        for j, (_, nodes) in enumerate(placed(*best[1:]), start=1):
            witness[f"n{j}"] = nodes.count
            if not _fixed(setting.laws[j - 1], nodes.count):
                witness[f"extent{j}"] = nodes.extent
                if best[1] is not Shape.ZIGZAG:
                    witness[f"grade{j}"] = nodes.grade
        return witness

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        setting = _Setting.of(query)
        name = witness.get("shape")
        require(name in list(Shape), f"shape must be one of {', '.join(Shape)}")
        shape = Shape(str(name))
        counts = [integer_of(witness, f"n{j}", minimum=1, maximum=_MOST_NODES) for j in range(1, len(setting.laws) + 1)]
        reason = self._room(query, shape, counts)
        require(reason is None, str(reason))
        terms = []
        for j, (law, count, linear) in enumerate(self._nodes(query, shape, counts), start=1):
            nodes = Nodes(count, linear)
            if not _fixed(law, count):
                extent = fraction_of(witness, f"extent{j}")
                grade = Fraction(0) if shape is Shape.ZIGZAG else fraction_of(witness, f"grade{j}")
                require(max(extent, grade) <= _LARGEST, f"extent{j} and grade{j} must be at most {_LARGEST}")
                nodes = Nodes(count, linear, extent, grade)
            terms.append(setting.term(A, law, nodes))
        return setting.error(A, terms)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        names = [name for name in witness if name.startswith("n")]
        shown = ", ".join(str(witness[name]) for name in names)
        error = above(self.evaluate(BALL, query, witness))
        text = f"The widths of $G$ allow ${shown}$ nodes in the coordinates (`{witness['shape']}`): at most ${error}$."
        return (*self.outline(query), Step(text, self.citations))


def _zigzag_nodes(widths: tuple[int, ...], ends: int) -> int:
    """The most equally spaced nodes of a broken line by pairs of layers, clamped beyond them; 0 if there is no room."""
    own = widths if ends == 2 else (widths[0] - 2, *widths[1:])
    plan = zigzag_plan(own) if own[0] > 0 and len(own) > 1 else None
    return 0 if plan is None else plan[0] + 1
