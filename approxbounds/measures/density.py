"""Measures with a density that is known from below, and perhaps above, on boxes. THEORY.md, section 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import prod

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import ParameterError
from approxbounds.measures.base import DenseBox, Measure, Surrounding
from approxbounds.parameters import Entries, Exact, allowed
from approxbounds.validation import LARGEST, MOST_DIMENSIONS, Number

__all__ = ["Density"]

_CUTS = "increasing numbers, the ends of the box first and last"
_MOST_BOXES = 4096


@dataclass(frozen=True, kw_only=True)
class Density(Measure):
    """A probability measure on a box, cut into smaller boxes on which its density has known bounds.

    ``sizes`` are the numbers (n_1, .., n_d) of intervals along the coordinates, ``cuts`` the n_1 + 1 cuts of the first
    coordinate, then those of the second, and so on. ``lower``: a number c >= 0 for each of the n_1 .. n_d small boxes
    (the last coordinate changes first) with mu >= c dx there. ``upper``, if given: mu has a density, at most these
    numbers on the boxes. Lower bounds on errors use ``lower`` only, upper bounds ``upper`` only. Raises ParameterError
    for bounds that no probability has.

    >>> Density(sizes=(2,), cuts=(0, "1/2", 1), lower=("3/2", "1/4")).dimension
    1
    """

    sizes: tuple[int, ...] = field(metadata=allowed(Entries(Exact(minimum=1, maximum=_MOST_BOXES), 16, "a number of")))
    cuts: tuple[Number, ...] = field(
        metadata=allowed(Entries(Exact(minimum=-LARGEST, symbols=False), _MOST_BOXES + MOST_DIMENSIONS, _CUTS))
    )
    lower: tuple[Number, ...] = field(
        metadata=allowed(Entries(Exact(minimum=0, symbols=False), _MOST_BOXES, "a bound for each box"))
    )
    upper: tuple[Number, ...] | None = field(
        default=None, metadata=allowed(Entries(Exact(minimum=0, symbols=False), _MOST_BOXES, "a bound for each box"))
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(not isinstance(size, int) for size in self.sizes):
            raise ParameterError("sizes", self.sizes, "must be integers")
        if len(self.cuts) != sum(self.sizes) + len(self.sizes):
            raise ParameterError("cuts", self.cuts, f"must be {sum(self.sizes) + len(self.sizes)} for these sizes")
        for j, cuts in enumerate(self._cuts):
            if not all(low < high for low, high in pairwise(cuts)):
                raise ParameterError(
                    "cuts", cuts, f"must increase along coordinate {j}: a box of length 0 has no volume"
                )
        for name in ("lower", "upper"):
            bounds = getattr(self, name)
            if bounds is not None and len(bounds) != prod(self.sizes):
                raise ParameterError(name, bounds, f"must have {prod(self.sizes)} entries, one for each box")
        volumes = [prod((b - a for a, b in zip(*sides, strict=True)), start=Fraction(1)) for sides in self._sides]
        least = sum((c * v for c, v in zip(self.lower, volumes, strict=True)), Fraction(0))
        if least > 1:
            raise ParameterError("lower", self.lower, f"must be below a probability density: the integral is {least}")
        if self.upper is not None:
            if any(high < low for low, high in zip(self.lower, self.upper, strict=True)):
                raise ParameterError("upper", self.upper, "must not be below lower")
            if sum((c * v for c, v in zip(self.upper, volumes, strict=True)), Fraction(0)) < 1:
                raise ParameterError(
                    "upper", self.upper, "must be above a probability density: the integral is below 1"
                )

    @property
    def dimension(self) -> int:
        return len(self.sizes)

    @property
    def _cuts(self) -> list[tuple[Fraction, ...]]:
        ends = [sum(self.sizes[:j]) + j for j in range(len(self.sizes) + 1)]
        return [tuple(map(Fraction, self.cuts[a:b])) for a, b in pairwise(ends)]

    @property
    def _sides(self) -> list[tuple[tuple[Fraction, ...], tuple[Fraction, ...]]]:
        """The lower and the upper corner of each small box."""
        corners: list[tuple[tuple[Fraction, ...], tuple[Fraction, ...]]] = [((), ())]
        for cuts in self._cuts:
            corners = [((*a, x), (*b, y)) for a, b in corners for x, y in pairwise(cuts)]
        return corners

    @property
    def dense_boxes(self) -> tuple[DenseBox, ...]:
        pairs = zip(self._sides, self.lower, strict=True)
        return tuple(DenseBox(low, high, Fraction(c)) for (low, high), c in pairs if c > 0)

    def surrounding(self, A: Arithmetic[V], extent: Fraction) -> Surrounding[V]:
        sides = tuple(cuts[-1] - cuts[0] for cuts in self._cuts)
        if self.upper is None:
            return Surrounding(sides)
        return Surrounding(sides, A.number(max(map(Fraction, self.upper)) * prod(sides)))

    @property
    def is_bounded(self) -> bool:
        return True

    @property
    def in_cube(self) -> bool:
        return all(cuts[0] >= 0 and cuts[-1] <= 1 for cuts in self._cuts)

    @property
    def domain(self) -> str:
        return r"\times".join(f"[{cuts[0]},{cuts[-1]}]" for cuts in self._cuts)

    @property
    def definition(self) -> str:
        return f"$\\mu$ is a probability measure on ${self.domain}$ with density bounds on {prod(self.sizes)} boxes."
