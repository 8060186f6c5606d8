"""Two ridge functions on each strip: values, errors of built networks on hard members, at the switches too."""

import math
from itertools import product

import numpy as np
import pytest
import sympy
from members import of

import approxbounds as ab

INF = math.inf
STEEP = 1e-6  # what switches of finite steepness and difference quotients lose
HOLDER = {s: ab.HolderBall(smoothness=s, dim=2) for s in ("5/4", "3/2", 2, "5/2", 3)}
SOBOLEV = ab.SobolevBall(smoothness=2, dim=2, integrability="inf")


def relu(*widths):
    return ab.ReLUNetwork(widths=widths, input_dim=2)


def ridge(F, direction, period, shift):
    """phi(a.x), phi' the distance from the multiples of the period to the power s - 1, as large as F has it.

    For s >= 2, phi'' is 1 and -1 in turn; for long periods phi is t^s/s.
    """
    s, a = min(float(F.holder_smoothness), 2.0), np.array(direction) / np.linalg.norm(direction)
    largest = np.abs(a).max()  # f_i = a_i phi'; of the second derivatives it is a_i a_j
    radius = 1 / largest if F.is_holder_ball and F.holder_smoothness <= 2 else 1 / largest**2
    half = (period / 2) ** s / s

    def f(x):
        turns, place = np.divmod((x @ a + shift) / period, 1)
        place = place * period
        integral = np.where(place <= period / 2, place**s / s, 2 * half - np.maximum(period - place, 0) ** s / s)
        return radius * (2 * half * turns + integral - (x @ a + shift) * 2 * half / period)

    return f


def hard(rng, F, sizes):
    """Ridge functions along and across the ridges of the network, as fine as its pieces or coarse, and others."""
    for direction in ((1, 0), (0, 1), (1, 1), (1, -1)):
        for period in (4, 2 / sizes["K1"], 2 / sizes["k"]):
            yield ridge(F, direction, period, rng.uniform(2.5, 4))
    if F.holder_smoothness >= 2:
        yield lambda x: x[:, 0] * x[:, 1]
        yield lambda x: 0.5**0.5 * ((x[:, 0] ** 2 - x[:, 1] ** 2) / 2 - x[:, 0] * x[:, 1])
        yield lambda x: np.cos(x @ [0.6, -0.8] + 0.1)


def largest_gap(network, f, k, rng):
    """On a grid, and at, in and beside the switches."""
    jumps = np.arange(1, k) / k
    switches = np.concatenate([jumps + shift for shift in (-1e-9, 0, 1e-9, 2e-8, 6e-8, 1e-7, 2e-7)])
    second = np.concatenate([np.linspace(0, 1, 12 * k + 1), np.clip(switches, 0, 1)])
    x = np.array(list(product(np.concatenate([[0, 1], rng.random(60)]), second)))
    return np.abs(network(x) - f(x)).max()


@pytest.mark.parametrize(("widths", "p"), [((22, 9), 2), ((31, 9, 32, 11), 4), ((3, 20, 7, 19, 10, 1), 1)])
@pytest.mark.parametrize("F", [HOLDER["5/4"], HOLDER["3/2"], HOLDER[2], HOLDER["5/2"], SOBOLEV], ids=str)
def test_built_networks_keep_the_bound_also_at_the_switches(F, widths, p):
    rng, G = np.random.default_rng(7), relu(*widths)
    largest, mean = of("ridges", F, G, INF), of("ridges", F, G, p)
    worst = [0.0, 0.0]
    for f in hard(rng, F, largest.witness):
        network = largest.build(f)
        assert network.widths == widths and network.weights == G.weights
        worst[0] = max(worst[0], largest_gap(network, f, largest.witness["k"], rng) / (largest.value + STEEP))
        worst[1] = max(worst[1], mean.build(f).error(f, p=p, per_side=101) / (mean.value + STEEP))
    assert max(worst) <= 1 and (F.holder_smoothness < 2 or (worst[0] > 0.5 and worst[1] > 0.25)), worst


@pytest.mark.parametrize(
    ("F", "widths", "p", "value", "witness"),
    [
        (HOLDER[2], (64, 64), INF, 0.00078036, (27, 37, 32)),
        (HOLDER[2], (256, 256), INF, 4.9321e-05, (105, 148, 130)),
        (HOLDER[2], (128,) * 4, INF, 0.00016747, (52, 74, 128)),
        (HOLDER["3/2"], (64, 64), INF, 0.0059548, (30, 34, 32)),
        (HOLDER["3/2"], (256, 256), INF, 0.00074969, (118, 135, 130)),
        (HOLDER[2], (64, 64), 2, 0.00052112, (27, 37, 32)),
        (HOLDER[3], (64, 64), INF, 0.00094882, (28, 36, 32)),
        (SOBOLEV, (64, 64), INF, 0.00094882, (28, 36, 32)),
    ],
)
def test_values(F, widths, p, value, witness):
    bound = of("ridges", F, relu(*widths), p)
    assert bound.value == pytest.approx(value, rel=3e-4) and tuple(bound.witness.values()) == witness
    assert ab.bracket(F, relu(*widths), p=p).lower.value < ab.upper_bound(F, relu(*widths), p=p).value <= bound.value


@pytest.mark.parametrize("F", [*HOLDER.values(), SOBOLEV], ids=str)
def test_every_lower_bound_is_below(F):
    for widths, p in product([(5, 4), (64, 64), (512, 512), (40,) * 6, (3000, 1000)], (1, 2, 4, INF)):
        upper = of("ridges", F, relu(*widths), p).value
        assert all(bound.number is None or bound.value <= upper for bound in ab.lower_bounds(F, relu(*widths), p=p)), (
            widths,
            p,
        )


@pytest.mark.parametrize("p", [1, 2, 4, INF])
@pytest.mark.parametrize("widths", [(22, 9), (31, 20), (9, 9, 9, 9)])
def test_no_other_sizes_are_better(widths, p):
    """By trying all that fit; for p < inf the split of K_1 + K_2 is that for p = inf, which loses little."""
    for F in (HOLDER["3/2"], HOLDER[2], SOBOLEV):
        bound, most = of("ridges", F, relu(*widths), p), max(widths)
        theorem, query, found = bound.theorem, bound.query, INF
        for total in range(2, most + 1):
            k = theorem.plan(query, total - 2)[0]
            assert not theorem.has_room(query, {"K1": 1, "K2": total - 1, "k": k + 1})
            for K1 in range(1, total) if k else ():
                sizes = {"K1": K1, "K2": total - K1, "k": k}
                error = theorem.error(
                    ab.arithmetic.FLOAT, F.regularity, p, {n: np.float64(v) for n, v in sizes.items()}
                )
                found = min(found, error)
        assert found * (1 - 1e-9) <= bound.value <= found * (1 + (1e-9 if p == INF else 5e-3))


def test_interpolation_along_the_diagonal_in_the_mean():
    """The mean of (t(1-t))^p over the square, t the place of x_1 + x_2 in its piece, is within 1 + 1/K_2^2."""
    x = (np.arange(3000) + 0.5) / 3000
    for K, p in product((1, 2, 3, 4, 5), (1, 2, 9)):
        density = np.concatenate([x, x[::-1]]) * 2 / len(x) / 2  # of x_1 + x_2 on midpoints of [0,2]
        z = np.concatenate([x, 1 + x])
        t = z * K / 2 % 1
        mean = (density * (t * (1 - t)) ** p).sum() / math.exp(2 * math.lgamma(p + 1) - math.lgamma(2 * p + 2))
        assert 1 - 1e-5 <= mean <= 1 + 1 / K**2 + 1e-5
        assert K % 2 == 1 or mean == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("F", "G", "reason"),
    [
        (ab.HolderBall(smoothness=2, dim=3), ab.ReLUNetwork(widths=(9, 9), input_dim=3), "d = 2"),
        (ab.LipschitzBall(dim=2), relu(9, 9), "s > 1"),
        (ab.AnisotropicHolderBall(smoothness=(2, 2)), relu(9, 9), "bounded second derivatives"),
        (ab.SobolevBall(smoothness=1, dim=2, integrability="inf"), relu(9, 9), "bounded second derivatives"),
        (ab.SobolevBall(smoothness=2, dim=2, integrability=7), relu(9, 9), "Sobolev (q = inf)"),
        (ab.HolderBall(smoothness=sympy.Symbol("s", positive=True), dim=2), relu(9, 9), "s > 1"),
        (HOLDER[2], relu(9), "two hidden layers"),
        (HOLDER[2], relu(1, 1), "no room"),
        (HOLDER[2], ab.HeavisideNetwork(widths=(9, 9), input_dim=2), "ReLU"),
        (HOLDER[2], ab.ReLUNetwork(widths=(9, 9), input_dim=2, bias=False), "biases"),
    ],
)
def test_refusals(F, G, reason):
    found = ab.upper_bounds(F, G, p=2)
    assert reason in next(r.reason for r in found.refusals if r.theorem == "ridges")


def test_orders_and_closed_forms():
    n, W, R = sympy.symbols("n W R", positive=True)
    K1, K2, k = sympy.symbols("K1 K2 k", positive=True, integer=True)
    wide = ab.ReLUNetwork(widths=(n, n), input_dim=2)
    forms = {
        HOLDER[2]: sympy.sqrt(2) / (8 * K1**2) + 1 / (2 * K2**2) + sympy.sqrt(2) / (8 * k**2),
        SOBOLEV: 1 / (4 * K1**2) + 1 / (2 * K2**2) + 1 / (4 * k**2),
        HOLDER[3]: 1 / (4 * K1**2) + 1 / (2 * K2**2) + 1 / (4 * k**2),
    }
    for F, form in forms.items():
        bound = of("ridges", F, wide, INF)
        assert sympy.simplify(bound.expression - form) == 0 and bound.rate == 1 / W
    assert of("ridges", HOLDER["3/2"], wide, 2).rate == W ** sympy.Rational(-3, 4)
    ball = ab.HolderBall(smoothness=2, dim=2, radius=R)
    numbers = of("ridges", ball, relu(64, 64), INF).expression.subs(R, 1)
    assert float(numbers) == pytest.approx(of("ridges", HOLDER[2], relu(64, 64), INF).value)
