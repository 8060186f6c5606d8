"""What texts need: a small embedding with a padding token, dropout in training, and the read-out of a mean."""

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.tasks import SentimentTask

TOKENS = np.random.default_rng(0).integers(0, 6, size=(9, 4))
CLASSES = np.array([0, 1, 1, 0])
SMALL = {"inputs": 6, "hidden": 4, "outputs": 2, "dtype": "float64", "bits": None, "seed": 1}
KINDS = {"hadamrnn": hr.HadamRNN, "qornn": hr.QORNN}
TRAINING = {"epochs": 3, "batch_size": 4, "learning_rate": 0.01, "dropout": 0.5, "progress": False}


@pytest.fixture
def task(tmp_path):
    lines = [f"{good} film {number}\t{label}" for number in "123456" for label, good in enumerate(["bad", "good"])]
    (tmp_path / "table.tsv").write_text("\n".join(["sentence\tlabel", *lines * 2]) + "\n")
    return SentimentTask(path=str(tmp_path / "table.tsv"), length=5)


@pytest.mark.parametrize("method", ["stored", "checkpointed"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "settings",
    [{"activation": name, "embedding": size} for name in ("linear", "relu", "modrelu") for size in (None, 3)],
)
def test_the_mean_is_read_out_and_differentiated(kind, settings, method):
    model = KINDS[kind](**SMALL, pool="mean", **settings)
    if settings["embedding"]:
        model.parameters["E"] *= 50  # so that the states differ
    _, gradients = model.loss_and_gradients((TOKENS, CLASSES), method=method)
    smooth = {"E", "U", "b", "V", "c", "beta"} & gradients.keys()
    for name in smooth:
        for index in ((0,) * gradients[name].ndim, (-1,) * gradients[name].ndim):
            losses = []
            for sign in (1, -1):
                model.parameters[name][index] += sign * 1e-6
                losses.append(model.loss_and_gradients((TOKENS, CLASSES))[0])
                model.parameters[name][index] -= sign * 1e-6
            assert gradients[name][index] == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-7)


def test_the_mean_by_hand():
    # 40 steps, so that predictions take several segments
    x = np.random.default_rng(2).normal(size=(40, 3, 6))
    model, p = (found := hr.QORNN(**SMALL, pool="mean")), found.parameters
    h, total = np.zeros((3, 4)), 0
    for step in x:
        h = h @ p["W"].T + step @ p["U"].T + p["b"]
        total = total + np.maximum(h, 0)
    np.testing.assert_allclose(model.predict(x), total / 40 @ p["V"].T + p["c"], atol=1e-12)


def test_padding_is_zero_and_stays_zero(task):
    model = hr.model_for(task, hidden=8, embedding=64, seed=3)
    assert model.config.padding == 0 and hr.model_for(task, hidden=8).config.padding is None  # one-hot vectors
    E = model.parameters["E"]
    start = E.copy()
    assert start[1:].std() == pytest.approx(0.02, rel=0.15) and not E[0].any()
    hr.fit(model, task, **TRAINING)
    assert not E[0].any() and (start != E).any(axis=1)[3:].all()  # of all words


def test_a_run_with_dropout_goes_on_to_the_same_weights(task, tmp_path):
    def fitted(**options):
        model = hr.model_for(task, hidden=8, embedding=4, activation="relu", pool="mean")
        hr.fit(model, task, **TRAINING | options)
        return model.parameters.flat

    path = tmp_path / "checkpoint.npz"
    fitted(epochs=1, checkpoint=path)
    np.testing.assert_array_equal(fitted(checkpoint=path, resume=True), fitted())
    assert (fitted() != fitted(dropout=None)).any()


def test_a_step_leaves_what_dropout_hides(task, monkeypatch):
    seen = []
    monkeypatch.setattr(hr.HadamRNN, "loss_and_gradients", lambda model, batch, method: _note(model, seen))
    model = hr.model_for(task, hidden=8, embedding=64)
    before = model.parameters["E"].copy()
    hr.fit(model, task, **TRAINING | {"epochs": 1})
    np.testing.assert_array_equal(model.parameters["E"], before)  # there was no gradient
    inside = np.stack(seen)
    hidden = (inside == 0) & (before != 0)
    assert 0.2 < hidden.mean() < 0.5  # of the tokens of a batch, which are some of all, half of the numbers
    assert np.isin(np.round(inside[:, before != 0] / before[before != 0], 4), [0, 1, 2]).all()


def _note(model, seen):
    seen.append(model.parameters["E"].copy())
    return 0.0, model.parameters.zeros()


def test_files_say_what_they_said_before_unless_it_is_used(tmp_path):
    assert not {"padding", "pool"} & hr.HadamRNN(**SMALL).config.record().keys()
    assert "dropout" not in hr.Settings(batch_size=1, learning_rate=1).settings()
    model = hr.QORNN(**SMALL | {"dtype": "float32"}, embedding=3, padding=2, pool="mean")
    assert hr.load_network(model.save(tmp_path / "model.npz")).config == model.config
    packed = hr.Packed.load(hr.Packed.of(model).save(tmp_path / "model.bin")).model()
    np.testing.assert_array_equal(packed.predict(TOKENS), model.predict(TOKENS))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"padding": 0}, "padding=0: must be a token below 6, with an embedding"),
        ({"padding": 6, "embedding": 3}, "padding=6: must be a token below 6"),
        ({"pool": "max"}, "pool='max': must be one of mean"),
        ({"pool": "mean", "many_to_many": True}, "must be None if many_to_many=True"),
    ],
)
def test_what_does_not_fit_is_refused(settings, message):
    with pytest.raises(hr.ParameterError, match=message):
        hr.HadamRNN(**SMALL, **settings)


def test_a_mean_is_refused_where_the_last_output_is_meant(task):
    model = hr.HadamRNN(**SMALL | {"bits": 4}, pool="mean")
    with pytest.raises(hr.ParameterError, match="the class is of outputs after the last step"):
        model.as_class(steps=3)
    with pytest.raises(hr.ParameterError, match="pool='mean': must be None for inference in integers"):
        model.config.require_integers()
    with pytest.raises(hr.ParameterError, match="method='kernel': needs"):
        model.loss_and_gradients((np.eye(6)[TOKENS], CLASSES), method="kernel")
    with pytest.raises(hr.ParameterError, match="must be None for a model without an embedding"):
        hr.fit(hr.model_for(task, hidden=8), task, **TRAINING)
