"""The base of recurrent networks that answer after the last step of a sequence. THEORY.md, section 6."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, ClassVar, Self

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.description import named
from approxbounds.facts.growth import (
    AffineCount,
    Count,
    CountedLayer,
    GrowthBound,
    HalfspaceCount,
    PolynomialCount,
    SumCount,
    Thresholds,
)
from approxbounds.facts.networks import DelayLine, Orders
from approxbounds.facts.piecewise import Piecewise, layered_pieces
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.parametric import finer
from approxbounds.networks.recurrent_growth import CentralCount, CodeCount, StepsCount
from approxbounds.parameters import BITS, Choice, Integer, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic, symbol_unless_symbolic

__all__ = ["ACTIVATIONS", "SIZE", "Recurrent", "Weights", "code_text", "coded"]

_RECTIFIES = {"linear": "output", "relu": "state", "modrelu": "thresholds"}
#: What the recurrence applies to its net inputs.
ACTIVATIONS = ("linear", "relu", "modrelu")
SIZE = allowed(Integer(maximum=10**7))


@dataclass(frozen=True)
class Weights:
    """One way to describe all values of a group of weights: codes, real parameters, and the degree of an entry in them.

    If W is a quotient of polynomials with a positive common denominator, the degree is the larger of their two.
    """

    codes: tuple[CodeCount, ...]
    reals: Number
    degree: Number


def _values(bits: Number) -> Number:
    """The number of values of a code of so many bits; one bit is ternary, and 2^b + 1 >= max(3, 2^b) for a symbol."""
    return 2**bits + 1 if is_symbolic(bits) or bits == 1 else 2**bits


def code_text(bits: Number) -> str:
    """The codes of so many bits, in a derivation."""
    return r"ternary codes $\{-1,0,1\}$ ($1$ bit)" if bits == 1 else f"${bits}$ bits"


def coded(entries: Number, bits: Number) -> Weights:
    """alpha Z with a matrix of codes Z and one scale alpha >= 0."""
    return Weights((CodeCount(entries, _values(bits)),), 1, 1)


@dataclass(frozen=True, kw_only=True)
class Recurrent(NetworkClass):
    """The base of the networks a_t = W h_{t-1} + U x_t + b, h_t = sigma(a_t), h_0 = 0, y = v.r(h_T) + c.

    hidden: n, the size of h_t; steps: T; inputs: d_in, the size of x_t. A sequence is a point (x_1, ..., x_T) of
    [0,1]^(T d_in); the bounds on growth and pseudo-dimension hold for sequences of any real numbers. One scalar output,
    after the last step. activation: "linear" (sigma is the identity and r is relu), "relu" (sigma is relu, r the
    identity) or "modrelu" (sigma(a) = sign(a) relu(|a| + beta) with n thresholds beta, r the identity).
    b and c are real; U and v are real, or quantised to ``bits`` bits, 1 to 64: U = alpha Z, v = alpha' z with one real
    scale >= 0 each and entries of Z and z in a set of 2^bits integers, or {-1, 0, 1} if bits = 1. What W is, the
    classes below say. Symbols may replace the integers.

    Growth (ours). Fix codes, if there are any; count them all. Linear recurrence: a_T is a polynomial in W, U, b, and
    once the signs of its n m entries at m points are known, so is y. Other recurrences: the same step by step,
    sum over t = 1..T, where four polynomials a, -a, a + beta, beta - a decide which piece modReLU takes. Further:

    - alpha' = 1 may be assumed: (U, b, beta) -> alpha' (U, b, beta) multiplies every h_t by alpha', as h_0 = 0 and all
      activations are positively homogeneous. So a coded v adds no degree and no parameter but c.
    - Codes may also be ignored, group by group, as real weights are more; the smallest sum is used.
    - A linear recurrence is a ReLU network with one hidden layer, n units and T d_in inputs, with any weights: it has
      no more sign patterns, and no more patterns of outputs where the signs are known.
    - If W has no real parameters, a_t is linear in (U, b, beta) where the signs before are known: see
      :class:`~approxbounds.networks.recurrent_growth.CentralCount`.

    All counts are concave in m, and so are sums and minima of them.
    """

    citations: ClassVar[tuple[Citation, ...]] = (
        Citation("AnthonyBartlett1999", "Thm 8.3"),
        Citation("approxbounds", "6"),
    )
    hidden: Number = field(metadata=SIZE)
    steps: Number = field(metadata=allowed(Integer(maximum=10**9)))
    inputs: Number = field(default=1, metadata=SIZE)
    bits: Number | None = field(default=None, metadata=BITS)
    activation: str = field(default="linear", metadata=allowed(Choice(ACTIVATIONS)))

    @property
    def bits_per_parameter(self) -> Number | None:
        return self.bits

    def quantised(self, bits: int) -> Self:
        return replace(self, bits=bits)

    @property
    def real_orders(self) -> Orders:
        return replace(self, bits=None).orders

    @property
    def contains_constants(self) -> bool:
        """c is real, and v may be 0: with codes its scale is."""
        return True

    @property
    def delay_line(self) -> DelayLine | None:
        if self.bits is not None:
            return None
        return DelayLine(self.hidden, self.steps, self.inputs, _RECTIFIES[self.activation])

    @property
    def _unit_layers(self) -> tuple[Number, ...]:
        """What the answer is as a function of x_T alone: hidden layers of so many units."""
        return (self.hidden,)

    @property
    def piecewise(self) -> Piecewise | None:
        """In the directions of x_T alone: the state before it is constant there, whatever T and the weights are."""
        breaks = 2 if self.activation == "modrelu" else 1
        layers = layered_pieces(
            self._unit_layers, breaks, 1, continuous=self.is_continuous, skips=False, inputs=self.inputs
        )
        if layers is None or self.symbols:
            return layers
        return replace(layers, axes=range((self.steps - 1) * self.inputs, self.steps * self.inputs))

    @property
    def piece_order(self) -> Any:
        return symbol_unless_symbolic(self.hidden, "n") ** len(self._unit_layers)

    @property
    def is_continuous(self) -> bool:
        return self.activation != "modrelu"

    def larger(self) -> Iterator[Self]:
        return self.variants(*finer(self.bits))

    @property
    def domain_dim(self) -> Number:
        return self.steps * self.inputs

    @property
    @abstractmethod
    def recurrent_weights(self) -> tuple[Weights, ...]:
        """The ways to describe W."""

    @property
    @abstractmethod
    def matrix(self) -> str:
        """What W is: the part of the definition."""

    @property
    def definition(self) -> str:
        sigma = {
            "linear": r"$h_t=a_t$, $y=v\cdot\mathrm{relu}(h_T)+c$",
            "relu": r"$h_t=\mathrm{relu}(a_t)$, $y=v\cdot h_T+c$",
            "modrelu": r"$h_t=\mathrm{sign}(a_t)\,\mathrm{relu}(|a_t|+\beta)$, $y=v\cdot h_T+c$",
        }[self.activation]
        own = "real"
        if self.bits is not None:
            own = f"quantised to {code_text(self.bits)} with one real scale each"
        return (
            f"$G$: {self}: sequences, points of $[0,1]^{{{self.domain_dim}}}$, to $y$ after "
            f"${named('T', self.steps)}$ steps $a_t=Wh_{{t-1}}+Ux_t+b$, {sigma}, $h_0=0$, with "
            f"${named('n', self.hidden)}$ hidden units and $d_{{\\mathrm{{in}}}}={self.inputs}$ inputs per step; "
            f"{self.matrix}; $U$ and $v$ are {own}, the other parameters are real."
        )

    @property
    def _input_weights(self) -> tuple[Weights, ...]:
        entries = self.hidden * self.inputs
        real = Weights((), entries, 1)
        return (real,) if self.bits is None else (coded(entries, self.bits), real)

    @property
    def _output_weights(self) -> tuple[Weights, ...]:
        real = Weights((), self.hidden, 1)
        return (real,) if self.bits is None else (Weights(coded(self.hidden, self.bits).codes, 0, 0), real)

    def growth(self, thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        self.require_numbers("a growth bound")
        found = self._growth(self.domain_dim, 0)
        return GrowthBound((*found.whole, *self.line_counts(thresholds)))

    def flat_growth(self, axes: tuple[int, ...], thresholds: Thresholds = Thresholds.ANY) -> GrowthBound:
        """From the first step that reads one of the coordinates on; the state before it is the same at all points."""
        last = self.steps - min(axes) // self.inputs
        unknown = self._unknown(last)
        found = replace(self, steps=last)._growth(len(axes), unknown)
        if unknown == 0 or 2 * last <= self.steps:  # then all steps have no smaller counts
            return found
        return GrowthBound((*found.whole, *self.growth(thresholds).whole))

    def _unknown(self, steps: int) -> int:
        """The number of real parameters by which an unknown state before the last ``steps`` steps is described.

        What it adds to the net inputs of the first of these steps is a parameter there, as the bias is. So one step
        has no more parameters than before; and neither has a linear recurrence, in which all that the state and the
        biases add to a_T is one vector.
        """
        return 0 if steps == 1 or (self.activation == "linear" and len(self._unit_layers) == 1) else self.hidden

    def _growth(self, directions: int, unknown: int) -> GrowthBound:
        """For points that differ in so many directions, with so many parameters more for the state at the start."""
        groups = product(self.recurrent_weights, self._input_weights, self._output_weights)
        shallow = self._shallow(directions)
        ways = [self._way(*group, shallow, unknown) for group in groups]
        if shallow:
            hidden, output = shallow
            ways.append((CountedLayer("hidden layer", (hidden,), hidden=True), CountedLayer("output", (output,))))
        return GrowthBound(whole=tuple(map(SumCount, ways)))

    def _way(
        self, W: Weights, U: Weights, v: Weights, shallow: tuple[Count, ...], unknown: int
    ) -> tuple[CountedLayer, ...]:
        """The codes, the signs that decide the pieces, and the output."""
        groups = {"W": W, "U": U, "v": v}
        codes = tuple(
            CountedLayer(f"choices of {name}", (c,)) for name, weights in groups.items() for c in weights.codes
        )
        first = U.reals + self.hidden * (2 if self.activation == "modrelu" else 1)  # U, b, beta
        signs = self._signs(W, first, shallow[:1], unknown)
        entries, states = W.degree * (self.steps - 1), self._of_states(first) + unknown
        # with a coded v the output is affine in its bias and the parameters of the states together
        others = ((1, states), (1, v.reals + 1)) if v.degree else ((1, states + 1),)
        own: Count = PolynomialCount(1, ((entries, W.reals), *others))
        if not (entries or v.degree):
            own = AffineCount(1, 1, states + 1)
        return (*codes, *signs, CountedLayer("output", (own, *shallow[1:])))

    def _of_states(self, first: Number) -> Number:
        """The number of real parameters of h_T beside those of W, from those of U, b and beta."""
        return first

    @property
    def _functions(self) -> Number:
        """The polynomials per input and step whose signs decide the pieces of the activation."""
        return self.hidden * (4 if self.activation == "modrelu" else 1)

    def _signs(self, W: Weights, first: int, shallow: tuple[Count, ...], unknown: int) -> tuple[CountedLayer, ...]:
        n, d, T, others = self.hidden, self.inputs, self.steps, first + unknown
        P = W.reals + others
        if self.activation == "linear":
            own: Count = CentralCount(n, P)
            if W.degree:
                own = PolynomialCount(n, ((W.degree * (T - 1), W.reals), (1, others)))
            return (CountedLayer("net inputs of the last step", (own, *shallow), hidden=True),)
        relu, f = self.activation == "relu", self._functions
        one: Count = HalfspaceCount(n, d) if relu else AffineCount(n, 4, d + 2)
        other: Count = CentralCount(f, first) if relu else AffineCount(1, f, first)
        layers = (CountedLayer("step 1", (one, other), hidden=True),)
        if T == 1:
            return layers
        steps: Count = CentralCount(f, P, T - 1) if relu else AffineCount(T - 1, f, P)
        if W.degree:
            steps = StepsCount(f, T, W.degree, W.reals, others)
        return (*layers, CountedLayer(f"steps 2 to {T}", (steps,), hidden=True))

    def _shallow(self, directions: int) -> tuple[Count, ...]:
        """The counts of a ReLU network with one hidden layer that reads the whole sequence; none if it is not one.

        For points that differ in so many directions, of which each unit is an affine function. Where the signs are
        known, the output is c plus for each unit an affine function, with v_j folded into it.
        """
        if self.activation != "linear":
            return ()
        n = self.hidden
        return (HalfspaceCount(n, directions), AffineCount(1, 1, n * (directions + 1) + 1))

    def closed_growth(self, A: Arithmetic[V]) -> tuple[tuple[V, V, V], ...]:
        """One triple for each way to see W, with real U and v.

         C codes in bits and layers of M_i m polynomials of degree <= D_i in w_i parameters give
        C + sum_i (1 + w_i log2(2e m M_i D_i/w_i)); by Jensen r = 2e sum M_i D_i, and w = C + sum w_i (the bound
        increases with w up to m).
        """
        return tuple(self._closed(A, W) for W in self.recurrent_weights)

    def _closed(self, A: Arithmetic[V], W: Weights) -> tuple[V, V, V]:
        n, d, T = A.number(self.hidden), A.number(self.inputs), A.number(self.steps)
        first = n * d + n * (2 if self.activation == "modrelu" else 1)
        layers, w, products = self._closed_signs(A, W, first)
        codes = A.number(0)
        for code in W.codes:
            codes = codes + A.number(code.entries) * A.log2(A.number(code.values))
        last = A.number(W.degree) * (T - 1) + 2
        acting = A.number(W.reals) + self._of_states(first)
        return codes + layers + 1, codes + w + acting + n + 1, 2 * A.e * (products + last)

    def _closed_signs(self, A: Arithmetic[V], W: Weights, first: V | float) -> tuple[V, V, V]:
        """The number of layers before the output, sum w_i and sum M_i D_i."""
        f, T, q, P = A.number(self._functions), A.number(self.steps), A.number(W.degree), A.number(W.reals) + first
        if self.activation == "linear":
            return A.number(1), P, f * (q * (T - 1) + 1)
        return T, first + (T - 1) * P, f * (T + q * T * (T - 1) / 2)

    @property
    def orders(self) -> Orders:
        """Pdim is of the order of the bits of all codes plus T times the real parameters times log(nT).

        A linear recurrence is without the factor T, and without T in the logarithm if W has no real parameters.
        A number of bits per code is left out.
        """
        import sympy

        W = self.recurrent_weights[0]
        n, d, T = (
            symbol_unless_symbolic(value, name)
            for value, name in ((self.hidden, "n"), (self.inputs, "d_in"), (self.steps, "T"))
        )
        bits = self.bits if is_symbolic(self.bits) else 1
        codes = 0 if self.bits is None else bits * n * d
        reals = n * d if self.bits is None else n
        more, extra = self._orders_of_matrix(n)
        linear = self.activation == "linear"
        logarithm = sympy.log(n if linear and not W.degree else n * T)
        return Orders.of_size(codes + more + (1 if linear else T) * (reals + extra) * logarithm)

    def _orders_of_matrix(self, n: Any) -> tuple[Any, Any]:
        """Orders of the codes and of the real parameters of W."""
        return 0, n**2
