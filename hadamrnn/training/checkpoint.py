"""Checkpoints of a training run: all that it needs to go on as if it had never stopped, in one npz file."""

import json
import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, read_arrays, write_arrays
from hadamrnn.errors import ParameterError, bad_file
from hadamrnn.files import Headers
from hadamrnn.networks.base import Network
from hadamrnn.networks.kinds import config_from, network_from

#: The files of a run in its directory.
CHECKPOINT, LOG, MODEL = "checkpoint.npz", "log.jsonl", "model.npz"
KIND = "checkpoint"
#: Its vectors: of the run, and of the optimiser, which has a ``count`` besides.
VECTORS = ("parameters", "best", "mean", "square")


@dataclass(kw_only=True)
class Progress:
    """Where a run is: ``step`` batches into the epoch after ``epoch`` whole ones.

    ``loss``: summed over the ``count`` sequences of this epoch. ``limit``: an epoch with a larger mean loss has
    diverged. ``records``: one per epoch, as in the log.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    count: int = 0
    limit: float = 0.0
    seconds: float = 0.0
    records: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("epoch", "step", "count"):
            check.integer(name, getattr(self, name), least=0)
        if not all(isinstance(value, float) for value in (self.loss, self.limit, self.seconds)):
            raise TypeError("loss, limit and seconds must be floats")
        for record in self.records:
            if not {"epoch", "best", "validation"} <= record.keys() or "loss" not in record["validation"]:
                raise KeyError("a record lacks an entry")

    @property
    def best(self) -> dict[str, Any] | None:
        """The record of the epoch with the best validation."""
        return next((record for record in reversed(self.records) if record["best"]), None)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """``identity``: what may not change when the run goes on, as JSON: settings of model, task and training.

    ``arrays``: flat vectors, ``parameters``, ``best``, the state of the optimiser, and the ``average`` if there is one.
    """

    identity: dict[str, Any]
    progress: Progress
    arrays: Mapping[str, Array]

    def save(self, path: str | Path) -> None:
        """Replace the file in one step; what was there before is lost only when this is safe on the disk."""
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        header = {"identity": self.identity, "progress": asdict(self.progress), "versions": versions}
        write_arrays(path, KIND, header, self.arrays)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Raises FileError if there is no sound checkpoint."""
        header, arrays = read_arrays(path, KIND, _expected)
        if arrays["count"] < 0:
            raise bad_file(path, "not a sound checkpoint file: it counts fewer steps than none")
        return cls(identity=header["identity"], progress=Progress(**header["progress"]), arrays=arrays)

    def require_same(self, identity: Mapping[str, Any], path: str | Path) -> None:
        """Raises ParameterError, naming the differences, unless a run with ``identity`` may go on from here.

        Where files lie is no difference, only what is in them (their checksum).
        """
        old, new = dict(_leaves(lasting(self.identity))), dict(_leaves(lasting(identity)))
        names = (name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
        if differences := "; ".join(f"{name} was {old.get(name)} and is {new.get(name)}" for name in names):
            raise ParameterError("checkpoint", str(path), f"is of another run: {differences}")


def _expected(header: dict[str, Any]) -> Headers:
    """The arrays of a checkpoint, if its header is sound."""
    Progress(**header["progress"])
    config = config_from(header["identity"]["model"])
    vector = (sum(map(math.prod, config.shapes().values())),), np.dtype(config.dtype)
    average = ["average"] if header["identity"]["training"].get("average") is not None else []
    return {"count": ((), np.dtype("int64")), **dict.fromkeys([*VECTORS, *average], vector)}


def load_run(path: str | Path) -> tuple[Network, dict[str, Any]]:
    """The best model of a run so far, and the record of its task, from its checkpoint."""
    found = Checkpoint.load(path)
    model = network_from(config_from(found.identity["model"]))
    model.parameters.flat[...] = found.arrays["best"]
    record = found.identity.get("task")
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        raise bad_file(path, "not a sound checkpoint file: it does not name its task")
    return model, record


def lasting(identity: Any) -> Any:
    """An identity as JSON, without the places of files, which may change."""

    def without_paths(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if not name.endswith("path")}

    return json.loads(json.dumps(identity), object_pairs_hook=without_paths)


def _leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{name}.{key}" if name else key)
    else:
        yield name, tree
