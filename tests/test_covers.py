"""Nets of networks with bounded parameters, against networks computed in NumPy. THEORY.md, 3.11."""

import math
from fractions import Fraction

import numpy as np
import pytest
from forward_programs import Forward

import approxbounds as ab
from approxbounds.arithmetic import ceil_float
from approxbounds.facts.activations import SMOOTH
from approxbounds.networks.covered import Sensitivity
from approxbounds.testing import check_bound


def normed_batch(t):
    x = t.act(t.batch_norm(t.dense(t.input(3), size=4)), "relu")
    return t.dense(t.act(t.batch_norm(t.dense(x, size=3)), "tanh"), size=1)


def gated(t):
    """A product of a softmax and a mixture, and an absolute value."""
    x = t.input(3)
    z = t.act(t.dense(x, size=4), "sigmoid")
    mixed = t.mix(z, t.dense(x, size=4), t.act(t.dense(x, size=4), "abs"))
    return t.dense(t.multiply(t.softmax(t.dense(x, size=4)), mixed), size=1)


PROGRAMS = {
    **{name: ab.TanhNetwork(widths=(4, 3), input_dim=3, activation=name).program for name in SMOOTH},
    "deep": ab.TanhNetwork(widths=(3, 3, 3, 2), input_dim=3).program,
    "lstm": ab.LSTM(hidden=3, steps=4, features=2).program,
    "gru": ab.GRU(hidden=3, steps=4).program,
    "gru, reset after": ab.GRU(hidden=3, steps=4, reset_after=True).program,
    "transformer": ab.Transformer(width=4, heads=2, tokens=3, blocks=2, feedforward=3).program,
    "causal, no norms": ab.Transformer(
        width=4, heads=1, tokens=3, feedforward=3, activation="relu", causal=True, norm=False
    ).program,
    "convnet": ab.ConvNet(size=7, channels=(2, 2), kernel=2, features=2).program,
    "batch norm": normed_batch,
    "gated": gated,
}


def bounded(name, B):
    """A tally with all parameters in [-B, B]: by how much outputs change with each group, and how large they are."""
    tally = ab.Tally(B)
    with tally.precision:
        output = PROGRAMS[name](tally)
        changes = tally.sensitivities(output)
        largest = ceil_float(output.largest)
    return tally, changes, largest


def weights(rng, changes, B, kind):
    """Parameters of each group: anywhere, at the ends of the interval, or all at its upper end."""
    if kind == "any":
        return [rng.uniform(-B, B, own) for own, _ in changes]
    if kind == "ends":
        return [B * rng.choice([-1.0, 1.0], own) for own, _ in changes]
    return [np.full(own, float(B)) for own, _ in changes]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("B", ["1/3", 1, 4])
def test_outputs_change_by_no_more_than_the_rules_say(name, B):
    tally, changes, largest = bounded(name, Fraction(B))
    rng, B = np.random.default_rng(0), float(Fraction(B))
    factors = np.array([ceil_float(change) for _, change in changes])
    for trial in range(60):
        theta = weights(rng, changes, B, ("any", "ends", "top")[trial % 3])
        delta = B * 10.0 ** rng.uniform(-4, 0.3, len(changes)) * rng.integers(0, 2, len(changes))
        moved = [
            np.clip(own - step * rng.choice([-1, 1, rng.uniform(-1, 1)], own.size), -B, B)
            for own, step in zip(theta, delta, strict=True)
        ]
        if trial % 3 == 2:
            moved = [np.maximum(own - step, -B) for own, step in zip(theta, delta, strict=True)]
        x = rng.integers(0, 2, (40, tally.inputs)) if trial % 2 else rng.random((40, tally.inputs))
        first, second = (PROGRAMS[name](Forward(own, x)) for own in (theta, moved))
        assert np.abs(first).max() <= largest * (1 + 1e-12)
        steps = [np.abs(a - b).max() for a, b in zip(theta, moved, strict=True)]
        assert np.abs(first - second).max() <= (factors @ steps) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("name", PROGRAMS)
def test_some_member_of_the_net_is_near(name):
    """Parameters moved to the middle of ceil(B/delta_g) intervals of length at most 2 delta_g."""
    B, rho, rng = 2, Fraction(1, 50), np.random.default_rng(1)
    tally, changes, _ = bounded(name, B)
    d = sum(own for own, _ in changes)
    assert d == tally.weights
    counts = [max(1, math.ceil(B * ceil_float(change) * d / (float(rho) * own))) for own, change in changes]
    bits = sum(own * math.log2(count) for (own, _), count in zip(changes, counts, strict=True))
    assert Sensitivity(B, changes).net_bits(rho) == pytest.approx(bits, abs=1 + 1e-9 * bits)
    x = rng.random((100, tally.inputs))
    for kind in ("any", "ends"):
        theta = weights(rng, changes, B, kind)
        near = []
        for own, count in zip(theta, counts, strict=True):
            width = 2 * B / count
            near.append(-B + (np.clip(np.floor((own + B) / width), 0, count - 1) + 0.5) * width)
        first, second = (PROGRAMS[name](Forward(own, x)) for own in (theta, near))
        assert np.abs(first - second).max() <= float(rho)


def test_changes_of_all_positive_weights_are_nearly_attained():
    """With all weights at B and inputs 1, softplus is nearly linear: the rule is sharp."""
    name, B = "softplus", 4
    _, changes, _ = bounded(name, B)
    theta = [np.full(own, float(B)) for own, _ in changes]
    moved = [theta[0] - 1e-3, *theta[1:]]
    x = np.ones((1, 3))
    first, second = (PROGRAMS[name](Forward(own, x)) for own in (theta, moved))
    assert (first - second).item() == pytest.approx(1e-3 * ceil_float(changes[0][1]), rel=1e-3)


def test_classes_give_the_net_of_their_program():
    G = ab.LSTM(hidden=3, steps=4, features=2, weight_bound=2)
    (cover,) = G.neighbourhoods
    _, changes, _ = bounded("lstm", 2)
    rho = Fraction(1, 30)
    assert cover.at(rho) == ab.FiniteClass(bits=Sensitivity(2, changes).net_bits(rho))
    assert ab.LSTM(hidden=3, steps=4).neighbourhoods == ()


@pytest.mark.parametrize("B", [Fraction(1, 10**50), 10**50])
def test_extreme_boxes(B):
    F, G = ab.LipschitzBall(dim=2), ab.TanhNetwork(widths=(3,), input_dim=2, weight_bound=B)
    bound = next(b for b in ab.lower_bounds(F, G, p=2) if b.theorem.id == "Tnear")
    check_bound(bound)
    assert 0 < bound.value <= 0.5
