"""The command line ``approxbounds``, its commands and what each of them does.

Classes are written NAME:parameter=value,... such as ``holder:smoothness=3/2,dim=2`` or
``relu:widths=50x50x50,input_dim=2`` (50^3 repeats a width); a union of networks as
``relu:widths=8+relu:widths=4x4``. Values are integers, decimals (0.1 means 1/10), quotients, true/false, or a
name, which becomes a positive symbol. ``--measure normal`` or ``--measure points.csv`` takes another measure than
that of Lebesgue on [0,1]^d. Nothing is ever evaluated. ``--extension MODULE`` imports a module of yours
that registers classes and theorems (``EXTENDING.md``).
Results go to standard output, messages to standard error. Exit status: 0 done, 1 refused (no theorem
applies, certificate rejected) or broken off (Ctrl-C, a closed pipe), 2 bad input.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import approxbounds as ab
from approxbounds.certificate import BUDGET
from approxbounds.cli import inverse, listing
from approxbounds.cli import sweep as sweeping
from approxbounds.cli.answers import bound_dict, bound_text, show, write_certificate
from approxbounds.cli.completion import SHELLS, script
from approxbounds.cli.help import COMMANDS, EXAMPLES, Once, Parser
from approxbounds.cli.measures import MEASURE, functions_of, points_of
from approxbounds.cli.text import parse_network, parse_value, read_text, split_classes
from approxbounds.errors import ApproxBoundsError, ParameterError
from approxbounds.extensions import load
from approxbounds.jsontext import loads
from approxbounds.tables import terminal_width

__all__ = ["main"]


def _bound_command(arguments: argparse.Namespace, bound: ab.Bound) -> int:
    write_certificate(arguments, bound)
    show(lambda: bound_dict(bound), lambda: bound_text(bound), arguments.json)
    return 0


def _lower(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    return _bound_command(arguments, ab.lower_bound(F, parse_network(arguments.G, F), p=parse_value(arguments.p)))


def _upper(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    return _bound_command(arguments, ab.upper_bound(F, parse_network(arguments.G, F), p=parse_value(arguments.p)))


def _bracket(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    return _bracket_command(arguments, ab.bracket(F, parse_network(arguments.G, F), p=parse_value(arguments.p)))


def _bracket_command(arguments: argparse.Namespace, bracket: ab.Bracket) -> int:
    show(
        lambda: {"lower": bound_dict(bracket.lower), "upper": bound_dict(bracket.upper)},
        lambda: bound_text(bracket.lower) + "\n\n" + bound_text(bracket.upper),
        arguments.json,
    )
    return 0


def _pdim(arguments: argparse.Namespace) -> int:
    return _bound_command(arguments, parse_network(arguments.G).pseudo_dimension())


def _vc(arguments: argparse.Namespace) -> int:
    return _bound_command(arguments, parse_network(arguments.G).vc_dimension())


def _fat(arguments: argparse.Namespace) -> int:
    return _bound_command(arguments, parse_network(arguments.G).fat_shattering(parse_value(arguments.gamma)))


def _packing(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    return _bound_command(arguments, F.packing(parse_value(arguments.eps), p=parse_value(arguments.p)))


def _entropy(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    return _bracket_command(arguments, F.entropy(parse_value(arguments.eps), p=parse_value(arguments.p)))


def _table(arguments: argparse.Namespace) -> int:
    texts, networks = split_classes(arguments.classes)
    exponents = [parse_value(p) for p in arguments.p]
    functions = dict.fromkeys(functions_of(text, arguments.measure) for text in texts)
    parts = [ab.compare(F, [parse_network(text, F) for text in networks], exponents) for F in functions]
    found = ab.Comparison(tuple(entry for part in parts for entry in part))
    return _print_table(arguments, found, found.records)


def _sweep(arguments: argparse.Namespace) -> int:
    found = sweeping.run(arguments)
    return _print_table(arguments, found, lambda: found.records)


def _print_table(arguments: argparse.Namespace, table: ab.Comparison | ab.Sweep, data: Callable[[], Any]) -> int:
    write: Callable[[], str] = getattr(table, f"to_{arguments.format}")
    show(data, lambda: write().rstrip("\n"), arguments.json)
    return 0


def _certificate_of(text: str) -> ab.Certificate:
    """A certificate, also inside the JSON output of the commands that give one."""
    try:
        data = loads(text)
    except (ValueError, RecursionError):
        return ab.Certificate.from_json(text)  # with its own message
    if isinstance(data, dict) and isinstance(data.get("certificate"), dict):
        return ab.Certificate.from_dict(data["certificate"])
    return ab.Certificate.from_json(text)


def _verify(arguments: argparse.Namespace) -> int:
    text = read_text(arguments.file)
    try:
        verdict = ab.verify(
            _certificate_of(text),
            budget=arguments.budget,
            sample=None if arguments.sample is None else points_of(arguments.sample),
        )
    except ParameterError as error:
        raise ParameterError(f"{arguments.file}: {error.name}", error.value, error.allowed) from None
    data = {"accepted": verdict.accepted, "reason": verdict.reason, "foreign": list(verdict.foreign)}
    show(lambda: data, lambda: verdict.reason, arguments.json)
    if not verdict:
        _say(f"rejected: {verdict.reason}")
    return 0 if verdict else 1


def _explain(arguments: argparse.Namespace) -> int:
    F = functions_of(arguments.F, arguments.measure)
    query = ab.upper_bound if arguments.upper else ab.lower_bound
    bound = query(F, parse_network(arguments.G, F), p=parse_value(arguments.p))

    def data() -> dict[str, Any]:
        steps = [{"text": step.text, "sources": [str(source) for source in step.citations]} for step in bound.steps]
        return {"claim": bound.latex, "steps": steps, "bibtex": bound.bibtex()}

    def text() -> str:
        return bound.explain().rstrip() + ("\n\n" + bound.bibtex() if arguments.bibtex else "")

    show(data, text, arguments.json)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    data = listing.known()
    show(lambda: data, lambda: listing.text(data, width=terminal_width()), arguments.json)
    return 0


def _completion(arguments: argparse.Namespace) -> int:
    text = script(arguments.shell, arguments.commands)
    show(lambda: {"shell": arguments.shell, "script": text}, lambda: text, arguments.json)
    return 0


def _add_arguments(sub: argparse.ArgumentParser, arguments: str) -> None:
    """What several commands take: classes F and G, an exponent p, a certificate's file c, a table's format t."""
    if "F" in arguments:
        sub.add_argument("F", help="function class, e.g. holder:smoothness=1,dim=2 (see list)")
    if "G" in arguments:
        sub.add_argument("G", help="network class, e.g. relu:widths=64x64 (input_dim defaults to dim of F)")
    if "p" in arguments:
        sub.add_argument("-p", "--p", required=True, help="exponent of the L^p norm: a number >= 1, or inf")
    if "F" in arguments or "t" in arguments:
        sub.add_argument("--measure", metavar="MU", help=MEASURE)
    if "c" in arguments:
        sub.add_argument("--certificate", metavar="FILE", help="also write the certificate to FILE")
    shown = sub.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="JSON on standard output")
    if "t" in arguments:
        formats = ("text", "markdown", "latex", "csv")
        shown.add_argument("--format", choices=formats, default="text", help="how to write it (default text)")
    extension = "import this module first: it registers classes and theorems (may be repeated)"
    sub.add_argument("--extension", metavar="MODULE", action="append", default=[], help=extension)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="approxbounds",
        description="Certified bounds on how well networks approximate classes of functions in L^p.",
        examples=EXAMPLES["lower"],
        epilog="approxbounds COMMAND --help says more of a command; approxbounds list, what classes there are.",
    )
    parser.add_argument("--version", action="version", version=f"approxbounds {ab.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], arguments: str) -> argparse.ArgumentParser:
        text = COMMANDS[name]
        sub: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", examples=EXAMPLES[name]
        )
        sub.register("action", None, Once)
        sub.set_defaults(run=run)
        _add_arguments(sub, arguments)
        return sub

    command("lower", _lower, "FGpc")
    command("upper", _upper, "FGpc")
    command("bracket", _bracket, "FGp")
    command("pdim", _pdim, "Gc")
    command("vc", _vc, "Gc")
    fat = command("fat", _fat, "Gc")
    fat.add_argument("--gamma", required=True, help="the scale, e.g. 0.1 or 1/10")
    for each in (command("packing", _packing, "Fpc"), command("entropy", _entropy, "Fp")):
        each.add_argument("--eps", required=True, help="separation, e.g. 0.01 or 1/100")
    inverse.add_options(command("weights", inverse.weights, "Fpc"), "ednk")
    inverse.add_options(command("sufficient", inverse.sufficient, "Fpc"), "ednw")
    inverse.add_options(command("weights-bracket", inverse.weights_bracket, "Fp"), "edn")
    inverse.add_options(command("bits", inverse.bits, "FGpc"), "e")
    compared = command("table", _table, "t")
    text = "function classes and network classes, as in the other commands, in any order (the name tells which)"
    compared.add_argument("classes", nargs="+", metavar="CLASS", help=text)
    sweeping.add_exponents(compared)
    swept = command("sweep", _sweep, "t")
    sweeping.add_options(swept)
    _verify_options(command("verify", _verify, ""))
    explain = command("explain", _explain, "FGp")
    explain.add_argument("--upper", action="store_true", help="explain the upper bound instead")
    explain.add_argument("--bibtex", action="store_true", help="append the BibTeX entries")
    command("list", _list, "")
    completion = command("completion", _completion, "")
    completion.add_argument("shell", choices=tuple(SHELLS), help="the shell that reads the script")
    completion.set_defaults(commands=commands.choices)
    return parser


def _verify_options(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("file", help="JSON file with a certificate, or - for standard input")
    limit = "the most work, in units of about a microsecond (default: about a second); more is refused, status 1"
    points = "the file of points of a large sample, of which the certificate has the SHA-256 only"
    verify.add_argument("--sample", metavar="FILE", help=points)
    verify.add_argument("--budget", metavar="N", default=BUDGET, help=limit)


def _say(message: str) -> None:
    if sys.stderr is not None:  # closed; print would write to standard output
        print(f"approxbounds: {message}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (argparse exits with 2 by itself)."""
    for stream in (sys.stdout, sys.stderr):  # either is None if it is closed
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for what its encoding lacks, as the ö of Hölder
    arguments = _parser().parse_args(argv)
    try:
        for module in arguments.extension:
            load(module)
        status: int = arguments.run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # a closed pipe shows here, not at exit
        return status
    except BrokenPipeError:  # the reader has enough, as head has; the interpreter still flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as error:
        _say(str(error) or "interrupted")
        return 1
    except (ParameterError, OSError) as error:
        _say(str(error))
        return 2
    except ApproxBoundsError as error:
        _say(str(error))
        return 1
