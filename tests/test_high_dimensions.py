"""Tforms and Tparity: functions of many coordinates, by brute force where they are few."""

from __future__ import annotations

import doctest
from fractions import Fraction
from itertools import combinations, pairwise, permutations
from math import comb, exp, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import betainc

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import SmoothBall
from approxbounds.facts.hypercube import Thresholds
from approxbounds.theorem import Query
from approxbounds.transfer.forms import FormsTheorem, RandomForms
from approxbounds.transfer.parities import ParityTheorem

Floats = NDArray[np.float64]
PAGE = Path(__file__).resolve().parents[1] / "docs" / "high_dimensions.md"


def value_of(theorem: str, F: ab.FunctionClass, G: ab.NetworkClass, p: object = 2) -> float | None:
    found = (bound.number for bound in ab.lower_bounds(F, G, p=p).bounds if bound.theorem.id == theorem)
    return next(found, None)


def test_the_page() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted >= 5 and result.failed == 0


def monomials(u: Floats, degree: int) -> Floats:
    """The products of u over all sets of so many coordinates: shape (points, M)."""
    return np.stack([u[:, list(S)].prod(axis=1) for S in combinations(range(u.shape[1]), degree)], axis=1)


def gradients(g: Floats, u: Floats, degree: int) -> Floats:
    """Of the form with coefficients g."""
    found = np.zeros_like(u)
    for coefficient, S in zip(g, combinations(range(u.shape[1]), degree), strict=True):
        for j in S:
            found[:, j] += coefficient * u[:, [i for i in S if i != j]].prod(axis=1)
    return found


def norm_on_ball(g: Floats, dim: int, degree: int, rng: np.random.Generator) -> float:
    """sup |F| on the unit ball: exactly for q = 2, for q = 3 by power steps from many starts."""
    if degree == 2:
        matrix = np.zeros((dim, dim))
        matrix[np.triu_indices(dim, 1)] = g / 2
        return float(np.abs(np.linalg.eigvalsh(matrix + matrix.T)).max())
    tensor = np.zeros((dim,) * 3)
    for coefficient, S in zip(g, combinations(range(dim), 3), strict=True):
        for order in permutations(S):
            tensor[order] = coefficient / 6
    u, size = rng.normal(size=(40, dim)), np.linalg.norm(g)
    for _ in range(100):
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        u = 3 * np.einsum("ijk,mj,mk->mi", tensor, u, u) + size * u
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return float(np.abs(monomials(u, 3) @ g).max())


@pytest.mark.parametrize(("dim", "degree"), [(12, 2), (7, 3)])
def test_norms_of_random_forms(dim: int, degree: int) -> None:
    rng = np.random.default_rng(1)
    T = RandomForms(dim, degree, SmoothBall(1, 1)).norm(FLOAT)
    norms = [norm_on_ball(rng.normal(size=comb(dim, degree)), dim, degree, rng) for _ in range(100)]
    assert np.mean(np.array(norms) > T) <= exp(-2)
    assert T / 4 < np.mean(norms) < T  # with the 3 of T, which is large for few coordinates


def drawn(forms: RandomForms, rng: np.random.Generator) -> Floats:
    """Coefficients with a norm on the unit ball that is as large as allowed."""
    g = rng.normal(size=forms.count)
    return g * float(forms.norm(FLOAT)) / norm_on_ball(g, forms.dim, forms.degree, rng)


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize(("smoothness", "rho"), [(1, "3/8"), (1, "1/2"), ("1/2", "3/8")])
def test_rough_functions_are_in_the_class(degree: int, smoothness: object, rho: str) -> None:
    rng, dim = np.random.default_rng(2), 6
    F = ab.HolderBall(smoothness=smoothness, dim=dim, radius=2)
    forms = RandomForms(dim, degree, F.smooth_ball, Fraction(rho), Fraction(1))
    a, g, R = float(forms.amplitude(FLOAT)), drawn(forms, rng), float(forms.radius(FLOAT))
    largest = float(forms.rho) * np.sqrt(dim)

    def f(x: Floats) -> Floats:
        u = x - 0.5
        u = u * np.minimum(1, largest / np.linalg.norm(u, axis=1))[:, None]
        return np.clip(a * monomials(u, degree) @ g, -R, R)

    ends = rng.integers(0, 2, size=(60, dim)).astype(float)
    assert F.contains(f, np.concatenate([rng.random((120, dim)), ends, ends * 0.9 + 0.05]))


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_smooth_functions_are_in_the_class(degree: int) -> None:
    rng, dim = np.random.default_rng(3), 6
    forms = RandomForms(dim, degree, SmoothBall(2, 1))
    g = rng.normal(size=forms.count)
    norm = np.linalg.norm(g) if degree == 1 else norm_on_ball(g, dim, degree, rng)
    g *= float(forms.amplitude(FLOAT) * forms.norm(FLOAT)) / norm
    u = np.concatenate([rng.random((60, dim)) - 0.5, rng.integers(0, 2, size=(60, dim)) - 0.5])
    slopes = gradients(g, u, degree)
    assert np.abs(monomials(u, degree) @ g).max() <= 1 and np.abs(slopes).max() <= 1
    change = np.linalg.norm(slopes[:, None] - slopes[None], axis=2)
    assert (change <= np.linalg.norm(u[:, None] - u[None], axis=2) + 1e-12).all()


@pytest.mark.parametrize("degree", [2, 3])
def test_convex_functions_are_in_the_class(degree: int) -> None:
    rng, dim = np.random.default_rng(4), 6
    forms = RandomForms(dim, degree, None)
    g = drawn(forms, rng) * float(forms.amplitude(FLOAT))
    pairs = degree * (degree - 1)

    def f(u: Floats) -> Floats:
        return 4 * pairs / (dim * (pairs + 2)) * (u**2).sum(axis=1) + monomials(u, degree) @ g

    u, v = (np.concatenate([rng.random((400, dim)), rng.integers(0, 2, size=(400, dim))]) - 0.5 for _ in range(2))
    assert ((f(u) >= 0) & (f(u) <= 1)).all()
    for t in (0.25, 0.5):
        assert (f(t * u + (1 - t) * v) <= t * f(u) + (1 - t) * f(v) + 1e-12).all()


@pytest.mark.parametrize(("dim", "degree", "rho"), [(20, 2, "3/8"), (40, 3, "45/128"), (100, 1, "81/256")])
def test_what_is_kept_of_the_norms(dim: int, degree: int, rho: str) -> None:
    u = np.random.default_rng(5).random((100_000, dim)) - 0.5
    inside = (u**2).sum(axis=1) <= float(Fraction(rho)) ** 2 * dim
    kept = 12**degree * np.mean((u[:, :degree] ** 2).prod(axis=1) * inside)
    bounds = [
        float(RandomForms(dim, degree, SmoothBall(1, 1), Fraction(rho), Fraction(t, 2)).kept(FLOAT))
        for t in range(1, 30)
    ]
    assert 0 < max(bounds) <= kept * 1.02


class LargeForms(RandomForms):
    """With eight times the amplitude, so that something is clipped."""

    def amplitude(self, A: Any) -> Any:
        return 8 * super().amplitude(A)


def test_clipping_loses_little() -> None:
    rng, forms = np.random.default_rng(6), LargeForms(40, 1, SmoothBall(1, 1))
    losses = []
    for g in rng.normal(size=(40, forms.dim)):
        values = float(forms.amplitude(FLOAT)) * (rng.random((20_000, forms.dim)) - 0.5) @ g
        losses.append(np.sqrt(np.mean(np.maximum(np.abs(values) - 1, 0) ** 2)))
    assert min(losses) > 0 and np.mean(np.array(losses) > float(forms.clipped(FLOAT))) <= 0.25


def test_caps_of_the_sphere() -> None:
    for M in (9, 20, 200):
        for k in (0.3, 0.6, 0.9, 0.99):
            assert betainc((M - 1) / 2, 0.5, k**2) / 2 <= k ** (M - 1) / 2 * (1 + 1e-12)


def test_no_few_functions_are_near_to_most_forms() -> None:
    """Against the centres of clusters of the forms, which are about the best functions to have."""
    rng, forms, bits = np.random.default_rng(7), RandomForms(6, 2, SmoothBall(2, 1)), 3
    g = rng.normal(size=(4000, forms.count))
    centres = g[: 2**bits].copy()
    for _ in range(30):
        nearest = np.argmin(((g[:, None] - centres[None]) ** 2).sum(axis=2), axis=1)
        centres = np.array([g[nearest == i].mean(axis=0) for i in range(2**bits)])
    distance = np.sqrt(((g[:, None] - centres[None]) ** 2).sum(axis=2)).min(axis=1)
    claimed = float(forms.size(FLOAT)) * 2 ** (-(bits + 1) / (forms.count - 1))
    scale = float(forms.amplitude(FLOAT)) / 12  # nu = 1/12 on the whole cube
    assert np.mean(scale * distance < claimed) <= 0.25 + exp(-2)


def test_values() -> None:
    lipschitz, smooth = ab.LipschitzBall(dim=784), ab.HolderBall(smoothness=2, dim=784)
    assert value_of("Tforms", lipschitz, ab.FiniteClass(bits=10**4)) == pytest.approx(0.0873, rel=2e-3)
    assert value_of("Tforms", smooth, ab.FiniteClass(bits=10**4)) == pytest.approx(0.0104, rel=2e-3)
    assert value_of("Tparity", lipschitz, ab.LinearSpace(dimension=10**4)) == pytest.approx(0.2008, rel=1e-3)
    assert value_of("Tforms", smooth, ab.FiniteClass(size=1), p=3) == pytest.approx(0.0426, rel=0.1)  # few coordinates
    network = ab.ReLUNetwork(widths=(64, 64), input_dim=784)
    assert value_of("Tforms", lipschitz, network) == pytest.approx(0.0317, rel=5e-3)
    assert value_of("Tforms", lipschitz, network, p=1) is None and value_of("Tforms", lipschitz, network, p="inf")
    assert value_of("Tforms", ab.MonotoneFunctions(dim=784), network) is None
    for dim in (5, 64, 1000):  # constants are within 1/pi, whatever the dimension
        assert (value_of("Tforms", ab.LipschitzBall(dim=dim), ab.FiniteClass(size=1)) or 0) < 1 / pi
        assert (value_of("Tparity", ab.LipschitzBall(dim=dim), ab.LinearSpace(dimension=1)) or 0) < 1 / pi


def test_bounds_fall_as_classes_grow() -> None:
    F = ab.LipschitzBall(dim=256)
    values = [value_of("Tforms", F, ab.FiniteClass(bits=10**j)) for j in range(8)]
    assert all(larger is not None and smaller >= larger for smaller, larger in pairwise(values))


def test_witnesses_are_checked() -> None:
    G = ab.LinearSpace(dimension=100)
    query, theorem = Query(functions=ab.LipschitzBall(dim=64), network=G, p=2), FormsTheorem()
    witness = theorem.search(query)
    assert theorem.evaluate(BALL, query, witness) > 0
    wrong = (
        {"degree": 0},
        {"degree": 64},
        {"rho": Fraction(3, 5)},
        {"rho": Fraction(1, 4)},
        {"pdim": 99},
        {"tau": Fraction(9)},
    )
    for change in wrong:
        with pytest.raises(HypothesisError):
            theorem.evaluate(BALL, query, {**witness, **change})
    with pytest.raises(HypothesisError, match="not known to be finite"):
        theorem.evaluate(BALL, query, {key: value for key, value in witness.items() if key != "tau"})
    for dims in (0, 1, 65):  # one coordinate has 64 sets only
        with pytest.raises(HypothesisError):
            ParityTheorem().evaluate(BALL, query, {"dims": dims})


def test_numbers_of_functions() -> None:
    known = [
        (ab.FiniteClass(bits=7), 7),
        (ab.ReLUNetwork(widths=(2,), input_dim=3, bits=8), 8 * 11),
        (ab.HadamRNN(hidden=4, steps=3), None),
        (ab.LinearSpace(dimension=2), None),
        (ab.Union(members=(ab.FiniteClass(bits=3), ab.FiniteClass(bits=4))), None),
    ]
    for G, bits in known:
        assert G.growth(Thresholds.ANY).log2_functions(FLOAT) == bits


@pytest.mark.parametrize("degree", [1, 2])
def test_parities_by_brute_force(degree: int) -> None:
    """On a grid that is symmetric about 1/2 the parities stay orthogonal: the worst of them against spaces."""
    rng, dim = np.random.default_rng(8), 4
    middles = (np.arange(8) + 0.5) / 8
    x = np.stack(np.meshgrid(*[middles] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    sets = list(combinations(range(dim), degree))
    h = np.stack(
        [np.abs(x[:, S] - 0.5).min(axis=1) * np.sign(x[:, S] - 0.5).prod(axis=1) for S in map(list, sets)], axis=1
    )
    norm = np.sqrt((h**2).mean(axis=0))
    for D in range(1, len(sets)):
        for noise in (0.0, 0.05, 10.0):
            space = h @ rng.normal(size=(len(sets), D)) + noise * rng.normal(size=(len(x), D))
            basis, _ = np.linalg.qr(space)
            distance = np.sqrt(((h - basis @ (basis.T @ h)) ** 2).mean(axis=0))
            assert distance.max() >= norm[0] * np.sqrt(1 - D / len(sets)) * (1 - 1e-12)
