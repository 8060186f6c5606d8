"""The script of the table of brackets: what it makes of infinite, equal and missing bounds, and its files."""

import math
import sys
from pathlib import Path

import pytest

import approxbounds as ab


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
    import bench_brackets

    return bench_brackets


def row(bench, number, lower, upper, *, public=False):
    return bench.Row("group", f"F{number}", "G", "2", public, lower, upper)


def test_infinite_and_missing_bounds(bench):
    exact = row(bench, 1, {"a": math.inf, "b": 1.0}, {"c": math.inf})
    no_upper, no_lower = row(bench, 2, {"a": 1.0}, {}), row(bench, 3, {}, {"c": 2.0})
    assert exact.log_ratio == 0 and no_upper.log_ratio == no_lower.log_ratio == math.inf
    known = row(bench, 4, {"a": 0.5, "b": 1.0}, {"c": 100.0, "d": math.inf}, public=True)
    assert known.log_ratio == 2
    lines = bench.summary([exact, no_upper, no_lower, known], {}).splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["group", "4", "inf", "1.000", "1", "2"],
        ["public", "1", "2.000", "2.000", "0", "0"],
        ["all", "4", "inf", "1.000", "1", "2"],
    ]
    assert "inf" in bench.report([exact, no_upper, no_lower, known], {})
    again = bench.from_json(bench.to_json([exact, no_upper, no_lower, known]))
    assert again == [exact, no_upper, no_lower, known]


def test_gains(bench):
    old, new = row(bench, 1, {"a": 0.5}, {"c": 8.0}), row(bench, 1, {"a": 0.5, "b": 1.0}, {"c": 8.0, "d": 2.0})
    assert bench.gains_over(old, new) == (2, 4) and bench.gains_over(old, old) == (1, 1)
    infinite = row(bench, 1, {"a": math.inf}, {})
    assert bench.gains_over(old, infinite) == (math.inf, 0) and bench.gains_over(infinite, infinite) == (1, 1)
    assert bench.gain_of(new, "lower", "b", {"b"}) == 2 and bench.gain_of(new, "upper", "d", {"d"}) == 4
    assert bench.gain_of(new, "lower", "b", {"a", "b"}) == math.inf  # nothing else is known
    assert bench.theorem_of({"a": 1.0, "b": 1.0}, max) == "a"


def test_the_public_queries_are_answered_and_compared(bench, monkeypatch, tmp_path, capsys):
    assert sum(row.public for row in bench.queries()) == 45 and len({row.query for row in bench.queries()}) >= 130
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    arguments = ["bench_brackets.py", "--only", "monotone:dim=1 relu:widths=20 ", "--without", "T3"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--json", str(before)])
    assert bench.main() == 0
    first, second = bench.from_json(before.read_text())
    assert first.p == "1" and second.p == "2" and 0 < first.low <= second.low <= second.high
    F, G = ab.MonotoneFunctions(dim=1), ab.ReLUNetwork(widths=(20,), input_dim=1)
    assert second.low == ab.lower_bound(F, G, p=2).value
    assert "without T3" in capsys.readouterr().out
    better = bench.Row(*(first.group, *first.query, True), {"T3": 0.03}, first.upper)
    before.write_text(bench.to_json([better, second]))
    monkeypatch.setattr(sys, "argv", [*arguments, "--json", str(after), "--against", str(before)])
    assert bench.main() == 1 and f"worse than before: {' '.join(first.query)}" in capsys.readouterr().out
    assert bench.from_json(after.read_text()) == [first, second]
