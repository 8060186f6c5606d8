"""Checks of parameters, done once at the public door."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, field, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, Self, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from hadamrnn.errors import ParameterError


def integer(name: str, value: object, *, least: int = 1, most: int = 10**9) -> int:
    """An integer in [least, most] (a bool or a float is not one)."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        raise ParameterError(name, value, f"must be an integer from {least} to {most}")
    return int(value)


def number(name: str, value: object, *, least: float = 0.0, most: float = 1e6, open: bool = True) -> float:
    """A finite real number above ``least`` (or equal to it unless ``open``) and at most ``most``."""
    real = int, float, np.integer, np.floating
    # compared, as isfinite raises OverflowError for large integers
    if isinstance(value, bool) or not isinstance(value, real) or not -math.inf < value < math.inf:
        raise ParameterError(name, value, "must be a finite number")
    if not least <= value <= most or (open and value == least):
        raise ParameterError(name, value, f"must be {'above' if open else 'at least'} {least:g} and at most {most:g}")
    return float(value)


def flag(name: str, value: object) -> bool:
    """A bool, and nothing else."""
    if not isinstance(value, bool):
        raise ParameterError(name, value, "must be True or False")
    return value


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """One of the words."""
    if not isinstance(value, str) or value not in allowed:
        raise ParameterError(name, value, "must be one of " + ", ".join(allowed))
    return value


def path(name: str, value: object) -> Path:
    """The name of a file or directory."""
    if not isinstance(value, (str, os.PathLike)) or not (text := os.fspath(value)) or "\0" in text:
        raise ParameterError(name, value, "must be the name of a file or directory")
    return Path(text)


def plain(record: object) -> None:
    """Make Python values, which files hold, of the NumPy scalars among the fields of a frozen record."""
    for name, value in vars(record).items():
        if isinstance(value, np.generic):
            kept = float(value) if isinstance(value, np.floating) else value.item()
            object.__setattr__(record, name, kept)


def setting(default: Any = MISSING, **allowed: float) -> Any:
    """A field of a frozen record that is a number; ``least`` and ``most``, as of :func:`integer` or :func:`number`."""
    return field(default=default, metadata=allowed)


def one_of(words: Sequence[str]) -> Any:
    """A field of a frozen record that is one of the words, the first unless another is given."""
    return field(default=words[0], metadata={"allowed": tuple(words)})


_HINTS = cache(get_type_hints)
_CHECKS: dict[Any, Callable[..., object]] = {int: integer, float: number, bool: flag, str: path}


class Checked:
    """The base of frozen records of settings: given by name, as there are many, and checked when they are made.

    They are checked by their types and by what they are declared to be (:func:`setting`). A text that is not
    :func:`one_of` some words is the name of a file. None is allowed where the type says so. Raises TypeError, which
    lists the settings, if they are not named, and ParameterError for one that is not allowed.
    """

    def __new__(cls, *given: Any, **named: Any) -> Self:
        kind: Any = cls
        known = [each.name for each in fields(kind)]
        if given:
            raise TypeError(f"{cls.__name__} takes its settings by name: {', '.join(known)}")
        for name in named:
            if name not in known:
                raise TypeError(f"{cls.__name__} has no setting {name!r}; it has {', '.join(known)}")
        return super().__new__(cls)

    #: fields that are younger than the files: what they were before
    before: ClassVar[Mapping[str, Any]] = {}

    def settings(self) -> dict[str, Any]:
        """The fields, without those that are as they were before: what files of before say of the same settings."""
        kind: Any = self
        return {name: value for name, value in asdict(kind).items() if (name, value) not in self.before.items()}

    def __post_init__(self) -> None:
        plain(self)
        kind: Any = type(self)
        hints = _HINTS(kind)
        for each in fields(kind):
            name, value, hint = each.name, getattr(self, each.name), hints[each.name]
            if hint == NDArray[Any]:  # checked where it is used
                continue
            kinds = get_args(hint) or (hint,)
            if value is None and NoneType in kinds:
                continue
            (choice if "allowed" in each.metadata else _CHECKS[kinds[0]])(name, value, **each.metadata)
            if isinstance(value, os.PathLike):
                object.__setattr__(self, name, os.fspath(value))


def instance(name: str, value: object, kinds: type | tuple[type, ...], what: str) -> None:
    """An object of one of the classes, which the error calls ``what``."""
    if not isinstance(value, kinds):
        raise ParameterError(name, value, f"must be {what}")


def array(name: str, value: object) -> NDArray[Any]:
    """An array, of anything."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ParameterError(name, value, "must be an array: its rows differ in length") from None


def finite(name: str, found: NDArray[Any], dtype: str | None = None) -> None:
    """Numbers that are all finite, also as numbers of the type ``dtype``."""
    kept = np.dtype(dtype or found.dtype)
    wider = found.dtype.kind == "f" and found.dtype.itemsize > kept.itemsize
    sound = np.abs(found) <= np.finfo(kept).max if wider else np.isfinite(found)
    if not sound.all():
        bad = np.argwhere(~sound)
        picture = f"{len(bad)} of {found.size} entries are not, the first at {tuple(map(int, bad[0]))}"
        raise ParameterError(name, picture, f"must be finite numbers{f' of type {dtype}' if wider else ''}")


def like(name: str, found: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
    """Finite numbers of the shape and type of ``own``."""
    if found.shape != own.shape or found.dtype != own.dtype or not np.isfinite(found).all():
        raise ParameterError(name, found, f"must be {own.size} finite numbers of type {own.dtype}")
    return found


def numbers(name: str, value: object) -> NDArray[Any]:
    """An array of real numbers, integers in double precision; whether they are finite is left open."""
    found = array(name, value)
    if found.dtype.kind not in "iuf":
        raise ParameterError(f"{name}.dtype", str(found.dtype), "must be real numbers")
    return found if found.dtype.kind == "f" else found.astype(np.float64)
