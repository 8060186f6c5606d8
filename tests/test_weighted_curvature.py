"""Tcurv-w against the best piecewise polynomials, by dynamic programming, for the functions that it uses."""

import math
from fractions import Fraction

import numpy as np
import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL
from approxbounds.errors import HypothesisError
from approxbounds.theorem import Query
from approxbounds.transfer.weighted_curvature import WeightedCurvatureTheorem

TCURV_W = WeightedCurvatureTheorem()
LAWS = [ab.Normal(dim=1, mean=1, deviation="3/2"), ab.Exponential(rate=2), ab.Laplace(), ab.Uniform(low=-1, high=4)]


def network(m, pieces):
    """One hidden layer whose functions have so many pieces of degree < m on the line."""
    kind = ab.HeavisideNetwork if m == 1 else ab.ReLUNetwork
    return kind(widths=(pieces - 1,), input_dim=1)


def least_error(f, weights, x, m, pieces):
    """min over piecewise polynomials of degree < m of the sum of weights (f - g)^2: dynamic programming."""
    size = len(x)
    basis = np.stack([x**i for i in range(m)], axis=1)
    pairs = [(basis[:, :, None] * basis[:, None]) * weights[:, None, None], basis * (f * weights)[:, None]]
    gram, moment, square = (
        np.concatenate([np.zeros((1, *a.shape[1:])), np.cumsum(a, axis=0)]) for a in (*pairs, f * f * weights)
    )
    cost = np.full((size + 1, size + 1), np.inf)
    for a in range(size):
        G = gram[a + 1 :] - gram[a] + 1e-13 * np.eye(m)
        v = moment[a + 1 :] - moment[a]
        cost[a, a + 1 :] = square[a + 1 :] - square[a] - (v * np.linalg.solve(G, v[:, :, None])[:, :, 0]).sum(axis=1)
    best = cost[0]
    for _ in range(pieces - 1):
        best = np.minimum(best, (best[:, None] + cost).min(axis=0))
    return float(best[size])


def places(law, M, length):
    """A grid on the M intervals about the start of the law, its spacing, and where each interval is."""
    cells = 240 // M  # pieces of 30 points or more: the means over them are within half a percent
    count = M * cells
    low = float(law.start) - (M * length / 2 if law.two_sided else 0)
    step = length / cells
    return low + (np.arange(count) + 0.5) * step, step, np.arange(count) // cells


@pytest.mark.parametrize("mu", LAWS, ids=str)
@pytest.mark.parametrize("m", [1, 2])
def test_no_piecewise_polynomial_is_closer(mu, m):
    law, tight = mu.laws[0], 0.0
    for F, shapes in (
        (ab.MonotoneFunctions(dim=1), [(1, Fraction(1, 2)), (1, Fraction(3))]),
        (ab.HolderBall(smoothness=m, dim=1), [(1, Fraction(2)), (2, Fraction(1)), (4, Fraction(5, 4))]),
    ):
        for M, length in shapes:
            x, step, cell = places(law, M, float(length))
            t = (x - x[0] + step / 2) - cell * float(length)
            sign = 1 - 2 * (cell % 2)
            if F.is_monotone:
                f = (t / float(length)) ** m
            else:
                f = sign * (t - float(length) / 2 if m == 1 else t * (float(length) - t) / 2)
                assert np.abs(f).max() <= 1
            edges = np.append(x - step / 2, x[-1] + step / 2)
            weights = np.diff(law.cdf(edges))
            for pieces in (2, 5):
                query = Query(functions=ab.under(F, mu), network=network(m, pieces), p=2)
                bound = float(TCURV_W.evaluate(BALL, query, {"axis": 0, "intervals": M, "length": length}))
                exact = math.sqrt(least_error(f, weights, x - x.mean(), m, pieces))
                assert 0 < bound <= exact * 1.01  # pieces end on the grid
                tight = max(tight, bound / exact)
    assert tight > 0.6


@pytest.mark.parametrize("m", [1, 2])
def test_no_piecewise_polynomial_is_closer_to_convex_functions_on_boxes(m):
    mu = ab.Uniform(low=-1, high=4)
    x = -1 + 5 * (np.arange(240) + 0.5) / 240
    f, weights = np.abs((2 * x - 3) / 5) ** m, np.full(240, 1 / 240)
    for pieces in (2, 5):
        query = Query(functions=ab.under(ab.ConvexFunctions(dim=1), mu), network=network(m, pieces), p=2)
        witness = {"axis": 0, "intervals": 1 + m % 2, "length": Fraction(5, 1 + m % 2)}
        assert TCURV_W.search(query) == witness
        bound = float(TCURV_W.evaluate(BALL, query, witness))
        assert 0.7 < bound / math.sqrt(least_error(f, weights, x - 1.5, m, pieces)) <= 1.01
        for wrong in ({"intervals": 3}, {"length": Fraction(5, 1 + m % 2) + 1}, {"length": 1, "intervals": 2}):
            with pytest.raises(HypothesisError):
                TCURV_W.evaluate(BALL, query, {**witness, **wrong})


def test_convex_functions_on_boxes_have_the_numbers_of_the_cube():
    box = ab.Box(low=(0, 0, -1), high=(3, 3, 2))
    for G in (ab.ReLUNetwork(widths=(9,), input_dim=3), ab.HeavisideNetwork(widths=(9,), input_dim=3)):
        for p in (1, 2, "inf"):
            F = ab.ConvexFunctions(dim=3)
            cube = {b.theorem.id: b.value for b in ab.lower_bounds(F, G, p=p) if b.number is not None}
            assert 0 < value(ab.under(F, box), G, p) <= cube["Tcurv"] * (1 + 1e-12)  # there also along diagonals


def value(F, G, p):
    found = [b for b in ab.lower_bounds(F, G, p=p) if b.theorem.id == "Tcurv-w"]
    assert all(ab.verify(b.certificate.to_json()) and "pieces" in b.explain() for b in found)
    return found[0].value if found else 0.0


def test_the_unit_interval_has_the_numbers_of_tcurv():
    """A uniform law on [0,1] next to a normal one: lines in the first direction are those of the cube."""
    mu = ab.Product(marginals=(ab.Uniform(), ab.Normal(dim=1, deviation="1/9")))
    for F in (ab.MonotoneFunctions, ab.LipschitzBall):
        for p in (1, 2, "inf"):
            G = ab.HeavisideNetwork(widths=(9,), input_dim=2)
            cube = {b.theorem.id: b.value for b in ab.lower_bounds(F(dim=2), G, p=p) if b.number is not None}
            bound = value(ab.under(F(dim=2), mu), G, p)
            assert bound == pytest.approx(0.5 / 10 * {1: 0.5, 2: 3**-0.5, "inf": 1}[p])
            assert bound <= cube["Tcurv"] * (1 + 1e-12)  # there also along diagonals


def test_values_under_a_normal_law():
    normal = ab.Normal(dim=1)
    steps, relu = ab.HeavisideNetwork(widths=(90,), input_dim=1), ab.ReLUNetwork(widths=(9,), input_dim=1)
    assert value(ab.under(ab.LipschitzBall(dim=1), normal), steps, 2) > 0.0126
    assert value(ab.under(ab.HolderBall(smoothness=2, dim=1), normal), relu, 2) > 0.0032
    share = 2 * math.exp(-1 / 2) / math.sqrt(2 * math.pi)  # the interval of one deviation on both sides
    assert value(ab.under(ab.MonotoneFunctions(dim=1), normal), steps, 1) == pytest.approx(share / 4 / 91)
    assert value(ab.under(ab.HolderBall(smoothness=2, dim=1), ab.Uniform(high="3/2")), steps, 2) > 0


def test_what_it_does_not_cover():
    steps, relu = ab.HeavisideNetwork(widths=(3,), input_dim=1), ab.ReLUNetwork(widths=(3,), input_dim=1)
    sample = ab.under(ab.LipschitzBall(dim=1), ab.Empirical(points=[0.0, 0.5]))
    for F, G in (
        (sample, steps),  # G may interpolate
        (ab.LipschitzBall(dim=1), steps),  # Tcurv
        (ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), relu),
        (ab.under(ab.HolderBall(smoothness=3, dim=1), ab.Normal(dim=1)), relu),
    ):
        assert "large derivative" in TCURV_W.refusal(Query(functions=F, network=G, p=2))
    assert "pieces" in TCURV_W.refusal(Query(functions=sample, network=ab.FiniteClass(bits=3), p=2))
    query = Query(functions=ab.under(ab.LipschitzBall(dim=1), ab.Uniform(high=5)), network=steps, p=2)
    for M, length in ((3, 2), (1, 3), (5, Fraction(11, 10))):
        with pytest.raises(HypothesisError, match="length"):
            TCURV_W.evaluate(BALL, query, {"axis": 0, "intervals": M, "length": length})
    with pytest.raises(HypothesisError, match="axis=1"):
        TCURV_W.evaluate(BALL, query, {"axis": 1, "intervals": 1, "length": 1})
    normal = Query(functions=ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), network=steps, p=2)
    with pytest.raises(HypothesisError, match="1 or even"):
        TCURV_W.evaluate(BALL, normal, {"axis": 0, "intervals": 3, "length": 1})
