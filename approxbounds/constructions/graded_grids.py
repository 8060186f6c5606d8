"""Upper bounds under product measures: steps and broken lines whose nodes follow the law. THEORY.md, 8.6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.graded_networks import Shape, graded_layers, zigzag_nodes
from approxbounds.constructions.graded_nodes import LARGEST, Nodes, are_fixed, best_placed, distortion, free_ends
from approxbounds.constructions.interpolation import free_pieces
from approxbounds.constructions.piecewise_constant import cubes_refusal, no_steps
from approxbounds.constructions.placement import placement_refusal, power_of, widths_of
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.switches import switch_plan
from approxbounds.constructions.towers import tower_place
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.functions import Placed
from approxbounds.facts.grid import Function
from approxbounds.measures.laws import Law
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["GradedGrids"]

_MOST_NODES, _FEW_NODES, _MOST_AXES = 2048, 48, 16


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


class GradedGrids(Construction):
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
    any_measure = True

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

    def _counts(self, query: Query, shape: Shape, error: Callable[[list[int]], float]) -> list[int] | None:
        """Numbers of nodes for which G has room, of small error; None if there are none."""
        G, widths, d = query.G, widths_of(query.G), int(query.G.domain_dim)
        order = _Setting.of(query).order
        ends = free_ends(_Setting.of(query).laws[order[0]])

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
            first = free_pieces(G) - 1 + ends
            return on_axes(first, 1, 0) if first else None
        if shape is Shape.ZIGZAG:
            return on_axes(zigzag_nodes(widths, ends), 1, 0) if zigzag_nodes(widths, ends) else None
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
        ends = free_ends(setting.laws[setting.order[0]])
        breaks = max(0, first - ends)
        if shape is Shape.LINE:
            fits = d == 1 and breaks < free_pieces(G)
        elif shape is Shape.ZIGZAG:
            fits = d == 1 and first <= zigzag_nodes(widths, ends)
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

    def search(self, query: Query) -> Witness:
        setting = _Setting.of(query)

        def placed(shape: Shape, counts: list[int]) -> list[tuple[float, Nodes]]:
            return [
                best_placed(law, Nodes(count, linear), shape is Shape.ZIGZAG, setting.q, float(setting.cap(FLOAT, law)))
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
            raise self.no_room
        witness: dict[str, int | Fraction | str] = {"shape": best[1].value}
        for j, (_, nodes) in enumerate(placed(*best[1:]), start=1):
            witness[f"n{j}"] = nodes.count
            if not are_fixed(setting.laws[j - 1], nodes.count):
                witness[f"extent{j}"] = nodes.extent
                if best[1] is not Shape.ZIGZAG:
                    witness[f"grade{j}"] = nodes.grade
        return witness

    def _read(self, query: Query, witness: Witness) -> tuple[Shape, list[tuple[Law, Nodes]]]:
        """The shape, and the nodes of each coordinate, for which G has room."""
        setting, name = _Setting.of(query), witness.get("shape")
        require(name in list(Shape), f"shape must be one of {', '.join(Shape)}")
        shape = Shape(str(name))
        counts = [integer_of(witness, f"n{j}", minimum=1, maximum=_MOST_NODES) for j in range(1, len(setting.laws) + 1)]
        reason = self._room(query, shape, counts)
        require(reason is None, str(reason))
        found = []
        for j, (law, count, linear) in enumerate(self._nodes(query, shape, counts), start=1):
            nodes = Nodes(count, linear)
            if not are_fixed(law, count):
                extent = fraction_of(witness, f"extent{j}")
                grade = Fraction(0) if shape is Shape.ZIGZAG else fraction_of(witness, f"grade{j}")
                require(max(extent, grade) <= LARGEST, f"extent{j} and grade{j} must be at most {LARGEST}")
                nodes = Nodes(count, linear, extent, grade)
            found.append((law, nodes))
        return shape, found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        setting = _Setting.of(query)
        return setting.error(A, [setting.term(A, law, nodes) for law, nodes in self._read(query, witness)[1]])

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at the nodes; steps are built for Heaviside networks only.

        Steps of switches are narrow, and numbers are passed on up to 128 units beyond the last nodes.
        """
        require_moderate(query.G)
        shape, grid = self._read(query, witness)
        if shape is Shape.STEPS and power_of(query.G) and grid[0][1].count > 1:
            raise NotApplicableError(f"{self.id}: {no_steps(query.G)}")
        return dense(query.G, graded_layers(f, shape, grid, _Setting.of(query).order, widths_of(query.G)))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        names = [name for name in witness if name.startswith("n")]
        shown = ", ".join(str(witness[name]) for name in names)
        error = above(self.evaluate(BALL, query, witness))
        text = f"The widths of $G$ allow ${shown}$ nodes in the coordinates (`{witness['shape']}`): at most ${error}$."
        return (*self.outline(query), Step(text, self.citations))
