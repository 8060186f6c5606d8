"""The paper's figures and table: every script runs, its numbers are brackets and those of the manifest."""

from __future__ import annotations

import doctest
import importlib
import json
import math
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structure import circles, type_only

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.complexity.pseudo_dimension import growth_steps
from approxbounds.functions.base import FunctionClass
from hadamrnn.errors import BoundViolationError

ROOT = Path(__file__).resolve().parents[1]
BRACKETS = ("bracket", "monotone", "theorems")
QUICK = (*BRACKETS, "quantised", "hard_functions", "derivation", "table")  # made twice


@pytest.fixture(scope="module")
def scripts() -> Any:
    """A function that imports a module of paper_figures, which is not installed."""
    sys.path.insert(0, str(ROOT))
    try:
        yield lambda name: importlib.import_module(f"paper_figures.{name}")
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def made(scripts: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """Everything made once on coarse grids: the folder, and what was made."""
    out = tmp_path_factory.mktemp("figures")
    return out, scripts("runner").make(scripts("make_all").PRODUCTS, out=out, quick=True, progress=False)


def test_no_circles() -> None:
    assert circles(ROOT / "paper_figures") == []
    assert type_only(ROOT / "paper_figures") == []


def records_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["records"]


def test_files(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    out, products = made
    figures = [product.name for product in scripts("make_all").PRODUCTS if product.name != "table"]
    names = {f"{name}.{kind}" for name in figures for kind in ("pdf", "png", "json")}
    names |= {f"table.{kind}" for kind in ("txt", "md", "tex", "json")}
    assert {path.name for each in products for path in each.paths} == names
    assert {path.name for path in out.iterdir()} == names  # and no temporary file
    for name in figures:
        assert (out / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        png = (out / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG") and len(png) <= 300_000


def test_numbers_are_those_of_the_manifest(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    """What ``make_all --check --quick`` compares; and the manifest holds nothing else."""
    manifest = scripts("manifest")
    stored = manifest.read()
    assert set(stored) == {product.name for product in scripts("make_all").PRODUCTS}
    assert [line for each in made[1] for line in manifest.differences(each.product, each.records, stored)] == []


def test_training_reproduces_what_is_stored(scripts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A few of the networks that ``make experiments`` trains."""
    trained = [product for product in scripts("make_all").PRODUCTS if product.train is not None]
    assert [product.name for product in trained] == ["capacity", "approximation"]
    path = scripts("manifest").MANIFEST
    assert scripts("runner").check(trained, path=path, quick=True, train=True, progress=False) == []


class TestStoredResults:
    """Figures are drawn from what training gave once."""

    ERRORS = {"seed": 0, "errors": [0.25, 0.5]}

    @pytest.fixture
    def product(self, scripts: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
        """One that trains, with its results in a folder of its own."""
        results = scripts("results")
        monkeypatch.setattr(results.read, "__kwdefaults__", {"folder": tmp_path})
        monkeypatch.setattr(results.write, "__kwdefaults__", {"folder": tmp_path})
        return scripts("product").Product(
            name="name",
            about="what it is",
            caption="",
            queries=lambda *, quick: [{"n": 1}],
            train=lambda n: self.ERRORS,
            solve=lambda n, trained: {"n": n, "least": min(trained["errors"])},
            write=lambda **_: [],
            tolerances={"least": 0.1},
        )

    def test_update_then_check(self, scripts: Any, product: Any, tmp_path: Path) -> None:
        runner, path = scripts("runner"), tmp_path / "manifest.json"
        how: dict[str, Any] = {"path": path, "progress": False}
        with pytest.raises(ab.ParameterError, match="results='n=1': is not stored for name: use --train"):
            runner.update([product], **how)
        runner.update([product], train=True, **how)
        stored = json.loads((tmp_path / "name.json").read_text())
        assert stored["about"] == "what it is" and len(stored["date"]) == 10
        assert set(stored["versions"]) == {"python", "approxbounds", "numpy", "scipy"}
        assert stored["results"] == [{"label": "n=1", "trained": self.ERRORS}]
        assert runner.check([product], **how) == runner.check([product], train=True, **how) == []
        other = replace(product, train=lambda n: {"seed": 0, "errors": [0.375]})
        assert runner.check([other], **how) == []  # which does not train
        (line,) = runner.check([other], train=True, **how)
        assert line == "name: n=1: least: stored 0.25, now 0.375 (allowed: 0.1 relative)"

    def test_queries_that_need_no_training(self, scripts: Any, product: Any, tmp_path: Path) -> None:
        """Only the others are trained and stored."""
        runner, path = scripts("runner"), tmp_path / "manifest.json"
        half = replace(
            product,
            queries=lambda *, quick: [{"n": 1}, {"n": 2}],
            trains=lambda n: n == 1,
            solve=lambda n, trained=None: {"n": n, "least": trained and min(trained["errors"])},
        )
        runner.update([half], path=path, train=True, progress=False)
        assert list(scripts("results").read("name")) == ["n=1"]
        assert runner.check([half], path=path, progress=False) == []
        assert scripts("manifest").read(path)["name"]["n=2"] == {"n": 2, "least": None}

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"results": [1]}', '{"results": [{"label": "n=1"}]}'])
    def test_what_is_no_file_of_results_is_bad_input(
        self, scripts: Any, product: Any, tmp_path: Path, content: str
    ) -> None:
        (tmp_path / "name.json").write_text(content)
        with pytest.raises(ab.ParameterError, match="must be a file that --train --update has written"):
            scripts("runner").check([product], path=tmp_path / "manifest.json", progress=False)

    def test_stored_errors_are_held_against_the_bound(self, scripts: Any) -> None:
        """Each time that they are drawn: should a bound be too good, the figure fails."""
        query = {"panel": "hadamrnn", "size": 1, "targets": 20, "restarts": 4}
        with pytest.raises(BoundViolationError):
            scripts("approximation").solve(**query, trained={"seed": 0, "errors": [1e-9] * 2000})
        labels = {"panel": "hidden", "family": "hadamrnn", "hidden": 1, "steps": 10, "bits": 4}
        for panel, trained in (("hidden", {"fitted": [99] * 4}), ("shattered", {})):
            with pytest.raises(BoundViolationError):
                scripts("capacity").solve(**labels | {"panel": panel}, trained={"measured": 99} | trained)


class TestExperiments:
    """``make experiments``, without its training."""

    @pytest.fixture
    def experiments(self, scripts: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        module = scripts("experiments")
        monkeypatch.setattr(module, "check", lambda products, **_: [])
        return module

    def test_data_that_are_not_there(
        self, experiments: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = json.loads((ROOT / "paper_figures" / "data" / "qornn.json").read_text())["rows"]
        asked = []

        def trained(name: str, seeds: int, data: Path, out: Path) -> list[dict[str, Any]]:
            asked.append((name, seeds))
            return [row for row in rows if row["task"] == name]

        monkeypatch.setattr(experiments, "_trained", trained)
        (tmp_path / "mnist").mkdir()
        assert experiments.main(["--out", str(tmp_path / "out")]) == 0
        assert asked == [("copy", 1)]
        said = capsys.readouterr().out
        assert "text: skipped: needs text/moby_dick.txt.gz" in said and "copy: the stored numbers are re" in said
        assert experiments.main(["--out", str(tmp_path / "out"), "--all", "--data", str(tmp_path)]) == 0
        assert asked[1:] == [("copy", 3), ("permuted", 3), ("sequential", 3), ("copy-1000", 2)]
        rows = [{**row, "runs": [{**run, "score": 0.5} for run in row["runs"]]} for row in rows]
        assert experiments.main(["--out", str(tmp_path / "out")]) == 1

    def test_one_row_of_the_table(self, experiments: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The script is called as it wants to be, and its rows are those stored: here without training any."""
        monkeypatch.setitem(experiments.TASKS, "copy", ("none", None))
        assert experiments._trained("copy", 1, tmp_path, tmp_path) == []
        names = {name.partition("*")[0] for name, _ in experiments.TASKS.values()}
        assert names == {"none", "permuted-", "sequential-", "text-", "copy-1000-"}


def test_captions_cite(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    for each in made[1]:
        sources = each.product.sources(each.records.values())
        assert sources and all(f"[{source.key}]" in str(each) for source in sources)
        assert each.product.caption in str(each) and "  " not in each.product.caption
    growth = next(each for each in made[1] if each.product.name == "bracket")
    assert "MorganSommese1987" in str(growth)  # not of T3 itself, but of what the bounds rest on


class TestCheck:
    """``--check`` and ``--update`` of one script."""

    @pytest.fixture
    def run(self, scripts: Any, tmp_path: Path) -> Any:
        def run(*argv: str) -> None:
            product = scripts("theorems").THEOREMS
            argv = (*argv, "--no-progress", "--manifest", str(tmp_path / "manifest.json"))
            scripts("runner").run_from_command_line(product, argv=argv)

        return run

    def test_update_then_check(
        self, scripts: Any, run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = {"other": {"query": {"value": 1}}}
        scripts("manifest").write(other, tmp_path / "manifest.json")
        run("--update")
        run("--check", "--quick")
        run("--check")
        assert "theorems: all numbers are those of the manifest" in capsys.readouterr().out
        stored = scripts("manifest").read(tmp_path / "manifest.json")
        assert stored["other"] == other["other"] and stored["theorems"] == scripts("manifest").read()["theorems"]
        assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]  # no figure was drawn

    def test_every_difference_is_told(
        self, scripts: Any, run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        manifest, path = scripts("manifest"), tmp_path / "manifest.json"
        records = dict(manifest.read()["theorems"])
        first = records["width=4"]
        records["width=4"] = {**first, "T3": first["T3"] * (1 + 2**-52), "T1_rate_without_constant": 0.5}
        records["width=9"] = first
        del records["width=40"]
        manifest.write({"theorems": records}, path)
        with pytest.raises(SystemExit) as ended:
            run("--check", "--quick")
        assert ended.value.code == 1
        assert capsys.readouterr().out.splitlines() == [
            f"theorems: width=4: T3: stored {first['T3'] * (1 + 2**-52)!r}, now {first['T3']!r}",
            "theorems: width=4: T1_rate_without_constant: stored 0.5, now "
            f"{first['T1_rate_without_constant']!r} (allowed: 1e-12 relative)",
            "theorems: width=40: not in the manifest",
            "theorems: width=9: no longer asked",
        ]

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"theorems": 1}', "[" * 10**5])
    def test_what_is_no_manifest_is_bad_input(
        self, run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
    ) -> None:
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(SystemExit) as stop:
            run("--check", "--quick")
        message = capsys.readouterr().err  # a long path is shortened
        assert stop.value.code == 2 and "manifest='" in message and ": must be a file that --update has" in message

    def test_no_manifest(self, run: Any, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            run("--check", "--quick")
        assert capsys.readouterr().out.count("not in the manifest") == 3

    @pytest.mark.parametrize(
        ("stored", "fresh", "equal"),
        [
            ({"a": 1}, {"a": 1}, True),
            ({"a": 1}, {"a": 1.0}, False),  # exact means the same kind of number
            ({"a": 1}, {"a": True}, False),
            ({"a": 1}, {"b": 1}, False),
            ({"a": [1, 2]}, {"a": (1, 2)}, True),
            ({"a": [1, 2]}, {"a": [1, 2, 3]}, False),
            ({"a": 1.0}, {"a": 1.05}, False),
            ({"about": 1.0}, {"about": 1.05}, True),  # within a tenth
            ({"about": 1}, {"about": 1.05}, True),
            ({"about": 1.0}, {"about": 1.2}, False),
            ({"about": {"x": [1.0]}}, {"about": {"x": [1.05]}}, True),  # and all inside
            ({"about": 1}, {"about": True}, False),
            ({"about": "1"}, {"about": "1"}, True),
            ({"about": None}, {"about": 0.0}, False),
        ],
    )
    def test_comparison(self, scripts: Any, stored: Any, fresh: Any, equal: bool) -> None:
        product = scripts("product").Product(
            name="name",
            about="",
            caption="",
            queries=lambda *, quick: [{"n": 1}],
            solve=lambda n: fresh,
            write=lambda **_: [],
            tolerances={"about": 0.1},
        )
        found = scripts("manifest").differences(product, {"n=1": fresh}, {"name": {"n=1": stored}})
        assert (found == []) is equal


@pytest.mark.parametrize("name", (*BRACKETS, "table"))
def test_numbers_are_brackets(made: tuple[Path, list[Any]], name: str) -> None:
    records = records_of(made[0], name)
    assert records
    for record in records:
        assert 0 < record["lower"] <= record["upper"]


def test_bracket_compares_bounds_on_one_network(made: tuple[Path, list[Any]]) -> None:
    for record in records_of(made[0], "bracket"):
        units = record["degree"] + 1
        k, d = record["k"], record["dim"]
        assert record["widths"] == [units * d * (k - 1), units * (k**d - 1)]
        assert record["upper_theorem"] in ab.THEOREMS


def test_monotone_shows_each_change_of_regime_and_stays_below_the_wall(made: tuple[Path, list[Any]]) -> None:
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


def test_quantised_networks_switch_to_the_finite_count(scripts: Any, made: tuple[Path, list[Any]]) -> None:
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


def test_capacity_of_gated_networks_is_that_of_their_bits(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    """4 bits times the parameters of 4 or 3 gates and of the output; nothing is measured."""
    gates = {"lstm": 4, "gru": 3}
    bounded = [record for record in records_of(made[0], "capacity") if record["family"] in gates]
    assert sorted((r["family"], r["panel"]) for r in bounded) == sorted(
        (family, panel) for family in gates for panel in ("hidden", "steps")
    )
    for record in bounded:
        n = record["hidden"]
        assert record["bound"] == 4 * (gates[record["family"]] * n * (n + 1 + 1) + n + 1)
        assert record["bits"] == 4 and "measured" not in record


def test_theorems_draws_t1_as_a_rate_only(made: tuple[Path, list[Any]]) -> None:
    for record in records_of(made[0], "theorems"):
        network = ab.ReLUNetwork(widths=tuple(record["widths"]), input_dim=2)
        refused = {b.theorem.id: b for b in ab.lower_bounds(ab.LipschitzBall(dim=2), network, p=2)}
        assert refused["T1"].number is None
        assert record["T3"] == refused["T3"].value and record["T2a"] == refused["T2a"].value


def test_hard_functions_are_in_their_classes(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    script = scripts("hard_functions")
    for record in records_of(made[0], "hard_functions"):
        _, F, index = script.CASES[record["case"]]
        f, omega = np.array(record["values"]), np.array(record["omega"])
        assert 0 < omega.sum() < omega.size  # a pattern that shows both
        if isinstance(F, ab.MonotoneFunctions):
            assert set(f.ravel()) == {0.0, 1.0}
            assert (np.diff(f, axis=0) >= 0).all() and (np.diff(f, axis=1) >= 0).all()
            assert index["k"] == omega.size and np.trace(f[::-1]) == omega.sum()  # free on the antichain, by omega
        else:
            assert (np.sign(f).ravel(order="F") == 2 * omega - 1).all()  # cubes are numbered with x_1 fastest
            family = script.member(record["case"])[0]
            height = float(family.norm(FLOAT, index, math.inf))
            assert [*np.abs(f).ravel(), record["height"]] == pytest.approx([height] * (f.size + 1), rel=1e-12)


def test_derivation_draws_the_steps_of_the_bound(scripts: Any, made: tuple[Path, list[Any]]) -> None:
    """The boxes are what the arrows take them for."""
    (record,) = records_of(made[0], "derivation")
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(16, 16), input_dim=2)
    bound = ab.lower_bound(F, G, p=2)
    assert record["theorem"] == bound.theorem.id == "T3" and ab.verify(record["certificate"])
    assert record["steps"] == [step.text for step in bound.steps]
    functions, network, family, growth, _, theorem = record["steps"]
    assert functions == F.definition and network == G.definition
    assert family.startswith(F.families[0].describe({"k": bound.witness["k"]}))
    cells = F.families[0].cells({"k": bound.witness["k"]})
    assert [growth] == [step.text for step in growth_steps(G.growth(F.families[0].centres), cells)]
    assert theorem.startswith(bound.theorem.statement[:20])
    script = scripts("derivation")
    assert sorted(i for row in script.GRID for i in row) == list(range(len(record["steps"]) + 1))
    assert {end for _, end in script.ARROWS} == set(range(2, 7))  # everything but F and G rests on something


@pytest.mark.parametrize("name", QUICK)
def test_two_runs_agree(scripts: Any, made: tuple[Path, list[Any]], tmp_path: Path, name: str) -> None:
    product = getattr(scripts(name), name.upper())
    (again,) = scripts("runner").make([product], out=tmp_path, quick=True, progress=False)
    assert len(again.paths) > 1
    for path in again.paths:
        assert path.read_bytes() == (made[0] / path.name).read_bytes()


HARD_TARGETS = tuple(f"hard_targets.{name}" for name in ("comparison", "feedforward", "pairs", "regression"))


@pytest.mark.parametrize("name", ("rates", "table", "manifest", "experiments", *HARD_TARGETS))
def test_examples_in_docstrings(scripts: Any, name: str) -> None:
    result = doctest.testmod(scripts(name))
    assert result.attempted and not result.failed


def test_a_folder_that_cannot_be_written_is_bad_input(
    scripts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(SystemExit) as stop:
        scripts("runner").run_from_command_line(scripts("theorems").THEOREMS, argv=["--out", str(tmp_path / "file")])
    assert stop.value.code == 2 and "File exists" in capsys.readouterr().err


def test_command_line(scripts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    product = scripts("theorems").THEOREMS
    scripts("runner").run_from_command_line(product, argv=["--out", str(tmp_path), "--quick"])
    shown = capsys.readouterr()
    assert str(tmp_path / "theorems.pdf") in shown.out and product.caption in shown.out
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
        self, scripts: Any, made: tuple[Path, list[Any]], F: FunctionClass, p: int, degree: int
    ) -> None:
        table, rates = scripts("table"), scripts("rates")
        network = table.NETWORKS[degree](widths=table.WIDTHS, input_dim=F.domain_dim)
        lower = {bound.theorem.id: bound for bound in ab.lower_bounds(F, network, p=p)}
        records = records_of(made[0], "table")
        number = next(i for i, r in enumerate(records) if (r["functions"], r["p"], r["degree"]) == (str(F), p, degree))
        cells = [rates.text_rate(lower[name].rate) for name in ("T1", "T3")]
        best = max(b.value for b in lower.values() if b.number is not None)
        cells += [table.rounded_down(best, tex=False), str(network.weights)]
        text = [line for line in (made[0] / "table.txt").read_text(encoding="utf-8").splitlines() if line][number + 2]
        markdown = (made[0] / "table.md").read_text(encoding="utf-8").splitlines()[number + 2]
        latex = (made[0] / "table.tex").read_text(encoding="utf-8").splitlines()
        latex = [line for line in latex if "&" in line][number + 1]
        assert all(f"  {cell}" in text for cell in cells)
        for line in (markdown, latex):
            assert all(f"${rates.latex_rate(lower[name].rate)}$" in line for name in ("T1", "T3"))
            assert table.rounded_down(best, tex=True) in line and str(network.weights) in line

    def test_certificates(self, made: tuple[Path, list[Any]]) -> None:
        for record in records_of(made[0], "table"):
            assert ab.verify(record["certificate"])
            assert record["certificate"]["value"] == record["lower"]

    def test_known_upper_rate_has_the_powers_of_t3(self, scripts: Any, made: tuple[Path, list[Any]]) -> None:
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
