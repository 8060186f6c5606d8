"""Measured capacity of recurrent networks, held against the bounds of approxbounds.

Another kind of network, see ``hadamrnn.networks``, is measured as it is: its settings say their class of approxbounds
(``as_class``) and their W in integers (``integer_matrix``).
"""

from hadamrnn.expressivity.capacity import memorisation, shattered

__all__ = ["memorisation", "shattered"]
