"""Trained networks held against the lower bounds of approxbounds, on random hard targets.

Networks that are not recurrent have a module like ``feedforward``: they have ``as_class`` and register with
``regression.steps_of`` and ``regression.trained``.
"""
