"""Figures and tables made, or their numbers compared with the manifest: the command line of every script.

Numbers that take training are read from the stored results, or trained anew with ``--train``. Files are written under a
temporary name and renamed, so an interrupted run leaves no half-written file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

import approxbounds as ab
from paper_figures import manifest, results
from paper_figures.product import Product, Record, write_json

__all__ = ["DEFAULT_OUT", "Made", "make", "run_from_command_line"]

DEFAULT_OUT = Path(__file__).resolve().parent / "out"


@dataclass(frozen=True)
class Solved:
    """A product with its records by the label of their query, and what was trained for them."""

    product: Product
    records: dict[str, Record]
    trained: dict[str, Record]


def solve(
    products: Iterable[Product], *, settings: Sequence[bool], train: bool = False, progress: bool = True
) -> Iterator[Solved]:
    """The products one by one; ``settings``: whether quick, or both; ``train``: anew, instead of stored results."""
    work = []
    for product in products:
        asked = [query for quick in settings for query in product.queries(quick=quick)]
        work.append((product, {manifest.label(query): query for query in asked}))
    total = sum(len(queries) for _, queries in work)
    with tqdm(total=total, disable=not progress, file=sys.stderr, unit="query") as bar:
        for product, queries in work:
            bar.set_description(product.name)
            solved = Solved(product, {}, {})
            stored = {} if train or product.train is None else results.read(product.name)
            for label, query in queries.items():
                more = {}
                if product.train is not None and product.trains(**query):
                    found = product.train(**query) if train else stored.get(label)
                    if found is None:
                        raise ab.ParameterError("results", label, f"is not stored for {product.name}: use --train")
                    solved.trained[label] = more["trained"] = found
                solved.records[label] = product.solve(**query, **more)
                bar.update()
            yield solved


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


def make(
    products: Iterable[Product], *, out: Path, quick: bool = False, train: bool = False, progress: bool = True
) -> list[Made]:
    """Answer all queries of the products and write their files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for solved in solve(products, settings=(quick,), train=train, progress=progress):
        product, answers = solved.product, list(solved.records.values())
        paths = product.write(name=product.name, records=answers, out=out)
        made.append(Made(product, solved.records, (*paths, write_json(product, answers, out))))
    return made


def check(
    products: Iterable[Product], *, path: Path, quick: bool = False, train: bool = False, progress: bool = True
) -> list[str]:
    """Answer all queries and compare the numbers with those stored at ``path``: one line for each difference."""
    stored = manifest.read(path)
    solved = solve(products, settings=(quick,), train=train, progress=progress)
    return [line for each in solved for line in manifest.differences(each.product, each.records, stored)]


def update(products: Iterable[Product], *, path: Path, train: bool = False, progress: bool = True) -> None:
    """Answer all queries of the full and the quick setting and store their records at ``path``.

    ``train``: and what was trained among the stored results.
    """
    for each in solve(products, settings=(False, True), train=train, progress=progress):
        if train and each.trained:
            results.write(each.product.name, each.trained, about=each.product.about)
        manifest.write(manifest.read(path) | {each.product.name: each.records}, path)


def run_from_command_line(*products: Product, argv: Sequence[str] | None = None) -> None:
    """The command line of every script; the exit status is 1 if a check finds differences, 2 for bad input."""
    parser = argparse.ArgumentParser(description="; ".join(product.about for product in products))
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder for the files (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="coarse grids, for a trial run")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar on stderr")
    parser.add_argument("--train", action="store_true", help="train anew, instead of reading stored results (minutes)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="write nothing, compare the numbers with the manifest")
    instead.add_argument("--update", action="store_true", help="write the manifest (with --train the results, too)")
    parser.add_argument("--manifest", type=Path, default=manifest.MANIFEST, help="the stored numbers (%(default)s)")
    given = parser.parse_args(argv)
    try:
        _run(products, given)
    except (ab.ParameterError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _run(products: Sequence[Product], given: argparse.Namespace) -> None:
    how = {"train": given.train, "progress": not given.no_progress}
    if given.update:
        update(products, path=given.manifest, **how)
        print(given.manifest)
    elif given.check:
        found = check(products, path=given.manifest, quick=given.quick, **how)
        names = ", ".join(product.name for product in products)
        print("\n".join(found) if found else f"{names}: all numbers are those of the manifest")
        if found:
            sys.exit(1)
    else:
        for made in make(products, out=given.out, quick=given.quick, **how):
            print(made)
