"""Models as network classes of approxbounds, which bounds what networks of their shape can express."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import approxbounds as ab
from hadamrnn import validation as check
from hadamrnn.errors import ParameterError
from hadamrnn.networks.base import Network, NetworkConfig
from hadamrnn.networks.hadamrnn import Config
from hadamrnn.networks.qornn import QORNNConfig

__all__ = ["network_class"]


@singledispatch
def network_class(model: object, *, steps: int) -> ab.NetworkClass:
    """The class of the functions that one output of such a network can be of sequences of ``steps`` steps.

    ``model``: a network, or its settings. The output is that after the last step, as a function of the T d_in numbers
    of a sequence; tokens are one-hot vectors. The class has all values of the trained parameters: any u, any codes
    of quantised weights, any real numbers elsewhere; it describes exact arithmetic, without rounding. Of QORNNs without
    recurrent bits, those of the strategy "penalty" have any real W, the others an orthogonal one. With an embedding E,
    U E^T is any real matrix, one column for each word: more than the network has.

    Raises ParameterError for other models, and for ``steps`` below 1.

    >>> from hadamrnn import HadamRNN
    >>> network_class(HadamRNN(inputs=1, hidden=16, outputs=10), steps=784).pseudo_dimension().value
    406
    """
    raise ParameterError("model", model, "must be a HadamRNN or a QORNN, or the settings of one")


@network_class.register
def _(model: Network, *, steps: int) -> ab.NetworkClass:
    return network_class(model.config, steps=steps)


@network_class.register
def _(model: Config, *, steps: int) -> ab.NetworkClass:
    return ab.HadamRNN(**_shape(model, steps), block=model.block, layers=model.layers)


@network_class.register
def _(model: QORNNConfig, *, steps: int) -> ab.NetworkClass:
    if model.recurrent_bits is not None:
        return ab.QORNN(**_shape(model, steps), recurrent_bits=model.recurrent_bits)
    kind = ab.RecurrentNetwork if model.strategy == "penalty" else ab.OrthogonalRNN
    return kind(**_shape(model, steps))


def _shape(config: NetworkConfig, steps: int) -> dict[str, Any]:
    bits = config.bits if config.embedding is None else None
    shape = {"hidden": config.hidden, "inputs": config.inputs, "bits": bits, "activation": config.activation}
    return {"steps": check.integer("steps", steps, most=10**9), **shape}
