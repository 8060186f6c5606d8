"""Both packages write files in one step: the data are on disk before the name, and failures leave nothing behind."""

import os

import pytest

from approxbounds.files import write_atomically
from hadamrnn.files import write_file

both = pytest.mark.parametrize("write", [write_atomically, write_file])


@both
def test_data_reach_the_disk_before_the_file_has_its_name(tmp_path, monkeypatch, write):
    calls = []

    def fsync(handle):
        calls.append(os.fstat(handle).st_size)

    def replace(source, target):
        calls.append(os.path.basename(target))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write(tmp_path / "file", b"12345")
    assert calls == [5, "file"]


@both
def test_nothing_is_left_behind_on_failure(tmp_path, write):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
