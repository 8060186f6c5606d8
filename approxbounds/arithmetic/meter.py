"""A limit on the work of the arithmetics: what costs time says so with :func:`spend`, and a block may limit it.

One unit is about a microsecond. The arithmetics spend by themselves, so no theorem and no class can forget to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from approxbounds.errors import WorkLimitError

__all__ = ["limited", "spend"]


class _Work:
    """What a block may still spend."""

    __slots__ = ("budget", "left")

    def __init__(self, budget: int) -> None:
        self.budget = self.left = budget


_WORK: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def limited(budget: int | None) -> Iterator[None]:
    """Inside the block, in this thread, more than ``budget`` units of work raise WorkLimitError; None: no limit.

    What was computed before in this process and is remembered costs nothing.
    """
    token = _WORK.set(None if budget is None else _Work(budget))
    try:
        yield
    finally:
        _WORK.reset(token)


def spend(units: int) -> None:
    """Count this work; WorkLimitError if the block allows no more.

    >>> with limited(10):
    ...     spend(11)
    Traceback (most recent call last):
    approxbounds.errors.WorkLimitError: budget=10: it takes more units of work (about a microsecond each)
    """
    work = _WORK.get()
    if work is None:
        return
    work.left -= units
    if work.left < 0:
        raise WorkLimitError(f"budget={work.budget}: it takes more units of work (about a microsecond each)")
