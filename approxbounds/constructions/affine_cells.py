"""Affine functions on the cells of a grid, free in each of them: two or three layers, p < inf. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import isqrt
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.columns import ColumnConstruction
from approxbounds.constructions.placement import reshaped, widths_of
from approxbounds.constructions.smoothness import differentiable
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.taylor import box_taylor_error, projection_error
from approxbounds.constructions.window_networks import Built, Cells, free_windows
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import DenseNetwork
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["AffineCells", "has_three_layers"]

_WIDE = 2.0**-34  # of the transitions at the ends of columns
_BUILT_DIM = 6  # up to which affine functions are fitted on grids of points in each cell


def _three_layers(intervals: int, strips: int) -> tuple[int, int, int]:
    """The units of three layers for d = 2: all breaks; three for each column, and an address of x_2; the strips.

    The address has x_2 and A - 1 breaks, the zigzag of x_2 that turns at them and F - 1 of its breaks, A F >= k: A + F
    units, ceil(2 sqrt(k)) at least; or k units, x_2 and its breaks.
    """
    return intervals + strips, 3 * intervals + min(strips, isqrt(4 * strips - 1) + 1), strips


def has_three_layers(widths: tuple[int, ...], intervals: int, strips: int) -> bool:
    """Whether there are three layers for K x k cells; layers before, between and after them pass on all units.

    >>> has_three_layers((128,) * 4, 36, 92), has_three_layers((128,) * 4, 36, 93)
    (True, False)
    """
    needed = _three_layers(intervals, strips)
    passing, reached = (2, *needed[:2], 1), {0}  # x, what the layers have, and the sum
    for width in widths:
        stay = {stage for stage in reached if width >= passing[stage]}
        reached = stay | {stage + 1 for stage in reached if stage < 3 and width >= needed[stage]}
    return 3 in reached


class AffineCells(ColumnConstruction):
    """An affine function on each of K x k_2 x .. x k_d boxes, all of them free.

    Hypotheses: d >= 2, p < inf, ReLU, biases, real parameters; F with bounded second derivatives, or a Hölder ball, 1 <
    s <= 2; two hidden layers: n_1 >= d + (d+1)(K-1) + (k_2-1) + .. + (k_d-1) and n_2 >= k_2 .. k_d, or pairs of layers
    that hold so many strips; or, for d = 2 and k = k_2, n_1 >= K + k, n_2 >= 3K + min(k, ceil(2 sqrt k)), n_3 >= k.
    Guarantee, with h_1 = 1/K, h_j = 1/k_j, u uniform on |u_j| <= h_j/2::

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
        r"$Q$ in $x_2,\dots,x_d$ and vanishes off it, $M\to\infty$, $p<\infty$. Three layers do it for $d=2$ by three "
        r"units for each column, an address of $x_2$, and a unit for each strip."
    )

    def needs(self, query: Query) -> str | None:
        F = self._regularity(query)
        if not F.bounded_hessian and not (F.isotropic and differentiable(F.along[0])):
            return "F must have bounded second derivatives or Hölder first ones in all directions (s > 1)"
        return super().needs(query)

    def cells(self, query: Query, sizes: Mapping[str, int]) -> Cells:
        intervals, *cuts = sizes.values()
        return Cells((1, *cuts), (1 + (len(cuts) + 2) * (intervals - 1), *(1 for _ in cuts)))

    def intervals(self, units: int, cuts: tuple[int, ...]) -> int:
        return max(0, (units - sum(cuts) - 1) // (len(cuts) + 2) + 1)

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        found = [super().best(query, error)]
        if query.G.domain_dim == 2:
            widths = widths_of(query.G)

            def intervals(cuts: tuple[int, ...]) -> int:
                return largest(lambda K: has_three_layers(widths, K, cuts[0]), max(widths))

            choices = [(k,) for k in resolutions_up_to(max(widths))]
            split = best_split(choices, intervals, lambda cuts, K: error({"K": K, "k2": cuts[0]}))
            found += [] if split is None else [{"K": split[1], "k2": split[0][0]}]
        return min((sizes for sizes in found if sizes is not None), key=error, default=None)

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return super().has_room(query, sizes) or self._three_layers(query, sizes)

    def _three_layers(self, query: Query, sizes: Mapping[str, int]) -> bool:
        intervals, *cuts = (int(size) for size in sizes.values())
        return len(cuts) == 1 and has_three_layers(widths_of(query.G), intervals, cuts[0])

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        sizes = {name: int(witness[name]) for name in self.names(query)}
        if super().has_room(query, sizes):
            return super().smallest_network(query, witness)
        return reshaped(query.G, _three_layers(*sizes.values()))

    def built(self, query: Query, witness: Witness) -> Built:
        """By pairs of layers only: with fewer cells where three layers are better."""
        if not super().has_room(query, {name: int(witness[name]) for name in self.names(query)}):
            found = super().best(query, partial(self._pairs_error, query))
            assert found is not None  # one cell has room
            witness = dict(found)
        return super().built(query, witness)

    def _pairs_error(self, query: Query, sizes: Mapping[str, Any]) -> float:
        return float(self.error(FLOAT, self._numbers(query), query.p, sizes))

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        sides = [1 / size for size in sizes.values()]
        if F.bounded_hessian and not is_symbolic(p) and not is_infinite(p) and p <= 2:
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
        levels, slopes = _fitted(f, (intervals, *cuts))
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
        return free_windows(query.G, (1, *cuts), units, affine, limits=(low - spread, high + spread), built=built)


def _fitted(f: Function, parts: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The affine functions nearest to f in L^2 at Gauss points: levels at 0, (K, strips), and slopes, (.., d)."""
    dim, sides = len(parts), 1 / np.array(parts)
    x, weights = leggauss(4)
    points = np.array(list(product(x, repeat=dim)))
    share = np.prod(np.array(list(product(weights / 2, repeat=dim))), axis=1)
    centres = (np.indices(parts).reshape(dim, -1).T + 0.5) * sides
    values = values_at(f, (centres[:, None, :] + points * sides / 2).reshape(-1, dim)).reshape(len(centres), -1)
    slopes = values @ (share[:, None] * points) * 3 * 2 / sides
    levels = values @ share - (slopes * centres).sum(axis=1)
    return levels.reshape(parts[0], -1), slopes.reshape(parts[0], -1, dim)
