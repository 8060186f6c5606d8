"""Step functions on boxes by their level sets: Heaviside networks with fewer units than boxes. THEORY.md, section 5."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from approxbounds.arithmetic import FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.placement import placement_refusal, power_of, reshaped, widths_of
from approxbounds.constructions.steps import indicators, kept, stages
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["LevelSets", "level_widths"]

#: Numbers of cells that are tried.
_CELLS = np.array(sorted({*range(1, 129), *np.geomspace(128, 1e6, 400).astype(int).tolist()}))


def level_widths(dim: int, k: int, last: int, levels: int, *, passed: bool) -> tuple[int, ...]:
    """Hidden widths for k cells in each of x_1..x_{d-1}, ``last`` in x_d; ``passed``: the steps of x_d are passed on.

    Steps; for d > 2 the indicators of the k^{d-1} boxes but one, beside the steps of x_d; then the level sets.
    """
    steps, ends = (dim - 1) * (k - 1) + last - 1, levels + (last - 1 if passed else 0)
    return (steps, ends) if dim == 2 else (steps, k ** (dim - 1) + last - 2, ends)


class LevelSets(Construction):
    """Heaviside networks, d >= 2: two hidden layers for d = 2, three for d > 2; the other layers pass all units on.

    Hypotheses: F has values in [a, b]; and either f changes by at most C t^r if x_d changes by t (``last_modulus``;
    then lambda = C k_d^{-r}), or f is non-decreasing in each coordinate and p < inf (then lambda = 0). With k cells in
    each of x_1..x_{d-1}, k_d in x_d and m levels,

        E_p <= error of steps on the boxes (``F.box_error``) + (D + lambda (k_d - 1))/(2(m+1)),

    D = b - a, or the largest difference sup |f(x) - f(y)| if it is less. Proof. V, the values of the step function,
    plus lambda i_d is non-decreasing in the index i_d, so its level set is {i_d >= h(i_1..i_{d-1})}: one unit
    1[i_d - h + 1/2 >= 0], as i_d is the sum of the steps of x_d and h a form of the steps of x_1 (d = 2) or of
    indicators. m levels at equal distances give V + lambda i_d up to half of one; lambda i_d is subtracted at the
    output. Witness: ``k``, ``last`` (k_d), ``levels`` (m).
    """

    id = "level-sets"
    title = "Level sets of step functions on boxes"
    statement = (
        r"A step function $V$ on boxes, made non-decreasing in the index $i_d$ by adding $\lambda i_d$, has level sets "
        r"$\{i_d\ge h(i_1,\dots,i_{d-1})\}$, one Heaviside unit each; $m$ of them give $V$ up to "
        r"$\frac{D+\lambda(k_d-1)}{2(m+1)}$, $D$ the range of $V$."
    )
    by_steps = True

    def refusal(self, query: Query) -> str | None:
        F, G, d = query.F, query.G, query.F.domain_dim
        reason = placement_refusal(G)
        if reason is not None or power_of(G) != 0:
            return reason or "the activation must be Heaviside"
        if F.value_range is None or (F.last_modulus is None and (not F.is_monotone or is_infinite(query.p))):
            return "F must be bounded, with a modulus of continuity or (p < inf) monotone"
        if is_symbolic(d) or d < 2:
            return "F must be functions of two variables or more, in numbers"
        if len(widths_of(G)) < min(d, 3):
            return f"it needs {min(d, 3)} hidden layers"
        if G.symbols:
            return None if all(map(is_symbolic, widths_of(G))) else "either all widths must be symbols, or none"
        return None

    def _passed(self, query: Query) -> bool:
        return query.F.last_modulus is not None

    def search(self, query: Query) -> Witness:
        d, passed = int(query.F.domain_dim), self._passed(query)
        best: tuple[float, dict[str, int]] = (np.inf, {})
        for shape in _shapes(widths_of(query.G), min(d, 3)):
            last = _CELLS
            if d == 2:
                k = shape[0] + 2 - last
            else:
                k, last = (
                    axis.ravel() for axis in np.meshgrid(_CELLS[float(shape[1] + 1) >= _CELLS ** (d - 1.0)], last)
                )
                fits = ((d - 1) * (k - 1) + last - 1 <= shape[0]) & (k ** (d - 1) + last - 2 <= shape[1])
                k, last = k[fits], last[fits]
            levels = shape[-1] - (last - 1 if passed else 0)
            good = (k >= 1) & (levels >= 1)
            if not good.any():
                continue
            k, last, levels = k[good], last[good], np.broadcast_to(levels, good.shape)[good]
            errors = np.asarray(self._error(FLOAT, query, *(FLOAT.number(n.astype(float)) for n in (k, last, levels))))
            i = int(errors.argmin())
            if errors[i] < best[0]:
                best = (float(errors[i]), {"k": int(k[i]), "last": int(last[i]), "levels": int(levels[i])})
        if not best[1]:
            raise HypothesisError("G is too small for the construction")
        return best[1]

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        sides = [integer_of(witness, name, minimum=1) for name in ("k", "last", "levels")]
        needed = level_widths(int(query.F.domain_dim), *sides, passed=self._passed(query))
        require(
            stages(widths_of(query.G), needed) is not None,
            f"k, last, levels={', '.join(map(echo, sides))} need layers of {', '.join(map(echo, needed))} units",
        )
        return self._error(A, query, *map(A.number, sides))

    def _error(self, A: Arithmetic[V], query: Query, k: V, last: V, levels: V) -> V:
        F, d = query.F, int(query.F.domain_dim)
        range_ = F.span(A)
        if F.modulus_exponent is not None:
            diagonal = A.power(A.number(d), A.number(F.modulus_exponent) / 2)
            range_ = A.minimum(range_, F.modulus_constant(A) * diagonal)
        if F.last_modulus is not None:
            exponent, constant = F.last_modulus
            range_ = range_ + A.number(constant) * A.power(last, -A.number(exponent)) * (last - 1)
        return F.box_error(A, [k] * (d - 1) + [last], query.p) + range_ / (2 * (levels + 1))

    def rate(self, query: Query) -> Any:
        """W of order k^d, as m is of order k; for monotone functions of two variables k m, m of order k^{1/p}."""
        import sympy

        W, F, d = sympy.Symbol("W", positive=True), query.F, query.F.domain_dim
        if F.modulus_exponent is not None:
            return W ** (-SYMBOLIC.number(F.modulus_exponent) / d)
        p = SYMBOLIC.number(query.p)
        return W ** (-1 / (p + 1) if d == 2 else -1 / (d * p))

    def expression(self, query: Query) -> Any:
        """In k, kappa = k_d and m, where G has symbols."""
        if query.symbols and not query.G.symbols:
            raise NoExpressionError(f"{self.id}: the closed form needs numbers, or symbols for the widths, too")
        return conditional(query, self._error(SYMBOLIC, query, *self.sizes(query, "k", "kappa", "m")))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        k, last, m = (integer_of(witness, name) for name in ("k", "last", "levels"))
        text = f"${k}$ cells in each coordinate but the last, ${last}$ in that, and ${m}$ levels"
        return self.allowed(query, witness, text)

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        sides = [integer_of(witness, name) for name in ("k", "last", "levels")]
        return reshaped(query.G, level_widths(int(query.F.domain_dim), *sides, passed=self._passed(query)))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by ``F.box_values``; the levels are between the least and the largest value that occur."""
        require_moderate(query.G)
        F, d, passed = query.F, int(query.F.domain_dim), self._passed(query)
        k, last, m = (integer_of(witness, name, minimum=1) for name in ("k", "last", "levels"))
        exponent, constant = F.last_modulus or (1, 0)
        slope = float(constant) * last ** -float(exponent)
        values = F.box_values(f, (k,) * (d - 1) + (last,)).reshape(-1, last) + slope * np.arange(last)
        values = np.maximum.accumulate(values, axis=1)  # not decreasing up to rounding
        gap = (values.max() - values.min()) / (m + 1)
        levels = values.min() + gap * np.arange(1, m + 1)
        heights = np.array([np.searchsorted(row, levels) for row in values]).T.astype(float)  # (levels, boxes)
        counts = stages(widths_of(query.G), level_widths(d, k, last, m, passed=passed))
        assert counts is not None
        made = [_steps(d, k, last)]
        if d > 2:
            made.append(_boxes(d, k, last))
            base, changes = heights[:, -1], heights[:, :-1] - heights[:, -1:]
        else:
            base, changes = heights[:, 0], np.diff(heights, axis=1)
        matrix = np.hstack([-changes, np.ones((m, last - 1))])
        steps = np.eye(last - 1, matrix.shape[1], matrix.shape[1] - last + 1)
        ends = (np.vstack([matrix, steps]), np.concatenate([0.5 - base, np.full(last - 1, -0.5)]))
        made.append(ends if passed else (matrix, 0.5 - base))
        layers = [layer for first, count in zip(made, counts, strict=True) for layer in kept(first, count)]
        output = np.concatenate([np.full(m, gap), np.full(last - 1 if passed else 0, -slope)])
        return dense(query.G, [*layers, (output[None, :], np.array([values.min() + gap / 2]))])


def _shapes(widths: tuple[Number, ...], stages: int) -> set[tuple[int, ...]]:
    """The least widths of so many groups of consecutive layers, for all ways to group them."""
    ends = list(accumulate(reversed(widths), min))[::-1]
    heads = list(accumulate(widths, min))
    if stages == 2:
        return set(zip(heads, ends[1:], strict=False))
    found: set[tuple[int, ...]] = set()
    for first in range(1, len(widths) - 1):
        middles = accumulate(widths[first:-1], min)
        found |= {(heads[first - 1], middle, end) for middle, end in zip(middles, ends[first + 1 :], strict=True)}
    return found


def _steps(dim: int, k: int, last: int) -> AffineMap:
    """1[k x_j >= i] for j < d, then 1[k_d x_d >= i]."""
    sides = np.array([k] * (dim - 1) + [last])
    matrix = np.repeat(np.diag(sides.astype(float)), sides - 1, axis=0)
    return matrix, -np.concatenate([np.arange(1.0, side) for side in sides])


def _boxes(dim: int, k: int, last: int) -> AffineMap:
    """The indicators of the boxes of x_1..x_{d-1}, but the last, from the steps; then the steps of x_d again."""
    own, biases = indicators(k, dim - 1)
    matrix = np.zeros((len(own) + last - 1, own.shape[1] + last - 1))
    matrix[: len(own), : own.shape[1]] = own
    matrix[len(own) :, own.shape[1] :] = np.eye(last - 1)
    return matrix, np.concatenate([biases, np.full(last - 1, -0.5)])
