"""Exact results in sup norm: jumps, boundary layers, points that F shatters, Sobolev balls that blow up."""

import json
import math
from contextlib import suppress
from fractions import Fraction
from functools import cache, reduce
from itertools import combinations, pairwise, product
from operator import ne, xor

import numpy as np
import pytest
import sympy
from scipy.optimize import linprog

import approxbounds as ab
from approxbounds import plots
from approxbounds.arithmetic import FLOAT
from approxbounds.cli import main
from approxbounds.facts.points import GridCodes, redundancy
from approxbounds.kernel import certified_value, check
from approxbounds.query import make_query
from approxbounds.testing import check_bound


def best(F, G, p="inf"):
    return ab.lower_bound(F, G, p=p)


def value_of(name, F, G, p="inf"):
    """The value of one theorem, or None if it does not apply."""
    return next((bound.value for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == name), None)


# ------------------------------------------------------------------------------------------------------- jumps


def continuous(d):
    return [
        ab.ReLUNetwork(widths=(64,), input_dim=d),
        ab.ReLUNetwork(widths=(64,) * 9, input_dim=d, bits=3),
        ab.ReLUPowerNetwork(widths=(9, 9), input_dim=d, power=3),
        ab.FeedForwardNetwork(widths=(5,), input_dim=d, degree=2, pieces=7, continuous=True),
        ab.LipschitzFunctions(constant="1e50", input_dim=d),
        ab.QORNN(hidden=3, steps=d, recurrent_bits=1, activation="relu"),
        ab.BoundedLinear(norm=9, input_dim=d),
        ab.NormBoundedNetwork(norms=(9, 9), input_dim=d),
        ab.Union(members=(ab.ReLUNetwork(widths=(9,), input_dim=d), ab.BoundedLinear(norm=1, input_dim=d))),
    ]


@pytest.mark.parametrize("d", [1, 2, 784])
def test_monotone_functions_are_far_from_continuous_ones(d):
    F = ab.MonotoneFunctions(dim=d)
    for G in continuous(d):
        assert value_of("Tjump", F, G) == 0.5 and value_of("Tjump", F, G, p=2) is None
        assert value_of("Tjump", ab.ConvexFunctions(dim=d), G) is None
    found = ab.bracket(F, ab.ReLUNetwork(widths=(64,), input_dim=d), p="inf")
    assert (found.lower.value, found.upper.value, found.upper.theorem.id) == (0.5, 0.5, "constant")
    assert ab.verify(found.lower.certificate)


DISCONTINUOUS = [
    ab.HeavisideNetwork(widths=(64,), input_dim=1),
    ab.FeedForwardNetwork(widths=(5,), input_dim=1, degree=1, pieces=2),
    ab.SkipNetwork(widths=(5,), input_dim=1),
    ab.NetworkSize(weights=99, depth=3),
    ab.LinearSpace(dimension=9),
    ab.PiecewisePolynomials(cells=4, degree=1, input_dim=1),
    ab.FreeKnotSplines(knots=5, degree=2),
    ab.QORNN(hidden=3, steps=1, recurrent_bits=1, activation="modrelu"),
    ab.Union(members=(ab.ReLUNetwork(widths=(9,), input_dim=1), ab.FiniteClass(size=2))),
]


@pytest.mark.parametrize("G", DISCONTINUOUS, ids=str)
def test_nothing_is_said_of_jumps_against_jumps(G):
    assert value_of("Tjump", ab.MonotoneFunctions(dim=1), G) is None


def test_continuous_piecewise_affine_functions_are_half_a_jump_away():
    """The best function with equal knots is at distance 1/2 from 1[x > z], whatever their number."""
    for knots, points in ((2, 40), (5, 100), (30, 31)):
        x = np.linspace(0, 1, points)
        hats = np.maximum(0, 1 - np.abs(x[:, None] * (knots - 1) - np.arange(knots)))
        z = x[points // 2]
        at = hats[points // 2]
        values = np.vstack([hats, at])  # at z the function has both values
        target = np.concatenate([(x > z).astype(float), [1.0]])
        ones = -np.ones((len(target), 1))
        constraints = np.block([[values, ones], [-values, ones]])
        fit = linprog([0] * knots + [1], constraints, np.concatenate([target, -target]), bounds=(None, None))
        assert fit.fun == pytest.approx(0.5)


def test_norms_differ_for_monotone_functions_of_one_variable_and_continuous_networks():
    F = ab.MonotoneFunctions(dim=1)
    relu, heaviside = (kind(widths=(64,), input_dim=1) for kind in (ab.ReLUNetwork, ab.HeavisideNetwork))
    entries = list(ab.compare(F, [relu, heaviside], [1, 2]))
    assert [entry.norms.value for entry in entries] == ["differ", "differ", "same order", "same order"]
    assert "[Tjump]" in entries[0].reason


# -------------------------------------------------------------------------------------------- boundary layers


def steep(M, ratio):
    """Points and values of the convex function that falls from 1 to 0 and rises again by 1/M on each segment."""
    left = [Fraction(0), *(ratio ** (M - k) / 2 for k in range(1, M + 1))]
    values = [1 - Fraction(k, M) for k in range(M + 1)]
    return [*left, *(1 - x for x in reversed(left[:-1]))], [*values, *reversed(values[:-1])]


def slopes(x, y):
    return [(d - b) / (c - a) for (a, b), (c, d) in pairwise(zip(x, y, strict=True))]


@pytest.mark.parametrize("M", [1, 2, 9])
@pytest.mark.parametrize("ratio", [Fraction(1, 2), Fraction(1, 1000)])
def test_steep_functions_are_convex(M, ratio):
    x, y = steep(M, ratio)
    assert slopes(x, y) == sorted(slopes(x, y)) and {min(y), max(y)} == {0, 1}


def affine_error(x, y):
    """The distance of a convex function with these corners from affine ones: half of its largest gap to the chord."""
    if len(x) < 3:
        return Fraction(0)
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return max(y[0] + slope * (a - x[0]) - b for a, b in zip(x, y, strict=True)) / 2


def constant_error(x, y):
    return (max(y) - min(y)) / 2


def best_pieces(x, y, error, pieces):
    """The least error of so many pieces, from below: nothing is asked between the pieces."""
    n = len(x)
    cost = {(i, j): error(x[i : j + 1], y[i : j + 1]) for i in range(n) for j in range(i, n)}
    found = [cost[0, j] for j in range(n)]
    for _ in range(pieces - 1):
        found = [min([cost[0, j], *(max(found[i - 1], cost[i, j]) for i in range(1, j + 1))]) for j in range(n)]
    return found[-1]


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
@pytest.mark.parametrize("error", [constant_error, affine_error])
def test_pieces_do_not_resolve_boundary_layers(pieces, error):
    """By all partitions: at least the bound of the proof for this M, and at most a little above the theorem's."""
    M, ratio = 24, Fraction(1, 10**6)
    x, y = steep(M, ratio)
    x, y = ([v for a, b in pairwise(z) for v in (a, (a + b) / 2)] + [z[-1]] for z in (x, y))
    q = (pieces + 1) // 2  # pieces at one of the ends
    whole = -((q - 1 - M) // q)  # segments of one of them
    found = best_pieces(x, y, error, pieces)
    assert Fraction(whole - 1, 2 * M) - 4 * ratio <= found
    assert Fraction(1, 2 * q) - Fraction(1, M) <= found <= Fraction(1, 2 * q)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_constant_pieces_and_jumps(pieces):
    """M jumps, any places: P constants have the error 1/(2P), up to the height of a jump, and are never better."""
    M = 30
    y = [Fraction(k, M) for k in range(M + 1)]
    found = best_pieces(y, y, constant_error, pieces)
    assert Fraction(1, 2 * pieces) - Fraction(1, 2 * M) <= found <= Fraction(1, 2 * pieces)


@pytest.mark.parametrize(
    ("F", "G", "value"),
    [
        (ab.ConvexFunctions(dim=1), ab.ReLUNetwork(widths=(64,), input_dim=1), Fraction(1, 66)),
        (ab.ConvexFunctions(dim=3), ab.HeavisideNetwork(widths=(9, 99), input_dim=3), Fraction(1, 10)),
        (ab.ConvexFunctions(dim=1), ab.FreeKnotSplines(knots=5, degree=3, smooth=True), Fraction(1, 6)),
        (ab.MonotoneFunctions(dim=1), ab.HeavisideNetwork(widths=(9, 99), input_dim=1), Fraction(1, 20)),
        (ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(64,), input_dim=1), None),
        (ab.ConvexFunctions(dim=1), ab.LinearSpace(dimension=3), None),
    ],
    ids=str,
)
def test_values_of_boundary_layers(F, G, value):
    found = value_of("Tlayers", F, G)
    assert found == pytest.approx(value) if value else found is None
    assert value is None or found <= value


# ------------------------------------------------------------------------------------------ points with a gap


@cache
def code(length, distance):
    """The words orthogonal to the columns of a parity-check matrix, each the first that is no sum of D - 2 others."""
    columns, rows = [], 0
    while len(columns) < length:
        sums = {reduce(xor, some, 0) for n in range(distance - 1) for some in combinations(columns, n)}
        free = [column for column in range(2**rows) if column not in sums]
        columns, rows = ([*columns, free[0]], rows) if free else ([], rows + 1)
    words = product((0, 1), repeat=length)
    return [w for w in words if not reduce(xor, (c for bit, c in zip(w, columns, strict=True) if bit), 0)]


@pytest.mark.parametrize(("length", "distance"), [(n, D) for n in range(1, 9) for D in range(1, n + 1)])
def test_codes_have_their_distance_and_their_words(length, distance):
    words = code(length, distance)
    assert all(sum(map(ne, v, w)) >= distance for v, w in combinations(words, 2))
    assert len(words) >= 2 ** (length - redundancy(length, distance))


def separated(family, index):
    """The points of the translate with the most of them, as integers 0..k-1."""
    k, d = index["k"], family.dim
    words, grid = set(code(d, index["distance"])), list(product(range(k), repeat=d))
    shifts = product((0, 1), repeat=d)
    found = [[x for x in grid if tuple((a + b) % 2 for a, b in zip(x, t, strict=True)) in words] for t in shifts]
    return np.array(max(found, key=len)) / max(k - 1, 1)


def rho(F, x, y):
    gaps = np.abs(np.asarray(x)[:, None, :] - np.asarray(y)[None, :, :])
    s = float(getattr(F, "smoothness", 1) if not isinstance(F, ab.AnisotropicHolderBall) else F.smoothness[0])
    if isinstance(F, (ab.SobolevBall, ab.AnisotropicHolderBall)):
        return (gaps**s).sum(axis=2)
    return np.sqrt((gaps**2).sum(axis=2)) ** s


ROUGH = [
    ab.LipschitzBall(dim=3, radius=2),
    ab.HolderBall(smoothness="1/2", dim=3),
    ab.SobolevBall(smoothness=1, dim=3, integrability=2),
    ab.AnisotropicHolderBall(smoothness=("2/3",) * 3, radius=3),
]


@pytest.mark.parametrize("F", ROUGH, ids=str)
@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("distance", [1, 2, 3])
def test_points_of_grids_and_codes(F, k, distance):
    """Their number and distance, counted; values ±w there extend to members of the ball, by McShane's formula."""
    (family,) = F.point_families
    index = family.member({"family": family.id, "k": k, "distance": distance})
    points, w = separated(family, index), float(family.gap(FLOAT, index))
    assert len(points) >= family.points(index)
    apart = rho(F, points, points) + np.diag([math.inf] * len(points))
    assert w == pytest.approx(float(F.radius) / 2 * min(apart.min(), 2)) or family.points(index) < len(points) == 1
    rng = np.random.default_rng(k)
    signs = rng.choice([-1, 1], len(points))

    def f(x):
        return np.clip((w * signs + F.radius * rho(F, x, points)).min(axis=1), -w, w)

    assert np.allclose(f(points), w * signs)
    some = rng.random((150, 3))
    if isinstance(F, (ab.LipschitzBall, ab.HolderBall)):
        assert F.contains(f, some)
    for j in range(3):  # along each direction
        moved = some.copy()
        moved[:, j] = rng.random(150)
        s = float(family.smoothness)
        assert (np.abs(f(some) - f(moved)) <= F.radius * np.abs(some - moved)[:, j] ** s * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("F", ROUGH, ids=str)
def test_the_coarsest_points_have_the_largest_gap(F):
    (family,) = F.point_families
    every = [{"k": k, "distance": D} for k in range(1, 30) for D in range(1, 4)]
    for N in (1, 2, 3, 4, 5, 8, 9, 50, 513, 4000):
        index = family.coarsest(N)
        enough = [other for other in every if family.points(other) >= N]
        assert family.points(index) >= N
        assert float(family.gap(FLOAT, index)) == max(float(family.gap(FLOAT, other)) for other in enough)
        assert float(family.least_gap(FLOAT, N)) <= float(family.gap(FLOAT, index)) * (1 + 1e-12)


def fan(omega, v):
    N = len(omega)
    terms = [(1 / v**i, 1 / v ** (N - 1 - i)) for i in range(N) if omega[i]]
    return lambda x, y: max([Fraction(0), *(1 - x * a - y * b for a, b in terms)])


@pytest.mark.parametrize("N", [1, 2, 3, 6])
def test_every_fan_is_convex_and_shows_its_pattern(N):
    """In exact arithmetic: values at the points, in [0,1] at the corners, convexity at midpoints of rational points."""
    v = Fraction(1, 5)
    points = [(v ** (i + 1), v ** (N - i)) for i in range(N)]
    corners = list(product((Fraction(0), Fraction(1)), repeat=2))
    some = [*points, *corners, (Fraction(1, 97), Fraction(1, 3)), (Fraction(2, 9), Fraction(1, 1000))]
    for omega in product((0, 1), repeat=N):
        f = fan(omega, v)
        assert [f(*x) for x in points] == [(1 - 2 * v) * bit for bit in omega]
        assert all(0 <= f(*x) <= 1 for x in some)
        for (a, b), (c, d) in combinations(some, 2):
            assert 2 * f((a + c) / 2, (b + d) / 2) <= f(a, b) + f(c, d)


@pytest.mark.parametrize("M", [1, 2, 3])
def test_every_convex_staircase_is_convex_and_shows_its_pattern(M):
    e = Fraction(1, 100)
    growth = 2 * 2 * (M + 1) / (M * e)  # more than the largest ratio of two falls
    side = [1 / (2 * growth ** (M - q)) for q in range(M)]
    for omega in product((0, 1), repeat=2 * M):
        halves = [
            [(1 - e) * (1 - Fraction(q + bits[q], M)) + e * (1 - Fraction(q + 1, M + 1)) for q in range(M)]
            for bits in (omega[:M], omega[M:][::-1])
        ]
        x = [Fraction(0), *side, Fraction(1, 2), *(1 - a for a in reversed(side)), Fraction(1)]
        y = [Fraction(1), *halves[0], Fraction(0), *reversed(halves[1]), Fraction(1)]
        assert slopes(x, y) == sorted(slopes(x, y)) and min(y) >= 0 and max(y) <= 1
    levels = [(1 - e) * (1 - Fraction(2 * q + 1, 2 * M)) + e * (1 - Fraction(q + 1, M + 1)) for q in range(M)]
    for q, bit in product(range(M), (0, 1)):  # of halves[0] above
        value = (1 - e) * (1 - Fraction(q + bit, M)) + e * (1 - Fraction(q + 1, M + 1))
        assert value - levels[q] == (1 - 2 * bit) * (1 - e) / (2 * M)


@pytest.mark.parametrize("N", [2, 3, 5])
def test_some_pattern_is_missed_by_linear_spaces(N):
    """Best fits by linear programs, at the points only: the worst of the 2^N patterns is at distance w or more."""
    rng = np.random.default_rng(N)
    for basis in rng.normal(size=(3, N, N - 1)):
        one = -np.ones((N, 1))
        matrix = np.block([[basis, one], [-basis, one]])
        errors = []
        for signs in product((-1, 1), repeat=N):
            b = np.array([*signs, *(-x for x in signs)], float)
            errors.append(linprog([0] * (N - 1) + [1], matrix, b, bounds=(None, None)).fun)
        assert max(errors) == pytest.approx(1)  # in units of w


@pytest.mark.parametrize(
    ("F", "G", "value"),
    [
        (ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(64,) * 4, input_dim=2), 0.5),
        (ab.ConvexFunctions(dim=7), ab.LinearSpace(dimension=10**9), 0.5),
        (ab.ConvexFunctions(dim=1), ab.LinearSpace(dimension=10), Fraction(1, 12)),
        (ab.ConvexFunctions(dim=1), ab.FiniteClass(size=1), Fraction(1, 2)),
        (ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10), Fraction(1, 20)),
        (ab.LipschitzBall(dim=1, radius=3), ab.FiniteClass(size=1), 3),
        (ab.LipschitzBall(dim=32), ab.ReLUNetwork(widths=(64, 64), input_dim=32), 1),
        (ab.LipschitzBall(dim=16), ab.FiniteClass(bits=2047), 1),
        (ab.HolderBall(smoothness="1/2", dim=784), ab.ReLUNetwork(widths=(64, 64), input_dim=784), 1),
        (ab.SobolevBall(smoothness=1, dim=5, integrability=1), ab.FiniteClass(bits=15), 1),
        (ab.SobolevBall(smoothness=2, dim=5, integrability=1), ab.FiniteClass(bits=15), None),
        (ab.AnisotropicHolderBall(smoothness=("1/2", 1)), ab.FiniteClass(bits=15), None),
        (ab.ConvexFunctions(dim=2), ab.LipschitzFunctions(constant=1, input_dim=2), None),
    ],
    ids=str,
)
def test_values_of_points(F, G, value):
    found = value_of("Tpoints", F, G)
    assert found is None if value is None else float(value) * (1 - 1e-15) <= found <= value


def test_norms_differ_for_convex_functions_of_two_variables():
    F, G = ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(64,) * 4, input_dim=2)
    found = ab.bracket(F, G, p="inf")
    assert (found.lower.value, found.upper.value) == (0.5, 0.5) and ab.verify(found.lower.certificate)
    (entry,) = ab.compare(F, G, 2)
    assert entry.norms.value == "differ" and "E_inf(F, G) >= c * 1 [Tpoints]" in entry.reason
    (line,) = ab.compare(ab.ConvexFunctions(dim=1), ab.ReLUNetwork(widths=(64,) * 4, input_dim=1), 2)
    assert line.norms.value == "open"


# ---------------------------------------------------------------------------------------------------- blow-up

SPREAD = ab.SobolevBall(smoothness=1, dim=4, integrability=1)
SMALL = ab.ReLUNetwork(widths=(8,), input_dim=4)


@pytest.mark.parametrize(
    ("smoothness", "dim", "q", "p", "infinite"),
    [
        (1, 4, 1, 1, False),
        (1, 4, 1, "4/3", False),  # s + d/p = d/q: W^{s,q} is in L^p
        (1, 4, 1, "401/300", True),
        (1, 4, 1, "inf", True),
        (2, 2, 1, "inf", False),
        (1, 2, 1, "inf", True),
        (1, 2, "3/2", 7, True),
        (1, 2, "3/2", 6, False),
        (1, 4, "inf", "inf", False),
        (3, 784, 100, 400, True),
    ],
)
def test_where_the_error_is_infinite(smoothness, dim, q, p, infinite):
    F = ab.SobolevBall(smoothness=smoothness, dim=dim, integrability=q, radius="1/1000")
    G = ab.ReLUNetwork(widths=(8, 8), input_dim=dim)
    assert value_of("Tblowup", F, G, p=p) == (math.inf if infinite else None)
    assert (best(F, G, p=p).value == math.inf) is infinite
    assert value_of("Tblowup", F, ab.LipschitzFunctions(constant=1, input_dim=dim), p=p) is None


@pytest.mark.parametrize(("s", "dim", "q", "p"), [(1, 4, 1, 3), (1, 2, 1, math.inf), (2, 5, 1, 2), (1, 3, 2, 9)])
def test_squeezed_bumps_stay_in_the_ball_and_grow(s, dim, q, p):
    """By quadrature: all norms of derivatives of order <= s are at most R = 1, and ||w||_p has its power of delta."""
    k, nodes = 2, 400
    amplitude = 1 / (4.0**s * math.factorial(s))
    bump = np.polynomial.Polynomial([0, 4, -4]) ** s
    y = (np.arange(nodes) + 0.5) / nodes

    def mean(order, power):
        values = np.abs(bump.deriv(order)(y)) if order else np.abs(bump(y))
        return values.max() if power == math.inf else np.mean(values**power) ** (1 / power)

    norms = []
    for delta in (1.0, 0.1, 0.01):
        height = amplitude * (delta / k) ** s * delta ** (-dim / q)
        for orders in product(range(s + 1), repeat=dim):
            if sum(orders) <= s:
                norm = math.prod(mean(order, q) for order in orders) * (k / delta) ** sum(orders)
                assert height * norm * delta ** (dim / q) <= 1 + 1e-9
        norms.append(height * mean(0, p) ** dim * (1 if p == math.inf else delta ** (dim / p)))
    exponent = s + (0 if p == math.inf else dim / p) - dim / q
    assert np.diff(np.log10(norms)) == pytest.approx([-exponent] * 2) and exponent < 0


def test_an_infinite_bound_is_said_clearly():
    bound = best(SPREAD, SMALL, p=3)
    assert str(bound) == "E_3(F, G) = inf  [Tblowup, certified]" and bound.latex == r"E_{3}(F, G) = \infty"
    assert bound.value == math.inf and str(bound.rate) == str(bound.expression) == str(bound.formula) == "oo"
    assert r"s+d/p<d/q" in bound.explain() and "T3" in bound.explain()
    check_bound(bound)
    with pytest.raises(ab.NotApplicableError):
        ab.bracket(SPREAD, SMALL, p=3)


def test_infinity_in_certificates_is_text():
    certificate = best(SPREAD, SMALL, p="inf").certificate
    text = certificate.to_json()
    assert json.loads(text, parse_constant=pytest.fail)["value"] == "inf"
    assert ab.Certificate.from_json(text) == certificate and ab.verify(text)
    data = certificate.to_dict()
    assert ab.verify(data | {"value": 1e308})  # true, only weaker
    for value in (math.inf, -math.inf, math.nan, "oo", "-inf", "Infinity"):
        with pytest.raises(ab.CertificateError):
            ab.verify(data | {"value": value})
    assert not ab.verify(data | {"p": 1}) and not ab.verify(data | {"witness": {"points": 3}})
    for other in (best(ab.LipschitzBall(dim=4), SMALL, p=2), ab.upper_bound(ab.LipschitzBall(dim=4), SMALL, p=2)):
        assert not ab.verify(other.certificate.to_dict() | {"value": "inf"})


class Stated(ab.Theorem):
    """A theorem that says it proves an infinite error, with a formula of our choice."""

    id, title, statement, citations = "stated", "", "", ab.THEOREMS["T3"].citations
    infinite = True

    def __init__(self, formula, *, infinite=True):
        self.formula, self.infinite = formula, infinite

    def refusal(self, query):
        return None

    def evaluate(self, A, query, witness):
        return self.formula(A)


def test_only_exact_infinity_of_a_theorem_that_says_so_is_accepted():
    query = make_query(ab.LipschitzBall(dim=4), SMALL, 2)
    stated = Stated(lambda A: A.infinity)
    assert certified_value(stated, query, {}) == math.inf and check(stated, query, {}, math.inf)
    assert not check(stated, query, {}, math.nan) and not check(stated, query, {}, -math.inf)

    def huge(A):
        return A.power(A.number(10), A.power(A.number(10), A.number(400)))

    formulas = [huge, lambda A: A.exp(huge(A)), lambda A: 1 / A.number(0), lambda A: A.infinity - A.infinity]
    for theorem in (*map(Stated, formulas), Stated(lambda A: A.infinity, infinite=False)):
        assert not check(theorem, query, {}, math.inf)
        with suppress(ab.HypothesisError):
            assert certified_value(theorem, query, {}) < math.inf


def test_infinity_in_tables_sweeps_and_inverse_queries(tmp_path):
    table = ab.compare(SPREAD, SMALL, [1, 3, "inf"])
    assert [entry.norms and entry.norms.value for entry in table] == ["open", "same order", None]
    assert str(list(table)[1]).startswith("inf = E_3(F, G); L^p and sup norm: same order")
    assert "inf [Tblowup]" in table.to_text() and ",inf,Tblowup," in table.to_csv()
    for text in (table.to_markdown(), table.to_latex(), table._repr_html_()):
        assert r"\infty" in text
    for _ in range(2):  # computed, then read
        found = ab.sweep(SPREAD, SMALL, [1, 3], directory=tmp_path, progress=False, verify=True)
        assert [record["value"] for record in found] == [table.records()[0]["lower"], math.inf]
    for path in tmp_path.iterdir():
        json.loads(path.read_text(), parse_constant=pytest.fail)
    need = ab.required_weights(SPREAD, error="1/1000", p=3, depth=4)
    assert need.value == math.inf and ab.verify(need.certificate)
    assert str(need).startswith("no number of weights suffices for E_3(F, G) <= 1/1000")
    assert "for every number of weights" in need.latex
    assert ab.required_bits(SPREAD, SMALL, error=1, p=3).value == math.inf
    order = ab.required_weights(SPREAD, error=sympy.Symbol("e", positive=True), p=3, depth=4)
    assert str(order).startswith("no number of weights suffices")


@pytest.mark.parametrize("command", ["lower", "weights", "table", "sweep", "explain"])
def test_infinity_on_the_command_line(capsys, command):
    F, G = "sobolev:smoothness=1,dim=4,integrability=1", "relu:widths=8"
    rest = ["--error", "0.1", "--depth", "3"] if command == "weights" else [G]
    assert main([command, F, *rest, "-p", "inf"]) == 0
    shown = capsys.readouterr().out
    assert {"weights": "no number of weights", "explain": r"\infty"}.get(command, "inf") in shown and "Tblowup" in shown
    if command != "explain":
        assert main([command, F, *rest, "-p", "inf", "--json"]) == 0
        json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_infinite_bounds_are_not_drawn():
    for draw in (lambda: plots.theorems(SPREAD, SMALL, p=3), lambda: plots.norms(SPREAD, SMALL, p=[1, 3])):
        with pytest.raises(ab.NotApplicableError, match="Tblowup"):
            draw()
    ax = plots.norms(SPREAD, SMALL, p=[1, "5/4"])
    assert len(ax.lines) == 1  # no line for the sup norm


def test_no_number_of_weights_makes_convex_functions_close_in_sup_norm():
    need = ab.required_weights(ab.ConvexFunctions(dim=2), error="49/100", p="inf", depth=3)
    assert need.value == math.inf and need.bound.value == 0.5 and "any number of weights" in need.explain()
    assert ab.required_weights(ab.ConvexFunctions(dim=2), error="1/2", p="inf", depth=3).value < math.inf


def test_codes_for_smoothness_of_many_digits():
    """Whether distance^s >= 4 is decided without integers of as many digits as the float has in its denominator."""
    for s, far in ((Fraction(0.3), 102), (Fraction(1, 2), 16), (Fraction(0.5) + Fraction(1, 10**40), 16), (1, 4)):
        codes = GridCodes(smoothness=s, dim=200, radius=1, directional=False)
        gaps = [codes.gap(FLOAT, {"k": 2, "distance": distance}) for distance in (far - 1, far)]
        assert gaps[0] < 1 and gaps[1] == 1
    assert ab.lower_bound(
        ab.HolderBall(smoothness=0.3, dim=3), ab.LinearSpace(dimension=9, input_dim=3), p="inf"
    ).number
