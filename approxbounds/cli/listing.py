"""The command ``approxbounds list``: all classes with their parameters, and all theorems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from approxbounds import tables
from approxbounds.description import Description
from approxbounds.registry import FUNCTION_CLASSES, LOWER_THEOREMS, NETWORK_CLASSES, THEOREMS, UPPER_THEOREMS
from approxbounds.sources import Citation

__all__ = ["known", "text"]


def known() -> dict[str, list[dict[str, Any]]]:
    """What there is, as plain data."""
    theorems = [
        {
            "id": theorem.id,
            "role": _role(theorem),
            "title": theorem.title,
            "sources": [str(source) for source in theorem.citations],
            "keys": _keys(theorem.citations),
        }
        for theorem in THEOREMS.values()
    ]
    return {"functions": _classes(FUNCTION_CLASSES), "networks": _classes(NETWORK_CLASSES), "theorems": theorems}


def text(data: Mapping[str, list[dict[str, Any]]]) -> str:
    """The same as tables."""
    parts = []
    for title in ("functions", "networks"):
        columns = ("name", "parameters", "keys", "doc")
        parts.append(tables.text((title, "parameters", "references", "what it is"), _cells(data[title], columns)))
    columns = ("id", "role", "keys", "title")
    parts.append(tables.text(("theorem", "role", "references", "title"), _cells(data["theorems"], columns)))
    return "\n\n".join(parts)


def _classes(table: Mapping[str, type[Description]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "class": cls.__name__,
            "parameters": _parameters(cls),
            "doc": (cls.__doc__ or "").split("\n")[0],
            "keys": _keys(cls.citations),
        }
        for name, cls in table.items()
    ]


def _parameters(cls: type[Description]) -> list[str]:
    shown = []
    for field in fields(cls):
        default = "" if field.default is MISSING else f"={field.default}"
        shown.append(f"{field.name}{default}")
    return shown


def _role(theorem: Any) -> str:
    if theorem in LOWER_THEOREMS:
        return "lower bound on E_p"
    if theorem in UPPER_THEOREMS:
        return "upper bound on E_p"
    if "gamma" in theorem.inputs:
        return "fat-shattering"
    return "Pdim" if theorem.inputs == ("network",) else "packing"


def _keys(citations: tuple[Citation, ...]) -> list[str]:
    return list(dict.fromkeys(citation.key for citation in citations))


def _cells(entries: list[dict[str, Any]], columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Rows of text; lists are joined by commas."""

    def cell(value: str | list[str]) -> str:
        return value if isinstance(value, str) else ", ".join(value)

    return [tuple(cell(entry[column]) for column in columns) for entry in entries]
