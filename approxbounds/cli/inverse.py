"""The commands that ask how large networks must be, or may be, for an error."""

from __future__ import annotations

import argparse
from typing import Any

import approxbounds as ab
from approxbounds.cli.answers import asked, bound_text, show, write_certificate
from approxbounds.cli.measures import functions_of
from approxbounds.cli.text import parse_network, parse_value
from approxbounds.errors import NoNumberError
from approxbounds.validation import to_text

__all__ = ["add_options", "bits", "sufficient", "weights", "weights_bracket"]


def add_options(command: argparse.ArgumentParser, names: str) -> None:
    """What several of them take: an error e, depth d, degree n, the number of pieces k, equal widths w."""
    if "e" in names:
        text = "the error that E_p(F, G) should not exceed, e.g. 1e-2"
        command.add_argument("--error", required=True, help=text)
    if "d" in names:
        command.add_argument("--depth", required=True, help="number of layers, output layer included")
    if "n" in names:
        pieces = "degree of the activation's pieces (default 1)"
        power = "of the activation max(x, 0)^degree (default 1; 0: threshold units)"
        command.add_argument("--degree", default="1", help=pieces if "k" in names else power)
    if "k" in names:
        command.add_argument("--pieces", default="2", help="number of the activation's pieces (default 2)")
    if "w" in names:
        command.add_argument("--width", action="store_true", help="hidden layers of equal width, the smallest found")


def _required(found: ab.Requirement, question: dict[str, Any]) -> dict[str, Any]:
    bound = found.bound
    return {
        "asked": found.asked,
        **question,
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


def _required_text(found: ab.Requirement) -> str:
    bound = found.bound
    return str(found) if bound is None else f"{found}\nexcluded: {bound.query.G}\n{bound_text(bound)}"


def _requirement(arguments: argparse.Namespace, found: ab.Requirement, question: dict[str, Any]) -> int:
    if found.bound is not None:
        write_certificate(arguments, found.bound)
    elif arguments.certificate is not None:
        raise NoNumberError("nothing is excluded, so there is no certificate")
    show(lambda: _required(found, question), lambda: _required_text(found), arguments.json)
    return 0


def _of_weights(found: ab.Requirement) -> dict[str, Any]:
    """The question, of all networks of these sizes."""
    G: Any = found.query.G  # the smallest of them
    sizes = {"network": None, "depth": G.counted_sizes.depth, "degree": G.degree, "pieces": G.pieces}
    return asked(found.query) | sizes


def weights(arguments: argparse.Namespace) -> int:
    """How many weights an error needs at least."""
    given = {name: getattr(arguments, name) for name in ("error", "depth", "degree", "pieces")}
    found = ab.required_weights(functions_of(arguments.F, arguments.measure), p=parse_value(arguments.p), **given)
    assert isinstance(found, ab.Requirement)  # --error is a number
    return _requirement(arguments, found, _of_weights(found))


def bits(arguments: argparse.Namespace) -> int:
    """How many bits per weight an error needs at least."""
    F = functions_of(arguments.F, arguments.measure)
    found = ab.required_bits(F, parse_network(arguments.G, F), error=arguments.error, p=parse_value(arguments.p))
    assert isinstance(found, ab.Requirement)  # --error is a number
    return _requirement(arguments, found, asked(found.query))


def _sufficient(found: ab.Sufficiency) -> dict[str, Any]:
    return {
        **asked(found.bound.query),
        "weights": found.weights,
        "width": found.width,
        "error": to_text(found.error),
        "smallest": found.smallest.text,
        "bound": found.bound.number,
        "theorem": found.bound.theorem.id,
        "sources": [str(source) for source in found.sources],
        "foreign": list(found.bound.foreign),
        "certificate": found.certificate.to_dict(),
    }


def _sufficient_text(found: ab.Sufficiency) -> str:
    return f"{found}\n{bound_text(found.bound)}"


def _from_above(arguments: argparse.Namespace, question: Any) -> Any:
    given = {name: getattr(arguments, name) for name in ("error", "depth", "degree")}
    return question(functions_of(arguments.F, arguments.measure), p=parse_value(arguments.p), **given)


def sufficient(arguments: argparse.Namespace) -> int:
    """How many weights are enough for an error."""
    found = _from_above(arguments, ab.sufficient_width if arguments.width else ab.sufficient_weights)
    write_certificate(arguments, found.bound)
    show(lambda: _sufficient(found), lambda: _sufficient_text(found), arguments.json)
    return 0


def weights_bracket(arguments: argparse.Namespace) -> int:
    """How many weights an error needs at least and at most."""
    found = _from_above(arguments, ab.weights_bracket)
    needed, enough = found.required, found.sufficient
    show(
        lambda: {"required": _required(needed, _of_weights(needed)), "sufficient": _sufficient(enough)},
        lambda: f"{found}\n\n{_required_text(needed)}\n\n{_sufficient_text(enough)}",
        arguments.json,
    )
    return 0
