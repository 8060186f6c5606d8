"""Sequences and targets of your own, held in memory."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hadamrnn.errors import ParameterError
from hadamrnn.tasks.base import Batch, Defaults, Stored, StoredTask
from hadamrnn.validation import array, finite, numbers, setting


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayTask(StoredTask):
    """One target per sequence of an array.

    ``x``: numbers (N, T, inputs), or integer tokens (N, T) below ``vocabulary``, which then must be given. ``y``:
    classes 0, 1, ... as integers (N,), to be told apart, or floating-point numbers (N, outputs), whose squared error is
    to be small. ``validation_fraction`` and ``test_fraction`` of the sequences, drawn by ``seed``, are held out: at
    least one for validation, and none for the test unless asked for. The arrays are not copied: leave them as they are.

    Raises ParameterError for other arrays, such as with NaN, or where a part would be empty. Checkpoints know the
    arrays by their checksum, so that only Python goes on with them, not the command line.

    >>> x = np.random.default_rng(0).normal(size=(40, 5, 1))
    >>> task = ArrayTask(x=x, y=(x.sum(axis=(1, 2)) > 0).astype(int), test_fraction=0.25)
    >>> task.inputs, task.outputs, task.sizes
    (1, 2, {'train': 26, 'validation': 4, 'test': 10})
    """

    x: NDArray[Any] = field(repr=False)
    y: NDArray[Any] = field(repr=False)
    vocabulary: int | None = setting(None, most=10**7)
    validation_fraction: float = setting(0.1, most=0.9)
    test_fraction: float = setting(0.0, most=0.9, open=False)

    name: ClassVar[str] = "arrays"
    defaults: ClassVar[Defaults] = Defaults(decay=1.0)

    def __post_init__(self) -> None:
        x, y = numbers("x", self.x), array("y", self.y)
        x = array("x", self.x) if x.ndim == 2 else x  # where integers are tokens
        known, classes = self.vocabulary is not None, y.dtype.kind in "iu"
        if x.ndim != (2 if known else 3) or (known and x.dtype.kind not in "iu"):
            allowed = "must be numbers (N, T, inputs), or with a vocabulary integer tokens (N, T)"
            raise ParameterError("x.shape", x.shape, f"{allowed}; vocabulary={self.vocabulary}")
        if y.ndim != (1 if classes else 2) or y.dtype.kind not in "iuf" or len(y) != len(x):
            allowed = f"must be {len(x)} integer classes (N,), or floating-point numbers (N, outputs)"
            raise ParameterError("y.shape", y.shape, f"{allowed}, of as many sequences as x")
        if 0 in x.shape or 0 in y.shape:
            raise ParameterError("x.shape", x.shape, "must not be empty, nor may y be")
        finite("x", x, None if known else "float32")
        finite("y", y, None if classes else "float32")
        if classes and not (0 <= y.min() < y.max() < len(y)):
            raise ParameterError("y", f"classes from {y.min()} to {y.max()}", "must be 0, 1, ..., at least two")
        facts = {"x": x, "y": y, "tokens": known, "loss": "cross-entropy" if classes else "mse"}
        for name, value in facts.items():  # tokens and loss are facts of other classes, here of each task
            object.__setattr__(self, name, value)
        super().__post_init__()

    @cached_property
    def _stored(self) -> Stored:
        order, start, parts = self._generator("split").permutation(len(self.y)), 0, {}
        for part, share in (("test", self.test_fraction), ("validation", self.validation_fraction)):
            held = max(round(share * len(order)), 1) if share else 0
            chosen, start = np.sort(order[start : start + held]), start + held
            parts[part] = Batch(self.x[chosen], self.y[chosen])
        if start >= len(order):
            raise ParameterError("x.shape", self.x.shape, f"must leave a sequence to train: {start} are held out")
        rest = np.sort(order[start:])
        inputs = self.x.shape[2] if self.vocabulary is None else self.vocabulary
        outputs = int(self.y.max()) + 1 if self.loss == "cross-entropy" else self.y.shape[1]
        return Stored({"train": Batch(self.x[rest], self.y[rest])} | parts, inputs=inputs, outputs=outputs)

    def record(self) -> dict[str, Any]:
        settings = {each.name: getattr(self, each.name) for each in fields(self) if each.repr}  # without the arrays
        return {"name": self.name, "settings": settings, "sizes": self.sizes, "checksum": self._checksum()}
