"""Figure: what trained recurrent networks achieve against their size in kB, coloured by the certified capacity bound.

The trained results are those of ``tests/benchmarks/bench_qornn.py``, stored in ``data/qornn.json`` with their settings
(means over seeds); the bounds on the pseudo-dimension of the network's class are computed here (approxbounds, 6).
"""

from __future__ import annotations

import json
import statistics
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

import approxbounds as ab
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["TRAINING"]

DATA = Path(__file__).resolve().parent / "data" / "qornn.json"
#: What names a row of the data.
KEYS = ("task", "strategy", "n", "block", "recurrent_bits")
#: The title of the panel, and the score.
TASKS = {
    "copy": ("(a) copy, $T=100$", "symbols right"),
    "copy-1000": ("(b) copy, $T=1000$", "symbols right"),
    "permuted": ("(c) permuted MNIST", "accuracy"),
    "sequential": ("(d) sequential MNIST", "accuracy"),
    "text": ("(e) text", "bits per character"),
}
#: Strategy and block size: name, marker, and a factor by which points of equal size are drawn side by side.
SHOWN = {
    ("hadamrnn", None): ("HadamRNN", "o", 1.0),
    ("hadamrnn", 32): ("HadamRNN, blocks of 32", "P", 0.87),
    ("hadamrnn", 8): ("HadamRNN, blocks of 8", "X", 0.76),
    ("projunn", None): ("STE-projUNN", "^", 1.0),
    ("bjorck", None): ("STE-Björck", "s", 1.0),
    ("penalty", None): ("STE-pen", "D", 1.0),
    ("grid", None): ("STE-pen from the grid", "p", 1.0),
    ("ptq", None): ("PTQ", "v", 1.0),
    ("full", None): ("full precision", "*", 1.0),
}
#: Bits per character from bad to good; what is worse stands at the edge, with its number.
WORST, BEST = 3.4, 2.55


@cache
def rows() -> dict[tuple[Any, ...], Record]:
    """The stored rows: settings, and the runs of each seed."""
    stored = json.loads(DATA.read_text(encoding="utf-8"))["rows"]
    return {tuple(row.get(key) for key in KEYS): row for row in stored}


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every row; quick: of the first task."""
    return [dict(zip(KEYS, key, strict=True)) for key in rows() if not quick or key[0] == next(iter(TASKS))]


def network(row: Record) -> ab.NetworkClass:
    """The class of one output of such a network."""
    same = {"hidden": row["n"], "steps": row["steps"], "inputs": row["inputs"], "activation": row["activation"]}
    if row["kind"] == "hadamrnn":
        return ab.HadamRNN(block=row.get("block"), bits=row["bits"], **same)
    if row["recurrent_bits"] is None:
        return ab.OrthogonalRNN(bits=row["bits"], **same)
    return ab.QORNN(recurrent_bits=row["recurrent_bits"], bits=row["bits"], **same)


def solve(**query: Any) -> Record:
    """The mean score of the runs that did not diverge, and the certified bound."""
    row = rows()[tuple(query[key] for key in KEYS)]
    scores = [run["score"] for run in row["runs"] if run["score"] is not None]
    bound = network(row).pseudo_dimension()
    return {
        **query,
        "kB": row["kB"],
        "seeds": len(row["runs"]),
        "diverged": len(row["runs"]) - len(scores),
        "score": round(statistics.mean(scores), 4) if scores else None,
        "pdim": bound.value,
        "theorem": bound.theorem.id,
        "sources": cited(bound),
    }


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """A panel for each task, and the legend in place of a sixth."""

    def marker_size(marker: str) -> float:
        return {"*": 7, "P": 5.5, "X": 5.5}.get(marker, 4.5)

    with style.paper_style():
        figure, axes = plt.subplots(2, 3, figsize=(2 * style.COLUMN, 4.2), layout="constrained")
        bounds = [record["pdim"] for record in records]
        norm = LogNorm(min(bounds), max(bounds) + 1)
        points = None
        *panels, last = axes.flat
        for ax, (task, (title, score)) in zip(panels, TASKS.items(), strict=True):
            shown = [record for record in records if record["task"] == task and record["score"] is not None]
            far = [record for record in shown if task == "text" and record["score"] > WORST]
            for (strategy, block), (_, marker, shift) in SHOWN.items():
                own = [record for record in shown if (record["strategy"], record["block"]) == (strategy, block)]
                points = ax.scatter(
                    [shift * record["kB"] for record in own],
                    [WORST if record in far else record["score"] for record in own],
                    c=[record["pdim"] for record in own],
                    norm=norm,
                    cmap="cividis_r",
                    marker=marker,
                    s=marker_size(marker) ** 2,
                    edgecolors="black",
                    linewidths=0.5,
                    clip_on=False,
                )
            for record in far:
                text, above = f"{record['score']:.1f}", {"xytext": (0, 4), "textcoords": "offset points"}
                ax.annotate(text, (record["kB"], WORST), ha="center", **above)
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(FixedLocator([1, 2, 5, 10, 20, 50, 100]))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(ScalarFormatter())
            ax.set_xlabel("size in kB")
            ax.set_ylabel(score)
            if task == "text":
                ax.set_ylim(WORST, BEST)
            style.panel(ax, title)
        hollow: Any = {"color": "black", "linestyle": "none", "markerfacecolor": "white"}
        marks = [
            Line2D([], [], marker=marker, markersize=marker_size(marker), markeredgewidth=0.5, label=label, **hollow)
            for label, marker, _ in SHOWN.values()
        ]
        last.legend(handles=marks, loc="center", frameon=False)
        last.axis("off")
        if points is not None:
            figure.colorbar(points, ax=axes, label=r"certified bound on $\mathrm{Pdim}(G)$", pad=0.01, aspect=40)
        return style.save(figure, name=name, out=out)


TRAINING = Product(
    name="training",
    about="trained HadamRNN and QORNN: score against size in kB, coloured by the certified capacity bound",
    caption=(
        r"What trained recurrent networks achieve against their size: HadamRNN (one recurrent bit; several $n$ and "
        r"block sizes, drawn side by side where sizes are equal) and QORNN ($n=128$, 2 to 8 bits) by post-training "
        r"quantisation (PTQ) and three ways of training with quantised weights, one of them also from an orthogonal "
        r"start on the grid of the bits; means over seeds, without runs that diverged. In (e) less is better, and two "
        r"points that are worse stand at the edge with their numbers. Colour: "
        r"certified upper bound on the pseudo-dimension of one output as a function of the sequence."
    ),
    queries=queries,
    solve=solve,
    write=write,
    citations=(ab.Citation("FoucaultMamaletMalgouyres2024"), ab.Citation("FoucaultMamaletMalgouyres2025")),
)

if __name__ == "__main__":
    run_from_command_line(TRAINING)
