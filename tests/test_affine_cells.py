"""Free affine cells: what is built is every function that is affine on the cells, for exactly the stated units."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from members import of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.affine_cells import has_three_layers
from approxbounds.constructions.taylor import box_taylor_error, projection_error

SMOOTH = ab.HolderBall(smoothness=2, dim=2)
SOBOLEV = ab.SobolevBall(smoothness=2, dim=2, integrability="inf")
VALUES = [
    (SMOOTH, (64, 64), 2, 3.1914e-4),
    (SMOOTH, (256, 256), 2, 2.0875e-5),
    (SMOOTH, (128,) * 4, 2, 3.849e-5),  # three layers
    (SMOOTH, (64, 24), 1, 3.1914e-4),
    (ab.HolderBall(smoothness="3/2", dim=2), (64, 64), 2, 0.0035089),
    (ab.HolderBall(smoothness=2, dim=3), (512,) * 2, 2, 2.00074e-4),
]


@pytest.mark.parametrize(("F", "widths", "p", "value"), VALUES)
def test_values(F, widths, p, value):
    bound = of("affine-cells", F, ab.ReLUNetwork(widths=widths, input_dim=F.dim), p)
    assert bound.value == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("F", [SMOOTH, SOBOLEV], ids=str)
@pytest.mark.parametrize("widths", [(24, 9), (30, 7, 24, 8)])
def test_what_is_built_is_as_near_as_it_says(F, widths):
    """For all D^2 f = 1 the bound is attained: nothing is nearer, for F with |d_i d_j f| <= 1."""
    bound = of("affine-cells", F, ab.ReLUNetwork(widths=widths, input_dim=2), 2)
    built = bound.theorem.built(bound.query, bound.witness)
    cells = (built.sizes["K"], built.sizes["k2"])
    exact = bound.theorem.error(FLOAT, F.regularity, 2, {name: float(size) for name, size in built.sizes.items()})
    worst = bound.build(lambda x: x.sum(axis=1) ** 2 / 2)
    assert worst.widths == widths
    for side in (8 * cells[0] * cells[1], 501):  # with points on all faces, and without
        assert worst.error(lambda x: x.sum(axis=1) ** 2 / 2, p=2, per_side=side) == pytest.approx(exact, rel=0.01)
    for f in (lambda x: np.cos(x @ [0.8, 0.6]), lambda x: np.hypot(x[:, 0] - 0.3, x[:, 1] - 0.4) ** 2 / 2):
        assert bound.build(f).error(f, p=2, per_side=500) <= built.error * 1.001


@pytest.mark.parametrize("dim", [2, 3])
def test_functions_that_are_affine_on_cells_are_built_exactly(dim):
    """Discontinuous on all faces, with free coefficients, but for the transitions; the units are those stated."""
    rng, cells = np.random.default_rng(5), (4, 3, 2)[:dim]
    table = rng.normal(size=(*cells, dim + 1))

    def f(x):
        own = table[tuple(np.minimum((x * cells).astype(int), np.array(cells) - 1).T)]
        return own[:, 0] + (own[:, 1:] * x).sum(axis=1)

    faces = sum(cells[1:]) - (dim - 1)
    widths = (dim + (dim + 1) * (cells[0] - 1) + 2 * faces, math.prod(cells[1:]))
    F = ab.HolderBall(smoothness=2, dim=dim)
    bound = of("affine-cells", F, ab.ReLUNetwork(widths=widths, input_dim=dim), 2)
    built = bound.theorem.built(bound.query, bound.witness)
    assert tuple(built.sizes.values()) == cells and built.two_sided
    points = rng.random((20000, dim))
    assert np.abs(bound.build(f)(points) - f(points)).max() <= 1e-4


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("widths", [(31, 12), (19, 9, 25, 8, 3), (90, 30)])
def test_one_unit_less_has_no_room(dim, widths):
    F = ab.HolderBall(smoothness=2, dim=dim)
    bound = of("affine-cells", F, ab.ReLUNetwork(widths=widths, input_dim=dim), 2)
    K, *cuts = bound.witness.values()
    if len(widths) == 2:
        needed = dim + (dim + 1) * (K - 1) + sum(cuts) - (dim - 1)
        assert bound.network.architecture.widths == (needed, math.prod(cuts))
        short = ab.ReLUNetwork(widths=(needed - 1, widths[1]), input_dim=dim)
        assert not bound.theorem.has_room(ab.theorem.Query(functions=F, network=short, p=2), bound.witness)


def test_the_remainder_is_that_of_legendre_polynomials():
    """sum x^m/m!, |m| = r + 1, less its projection, by Gauss points; no other polynomial of these m is further."""
    rng = np.random.default_rng(2)
    x, w = np.polynomial.legendre.leggauss(8)
    X, Y = np.meshgrid((x + 1) / 2 * 0.7, (x + 1) / 2 * 1.3, indexing="ij")
    share = np.sqrt(np.outer(w, w).ravel() / 4)
    for r in range(4):
        low = np.stack([(X**i * Y**j).ravel() for i in range(r + 1) for j in range(r + 1 - i)], axis=1)
        top = np.stack(
            [(X**i * Y ** (r + 1 - i)).ravel() / math.factorial(i) / math.factorial(r + 1 - i) for i in range(r + 2)],
            axis=1,
        )
        q, _ = np.linalg.qr(share[:, None] * low)
        rest = share[:, None] * top - q @ (q.T @ (share[:, None] * top))
        stated = projection_error(FLOAT, r, [0.7, 1.3])
        assert np.linalg.norm(rest.sum(axis=1)) == pytest.approx(stated, rel=1e-9)
        assert all(np.linalg.norm(rest @ rng.uniform(-1, 1, r + 2)) <= stated for _ in range(50))


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize("order", ["3/2", 2])
def test_taylor_on_boxes(p, order):
    halves, e = [0.2, 0.5, 0.1], float(Fraction(order))
    u = np.random.default_rng(1).uniform(-1, 1, (10**5, 3)) * halves
    values = np.abs(u).sum(axis=1) * np.linalg.norm(u, axis=1) ** (e - 1) / e
    stated = box_taylor_error(FLOAT, halves, p, order=Fraction(order))
    assert np.mean(values**p) ** (1 / p) <= stated <= 1.5 * np.mean(values**p) ** (1 / p)


@pytest.mark.parametrize("theorem", ["affine-cells", "columns"])
def test_one_layer_has_one_strip_and_so_no_rate(theorem):
    bound = of(theorem, SMOOTH, ab.ReLUNetwork(widths=(64,), input_dim=2), 2)
    assert bound.witness["k2"] == 1 and bound.rate == 1


@pytest.mark.parametrize(("intervals", "strips", "fine"), [(3, 7, 3), (2, 12, 4), (4, 3, 3)])
def test_three_layers_have_free_affine_functions_with_the_stated_units(intervals, strips, fine):
    """Written out layer by layer: each unit is a form of the layer before only; off small transitions."""
    rng, M = np.random.default_rng(3), 2.0**22
    table = rng.normal(size=(intervals, strips, 3))
    x = rng.random((4000, 2))
    coarse, length = -(-strips // fine), 1 / strips
    ends = np.arange(1, strips) * length
    one = np.ones((len(x), 1))

    def layer(inputs, forms):  # every form is a combination of the units before and a constant
        before = np.hstack([inputs, one])
        coefficients = np.linalg.lstsq(before, forms, rcond=None)[0]
        assert np.abs(before @ coefficients - forms).max() <= 1e-7 * np.abs(forms).max()
        return np.maximum(forms, 0)

    def dist(u, low, high):
        return np.maximum(low - u, 0) + np.maximum(u - high, 0)

    columns = np.arange(intervals + 1) / intervals
    first = layer(x, np.hstack([x, x[:, :1] - columns[1:-1], x[:, 1:] - ends]))
    turn = fine * length
    Z = turn - np.abs(x[:, 1] % (2 * turn) - turn)
    inside = [1 - M * dist(x[:, 0], low, high) for low, high in pairwise(columns)]
    carried = np.stack([mu + form for form in inside for mu in (0 * x[:, 0], x[:, 0], x[:, 1])], axis=1)
    address = [x[:, 1], *(x[:, 1] - j * turn for j in range(1, coarse)), Z, *(Z - i * length for i in range(1, fine))]
    if coarse + fine > strips:
        address = [x[:, 1], *(x[:, 1] - end for end in ends)]
    second = layer(first, np.hstack([carried, np.stack(address, axis=1)]))
    hats = second[:, : 3 * intervals].reshape(len(x), intervals, 3)
    basis = np.stack([hats[..., 0], hats[..., 1] - hats[..., 0], hats[..., 2] - hats[..., 0]], axis=2)
    forms = []
    for j in range(strips):
        cell, place = divmod(j, fine)
        place = fine - 1 - place if cell % 2 else place
        far = dist(x[:, 1], cell * turn, (cell + 1) * turn) + dist(Z, place * length, (place + 1) * length)
        if coarse + fine > strips:
            far = dist(x[:, 1], j * length, (j + 1) * length)
        forms.append((basis * table[:, j]).sum(axis=(1, 2)) + 9 - M * far)
    third = layer(second, np.stack(forms, axis=1))
    i, j = (np.minimum((x * (intervals, strips)).astype(int), (intervals - 1, strips - 1))).T
    wanted = (table[i, j] * np.hstack([one, x])).sum(axis=1)
    assert np.quantile(np.abs(third.sum(axis=1) - 9 - wanted), 0.999) <= 1e-5  # few points are in transitions
    widths = (first.shape[1], second.shape[1], third.shape[1])
    assert has_three_layers(widths, intervals, strips)
    assert not any(
        has_three_layers(tuple(w - (n == m) for m, w in enumerate(widths)), intervals, strips) for n in range(3)
    )
