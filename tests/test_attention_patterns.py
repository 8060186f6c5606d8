"""Patterns of tiny attention networks, found by search and computed here in NumPy, against the count of 3.10."""

import math
from itertools import product

import numpy as np
import pytest

import approxbounds as ab
from approxbounds.arithmetic import FLOAT


def attended(query, key, value):
    """Softmax attention of arrays of shape (weights, points, tokens, width)."""
    logits = np.einsum("wpid,wpjd->wpij", query, key) / math.sqrt(query.shape[-1])
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.einsum("wpij,wpjd->wpid", shares / shares.sum(axis=-1, keepdims=True), value)


def networks(rng, x, width, norm, count):
    """Values at x of shape (m, tokens): tokens are made ``width`` wide, attend, are normed, averaged and summed up."""

    def affine(y, size):
        w = rng.normal(size=(count, size, y.shape[-1])) * 10 ** rng.uniform(-1, 1.5, (count, 1, 1))
        return np.einsum("wsd,wptd->wpts", w, y) + rng.normal(size=(count, 1, 1, size))

    y = affine(np.broadcast_to(x[None, :, :, None], (count, *x.shape, 1)), width)
    y = affine(attended(affine(y, width), affine(y, width), affine(y, width)), width)
    if norm:
        y = (y - y.mean(axis=-1, keepdims=True)) / np.sqrt(y.var(axis=-1, keepdims=True) + 1e-5)
        y = y * rng.normal(size=(count, 1, 1, width)) + rng.normal(size=(count, 1, 1, width))
    return affine(y.mean(axis=2, keepdims=True), 1)[:, :, 0, 0]


def program(tokens, width, norm):
    def build(t):
        y = t.attention(t.dense(t.input(1, places=(tokens,)), size=width))
        return t.dense(t.mean(t.layer_norm(y) if norm else y), size=1)

    return ab.Program.of(build)


def shown(values, thresholds):
    return len(np.unique(values > thresholds, axis=0))


@pytest.mark.parametrize(("tokens", "width", "norm"), [(1, 1, False), (2, 1, False), (2, 2, False), (2, 2, True)])
def test_patterns_of_attention(tokens, width, norm):
    """At thresholds that are values of one of the networks, and at common ones: never more than the count."""
    G, rng = program(tokens, width, norm), np.random.default_rng(tokens + width)
    for grid in (True, False):
        x = np.array(list(product(np.linspace(0, 1, 4), repeat=tokens))) if grid else rng.random((9, tokens))
        values = networks(rng, x, width, norm, 1500)
        most = 0
        for _ in range(10):  # of the thresholds tried those that show the most
            levels = values[rng.integers(len(values))] * rng.choice([0, 1, 2]) + rng.normal()
            most = max(most, shown(values, levels), shown(values, np.array([rng.choice(v) for v in values.T])))
        assert 1 < math.log2(most) <= float(G.growth().evaluate(FLOAT, float(len(x)))) + 1e-9


def one_weight(t):
    """Two tokens x1, x2 that attend with logits w x_i x_j and have the values x3, x4: the first output, less w x5."""
    x, w = t.input(5), t.parameters(1)
    first = t.act(t.multiply(w, t.part(x, 1)), "sigmoid")  # the softmax of two logits, of their difference
    return t.add(t.multiply(first, t.part(x, 1)), t.part(x, 1), t.multiply(w, t.part(x, 1)))


@pytest.mark.parametrize("m", [4, 10, 30])
def test_attention_with_one_weight_stays_below_a_count_that_says_something(m):
    """All patterns of the curve on a fine grid of weights; the count is below m = 30 points."""
    G, rng = ab.Program.of(one_weight), np.random.default_rng(m)
    assert (G.weights, G.chain) == (1, 1)
    x, w = rng.random((5, m)), np.concatenate([np.linspace(-40, 40, 8001), np.geomspace(40, 4000, 500)])[:, None]
    first = 1 / (1 + np.exp(np.clip(w * x[0] * (x[1] - x[0]), -700, 700)))
    values = first * x[2] + (1 - first) * x[3] - w * x[4] * rng.choice([0, 1e-3, 0.1], m)
    growth = float(G.growth().evaluate(FLOAT, float(m)))
    assert m < 30 or growth < m
    for _ in range(20):
        assert math.log2(shown(values, np.array([rng.choice(v) for v in values.T]))) <= growth
