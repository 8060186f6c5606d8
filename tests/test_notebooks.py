"""The notebooks as they are stored, with their outputs, and how objects look in them."""

from __future__ import annotations

import copy
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import stored_notebooks
import sympy
from IPython.core.formatters import DisplayFormatter

import approxbounds as ab

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_all_are_there() -> None:
    names = [path.stem.partition("_")[2] for path in NOTEBOOKS]
    assert names == [
        *("first_bound", "lp_versus_sup", "compare_theorems"),
        *("quantised_networks", "hadamrnn", "expressivity", "how_sharp", "your_data"),
    ]
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(1, len(names) + 1)]
    assert {path.name for path in FOLDER.iterdir() if not path.name.startswith(".")} == {p.name for p in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestStored:
    def test_with_what_a_reader_sees(self, path: Path) -> None:
        """Outputs of one run from top to bottom, without times; pictures with texts in their place."""
        assert path.stat().st_size < 300_000
        for number, cell in enumerate(cells(path, "code"), 1):
            assert cell["execution_count"] == number and set(cell["metadata"]) <= {"mystnb", "tags"}
            pictures = 0
            for output in cell["outputs"]:
                assert output["output_type"] != "error" and output.get("name") != "stderr"
                if "image/png" in output.get("data", ()):
                    pictures += 1
                    assert output["metadata"] == {"image/png": {"alt": cell["metadata"]["mystnb"]["image"]["alt"]}}
                    assert len(output["metadata"]["image/png"]["alt"]) > 80
            assert pictures == ("plt.show()" in text(cell))
            assert ("mystnb" in cell["metadata"]) == bool(pictures)

    def test_executed_anew(self, path: Path) -> None:
        """Its texts are those stored: ``make notebooks`` stores what has changed for a reason."""
        words = [sys.executable, stored_notebooks.__file__, path.name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]

    def test_a_changed_text_is_found(self, path: Path) -> None:
        """Every text and every picture that is stored counts."""
        stored, changed = (nbformat.read(path, as_version=4) for _ in range(2))
        for old, new in zip(stored_notebooks.code_cells(stored), stored_notebooks.code_cells(changed), strict=True):
            for number, output in enumerate(old["outputs"]):
                shown = copy.deepcopy(output)
                if "text" in shown:
                    shown["text"] += "."
                elif "image/png" in shown["data"]:
                    shown["data"] = {"text/plain": "no picture"}
                else:
                    shown["data"] = {kind: f"{value}." for kind, value in shown["data"].items()}
                new["outputs"][number] = shown
                (line,) = stored_notebooks.differences(changed, stored)
                assert line.startswith(f"{old['id']}: ")
                new["outputs"][number] = output
        assert list(stored_notebooks.differences(changed, stored)) == []

    def test_with_names_that_do_not_change(self, path: Path) -> None:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        assert [cell["id"] for cell in notebook["cells"]] == [
            f"{path.stem[:2]}-{i:02}" for i in range(len(notebook["cells"]))
        ]
        assert notebook["metadata"] == {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }

    def test_without_places_of_one_machine(self, path: Path) -> None:
        assert not re.search(r"/(home|root|tmp|work|Users)/|[A-Z]:\\\\|https?://", path.read_text(encoding="utf-8"))

    def test_is_a_lecture(self, path: Path) -> None:
        """A title first, sections, and between them code that runs quickly without a display or the network."""
        prose, code = [text(cell) for cell in cells(path, "markdown")], [text(cell) for cell in cells(path, "code")]
        assert prose[0].startswith("# ") and sum(cell.startswith("## ") or "\n## " in cell for cell in prose) >= 4
        assert len(prose) >= 0.6 * len(code)
        assert "import approxbounds as ab" in code[0] or "import hadamrnn as hr" in code[0]
        assert not any("\n%" in f"\n{cell}" or "\n!" in f"\n{cell}" for cell in code)  # plain Python
        linked = set(re.findall(r"`(0\d_\w+)`", "\n".join(prose)))
        assert linked <= {other.stem for other in NOTEBOOKS} - {path.stem}

    def test_formulas_come_from_the_library(self, path: Path) -> None:
        """The prose names symbols and norms; statements, with relations or numbers, are shown by objects."""
        for cell in cells(path, "markdown"):
            for formula in re.findall(r"\$([^$]*)\$", text(cell)):
                assert not re.search(r"\\(ge|le|frac|log|sum|sqrt|max|min)|[<>=]", formula), formula


class TestDisplay:
    """What a notebook shows for an object: the richest form it has, with formulas that are whole."""

    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2)
    W, L = sympy.symbols("W L", positive=True)
    SIZE = ab.NetworkSize(weights=W, depth=L, degree=1)
    OBJECTS = [
        ("text/latex", lambda F, G, size: ab.lower_bound(F, G, p=2)),
        ("text/latex", lambda F, G, size: ab.lower_bound(F, size, p=2)),
        ("text/latex", lambda F, G, size: ab.bracket(F, G, p="inf")),
        ("text/latex", lambda F, G, size: ab.bracket(F, size, p=2)),
        ("text/latex", lambda F, G, size: ab.required_weights(F, error="1/100", p=2, depth=3)),
        ("text/latex", lambda F, G, size: G.pseudo_dimension()),
        ("text/markdown", lambda F, G, size: F),
        ("text/markdown", lambda F, G, size: size),
        ("text/markdown", lambda F, G, size: ab.lower_bound(F, G, p=2).explain()),
        ("text/markdown", lambda F, G, size: ab.required_weights(F, error="1/100", p=2, depth=3).explain()),
        ("text/html", lambda F, G, size: ab.lower_bound(F, G, p=2).certificate),
        ("text/html", lambda F, G, size: ab.lower_bounds(F, G, p=2)),
        ("text/html", lambda F, G, size: ab.lower_bounds(F, size, p=2)),
        ("text/html", lambda F, G, size: ab.compare(F, G, [2, "inf"])),
    ]

    @pytest.mark.parametrize(("kind", "make"), OBJECTS)
    def test_form(self, kind: str, make: Any) -> None:
        shown = rendered(make(self.F, self.G, self.SIZE))
        assert set(shown) == {"text/plain", kind}
        assert_whole(shown[kind])
        assert " at 0x" not in shown["text/plain"]

    def test_content(self) -> None:
        bound = ab.lower_bound(self.F, self.G, p=2)
        assert (
            rendered(bound)["text/latex"]
            == rf"$\displaystyle {bound.latex}\quad\text{{[{bound.theorem.id}, certified]}}$"
        )
        assert rendered(bound.explain())["text/markdown"] == bound.explain()
        assert rendered(self.F)["text/markdown"] == self.F.definition
        table = rendered(ab.lower_bounds(self.F, self.G, p=2))["text/html"]
        assert f"${sympy.latex(bound.rate)}$" in html.unescape(table) and "it is about the sup norm" in table
        certificate = html.unescape(rendered(bound.certificate)["text/html"])
        assert all(json.dumps(value) in certificate for value in bound.certificate.to_dict().values())

    @pytest.mark.parametrize("weights", [100, W])
    def test_brackets_without_numbers_show_both_bounds(self, weights: Any) -> None:
        both = ab.bracket(self.F, ab.NetworkSize(weights=weights, depth=3), p=2)
        assert str(both) == f"{both.lower}\n{both.upper}"
        shown = rendered(both)["text/latex"]
        assert_whole(shown)
        assert both.lower.latex in shown and both.upper.latex in shown

    @pytest.mark.parametrize("name", ab.THEOREMS)
    def test_theorems(self, name: str) -> None:
        theorem = ab.THEOREMS[name]
        shown = rendered(theorem)["text/markdown"]
        assert_whole(shown)
        assert repr(theorem) == f"{type(theorem).__name__}({name!r})"
        assert shown.startswith(f"**{name}** ({theorem.title})") and all(str(c) in shown for c in theorem.citations)

    def test_misuse_reads_well(self) -> None:
        """An error ends a cell with its name and one line that says what was given and what is allowed."""
        with pytest.raises(ab.ParameterError) as caught:
            ab.lower_bound(self.F, ab.ReLUNetwork(widths=(10,), input_dim=3), p=2)
        assert str(caught.value) == "input_dim=3: must equal the dimension of F, dim=2"


def rendered(value: object) -> dict[str, str]:
    """The forms of an object by their MIME type."""
    forms, _ = DisplayFormatter().format(value)
    return forms


def assert_whole(shown: str) -> None:
    """Dollars are paired, and so are the braces and brackets of size between them; no object shows its address."""
    text = html.unescape(shown)
    assert text.count("$") % 2 == 0 and " at 0x" not in text
    for formula in text.split("$")[1::2]:
        assert formula.count("{") - formula.count(r"\{") == formula.count("}") - formula.count(r"\}"), formula
        assert formula.count(r"\left") == formula.count(r"\right"), formula
