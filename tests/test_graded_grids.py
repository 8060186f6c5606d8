"""Grids whose nodes follow the measure: integrals, functions and networks against the bounds, room, refusals."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from members import relu, rough, steps
from scipy import integrate, stats

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.constructions.graded_grids import GradedGrids
from approxbounds.constructions.graded_networks import Shape
from approxbounds.constructions.graded_nodes import Nodes, distortion

LAWS = {
    "normal": (ab.Normal(dim=1, mean=2, deviation="1/3"), stats.norm(2, 1 / 3)),
    "exponential": (ab.Exponential(rate=2, low=1), stats.expon(1, 0.5)),
    "laplace": (ab.Laplace(mean=1, scale=2), stats.laplace(1, 2)),
    "logistic": (ab.Logistic(scale="1/2"), stats.logistic(0, 0.5)),
    "uniform": (ab.Uniform(low=-1, high=3), stats.uniform(-1, 4)),
}


def graded(F, G, p):
    """The bound by this theorem, which must be there."""
    (bound,) = [b for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "graded-grids"]
    assert ab.verify(bound.certificate)
    return bound


def places(law, nodes):
    """All nodes, in the coordinate."""
    found = nodes.positions(law)
    assert len(found) == nodes.count
    return found


def coordinates(bound):
    """Of each coordinate its nodes, and whether g is linear between them."""
    witness, laws = bound.witness, bound.query.F.measure.laws
    shape, found = Shape(witness["shape"]), []
    counts = [witness[f"n{j + 1}"] for j in range(len(laws))]
    for j, (law, count, linear) in enumerate(GradedGrids._nodes(bound.query, shape, counts), start=1):
        extent, grade = witness.get(f"extent{j}", Fraction(1)), witness.get(f"grade{j}", Fraction(0))
        found.append((places(law, Nodes(count, linear, extent, grade)), linear))
    return found


def on_grid(f, grid, x):
    """g(x): values of f at nodes, at the nearest one or between two of them."""
    corners, weights = [], []
    for j, (nodes, linear) in enumerate(grid):
        z = np.clip(x[:, j], nodes[0], nodes[-1])
        if linear:
            i = np.clip(np.searchsorted(nodes, z) - 1, 0, len(nodes) - 2)
            t = (z - nodes[i]) / (nodes[i + 1] - nodes[i])
            corners.append((nodes[i], nodes[i + 1]))
            weights.append((1 - t, t))
        else:
            corners.append((nodes[np.abs(z[:, None] - nodes).argmin(axis=1)],))
            weights.append((np.ones(len(x)),))
    total = np.zeros(len(x))
    for choice in np.ndindex(*map(len, corners)):
        at = np.stack([corners[j][c] for j, c in enumerate(choice)], axis=1)
        total += np.prod([weights[j][c] for j, c in enumerate(choice)], axis=0) * f(at)
    return total


@pytest.mark.parametrize("q", [Fraction(1), Fraction(7, 4)], ids=str)
@pytest.mark.parametrize("name", LAWS)
def test_distortions_against_quadrature(name, q):
    """At least the exact integral, with q = 1 at most 6 % more; the same in balls."""
    mu, exact_law = LAWS[name]
    (law,) = mu.laws
    bounded = law.sides is not None
    for nodes in (Nodes(1), Nodes(4, False), Nodes(5, True), Nodes(2, True)):
        if not bounded:
            nodes = Nodes(nodes.count, nodes.linear, Fraction(5, 2), Fraction(1, 2))
        at = places(law, nodes)

        def squared(x, at=at, nodes=nodes, cap=3.0):
            inside = nodes.linear and at[0] < x < at[-1]
            i = min(max(int(np.searchsorted(at, x)) - 1, 0), max(len(at) - 2, 0))
            value = (x - at[i]) * (at[i + 1] - x) if inside else np.min((x - at) ** 2)
            return min(value, cap)

        cuts = np.unique(np.concatenate([at, (at[1:] + at[:-1]) / 2, [float(law.start)], at[-1:] + 1.7, at[:1] - 1.7]))
        ends = [exact_law.ppf(1e-13), *cuts, exact_law.ppf(1 - 1e-13)]
        ends = [x for x in sorted(ends) if exact_law.ppf(1e-13) <= x <= exact_law.ppf(1 - 1e-13)]
        exact = sum(
            integrate.quad(lambda x: squared(x) ** float(q) * exact_law.pdf(x), a, b)[0] for a, b in pairwise(ends)
        ) ** (1 / float(q))
        unit = float(law.unit)
        found = unit**2 * distortion(FLOAT, law, nodes, q, 3 / unit**2)
        assert exact * (1 - 1e-6) <= found <= exact * (1.06 if q == 1 else 1.12)
        ball = distortion(BALL, law, nodes, q, BALL.number(3) / BALL.number(Fraction(law.unit) ** 2))
        assert unit**2 * float(ball) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("p", [1, 2, "7/2"])
@pytest.mark.parametrize("s", ["1/2", 1])
@pytest.mark.parametrize("name", LAWS)
def test_functions_of_one_variable(name, s, p):
    mu, law = LAWS[name]
    x = law.ppf((np.arange(20000) + 0.5) / 20000)[:, None]
    F = ab.under(ab.HolderBall(smoothness=s, dim=1), mu)
    for G, shape in ((relu(12), "line"), (relu(12, 12), "zigzag"), (steps(9), "steps")):
        bound = graded(F, G, p)
        assert bound.witness["shape"] == shape or (name, shape) == ("exponential", "zigzag")  # graded nodes are better
        grid, power, worst = coordinates(bound), float(Fraction(p)), 0.0
        (nodes, _), exponent = grid[0], float(Fraction(s))

        def tents(x, nodes=nodes, exponent=exponent):
            return np.minimum(np.abs(x - nodes).min(axis=1) ** exponent, 1)

        for f in (*(rough(1, exponent, law.std(), seed=seed) for seed in range(3)), tents):
            gap = np.abs(f(x) - on_grid(f, grid, x)) ** power
            worst = max(worst, float(gap.mean()) ** (1 / power))
        assert bound.value / 4 <= worst <= bound.value


MIXED = ab.Product(marginals=(ab.Exponential(rate=2), ab.Normal(dim=1, mean=1), ab.Uniform(low=0, high=3)))


@pytest.mark.parametrize(
    ("mu", "G", "shape"),
    [
        (ab.Normal(dim=2), relu(20, 20, d=2), "strips"),
        (ab.Normal(dim=2), steps(30, 100, d=2), "steps"),
        (ab.Box(low=(0, 1), high=(2, 4)), relu(20, 20, d=2), "strips"),
        (MIXED, relu(24, 50, 24, d=3), "towers"),
        (MIXED, relu(24, 24, 24, 24, d=3), None),
        (MIXED, steps(30, 150, d=3), "steps"),
    ],
)
@pytest.mark.parametrize("p", [1, 3])
def test_functions_of_several_variables(mu, G, shape, p):
    x = _draw(mu, 4000)
    for s in ("1/2", 1):
        bound = graded(ab.under(ab.HolderBall(smoothness=s, dim=mu.dimension), mu), G, p)
        assert bound.witness["shape"] == (shape or bound.witness["shape"])
        grid = coordinates(bound)
        for seed in range(3):
            f = rough(mu.dimension, float(Fraction(s)), x.std(axis=0), seed=seed)
            gap = np.abs(f(x) - on_grid(f, grid, x)) ** p
            assert float(gap.mean()) ** (1 / p) <= bound.value


def _draw(mu, count):
    """Points that follow the measure, at quantiles in each coordinate."""
    rng = np.random.default_rng(3)
    draw = {"GaussLaw": rng.standard_normal, "ExponentialLaw": rng.standard_exponential, "UniformLaw": rng.random}
    return np.stack([float(law.start) + float(law.unit) * draw[type(law).__name__](count) for law in mu.laws], axis=1)


@pytest.mark.parametrize("widths", [(1, 6, 4), (12,), (5, 4, 3), (12, 12), (2, 12, 12), (3, 12, 12, 9, 12)], ids=str)
@pytest.mark.parametrize("name", LAWS)
def test_networks_of_one_variable(name, widths):
    """What is built is the broken line, clamped, and as near as the bound says; the worst is not below lower bounds."""
    mu, law = LAWS[name]
    x = law.ppf((np.arange(20000) + 0.5) / 20000)[:, None]
    F, worst = ab.under(ab.LipschitzBall(dim=1), mu), 0.0
    for G in (relu(*widths), steps(*widths)):
        bound = graded(F, G, 2)
        grid = coordinates(bound)

        def tents(x, nodes=grid[0][0]):
            return np.minimum(np.abs(x - nodes).min(axis=1), 1)

        for f in (rough(1, 1.0, law.std()), tents):
            network = bound.build(f)
            assert network.widths == widths
            assert np.abs(network(x) - on_grid(f, grid, x)).max() <= 1e-11
            worst = max(worst, float(np.sqrt(((network(x) - f(x)) ** 2).mean())) / bound.value)
        assert ab.lower_bound(F, G, p=2).value <= worst * bound.value
    assert worst <= 1


@pytest.mark.parametrize(
    ("mu", "G"),
    [
        (ab.Normal(dim=2), relu(20, 20, d=2)),
        (ab.Normal(dim=2), relu(9, 20, 20, 20, d=2)),
        (ab.Normal(dim=2), relu(2, 2, d=2)),
        (ab.Normal(dim=2), steps(30, 30, 100, d=2)),
        (ab.Box(low=(0, 1), high=(2, 4)), relu(20, 20, d=2)),
        (MIXED, relu(24, 50, 24, d=3)),
        (MIXED, relu(12, 6, d=3)),
        (MIXED, steps(30, 150, d=3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("p", [1, 3])
def test_networks_of_several_variables(mu, G, p):
    x = _draw(mu, 4000)
    F = ab.under(ab.LipschitzBall(dim=mu.dimension), mu)
    bound = graded(F, G, p)
    f = rough(mu.dimension, 1.0, x.std(axis=0))
    network = bound.build(f)
    far = np.abs(network(x) - on_grid(f, coordinates(bound), x)) > 1e-6
    assert network.widths == G.widths and far.mean() <= 0.001  # where switches have their steps
    error = float((np.abs(network(x) - f(x)) ** p).mean()) ** (1 / p)
    assert ab.lower_bound(F, G, p=p).value <= error <= bound.value


def test_steps_of_continuous_units_are_a_limit():
    F = ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1))
    with pytest.raises(ab.NotApplicableError, match="only in the limit of large weights"):
        graded(F, ab.ReLUPowerNetwork(widths=(9,), input_dim=1, power=2), 2).build(lambda x: x[:, 0])
    assert graded(F, relu(1), 2).witness["shape"] == "steps"  # a constant: no break is left for a node


@pytest.mark.parametrize("p", [1, 2])
def test_more_nodes_are_nearer_and_no_lower_bound_is_above(p):
    F = ab.under(ab.LipschitzBall(dim=2), ab.Normal(dim=2))
    values = [graded(F, relu(n, n, d=2), p).value for n in (4, 8, 16, 32)]
    assert values == sorted(values, reverse=True) and values[-1] < values[0] / 3
    assert all(b.value <= values[1] for b in ab.lower_bounds(F, relu(8, 8, d=2), p=p))


def test_differentiable_functions_have_a_modulus_too():
    F = ab.under(ab.HolderBall(smoothness=2, dim=2), ab.Normal(dim=2, deviation="1/5"))
    other = ab.under(ab.LipschitzBall(dim=2, radius=2), ab.Normal(dim=2, deviation="1/5"))
    assert graded(F, relu(20, 20, d=2), 2).value <= graded(other, relu(20, 20, d=2), 2).value < 0.2


@pytest.mark.parametrize(
    ("F", "G", "p"),
    [
        (ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), relu(20), math.inf),
        (ab.under(ab.MonotoneFunctions(dim=1), ab.Normal(dim=1)), relu(20), 2),
        (ab.under(ab.LipschitzBall(dim=1), ab.Empirical(points=[0.0, 1.0])), relu(20), 2),
        (ab.under(ab.LipschitzBall(dim=17), ab.Normal(dim=17)), relu(64, 64, d=17), 2),
        (ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), ab.ReLUNetwork(widths=(20,), input_dim=1, bias=False), 2),
        (ab.LipschitzBall(dim=1), relu(20), 2),
    ],
)
def test_refusals(F, G, p):
    assert not [b for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "graded-grids"]


def test_other_witnesses_are_rejected():
    for F, G in (
        (ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), relu(20)),
        (ab.under(ab.LipschitzBall(dim=2), ab.Normal(dim=2)), relu(20, 20, d=2)),
        (ab.under(ab.LipschitzBall(dim=2), ab.Normal(dim=2)), steps(20, 80, d=2)),
    ):
        data = graded(F, G, 2).certificate.to_dict()
        count = data["witness"]["n1"]
        for change in ({"shape": "else"}, {"shape": "zigzag"}, {"n1": count + 1}, {"n1": 0}, {"extent1": 65}):
            assert not ab.verify({**data, "witness": {**data["witness"], **change}}), change
