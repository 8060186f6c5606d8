"""Exact search on integers."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["largest"]


def largest(predicate: Callable[[int], bool], most: int = 2**60) -> int:
    """The largest n in 1..most with ``predicate(n)``, which must not become true again; 0 if there is none.

    >>> largest(lambda n: n * n <= 200)
    14
    """
    low, high = 0, 1
    while high <= most and predicate(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if predicate(middle) else (low, middle)
    return low
