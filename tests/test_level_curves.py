"""Level curves of monotone functions of two variables: limits of the networks between the bounds."""

import math

import numpy as np
import pytest
from members import member, of

import approxbounds as ab
from approxbounds.constructions import level_curves
from approxbounds.render import rounded

SLACK = 1 + 1e-9
F = ab.MonotoneFunctions(dim=2)


def relu(*widths):
    return ab.ReLUNetwork(widths=widths, input_dim=2)


def staircase(rng, jumps):
    """1[x_2 > h(x_1)] with h falling from 1 to 0 in so many steps."""
    places, heights = np.sort(rng.random(jumps)), np.linspace(1, 0, jumps + 1)
    return lambda x: (x[:, 1] > heights[np.searchsorted(places, x[:, 0])]).astype(float)


def curves(f, x, levels):
    """The heights at which f passes the levels on the lines over x, constant beyond [0,1]: (levels, points)."""
    first = np.broadcast_to(np.clip(x, 0, 1), (len(levels), len(x)))
    low, high = np.zeros(first.shape), np.ones(first.shape)
    for _ in range(40):
        middle = (low + high) / 2
        passed = f(np.stack([first.ravel(), middle.ravel()], axis=1)).reshape(first.shape) >= levels[:, None]
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return high


def measured(f, breaks, count, p, *, side=240, shifts=8):
    """The error of the limit of the networks, with the best of some shifts of the breaks."""
    levels, x = np.arange(1, count + 1) / (count + 1), (np.arange(side) + 0.5) / side
    exact = f(np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)).reshape(side, side)
    errors = []
    for theta in (np.arange(shifts) + 0.5) / shifts:
        nodes = (np.arange(-1, breaks + 1) + theta) / breaks
        followed = np.array([np.interp(x, nodes, row) for row in curves(f, nodes, levels)])
        own = (0.5 + (x > followed[:, :, None]).sum(axis=0)) / (count + 1)
        errors.append(np.mean(np.abs(exact - own) ** p) ** (1 / p))
    return min(errors)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_level_curves_are_between_the_bounds(p):
    rng, worst = np.random.default_rng(4), 0.0
    for widths in ((8, 7), (17, 16), (12, 30), (8, 7, 12, 9)):
        bound = of("level-curves", F, relu(*widths), p)
        breaks, count = bound.witness["K"], bound.witness["m"]
        assert ab.lower_bound(F, relu(*widths), p=p).value <= bound.value
        smooth = [lambda x: x.sum(axis=1) / 2, lambda x: np.sqrt(x[:, 0] * x[:, 1])]
        for f in (*smooth, member(rng, F), staircase(rng, 3), staircase(rng, breaks), staircase(rng, 4 * breaks)):
            error = measured(f, breaks, count, p)
            assert error <= bound.value * 1.002  # the grid sees no more of the curves
            worst = max(worst, error / bound.value)
    assert worst > 0.5


@pytest.mark.parametrize("widths", [(17, 16), (8, 7, 12, 9), (2, 12, 9, 1)])
@pytest.mark.parametrize("p", [1, 2, 4])
def test_what_is_built_is_between_the_bounds(widths, p):
    rng = np.random.default_rng(p)
    bound = of("level-curves", F, relu(*widths), p)
    built, breaks = bound.theorem.built(bound.query, bound.witness), bound.witness["K"]
    assert bound.value < built < 1.02 * bound.value and rounded(built, True) in bound.explain()
    worst, lower = 0.0, ab.lower_bound(F, relu(*widths), p=p).value
    smooth = [lambda x: x.sum(axis=1) / 2, lambda x: x[:, 1] ** 9, member(rng, F)]
    for f in (*smooth, *(staircase(rng, jumps) for jumps in (3, breaks, 4 * breaks))):
        network = bound.build(f)
        assert network.widths == widths
        worst = max(worst, *(network.error(f, p=p, per_side=side) for side in (210, 157)))
    assert lower <= bound.value and 0.5 * bound.value < worst <= built * 1.002  # the grid sees no more of the curves


def test_two_units_follow_a_curve():
    """(M(x_2-s)+1)_+ - (M(x_2-s))_+ is between 0 and 1, and a step off a strip of width 1/M."""
    rng, steep = np.random.default_rng(1), 2.0**20
    x, nodes, values = rng.random((5000, 2)), np.array([0.0, 0.3, 0.7, 1.0]), np.array([0.9, 0.5, 0.4, 0.0])
    slopes = np.diff(values) / np.diff(nodes)
    form = values[0] + slopes[0] * x[:, 0] + np.maximum(x[:, :1] - nodes[1:-1], 0) @ np.diff(slopes)
    step = np.maximum(steep * (x[:, 1] - form) + 1, 0) - np.maximum(steep * (x[:, 1] - form), 0)
    above = x[:, 1] > np.interp(x[:, 0], nodes, values)
    far = np.abs(x[:, 1] - form) > 1 / steep
    assert (
        (step >= 0).all() and (step <= 1 + 1e-9).all() and np.abs(step - above)[far].max() < 1e-9 and far.mean() > 0.99
    )


@pytest.mark.parametrize(
    ("widths", "p", "value"), [((64, 64), 1, 0.0204), ((64, 64), 2, 0.0863), ((256, 256), 2, 0.0399)]
)
def test_numbers_of_level_curves(widths, p, value):
    bound = of("level-curves", F, relu(*widths), p)
    assert bound.value == pytest.approx(value, rel=3e-3) and bound.value == ab.upper_bound(F, relu(*widths), p=p).value
    assert all(str(size) in bound.explain() for size in bound.witness.values())


def test_sizes_of_level_curves():
    """x_1, x_2 and K breaks; two units a curve; pairs of layers pass on x and the sum."""
    assert of("level-curves", F, relu(12, 9), 2).witness == {"K": 10, "m": 4}
    assert of("level-curves", F, relu(2, 12, 9, 1), 2).witness == {"K": 10, "m": 4}
    assert of("level-curves", F, relu(12, 9, 13, 10), 2).witness == {"K": 10, "m": 3 + 4}
    for widths in ((12, 9), (12, 9, 13, 10), (2, 12, 9, 1), (30, 7, 20, 9, 8)):
        bound = of("level-curves", F, relu(*widths), 2)
        assert of("level-curves", F, bound.network, 2).value <= bound.value * SLACK
        assert bound.network.weights <= relu(*widths).weights
        data = bound.certificate.to_dict()
        for name in ("K", "m"):
            assert not ab.verify(data | {"witness": dict(bound.witness) | {name: bound.witness[name] + 1}})
        for larger in ((*widths, 5), *((*widths[:i], w + 3, *widths[i + 1 :]) for i, w in enumerate(widths))):
            assert of("level-curves", F, relu(*larger), 2).value <= bound.value


def test_what_level_curves_are_not_for():
    step = ab.HeavisideNetwork(widths=(9, 9), input_dim=2)
    for kind, G, p in (
        (F, relu(9, 9), math.inf),
        (F, relu(9), 2),
        (F, relu(1, 9, 9), 2),
        (F, step, 2),
        (ab.ConvexFunctions(dim=2), relu(9, 9), 2),
        (ab.MonotoneFunctions(dim=3), ab.ReLUNetwork(widths=(9, 9), input_dim=3), 2),
    ):
        assert "level-curves" in {refusal.theorem for refusal in ab.upper_bounds(kind, G, p=p).refusals}


def jumps(x):
    return ((x[:, 0] > 0.3) + (x[:, 1] > x[:, 0] / 2 + 0.2) + (x.sum(axis=1) > 1.3)) / 3


@pytest.mark.parametrize(
    "f", [jumps, lambda x: x.mean(axis=1), lambda x: x[:, 0] * x[:, 1] ** 3, lambda x: x[:, 0], lambda x: 0 * x[:, 0]]
)
@pytest.mark.parametrize("count", [1, 4, 60])
def test_heights_are_where_each_level_is_first_passed(f, count):
    """The least multiple of 2^-22 in (0,1] that passes, 1 where none does: f passes there and not just below."""
    x, levels = np.linspace(0, 1, 37), np.arange(1, count + 1) / (count + 1)
    heights = level_curves._heights(f, x, levels)
    below = heights - 2**-22
    assert ((heights > 0) & (heights <= 1)).all() and (heights * 2**22 % 1 == 0).all()
    for height, step, level in zip(heights, below, levels, strict=True):
        assert ((f(np.column_stack([x, height])) >= level) | (height == 1)).all()
        assert ((f(np.column_stack([x, step])) < level) | (step == 0)).all()
