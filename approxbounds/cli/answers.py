"""Bounds as JSON and as text, and how a command shows its answer."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import approxbounds as ab
from approxbounds.errors import NoExpressionError, ParameterError
from approxbounds.jsontext import dumps
from approxbounds.render import given, number, plain
from approxbounds.theorem import Query
from approxbounds.validation import to_text

__all__ = ["asked", "bound_dict", "bound_text", "show", "write_certificate"]


def _sympy_text(get: Callable[[], Any]) -> str | None:
    try:
        return str(get())
    except NoExpressionError:
        return None


def asked(query: Query) -> dict[str, Any]:
    """The question; None where it has no such part."""
    parts: dict[str, Callable[[Any], Any]]
    parts = {"functions": str, "network": str, "p": to_text, "eps": to_text, "gamma": to_text}
    return {name: None if (part := getattr(query, name)) is None else write(part) for name, write in parts.items()}


def bound_dict(bound: ab.Bound) -> dict[str, Any]:
    certified = bound.number is not None
    return asked(bound.query) | {
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


def bound_text(bound: ab.Bound) -> str:
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


def show(data: Callable[[], Any], text: Callable[[], str], as_json: bool) -> None:
    """Only what is shown is made."""
    print(dumps(data(), indent=2) if as_json else text())


def write_certificate(arguments: argparse.Namespace, bound: ab.Bound) -> None:
    if arguments.certificate is None:
        return
    if arguments.certificate in {"", "-"}:
        allowed = "must be the name of a file (--json shows the certificate on standard output)"
        raise ParameterError("certificate", arguments.certificate, allowed)
    try:
        bound.certificate.save(arguments.certificate)
    except ParameterError as error:
        raise ParameterError("certificate", arguments.certificate, error.allowed) from None
