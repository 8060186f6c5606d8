"""Convex functions of one variable, interpolated at free nodes or at nodes dense at 0 and 1. THEORY.md, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.interpolation import breaks_per_layer, free_pieces, interpolating_layers
from approxbounds.constructions.one_variable import FreePieces, apart, no_range
from approxbounds.constructions.placement import relu_refusal, widths_of
from approxbounds.constructions.sticks import (
    GRADINGS,
    fit_gradings,
    float_nodes,
    graded,
    interpolated_cell,
    node,
    together,
    worst_pair,
)
from approxbounds.errors import NoExpressionError, echo
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function, values_at
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number, is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["ConvexFreeNodes", "ConvexGradedNodes"]

_INSIDE = 2.0**-53  # where the limits of f at 0 and 1 are taken, as f may jump there
_MOST_PIECES = 2048  # with graded nodes, so that the formula is a matter of milliseconds


class _Convex(FreePieces):
    def refusal(self, query: Query) -> str | None:
        reason = relu_refusal(query.G) or no_range(query)
        return reason or (None if query.F.is_convex else "F must be a class of convex functions")

    def _interpolant(self, query: Query, nodes: NDArray[np.float64], shift: float, f: Function) -> DenseNetwork:
        require_moderate(query.G)
        values = values_at(f, np.clip(nodes, _INSIDE, 1 - _INSIDE)[:, None]) - shift
        return dense(query.G, interpolating_layers(nodes, values, breaks_per_layer(widths_of(query.G))))


class ConvexFreeNodes(_Convex):
    """E_p <= (b - a)/n for convex f: [0,1] -> [a,b], n linear pieces of our choice, every p, ReLU. Witness: ``pieces``.

    Proof. The total variation of f on (0,1) is at most 2(b - a). Nodes at equal variation, at most 2(b - a)/n on each
    piece; there f falls by u and rises by v, the chord is at most max(u, v) above the minimum, and f is between the
    minimum and the chord: chord - f is in [0, 2(b - a)/n]. Subtract (b - a)/n. At 0 and 1 take the limits of f.
    """

    id = "convex-free-nodes"
    title = "Interpolation of convex functions at equal variation"
    statement = (
        r"A convex $f:[0,1]\to[a,b]$ has total variation at most $2(b-a)$. Interpolated at $n+1$ nodes of equal "
        r"variation it is at most $\frac2n(b-a)$ below its chords; these, lowered by $\frac{b-a}n$, are within "
        r"$\frac{b-a}n$."
    )

    def error(self, A: Arithmetic[V], query: Query, pieces: V | float) -> V:
        return query.F.span(A) / A.number(pieces)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f at 2^-53 and 1 - 2^-53 stands for its limits at 0 and 1; all pieces are wider than 2^-33/n.

        Steep terms cancel after it: doubles lose up to about 2^-20 (b-a).
        """
        n = integer_of(witness, "pieces", minimum=1)
        low, high = query.F.value_range or (0, 0)
        return self._interpolant(query, _equal_variation(f, n), float(high - low) / n, f)


class ConvexGradedNodes(_Convex):
    """Interpolation at fixed nodes x_i, symmetric and dense at 0 and 1; p < inf, ReLU.

    With h_i = x_i - x_{i-1}, c_i = (b-a) (sqrt(x_i) - sqrt(x_{i-1}))^2 h_i^{1/p-1} (p+1)^{-1/p} and c'_i = c_{n+1-i}:

        E_p <= max( max_{i<j} (c_i^p + c'_j^p)^{1/p}, max_i (c_i + c'_i) ).

    Proof. Let f have values in [0,1] and its infimum at z. f = inf f + the mean of sticks g_t(x) = (1 - x/t)_+, t <= z,
    with weights of sum at most 1, + the same with their mirror images, t' >= z: for x < z f(x) - f(z) = int (t - x)_+
    df'(t), and int t df'(t) <= 1. Interpolation is linear, so the error of f is at most the largest of a stick and a
    mirrored one with t <= t'. The error of g_t is in the cell [x_{i-1}, x_i] of t only: a triangle of height
    (t - x_{i-1})(x_i - t)/(t h_i), at most (sqrt(x_i) - sqrt(x_{i-1}))^2/h_i, at t = sqrt(x_{i-1} x_i). Errors in
    different cells add up as p-th powers. Witness: ``pieces`` (n) and ``grading`` (g): x_i = (2i/n)^g/2 up to 1/2.
    """

    id = "convex-graded-nodes"
    title = "Interpolation of convex functions at graded nodes"
    statement = (
        r"A convex $f:[0,1]\to[0,1]$ is a constant plus averages of $(1-x/t)_+$ and of mirror images, each of total "
        r"weight at most 1. The error of one of them, interpolated at nodes $x_i$, $h_i=x_i-x_{i-1}$, is in one cell, "
        r"at most $c_i=(\sqrt{x_i}-\sqrt{x_{i-1}})^2h_i^{1/p-1}(p+1)^{-1/p}$; $f$ is no worse than the worst pair."
    )

    def refusal(self, query: Query) -> str | None:
        reason = super().refusal(query)
        if reason is None and is_infinite(query.p):
            return "near 0 and 1 fixed nodes do not follow f in sup norm"
        return reason

    def search(self, query: Query) -> Witness:
        """All pieces that fit or fewer: an even n has a node at 1/2, and below a power of 2 there are more gradings."""
        most = min(free_pieces(query.G), _MOST_PIECES)
        below = (1 << most.bit_length() - 1) - 1
        choices = {most, *(max(1, n - n % 2) for n in (most, below)), max(1, below)}
        _, pieces, grading = min(_graded(n, query.p) for n in choices)
        return {"pieces": pieces, "grading": grading}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        n, most = integer_of(witness, "pieces", minimum=1, maximum=_MOST_PIECES), free_pieces(query.G)
        require(n <= most, f"pieces={n}: the widths of G allow at most {most}")
        grading = fraction_of(witness, "grading")
        require(grading in GRADINGS, f"grading={echo(grading)} must be a multiple of 1/4 from 1 to 15")
        p = A.number(query.p)
        if A.decides:
            return query.F.span(A) * _worst(A, graded(A, n, grading), p)
        i, j = _worst_cells(n, grading, query.p)  # that are the worst is seen in floats: SymPy shows it
        cell, other = (
            interpolated_cell(A, node(A, k, n, grading), node(A, k + 1, n, grading), p) for k in (i, n - 1 - j)
        )
        return query.F.span(A) * together(A, cell, other, p, same=i == j)

    def error(self, A: Arithmetic[V], query: Query, pieces: V | float) -> V:
        raise NoExpressionError(f"{self.id}: the closed form needs numbers")

    def expression(self, query: Query) -> Any:
        if query.symbols:
            raise NoExpressionError(f"{self.id}: the closed form needs numbers")
        return self.evaluate(SYMBOLIC, query, self.search(query))

    def rate(self, query: Query) -> Any:
        """With g = p+1, for the best shapes: h_i is of order x_i^{1-1/g}/n, so c_i is at most of order n^{-1-1/p}."""
        import sympy

        return sympy.Symbol("W", positive=True) ** (-1 - 1 / SYMBOLIC.number(query.p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        n, grading = integer_of(witness, "pieces"), fraction_of(witness, "grading")
        nodes = f"; with $x_i=\\frac12(2i/n)^{{{grading}}}$ up to $\\frac12$ and their mirror images"
        return self.allowed(query, witness, f"$n={n}$ intervals", nodes)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f at 2^-53 and 1 - 2^-53 stands for its limits at 0 and 1."""
        nodes = float_nodes(integer_of(witness, "pieces", minimum=1), float(fraction_of(witness, "grading")))
        return self._interpolant(query, nodes, 0.0, f)


def _graded(n: int, p: Number) -> tuple[float, int, Fraction]:
    """The least error of n pieces, as far as doubles tell, n, and the grading."""
    gradings = fit_gradings(n)
    nodes = np.array([float_nodes(n, float(g)) for g in gradings]).T
    errors = _worst(FLOAT, list(nodes), FLOAT.number(p))
    best = int(np.argmin(errors))
    return float(errors[best]), n, gradings[best]


def _worst(A: Arithmetic[V], nodes: Sequence[Any], p: V) -> V:
    """The largest error of a pair of sticks."""
    return worst_pair(A, [interpolated_cell(A, a, b, p) for a, b in pairwise(nodes)], p)


def _worst_cells(n: int, grading: Fraction, p: Number) -> tuple[int, int]:
    """The cells of the worst pair, by floats."""
    nodes, power = float_nodes(n, float(grading)), float(p)
    cells = np.array([interpolated_cell(FLOAT, a, b, power) for a, b in pairwise(nodes)])
    table = np.maximum.accumulate(cells)[:-1] + cells[::-1][1:] if n > 1 else np.zeros(0)
    same = (cells ** (1 / power) + cells[::-1] ** (1 / power)) ** power
    if n == 1 or same.max() >= table.max():
        return int(same.argmax()), int(same.argmax())
    j = int(table.argmax()) + 1
    return int(cells[:j].argmax()), j


def _equal_variation(f: Function, n: int) -> NDArray[np.float64]:
    """n + 1 nodes from 0 to 1, between which a convex f varies equally, as far as doubles tell."""

    def at(x: Any) -> NDArray[np.float64]:
        return values_at(f, np.clip(np.atleast_1d(x), _INSIDE, 1 - _INSIDE)[:, None])

    low, high = 0.0, 1.0
    while high - low > 1e-15:  # the minimum, by thirds
        one, two = low + (high - low) / 3, high - (high - low) / 3
        first, second = at([one, two])
        low, high = (low, two) if first <= second else (one, high)
    start, bottom, end = at([0.0, (low + high) / 2, 1.0])
    wanted = np.linspace(0, max(start - bottom, 0) + max(end - bottom, 0), n + 1)[1:-1]
    falling = wanted <= start - bottom
    target = np.where(falling, start - wanted, bottom + wanted - (start - bottom))
    left, right = np.where(falling, 0.0, low), np.where(falling, high, 1.0)
    for _ in range(64):
        middle = (left + right) / 2
        further = np.where(falling, at(middle) > target, at(middle) < target)
        left, right = np.where(further, middle, left), np.where(further, right, middle)
    return apart(np.concatenate([[0.0], right, [1.0]]))
