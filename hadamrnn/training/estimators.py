"""Classifiers and regressors of sequences by the conventions of scikit-learn, which must be installed for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from hadamrnn import validation as check
from hadamrnn.errors import ParameterError
from hadamrnn.tasks.arrays import ArrayTask
from hadamrnn.training.train import fit, model_for

#: Of seeds that are drawn.
MOST_SEED = 10**9


@dataclass(kw_only=True, eq=False, repr=False)
class _Sequences(BaseEstimator):  # type: ignore[misc]
    """What both are: parameters, checks of data, ``fit`` and the outputs of the network."""

    kind: str = "hadamrnn"
    hidden: int = 128
    bits: int | None = 4
    activation: str = "linear"
    epochs: int = 20
    batch_size: int = 100
    learning_rate: float = 1e-3
    validation_fraction: float = 0.1
    patience: int | None = None
    vocabulary: int | None = None
    random_state: int | None = None
    network: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None

    #: what sklearn may accept of y
    _targets: ClassVar[dict[str, bool]] = {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _learn(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        """Train a network on arrays that were checked, with ``y`` as a task has it."""
        seed = self.random_state
        if seed is None:
            seed = int(np.random.default_rng().integers(MOST_SEED))
        seed, share = check.integer("random_state", seed, least=0), self.validation_fraction
        task = ArrayTask(x=x, y=y, seed=seed, vocabulary=self.vocabulary, validation_fraction=share)
        model = model_for(task, seed=seed, **self._settings("network", "kind", "hidden", "bits", "activation"))
        settings = self._settings("training", "epochs", "batch_size", "learning_rate", "patience")
        self.history_ = fit(model, task, progress=False, **settings)
        self.shape_, self.model_ = x.shape[1:], model

    def _settings(self, further: str, *names: str) -> dict[str, Any]:
        """Parameters of the estimator, and those in the dictionary ``further``, which may not name any of them."""
        own, more = {name: getattr(self, name) for name in names}, getattr(self, further)
        more = {} if more is None else more
        check.instance(further, more, Mapping, "a dictionary of settings, or None")
        if shared := sorted(own.keys() & more.keys()):
            allowed = f"must not have {', '.join(shared)}: parameters of the estimator itself"
            raise ParameterError(further, dict(more), allowed)
        return {**own, **more}

    def _data(self, X: object, y: object = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """X (and y when fitting) as arrays, by the checks of scikit-learn and by those of this package."""
        fitting = y is not None
        targets = {"y": y, "ensure_min_samples": 2, **self._targets} if fitting else {}
        try:
            found = validate_data(self, X, reset=fitting, allow_nd=True, **targets)
        except ValueError as error:
            raise ParameterError("X, y" if fitting else "X", _kind(X), str(error)) from None
        x, y = found if fitting else (found, np.zeros(0))
        if x.ndim == 2 and self.vocabulary is None:
            if x.dtype.kind in "iu":
                allowed = "is ambiguous: name the vocabulary of tokens, or make the numbers floating-point"
                raise ParameterError("X", _kind(x), allowed)
            x = x[..., None]
        if not fitting and x.shape[1:] != self.shape_:
            raise ParameterError("X.shape", x.shape, f"must be (samples, {str(self.shape_)[1:]} as when fitted")
        return x, np.asarray(y)

    def _outputs(self, X: object) -> NDArray[Any]:
        check_is_fitted(self)
        x = self._data(X)[0].swapaxes(0, 1)
        size = check.integer("batch_size", self.batch_size)
        starts = range(0, x.shape[1], size)
        return np.concatenate([self.model_.predict(x[:, start : start + size]) for start in starts])


class SequenceClassifier(ClassifierMixin, _Sequences):  # type: ignore[misc]
    """A network that tells classes of sequences apart, by the conventions of scikit-learn (from 1.6).

    ``X``: numbers (samples, steps, features), or floating-point numbers (samples, steps) with one feature per step.
    With a ``vocabulary``, X are integer tokens (samples, steps) below it; without, integers of two dimensions are
    refused, as they could be either. All X have the steps and features of the first. ``y``: labels of any type.

    kind, hidden, bits, activation: of :func:`model_for`. epochs, batch_size, learning_rate, patience: of :func:`fit`.
    network, training: further settings of them by name, such as ``{"block": 4}`` or ``{"clip": 1.0}``.
    validation_fraction: of the sequences; the epoch that is best on them is kept. random_state: the seed of the
    network, the split and the order, or None for another every time.

    When fitted it has ``classes_``, ``model_`` (the network), ``history_``, and ``n_features_in_``, the number of steps
    (scikit-learn calls the second axis features). Raises ParameterError, a ValueError, for settings and data that are
    not allowed, DivergenceError as :func:`fit`, and NotFittedError for predictions before.

    >>> x = np.random.default_rng(0).normal(size=(200, 6, 1))
    >>> y = np.where(x.sum(axis=(1, 2)) > 0, "up", "down")
    >>> found = SequenceClassifier(hidden=8, learning_rate=0.02, batch_size=20, random_state=0).fit(x[:150], y[:150])
    >>> found.predict(x[150:152]).shape, found.score(x[150:], y[150:]) > 0.8
    ((2,), True)
    """

    def fit(self, X: object, y: object) -> Self:
        """Learn; what was learned before is forgotten."""
        x, labels = self._data(X, _given(y))
        try:
            check_classification_targets(labels)
        except ValueError as error:
            raise ParameterError("y", _kind(labels), str(error)) from None
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ParameterError("y", list(self.classes_), "must have at least two classes")
        self._learn(x, codes)
        return self

    def predict_proba(self, X: object) -> NDArray[Any]:
        """The probabilities (samples, classes), in the order of ``classes_``."""
        outputs = self._outputs(X).astype(np.float64)
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def predict(self, X: object) -> NDArray[Any]:
        """The most probable label of each sequence."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])


class SequenceRegressor(RegressorMixin, _Sequences):  # type: ignore[misc]
    """A network that predicts numbers from sequences: parameters and X as of :class:`SequenceClassifier`.

    ``y``: numbers (samples,) or (samples, outputs), which are learned as they are: scale them to about 1, for instance
    with scikit-learn's TransformedTargetRegressor.

    >>> x = np.random.default_rng(0).normal(size=(200, 4))
    >>> found = SequenceRegressor(hidden=8, learning_rate=0.02, batch_size=20, random_state=0).fit(x, x.sum(axis=1))
    >>> found.score(x, x.sum(axis=1)) > 0.8
    True
    """

    _targets: ClassVar[dict[str, bool]] = {"multi_output": True, "y_numeric": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: object, y: object) -> Self:
        """Learn; what was learned before is forgotten."""
        x, numbers = self._data(X, _given(y))
        self._flat = numbers.ndim == 1
        self._learn(x, numbers.reshape(len(numbers), -1).astype(np.float64))
        return self

    def predict(self, X: object) -> NDArray[Any]:
        """The numbers of each sequence, of the shape of y."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs


def _given(y: object) -> object:
    if y is None:
        raise ParameterError("y", None, "requires y to be passed, but the target y is None")
    return y


def _kind(value: object) -> str:
    """Type and shape of data, for messages."""
    shape = getattr(value, "shape", None)
    return f"{getattr(value, 'dtype', type(value).__name__)}{'' if shape is None else shape}"
