"""Figure: certified brackets on the L^2 error of networks with two hidden layers, for Hölder balls in dimension 2.

For k = 2, 3, ... the network has exactly the widths that the step functions on k x k squares need,
(u d (k-1), u (k^d - 1)) with u = degree + 1, so the lower and the upper bound are about the same network.
Both are the best that the library knows for the network. The thin lines have the slope of W in rates of both bounds,
without logarithms.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import approxbounds as ab
from approxbounds.plots import bracket_lines
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.rates import exponent_in
from paper_figures.runner import run_from_command_line

__all__ = ["BRACKET"]

DIM, P = 2, 2
SMOOTHNESS = ("1/2", "1", "2")
RESOLUTIONS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24)
MARKED = (0, 1, 3, 5, 7, 9, 11)  # of them in small panels: the first, the last, and between them about evenly
NETWORKS = (ab.HeavisideNetwork, ab.ReLUNetwork, partial(ab.ReLUPowerNetwork, power=2))  # by degree


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every smoothness, degree and k."""
    resolutions = RESOLUTIONS[:3] if quick else RESOLUTIONS
    return [{"smoothness": s, "degree": degree, "k": k} for s in SMOOTHNESS for degree in range(3) for k in resolutions]


def solve(*, smoothness: str, degree: int, k: int) -> Record:
    """The bracket of one network."""
    units = degree + 1
    widths = (units * DIM * (k - 1), units * (k**DIM - 1))
    network = NETWORKS[degree](widths=widths, input_dim=DIM)
    found = ab.bracket(ab.HolderBall(smoothness=smoothness, dim=DIM), network, p=P)
    return {
        "smoothness": smoothness,
        "dim": DIM,
        "p": P,
        "degree": degree,
        "k": k,
        "widths": list(widths),
        "weights": network.weights,
        "lower": found.lower.value,
        "lower_theorem": found.lower.theorem.id,
        "lower_exponent": str(exponent_in(found.lower.rate, "W")),
        "upper": found.upper.value,
        "upper_theorem": found.upper.theorem.id,
        "upper_exponent": str(exponent_in(found.upper.rate, "W")),
        "sources": cited(found.lower, found.upper),
    }


def _slope(ax: Axes, curve: list[Record], side: str) -> None:
    """A thin line beside the curve with the slope of its rate in W, labelled W^exponent."""
    exponent = Fraction(curve[0][f"{side}_exponent"])
    above = side == "upper"
    start, end = curve[len(curve) // 3], curve[-1]
    W = np.array([start["weights"], end["weights"]], float)
    bottom, top = ax.get_ylim()
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    factor = (top / bottom) ** ((9 if above else -8) / height)  # that many points off the curve
    steepest = max if above else min
    line = (W / W[0]) ** float(exponent)
    line *= factor * steepest(r[side] / (r["weights"] / W[0]) ** float(exponent) for r in curve if r["weights"] >= W[0])
    ax.plot(W, line, color=style.GREY, linewidth=0.7)
    ax.annotate(
        f"$W^{{{exponent}}}$",
        (np.sqrt(W.prod()), np.sqrt(line.prod())),
        xytext=(2, 2) if above else (-2, -2),
        textcoords="offset points",
        color=style.GREY,
        ha="left" if above else "right",
        va="bottom" if above else "top",
    )


def _draw_panel(ax: Axes, records: list[Record], *, small: bool) -> None:
    curves = [[r for r in records if r["degree"] == degree] for degree in range(len(style.SERIES))]
    for look, curve in zip(style.SERIES, curves, strict=True):
        W = [r["weights"] for r in curve]
        marked = [i for i in MARKED if i < len(W)] if small else range(len(W))
        lower, upper = [r["lower"] for r in curve], [r["upper"] for r in curve]
        bracket_lines(ax, W, lower, upper, look=look, markevery=list(marked), markersize=3.2 if small else 3.6)
    _slope(ax, curves[2], "upper")
    _slope(ax, curves[2], "lower")


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """s = 1 above, s = 1/2 and s = 2 below."""
    with style.paper_style():
        figure, axes = plt.subplot_mosaic(
            [["1", "1"], ["1/2", "2"]], figsize=(style.COLUMN, 4.0), layout="constrained", height_ratios=[1.3, 1]
        )
        limits = {"1/2": (4e-4, 3), "1": (4e-6, 2), "2": (1e-13, 300)}
        for letter, (smoothness, ax) in zip("abc", axes.items(), strict=True):
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlim(10, 5e5)
            ax.set_ylim(*limits[smoothness])
            style.log_ticks(ax.xaxis)
            style.log_ticks(ax.yaxis, every=3 if smoothness == "2" else 1)
            ax.set_xlabel("number of weights $W$")
            style.panel(ax, f"({letter}) $s={smoothness}$")
        axes["1"].set_ylabel("error $E_2$")
        axes["1/2"].set_ylabel("error $E_2$")
        handles = [Line2D([], [], **look.line()) for look in style.SERIES]
        figure.legend(handles, [f"degree {degree}" for degree in range(3)], loc="outside upper center", ncols=3)
        style.fix_layout(figure)
        for smoothness, ax in axes.items():
            _draw_panel(ax, [r for r in records if r["smoothness"] == smoothness], small=smoothness != "1")
        axes["1"].text(0.42, 0.90, "upper bounds (open)", transform=axes["1"].transAxes)
        axes["1"].text(0.03, 0.24, "lower bounds (filled)", transform=axes["1"].transAxes)
        return style.save(figure, name=name, out=out)


BRACKET = Product(
    name="bracket",
    about="certified brackets on E_2 for Hölder balls, d = 2, two hidden layers, degrees 0, 1, 2",
    caption=(
        r"Certified brackets on the error $E_2(F, G)$ for Hölder balls $F$ of smoothness $s$ in dimension 2. For $k "
        r"= 2, 3, \dots$ the network $G$ has the widths that step functions on $k\times k$ squares need, with "
        r"activations of degree 0 (Heaviside), 1 (ReLU) and 2. Filled: lower bounds; open: upper bounds. Thin lines: "
        r"the power of $W$ in the rates, without logarithms."
    ),
    queries=queries,
    solve=solve,
    write=write,
)

if __name__ == "__main__":
    run_from_command_line(BRACKET)
