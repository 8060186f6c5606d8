"""Recurrent networks that keep the sequence: weights, values, and errors between the bounds."""

import math

import numpy as np
import pytest
import sympy
from members import of, wave

import approxbounds as ab

INF = math.inf
SLACK = 1 + 1e-9
KINDS = {
    "real": ab.RecurrentNetwork,
    "orthogonal": ab.OrthogonalRNN,
    "ternary": lambda **sizes: ab.QORNN(recurrent_bits=1, **sizes),
    "coded": lambda **sizes: ab.QORNN(recurrent_bits=4, **sizes),
}
SHAPES = [(1, 1, 9), (2, 1, 20), (3, 1, 17), (2, 2, 33), (1, 3, 8)]


def smooth(d):
    return [
        ab.HolderBall(smoothness="3/2", dim=d),
        ab.HolderBall(smoothness=2, dim=d, radius=3),
        ab.SobolevBall(smoothness=2, dim=d, integrability="inf"),
    ]


def run(weights, sequence):
    """One unit after the other, one step after the other."""
    W, U, b, beta = weights.W, weights.U, weights.b, weights.thresholds
    h, inputs = [0.0] * len(b), U.shape[1]
    for t in range(weights.steps):
        x = sequence[t * inputs : (t + 1) * inputs]
        a = [W[k] @ np.array(h) + U[k] @ x + b[k] for k in range(len(b))]
        h = {
            "output": a,
            "state": [max(value, 0) for value in a],
            "thresholds": [np.sign(value) * max(abs(value) + own, 0) for value, own in zip(a, beta, strict=True)],
        }[weights.rectifies]
    read = [max(value, 0) for value in h] if weights.rectifies == "output" else h
    return weights.v @ read + weights.c


@pytest.mark.parametrize("activation", ["linear", "relu", "modrelu"])
@pytest.mark.parametrize("kind", KINDS)
def test_built_networks_are_between_the_bounds(kind, activation):
    rng = np.random.default_rng(1)
    for T, inputs, n in SHAPES:
        d, G = T * inputs, KINDS[kind](hidden=n, steps=T, inputs=inputs, activation=activation)
        for F, p in zip(smooth(d), rng.permutation([1, 2, INF]), strict=True):
            R, bound = float(F.radius), of("recurrent-sums", F, G, p)
            assert ab.lower_bound(F, G, p=p).value <= bound.value
            for f in (wave(rng, F, R), lambda x, R=R: R * np.prod(x[:, :2] - 0.5, axis=1)):
                network = bound.build(f)
                assert network.error(f, p=p, per_side=16 if d < 4 else 6) <= bound.value * SLACK
                assert (np.eye(n) == network.W @ network.W.T).all() and set(network.W.ravel()) <= {0, 1}
            x = rng.random((2, d))
            assert network(x) == pytest.approx([run(network, row) for row in x], abs=1e-12)


@pytest.mark.parametrize("activation", ["linear", "relu", "modrelu"])
def test_what_is_built_is_the_sum_of_interpolants(activation):
    rng, G = np.random.default_rng(0), ab.OrthogonalRNN(hidden=26, steps=3, inputs=2, activation=activation)
    bound = of("recurrent-sums", ab.HolderBall(smoothness=2, dim=6), G, 2)
    m = bound.witness["m"]
    assert m == 4
    table = rng.normal(size=(6, m + 1))
    nodes = np.arange(m + 1) / m
    f = lambda x: sum(np.interp(x[:, j], nodes, table[j]) for j in range(6)) * (1 + 0 * x[:, 0])  # noqa: E731
    x = np.concatenate([rng.random((200, 6)), rng.integers(0, m + 1, (200, 6)) / m])
    assert bound.build(f)(x) == pytest.approx(f(x), abs=1e-12)


def test_products_of_two_entries_cost_what_it_says():
    """(x_1 - 1/2)(x_2 - 1/2): all of the mixed part, in sup norm."""
    F, G = ab.HolderBall(smoothness=3, dim=2), ab.RecurrentNetwork(hidden=40, steps=2)
    bound = of("recurrent-sums", F, G, INF)
    assert bound.witness == {"m": 20} and bound.value == pytest.approx(1 / 4 + 2 / (8 * 20**2))
    network = bound.build(lambda x: np.prod(x - 0.5, axis=1))
    assert network(np.array([[1.0, 1.0], [0.0, 1.0]])) == pytest.approx(0, abs=1e-14)
    assert ab.upper_bound(F, G, p=2).theorem.id == "recurrent-sums" and "m=20" in bound.explain()
    data = bound.certificate.to_dict()
    assert ab.verify(data) and not ab.verify(data | {"witness": {"m": 21}, "value": 0.2504})
    n = sympy.Symbol("n", positive=True, integer=True)
    symbolic = of("recurrent-sums", F, ab.RecurrentNetwork(hidden=n, steps=2), INF)
    m = sympy.Symbol("m", positive=True, integer=True)
    assert sympy.simplify(symbolic.expression - sympy.Rational(1, 4) - 1 / (4 * m**2)) == 0 and symbolic.rate == 1


def test_larger_networks_have_no_worse_bounds():
    F = ab.HolderBall(smoothness="3/2", dim=3)
    values = [of("recurrent-sums", F, ab.OrthogonalRNN(hidden=n, steps=3), 2).value for n in range(3, 30, 3)]
    assert values == sorted(values, reverse=True) and len(set(values)) == 9


def test_what_it_is_not_for():
    F = ab.HolderBall(smoothness=2, dim=4)
    for kind, G in (
        (F, ab.HadamRNN(hidden=16, steps=4)),
        (F, ab.OrthogonalRNN(hidden=16, steps=4, bits=4)),
        (F, ab.ReLUNetwork(widths=(16,), input_dim=4)),
        (F, ab.OrthogonalRNN(hidden=3, steps=4)),
        (ab.LipschitzBall(dim=4), ab.OrthogonalRNN(hidden=16, steps=4)),
        (ab.AnisotropicHolderBall(smoothness=(2, 2, 2, 2)), ab.OrthogonalRNN(hidden=16, steps=4)),
        (ab.MonotoneFunctions(dim=4), ab.OrthogonalRNN(hidden=16, steps=4)),
        (ab.HolderBall(smoothness=2, dim=784), ab.OrthogonalRNN(hidden=1000, steps=784)),
    ):
        assert "recurrent-sums" in {refusal.theorem for refusal in ab.upper_bounds(kind, G, p=2).refusals}
    large = of("recurrent-sums", F, ab.OrthogonalRNN(hidden=10**6, steps=4), 2)
    with pytest.raises(ab.NotApplicableError, match="hidden=1000000"):
        large.build(lambda x: x[:, 0])
