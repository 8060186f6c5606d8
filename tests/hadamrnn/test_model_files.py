"""Model files of every kind that earlier code wrote are read as it read them, and written again byte by byte.

Settings that are gone are left out where they say what still is, and refused by name elsewhere.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.deployed.packed import HEAD, TAIL

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERS = json.loads((FIXTURES / "answers.json").read_text())
#: Files with a value of a setting that is gone, and that setting.
GONE = {"qornn-projunn": "QORNNConfig has no setting 'rank'", "hadamrnn-two-layers": "Config has no setting 'layers'"}


def lasting(settings):
    return {name: value for name, value in settings.items() if name != "rank"}


def content(packed):
    """The settings and the bytes of the arrays."""
    start = HEAD.size + HEAD.unpack_from(packed)[2]
    return lasting(json.loads(packed[HEAD.size : start])), packed[start : -TAIL.size]


def sequences(config):
    return np.arange(8).reshape(4, 2) % 3 if config.embedding else np.arange(16).reshape(4, 2, 2) % 5 / 5


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() - GONE.keys()))
def test_files_of_before_are_read_as_before(name, tmp_path):
    expected, model = ANSWERS[name], hr.load_network(FIXTURES / f"{name}.npz")
    assert {**model.config.record(), "kind": model.config.kind} == lasting(expected["config"])
    x = sequences(model.config)
    y = model.predict(x)
    np.testing.assert_allclose(y, expected["outputs"], rtol=1e-5, atol=1e-6)  # on any machine
    zeros = np.zeros_like(y) if model.config.loss == "mse" else np.zeros(y.shape[:-1], dtype=int)
    loss, gradients = model.loss_and_gradients((x, zeros))
    assert (loss, np.abs(gradients.flat).sum()) == pytest.approx((expected["loss"], expected["slope"]), rel=1e-5)

    packed = hr.Packed.load(FIXTURES / f"{name}.bin")
    assert (packed.model().predict(x) == y).all()
    assert hr.sizes(packed.config)["total"].packed == expected["bytes"]
    written = packed.save(tmp_path / "again.bin").read_bytes()
    assert written == hr.Packed.of(model).save(tmp_path / "x").read_bytes()
    assert content(written) == content((FIXTURES / f"{name}.bin").read_bytes())


@pytest.mark.parametrize("name", GONE)
@pytest.mark.parametrize("read, ending", [(hr.load_network, "npz"), (hr.Packed.load, "bin")])
def test_settings_that_are_gone_are_refused_by_name(name, read, ending):
    with pytest.raises(hr.FileError, match=f"{GONE[name]}; it has"):
        read(FIXTURES / f"{name}.{ending}")
