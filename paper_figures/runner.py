"""Figures and tables made, or their numbers compared with the manifest: the command line of every script.

Files are written under a temporary name and renamed, so an interrupted run leaves no half-written file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import approxbounds as ab
from paper_figures import manifest
from paper_figures.product import Product, Record, write_json

__all__ = ["DEFAULT_OUT", "Made", "make", "run_from_command_line"]

DEFAULT_OUT = Path(__file__).resolve().parent / "out"


def solve(
    products: Iterable[Product], *, settings: Sequence[bool], progress: bool = True
) -> Iterator[tuple[Product, dict[str, Record]]]:
    """Each product with its records by the label of their query; ``settings``: whether quick, or both."""
    work = []
    for product in products:
        asked = [query for quick in settings for query in product.queries(quick=quick)]
        work.append((product, {manifest.label(query): query for query in asked}))
    total = sum(len(queries) for _, queries in work)
    with tqdm(total=total, disable=not progress, file=sys.stderr, unit="query") as bar:
        for product, queries in work:
            bar.set_description(product.name)
            records = {}
            for label, query in queries.items():
                records[label] = product.solve(**query)
                bar.update()
            yield product, records


@dataclass(frozen=True)
class Made:
    """A product with its records by the label of their query, and the files made from them."""

    product: Product
    records: dict[str, Record]
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        """The paths, what is text, the caption and its sources."""
        texts = [path.read_text(encoding="utf-8") for path in self.paths if path.suffix == ".txt"]
        sources = "; ".join(f"{source} [{source.key}]" for source in self.product.sources(self.records.values()))
        return "\n".join([*map(str, self.paths), *texts, self.product.caption, f"Sources: {sources}.", ""])


def make(products: Iterable[Product], *, out: Path, quick: bool = False, progress: bool = True) -> list[Made]:
    """Answer all queries of the products and write their files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for product, records in solve(products, settings=(quick,), progress=progress):
        answers = list(records.values())
        paths = product.write(name=product.name, records=answers, out=out)
        made.append(Made(product, records, (*paths, write_json(product, answers, out))))
    return made


def check(products: Iterable[Product], *, path: Path, quick: bool, progress: bool) -> list[str]:
    """Answer all queries and compare the numbers with those stored at ``path``: one line for each difference."""
    stored = manifest.read(path)
    solved = solve(products, settings=(quick,), progress=progress)
    return [line for product, records in solved for line in manifest.differences(product, records, stored)]


def update(products: Iterable[Product], *, path: Path, progress: bool) -> None:
    """Answer all queries of the full and the quick setting and store their records at ``path``."""
    solved = solve(products, settings=(False, True), progress=progress)
    fresh = {product.name: records for product, records in solved}
    manifest.write(manifest.read(path) | fresh, path)


def run_from_command_line(*products: Product, argv: Sequence[str] | None = None) -> None:
    """The command line of every script; the exit status is 1 if a check finds differences, 2 for bad input."""
    parser = argparse.ArgumentParser(description="; ".join(product.about for product in products))
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder for the files (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="coarse grids, for a trial run")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar on stderr")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="write nothing, compare the numbers with the manifest")
    instead.add_argument("--update", action="store_true", help="write nothing but the manifest")
    parser.add_argument("--manifest", type=Path, default=manifest.MANIFEST, help="the stored numbers (%(default)s)")
    given = parser.parse_args(argv)
    try:
        _run(products, given)
    except (ab.ParameterError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _run(products: Sequence[Product], given: argparse.Namespace) -> None:
    progress = not given.no_progress
    if given.update:
        update(products, path=given.manifest, progress=progress)
        print(given.manifest)
    elif given.check:
        found = check(products, path=given.manifest, quick=given.quick, progress=progress)
        names = ", ".join(product.name for product in products)
        print("\n".join(found) if found else f"{names}: all numbers are those of the manifest")
        if found:
            sys.exit(1)
    else:
        for made in make(products, out=given.out, quick=given.quick, progress=progress):
            print(made)
