"""The command line: ``hadamrnn train|sweep|evaluate|export|info|capacity``.

The options are the fields of the task, of the settings of the kind of model that ``--model`` names, and of Settings, in
the same words (``learning_rate`` is ``--learning-rate``); ``none`` means None. A model is the directory of a run, a
file that ``Network.save`` wrote or an exported file, which ``export`` turns into C alone. Results go to standard
output, messages and progress to standard error. Exit status: 0 done, 1 not finished (diverged, or stopped by Ctrl-C and
able to go on), 2 bad input, 130 ended at once by Ctrl-C (a second one, or where nothing is kept).
"""

import argparse
import inspect
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import hadamrnn as hr
from hadamrnn import validation as check
from hadamrnn.cli.options import add_fields, documentation, values
from hadamrnn.deployed.packed import MAGIC, sizes
from hadamrnn.errors import HadamRNNError, ParameterError, bad_file
from hadamrnn.files import NPZ, open_file, write_file
from hadamrnn.networks.kinds import KINDS
from hadamrnn.tasks import TASKS, Task
from hadamrnn.tasks.base import PARTS
from hadamrnn.training.checkpoint import CHECKPOINT, LOG, MODEL, load_run
from hadamrnn.training.sweep import FROM_TASK
from hadamrnn.work import on_terminal, shared

#: Settings of a network that are the same for all measurements of capacity.
FIXED = ("outputs", "many_to_many", "embedding", "loss", "dtype", "seed")
#: Their other settings; the defaults are those of the functions.
SEARCH = {
    "draws": "random labellings (default 10)",
    "level": "share of them that is to be fitted (default 1/2)",
    "sets": "random sets of points, but for the method memorise (default 3)",
    "candidates": "networks with random weights tried first, but for the method memorise (default 256)",
    "restarts": "trainings before a labelling is given up (default 3; 5 but for the method memorise)",
    "iterations": "steps of each training (default 500)",
    "most": "points at most (default 4096; 12 but for the method memorise)",
    "seed": "of points, labels and initial weights (default 0)",
}


# Commands ------------------------------------------------------------------------------------------------------------


class _Opened(NamedTuple):
    """A model from a file, as it was exported or can be; ``record`` tells the task that a run was trained on."""

    model: hr.Network
    config: hr.NetworkConfig
    record: dict[str, Any] | None = None
    exported: hr.Packed | None = None

    def packed(self) -> hr.Packed:
        return self.exported or hr.Packed.of(self.model)


def _open(name: str) -> _Opened:
    path = check.path("model", name)
    if path.is_dir():
        model, record = load_run(path / CHECKPOINT)
        return _Opened(model, model.config, record)
    if _begins(name, MAGIC):
        found = hr.Packed.load(path)
        return _Opened(found.model(), found.config, exported=found)
    model = hr.load_network(path)
    return _Opened(model, model.config)


def _begins(name: str, magic: bytes) -> bool:
    try:
        with open_file(name) as file:
            return file.read(len(magic)) == magic
    except OSError as error:
        raise bad_file(name, f"cannot be read: {error}") from error


def _given(arguments: argparse.Namespace, *names: str, needing: str = "") -> dict[str, Any]:
    """The options that are given; if they need what is not, a ParameterError says so."""
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    if given and needing:
        option, value = next(iter(given.items()))
        raise ParameterError(option, value, f"needs {needing}")
    return given


def _train(arguments: argparse.Namespace) -> dict[str, Any]:
    run, task = check.path("out", arguments.out), _made(arguments)
    settings = values(arguments, KINDS[arguments.kind].config_type, FROM_TASK)
    model = hr.model_for(task, kind=arguments.kind, seed=arguments.seed, **settings)
    run.mkdir(parents=True, exist_ok=True)
    files = {"checkpoint": run / CHECKPOINT, "log": run / LOG, "resume": arguments.resume}
    training = {"epochs": arguments.epochs, **values(arguments, hr.Settings)}
    history = hr.fit(model, task, **training, **files, progress=on_terminal())
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
    options = values(arguments, TASKS[arguments.task]) | {"epochs": arguments.epochs}
    for cls in (KINDS[arguments.kind].config_type, hr.Settings):
        options |= values(arguments, cls, ("workers", *FROM_TASK))
    about = {name: getattr(arguments, name) for name in ("kind", "directory", "workers")}
    with shared() as workers, workers.on_cluster(arguments.dask):
        found = hr.sweep(arguments.task, **about, progress=on_terminal(), **options)
    if arguments.json:
        return list(found)
    return found.to_csv().rstrip("\n") if arguments.csv else found.to_text()


def _evaluate(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model)
    task = _made(arguments) if arguments.task else _recorded(opened, arguments.model)
    data = {"part": arguments.split, "batch_size": arguments.batch_size}
    if arguments.integer:
        ranges = hr.ranges(opened.model, task, batch_size=arguments.batch_size)
        model = hr.IntegerNetwork(opened.packed(), ranges=ranges, **_given(arguments, "activation_bits"))
        metrics = {**hr.evaluate(model, task, **data), "saturation": model.saturation}
    else:
        _given(arguments, "activation_bits", needing="--integer")
        metrics = hr.evaluate(opened.model, task, **data)
    return {"task": task.name, "split": arguments.split, "sequences": task.sizes[arguments.split], **metrics}


def _made(arguments: argparse.Namespace) -> Task:
    """The task that the command line describes."""
    return TASKS[arguments.task](**values(arguments, TASKS[arguments.task]))


def _recorded(opened: _Opened, file: str) -> Task:
    """The task that the model was trained on."""
    if opened.record is None:
        raise ParameterError("task", None, "name the task and its options after the file: it holds a model alone")
    name = check.choice("task", opened.record.get("name"), tuple(TASKS))
    try:
        task = TASKS[name](**opened.record["settings"])
    except TypeError as error:
        raise bad_file(file, f"does not name the settings of its task: {error}") from error
    if task.record() != opened.record:
        raise ParameterError("task", name, "its data are not those of the run; name the task and its options to go on")
    return task


def _export(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model)
    if arguments.c is not None:
        return _export_c(opened, arguments)
    _given(arguments, "name", "activation_bits", "ranges", needing="--c")
    if opened.exported:
        raise bad_file(arguments.model, "is exported already")
    saved = opened.packed().save(_target("file", arguments.file))
    total = sizes(opened.config)["total"].packed
    return {"file": str(saved), "bytes": saved.stat().st_size, "size_in_bytes": total}


def _export_c(opened: _Opened, arguments: argparse.Namespace) -> dict[str, Any]:
    path = _target("c", arguments.c)
    if path.is_file() and _begins(arguments.c, MAGIC):
        raise ParameterError("c", arguments.c, "is an exported model; name another file")
    if arguments.ranges is not None:
        ranges = hr.Ranges(*arguments.ranges)
    elif opened.record is not None:
        ranges = hr.ranges(opened.model, _recorded(opened, arguments.model))
    else:
        raise ParameterError("ranges", None, "give the largest input and state: the file holds a model alone")
    network = hr.IntegerNetwork(opened.packed(), ranges=ranges, **_given(arguments, "activation_bits"))
    text = hr.c_source(network, **_given(arguments, "name"))
    return {"file": str(write_file(path, text.encode())), "bytes": len(text), "ranges": ranges._asdict()}


def _target(option: str, name: str) -> Path:
    """The file to write: no model in full precision is replaced."""
    if name == "-":
        raise ParameterError(option, name, "must be the name of a file: standard output is not written")
    path = check.path(option, name)
    if path.is_file() and _begins(name, NPZ):
        raise ParameterError(option, name, "is a model in full precision, or other arrays; name another file")
    return path


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    opened = _open(arguments.model)
    config, table = opened.config, {part: size._asdict() for part, size in sizes(opened.config).items()}
    return {"model": config.kind, "task": opened.record, "config": dict(vars(config)), "size_in_bytes": table}


def _capacity(arguments: argparse.Namespace) -> dict[str, Any]:
    """The measurement; points and witnesses only for JSON."""
    from hadamrnn.expressivity import memorisation, shattered

    measure: Callable[..., Any] = memorisation if arguments.method == "memorise" else shattered
    given = _given(arguments, *SEARCH)
    for name, value in given.items():
        if name not in inspect.signature(measure).parameters:
            raise ParameterError(name, value, f"is not a setting of the method {arguments.method}")
    config_type = KINDS[arguments.kind].config_type
    config = config_type(**values(arguments, config_type, FIXED), outputs=1, loss="mse")
    where = {"path": arguments.out, "resume": arguments.resume, "progress": on_terminal()}
    record: dict[str, Any] = measure(config, steps=arguments.steps, **where, **given).to_dict()
    return {name: x for name, x in record.items() if arguments.json or name not in ("points", "witnesses")}


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


class _Version(argparse.Action):
    """Shows the version, that of approxbounds, which is imported only for this."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from approxbounds import __version__

        print(f"hadamrnn {__version__}")
        parser.exit()


def _add_kind(parser: argparse._ActionsContainer) -> None:
    default, text = hr.Config.kind, f"(default {hr.Config.kind}; --help shows the settings of the kind that is named)"
    parser.add_argument("--model", dest="kind", choices=tuple(KINDS), default=default, help=text)


def _add_model(parser: argparse.ArgumentParser, kind: str, **options: Any) -> None:
    """The kind of model, and the settings of the kind that is named."""
    config = KINDS[kind].config_type
    model = parser.add_argument_group("model", documentation(config))
    _add_kind(model)
    add_fields(model, config, **options)


def _add_tasks(
    parser: argparse.ArgumentParser, *, several: bool = False, needed: bool = True, parents: Sequence[Any] = ()
) -> dict[str, argparse.ArgumentParser]:
    """The tasks, each with the options that say which data."""
    choices = parser.add_subparsers(dest="task", required=needed, metavar="TASK" if needed else "[TASK]")
    shape, found = argparse.RawDescriptionHelpFormatter, {}
    for name, cls in TASKS.items():
        text = documentation(cls)
        about: dict[str, Any] = {"help": text.split("\n")[0], "description": text, "formatter_class": shape}
        found[name] = choices.add_parser(name, parents=parents, **about)
        add_fields(found[name].add_argument_group("task"), cls, several=several)
    return found


def _add_trainings(parser: argparse.ArgumentParser, kind: str, *, several: bool) -> None:
    """The tasks with the options of the model and its training, and where the run or, if ``several``, runs are kept."""
    for name, sub in _add_tasks(parser, several=several).items():
        defaults = asdict(TASKS[name].defaults)
        training = sub.add_argument_group("training", documentation(hr.Settings))
        epochs, text = defaults["epochs"], f"(default {defaults['epochs']})"
        training.add_argument("--epochs", type=int, nargs="+" if several else None, default=epochs, help=text)
        add_fields(training, hr.Settings, defaults, skipped=("workers",) if several else (), several=several)
        if several:
            group = sub.add_argument_group("sweep")
            text = "folder of the runs; the same command goes on after an interruption"
            group.add_argument("--directory", required=True, help=text)
            group.add_argument("--workers", type=int, help="runs at once, each in a process (default 1)")
            text = "address of a Dask scheduler, such as tcp://host:8786, whose workers train"
            group.add_argument("--dask", metavar="ADDRESS", help=text)
            table = group.add_mutually_exclusive_group()
            table.add_argument("--csv", action="store_true", help="comma-separated values on standard output")
            _add_json(table)
        else:
            files = f"directory for {CHECKPOINT}, {LOG}, {MODEL}"
            training.add_argument("--out", required=True, metavar="RUN", help=files)
            training.add_argument("--resume", action="store_true", help="go on with the run from its checkpoint")
            _add_json(sub)
        _add_model(sub, kind, defaults=defaults, skipped=FROM_TASK, several=several)


def _add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON on standard output")


def _parser(kind: str = hr.Config.kind, *, c: bool = False) -> argparse.ArgumentParser:
    """For the settings of a kind; ``c``: whether a C file is exported in place of another."""
    parser = argparse.ArgumentParser(
        prog="hadamrnn",
        description="Recurrent networks whose recurrent weights are single bits, or a few.",
        epilog="example: hadamrnn train copy --length 200 --out run && hadamrnn evaluate run",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run: Callable[..., Any], text: str, **options: Any) -> argparse.ArgumentParser:
        # of the same name as the function
        sub = commands.add_parser(run.__name__.strip("_"), help=text, description=text, **options)
        sub.set_defaults(run=run)
        return sub

    _add_trainings(command(_train, "train a model on a task, or go on with a run"), kind, several=False)
    text = "train for each combination of options, which may be lists; goes on where it stopped"
    _add_trainings(command(_sweep, text), kind, several=True)

    # before and after the task; what is not given has the defaults of the whole parser
    how = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    how.add_argument("--split", choices=PARTS, help="(default test)")
    how.add_argument("--batch-size", type=int, help="(default 100)")
    how.add_argument("--activation-bits", type=int, help="of inputs and states if --integer (default 12)")
    text = "run the recurrence in integers, with ranges measured in the training data"
    how.add_argument("--integer", action="store_true", help=text)
    _add_json(how)
    parser.set_defaults(json=False, split="test", batch_size=100, activation_bits=None, integer=False)
    evaluate = command(_evaluate, "loss and metrics of a model; of a run, on its own task", parents=[how])
    evaluate.add_argument("model", metavar="MODEL", help="directory of a run, file of a model, or exported file")
    _add_tasks(evaluate, needed=False, parents=[how])

    example = "example: hadamrnn export run --c net.c && cc -std=c99 -DNET_MAIN net.c -o net"
    export = command(_export, "write a model with the bits per weight that its settings say", epilog=example)
    for sub in (export, command(_info, "settings of a model and its size, in kB of 1000 bytes")):
        sub.add_argument("model", metavar="MODEL", help="directory of a run, or file of a model")
        _add_json(sub)
    if not c:  # an optional FILE would not be found after other options
        export.add_argument("file", metavar="FILE", help="the file to write, unless --c names one")
    text = "write one C99 file instead of FILE, with the recurrence in integers; it says how to call it"
    export.add_argument("--c", metavar="FILE.c", help=text)
    export.add_argument("--name", help="what the names in the C file begin with (default net)")
    export.add_argument("--activation-bits", type=int, help="of inputs and states in the C file (default 12)")
    text = "their largest absolute values (default: measured in the training data of the run)"
    export.add_argument("--ranges", type=float, nargs=2, metavar=("INPUTS", "STATES"), help=text)

    measure = command(_capacity, "how many points a network fits or shatters")
    measure.add_argument("--steps", type=int, required=True, metavar="T", help="length of the sequences (required)")
    text = "(default memorise)"
    measure.add_argument("--method", choices=("memorise", "shatter"), default="memorise", help=text)
    for name, text in SEARCH.items():
        measure.add_argument("--" + name, type=str if name == "level" else int, metavar=name.upper(), help=text)
    text = "a file for the answers to each part of the search, as JSON lines"
    measure.add_argument("--out", metavar="FILE", help=text)
    measure.add_argument("--resume", action="store_true", help="go on with the search from that file")
    _add_model(measure, kind, defaults={"inputs": 1}, skipped=FIXED)
    _add_json(measure)
    return parser


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says; argparse exits with 2 if it says nothing sensible."""
    first = argparse.ArgumentParser(prog="hadamrnn", add_help=False, usage="hadamrnn train TASK --model KIND ...")
    _add_kind(first)  # the settings of the kind that is named are among the options
    first.add_argument("--c", nargs="?", const="")
    found = first.parse_known_args(argv)[0]
    return _parser(found.kind, c=found.c is not None).parse_args(argv)


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
    except ParameterError as error:
        status, message = 2, str(error)
    except OSError as error:
        status, message = 2, str(error if error.filename is None else bad_file(error.filename, f"{error.strerror}"))
    except MemoryError as error:
        status, message = 2, f"the memory is too small: {error}"
    except HadamRNNError as error:
        status, message = 1, str(error)
    except KeyboardInterrupt as error:
        # without a message nothing was kept; 130 is what a shell says of an end by this signal
        status, message = (1, str(error)) if str(error) else (130, "interrupted")
    if sys.stderr is not None:  # closed; print would write to standard output
        print(f"hadamrnn: {message}", file=sys.stderr)
    return status
