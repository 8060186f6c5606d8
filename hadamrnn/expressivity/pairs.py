"""The networks and targets that are compared by default: ``python -m hadamrnn.expressivity.pairs`` does it.

It prints a table, or JSON, with progress on standard error. Exit status: 0 no network beats its bound, 1 one does, or
not finished (interrupted, a worker killed), 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import approxbounds as ab
from approxbounds import tables
from hadamrnn.errors import HadamRNNError, ParameterError
from hadamrnn.expressivity.approximation import Measurement, Pair, compare
from hadamrnn.expressivity.feedforward import FeedForwardConfig
from hadamrnn.networks.hadamrnn import Config
from hadamrnn.networks.qornn import QORNNConfig
from hadamrnn.work import on_terminal

__all__ = ["main", "standard_pairs"]


def standard_pairs() -> tuple[Pair, ...]:
    """Small networks of every kind against Hölder balls and monotone functions in dimensions 1 to 3.

    Small, as the training comes near the best network then, and the bounds near the truth.

    >>> len(standard_pairs()) >= 20
    True
    """

    one: dict[str, Any] = {"inputs": 1, "outputs": 1, "loss": "mse"}
    hadamard, orthogonal = partial(Config, **one), partial(QORNNConfig, **one)

    def holder(s: str, dim: int, k: int) -> dict[str, Any]:
        return {"functions": ab.HolderBall(smoothness=s, dim=dim), "member": {"k": k}}

    def monotone(dim: int, k: int, **layers: int) -> dict[str, Any]:
        return {"functions": ab.MonotoneFunctions(dim=dim), "member": {"k": k, **layers}}

    def relu(inputs: int, *widths: int, activation: str = "relu") -> FeedForwardConfig:
        return FeedForwardConfig(inputs=inputs, widths=widths, activation=activation)

    heaviside = partial(relu, activation="heaviside")
    chosen = (
        (1, heaviside(1, 1), holder("1", 1, 32)),
        (1, heaviside(1, 1), holder("1", 1, 2048)),
        (2, heaviside(1, 4), holder("1", 1, 80)),
        (4, heaviside(1, 2), holder("2", 1, 400)),
        (2, relu(1, 1), holder("1", 1, 80)),
        (1, relu(1, 4), holder("1", 1, 104)),
        (2, relu(1, 8), holder("1", 1, 168)),
        (2, relu(1, 2), holder("1/2", 1, 72)),
        (1, heaviside(1, 1), monotone(1, 72)),
        (2, relu(1, 4), monotone(1, 96)),
        (2, heaviside(2, 1), holder("1", 2, 12)),
        (1, heaviside(2, 4), holder("1", 2, 21)),
        (1, relu(2, 1), holder("1", 2, 12)),
        (2, relu(2, 4), holder("1", 2, 24)),
        (2, relu(2, 2), holder("3/2", 2, 20)),
        (2, relu(1, 8, 8), holder("1", 1, 728)),
        (1, heaviside(2, 1), monotone(2, 80, layers=1)),
        (1, heaviside(2, 2, 2), monotone(2, 160, layers=1)),
        (1, relu(2, 2), monotone(2, 24, layers=23)),
        (1, heaviside(2, 4), monotone(2, 160, layers=1)),
        (1, heaviside(3, 1), monotone(3, 14, layers=1)),
        (1, relu(3, 2), monotone(3, 14, layers=14)),
        (2, hadamard(hidden=2, bits=None), holder("1", 2, 20)),
        (1, hadamard(hidden=4, bits=2), holder("1", 2, 20)),
        (2, hadamard(hidden=2, bits=None, activation="relu"), holder("1", 3, 9)),
        (1, hadamard(hidden=4, bits=4), monotone(2, 24, layers=23)),
        (2, orthogonal(hidden=3, recurrent_bits=2, bits=2), holder("1", 2, 24)),
        (1, orthogonal(hidden=2, recurrent_bits=2, bits=2, activation="modrelu"), holder("1", 2, 24)),
        (1, orthogonal(hidden=3), monotone(2, 28, layers=27)),
        (2, orthogonal(hidden=2, activation="relu"), holder("1", 3, 10)),
    )
    return tuple(Pair(p=p, network=network, **targets) for p, network, targets in chosen)


_HEADER = ("functions", "network", "p", "cells", "Pdim at most", "mean error / lower bound", "mean error / centre")


def _row(found: Measurement) -> tuple[str, ...]:
    pair, record = found.pair, found.to_dict()
    numbers = (pair.p, record["cells"], record["pdim"], f"{found.ratio:.3f}", f"{found.mean / found.centre:.3f}")
    return tuple(map(str, (pair.functions, pair.approximating, *numbers)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="hadamrnn.expressivity.pairs", description="Hold networks against T3.")
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
