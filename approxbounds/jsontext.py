"""JSON whose certified numbers are bounds as they are written, not only when they are read; long integers, too."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

__all__ = ["INFINITE", "decimal_text", "dumps", "finite", "loads"]

#: How infinity is written: JSON has no number for it.
INFINITE = "inf"

_SHORT = 640  # digits that the interpreter always reads and writes
_LONG = 2120  # bits that have fewer digits
_MOST_DIGITS = 4300
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


def finite(data: Any) -> Any:
    """A copy of plain data in which infinite numbers are text.

    >>> finite({"value": float("inf"), "more": (1, 2.5)})
    {'value': 'inf', 'more': [1, 2.5]}
    """
    if isinstance(data, Mapping):
        return {name: finite(entry) for name, entry in data.items()}
    if isinstance(data, (list, tuple)):
        return [finite(entry) for entry in data]
    return INFINITE if isinstance(data, float) and data == math.inf else data


def dumps(data: Any, *, indent: int | None = None, sort_keys: bool = False, sides: bool = True) -> str:
    """As :func:`json.dumps`, but for infinity ("inf"), long integers, and the digits of floats ``value`` of bounds.

    Integers may have any length, whatever the interpreter's limit is. The digits of a bound are on the safe side,
    unless ``sides`` is false. The side is said by ``direction`` or ``quantity``, "lower" or "upper", of the same object
    or of one around it.

    >>> dumps({"quantity": "upper", "value": 0.1, "more": [{"value": 0.3}, 0.1]})
    '{"quantity": "upper", "value": 0.10000000000000001, "more": [{"value": 0.3}, 0.1]}'
    """
    data = finite(data)
    mark = "@"
    while any(mark in text for text in _strings(data)):
        mark += "@"
    texts: list[str] = []  # what json.dumps cannot write, and a marked string stands for

    def instead(text: str) -> str:
        texts.append(text)
        return f"{mark}{len(texts) - 1}"

    def marked(part: Any, up: bool | None) -> Any:
        if isinstance(part, Mapping):
            for name in ("direction", "quantity"):
                side = part.get(name)
                up = _DIRECTIONS.get(side, up) if sides and isinstance(side, str) else up
            return {name: value_of(entry, up) if name == "value" else marked(entry, up) for name, entry in part.items()}
        if isinstance(part, int) and part.bit_length() > _LONG:
            return instead(f"{Decimal(part):f}")
        return [marked(entry, up) for entry in part] if isinstance(part, (list, tuple)) else part

    def value_of(value: Any, up: bool | None) -> Any:
        return marked(value, up) if up is None or not isinstance(value, float) else instead(decimal_text(value, up=up))

    text = json.dumps(marked(data, None), indent=indent, sort_keys=sort_keys)
    return re.sub(rf'"{mark}(\d+)"', lambda found: texts[int(found[1])], text)


def _strings(part: Any) -> Iterator[str]:
    """All strings in the data, names too."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (list, tuple)):
        for entry in part:
            yield from _strings(entry)
    elif isinstance(part, Mapping):
        yield from _strings([*part.keys(), *part.values()])


def loads(text: str | bytes, **hooks: Any) -> Any:
    """As :func:`json.loads`, but integers have at most 4300 digits, whatever the interpreter's limit is.

    ValueError for text that is not JSON, RecursionError if it is nested too deeply.

    >>> loads("[1, " + "9" * 4301 + "]")
    Traceback (most recent call last):
        ...
    ValueError: an integer has 4301 digits: at most 4300
    """
    return json.loads(text, parse_int=_integer, **hooks)


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"an integer has {len(text)} digits: at most {_MOST_DIGITS}")
    return int(Decimal(text)) if len(text) > _SHORT else int(text)  # which has a limit, perhaps as low as 640 digits
