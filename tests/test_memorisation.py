"""Memorisation: what is excluded is, and what is said to be enough is."""

import numpy as np
import pytest

import approxbounds as ab


@pytest.mark.parametrize(("m", "depth", "degree"), [(40, 2, 1), (1000, 3, 1), (300, 2, 0), (10**5, 2, 1)])
def test_one_weight_less_shatters_no_m_points(m, depth, degree):
    found = ab.memorisation(points=m, depth=depth, degree=degree)
    sizes = [ab.NetworkSize(weights=found.weights - i, depth=depth, degree=degree) for i in (1, 0)]
    assert found.bound == sizes[0].pseudo_dimension() and found.bound.value < m <= sizes[1].pseudo_dimension().value
    assert found.bits == m and ab.verify(found.bound.certificate) and found.sufficient is None


def test_few_points_exclude_nothing():
    found = ab.memorisation(points=1, depth=2, input_dim=3)
    assert (found.weights, found.bound, found.sufficient) == (2, None, 1)
    assert str(found) == "at least 2 weights, 1 bits, for all labels at 1 points, 1 are enough"


def test_what_is_enough_interpolates():
    """One hidden layer of m - 1 units, in a direction that keeps the points apart."""
    rng = np.random.default_rng(0)
    m, d = 30, 4
    x, y = rng.normal(size=(m, d)), rng.normal(size=m)
    direction = rng.normal(size=d)
    t = np.sort(x @ direction)
    order = np.argsort(x @ direction)
    slopes = np.diff(y[order]) / np.diff(t)
    inner = np.maximum(np.outer(x @ direction, np.ones(m - 1)) - t[:-1], 0)
    assert np.allclose(inner @ np.diff(slopes, prepend=0) + y[order[0]], y)
    G = ab.ReLUNetwork(widths=(m - 1,), input_dim=d)
    assert G.counted_sizes.weights == ab.memorisation(points=m, depth=2, input_dim=d).sufficient
