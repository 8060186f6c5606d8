"""Reading the user's files: plain or gzipped, never unpickled; every defect is a named error with the file's name."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from hadamrnn.errors import DAMAGE, bad_file


def read_bytes(path: str | Path) -> bytes:
    """The content of a file, unpacked if it is gzipped (whatever its name)."""
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise bad_file(path, f"must be a file that can be read ({error.__class__.__name__})") from None
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise bad_file(path, f"the gzip file is truncated or damaged: {error}") from None
    if not data:
        raise bad_file(path, "must not be empty")
    return data


def read_text(path: str | Path) -> str:
    """The content of a text file in UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise bad_file(path, f"must be UTF-8; the byte at position {error.start} is not") from None


def read_npz(path: str | Path, names: tuple[str, ...], *, objects: str = "") -> list[NDArray[Any]]:
    """The arrays of an npz file; arrays of Python objects are refused with the advice ``objects``, never unpickled."""
    data = io.BytesIO(read_bytes(path))
    try:
        with NpzFile(data, allow_pickle=False) as archive:
            found = {name: archive[name] for name in names if name in archive}
    except DAMAGE as error:
        if "Object arrays" in str(error):
            raise bad_file(path, f"arrays of Python objects are not read. {objects}".strip()) from None
        raise bad_file(path, f"must be a sound npz file: {error}") from None
    if len(found) < len(names):
        absent = ", ".join(name for name in names if name not in found)
        raise bad_file(path, f"must hold the arrays {', '.join(names)}; missing: {absent}")
    return [found[name] for name in names]
