"""Hold small networks against theorem T3: ``python -m paper_figures.hard_targets``, from the repository root.

It prints a table, or JSON, with progress on standard error. Exit status: 0 no network beats its bound, 1 one does, or
not finished (interrupted, a worker killed), 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from approxbounds import tables
from hadamrnn.errors import HadamRNNError, ParameterError
from hadamrnn.work import on_terminal
from paper_figures.hard_targets.comparison import Measurement, compare
from paper_figures.hard_targets.pairs import standard_pairs

__all__ = ["main"]

_HEADER = ("functions", "network", "p", "cells", "Pdim at most", "mean error / lower bound", "mean error / centre")


def _row(found: Measurement) -> tuple[str, ...]:
    pair, record = found.pair, found.to_dict()
    numbers = (pair.p, record["cells"], record["pdim"], f"{found.ratio:.3f}", f"{found.mean / found.centre:.3f}")
    return tuple(map(str, (pair.functions, pair.approximating, *numbers)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m paper_figures.hard_targets", description="Hold networks against T3."
    )
    parser.add_argument("--targets", type=int, default=20, metavar="N", help="random targets each (default 20)")
    parser.add_argument("--restarts", type=int, default=8, metavar="N", help="trainings for each (default 8)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default 0)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--out", metavar="FILE", help="a file for the error of each network, as JSON lines")
    parser.add_argument("--resume", action="store_true", help="go on from that file")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    given = vars(parser.parse_args(argv))
    path, as_json = given.pop("out"), given.pop("json")
    try:
        found = compare(standard_pairs(), path=path, progress=on_terminal(), **given)
    except (ParameterError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (HadamRNNError, KeyboardInterrupt) as error:
        print(f"error: {str(error) or 'interrupted'}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps([one.to_dict() for one in found], indent=1))
    else:
        print(tables.text(_HEADER, [_row(one) for one in found]))
        print(f"the smallest ratio to a lower bound: {min(one.ratio for one in found):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
