"""Measured capacity and approximation of recurrent networks, held against the bounds of approxbounds.

Another kind of network, see ``hadamrnn.networks``, is measured as it is: its settings say their class of approxbounds
(``as_class``) and their W in integers (``integer_matrix``).

Networks that are not recurrent have a module like ``feedforward``: they have ``as_class``, register with
``regression.steps_of`` and ``regression.trained``, and are measured by ``compare`` alone.
"""

from hadamrnn.expressivity.approximation import Pair, compare
from hadamrnn.expressivity.capacity import fraction, memorisation, shattered
from hadamrnn.expressivity.classes import network_class

__all__ = ["Pair", "compare", "fraction", "memorisation", "network_class", "shattered"]
