"""Linear interpolation of shifted values: errors of built networks on members of Hölder balls with s > 2, sharpness."""

from __future__ import annotations

import numpy as np
import pytest
from members import of

import approxbounds as ab
from approxbounds.constructions.smoothness import interpolation_error, quasi_interpolation_error

INF = float("inf")
FINE = np.linspace(0, 1, 100_001)


def primitive(second):
    """f with the second derivative given on FINE, and f and f' small: linear functions cost no interpolant anything."""
    once = np.cumsum(second) / (len(FINE) - 1)
    twice = np.cumsum(once - once.mean()) / (len(FINE) - 1)
    return lambda x: np.interp(x[:, 0], FINE, twice - twice.mean())


def second_derivatives(exponent, n, rng):
    """Within [-1,1] and Hölder with this exponent and constant 1: constants, waves as fine as cells, and at random."""
    yield np.ones_like(FINE)
    for period in (1 / n, 2 / n, 3.3 / n, 0.3 + rng.random()):
        tent = np.abs((FINE / period + rng.random()) % 1 - 0.5) * period  # with slopes 1 and -1
        wave = tent**exponent
        yield wave - wave.max() / 2
        yield rng.choice([-1.0, 1.0]) * (1 - wave)


@pytest.mark.parametrize(("s", "exponent"), [("5/2", 0.5), (3, 1), (4, 1)])
@pytest.mark.parametrize("p", [1, 2, 4, INF])
def test_built_networks_keep_the_bound(s, exponent, p):
    rng, F = np.random.default_rng(3), ab.HolderBall(smoothness=s, dim=1)
    for widths, theorem in (((3,), "relu-interpolation"), ((30,), "relu-interpolation"), ((8, 8), "zigzag")):
        bound = of(theorem, F, ab.ReLUNetwork(widths=widths, input_dim=1), p)
        n = bound.witness["intervals"]
        worst = 0.0
        for second in second_derivatives(exponent, n, rng):
            f = primitive(second)
            worst = max(worst, bound.build(f).error(f, p=p, per_side=101 * n))
        assert worst <= bound.value * (1 + 1e-4)  # f is known to 1e-10 only
        assert exponent < 1 or n < 16 or worst > (0.6 if p == 4 else 0.8) * bound.value


@pytest.mark.parametrize("p", [1, 2, INF])
def test_the_bracket_closes(p):
    """Tcurv has the same constant: no ReLU network with n pieces does better on x^2/2 than its shifted interpolant."""
    F, ratios = ab.HolderBall(smoothness=3, dim=1), []
    for n in (16, 256, 4096):
        found = ab.bracket(F, ab.ReLUNetwork(widths=(n,), input_dim=1), p=p)
        assert found.upper.theorem.id == "relu-interpolation"
        ratios.append(found.upper.value / found.lower.value - 1)
    assert ratios[0] < 0.35 and ratios[1] < 0.025 and 0 < ratios[2] < 0.002


def test_it_is_used_where_it_helps_only():
    A = ab.arithmetic.FLOAT
    for s, p in ((2, 2), ("5/2", 2), (3, INF)):
        F = ab.HolderBall(smoothness=s, dim=1)
        arguments = [(A, F.smoothness, 1, np.float64(1 / n), p) for n in (1, 100)]
        coarse, fine = ([f(*a) for f in (quasi_interpolation_error, interpolation_error)] for a in arguments)
        assert coarse[0] == coarse[1] and (fine[0] < fine[1] * 0.8) == (s != 2)
