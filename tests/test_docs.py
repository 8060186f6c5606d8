"""The site of ``make docs``: it is built without a warning, its links lead somewhere, its formulas are rendered."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import docs.formulas

ROOT = Path(__file__).resolve().parents[1]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: The profile is a new one, and nothing is asked of the network.
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
#: Pages with at least so many formulas.
FORMULAS = {"theorems": 400, "classes": 150, "gallery": 30, "01_first_bound": 30, "03_compare_theorems": 60}


class Page(HTMLParser):
    """The links of a page and what they may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = {""}
        self.unnamed: list[str] = []  # pictures without a text in their place
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        for name in ("href", "src"):
            if given.get(name):
                self.links.add(given[name] or "")
        if tag == "img" and not given.get("alt"):
            self.unnamed.append(given.get("src") or "")


def broken(site: Path) -> list[str]:
    """Links within the site that lead nowhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        found += [f"{path.name}: {picture} has no alternative text" for picture in page.unnamed]
        for link in sorted(page.links):
            if re.match(r"[a-z]+:", link):
                continue
            place, _, anchor = link.partition("#")
            target = (path.parent / unquote(place.partition("?")[0])).resolve() if place else path
            if not target.exists() or (target in pages and unquote(anchor) not in pages[target].anchors):
                found.append(f"{path.name}: {link}")
    return found


def test_broken_links_are_found(tmp_path: Path) -> None:
    links = '<a href="#x"></a><a href="#y"></a><a href="b.html#z"></a>'
    (tmp_path / "a.html").write_text(f'<p id="x">{links}<img src="c.png">')
    (tmp_path / "b.html").write_text('<a href="https://example.org/#q"></a><a href="a.html#x"></a><a href="c%20d"></a>')
    told = ["a.html: #y", "a.html: b.html#z", "a.html: c.png", "b.html: c%20d"]
    assert broken(tmp_path) == ["a.html: c.png has no alternative text", *told]


def rendered(page: Path, profile: Path) -> str:
    """The page after its scripts have run."""
    words = [BROWSER or "", *QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=30000", "--dump-dom"]
    done = subprocess.run([*words, page.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_examples_of_formulas() -> None:
    result = doctest.testmod(docs.formulas)
    assert result.attempted >= 6 and not result.failed


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a network of T3 with dim=2 and 25 units",
            "the 2007 edition",
            "I think a priori",
            "see ARCHITECTURE.md, 2.3",
        ),
        *("max(1, width)", "f'' is R-Lipschitz", "0.1.0", "Ctrl-C at any time"),
    ],
)
def test_what_is_no_formula_stays(text: str) -> None:
    assert ":math:" not in docs.formulas.as_rst(text)


def test_site(tmp_path: Path) -> None:
    """One build: with coarse figures, as the gallery needs some."""
    for package in ("sphinx", "myst_nb", "furo"):
        pytest.importorskip(package)
    python, figures = sys.executable, tmp_path / "figures"
    for words in (
        ["-m", "paper_figures.make_all", "--quick", "--no-progress", "--out", str(figures)],
        ["-m", "docs.build", "--out", str(tmp_path), "--figures", str(figures)],
    ):
        done = subprocess.run([python, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    site = tmp_path / "html"
    assert broken(site) == []
    for path in site.rglob("*.html"):  # no script or style from elsewhere
        assert not re.search(r'<(script|link|img)[^>]+(src|href)="(https?:)?//', path.read_text(encoding="utf-8")), path
    if BROWSER is None:
        pytest.skip("there is no browser: formulas are not checked")
    for name, least in FORMULAS.items():
        dom = rendered(site / f"{name}.html", tmp_path / "profile")
        assert dom.count("<mjx-container") >= least, name
        assert "data-mjx-error" not in dom and "<mjx-merror" not in dom, name
        plain = re.sub(r"<(script|style|code|pre|mjx-container)\b.*?</\1>", "", dom, flags=re.DOTALL)
        plain = re.sub(r"<[^>]*>", " ", plain)
        left = re.findall(r"\\\(.{0,60}|\$[^$\s][^$<]{0,60}\$", plain)
        assert left == [], (name, left[:3])
