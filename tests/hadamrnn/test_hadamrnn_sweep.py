"""Sweeps of training: the runs of fit, whatever the workers and the interruptions."""

import csv
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from dask_cluster import SECONDS, dask_cluster, wait_until

import hadamrnn as hr
from hadamrnn.cli import main as cli
from hadamrnn.tasks import CopyTask
from hadamrnn.training import train
from hadamrnn.training.checkpoint import CHECKPOINT, MODEL, Checkpoint
from hadamrnn.work import shared

module = importlib.import_module("hadamrnn.training.sweep")  # the package's attribute of this name is the function

TASK = {"length": 12, "symbols": 2, "copies": 1, "train_size": 90, "test_size": 32}
TRAINING = {"batch_size": 16, "learning_rate": 0.01, "decay": 0.98, "epochs": 2}
GRID = {**TASK, **TRAINING, "seed": [0, 1], "hidden": [8, 16], "bits": [2, None]}
WORDS = [word for name, value in {**TASK, **TRAINING}.items() for word in ("--" + name.replace("_", "-"), str(value))]
COMMAND = ["sweep", "copy", *WORDS, "--seeds", "0", "1", "--hidden", "8", "16", "--bits", "2", "none"]
LONG = {**TASK, **TRAINING, "train_size": 1600, "epochs": 30, "hidden": 8, "seed": [0, 1]}  # some seconds each
STEPS = 100 * 30


def swept(directory, **options):
    return hr.sweep("copy", directory=directory, progress=False, **(options or GRID))


def exactly(sweep):
    return json.dumps(sweep.records)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("sweep") / "runs"


@pytest.fixture(scope="module")
def expected(directory):
    return swept(directory)


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("long"), **LONG)


@pytest.fixture
def fitted(monkeypatch):
    """The runs that this process starts or goes on with."""
    found, fit = [], module.fit

    def counted(model, task, **options):
        found.append((options["checkpoint"].parent.name, options["resume"]))
        return fit(model, task, **options)

    monkeypatch.setattr(module, "fit", counted)
    return found


def models(directory):
    return {path.name: hr.load_network(path / MODEL).parameters.flat for path in directory.iterdir()}


# ------------------------------------------------------------------------------------------------------- records


def test_records_are_the_scores_of_single_runs(expected, directory):
    order = [(seed, hidden, bits) for seed in (0, 1) for hidden in (8, 16) for bits in (2, None)]
    assert [(record["seed"], record["hidden"], record["bits"]) for record in expected] == order
    for record, (seed, hidden, bits) in zip(expected, order, strict=True):
        task = CopyTask(**TASK, seed=seed)
        model = hr.model_for(task, hidden=hidden, bits=bits, seed=seed)
        history = hr.fit(model, task, **TRAINING, progress=False)
        assert {name: record[name] for name in TASK | TRAINING} == TASK | TRAINING
        assert (record["task"], record["model"], record["status"]) == ("copy", "hadamrnn", "done")
        assert (record["stopped"], record["best_epoch"]) == (history.stopped, history.best["epoch"])
        for part, scores in (
            ("test", hr.evaluate(model, task, batch_size=16)),
            ("validation", history.best["validation"]),
        ):
            assert {f"{part}_{name}": value for name, value in scores.items()}.items() <= record.items()
        assert record["loss_without_memory"] == task.baseline
        assert record["size_in_bytes"] == hr.sizes(model.config)["total"].packed
        saved = hr.load_network(directory / record["run"] / MODEL)
        assert saved.config == model.config and (saved.parameters.flat == model.parameters.flat).all()
    assert json.loads(exactly(expected)) == list(expected)


def test_text_has_what_differs_and_csv_has_all(expected):
    text = expected.to_text().splitlines()
    assert len(text) == 11 and text[0].split()[:4] == ["run", "seed", "hidden", "bits"] and set(text[1]) == {"-"}
    assert text[-1].startswith("for all: task=copy, model=hadamrnn, length=12") and str(expected) == expected.to_text()
    rows = list(csv.DictReader(io.StringIO(expected.to_csv())))
    for row, record in zip(rows, expected, strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in record.items()}


def test_one_run_has_nothing_that_differs(tmp_path):
    assert swept(tmp_path, **TASK, **TRAINING, hidden=8).to_text().startswith("for all: run=copy-")


def test_divergence_is_a_record(tmp_path, fitted):
    options = {**TASK, **TRAINING, "hidden": 8, "learning_rate": [0.01, 1e3]}
    found = swept(tmp_path, **options)
    assert [record["status"] for record in found] == ["done", "diverged"]
    assert "try a smaller learning_rate" in found.records[1]["reason"] and found.records[1]["test_loss"] is None
    assert exactly(swept(tmp_path, **options)) == exactly(found) and len(fitted) == 2


def test_other_kinds_and_tasks(tmp_path):
    text = tmp_path / "text"
    text.write_text("to be or not to be. " * 60)
    options = {"path": text, "length": 10, "hidden": 8, "batch_size": 20, "learning_rate": 0.01, "epochs": 1}
    found = hr.sweep("text", kind="qornn", recurrent_bits=[2, 4], directory=tmp_path / "x", progress=False, **options)
    assert [(r["model"], r["recurrent_bits"], r["path"]) for r in found] == [("qornn", b, str(text)) for b in (2, 4)]
    moved = text.rename(tmp_path / "moved")  # where data lie is no difference
    again = hr.sweep(
        "text", kind="qornn", recurrent_bits=4, directory=tmp_path / "x", progress=False, **(options | {"path": moved})
    )
    assert again.records[0]["run"] == found.records[1]["run"]
    moved.write_text("or to be not to be. " * 60)  # what is in them is
    other = hr.sweep(
        "text", kind="qornn", recurrent_bits=4, directory=tmp_path / "x", progress=False, **(options | {"path": moved})
    )
    assert other.records[0]["run"] != again.records[0]["run"]


# --------------------------------------------------------------------------------------- workers and interruptions


def test_the_same_for_any_number_of_workers(expected, directory, tmp_path):
    assert exactly(hr.sweep("copy", directory=tmp_path, progress=False, workers=2, **GRID)) == exactly(expected)
    ours, theirs = models(tmp_path), models(directory)
    assert ours.keys() == theirs.keys() and all((ours[name] == theirs[name]).all() for name in ours)


def test_workers_know_a_relative_directory_from_another_one(expected, tmp_path, monkeypatch):
    """Worker processes are used again: they may still be in the folder of an earlier sweep."""
    options = GRID | {"hidden": 8, "bits": 2}
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        found = swept("runs", **options, workers=2)
        assert found.records == expected.records[::4]
        assert all((folder / "runs" / record["run"] / CHECKPOINT).exists() for record in found)


def test_finished_runs_are_not_repeated(expected, directory, fitted):
    assert exactly(swept(directory)) == exactly(expected) and fitted == []
    grown = swept(directory, **(GRID | {"hidden": np.int64(8), "bits": [2, 3]}))
    assert [record["run"] for record in grown][::2] == [record["run"] for record in expected][::4]
    assert len(fitted) == 2 and not any(resumed for _, resumed in fitted)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"\xff", b'{"format": "hadamrnn-sweep-1"}', b"[" * 10**5, "a digit"]
)
def test_damaged_results_are_made_again(damage, expected, directory, fitted):
    name = expected.records[3]["run"]
    path = directory / name / module.RESULT
    content = path.read_bytes()
    if damage == "a digit":
        damage = content.replace(b'"test_loss": 0', b'"test_loss": 9')
        assert damage != content and json.loads(damage)
    path.write_bytes(damage)
    assert exactly(swept(directory)) == exactly(expected)
    assert fitted == [(name, True)] and path.read_bytes() == content


def start(directory, *options):
    words = [word for name, value in LONG.items() if name != "seed" for word in (f"--{name.replace('_', '-')}", value)]
    command = [sys.executable, "-m", "hadamrnn", "sweep", "copy", *words, "--seeds", 0, 1, "--directory", directory]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*map(str, command), *options], start_new_session=True, **pipes)


def progress(directory):
    """Epochs of each run that has a checkpoint."""
    return {path.parent.name: Checkpoint.load(path).progress.epoch for path in Path(directory).glob(f"*/{CHECKPOINT}")}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_runs_go_on_from_their_checkpoints(  # noqa: PLR0917
    how, workers, tmp_path, long, fitted, monkeypatch
):
    with start(tmp_path, "--workers", str(workers)) as process:
        wait_until(lambda: [n for n in progress(tmp_path).values() if n >= 3][workers - 1 :], "progress")
        os.killpg(process.pid, how)  # its workers too, as a terminal does
        out, message = process.communicate(timeout=SECONDS)
    assert out == ""
    if how is signal.SIGINT:
        text = f"stopped after 0 of 2 runs; run again with directory {tmp_path} to go on"
        assert (process.returncode, message) == (1, f"hadamrnn: {text}\n")
    kept, steps, step = progress(tmp_path), [], train._Run._step

    def counted(*arguments):
        steps.append(1)
        step(*arguments)

    monkeypatch.setattr(train._Run, "_step", counted)
    assert exactly(swept(tmp_path, **LONG)) == exactly(long)
    assert [resumed for _, resumed in fitted] == [True, workers == 2]
    assert len(kept) == workers and len(steps) <= 2 * STEPS - 100 * sum(kept.values())


def test_workers_end_with_the_process_that_started_them(tmp_path):
    with start(tmp_path, "--workers", "2", "--epochs", "100000") as process:
        wait_until(lambda: len(progress(tmp_path)) == 2, "checkpoints")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        training = [pid for pid in children if b"LokyProcess" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(training) == 2
        process.kill()  # this process alone
        process.wait(SECONDS)
        wait_until(lambda: not any(map(alive, training)), "end of the workers")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_on_a_cluster_that_loses_a_worker(tmp_path, long, expected, capsys):
    """A run whose worker is killed half-way goes on from its checkpoint on the other one."""
    pytest.importorskip("dask.distributed")
    with dask_cluster(tmp_path) as cluster:
        assert cli.main([*COMMAND, "--directory", str(tmp_path / "a"), "--dask", cluster.address, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == list(expected)
        killed = []

        def kill():
            wait_until(lambda: [n for n in progress(tmp_path / "b").values() if n >= 3][1:], "progress")
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait(SECONDS)
            killed.append(len(list((tmp_path / "b").glob(f"*/{module.RESULT}"))))

        killer = threading.Thread(target=kill)
        killer.start()
        with shared() as workers, workers.on_cluster(cluster.address):
            found = swept(tmp_path / "b", **LONG)
        killer.join()
        assert exactly(found) == exactly(long) and killed == [0]


# ------------------------------------------------------------------------------------------ command line, bad input


def test_command_line_is_the_library(directory, expected, capsys):
    command = [*COMMAND, "--directory", str(directory)]
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == list(expected)
    for option, text in (([], expected.to_text()), (["--csv"], expected.to_csv())):
        assert cli.main([*command, *option]) == 0
        assert capsys.readouterr() == (text.rstrip("\n") + "\n", "")


def test_flags_and_none_are_lists_too():
    words = ["sweep", "image", "--permuted", "true", "false", "--patience", "3", "none", "--directory", "x"]
    found = cli._parser().parse_args(words)
    assert (found.permuted, found.patience, found.hidden, found.workers) == ([True, False], [3, None], [512], None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hiden": 8}, "hiden=8: is no option of copy, hadamrnn and training: seed, length"),
        ({"recurrent_bits": 3}, "recurrent_bits=3: is no option"),
        ({"outputs": 3}, "outputs=3: is no option"),
        ({"hidden": []}, r"hidden=\[\]: must have at least one value"),
        ({"hidden": [8, 92]}, "hidden=92"),
        ({"hidden": True}, "hidden=True"),
        ({"bits": [2, 0]}, "bits=0"),
        ({"length": [12, 2]}, "length=2: must be at least 2 copies"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"epochs": [1, 0]}, "epochs=0"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"seed": range(10**6)}, "runs=1000000: at most 100000"),
        ({"seed": -1}, "seed=-1"),
        ({"workers": 0}, "workers=0"),
        ({"workers": True}, "workers=True"),
        ({"directory": None}, "directory=None: must be the name"),
        ({"directory": ""}, "directory='': must be the name"),
        ({"directory": "a\0b"}, "directory=.*must be the name"),
        ({"kind": "lstm"}, "kind='lstm'"),
        ({"task": "reverse"}, "task='reverse': must be one of copy"),
        ({"progress": "yes"}, "progress='yes'"),
    ],
)
def test_bad_input(options, message, tmp_path):
    good = {"task": "copy", "directory": tmp_path / "new", "progress": False, **TASK, **TRAINING, "hidden": 8}
    with pytest.raises(hr.ParameterError, match=message):
        hr.sweep(**(good | options))
    assert not (tmp_path / "new").exists()


def test_what_is_needed(tmp_path):
    with pytest.raises(hr.ParameterError, match="path=None: is needed"):
        hr.sweep("text", directory=tmp_path / "new", progress=False, hidden=8)
    assert not (tmp_path / "new").exists()


def test_what_is_not_named_is_that_of_the_task(tmp_path):
    task = CopyTask(**TASK)
    (record,) = swept(tmp_path / "all", **TASK)
    assert record.items() >= vars(task.defaults).items()
    model = hr.model_for(task)
    hr.fit(model, task, progress=False)
    assert (models(tmp_path / "all")[record["run"]] == model.parameters.flat).all()
    (record,) = swept(tmp_path / "some", **TASK, learning_rate=0.01, epochs=1)  # a rate that is named is constant
    assert (record["decay"], record["batch_size"], record["hidden"]) == (1.0, 128, 128)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--hidden", "92", "--directory", "{new}"], 2, "hidden=92"),
        (["--hidden", "eight", "--directory", "{new}"], 2, "invalid int value: 'eight'"),
        (["--hidden", "8"], 2, "--directory"),
        (["--hidden", "8", "--directory", "{file}"], 2, "File exists"),
        (["--hidden", "8", "--directory", "{new}", "--dask", "nonsense"], 2, "dask='nonsense': must be the address"),
        (["--hidden", "8", "--directory", "{new}", "--workers", "0"], 2, "workers=0"),
    ],
)
def test_bad_commands(words, status, message, tmp_path, capsys):
    pytest.importorskip("dask.distributed")
    names = {"new": tmp_path / "new", "file": tmp_path / "file"}
    names["file"].write_text("text")
    try:
        found = cli.main(["sweep", "copy", *WORDS, *(word.format(**names) for word in words)])
    except SystemExit as stop:
        found = stop.code
    out, err = capsys.readouterr()
    assert (found, out) == (status, "") and message in err and "Traceback" not in err
