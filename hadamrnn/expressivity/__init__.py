"""Measured capacity and approximation of recurrent networks, held against the bounds of approxbounds."""

from hadamrnn.expressivity.approximation import Pair, compare
from hadamrnn.expressivity.capacity import fraction, memorisation, shattered
from hadamrnn.expressivity.classes import network_class

__all__ = ["Pair", "compare", "fraction", "memorisation", "network_class", "shattered"]
