"""Monotone functions of one variable: steps and interpolation at the points where f passes levels. THEORY.md, 5."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.interpolation import breaks_per_layer, interpolating_layers
from approxbounds.constructions.one_variable import FreePieces, OneVariable, apart, levels_of, no_range
from approxbounds.constructions.piecewise_constant import cube_widths, cubes_refusal, no_steps, step_layers
from approxbounds.constructions.placement import placement_refusal, power_of, relu_refusal, reshaped, widths_of
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, integer_of, require

__all__ = ["MonotoneInterpolation", "MonotoneSteps"]


def _refusal(query: Query) -> str | None:
    return no_range(query) or (None if query.F.is_monotone else "F must be a class of monotone functions")


def _passed(f: Function, levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first points of [0,1] where f is at least these levels, as far as doubles tell; 2 where it never is."""
    below, above_ = np.zeros(len(levels)), np.ones(len(levels))
    first, last = values_at(f, np.array([[0.0], [1.0]]))
    for _ in range(1100):  # from 1 to the smallest double
        middle = (below + above_) / 2
        if np.all((middle <= below) | (middle >= above_)):
            break
        reached = values_at(f, middle[:, None]) >= levels
        below, above_ = np.where(reached, below, middle), np.where(reached, middle, above_)
    return np.where(first >= levels, 0.0, np.where(last >= levels, above_, 2.0))


class MonotoneSteps(OneVariable):
    """E_p <= (b - a)/(2n) for monotone f: [0,1] -> [a,b] and step functions on n intervals of our choice, every p.

    Hypotheses: G realises all step functions with n - 1 steps: Heaviside layers of at least n - 1 units; max(x,0)^q in
    the limit, q + 1 units a step, p < inf. Proof: step where f passes a + i(b-a)/n, i = 1..n-1; between two steps f is
    within (b-a)/(2n) of the middle. Witness: ``pieces`` (n).
    """

    id = "monotone-steps"
    title = "Steps where a monotone function passes levels"
    statement = (
        r"Step functions on $n$ intervals whose ends are where $f$ passes $a+\frac in(b-a)$ are within "
        r"$\frac{b-a}{2n}$ of a monotone $f:[0,1]\to[a,b]$ everywhere."
    )
    by_steps = True

    def refusal(self, query: Query) -> str | None:
        reason = placement_refusal(query.G) or _refusal(query)
        return cubes_refusal(query.G, 1, query.p) if reason is None else reason

    def search(self, query: Query) -> Witness:
        return {"pieces": largest(lambda k: cubes_refusal(query.G, k, query.p) is None)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        n = integer_of(witness, "pieces", minimum=1)
        reason = cubes_refusal(query.G, n, query.p)
        require(reason is None, str(reason))
        return self.error(A, query, A.number(n))

    def error(self, A: Arithmetic[V], query: Query, pieces: V | float) -> V:
        return query.F.span(A) / (2 * A.number(pieces))

    def rate(self, query: Query) -> Any:
        """n is of order W with one hidden layer; more layers pass the steps on, with n^2 weights each."""
        import sympy

        W = sympy.Symbol("W", positive=True)
        return 1 / W if len(widths_of(query.G)) == 1 else 1 / sympy.sqrt(W)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        return reshaped(query.G, cube_widths(power_of(query.G), 1, integer_of(witness, "pieces")))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """Heaviside networks only; the steps are at the doubles where f passes the levels."""
        if power_of(query.G) != 0:
            raise NotApplicableError(f"{self.id}: {no_steps(query.G)}")
        require_moderate(query.G)
        n = integer_of(witness, "pieces", minimum=1)
        levels = levels_of(query, n)
        steps = _passed(f, levels[1:-1])
        middles = (levels[1:] + levels[:-1]) / 2
        return dense(query.G, step_layers(widths_of(query.G), (np.ones((n - 1, 1)), -steps), middles))


class MonotoneInterpolation(FreePieces):
    """E_p <= (b - a)(p+1)^{-1/p}/n for monotone f: [0,1] -> [a,b] and n linear pieces of our choice, p < inf, ReLU.

    Proof. Interpolate the levels a + i(b-a)/n where f passes them (in the limit also where f jumps over several). On a
    piece f is monotone between the two levels; the mean of |f - g|^p is convex in f, so largest for a step of f, at a
    share t of the piece: ((b-a)/n)^p (t^{p+1} + (1-t)^{p+1})/(p+1). Witness: ``pieces`` (n).
    """

    id = "monotone-interpolation"
    title = "Interpolation where a monotone function passes levels"
    statement = (
        r"Interpolate linearly the levels $a+\frac in(b-a)$ at the points where $f$ passes them: the mean of "
        r"$|f-g|^p$ on each of the $n$ pieces is largest if $f$ is a step there, at most $(\frac{b-a}n)^p/(p+1)$."
    )

    def refusal(self, query: Query) -> str | None:
        reason = relu_refusal(query.G) or _refusal(query)
        if reason is None and is_infinite(query.p):
            return "a continuous function does not follow jumps in sup norm"
        return reason

    def error(self, A: Arithmetic[V], query: Query, pieces: V | float) -> V:
        p = A.number(query.p)
        return query.F.span(A) * A.power(p + 1, -1 / p) / A.number(pieces)

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """Where f jumps, pieces are steep: 2^-32 wide together, which costs at most 2^{-31/p} (b-a) in L^p.

        (Nodes move by at most h = 2^-32 to the right, near 1 to the left: the built g is between g(x-h) and g(x+h).)
        Steep terms cancel after it: doubles lose about 2^-20 (b-a).
        """
        require_moderate(query.G)
        n, G = integer_of(witness, "pieces", minimum=1), query.G
        levels = levels_of(query, n)
        nodes = apart(np.concatenate([[0.0], np.minimum(_passed(f, levels[1:-1]), 1.0), [1.0]]))
        return dense(G, interpolating_layers(nodes, levels, breaks_per_layer(widths_of(G))))
