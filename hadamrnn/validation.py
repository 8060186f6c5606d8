"""Checks of parameters, done once at the public door."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hadamrnn.errors import ParameterError

__all__ = ["choice", "flag", "integer", "number"]


def integer(name: str, value: object, *, least: int = 1, most: int = 10**9) -> int:
    """An integer in [least, most] (a bool or a float is not one)."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
        raise ParameterError(name, value, f"must be an integer from {least} to {most}")
    return int(value)


def number(name: str, value: object, *, least: float = 0.0, most: float = 1e6, open: bool = True) -> float:
    """A finite real number above ``least`` (or equal to it unless ``open``) and at most ``most``."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
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
