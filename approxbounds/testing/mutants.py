"""Certificates spoilt on purpose."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from approxbounds.certificate import Certificate
from approxbounds.jsontext import INFINITE

__all__ = ["JUNK", "replaced", "unsafe_mutants", "without"]

#: What does not belong into any field of a certificate.
JUNK: tuple[Any, ...] = (
    *(None, True, 2.5, -1, 0, 10**400, 10**5000, "__import__('os').system('true')"),
    *([], [[1]], {"a": {}}, math.nan),
)


def _altered(data: dict[str, Any], path: Sequence[str]) -> tuple[dict[str, Any], Any]:
    """A deep copy, and the object in it whose entry path[-1] is to be changed."""
    mutant = copy.deepcopy(data)
    target: Any = mutant
    for step in path[:-1]:
        target = target[step]
    return mutant, target


def replaced(data: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of a JSON object with another value at a path of keys.

    >>> replaced({"network": {"dimension": 3}}, ["network", "dimension"], 2)
    {'network': {'dimension': 2}}
    """
    mutant, target = _altered(data, path)
    target[path[-1]] = value
    return mutant


def without(data: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """A copy of a JSON object without the entry at a path of keys."""
    mutant, target = _altered(data, path)
    del target[path[-1]]
    return mutant


def unsafe_mutants(certificate: Certificate) -> Iterator[dict[str, Any]]:
    """The certificate of a bound, changed in every way that makes it false or malformed beyond doubt.

    The value is moved to the unsafe side (by one unit in the last place, too), the direction turned, fields left out,
    added, or filled with junk. JSON objects: :func:`approxbounds.verify` must reject each or raise CertificateError or
    ParameterError. ``certificate`` must claim exactly what its data support, as those of bounds do.

    >>> import approxbounds as ab
    >>> mutants = list(unsafe_mutants(ab.LinearSpace(dimension=3).pseudo_dimension().certificate))
    >>> len(mutants) > 50, bool(ab.verify(mutants[0]))
    (True, False)
    """
    data: dict[str, Any] = json.loads(certificate.to_json())
    lower, value = data["direction"] == "lower", data["value"]
    if value == INFINITE:  # nothing is above it
        away: list[Any] = [math.inf, "oo", "-inf"]
    elif isinstance(value, int):
        away = [value - 1, 0, -(10**30), float(value)] if value else [-1, 0.0]
    else:
        away = [math.nextafter(value, math.inf), 1.5 * value, 1e300] if lower else [math.nextafter(value, 0), 0, -1.0]
        away += [INFINITE]
    yield from (replaced(data, ["value"], worse) for worse in away if worse != value or isinstance(value, int))
    yield from (replaced(data, ["value"], junk) for junk in [None, True, "1", "1/2", [value], math.nan, math.inf])
    yield from (replaced(data, ["direction"], other) for other in ("upper" if lower else "lower", None))
    yield replaced(data, ["theorem"], "T1")  # a rate
    yield from (replaced(data, [key], junk) for key in ("theorem", "format", "witness") for junk in JUNK)
    yield from (without(data, [key]) for key in data)
    yield replaced(data, ["comment"], "extra")
    for part in ("functions", "network"):
        if data[part] is not None:
            yield without(data, [part, "class"])
            yield replaced(data, [part, "surprise"], 1)
            yield from (replaced(data, [part], junk) for junk in JUNK if junk is not None)
            names = [name for name in data[part] if name != "bias"]
            yield from (replaced(data, [part, name], 0.5) for name in names)
