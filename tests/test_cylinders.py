"""Functions of few coordinates, free faces, and G on flats: membership, norms, counts, answers."""

import math
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import oracles
import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.hypercube import member_of
from approxbounds.facts.networks import NetworkFacts
from approxbounds.functions.halves import Halves
from approxbounds.members import MOST_AXES, on_cylinder
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.testing import check_bound
from approxbounds.theorem import Query

INF = math.inf
F4 = [
    ab.HolderBall(smoothness="1/2", dim=4),
    ab.LipschitzBall(dim=4, radius=3),
    ab.HolderBall(smoothness="5/2", dim=4),
    ab.SobolevBall(smoothness=2, dim=4, integrability="inf"),
    ab.AnisotropicHolderBall(smoothness=(2, "1/2", 3, 1)),
    ab.ConvexFunctions(dim=4),
    ab.MonotoneFunctions(dim=4),
]


def halves(F):
    return next(family for family in F.families if isinstance(family, Halves))


# ------------------------------------------------------------------------------------------------ free faces


@pytest.mark.parametrize("F", [F for F in F4 if not isinstance(F, ab.MonotoneFunctions)], ids=str)
@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("p", [1, 2, Fraction(7, 2), INF])
def test_norms_of_halves(F, dim, p):
    family = halves(F.cylinder(F.roughest_axes[:dim]))
    assert family.cells({}) == 2**dim
    x = np.vstack([oracles.midpoints({1: 4000, 2: 200}[dim], dim), list(product((0.0, 1.0), repeat=dim))])
    gap = (family.evaluate({}, np.ones(2**dim), x) - family.evaluate({}, np.zeros(2**dim), x)) / 2
    assert gap.min() >= -1e-15
    exact = gap.max() if p == INF else np.mean(gap[: -(2**dim)] ** float(p)) ** (1 / float(p))  # corners: the maxima
    assert float(family.norm(FLOAT, {}, p)) == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("s", ["1/10", "1/2", 1])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_halves_are_in_the_ball_for_all_patterns(s, dim):
    F, grid = ab.HolderBall(smoothness=s, dim=dim, radius="3/2"), oracles.midpoints({1: 81, 2: 15, 3: 7}[dim], dim)
    points, largest = np.vstack([grid, np.round(grid)]), 0.0
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2)) ** float(F.smoothness)
    for omega in oracles.all_signs(2**dim) if dim < 3 else np.random.default_rng(0).integers(0, 2, (16, 8)):
        f = halves(F).evaluate({}, np.asarray(omega), points)
        assert F.contains(lambda x, omega=omega: halves(F).evaluate({}, np.asarray(omega), x), points)
        largest = max(largest, (np.abs(f[:, None] - f[None]) / np.maximum(1.5 * distance, 1e-300)).max())
    assert largest == pytest.approx(1, rel=1e-9)  # from the middle of a face to that of the other side


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_halves_are_convex(dim):
    F, rng = ab.ConvexFunctions(dim=dim), np.random.default_rng(1)
    points = np.clip(0.5 + 10.0 ** rng.uniform(-4, 0, (150, 1)) * rng.normal(size=(150, dim)), 0, 1)
    for omega in rng.integers(0, 2, (8, 2**dim)):
        assert F.contains(lambda x, omega=omega: halves(F).evaluate({}, omega, x), points)


BALLS = [ab.HolderBall(smoothness=2, dim=2), ab.SobolevBall(smoothness=2, dim=2, integrability=1)]


@pytest.mark.parametrize("F", BALLS, ids=str)
def test_second_differences_of_halves(F):
    """Second differences of step h are at most R h^2, also across the cuts."""
    h, x = 1e-3, np.random.default_rng(2).uniform(0.01, 0.99, (20000, 2))
    x[:9000, 0] = 0.5 + np.random.default_rng(3).uniform(-2e-3, 2e-3, 9000)
    for omega in oracles.all_signs(4):
        f = [halves(F).evaluate({}, np.asarray(omega), x + np.array([shift * h, 0])) for shift in (-1, 0, 1)]
        assert np.abs(f[0] - 2 * f[1] + f[2]).max() <= h**2 * (1 + 1e-6)


# ----------------------------------------------------------------------------------------------- cylinders


@pytest.mark.parametrize("F", F4, ids=str)
@pytest.mark.parametrize("p", [1, 2, INF])
def test_bounds_of_few_coordinates_hold(F, p):
    """Every theorem: certified, checked again, below the upper bounds, and not below the bound without cylinders."""
    G = ab.ReLUNetwork(widths=(12,), input_dim=4)
    found = [bound for bound in ab.lower_bounds(F, G, p=p) if bound.number is not None]
    for bound in found:
        check_bound(bound)
    assert max(bound.value for bound in found) <= ab.upper_bound(F, G, p=p).value


def test_average_case_of_a_cylinder_depends_on_its_axes_only():
    F, G = ab.AnisotropicHolderBall(smoothness=(2, "1/2", 3)), ab.FiniteClass(bits=3, input_dim=3)
    case = ab.average_case(F, G, p=2, member={"dims": 2, "k1": 5, "k2": 2})
    assert case.axes == (1, 0) and case.cells == 10 and case.mean > 0
    x, rng = np.random.default_rng(0).random((50, 3)), np.random.default_rng(1)
    omega = rng.integers(0, 2, 10)
    moved = np.column_stack([x[:, :2], rng.random(50)])
    assert (case.target(omega, x) == case.target(omega, moved)).all()
    assert (case.target(omega, x) == case.family.evaluate(case.index, omega, x[:, [1, 0]])).all()
    for dims in (0, 4, "x"):
        with pytest.raises(ab.ParameterError, match="dims="):
            ab.average_case(F, G, p=2, member={"dims": dims, "k1": 5, "k2": 2})


def test_witnesses_with_other_dims_are_refused_or_true():
    F, G = ab.LipschitzBall(dim=40), ab.ReLUNetwork(widths=(8,), input_dim=40)
    bound = ab.lower_bound(F, G, p=2)
    data = bound.certificate.to_dict()
    assert 1 < bound.witness["dims"] <= MOST_AXES and ab.verify(data)
    for dims in (0, -1, 41, 10**30, "2", "1/2", None):
        assert not ab.verify(data | {"witness": data["witness"] | {"dims": dims}})
    for dims in range(1, 41):
        ok = ab.verify(data | {"witness": data["witness"] | {"dims": dims}})
        assert bool(ok) == (dims == bound.witness["dims"])  # the best of all cells 2^d'
    assert "coordinates of $x$, of number" in str(bound.explain())


@pytest.mark.parametrize(
    ("F", "G", "p", "least"),
    [
        (ab.LipschitzBall(dim=784), ab.HadamRNN(hidden=32, steps=784), 2, 0.0358),
        (ab.LipschitzBall(dim=784), ab.ReLUNetwork(widths=(64,), input_dim=784), 2, 0.029),
        (ab.MonotoneFunctions(dim=784), ab.ReLUNetwork(widths=(64,), input_dim=784), 2, 0.188),
        (ab.HolderBall(smoothness=2, dim=32), ab.ReLUNetwork(widths=(64, 64), input_dim=32), 2, 1.6e-5),
        (ab.ConvexFunctions(dim=32), ab.ReLUNetwork(widths=(64, 64), input_dim=32), 2, 9e-6),
        (ab.LipschitzBall(dim=784), ab.HadamRNN(hidden=32, steps=784), INF, 0.5),
    ],
)
def test_high_dimension(F, G, p, least):
    bound = next(b for b in ab.lower_bounds(F, G, p=p) if b.theorem.id == ("T3inf" if p == INF else "T3"))
    assert bound.value >= least and ab.verify(bound.certificate)


def test_packings_of_cylinders():
    """In high dimension bumps of all coordinates are lower than eps; those of few are not."""
    F = ab.HolderBall(smoothness=2, dim=32)
    bound = F.packing("1/10000", p=2)
    assert bound.witness["dims"] < 16 and bound.value > 50
    check_bound(bound)
    assert bound.value >= max(F.cylinder(tuple(range(d))).packing("1/10000", p=2).value for d in (1, 2, 3)) * (1 - 1e-9)


def test_searches_find_what_each_dimension_gives():
    """The search is pruned; each d' by itself, exhaustively, gives no more."""
    F, G = ab.HolderBall(smoothness="3/2", dim=6), ab.ReLUNetwork(widths=(9,), input_dim=6)
    best = next(b for b in ab.lower_bounds(F, G, p=2) if b.theorem.id == "T3")
    theorem = next(t for t in LOWER_THEOREMS if t.id == "T3")
    values = []
    for dims in range(1, 7):
        query = on_cylinder(best.query, {"dims": dims})
        witness = theorem.search(Query(functions=query.F, network=query.G, p=2))
        values.append(float(theorem.evaluate(FLOAT, query, witness)))
    assert max(values) <= best.value * (1 + 1e-9)
    assert best.witness.get("dims", 6) == 1 + int(np.argmax(values))


# --------------------------------------------------------------------------------------------- G on flats

NETWORKS = [
    ab.ReLUNetwork(widths=(5, 4), input_dim=6),
    ab.ReLUNetwork(widths=(5,), input_dim=6, bias=False),
    ab.ReLUNetwork(widths=(5,), input_dim=6, bits=1),
    ab.HeavisideNetwork(widths=(4, 3), input_dim=6),
    ab.SkipNetwork(widths=(3, 3), input_dim=6),
    ab.NetworkSize(weights=40, depth=3),
    ab.PiecewisePolynomials(cells=3, degree=2, input_dim=6),
    ab.BoundedLinear(norm=2, input_dim=6),
    ab.Union(members=(ab.ReLUNetwork(widths=(5,), input_dim=6), ab.LinearSpace(dimension=9, input_dim=6))),
    *(
        kind(hidden=4, steps=3, inputs=2, activation=activation, **more)
        for kind, more in [(ab.RecurrentNetwork, {}), (ab.OrthogonalRNN, {}), (ab.QORNN, {"recurrent_bits": 2})]
        for activation in ("linear", "relu", "modrelu")
    ),
    ab.HadamRNN(hidden=4, steps=3, inputs=2),
    ab.HadamRNN(hidden=4, steps=3, inputs=2, layers=2, bits=1),
]


@pytest.mark.parametrize("G", NETWORKS, ids=str)
def test_flats_show_no_more_patterns_than_larger_ones(G: NetworkFacts):
    with precision(128):
        for m in (3, 40, 2000, 10**7):
            counts = [G.flat_growth(tuple(range(6))[-d:]).evaluate(BALL, m) for d in range(1, 6)]
            counts.append(G.growth().evaluate(BALL, m))
            # an unknown state costs parameters where most steps remain
            assert all(a <= b * (1.0 if d < 3 else 1.5) + 1e-9 for d, (a, b) in enumerate(pairwise(counts)))


@pytest.mark.parametrize("activation", ["linear", "relu", "modrelu"])
@pytest.mark.parametrize("kind", [ab.HadamRNN, ab.OrthogonalRNN, ab.RecurrentNetwork])
def test_the_last_steps_count_whatever_the_length_is(kind, activation):
    short, long = (kind(hidden=4, steps=steps, inputs=2, activation=activation) for steps in (8, 10**6))
    for axes in ((-1,), (-3, -1), (-4, -3, -2, -1)):
        patterns = [G.flat_growth(tuple(G.domain_dim + j for j in axes)).evaluate(FLOAT, 10**5) for G in (short, long)]
        assert patterns[0] == pytest.approx(patterns[1])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("tau", [1, 2, 3])
def test_an_unknown_state_is_a_vector(layers, tau):
    """With signs fixed, y on the last steps is linear in the reals that are counted: rank of random samples."""
    n, d, rng = 4, 1, np.random.default_rng(layers)
    W, W2, M = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(3))
    x = rng.random((400, tau, d))

    def inner(pattern):
        """The functions of x of which the net inputs of the last unit are sums, by a random draw of all reals."""
        U, b, h, b2, g = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=n), *rng.normal(size=(2, n))
        h, g = np.tile(h, (len(x), 1)), np.tile(g, (len(x), 1))
        for t in range(tau):
            h = h @ W.T + x[:, t] @ U.T + b
            g = g @ W2.T + (h * pattern[t]) @ M.T + b2
        return (h if layers == 1 else g).ravel()

    pattern = rng.integers(0, 2, (tau, len(x), n))
    samples = np.array([inner(pattern) for _ in range(60)])
    counted = n * d + n + (0 if layers == 1 else n + (0 if tau == 1 else n))
    assert np.linalg.matrix_rank(samples, tol=1e-8) <= counted


def test_members_of_cylinders_are_named_by_their_witness():
    F = ab.AnisotropicHolderBall(smoothness=(3, 1, "1/2"))
    query = Query(functions=F, network=ab.LinearSpace(dimension=2), p=2)
    reduced = on_cylinder(query, {"dims": 2})
    assert ab.AnisotropicHolderBall(smoothness=("1/2", 1)) == reduced.F
    assert member_of(reduced.F.families, {"family": "anisotropic-boxes", "k1": 3, "k2": 4})[2] == 12
    assert on_cylinder(query, {}) is query
