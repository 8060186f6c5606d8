"""What function classes and network classes have in common: frozen records of exact parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from approxbounds.errors import ParameterError, suggestion
from approxbounds.parameters import declared
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic, to_text

__all__ = ["Description", "named", "where"]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Description):
        return value.to_dict()
    return value if isinstance(value, bool) or value is None else to_text(value)


@dataclass(frozen=True, kw_only=True)
class Description:
    """A frozen record that states every assumption; theorems consume it, it computes nothing itself.

    Fields declare what they may be (:mod:`approxbounds.parameters`). What parameters must be together a class checks in
    a ``__post_init__`` of its own, after ``super().__post_init__()``.
    ``citations`` names where the class is studied; derivations cite what they use, class by class.
    ``records`` names the fields that hold tuples of other records, in which no record of the same class may be.
    ``domain_parameter`` is the name of the dimension of the domain in classes that have it as a parameter.
    """

    citations: ClassVar[tuple[Citation, ...]] = ()
    records: ClassVar[tuple[str, ...]] = ()
    domain_parameter: ClassVar[str]

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """The empty record; a TypeError that names all parameters for a call that does not."""
        record = super().__new__(cls)
        own = fields(cls)
        if given and all(field.kw_only for field in own):
            raise TypeError(f"{cls.__name__} takes its parameters by name: {_call(cls)}")
        names = [field.name for field in own if field.init]
        if unknown := sorted(named.keys() - set(names)):
            meant = suggestion(unknown[0], names)
            raise TypeError(f"{cls.__name__} has no parameter {unknown[0]!r}: {_call(cls)}{meant}")
        return record

    def __post_init__(self) -> None:
        """Make the parameters exact, or raise ParameterError, as their fields declare."""
        for name, check, optional in declared(type(self)):  # type: ignore[arg-type]  # classes are hashable
            given = getattr(self, name)
            if given is None and optional:
                continue
            meant = check.parse(name, given)
            if meant is not given:
                object.__setattr__(self, name, meant)

    def parameters(self) -> dict[str, Any]:
        """Field names and values, in order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the class name and the exact parameters (ints, or strings such as "1/3")."""
        return {"class": type(self).__name__} | {name: _plain(value) for name, value in self.parameters().items()}

    def larger(self) -> Iterator[Self]:
        """Classes of this kind that contain this one, for tests that bounds are monotone; none unless declared.

        A subclass that describes something else must say so itself.
        """
        return iter(())

    def variants(self, *changes: Mapping[str, Any]) -> Iterator[Self]:
        """The record with other values of some parameters, for each of the changes that is allowed.

        >>> import approxbounds as ab
        >>> [str(F) for F in ab.LipschitzBall(dim=1).variants({"radius": 2}, {"dim": 0})]
        ['LipschitzBall(dim=1, radius=2)']
        """
        for change in changes:
            with suppress(ParameterError):
                yield replace(self, **change)

    @property
    def symbols(self) -> frozenset[Any]:
        """The free SymPy symbols among the parameters."""
        found: set[Any] = set()
        for _, entry in self.entries():
            if is_symbolic(entry):
                found |= entry.free_symbols
        return frozenset(found)

    def require_numbers(self, purpose: str) -> None:
        """Raise if any parameter is symbolic."""
        for name, entry in self.entries():
            if is_symbolic(entry):
                raise ParameterError(name, entry, f"{purpose} needs a number here, not a symbol")

    @property
    def kinds(self) -> tuple[type[Description], ...]:
        """The types of this record and of the records in it."""
        values = (value if isinstance(value, tuple) else (value,) for value in self.parameters().values())
        inner = (
            kind for entries in values for entry in entries if isinstance(entry, Description) for kind in entry.kinds
        )
        return tuple(dict.fromkeys([type(self), *inner]))

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Names and values of all parameters one by one, also those of records in records; of equal records once."""
        for name, value in self.parameters().items():
            values = value if isinstance(value, tuple) else (value,)
            for entry in dict.fromkeys(values) if name in self.records else values:
                if isinstance(entry, Description):
                    yield from entry.entries()
                else:
                    yield name, entry

    def __str__(self) -> str:
        given = ((name, value) for name, value in self.parameters().items() if value is not None)
        return f"{type(self).__name__}({', '.join(f'{name}={_text(value)}' for name, value in given)})"

    @property
    def definition(self) -> str:
        """One sentence of Markdown with LaTeX that defines the class."""
        return str(self)

    def _repr_markdown_(self) -> str:
        return self.definition

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For IPython, and for the examples that Hypothesis finds: without the variables of the class."""
        printer.text(repr(self))


def named(name: str, value: Number) -> str:
    r"""LaTeX of a value and its name, ``W=5``; of a symbol of that name the name alone.

    >>> named("W", 5), named(r"\nu", "nu")
    ('W=5', '\\nu')
    """
    return name if str(value) == name.removeprefix("\\") else f"{name}={value}"


def where(lead: str, **values: Number) -> str:
    """The lead and the named values; symbols of the same names say nothing, and if there are no others it is empty.

    >>> where(" with ", s=2, d="d", R=1), where(", ", k="k")
    (' with $s=2$, $R=1$', '')
    """
    shown = [f"${text}$" for name, value in values.items() if (text := named(name, value)) != name]
    return lead + ", ".join(shown) if shown else ""


def _call(kind: type[Description]) -> str:
    """How a record is made: ``BarronBall(dim=..., power=1)``."""
    given = (f"{f.name}={'...' if f.default is MISSING else repr(f.default)}" for f in fields(kind) if f.init)
    return f"{kind.__name__}({', '.join(given)})"


def _text(value: Number) -> str:
    if isinstance(value, tuple):
        if len(value) > 3 and len(set(value)) == 1:
            return f"({_text(value[0])},)*{len(value)}"
        return "(" + ", ".join(_text(entry) for entry in value) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{Decimal(value):f}"  # str(value) has a limit, which may be as low as 640 digits
    return str(value)
