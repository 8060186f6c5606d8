"""Figure: the capacity of recurrent networks, measured below the certified bound.

Measured: the largest m such that training fits random labels of m random sequences in at least half of the draws
(:func:`hadamrnn.expressivity.memorisation`), an experiment; and, crosses, the largest shattered set found for the
HadamRNN (:func:`hadamrnn.expressivity.shattered`), a proved lower bound on the pseudo-dimension. Bounds: on the
pseudo-dimension; random labels of m points are fitted in at most a share Pi(m)/2^m of all draws, below one half beyond
``limit``, which is one or two points above it. Of LSTM and GRU networks there are bounds only: none is trained.
From the repository root, with more draws, restarts and sizes (an hour): ``python -m paper_figures.capacity --full
--train``. Sources: approxbounds; Foucault, Mamalet and Malgouyres (2024, 2025).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

import approxbounds as ab
from approxbounds import plots
from approxbounds.plots import Series
from hadamrnn import Config, NetworkConfig, QORNNConfig
from hadamrnn.errors import BoundViolationError
from hadamrnn.expressivity.capacity import label_limit, memorisation, require_possible, shattered
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["CAPACITY", "FULL"]

BITS, STEPS = 4, 10
LEVEL, SEED = Fraction(1, 2), 0
SIZES, MORE_SIZES = (1, 2, 4, 8, 16), (1, 2, 4, 8, 16, 32)
LENGTHS, MORE_LENGTHS = (1, 3, 10, 40), (1, 2, 5, 10, 20, 50, 100, 200)
LENGTHS_AT = 4  # hidden units
DEPTHS = (1, 2, 4, 8)  # bits
DEPTHS_AT = 8
SHATTERED, MORE_SHATTERED = (1, 2), (1, 2, 4)
NAMES = {
    "hadamrnn": "HadamRNN, linear, 4 bits",
    "qornn": "QORNN, ReLU, 4 bits",
    "orthogonal": "orthogonal, ReLU, real",
}
LOOKS = dict(zip(NAMES, style.SERIES, strict=True))
#: Classes of which only the bound is drawn, with 4 bits for each parameter.
BOUNDED = {"lstm": ab.LSTM, "gru": ab.GRU}
BOUNDED_LOOKS = {"lstm": Series("#2A7A3B", "v", (0, (8, 1.5))), "gru": plots.SERIES[3]}


def network(family: str, hidden: int, bits: int) -> NetworkConfig:
    """One input, one output."""
    shape: dict[str, Any] = {"inputs": 1, "hidden": hidden, "outputs": 1}
    if family == "hadamrnn":
        return Config(**shape, bits=bits)
    if family == "qornn":
        return QORNNConfig(**shape, bits=bits, recurrent_bits=bits, activation="relu")
    return QORNNConfig(**shape, activation="relu")


def queries(*, quick: bool = False, full: bool = False) -> list[dict[str, Any]]:
    """The points of the three panels, then the shattered sets, then bounds alone."""
    sizes, lengths, small = (
        ((2,), (2,), (1,))
        if quick
        else (MORE_SIZES, MORE_LENGTHS, MORE_SHATTERED)
        if full
        else (SIZES, LENGTHS, SHATTERED)
    )
    effort = (
        {"draws": 20, "restarts": 10, "iterations": 1000} if full else {"draws": 4, "restarts": 2, "iterations": 200}
    )
    points = [("hidden", family, n, STEPS, BITS) for family in NAMES for n in sizes]
    points += [("steps", family, LENGTHS_AT, T, BITS) for family in NAMES for T in lengths]
    points += [
        ("bits", family, DEPTHS_AT, STEPS, b) for family in ("hadamrnn", "qornn") for b in (() if quick else DEPTHS)
    ]
    names = ("panel", "family", "hidden", "steps", "bits")
    found = [dict(zip(names, point, strict=True)) | effort for point in points]
    effort = {"draws": 5 if full else 1, "restarts": effort["restarts"], "iterations": effort["iterations"]}
    found += [dict(zip(names, ("shattered", "hadamrnn", n, STEPS, BITS), strict=True)) | effort for n in small]
    points = [("hidden", family, n, STEPS, BITS) for family in BOUNDED for n in sizes]
    points += [("steps", family, LENGTHS_AT, T, BITS) for family in BOUNDED for T in lengths]
    return found + [dict(zip(names, point, strict=True)) for point in points]


def trains(*, family: str, **_: Any) -> bool:
    """Whether networks of this family are trained."""
    return family not in BOUNDED


def train(
    *, panel: str, family: str, hidden: int, steps: int, bits: int, draws: int, restarts: int, iterations: int
) -> Record:
    """What was measured; the points fitted in each draw."""
    config = network(family, hidden, bits)
    effort: dict[str, Any] = {"restarts": restarts, "iterations": iterations, "seed": SEED, "progress": False}
    if panel == "shattered":
        return {"seed": SEED, "measured": shattered(config, steps=steps, sets=draws, most=10, **effort).size}
    found = memorisation(config, steps=steps, draws=draws, level=LEVEL, **effort)
    return {"seed": SEED, "measured": found.capacity, "fitted": list(found.fitted)}


def solve(
    *, panel: str, family: str, hidden: int, steps: int, bits: int, trained: Record | None = None, **effort: int
) -> Record:
    """What was measured, and the certified bound, which it may not refute; the ratio has three digits."""
    if trained is None:
        G: ab.NetworkClass = BOUNDED[family](hidden=hidden, steps=steps, bits=bits)
    else:
        G = network(family, hidden, bits).as_class(steps=steps)
    bound = G.pseudo_dimension()
    record: Record = {"panel": panel, "family": family, "hidden": hidden, "steps": steps}
    record |= {"bits": None if family == "orthogonal" else bits, "bound": int(bound.value)}
    proof = {"bound_theorem": bound.theorem.id, "sources": cited(bound)}
    if trained is None:
        return record | proof
    measured = trained["measured"]
    if panel != "shattered":
        require_possible(G, trained["fitted"])
        record["limit"] = label_limit(G, LEVEL)
    elif measured > record["bound"]:
        raise BoundViolationError(f"{measured} points are shattered, at most {record['bound']} can be by {G}")
    return record | {"measured": measured, "ratio": float(f"{measured / record['bound']:.3g}")} | proof


def _draw(ax: Axes, records: list[Record], name: str) -> None:
    """Bounds with open markers, measurements with filled ones."""
    for family, look in (LOOKS | BOUNDED_LOOKS).items():
        curve = [r for r in records if r["panel"] == name and r["family"] == family]
        at = [r[name] for r in curve]
        ax.plot(at, [r["bound"] for r in curve], **look.line(markerfacecolor="white", linewidth=0.7))
        if trains(family=family):
            ax.plot(at, [r["measured"] for r in curve], **look.line())
    if name == "hidden":
        sets = [r for r in records if r["panel"] == "shattered"]
        color = LOOKS["hadamrnn"].color
        ax.plot([r["hidden"] for r in sets], [r["measured"] for r in sets], "x", color=color, markersize=5)


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Against n above, against T and bits below."""
    labels = {"hidden": "hidden units $n$", "steps": "steps $T$", "bits": "bits per weight"}
    with style.paper_style():
        figure, axes = plt.subplot_mosaic(
            [["hidden", "hidden"], ["steps", "bits"]],
            figsize=(style.COLUMN, 4.4),
            layout="constrained",
            height_ratios=[1.3, 1],
        )
        for panel, letter in zip(labels, "abc", strict=True):
            ax = axes[panel]
            _draw(ax, records, panel)
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlabel(labels[panel])
            ax.set_ylim(bottom=2 if panel == "hidden" else 4 if panel == "steps" else 9)
            style.log_ticks(ax.yaxis)
            at = sorted({r[panel] for r in records if r["panel"] == panel})
            ax.set_xticks(at, [str(x) for x in at])
            ax.xaxis.set_minor_locator(NullLocator())
            style.panel(ax, f"({letter})" + {"steps": f" $n={LENGTHS_AT}$", "bits": f" $n={DEPTHS_AT}$"}.get(panel, ""))
        for panel in ("hidden", "steps"):
            axes[panel].set_ylabel("points")
        handles = [Line2D([], [], **look.line()) for look in LOOKS.values()]
        for look in BOUNDED_LOOKS.values():
            handles.append(Line2D([], [], **look.line(markerfacecolor="white", linewidth=0.7)))
        for marker, face in (("o", "white"), ("o", "black"), ("x", "black")):
            handles.append(Line2D([], [], color="black", marker=marker, markerfacecolor=face, linestyle=""))
        labels_of_marks = ("certified bound", "labels fitted", "shattered")
        names = [*NAMES.values(), *(f"{G.__name__}, {BITS} bits" for G in BOUNDED.values())]
        figure.legend(handles, [*names, *labels_of_marks], loc="outside upper center", ncols=2)
        return style.save(figure, name=name, out=out)


CAPACITY = Product(
    name="capacity",
    about="random labels memorised and points shattered by recurrent networks, below the certified pseudo-dimension",
    caption=(
        "Capacity of recurrent networks with one input per step. Filled: the most random sequences whose random labels "
        "training fits in half of the draws; crosses: the largest set found that HadamRNNs shatter, with exact "
        "witnesses. Open: certified upper bounds on the pseudo-dimension. LSTM and GRU: bounds alone, in exact "
        rf"arithmetic with one of $2^{BITS}$ values for each parameter, biases too; of a network as it is deployed, "
        rf"rounding included, all stored numbers count, {BITS} bits each, and both biases of a gate. "
        rf"(a) Against $n$, at $T={STEPS}$. (b) Against $T$. (c) Against the bits of $U$, $v$ and, for QORNN, $W$, at "
        rf"$T={STEPS}$."
    ),
    queries=queries,
    train=train,
    trains=trains,
    solve=solve,
    write=write,
    citations=(ab.Citation("approxbounds", "6"), ab.Citation("Cho2014"), ab.Citation("HochreiterSchmidhuber1997")),
    tolerances={"measured": 0.5, "ratio": 0.5},  # training depends on the rounding of the machine
)

#: With more draws, restarts and sizes.
FULL = replace(CAPACITY, name="capacity_full", queries=partial(queries, full=True))

if __name__ == "__main__":
    chosen = FULL if "--full" in sys.argv else CAPACITY
    run_from_command_line(chosen, argv=[word for word in sys.argv[1:] if word != "--full"])
