"""Estimators by the conventions of scikit-learn, and the task of arrays that they are trained on."""

import sys

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.tasks import ArrayTask

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

X = np.random.default_rng(0).normal(size=(60, 5, 2))
SUMS = X.sum(axis=(1, 2))
LABELS = np.where(SUMS > 0, "up", "down")
TOKENS = np.random.default_rng(1).integers(0, 7, size=(60, 5))
QUICK = {"hidden": 4, "epochs": 8, "batch_size": 10, "learning_rate": 0.05, "random_state": 0}
AMBIGUOUS = "integers of two dimensions may be tokens or numbers, and are refused without a vocabulary"


@pytest.mark.parametrize(
    ("name", "integers", "epochs"),
    [
        ("SequenceClassifier", ("check_estimators_dtypes", "check_classifier_data_not_an_array"), 3),
        ("SequenceRegressor", ("check_estimators_dtypes",), 20),
    ],
)
def test_the_checks_of_scikit_learn(name, integers, epochs):
    # double precision, as predictions must not depend on their neighbours by more than 1e-7
    settings = {**QUICK, "hidden": 8, "epochs": epochs, "batch_size": 16, "bits": None, "network": {"dtype": "float64"}}
    estimator = getattr(hr, name)(**settings)
    found = check_estimator(estimator, expected_failed_checks=dict.fromkeys(integers, AMBIGUOUS), on_skip=None)
    assert sum(check["status"] == "passed" for check in found) >= 45
    # none that is expected to fail passes
    assert {check["check_name"] for check in found if check["status"] == "xfail"} == set(integers)


def test_it_is_fit_with_conventions():
    estimator = hr.SequenceClassifier(**QUICK, training={"clip": 1.0}).fit(X, LABELS)
    task = ArrayTask(x=X, y=(SUMS > 0).astype(int), seed=0)
    model = hr.model_for(task, hidden=4, seed=0)
    history = hr.fit(model, task, epochs=8, batch_size=10, learning_rate=0.05, clip=1.0, progress=False)
    np.testing.assert_array_equal(estimator.model_.parameters.flat, model.parameters.flat)
    assert estimator.history_.best["validation"] == history.best["validation"]
    assert list(estimator.classes_) == ["down", "up"]
    np.testing.assert_allclose(estimator.predict_proba(X).sum(axis=1), 1)


def test_pipelines_and_searches():
    halved = FunctionTransformer(lambda x: x / 2)
    estimator = make_pipeline(halved, hr.SequenceClassifier(**QUICK))
    assert cross_val_score(estimator, X, LABELS, cv=3).mean() > 0.7
    grid = {"sequenceclassifier__kind": ["hadamrnn", "qornn"], "sequenceclassifier__training": [{"decay": 0.9}]}
    search = GridSearchCV(estimator, grid, cv=2).fit(X, LABELS)
    assert search.best_estimator_[-1].get_params()["training"] == {"decay": 0.9}
    assert clone(search.best_estimator_[-1]).get_params() == search.best_estimator_[-1].get_params()


def test_tokens_and_several_outputs():
    seen = (TOKENS == 3).any(axis=1)
    network = {"embedding": 4}
    estimator = hr.SequenceClassifier(**QUICK, vocabulary=7, network=network).fit(TOKENS, seen)
    assert estimator.predict(TOKENS).dtype == bool and estimator.model_.config.embedding == 4
    with pytest.raises(hr.ParameterError, match="tokens from 0 to 7': must be from 0 to 6"):
        estimator.predict(np.full((2, 5), 7) * (TOKENS[:2] > 3))
    two = hr.SequenceRegressor(**QUICK).fit(X, np.stack([SUMS, -SUMS], axis=1))
    assert two.predict(X).shape == (60, 2)


def test_without_a_seed_every_fit_is_another():
    first, second = (hr.SequenceRegressor(**{**QUICK, "epochs": 1, "random_state": None}).fit(X, SUMS) for _ in "12")
    assert first.model_.config.seed != second.model_.config.seed


@pytest.mark.parametrize(
    ("settings", "x", "y", "message"),
    [
        ({}, np.full_like(X, np.nan), LABELS, "NaN"),
        ({}, X[:, 0, 0], LABELS, "1D array"),
        ({}, X[..., None], LABELS, r"must be numbers \(N, T, inputs\)"),
        ({}, X[1:], LABELS, "inconsistent numbers of samples"),
        ({}, X, np.zeros(60), "at least two classes"),
        ({}, TOKENS, LABELS, "ambiguous"),
        ({"vocabulary": 7}, X, LABELS, "with a vocabulary integer tokens"),
        ({"vocabulary": 7}, X[..., 0], LABELS, "with a vocabulary integer tokens"),
        ({"vocabulary": 6}, TOKENS, LABELS, "tokens from 0 to 6': must be from 0 to 5"),
        ({"validation_fraction": 0}, X, LABELS, "validation_fraction=0: must be above 0"),
        ({"random_state": "0"}, X, LABELS, "random_state='0': must be an integer"),
        ({"random_state": True}, X, LABELS, "random_state=True: must be an integer"),
        ({"epochs": 0}, X, LABELS, "epochs=0: must be an integer from 1"),
        ({"network": {"hidden": 8}}, X, LABELS, "must not have hidden"),
        ({"training": 3}, X, LABELS, "training=3: must be a dictionary"),
    ],
)
def test_what_is_refused(settings, x, y, message):
    with pytest.raises(hr.ParameterError, match=message):
        hr.SequenceClassifier(**{**QUICK, "epochs": 1, **settings}).fit(x, y)


def test_predictions_need_a_fit_and_the_same_shape():
    with pytest.raises(NotFittedError):
        hr.SequenceClassifier().predict(X)
    estimator = hr.SequenceRegressor(**{**QUICK, "epochs": 1}).fit(X, SUMS)
    with pytest.raises(hr.ParameterError, match=r"must be \(samples, 5, 2\) as when fitted"):
        estimator.predict(X[..., :1])


def test_without_scikit_learn(monkeypatch):
    monkeypatch.delitem(sys.modules, "hadamrnn.training.estimators", raising=False)
    monkeypatch.delattr("hadamrnn.training.estimators", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(hr.MissingPackageError, match="SequenceClassifier needs scikit-learn"):
        _ = hr.SequenceClassifier
    assert "SequenceClassifier" in dir(hr) and not hasattr(hr, "Sequence")


def test_the_parts_of_arrays():
    task = ArrayTask(x=X, y=SUMS[:, None], validation_fraction=0.2, test_fraction=0.25, seed=4)
    assert (task.sizes, task.loss) == ({"train": 33, "validation": 12, "test": 15}, "mse")
    parts = [batch.y[:, 0] for part in task.sizes for batch in task.part(part, 7)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.sort(SUMS.astype(np.float32)))
    again = ArrayTask(x=X.copy(), y=SUMS[:, None].copy(), validation_fraction=0.2, test_fraction=0.25, seed=4)
    assert again.record() == task.record() != ArrayTask(x=X, y=SUMS[:, None], seed=4).record()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[0]}, "must be numbers"),
        ({"x": TOKENS}, "with a vocabulary integer tokens"),
        ({"y": SUMS}, r"or floating-point numbers \(N, outputs\)"),
        ({"y": SUMS[1:, None]}, "must be 60 integer classes"),
        ({"y": np.zeros(60, int)}, "at least two"),
        ({"x": X * 1e300}, "finite numbers of type float32"),
        ({"validation_fraction": 0.9, "test_fraction": 0.9}, "must leave a sequence to train"),
    ],
)
def test_arrays_that_are_refused(change, message):
    with pytest.raises(hr.ParameterError, match=message):
        ArrayTask(**{"x": X, "y": TOKENS[:, 0], **change})
