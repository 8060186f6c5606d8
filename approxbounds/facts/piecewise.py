"""How the functions of G fall into polynomial pieces on lines and on flats. THEORY.md, section 3.7."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log10

from approxbounds.validation import Number, is_symbolic

__all__ = ["MOST_PIECES", "Piecewise", "largest_piecewise", "layered_pieces", "pieces_of_totals"]

#: Beyond this number of pieces nothing is said: the bounds that use it would be below 10^-60.
MOST_PIECES = 10**60


@dataclass(frozen=True)
class Piecewise:
    """What is known of every g in G on every line in the directions of some coordinates, at all of its points.

    ``pieces`` P, ``degree`` D: g is a polynomial of degree <= D on each of at most P intervals (some may be points).
    ``changes`` C: 1[g > r] changes at most C times along the line, for every constant r; ``affine_changes``: for
    every affine r. ``continuous``: every g is known to be continuous.
    ``axes``: the coordinates, numbered from 0, in whose directions lines and flats lie; None stands for all.
    ``arrangements``: where not empty, each flat of d' such directions is cut into convex sets on which g is, null sets
    aside, a polynomial of degree <= D: by at most prod_l V(h_l, min(d', r_l)) for the pairs (h_l, r_l) of one of them.
    """

    pieces: Number
    degree: int
    changes: Number
    affine_changes: Number
    axes: range | None = None
    arrangements: tuple[tuple[tuple[int, int], ...], ...] = ()
    continuous: bool = False

    @classmethod
    def of(cls, pieces: Number, degree: int, *, continuous: bool) -> Piecewise:
        """The changes that pieces have: D on each, and one more at an end where g may jump; THEORY.md, 3.7."""
        jumps = 0 if continuous and degree > 0 else pieces - 1
        affine = max(degree, 1) * pieces + jumps
        return cls(pieces, degree, degree * pieces + jumps, affine, continuous=continuous)

    @property
    def dimension(self) -> Number:
        """No more points of a line than these show all patterns 1[g(x_i) > r_i], whatever the r_i are; THEORY.md, 3.7.

        P(D+2) - 1: of P groups of D + 2 points in order each has a pattern that no polynomial of degree <= D shows,
        so each needs an end of a piece of its own. 2P for continuous functions with D = 1.
        """
        if self.continuous and self.degree == 1:
            return 2 * self.pieces
        return self.pieces * (self.degree + 2) - 1

    def among(self, dim: int) -> range:
        """The coordinates, of ``dim`` many, in whose directions lines and flats lie."""
        return range(dim) if self.axes is None else self.axes

    def regions(self, dimension: int) -> int | None:
        """Q: the most convex sets into which a flat of this dimension is cut; None if unknown or too many."""
        most = 0
        for arrangement in self.arrangements:
            regions = 1
            for hyperplanes, rank in arrangement:
                regions *= _cells(hyperplanes, min(dimension, rank))
                if regions > MOST_PIECES:
                    return None
            most = max(most, regions)
        return most or None


def _cells(hyperplanes: int, dimension: int) -> int:
    """V(h, d'), the most cells of so many hyperplanes; summed until it is above all that is asked for."""
    cells = term = 1
    for i in range(min(dimension, hyperplanes)):
        term = term * (hyperplanes - i) // (i + 1)
        cells += term
        if cells > MOST_PIECES:
            break
    return cells


@lru_cache(maxsize=512)
def layered_pieces(
    widths: tuple[Number, ...], breaks: Number, degree: Number, *, continuous: bool, skips: bool, inputs: Number
) -> Piecewise | None:
    """Hidden layers of so many units, whose activations have ``breaks`` breakpoints and pieces of degree <= ``degree``.

    On an interval where the net inputs of layer l are polynomials of degree nu^(l-1), each unit adds at most
    breaks * nu^(l-1) ends. Without skip connections functions of threshold units are constant between the breaks of
    the first layer; with them they are affine between those of all layers.
    """
    if is_symbolic(degree):
        return None
    if degree == 0 and not skips:
        widths = widths[:1]
    pieces: Number = 1
    hyperplanes: list[Number] = []
    for layer, units in enumerate(widths):
        hyperplanes.append(breaks * units * max(degree, 1) ** layer)
        pieces = pieces * (hyperplanes[-1] + 1)
        if not is_symbolic(pieces) and pieces > MOST_PIECES:
            return None
    top = max(degree, 1) ** len(widths) if degree or skips else 0
    if top > MOST_PIECES:
        return None
    found = Piecewise.of(pieces, top, continuous=continuous)
    if degree > 1 or is_symbolic(pieces) or is_symbolic(inputs):
        return found
    ranks: list[int] = []  # of a layer's net inputs as functions on a convex set where the layers before are affine
    narrowest: Number = inputs
    for units in widths:
        ranks.append(inputs if skips else narrowest)
        narrowest = min(narrowest, units)
    return replace(found, arrangements=(tuple(zip(hyperplanes, ranks, strict=True)),))


def pieces_of_totals(hidden: Number, units: Number, breaks: Number, degree: Number) -> Piecewise | None:
    """``units`` units in ``hidden`` layers, with or without skip connections: P <= (breaks nu^(H-1) U/H + 1)^H.

    The product of the factors breaks * n_l * nu^(l-1) + 1 is at most the power of their mean.
    """
    if is_symbolic(degree) or (degree > 1 and is_symbolic(hidden)):
        return None
    steepest = 1 if degree <= 1 else degree ** (hidden - 1)
    top = steepest * max(degree, 1)
    total = breaks * steepest * units + hidden
    if is_symbolic(total):
        pieces: Number = (total / hidden) ** hidden
        return Piecewise.of(pieces, top, continuous=False)
    if top > MOST_PIECES or total > hidden * MOST_PIECES or log10(total / hidden) * hidden > 61:
        return None
    pieces = total**hidden // hidden**hidden
    return Piecewise.of(pieces, top, continuous=False) if pieces <= MOST_PIECES else None


def largest_piecewise(parts: Iterable[Piecewise | None]) -> Piecewise | None:
    """What holds for the functions of all parts: the largest numbers, in the directions that all of them share."""
    known = list(parts)
    if not known or None in known:
        return None
    found = [part for part in known if part is not None]
    axes = [part.axes for part in found if part.axes is not None]
    shared = range(max(a.start for a in axes), min(a.stop for a in axes)) if axes else None
    flats = all(part.arrangements for part in found)
    return Piecewise(
        pieces=max(part.pieces for part in found),
        degree=max(part.degree for part in found),
        changes=max(part.changes for part in found),
        affine_changes=max(part.affine_changes for part in found),
        axes=shared,
        arrangements=tuple(dict.fromkeys(a for part in found for a in part.arrangements)) if flats else (),
        continuous=all(part.continuous for part in found),
    )
