"""Binary, sparse-ternary and quantised orthogonal recurrent networks (HadamRNN, Block-HadamRNN, QORNN) in NumPy."""

from hadamrnn.arrays import Vector
from hadamrnn.errors import DivergenceError, FileError, HadamRNNError, IntegerOverflowError, ParameterError
from hadamrnn.export import Packed, sizes
from hadamrnn.hadamard import hadamard, orders
from hadamrnn.integer import integer_states
from hadamrnn.integer_network import IntegerNetwork, Ranges, ranges
from hadamrnn.kinds import load_network
from hadamrnn.models import Config, HadamRNN
from hadamrnn.network import Network, NetworkConfig
from hadamrnn.optim import Adam, Schedule, clip
from hadamrnn.orthogonal import (
    bjorck,
    low_rank_update,
    orthogonality_defect,
    polar,
    random_orthogonal,
    singular_values,
)
from hadamrnn.parallel import Workers
from hadamrnn.qornn import QORNN, QORNNConfig, quantised
from hadamrnn.quantize import codes, quantize
from hadamrnn.sweep import Sweep, sweep
from hadamrnn.train import History, Settings, evaluate, fit, model_for

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
    "Schedule",
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
    "integer_states",
    "load_network",
    "low_rank_update",
    "model_for",
    "orders",
    "orthogonality_defect",
    "polar",
    "quantised",
    "quantize",
    "random_orthogonal",
    "ranges",
    "singular_values",
    "sizes",
    "sweep",
]
