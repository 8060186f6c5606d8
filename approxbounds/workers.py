"""Work in other processes, of this machine or of a Dask cluster, through joblib: for the sweeps of both packages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from approxbounds.errors import ApproxBoundsError, ParameterError

__all__ = ["computed", "on_cluster"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE = 10  # seconds to wait for a scheduler


def computed(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int | None = None
) -> Generator[Result, None, None]:
    """The results in the order in which they are ready; closing the generator stops the work.

    ``workers``: so many processes, by default what ``joblib.parallel_config`` says, else this one. Inside its block
    with ``backend="dask"`` they are those of the cluster. Raises ApproxBoundsError if a worker is killed (on a cluster
    the others take its work), or if the cluster lacks a package.

    >>> sorted(computed(abs, [-2, 1, -3]))
    [1, 2, 3]
    """
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    client = getattr(get_active_backend()[0], "client", None)
    if client is not None:
        yield from _on_dask(client, function, items)
        return
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    try:
        yield from parallel(delayed(function)(item) for item in items)
    except BrokenExecutor as error:
        raise ApproxBoundsError("a worker process was killed, perhaps because memory was short") from error


def _on_dask(client: Any, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The same from Dask itself: joblib would wait for ever if an item cannot be unpacked or kills its workers."""
    from dask.distributed import KilledWorker, as_completed

    futures = client.map(function, items, pure=False)
    try:
        for _, result in as_completed(futures, with_results=True, loop=client.loop):
            yield result
    except KilledWorker as error:
        raise ApproxBoundsError(f"the cluster has lost several workers: {error}") from error
    except RuntimeError as error:
        if not isinstance(error.__cause__, ImportError):
            raise
        raise ApproxBoundsError(f"the cluster needs the same packages as this machine: {error.__cause__}") from error
    finally:
        client.cancel(futures)


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Sweeps in this block run on the Dask cluster whose scheduler has this address, or here if it is None.

    Raises ParameterError if there is none.
    """
    if address is None:
        yield
        return
    from joblib import parallel_config

    try:
        from dask.distributed import Client
        from distributed.comm import resolve_address
    except ImportError:
        raise ParameterError("dask", address, "needs Dask: pip install 'approxbounds[dask]'") from None
    try:
        resolve_address(address)  # a client that cannot even begin would complain at the end, after 20 s
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ParameterError("dask", address, f"must be the address of a Dask scheduler ({error})") from None
    with client, parallel_config(backend="dask", client=client):
        yield
