"""QORNN: gradients of every strategy by their definitions, the manifold, training, files, command line, bad input."""

import json
from dataclasses import fields

import hadamrnn_oracles
import hadamrnn_reference as reference
import numpy as np
import pytest
from hadamrnn_oracles import finite_differences
from scipy import linalg

import hadamrnn as hr
from hadamrnn.cli import main as cli
from hadamrnn.networks.orthogonal import tangent
from hadamrnn.networks.qornn import STRATEGIES
from hadamrnn.tasks import CopyTask, ImageTask
from hadamrnn.training.checkpoint import Checkpoint, load_run

TASK = {"length": 12, "symbols": 2, "copies": 1, "train_size": 90, "test_size": 32}
FIT = {"batch_size": 16, "learning_rate": 0.01, "clip": 1.0, "progress": False}


def build(seed=0, **settings):
    return hadamrnn_oracles.build("qornn", {"hidden": 7} | settings, seed=seed)


def draw(model, **options):
    return hadamrnn_oracles.draw(model, bool(model.config.embedding), **{"steps": 9} | options)


def quantised_weights(model):
    """The numbers that a step in training computes with."""
    c, p = model.config, {name: array.copy() for name, array in model.parameters.items()}
    if c.strategy == "bjorck":
        p["W"] = linalg.polar(p["W"])[0]
    if c.strategy != "ptq":
        for name in ("W", "U", "V"):
            p[name] = c.quantised(name, p[name])
    return p


@pytest.mark.parametrize("bits", [None, 1, 4])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_gradients_of_the_strategies_are_their_definitions(strategy, bits):
    """Straight through the quantiser: differences at the quantised weights, carried on to what is behind W."""
    model = build(strategy=strategy, recurrent_bits=bits, bits=bits, penalty=0.3)
    x, y = draw(model)
    point = quantised_weights(model)

    def objective(p):
        Q = p["W"]
        excess = ((Q.T @ Q - np.eye(len(Q))) ** 2).sum()
        return reference.differentiate(model.config, p, x, y)[0] + (0.3 * excess if strategy == "penalty" else 0.0)

    expected = finite_differences(objective, point)
    G, W = expected["W"], model.parameters["W"]
    if strategy in ("projunn", "ptq"):
        expected["W"] = tangent(W, G)
    if strategy == "bjorck":
        expected["W"] = finite_differences(lambda p: (G * linalg.polar(p["W"])[0]).sum(), {"W": W})["W"]
    value, gradients = model.loss_and_gradients((x, y))
    assert value == pytest.approx(objective(point), rel=1e-12)
    for name, array in expected.items():
        atol = 1e-6 * np.abs(array).max()
        np.testing.assert_allclose(gradients[name], array, rtol=1e-6, atol=atol, err_msg=name)


def test_a_leap_over_segments_is_their_steps():
    """The batch is large enough for powers of W in the forward pass."""
    model = build(many_to_many=True, strategy="penalty")
    batch = draw(model, steps=300, batch=4)
    value, expected = model.loss_and_gradients(batch, method="stored")
    found, gradients = model.loss_and_gradients(batch, method="checkpointed")
    assert found == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(gradients.flat, expected.flat, rtol=1e-7, atol=1e-9 * np.abs(expected.flat).max())


def test_gradients_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    model = build(many_to_many=True, activation="relu", strategy="penalty", penalty=0.1)
    x, y = draw(model, steps=20)
    p = {name: torch.tensor(array, requires_grad=True) for name, array in model.parameters.items()}
    h, found = torch.zeros(3, 7).double(), []
    for now in torch.tensor(x):
        h = torch.relu(h @ p["W"].T + now @ p["U"].T + p["b"])
        found.append(h @ p["V"].T + p["c"])
    target = torch.nn.functional.cross_entropy(torch.stack(found).reshape(-1, 3), torch.tensor(y).reshape(-1))
    target = target + 0.1 * ((p["W"].T @ p["W"] - torch.eye(7)) ** 2).sum()
    target.backward()
    value, gradients = model.loss_and_gradients((x, y))
    assert value == pytest.approx(float(target.detach()), rel=1e-12)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, p[name].grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("strategy", ["projunn", "ptq"])
def test_a_thousand_steps_keep_w_orthogonal(strategy):
    model = build(hidden=24, strategy=strategy, recurrent_bits=4, recurrent_rate=1.0)
    adam, start = hr.Adam(model.parameters), model.parameters["W"].copy()
    batch = draw(model)
    for _ in range(1000):
        model.update(adam, model.loss_and_gradients(batch)[1], 1e-2)
    assert np.linalg.norm(model.parameters["W"] - start) > 1
    assert hr.orthogonality_defect(model.parameters["W"]) < 1e-6


@pytest.mark.parametrize("strategy", ["projunn", "bjorck", "penalty"])
def test_an_update_is_the_step_of_adam_then_the_retraction(strategy):
    model = build(strategy=strategy, recurrent_rate=0.2)
    other = build(strategy=strategy, recurrent_rate=0.2)
    gradients = model.loss_and_gradients(draw(model))[1]
    W = model.parameters["W"].copy()
    hr.Adam(other.parameters).step(gradients, 0.01)
    model.update(hr.Adam(model.parameters), gradients, 0.01)
    expected = W + 0.2 * (other.parameters["W"] - W)
    expected = linalg.polar(expected)[0] if strategy == "projunn" else expected
    np.testing.assert_allclose(model.parameters["W"], expected, atol=1e-12)
    for name in ("U", "b", "V", "c"):
        assert (model.parameters[name] == other.parameters[name]).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_after_training_weights_can_be_quantised(strategy):
    model = build(strategy=strategy)
    found = hr.quantised(model, recurrent_bits=3, bits=2)
    W = hr.quantize(model.recurrent_matrix(), bits=3, scale="rms")
    assert (found.config.strategy, found.config.recurrent_bits, found.config.bits) == ("ptq", 3, 2)
    assert (found.recurrent_matrix() == W).all()
    x, _ = draw(model)
    fine = hr.quantised(model, recurrent_bits=16, bits=16)
    np.testing.assert_allclose(fine.predict(x), model.predict(x), rtol=1e-2, atol=1e-3)
    assert not np.allclose(found.predict(x), model.predict(x), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_digits_are_learned(strategy):
    task = ImageTask()
    model = hr.model_for(task, kind="qornn", hidden=32, strategy=strategy, recurrent_bits=8, bits=8)
    history = hr.fit(model, task, epochs=12, **FIT | {"batch_size": 50})
    assert history.best["validation"]["accuracy"] > 0.6
    assert hr.evaluate(model, task, part="validation", batch_size=50) == history.best["validation"]


@pytest.mark.parametrize("settings", [{}, {"strategy": "bjorck", "recurrent_bits": 4, "bits": 4}])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_goes_on_bit_by_bit(settings, workers, tmp_path, monkeypatch):
    task = CopyTask(**TASK)

    def run(path=None, **changes):
        model = hr.model_for(task, kind="qornn", hidden=12, **settings)
        history = hr.fit(model, task, **FIT | {"epochs": 3, "checkpoint": path, "workers": workers} | changes)
        return model.parameters.flat, history.best["validation"]

    class Stop(Exception):
        pass

    whole, path, left, step = run(), tmp_path / "run.npz", [8], hr.Adam.step

    def deadly(self, gradients, rate):
        left[0] -= 1
        if not left[0]:
            raise Stop
        step(self, gradients, rate)

    with monkeypatch.context() as patch:
        patch.setattr(hr.Adam, "step", deadly)
        with pytest.raises(Stop):
            run(path, every=0.0)
    assert Checkpoint.load(path).progress.step == 1
    weights, best = run(path, resume=True)
    assert (weights == whole[0]).all() and best == whole[1]
    model, record = load_run(path)
    assert isinstance(model, hr.QORNN) and (model.parameters.flat == weights).all()
    assert record == json.loads(json.dumps(task.record()))
    other = hr.model_for(task, hidden=12)
    with pytest.raises(hr.ParameterError, match=r"model\.kind was qornn and is None"):
        hr.fit(other, task, **FIT, epochs=3, checkpoint=path, workers=workers, resume=True)


def test_a_saved_model_is_loaded_whole(tmp_path):
    model = build(strategy="bjorck", recurrent_bits=4, bits=4, activation="modrelu")
    path = model.save(tmp_path / "model.npz")
    for found in (hr.QORNN.load(path), hr.load_network(path)):
        assert found.config == model.config and (found.parameters.flat == model.parameters.flat).all()
    with pytest.raises(hr.FileError, match="kind='qornn': must be hadamrnn"):
        hr.HadamRNN.load(path)
    other = hr.HadamRNN(inputs=2, hidden=8, outputs=3).save(tmp_path / "other.npz")
    assert isinstance(hr.load_network(other), hr.HadamRNN)
    with pytest.raises(hr.FileError, match="kind='hadamrnn': must be qornn"):
        hr.QORNN.load(other)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("recurrent_bits, bits", [(1, 1), (4, 3), (None, 8), (5, None)])
def test_an_exported_model_predicts_as_before(strategy, recurrent_bits, bits, tmp_path):
    model = build(strategy=strategy, recurrent_bits=recurrent_bits, bits=bits, dtype="float32")
    packed = hr.Packed.of(model)
    data = packed.save(tmp_path / "model.bin").read_bytes()
    found = hr.Packed.load(tmp_path / "model.bin")
    x, _ = draw(model)
    assert (found.model().predict(x) == model.predict(x)).all() and found.config == model.config
    table = hr.sizes(model.config)
    assert 0 < len(data) - table["total"].packed < 400
    n, stored = 7, {None: 32, 1: 2}
    assert table["recurrent"] == (4 * n * n, -(-n * n * stored.get(recurrent_bits, recurrent_bits) // 8))


def test_the_command_line_trains_evaluates_and_exports(tmp_path, capsys):
    def out(*arguments):
        assert cli.main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    task = ["copy", "--length", 12, "--symbols", 2, "--copies", 1, "--train-size", 90, "--test-size", 32]
    options = ["--model", "qornn", "--hidden", 12, "--recurrent-bits", 4, "--bits", 4, "--strategy", "bjorck"]
    training = ["--epochs", 2, "--batch-size", 16, "--learning-rate", 0.01]
    found = out("train", *task, *options, *training, "--out", tmp_path / "run")
    model = hr.model_for(CopyTask(**TASK), kind="qornn", hidden=12, recurrent_bits=4, bits=4, strategy="bjorck")
    hr.fit(model, CopyTask(**TASK), **FIT | {"clip": None}, epochs=2, decay=0.98)
    saved = hr.load_network(found["model"])
    assert saved.config == model.config and (saved.parameters.flat == model.parameters.flat).all()
    assert found["size_in_bytes"] == hr.sizes(model.config)["total"].packed
    assert out("evaluate", tmp_path / "run", "--batch-size", 16)["loss"] == found["test"]["loss"]
    assert out("info", found["model"])["config"] == vars(model.config)
    out("export", tmp_path / "run", tmp_path / "model.bin")
    assert out("evaluate", tmp_path / "model.bin", *task, "--batch-size", 16)["loss"] == found["test"]["loss"]
    longer = [*training, "--epochs", 3, "--resume"]
    assert out("train", *task, *options, *longer, "--out", tmp_path / "run")["epochs"] == 3


def test_the_command_line_knows_the_settings_of_each_kind(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "copy", "--model", "qornn", "--help"])
    shown = capsys.readouterr().out
    names = {field.name for field in fields(hr.QORNNConfig)} - {"inputs", "outputs", "many_to_many", "loss", "padding"}
    assert all("--" + name.replace("_", "-") in shown for name in names) and "--block" not in shown
    for wrong in (["--model", "qornn", "--block", "4"], ["--model", "lstm"]):
        with pytest.raises(SystemExit) as error:
            cli.main(["train", "copy", *wrong, "--out", "x"])
        assert error.value.code == 2


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"recurrent_bits": 0}, "recurrent_bits=0"),
        ({"recurrent_bits": 4.0}, "recurrent_bits=4.0"),
        ({"bits": 17}, "bits=17"),
        ({"hidden": 0}, "hidden=0"),
        ({"strategy": "cayley"}, "strategy='cayley': must be one of projunn, bjorck, penalty, ptq"),
        ({"penalty": -1}, "penalty=-1"),
        ({"recurrent_rate": 0}, "recurrent_rate=0"),
        ({"recurrent_rate": 2}, "recurrent_rate=2"),
        ({"activation": "tanh"}, "activation='tanh'"),
        ({"seed": True}, "seed=True"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(hr.ParameterError, match=message):
        build(**settings)


def test_what_does_not_apply_is_refused():
    model = build()
    with pytest.raises(hr.ParameterError, match="method='kernel'"):
        model = build(activation="relu")
        model.loss_and_gradients(draw(model), method="kernel")
    with pytest.raises(TypeError, match="block"):
        hr.QORNN(inputs=2, hidden=8, outputs=3, block=4)
    with pytest.raises(hr.ParameterError, match="kind='lstm': must be one of hadamrnn, qornn"):
        hr.model_for(CopyTask(**TASK), kind="lstm", hidden=8)
    with pytest.raises(hr.ParameterError, match="must be a QORNN"):
        hr.quantised(hr.HadamRNN(inputs=2, hidden=8, outputs=3), recurrent_bits=4, bits=4)
    with pytest.raises(hr.ParameterError, match="recurrent_bits=20"):
        hr.quantised(model, recurrent_bits=20, bits=4)
