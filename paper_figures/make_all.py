"""Make every figure and the table of the paper, and print their captions; or compare their numbers with the manifest.

From the repository root: ``python -m paper_figures.make_all [--out DIR] [--quick] [--check | --update]``.
"""

from __future__ import annotations

from collections.abc import Sequence

from paper_figures.approximation import APPROXIMATION
from paper_figures.bracket import BRACKET
from paper_figures.capacity import CAPACITY
from paper_figures.derivation import DERIVATION
from paper_figures.hard_functions import HARD_FUNCTIONS
from paper_figures.monotone import MONOTONE
from paper_figures.quantised import QUANTISED
from paper_figures.runner import run_from_command_line
from paper_figures.table import TABLE
from paper_figures.theorems import THEOREMS
from paper_figures.training import TRAINING

__all__ = ["PRODUCTS", "main"]

PRODUCTS = (
    *(BRACKET, MONOTONE, THEOREMS, QUANTISED, HARD_FUNCTIONS, DERIVATION, TABLE),
    *(CAPACITY, APPROXIMATION, TRAINING),
)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    run_from_command_line(*PRODUCTS, argv=argv)


if __name__ == "__main__":
    main()
