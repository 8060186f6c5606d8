"""Figure: how a certified bound is derived, as a graph: every step that ``bound.explain()`` lists, with its sources.

The example is T3 (approxbounds, after Siegel 2023) for the Lipschitz ball and a ReLU network in dimension 2. An arrow
leads from a step to one that rests on it: the hard functions come from F, the count of sign patterns from G and the
number of cells, and the theorem puts them together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextToPath

import approxbounds as ab
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["DERIVATION"]

DIM, P, WIDTHS = 2, 2, (16, 16)
#: The steps of T3: F, G, the hypercube family, the growth of G, the mass S, the theorem; last the claim. Rows.
GRID = ((0, 1), (2, 3), (5, 4), (6,))
ARROWS = ((0, 2), (1, 3), (2, 3), (3, 4), (2, 5), (4, 5), (5, 6))
WIDE, GAP, PAD = 236.0, 22.0, 6.0  # points


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """One bound."""
    return [{"widths": list(WIDTHS), "dim": DIM, "p": P}]


def solve(*, widths: list[int], dim: int, p: int) -> Record:
    """The bound, its steps with their sources, and its certificate."""
    F, G = ab.LipschitzBall(dim=dim), ab.ReLUNetwork(widths=tuple(widths), input_dim=dim)
    bound = ab.lower_bound(F, G, p=p)
    return {
        "theorem": bound.theorem.id,
        "claim": bound.latex,
        "lower": bound.value,
        "steps": [step.text for step in bound.steps],
        "citations": [[str(citation) for citation in step.citations] for step in bound.steps],
        "sources": cited(bound),
        "certificate": bound.certificate.to_dict(),
    }


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


def _measured(text: str, size: float) -> tuple[float, float, float]:
    font = FontProperties(family="STIXGeneral", size=size)
    found: tuple[float, float, float] = TextToPath().get_text_width_height_descent(text, font, ismath="$" in text)
    return found


def _lines(text: str, *, size: float, color: str = "black", width: float = WIDE - 2 * PAD) -> list[Line]:
    """Text with formulas between dollars, broken at spaces outside formulas."""
    lines = [""]
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", style.mathtext(text)):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _measured(longer, size)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    made = []
    for line in lines:
        _, height, descent = _measured(line, size)
        made.append(Line(line, size, color, max(height - descent, 0.72 * size), max(descent, 0.22 * size)))
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
            edgecolor="black" if strong else style.GREY,
            linewidth=1.1 if strong else 0.7,
        )
        ax.add_patch(frame)
        y = self.y - PAD
        for line in self.lines:
            ax.text(self.x + PAD, y - line.ascent, line.text, fontsize=line.size, color=line.color, va="baseline")
            y -= line.height + 2.5


def _place(boxes: list[Box]) -> tuple[list[Box], float]:
    """The boxes on their grid, and the lowest y."""
    placed, y = list(boxes), 0.0
    for row in GRID:
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
        here, there = (x, start.y - start.height), (x, end.y)
    look = {"arrowstyle": "-|>", "color": "black", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", there, here, arrowprops=look)


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Boxes and arrows, over the width of both columns."""
    (record,) = records
    with style.paper_style():
        boxes = []
        for i, (text, sources) in enumerate(zip(record["steps"], record["citations"], strict=True), 1):
            note = _lines(f"[{'; '.join(sources)}]", size=6.5, color=style.GREY) if sources else []
            boxes.append(Box(_lines(f"{i}. {text}", size=7.5) + note))
        boxes.append(Box(_lines(f"${record['claim']}$ [{record['theorem']}, certified]", size=9)))
        boxes, bottom = _place(boxes)
        wide, high = 2 * WIDE + GAP + 2, 2 - bottom
        figure = plt.figure(figsize=(wide / 72, high / 72))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(-1, wide - 1), ylim=(bottom - 1, 1))
        ax.set_axis_off()
        for i, box in enumerate(boxes):
            box.draw(ax, strong=i == len(boxes) - 1)
        for start, end in ARROWS:
            _arrow(ax, boxes[start], boxes[end])
        return style.save(figure, name=name, out=out, dpi=220)  # large, so fewer dots


DERIVATION = Product(
    name="derivation",
    about="the derivation of a certified bound as a graph",
    caption=(
        r"The derivation of a certified lower bound on $E_2(F, G)$ by T3, for the Lipschitz ball and a ReLU network "
        r"with two hidden layers of 16 units in dimension 2. Arrows lead to the steps that rest on a step."
    ),
    queries=queries,
    solve=solve,
    write=write,
)

if __name__ == "__main__":
    run_from_command_line(DERIVATION)
