"""Sweeps: bounds for a whole grid of classes, networks and exponents, in parallel and resumable on disk.

The store is a directory with one small JSON file for each answer, written in one step and named by a digest of the
exact question (classes, p, quantity, theorems, names of code from outside, version of the library). So a sweep that
was interrupted, even by ``kill -9``, goes on with what is missing, sweeps that overlap share their answers, several
may use a directory at once, and answers of another version, foreign files and damaged ones are never taken for an
answer, nor is a record that states something else than its certificate. What killed runs left half-written is removed.
(Code that users register has no version: after changing it, name another directory.) Only the process that
called :func:`sweep` reads and writes it: workers, here or on a cluster, compute and nothing else.
"""

from __future__ import annotations

import hashlib
import html
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxbounds import render, tables, validation
from approxbounds.bound import Bound, Status, apply, best
from approxbounds.certificate import Certificate
from approxbounds.certificate import verify as verify_certificate
from approxbounds.errors import (
    ApproxBoundsError,
    CertificateError,
    MissingPackageError,
    NoExpressionError,
    NotApplicableError,
    ParameterError,
    called_rightly,
)
from approxbounds.files import read_file, remove_leftovers, write_atomically
from approxbounds.jsontext import INFINITE, dumps, finite, loads
from approxbounds.query import function_class, make_query, network_class
from approxbounds.registry import LOWER_THEOREMS, UPPER_THEOREMS
from approxbounds.theorem import Direction, Query, Theorem, foreign_code
from approxbounds.version import __version__
from approxbounds.workers import computed

__all__ = ["COLUMNS", "QUANTITIES", "Sweep", "sweep"]

#: What may be asked, and the bounds that answer it.
QUANTITIES: dict[str, tuple[Direction, ...]] = {
    "lower": (Direction.LOWER,),
    "upper": (Direction.UPPER,),
    "bracket": (Direction.LOWER, Direction.UPPER),
}

#: The entries of a record.
COLUMNS = (
    *("functions", "network", "weights", "depth", "p", "quantity", "value", "theorem", "status", "rate"),
    *("sources", "foreign", "reason", "certificate"),
)
_SHOWN = ("functions", "network", "p", "quantity", "value", "theorem", "rate", "status")
_FORMAT = "approxbounds-sweep-1"
_NAME = re.compile(r"[0-9a-f]{32}\.json")  # of a file in a store
_LARGEST = 10**7  # bytes of one
_MOST = 10_000  # entries of one list
_MOST_QUESTIONS = 10**6
_TURN = threading.Lock()  # python-flint's precision is global: threads of one process compute one after the other


@dataclass(frozen=True)
class _Question:
    """One bound that is asked for; the theorems go along, as a worker does not know what was registered here."""

    query: Query
    direction: Direction
    theorems: tuple[Theorem, ...]
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Everything that the answer depends on, as JSON."""
        return {
            "version": self.version,
            "quantity": self.direction.value,
            "functions": self.query.F.to_dict(),
            "network": self.query.G.to_dict(),
            "p": validation.to_text(self.query.p),
            "theorems": [theorem.id for theorem in self.theorems],
            "foreign": list(dict.fromkeys(name for each in self.theorems for name in foreign_code(each, self.query))),
        }

    def answer(self) -> dict[str, Any]:
        """The record; where no theorem applies, with the reason for each."""
        if __version__ != self.version:
            raise ApproxBoundsError(f"a worker has version {__version__} of approxbounds, this process {self.version}")
        sizes = self.query.G.counted_sizes
        record = dict.fromkeys(COLUMNS) | {
            "functions": str(self.query.F),
            "network": str(self.query.G),
            "weights": None if sizes is None else validation.to_text(sizes.weights),
            "depth": None if sizes is None else validation.to_text(sizes.depth),
            "p": validation.to_text(self.query.p),
            "quantity": self.direction.value,
        }
        what = "a lower bound" if self.direction is Direction.LOWER else "an upper bound"
        try:
            with _TURN:
                results = tuple(apply(theorem, self.query) for theorem in self.theorems)
                return record | _answered(best(results, f"{what} for p={self.query.p}"))
        except NotApplicableError as error:
            return record | {"status": "refused", "sources": [], "foreign": [], "reason": str(error)}


def _answered(bound: Bound) -> dict[str, Any]:
    try:
        rate = str(bound.rate)
    except NoExpressionError:
        rate = None
    return {
        "value": bound.number,
        "theorem": bound.theorem.id,
        "status": bound.status.value,
        "rate": rate,
        "sources": list(dict.fromkeys(source.key for source in bound.sources)),
        "foreign": list(bound.foreign),
        "certificate": None if bound.number is None else bound.certificate.to_dict(),
    }


@dataclass(frozen=True)
class Sweep:
    """The answer of :func:`sweep`: ``records``, one dict of plain data for each bound, in the order of the grid.

    Their entries, None where there is nothing to say: ``functions``, ``network``: the classes as text; ``weights``,
    ``depth``: W and L of the network; ``p``: an int, "a/b" or "inf"; ``quantity``: "lower" or "upper"; ``value``: the
    certified float, rounded to the safe side, ``math.inf`` for an error that is infinite; ``theorem``: its id;
    ``status``: "certified", "symbolic", "rate", or "refused" if no theorem applies; ``rate``: the order in W and L as
    text; ``sources``: citation keys; ``foreign``: code from outside the package that the bound rests on; ``reason``:
    why it was refused; ``certificate``: for
    :func:`approxbounds.verify`.
    """

    records: tuple[dict[str, Any], ...]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def to_frame(self) -> Any:
        """The records as a pandas DataFrame; raises MissingPackageError where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise MissingPackageError("to_frame() needs pandas: pip install pandas") from None
        return pandas.DataFrame(list(self.records), columns=list(COLUMNS))

    def to_text(self) -> str:
        """Aligned columns, numbers rounded to the safe side."""
        return "\n".join([tables.text(_SHOWN, self._table(str, "-")), *self._notes()])

    def _notes(self) -> list[str]:
        refused = sum(record["status"] == "refused" for record in self.records)
        notes = [f"{refused} refused: each record (CSV, JSON) has the reason"] if refused else []
        return notes + self._given()

    def to_markdown(self) -> str:
        """A Markdown table."""
        table = self._table(lambda text: text if text.isalnum() else tables.code(text), "-")
        return "\n\n".join([tables.markdown(_SHOWN, table), *map(tables.code, self._given())]) + "\n"

    def to_latex(self) -> str:
        """A tabular with booktabs rules (it needs the package booktabs)."""
        return tables.latex(_SHOWN, self._table(tables.latex_text, "--"), "l" * len(_SHOWN)) + "\n"

    def to_csv(self) -> str:
        """The records as comma-separated values: exact floats, lists with semicolons, no certificates."""
        names = COLUMNS[:-1]
        return tables.csv(names, [[record[name] for name in names] for record in self.records])

    def _repr_html_(self) -> str:
        given = "".join(f"<p>{html.escape(text)}</p>" for text in self._given())
        return f"<div>{tables.html(_SHOWN, self._table(str, '-'))}{given}</div>"

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        few = Sweep(self.records[: tables.FEW])._table(str, "-")
        table = tables.fitted(_SHOWN, few, width=tables.terminal_width())
        return "\n".join([table, *tables.more(len(self)), *self._notes()])

    def _given(self) -> list[str]:
        return render.given(name for record in self.records for name in record["foreign"])

    def _table(self, words: Callable[[str], str], missing: str) -> list[list[str]]:
        """Rows of cells, numbers rounded to the safe side."""

        def cell(record: dict[str, Any], name: str) -> str:
            value = record[name]
            if value is None:
                return missing
            return render.number(value, record["quantity"] == "upper") if name == "value" else words(str(value))

        return [[cell(record, name) for name in _SHOWN] for record in self.records]


@called_rightly
def sweep(
    classes: Any,
    networks: Any,
    p: Any,
    *,
    quantity: str = "lower",
    workers: Any = None,
    directory: str | Path | None = None,
    verify: bool = False,
    progress: bool = True,
) -> Sweep:
    """The best bounds on E_p(F, G) for every F in ``classes``, G in ``networks`` and exponent in ``p``.

    Each of the three is a sequence or a single object. Classes and networks are paired if they have the same number
    of variables; a question that is asked twice has one row. ``quantity``: "lower", "upper", or "bracket" for both.
    ``workers``: so many processes compute; by default what ``joblib.parallel_config`` says, else this one alone. In a
    block ``with joblib.parallel_config(backend="dask"):`` the workers are those of the Dask cluster (of the same
    version; with ``--nthreads 1``, as threads wait for one another). The records are the same for any workers.
    ``directory``: where answers are kept as they come, and looked up first (see :mod:`approxbounds.sweep`).
    ``verify``: check the certificates of stored answers from scratch, and compute those anew that are not accepted.
    ``progress``: a bar on standard error.

    Where no theorem applies, the record has the reason. Raises ParameterError for bad input, also for a class or
    network that has no partner; ApproxBoundsError if a worker process is killed; KeyboardInterrupt, with a message,
    on Ctrl-C. In each case the directory keeps the answers so far, and the same call goes on from there.

    >>> import approxbounds as ab
    >>> networks = [ab.ReLUNetwork(widths=(width,), input_dim=2) for width in (10, 20)]
    >>> found = ab.sweep(ab.LipschitzBall(dim=2), networks, [2, "inf"], progress=False)
    >>> [(record["weights"], record["p"], f"{record['value']:.1e}") for record in found]
    [(41, 2, '1.0e-02'), (41, 'inf', '5.9e-02'), (81, 2, '5.3e-03'), (81, 'inf', '3.2e-02')]
    >>> all(ab.verify(record["certificate"]) for record in found)
    True
    """
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        raise ParameterError("quantity", quantity, f"must be one of {', '.join(QUANTITIES)}")
    if workers is not None:
        workers = validation.integer("workers", workers, maximum=1024, symbols=False)
    validation.flag("progress", progress)
    validation.flag("verify", verify)
    questions = _grid(classes, networks, p, QUANTITIES[quantity])
    store = _Store(directory)
    records = [store.read(question, verify=verify) for question in questions]
    missing = {i: (questions[i],) for i, record in enumerate(records) if not record}
    known = len(records) - len(missing)
    try:
        with closing(
            computed(_answer, missing, workers=workers, progress=progress, unit="bound", known=known)
        ) as answers:
            for i, record in answers:
                store.write(questions[i], record)
                records[i] = record
    except KeyboardInterrupt:
        kept = "" if directory is None else f"; run again with directory {directory} to go on"
        found = [record or store.read(ask) for record, ask in zip(records, questions, strict=True)]
        done = sum(record is not None for record in found)  # one may have been stored, and not been noted yet
        raise KeyboardInterrupt(f"stopped after {done} of {len(records)} bounds{kept}") from None
    return Sweep(tuple(record for record in records if record is not None))


def _grid(classes: Any, networks: Any, p: Any, directions: Sequence[Direction]) -> list[_Question]:
    """All questions, each once, in the order F, G, p, direction."""
    functions = [*map(function_class, validation.several("classes", classes, most=_MOST, what="function classes"))]
    several = [*map(network_class, validation.several("networks", networks, most=_MOST, what="network classes"))]
    exponents = [validation.exponent(value) for value in validation.several("p", p, most=_MOST, what="exponents")]
    if len(functions) * len(several) * len(exponents) > _MOST_QUESTIONS:
        sizes = (len(functions), len(several), len(exponents))
        raise ParameterError("sizes", sizes, f"of classes, networks and p: at most {_MOST_QUESTIONS} together")
    queries: dict[Query, None] = {}
    alone: dict[Any, str] = dict.fromkeys(functions, "classes") | dict.fromkeys(several, "networks")
    for F in functions:
        for G in several:
            dims = (F.domain_dim, G.domain_dim)
            if None in dims or dims[0] == dims[1]:
                queries |= dict.fromkeys(make_query(F, G, value) for value in exponents)
                alone.pop(F, None)
                alone.pop(G, None)
    for record, name in alone.items():
        others = "network" if name == "classes" else "class"
        raise ParameterError(name, str(record), f"has dimension {record.domain_dim}, as no {others} has")
    theorems = {Direction.LOWER: tuple(LOWER_THEOREMS), Direction.UPPER: tuple(UPPER_THEOREMS)}
    return [_Question(query, side, theorems[side], __version__) for query in queries for side in directions]


def _digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(dumps(data, sort_keys=True, sides=False).encode()).hexdigest()[:32]


def _agrees(record: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether a record states what its certificate states, about what was asked; without one it has no number."""
    if record["status"] != Status.CERTIFIED.value:
        return record["value"] is None and record["certificate"] is None
    try:
        certificate = Certificate.from_dict(record["certificate"])
    except CertificateError:
        return False
    stated = (certificate.value, certificate.theorem, certificate.direction)
    same = all(getattr(certificate, name) == asked[name] for name in ("functions", "network", "p"))
    return same and stated == (record["value"], record["theorem"], record["quantity"])


def _verified(record: dict[str, Any]) -> bool:
    try:
        return record["certificate"] is None or bool(verify_certificate(record["certificate"], budget=None))
    except ParameterError:
        return False


class _Store:
    """The answers in a directory, or nothing if it is None."""

    def __init__(self, directory: str | Path | None) -> None:
        named = isinstance(directory, (str, Path)) and str(directory) and "\0" not in str(directory)
        if directory is not None and not named:
            raise ParameterError("directory", directory, "must be the name of a directory")
        self.path = None if directory is None else Path(directory)
        if self.path is not None:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                remove_leftovers(self.path, lambda name: _NAME.fullmatch(name) is not None)
            except OSError as error:
                raise self._refused(error) from None

    def _refused(self, error: OSError) -> ParameterError:
        return ParameterError("directory", str(self.path), f"cannot be written ({error.strerror})")

    def _file(self, asked: dict[str, Any]) -> Path:
        assert self.path is not None
        return self.path / f"{_digest(asked)}.json"

    def read(self, question: _Question, *, verify: bool = False) -> dict[str, Any] | None:
        """The record, if a sound file has it, and if its certificate is accepted where that is asked."""
        if self.path is None:
            return None
        asked = question.to_dict()
        try:
            data = loads(read_file(self._file(asked), _LARGEST))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or (data.get("format"), data.get("question")) != (_FORMAT, asked):
            return None
        record = data.get("record")
        if not (isinstance(record, dict) and tuple(record) == COLUMNS and data.get("digest") == _digest(record)):
            return None
        if record["value"] == INFINITE:
            record["value"] = math.inf
        if not _agrees(record, asked):
            return None
        return record if not verify or _verified(record) else None

    def write(self, question: _Question, record: dict[str, Any]) -> None:
        if self.path is None:
            return
        asked, kept = question.to_dict(), finite(record)
        stored = {"format": _FORMAT, "question": asked, "record": kept, "digest": _digest(kept)}
        if self._file(asked).is_dir():
            return  # it is not ours: the sweep goes on, and this answer is not kept
        try:
            write_atomically(self._file(asked), f"{dumps(stored, sides=False)}\n".encode())
        except OSError as error:
            raise self._refused(error) from None


def _answer(question: _Question) -> dict[str, Any]:
    return question.answer()
