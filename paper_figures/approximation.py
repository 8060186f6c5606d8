"""Figure: networks trained on random hard targets, between the certified lower bound and the constructive upper bound.

For each network a member of the family with about the best bound is chosen, and targets f_omega with uniform omega are
drawn from it. The bound of T3 for this member is one on the mean of the p-th power of the error over omega, so that the
measured errors may be held against it (:mod:`paper_figures.hard_targets.comparison`; its tests fail the figure if the
errors refute the bound). Grey: the error of the centre of the family, here of the function 0, which is what a network
has that has learned nothing. In (c) the targets are functions of the last input, and the recurrent networks have to
find out that the first one does not matter: with targets of both, of as many cells as a bound needs, no network of
these sizes learns much. Upper bounds: step functions for Heaviside networks, interpolation for ReLU networks; none
is known for the recurrent ones. Sources: approxbounds (T3, after Siegel 2023); Foucault, Mamalet and Malgouyres (2025).
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import approxbounds as ab
from hadamrnn import Config, NetworkConfig
from paper_figures import style
from paper_figures.hard_targets.comparison import Pair, compare, measured
from paper_figures.hard_targets.feedforward import FeedForwardConfig
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["APPROXIMATION"]

P = 2
SIZES = (1, 2, 4, 8, 16)
#: For each size the k of the k cells of the targets: where T3 was the best when networks were trained.
RESOLUTIONS = {"relu": (5, 7, 12, 21, 39), "heaviside": (3, 5, 10, 19, 37), "hadamrnn": (5, 7, 12, 21, 39)}
STEPS = 2  # of the recurrent networks; the targets are functions of the last input
TARGETS, RESTARTS, SEED = 20, 4, 0
NAMES = {
    "relu": "(a) ReLU, $d=1$",
    "heaviside": "(b) Heaviside, $d=1$",
    "hadamrnn": f"(c) HadamRNN, $d=T={STEPS}$",
}


def network(panel: str, size: int) -> FeedForwardConfig | NetworkConfig:
    """One hidden layer of this size."""
    if panel == "hadamrnn":
        return Config(inputs=1, hidden=size, outputs=1, bits=None, activation="relu", loss="mse")
    return FeedForwardConfig(inputs=1, widths=(size,), activation=panel)


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every kind of network and size."""
    sizes = SIZES[:1] if quick else SIZES
    effort = {"targets": TARGETS, "restarts": RESTARTS}
    return [{"panel": panel, "size": size, **effort} for panel in NAMES for size in sizes]


def pair_of(panel: str, size: int) -> Pair:
    """The targets and the network."""
    k, recurrent = RESOLUTIONS[panel][SIZES.index(size)], panel == "hadamrnn"
    F = ab.LipschitzBall(dim=STEPS if recurrent else 1)
    member = {"k": k, "dims": 1} if recurrent else {"k": k}
    return Pair(functions=F, network=network(panel, size), p=P, member=member)


def train(*, panel: str, size: int, targets: int, restarts: int) -> Record:
    """The p-th powers of the errors of the trained networks."""
    (found,) = compare([pair_of(panel, size)], targets=targets, restarts=restarts, seed=SEED, progress=False)
    return {"seed": SEED, "errors": list(found.errors)}


def solve(*, panel: str, size: int, targets: int, restarts: int, trained: Record) -> Record:
    """The bounds and, rounded to three digits, the errors of the trained networks, which are tested against them."""
    pair = pair_of(panel, size)
    F, G = pair.functions, pair.approximating
    lower = ab.lower_bound(F, G, p=P)
    upper = None if panel == "hadamrnn" else ab.upper_bound(F, G, p=P)
    found = measured(pair, trained["errors"], trained["seed"])
    errors = np.array(found.errors) ** (1 / P)
    return {
        "panel": panel,
        "size": size,
        "weights": sum(prod(shape) for shape in pair.network.shapes().values()),
        "dim": F.domain_dim,
        "p": P,
        "cells": pair.case.cells,
        "targets": targets,
        "lower": lower.value,
        "lower_theorem": lower.theorem.id,
        "mean_lower": pair.case.mean ** (1 / P),
        "upper": None if upper is None else upper.value,
        "upper_theorem": None if upper is None else upper.theorem.id,
        "centre": _rounded(found.centre ** (1 / P)),
        "least": _rounded(errors.min()),
        "median": _rounded(np.median(errors)),
        "greatest": _rounded(errors.max()),
        "ratio": _rounded(found.ratio),
        "verdict": found.verdict,
        "sources": cited(lower, *([] if upper is None else [upper])),
    }


def _rounded(value: Any) -> float:
    return float(f"{value:.3g}")


def _draw(ax: Axes, curve: list[Record]) -> None:
    bounds, measured, _ = style.SERIES
    W = [r["weights"] for r in curve]
    if curve[0]["upper"] is not None:
        ax.plot(W, [r["upper"] for r in curve], **bounds.line(markerfacecolor="white"))
    ax.plot(W, [r["centre"] for r in curve], color=style.GREY, linewidth=0.7)
    median = np.array([r["median"] for r in curve])
    around = np.abs([[r["least"] for r in curve], [r["greatest"] for r in curve]] - median)
    ax.errorbar(W, median, yerr=around, elinewidth=0.8, capsize=1.5, **measured.line())
    ax.plot(W, [r["mean_lower"] for r in curve], **bounds.line())


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """The three kinds of networks side by side would be too small: (a) above, (b) and (c) below."""
    with style.paper_style():
        figure, axes = plt.subplot_mosaic(
            [["relu", "relu"], ["heaviside", "hadamrnn"]],
            figsize=(style.COLUMN, 4.0),
            layout="constrained",
            height_ratios=[1.3, 1],
        )
        for panel, ax in axes.items():
            _draw(ax, [r for r in records if r["panel"] == panel])
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlim(3, 100)
            ax.set_ylim((6e-4, 0.1) if panel == "hadamrnn" else (4e-4, 0.6))
            style.log_ticks(ax.yaxis)
            style.log_ticks(ax.xaxis)
            ax.set_xlabel("number of weights $W$")
            style.panel(ax, NAMES[panel])
        axes["relu"].set_ylabel("error in $L^2$")
        axes["heaviside"].set_ylabel("error in $L^2$")
        bounds, measured, _ = style.SERIES
        handles = [
            Line2D([], [], **bounds.line(markerfacecolor="white")),
            Line2D([], [], color=style.GREY, linewidth=0.7),
            Line2D([], [], **measured.line()),
            Line2D([], [], **bounds.line()),
        ]
        labels = ["upper bound", "error of $0$", "trained", "lower bound"]
        figure.legend(handles, labels, loc="outside upper center", ncols=2)
        return style.save(figure, name=name, out=out)


APPROXIMATION = Product(
    name="approximation",
    about="trained networks on random hard targets, between certified lower and constructive upper bounds",
    caption=(
        rf"Errors in $L^2$ of networks trained on {TARGETS} random hard targets $f_\omega$ of the Lipschitz ball: "
        r"median and range. Networks with one hidden layer of (a) ReLU or (b) Heaviside units, and (c) "
        rf"HadamRNNs with ReLU, real $U$ and $v$ that read $x\in[0,1]^{STEPS}$ in $T={STEPS}$ steps; their targets are "
        rf"functions of $x_{STEPS}$. Filled: certified lower "
        r"bound, by T3, on the root of the mean squared error over $\omega$ (sharper bounds on $E_2$ are for other "
        r"functions). Open: "
        r"constructive upper bound on $E_2$. Grey: $\|f_\omega\|_2$, the error of the function $0$, the centre of the "
        r"family, and of a network that has learned nothing."
    ),
    queries=queries,
    train=train,
    solve=solve,
    write=write,
    citations=(ab.Citation("FoucaultMamaletMalgouyres2025"),),
    tolerances=dict.fromkeys(("least", "median", "greatest", "ratio"), 0.2) | {"centre": 0.01, "mean_lower": 1e-12},
)

if __name__ == "__main__":
    run_from_command_line(APPROXIMATION)
