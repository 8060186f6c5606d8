"""Sweeps: runs for every combination of settings, in parallel; each goes on from its checkpoint when it is interrupted.

A sweep has a directory with one folder for each run: ``checkpoint.npz`` while it trains, ``model.npz``, and
``result.json`` once it is finished, from when on it is not repeated. The name of a folder is a digest of all that the
weights depend on (version, settings, epochs, and the data, but not where they lie), so a grid may grow, and sweeps may
share a directory one after the other.

Runs take place in folders of the same names on the machine where a worker is. On a Dask cluster with a shared file
system these are the same folders, and a run whose worker is lost goes on from its checkpoint on another one. Without
one, each worker keeps the checkpoints of its own runs, and this process writes the models and results that it is sent.
The data of tasks that read files must have the same path everywhere.
"""

import hashlib
import json
import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import MISSING, dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from hadamrnn import validation as check
from hadamrnn.deployed.packed import sizes
from hadamrnn.errors import DivergenceError, ParameterError, bad_file
from hadamrnn.files import read_file, write_file
from hadamrnn.networks.kinds import network_type
from hadamrnn.tasks import TASKS
from hadamrnn.training.checkpoint import CHECKPOINT, MODEL, lasting
from hadamrnn.training.train import Settings, evaluate, fit, model_for
from hadamrnn.work import shared

RESULT = "result.json"
#: The settings of models that come from their task.
FROM_TASK = ("inputs", "outputs", "many_to_many", "loss", "padding", "seed")
_FORMAT = "hadamrnn-sweep-1"
_FILES = (CHECKPOINT, MODEL, RESULT)
_MOST = 100_000


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Run:
    """A run: its settings for the task, the model and the training."""

    task: str
    kind: str
    parts: dict[str, dict[str, Any]]
    identity: dict[str, Any]  # all that the weights depend on, as JSON
    directory: str
    client: int  # the process that asked for it

    @property
    def name(self) -> str:
        return f"{self.task}-{_digest(self.identity)}"

    @property
    def folder(self) -> Path:
        return Path(self.directory) / self.name

    def record(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """The settings and the result, without levels."""
        options = {name: value for part in self.parts.values() for name, value in part.items()}
        return {"run": self.name, "task": self.task, "model": self.kind, **options, **result}

    def read(self) -> dict[str, Any] | None:
        """The result, if the run is finished and the file is sound. Raises FileError for what is no place for a run."""
        for path, right in ((self.folder, Path.is_dir), *((self.folder / name, Path.is_file) for name in _FILES)):
            if path.exists() and not right(path):
                raise bad_file(path, f"must be {'a folder' if path == self.folder else 'a file'}: move it away")
        try:
            data = json.loads(read_file(self.folder / RESULT))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or (data.get("format"), data.get("identity")) != (_FORMAT, self.identity):
            return None
        result = data.get("result")
        return result if isinstance(result, dict) and data.get("digest") == _digest(result) else None

    def write(self, result: Mapping[str, Any], model: bytes) -> None:
        """The files of a finished run, its result last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if model:
            write_file(self.folder / MODEL, model)
        content = {"format": _FORMAT, "identity": self.identity, "result": result, "digest": _digest(result)}
        write_file(self.folder / RESULT, f"{json.dumps(content, indent=1)}\n".encode())

    def train(self) -> tuple[dict[str, Any], bytes]:
        """Train from the start or from the checkpoint; the result and the file of the model (empty if it diverged)."""
        from tqdm import tqdm

        tqdm.set_lock(threading.RLock())  # by default a semaphore, which Python misses aloud when a worker is killed
        self.folder.mkdir(parents=True, exist_ok=True)
        task = TASKS[self.task](**self.parts["task"])
        model = model_for(task, kind=self.kind, **self.parts["model"])
        checkpoint = self.folder / CHECKPOINT
        size = {"size_in_bytes": sizes(model.config)["total"].packed}
        try:
            with _ending_with(self.client):
                resume, training = checkpoint.exists(), self.parts["training"]
                history = fit(model, task, **training, checkpoint=checkpoint, resume=resume, progress=False)
        except DivergenceError as error:
            return {"status": "diverged", "reason": str(error), **size}, b""
        test = evaluate(model, task, batch_size=self.parts["training"]["batch_size"])
        result = {
            "status": "done",
            "stopped": history.stopped,
            "best_epoch": history.best["epoch"],
            # sorted, as checkpoints do not keep the order
            **{f"validation_{name}": value for name, value in sorted(history.best["validation"].items())},
            **{f"test_{name}": value for name, value in sorted(test.items())},
            "loss_without_memory": task.baseline,
            **size,
        }
        return result, model.save(self.folder / MODEL).read_bytes()


@dataclass(frozen=True)
class Sweep:
    """The answer of :func:`sweep`: ``records``, one dict of plain data for each run, in the order of the grid.

    Their entries: ``run``, the name of its folder, ``task``, ``model`` (the kind), all settings; ``status`` "done" or
    "diverged", ``stopped``, ``best_epoch``; ``validation_...`` and ``test_...``: loss and metrics of the model that was
    kept; ``loss_without_memory``; ``size_in_bytes``: packed; ``reason``: why it diverged. None where nothing is known.
    """

    records: tuple[dict[str, Any], ...]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def to_csv(self) -> str:
        """The records as comma-separated values: exact floats, nothing where there is None."""
        from approxbounds import tables

        return tables.csv([*self.records[0]], [[*record.values()] for record in self.records])

    def to_text(self) -> str:
        """Aligned columns of what differs between the runs; below them what is the same."""
        from approxbounds import tables

        names = list(self.records[0])
        differ = [name for name in names if len({repr(record[name]) for record in self.records}) > 1]
        rows = [[_shown(record[name]) for name in differ] for record in self.records]
        lines = [tables.text(differ, rows)] if differ else []
        first = self.records[0]
        same = [f"{name}={_shown(first[name])}" for name in names if name not in differ and first[name] is not None]
        return "\n".join([*lines, *(["for all: " + ", ".join(same)] if same else [])])

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def sweep(
    task: str,
    *,
    directory: str | Path,
    kind: str = "hadamrnn",
    workers: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Sweep:
    """Train a model for each combination of ``options``, evaluate it on the test part, and tell all scores.

    ``options``: the settings of the task (of :data:`hadamrnn.tasks.TASKS`), of the kind of model ("hadamrnn",
    "qornn"), of :class:`Settings`, and ``epochs``; each is a value or a list of values. The others are the task's
    own, as in :func:`fit`. ``seed`` is that of task and model. Each run is one process (so ``Settings.workers``
    is 1). ``directory``: see this module; one sweep at a time may use it. ``workers``: so many runs at once; by default
    what ``joblib.parallel_config`` says (also ``backend="dask"``), else one. ``progress``: a bar on standard error. The
    records are the same for any workers on machines of one kind.

    A run that diverges is a record with the reason. Raises ParameterError for what is not allowed, before anything is
    trained where it can be known; OSError if a file cannot be written; HadamRNNError if a worker process is killed;
    KeyboardInterrupt, with a message, on Ctrl-C. In each case, and after ``kill -9``, the same call goes on: finished
    runs are not repeated, others go on from their checkpoints, which are at most an epoch or a minute old.

    >>> from tempfile import TemporaryDirectory
    >>> task = {"length": 12, "symbols": 2, "copies": 1, "train_size": 640, "test_size": 64}
    >>> training = {"batch_size": 16, "learning_rate": 0.01, "epochs": 4}
    >>> with TemporaryDirectory() as folder:
    ...     found = sweep("copy", directory=folder, progress=False, **task, **training, hidden=16, seed=[0, 1])
    >>> [(record["seed"], record["status"], record["test_loss"] < record["loss_without_memory"]) for record in found]
    [(0, 'done', True), (1, 'done', True)]
    """
    check.choice("task", task, tuple(TASKS))
    check.flag("progress", progress)
    folder = check.path("directory", directory)
    if workers is not None:
        check.integer("workers", workers, most=1024)
    runs = _grid(task, kind, str(folder.absolute()), options)  # workers may be in another folder
    folder.mkdir(parents=True, exist_ok=True)
    results = [run.read() for run in runs]
    missing = {i: (run,) for i, (run, result) in enumerate(zip(runs, results, strict=True)) if result is None}
    how = {"workers": workers, "progress": progress, "unit": "run", "known": len(runs) - len(missing)}
    try:
        with shared() as work, closing(work.computed(_Run.train, missing, **how)) as finished:
            for i, (result, model) in finished:
                runs[i].write(result, model)
                results[i] = result
    except KeyboardInterrupt:
        done = sum(result is not None for result in results)
        text = f"stopped after {done} of {len(runs)} runs; run again with directory {directory} to go on"
        raise KeyboardInterrupt(text) from None
    records = [run.record(result) for run, result in zip(runs, results, strict=True) if result is not None]
    columns = dict.fromkeys(name for record in records for name in record)
    return Sweep(tuple({name: record.get(name) for name in columns} for record in records))


def _grid(task: str, kind: str, directory: str, options: Mapping[str, Any]) -> list[_Run]:
    """All runs, each once and with settings that are allowed: the options of the task vary slowest, epochs fastest."""
    defaults = TASKS[task].defaults
    records = {"task": TASKS[task], "model": network_type(kind).config_type, "training": Settings}
    skipped = {"task": (), "model": FROM_TASK, "training": ("workers",)}
    known = {
        part: {field.name: field.default for field in fields(cls) if field.name not in skipped[part]}
        | defaults.besides(options, cls)
        for part, cls in records.items()
    }
    known["training"]["epochs"] = defaults.epochs
    names = [name for part in known.values() for name in part]
    for name, value in options.items():
        if name not in names:
            raise ParameterError(name, value, f"is no option of {task}, {kind} and training: {', '.join(names)}")
    choices = {
        part: {name: _several(name, options.get(name, default)) for name, default in defaults.items()}
        for part, defaults in known.items()
    }
    number = math.prod(len(values) for part in choices.values() for values in part.values())
    if number > _MOST:
        raise ParameterError("runs", number, f"at most {_MOST} are allowed")
    from approxbounds import __version__  # hadamrnn is a part of it

    runs: dict[str, _Run] = {}
    for about in _combinations(choices["task"]):
        made = TASKS[task](**about)
        about = {name: getattr(made, name) for name in about}  # paths as text
        told = made.record()
        for settings in _combinations(choices["model"]):
            settings = {**settings, "seed": made.seed}
            model = model_for(made, kind=kind, **settings).config.record()
            for training in _combinations(choices["training"]):
                rest = {name: value for name, value in training.items() if name != "epochs"}
                epochs = check.integer("epochs", training["epochs"])
                numbers = {"training": Settings(**rest).settings(), "epochs": epochs}
                identity = lasting({"version": __version__, "task": told, "model": model, **numbers})
                parts = {"task": about, "model": settings, "training": training}
                run = _Run(task, kind, parts, identity, directory, os.getpid())
                runs.setdefault(run.name, run)
    return list(runs.values())


def _several(name: str, value: Any) -> tuple[Any, ...]:
    if value is MISSING:
        raise ParameterError(name, None, "is needed: a value or a list of values")
    if isinstance(value, np.ndarray):
        value = np.atleast_1d(value).tolist()
    values = tuple(value) if isinstance(value, (list, tuple, range)) else (value,)
    values = tuple(entry.item() if isinstance(entry, np.generic) else entry for entry in values)
    if not values:
        raise ParameterError(name, value, "must have at least one value")
    return values


def _combinations(choices: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    return (dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


@contextmanager
def _ending_with(parent: int) -> Iterator[None]:
    """A process that ``parent`` started ends with it, even after ``kill -9``, instead of training on for nobody."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(1):
            if os.getppid() != parent:
                os._exit(1)

    if os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
