"""Networks in files: NumPy archives of float64 arrays. Nothing is executed; no memory is taken on their word."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["AffineMap", "archive", "archive_of", "arrays_of", "layers_of"]

#: The weight matrix and the biases of one layer.
AffineMap: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]

_KINDS = ("weights", "biases")
_MOST_LAYERS = 10**4


def archive(layers: Sequence[AffineMap], power: int) -> bytes:
    """An .npz file with the arrays ``power`` (a number), ``weights0``, ``biases0``, ``weights1``, .."""
    named = {f"{kind}{i}": array for i, layer in enumerate(layers) for kind, array in zip(_KINDS, layer, strict=True)}
    return archive_of({"power": power, **named})


def archive_of(arrays: Mapping[str, NDArray[np.float64] | float]) -> bytes:
    """An .npz file with these arrays, all float64."""
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(array, float) for name, array in arrays.items()})  # type: ignore[arg-type]
    return file.getvalue()


def arrays_of(data: bytes, dimensions: Callable[[int], Mapping[str, int]], most: int) -> list[NDArray[np.float64]]:
    """The arrays in such a file, of at most ``most`` numbers; ValueError and others if it is not one.

    ``dimensions`` of the number of arrays gives their names, in the order of the result, and numbers of dimensions.
    Every array must be as large as its file in the archive says, before any memory is taken for it.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        sizes = {entry.filename: entry.file_size for entry in file.infolist()}
        expected = {f"{name}.npy": count for name, count in dimensions(len(sizes)).items()}
        if set(sizes) != set(expected):
            raise ValueError(f"it must have the arrays {', '.join(name[:-4] for name in expected)[:60]}")
        if sum(sizes.values()) > 8 * most + 1024 * len(sizes):
            raise ValueError(f"it has more than {most} numbers")
        return [_array(file, name, sizes[name], count) for name, count in expected.items()]


def _of_layers(arrays: int) -> dict[str, int]:
    layers, odd = divmod(arrays - 1, 2)
    if odd or not 1 <= layers <= _MOST_LAYERS:
        raise ValueError("it must have the arrays power, weights0, biases0, weights1, ..")
    return {"power": 0, **{f"{kind}{i}": 2 - j for i in range(layers) for j, kind in enumerate(_KINDS)}}


def layers_of(data: bytes, most: int) -> tuple[tuple[AffineMap, ...], int]:
    """The layers in such a file, of at most ``most`` numbers, and the power; errors as :func:`arrays_of`."""
    power, *arrays = arrays_of(data, _of_layers, most)
    if power not in range(100):
        raise ValueError("the power must be an integer from 0 to 99")
    layers = tuple(zip(arrays[::2], arrays[1::2], strict=True))
    before = layers[0][0].shape[1]
    for matrix, biases in layers:
        if not before or matrix.shape != (len(biases), before):
            raise ValueError(f"a matrix of shape {matrix.shape} follows {before} units")
        before = len(biases)
    if before != 1:
        raise ValueError(f"the output must be one number, not {before}")
    return layers, int(power)


def _array(file: zipfile.ZipFile, name: str, size: int, dimensions: int) -> NDArray[np.float64]:
    with file.open(name) as member:
        npy.read_magic(member)
        shape, fortran, kind = npy.read_array_header_1_0(member)
        count = prod(shape)
        if kind != np.dtype("<f8") or len(shape) != dimensions or size != member.tell() + 8 * count:
            raise ValueError(f"{name} must be {dimensions}-dimensional, of type float64, and complete")
        values = np.frombuffer(member.read(8 * count), "<f8")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must have finite numbers")
    return values.reshape(shape, order="F" if fortran else "C").astype(float)
