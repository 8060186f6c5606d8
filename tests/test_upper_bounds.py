"""Moduli, McShane's envelope, sizes, rates and certificates of upper bounds."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from members import CLASSES, SMOOTH, member, of

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.facts.built import DenseNetwork
from approxbounds.facts.grid import midpoints

INF = math.inf
SLACK = 1 + 1e-9


@pytest.mark.parametrize("F", CLASSES, ids=str)
def test_moduli_hold_for_the_members(F):
    rng, d = np.random.default_rng(1), F.domain_dim
    x, y = rng.random((2000, d)), rng.random((2000, d))
    y = np.clip(x + (y - x) * 10.0 ** rng.uniform(-5, 0, (2000, 1)), 0, 1)
    r = F.modulus_exponent
    assert (r is None) == isinstance(F, (ab.MonotoneFunctions, ab.ConvexFunctions))
    for _ in range(10):
        f = member(rng, F)
        try:
            assert F.contains(f, rng.random((80, d)))
        except ab.NoExpressionError:  # values cannot tell
            assert np.abs(f(x)).max() <= F.radius
        if r is not None:
            allowed = float(F.modulus_constant(FLOAT)) * np.linalg.norm(x - y, axis=1) ** float(r)
            assert (np.abs(f(x) - f(y)) <= allowed * SLACK + 1e-12).all()


# --------------------------------------------------------------------------------------------------------- McShane


@pytest.mark.parametrize("constant", ["1/2", 1, 3, 20])
@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("smoothness", ["1/3", "3/4", 1])
def test_mcshane_envelopes_are_within_the_bound(constant, d, smoothness):
    F = ab.HolderBall(smoothness=smoothness, dim=d, radius=2)
    G = ab.LipschitzFunctions(constant=constant, input_dim=d)
    bound, rng = of("mcshane", F, G, INF), np.random.default_rng(4)
    points = midpoints(400 if d == 1 else 24, d)
    distances = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
    for _ in range(5):
        values = member(rng, F)(points)
        envelope = (values[None, :] + float(G.constant) * distances).min(axis=1)
        gaps = values - envelope
        assert gaps.min() >= 0 and gaps.max() / 2 <= max(bound.value, 1e-15) * SLACK  # shifted by half the largest gap


@pytest.mark.parametrize(("constant", "t"), [(3, Fraction(1, 9)), (Fraction(1, 2), 1), (1, 1)])
def test_mcshane_is_sharp(constant, t):
    """f = 2 sqrt(x): f(t) - f(0) exceeds what a Lipschitz function can rise by twice the bound."""
    F = ab.HolderBall(smoothness="1/2", dim=1, radius=2)
    bound = of("mcshane", F, ab.LipschitzFunctions(constant=constant, input_dim=1), 2)
    assert bound.value == pytest.approx((2 * math.sqrt(t) - constant * t) / 2, rel=1e-15)
    assert float(sympy.N(bound.expression)) == pytest.approx(bound.value, rel=1e-14)


def test_mcshane_cases():
    half = ab.HolderBall(smoothness="1/2", dim=900)
    assert of("mcshane", half, ab.LipschitzFunctions(constant="1/1000", input_dim=900), 2).value == 1  # a constant
    lipschitz = ab.LipschitzBall(dim=4)
    assert of("mcshane", lipschitz, ab.LipschitzFunctions(constant="3/4", input_dim=4), 1).value == 0.25
    assert str(of("mcshane", lipschitz, ab.LipschitzFunctions(constant=1, input_dim=4), 1).value) == "0.0"
    Lambda = sympy.Symbol("Lambda", positive=True)
    rough = ab.HolderBall(smoothness="1/3", dim=2)
    assert of("mcshane", rough, ab.LipschitzFunctions(constant=5, input_dim=2), 1).rate == Lambda ** sympy.Rational(
        -1, 2
    )
    values = [of("mcshane", rough, ab.LipschitzFunctions(constant=10**j, input_dim=2), 1).value for j in range(2, 9)]
    assert np.polyfit(np.arange(2, 9), np.log10(values), 1)[0] == pytest.approx(-1 / 2, rel=1e-9)
    with pytest.raises(ab.NoExpressionError):
        _ = of("mcshane", lipschitz, ab.LipschitzFunctions(constant=5, input_dim=4), 1).rate


# --------------------------------------------------------------------------------------------- sizes and other bounds


def concrete(F):
    d = F.domain_dim
    yield ab.HeavisideNetwork(widths=(70, 150), input_dim=d)
    yield ab.ReLUNetwork(widths=(70, 90, 150), input_dim=d)
    yield ab.ReLUPowerNetwork(widths=(70, 150), input_dim=d, power=3)
    if d < 3:
        yield ab.ReLUNetwork(widths=(60,) * 30, input_dim=d)


@pytest.mark.parametrize("F", CLASSES, ids=str)
def test_the_smallest_network_suffices_and_no_narrower_one(F):
    for G in concrete(F):
        for bound in ab.upper_bounds(F, G, p=2):
            if bound.network is None:
                assert not bound.theorem.numeric
                continue
            assert type(bound.network) is type(G)
            assert f"W={bound.network.weights}$" in bound.explain() or bound.theorem.id in {"constant", "poincare"}
            again = of(bound.theorem.id, F, bound.network, 2)
            assert again.witness == bound.witness and again.value == bound.value
            widths = bound.network.widths
            for layer in [i for i in (0, len(widths) - 1) if widths[i] > 1]:
                smaller = replace(bound.network, widths=tuple(w - (i == layer) for i, w in enumerate(widths)))
                rest = {b.theorem.id: b for b in ab.upper_bounds(F, smaller, p=2)}
                assert bound.theorem.id not in rest or rest[bound.theorem.id].witness != bound.witness


def test_bounds_without_a_size():
    W = sympy.Symbol("W", positive=True)
    G = ab.ReLUNetwork(widths=(W,), input_dim=1)
    assert all(bound.network is None for bound in ab.upper_bounds(ab.LipschitzBall(dim=1), G, p=2))
    assert ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=2).network is None
    envelope = of("mcshane", ab.LipschitzBall(dim=1), ab.LipschitzFunctions(constant=3, input_dim=1), 2)
    assert envelope.network is None


@pytest.mark.parametrize("F", [*CLASSES, ab.HolderBall(smoothness="5/2", dim=1)], ids=str)
@pytest.mark.parametrize("p", [1, "5/2", INF])
def test_closed_forms_are_the_certified_numbers(F, p):
    networks = [*concrete(F), *([ab.ReLUNetwork(widths=(2000,) * 450, input_dim=1)] if F.domain_dim == 1 else [])]
    for bound in (bound for G in networks for bound in ab.upper_bounds(F, G, p=p) if bound.theorem.numeric):
        if bound.theorem.id in ("convex-columns", "convex-cells"):  # a maximum over many cells
            with pytest.raises(ab.NoExpressionError, match="no short closed form"):
                _ = bound.expression
            continue
        exact = sympy.N(bound.expression, 30)
        assert bound.value * (1 - 1e-15) <= exact <= bound.value * (1 + 1e-30)


CONSTRUCTIONS = [
    ("cubes", ab.HeavisideNetwork, (8,), "k"),
    ("relu-interpolation", ab.ReLUNetwork, (8,), "n"),
    ("shen-yang-zhang", ab.ReLUNetwork, (60,) * 50, "N ell"),
]


@pytest.mark.parametrize(("theorem", "kind", "widths", "names"), CONSTRUCTIONS)
def test_symbolic_upper_bounds_are_the_numbers_with_symbols(theorem, kind, widths, names):
    """In the parameters of F alone where G has numbers, else also in the sizes of the construction."""
    s, R, W = sympy.symbols("s R W", positive=True)
    F, one = ab.HolderBall(smoothness=s, dim=1, radius=R), ab.HolderBall(smoothness="1/2", dim=1, radius=3)
    G = kind(widths=widths, input_dim=1)
    number, values = of(theorem, one, G, 3), {s: Fraction(1, 2), R: 3}
    formulas = [of(theorem, F, G, 3).expression.subs(values)]
    formula = of(theorem, F, replace(G, widths=(W,) * len(widths)), 3).expression
    sizes = dict(zip(names.split(), number.witness.values(), strict=True))
    symbols = {str(x): x for x in formula.free_symbols - {s, R}}
    assert symbols.keys() == sizes.keys()
    formulas.append(formula.subs(values | {x: sizes[name] for name, x in symbols.items()}))
    assert [float(sympy.N(formula)) for formula in formulas] == pytest.approx([number.value] * 2, rel=1e-14)


def test_networks_too_small_for_a_construction_are_refused_with_symbols_in_f():
    s = sympy.Symbol("s", positive=True)
    G = ab.ReLUNetwork(widths=(8, 9), input_dim=2)
    for smoothness, theorem in ((s, "shen-yang-zhang"), (1, "shen-yang-zhang"), (2, "lu-shen-yang-zhang")):
        found = ab.upper_bounds(ab.HolderBall(smoothness=smoothness, dim=2), G, p=2)
        assert f"{theorem}: G is too small for the construction" in map(str, found.refusals)


@pytest.mark.parametrize(("F", "p"), [(F, p) for F in SMOOTH for p in (1, INF)], ids=str)
def test_interpolation_has_the_slope_of_its_rate(F, p):
    sizes = [10**j for j in range(2, 7)]
    bounds = [of("relu-interpolation", F, ab.ReLUNetwork(widths=(n,), input_dim=1), p) for n in sizes]
    weights = [bound.query.G.weights for bound in bounds]
    slope = np.polyfit(np.log(weights), np.log([bound.value for bound in bounds]), 1)[0]
    W = sympy.Symbol("W", positive=True)
    assert slope == pytest.approx(float(sympy.log(bounds[0].rate).subs(W, sympy.E)), rel=2e-3)


@pytest.mark.parametrize("F", CLASSES, ids=str)
@pytest.mark.parametrize("p", [1, 3])
def test_step_functions_have_the_slope_of_their_rate(F, p):
    """W is of order k^{d+1} for the smallest network; in one dimension k with one hidden layer, k^2 with two."""
    d, W = F.domain_dim, sympy.Symbol("W", positive=True)
    for layers in (1, 2) if d == 1 else (2,):
        bounds = []
        for k in {1: (10**3, 10**4, 10**5), 2: (400, 2000, 4000), 3: (128, 256, 512)}[d]:
            widths = (d * (k - 1), k**d - 1) if d > 1 else (k - 1,) * layers
            bounds.append(of("cubes", F, ab.HeavisideNetwork(widths=widths, input_dim=d), p))
        weights = [bound.query.G.weights for bound in bounds]
        slope = np.polyfit(np.log(weights), np.log([bound.value for bound in bounds]), 1)[0]
        assert slope == pytest.approx(float(sympy.log(bounds[0].rate).subs(W, sympy.E)), rel=0.1)


def test_smooth_sobolev_balls_have_the_deep_constructions():
    G = ab.ReLUNetwork(widths=(2000,) * 450, input_dim=1)
    sobolev, holder = ab.SobolevBall(smoothness=2, dim=1, integrability="inf"), ab.HolderBall(smoothness=2, dim=1)
    for theorem in ("lu-shen-yang-zhang", "shen-yang-zhang", "relu-interpolation"):
        assert of(theorem, sobolev, G, 2).value == of(theorem, holder, G, 2).value
        assert ab.verify(of(theorem, sobolev, G, 2).certificate)
    weaker = ab.upper_bounds(ab.SobolevBall(smoothness=2, dim=1, integrability=2), G, p=2)
    assert [bound.theorem.id for bound in weaker] == ["known-rate-besov"]
    known = [b.theorem.id for b in ab.upper_bounds(ab.SobolevBall(smoothness=2, dim=3, integrability="inf"), G3, p=2)]
    assert "known-rate" in known


G3 = ab.ReLUNetwork(widths=(9, 9), input_dim=3)


def test_quantised_networks_hold_no_construction():
    for G in (
        ab.ReLUNetwork(widths=(40, 40), input_dim=1, bits=8),
        ab.HeavisideNetwork(widths=(9,), input_dim=1, bits=1),
    ):
        found = ab.upper_bounds(ab.LipschitzBall(dim=1), G, p=2)
        assert len(found) == 0
        assert any("bits" in refusal.reason for refusal in found.refusals)


@pytest.mark.parametrize("theorem", ["cubes", "relu-interpolation", "constant"])
def test_ball_floats_and_certificates_agree(theorem):
    kind = ab.HeavisideNetwork if theorem == "cubes" else ab.ReLUNetwork
    for F, p in product(SMOOTH, (1, 3, INF)):
        bound = of(theorem, F, kind(widths=(9, 7), input_dim=1), p)
        for A in (FLOAT, BALL):
            assert float(bound.theorem.evaluate(A, bound.query, bound.witness)) == pytest.approx(bound.value, rel=1e-13)
        data = bound.certificate.to_dict()
        assert ab.verify(data) and not ab.verify(data | {"value": math.nextafter(bound.value, 0)})
        for name, size in bound.witness.items():
            assert not ab.verify(data | {"witness": {name: size + 1}})
            assert not ab.verify(data | {"witness": {}})


# ------------------------------------------------------------------------------------- where no rate may be claimed


def ids(F, G, p=2):
    return {bound.theorem.id for bound in ab.upper_bounds(F, G, p=p)}


#: Classes that contain every constant function, and classes that are not known to.
WITH_CONSTANTS = [
    *(ab.FreeKnotSplines(knots=2, degree=0), ab.FreeKnotSplines(knots=2, degree=3, smooth=True)),
    *(ab.PiecewisePolynomials(cells=9, degree=0, input_dim=1), ab.LipschitzFunctions(constant="1/9", input_dim=1)),
    *(
        ab.SkipNetwork(widths=(2,), input_dim=1),
        ab.HadamRNN(hidden=1, steps=1),
        ab.QORNN(hidden=2, steps=1, recurrent_bits=1),
    ),
    ab.Union(members=(ab.LinearSpace(dimension=2), ab.FreeKnotSplines(knots=1, degree=0))),
]
WITHOUT = [
    *(ab.LinearSpace(dimension=3), ab.FiniteClass(bits=8), ab.BoundedLinear(norm=1, input_dim=1)),
    *(ab.ReLUNetwork(widths=(3,), input_dim=1, bias=False), ab.ReLUNetwork(widths=(3,), input_dim=1, bits=4)),
    *(ab.SkipNetwork(widths=(2,), input_dim=1, layer_weights=(1, 1)), ab.NetworkSize(weights=9, depth=2)),
    *(ab.NormBoundedNetwork(norms=(1, 1), input_dim=1), ab.Union(members=(ab.FiniteClass(bits=1),) * 2)),
]


@pytest.mark.parametrize("G", [*WITH_CONSTANTS, *WITHOUT], ids=str)
def test_the_best_constant_needs_a_class_that_contains_it(G):
    F = ab.MonotoneFunctions(dim=1)
    bounds = {bound.theorem.id: bound.number for bound in ab.upper_bounds(F, G, p="inf")}
    assert bounds.get("constant") == (0.5 if G in WITH_CONSTANTS else None)
    assert G.contains_constants == (G in WITH_CONSTANTS)


def test_known_rates_need_biases_and_depth():
    """Without biases g(x) = a x on [0,1]; one hidden layer is piecewise linear, no better than W^-2."""
    F = ab.HolderBall(smoothness="7/2", dim=1)
    for G in (
        ab.ReLUNetwork(widths=(8, 8), input_dim=1, bias=False),
        ab.ReLUNetwork(widths=(8,), input_dim=1),
        ab.FeedForwardNetwork(widths=(8,), input_dim=1),
        ab.NetworkSize(weights=50, depth=2),
    ):
        assert "known-rate" not in ids(F, G)
        assert all(entry.norms.value in {"open", "same order"} for entry in ab.compare(F, G, [1, 2]))
    assert "known-rate" in ids(F, ab.ReLUNetwork(widths=(8, 8), input_dim=1))
    entry = ab.compare(F, ab.ReLUNetwork(widths=(8, 8), input_dim=1), 2).entries[0]
    assert entry.reason.endswith("[known-rate] for L at least of order log W")


def test_symbolic_widths_claim_no_more_than_numbers():
    W, d = sympy.symbols("W d", positive=True)
    monotone = ab.MonotoneFunctions(dim=2)
    assert "cubes" not in ids(monotone, ab.HeavisideNetwork(widths=(W,), input_dim=2))
    assert "cubes" not in ids(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(3, W), input_dim=1))
    assert "cubes" in ids(monotone, ab.HeavisideNetwork(widths=(W, W), input_dim=2))
    assert "cubes" in ids(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(W,), input_dim=1))
    assert "cubes" in ids(ab.LipschitzBall(dim=d), ab.HeavisideNetwork(widths=(W, W), input_dim=d))
    assert "cubes" not in ids(ab.LipschitzBall(dim=d), ab.ReLUNetwork(widths=(W, W), input_dim=d), INF)
    assert ab.compare(monotone, ab.HeavisideNetwork(widths=(W,), input_dim=2), 2).entries[0].norms.value == "open"


def test_closed_forms_for_symbolic_smoothness_state_their_condition():
    s = sympy.Symbol("s", positive=True)
    bound = of("shen-yang-zhang", ab.HolderBall(smoothness=s, dim=2), ab.ReLUNetwork(widths=(99,) * 30, input_dim=2), 2)
    assert sympy.Le(s, 1) in bound.expression.atoms(sympy.Le)
    assert bound.rate.subs(s, 3) == bound.rate.subs(s, 1)


def test_interpolants_wider_than_any_layer():
    """More intervals than one layer has units: the network needed is G itself."""
    G = ab.ReLUNetwork(widths=(10**9, 900), input_dim=1)
    bounds = ab.upper_bounds(ab.LipschitzBall(dim=1), G, p=2)
    bound = next(bound for bound in bounds if bound.theorem.id == "relu-interpolation")
    assert bound.network == G
    assert str(G.weights) in bound.explain() and ab.verify(bound.certificate)


# ------------------------------------------------------------------------------ networks that contain smaller ones


def _relu(*widths, dim=1):
    return ab.ReLUNetwork(widths=widths, input_dim=dim)


def _spline(*widths, dim=1):
    return ab.ReLUPowerNetwork(widths=widths, input_dim=dim, power=2)


def _steps(*widths, dim=1):
    return ab.HeavisideNetwork(widths=widths, input_dim=dim)


#: A network, and larger ones: layers that pass on what is there (x, all units, the output), wider layers.
NESTED = [
    (_relu(64, 1), [_relu(64, 1, 3), _relu(64, 1, 1, 1), _relu(1, 64, 1), _relu(64, 64, 1), _relu(65, 1)]),
    (_relu(9, 5), [_relu(9, 5, 1), _relu(9, 5, 5), _relu(9, 9, 5), _relu(1, 9, 5), _relu(2, 9, 5, 1, 7)]),
    (_relu(40, 90, dim=2), [_relu(40, 90, 1, dim=2), _relu(2, 40, 90, dim=2), _relu(40, 40, 90, dim=2)]),
    (_relu(*[90] * 40), [_relu(*[90] * 40, 1), _relu(1, *[90] * 40), _relu(*[90] * 40, 1, *[400] * 3)]),
    (_spline(30), [_spline(30, 1), _spline(1, 30), _spline(1, 1, 31, 1)]),
    (_spline(60, 120, dim=2), [_spline(2, 60, 120, 1, dim=2), _spline(60, 60, 120, 120, dim=2)]),
    (_steps(20, 30, dim=2), [_steps(20, 20, 30, dim=2), _steps(20, 30, 30, dim=2), _steps(21, 31, dim=2)]),
]


@pytest.mark.parametrize(("G", "larger"), NESTED, ids=[str(G)[:40] for G, _ in NESTED])
@pytest.mark.parametrize("p", [1, 2, INF])
def test_upper_bounds_are_no_worse_for_networks_that_contain_others(G, larger, p):
    for F in (ab.LipschitzBall(dim=G.input_dim), ab.HolderBall(smoothness="5/2", dim=G.input_dim)):
        known = {bound.theorem.id: bound.value for bound in ab.upper_bounds(F, G, p=p) if bound.number is not None}
        assert known
        for H in larger:
            found = {bound.theorem.id: bound.value for bound in ab.upper_bounds(F, H, p=p) if bound.number is not None}
            assert all(found[theorem] <= value for theorem, value in known.items()), H


@pytest.mark.parametrize(
    ("G", "k"),
    [
        *(
            (_steps(9), 10),
            (_steps(9, 1), 2),
            (_steps(1, 9), 2),
            (_steps(6, 15, dim=2), 4),
            (_steps(6, 3, 15, dim=2), 2),
        ),
        *((_relu(18), 10), (_relu(1, 18, 1), 10), (_relu(1, 17, 1), 9), (_relu(12, 30, dim=2), 4)),
        *((_relu(2, 12, 6, 30, 1, dim=2), 4), (_relu(2, 12, 5, 30, 1, dim=2), 3), (_relu(1, 12, 30, dim=2), 1)),
        *((_spline(1, 27, 1), 10), (_spline(27, 1), 10), (_spline(1, 26), 9), (_spline(26, 1), 9)),
        *((_spline(2, 18, 45, 1, dim=2), 4), (_spline(2, 18, 6, 45, dim=2), 4), (_spline(1, 18, 45, dim=2), 1)),
        *((_spline(2, 18, 5, 45, dim=2), 3),),
    ],
    ids=str,
)
def test_cubes_by_hand(G, k):
    """What the other layers pass on: Heaviside units 0 and 1 only, others a value a unit."""
    F = ab.LipschitzBall(dim=G.input_dim)
    assert of("cubes", F, G, 1).witness == {"k": k}


@pytest.mark.parametrize("power", [1, 2, 3])
def test_layers_around_the_steps_pass_on_the_input_and_the_sum(power):
    """A network of the widths (1, (q+1)(k-1), 1) with its weights, against the step function, k = 4."""
    k, steep, shift = 4, 1e-4, 1e4
    keep, constant = shift ** (1 - power) / power, -shift / power  # v is nearly keep (v + shift)^q + constant
    difference = np.array([(-1.0) ** i * math.comb(power, i) for i in range(power + 1)]) / math.factorial(power)
    values, jumps = np.array([0.3, -0.1, 0.4, 0.2]), np.arange(1, k) / k
    first = (np.ones((1, 1)), np.array([shift]))
    rows = np.full(((power + 1) * (k - 1), 1), keep / steep)
    offsets = np.concatenate([(constant - t) / steep - np.arange(power + 1) for t in jumps])
    step = np.concatenate([difference * jump for jump in np.diff(values)])
    last = (step[None, :], np.array([values[0] + shift]))
    network = DenseNetwork((first, (rows, offsets), last, (np.array([[keep]]), np.array([constant]))), power)
    assert network.widths == (1, (power + 1) * (k - 1), 1)
    x = (np.arange(4000) + 0.5) / 4000
    assert np.abs(network(x[:, None]) - values[np.floor(k * x).astype(int)]).mean() < 5e-3


def test_lower_bounds_are_no_larger_for_networks_that_contain_others():
    F = ab.AnisotropicHolderBall(smoothness=("1/4", "1/4", "1/4", "7/4"), radius="1/100")
    networks = [ab.ReLUNetwork(widths=(width,), input_dim=4, bias=False) for width in (1, 2, 3)]
    values = [ab.lower_bound(F, G, p=1).value for G in networks]
    assert values == sorted(values, reverse=True)


def _relu(d, *widths):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


EVERYDAY = [
    (ab.LipschitzBall(dim=1), _relu(1, 64, 64), 2, 3.6e-4),
    (ab.LipschitzBall(dim=2), _relu(2, 64, 64), math.inf, 0.0313),
    (ab.HolderBall(smoothness="3/2", dim=2), _relu(2, 64, 64), 2, 0.0078),
    (ab.HolderBall(smoothness=2, dim=2), _relu(2, 64, 64), 2, 0.0015),
    (ab.HolderBall(smoothness=2, dim=2), _relu(2, 64, 64), math.inf, 0.0102),
    (ab.HolderBall(smoothness=4, dim=2), _relu(2, 512, 512, 512), 2, 1.2e-7),
    (ab.HolderBall(smoothness=3, dim=2), ab.ReLUPowerNetwork(widths=(64, 64), input_dim=2, power=2), 2, 8.7e-5),
    (ab.LipschitzBall(dim=2), ab.HeavisideNetwork(widths=(256, 256), input_dim=2), math.inf, 0.0152),
    (ab.MonotoneFunctions(dim=1), ab.HeavisideNetwork(widths=(64,), input_dim=1), math.inf, 0.0077),
]


@pytest.mark.parametrize(("F", "G", "p", "most"), EVERYDAY)
def test_bounds_for_everyday_networks(F, G, p, most):
    assert ab.lower_bound(F, G, p=p).value <= ab.upper_bound(F, G, p=p).value <= most


def test_two_layers_interpolate_as_finely_as_the_product_of_their_widths():
    """1000 times better than one break a unit, and far more than steps."""
    F, G = ab.HolderBall(smoothness=2, dim=1), _relu(1, 256, 256)
    values = {bound.theorem.id: bound.value for bound in ab.upper_bounds(F, G, p=2) if bound.theorem.numeric}
    best = ab.upper_bound(F, G, p=2).value
    assert best == values["zigzag"] and 1000 * best <= values["relu-interpolation"] and 1000 * best <= values["cubes"]
