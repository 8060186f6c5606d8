"""Figure: monotone functions in L^p. The exponent of the rate and the certified lower bound against p.

(a) The entropy exponent a = max(d, (d-1)p) (Gao and Wellner 2007): the error of networks decreases like
Pdim^{-1/a}. The regime changes at (d-1)p = d. (b) The certified lower bound (T3; approxbounds, after Siegel 2023)
for one ReLU network with two hidden layers of 50 units, and the wall that it approaches: in sup norm the error
is at least 1/2 for every network of finite pseudo-dimension (T3inf).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

import approxbounds as ab
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["MONOTONE"]

DIMENSIONS = (2, 3, 4)
WIDTHS = (50, 50)
LARGEST_P = 12


def exponents(*, quick: bool = False) -> list[Fraction]:
    """p from 1 to 12, finely near the changes of regime at p = d/(d-1), which are among them."""
    changes = {Fraction(d, d - 1) for d in DIMENSIONS}
    if quick:
        return sorted({Fraction(1), Fraction(3), Fraction(LARGEST_P), *changes})
    fine = {1 + Fraction(i, 12) for i in range(30)}
    return sorted({*fine, *(Fraction(i, 4) for i in range(14, 4 * LARGEST_P + 1)), *changes})


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every dimension and p, and the sup norm."""
    return [{"dim": dim, "p": p} for dim in DIMENSIONS for p in (*map(str, exponents(quick=quick)), "inf")]


def solve(*, dim: int, p: str) -> Record:
    """The exponent and the bound for one d and p."""
    F = ab.MonotoneFunctions(dim=dim)
    network = ab.ReLUNetwork(widths=WIDTHS, input_dim=dim)
    bound, upper = ab.lower_bound(F, network, p=p), ab.upper_bound(F, network, p=p)
    exponent = F.entropy_exponent(bound.query.p)
    return {
        "dim": dim,
        "p": p,
        "widths": list(WIDTHS),
        "weights": network.weights,
        "entropy_exponent": str(exponent),
        "regime_change": str(Fraction(dim, dim - 1)),
        "lower": bound.value,
        "upper": upper.value,
        "theorem": bound.theorem.id,
        "sources": cited(bound, upper),
    }


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Exponents above, certified bounds below."""
    with style.paper_style():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(style.COLUMN, 3.6), sharex=True, layout="constrained", height_ratios=[1, 1.35]
        )
        for dim, look in zip(DIMENSIONS, style.SERIES, strict=True):
            curve = [r for r in records if r["dim"] == dim and r["p"] != "inf"]
            p = [float(Fraction(r["p"])) for r in curve]
            for ax, values in (
                (top, [float(Fraction(r["entropy_exponent"])) for r in curve]),
                (bottom, [r["lower"] for r in curve]),
            ):
                change = [i for i, r in enumerate(curve) if r["p"] == r["regime_change"]]
                ax.plot(p, values, **look.line(markevery=change, markersize=5, markerfacecolor="white"), zorder=3)
            top.annotate(
                f"$d={dim}$",
                (p[-1], float(Fraction(curve[-1]["entropy_exponent"]))),
                xytext=(4, 0),
                textcoords="offset points",
                color=look.color,
                va="center",
                annotation_clip=False,
            )
            near = min(range(len(p)), key=lambda i: abs(p[i] - 2.5))
            above = dim == DIMENSIONS[-1]
            bottom.annotate(
                f"$d={dim}$",
                (p[near], curve[near]["lower"]),
                xytext=(-5, 3) if above else (5, -3),
                textcoords="offset points",
                color=look.color,
                ha="right" if above else "left",
                va="bottom" if above else "top",
            )
        wall = min(r["lower"] for r in records if r["p"] == "inf")
        bottom.axhline(wall, color=style.GREY, linewidth=0.8)
        bottom.set_xlabel("$p$")
        top.set_ylabel("$a=\\max(d,(d-1)p)$")
        bottom.set_ylabel("lower bound on $E_p$")
        for ax in (top, bottom):
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlim(1, LARGEST_P)
            ax.xaxis.set_major_locator(FixedLocator([1, 2, 3, 4, 6, 8, 12]))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(ScalarFormatter())
        top.yaxis.set_major_locator(FixedLocator([2, 4, 8, 16, 32]))
        top.yaxis.set_minor_locator(NullLocator())
        top.yaxis.set_major_formatter(ScalarFormatter())
        bottom.set_ylim(1e-4, 1)
        style.log_ticks(bottom.yaxis)
        bottom.annotate(
            f"$E_\\infty\\geq {Fraction(wall)}$",
            (1, wall),
            xytext=(6, -3),
            textcoords="offset points",
            color=style.GREY,
            va="top",
        )
        style.panel(top, "(a)")
        style.panel(bottom, "(b)")
        return style.save(figure, name=name, out=out)


MONOTONE = Product(
    name="monotone",
    about="monotone functions: entropy exponent and certified lower bound against p",
    caption=(
        r"Monotone functions in $L^p$. (a) The entropy exponent $a$; circles: the change of regime at $p=d/(d-1)$. "
        r"(b) The certified lower bound for one ReLU network with two hidden layers of 50 units, and the wall $1/2$ "
        r"that it approaches: the bound in sup norm for every network."
    ),
    queries=queries,
    solve=solve,
    write=write,
)

if __name__ == "__main__":
    run_from_command_line(MONOTONE)
