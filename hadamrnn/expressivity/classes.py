"""Models as network classes of approxbounds, which bounds what networks of their shape can express.

The only modules of hadamrnn that import approxbounds are this one, capacity, approximation and approximation_pairs,
which hold networks against its bounds, sweep, which shares its workers, and cli, for its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hadamrnn import validation as check
from hadamrnn.errors import ParameterError
from hadamrnn.networks.base import Network, NetworkConfig
from hadamrnn.networks.hadamrnn import Config
from hadamrnn.networks.qornn import QORNNConfig

if TYPE_CHECKING:
    from approxbounds import NetworkClass

__all__ = ["network_class"]


def network_class(model: Network | NetworkConfig, *, steps: int) -> NetworkClass:
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
    import approxbounds as ab

    config = model.config if isinstance(model, Network) else model
    check.integer("steps", steps, most=10**9)
    if not isinstance(config, (Config, QORNNConfig)):
        raise ParameterError("model", model, "must be a HadamRNN or a QORNN, or the settings of one")
    bits = config.bits if config.embedding is None else None
    shape = {"hidden": config.hidden, "steps": steps, "inputs": config.inputs, "bits": bits}
    if isinstance(config, Config):
        return ab.HadamRNN(**shape, activation=config.activation, block=config.block, layers=config.layers)
    if config.recurrent_bits is not None:
        return ab.QORNN(**shape, activation=config.activation, recurrent_bits=config.recurrent_bits)
    kind = ab.RecurrentNetwork if config.strategy == "penalty" else ab.OrthogonalRNN
    return kind(**shape, activation=config.activation)
