"""The paper's table: rates of T1 and T3, the best known upper rate, and a certified number for one network.

Rows: function classes times degrees 0, 1, 2; the networks have two hidden layers of 50 units. All rates are those
of the library's bounds (T1: Achour et al. 2022; T3: approxbounds, after Siegel 2023; upper: see the footnotes),
shown without constant factors. Written as text, Markdown and
LaTeX (booktabs); the JSON holds a certificate for every number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import approxbounds as ab
from approxbounds import tables
from approxbounds.files import write_atomically
from approxbounds.functions.base import FunctionClass
from approxbounds.render import number
from paper_figures.product import Product, Record, cited
from paper_figures.rates import latex_rate, text_rate
from paper_figures.runner import run_from_command_line

__all__ = ["TABLE", "as_latex", "as_markdown", "as_text", "rounded_down"]

WIDTHS = (50, 50)
NETWORKS = (ab.HeavisideNetwork, ab.ReLUNetwork, partial(ab.ReLUPowerNetwork, power=2))  # by degree

#: name in LaTeX between dollars, class, p
CLASSES: tuple[tuple[str, FunctionClass, int], ...] = (
    ("Hölder $s=1/2$, $d=2$", ab.HolderBall(smoothness="1/2", dim=2), 2),
    ("Hölder $s=1$, $d=2$", ab.HolderBall(smoothness=1, dim=2), 2),
    ("Hölder $s=2$, $d=2$", ab.HolderBall(smoothness=2, dim=2), 2),
    ("Lipschitz $d=4$", ab.LipschitzBall(dim=4), 2),
    ("Monotone $d=2$", ab.MonotoneFunctions(dim=2), 1),
    ("Monotone $d=2$", ab.MonotoneFunctions(dim=2), 4),
    ("Monotone $d=4$", ab.MonotoneFunctions(dim=4), 4),
)

#: upper bound -> (mark, footnote with LaTeX between dollars)
NOTES = {
    "known-rate": ("a", "up to logarithms, by ReLU networks, which are among those of degree at least 1"),
    "cubes": ("b", "by step functions on cubes, realised by two hidden layers"),
    "level-sets": ("c", "by step functions on more boxes than units, through their level sets"),
    "monotone-columns": ("d", "by steps along columns, two hidden layers"),
    "level-curves": ("e", "by the level curves of monotone functions, two hidden layers"),
}
ABOUT = (
    "Rates without constants: $E_p$ is at least of order T1 and T3, and at most of the upper order. "
    "$W$: weights, $L$: layers."
)
CERTIFIED = f"Certified: a lower bound on $E_p$ for hidden widths {WIDTHS}; the last column is the number of weights."


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """Every class and degree."""
    return [{"row": row, "degree": degree} for row in range(len(CLASSES)) for degree in range(3)]


def _best_rate(bounds: Sequence[ab.Bound]) -> ab.Bound | None:
    """The bound whose rate is smallest for a huge network; the first of equals."""
    huge = {"W": 10**60, "L": 3}

    def size(bound: ab.Bound) -> float:
        return float(bound.rate.subs({symbol: huge[symbol.name] for symbol in bound.rate.free_symbols}))

    found = min(bounds, key=size, default=None)
    return None if found is None or not found.rate.free_symbols else found


def solve(*, row: int, degree: int) -> Record:
    """One row of the table."""
    name, F, p = CLASSES[row]
    network = NETWORKS[degree](widths=WIDTHS, input_dim=F.domain_dim)
    lower = {bound.theorem.id: bound for bound in ab.lower_bounds(F, network, p=p)}
    best = max((bound for bound in lower.values() if bound.number is not None), key=lambda bound: bound.value)
    uppers = ab.upper_bounds(F, network, p=p).bounds
    any_activation = ab.FeedForwardNetwork(widths=WIDTHS, input_dim=F.domain_dim, degree=degree, pieces=2)
    upper = _best_rate((*uppers, *ab.upper_bounds(F, any_activation, p=p)))
    return {
        "class": name,
        "functions": str(F),
        "p": p,
        "degree": degree,
        "t1_rate": text_rate(lower["T1"].rate),
        "t1_latex": latex_rate(lower["T1"].rate),
        "t1_theorem": "T1",
        "t3_rate": text_rate(lower["T3"].rate),
        "t3_latex": latex_rate(lower["T3"].rate),
        "t3_theorem": "T3",
        "upper_rate": None if upper is None else text_rate(upper.rate),
        "upper_latex": None if upper is None else latex_rate(upper.rate),
        "upper_rate_theorem": None if upper is None else upper.theorem.id,
        "lower": best.value,
        "lower_theorem": best.theorem.id,
        "upper": min(bound.value for bound in uppers if bound.number is not None),
        "widths": list(WIDTHS),
        "weights": network.weights,
        "certificate": best.certificate.to_dict(),
        "sources": cited(best, lower["T1"], lower["T3"], *([] if upper is None else [upper])),
    }


def rounded_down(value: float, *, tex: bool, digits: int = 3) -> str:
    """A positive float to some digits, never above its value.

    >>> rounded_down(0.0098349, tex=False), rounded_down(0.0098349, tex=True)
    ('9.83e-03', '9.83\\\\cdot10^{-3}')
    """
    mantissa, exponent = f"{Decimal(number(value, False, digits)):.{digits - 1}e}".split("e")
    return rf"{mantissa}\cdot10^{{{int(exponent)}}}" if tex else f"{mantissa}e{int(exponent):+03d}"


def _plain(text: str) -> str:
    return text.replace("$", "")


def _cells(record: Record) -> tuple[str, ...]:
    """One row as plain text."""
    upper = "-"
    if record["upper_rate"] is not None:
        upper = f"{record['upper_rate']} [{NOTES[record['upper_rate_theorem']][0]}]"
    return (
        _plain(record["class"]),
        str(record["p"]),
        str(record["degree"]),
        record["t1_rate"],
        record["t3_rate"],
        upper,
        rounded_down(record["lower"], tex=False),
        str(record["weights"]),
    )


_HEADER = ("class", "p", "degree", "T1", "T3", "upper", "certified", "W")


def _notes(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The footnotes that occur, and one for missing rates."""
    used = {record["upper_rate_theorem"] for record in records}
    notes = [note for theorem, note in NOTES.items() if theorem in used]
    return [*notes, ("-", "no rate is known to the library")] if None in used else notes


def _groups(records: Sequence[Record]) -> list[list[Record]]:
    """The rows class by class."""
    found: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        found.setdefault((record["class"], record["p"]), []).append(record)
    return list(found.values())


def _rows(records: Sequence[Record], cells: Callable[[Record], tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows class by class, an empty one between classes."""
    rows: list[tuple[str, ...]] = []
    for group in _groups(records):
        rows += [()] if rows else []
        rows += map(cells, group)
    return rows


def _formulas(record: Record) -> tuple[str, ...]:
    """The cells from the degree on, with LaTeX between dollars, the upper rate without its footnote."""
    return (
        str(record["degree"]),
        f"${record['t1_latex']}$",
        f"${record['t3_latex']}$",
        "" if record["upper_latex"] is None else f"${record['upper_latex']}$",
        f"${rounded_down(record['lower'], tex=True)}$",
        str(record["weights"]),
    )


def as_text(records: Sequence[Record]) -> str:
    """Aligned columns, a blank line between classes, footnotes."""
    lines = [tables.text(_HEADER, _rows(records, _cells)), "", _plain(ABOUT), _plain(CERTIFIED)]
    lines += [f"[{mark}] {_plain(text)}." for mark, text in _notes(records)]
    return "\n".join(lines) + "\n"


def as_markdown(records: Sequence[Record]) -> str:
    """A Markdown table with LaTeX formulas between dollars."""

    def cells(record: Record) -> tuple[str, ...]:
        degree, t1, t3, upper, *rest = _formulas(record)
        upper = f"{upper} [{NOTES[record['upper_rate_theorem']][0]}]" if upper else "-"
        return (record["class"], str(record["p"]), degree, t1, t3, upper, *rest)

    header = ("class", "$p$", "degree", "T1", "T3", "upper", "certified", "$W$")
    lines = [tables.markdown(header, _rows(records, cells)), "", ABOUT, CERTIFIED, ""]
    lines += [f"[{mark}] {text}.  " for mark, text in _notes(records)]
    return "\n".join(lines) + "\n"


def as_latex(records: Sequence[Record]) -> str:
    """A tabular with booktabs rules; the footnotes follow it."""
    first = [group[0] for group in _groups(records)]

    def cells(record: Record) -> tuple[str, ...]:
        degree, t1, t3, upper, *rest = _formulas(record)
        upper = f"{upper}\\textsuperscript{{{NOTES[record['upper_rate_theorem']][0]}}}" if upper else "--"
        name, p = (record["class"], str(record["p"])) if record in first else ("", "")
        return (name, p, degree, t1, t3, upper, *rest)

    header = ("class", "$p$", r"$\nu$", "T1", "T3", "upper", "certified", "$W$")
    lines = [
        r"% made by paper_figures/table.py; needs \usepackage{booktabs}",
        tables.latex(header, _rows(records, cells), "lccllllr"),
        *("", r"\par\smallskip\footnotesize", ABOUT, CERTIFIED),
    ]
    lines += [f"\\textsuperscript{{{mark}}}\\,{text[0].upper()}{text[1:]}." for mark, text in _notes(records)]
    return "\n".join(lines).replace("ö", r"\"o") + "\n"


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """table.txt, table.md and table.tex."""
    texts = {"txt": as_text(records), "md": as_markdown(records), "tex": as_latex(records)}
    return [write_atomically(out / f"{name}.{kind}", text.encode()) for kind, text in texts.items()]


TABLE = Product(
    name="table",
    about="the paper's table: rates and certified numbers",
    caption=(
        r"Rates of the lower bounds T1 and T3 and of the best known upper bound, and a certified lower bound for "
        r"networks with two hidden layers of 50 units."
    ),
    queries=queries,
    solve=solve,
    write=write,
)

if __name__ == "__main__":
    run_from_command_line(TABLE)
