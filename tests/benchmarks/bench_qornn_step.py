"""Time of a training step of QORNN, beside a straightforward PyTorch version of the same model.

    PYTHONPATH=. python tests/benchmarks/bench_qornn_step.py [--rounds 5] [--only copy-relu] [--cpu] [--json FILE]

The contenders take turns (forward, backward, straight through the quantisers, penalty and Adam; medians), each in a
process of its own with one thread.
PyTorch is optional: `pip install -e '.[torch]'`. "checkpointed" keeps the states of about sqrt(T) steps and recomputes
the rest; "auto" keeps all of them, as PyTorch does, or, where the recurrence is linear, leaps from one to the next or
multiplies by the impulse response.
"batched" applies input and output maps to all steps at once, "per step" inside the loop; "compiled" is "batched" with a
step of the recurrence by torch.compile, which needs a C++ compiler; "nn.RNN" is for ReLU, the only activation here that
it has. "products" are the matrix products alone that no implementation of a nonlinear recurrence can avoid: T times W h
and W^T D, one after the other, and the gradient of W in one product for all steps.
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
from bench_hadamrnn import HERE, medians_apart, turn
from threadpoolctl import threadpool_limits

import hadamrnn as hr
from hadamrnn.files import write_file

#: (settings, steps, batch, tokens)
TASKS: dict[str, tuple[dict[str, Any], int, int, bool]] = {
    "copy": ({"inputs": 10, "hidden": 128, "outputs": 9, "many_to_many": True}, 320, 128, True),
    "pixels": ({"inputs": 1, "hidden": 512, "outputs": 10}, 784, 100, False),
}
SHAPES = [f"{task}-{activation}" for task in TASKS for activation in ("linear", "relu", "modrelu")]
COMMON: dict[str, Any] = {"recurrent_bits": 6, "bits": 6, "strategy": "penalty"}
OWN = ("hadamrnn auto", "hadamrnn checkpointed")
Batch = tuple[np.ndarray, np.ndarray]
Step = Callable[[], float]


def draw(shape: str) -> tuple[hr.QORNN, Batch]:
    """A model and a random batch of that shape."""
    task, activation = shape.split("-")
    settings, steps, batch, tokens = TASKS[task]
    model, rng = hr.QORNN(**settings, **COMMON, activation=activation), np.random.default_rng(0)
    x = rng.integers(0, 10, (steps, batch)) if tokens else rng.random((steps, batch, 1), "float32")
    classes = (steps, batch) if model.config.many_to_many else (batch,)
    return model, (x, rng.integers(0, model.config.outputs, classes))


def numpy_step(model: hr.QORNN, batch: Batch, method: str) -> Step:
    """One training step."""
    adam = hr.Adam(model.parameters)

    def step() -> float:
        loss, gradients = model.loss_and_gradients(batch, method=method)
        model.update(adam, gradients, 1e-4)
        return loss

    return step


def torch_step(model: hr.QORNN, batch: Batch, way: str) -> Step:
    """The same step, from the same parameters."""
    import torch
    from torch.nn import functional

    c, batched = model.config, way != "per step"
    p = {name: torch.tensor(array, requires_grad=True) for name, array in model.parameters.items()}
    x = torch.tensor(batch[0])
    x = functional.one_hot(x, c.inputs).float() if x.ndim == 2 else x
    y, identity = torch.tensor(batch[1]), torch.eye(c.hidden)
    rates = [{"params": [p["W"]], "lr": 1e-4 * c.recurrent_rate}]
    adam = torch.optim.Adam([*rates, {"params": [array for name, array in p.items() if name != "W"]}], lr=1e-4)

    def quantised(matrix: Any, bits: int) -> Any:
        half = 2 ** (bits - 1)
        step = matrix.detach().abs().max() / half
        return matrix + ((matrix / step).round().clamp(-half, half - 1) * step - matrix).detach()

    def recurrence(h: Any, W: Any, fed: Any, beta: Any) -> Any:
        a = functional.linear(h, W) + fed
        if c.activation == "relu":
            return torch.relu(a)
        return a if c.activation == "linear" else torch.sign(a) * torch.relu(a.abs() + beta)

    advance = torch.compile(recurrence) if way == "compiled" else recurrence
    rnn, none = torch.nn.RNN(c.inputs, c.hidden, nonlinearity="relu"), torch.zeros(c.hidden)

    def by_module(W: Any, U: Any) -> Any:
        weights = {"weight_ih_l0": U, "weight_hh_l0": W, "bias_ih_l0": p["b"], "bias_hh_l0": none}
        states = torch.func.functional_call(rnn, weights, x)[0]
        return states if c.many_to_many else states[-1]

    def read(h: Any, V: Any) -> Any:
        return functional.linear(torch.relu(h) if c.activation == "linear" else h, V, p["c"])

    def by_loop(W: Any, U: Any, V: Any) -> Any:
        """The states, or the outputs if they are made step by step: of all steps or the last."""
        inputs = torch.unbind(functional.linear(x, U, p["b"])) if batched else None
        h, found = torch.zeros(x.shape[1], c.hidden), []
        for t in range(len(x)):
            fed = functional.linear(x[t], U, p["b"]) if inputs is None else inputs[t]
            h = advance(h, W, fed, p.get("beta"))
            if c.many_to_many:
                found.append(h if batched else read(h, V))
        return torch.stack(found) if c.many_to_many else h

    def step() -> float:
        adam.zero_grad()
        W, U, V = quantised(p["W"], c.recurrent_bits), quantised(p["U"], c.bits), quantised(p["V"], c.bits)
        states = by_module(W, U) if way == "nn.RNN" else by_loop(W, U, V)
        outputs = states if c.many_to_many and not batched else read(states, V)
        loss = functional.cross_entropy(outputs.reshape(-1, c.outputs), y.reshape(-1))
        loss = loss + c.penalty * (W.T @ W - identity).square().sum()
        loss.backward()
        adam.step()
        return float(loss.detach())

    return step


def products(model: hr.QORNN, batch: Batch) -> Step:
    """The products of a nonlinear recurrence, of random numbers."""
    (steps, size), n, rng = batch[0].shape[:2], model.config.hidden, np.random.default_rng(0)
    W, h, out = model.recurrent_matrix(), rng.random((n, size), "float32"), np.empty((n, size), np.float32)
    D, states = (rng.random((n, steps * size), "float32") for _ in range(2))

    def step() -> float:
        for _ in range(steps):
            np.matmul(W, h, out=out)
        for _ in range(steps):
            np.matmul(W.T, h, out=out)
        return float((D @ states.T)[0, 0])

    return step


def contenders(shape: str) -> list[str]:
    """Who takes part."""
    ways = ("batched", "per step", "compiled", *(["nn.RNN"] if shape.endswith("-relu") else []))
    return [*OWN, "products", *(f"torch {way}" for way in ways if find_spec("torch"))]


def prepare(shape: str, who: str, cpu: bool) -> None:
    """Make the step of a contender in this process, which is its own."""
    drawn = draw(shape)
    if who.startswith("torch"):
        import torch

        torch.set_num_threads(1)
        step = torch_step(*drawn, who.removeprefix("torch "))
    else:
        threadpool_limits(1)
        step = products(*drawn) if who == "products" else numpy_step(*drawn, who.split()[1])
    HERE["turn"] = partial(turn, step, time.process_time if cpu else time.perf_counter)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="a training step of QORNN beside PyTorch")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement (default 5)")
    parser.add_argument("--only", choices=SHAPES, help="one of the shapes")
    parser.add_argument("--json", type=Path, help="write the numbers to this file as well")
    parser.add_argument("--cpu", action="store_true", help="measure processor time instead of wall-clock time")
    given = parser.parse_args()
    report: dict[str, Any] = {"numpy": np.__version__, "ms": {}}
    for shape in [given.only] if given.only else SHAPES:
        ready = {who: partial(prepare, shape, who, given.cpu) for who in contenders(shape)}
        found = report["ms"][shape] = medians_apart(ready, given.rounds)[0]
        best = min(found[who] for who in OWN)
        print(shape)
        for who, value in found.items():
            print(f"  {who:24}{value:10.1f} ms{value / best:8.2f} times the best of hadamrnn", flush=True)
    if given.json:
        text = json.dumps(report, indent=1) + "\n"
        write_file(given.json, text.encode())


if __name__ == "__main__":
    main()
