"""Both packages write files in one step: the data are on disk before the name, and failures leave nothing behind."""

import os
import stat
import time

import pytest

from approxbounds.files import read_file, remove_leftovers, write_atomically
from hadamrnn.files import write_file

both = pytest.mark.parametrize("write", [write_atomically, write_file])


@both
def test_data_reach_the_disk_before_the_file_has_its_name(tmp_path, monkeypatch, write):
    calls = []

    def fsync(handle):
        status = os.fstat(handle)
        calls.append("directory" if stat.S_ISDIR(status.st_mode) else status.st_size)

    def replace(source, target):
        calls.append(os.path.basename(target))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write(tmp_path / "file", b"12345")
    assert calls[:2] == [5, "file"]
    if write is write_atomically:
        assert calls[2:] == ["directory"]  # so that the new name is on disk, too


@both
def test_nothing_is_left_behind_on_failure(tmp_path, write):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_only_ordinary_files_of_some_size_are_read(tmp_path):
    write_atomically(tmp_path / "file", b"12345")
    assert read_file(tmp_path / "file", 5) == b"12345"
    os.mkfifo(tmp_path / "pipe")
    for name, most, reason in (
        ("file", 4, "more than 4 bytes"),
        ("pipe", 9, "not an ordinary"),
        ("/dev/zero", 9, "not an ord"),
    ):
        with pytest.raises(OSError, match=reason):
            read_file(tmp_path / name, most)


def test_leftovers_of_killed_runs_are_removed_when_they_are_old(tmp_path):
    old, new = time.time() - 7200, time.time()
    (tmp_path / ".mine.json.abcdefgh.tmp").mkdir()
    for name, changed in {
        ".mine.json.abcd_123.tmp": old,
        ".mine.json.12345678": old,  # as earlier versions named them
        ".mine.json.bbbbbbbb.tmp": new,
        ".other.json.abcdefgh.tmp": old,
        "mine.json": old,
        ".mine.json": old,
    }.items():
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (changed, changed))
    remove_leftovers(tmp_path, lambda name: name == "mine.json")
    left = {".mine.json.abcdefgh.tmp", ".mine.json.bbbbbbbb.tmp", ".other.json.abcdefgh.tmp", "mine.json", ".mine.json"}
    assert {path.name for path in tmp_path.iterdir()} == left
