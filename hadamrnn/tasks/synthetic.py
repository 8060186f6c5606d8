"""The copy and the adding task, drawn as they are needed."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hadamrnn.arrays import Rng
from hadamrnn.errors import ParameterError
from hadamrnn.tasks.base import Batch, Defaults, Task
from hadamrnn.validation import setting

LONGEST = 10**6


@dataclass(frozen=True, kw_only=True)
class _DrawnTask(Task):
    """Each epoch draws ``train_size`` new sequences; validation and test have the same ``test_size`` each time."""

    length: int = setting(least=2, most=LONGEST)
    train_size: int = 25_600
    test_size: int = 1_280

    #: The rate is ten times that of the source, with which the copy task is learned in 20 epochs.
    defaults: ClassVar[Defaults] = Defaults(batch_size=128)

    @property
    def sizes(self) -> dict[str, int]:
        return {"train": self.train_size, "validation": self.test_size, "test": self.test_size}

    def _batches(self, part: str, batch_size: int, rng: Rng) -> Iterator[Batch]:
        for start in range(0, self.sizes[part], batch_size):
            yield self._draw(rng, min(batch_size, self.sizes[part] - start))

    @abstractmethod
    def _draw(self, rng: Rng, count: int) -> Batch: ...


@dataclass(frozen=True, kw_only=True)
class CopyTask(_DrawnTask):
    """Repeat the first K symbols at the end of T steps.

    Input (one-hot): K of the S symbols 1 to S, then T - 2 K - 1 blanks (0), the marker (S + 1), and K blanks. Target:
    blanks, and in the last K steps the symbols in order. Without memory the best loss is K ln(S) / T: ``baseline``.

    Parameters: ``length`` (T, at least 2 K + 1), ``symbols`` (S), ``copies`` (K); ``train_size``: so many sequences are
    drawn anew for each epoch; ``test_size``: so many are for validation, and as many for the test.
    ``metrics``: ``accuracy`` over all steps, ``accuracy_copied`` over the last K.

    Source: Hochreiter and Schmidhuber (1997), as in Arjovsky, Shah and Bengio (2016), with T steps in total.

    >>> task = CopyTask(length=7, symbols=4, copies=2, seed=0)
    >>> batch = next(task.test(batch_size=1))
    >>> batch.x.argmax(axis=2).T, batch.y.T
    (array([[4, 1, 0, 0, 5, 0, 0]]), array([[0, 0, 0, 0, 0, 4, 1]]))
    """

    length: int = setting(1000, least=2, most=LONGEST)
    symbols: int = setting(8, least=2, most=10_000)
    copies: int = setting(10, most=LONGEST)

    name: ClassVar[str] = "copy"
    many_to_many: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length < 2 * self.copies + 1:
            raise ParameterError("length", self.length, f"must be at least 2 copies + 1 = {2 * self.copies + 1}")

    @property
    def inputs(self) -> int:
        return self.symbols + 2

    @property
    def outputs(self) -> int:
        return self.symbols + 1

    @property
    def baseline(self) -> float:
        return self.copies * math.log(self.symbols) / self.length

    def _draw(self, rng: Rng, count: int) -> Batch:
        symbols = rng.integers(1, self.symbols + 1, size=(count, self.copies)).T
        tokens = np.zeros((self.length, count), np.int64)
        tokens[: self.copies], tokens[-self.copies - 1] = symbols, self.symbols + 1
        y = np.zeros_like(tokens)
        y[-self.copies :] = symbols
        return Batch(np.eye(self.inputs, dtype=np.float32)[tokens], y)

    def _metrics(self, outputs: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        right = outputs.argmax(axis=-1) == y
        return {"accuracy": float(right.mean()), "accuracy_copied": float(right[-self.copies :].mean())}


@dataclass(frozen=True, kw_only=True)
class AddingTask(_DrawnTask):
    """Add two marked numbers out of T.

    Input per step: a number, uniform in [0, 1), and a mark, 0 or 1. One mark falls in the first ``length // 2`` steps,
    one in the rest. Target: the sum of the two marked numbers. Always answering 1 has the mean squared error 1/6.

    Parameters: ``length`` (T, at least 2), ``train_size`` and ``test_size`` as for the copy task. ``metrics``: ``mse``.

    Source: Hochreiter and Schmidhuber (1997), as in Arjovsky, Shah and Bengio (2016).

    >>> batch = next(AddingTask(length=100).test(batch_size=32))
    >>> bool(np.allclose((batch.x[..., 0] * batch.x[..., 1]).sum(axis=0), batch.y[:, 0]))
    True
    """

    length: int = setting(200, least=2, most=LONGEST)

    name: ClassVar[str] = "adding"
    loss: ClassVar[str] = "mse"
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    baseline: ClassVar[float] = 1 / 6

    def _draw(self, rng: Rng, count: int) -> Batch:
        # one draw per sequence, marks included: the sequences do not depend on how they are cut into batches
        drawn = rng.random((count, self.length + 2), dtype=np.float32)
        values, (first, second) = drawn[:, :-2], drawn[:, -2:].astype(np.float64).T
        half, row = self.length // 2, np.arange(count)
        marked = (first * half).astype(np.int64), half + (second * (self.length - half)).astype(np.int64)
        x = np.zeros((self.length, count, 2), np.float32)
        x[..., 0] = values.T
        for step in marked:
            x[step, row, 1] = 1
        return Batch(x, sum(values[row, step] for step in marked)[:, None])
