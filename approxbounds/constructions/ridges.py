"""Sums of two ridge functions on strips of the square, joined by switches: two hidden layers. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.hinges import breaks, hinges, interpolants, line_values, steepness
from approxbounds.constructions.placement import two_layers_refusal, widths_of
from approxbounds.constructions.smoothness import gradient_refusal, interpolation_error, power_norm
from approxbounds.constructions.splits import best_split, resolutions_up_to
from approxbounds.constructions.switches import Strips, SwitchedConstruction
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.theorem import Query
from approxbounds.validation import Number, is_infinite

__all__ = ["RidgeConstruction"]

_PARTS = 2**13  # of a middle line, on which f_2 is linear for the network that is built
_STEP = 2.0**-20  # of its difference quotients


def _constants(F: Regularity) -> tuple[Number, Fraction, Fraction]:
    """s, and a, b with P' Hölder with constant 2^a R and the two derivatives at a distance v within 2^b R v^(s-1)."""
    s = min(F.along[0], 2)
    if F.isotropic and F.along[0] <= 2:
        return s, Fraction(1, 2) if s == 2 else Fraction(1), (Fraction(s) - 1) / 2
    return s, Fraction(1), Fraction(1)


class RidgeConstruction(SwitchedConstruction):
    """P(x_1) + G(x_1 + x_2), interpolated at K_1 + 1 and K_2 + 1 nodes, on k strips in x_2, joined by k - 1 switches.

    Hypotheses: d = 2, ReLU, biases, real parameters, two hidden layers or more, n_1 >= K_1 + K_2 + m, n_2 >= 2k - 1 -
    m, m < k, or pairs of layers that share the switches; F a Hölder ball, 1 < s <= 2, or with bounded second
    derivatives. Guarantee, with r = min(s, 2), U_r = (rp+1)^(-1/p) and b_p = ||t(1-t)||_p (1 and 1/4 for p = inf)::

        E_p <= R [a K_1^-r b_p/r + (1+1/K_2^2)^(1/p) (2/K_2)^r b_p/r + c (1/(2k))^r U_r/r],

    a = 2 and c = 2^((r-1)/2) for Hölder balls, 1 < s < 2; a = c = sqrt(2) for s = 2; a = c = 2 for bounded second
    derivatives. Limit of steep switches, as for strips, also in sup norm. Witness: ``K1``, ``K2``, ``k``.

    Proof. Write f_i for d_i f. On a strip with the middle line x_2 = c let G' = f_2(., c), continued by constants, and
    P = f(., c) - G. At (x_1, c+u) the error f - P(x_1) - G(x_1 + u) is the integral over v from 0 to u of f_2(x_1, c+v)
    - f_2(x_1+v, c), of points at a distance sqrt(2)|v| at most. P' = f_1 - f_2 and G' are Hölder along the line with
    constants aR and R, so interpolation costs at most a R t(1-t) K_1^-r/r at the place t of a piece, and the same of G.
    The latter is one function of x_1 + x_2 for all strips; its mean over the square: THEORY.md, section 5.1.
    """

    id = "ridges"
    title = "Two ridge functions on each strip, joined by ReLU switches"
    statement = (
        r"Cut $x_2$ into $k$ strips. On each, with the middle line $x_2=c$, $f$ is nearly $P(x_1)+G(x_1+x_2-c)$ with "
        r"$G'=\partial_2f(\cdot,c)$ and $P=f(\cdot,c)-G$: the gradient is right on the line, so the error is of order "
        r"$k^{-\min(s,2)}$. Interpolate $P$ and $G$ at nodes $1/K_1$ and $2/K_2$ apart; these units serve all strips, "
        r"and two ReLU units pass from one strip to the next without overshooting; in the limit of steep units, in "
        r"every $L^p$."
    )

    def names(self, query: Query) -> tuple[str, ...]:
        return ("K1", "K2", "k")

    def needs(self, query: Query) -> str | None:
        F = self._regularity(query)
        if query.G.domain_dim != 2:
            return "it is for d = 2"
        return gradient_refusal(F) or two_layers_refusal(query.G)

    def units(self, sizes: Mapping[str, int]) -> int:
        return sizes["K1"] + sizes["K2"] - 2

    def best(self, query: Query, error: Callable[[Mapping[str, int]], float]) -> Mapping[str, int] | None:
        s, a, _ = _constants(self._regularity(query))
        order, factor = float(s), 2.0 ** float(a)

        def sizes(intervals: int, k: int) -> dict[str, int]:
            """The K_1 + K_2 = ``intervals`` of least error in sup norm: both grow with it, so more are never worse."""
            where = int(intervals / (1 + (2**order / factor) ** (1 / (order + 1))))
            found = (min(max(K, 1), intervals - 1) for K in (where, where + 1))
            K1 = min(found, key=lambda K: factor * K**-order + (2 / (intervals - K)) ** order)
            return {"K1": K1, "K2": intervals - K1, "k": k}

        def strips(intervals: int) -> int:
            return self.plan(query, intervals - 2)[0]

        choices = resolutions_up_to(max(widths_of(query.G)))[1:]
        split = best_split(choices, strips, lambda intervals, k: error(sizes(intervals, k)))
        return None if split is None else sizes(*split)

    def error(self, A: Arithmetic[V], F: Regularity, p: Number, sizes: Mapping[str, V]) -> V:
        s, a, c = _constants(F)
        K1, K2, k = (sizes[name] for name in ("K1", "K2", "k"))
        two, R = A.number(2), A.number(F.radius)
        first = A.power(two, A.number(a)) * interpolation_error(A, s, F.radius, 1 / K1, p)
        second = interpolation_error(A, s, F.radius, 2 / K2, p)
        if not is_infinite(p):
            second = second * A.power(1 + 1 / (K2 * K2), 1 / A.number(p))
        order = A.number(s)
        off = R * A.power(two, A.number(c)) * A.power(1 / (2 * k), order) * power_norm(A, order, p) / order
        return first + second + off

    def rate(self, query: Query) -> Any:
        """For two layers of equal widths n: K_1, K_2 and k are of order n, W of order n^2."""
        import sympy

        return sympy.Symbol("W", positive=True) ** -(SYMBOLIC.number(min(self._regularity(query).along[0], 2)) / 2)

    def strips(self, query: Query, sizes: Mapping[str, int], f: Function) -> Strips:
        """f enters by its values on the middle lines and 2^-20 beside them, which lose little: THEORY.md, 5.1."""
        K1, K2, k = (sizes[name] for name in self.names(query))
        middles = (np.arange(k) + 0.5) / k
        nodes = np.arange(K1 + 1) / K1, 2 * np.arange(K2 + 1) / K2
        P, G = line_values(f, 2, (0, 1), K1, (k,)), np.empty((k, K2 + 1))
        for i, c in enumerate(middles):
            antiderivative = _antiderivative(f, c)
            P[i] -= antiderivative(nodes[0])
            G[i] = antiderivative(nodes[1] - c)
        slopes, constants = interpolants(P)
        sloping, offsets = interpolants(G)  # of (x_1 + x_2)/2
        forms = np.zeros((k, K1 + K2))
        forms[:, [0, *range(2, K1 + 1)]] = slopes
        forms[:, [0, 1]] += sloping[:, :1] / 2
        forms[:, K1 + 1 :] = sloping[:, 1:] / 2
        lines = hinges(0, breaks(K1), 2)
        units = np.vstack([lines[0], np.ones((K2 - 1, 2))]), np.concatenate([lines[1], -nodes[1][1:-1]])
        low, high = P.min() + G.min(), P.max() + G.max()
        return Strips(1, units, forms, constants + offsets, low=float(low), steep=steepness(np.array([low, high])))


def _antiderivative(f: Function, c: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """int_0^z f_2(., c), f_2 linear between nodes and constant outside [0,1]."""
    x = np.linspace(0, 1, _PARTS + 1)
    above, below = (values_at(f, np.column_stack([x, np.full_like(x, c + side * _STEP)])) for side in (1, -1))
    slopes = (above - below) / (2 * _STEP)
    integral = np.concatenate([[0.0], np.cumsum(slopes[1:] + slopes[:-1]) / (2 * _PARTS)])

    def values(z: NDArray[np.float64]) -> NDArray[np.float64]:
        outside = slopes[0] * np.minimum(z, 0) + slopes[-1] * np.maximum(z - 1, 0)
        found: NDArray[np.float64] = np.interp(z, x, integral) + outside
        return found

    return values
