"""The command line: ``approxbounds lower|upper|bracket|pdim|packing|verify|explain|list``.

Classes are written NAME:parameter=value,... such as ``holder:smoothness=3/2,dim=2`` or
``relu:widths=50x50x50,input_dim=2`` (50^3 repeats a width). Values are integers, decimals (0.1 means
1/10), quotients, true/false, or a name, which becomes a positive symbol. Nothing is ever evaluated.
Results go to standard output, messages to standard error. Exit status: 0 done, 1 refused (no theorem
applies, certificate rejected), 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import approxbounds as ab
from approxbounds.catalogue import FUNCTION_CLASSES, LOWER_THEOREMS, NETWORK_CLASSES, THEOREMS, UPPER_THEOREMS
from approxbounds.description import Description
from approxbounds.errors import ApproxBoundsError, NoExpressionError, ParameterError
from approxbounds.files import write_atomically
from approxbounds.render import number, plain, table

__all__ = ["main", "parse_class"]

_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,30}[0-9]{0,3}")
_SEQUENCE = re.compile(r"[0-9A-Za-z_./]+(\^[0-9]{1,4})?(x[0-9A-Za-z_./]+(\^[0-9]{1,4})?)*")
_LONGEST_FILE = 10**6


def _value(name: str, text: str) -> Any:
    """A bool, a symbol, or text that the classes parse as an exact number."""
    if text in {"true", "false"}:
        return text == "true"
    if _NAME.fullmatch(text) and text not in {"inf", "oo", "infinity", "nan"}:
        import sympy

        return sympy.Symbol(text, positive=True)
    return text


def _sequence(name: str, text: str) -> tuple[Any, ...]:
    if not _SEQUENCE.fullmatch(text):
        raise ParameterError(name, text, "must be values joined by x, such as 64x64 or 50^4")
    result: list[Any] = []
    for part in text.split("x"):
        value, _, times = part.partition("^")
        result += [_value(name, value)] * (int(times) if times else 1)
    return tuple(result)


def parse_class(text: str, classes: Mapping[str, type[Description]], what: str) -> Any:
    """The class that ``NAME:parameter=value,...`` describes.

    >>> parse_class("holder:smoothness=3/2,dim=2", FUNCTION_CLASSES, "F").smoothness
    Fraction(3, 2)
    """
    name, _, rest = text.partition(":")
    if name not in classes:
        raise ParameterError(what, text, f"must be NAME:parameter=value,... with NAME one of {', '.join(classes)}")
    cls = classes[name]
    known = {field.name: str(field.type) for field in fields(cls)}
    parameters: dict[str, Any] = {}
    for item in rest.split(",") if rest else []:
        key, equals, value = item.partition("=")
        if not equals or key not in known or key in parameters:
            raise ParameterError(what, item, f"must be parameter=value, each once, of {name}: {', '.join(known)}")
        parameters[key] = _sequence(key, value) if known[key].startswith("tuple") else _value(key, value)
    missing = [
        field.name
        for field in fields(cls)
        if field.default is MISSING and field.default_factory is MISSING and field.name not in parameters
    ]
    if missing:
        raise ParameterError(what, text, f"{name} also needs {', '.join(missing)}")
    return cls(**parameters)


def _functions(text: str) -> Any:
    return parse_class(text, FUNCTION_CLASSES, "F")


def _network(text: str, functions: Any = None) -> Any:
    """A network; its input_dim defaults to the dimension of the functions."""
    name = text.partition(":")[0]
    accepts = name in NETWORK_CLASSES and "input_dim" in {field.name for field in fields(NETWORK_CLASSES[name])}
    if functions is not None and accepts and "input_dim=" not in text and functions.domain_dim is not None:
        text += ("," if ":" in text else ":") + f"input_dim={functions.domain_dim}"
    return parse_class(text, NETWORK_CLASSES, "G")


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
    lines += [f"  also {other}" for other in bound.others]
    return "\n".join(lines)


def _print(data: Any, text: str, as_json: bool) -> None:
    print(json.dumps(data, indent=2) if as_json else text)


def _bound_command(arguments: argparse.Namespace, bound: ab.Bound) -> int:
    if getattr(arguments, "certificate", None):
        write_atomically(Path(arguments.certificate), f"{bound.certificate.to_json()}\n".encode())
    _print(_bound_dict(bound), _bound_text(bound), arguments.json)
    return 0


def _lower(arguments: argparse.Namespace) -> int:
    F = _functions(arguments.F)
    return _bound_command(arguments, ab.lower_bound(F, _network(arguments.G, F), p=_value("p", arguments.p)))


def _upper(arguments: argparse.Namespace) -> int:
    F = _functions(arguments.F)
    return _bound_command(arguments, ab.upper_bound(F, _network(arguments.G, F), p=_value("p", arguments.p)))


def _bracket(arguments: argparse.Namespace) -> int:
    F = _functions(arguments.F)
    bracket = ab.bracket(F, _network(arguments.G, F), p=_value("p", arguments.p))
    data = {"lower": _bound_dict(bracket.lower), "upper": _bound_dict(bracket.upper)}
    _print(data, _bound_text(bracket.lower) + "\n\n" + _bound_text(bracket.upper), arguments.json)
    return 0


def _pdim(arguments: argparse.Namespace) -> int:
    return _bound_command(arguments, _network(arguments.G).pseudo_dimension())


def _packing(arguments: argparse.Namespace) -> int:
    F = _functions(arguments.F)
    return _bound_command(arguments, F.packing(arguments.eps, p=_value("p", arguments.p)))


def _read(path: str) -> str:
    if path == "-":
        return sys.stdin.read(_LONGEST_FILE + 1)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(_LONGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("file", path, f"cannot be read ({error})") from None


def _certificate_of(text: str) -> ab.Certificate:
    """A certificate, also inside the JSON output of lower, upper, pdim or packing."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ab.Certificate.from_json(text)  # with its own message
    if isinstance(data, dict) and isinstance(data.get("certificate"), dict):
        return ab.Certificate.from_dict(data["certificate"])
    return ab.Certificate.from_json(text)


def _verify(arguments: argparse.Namespace) -> int:
    verdict = ab.verify(_certificate_of(_read(arguments.file)))
    _print({"accepted": verdict.accepted, "reason": verdict.reason}, verdict.reason, arguments.json)
    if not verdict:
        print(f"approxbounds: rejected: {verdict.reason}", file=sys.stderr)
    return 0 if verdict else 1


def _explain(arguments: argparse.Namespace) -> int:
    F = _functions(arguments.F)
    query = ab.upper_bound if arguments.upper else ab.lower_bound
    bound = query(F, _network(arguments.G, F), p=_value("p", arguments.p))
    data = {
        "claim": bound.latex,
        "steps": [{"text": step.text, "sources": [str(source) for source in step.citations]} for step in bound.steps],
        "bibtex": bound.bibtex(),
    }
    _print(data, bound.explain().rstrip() + ("\n\n" + bound.bibtex() if arguments.bibtex else ""), arguments.json)
    return 0


def _parameters(cls: type[Description]) -> list[str]:
    shown = []
    for field in fields(cls):
        default = "" if field.default is MISSING else f"={field.default}"
        shown.append(f"{field.name}{default}")
    return shown


def _list(arguments: argparse.Namespace) -> int:
    def classes(known: Mapping[str, type[Description]]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "class": cls.__name__,
                "parameters": _parameters(cls),
                "doc": (cls.__doc__ or "").split("\n")[0],
            }
            for name, cls in known.items()
        ]

    def role(theorem: Any) -> str:
        if theorem in LOWER_THEOREMS:
            return "lower bound on E_p"
        if theorem in UPPER_THEOREMS:
            return "upper bound on E_p"
        return "Pdim" if theorem.inputs == ("network",) else "packing"

    theorems = [
        {"id": t.id, "role": role(t), "title": t.title, "sources": [str(source) for source in t.citations]}
        for t in THEOREMS.values()
    ]
    data = {"functions": classes(FUNCTION_CLASSES), "networks": classes(NETWORK_CLASSES), "theorems": theorems}
    parts = []
    for title in ("functions", "networks"):
        rows = [(entry["name"], ", ".join(entry["parameters"]), entry["doc"]) for entry in data[title]]
        parts.append(table((title, "parameters", "what it is"), rows))
    parts.append(table(("theorem", "role", "title"), [(t["id"], t["role"], t["title"]) for t in theorems]))
    _print(data, "\n\n".join(parts), arguments.json)
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
        return sub

    command("lower", _lower, "best certified lower bound on E_p(F, G)", "FGpc")
    command("upper", _upper, "best known upper bound on E_p(F, G)", "FGpc")
    command("bracket", _bracket, "lower and upper bound together", "FGp")
    command("pdim", _pdim, "best upper bound on the pseudo-dimension of G", "Gc")
    packing = command("packing", _packing, "lower bound on the packing entropy log M(eps, F, L^p)", "Fpc")
    packing.add_argument("--eps", required=True, help="separation, e.g. 0.01 or 1/100")
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
        status: int = arguments.run(arguments)
        return status
    except ParameterError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 2
    except ApproxBoundsError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"approxbounds: {error}", file=sys.stderr)
        return 2
