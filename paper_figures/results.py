"""Stored results of training: ``data/NAME.json``, so that figures are drawn without training for minutes.

A file says what was trained with which settings (the queries of the product and the seed), by which versions, and when.
``--train`` trains anew; with ``--update`` what it finds is stored here.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from approxbounds.errors import ParameterError
from approxbounds.files import write_atomically

__all__ = ["DATA", "read", "write"]

DATA = Path(__file__).resolve().parent / "data"
PACKAGES = ("approxbounds", "numpy", "scipy")


def read(name: str, *, folder: Path = DATA) -> dict[str, dict[str, Any]]:
    """What training gave for each query of a product, by the label of the query; nothing if there is no such file.

    Raises ParameterError if it is no file of results.
    """
    path = folder / f"{name}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []
        return {entry["label"]: dict(entry["trained"]) for entry in stored}
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise ParameterError("results", str(path), "must be a file that --train --update has written") from error


def write(name: str, results: Mapping[str, Mapping[str, Any]], *, about: str, folder: Path = DATA) -> Path:
    """Store what training gave, with the versions and the date, one result a line."""
    head = {
        "about": about,
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}},
    }
    lines = [f" {_json({'label': label, 'trained': trained})}" for label, trained in results.items()]
    members = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
    members.append('"results": [\n' + ",\n".join(lines) + "\n]")
    return write_atomically(folder / f"{name}.json", ("{\n" + ",\n".join(members) + "\n}\n").encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
