"""Affine functions on graded cells for convex functions: bounds against the errors of planes and projections."""

import numpy as np
import pytest

import approxbounds as ab
from approxbounds.constructions.sticks import best_nodes, float_nodes

POINTS = 24  # of a cell, in each direction


def members(rng, nodes):
    """Convex functions of two variables: random maxima of affine ones, corners, ridges, sticks with kinks in cells."""
    slopes, origins = rng.normal(size=(2, 4)) * 10.0 ** rng.uniform(-1, 2, 4), rng.random((2, 4))
    yield lambda x, y: np.maximum(
        0, max_of(slopes[0] * (x[..., None] - origins[0]) + slopes[1] * (y[..., None] - origins[1]))
    )
    a, b = 10.0 ** rng.uniform(-2, 0, 2)
    yield lambda x, y: np.maximum(0, 1 - x / a - y / b)
    yield lambda x, y: np.abs(x + y - 2 * a)
    for own, one in ((nodes[0], True), (nodes[1], False)):
        cell = rng.integers(len(own) - 1)
        for share in (0.25, 0.5):
            t = own[cell] + share * (own[cell + 1] - own[cell])
            yield lambda x, y, t=t, one=one: np.maximum(0, 1 - (x if one else y) / t) + 0 * (x + y)


def max_of(values):
    return values.max(axis=-1)


def planes_and_projections(f, nodes, p):
    """The errors of tangent planes at the centres, and of projections in L^2, by midpoints; f divided by max f."""
    centres, sides = [(a[1:] + a[:-1]) / 2 for a in nodes], [np.diff(a) for a in nodes]
    u = (np.arange(POINTS) + 0.5) / POINTS - 0.5
    x = (centres[0][:, None] + sides[0][:, None] * u)[:, None, :, None]
    y = (centres[1][:, None] + sides[1][:, None] * u)[None, :, None, :]
    at = centres[0][:, None, None, None], centres[1][None, :, None, None]
    top = max(float(f(np.array(s), np.array(t))) for s in (0.0, 1.0) for t in (0.0, 1.0))
    values, small = f(x, y) / top, 1e-7 * min(a.min() for a in sides)
    # at a point near the centre, as f may have no gradient at the centre
    near = at[0] + 0.3 * small, at[1] + 0.7 * small
    h = 0.1 * small
    slopes = [
        (f(near[0] + h, near[1]) - f(near[0] - h, near[1])) / (2 * h * top),
        (f(near[0], near[1] + h) - f(near[0], near[1] - h)) / (2 * h * top),
    ]
    plane = f(*near) / top + slopes[0] * (x - near[0]) + slopes[1] * (y - near[1])
    share = sides[0][:, None] * sides[1][None, :]
    one = u / np.sqrt((u**2).mean())
    rest = values - values.mean(axis=(2, 3), keepdims=True)
    rest = rest - (values * one[:, None]).mean(axis=(2, 3), keepdims=True) * one[:, None]
    rest = rest - (values * one).mean(axis=(2, 3), keepdims=True) * one
    planes = ((np.abs(values - plane) ** p).mean(axis=(2, 3)) * share).sum() ** (1 / p)
    return float(planes), float(((rest**2).mean(axis=(2, 3)) * share).sum() ** 0.5)


@pytest.mark.parametrize("widths", [(8, 5), (20, 12), (12, 7, 12, 8)])
def test_planes_and_projections_are_within_the_bounds(widths):
    F, G, rng = (
        ab.ConvexFunctions(dim=2),
        ab.ReLUNetwork(widths=widths, input_dim=2),
        np.random.default_rng(sum(widths)),
    )
    worst = {0: 0.0, 1: 0.0}
    for p in (1, "3/2", 2, 4):
        (bound,) = (b for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "convex-cells")
        assert ab.lower_bound(F, G, p=p).value <= bound.value
        names, projections = (("K", "grading"), ("k2", "grading2")), bound.witness["projections"]
        nodes = [float_nodes(int(bound.witness[k]), float(bound.witness[g])) for k, g in names]
        for f in (f for _ in range(8) for f in members(rng, nodes)):
            error = planes_and_projections(f, nodes, float(bound.query.p))[projections]
            worst[projections] = max(worst[projections], error / bound.value)
    assert all(0.15 < ratio <= 1 + 1e-6 for ratio in worst.values())


def test_supporting_planes_lose_nothing_for_ridges_in_the_mean():
    """One stick with its kink at the centre of the worst cell: half of the worst pair, in one variable."""
    _, n, grading = best_nodes(8, 1.0, "differences")
    nodes = [float_nodes(n, float(grading)), np.array([0.0, 1.0])]
    kinks = (nodes[0][1:] + nodes[0][:-1]) / 2
    pairs = [lambda x, y, t=t: np.maximum(1 - x / t, 0) + np.maximum(1 - (1 - x) / t, 0) + 0 * y for t in kinks[:4]]
    worst = max(planes_and_projections(f, nodes, 1)[0] for f in pairs)
    assert 0.95 * best_nodes(8, 1.0, "differences")[0] <= worst <= 1.001 * best_nodes(8, 1.0, "differences")[0]


@pytest.mark.parametrize(
    ("d", "widths", "p", "value"),
    [
        (2, (64, 64), 1, 0.00636),
        (2, (64, 64), 2, 0.03729),
        (2, (256, 256), 1, 3.989e-4),
        (2, (256, 256), 2, 0.005221),
        (2, (128,) * 4, 1, 1.2552e-3),
        (3, (128,) * 3, 1, 0.03515),
    ],
)
def test_numbers_of_convex_cells(d, widths, p, value):
    bounds = ab.upper_bounds(ab.ConvexFunctions(dim=d), ab.ReLUNetwork(widths=widths, input_dim=d), p=p)
    (bound,) = (b for b in bounds if b.theorem.id == "convex-cells")
    assert bound.value == pytest.approx(value, rel=1e-3)
    assert str(bound.witness["K"]) in bound.explain()


def test_projections_are_for_small_p():
    F, G = ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(256, 256), input_dim=2)
    found = [next(b for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "convex-cells") for p in (1, 2, "201/100")]
    assert [bound.witness["projections"] for bound in found] == [0, 1, 0]
    data = found[1].certificate.to_dict()
    assert ab.verify(data) and ab.verify(data | {"p": 1}) and not ab.verify(data | {"p": "201/100"})
    larger = data | {"witness": data["witness"] | {"k2": data["witness"]["k2"] + 2}}
    assert not ab.verify(larger)
    with pytest.raises(ab.NotApplicableError, match="not written out"):
        found[1].build(lambda x: np.abs(x[:, 0] - 0.5))
