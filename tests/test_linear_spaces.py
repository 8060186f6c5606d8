"""Tlin against all sign vectors and exact distances from random spaces, and against functions on fine grids."""

import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
from scipy.optimize import linprog, minimize

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.errors import HypothesisError
from approxbounds.testing import check_lower_bound, check_monotone, check_monotone_in_p
from approxbounds.theorem import Query
from approxbounds.transfer.linear_spaces import LinearSpaceTheorem
from approxbounds.transfer.weighted_linear import WeightedLinearTheorem

TLIN, TLIN_W = LinearSpaceTheorem(), WeightedLinearTheorem()


def distance(a, basis, offset, p):
    """inf of |a - offset - y|_p over the span of the rows of ``basis``: linear algebra, programming or descent."""
    target, (rank, size) = a - offset, basis.shape
    least = target - basis.T @ np.linalg.lstsq(basis.T, target, rcond=None)[0]
    if p == 2:
        return float(np.linalg.norm(least))
    if p == 1:  # minimise the sum of e >= |target - y|
        rows = np.block([[basis.T, -np.eye(size)], [-basis.T, -np.eye(size)]])
        limits = [(None, None)] * rank + [(0, None)] * size
        costs = [0] * rank + [1] * size
        return float(linprog(costs, A_ub=rows, b_ub=np.concatenate([target, -target]), bounds=limits).fun)
    found = minimize(lambda c: (np.abs(target - c @ basis) ** p).sum(), np.linalg.lstsq(basis.T, target, rcond=None)[0])
    return float(found.fun) ** (1 / p)


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize("kind", ["random", "coordinates", "integers"])
def test_some_sign_vector_is_far_from_every_affine_space(kind, p):
    """The lemma: max over signs of the l_p distance is at least (N - D)^{1/p}; D unit vectors attain it."""
    rng, smallest = np.random.default_rng(5), math.inf
    for N, D in [(2, 1), (3, 1), (4, 2), (4, 3), (5, 2), (6, 3), (6, 5)]:
        basis = {
            "random": rng.normal(size=(D, N)),
            "coordinates": np.eye(N)[:D],
            "integers": rng.integers(-1, 2, (D, N)).astype(float),
        }[kind]
        for offset in (np.zeros(N), rng.normal(size=N)):
            signs = 2.0 * oracles.all_signs(N)[: 60 if p == 4 else None] - 1
            if p == 4 and offset.any():
                continue  # a part of the signs is enough for linear spaces only: half of them, by symmetry
            farthest = max(distance(a, basis, offset, p) for a in signs)
            smallest = min(smallest, farthest / (N - D) ** (1 / p))
    assert smallest >= 1 - 1e-6
    assert kind != "coordinates" or smallest == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize("kind", ["random", "largest", "integers"])
def test_some_sign_vector_is_far_in_a_weighted_norm(kind, p):
    """Tlin-w's lemma: max over signs of dist^p is at least the sum of the N - D smallest weights, as it may be."""
    rng, smallest = np.random.default_rng(7), math.inf
    for N, D in [(2, 1), (3, 1), (4, 2), (5, 2), (5, 4), (6, 3)]:
        weights = np.sort(rng.pareto(1.0, N) + 0.01)
        basis = {
            "random": rng.normal(size=(D, N)),
            "largest": np.eye(N)[N - D :],
            "integers": rng.integers(-1, 2, (D, N)).astype(float),
        }[kind]
        for offset in (np.zeros(N), rng.normal(size=N)):
            if p == 4 and (offset.any() or N > 5):
                continue
            scale = weights ** (1 / p)
            signs = (2.0 * oracles.all_signs(N) - 1)[: None if offset.any() else 2 ** (N - 1)]
            farthest = max(distance(a * scale, basis * scale, offset * scale, p) for a in signs)
            smallest = min(smallest, farthest**p / weights[: N - D].sum())
    assert smallest >= 1 - 1e-5
    assert kind != "largest" or smallest == pytest.approx(1, rel=1e-5)


def on_sample(rng, kind, p, dimension, m):
    """Tlin-w's query for Lipschitz or monotone functions at weighted points of the plane."""
    X, weights = rng.random((m, 2)), rng.pareto(1.0, m) + 0.05
    F = ab.under(kind(dim=2), ab.Empirical(points=X, weights=weights))
    return Query(functions=F, network=ab.LinearSpace(dimension=dimension, input_dim=2), p=p)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("kind", [ab.LipschitzBall, ab.MonotoneFunctions])
def test_no_space_fits_all_functions_on_a_sample(kind, p):
    """Every weighted member, all signs, exact distances from spaces: random, affine functions, some of the cells."""
    rng, tight = np.random.default_rng(8), 0.0
    for dimension in (1, 3, 5) if p == 2 else (2,):
        query = on_sample(rng, kind, p, dimension, 7 if p == 2 else 5)
        sample = query.F.measure.sample
        mass = (np.array(sample.weights) / float(sample.total)) ** (1 / p)
        places = sample.places.values
        for family in query.F.weighted_families:
            for index in list(family.members())[::2]:
                N = family.cells(index)
                masses, counts = family.masses(BALL, index, p)
                ordered = sorted((a for a, n in zip(masses, counts, strict=True) for _ in range(n)), key=float)
                if dimension >= N or not float(ordered[-dimension]) > 0:
                    continue
                exact = sum(map(float, ordered[: N - dimension])) / 2
                levels = [Fraction(float(ordered[-dimension])), Fraction(1, 500), Fraction(10)]
                for level in levels:
                    witness = {**family.witness(index), "level": level}
                    try:
                        bound = float(TLIN_W.evaluate(BALL, query, witness)) ** p
                    except HypothesisError:
                        assert level != levels[0] or exact < 1e-12
                        continue
                    assert bound <= exact * (1 + 1e-9)
                    assert level != levels[0] or bound >= exact * (1 - 1e-9)
                targets = np.array([family.evaluate(index, omega, places) for omega in oracles.all_signs(N)]) * mass
                affine = np.stack([np.ones(len(places)), *places.T, *(places**2).T])[:dimension] * mass
                one_by_one = targets[[2 ** (N - 1 - i) for i in range(dimension)]] - targets[0]
                for basis in (rng.normal(size=(dimension, len(places))), affine, one_by_one):
                    for offset in (0 * mass, targets.mean(axis=0)):
                        far = max(distance(f, basis, offset, p) for f in targets) ** p
                        assert far >= exact * (1 - 1e-6)
                        tight = max(tight, exact / far)
    assert tight > 0.3


@pytest.mark.parametrize("mu", [ab.Normal(dim=1), ab.Exponential(rate=3)], ids=str)
@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=1), ab.MonotoneFunctions(dim=1)], ids=str)
def test_no_space_comes_closer_under_a_product_measure(F, mu):
    """Equal cells under mu, at 400 quantiles: the norms are those of L^2(mu)."""
    U, rng = ab.under(F, mu), np.random.default_rng(9)
    family = U.families[0]
    member = family.coarsest(6)
    N, u = family.cells(member), (np.arange(400) + 0.5) / 400
    law = mu.laws[0]
    x = np.array([np.interp(u, law.cdf(grid), grid) for grid in [np.linspace(-9, 9, 40_001)]]).T
    targets = np.array([family.evaluate(member, omega, x) for omega in oracles.all_signs(N)])
    for D in (1, 4):
        query = Query(functions=U, network=ab.LinearSpace(dimension=D, input_dim=1), p=2)
        bound = float(TLIN.evaluate(FLOAT, query, {**family.witness(member)}))
        for basis in (rng.normal(size=(D, 400)), x.T ** np.arange(D)[:, None], targets[[2**i for i in range(D)]]):
            far = max(distance(f, basis, np.zeros(400), 2) for f in targets) / 20
            assert far >= bound * (1 - 1e-3)


def test_unequal_masses_beat_equal_ones_for_many_dimensions():
    """Under a normal law; on a sample; the search takes the best level of its member."""
    normal = ab.under(ab.LipschitzBall(dim=2), ab.Normal(dim=2))
    found = {b.theorem.id: b for b in ab.lower_bounds(normal, ab.LinearSpace(dimension=1000, input_dim=2), p=2)}
    assert found["Tlin-w"].value > 0.0093 > 1.1 * found["Tlin"].value > 2 * found["T3w"].value
    best = found["Tlin-w"]
    for share in (Fraction(9, 10), Fraction(11, 10)):
        other = {**best.witness, "level": best.witness["level"] * share}
        assert float(TLIN_W.evaluate(FLOAT, best.query, other)) <= best.value * (1 + 1e-3)
    query = on_sample(np.random.default_rng(0), ab.LipschitzBall, 2, 7, 7)
    with pytest.raises(HypothesisError, match="more than D=7 cells"):
        TLIN_W.search(query)
    with pytest.raises(HypothesisError, match="level"):
        TLIN_W.evaluate(BALL, query, {"family": "sample-points", "level": Fraction(0)})
    assert "p = inf" in TLIN_W.refusal(on_sample(np.random.default_rng(0), ab.LipschitzBall, math.inf, 9, 7))
    assert "T3 has equal ones" in TLIN_W.refusal(
        Query(functions=ab.LipschitzBall(dim=1), network=ab.LinearSpace(dimension=5), p=2)
    )


@pytest.mark.parametrize(
    ("F", "index", "p"),
    [
        (ab.ConvexFunctions(dim=1), {"k": 6}, 2),
        (ab.ConvexFunctions(dim=1), {"k": 4}, 1),
        (ab.MonotoneFunctions(dim=1), {"k": 4}, 1),
        (ab.MonotoneFunctions(dim=2), {"k": 3, "layers": 2}, 2),
        (ab.HolderBall(smoothness=2, dim=1), {"k": 4}, 1),
        (ab.LipschitzBall(dim=2), {"k": 2}, 2),
    ],
    ids=str,
)
def test_no_space_comes_closer_to_all_members_of_a_family(F, index, p):
    """Members with any centres, on a grid: random spaces, and spaces that contain the centre and some of the cells."""
    family, rng = F.families[-1], np.random.default_rng(6)
    member = family.member({"family": family.id} | index)
    N = family.cells(member)
    x = oracles.midpoints((16 if p == 1 else 120) if F.dim == 1 else 12, F.dim)
    targets = np.array([family.evaluate(member, omega, x) for omega in oracles.all_signs(N)])
    norm = (np.abs(targets[-1] - targets[0]) ** p).mean() ** (1 / p) / 2  # of w, on the grid
    for D in (1, 2, N - 1):
        bound = norm * (1 - D / N) ** (1 / p)
        cells = targets[[2 ** (N - 1 - i) for i in range(D)]] - targets[0]
        for basis in (rng.normal(size=(D, len(x))), np.cos(np.outer(np.arange(D), 3 * x[:, 0] + x[:, -1])), cells):
            for offset in (np.zeros(len(x)), targets.mean(axis=0)):
                far = max(distance(f, basis, offset, p) / len(x) ** (1 / p) for f in targets)
                assert far >= bound * (1 - 1e-6)


def value(F, G, p):
    (bound,) = (bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == "Tlin")
    assert ab.verify(bound.certificate)
    return bound.value


@pytest.mark.parametrize(
    ("F", "dimension", "p", "least"),
    [
        (ab.HolderBall(smoothness=2, dim=1), 32, 2, 1.08e-5),
        (ab.HolderBall(smoothness=2, dim=1), 32, 1, 4.5e-6),
        (ab.LipschitzBall(dim=1), 32, 1, 0.25 / 128),  # ||w||_1 = 1/(4k) at k = 2D, (1 - 1/2) of it
        (ab.LipschitzBall(dim=2), 32, 2, 0.018),
    ],
)
def test_values_that_were_worked_out_by_hand(F, dimension, p, least):
    assert least * (1 - 1e-12) <= value(F, ab.LinearSpace(dimension=dimension), p) <= 1.1 * least


@pytest.mark.parametrize("p", [1, 2, 7])
@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=1), ab.HolderBall(smoothness="1/2", dim=2)], ids=str)
def test_the_search_finds_the_best_number_of_cells(F, p):
    """N = (1 + a/p) D, a = d/s, up to the grid of resolutions and the integers."""
    D = 1200
    (bound,) = (b for b in ab.lower_bounds(F, ab.LinearSpace(dimension=D), p=p) if b.theorem.id == "Tlin")
    a = float(F.entropy_exponent(p))
    assert bound.witness["k"] ** F.dim == pytest.approx((1 + a / p) * D, rel=0.07)
    around = range(int(bound.witness["k"] * 0.9), int(bound.witness["k"] * 1.1))
    witnesses = (bound.witness | {"k": k} for k in around if k**F.dim > D)
    assert bound.value >= (1 - 1e-4) * max(float(TLIN.evaluate(FLOAT, bound.query, each)) for each in witnesses)
    assert bound.value / 1.5 <= float(bound.expression) <= bound.value


def test_it_is_stronger_than_the_theorem_on_patterns():
    for F in (ab.LipschitzBall(dim=2), ab.MonotoneFunctions(dim=1), ab.ConvexFunctions(dim=2)):
        for G in (ab.LinearSpace(dimension=50), ab.PiecewisePolynomials(cells=20, degree=1, input_dim=F.dim)):
            for p in (1, 2, 5):
                best = ab.lower_bound(F, G, p=p)
                assert best.theorem.id == "Tlin" and best.value == value(F, G, p)


@pytest.mark.parametrize("p", [1, "3/2", 2, 9])
@pytest.mark.parametrize(
    "F",
    [ab.LipschitzBall(dim=2, radius=3), ab.MonotoneFunctions(dim=2), ab.AnisotropicHolderBall(smoothness=(1, "1/2"))],
    ids=str,
)
@pytest.mark.parametrize(
    "G",
    [
        ab.LinearSpace(dimension=7),
        ab.PiecewisePolynomials(cells=9, degree=0, input_dim=2),
        ab.BoundedLinear(norm=2, input_dim=2),
    ],
    ids=str,
)
def test_it_is_a_lower_bound(F, G, p):
    check_lower_bound(TLIN, F, G, p)
    check_monotone(TLIN, F, G, p)
    check_monotone_in_p(TLIN, F, G, p)


def test_what_it_does_not_cover():
    F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=5)
    assert "T3inf" in TLIN.refusal(Query(functions=F, network=G, p=math.inf))
    assert "finite dimension" in TLIN.refusal(Query(functions=F, network=ab.FreeKnotSplines(knots=5, degree=1), p=2))
    entropy = ab.EntropyClass(exponent=1, norm=1)
    assert "entropy" in TLIN.refusal(Query(functions=entropy, network=G, p=2))
    with pytest.raises(HypothesisError, match="N=5 must be greater than the dimension D=5"):
        TLIN.evaluate(BALL, Query(functions=F, network=G, p=2), {"family": "distance-cubes", "k": 5})
