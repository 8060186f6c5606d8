"""Time and peak memory of a training step of HadamRNN, beside a straightforward PyTorch version of the same model.

    python tests/benchmarks/bench_hadamrnn.py [--rounds 5] [--only copy] [--cpu] [--json FILE]

The two take turns (forward, backward and Adam; medians), each in a process of its own, so that no threads of one,
waiting for work, disturb the other. HadamRNN has one thread a process; PyTorch as many as it takes, by default one a
core. PyTorch is optional: `pip install -e '.[torch]'`. Its version is the loop over time that one writes first, with W
as a dense matrix; "batched" applies input and output maps to all steps at once, "per step" inside the loop as the
published code does. On a busy machine compare one thread of each by processor time: OMP_NUM_THREADS=1 and --cpu (of two
processes --cpu counts one). Variables that ask OpenBLAS for slower kernels than the processor has are left out, as
PyTorch does not know them; the kernels are printed. Memory: the peak of a fresh process over what it held before the
first step.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

import hadamrnn as hr
from hadamrnn.files import write_file

#: (settings, steps, batch, tokens, target against PyTorch)
SHAPES: dict[str, tuple[dict[str, Any], int, int, bool, float]] = {
    "copy": ({"inputs": 10, "hidden": 128, "outputs": 9, "many_to_many": True}, 1000, 128, True, 3.3),
    "pixels": ({"inputs": 1, "hidden": 512, "outputs": 10}, 784, 100, False, 60),
    "digits": ({"inputs": 1, "hidden": 64, "outputs": 10}, 64, 32, False, 12),
}
#: Variables that choose other kernels of OpenBLAS than those of the processor.
FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
OWN = ("checkpointed", "stored", "kernel")
TORCH = {"torch batched": True, "torch per step": False}
TWO = "hadamrnn 2 processes"
#: Milliseconds of a step, the mean of so many
Turn = Callable[[int], float]
HERE: dict[str, Turn] = {}


def draw(name: str, steps: int | None = None) -> tuple[hr.HadamRNN, tuple[Any, Any]]:
    """A model and a random batch of that shape."""
    settings, length, batch, tokens, _ = SHAPES[name]
    return drawn(settings, steps or length, batch, tokens)


def drawn(settings: dict[str, Any], length: int, batch: int, tokens: bool) -> tuple[hr.HadamRNN, tuple[Any, Any]]:
    """A model and a random batch."""
    model, rng = hr.HadamRNN(**settings), np.random.default_rng(0)
    shape = (length, batch) if model.config.many_to_many else (batch,)
    # tokens as bytes: at T = 10,000 integers of eight bytes would be most of what is measured
    x = rng.integers(0, 10, (length, batch), "uint8") if tokens else rng.random((length, batch, 1), "float32")
    return model, (x, rng.integers(0, model.config.outputs, shape, "uint8"))


def numpy_step(
    model: hr.HadamRNN, batch: tuple[Any, Any], method: str, workers: hr.Workers | None = None
) -> Callable[[], float]:
    """One training step."""
    adam, compute = hr.Adam(model.parameters), workers or model

    def step() -> float:
        loss, gradients = compute.loss_and_gradients(batch, method=method)
        adam.step(gradients, 1e-4)
        return loss

    return step


def torch_step(model: hr.HadamRNN, batch: tuple[Any, Any], *, batched: bool) -> Callable[[], float]:
    """The same step, from the same parameters."""
    import torch
    from torch.nn import functional

    c = model.config
    p = {name: torch.tensor(array, requires_grad=True) for name, array in model.parameters.items()}
    H = torch.tensor(hr.hadamard(c.hidden) / c.hidden**0.5, dtype=torch.float32)
    x = torch.tensor(batch[0])
    x = functional.one_hot(x.long(), c.inputs).float() if x.ndim == 2 else x
    y = torch.tensor(batch[1]).long()
    adam = torch.optim.Adam(p.values(), lr=1e-4)

    def straight_through(parameter: Any, value: Any) -> Any:
        return parameter + (value - parameter).detach()

    def quantized(matrix: Any) -> Any:
        half = 2 ** ((c.bits or 0) - 1)
        step = matrix.detach().abs().max() / half
        return straight_through(matrix, (matrix / step).round().clamp(-half, half - 1) * step)

    def step() -> float:
        adam.zero_grad()
        U, V = quantized(p["U"]), quantized(p["V"])
        W = straight_through(p["u"], torch.where(p["u"] < 0, -1.0, 1.0))[:, None] * H
        inputs = torch.unbind(functional.linear(x, U)) if batched else None
        h, read = torch.zeros(x.shape[1], c.hidden), []
        for t in range(len(x)):
            h = functional.linear(h, W, p["b"]) + (functional.linear(x[t], U) if inputs is None else inputs[t])
            if c.many_to_many:
                read.append(h if batched else functional.linear(torch.relu(h), V, p["c"]))
        if not c.many_to_many:
            outputs = functional.linear(torch.relu(h), V, p["c"])
        elif batched:
            outputs = functional.linear(torch.relu(torch.stack(read)), V, p["c"])
        else:
            outputs = torch.stack(read)
        loss = functional.cross_entropy(outputs.reshape(-1, c.outputs), y.reshape(-1))
        loss.backward()
        adam.step()
        return float(loss.detach())

    return step


def contenders(name: str, torch: bool) -> list[str]:
    """Who takes part."""
    own = [f"hadamrnn {method}" for method in OWN if method != "kernel" or not SHAPES[name][0].get("many_to_many")]
    return [*own, TWO, *(TORCH if torch else ())]


def prepare(name: str, who: str, cpu: bool) -> int:
    """Make the step of a contender in this process, which is its own; returns its number of threads."""
    model, batch = draw(name)
    threads = 1
    if who in TORCH:
        import torch

        step, threads = torch_step(model, batch, batched=TORCH[who]), int(torch.get_num_threads())
    else:
        threadpool_limits(threads)
        workers = hr.Workers(model) if who == TWO else None
        step = numpy_step(model, batch, "auto" if workers else who.split()[1], workers)
    HERE["turn"] = partial(turn, step, time.process_time if cpu else time.perf_counter)
    return threads


def take(repeat: int) -> float:
    """A turn of the contender that was prepared in this process."""
    return HERE["turn"](repeat)


def turn(step: Callable[[], float], clock: Callable[[], float], repeat: int) -> float:
    """Milliseconds of a step, the mean of some, after one that fills caches and wakes threads."""
    loss = step()
    if not np.isfinite(loss):
        raise SystemExit(f"the loss is {loss}")
    start = clock()
    for _ in range(repeat):
        step()
    return 1e3 * (clock() - start) / repeat


def medians(turns: Mapping[str, Turn], rounds: int) -> dict[str, float]:
    """Median milliseconds; the contenders take turns, and short steps are repeated."""
    repeat = {name: max(1, int(50 / own(1))) for name, own in turns.items()}
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, own in turns.items():
            taken[name].append(own(repeat[name]))
    return {name: statistics.median(values) for name, values in taken.items()}


def medians_apart(ready: Mapping[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The same for contenders that get ready in a process each, by making its turn; and what they return of that."""
    spawn = get_context("spawn")
    with ExitStack() as stack:
        pools = {who: stack.enter_context(ProcessPoolExecutor(1, spawn)) for who in ready}
        told = {who: pool.submit(ready[who]).result() for who, pool in pools.items()}
        return medians({who: partial(remote, pool) for who, pool in pools.items()}, rounds), told


def remote(pool: ProcessPoolExecutor, repeat: int) -> float:
    """A turn of the contender there."""
    return pool.submit(take, repeat).result()


def resident() -> float:
    """Memory of this process now, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def peak(who: str, name: str, steps: int) -> tuple[float, float]:
    """MB that a process reaches during two training steps: in all, and over what it held before."""
    model, batch = draw(name, steps)
    small = draw(name, 2)
    own = who.removeprefix("hadamrnn ")
    make = [
        torch_step(*pair, batched=True) if who == "torch" else numpy_step(*pair, own)
        for pair in (small, (model, batch))
    ]
    make[0]()  # libraries load and start their threads
    before, highest, done = resident(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.002):
            highest = max(highest, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    make[1]()
    make[1]()
    done.set()
    watcher.join()
    return highest, highest - before


def fresh_peak(who: str, name: str, steps: int) -> tuple[float, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--peak", who, "--only", name, "--steps", str(steps)]
    total, over = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(total), float(over)


def main() -> None:
    """The command line."""
    if any(name in os.environ for name in FORCED):
        kept = {name: value for name, value in os.environ.items() if name not in FORCED}
        os.execve(sys.executable, [sys.executable, *sys.argv], kept)
    parser = argparse.ArgumentParser(description="a training step of HadamRNN beside PyTorch")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement (default 5)")
    parser.add_argument("--only", choices=SHAPES, help="one of the shapes")
    parser.add_argument("--cpu", action="store_true", help="measure processor time instead of wall-clock time")
    parser.add_argument("--json", type=Path, help="write the numbers to this file as well")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        print(*peak(given.peak, given.only, given.steps))
        return
    try:
        import torch

        version = torch.__version__
    except ImportError:
        version = ""
    blas = [info for info in threadpool_info() if info["user_api"] == "blas"]
    report: dict[str, Any] = {
        "clock": "process_time" if given.cpu else "perf_counter",
        "torch": version,
        "numpy": np.__version__,
        "blas": " ".join(f"{info['internal_api']} {info['version']} {info.get('architecture', '')}" for info in blas),
        "times": {},
        "threads": {},
        "memory": {},
    }
    print(f"NumPy {report['numpy']} with {report['blas']}, PyTorch {version or 'not there'}")
    for name in [given.only] if given.only else SHAPES:
        ready = {who: partial(prepare, name, who, given.cpu) for who in contenders(name, bool(version))}
        found, threads = medians_apart(ready, given.rounds)
        report["times"][name], report["threads"][name] = found, threads
        one = min(value for who, value in found.items() if who not in TORCH and who != TWO)
        print(f"{name}: {SHAPES[name][:3]}, target {SHAPES[name][4]} times")
        for who, value in found.items():
            ratios = f"{value / one:6.1f} times the best of one process, {value / found[TWO]:.1f} times two processes"
            print(f"  {who:24}{value:10.2f} ms, threads {threads[who]}{ratios if who in TORCH else ''}")
    if given.only in (None, "copy"):
        print("peak memory of the copy shape, MB: in all, over before")
        for who in [f"hadamrnn {method}" for method in OWN[:2]] + (["torch"] if version else []):
            for steps in (1000, 10_000) if who.startswith("hadamrnn") else (1000,):
                report["memory"][f"{who} {steps}"] = total, over = fresh_peak(who, "copy", steps)
                print(f"  {who:24}T={steps:<8}{total:10.1f}{over:10.1f}")
    if given.json:
        text = json.dumps(report, indent=1) + "\n"
        write_file(given.json, text.encode())


if __name__ == "__main__":
    main()
