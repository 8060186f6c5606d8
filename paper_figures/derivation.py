"""Figure: how a certified bound is derived, as a graph: every step that ``bound.explain()`` lists, with its sources.

The example is T3 (approxbounds, after Siegel 2023) for the Lipschitz ball and a ReLU network in dimension 2. An arrow
leads from a step to one that rests on it: the hard functions come from F, the count of sign patterns from G and the
number of cells, and the theorem puts them together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import approxbounds as ab
from approxbounds import plots
from paper_figures import style
from paper_figures.product import Product, Record, cited
from paper_figures.runner import run_from_command_line

__all__ = ["DERIVATION"]

DIM, P, WIDTHS = 2, 2, (16, 16)
#: The steps of T3: F, G, the hypercube family, the growth of G, the mass S, the theorem; last the claim. Rows.
GRID = ((0, 1), (2, 3), (5, 4), (6,))
ARROWS = ((0, 2), (1, 3), (2, 3), (3, 4), (2, 5), (4, 5), (5, 6))


def queries(*, quick: bool = False) -> list[dict[str, Any]]:
    """One bound."""
    return [{"widths": list(WIDTHS), "dim": DIM, "p": P}]


def solve(*, widths: list[int], dim: int, p: int) -> Record:
    """The bound, its steps with their sources, and its certificate."""
    F, G = ab.LipschitzBall(dim=dim), ab.ReLUNetwork(widths=tuple(widths), input_dim=dim)
    bound = ab.lower_bound(F, G, p=p)
    return {
        "theorem": bound.theorem.id,
        "claim": bound.latex,
        "lower": bound.value,
        "steps": [step.text for step in bound.steps],
        "citations": [[str(citation) for citation in step.citations] for step in bound.steps],
        "sources": cited(bound),
        "certificate": bound.certificate.to_dict(),
    }


def write(*, name: str, records: list[Record], out: Path) -> list[Path]:
    """Boxes and arrows, over the width of both columns."""
    (record,) = records
    texts = list(zip(record["steps"], record["citations"], strict=True))
    claim = f"${record['claim']}$ [{record['theorem']}, certified]"
    with style.paper_style():
        figure = plots.boxes(texts, claim, rows=GRID, arrows=ARROWS).get_figure(root=True)
        assert figure is not None
        return style.save(figure, name=name, out=out, dpi=220)  # large, so fewer dots


DERIVATION = Product(
    name="derivation",
    about="the derivation of a certified bound as a graph",
    caption=(
        r"The derivation of a certified lower bound on $E_2(F, G)$ by T3, for the Lipschitz ball and a ReLU network "
        r"with two hidden layers of 16 units in dimension 2. Arrows lead to the steps that rest on a step."
    ),
    queries=queries,
    solve=solve,
    write=write,
)

if __name__ == "__main__":
    run_from_command_line(DERIVATION)
