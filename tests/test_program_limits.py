"""Networks near smooth ones: step networks of bounded output weights, and limits of steep units.

THEORY.md, 3.13 and 5.2; members are computed in NumPy.
"""

import math
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from forward_programs import ACTIVATIONS, Forward

import approxbounds as ab
from approxbounds.arithmetic import FLOAT

SPANS = {"tanh": (-1.0, 2.0), "sigmoid": (0.0, 1.0)}  # the least value, and the length of the interval of values


def stepped(a, activation, steps):
    """The middle of the interval, of ``steps`` equal ones, in which the value of the activation lies."""
    low, span = SPANS[activation]
    place = np.clip(np.floor((ACTIVATIONS[activation](a) - low) / span * steps), 0, steps - 1)
    return low + span * (place + 0.5) / steps


def output(layers, x, activation, steps=None):
    """A network, with the activations of layers 2, 3, ... as steps if their number is given."""
    for number, matrix in enumerate(layers, 1):
        a = x @ matrix[:, :-1].T + matrix[:, -1]
        if number == len(layers):
            return a[:, 0]
        x = ACTIVATIONS[activation](a) if steps is None or number == 1 else stepped(a, activation, steps)


def random_layers(rng, widths, dim, norm):
    """Any weights and biases, rows from layer 3 on of l1 norm ``norm``."""
    layers = []
    for number, (inputs, units) in enumerate(pairwise([dim, *widths, 1]), 1):
        matrix = rng.normal(size=(units, inputs + 1)) * 10 ** rng.uniform(-1, 1.5)
        if number >= 3:
            matrix[:, :-1] *= norm / np.abs(matrix[:, :-1]).sum(axis=1, keepdims=True)
            matrix[:, -1] = rng.uniform(-norm, norm, units)
        layers.append(matrix)
    return layers


@pytest.mark.parametrize("activation", SPANS)
@pytest.mark.parametrize("widths", [(4, 3), (3, 3, 2), (2, 2, 2, 2)])
def test_step_networks_are_near(activation, widths):
    rng, largest = np.random.default_rng(0), 0.0
    for norm, rho in [("1/2", Fraction(1, 10)), (3, Fraction(1, 4)), (20, Fraction(1, 2))]:
        G = ab.TanhNetwork(widths=widths, input_dim=2, activation=activation, output_norm=norm)
        (near,) = [known for known in G.neighbourhoods if known.id == "grid-steps"]
        steps = near.at(rho).steps
        for _ in range(150):
            layers = random_layers(rng, widths, 2, float(Fraction(norm)))
            x = rng.random((200, 2))
            error = np.abs(output(layers, x, activation) - output(layers, x, activation, steps)).max()
            assert error <= float(rho) * (1 + 1e-12)
            largest = max(largest, error / float(rho))
    assert largest > (0.5 if len(widths) == 2 else 0.1)


@pytest.mark.parametrize("widths", [(1, 1), (2, 2), (1, 2, 1)])
def test_patterns_of_step_networks_on_grids(widths):
    rng, rho = np.random.default_rng(1), Fraction(1, 2)
    for dim, k in [(1, 6), (2, 3)]:
        G = ab.TanhNetwork(widths=widths, input_dim=dim, output_norm=1)
        near = G.neighbourhoods[0].at(rho)
        assert near.steps == 2 * (len(widths) - 1)
        x = np.array(list(product(range(k), repeat=dim))) / k + 0.1
        (count,) = near.grid_counts(((k, dim),))
        values = [output(random_layers(rng, widths, dim, 1.0), x, "tanh", near.steps) for _ in range(3000)]
        for thresholds in (np.zeros(len(x)), rng.normal(size=len(x)) / 4):
            found = len(np.unique(np.packbits(np.array(values) > thresholds, axis=1), axis=0))
            assert math.log2(found) <= min(len(x), float(count.evaluate(FLOAT, float(len(x))))) + 1e-9


@pytest.mark.parametrize("norm", ["1e-9", 10**9, 10**60])
def test_extreme_norms(norm):
    """One step suffices for tiny output weights: then all is constant."""
    F, G = ab.LipschitzBall(dim=1), ab.TanhNetwork(widths=(3, 3), input_dim=1, output_norm=norm)
    for p in (2, "inf"):
        bound = next(b for b in ab.lower_bounds(F, G, p=p) if b.theorem.id == "Tnear")
        assert ab.verify(bound.certificate) and 0 < bound.value <= 0.5


# ------------------------------------------------------------------------------------------------------- limits


def steep(layers, scale):
    """act(s a)/s for each unit with activation act, as weights of one network."""
    first, *others, last = layers
    found = [scale * first]
    for matrix in others:
        found.append(np.concatenate([matrix[:, :-1], scale * matrix[:, -1:]], axis=1))
    return [*found, np.concatenate([last[:, :-1] / scale, last[:, -1:]], axis=1)]


@pytest.mark.parametrize("activation", ["softplus", "silu", "gelu", "gelu-tanh", "elu"])
def test_steep_units_are_relu_uniformly(activation):
    rng, widths = np.random.default_rng(0), (5, 4, 3)
    G = ab.TanhNetwork(widths=widths, input_dim=3, activation=activation)
    (limit,) = G.limits
    assert limit.network == ab.ReLUNetwork(widths=widths, input_dim=3) and limit.uniform
    for _ in range(20):
        layers = [rng.normal(size=(units, inputs + 1)) for inputs, units in pairwise([3, *widths, 1])]
        x = np.concatenate([rng.random((500, 3)), rng.integers(0, 2, (20, 3))])
        relu = output_of(layers, x, "relu")
        errors = [np.abs(G.program(Forward(steep(layers, scale), x)) - relu).max() for scale in (1e2, 1e4, 1e6)]
        assert errors[2] <= 1e-2 * errors[0] + 1e-12 and errors[2] < 1e-3


def output_of(layers, x, activation):
    return ab.TanhNetwork(widths=tuple(len(m) for m in layers[:-1]), input_dim=x.shape[1]).program(
        _With(layers, x, activation)
    )


class _With(Forward):
    """The same network with another activation."""

    def __init__(self, groups, x, activation):
        super().__init__(groups, x)
        self.activation = activation

    def act(self, x, activation):
        return np.heaviside(x, 0.0) if self.activation == "step" else ACTIVATIONS[self.activation](x)


#: Values at -inf and inf.
ENDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "arctan": (-math.pi / 2, math.pi / 2)}


def saturated(layers, activation, scale, shift):
    """Weights with which units are nearly 1[a > 0]: net inputs times ``scale``, moved by ``-shift`` before."""
    low, high = ENDS[activation]
    found = []
    for number, matrix in enumerate(layers):
        new = matrix.astype(float).copy()
        if number > 0:  # a unit's step is (value - low)/(high - low)
            new[:, -1] -= new[:, :-1].sum(axis=1) * low / (high - low)
            new[:, :-1] /= high - low
        if number < len(layers) - 1:
            new[:, -1] -= shift
            new *= scale
        found.append(new)
    return found


@pytest.mark.parametrize("activation", ENDS)
def test_saturated_units_are_steps_almost_everywhere(activation):
    """Net inputs of small integers are often exactly 0, where steps are 0: biases move them away from it."""
    rng, widths = np.random.default_rng(0), (5, 4, 3)
    G = ab.TanhNetwork(widths=widths, input_dim=2, activation=activation)
    (limit,) = G.limits
    assert limit.network == ab.HeavisideNetwork(widths=widths, input_dim=2) and not limit.uniform
    exact_zeros = 0
    for _ in range(20):
        layers = [rng.integers(-2, 3, (units, inputs + 1)) for inputs, units in pairwise([2, *widths, 1])]
        x = rng.random((2000, 2))
        steps = output_of(layers, x, "step")
        second = np.heaviside(x @ layers[0][:, :-1].T + layers[0][:, -1], 0.0) @ layers[1][:, :-1].T + layers[1][:, -1]
        exact_zeros += int((second == 0).any())
        errors = []
        for power in (2, 4, 6):
            found = G.program(Forward(saturated(layers, activation, 10.0 ** (2 * power), 10.0**-power), x))
            errors.append(math.sqrt(np.mean((found - steps) ** 2)))
        assert errors[2] <= 1e-3 + 0.1 * errors[0]
    assert exact_zeros > 5


def test_which_networks_have_limits():
    for change in ({"bits": 3}, {"weight_bound": 9}, {"output_norm": 9}):
        assert ab.TanhNetwork(widths=(3, 3), input_dim=1, **change).limits == ()
    assert ab.LSTM(hidden=2, steps=2).limits == ()


@pytest.mark.parametrize("p", [1, 2, "inf"])
def test_upper_bounds_are_those_of_the_limits(p):
    F = ab.LipschitzBall(dim=2)
    shape = {"widths": (30, 40), "input_dim": 2}
    smooth = ab.upper_bound(F, ab.TanhNetwork(**shape, activation="softplus"), p=p)
    assert smooth.theorem.id == "limits"
    assert smooth.value == ab.upper_bound(F, ab.ReLUNetwork(**shape), p=p).value
    every = ab.upper_bounds(F, ab.TanhNetwork(**shape), p=p)
    if p == "inf":
        assert "limits are not uniform" in next(r.reason for r in every.refusals if r.theorem == "limits")
    else:
        found = next(b for b in every if b.theorem.id == "limits")
        assert found.value == ab.upper_bound(F, ab.HeavisideNetwork(**shape), p=p).value


def test_limits_and_neighbours_are_for_the_uniform_law_only():
    """At atoms steep units may stay away from steps, and nets are for inputs in [0,1]."""
    points = ab.Empirical(points=[[0, 0.5], [0.5, 1], [1, 0]])
    G = ab.TanhNetwork(widths=(3, 3), input_dim=2, activation="sigmoid")
    bounded = ab.TanhNetwork(widths=(3, 3), input_dim=2, weight_bound=1, output_norm=1)
    for measure in (points, ab.Normal(dim=2)):
        F = ab.under(ab.LipschitzBall(dim=2), measure)
        answers = (ab.upper_bounds(F, G, p=2), ab.lower_bounds(F, bounded, p=2))
        assert not {b.theorem.id for every in answers for b in every} & {"limits", "Tnear"}
