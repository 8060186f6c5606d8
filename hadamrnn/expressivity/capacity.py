"""The capacity of recurrent networks, measured: how many random labels they memorise, how many points they shatter.

The class of a network is all its functions (x_1, ..., x_T) -> y = v r(h_T) + c, for other parameters. Its points are
sequences in [0,1]^(T inputs), drawn uniformly. A shattered set is a proof that Pdim is at least its size: each of its
dichotomies has a network, verified in exact arithmetic. Memorisation is an experiment: that random
labels of random points are fitted is evidence, for these points and labels only. Both are held against the certified
bounds of approxbounds, which no network may beat.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.bisection import largest
from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.errors import BoundViolationError, ParameterError, bad_file
from hadamrnn.expressivity.exact import require_exact
from hadamrnn.expressivity.fit import Trainer
from hadamrnn.expressivity.shatter import Shattering, Witness, realised
from hadamrnn.networks.config import NetworkConfig
from hadamrnn.networks.kinds import network_from
from hadamrnn.work import Answers, calm

#: log2 of the probability at which successes are no longer put down to chance.
IMPOSSIBLE = -40.0


@dataclass(frozen=True, kw_only=True)
class Memorisation:
    """How many random labels a network fits.

    Draw r is a random sequence of labelled points; ``fitted[r]`` is the largest of the ``tried`` m whose first m points
    were fitted. A fit of m points is one of the first of them, so ``rate(m)``, the share of draws fitted on m points or
    more, does not increase. ``capacity`` is the largest m with a rate of at least ``level``; the level 1/2 is the usual
    m50. It depends on the training: better training can only raise it.

    pseudo_dimension: certified, Pdim <= it. limit: certified, the largest m at which the expected rate, at most
    Pi(m)/2^m with the growth function Pi, may reach the level.
    """

    config: NetworkConfig
    steps: int
    level: Fraction
    seed: int
    restarts: int
    iterations: int
    fitted: tuple[int, ...]
    tried: tuple[int, ...]
    pseudo_dimension: int
    limit: int

    def rate(self, points: int) -> float:
        """The share of draws that were fitted on so many points or more."""
        return sum(m >= points for m in self.fitted) / len(self.fitted)

    @property
    def capacity(self) -> int:
        """The largest m with a rate of at least the level."""
        needed = math.ceil(self.level * len(self.fitted))
        return sorted(self.fitted, reverse=True)[needed - 1]

    @property
    def ratio(self) -> float:
        """The capacity over its certified limit."""
        return self.capacity / self.limit

    def to_dict(self) -> dict[str, Any]:
        """The results as JSON; ``rates`` is the table of rates by the numbers of points that were tried."""
        record = vars(self) | {"config": self.config.record(), "level": str(self.level), "fitted": [*self.fitted]}
        rates = {str(m): self.rate(m) for m in record.pop("tried")}
        return {"method": "memorise", **record, "rates": rates, "capacity": self.capacity, "ratio": self.ratio}


def memorisation(
    config: NetworkConfig,
    *,
    steps: int,
    draws: int = 10,
    restarts: int = 3,
    iterations: int = 500,
    level: Fraction | int | str = Fraction(1, 2),
    most: int = 4096,
    seed: int = 0,
    path: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Memorisation:
    """How many random labels of random sequences of ``steps`` steps networks like ``config`` can be trained to fit.

    Labels are +-1 with the threshold 0, points uniform in [0,1]^(steps inputs); m is doubled, then bisected, up to
    ``most``. Each fit has ``restarts`` trainings of ``iterations`` steps of Adam on all points, with a programme for
    the read-out now and then (:mod:`hadamrnn.expressivity.fit`); loss, dtype and seed of the config are not used.
    path: a file to which each answer is written, and from which a search goes on with ``resume``.

    Raises ParameterError for bad input, BoundViolationError if more was fitted than the certified growth function
    allows, except by a chance below 2^-40.

    >>> from hadamrnn import Config
    >>> config = Config(inputs=1, hidden=2, outputs=1, bits=None)
    >>> found = memorisation(config, steps=2, draws=4, restarts=1, iterations=50, progress=False)
    >>> found.rate(3), found.capacity <= found.limit
    (1.0, True)
    """
    numbers = _checked(steps=steps, draws=draws, restarts=restarts, iterations=iterations, seed=seed)
    config, (steps, draws, restarts, iterations, seed) = _prepared(config, progress), numbers.values()
    most, share = check.integer("most", most, most=10**5), _share("level", level)
    G, pdim = network_bound(config, steps)
    trainer = Trainer(config=config, restarts=restarts, iterations=iterations)
    settings = _settings(config, "memorise", most, numbers) | {"level": str(share)}
    answers = Answers(path, settings, read=partial(check.flag, "answer"), resume=resume)
    best, worst = [0] * draws, [most + 1] * draws  # fitted, and not fitted
    needed = math.ceil(share * draws)
    tried = []

    def fits(m: int, draw: int) -> bool:
        bar.update()
        x, labels = _drawn(config, steps, m, (seed, draw))
        return trainer.fitted(x, labels, seed=(seed, draw, m)) is not None

    def reached(m: int) -> bool:
        tried.append(m)
        for draw in range(draws):
            if best[draw] < m < worst[draw]:
                (best if answers.get((m, draw), partial(fits, m, draw)) else worst)[draw] = m
        return sum(count >= m for count in best) >= needed

    with tqdm(unit="fit", disable=not progress) as bar, calm():
        low, high = 0, min(config.hidden + 1, most)
        while low < high and reached(high):
            low, high = high, min(2 * high, most)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if reached(middle) else (low, middle)
    require_possible(G, best)
    about: dict[str, Any] = {"config": config, "steps": steps, "level": share, "seed": seed, "restarts": restarts}
    about |= {"iterations": iterations, "fitted": tuple(best), "tried": tuple(sorted(tried))}
    return Memorisation(**about, pseudo_dimension=pdim, limit=label_limit(G, share))


def shattered(
    config: NetworkConfig,
    *,
    steps: int,
    sets: int = 3,
    restarts: int = 5,
    iterations: int = 500,
    candidates: int = 256,
    most: int = 12,
    seed: int = 0,
    path: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Shattering:
    """The largest set of sequences found that networks like ``config`` shatter.

    From each of ``sets`` random points on, one more is added while all 2^m dichotomies of the m points are realised,
    up to ``most`` points. They are looked for among ``candidates`` networks with random weights (all sign vectors of a
    HadamRNN in turn, if there are at most so many) with read-outs from linear or integer programmes, then by training,
    as in :func:`memorisation`; sets that were found before are verified if a search goes on from them. Raises
    ParameterError for bad input, FileError for a file that is not sound, BoundViolationError if the set is larger than
    the certified pseudo-dimension.

    >>> from hadamrnn import Config
    >>> config = Config(inputs=1, hidden=2, outputs=1, bits=None)
    >>> found = shattered(config, steps=2, sets=1, most=4, candidates=16, progress=False)
    >>> found.size, found.verify()
    (4, True)
    """
    effort = {"sets": sets, "restarts": restarts, "iterations": iterations, "candidates": candidates}
    numbers = _checked(steps=steps, **effort, seed=seed)
    config, (steps, sets, restarts, iterations, candidates, seed) = _prepared(config, progress), numbers.values()
    most, pdim = check.integer("most", most, most=16), network_bound(config, steps)[1]
    trainer = Trainer(config=config, restarts=restarts, iterations=iterations)
    # margins and norms are gone, but named in files of before
    settings = _settings(config, "shatter", most, numbers) | {"gamma": "0", "norm": "None"}
    answers = Answers(path, settings, read=_witnesses, resume=resume)
    unverified = set(answers.found)
    any_network = tuple(network_from(config).parameters.flat.tolist())
    best = none = Shattering(config=config, steps=steps, points=(), witnesses=(any_network,), pseudo_dimension=pdim)

    def look(x: Array, known: tuple[Witness, ...], seed: tuple[int, ...]) -> tuple[Witness, ...] | None:
        return realised(trainer, x, seed=seed, count=candidates, known=known, note=bar.update)

    with tqdm(unit="fit", disable=not progress) as bar, calm():
        for draw in range(sets):
            found = replace(none, witnesses=())
            for m in range(1, most + 1):
                x, _ = _drawn(config, steps, m, (seed, draw))
                witnesses = answers.get((m, draw), partial(look, x, found.witnesses, (seed, draw, m)))
                if witnesses is None:
                    break
                points = tuple(tuple(map(tuple, point)) for point in x.swapaxes(0, 1).tolist())
                found = replace(found, points=points, witnesses=witnesses)
                if (m, draw) in unverified and not found.verify():
                    raise bad_file(str(path), f"its witnesses that {m} points are shattered are not sound")
                best = max(best, found, key=lambda found: found.size)
    if best.size > pdim:
        allowed = f"but the certified pseudo-dimension is {pdim}"
        raise BoundViolationError(f"{best.size} points are shattered by {config}, {allowed}")
    return best


# Inside --------------------------------------------------------------------------------------------------------------

#: Which integers are allowed; 1 to 10^4 of others.
_RANGES = {"iterations": (1, 10**6), "candidates": (0, 10**5), "seed": (0, 2**63)}


def _prepared(config: NetworkConfig, progress: bool) -> NetworkConfig:
    """The settings in double precision, for labels as numbers; the seed is that of the search.

    Their class has all steps of the codes: the scale is the one for which any codes, one of them extreme, are found.
    """
    check.flag("progress", progress)
    check.instance("config", config, NetworkConfig, "the settings of a network")
    require_exact(config)
    return replace(config, loss="mse", dtype="float64", seed=0, scale="max")


def _checked(**given: int) -> dict[str, int]:
    ranges = {name: _RANGES.get(name, (1, 10**4)) for name in given}
    return {name: check.integer(name, given[name], least=least, most=most) for name, (least, most) in ranges.items()}


def _share(name: str, value: object) -> Fraction:
    """An exact number above 0 and at most 1; a float is the binary number that it is."""
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
            raise TypeError
        found = Fraction(value)
    except (TypeError, ValueError, ArithmeticError):
        raise ParameterError(name, value, "must be a number such as 1/10, 0.1 or 1") from None
    if not 0 < found <= 1:
        raise ParameterError(name, value, "must be above 0 and at most 1")
    return found


def _settings(config: NetworkConfig, method: str, most: int, numbers: dict[str, int]) -> dict[str, Any]:
    return {"version": ab.__version__, "config": config.record(), "method": method, "most": most, **numbers}


def _witnesses(answer: Any) -> tuple[Witness, ...] | None:
    return None if answer is None else tuple(tuple(map(float, parameters)) for parameters in answer)


def _drawn(config: NetworkConfig, steps: int, points: int, seed: tuple[int, int]) -> tuple[Array, Array]:
    """Sequences (T, points, inputs) and labels; fewer points are the first of more."""
    x = np.random.default_rng((*seed, 0)).random((points, steps, config.inputs))
    labels = np.where(np.random.default_rng((*seed, 1)).random(points) < 0.5, -1.0, 1.0)
    return x.swapaxes(0, 1), labels


def network_bound(config: NetworkConfig, steps: int) -> tuple[ab.NetworkClass, int]:
    """The class of one output of the networks, and its certified pseudo-dimension."""
    G = config.as_class(steps=steps)
    return G, int(G.pseudo_dimension().value)


def label_limit(G: ab.NetworkClass, level: Fraction) -> int:
    """The largest m at which Pi(m)/2^m is not certainly below the level, with the growth bound Pi (log-concave)."""
    growth = G.growth()
    with precision(256):
        bits = BALL.log2(BALL.number(level))
        return largest(lambda m: not growth.evaluate(BALL, m) < m + bits)


def require_possible(G: ab.NetworkClass, fitted_points: Sequence[int]) -> None:
    """Raise BoundViolationError if so many draws were fitted by less than a chance of 2^IMPOSSIBLE.

    Given the points, a draw is fitted on m points with probability at most q = Pi(m)/2^m, and k of N of them with
    probability at most C(N, k) q^k, which decreases in m where q < 1. A factor N is for the N values of k.
    """
    growth, draws = G.growth(), len(fitted_points)
    for count, m in enumerate(sorted(fitted_points, reverse=True), 1):
        ways = math.log2(draws * math.comb(draws, count))
        if m and ways + count * (float(growth.evaluate(FLOAT, m)) - m) < IMPOSSIBLE:
            what = f"{count} of {draws} random dichotomies of {m} points were fitted"
            raise BoundViolationError(f"{what}, which the growth of {G} excludes")
