"""Training: it learns, is reproducible, stops and goes on without a trace, and loses no checkpoint."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.tasks import AddingTask, CopyTask, ImageTask, TextTask
from hadamrnn.training import train
from hadamrnn.training.checkpoint import Checkpoint, load_run

TASK = {"length": 12, "symbols": 2, "copies": 1, "train_size": 90, "test_size": 32}
FIT = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "decay": 0.9, "clip": 1.0}  # 6 steps per epoch
STEPS = 6


def build(task=None, **settings):
    task = task or CopyTask(**TASK)
    return hr.model_for(task, **{"hidden": 16} | settings), task


def run(path=None, **changes):
    """The weights, all that the checkpoint holds, and the history of a run."""
    model, task = build()
    history = hr.fit(model, task, **FIT | {"progress": False, "checkpoint": path} | changes)
    return model.parameters.flat, dict(Checkpoint.load(path).arrays) if path else {}, history


def test_a_task_is_learned_with_its_own_settings():
    task = CopyTask(**TASK | {"train_size": 3200})
    model = hr.model_for(task)
    assert model.config.hidden == task.defaults.hidden
    history = hr.fit(model, task, progress=False)
    assert len(history.records) == task.defaults.epochs
    rates = [record["learning_rate"] for record in history.records]
    assert rates[:2] == [task.defaults.learning_rate, task.defaults.learning_rate * task.defaults.decay]
    assert history.best["validation"]["loss"] < task.baseline / 10


def without_times(records):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


def assert_same(found, expected):
    assert (found[0] == expected[0]).all()
    assert found[1].keys() == expected[1].keys()
    assert all((found[1][name] == array).all() for name, array in expected[1].items())
    assert without_times(found[2].records) == without_times(expected[2].records)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run."""
    return run(tmp_path_factory.mktemp("whole") / "run.npz")


def test_digits_are_learned_and_the_best_epoch_is_kept():
    task = ImageTask()
    model, _ = build(task, hidden=64)
    history = hr.fit(model, task, epochs=40, batch_size=50, learning_rate=0.005, decay=0.97, progress=False)
    accuracies = [record["validation"]["accuracy"] for record in history.records]
    assert history.stopped == "epochs" and len(history.records) == 40
    assert history.best["validation"]["accuracy"] == max(accuracies) > 0.8
    kept = hr.evaluate(model, task, part="validation", batch_size=50)
    assert kept == history.best["validation"]
    assert hr.evaluate(model, task)["accuracy"] > 0.75


def test_a_run_is_reproducible_from_its_seeds(whole):
    assert (run()[0] == whole[0]).all()
    other, task = build(seed=1)
    hr.fit(other, task, **FIT, progress=False)
    assert not (other.parameters.flat == whole[0]).all()


def test_two_workers_do_what_one_does(whole):
    np.testing.assert_allclose(run(workers=2)[0], whole[0], atol=1e-3)


CHILD = f"""
import os, signal, sys
import hadamrnn as hr
from hadamrnn.tasks import CopyTask

path, log, every, workers, place, count = *sys.argv[1:3], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6]
left = int(count)

def deadly(function):
    def call(*arguments):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return call

if place == "step":
    hr.Adam.step = deadly(hr.Adam.step)
else:
    os.replace = deadly(os.replace)
task = CopyTask(**{TASK})
hr.fit(hr.model_for(task, hidden=16), task, **{FIT}, progress=False, checkpoint=path, log=log, every=every,
       workers=workers)
"""


@pytest.mark.parametrize(
    "arguments",
    [  # every, workers, place, count
        (0, 1, "step", 1),
        (0, 1, "step", STEPS + 3),
        (1e6, 1, "step", STEPS + 3),  # steps since the last epoch are done again
        (0, 1, "write", STEPS + 3),  # in the middle of writing a checkpoint
        (0, 1, "write", STEPS + 2),  # after an epoch, before its checkpoint
        (0, 2, "step", STEPS + 3),
    ],
)
def test_a_killed_run_goes_on_bit_by_bit(arguments, whole, tmp_path):
    _, workers, _, count = arguments
    path, log = tmp_path / "run.npz", tmp_path / "log.jsonl"
    command = [sys.executable, "-c", CHILD, path, log, *arguments]
    root = Path(hr.__file__).parent.parent
    done = subprocess.run([*map(str, command)], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    progress = Checkpoint.load(path).progress
    assert STEPS * progress.epoch + progress.step <= count
    found = run(path, log=log, resume=True, workers=workers)
    assert_same(found, whole if workers == 1 else run(tmp_path / "whole.npz", workers=2))
    assert [json.loads(line) for line in log.read_text().splitlines()] == list(found[2].records)


def test_a_run_killed_or_failed_at_its_first_write_can_start_again(whole, tmp_path):
    path, log = tmp_path / "run.npz", tmp_path / "log.jsonl"
    with pytest.raises(OSError):
        run(tmp_path / "missing" / "run.npz", log=log)
    command = [sys.executable, "-c", CHILD, path, log, 0, 1, "write", 1]
    root = Path(hr.__file__).parent.parent
    assert subprocess.run([*map(str, command)], cwd=root, check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    assert_same(run(path, log=log), whole)


def interrupted(path, epoch, batch, monkeypatch, **changes):
    """Ctrl-C while a batch is drawn."""
    deliver = CopyTask.train

    def interrupting(self, batch_size, number):
        for i, item in enumerate(deliver(self, batch_size, number)):
            if (number, i) == (epoch, batch):
                signal.raise_signal(signal.SIGINT)
            yield item

    with monkeypatch.context() as patch:
        patch.setattr(CopyTask, "train", interrupting)
        patch.setattr(train._Run, "begin", lambda self: setattr(self.progress, "limit", 100.0))
        with pytest.raises(KeyboardInterrupt, match=rf"step {batch + 1} of epoch {epoch + 1}; go on from .*run\.npz"):
            run(path, **changes)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("epoch, batch", [(0, 0), (1, 2), (2, STEPS - 1)])
def test_an_interrupted_run_goes_on_bit_by_bit(epoch, batch, whole, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    interrupted(path, epoch, batch, monkeypatch)
    assert_same(run(path, resume=True), whole)


def test_what_is_validated_and_kept_is_the_mean(tmp_path):
    flat, arrays, history = run(tmp_path / "run.npz", average=0.9)
    plain, task = run()[2], build()[1]
    assert [record["loss"] for record in history.records] == [record["loss"] for record in plain.records]
    assert history.best["epoch"] == FIT["epochs"] and (flat == arrays["best"]).all()
    assert (flat == arrays["average"]).all() and (flat != arrays["parameters"]).any()
    model, _ = load_run(tmp_path / "run.npz")
    scores = hr.evaluate(model, task, part="validation", batch_size=FIT["batch_size"])
    assert scores == history.best["validation"] != plain.best["validation"]


def test_an_interrupted_run_goes_on_with_its_mean(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    interrupted(path, 1, 2, monkeypatch, average=0.9)
    expected = run(tmp_path / "whole.npz", average=0.9)
    assert_same(run(path, average=0.9, resume=True), expected)
    with pytest.raises(hr.ParameterError, match=r"training.average was 0\.9 and is None"):
        run(path, resume=True)


@pytest.mark.parametrize("strategy", ["projunn", "ptq", "bjorck", "penalty"])
def test_a_mean_of_orthogonal_matrices_is_made_orthogonal(strategy):
    task = CopyTask(**TASK)
    model = hr.model_for(task, kind="qornn", strategy=strategy, hidden=16)
    start = model.parameters["W"].copy()
    hr.fit(model, task, **FIT | {"progress": False, "average": 0.9, "learning_rate": 0.1})
    assert np.linalg.norm(model.weights()["W"] - start) > 0.1
    assert (model.defect() < 1e-5) and (strategy != "penalty" or model.recurrent_matrix().any())


def test_a_longer_run_begins_as_the_shorter_one(whole, tmp_path):
    path = tmp_path / "run.npz"
    run(path, epochs=1)
    assert_same(run(path, epochs=3, resume=True), whole)
    assert_same(run(path, epochs=3, resume=True), whole)  # there is nothing left to do


def test_the_log_is_one_object_per_epoch(tmp_path, capsys):
    path, log = tmp_path / "run.npz", tmp_path / "log.jsonl"
    history = run(path, log=log, progress=True)[2]
    assert [json.loads(line) for line in log.read_text().splitlines()] == list(history.records)
    assert [record["steps"] for record in history.records] == [STEPS, 2 * STEPS, 3 * STEPS]
    assert [record["learning_rate"] for record in history.records] == pytest.approx([0.01, 0.009, 0.0081])
    shown = capsys.readouterr()
    assert shown.out == "" and "loss=" in shown.err and "accuracy=" in shown.err and "18/18" in shown.err
    whole = log.read_bytes()
    for found in (b"", whole[:-40], whole):  # of a killed run
        log.write_bytes(found)
        run(path, log=log, resume=True)
        assert log.read_bytes() == whole
    for other in (b"notes", whole[1:], whole + whole):
        log.write_bytes(other)
        with pytest.raises(hr.ParameterError, match="is not the log of this run"):
            run(path, log=log, resume=True)
        assert log.read_bytes() == other


def test_rates_decay_and_gradients_are_clipped(monkeypatch):
    seen, step = [], hr.Adam.step

    def spy(self, gradients, rate):
        seen.append((rate, float(np.linalg.norm(gradients.flat.astype(float)))))
        step(self, gradients, rate)

    monkeypatch.setattr(hr.Adam, "step", spy)
    run(clip=0.01)
    rates, norms = zip(*seen, strict=True)
    assert rates == pytest.approx([0.01] * STEPS + [0.009] * STEPS + [0.0081] * STEPS)
    assert norms == pytest.approx([0.01] * 3 * STEPS, rel=1e-5)


def test_the_mean_loss_of_an_epoch_is_weighted_by_sequences(monkeypatch):
    losses, compute = [], hr.HadamRNN.loss_and_gradients

    def spy(self, batch, *, method="auto"):
        loss, gradients = compute(self, batch, method=method)
        losses.append((loss, batch[0].shape[1]))
        return loss, gradients

    monkeypatch.setattr(hr.HadamRNN, "loss_and_gradients", spy)
    history = run(epochs=1)[2]
    values, counts = zip(*losses[1:], strict=True)  # the first is the trial
    assert set(counts) == {16, 10}
    assert history.records[0]["loss"] == pytest.approx(np.average(values, weights=counts))


@pytest.mark.parametrize(
    "validations, patience, expected",
    [
        ([3, 2, 2.5, 2.4, 1], 2, (4, 2, "patience")),
        ([3, 2, 2.5, 1, 5], 2, (5, 4, "epochs")),
        ([1, 2], 1, (2, 1, "epochs")),
    ],
)
def test_training_stops_when_patience_ends(validations, patience, expected, tmp_path, monkeypatch):
    left, kept, path = list(validations), {}, tmp_path / "run.npz"

    def scripted(model, task, **_):
        kept[len(kept) + 1] = model.parameters.flat.copy()
        return {"loss": float(left.pop(0)), "accuracy": 0.5}

    monkeypatch.setattr(train, "evaluate", scripted)
    weights, _, history = run(path, epochs=len(validations), patience=patience)
    assert (len(history.records), history.best["epoch"], history.stopped) == expected
    assert (weights == kept[expected[1]]).all()
    assert (load_run(path)[0].parameters.flat == weights).all()
    again = run(path, epochs=len(validations), patience=patience, resume=True)
    assert again[2] == history and (again[0] == weights).all()


def test_best_is_accuracy_for_one_class_and_loss_otherwise():
    for task, expected in (
        (ImageTask(), (0.5, -2.0)),
        (CopyTask(**TASK), (0.0, -2.0)),
        (AddingTask(length=9), (0, -2)),
    ):
        model, _ = build(task)
        settings = train.Settings(batch_size=1, learning_rate=1)
        assert train._Run(model, task, settings, None, 0)._score({"loss": 2.0, "accuracy": 0.5}) == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "gradient"])
def test_numbers_that_are_not_finite_stop_the_run(bad, whole, tmp_path, monkeypatch):
    path, compute, calls = tmp_path / "run.npz", hr.HadamRNN.loss_and_gradients, []

    def spoilt(self, batch, *, method="auto"):
        loss, gradients = compute(self, batch, method=method)
        calls.append(0)
        if len(calls) == STEPS + 4:  # after the trial, and 2 steps of the second epoch
            if bad != "gradient":
                return bad, gradients
            gradients["U"][0, 0] = np.nan
        return loss, gradients

    with monkeypatch.context() as patch:
        patch.setattr(hr.HadamRNN, "loss_and_gradients", spoilt)
        advice = (
            r"not finite after step 2 of epoch 2: try a smaller learning_rate \(it is 0\.009\) or clip=1; .*run\.npz"
        )
        with pytest.raises(hr.DivergenceError, match=advice):
            run(path)
    assert_same(run(path, resume=True), whole)


def test_a_loss_that_explodes_stops_the_run(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(hr.DivergenceError, match=r"mean loss .* of epoch \d+: try a smaller learning_rate"):
        run(path, learning_rate=100.0)
    assert Checkpoint.load(path).progress.step == 0


def test_evaluation_is_that_of_all_sequences_at_once():
    for task in (CopyTask(**TASK), AddingTask(length=9, test_size=30), ImageTask()):
        model, _ = build(task)
        whole = next(task.test(1000))
        found = hr.evaluate(model, task, batch_size=7)
        expected = {"loss": model.loss_and_gradients(whole)[0], **task.metrics(model.predict(whole.x), whole.y)}
        assert found == pytest.approx(expected, rel=1e-5)
    assert hr.evaluate(model, task, part="validation") != found != hr.evaluate(model, task, part="train")


def test_data_may_move_but_not_change(tmp_path):
    path, text = tmp_path / "run.npz", "to be or not to be. " * 60

    def go_on(name, content, **settings):
        (tmp_path / name).write_text(content)
        task = TextTask(path=str(tmp_path / name), length=10)
        model, _ = build(task)
        return hr.fit(model, task, **FIT, progress=False, checkpoint=path, **settings)

    first = go_on("a.txt", text)
    assert go_on("b.txt", text, resume=True) == first
    with pytest.raises(hr.ParameterError, match=r"of another run: task\.checksum was \w+ and is \w+"):
        go_on("a.txt", text.replace("to", "ot"), resume=True)
    assert go_on("b.txt", text, resume=True) == first


@pytest.mark.parametrize(
    "changes, settings, task, message",
    [
        ({"learning_rate": 0.02}, {}, {}, r"training\.learning_rate was 0\.01 and is 0\.02"),
        (
            {"batch_size": 8, "clip": None},
            {},
            {},
            r"training\.batch_size was 16 and is 8; training\.clip was 1\.0",
        ),
        ({"workers": 2}, {}, {}, r"training\.workers was 1 and is 2"),
        ({}, {"bits": 3}, {}, r"model\.bits was 4 and is 3"),
        ({}, {"hidden": 32}, {}, r"model\.hidden was 16 and is 32"),
        ({}, {"seed": 1}, {}, r"model\.seed was 0 and is 1"),
        ({}, {}, {"seed": 1}, r"task\.settings\.seed was 0 and is 1"),
        ({}, {}, {"train_size": 91}, r"task\.settings\.train_size was 90 and is 91"),
    ],
)
def test_a_run_goes_on_only_as_it_began(changes, settings, task, message, tmp_path):
    path = tmp_path / "run.npz"
    run(path, epochs=1)
    before = path.read_bytes()
    model, task = build(CopyTask(**TASK | task), **settings)
    with pytest.raises(hr.ParameterError, match="is of another run: .*" + message):
        hr.fit(model, task, **FIT | changes, checkpoint=path, resume=True, progress=False)
    assert path.read_bytes() == before


def test_existing_files_are_not_overwritten(tmp_path):
    path, log = tmp_path / "run.npz", tmp_path / "log.jsonl"
    run(path, log=log, epochs=1)
    before = path.read_bytes(), log.read_bytes()
    for names in ({"checkpoint": path}, {"log": log}):
        with pytest.raises(hr.ParameterError, match=f"{next(iter(names))}=.*exists: go on with resume=True"):
            run(**names)
    assert (path.read_bytes(), log.read_bytes()) == before


def change_header(path, change):
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    change(header, arrays)
    np.savez(path, **arrays | {"header": np.array(json.dumps(header))})


@pytest.mark.parametrize(
    "change",
    [
        lambda header, arrays: header.update(kind="model"),
        lambda header, arrays: header.pop("progress"),
        lambda header, arrays: header.update(progress=3),
        lambda header, arrays: header["progress"].update(step=-1),
        lambda header, arrays: header["progress"].update(epoch=1.5),
        lambda header, arrays: header["progress"].update(loss="0"),
        lambda header, arrays: header["progress"].update(more=1),
        lambda header, arrays: header["progress"].update(records=[{}]),
        lambda header, arrays: header["progress"].update(records=[3]),
        lambda header, arrays: header.pop("identity"),
        lambda header, arrays: header["identity"].pop("training"),
        lambda header, arrays: header["identity"].update(training=[]),
        lambda header, arrays: header["identity"]["training"].update(average=0.9),
        lambda header, arrays: header["identity"].update(model={"hidden": 3}),
        lambda header, arrays: arrays.pop("mean"),
        lambda header, arrays: arrays.pop("best"),
        lambda header, arrays: arrays.update(square=arrays["square"][1:]),
        lambda header, arrays: arrays.update(count=np.array(-1)),
        lambda header, arrays: arrays.update(parameters=arrays["parameters"] * np.nan),
        lambda header, arrays: arrays.update(parameters=arrays["parameters"].astype("float64")),
    ],
)
def test_altered_checkpoints_are_refused(change, tmp_path):
    path = tmp_path / "run.npz"
    run(path, epochs=1)
    change_header(path, change)
    with pytest.raises(hr.FileError, match=r"run\.npz"):
        run(path, resume=True)


def test_broken_checkpoints_are_refused(tmp_path):
    path, missing = tmp_path / "run.npz", tmp_path / "missing.npz"
    run(path, epochs=1)
    whole = path.read_bytes()
    for size in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(hr.FileError):
            run(path, resume=True)
    with pytest.raises(hr.FileError, match="missing"):
        run(missing, resume=True)
    shutil.rmtree(tmp_path)
    with pytest.raises(OSError):
        run(path)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": True}, "epochs=True"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"learning_rate": 0}, "learning_rate=0"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"decay": 1.5}, r"decay=1\.5"),
        ({"clip": 0}, "clip=0"),
        ({"patience": 0}, "patience=0"),
        ({"workers": 0}, "workers=0"),
        ({"method": "fast"}, "method='fast'"),
        ({"method": "kernel"}, "method='kernel'"),
        ({"every": -1}, "every=-1"),
        ({"resume": 1}, "resume=1"),
        ({"progress": None}, "progress=None"),
    ],
)
def test_bad_settings_are_refused_before_a_file_is_written(changes, message, tmp_path):
    with pytest.raises(hr.ParameterError, match=message):
        run(tmp_path / "run.npz", **{"log": tmp_path / "log"} | changes)
    assert list(tmp_path.iterdir()) == []


def test_models_that_do_not_fit_the_task_are_refused():
    copy, digits = CopyTask(**TASK), ImageTask()
    for model, task, message in (
        (build(digits)[0], copy, r"model\.config\.inputs=1: must be 4 for the task copy"),
        (build(copy)[0], digits, r"model\.config\.inputs=4: must be 1"),
        (build(digits, embedding=3)[0], digits, r"model\.config\.embedding=3: must be None"),
        (build(copy)[0], "copy", "task='copy': must be a task"),
    ):
        for function in (hr.evaluate, lambda *data: hr.fit(*data, **FIT, progress=False)):
            with pytest.raises(hr.ParameterError, match=message):
                function(model, task)
    with pytest.raises(hr.ParameterError, match="resume=True: needs the name of a checkpoint"):
        run(resume=True)
    with pytest.raises(hr.ParameterError, match="part='dev'"):
        hr.evaluate(*build(), part="dev")
