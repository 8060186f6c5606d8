"""Records of any class, made from what its parameters declare: a class of yours needs no strategy of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from itertools import chain, islice, product
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from approxbounds.description import Description
from approxbounds.errors import ParameterError
from approxbounds.parameters import declared
from approxbounds.theorem import of_this_package

__all__ = ["examples", "library", "records"]

Record = TypeVar("Record", bound=Description)


def library(table: Mapping[str, type[Record]]) -> list[type[Record]]:
    """The classes of a table of the registry that are the library's own."""
    return [kind for kind in table.values() if of_this_package(kind)]


def examples(kind: type[Record], *, most: int = 4) -> list[Record]:
    """Some records of a class, simple ones first; none if a parameter has neither a default nor a declared check.

    >>> import approxbounds as ab
    >>> [str(F) for F in examples(ab.LipschitzBall, most=2)]
    ['LipschitzBall(dim=1, radius=1)', 'LipschitzBall(dim=2, radius=1/2)']
    """
    return list(islice(_examples(kind), most))


def _examples(kind: type[Record]) -> Iterator[Record]:
    values = _values(kind)
    if not all(values.values()):
        return
    longest = max(map(len, values.values()), default=1)
    diagonal = ([entries[i % len(entries)] for entries in values.values()] for i in range(longest))
    found: dict[Record, None] = {}
    for chosen in chain(diagonal, product(*values.values())):
        record = _made(kind, dict(zip(values, chosen, strict=True)))
        if record is not None and record not in found:
            found[record] = None
            yield record


def records(kind: type[Record], *, dim: int | None = None) -> SearchStrategy[Record]:
    """Records of a class whose parameters take the examples of their declared checks, and their defaults.

    ``dim`` fixes the dimension of the domain, or leaves it open where the class may.

    >>> from hypothesis import find
    >>> import approxbounds as ab
    >>> find(records(ab.BarronBall, dim=3), lambda F: F.power > 0).dim
    3
    """
    values = _values(kind)
    own = kind.domain_parameter
    if dim is not None and own in values:
        values[own] = [*(value for value in values[own] if value is None), dim]
    made = st.fixed_dictionaries({name: st.sampled_from(entries) for name, entries in values.items()}).map(
        lambda chosen: _made(kind, chosen)
    )
    return made.filter(lambda record: _lives_on(record, dim))  # type: ignore[return-value]  # it is a record then


def _lives_on(record: Any, dim: int | None) -> bool:
    """Whether there is a record, on the domain of this dimension."""
    return record is not None and (dim is None or record.domain_dim in (None, dim))


def _values(kind: type[Description]) -> dict[str, list[Any]]:
    """For each parameter its default, if there is one, and the examples of its check, if it declares one."""
    checks = {name: check for name, check, _ in declared(kind)}  # type: ignore[arg-type]  # classes are hashable
    values = {}
    for field in fields(kind):
        some = list(checks[field.name].examples()) if field.name in checks else []
        if field.default is not MISSING:
            some = [field.default, *(value for value in some if value != field.default)]
        values[field.name] = some
    return values


def _made(kind: type[Record], parameters: dict[str, Any]) -> Record | None:
    """The record, or None if its parameters do not fit together."""
    try:
        return kind(**parameters)
    except ParameterError:
        return None
