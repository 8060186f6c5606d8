"""Measures as text on the command line: ``NAME:parameter=value,...``, products joined by ``*``, or a file of points."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import approxbounds as ab
from approxbounds.cli.text import parse_class, parse_functions, read_text
from approxbounds.errors import ParameterError
from approxbounds.files import read_file
from approxbounds.registry import MEASURES

__all__ = ["MEASURE", "functions_of", "parse_measure", "points_of"]

#: What the option is.
MEASURE = (
    "the measure of L^p and the domain of F, such as normal:deviation=2, box:low=0x0,high=2x3, 'normal*uniform:high=2' "
    "(independent coordinates), or a file of points, points.csv or points.npy (default: Lebesgue on [0,1]^d)"
)
_WRITTEN = {name: cls for name, cls in MEASURES.items() if name not in {"product", "empirical", "density"}}
_MOST_BYTES = 4 * 10**8


def functions_of(text: str, measure: str | None) -> Any:
    """The function class, under the measure if one is given."""
    F = parse_functions(text)
    return F if measure is None else ab.under(F, parse_measure(measure, F.domain_dim))


def parse_measure(text: str, dim: Any = None) -> Any:
    """The measure; ``dim`` is what it takes for a dimension that it needs and the text does not name.

    >>> parse_measure("normal:deviation=2", 3)
    Normal(dim=3, mean=0, deviation=2)
    >>> parse_measure("normal*uniform:high=2").marginals[1]
    Uniform(low=0, high=2)
    """
    if text.endswith((".csv", ".npy")):
        return ab.Empirical(points=points_of(text))
    parts = text.split("*")
    if len(parts) > 1:
        return ab.Product(marginals=tuple(parse_measure(part, 1) for part in parts))
    name = text.partition(":")[0]
    needs = name in _WRITTEN and "dim" in {field.name for field in fields(_WRITTEN[name])} and "dim=" not in text
    if needs and dim is not None:
        text += ("," if ":" in text else ":") + f"dim={dim}"
    return parse_class(text, _WRITTEN, "measure")


def points_of(path: str) -> Any:
    """The points in a file, points.csv or points.npy."""
    return _npy(path) if path.endswith(".npy") else _csv(path)


def _csv(path: str) -> list[list[float]]:
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append([float(entry) for entry in line.split(",")])
        except ValueError:
            raise ParameterError("measure", f"{path}, line {number}", "must be numbers separated by commas") from None
        if len(rows[-1]) != len(rows[0]):
            raise ParameterError("measure", f"{path}, line {number}", f"must have {len(rows[0])} numbers, as line 1")
    return rows


def _npy(path: str) -> NDArray[Any]:
    try:
        data = np.load(io.BytesIO(read_file(Path(path), _MOST_BYTES)), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ParameterError("measure", path, f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if not isinstance(data, np.ndarray):
        raise ParameterError("measure", path, "must be one array")
    return data
