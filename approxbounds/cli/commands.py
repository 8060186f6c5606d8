"""The command line ``approxbounds``, its commands and what each of them does.

Classes are written NAME:parameter=value,... such as ``holder:smoothness=3/2,dim=2`` or
``relu:widths=50x50x50,input_dim=2`` (50^3 repeats a width); a union of networks as
``relu:widths=8+relu:widths=4x4``. Values are integers, decimals (0.1 means 1/10), quotients, true/false, or a
name, which becomes a positive symbol. Nothing is ever evaluated. ``--extension MODULE`` imports a module of yours
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
from approxbounds.cli import listing
from approxbounds.cli import sweep as sweeping
from approxbounds.cli.completion import SHELLS, script
from approxbounds.cli.help import COMMANDS, EXAMPLES, Parser
from approxbounds.cli.text import parse_functions, parse_network, parse_value, read_text, split_classes
from approxbounds.errors import ApproxBoundsError, NoExpressionError, NoNumberError, ParameterError
from approxbounds.extensions import load
from approxbounds.jsontext import dumps, loads
from approxbounds.render import given, number, plain
from approxbounds.tables import terminal_width
from approxbounds.theorem import Query
from approxbounds.validation import to_text

__all__ = ["main"]


def _sympy_text(get: Callable[[], Any]) -> str | None:
    try:
        return str(get())
    except NoExpressionError:
        return None


def _asked(query: Query) -> dict[str, Any]:
    """The question; None where it has no such part."""
    parts: dict[str, Callable[[Any], Any]]
    parts = {"functions": str, "network": str, "p": to_text, "eps": to_text, "gamma": to_text}
    return {name: None if (part := getattr(query, name)) is None else write(part) for name, write in parts.items()}


def _bound_dict(bound: ab.Bound) -> dict[str, Any]:
    certified = bound.number is not None
    return _asked(bound.query) | {
        "quantity": bound.theorem.quantity(bound.query),
        "direction": bound.direction.value,
        "theorem": bound.theorem.id,
        "status": bound.status.value,
        "value": bound.number,
        "rate": _sympy_text(lambda: bound.rate),
        "expression": _sympy_text(lambda: bound.expression),
        "sources": [str(source) for source in bound.sources],
        "foreign": list(bound.foreign),
        "certificate": bound.certificate.to_dict() if certified else None,
        "others": [_other(other) for other in bound.others],
    }


def _other(other: ab.Bound | ab.Refusal) -> dict[str, Any]:
    if isinstance(other, ab.Refusal):
        return {"theorem": other.theorem, "reason": other.reason}
    return {"theorem": other.theorem.id, "value": other.number, "rate": _sympy_text(lambda: other.rate)}


def _bound_text(bound: ab.Bound) -> str:
    quantity = plain(bound.theorem.quantity(bound.query))
    lines = []
    if bound.number is not None:
        shown = number(bound.number, bound.direction is ab.Direction.UPPER, 8)
        lines.append(f"{quantity} {bound.relation} {shown}   ({bound.theorem.id}: {bound.theorem.title}; certified)")
    else:
        lines.append(f"{quantity}: {bound.theorem.id}: {bound.theorem.title}; {bound.status.value}")
    rate = _sympy_text(lambda: bound.rate)
    if rate is not None:
        lines.append(f"rate: {rate}")
    if bound.number is None:
        expression = _sympy_text(lambda: bound.expression)
        lines.append(f"closed form: {expression}" if expression else "closed form: none, a constant is unspecified")
    lines.append("sources: " + "; ".join(map(str, bound.sources)))
    lines += given(bound.foreign)
    lines += [f"  also {other}" for other in bound.others]
    return "\n".join(lines)


def _print(data: Callable[[], Any], text: Callable[[], str], as_json: bool) -> None:
    """Only what is shown is made."""
    print(dumps(data(), indent=2) if as_json else text())


def _write_certificate(arguments: argparse.Namespace, bound: ab.Bound) -> None:
    if arguments.certificate is None:
        return
    if arguments.certificate in {"", "-"}:
        allowed = "must be the name of a file (--json shows the certificate on standard output)"
        raise ParameterError("certificate", arguments.certificate, allowed)
    try:
        bound.certificate.save(arguments.certificate)
    except ParameterError as error:
        raise ParameterError("certificate", arguments.certificate, error.allowed) from None


def _bound_command(arguments: argparse.Namespace, bound: ab.Bound) -> int:
    _write_certificate(arguments, bound)
    _print(lambda: _bound_dict(bound), lambda: _bound_text(bound), arguments.json)
    return 0


def _lower(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    return _bound_command(arguments, ab.lower_bound(F, parse_network(arguments.G, F), p=parse_value(arguments.p)))


def _upper(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    return _bound_command(arguments, ab.upper_bound(F, parse_network(arguments.G, F), p=parse_value(arguments.p)))


def _bracket(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    bracket = ab.bracket(F, parse_network(arguments.G, F), p=parse_value(arguments.p))
    _print(
        lambda: {"lower": _bound_dict(bracket.lower), "upper": _bound_dict(bracket.upper)},
        lambda: _bound_text(bracket.lower) + "\n\n" + _bound_text(bracket.upper),
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
    F = parse_functions(arguments.F)
    return _bound_command(arguments, F.packing(parse_value(arguments.eps), p=parse_value(arguments.p)))


def _requirement(arguments: argparse.Namespace, found: ab.Requirement, asked: dict[str, Any]) -> int:
    bound = found.bound
    if bound is not None:
        _write_certificate(arguments, bound)
    elif arguments.certificate is not None:
        raise NoNumberError("nothing is excluded, so there is no certificate")

    def data() -> dict[str, Any]:
        return {
            "asked": found.asked,
            **asked,
            "value": found.value if isinstance(found.value, int) else "inf",
            "error": to_text(found.error),
            "limited": found.limited,
            "excluded": None if bound is None else str(bound.query.G),
            "bound": None if bound is None else bound.number,
            "theorem": None if bound is None else bound.theorem.id,
            "sources": [str(source) for source in found.sources],
            "foreign": [] if bound is None else list(bound.foreign),
            "certificate": None if bound is None else bound.certificate.to_dict(),
        }

    def text() -> str:
        return str(found) if bound is None else f"{found}\nexcluded: {bound.query.G}\n{_bound_text(bound)}"

    _print(data, text, arguments.json)
    return 0


def _weights(arguments: argparse.Namespace) -> int:
    asked = {name: getattr(arguments, name) for name in ("error", "depth", "degree", "pieces")}
    found = ab.required_weights(parse_functions(arguments.F), p=parse_value(arguments.p), **asked)
    assert isinstance(found, ab.Requirement)  # --error is a number
    G: Any = found.query.G  # the smallest of these networks
    sizes = {"network": None, "depth": G.counted_sizes.depth, "degree": G.degree, "pieces": G.pieces}
    return _requirement(arguments, found, _asked(found.query) | sizes)


def _bits(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    found = ab.required_bits(F, parse_network(arguments.G, F), error=arguments.error, p=parse_value(arguments.p))
    assert isinstance(found, ab.Requirement)  # --error is a number
    return _requirement(arguments, found, _asked(found.query))


def _table(arguments: argparse.Namespace) -> int:
    texts, networks = split_classes(arguments.classes)
    exponents = [parse_value(p) for p in arguments.p]
    functions = dict.fromkeys(map(parse_functions, texts))
    parts = [ab.compare(F, [parse_network(text, F) for text in networks], exponents) for F in functions]
    found = ab.Comparison(tuple(entry for part in parts for entry in part))
    return _print_table(arguments, found, found.records)


def _sweep(arguments: argparse.Namespace) -> int:
    found = sweeping.run(arguments)
    return _print_table(arguments, found, lambda: found.records)


def _print_table(arguments: argparse.Namespace, table: ab.Comparison | ab.Sweep, data: Callable[[], Any]) -> int:
    write: Callable[[], str] = getattr(table, f"to_{arguments.format}")
    _print(data, lambda: write().rstrip("\n"), arguments.json)
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
        verdict = ab.verify(_certificate_of(text), budget=arguments.budget)
    except ParameterError as error:
        raise ParameterError(f"{arguments.file}: {error.name}", error.value, error.allowed) from None
    data = {"accepted": verdict.accepted, "reason": verdict.reason, "foreign": list(verdict.foreign)}
    _print(lambda: data, lambda: verdict.reason, arguments.json)
    if not verdict:
        _say(f"rejected: {verdict.reason}")
    return 0 if verdict else 1


def _explain(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    query = ab.upper_bound if arguments.upper else ab.lower_bound
    bound = query(F, parse_network(arguments.G, F), p=parse_value(arguments.p))

    def data() -> dict[str, Any]:
        steps = [{"text": step.text, "sources": [str(source) for source in step.citations]} for step in bound.steps]
        return {"claim": bound.latex, "steps": steps, "bibtex": bound.bibtex()}

    def text() -> str:
        return bound.explain().rstrip() + ("\n\n" + bound.bibtex() if arguments.bibtex else "")

    _print(data, text, arguments.json)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    data = listing.known()
    _print(lambda: data, lambda: listing.text(data, width=terminal_width()), arguments.json)
    return 0


def _completion(arguments: argparse.Namespace) -> int:
    text = script(arguments.shell, arguments.commands)
    _print(lambda: {"shell": arguments.shell, "script": text}, lambda: text, arguments.json)
    return 0


class _Once(argparse.Action):
    """An option with one value: given twice, the first would silently be lost."""

    given = False

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *values: Any) -> None:
        if self.given:
            raise argparse.ArgumentError(self, "may be given only once")
        self.given = True
        setattr(namespace, self.dest, values[0])


def _add_arguments(sub: argparse.ArgumentParser, arguments: str) -> None:
    """What several commands take: classes F and G, an exponent p, a certificate's file c, a table's format t."""
    if "F" in arguments:
        sub.add_argument("F", help="function class, e.g. holder:smoothness=1,dim=2 (see list)")
    if "G" in arguments:
        sub.add_argument("G", help="network class, e.g. relu:widths=64x64 (input_dim defaults to dim of F)")
    if "p" in arguments:
        sub.add_argument("-p", "--p", required=True, help="exponent of the L^p norm: a number >= 1, or inf")
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
        sub.register("action", None, _Once)
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
    packing = command("packing", _packing, "Fpc")
    packing.add_argument("--eps", required=True, help="separation, e.g. 0.01 or 1/100")
    error = "the error that E_p(F, G) should not exceed, e.g. 1e-2"
    weights = command("weights", _weights, "Fpc")
    weights.add_argument("--error", required=True, help=error)
    weights.add_argument("--depth", required=True, help="number of layers, output layer included")
    weights.add_argument("--degree", default="1", help="degree of the activation's pieces (default 1)")
    weights.add_argument("--pieces", default="2", help="number of the activation's pieces (default 2)")
    bits = command("bits", _bits, "FGpc")
    bits.add_argument("--error", required=True, help=error)
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
