"""The fat-shattering dimension and the theorems on it (T2b, T3fat): brute force, searches for shattered sets, rates."""

import math
from fractions import Fraction
from itertools import combinations, product

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from oracles import all_signs, binomial_sum, errors_by_omega, hypercube_mass
from scipy.optimize import nnls

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.complexity.fat_shattering import METHODS, fat_upper, least_scale
from approxbounds.testing import dims, network_classes, norm_classes, rationals
from approxbounds.transfer.alon import log2_separated, log2_shattered, smallest_exponent
from approxbounds.transfer.fat_hypercube import FatHypercubeTheorem, FatSupNormTheorem

INF = math.inf
LIPSCHITZ = ab.LipschitzFunctions(constant=5, input_dim=1)


def scale_of(G, m):
    """The scale beyond which the library excludes m shattered points."""
    with precision(128):
        try:
            return float(least_scale(BALL, G, m).mid())
        except ab.HypothesisError:
            return INF


# ------------------------------------------------------------------------------------------- the lemma of Alon et al.


def strong_dimension(functions, largest):
    """The largest set of points strongly shattered by integer functions: values >= s+1 and <= s-1, exhaustively."""
    points = functions.shape[1]
    for size in range(points, 0, -1):
        for chosen in combinations(range(points), size):
            values = functions[:, chosen]
            for levels in product(range(1, largest), repeat=size):
                up, down = values >= np.array(levels) + 1, values <= np.array(levels) - 1
                decided = (up | down).all(axis=1)
                if len(np.unique(up[decided], axis=0)) == 2**size:
                    return size
    return 0


def separated(rng, points, largest, most):
    """A random family of integer functions, pairwise 2 apart at some point, that shatters few points: greedy."""
    everything = np.array(list(product(range(largest + 1), repeat=points)))
    rng.shuffle(everything)
    chosen = []
    for f in everything:
        if all(np.abs(f - g).max() >= 2 for g in chosen) and strong_dimension(np.array([*chosen, f]), largest) <= most:
            chosen.append(f)
    return np.array(chosen)


@pytest.mark.parametrize(("points", "largest"), [(1, 2), (1, 7), (2, 2), (2, 4), (3, 2), (3, 3)])
def test_separated_functions_are_few(points, largest):
    """The number of separated functions against the bound, for every dimension that they may have."""
    rng = np.random.default_rng(points * 10 + largest)
    for most in range(points + 1):
        count = max(len(separated(rng, points, largest, most)) for _ in range(4 if points < 3 else 1))
        with precision(128):
            bound = log2_separated(BALL, points, largest, most, smallest_exponent(points, largest, most))
        assert count <= 2 ** float(bound)
        assert (count == 1) == (most == 0)


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 60))
def test_the_number_of_levels_and_sets(points, levels, fat):
    """y = sum_{i=1}^D C(m,i) B^i in exact integers is below the closed form, in all arithmetics."""
    fat = min(fat, points)
    y = sum((binomial_sum(points, i) - binomial_sum(points, i - 1)) * levels**i for i in range(1, fat + 1))
    with precision(128):
        ball = log2_shattered(BALL, points, levels, fat)
        assert 2 ** Fraction(float(ball.upper())).limit_denominator(10**9) >= y * (1 - 1e-9)
        assert 2 ** smallest_exponent(points, levels, fat) >= y
        with pytest.raises(ab.HypothesisError, match="q="):
            log2_separated(BALL, points, levels, fat, smallest_exponent(points, levels, fat) - 1)
    assert float(log2_shattered(FLOAT, points, levels, fat)) == pytest.approx(float(ball.mid()), rel=1e-12)


# -------------------------------------------------------------------------------- shattered sets found by searching


def lipschitz_scale(points, levels, constant):
    """The largest gamma at which Lipschitz functions shatter the points at the levels, by McShane extensions."""
    gaps = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2)) * constant
    room = [INF]
    for i, j in combinations(range(len(points)), 2):  # values r_i +- gamma and r_j -+ gamma, both ways
        room.append((gaps[i, j] - abs(levels[i] - levels[j])) / 2)
    return min(room)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_lipschitz_functions_shatter_no_more(dim):
    rng = np.random.default_rng(dim)
    G = ab.LipschitzFunctions(constant=5, input_dim=dim)
    for count in range(2, 12):
        best = max(
            lipschitz_scale(rng.random((count, dim)), rng.normal(size=count) * rng.choice([0, 0.1]), 5)
            for _ in range(300)
        )
        grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 2 + (count > 2**dim))] * dim), axis=-1).reshape(-1, dim)
        best = max(best, lipschitz_scale(grid[:count], np.zeros(len(grid[:count])), 5) if len(grid) >= count else 0)
        assert best <= scale_of(G, count) * (1 + 1e-12)


@given(rationals("1/10", 20), rationals("1/10", 3))
def test_lipschitz_bound_is_exact_in_one_dimension(constant, gamma):
    """floor(Lambda/(2 gamma)) + 1 equally spaced points are shattered at level 0; the bound says no more are."""
    G = ab.LipschitzFunctions(constant=constant, input_dim=1)
    count = math.floor(constant / (2 * gamma)) + 1
    assert G.fat_shattering(gamma).value == count
    if count > 1:
        points = np.linspace(0, 1, count)[:, None]
        assert lipschitz_scale(points, np.zeros(count), float(constant)) >= float(gamma) * (1 - 1e-12)


def distance_to_hull(rows):
    """The distance of 0 from the convex hull of the rows, by non-negative least squares."""
    heavy = 1e6
    weights, _ = nnls(np.vstack([rows.T, np.full(len(rows), heavy)]), np.append(np.zeros(rows.shape[1]), heavy))
    return float(np.linalg.norm(weights @ rows) / weights.sum())


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_linear_functionals_shatter_no_more(dim):
    """The margin of the pattern b is norm * dist(0, hull of b_i x_i); levels 0 are no restriction, as G = -G."""
    rng, G = np.random.default_rng(dim), ab.BoundedLinear(norm=3, input_dim=dim)
    for count in range(1, 7):
        best = 0.0
        for _ in range(20):
            points = rng.random((count, dim)) ** rng.choice([0.1, 1, 4])
            if count <= dim and rng.random() < 0.5:
                points = np.eye(dim)[:count]
            signs = 2 * all_signs(count)[: 2 ** (count - 1)] - 1
            best = max(best, 3 * min(distance_to_hull(b[:, None] * points) for b in signs))
        assert best <= scale_of(G, count) * (1 + 1e-6) + 1e-9
        if count <= dim:
            assert best >= 3 / math.sqrt(count) * (1 - 1e-6)  # unit vectors, so the search is not in vain


@pytest.mark.parametrize("norms", [(2,), (1, 2), (1, 2, 1)])
@pytest.mark.parametrize("dim", [1, 3])
def test_norm_bounded_networks_shatter_no_more(norms, dim):
    """Random networks: for each pattern the best margin found; the points are shattered at the least of them."""
    rng, G = np.random.default_rng(len(norms)), ab.NormBoundedNetwork(norms=norms, input_dim=dim)
    for count in (1, 2, 3, 4):
        points = rng.random((count, dim))
        values = np.broadcast_to(points, (20_000, count, dim))
        for layer, norm in enumerate(norms, 1):
            last = layer == len(norms)
            matrix = rng.normal(size=(len(values), values.shape[2], 1 if last else 3))
            matrix *= norm / np.sqrt((matrix**2).sum(axis=(1, 2), keepdims=True))
            values = values @ matrix
            values = values if last else np.maximum(values, 0)
        values = values[..., 0]
        assert np.abs(values).max() <= math.prod(norms) * math.sqrt(dim) * (1 + 1e-12)
        levels = np.median(values, axis=0)
        margins = [((2 * b - 1) * (values - levels)).min(axis=1).max() for b in all_signs(count)]
        assert min(margins) <= scale_of(G, count)


def test_rademacher_averages_of_linear_functionals():
    """The constant bounds the exact average of norm |sum e_i x_i|/m over all signs."""
    rng, G = np.random.default_rng(0), ab.BoundedLinear(norm=2, input_dim=4)
    constant = float(G.rademacher_constant(FLOAT))
    for count in (1, 3, 8):
        for _ in range(50):
            points = rng.random((count, 4)) ** 0.2
            sums = (2 * all_signs(count) - 1) @ points
            assert 2 * np.linalg.norm(sums, axis=1).mean() / count <= constant / math.sqrt(count) * (1 + 1e-12)
    assert constant == pytest.approx(2 * np.linalg.norm(np.ones((1, 4))), rel=1e-15)


# ----------------------------------------------------------------------------------------------- the public quantity


@given(st.data(), rationals("1/1000", 5), st.sampled_from([Fraction(9, 8), 3, 40]))
def test_fat_falls_with_gamma_and_is_at_most_pdim(data, gamma, factor):
    dim = data.draw(dims())
    G = data.draw(st.one_of(norm_classes(dim=dim), network_classes(dim=dim)))
    fine, coarse = G.fat_shattering(gamma), G.fat_shattering(gamma * factor)
    assert 0 <= coarse.value <= fine.value and isinstance(fine.value, int)
    if G.bounded_growth:
        assert fine.value <= G.pseudo_dimension().value
    for bound in (fine, *(other for other in fine.others if isinstance(other, ab.Bound))):
        assert bound.direction is ab.Direction.UPPER and bound.value >= fine.value
        assert ab.verify(bound.certificate.to_json())
        data_of = bound.certificate.to_dict()
        assert not ab.verify(data_of | {"value": bound.value - 1})
        if bound.theorem.id != "fat-pdim":
            smaller = {"fat": bound.value - 1}
            assert bound.value == 0 or not ab.verify(data_of | {"value": bound.value - 1, "witness": smaller})
            assert float(sympy.N(bound.expression)) >= bound.value * (1 - 1e-12)


@given(rationals("1/50", 4), rationals("1/4", 4), st.integers(1, 6), st.integers(1, 5))
def test_norm_bounded_values_by_hand(gamma, norm, dim, depth):
    """The smaller of d ((sqrt(2 L log 2) + 1) M^L / gamma)^2 and the cubes for the Lipschitz constant M^L."""
    G = ab.NormBoundedNetwork(norms=(norm,) * depth, input_dim=dim)
    with mpmath.workdps(60):
        size = mpmath.mpf(norm.numerator) ** depth / mpmath.mpf(norm.denominator) ** depth
        ratio = size * gamma.denominator / gamma.numerator
        averages = mpmath.floor(dim * ((mpmath.sqrt(2 * depth * mpmath.log(2)) + 1) * ratio) ** 2)
        cubes = (mpmath.floor(mpmath.sqrt(dim * ratio**2 / 4) + mpmath.mpf(10) ** -40) + 1) ** dim
    assert G.fat_shattering(gamma).value == int(min(averages, cubes))


def test_symbols_give_closed_forms():
    gamma, B, M = sympy.symbols("gamma B M", positive=True)
    best = ab.BoundedLinear(norm=B, input_dim=9).fat_shattering(gamma)
    assert (best.theorem.id, best.expression) == ("fat-pdim", 9)  # as gamma tends to 0
    (linear,) = (other for other in best.others if isinstance(other, ab.Bound) and other.theorem.id == "fat-rademacher")
    assert sympy.simplify(linear.expression - 9 * B**2 / gamma**2) == 0
    assert linear.expression.subs({B: 2, gamma: 3}) == 4
    assert linear.rate.free_symbols >= {B, gamma}
    with pytest.raises(ab.NoNumberError, match="B, gamma"):
        _ = linear.value
    network = ab.NormBoundedNetwork(norms=(M, M), input_dim=3).fat_shattering(gamma)
    assert network.rate.free_symbols >= {M, gamma}
    lipschitz = ab.LipschitzFunctions(constant=M, input_dim=2).fat_shattering(gamma)
    assert sympy.simplify(lipschitz.expression - (M * sympy.sqrt(2) / (2 * gamma) + 1) ** 2) == 0


def test_infinite_pseudo_dimension_is_said():
    for G in (LIPSCHITZ, ab.NormBoundedNetwork(norms=(1, 1), input_dim=2)):
        with pytest.raises(ab.NotApplicableError, match="every size"):
            G.pseudo_dimension()
        reasons = {r.theorem: r.reason for r in ab.lower_bounds(ab.MonotoneFunctions(dim=G.input_dim), G, p=2).refusals}
        assert "infinite" in reasons["T3"] and "infinite" in reasons["T2a"]


# -------------------------------------------------------------------------------------- T3fat in sup norm, exactly


def distance_from_lipschitz(values, points, constant):
    """inf over Lipschitz g of max |f - g| on the points: half the largest excess |f(x)-f(y)| - Lambda |x-y|."""
    excess = np.abs(values[:, None] - values[None]) - constant * np.abs(points[:, None] - points[None])
    return max(float(excess.max()) / 2, 0.0)


@pytest.mark.parametrize("constant", [Fraction(1, 2), 2, 10])
@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_sup_norm_bound_against_the_exact_error(constant, k):
    """On the 2^k functions of a family the worst distance from the Lipschitz functions is known exactly."""
    F, G = ab.HolderBall(smoothness="1/2", dim=1), ab.LipschitzFunctions(constant=constant, input_dim=1)
    family, grid = F.families[0], np.linspace(0, 1, 40 * k + 1)
    exact = max(
        distance_from_lipschitz(family.evaluate({"k": k}, omega, grid[:, None]), grid, float(constant))
        for omega in all_signs(k)
    )
    theorem, query = FatSupNormTheorem(), ab.lower_bounds(F, G, p=INF).bounds[0].query
    with precision(128):
        try:
            bound = float(theorem.evaluate(BALL, query, {"family": family.id, "k": k}).lower())
        except ab.HypothesisError:
            bound = 0.0
    assert bound <= exact * (1 + 1e-12)
    by_hand = 0.5 / math.sqrt(k) - float(constant) / (2 * (k - 1))  # at the centres the excess has k in place of k - 1
    assert bound == pytest.approx(max(by_hand, 0), rel=1e-12)
    if constant < 1:
        assert exact == pytest.approx(by_hand + float(constant) / (2 * k * (k - 1)), rel=1e-12)


@given(st.data(), st.sampled_from([1, 2, 3]))
def test_sup_norm_agrees_with_t3inf_for_finite_pdim(data, dim):
    G = data.draw(network_classes(dim=dim))
    F = data.draw(st.sampled_from([ab.LipschitzBall(dim=dim), ab.HolderBall(smoothness="5/2", dim=dim)]))
    values = {bound.theorem.id: bound.value for bound in ab.lower_bounds(F, G, p=INF) if bound.number is not None}
    assert values.get("T3fat-inf", 0) <= values.get("T3inf", 0)


# ------------------------------------------------------------------------------------------- T3fat and T2b, p < inf


def fat_of_vectors(vectors, gamma):
    """The fat-shattering dimension of a finite set of vectors, exhaustively over midpoint levels; sets grow."""
    points, found = vectors.shape[1], 0
    for size in range(1, points + 1):
        for chosen in combinations(range(points), size):
            columns = [np.unique(vectors[:, i]) for i in chosen]
            levels = [[(a + b) / 2 for a, b in combinations(c, 2) if b - a >= 2 * gamma] for c in columns]
            for level in product(*levels):
                up = vectors[:, chosen] >= np.array(level) + gamma
                down = vectors[:, chosen] <= np.array(level) - gamma
                if len(np.unique(up[(up | down).all(axis=1)], axis=0)) == 2**size:
                    found = size
                    break
            if found == size:
                break
        if found < size:
            break
    return found


def separated_vectors(vectors, eta):
    """The size of a maximal set of vectors at pairwise max-distance >= eta."""
    chosen = []
    for v in vectors:
        if all(np.abs(v - u).max() >= eta for u in chosen):
            chosen.append(v)
    return len(chosen)


@given(
    st.integers(1, 5),
    st.integers(1, 8),
    st.sampled_from([1, 2, 3.5]),
    st.integers(0, 10**6),
    st.sampled_from([0.25, 0.5, 0.9]),
)
def test_hypercube_theorem_on_finite_classes(cells, size, p, seed, theta):
    """Random finite classes of vectors, constant half-gap 1: the covering bound, and the mean error over all omega."""
    rng = np.random.default_rng(seed)
    vectors = rng.uniform(-1, 1, (size, cells)) * rng.choice([0.03, 0.3, 1.0])
    fat, levels = fat_of_vectors(vectors, theta / 4), math.floor(4 / theta)
    with precision(128):
        growth = float(log2_separated(BALL, cells, levels, fat, smallest_exponent(cells, levels, fat)).upper())
    assert separated_vectors(vectors, theta) <= 2**growth
    mass = float(hypercube_mass(cells, Fraction(math.ceil(2**growth)) if growth else 1))
    mean = errors_by_omega(vectors[:, :, None], np.ones(1), p).mean()
    assert 2 * (1 - theta) ** p * mass / cells <= mean * (1 + 1e-9)


CASES = [
    (ab.LipschitzBall(dim=4), ab.NormBoundedNetwork(norms=(1, 1), input_dim=4)),
    (ab.HolderBall(smoothness="1/2", dim=1), ab.LipschitzFunctions(constant=2, input_dim=1)),
    (ab.HolderBall(smoothness="1/3", dim=2), ab.LipschitzFunctions(constant=3, input_dim=2)),
    (ab.MonotoneFunctions(dim=4), ab.NormBoundedNetwork(norms=(2, 1, 1), input_dim=4)),
    (ab.LipschitzBall(dim=3, radius="1/2"), ab.BoundedLinear(norm=2, input_dim=3)),
    (ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(6,), input_dim=2)),
]


@pytest.mark.parametrize(("F", "G"), CASES, ids=str)
@pytest.mark.parametrize("p", [1, 2, "7/2"])
def test_t2b_and_t3fat_are_certified(F, G, p):
    bounds = {bound.theorem.id: bound for bound in ab.lower_bounds(F, G, p=p)}
    assert {"T2b", "T3fat"} <= set(bounds)
    sup = ab.lower_bound(F, G, p=INF).value
    for name in ("T2b", "T3fat"):
        bound = bounds[name]
        assert 0 < bound.value <= sup
        assert ab.verify(bound.certificate.to_json())
        assert bound.value == pytest.approx(float(bound.theorem.evaluate(FLOAT, bound.query, bound.witness)), rel=1e-9)
        assert "AlonBenDavidCesaBianchiHaussler1997" in bound.bibtex()
        assert f"D={bound.witness['fat']}" in bound.explain()
    if G.bounded_growth:  # the pseudo-dimension knows more than the fat-shattering dimension
        assert bounds["T3fat"].value <= bounds["T3"].value
        assert bounds["T2b"].value <= bounds["T2a"].value


@pytest.mark.parametrize(("F", "G"), CASES, ids=str)
def test_unsafe_witnesses_are_rejected(F, G):
    """Every number of the witness that may not be smaller (or larger) than it is, one by one."""
    for bound in ab.lower_bounds(F, G, p=2):
        if bound.theorem.id not in {"T2b", "T3fat"}:
            continue
        data = bound.certificate.to_dict()
        less = ["levels", "points"] + (["exponent"] if bound.witness["fat"] else [])
        less += ["fat"] if bound.witness["fat"] else []
        for name in less:
            if name in bound.witness:
                near = 1 if name != "fat" else 1 + bound.witness["fat"] // 10**5  # T2b rounds its scale
                for smaller in {bound.witness[name] - near, bound.witness[name] // 2}:
                    mutant = data | {"witness": data["witness"] | {name: smaller}}
                    verdict = ab.verify(mutant)
                    assert not verdict, (bound.theorem.id, name, verdict.reason)
        if "bits" in bound.witness:
            assert not ab.verify(data | {"witness": data["witness"] | {"bits": 2 * bound.witness["bits"] + 2}})


def test_members_have_more_to_spare_than_rounding_takes_away():
    """At tau = 5/8 of the distance 2/tau' is 16 here: tau rounded down makes B = 16 of 15."""
    F = ab.HolderBall(smoothness="1/2", dim=1)
    values = []
    for constant in (1, 2):
        G = ab.LipschitzFunctions(constant=constant, input_dim=1)
        values += [bound.value for bound in ab.lower_bounds(F, G, p=2) if bound.theorem.id == "T2b"]
    assert len(values) == 2 and values[0] > values[1] > 0


def test_members_with_fewer_cells_than_the_scale_needs_are_refused():
    F, G = ab.HolderBall(smoothness="1/2", dim=1), ab.LipschitzFunctions(constant=100, input_dim=1)
    bound = ab.lower_bound(F, G, p=INF)
    data = bound.certificate.to_dict()
    verdict = ab.verify(data | {"witness": data["witness"] | {"k": 5}})
    assert not verdict and "scale" in verdict.reason


# ------------------------------------------------------------------------------------------------------------- rates


def by_scale(F, G, p):
    """The best bound from the fat-shattering dimension; that networks are homogeneous gives more, for all sizes."""
    return max(bound.value for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id in {"T3fat", "T3fat-inf"})


def slope(F, networks, sizes, p, correction=lambda x: 1.0):
    values = [by_scale(F, G, p) * correction(x) for G, x in zip(networks, sizes, strict=True)]
    return np.polyfit(np.log(sizes), np.log(values), 1)[0]


@pytest.mark.parametrize(("s", "dim"), [("1/2", 1), ("1/2", 2), ("1/4", 3)])
def test_lipschitz_rates_in_sup_norm(s, dim):
    """Lambda^{-s/(1-s)}, the order of the error of McShane's envelope."""
    sizes = 10.0 ** np.arange(1, 5)
    networks = [ab.LipschitzFunctions(constant=int(x), input_dim=dim) for x in sizes]
    F = ab.HolderBall(smoothness=s, dim=dim)
    exponent = -float(Fraction(s) / (1 - Fraction(s)))
    assert slope(F, networks, sizes, INF) == pytest.approx(exponent, rel=0.03)
    rate = ab.lower_bound(F, networks[0], p=INF).rate
    assert float(sympy.log(rate.subs(dict.fromkeys(rate.free_symbols, 10)), 10)) == pytest.approx(exponent)


@pytest.mark.parametrize(
    ("F", "p"), [(ab.LipschitzBall(dim=4), INF), (ab.LipschitzBall(dim=8), INF), (ab.LipschitzBall(dim=8), 2)]
)
def test_norm_bounded_rates(F, p):
    """M^{-2/(a-2)} for the product M of the norms, times (log M)^{-2/(a-2)} if p < inf, a the entropy exponent."""
    sizes = 10.0 ** np.arange(1, 5)
    networks = [ab.NormBoundedNetwork(norms=(int(x), 1), input_dim=F.dim) for x in sizes]
    power = 2 / (float(F.entropy_exponent(p)) - 2)
    correction = (lambda x: 1.0) if p == INF else (lambda x: math.log(x * x) ** power)
    assert slope(F, networks, sizes, p, correction) == pytest.approx(-power, rel=0.03 if p == INF else 0.25)


def test_no_rate_where_the_dimension_grows_like_the_entropy():
    results = ab.lower_bounds(ab.LipschitzBall(dim=1), LIPSCHITZ, p=2)
    assert not results.bounds  # F is contained in G
    assert "not above 1" in next(r.reason for r in results.refusals if r.theorem == "T1")


def test_methods_name_the_scale_in_floats_and_balls():
    for G in (LIPSCHITZ, ab.NormBoundedNetwork(norms=(1, 2), input_dim=2), ab.BoundedLinear(norm=1, input_dim=2)):
        sizes = [2, 3, 4, 5, 9, 10, 26, 1000]
        floats = least_scale(FLOAT, G, np.array(sizes, float))
        assert floats == pytest.approx([scale_of(G, m) for m in sizes], rel=1e-12)
        for gamma in (Fraction(1, 3), Fraction(2, 7)):
            assert fat_upper(G, gamma) == G.fat_shattering(gamma).value
    assert {method.id for method in METHODS} == {"fat-rademacher", "fat-lipschitz", "fat-pdim"}
    assert FatHypercubeTheorem() == FatHypercubeTheorem()


def test_symbols_in_norms_widths_and_dimension():
    """Whatever is symbolic: rates and closed forms that can be written down, or a refusal with a reason."""
    C, W, d = sympy.symbols("C W d", positive=True)
    networks = [
        (2, ab.NormBoundedNetwork(norms=(C, 2), input_dim=2)),
        (2, ab.NormBoundedNetwork(norms=(C, 2), input_dim=2, widths=(W,))),
        (d, ab.NormBoundedNetwork(norms=(C, 2), input_dim=d)),
        (d, ab.NormBoundedNetwork(norms=(3, 2), input_dim=d, widths=(4,))),
        (d, ab.LipschitzFunctions(constant=C, input_dim=d)),
        (d, ab.BoundedLinear(norm=C, input_dim=d)),
    ]
    for dim, G in networks:
        for F in (ab.LipschitzBall(dim=dim), ab.MonotoneFunctions(dim=dim)):
            for p in (1, 2, INF):
                for bound in ab.lower_bounds(F, G, p=p):
                    assert bound.explain() and bound.bibtex() and bound._repr_latex_() and str(bound)
            assert len(ab.compare(F, G, [2, INF])) == 2
