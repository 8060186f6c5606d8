"""Transformers with softmax attention. THEORY.md, 3.10-3.11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from approxbounds.errors import ParameterError
from approxbounds.facts.activations import SMOOTH
from approxbounds.facts.tally import Tally, Tensor
from approxbounds.networks.program import TalliedNetwork
from approxbounds.parameters import FLAG, Choice, Integer, allowed
from approxbounds.sources import Citation

__all__ = ["Transformer"]

_SIZE = allowed(Integer(maximum=10**6, symbols=False))
_FEW = allowed(Integer(maximum=10**4, symbols=False))


@dataclass(frozen=True, kw_only=True)
class Transformer(TalliedNetwork):
    """Transformers: blocks of softmax attention and a feed-forward layer, each after a layer norm and with a residual.

    tokens: T, each of ``features`` numbers in [0,1], so that an input is a point of [0,1]^(T features); width: D, that
    ``heads`` divides; blocks; feedforward: hidden units of the feed-forward layers (default 4D); activation: that of
    these, "relu" or one of :class:`TanhNetwork`; causal: token i attends to tokens 1..i only. Tokens are mapped to D
    numbers by a matrix without bias, learned positions are added, and the output is a linear unit on the mean of all
    tokens, without a last norm. ``norm=False`` leaves the layer norms out; else their eps is 10^-5. ``bits``,
    ``weight_bound``: as of :class:`LSTM`.

    Source: Vaswani et al. 2017. With layer norms a narrower network is not part of a wider one.

    >>> Transformer(width=64, heads=2, tokens=16, blocks=2).weights
    101121
    """

    citations: ClassVar[tuple[Citation, ...]] = (Citation("Vaswani2017"), *TalliedNetwork.citations)
    width: int = field(metadata=_SIZE)
    heads: int = field(default=1, metadata=_FEW)
    tokens: int = field(metadata=_SIZE)
    blocks: int = field(default=1, metadata=_FEW)
    feedforward: int | None = field(default=None, metadata=_SIZE)
    activation: str = field(default="gelu", metadata=allowed(Choice(("relu", *SMOOTH))))
    causal: bool = field(default=False, metadata=FLAG)
    norm: bool = field(default=True, metadata=FLAG)
    features: int = field(default=1, metadata=_SIZE)

    def __post_init__(self) -> None:
        if isinstance(self.width, int) and isinstance(self.heads, int) and self.heads > 0 and self.width % self.heads:
            raise ParameterError("heads", self.heads, f"must divide width={self.width}")
        super().__post_init__()

    def program(self, t: Tally) -> Tensor:
        hidden = 4 * self.width if self.feedforward is None else self.feedforward
        x = t.dense(t.input(self.features, places=(self.tokens,)), size=self.width, bias=False)
        x = t.add(x, t.parameters(self.width, places=(self.tokens,)))
        for _ in range(self.blocks):
            x = t.add(x, t.attention(self._normed(t, x), heads=self.heads, causal=self.causal))
            inner = t.act(t.dense(self._normed(t, x), size=hidden), self.activation)
            x = t.add(x, t.dense(inner, size=self.width))
        return t.dense(t.mean(x), size=1)

    def _normed(self, t: Tally, x: Tensor) -> Tensor:
        return t.layer_norm(x) if self.norm else x

    def larger(self) -> Iterator[Self]:
        if self.norm:
            return self._grown()
        return self._grown(*(() if self.feedforward is None else ("feedforward",)))

    @property
    def definition(self) -> str:
        return (
            f"$G$: {self}: ${self.tokens}$ tokens of ${self.features}$ numbers in $[0,1]$, {self.blocks} blocks of "
            f"{'causal ' if self.causal else ''}softmax attention with {self.heads} heads and a feed-forward layer, "
            f"{'each after a layer norm, ' if self.norm else ''}with residuals, of width ${self.width}$, and a linear "
            f"output of the mean; {self._shown}."
        )
