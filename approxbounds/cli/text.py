"""Classes as text on the command line: ``NAME:parameter=value,...``, unions joined by ``+``. Nothing is evaluated."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from approxbounds.description import Description
from approxbounds.errors import ParameterError, nearest, suggestion
from approxbounds.files import read_file
from approxbounds.registry import FUNCTION_CLASSES, NETWORK_CLASSES

__all__ = ["UNION", "parse_class", "parse_functions", "parse_network", "parse_value", "read_text", "split_classes"]

_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,30}[0-9]{0,3}")
_ENTRY = re.compile(r"([0-9A-Za-z_./]+)(?:\^([1-9][0-9]{0,3}))?")
_MOST_ENTRIES = 10_000  # of one list, more than any class takes
_MOST_MEMBERS = 100  # of a union
UNION = "union"
_CONSTANTS = {"true": True, "false": False, "none": None}
_NO_SYMBOLS = {"inf", "infinity", "oo", "nan"}  # in any case; what a parameter makes of them is its own affair
_FUNCTIONS = {"exp", "log"}  # as formulas are written
_LONGEST = 10**6  # characters of a file


def parse_value(text: str) -> Any:
    """A bool or None in any case, a positive symbol, or text that the library parses as an exact number.

    ParameterError for a name that means a constant or a function in formulas (E, I, pi, log).
    """
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if not _NAME.fullmatch(text) or text.lower() in _NO_SYMBOLS:
        return text
    import sympy

    if text in _FUNCTIONS or isinstance(vars(sympy).get(text), sympy.Expr):
        raise ParameterError("symbol", text, "has a meaning of its own in formulas; take another name")
    return sympy.Symbol(text, positive=True)


def _sequence(name: str, text: str) -> tuple[Any, ...]:
    entries = [_ENTRY.fullmatch(part) for part in text.split("x")]
    if None in entries:
        raise ParameterError(name, text, "must be values joined by x, such as 64x64 or 50^4")
    pairs = [(entry[1], int(entry[2] or 1)) for entry in entries if entry is not None]
    if sum(times for _, times in pairs) > _MOST_ENTRIES:  # before any of them is written out
        raise ParameterError(name, text, f"must have at most {_MOST_ENTRIES} entries")
    return tuple(chain.from_iterable(repeat(parse_value(value), times) for value, times in pairs))


def parse_class(text: str, classes: Mapping[str, type[Description]], what: str) -> Any:
    """The class that ``NAME:parameter=value,...`` describes.

    >>> parse_class("holder:smoothness=3/2,dim=2", FUNCTION_CLASSES, "F").smoothness
    Fraction(3, 2)
    """
    name, _, rest = text.partition(":")
    if name not in classes:
        allowed = f"must be NAME:parameter=value,... with NAME one of {', '.join(classes)}"
        raise ParameterError(what, text, allowed + _meant(name, classes))
    cls = classes[name]
    known = {field.name: str(field.type) for field in fields(cls)}
    parameters: dict[str, Any] = {}
    for item in rest.split(",") if rest else []:
        key, equals, value = item.partition("=")
        if not equals or key not in known or key in parameters:
            allowed = f"must be parameter=value, each once, of {name}: {', '.join(known)}"
            raise ParameterError(what, item, allowed + ("" if key in known else suggestion(key, known)))
        if known[key].startswith("tuple"):
            parameters[key] = _sequence(key, value)
        else:
            parameters[key] = value if known[key] == "str" else parse_value(value)
    missing = [
        field.name
        for field in fields(cls)
        if field.default is MISSING and field.default_factory is MISSING and field.name not in parameters
    ]
    if missing:
        raise ParameterError(what, text, f"{name} also needs {', '.join(missing)}")
    return cls(**parameters)


def _meant(name: str, classes: Mapping[str, type[Description]]) -> str:
    """The name that was perhaps meant, or that the classes are in the wrong order."""
    if name in FUNCTION_CLASSES or name in NETWORK_CLASSES:
        return f"; {name} is not one: function classes (F) come before network classes (G)"
    return suggestion(name, classes)


def parse_functions(text: str) -> Any:
    """A function class."""
    return parse_class(text, FUNCTION_CLASSES, "F")


def _members(text: str) -> list[str]:
    """The members of a union: a + begins another one where the name of a class follows."""
    members: list[list[str]] = []
    for part in text.split("+"):
        if members and part.partition(":")[0] not in NETWORK_CLASSES:
            members[-1].append(part)
        else:
            members.append([part])
    return ["+".join(parts) for parts in members]


def parse_network(text: str, functions: Any = None) -> Any:
    """A network class, or the union of several; input_dim defaults to the dimension of the functions.

    >>> len(parse_network("relu:widths=8,input_dim=1+relu:widths=4x4,input_dim=1").members)
    2
    """
    parts = _members(text)
    if len(parts) > _MOST_MEMBERS:  # before any of them is built
        raise ParameterError("G", text, f"has {len(parts)} members: a union has at most {_MOST_MEMBERS}")
    if len(parts) > 1:
        return NETWORK_CLASSES[UNION](members=tuple(parse_network(part, functions) for part in parts))
    name = text.partition(":")[0]
    if name == UNION:
        raise ParameterError("G", text, "must be written as members joined by +: relu:widths=8+relu:widths=4x4")
    accepts = name in NETWORK_CLASSES and "input_dim" in {field.name for field in fields(NETWORK_CLASSES[name])}
    if functions is not None and accepts and "input_dim=" not in text and functions.domain_dim is not None:
        text += ("," if ":" in text else ":") + f"input_dim={functions.domain_dim}"
    return parse_class(text, NETWORK_CLASSES, "G")


def read_text(path: str) -> str:
    """The text of an ordinary file, or of standard input if its name is -; ParameterError if there is none or too much.

    A pipe with a name is refused at once: nobody may ever write to it.
    """
    if path == "-" and sys.stdin is None:
        raise ParameterError("file", path, "cannot be read (standard input is closed)")
    try:
        text = sys.stdin.read(_LONGEST + 1) if path == "-" else _decoded(Path(path))
    except (OSError, ValueError) as error:
        raise ParameterError("file", path, f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(text) > _LONGEST:
        raise ParameterError("file", path, f"must have at most {_LONGEST} characters")
    return text


def _decoded(path: Path) -> str:
    return read_file(path, 4 * _LONGEST).decode("utf-8-sig")  # a character has at most 4 bytes


def split_classes(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The function classes and the network classes among the texts; at least one of each is needed.

    >>> split_classes(["relu:widths=8", "lipschitz:dim=2", "monotone:dim=2"])
    (['lipschitz:dim=2', 'monotone:dim=2'], ['relu:widths=8'])
    """
    chosen: tuple[list[str], list[str]] = ([], [])
    for text in texts:
        name = text.partition(":")[0]
        if name not in FUNCTION_CLASSES and name not in NETWORK_CLASSES:
            every = [*FUNCTION_CLASSES, *NETWORK_CLASSES]
            allowed = f"must begin with the name of a class: {nearest(name, every)}"
            raise ParameterError("class", text, allowed)
        chosen[name in NETWORK_CLASSES].append(text)
    if not all(chosen):
        raise ParameterError("classes", list(texts), "must be at least one function class and one network class")
    return chosen
