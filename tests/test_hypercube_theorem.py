"""T3, T3inf and T2 against exhaustive enumeration of all targets f_omega and exact best approximations."""

import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
from scipy.optimize import linprog

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.errors import HypothesisError
from approxbounds.facts.hypercube import member_of
from approxbounds.theorem import Query
from approxbounds.transfer.hamming import best_distance, hamming_mass, log2_delta
from approxbounds.transfer.haussler import log2_haussler
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.transfer.packing_transfer import PackingTransfer
from approxbounds.transfer.sup_norm import SupNormTheorem

# ------------------------------------------------------------------- the inequality itself, with the true pattern count


def some_values(rng: np.random.Generator, kind: str, cells: int, nodes: int) -> np.ndarray:
    """Values g - c of a class G on ``cells`` cells with ``nodes`` nodes each, shape (|G|, N, T)."""
    if kind == "random":
        return rng.normal(size=(rng.integers(1, 12), cells, nodes)) * rng.choice([0.3, 1, 3])
    if kind == "constants":
        return np.broadcast_to(np.linspace(-1, 1, 21)[:, None, None], (21, cells, nodes))
    if kind == "steps":  # a Heaviside unit on the cells, minus centres
        centres = rng.normal(size=(cells, nodes))
        below = np.tri(cells + 1, cells, -1)  # row i: the first i cells
        tables = [a * below + b * (1 - below) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        return np.concatenate(tables)[:, :, None] - centres
    if kind == "corners":  # many of the targets themselves
        signs = oracles.all_signs(cells)[rng.random(2**cells) < 0.1]
        return np.broadcast_to((2.0 * signs - 1)[:, :, None], (len(signs), cells, nodes))
    basis = rng.normal(size=(2, cells, nodes))  # a plane of functions, finely sampled
    return np.einsum("ga,ant->gnt", rng.normal(size=(300, 2)), basis)


@pytest.mark.parametrize("p", [1, 2, 3, 1.5, 8])
@pytest.mark.parametrize("kind", ["random", "constants", "steps", "corners", "plane"])
def test_hypercube_theorem_by_enumeration(p, kind):
    rng = np.random.default_rng(1)
    for cells, nodes in [(1, 1), (2, 3), (4, 1), (6, 2), (8, 3), (10, 1)]:
        values = some_values(rng, kind, cells, nodes)
        if not len(values):
            continue
        width = rng.choice([0.2, 1.0, 2.5]) * (1 + rng.random(nodes))
        patterns = max(oracles.pattern_count(values[:, :, t], width[t]) for t in range(nodes))
        mass = oracles.hypercube_mass(cells, patterns)
        integral = float(np.mean(width**p)) / cells  # I_p, cells of measure 1/N
        errors = oracles.errors_by_omega(values, width, p)
        assert errors.mean() >= 2 * integral * float(mass) * (1 - 1e-12)
        for h in range(1, cells + 1):
            delta = Fraction(patterns * oracles.binomial_sum(cells, h - 1), 2**cells)
            for theta in (Fraction(1, 10), Fraction(1, 2), Fraction(1)):
                share = np.mean(errors >= float(2 * (1 - theta) * h) * integral * (1 - 1e-12))
                assert share >= 1 - delta / theta - Fraction(1, 10**9)


@pytest.mark.parametrize("p", [1, 2, 5])
def test_all_classes_of_three_valued_functions_on_two_cells(p):
    """All 511 non-empty sets of vectors g - c in {-w, 0, w}^2: equality is met, never passed."""
    vectors = np.array([[a, b] for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)])
    ratios = []
    for members in oracles.all_signs(9)[1:]:
        values = vectors[members.astype(bool)]
        mass = oracles.hypercube_mass(2, oracles.pattern_count(values, 1.0))
        mean = oracles.errors_by_omega(values[:, :, None], np.ones(1), p).mean()
        assert mean >= float(mass) * (1 - 1e-12)  # 2 I_p S with I_p = 1/2
        ratios.append(mean / float(mass) if mass else np.inf)
    assert min(ratios) == pytest.approx(1)


def test_equality_for_one_cell_and_one_function():
    for p in (1, 2, 3):
        errors = oracles.errors_by_omega(np.zeros((1, 1, 4)), np.array([0.1, 0.5, 1, 2]), p)
        assert errors.mean() == pytest.approx(2 * np.mean(np.array([0.1, 0.5, 1, 2]) ** p) * float(Fraction(1, 2)))
        assert oracles.hypercube_mass(1, 1) == Fraction(1, 2)
        case = ab.average_case(ab.LipschitzBall(dim=1), ab.FiniteClass(size=1), p=p, member={"k": 1})
        exact = np.mean((0.5 * 2 * np.minimum(x := (np.arange(10**5) + 0.5) / 10**5, 1 - x)) ** p)  # w = dist
        assert case.mean == pytest.approx(exact, rel=1e-6)


# -------------------------------------------------------------------------------------------------- hamming_mass


def test_hamming_mass_is_below_the_exact_mass():
    for cells in range(1, 25):
        counts = {1, 2, 3, 7, 100, *(2**i for i in range(cells + 2)), oracles.binomial_sum(cells, 2)}
        for patterns in counts:
            exact = oracles.hypercube_mass(cells, patterns)
            growth = math.log2(patterns)
            for h in range(1, cells // 2 + 2):
                if 2 * (h - 1) < cells:
                    assert float(hamming_mass(FLOAT, float(cells), growth, float(h))) <= float(exact) + 1e-9 * cells
                    with precision(100):
                        ball = hamming_mass(BALL, cells, BALL.log2_integer(patterns), h)
                        assert oracles.ends(ball)[0] <= exact, (cells, patterns, h)
                        delta = Fraction(patterns * oracles.binomial_sum(cells, h - 1), 2**cells)
                        assert oracles.ends(log2_delta(BALL, cells, BALL.log2_integer(patterns), h))[1] >= (
                            oracles.log2_exact(delta)
                        )


def test_best_distance_loses_little():
    for cells in (8, 12, 16, 20, 24):
        for patterns in (1, 2, cells, cells**2):
            h, mass = best_distance(np.array([float(cells)]), np.array([math.log2(patterns)]))
            exact = float(oracles.hypercube_mass(cells, patterns))
            assert float(mass[0]) <= exact + 1e-9
            assert float(mass[0]) >= 0.6 * exact - 0.6
            assert 2 * (h[0] - 1) < cells


# ------------------------------------------------------------------------------- the library's numbers, exact errors


def targets(F, k: int, omegas: np.ndarray, per_cell: int) -> tuple[np.ndarray, np.ndarray]:
    """f_omega on a midpoint grid that resolves the cells, as rows; and the grid."""
    fam = F.families[0]
    x = oracles.midpoints(k * per_cell, 1)
    index = {"k": k, "layers": k}
    return np.array([fam.evaluate(index, omega, x) for omega in omegas]), x[:, 0]


def bases(x: np.ndarray, dimension: int, k: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    cell = np.minimum((x * k).astype(int), k - 1)
    bump = np.minimum(x * k - cell, 1 - (x * k - cell))
    return {
        "polynomials": np.array([x**i for i in range(dimension)]),
        "cosines": np.array([np.cos(np.pi * i * x) for i in range(dimension)]),
        "cells": np.array([(cell == i) * bump for i in range(dimension)]),  # exact on some cells
        "sign vectors": np.array([rng.choice([-1, 1], k)[cell] * bump for _ in range(dimension)]),
    }


@pytest.mark.parametrize(("F", "per_cell"), [(ab.LipschitzBall(dim=1), 16), (ab.MonotoneFunctions(dim=1), 2)])
@pytest.mark.parametrize(("dimension", "k"), [(1, 4), (1, 12), (2, 12), (3, 13)])
def test_mean_error_of_linear_spaces_in_l2(F, per_cell, dimension, k):
    f, x = targets(F, k, oracles.all_signs(k), per_cell)
    case = ab.average_case(F, ab.LinearSpace(dimension=dimension), p=2, member={"k": k})
    claimed = case.mean
    assert claimed > 0 and case.cells == k
    for name, basis in bases(x, dimension, k).items():
        errors = oracles.projection_errors(f, basis)
        assert errors.mean() >= claimed * 0.99, name  # 1 per cent for the quadrature
        for theta, confidence in [("1/2", "1/2"), ("1/10", "1/10"), ("9/10", "9/10")]:
            try:
                z = case.high_probability(theta, confidence=confidence)
            except ab.NotApplicableError:
                continue
            assert (errors >= z * 0.99).mean() >= float(Fraction(confidence)), name


@pytest.mark.parametrize(("theta", "confidence"), [("1/2", "3/4"), ("1/100", "1/2"), ("3/10", "9999/10000")])
def test_high_probability_is_the_formula_with_the_largest_distance(theta, confidence):
    case = ab.average_case(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=1), p=2, member={"k": 24})
    integral = float(case.family.norm(FLOAT, {"k": 24}, 2)) ** 2 / 24
    theta, level = Fraction(theta), Fraction(confidence)
    z = case.high_probability(theta, confidence=level)
    h = round(z / (2 * float(1 - theta) * integral))
    assert z == pytest.approx(2 * float(1 - theta) * h * integral, rel=1e-12)

    def share(h: int) -> Fraction:
        return Fraction(oracles.binomial_sum(24, 1) * oracles.binomial_sum(24, h - 1), 2**24) / theta

    assert 1 <= h <= case.h
    assert share(h) <= 1 - level
    assert h == case.h or 2 * share(h + 1) > 1 - level  # the closed form of V costs less than a factor 2 here


def test_high_probability_refuses_what_it_cannot_promise():
    case = ab.average_case(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=1), p=2, member={"k": 24})
    with pytest.raises(ab.NotApplicableError):
        case.high_probability("1/1000000000", confidence="999999/1000000")
    assert case.high_probability(1, confidence="1/2") == 0
    for bad in (0, 2, -1):
        with pytest.raises(ab.ParameterError):
            case.high_probability(bad, confidence="1/2")
        with pytest.raises(ab.ParameterError):
            case.high_probability("1/2", confidence=bad)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize(("size", "k"), [(1, 3), (4, 8), (60, 10)])
def test_mean_error_of_finite_classes(p, size, k):
    F = ab.LipschitzBall(dim=1)
    case = ab.average_case(F, ab.FiniteClass(size=size), p=p, member={"k": k})
    f, x = targets(F, k, oracles.all_signs(k), 12)
    rng = np.random.default_rng(5)
    own = f[rng.integers(0, len(f), size)]
    for g in (own, own / 2, rng.normal(size=(size, len(x)))):
        errors = np.min([(np.abs(f - row) ** p).mean(axis=1) for row in g], axis=0)
        assert errors.mean() >= case.mean * 0.99


@pytest.mark.parametrize(("F", "per_cell"), [(ab.LipschitzBall(dim=1), 8), (ab.MonotoneFunctions(dim=1), 2)])
@pytest.mark.parametrize(("width", "k"), [(1, 8), (1, 16), (2, 20), (4, 30)])
def test_mean_error_of_heaviside_networks(F, per_cell, width, k):
    """Best step functions by dynamic programming, for a sample of targets (a Monte Carlo mean)."""
    omegas = np.random.default_rng(6).integers(0, 2, (40, k))
    f, _ = targets(F, k, omegas, per_cell)
    case = ab.average_case(F, ab.HeavisideNetwork(widths=(width,), input_dim=1), p=2, member={"k": k})
    errors = np.array([oracles.step_function_error(row, width) for row in f])
    assert case.mean > 0
    assert errors.mean() + 3 * errors.std() / np.sqrt(len(errors)) >= case.mean * 0.99
    if isinstance(F, ab.LipschitzBall):  # centres are 0: and the bound is not absurdly far
        assert errors.mean() < 60 * case.mean


def test_evaluate_refuses_witnesses_outside_the_hypotheses():
    query = Query(functions=ab.LipschitzBall(dim=1), network=ab.LinearSpace(dimension=3), p=2)
    theorem = HypercubeTheorem()
    good = {"family": "distance-cubes", "k": 40, "h": 4}
    assert theorem.evaluate(BALL, query, good) > 0
    sizes = [{"h": h} for h in (0, 22, -1, 20, Fraction(4), True)]
    for bad in (*sizes, {"k": 3}, {"k": 0}, {"family": "bump-cubes"}):
        with pytest.raises(HypothesisError):
            theorem.evaluate(BALL, query, good | bad)


# ------------------------------------------------------------------------------------------------------- sup norm


def test_sup_norm_theorem_by_enumeration():
    rng = np.random.default_rng(7)
    applied = 0
    for _ in range(300):
        cells = int(rng.integers(1, 6))
        values = rng.normal(size=(rng.integers(1, 2 ** (cells + 1)), cells)) * rng.choice([0.5, 1, 2])
        if oracles.distinct_rows(values > 0) < 2**cells:
            omega = 2.0 * oracles.all_signs(cells) - 1
            errors = np.abs(omega[:, None, :] - values).max(axis=2).min(axis=1)
            assert errors.max() >= 1
            applied += 1
    assert applied > 100


@pytest.mark.parametrize(
    ("dimension", "F"),
    [(1, ab.LipschitzBall(dim=1)), (3, ab.LipschitzBall(dim=1)), (4, ab.HolderBall(smoothness="3/2", dim=1))],
)
def test_sup_norm_error_of_polynomials(dimension, F):
    """Best uniform approximation by linear programming: some f_omega is at least as far as claimed."""
    bounds = ab.lower_bounds(F, ab.LinearSpace(dimension=dimension), p="inf")
    bound = next(bound for bound in bounds if bound.theorem.id == SupNormTheorem.id)
    member, index, cells = member_of(F.families, bound.witness)
    assert cells == dimension + 1
    x = np.array([0.0, *oracles.midpoints(33 * cells, 1)[:, 0], 1.0])
    f = np.array([member.evaluate(index, np.asarray(omega), x[:, None]) for omega in oracles.all_signs(cells)])
    ones, worst = np.ones((len(x), 1)), 0.0
    basis = np.array([x**i for i in range(dimension)]).T
    for row in f:
        left = np.vstack([np.hstack([basis, -ones]), np.hstack([-basis, -ones])])
        cost = [0.0] * dimension + [1.0]
        worst = max(worst, linprog(cost, A_ub=left, b_ub=np.concatenate([row, -row]), bounds=(None, None)).fun)
    assert worst >= bound.value * (1 - 1e-6)


def test_sup_norm_needs_a_set_that_is_not_shattered():
    query = Query(functions=ab.LipschitzBall(dim=1), network=ab.LinearSpace(dimension=5), p=math.inf)
    with precision(128):
        assert SupNormTheorem().evaluate(BALL, query, {"family": "distance-cubes", "k": 6}) > 0
        for k in (1, 4, 5):  # five points are shattered
            with pytest.raises(HypothesisError):
                SupNormTheorem().evaluate(BALL, query, {"family": "distance-cubes", "k": k})


# ------------------------------------------------------------------------------------------------ packing transfer


def vc_classes(n: int) -> dict[str, tuple[int, np.ndarray]]:
    """Classes of 0-1 functions on n points, as rows, with their VC dimension."""
    x = np.arange(n)
    intervals = [(x >= a) & (x < b) for a in range(n + 1) for b in range(a, n + 1)]
    two = [u | v for u in intervals for v in intervals]
    return {
        "constant": (0, np.zeros((1, n), int)),
        "thresholds": (1, np.array([x >= a for a in range(n + 1)], int)),
        "intervals": (2, np.array(intervals, int)),
        "two intervals": (4, np.unique(np.array(two, int), axis=0)),
    }


@pytest.mark.parametrize("n", [12, 24])
def test_haussler_against_greedy_packings(n):
    rng = np.random.default_rng(8)
    for name, (dimension, rows) in vc_classes(n).items():
        rows = rows[rng.permutation(len(rows))][:3000]
        for distance in (1, 2, 3, n // 4, n // 2, n):
            packed = oracles.greedy_packing(rows, distance)
            for p in (1, 2, 3):
                tau = (distance / n) ** (1 / p)  # 0-1 functions: ||g - g'||_p^p = distance / n
                allowed = float(log2_haussler(FLOAT, dimension, 1.0, tau, p))
                assert math.log2(packed) <= allowed, (name, distance, p)


def test_packing_transfer_implication_on_finite_sets():
    """If F packs more at 2 eps + tau than G does at tau, some f is at least eps away from G."""
    rng = np.random.default_rng(9)
    used = 0
    for _ in range(200):
        f, g = rng.random((rng.integers(2, 9), 3)), rng.random((rng.integers(1, 7), 3))
        error = np.abs(f[:, None] - g).max(axis=2).min(axis=1).max()
        for eps in (0.02, 0.1, 0.3):
            for tau in (0.01, 0.1, 0.4):
                packed = np.abs(f[:, None] - f).max(axis=2)[np.triu_indices(len(f), 1)].min() >= 2 * eps + tau
                if packed and len(f) > len(g):
                    used += 1
                    assert error >= eps
    assert used > 20


@pytest.mark.parametrize("dimension", [1, 2])
def test_packing_transfer_is_below_the_exact_error_of_linear_spaces(dimension):
    F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=dimension)
    query = Query(functions=F, network=G, p=2)
    theorem = PackingTransfer()
    witness = theorem.search(query)
    with precision(128):
        claimed = theorem.evaluate(BALL, query, witness)
    k = witness["k"]
    f, x = targets(F, k, np.random.default_rng(10).integers(0, 2, (50, k)), 12)
    assert claimed > 0
    for name, basis in bases(x, dimension, k).items():
        assert math.sqrt(oracles.projection_errors(f, basis).max()) * 1.01 >= float(claimed.mid()), name
    taus = [{"tau": tau} for tau in (witness["tau"] / 1000, Fraction(10), 0, Fraction(-1, 10))]
    for bad in (*taus, {"h": witness["h"] * 2}, {"pdim": dimension - 1}):
        with pytest.raises(HypothesisError), precision(128):
            theorem.evaluate(BALL, query, witness | bad)
