"""Free affine cells: what is built is every function that is affine on the cells, for exactly the stated units."""

import math
from fractions import Fraction

import numpy as np
import pytest
from members import of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.taylor import box_taylor_error, projection_error

SMOOTH = ab.HolderBall(smoothness=2, dim=2)
SOBOLEV = ab.SobolevBall(smoothness=2, dim=2, integrability="inf")
VALUES = [
    (SMOOTH, (64, 64), 2, 1.50906e-4),
    (SMOOTH, (256, 256), 2, 9.45417e-6),
    (SMOOTH, (128,) * 4, 2, 2.62284e-5),
    (SMOOTH, (128,) * 3, 2, 3.74963e-5),
    (SMOOTH, (64, 24), 1, 2.99743e-4),
    (ab.HolderBall(smoothness="3/2", dim=2), (64, 64), 2, 0.00199305),
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
        needed = bound.network.architecture.widths
        base = dim + (dim + 1) * (K - 1)
        if dim == 2:  # each of the k - 1 switches has a break in the first layer or a second unit in the second one
            assert needed[0] - base + needed[1] - 1 == 2 * (cuts[0] - 1)
        else:
            assert needed == (base + sum(cuts) - (dim - 1), math.prod(cuts))
        for less in ((needed[0] - 1, needed[1]), (needed[0], needed[1] - 1)):
            short = ab.ReLUNetwork(widths=less, input_dim=dim)
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
