"""Piecewise constants on cubes realised by two hidden layers of units. THEORY.md, section 5."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.bisection import largest
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.means import cube_means, mean_error, takes_means
from approxbounds.constructions.placement import placement_refusal, power_of, reshaped, widths_of
from approxbounds.constructions.steps import indicators, kept, stages
from approxbounds.errors import NotApplicableError, echo
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Query, Step, conditional
from approxbounds.validation import MOST_WEIGHTS, Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["CubeConstruction", "cube_widths", "cubes_refusal", "no_steps", "step_layers"]


def cube_widths(power: int, dim: int, k: int) -> tuple[int, ...]:
    """The hidden widths of a network that realises every step function on the k^d cubes.

    u units make one step 1[x >= t]: u = 1 for Heaviside; for max(x,0)^q the q-th finite difference of q+1 steep
    units is a continuous step, equal to it outside a set of arbitrarily small measure, which suffices for p < inf.
    d = 1: k-1 steps. d > 1: d(k-1) steps, then k^d - 1 cube indicators, each 1[sum of 2d steps >= d - 1/2]; the
    last cube is the output bias.
    """
    units = power + 1
    steps = units * dim * (k - 1)
    return (steps,) if dim == 1 else (steps, units * (k**dim - 1))


def _kept(power: int, values: int, units: int) -> int:
    """How many units of a layer pass on so many values that are bounded, or in {0, 1} and made by so many units.

    max(v + c, 0)^q passes on a value in one unit, as ((v + c)^q - c^q)/(q c^(q-1)) -> v for c -> oo. Heaviside units
    pass on what is in {0, 1} only: 1[v >= 1/2].
    """
    return values if power else units


def _realises(widths: tuple[int, ...], power: int, dim: int, k: int) -> bool:
    """Whether hidden layers of these widths have room for the steps (and indicators), and for what others pass on.

    The stages: the input, the steps, the indicators (the last of them is also the output, a sum of its units). A layer
    passes on the stage that is reached, or goes to the next one.
    """
    needed = cube_widths(power, dim, k)
    passing = [MOST_WEIGHTS if power == 0 else _kept(power, dim, 0)]  # no number of Heaviside units passes on x
    passing += [_kept(power, dim * (k - 1), needed[0]) for _ in needed[1:]]
    passing += [min(_kept(power, 1, needed[-1]), needed[-1])]
    reached = {0}
    for width in widths:
        stay = {stage for stage in reached if width >= passing[stage]}
        reached = stay | {stage + 1 for stage in reached if stage < len(needed) and width >= needed[stage]}
    return len(needed) in reached


def cubes_refusal(G: NetworkFacts, k: int, p: Number) -> str | None:
    """None if G realises every step function on the k^d cubes (to any L^p precision), else the reason.

    Layers before, between and after those of :func:`cube_widths` pass the inputs, the steps or the sum on.
    """
    power, widths = power_of(G), widths_of(G)
    if power > 0 and is_infinite(p):
        return "a continuous activation does not realise jumps in sup norm"
    if G.symbols:  # a statement in k, for networks of this depth that are wide enough
        if len({is_symbolic(width) for width in widths}) > 1:
            return "either all widths must be symbols, or none"
        return "d > 1 needs two hidden layers" if len(widths) == 1 and G.domain_dim != 1 else None
    if _realises(widths, power, int(G.domain_dim), k):
        return None
    needed = cube_widths(power, int(G.domain_dim), k)
    if len(needed) == 1:
        where = "each hidden layer" if power == 0 else "a hidden layer"
        return f"k={echo(k)} needs {echo(needed[0])} units in {where}"
    return f"k={echo(k)} needs two hidden layers of {echo(needed[0])} and {echo(needed[1])} units"


class CubeConstruction(Construction):
    """Step functions on the k^d cubes of side 1/k, realised by Heaviside or max(x,0)^q networks.

    The error is that of the function class, ``F.cube_error``: R times the L^p norm of |x - c|_2^s on a cube of side 1/k
    and centre c, at most R (sqrt(d)/(2k))^s, for Hölder balls with s <= 1; dR/(2k) (p+1)^{-1/p} where the gradient is
    bounded; sums of such terms for anisotropic balls; for monotone functions (1/2)(1 - (1-1/k)^d)^{1/p}, for convex
    ones of order d (pk)^{-1/p}. Means on the cubes are within C/(pi k) of C-Lipschitz functions for p <= 2. Exact for
    Lipschitz balls, d = 1, by Heaviside networks without a layer narrower than the first. Witness: ``k``.
    """

    id = "cubes"
    title = "Step functions on cubes"
    statement = (
        r"A step function on the $k^d$ cubes of side $1/k$, realised by two hidden layers ($d(k-1)$ steps, $k^d-1$ "
        r"cube indicators; for $\max(x,0)^q$ each step is a difference of $q+1$ steep units, in $L^p$, $p<\infty$)."
    )
    by_steps = True

    def refusal(self, query: Query) -> str | None:
        if query.F.cube_exponent(query.p) is None:
            return f"no error of step functions on cubes is known for {type(query.F).__name__} and p = {query.p}"
        reason = placement_refusal(query.G)
        return cubes_refusal(query.G, 1, query.p) if reason is None else reason

    def search(self, query: Query) -> Witness:
        return {"k": largest(lambda k: cubes_refusal(query.G, k, query.p) is None)}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        k = integer_of(witness, "k", minimum=1)
        reason = cubes_refusal(query.G, k, query.p)
        require(reason is None, str(reason))
        return self._error(A, query, A.number(k))

    def _error(self, A: Arithmetic[V], query: Query, k: V) -> V:
        error, mean = query.F.cube_error(A, k, query.p), mean_error(A, query.F, k, query.p)
        return error if mean is None else A.minimum(error, mean)

    def rate(self, query: Query) -> Any:
        """For the smallest networks of this depth: W is of order k^{d+1} for d > 1, as the layers are fully connected.

        For d = 1 it is of order k with one hidden layer; more layers pass k-1 steps on, with k^2 weights each.
        """
        import sympy

        W, d = sympy.Symbol("W", positive=True), SYMBOLIC.number(query.F.domain_dim)
        k = W if d == 1 and len(widths_of(query.G)) == 1 else W ** (1 / (d + 1))
        return k ** -SYMBOLIC.number(query.F.cube_exponent(query.p))

    def expression(self, query: Query) -> Any:
        """In k, where G has symbols."""
        (k,) = self.sizes(query, "k")
        return conditional(query, self._error(SYMBOLIC, query, k))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        return self.allowed(query, witness, f"$k={integer_of(witness, 'k')}$")

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts:
        power = power_of(query.G)
        return reshaped(query.G, cube_widths(int(power or 0), int(query.F.domain_dim), integer_of(witness, "k")))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """Heaviside networks only: f enters by ``F.cube_values`` on the cubes or, if they are nearer, by its means."""
        if power_of(query.G) != 0:
            raise NotApplicableError(f"{self.id}: {no_steps(query.G)}")
        require_moderate(query.G)
        k, d = integer_of(witness, "k", minimum=1), int(query.F.domain_dim)
        values = cube_means(f, k, d) if takes_means(query.F, query.p) else query.F.cube_values(f, k)
        first = np.repeat(k * np.eye(d), k - 1, axis=0), -np.tile(np.arange(1.0, k), d)  # 1[k x_j - i >= 0]
        return dense(query.G, step_layers(widths_of(query.G), first, values.reshape((k,) * d)))


def no_steps(G: NetworkFacts) -> str:
    """Why step functions are not built as networks of this kind."""
    return (
        f"there is nothing to build for {type(G).__name__}, whose continuous units become steps only in the limit of "
        "large weights; a HeavisideNetwork has them"
    )


def step_layers(widths: tuple[int, ...], first: AffineMap, table: NDArray[np.float64]) -> list[AffineMap]:
    """The layers of the Heaviside network with these values on boxes, as many in each coordinate.

    ``first``: the units 1[x_j >= the i-th end], coordinate after coordinate.
    """
    dim, k, values = table.ndim, len(table), table.ravel()
    if dim == 1:
        return [*kept(first, len(widths)), (np.diff(values)[None, :], values[:1])]
    counts = stages(widths, cube_widths(0, dim, k))
    assert counts is not None  # it has room
    layers = kept(first, counts[0]) + kept(indicators(k, dim), counts[1])
    return [*layers, ((values[:-1] - values[-1])[None, :], values[-1:])]
