"""Affine functions on the cells of a grid, free in each of them: two hidden layers, p < inf. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.columns import ColumnConstruction
from approxbounds.constructions.hinges import steepness
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.power_networks import local_polynomials
from approxbounds.constructions.smoothness import gradient_refusal
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.switches import Strips, switch_plan, switched_layers, switched_widths
from approxbounds.constructions.taylor import box_taylor_error, near_in_square_mean, projection_error
from approxbounds.constructions.window_networks import STEEP, Built, Cells, free_windows
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import DenseNetwork, dense
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import Number
from approxbounds.witness import Witness

__all__ = ["AffineCells", "strips_of_cells"]

_WIDE = 2.0**-34  # of the transitions at the ends of columns
_BUILT_DIM = 6  # up to which affine functions are fitted on grids of points in each cell


def strips_of_cells(widths: tuple[int, ...], intervals: int) -> int:
    """How many strips of K cells pairs of layers with switches have room for, d = 2."""
    return switch_plan(widths, 2, 3 * intervals - 1)[0]


class AffineCells(ColumnConstruction):
    """An affine function on each of K x k_2 x .. x k_d boxes, all of them free.

    Hypotheses: d >= 2, p < inf, ReLU, biases, real parameters; F with bounded second derivatives, or a Hölder ball, 1 <
    s <= 2; two hidden layers: n_1 >= d + (d+1)(K-1) + (k_2-1) + .. + (k_d-1) and n_2 >= k_2 .. k_d, or pairs of layers
    that hold so many strips; for d = 2, k = k_2, also n_1 >= 3K - 1 + m, n_2 >= 2k - 1 - m, m < k, with the switches
    of ``strips`` in place of windows. Guarantee, with h_1 = 1/K, h_j = 1/k_j, u uniform on |u_j| <= h_j/2::

        E_p <= R (sum_j h_j^4/720 + sum_{i<j} (h_i h_j/12)^2)^(1/2)   (p <= 2, all |d_i d_j f| <= R),
        E_p <= R || |u|_1 ||_(2p)^2/2                                 (all |d_i d_j f| <= R),
        E_p <= (R/s) || |u|_1 ||_(sp) || |u|_2 ||_(sp)^(s-1)          (Hölder balls, 1 < s <= 2).

    Limit of steep units. Witness: ``K``, ``k2``, ..

    Proof. As e -> 0, ((x_1-t)_+ - (x_1-t-e)_+)/e tends to 1[x_1 > t] and ((x_1+e x_j-t)_+ - (x_1-t)_+)/e to x_j 1[x_1 >
    t], boundedly: with (x_1-t)_+ these are d + 1 units for any jump between affine functions at t. So a form A_Q of the
    first layer is any function that is affine in the cells of the strip Q in x_2, .., x_d; windows as in ``columns``.
    """

    id = "affine-cells"
    title = "Free affine functions on the cells of a grid"
    statement = (
        r"On each of $K\times k_2\times\dots\times k_d$ boxes take the nearest affine function. At each of the $K-1$ "
        r"ends $t$ of columns the units $(x_1-t)_+$, $(x_1-t-\varepsilon)_+$, $(x_1+\varepsilon x_j-t)_+$ make, "
        r"$\varepsilon\to0$, every jump between affine functions; so one unit "
        r"$(A_Q+B-M\sum_{j\ge2}\operatorname{dist}(x_j,I_j))_+$ has the affine functions of all $K$ cells of the strip "
        r"$Q$ in $x_2,\dots,x_d$ and vanishes off it, $M\to\infty$, $p<\infty$. For $d=2$ strips are joined by "
        r"switches of two ReLU units."
    )

    def needs(self, query: Query) -> str | None:
        F = self._regularity(query)
        return gradient_refusal(F) or super().needs(query)

    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        intervals, *cuts = sizes.values()
        return Cells((1, *cuts), (1 + (len(cuts) + 2) * (intervals - 1), *(1 for _ in cuts)))

    def intervals(self, units: int, cuts: tuple[int, ...]) -> int:
        return max(0, (units - sum(cuts) - 1) // (len(cuts) + 2) + 1)

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        found = [super().best(query, error)]
        if query.G.domain_dim == 2:
            widths = widths_of(query.G)
            choices = resolutions_up_to(max(widths))
            split = best_split(choices, partial(strips_of_cells, widths), lambda K, k: error({"K": K, "k2": k}))
            found += [] if split is None else [{"K": split[0], "k2": split[1]}]
        return min((sizes for sizes in found if sizes is not None), key=error, default=None)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return self._has_switches(query, sizes) or super().has_room(query, sizes)

    def _has_switches(self, query: Query, sizes: Mapping[str, int]) -> bool:
        intervals, *cuts = sizes.values()
        return len(cuts) == 1 and cuts[0] <= strips_of_cells(widths_of(query.G), intervals)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        sizes = {name: int(witness[name]) for name in self.names(query)}
        if not self._has_switches(query, sizes):
            return super().smallest_network(query, witness)
        fixed = 3 * sizes["K"] - 1
        return reshaped(query.G, switched_widths(switch_plan(widths_of(query.G), 2, fixed)[1], 2, fixed))

    def built(self, query: Query, witness: Witness) -> Built:
        """For d = 2 with switches, which are exact in floating point but for their transitions."""
        sizes = {name: int(witness[name]) for name in self.names(query)}
        if not self._has_switches(query, sizes):
            return super().built(query, witness)
        return Built(sizes, True, STEEP, float(self.error(FLOAT, self._numbers(query), query.p, sizes)))

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        sides = [1 / size for size in sizes.values()]
        if F.bounded_hessian and near_in_square_mean(p):
            return A.number(F.radius) * projection_error(A, 1, sides)
        order = 2 if F.bounded_hessian else F.along[0]
        return A.number(F.radius) * box_taylor_error(A, [side / 2 for side in sides], p, order=order)

    def rate(self, query: Query) -> Any:
        """For the best shapes, n_1 and n_2 of order k and k^(d-1)."""
        import sympy

        F = self._regularity(query)
        if len(widths_of(query.G)) < 2:  # one column, which does not get better
            return SYMBOLIC.number(1)
        order = SYMBOLIC.number(2 if F.bounded_hessian else F.along[0])
        return sympy.Symbol("W", positive=True) ** -(order / len(F.along))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """Affine functions fitted to values of f at Gauss points, d <= 6: else NotApplicableError.

        Columns have transitions before their ends, less than 2^-32 wide; windows are those of ``columns``.
        """
        dim = int(query.G.domain_dim)
        if dim > _BUILT_DIM:
            raise NotApplicableError(f"{self.id}: dim={dim}: networks are built for d <= {_BUILT_DIM} only")
        return super().build(query, witness, f)

    def network(self, query: Query, built: Built, f: Function) -> DenseNetwork:
        intervals, *cuts = (int(built.sizes[name]) for name in self.names(query))
        levels, slopes = _fitted(f, (intervals, *cuts), float(query.p))
        dim, ends = len(cuts) + 1, np.arange(1, intervals) / intervals - 2 * _WIDE  # no usual grid has points there
        later = ends + _WIDE
        jumps, bends = np.diff(levels, axis=0), np.diff(slopes, axis=0)  # over the ends: (K-1, strips), (.., d)
        # values on both sides of an end are those of affine functions of x - (t, 0, .., 0)
        jumps = jumps + bends[..., 0] * ends[:, None]
        steep = 1 / (later - ends)[:, None]
        tilted = bends[..., 1:] / _WIDE
        rows = [np.eye(1, dim).repeat(2 * len(ends), axis=0)]
        rows += [np.eye(1, dim) + _WIDE * np.eye(1, dim, j) for j in range(1, dim) for _ in ends]
        units = np.concatenate(rows), -np.concatenate([ends, later, *[ends] * (dim - 1)])
        forms = [bends[..., 0] + jumps * steep - tilted.sum(axis=2), -jumps * steep]
        forms += [tilted[..., j] for j in range(dim - 1)]
        corners = np.array(list(product((0.0, 1.0), repeat=dim)))
        reach = levels[..., None] + slopes @ corners.T  # on all of the cube, so on transitions, too
        low, high = float(reach.min()), float(reach.max())
        spread = float(np.abs(jumps).sum(axis=0).max() + np.abs(bends).sum(axis=(0, 2)).max())
        affine = (np.hstack([slopes[0], np.vstack(forms).T]), levels[0])
        if self._has_switches(query, built.sizes):
            slope = steepness(np.array([low - spread, high + spread]))
            return _switched(query, Strips(1, units, *affine, low=low - spread, steep=slope))
        return free_windows(query.G, (1, *cuts), units, affine, limits=(low - spread, high + spread), built=built)


def _fitted(f: Function, parts: tuple[int, ...], p: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Affine functions fitted to f on the cells: levels at 0, (K, strips), and slopes, (.., d)."""
    dim = len(parts)
    centres, local = local_polynomials(f, power=1, dim=dim, cells=parts, p=p, interpolated=False)
    slopes = local[:, 1:] * 2 * np.array(parts)
    levels = local[:, 0] - (slopes * centres).sum(axis=1)
    return levels.reshape(parts[0], -1), slopes.reshape(parts[0], -1, dim)


def _switched(query: Query, strips: Strips) -> DenseNetwork:
    widths = widths_of(query.G)
    _, plan = switch_plan(widths, 2, strips.forms.shape[1])
    return dense(query.G, switched_layers(plan, 2, strips, len(widths)))
