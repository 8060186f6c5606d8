"""How work runs: calmly in one thread, in other processes or on a cluster, and on from where it was interrupted."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from hadamrnn import validation as check
from hadamrnn.errors import HadamRNNError, ParameterError, bad_file
from hadamrnn.files import read_file, write_file


@contextmanager
def calm() -> Iterator[None]:
    """No warnings of NumPy, as overflows are found by looking at the results, and no threads in its matrix products:
    for matrices of this size they mostly wait for one another."""
    from threadpoolctl import threadpool_limits

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), threadpool_limits(1, user_api="blas"):
        yield


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; pressed again it raises KeyboardInterrupt at once."""
    main, default = threading.current_thread() is threading.main_thread(), signal.default_int_handler
    if not main or signal.getsignal(signal.SIGINT) is not default:
        yield lambda: False
        return
    seen = threading.Event()

    def note(*_: object) -> None:
        seen.set()
        signal.signal(signal.SIGINT, default)

    signal.signal(signal.SIGINT, note)
    try:
        yield seen.is_set
    finally:
        signal.signal(signal.SIGINT, default)


def on_terminal() -> bool:
    """Whether messages are seen at once, so that a bar of progress is of use."""
    return sys.stderr is not None and sys.stderr.isatty()  # None if it is closed


@contextmanager
def shared() -> Iterator[ModuleType]:
    """The module approxbounds.workers, whose errors become those of this package while the block lasts."""
    from approxbounds import errors, workers

    try:
        yield workers
    except errors.ParameterError as error:
        raise ParameterError(error.name, error.value, error.allowed) from error
    except errors.ApproxBoundsError as error:
        raise HadamRNNError(str(error)) from error


class Answers:
    """Answers by key, a list of integers. Lines of the file: the settings of the search, then {"key", "answer"} each.

    path: None keeps them in memory alone. Without ``resume`` the file may not exist yet; with it, it must be that of
    the same settings (else ParameterError), and a last line that was cut off is dropped. ``read`` makes an answer of
    what the file says, and raises ValueError or TypeError if it is none (then FileError).

    >>> answers = Answers(None, {}, read=int)
    >>> answers.get((1, 2), lambda: 3), answers.get((1, 2), lambda: 4), answers.found
    (3, 3, {(1, 2): 3})
    """

    def __init__(
        self, path: str | Path | None, settings: Mapping[str, Any], *, read: Callable[[Any], Any], resume: bool = False
    ) -> None:
        self.path = None if path is None else check.path("path", path)
        self.found: dict[tuple[int, ...], Any] = {}
        if check.flag("resume", resume) and self.path is None:
            raise ParameterError("resume", resume, "needs the name of a file")
        if self.path is None:
            return
        lines = [json.dumps(settings, sort_keys=True)]
        if resume:
            lines += self._read(self.path, lines[0], read)
        elif self.path.exists():
            raise ParameterError("path", str(path), "exists: go on with resume=True (--resume), or name another file")
        write_file(self.path, "".join(f"{line}\n" for line in lines).encode())

    def _read(self, path: Path, settings: str, read: Callable[[Any], Any]) -> list[str]:
        """The lines with answers, those that are whole."""
        try:
            lines = read_file(path).decode().split("\n")[:-1]
        except (OSError, UnicodeDecodeError) as error:
            raise bad_file(path, f"cannot be read: {error}") from error
        if not lines:
            raise bad_file(path, "not a file of answers")
        if lines[0] != settings:
            raise ParameterError("path", str(path), f"is a search with other settings: {lines[0]}")
        try:
            for record in map(json.loads, lines[1:]):
                self.found[tuple(record["key"])] = read(record["answer"])
        except (ValueError, TypeError, LookupError) as error:
            raise bad_file(path, f"not a sound file of answers: {error}") from error
        return lines[1:]

    def add(self, key: tuple[int, ...], answer: Any) -> None:
        """Keep an answer, in the file as well."""
        self.found[key] = answer
        if self.path is not None:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "answer": answer}) + "\n")

    def get(self, key: tuple[int, ...], compute: Callable[[], Any]) -> Any:
        """The answer, which is computed and kept if it is not known yet."""
        if key not in self.found:
            self.add(key, compute())
        return self.found[key]
