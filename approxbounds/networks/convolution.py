"""Convolutional networks on square images. THEORY.md, 3.10-3.11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from approxbounds.facts.activations import SMOOTH
from approxbounds.facts.tally import Tally, Tensor
from approxbounds.networks.program import TalliedNetwork
from approxbounds.parameters import Choice, Entries, Integer, allowed

__all__ = ["ConvNet"]

_SIZE = allowed(Integer(maximum=10**4, symbols=False))


@dataclass(frozen=True, kw_only=True)
class ConvNet(TalliedNetwork):
    """Convolutional networks: layers of filters, an activation and pooling by maxima, then a linear output.

    size: images of size x size pixels, size >= 3, with ``features`` channels, so that an input is a point of
    [0,1]^(size^2 features); channels: the filters of each layer, of kernel x kernel pixels, without padding; pool:
    windows of pool x pool pixels that do not overlap (by default 1: no pooling); activation: "relu" or one of
    :class:`TanhNetwork`. ``bits``, ``weight_bound``: as of :class:`LSTM`. A layer whose kernel or window does not fit
    raises ParameterError.

    Parameters do not grow with the number of pixels, the chain does.

    >>> ConvNet(size=28, channels=(8, 16), pool=2).weights
    1649
    """

    size: int = field(metadata=allowed(Integer(minimum=3, maximum=10**4, symbols=False)))
    channels: tuple[int, ...] = field(
        metadata=allowed(Entries(Integer(maximum=10**6, symbols=False), 1000, "the filters of each layer"))
    )
    kernel: int = field(default=3, metadata=_SIZE)
    pool: int = field(default=1, metadata=_SIZE)
    activation: str = field(default="tanh", metadata=allowed(Choice((*SMOOTH, "relu"))))
    features: int = field(default=1, metadata=_SIZE)

    def program(self, t: Tally) -> Tensor:
        x = t.input(self.features, places=(self.size, self.size))
        for filters in self.channels:
            x = t.act(t.convolution(x, size=filters, kernel=self.kernel), self.activation)
            x = t.max_pool(x, window=self.pool)
        return t.dense(t.flatten(x), size=1)

    def larger(self) -> Iterator[Self]:
        yield from self._grown()
        for i in range(len(self.channels)):
            wider = (*self.channels[:i], self.channels[i] + 1, *self.channels[i + 1 :])
            yield from self.variants({"channels": wider})

    @property
    def definition(self) -> str:
        shown = ", ".join(map(str, self.channels))
        return (
            f"$G$: {self}: convolutional networks on images of ${self.size}\\times{self.size}$ pixels and "
            f"{self.features} channels with values in $[0,1]$, layers of ({shown}) filters of "
            f"${self.kernel}\\times{self.kernel}$ pixels, {self.activation}, maxima over windows of "
            f"${self.pool}\\times{self.pool}$, and a linear output; {self._shown}."
        )
