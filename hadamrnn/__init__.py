"""Binary, sparse-ternary and quantised orthogonal recurrent networks (HadamRNN, Block-HadamRNN, QORNN) in NumPy.

>>> import hadamrnn as hr
>>> task = hr.tasks.CopyTask(length=12, symbols=2, copies=1, train_size=640)    # more: hr.tasks.TASKS
>>> model = hr.model_for(task, hidden=16, bits=4)                               # one bit per recurrent weight
>>> history = hr.fit(model, task, epochs=3, batch_size=16, learning_rate=0.01, progress=False)
>>> hr.evaluate(model, task)["loss"] < task.baseline                            # better than without memory
True
>>> hr.sizes(model.config)["total"]                                             # bytes in float32, and packed
Size(dense=1548, packed=142)

Many trainings at once: :func:`sweep`. For devices: :class:`Packed`, :class:`IntegerNetwork`, :func:`c_source`. Where
scikit-learn is installed, estimators by its conventions: ``hr.SequenceClassifier`` and ``hr.SequenceRegressor``.
"""

from typing import Any

from hadamrnn import tasks
from hadamrnn.arrays import Vector
from hadamrnn.deployed.c_source import c_source
from hadamrnn.deployed.integer_network import IntegerNetwork, Ranges, ranges
from hadamrnn.deployed.packed import Packed, sizes
from hadamrnn.errors import (
    DivergenceError,
    FileError,
    HadamRNNError,
    IntegerOverflowError,
    MissingPackageError,
    ParameterError,
)
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.hadamard import hadamard, orders
from hadamrnn.networks.hadamrnn import Config, HadamRNN
from hadamrnn.networks.kinds import load_network
from hadamrnn.networks.orthogonal import bjorck, orthogonality_defect, random_orthogonal, singular_values
from hadamrnn.networks.qornn import QORNN, QORNNConfig, quantised
from hadamrnn.networks.quantize import codes, quantize
from hadamrnn.optim import Adam, Average, clip
from hadamrnn.training.parallel import Workers
from hadamrnn.training.sweep import Sweep, sweep
from hadamrnn.training.train import History, Settings, evaluate, fit, model_for

__all__ = [
    "QORNN",
    "Adam",
    "Average",
    "Config",
    "DivergenceError",
    "FileError",
    "HadamRNN",
    "HadamRNNError",
    "History",
    "IntegerNetwork",
    "IntegerOverflowError",
    "MissingPackageError",
    "Network",
    "NetworkConfig",
    "Packed",
    "ParameterError",
    "QORNNConfig",
    "Ranges",
    "Settings",
    "Sweep",
    "Vector",
    "Workers",
    "bjorck",
    "c_source",
    "clip",
    "codes",
    "evaluate",
    "fit",
    "hadamard",
    "load_network",
    "model_for",
    "orders",
    "orthogonality_defect",
    "quantised",
    "quantize",
    "random_orthogonal",
    "ranges",
    "singular_values",
    "sizes",
    "sweep",
    "tasks",
]

#: What needs scikit-learn, and is imported when it is first asked for; not in ``__all__``, so that * works without.
_ESTIMATORS = ("SequenceClassifier", "SequenceRegressor")


def __getattr__(name: str) -> Any:
    if name not in _ESTIMATORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from hadamrnn.training import estimators
    except ImportError as error:
        raise MissingPackageError(f"{name} needs scikit-learn 1.6 or later: {error}") from None
    return getattr(estimators, name)


def __dir__() -> list[str]:
    """What there is for users, without the modules inside."""
    return sorted((*__all__, *_ESTIMATORS))
