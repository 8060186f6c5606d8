"""Members of network classes: structured ones with as many pieces as there can be, and random ones, exactly.

A network is layers and an output (``lines.py``).
"""

from fractions import Fraction as F
from itertools import pairwise

import lines
import numpy as np
from lines import RELU, STEP


def stage(targets, units, breaks):
    """Units on t in [0,1] with ``breaks`` knots each, whose sum is targets[i] on the i-th of equal intervals."""
    count = len(targets)
    jumps = [lines.add(b, lines.scale(-1, a)) for a, b in pairwise(targets)]
    activations = []
    for u in range(units):
        mine = range(u * breaks, (u + 1) * breaks)
        parts = [targets[0] if u == 0 else (0,)]
        for i in mine:
            parts.append(lines.add(parts[-1], jumps[i]))
        activations.append((tuple(F(i + 1, count) for i in mine), tuple(parts)))
    return [1] * units, [0] * units, activations, [1] * units, 0


def place(i, count):
    """The place y in [0,1] in the i-th of equal intervals, as a polynomial in t."""
    return (-i, count)


def zigzag(units, breaks):
    """Continuous, affine, onto [0,1] on every interval."""
    count = units * breaks + 1
    return stage([place(i, count) if i % 2 == 0 else (i + 1, -count) for i in range(count)], units, breaks)


def sawtooth(units, breaks):
    """From 0 to 1 on every interval, with jumps."""
    count = units * breaks + 1
    return stage([place(i, count) for i in range(count)], units, breaks)


def bumps(units, breaks, *, signs=False):
    """4y(1-y) on every interval; ``signs``: +-(8y(1-y) - 1) by turns, with jumps."""
    count, found = units * breaks + 1, []
    for i in range(count):
        y = place(i, count)
        bump = lines.scale(4, lines.add(y, lines.scale(-1, lines.multiply(y, y))))
        found.append(lines.scale((-1) ** i, lines.add(lines.scale(2, bump), (-1,))) if signs else bump)
    return stage(found, units, breaks)


def staircase(units):
    """Threshold units: i on the i-th interval."""
    return [1] * units, [-F(i + 1, units + 1) for i in range(units)], [STEP] * units, [1] * units, 0


def alternating(units):
    """Threshold units: 0 and 1 by turns."""
    w, b, activations, _, _ = staircase(units)
    return w, b, activations, [(-1) ** i for i in range(units)], 0


def relu_zigzag(units):
    """ReLU units, at least 3: continuous, onto [0,1] on each of units + 1 intervals; the third unit faces left."""
    slopes = [F(2), *(F((-1) ** i) for i in range(1, units + 1))]
    length = sum(1 / abs(s) for s in slopes)
    slopes, knots, t = [s * length for s in slopes], [], F(0)
    for s in slopes[:-1]:
        t += 1 / abs(s)
        knots.append(t)
    bends = [b - a for a, b in pairwise(slopes)]
    facing = [-1 if i == 2 else 1 for i in range(units)]
    return facing, [-f * k for f, k in zip(facing, knots, strict=True)], [RELU] * units, bends, -bends[2] * knots[2]


def power_spline():
    """Four units max(x, 0)^2, two of them facing left: six changes of sign, found by linear programmes."""
    knots, readout = (0.1726, 0.3817, 0.4369, 0.8304), [-0.6976, 1, 0.7776, -0.3554]
    facing = [1, 1, -1, -1]
    return facing, [-f * k for f, k in zip(facing, knots, strict=True)], [lines.power(2)] * 4, readout, 0.0998


def chain(*stages, skips=False):
    """The network whose layers are the stages, each applied to the number that the one before gives."""
    layers, coefficients, constant = [], [1], 0
    for weights, biases, activations, readout, shift in stages:
        rows = [[w * c for c in coefficients] for w in weights]
        layers.append((rows, [w * constant + b for w, b in zip(weights, biases, strict=True)], activations))
        coefficients, constant = [*([0] * len(coefficients) if skips else []), *readout], shift
    return layers, (coefficients, constant)


def skip_staircase(first, second):
    """Threshold units in two layers that read x: N x - floor(N x), N = (first + 1)(second + 1)."""
    one, all_ = first + 1, (first + 1) * (second + 1)
    read = [[1, *[-F(1, one)] * first]] * second
    layers = [
        ([[1]] * first, [-F(i + 1, one) for i in range(first)], [STEP] * first),
        (read, [-F(j + 1, all_) for j in range(second)], [STEP] * second),
    ]
    return layers, ([all_, *[-(second + 1)] * first, *[-1] * second], 0)


def whole(rng, *shape):
    """Small multiples of 1/4, exactly."""
    numbers = rng.integers(-8, 9, shape)
    return np.vectorize(lambda n: F(int(n), 4), otypes=[object])(numbers).tolist()


def random_activation(rng, degree, pieces, continuous):
    knots = sorted(set(whole(rng, int(rng.integers(0, pieces)))))
    found = [tuple(whole(rng, degree + 1))]
    for knot in knots:
        following = tuple(whole(rng, degree + 1))
        if continuous:
            following = lines.add(following, (lines.at(found[-1], knot) - lines.at(following, knot),))
        found.append(following)
    return tuple(knots), tuple(found)


def random_network(rng, G, skips=False):
    """Layers and output of a random member of a class of layers, of the widths of G."""
    known = G.activation if hasattr(G, "activation") else G.architecture.activation
    layers, inputs = [], G.input_dim
    for units in G.widths:
        if known.power is None:
            activations = [random_activation(rng, known.degree, known.pieces, known.continuous) for _ in range(units)]
        else:
            activations = [STEP if known.power == 0 else lines.power(known.power)] * units
        biases = whole(rng, units) if getattr(G, "bias", True) else [0] * units
        layers.append((whole(rng, units, inputs), biases, activations))
        inputs = inputs + units if skips else units
    return layers, (whole(rng, inputs), whole(rng) if getattr(G, "bias", True) else 0)


def random_line(rng, dim, axes=None):
    """Polynomials of degree 1 in t: a line through the cube, in the directions of the axes."""
    a, b = whole(rng, dim), whole(rng, dim)
    return [
        (abs(x) / 2, (abs(y) - abs(x)) / 2 if axes is None or j in axes else F(0))
        for j, (x, y) in enumerate(zip(a, b, strict=True))
    ]
