"""JSON whose certified numbers are bounds as they are written, not only when they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

__all__ = ["decimal_text", "dumps"]

_DIRECTIONS = {"lower": False, "upper": True}  # to: whether to round up


def decimal_text(value: float, *, up: bool) -> str:
    """The shortest decimal that is read as this double and is not below it (``up``) or not above it.

    The shortest of all, which Python writes, is on the wrong side in half of the cases.

    >>> decimal_text(0.1, up=True), decimal_text(0.1, up=False)
    ('0.10000000000000001', '0.1')
    """
    shortest = repr(value)
    if Fraction(shortest) >= value if up else Fraction(shortest) <= value:
        return shortest
    digits, style = 15, "e" if "e" in shortest else "f"
    while True:
        context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
        text = f"{context.create_decimal(Decimal(value)):{style}}"
        if float(text) == value:
            return text
        digits += 1


def dumps(data: Any, *, indent: int | None = None) -> str:
    """As :func:`json.dumps`, but for the digits of each float ``value`` of a bound: they are on the safe side.

    The side is said by ``direction`` or ``quantity``, "lower" or "upper", of the same object or of one around it.

    >>> dumps({"quantity": "upper", "value": 0.1, "more": [{"value": 0.3}, 0.1]})
    '{"quantity": "upper", "value": 0.10000000000000001, "more": [{"value": 0.3}, 0.1]}'
    """
    plain = json.dumps(data, indent=indent)
    mark = "@"
    while mark in plain:
        mark += "@"
    texts: list[str] = []

    def marked(part: Any, up: bool | None) -> Any:
        if isinstance(part, Mapping):
            for name in ("direction", "quantity"):
                side = part.get(name)
                up = _DIRECTIONS.get(side, up) if isinstance(side, str) else up
            return {name: value_of(entry, up) if name == "value" else marked(entry, up) for name, entry in part.items()}
        return [marked(entry, up) for entry in part] if isinstance(part, (list, tuple)) else part

    def value_of(value: Any, up: bool | None) -> Any:
        if up is None or not isinstance(value, float):
            return marked(value, up)
        texts.append(decimal_text(value, up=up))
        return f"{mark}{len(texts) - 1}"

    text = json.dumps(marked(data, None), indent=indent)
    return re.sub(rf'"{mark}(\d+)"', lambda found: texts[int(found[1])], text)
