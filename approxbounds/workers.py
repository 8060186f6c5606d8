"""Work in other processes, of this machine or of a Dask cluster, through joblib: for the sweeps of both packages."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import closing, contextmanager
from typing import Any, TypeAlias, TypeVar

from approxbounds.errors import ApproxBoundsError, ParameterError

__all__ = ["computed", "on_cluster"]

Key = TypeVar("Key")
Result = TypeVar("Result")

_Job: TypeAlias = tuple[Callable[..., Any], Any, tuple[Any, ...]]  # a function, the key of its result, its arguments

_PATIENCE = 10  # seconds to wait for a scheduler


def computed(
    function: Callable[..., Result],
    jobs: Mapping[Key, tuple[Any, ...]],
    *,
    workers: int | None = None,
    progress: bool = False,
    unit: str = "job",
    known: int = 0,
) -> Generator[tuple[Key, Result], None, None]:
    """The pairs (key, function(*job)), in the order in which they are ready; closing the generator stops the work.

    ``workers``: so many processes, by default what ``joblib.parallel_config`` says, else this one. Inside its block
    with ``backend="dask"`` they are those of the cluster. ``progress``: whether a bar on standard error tells how many
    ``unit``s there are, with those ``known`` already. Raises ApproxBoundsError if a worker is killed (on a cluster the
    others take its work), or if the cluster lacks a package.

    >>> sorted(computed(pow, {"a": (2, 3), "b": (3, 2)}))
    [('a', 8), ('b', 9)]
    """
    from joblib.parallel import get_active_backend
    from tqdm import tqdm

    client = getattr(get_active_backend()[0], "client", None)
    items = [(function, key, job) for key, job in jobs.items()]
    with (
        tqdm(total=known + len(items), initial=known, unit=unit, disable=not progress) as bar,
        closing(_in_processes(workers, items) if client is None else _on_dask(client, items)) as found,
    ):
        for pair in found:
            yield pair
            bar.update()


def _result(item: _Job) -> tuple[Any, Any]:
    function, key, job = item
    return key, function(*job)


def _in_processes(workers: int | None, items: list[_Job]) -> Generator[tuple[Any, Any], None, None]:
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    found = parallel(delayed(_result)(item) for item in items)
    try:
        for pair in found:  # noqa: UP028  # "yield from" would end an interruption with a warning
            yield pair
    except BrokenExecutor as error:
        raise ApproxBoundsError("a worker process was killed, perhaps because memory was short") from error
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that tasks were cancelled: so they should be
            found.close()


def _on_dask(client: Any, items: list[_Job]) -> Generator[tuple[Any, Any], None, None]:
    """The same from Dask itself: joblib would wait for ever if an item cannot be unpacked or kills its workers."""
    from dask.distributed import KilledWorker, as_completed

    futures = client.map(_result, items, pure=False)
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
