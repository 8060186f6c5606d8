"""Networks fitted to labels: gradients for the recurrence, a linear or integer programme for the read-out.

For fixed U, b and W the read-out is linear in (v, c), so the best one follows from a programme. Training by Adam on the
squared hinge loss, with :meth:`Network.loss_and_gradients`, moves the rest. A fit counts only once it is verified in
exact arithmetic (:mod:`hadamrnn.expressivity.exact`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from hadamrnn.arrays import Array
from hadamrnn.expressivity.exact import ExactStates
from hadamrnn.networks.base import Network
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.kinds import network_from
from hadamrnn.networks.quantize import most_code
from hadamrnn.optim import Adam

#: Steps of the optimiser between two read-outs by a programme.
PROGRAMME_EVERY = 50
#: The rate of Adam, decayed to a tenth over the iterations.
RATE = 0.03
#: Nodes of the search for an integer read-out: a limit that, unlike one of time, is the same on all machines.
MOST_NODES = 200
#: A margin below this, relative to the features, is lost in the tolerance of the solver.
LEAST_MARGIN = 1e-6


def labels_of(dichotomy: int, size: int) -> Array:
    """The dichotomy of that number: -1 or 1 for each of ``size`` points, the first point in the highest digit.

    >>> labels_of(1, 3)
    array([-1., -1.,  1.])
    """
    return np.array([1.0 if dichotomy >> (size - 1 - i) & 1 else -1.0 for i in range(size)])


def features(model: Network, x: Array) -> Array:
    """r(h_T) with the quantised weights, (B, n): the outputs of the network whose V is the identity."""
    config = model.config
    probe = network_from(replace(config.packed(), outputs=config.hidden))
    for name, array in model.weights().items():
        if name not in ("V", "c"):
            probe.parameters[name][...] = config.quantised(name, array)
    probe.parameters["V"][...], probe.parameters["c"][...] = np.eye(config.hidden), 0
    return probe.predict(x)


def code_range(bits: int) -> tuple[int, int]:
    """half and top: the codes are -half..top (see :func:`hadamrnn.codes`).

    >>> code_range(1), code_range(4)
    ((1, 1), (8, 7))
    """
    return 2 ** (bits - 1), most_code(bits)


def read_out(v: Array, c: float, *, bits: int | None) -> tuple[Array, Array]:
    """V and c, as ``parameters`` of a network, for real v or codes v."""
    if bits is not None:
        # the largest entry of a matrix is mapped to the highest code, which is one less than its quotient
        half, top = code_range(bits)
        v = np.where(v == top, float(half), v)
    return v[None], np.array([c])


def solve_read_out(F: Array, labels: Array, *, bits: int | None) -> tuple[Array, Array] | None:
    """V and c that separate the rows of F as the labels say, as ``parameters`` of a network; None if none was found.

    Real v: of least |v|_1 + |c| given s_i (v f_i + c) >= 1, so that the margin is the largest for its norm: a linear
    programme. v of few bits: codes z and a real c for the largest t <= s_i (z f_i + c), an integer programme.
    """
    scale = float(np.abs(F).max(initial=0.0)) or 1.0
    rows = labels[:, None] * np.column_stack([F / scale, np.ones(len(F))])
    if bits is None:
        found = _real(rows, np.r_[np.full(F.shape[1], 1 / scale), 1.0])
        return None if found is None else read_out(found[:-1] / scale, found[-1], bits=bits)
    half, top = code_range(bits)
    found = _coded(rows, half, top)
    if found is not None and not np.isin(found[:-1], (top, -half)).any():  # no matrix: ask for one of these in turn
        fixed = ((j, code) for j in range(F.shape[1]) for code in (top, -half))
        found = next((z for z in (_coded(rows, half, top, one) for one in fixed) if z is not None), None)
    return None if found is None else read_out(found[:-1], found[-1] * scale, bits=bits)


def _real(rows: Array, sizes: Array) -> Array | None:
    """The solution of least norm, where ``sizes`` are what the columns add to it."""
    done = linprog(np.r_[sizes, sizes], A_ub=np.hstack([-rows, rows]), b_ub=-np.ones(len(rows)), method="highs")
    if done.x is None or not done.x.any():
        return None
    plus, minus = np.split(done.x, 2)
    return np.asarray(plus - minus)


def _coded(rows: Array, half: int, top: int, fixed: tuple[int, int] | None = None) -> Array | None:
    """Codes z and c; ``fixed``: an index and the code that is to be there."""
    n = rows.shape[1] - 1
    most = half * n + 1.0
    low, high = np.r_[np.full(n, -half), -most, 0.0], np.r_[np.full(n, top), most, most]
    if fixed is not None:
        low[fixed[0]] = high[fixed[0]] = fixed[1]
    done = milp(
        np.r_[np.zeros(n + 1), -1.0],
        integrality=np.r_[np.ones(n), 0, 0],
        bounds=Bounds(low, high),
        constraints=LinearConstraint(np.hstack([rows, -np.ones((len(rows), 1))]), 0, np.inf),
        options={"node_limit": MOST_NODES},
    )
    return None if done.x is None or done.x[-1] < LEAST_MARGIN else np.r_[np.rint(done.x[:n]), done.x[n]]


@dataclass
class Reader:
    """A network whose recurrence is fixed, and the read-outs with which it separates sequences x, (T, B, inputs)."""

    network: Network
    x: Array

    @cached_property
    def features(self) -> Array:
        return features(self.network, self.x)

    @cached_property
    def _states(self) -> ExactStates:
        return ExactStates(self.network, self.x)

    def separates(self, V: Array, c: Array, labels: Array) -> bool:
        """Whether V and c do it, which they are set to then."""
        if not self._states.separates(V, c, labels):
            return False
        self.network.parameters["V"][...], self.network.parameters["c"][...] = V, c
        return True

    def solves(self, labels: Array) -> bool:
        """Whether the best read-out does."""
        found = solve_read_out(self.features, labels, bits=self.network.config.bits_of("V"))
        return found is not None and self.separates(*found, labels)


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Trains networks of these settings: ``restarts`` of them, ``iterations`` steps of the optimiser each."""

    config: NetworkConfig
    restarts: int
    iterations: int

    def fitted(self, x: Array, labels: Array, *, seed: tuple[int, ...]) -> Network | None:
        """A network that separates the sequences x, (T, B, inputs), as the labels say; None if none was found."""
        rng = np.random.default_rng(seed)
        fresh = (network_from(replace(self.config, seed=int(rng.integers(2**63)))) for _ in range(self.restarts))
        return next((model for model in fresh if self._train(model, x, labels)), None)

    def _train(self, model: Network, x: Array, labels: Array) -> bool:
        adam, p = Adam(model.parameters), model.parameters
        for iteration in range(self.iterations + 1):
            reader, often = Reader(model, x), iteration % PROGRAMME_EVERY == 0
            if (often or iteration == self.iterations) and reader.solves(labels):
                return True
            margins = labels * model.predict(x)[:, 0]
            if (margins > 0).all() and reader.separates(p["V"], p["c"], labels):
                return True
            if not np.isfinite(margins).all():
                return False
            # with these targets the mean square is the squared hinge loss, and has its gradient
            targets = labels * np.maximum(margins, 1)
            _, gradients = model.loss_and_gradients((x, targets[:, None]))
            model.update(adam, gradients, RATE * 0.1 ** (iteration / self.iterations))
        return False


def candidates(config: NetworkConfig, *, seed: tuple[int, ...], count: int) -> Iterator[Network]:
    """Networks with random parameters; of a HadamRNN with every vector of signs, if 2^n <= count, in turn."""
    rng = np.random.default_rng(seed)
    signs = 2**config.hidden
    for number in range(count):
        model = network_from(replace(config, seed=int(rng.integers(2**63))))
        if "u" in model.parameters and signs <= count:
            model.parameters["u"][...] = labels_of(number % signs, config.hidden)
        yield model
