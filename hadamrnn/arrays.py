"""Named arrays that share one flat vector, and their files."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hadamrnn import validation as check
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import archive, write_file

Array: TypeAlias = NDArray[Any]

HEADER = "header"
VERSION = 1


class Vector(dict[str, Array]):
    """Arrays by name, all of them views of ``flat``: an optimiser treats them as the one vector that they are.

    >>> v = Vector({"U": (2, 3), "b": (2,)}, "float32")
    >>> v["b"] += 1.0
    >>> v.flat.tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: str) -> None:
        if not (isinstance(shapes, Mapping) and shapes and all(isinstance(shape, tuple) for shape in shapes.values())):
            raise ParameterError("shapes", shapes, "must be shapes by name, at least one")
        check.choice("dtype", dtype, ("float32", "float64"))
        ends = list(accumulate(math.prod(shape) for shape in shapes.values()))
        self.flat: Array = np.zeros(ends[-1], dtype=dtype)
        starts = [0, *ends]
        super().__init__(
            {name: self.flat[i:j].reshape(shapes[name]) for name, i, j in zip(shapes, starts, ends, strict=False)}
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the arrays by name."""
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


def write_arrays(path: str | Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Path:
    """Write arrays and a header (JSON) to an npz file, in one step."""
    text = np.array(json.dumps({"kind": kind, "version": VERSION, **header}, sort_keys=True))
    np.savez(file := io.BytesIO(), allow_pickle=False, **{HEADER: text}, **arrays)
    return write_file(path, file.getvalue())


def read_header(path: str | Path, kind: str) -> dict[str, Any]:
    """The header of a file that :func:`write_arrays` wrote.

    Raises FileError if the file is missing, truncated, corrupt, of another kind or of a later version.
    """
    check.path("path", path)
    with archive(path, f"not a readable {kind} file") as found:
        header = json.loads(str(found.read(HEADER)[0][()]))
    if not isinstance(header, dict) or header.get("kind") != kind or header.get("version") != VERSION:
        raise bad_file(path, f"not a {kind} file of version {VERSION}")
    return header


def read_arrays(path: str | Path, kind: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """The arrays of such a file, if they are these. Raises FileError."""
    with archive(path, f"not a readable {kind} file") as found:
        stated = {name: header.shape for name, header in found.headers.items() if name != HEADER}
        if stated != dict(shapes):
            raise bad_file(path, f"its arrays do not fit the settings: {stated}")
        return dict(zip(shapes, found.read(*shapes), strict=True))
