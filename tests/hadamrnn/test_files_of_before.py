"""Files of earlier code are gone on with: a checkpoint in the middle of an epoch, and a directory of a sweep.

They hold runs of the version and the settings below; expected.npz is the model of the run without interruption.
"""

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import approxbounds as ab
import hadamrnn as hr
from hadamrnn.cli import main as cli
from hadamrnn.tasks import CopyTask

BEFORE = Path(__file__).parent / "before"
TASK = {"length": 12, "symbols": 2, "copies": 1, "train_size": 90, "test_size": 32}
TRAINING = {"batch_size": 16, "learning_rate": 0.01}
FINISHED, UNFINISHED, BY_DEFAULTS = "copy-7eefac930f26ece9", "copy-cfa8fcdc701e0535", "copy-45260a6eb4a0b042"


@pytest.fixture
def before(tmp_path, monkeypatch):
    monkeypatch.setattr(ab, "__version__", "0.1.0")
    shutil.copytree(BEFORE, tmp_path / "before")
    return tmp_path / "before"


def test_a_run_goes_on_to_the_same_weights(before):
    task = CopyTask(**TASK)
    model, settings = hr.model_for(task, hidden=4), {**TRAINING, "epochs": 3, "decay": 0.9, "clip": 1.0}
    history = hr.fit(model, task, **settings, checkpoint=before / "checkpoint.npz", resume=True, progress=False)
    assert (len(history.records), history.stopped) == (3, "epochs")
    expected = hr.load_network(before / "expected.npz")
    assert model.config == expected.config
    np.testing.assert_allclose(model.parameters.flat, expected.parameters.flat, atol=1e-4)  # on any machine


def test_a_sweep_goes_on(before, monkeypatch):
    module = importlib.import_module("hadamrnn.training.sweep")
    fit, resumed = module.fit, []

    def counted(model, task, **options):
        resumed.append((options["checkpoint"].parent.name, options["resume"]))
        return fit(model, task, **options)

    monkeypatch.setattr(module, "fit", counted)
    options = {**TASK, **TRAINING, "epochs": 2, "hidden": 4, "seed": [0, 1]}
    found = hr.sweep("copy", directory=before / "sweep", progress=False, **options)
    assert [record["run"] for record in found] == [FINISHED, UNFINISHED]
    assert resumed == [(UNFINISHED, True)]
    stored = json.loads((BEFORE / "sweep" / FINISHED / "result.json").read_text())["result"]
    assert stored.items() <= found.records[0].items()


def test_the_defaults_of_the_command_line_are_the_same(before, capsys):
    words = [word for name, value in TASK.items() for word in ("--" + name.replace("_", "-"), str(value))]
    words += ["--epochs", "2", "--hidden", "4", "--directory", str(before / "sweep"), "--json"]
    assert cli.main(["sweep", "copy", *words]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    stored = json.loads((BEFORE / "sweep" / BY_DEFAULTS / "result.json").read_text())["result"]
    assert record["run"] == BY_DEFAULTS and stored.items() <= record.items()
    assert not (before / "sweep" / BY_DEFAULTS / "checkpoint.npz").exists()  # it was not trained again
