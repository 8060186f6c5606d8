"""The command line of hadamrnn: its words, streams and exit statuses."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

import approxbounds as ab
import hadamrnn as hr
from hadamrnn.cli import main as cli
from hadamrnn.tasks import TASKS, CopyTask
from hadamrnn.training import train
from hadamrnn.work import on_terminal

ROOT = Path(hr.__file__).parent.parent
SMALL = {"length": 12, "symbols": 2, "copies": 1, "train_size": 90, "test_size": 32}
COPY = ["copy", "--length", "12", "--symbols", "2", "--copies", "1", "--train-size", "90", "--test-size", "32"]
TRAIN = ["train", *COPY, *["--hidden", "16", "--epochs", "2", "--batch-size", "16", "--learning-rate", "0.01"]]


def out(capsys, *arguments, status=0):
    """The JSON that a command prints."""
    assert cli.main([*map(str, arguments), "--json"]) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def refused(capsys, *arguments, status=2):
    assert cli.main([*map(str, arguments)]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "runs" / "one"
    assert cli.main([*TRAIN, "--out", str(path)]) == 0
    return path


def test_ctrl_c_is_a_message(tmp_path, capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(hr, "fit", interrupted)
    assert refused(capsys, *TRAIN, "--out", tmp_path / "run", status=130) == "hadamrnn: interrupted\n"


def test_ctrl_c_pressed_twice_ends_at_once(tmp_path, monkeypatch, capsys):
    def pressed_again(run):
        signal.raise_signal(signal.SIGINT)  # while the checkpoint is written that the first one asked for

    step, save = train._Run._step, train._Run.save
    monkeypatch.setattr(train._Run, "_step", lambda run, *more: (step(run, *more), signal.raise_signal(signal.SIGINT)))
    monkeypatch.setattr(train._Run, "save", lambda run: pressed_again(run) if run.progress.step else save(run))
    assert refused(capsys, *TRAIN, "--out", tmp_path / "run", status=130) == "hadamrnn: interrupted\n"


def test_train_is_the_same_as_fit(tmp_path, capsys):
    found = out(capsys, *TRAIN, "--out", tmp_path / "run", "--seed", 3)
    task = CopyTask(**SMALL, seed=3)
    model = hr.model_for(task, hidden=16, seed=3)
    history = hr.fit(model, task, epochs=2, batch_size=16, learning_rate=0.01, decay=0.98, progress=False)
    assert {**found["best"], "seconds": 0} == {**history.best, "seconds": 0}
    assert found["test"] == hr.evaluate(model, task, batch_size=16)
    assert (hr.HadamRNN.load(found["model"]).parameters.flat == model.parameters.flat).all()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint.npz", "log.jsonl", "model.npz"]
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 2
    assert (
        found["loss_without_memory"] == task.baseline and found["size_in_bytes"] == hr.sizes(model.config)["total"][1]
    )


def test_a_run_goes_on_and_is_not_overwritten(tmp_path, capsys):
    path = tmp_path / "run"
    first = out(capsys, *TRAIN, "--out", path)
    assert "exists: go on with resume=True" in refused(capsys, *TRAIN, "--out", path)
    assert "learning_rate was 0.01 and is 0.1" in refused(
        capsys, *TRAIN, "--out", path, "--resume", "--learning-rate", "0.1"
    )
    longer = out(capsys, *TRAIN, "--out", path, "--resume", "--epochs", 4)
    assert (first["epochs"], longer["epochs"]) == (2, 4)
    assert "missing" in refused(capsys, *TRAIN, "--out", tmp_path / "missing", "--resume")


def test_evaluate_takes_runs_models_and_exported_files(run, tmp_path, capsys):
    task, model, exported = CopyTask(**SMALL), hr.HadamRNN.load(run / "model.npz"), tmp_path / "model.bin"
    written = out(capsys, "export", run, exported)
    assert written["bytes"] == exported.stat().st_size > written["size_in_bytes"] == hr.sizes(model.config)["total"][1]
    expected = {"task": "copy", "split": "test", "sequences": 32, **hr.evaluate(model, task)}
    assert out(capsys, "evaluate", run) == expected
    assert out(capsys, "evaluate", run / "model.npz", *COPY) == expected
    assert out(capsys, "evaluate", exported, *COPY, "--split", "test") == expected
    assert out(capsys, "evaluate", run, "--split", "validation")["loss"] != expected["loss"]
    other = out(capsys, "evaluate", run, "--split", "validation", *COPY, "--seed", 5, "--batch-size", 7)
    assert other["loss"] == pytest.approx(hr.evaluate(model, CopyTask(**SMALL, seed=5), part="validation")["loss"])


def test_export_writes_the_recurrence_as_c(run, tmp_path, capsys):
    file, exported, task = tmp_path / "net.c", tmp_path / "model.bin", CopyTask(**SMALL)
    model = hr.HadamRNN.load(run / "model.npz")
    ranges, packed = hr.ranges(model, task), hr.Packed.of(model)
    expected = hr.c_source(hr.IntegerNetwork(packed, ranges=ranges))
    written = {"file": str(file), "bytes": len(expected), "ranges": ranges._asdict()}
    assert out(capsys, "export", run, "--c", file) == written and file.read_text() == expected
    packed.save(exported)
    for source in (run, run / "model.npz", exported):
        out(capsys, "export", source, "--c", file, "--ranges", *ranges, "--name", "copy", "--activation-bits", 8)
        integers = hr.IntegerNetwork(packed, ranges=ranges, activation_bits=8)
        assert file.read_text() == hr.c_source(integers, name="copy")


def test_options_may_stand_between_the_files(run, tmp_path, capsys):
    file, source = tmp_path / "m", tmp_path / "m.c"
    for words in (("--json", run, file), (run, "--json", file), (run, "--json", "--c", source)):
        assert cli.main(["export", *map(str, words)]) == 0
        assert json.loads(capsys.readouterr().out)["file"] == str(words[-1])


def test_info_tells_settings_and_sizes(run, tmp_path, capsys):
    out(capsys, "export", run / "model.npz", tmp_path / "model.bin")
    config = hr.HadamRNN.load(run / "model.npz").config
    for path in (run, run / "model.npz", tmp_path / "model.bin"):
        found = out(capsys, "info", path)
        assert (found["model"], found["config"]) == ("hadamrnn", vars(config))
        assert found["size_in_bytes"] == {part: size._asdict() for part, size in hr.sizes(config).items()}
    assert cli.main(["info", str(run)]) == 0
    shown = capsys.readouterr().out
    assert "model: hadamrnn" in shown and "\nsize:\n" in shown
    assert "recurrent: 0.002 kB (1.024 kB in float32)" in shown and "  length: 12" in shown


def test_runs_without_their_data_are_refused(tmp_path, capsys):
    text = tmp_path / "text"
    text.write_text("to be or not to be. " * 60)
    options = ["text", "--path", text, "--length", 10]
    out(capsys, "train", *options, "--hidden", 8, "--epochs", 1, "--out", tmp_path / "run")
    expected = out(capsys, "evaluate", tmp_path / "run")
    text.rename(tmp_path / "moved")
    assert "must be a file that can be read" in refused(capsys, "evaluate", tmp_path / "run")
    assert out(capsys, "evaluate", tmp_path / "run", "text", "--path", tmp_path / "moved", "--length", 10) == expected
    text.write_text("or to be not to be. " * 60)
    assert "its data are not those of the run" in refused(capsys, "evaluate", tmp_path / "run")


@pytest.mark.parametrize(
    "command, message",
    [
        ("train copy --length 5 --out {new}", "length=5"),
        ("train copy --length 30 --hidden 92 --out {new}", "hidden=92: .* nearest are 88, 96"),
        ("train copy --length 30 --bits 0 --out {new}", "bits=0"),
        ("train copy --length 30 --learning-rate nan --out {new}", "learning_rate=nan"),
        ("train image --path {new} --out {new}", "path="),
        ("train image --hidden 8 --embedding 4 --out {new}", "embedding=4: must be None"),
        ("train copy --length 30 --out {file}", "File exists"),
        ("evaluate {new}", "cannot be read"),
        ("evaluate {file}", "not a sound model file: it is no npz file$"),
        ("evaluate {run} --activation-bits 5", "activation_bits=5: needs --integer"),
        ("evaluate \0", "model='': must be the name"),
        ("train copy --length 30 --out \0", "out='': must be the name"),
        ("export {run} \0", "file='': must be the name"),
        ("export {run} -", "file='-': must be the name"),
        ("export {run} {folder}", r"path='[^>]*': Is a directory$"),
        ("evaluate {run}/model.npz", "name the task and its options"),
        ("evaluate {run} image", "inputs=4: must be 1 for the task image"),
        ("evaluate {folder}", "not a sound checkpoint file"),
        ("export {file} {new}", "not a sound model file"),
        ("export {run} {new}/model.bin", r"path='.*/new/model\.bin': No such file or directory$"),
        ("export {packed} {new}", "is exported already"),
        ("export {run}/model.npz --c {new}", "ranges=None: give the largest input and state"),
        ("export {packed} --c {new}", "ranges=None: give the largest input and state"),
        ("export {run} --c {new} --ranges 0 1", "ranges.inputs=0.0: must be above"),
        ("export {run} --c {new} --name 2x", "name='2x': must be a letter before"),
        ("export {run} --c {new} --activation-bits 1", "activation_bits=1: must be an integer from 2"),
        ("export {run} --c \0", "c='': must be the name"),
        ("export {run} --c -", "c='-': must be the name"),
        ("export {run}/model.npz --c {run}/model.npz", "c='[^>]*: is a model in full precision"),
        ("export {packed} --c {packed}", "c='[^>]*: is an exported model"),
        ("export {double} --c {new} --ranges 1 1", "dtype='float64': must be float32"),
        ("export {run} {new} --name x", "name='x': needs --c"),
        ("export {run} {new} --ranges 1 1", r"ranges=\[1.0, 1.0\]: needs --c"),
        ("info {new}", "cannot be read"),
    ],
)
def test_bad_input_has_status_2(command, message, run, tmp_path, capsys):
    file, packed = tmp_path / "file", tmp_path / "packed"
    file.write_text("text")
    hr.Packed.of(hr.HadamRNN.load(run / "model.npz")).save(packed)
    shape = {"inputs": 2, "hidden": 4, "outputs": 2}
    double = hr.HadamRNN(**shape, dtype="float64").save(tmp_path / "double")
    before = sorted(tmp_path.iterdir())
    names = {"new": tmp_path / "new", "file": file, "packed": packed, "run": run, "folder": tmp_path}
    names |= {"double": double}
    words = [word.strip("\0") for word in command.format(**names).split()]  # "\0" stands for an empty word
    assert re.search(message, refused(capsys, *words))
    assert [path for path in sorted(tmp_path.iterdir()) if path.name != "new" or any(path.iterdir())] == before


@pytest.mark.parametrize("word", ["yes", "True", "none", ""])
def test_truth_values_are_true_or_false(word, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["sweep", "image", "--permuted", word, "--directory", "x"])
    assert error.value.code == 2
    assert f"argument --permuted: invalid bool value: '{word}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["", "train", "train none --out x", "train copy", "train text --out x", "export x", "export x y --c z"]
)
def test_misspelt_commands_have_status_2(command, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(command.split())
    assert error.value.code == 2
    assert "usage: hadamrnn" in capsys.readouterr().err


def test_divergence_has_status_1(tmp_path, capsys):
    message = refused(capsys, *TRAIN, "--out", tmp_path / "run", "--learning-rate", "1000", status=1)
    assert "try a smaller learning_rate" in message


@pytest.mark.parametrize("name", TASKS)
def test_help_names_every_field(name, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["train", name, "--help"])
    assert error.value.code == 0
    shown = capsys.readouterr().out
    classes = (TASKS[name], hr.Config, hr.Settings)
    names = {field.name for cls in classes for field in fields(cls)} - {
        "inputs",
        "outputs",
        "many_to_many",
        "loss",
        "padding",
    }
    assert all("--" + name.replace("_", "-") in shown.replace("no-", "") for name in names)


def test_none_and_flags_are_read():
    found = cli.parse(["train", "image", "--bits", "none", "--permuted", "--clip", "2", "--out", "x"])
    assert (found.bits, found.permuted, found.clip, found.path, found.hidden) == (None, True, 2.0, None, 512)
    found = cli.parse(["train", "copy", "--out", "x"])
    assert (found.length, found.hidden, found.bits, found.batch_size, found.resume) == (1000, 128, 4, 128, False)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_leaves_a_checkpoint_and_no_traceback(workers, tmp_path):
    options = [*TRAIN, "--workers", workers, "--epochs", "100000", "--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "hadamrnn", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes) as process:
        log = tmp_path / "run" / "log.jsonl"
        for _ in range(1000):
            if log.exists() and log.read_text():
                break
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        try:
            printed, message = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, printed) == (1, "")
    assert message.startswith("hadamrnn: stopped after step") and "Traceback" not in message
    done = len(log.read_text().splitlines())
    assert cli.main([*options, "--epochs", str(done + 1), "--resume"]) == 0


def test_the_script_is_installed_as_the_module():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["hadamrnn"] == "hadamrnn.cli.main:main"
    command = [sys.executable, "-m", "hadamrnn", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "train" in done.stdout


@pytest.mark.parametrize(
    "changes", [{"PYTHONIOENCODING": "utf-8:strict"}, {"PYTHONIOENCODING": "ascii:strict"}], ids=["utf-8", "ascii"]
)
def test_names_that_cannot_be_printed_are_escaped(changes, tmp_path):
    command = [sys.executable, "-m", "hadamrnn", *TRAIN, "--out"]
    for name in (os.fsencode(tmp_path) + b"/q\xff", os.fsencode(f"{tmp_path}/\u00f6")):
        done = subprocess.run([*command, name], cwd=ROOT, env=os.environ | changes, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"") and b"model: " in done.stdout
        again = subprocess.run([*command, name], cwd=ROOT, env=os.environ | changes, capture_output=True, check=False)
        assert (again.returncode, again.stdout) == (2, b"") and again.stderr.startswith(b"hadamrnn: checkpoint='")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_may_be_closed(closed, run, tmp_path):
    for command, status in ((f"info {run}", 0), (f"info {tmp_path}/none", 2)):
        shell = ["sh", "-c", f"{sys.executable} -m hadamrnn {command} {closed}"]
        done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == status and "Traceback" not in done.stderr


def test_closed_streams_show_no_progress(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not on_terminal()


def test_too_little_memory_is_a_message(tmp_path, capsys, monkeypatch):
    def greedy(*args, **kwargs):
        raise MemoryError("Unable to allocate 37.3 GiB")

    monkeypatch.setattr(hr, "model_for", greedy)
    message = refused(capsys, *TRAIN, "--out", tmp_path / "run")
    assert message == "hadamrnn: the memory is too small: Unable to allocate 37.3 GiB\n"


def test_shorter_runs_do_not_go_on_from_longer_ones(run, capsys):
    before = (run / "model.npz").read_bytes()
    message = refused(capsys, *TRAIN, "--out", run, "--resume", "--epochs", 1)
    assert "epochs=1: must be at least 2" in message and (run / "model.npz").read_bytes() == before


def test_exports_replace_exported_files_alone(run, tmp_path, capsys):
    file = tmp_path / "m"
    out(capsys, "export", run, file)
    out(capsys, "export", run, file)
    copy = tmp_path / "m.npz"
    copy.write_bytes((run / "model.npz").read_bytes())
    assert "is a model in full precision" in refused(capsys, "export", copy, copy)
    assert copy.read_bytes() == (run / "model.npz").read_bytes()


@pytest.mark.parametrize("options", ["--json --csv", "--seeds 0 --seed 1", "--seed 0 --seed 0", "--bits 1 --bits 2"])
def test_sweeps_ignore_no_option(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["sweep", "copy", "--length", "12", "--directory", str(tmp_path / "s"), *options.split()])
    assert error.value.code == 2 and not (tmp_path / "s").exists()
    assert re.search("not allowed with argument|is given twice", capsys.readouterr().err)


@dataclass(frozen=True, kw_only=True)
class EchoTask(CopyTask):
    """A task from outside."""

    length: int = 9
    copies: int = 2
    train_size: int = 64
    test_size: int = 16
    name = "echo"


def test_a_task_in_the_table_is_offered_without_another_change(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(TASKS, "echo", EchoTask)
    arguments = cli.parse(["train", "echo", "--out", "x"])
    defaults = EchoTask.defaults
    assert (arguments.length, arguments.hidden, arguments.epochs) == (9, defaults.hidden, defaults.epochs)
    run = tmp_path / "run"
    assert cli.main(["train", "echo", "--hidden", "8", "--epochs", "1", "--out", str(run)]) == 0
    assert cli.main(["evaluate", str(run)]) == 0 and "accuracy" in capsys.readouterr().out
    words = ["sweep", "echo", "--hidden", "8", "--epochs", "1", "--seeds", "0", "1", "--directory"]
    assert cli.main([*words, str(tmp_path / "sweep")]) == 0


def test_the_version_is_that_of_approxbounds(capsys):
    with pytest.raises(SystemExit) as error:
        cli.main(["--version"])
    assert (error.value.code, capsys.readouterr().out) == (0, f"hadamrnn {ab.__version__}\n")


def test_help_names_words_and_is_plain_text(capsys):
    def text(*command):
        with pytest.raises(SystemExit) as error:
            cli.main([*command])
        captured = capsys.readouterr()
        return error.value.code, captured.out + captured.err

    code, shown = text("train", "copy", "--model", "qornn", "--help")
    assert code == 0 and not re.search(r":\w+:|`", shown)
    for words in ("{auto,kernel,checkpointed,stored}", "{linear,relu,modrelu}", "{float32,float64}"):
        assert words in shown
    assert "{projunn,bjorck,penalty,ptq}" in shown
    assert "MODEL [TASK] ..." in text("evaluate", "--help")[1]
    code, shown = text("train", "copy", "--model", "foo", "--out", "x")
    assert code == 2 and "hadamrnn: error: argument --model: invalid choice" in shown
