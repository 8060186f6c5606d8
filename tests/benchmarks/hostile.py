"""Time and memory of hostile inputs, each in a process of its own: certificates, command lines, files.

Run from the repository root: ``python tests/benchmarks/hostile.py [WORD ...]``; words choose the inputs whose names
have them. One line for each input: seconds of processor time, peak memory, exit status, name, first line of standard
error. The exit status is 1 if one takes more than 5 s or 500 MB, dies, or shows a traceback.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hostile_inputs import COMMANDS, FILES, certificates

SECONDS, MEGABYTES = 5.0, 500


def inputs(directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Names and command lines."""
    yield from ((f"command: {name}", arguments) for name, arguments in COMMANDS.items())
    for i, (name, data) in enumerate(FILES.items()):
        (directory / f"file{i}").write_bytes(data)
        yield f"file: {name}", ["verify", str(directory / f"file{i}")]
    for i, (name, make) in enumerate(certificates().items()):
        (directory / f"certificate{i}").write_text(json.dumps(make()))
        yield f"certificate: {name}", ["verify", str(directory / f"certificate{i}")]


def measure(arguments: list[str], errors: Path) -> tuple[float, float, int, str]:
    """Seconds of processor time, megabytes, exit status and what was written to standard error."""
    with errors.open("w") as stream:
        command = [sys.executable, "-m", "approxbounds", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stream, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime  # other programs do not count
    return seconds, usage.ru_maxrss / 1024, process.returncode, errors.read_text(errors="replace")


def main() -> int:
    words, bad, count = sys.argv[1:], 0, 0
    with tempfile.TemporaryDirectory() as name:
        for label, arguments in inputs(Path(name)):
            if words and not any(word in label for word in words):
                continue
            seconds, memory, status, message = measure(arguments, Path(name) / "errors")
            fine = seconds <= SECONDS and memory <= MEGABYTES and status in {0, 1, 2} and "Traceback" not in message
            count, bad = count + 1, bad + (not fine)
            first = (message.splitlines() or [""])[0][:90]
            print(
                f"{'' if fine else '!!! '}{seconds:5.1f} s {memory:5.0f} MB  {status}  {label:60} {first}", flush=True
            )
    print(f"{count} inputs, {bad} of them too slow, too large or without a named error")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
