"""Networks on lines, piece by piece: exactly in fractions where net inputs are affine, else in doubles.

A polynomial is a tuple of coefficients, the constant first. An activation is (knots, polynomials), one polynomial more
than knots. A layer is (weights, biases, activations), an entry of each for each unit.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np

RELU = ((0,), ((0,), (0, 1)))
STEP = ((0,), ((0,), (1,)))
ABS = ((0,), ((0, -1), (0, 1)))
_NEAR = 1e-9


def power(k):
    """max(x, 0)^k."""
    return ((0,), ((0,), (0,) * k + (1,)))


def modrelu(beta):
    """sign(a) relu(|a| + beta)."""
    outer = (-beta, 1), (beta, 1)
    return ((0,), outer) if beta >= 0 else ((beta, -beta), (outer[0], (0,), outer[1]))


# ------------------------------------------------------------------------------------------ polynomials


def add(a, b):
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    return tuple(x + y for x, y in zip(longer, (*shorter, *(0,) * (len(longer) - len(shorter))), strict=True))


def scale(c, a):
    return tuple(c * x for x in a)


def multiply(a, b):
    found = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            found[i + j] += x * y
    return tuple(found)


def compose(outer, inner):
    found = (0,)
    for c in reversed(outer):
        found = add(multiply(found, inner), (c,))
    return found


def at(a, t):
    found = 0
    for c in reversed(a):
        found = found * t + c
    return found


def degree(a, tiny=_NEAR):
    """The degree up to coefficients that are tiny beside the largest."""
    most = max(map(abs, a))
    return max((k for k, c in enumerate(a) if abs(c) > tiny * most), default=0)


def roots(a, start, stop):
    """The zeros inside an interval, in order."""
    a = a[: degree(a, 0 if isinstance(start, Fraction) else 1e-13) + 1]
    if len(a) <= 1:
        return []
    if len(a) == 2:
        found = [Fraction(-a[0]) / a[1] if isinstance(start, Fraction) else -a[0] / a[1]]
    else:
        complex_roots = np.roots([float(c) for c in reversed(a)])
        found = sorted(float(z.real) for z in complex_roots if abs(z.imag) < _NEAR)
    return [t for t in found if start < t < stop]


# -------------------------------------------------------------------------------------------------- pieces


def along(layers, output, inputs, *, skips=False):
    """The pieces (start, stop, polynomial) of a network on t in [0,1], its inputs being polynomials in t."""
    exact = all(len(a) <= 2 for _, _, activations in layers for _, parts in activations for a in parts)
    one = Fraction(1) if exact else 1.0
    parts = [(0 * one, one, tuple(inputs))]
    for weights, biases, activations in layers:
        parts = [new for part in parts for new in _cut(part, weights, biases, activations, skips)]
    weights, bias = output
    return _joined([(start, stop, _net(weights, bias, read)) for start, stop, read in parts])


def _net(weights, bias, read):
    total = (bias,)
    for w, a in zip(weights, read, strict=True):
        total = add(total, scale(w, a))
    return total


def _cut(part, weights, biases, activations, skips):
    start, stop, read = part
    nets = [_net(w, b, read) for w, b in zip(weights, biases, strict=True)]
    ends = {start, stop}
    for net, (knots, _) in zip(nets, activations, strict=True):
        ends |= {t for knot in knots for t in roots(add(net, (-knot,)), start, stop)}
    for low, high in pairwise(sorted(ends)):
        if high - low <= 1e-12:
            continue
        units = []
        for net, (knots, polynomials) in zip(nets, activations, strict=True):
            value = at(net, (low + high) / 2)
            units.append(compose(polynomials[sum(value > knot for knot in knots)], net))
        yield low, high, (*(read if skips else ()), *units)


def _joined(parts):
    """Neighbours with the same polynomial are one piece."""
    found = [parts[0]]
    for start, stop, a in parts[1:]:
        gap, most = add(a, scale(-1, found[-1][2])), max(1, *map(abs, a))
        if all(abs(c) <= _NEAR * most for c in gap):
            found[-1] = (found[-1][0], stop, a)
        else:
            found.append((start, stop, a))
    return found


def value(parts, t):
    return next(at(a, t) for start, stop, a in parts if t <= stop)


def is_continuous(parts):
    return all(abs(at(a, stop) - at(b, stop)) < 1e-6 for (_, stop, a), (_, _, b) in pairwise(parts))


def changes(parts, threshold=(0,)):
    """How often the sign of g - r changes along the line, null sets aside."""
    signs = []
    for start, stop, a in parts:
        gap = add(a, scale(-1, threshold))
        for low, high in pairwise([start, *roots(gap, start, stop), stop]):
            signs.append(at(gap, (low + high) / 2) > 0)
    return sum(a != b for a, b in pairwise(signs))


def most_changes(parts, slope=0):
    """The most changes of 1[g > r] over all r = slope * t + constant: the constants between the extreme values."""
    tilted = [(start, stop, add(a, (0, -slope))) for start, stop, a in parts]
    levels = set()
    for start, stop, a in tilted:
        slopes = tuple(k * c for k, c in enumerate(a))[1:] or (0,)
        levels |= {at(a, t) for t in (start, stop, *roots(slopes, start, stop))}
    levels = sorted(levels)
    middles = [(low + high) / 2 for low, high in pairwise(levels) if high - low > _NEAR]
    return max((changes(tilted, (middle,)) for middle in middles), default=0)


# ------------------------------------------------------------------------------------------------- points


def forward(layers, output, x, *, skips=False):
    """The values of a network at points (m, d), and the numbers of the pieces that its units take, (m, units)."""
    read, patterns = x, []
    for weights, biases, activations in layers:
        nets = read @ np.array(weights, float).T + np.array(biases, float)
        units = np.empty_like(nets)
        for u, (knots, polynomials) in enumerate(activations):
            which = (nets[:, u, None] > np.array(knots, float)).sum(axis=1)
            parts = [np.polynomial.polynomial.polyval(nets[:, u], np.array(a, float)) for a in polynomials]
            units[:, u] = np.choose(which, parts)
            patterns.append(which)
        read = np.hstack([read, units]) if skips else units
    weights, bias = output
    return read @ np.array(weights, float) + float(bias), np.stack(patterns, axis=1)
