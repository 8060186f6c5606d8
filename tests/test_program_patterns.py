"""Patterns of programs of exponentials, found by search, against the counts. THEORY.md, 3.10 and 3.12."""

import math
from itertools import pairwise, product

import mpmath as mp
import numpy as np
import pytest
from sympy import QQ
from sympy.polys.rings import ring

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.facts.growth import BitCount, Thresholds
from approxbounds.facts.growth_on_grids import LogisticLayer
from approxbounds.facts.pfaffian import Pfaffian, PfaffianCount

ANY, COMMON, AFFINE = Thresholds.ANY, Thresholds.COMMON, Thresholds.AFFINE
UNITS = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 0.5 * (1 + np.tanh(a / 2)),
    "silu": lambda a: a * 0.5 * (1 + np.tanh(a / 2)),
}


def networks(rng, units, x, activation, count):
    """The values of random networks of one layer at points x of shape (m, d), of shape (count, m)."""
    d = x.shape[1]
    w = rng.normal(size=(count, units, d)) * 10 ** rng.uniform(-1, 2.5, (count, 1, 1))
    centre = rng.random((count, units, d))
    a = np.einsum("cud,md->cum", w, x) - (w * centre).sum(axis=2)[:, :, None]
    v = rng.normal(size=(count, units)) * 10 ** rng.uniform(-1, 1.5, (count, units))
    return np.einsum("cu,cum->cm", v, UNITS[activation](a))


def different(rows):
    """The number of different rows of bools."""
    return len(np.unique(np.packbits(rows, axis=1), axis=0))


def patterns(values, thresholds):
    """How many patterns 1[g + c > r] there are among these functions g with the best shifts c, one a function and gap.

    For each g the shifts between which the pattern changes are r_i - g_i.
    """
    gaps = np.sort(thresholds - values, axis=1)
    middles = (gaps[:, 1:] + gaps[:, :-1]) / 2
    shifts = np.concatenate([gaps[:, :1] - 1, middles, gaps[:, -1:] + 1], axis=1)
    found = (values[:, None, :] + shifts[:, :, None] > thresholds).reshape(-1, values.shape[1])
    return different(found)


def allowed(growth, m):
    return float(growth.evaluate(FLOAT, float(m)))


# ------------------------------------------------------------------------------------------ on a line and on grids


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("units", [1, 2, 3])
def test_line_counts_at_common_and_affine_thresholds(activation, units):
    G = ab.TanhNetwork(widths=(units,), input_dim=1, activation=activation)
    rng = np.random.default_rng(0)
    for m in (3, 4, 6, 8, 10):
        x = np.arange(m)[:, None] / m + 0.05
        values = networks(rng, units, x, activation, 40_000 // m)
        common = patterns(values, np.zeros(m))
        assert math.log2(common) <= allowed(G.growth(COMMON), m) + 1e-9
        if units == 1:
            assert common == 2 * m and allowed(G.growth(COMMON), m) == pytest.approx(math.log2(2 * m))
        slope = patterns(values * 10 ** rng.uniform(-2, 2, (len(values), 1)), 3 * x[:, 0])
        assert math.log2(slope) <= allowed(G.growth(AFFINE), m) + 1e-9
        most = 2 * sum(math.comb(m - 1, j) for j in range(min(m, 2 ** (units + 1))))
        assert allowed(G.growth(AFFINE), m) <= math.log2(most) + 1e-9


def test_the_count_of_lines_is_not_used_at_thresholds_of_any_kind():
    """One unit shows all 8 patterns above (0, 10, 20): any monotone triple is a value. Common ones allow 6."""
    G = ab.TanhNetwork(widths=(1,), input_dim=1)
    x = np.array([[0.1], [0.5], [0.9]])
    values = networks(np.random.default_rng(0), 1, x, "tanh", 20_000)
    assert patterns(values, np.array([0.0, 10.0, 20.0])) == 8
    assert 2 ** allowed(G.growth(COMMON), 3) == pytest.approx(6)
    assert allowed(G.growth(ANY), 3) == allowed(G.growth(AFFINE), 3) == 3
    assert all(isinstance(count, PfaffianCount) for count in G.growth(ANY).whole)
    assert patterns(values, np.arange(3) * 10.0) <= 8


def test_two_layers_more_inputs_and_other_units_have_no_count_of_lines():
    silu = ab.TanhNetwork(widths=(2,), input_dim=1, activation="silu")
    for G in (silu, ab.TanhNetwork(widths=(2, 1), input_dim=1), ab.TanhNetwork(widths=(2,), input_dim=2)):
        assert G.line_counts(COMMON) == G.line_counts(AFFINE) == ()


@pytest.mark.parametrize("activation", UNITS)
@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("dim", [1, 2])
def test_patterns_on_grids(activation, units, dim):
    G, rng = ab.TanhNetwork(widths=(units,), input_dim=dim, activation=activation), np.random.default_rng(units)
    for k in (2, 3, 4, 6):
        x = np.array(list(product(range(k), repeat=dim))) / k + rng.random(dim) / k
        m = len(x)
        (count,) = G.grid_counts(((k, dim),))
        limit = min(allowed(count, m), allowed(G.growth(ANY), m))
        for thresholds in (np.zeros(m), x @ rng.normal(size=dim), rng.normal(size=m) * 3):
            values = networks(rng, units, x, activation, 4000 // m)
            assert math.log2(patterns(values, thresholds)) <= limit + 1e-9


def cleared(units, sides, silu):
    """g times its denominators on a centred grid, as a polynomial in u and z, and in the rest: degrees and numbers.

    Also whether it is g times them at random numbers.
    """
    d = len(sides)
    own = (d + 1) * (2 if silu else 1) + int(not silu)
    R, *gens = ring([f"p{i}" for i in range(units * own + 1)], QQ)
    rng, degree, linear = np.random.default_rng(0), 0, 0
    for place in product(*(range(k) for k in sides)):
        i = [p - k // 2 for p, k in zip(place, sides, strict=True)]
        tops, bottoms = [], []
        for unit in range(units):
            mine = gens[unit * own : (unit + 1) * own]
            u, z, rest = mine[0], mine[1 : d + 1], mine[d + 1 :]
            below = math.prod((z[j] ** -i[j] for j in range(d) if i[j] < 0), start=R(1))
            above = u * math.prod((z[j] ** i[j] for j in range(d) if i[j] > 0), start=R(1))
            weight = rest[0] + sum(rest[1 + j] * i[j] for j in range(d)) if silu else rest[0]
            tops.append(weight * below)
            bottoms.append(below + above)
        total = (gens[-1] - 3) * math.prod(bottoms)
        for n, top in enumerate(tops):
            total += top * math.prod((b for j, b in enumerate(bottoms) if j != n), start=R(1))
        for monomial in total.monoms():
            parts = [0, 0]
            for n, power in enumerate(monomial):
                parts[n < units * own and n % own <= d] += power
            degree, linear = max(degree, parts[True]), max(linear, parts[False])
        numbers = rng.uniform(0.5, 2, len(gens))
        g = numbers[-1] - 3
        for unit in range(units):
            mine = numbers[unit * own : (unit + 1) * own]
            net = -math.log(mine[0]) - sum(i[j] * math.log(mine[1 + j]) for j in range(d))
            rest = mine[d + 1 :]
            g += (rest[0] + (rest[1:] @ i if silu else 0)) / (1 + math.exp(-net))
        at = [sum(float(c) * np.prod(numbers ** np.array(p)) for p, c in f.terms()) for f in (total, *bottoms)]
        assert at[0] == pytest.approx(g * math.prod(at[1:]), rel=1e-9)
    return degree, linear, units * (d + 1), len(gens)


@pytest.mark.parametrize("silu", [False, True])
@pytest.mark.parametrize(
    ("units", "sides"), [(1, (2,)), (1, (5,)), (2, (4,)), (3, (3,)), (1, (3, 4)), (2, (2, 2)), (2, (3, 3)), (1, (2, 5))]
)
def test_networks_on_grids_are_polynomials_of_the_degree_that_is_stated(silu, units, sides):
    """Attained by tanh units, in as many parameters; sides of one point take none."""
    G = ab.TanhNetwork(widths=(units,), input_dim=len(sides) + 2, activation="silu" if silu else "sigmoid")
    (count,) = G.grid_counts((*((k, 1) for k in sides), (1, 2)))
    assert cleared(units, sides, silu) == (count.degree, 1, count.powers, count.powers + count.parameters)


def test_grid_counts_bind_at_many_points_only():
    count = LogisticLayer(1, 1, 2, 2, ((60, 1),))
    assert allowed(count, 10) == 10 and allowed(count, 60) < 60
    assert allowed(LogisticLayer(0, 1, 2, 2, ((60, 1),)), 60) == 0


# --------------------------------------------------------------------------------------------- Pfaffian functions


def sum_with_zeros(terms, zeros):
    """A sum of these terms t^i e^(jt), the first of them 1, that vanishes at the zeros."""
    matrix = mp.matrix([[t**i * mp.exp(j * t) for i, j in terms[1:]] for t in zeros])
    factors = [1, *mp.lu_solve(matrix, mp.matrix([-1] * len(zeros)))]
    return lambda t: sum(c * t**i * mp.exp(j * t) for c, (i, j) in zip(factors, terms, strict=True))


def test_khovanskii_on_one_exponential():
    """Polynomials of degree b in t and e^t have up to (b+1)(b+2)/2 - 1 zeros, any places of them; K = b(b+1)."""
    for b in (1, 2, 3):
        terms = [(i, j) for i in range(b + 1) for j in range(b + 1 - i)]
        zeros = [mp.mpf(n) / 3 for n in range(len(terms) - 1)]
        with mp.workdps(60):
            f = sum_with_zeros(terms, zeros)
            between = [f(t) for t in (zeros[0] - 1, *((a + c) / 2 for a, c in pairwise(zeros)), zeros[-1] + 1)]
        changes = sum(a * c < 0 for a, c in pairwise(between))
        assert changes == len(zeros)
        assert changes <= 2 ** Pfaffian(1, 1, 1, b, b + 1).log2_solutions(FLOAT) + 1e-9
    assert Pfaffian(1, 1, 1, 1, 2).log2_solutions(FLOAT) == 1  # a + bt + ce^t: both zeros


def one_parameter(t):
    """tanh(w x1) + w x2 - w^2 silu(w) x3, in one parameter w."""
    x, w = t.input(3), t.parameters(1)
    y = t.multiply(t.part(x, 1), w)
    own = t.multiply(t.multiply(w, w), t.multiply(t.act(w, "silu"), t.part(x, 1)))
    return t.add(t.act(y, "tanh"), t.multiply(w, t.part(x, 1)), own)


def with_comparison(t):
    """relu(tanh(w x1) - x2) - |w x3|."""
    x, w = t.input(3), t.parameters(1)
    inner = t.add(t.act(t.multiply(t.part(x, 1), w), "tanh"), t.part(x, 1))
    return t.add(t.act(inner, "relu"), t.act(t.multiply(w, t.part(x, 1)), "abs"))


def shown(values, rng):
    """The number of patterns of a family of curves at the best of some thresholds, each one of its values."""
    most = 0
    for _ in range(5):
        thresholds = [rng.choice(column) for column in values.T]
        most = max(most, different(values > thresholds))
    return most


@pytest.mark.parametrize("m", [3, 8, 20])
def test_patterns_of_programs_of_one_parameter(m):
    """All of them on a fine grid of parameters; the bound is below m here, so that it says something."""
    rng = np.random.default_rng(m)
    w = np.concatenate([np.linspace(-4, 4, 20_001), np.geomspace(4, 400, 2000), -np.geomspace(4, 400, 2000)])[:, None]
    x = rng.random((3, m))
    smooth = np.tanh(x[0] * w) + w * x[1] - w**2 * x[2] * w / (1 + np.exp(-w))
    growth = ab.Program.of(one_parameter).growth()
    assert math.log2(shown(smooth, rng)) <= allowed(growth, m)
    kinks = np.maximum(np.tanh(w * x[0]) - x[1], 0) - np.abs(w * x[2])
    compared = ab.Program.of(with_comparison)
    assert compared.tests == 2
    assert math.log2(shown(kinks, rng)) <= allowed(compared.growth(), m)
    if m == 20:
        assert allowed(growth, m) < m and allowed(compared.growth(), m) < m


def test_patterns_of_one_unit_in_the_plane_of_its_parameters():
    """tanh(w x + b), two parameters, on 30 points: the bound is below 30."""
    G = ab.Program.of(lambda t: t.act(t.dense(t.input(1), size=1), "tanh"))
    rng, m = np.random.default_rng(0), 30
    x = rng.random(m)
    w, b = (side.ravel()[:, None] for side in np.meshgrid(np.linspace(-12, 12, 200), np.linspace(-12, 12, 200)))
    values = np.tanh(w * x + b)
    assert math.log2(shown(values, rng)) <= allowed(G.growth(), m) < m


# ------------------------------------------------------------------------------- exact arithmetic and float programs


def float_program(theta, x):
    """fl(fl(tanh(fl(w1 x + b1)) - tanh(fl(w2 x + b2))) + c) in float32; tanh rounded from doubles."""
    w1, b1, w2, b2, c = (theta[:, i : i + 1].astype(np.float32) for i in range(5))
    units = [np.tanh((w * x + b).astype(np.float64)).astype(np.float32) for w, b in ((w1, b1), (w2, b2))]
    return (units[0] - units[1]) + c


def nearly_equal_units(rng, count):
    """Weights for which the difference of both units is a few units in the last place, and so is c."""
    w, b = rng.uniform(0.5, 2, count), rng.uniform(0, 1, count)
    near = rng.uniform(-3, 3, (count, 2)) * 2.0**-24
    steps = rng.integers(-3, 4, count) * 2.0**-24
    return np.stack([w, b, w * (1 + near[:, 0]), b + near[:, 1], steps], axis=1)


def test_rounding_shows_patterns_that_exact_arithmetic_cannot():
    """All 1024 patterns at 10 equidistant points, common threshold 0; two exact tanh units show at most 260."""
    x = (np.arange(10, dtype=np.float32) + np.float32(0.5)) / np.float32(10)
    theta = nearly_equal_units(np.random.default_rng(0), 800_000)
    assert different(float_program(theta, x) > 0) == 1024
    stored = theta[:100_000].astype(np.float32).astype(np.float64)
    w1, b1, w2, b2, c = (stored[:, i : i + 1] for i in range(5))
    assert different(np.tanh(w1 * x + b1) - np.tanh(w2 * x + b2) + c > 0) <= 260
    G = ab.TanhNetwork(widths=(2,), input_dim=1, bits=32)
    assert 2 ** allowed(G.growth(COMMON), 10) == pytest.approx(260)
    deployed = G.deployed(bits=32)
    assert deployed == ab.FiniteClass(bits=32 * 7, input_dim=1)
    for thresholds in Thresholds:
        assert deployed.growth(thresholds).whole == (BitCount(32 * 7),)
        assert allowed(deployed.growth(thresholds), 10) == 10
    assert deployed.grid_counts(((10, 1),)) == deployed.line_counts(COMMON) == ()
    assert deployed.neighbourhoods == deployed.limits == () and deployed.pfaffian is None


def test_the_numbers_that_are_stored_count_for_deployed_programs():
    """fl(fl(w x + b1) + b2) and batch norms with 4-bit numbers are more functions than two numbers of 4 bits allow."""

    def rounded(v):
        """To three significant bits, to nearest."""
        mantissa, exponent = np.frexp(v)
        return np.ldexp(np.round(mantissa * 8) / 8, exponent)

    codes = rounded(np.concatenate([-np.geomspace(0.25, 3.5, 8), np.geomspace(0.25, 3.5, 8)]))
    assert len(set(codes)) == 16
    x = rounded(np.linspace(0, 1, 41))
    w, first, second = (side.ravel()[:, None] for side in np.meshgrid(codes, codes, codes))
    summed = rounded(rounded(rounded(w * x) + first) + second)
    assert 16**2 < len(np.unique(summed, axis=0)) <= 16**3
    scale, shift, mean, root = (side.ravel()[:, None] for side in np.meshgrid(codes, codes, codes, codes[8:]))
    normed = rounded(rounded(scale * rounded(rounded(x - mean) / root)) + shift)
    assert 16**2 < len(np.unique(normed, axis=0)) <= 16**4
    G = ab.Program.of(lambda t: t.batch_norm(t.input(1)))
    assert (G.weights, G.stored) == (2, 4)
    assert G.deployed(bits=4).bits == 16
    for cell, own, stored in [
        (ab.LSTM(hidden=3, steps=2, features=2), 4 * 3 * 6, 4 * 3 * 7),
        (ab.GRU(hidden=3, steps=2, features=2), 3 * 3 * 6, 3 * 3 * 7),
        (ab.GRU(hidden=3, steps=2, features=2, reset_after=True), 3 * 3 * 6 + 3, 3 * 3 * 7),
    ]:
        assert cell.weights == own + 4 and cell.deployed(bits=8).bits == 8 * (stored + 4)
