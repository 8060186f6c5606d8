"""Sweeps on the command line, and bad input to them."""

import importlib
import json
import sys

import pytest

import approxbounds as ab
from approxbounds.cli import main

module = importlib.import_module("approxbounds.sweep")  # the package's attribute of this name is the function

CLASSES = [ab.LipschitzBall(dim=1), ab.HolderBall(smoothness="3/2", dim=2)]
RELU, HEAVISIDE = ab.ReLUNetwork(widths=(8, 8), input_dim=1), ab.HeavisideNetwork(widths=(5, 30), input_dim=2)
LINEAR = ab.LinearSpace(dimension=5)  # of any dimension

COMMAND = ["lipschitz:dim=1", "holder:smoothness=3/2,dim=2", "relu:widths=8x8", "linear:dimension=5", "-p", "1", "inf"]


def test_command_line_is_the_library(tmp_path, capsys):
    networks = [
        network
        for dim in (1, 2)
        for network in (ab.ReLUNetwork(widths=(8, 8), input_dim=dim), ab.LinearSpace(dimension=5, input_dim=dim))
    ]
    found = ab.sweep(CLASSES, networks, [1, "inf"], quantity="bracket", progress=False)
    file = tmp_path / "grid"
    file.write_text("\n".join(COMMAND[:2]) + "\n\n " + "\n".join(COMMAND[2:4]) + " \n\n")  # blanks mean nothing
    quantity = ["--quantity", "bracket"]
    for words in (
        ["sweep", *COMMAND, *quantity],
        ["sweep", f"@{file}", "-p", "1", "-p", "inf", *quantity, "--workers", "2", "--directory", str(tmp_path / "x")],
    ):
        assert main([*words, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == list(found)
    for name in ("text", "markdown", "latex", "csv"):
        assert main(["sweep", *COMMAND, *quantity, "--format", name]) == 0
        assert capsys.readouterr().out.rstrip("\n") == getattr(found, f"to_{name}")().rstrip("\n")


BAD = {
    "classes=None": ({"classes": None}, "F=None: must be a function class"),
    "classes=text": ({"classes": "lipschitz"}, "F='lipschitz': must be a function class"),
    "classes=[]": ({"classes": []}, r"classes=\[\]: must have from 1 to 10000 entries"),
    "classes=[F, None]": ({"classes": [CLASSES[0], None]}, "F=None"),
    "classes=dict": ({"classes": {CLASSES[0]: 1}}, "classes=.*must be a sequence"),
    "networks=class": ({"networks": CLASSES[0]}, "G=.*must be a network class"),
    "networks=()": ({"networks": ()}, r"networks=\(\)"),
    "p=1/2": ({"p": [2, 0.5]}, "p=0.5: must be at least 1"),
    "p=[]": ({"p": []}, r"p=\[\]"),
    "p=[[2]]": ({"p": [[2]]}, r"p=\[2\]"),
    "no partner": ({"classes": CLASSES, "networks": RELU}, "classes='HolderBall.*has dimension 2, as no network"),
    "no class": ({"networks": [LINEAR, HEAVISIDE]}, "networks='Heaviside.*has dimension 2, as no class"),
    "too many": ({"classes": CLASSES[:1] * 101, "networks": [LINEAR] * 100, "p": [1] * 100}, "at most 1000000"),
    "quantity": ({"quantity": "both"}, "quantity='both': must be one of lower, upper, bracket"),
    "quantity=list": ({"quantity": ["lower"]}, "quantity="),
    "workers=0": ({"workers": 0}, "workers=0: must be an integer from 1 to 1024"),
    "workers=-1": ({"workers": -1}, "workers=-1"),
    "workers=True": ({"workers": True}, "workers=True"),
    "workers=2.5": ({"workers": 2.5}, "workers=2.5"),
    "classes=type": ({"classes": ab.LipschitzBall}, "F=<class.*must be a function class"),
    "classes=[[F]]": ({"classes": [[CLASSES[0]]]}, r"F=\[.*must be a function class"),
    "networks=[{}]": ({"networks": [{}]}, "G={}: must be a network class"),
    "directory=3": ({"directory": 3}, "directory=3: must be the name of a directory"),
    "directory=''": ({"directory": ""}, "directory='': must be the name of a directory"),
    "directory=NUL": ({"directory": "a\0b"}, "directory=.*must be the name of a directory"),
    "progress=1": ({"progress": 1}, "progress=1: must be True or False"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input(options, message):
    good = {"classes": CLASSES[0], "networks": [LINEAR], "p": 2, "progress": False}
    with pytest.raises(ab.ParameterError, match=message):
        ab.sweep(**(good | options))


def test_a_directory_that_cannot_be_written(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("text")
    with pytest.raises(ab.ParameterError, match=r"directory=.*cannot be written \(File exists\)"):
        ab.sweep(CLASSES[0], RELU, 2, directory=file, progress=False)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(ab.ParameterError, match=r"directory=.*cannot be written \(No space left on device\)"):
        ab.sweep(CLASSES[0], RELU, 2, directory=tmp_path, progress=False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lipschitz:dim=1", "-p", "2"], "one network class"),
        (["lipschiz:dim=1", "relu:widths=8", "-p", "2"], "class='lipschiz:dim=1': must begin with the name of a class"),
        (["lipschitz:dim=1", "relu:widths=8"], "--p"),
        (["lipschitz:dim=1", "relu:widths=8", "-p", "0"], "p='0'"),
        (["lipschitz:dim=1", "relu:widths=0", "-p", "2"], "widths[0]='0'"),
        (["lipschitz:dim=1", "relu:widths=8", "-p", "2", "--workers", "two"], "workers='two'"),
        (["lipschitz:dim=1", "relu:widths=8,input_dim=2", "-p", "2"], "has dimension 1, as no network has"),
        (["lipschitz:dim=1", "relu:widths=8", "-p", "2", "--quantity", "all"], "invalid choice: 'all'"),
        (["@missing", "-p", "2"], "file='missing': cannot be read"),
        ([f"@{sys.executable}", "-p", "2"], "cannot be read ('utf-8' codec"),
        (["@", "-p", "2"], "file='': cannot be read"),
        (["lipschitz:dim=1", "relu:widths=8", "-p", "2", "--directory", "/dev/null/x"], "directory='/dev/null/x'"),
    ],
)
def test_bad_commands(words, message, capsys):
    try:
        status = main(["sweep", *words])
    except SystemExit as stop:  # argparse
        status = stop.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and message in err and "Traceback" not in err
