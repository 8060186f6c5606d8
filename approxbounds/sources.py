"""Citations: keys into ``references.bib``, with the place inside the source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from approxbounds.errors import ParameterError

__all__ = ["Citation", "bibtex", "reference_keys"]

_PLAIN = str.maketrans("", "", "{}$\\'`^\"")


@lru_cache(maxsize=1)
def _entries() -> dict[str, str]:
    text = files("approxbounds").joinpath("references.bib").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=@)", text)
    return {re.match(r"@\w+\{([^,]+),", part)[1]: part.strip() for part in parts if part.strip()}  # type: ignore[index]


def reference_keys() -> tuple[str, ...]:
    """All keys of the bibliography, sorted."""
    return tuple(sorted(_entries()))


def _field(entry: str, name: str) -> str:
    found = re.search(rf"(?m)^\s*{name} = \{{(.*)\}},?$", entry)
    return found[1] if found else ""


@dataclass(frozen=True)
class Citation:
    """A source and the place in it: ``Citation("Haussler1995", "Thm 1")``.

    >>> str(Citation("Siegel2023", "Thm 3"))
    'Siegel (2023), Thm 3'
    """

    key: str
    place: str = ""

    def __post_init__(self) -> None:
        if self.key not in _entries():
            raise ParameterError("key", self.key, f"must be one of {', '.join(reference_keys())}")

    @property
    def authors(self) -> str:
        """The family names, as a sentence would give them."""
        author = _field(_entries()[self.key], "author")
        if author.startswith("{"):
            return author.translate(_PLAIN)
        names = [name.split(",")[0].translate(_PLAIN) for name in author.split(" and ")]
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]

    @property
    def title(self) -> str:
        return _field(_entries()[self.key], "title").translate(_PLAIN)

    @property
    def year(self) -> str:
        return _field(_entries()[self.key], "year")

    def __str__(self) -> str:
        return f"{self.authors} ({self.year})" + (f", {self.place}" if self.place else "")


def bibtex(citations: tuple[Citation, ...]) -> str:
    """The BibTeX entries of these citations, each once, in order of first use."""
    return "\n".join(_entries()[key] for key in dict.fromkeys(citation.key for citation in citations)) + "\n"
