"""Skip connections, shared weights, free knots and fixed cells against brute force; rates of all new classes."""

import math
import random
from dataclasses import replace
from itertools import product

import mpmath
import numpy as np
import oracles
import pytest
import sympy
from growth_checks import changes, fits
from hypothesis import given

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.growth import GrowthBound, KnotCount, PolynomialCount, Thresholds
from approxbounds.testing import network_classes, skip_networks

# ------------------------------------------------------------------------------------- skip connections, shared weights


def skip_outputs(rng, G, function, points, *, count, largest=None, sparse=False, tied=None):
    """Outputs of random networks with skip connections; ``sparse`` zeroes a fixed half of the connections.

    With ``tied`` each layer draws its W_l distinct parameters and a fixed random map says where each is used.
    """
    read = np.broadcast_to(points, (count, *points.shape))

    def draw(*shape):
        if largest is not None:
            return rng.integers(-largest, largest + 1, (count, *shape)).astype(float)
        return rng.normal(size=(count, *shape)) * np.exp(rng.normal(size=(count,) + (1,) * len(shape)))

    for layer, units in enumerate((*G.widths, 1)):
        shape = (read.shape[2] + 1, units)
        if tied is None:
            matrix = draw(*shape) * (rng.random(shape) < 0.5 if sparse else 1)
        else:
            matrix = draw(tied[layer])[:, rng.integers(0, tied[layer], shape)]
        net = read @ matrix[:, :-1] + matrix[:, -1:]
        if layer == len(G.widths):
            return net[..., 0]
        read = np.concatenate([read, function(net)], axis=2)


@pytest.mark.parametrize("activation", oracles.ACTIVATIONS)
@pytest.mark.parametrize(("widths", "dim", "m"), [((1,), 1, 14), ((1, 1), 1, 14), ((2, 1), 2, 12)])
@pytest.mark.parametrize("largest", [None, 2])
def test_sampled_skip_networks_stay_below(activation, widths, dim, m, largest):
    rng = np.random.default_rng(41)
    function, degree, pieces, _ = oracles.ACTIVATIONS[activation]
    full = ab.SkipNetwork(widths=widths, input_dim=dim, degree=degree, pieces=pieces)
    tied = tuple(max(1, most // 3) for most in full.connections)
    points = rng.integers(-9, 10, (m, dim)).astype(float) / 3 if largest else rng.normal(size=(m, dim))
    level = np.zeros(m) if largest else rng.normal(size=m)
    for G, how in [(full, {}), (full, {"sparse": True}), (replace(full, layer_weights=tied), {"tied": tied})]:
        values = skip_outputs(rng, G, function, points, count=6000, largest=largest, **how)
        assert fits(oracles.distinct_rows(values > level), G, m)
        assert fits(oracles.distinct_rows(values > 0.5), G, m, Thresholds.COMMON)


@pytest.mark.parametrize("activation", [a for a, spec in oracles.ACTIVATIONS.items() if spec[1] <= 1])
@pytest.mark.parametrize("widths", [(1,), (2,), (1, 1), (2, 2), (1, 1, 1)])
def test_sign_changes_of_skip_networks_of_one_variable(activation, widths):
    """Integer parameters and points, so breaks fall on points and everything is exact."""
    rng = np.random.default_rng(43)
    function, degree, pieces, _ = oracles.ACTIVATIONS[activation]
    G = ab.SkipNetwork(widths=widths, input_dim=1, degree=degree, pieces=pieces)
    x = np.arange(-30.0, 31.0)[:, None]
    values = skip_outputs(rng, G, function, x, count=6000, largest=4)
    level = values[np.arange(6000), rng.integers(0, 61, 6000)][:, None] + rng.choice([-0.5, 0.0, 0.5], (6000, 1))
    slope = rng.choice([-8, -3, -1, -0.5, 0.5, 1, 2, 3, 8], (6000, 1))
    assert oracles.sign_changes(values > level).max() <= changes(G, Thresholds.COMMON)
    affine = values - slope * (x.T - x[rng.integers(0, 61, 6000)])
    assert oracles.sign_changes(affine > level).max() <= changes(G, Thresholds.AFFINE)


def test_heaviside_units_that_read_the_input_again_break_between_the_breaks_of_the_first_layer():
    """1[x + 2 * 1[x >= 0] >= 1 or so]: counting the first layer's break alone, as without skips, is too little."""
    x = np.linspace(-3, 3, 601)
    first = (x >= 0).astype(float)
    second = (x - 2 * first + 1 >= 0).astype(float)  # breaks at -1, 0 and 1
    pattern = second - 0.5 * x > 0
    assert oracles.sign_changes(second > 0.5) == 3
    plain = ab.HeavisideNetwork(widths=(1, 1), input_dim=1)
    skip = ab.SkipNetwork(widths=(1, 1), input_dim=1, degree=0)
    assert changes(plain, Thresholds.COMMON) == 1
    assert max(3, oracles.sign_changes(pattern)) <= changes(skip, Thresholds.COMMON) == 7


def second_writing(G, m):
    """The bound of THEORY.md 3.2 for layer-wise counts, with exact binomial sums; per unit for all connections."""

    def log2(n):
        return mpmath.log(n) / mpmath.log(2)

    nu, breaks, total = G.degree, G.pieces - 1, mpmath.mpf(0)
    own = G.layer_weights or [k * (sum((G.input_dim, *G.widths)[: i + 1]) + 1) for i, k in enumerate((*G.widths, 1))]
    for layer, units in enumerate(G.widths):
        if layer and nu:
            total += oracles.wl(breaks * units * m, *((nu ** (layer - j), P) for j, P in enumerate(own[: layer + 1])))
            continue
        inputs = G.input_dim + sum(G.widths[:layer])
        unit = 2 * oracles.binomial_sum(m - 1, inputs) if breaks == 1 else oracles.binomial_sum(breaks * m, inputs + 1)
        total += min(units * log2(unit), log2(oracles.binomial_sum(breaks * units * m, own[layer]))) if breaks else 0
    last = log2(oracles.binomial_sum(m, own[-1]))
    if nu:
        last = oracles.wl(m, *((nu ** (len(own) - 1 - j), P) for j, P in enumerate(own)))
    return min(mpmath.mpf(m), total + last)


@pytest.mark.parametrize("degree", [0, 1, 2])
@pytest.mark.parametrize("pieces", [1, 2, 3])
@pytest.mark.parametrize("own", [None, (3, 5, 4), (1, 1, 1)])
def test_growth_of_skip_networks_agrees_with_a_second_writing(degree, pieces, own):
    G = ab.SkipNetwork(widths=(4, 2), input_dim=3, layer_weights=own, degree=degree, pieces=pieces)
    layers = GrowthBound(G.growth().whole[:1])
    with mpmath.workdps(40), precision(128):
        for m in (1, 2, 7, 40, 333):
            value = mpmath.mpf(layers.evaluate(BALL, m).mid().str(35, radius=False))
            assert abs(value - second_writing(G, m)) < 1e-25


@given(skip_networks())
def test_skip_networks_contain_plain_ones_and_methods_agree(G):
    G = replace(G, bits=None)
    m = np.floor(np.geomspace(1, 1e6, 50))
    kind = {"degree": G.degree, "pieces": G.pieces}
    plain = ab.FeedForwardNetwork(widths=G.widths, input_dim=G.input_dim, **kind)
    full = replace(G, layer_weights=None)
    assert full.weights >= plain.weights
    assert (full.growth().evaluate(FLOAT, m) >= plain.growth().evaluate(FLOAT, m) * (1 - 1e-12)).all()
    assert (G.growth().evaluate(FLOAT, m) <= full.growth().evaluate(FLOAT, m) * (1 + 1e-12)).all()
    best = G.pseudo_dimension()
    values = {b.theorem.id: b.value for b in (best, *best.others) if isinstance(b, ab.Bound)}
    values.pop("pdim-pieces", None)  # it may be better by one for functions of one variable
    assert values["pdim-growth"] == min(values.values())  # the others are larger, not wrong
    # operations: every connection is used, though a parameter may serve many
    uses = sum(G.connections)
    t = 2 * uses + sum(G.widths) * (G.pieces - 1 + 2 * G.degree) + 2
    assert values["pdim-operations"] == 4 * G.weights * (t + 2)


def test_all_connections_are_counted():
    G = ab.SkipNetwork(widths=(8, 8), input_dim=2)
    assert G.connections == (8 * 3, 8 * 11, 19)
    assert G.weights == 131 and G.free_sizes is None and G.counted_sizes.uses == 131
    given = replace(G, layer_weights=G.connections)
    assert given.growth() == G.growth()
    assert "W=131" in G.definition
    n, d = sympy.symbols("n d", positive=True)
    symbolic = ab.SkipNetwork(widths=(n, n), input_dim=d)
    assert symbolic.weights.subs({n: 8, d: 2}) == 131
    formula = symbolic.pseudo_dimension().expression.subs({n: 8, d: 2})
    found = {b.theorem.id: b.value for b in G.pseudo_dimension().others if isinstance(b, ab.Bound)}
    assert found["pdim-closed-form"] == math.floor(formula)


# ------------------------------------------------------------------------------------------------------- splines


@pytest.mark.parametrize("knots", [1, 2, 3])
@pytest.mark.parametrize("m", [3, 6, 9, 12])
def test_all_patterns_of_step_functions(knots, m):
    """Degree 0, exactly: thresholds in several orders; at a common threshold the count is attained."""
    G = ab.FreeKnotSplines(knots=knots, degree=0)
    rng = random.Random(m)
    for ranks in (list(range(m)), list(range(m))[::-1], rng.sample(range(m), m)):
        assert fits(len(oracles.step_function_patterns(ranks, knots)), G, m)
    common = int((oracles.sign_changes(oracles.all_signs(m).astype(bool)) <= knots).sum())
    assert fits(common, G, m, Thresholds.COMMON)
    assert not fits(common + 1, G, m, Thresholds.COMMON)


@pytest.mark.parametrize(("degree", "m"), [(1, 6), (2, 6)])
def test_all_patterns_of_two_pieces(degree, m):
    """One free knot between any two points: every pair of polynomials, with thresholds of all three kinds."""
    rng = np.random.default_rng(degree)
    x = np.sort(rng.normal(size=m))
    G = ab.FreeKnotSplines(knots=1, degree=degree)
    for thresholds, levels in [
        (Thresholds.ANY, rng.normal(size=m)),
        (Thresholds.AFFINE, 2 * x - 1),
        (Thresholds.COMMON, np.zeros(m)),
    ]:
        found = set()
        for cut in range(m + 1):
            left, right = (
                oracles.polynomial_patterns(x[part], levels[part], degree) for part in (slice(cut), slice(cut, m))
            )
            found |= {a | b << cut for a in left for b in right}
        assert fits(len(found), G, m, thresholds)
        if thresholds is not Thresholds.ANY:
            masks = oracles.all_signs(m).astype(bool)
            allowed = int((oracles.sign_changes(masks) <= changes(G, thresholds)).sum())
            assert len(found) == allowed  # the number of sign changes is exact


def random_splines(rng, x, G, *, count, exact):
    """Values on the points; ``exact``: small integer coefficients and integer knots, many of them zero."""
    knots, degree = G.knots, G.degree

    def draw(*shape):
        return rng.integers(-2, 3, (count, *shape)).astype(float) if exact else rng.normal(size=(count, *shape))

    t = rng.integers(-6, 7, (count, knots)).astype(float) if exact else rng.uniform(x.min(), x.max(), (count, knots))
    if G.smooth:
        values = draw(degree + 1) @ np.vander(x, degree + 1).T
        bumps = np.maximum(x - t[..., None], 0) ** degree
        return values + np.einsum("ck,ckm->cm", draw(knots), bumps)
    pieces = draw(knots + 1, degree + 1) @ np.vander(x, degree + 1).T
    number = (x >= np.sort(t)[..., None]).sum(axis=1)
    return np.take_along_axis(pieces, number[:, None, :], axis=1)[:, 0]


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize(("knots", "degree"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 3)])
def test_sampled_splines_stay_below(knots, degree, smooth):
    rng = np.random.default_rng(47)
    G = ab.FreeKnotSplines(knots=knots, degree=degree, smooth=smooth)
    for m in (5, 9, 14):
        x = np.sort(rng.uniform(-1, 1, m))
        values = random_splines(rng, x, G, count=20000, exact=False)
        assert fits(oracles.distinct_rows(values > rng.normal(size=m)), G, m)
    x = np.arange(-8.0, 9.0)  # splines that vanish at points or on intervals, thresholds on values
    values = random_splines(rng, x, G, count=20000, exact=True)
    for level in (0.0, 1.0, -0.5):
        assert oracles.sign_changes(values > level).max() <= changes(G, Thresholds.COMMON)
    assert oracles.sign_changes(values > 2 * x - 1).max() <= changes(G, Thresholds.AFFINE)


@pytest.mark.parametrize(("knots", "degree"), [(1, 1), (3, 1), (2, 2), (4, 3)])
def test_sign_changes_of_smooth_splines_are_attained(knots, degree):
    """A spline through alternating values at n + r + 1 points, which interlace with the knots."""
    G = ab.FreeKnotSplines(knots=knots, degree=degree, smooth=True)
    x = np.linspace(0, 1, knots + degree + 1)
    t = [x[i : i + degree + 2].mean() for i in range(knots)]
    basis = np.hstack([np.vander(x, degree + 1), *(np.maximum(x - s, 0)[:, None] ** degree for s in t)])
    values = basis @ np.linalg.solve(basis, (-1.0) ** np.arange(len(x)))
    assert oracles.sign_changes(values > 0) == knots + degree == changes(G, Thresholds.COMMON)


@pytest.mark.parametrize("knots", [1, 2, 5])
def test_steps_cross_a_line_on_each_piece_and_at_each_knot(knots):
    x = np.linspace(0, 1, 4001)
    breaks = np.arange(1, knots + 1) / (knots + 1)
    steps = ((x[:, None] >= breaks).sum(axis=1) + 0.5) / (knots + 1)
    G = ab.FreeKnotSplines(knots=knots, degree=0)
    assert oracles.sign_changes(steps > x) == 2 * knots + 1 == changes(G, Thresholds.AFFINE)
    assert changes(G, Thresholds.COMMON) == knots


def test_smooth_splines_have_the_smaller_of_two_counts():
    rough, smooth = (ab.FreeKnotSplines(knots=9, degree=5, smooth=s).growth() for s in (False, True))
    assert PolynomialCount(1, ((5, 9), (1, 15))) in smooth.whole[0].layers[1].counts
    m = np.floor(np.geomspace(1, 1e6, 50))
    assert (smooth.evaluate(FLOAT, m) <= rough.evaluate(FLOAT, m)).all()
    assert smooth.evaluate(FLOAT, 1e6) < rough.evaluate(FLOAT, 1e6)


@pytest.mark.parametrize(("m", "knots"), [(1, 1), (4, 2), (7, 3)])
def test_knots_cut_points_into_groups(m, knots):
    cuts = {tuple(sorted(cut)) for cut in product(range(m + 1), repeat=knots)}
    assert 2.0 ** KnotCount(knots).evaluate(FLOAT, m) == pytest.approx(len(cuts))


@pytest.mark.parametrize(("cells", "degree", "dim"), [(1, 0, 3), (2, 1, 1), (3, 2, 2), (2, 3, 3)])
def test_fixed_cells_span_exactly_the_dimension(cells, degree, dim):
    rng = np.random.default_rng(53)
    G = ab.PiecewisePolynomials(cells=cells, degree=degree, input_dim=dim)
    x = rng.random((400, dim))
    cell = np.minimum((x[:, 0] * cells).astype(int), cells - 1)
    powers = [a for a in product(range(degree + 1), repeat=dim) if sum(a) <= degree]
    monomials = np.stack([np.prod(x ** np.array(a), axis=1) for a in powers], axis=1)
    basis = np.hstack([monomials * (cell == c)[:, None] for c in range(cells)])
    assert np.linalg.matrix_rank(basis) == basis.shape[1] == G.exact_pseudo_dimension == G.pseudo_dimension().value
    assert G.growth() == ab.LinearSpace(dimension=basis.shape[1]).growth()


def test_all_patterns_on_fixed_cells():
    rng = np.random.default_rng(59)
    x, levels = np.sort(rng.random(6)), rng.normal(size=6)
    G = ab.PiecewisePolynomials(cells=2, degree=1, input_dim=1)
    rows = np.hstack([np.vander(x, 2) * (x < 0.5)[:, None], np.vander(x, 2) * (x >= 0.5)[:, None]])
    assert fits(len(oracles.affine_patterns(rows, -levels)), G, 6)
    n, r = sympy.symbols("n r", positive=True)
    symbolic = ab.PiecewisePolynomials(cells=n, degree=r, input_dim=2)
    assert symbolic.pseudo_dimension().expression.subs({n: 3, r: 2}) == 18
    assert ab.PiecewisePolynomials(cells=n, degree=2, input_dim=2).orders.pdim == 6 * n


# --------------------------------------------------------------------------------------------------------- rates


def quantised(n):
    return ab.ReLUNetwork(widths=(n, n), input_dim=2, bits=4)


def skipping(n):
    return ab.SkipNetwork(widths=(n, n), input_dim=2)


def convolutions(n):
    return ab.SkipNetwork(widths=(n, n), input_dim=2, layer_weights=(3, 3 * n, n))


def either(n):
    return ab.Union(members=(ab.ReLUNetwork(widths=(n, n), input_dim=2), ab.LinearSpace(dimension=n)))


def fixed_cells(n):
    return ab.PiecewisePolynomials(cells=n * n, degree=1, input_dim=2)


@pytest.mark.parametrize("networks", [quantised, skipping, convolutions, either, fixed_cells])
def test_certified_values_have_the_slope_of_the_rate(networks):
    """T3's rate is Pdim^{-1/2} for Lipschitz functions of two variables."""
    sizes = [int(10 ** (1 + j / 4)) for j in range(9)]
    x = np.log([networks(n).pseudo_dimension().value for n in sizes])
    bounds = [ab.lower_bound(ab.LipschitzBall(dim=2), networks(n), p=2) for n in sizes]
    assert np.polyfit(x, np.log([b.value for b in bounds]), 1)[0] == pytest.approx(-1 / 2, rel=0.03)
    assert all(ab.verify(bound.certificate) for bound in bounds)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("degree", [1, 3])
def test_splines_have_the_slope_of_their_number_of_knots(degree, smooth):
    knots = [10**j for j in range(2, 7)]
    splines = [ab.FreeKnotSplines(knots=n, degree=degree, smooth=smooth) for n in knots]
    for F, rate in (
        (ab.LipschitzBall(dim=1), 1),
        (ab.HolderBall(smoothness=2, dim=1), 2),
        (ab.MonotoneFunctions(dim=1), 1),
    ):
        bounds = [ab.lower_bound(F, G, p=2) for G in splines]
        slope = np.polyfit(np.log(knots), np.log([b.value for b in bounds]), 1)[0]
        assert slope == pytest.approx(-rate, rel=0.03)
        assert bounds[0].rate == sympy.Symbol("n", positive=True) ** -rate


@given(network_classes())
def test_orders_and_definitions_exist_for_every_class(G):
    assert G.orders.pdim.free_symbols
    assert G.definition.startswith("$G")
    assert isinstance(G.pseudo_dimension().explain(), str)


CONCAVE = [
    ab.SkipNetwork(widths=(2, 2), input_dim=1, degree=0),
    ab.SkipNetwork(widths=(3, 2), input_dim=2, layer_weights=(2, 5, 4), pieces=3),
    ab.SkipNetwork(widths=(2, 2), input_dim=1, degree=2, bits=2),
    ab.FreeKnotSplines(knots=3, degree=0),
    ab.FreeKnotSplines(knots=2, degree=3, smooth=True),
    ab.PiecewisePolynomials(cells=2, degree=2, input_dim=1),
    ab.ReLUNetwork(widths=(3,), input_dim=1, bits=3),
]


@pytest.mark.parametrize("G", CONCAVE, ids=str)
@pytest.mark.parametrize("thresholds", Thresholds)
def test_growth_is_concave_in_the_number_of_points(G, thresholds):
    with precision(160):
        values = [G.growth(thresholds).evaluate(BALL, m) for m in range(1, 130)]
        seconds = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
        assert all(oracles.ends(second)[0] <= 0 for second in seconds)


@pytest.mark.parametrize(
    "G",
    [
        ab.NetworkSize(weights=10**12, depth=5, degree=2),
        ab.FeedForwardNetwork(widths=(50, 50), input_dim=1000, degree=1, pieces=10**6),
        ab.FeedForwardNetwork(widths=(2, 10**9), input_dim=3, degree=0, pieces=10**6),
        ab.ReLUNetwork(widths=(16, 10**9), input_dim=1000),
    ],
    ids=str,
)
def test_growth_on_as_many_points_as_floats_hold(G):
    """A warning of an overflow is an error here; at 2^1000 points cutting what overflows changes nothing."""
    with precision(1200):
        exact = [float(G.growth().evaluate(BALL, 2**k)) for k in (40, 300, 900, 1000)]
    got = G.growth().evaluate(FLOAT, np.array([2.0**40, 2.0**300, 2.0**900, 2.0**1000]))
    assert got == pytest.approx(exact, rel=1e-2) and got[:3] == pytest.approx(exact[:3], rel=1e-9)
