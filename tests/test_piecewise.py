"""How networks fall into pieces on lines and flats: random members never exceed the facts, structured ones reach them.

The members are evaluated exactly, piece by piece (``lines.py``), where they are piecewise affine.
"""

from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise

import lines
import numpy as np
import pytest
import recurrent_members
from lines import along, forward
from network_members import (
    alternating,
    bumps,
    chain,
    place,
    power_spline,
    random_line,
    random_network,
    relu_zigzag,
    sawtooth,
    skip_staircase,
    staircase,
    zigzag,
)

import approxbounds as ab

X = (0, 1)  # the polynomial t


def _slopes(parts):
    """Slopes of g in the middle of pieces, and of the chords between neighbours."""
    middles = [((low + high) / 2, lines.at(a, (low + high) / 2)) for low, high, a in parts]
    for (_, _, a), (t, _) in zip(parts, middles, strict=True):
        yield lines.at(tuple(k * c for k, c in enumerate(a))[1:] or (0,), t)
    for (s, low), (t, high) in pairwise(middles):
        yield (high - low) / (t - s)


def check(G, parts, rng=None):
    """Nothing on this line is above what G declares; what was found: pieces, degree, changes, affine changes."""
    known = G.piecewise
    slopes = [0, *sorted(_slopes(parts))]
    slopes = (
        [0]
        if len(parts) > 25
        else [*slopes[:4], *slopes[-3:], *([] if rng is None else (int(s) for s in rng.integers(-9, 10, 2)))]
    )
    found = (
        len(parts),
        max(lines.degree(a) for _, _, a in parts),
        lines.most_changes(parts),
        max(lines.most_changes(parts, slope) for slope in slopes),
    )
    for what, most in zip(("pieces", "degree", "changes", "affine_changes"), found, strict=True):
        assert most <= getattr(known, what), f"{G}: {what} {most} on a line, {getattr(known, what)} declared"
    assert not G.is_continuous or lines.is_continuous(parts)
    return found


# ----------------------------------------------------------------------------------- members that reach the bounds


def feedforward(widths, **activation):
    return ab.FeedForwardNetwork(widths=widths, input_dim=1, **activation)


def sizes(units, depth, **activation):
    return ab.NetworkSize(weights=1000, units=units, depth=depth, **activation)


def relu(*widths):
    return ab.ReLUNetwork(widths=widths, input_dim=1)


CUBE = ([1], [0], [lines.power(3)], [1], 0)
SKIP = {"input_dim": 1, "pieces": 2}
ATTAINED = [
    (relu(3), chain(relu_zigzag(3)), "pieces degree changes affine_changes"),
    (relu(3, 4), chain(relu_zigzag(3), relu_zigzag(4)), "pieces degree changes affine_changes"),
    (relu(3, 3, 3), chain(relu_zigzag(3), relu_zigzag(3), relu_zigzag(3)), "pieces changes"),
    (ab.HeavisideNetwork(widths=(5,), input_dim=1), chain(staircase(5)), "pieces degree affine_changes"),
    (ab.HeavisideNetwork(widths=(5,), input_dim=1), chain(alternating(5)), "changes"),
    (ab.HeavisideNetwork(widths=(6, 1), input_dim=1), chain(alternating(6), alternating(1)), "pieces changes"),
    (feedforward((2, 2), pieces=3, continuous=True), chain(zigzag(2, 2), zigzag(2, 2)), "pieces degree changes"),
    (feedforward((2, 1), pieces=3), chain(sawtooth(2, 2), sawtooth(1, 2)), "pieces degree changes affine_changes"),
    (feedforward((3,), degree=2, continuous=True), chain(bumps(3, 1)), "pieces degree changes affine_changes"),
    (feedforward((3,), degree=2), chain(bumps(3, 1, signs=True)), "pieces degree changes affine_changes"),
    (feedforward((2, 2), degree=2, continuous=True), chain(bumps(2, 1), bumps(2, 1)), "pieces degree"),
    (ab.ReLUPowerNetwork(widths=(4,), input_dim=1), chain(power_spline()), "pieces degree changes"),
    (ab.ReLUPowerNetwork(widths=(1, 1), input_dim=1, power=3), chain(CUBE, CUBE), "degree"),
    (ab.SkipNetwork(widths=(2, 3), degree=0, **SKIP), skip_staircase(2, 3), "pieces degree changes affine_changes"),
    (ab.SkipNetwork(widths=(2, 3), **SKIP), chain(sawtooth(2, 1), sawtooth(3, 1), skips=True), "pieces changes"),
    (sizes(6, 3), chain(sawtooth(3, 1), sawtooth(3, 1)), "pieces degree changes affine_changes"),
    (sizes(6, 3, degree=0), skip_staircase(3, 3), "pieces degree changes affine_changes"),
    (ab.Union(members=(relu(3), feedforward((5,)))), chain(sawtooth(5, 1)), "pieces degree changes"),
    (ab.Union(members=(relu(3, 3), relu(5))), chain(relu_zigzag(3), relu_zigzag(3)), "pieces degree changes"),
]


@pytest.mark.parametrize(("G", "network", "reached"), ATTAINED, ids=lambda v: str(v) if hasattr(v, "piecewise") else "")
def test_facts_are_reached(G, network, reached):
    skips = len(network[0]) > 1 and len(network[0][1][0][0]) > len(network[0][0][0])
    parts = along(*network, [X], skips=skips)
    found = dict(zip(("pieces", "degree", "changes", "affine_changes"), check(G, parts), strict=True))
    assert {what: found[what] for what in reached.split()} == {
        what: getattr(G.piecewise, what) for what in reached.split()
    }


@pytest.mark.parametrize(("knots", "degree"), [(1, 0), (4, 0), (3, 1), (3, 2), (2, 4)])
def test_splines_reach_their_changes(knots, degree):
    """Polynomials with all their zeros in each piece and jumps between; steps that rise along an affine threshold."""
    parts = []
    for i in range(knots + 1):
        y, polynomial = place(i, knots + 1), (F((-1) ** (i * (degree + 1))),)
        for k in range(degree):
            polynomial = lines.multiply(polynomial, lines.add(lines.scale(2 * degree, y), (-2 * k - 1,)))
        parts.append((F(i, knots + 1), F(i + 1, knots + 1), polynomial))
    G = ab.FreeKnotSplines(knots=knots, degree=degree)
    known = G.piecewise
    assert lines.changes(parts) == known.changes and len(parts) == known.pieces
    check(G, parts)
    if degree == 0:
        parts = [(start, stop, (i,)) for i, (start, stop, _) in enumerate(parts)]
        threshold = (-F(1, 2), knots + 1)
        assert lines.changes(parts, threshold) == known.affine_changes == 2 * knots + 1


@pytest.mark.parametrize(("knots", "degree"), [(1, 1), (4, 1), (3, 2), (4, 3)])
def test_smooth_splines_reach_their_changes(knots, degree):
    """The spline with alternating values at as many points as it has coefficients."""
    count = knots + degree + 1
    points = (np.arange(count) + 0.5) / count
    places = [points[i + 1 : i + degree + 1].mean() for i in range(knots)]
    columns = [points**k for k in range(degree + 1)] + [np.maximum(points - t, 0) ** degree for t in places]
    found = np.linalg.solve(np.stack(columns, axis=1), (-1.0) ** np.arange(count))
    parts, polynomial = [], tuple(found[: degree + 1])
    ends = [0.0, *places, 1.0]
    for i, (start, stop) in enumerate(pairwise(ends)):
        if i:
            shifted = lines.compose((0,) * degree + (1,), (-places[i - 1], 1))
            polynomial = lines.add(polynomial, lines.scale(found[degree + i], shifted))
        parts.append((start, stop, polynomial))
    G = ab.FreeKnotSplines(knots=knots, degree=degree, smooth=True)
    check(G, parts)
    assert lines.changes(parts) == G.piecewise.changes == knots + degree and lines.is_continuous(parts)


# --------------------------------------------------------------------------------------------- random members


def random_classes():
    for d in (1, 2):
        for bias in (True, False):
            for widths in ((4,), (3, 2), (2, 3, 2)):
                shape = {"widths": widths, "input_dim": d, "bias": bias}
                yield ab.ReLUNetwork(**shape)
                yield ab.HeavisideNetwork(**shape)
                yield ab.FeedForwardNetwork(**shape, degree=1, pieces=3)
                yield ab.FeedForwardNetwork(**shape, degree=0, pieces=3)
                if len(widths) < 3:
                    yield ab.ReLUPowerNetwork(**shape, power=len(widths) + 1)
                    yield ab.FeedForwardNetwork(**shape, degree=2, pieces=3, continuous=bias)
    for degree in (0, 1, 2):
        yield ab.SkipNetwork(widths=(3, 2), input_dim=2, degree=degree, pieces=3)


@pytest.mark.parametrize("G", list(random_classes()), ids=str)
def test_random_networks_are_within_the_facts(G):
    rng = np.random.default_rng(0)
    skips = isinstance(G, ab.SkipNetwork)
    totals = ab.NetworkSize(
        weights=G.counted_sizes.weights,
        depth=G.depth,
        units=sum(G.widths),
        degree=G.architecture.activation.degree,
        pieces=G.architecture.activation.pieces,
    )
    for _ in range(6):
        network, line = random_network(rng, G, skips), random_line(rng, G.input_dim)
        parts = along(*network, line, skips=skips)
        check(G, parts, rng)
        check(totals, parts)
        for bits in (3, None):  # codes are some of the real numbers
            assert replace(G, bits=bits).piecewise == G.piecewise
        t = [F(int(k), 97) for k in rng.integers(1, 97, 5)]  # inside of pieces
        x = np.array([[float(lines.at(a, s)) for a in line] for s in t])
        values = forward(*network, x, skips=skips)[0]
        np.testing.assert_allclose(values, [float(lines.value(parts, s)) for s in t], atol=1e-9)
        if getattr(G, "homogeneity", None) is not None:
            for c in (0.5, 3):
                scaled = forward(*network, c * x)[0]
                np.testing.assert_allclose(scaled, c ** float(G.homogeneity) * values, atol=1e-9)


# ----------------------------------------------------------------------------------------- recurrent networks


def last_step(G, p, x, line):
    """The network that G with these parameters is of x_T, on a line in the last coordinates of one sequence x."""

    def exact(array):
        return np.vectorize(lambda c: F(float(c)), otypes=[object])(np.asarray(array, float)).tolist()

    n, two = G.hidden, getattr(G, "layers", 1) == 2
    first = last = np.zeros(n)  # the states before
    if G.steps > 1:
        shorter, before = replace(G, steps=G.steps - 1), x.reshape(1, G.steps, G.inputs)[:, :-1]
        first = last = recurrent_members.net_inputs(shorter, p, before)[1][0]
        if two:
            first = recurrent_members.net_inputs(replace(shorter, layers=1), p, before)[1][0]
    activations = [lines.modrelu(b) if G.activation == "modrelu" else lines.RELU for b in exact(p["beta"])]
    layers = [(exact(p["U"]), exact(p["W"] @ first + p["b"]), activations)]
    if two:
        layers.append((exact(p["M"]), exact(p["W2"] @ last + p["b2"]), [lines.RELU] * n))
    return along(layers, (exact(p["v"]), F(float(p["c"]))), line)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("hidden", [2, 4])
def test_recurrent_networks_on_lines_of_the_last_input(hidden, steps):
    """Also at the sequences themselves, by the implementation that other tests use."""
    rng = np.random.default_rng(hidden)
    for G in recurrent_members.random_classes(hidden, steps, inputs=2):
        assert G.piecewise.axes == range(2 * steps - 2, 2 * steps)
        for whole in (False, G.activation != "modrelu"):  # sign(0) = 0 where a net input is 0 on the whole line
            p = recurrent_members.random_member(rng, G, whole=whole)
            x, line = rng.integers(0, 9, 2 * steps) / 8, random_line(rng, 2)
            parts = last_step(G, p, x, line)
            check(G, parts, rng)
            t = [F(int(k), 97) for k in rng.integers(1, 97, 4)]
            sequences = np.repeat(x[None], len(t), axis=0)
            sequences[:, -2:] = [[float(lines.at(a, s)) for a in line] for s in t]
            expected = recurrent_members.outputs(G, p, sequences.reshape(len(t), steps, 2))
            np.testing.assert_allclose([float(lines.value(parts, s)) for s in t], expected, atol=1e-7, rtol=1e-6)


def reaching_member(G):
    """Parameters of a network that reads four numbers of the last input, with as many pieces as there can be."""
    facing, biases, _, bends, shift = relu_zigzag(4)
    p = recurrent_members.random_member(np.random.default_rng(0), G)
    p |= {"W": p["W"] * (0 if G.steps > 1 else 1), "b": np.zeros(4), "c": 0.0}
    if G.activation == "modrelu":  # four flat parts
        return p | {
            "U": np.ones((4, 1)),
            "b": -np.arange(1, 5) / 5,
            "beta": np.full(4, -0.05),
            "v": np.array([1.0, -2, 3, -4]),
        }
    p |= {"U": np.array(facing, float)[:, None], "b": np.array(biases, float), "v": np.array(bends, float)}
    if getattr(G, "layers", 1) == 1:
        return p
    sizes, signs, up = 2 * np.abs(p["v"]), np.sign(p["v"]), np.array([1, 1, -1, -1])
    levels = float(shift) - np.array([0.2, 0.6, 0.4, 0.8])
    p |= {"U": p["U"] * sizes[:, None], "b": p["b"] * sizes, "M": up[:, None] * signs / 2, "b2": up * levels}
    return p | {"v": np.array([1.0, 2, 3, 5])}


RECURRENT = [
    *(ab.RecurrentNetwork(hidden=4, steps=3, activation=a) for a in ("linear", "relu", "modrelu")),
    *(ab.HadamRNN(hidden=4, steps=1, activation=a) for a in ("linear", "relu", "modrelu")),
    *(kind(hidden=4, steps=1, layers=2) for kind in (ab.HadamRNN,)),
    ab.QORNN(hidden=4, steps=3, recurrent_bits=1),
    ab.OrthogonalRNN(hidden=4, steps=1, activation="relu"),
]


@pytest.mark.parametrize("G", RECURRENT, ids=str)
def test_recurrent_facts_are_reached(G):
    p = reaching_member(G)
    assert recurrent_members.is_member(G, p)
    parts = last_step(G, p, np.zeros(G.steps), [X])
    found = check(G, parts)
    assert found[0] == G.piecewise.pieces == {"modrelu": 9}.get(G.activation, 25 if getattr(G, "layers", 1) == 2 else 5)
    if G.is_continuous and getattr(G, "layers", 1) == 1:
        assert found[2] == G.piecewise.changes == 5


def test_modrelu_jumps():
    """So it is not continuous, and the changes are those of a function with jumps."""
    G = ab.RecurrentNetwork(hidden=1, steps=1, activation="modrelu")
    p = {
        "W": np.zeros((1, 1)),
        "U": np.ones((1, 1)),
        "b": np.array([-0.5]),
        "beta": np.ones(1),
        "v": np.ones(1),
        "c": 0.0,
    }
    parts = last_step(G, p, np.zeros(1), [X])
    assert not lines.is_continuous(parts) and not G.is_continuous
    assert G.piecewise.changes == 2 * G.piecewise.pieces - 1 == 5


# ------------------------------------------------------------------------------------------- what has no lines


def test_nothing_is_said_where_nothing_is_known():
    unknown = (ab.LinearSpace(dimension=3), ab.LipschitzFunctions(constant=1, input_dim=1), ab.FiniteClass(bits=3))
    assert all(G.piecewise is None for G in unknown)
    assert ab.Union(members=(relu(3), ab.LinearSpace(dimension=3))).piecewise is None
    assert ab.NormBoundedNetwork(norms=(1, 2), input_dim=2).piecewise is None
    norm_bounded = ab.NormBoundedNetwork(norms=(1, 2), input_dim=2, widths=(3,))
    assert norm_bounded.piecewise == ab.ReLUNetwork(widths=(3,), input_dim=2).piecewise
    assert relu(*[100] * 40).piecewise is None  # too many pieces to be of use
    assert relu(*[99] * 30).piecewise.pieces == 10**60


def test_unions_know_the_lines_that_all_members_share():
    late, later = (
        ab.RecurrentNetwork(hidden=n, steps=4 // k, inputs=k, activation="relu") for n, k in ((3, 2), (5, 1))
    )
    net = ab.ReLUNetwork(widths=(2,), input_dim=4)
    assert ab.Union(members=(late, net)).piecewise.axes == range(2, 4)
    both = ab.Union(members=(late, net, later)).piecewise
    assert both.axes == range(3, 4) and both.pieces == 6
    early = ab.Union(members=(ab.HadamRNN(hidden=4, steps=2, inputs=2, layers=2), late)).piecewise
    assert early.axes == range(2, 4) and early.pieces == 25 and early.among(4) == range(2, 4)
