"""Data-parallel gradients: forked processes, each with a share of the batch (threads would wait for one another)."""

from __future__ import annotations

import multiprocessing
import signal
from itertools import pairwise
from multiprocessing.connection import Connection

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector
from hadamrnn.errors import HadamRNNError, ParameterError
from hadamrnn.networks.base import Network


class Workers:
    """Computes the gradients of ``model`` in ``processes`` processes, this one among them.

    ``loss_and_gradients`` is the model's up to rounding; the shares are summed in a fixed order, so that a run with
    the same number of processes is reproducible. Make it before threads are started, and use it in a ``with``: until it
    is closed, matrix products have one thread in each process, as more would wait for the other process.
    Raises ParameterError if the system cannot fork, HadamRNNError if a process fails.
    """

    def __init__(self, model: Network, *, processes: int = 2) -> None:
        check.instance("model", model, Network, "a network")
        if "fork" not in multiprocessing.get_all_start_methods():
            raise ParameterError("processes", processes, "this system cannot fork")
        from threadpoolctl import threadpool_limits

        fork = multiprocessing.get_context("fork")
        self.model = model
        self._pipes: list[Connection] = []
        self._processes = []
        self._limits = threadpool_limits(1, user_api="blas")  # forked processes inherit it
        for _ in range(check.integer("processes", processes, most=64) - 1):
            ours, theirs = fork.Pipe()
            self._pipes.append(ours)
            process = fork.Process(target=_serve, args=(model, theirs, tuple(self._pipes)), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)

    def loss_and_gradients(self, batch: tuple[Array, Array], *, method: str = "auto") -> tuple[float, Vector]:
        """As :meth:`hadamrnn.networks.base.Network.loss_and_gradients`."""
        self.model.check(*batch)
        x, y = np.asarray(batch[0]), np.asarray(batch[1])
        size, over = x.shape[1], 1 if self.model.config.many_to_many else 0
        count = min(len(self._pipes) + 1, size)
        ends = [size * k // count for k in range(count + 1)]
        shares = [(x[:, i:j], y[:, i:j] if over else y[i:j]) for i, j in pairwise(ends)]
        weights = [(j - i) / size for i, j in pairwise(ends)]
        try:
            for pipe, share in zip(self._pipes, shares[1:], strict=False):
                pipe.send((self.model.parameters.flat, share, method))
            loss, total = self.model.loss_and_gradients(shares[0], method=method)
            loss *= weights[0]
            total.flat *= weights[0]
            for pipe, weight in zip(self._pipes, weights[1:], strict=False):
                answer = pipe.recv()
                if isinstance(answer, Exception):
                    raise answer
                loss += weight * answer[0]
                total.flat += weight * answer[1]
        except (EOFError, OSError) as error:
            self.close()
            raise HadamRNNError("a worker process has ended") from error
        except BaseException:
            self.close()  # answers may be under way that belong to this batch
            raise
        return loss, total

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()
        self._limits.restore_original_limits()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(model: Network, pipe: Connection, others: tuple[Connection, ...]) -> None:
    """The loop of a worker; it ends with the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:  # the far ends: while they are open here, the end of the other process goes unnoticed
        other.close()
    while True:
        try:
            model.parameters.flat[...], batch, method = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            loss, gradients = model.loss_and_gradients(batch, method=method)
            pipe.send((loss, gradients.flat))
        except Exception as error:
            pipe.send(HadamRNNError(f"a worker process failed: {error}"))
