"""Make every figure and the table of the paper, and print the table.

From the repository root: ``python -m paper_figures.make_all [--out DIR] [--quick] [--no-progress]``.
"""

from __future__ import annotations

from collections.abc import Sequence

from paper_figures.bracket import BRACKET
from paper_figures.monotone import MONOTONE
from paper_figures.product import run_from_command_line
from paper_figures.quantised import QUANTISED
from paper_figures.table import TABLE
from paper_figures.theorems import THEOREMS

__all__ = ["PRODUCTS", "main"]

PRODUCTS = (BRACKET, MONOTONE, THEOREMS, QUANTISED, TABLE)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    paths = run_from_command_line(*PRODUCTS, argv=argv)
    table = next(path for path in paths if path.name == f"{TABLE.name}.txt")
    print("\n" + table.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
