"""Character language modelling."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hadamrnn.arrays import Rng
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import read_text
from hadamrnn.tasks.base import PARTS, Batch, Defaults, Stored, StoredTask
from hadamrnn.validation import setting

UNKNOWN = 0
MOST_CHARACTERS = 60_000
LONGEST = 100_000


@dataclass(frozen=True, kw_only=True)
class TextTask(StoredTask):
    """Predict each next character of a text, in windows of ``length`` characters that start without memory.

    The windows of a part do not overlap (a shorter rest at its end is left out); those of the training part begin at
    an offset that changes with the epoch.
    The vocabulary comes from the training part alone; token 0 is any other character. ``metrics``: ``accuracy`` and
    ``bits_per_character``, the mean over all steps of -log2 of the probability of the right character.

    Parameters: ``path``: a text in UTF-8, maybe gzipped; ``validation_path`` and ``test_path``: the other parts
    (without them, 90, 5 and 5 % of ``path`` by position); ``length``; ``spaced``: whether blanks set the characters
    apart, as in ``ptb.char.train.txt`` (they are dropped).

    >>> batch = next(TextTask(path=__file__, length=50).test(batch_size=2))
    >>> batch.x.shape, bool((batch.x[1:] == batch.y[:-1]).all())
    ((50, 2), True)
    """

    path: str
    validation_path: str | None = None
    test_path: str | None = None
    length: int = setting(150, most=LONGEST)
    spaced: bool = False

    name: ClassVar[str] = "text"
    defaults: ClassVar[Defaults] = Defaults(hidden=512)
    tokens: ClassVar[bool] = True
    many_to_many: ClassVar[bool] = True

    @property
    def sizes(self) -> dict[str, int]:
        spare = {"train": self.length - 1}  # the largest offset
        parts = self._stored.parts
        return {part: (len(parts[part].x) - spare.get(part, 0)) // self.length for part in PARTS}

    @cached_property
    def _stored(self) -> Stored:
        """Each part is one sequence: ``x`` its tokens but the last, ``y`` but the first."""
        if (self.validation_path is None) != (self.test_path is None):
            raise ParameterError("test_path", self.test_path, "name validation_path and test_path both, or neither")
        if self.validation_path is None or self.test_path is None:
            paths, codes = [self.path] * 3, self._read(self.path)
            texts = np.split(codes, [len(codes) * 90 // 100, len(codes) * 95 // 100])
        else:
            paths = [self.path, self.validation_path, self.test_path]
            texts = [self._read(path) for path in paths]
        alphabet = np.unique(texts[0])
        if len(alphabet) > MOST_CHARACTERS:
            raise bad_file(self.path, f"has {len(alphabet)} different characters; {MOST_CHARACTERS} are allowed")
        parts = {}
        for part, path, codes in zip(PARTS, paths, texts, strict=True):
            if len(codes) < 2 * self.length:
                needed = f"at least 2 length = {2 * self.length} are needed"
                raise bad_file(path, f"has {len(codes)} characters for the {part} part; {needed}")
            place = np.minimum(np.searchsorted(alphabet, codes), len(alphabet) - 1)
            tokens = np.where(alphabet[place] == codes, place + 1, UNKNOWN).astype(np.uint16)
            parts[part] = Batch(tokens[:-1], tokens[1:])
        return Stored(parts, inputs=len(alphabet) + 1, outputs=len(alphabet) + 1)

    def _read(self, path: str) -> NDArray[np.uint32]:
        text = read_text(path)
        return np.frombuffer((text.replace(" ", "") if self.spaced else text).encode("utf-32-le"), np.uint32)

    def _batches(self, part: str, batch_size: int, rng: Rng) -> Iterator[Batch]:
        x, y = self._stored.parts[part]
        starts = self.length * np.arange(self.sizes[part])
        if part == "train":
            starts = rng.permutation(starts + rng.integers(self.length))
        for first in range(0, len(starts), batch_size):
            window = starts[first : first + batch_size] + np.arange(self.length)[:, None]
            yield Batch(x[window].astype(np.int64), y[window].astype(np.int64))

    def _metrics(self, outputs: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        logits = outputs - outputs.max(axis=-1, keepdims=True)
        right = np.take_along_axis(logits, y[..., None], axis=-1)[..., 0]
        nats = np.log(np.exp(logits).sum(axis=-1, dtype=np.float64)) - right
        return {**super()._metrics(outputs, y), "bits_per_character": float(nats.mean()) / math.log(2)}
