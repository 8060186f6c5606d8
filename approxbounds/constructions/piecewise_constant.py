"""Constants, and piecewise constants on cubes realised by two hidden layers of sigmoid-like units."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, Value
from approxbounds.bisection import largest
from approxbounds.errors import NoExpressionError
from approxbounds.functions.holder import HolderBall, LipschitzBall
from approxbounds.functions.hypercube import require
from approxbounds.functions.monotone import MonotoneFunctions
from approxbounds.networks.base import NetworkClass
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem, Witness, integer_of
from approxbounds.validation import is_infinite, is_symbolic

__all__ = ["ConstantConstruction", "CubeConstruction", "concrete_network", "cubes_realised", "smoothness_of"]


def concrete_network(G: NetworkClass) -> str | None:
    """The reason why a construction cannot be placed in G, or None for a biased network of known activation."""
    totals = G.totals
    if totals is None or not hasattr(G, "widths"):
        return "G must be a fully connected network with known widths"
    if totals.activation.power is None:
        return "the activation of G is not specified (max(x,0)^k or Heaviside needed)"
    return None if getattr(G, "bias", False) else "the construction needs biases"


def smoothness_of(query: Query) -> Any:
    """s if F is a Hölder or Lipschitz ball, else None."""
    if isinstance(query.F, HolderBall):
        return query.F.smoothness
    return 1 if isinstance(query.F, LipschitzBall) else None


class ConstantConstruction(Theorem):
    """The best constant: E_p <= (b - a)/2 for functions with values in [a, b]; any network with an output bias."""

    id = "constant"
    title = "The best constant"
    statement = r"The constant $(a+b)/2$ is within $(b-a)/2$ of every function with values in $[a,b]$."
    citations = (Citation("approxbounds", "5"),)
    direction = Direction.UPPER

    def refusal(self, query: Query) -> str | None:
        if query.G.totals is None or not getattr(query.G, "bias", False):
            return "G is not known to contain the constants (a network with biases is needed)"
        if query.F.value_range is None:
            return "no range of the functions of F is known"
        return None

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic, query: Query, witness: Witness) -> Value:
        low, high = query.F.value_range or (0, 0)  # refused above
        return (A.number(high) - A.number(low)) / 2

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.number(1)

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})


def cubes_realised(G: Any, k: int, p: Any) -> str | None:
    """None if G realises every step function on the k^d cubes (to any L^p precision), else the reason.

    u units make one step 1[x >= t]: u = 1 for Heaviside; for max(x,0)^q the q-th finite difference of q+1 steep
    units is a continuous step, equal to it outside a set of arbitrarily small measure, which suffices for p < inf.
    d = 1: every hidden layer needs u(k-1) units (layers after the first pass the steps on). d > 1: a first
    group of layers carries the d(k-1) steps, and from some layer on there are k^d - 1 cube indicators, each
    1[sum of 2d steps >= d - 1/2]; the last cube is the output bias.
    """
    power = G.totals.activation.power
    if power > 0 and is_infinite(p):
        return "a continuous activation does not realise jumps in sup norm"
    units, d = power + 1, int(G.input_dim)
    steps, indicators = units * d * (k - 1), units * (k**d - 1)
    widths = G.widths
    if d == 1:
        return None if min(widths) >= steps else f"k={k} needs {steps} units in each hidden layer"
    for first in range(1, len(widths)):
        if min(widths[:first]) >= steps and min(widths[first:]) >= indicators:
            return None
    return f"k={k} needs two hidden layers of {steps} and {indicators} units"


class CubeConstruction(Theorem):
    """Step functions on the k^d cubes of side 1/k, realised by Heaviside or max(x,0)^q networks.

    Hölder ball, s <= 1: the value at the centre of each cube errs by at most R (sqrt(d)/(2k))^s; for s > 1, F is
    Lipschitz with constant sqrt(d) R, so by at most d R/(2k). Monotone functions: the middle of the range on
    each cube; the oscillations add up to at most 1 along each of the k^d - (k-1)^d diagonal chains, so the
    L^p error is at most (1/2)(1 - (1-1/k)^d)^{1/p}. Witness: ``k``.
    """

    id = "cubes"
    title = "Step functions on cubes"
    statement = (
        r"A step function on the $k^d$ cubes of side $1/k$, realised by two hidden layers ($d(k-1)$ steps, $k^d-1$ "
        r"cube indicators; for $\max(x,0)^q$ each step is a difference of $q+1$ steep units, in $L^p$, $p<\infty$)."
    )
    citations = (Citation("approxbounds", "5"),)
    direction = Direction.UPPER

    def refusal(self, query: Query) -> str | None:
        if smoothness_of(query) is None and not isinstance(query.F, MonotoneFunctions):
            return "F must be a Hölder ball, a Lipschitz ball or the monotone functions"
        reason = concrete_network(query.G)
        return cubes_realised(query.G, 1, query.p) if reason is None else reason

    def search(self, query: Query) -> Witness:
        return {"k": largest(lambda k: cubes_realised(query.G, k, query.p) is None)}

    def evaluate(self, A: Arithmetic, query: Query, witness: Witness) -> Value:
        k = integer_of(witness, "k", minimum=1)
        reason = cubes_realised(query.G, k, query.p)
        require(reason is None, str(reason))
        return self._error(A, query, A.number(k))

    def _error(self, A: Arithmetic, query: Query, k: Value) -> Value:
        d = A.number(query.F.domain_dim)
        if isinstance(query.F, MonotoneFunctions):
            if is_infinite(query.p):
                return A.number(1) / 2  # a jump anywhere: no better than the middle of the range
            return A.power(1 - A.power(1 - 1 / k, d), 1 / A.number(query.p)) / 2
        s, R = smoothness_of(query), A.number(query.F.radius)  # type: ignore[attr-defined]
        if s > 1:
            return d * R / (2 * k)
        return R * A.power(A.power(d, A.number(1) / 2) / (2 * k), A.number(s))

    def rate(self, query: Query) -> Any:
        """W is of order k^{d+1} for d > 1 (k for d = 1), as the layers are fully connected."""
        import sympy

        W, d = sympy.Symbol("W", positive=True), SYMBOLIC.number(query.F.domain_dim)
        k = W if d == 1 else W ** (1 / (d + 1))
        if isinstance(query.F, MonotoneFunctions):
            return k ** (-1 / SYMBOLIC.number(query.p)) if not is_infinite(query.p) else sympy.Integer(1)
        return k ** (-sympy.Min(SYMBOLIC.number(smoothness_of(query)), 1))

    def expression(self, query: Query) -> Any:
        import sympy

        if is_symbolic(smoothness_of(query)):
            raise NoExpressionError("cubes: the closed form needs a number for smoothness")
        return self._error(SYMBOLIC, query, sympy.Symbol("k", positive=True, integer=True))

    def steps(self, query: Query, witness: Witness | None) -> tuple[Step, ...]:
        steps = [Step(query.F.definition), Step(query.G.definition), Step(self.statement, self.citations)]
        if witness is not None:
            k = integer_of(witness, "k")
            error = self._error(BALL, query, BALL.number(k))
            steps.append(
                Step(f"The widths of $G$ allow $k={k}$; the error is at most ${above(error)}$.", self.citations)
            )
        return tuple(steps)


def fits(G: Any, width: int, hidden: int) -> bool:
    """Whether a ReLU network of this width and number of hidden layers embeds in G."""
    return len(G.widths) >= hidden and min(G.widths) >= width
