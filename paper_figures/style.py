"""The look of all figures: a column of a two-column paper, readable in grey and by colour-blind readers.

Each series has its own colour, marker and line style at once; the colours also differ in lightness.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter

from approxbounds.files import write_atomically

__all__ = ["COLUMN", "GREY", "SERIES", "Series", "fix_layout", "log_ticks", "mathtext", "panel", "paper_style", "save"]

COLUMN = 3.4  # inches
GREY = "0.45"

_SETTINGS: Any = {
    "font.family": "serif",
    "font.serif": ["STIXGeneral"],
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.6,
    "pdf.fonttype": 42,
    "figure.dpi": 100,
    "svg.hashsalt": "approxbounds",
}


@dataclass(frozen=True)
class Series:
    """How one curve looks."""

    color: str
    marker: str
    dashes: Any

    def line(self, **more: Any) -> dict[str, Any]:
        """Keyword arguments of ``Axes.plot``."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.dashes, **more}


#: Dark blue, vermilion, light blue: apart in hue and in lightness.
SERIES = (
    Series("#0B3C6F", "o", "-"),
    Series("#D55E00", "s", (0, (4.5, 1.6))),
    Series("#3FA0D8", "^", (0, (1.2, 1.3))),
)


@contextmanager
def paper_style() -> Iterator[None]:
    """The settings inside the block; the user's own are restored after it."""
    with matplotlib.rc_context(rc=_SETTINGS):
        yield


def log_ticks(axis: Any, *, every: int = 1) -> None:
    """Ticks at powers of ten, labelled at every ``every``-th one."""
    axis.set_major_locator(LogLocator(base=10.0**every, numticks=50))
    axis.set_minor_locator(LogLocator(base=10.0, subs=[1.0] if every > 1 else [2.0, 5.0], numticks=200))
    axis.set_minor_formatter(NullFormatter())


def panel(ax: Axes, text: str, *, x: float = 0.0, y: float = 1.02) -> None:
    """A label such as (a) just above the upper left corner."""
    ax.text(x, y, text, transform=ax.transAxes, ha="left", va="bottom")


def mathtext(text: str) -> str:
    r"""LaTeX between dollars in the dialect of matplotlib: its names of relations, arguments in braces, no sizes.

    >>> print(mathtext(r"$x\le\frac R2\big(\binom ni\big)$"))
    $x\leq\frac{R}{2}(\binom{n}{i})$
    """
    text = re.sub(r"\\([lg])e(?![a-zA-Z])", r"\\\1eq", text)
    text = re.sub(r"\\(frac|binom) ?(\w)(\w)", r"\\\1{\2}{\3}", text)
    return re.sub(r"\\big(?=[()])", "", text)


def fix_layout(figure: Figure) -> None:
    """Lay the figure out now and never again: offsets in points can be computed, and saving is faster."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def save(figure: Figure, *, name: str, out: Path, dpi: int = 300) -> list[Path]:
    """Vector PDF and PNG of ``dpi`` dots an inch, the same bytes on every run."""
    if not isinstance(figure.get_layout_engine(), PlaceHolderLayoutEngine):
        fix_layout(figure)
    paths = []
    for kind, metadata in (("pdf", {"CreationDate": None, "ModDate": None}), ("png", {"Software": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=metadata, dpi=dpi)
        paths.append(write_atomically(out / f"{name}.{kind}", buffer.getvalue()))
    plt.close(figure)
    return paths
