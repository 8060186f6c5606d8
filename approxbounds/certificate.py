"""Certificates: frozen data that make one inequality checkable, their JSON form, and their verification.

A certificate names a theorem, the two classes with exact parameters, p (or eps, gamma), the witness and the
claimed value. Nothing in it is executed: :func:`verify` rebuilds the classes by the registry, and the
kernel recomputes everything in ball arithmetic. In JSON, exact numbers are ints or strings ("1/10");
``value`` is a JSON number and means the double nearest to it (an int for dimensions); that double is what counts. Its
digits are written on the safe side of it, so that the decimal itself is a bound, too. The text "inf" states that the
quantity is infinite.

Compatibility policy of the format. A certificate that was issued once stays readable and stays accepted, with the value
that it states. So names of theorems, classes, parameters and entries of witnesses are never removed, renamed or given
another meaning; what means something else gets a name of its own. Theorems and classes may be added; a class may get a
parameter, and a theorem an entry of its witness, if what was written without them means the same as before. A sharper
formula of a theorem may support more than an old file claims: the old claim is then still true, only weaker, and asking
again gives the better one; an older reader rejects that one as above what its own formula supports. A formula that
supports less is a new theorem with another id, unless the old one was false: then the files that rest on it are
rejected, and the changelog names the theorem. How witnesses are searched for may change at will, since a witness is
checked wherever it comes from; entries that the theorem does not read are refused, as they would seem to be part of the
claim. A reader that meets a
format, theorem, class or parameter that it does not know (the file is from a newer version, or needs a module of
somebody else) raises CertificateError with that name, and never guesses. ``format`` is counted up only if an older
reader could misunderstand the new files; readers of the new format also read the old one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from approxbounds import tables, validation
from approxbounds.arithmetic import limited, spend, usual_errors
from approxbounds.description import Description
from approxbounds.errors import CertificateError, ParameterError, echo, nearest
from approxbounds.files import read_file, write_atomically
from approxbounds.jsontext import INFINITE, dumps, finite, loads
from approxbounds.kernel import Verdict, check
from approxbounds.measures.points import Array, Table
from approxbounds.registry import FUNCTION_CLASSES, MEASURES, NETWORK_CLASSES, PLACED, THEOREMS
from approxbounds.theorem import Query, Theorem, foreign_code, full_name
from approxbounds.witness import Witness

__all__ = ["BUDGET", "FORMAT", "Certificate", "describe_from", "verify"]

FORMAT = "approxbounds-certificate-1"
#: Units of work that :func:`verify` does by default, about a microsecond each.
BUDGET = 1_000_000
_LONGEST = 25 * 10**5  # points of samples are in certificates
_KEYS = ("format", "theorem", "functions", "network", "p", "eps", "gamma", "witness", "direction", "value")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise CertificateError("certificate", [name for name, _ in pairs], "must not repeat a key")
    return data


def _no_constant(text: str) -> float:
    raise CertificateError("certificate", text, "NaN and Infinity are not allowed in a certificate")


@dataclass(frozen=True)
class Certificate:
    """The data of one certified inequality. ``functions``, ``network`` and ``witness`` are JSON objects."""

    theorem: str
    functions: Mapping[str, Any] | None
    network: Mapping[str, Any] | None
    p: int | str | None
    eps: int | str | None
    gamma: int | str | None
    witness: Mapping[str, Any]
    direction: str
    value: float | int

    @classmethod
    def of(cls, theorem: Theorem, query: Query, witness: Witness, value: float | int) -> Certificate:
        """The certificate of what a theorem gives for a query.

        Raises CertificateError if the witness cannot be written, or if a reader would take the theorem or a class, by
        its name, for another one that is known.
        """
        _unambiguous(theorem, query)
        return cls(
            theorem=theorem.id,
            functions=None if query.functions is None else query.functions.to_dict(),
            network=None if query.network is None else query.network.to_dict(),
            p=None if query.p is None else validation.to_text(query.p),
            eps=None if query.eps is None else validation.to_text(query.eps),
            gamma=None if query.gamma is None else validation.to_text(query.gamma),
            witness={name: _written(name, entry) for name, entry in witness.items()},
            direction=theorem.direction.value,
            value=value,
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        data = {"format": FORMAT} | {field.name: getattr(self, field.name) for field in fields(self)}
        return data | {"value": finite(self.value)}

    def __repr__(self) -> str:
        asked = ((name, getattr(self, name)) for name in ("functions", "network", "p", "eps", "gamma"))
        shown = ", ".join(f"{name}={_shortly(value)}" for name, value in asked if value is not None)
        return f"Certificate({self.theorem}: {self.direction} bound {echo(self.value)} for {shown})"

    def _repr_html_(self) -> str:
        return tables.html(("field", "value"), [(name, dumps(value)) for name, value in self.to_dict().items()])

    def to_json(self) -> str:
        """The certificate as JSON text."""
        return dumps(self.to_dict(), indent=2)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, in one step; ParameterError if that is not possible."""
        try:
            return write_atomically(Path(path), f"{self.to_json()}\n".encode())
        except (OSError, TypeError, ValueError) as error:
            raise ParameterError("path", path, f"cannot be written ({_reason(error)})") from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Certificate:
        """Read it from a file; CertificateError if there is none, or no certificate in it.

        >>> import approxbounds as ab, tempfile, pathlib
        >>> bound = ab.lower_bound(ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2), p=2)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = bound.certificate.save(pathlib.Path(directory) / "bound.json")
        ...     Certificate.load(path) == bound.certificate, bool(verify(path))
        (True, True)
        """
        try:
            data = read_file(Path(path), 4 * _LONGEST)
        except (OSError, TypeError, ValueError) as error:
            raise CertificateError("path", path, f"cannot be read ({_reason(error)})") from None
        return cls.from_json(data)

    @classmethod
    def from_json(cls, text: str | bytes) -> Certificate:
        """Read a certificate from JSON text, or its bytes in UTF-8; raises CertificateError if it is not one."""
        if isinstance(text, (bytes, bytearray)):
            try:
                text = bytes(text).decode()
            except UnicodeDecodeError as error:
                raise CertificateError("certificate", text, f"is not UTF-8 ({error.reason})") from None
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise CertificateError("certificate", text, f"must be JSON text of at most {_LONGEST} characters")
        text = text.removeprefix("\ufeff")  # a byte order mark, as some editors write
        try:
            data = loads(text, parse_constant=_no_constant, object_pairs_hook=_without_duplicates)
        except CertificateError:
            raise
        except (ValueError, RecursionError) as error:
            raise CertificateError("certificate", text, f"is not valid JSON ({error})") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Certificate:
        """A certificate from its JSON object."""
        if not isinstance(data, Mapping) or set(data) != set(_KEYS):
            allowed = f"must be a JSON object with exactly the keys {', '.join(_KEYS)}"
            raise CertificateError("certificate", data, allowed)
        if data["format"] != FORMAT:
            raise CertificateError("format", data["format"], f"must be {FORMAT!r}")
        for name in ("functions", "network", "witness"):
            if not (isinstance(data[name], Mapping) or (data[name] is None and name != "witness")):
                raise CertificateError(name, data[name], "must be a JSON object")
        for name in ("p", "eps", "gamma"):
            if isinstance(data[name], bool) or not isinstance(data[name], (int, str, type(None))):
                raise CertificateError(name, data[name], "must be an int, a string or null")
        value = data["value"]
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**1024
        if not number and value != INFINITE:
            raise CertificateError("value", value, f"must be a JSON number that a double can hold, or {INFINITE!r}")
        given = {name: data[name] for name in _KEYS if name != "format"}
        return cls(**given | {"value": value if number else math.inf})


def _shortly(data: object) -> str:
    """A record of a certificate as text, parameters that are not given left out; junk as it is."""
    if not isinstance(data, Mapping):
        return echo(data)
    given = (f"{name}={echo(value)}" for name, value in data.items() if name != "class" and value is not None)
    return f"{data.get('class')}({', '.join(given)})"


def _lookup(name: str, value: object, table: Mapping[str, Any]) -> Any:
    if not isinstance(value, str) or value not in table:
        allowed = f"is not known: {nearest(value, table)}; a module that registers it must be imported first"
        raise CertificateError(name, value, allowed)
    return table[value]


def describe_from(
    name: str,
    data: Mapping[str, Any],
    classes: Mapping[str, type[Description]],
    inside: Mapping[str, type[Description]] = MappingProxyType({}),
) -> Any:
    """The class record that a JSON object describes, by the registry; ``inside``: kinds only inside of others."""
    by_name = {cls.__name__: cls for cls in classes.values()}
    if "class" not in data:
        raise CertificateError(name, dict(data), "must name its 'class'")
    cls = _lookup(f"{name}.class", data["class"], by_name)
    parameters = {key: value for key, value in data.items() if key != "class"}
    known = {field.name for field in fields(cls)}
    unknown = sorted(map(str, set(parameters) - known))
    if unknown:
        raise CertificateError(f"{name}.{unknown[0]}", parameters[unknown[0]], f"is not a parameter of {cls.__name__}")
    every = {**classes, **inside}
    inner = {key: other for key, other in every.items() if other is not cls}  # so records nest no deeper
    for key, value in parameters.items():
        if key in cls.records:
            parameters[key] = _records(f"{name}.{key}", value, inner)
            continue
        entries = value if isinstance(value, list) else [value]
        if not all(entry is None or isinstance(entry, (bool, int, str, Table)) for entry in entries):
            raise CertificateError(f"{name}.{key}", value, "must be an int, a string such as '1/10', or a list of ints")
        parameters[key] = tuple(value) if isinstance(value, list) else value
    try:
        return cls(**parameters)
    except TypeError as error:
        raise CertificateError(name, dict(data), f"is incomplete ({error})") from None


def _records(name: str, value: Any, classes: Mapping[str, type[Description]]) -> Any:
    """The records that a JSON list of objects describes, or the one that an object does."""
    if isinstance(value, Mapping):
        return describe_from(name, value, classes)
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise CertificateError(name, value, "must be a list of JSON objects")
    return tuple(describe_from(f"{name}[{i}]", entry, classes) for i, entry in enumerate(value))


def _unambiguous(theorem: Theorem, query: Query) -> None:
    """Names in a certificate must not mean anything else to those who read it here."""
    kinds = {kind for part in query.classes for kind in part.kinds}
    table = (*FUNCTION_CLASSES.values(), *NETWORK_CLASSES.values(), *PLACED.values(), *MEASURES.values())
    pairs: list[tuple[type[Any], type[Any]]]
    pairs = [(known, kind) for known in table for kind in kinds if kind.__name__ == known.__name__]
    if theorem.id in THEOREMS:
        pairs.append((type(THEOREMS[theorem.id]), type(theorem)))
    for known, kind in pairs:
        if kind is not known:
            what = "an earlier definition of it" if full_name(kind) == full_name(known) else full_name(kind)
            raise CertificateError("name", known.__name__, f"means {full_name(known)} in certificates, not {what}")


class _Watched(dict[str, Any]):
    """A witness that knows which of its entries were read."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        super().__init__(entries)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


def _fraction(name: str, value: object) -> Fraction:
    return Fraction(validation.exact(f"witness.{name}", value, minimum=-(2**1100), maximum=2**1100))


def _read(name: str, value: Any) -> int | Fraction | str:
    """An entry of a witness from its JSON form."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise CertificateError(f"witness.{name}", value, "must be an int, a fraction or a string")
    return _fraction(name, value) if isinstance(value, str) and "/" in value else value


def _written(name: str, value: Any) -> Any:
    """The JSON form of an entry of a witness, from which it can be read."""
    form = validation.to_text(_fraction(name, value)) if isinstance(value, Fraction) else value
    if _read(name, form) != value:
        raise CertificateError(f"witness.{name}", value, "must not look like a fraction: it would be read as one")
    return form


def query_of(certificate: Certificate) -> Query:
    """The query that a certificate answers, with its classes rebuilt by the registry."""
    functions = network = p = eps = gamma = None
    if certificate.functions is not None:
        functions = describe_from("functions", certificate.functions, {**FUNCTION_CLASSES, **PLACED}, MEASURES)
    if certificate.network is not None:
        network = describe_from("network", certificate.network, NETWORK_CLASSES)
    if certificate.p is not None:
        p = validation.exponent(certificate.p)
    if certificate.eps is not None:
        eps = validation.exact("eps", certificate.eps)
    if certificate.gamma is not None:
        gamma = validation.exact("gamma", certificate.gamma)
    return Query(functions=functions, network=network, p=p, eps=eps, gamma=gamma)


def _with_sample(certificate: Certificate, points: Any) -> Certificate:
    """The certificate with these points in place of their SHA-256; CertificateError if it has another one or none."""
    table = Array(2).parse("sample", points)
    functions = certificate.functions or {}
    measure = functions.get("measure")
    if not isinstance(measure, Mapping) or measure.get("points") != table.text():
        raise CertificateError("sample", table, "must be the points that the certificate names")
    return replace(certificate, functions={**functions, "measure": {**measure, "points": table}})


def verify(
    certificate: Certificate | str | bytes | os.PathLike[str] | Mapping[str, Any],
    *,
    budget: int | None = BUDGET,
    sample: Any = None,
) -> Verdict:
    """Check a certificate from scratch: a Certificate, its JSON text (or bytes) or object, or the Path of its file.

    ``sample``: the points of a large sample, of which the certificate has the SHA-256 only.

    Returns a verdict that is true exactly if the claimed value is established, with the exact reason
    otherwise. Raises CertificateError or ParameterError if the data are not those of any claim.
    Classes and theorems from outside the package must have been registered here too (nothing is imported for a
    certificate); the verdict names them, as their word is taken for what they state.

    >>> import approxbounds as ab
    >>> bound = ab.lower_bound(ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2), p=2)
    >>> bool(verify(bound.certificate.to_json()))
    True
    """
    if budget is not None:
        budget = validation.integer("budget", budget, maximum=10**15, symbols=False)
    if isinstance(certificate, (str, bytes, bytearray)):
        certificate = Certificate.from_json(certificate)
    elif isinstance(certificate, os.PathLike):
        certificate = Certificate.load(certificate)
    elif isinstance(certificate, Mapping):
        certificate = Certificate.from_dict(certificate)
    elif isinstance(certificate, Certificate):
        certificate = Certificate.from_dict(certificate.to_dict())  # built by hand, perhaps
    else:
        raise CertificateError("certificate", certificate, "must be a Certificate, its JSON text or object, or a Path")
    if sample is not None:
        certificate = _with_sample(certificate, sample)
    theorem = _lookup("theorem", certificate.theorem, THEOREMS)
    if certificate.direction != theorem.direction.value:
        allowed = f"must be {theorem.direction.value!r} for {theorem.id}"
        raise CertificateError("direction", certificate.direction, allowed)
    if not theorem.numeric:
        return Verdict(False, f"{theorem.id} leaves a constant unspecified: it certifies no number")
    query = query_of(certificate)
    for name in ("functions", "network", "p", "eps", "gamma"):
        if (getattr(query, name) is None) == (name in theorem.inputs):
            allowed = f"is needed by {theorem.id}" if name in theorem.inputs else f"must be null: {theorem.id} has none"
            raise CertificateError(name, getattr(certificate, name), allowed)
    try:
        witness = _Watched({name: _read(name, value) for name, value in certificate.witness.items()})
        with limited(budget), usual_errors():
            spend(query.work)
            verdict = check(theorem, query, witness, certificate.value)
    except ParameterError as error:
        return Verdict(False, str(error))
    unread = ", ".join(str(name) for name in witness if name not in witness.read)
    if verdict and unread:
        return Verdict(False, f"witness entries {echo(unread)} are not read by {theorem.id}")
    foreign = foreign_code(theorem, query)
    if not foreign:
        return verdict
    return replace(verdict, reason=f"{verdict.reason}; given {', '.join(foreign)}, from outside", foreign=foreign)
