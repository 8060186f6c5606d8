"""Data-parallel gradients: forked processes, each with a share of the batch (threads would wait for one another)."""

import multiprocessing
import signal
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Self

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
        size, by_step = x.shape[1], self.model.config.many_to_many
        count = min(len(self._pipes) + 1, size)
        parts = list(pairwise(size * k // count for k in range(count + 1)))
        shares = [(x[:, i:j], y[:, i:j] if by_step else y[i:j]) for i, j in parts]
        weights = [(j - i) / size for i, j in parts]
        try:
            for pipe, share in zip(self._pipes, shares[1:], strict=False):
                pipe.send((self.model.parameters.flat, share, method))
            loss, total = self.model.loss_and_gradients(shares[0], method=method)
            loss *= weights[0]
            total.flat *= weights[0]
            for pipe, weight in zip(self._pipes, weights[1:], strict=False):
                share_loss, gradients = pipe.recv()
                loss += weight * share_loss
                total.flat += weight * gradients
        except BaseException as error:
            self.close()  # answers may be under way that belong to this batch
            if isinstance(error, (EOFError, OSError)):
                raise HadamRNNError("a worker process has ended; standard error says why, if it could") from error
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

    def __enter__(self) -> Self:
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
        loss, gradients = model.loss_and_gradients(batch, method=method)
        pipe.send((loss, gradients.flat))
