"""Citations: keys into ``references.bib`` or entries of one's own, with the place inside the source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from approxbounds.errors import ParameterError, nearest

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
    found = re.search(rf"(?m)^\s*{name}\s*=\s*\{{(.*)\}},?$", entry)
    return found[1] if found else ""


@dataclass(frozen=True)
class Citation:
    """A source and the place in it: ``Citation("Haussler1995", "Thm 1")``.

    ``entry`` is the BibTeX entry of a source that is not in the library's bibliography, with a key of its own and at
    least author, title and year, each on a line and in braces. Raises ParameterError if the key is unknown and there
    is no such entry.

    >>> str(Citation("Siegel2023", "Thm 3"))
    'Siegel (2023), Thm 3'
    """

    key: str
    place: str = ""
    entry: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.entry:
            if self.key not in _entries():
                raise ParameterError("key", self.key, f"is not in the bibliography; {nearest(self.key, _entries())}")
        elif self.key in _entries():
            raise ParameterError("key", self.key, "is in the bibliography already: give no entry, or another key")
        elif not re.match(rf"@\w+\{{{re.escape(str(self.key))},", self.entry):
            raise ParameterError("entry", self.entry, f"must be BibTeX that begins with @type{{{self.key},")
        elif not all(_field(self.entry, name) for name in ("author", "title", "year")):
            raise ParameterError("entry", self.entry, "must have author, title and year, each on a line, in braces")

    @property
    def bibtex(self) -> str:
        """The BibTeX entry."""
        return self.entry.strip() or _entries()[self.key]

    @property
    def authors(self) -> str:
        """The family names, as a sentence would give them."""
        author = _field(self.bibtex, "author")
        if author.startswith("{"):
            return author.translate(_PLAIN)
        names = [name.split(",")[0].translate(_PLAIN) for name in author.split(" and ")]
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]

    @property
    def title(self) -> str:
        """The title, without LaTeX."""
        return _field(self.bibtex, "title").translate(_PLAIN)

    @property
    def year(self) -> str:
        """The year of publication."""
        return _field(self.bibtex, "year")

    def __str__(self) -> str:
        return f"{self.authors} ({self.year})" + (f", {self.place}" if self.place else "")


def bibtex(citations: tuple[Citation, ...]) -> str:
    """The BibTeX entries of these citations, each once, in order of first use."""
    return "\n".join(dict.fromkeys(citation.bibtex for citation in citations)) + "\n"
