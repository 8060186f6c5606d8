"""The look of all figures: a column of a two-column paper, readable in grey and by colour-blind readers.

Each series has its own colour, marker and line style at once; the colours also differ in lightness.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter

from approxbounds import plots
from approxbounds.files import write_atomically
from approxbounds.plots import GREY

__all__ = ["COLUMN", "GREY", "SERIES", "fix_layout", "log_ticks", "panel", "paper_style", "save"]

COLUMN = 3.4  # inches
#: Of the looks of the library, those that are dark enough side by side.
SERIES = plots.SERIES[:3]

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
