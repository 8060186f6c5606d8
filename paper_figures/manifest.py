"""The stored numbers behind every figure and table, and their comparison with freshly computed ones.

``manifest.json`` holds, for each product, its records by query: those of the full and of the quick setting. Numbers
must be equal, except those that a product's ``tolerances`` name: measured ones, and floats that are not certified.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from approxbounds.errors import ParameterError
from approxbounds.files import write_atomically
from paper_figures.product import Product, Record

__all__ = ["MANIFEST", "differences", "label", "read", "write"]

MANIFEST = Path(__file__).resolve().parent / "manifest.json"
#: Records by product and by the label of their query.
Manifest = dict[str, dict[str, Any]]


def label(query: Mapping[str, Any]) -> str:
    """The name of a query in the manifest.

    >>> label({"dim": 2, "p": "3/2"})
    'dim=2, p=3/2'
    """
    return ", ".join(f"{name}={value}" for name, value in query.items())


def read(path: Path = MANIFEST) -> Manifest:
    """The stored records; none if there is no such file. Raises ParameterError if it is not a manifest."""
    try:
        found: Manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        sound = isinstance(found, dict) and all(isinstance(records, dict) for records in found.values())
    except (OSError, ValueError, RecursionError):
        sound = False
    if not sound:
        raise ParameterError("manifest", str(path), "must be a file that --update has written, or not be there")
    return found


def write(manifest: Manifest, path: Path = MANIFEST) -> Path:
    """Store the records, one a line, so that a change is one line in a diff."""
    products = []
    for name, records in sorted(manifest.items()):
        lines = [f" {_json(key)}: {_json(record)}" for key, record in records.items()]
        products.append(f"{_json(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return write_atomically(path, ("{\n" + ",\n".join(products) + "\n}\n").encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def differences(product: Product, records: Mapping[str, Record], manifest: Manifest) -> list[str]:
    """One line for each number that is not the stored one, and for each query that is new or no longer asked.

    ``records``: by the label of their query, perhaps only those of the quick setting.
    """
    stored = manifest.get(product.name, {})
    found = []
    for name, record in records.items():
        if name not in stored:
            found.append(f"{product.name}: {name}: not in the manifest")
            continue
        fresh = json.loads(_json(record))  # tuples become lists, as in the manifest
        found += [f"{product.name}: {name}: {text}" for text in _compare(fresh, stored[name], product.tolerances)]
    asked = {label(query) for quick in (False, True) for query in product.queries(quick=quick)}
    return found + [f"{product.name}: {name}: no longer asked" for name in stored if name not in asked]


def _compare(
    fresh: Any, stored: Any, tolerances: Mapping[str, float], place: str = "", allowed: float = 0
) -> Iterator[str]:
    """Where two JSON values differ: the innermost place, the stored value and the fresh one."""
    if isinstance(fresh, dict) and isinstance(stored, dict):
        for key in dict.fromkeys((*stored, *fresh)):
            inner = f"{place}.{key}" if place else key
            if key not in fresh or key not in stored:
                yield f"{inner}: {'no longer there' if key in stored else 'not in the manifest'}"
            else:
                yield from _compare(fresh[key], stored[key], tolerances, inner, tolerances.get(key, allowed))
    elif isinstance(fresh, list) and isinstance(stored, list) and len(fresh) == len(stored):
        for i, (new, old) in enumerate(zip(fresh, stored, strict=True)):
            yield from _compare(new, old, tolerances, f"{place}[{i}]", allowed)
    elif allowed and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (fresh, stored)):
        if not math.isclose(fresh, stored, rel_tol=allowed):
            yield f"{place}: stored {stored!r}, now {fresh!r} (allowed: {allowed:g} relative)"
    elif type(fresh) is not type(stored) or fresh != stored:
        yield f"{place}: stored {stored!r}, now {fresh!r}"
