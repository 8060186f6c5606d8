"""Fat-shattering bounds under measures on [0,1]^d: masses above eta, against exact errors on samples, and refusals."""

import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
from scipy.optimize import minimize_scalar

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.errors import HypothesisError
from approxbounds.measures.partitions import net
from approxbounds.theorem import Query
from approxbounds.transfer.weighted_fat import WeightedFatSupNorm, WeightedFatTheorem

T3fat_w, T3fat_w_inf = WeightedFatTheorem(), WeightedFatSupNorm()


@pytest.mark.parametrize("p", [1, Fraction(5, 2)])
@pytest.mark.parametrize(
    "F", [ab.LipschitzBall(dim=2, radius=3), ab.HolderBall(smoothness=2, dim=2), ab.MonotoneFunctions(dim=2)], ids=str
)
def test_masses_above_a_level_on_samples_are_exact(F, p):
    rng = np.random.default_rng(0)
    U = ab.under(F, ab.Empirical(points=rng.random((30, 2)), weights=rng.random(30) + 0.1))
    sample = U.measure.sample
    mass, eta = np.array(sample.weights) / float(sample.total), Fraction(1, 50)
    for family in U.weighted_families:
        for index in family.members():
            N = family.cells(index)
            values = [family.evaluate(index, omega, sample.places.values) for omega in (np.ones(N), np.zeros(N))]
            w = np.abs(values[0] - values[1]) / 2
            inside = net(sample.places, N).centres if family.id == "sample-centres" else slice(None)
            exact = 2 * (mass * np.maximum(w - 0.02, 0) ** float(p))[inside].sum()
            for A in (FLOAT, BALL):
                try:
                    found, counts = family.masses(A, index, p, A.number(eta))
                except HypothesisError:
                    assert exact == 0
                    continue
                total = sum(float(np.sum(a * np.array(n))) if A is FLOAT else float(a) * n
                            for a, n in zip(found, counts, strict=True))  # fmt: skip
                assert exact * (1 - 2e-3) - 1e-12 <= total <= exact * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("p", [1, 3])
def test_masses_above_a_level_on_cubes_are_below_the_integrals(p):
    mu = ab.Density(sizes=(2,), cuts=(0, "1/2", 1), lower=("3/2", "1/2"))
    x = (np.arange(100_000) + 0.5) / 100_000
    density = np.where(x < 0.5, 1.5, 0.5)
    for F in (ab.LipschitzBall(dim=1, radius=2), ab.HolderBall(smoothness=2, dim=1)):
        family = ab.under(F, mu).weighted_families[0]
        index = {"k": 6}
        w = np.abs(family.evaluate(index, np.ones(family.cells(index)), x[:, None]))
        for share in (0.1, 0.4):
            eta = share * w.max()
            values, counts = family.masses(FLOAT, index, p, eta)
            exact = 2 * (density * np.maximum(w - eta, 0) ** p).mean()
            assert 0.3 * exact <= sum(map(float, map(np.dot, values, counts))) <= exact * (1 + 1e-3)
        with pytest.raises(HypothesisError, match="eta"):
            family.masses(BALL, index, p, BALL.number(1))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("d", [1, 2])
def test_sup_norm_against_the_exact_error_of_lipschitz_functions(seed, d):
    """inf over Lambda-Lipschitz g of max |f - g| is the largest (|f(x) - f(y)| - Lambda |x - y|)/2."""
    rng = np.random.default_rng(seed)
    X, constant, found = rng.random((8, d)), Fraction(1, 3 + seed), 0
    gaps = np.linalg.norm(X[:, None] - X[None], axis=2)
    for F in (ab.LipschitzBall(dim=d, radius=6), ab.HolderBall(smoothness="1/2", dim=d), ab.MonotoneFunctions(dim=d)):
        U = ab.under(F, ab.Empirical(points=X))
        places = U.measure.sample.places.values
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
        query = Query(functions=U, network=ab.LipschitzFunctions(constant=constant, input_dim=d), p=math.inf)
        for family in U.weighted_families:
            for index in family.members():
                N = family.cells(index)
                f = np.array([family.evaluate(index, omega, places) for omega in oracles.all_signs(N)])
                errors = np.maximum(np.abs(f[:, :, None] - f[:, None]) - float(constant) * gaps, 0).max(axis=(1, 2)) / 2
                for n in range(2, N + 1):
                    try:
                        bound = float(T3fat_w_inf.evaluate(BALL, query, {**family.witness(index), "cells": n}))
                    except HypothesisError:
                        continue
                    found += 1
                    assert 0 < bound <= errors.max() * (1 + 1e-12)
    assert found >= 3


def best_linear(f, X, norm):
    """min over |w| <= norm of the mean of (f - w x)^2, by its dual variable."""
    gram, moment = X.T @ X / len(X), X.T @ f / len(X)
    solve = lambda t: np.linalg.solve(gram + t * np.eye(X.shape[1]), moment)  # noqa: E731
    if np.linalg.norm(solve(0)) > norm:
        t = minimize_scalar(lambda t: (np.linalg.norm(solve(t)) - norm) ** 2, bounds=(0, 1e3), method="bounded").x
        w = solve(t) * min(1, norm / np.linalg.norm(solve(t)))
    else:
        w = solve(0)
    return ((f - X @ w) ** 2).mean()


@pytest.mark.parametrize(("norm", "radius"), [("1/9", 20), ("1/400", 1)])
def test_bounds_are_below_the_mean_error_of_bounded_linear_functions(norm, radius):
    """The mean over omega, from some of them; the second case has fat_{eta/4} = 0."""
    rng = np.random.default_rng(3)
    U = ab.under(ab.LipschitzBall(dim=2, radius=radius), ab.Empirical(points=rng.random((400, 2))))
    G, places = ab.BoundedLinear(norm=norm, input_dim=2), U.measure.sample.places.values
    (best,) = (b for b in ab.lower_bounds(U, G, p=2) if b.theorem.id == "T3fat-w")
    assert best.value > 0.01 and ab.verify(best.certificate.to_json()) and "fat" in best.explain()
    family = next(f for f in U.weighted_families if f.id == best.witness["family"])
    index, query = family.member(best.witness), best.query
    omegas = rng.integers(0, 2, (60, family.cells(index)))
    errors = [best_linear(family.evaluate(index, omega, places), places, float(Fraction(norm))) for omega in omegas]
    assert best.value**2 <= np.mean(errors)
    for name, worse in (("fat", -1), ("levels", -1), ("exponent", -1)):
        if best.witness[name] > 0:
            with pytest.raises(HypothesisError):
                T3fat_w.evaluate(BALL, query, {**best.witness, name: best.witness[name] + worse})


def fat_bounds(F, G):
    """Values by theorems on fat-shattering dimensions, and why they do not apply."""
    found, reasons = {}, {}
    for p in (2, "inf"):
        bounds = ab.lower_bounds(F, G, p=p)
        found |= {b.theorem.id: b.value for b in bounds if b.number is not None}
        reasons |= {(r.theorem, p): r.reason for r in bounds.refusals}
    names = {"T3fat", "T3fat-inf", "T2b", "T3fat-w", "T3fat-w-inf"}
    return {k: v for k, v in found.items() if k in names}, {k: v for k, v in reasons.items() if k[0] in names}


def test_measures_off_the_unit_cube_are_refused():
    """A Lipschitz ball is in a larger one, of inputs in [0,4]; factors times bounds for the cube would be positive."""
    F, G = ab.LipschitzBall(dim=1, radius="2/3"), ab.LipschitzFunctions(constant=1, input_dim=1)
    for mu in (ab.Uniform(high=4), ab.Uniform(low=-1, high=0), ab.Normal(dim=1), ab.Empirical(points=[0.2, 1.5])):
        found, reasons = fat_bounds(ab.under(F, mu), G)
        assert not found and "inputs in [0,1]^d only" in reasons["T3fat-w", 2] + reasons.get(("T3fat", 2), "")
    dense = ab.Density(sizes=(1,), cuts=(0, 1), lower=(1,))
    for mu in (ab.Uniform(high="1/4"), ab.Empirical(points=[0.2, 0.9, 1.0]), dense):
        assert mu.in_cube and not fat_bounds(ab.under(F, mu), G)[0]
    assert not ab.Density(sizes=(1,), cuts=(0, 2), lower=("1/2",)).in_cube
    assert "T3fat-w-inf covers" in T3fat_w.refusal(Query(functions=ab.under(F, mu), network=G, p=math.inf))
    assert "T3fat-w covers" in T3fat_w_inf.refusal(Query(functions=ab.under(F, mu), network=G, p=2))


def test_boxes_in_the_cube_have_the_numbers_of_the_cube_for_monotone_functions():
    F, G = ab.MonotoneFunctions(dim=2), ab.BoundedLinear(norm="1/2", input_dim=2)
    box, _ = fat_bounds(ab.under(F, ab.Box(low=("1/4", 0), high=(1, "1/2"))), G)
    assert box == fat_bounds(F, G)[0] and set(box) == {"T3fat", "T3fat-inf", "T2b"}
