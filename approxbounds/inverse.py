"""Inverse queries: how many weights, or bits per weight, does an error eps need at least?"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from approxbounds import render, validation
from approxbounds.asymptotics import needed
from approxbounds.bisection import largest
from approxbounds.bound import Bound, apply, best, in_short
from approxbounds.errors import NotApplicableError, ParameterError, called_rightly
from approxbounds.facts.networks import NetworkFacts
from approxbounds.functions.base import FunctionClass
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.feedforward import FeedForwardNetwork, NetworkSize
from approxbounds.query import lower_bound, make_query
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.requirement import SYMBOLS, RequiredOrder, Requirement
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import Number

__all__ = ["MOST_BITS", "dimension", "numeric_query", "required_bits", "required_weights", "without_size"]

MOST_BITS = 64
_NUMERIC = "an inverse query whose error is a number"


def _strongest(queries: Iterable[Query]) -> Bound | None:
    """The largest certified lower bound of any of these queries; None if there is no number."""
    bounds = []
    for query in queries:
        results = tuple(apply(theorem, query) for theorem in LOWER_THEOREMS)
        if any(isinstance(result, Bound) and result.number is not None for result in results):
            bounds.append(best(results, "a lower bound"))
    return max(bounds, key=lambda bound: bound.value, default=None)


def _exceeds(query: Query, error: Number) -> bool:
    """Whether some certified lower bound is above the error."""
    answers = (apply(theorem, query) for theorem in LOWER_THEOREMS)
    return any(isinstance(bound, Bound) and bound.number is not None and bound.number > error for bound in answers)


def without_size(query: Query, error: Number) -> tuple[str, Bound | None]:
    """A certified bound above the error that holds for networks of every size, and what it needs of them."""
    for theorem in LOWER_THEOREMS:
        if theorem.objection(query) is None and (needs := theorem.size_free(query)) is not None:
            bound = apply(theorem, query)
            if isinstance(bound, Bound) and bound.number is not None and bound.number > error:
                return needs, bound
    return "", None


def dimension(F: object) -> int | None:
    """The number of variables of the functions of F, which may not be a symbol; None where it is not known."""
    dim = F.domain_dim if isinstance(F, FunctionClass) else None
    if validation.is_symbolic(dim):
        raise ParameterError("dim", dim, f"{_NUMERIC} needs a number here, not a symbol")
    return dim


def numeric_query(F: object, G: object, p: object, theorems: Collection[Theorem] = LOWER_THEOREMS) -> Query:
    """A validated query without symbols to which one of the theorems with explicit constants applies."""
    query = make_query(F, G, p)
    query.F.require_numbers(_NUMERIC)
    query.G.require_numbers(_NUMERIC)
    if validation.is_symbolic(query.p):
        raise ParameterError("p", query.p, f"{_NUMERIC} needs a number here, not a symbol")
    reasons = {theorem.id: theorem.objection(query) for theorem in theorems if theorem.numeric}
    refusals = {name: reason for name, reason in reasons.items() if reason is not None}
    if len(refusals) == len(reasons):
        shown = in_short(refusals)
        raise NotApplicableError(f"no theorem gives a number for p={query.p}, at most a rate: {shown}")
    return query


def _search(
    query: Query, networks: Callable[[int], Iterable[NetworkFacts]], error: Number, most: int
) -> tuple[int, Bound | None]:
    """The largest n <= most whose networks are excluded, and the bound that excludes them; (0, None) if none is."""

    def queries(n: int) -> list[Query]:
        return [replace(query, network=G) for G in networks(n)]

    last = largest(lambda n: any(_exceeds(each, error) for each in queries(n)), most)
    return last, _strongest(queries(last)) if last else None


@dataclass(frozen=True)
class _FullyConnected:
    """Fully connected networks with biases: d inputs, L layers, the output layer included.

    With widths k_1..k_{L-1} they have W = k_1(d+1) + sum_{l>=2} k_l(k_{l-1}+1) + k_{L-1}+1 parameters. L = 2:
    W = U(d+2)+1. L >= 3: k k' >= k+k'-1 gives W >= 3U + (d-1)k_1 - L + 3 >= 3U + d+2-L, with equality for
    widths (1, U-1), so that U <= (W+L-2-d)/3. An unknown d is at least 1. They are numbered by n = 1, 2, ...:
    the n-th size is n hidden units where these determine W (L = 2), else the n-th number of parameters.
    """

    dim: int | None
    depth: int
    degree: int
    pieces: int

    @property
    def _by_units(self) -> bool:
        return self.depth == 2 and self.dim is not None

    @property
    def _inputs(self) -> int:
        return 1 if self.dim is None else self.dim

    def weights(self, n: int) -> int:
        """W of the n-th size; the first one has a single unit in each layer."""
        return n * (self._inputs + 2) + 1 if self._by_units else self._inputs + 2 * self.depth - 2 + n

    def units(self, n: int) -> int:
        """The largest number of hidden units of a network with at most ``weights(n)`` parameters."""
        return n if self._by_units else (self.weights(n) + self.depth - 2 - self._inputs) // 3

    @property
    def most(self) -> int:
        """The largest n that the library can describe."""
        if self._by_units:
            return (validation.MOST_WEIGHTS - 1) // (self._inputs + 2)
        return validation.MOST_WEIGHTS - self.weights(1) + 1

    def limited(self, n: int) -> bool:
        """Whether the library cannot describe the next size, or only by its totals (more than 10^9 units)."""
        return n == self.most or (self._by_units and n == validation.MOST_UNITS)

    def networks(self, n: int) -> tuple[NetworkClass, ...]:
        """Classes whose bounds hold for every network with at most ``weights(n)`` parameters."""
        kind: dict[str, Any] = {"degree": self.degree, "pieces": self.pieces}
        units = self.units(n)
        totals = NetworkSize(weights=self.weights(n), depth=self.depth, units=units, **kind)
        if self._by_units and units <= validation.MOST_UNITS:
            return FeedForwardNetwork(widths=(units,), input_dim=self._inputs, **kind), totals
        return (totals,)

    def covered(self, n: int) -> Step:
        """Why these bounds hold for all smaller networks."""
        L, fewer_than = self.depth, self.weights(n + 1)
        if n == 0:
            return Step(f"Every fully connected network with biases and $L={L}$ layers has $W\\ge{fewer_than}$.")
        weights, units = self.weights(n), self.units(n)
        smaller = f"fully connected networks with biases, $L={L}$ layers and fewer than ${fewer_than}$ parameters"
        if self._by_units:
            return Step(
                f"The {smaller} have at most $U={units}$ hidden units, as $W=U(d+2)+1$; those with fewer units embed "
                f"into that width with output weights 0."
            )
        return Step(
            f"The {smaller} have at most ${weights}$ parameters and at most $U={units}$ hidden units, as "
            f"$U\\le(W+L-2-d)/3$, $d\\ge{self._inputs}$. The bound holds for each architecture with these totals."
        )


@called_rightly
def required_weights(
    F: FunctionClass, *, error: object, p: object, depth: object, degree: object = 1, pieces: object = 2
) -> Requirement | RequiredOrder:
    """The smallest number of weights that the certified lower bounds do not exclude for E_p(F, G) <= error.

    Every fully connected network with biases, ``depth`` layers (output layer included), activations of at most
    ``pieces`` polynomial pieces of degree <= ``degree``, and fewer than ``value`` parameters (weights and biases)
    has E_p(F, G) > error; the certificate proves it for the largest of them, in which the others are contained
    or whose totals they do not exceed. ``value`` is ``math.inf`` where a theorem gives the same bound for every size,
    as in sup norm for convex functions of two or more variables. ``error``: an exact positive number. The library
    describes at most 10^12 parameters and layers of 10^9 units; if a search ends there (``limited``), value is the
    next size: at least 10^12 + 1 if all are excluded.

    If ``error`` is a symbol, others may be symbols too, and the answer is a :class:`RequiredOrder`: the order of W
    that small errors need.

    Raises ParameterError (symbols beside a number ``error`` are refused), and NotApplicableError for a class known only
    by rates, and for rates whose inverse is not known.

    >>> import sympy, approxbounds as ab
    >>> s, d, L, eps = sympy.symbols("s d L eps", positive=True)
    >>> print(ab.required_weights(ab.HolderBall(smoothness=s, dim=d), error=eps, p=2, depth=L))
    at least c * 1/(L*eps**(d/s)*log(1/eps)) weights for E_2(F, G) <= eps  [T3, symbolic]
    >>> need = ab.required_weights(ab.LipschitzBall(dim=2), error="1/1000", p=2, depth=3)
    >>> need.value, need.bound.value > 1 / 1000, bool(ab.verify(need.certificate))
    (128, True, True)
    """
    if validation.is_symbolic(error):
        return _order_of_weights(F, error, p, {"depth": depth, "degree": degree, "pieces": pieces})
    layers = validation.integer("depth", depth, minimum=2, maximum=validation.MOST_LAYERS, symbols=False)
    nu = validation.integer("degree", degree, minimum=0, maximum=1000, symbols=False)
    K = validation.integer("pieces", pieces, maximum=10**6, symbols=False)
    threshold = validation.exact("error", error, symbols=False)
    sizes = _FullyConnected(dimension(F), layers, nu, K)
    query = numeric_query(F, sizes.networks(1)[0], p)
    needs, bound = without_size(query, threshold)
    if bound is not None:
        covered = Step(f"{bound.theorem.id} gives the same for all {needs}, so for networks of any number of weights.")
        return Requirement("weights", math.inf, threshold, query, bound, covered)
    last, bound = _search(query, sizes.networks, threshold, sizes.most)
    value = sizes.weights(last + 1)
    return Requirement("weights", value, threshold, query, bound, sizes.covered(last), sizes.limited(last))


def _order_of_weights(F: FunctionClass, error: object, p: object, kind: dict[str, object]) -> RequiredOrder:
    """The order of W that a symbolic error needs, by the rate of the best lower bound."""
    import sympy

    threshold, W = validation.exact("error", error), sympy.Symbol("W", positive=True)
    bound = lower_bound(F, NetworkSize(weights=W, **kind), p=p)
    _require_unused("weights", (threshold, p, *kind.values(), *bound.query.F.symbols))
    order, reason = _inverted(bound.rate, W, threshold)
    return RequiredOrder("weights", threshold, order, bound, (reason,))


def _order_of_bits(F: FunctionClass, G: NetworkClass, threshold: Number, p: object) -> RequiredOrder:
    """The order of b that a symbolic error needs: of all bits, B, by the rate of the best lower bound, divided by W."""
    import sympy

    b, B = sympy.Symbol("b", positive=True), sympy.Dummy("B", positive=True)
    _require_unused("bits", (threshold, *make_query(F, G, p).symbols))
    network: Any = G.quantised(b)
    bound, bits = lower_bound(F, network, p=p), network.direct_orders.pdim
    if b in (bits / b).free_symbols:
        raise NotApplicableError("no order of bits is known: G also has real parameters, which alone may suffice")
    order, reason = _inverted(bound.rate.subs(network.orders.pdim, bits).subs(b, B * b / bits), B, threshold)
    counted = Step(f"$G$ has $B$ bits in all, of order ${render.latex(bits)}$, and $\\operatorname{{Pdim}}(G)\\le B$.")
    return RequiredOrder("bits", threshold, order * b / bits, bound, (counted, reason))


def _inverted(rate: Any, size: Any, error: Any) -> tuple[Any, Step]:
    """The order of the size that a symbolic error needs by the rate of a lower bound, and why."""
    import sympy

    order = needed(rate, size, error)
    if order is None:
        raise NotApplicableError(f"the inverse of the rate {rate} in {size} is not known")
    n, eps, lower = (render.latex(each) for each in (size, error, rate))
    if order == sympy.oo:
        return order, Step(f"The bound, of order ${lower}$, does not fall with ${n}$.")
    return order, Step(
        f"The bound is of order ${lower}$, with exponent $-\\beta$ of ${n}$. As ${eps}\\to0$ either "
        f"${n}\\ge\\left({eps}\\right)^{{-1/\\beta}}$ or $\\log {n}\\le\\log(1/{eps})/\\beta$; so if it is at "
        f"most ${eps}$, then ${n}\\ge c\\cdot {render.latex(order)}$."
    )


def _require_unused(asked: str, given: Iterable[Any]) -> None:
    """The symbol of what is asked may not have another meaning."""
    name = SYMBOLS[asked]
    value: Any
    for value in given:
        if validation.is_symbolic(value) and name in {symbol.name for symbol in value.free_symbols}:
            raise ParameterError(name, value, f"{name} is the number of {asked} that is asked: use another symbol")


@called_rightly
def required_bits(F: FunctionClass, G: NetworkClass, *, error: object, p: object) -> Requirement | RequiredOrder:
    """The smallest number of bits per weight that the certified lower bounds do not exclude for E_p(F, G) <= error.

    G with weights of fewer than ``value`` bits each (on any codebooks fixed in advance) has E_p(F, G) > error.
    ``value`` is ``math.inf`` if G is excluded even with real weights: no number of bits suffices. ``G``: a class
    with a field ``bits``, which must be None. Beyond 64 bits the search ends (``limited``, value 65).

    If ``error`` is a symbol, others may be symbols too, and the answer is a :class:`RequiredOrder`: the order of bits
    per weight that small errors need, of networks whose parameters are all quantised.

    Raises ParameterError (symbols beside a number ``error`` are refused), and NotApplicableError for a class known only
    by rates, and for rates whose inverse is not known.

    >>> import sympy, approxbounds as ab
    >>> W, L, eps = sympy.symbols("W L eps", positive=True)
    >>> ab.required_bits(ab.LipschitzBall(dim=2), ab.NetworkSize(weights=W, depth=L), error=eps, p=2)
    at least c * 1/(W*eps**2) bits for E_2(F, G) <= eps  [T3, symbolic]
    >>> F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(4, 4), input_dim=2)
    >>> ab.required_bits(F, G, error="1/200", p=2).value, ab.required_bits(F, G, error="1/1000", p=2).value
    (6, inf)
    """
    symbolic = validation.is_symbolic(error)
    threshold = validation.exact("error", error)
    if isinstance(G, NetworkClass) and G.quantised(1) is None:
        raise ParameterError("G", G, "must be a class of networks whose weights can be quantised (a field bits)")
    query = make_query(F, G, p) if symbolic else numeric_query(F, G, p)
    network = query.G
    if network.bits_per_parameter is not None:
        allowed = "must be None in G: the number of bits is what is asked"
        raise ParameterError("bits", network.bits_per_parameter, allowed)
    if symbolic:
        return _order_of_bits(F, G, threshold, p)
    if _exceeds(query, threshold):
        covered = Step("Networks with quantised weights are among those with real weights.")
        real = _strongest((query,))
        return Requirement("bits", math.inf, threshold, query, real, covered)

    def quantised(bits: int) -> Iterable[NetworkFacts]:
        found = network.quantised(bits)
        return () if found is None else (found,)

    last, bound = _search(query, quantised, threshold, MOST_BITS)
    covered = Step(
        f"A codebook of fewer than $2^{{{last}}}$ values is part of one of that size, so the bound holds for all "
        f"numbers of bits up to ${last}$."
        if last
        else "A quantised weight has at least 1 bit."
    )
    return Requirement("bits", last + 1, threshold, query, bound, covered, last == MOST_BITS)
