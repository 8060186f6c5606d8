"""Measured capacity and approximation of recurrent networks, held against the bounds of approxbounds.

Settings of another kind of network, that is a subclass of ``NetworkConfig`` in ``hadamrnn.networks.kinds``, register

- with ``classes.network_class`` the class of approxbounds that has all of their functions: enough for ``compare`` and
  ``memorisation``, which train through ``Network.loss_and_gradients``;
- with ``exact.recurrent_integers`` their W in integers, unless it is a quantised or real array of that name, which the
  exact arithmetic of ``memorisation`` and ``shattered`` takes as it is.

Networks that are not recurrent have a module like ``feedforward``: they register with ``regression.steps_of`` and
``regression.trained``, and are measured by ``compare`` alone.
"""

from hadamrnn.expressivity.approximation import Pair, compare
from hadamrnn.expressivity.capacity import fraction, memorisation, shattered
from hadamrnn.expressivity.classes import network_class

__all__ = ["Pair", "compare", "fraction", "memorisation", "network_class", "shattered"]
