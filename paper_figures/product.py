"""What a figure or a table is: queries, the answer to each, and files made from the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import approxbounds as ab
from approxbounds.files import write_atomically

__all__ = ["Product", "Record", "cited", "write_json"]

#: One answered query: JSON-able, with the exact floats.
Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A figure or a table.

    ``queries(quick=)`` lists keyword arguments (JSON-able, together unique), ``solve(**query)`` answers one of them and
    ``write(name=, records=, out=)`` makes the files and returns their paths. ``quick`` means a coarse grid, for tests.
    ``train(**query)``, where there is one, trains networks for minutes: what it returns is stored with its settings
    (:mod:`paper_figures.results`) and given to ``solve(**query, trained=)``. Queries that need no training are those
    of which ``trains(**query)`` is false.
    ``caption`` is LaTeX. It cites what the records list in a field ``sources`` (see :func:`cited`), the theorems that
    they name in fields ending with "theorem", and ``citations``. ``tolerances``: the relative tolerance, against the
    manifest, of every number in a field of this name; all others must agree exactly.
    """

    name: str
    about: str
    caption: str
    queries: Callable[..., list[dict[str, Any]]]
    solve: Callable[..., Record]
    write: Callable[..., list[Path]]
    train: Callable[..., Record] | None = None
    trains: Callable[..., bool] = lambda **query: True
    citations: tuple[ab.Citation, ...] = ()
    tolerances: Mapping[str, float] = field(default_factory=dict)

    def sources(self, records: Iterable[Record]) -> tuple[ab.Citation, ...]:
        """What the caption cites, in alphabetical order."""
        records = list(records)
        keys = {key for record in records for key in record.get("sources", ())}
        keys |= {citation.key for name in _theorems(records) for citation in ab.THEOREMS[name].citations}
        keys |= {citation.key for citation in self.citations}
        return tuple(sorted(map(ab.Citation, keys), key=str))


def cited(*bounds: ab.Bound) -> list[str]:
    """The BibTeX keys of all sources of some bounds: the field ``sources`` of a record."""
    return sorted({citation.key for bound in bounds for citation in bound.sources})


def _theorems(records: Iterable[Record]) -> list[str]:
    """The theorems that the records use."""
    return sorted({value for record in records for key, value in record.items() if key.endswith("theorem") and value})


def write_json(product: Product, records: Sequence[Record], out: Path) -> Path:
    """The numbers behind a product, its caption, and the theorems used with their sources."""
    theorems = {
        name: {"title": ab.THEOREMS[name].title, "sources": [str(c) for c in ab.THEOREMS[name].citations]}
        for name in _theorems(records)
    }
    content = {
        "name": product.name,
        "about": product.about,
        "caption": product.caption,
        "sources": [citation.key for citation in product.sources(records)],
        "approxbounds": ab.__version__,
        "theorems": theorems,
        "records": list(records),
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    return write_atomically(out / f"{product.name}.json", text.encode())
