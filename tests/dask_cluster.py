"""A real Dask cluster on loopback: a scheduler and two worker processes, which tests may kill."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60  # the longest wait for anything


@dataclass(frozen=True)
class Cluster:
    address: str
    workers: list[subprocess.Popen]


def wait_until(condition, what):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"no {what} after {SECONDS} seconds"
        time.sleep(0.005)


@contextmanager
def dask_cluster(folder: Path, *, path: str = ""):
    """No fixed ports, no dashboard, no nanny that would restart a worker; ``path``: where workers find modules too."""
    from dask.distributed import Client

    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    scheduler = ["scheduler", "--port", "0", "--no-show", *common]
    worker = ["worker", "--nthreads", "1", "--no-nanny", "--local-directory", str(folder), *common]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), path])}
    processes = []

    def start(words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, env=environment, cwd=folder, **quiet))

    try:
        start(scheduler)
        wait_until(lambda: file.exists() and file.read_text().strip(), "scheduler")
        address = json.loads(file.read_text())["address"]
        start(worker)
        start(worker)
        with Client(address, timeout=SECONDS, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=SECONDS)
        yield Cluster(address, processes[1:])
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(SECONDS)
