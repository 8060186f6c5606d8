"""Recurrent networks that read a sequence and answer after its last step. THEORY.md, section 6."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import ParameterError
from approxbounds.facts.growth import Count, CountedLayer
from approxbounds.facts.networks import DelayLine, Orders
from approxbounds.networks.recurrent_base import Recurrent, Weights, code_text, coded
from approxbounds.networks.recurrent_growth import CentralCount, CodeCount
from approxbounds.parameters import BITS, Integer, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic, symbol_unless_symbolic

__all__ = ["QORNN", "HadamRNN", "OrthogonalRNN", "RecurrentNetwork"]


@dataclass(frozen=True, kw_only=True)
class HadamRNN(Recurrent):
    """Recurrent networks with W = diag(u) H/sqrt(n), n signs u and a fixed Hadamard matrix H: binary and orthogonal.

    hidden, steps, inputs, bits, activation: as of :class:`Recurrent`; hidden is 1, 2 or a multiple of 4, as the order
    of H must be. block: None, or the order m of H, which divides n: W = diag(u) (I (x) H)/sqrt(m), with the same
    bounds. layers: 2 (linear recurrences only) adds a second recurrence g_t = W2 g_{t-1} + M relu(h_t) + b2 with
    W2 = diag(u2) H/sqrt(n) and M in {-1, 1}^(n x n)/sqrt(n); then y = v.relu(g_T) + c.

    The signs cost n bits, whatever T is; linear recurrences have no other cost of the length. For two layers, all
    n T m entries of the h_t are linear in (U, b), and then those of g_T in (U, b, b2); M and u2 cost n^2 + n bits.

    Source: Foucault, Mamalet and Malgouyres 2025; the bounds are ours.

    >>> HadamRNN(hidden=16, steps=10**6).pseudo_dimension().value
    613
    """

    citations = (Citation("FoucaultMamaletMalgouyres2025"), Citation("approxbounds", "6"))
    block: Number | None = field(default=None, metadata=allowed(Integer(maximum=10**7, symbols=False)))
    layers: int = field(default=1, metadata=allowed(Integer(maximum=2, symbols=False)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.block is not None:
            _require_order("block", self.block)
            if not is_symbolic(self.hidden) and self.hidden % self.block:
                raise ParameterError("block", self.block, f"must divide hidden={self.hidden}")
        if (self.block is None or self.layers == 2) and not is_symbolic(self.hidden):
            _require_order("hidden", self.hidden)
        if self.layers == 2 and self.activation != "linear":
            raise ParameterError("activation", self.activation, "must be linear if layers=2")

    @property
    def delay_line(self) -> DelayLine | None:
        """Hadamard matrices are no permutations."""
        return None

    @property
    def recurrent_weights(self) -> tuple[Weights, ...]:
        n = self.hidden
        signs = n if self.layers == 1 else n**2 + 2 * n
        return (Weights((CodeCount(signs, 2),), 0, 0),)

    @property
    def _unit_layers(self) -> tuple[Number, ...]:
        return (self.hidden,) * self.layers

    @property
    def matrix(self) -> str:
        order, kind = ("n", "H") if self.block is None else (str(self.block), r"(I\otimes H)")
        shown = rf"$W=\mathrm{{diag}}(u){kind}/\sqrt{{{order}}}$ with a fixed Hadamard matrix $H$ and signs $u$"
        if self.layers == 1:
            return shown
        return (
            rf"{shown}; then $g_t=\mathrm{{diag}}(u_2)H/\sqrt{{n}}\,g_{{t-1}}+M\,\mathrm{{relu}}(h_t)+b_2$ with signs "
            r"$u_2$ and $\sqrt{n}M$, and $g_T$ in place of $h_T$"
        )

    def _of_states(self, first: Number) -> Number:
        return first + self.hidden * (self.layers - 1)  # b2

    def _signs(self, W: Weights, first: int, shallow: tuple[Count, ...], unknown: int) -> tuple[CountedLayer, ...]:
        if self.layers == 1:
            return super()._signs(W, first, shallow, unknown)
        n, first = self.hidden, first + unknown
        return (
            CountedLayer("first recurrence", (CentralCount(n * self.steps, first),), hidden=True),
            CountedLayer("second recurrence", (CentralCount(n, first + n),), hidden=True),
        )

    def _closed_signs(self, A: Arithmetic[V], W: Weights, first: V | float) -> tuple[V, V, V]:
        if self.layers == 1:
            return super()._closed_signs(A, W, first)
        n = A.number(self.hidden)
        return A.number(2), 2 * first + n, n * (A.number(self.steps) + 1)

    def _shallow(self, directions: int) -> tuple[Count, ...]:
        return super()._shallow(directions) if self.layers == 1 else ()

    @property
    def orders(self) -> Orders:
        if self.layers == 1:
            return super().orders
        import sympy

        n, d = symbol_unless_symbolic(self.hidden, "n"), symbol_unless_symbolic(self.inputs, "d_in")
        T = symbol_unless_symbolic(self.steps, "T")
        return Orders.of_size(n**2 + n * d * sympy.log(n * T))

    def _orders_of_matrix(self, n: Any) -> tuple[Any, Any]:
        return 0, 0  # n bits are fewer than the biases


def _require_order(name: str, n: int) -> None:
    if n > 2 and n % 4:
        raise ParameterError(name, n, "must be 1, 2 or a multiple of 4: there is no other Hadamard matrix")


@dataclass(frozen=True, kw_only=True)
class QORNN(Recurrent):
    """Recurrent networks with quantised recurrent weights, W = alpha Z: nearly orthogonal where they are trained to be.

    hidden, steps, inputs, bits, activation: as of :class:`Recurrent`. recurrent_bits: k, 1 to 64; alpha >= 0 is real
    and the entries of Z are in a set of 2^k integers with 0 and 1 in it, {-1, 0, 1} if k = 1. No orthogonality is asked
    for.

    For each Z, the net inputs of step t are of degree t in alpha, U, b and the thresholds.

    Source: Foucault, Mamalet and Malgouyres 2024; the bounds are ours.

    >>> QORNN(hidden=16, steps=100, recurrent_bits=4, bits=4).pseudo_dimension().value
    1537
    """

    citations = (Citation("FoucaultMamaletMalgouyres2024"), Citation("approxbounds", "6"))
    recurrent_bits: Number = field(metadata=BITS)

    @property
    def recurrent_weights(self) -> tuple[Weights, ...]:
        entries = self.hidden**2
        return coded(entries, self.recurrent_bits), Weights((), entries, 1)

    @property
    def matrix(self) -> str:
        bits = self.recurrent_bits
        codes = code_text(1) if bits == 1 else f"${bits}$-bit codes, $0$ and $1$ among them"
        return rf"$W=\alpha Z$ with real $\alpha\ge0$ and a matrix $Z$ of {codes}"

    def _orders_of_matrix(self, n: Any) -> tuple[Any, Any]:
        return (self.recurrent_bits if is_symbolic(self.recurrent_bits) else 1) * n**2, 0


@dataclass(frozen=True, kw_only=True)
class OrthogonalRNN(Recurrent):
    """Recurrent networks with an orthogonal matrix W of real numbers.

    hidden, steps, inputs, bits, activation: as of :class:`Recurrent`.

    W is one of n^2 real numbers, or W = D (2 (I-A)^{-1} - I) with diagonal signs D and a skew-symmetric A: 2^n choices
    and n(n-1)/2 real numbers (Liebeck and Osborne 1991). Proof: the sum of d_1...d_n det(D + W) over all signs d is
    2^n, the coefficient of d_1...d_n in the multilinear polynomial det(D + W); so some det(D + W) is not 0. Then
    Q = DW is orthogonal without the eigenvalue -1, and A = (Q-I)(Q+I)^{-1} is skew-symmetric with Q = (I+A)(I-A)^{-1}.
    Here det(I-A) > 0 is even in A, hence of degree q = 2 floor(n/2) at most, and so is adj(I-A), of degree n-1;
    det(I-A)^{t-1} a_t has the signs of a_t and degree q(t-1)+1 in A, U, b and the thresholds.

    Source of the networks: Foucault, Mamalet and Malgouyres 2024; the bounds are ours.

    >>> OrthogonalRNN(hidden=16, steps=100).pseudo_dimension().value
    5590
    """

    citations = (
        Citation("FoucaultMamaletMalgouyres2024"),
        Citation("LiebeckOsborne1991"),
        Citation("approxbounds", "6"),
    )

    @property
    def recurrent_weights(self) -> tuple[Weights, ...]:
        n = self.hidden
        even = n if is_symbolic(n) else 2 * (n // 2)
        pairs = n * (n - 1) / 2 if is_symbolic(n) else n * (n - 1) // 2
        signs = CodeCount(n, 2, (Citation("LiebeckOsborne1991"),))
        return Weights((), n**2, 1), Weights((signs,), pairs, even)

    @property
    def matrix(self) -> str:
        return "$W$ is a real orthogonal matrix"


@dataclass(frozen=True, kw_only=True)
class RecurrentNetwork(Recurrent):
    """Recurrent networks with any real matrix W: the vanilla RNN.

    hidden, steps, inputs, bits, activation: as of :class:`Recurrent`.

    >>> RecurrentNetwork(hidden=16, steps=784, activation="relu").pseudo_dimension().value > 10**6
    True
    """

    @property
    def recurrent_weights(self) -> tuple[Weights, ...]:
        return (Weights((), self.hidden**2, 1),)

    @property
    def matrix(self) -> str:
        return "$W$ is any real matrix"
