"""The functions of F on which lower bounds rest, as curves and shades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from approxbounds.errors import ParameterError
from approxbounds.facts.grid import midpoints
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.plots.looks import GREY, SERIES, Series, axes
from approxbounds.query import function_class
from approxbounds.validation import integer

__all__ = ["hard_function"]

#: Points on a curve, and along each side of a square.
FINE, FINE_SQUARE = 960, 240
#: Cells at most: more cannot be seen.
MOST_CELLS = 4096


def hard_function(
    F: Any,
    *,
    member: Mapping[str, int] | None = None,
    omega: Any = None,
    ax: Axes | None = None,
    look: Series = SERIES[0],
    scale: float = 1.0,
    label: str | None = None,
) -> Axes:
    """A function f_omega of F, in dimension 1 or 2, of the family on which lower bounds rest.

    A curve in dimension 1, shades in dimension 2. ``member``: the indices of a member of the family, such as {"k": 8};
    by default the coarsest with at least 8 cells in dimension 1, with 16 in dimension 2. ``omega``: a number 0 or 1
    for each cell, by default random ones, the same each time. ``scale``: a factor. ``label``: the name in a legend.
    Raises ParameterError for other input.
    """
    F = function_class(F)
    if F.domain_dim not in (1, 2) or not F.families:
        raise ParameterError("F", F, "must be a class on [0,1] or [0,1]^2 with a hypercube family")
    family = F.families[0]
    index = family.coarsest(8 * F.domain_dim) if member is None else _member(family, member)
    pattern, ax = _pattern(family.cells(index), omega), axes(ax)
    if F.domain_dim == 1:
        x = midpoints(FINE, 1)
        ax.axhline(0, color=GREY, linewidth=0.4, zorder=0)
        ax.plot(x[:, 0], scale * family.evaluate(index, pattern, x), **look.line(marker="", label=label))
        ax.set(xlim=(0, 1), xlabel="$x$", ylabel=r"$f_\omega$")
        return ax
    f = scale * family.evaluate(index, pattern, midpoints(FINE_SQUARE, 2)).reshape(FINE_SQUARE, FINE_SQUARE)
    shades = ax.imshow(f.T, origin="lower", extent=(0, 1, 0, 1), cmap="cividis", interpolation="nearest")
    ax.figure.colorbar(shades, ax=ax, label=r"$f_\omega$")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return ax


def _member(family: HypercubeFamily, member: Any) -> dict[str, int]:
    """The indices, checked."""
    given = dict(member) if isinstance(member, Mapping) else {}
    if set(given) != set(family.indices):
        raise ParameterError("member", member, f"must be a dict with an integer for each of {list(family.indices)}")
    index = {name: integer(name, given[name], maximum=MOST_CELLS, symbols=False) for name in family.indices}
    family.check(index)
    return index


def _pattern(cells: int, omega: Any) -> NDArray[Any]:
    if cells > MOST_CELLS:
        raise ParameterError("member", cells, f"must have at most {MOST_CELLS} cells to be drawn")
    if omega is None:
        return np.random.default_rng(0).integers(2, size=cells)
    pattern = np.asarray(omega)
    if pattern.shape != (cells,) or not np.isin(pattern, (0, 1)).all():
        raise ParameterError("omega", omega, f"must be {cells} numbers, each 0 or 1")
    return pattern
