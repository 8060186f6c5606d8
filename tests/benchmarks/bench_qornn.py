"""Quantised orthogonal networks: strategy by bits by task, beside HadamRNN; results kept, and printed as tables.

    PYTHONPATH=. python tests/benchmarks/bench_qornn.py 'search-*' --data DATA --out results.jsonl
    PYTHONPATH=. python tests/benchmarks/bench_qornn.py 'copy-*' 'permuted-*' --seeds 3 --data DATA --out results.jsonl
    PYTHONPATH=. python tests/benchmarks/bench_qornn.py --out results.jsonl --json paper_figures/data/qornn.json

DATA holds mnist/ (IDX files) and text/moby_dick.txt.gz. The first command tries rates in short runs, with the same
effort for each strategy; the best on the validation part (``--rates``) are the ``RATES`` of the second, which are in
the code. All of W, U and V have the bits of the table, with steps by their largest entries as in the papers; "grid" is
"penalty" with steps by their mean squares and an orthogonal start on the grid of the bits. "ptq" quantises the network
that "full" trained without bits. A run that diverged has no score, but a reason. Each finished run is a JSON line, so
that an interrupted benchmark goes on where it stopped. The third command adds the results to those stored, and prints
the tables.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bench_qornn_table import Data, Record, added, as_json, compact, tables
from bench_training import Make, copy, images, kilobytes, options, run_named

import hadamrnn as hr
from hadamrnn.networks.quantize import signs
from hadamrnn.networks.transform import SignedHadamard
from hadamrnn.tasks import Task, TextTask

Rates = tuple[float, float]


def characters(data: Path, seed: int) -> TextTask:
    return TextTask(path=str(data / "text" / "moby_dick.txt.gz"), length=100, seed=seed)


class Setting(NamedTuple):
    """A task, the metric that counts, the recurrence, the settings of training, and what is other in a search."""

    task: Make
    metric: str
    activation: str
    fit: Record
    search: Record
    shares: tuple[float, ...] = (1.0, 0.1, 0.01)


FIT: Record = {"decay": 0.9, "clip": 1.0, "epochs": 5}
SEARCH: Record = {"decay": 0.9, "epochs": 2}
#: 1000 steps need a rate that falls further, and a smaller share for W.
LONG, SHARES = {"decay": 0.7, "epochs": 8}, (1.0, 0.1, 0.01, 0.001)
SETTINGS = {
    "copy": Setting(copy(100), "accuracy_copied", "linear", {**FIT, "batch_size": 128}, SEARCH),
    "copy-1000": Setting(copy(1000), "accuracy_copied", "linear", {**FIT, **LONG, "batch_size": 128}, SEARCH, SHARES),
    "permuted": Setting(images(True), "accuracy", "linear", {**FIT, "batch_size": 100}, SEARCH),
    "sequential": Setting(images(False), "accuracy", "linear", {**FIT, "batch_size": 100}, SEARCH),
    "text": Setting(characters, "bits_per_character", "relu", {**FIT, "batch_size": 50}, SEARCH),
}
HIDDEN = 128
BITS = (2, 3, 4, 5, 6, 7, 8)
TRAINED = ("projunn", "bjorck", "penalty")
#: (hidden, block) of the networks with one recurrent bit; their U and V have 4 bits.
HADAMARD = ((128, None), (64, None), (256, None), (128, 8), (128, 32), (512, None))
#: The hidden sizes of HadamRNN for which rates are searched, and those for which they are used.
WIDTHS = {128: (64, 128), 512: (256, 512)}
#: (learning_rate, recurrent_rate), or (learning_rate, sign_scale) of HadamRNN.
LEARNING_RATES, SIGN_SCALES = (1e-3, 3e-3), (5.0, 30.0, 100.0)
#: The bits for which rates are searched, and those for which they are used.
SEARCHED = {4: (2, 3, 4), 6: (5, 6, 7, 8)}
#: Test sequences for inference in integers, and the bits of its states.
SEQUENCES, ACTIVATION_BITS = 2000, (12, 8)

RATES: dict[str, Rates] = {
    "copy-full": (0.003, 0.1),
    "copy-projunn-4": (0.003, 0.1),
    "copy-projunn-6": (0.003, 0.1),
    "copy-bjorck-4": (0.003, 0.01),
    "copy-bjorck-6": (0.003, 0.1),
    "copy-penalty-4": (0.003, 0.01),
    "copy-penalty-6": (0.003, 0.01),
    "copy-hadamrnn-128": (0.003, 100.0),
    "copy-hadamrnn-512": (0.003, 100.0),
    "copy-1000-full": (0.003, 0.001),
    "copy-1000-projunn-4": (0.003, 0.01),
    "copy-1000-projunn-6": (0.003, 0.01),
    "copy-1000-bjorck-4": (0.003, 0.01),
    "copy-1000-bjorck-6": (0.003, 0.1),
    "copy-1000-penalty-4": (0.003, 0.001),
    "copy-1000-penalty-6": (0.001, 0.01),
    "copy-1000-hadamrnn-128": (0.003, 30.0),
    "copy-1000-hadamrnn-512": (0.003, 100.0),
    "permuted-full": (0.003, 0.01),
    "permuted-projunn-4": (0.001, 0.1),
    "permuted-projunn-6": (0.003, 0.01),
    "permuted-bjorck-4": (0.001, 0.01),
    "permuted-bjorck-6": (0.003, 0.01),
    "permuted-penalty-4": (0.003, 0.01),
    "permuted-penalty-6": (0.001, 0.01),
    "permuted-hadamrnn-128": (0.003, 100.0),
    "permuted-hadamrnn-512": (0.001, 100.0),
    "permuted-grid-3": (0.003, 0.01),
    "sequential-full": (0.003, 0.01),
    "sequential-projunn-4": (0.001, 0.01),
    "sequential-projunn-6": (0.003, 0.01),
    "sequential-bjorck-4": (0.003, 0.01),
    "sequential-bjorck-6": (0.001, 0.01),
    "sequential-penalty-4": (0.001, 0.01),
    "sequential-penalty-6": (0.003, 0.01),
    "sequential-hadamrnn-128": (0.003, 30.0),
    "sequential-hadamrnn-512": (0.001, 100.0),
    "text-full": (0.003, 1.0),
    "text-projunn-4": (0.003, 1.0),
    "text-projunn-6": (0.003, 1.0),
    "text-bjorck-4": (0.003, 1.0),
    "text-bjorck-6": (0.003, 1.0),
    "text-penalty-4": (0.003, 1.0),
    "text-penalty-6": (0.003, 1.0),
    "text-hadamrnn-128": (0.003, 30.0),
    "text-hadamrnn-512": (0.003, 30.0),
}
#: The rates of "grid" where those for 3 bits were not searched: a smaller share for W over 1000 steps.
GRID = {"copy": (0.003, 0.01), "copy-1000": (0.003, 0.001), "sequential": (0.003, 0.01)}
GRID_BITS = {"copy": (2, 3, 4, 5), "copy-1000": (3,), "permuted": (2, 3, 4, 5), "sequential": (2, 3, 4, 5)}


@dataclass(frozen=True)
class Training:
    """A row of the table: a network trained on a task, and measured on the test, or in a search on the validation part.

    ``later``: bits to which the trained network is quantised as well, each a row of its own.
    """

    setting: str
    strategy: str
    model: Record
    fit: Record
    part: str = "test"
    later: tuple[int, ...] = ()

    def run(self, data: Path, seed: int, workers: int, log: str | None) -> list[Record]:
        task = SETTINGS[self.setting].task(data, seed)
        model = hr.model_for(task, seed=seed, activation=SETTINGS[self.setting].activation, **self.model)
        started, reason = time.perf_counter(), None
        try:
            hr.fit(model, task, workers=workers, progress=False, log=log, **self.fit)
        except hr.DivergenceError as error:
            reason = cause(error)
        seconds = round(time.perf_counter() - started, 1)
        records = [self.record(self.strategy, model, task, reason) | {"seconds": seconds}]
        for bits in self.later:
            quantised = hr.quantised(model, recurrent_bits=bits, bits=bits)
            row = self.record("ptq", quantised, task, reason)
            records.append({"name": f"{self.setting}-ptq-{bits}", **row, "seconds": 0.0})
        return records

    def record(self, strategy: str, model: hr.Network, task: Task, reason: str | None) -> Record:
        """What is known of a model; without a score if its training or its predictions diverged."""
        metric, matrix = SETTINGS[self.setting].metric, recurrent_matrix(model)
        scores = hr.evaluate(model, task, part=self.part)
        if reason is None and not math.isfinite(scores["loss"]):
            reason = "the loss was not finite"
        scored = reason is None
        record = {
            "setting": self.setting,
            "metric": metric,
            "strategy": strategy,
            "part": self.part,
            "steps": len(next(task.test(1)).x),
            "score": short(scores[metric]) if scored else None,
            "loss": short(scores["loss"]) if scored else None,
            "defect": short(hr.orthogonality_defect(matrix)),
            "singular_values": [short(value) for value in hr.singular_values(matrix)],
            "kB": kilobytes(model),
            "model": model.config.record() | {"kind": model.config.kind},
            "fit": self.fit,
        }
        if not scored:
            record["reason"] = reason
        elif self.part == "test" and self.setting == "permuted" and model.config.bits is not None:
            record["integers"] = integers(model, task)
        return record


def short(value: float) -> float:
    return float(f"{value:.5g}")


def cause(error: hr.HadamRNNError) -> str:
    """Without the advice."""
    return str(error).partition(": ")[0]


def recurrent_matrix(model: hr.Network) -> np.ndarray:
    """W, as the predictions have it."""
    if isinstance(model, hr.QORNN):
        return model.recurrent_matrix()
    return SignedHadamard(signs(model.parameters["u"]), model.config.block).dense()


def integers(model: hr.Network, task: Task) -> Record:
    """Accuracies on the first test sequences in floats ("float") and with integer states of so many bits.

    The ranges come from the training part. In place of an accuracy: why there is none.
    """
    batches = list(islice(task.test(100), -(-SEQUENCES // 100)))

    def accuracy(network: hr.Network | hr.IntegerNetwork) -> float:
        right = [np.asarray(network.predict(x)).argmax(axis=1) == y for x, y in batches]
        return short(np.concatenate(right).mean())

    with np.errstate(over="ignore", invalid="ignore"):  # states that grow without end are refused by their ranges
        found: Record = {"float": accuracy(model)}
        packed, ranges = hr.Packed.of(model), hr.ranges(model, task)
        for bits in ACTIVATION_BITS:
            try:
                found[str(bits)] = accuracy(hr.IntegerNetwork(packed, ranges=ranges, activation_bits=bits))
            except hr.HadamRNNError as error:
                found[str(bits)] = cause(error)
    return found


# What is run ----------------------------------------------------------------------------------------------------------


def of_qornn(setting: str, strategy: str, bits: int | None, rates: Rates, **changes: Any) -> Training:
    """Training of a QORNN; "full" is that of the orthogonal network without bits."""
    rate, share = rates
    model = {"kind": "qornn", "hidden": HIDDEN, "recurrent_bits": bits, "bits": bits, "recurrent_rate": share}
    model["strategy"] = {"full": "projunn", "grid": "penalty"}.get(strategy, strategy)
    model |= {"scale": "rms", "start": "grid"} if strategy == "grid" else {"scale": "max", "start": "haar"}
    fit = {**SETTINGS[setting].fit, "learning_rate": rate}
    return Training(setting, strategy, model, fit, **changes)


def of_hadamrnn(setting: str, hidden: int, block: int | None, rates: Rates) -> Training:
    rate, scale = rates
    model = {"kind": "hadamrnn", "hidden": hidden, "block": block, "bits": 4, "sign_scale": scale}
    return Training(setting, "hadamrnn", model, {**SETTINGS[setting].fit, "learning_rate": rate})


def searches() -> dict[str, Training]:
    """Short runs, named by their key in RATES and the rates."""
    found = {}
    for setting, (*_, changes, shares) in SETTINGS.items():
        grid = list(product(LEARNING_RATES, shares))
        tried = {("full", rates): of_qornn(setting, "full", None, rates) for rates in grid}
        for hidden, rates in product(WIDTHS, product(LEARNING_RATES, SIGN_SCALES)):
            tried[f"hadamrnn-{hidden}", rates] = of_hadamrnn(setting, hidden, None, rates)
        for strategy, bits, rates in product(TRAINED, SEARCHED, grid):
            tried[f"{strategy}-{bits}", rates] = of_qornn(setting, strategy, bits, rates)
        for rates in grid if setting in GRID_BITS else ():
            tried["grid-3", rates] = of_qornn(setting, "grid", 3, rates)
        for (key, (rate, share)), training in tried.items():
            fit = {**training.fit, **changes}
            found[f"search-{setting}-{key}-{rate:g}-{share:g}"] = replace(training, fit=fit, part="validation")
    return found


def rows() -> dict[str, Training]:
    """The rows of the table by name."""
    found = {}
    for setting in SETTINGS:
        found[f"{setting}-full"] = of_qornn(setting, "full", None, RATES[f"{setting}-full"], later=BITS)
        for (searched, used), strategy in product(SEARCHED.items(), TRAINED):
            for bits in used:
                rates = RATES[f"{setting}-{strategy}-{searched}"]
                found[f"{setting}-{strategy}-{bits}"] = of_qornn(setting, strategy, bits, rates)
        for bits in GRID_BITS.get(setting, ()):
            rates = RATES.get(f"{setting}-grid-3") or GRID[setting]
            found[f"{setting}-grid-{bits}"] = of_qornn(setting, "grid", bits, rates)
        for hidden, block in HADAMARD:
            searched = next(width for width, used in WIDTHS.items() if hidden in used)
            name = f"{setting}-hadamrnn-{hidden}" + ("" if block is None else f"-block-{block}")
            found[name] = of_hadamrnn(setting, hidden, block, RATES[f"{setting}-hadamrnn-{searched}"])
    return found


def best_rates(data: Data) -> dict[str, Rates]:
    """RATES by the finished searches: with the highest accuracy for images, else the lowest loss."""
    tried: dict[str, dict[Rates, float]] = {}
    for record in data["search"]:
        task, strategy = record["task"], record["strategy"]
        searched = record["n"] if strategy == "hadamrnn" else record["recurrent_bits"]
        key = f"{task}-{strategy}" + ("" if searched is None else f"-{searched}")
        rates = record["learning_rate"], record.get("sign_scale", record.get("recurrent_rate"))
        by_accuracy = SETTINGS[task].metric == "accuracy"
        value = -math.inf if record["score"] is None else record["score"] if by_accuracy else -record["loss"]
        tried.setdefault(key, {})[rates] = value
    return {key: max(values, key=lambda rates: values[rates]) for key, values in tried.items()}


def main() -> None:
    known = searches() | (rows() if RATES else {})
    parser = options(__doc__, known)
    parser.add_argument("--rates", action="store_true", help="print the best rates of the searches")
    parser.add_argument("--json", type=Path, help="add the results to this file, without repetitions")
    given = parser.parse_args()
    data = compact(run_named(known, given).runs)
    if given.rates:
        print(best_rates(data))
    print(tables(data))
    if given.json:
        stored = json.loads(given.json.read_text("utf-8")) if given.json.exists() else {key: [] for key in data}
        given.json.write_text(as_json(added(stored, data)), "utf-8")


if __name__ == "__main__":
    main()
