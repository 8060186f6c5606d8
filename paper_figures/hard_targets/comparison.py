"""Trained networks held against the lower bounds of approxbounds: how well do they approximate random hard targets?

Theorem T3 of approxbounds is about f_omega, omega uniform on {0,1}^N: whatever the network, the mean of
Z(omega) = inf_g ||f_omega - g||_p^p is at least 2 I_p S, and Z >= 2(1-theta) h I_p with a stated probability. A trained
network has an error of at least Z, so errors that fall below these numbers refute the theorem or its code, or the
growth bound of the class. Here networks are trained as well as one can, and a test with a stated error probability
decides.

Errors are sums over points, without any error of quadrature: T3 holds for every measure under which the cells look
alike, so it holds for the points (i + t_j)/k, the same t_j in each of the k^d cubes i, with the mean of w^p at these
points in place of ||w||_p^p (:class:`GridCase`). The t_j are drawn after and independently of the points of the
training, so the measured error is also an unbiased estimate of that on [0,1]^d, and fitting the points of the training
alone gains nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from scipy.special import bdtrc

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.transfer.average_case import HypercubeCase
from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import BoundViolationError, ParameterError
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.work import Answers, shared
from paper_figures.hard_targets.feedforward import FeedForwardConfig
from paper_figures.hard_targets.regression import best, steps_of

__all__ = ["GridCase", "Measurement", "Pair", "compare", "measured"]

#: Probability, for each of the two tests, of an alarm although the theorem and the code are right.
ERROR_PROBABILITY = 1e-6
#: The high-probability form is used with this theta, and for levels that fail with at most this probability.
THETA, FAILURE = Fraction(1, 10), Fraction(1, 100)
#: About so many points are trained on, and evaluated at.
TRAINED, EVALUATED = 2**12, 2**13


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A function class, a network and p.

    ``network``: settings of a feed-forward network (``FeedForwardConfig``), or of a HadamRNN or QORNN with one output
    and loss="mse" for the last step, for which x in [0,1]^d is a sequence of d/inputs steps. ``member``: the targets,
    by the indices of a member of the family, such as {"k": 16} or, for functions of one coordinate,
    {"k": 16, "dims": 1}; by default the one with the best bound. With more
    cells for the same network the bound is sharper. Raises ParameterError for bad input.
    """

    functions: ab.FunctionClass
    network: FeedForwardConfig | NetworkConfig
    p: int
    member: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        check.plain(self)
        check.integer("p", self.p, most=100)
        if not (isinstance(self.functions, ab.FunctionClass) and isinstance(self.functions.domain_dim, int)):
            allowed = "must be a function class of a dimension that is a number"
            raise ParameterError("functions", self.functions, allowed)
        steps_of(self.network, self.functions.domain_dim)

    @property
    def approximating(self) -> ab.NetworkClass:
        """The network's class G: all its functions for other weights."""
        return self.network.as_class(steps=steps_of(self.network, self.functions.domain_dim))

    @cached_property
    def case(self) -> HypercubeCase:
        """What the theorem says of the targets. Raises ab.NotApplicableError where it says nothing."""
        case = ab.average_case(self.functions, self.approximating, p=self.p, member=self.member)
        assert isinstance(case, HypercubeCase)  # under Lebesgue measure
        return case

    @property
    def index(self) -> dict[str, int]:
        """The indices of the member, with ``dims`` if its targets are functions of so many coordinates only."""
        found, dims = {name: self.case.index[name] for name in self.case.family.indices}, self.case.witness.get("dims")
        return found | {"dims": dims} if isinstance(dims, int) else found

    def record(self) -> dict[str, Any]:
        """The pair as JSON."""
        return {
            "functions": self.functions.to_dict(),
            "network": self.network.record(),
            "class": self.approximating.to_dict(),
            "p": self.p,
            "member": self.index,
        }

    def __str__(self) -> str:
        index = ", ".join(f"{name}={value}" for name, value in self.index.items())
        return f"{self.functions}, {self.approximating}, p={self.p}, {index}"


@dataclass(frozen=True, eq=False)
class GridCase:
    """T3 for the measure that is uniform on the points (i + t_j)/k, i in {0..k-1}^d; ``positions``: t, (q, d).

    The positions are the same in all cubes, so the cells look alike, as the theorem asks: those of a target that is a
    function of some coordinates only are rows of cubes, and the bound holds on each grid of points with the other
    coordinates fixed. Off the cells (which not all
    families cover) an error can only add to the sum.
    """

    case: HypercubeCase
    positions: Array

    @cached_property
    def points(self) -> Array:
        """(k^d q, d)."""
        return _in_cubes(self.case, self.positions[None])

    def target(self, omega: Array) -> Array:
        """f_omega at the points."""
        return self.case.target(omega, self.points)

    @cached_property
    def power(self) -> float:
        """The mean of w^p, which is N I_p."""
        N = self.case.cells
        w = (self.target(np.ones(N)) - self.target(np.zeros(N))) / 2
        return float(np.mean(w ** float(self.case.query.p)))

    @property
    def _relative(self) -> float:
        norm = float(self.case.family.norm(FLOAT, self.case.index, self.case.query.p))
        return self.power / float(norm ** float(self.case.query.p))

    @property
    def mean(self) -> float:
        """2 I_p S: at most the mean of Z."""
        return self.case.mean * self._relative

    @property
    def level(self) -> float:
        """A number that Z reaches with probability at least 1 - FAILURE; 0 if none is known."""
        try:
            found = self.case.high_probability(THETA, confidence=1 - FAILURE)
        except ab.NotApplicableError:
            return 0.0
        return found * self._relative

    def allowance(self, targets: int) -> float:
        """How far the mean of Z over so many targets falls below its expectation with probability ERROR_PROBABILITY.

        McDiarmid's inequality: of the targets * N independent bits each moves the mean by at most 2^p I_p / targets,
        as it changes f_omega in one cell, from c - w to c + w, and g may be thought of as clipped to that range (T3
        holds with the infimum over clipped g, which is smaller).
        """
        scale = float(2 ** float(self.case.query.p)) * self.power
        return scale * math.sqrt(-math.log(ERROR_PROBABILITY) / (2 * targets * self.case.cells))


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The errors ||f_omega - g||_p^p of networks trained for several random omega, against theorem T3.

    bound: on their mean. level: reached by each with probability >= 1 - FAILURE. allowance: see
    :meth:`GridCase.allowance`. centre: ||w||_p^p, the error of the centre c of the family, which is 0 for families of
    sign patterns: about the error of a network that has learned nothing.
    """

    pair: Pair
    errors: tuple[float, ...]
    bound: float
    level: float
    allowance: float
    centre: float

    @property
    def mean(self) -> float:
        """The mean error."""
        return math.fsum(self.errors) / len(self.errors)

    @property
    def ratio(self) -> float:
        """The mean error over the bound: at least 1, but for chance."""
        return self.mean / self.bound

    @property
    def low(self) -> int:
        """How many errors are below the level."""
        return sum(error < self.level for error in self.errors)

    @property
    def low_probability(self) -> float:
        """The probability, at most, of so many (binomial test)."""
        return float(bdtrc(self.low - 1, len(self.errors), float(FAILURE)))

    @property
    def verdict(self) -> str:
        """ "violated" if a test rejects the theorem, "above" if the mean error is at least the bound, else "chance".

        An error that is not a number counts as a violation.
        """
        if not self.mean >= self.bound - self.allowance or self.low_probability < ERROR_PROBABILITY:
            return "violated"
        return "above" if self.mean >= self.bound else "chance"

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON."""
        numbers = ("mean", "bound", "ratio", "level", "low", "allowance", "centre", "verdict")
        return {
            **self.pair.record(),
            "cells": self.pair.case.cells,
            "pdim": self.pair.approximating.pseudo_dimension().value,
            "errors": list(self.errors),
            **{name: getattr(self, name) for name in numbers},
        }


def compare(
    pairs: Iterable[Pair],
    *,
    targets: int = 20,
    restarts: int = 8,
    seed: int = 0,
    path: str | Path | None = None,
    resume: bool = False,
    workers: int = 1,
    progress: bool = True,
) -> tuple[Measurement, ...]:
    """Train every network for ``targets`` random omega, the best of ``restarts`` each, and compare with the bounds.

    ``path``: a new file of JSON lines, one per trained network; with ``resume`` an interrupted run goes on from it, or
    a finished one with more targets. ``workers``: processes; they do not change the results. Raises
    BoundViolationError if a test rejects, ParameterError for bad input, FileError for a file that is not such a one,
    HadamRNNError if a worker process is killed, and ab.NotApplicableError where T3 says nothing.

    >>> G = FeedForwardConfig(inputs=1, widths=(1,), activation="heaviside")
    >>> pair = Pair(functions=ab.LipschitzBall(dim=1), network=G, p=1, member={"k": 32})
    >>> [found] = compare([pair], targets=3, restarts=1, progress=False)
    >>> found.verdict, found.ratio > 1
    ('above', True)
    """
    given = tuple(pairs)
    targets, restarts = check.integer("targets", targets, most=10**6), check.integer("restarts", restarts, most=10**6)
    seed, workers = check.integer("seed", seed, least=0), check.integer("workers", workers, most=1024)
    check.flag("progress", progress)
    search = {"version": ab.__version__, "pairs": [pair.record() for pair in given], "restarts": restarts, "seed": seed}
    answers = Answers(path, search, read=float, resume=resume)
    jobs = {(i, n): (pair, n, restarts, seed) for i, pair in enumerate(given) for n in range(targets)}
    missing = {key: job for key, job in jobs.items() if key not in answers.found}
    known, how = len(jobs) - len(missing), {"workers": workers, "progress": progress, "unit": "network"}
    with shared() as work, closing(work.computed(_error, missing, **how, known=known)) as found:
        for key, error in found:
            answers.add(key, error)
    return tuple(measured(pair, [answers.found[i, n] for n in range(targets)], seed) for i, pair in enumerate(given))


def measured(pair: Pair, errors: Sequence[float], seed: int = 0) -> Measurement:
    """The measurement of these errors, which :func:`compare` found with this seed.

    Raises BoundViolationError if a test rejects.
    """
    grid = _evaluation(pair, seed)
    allowance = grid.allowance(len(errors))
    found = Measurement(
        pair=pair, errors=tuple(errors), bound=grid.mean, level=grid.level, allowance=allowance, centre=grid.power
    )
    if found.verdict == "violated":
        numbers = f"mean={found.mean:.6g} for bound={found.bound:.6g}, low={found.low} of {len(found.errors)}"
        raise BoundViolationError(f"{found.pair}: {numbers}; the theorem, the growth bound or the code is wrong")
    return found


# One trained network -------------------------------------------------------------------------------------------------


def _error(pair: Pair, n: int, restarts: int, seed: int) -> float:
    """The error for target n."""
    rng = _generator(pair, seed, 1 + n)
    omega = rng.integers(0, 2, pair.case.cells)
    positions = _positions(pair.case, TRAINED, rng, least=1)
    shifts = rng.random((pair.case.index["k"] ** positions.shape[1], 1, positions.shape[1]))  # no cube like another
    x = _in_cubes(pair.case, (positions + shifts) % 1)
    network = best(pair.network, x, pair.case.target(omega, x), p=pair.p, restarts=restarts, rng=rng)
    grid = _evaluation(pair, seed)
    return float(np.mean(np.abs(network.predict(grid.points) - grid.target(omega)) ** pair.p))


def _evaluation(pair: Pair, seed: int) -> GridCase:
    """The points of the evaluation: the same for all targets, and independent of them and of the training."""
    return GridCase(pair.case, _positions(pair.case, EVALUATED, _generator(pair, seed, 0), least=4))


def _generator(pair: Pair, seed: int, stream: int) -> np.random.Generator:
    """Streams that differ from pair to pair, whatever pairs are compared together."""
    return np.random.default_rng([seed, crc32(json.dumps(pair.record(), sort_keys=True).encode()), stream])


def _positions(case: HypercubeCase, points: int, rng: np.random.Generator, *, least: int) -> Array:
    """(q, d), each uniform on [0,1)^d and together spread out (a Latin hypercube), with k^d q about ``points``."""
    if not case.family.on_cubes:
        raise ParameterError("functions", case.query.F, "needs a family whose cells are cubes, all k^d or some of them")
    dim = int(case.query.F.domain_dim)
    q = max(least, points // case.index["k"] ** dim)
    strata = np.stack([rng.permutation(q) for _ in range(dim)], axis=1)
    positions: Array = (strata + rng.random((q, dim))) / q
    return positions


def _in_cubes(case: HypercubeCase, positions: Array) -> Array:
    """(i + t)/k for all cubes i and their positions t, (k^d or 1, q, d), as an array (k^d q, d)."""
    k, dim = case.index["k"], positions.shape[-1]
    cubes = np.indices((k,) * dim).reshape(dim, -1).T
    points: Array = ((cubes[:, None] + positions) / k).reshape(-1, dim)
    return points
