"""Measure ``import approxbounds`` and ``import hadamrnn``, also against another checkout.

Run from the repository root: ``python tests/benchmarks/bench_import.py [--other PATH] [--rounds N]``. Every import
runs in a process of its own; both checkouts take turns, in an order that changes from round to round, so slow drifts
of the machine spread over both. The first import of each, which compiles the modules, is not counted: byte code goes
to a folder that is deleted at the end, whatever the environment says of byte code. The ratio is the median of the
ratios within rounds. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("approxbounds", "hadamrnn")
HERE = Path(__file__).resolve().parents[2]

CODE = """
import sys, time
start = time.perf_counter()
import {package}
print(time.perf_counter() - start, len(sys.modules), {package}.__file__, sep="\\n")
"""


def import_once(package: str, checkout: Path, cache: str) -> tuple[float, int]:
    """Milliseconds that one import takes in a fresh process, and the number of modules that are loaded then."""
    command = [sys.executable, "-c", CODE.format(package=package)]
    environment = os.environ | {
        "PYTHONPATH": str(checkout),
        "PYTHONPYCACHEPREFIX": cache,
        "PYTHONDONTWRITEBYTECODE": "",
    }
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    seconds, modules, file = done.stdout.splitlines()
    if not Path(file).is_relative_to(checkout):
        raise SystemExit(f"{package} was imported from {file}, not from {checkout}")
    return 1000 * float(seconds), int(modules)


def bench(package: str, checkouts: list[Path], rounds: int, cache: str) -> list[list[float]]:
    """The milliseconds of each round, by checkout."""
    times: list[list[float]] = [[] for _ in checkouts]
    for i in range(-1, rounds):  # round -1 warms up
        order = list(enumerate(checkouts))
        for which, checkout in order if i % 2 else reversed(order):
            milliseconds, _ = import_once(package, checkout, cache)
            if i >= 0:
                times[which].append(milliseconds)
    return times


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="how long the packages take to import, in milliseconds")
    parser.add_argument("--other", type=Path, help="another checkout of this repository to compare with")
    parser.add_argument("--rounds", type=int, default=21, help="imports of each package and checkout (default 21)")
    given = parser.parse_args()
    checkouts = [HERE] if given.other is None else [HERE, given.other.resolve()]
    print(f"{'median milliseconds':20}  {'here':>8}" + ("" if given.other is None else f"  {'other':>8}  here/other"))
    with tempfile.TemporaryDirectory() as cache:
        for package in PACKAGES:
            times = bench(package, checkouts, given.rounds, cache)
            row = f"{package:20}" + "".join(f"  {statistics.median(each):8.1f}" for each in times)
            if given.other is not None:
                row += f"  {statistics.median(a / b for a, b in zip(*times, strict=True)):10.3f}"
            modules = ", ".join(str(import_once(package, checkout, cache)[1]) for checkout in checkouts)
            print(f"{row}  ({modules} modules)")


if __name__ == "__main__":
    main()
