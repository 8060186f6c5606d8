"""Images read pixel by pixel: MNIST from standard IDX files, or scikit-learn's small digits."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import read_bytes
from hadamrnn.tasks.base import Batch, Defaults, Stored, StoredTask

CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class ImageTask(StoredTask):
    """Ten classes of images, one pixel in [0, 1] per step, row by row or in a fixed random order.

    Parameters: ``path``: a directory with the four IDX files of MNIST (``train-images-idx3-ubyte``, or with a dot
    before ``idx3``, ``train-labels-idx1-ubyte``, ``t10k-...``, with or without ``.gz``), or None for scikit-learn's
    1,797 digits of 8 x 8; ``permuted``: whether the steps are permuted, by ``seed``. One in ten training images, at
    most 5,000, are for validation; of the digits, one in five is for the test.

    >>> task = ImageTask(permuted=True, seed=0)
    >>> task.sizes, next(task.test(batch_size=100)).x.shape
    ({'train': 1295, 'validation': 143, 'test': 359}, (64, 100, 1))
    """

    path: str | None = None
    permuted: bool = False

    name: ClassVar[str] = "image"
    defaults: ClassVar[Defaults] = Defaults(hidden=512, epochs=100)

    @cached_property
    def _stored(self) -> Stored:
        if self.path is None:
            parts, largest = self._parts(_digits()), 16
        else:
            train, test = _mnist(self.path, "train"), _mnist(self.path, "t10k")
            if test.x.shape[1] != train.x.shape[1]:
                raise bad_file(self.path, "images for training and for the test must have the same size")
            parts, largest = self._parts(train, test), 255
        if self.permuted:
            order = self._generator("permutation").permutation(parts["train"].x.shape[1])
            parts = {part: Batch(x.take(order, axis=1), y) for part, (x, y) in parts.items()}
        return Stored(parts, inputs=1, outputs=CLASSES, scale=largest)


def _digits() -> Batch:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        allowed = "needs scikit-learn for its digits; or name a directory with the IDX files of MNIST"
        raise ParameterError("path", None, allowed) from None
    digits = load_digits()
    return Batch(digits.data.astype(np.uint8)[..., None], digits.target.astype(np.uint8))


def _mnist(directory: str, part: str) -> Batch:
    """Images (N, pixels, 1) and labels (N,) of one part."""
    images = _read_idx(directory, f"{part}-images-idx3-ubyte", dimensions=3)
    labels = _read_idx(directory, f"{part}-labels-idx1-ubyte", dimensions=1)
    if len(images) != len(labels):
        raise bad_file(directory, f"{part}: {len(images)} images, but {len(labels)} labels")
    if len(images) < 3:
        raise bad_file(directory, f"{part}: must hold at least 3 images")
    if labels.max() >= CLASSES:
        raise bad_file(directory, f"{part}: labels must be 0 to 9, found {labels.max()}")
    return Batch(images.reshape(len(images), -1, 1), labels)


def _read_idx(directory: str, name: str, *, dimensions: int) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes: 0, 0, 8, the number of dimensions, the dimensions, the bytes."""
    names = [each + end for each in (name, name.replace("-idx", ".idx")) for end in ("", ".gz")]
    path = next((path for path in (Path(directory) / each for each in names) if path.is_file()), None)
    if path is None:
        raise bad_file(directory, f"must be a directory with a file {' or '.join(names)}")
    data, start = read_bytes(path), 4 + 4 * dimensions
    if data[:4] != bytes((0, 0, 8, dimensions)) or len(data) < start:
        raise bad_file(path, f"must be an IDX file of bytes with {dimensions} dimensions; it starts {data[:4].hex()}")
    shape = tuple(np.frombuffer(data, ">u4", dimensions, offset=4).tolist())
    if len(data) - start != math.prod(shape):
        raise bad_file(path, f"has {len(data) - start} bytes for the shape {shape}: truncated or not an IDX file")
    if 0 in shape:
        raise bad_file(path, f"must not be empty: it holds {shape[0]} items of shape {shape[1:]}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
