"""LSTM and GRU networks, which read a sequence and answer after its last step. THEORY.md, 3.10-3.11."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from approxbounds.description import named
from approxbounds.facts.tally import Tally, Tensor
from approxbounds.networks.program import TalliedNetwork
from approxbounds.parameters import FLAG, Integer, allowed
from approxbounds.sources import Citation
from approxbounds.validation import MOST_DIMENSIONS, Number

__all__ = ["GRU", "LSTM"]

_HIDDEN = allowed(Integer(maximum=10**5))
_STEPS = allowed(Integer(maximum=MOST_DIMENSIONS, symbols=False))


@dataclass(frozen=True, kw_only=True)
class _Gated(TalliedNetwork):
    """Networks of one gated recurrence and a linear output unit.

    hidden: n; steps: T; features: f numbers per step, so that a sequence is a point of [0,1]^(T f).
    """

    hidden: Number = field(metadata=_HIDDEN)
    steps: int = field(metadata=_STEPS)
    features: Number = field(default=1, metadata=_HIDDEN)

    @abstractmethod
    def state(self, t: Tally, x: Tensor) -> Tensor:
        """The last state."""

    def program(self, t: Tally) -> Tensor:
        return t.dense(self.state(t, t.input(self.features, places=(self.steps,))), size=1)

    def larger(self) -> Iterator[Self]:
        return self._grown("hidden")

    @property
    def definition(self) -> str:
        return (
            f"$G$: {self}: sequences of ${named('T', self.steps)}$ steps of ${self.features}$ numbers in $[0,1]$ to "
            f"the linear output after the last step of {self._recurrence}, ${named('n', self.hidden)}$ hidden units, "
            f"$h_0=0$; {self._shown}."
        )

    @property
    @abstractmethod
    def _recurrence(self) -> str:
        """The recurrence in words."""


@dataclass(frozen=True, kw_only=True)
class LSTM(_Gated):
    """LSTM networks: gates i, f, o, c_t = f c_{t-1} + i tanh(..), h_t = o tanh(c_t), y = v.h_T + b.

    hidden: n <= 10^5; steps: T <= 10^4; features: f numbers per step; a sequence is a point of [0,1]^(T f). There are
    4n(n+f+1) + n + 1 parameters; a file often holds 4n more, a second bias vector, which :meth:`deployed` counts.
    ``bits``: each parameter takes one of 2^bits values; ``weight_bound``: all are in [-B, B].

    Source: Hochreiter and Schmidhuber 1997. Growth of order (n^2 T n)^2 for real parameters, n^2 for bits.

    >>> LSTM(hidden=128, steps=784, bits=32).pseudo_dimension().value
    2134048
    """

    citations: ClassVar[tuple[Citation, ...]] = (Citation("HochreiterSchmidhuber1997"), *TalliedNetwork.citations)

    def state(self, t: Tally, x: Tensor) -> Tensor:
        return t.lstm(x, hidden=self.hidden)

    @property
    def _recurrence(self) -> str:
        return r"$c_t=f_tc_{t-1}+i_t\tanh(\cdot)$, $h_t=o_t\tanh(c_t)$ with sigmoid gates"


@dataclass(frozen=True, kw_only=True)
class GRU(_Gated):
    """GRU networks: gates z, r, h_t = (1 - z) h_{t-1} + z tanh(U x_t + V (r h_{t-1}) + b), y = v.h_T + c.

    hidden, steps, features, bits, weight_bound: as of :class:`LSTM`. ``reset_after``: tanh(U x_t + b + r (V h_{t-1} +
    b')), as common libraries have it, with n parameters more than 3n(n+f+1) + n + 1. A file often holds two bias
    vectors, which :meth:`deployed` counts.

    Source: Cho et al. 2014.

    >>> GRU(hidden=128, steps=784, bits=32).pseudo_dimension().value
    1601568
    """

    citations: ClassVar[tuple[Citation, ...]] = (Citation("Cho2014"), *TalliedNetwork.citations)
    reset_after: bool = field(default=False, metadata=FLAG)

    def state(self, t: Tally, x: Tensor) -> Tensor:
        return t.gru(x, hidden=self.hidden, reset_after=self.reset_after)

    @property
    def _recurrence(self) -> str:
        own = r"r_t(Vh_{t-1}+b')" if self.reset_after else r"V(r_th_{t-1})"
        return rf"$h_t=(1-z_t)h_{{t-1}}+z_t\tanh(Ux_t+{own}+b)$ with sigmoid gates"
