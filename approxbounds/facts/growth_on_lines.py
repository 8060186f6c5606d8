"""Growth of functions of one variable, from their polynomial pieces. THEORY.md, section 3.7."""

from __future__ import annotations

from approxbounds.facts.growth import Count, SauerCount, SignChangeCount, Thresholds
from approxbounds.facts.piecewise import Piecewise
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["count_on_line", "dimension_on_line"]


def _changes(lines: Piecewise, thresholds: Thresholds) -> Number | None:
    """The most changes of the patterns along the points, where they say more than :attr:`Piecewise.dimension`.

    They do, but for any thresholds and for steps against an affine threshold, where C + 1 = 2P > 2P - 1. Elsewhere
    C < P(D+2) - 1 (or 2P), and 2 V(m-1, C) <= V(m-1, C) + V(m-1, C+1) = V(m, C+1).
    """
    if thresholds is Thresholds.ANY:
        return None
    if thresholds is Thresholds.COMMON:
        return lines.changes
    return None if lines.degree == 0 else lines.affine_changes


def dimension_on_line(lines: Piecewise, thresholds: Thresholds) -> Number:
    """No more points of a line than these are shattered at thresholds of this kind.

    >>> steps = Piecewise.of(3, 0, continuous=False)
    >>> dimension_on_line(steps, Thresholds.COMMON), dimension_on_line(steps, Thresholds.ANY)
    (3, 5)
    """
    changes = _changes(lines, thresholds)
    return lines.dimension if changes is None else changes + 1


def count_on_line(lines: Piecewise, thresholds: Thresholds) -> Count:
    """The patterns on m points of a line: V(m, dimension) by Sauer's lemma, or 2 V(m-1, changes).

    >>> from approxbounds.arithmetic import FLOAT, V
    >>> steps = Piecewise.of(3, 0, continuous=False)
    >>> [round(2 ** float(count_on_line(steps, Thresholds.ANY).evaluate(FLOAT, m))) for m in (5, 6, 7)]
    [32, 63, 120]
    """
    changes = _changes(lines, thresholds)
    if changes is None:
        return SauerCount(lines.dimension, (Citation("Sauer1972"), Citation("approxbounds", "3.7")))
    return SignChangeCount(changes)
