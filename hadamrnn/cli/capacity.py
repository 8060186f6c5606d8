"""The command ``hadamrnn capacity``: what random labels a network memorises, or how many points its class shatters."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from typing import Any

from hadamrnn.cli.options import values
from hadamrnn.errors import ParameterError
from hadamrnn.networks.kinds import KINDS
from hadamrnn.work import on_terminal

METHODS = ("memorise", "shatter")
#: Settings of a network that are the same for all of these measurements.
FIXED = ("outputs", "many_to_many", "embedding", "loss", "dtype", "seed")
#: Options with their readers; the defaults are those of the functions.
_OPTIONS: dict[str, tuple[Callable[[str], Any], str]] = {
    "draws": (int, "random labellings (default 10)"),
    "level": (str, "share of them that is to be fitted (default 1/2)"),
    "sets": (int, "random sets of points, but for the method memorise (default 3)"),
    "candidates": (int, "networks with random weights tried first, but for the method memorise (default 256)"),
    "restarts": (int, "trainings before a labelling is given up (default 3; 5 but for the method memorise)"),
    "iterations": (int, "steps of each training (default 500)"),
    "most": (int, "points at most (default 4096; 12 but for the method memorise)"),
    "seed": (int, "of points, labels and initial weights (default 0)"),
}


def add_capacity(parser: argparse.ArgumentParser) -> None:
    """All options but those of the network."""
    parser.add_argument("--steps", type=int, required=True, metavar="T", help="length of the sequences (required)")
    parser.add_argument("--method", choices=METHODS, default=METHODS[0], help=f"(default {METHODS[0]})")
    for name, (reader, text) in _OPTIONS.items():
        parser.add_argument("--" + name, type=reader, metavar=name.upper(), help=text)
    text = "a file for the answers to each part of the search, as JSON lines"
    parser.add_argument("--out", metavar="FILE", help=text)
    parser.add_argument("--resume", action="store_true", help="go on with the search from that file")


def capacity(arguments: argparse.Namespace) -> dict[str, Any]:
    """The measurement; points and witnesses only for JSON."""
    from hadamrnn.expressivity.capacity import memorisation, shattered

    method = arguments.method
    measure: Callable[..., Any] = memorisation if method == "memorise" else shattered
    allowed = inspect.signature(measure).parameters
    given = {name: value for name, value in vars(arguments).items() if name in _OPTIONS and value is not None}
    for name, value in given.items():
        if name not in allowed:
            raise ParameterError(name, value, f"is not a setting of the method {method}")
    config_type = KINDS[arguments.kind].config_type
    config = config_type(**values(arguments, config_type, FIXED), outputs=1, loss="mse")
    where = {"path": arguments.out, "resume": arguments.resume, "progress": on_terminal()}
    record: dict[str, Any] = measure(config, steps=arguments.steps, **where, **given).to_dict()
    shown = () if arguments.json else ("points", "witnesses")
    return {name: value for name, value in record.items() if name not in shown}
