"""The command ``approxbounds sweep``: a grid of classes, networks and exponents, resumable and in parallel."""

from __future__ import annotations

import argparse
import sys

from approxbounds.cli.measures import functions_of
from approxbounds.cli.text import parse_network, parse_value, read_text, split_classes
from approxbounds.sweep import QUANTITIES, Sweep, sweep
from approxbounds.workers import on_cluster

__all__ = ["add_exponents", "add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    text = "function classes and network classes in any order; @FILE reads them from the lines of a file"
    parser.add_argument("classes", nargs="+", metavar="CLASS", help=text)
    add_exponents(parser)
    text = "which bounds (default lower)"
    parser.add_argument("--quantity", choices=tuple(QUANTITIES), default="lower", help=text)
    parser.add_argument("--workers", help="processes that compute (default 1)")
    text = "keep the answers here as they come; the same command goes on after an interruption"
    parser.add_argument("--directory", help=text)
    parser.add_argument("--verify", action="store_true", help="check the certificates of stored answers from scratch")
    text = "address of a Dask scheduler, such as tcp://host:8786, whose workers compute"
    parser.add_argument("--dask", metavar="ADDRESS", help=text)


def add_exponents(parser: argparse.ArgumentParser) -> None:
    """The option for several exponents."""
    text = "exponents, such as 1 2 inf, after the classes"
    parser.add_argument("-p", "--p", nargs="+", action="extend", required=True, metavar="P", help=text)


def _named(argument: str) -> list[str]:
    """The class, or those in the lines of the file @FILE that are not blank."""
    if not argument.startswith("@"):
        return [argument]
    return [line.strip() for line in read_text(argument[1:]).splitlines() if line.strip()]


def run(arguments: argparse.Namespace) -> Sweep:
    """The sweep that was asked for; input_dim of a network defaults to the dimension of each of the functions."""
    texts, networks = split_classes([text for argument in arguments.classes for text in _named(argument)])
    functions = [functions_of(text, arguments.measure) for text in texts]
    with on_cluster(arguments.dask):
        return sweep(
            functions,
            list(dict.fromkeys(parse_network(text, F) for F in functions for text in networks)),
            [parse_value(p) for p in arguments.p],
            quantity=arguments.quantity,
            workers=arguments.workers,
            directory=arguments.directory,
            verify=arguments.verify,
            progress=sys.stderr is not None and sys.stderr.isatty(),
        )
