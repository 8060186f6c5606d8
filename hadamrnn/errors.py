"""The named errors of hadamrnn; every one derives from :class:`HadamRNNError`."""

import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Self
from zipfile import BadZipFile

#: What NumPy, zipfile and readers of headers raise on damaged archives; a TokenError comes from the header of an array.
DAMAGE = (
    *(OSError, EOFError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError),
    *(MemoryError, SyntaxError, TokenError, zlib.error, BadZipFile),
)


def echo(value: object) -> str:
    """A short, safe picture of a user's value for an error message."""
    try:
        text = repr(value)
    except Exception:  # a broken __repr__, or an integer too long to print, must not hide the real error
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


class HadamRNNError(Exception):
    """Base class of every error that hadamrnn raises on purpose."""


class ParameterError(HadamRNNError, ValueError):
    """A parameter has a value that is not allowed; the message says ``name=value`` and what is."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name}={echo(value)}: {allowed}")
        self.name, self.value, self.allowed = name, value, allowed

    def __reduce__(self) -> tuple[type[Self], tuple[str, object, str]]:
        return type(self), (self.name, self.value, self.allowed)


class FileError(ParameterError):
    """A file is missing, truncated, corrupt or of another kind; the message says which and why."""


class MissingPackageError(HadamRNNError, ImportError):
    """An optional package is not installed; the message says which, and how to install it."""


class BoundViolationError(HadamRNNError):
    """Trained networks do better than a certified bound allows; the message says which, and by how much."""


class DivergenceError(HadamRNNError):
    """Training has left the finite numbers or does far worse than at its start; the message says where."""


class IntegerOverflowError(HadamRNNError, OverflowError):
    """A number does not fit into the integers of a device; the message says which and when."""


def bad_file(path: str | Path, allowed: str) -> FileError:
    """The error of a file; of a long path the end is shown."""
    text = str(path)
    return FileError("path", text if len(text) <= 75 else f"...{text[-72:]}", allowed)
