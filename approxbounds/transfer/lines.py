"""What theorems on lines share: the lines that F and G have in common. THEORY.md, section 4, theorems on lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import FunctionFacts
from approxbounds.facts.piecewise import Piecewise
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.witness import Witness

__all__ = [
    "along",
    "best_axes",
    "common_axes",
    "line_class",
    "no_lines",
    "pieces_of",
    "pieces_step",
    "smoothest",
]

_FALLING = 4


def no_lines(query: Query) -> str | None:
    """The reason why theorems on lines do not apply, if there is one."""
    if query.G.piecewise is None:
        return "no useful bound on the number of polynomial pieces of G on lines is known"
    return None if line_class(query) is not None else "no class of functions of one variable is known to be in F"


def pieces_of(query: Query) -> Piecewise:
    """The pieces of G on lines; only where :func:`no_lines` has no objection."""
    found = query.G.piecewise
    assert found is not None
    return found


def common_axes(query: Query) -> tuple[int, ...]:
    """The coordinates in whose directions G is known, those in which F may be roughest first."""
    axes, allowed = query.F.roughest_axes, pieces_of(query).axes
    return axes if allowed is None else tuple(axis for axis in axes if axis in allowed)


def smoothest(query: Query, number: int) -> tuple[int, ...] | None:
    """The ``number`` smoothest of the :func:`common_axes`; None if there are fewer."""
    axes = common_axes(query)
    return axes[len(axes) - number :] if number <= len(axes) else None


def line_class(query: Query, *, rough: bool = False) -> FunctionFacts | None:
    """Functions of one coordinate in F: of the smoothest that G allows, or of the roughest."""
    F = query.F
    if F.symbols or query.G.symbols:  # in a closed form all coordinates are alike, or there is no class
        return F.cylinder((0,))
    axes = () if F.domain_dim is None else common_axes(query)
    return F.cylinder((axes[0 if rough else -1],)) if axes else None


def best_axes(theorem: Theorem, query: Query, most: int, first: int = 1) -> Witness:
    """The number of directions for which the theorem's formula is largest, by floats; the first of equals.

    It rises and then falls: the search ends behind ``_FALLING`` numbers without a gain.
    """
    best, found = 0.0, None
    for axes in range(first, min(most, len(pieces_of(query).among(query.F.domain_dim))) + 1):
        witness = {"axes": axes}
        try:
            value = float(theorem.evaluate(FLOAT, query, witness))
        except HypothesisError:  # fewer coordinates are smooth enough
            break
        except OverflowError:  # more pieces than a double holds
            continue
        if value > best:
            best, found = value, witness
        elif found is not None and axes >= found["axes"] + _FALLING:
            break
    if found is None:
        raise HypothesisError("no direction searched gives more than 1e-308: G may have too many pieces")
    return found


def along(axes: tuple[int, ...], points: NDArray[Any]) -> NDArray[np.float64]:
    """The sum of these coordinates at points of shape (m, d)."""
    total: NDArray[np.float64] = np.asarray(points, float)[:, list(axes)].sum(axis=1)
    return total


def pieces_step(query: Query, text: str) -> Step:
    """The number of pieces of G on lines, and what follows from it."""
    known = pieces_of(query)
    where = "" if known.axes is None else " in the directions of the last inputs"
    return Step(
        f"On every line{where}, $g$ is a polynomial of degree $\\le D={known.degree}$ on each of at most "
        f"$P={known.pieces}$ intervals{text}.",
    )
