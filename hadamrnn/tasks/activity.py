"""What a person is doing, from windows of motion sensors."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from hadamrnn.errors import bad_file
from hadamrnn.files import read_npz
from hadamrnn.tasks.base import Batch, Defaults, Stored, StoredTask, split

MOST_CLASSES = 1000
LARGEST = 1e30  # so that float32 holds it


@dataclass(frozen=True, kw_only=True)
class ActivityTask(StoredTask):
    """Classes of windows of T steps and c channels, tested on people who were not seen in training.

    Parameters: ``path``: an npz file with ``x`` (finite floats of shape (N, T, c)), ``y`` (N classes 0, 1, ...) and
    ``user`` (N integers). One in five users is for the test and one in ten of the others for validation, at least one
    each. Channels are standardised by mean and standard deviation of the training part.

    >>> import os, tempfile
    >>> count, x = np.arange(60), np.random.default_rng(0).standard_normal((60, 8, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "windows.npz")
    ...     np.savez(path, x=x, y=count % 3, user=count // 6)
    ...     task = ActivityTask(path=path)
    >>> task.inputs, task.outputs, task.sizes
    (2, 3, {'train': 42, 'validation': 6, 'test': 12})
    """

    path: str

    name: ClassVar[str] = "activity"
    defaults: ClassVar[Defaults] = Defaults(epochs=100)

    @cached_property
    def _stored(self) -> Stored:
        x, y, user = read_npz(self.path, ("x", "y", "user"))
        if x.ndim != 3 or x.dtype.kind != "f" or not x.size or not float(np.abs(x).max()) < LARGEST:
            what = f"finite floats of shape (N, T, c), below {LARGEST:g}; it is {x.dtype}{x.shape}"
            raise bad_file(self.path, f"x must be {what}")
        for name, found in (("y", y), ("user", user)):
            if found.shape != x.shape[:1] or found.dtype.kind not in "iu":
                raise bad_file(self.path, f"{name} must be {len(x)} integers, not {found.dtype}{found.shape}")
        users = np.unique(user)
        if len(users) < 3:
            raise bad_file(self.path, f"must have at least 3 users, one per part; found {len(users)}")
        chosen = split(self._generator("split"), len(users), test=True)
        masks = {part: np.isin(user, users[indices]) for part, indices in chosen.items()}
        parts = {part: Batch(x[mask], y[mask]) for part, mask in masks.items()}
        train = parts["train"]
        if y.min() < 0 or y.max() >= MOST_CLASSES or len(np.unique(train.y)) != int(y.max()) + 1:
            what = f"0, 1, ... (below {MOST_CLASSES}), each of them among the training users"
            raise bad_file(self.path, f"y must be {what}")
        mean, deviation = (moment(train.x, axis=(0, 1), dtype=np.float64) for moment in (np.mean, np.std))
        shift, scale = mean.astype(np.float32), deviation.astype(np.float32)
        if not scale.min() > 0:
            raise bad_file(self.path, f"channel {scale.argmin()} of x is constant in training: leave it out")
        return Stored(parts, inputs=x.shape[2], outputs=int(y.max()) + 1, shift=shift, scale=scale)
