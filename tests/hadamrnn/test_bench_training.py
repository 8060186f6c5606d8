"""The script of the trained accuracies: what it keeps of finished runs."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNS = [{"name": "a", "seed": 0, "score": 0.5}, {"name": "a", "seed": 1, "score": 0.25}]


@pytest.mark.parametrize("cut", [0, 1, 10])
def test_a_last_line_that_was_cut_off_is_run_again(cut, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    from bench_training import Results

    path = tmp_path / "out.jsonl"
    for run in RUNS:
        Results(path).add([run])
    text = path.read_text()
    path.write_text(text[: len(text) - cut])
    found = Results(path)
    assert found.has("a", 0) and found.has("a", 1) is (cut == 0)
    found.add(RUNS[len(found.runs) :])
    assert Results(path).runs == found.runs == RUNS and path.read_text() == text
    path.write_text(text[:5])
    assert not Results(path).runs and path.read_text() == ""


def test_the_stored_protocols_are_runs_of_the_plan(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    from bench_training import Results, protocols, signs

    least = dict.fromkeys(protocols(), 0.9) | dict.fromkeys(signs(), 0.7)
    plan, runs = protocols() | signs(), Results(ROOT / "paper_figures" / "data" / "protocols.jsonl").runs
    stored = [(run["name"], run["seed"]) for run in runs]
    told = [name for name in plan if not name.endswith("-flips")]  # of these the page tells what happened
    assert sorted(stored) == sorted((name, seed) for name in told for seed in range(3))
    for run in runs:
        experiment, settings = plan[run["name"]], run["settings"]
        assert settings["fit"] == experiment.fit and settings["model"]["seed"] == run["seed"]
        own = {name: value for name, value in experiment.model.items() if name != "kind"}
        assert own.items() <= settings["model"].items()
        assert run["score"] == run["test"][experiment.metric] > least[run["name"]]
