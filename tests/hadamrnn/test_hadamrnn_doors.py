"""Hostile files and numbers: refused by name, at once, within a bounded memory."""

import gzip
import io
import os
import zipfile

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.cli.main import main
from hadamrnn.files import MOST_UNPACKED, read_bytes
from hadamrnn.tasks import TASKS, ActivityTask
from hadamrnn.training.checkpoint import Checkpoint


def bomb(path, size):
    """A gzip file that unpacks to so many bytes."""
    chunk = gzip.compress(bytes(2**20))
    path.write_bytes(chunk * (size // 2**20))
    return path


def test_a_gzip_file_may_not_unpack_to_everything(tmp_path):
    path = bomb(tmp_path / "bomb.gz", 1536 * 2**20)
    assert path.stat().st_size < 2**21
    with pytest.raises(hr.FileError, match=r"bomb\.gz': the gzip file unpacks to more than \d+ bytes"):
        TASKS["text"](path=path)
    assert len(read_bytes(bomb(tmp_path / "large.gz", MOST_UNPACKED))) == MOST_UNPACKED


def npz(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(array, shape=None):
    """The bytes of an array, maybe with another shape in its header."""
    np.save(file := io.BytesIO(), array)
    return file.getvalue() if shape is None else file.getvalue().replace(str(array.shape).encode(), shape)


READERS = [hr.HadamRNN.load, hr.load_network, Checkpoint.load, lambda path: ActivityTask(path=path)]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["x", "x.npy", "header.npy"])
def test_members_that_are_no_arrays_are_named(read, name, tmp_path):
    members = {f"{each}.npy": npy(np.zeros(3)) for each in ("x", "y", "user", "header")}
    members.pop(f"{name.removesuffix('.npy')}.npy")
    with pytest.raises(hr.FileError, match=f"its member {name.removesuffix('.npy')} is no array"):
        read(npz(tmp_path / "file.npz", members | {name: b"no array"}))


def test_names_and_shapes_are_checked_before_arrays_are_read(tmp_path):
    hr.HadamRNN(inputs=1, hidden=4, outputs=2).save(tmp_path / "model.npz")
    with zipfile.ZipFile(tmp_path / "model.npz") as file:
        members = {name: file.read(name) for name in file.namelist()}
    for change in ({"U.npy": npy(np.zeros(2**20))}, {"more.npy": npy(np.zeros(2**20))}):
        with pytest.raises(hr.FileError, match="its arrays do not fit the settings"):
            hr.load_network(npz(tmp_path / "changed.npz", members | change))
    windows = {"x.npy": npy(np.zeros((2**10, 4, 9))), "y.npy": npy(np.zeros(3, int)), "user.npy": npy(np.zeros(3, int))}
    with pytest.raises(hr.FileError, match=r"y must be 1024 integers, not int64\(3,\)"):
        ActivityTask(path=npz(tmp_path / "windows.npz", windows))
    fits = {name: npy(np.zeros(2**18, int)) for name in ("y.npy", "user.npy")}
    fits["x.npy"] = npy(np.zeros((2**18, 4, 9)))
    with pytest.raises(hr.FileError, match=r"its arrays unpack to \d+ bytes, more than \d+"):
        ActivityTask(path=npz(tmp_path / "windows.npz", fits))
    false = windows | {"x.npy": npy(np.zeros((3, 4, 9)), b"(3, 4, 99)")}
    with pytest.raises(hr.FileError, match="must be a sound npz file"):
        ActivityTask(path=npz(tmp_path / "windows.npz", false))


def test_an_archive_of_thousands_of_members_is_refused(tmp_path):
    path = npz(tmp_path / "file.npz", {f"{number}.npy": b"" for number in range(1001)})
    with pytest.raises(hr.FileError, match="it has more than 1000 members"):
        hr.load_network(path)


def test_a_log_that_is_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "log")
    task = hr.tasks.CopyTask(length=12, symbols=2, copies=1, train_size=64, test_size=32)
    model, run = hr.model_for(task, hidden=4), {"checkpoint": tmp_path / "run", "progress": False}
    hr.fit(model, task, epochs=1, **run)
    with pytest.raises(OSError, match="is no regular file"):
        hr.fit(model, task, epochs=2, resume=True, log=tmp_path / "log", **run)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused_at_once(make, tmp_path):
    make(tmp_path / "other")
    for read in (*READERS, hr.Packed.load, lambda path: TASKS["text"](path=path)):
        with pytest.raises(hr.FileError, match=r"path='.*other': "):
            read(tmp_path / "other")


def test_a_sweep_does_not_wait_for_a_pipe_nor_train_for_a_folder(tmp_path):
    small = {"length": 12, "symbols": 2, "copies": 1, "train_size": 64, "test_size": 32, "hidden": 4, "epochs": 1}
    [record] = hr.sweep("copy", directory=tmp_path, progress=False, **small)
    for name in ("checkpoint.npz", "model.npz", "result.json"):
        place = tmp_path / record["run"] / name
        place.unlink(missing_ok=True)
        for make, remove in ((os.mkfifo, os.unlink), (os.mkdir, os.rmdir)):
            make(place)
            with pytest.raises(hr.FileError, match=f"{name}': must be a file: move it away"):
                hr.sweep("copy", directory=tmp_path, progress=False, **small)
            remove(place)
    os.mkfifo(tmp_path / "other")  # is none of its runs
    assert len(hr.sweep("copy", directory=tmp_path, progress=False, **small)) == 1


def test_integer_ranges_of_exploding_networks_are_infinite():
    model = hr.QORNN(
        inputs=10, hidden=4, outputs=9, many_to_many=True, bits=4, recurrent_bits=4, strategy="penalty", scale="max"
    )
    model.parameters["W"][...] *= 1e4
    found = hr.ranges(model, hr.tasks.CopyTask(length=100, train_size=256))
    assert found.states == np.inf
    with pytest.raises(hr.ParameterError, match=r"ranges\.states=inf: must be a finite number"):
        hr.IntegerNetwork(hr.Packed.of(model), ranges=found)


@pytest.mark.parametrize("value", [1e39, -1e39, np.finfo(np.float64).max, np.longdouble(1e300)])
def test_numbers_that_float32_cannot_hold_are_refused(value):
    x, y = np.zeros((3, 2, 1), np.asarray(value).dtype), np.full((2, 1), value)
    x[1, 0, 0] = value
    model = hr.HadamRNN(inputs=1, hidden=4, outputs=1, loss="mse")
    with pytest.raises(hr.ParameterError, match=r"x=.*\(1, 0, 0\).*: must be finite numbers of type float32"):
        model.predict(x)
    with pytest.raises(hr.ParameterError, match=r"y=.*must be finite numbers of type float32"):
        model.loss_and_gradients((0 * x, y))
    hr.HadamRNN(inputs=1, hidden=4, outputs=1, loss="mse", dtype="float64").check(x, y)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_load_would_refuse_is_not_saved(wrong, tmp_path):
    model = hr.HadamRNN(inputs=1, hidden=4, outputs=1)
    packed = hr.Packed.of(model)
    model.parameters["b"][2] = wrong
    with pytest.raises(hr.ParameterError, match=r"parameters\.b=.*must be 4 finite numbers of type float32"):
        model.save(tmp_path / "model.npz")
    model.parameters["b"] = np.zeros(4)  # of another type
    with pytest.raises(hr.ParameterError, match=r"parameters\.b="):
        model.save(tmp_path / "model.npz")
    packed.arrays["b"][1] = wrong
    with pytest.raises(hr.ParameterError, match="b has entries that are not finite"):
        packed.save(tmp_path / "model.bin")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", [2, 5])
def test_a_checkpoint_that_could_not_be_loaded_is_not_written(step, tmp_path, monkeypatch):
    task = hr.tasks.CopyTask(length=12, symbols=2, copies=1, train_size=64, test_size=32)
    model, update = hr.model_for(task, hidden=4), hr.Adam.step

    def overflowing(adam, gradients, rate):
        update(adam, gradients, rate)
        if adam.count == step:
            adam.square[0] = np.inf  # as that of a gradient of 1e20 is

    monkeypatch.setattr(hr.Adam, "step", overflowing)
    run = {"checkpoint": tmp_path / "run", "every": 0, "batch_size": 16, "progress": False}
    with pytest.raises(hr.DivergenceError, match=f"were not finite after step {(step - 1) % 4 + 1} of epoch"):
        hr.fit(model, task, epochs=2, **run)
    assert Checkpoint.load(tmp_path / "run").arrays["count"] == step - 1


@pytest.mark.parametrize("kind", [hr.HadamRNN, hr.QORNN])
def test_one_bit_is_called_ternary(kind, capsys):
    with pytest.raises(SystemExit):
        main(["train", "copy", "--model", kind.config_type.kind, "--help"])
    assert "ternary" in capsys.readouterr().out
    model = kind(inputs=1, hidden=4, outputs=1, **dict.fromkeys(kind.config_type.bit_settings, 1))
    text = str(model.as_class(steps=3).pseudo_dimension().explain())
    assert r"ternary codes $\{-1,0,1\}$ ($1$ bit)" in text and "$1$ bits" not in text and "$1$-bit" not in text
