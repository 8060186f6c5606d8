"""How work runs: calmly in one thread, in other processes or on a cluster, with or without a bar of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from hadamrnn.errors import HadamRNNError, ParameterError

Key = TypeVar("Key")
Result = TypeVar("Result")


@contextmanager
def calm() -> Iterator[None]:
    """No warnings of NumPy, as overflows are found by looking at the results, and no threads in its matrix products:
    for matrices of this size they mostly wait for one another."""
    from threadpoolctl import threadpool_limits

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), threadpool_limits(1, user_api="blas"):
        yield


def on_terminal() -> bool:
    """Whether messages are seen at once, so that a bar of progress is of use."""
    return sys.stderr is not None and sys.stderr.isatty()  # None if it is closed


def computed(
    function: Callable[..., Result], jobs: Mapping[Key, tuple[Any, ...]], **how: Any
) -> Generator[tuple[Key, Result], None, None]:
    """As :func:`approxbounds.workers.computed`, with the errors of this package."""
    from approxbounds import workers

    with _named():
        yield from workers.computed(function, jobs, **how)


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """As :func:`approxbounds.workers.on_cluster`, with the errors of this package."""
    from approxbounds import workers

    with _named(), workers.on_cluster(address):
        yield


@contextmanager
def _named() -> Iterator[None]:
    """Errors of approxbounds in this block become those of this package."""
    from approxbounds import errors

    try:
        yield
    except errors.ParameterError as error:
        raise ParameterError(error.name, error.value, error.allowed) from error
    except errors.ApproxBoundsError as error:
        raise HadamRNNError(str(error)) from error
