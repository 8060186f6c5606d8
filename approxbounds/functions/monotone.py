"""Coordinatewise non-decreasing functions. THEORY.md, section 2.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import comb, factorial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.description import named, where
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import BoundaryLayers
from approxbounds.facts.grid import Function, cube_indices, values_at
from approxbounds.facts.hypercube import (
    MOST_CELLS,
    Grid,
    GridSides,
    HypercubeFamily,
    Index,
    Thresholds,
    integer_root,
    resolutions,
)
from approxbounds.facts.measured import Carried, Maps
from approxbounds.facts.powers import Curved
from approxbounds.facts.rays import RayProfile
from approxbounds.facts.waves import StaircaseWave, Wave
from approxbounds.functions.base import FunctionClass
from approxbounds.parameters import DIMENSION
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import require

__all__ = ["CubeLayers", "MonotoneFunctions", "Staircases", "cells_below", "central_layers"]

_LAYERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128)
_MOST_BITS = 2200
_SHARES = (1 / 16, 1 / 8, 3 / 16, 1 / 4, 5 / 16, 3 / 8, 7 / 16, 1 / 2, 5 / 8, 3 / 4)


def cells_below(k: int, dim: int, most: int) -> int:
    """#{i in {0..k-1}^dim : i_1 + ... + i_dim <= most}, by inclusion and exclusion, exactly."""
    if most < 0:
        return 0
    if k == 2:  # subsets
        return _subsets(dim)[min(most, dim)]
    return sum((-1) ** j * comb(dim, j) * comb(most - j * k + dim, dim) for j in range(min(dim, most // k) + 1))


@lru_cache(maxsize=8)
def _subsets(dim: int) -> tuple[int, ...]:
    """V(dim, m) = C(dim, 0) + .. + C(dim, m) for m = 0..dim."""
    terms = [1]
    for i in range(dim):
        terms.append(terms[-1] * (dim - i) // (i + 1))
    return tuple(accumulate(terms))


def central_layers(k: int, dim: int, layers: int) -> tuple[int, int]:
    """The first of the ``layers`` most central layers |i| = m, and the number of cells in them."""
    first = (dim * (k - 1) + 1 - layers) // 2
    return first, cells_below(k, dim, first + layers - 1) - cells_below(k, dim, first - 1)


@lru_cache(maxsize=64)
def _layer_grid(dim: int) -> Grid:
    most = max(2, integer_root(MOST_CELLS, max(dim - 1, 1)))
    k_column, q_column, cells = [], [], []
    for k in resolutions(most, 64 if dim == 1 else 24):  # several members for each k: fewer k
        every = dim * (k - 1) + 1
        for layers in sorted({q for q in (*_LAYERS, *(int(s * every) for s in _SHARES)) if 0 < q < every} | {every}):
            count = central_layers(k, dim, layers)[1]
            if count > MOST_CELLS and k > 2:
                continue
            k_column.append(k)
            q_column.append(layers)
            cells.append(float(count))
    index = {"k": np.array(k_column, float), "layers": np.array(q_column, float)}
    return Grid(index, np.array(cells))


@dataclass(frozen=True)
class CubeLayers(HypercubeFamily):
    """Q central layers |i| = m of the k^d cubes: on the q-th, f = (q-1+omega_i)/Q; a staircase elsewhere.

    Two cells of one layer are incomparable, so every omega gives a monotone function. Q = all layers has
    N = k^d cells and height 1/(2Q); Q = 1 is the middle antichain, with N of order k^{d-1} and height 1/2.
    """

    dim: Number
    id = "cube-layers"
    indices: ClassVar[tuple[str, ...]] = ("k", "layers")
    citations = (Citation("approxbounds", "2.3"),)
    on_cubes = True
    centres = Thresholds.ANY

    def cells(self, index: Index) -> int:
        return central_layers(int(index["k"]), int(self.dim), int(index["layers"]))[1]

    def check(self, index: Index) -> None:
        every = int(self.dim) * (index["k"] - 1) + 1
        require(int(self.dim) * (index["k"] - 1).bit_length() <= _MOST_BITS, "k^d must be at most about 2^2200")
        require(index["layers"] <= every, f"layers={index['layers']} must be at most d(k-1)+1={every}")

    def norm(self, A: Arithmetic[V], index: Index, p: Number) -> V:
        height = 1 / (2 * A.number(index["layers"]))
        if is_infinite(p):
            return height
        cells = A.number(index["cells"] if "cells" in index else self.cells(index))
        volume = cells * A.power(A.number(index["k"]), -A.number(self.dim))
        return height * A.power(volume, 1 / A.number(p))

    def grid_sides(self, index: Index) -> GridSides:
        return ((index["k"], int(self.dim)),)

    def spread(self, A: Arithmetic[V], index: Index) -> V:
        return A.number(1)

    def coarsest(self, cells: int) -> dict[str, int]:
        if self.dim == 1:  # every layer is one cell: all k = Q layers
            return {"k": cells, "layers": cells}
        too_few = largest(lambda k: central_layers(k, int(self.dim), 1)[1] < cells)
        return {"k": too_few + 1, "layers": 1}

    def extremes(self, k: int) -> tuple[dict[str, int], ...]:
        every = {"k": k, "layers": int(self.dim) * (k - 1) + 1}
        return (every,) if self.dim == 1 else (every, {"k": k, "layers": 1})

    def grid(self) -> Grid:
        return _layer_grid(int(self.dim))

    def least_norm(self, A: Arithmetic[V], cells: V | float, p: Number) -> V:
        """The larger of the two extremes: all layers (k^d cells), and the middle antichain.

        The middle layer has at least k^d / (d(k-1)+1) >= k^{d-1}/d cells, the average of all layers.
        """
        d = A.number(self.dim)
        k_all = A.power(A.number(cells), 1 / d) + 1
        every = 1 / (2 * d * k_all)  # Q = d(k-1)+1 <= d k
        if not is_symbolic(self.dim) and self.dim == 1:
            return every
        if is_infinite(p):
            antichain = A.number(1) / 2
        else:
            k_one = A.power(d * cells, 1 / (d - 1)) + 1
            antichain = A.power(1 / (d * k_one), 1 / A.number(p)) / 2
        if is_symbolic(self.dim):
            import sympy

            return A.number(sympy.Piecewise((A.maximum(every, antichain), sympy.Gt(d, 1)), (every, True)))
        return A.maximum(every, antichain)

    def finest_cells(self, A: Arithmetic[V], norm: V | float, p: Number) -> V | None:
        """All layers (||w||_p > 1/(2dk), k^d cells), or the antichain ((1/(dk))^{1/p}/2, k^{d-1}/d cells)."""
        if is_symbolic(self.dim):
            return None
        d, zero = A.number(self.dim), A.number(0)
        every = A.power(A.maximum(1 / (2 * d * norm) - 1, zero), d)
        if self.dim == 1 or is_infinite(p):
            return every
        k = A.maximum(A.power(2 * norm, -A.number(p)) / d - 1, zero)
        return A.maximum(every, A.power(k, d - 1) / d)

    def describe(self, index: Index | None) -> str:
        k, layers = ("k", "Q") if index is None else (str(index["k"]), str(index["layers"]))
        return (
            f"Cut the domain into the $k^d$ cubes of side $1/k${where(', ', k=k)}, and take the ${named('Q', layers)}$ "
            f"most central layers $|i|=m$ of their indices $i$. $f_\\omega=(q-1+\\omega_i)/Q$ on cell $i$ of the "
            f"$q$-th layer and (number of layers below $|i|$)$/Q$ elsewhere; cells of one layer are incomparable, so "
            f"$f_\\omega$ is non-decreasing. The half-gap is $w=1/(2Q)$."
        )

    def evaluate(self, index: Index, omega: NDArray[Any], points: NDArray[np.float64]) -> NDArray[np.float64]:
        k, dim, layers = int(index["k"]), int(self.dim), int(index["layers"])
        first, count = central_layers(k, dim, layers)
        if k**dim > 10**7:
            raise HypothesisError(f"evaluation needs a table of k^d={k**dim} cells; at most 10^7")
        sums = np.indices((k,) * dim).sum(axis=0)
        table = np.clip(sums - first, 0, layers) / layers
        chosen = (sums >= first) & (sums < first + layers)
        table[chosen] += np.asarray(omega, float)[:count] / layers
        cell = np.minimum(np.floor(np.asarray(points, float) * k), k - 1).astype(int)
        values: NDArray[np.float64] = table[tuple(cell.T)]
        return values


@dataclass(frozen=True)
class Staircases(CubeLayers):
    """d = 1, all layers: the centres (2q-1)/(2k) are an affine function of the position."""

    id = "staircases"
    indices: ClassVar[tuple[str, ...]] = ("k",)
    centres = Thresholds.AFFINE

    def member(self, witness: Any) -> dict[str, int]:
        k = super().member(witness)["k"]
        return {"k": k, "layers": k}

    def check(self, index: Index) -> None:
        return None

    def grid(self) -> Grid:
        k = np.array(resolutions(MOST_CELLS, 256), float)
        return Grid({"k": k, "layers": k}, k)


@dataclass(frozen=True, kw_only=True)
class MonotoneFunctions(FunctionClass):
    """Functions [0,1]^d -> [0,1] that are non-decreasing in each coordinate.

    ``dim`` is d, an integer from 1 to 10^4 or a symbol. The entropy exponent in L^p is max(d, (d-1)p)
    (Gao and Wellner 2007; at d = (d-1)p the best known upper bound has an extra logarithm).

    >>> MonotoneFunctions(dim=2).entropy_exponent(3)
    3
    """

    citations = (Citation("GaoWellner2007", "Thm 1.1"),)
    symmetric = True

    dim: Number = field(metadata=DIMENSION)

    @property
    def definition(self) -> str:
        dim = where(", ", d=self.dim)
        return f"$F$ is the class of functions $[0,1]^d\\to[0,1]${dim}, non-decreasing in each coordinate."

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        if not is_symbolic(self.dim) and self.dim == 1:
            return (Staircases(self.dim),)
        return (CubeLayers(self.dim),)

    @property
    def carried(self) -> Carried:
        return Carried(Maps.INCREASING)

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    def curved(self, order: int) -> Curved:
        """x^m."""
        return Curved(order, factorial(order), start=0)

    @property
    def ray_profiles(self) -> tuple[RayProfile, ...]:
        return RayProfile.constant(1), RayProfile("step", 1, 0, r"\mathbf{1}[\max_jx_j\ge a]", free=True)

    @property
    def wave(self) -> Wave:
        return StaircaseWave()

    @property
    def jump(self) -> int:
        """That of 1[x_1 > 1/2]."""
        return 1

    @property
    def boundary_layers(self) -> BoundaryLayers:
        """Step functions with jumps close to 0."""
        return BoundaryLayers(1, 1)

    @property
    def value_range(self) -> tuple[Number, Number]:
        return 0, 1

    @property
    def is_monotone(self) -> bool:
        return True

    def entropy_exponent(self, p: Number) -> Any:
        import sympy

        d = SYMBOLIC.number(self.dim)
        if is_infinite(p):
            return sympy.Piecewise((d, sympy.Eq(d, 1)), (sympy.oo, True))
        return sympy.Max(d, (d - 1) * SYMBOLIC.number(p))

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        """(1/2)(1 - (1-1/k)^d)^{1/p}, 1/2 for p = inf, with the middle of the range on each cube.

        The ranges of f on the cubes of one of the k^d - (k-1)^d diagonal chains add up to at most 1.
        """
        if is_infinite(p):
            return A.number(1) / 2  # a jump anywhere: no better than a constant
        return A.power(1 - A.power(1 - 1 / k, A.number(self.dim)), 1 / A.number(p)) / 2

    def cube_exponent(self, p: Number) -> Number:
        return 0 if is_infinite(p) else Fraction(1) / p

    def cube_values(self, f: Function, k: int) -> NDArray[np.float64]:
        """The middle of the range: f is least at one corner of a cube and greatest at the opposite one."""
        corner = cube_indices(k, int(self.dim))
        values: NDArray[np.float64] = (values_at(f, corner / k) + values_at(f, (corner + 1) / k)) / 2
        return values

    def box_error(self, A: Arithmetic[V], resolutions: Sequence[V | float], p: Number) -> V:
        """(1/2)(1 - prod_j (1 - 1/k_j))^{1/p}, 1/2 for p = inf: as many diagonal chains as boxes with some i_j = 0."""
        if is_infinite(p):
            return A.number(1) / 2
        missed = A.number(1)
        for k in resolutions:
            missed = missed * (1 - 1 / A.number(k))
        return A.power(1 - missed, 1 / A.number(p)) / 2

    def box_values(self, f: Function, resolutions: tuple[int, ...]) -> NDArray[np.float64]:
        corner, sides = np.indices(resolutions).reshape(len(resolutions), -1).T, np.array(resolutions)
        values: NDArray[np.float64] = (values_at(f, corner / sides) + values_at(f, (corner + 1) / sides)) / 2
        return values.reshape(resolutions)

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        values = np.asarray(f(points), float)
        below = (points[:, None, :] <= points[None, :, :]).all(axis=2)
        rising = values[:, None] <= values[None, :] + 1e-12
        return bool((rising | ~below).all() and (values >= 0).all() and (values <= 1).all())
