"""The paper's figures and table: every script runs, its numbers are brackets, and runs are reproducible."""

from __future__ import annotations

import doctest
import importlib
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import approxbounds as ab
from approxbounds.functions.base import FunctionClass

ROOT = Path(__file__).resolve().parents[1]
BRACKETS = ("bracket", "monotone", "theorems")
FIGURES = (*BRACKETS, "quantised")


@pytest.fixture(scope="module")
def scripts() -> Any:
    """A function that imports a module of paper_figures, which is not installed."""
    sys.path.insert(0, str(ROOT))
    try:
        yield lambda name: importlib.import_module(f"paper_figures.{name}")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def made(scripts: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """Everything made once on coarse grids: the folder and the paths."""
    out = tmp_path_factory.mktemp("figures")
    return out, scripts("product").make(scripts("make_all").PRODUCTS, out=out, quick=True, progress=False)


def records_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["records"]


def test_files(made: tuple[Path, list[Path]]) -> None:
    out, paths = made
    names = {f"{name}.{kind}" for name in FIGURES for kind in ("pdf", "png", "json")}
    names |= {f"table.{kind}" for kind in ("txt", "md", "tex", "json")}
    assert {path.name for path in paths} == names == {path.name for path in out.iterdir()}  # and no temporary file
    for name in FIGURES:
        assert (out / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        png = (out / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG") and len(png) <= 300_000


@pytest.mark.parametrize("name", (*BRACKETS, "table"))
def test_numbers_are_brackets(made: tuple[Path, list[Path]], name: str) -> None:
    records = records_of(made[0], name)
    assert records
    for record in records:
        assert 0 < record["lower"] <= record["upper"]


def test_bracket_compares_bounds_on_one_network(made: tuple[Path, list[Path]]) -> None:
    for record in records_of(made[0], "bracket"):
        units = record["degree"] + 1
        k, d = record["k"], record["dim"]
        assert record["widths"] == [units * d * (k - 1), units * (k**d - 1)]
        assert record["upper_theorem"] == "cubes"


def test_monotone_shows_each_change_of_regime_and_stays_below_the_wall(made: tuple[Path, list[Path]]) -> None:
    records = records_of(made[0], "monotone")
    for dim in (2, 3, 4):
        curve = {record["p"]: record for record in records if record["dim"] == dim}
        change = Fraction(dim, dim - 1)
        assert curve["inf"]["lower"] == 0.5
        for p, record in curve.items():
            if p != "inf":
                expected = dim if Fraction(p) <= change else (dim - 1) * Fraction(p)
                assert Fraction(record["entropy_exponent"]) == expected
                assert record["lower"] < 0.5
        assert str(change) in curve
        finite = [curve[p]["lower"] for p in sorted((p for p in curve if p != "inf"), key=Fraction)]
        assert finite == sorted(finite)  # L^p norms on a probability space grow with p


def test_quantised_networks_switch_to_the_finite_count(scripts: Any, made: tuple[Path, list[Path]]) -> None:
    """Each curve is the smaller of bW and the growth of real weights, which it leaves at the point shown."""
    records, growth = records_of(made[0], "quantised"), scripts("quantised").growth
    curves = {record["bits"]: record for record in records if record["panel"] == "growth"}
    assert set(curves) == {1, 2, 4, 8, 16, None}
    real = curves.pop(None)
    for bits, curve in curves.items():
        finite = bits * curve["weights"]
        assert curve["log2_growth"] == pytest.approx([min(finite, value) for value in real["log2_growth"]], rel=1e-12)
        width, switch = curve["widths"][0], curve["switch"]
        assert growth(width, None, switch - 1) <= finite < growth(width, None, switch)
        assert (
            growth(width, bits, switch - 1) == growth(width, None, switch - 1) and growth(width, bits, switch) == finite
        )
    for width in scripts("quantised").WIDTHS:
        bounds = [record for record in records if record["panel"] == "bound" and record["widths"][0] == width]
        assert all(ab.verify(record["certificate"]) for record in bounds)
        values = [record["lower"] for record in bounds]  # ever more bits, then real weights
        assert values == sorted(values, reverse=True) and values[-1] > 0


def test_theorems_draws_t1_as_a_rate_only(made: tuple[Path, list[Path]]) -> None:
    for record in records_of(made[0], "theorems"):
        network = ab.ReLUNetwork(widths=tuple(record["widths"]), input_dim=2)
        refused = {b.theorem.id: b for b in ab.lower_bounds(ab.LipschitzBall(dim=2), network, p=2)}
        assert refused["T1"].number is None
        assert record["T3"] == refused["T3"].value and record["T2a"] == refused["T2a"].value


@pytest.mark.parametrize("name", (*FIGURES, "table"))
def test_two_runs_agree(scripts: Any, made: tuple[Path, list[Path]], tmp_path: Path, name: str) -> None:
    product = getattr(scripts(name), name.upper())
    again = scripts("product").make([product], out=tmp_path, quick=True, progress=False)
    assert len(again) > 1
    for path in again:
        assert path.read_bytes() == (made[0] / path.name).read_bytes()


def test_write_atomically_leaves_nothing_behind_on_failure(scripts: Any, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError):
        scripts("product").write_atomically(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("name", ("rates", "table"))
def test_examples_in_docstrings(scripts: Any, name: str) -> None:
    result = doctest.testmod(scripts(name))
    assert result.attempted and not result.failed


def test_command_line(scripts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    product = scripts("theorems").THEOREMS
    scripts("product").run_from_command_line(product, argv=["--out", str(tmp_path), "--quick"])
    shown = capsys.readouterr()
    assert str(tmp_path / "theorems.pdf") in shown.out
    assert "query" in shown.err  # the progress bar


class TestTable:
    CASES = [
        (ab.HolderBall(smoothness="1/2", dim=2), 2),
        (ab.LipschitzBall(dim=4), 2),
        (ab.MonotoneFunctions(dim=4), 4),
    ]

    @pytest.mark.parametrize(("F", "p"), CASES)
    @pytest.mark.parametrize("degree", (0, 1, 2))
    def test_rows_show_what_the_library_says(
        self, scripts: Any, made: tuple[Path, list[Path]], F: FunctionClass, p: int, degree: int
    ) -> None:
        table, rates = scripts("table"), scripts("rates")
        network = table.NETWORKS[degree](widths=table.WIDTHS, input_dim=F.domain_dim)
        lower = {bound.theorem.id: bound for bound in ab.lower_bounds(F, network, p=p)}
        records = records_of(made[0], "table")
        number = next(i for i, r in enumerate(records) if (r["functions"], r["p"], r["degree"]) == (str(F), p, degree))
        cells = [rates.text_rate(lower[name].rate) for name in ("T1", "T3")]
        cells += [table.rounded_down(lower["T3"].value, tex=False), str(network.weights)]
        text = [line for line in (made[0] / "table.txt").read_text(encoding="utf-8").splitlines() if line][number + 2]
        markdown = (made[0] / "table.md").read_text(encoding="utf-8").splitlines()[number + 2]
        latex = (made[0] / "table.tex").read_text(encoding="utf-8").splitlines()
        latex = [line for line in latex if "&" in line][number + 1]
        assert all(f"  {cell}" in text for cell in cells)
        for line in (markdown, latex):
            assert all(f"${rates.latex_rate(lower[name].rate)}$" in line for name in ("T1", "T3"))
            assert table.rounded_down(lower["T3"].value, tex=True) in line and str(network.weights) in line

    def test_certificates(self, made: tuple[Path, list[Path]]) -> None:
        for record in records_of(made[0], "table"):
            assert ab.verify(record["certificate"])
            assert record["certificate"]["value"] == record["lower"]

    def test_known_upper_rate_has_the_powers_of_t3(self, scripts: Any, made: tuple[Path, list[Path]]) -> None:
        """Up to logarithms T3 and the known upper rate agree in W and L for degree 1, and never cross at fixed L."""
        rates, table = scripts("rates"), scripts("table")
        for row, (_, F, p) in enumerate(table.CLASSES):
            for degree in (1, 2):
                record = records_of(made[0], "table")[3 * row + degree]
                if record["upper_rate_theorem"] != "known-rate":
                    continue
                G = ab.FeedForwardNetwork(widths=table.WIDTHS, input_dim=F.domain_dim, degree=degree, pieces=2)
                upper = next(b.rate for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "known-rate")
                lower = next(b.rate for b in ab.lower_bounds(F, G, p=p) if b.theorem.id == "T3")
                assert record["upper_rate"] == rates.text_rate(upper)
                assert rates.exponent_in(lower, "W") == rates.exponent_in(upper, "W")
                if degree == 1:
                    assert rates.exponent_in(lower, "L") == rates.exponent_in(upper, "L")

    def test_rounded_down_never_exceeds(self, scripts: Any) -> None:
        for value in (0.009999, 1.0, 0.1, 5e-324, 123456.7):
            assert 0 <= float(scripts("table").rounded_down(value, tex=False)) <= value
