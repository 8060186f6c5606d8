"""L2 projections on polynomials of boxes: the bound is attained by monomials."""

from itertools import product
from math import factorial

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss, legvander

from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.constructions.taylor import projection_error

SHAPES = [((0.5,), 1), ((1.0, 0.25), 0), ((0.5, 0.25), 2), ((1.0, 0.5), 3), ((0.5, 0.25, 1.0), 2)]


def indices(dim, orders):
    return [m for m in product(range(max(orders) + 1), repeat=dim) if sum(m) in orders]


def distance(f, sides, degree):
    """Of f from polynomials of this degree in L^2 of the box, by its Legendre coefficients."""
    x, weights = leggauss(24)
    grids = np.meshgrid(*[side * (x + 1) / 2 for side in sides], indexing="ij")
    mass = np.prod(np.meshgrid(*[weights / 2] * len(sides), indexing="ij"), axis=0)
    values = f(np.stack(grids, axis=-1))
    tables = [legvander(x, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)] * len(sides)
    left = values.copy()
    for m in indices(len(sides), range(degree + 1)):
        basis = np.ones_like(values)
        for axis, (order, table) in enumerate(zip(m, tables, strict=True)):
            shape = [1] * len(sides)
            shape[axis] = -1
            basis = basis * table[:, order].reshape(shape)
        left = left - (mass * values * basis).sum() * basis
    return np.sqrt((mass * left**2).sum())


@pytest.mark.parametrize(("sides", "degree"), SHAPES)
def test_the_bound_on_projections_is_attained_by_monomials(sides, degree):
    terms = indices(len(sides), [degree + 1])

    def f(x):
        return sum(np.prod(x ** np.array(m), axis=-1) / np.prod([factorial(k) for k in m]) for m in terms)

    bound = projection_error(FLOAT, degree, sides)
    assert distance(f, sides, degree) == pytest.approx(bound, rel=1e-9)
    assert float(projection_error(BALL, degree, [BALL.number(int(4 * h)) / 4 for h in sides])) == pytest.approx(bound)


@pytest.mark.parametrize(("sides", "degree"), SHAPES)
def test_no_wave_is_further_from_polynomials(sides, degree):
    rng = np.random.default_rng(degree)
    for _ in range(8):
        slopes = rng.uniform(-1, 1, len(sides)) * rng.choice([1, 6])
        top, phase = max(abs(slopes)) ** (degree + 1), rng.uniform(0, 7)
        gap = distance(lambda x, a=slopes, b=phase: np.sin(x @ a + b), sides, degree)
        assert gap <= top * projection_error(FLOAT, degree, sides)


def test_affine_functions_have_the_constants_of_squares_and_products():
    square, mixed = 1 / (12 * 5**0.5), 1 / 12
    assert projection_error(FLOAT, 1, (1.0,)) == pytest.approx(square)
    assert projection_error(FLOAT, 1, (1.0, 0.5)) == pytest.approx((square**2 * (1 + 1 / 16) + mixed**2 / 4) ** 0.5)
