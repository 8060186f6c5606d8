"""Model files of every kind that earlier code wrote are read as it read them, and written again byte by byte."""

import json
from pathlib import Path

import numpy as np
import pytest

import hadamrnn as hr

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERS = json.loads((FIXTURES / "answers.json").read_text())


def sequences(config):
    return np.arange(8).reshape(4, 2) % 3 if config.embedding else np.arange(16).reshape(4, 2, 2) % 5 / 5


@pytest.mark.parametrize("name", ANSWERS)
def test_files_of_before_are_read_as_before(name, tmp_path):
    expected, model = ANSWERS[name], hr.load_network(FIXTURES / f"{name}.npz")
    assert {**model.config.record(), "kind": model.config.kind} == expected["config"]
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
    assert written == (FIXTURES / f"{name}.bin").read_bytes() == hr.Packed.of(model).save(tmp_path / "x").read_bytes()
