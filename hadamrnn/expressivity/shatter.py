"""Shattered sets of sequences, with a network for each dichotomy as witness. See ``capacity.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.expressivity.classes import network_class
from hadamrnn.expressivity.exact import ExactStates
from hadamrnn.expressivity.fit import (
    Demand,
    Effort,
    candidates,
    code_range,
    features,
    fitted,
    labels_of,
    solve_read_out,
    uses_range,
)
from hadamrnn.networks.base import Network, NetworkConfig
from hadamrnn.networks.kinds import config_from, network_from
from hadamrnn.networks.orthogonal import orthogonality_defect
from hadamrnn.networks.qornn import QORNNConfig

__all__ = ["Points", "Shattering", "network_with", "realised"]

#: Read-outs with few bits that are tried together: all there are, or so many at random.
MOST_READ_OUTS = 4096
#: A gap below this, relative to the outputs, may be rounding.
LEAST_GAP = 1e-9
#: A defect of orthogonality below this may be rounding.
ORTHOGONAL = 1e-9

#: Sequences: (m, T, inputs).
Points = tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, kw_only=True)
class Shattering:
    """A set of points and a network for each of its dichotomies: Pdim, or fat_gamma, is at least ``size``.

    points: (size, T, inputs). ``witnesses[d]``: the flat parameters of a network of these settings with s_i y_i > 0,
    where s is :func:`hadamrnn.expressivity.fit.labels_of` (d, size). If gamma > 0, s_i y_i >= gamma, with
    |v|_1 + |c| <= norm and all entries of W, U, b (and of thresholds) in [-1, 1]: without such bounds y -> 10 y makes
    fat_gamma the same for all gamma. W of a QORNN without bits is orthogonal up to rounding only.

    pseudo_dimension: the certified bound, which the size of no shattered set exceeds.
    """

    config: NetworkConfig
    steps: int
    gamma: Fraction
    norm: Fraction | None
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

        The points must be sequences of ``steps`` steps, a margin needs a norm, and a W that is to be orthogonal must be
        so up to rounding.
        """
        demand = Demand(gamma=self.gamma, norm=self.norm)
        if self.gamma < 0 or (self.gamma and self.norm is None) or len(self.witnesses) != 2**self.size:
            return False
        if any(
            len(point) != self.steps or not _finite(now, self.config.inputs) for point in self.points for now in point
        ):
            return False
        if network_class(self.config, steps=self.steps).pseudo_dimension().value > self.pseudo_dimension:
            return False
        parameters = network_from(self.config).parameters.flat.size
        return all(
            _finite(witness, parameters) and self._has(number, network_with(self.config, witness), demand)
            for number, witness in enumerate(self.witnesses)
        )

    def _has(self, number: int, network: Network, demand: Demand) -> bool:
        if not self.size:
            return True
        return demand.allows(network) and _is_orthogonal(network) and _separates(network, self.points, number, demand)

    def to_dict(self) -> dict[str, Any]:
        """All that :meth:`verify` needs, as JSON (its floats are read back exactly)."""
        return {
            "method": "fat" if self.gamma else "shatter",
            "config": self.config.record(),
            "steps": self.steps,
            "gamma": str(self.gamma),
            "norm": None if self.norm is None else str(self.norm),
            "size": self.size,
            "pseudo_dimension": self.pseudo_dimension,
            "ratio": self.ratio,
            "points": self.points,
            "witnesses": self.witnesses,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Shattering:
        """The record of :meth:`to_dict`; nothing in it is to be believed before :meth:`verify` says so."""
        return cls(
            config=config_from(record["config"]),
            steps=record["steps"],
            gamma=Fraction(record["gamma"]),
            norm=None if record["norm"] is None else Fraction(record["norm"]),
            points=tuple(tuple(map(tuple, point)) for point in record["points"]),
            witnesses=tuple(map(tuple, record["witnesses"])),
            pseudo_dimension=record["pseudo_dimension"],
        )


def network_with(config: NetworkConfig, parameters: Sequence[float]) -> Network:
    """The network of these settings with these flat parameters."""
    network = network_from(config)
    network.parameters.flat[...] = parameters
    return network


def _finite(numbers: Sequence[float], count: int) -> bool:
    return len(numbers) == count and bool(np.isfinite(numbers).all())


def _is_orthogonal(network: Network) -> bool:
    """Whether W is so, if it must be: that of a QORNN which is neither quantised nor free."""
    config = network.config
    must = isinstance(config, QORNNConfig) and config.recurrent_bits is None and config.strategy != "penalty"
    return not must or orthogonality_defect(network.weights()["W"]) < ORTHOGONAL


def _separates(network: Network, points: Points, number: int, demand: Demand) -> bool:
    x, p = np.array(points).swapaxes(0, 1), network.parameters
    return ExactStates(network, x).separates(p["V"], p["c"], labels_of(number, len(points)), **vars(demand))


def realised(
    config: NetworkConfig,
    x: Array,
    *,
    demand: Demand,
    effort: Effort,
    seed: tuple[int, ...],
    count: int,
    known: Sequence[tuple[float, ...]],
    note: Callable[[], object],
) -> tuple[tuple[float, ...], ...] | None:
    """Parameters for each dichotomy of the sequences x, (T, m, inputs), verified; None if some dichotomy has none.

    Recurrences are taken from networks ``known``, then from ``count`` candidates; what is still missing is looked for
    with the best read-out of each candidate, then by training.
    """
    search = _Search(config, x, demand)
    read_out = config.hidden + 1
    for parameters in {found[:-read_out]: found for found in known}.values():
        search.offer(network_with(config, parameters))
    fresh = list(candidates(config, seed=seed, count=count))
    for network in fresh:
        demand.restrict(network)
        search.offer(network)
    states = None
    for number in sorted(search.missing):
        if number not in search.missing:  # a network found for another one has it
            continue
        note()
        states = states or [features(network, x) for network in fresh]
        found = search.by_programme(number, zip(fresh, states, strict=True)) or fitted(
            config, x, labels_of(number, x.shape[1]), seed=(*seed, number), effort=effort, demand=demand
        )
        if found is None:
            return None
        search.keep(number, found)
        search.offer(found)
    return tuple(search.found[number] for number in range(2 ** x.shape[1]))


class _Search:
    """The dichotomies of x that are realised, by number, and those still missing."""

    def __init__(self, config: NetworkConfig, x: Array, demand: Demand) -> None:
        self.x, self.demand, self.size = x, demand, x.shape[1]
        self.bits = config.bits_of("V")
        self.found: dict[int, tuple[float, ...]] = {}
        self.missing = {number: labels_of(number, self.size) for number in range(2**self.size)}
        self.codes = None if self.bits is None else _codes(self.bits, config.hidden)

    def keep(self, number: int, network: Network) -> None:
        self.found[number] = tuple(network.parameters.flat.tolist())
        del self.missing[number]

    def offer(self, network: Network) -> None:
        """Try read-outs for all missing dichotomies at once: directions z, each cut in every gap of z f_i.

        z: those of least squares for real v, codes for few bits.
        """
        if not self.missing:
            return
        F = features(network, self.x)
        Z = self._directions(F) if self.codes is None else self.codes
        Y = F @ Z.T
        order = np.argsort(Y, axis=0)
        ordered = np.take_along_axis(Y, order, axis=0)
        weights = 1 << (self.size - 1 - order)
        numbers = weights[::-1].cumsum(axis=0)[::-1][1:]  # of the dichotomy that is 1 above the gap
        gaps, c = np.diff(ordered, axis=0), -(ordered[1:] + ordered[:-1]) / 2
        usable = gaps > LEAST_GAP * np.abs(Y).max(initial=0.0)
        if self.demand.norm is not None:
            sizes = np.abs(Z).sum(axis=1) + np.abs(c)
            usable &= gaps / 2 * float(self.demand.norm) > float(self.demand.gamma) * sizes
        usable &= np.isin(numbers, list(self.missing))
        _, first = np.unique(numbers[usable], return_index=True)
        if not first.size:
            return
        states = ExactStates(network, self.x)
        for gap, row in np.argwhere(usable)[first]:
            number, found = int(numbers[gap, row]), self.demand.read_out(Z[row], c[gap, row], bits=self.bits)
            if states.separates(*found, self.missing[number], **vars(self.demand)):
                network.parameters["V"][...], network.parameters["c"][...] = found
                self.keep(number, network)

    def by_programme(self, number: int, networks: Iterable[tuple[Network, Array]]) -> Network | None:
        """The first of the networks, given with their features, whose best read-out has the dichotomy."""
        labels = self.missing[number]
        for network, F in networks:
            found = solve_read_out(F, labels, bits=self.bits, demand=self.demand)
            if found is not None and ExactStates(network, self.x).separates(*found, labels, **vars(self.demand)):
                network.parameters["V"][...], network.parameters["c"][...] = found
                return network
        return None

    def _directions(self, F: Array) -> Array:
        columns = np.column_stack([F, np.ones(len(F))])
        targets = np.array(list(self.missing.values()))
        solved: Array = (targets @ np.linalg.pinv(columns).T)[:, :-1]
        return solved


def _codes(bits: int, size: int) -> Array:
    """Read-outs whose largest code is used, as it is in every matrix that is quantised: all, or some at random."""
    half, top = code_range(bits)
    count = (top + half + 1) ** size
    if count <= MOST_READ_OUTS:
        found = np.array(list(product(range(-half, top + 1), repeat=size)), dtype=float)
    else:
        found = np.random.default_rng(0).integers(-half, top, (MOST_READ_OUTS, size), endpoint=True).astype(float)
    kept: Array = found[uses_range(found, bits)]
    return kept
