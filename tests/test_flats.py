"""Convex parts of flats on which networks are polynomials; sections; the linear spaces that classes lie in."""

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
import recurrent_members
from lines import ABS, RELU, STEP, forward
from network_members import random_network
from oracles import binomial_sum

import approxbounds as ab

# ------------------------------------------------------------------------------------------------------- regions


def patterns(network, x, *, skips=False, layers=None):
    """Values at the points, and for each point the number of the pattern of its units (of the first layers only)."""
    values, units = forward(*network, x, skips=skips)
    chosen = units[:, : sum(len(weights) for weights, _, _ in network[0][:layers])]
    _, numbers = np.unique(chosen, axis=0, return_inverse=True)
    return values, numbers.ravel()


def check_regions(G, network, dimension, *, rng, skips=False, count=20_000):
    """Patterns are at most Q; their sets are convex and g is affine, of degree D, on each. The number of patterns."""
    known = G.piecewise
    x = rng.random((count, dimension)) * 2 - 1
    first = 1 if known.degree == 0 else None
    values, numbers = patterns(network, x, skips=skips, layers=first)
    found = numbers.max() + 1
    assert found <= known.regions(dimension), f"{G}: {found} patterns in dimension {dimension}"
    order = np.argsort(numbers, kind="stable")
    a, b = order[:-1], order[1:]
    same = numbers[a] == numbers[b]
    middles, between = patterns(network, np.vstack([(x[a] + x[b]) / 2, x]), skips=skips, layers=first)
    both = len(a)
    assert np.unique(np.stack([between[both:], numbers]), axis=1).shape[1] == found  # the same numbering
    assert (between[:both][same] == between[both:][a[same]]).all(), f"{G}: patterns are not convex"
    if known.degree == 0:
        np.testing.assert_array_equal(values[a[same]], values[b[same]])
    np.testing.assert_allclose(middles[:both][same], (values[a] + values[b])[same] / 2, rtol=1e-6, atol=1e-6)
    return found


def hyperplanes(units, dimension, activation, *, radius=0.1, centre=0.0):
    """A layer of units in general position, tangent to a sphere: cut by them, a cube around it has all its parts."""
    angles = 0.3 + np.array([0, 1.4, 2.7, 4.2] if units == 4 else [0, 2.1, 4.2])
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if dimension == 3:
        normals = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])[:units] / 3**0.5
    return normals.tolist(), (-radius - centre * normals.sum(axis=1)).tolist(), [activation] * units


def folded(dimension, units, inputs=None):
    """The fold x -> |x_j| of some inputs, then units that cross inside of the folded cube."""
    fold = np.eye(dimension, inputs).tolist(), [0] * dimension, [ABS] * dimension
    crossing = hyperplanes(units, dimension, RELU, radius=0.07, centre=0.5)
    return [fold, crossing], (list(range(1, units + 1)), 0)


def shifted_thresholds(units):
    """Two thresholds of x_1 and x_2, and units that read x and cross once more in each quadrant of [-1,1]^2."""
    weights, shifts, activations = hyperplanes(units, 2, STEP, radius=0.07, centre=-0.5)
    rows = [[*row, *(-c for c in row)] for row in weights]  # of x minus the place of its quadrant
    first = np.eye(2).tolist(), [0, 0], [STEP] * 2
    return [first, (rows, shifts, activations)], ([0, 0, 1, 2, *range(3, units + 3)], 0)


def one_layer(units, dimension, activation):
    return [hyperplanes(units, dimension, activation)], (list(range(1, units + 1)), 0)


def two_thresholds(dimension):
    later = [[1, -1, 1], [1, 1, 1]], [-0.5, -1.5], [STEP] * 2
    return [hyperplanes(3, dimension, STEP), later], ([1, 2], 0)


def continuous(widths, dim):
    return ab.FeedForwardNetwork(widths=widths, input_dim=dim, continuous=True)


REGIONS = [
    (ab.ReLUNetwork(widths=(4,), input_dim=2), 2, one_layer(4, 2, RELU), 11),
    (ab.ReLUNetwork(widths=(4,), input_dim=3), 3, one_layer(4, 3, RELU), 15),
    (ab.HeavisideNetwork(widths=(3, 2), input_dim=2), 2, two_thresholds(2), 7),
    (ab.HeavisideNetwork(widths=(3, 2), input_dim=3), 3, two_thresholds(3), 8),
    (continuous((2, 3), 2), 2, folded(2, 3), 4 * 7),
    (continuous((3, 3), 3), 3, folded(3, 3), 8 * 8),
    (continuous((2, 3), 3), 3, folded(2, 3, inputs=3), 4 * 7),  # the second layer reads two numbers
    (ab.SkipNetwork(widths=(2, 3), input_dim=2, degree=0), 2, shifted_thresholds(3), 4 * 7),
]


@pytest.mark.parametrize(
    ("G", "dimension", "network", "expected"), REGIONS, ids=lambda v: str(v) if isinstance(v, ab.NetworkClass) else ""
)
def test_regions_are_reached(G, dimension, network, expected):
    found = check_regions(G, network, dimension, rng=np.random.default_rng(0), skips=isinstance(G, ab.SkipNetwork))
    assert found == expected == G.piecewise.regions(dimension)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("skips", [False, True])
def test_random_networks_have_at_most_as_many_regions(dimension, skips):
    rng = np.random.default_rng(1)
    found = 0
    for widths in ((5,), (2, 4), (3, 2, 2)):
        shape = {"widths": widths, "input_dim": dimension}
        kinds = [ab.SkipNetwork(**shape, degree=degree, pieces=3) for degree in (0, 1)]
        if not skips:
            kinds = [ab.ReLUNetwork(**shape), ab.ReLUNetwork(**shape, bias=False), ab.HeavisideNetwork(**shape)]
            kinds.append(ab.FeedForwardNetwork(**shape, pieces=3))
        for G in kinds:
            found += check_regions(G, random_network(rng, G, skips), dimension, rng=rng, skips=skips, count=4000)
    assert found > 30


def test_regions_of_recurrent_networks_in_the_last_input():
    """Two layers have more than one: their second recurrence cuts each part of the first."""
    rng = np.random.default_rng(2)
    for G in recurrent_members.random_classes(4, 1, inputs=2):
        if G.activation == "modrelu":
            assert G.piecewise.regions(2) == binomial_sum(8, 2)
            continue
        most = 0
        for _ in range(8 if getattr(G, "layers", 1) == 2 else 2):
            p = recurrent_members.random_member(rng, G)
            p |= {"b": rng.normal(size=4) * np.abs(p["U"]).max(), "b2": rng.normal(size=4) * np.abs(p["U"]).max()}
            layers = [(p["U"], p["b"], [RELU] * 4)]
            if getattr(G, "layers", 1) == 2:
                layers.append((p["M"], p["b2"], [RELU] * 4))
            most = max(most, check_regions(G, (layers, (p["v"], p["c"])), 2, rng=rng, count=2000))
        single = binomial_sum(4, 2)
        if getattr(G, "layers", 1) == 2:
            assert most > single and G.piecewise.regions(2) == single**2
        else:
            assert G.piecewise.regions(2) == single
        assert G.piecewise.regions(5) == G.piecewise.regions(2)  # x_T has two coordinates


def test_regions_are_unknown_where_parts_are_not_convex_or_too_many():
    assert ab.ReLUPowerNetwork(widths=(3,), input_dim=2).piecewise.regions(2) is None
    assert ab.SkipNetwork(widths=(3,), input_dim=2, degree=2).piecewise.regions(2) is None
    assert ab.NetworkSize(weights=100, depth=3).piecewise.regions(2) is None
    wide = ab.ReLUNetwork(widths=(10**6,), input_dim=20)
    assert wide.piecewise.regions(10) is not None and wide.piecewise.regions(20) is None
    few, many = ab.ReLUNetwork(widths=(3,), input_dim=2), ab.ReLUNetwork(widths=(9,), input_dim=2)
    assert ab.Union(members=(few, many)).piecewise.regions(2) == many.piecewise.regions(2) == binomial_sum(9, 2)
    assert ab.Union(members=(few, ab.ReLUPowerNetwork(widths=(3,), input_dim=2))).piecewise.regions(2) is None


# ------------------------------------------------------------------------------------------------------ sections


def section_of(network, axes, z, skips):
    """The network of the coordinates ``axes``, the others fixed at z: what they add goes into biases."""
    layers, output = [], network[1]
    others = [j for j in range(len(z)) if j not in axes]

    def fixed(row, bias):
        kept = [row[j] for j in axes]
        return [*kept, *row[len(z) :]], bias + sum(row[j] * z[j] for j in others)

    for number, (weights, biases, activations) in enumerate(network[0]):
        if number and not skips:
            layers.append((weights, biases, activations))
            continue
        rows = [fixed(row, bias) for row, bias in zip(weights, biases, strict=True)]
        layers.append(([row for row, _ in rows], [bias for _, bias in rows], activations))
    return layers, fixed(*output) if skips else output


SECTIONED = [
    ab.ReLUNetwork(widths=(3, 2), input_dim=3, bias=False),
    ab.ReLUNetwork(widths=(3, 2), input_dim=3, bits=2),
    ab.HeavisideNetwork(widths=(3,), input_dim=3, bias=False),
    ab.ReLUPowerNetwork(widths=(2, 2), input_dim=3),
    ab.FeedForwardNetwork(widths=(2, 2), input_dim=3, degree=2, pieces=3, continuous=True),
    ab.SkipNetwork(widths=(2, 2), input_dim=3, layer_weights=(2, 3, 4)),
]


@pytest.mark.parametrize("G", SECTIONED, ids=str)
@pytest.mark.parametrize("axes", [(0,), (2, 0)])
def test_sections_have_room_for_every_function(G, axes):
    rng = np.random.default_rng(3)
    H, skips = G.section(axes), isinstance(G, ab.SkipNetwork)
    assert H.input_dim == len(axes) and H.bits is None and type(H) is type(G) and H.widths == G.widths
    assert H.section((0,)).input_dim == 1 and H.piecewise.pieces == G.piecewise.pieces
    network, z = random_network(rng, G, skips), [F(int(k), 8) for k in rng.integers(0, 9, 3)]
    smaller = section_of(network, axes, z, skips)
    x = np.tile(np.array(z, float), (6, 1))
    x[:, list(axes)] = rng.random((6, len(axes)))
    values = forward(*network, x, skips=skips)[0]
    np.testing.assert_allclose(forward(*smaller, x[:, list(axes)], skips=skips)[0], values, atol=1e-9)
    own = [sum(map(len, weights)) + len(biases) for weights, biases, _ in smaller[0]]
    assert [*own, len(smaller[1][0]) + 1] == list(H.layer_parameters)
    assert H.architecture.activation == G.architecture.activation and getattr(H, "bias", True)


def test_sections_of_totals_have_a_bias_for_each_unit():
    G = ab.NetworkSize(weights=20, depth=3, units=7, bits=4)
    assert G.section((0,)) == ab.NetworkSize(weights=28, depth=3, units=7)
    assert ab.NetworkSize(weights=20, depth=3).section((0,)) == ab.NetworkSize(weights=41, depth=3, units=20)
    assert ab.NormBoundedNetwork(norms=(1, 2), input_dim=5, widths=(3,)).section((1, 2)) == ab.ReLUNetwork(
        widths=(3,), input_dim=2
    )
    without = (ab.NormBoundedNetwork(norms=(1, 2), input_dim=5), ab.LinearSpace(dimension=3, input_dim=3))
    assert all(G.section((0,)) is None for G in without)
    assert ab.BoundedLinear(norm=1, input_dim=3).section((0, 2)) == ab.LinearSpace(dimension=3, input_dim=2)
    assert ab.NetworkSize(weights=10**12, depth=3).section((0,)) is None  # more than the library supports
    assert ab.ReLUNetwork(widths=(10**6 - 10, 10**6), input_dim=3, bias=False).section((0,)) is not None


# ------------------------------------------------------------------------------------- linear spaces, homogeneity


def test_linear_dimensions_are_reached():
    """The rank of members at many points: of polynomials on cells, and of linear functionals."""
    rng = np.random.default_rng(5)
    x = rng.random((60, 2))
    cell = np.floor(3 * x[:, 0])
    monomials = np.stack([x[:, 0] ** i * x[:, 1] ** j for i in range(3) for j in range(3 - i)], axis=1)
    members = np.hstack([monomials * (cell == c)[:, None] for c in range(3)])
    space = ab.PiecewisePolynomials(cells=3, degree=2, input_dim=2)
    assert np.linalg.matrix_rank(members) == space.linear_dimension == 18
    functional = ab.BoundedLinear(norm=1, input_dim=2)
    assert np.linalg.matrix_rank(x @ rng.normal(size=(2, 9))) == functional.linear_dimension == 2
    assert ab.LinearSpace(dimension=7).linear_dimension == 7
    nonlinear = (ab.FreeKnotSplines(knots=2, degree=1), ab.ReLUNetwork(widths=(3,), input_dim=1))
    assert all(G.linear_dimension is None for G in (*nonlinear, ab.Union(members=(space, space))))


def test_homogeneity_is_for_networks_without_biases():
    """That of random members is tested with their pieces (``test_piecewise.py``)."""
    shape = {"widths": (3, 2), "input_dim": 2, "bias": False}
    degrees = {ab.ReLUNetwork(**shape): 1, ab.HeavisideNetwork(**shape): 0, ab.ReLUPowerNetwork(**shape, power=3): 9}
    for G, degree in degrees.items():
        assert G.homogeneity == degree and replace(G, bits=3).homogeneity == degree
        assert replace(G, bias=True).homogeneity is None
    assert ab.FeedForwardNetwork(**shape).homogeneity is None
    norm_bounded = [ab.NormBoundedNetwork(norms=(1, 2), input_dim=2, widths=w) for w in (None, (3,))]
    one = (*norm_bounded, ab.BoundedLinear(norm=1, input_dim=2), ab.ReLUNetwork(**shape))
    assert {G.homogeneity for G in one} == {ab.Union(members=one).homogeneity} == {1}
    assert ab.Union(members=(*one, ab.HeavisideNetwork(**shape))).homogeneity is None
    rng = np.random.default_rng(6)
    network, x = random_network(rng, ab.ReLUNetwork(**shape)), rng.random((5, 2))
    np.testing.assert_allclose(forward(*network, 0.3 * x)[0], 0.3 * forward(*network, x)[0], atol=1e-12)
