"""Bounds with symbols, for every class and theorem of the library, from what the parameters of classes declare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import chain, islice
from typing import Any

import sympy

import approxbounds as ab
from approxbounds.parameters import Entries, Exact, declared
from approxbounds.symbolic import RealPower
from approxbounds.testing import examples
from approxbounds.testing.records import library

LONG = Fraction(0.7)  # a float is an exponent of many digits
EPS, GAMMA, P, RADIUS = sympy.symbols("eps gamma p radius", positive=True)
D = sympy.Symbol("d", positive=True)


def symbolic(kind: type[Any]) -> Iterator[Any]:
    """Records of a class: all parameters that may be are symbols of their names; then numbers but for the dimension."""
    start = examples(kind, most=1)[0]
    symbols: dict[str, Any] = {}
    for name, check, _ in declared(kind):
        each = check.each if isinstance(check, Entries) else check
        symbol = D if name == kind.domain_parameter else sympy.Symbol(name, positive=True)
        value = (symbol,) * 2 if isinstance(check, Entries) else symbol
        if each is not None:
            with suppress(ab.ParameterError):
                check.parse(name, value)
                symbols[name] = value
    needed = {name for name, _, optional in declared(kind) if not optional}
    plain = {name: value for name, value in symbols.items() if name in needed}
    yield from start.variants(
        symbols, {**symbols, **_dims(kind, 2)}, {**plain, **_dims(kind, 2)}, {**plain, **_dims(kind, 1)}
    )
    for record in islice(examples(kind, most=9), 1, None, 3):
        yield from record.variants(_dims(kind, D), _dims(kind, 2))
    yield from start.variants({name: LONG for name, check, _ in declared(kind) if isinstance(check, Exact)})


def _dims(kind: type[Any], dim: Any) -> dict[str, Any]:
    return {name: dim for name, _, _ in declared(kind) if name == kind.domain_parameter}


def bounds() -> Iterator[ab.Bound]:
    """Bounds by every theorem on each class, and on pairs of every function class with every network class."""
    functions = [list(symbolic(kind)) for kind in library(ab.FUNCTION_CLASSES)]
    networks = [list(symbolic(kind)) for kind in library(ab.NETWORK_CLASSES)]
    for G in chain(*networks):
        yield from _all(G.pseudo_dimension)
        yield from _all(G.vc_dimension)
        yield from _all(lambda G=G: G.fat_shattering(GAMMA))
    n = sympy.Symbol("n", positive=True, integer=True)
    for F in (ab.MonotoneFunctions(dim=1), ab.ConvexFunctions(dim=1), ab.MonotoneFunctions(dim=2)):
        for kind in (ab.HeavisideNetwork, ab.ReLUNetwork):  # constructions for so many variables
            yield from ab.upper_bounds(F, kind(widths=(n,) * F.dim, input_dim=F.dim), p=2)
    for F in chain(*functions):
        for p in (2, P, "inf"):
            yield from _all(lambda F=F, p=p: F.packing(EPS, p=p))
            yield from _all(lambda F=F, p=p: F.covering(EPS, p=p))
    smooth, width = ab.HolderBall(smoothness=3, dim=2, radius=RADIUS), sympy.Symbol("widths", positive=True)
    for p in (P, "inf"):  # constructions for more than one derivative
        yield from ab.upper_bounds(smooth, ab.ReLUNetwork(widths=(width, width), input_dim=2), p=p)
    yield from ab.upper_bounds(smooth, ab.ReLUNetwork(widths=(width,) * 3, input_dim=2), p=2)  # and for three layers
    smoother = ab.HolderBall(smoothness=4, dim=2, radius=RADIUS)
    yield from ab.upper_bounds(smoother, ab.ReLUNetwork(widths=(width,) * 4, input_dim=2), p=2)  # and for four
    delaying = ab.RecurrentNetwork(hidden=n, inputs=1, steps=2)  # all inputs are there at the last step
    yield from ab.upper_bounds(ab.HolderBall(smoothness="3/2", dim=2), delaying, p=2)
    for i, some in enumerate(functions):
        for j, others in enumerate(networks):
            for turn in range(5):
                F, G = some[(j + turn) % len(some)], others[(i + 2 * turn) % len(others)]
                for F in F.variants(dict.fromkeys(_dims(type(F), 1), G.domain_dim)):  # noqa: B020
                    p = (2, P, "inf", "3/2")[(i + j + turn) % 4]
                    with suppress(ab.ParameterError):  # of different dimensions
                        if F.symbols or G.symbols:
                            yield from (*ab.lower_bounds(F, G, p=p), *ab.upper_bounds(F, G, p=p))


def _all(ask: Any) -> Iterator[ab.Bound]:
    with suppress(ab.NotApplicableError):
        best = ask()
        if best.query.symbols:
            yield from (best, *(other for other in best.others if isinstance(other, ab.Bound)))


@cache
def closed_forms() -> tuple[ab.Bound, ...]:
    """Bounds whose closed forms have symbols: the first of every theorem with every class, with and without floats."""
    found: list[ab.Bound] = []
    seen: set[Any] = set()
    for bound in bounds():
        with suppress(ab.NoExpressionError):
            long = bound.expression.has(RealPower)
            new = {(bound.theorem.id, type(record), long) for record in bound.query.classes} - seen
            if new and bound.expression.free_symbols:
                seen |= new
                found.append(bound)
    return tuple(found)
