"""Named arrays that share one flat vector, and their files: npz without pickle, written in one step."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hadamrnn import validation as check
from hadamrnn.errors import DAMAGE, ParameterError, bad_file

Array: TypeAlias = NDArray[Any]

#: How an npz file begins, if there is anything in it.
NPZ = b"PK\x03\x04"
HEADER = "header"
VERSION = 1


class Vector(dict[str, Array]):
    """Arrays by name, all of them views of ``flat``: an optimiser treats them as the one vector that they are.

    >>> v = Vector({"U": (2, 3), "b": (2,)}, "float32")
    >>> v["b"] += 1.0
    >>> v.flat.tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: str, *, flat: Array | None = None) -> None:
        if not (isinstance(shapes, Mapping) and shapes and all(isinstance(shape, tuple) for shape in shapes.values())):
            raise ParameterError("shapes", shapes, "must be shapes by name, at least one")
        check.choice("dtype", dtype, ("float32", "float64"))
        ends = list(accumulate(math.prod(shape) for shape in shapes.values()))
        self.flat: Array = np.zeros(ends[-1], dtype=dtype) if flat is None else flat
        starts = [0, *ends]
        super().__init__(
            {name: self.flat[i:j].reshape(shapes[name]) for name, i, j in zip(shapes, starts, ends, strict=False)}
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: array.shape for name, array in self.items()}

    def zeros(self) -> Vector:
        """Another vector of the same shapes, all zero."""
        return Vector(self.shapes, self.flat.dtype.name)


class Workspace:
    """Arrays that are kept from batch to batch, as fresh memory costs more than the work in it (page faults)."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self._arrays: dict[str, Array] = {}

    def empty(self, name: str, *shape: int, dtype: str = "") -> Array:
        """An array with any content; the one of the same name given before must not be in use any more."""
        kept = self._arrays.get(name)
        if kept is None or kept.shape[1:] != shape[1:] or len(kept) < shape[0]:
            kept = self._arrays[name] = np.empty(shape, dtype=dtype or self.dtype)
        return kept[: shape[0]]


def write_file(path: str | Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Let ``write`` fill a file under a temporary name, and rename it.

    An interrupted run leaves the old file or the new one, never half of it. Raises OSError if it cannot write.
    """
    path, name = check.path("path", path), ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.umask(mask := os.umask(0))
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException as error:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:  # name the path instead of a temporary file, or none
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    return path


def write_arrays(path: str | Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Path:
    """Write arrays and a header (JSON) to an npz file, with :func:`write_file`."""
    text = np.array(json.dumps({"kind": kind, "version": VERSION, **header}, sort_keys=True))
    return write_file(path, lambda file: np.savez(file, allow_pickle=False, **{HEADER: text}, **arrays))


def read_arrays(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and the arrays of a file that :func:`write_arrays` wrote; nothing in it is unpickled.

    Raises FileError if the file is missing, truncated, corrupt, of another kind or of a later version.
    """
    check.path("path", path)
    try:
        with open(path, "rb") as file:
            if file.read(len(NPZ)) != NPZ:  # NumPy would take it for a pickle, and advise how to load one
                raise ValueError("it is no npz file")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop(HEADER)[()]))
    except DAMAGE as error:
        raise bad_file(path, f"not a readable {kind} file: {error}") from error
    if not isinstance(header, dict) or header.get("kind") != kind or header.get("version") != VERSION:
        raise bad_file(path, f"not a {kind} file of version {VERSION}")
    return header, arrays
