"""Two processes compute what one does, the same every time, and end cleanly."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import hadamrnn as hr

SETTINGS = {"inputs": 5, "hidden": 16, "outputs": 5, "many_to_many": True, "dtype": "float64"}


def batch(size, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 5, (20, size)), rng.integers(0, 5, (20, size))


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 7, 16])
def test_shares_sum_to_the_whole(processes, size):
    model = hr.HadamRNN(**SETTINGS)
    with hr.Workers(model, processes=processes) as workers:
        for seed in range(2):  # parameters change between calls
            model.parameters.flat[...] += 0.01
            value, expected = model.loss_and_gradients(batch(size, seed))
            found, gradients = workers.loss_and_gradients(batch(size, seed))
            assert found == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(gradients.flat, expected.flat, rtol=1e-9, atol=1e-12)
            again, same = workers.loss_and_gradients(batch(size, seed))
            assert again == found and (same.flat == gradients.flat).all()


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
def test_many_to_one(loss):
    model = hr.HadamRNN(inputs=2, hidden=8, outputs=3, dtype="float64", loss=loss)
    rng = np.random.default_rng(0)
    data = rng.standard_normal((9, 5, 2)), rng.standard_normal((5, 3)) if loss == "mse" else rng.integers(0, 3, 5)
    value, expected = model.loss_and_gradients(data)
    with hr.Workers(model) as workers:
        found, gradients = workers.loss_and_gradients(data)
    assert found == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradients.flat, expected.flat, rtol=1e-9, atol=1e-12)


def test_matrix_products_have_one_thread_until_it_is_closed():
    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        with hr.Workers(hr.HadamRNN(**SETTINGS)):
            assert threads() == {1}
        assert threads() == {2}


def test_bad_batches_are_refused_and_the_workers_go_on():
    with hr.Workers(hr.HadamRNN(**SETTINGS)) as workers:
        x, y = batch(4)
        with pytest.raises(hr.ParameterError, match="classes from 0 to 5"):
            workers.loss_and_gradients((x, np.where(np.arange(4) == 3, 5, 0 * y)))
        assert np.isfinite(workers.loss_and_gradients((x, y))[0])


def test_a_dead_worker_is_an_error():
    with hr.Workers(hr.HadamRNN(**SETTINGS)) as workers:
        os.kill(workers._processes[0].pid, signal.SIGKILL)
        workers._processes[0].join()
        with pytest.raises(hr.HadamRNNError, match="has ended"):
            workers.loss_and_gradients(batch(4))


_ORPHANS = """
import os, signal
import hadamrnn as hr
workers = hr.Workers(hr.HadamRNN(inputs=2, hidden=8, outputs=2), processes=3)
print(*(process.pid for process in workers._processes), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_process_that_is_killed():
    done = subprocess.run([sys.executable, "-c", _ORPHANS], capture_output=True, text=True, check=False)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2

    def alive(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"

    deadline = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, pids))


@pytest.mark.parametrize("processes", [0, 65, True, 1.0])
def test_bad_numbers_of_processes_are_refused(processes):
    with pytest.raises(hr.ParameterError, match="processes="):
        hr.Workers(hr.HadamRNN(**SETTINGS), processes=processes)
