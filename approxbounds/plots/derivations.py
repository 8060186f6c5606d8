"""A derivation as a graph: its steps in boxes, with arrows between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextToPath

from approxbounds.bound import Bound
from approxbounds.errors import ParameterError
from approxbounds.plots.looks import GREY

__all__ = ["boxes", "derivation", "mathtext"]

WIDE, GAP, PAD = 236.0, 22.0, 6.0  # points
Rows = Sequence[Sequence[int]]
Arrows = Sequence[tuple[int, int]]


def derivation(bound: Bound, *, rows: Rows | None = None, arrows: Arrows | None = None) -> Axes:
    """The steps of ``bound.explain()`` in boxes, with their sources, and the claim below, in a figure of their size.

    By default the classes stand side by side, the other steps below in their order, and arrows follow that order.
    ``rows``: the numbers of the steps in each row, from 0, the claim last; ``arrows``: (i, j) if step j rests on i.
    """
    if not isinstance(bound, Bound):
        raise ParameterError("bound", bound, "must be a bound, such as lower_bound gives")
    texts = [(step.text, [str(citation) for citation in step.citations]) for step in bound.steps]
    claim = f"${bound.latex}$ [{bound.origin}]"
    if rows is None:
        classes = len(bound.query.classes)
        rows = (tuple(range(classes)), *((i,) for i in range(classes, len(texts) + 1)))
    return boxes(texts, claim, rows=rows, arrows=arrows)


def boxes(texts: Sequence[tuple[str, Sequence[str]]], claim: str, *, rows: Rows, arrows: Arrows | None = None) -> Axes:
    """Steps (text, sources) of a derivation and its claim, in a figure of their size: see :func:`derivation`."""
    import matplotlib.pyplot as plt

    if sorted(i for row in rows for i in row) != list(range(len(texts) + 1)):
        raise ParameterError("rows", rows, f"must have each of the numbers 0 to {len(texts)} once")
    if arrows is None:
        arrows = [(i, below[0]) for row, below in pairwise(rows) for i in row]
    unplaced = []
    for i, (text, sources) in enumerate(texts, 1):
        note = _lines(f"[{'; '.join(sources)}]", size=6.5, color=GREY) if sources else []
        unplaced.append(Box(_lines(f"{i}. {text}", size=7.5) + note))
    unplaced.append(Box(_lines(claim, size=9)))
    placed, bottom = _place(unplaced, rows)
    columns = max(map(len, rows))
    wide, high = columns * (WIDE + GAP) - GAP + 2, 2 - bottom
    figure = plt.figure(figsize=(wide / 72, high / 72))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(-1, wide - 1), ylim=(bottom - 1, 1))
    ax.set_axis_off()
    for i, box in enumerate(placed):
        box.draw(ax, strong=i == len(placed) - 1)
    for start, end in arrows:
        _arrow(ax, placed[start], placed[end])
    return ax


def mathtext(text: str) -> str:
    r"""LaTeX between dollars in the dialect of Matplotlib: its names of relations, arguments in braces, no sizes.

    >>> print(mathtext(r"$x\le\frac R2\big(\binom ni\big)$"))
    $x\leq\frac{R}{2}(\binom{n}{i})$
    """
    text = re.sub(r"\\([lg])e(?![a-zA-Z])", r"\\\1eq", text)
    text = re.sub(r"\\(frac|binom) ?(\w)(\w)", r"\\\1{\2}{\3}", text)
    return re.sub(r"\\big(?=[()])", "", text)


@dataclass(frozen=True)
class Line:
    """A line of text that has been measured, in points."""

    text: str
    size: float
    color: str
    ascent: float
    descent: float

    @property
    def height(self) -> float:
        return self.ascent + self.descent


def _font(size: float) -> FontProperties:
    """Lines are measured in the font in which they are drawn, whatever the reader's settings are."""
    return FontProperties(family="STIXGeneral", size=size, math_fontfamily="stix")


def _measured(text: str, size: float) -> tuple[float, float, float]:
    found: tuple[float, float, float] = TextToPath().get_text_width_height_descent(
        text, _font(size), ismath="$" in text
    )
    return found


def _lines(text: str, *, size: float, color: str = "black", width: float = WIDE - 2 * PAD) -> list[Line]:
    """Text with formulas between dollars, broken at spaces outside formulas; a formula that is too long is smaller."""
    lines = [""]
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", mathtext(text)):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _measured(longer, size)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    made = []
    for line in lines:
        fitting = size * min(1.0, width / max(_measured(line, size)[0], 1.0))
        _, height, descent = _measured(line, fitting)
        made.append(Line(line, fitting, color, max(height - descent, 0.72 * size), max(descent, 0.22 * size)))
    return made


@dataclass(frozen=True)
class Box:
    """Lines in a frame whose upper left corner is at (x, y)."""

    lines: list[Line]
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return 2 * PAD + sum(line.height for line in self.lines) + 2.5 * (len(self.lines) - 1)

    def draw(self, ax: Axes, *, strong: bool) -> None:
        frame = FancyBboxPatch(
            (self.x, self.y - self.height),
            WIDE,
            self.height,
            boxstyle="round,pad=0,rounding_size=3",
            facecolor="0.94" if strong else "white",
            edgecolor="black" if strong else GREY,
            linewidth=1.1 if strong else 0.7,
        )
        ax.add_patch(frame)
        y = self.y - PAD
        for line in self.lines:
            look: dict[str, Any] = {"color": line.color, "va": "baseline", "fontproperties": _font(line.size)}
            ax.text(self.x + PAD, y - line.ascent, line.text, **look)
            y -= line.height + 2.5


def _place(boxes: list[Box], rows: Rows) -> tuple[list[Box], float]:
    """The boxes on their grid, and the lowest y."""
    placed, y = list(boxes), 0.0
    for row in rows:
        for column, i in enumerate(row):
            placed[i] = Box(boxes[i].lines, column * (WIDE + GAP), y)
        y -= max(boxes[i].height for i in row) + GAP
    return placed, y + GAP


def _arrow(ax: Axes, start: Box, end: Box) -> None:
    """Down to a box in a lower row, or across to one beside it."""
    if start.y == end.y:
        right = end.x > start.x
        y = start.y - min(start.height, end.height) / 2
        here, there = (start.x + WIDE * right, y), (end.x + WIDE * (not right), y)
    else:
        x = start.x + WIDE / 2
        here, there = (x, start.y - start.height), (min(max(x, end.x + 3 * PAD), end.x + WIDE - 3 * PAD), end.y)
    look = {"arrowstyle": "-|>", "color": "black", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", there, here, arrowprops=look)
