"""Covers: every code is written out for random members of F, whose distance and number of choices are counted."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import FLOAT, precision
from approxbounds.bound import apply
from approxbounds.coverings.covering import THEOREMS
from approxbounds.errors import HypothesisError
from approxbounds.facts.grid import midpoints
from approxbounds.kernel import certified_value
from approxbounds.testing import check_bound, exponents, function_classes
from approxbounds.theorem import Query

S = sympy.Symbol("s", positive=True)
BY_ID = {theorem.id: theorem for theorem in THEOREMS}


def covering(name, F, eps, p):
    bound = apply(BY_ID[name], Query(functions=F, p=p, eps=Fraction(eps)))
    assert isinstance(bound, ab.Bound), bound
    return bound


def nearest(value, centre, delta, choices):
    """The value nearest to one of ``choices`` values, 2 delta apart, around a centre."""
    values = centre + (2 * np.arange(choices) + 1 - choices) * delta
    return values[np.argmin(np.abs(values - value))]


def coded(value, low, high, delta):
    """One of the first values on a line or chain, and how many there are."""
    choices = math.ceil((high - low) / (2 * delta) - 1e-9)
    return nearest(value, (low + high) / 2, delta, choices), choices


# --------------------------------------------------------------------------------------------------- zigzags


@pytest.mark.parametrize("eps", ["1/3", "1/10", "1/77"])
def test_zigzags_follow_lipschitz_functions(eps):
    F = ab.LipschitzBall(dim=1, radius=2)
    bound = covering("covering-zigzag", F, eps, math.inf)
    k, delta = bound.witness["k"], 2 / bound.witness["k"]
    assert bound.value == pytest.approx(k * math.log(2) + math.log(1 + k))
    rng = np.random.default_rng(1)
    nodes = np.linspace(0, 1, k + 1)
    for _ in range(20):
        breaks = np.linspace(0, 1, rng.integers(2, 3 * k))
        steps = 2 * np.diff(breaks) * rng.choice([-1, 1, rng.uniform(-1, 1)], len(breaks) - 1)
        f = np.clip(np.concatenate([[0], np.cumsum(steps)]) + rng.uniform(-2, 2), -2, 2)
        at = np.interp(nodes, breaks, f)
        code, choices = coded(at[0], -2, 2, delta)
        g = [code]
        for value in at[1:]:
            g.append(nearest(value, g[-1], delta, 2))
        x = np.union1d(nodes, breaks)
        assert np.abs(np.interp(x, breaks, f) - np.interp(x, nodes, g)).max() <= float(Fraction(eps)) * (1 + 1e-9)
        assert math.log(choices) + k * math.log(2) <= bound.value


# ---------------------------------------------------------------------------------------- Taylor polynomials


def orders(dim, most):
    return [m for m in itertools.product(range(most + 1), repeat=dim) if sum(m) <= most]


def sine(F, rng):
    """A function of F = a sin(w.x + c) with its derivatives: |w| <= 6, the derivatives up to order s bounded by R."""
    w = rng.uniform(-6, 6, F.dim)
    a = float(F.radius) / max(1, np.linalg.norm(w)) ** math.ceil(F.smoothness) / 2

    c = rng.uniform(0, 6)

    def derivative(m, points):
        return a * np.prod(w ** np.array(m)) * np.sin(points @ w + c + sum(m) * np.pi / 2)

    return derivative


@pytest.mark.parametrize("eps", ["1/5", "1/60"])
@pytest.mark.parametrize("s", ["3/2", 2, "5/2"])
@pytest.mark.parametrize("d", [1, 2])
def test_taylor_codes(d, s, eps):
    F = ab.HolderBall(smoothness=s, dim=d)
    bound = covering("covering-taylor", F, eps, math.inf)
    top = math.ceil(F.smoothness) - 1
    k, choices = bound.witness["k"], [bound.witness[f"n{j}"] for j in range(top + 1)]
    taus = tau_by_definition(F.smoothness, choices)
    delta = [tau * k ** float(j - F.smoothness) for j, tau in enumerate(taus)]
    path = [tuple(cube) for cube in snake(k, d)]
    rng = np.random.default_rng(2)
    for _ in range(4):
        f = sine(F, rng)
        codes, words, last = {}, 0.0, None
        for cube in path:
            centre = (np.array(cube) + 0.5) / k
            codes[cube] = {}
            for m in orders(d, top):
                j, value = sum(m), float(f(m, centre[None])[0])
                if last is None:
                    codes[cube][m], count = coded(value, -1, 1, delta[j])
                else:
                    step = centre - (np.array(last) + 0.5) / k
                    predicted = taylor(codes[last], m, step, top)
                    codes[cube][m], count = nearest(value, predicted, delta[j], choices[j]), choices[j]
                words += math.log(count)
                assert abs(codes[cube][m] - value) <= delta[j] * (1 + 1e-9)
            last = cube
        assert words <= bound.value
        points = rng.random((3000, d))
        cells = np.minimum((points * k).astype(int), k - 1)
        g = np.array(
            [taylor(codes[tuple(c)], (0,) * d, x - (c + 0.5) / k, top) for c, x in zip(cells, points, strict=True)]
        )
        assert np.abs(f((0,) * d, points) - g).max() <= float(Fraction(eps)) * (1 + 1e-9)


def tau_by_definition(s, choices):
    top, taus = len(choices) - 1, {}
    for j in range(top, -1, -1):
        kappa = math.gamma(s - top + 1) / math.gamma(s - j + 1)
        tail = sum(taus[j + i] / math.factorial(i) for i in range(1, top - j + 1))
        taus[j] = (kappa + tail) / (choices[j] - 1)
    return [taus[j] for j in range(top + 1)]


def snake(k, dim):
    """The cubes in an order in which each is a neighbour of the last."""
    if dim == 0:
        return [()]
    return [(i, *rest) for i in range(k) for rest in (snake(k, dim - 1) if i % 2 == 0 else snake(k, dim - 1)[::-1])]


def taylor(derivatives, m, step, top):
    """The value of D^m of the polynomial with these derivatives at 0."""
    total = 0.0
    for other, value in derivatives.items():
        rest = tuple(o - e for o, e in zip(other, m, strict=True))
        if min(rest) >= 0 and sum(other) <= top:
            total += value * math.prod(t**r / math.factorial(r) for t, r in zip(step, rest, strict=True))
    return total


@pytest.mark.parametrize("s", ["1/3", 1])
@pytest.mark.parametrize("d", [1, 2])
def test_chains_of_values_of_rough_functions(d, s):
    """f_omega of the hypercube family, the roughest functions there are."""
    F = ab.HolderBall(smoothness=s, dim=d)
    bound = covering("covering-taylor", F, "1/4", math.inf)
    k, n = bound.witness["k"], bound.witness["n0"]
    delta = k ** float(-F.smoothness) / (n - 1)
    rng = np.random.default_rng(3)
    family = F.families[0]
    for resolution in (1, 2, 3, 7):
        omega = rng.integers(0, 2, resolution**d)
        points = rng.random((2000, d))
        code, codes = None, {}
        for cube in snake(k, d):
            value = family.evaluate({"k": resolution}, omega, (np.array([cube]) + 0.5) / k)[0]
            code = coded(value, -1, 1, delta)[0] if code is None else nearest(value, code, delta, n)
            assert abs(code - value) <= delta * (1 + 1e-9)
            codes[cube] = code
        g = np.array([codes[tuple(np.minimum((x * k).astype(int), k - 1))] for x in points])
        assert np.abs(family.evaluate({"k": resolution}, omega, points) - g).max() <= 0.25 * (1 + 1e-9)


# ------------------------------------------------------------------------------------------- values on a grid

GRIDS = [
    ab.HolderBall(smoothness="1/2", dim=1),
    ab.HolderBall(smoothness=2, dim=1),
    ab.LipschitzBall(dim=2),
    ab.HolderBall(smoothness="3/2", dim=2),
    ab.AnisotropicHolderBall(smoothness=("1/2", "3/2")),
    ab.SobolevBall(smoothness=2, dim=2, integrability="inf", radius=3),
]


@pytest.mark.parametrize("F", GRIDS, ids=str)
@pytest.mark.parametrize("p", [1, 3, math.inf])
def test_grid_codes(F, p):
    d, eps = F.domain_dim, 0.15
    bound = covering("covering-grid", F, Fraction(3, 20), p)
    k, n = [bound.witness[f"k{j}"] for j in range(1, d + 1)], bound.witness["choices"]
    s, R = F.regularity.along[-1], float(F.radius)
    lead = 2 if s > 1 else 1
    delta = R * k[-1] ** -float(min(s, 2)) / (n - 2**lead + 1)
    rng = np.random.default_rng(4)
    for family in F.families[:1]:
        index = family.extremes(3)[0]
        omega = rng.integers(0, 2, family.cells(index))
        nodes = np.stack(np.meshgrid(*(np.linspace(0, 1, each + 1) for each in k), indexing="ij"), axis=-1)
        inside = np.clip(nodes.reshape(-1, d), 0, 1 - 1e-12)
        values = family.evaluate(index, omega, inside).reshape(-1, k[-1] + 1)
        codes, words = np.zeros_like(values), 0.0
        for line, code in zip(values, codes, strict=True):
            for i, value in enumerate(line):
                if i < lead:
                    code[i], count = coded(value, -R, R, delta)
                else:
                    code[i], count = (
                        nearest(value, 2 * code[i - 1] - code[i - 2] if lead == 2 else code[i - 1], delta, n),
                        n,
                    )
                words += math.log(count)
                assert abs(code[i] - value) <= delta * (1 + 1e-7) + 1e-9
        assert words <= bound.value
        points = midpoints(400 if d == 1 else 90, d)
        gap = np.abs(family.evaluate(index, omega, points) - multilinear(codes.reshape(nodes.shape[:-1]), points))
        assert (gap.max() if p == math.inf else np.mean(gap**p) ** (1 / p)) <= eps * (1 + 1e-3)


def multilinear(values, points):
    k = np.array(values.shape) - 1
    cell = np.minimum((points * k).astype(int), k - 1)
    t, total = points * k - cell, 0.0
    for corner in itertools.product((0, 1), repeat=values.ndim):
        weight = np.prod(np.where(corner, t, 1 - t), axis=1)
        total = total + weight * values[tuple((cell + corner).T)]
    return total


# ----------------------------------------------------------------------------------------------- both sides


@pytest.mark.parametrize("eps", ["1/3", "1/5", "1/9"])
def test_packings_found_by_enumeration_are_below_the_covers(eps):
    """All zigzags on a grid of 4 cells that start at multiples of 1/4: a greedy packing in sup norm and L^1."""
    lines = [
        np.cumsum([start, *steps]) / 8
        for start in range(-8, 9, 2)
        for steps in itertools.product((-2, 2), repeat=4)
        if all(abs(v) <= 8 for v in np.cumsum([start, *steps]))
    ]
    F = ab.LipschitzBall(dim=1)
    for p, distance in [("inf", lambda f: np.abs(f).max()), (1, lambda f: np.mean(np.abs(f[1:] + f[:-1]) / 2))]:
        packed = []  # the mean of |f| is at least that of the |f| at the middles of cells
        for line in lines:
            if all(distance(line - other) > float(Fraction(eps)) for other in packed):
                packed.append(line)
        assert len(packed) > 4
        assert math.log(len(packed)) <= F.entropy(eps, p=p).upper.value


@given(function_classes(families_only=True), exponents(), st.fractions(Fraction(1, 500), 1))
def test_lower_bounds_are_below_upper_bounds(F, p, eps):
    try:
        bracket = F.entropy(eps, p=p)  # raises if they contradict each other
    except ab.NotApplicableError:
        return
    assert bracket.ratio >= 1
    check_bound(bracket.upper)


@given(function_classes(families_only=True), exponents(), st.fractions(Fraction(1, 200), 1))
def test_covers_of_coarser_scales_are_smaller(F, p, eps):
    try:
        fine, coarse = F.covering(eps, p=p), F.covering(2 * eps, p=p)
    except ab.NotApplicableError:
        return
    assert coarse.value <= fine.value * 1.05 + 1e-9  # the search is on a grid of choices


def test_orders_of_both_sides_agree():
    eps, p = sympy.symbols("eps p", positive=True)
    for F in (
        *(ab.HolderBall(smoothness=s, dim=d) for s in ("1/2", 1, "5/2", S) for d in (1, 2)),
        ab.SobolevBall(smoothness=3, dim=2, integrability="inf"),
        ab.AnisotropicHolderBall(smoothness=("1/2", 2)),
    ):
        for exponent in (2, p, "inf"):
            bracket = F.entropy(eps, p=exponent)
            assert sympy.simplify(bracket.upper.rate.subs(eps, 2 * eps) / bracket.lower.rate) == 1


@pytest.mark.parametrize("F", [*GRIDS, ab.HolderBall(smoothness="5/2", dim=2)], ids=str)
@pytest.mark.parametrize("p", [1, "5/2", "inf"])
def test_closed_forms_are_weaker_and_of_the_same_order(F, p):
    for eps in ("1/30", "1/1000"):
        best = F.covering(eps, p=p)
        for bound in (best, *(other for other in best.others if isinstance(other, ab.Bound))):
            closed = float(bound.expression.evalf(30))
            assert bound.value <= closed * (1 + 1e-12) and closed <= 60 * bound.value


def test_one_ball_is_enough_for_the_whole_range():
    F = ab.LipschitzBall(dim=3, radius=2)
    assert F.covering(2, p=1).value == 0 and F.covering(2, p=1).theorem.id == "covering-constant"
    assert F.covering("1999/1000", p=1).value > 0


def test_data_that_do_not_reach_eps_are_refused():
    query = Query(functions=ab.HolderBall(smoothness=2, dim=2), p=2, eps=Fraction(1, 100))
    for name in ("covering-taylor", "covering-grid"):
        good = dict(covering(name, query.functions, "1/100", 2).witness)
        assert certified_value(BY_ID[name], query, good) > 0
        for key, value in good.items():
            for bad in (0, 1, -3, value // 3):
                with pytest.raises(HypothesisError):
                    certified_value(BY_ID[name], query, good | {key: bad})


def test_floats_and_balls_agree():
    for F in GRIDS:
        best = F.covering("1/50", p=2)
        with precision(128):
            assert best.value == pytest.approx(float(best.theorem.evaluate(FLOAT, best.query, best.witness)), rel=1e-12)


def test_classes_without_a_finite_cover_are_refused():
    for F in (ab.SobolevBall(smoothness=1, dim=2, integrability=1), ab.BarronBall(dim=2)):
        with pytest.raises(ab.NotApplicableError):
            F.covering("1/10", p=2)
    bracket = ab.LipschitzBall(dim=1).entropy("1/100", p="inf")
    with pytest.raises(ab.NotApplicableError):
        bracket.measure(lambda x: x[:, 0], per_side=3)


# ------------------------------------------------------------------------------------------ monotone functions

RISING = [
    lambda x: (x.sum(axis=1) > 0.47 * x.shape[1]).astype(float),
    lambda x: x.mean(axis=1) ** 5,
    lambda x: 0.3 * np.floor(3.99 * x[:, 0]) / 3 + 0.7 * (x.prod(axis=1) > 0.2),
    lambda x: 1 - (1 - x.max(axis=1)) ** 9,
]


@pytest.mark.parametrize("f", RISING)
@pytest.mark.parametrize(("d", "p", "eps"), [(1, 1, 0.1), (1, 3, 0.2), (2, 1, 0.1), (2, 4, 0.35)])
@pytest.mark.parametrize("fixed", [None, {"levels": 2, "k": 4, "t0": 4, "t1": 2, "q0": 6, "q1": 4, "q2": 3}])
def test_codes_of_monotone_functions(f, d, p, eps, fixed):
    F = ab.MonotoneFunctions(dim=d)
    theorem, query = BY_ID["covering-monotone"], Query(functions=F, p=p, eps=Fraction(eps))
    witness = fixed or theorem.search(query)
    eps = eps if fixed is None else float(theorem.error(FLOAT, query, witness))
    levels, k = witness["levels"], witness["k"]
    power, bits, side = 0.0, 0.0, k
    present = list(itertools.product(range(k), repeat=d))
    n = k**d
    for level in range(levels + 1):
        t, q = witness.get(f"t{level}", 1), witness[f"q{level}"]
        corner = np.array(present, float).reshape(-1, d) / side
        low, high = f(corner), f(corner + 1 / side)
        cut = high - low > 1 / t + 1e-12
        a = min(n, d * side ** (d - 1) * (t - 1))
        assert len(present) <= n and cut.sum() <= a
        lines = {}
        for cube, value in sorted(zip(present, (low + high) / 2, strict=True)):
            if not cut[present.index(cube)] and q > 1:
                lines.setdefault(cube[1:], []).append(min(int(value * q), q - 1))
        for codes in lines.values():
            assert codes == sorted(codes)
            bits += math.log2(math.comb(len(codes) + q - 1, q - 1))
        if level < levels:
            bits += math.log2(sum(math.comb(len(present), i) for i in range(cut.sum() + 1)))
        inner = midpoints(max(1, 64 // side) if d == 1 else 6, d) / side
        for start, left, right in zip(corner[~cut], low[~cut], high[~cut], strict=True):
            code = (min(int((left + right) / 2 * q), q - 1) + 0.5) / q
            power += np.mean(np.abs(f(start + inner) - code) ** p) / side**d
        present = [tuple(2 * np.array(c) + o) for c in itertools.compress(present, cut) for o in np.ndindex((2,) * d)]
        n, side = 2**d * a, 2 * side
    assert power ** (1 / p) <= eps * (1 + 1e-9)
    assert bits * math.log(2) <= float(theorem.size(FLOAT, query, witness))


@pytest.mark.parametrize(("d", "p"), [(1, 1), (1, 2), (2, 1), (2, 4), (3, 1)])
def test_covers_of_monotone_functions_have_the_known_order(d, p):
    F = ab.MonotoneFunctions(dim=d)
    values = [F.covering(Fraction(1, n), p=p).value for n in (200, 800)]
    assert math.log(values[1] / values[0]) / math.log(4) == pytest.approx(max(d, (d - 1) * p), abs=0.2)
    eps = sympy.Symbol("eps", positive=True)
    assert F.covering(eps, p=p).rate == eps ** -max(d, (d - 1) * p)
    assert F.covering(eps, p=p).expression.subs(eps, sympy.Rational(1, 200)).evalf() >= values[0]


def test_monotone_functions_have_no_cover_in_sup_norm():
    with pytest.raises(ab.NotApplicableError, match="jumps may be anywhere"):
        ab.MonotoneFunctions(dim=1).covering("1/10", p="inf")
    assert ab.MonotoneFunctions(dim=2).covering("1/10", p=2).rate.has(sympy.log)


# ------------------------------------------------------------------------------------------- convex functions

CONVEX = [
    lambda x: (1 - x.min(axis=1)) ** 40,
    lambda x: np.abs(2 * x.mean(axis=1) - 0.9) / 1.1,
    lambda x: np.maximum(np.maximum(1 - 300 * x[:, 0], 7 * x[:, -1] - 6), 0),
    lambda x: np.maximum(0, (1 - x.sum(axis=1) / 0.013) * (x.sum(axis=1) < 0.013)),
]


@pytest.mark.parametrize("f", CONVEX)
@pytest.mark.parametrize(("d", "p", "eps"), [(1, 1, 0.05), (1, 3, 0.1), (2, 1, 0.2), (2, 2, 0.2)])
def test_codes_of_convex_functions(f, d, p, eps):
    F = ab.ConvexFunctions(dim=d)
    bound = covering("covering-convex", F, Fraction(eps), p)
    blocks, q = bound.witness["blocks"], bound.witness["q"]
    K = [bound.witness[f"k{b}"] for b in range(1, blocks + 1)]
    half = [0.0, 2.0 ** (-blocks - 1)]
    for b in range(blocks, 0, -1):
        x = 2.0 ** (-b - 1)
        half += [x + x * (i + 1) / K[b - 1] for i in range(K[b - 1])]
    nodes = np.array(half + [1 - x for x in half[-2::-1]])
    assert len(nodes) == 2 * sum(K) + 3 and (np.diff(nodes) > 0).all()
    grid = np.stack(np.meshgrid(*[nodes] * d, indexing="ij"), axis=-1).reshape(-1, d)
    values = f(grid).reshape((len(nodes),) * d)
    codes = np.floor(values * q).astype(int)
    words = 0.0
    for exact, code in zip(values.reshape(-1, len(nodes)), codes.reshape(-1, len(nodes)), strict=True):
        words += 3 * math.log(q + 1)
        start = 1
        for b in [*range(blocks, 0, -1), *range(1, blocks + 1)]:
            cells, x = K[b - 1], 2.0 ** (-b - 1)
            rise = np.diff(exact[start : start + cells + 1]) * q
            bits = np.diff(code[start : start + cells + 1]) - np.floor(np.round(rise, 9))
            assert (np.diff(rise) >= -1e-7).all() and set(bits) <= {0, 1}
            steep = 1 + x / (1 - 2 * x)
            assert rise.max() - rise.min() <= q * steep / cells + 1e-9
            words += cells * math.log(2) + math.log(math.comb(cells + int(q * steep / cells) + 1, cells))
            start += cells
        assert start == len(nodes) - 2
    assert words <= bound.value * (1 + 1e-9)
    points = midpoints(20000 if d == 1 else 250, d)
    g = (codes + 0.5) / q
    if d == 1:
        approximant = np.interp(points[:, 0], nodes, g)
    else:
        along = np.array([np.interp(points[:250, 1], nodes, row) for row in g])
        approximant = np.array([np.interp(points[::250, 0], nodes, column) for column in along.T]).T.ravel()
    assert np.mean(np.abs(f(points) - approximant) ** p) ** (1 / p) <= eps * (1 + 1e-9)


@pytest.mark.parametrize(("d", "p"), [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)])
def test_covers_of_convex_functions_have_their_order(d, p):
    F, scales = ab.ConvexFunctions(dim=d), [Fraction(1, n) for n in (4000, 40000)]
    for name, order in (("covering-convex", d * p / (p + 1)), ("covering-envelopes", d / 2)):
        values = [covering(name, F, eps, p).value for eps in scales]
        assert math.log10(values[1] / values[0]) == pytest.approx(order, abs=0.15)
    with pytest.raises(ab.NotApplicableError, match="steep at the faces"):
        F.covering("1/10", p="inf")


def envelope(planes, z):
    """min_u F(u) + (3/4)|z-u|^2 for F = max_i (a_i u + b_i): the greatest value of the dual, for two planes at a time.

    That is enough for d = 1, or if there are no more than two.
    """
    slopes, offsets = planes
    values = []
    for i, j in itertools.combinations_with_replacement(range(len(offsets)), 2):
        step = slopes[j] - slopes[i]
        rise = z @ step + offsets[j] - offsets[i]
        share = np.clip((1.5 * rise - slopes[i] @ step) / max(step @ step, 1e-30), 0, 1)[:, None]
        slope = slopes[i] + share * step
        height = offsets[i] + share[:, 0] * (offsets[j] - offsets[i])
        values.append((z * slope).sum(axis=1) + height - (slope**2).sum(axis=1) / 3)
    return np.max(values, axis=0)


PLANES = [
    (1, [[-30.0], [-3.0], [0.2], [1.0]], [1.0, 0.62, 0.0, -0.3]),
    (1, [[-1.0], [0.0], [6.0]], [0.7, 0.05, -5.0]),
    (2, [[-9.0, -4.0], [0.5, 0.3]], [1.0, 0.2]),
    (2, [[-1.0, 0.9], [0.9, -1.0]], [0.1, 0.1]),
]


@pytest.mark.parametrize(("d", "slopes", "offsets"), PLANES)
@pytest.mark.parametrize(("cells", "t"), [([7, 5, 4, 3], "3/2"), ([3, 2, 2, 1], 8), ([12, 9, 7, 5], "1/4")])
def test_codes_of_envelopes(d, slopes, offsets, cells, t):
    F, theorem, query_p = ab.ConvexFunctions(dim=d), BY_ID["covering-envelopes"], 2
    slopes, offsets, t = np.array(slopes), np.array(offsets), float(Fraction(t))
    witness = {"levels": d + 3, "t": Fraction(t)} | {f"k{m}": k for m, k in enumerate(cells, d)}
    query = Query(functions=F, p=query_p, eps=Fraction(1))
    bits, power, rest = 0.0, 0.0, 1.0
    for numbers in itertools.product(range(1, d + 4), repeat=d):
        if sum(numbers) > d + 3:
            continue
        k = cells[sum(numbers) - d]
        q, eta = 4 * k * k / (3 * t), 3 * (d + t) / (8 * k * k)
        for mirrored in itertools.product((False, True), repeat=d):
            x = 2.0 ** (-np.array(numbers) - 1)
            sign = np.where(mirrored, -1, 1)
            start = np.where(mirrored, 1 - x, x)  # u = 0
            own = slopes * sign * x, offsets + slopes @ start
            inside = midpoints(4000 if d == 1 else 80, d)
            corners = np.array(list(itertools.product((0.0, 1.0), repeat=d)))
            inside = np.vstack([inside, corners])
            active = np.unique(np.argmax(inside @ own[0].T + own[1], axis=1))
            own = own[0][active], own[1][active]
            assert own[0].min() >= -1 - 1e-9 and own[0].max() <= 0.5 + 1e-9
            nodes = np.stack(np.meshgrid(*[np.arange(k + 1) * 2 / k - 2 / 3] * d, indexing="ij"), axis=-1)
            exact = q * envelope(own, nodes.reshape(-1, d)).reshape(nodes.shape[:-1])
            codes = np.floor(exact)
            assert -2 * d / 3 - 1e-9 <= exact[(0,) * d] / q <= 1 + 2 * d / 3 + 1e-9
            bits += math.log2(q * (1 + 4 * d / 3) + 2)
            for axis in range(d):  # lines in direction ``axis`` from nodes that are 0 in the ones before it
                lines = np.moveaxis(exact, axis, -1)[(0,) * axis].reshape(-1, k + 1)
                bits_of = np.diff(np.moveaxis(codes, axis, -1)[(0,) * axis].reshape(-1, k + 1), axis=1)
                rise = np.diff(lines, axis=1)
                assert (np.diff(rise, axis=1) >= -1e-7).all() and (
                    rise.max(axis=1) - rise.min(axis=1)
                ).max() <= 4 * k / t
                assert set((bits_of - np.floor(rise)).ravel()) <= {0, 1}
                bits += len(lines) * (k + math.log2(math.comb(k + int(4 * k / t) + 1, k)))
            flat = (codes + 0.5) / q - 0.375 * (nodes**2).sum(axis=-1)
            z = midpoints(2000 if d == 1 else 40, d)
            coded_envelope = multilinear(flat, z)
            z = 2 * z - 2 / 3
            coded_envelope += 0.375 * (z**2).sum(axis=1)
            assert np.abs(coded_envelope - envelope(own, z)).max() <= eta
            points = inside[:: 7 if d == 1 else 43]
            distances = ((points[:, None] - z) ** 2).sum(axis=2)
            decoded = (coded_envelope - 0.75 * distances).max(axis=1)
            step = 2 / (2000 if d == 1 else 40)
            gap = decoded - (points @ own[0].T + own[1]).max(axis=1)
            assert -eta - 0.75 * d * step**2 <= gap.min() and gap.max() <= eta
            power, rest = power + x.prod() * eta**query_p, rest - x.prod()
    size, error = (float(part(FLOAT, query, witness)) for part in (theorem.size, theorem.error))
    assert bits * math.log(2) <= size * (1 + 1e-9)
    assert error == pytest.approx((power + rest * 0.5**query_p) ** (1 / query_p), rel=1e-12)
