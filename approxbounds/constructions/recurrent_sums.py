"""Sums of functions of one entry of the sequence, by recurrent networks that keep it. THEORY.md, section 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.constructions.smoothness import additive_error, differentiable, gradient_refusal, interpolation_error
from approxbounds.constructions.windows import MOST_DIRECTIONS
from approxbounds.facts.built_recurrent import RecurrentWeights
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.facts.networks import DelayLine
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number, is_symbolic
from approxbounds.witness import Witness, integer_of

__all__ = ["RecurrentSums"]


class RecurrentSums(SizedConstruction):
    """f(c) + sum_j [f(c + (x_j - c_j) e_j) - f(c)] at the centre c, each interpolated at m + 1 nodes, x the sequence.

    Hypotheses: recurrent networks whose W may be a permutation, U, v, b, c, thresholds real, n >= m T d_in; F with s >
    1 and bounded second derivatives, or a Hölder ball, 1 < s <= 2; any s for T d_in = 1. Guarantee, every p: E_p <=
    mixed + sum_j iota(1/m), as for ``blocks`` with one block. Exact, finite weights. Witness: ``m``.

    Proof. The units are T blocks of m d_in. W shifts each block to the next one (the last to the first, units left over
    to themselves), and only the first reads x_t, with tau_r = r/m, r = 0..m-1: x_{t,i} - tau_r by the biases, or the
    threshold -tau_r for modReLU. Block k is 0 before time k: it is shifted from h_0 = 0, without biases. So what comes
    back to the first block is 0 up to time T, when block k has what the first had at time T+1-k: after relu, which does
    nothing to relu(x_{t,i} - tau_r), in the state or at the output (x_{t,i} - tau_r)_+, all of them.
    """

    id = "recurrent-sums"
    title = "Sums of functions of one entry of the sequence"
    statement = (
        r"$W$ shifts $T$ blocks of $md_{\mathrm{in}}$ hidden units, the first of which reads $x_t$: at time $T$ all "
        r"$(x_{t,i}-\frac rm)_+$, $r<m$, are there. So $G$ contains $f(c)+\sum_j[f(c+(x_j-c_j)e_j)-f(c)]$, $c$ the "
        r"centre, each function interpolated at $m+1$ nodes. The error is at most that of the mixed differences plus "
        r"those of the interpolations."
    )
    citations = (Citation("approxbounds", "6"),)

    def names(self, query: Query) -> tuple[str, ...]:
        return ("m",)

    def refusal(self, query: Query) -> str | None:
        if query.F.regularity is None:
            return "F must be a Hölder, Lipschitz, anisotropic or Sobolev (q = inf) ball, its dimension a number"
        if query.G.delay_line is None:
            return "G must be recurrent networks with real U, v and b whose W may be a permutation"
        if is_symbolic(query.G.domain_dim):
            return "the length of the sequences must be a number"
        return self.needs(query)

    def needs(self, query: Query) -> str | None:
        F, d = self._regularity(query), len(self._regularity(query).along)
        if d > MOST_DIRECTIONS:
            return f"it is for T d_in up to {MOST_DIRECTIONS}"
        return gradient_refusal(F) if d > 1 else None

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        most = int(_line(query).hidden) // int(query.G.domain_dim)
        return {"m": most} if most else None

    def has_room(self, query: Query, sizes: Mapping[str, int]) -> bool:
        return bool(sizes["m"] * query.G.domain_dim <= _line(query).hidden)

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        d, total = len(F.along), A.number(0)
        if d > 1:
            mixed = additive_error(A, F, [A.number(1) / 2] * d, p)
            assert mixed is not None  # refused else
            total = mixed
        for s in F.along:
            total = total + interpolation_error(A, s, F.radius, 1 / sizes["m"], p)
        return total

    def rate(self, query: Query) -> Any:
        """With more units only the interpolation gets better."""
        import sympy

        F = self._regularity(query)
        if len(F.along) > 1:
            return SYMBOLIC.number(1)
        order = SYMBOLIC.number(min(F.along[0], 2) if differentiable(F.along[0]) else F.along[0])
        return sympy.Symbol("W", positive=True) ** -(order / 2)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        m, error = integer_of(witness, "m"), above(self.evaluate(BALL, query, witness))
        text = (
            f"The ${_line(query).hidden}$ hidden units allow $m={m}$ (${m * int(query.G.domain_dim)}$ of them are used)"
        )
        return (*self.outline(query), Step(f"{text}; the error is at most ${error}$.", self.citations))

    def build(self, query: Query, witness: Witness, f: Function) -> RecurrentWeights:
        """f enters by its values on the lines through the centre that are parallel to the axes."""
        line, m, d = _line(query), integer_of(witness, "m", minimum=1), int(query.G.domain_dim)
        n, inputs = int(line.hidden), int(line.inputs)
        RecurrentWeights.require_moderate(n)
        nodes = np.arange(m + 1) / m
        points = np.full((d, m + 1, d), 0.5)
        points[np.arange(d), :, np.arange(d)] = nodes
        values = values_at(f, points.reshape(-1, d)).reshape(d, m + 1)
        slopes = np.diff(values, axis=1) * m
        kinks = np.diff(slopes, axis=1, prepend=0.0)  # of (x_j - r/m)_+
        middle = float(values_at(f, np.full((1, d), 0.5))[0])
        block = m * inputs
        W, U, b, thresholds, v = np.eye(n), np.zeros((n, inputs)), np.zeros(n), np.zeros(n), np.zeros(n)
        W[: d * m, : d * m] = np.roll(np.eye(d * m), block, axis=0)
        U[:block] = np.eye(inputs).repeat(m, axis=0)
        (thresholds if line.rectifies == "thresholds" else b)[:block] = -np.tile(nodes[:-1], inputs)
        v[: d * m] = kinks.reshape(-1, block)[::-1].ravel()  # block k has step T+1-k
        constant = float(values[:, 0].sum()) - (d - 1) * middle
        return RecurrentWeights(W, U, b, thresholds, v, constant, int(line.steps), line.rectifies)


def _line(query: Query) -> DelayLine:
    assert query.G.delay_line is not None  # refused else
    return query.G.delay_line
