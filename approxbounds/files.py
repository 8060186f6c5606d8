"""Files are written in one step: an interrupted run leaves the old file or the new one, never half of it."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["read_file", "remove_leftovers", "write_atomically"]

_RANDOM = 8  # characters that tempfile appends to the prefix
_SUFFIX = ".tmp"
_OLD = 3600.0  # seconds: no write of a small file takes as long


def write_atomically(path: Path, data: bytes) -> Path:
    """Write the file under a temporary name beside it and rename, with the permissions of an ordinary new file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # before the rename, or a power cut could leave an empty file
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_directory(path.parent)
    return path


def _sync_directory(directory: Path) -> None:
    """After a power cut the file has its new name, too; where directories cannot be synchronised nothing is done."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_file(path: Path, most: int) -> bytes:
    """The bytes of an ordinary file of at most ``most`` bytes; OSError for others, as for pipes, which could hang."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "is not an ordinary file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"has more than {most} bytes")
    return data


def remove_leftovers(directory: Path, ours: Callable[[str], bool]) -> None:
    """Remove what runs left that were killed while they wrote files whose names are ours, an hour ago or more."""
    for entry in os.scandir(directory):
        stem = entry.name.removesuffix(_SUFFIX)
        if entry.name[:1] != "." or stem[-_RANDOM - 1 : -_RANDOM] != "." or not ours(stem[1 : -_RANDOM - 1]):
            continue
        with suppress(OSError):
            if entry.is_file(follow_symlinks=False) and time.time() - entry.stat().st_mtime > _OLD:
                os.unlink(entry.path)
