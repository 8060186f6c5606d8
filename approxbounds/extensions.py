"""Your own function classes, network classes and theorems: :func:`register` adds them to what the library knows.

How to write them is told in ``EXTENDING.md``, next to this file. A registered class or theorem is used by queries,
explanations, certificates and ``approxbounds list`` like the library's own; the command line imports the modules that
the user names with ``--extension MODULE``, as ``python -m`` would. Nothing else is ever loaded: neither a certificate
nor an installed package can bring in code that nobody asked for, so the same command gives the same bound everywhere.

Certified bounds that rest on such code say so (:attr:`Bound.foreign`, :attr:`Verdict.foreign`, and the last step of the
derivation). The kernel checks them like all others: it recomputes what the code states in balls and rounds to the safe
side. Whether the statement is true, it cannot know.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, TypeVar

from approxbounds.errors import ApproxBoundsError, ParameterError
from approxbounds.functions.base import FunctionClass
from approxbounds.networks.base import NetworkClass
from approxbounds.registry import REGISTRY, THEOREMS
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Theorem, full_name, of_this_package

__all__ = ["extensions", "load", "register"]

Kind = TypeVar("Kind", bound=type[Any])

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,50}")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,50}")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_QUESTION = ("functions", "network", "p")


def register(kind: Kind) -> Kind:
    """Add a function class, a network class or a theorem on E_p(F, G) to what the library knows; returns it.

    ``kind`` is a concrete subclass of :class:`FunctionClass`, :class:`NetworkClass` (both frozen dataclasses) or
    :class:`Theorem`; so this is also a decorator, to be put above ``@dataclass``. On the command line a class
    ``BoundedVariation`` is called ``bounded-variation``. Registering a class again changes nothing; a new definition of
    the same name in the same module (a notebook cell run twice) replaces the old one. Theorems on other quantities
    cannot be registered: a class states its own growth, pseudo-dimension or entropy.

    Raises ParameterError, which names what is missing or the name that is taken already.

    >>> import approxbounds as ab
    >>> ab.register(ab.HolderBall) is ab.HolderBall                     # known already
    True
    """
    if not isinstance(kind, type) or not issubclass(kind, (FunctionClass, NetworkClass, Theorem)):
        allowed = "must be a subclass of FunctionClass, NetworkClass or Theorem"
        raise ParameterError("kind", kind, allowed)
    if inspect.isabstract(kind):
        missing = ", ".join(sorted(kind.__abstractmethods__))
        raise ParameterError("kind", kind, f"must define {missing}")
    if issubclass(kind, Theorem):
        _add_theorem(kind)
    else:
        _add_class(kind)
    return kind


def _same(old: object, new: type[Any]) -> bool:
    """Whether the class registered under a name is the new one, perhaps an earlier definition of it."""
    return isinstance(old, type) and full_name(old) == full_name(new)


def _outside(kind: type[Any]) -> None:
    """What says that it is from this package would not be named as foreign."""
    if of_this_package(kind):
        raise ParameterError("kind", kind, "must not say that its module is one of approxbounds")


def _add_class(kind: type[Any]) -> None:
    name = kind.__name__
    if not _CLASS.fullmatch(name):
        raise ParameterError("class name", name, "must be letters and digits, the first a capital")
    parameters = vars(kind).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise ParameterError("kind", kind, "must be a @dataclass(frozen=True, kw_only=True), with @register above it")
    tables: tuple[dict[str, type[Any]], ...] = (REGISTRY.functions, REGISTRY.networks)
    if any(kind is known for table in tables for known in table.values()):
        return
    _outside(kind)
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
    table = tables[issubclass(kind, NetworkClass)]
    for other in tables:
        for taken, known in other.items():
            if (word == taken or name == known.__name__) and not (other is table and _same(known, kind)):
                raise ParameterError("class name", name, f"is taken by {full_name(known)}")
    table[word] = kind


def _add_theorem(kind: type[Theorem]) -> None:
    for name in ("id", "title", "statement", "citations"):
        if not getattr(kind, name, None):
            raise ParameterError("kind", kind, f"must say its {name}")
    if not isinstance(kind.id, str) or not _ID.fullmatch(kind.id):
        raise ParameterError("id", kind.id, "must be letters, digits and hyphens, the first a letter")
    if not isinstance(kind.citations, tuple) or not all(isinstance(source, Citation) for source in kind.citations):
        raise ParameterError("citations", kind.citations, "must be a tuple of Citation records")
    known = THEOREMS.get(kind.id)
    if type(known) is kind:
        return
    _outside(kind)
    if kind.inputs != _QUESTION:
        allowed = f"must be {_QUESTION}: only bounds on E_p(F, G) can be registered"
        raise ParameterError("inputs", kind.inputs, allowed)
    if known is not None and not _same(type(known), kind):
        raise ParameterError("id", kind.id, f"is taken by {full_name(type(known))}")
    REGISTRY.lower.pop(kind.id, None)
    REGISTRY.upper.pop(kind.id, None)
    (REGISTRY.lower if kind.direction is Direction.LOWER else REGISTRY.upper)[kind.id] = kind()


@contextmanager
def extensions(*kinds: type[Any]) -> Iterator[None]:
    """Register these, and forget at the end of the block everything that was registered inside it.

    Errors as :func:`register`.

    >>> import approxbounds as ab
    >>> with ab.extensions(ab.HolderBall):
    ...     "holder" in ab.FUNCTION_CLASSES
    True
    """
    tables: list[dict[str, Any]] = [getattr(REGISTRY, field.name) for field in fields(REGISTRY)]
    before = [dict(table) for table in tables]
    try:
        for kind in kinds:
            register(kind)
        yield
    finally:
        for table, content in zip(tables, before, strict=True):
            table.clear()
            table.update(content)


def load(module: str) -> None:
    """Import a module that registers extensions; ParameterError, with the cause, if that fails."""
    if not _MODULE.fullmatch(module):
        raise ParameterError("extension", module, "must be the name of a module, such as mymodule or mine.bounds")
    try:
        importlib.import_module(module)
    except ApproxBoundsError as error:
        raise ParameterError("extension", module, f"registers what is not allowed ({error})") from error
    except (Exception, SystemExit) as error:  # whatever the module does wrong
        cause = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        reason = f"cannot be imported ({cause}); is its folder in PYTHONPATH?"
        raise ParameterError("extension", module, reason) from error
