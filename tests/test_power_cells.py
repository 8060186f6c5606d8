"""Polynomials on cubes by max(x,0)^q: the remainder against brute force, and built networks between the bounds."""

import math
from fractions import Fraction

import numpy as np
import pytest
from members import member, of

import approxbounds as ab
from approxbounds.constructions.power_cells import cells_in_one_layer, cells_in_two_layers
from approxbounds.constructions.power_networks import multi_indices

INF = math.inf
CASES = [
    (ab.HolderBall(smoothness=3, dim=1), 2, (64,)),
    (ab.HolderBall(smoothness=4, dim=1, radius=2), 3, (31,)),
    (ab.HolderBall(smoothness="5/2", dim=1), 2, (20,)),
    (ab.HolderBall(smoothness=3, dim=1), 2, (40, 20)),
    (ab.HolderBall(smoothness="1/2", dim=2), 2, (40, 30)),
    (ab.HolderBall(smoothness=3, dim=2, radius=3), 2, (64, 64)),
    (ab.HolderBall(smoothness="3/2", dim=2), 3, (40, 17)),
    (ab.SobolevBall(smoothness=2, dim=2, integrability="inf"), 2, (30, 20)),
    (ab.HolderBall(smoothness=3, dim=3), 2, (40, 30)),
    (ab.HolderBall(smoothness=3, dim=2), 2, (7,)),
]


def network(F, power, widths):
    return ab.ReLUPowerNetwork(widths=widths, input_dim=F.domain_dim, power=power)


@pytest.mark.parametrize(("F", "power", "widths"), CASES, ids=[str(case[:3]) for case in CASES])
@pytest.mark.parametrize("p", [1, 2, 4])
def test_built_networks_are_between_the_bounds(F, power, widths, p):
    """Random members, and random hard functions of the lower bounds; finite weights lose far less than the bound."""
    rng, G, d = np.random.default_rng(1), network(F, power, widths), F.domain_dim
    bound, case = of("power-cells", F, G, p), ab.average_case(F, G, p=p)
    assert ab.lower_bound(F, G, p=p).value <= bound.value
    targets = [member(rng, F) for _ in range(3)]
    if case.cells <= 10**6:
        omega = rng.integers(0, 2, case.cells)
        targets.append(lambda x: case.target(omega, x))
    for f in targets:
        built = bound.build(f)
        assert built.widths == widths
        b = bound.witness["cells"]
        for side in ({1: 40 * b, 2: 12 * b, 3: 6 * b}[d], {1: 997, 2: 61, 3: 17}[d]):  # the first has no cell's face
            assert built.error(f, p=p, per_side=side) <= bound.value


@pytest.mark.parametrize("power", [2, 3])
def test_built_networks_are_right_on_faces_and_next_to_them(power):
    F = ab.HolderBall(smoothness=2, dim=2)
    bound = of("power-cells", F, network(F, power, (60, 16)), 2)
    f = lambda x: np.cos(x[:, 0] / 2 - x[:, 1] / 2)  # noqa: E731
    b = bound.witness["cells"]
    ends = np.arange(b + 1) / b
    one = np.unique(np.concatenate([ends, np.nextafter(ends, 0), np.nextafter(ends, 1)])).clip(0, 1)
    x = np.stack(np.meshgrid(one, one), axis=-1).reshape(-1, 2)
    assert b == 4 and np.abs(bound.build(f)(x) - f(x)).max() < 1e-3


@pytest.mark.parametrize(("s", "d", "power"), [("5/2", 2, 2), (3, 2, 2), (4, 2, 2), (3, 3, 3), ("1/2", 3, 2)])
@pytest.mark.parametrize("p", [1, 2, 4])
def test_the_remainder_by_brute_force(s, d, power, p):
    """|u|_1^n |u|_2^al in L^p by points, constants by Taylor's formula; p <= 2: the projection."""
    F = ab.HolderBall(smoothness=s, dim=d)
    G = network(F, power, (60, 60))
    bound = of("power-cells", F, G, p)
    e = min(float(Fraction(s)), power + 1)
    n = math.ceil(e) - 1 if F.smoothness <= e else int(e)  # beyond q+1 only |D^m f| <= R is of use
    u = np.random.default_rng(0).uniform(-1, 1, (400_000, d)) / (2 * bound.witness["cells"])
    if p <= 2 and e == int(e):  # of the sum of all u^m/m!, |m| = e, on polynomials of degree e - 1
        indices = multi_indices(int(e), d)
        scales = [math.prod(map(math.factorial, m)) for m in indices]
        monomials = np.prod(u[:, None, :] ** indices, axis=2) / scales
        top = indices.sum(axis=1) == e
        f = monomials[:, top].sum(axis=1)
        left = f - monomials[:, ~top] @ np.linalg.lstsq(monomials[:, ~top], f, rcond=None)[0]
        assert bound.value == pytest.approx(np.sqrt(np.mean(left**2)), rel=5e-3)
        return
    norms = np.abs(u).sum(axis=1) ** n * np.linalg.norm(u, axis=1) ** (e - n)
    t = (np.arange(10**5) + 0.5) / 10**5
    constant = np.mean((1 - t) ** (n - 1) * t ** (e - n)) / math.factorial(n - 1) if n else 1.0
    exact = constant * np.mean(norms**p) ** (1 / p)
    assert exact * 0.995 <= bound.value <= exact * 1.25


@pytest.mark.parametrize(("p", "smallest"), [(1, 1.0), (2, 1.0), (4, 0.7)])
def test_interpolation_is_attained(p, smallest):
    """x^3/6 is as far from its interpolant as a function of this class can be."""
    F = ab.HolderBall(smoothness=3, dim=1)
    bound = of("power-cells", F, network(F, 2, (11,)), p)
    f = lambda x: (x[:, 0] - 0.5) ** 3 / 6  # noqa: E731
    error = bound.build(f).error(f, p=p, per_side=4096)
    assert (
        smallest * 0.97 * bound.value <= error <= bound.value * 1.01
    )  # a share 2^-7 of the intervals is in transition


def test_their_numbers_and_sizes():
    def value(s, d, power, widths, p=2):
        F = ab.HolderBall(smoothness=s, dim=d)
        return of("power-cells", F, network(F, power, widths), p).value

    assert value(3, 2, 2, (64, 64)) < 8.7e-5 and value(3, 1, 2, (64,)) < 5.6e-7 and value(4, 1, 3, (64,)) < 5.0e-9
    assert value(3, 2, 2, (5,), INF) == pytest.approx(2**0.5 / 12, rel=1e-12)  # |u|_1^2 |u|_2/6 at a corner
    assert cells_in_one_layer((2,), 2, 1) == 1 and cells_in_one_layer((1, 11, 1), 2, 1) == 4
    assert cells_in_one_layer((4, 5), 2, 2) == 1 == cells_in_one_layer((5, 1), 2, 2)
    assert cells_in_one_layer((1, 99), 2, 2) == 0 == cells_in_two_layers((1, 99, 99), 2, 2)
    assert cells_in_two_layers((9, 9, 1), 2, 2) == 3 and cells_in_two_layers((9, 8), 2, 2) == 2
    for p in (1, 4):
        shapes = [(5, 1), (9, 9), (9, 9, 9), (9, 20, 20), (20, 20, 20)]
        values = [value(3, 2, 2, widths, p) for widths in shapes]
        assert values == sorted(values, reverse=True)


def test_what_it_refuses():
    F = ab.HolderBall(smoothness=3, dim=2)
    for G, p in (
        (ab.ReLUNetwork(widths=(64, 64), input_dim=2), 2),
        (network(F, 2, (4, 4)), 2),
        (ab.ReLUPowerNetwork(widths=(64, 64), input_dim=2, power=2, bias=False), 2),
    ):
        assert "power-cells" in {refusal.theorem for refusal in ab.upper_bounds(F, G, p=p).refusals}
    anisotropic = ab.AnisotropicHolderBall(smoothness=(3, 3))
    assert "power-cells" in {r.theorem for r in ab.upper_bounds(anisotropic, network(F, 2, (64, 64)), p=2).refusals}
    assert of("power-cells", F, network(F, 2, (64, 64)), INF).witness == {"cells": 1}
    for widths in ((20, 64), (64, 64, 64)):  # too few breaks for weights that do not cancel; more layers than needed
        with pytest.raises(ab.NotApplicableError, match="2 hidden layers"):
            of("power-cells", F, network(F, 2, widths), 2).build(lambda x: x[:, 0])
