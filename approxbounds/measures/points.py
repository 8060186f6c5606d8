"""Finitely many points of R^d in doubles, exactly: hashable, and as text that certificates carry."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.errors import ParameterError
from approxbounds.parameters import Check

__all__ = ["MOST_COORDINATES", "Array", "Points", "Table"]

#: What a certificate carries: 8 bytes each. Of more, it has the SHA-256.
MOST_COORDINATES = 115_200  # twice as many, with weights, are 2.46 million characters
_MOST = 40_000_000  # numbers of a sample
_LARGEST = 1e100


class Table:
    """A read-only array of doubles that is equal to another exactly if all entries are."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = np.add(np.ascontiguousarray(values, float), 0.0)  # a copy, without -0.0
        self.values.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and (self is other or np.array_equal(self.values, other.values))

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of shape and entries, in hexadecimal digits."""
        found = hashlib.sha256(str(self.values.shape).encode())
        found.update(memoryview(self.values.astype("<f8", copy=False)).cast("B"))
        return found.hexdigest()

    @property
    def digest(self) -> str:
        """The first digits of it."""
        return self.sha256[:12]

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __len__(self) -> int:
        return len(self.values)

    def text(self) -> str:
        """Shape, and the entries as base64 of little-endian doubles: exact. Of very many their SHA-256."""
        shape = "x".join(map(str, self.values.shape))
        if self.values.size > MOST_COORDINATES:
            return f"{shape}:sha256:{self.sha256}"
        return f"{shape}:{base64.b64encode(self.values.astype('<f8').tobytes()).decode()}"

    @classmethod
    def of_text(cls, name: str, text: str) -> Table:
        """The table of :meth:`text`; ParameterError for any other text."""
        shape, _, data = text.partition(":")
        if data.startswith("sha256:"):
            raise ParameterError(name, text, "are needed themselves: verify(certificate, sample=points)")
        try:
            sizes = tuple(int(size) for size in shape.split("x"))
            entries = np.frombuffer(base64.b64decode(data, validate=True), "<f8").astype(float)
            table = cls(entries.reshape(sizes)) if len(sizes) <= 2 and min(sizes) > 0 else None
        except (ValueError, binascii.Error):
            table = None
        if table is None or table.text() != text:
            raise ParameterError(name, text, "as text: the shape and base64 of doubles, as certificates have it")
        return table

    def __repr__(self) -> str:
        return f"<{'x'.join(map(str, self.values.shape))} numbers, sha256 {self.digest}>"

    __str__ = __repr__


class Array(Check):
    """Numbers as an array of ``axes`` axes (points: 2, where a sequence of numbers is one of points of the line)."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        self.most = _MOST if axes == 2 else MOST_COORDINATES

    def parse(self, name: str, value: object) -> Table:
        if isinstance(value, Table):
            return value
        values = Table.of_text(name, value).values if isinstance(value, str) else self._array(name, value)
        if values.ndim == 1 and self.axes == 2:
            values = values[:, None]
        if values.ndim != self.axes or not values.size:
            shape = "(m, d), m points of R^d" if self.axes == 2 else "(m,)"
            raise ParameterError(name, np.shape(values), f"must be an array of shape {shape}, not empty")
        if values.size > self.most:
            raise ParameterError(name, values.shape, f"must have at most {self.most} numbers")
        if np.isnan(values).any():
            raise ParameterError(name, f"row {int(np.argwhere(np.isnan(values))[0, 0])}", "must have no NaN")
        if not (np.abs(values) <= _LARGEST).all():
            raise ParameterError(name, values.shape, f"must have finite numbers of size at most {_LARGEST:g}")
        return Table(values)

    @staticmethod
    def _array(name: str, value: object) -> NDArray[np.float64]:
        try:
            given = np.asarray(value)
        except ValueError:
            raise ParameterError(name, value, "must be an array: all points need as many coordinates") from None
        if given.dtype.kind not in "iuf" or given.dtype.itemsize > 8:
            raise ParameterError(name, value, "must be an array of numbers: integers or doubles")
        values: NDArray[np.float64] = given.astype(float, copy=False)
        if given.dtype.kind in "iu" and not (np.abs(values) < 2.0**53).all():
            raise ParameterError(name, value, "must have integers below 2^53, which are doubles")
        return values

    def examples(self) -> tuple[Any, ...]:
        table = Table(np.array([[0.0], [0.5], [1.0]] if self.axes == 2 else [1.0, 2.0, 1.0]))
        return (table,)


@dataclass(frozen=True)
class Points:
    """Distinct points of R^d and their masses ``weights``/``total``, exact: equal points of a sample are one place."""

    places: Table
    weights: tuple[int, ...]
    total: int

    def numbers(self, points: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which places these points are; ParameterError if one is none."""
        known = {place.tobytes(): i for i, place in enumerate(self.places.values)}
        given = np.ascontiguousarray(points, float) + 0.0  # no -0.0
        found = np.array([known.get(point.tobytes(), -1) for point in given], np.intp)
        if (found < 0).any():
            raise ParameterError("points", f"row {int(np.argmin(found))}", "must be points of the sample")
        return found

    @classmethod
    def of_sample(cls, points: Table, weights: Table | None) -> Points:
        """The places of a sample; each point has the mass 1/m, or its weight over the sum of all."""
        places, which = np.unique(points.values, axis=0, return_inverse=True)
        which = which.reshape(-1)
        if weights is None:
            counts = tuple(map(int, np.bincount(which, minlength=len(places))))
            return cls(Table(places), counts, len(points))
        ratios = [weight.as_integer_ratio() for weight in weights.values.tolist()]
        common = max(denominator for _, denominator in ratios)  # powers of 2
        sums = [0] * len(places)
        for place, (numerator, denominator) in zip(which.tolist(), ratios, strict=True):
            sums[place] += numerator * (common // denominator)
        return cls(Table(places), tuple(sums), sum(sums))
