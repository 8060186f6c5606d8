"""Upper bounds under measures: networks with their weights against the bounds, the scale, tails, refusals."""

import math
from fractions import Fraction

import numpy as np
import pytest
from members import relu, rough, steps
from scipy import stats

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.from_the_cube import box_scale
from approxbounds.facts.functions import Placed

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(400, 2)) * [3, 0.2]
LINE_LAWS = (
    (ab.Uniform(low=-1, high=3), stats.uniform(-1, 4)),
    (ab.Normal(dim=1, mean=2, deviation="1/3"), stats.norm(2, 1 / 3)),
    (ab.Exponential(rate=2, low=1), stats.expon(1, 0.5)),
    (ab.Laplace(mean=1, scale=2), stats.laplace(1, 2)),
    (ab.Logistic(scale="1/2"), stats.logistic(0, 0.5)),
)


def carried(F, G, p):
    """The bound by this theorem, which must be there."""
    (bound,) = [b for b in ab.upper_bounds(F, G, p=p) if b.theorem.id == "from-the-cube"]
    assert ab.verify(bound.certificate)
    return bound


@pytest.mark.parametrize(("mu", "law"), LINE_LAWS, ids=[str(mu) for mu, _ in LINE_LAWS])
def test_tails(mu, law):
    """The mass outside the box: at least the exact one, at most (2, Gauss: 15) times it."""
    for extent in map(Fraction, ("1/4", 1, 3, "11/2")):
        box = mu.surrounding(FLOAT, extent)
        unit, start = float(mu.laws[0].unit), float(mu.laws[0].start)
        if mu.is_uniform:
            assert box.outside is None and box.sides == (4,) and box.crowding == 1
            continue
        two_sided = mu.laws[0].two_sided
        reach = float(extent) * unit
        exact = law.sf(start + reach) + (law.cdf(start - reach) if two_sided else 0)
        assert exact <= box.outside * (1 + 1e-12) and box.outside <= 15 * exact
        assert float(box.sides[0]) == pytest.approx((1 + two_sided) * reach)


@pytest.mark.parametrize("sides", [("1/8", "1/50"), ("1/2", "3/2"), (2, 3), (1, 1)])
@pytest.mark.parametrize("s", ["1/3", 1])
def test_functions_on_a_box_are_scaled_functions_of_the_ball(s, sides):
    """Membership of f(low + sides u) - c in the scaled ball; and a smaller scale is too small for some f."""
    F, sides = ab.HolderBall(smoothness=s, dim=2), tuple(map(Fraction, sides))
    scale = box_scale(FLOAT, Placed(F, ab.Normal(dim=2)), sides)
    lengths, points, outside = np.array(list(map(float, sides))), RNG.random((150, 2)), 0
    points[:6] = [[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0], [0.5, 1]]
    exponent = float(Fraction(s))
    fs = [rough(2, exponent, lengths, seed=seed) for seed in range(12)]
    fs += [lambda x, j=j: np.clip(np.abs(x[:, j]) ** exponent, 0, 2) - 1 for j in range(2)]
    fs += [lambda x: np.minimum(np.linalg.norm(x, axis=1) ** exponent, 2) - 1]
    for f in fs:
        values = f(points * lengths)
        middle = (values.max() + values.min()) / 2 if scale < 1 else 0.0
        h = lambda u, f=f, middle=middle: (f(u * lengths) - middle) / scale  # noqa: E731
        assert F.contains(h, points)
        outside += not F.contains(lambda u, h=h: 1.05 * h(u), points)
    assert outside


@pytest.mark.parametrize("sides", [("1/8", "1/50"), ("1/2", "3/2"), (2, 3), ("9/10", "9/10")])
@pytest.mark.parametrize("s", [2, 3])
def test_derivatives_on_a_box(s, sides):
    """The derivatives of sin and cos, along each coordinate and of the sum of both, are within the scale."""
    sides = tuple(map(Fraction, sides))
    scale = box_scale(FLOAT, Placed(ab.HolderBall(smoothness=s, dim=2), ab.Normal(dim=2)), sides)
    assert all(float(max(sides)) ** order <= scale for order in range(1, s + 1))
    assert min(1, float(sum(sides)) / 2) <= scale or max(sides) > 1


# ------------------------------------------------------------------- networks with their weights, under the measure


def on_the_box(bound, F, f, low, sides):
    """The construction's network on the cube for f, mapped back: a function on R^d (of x in the box, or clamped)."""
    witness = bound.witness
    inner = ab.THEOREMS[witness["construction"]]
    asked = bound.theorem._read(bound.query, witness)
    scale = box_scale(FLOAT, Placed(F, ab.Normal(dim=F.dim)), tuple(map(Fraction, sides)))
    low, sides = np.asarray(low, float), np.asarray(sides, float)
    values = f(low + sides * RNG.random((2000, len(sides))))
    middle = (values.max() + values.min()) / 2 if scale < 1 else 0.0
    network = inner.build(asked.query, witness, lambda u: (f(low + sides * np.asarray(u)) - middle) / scale)
    return network, lambda x: middle + scale * network(np.clip((x - low) / sides, 0, 1))


def lp(gaps, p, weights=None):
    return (
        float(np.abs(gaps).max()) if p == math.inf else float(np.average(np.abs(gaps) ** p, weights=weights) ** (1 / p))
    )


@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("G", [steps(30, 40, d=2), relu(20, 20, d=2), relu(24, 24, 24, 24, d=2)], ids=str)
@pytest.mark.parametrize("s", ["1/2", 1])
def test_samples(s, G, p):
    F, mu = ab.HolderBall(smoothness=s, dim=2), ab.Empirical(points=CLOUD)
    bound = carried(ab.under(F, mu), G, p)
    assert bound.witness["way"] == "everywhere"
    low, high = CLOUD.min(axis=0), CLOUD.max(axis=0)
    for seed in range(3):
        f = rough(2, float(Fraction(s)), CLOUD.std(axis=0), seed=seed)
        network, g = on_the_box(bound, F, f, low, high - low)
        assert network.widths == G.widths
        assert lp(f(CLOUD) - g(CLOUD), p) <= bound.value * (1 + 1e-9)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("G", [steps(60), relu(40), relu(20, 20)], ids=str)
def test_normal_on_the_line(G, p):
    F, mu = ab.LipschitzBall(dim=1), ab.Normal(dim=1, mean=1, deviation=2)
    bound = carried(ab.under(F, mu), G, p)
    extent = float(bound.witness["extent"])
    x = stats.norm(1, 2).ppf((np.arange(40000) + 0.5) / 40000)[:, None]
    for seed in range(3):
        f = rough(1, 1.0, 4.0, seed=seed)
        _, g = on_the_box(bound, F, f, [1 - 2 * extent], [4 * extent])
        assert bound.value / 12 <= lp(f(x) - g(x), p) <= bound.value


def test_normal_in_the_plane():
    F, mu = ab.LipschitzBall(dim=2), ab.Product(marginals=(ab.Normal(dim=1), ab.Exponential()))
    for G in (steps(60, 400, d=2), relu(40, 40, 40, d=2)):
        bound = carried(ab.under(F, mu), G, 2)
        extent = float(bound.witness["extent"])
        x = np.stack([RNG.normal(size=20000), RNG.exponential(size=20000)], axis=1)
        f = rough(2, 1.0, 2.0)
        _, g = on_the_box(bound, F, f, [-extent, 0], [2 * extent, extent])
        assert lp(f(x) - g(x), 2) <= bound.value < 1


def test_clamping_costs_two_units_of_one_variable():
    """Any network of widths (n - 2, ..), of x clamped to [0,1], is one of widths (n, ..): by its weights."""
    layers = [(RNG.normal(size=(5, 1)), RNG.normal(size=5)), (RNG.normal(size=(3, 5)), RNG.normal(size=3))]
    (first, biases), (second, rest) = layers
    slopes, kinks = first[:, 0], -biases / first[:, 0]
    inner = np.clip(kinks, 0, 1)  # kinks outside [0,1]: the unit is 0 there or, but for a constant, max(w(x-kink'), 0)
    constants = np.maximum(slopes * inner + biases, 0)
    units = np.concatenate([slopes, [1.0, -1.0]])[:, None]
    starts = np.concatenate([-slopes * inner, [-1.0, 0.0]])  # and max(x - 1, 0), max(-x, 0)
    dead = (slopes > 0) & (kinks >= 1) | (slopes < 0) & (kinks <= 0)
    units[:5][dead], starts[:5][dead] = 0, 0
    constants[dead] = 0
    live = ~dead
    above, below = second @ (slopes * (slopes > 0) * live), second @ (-slopes * (slopes < 0) * live)
    wider = np.column_stack([second, -above, -below])
    x = np.linspace(-3, 4, 1401)[:, None]
    expected = np.maximum(np.clip(x, 0, 1) @ first.T + biases, 0) @ second.T + rest
    found = np.maximum(x @ units.T + starts, 0) @ wider.T + rest + second @ constants
    assert np.allclose(found, expected)


def rising(x):
    return (x[:, 0] > -x[:, 1] + 0.5) * 0.7 + 0.3 * stats.norm.cdf(x[:, 0])


def at_quantiles(u):
    return rising(np.stack([stats.norm.ppf(u[:, 0]), stats.expon.ppf(u[:, 1])], axis=1))


@pytest.mark.parametrize("p", [1, 2])
def test_monotone_functions_by_steps_at_quantiles(p):
    F = ab.MonotoneFunctions(dim=2)
    for G in (steps(8, 16, d=2), steps(20, 30, d=2)):
        bound = carried(ab.under(F, ab.Product(marginals=(ab.Normal(dim=1), ab.Exponential()))), G, p)
        assert bound.witness["way"] == "quantiles"
        assert bound.value == min(b.value for b in ab.upper_bounds(F, G, p=p) if b.theorem.by_steps)
        inner = ab.THEOREMS[bound.witness["construction"]]
        network = inner.build(bound.theorem._read(bound.query, bound.witness).query, bound.witness, at_quantiles)
        x = np.stack([RNG.normal(size=20000), RNG.exponential(size=20000)], axis=1)
        (matrix, biases), *others = network.layers  # thresholds t of x_j become quantiles
        axis = np.abs(matrix).argmax(axis=1)
        t = -biases / matrix[np.arange(len(axis)), axis]
        quantiles = np.where(axis == 0, stats.norm.ppf(t), stats.expon.ppf(t))
        moved = type(network)(layers=((np.eye(2)[axis], -quantiles), *others), power=0)
        assert lp(rising(x) - moved(x), p) <= bound.value


def test_density_of_the_uniform_law_and_others():
    """A box of side 1 is the cube; K = 2: a bound in L^q, q >= p, is multiplied by 2^(1/q), in sup norm by 1."""
    F, G = ab.ConvexFunctions(dim=1), relu(9)
    split = ab.Density(sizes=(2,), cuts=(3, "7/2", 4), lower=(0, "1/2"), upper=(1, 2))
    for p in (1, 3, math.inf):
        least = ab.upper_bound(F, G, p=p).value
        assert ab.upper_bound(ab.under(F, ab.Uniform(low=3, high=7)), G, p=p).value == least
        norms = [q * p for q in (1, 2, 4, 8)] if p < math.inf else [p]
        carried = min(2 ** (1 / q) * ab.upper_bound(F, G, p=q).value for q in norms)
        assert ab.upper_bound(ab.under(F, split), G, p=p).value == pytest.approx(min(0.5, carried))


def test_of_norms_the_one_with_the_least_factor():
    """Under a probability measure E_1 <= E_2: K E_1 on the cube is more than K^(1/2) E_2, which `power` says."""
    mu = ab.Density(sizes=(2, 2, 2), cuts=(0, "1/2", 1) * 3, lower=("1/2",) * 8, upper=("3/2",) * 8)
    F, G = ab.LipschitzBall(dim=3), relu(8, 40, 10, 3, d=3)
    one, two = (ab.upper_bound(ab.under(F, mu), G, p=p) for p in (1, 2))
    assert one.value == two.value == pytest.approx(1.5**0.5 * ab.upper_bound(F, G, p=2).value)
    assert one.value < 1.5 * ab.upper_bound(F, G, p=1).value
    assert one.witness["power"] == 2 and "power" not in two.witness
    claim = one.certificate.to_dict()
    for power in (1, 4, 3, 0, 2**70):
        changed = claim | {"witness": claim["witness"] | {"power": power}}
        assert not ab.verify(ab.Certificate.from_dict(changed)).accepted


MEASURES = [
    ab.Normal(dim=2, deviation="1/50"),
    ab.Box(low=(0, 0), high=("1/4", 3)),
    ab.Product(marginals=(ab.Laplace(), ab.Uniform())),
    ab.Density(sizes=(2, 1), cuts=(0, "1/2", 1, 0, 1), lower=("3/2", "1/4"), upper=(2, 1)),
    ab.Density(sizes=(1, 1), cuts=(0, 2, 0, 1), lower=("1/3",)),
    ab.Empirical(points=CLOUD),
]


@pytest.mark.parametrize("mu", MEASURES, ids=str)
@pytest.mark.parametrize("p", [1, "5/2", math.inf])
def test_no_lower_bound_is_above(mu, p):
    for F in (ab.LipschitzBall(dim=2), ab.HolderBall(smoothness=2, dim=2, radius=3), ab.MonotoneFunctions(dim=2)):
        for G in (steps(6, 9, d=2), relu(3, d=2), relu(12, 12, 12, d=2)):
            least = min(b.value for b in ab.upper_bounds(ab.under(F, mu), G, p=p))
            assert all(b.value <= least for b in ab.lower_bounds(ab.under(F, mu), G, p=p))


@pytest.mark.parametrize(
    ("F", "mu", "G", "p"),
    [
        (ab.LipschitzBall(dim=1), ab.Normal(dim=1), relu(20), math.inf),  # x is not bounded
        (ab.MonotoneFunctions(dim=1), ab.Empirical(points=[0.0, 1.0, 3.0]), relu(20), math.inf),  # g is continuous
        (ab.ConvexFunctions(dim=1), ab.Density(sizes=(1,), cuts=(0, 1), lower=(0,)), relu(20), 2),  # atoms at the ends
        (ab.LipschitzBall(dim=1), ab.Normal(dim=1), ab.ReLUNetwork(widths=(20,), input_dim=1, bias=False), 2),
        (ab.LipschitzBall(dim=2), ab.Normal(dim=2), relu(20, d=2), 2),  # no layer is left for clamping
    ],
)
def test_refusals(F, mu, G, p):
    assert not [b for b in ab.upper_bounds(ab.under(F, mu), G, p=p) if b.theorem.id == "from-the-cube"]


def test_another_way_or_construction_is_rejected():
    sample = ab.under(ab.LipschitzBall(dim=1), ab.Empirical(points=[0.0, 1.0, 3.0]))
    normal = ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1))
    for F in (sample, normal):
        data = carried(F, relu(20), 2).certificate.to_dict()
        for change in (
            {"way": "density"},
            {"way": "quantiles"},
            {"way": "everywhere" if F is normal else "clamped"},
            {"way": "else"},
            {"construction": "from-the-cube"},
            {"construction": "T3"},
            {"construction": "monotone-steps"},
            {"extent": 0},
            {"extent": 41},
            {"intervals": 21},
        ):
            verdict = ab.verify({**data, "witness": {**data["witness"], **change}})
            assert not verdict, change


def test_rates_and_derivations():
    F = ab.under(ab.LipschitzBall(dim=2), ab.Empirical(points=CLOUD))
    bound = carried(F, relu(64, 64, d=2), 2)
    assert str(bound.rate) == str(ab.upper_bound(ab.LipschitzBall(dim=2), relu(64, 64, d=2), p="inf").rate)
    assert "everywhere" in bound.explain() and bound.witness["construction"] in bound.explain()
    with pytest.raises(ab.NoExpressionError):
        _ = carried(ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1)), relu(20), 2).rate
