"""Besov balls: the Hölder balls in them, by differences of actual functions."""

import itertools
import math

import numpy as np
import pytest

import approxbounds as ab


def difference(f, points, step, order):
    inside = ((points + order * step >= 0) & (points + order * step <= 1)).all(axis=1)
    x = points[inside]
    total = sum((-1) ** (order - i) * math.comb(order, i) * f(x + i * step) for i in range(order + 1))
    return total if inside.any() else np.zeros(1)


@pytest.mark.parametrize("s", ["1/2", 1, "3/2", 2, "5/2"])
@pytest.mark.parametrize("d", [1, 2])
def test_hard_functions_are_in_the_ball(s, d):
    """In B^s_{infinity,infinity}, so in the balls of all q: sup |f| + sup_h |h|^-s sup |r-th difference| <= R."""
    F = ab.BesovBall(smoothness=s, dim=d, integrability=2, radius=3)
    rng, order = np.random.default_rng(5), math.floor(F.smoothness) + 1
    points = rng.random((3000, d))
    for family in F.families:
        for index in family.extremes(3 if family.indices else 1)[:1]:
            omega = rng.integers(0, 2, family.cells(index))
            seminorm = 0.0
            for scale, _ in itertools.product((0.3, 0.1, 0.02), range(8)):
                step = rng.normal(size=d)
                step *= scale / np.linalg.norm(step)
                rough = np.abs(difference(lambda x: family.evaluate(index, omega, x), points, step, order)).max()  # noqa: B023
                seminorm = max(seminorm, rough / scale ** float(F.smoothness))
            assert np.abs(family.evaluate(index, omega, points)).max() + seminorm <= 3 * (1 + 1e-9)


def test_the_radius_of_the_ball_within():
    inner = {
        (s, d): ab.BesovBall(smoothness=s, dim=d, integrability=1).inner.radius
        for s in (1, "1/2", 2, "5/2")
        for d in (1, 3)
    }
    assert [str(radius) for radius in inner.values()] == ["1/3", "1/3", "1/2", "1/2", "1/3", "1/5", "1/2", "1/4"]


def test_bounds_are_those_of_the_ball_within_and_rates_of_both_sides_agree():
    F, G = ab.BesovBall(smoothness="3/2", dim=2, integrability=1), ab.ReLUNetwork(widths=(20,) * 4, input_dim=2)
    assert ab.lower_bound(F, G, p=2).value == ab.lower_bound(F.inner, G, p=2).value
    assert [bound.theorem.id for bound in ab.upper_bounds(F, G, p=2)] == ["known-rate-besov"]
    assert list(ab.upper_bounds(ab.BesovBall(smoothness="1/2", dim=2, integrability=1), G, p=2)) == []
    assert ab.compare(F, G, [2]).entries[0].norms.value in {"same order", "open"}
    with pytest.raises(ab.NotApplicableError):
        F.covering("1/10", p=2)
