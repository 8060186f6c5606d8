"""Trained accuracies of hadamrnn: experiments by name, several seeds, results kept and printed as a table.

    PYTHONPATH=. python tests/benchmarks/bench_training.py 'copy-*' --seeds 3 --workers 2 --out results.jsonl
    PYTHONPATH=. python tests/benchmarks/bench_training.py 'protocol-*' --seeds 3 --data DATA \
        --out paper_figures/data/protocols.jsonl

DATA holds mnist/ (IDX files), text/movie_sentences.tsv.gz and har/hapt_windows.npz. Each finished run is one JSON line
with its settings, so that an interrupted benchmark goes on where it stopped. The second command is the plan of the full
protocols on images.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import hadamrnn as hr
from hadamrnn.files import write_file
from hadamrnn.tasks import ActivityTask, CopyTask, ImageTask, SentimentTask

Make = Callable[[Path, int], Any]  # the task, given the folder of data and the seed


def copy(length: int) -> Make:
    return lambda data, seed: CopyTask(length=length, train_size=25_600, test_size=1_000, seed=seed)


def images(permuted: bool) -> Make:
    return lambda data, seed: ImageTask(path=str(data / "mnist"), permuted=permuted, seed=seed)


def sentences(data: Path, seed: int) -> SentimentTask:
    return SentimentTask(path=str(data / "text" / "movie_sentences.tsv.gz"), seed=seed)


def activity(data: Path, seed: int) -> ActivityTask:
    return ActivityTask(path=str(data / "har" / "hapt_windows.npz"), seed=seed)


class Runnable(Protocol):
    """An experiment: the records of one run, given the data, the seed, the number of processes and a log."""

    def run(self, data: Path, seed: int, workers: int, log: str | None) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Experiment:
    """A task, the settings of the model and those of :func:`hadamrnn.fit`, and the metric that counts."""

    task: Make
    metric: str
    model: dict[str, Any]
    fit: dict[str, Any]
    moving: int | None = None  # epochs at the first rate after which signs are too far from 0 to flip; None: never

    def run(self, data: Path, seed: int, workers: int, log: str | None) -> list[dict[str, Any]]:
        """What is kept of the run, as JSON: here one record."""
        task = self.task(data, seed)
        model = hr.model_for(task, seed=seed, **self.model)
        u = model.parameters["u"] if "u" in model.parameters.shapes else np.zeros(0)
        signs = np.sign(u).copy()
        started = time.perf_counter()
        if self.moving:
            first = self.fit | {"decay": 1.0, "epochs": self.moving}
            hr.fit(model, task, workers=workers, progress=False, **first)
        if self.moving is not None:
            u *= 1e6
        history = hr.fit(model, task, workers=workers, progress=False, log=log, **self.fit)
        seconds = time.perf_counter() - started
        scores = hr.evaluate(model, task)
        record = {
            "metric": self.metric,
            "score": scores[self.metric],
            "test": scores,
            "seconds": round(seconds, 1),
            "best_epoch": history.best["epoch"],
            "flipped": int((np.sign(u) != signs).sum()),
            "kB": kilobytes(model),
            "settings": {"model": asdict(model.config), "fit": self.fit, "workers": workers, "moving": self.moving},
        }
        return [record]


def kilobytes(model: hr.Network) -> float:
    """The size of the packed weights."""
    return round(hr.sizes(model.config)["total"].packed / 1000, 3)


COPY_MODEL: dict[str, Any] = {"hidden": 128, "bits": 4}
COPY_FIT: dict[str, Any] = {"batch_size": 128, "learning_rate": 1e-3, "decay": 0.95, "clip": 1.0}
ACTIVITY_FIT: dict[str, Any] = {"batch_size": 100, "learning_rate": 1e-3, "decay": 0.97, "epochs": 40, "patience": 15}
TEXT_MODEL: dict[str, Any] = {"hidden": 128, "bits": 4, "embedding": 128, "activation": "relu", "pool": "mean"}
TEXT_FIT: dict[str, Any] = {"batch_size": 100, "learning_rate": 2e-3, "decay": 0.7, "clip": 1.0, "dropout": 0.7}
BLOCKS = (32, 128)
#: Full protocols: the signs of HadamRNN are so far from 0 that none flips, as each flip changes all of 784 steps.
PROTOCOL_FIT: dict[str, Any] = {"batch_size": 100, "clip": 1.0, "learning_rate": 1e-3}
PROTOCOL_HADAMARD: dict[str, Any] = {"hidden": 512, "bits": 4, "scale": "rms", "sign_scale": 1e6}
PROTOCOL_BITS = (2, 3, 4, 5, 6, 8, None)
AVERAGED = ("hadamrnn", "qornn-3", "qornn-full")


def protocols() -> dict[str, Experiment]:
    """Full protocols on images with n = 512: 60 epochs of HadamRNN (100 where signs may flip), 10 of QORNN.

    Those with "-average" keep the running mean of the parameters, over about the last 500 steps; "-100" are 100 epochs.
    """
    found = {}
    for name, task in (("permuted", images(True)), ("sequential", images(False))):
        fit = {**PROTOCOL_FIT, "decay": 0.95, "epochs": 60}
        for block in (None, *BLOCKS):
            own = "" if block is None else f"-block-{block}"
            model = {**PROTOCOL_HADAMARD, "block": block}
            found[f"protocol-{name}-hadamrnn{own}"] = Experiment(task, "accuracy", model, fit)
        flips = {**fit, "decay": 0.98, "epochs": 100}
        found[f"protocol-{name}-hadamrnn-flips"] = Experiment(
            task, "accuracy", {**PROTOCOL_HADAMARD, "sign_scale": 100.0}, flips
        )
        for bits in PROTOCOL_BITS:
            model = {"kind": "qornn", "hidden": 512, "bits": bits, "recurrent_bits": bits, "recurrent_rate": 0.01}
            model["strategy"] = "projunn" if bits is None else "penalty"
            fit = {**PROTOCOL_FIT, "decay": 0.8, "epochs": 10}
            found[f"protocol-{name}-qornn-{bits or 'full'}"] = Experiment(task, "accuracy", model, fit)
        for own in AVERAGED:
            plain = found[f"protocol-{name}-{own}"]
            found[f"protocol-{name}-{own}-average"] = replace(plain, fit=plain.fit | {"average": 0.998})
    plain, longer = found["protocol-sequential-hadamrnn-average"], {"epochs": 100, "decay": 0.97}
    found["protocol-sequential-hadamrnn-average-100"] = replace(plain, fit=plain.fit | longer)
    return found


def signs() -> dict[str, Experiment]:
    """Whether signs should flip: never, now and then, or all of them at first and none after that; 20 epochs."""
    found = {}
    for name, task in (("permuted", images(True)), ("sequential", images(False))):
        for way, scale, moving, decay in (("fixed", 30.0, 0, 0.95), ("flip", 30.0, None, 0.95), ("first", 1.0, 6, 0.9)):
            model = {"hidden": 128, "bits": 4, "scale": "rms", "sign_scale": scale}
            fit = {**PROTOCOL_FIT, "decay": decay, "epochs": 20 - (moving or 0)}
            found[f"signs-{name}-{way}"] = Experiment(task, "accuracy", model, fit, moving)
    return found


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    found = protocols() | {
        "copy-300": Experiment(copy(300), "accuracy_copied", COPY_MODEL, {**COPY_FIT, "epochs": 10}),
        "copy-1000": Experiment(copy(1000), "accuracy_copied", COPY_MODEL, {**COPY_FIT, "epochs": 16}),
        "sentences": Experiment(sentences, "accuracy", TEXT_MODEL, {**TEXT_FIT, "epochs": 8, "patience": 3}),
        "activity": Experiment(activity, "accuracy", {"hidden": 128, "bits": 4}, ACTIVITY_FIT),
    }
    fit = {**COPY_FIT, "epochs": 10}
    orthogonal = {"kind": "qornn", "hidden": 128, "bits": None}  # full precision: the yardstick
    found["copy-300-orthogonal"] = Experiment(copy(300), "accuracy_copied", orthogonal, fit)
    for length, epochs in ((100, 8), (300, 10)):
        for scale in (1.0, 5.0, 30.0, None):
            for rate in (1e-4, 1e-3, 3e-3):
                model = {**COPY_MODEL, "sign_scale": scale or 30.0}
                fit = {**COPY_FIT, "learning_rate": rate, "epochs": epochs}
                kind = "frozen" if scale is None else f"scale-{scale:g}"
                name = f"ablation-{length}-{kind}-rate-{rate:g}"
                moving = 0 if scale is None else None
                found[name] = Experiment(copy(length), "accuracy_copied", model, fit, moving)
    return found | signs()


@dataclass
class Results:
    """The finished runs, one JSON line each."""

    path: Path | None
    runs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.exists():
            text = self.path.read_bytes()
            whole = text[: text.rfind(b"\n") + 1]  # without a last line that was cut off
            self.runs = [json.loads(line) for line in whole.splitlines()]
            if whole != text:
                write_file(self.path, whole)

    def has(self, name: str, seed: int) -> bool:
        return any((run["name"], run["seed"]) == (name, seed) for run in self.runs)

    def add(self, runs: list[dict[str, Any]]) -> None:
        """Keep the records of one run."""
        self.runs += runs
        if self.path is not None:
            with open(self.path, "ab", buffering=0) as file:  # in one piece
                file.write("".join(json.dumps(run) + "\n" for run in runs).encode())

    def table(self) -> str:
        lines = [f"{'experiment':36} {'metric':16} {'scores':32} {'median s':>8} {'flipped':>14} {'kB':>8}"]
        for name in dict.fromkeys(run["name"] for run in self.runs):
            runs = [run for run in self.runs if run["name"] == name]
            scores = ", ".join(f"{run['score']:.4f}" for run in runs)
            flips = ", ".join(str(run["flipped"]) for run in runs)
            seconds = statistics.median(run["seconds"] for run in runs)
            lines.append(
                f"{name:36} {runs[0]['metric']:16} {scores:32} {seconds:8.0f} {flips:>14} {runs[0]['kB']:8.2f}"
            )
        return "\n".join(lines)


def options(description: str | None, known: Iterable[str]) -> argparse.ArgumentParser:
    """The command line of a script that runs experiments."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"or a pattern with *: {', '.join(known)}")
    parser.add_argument("--data", type=Path, default=Path("."), help="folder with mnist, text and har")
    parser.add_argument("--seeds", type=int, default=1, help="run the seeds 0, 1, ...")
    parser.add_argument("--workers", type=int, default=1, help="processes that share each batch")
    parser.add_argument("--out", type=Path, help="file of results, one JSON line a run; finished runs are skipped")
    parser.add_argument("--log", help="beginning of the names of training logs")
    return parser


def run_named(known: Mapping[str, Runnable], given: argparse.Namespace) -> Results:
    """Run the experiments that the command line names, except for those in its file of results."""
    results = Results(given.out)
    for seed in range(given.seeds):
        for name in (name for name in known if any(fnmatch(name, pattern) for pattern in given.names)):
            if not results.has(name, seed):
                log = None if given.log is None else f"{given.log}{name}-{seed}.jsonl"
                found = known[name].run(given.data, seed, given.workers, log)
                results.add([{"name": name, "seed": seed, **record} for record in found])
    return results


def main() -> None:
    known = experiments()
    given = options(__doc__, known).parse_args()
    print(run_named(known, given).table())


if __name__ == "__main__":
    main()
