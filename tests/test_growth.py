"""Growth bounds are never beaten: exact enumeration and large samples of pattern counts."""

import math
import random
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import oracles
import pytest
from growth_checks import changes

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.facts.growth import (
    AffineCount,
    HalfspaceCount,
    PolynomialCount,
    SignChangeCount,
    Thresholds,
    TotalsCount,
)
from approxbounds.facts.sign_patterns import blocks_of_layers, degree_of_layer, log2_sign_patterns

POINT_SETS = {
    "general, line": [(0,), (1,), (3,), (4,), (9,), (-5,), (7,)],
    "zero and repeated, line": [(0,), (0,), (2,), (2,), (-1,), (5,)],
    "general, plane": [(0, 1), (5, 0), (7, 6), (2, 9), (-4, 3), (-3, -6), (6, -5)],
    "collinear, plane": [(0, 0), (1, 1), (2, 2), (3, 3), (-1, -1), (5, 5)],
    "grid, plane": [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 1)],
    "repeated, plane": [(1, 2), (1, 2), (3, -1), (3, -1), (0, 0), (-2, 5), (4, 4)],
    "general, space": [(1, 0, 2), (0, 3, -1), (-2, 1, 1), (4, 4, 1), (1, -5, 3), (-3, -2, -4)],
}


def fits(patterns: int, count, m: int) -> bool:
    """Whether this many patterns are allowed by the certified upper end of the bound."""
    with precision(128):
        return oracles.log2_exact(patterns) <= oracles.ends(count.evaluate(BALL, m))[1]


def network(activation: str, widths: tuple[int, ...], dim: int = 1, bias: bool = True) -> ab.FeedForwardNetwork:
    _, degree, pieces, continuous = oracles.ACTIVATIONS[activation]
    shape = {"widths": widths, "input_dim": dim, "bias": bias}
    return ab.FeedForwardNetwork(**shape, degree=degree, pieces=pieces, continuous=continuous)


# ------------------------------------------------------------------------------------------- counting lemmas


@pytest.mark.parametrize("name", POINT_SETS)
@pytest.mark.parametrize("closed", [False, True])
def test_one_threshold_unit(name, closed):
    points = POINT_SETS[name]
    m, inputs = len(points), len(points[0])
    with_bias = len(oracles.halfspace_patterns(points, bias=True, closed=closed))
    without = len(oracles.halfspace_patterns(points, bias=False, closed=closed))
    assert fits(with_bias, HalfspaceCount(1, inputs), m)
    assert fits(without, AffineCount(1, 1, inputs), m)
    if name.startswith("general"):  # the bounds are attained
        assert with_bias == 2 * oracles.binomial_sum(m - 1, inputs)


def test_without_bias_the_count_of_cover_is_too_small():
    patterns = oracles.halfspace_patterns([(1,), (-1,)], bias=False)
    assert len(patterns) == 3 == oracles.binomial_sum(2, 1) > 2 * oracles.binomial_sum(1, 0)


def test_the_rotating_line_finds_what_linear_programmes_find():
    for name in ("general, plane", "collinear, plane", "grid, plane", "repeated, plane"):
        points = POINT_SETS[name]
        assert oracles.halfplane_dichotomies(points) == oracles.halfspace_patterns(points, bias=True), name


@pytest.mark.parametrize("degenerate", [False, True])
def test_functions_affine_in_the_parameters(degenerate):
    rng = np.random.default_rng(5)
    attained = 0
    for _ in range(4):
        rows, offsets = rng.integers(-6, 7, (6, 2)).astype(float), rng.integers(-9, 10, 6).astype(float)
        if degenerate:  # concurrent and repeated lines, a constant function
            offsets[:3], rows[3], offsets[3], rows[4] = 0, rows[5], offsets[5], 0
        count = len(oracles.affine_patterns(rows, offsets))
        attained = max(attained, count)
        assert fits(count, AffineCount(1, 1, 2), 6)
    assert degenerate or attained == oracles.binomial_sum(6, 2)


def test_sign_patterns_of_polynomials_in_one_parameter():
    """M polynomials with integer roots (single or double), evaluated exactly at and between all roots."""
    rng = random.Random(3)
    for number in (1, 2, 5, 12):
        for degree in (1, 2, 3, 6):
            roots = [[rng.randrange(0, 400, 2) for _ in range(degree)] for _ in range(number)]
            if degree % 2 == 0:
                roots = [sorted(r[: degree // 2] * 2) for r in roots]
            patterns = {
                tuple(math.prod(theta - root for root in r) * (-1) ** i > 0 for i, r in enumerate(roots))
                for theta in range(-1, 402)
            }
            assert fits(len(patterns), PolynomialCount(number, ((degree, 1),)), 1)


def test_sign_patterns_of_polynomials_on_a_grid_of_two_parameters():
    rng = np.random.default_rng(4)
    x, y = (a.ravel() for a in np.meshgrid(*[np.linspace(-3, 3, 151)] * 2))
    for number in (2, 5, 9):
        for degree in (1, 2, 3):
            monomials = np.array([x**a * y**b for a in range(degree + 1) for b in range(degree + 1 - a)])
            values = rng.normal(size=(number, len(monomials))) @ monomials
            assert fits(oracles.distinct_rows((values > 0).T), PolynomialCount(number, ((degree, 2),)), 1)


BLOCKS = [((1, 1), (1, 1)), ((2, 1), (1, 1)), ((3, 1), (2, 1)), ((1, 2), (1, 1)), ((1, 1), (1, 1), (1, 1))]


@pytest.mark.parametrize("blocks", BLOCKS)
def test_sign_patterns_by_degrees_in_blocks(blocks):
    """Random polynomials of such degrees on a grid that reaches far out; M hyperbolas may make M^2 + M + 1 cells."""
    rng, P = np.random.default_rng(5), sum(own for _, own in blocks)
    t = np.tan(np.linspace(-1.55, 1.55, 301 if P == 2 else 45))
    points = np.stack(np.meshgrid(*[t] * P), axis=-1).reshape(-1, P)
    powers = [[e for e in product(range(D + 1), repeat=own) if sum(e) <= D] for D, own in blocks]
    monomials = np.array([np.prod(points ** sum(e, ()), axis=1) for e in product(*powers)])
    most = 0
    for number in (1, 2, 4, 6):
        exact = oracles.sign_patterns(number, *blocks)
        for _ in range(3):
            coefficients = rng.normal(size=(number, len(monomials))) * 10 ** rng.uniform(-1, 1, len(monomials))
            count = oracles.distinct_rows((coefficients @ monomials > 0).T)
            assert count <= exact and fits(count, PolynomialCount(number, blocks), 1)
            most = max(most, count / exact)
    if blocks == ((1, 1), (1, 1)):
        assert most > 0.5


def test_wl_values_and_cases():
    """Above the exact number that it bounds, below the count of all degrees together, monotone and concave."""

    def wl(M, *blocks):
        return float(log2_sign_patterns(FLOAT, M, blocks))

    assert wl(100, (3, 0)) == wl(100, (0, 5)) == 0
    assert wl(5, (10**6, 7)) == 5 and wl(7, (1, 7)) == 7
    assert wl(1000, (3, 4), (0, 9), (1, 0)) == wl(1000, (3, 4))
    assert fits(1, PolynomialCount(0, ((1, 3),)), 50)
    for blocks in (((3, 4),), ((2, 4), (1, 6)), ((1, 30),) * 3, ((4, 1), (2, 40), (1, 3)), ((1, 2), (1, 500))):
        P, D = sum(own for _, own in blocks), sum(degree for degree, _ in blocks)
        values = [wl(M, *blocks) for M in range(1, 40 * P)]
        slopes = np.diff(values)
        assert (slopes >= 0).all() and (np.diff(slopes) <= 1e-9).all()
        for M in (1, P, 3 * P, 10 * P, 1000 * P):
            assert min(M, math.log2(oracles.sign_patterns(M, *blocks))) <= wl(M, *blocks) * (1 + 1e-12)
            usual = 1 + P * math.log2(2 * math.e * M * D / P) if M >= P else M
            assert wl(M, *blocks) <= min(M, usual) * (1 + 1e-12)
            assert wl(M, *blocks) == pytest.approx(float(oracles.wl(M, *blocks)), rel=1e-12)
            symbolic = log2_sign_patterns(SYMBOLIC, SYMBOLIC.number(M), blocks)
            assert float(symbolic) == pytest.approx(wl(M, *blocks))
            assert oracles.ends(log2_sign_patterns(BALL, M, blocks))[1] >= wl(M, *blocks) * (1 - 1e-12)


def test_deep_networks_have_few_blocks():
    own = tuple(range(1, 21))
    for degree in (1, 2, 3):
        blocks = blocks_of_layers(own, degree)
        assert sum(P for _, P in blocks) == sum(own) and len(blocks) == 9
        assert sum(D for D, _ in blocks) == degree_of_layer(degree, 20)
        assert float(log2_sign_patterns(FLOAT, 10**6, blocks)) >= float(
            log2_sign_patterns(FLOAT, 10**6, [(degree ** (20 - j), P) for j, P in enumerate(own, 1)])
        )


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("widths", [(2,), (2, 1), (1, 2, 1)])
def test_degree_in_the_parameters(power, widths):
    """On a region the output is a polynomial of degree D_L: exact finite differences along random lines."""
    degree, depth = degree_of_layer(power, len(widths) + 1), len(widths) + 1
    rng = random.Random(7)
    size = ab.ReLUNetwork(widths=widths, input_dim=2).weights
    start, step = ([rng.randint(-9, 9) or 1 for _ in range(size)] for _ in range(2))
    values = [
        oracles.polynomial_network([a + t * b for a, b in zip(start, step, strict=True)], widths, [3, -2], power)
        for t in range(degree + 2)
    ]
    assert oracles.finite_difference(values, degree + 1) == 0 != oracles.finite_difference(values, degree)
    assert degree <= 1 + (depth - 1) * power ** (depth - 1)  # what the closed form uses


@pytest.mark.parametrize("activation", [lambda x: np.maximum(x, 0), np.abs, lambda x: np.maximum(x, x / 5)])
def test_folded_output_weights(activation):
    """L = 2, pieces through 0: on a region, outputs span a space of dimension at most W - k, exactly that many."""
    rng = np.random.default_rng(1)
    width, dim = 3, 2
    points = rng.normal(size=(40, dim))
    rows, bias = rng.normal(size=(dim, width)), rng.normal(size=width)
    outputs = []
    while len(outputs) < 60:
        moved, moved_bias = rows + 1e-3 * rng.normal(size=rows.shape), bias + 1e-3 * rng.normal(size=width)
        if ((points @ rows + bias > 0) == (points @ moved + moved_bias > 0)).all():
            outputs.append(activation(points @ moved + moved_bias) @ rng.normal(size=width) + rng.normal())
    assert np.linalg.matrix_rank(np.array(outputs), tol=1e-9) == width * (dim + 1) + (width + 1) - width
    counts = ab.ReLUNetwork(widths=(width,), input_dim=dim).growth().whole[0].layers[-1].counts
    assert AffineCount(1, 1, width * (dim + 1) + 1) in counts


def test_output_weights_fold_into_the_rows_below():
    """v relu(z) = sign(v) relu(|v| z): every network is one with output weights of modulus 1."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 2))
    first, second, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    hidden = np.maximum(x @ first, 0)
    assert np.maximum(hidden @ second, 0) @ v == pytest.approx(np.maximum(hidden @ (second * abs(v)), 0) @ np.sign(v))


# -------------------------------------------------------------------------------------- whole networks, exactly


def orders(m: int) -> list[list[int]]:
    """Orders of m thresholds: sorted both ways, zigzag, and random."""
    rng = random.Random(m)
    zigzag = [i if i % 2 else m - i for i in range(m)]
    return [list(range(m)), list(range(m))[::-1], zigzag, *(rng.sample(range(m), m) for _ in range(4))]


@pytest.mark.parametrize(("width", "sizes"), [(1, (1, 2, 5, 10, 11, 12, 14, 18)), (2, (3, 6, 15, 17))])
def test_heaviside_networks_of_one_variable(width, sizes):
    G = ab.HeavisideNetwork(widths=(width,), input_dim=1)
    for m in sizes:
        most = max(len(oracles.step_function_patterns(ranks, width)) for ranks in orders(m))
        assert fits(most, G.growth(), m)
        assert fits(len(oracles.step_function_patterns([0] * m, width)), G.growth(), m)


@pytest.mark.parametrize("m", [8, 13, 14, 15])
def test_heaviside_unit_in_the_plane(m):
    rng = random.Random(m)
    G = ab.HeavisideNetwork(widths=(1,), input_dim=2)
    points = [(rng.randrange(100), rng.randrange(100)) for _ in range(m)]
    for ranks in orders(m):
        assert fits(len(oracles.two_value_patterns(oracles.halfplane_dichotomies(points), ranks)), G.growth(), m)


@pytest.mark.parametrize("m", [3, 6, 9])
def test_common_thresholds_count_exactly_the_sign_changes(m):
    for width in (1, 2, 3):
        masks = oracles.all_signs(m).astype(bool)
        allowed = int((oracles.sign_changes(masks) <= width).sum())
        assert allowed == 2 * oracles.binomial_sum(m - 1, width)
        assert fits(allowed, SignChangeCount(width), m)
        one_change_more = int((oracles.sign_changes(masks) <= width + 1).sum())
        assert one_change_more == allowed or not fits(one_change_more, SignChangeCount(width), m)


# ------------------------------------------------------------------------------------- whole networks, sampled


@pytest.mark.parametrize("activation", oracles.ACTIVATIONS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("widths", "dim", "m"), [((1,), 1, 14), ((2,), 1, 8), ((2, 1), 2, 7), ((1,), 2, 18)])
def test_sampled_networks_stay_below(activation, bias, widths, dim, m):
    rng = np.random.default_rng(11)
    points = rng.normal(size=(m, dim))
    points[-1] = points[0]
    thresholds = rng.normal(size=m) * np.array([0.3, 1.0])[:, None, None]
    G = network(activation, widths, dim, bias)
    values = oracles.random_networks(rng, activation, widths, points, count=40000, bias=bias)
    for r in (*thresholds[:, 0], np.zeros(m)):
        assert fits(oracles.distinct_rows(values > r), G.growth(), m)


@pytest.mark.parametrize("activation", [a for a, spec in oracles.ACTIVATIONS.items() if spec[1] <= 1])
@pytest.mark.parametrize("widths", [(1,), (2,), (4,), (2, 1), (2, 2), (1, 3), (1, 1, 1), (2, 2, 2)])
def test_sign_changes_of_networks_of_one_variable(activation, widths):
    """Integer parameters and points, so breaks fall on points and everything is exact."""
    rng = np.random.default_rng(17)
    x = np.arange(-30.0, 31.0)[:, None]
    values = oracles.random_networks(rng, activation, widths, x, count=6000, largest=4)
    level = values[np.arange(6000), rng.integers(0, 61, 6000)][:, None] + rng.choice([-1, -0.5, 0.0, 0.5], (6000, 1))
    slope = rng.choice([-8, -3, -2, -1, -0.5, 0.25, 0.5, 1, 2, 3, 8], (6000, 1))
    G = network(activation, widths)
    common = oracles.sign_changes(values > level)
    anchored = values - slope * (x.T - x[rng.integers(0, 61, 6000)])
    affine = oracles.sign_changes(anchored > level)
    assert common.max() <= changes(G, Thresholds.COMMON)
    assert affine.max() <= changes(G, Thresholds.AFFINE)


def test_numbers_of_sign_changes_are_attained():
    x = np.linspace(0, 1, 4001)
    for width in (1, 2, 3, 5):
        breaks = np.arange(1, width + 1) / (width + 1)
        steps = (x[:, None] >= breaks).sum(axis=1) / (width + 1) + 0.5 / (width + 1)
        counted = changes(ab.HeavisideNetwork(widths=(width,), input_dim=1), Thresholds.AFFINE)
        assert oracles.sign_changes(steps > x) == counted == 2 * width + 1
        weights = np.array([2.0 * (-1) ** i for i in range(width)])
        zigzag = np.maximum(x[:, None] - breaks, 0) @ weights + 0.5 / (width + 1)
        counted = changes(ab.ReLUNetwork(widths=(width,), input_dim=1), Thresholds.AFFINE)
        assert oracles.sign_changes(zigzag > x) == counted == width + 1


# -------------------------------------------------------------------------------------------------- totals only


def architectures(count: int) -> list[ab.FeedForwardNetwork]:
    rng = random.Random(23)
    found = []
    for _ in range(count):
        widths = tuple(rng.choice([1, 1, 2, 3, 5, 9, 30]) for _ in range(rng.randint(1, 6)))
        kind = {"degree": rng.randint(0, 3), "pieces": rng.randint(1, 4), "bias": rng.random() < 0.7}
        found.append(ab.FeedForwardNetwork(widths=widths, input_dim=rng.choice([1, 2, 7, 40]), **kind))
    return found


def test_totals_are_above_every_architecture_with_these_totals():
    for G in architectures(250):
        t = G.free_sizes
        for slack in (0, 1, 17):
            count = TotalsCount(t.weights + slack, t.units + slack, t.depth, G.pieces, G.degree)
            m = np.unique(np.floor(np.geomspace(1, 1e5 * (t.weights + slack), 120)))
            # the layers alone, without min(m, .): the totals must dominate the sum, wherever they are below m
            layers = G.growth().whole[0].evaluate(FLOAT, m)
            totals = count.evaluate(FLOAT, m)
            assert (totals >= np.minimum(layers, m) * (1 - 1e-12) - 1e-9).all(), (G, slack)


def test_totals_are_above_every_way_to_split_the_units():
    """The sums of the docstring, L + sum W log2(2em a_l D_l/W) or sum W_l log2(em a_l/W_l), for all splits."""
    rng = random.Random(29)
    for _ in range(300):
        depth, pieces, degree = rng.randint(2, 7), rng.randint(2, 4), rng.randint(0, 3)
        units = [rng.choice([1, 1, 4, 30]) for _ in range(depth - 1)]
        if rng.random() < 0.5:  # equal layers: the product of the a_l is largest
            units = [rng.randint(1, 9)] * (depth - 1)
            pieces = 2
        own = [rng.randint(1, 60) for _ in range(depth)]
        if rng.random() < 0.5:  # parameters in proportion to the breaks: Jensen is an equality
            own = [3 * (pieces - 1) * k for k in units] + [3]
        W, a = sum(own), [(pieces - 1) * k for k in units] + [1]
        m = W * np.geomspace(1, 1e5, 30)
        degrees = [degree_of_layer(degree, layer) for layer in range(1, depth + 1)]
        if degree == 0:
            terms = sum(P * np.log2(math.e * m * b / P) for P, b in zip(own, a, strict=True))
        else:
            counts = (log2_sign_patterns(FLOAT, m * b, ((D, W),)) for b, D in zip(a, degrees, strict=True))
            terms = sum(counts)
        totals = TotalsCount(W, sum(units), depth, pieces, degree).evaluate(FLOAT, m)
        assert (totals >= np.minimum(m, terms) * (1 - 1e-12)).all()


def test_totals_are_not_above_the_formula_of_the_literature():
    """Up to D_l <= nu^l/(nu-1), which the closed product of the D_l uses for nu >= 2."""
    for G in architectures(250):
        t = G.free_sizes
        if G.pieces == 1:
            continue
        m = np.geomspace(t.weights, 1e6 * t.weights, 60)
        nu, layers = G.degree, range(1, t.depth + 1)
        degrees = [degree_of_layer(nu, layer) if nu <= 1 else nu**layer / (nu - 1) for layer in layers]
        assert all(degree_of_layer(nu, layer) <= D for D, layer in zip(degrees, layers, strict=True))
        original = t.depth + sum(
            t.weights * np.log2(2 * math.e * m * max(1, (G.pieces - 1) * t.units) * D / t.weights) for D in degrees
        )
        ours = TotalsCount(t.weights, t.units, t.depth, G.pieces, G.degree).evaluate(FLOAT, m)
        assert (ours <= original * (1 + 1e-12)).all(), G


def test_network_size_uses_totals():
    G = ab.NetworkSize(weights=41, depth=2, units=10)
    assert G.growth().whole == (TotalsCount(41, 10, 2, 2, 1),)
    assert ab.NetworkSize(weights=41, depth=2).growth().whole == (TotalsCount(41, 41, 2, 2, 1),)


# --------------------------------------------------------------------------------------------- shape of the bounds


SHAPES = [
    *architectures(12),
    ab.ReLUNetwork(widths=(3,), input_dim=1),
    ab.HeavisideNetwork(widths=(2, 2), input_dim=1),
    ab.LinearSpace(dimension=7),
    ab.FiniteClass(size=5),
    ab.NetworkSize(weights=12, depth=3),
    ab.NetworkSize(weights=12, depth=3, degree=0),
]


@pytest.mark.parametrize("thresholds", Thresholds)
def test_growth_is_concave_in_the_number_of_points(thresholds):
    with precision(160):
        for G in SHAPES:
            growth = G.growth(thresholds)
            values = [growth.evaluate(BALL, m) for m in range(1, 130)]
            seconds = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
            assert all(oracles.ends(second)[0] <= 0 for second in seconds), G


def test_growth_is_concave_across_the_entropy_fallback():
    with precision(160):
        for count in (AffineCount(1, 1, 5000), AffineCount(2, 3, 4097), HalfspaceCount(1, 4100)):
            for start in (4090, 8190, 9995, 20000):
                values = [count.evaluate(BALL, m) for m in range(start, start + 12)]
                seconds = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
                assert all(oracles.ends(second)[0] <= Fraction(1, 2**100) for second in seconds), (count, start)


def test_growth_is_monotone_in_widths_and_thresholds():
    m = np.unique(np.floor(np.geomspace(1, 1e6, 200)))
    for G in architectures(60):
        value = G.growth().evaluate(FLOAT, m)
        for i in range(len(G.widths)):
            wider = tuple(w + (i == j) for j, w in enumerate(G.widths))
            larger = ab.FeedForwardNetwork(**{**G.parameters(), "widths": wider})
            assert (larger.growth().evaluate(FLOAT, m) >= value * (1 - 1e-12)).all(), G
        special = [G.growth(t).evaluate(FLOAT, m) for t in sorted(Thresholds)]
        assert all((b <= a * (1 + 1e-12)).all() for a, b in pairwise(special)), G


# -------------------------------------------------------------------------------------------- exact dimensions


def test_linear_spaces_shatter_exactly_their_dimension():
    rng = np.random.default_rng(9)
    for dimension in (1, 2, 3):
        G = ab.LinearSpace(dimension=dimension)
        assert G.pseudo_dimension().value == dimension
        basis = rng.normal(size=(dimension + 2, dimension))
        rows, offsets = basis[:dimension], rng.normal(size=dimension + 2)
        assert len(oracles.affine_patterns(rows, offsets[:dimension])) == 2**dimension
        assert len(oracles.affine_patterns(basis, offsets)) == oracles.binomial_sum(dimension + 2, dimension)
        assert fits(oracles.binomial_sum(dimension + 2, dimension), G.growth(), dimension + 2)


@pytest.mark.parametrize(("size", "pdim"), [(1, 0), (2, 1), (3, 1), (4, 2), (1023, 9), (1024, 10)])
def test_finite_classes(size, pdim):
    G = ab.FiniteClass(size=size)
    assert G.pseudo_dimension().value == pdim
    assert fits(min(size, 2**4), G.growth(), 4)
    assert not fits(size + 1, G.growth(), 50)
