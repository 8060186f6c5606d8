"""Thom against quadrature, least squares with many units, and membership of its functions."""

import math

import numpy as np
import oracles
import pytest
from scipy.optimize import minimize_scalar

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.errors import HypothesisError
from approxbounds.testing import check_lower_bound, check_monotone_in_p
from approxbounds.theorem import Query
from approxbounds.transfer.no_biases import HomogeneityTheorem, ray_distance

THOM = HomogeneityTheorem()
NODES = (np.arange(20_000) + 0.5) / 20_000


def relu(d, widths=(5, 4)):
    return ab.ReLUNetwork(widths=widths, input_dim=d, bias=False)


def threshold(d):
    return ab.HeavisideNetwork(widths=(5, 4), input_dim=d, bias=False)


def bound(F, G, p):
    (found,) = (found for found in ab.lower_bounds(F, G, p=p) if found.theorem.id == "Thom")
    assert ab.verify(found.certificate)
    return found


def phi(power, start, t):
    return np.maximum(t - start, 0) / (1 - start) if power else (t >= start).astype(float)


def least(values, n, k, p):
    """min_c of the norm of values - c t^k in L^p(n t^{n-1} dt), values at the nodes."""
    weights = n * NODES ** (n - 1)

    def norm(c):
        return (weights * np.abs(values - c * NODES**k) ** p).mean() ** (1 / p)

    return minimize_scalar(norm, bounds=(-3, 6), method="bounded", options={"xatol": 1e-10}).fun


@pytest.mark.parametrize("q", [1, 2])
@pytest.mark.parametrize("n", [1, 2.5, 7])
@pytest.mark.parametrize("k", [0, 1, 2, 9])
@pytest.mark.parametrize("power", [0, 1])
def test_distances_on_rays_by_quadrature(power, k, n, q):
    for start in (None, 0.5, 0.8):
        if power == k and start is None:
            continue  # phi = t^k
        found = float(ray_distance(FLOAT, q, power, start=start, n=n, k=k))
        exact = least(phi(power, start or 0, NODES), n, k, q)
        assert found <= exact + 2e-4
        if q == 2 or k == 0 or (power == 0 and start is None):
            assert found == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("p", [1, "11/10", "3/2", "19/10", 2, "21/10", 3, 8, 60])
@pytest.mark.parametrize("d", [1, 2, 9])
@pytest.mark.parametrize("of", [relu, threshold, lambda d: ab.ReLUPowerNetwork(widths=(2, 2), input_dim=d, bias=False)])
def test_bounds_by_quadrature(of, d, p):
    G = of(d)
    for F in (ab.LipschitzBall(dim=d, radius=2), ab.MonotoneFunctions(dim=d), ab.ConvexFunctions(dim=d)):
        found = bound(F, G, p)
        (profile,) = (profile for profile in F.ray_profiles if profile.id == found.witness["profile"])
        a = float(found.witness.get("zero", 0.5 if profile.id == "step" else 0)) ** (1 / d)
        exact = float(profile.height) * least(phi(profile.power, a, NODES), d, G.homogeneity, float(found.query.p))
        assert found.value <= exact + 2e-4
        assert found.value >= exact * (0.6 if float(found.query.p) > 5 else 0.86) - 2e-4
        assert float(found.expression) <= float(profile.height) * 0.5 if G.homogeneity == 0 else True


@pytest.mark.parametrize("d", [1, 2, 3, 100])
@pytest.mark.parametrize("k", [1, 4])
def test_closed_forms_of_constants(d, k):
    G = relu(d) if k == 1 else ab.ReLUPowerNetwork(widths=(3, 3), input_dim=d, bias=False)
    F = ab.SobolevBall(smoothness=3, dim=d, integrability=2, radius="1/3")
    assert bound(F, G, 2).value == pytest.approx(k / (d + k) / 3, rel=1e-14)
    assert bound(F, G, 1).value == pytest.approx((2 ** (k / (d + k)) - 1) / 3, rel=1e-14)
    assert 3 * bound(F, G, "inf").value == pytest.approx(1)
    assert bound(F, G, "3/2").value >= bound(F, G, 1).value and bound(F, G, 3).value >= bound(F, G, 2).value


@pytest.mark.parametrize("d", [1, 2, 7])
def test_closed_forms_of_threshold_units(d):
    F, G = ab.HolderBall(smoothness="1/2", dim=d, radius=3), threshold(d)
    assert bound(F, G, 2).value == pytest.approx(3 * math.sqrt(d / (d + 2)) / (d + 1), rel=1e-14)
    assert bound(F, G, 1).value == pytest.approx(3 * d / (d + 1) * (1 - 2 ** (-1 / d)), rel=1e-14)
    assert bound(F, G, "inf").value == 1.5
    for p in (1, "3/2", 2, 7, "inf"):
        assert bound(ab.MonotoneFunctions(dim=d), G, p).value == 0.5  # a constant does as well


@pytest.mark.parametrize(
    ("F", "G"),
    [
        (ab.LipschitzBall(dim=3), relu(3)),
        (ab.LipschitzBall(dim=3), ab.NormBoundedNetwork(norms=(2, 3), input_dim=3)),
        (ab.LipschitzBall(dim=3), ab.BoundedLinear(norm=2, input_dim=3)),
        (ab.LipschitzBall(dim=3), ab.Union(members=(relu(3), ab.BoundedLinear(norm=2, input_dim=3)))),
        (ab.LipschitzBall(dim=3), ab.ReLUNetwork(widths=(20, 20), input_dim=3, bias=False, bits=3)),
    ],
    ids=str,
)
def test_every_class_without_biases_counts(F, G):
    assert [bound(F, G, p).value for p in (2, "inf")] == [0.25, 1]
    assert 0.189 <= bound(F, G, 1).value <= 0.1893


def features(rng, x, activation, count):
    """Units without biases in random directions."""
    directions = rng.normal(size=(x.shape[1], count))
    return activation(x @ directions)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_hundreds_of_units_come_no_closer_and_about_as_close(d):
    """Least squares on random features; two layers of them; and the step against threshold units."""
    rng = np.random.default_rng(3)
    x = oracles.midpoints({1: 900, 2: 50, 3: 14}[d], d)
    one = features(rng, x, lambda z: np.maximum(z, 0), 150)
    two = features(rng, one[:, :40], lambda z: np.maximum(z, 0), 150)
    steps = np.concatenate([features(rng, x, lambda z: (z >= 0) * 1.0, 150), np.ones((len(x), 1))], axis=1)
    largest = x.max(axis=1)
    cases = [
        (one, np.ones(len(x)), bound(ab.LipschitzBall(dim=d), relu(d), 2).value),
        (two, np.ones(len(x)), bound(ab.LipschitzBall(dim=d), relu(d), 2).value),
        (steps, (largest >= np.median(largest)) * 1.0, bound(ab.MonotoneFunctions(dim=d), threshold(d), 2).value),
        (steps, largest, bound(ab.LipschitzBall(dim=d), threshold(d), 2).value),
    ]
    for columns, f, lower in cases:
        weights = np.linalg.lstsq(columns, f, rcond=1e-9)[0]
        error = math.sqrt(((columns @ weights - f) ** 2).mean())
        assert lower * 0.985 <= error <= lower * 1.05  # on a grid, whose mean is not quite the integral


@pytest.mark.parametrize(
    "F",
    [
        ab.HolderBall(smoothness="1/2", dim=3, radius=2),
        ab.LipschitzBall(dim=2, radius="1/3"),
        ab.AnisotropicHolderBall(smoothness=("1/2", 1)),
        ab.MonotoneFunctions(dim=3),
        ab.ConvexFunctions(dim=2),
    ],
    ids=str,
)
def test_profiles_are_those_of_functions_in_the_class(F):
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.random((150, F.domain_dim)), np.eye(F.domain_dim), np.zeros((1, F.domain_dim))])
    for profile in F.ray_profiles:
        for a in (0.0, 0.35, 0.9) if profile.free else (0.0,):
            assert F.contains(lambda z, a=a, of=profile: float(of.height) * phi(of.power, a, z.max(axis=1)), x)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_ramp_of_smooth_balls(d):
    """R x_1 is y_1 t on rays: the mean of y_1 over the faces is (d+1)/(2d)."""
    (constant, ramp) = ab.HolderBall(smoothness=3, dim=d, radius=4).ray_profiles
    y = np.random.default_rng(5).random((40_000, d))
    y[np.arange(len(y)), np.random.default_rng(6).integers(0, d, len(y))] = 1
    assert ramp.height == 2 <= 4 * y[:, 0].mean() and constant.height == 4
    assert y[:, 0].mean() == pytest.approx((d + 1) / (2 * d), abs=0.01)


@pytest.mark.parametrize("p", [1, "3/2", 2, 5, "inf"])
@pytest.mark.parametrize(
    "F",
    [
        ab.LipschitzBall(dim=2, radius=3),
        ab.MonotoneFunctions(dim=2),
        ab.ConvexFunctions(dim=2),
        ab.HolderBall(smoothness="5/2", dim=2),
    ],
    ids=str,
)
@pytest.mark.parametrize("of", [relu, threshold])
def test_it_is_a_lower_bound_that_grows_with_p(F, of, p):
    check_lower_bound(THOM, F, of(2), p)
    check_monotone_in_p(THOM, F, of(2), p)


def test_what_it_does_not_cover():
    F = ab.LipschitzBall(dim=2)
    reasons = {
        ab.ReLUNetwork(widths=(3,), input_dim=2): "homogeneous",
        ab.FeedForwardNetwork(widths=(3,), input_dim=2, bias=False): "homogeneous",
        ab.ReLUPowerNetwork(widths=(1,) * 21, input_dim=2, power=1000, bias=False): "10^60",
    }
    for G, reason in reasons.items():
        assert reason in THOM.refusal(Query(functions=F, network=G, p=2))
    entropy = ab.EntropyClass(exponent=1, norm=1)
    assert "no constants" in THOM.refusal(Query(functions=entropy, network=relu(2), p=2))
    query = Query(functions=ab.MonotoneFunctions(dim=2), network=relu(2), p=3)
    for witness in (
        {"profile": "ramp"},
        {"profile": "step", "share": 1},
        {"profile": "step", "zero": 1, "share": 1},
        {"profile": "constant"},
        {"profile": "constant", "share": ab.validation.exact("share", "2/3")},
        {"profile": "constant", "share": 2},
    ):
        with pytest.raises(HypothesisError, match="witness"):
            THOM.evaluate(BALL, query, witness)
