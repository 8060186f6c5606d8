"""Figure: the theorems against each other on the same ReLU networks with two hidden layers of equal width.

F is the Lipschitz ball in dimension 2, p = 2. Certified: T3 (approxbounds, after Siegel 2023) and T2a (packing
transfer with Haussler's bound, 1995). T1 (Achour, Foucault, Gerchinovitz and Malgouyres 2022) has an unspecified
constant, so only its rate can be drawn: the dashed line is normalised to T3 at the smallest network and says
nothing about the size of T1's bound. (b) shows what T3 gains over both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import sympy
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

import approxbounds as ab
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["THEOREMS"]

DIM, P = 2, 2
WIDTHS = tuple(round(4 * 10 ** (i / 4)) for i in range(22))


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Widths from 4 to about 700,000."""
    return [{"width": width} for width in (WIDTHS[:12:4] if quick else WIDTHS)]


def solve(*, width: int) -> Record:
    """T3 and T2a certified, and the rate of T1 as a number without its constant."""
    network = ab.ReLUNetwork(widths=(width, width), input_dim=DIM)
    F = ab.LipschitzBall(dim=DIM)
    by_theorem = {bound.theorem.id: bound for bound in ab.lower_bounds(F, network, p=P)}
    upper = ab.upper_bound(F, network, p=P)
    sizes = {"W": network.weights, "L": network.depth}
    rate = by_theorem["T1"].rate
    number = rate.subs({symbol: sizes[symbol.name] for symbol in rate.free_symbols})
    return {
        "dim": DIM,
        "p": P,
        "widths": [width, width],
        "weights": network.weights,
        "T3": by_theorem["T3"].value,
        "T3_theorem": "T3",
        "T2a": by_theorem["T2a"].value,
        "T2a_theorem": "T2a",
        "T1_rate": sympy.sstr(rate),
        "T1_rate_without_constant": float(number),
        "T1_theorem": "T1",
        "lower": by_theorem["T3"].value,
        "upper": upper.value,
        "sources": cited(*by_theorem.values(), upper),
    }


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """The bounds above, their ratios below."""
    W = [r["weights"] for r in records]
    scale = records[0]["T3"] / records[0]["T1_rate_without_constant"]
    t1 = [scale * r["T1_rate_without_constant"] for r in records]
    with style.paper_style():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(style.COLUMN, 3.7), sharex=True, layout="constrained", height_ratios=[1.7, 1]
        )
        first, second, _ = style.SERIES
        dashed = {"color": style.GREY, "linestyle": (0, (5, 2)), "linewidth": 1.0}
        top.plot(W, [r["T3"] for r in records], **first.line(label="T3, certified"), zorder=3)
        top.plot(W, [r["T2a"] for r in records], **second.line(linestyle="-", label="T2a, certified"))
        top.plot(W, t1, **dashed, label="T1, rate only (normalised)")
        top.legend(loc="lower left", bbox_to_anchor=(0.02, 0.03))
        bottom.plot(W, [r["T3"] / x for r, x in zip(records, t1, strict=True)], **dashed)
        bottom.plot(W, [r["T3"] / r["T2a"] for r in records], **second.line(linestyle="-"))
        for ax in (top, bottom):
            ax.set_xscale("log")
            ax.set_yscale("log")
            style.log_ticks(ax.yaxis)
        bottom.set_ylim(0.8, 30)
        bottom.yaxis.set_major_locator(FixedLocator([1, 2, 5, 10, 20]))
        bottom.yaxis.set_minor_locator(NullLocator())
        bottom.yaxis.set_major_formatter(ScalarFormatter())
        middle = len(W) // 4
        bottom.annotate(
            "T3 / T2a",
            (W[middle], records[middle]["T3"] / records[middle]["T2a"]),
            xytext=(0, 4),
            textcoords="offset points",
            color=second.color,
            ha="center",
            va="bottom",
        )
        bottom.annotate(
            "T3 / T1 (normalised)",
            (W[middle], records[middle]["T3"] / t1[middle]),
            xytext=(6, -3),
            textcoords="offset points",
            color=style.GREY,
            va="top",
        )
        style.log_ticks(top.xaxis, every=2)
        top.set_ylabel("lower bound on $E_2$")
        bottom.set_ylabel("ratio")
        bottom.set_xlabel("number of weights $W$")
        style.panel(top, "(a)")
        style.panel(bottom, "(b)")
        return style.save(figure, name=name, out=out)


THEOREMS = Product(
    name="theorems",
    about="T3, T2a and the rate of T1 on the same ReLU networks",
    caption=(
        r"Theorems compared on the same ReLU networks with two hidden layers of equal width, for the Lipschitz ball "
        r"in dimension 2 and $p=2$. (a) The certified bounds T3 and T2a; T1 leaves its constant unspecified, so its "
        r"rate is drawn normalised to T3 at the smallest network. (b) Their ratios."
    ),
    queries=queries,
    solve=solve,
    write=write,
    tolerances={"T1_rate_without_constant": 1e-12},  # floats
)

if __name__ == "__main__":
    run_from_command_line(THEOREMS)
