"""The script of the table of QORNN: what it keeps of a run, its tables, and that the stored results fit together."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from task_files import mnist

import hadamrnn as hr
from hadamrnn.tasks import CopyTask, ImageTask

ROOT = Path(__file__).parents[2]
STORED = ROOT / "paper_figures" / "data" / "qornn.json"


@pytest.fixture
def bench(monkeypatch):
    """The script, with two tiny tasks."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    import bench_qornn

    def copy(data, seed):
        return CopyTask(length=12, symbols=2, copies=1, train_size=64, test_size=32, seed=seed)

    def images(data, seed):
        return ImageTask(path=str(data), permuted=True, seed=seed)

    fit = {"epochs": 2, "batch_size": 16}
    settings = {
        "copy": bench_qornn.Setting(copy, "accuracy_copied", "linear", fit, {"epochs": 1}),
        "permuted": bench_qornn.Setting(images, "accuracy", "linear", fit, {"epochs": 1}),
    }
    small = {"SETTINGS": settings, "HIDDEN": 8, "HADAMARD": ((8, None), (16, 4)), "WIDTHS": {8: (8, 16)}}
    for name, value in small.items():
        monkeypatch.setattr(bench_qornn, name, value)
    keys = [
        "full",
        "hadamrnn-8",
        "grid-3",
        *(f"{strategy}-{bits}" for strategy in bench_qornn.TRAINED for bits in (4, 6)),
    ]
    monkeypatch.setattr(bench_qornn, "RATES", {f"{name}-{key}": (0.01, 1.0) for name in settings for key in keys})
    return bench_qornn


def go(bench, tmp_path, *names, seeds=1):
    given = argparse.Namespace(names=names, data=tmp_path, seeds=seeds, workers=1, out=tmp_path / "out.jsonl", log=None)
    return bench.run_named({**bench.searches(), **bench.rows()}, given).runs


def other(data):
    """A row with other bits."""
    return {**data["rows"][0], "recurrent_bits": 11}


def test_a_run_is_kept_with_its_settings_and_measures(bench, tmp_path):
    mnist(tmp_path)
    runs = go(bench, tmp_path, "permuted-full", "permuted-bjorck-4", "permuted-hadamrnn-16-block-4", seeds=2)
    assert go(bench, tmp_path, "permuted-full", seeds=2) == runs  # nothing is run again
    assert len(runs) == 2 * (1 + 7 + 1 + 1)
    found = {run["name"]: run for run in runs if run["seed"] == 1}
    task = ImageTask(path=str(tmp_path), permuted=True, seed=1)
    model = hr.model_for(task, kind="qornn", hidden=8, seed=1, recurrent_rate=1.0, scale="max", start="haar")
    hr.fit(model, task, epochs=2, batch_size=16, learning_rate=0.01, progress=False)
    for bits in (None, 2, 8):
        expected = model if bits is None else hr.quantised(model, recurrent_bits=bits, bits=bits)
        run, W = found["permuted-full" if bits is None else f"permuted-ptq-{bits}"], expected.recurrent_matrix()
        assert run["score"] == pytest.approx(hr.evaluate(expected, task)["accuracy"], rel=1e-4)
        assert run["loss"] == pytest.approx(hr.evaluate(expected, task)["loss"], rel=1e-4)
        assert run["defect"] == pytest.approx(hr.orthogonality_defect(W), rel=1e-4)
        assert run["singular_values"] == pytest.approx(hr.singular_values(W), rel=1e-4)
        assert run["kB"] == hr.sizes(expected.config)["total"].packed / 1000
        assert (
            run["model"]["strategy"] == ("projunn" if bits is None else "ptq") and run["fit"]["learning_rate"] == 0.01
        )
        assert ("integers" in run) == (bits is not None)
    floats = found["permuted-ptq-8"]["integers"]
    assert floats["float"] == found["permuted-ptq-8"]["score"]  # fewer test sequences than the most
    assert floats["12"] == pytest.approx(floats["float"], abs=0.11)
    assert found["permuted-hadamrnn-16-block-4"]["defect"] < 1e-5
    data = bench.compact(runs)
    assert json.loads(bench.as_json(data)) == data and not data["search"]
    (task,) = data["tasks"]
    assert (task["metric"], task["steps"], task["batch_size"], task["epochs"]) == ("accuracy", 12, 16, 2)
    assert {row["recurrent_bits"] for row in data["rows"] if row["kind"] == "hadamrnn"} == {1}
    assert {row["recurrent_bits"] for row in data["rows"] if row["strategy"] == "ptq"} == set(bench.BITS)
    assert all([run["seed"] for run in row["runs"]] == [0, 1] for row in data["rows"])
    older = {
        "tasks": [task | {"epochs": 9, "more": 1}],
        "search": [],
        "rows": [{**row, "runs": []} for row in [*data["rows"], other(data)]],
    }
    both = bench.added(older, data)
    assert both["tasks"] == [task | {"more": 1}] and [row for row in both["rows"] if row["runs"]] == data["rows"]
    assert [row for row in both["rows"] if not row["runs"]] == [{**other(data), "runs": []}]
    scores = {name: [run["score"] for run in runs if run["name"] == name] for name in found}
    ptq = (f"{np.mean(scores[f'permuted-ptq-{bits}']):.3f}" for bits in bench.BITS)
    assert f"| ptq | {' | '.join(ptq)} | {np.mean(scores['permuted-full']):.3f} |" in bench.tables(data)
    changes = [run["integers"]["12"] - run["integers"]["float"] for run in runs if run["name"] == "permuted-bjorck-4"]
    assert f"| change by 12-bit states, bjorck |  |  | {np.mean(changes):+.3f} |" in bench.tables(data)


def test_divergence_is_a_result(bench, tmp_path):
    bench.RATES["copy-projunn-4"] = (1e6, 1.0)
    (run,) = go(bench, tmp_path, "copy-projunn-4")
    assert run["score"] is run["loss"] is None and "not finite" in run["reason"]
    assert "| projunn | - |  |\n" in bench.tables(bench.compact([run]))


def test_the_best_rates_are_those_of_the_validation(bench, tmp_path):
    runs = go(bench, tmp_path, "search-copy-penalty-4-*", "search-copy-hadamrnn-8-0.001-*")
    assert {run["part"] for run in runs} == {"validation"}
    losses = {run["name"]: run["loss"] for run in runs}
    found = bench.best_rates(bench.compact(runs))
    assert set(found) == {"copy-penalty-4", "copy-hadamrnn-8"}
    for key, (rate, share) in found.items():
        least = min(loss for name, loss in losses.items() if name.startswith(f"search-{key}-"))
        assert losses[f"search-{key}-{rate:g}-{share:g}"] == least


def test_the_stored_results_are_of_the_rates_that_were_searched(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    import bench_qornn

    text = STORED.read_text("utf-8")
    data = json.loads(text)
    assert bench_qornn.as_json(data) == text
    assert bench_qornn.best_rates(data) == bench_qornn.RATES
    expected = {}
    for name, training in bench_qornn.rows().items():
        model = training.model
        share = model.get("sign_scale", model.get("recurrent_rate"))
        expected[name] = (training.fit["learning_rate"], share)
    for row in data["rows"]:
        name = f"{row['task']}-{row['strategy']}"
        if row["strategy"] == "hadamrnn":
            name += f"-{row['n']}" + (f"-block-{row['block']}" if "block" in row else "")
        elif row["strategy"] in (*bench_qornn.TRAINED, "grid"):
            name += f"-{row['recurrent_bits']}"
        rates = row["learning_rate"], row.get("sign_scale", row.get("recurrent_rate"))
        assert rates == expected[name.replace("ptq", "full")]
