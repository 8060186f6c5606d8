"""The command line: ``approxbounds lower|upper|bracket|pdim|fat|packing|weights|bits|table|sweep|verify|explain|list``.

Classes are written NAME:parameter=value,... such as ``holder:smoothness=3/2,dim=2`` or
``relu:widths=50x50x50,input_dim=2`` (50^3 repeats a width); a union of networks as
``relu:widths=8+relu:widths=4x4``. Values are integers, decimals (0.1 means 1/10), quotients, true/false, or a
name, which becomes a positive symbol. Nothing is ever evaluated. ``--extension MODULE`` imports a module of yours
that registers classes and theorems (``EXTENDING.md``).
Results go to standard output, messages to standard error. Exit status: 0 done, 1 refused (no theorem
applies, certificate rejected), 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import approxbounds as ab
from approxbounds import cli_sweep, tables
from approxbounds.catalogue import FUNCTION_CLASSES, LOWER_THEOREMS, NETWORK_CLASSES, THEOREMS, UPPER_THEOREMS
from approxbounds.cli_text import parse_functions, parse_network, parse_value, split_classes
from approxbounds.description import Description
from approxbounds.errors import ApproxBoundsError, NoExpressionError, NoNumberError, ParameterError
from approxbounds.extensions import load
from approxbounds.files import write_atomically
from approxbounds.render import given, number, plain
from approxbounds.sources import Citation
from approxbounds.validation import to_text

__all__ = ["main"]

_LONGEST_FILE = 10**6


def _sympy_text(get: Callable[[], Any]) -> str | None:
    try:
        return str(get())
    except NoExpressionError:
        return None


def _bound_dict(bound: ab.Bound) -> dict[str, Any]:
    certified = bound.number is not None
    return {
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
    relation = ">=" if bound.direction is ab.Direction.LOWER else "<="
    quantity = plain(bound.theorem.quantity(bound.query))
    lines = []
    if bound.number is not None:
        shown = number(bound.number, bound.direction is ab.Direction.UPPER, 8)
        lines.append(f"{quantity} {relation} {shown}   ({bound.theorem.id}: {bound.theorem.title}; certified)")
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
    print(json.dumps(data(), indent=2) if as_json else text())


def _write_certificate(arguments: argparse.Namespace, bound: ab.Bound) -> None:
    if not arguments.certificate:
        return
    data = f"{bound.certificate.to_json()}\n".encode()
    try:
        write_atomically(Path(arguments.certificate), data)
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise ParameterError("certificate", arguments.certificate, reason) from None


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


def _fat(arguments: argparse.Namespace) -> int:
    return _bound_command(arguments, parse_network(arguments.G).fat_shattering(parse_value(arguments.gamma)))


def _packing(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    return _bound_command(arguments, F.packing(arguments.eps, p=parse_value(arguments.p)))


def _requirement(arguments: argparse.Namespace, found: ab.Requirement) -> int:
    bound = found.bound
    if bound is not None:
        _write_certificate(arguments, bound)
    elif arguments.certificate:
        raise NoNumberError("nothing is excluded, so there is no certificate")

    def data() -> dict[str, Any]:
        return {
            "asked": found.asked,
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
    return _requirement(arguments, found)


def _bits(arguments: argparse.Namespace) -> int:
    F = parse_functions(arguments.F)
    G = parse_network(arguments.G, F)
    return _requirement(arguments, ab.required_bits(F, G, error=arguments.error, p=parse_value(arguments.p)))


def _table(arguments: argparse.Namespace) -> int:
    texts, networks = split_classes(arguments.classes)
    functions = [parse_functions(text) for text in texts]
    exponents = [parse_value(p) for p in arguments.p]
    found = ab.compare(functions, [parse_network(text, functions[0]) for text in networks], exponents)
    return _print_table(arguments, found, found.records)


def _sweep(arguments: argparse.Namespace) -> int:
    found = cli_sweep.run(arguments)
    return _print_table(arguments, found, lambda: found.records)


def _print_table(arguments: argparse.Namespace, table: ab.Comparison | ab.Sweep, data: Callable[[], Any]) -> int:
    write: Callable[[], str] = getattr(table, f"to_{arguments.format}")
    _print(data, lambda: write().rstrip("\n"), arguments.json)
    return 0


def _read(path: str) -> str:
    if path == "-":
        return sys.stdin.read(_LONGEST_FILE + 1)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(_LONGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("file", path, f"cannot be read ({error})") from None


def _certificate_of(text: str) -> ab.Certificate:
    """A certificate, also inside the JSON output of the commands that give one."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ab.Certificate.from_json(text)  # with its own message
    if isinstance(data, dict) and isinstance(data.get("certificate"), dict):
        return ab.Certificate.from_dict(data["certificate"])
    return ab.Certificate.from_json(text)


def _verify(arguments: argparse.Namespace) -> int:
    verdict = ab.verify(_certificate_of(_read(arguments.file)))
    data = {"accepted": verdict.accepted, "reason": verdict.reason, "foreign": list(verdict.foreign)}
    _print(lambda: data, lambda: verdict.reason, arguments.json)
    if not verdict:
        print(f"approxbounds: rejected: {verdict.reason}", file=sys.stderr)
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


def _parameters(cls: type[Description]) -> list[str]:
    shown = []
    for field in fields(cls):
        default = "" if field.default is MISSING else f"={field.default}"
        shown.append(f"{field.name}{default}")
    return shown


def _keys(citations: tuple[Citation, ...]) -> list[str]:
    return list(dict.fromkeys(citation.key for citation in citations))


def _cells(entries: list[dict[str, Any]], columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Rows of text; lists are joined by commas."""

    def cell(value: str | list[str]) -> str:
        return value if isinstance(value, str) else ", ".join(value)

    return [tuple(cell(entry[column]) for column in columns) for entry in entries]


def _list(arguments: argparse.Namespace) -> int:
    def classes(known: Mapping[str, type[Description]]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "class": cls.__name__,
                "parameters": _parameters(cls),
                "doc": (cls.__doc__ or "").split("\n")[0],
                "keys": _keys(cls.citations),
            }
            for name, cls in known.items()
        ]

    def role(theorem: Any) -> str:
        if theorem in LOWER_THEOREMS:
            return "lower bound on E_p"
        if theorem in UPPER_THEOREMS:
            return "upper bound on E_p"
        if "gamma" in theorem.inputs:
            return "fat-shattering"
        return "Pdim" if theorem.inputs == ("network",) else "packing"

    theorems = [
        {
            "id": t.id,
            "role": role(t),
            "title": t.title,
            "sources": [str(source) for source in t.citations],
            "keys": _keys(t.citations),
        }
        for t in THEOREMS.values()
    ]
    data = {"functions": classes(FUNCTION_CLASSES), "networks": classes(NETWORK_CLASSES), "theorems": theorems}
    parts = []
    for title in ("functions", "networks"):
        columns = ("name", "parameters", "keys", "doc")
        parts.append(tables.text((title, "parameters", "references", "what it is"), _cells(data[title], columns)))
    columns = ("id", "role", "keys", "title")
    parts.append(tables.text(("theorem", "role", "references", "title"), _cells(theorems, columns)))
    _print(lambda: data, lambda: "\n\n".join(parts), arguments.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="approxbounds",
        description="Certified bounds on how well networks approximate classes of functions in L^p.",
        epilog="example: approxbounds lower holder:smoothness=1,dim=2 relu:widths=10x10 -p 2",
    )
    parser.add_argument("--version", action="version", version=f"approxbounds {ab.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str, arguments: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if "F" in arguments:
            sub.add_argument("F", help="function class, e.g. holder:smoothness=1,dim=2 (see list)")
        if "G" in arguments:
            sub.add_argument("G", help="network class, e.g. relu:widths=64x64 (input_dim defaults to dim of F)")
        if "p" in arguments:
            sub.add_argument("-p", "--p", required=True, help="exponent of the L^p norm: a number >= 1, or inf")
        if "c" in arguments:
            sub.add_argument("--certificate", metavar="FILE", help="also write the certificate to FILE")
        sub.add_argument("--json", action="store_true", help="JSON on standard output")
        extension = "import this module first: it registers classes and theorems (may be repeated)"
        sub.add_argument("--extension", metavar="MODULE", action="append", default=[], help=extension)
        return sub

    command("lower", _lower, "best certified lower bound on E_p(F, G)", "FGpc")
    command("upper", _upper, "best known upper bound on E_p(F, G)", "FGpc")
    command("bracket", _bracket, "lower and upper bound together", "FGp")
    command("pdim", _pdim, "best upper bound on the pseudo-dimension of G", "Gc")
    fat = command("fat", _fat, "best upper bound on the fat-shattering dimension of G at a scale", "Gc")
    fat.add_argument("--gamma", required=True, help="the scale, e.g. 0.1 or 1/10")
    packing = command("packing", _packing, "lower bound on the packing entropy log M(eps, F, L^p)", "Fpc")
    packing.add_argument("--eps", required=True, help="separation, e.g. 0.01 or 1/100")
    error = "the error that E_p(F, G) should not exceed, e.g. 1e-2"
    weights = command("weights", _weights, "how many weights an error needs at least", "Fpc")
    weights.add_argument("--error", required=True, help=error)
    weights.add_argument("--depth", required=True, help="number of layers, output layer included")
    weights.add_argument("--degree", default="1", help="degree of the activation's pieces (default 1)")
    weights.add_argument("--pieces", default="2", help="number of the activation's pieces (default 2)")
    bits = command("bits", _bits, "how many bits per weight an error needs at least", "FGpc")
    bits.add_argument("--error", required=True, help=error)
    compared = command("table", _table, "compare classes, networks and norms; do L^p and sup norm differ?", "")
    text = "function classes and network classes, as in the other commands, in any order (the name tells which)"
    compared.add_argument("classes", nargs="+", metavar="CLASS", help=text)
    compared.add_argument("-p", "--p", action="append", required=True, help="exponent (may be repeated)")
    swept = command("sweep", _sweep, "bounds for a grid of classes, networks and norms; resumable, in parallel", "")
    cli_sweep.add_options(swept)
    for table in (compared, swept):
        formats = ("text", "markdown", "latex", "csv")
        table.add_argument("--format", choices=formats, default="text", help="how to write it (default text)")
    verify = command("verify", _verify, "check a certificate from scratch", "")
    verify.add_argument("file", help="JSON file with a certificate, or - for standard input")
    explain = command("explain", _explain, "numbered derivation with citations (Markdown)", "FGp")
    explain.add_argument("--upper", action="store_true", help="explain the upper bound instead")
    explain.add_argument("--bibtex", action="store_true", help="append the BibTeX entries")
    command("list", _list, "all classes with their parameters, and all theorems", "")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (argparse exits with 2 by itself)."""
    arguments = _parser().parse_args(argv)
    try:
        for module in arguments.extension:
            load(module)
        status: int = arguments.run(arguments)
        sys.stdout.flush()  # a closed pipe shows here, not at exit
        return status
    except BrokenPipeError:  # the reader has enough, as head has; the interpreter still flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as error:
        print(f"approxbounds: {str(error) or 'interrupted'}", file=sys.stderr)
        return 1
    except ParameterError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 2
    except ApproxBoundsError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 2
