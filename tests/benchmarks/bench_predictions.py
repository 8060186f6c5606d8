"""Sequences a second that a trained HadamRNN predicts: in floats, in integers, and in PyTorch with a dense W.

    python tests/benchmarks/bench_predictions.py [--rounds 5] [--only pixels] [--json FILE]

The contenders take turns on the batches of `bench_hadamrnn.py`, each in a process of its own; medians. hadamrnn has one
thread a process, PyTorch, which is optional, as many as it takes: OMP_NUM_THREADS=1 makes it one. In floats a
many-to-one network of few inputs multiplies by its impulse response; "floats, states" goes from state to state
instead, as integers must, without outputs. "torch" is a loop over time, "compiled" one whose step of the recurrence is
by torch.compile, which needs a C++ compiler, and "nn.RNN" is for ReLU, the only activation here that it has.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from bench_hadamrnn import HERE, drawn, medians_apart, turn
from bench_hadamrnn import SHAPES as TRAINED
from threadpoolctl import threadpool_limits

import hadamrnn as hr
from hadamrnn.files import write_file

OWN = ("floats", "floats, states", "integers")
RELU: dict[str, Any] = {"inputs": 1, "hidden": 512, "outputs": 10, "activation": "relu"}
SHAPES = {name: shape[:-1] for name, shape in TRAINED.items()} | {"pixels-relu": (RELU, 784, 100, False)}


def torch_predictions(model: hr.HadamRNN, x: Any, way: str) -> Callable[[], float]:
    """The outputs, with input and output maps applied to all steps at once."""
    import torch
    from torch.nn import functional

    c = model.config
    linear = c.activation == "linear"
    H = hr.hadamard(c.hidden) / c.hidden**0.5
    W = torch.tensor(np.where(model.parameters["u"] < 0, -1, 1)[:, None] * H, dtype=torch.float32)
    U, V = (torch.tensor(c.quantised(name, model.parameters[name])) for name in ("U", "V"))
    b, biases = (torch.tensor(model.parameters[name]) for name in ("b", "c"))
    x = torch.tensor(x)
    x = functional.one_hot(x.long(), c.inputs).float() if x.ndim == 2 else x

    def recurrence(h: Any, fed: Any) -> Any:
        a = functional.linear(h, W) + fed
        return a if linear else torch.relu(a)

    advance = torch.compile(recurrence) if way == "compiled" else recurrence
    rnn = torch.nn.RNN(c.inputs, c.hidden, nonlinearity="relu")
    for own, array in zip(rnn.parameters(), (U, W, b, torch.zeros(c.hidden)), strict=True):
        own.data = array

    def by_loop() -> Any:
        h, states = torch.zeros(x.shape[1], c.hidden), []
        for fed in functional.linear(x, U, b):
            h = advance(h, fed)
            if c.many_to_many:
                states.append(h)
        return torch.stack(states) if c.many_to_many else h

    def predict() -> float:
        with torch.inference_mode():
            h = rnn(x)[0][-1] if way == "nn.RNN" else by_loop()
            return float(functional.linear(torch.relu(h) if linear else h, V, biases).sum())

    return predict


def predictions(model: hr.HadamRNN, x: Any, who: str) -> Callable[[], float]:
    """The sum of the outputs, by a contender."""
    if who.startswith("torch"):
        return torch_predictions(model, x, who.removeprefix("torch").strip())
    if who == "integers":
        ranges = hr.Ranges(1.0, model.largest_state(x))
        network = hr.IntegerNetwork(hr.Packed.of(model), ranges=ranges)
        return lambda: float(network.predict(x).sum())
    if who == "floats, states":
        return lambda: model.largest_state(x)
    return lambda: float(model.predict(x).sum())


def prepare(name: str, who: str) -> None:
    """Make the predictions of a contender in this process, which is its own."""
    if not who.startswith("torch"):
        threadpool_limits(1)
    model, (x, _) = drawn(*SHAPES[name])
    HERE["turn"] = partial(turn, predictions(model, x, who), time.perf_counter)


def rates(name: str, rounds: int) -> dict[str, float]:
    """Sequences a second."""
    settings, names = SHAPES[name][0], list(OWN)
    if settings.get("many_to_many"):
        names.remove("floats, states")  # outputs are made of them
    if find_spec("torch"):
        names += ["torch", "torch compiled", *(["torch nn.RNN"] if "activation" in settings else [])]
    found, _ = medians_apart({who: partial(prepare, name, who) for who in names}, rounds)
    return {who: 1000 * SHAPES[name][2] / value for who, value in found.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="sequences a second that a HadamRNN predicts")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement (default 5)")
    parser.add_argument("--only", choices=SHAPES, help="one of the shapes")
    parser.add_argument("--json", type=Path, help="write the numbers to this file as well")
    given = parser.parse_args()
    report = {}
    print(f"sequences a second, NumPy {np.__version__}")
    for name in [given.only] if given.only else SHAPES:
        report[name] = rates(name, given.rounds)
        shown = ", ".join(f"{who} {rate:,.0f}" for who, rate in report[name].items())
        print(f"{name}: {SHAPES[name][:3]}\n  {shown}")
    if given.json:
        write_file(given.json, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
