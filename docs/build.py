"""Put the site together and build it: README, notebooks, theory, reference, gallery, changelog. ``make docs``.

    python -m docs.build [--out DIR] [--figures DIR]         from the repository root

The pages are those of the repository, with links between them; what is written here is the gallery (the figures of
``make figures``, which are made if they are not there) and the pages of the reference. Everything goes to
``docs/_build``: ``source`` and ``html``. A warning of Sphinx, such as a link to nowhere, is an error.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import approxbounds as ab
import approxbounds.plots
import approxbounds.testing
import hadamrnn as hr
import hadamrnn.tasks
from approxbounds.testing import examples
from paper_figures.make_all import PRODUCTS
from paper_figures.runner import DEFAULT_OUT, make

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
#: Pages of the site by what they are in the repository; links between them are kept.
PAGES = {
    "README.md": "index.md",
    "approxbounds/THEORY.md": "theory.md",
    "approxbounds/EXTENDING.md": "extending.md",
    "docs/programs.md": "programs.md",
    "docs/quantised.md": "quantised.md",
    "docs/high_dimensions.md": "high_dimensions.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
}
CONTENTS = """
```{toctree}
:hidden:
:caption: Learn

README <self>
notebooks
theory
gallery
programs
high_dimensions
quantised
```

```{toctree}
:hidden:
:caption: Look up

classes
theorems
api
hadamrnn
extending
architecture
changelog
```
"""


def relinked(text: str) -> str:
    """A page of the repository with its links to other pages; to files that are no pages, plain text."""

    def target(match: re.Match[str]) -> str:
        shown, link = match.groups()
        if "://" in link or link.startswith("#"):
            return match.group()
        place, _, anchor = link.partition("#")
        known = {**PAGES, **{Path(name).name: page for name, page in PAGES.items()}}
        return f"[{shown}]({known[place]}{'#' + anchor if anchor else ''})" if place in known else shown

    return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", target, text)


def pages(source: Path) -> None:
    """Those of the repository, and the notebooks."""
    for name, page in PAGES.items():
        text = relinked((ROOT / name).read_text(encoding="utf-8"))
        for image in re.findall(r'src="([^":]+)"', text):
            shutil.copy(ROOT / image, source / Path(image).name)
            text = text.replace(f'src="{image}"', f'src="{Path(image).name}"')
        (source / page).write_text(text + (CONTENTS if page == "index.md" else ""), encoding="utf-8")
    names = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    for name in names:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", source)
    (source / "notebooks.md").write_text(f"# Notebooks\n\n{_toctree(names)}", encoding="utf-8")


def _toctree(names: Iterable[str]) -> str:
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def gallery(source: Path, figures: Path) -> None:
    """All figures with their captions and sources, and the table."""
    missing = [p for p in PRODUCTS if not (figures / f"{p.name}.json").exists()]
    if missing:
        make(missing, out=figures)
    parts = ["# Gallery", "", "The figures and the table of `make figures`.", ""]
    for product in PRODUCTS:
        title = product.name.replace("_", " ").capitalize()
        parts += [f"## {title}", ""]
        if (figures / f"{product.name}.png").exists():
            shutil.copy(figures / f"{product.name}.png", source)
            alternative = product.about.replace('"', "'")
            parts += [f"```{{image}} {product.name}.png", f":alt: {alternative}", ":width: 100%", "```", ""]
        else:
            parts += [(figures / f"{product.name}.md").read_text(encoding="utf-8"), ""]
        parts += [product.caption, ""]
    (source / "gallery.md").write_text("\n".join(parts), encoding="utf-8")


# The reference -------------------------------------------------------------------------------------------------------


def _auto(kind: str, name: str, *options: str) -> str:
    """A directive of autodoc in a page of MyST."""
    lines = "".join(f"   :{option}:\n" for option in options)
    return f"```{{eval-rst}}\n.. {kind}:: {name}\n{lines}```\n"


def of_module(module: ModuleType, *, without: Iterable[Any] = (), level: str = "##") -> Iterable[str]:
    """What a module offers: functions, classes, errors."""
    offered = {name: getattr(module, name) for name in module.__all__}
    offered = {name: value for name, value in offered.items() if not any(value is other for other in without)}
    classes = {name: value for name, value in offered.items() if isinstance(value, type)}
    errors = {name: value for name, value in classes.items() if issubclass(value, Exception)}
    functions = [name for name, value in offered.items() if callable(value) and name not in classes]
    for title, kind, names in (
        ("Functions", "autofunction", functions),
        ("Classes", "autoclass", [name for name in classes if name not in errors]),
        ("Errors", "autoexception", list(errors)),
    ):
        if names:
            yield f"{level} {title}\n"
        for name in names:
            options = ("undoc-members",) if issubclass(classes.get(name, object), Enum) else ()
            yield _auto(kind, f"{module.__name__}.{name}", *options)


def of_class(kind: type[Any]) -> str:
    """A class of functions or networks: its docstring, and the definition of an example with its formulas."""
    shown = ""
    for example in examples(kind, most=1):
        shown = f"For example, `{example}`: {example.definition}\n"
    return f"## {kind.__name__}\n\n{_auto('autoclass', f'approxbounds.{kind.__name__}', 'no-members')}\n{shown}"


def reference(source: Path) -> None:
    """Classes, theorems, and the public functions of both packages."""
    functions, networks = list(ab.FUNCTION_CLASSES.values()), list(ab.NETWORK_CLASSES.values())
    parts = ["# Classes", "", "Classes $F$ of functions, then classes $G$ that approximate them.", ""]
    parts += [of_class(kind) for kind in (*functions, *networks)]
    (source / "classes.md").write_text("\n".join(parts), encoding="utf-8")

    parts = ["# Theorems", "", "Every theorem and construction as the library states it, with its sources.", ""]
    for theorem in ab.THEOREMS.values():
        cited = "; ".join(map(str, theorem.citations))
        parts += [f"## {theorem.id}: {theorem.title}", "", f"{theorem.statement} [{cited}]", ""]
        kind = type(theorem)
        parts += [_auto("autoclass", f"{kind.__module__}.{kind.__qualname__}", "no-members")]
    (source / "theorems.md").write_text("\n".join(parts), encoding="utf-8")

    parts = ["# Questions and answers", "", *of_module(ab, without=(*functions, *networks))]
    parts += ["## Pictures: approxbounds.plots", "", *of_module(approxbounds.plots, level="###")]
    parts += ["## Tests: approxbounds.testing", "", *of_module(approxbounds.testing, level="###")]
    (source / "api.md").write_text("\n".join(parts), encoding="utf-8")

    parts = ["# hadamrnn", "", *of_module(hr), "## Tasks: hadamrnn.tasks", "", *of_module(hadamrnn.tasks, level="###")]
    (source / "hadamrnn.md").write_text("\n".join(parts), encoding="utf-8")


def assembled(source: Path, figures: Path) -> None:
    """All sources, in an empty folder."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    steps: Sequence[Callable[[], None]] = (
        lambda: pages(source),
        lambda: gallery(source, figures),
        lambda: reference(source),
    )
    for step in steps:
        step()


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status of Sphinx."""
    from sphinx.cmd.build import main as sphinx

    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--out", type=Path, default=DOCS / "_build", help="(default: %(default)s)")
    parser.add_argument("--figures", type=Path, default=DEFAULT_OUT, help="(default: %(default)s)")
    given = parser.parse_args(argv)
    source, site = given.out / "source", given.out / "html"
    assembled(source, given.figures)
    status = sphinx(["-q", "-W", "--keep-going", "-E", "-c", str(DOCS), "-b", "html", str(source), str(site)])
    if status == 0:
        print(site / "index.html")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
