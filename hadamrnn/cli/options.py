"""Options of a command line from the fields of frozen records: tasks, settings of networks and of training."""

import argparse
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any, get_args, get_type_hints


class _Once(argparse.Action):
    """Values of an option that may be given once: of two such lists one would not count."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        if getattr(namespace, self.dest) is not self.default:
            raise argparse.ArgumentError(self, "is given twice")
        setattr(namespace, self.dest, values)


def add_fields(
    parser: argparse._ActionsContainer,
    cls: type,
    defaults: Mapping[str, Any] = MappingProxyType({}),
    skipped: Sequence[str] = (),
    *,
    several: bool = False,
) -> None:
    """An option for each field of a frozen record: a value, or a list of values if ``several``."""
    hints = get_type_hints(cls)
    for field in fields(cls):
        if field.name in skipped:
            continue
        name, default = field.name, defaults.get(field.name, field.default)
        options: dict[str, Any] = {"help": "(required)", "required": True}
        if default is not MISSING:
            text = f"(default {'none' if default is None else default})"
            options = {"help": text, "default": [default] if several else default}
        if several:
            options |= {"nargs": "+", "action": _Once}
        if hints[name] is bool and not several:
            options["action"] = argparse.BooleanOptionalAction
        elif "allowed" in field.metadata:
            options["choices"] = field.metadata["allowed"]
        else:
            options |= {"type": _reader(hints[name]), "metavar": name.rsplit("_", maxsplit=1)[-1].upper()}
        names = ["--" + name.replace("_", "-"), *(["--seeds"] if several and name == "seed" else [])]
        parser.add_argument(*names, **options)


def _reader(hint: Any) -> Callable[[str], Any]:
    """Reads int, float, str or a truth value, and "none" if the setting may be None."""
    kinds = get_args(hint) or (hint,)
    kind = next(kind for kind in kinds if kind is not type(None))

    def read(text: str) -> Any:
        if kind is bool:
            return bool(("false", "true").index(text))
        return None if type(None) in kinds and text == "none" else kind(text)

    read.__name__ = kind.__name__  # for messages
    return read


def values(arguments: argparse.Namespace, cls: type, skipped: Sequence[str] = ()) -> dict[str, Any]:
    """What the command line says of the fields."""
    return {field.name: getattr(arguments, field.name) for field in fields(cls) if field.name not in skipped}


def documentation(cls: type) -> str:
    """The docstring as plain text, without examples."""
    text = inspect.cleandoc(cls.__doc__ or "").partition("\n>>>")[0].strip()
    return re.sub(r"(:\w+:)?`+", "", text)
