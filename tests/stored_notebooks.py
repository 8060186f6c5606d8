"""The notebooks with their outputs: executed and stored, or executed and compared with what is stored.

    python tests/stored_notebooks.py [NAME...]               execute and compare; exit status 1 if a text differs
    python tests/stored_notebooks.py --update [NAME...]      execute and store (``make notebooks``)

Stored are texts, formulas and small pictures; not: times, counts of the kernel, places on the machine. The alternative
text of a cell's picture is in its metadata (``alt``), where site generators find it, too. Pictures are not compared. In
cells with the tag "varies" numbers may differ by ``VARIES``: they depend on rounding, which training magnifies.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from approxbounds.files import write_atomically

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
VARIES = 0.5  # relative, or of a number below 1
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
#: Kinds of outputs, the richest first: the first that an output has is stored, which is what readers see.
KINDS = ("image/png", "text/html", "text/latex", "text/markdown", "text/plain")

Notebook = Any
Cell = dict[str, Any]


def executed(path: Path) -> Notebook:
    """A notebook with fresh outputs."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()
    for cell in code_cells(notebook):
        clean(cell)
    return notebook


def code_cells(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def alternative(cell: Cell) -> str | None:
    """The text in place of the cell's picture."""
    found: str | None = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
    return found


def clean(cell: Cell) -> None:
    """Only what a reader sees, each stream in one piece."""
    cell["metadata"].pop("execution", None)
    outputs: list[Any] = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            if outputs and outputs[-1].get("name") == output["name"]:
                outputs[-1]["text"] += output["text"]
                continue
        elif output["output_type"] != "error":
            kind = next(kind for kind in KINDS if kind in output["data"])
            output["data"] = {kind: output["data"][kind]}
            output["metadata"] = {kind: {"alt": alternative(cell)}} if kind == "image/png" else {}
        outputs.append(output)
    cell["outputs"] = outputs


def texts(cell: Cell) -> list[tuple[str, str]]:
    """What a cell shows, by kind; of a picture only that it is there."""
    found = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            found.append((output["name"], output["text"]))
        elif output["output_type"] == "error":
            found.append(("error", f"{output['ename']}: {output['evalue']}"))
        else:
            found += [(kind, "" if kind == "image/png" else str(text)) for kind, text in output["data"].items()]
    return found


def differences(fresh: Notebook, stored: Notebook) -> Iterator[str]:
    """One line for each cell whose texts are not the stored ones."""
    for new, old in zip(code_cells(fresh), code_cells(stored), strict=True):
        allowed = VARIES if "varies" in old["metadata"].get("tags", ()) else 0.0
        if [kind for kind, _ in texts(new)] != [kind for kind, _ in texts(old)]:
            yield f"{old['id']}: shows {[kind for kind, _ in texts(new)]}, stored {[kind for kind, _ in texts(old)]}"
            continue
        for (kind, now), (_, before) in zip(texts(new), texts(old), strict=True):
            if not alike(now, before, allowed):
                yield f"{old['id']}: {kind}: now\n{now}\nstored\n{before}"


def alike(now: str, before: str, allowed: float) -> bool:
    """Whether two texts are equal, but for numbers that differ by so much.

    >>> alike("loss 0.12, 3 epochs", "loss 0.13, 3 epochs", 0.5), alike("loss 0.12", "loss 0.13", 0.0)
    (True, False)
    >>> alike("loss 0.12", "less 0.12", 0.5), alike("12 bytes", "30 bytes", 0.5)
    (False, False)
    """
    if now == before or not allowed:
        return now == before
    if [part.split() for part in NUMBER.split(now)] != [part.split() for part in NUMBER.split(before)]:
        return False
    pairs = zip(NUMBER.findall(now), NUMBER.findall(before), strict=True)
    return all(abs(float(a) - float(b)) <= allowed * max(1.0, abs(float(b))) for a, b in pairs)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Execute the notebooks and compare, or store, their outputs.")
    parser.add_argument("names", nargs="*", help="beginnings of file names, by default all")
    parser.add_argument("--update", action="store_true", help="store the outputs")
    given = parser.parse_args(argv)
    sound = True
    for path in sorted(FOLDER.glob("*.ipynb")):
        if given.names and not path.name.startswith(tuple(given.names)):
            continue
        fresh = executed(path)
        if given.update:
            fresh["metadata"]["language_info"] = {"name": "python"}
            write_atomically(path, (nbformat.writes(fresh).rstrip("\n") + "\n").encode())
            continue
        found = list(differences(fresh, nbformat.read(path, as_version=4)))
        print(f"{path.name}: {len(found)} cells differ", *found, sep="\n")
        sound = sound and not found
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
