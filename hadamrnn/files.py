"""Files of users and of runs: read within bounds and never unpickled, written in one step.

What is no regular file, such as a directory or a pipe, raises OSError instead of waiting for its end.
"""

import errno
import gzip
import io
import math
import os
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hadamrnn import validation as check
from hadamrnn.errors import DAMAGE, FileError, bad_file

#: How an npz file begins, if there is anything in it.
NPZ = b"PK\x03\x04"
#: A file may unpack to so many bytes, or to so many times its size if that is more.
MOST_UNPACKED, MOST_TIMES = 2**26, 20
#: Of an npz file.
MOST_MEMBERS = 1000


@contextmanager
def open_file(path: str | Path) -> Iterator[IO[bytes]]:
    """A regular file, open for reading."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        yield file


def read_file(path: str | Path) -> bytes:
    """The content of a regular file."""
    with open_file(path) as file:
        return file.read()


def read_bytes(path: str | Path) -> bytes:
    """The content of a file, unpacked if it is gzipped (whatever its name)."""
    try:
        data = read_file(path)
    except OSError as error:
        raise bad_file(path, f"must be a file that can be read ({error.strerror})") from None
    if data[:2] == b"\x1f\x8b":
        most = _most(len(data))
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise bad_file(path, f"the gzip file is truncated or damaged: {error}") from None
        if len(data) > most:
            raise bad_file(path, f"the gzip file unpacks to more than {most} bytes: unpack it if you trust it")
    if not data:
        raise bad_file(path, "must not be empty")
    return data


def read_text(path: str | Path) -> str:
    """The content of a text file in UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise bad_file(path, f"must be UTF-8; the byte at position {error.start} is not") from None


#: What an npz file says of its arrays before they are read: shape and type by name.
Headers: TypeAlias = Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Archive:
    """An npz file that is open: ``headers`` of its arrays by name. Raises one of DAMAGE if it is not sound."""

    def __init__(self, file: IO[bytes]) -> None:
        if file.read(len(NPZ)) != NPZ:  # NumPy would take it for a pickle, and advise how to load one
            raise ValueError("it is no npz file")
        self._most = _most(file.seek(0, os.SEEK_END))
        file.seek(0)
        self._npz = np.load(file, allow_pickle=False)
        if len(self._npz.files) > MOST_MEMBERS:
            raise ValueError(f"it has more than {MOST_MEMBERS} members")
        self.headers = {name: self._header(name) for name in self._npz.files}

    def _header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        try:
            with self._npz.zip.open(f"{name}.npy") as member:
                shape, _, dtype = _READERS[npy.read_magic(member)](member)
        except DAMAGE as error:
            raise ValueError(f"its member {name} is no array: {error}") from error
        return shape, dtype

    def read(self, *names: str) -> list[NDArray[Any]]:
        """These arrays, if they are not too large for the size of the file."""
        size = sum(math.prod(shape) * dtype.itemsize for shape, dtype in map(self.headers.__getitem__, names))
        if size > self._most:
            unpacked = f"its arrays unpack to {size} bytes, more than {self._most}"
            raise ValueError(f"{unpacked}: write them with numpy.savez if you trust them")
        return [self._npz[name] for name in names]


@contextmanager
def archive(path: str | Path, what: str) -> Iterator[Archive]:
    """An npz file; what is not sound in it is a FileError, which says ``what`` it should be."""
    try:
        with open_file(path) as file:
            yield Archive(file)
    except FileError:
        raise
    except OSError as error:
        raise bad_file(path, f"{what}: it must be a file that can be read ({error.strerror})") from None
    except DAMAGE as error:
        raise bad_file(path, f"{what}: {error}") from error


def read_npz(path: str | Path, names: Sequence[str], *, objects: str = "") -> list[NDArray[Any]]:
    """The arrays of an npz file; arrays of Python objects are refused with the advice ``objects``."""
    with archive(path, "must be a sound npz file") as found:
        if any(dtype.hasobject for name, (_, dtype) in found.headers.items() if name in names):
            raise bad_file(path, f"arrays of Python objects are not read. {objects}".strip())
        if absent := ", ".join(name for name in names if name not in found.headers):
            raise bad_file(path, f"must hold the arrays {', '.join(names)}; missing: {absent}")
        return found.read(*names)


def write_file(path: str | Path, data: bytes) -> Path:
    """Write a file in one step: an interrupted run leaves the old file or the new one. Raises OSError if it cannot."""
    from approxbounds.files import write_atomically

    path = check.path("path", path)
    try:
        return write_atomically(path, data)
    except OSError as error:  # name the path instead of a temporary file, or none
        raise OSError(error.errno, error.strerror, str(path)) from error


def _most(size: int) -> int:
    return max(MOST_UNPACKED, MOST_TIMES * size)
