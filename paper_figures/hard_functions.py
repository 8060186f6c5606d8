"""Figure: the functions that networks approximate badly, drawn by the families of the library.

(a), (b) Hölder balls in dimension 1: f_omega is + or - a bump on each of k intervals, of height of order k^{-s}; finer
intervals give more functions, of smaller norm. (c) The same in dimension 2. (d) A monotone function in dimension 2:
free on an antichain of squares. One pattern omega, from a seed, is drawn in each panel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

import approxbounds as ab
from approxbounds.facts.grid import midpoints
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.monotone import central_layers
from approxbounds.plots import hard_function
from paper_figures import style
from paper_figures.product import Product, Record
from paper_figures.runner import run_from_command_line

__all__ = ["HARD_FUNCTIONS"]

SEED = 43
FINE = 240  # points along each side of a square
#: panel, class, index of the member of its first family
CASES: tuple[tuple[str, FunctionClass, dict[str, int]], ...] = (
    *(("a", ab.HolderBall(smoothness=s, dim=1), {"k": 4}) for s in ("1/2", "1", "2")),
    *(("b", ab.HolderBall(smoothness=1, dim=1), {"k": k}) for k in (4, 8, 16)),
    ("c", ab.HolderBall(smoothness=2, dim=2), {"k": 4}),
    ("d", ab.MonotoneFunctions(dim=2), {"k": 8, "layers": 1}),
)


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every case."""
    return [{"case": case} for case in range(len(CASES))]


def member(case: int) -> tuple[HypercubeFamily, dict[str, int], NDArray[Any]]:
    """The family, the index of its member, and the pattern omega."""
    _, F, index = CASES[case]
    family = F.families[0]
    return family, index, np.random.default_rng(SEED).integers(2, size=family.cells(index))


def values(case: int, per_side: int) -> NDArray[np.float64]:
    """f_omega on the midpoints of per_side^d cubes, as an array with d axes."""
    family, index, omega = member(case)
    dim = CASES[case][1].domain_dim
    return family.evaluate(index, omega, midpoints(per_side, dim)).reshape((per_side,) * dim)


def solve(*, case: int) -> Record:
    """The pattern, and the values of f_omega at the midpoints of the k^d cubes."""
    panel, F, index = CASES[case]
    _, _, omega = member(case)
    found = values(case, index["k"])
    return {
        "case": case,
        "panel": panel,
        "functions": str(F),
        "index": index,
        "omega": omega.tolist(),
        "values": found.tolist(),
        "height": float(np.ptp(found)) / 2,
    }


def _lines(ax: Axes, cases: range, labels: list[str], scales: list[float]) -> None:
    """Functions of one variable."""
    for look, case, text, scale in zip(style.SERIES, cases, labels, scales, strict=True):
        F, (_, index, omega) = CASES[case][1], member(case)
        hard_function(F, member=index, omega=omega, ax=ax, look=look, scale=scale, label=text)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1.02), ncols=3)


def _square(ax: Axes, k: int) -> None:
    """The unit square cut into k^2 squares."""
    for i in range(1, k):
        ax.axhline(i / k, color="0.75", linewidth=0.4, zorder=0)
        ax.axvline(i / k, color="0.75", linewidth=0.4, zorder=0)
    ax.set_aspect("equal")
    ax.spines[["top", "right"]].set_visible(True)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="$x_1$", ylabel="$x_2$")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(FixedLocator([0, 0.5, 1]))


def _draw_contours(ax: Axes, record: Record) -> None:
    """Level lines, and the sign in each square."""
    x, f, centres = midpoints(FINE, 1)[:, 0], values(record["case"], FINE), np.array(record["values"])
    for sign, color in ((1, style.SERIES[0].color), (-1, style.SERIES[1].color)):
        levels = record["height"] * np.array([0.05, 0.35, 0.65])
        ax.contour(x, x, sign * f.T, levels=levels, colors=color, linewidths=0.7)
        for i, j in np.argwhere(sign * centres > 0):
            k = len(centres)
            ax.text((i + 0.5) / k, (j + 0.46) / k, "$+$" if sign > 0 else "$-$", color=color, ha="center", va="center")
    _square(ax, len(centres))


def _draw_antichain(ax: Axes, record: Record) -> None:
    """The values, with the squares of the antichain outlined."""
    f, (k, layers) = np.array(record["values"]), record["index"].values()
    edges = np.arange(k + 1) / k
    ax.pcolormesh(edges, edges, f.T, cmap="Greys", vmin=0, vmax=2.2, zorder=-1)
    _square(ax, k)
    first, _ = central_layers(k, 2, layers)
    for i, j in np.ndindex(k, k):
        if first <= i + j < first + layers:
            ax.add_patch(Rectangle((i / k, j / k), 1 / k, 1 / k, fill=False, linewidth=1, zorder=3))
            ax.text((i + 0.5) / k, (j + 0.47) / k, f"{f[i, j]:.0f}", ha="center", va="center")
    for corner in (0, -1):
        place = 0.22 if corner == 0 else 0.78
        ax.text(place, place, f"{f[corner, corner]:.0f}", ha="center", va="center", fontsize=11)


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Functions of one variable above, of two below."""
    with style.paper_style():
        figure, axes = plt.subplot_mosaic(
            [["a", "a"], ["b", "b"], ["c", "d"]],
            figsize=(style.COLUMN, 4.6),
            layout="constrained",
            height_ratios=[1, 1, 1.75],
        )
        smoothness = [CASES[case][1].holder_smoothness for case in range(3)]
        _lines(axes["a"], range(3), [f"$s={s}$" for s in smoothness], [1 / record["height"] for record in records[:3]])
        _lines(axes["b"], range(3, 6), [f"$k={record['index']['k']}$" for record in records[3:6]], [1.0] * 3)
        axes["a"].set_ylabel(r"$f_\omega\,/\,\max|f_\omega|$")
        axes["b"].set_ylabel(r"$f_\omega$")
        _draw_contours(axes["c"], records[6])
        _draw_antichain(axes["d"], records[7])
        for panel, ax in axes.items():
            style.panel(ax, f"({panel})")
        return style.save(figure, name=name, out=out)


HARD_FUNCTIONS = Product(
    name="hard_functions",
    about="the hard functions of the lower bounds: Hölder bumps, and a monotone function free on an antichain",
    caption=(
        r"Hard functions $f_\omega$, each for one pattern $\omega$ of signs. (a) Hölder balls in dimension 1, $k=4$ "
        r"intervals, divided by their heights. (b) The Lipschitz ball: more intervals give more functions, of smaller "
        r"height. (c) The Hölder ball with $s=2$ in dimension 2: level lines. (d) A monotone function in dimension 2: "
        r"its values on the squares of an antichain (outlined) are free."
    ),
    queries=queries,
    solve=solve,
    write=write,
    citations=tuple(citation for _, F, _ in CASES for citation in F.families[0].citations),
    tolerances={"values": 1e-12, "height": 1e-12},  # floats
)

if __name__ == "__main__":
    run_from_command_line(HARD_FUNCTIONS)
