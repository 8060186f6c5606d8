"""Monotone functions of several variables in columns: limits of the networks between the bounds."""

import math

import numpy as np
import pytest
from members import member, of

import approxbounds as ab

INF = math.inf
SLACK = 1 + 1e-9
SHAPES = [(9, 4), (20, 12), (12, 7, 12, 8), (5, 3, 9), (3, 30, 20, 1)]


def relu(widths, d):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


def points(sides):
    """Midpoints of so many parts in each direction."""
    axes = [(np.arange(side) + 0.5) / side for side in sides]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(sides))


def norm(values, p):
    return np.mean(np.abs(values) ** p) ** (1 / p)


def antidiagonal(x):
    """An upper set whose boundary meets as many boxes as there are diagonal chains (for two variables)."""
    return x.sum(axis=1) > x.shape[1] / 2 + 0.01


@pytest.mark.parametrize("d", [2, 3])
def test_monotone_columns_are_between_the_bounds(d):
    F, rng = ab.MonotoneFunctions(dim=d), np.random.default_rng(d)
    for widths in SHAPES:
        for p in (1, 2, 5):
            bound = of("monotone-columns", F, relu(widths, d), p)
            sides = np.array(list(bound.witness.values()))
            x = points(sides * (10 if d == 2 else 4))  # as many in every box
            assert ab.lower_bound(F, relu(widths, d), p=p).value <= bound.value
            worst = 0.0
            for f in (antidiagonal, lambda x: x[:, 0] > 1 / 3, *(member(rng, F) for _ in range(4))):
                step = F.box_values(f, tuple(sides))[tuple((x * sides).astype(int).T)]
                worst = max(worst, norm(f(x) - step, p))
            assert worst <= bound.value * SLACK
            assert d == 3 or worst >= 0.97 * bound.value  # upper sets attain it


def built(values, steep):
    """The network of a step function on boxes by its values, shape (k_1, .., k_d): function, first and second units."""
    (first, *cuts), d = values.shape, values.ndim
    starts = np.arange(1, first) / first
    axes = np.repeat(np.arange(d), [2 * (first - 1), *cuts])
    breaks = [np.column_stack([starts - 1 / steep, starts]).ravel(), *(np.arange(k) / k for k in cuts)]
    rows, biases = [], []
    for column in np.ndindex(*cuts):
        steps = np.diff(values[(slice(None), *column)]) * steep
        row, bias = [np.column_stack([steps, -steps]).ravel()], values[(0, *column)]
        for i, k in zip(column, cuts, strict=True):
            own = np.zeros(k)  # x_j, then (x_j - i/k)_+: M dist(x_j, [i/k, (i+1)/k])
            if i:
                own[[0, i]] += [steep, -steep]
                bias -= steep * i / k
            if i < k - 1:
                own[i + 1] -= steep
            row.append(own)
        rows.append(np.concatenate(row))
        biases.append(bias)
    matrix, biases, breaks = np.array(rows), np.array(biases), np.concatenate(breaks)
    network = lambda x: np.maximum(np.maximum(x[:, axes] - breaks, 0) @ matrix.T + biases, 0).sum(axis=1)  # noqa: E731
    return network, len(axes), len(matrix)


@pytest.mark.parametrize("widths", [(20, 12), (3, 17, 6)])
def test_the_units_are_enough_for_the_columns(widths):
    """Exactly those of the first two layers that it names, x_1 not among them."""
    for d in (2, 3):
        F, rng = ab.MonotoneFunctions(dim=d), np.random.default_rng(1)
        bound = of("monotone-columns", F, relu(widths, d), 1)
        sides, f = tuple(bound.witness.values()), member(rng, F)
        values, x = F.box_values(f, sides), rng.random((4000, d))
        network, first, second = built(values, 2.0**24)
        assert (first, second) == bound.network.widths
        expected = values[tuple((x * np.array(sides)).astype(int).T)]
        assert np.abs(network(x) - expected).max() <= 1e-6
        one_more = bound.certificate.to_dict() | {"witness": dict(bound.witness) | {"k1": sides[0] + 1}}
        assert not ab.verify(one_more)


def test_numbers_of_monotone_columns():
    F = ab.MonotoneFunctions(dim=2)
    for widths, p, value in (((64, 64), 2, 0.14703), ((100, 200), 1, 0.0282), ((256, 256), 4, 0.1936)):
        assert of("monotone-columns", F, relu(widths, 2), p).value == pytest.approx(value, rel=2e-3)
    bound = of("monotone-columns", ab.MonotoneFunctions(dim=3), relu((64,) * 4, 3), 2)
    assert bound.network.widths == (63, 64, 64, 61)  # two pairs hold 121 columns, x_1 among their first units
    again = of("monotone-columns", ab.MonotoneFunctions(dim=3), bound.network, 2)
    assert again.witness == bound.witness


@pytest.mark.parametrize("d", [2, 3])
def test_larger_networks_have_no_worse_bounds(d):
    rng, F = np.random.default_rng(d), ab.MonotoneFunctions(dim=d)
    for _ in range(12):
        widths = tuple(map(int, rng.choice([3, 5, 8, 13, 21, 70], rng.integers(2, 5))))
        wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
        deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
        values = [of("monotone-columns", F, relu(shape, d), 2).value for shape in (widths, *wider, *deeper)]
        assert max(values) == values[0], widths


@pytest.mark.parametrize(
    ("F", "G", "p"),
    [
        (ab.MonotoneFunctions(dim=2), relu((9, 9), 2), INF),
        (ab.MonotoneFunctions(dim=2), relu((9,), 2), 2),
        (ab.MonotoneFunctions(dim=2), relu((9, 1, 1), 2).with_widths((1, 9, 9)), 2),
        (ab.MonotoneFunctions(dim=1), relu((9, 9), 1), 2),
        (ab.MonotoneFunctions(dim=2), ab.HeavisideNetwork(widths=(9, 9), input_dim=2), 2),
        (ab.LipschitzBall(dim=2), relu((9, 9), 2), 2),
    ],
    ids=str,
)
def test_what_monotone_columns_are_not_for(F, G, p):
    assert "monotone-columns" in {refusal.theorem for refusal in ab.upper_bounds(F, G, p=p).refusals}
