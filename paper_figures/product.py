"""What a figure or a table is to ``make_all``: queries, the answer to each, and files made from the answers.

Files are written under a temporary name and renamed, so an interrupted run leaves no half-written file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

import approxbounds as ab
from approxbounds.files import write_atomically

__all__ = ["DEFAULT_OUT", "Product", "Record", "make", "run_from_command_line", "write_atomically", "write_json"]

#: One answered query: JSON-able, with the exact floats.
Record = dict[str, Any]

DEFAULT_OUT = Path(__file__).resolve().parent / "out"


@dataclass(frozen=True, kw_only=True)
class Product:
    """A figure or a table.

    ``queries(quick=)`` lists keyword arguments, ``solve(**query)`` answers one of them and ``write(name=, records=,
    out=)`` makes the files and returns their paths. ``quick`` means a coarse grid, for tests.
    """

    name: str
    about: str
    queries: Callable[..., list[dict[str, Any]]]
    solve: Callable[..., Record]
    write: Callable[..., list[Path]]


def write_json(product: Product, records: Sequence[Record], out: Path) -> Path:
    """The numbers behind a product, with the theorems used and their sources."""
    used = sorted({value for record in records for key, value in record.items() if key.endswith("theorem") and value})
    theorems = {
        name: {"title": ab.THEOREMS[name].title, "sources": [str(c) for c in ab.THEOREMS[name].citations]}
        for name in used
    }
    content = {
        "name": product.name,
        "about": product.about,
        "approxbounds": ab.__version__,
        "theorems": theorems,
        "records": list(records),
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    return write_atomically(out / f"{product.name}.json", text.encode())


def make(products: Iterable[Product], *, out: Path, quick: bool = False, progress: bool = True) -> list[Path]:
    """Answer all queries of the products and write their files; returns the paths."""
    out.mkdir(parents=True, exist_ok=True)
    work = [(product, product.queries(quick=quick)) for product in products]
    paths = []
    with tqdm(
        total=sum(len(queries) + 1 for _, queries in work), disable=not progress, file=sys.stderr, unit="query"
    ) as bar:
        for product, queries in work:
            bar.set_description(product.name)
            records = []
            for query in queries:
                records.append(product.solve(**query))
                bar.update()
            paths += product.write(name=product.name, records=records, out=out)
            paths.append(write_json(product, records, out))
            bar.update()
    return paths


def run_from_command_line(*products: Product, argv: Sequence[str] | None = None) -> list[Path]:
    """The command line of every script: --out, --quick, --no-progress; prints the paths written."""
    parser = argparse.ArgumentParser(description="; ".join(product.about for product in products))
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder for the files (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="coarse grids, for a trial run")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar on stderr")
    given = parser.parse_args(argv)
    paths = make(products, out=given.out, quick=given.quick, progress=not given.no_progress)
    for path in paths:
        print(path)
    return paths
