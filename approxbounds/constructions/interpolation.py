"""Piecewise-linear interpolation in one dimension by ReLU networks. THEORY.md, section 5."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.placement import relu_refusal, reshaped, widths_of
from approxbounds.constructions.smoothness import quasi_interpolation_error, quasi_interpolation_values
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import MOST_UNITS
from approxbounds.witness import Witness, integer_of, require

__all__ = ["ReLUInterpolation", "breaks_per_layer", "free_pieces", "interpolating_layers"]


def breaks_per_layer(widths: tuple[int, ...]) -> tuple[int, ...]:
    """How many breaks of a piecewise-linear function on [0,1] each hidden layer of a ReLU network adds.

    relu(x) = x on [0,1]: one unit passes x on, one passes the sum of all terms so far (shifted to be non-negative), and
    each other unit is a new break relu(x - t). Of consecutive layers that add breaks, the first has no sum to pass on
    and the last needs no x; in the first the unit with x is also the linear part. The layers before them pass x only
    and those after them the sum only, in one unit: so layers of width 1 are no use, and the best run without them is
    taken (any run of them in full, as each end adds a break at least).

    >>> breaks_per_layer((5,)), breaks_per_layer((5, 4, 3)), breaks_per_layer((5, 1, 3)), breaks_per_layer((1, 5, 1))
    ((4,), (4, 2, 2), (4, 0, 0), (0, 4, 0))
    """
    best: tuple[int, ...] = (0,) * len(widths)
    start = 0
    for wide, layers in groupby(widths, key=lambda width: width > 1):
        run = tuple(layers)
        stop = start + len(run)
        if wide:
            first, *inner = run
            added = (first - 1, *(width - 2 for width in inner[:-1]), *(width - 1 for width in inner[-1:]))
            if sum(added) > sum(best):
                best = (*(0,) * start, *added, *(0,) * (len(widths) - stop))
        start = stop
    return best


def free_pieces(G: NetworkFacts) -> int:
    """n such that G has every continuous function that is linear on n intervals of [0,1], wherever their ends are."""
    return 1 + sum(breaks_per_layer(widths_of(G)))


class ReLUInterpolation(Construction):
    """Linear interpolation on n intervals of length 1/n, by a ReLU network with one input. Witness: ``intervals``.

    Hypotheses: d = 1, ReLU, biases, real parameters; F in the Hölder ball of smoothness s and radius R (Hölder,
    Lipschitz, Sobolev with q = inf). Guarantee, with h = 1/n and b_p = ||t(1-t)||_{L^p[0,1]}, b_inf = 1/4:
    E_p <= R (2h)^s b_{sp}^s for s <= 1, which is R (h/2)^s for p = inf, and E_p <= R h^r b_p / r with r = min(s, 2)
    for s > 1, which is R h^r/(4r) for p = inf. Interpolants attain both for p = inf, for s >= 2 in every L^p. For
    s > 2 other values at the nodes are better, f - c h^2 f'': with e = min(s, 3) - 2 and m the least norm of t^2 - a,

        E_p <= R h^2 (m/8 + h^e (c ||(2t(1-t))^e||_p + b_p/((e+1)(e+2)) + 2c/16^e)),   c = (1-a)/8.

    Proof. On an interval [0, h] let x = th. The error at x is (1-t)(f(x) - f(0)) + t (f(x) - f(h)). For s <= 1 it is
    at most R ((1-t) (th)^s + t ((1-t)h)^s) <= R (2t(1-t)h)^s as u^s is concave. For 1 < s <= 2 it equals t(1-t)h times
    the mean of f' on [0, x] minus that on [x, h]; pairing (1-v)x with x + v(h-x), v in [0,1], which are vh apart, it is
    at most t(1-t)h R h^{s-1}/s. For s > 2, f' is R-Lipschitz, which is the case s = 2; and f - c h^2 f'' lowers the
    parabola t(1-t)/2 to t(1-t)/2 - c in the error, up to what f'' changes: THEORY.md, section 5.
    """

    id = "relu-interpolation"
    title = "Linear interpolation by ReLU networks"
    statement = (
        r"Interpolate $f$ linearly at the ends of $n$ intervals of length $h=1/n$; ReLU units are the breaks. At the "
        r"point $t\in[0,1]$ of each the error is at most $R(2t(1-t)h)^s$ for $s\le1$, and "
        r"$\frac Rr\,t(1-t)h^r$ with $r=\min(s,2)$ for $s>1$; for $s>2$ the values $f-ch^2f''$ make that "
        r"$R|t(1-t)/2-c|h^2$ and terms of higher order."
    )

    def refusal(self, query: Query) -> str | None:
        if query.F.holder_smoothness is None or query.F.domain_dim != 1:
            return "F must be a Hölder, Lipschitz or Sobolev (q = inf) ball on [0,1]"
        return relu_refusal(query.G)

    def search(self, query: Query) -> Witness:
        return {"intervals": free_pieces(query.G)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        n, most = integer_of(witness, "intervals", minimum=1), free_pieces(query.G)
        require(n <= most, f"intervals={n}: the widths of G allow at most {most}")
        return self._error(A, query, 1 / A.number(n))

    def _error(self, A: Arithmetic[V], query: Query, h: V) -> V:
        return quasi_interpolation_error(A, query.F.holder_smoothness, query.F.holder_radius, h, query.p)

    def rate(self, query: Query) -> Any:
        """For the best shapes: a network of W weights whose first layer is the wide one has n of order W."""
        import sympy

        s = SYMBOLIC.number(query.F.holder_smoothness)
        return sympy.Symbol("W", positive=True) ** -sympy.Min(s, 2)

    def expression(self, query: Query) -> Any:
        """In n, where G has symbols."""
        (n,) = self.sizes(query, "n")
        return conditional(query, self._error(SYMBOLIC, query, 1 / n))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        return self.allowed(query, witness, f"$n={integer_of(witness, 'intervals')}$ intervals")

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        n = integer_of(witness, "intervals")
        return reshaped(query.G, (n,)) if n <= MOST_UNITS else query.G  # no wider layer can be described

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """f enters by its values at i/n and, for s > 2, close to them."""
        require_moderate(query.G)
        n, G = integer_of(witness, "intervals", minimum=1), query.G
        nodes = np.arange(n + 1) / n
        s, p = query.F.holder_smoothness, query.p
        values = quasi_interpolation_values(f, nodes[:, None], 0, s=s, h=1 / n, p=p)
        layers = interpolating_layers(nodes, values, breaks_per_layer(widths_of(G)))
        return dense(G, layers)


def interpolating_layers(
    nodes: NDArray[np.float64], values: NDArray[np.float64], breaks: tuple[int, ...]
) -> list[AffineMap]:
    """The layers of a network that is the linear interpolant; at least as many breaks as inner nodes.

    Breaks begin in the layer ``first`` and end in the layer ``stop``.
    """
    slopes = np.diff(values) / np.diff(nodes)
    changes, inner = np.diff(slopes), nodes[1:-1]
    last = len(breaks) - 1
    adding = [layer for layer, count in enumerate(breaks) if count] or [last]
    first, stop = adding[0], adding[-1]
    layers: list[AffineMap] = []
    x, total, constant, used = np.ones(1), np.zeros(1), values[0], 0
    for layer in range(last + 1):
        added = slice(used, used + breaks[layer]) if layer >= first else slice(used, used)
        used = min(added.stop, len(inner))
        rows, biases, sums = [], [], []  # sums: what the sum of all terms is in the outputs of this layer
        if layer < stop or layer == first:
            rows.append(x)
            biases.append(0.0)
            sums.append(slopes[0] if layer <= first else 0.0)
        if layer > first:  # the terms so far are f up to the node after the last break and then linear
            done = added.start
            lowest = min(values[: done + 1].min(), values[done] + slopes[done] * (1 - nodes[done]))
            rows.append(total)
            biases.append(constant - lowest)
            sums.append(1.0)
            constant = lowest
        rows += [x] * (used - added.start)
        biases += [-t for t in inner[added.start : used]]
        sums += list(changes[added.start : used])
        layers.append((np.array(rows), np.array(biases)))
        total, x = np.array(sums), np.eye(1, len(rows))[0]
    return [*layers, (total[None, :], np.array([constant]))]
