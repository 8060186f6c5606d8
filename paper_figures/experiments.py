"""Train anew what the figures and the table of QORNN show, and compare with what is stored: ``make experiments``.

    python -m paper_figures.experiments [--data DIR] [--out DIR]      40 minutes with the data, 20 without
    python -m paper_figures.experiments --all --data DIR              every task and seed of the table: six hours

First the networks of the figures ``capacity`` and ``approximation``: their numbers are those of the manifest within the
tolerances of the product. Then those of the table of QORNN (``data/qornn.json``), by default without the long task
and of the seed 0 only: a score may be off the mean of the stored seeds by ``TOLERANCE`` and twice the range of the
seeds, as training magnifies differences of rounding. DIR holds mnist/ (IDX files) and text/moby_dick.txt.gz; tasks
whose data are not there are skipped, and named. Finished trainings of the table are kept in ``--out``, so that an
interrupted run goes on. Exit status: 0 reproduced, 1 not, 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import approxbounds as ab
from paper_figures import manifest
from paper_figures.make_all import PRODUCTS
from paper_figures.results import DATA
from paper_figures.runner import DEFAULT_OUT, check
from paper_figures.training import KEYS

__all__ = ["different", "main"]

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tests" / "benchmarks" / "bench_qornn.py"
#: The tasks of the table: the names of their trainings, and the data they need.
TASKS = {
    "copy": ("copy-[!0-9]*", None),
    "permuted": ("permuted-*", "mnist"),
    "sequential": ("sequential-*", "mnist"),
    "text": ("text-*", "text/moby_dick.txt.gz"),
    "copy-1000": ("copy-1000-*", None),
}
LONG = "copy-1000"
TOLERANCE = 0.05

Rows = Iterable[dict[str, Any]]


def different(fresh: Rows, stored: Rows) -> list[str]:
    """One line for each score of a fresh row of the table that is too far from those of the same row stored.

    >>> row = {"task": "copy", "strategy": "full", "n": 8, "recurrent_bits": None}
    >>> stored = [{**row, "runs": [{"seed": 0, "score": 0.5}, {"seed": 1, "score": 0.6}]}]
    >>> different([{**row, "runs": [{"seed": 0, "score": 0.7}]}], stored)
    []
    >>> different([{**row, "runs": [{"seed": 0, "score": 0.9}]}], stored)
    ['copy, full, 8, None, None: seed 0: 0.9, stored 0.5, 0.6 (allowed: 0.55 +- 0.25)']
    """
    known = {_key(row): [run["score"] for run in row["runs"]] for row in stored}
    found = []
    for row in fresh:
        name = ", ".join(map(str, _key(row)))
        scores = known.get(_key(row))
        if scores is None:
            found.append(f"{name}: not stored")
            continue
        numbers = [score for score in scores if score is not None]
        shown = ", ".join(map(str, scores))
        for run in row["runs"]:
            if run["score"] is None or not numbers:
                if run["score"] not in scores:
                    found.append(f"{name}: seed {run['seed']}: {run['score']}, stored {shown}")
                continue
            middle, allowed = sum(numbers) / len(numbers), TOLERANCE + 2 * (max(numbers) - min(numbers))
            if abs(run["score"] - middle) > allowed:
                text = f"(allowed: {middle:.4g} +- {allowed:.4g})"
                found.append(f"{name}: seed {run['seed']}: {run['score']}, stored {shown} {text}")
    return found


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(key) for key in KEYS)


def _trained(name: str, seeds: int, data: Path, out: Path) -> list[dict[str, Any]]:
    """The rows of a task of the table, trained by its script, which keeps what it has finished in ``out``."""
    runs, table = out / f"qornn-{name}.jsonl", out / f"qornn-{name}.json"
    words = [TASKS[name][0], "--seeds", str(seeds), "--data", str(data), "--out", str(runs), "--json", str(table)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(SCRIPT), *words], check=True, env=environment, stdout=subprocess.DEVNULL)
    rows: list[dict[str, Any]] = json.loads(table.read_text(encoding="utf-8"))["rows"]
    return rows


def _tell(title: str, found: Sequence[str]) -> bool:
    """Print the differences, or that there are none."""
    print("\n".join(found) if found else f"{title}: the stored numbers are reproduced", flush=True)
    return not found


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Train anew what is stored, and compare.")
    parser.add_argument("--data", type=Path, help="folder with mnist/ and text/")
    parser.add_argument("--all", action="store_true", help="every task and seed of the table of QORNN (six hours)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT / "experiments", help="(default: %(default)s)")
    given = parser.parse_args(argv)
    stored = json.loads((DATA / "qornn.json").read_text(encoding="utf-8"))["rows"]
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        sound = True
        for product in (product for product in PRODUCTS if product.train is not None):
            sound &= _tell(product.name, check([product], path=manifest.MANIFEST, train=True))
        for name, (_, needed) in TASKS.items():
            if name == LONG and not given.all:
                print(f"{name}: skipped: takes hours, use --all")
            elif needed is not None and (given.data is None or not (given.data / needed).exists()):
                print(f"{name}: skipped: needs {needed} in the folder that --data names (make experiments DATA=...)")
            else:
                own = [row for row in stored if row["task"] == name]
                seeds = max(len(row["runs"]) for row in own) if given.all else 1
                runs = [run for row in own for run in row["runs"] if run["seed"] < seeds]
                minutes = sum(run["seconds"] for run in runs) / 60
                print(f"{name}: {len(runs)} results, about {minutes:.0f} minutes", flush=True)
                sound &= _tell(name, different(_trained(name, seeds, given.data or Path(), given.out), own))
    except (ab.ParameterError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
