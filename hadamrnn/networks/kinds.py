"""The kinds of networks by name, and how to make them from what files say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hadamrnn import validation as check
from hadamrnn.arrays import read_arrays
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.hadamrnn import HadamRNN
from hadamrnn.networks.qornn import QORNN

#: All kinds; files of the first do not name it.
NETWORKS: tuple[type[Network], ...] = (HadamRNN, QORNN)
KINDS = {network.config_type.kind: network for network in NETWORKS}


def network_type(kind: object) -> type[Network]:
    """The class of a kind."""
    return KINDS[check.choice("kind", kind, tuple(KINDS))]


def config_from(record: Mapping[str, Any]) -> NetworkConfig:
    """The settings that :meth:`NetworkConfig.record` returned, of whatever kind. Raises TypeError or ParameterError."""
    return network_type({"kind": NETWORKS[0].config_type.kind, **record}["kind"]).config_type.from_record(record)


def network_from(config: NetworkConfig) -> Network:
    """A network of these settings."""
    return KINDS[config.kind](**vars(config))


def load_network(path: str | Path) -> Network:
    """The network in a file that :meth:`Network.save` wrote. Raises FileError for any other file."""
    header, arrays = read_arrays(path, "model", lambda header: config_from(header["config"]).headers())
    model = network_from(config_from(header["config"]))
    model.parameters.fill(arrays)
    return model
