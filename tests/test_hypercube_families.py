"""Hypercube families: membership in the class, norms, cells, and coarsest members, by independent computation."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy.integrate import quad

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.facts.hypercube import integer_root
from approxbounds.functions.bump import concentrated_maximum_holds, derivative_norm
from approxbounds.functions.cubes import BumpCubes, DistanceCubes
from approxbounds.functions.monotone import CubeLayers, cells_below, central_layers

INF = math.inf
PS = (1, 2, Fraction(7, 2))


def family(F):
    return F.families[0]


def bump(n: int) -> Polynomial:
    """psi(y) = (4 y (1-y))^{n+1}."""
    return Polynomial([0, 4, -4]) ** (n + 1)


def derivative(F: ab.HolderBall, k: int, omega, points, order: tuple[int, ...]):
    """D^m f_omega for s > 1 from the definition: A k^{-s} times products of derivatives of psi."""
    n = math.ceil(F.smoothness) - 1
    height = float(family(F).norm(FLOAT, {"k": k}, INF))
    cell = np.minimum(np.floor(points * k), k - 1)
    number = (cell @ k ** np.arange(F.dim)).astype(int)
    values = (2.0 * omega[number] - 1) * height * float(k) ** sum(order)
    for j, i in enumerate(order):
        values = values * bump(n).deriv(i)(points[:, j] * k - cell[:, j])
    return values


def pairs_of_points(rng: np.random.Generator, dim: int, k: int, count: int):
    """Random pairs, pairs close to each other, and pairs close to cell boundaries or across them."""
    x = rng.random((count, dim))
    far = rng.random((count, dim))
    near = np.clip(x + rng.normal(size=x.shape) * 10.0 ** rng.uniform(-5, 0, (count, 1)), 0, 1)
    face = np.round(x * k) / k
    towards = np.where(rng.random(x.shape) < 1 / dim, face, x)  # some coordinates on a boundary
    gap = 10.0 ** rng.uniform(-4, -0.3, (count, 1)) / k
    a = np.clip(towards + gap * rng.normal(size=x.shape), 0, 1)
    b = np.clip(towards - gap * rng.normal(size=x.shape), 0, 1)
    axis = np.eye(dim)[rng.integers(0, dim, count)]
    c, d = np.clip(towards + gap * axis, 0, 1), np.clip(towards - gap * axis, 0, 1)
    return np.vstack([x, x, a, c, towards]), np.vstack([far, near, b, d, x])


# -------------------------------------------------------------------------------------------------- membership


@pytest.mark.parametrize("s", ["1/10", "1/2", "4/5", 1])
@pytest.mark.parametrize(("dim", "k"), [(1, 1), (1, 5), (2, 3), (3, 2)])
def test_distance_cubes_are_in_the_class(s, dim, k):
    rng = np.random.default_rng(1)
    F = ab.HolderBall(smoothness=s, dim=dim, radius="3/2")
    member, R = family(F), 1.5
    x, y = pairs_of_points(rng, dim, k, 4000)
    ratios = []
    for _ in range(4):
        omega = rng.integers(0, 2, k**dim)
        fx, fy = (member.evaluate({"k": k}, omega, points) for points in (x, y))
        distance = np.sqrt(((x - y) ** 2).sum(axis=1))
        allowed = R * distance ** float(F.smoothness)
        assert (np.abs(fx - fy) <= allowed * (1 + 1e-9) + 1e-12).all()
        assert np.abs(fx).max() <= R
        ratios.append((np.abs(fx - fy)[distance > 0] / allowed[distance > 0]).max())
        assert F.contains(lambda z, omega=omega: member.evaluate({"k": k}, omega, z), np.vstack([x[:150], y[:150]]))
    assert max(ratios) > (0.98 if k > 1 else 0.4)  # the constant is attained across a boundary


@pytest.mark.parametrize("s", ["3/2", 2, "9/4", 3, "31/10", 4])
@pytest.mark.parametrize(("dim", "k"), [(1, 1), (1, 4), (2, 2), (2, 3)])
def test_bump_cubes_are_in_the_class(s, dim, k):
    rng = np.random.default_rng(2)
    F = ab.HolderBall(smoothness=s, dim=dim, radius=2)
    n, R = math.ceil(F.smoothness) - 1, 2.0
    alpha = float(F.smoothness - n)
    x, y = pairs_of_points(rng, dim, k, 2500)
    distance = np.sqrt(((x - y) ** 2).sum(axis=1))
    omega = rng.integers(0, 2, k**dim)
    omega[:2] = (0, 1)[: omega.size]  # two neighbours of opposite sign
    ratios = []
    for order in range(n + 1):
        for index in oracles.multi_indices(dim, order):
            dx, dy = (derivative(F, k, omega, points, index) for points in (x, y))
            assert max(np.abs(dx).max(), np.abs(dy).max()) <= R
            if order == n:
                assert (np.abs(dx - dy) <= R * distance**alpha * (1 + 1e-9) + 1e-10).all(), index
                ratios.append((np.abs(dx - dy)[distance > 0] / (R * distance[distance > 0] ** alpha)).max())
            if order == 0:
                assert family(F).evaluate({"k": k}, omega, x) == pytest.approx(dx, abs=1e-12)
            elif index[0] > 0:  # the derivatives are those of the function: central differences
                lower = (index[0] - 1, *index[1:])
                inner, step = np.clip(x, 0.01, 0.99), np.eye(dim)[0] * 1e-6
                rise = derivative(F, k, omega, inner + step, lower) - derivative(F, k, omega, inner - step, lower)
                slope = rise / 2e-6
                assert slope == pytest.approx(derivative(F, k, omega, inner, index), abs=1e-4 * R * k)
    assert max(ratios) > (0.6 if dim == 1 else 0.4)  # not far from the constant R
    if alpha == 1 and dim == 1:
        assert max(ratios) > 0.99


@pytest.mark.parametrize(("dim", "k"), [(1, 1), (1, 4), (2, 2), (2, 3), (3, 2)])
def test_every_cube_layer_function_is_monotone(dim, k):
    F = ab.MonotoneFunctions(dim=dim)
    grid = oracles.midpoints(k, dim)
    below = (grid[:, None, :] <= grid[None, :, :]).all(axis=2)
    for layers in range(1, dim * (k - 1) + 2):
        index = {"k": k, "layers": layers}
        cells = CubeLayers(dim).cells(index)
        for omega in oracles.all_signs(cells):
            values = CubeLayers(dim).evaluate(index, omega, grid)
            assert ((values[:, None] <= values[None, :] + 1e-12) | ~below).all(), (index, omega)
            assert values.min() >= 0 and values.max() <= 1
        assert F.contains(lambda z, i=index, o=omega: CubeLayers(dim).evaluate(i, o, z), np.vstack([grid, grid * 0.99]))


@pytest.mark.parametrize(("dim", "k", "layers"), [(1, 5, 5), (1, 6, 2), (2, 3, 1), (2, 3, 4), (3, 2, 4)])
def test_cube_layers_have_gap_one_over_q(dim, k, layers):
    """f_omega - f_0 is omega_i / Q on the i-th cell: centres do not depend on omega, profiles are constant."""
    index, fam = {"k": k, "layers": layers}, CubeLayers(dim)
    cells, grid = fam.cells(index), oracles.midpoints(3 * k, dim)
    zero = fam.evaluate(index, np.zeros(cells), grid)
    supports = []
    for i in range(cells):
        gap = fam.evaluate(index, np.eye(cells)[i], grid) - zero
        assert set(np.round(gap * layers, 9)) == {0.0, 1.0}
        supports.append(gap > 0)
        assert supports[-1].sum() == 3**dim  # one cube of side 1/k
    assert np.sum(supports, axis=0).max() == 1
    assert float(fam.norm(FLOAT, index, INF)) == pytest.approx(1 / (2 * layers))


def test_staircases_have_affine_centres():
    fam = family(ab.MonotoneFunctions(dim=1))
    for k in (1, 2, 7):
        x, index = oracles.midpoints(k, 1), {"k": k, "layers": k}
        centre = (fam.evaluate(index, np.ones(k), x) + fam.evaluate(index, np.zeros(k), x)) / 2
        assert centre == pytest.approx(x[:, 0])
        assert fam.member({"k": k}) == {"k": k, "layers": k}


# ------------------------------------------------------------------------------------------------------- norms


@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize(("s", "dim", "k"), [(1, 1, 3), ("1/2", 1, 2), (1, 2, 2), ("3/10", 2, 1), ("2/3", 3, 1)])
def test_norm_of_distance_cubes(p, s, dim, k):
    fam = family(ab.HolderBall(smoothness=s, dim=dim, radius=3))
    a, q = float(fam.smoothness), float(p)
    # w(t) = R 2^{s-1} dist^s; dist > u/(2k) on a share (1-u)^d of the cube
    mean = quad(lambda u: dim * (1 - u) ** (dim - 1) * (3 * 2 ** (a - 1) * (u / (2 * k)) ** a) ** q, 0, 1)[0]
    assert float(fam.norm(FLOAT, {"k": k}, p)) == pytest.approx(mean ** (1 / q), rel=1e-8)
    points = oracles.midpoints({1: 4000, 2: 240, 3: 48}[dim], dim)
    values = fam.evaluate({"k": k}, np.ones(k**dim), points)
    assert np.mean(np.abs(values) ** q) ** (1 / q) == pytest.approx(mean ** (1 / q), rel=0.01)
    assert float(fam.norm(FLOAT, {"k": k}, INF)) == pytest.approx(3 * 2 ** (a - 1) * (0.5 / k) ** a)


@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize(("s", "dim", "k"), [("3/2", 1, 3), (2, 2, 2), ("5/2", 2, 3), (4, 3, 1)])
def test_norm_of_bump_cubes(p, s, dim, k):
    fam = family(ab.HolderBall(smoothness=s, dim=dim, radius=3))
    values = fam.evaluate({"k": k}, np.zeros(k**dim), oracles.midpoints({1: 600, 2: 120, 3: 40}[dim], dim))
    exact = np.mean(np.abs(values) ** float(p)) ** (1 / float(p))
    assert float(fam.norm(FLOAT, {"k": k}, p)) == pytest.approx(exact, rel=2e-3)
    centre = fam.evaluate({"k": k}, np.ones(k**dim), np.full((1, dim), 0.5 / k))
    assert float(fam.norm(FLOAT, {"k": k}, INF)) == pytest.approx(float(centre[0]))


@pytest.mark.parametrize(("dim", "k", "layers"), [(1, 4, 4), (1, 4, 1), (2, 3, 2), (2, 4, 7), (3, 2, 1)])
def test_norm_of_cube_layers(dim, k, layers):
    fam, index = CubeLayers(dim), {"k": k, "layers": layers}
    cells = fam.cells(index)
    grid = oracles.midpoints(2 * k, dim)
    gap = fam.evaluate(index, np.ones(cells), grid) - fam.evaluate(index, np.zeros(cells), grid)
    for p in PS:
        exact = np.mean(np.abs(gap / 2) ** float(p)) ** (1 / float(p))
        assert float(fam.norm(FLOAT, index, p)) == pytest.approx(exact)
        assert float(fam.norm(FLOAT, {**index, "cells": float(cells)}, p)) == pytest.approx(exact)


THIRD, HALVES = Fraction(1, 3), Fraction(5, 2)
FAMILIES = [DistanceCubes(THIRD, 2, 2), DistanceCubes(1, 3, 1), BumpCubes(HALVES, 2, 1), BumpCubes(3, 1, 1)]


@pytest.mark.parametrize("fam", [*FAMILIES, CubeLayers(2), CubeLayers(3)], ids=str)
@pytest.mark.parametrize("p", [1, 2, Fraction(7, 2), INF])
def test_norms_agree_in_the_three_arithmetics(fam, p):
    index = {"k": 5, "layers": 3} if isinstance(fam, CubeLayers) else {"k": 5}
    with precision(128):
        ball = fam.norm(BALL, index, p)
        assert BALL.number(ball).rel_accuracy_bits() > 100
        value = float(BALL.number(ball).mid())
    assert float(fam.norm(FLOAT, index, p)) == pytest.approx(value, rel=1e-12)
    assert float(SYMBOLIC.number(fam.norm(SYMBOLIC, index, p)).evalf(30)) == pytest.approx(value, rel=1e-14)
    if not isinstance(fam, CubeLayers) and p != INF:
        ratio = float(fam.norm(FLOAT, index, INF)) / value
        assert float(fam.peak_ratio(FLOAT, p)) == pytest.approx(ratio)
    values = fam.evaluate(index, np.arange(fam.cells(index)) % 2, oracles.midpoints(20, fam.dim))
    assert values.max() - values.min() <= float(fam.spread(FLOAT, index)) * (1 + 1e-12)


# --------------------------------------------------------------------------------------------------- the bump


@pytest.mark.parametrize("n", range(1, 9))
def test_derivative_norms_of_the_bump(n):
    y = (1 - np.cos(np.linspace(0, np.pi, 40001))) / 2
    for i in range(n + 2):
        sampled = np.abs((1 - (2 * y - 1) ** 2) ** (n + 1) if i == 0 else bump(n).deriv(i)(y)).max()
        ball = derivative_norm(BALL, n + 1, i)
        assert float(ball.mid()) == pytest.approx(sampled, rel=1e-6)
        assert float(ball.mid()) >= sampled * (1 - 1e-9)
        assert ball.rel_accuracy_bits() > 60
        assert float(derivative_norm(FLOAT, n + 1, i)) == pytest.approx(float(ball.mid()), rel=1e-14)
        if n <= 4:
            assert float(derivative_norm(SYMBOLIC, n + 1, i).evalf(30)) == pytest.approx(float(ball.mid()), rel=1e-14)


def test_maximum_over_multi_indices_is_the_concentrated_one():
    """A = R / max of THEORY.md 2.2, by brute force over all multi-indices, is the height of BumpCubes."""
    for n in range(1, 7):
        concentrated_maximum_holds(n)
        q = [float(derivative_norm(FLOAT, n + 1, i)) for i in range(n + 2)]
        assert q == sorted(q)
        for dim in range(1, 5):
            sups = [math.prod(q[i] for i in m) for order in range(n + 1) for m in oracles.multi_indices(dim, order)]
            for alpha in (Fraction(1, 10), Fraction(1, 2), Fraction(1)):
                largest = max(sups)
                for m in oracles.multi_indices(dim, n):
                    sup = math.prod(q[i] for i in m)
                    parts = [q[m[j] + 1] * math.prod(q[m[l]] for l in range(dim) if l != j) for j in range(dim)]
                    lipschitz = math.sqrt(sum(part**2 for part in parts))
                    largest = max(largest, lipschitz**alpha * (2 * sup) ** (1 - alpha))
                height = BumpCubes(n + alpha, dim, 5).norm(FLOAT, {"k": 1}, INF)
                assert float(height) == pytest.approx(5 / largest, rel=1e-12)


# ------------------------------------------------------------------------------------------------------- cells


def test_cells_are_counted_exactly():
    for dim, k in product((1, 2, 3, 4), (1, 2, 3, 5)):
        sizes = [oracles.cells_on_layer(k, dim, m) for m in range(dim * (k - 1) + 1)]
        for most in range(-1, len(sizes) + 2):
            assert cells_below(k, dim, most) == sum(sizes[: most + 1]) if most >= 0 else cells_below(k, dim, most) == 0
        for layers in range(1, len(sizes) + 1):
            first, count = central_layers(k, dim, layers)
            assert count == sum(sizes[first : first + layers])
            assert count == max(sum(sizes[i : i + layers]) for i in range(len(sizes) - layers + 1))  # most central
        assert cells_of_cubes(dim, k) == k**dim


def cells_of_cubes(dim: int, k: int) -> int:
    """Cells of the cubes by evaluating: distinct supports of single cells on a midpoint grid."""
    fam = DistanceCubes(1, dim, 1)
    assert fam.evaluate({"k": k}, np.arange(k**dim) % 2, oracles.midpoints(k, dim)).shape == (k**dim,)
    signs = np.array([fam.evaluate({"k": k}, np.eye(k**dim)[i], oracles.midpoints(k, dim)) > 0 for i in range(k**dim)])
    assert (signs.sum(axis=0) == 1).all() and (signs.sum(axis=1) == 1).all()
    return fam.cells({"k": k})


@pytest.mark.parametrize("dim", [1, 2, 3, 7])
def test_coarsest_cubes_are_minimal(dim):
    fam = DistanceCubes(1, dim, 1)
    for cells in [*range(1, 200), 10**6, 10**6 + 1, 10**18, 7**21, 7**21 + 1]:
        k = fam.coarsest(cells)["k"]
        assert fam.cells({"k": k}) >= cells
        assert k == 1 or fam.cells({"k": k - 1}) < cells


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_coarsest_antichain_is_minimal(dim):
    fam = CubeLayers(dim)
    for cells in [*range(1, 80), 1000, 12345, 10**9]:
        index = fam.coarsest(cells)
        assert fam.cells(index) >= cells
        assert index["layers"] == 1
        assert index["k"] == 1 or fam.cells({"k": index["k"] - 1, "layers": 1}) < cells
    for fam1 in (CubeLayers(1), family(ab.MonotoneFunctions(dim=1))):
        assert fam1.cells(fam1.coarsest(17)) == 17


@pytest.mark.parametrize("fam", FAMILIES, ids=str)
@pytest.mark.parametrize("p", [1, 2, 10, INF])
def test_least_norm_of_cubes(fam, p):
    for cells in [*range(1, 60), 1000, 12345, 10**9]:
        least = float(fam.least_norm(FLOAT, float(cells), p))
        assert 0 < least <= float(fam.norm(FLOAT, fam.coarsest(cells), p)) * (1 + 1e-12)


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("p", [1, 2, 10, INF])
def test_least_norm_of_layers(dim, p):
    """It is reached by the coarsest antichain or by all layers of the coarsest cubes."""
    fam = CubeLayers(dim)
    for cells in [*range(1, 60), 1000, 12345, 10**7]:
        k = integer_root(cells, dim)
        members = [fam.coarsest(cells), {"k": k, "layers": dim * (k - 1) + 1}]
        assert all(fam.cells(index) >= cells for index in members)
        best = max(float(fam.norm(FLOAT, index, p)) for index in members)
        assert 0 < float(fam.least_norm(FLOAT, float(cells), p)) <= best * (1 + 1e-12)


@settings(max_examples=200, deadline=None)
@given(n=st.one_of(st.integers(0, 10**4), st.integers(0, 2**400)), degree=st.integers(1, 60))
def test_integer_root(n, degree):
    k = integer_root(n, degree)
    assert k >= 1
    assert k**degree >= n
    assert k == 1 or (k - 1) ** degree < n


@pytest.mark.parametrize("degree", [2, 3, 10])
def test_integer_root_of_exact_powers(degree):
    for k in (1, 2, 3, 10, 10**9, 2**61 + 1):
        assert integer_root(k**degree, degree) == k
        assert integer_root(k**degree + 1, degree) == k + 1
