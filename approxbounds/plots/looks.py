"""How pictures look, and the axes they are drawn into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from approxbounds.errors import ParameterError

__all__ = ["GREY", "SERIES", "Series", "axes"]

GREY = "0.45"


@dataclass(frozen=True)
class Series:
    """How one curve looks."""

    color: str
    marker: str
    dashes: Any

    def line(self, **more: Any) -> dict[str, Any]:
        """Keyword arguments of ``Axes.plot``."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.dashes, **more}


#: Dark blue, vermilion, light blue, grey: apart in hue, in lightness, in marker and in dashes.
SERIES = (
    Series("#0B3C6F", "o", "-"),
    Series("#D55E00", "s", (0, (4.5, 1.6))),
    Series("#3FA0D8", "^", (0, (1.2, 1.3))),
    Series("0.45", "D", (0, (5, 1.2, 1.2, 1.2))),
)


def axes(ax: object) -> Axes:
    """The given axes, or those of a new figure."""
    if ax is None:
        import matplotlib.pyplot as plt

        return plt.subplots(figsize=(5.5, 3.6), layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise ParameterError("ax", ax, "must be Matplotlib axes, or None for a new figure")
    return ax
