"""The tally of a program: a network written layer by layer, of which it counts what bounds need. THEORY.md, 3.10-3.11.

    def build(t: Tally) -> Tensor:
        x = t.input(16)
        x = t.act(t.dense(x, size=64), "tanh")
        return t.dense(x, size=1)

Of the entries of each tensor it knows the degree in the parameters and the chain, and that of their derivatives;
with a bound on all parameters also a bound on the entries, and on how much they change with the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple, TypeAlias

from approxbounds import validation
from approxbounds.arithmetic import BALL, Value, precision, spend
from approxbounds.errors import ParameterError
from approxbounds.facts.activations import SMOOTH, Smooth
from approxbounds.facts.pfaffian import Pfaffian
from approxbounds.validation import Number, is_symbolic

__all__ = ["Layer", "Tally", "Tensor"]

_BITS = 64  # of balls
#: By how much an entry changes, a coefficient for each group of parameters: sum_g E_g delta_g.
Changes: TypeAlias = Mapping[int, Value]


class Tensor(NamedTuple):
    """Entries of a program that are alike: ``width`` of them at each of the ``places``, such as tokens or pixels.

    ``degree``: in the parameters and the chain; ``gradient``: the degree of the derivatives, None if there are none.
    ``largest``: a bound on all |entries|; ``changes``: on their changes. Both are kept for bounded parameters only.
    """

    width: Number
    places: tuple[int, ...] = ()
    degree: int = 0
    gradient: int | None = None
    largest: Value = None
    changes: Changes | None = None

    @property
    def size(self) -> Number:
        """The number of places."""
        return prod(self.places)


@dataclass(frozen=True)
class Layer:
    """An affine map from ``inputs`` to ``outputs`` numbers whose parameters may be used more than once."""

    inputs: Number
    outputs: Number
    bias: bool
    group: int


def _whole(name: str, value: object, *, minimum: int = 1) -> Number:
    """A number of entries or places, or a symbol for it; ParameterError if it is none."""
    return validation.integer(name, value, minimum=minimum)


def _alike(*xs: Tensor) -> None:
    if len({(x.width, x.places) for x in xs}) != 1:
        raise ParameterError("tensors", [(x.width, *x.places) for x in xs], "must have one width at the same places")


def _later(gradient: int | None, degree: int) -> int | None:
    return None if gradient is None else gradient + degree


def _largest_of(*gradients: int | None) -> int | None:
    return max((g for g in gradients if g is not None), default=None)


def _sum(*parts: tuple[Any, Changes | None]) -> dict[int, Value]:
    """The sum of changes, each times a factor."""
    total: dict[int, Value] = {}
    for factor, changes in parts:
        for group, change in (changes or {}).items():
            total[group] = total.get(group, 0) + factor * change
    return total


def _maximum(*changes: Changes | None) -> dict[int, Value]:
    known = [part or {} for part in changes]
    groups = {group for part in known for group in part}
    return {group: BALL.maximum(*(part[group] for part in known if group in part)) for group in groups}


class Tally:
    """What a program of layers takes: parameters, exponentials, degrees, comparisons, and how its outputs change.

    ``weight_bound``: B with |parameter| <= B for all of them, or None. Its methods take tensors and give tensors, as
    layers do (ParameterError if sizes do not fit); :class:`~approxbounds.networks.program.Program` is their class.
    """

    def __init__(self, weight_bound: Number | None = None) -> None:
        self._bound = None if weight_bound is None else validation.exact("weight_bound", weight_bound, symbols=False)
        self.weights: Number = 0  # d: the parameters, each once
        self.stored: Number = 0  # the numbers that a file of them holds
        self.inputs: Number = 0
        self.chain: Number = 0  # q
        self.tests: Number = 0  # c
        self.chain_degree = self.degree = self.gradient_degree = 1  # alpha, beta, D
        self.groups: list[Number] = []  # how many parameters each group has

    # -------------------------------------------------------------------------------- inputs and parameters

    def input(self, width: Number, *, places: tuple[int, ...] = ()) -> Tensor:
        """Numbers in [0,1]: ``width`` of them at each place. Call it once."""
        width, places = _whole("width", width), tuple(_whole("places", place) for place in places)
        self.inputs += width * prod(places)
        known = self._bound is not None
        return Tensor(width, places, largest=BALL.number(1) if known else None, changes={} if known else None)

    def zeros(self, width: Number) -> Tensor:
        """The state that a recurrence starts from."""
        known = self._bound is not None
        return Tensor(_whole("width", width), largest=BALL.number(0) if known else None, changes={} if known else None)

    def parameters(self, width: Number, *, places: tuple[int, ...] = ()) -> Tensor:
        """Trained numbers themselves, such as learned positions: one for each entry."""
        width, places = _whole("width", width), tuple(_whole("places", place) for place in places)
        group = self._group(width * prod(places))
        known = self._bound is not None
        return Tensor(width, places, 1, 0, self._ball() if known else None, {group: BALL.number(1)} if known else None)

    def layer(self, inputs: Number, outputs: Number, *, bias: bool = True) -> Layer:
        """The parameters of an affine map, to be used by :meth:`apply`, perhaps at every step of a recurrence."""
        outputs = _whole("size", outputs)
        return Layer(inputs, outputs, bias, self._group(outputs * (inputs + int(bias))))

    def _group(self, parameters: Number, stored: Number | None = None) -> int:
        self.weights += parameters
        self.stored += parameters if stored is None else stored
        self.groups.append(parameters)
        return len(self.groups) - 1

    def _ball(self) -> Value:
        return BALL.number(self._bound)

    @property
    def precision(self) -> AbstractContextManager[None]:
        """The block in which a program is written: balls for bounds need few bits."""
        return nullcontext() if self._bound is None else precision(_BITS)

    # ------------------------------------------------------------------------------------------- affine maps

    def apply(self, layer: Layer, *xs: Tensor) -> Tensor:
        """The map at each place, of the entries of all xs one after the other."""
        spend(10)
        _alike(*(x._replace(width=1) for x in xs))
        width = sum(x.width for x in xs)
        if width != layer.inputs:
            raise ParameterError("inputs", layer.inputs, f"the layer is given {width} numbers")
        degree = 1 + max(x.degree for x in xs)
        gradient = max(degree - 1, *(_later(x.gradient, 1) or 0 for x in xs))
        y = Tensor(layer.outputs, xs[0].places, degree, gradient)
        if self._bound is None:
            return y
        entries = sum((x.width * x.largest for x in xs), BALL.number(int(layer.bias)))
        own = {layer.group: entries}
        return y._replace(
            largest=self._ball() * entries,
            changes=_sum((1, own), *((self._ball() * x.width, x.changes) for x in xs)),
        )

    def dense(self, *xs: Tensor, size: Number, bias: bool = True) -> Tensor:
        """An affine map with parameters of its own, to ``size`` numbers at each place."""
        return self.apply(self.layer(sum(x.width for x in xs), size, bias=bias), *xs)

    def convolution(self, x: Tensor, *, size: Number, kernel: int, padding: int = 0) -> Tensor:
        """``size`` filters of ``kernel`` places along each axis: places fall by kernel - 1 and grow by 2 padding."""
        kernel, padding = _whole("kernel", kernel), _whole("padding", padding, minimum=0)
        places = tuple(n + 2 * padding - kernel + 1 for n in x.places)
        if not places or min(places) < 1:
            raise ParameterError("kernel", kernel, f"must fit into the places {x.places} with padding={padding}")
        return self.dense(x._replace(width=x.width * kernel ** len(places), places=places), size=size)

    def batch_norm(self, x: Tensor) -> Tensor:
        """A factor and a shift for each channel, as at inference; a file stores four numbers for them."""
        group = self._group(2 * x.width, 4 * x.width)
        y = x._replace(degree=x.degree + 1, gradient=max(x.degree, _later(x.gradient, 1) or 0))
        if self._bound is None:
            return y
        own = {group: x.largest + 1}
        return y._replace(largest=self._ball() * (x.largest + 1), changes=_sum((1, own), (self._ball(), x.changes)))

    # ----------------------------------------------------------------------------------- entry by entry

    def act(self, x: Tensor, activation: str) -> Tensor:
        """An activation of :data:`~approxbounds.facts.activations.SMOOTH`, or "relu", "abs" at every entry."""
        if activation in ("relu", "abs"):
            self._test(x, x.size * x.width)
            return x
        if not isinstance(activation, str) or activation not in SMOOTH:
            raise ParameterError("activation", activation, f"must be one of {', '.join((*SMOOTH, 'relu', 'abs'))}")
        return self._smooth(x, SMOOTH[activation])

    def _smooth(self, x: Tensor, f: Smooth) -> Tensor:
        y = x
        if f.tests:
            self._test(x, f.tests * x.size * x.width)
        if x.gradient is not None:  # else its values are constants
            degree, s = x.gradient, x.degree
            self._link(f.functions * x.size * x.width, f.chain_degree(s, degree))
            y = x._replace(degree=f.degree(s), gradient=f.gradient(s, degree))
        if self._bound is None:
            return y
        return y._replace(largest=f.largest(x.largest), changes=_sum((BALL.number(f.slope), x.changes)))

    def add(self, *xs: Tensor) -> Tensor:
        """The sum of tensors of one shape: residual connections."""
        _alike(*xs)
        y = xs[0]._replace(degree=max(x.degree for x in xs), gradient=_largest_of(*(x.gradient for x in xs)))
        if self._bound is None:
            return y
        return y._replace(largest=sum(x.largest for x in xs), changes=_sum(*((1, x.changes) for x in xs)))

    def multiply(self, x: Tensor, y: Tensor) -> Tensor:
        """The product entry by entry."""
        _alike(x, y)
        gradient = _largest_of(_later(y.gradient, x.degree), _later(x.gradient, y.degree))
        z = x._replace(degree=x.degree + y.degree, gradient=gradient)
        if self._bound is None:
            return z
        return z._replace(largest=x.largest * y.largest, changes=_sum((y.largest, x.changes), (x.largest, y.changes)))

    def mix(self, z: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(1 - z) x + z y for z with values in [0,1]."""
        mixed = self.add(self.multiply(z, x), self.multiply(z, y), x)
        if self._bound is None:
            return mixed
        moved = _sum((x.largest + y.largest, z.changes))
        return mixed._replace(
            largest=BALL.maximum(x.largest, y.largest),
            changes=_sum((1, _maximum(x.changes, y.changes)), (1, moved)),
        )

    def part(self, x: Tensor, width: Number) -> Tensor:
        """``width`` of the entries of each place."""
        width = _whole("width", width)
        if not (is_symbolic(width) or is_symbolic(x.width)) and width > x.width:
            raise ParameterError("width", width, f"there are {x.width} entries")
        return x._replace(width=width)

    # ------------------------------------------------------------------------------------ between entries

    def attention(self, x: Tensor, *, heads: int = 1, causal: bool = False) -> Tensor:
        """Softmax attention of all tokens, the places of x: queries, keys, values and outputs of its width D.

        With ``causal`` token i attends to tokens 1..i. Logits are divided by the square root of D/heads.
        """
        heads, D, T = _whole("heads", heads), x.width, x.size
        if len(x.places) != 1:
            raise ParameterError("places", x.places, "attention is between the places of a sequence: one number")
        if D % heads:
            raise ParameterError("heads", heads, f"must divide the width {D}")
        query, key, value = (self.dense(x, size=D) for _ in range(3))
        logits = self.multiply(query, key)
        if self._bound is not None:
            scale = BALL.power(BALL.number(Fraction(D, heads)), BALL.number(Fraction(1, 2)))
            logits = logits._replace(largest=scale * logits.largest, changes=_sum((scale, logits.changes)))
        pairs = T * (T - 1) // (2 if causal else 1)
        weights = self._softmax(logits, T, heads * pairs)
        mixed = self.multiply(weights, value)
        if self._bound is not None:
            mixed = value._replace(
                degree=mixed.degree,
                gradient=mixed.gradient,
                changes=_sum((1, value.changes), (value.largest, logits.changes)),
            )
        return self.dense(mixed, size=D)

    def softmax(self, x: Tensor) -> Tensor:
        """The softmax of the entries of each place."""
        p = self._softmax(x, x.width, x.size * (x.width - 1))
        return p if self._bound is None else p._replace(largest=BALL.number(1))

    def _softmax(self, x: Tensor, logits: int, functions: int) -> Tensor:
        """By sticks p_i = sigma_i prod_{j>i} (1 - sigma_j), sigma_i the sigmoid of a difference: a chain."""
        if logits == 1 or x.gradient is None:
            return x._replace(degree=0, gradient=None)
        self._link(functions, logits + x.gradient)
        return x._replace(degree=logits - 1, gradient=2 * logits - 2 + x.gradient)

    def layer_norm(self, x: Tensor, *, eps: Fraction = Fraction(1, 10**5)) -> Tensor:
        """(x - mean)/sqrt(variance + eps) at each place, times a factor and plus a shift for each entry; eps > 0."""
        eps = validation.exact("eps", eps, symbols=False)
        n, group = x.width, self._group(2 * x.width)
        y = x._replace(degree=x.degree + 2, gradient=x.degree + 1)
        if x.gradient is not None:
            link = 3 + x.degree + x.gradient
            self._link(x.size, link)
            y = y._replace(gradient=1 + x.degree + link)
        if self._bound is None:
            return y
        half = BALL.number(Fraction(1, 2))
        root, steep = BALL.power(BALL.number(n), half), BALL.power(n / BALL.number(eps), half)
        own = {group: root + 1}
        return y._replace(largest=self._ball() * (root + 1), changes=_sum((1, own), (self._ball() * steep, x.changes)))

    def max_pool(self, x: Tensor, *, window: int) -> Tensor:
        """The maxima over windows of ``window`` places along each axis, which do not overlap."""
        window = _whole("window", window)
        y = self.mean_pool(x, window=window)
        self._test(x, y.size * x.width * (window ** len(x.places) - 1))
        return y

    def mean_pool(self, x: Tensor, *, window: int) -> Tensor:
        """The means over windows of ``window`` places along each axis, which do not overlap."""
        window = _whole("window", window)
        places = tuple(n // window for n in x.places)
        if not places or min(places) < 1:
            raise ParameterError("window", window, f"must fit into the places {x.places}")
        return x._replace(places=places)

    def mean(self, x: Tensor) -> Tensor:
        """The mean over all places."""
        return x._replace(places=())

    def flatten(self, x: Tensor) -> Tensor:
        """The entries of all places as one vector."""
        return x._replace(places=(), width=x.size * x.width)

    # ---------------------------------------------------------------------------------------- recurrences

    def lstm(self, x: Tensor, *, hidden: Number) -> Tensor:
        """The last state of an LSTM that reads the places of x: gates i, f, o; c = f c + i tanh(..), h = o tanh(c).

        A file often stores two bias vectors in place of their sum.
        """
        hidden = _whole("hidden", hidden)
        cell = self.layer(x.width + hidden, 4 * hidden)
        self.stored += 4 * hidden
        h = c = self.zeros(hidden)
        for _ in range(x.size):
            a = self.apply(cell, x._replace(places=()), h)
            gate = self.act(a._replace(width=3 * hidden), "sigmoid")._replace(width=hidden)
            new = self.act(a._replace(width=hidden), "tanh")
            c = self.add(self.multiply(gate, c), self.multiply(gate, new))
            h = self.multiply(gate, self.act(c, "tanh"))
        return h

    def gru(self, x: Tensor, *, hidden: Number, reset_after: bool = False) -> Tensor:
        """The last state of a GRU that reads the places of x: h = (1 - z) h + z tanh(U x + V (r h) + b).

        ``reset_after``: tanh(U x + b + r (V h + b')), as common libraries have it. A file often stores two biases.
        """
        hidden = _whole("hidden", hidden)
        gates = self.layer(x.width + hidden, 2 * hidden)
        own = self.layer(x.width, hidden)
        kept = self.layer(hidden, hidden, bias=reset_after)
        self.stored += (2 if reset_after else 3) * hidden
        h = self.zeros(hidden)
        for _ in range(x.size):
            at = x._replace(places=())
            gate = self.act(self.apply(gates, at, h), "sigmoid")._replace(width=hidden)
            past = self.apply(kept, h if reset_after else self.multiply(gate, h))
            new = self.add(self.apply(own, at), self.multiply(gate, past) if reset_after else past)
            h = self.mix(gate, h, self.act(new, "tanh"))
        return h

    # -------------------------------------------------------------------------------------------- results

    def _link(self, functions: Number, degree: int) -> None:
        """Functions of the chain, the degree of whose derivatives is at most this."""
        self.chain += functions
        self.chain_degree = max(self.chain_degree, degree)

    def _test(self, x: Tensor, comparisons: Number) -> None:
        """Comparisons between entries like those of x, or of them with 0; of constants they always end alike."""
        if x.gradient is not None:
            self.tests += comparisons
            self._seen(x)

    def _seen(self, x: Tensor) -> None:
        self.degree = max(self.degree, x.degree)
        self.gradient_degree = max(self.gradient_degree, 1 + (x.gradient or 0))

    def sensitivities(self, y: Tensor) -> tuple[tuple[int, Value], ...]:
        """For each group the number of parameters, and by how much y changes with them; for bounded parameters."""
        assert y.changes is not None
        return tuple((own, y.changes.get(group, BALL.number(0))) for group, own in enumerate(self.groups))

    def pfaffian(self, y: Tensor) -> Pfaffian:
        """The counts of the program whose one output is y; ParameterError if y is not one number."""
        if y.places or y.width != 1:
            raise ParameterError("output", y.width, f"must be one number, but there are {y.width} at places {y.places}")
        self._seen(y)
        return Pfaffian(self.weights, self.chain, self.chain_degree, self.degree, self.gradient_degree, self.tests)
