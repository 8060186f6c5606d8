"""Sobolev, anisotropic, convex and Barron classes, and perfect splines: membership, norms, bounds, slopes."""

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leggauss

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.functions.cubes import PerfectSplineCubes
from approxbounds.functions.sobolev import SobolevCubes
from approxbounds.transfer.hypercube import hypercube_values

INF = math.inf
CLASSES = [
    ab.SobolevBall(smoothness=2, dim=2, integrability=2, radius="3/2"),
    ab.SobolevBall(smoothness=3, dim=1, integrability="inf"),
    ab.AnisotropicHolderBall(smoothness=(1, "1/2")),
    ab.AnisotropicHolderBall(smoothness=("3/2", 3), radius=2),
    ab.AnisotropicHolderBall(smoothness=("1/3", 1, 2)),
    ab.ConvexFunctions(dim=1),
    ab.ConvexFunctions(dim=3),
]
FAMILIES = [*(F.families[0] for F in CLASSES), *(PerfectSplineCubes(s, 1, Fraction(3, 2)) for s in (2, 3, 4, 5, 7))]


def mean_power(family, index, dim, p, centre=None):
    """||f_omega - c||_p by Gauss-Legendre quadrature inside one cell (all cells are alike)."""
    sides = [index[name] for name in family.indices] * (dim if len(family.indices) == 1 else 1)
    nodes, weights = leggauss(400 if dim == 1 else 60)
    axes = [(nodes + 1) / 2 / k for k in sides]
    points = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    mass = np.prod([m.ravel() for m in np.meshgrid(*[weights / 2] * dim, indexing="ij")], axis=0)
    values = family.evaluate(index, np.ones(family.cells(index)), points)
    gaps = values - (centre(index, points) if centre else 0)
    assert (gaps >= -1e-15).all()
    return float((mass @ gaps**p) ** (1 / p))


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("p", [1, 2, 3])
def test_norms_by_quadrature(F, p):
    family = F.families[0]
    index = family.coarsest(5)
    found = mean_power(family, index, F.domain_dim, p, getattr(family, "centre", None))
    assert float(family.norm(FLOAT, index, p)) == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("s", [2, 3, 4, 5, 7])
def test_perfect_splines(s):
    """Norms of integer orders and sup; those of other orders are bounded below; derivatives at most R; zero ends."""
    family = PerfectSplineCubes(s, 1, 2)
    grid = np.linspace(0, 1, 200_001)[:, None]
    values = family.evaluate({"k": 1}, np.array([1]), grid)
    assert float(family.norm(FLOAT, {"k": 1}, 1)) == pytest.approx(values.mean(), rel=1e-4)
    assert float(family.norm(FLOAT, {"k": 1}, INF)) == pytest.approx(values.max(), rel=1e-9)
    third = np.trapezoid(values**3, grid[:, 0]) ** (1 / 3)
    assert float(family.norm(FLOAT, {"k": 1}, 3)) == pytest.approx(third, rel=1e-8)
    assert float(family.norm(FLOAT, {"k": 1}, Fraction(7, 2))) <= np.trapezoid(values**3.5, grid[:, 0]) ** (1 / 3.5)
    assert np.argmax(values) == 100_000 and values.min() >= -1e-15  # the middle, and no sign change
    # rebuilt as a piecewise polynomial: s-1 continuous derivatives, the last one Lipschitz with constant R
    knots = [(1 - math.cos(j * math.pi / (s + 1))) / 2 for j in range(s + 2)]
    pieces, sign = [], 1.0
    total = Polynomial([0.0] * s + [2 / math.factorial(s)])
    for j in range(s + 1):
        pieces.append(total * float(np.sign(values[100])))
        shifted = Polynomial([-knots[j + 1], 1.0]) ** s
        sign = -sign
        total = total + shifted * (2 * sign * 2 / math.factorial(s))
    for i in range(s + 1):
        for j, piece in enumerate(pieces):
            inside = np.linspace(knots[j], knots[j + 1], 50)
            assert np.abs(piece.deriv(i)(inside) if i else piece(inside)).max() <= 2 * (1 + 1e-9)
    for i in range(s):
        ends = (pieces[0].deriv(i)(0.0), pieces[-1].deriv(i)(1.0)) if i else (pieces[0](0.0), pieces[-1](1.0))
        assert ends == pytest.approx((0, 0), abs=1e-9)
    middle = np.linspace(0, 1, 999)
    built = np.select([middle <= k for k in knots[1:]], [piece(middle) for piece in pieces])
    assert family.evaluate({"k": 1}, np.array([1]), middle[:, None]) == pytest.approx(np.abs(built), abs=1e-10)


@pytest.mark.parametrize("s", [Fraction(6, 5), Fraction(3, 2), Fraction(39, 20)])
def test_integrated_distances(s):
    """Derivatives in the Hölder ball for all signs, and close to its boundary; norms; half as much again as bumps."""
    bumps, family, *_ = ab.HolderBall(smoothness=s, dim=1, radius=2).families
    x = np.linspace(0, 1, 3601)
    for signs in ((1, 1, 0), (0, 1, 0)):
        f = family.evaluate({"k": 3}, np.array(signs), x[:, None])
        slopes, middles = np.diff(f) / np.diff(x), (x[1:] + x[:-1]) / 2
        assert np.abs(f).max() <= 2 and np.abs(slopes).max() <= 2
        gaps = np.abs(slopes[:, None] - slopes[None, :])
        quotients = gaps / (2 * np.maximum(np.abs(middles[:, None] - middles[None, :]), 1e-9) ** float(s - 1))
        assert 0.99 < quotients.max() <= 1 + 1e-9
    w = np.abs(family.evaluate({"k": 3}, np.array([1, 0, 1]), x[:, None]))
    assert w[::1200] == pytest.approx(0) and w[600] == pytest.approx(float(family.norm(FLOAT, {"k": 3}, INF)))
    for p in (1, 2, 3, 8):
        assert float(family.norm(FLOAT, {"k": 3}, p)) == pytest.approx(np.trapezoid(w**p, x) ** (1 / p), rel=1e-4)
        assert float(family.norm(FLOAT, {"k": 3}, p)) > 1.35 * float(bumps.norm(FLOAT, {"k": 3}, p))
    assert float(family.norm(FLOAT, {"k": 3}, Fraction(5, 2))) <= np.trapezoid(w**2.5, x) ** 0.4


def test_perfect_splines_beat_bumps_in_one_dimension():
    for s in (2, 3, 5):
        bumps, splines, *_ = ab.HolderBall(smoothness=s, dim=1).families
        for p in (1, 2, 8, INF):
            assert float(splines.norm(FLOAT, {"k": 4}, p)) > float(bumps.norm(FLOAT, {"k": 4}, p))
    names = [type(family).__name__ for family in ab.HolderBall(smoothness="5/2", dim=1).families]
    assert names == ["BumpCubes", "PerfectSplineCubes", "Halves", "SplineHalves"]


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_convex_family_is_convex(dim, k):
    F, rng = ab.ConvexFunctions(dim=dim), np.random.default_rng(dim * 10 + k)
    family = F.families[0]
    for _ in range(6):
        omega = rng.integers(0, 2, k**dim)
        points = np.vstack([rng.random((60, dim)), np.round(rng.random((40, dim)) * k) / k])
        assert F.contains(lambda x, omega=omega: family.evaluate({"k": k}, omega, x), points)
    # the amplitude is sharp up to a factor of 4: with bumps four times as large convexity fails
    if dim == 1:
        x = np.linspace(0, 1, 2001)[:, None]
        centre = family.centre({"k": k}, x)
        bumps = family.evaluate({"k": k}, np.zeros(k), x) - centre
        assert np.diff(centre + bumps, 2, axis=0).min() >= -1e-12
        assert np.diff(centre + 4 * bumps, 2, axis=0).min() < -1e-12


def test_membership_tests_can_fail():
    points = np.random.default_rng(0).random((50, 2))
    assert not ab.ConvexFunctions(dim=2).contains(lambda x: 1 - x[:, 0] ** 2, points)
    assert not ab.ConvexFunctions(dim=2).contains(lambda x: 2 * x[:, 0], points)
    assert not ab.AnisotropicHolderBall(smoothness=(1, 1)).contains(lambda x: np.sin(9 * x[:, 0]) / 2, points)
    with pytest.raises(ab.NoExpressionError):
        ab.SobolevBall(smoothness=1, dim=1, integrability=2).contains(np.sin, points)
    with pytest.raises(ab.NoExpressionError):
        ab.BarronBall(dim=2).contains(np.sin, points)


@pytest.mark.parametrize("smoothness", [(1, "1/2"), ("1/3", "2/3"), (1, 1, "1/2")])
def test_anisotropic_family_is_in_the_class(smoothness):
    F, rng = ab.AnisotropicHolderBall(smoothness=smoothness, radius="1/2"), np.random.default_rng(4)
    family, d = F.families[0], len(smoothness)
    index = family.coarsest(6)
    assert family.cells(index) >= 6
    for _ in range(4):
        omega = rng.integers(0, 2, family.cells(index))
        assert F.contains(lambda x, omega=omega: family.evaluate(index, omega, x), rng.random((300, d)))
        for j, s in enumerate(smoothness):  # pairs that differ in one coordinate only: the definition itself
            x = rng.random((3000, d))
            y = x.copy()
            y[:, j] = np.clip(x[:, j] + rng.normal(size=3000) * 10.0 ** rng.uniform(-4, 0, 3000), 0, 1)
            gap = np.abs(family.evaluate(index, omega, x) - family.evaluate(index, omega, y))
            assert (gap <= 0.5 * np.abs(x[:, j] - y[:, j]) ** float(Fraction(s)) * (1 + 1e-9) + 1e-13).all()


def test_anisotropic_derivatives_beyond_one():
    """s_j = 3/2: the derivative in x_j is 1/2-Hölder with constant R, across cells too, and bounded by R."""
    F, rng = ab.AnisotropicHolderBall(smoothness=("3/2", 1)), np.random.default_rng(2)
    family = F.families[0]
    index = {"k1": 3, "k2": 4}
    omega, step = rng.integers(0, 2, 12), 1e-6

    def slope(x):
        shift = np.array([step, 0])
        return (family.evaluate(index, omega, x + shift) - family.evaluate(index, omega, x - shift)) / (2 * step)

    x = rng.uniform(0.01, 0.99, (20_000, 2))
    y = x.copy()
    y[:, 0] = np.clip(x[:, 0] + rng.normal(size=20_000) * 10.0 ** rng.uniform(-3, 0, 20_000), 0.01, 0.99)
    assert np.abs(slope(x)).max() <= 1
    assert (np.abs(slope(x) - slope(y)) <= np.abs(x[:, 0] - y[:, 0]) ** 0.5 + 1e-4).all()


def test_sobolev_balls_contain_lipschitz_balls():
    """Their functions have weak derivatives of at most R in modulus, so they are the hard ones for s = 1."""
    for dim in (1, 3):
        F, lipschitz = (
            ab.SobolevBall(smoothness=1, dim=dim, integrability=2, radius=3),
            ab.LipschitzBall(dim=dim, radius=3),
        )
        assert F.families == lipschitz.families
        bumps = SobolevCubes(1, dim, 3)
        for p in (1, 2, INF):  # which are larger than bumps
            assert float(F.families[0].norm(FLOAT, {"k": 5}, p)) > float(bumps.norm(FLOAT, {"k": 5}, p))


@pytest.mark.parametrize("s", [2, 3])
@pytest.mark.parametrize("dim", [1, 2])
def test_sobolev_derivatives_are_bounded(s, dim):
    """All derivatives up to order s of the bump, from polynomials, and the top one reaches R."""
    F = ab.SobolevBall(smoothness=s, dim=dim, integrability=INF, radius=3)
    psi, k = Polynomial([0, 4, -4]) ** s, 5
    height = float(F.families[0].norm(FLOAT, {"k": k}, INF))
    grid = np.linspace(0, 1, 2001)
    sup = [np.abs(psi.deriv(i)(grid) if i else psi(grid)).max() for i in range(s + 1)]
    orders = [(i,) for i in range(s + 1)] if dim == 1 else [(i, j) for i in range(s + 1) for j in range(s + 1 - i)]
    found = [height * float(k) ** sum(order) * math.prod(sup[i] for i in order) for order in orders]
    assert max(found) == pytest.approx(3, rel=1e-9)


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("p", [1, 2, Fraction(7, 2), INF])
def test_three_arithmetics_and_closed_forms(family, p):
    for cells in (1, 2, 7, 50, 1000):
        index = family.coarsest(cells)
        assert family.cells(index) >= cells
        with precision(200):
            ball = family.norm(BALL, index, p)
            low = family.least_norm(BALL, cells, p)
            assert low <= ball
        assert float(family.norm(FLOAT, index, p)) == pytest.approx(float(ball), rel=1e-12)
    symbolic = family.norm(SYMBOLIC, index, p)
    assert float(symbolic.evalf(30)) == pytest.approx(float(ball), rel=1e-14)


BOUNDED = [*CLASSES, ab.HolderBall(smoothness=3, dim=1)]


@pytest.mark.parametrize("F", BOUNDED, ids=str)
@pytest.mark.parametrize("p", [1, 2, INF])
def test_certified_values(F, p):
    G = ab.ReLUNetwork(widths=(20, 20), input_dim=F.domain_dim)
    found = ab.lower_bounds(F, G, p=p)
    certified = [bound for bound in found if bound.number is not None]
    assert certified
    for bound in certified:
        assert bound.value > 0 and ab.verify(bound.certificate.to_json())
        assert not ab.verify(bound.certificate.to_dict() | {"value": bound.value * (1 + 1e-12)})
        assert bound.explain().count("\n") > 5
    best = ab.lower_bound(F, G, p=p)
    closed = max((bound for bound in certified if bound.theorem.id != "Tregion"), key=lambda bound: bound.value)
    assert float(closed.expression.evalf(30)) <= closed.value * (1 + 1e-12)
    if F.value_range is not None:
        assert best.value <= ab.upper_bound(F, G, p=p).value


@pytest.mark.parametrize("F", BOUNDED, ids=str)
@pytest.mark.parametrize("p", [1, 3])
def test_slope_of_certified_values_is_the_rate(F, p):
    dimensions = [10**j for j in range(6, 12)]  # beyond the first few boxes in the smoothest direction
    values, family = [], F.families[0]
    for D in dimensions:
        G, grid = ab.LinearSpace(dimension=D), family.grid().relevant(D)  # fewer cells give rounding errors only
        values.append(hypercube_values(family, G.growth(family.centres), p, grid.index, grid.cells)[0].max())
        # functions of fewer coordinates may be better by a constant, up to a very large D
        assert ab.lower_bound(F, G, p=p).value >= values[-1] * (1 - 1e-9)
    slope = np.polyfit(np.log(dimensions), np.log(values), 1)[0]
    assert slope == pytest.approx(-1 / float(F.entropy_exponent(p)), rel=0.03)


def test_convex_bound_by_exhaustion():
    """T3 for all sign patterns on 4 cells against a finite class, with non-zero centres: mean error by quadrature."""
    F, k, p = ab.ConvexFunctions(dim=1), 4, 2
    family, rng = F.families[0], np.random.default_rng(5)
    x = ((np.arange(4000) + 0.5) / 4000)[:, None]
    approximants = [family.centre({"k": k}, x) + 0.01 * rng.normal() * np.cos(j * x[:, 0]) for j in range(3)]
    case = ab.average_case(F, ab.FiniteClass(size=3), p=p, member={"k": k})
    patterns = [np.array(list(np.binary_repr(i, k)), int) for i in range(2**k)]
    errors = [min(np.mean((case.target(w, x) - g) ** 2) for g in approximants) for w in patterns]
    assert case.mean <= np.mean(errors) * (1 + 1e-6)


@pytest.mark.parametrize("F", [ab.EntropyClass(exponent=3, norm=2, dim=3), ab.BarronBall(dim=3)], ids=str)
def test_entropy_is_not_known_below_its_norm(F):
    """L^p distances grow with p: monotone functions of exponent 3 in L^3 have exponent 2 in L^1."""
    assert F.entropy_exponent(2) == F.entropy_exponent(math.inf) == F.entropy_bound(2).exponent
    with pytest.raises(ab.NoExpressionError, match="p=1"):
        F.entropy_exponent(1)
    low, high = ab.compare(F, ab.ReLUNetwork(widths=(8,), input_dim=3), [1, 2])
    assert low.entropy_exponent is low.record()["entropy_exponent"] is None and high.entropy_exponent is not None
    assert not set(F.entropy_citations) & set(low.sources) and set(F.entropy_citations) <= set(high.sources)
    assert [line for line in ab.compare(F, low.query.G, [1]).to_text().splitlines() if line.split()[-2:-1] == ["-"]]


def test_barron_ball_is_known_by_its_rate():
    import sympy

    W, L, d, k = sympy.symbols("W L d k", positive=True)
    F = ab.BarronBall(dim=d, power=k)
    assert sympy.simplify(F.entropy_exponent(2) - 2 * d / (d + 2 * k + 1)) == 0
    bound = ab.lower_bound(F, ab.NetworkSize(weights=W, depth=L), p=2)
    assert bound.theorem.id == "T1" and "SiegelXu2022" in bound.bibtex()
    with pytest.raises(ab.NoNumberError):
        _ = bound.value
    with pytest.raises(ab.NotApplicableError):
        ab.lower_bound(ab.BarronBall(dim=2), ab.ReLUNetwork(widths=(4,), input_dim=2), p=1)


@pytest.mark.parametrize("smoothness", [(30,), (100,), (30, 100), (100, "1/100"), (100, 30, 50)])
def test_anisotropic_grids_of_smooth_functions(smoothness):
    """The amplitudes underflow long before the resolutions overflow; a warning is an error here."""
    family = ab.AnisotropicHolderBall(smoothness=smoothness).families[0]
    grid = family.grid()
    assert np.isfinite(grid.cells).all() and (np.diff(grid.cells) >= 0).all() and grid.cells[-1] > 1e15
    least = min(range(len(smoothness)), key=lambda j: Fraction(smoothness[j]))
    k = np.array(list(grid.index.values()))[least]
    assert (k == np.arange(1, k.size + 1))[:256].all()  # every resolution of the least smooth direction
