"""What every task is: batches of sequences, three fixed parts (train, validation, test), and its metrics."""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hadamrnn.arrays import Rng
from hadamrnn.errors import ParameterError
from hadamrnn.validation import Checked, integer, setting

MOST_HELD_OUT = 5000
PARTS = ("train", "validation", "test")
#: What random numbers are for; each has a stream of its own.
STREAMS = (*PARTS, "split", "permutation")


class Batch(NamedTuple):
    """Sequences and their targets.

    ``x``: float32 of shape (T, B, inputs), or int64 tokens of shape (T, B). ``y``: int64 classes, (B,) for
    many-to-one and (T, B) for many-to-many tasks, or float32 of shape (B, outputs) for regression.
    """

    x: NDArray[Any]
    y: NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """Sizes and rates with which a task is learned unless others are named: of the model, and of its training."""

    hidden: int = 128
    embedding: int | None = None
    epochs: int = 20
    batch_size: int = 100
    learning_rate: float = 1e-3
    decay: float = 0.98

    def besides(self, named: Collection[str], cls: type) -> dict[str, Any]:
        """The defaults of fields of ``cls`` that are not named, nor an embedding or decay whose partner is named."""
        partners = {"embedding": "hidden", "decay": "learning_rate"}  # they were chosen together
        own = {field.name: vars(self)[field.name] for field in fields(cls) if field.name in vars(self)}
        return {name: x for name, x in own.items() if name not in named and partners.get(name) not in named}


@dataclass(frozen=True, kw_only=True)
class Task(Checked, ABC):
    """A problem to learn. Its fields are its settings: ``TASKS[task.name](**asdict(task))`` is the same task.

    Integers are from 1 to 10^9, or what is declared of them. ``seed`` (0 to 10^9) fixes the three parts; the order of
    the training part depends on (seed, epoch) alone, so that a resumed run sees the same batches. Validation and test
    batches do not depend on the batch size, except for where they are cut. ``tokens``: x are integers below ``inputs``,
    else vectors of that many numbers; ``padding``: the token before short sequences, or None. ``defaults``: sizes and
    rates of Foucault, Mamalet and Malgouyres (2025) where they study the task, with the decay of their copy task.

    Raises ParameterError for a setting that is not allowed and FileError, which is one, for a file that is not sound.
    """

    seed: int = setting(0, least=0, most=10**9)

    name: ClassVar[str]
    loss: ClassVar[str] = "cross-entropy"
    many_to_many: ClassVar[bool] = False
    tokens: ClassVar[bool] = False
    padding: ClassVar[int | None] = None
    defaults: ClassVar[Defaults] = Defaults()

    @property
    @abstractmethod
    def inputs(self) -> int:
        """Numbers per step, or the size of the vocabulary if ``tokens``."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Classes, or numbers to predict."""

    @property
    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """The number of sequences of each part."""

    @property
    def baseline(self) -> float | None:
        """The loss without memory of the input, where it is known."""
        return None

    def steps(self, batch_size: int) -> int:
        """Batches per epoch; the last may be smaller than the others."""
        integer("batch_size", batch_size)
        return -(-self.sizes["train"] // batch_size)

    def train(self, batch_size: int, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch (0, 1, ...)."""
        return self.part("train", batch_size, epoch)

    def validation(self, batch_size: int) -> Iterator[Batch]:
        return self.part("validation", batch_size)

    def test(self, batch_size: int) -> Iterator[Batch]:
        return self.part("test", batch_size)

    def part(self, name: str, batch_size: int, epoch: int = 0) -> Iterator[Batch]:
        """The batches of "train", in the order of the epoch, of "validation" or of "test".

        Raises ParameterError if there are none.
        """
        integer("batch_size", batch_size)
        integer("epoch", epoch, least=0)
        if not self.sizes[name]:
            raise ParameterError("task.sizes", self.sizes, f"must be at least 1 for the part {name}, which is empty")
        return self._batches(name, batch_size, self._generator(name, epoch))

    def metrics(self, outputs: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """Means over the targets ``y`` of a batch; the last axis of ``outputs`` holds the logits of the classes."""
        expected = y.shape if self.loss == "mse" else (*y.shape, self.outputs)
        if outputs.shape != expected:
            raise ParameterError("outputs.shape", outputs.shape, f"must be {expected} for targets of shape {y.shape}")
        return self._metrics(outputs, y)

    def record(self) -> dict[str, Any]:
        """Name, settings, sizes of the parts and a checksum of the data: JSON that tells one task from another."""
        return {"name": self.name, "settings": asdict(self), "sizes": self.sizes, "checksum": self._checksum()}

    def _metrics(self, outputs: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        if self.loss == "mse":
            return {"mse": float(((outputs - y) ** 2).mean())}
        return {"accuracy": float((outputs.argmax(axis=-1) == y).mean())}

    def _generator(self, stream: str, epoch: int = 0) -> Rng:
        return np.random.default_rng([self.seed, STREAMS.index(stream), epoch])

    def _checksum(self) -> str:
        return _checksum(*next(self.test(1)))

    @abstractmethod
    def _batches(self, part: str, batch_size: int, rng: Rng) -> Iterator[Batch]: ...


class Stored(NamedTuple):
    """What a task keeps of its files: the model reads (x - shift) / scale, or x itself if it is tokens.

    ``parts``: by name, ``x`` of shape (N, T) for tokens or (N, T, inputs), and ``y`` of shape (N,), in compact types.
    """

    parts: dict[str, Batch]
    inputs: int
    outputs: int
    shift: Any = 0
    scale: Any = 1


@dataclass(frozen=True, kw_only=True)
class StoredTask(Task):
    """A task whose sequences are read once, when it is made, and converted batch by batch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self._stored  # read now, so that errors of the files come here

    @property
    @abstractmethod
    def _stored(self) -> Stored:
        """What the files hold; a cached property."""

    def _parts(self, data: Batch, test: Batch | None = None) -> dict[str, Batch]:
        """The parts of ``data`` (x and y by sequence) drawn at random, with the test part if there is one already."""
        chosen = split(self._generator("split"), len(data.y), test=test is None)
        parts = {part: Batch(data.x[indices], data.y[indices]) for part, indices in chosen.items()}
        return parts if test is None else parts | {"test": test}

    @property
    def inputs(self) -> int:
        return self._stored.inputs

    @property
    def outputs(self) -> int:
        return self._stored.outputs

    @property
    def sizes(self) -> dict[str, int]:
        return {part: len(self._stored.parts[part].y) for part in PARTS}

    def _batches(self, part: str, batch_size: int, rng: Rng) -> Iterator[Batch]:
        x, y = self._stored.parts[part]
        order = rng.permutation(len(y)) if part == "train" else np.arange(len(y))
        for start in range(0, len(y), batch_size):
            chosen = order[start : start + batch_size]
            inputs = np.ascontiguousarray(x[chosen].swapaxes(0, 1), dtype=np.int64 if self.tokens else np.float32)
            if not self.tokens:
                inputs = (inputs - self._stored.shift) / self._stored.scale
            yield Batch(inputs, y[chosen].astype(np.float32 if self.loss == "mse" else np.int64))

    def _checksum(self) -> str:
        return _checksum(*(array for part in self._stored.parts.values() for array in part))


def _checksum(*arrays: NDArray[Any]) -> str:
    value = 0
    for array in arrays:
        value = zlib.crc32(np.ascontiguousarray(array).data, value)
    return f"{value:08x}"


def split(rng: Rng, count: int, *, test: bool) -> dict[str, NDArray[np.int64]]:
    """The indices below ``count`` (3 or more) of each part, drawn at random.

    One in five for the test (if wanted), one in ten of the others for validation, 1 to 5,000 each; the rest to train.
    """
    rest, parts = rng.permutation(count), {}
    for part, share in (("test", 5), ("validation", 10))[0 if test else 1 :]:
        held = min(max(len(rest) // share, 1), MOST_HELD_OUT)
        parts[part], rest = np.sort(rest[:held]), rest[held:]
    return {"train": np.sort(rest), **parts}
