"""How work runs: calmly in one thread, in other processes or on a cluster, with or without a bar of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
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
    function: Callable[..., Result],
    jobs: Mapping[Key, tuple[Any, ...]],
    *,
    workers: int | None,
    progress: bool,
    unit: str,
    known: int = 0,
) -> Generator[tuple[Key, Result], None, None]:
    """The pairs (key, function(*job)), in the order in which they are ready; closing the generator stops the work.

    ``workers`` as of :func:`approxbounds.workers.computed`. ``progress``: whether a bar on standard error tells how
    many ``unit``s there are, with those ``known`` already.
    """
    from tqdm import tqdm  # only here, as the package starts without it

    from approxbounds import workers as shared

    items = [(function, key, job) for key, job in jobs.items()]
    with (
        tqdm(total=known + len(items), initial=known, unit=unit, disable=not progress) as bar,
        _named(),
        closing(shared.computed(_with_key, items, workers)) as found,
    ):
        for pair in found:
            yield pair
            bar.update()


def _with_key(item: tuple[Callable[..., Result], Key, tuple[Any, ...]]) -> tuple[Key, Result]:
    function, key, job = item
    return key, function(*job)


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Sweeps in this block run on the Dask cluster whose scheduler has this address, or here if it is None.

    Raises ParameterError if there is none.
    """
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
