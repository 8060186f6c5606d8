"""Shattered sets of sequences, with a network for each dichotomy as witness. See ``capacity.py``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.expressivity.exact import ExactStates
from hadamrnn.expressivity.fit import Reader, Trainer, candidates, code_range, labels_of, read_out
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.kinds import config_from, network_from

#: Read-outs with few bits that are tried together: all there are, or so many at random.
MOST_READ_OUTS = 4096
#: A gap below this, relative to the outputs, may be rounding.
LEAST_GAP = 1e-9
#: A defect of orthogonality below this may be rounding.
ORTHOGONAL = 1e-9

#: Sequences: (m, T, inputs).
Points = tuple[tuple[tuple[float, ...], ...], ...]
#: The flat parameters of a network.
Witness = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Shattering:
    """A set of points and a network for each of its dichotomies: Pdim is at least ``size``.

    points: (size, T, inputs). ``witnesses[d]``: the flat parameters of a network of these settings with s_i y_i > 0,
    where s is :func:`hadamrnn.expressivity.fit.labels_of` (d, size). W of a QORNN without bits is orthogonal up to
    rounding only.

    pseudo_dimension: the certified bound, which the size of no shattered set exceeds.
    """

    config: NetworkConfig
    steps: int
    points: Points
    witnesses: tuple[tuple[float, ...], ...]
    pseudo_dimension: int

    @property
    def size(self) -> int:
        """The number of points."""
        return len(self.points)

    @property
    def ratio(self) -> float:
        """The size over the certified bound."""
        return self.size / self.pseudo_dimension

    def verify(self) -> bool:
        """Whether all 2^size dichotomies are those of their networks, in exact arithmetic, and the bound is certified.

        The points must be sequences of ``steps`` steps, and a W that is to be orthogonal must be so up to rounding.
        """
        bound, parameters = self.config.as_class(steps=self.steps), network_from(self.config).parameters.flat.size
        return (
            len(self.witnesses) == 2**self.size
            and all(len(point) == self.steps for point in self.points)
            and all(_finite(now, self.config.inputs) for point in self.points for now in point)
            and bound.pseudo_dimension().value <= self.pseudo_dimension
            and all(_finite(witness, parameters) for witness in self.witnesses)
            and all(self._has(*each) for each in enumerate(self.witnesses) if self.size)
        )

    def _has(self, number: int, witness: Witness) -> bool:
        network, labels = _network_with(self.config, witness), labels_of(number, self.size)
        p, x = network.parameters, np.array(self.points).swapaxes(0, 1)
        return ExactStates(network, x).separates(p["V"], p["c"], labels) and network.defect() < ORTHOGONAL

    def to_dict(self) -> dict[str, Any]:
        """All that :meth:`verify` needs, as JSON (its floats are read back exactly)."""
        record = vars(self) | {"config": self.config.record(), "size": self.size, "ratio": self.ratio}
        return {"method": "shatter", **record}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """The record of :meth:`to_dict`; nothing in it is to be believed before :meth:`verify` says so."""
        return cls(
            config=config_from(record["config"]),
            steps=record["steps"],
            points=tuple(tuple(map(tuple, point)) for point in record["points"]),
            witnesses=tuple(map(tuple, record["witnesses"])),
            pseudo_dimension=record["pseudo_dimension"],
        )


def _network_with(config: NetworkConfig, parameters: Witness) -> Network:
    network = network_from(config)
    network.parameters.flat[...] = parameters
    return network


def _finite(numbers: Sequence[float], count: int) -> bool:
    return len(numbers) == count and bool(np.isfinite(numbers).all())


def realised(
    trainer: Trainer,
    x: Array,
    *,
    seed: tuple[int, ...],
    count: int,
    known: Sequence[Witness],
    note: Callable[[], object],
) -> tuple[Witness, ...] | None:
    """Parameters for each dichotomy of the sequences x, (T, m, inputs), verified; None if some dichotomy has none.

    Recurrences are taken from networks ``known``, then from ``count`` candidates; what is still missing is looked for
    with the best read-out of each candidate, then by training. ``note`` is called for each dichotomy that is.
    """
    config = trainer.config
    search = _Search(config, x)
    for witness in {found[: -config.hidden - 1]: found for found in known}.values():  # another read-out does not count
        search.offer(Reader(_network_with(config, witness), x))
    fresh = [Reader(network, x) for network in candidates(config, seed=seed, count=count)]
    for reader in fresh:
        search.offer(reader)
    for number, labels in list(search.missing.items()):
        if number not in search.missing:  # a network found for another one has it
            continue
        note()
        solved = (reader.network for reader in fresh if reader.solves(labels))
        found = next(solved, None) or trainer.fitted(x, labels, seed=(*seed, number))
        if found is None:
            return None
        search.keep(number, found)
        search.offer(Reader(found, x))
    return tuple(witness for _, witness in sorted(search.found.items()))


class _Search:
    """The dichotomies of x that are realised, by number, and those still missing."""

    def __init__(self, config: NetworkConfig, x: Array) -> None:
        self.size = x.shape[1]
        self.found: dict[int, Witness] = {}
        self.missing = {number: labels_of(number, self.size) for number in range(2**self.size)}
        self.bits = config.bits_of("V")
        self.codes = None if self.bits is None else _codes(self.bits, config.hidden)

    def keep(self, number: int, network: Network) -> None:
        self.found[number] = tuple(network.parameters.flat.tolist())
        del self.missing[number]

    def offer(self, reader: Reader) -> None:
        """Try read-outs for all missing dichotomies at once: directions z, each cut in every gap of z f_i.

        z: those of least squares for real v, codes for few bits.
        """
        if not self.missing:
            return
        F, Z = reader.features, self.codes
        if Z is None:
            columns = np.column_stack([F, np.ones(len(F))])
            Z = (np.array(list(self.missing.values())) @ np.linalg.pinv(columns).T)[:, :-1]
        Y = F @ Z.T
        order = np.argsort(Y, axis=0)
        ordered = np.take_along_axis(Y, order, axis=0)
        weights = 1 << (self.size - 1 - order)
        numbers = weights[::-1].cumsum(axis=0)[::-1][1:]  # of the dichotomy that is 1 above the gap
        gaps, c = np.diff(ordered, axis=0), -(ordered[1:] + ordered[:-1]) / 2
        usable = gaps > LEAST_GAP * np.abs(Y).max(initial=0.0)
        usable &= np.isin(numbers, list(self.missing))
        _, first = np.unique(numbers[usable], return_index=True)
        for gap, row in np.argwhere(usable)[first]:
            number, found = int(numbers[gap, row]), read_out(Z[row], c[gap, row], bits=self.bits)
            if reader.separates(*found, self.missing[number]):
                self.keep(number, reader.network)


def _codes(bits: int, size: int) -> Array:
    """Read-outs whose largest code is used, as it is in every matrix that is quantised: all, or some at random."""
    half, top = code_range(bits)
    if (top + half + 1) ** size <= MOST_READ_OUTS:
        found = np.array(list(product(range(-half, top + 1), repeat=size)))
    else:
        found = np.random.default_rng(0).integers(-half, top, (MOST_READ_OUTS, size), endpoint=True)
    return found[np.isin(found, (-half, top)).any(axis=1)].astype(float)
