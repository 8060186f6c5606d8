"""The command line: ``hadamrnn train|sweep|evaluate|export|info|capacity``.

The options are the fields of the task, of the settings of the kind of model that ``--model`` names, and of Settings, in
the same words (``learning_rate`` is ``--learning-rate``); ``none`` means None. A model is the directory of a run, a
file that ``Network.save`` wrote or, but for ``export``, an exported file. Results go to standard output, messages and
progress to standard error. Exit status: 0 done, 1 not finished (diverged, interrupted), 2 bad input.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import hadamrnn as hr
from hadamrnn import validation as check
from hadamrnn.arrays import NPZ
from hadamrnn.cli import capacity as capacity_cli
from hadamrnn.cli.options import add_fields, documentation, values
from hadamrnn.deployed.packed import MAGIC, sizes
from hadamrnn.errors import HadamRNNError, ParameterError, bad_file
from hadamrnn.networks.kinds import KINDS
from hadamrnn.tasks import TASKS, Task
from hadamrnn.tasks.base import PARTS
from hadamrnn.training.checkpoint import CHECKPOINT, LOG, MODEL, load_run
from hadamrnn.training.sweep import FROM_TASK
from hadamrnn.work import on_cluster, on_terminal

__all__ = ["main", "parse"]


# Commands ------------------------------------------------------------------------------------------------------------


class _Opened(NamedTuple):
    """A model from a file, as it was exported or can be; ``record`` tells the task that a run was trained on."""

    model: hr.Network
    config: hr.NetworkConfig
    record: dict[str, Any] | None = None
    exported: hr.Packed | None = None

    def packed(self) -> hr.Packed:
        return self.exported or hr.Packed.of(self.model)


def _open(name: str, *, exported: bool = True) -> _Opened:
    path = check.path("model", name)
    if path.is_dir():
        model, record = load_run(path / CHECKPOINT)
        return _Opened(model, model.config, record)
    try:
        with open(path, "rb") as file:
            packed = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise bad_file(name, f"cannot be read: {error}") from error
    if packed and not exported:
        raise bad_file(name, "is exported already")
    if packed:
        found = hr.Packed.load(path)
        return _Opened(found.model(), found.config, exported=found)
    model = hr.load_network(path)
    return _Opened(model, model.config)


def _train(arguments: argparse.Namespace) -> dict[str, Any]:
    run = check.path("out", arguments.out)
    task = TASKS[arguments.task](**values(arguments, TASKS[arguments.task]))
    settings = values(arguments, KINDS[arguments.kind].config_type, FROM_TASK)
    model = hr.model_for(task, kind=arguments.kind, seed=arguments.seed, **settings)
    run.mkdir(parents=True, exist_ok=True)
    history = hr.fit(
        model,
        task,
        epochs=arguments.epochs,
        **values(arguments, hr.Settings),
        checkpoint=run / CHECKPOINT,
        log=run / LOG,
        resume=arguments.resume,
        progress=on_terminal(),
    )
    saved = model.save(run / MODEL)
    return {
        "task": task.name,
        "stopped": history.stopped,
        "epochs": len(history.records),
        "best": history.best,
        "test": hr.evaluate(model, task, batch_size=arguments.batch_size),
        "loss_without_memory": task.baseline,
        "size_in_bytes": sizes(model.config)["total"].packed,
        "model": str(saved),
    }


def _sweep(arguments: argparse.Namespace) -> list[dict[str, Any]] | str:
    skipped = ("workers", *FROM_TASK)
    options = values(arguments, TASKS[arguments.task]) | {"epochs": arguments.epochs}
    for cls in (KINDS[arguments.kind].config_type, hr.Settings):
        options |= values(arguments, cls, skipped)
    with on_cluster(arguments.dask):
        found = hr.sweep(
            arguments.task,
            kind=arguments.kind,
            directory=arguments.directory,
            workers=arguments.workers,
            progress=on_terminal(),
            **options,
        )
    if arguments.json:
        return list(found)
    return found.to_csv().rstrip("\n") if arguments.csv else found.to_text()


def _evaluate(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model)
    task = _task_of(arguments, opened)
    model: hr.Network | hr.IntegerNetwork = opened.model
    bits = arguments.activation_bits
    if arguments.integer:
        ranges = hr.ranges(opened.model, task, batch_size=arguments.batch_size)
        more = {} if bits is None else {"activation_bits": bits}
        model = hr.IntegerNetwork(opened.packed(), ranges=ranges, **more)
    elif bits is not None:
        raise ParameterError("activation_bits", bits, "needs --integer")
    metrics = hr.evaluate(model, task, part=arguments.split, batch_size=arguments.batch_size)
    if isinstance(model, hr.IntegerNetwork):
        metrics["saturation"] = model.saturation
    return {"task": task.name, "split": arguments.split, "sequences": task.sizes[arguments.split], **metrics}


def _task_of(arguments: argparse.Namespace, opened: _Opened) -> Task:
    if arguments.task is not None:
        return TASKS[arguments.task](**values(arguments, TASKS[arguments.task]))
    if opened.record is None:
        raise ParameterError("task", None, "name the task and its options after the file: it holds a model alone")
    name = opened.record.get("name")
    if name not in TASKS:
        raise ParameterError("task", name, f"is none of {', '.join(TASKS)}")
    try:
        task = TASKS[name](**opened.record["settings"])
    except TypeError as error:
        raise bad_file(arguments.model, f"does not name the settings of its task: {error}") from error
    if task.record() != opened.record:
        raise ParameterError("task", name, "its data are not those of the run; name the task and its options to go on")
    return task


def _export(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model, exported=False)
    saved = opened.packed().save(_exportable(arguments.file))
    total = sizes(opened.config)["total"].packed
    return {"file": str(saved), "bytes": saved.stat().st_size, "size_in_bytes": total}


def _exportable(name: str) -> Path:
    """A file to which a model may be exported."""
    path = check.path("file", name)
    if name == "-":
        raise ParameterError("file", name, "must be the name of a file: standard output is not written")
    if path.is_file():
        with open(path, "rb") as file:
            if file.read(len(NPZ)) == NPZ:
                raise ParameterError("file", name, "is a model in full precision, or other arrays; name another file")
    return path


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model)
    table = {part: size._asdict() for part, size in sizes(opened.config).items()}
    config = opened.config
    return {"model": config.kind, "task": opened.record, "config": dict(vars(config)), "size_in_bytes": table}


def _text(data: Mapping[str, Any], indent: str = "") -> str:
    lines = []
    for name, value in data.items():
        if isinstance(value, dict) and value.keys() == {"dense", "packed"}:
            lines.append(f"{indent}{name}: {value['packed'] / 1000:.3f} kB ({value['dense'] / 1000:.3f} kB in float32)")
        elif isinstance(value, dict):
            lines += [f"{indent}{name.removesuffix('_in_bytes')}:", _text(value, indent + "  ")]
        elif value is not None:
            lines.append(f"{indent}{name}: {value:.6g}" if isinstance(value, float) else f"{indent}{name}: {value}")
    return "\n".join(lines)


# The parser ----------------------------------------------------------------------------------------------------------


def _kind(argv: Sequence[str] | None) -> str:
    """The kind of model that the command line names: its settings are among the options."""
    first = argparse.ArgumentParser(prog="hadamrnn", add_help=False, usage="hadamrnn train TASK --model KIND ...")
    _add_kind(first)
    kind: str = first.parse_known_args(argv)[0].kind
    return kind


def _add_kind(parser: argparse._ActionsContainer) -> None:
    default, text = hr.Config.kind, f"(default {hr.Config.kind}; --help shows the settings of the kind that is named)"
    parser.add_argument("--model", dest="kind", choices=tuple(KINDS), default=default, help=text)


def _add_model(
    parser: argparse.ArgumentParser, kind: str, defaults: Mapping[str, Any], skipped: Sequence[str], several: bool
) -> None:
    """The kind of model, and the settings of the kind that is named."""
    config = KINDS[kind].config_type
    model = parser.add_argument_group("model", documentation(config))
    _add_kind(model)
    add_fields(model, config, defaults, skipped, several=several)


def _add_training(sub: argparse.ArgumentParser, task: str, kind: str, *, several: bool) -> None:
    """The options of the model and its training, and where the run or, if ``several``, the runs are kept."""
    defaults = asdict(TASKS[task].defaults)
    training = sub.add_argument_group("training", documentation(hr.Settings))
    _add_model(sub, kind, defaults, FROM_TASK, several)
    epochs: dict[str, Any] = {"nargs": "+"} if several else {}
    text = f"(default {defaults['epochs']})"
    training.add_argument("--epochs", type=int, default=defaults["epochs"], help=text, **epochs)
    add_fields(training, hr.Settings, defaults, ("workers",) if several else (), several=several)
    if several:
        group = sub.add_argument_group("sweep")
        text = "folder of the runs; the same command goes on after an interruption"
        group.add_argument("--directory", required=True, help=text)
        group.add_argument("--workers", type=int, help="runs at once, each in a process (default 1)")
        text = "address of a Dask scheduler, such as tcp://host:8786, whose workers train"
        group.add_argument("--dask", metavar="ADDRESS", help=text)
        shape = group.add_mutually_exclusive_group()
        shape.add_argument("--csv", action="store_true", help="comma-separated values on standard output")
        shape.add_argument("--json", action="store_true", help="JSON on standard output")
    else:
        training.add_argument("--out", required=True, metavar="RUN", help=f"directory for {CHECKPOINT}, {LOG}, {MODEL}")
        training.add_argument("--resume", action="store_true", help="go on with the run from its checkpoint")


def _add_tasks(
    sub: argparse.ArgumentParser,
    *parents: argparse.ArgumentParser,
    metavar: str = "TASK",
    required: bool = True,
    several: bool = False,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A parser for each task, with its settings."""
    choices = sub.add_subparsers(dest="task", required=required, metavar=metavar)
    shape = argparse.RawDescriptionHelpFormatter
    for name, cls in TASKS.items():
        text = documentation(cls)
        head = text.split("\n")[0]
        one = choices.add_parser(name, help=head, description=text, formatter_class=shape, parents=parents)
        add_fields(one.add_argument_group("task"), cls, several=several)
        yield name, one


class _Version(argparse.Action):
    """Shows the version, that of approxbounds, which is imported only for this."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from approxbounds import __version__

        print(f"hadamrnn {__version__}")
        parser.exit()


def _parser(kind: str = hr.Config.kind) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hadamrnn",
        description="Recurrent networks whose recurrent weights are single bits, or a few.",
        epilog="example: hadamrnn train copy --length 200 --out run && hadamrnn evaluate run",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    # defaults of options that may stand before and behind a task: set in one place, or the second would undo the first
    parser.set_defaults(json=False, split="test", batch_size=100, activation_bits=None, integer=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[..., Any], text: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, parents=parents)
        sub.set_defaults(run=run)
        return sub

    as_json, scores = (argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS) for _ in range(2))
    scores.add_argument("--split", choices=PARTS, help="(default test)")
    scores.add_argument("--batch-size", type=int, help="(default 100)")
    scores.add_argument("--activation-bits", type=int, help="of inputs and states if --integer (default 12)")
    text = "run the recurrence in integers, with ranges measured in the training data"
    scores.add_argument("--integer", action="store_true", help=text)
    for parent in (as_json, scores):
        parent.add_argument("--json", action="store_true", help="JSON on standard output")

    train = command("train", _train, "train a model on a task, or go on with a run")
    for name, sub in _add_tasks(train, as_json):
        _add_training(sub, name, kind, several=False)
    text = "train for each combination of options, which may be lists; goes on where it stopped"
    for name, sub in _add_tasks(command("sweep", _sweep, text), several=True):
        _add_training(sub, name, kind, several=True)
    evaluate = command("evaluate", _evaluate, "loss and metrics of a model; of a run, on its own task", scores)
    evaluate.add_argument("model", metavar="MODEL", help="directory of a run, file of a model, or exported file")
    for _ in _add_tasks(evaluate, scores, metavar="[TASK]", required=False):
        pass
    text = "write a model with the bits per weight that its settings say"
    export = command("export", _export, text, as_json)
    info = command("info", _info, "settings of a model and its size, in kB of 1000 bytes", as_json)
    for sub in (export, info):
        sub.add_argument("model", metavar="MODEL", help="directory of a run, or file of a model")
    export.add_argument("file", metavar="FILE", help="the file to write")
    capacity = command("capacity", capacity_cli.run, "how many points a network fits or shatters", as_json)
    capacity_cli.add_options(capacity)
    _add_model(capacity, kind, {"inputs": 1}, capacity_cli.FIXED, False)
    return parser


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says; argparse exits with 2 if it says nothing sensible."""
    return _parser(_kind(argv)).parse_args(argv)


def _say(error: BaseException) -> None:
    message = str(error) or "interrupted"
    if isinstance(error, MemoryError):
        message = f"the memory is too small: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        message = str(bad_file(error.filename, f"{error.strerror}"))
    if sys.stderr is not None:  # closed; print would write to standard output
        print(f"hadamrnn: {message}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (argparse exits with 2 by itself)."""
    for stream in (sys.stdout, sys.stderr):  # either is None if it is closed
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for what its encoding lacks
    arguments = parse(argv)
    try:
        data = arguments.run(arguments)
        print(json.dumps(data, indent=2) if arguments.json else data if isinstance(data, str) else _text(data))
        if sys.stdout is not None:
            sys.stdout.flush()  # a closed pipe shows here, not at exit
        return 0
    except BrokenPipeError:  # the reader has enough, as head has; the interpreter still flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ParameterError, OSError, MemoryError) as error:
        _say(error)
        return 2
    except (HadamRNNError, KeyboardInterrupt) as error:
        _say(error)
        return 1
