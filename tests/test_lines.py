"""Tcurv, Tregion, Tosc and Tosc-inf: certified values, and brute force for each inequality of their proofs."""

import math
from fractions import Fraction
from itertools import combinations, pairwise, product

import mpmath
import numpy as np
import pytest
import sympy
from scipy import integrate, optimize, spatial

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.constructions.taylor import monic_norm as power_norm
from approxbounds.facts.waves import HolderWave, StaircaseWave, wave_height
from approxbounds.theorem import Depths, Query
from approxbounds.transfer.curvature import CurvatureTheorem
from approxbounds.transfer.monic import monic_norm, unit_ball_volume
from approxbounds.transfer.oscillation import OscillationTheorem, SupNormOscillation
from approxbounds.transfer.regions import RegionTheorem

INF = math.inf


def holder(s, d):
    return ab.HolderBall(smoothness=s, dim=d)


def relu(widths, d):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


def heaviside(widths, d):
    return ab.HeavisideNetwork(widths=widths, input_dim=d)


def spline(knots, degree):
    return ab.FreeKnotSplines(knots=knots, degree=degree)


QUADRATIC = ab.ReLUPowerNetwork(widths=(10,), power=2, input_dim=1)
HADAM = ab.HadamRNN(hidden=32, steps=784, inputs=1)

#: (F, G, p, theorem, value): the values are asked for by the theory, to two or three digits.
VALUES = [
    (ab.LipschitzBall(dim=1), relu((64,), 1), 2, "Tosc", 0.00171),
    (holder("3/2", 1), relu((64,), 1), 2, "Tosc", 6.93e-5),
    (holder(2, 1), relu((64,), 1), INF, "Tosc-inf", 2.87e-5),
    (holder(3, 1), relu((64,), 1), 2, "Tcurv", 8.82e-6),
    (holder(4, 1), relu((64, 64), 1), 2, "Tcurv", 2.09e-9),
    (ab.LipschitzBall(dim=1), heaviside((10, 25), 1), 2, "Tcurv", 0.0262),
    (ab.MonotoneFunctions(dim=1), relu((64,), 1), 2, "Tosc", 0.00296),
    (ab.ConvexFunctions(dim=1), relu((64,), 1), 2, "Tcurv", 7.06e-5),
    (ab.LipschitzBall(dim=1), spline(10, 1), 2, "Tosc", 0.00529),
    (ab.LipschitzBall(dim=1), QUADRATIC, 2, "Tosc", 0.00926),
    (holder(3, 1), QUADRATIC, 2, "Tosc", 4e-6),
    (ab.LipschitzBall(dim=2), heaviside((20, 20), 2), 1, "Tcurv", 0.0119),
    (holder("3/2", 2), heaviside((10, 25), 2), 2, "Tcurv", 0.0371),
    (ab.LipschitzBall(dim=2), relu((10,), 2), 2, "Tosc", 0.0101),
    (holder(2, 2), relu((64,), 2), 2, "Tregion", 1.8e-5),
    (holder(3, 2), relu((64,), 2), 2, "Tcurv", 2.04e-5),
    (holder(4, 2), relu((64, 64), 2), 2, "Tregion", 8.66e-9),
    (ab.ConvexFunctions(dim=2), relu((64,), 2), 2, "Tregion", 7.21e-5),
    (holder(3, 4), relu((64,), 4), 2, "Tregion", 4.55e-5),
    (holder(4, 4), relu((64, 64), 4), 2, "Tregion", 5.52e-8),
    (holder(2, 784), relu((64,), 784), 2, "Tregion", 4.55e-5),
    (holder(3, 784), HADAM, 2, "Tcurv", 3.42e-5),
]


@pytest.mark.parametrize(("F", "G", "p", "theorem", "value"), VALUES)
def test_values(F, G, p, theorem, value):
    bound = ab.lower_bounds(F, G, p=p)
    best = max((b for b in bound if b.number is not None), key=lambda b: b.value)
    known = next(b for b in bound if b.theorem.id == theorem)
    assert known.value == pytest.approx(value, rel=5e-3) and known.value <= best.value
    assert ab.verify(known.certificate.to_json())
    upper = [b.value for b in ab.upper_bounds(F, G, p=p) if b.number is not None]
    assert all(best.value <= value for value in upper)


# ------------------------------------------------------------------------------------------------- constants


def norm(values, weight, p):
    return np.abs(values).max() if p == INF else float((np.abs(values) ** p * weight).sum()) ** (1 / p)


@pytest.mark.parametrize("p", [1, Fraction(3, 2), 2, 3, 7, INF])
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_least_monic_polynomials(degree, p):
    """By convex optimisation over all polynomials of lower degree, on a fine grid."""
    x = np.linspace(0, 1, 2001) if p == INF else (np.arange(2000) + 0.5) / 2000
    basis = np.polynomial.chebyshev.chebvander(2 * x - 1, degree - 1)
    start = np.linalg.lstsq(basis, x**degree, rcond=None)[0]
    if p in (1, INF):
        rows = len(x)
        size = rows if p == 1 else 1
        spread = np.eye(rows) if p == 1 else np.ones((rows, 1))
        left = np.block([[basis, -spread], [-basis, -spread]])
        cost = np.concatenate([np.zeros(degree), np.full(size, 1 / rows if p == 1 else 1.0)])
        bounds = [(None, None)] * degree + [(0, None)] * size
        solved = optimize.linprog(cost, left, np.concatenate([x**degree, -(x**degree)]), bounds=bounds)
        least = solved.fun
    else:
        least = optimize.minimize(
            lambda a: norm(x**degree - basis @ a, 1 / len(x), float(p)), start, method="BFGS", tol=1e-12
        ).fun
    with precision(128):
        constant = float(monic_norm(BALL, degree, p))
        largest = float(power_norm(BALL, degree, p)) / 2**degree
    assert constant <= least * (1 + 1e-3) and least <= largest * (1 + 1e-3)
    assert constant == pytest.approx(least, rel=2e-3)
    assert p not in (1, 2, INF) or largest == pytest.approx(least, rel=2e-3)


@pytest.mark.parametrize("degree", [2, 5, 8, 9])
def test_least_monic_polynomials_for_all_exponents(degree):
    """From below and above, in order; exponents too close to 1 or too large for doubles take a neighbour's value."""
    near = 1 + Fraction(1, 10**50)
    exponents = [1, near, Fraction(9, 8), Fraction(7, 4), 2, Fraction(9, 4), 64, 65, 10**400, INF]
    with precision(128):
        below = [float(monic_norm(BALL, degree, p)) for p in exponents]
        above = [float(power_norm(BALL, degree, p)) / 2**degree for p in exponents]
    assert all(x <= y for x, y in pairwise(below))
    assert all(x <= y * (1 + 1e-15) for x, y in zip(below, above, strict=True))
    assert below[1] == below[0] and below[6] == below[7] == below[8]
    x = np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
    for p in (3, 6):  # Chebyshev's polynomial itself
        mean = np.mean(np.abs(np.cos(degree * np.arccos(x))) ** p * np.sqrt(1 - x**2)) * np.pi / 2
        assert mean ** (1 / p) * 2 * 2.0**-degree <= float(power_norm(BALL, degree, p))


def test_volumes_of_balls():
    with precision(128):
        for d, volume in ((1, 2), (2, math.pi), (3, 4 * math.pi / 3), (10, math.pi**5 / 120)):
            assert float(unit_ball_volume(BALL, d)) == pytest.approx(volume, rel=1e-14)


# ------------------------------------------------------------------------------------------------- curvature


@pytest.mark.parametrize("p", [1, 2, INF])
@pytest.mark.parametrize(("degree", "pieces"), [(0, 1), (0, 3), (1, 2), (1, 4), (2, 2), (2, 3)])
def test_all_piecewise_polynomials(degree, pieces, p):
    """All places of the ends on a grid, the best polynomial on each piece by scaling: never below the bound."""
    m, grid = degree + 1, 24
    F, G = holder(m, 1), spline(pieces - 1, degree) if pieces > 1 else ab.LinearSpace(dimension=m)
    with precision(128):
        kappa = float(monic_norm(BALL, m, p))
    errors = []
    for ends in combinations(range(1, grid), pieces - 1):
        lengths = np.diff((0, *ends, grid)) / grid
        parts = kappa / math.factorial(m) * lengths ** (m + (0 if p == INF else 1 / p))
        errors.append(parts.max() if p == INF else (parts**p).sum() ** (1 / p))
    if pieces == 1:
        return
    value = CurvatureTheorem().evaluate(FLOAT, Query(functions=F, network=G, p=p), {"axes": 1})
    assert value <= min(errors) * (1 + 1e-12)
    assert value == pytest.approx(min(errors), rel=1e-12)  # equal pieces are on the grid


@pytest.mark.parametrize("axes", [2, 3, 5])
@pytest.mark.parametrize("power", [1, 2, 4])
def test_chords_of_diagonals(axes, power):
    """The mean of length^(power) of the chord through a random point, in units of sqrt(j)."""
    rng = np.random.default_rng(0)
    x = rng.random((200_000, axes))
    mean = ((1 - (x.max(axis=1) - x.min(axis=1))) ** power).mean()
    query = Query(functions=ab.LipschitzBall(dim=axes), network=heaviside((3,), axes), p=power)
    assert CurvatureTheorem()._chords(FLOAT, query, 1, axes) ** power == pytest.approx(mean, rel=0.02)


SMOOTH = [
    (holder(1, 3), heaviside((4,), 3), 1),
    (holder("3/2", 4), heaviside((4,), 4), 1),
    (holder(2, 2), relu((3,), 2), 2),
    (holder(3, 6), relu((3,), 6), 2),
    (ab.SobolevBall(smoothness=2, integrability=2, dim=3), relu((3,), 3), 2),
    (ab.AnisotropicHolderBall(smoothness=("1/2", 2, 3)), relu((3,), 3), 2),
]


@pytest.mark.parametrize(("F", "G", "order"), SMOOTH)
def test_powers_are_in_the_class(F, G, order):
    """Pure derivatives along the diagonal and the coordinates by differences of the stated function; the range."""
    query, R, d = Query(functions=F, network=G, p=2), 1.0, F.domain_dim
    theorem, rng = CurvatureTheorem(), np.random.default_rng(1)
    for axes in range(1, d + 1):
        try:
            f = theorem.hard_function(query, {"axes": axes})
        except ab.HypothesisError:
            continue
        x, y = rng.random((4000, d)), rng.random((4000, d))
        corners = np.array(list(product((0.0, 1.0), repeat=d)))
        assert np.abs(f(np.vstack([x, corners]))).max() <= R * (1 + 1e-12)
        if order == 1 and F.holder_smoothness <= 1:
            distance = np.linalg.norm(x - y, axis=1)
            assert (np.abs(f(x) - f(y)) <= R * distance * (1 + 1e-9)).all()
        step = 1e-4
        for axis in range(d):
            e = np.eye(d)[axis] * step
            inner = x * (1 - 2 * step) + step
            slope = (f(inner + e) - f(inner - e)) / (2 * step)
            assert np.abs(slope).max() <= R * (1 + 1e-6)
            if order == 2:
                second = (f(inner + e) - 2 * f(inner) + f(inner - e)) / step**2
                assert np.abs(second).max() <= R * (1 + 1e-4)


@pytest.mark.parametrize("F", [ab.MonotoneFunctions(dim=2), ab.ConvexFunctions(dim=2)])
def test_powers_of_shape_constrained_classes(F):
    x = np.linspace(0, 1, 201)
    points = np.stack([np.full(201, 0.3), x], axis=1)
    for G in (heaviside((4,), 2), relu((4,), 2)):
        f = CurvatureTheorem().hard_function(Query(functions=F, network=G, p=2), {"axes": 1})(points)
        differences = np.diff(f) if F.__class__ is ab.MonotoneFunctions else np.diff(f, 2)
        assert (differences >= -1e-12).all() and f.min() >= 0 and f.max() <= 1


# ------------------------------------------------------------------------------------------------- regions


def polygon(rng, thin):
    points = rng.normal(size=(12, 2)) * (1.0, thin)
    return points[spatial.ConvexHull(points).vertices]


def inside(corners, rng, count):
    """Uniform points of a convex polygon, by triangles from its first corner."""
    a, b, c = corners[0], corners[1:-1], corners[2:]
    u, v = b - a, c - a
    areas = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    chosen = rng.choice(len(areas), size=count, p=areas / areas.sum())
    s, t = rng.random((2, count))
    flip = s + t > 1
    s, t = np.where(flip, 1 - s, s), np.where(flip, 1 - t, t)
    return a + s[:, None] * u[chosen] + t[:, None] * v[chosen], areas.sum()


@pytest.mark.parametrize("thin", [1.0, 0.2, 0.02])
def test_affine_functions_on_polygons(thin):
    """|x|^2/2 minus its best affine function in L^2, on random polygons: not below the bound on a convex set."""
    rng = np.random.default_rng(3)
    with precision(128):
        constant = float(monic_norm(BALL, 2, 2) / 2 * RegionTheorem._least(BALL, 2, 2))
    ratios = []
    for _ in range(20):
        x, area = inside(polygon(rng, thin), rng, 20_000)
        basis = np.column_stack([np.ones(len(x)), x])
        f = (x**2).sum(axis=1) / 2
        error = f - basis @ np.linalg.lstsq(basis, f, rcond=None)[0]
        ratios.append(math.sqrt(area * (error**2).mean()) / (constant * area**1.5))
    assert min(ratios) >= 1
    assert thin < 1 or min(ratios) <= 2  # the disc has 1.22


@pytest.mark.parametrize("p", [1, 2, 5, INF])
@pytest.mark.parametrize("d", [2, 3, 4, 7])
def test_chords_of_the_ball(d, p):
    """G for the ball, by quadrature of its chords, and the two bounds of it."""
    volume = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    with precision(128):
        least = float(RegionTheorem._least(BALL, d, p))
    if p == INF:
        assert least == pytest.approx(4 * volume ** (-2 / d), rel=1e-12)
        return
    sphere = (d - 1) * math.pi ** ((d - 1) / 2) / math.gamma((d - 1) / 2 + 1)
    chords = integrate.quad(lambda r: sphere * r ** (d - 2) * (2 * math.sqrt(1 - r * r)) ** (2 * p + 1), 0, 1)[0]
    ball = chords ** (1 / p) * volume ** (-1 / p - 2 / d)
    assert least <= ball * (1 + 1e-9)
    assert least == pytest.approx(max(ball if 2 * p >= d else 0, 4 / d**2 * volume ** (-2 / d)), rel=1e-9)


def test_bowls_are_in_the_class():
    for F in (holder(2, 3), holder(3, 20), ab.ConvexFunctions(dim=5)):
        bowl, d = F.bowl, F.domain_dim
        corner, centre = np.zeros((1, d)), np.full((1, d), 0.5)
        top, bottom = bowl.values(corner)[0], bowl.values(centre)[0]
        low, high = (0, 1) if isinstance(F, ab.ConvexFunctions) else (-1, 1)
        assert low <= bottom and top <= high + 1e-12 and bowl.curvature > 0
        assert isinstance(F, ab.ConvexFunctions) or bowl.curvature <= 1
        assert top == high or bowl.curvature == 1


# ------------------------------------------------------------------------------------------------- oscillation


@pytest.mark.parametrize("cells", [2, 3, 5, 8])
def test_all_signs_with_few_changes(cells):
    """The least Hamming distance of a vector with C changes from the alternating one is h."""
    alternating = [i % 2 for i in range(cells)]
    for changes in range(cells - 1):
        distances = [
            sum(a != b for a, b in zip(signs, alternating, strict=True))
            for signs in product((0, 1), repeat=cells)
            if sum(a != b for a, b in pairwise(signs)) <= changes
        ]
        assert min(distances) == -((changes + 1 - cells) // 2) == (cells - changes) // 2


def step_errors(f, x, p, pieces):
    """The best step functions with so many pieces, by dynamic programming on a grid."""
    n = len(x)
    cost = np.full((n + 1, n + 1), INF)
    for i in range(n):
        for j in range(i + 1, n + 1):
            part = f[i:j]
            middle = np.median(part) if p == 1 else part.mean() if p == 2 else (part.max() + part.min()) / 2
            size = np.abs(part - middle)
            cost[i, j] = size.max() if p == INF else (size**p).sum() / n
    best = cost[0].copy()
    for _ in range(pieces - 1):
        joined = (np.maximum if p == INF else np.add)(best[:, None], cost)
        best = np.minimum(best, joined.min(axis=0))
    return best[n] if p == INF else best[n] ** (1 / p)


@pytest.mark.parametrize("p", [1, 2, INF])
@pytest.mark.parametrize("wave", [HolderWave(1, 1), HolderWave(Fraction(1, 2), 1), HolderWave(2, 1), StaircaseWave()])
def test_step_functions_against_waves(wave, p):
    """All step functions of P pieces on a grid against the wave: never below the bound (C = P-1 or 2P-1)."""
    x = (np.arange(120) + 0.5) / 120
    for pieces in (1, 2, 3):
        changes = pieces - 1 if isinstance(wave, HolderWave) else 2 * pieces - 1
        for cells in (changes + 2, changes + 4):
            error = step_errors(wave.values(cells, x), x, p, pieces)
            height = float(wave.height(FLOAT, cells))
            h = (cells - changes) // 2
            bound = height if p == INF else height * float(wave.mean_ratio(FLOAT, p)) * (2 * h / cells) ** (1 / p)
            missed = (1 / 240) ** float(wave.exponent) if p == INF else 0.01 * bound  # by the grid
            assert error >= bound - missed
            if p == INF and isinstance(wave, HolderWave) and cells == changes + 2:
                assert error <= bound * 1.1  # sharp in sup norm


@pytest.mark.parametrize("s", [Fraction(1, 2), 1, Fraction(3, 2), 2, 3, 4])
@pytest.mark.parametrize("axes", [1, 2, 4])
def test_hard_functions_in_sup_norm(s, axes):
    """They are in the ball, by differences, and reach their extremes C + 2 times on the diagonal."""
    F, G = holder(s, axes), relu((3,), axes)
    query = Query(functions=F, network=G, p=INF)
    value = float(SupNormOscillation().evaluate(FLOAT, query, {"axes": axes}))
    f = SupNormOscillation().hard_function(query, {"axes": axes})
    t = np.linspace(0, 1, 4001)
    along = f(np.repeat(t[:, None], axes, axis=1))
    assert np.abs(along).max() == pytest.approx(value, rel=1e-3)
    peaks = np.sign(along[np.abs(along) >= value * (1 - 2e-3)])
    assert (np.diff(peaks) != 0).sum() >= G.piecewise.changes + 1
    rng = np.random.default_rng(2)
    x, y = rng.random((3000, axes)), rng.random((3000, axes))
    if s <= 1:
        distance = np.linalg.norm(x - y, axis=1) ** float(s)
        assert (np.abs(f(x) - f(y)) <= distance * (1 + 1e-9)).all()
    else:
        step = 1e-3
        e = np.eye(axes)[0] * step
        inner = x * (1 - 4 * step) + 2 * step
        slope = (f(inner + e) - f(inner - e)) / (2 * step)
        assert np.abs(slope).max() <= 1 + 1e-6
        if s >= 2:
            second = (f(inner + e) - 2 * f(inner) + f(inner - e)) / step**2
            assert np.abs(second).max() <= 1 + 1e-3


def test_heights_of_waves():
    """Favard's constants K_s / pi^s for integers, and 1/(4s), 1/(8s) up to 2 and 3."""
    with precision(128):
        for s in range(1, 9):
            favard = 4 / mpmath.pi * mpmath.nsum(lambda k, s=s: ((-1) ** k / (2 * k + 1)) ** (s + 1), [0, mpmath.inf])
            assert float(wave_height(BALL, s)) == pytest.approx(float(favard / mpmath.pi**s), rel=1e-12)
        for s in (Fraction(5, 4), Fraction(7, 4), 2):
            assert float(wave_height(BALL, s)) == pytest.approx(1 / (4 * s), rel=1e-14)
        for s in (Fraction(9, 4), Fraction(5, 2), 3):
            assert float(wave_height(BALL, s)) == pytest.approx(1 / (8 * s), rel=1e-14)


# ------------------------------------------------------------------------------------------------- rates


def test_the_rate_is_that_of_the_best_theorem_in_the_regime():
    """At depth 2, d = 1, oscillation gives 1/W; with depth as a symbol nothing beats 1/(L W log W)."""
    W, L = sympy.symbols("W L", positive=True, integer=True)
    F = ab.LipschitzBall(dim=1)
    shallow = ab.lower_bound(F, ab.NetworkSize(weights=W, depth=2, degree=1), p=2)
    assert shallow.theorem.id == "Tosc" and sympy.simplify(shallow.rate * W) == 1
    deep = ab.lower_bound(F, ab.NetworkSize(weights=W, depth=L, degree=1), p=2)
    assert deep.theorem.id == "T3"


def test_orders_of_different_regimes_are_not_compared():
    """1/W at fixed depth is above the known (LW)^(-2) for growing depth: no verdict follows from such two."""
    table = ab.compare([ab.LipschitzBall(dim=1)], [relu((20,), 1)], [1, INF])
    assert [entry.norms.name for entry in table if entry.norms is not None] == ["SAME_ORDER"]
    assert not Depths.FIXED.meets(Depths.GROWING) and Depths.ANY.meets(Depths.FIXED)


# ------------------------------------------------------------------------------------------------- the doors


def test_witnesses_that_lie():
    F, G = ab.LipschitzBall(dim=2), relu((10,), 2)
    query = Query(functions=F, network=G, p=2)
    for theorem, bad in (
        (OscillationTheorem(), [{}, {"cells": 12}, {"cells": 0}, {"cells": "17"}]),
        (CurvatureTheorem(), [{}, {"axes": 0}, {"axes": 3}]),
    ):
        for witness in bad:
            with pytest.raises(ab.HypothesisError):
                theorem.evaluate(BALL, query, witness)


def test_hard_function_of_a_bound():
    bound = next(b for b in ab.lower_bounds(holder(2, 2), relu((8,), 2), p=2) if b.theorem.id == "Tregion")
    assert bound.hard_function([[0.5, 0.5], [0, 0]]) == pytest.approx([-0.125, 0.125])
    for points in ([0.5, 0.5], [[0.5]], [[0.5, 2.0]]):
        with pytest.raises(ab.ParameterError, match="points="):
            bound.hard_function(points)
    random = next(b for b in ab.lower_bounds(holder(2, 2), relu((8,), 2), p=2) if b.theorem.id == "T3")
    with pytest.raises(ab.NotApplicableError, match="average_case"):
        _ = random.hard_function


@pytest.mark.parametrize("F", [ab.ConvexFunctions(dim=1), ab.MonotoneFunctions(dim=1)], ids=["convex", "monotone"])
def test_pieces_of_a_very_high_degree_are_refused_at_once(F):
    """Their powers are in F for every m; but m = D + 1 with D = 3^19 has a factorial that no memory holds."""
    for degree, depth in ((4, 5), (3, 20)):
        G = ab.NetworkSize(weights=2000, depth=depth, degree=degree, pieces=1)
        bounds = ab.lower_bounds(F, G, p=2)
        assert "Tcurv" not in {bound.theorem.id for bound in bounds}
        assert "of a degree >= 100" in CurvatureTheorem().refusal(Query(functions=F, network=G, p=2))
