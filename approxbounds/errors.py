"""The named errors of the library; every one derives from :class:`ApproxBoundsError`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import ParamSpec, TypeVar

__all__ = [
    "ApproxBoundsError",
    "CertificateError",
    "HypothesisError",
    "MissingPackageError",
    "NoExpressionError",
    "NoNumberError",
    "NotApplicableError",
    "ParameterError",
    "WorkLimitError",
    "called_rightly",
    "echo",
    "nearest",
    "suggestion",
]

P = ParamSpec("P")
R = TypeVar("R")


def echo(value: object) -> str:
    """A short, safe picture of a user's value for an error message."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"an integer of about {int(value.bit_length() * 0.30103) + 1} digits"
    try:
        text = repr(value)
    except Exception:  # a broken __repr__ must not hide the real error
        text = f"a {type(value).__name__}"
    if "\n" in text:
        text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "..."


def nearest(name: object, known: Iterable[str]) -> str:
    """What an error message says of the known names: all if they are few, else the most similar ones.

    >>> nearest("T33", ["T3", "T2a"]), nearest("Sigel2023", [f"Siegel{year}" for year in range(2000, 2030)])
    ('must be one of T2a, T3', 'the most similar are Siegel2023, Siegel2029, Siegel2028')
    """
    names = sorted(known)
    if len(text := ", ".join(names)) <= 120:
        return f"must be one of {text}"
    return f"the most similar are {', '.join(get_close_matches(echo(name), names, cutoff=0))}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """What an error message adds if one of the known names was perhaps meant.

    >>> suggestion("hoelder", ["holder", "lipschitz"]), suggestion("xyz", ["holder"])
    ('; did you mean holder?', '')
    """
    near = get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def called_rightly(function: Callable[P, R]) -> Callable[P, R]:
    """Of a call that Python refuses, the TypeError also says how to call the function, and what p is.

    >>> called_rightly(abs)()
    Traceback (most recent call last):
        ...
    TypeError: abs() takes exactly one argument (0 given); call abs(x)
    """

    @wraps(function)
    def called(*given: P.args, **named: P.kwargs) -> R:
        try:
            return function(*given, **named)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:  # it comes from inside
                raise
            parameters = {name: each for name, each in signature(function).parameters.items() if name != "self"}
            usage = f"{function.__name__}({', '.join(map(_usage, parameters.values()))})"
            exponent = ' with a number p >= 1 or "inf"' if "p" in parameters else ""
            raise TypeError(f"{error}; call {usage}{exponent}") from None

    return called


def _usage(parameter: Parameter) -> str:
    if parameter.default is not Parameter.empty:
        return f"{parameter.name}={parameter.default!r}"
    return f"{parameter.name}=..." if parameter.kind is Parameter.KEYWORD_ONLY else parameter.name


class ApproxBoundsError(Exception):
    """Base class of every error that approxbounds raises on purpose."""


class ParameterError(ApproxBoundsError, ValueError):
    """A parameter has a value that is not allowed; the message says ``name=value`` and what is."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name}={echo(value)}: {allowed}")
        self.name, self.value, self.allowed = name, value, allowed

    def __reduce__(self) -> tuple[type[ParameterError], tuple[str, object, str]]:
        return type(self), (self.name, self.value, self.allowed)


class CertificateError(ParameterError):
    """A certificate is malformed: it is not the data of any claim (unlike a rejected one)."""


class NotApplicableError(ApproxBoundsError):
    """No theorem answers this query; the message gives the reason for each one tried."""


class NoNumberError(ApproxBoundsError, AttributeError):
    """A number was asked of a bound that has none (a rate, or a query with symbols); ``hasattr`` is then False."""


class NoExpressionError(ApproxBoundsError, AttributeError):
    """A closed form was asked of a bound that has none; ``hasattr`` is then False."""


class HypothesisError(ApproxBoundsError):
    """Data of a certificate violate a hypothesis of its theorem; the message says which."""


class WorkLimitError(ApproxBoundsError):
    """What was asked takes more work than was allowed; it is neither accepted nor rejected."""


class MissingPackageError(ApproxBoundsError, ImportError):
    """What was asked needs a package that is not installed; the message says how to get it."""
