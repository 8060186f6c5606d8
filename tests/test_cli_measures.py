"""Measures on the command line."""

import json

import numpy as np
import pytest

import approxbounds as ab
from approxbounds.cli import main
from approxbounds.cli.measures import parse_measure

G = "relu:widths=5"


@pytest.mark.parametrize(
    ("text", "dim", "mu"),
    [
        ("normal", 2, ab.Normal(dim=2)),
        ("normal:dim=1,mean=-1/2,deviation=3", 1, ab.Normal(dim=1, mean="-1/2", deviation=3)),
        ("box:low=0x0,high=2x3/2", 2, ab.Box(low=(0, 0), high=(2, "3/2"))),
        ("normal*exponential:rate=2", 2, ab.Product(marginals=(ab.Normal(dim=1), ab.Exponential(rate=2)))),
        ("lebesgue", 3, ab.Lebesgue(dim=3)),
    ],
)
def test_measures_are_read(text, dim, mu):
    assert parse_measure(text, dim) == mu


def test_answers_are_those_of_the_library(capsys):
    F = ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1))
    expected = ab.lower_bound(F, ab.ReLUNetwork(widths=(5,), input_dim=1), p=2)
    assert main(["lower", "lipschitz:dim=1", G, "-p", "2", "--measure", "normal", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["value"] == expected.value and ab.verify(found["certificate"])
    assert main(["table", "lipschitz:dim=1", "monotone:dim=1", G, "-p", "1", "--measure", "uniform:high=3"]) == 0
    assert main(["sweep", "monotone:dim=1", G, "-p", "1", "2", "--measure", "normal"]) == 0
    assert main(["weights", "monotone:dim=1", "--error", "1/9", "-p", "2", "--depth", "2", "--measure", "normal"]) == 0
    assert "certified" in capsys.readouterr().out


def test_files_of_points(tmp_path, capsys):
    X = np.random.default_rng(0).random((400, 2))
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.csv").write_text("\n".join(",".join(map(repr, row)) for row in X.tolist()) + "\n\n")
    mu = ab.Empirical(points=X)
    assert parse_measure(str(tmp_path / "x.npy")) == parse_measure(str(tmp_path / "x.csv")) == mu
    certificate = tmp_path / "bound.json"
    asked = ["lower", "monotone:dim=2", "linear:dimension=3", "-p", "2", "--measure", str(tmp_path / "x.csv")]
    assert main([*asked, "--certificate", str(certificate)]) == 0 and main(["verify", str(certificate)]) == 0
    (tmp_path / "text.csv").write_text("0.5,1\nheight,2\n")
    (tmp_path / "ragged.csv").write_text("0.5,1\n2\n")
    (tmp_path / "nan.csv").write_text("0.5,nan\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bad.npy").write_bytes(b"no array")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    capsys.readouterr()
    for name, reason in {
        "text.csv": "numbers separated by commas",
        "ragged.csv": "must have 2 numbers",
        "nan.csv": "NaN",
        "empty.csv": "not empty",
        "bad.npy": "cannot be read",
        "objects.npy": "cannot be read",
        "none.csv": "cannot be read",
        "normal:spread=3": "parameter=value",
        "cauchy": "NAME one of",
    }.items():
        measure = name if "." not in name else str(tmp_path / name)
        assert main(["lower", "monotone:dim=2", "linear:dimension=3", "-p", "2", "--measure", measure]) == 2
        assert reason in capsys.readouterr().err
