"""Degrees and sizes of programs, against the polynomials written out. THEORY.md, 3.10."""

import numpy as np
import pytest
from explicit_programs import Explicit

import approxbounds as ab
from approxbounds.facts.activations import SMOOTH


def norm_of_two(t):
    x = t.layer_norm(t.dense(t.input(2), size=2))
    return t.dense(t.layer_norm(t.act(t.dense(x, size=2), "tanh")), size=1)


def normed_batch(t):
    return t.dense(t.batch_norm(t.act(t.batch_norm(t.dense(t.input(1), size=2)), "sigmoid")), size=1)


def softmax_of_three(t):
    """Three logits that are products of parameters and values of a chain."""
    x = t.act(t.dense(t.input(1), size=3), "tanh")
    return t.dense(t.softmax(t.multiply(x, t.dense(x, size=3))), size=1)


def attention_of_three(t, **how):
    x = t.input(1, places=(3,))
    return t.dense(t.mean(t.add(x, t.attention(t.add(x, t.parameters(1, places=(3,))), **how))), size=1)


PROGRAMS = {
    **{f"{name}, 1": ab.TanhNetwork(widths=(2,), input_dim=1, activation=name).program for name in SMOOTH},
    **{f"{name}, 2": ab.TanhNetwork(widths=(1, 1), input_dim=2, activation=name).program for name in SMOOTH},
    "tanh, 3": ab.TanhNetwork(widths=(1, 1, 1), input_dim=1).program,
    "silu, 3": ab.TanhNetwork(widths=(1, 1, 1), input_dim=1, activation="silu").program,
    "lstm": ab.LSTM(hidden=1, steps=2).program,
    "lstm, 2 units": ab.LSTM(hidden=2, steps=1).program,
    "gru": ab.GRU(hidden=1, steps=2).program,
    "gru, reset after": ab.GRU(hidden=1, steps=2, reset_after=True).program,
    "attention": attention_of_three,
    "causal attention": lambda t: attention_of_three(t, causal=True),
    "softmax": softmax_of_three,
    "layer norm": norm_of_two,
    "batch norm": normed_batch,
    "convnet": ab.ConvNet(size=4, channels=(1,), kernel=2, pool=2).program,
    "transformer": ab.Transformer(width=2, heads=2, tokens=2, feedforward=1, activation="relu", norm=False).program,
}
#: Whose degrees are below the rules': the reset gates of a first step multiply zeros, and ELU takes its linear piece.
LOOSE = {"gru", "elu, 2"}


def both(name):
    """The numbers of the tally, and the program written out with its output."""
    tally = ab.Tally()
    counted = tally.pfaffian(PROGRAMS[name](tally))
    explicit = Explicit(counted.weights, counted.chain, np.random.default_rng(0))
    (output,) = PROGRAMS[name](explicit)
    return counted, explicit, output


@pytest.mark.parametrize("name", PROGRAMS)
def test_degrees_are_those_of_the_polynomials(name):
    counted, explicit, output = both(name)
    assert explicit.used == counted.weights
    assert len(explicit.chain) == counted.chain and len(explicit.compared) == counted.tests
    degree, gradient = explicit.degrees(output, *explicit.compared)
    links = [explicit.degree(partial) for derivatives, _ in explicit.chain for partial in derivatives]
    found = (max(links, default=1), degree, 1 + gradient)
    stated = (counted.chain_degree, counted.degree, counted.gradient_degree)
    assert all(a <= b for a, b in zip(found, stated, strict=True)), (found, stated)
    assert name in LOOSE or found == stated


@pytest.mark.parametrize("name", PROGRAMS)
def test_chains_are_triangular_and_their_derivatives_right(name):
    """Derivatives contain no later function, and agree with differences of values."""
    _, explicit, output = both(name)
    count, rng = len(explicit.thetas), np.random.default_rng(1)
    for j, (derivatives, _) in enumerate(explicit.chain):
        later = [powers[count + j + 1 :] for partial in derivatives for powers in partial.monoms()]
        assert not any(map(any, later))
    theta, step = rng.normal(size=count), 1e-5
    numbers = explicit.numbers(theta)
    partials = explicit.gradient(output)
    for i in rng.permutation(count)[:5]:
        up, down = (explicit.numbers(theta + side * step * np.eye(count)[i]) for side in (1, -1))
        differences = (np.array(up) - np.array(down))[count:] / (2 * step)
        stated = [explicit.value(derivatives[i], numbers) for derivatives, _ in explicit.chain]
        np.testing.assert_allclose(stated, differences[: len(stated)], rtol=1e-4, atol=1e-6)
        change = (explicit.value(output, up) - explicit.value(output, down)) / (2 * step)
        assert explicit.value(partials[i], numbers) == pytest.approx(change, rel=1e-4, abs=1e-6)
