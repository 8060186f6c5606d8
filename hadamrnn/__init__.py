"""Binary and sparse-ternary orthogonal recurrent networks (HadamRNN, Block-HadamRNN) in compact NumPy."""

from hadamrnn.arrays import Vector
from hadamrnn.errors import DivergenceError, FileError, HadamRNNError, IntegerOverflowError, ParameterError
from hadamrnn.export import Packed, sizes
from hadamrnn.hadamard import hadamard, orders
from hadamrnn.integer import integer_states
from hadamrnn.models import Config, HadamRNN
from hadamrnn.optim import Adam, Schedule, clip
from hadamrnn.parallel import Workers
from hadamrnn.quantize import codes, quantize
from hadamrnn.train import History, Settings, evaluate, fit, model_for

__all__ = [
    "Adam",
    "Config",
    "DivergenceError",
    "FileError",
    "HadamRNN",
    "HadamRNNError",
    "History",
    "IntegerOverflowError",
    "Packed",
    "ParameterError",
    "Schedule",
    "Settings",
    "Vector",
    "Workers",
    "clip",
    "codes",
    "evaluate",
    "fit",
    "hadamard",
    "integer_states",
    "model_for",
    "orders",
    "quantize",
    "sizes",
]
