"""Answers of a long search, one a line in a file, so that a search that was interrupted goes on from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hadamrnn import validation as check
from hadamrnn.arrays import write_file
from hadamrnn.errors import ParameterError, bad_file

__all__ = ["Answers"]


class Answers:
    """Answers by key, a list of integers. Lines of the file: the settings of the search, then {"key", "answer"} each.

    path: None keeps them in memory alone. Without ``resume`` the file may not exist yet; with it, it must be that of
    the same settings (else ParameterError), and a last line that was cut off is dropped. ``read`` makes an answer of
    what the file says, and raises ValueError or TypeError if it is none (then FileError).
    """

    def __init__(
        self, path: str | Path | None, settings: Mapping[str, Any], *, read: Callable[[Any], Any], resume: bool = False
    ) -> None:
        self.path = None if path is None else check.path("path", path)
        self.found: dict[tuple[int, ...], Any] = {}
        check.flag("resume", resume)
        if self.path is None:
            if resume:
                raise ParameterError("resume", resume, "needs the name of a file")
            return
        first = json.dumps(settings, sort_keys=True)
        if not resume:
            if self.path.exists():
                raise ParameterError(
                    "path", str(path), "exists: go on with resume=True (--resume), or name another file"
                )
            write_file(self.path, lambda file: file.write(first.encode() + b"\n"))
            return
        lines = self._lines()
        if lines[0] != first:
            raise ParameterError("path", str(path), f"is a search with other settings: {lines[0]}")
        try:
            for line in lines[1:]:
                record = json.loads(line)
                self.found[tuple(record["key"])] = read(record["answer"])
        except (ValueError, TypeError, LookupError) as error:
            raise bad_file(self.path, f"not a sound file of answers: {error}") from error
        text = "\n".join(lines) + "\n"
        write_file(self.path, lambda file: file.write(text.encode()))

    def _lines(self) -> list[str]:
        """Those that are whole."""
        assert self.path is not None
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise bad_file(self.path, f"cannot be read: {error}") from error
        lines = text.split("\n")[:-1]
        if not lines:
            raise bad_file(self.path, "not a file of answers")
        return lines

    def add(self, key: tuple[int, ...], answer: Any) -> None:
        """Keep an answer, in the file as well."""
        self.found[key] = answer
        if self.path is not None:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "answer": answer}) + "\n")
