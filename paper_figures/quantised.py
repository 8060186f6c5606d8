"""Figure: what b bits a weight cost, for ReLU networks on fixed codebooks and the Lipschitz ball in dimension 2.

(a) The growth bound log2 Pi(m) per weight of the network with two hidden layers of 16 units: a network of W weights
of b bits is one of 2^(bW) functions, so the bound leaves that of real weights at the smallest m where that exceeds
bW (circles). (b) The certified lower bound on E_2 (T3) against the bits, for three networks; dashed: real weights.
Sources: Bartlett, Harvey, Liaw and Mehrabian (2019), approxbounds (T3, after Siegel 2023).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.bisection import largest
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["QUANTISED"]

DIM, P = 2, 2
WIDTH = 16  # of panel (a)
BITS = (1, 2, 4, 8, 16)
WIDTHS = (4, 16, 64)  # of panel (b)
MORE_BITS = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64)


def network(width: int, bits: int | None) -> ab.ReLUNetwork:
    """Two hidden layers."""
    return ab.ReLUNetwork(widths=(width, width), input_dim=DIM, bits=bits)


def growth(width: int, bits: int | None, m: Any) -> Any:
    """log2 Pi(m) of the growth bound."""
    return network(width, bits).growth().evaluate(FLOAT, m)


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """The curves of (a), then the points of (b)."""
    curves = [{"panel": "growth", "width": WIDTH, "bits": bits} for bits in (*BITS, None)]
    some = MORE_BITS[::5] if quick else MORE_BITS
    return curves + [{"panel": "bound", "width": w, "bits": b} for w in WIDTHS for b in (*some, None)]


def solve(*, panel: str, width: int, bits: int | None) -> Record:
    """A curve with the point where it becomes finite, or a certified bound."""
    G = network(width, bits)
    record: Record = {"panel": panel, "widths": [width, width], "weights": G.weights, "bits": bits}
    if panel == "growth":
        m = np.unique(np.round(np.geomspace(100, 10**8, 121)))
        record["m"] = m.tolist()
        record["log2_growth"] = [float(value) for value in growth(width, bits, m)]
        if bits is not None:
            record["switch"] = largest(lambda n: bool(growth(width, None, n) <= bits * G.weights)) + 1
        return record | {"sources": cited(G.pseudo_dimension())}
    bound = ab.lower_bound(ab.LipschitzBall(dim=DIM), G, p=P)
    return record | {
        "lower": bound.value,
        "theorem": bound.theorem.id,
        "certificate": bound.certificate.to_dict(),
        "sources": cited(bound),
    }


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Growth above, bounds below."""
    with style.paper_style():
        figure, (top, bottom) = plt.subplots(2, 1, figsize=(style.COLUMN, 4.2), layout="constrained")
        for record in (r for r in records if r["panel"] == "growth"):
            bits, W = record["bits"], record["weights"]
            line = {"color": "black", "linewidth": 1.2} if bits is None else {"color": style.GREY, "linewidth": 0.9}
            top.plot(record["m"], np.array(record["log2_growth"]) / W, **line, zorder=3 if bits is None else 2)
            if bits is not None:
                top.plot(record["switch"], bits, "o", color="black", markerfacecolor="white", zorder=4)
            top.annotate(
                "real" if bits is None else f"$b={bits}$",
                (record["m"][-1], record["log2_growth"][-1] / W),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                annotation_clip=False,
            )
        top.set_xlabel("number of points $m$")
        top.set_ylabel("$\\log_2\\Pi(m)\\,/\\,W$")
        top.set_xlim(100, 10**8)
        for width, look in zip(WIDTHS, style.SERIES, strict=True):
            curve = [r for r in records if r["panel"] == "bound" and r["widths"][0] == width]
            real = curve.pop()
            bottom.plot([r["bits"] for r in curve], [r["lower"] for r in curve], **look.line(linestyle="-"))
            bottom.axhline(real["lower"], color=look.color, linestyle=(0, (5, 2)), linewidth=0.8)
            bottom.annotate(
                f"$W={real['weights']}$",
                (1, curve[0]["lower"]),
                xytext=(5, 4),
                textcoords="offset points",
                color=look.color,
                va="bottom",
            )
        bottom.set_xlabel("bits per weight $b$")
        bottom.set_ylabel("lower bound on $E_2$")
        for ax in (top, bottom):
            ax.set_xscale("log")
            ax.set_yscale("log")
        style.log_ticks(top.xaxis, every=2)
        bottom.set_ylim(top=2.5 * max(r["lower"] for r in records if r["panel"] == "bound"))
        style.log_ticks(bottom.yaxis)
        top.yaxis.set_major_locator(FixedLocator([1, 2, 4, 8, 16, 32]))
        top.yaxis.set_minor_locator(NullLocator())
        top.yaxis.set_major_formatter(ScalarFormatter())
        bottom.xaxis.set_major_locator(FixedLocator([1, 2, 4, 8, 16, 32, 64]))
        bottom.xaxis.set_minor_locator(NullLocator())
        bottom.xaxis.set_major_formatter(ScalarFormatter())
        style.panel(top, "(a)")
        style.panel(bottom, "(b)")
        return style.save(figure, name=name, out=out)


QUANTISED = Product(
    name="quantised",
    about="b-bit ReLU networks: growth bound, and certified lower bound against the bits",
    caption=(
        r"What $b$ bits a weight cost, for ReLU networks with two hidden layers. (a) The growth bound $\log_2\Pi(m)$ "
        r"per weight, for layers of 16 units: it is at most $b$, and leaves the bound of real weights at the "
        r"circles. (b) The certified lower bound on $E_2$ for the Lipschitz ball in dimension 2; dashed: real "
        r"weights."
    ),
    queries=queries,
    solve=solve,
    write=write,
    tolerances={"log2_growth": 1e-12, "m": 1e-12},  # floats
)

if __name__ == "__main__":
    run_from_command_line(QUANTISED)
