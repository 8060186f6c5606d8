"""Convex functions of several variables: affine functions on the cells of graded grids. THEORY.md, 5.1."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.affine_cells import strips_of_cells
from approxbounds.constructions.pairs import cell_widths, most_units
from approxbounds.constructions.placement import reshaped, size_text, widths_of
from approxbounds.constructions.smoothness import cut_choices
from approxbounds.constructions.splits import best_split
from approxbounds.constructions.sticks import GRADINGS, best_nodes, difference_cell, node, worst_pair
from approxbounds.constructions.switches import switch_plan, switched_widths
from approxbounds.constructions.windows import boxes_refusal, cut_names
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.functions import Regularity
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["ConvexCells"]

_MOST = 512  # parts of a coordinate, so that the formula is a matter of a tenth of a second


class ConvexCells(Theorem):
    """An affine function on each of K x k_2 x .. x k_d boxes of a grid that is dense at the faces of the cube.

    Hypotheses: d >= 2, all f in F are convex with values in [a,b], p < inf, ReLU, biases, real parameters; the widths
    of ``affine-cells``. Guarantee: with D_p(k) the norm of f(c+u)/2 + f(c-u)/2 - f(c), c the centre of its cell, over k
    graded cells for the worst pair of sticks, n_1, .., n_d the numbers K, k_2, .. in any order, q = 1 - 1/p::

        E_p <= (b-a) sum_j 2^(jq) D_p(n_j)                                          supporting planes at the centres,
        E_p <= (b-a) ((27/64) (D_2(n_1)^2 + D_2(n_2)^2) + (D_2(n_1) + (3/4)^(1/2) D_2(n_2))^2)^(1/2)
                                                              d = 2, p <= 2: ``projections`` = 1.

    For the distance e >= 0 from the plane, e(u_1, u') + e(-u_1, u') = 2 S_1 + 2 e(0, u'), S_1
    that of a convex function of x_1; so the mean of both e^p is at most 2^(p-1) (S_1 + e(0, u'))^p; go on with e(0,
    u'). The L^2 projection is off by no more than what it is off in each variable, and the part u_1 u_2, bounded by the
    mean of e over signs. Witness: ``K``, ``grading``, ``k2``, ``grading2``, .., ``projections``.
    Proof: THEORY.md, 5.1.
    """

    id = "convex-cells"
    title = "Affine functions on graded cells for convex functions"
    statement = (
        r"Cut $[0,1]^d$ into $K\times k_2\times\dots\times k_d$ boxes, narrow near its faces, and take on each a "
        r"supporting plane of the convex $f$ at the centre, or the $L^2$ projection on affine functions ($d=2$). The "
        r"error is bounded by the second differences $\frac12f(c+u)+\frac12f(c-u)-f(c)$ along each axis, those of "
        r"convex functions of one variable, so at most of a pair of sticks $(1-x/t)_+$ and mirror images. Networks of "
        r"two hidden ReLU layers have a free affine function on each box."
    )
    citations = (Citation("approxbounds", "5.1"),)
    direction = Direction.UPPER
    unbuilt = "its bound is on a limit of networks with steep units, whose weights are not written out"

    def refusal(self, query: Query) -> str | None:
        if not query.F.is_convex or query.F.value_range is None:
            return "F must be a class of convex functions with a known range"
        return boxes_refusal(query, "pieces that jump are a limit of networks only if p is finite")

    def search(self, query: Query) -> Witness:
        """The numbers of parts of x_2, .., x_d differ by one at most."""
        p, plane = float(query.p), query.F.domain_dim == 2
        ways = [(False, p)] if p != 2 or not plane else []
        ways += [(True, 2.0)] if p <= 2 and plane else []
        found = [way for way in (self._best(query, *way) for way in ways) if way is not None]
        if not found:
            raise HypothesisError(f"the widths of G have no room for it (id {self.id})")
        return min(found, key=lambda way: way[0])[1]

    def _best(self, query: Query, projections: bool, p: float) -> tuple[float, Witness] | None:
        """In floats, for F with b - a = 1: the bound and the witness; None if there is no room."""
        names, widths = cut_names(query), widths_of(query.G)

        def error(cuts: tuple[int, ...], room: int) -> float:
            differences = [best_nodes(min(n, _MOST), p, "differences")[0] for n in (room, *cuts)]
            differences.sort()  # the largest one has the best factor
            if projections:
                one, two = differences
                return float((27 / 64 * (one**2 + two**2) + (one + 0.75**0.5 * two) ** 2) ** 0.5)
            return float(sum(2 ** ((j + 1) * (1 - 1 / p)) * D for j, D in enumerate(reversed(differences))))

        alike = Regularity((1,) * (len(names) + 1), 1)
        choices = cut_choices(alike, len(names), min(sum(widths), _MOST))
        # fewer parts where these are as good: 2 in place of 3, as kinks at centres are the worst
        fewest = dict.fromkeys(tuple(best_nodes(k, p, "differences")[1] for k in cuts) for cuts in choices)
        split = best_split(list(fewest), lambda cuts: self._columns(query, cuts), error)
        if split is None:
            return None
        cuts, columns = split
        witness: dict[str, int | Fraction | str] = {}
        for j, n in zip(("", *names), (min(columns, _MOST), *cuts), strict=True):
            _, witness[f"k{j}" if j else "K"], witness[f"grading{j}"] = best_nodes(n, p, "differences")
        return error(*split), witness | {"projections": int(projections)}

    def _columns(self, query: Query, cuts: tuple[int, ...]) -> int:
        """The largest K for these k_2, .., k_d; 0 if none. For d = 2 switches need fewer units than windows."""
        widths, d = widths_of(query.G), len(cuts) + 1
        if d == 2:
            return largest(lambda K: strips_of_cells(widths, K) >= cuts[0], max(widths))
        return max(0, (most_units(widths, d, prod(cuts)) - sum(cuts) - 1) // (d + 1) + 1)

    def _sizes(self, query: Query, witness: Witness) -> tuple[int, ...]:
        """K, k_2, .., k_d."""
        return tuple(
            integer_of(witness, name, minimum=1, maximum=_MOST) for name in ("K", *(f"k{j}" for j in cut_names(query)))
        )

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        sizes, names = self._sizes(query, witness), ["grading", *(f"grading{j}" for j in cut_names(query))]
        gradings = [fraction_of(witness, name) for name in names]
        for name, grading in zip(names, gradings, strict=True):
            require(grading in GRADINGS, f"{name}={echo(grading)} must be a multiple of 1/4 from 1 to 15")
        projections = integer_of(witness, "projections", maximum=1) == 1
        require(not projections or (query.p <= 2 and len(sizes) == 2), "projections are for d = 2 and p <= 2")
        K, *cuts = sizes
        shown = ", ".join(f"k{j}={k}" for j, k in zip(cut_names(query), cuts, strict=True))
        require(self._columns(query, tuple(cuts)) >= K, f"the widths of G have no room for K={K}, {shown}")
        p = A.number(2 if projections else query.p)
        differences = []
        for n, g in sorted(zip(sizes, gradings, strict=True)):  # the fewest cells first, in any arithmetic
            nodes = [node(A, i, n, g) for i in range(n + 1)]
            differences.append(worst_pair(A, [difference_cell(A, a, b, p) for a, b in pairwise(nodes)], p))
        if projections:
            two, one = differences
            mixed, own = one + A.power(A.number(3) / 4, A.number(1) / 2) * two, A.number(27) / 64
            total = A.power(own * (one * one + two * two) + mixed * mixed, A.number(1) / 2)
        else:
            terms = [A.power(A.number(2), (j + 1) * (1 - 1 / p)) * D for j, D in enumerate(differences)]
            total = sum(terms[1:], terms[0])
        return query.F.span(A) * total

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1, n_2 of order k, k^(d-1), and gradings p+1: errors of order k^(-1-1/p)."""
        import sympy

        order = (1 + 1 / SYMBOLIC.number(query.p)) / int(query.F.domain_dim)
        return sympy.Symbol("W", positive=True) ** -order

    def expression(self, query: Query) -> Any:
        raise NoExpressionError(f"{self.id}: its formula is a maximum over all cells, which has no short closed form")

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        shown = r"\times".join(map(str, self._sizes(query, witness)))
        needed, error = size_text(self.smallest_network(query, witness)), above(self.evaluate(BALL, query, witness))
        gradings = ", ".join(str(witness[f"grading{j}"]) for j in ("", *cut_names(query)))
        kind = "$L^2$ projections" if witness["projections"] else "supporting planes"
        text = (
            f"The widths of $G$ allow ${shown}$ boxes ({needed} are enough). With {kind} on them, and nodes "
            f"$x_i=\\frac12(2i/n)^g$ up to $\\frac12$ and mirror images, $g={gradings}$ in $x_1,x_2,\\dots$, the error "
            f"is at most ${error}$."
        )
        return (*self.outline(query), Step(text, self.citations))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        K, *cuts = self._sizes(query, witness)
        widths, d = widths_of(query.G), len(cuts) + 1
        if d == 2:
            fixed = 3 * K - 1
            switched = switched_widths(switch_plan(widths, 2, fixed)[1], 2, fixed)
            return reshaped(query.G, _narrowed(switched, K, cuts[0]))
        units = d + (d + 1) * (K - 1) + sum(cuts) - len(cuts)
        needed = cell_widths(widths, d, units, prod(cuts))
        assert needed is not None  # it has room
        return reshaped(query.G, needed)


def _narrowed(widths: tuple[int, ...], K: int, strips: int) -> tuple[int, ...]:
    """Each layer, from the last to the first, with as few units as leave room for so many strips of K cells."""

    def without(widths: tuple[int, ...], layer: int, fewer: int) -> tuple[int, ...]:
        return (*widths[:layer], widths[layer] - fewer, *widths[layer + 1 :])

    def spare(widths: tuple[int, ...], layer: int) -> int:
        return largest(lambda fewer: strips_of_cells(without(widths, layer, fewer), K) >= strips, widths[layer] - 1)

    for layer in reversed(range(len(widths))):
        widths = without(widths, layer, spare(widths, layer))
    return widths
