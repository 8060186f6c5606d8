"""What function classes and network classes must satisfy, by samples: checks that raise AssertionError.

What a check finds is wrong; what it does not find may still be wrong.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.certificate import describe_from
from approxbounds.description import Description
from approxbounds.facts.grid import midpoints, values_at
from approxbounds.facts.growth import Thresholds
from approxbounds.facts.hypercube import HypercubeFamily, Index
from approxbounds.testing.contracts import check_bound, require

__all__ = ["check_function_class", "check_growth", "check_network_class", "check_record"]

_POINTS = (1, 2, 3, 4, 5, 7, 10, 16, 30, 64, 200, 1000, 10**4, 10**6, 10**9)
_MANY = 2.0**200  # points that no library class shatters
_SAMPLED = 0.05  # relative: constants that are wrong by more than this are found by quadrature
_NEAR = 1e-9
_MOST_CELLS, _MOST_NODES = 64, 30_000


def check_record(record: Description) -> None:
    """A class must be a frozen value, equal to a copy, hashable, and survive its JSON form.

    Its class is registered meanwhile if it is not known.

    >>> check_record(ab.LipschitzBall(dim=2, radius="1/3"))
    """
    copy = type(record)(**{field.name: getattr(record, field.name) for field in fields(record)})
    require(copy == record and hash(copy) == hash(record), f"{record} is not equal to a copy of it")
    with suppress(FrozenInstanceError):
        setattr(record, next((field.name for field in fields(record)), "anything"), None)
        raise AssertionError(f"{type(record).__name__} must be a frozen dataclass")
    cited = all(isinstance(source, ab.Citation) for source in record.citations)
    require(cited, f"{record}: citations must be Citation records")
    require(isinstance(record.definition, str) and record.definition, f"{record} has no definition")
    known = {*ab.FUNCTION_CLASSES.values(), *ab.NETWORK_CLASSES.values()}
    with ab.extensions(*(kind for kind in record.kinds if kind not in known)):
        functions = isinstance(record, ab.FunctionClass)
        classes: Any = ab.FUNCTION_CLASSES if functions else ab.NETWORK_CLASSES
        if not record.symbols:
            again = describe_from("record", record.to_dict(), classes)
            require(again == record, f"JSON changes {record} to {again}")


# -------------------------------------------------------------------------------------------- network classes


def check_growth(G: ab.NetworkClass, *, values: ArrayLike | None = None) -> None:
    """The growth bound of G, for every kind of thresholds, must be one.

    On m points it is from 0 to m, non-decreasing in m, and once below m remains so (searches bisect), as it must be for
    many points if ``G.bounded_growth``; doubles agree with balls; more special thresholds do not have larger bounds.
    ``values`` of shape (functions, m), g(x_i) for functions g in G at m points, are counted: the patterns above random
    thresholds, and above common ones, must not be more than the bound allows.

    >>> check_growth(ab.LinearSpace(dimension=1), values=[[c] * 6 for c in range(50)])
    >>> check_growth(ab.LinearSpace(dimension=1), values=[[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    Traceback (most recent call last):
        ...
    AssertionError: LinearSpace(dimension=1): 8 patterns on 3 points, more than 2^2 for ANY thresholds
    """
    bounds = {}
    for thresholds in Thresholds:
        where = f"{G}, {thresholds.name} thresholds"
        growth = G.growth(thresholds)
        found = []
        for m in _POINTS:
            with precision(256):
                ball = BALL.number(growth.evaluate(BALL, m))
                require(ball.is_finite(), f"{where}: growth({m}) is not finite in balls")
                exact = float(ball.mid())
            double = float(growth.evaluate(FLOAT, float(m)))
            require(
                abs(double - exact) <= _NEAR * max(1, exact), f"{where}: growth({m}) is {exact}, {double} in doubles"
            )
            require(0 <= exact <= m, f"{where}: growth({m}) is {exact}, not from 0 to {m}")
            found.append(exact)
        for m, n, low, high in zip(_POINTS, _POINTS[1:], found, found[1:], strict=False):
            require(low <= high * (1 + _NEAR), f"{where}: growth falls from {low} at {m} points to {high} at {n}")
            require(low >= m or high < n, f"{where}: growth is below the number of points at {m}, not at {n}")
        if G.bounded_growth:
            require(growth.evaluate(FLOAT, _MANY) < _MANY, f"{where}: growth is never below the number of points")
        bounds[thresholds] = np.array(found)
    for special in (Thresholds.AFFINE, Thresholds.COMMON):
        worse = bounds[special] > bounds[Thresholds.ANY] * (1 + _NEAR)
        require(not worse.any(), f"{G}: growth for {special.name} thresholds is larger than for ANY")
    if values is not None:
        _count_patterns(G, np.asarray(values, float))


def _count_patterns(G: ab.NetworkClass, values: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(0)
    m = values.shape[1]
    anywhere = [rng.choice(values[:, i], 64) for i in range(m)]
    levels = {Thresholds.ANY: np.stack(anywhere, axis=1), Thresholds.COMMON: rng.choice(values.ravel(), (64, 1))}
    for thresholds, choices in levels.items():
        allowed = float(G.growth(thresholds).evaluate(FLOAT, float(m)))
        for level in choices:
            patterns = len(np.unique(np.packbits(values > level, axis=1), axis=0))
            message = (
                f"{G}: {patterns} patterns on {m} points, more than 2^{allowed:.6g} for {thresholds.name} thresholds"
            )
            require(math.log2(patterns) <= allowed + _NEAR, message)


def check_network_class(G: ab.NetworkClass, *, values: ArrayLike | None = None) -> None:
    """A network class must be a record, have a growth bound, and true certified complexities and facts.

    :func:`check_record`, :func:`check_growth`; every bound on Pdim(G) passes :func:`check_bound` if G has one, as does
    every bound on the fat-shattering dimension, which falls with the scale and is at most the bound on Pdim(G).

    >>> check_network_class(ab.ReLUNetwork(widths=(3,), input_dim=2))
    """
    check_record(G)
    check_growth(G, values=values)
    contents = G.may_contain
    require(not G.contains_constants or (contents.zero and contents.constant), f"{G}: may_contain lacks the constants")
    pdim = math.inf
    if G.bounded_growth:
        best = G.pseudo_dimension()
        for bound in (best, *best.others):
            if isinstance(bound, ab.Bound):
                check_bound(bound)
        pdim = best.value
        signs = G.vc_dimension()
        for bound in (signs, *signs.others):
            if isinstance(bound, ab.Bound):
                check_bound(bound)
        require(signs.value <= pdim, f"{G}: VC(G) <= {signs.value} and Pdim(G) <= {pdim}, which is at least VC(G)")
    before = pdim
    for gamma in ("1/100", "1/10", 1):
        try:
            fat = G.fat_shattering(gamma)
        except ab.NotApplicableError:
            continue
        check_bound(fat)
        require(fat.value <= before, f"{G}: fat_{gamma}(G) <= {fat.value}, but at most {before} at smaller scales")
        before = fat.value


# ------------------------------------------------------------------------------------------- function classes


def check_function_class(F: ab.FunctionClass, *, seed: int = 0) -> None:
    """A function class must be a record whose hypercube families lie in it and are what they say.

    For the members with few cells of every family and random omega: f_omega is in F where ``contains`` can tell, within
    the range of F, and spreads no more than stated; omega_i changes it on the i-th of N disjoint cells only, upwards,
    by the same amount for all omega, and in all cells alike; ||w||_p is at least what is stated (up to 5%, by the
    midpoint rule). Steps on cubes are as near to f_omega as :meth:`FunctionClass.cube_error` says (up to 5%). Packing
    bounds fall with eps and pass :func:`check_bound`. Raises ParameterError if F has symbols.

    >>> check_function_class(ab.MonotoneFunctions(dim=2))
    """
    check_record(F)
    F.require_numbers("a check")
    rng = np.random.default_rng(seed)
    for family in F.families:
        grid = family.grid()
        few = [grid.at(i) for i in range(min(40, grid.cells.size)) if grid.cells[i] <= _MOST_CELLS]
        for found in few[:: max(1, len(few) // 6)]:
            _check_member(F, family, family.member(found), rng)
    import sympy

    for p in (1, 2, math.inf):
        try:
            exponent = F.entropy_exponent(p)
        except ab.NoExpressionError:  # not known in this norm
            continue
        positive = isinstance(exponent, sympy.Expr) and exponent.is_extended_positive
        require(positive, f"{F}: the entropy exponent for p={p} is {exponent!r}, not a positive SymPy number")
    before = math.inf
    for eps in ("1/1000", "1/100", "1/10"):
        with suppress(ab.NotApplicableError):
            bound = F.packing(eps, p=2)
            check_bound(bound)
            require(bound.value <= before * (1 + _NEAR), f"{F}: the packing bound grows with eps at {eps}")
            before = bound.value


def _check_member(F: ab.FunctionClass, family: HypercubeFamily, index: Index, rng: np.random.Generator) -> None:
    dim, cells = int(F.domain_dim), family.cells(index)
    where = f"{F}, family {family.id} at {dict(index)}"
    nodes, omega = _nodes(index, dim), rng.integers(0, 2, cells)
    if not len(nodes):
        return

    def at(word: NDArray[Any], points: NDArray[np.float64] = nodes) -> NDArray[np.float64]:
        return values_at(lambda x: family.evaluate(index, word, x), points)

    f = at(omega)
    if F.value_range is not None:
        low, high = (float(end) for end in F.value_range)
        require(low - _NEAR <= f.min() and f.max() <= high + _NEAR, f"{where}: values outside of [{low}, {high}]")
    spread = float(family.spread(FLOAT, index))
    require(np.ptp(f) <= spread * (1 + _NEAR), f"{where}: values spread over {np.ptp(f)}, more than {spread}")
    with suppress(ab.NoExpressionError):
        inside = F.contains(lambda x: at(omega, x), rng.random((64, dim)))
        require(inside, f"{where}: f_omega is not in F for omega={omega.tolist()}")
    gap = np.abs(at(1 - omega) - f) / 2
    _check_cells(where, at, omega, gap, rng)
    for p in (1, 2, math.inf):
        stated = float(family.norm(FLOAT, {**index, "cells": float(cells)}, p))
        measured = float(gap.max() if p == math.inf else (gap**p).mean() ** (1 / p))
        message = f"{where}: ||w||_{p} is about {measured}, less than {stated} as stated"
        require(0 < stated <= measured * (1 + _SAMPLED), message)
    for p in (1, 2):
        if F.cube_exponent(p) is not None:
            _check_cubes(F, where, lambda x: at(omega, x), p)


def _nodes(index: Index, dim: int) -> NDArray[np.float64]:
    """Midpoints of the same odd number of parts on each side of each cube, so that centres are nodes; none if too many.

    ``k``, or ``k1`` ... ``kd``, are the cubes on a side (of a family that has no such index there is one).
    """
    sides = [int(index.get(f"k{j}", index.get("k", 1))) for j in range(1, dim + 1)]
    parts = max(5, int((_MOST_NODES / math.prod(sides)) ** (1 / dim)) | 1)
    if math.prod(sides) * parts**dim > 4 * _MOST_NODES:
        return np.empty((0, dim))
    axes = [(np.arange(side * parts) + 0.5) / (side * parts) for side in sides]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)


def _check_cells(where: str, at: Any, omega: NDArray[Any], gap: NDArray[np.float64], rng: np.random.Generator) -> None:
    """The effect of single omega_i on the nodes."""
    touched = np.zeros(len(gap), bool)
    total, f = gap.mean(), at(omega)
    for i in rng.permutation(len(omega))[:8]:
        flipped = omega.copy()
        flipped[i] = 1 - omega[i]
        change = at(flipped) - f
        changed = np.abs(change) > _NEAR * gap.max()
        require(not (changed & touched).any(), f"{where}: cells overlap (cell {i})")
        touched |= changed
        require(
            (change * (flipped[i] - omega[i]) >= -_NEAR * gap.max()).all(), f"{where}: omega_{i} = 1 lowers f_omega"
        )
        other = rng.integers(0, 2, len(omega))
        other[i] = omega[i]
        again = other.copy()
        again[i] = flipped[i]
        same = np.allclose(at(again) - at(other), change, rtol=0, atol=1e-7 * gap.max())
        require(same, f"{where}: the effect of omega_{i} depends on the others")
        share = np.abs(change).mean() / 2 * len(omega)
        alike = abs(share - total) <= 4 * _SAMPLED * total
        require(alike, f"{where}: cell {i} has {share / total:.3f} times the mean of w over all cells")


def _check_cubes(F: ab.FunctionClass, where: str, f: Any, p: int) -> None:
    dim = int(F.domain_dim)
    for k in (1, 2, 3):
        fine = max(1, int(_MOST_NODES ** (1 / dim)) // k)
        nodes = midpoints(k * fine, dim)
        cube = np.minimum(np.floor(nodes * k), k - 1).astype(int) @ (k ** np.arange(dim)[::-1])
        error = float((np.abs(f(nodes) - F.cube_values(f, k)[cube]) ** p).mean() ** (1 / p))
        stated = float(F.cube_error(FLOAT, float(k), p))
        message = f"{where}: steps on {k}^{dim} cubes are {error} away in L^{p}, more than {stated} as stated"
        require(error <= stated * (1 + _SAMPLED), message)
