"""Measures on finitely many points: a sample of data. THEORY.md, section 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import ParameterError
from approxbounds.measures.base import Measure, Surrounding
from approxbounds.measures.points import Array, Points, Table
from approxbounds.parameters import allowed

__all__ = ["Empirical"]


_THINNEST = Fraction(1, 2**100)  # the side of a box around points of which a coordinate is the same


@lru_cache(maxsize=16)
def _sample(points: Table, weights: Table | None) -> Points:
    return Points.of_sample(points, weights)


@dataclass(frozen=True, kw_only=True)
class Empirical(Measure):
    """The measure of a sample: the mass 1/m at each of m points, or masses in proportion to ``weights`` > 0.

    ``points`` is an array of shape (m, d), or (m,) on the line, of doubles or integers, exactly as they are stored (the
    decimal 0.1 is the double next to it). Equal points are one point with the sum of the masses; weights are divided by
    their exact sum. Certificates carry all points; of more than 115,200 numbers the SHA-256, and ``verify`` takes the
    points again. Raises ParameterError for NaN, infinities, no points, more than 262,144 points (100,000 in more than
    4 dimensions), 40,000,000 numbers, or 115,200 weights.

    >>> Empirical(points=[[0.0, 0.5], [0.25, 1.0]]).dimension
    2
    """

    points: Any = field(metadata=allowed(Array(2)))
    weights: Any = field(default=None, metadata=allowed(Array(1)))

    def __post_init__(self) -> None:
        super().__post_init__()
        most = 262_144 if self.dimension <= 4 else 100_000
        if len(self.points) > most:
            raise ParameterError(
                "points", self.points.values.shape, f"must be at most {most} points in R^{self.dimension}"
            )
        if self.weights is None:
            return
        if len(self.weights) != len(self.points):
            raise ParameterError("weights", len(self.weights), f"must be as many as points, {len(self.points)}")
        if not (self.weights.values >= 1e-100).all():
            least = float(np.min(self.weights.values))
            raise ParameterError("weights", least, "must be positive, at least 1e-100; they are divided by their sum")

    def to_dict(self) -> dict[str, Any]:
        tables = {name: None if table is None else table.text() for name, table in self.parameters().items()}
        return {"class": type(self).__name__} | tables

    @property
    def dimension(self) -> int:
        return int(self.points.values.shape[1])

    @property
    def sample(self) -> Points:
        return _sample(self.points, self.weights)

    def surrounding(self, A: Arithmetic[V], extent: Fraction) -> Surrounding[V]:
        values = self.points.values
        ends = zip(values.min(axis=0).tolist(), values.max(axis=0).tolist(), strict=True)
        return Surrounding(tuple(max(_THINNEST, Fraction(high) - Fraction(low)) for low, high in ends))

    @property
    def in_cube(self) -> bool:
        values = self.points.values
        return bool(((values >= 0) & (values <= 1)).all())

    @property
    def domain(self) -> str:
        return r"\mathbb{R}" if self.dimension == 1 else rf"\mathbb{{R}}^{{{self.dimension}}}"

    @property
    def definition(self) -> str:
        count = len(self.sample.places)
        return f"$\\mu$ is the measure of a sample of {len(self.points)} points, {count} of them different."
