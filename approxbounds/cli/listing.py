"""The command ``approxbounds list``: all classes with their parameters, and all theorems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from approxbounds import tables
from approxbounds.description import Description
from approxbounds.registry import FUNCTION_CLASSES, LOWER_THEOREMS, NETWORK_CLASSES, THEOREMS, UPPER_THEOREMS
from approxbounds.sources import Citation
from approxbounds.theorem import Direction

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


def text(data: Mapping[str, list[dict[str, Any]]], *, width: int) -> str:
    """The same in paragraphs of at most this width: name and parameters, what it is, references."""

    def paragraph(first: str, what: str, keys: list[str]) -> list[str]:
        details = [tables.filled(line, width=width, indent="    ", hanging="") for line in (what, ", ".join(keys))]
        return [tables.filled(first, width=width, indent="  "), *details]

    lines = []
    for title, kinds in (("F: function classes", "functions"), ("G: network classes", "networks")):
        lines += [title, "-" * len(title)]
        for entry in data[kinds]:
            lines += paragraph(f"{entry['name']}: {', '.join(entry['parameters'])}", entry["doc"], entry["keys"])
        lines.append("")
    lines += ["theorems", "--------"]
    for entry in data["theorems"]:
        lines += paragraph(f"{entry['id']}: {entry['role']}", entry["title"], entry["keys"])
    return "\n".join(lines)


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
    if theorem.inputs == ("network",):
        return "Pdim"
    return "packing" if theorem.direction is Direction.LOWER else "covering"


def _keys(citations: tuple[Citation, ...]) -> list[str]:
    return list(dict.fromkeys(citation.key for citation in citations))
