"""Inverse queries from above: how many weights are enough for an error eps, by a construction?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from approxbounds import render, validation
from approxbounds.bisection import largest
from approxbounds.bound import Bound, apply
from approxbounds.errors import ApproxBoundsError, NotApplicableError, called_rightly
from approxbounds.functions.base import FunctionClass
from approxbounds.inverse import dimension, numeric_query, required_weights, without_size
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.feedforward import HeavisideNetwork, ReLUNetwork, ReLUPowerNetwork
from approxbounds.query import function_class, upper_bound
from approxbounds.registry import UPPER_THEOREMS
from approxbounds.requirement import Requirement, Sufficiency, WeightsBracket
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number

__all__ = ["sufficient_weights", "sufficient_width", "weights_bracket"]

_TRIALS = 1000  # networks tried to narrow the layers, divided by their number: seconds of work
_Widths = tuple[int, ...]


@dataclass(frozen=True)
class _Networks:
    """Fully connected networks of one depth with biases and the activation max(x, 0)^degree, that may reach an error.

    The answer is certified for the network that is found, whatever the search assumes: that wider networks, which
    contain the narrower ones, have no worse bounds.
    """

    functions: FunctionClass
    inputs: int
    p: Any
    error: Number
    hidden: int
    degree: int

    def network(self, widths: _Widths) -> NetworkClass:
        shape: dict[str, Any] = {"widths": widths, "input_dim": self.inputs}
        if self.degree == 0:
            return HeavisideNetwork(**shape)
        return ReLUNetwork(**shape) if self.degree == 1 else ReLUPowerNetwork(power=self.degree, **shape)

    def shape(self, n: int, wide: int) -> _Widths:
        """The first ``wide`` hidden layers have n units each, the others one."""
        return (n,) * wide + (1,) * (self.hidden - wide)

    def widest(self, wide: int) -> int:
        """The largest n of such a shape that the library can describe."""
        return largest(lambda n: self.weights(self.shape(n, wide)) <= validation.MOST_WEIGHTS, validation.MOST_UNITS)

    def weights(self, widths: _Widths) -> int:
        """The number of weights and biases."""
        inputs = (self.inputs, *widths)
        return sum(units * (before + 1) for units, before in zip((*widths, 1), inputs, strict=True))

    def reaches(self, widths: _Widths) -> bool:
        """Whether some certified upper bound is not above the error."""
        query = Query(functions=self.functions, network=self.network(widths), p=self.p)
        bounds = (apply(theorem, query) for theorem in UPPER_THEOREMS)
        return any(isinstance(each, Bound) and each.number is not None and each.number <= self.error for each in bounds)

    def bound(self, widths: _Widths) -> Bound:
        """The best upper bound."""
        return upper_bound(self.functions, self.network(widths), p=self.p)

    def width(self) -> int:
        """The smallest width of equal layers that reaches the error; raises NotApplicableError if there is none."""
        widest = self.widest(self.hidden)
        widths = self.shape(widest, self.hidden)
        query = numeric_query(self.functions, self.network(widths), self.p, UPPER_THEOREMS)
        _, excluding = without_size(query, self.error)
        if excluding is not None:
            raise NotApplicableError(f"no number of weights suffices: {excluding}")
        width = self._narrowest(self.hidden, widest)
        if width > widest:
            raise NotApplicableError(
                f"no known construction reaches error={self.error} with depth={self.hidden + 1}; the best with hidden "
                f"layers of {widest} units, the most that can be described: {self.bound(widths)}"
            )
        return width

    def _narrowest(self, wide: int, widest: int) -> int:
        """The smallest n that reaches the error, by doubling and bisection; beyond the widest if none does."""
        return 1 + largest(lambda n: not self.reaches(self.shape(n, wide)), widest)

    def starts(self) -> Iterator[_Widths]:
        """Shapes that reach the error: equal layers, and fewer of them, so that the others are as narrow as can be."""
        yield self.shape(self.width(), self.hidden)
        for wide in (1, 2, 4, 8):
            widest = self.widest(wide)
            if wide < self.hidden and self.reaches(self.shape(widest, wide)):
                yield self.shape(self._narrowest(wide, widest), wide)

    def narrowed(self, widths: _Widths) -> tuple[_Widths, bool]:
        """Each layer as narrow as the error allows, from the last to the first; whether no layer can lose a unit."""
        used = self._used(widths)
        if self.reaches(used):
            widths = used
        left = _TRIALS // self.hidden
        layer = unchanged = 0
        while unchanged < self.hidden:
            layer = (layer or self.hidden) - 1
            before, units, after = widths[:layer], widths[layer], widths[layer + 1 :]

            def without(lost: int) -> bool:
                nonlocal left
                left -= 1
                return left >= 0 and self.reaches((*before, units - lost, *after))  # noqa: B023 - called at once

            lost = largest(without, units - 1)
            widths = (*before, units - lost, *after)
            unchanged = 1 if lost else unchanged + 1
        return widths, left >= 0

    def _used(self, widths: _Widths) -> _Widths:
        """The widths of the part that the best construction uses, and single units in layers that it does not."""
        network = self.bound(widths).network
        known = None if network is None else network.architecture
        used = () if known is None else known.widths[: self.hidden]
        return (*used, *(1,) * (self.hidden - len(used)))


def _networks(F: object, error: object, p: object, depth: object, degree: object) -> _Networks:
    layers = validation.integer("depth", depth, minimum=2, maximum=validation.MOST_LAYERS, symbols=False)
    power = validation.integer("degree", degree, minimum=0, maximum=1000, symbols=False)
    threshold = validation.exact("error", error, symbols=False)
    functions = function_class(F)
    inputs = dimension(functions)
    if inputs is None:
        raise NotApplicableError(f"{F} has no number of variables, so networks have no number of weights")
    return _Networks(functions, inputs, validation.exponent(p), threshold, layers - 1, power)


def _known(networks: _Networks, widths: _Widths) -> str:
    """What is known of networks that are too narrow."""
    try:
        bound = networks.bound(widths)
        value = render.rounded(bound.value, True)
    except ApproxBoundsError:
        return "no construction fits, so none reaches"
    return f"the best known construction ({bound.theorem.id}) has the error ${value}$, above"


@called_rightly
def sufficient_width(F: FunctionClass, *, error: object, p: object, depth: object, degree: object = 1) -> Sufficiency:
    """The smallest width n, as far as constructions are known, with E_p(F, G) <= error for equal layers of n units.

    G: fully connected networks with biases, ``depth`` layers (output layer included), so ``depth - 1`` hidden ones, and
    the activation ``max(x, 0)^degree``: ReLU by default, threshold units for degree 0. The answer has the certified
    upper bound for this network, so that its width is enough. Widths are tried by doubling and bisection, up to the
    most that the library can describe (10^12 parameters, layers of 10^9 units): no construction reaches the error with
    n - 1 units, and none with fewer if bounds do not get worse with the width. Better constructions may need less.

    Raises ParameterError for bad input, symbols included, and NotApplicableError if no known construction reaches the
    error, or if the lower bounds prove that none can.

    >>> import approxbounds as ab
    >>> found = ab.sufficient_width(ab.LipschitzBall(dim=1), error="1/100", p="inf", depth=3)
    >>> found.width, found
    (13, 222 weights suffice for E_inf(F, G) <= 1/100: widths 13x13  [zigzag, certified])
    """
    networks = _networks(F, error, p, depth, degree)
    n = networks.width()
    smallest = Step("No layer can have fewer units.")
    if n > 1:
        smaller = _known(networks, networks.shape(n - 1, networks.hidden))
        smallest = Step(
            f"With ${n - 1}$ units in each layer {smaller} what is asked. Widths were tried by doubling "
            f"and bisection, not all of them."
        )
    return Sufficiency(networks.error, networks.bound(networks.shape(n, networks.hidden)), smallest)


@called_rightly
def sufficient_weights(F: FunctionClass, *, error: object, p: object, depth: object, degree: object = 1) -> Sufficiency:
    """A network of few weights with E_p(F, G) <= error, as few as a search finds.

    G as in :func:`sufficient_width`, but the layers may differ. The search starts from the smallest equal width, and
    from shapes of which only the first layers are wide; then each layer loses as many units as the error allows, from
    the last to the first. The answer has the certified upper bound for the network that was found. No layer of it can
    lose one unit more, with the known constructions (or the search ended before, as it may for dozens of layers, and
    ``smallest`` says so). Other shapes, and better constructions, may need fewer weights. Errors as
    :func:`sufficient_width`.

    >>> import approxbounds as ab
    >>> found = ab.sufficient_weights(ab.LipschitzBall(dim=2), error="1/100", p=2, depth=3)
    >>> found
    2545 weights suffice for E_2(F, G) <= 1/100: widths 48x48  [strips, certified]
    >>> found.network.widths, found.bound.value <= 1 / 100, bool(ab.verify(found.certificate))
    ((48, 48), True, True)
    """
    networks = _networks(F, error, p, depth, degree)
    narrowed = [networks.narrowed(widths) for widths in networks.starts()]
    widths, complete = min(narrowed, key=lambda found: networks.weights(found[0]))
    ended = "No known construction reaches this with one unit fewer in any one of the layers"
    if not complete:
        ended = "Narrower layers may do, as the search ended before"
    return Sufficiency(networks.error, networks.bound(widths), Step(f"{ended}; not all shapes were tried."))


@called_rightly
def weights_bracket(F: FunctionClass, *, error: object, p: object, depth: object, degree: object = 1) -> WeightsBracket:
    """How many weights E_p(F, G) <= error needs: not fewer than one number, and not more than another.

    These are the answers of :func:`required_weights` and :func:`sufficient_weights` for fully connected networks with
    biases, ``depth`` layers and the activation ``max(x, 0)^degree``; errors as there.

    >>> import approxbounds as ab
    >>> found = ab.weights_bracket(ab.LipschitzBall(dim=1), error="1/1000", p="inf", depth=2, degree=0)
    >>> found
    between 1498 and 1501 weights for E_inf(F, G) <= 1/1000
    >>> found.required.bound.theorem.id, found.sufficient.bound.theorem.id
    ('Tpoints', 'cubes')
    """
    sufficient = sufficient_weights(F, error=error, p=p, depth=depth, degree=degree)
    required = required_weights(F, error=error, p=p, depth=depth, degree=degree)
    assert isinstance(required, Requirement)  # the error is a number
    return WeightsBracket(required, sufficient)
