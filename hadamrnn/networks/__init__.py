"""Recurrent networks: what they are, forwards and backwards. The tests have it all slowly, in a hundred plain lines.

To add a kind of network h_t = sigma(W h_{t-1} + U x_t + b) with another W, write one file like ``qornn`` with

- its settings, a frozen subclass of ``NetworkConfig``: ``kind`` (its name) and ``recurrent`` (the name of the trained
  array behind W); and where they differ from those of a real, dense W, ``bits_of`` (which arrays are quantised) and
  ``bit_settings`` (to how many bits), ``class_of_w`` (the name of its class in approxbounds), ``integer_matrix`` (W in
  integers) and ``packed`` (for export);
- a subclass of ``Network`` with ``_recurrent`` (W from the parameters, as in ``transform``) and the ``layer_type`` that
  sums the gradient of W; and if W is made of that array by more than a quantiser, ``_finish`` (the gradient carried on,
  and a penalty), ``update`` (what follows a step) and ``_initial``;

name the class in ``kinds.NETWORKS``, and what users need in ``hadamrnn/__init__.py``. Training, files, sweeps, the
command line, measures of capacity and the tests of all kinds then have it. Its own formulas in ``KINDS`` of
``tests/hadamrnn_reference.py`` let them compare every gradient.
"""
