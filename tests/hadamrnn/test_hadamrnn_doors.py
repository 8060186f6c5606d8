"""Hostile files: refused by name, at once, within a bounded memory."""

import gzip
import io
import os
import zipfile

import numpy as np
import pytest

import hadamrnn as hr
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
    windows = {"x.npy": npy(np.zeros((2**18, 4, 9))), "y.npy": npy(np.zeros(3, int)), "user.npy": npy(np.zeros(3, int))}
    with pytest.raises(hr.FileError, match=r"y must be 262144 integers, not int64\(3,\)"):
        ActivityTask(path=npz(tmp_path / "windows.npz", windows))
    fits = windows | {name: npy(np.zeros(2**18, int)) for name in ("y.npy", "user.npy")}
    with pytest.raises(hr.FileError, match=r"its arrays unpack to \d+ bytes, more than \d+"):
        ActivityTask(path=npz(tmp_path / "windows.npz", fits))
    false = windows | {"x.npy": npy(np.zeros((3, 4, 9)), b"(3, 4, 99)")}
    with pytest.raises(hr.FileError, match="must be a sound npz file"):
        ActivityTask(path=npz(tmp_path / "windows.npz", false))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused_at_once(make, tmp_path):
    make(tmp_path / "other")
    for read in (*READERS, hr.Packed.load, lambda path: TASKS["text"](path=path)):
        with pytest.raises(hr.FileError, match="path='.*other': "):
            read(tmp_path / "other")
