"""Named arrays that share one flat vector, and their files."""

import io
import json
import math
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hadamrnn import validation as check
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import Headers, archive, write_file

Array: TypeAlias = NDArray[Any]
#: Random numbers; the name as text, so that numpy.random is loaded only when there is need for them.
Rng: TypeAlias = "np.random.Generator"

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

    def zeros(self) -> "Vector":
        """Another vector of the same shapes, all zero."""
        return Vector(self.shapes, self.flat.dtype.name)

    def fill(self, arrays: Mapping[str, Array]) -> None:
        """Take over the numbers of the arrays of the same names."""
        for name, own in self.items():
            own[...] = arrays[name]


class Workspace:
    """Arrays that are kept from batch to batch, as fresh memory costs more than the work in it (page faults)."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self._arrays: dict[str, Array] = {}

    def __reduce__(self) -> tuple[type[Self], tuple[object]]:
        """Copies and pickles are without what lies here, which may be large."""
        return type(self), (self.dtype,)

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


def read_arrays(
    path: str | Path, kind: str, expected: Callable[[dict[str, Any]], Headers]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header of such a file, and its arrays, which are those that are ``expected`` of the header, and finite.

    Raises FileError if the file is missing, truncated, corrupt, of another kind or of a later version, or if
    ``expected`` refuses its header.
    """
    check.path("path", path)
    with archive(path, f"not a sound {kind} file") as file:
        header = json.loads(str(file.read(HEADER)[0][()]))
        if not isinstance(header, dict) or (header.get("kind"), header.get("version")) != (kind, VERSION):
            raise bad_file(path, f"not a {kind} file of version {VERSION}")
        stated, headers = {name: each for name, each in file.headers.items() if name != HEADER}, expected(header)
        if stated != headers:
            shown = ", ".join(f"{name}: {dtype}{shape}" for name, (shape, dtype) in stated.items())
            raise bad_file(path, f"its arrays do not fit the settings: {shown}")
        arrays = dict(zip(headers, file.read(*headers), strict=True))
        for name, array in arrays.items():
            check.finite(name, array)
        return header, arrays
