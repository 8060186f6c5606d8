"""Training: epochs of Adam steps with validation, checkpoints, a log, and a clean way to stop and go on."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Vector
from hadamrnn.deployed.integer_network import IntegerNetwork
from hadamrnn.errors import DivergenceError, ParameterError
from hadamrnn.files import read_file
from hadamrnn.networks.base import METHODS, Network
from hadamrnn.networks.kinds import network_type
from hadamrnn.networks.readout import loss_and_slope
from hadamrnn.optim import Adam, Average, clip
from hadamrnn.tasks.base import PARTS, Batch, Task
from hadamrnn.training.checkpoint import Checkpoint, Progress
from hadamrnn.training.parallel import Workers
from hadamrnn.work import calm, interruptions

#: An epoch has diverged if its mean loss is so many times that at the start (or that of a constant guess, if larger).
DIVERGED = 10.0


@dataclass(frozen=True, kw_only=True)
class Settings(check.Checked):
    """The settings of a run on which its weights depend.

    batch_size: sequences per step. learning_rate: of the first epoch, times ``decay`` after each.
    clip: the largest Euclidean norm of a gradient, or None. patience: epochs without improvement after which to stop,
    or None. workers: processes that share each batch. method: see :meth:`Network.loss_and_gradients`.
    dropout: None, or the share of the numbers of an embedding, drawn anew in each step, that are 0 while gradients are
    computed (the others then are 1/(1 - dropout) times as large). Predictions use all.
    average: None, or the share a that a running mean of the parameters keeps in each step (see :class:`Average`), such
    as 0.99; it is validated in place of the parameters themselves, and the best one is what is left in the model.
    """

    batch_size: int
    learning_rate: float
    decay: float = check.setting(1.0, most=1.0)
    clip: float | None = None
    patience: int | None = None
    workers: int = check.setting(1, most=64)
    method: str = check.one_of(METHODS)
    dropout: float | None = check.setting(None, most=0.9)
    average: float | None = check.setting(None, most=0.99999)

    before: ClassVar[Mapping[str, Any]] = {"dropout": None, "average": None}


@dataclass(frozen=True)
class History:
    """``records``: one per epoch, as in the log. ``best``: the one whose weights were kept.

    ``stopped``: "epochs" if all were done, "patience" if the validation did not improve any more.
    """

    records: tuple[dict[str, Any], ...]
    best: dict[str, Any]
    stopped: str

    def __repr__(self) -> str:
        best = ", ".join(f"{name}={value:.6g}" for name, value in self.best.items() if isinstance(value, (int, float)))
        return f"History(epochs={len(self.records)}, stopped={self.stopped!r}, best: {best})"


def model_for(task: Task, *, kind: str = "hadamrnn", **settings: Any) -> Network:
    """A model with the inputs, outputs and loss of the task; ``settings`` are the others of a HadamRNN, or of a QORNN
    if ``kind`` is "qornn". Without ``hidden`` the sizes are the task's own ``defaults``.

    >>> from hadamrnn.tasks import CopyTask
    >>> model_for(CopyTask(length=30), hidden=16).config.outputs, model_for(CopyTask(length=30)).config.hidden
    (9, 128)
    """
    network, shape = network_type(kind), _shape(task)
    chosen = task.defaults.besides(settings, network.config_type) | settings
    if chosen.get("embedding") is not None:
        chosen = {"padding": task.padding} | chosen
    return network(**shape, **chosen)


def evaluate(
    model: Network | IntegerNetwork, task: Task, *, part: str = "test", batch_size: int = 100
) -> dict[str, float]:
    """The mean loss and the task's metrics on one part ("train", "validation" or "test") of its data.

    >>> from hadamrnn.tasks import CopyTask
    >>> task = CopyTask(length=30, test_size=10)
    >>> sorted(evaluate(model_for(task, hidden=16), task))
    ['accuracy', 'accuracy_copied', 'loss']
    """
    check.choice("part", part, PARTS)
    _require_fit(model, task)
    totals: dict[str, float] = defaultdict(float)
    count = 0
    with calm():
        for x, y in task.part(part, batch_size):
            outputs, targets = model.predict(x), model.check(x, y)[1]
            by_step = outputs[-len(targets) :] if model.config.many_to_many else outputs[None]
            loss = loss_and_slope(by_step.swapaxes(1, 2).copy(), targets) / targets.size
            metrics = task.metrics(by_step if model.config.many_to_many else outputs, y)
            for name, value in {"loss": loss, **metrics}.items():
                totals[name] += value * x.shape[1]
            count += x.shape[1]
    return {name: total / count for name, total in totals.items()}


def fit(
    model: Network,
    task: Task,
    *,
    epochs: int | None = None,
    checkpoint: str | Path | None = None,
    every: float = 60.0,
    log: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
    **settings: Any,
) -> History:
    """Train with Adam, and leave in the model the parameters of the epoch with the best validation.

    ``settings``: those of :class:`Settings`. They and ``epochs`` are by default the task's own (``task.defaults``), but
    a ``learning_rate`` that is named is constant unless ``decay`` is named, too. Best is, for one class per sequence,
    the highest accuracy (then the lowest loss), else the lowest loss. On one machine, with one version of NumPy, the
    weights depend on model, task, ``epochs`` and ``settings`` alone.

    ``checkpoint``: a file that is replaced, in one step, at the start, after each epoch and, in between, about
    ``every`` so many seconds (0: after each step). With ``resume`` the run goes on from it, to the same weights, bit
    by bit, as if it had never stopped; only places of files may differ, and ``epochs``, if not below those done.
    ``log``: a file with one JSON object per epoch. Without ``resume`` neither file may exist yet. ``progress``: a bar
    on standard error.

    Ctrl-C ends the step under way, writes the checkpoint and raises KeyboardInterrupt (in the main thread).
    Raises DivergenceError if loss or gradients are not finite, or the mean loss of an epoch is more than ten times that
    at the start; ParameterError for settings that are not allowed; FileError for a checkpoint that is not sound;
    OSError if a file cannot be written. The checkpoint then is the last one, with the best epoch so far.

    >>> from hadamrnn.tasks import CopyTask
    >>> task = CopyTask(length=12, symbols=2, copies=1, train_size=640, test_size=64)
    >>> model = model_for(task, hidden=16)
    >>> history = fit(model, task, epochs=4, batch_size=16, learning_rate=0.01, progress=False)
    >>> history.best["validation"]["loss"] < task.baseline
    True
    """
    check.instance("model", model, Network, "a network")
    _require_fit(model, task)
    chosen = Settings(**task.defaults.besides(settings, Settings), **settings)
    if chosen.dropout is not None and model.config.embedding is None:
        raise ParameterError("dropout", chosen.dropout, "must be None for a model without an embedding")
    epochs = check.integer("epochs", task.defaults.epochs if epochs is None else epochs)
    check.number("every", every, open=False)
    check.flag("progress", progress)
    if check.flag("resume", resume) and checkpoint is None:
        raise ParameterError("resume", resume, "needs the name of a checkpoint")
    for name, path in (("checkpoint", checkpoint), ("log", log)):
        if path is not None and check.path(name, path).exists() and not resume:
            raise ParameterError(name, str(path), "exists: go on with resume=True (--resume), or name another file")
    run = _Run(model, task, chosen, checkpoint, every)
    if resume:
        run.restore(epochs)
    else:
        run.begin()
    return run.fit(epochs, log, progress)


class _Run:
    """The state of a run; ``best`` holds the parameters of its best epoch."""

    def __init__(self, model: Network, task: Task, settings: Settings, path: str | Path | None, every: float) -> None:
        self.model, self.task, self.settings, self.path, self.every = model, task, settings, path, every
        self.adam, self.progress = Adam(model.parameters), Progress()
        self.average = None if settings.average is None else Average(model.parameters, settings.average)
        self.best: Array = model.parameters.flat
        self.identity = {"model": model.config.record(), "task": task.record(), "training": settings.settings()}
        self.started = self.saved = time.monotonic()

    def begin(self) -> None:
        """Try one batch, so that what does not fit together is refused before any file is written."""
        batch, _ = (next(self.task.part(part, self.settings.batch_size)) for part in ("train", "validation"))
        with calm():
            loss, _ = self._gradients(self.model, batch)
        constant = math.log(self.task.outputs)  # the loss of equal probabilities, or else of the answer 0
        if self.task.loss == "mse":
            constant = float(np.square(batch.y, dtype=np.float64).mean())
        self.progress.limit = DIVERGED * max(loss, constant)

    # Checkpoints -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        self.progress.seconds = time.monotonic() - self.started
        if self.path is not None:
            arrays = {"parameters": self.model.parameters.flat, "best": self.best, **self.adam.state()}
            if self.average is not None:
                arrays["average"] = self.average.mean
            if not all(np.isfinite(array).all() for array in arrays.values()):  # a checkpoint that could not be loaded
                self._diverged("the parameters, or moments of the gradients, were not finite")
            Checkpoint(identity=self.identity, progress=self.progress, arrays=arrays).save(self.path)
        self.saved = time.monotonic()

    def restore(self, epochs: int) -> None:
        assert self.path is not None
        found = Checkpoint.load(self.path)
        found.require_same(self.identity, self.path)
        if epochs < found.progress.epoch:
            raise ParameterError("epochs", epochs, f"must be at least {found.progress.epoch}: so many are done already")
        self.adam.restore(dict(found.arrays))
        self.model.parameters.flat[...] = found.arrays["parameters"]
        if self.average is not None:
            self.average.mean[...] = found.arrays["average"]
        self.progress = found.progress
        if self.progress.records:
            self.best = found.arrays["best"]
        self.started -= self.progress.seconds

    # The loop --------------------------------------------------------------------------------------------------------

    def fit(self, epochs: int, log: str | Path | None, shown: bool) -> History:
        from tqdm import tqdm

        done, per_epoch = self.progress, self.task.steps(self.settings.batch_size)
        with ExitStack() as stack:
            stack.enter_context(calm())
            workers = self.settings.workers  # forked before the bar starts a thread
            compute = stack.enter_context(Workers(self.model, processes=workers)) if workers > 1 else self.model
            self.save()  # before the log, without which a run can go on
            _update_log(log, done.records)
            start = done.epoch * per_epoch + done.step
            bar = stack.enter_context(tqdm(total=epochs * per_epoch, initial=start, unit="step", disable=not shown))
            interrupted = stack.enter_context(interruptions())
            while done.epoch < epochs and not self._out_of_patience():
                for batch in islice(self.task.train(self.settings.batch_size, done.epoch), done.step, None):
                    self._step(compute, batch)
                    bar.update()
                    bar.set_postfix(self._shown(), refresh=False)
                    if interrupted():
                        self._stop()
                    if time.monotonic() - self.saved >= self.every:
                        self.save()
                self._finish_epoch(per_epoch)
                self.save()
                _update_log(log, done.records)
                if interrupted():
                    self._stop()
        self.model.parameters.flat[...] = self.best
        assert done.best is not None
        return History(tuple(done.records), done.best, "epochs" if done.epoch >= epochs else "patience")

    def _rate(self, epoch: int) -> float:
        return self.settings.learning_rate * self.settings.decay**epoch

    def _step(self, compute: Network | Workers, batch: Batch) -> None:
        done = self.progress
        loss, gradients = self._gradients(compute, batch)
        if self.settings.clip is not None:
            clip(gradients, most=self.settings.clip)
        self.model.update(self.adam, gradients, self._rate(done.epoch))
        if self.average is not None:
            self.average.step(self.adam.count)
        done.step += 1
        done.count += batch.x.shape[1]
        done.loss += loss * batch.x.shape[1]

    @contextmanager
    def _dropped(self, batch: Batch) -> Iterator[tuple[Array, Array | None]]:
        """The tokens of the batch and what their vectors are multiplied by inside, drawn by seed, epoch and step."""
        share, done = self.settings.dropout, self.progress
        if share is None:
            yield batch.x, None
            return
        E, tokens = self.model.parameters["E"], np.unique(batch.x)
        rng = np.random.default_rng([self.model.config.seed, done.epoch, done.step, 1])  # no task has four
        whole = E[tokens]
        kept = (rng.random(whole.shape, dtype=np.float32) >= share).astype(E.dtype) / E.dtype.type(1 - share)
        E[tokens] = whole * kept
        try:
            yield tokens, kept
        finally:
            E[tokens] = whole

    def _gradients(self, compute: Network | Workers, batch: Batch) -> tuple[float, Vector]:
        with self._dropped(batch) as (tokens, kept):
            loss, gradients = compute.loss_and_gradients(batch, method=self.settings.method)
        if kept is not None:
            gradients["E"][tokens] *= kept
        if not (math.isfinite(loss) and np.isfinite(gradients.flat).all()):
            self._diverged(f"the {'gradient' if math.isfinite(loss) else 'loss'} was not finite")
        return loss, gradients

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """While this lasts the model has the mean of its parameters, if one is kept."""
        if self.average is None:
            yield
            return
        last = self.model.parameters.flat.copy()
        self.model.take(self.average.mean)
        try:
            yield
        finally:
            self.model.parameters.flat[...] = last

    def _finish_epoch(self, steps: int) -> None:
        done = self.progress
        loss = done.loss / done.count
        if not loss <= done.limit:
            self._diverged(f"the mean loss {loss:.3g} of the epoch is above {done.limit:.3g}")
        with self._averaged():
            validation = evaluate(self.model, self.task, part="validation", batch_size=self.settings.batch_size)
            kept = self.model.parameters.flat.copy()
        if not math.isfinite(validation["loss"]):
            self._diverged("the validation loss was not finite")
        best = done.best is None or self._score(validation) > self._score(done.best["validation"])
        if best:
            self.best = kept
        done.epoch += 1
        record = {
            "epoch": done.epoch,
            "steps": done.epoch * steps,
            "learning_rate": self._rate(done.epoch - 1),
            "loss": loss,
            "validation": validation,
            "best": best,
            "seconds": round(time.monotonic() - self.started, 3),
        }
        done.records.append(record)
        done.step, done.loss, done.count = 0, 0.0, 0

    def _score(self, metrics: dict[str, float]) -> tuple[float, float]:
        one_class = not self.task.many_to_many and self.task.loss == "cross-entropy"
        return metrics.get("accuracy", 0.0) if one_class else 0.0, -metrics["loss"]

    def _out_of_patience(self) -> bool:
        patience, best = self.settings.patience, self.progress.best
        return patience is not None and best is not None and self.progress.epoch - best["epoch"] >= patience

    def _shown(self) -> dict[str, str]:
        done = self.progress
        validated = done.records[-1]["validation"] if done.records else {}
        return {"loss": f"{done.loss / done.count:.4g}"} | {
            f"validation {name}": f"{value:.4g}" for name, value in validated.items() if name != "loss"
        }

    def _where(self) -> str:
        return f"step {self.progress.step} of epoch {self.progress.epoch + 1}"

    def _diverged(self, what: str) -> NoReturn:
        self.model.parameters.flat[...] = self.best
        rate = self._rate(self.progress.epoch)
        kept = f"; the best epoch so far is kept in {self.path}" if self.path and self.progress.records else ""
        advice = f"try a smaller learning_rate (it is {rate:g}) or clip=1"
        raise DivergenceError(f"{what} after {self._where()}: {advice}{kept}")

    def _stop(self) -> NoReturn:
        self.save()
        kept = "" if self.path is None else f"; go on from {self.path} with resume=True (--resume)"
        raise KeyboardInterrupt(f"stopped after {self._where()}{kept}")


def _update_log(path: str | Path | None, records: list[dict[str, Any]]) -> None:
    """Append the records that the log lacks; what it has must be the beginning of them."""
    if path is None:
        return
    expected = b"".join(json.dumps(record, sort_keys=True).encode() + b"\n" for record in records)
    found = read_file(path) if Path(path).exists() else b""
    if not expected.startswith(found):
        raise ParameterError("log", str(path), "is not the log of this run")
    with open(path, "ab") as file:
        file.write(expected[len(found) :])


def _shape(task: Task) -> dict[str, Any]:
    check.instance("task", task, Task, "a task of hadamrnn.tasks")
    return {name: getattr(task, name) for name in ("inputs", "outputs", "many_to_many", "loss")}


def _require_fit(model: Network | IntegerNetwork, task: Task) -> None:
    check.instance("model", model, (Network, IntegerNetwork), "a network")
    needed = _shape(task) | ({} if task.tokens else {"embedding": None})
    for name, value in needed.items():
        found = getattr(model.config, name)
        if found != value:
            raise ParameterError(f"model.config.{name}", found, f"must be {value} for the task {task.name}")
