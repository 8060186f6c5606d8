"""Binary, sparse-ternary and quantised orthogonal recurrent networks (HadamRNN, Block-HadamRNN, QORNN) in NumPy.

>>> import hadamrnn as hr
>>> task = hr.tasks.CopyTask(length=12, symbols=2, copies=1, train_size=640)    # more: hr.tasks.TASKS
>>> model = hr.model_for(task, hidden=16, bits=4)                               # one bit per recurrent weight
>>> history = hr.fit(model, task, epochs=3, batch_size=16, learning_rate=0.01, progress=False)
>>> hr.evaluate(model, task)["loss"] < task.baseline                            # better than without memory
True
>>> hr.sizes(model.config)["total"]                                             # bytes in float32, and packed
Size(dense=1548, packed=142)

Many trainings at once: :func:`sweep`. Files for devices: :class:`Packed`, :class:`IntegerNetwork`.
"""

from hadamrnn import tasks
from hadamrnn.arrays import Vector
from hadamrnn.deployed.integer_network import IntegerNetwork, Ranges, ranges
from hadamrnn.deployed.packed import Packed, sizes
from hadamrnn.errors import DivergenceError, FileError, HadamRNNError, IntegerOverflowError, ParameterError
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.hadamard import hadamard, orders
from hadamrnn.networks.hadamrnn import Config, HadamRNN
from hadamrnn.networks.kinds import load_network
from hadamrnn.networks.orthogonal import bjorck, orthogonality_defect, random_orthogonal, singular_values
from hadamrnn.networks.qornn import QORNN, QORNNConfig, quantised
from hadamrnn.networks.quantize import codes, quantize
from hadamrnn.optim import Adam, clip
from hadamrnn.training.parallel import Workers
from hadamrnn.training.sweep import Sweep, sweep
from hadamrnn.training.train import History, Settings, evaluate, fit, model_for

__all__ = [
    "QORNN",
    "Adam",
    "Config",
    "DivergenceError",
    "FileError",
    "HadamRNN",
    "HadamRNNError",
    "History",
    "IntegerNetwork",
    "IntegerOverflowError",
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


def __dir__() -> list[str]:
    """What there is for users, without the modules inside."""
    return sorted(__all__)
