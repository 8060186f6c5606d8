"""Bounds for programs of exponentials: below the upper ones, monotone, certified; and bad input."""

import json
import math
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.certificate import query_of
from approxbounds.facts.activations import SMOOTH
from approxbounds.facts.flats import OnFlats
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.testing import check_bound, exponents, known_upper_bounds, unsafe_mutants

UNITS = st.one_of(st.integers(1, 8), st.integers(1, 10**4), st.just(10**5))
BOUNDS = st.sampled_from([None, "1e-9", "1/3", 1, 10, 10**30])
BITS = st.sampled_from([None, None, 1, 8, 32])


def functions(dim):
    """Classes on [0,1]^dim."""
    sobolev = {"smoothness": st.integers(1, 3), "integrability": st.sampled_from([1, 2, math.inf])}
    return st.one_of(
        st.builds(ab.LipschitzBall, dim=st.just(dim), radius=st.sampled_from([1, "1/100", 50])),
        st.builds(ab.HolderBall, dim=st.just(dim), smoothness=st.sampled_from(["1/3", "3/2", 3])),
        st.builds(ab.MonotoneFunctions, dim=st.just(dim)),
        st.builds(ab.ConvexFunctions, dim=st.just(dim)),
        st.builds(ab.SobolevBall, dim=st.just(dim), **sobolev),
    )


@st.composite
def tanh_networks(draw, dim):
    return ab.TanhNetwork(
        widths=draw(st.lists(UNITS, min_size=1, max_size=3).map(tuple)),
        input_dim=dim,
        activation=draw(st.sampled_from(["tanh", "tanh", "sigmoid", *SMOOTH])),
        bits=draw(BITS),
        weight_bound=draw(BOUNDS),
        output_norm=draw(BOUNDS),
    )


@st.composite
def programs(draw, dim):
    """Any of the classes on [0,1]^dim."""
    kind = draw(st.sampled_from(["tanh", "tanh", "lstm", "gru", "transformer", "convnet", "program"]))
    bounded = {"bits": draw(BITS), "weight_bound": draw(BOUNDS)}
    if kind == "tanh":
        return draw(tanh_networks(dim))
    if kind in {"lstm", "gru"}:
        record = {"lstm": ab.LSTM, "gru": ab.GRU}[kind]
        return record(hidden=draw(st.sampled_from([1, 3, 64])), steps=dim, **bounded)
    if kind == "transformer":
        blocks = draw(st.integers(1, 3))
        return ab.Transformer(width=4, heads=2, tokens=dim, blocks=blocks, norm=draw(st.booleans()), **bounded)
    if kind == "convnet" and dim == 9:
        activation = draw(st.sampled_from(["relu", "tanh"]))
        return ab.ConvNet(size=3, channels=(3,), kernel=2, pool=2, activation=activation, **bounded)
    chain, tests = draw(st.integers(0, 100)), draw(st.sampled_from([0, 3, 100]))
    weights = draw(st.integers(1, 10**4))
    return ab.Program(weights=weights, chain=chain, degree=3, tests=tests, input_dim=dim, bits=bounded["bits"])


@st.composite
def questions(draw):
    dim = draw(st.sampled_from([1, 2, 3, 4, 9]))
    return draw(functions(dim)), draw(programs(dim)), draw(exponents())


def best(F, G, p):
    """The best lower bound, 0 if there is none."""
    return max((bound.value for bound in ab.lower_bounds(F, G, p=p) if bound.number is not None), default=0.0)


@settings(max_examples=20)
@given(questions())
def test_lower_bounds_are_below_all_that_is_known_from_above(question):
    F, G, p = question
    lowers = [bound for bound in ab.lower_bounds(F, G, p=p) if bound.number is not None]
    for bound in lowers:
        if bound.theorem.id in {"T3", "T3inf", "Tnear"}:
            check_bound(bound)
    limits = [value for _, value in known_upper_bounds(F, G, p)]
    assert max((bound.value for bound in lowers), default=0) <= min(limits, default=math.inf)


@settings(max_examples=20)
@given(questions())
def test_smaller_classes_have_no_smaller_bounds(question):
    """Bits, bounds on weights and norms of outputs only leave networks out."""
    F, G, p = question
    value = best(F, G, p)
    for name in ("bits", "weight_bound", "output_norm"):
        if getattr(G, name, None) is not None:
            assert best(F, replace(G, **{name: None}), p) <= value
    for larger in G.larger():
        assert best(F, larger, p) <= value * (1 + 1e-12), larger


@settings(max_examples=15)
@given(
    st.integers(1, 4).flatmap(lambda d: st.tuples(functions(d), tanh_networks(d))), st.sampled_from([1, 2, math.inf])
)
def test_smooth_networks_come_as_near_as_their_limits(pair, p):
    F, G = pair
    smooth = replace(G, bits=None, weight_bound=None, output_norm=None)
    uniform = smooth.limits[0].uniform
    kind = ab.ReLUNetwork if uniform else ab.HeavisideNetwork
    if uniform or p < math.inf:
        rival = kind(widths=G.widths, input_dim=G.input_dim)
        uppers = [b.value for b in ab.upper_bounds(F, rival, p=p) if b.number is not None]
        assert best(F, smooth, p) <= min(uppers, default=math.inf)
        found = [b.value for b in ab.upper_bounds(F, smooth, p=p) if b.number is not None]
        assert min(found, default=math.inf) <= min(uppers, default=math.inf)


def issued():
    F = ab.LipschitzBall(dim=2)
    shape = {"widths": (6, 5), "input_dim": 2}
    for p in (2, "inf"):
        yield next(
            b for b in ab.lower_bounds(F, ab.TanhNetwork(**shape, weight_bound=3), p=p) if b.theorem.id == "Tnear"
        )
        steps = ab.TanhNetwork(**shape, output_norm="7/2")
        yield next(b for b in ab.lower_bounds(F, steps, p=p) if b.theorem.id == "Tnear")
        yield ab.lower_bound(F, ab.TanhNetwork(widths=(6,), input_dim=2), p=p)
        yield ab.upper_bound(F, ab.TanhNetwork(**shape, activation="gelu"), p=p)
    yield ab.upper_bound(F, ab.TanhNetwork(**shape), p=2)
    yield ab.GRU(hidden=3, steps=4).pseudo_dimension()
    yield ab.Transformer(width=4, heads=2, tokens=3).pseudo_dimension()


def test_certificates_hold_and_mutants_do_not():
    for bound in issued():
        check_bound(bound)
        assert ab.verify(bound.certificate.to_json())
        for mutant in unsafe_mutants(bound.certificate):
            with suppress(ab.ParameterError, ab.CertificateError):
                assert not ab.verify(mutant), mutant


def near(F, G, p):
    """The bound by a class near G."""
    return next(bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == "Tnear")


BOUNDED = ab.TanhNetwork(widths=(6, 5), input_dim=2, weight_bound=3)
STEPS = ab.TanhNetwork(widths=(6, 5), input_dim=2, output_norm=2)
WIDE = ab.TanhNetwork(widths=(4,), input_dim=784, weight_bound=2)
ENTROPY = ab.EntropyClass(exponent="4/3", norm=2, constant="1/2", valid_below="1/2")
NEAR = [
    (ab.LipschitzBall(dim=2), BOUNDED, 2, "T3"),
    (ab.LipschitzBall(dim=2), replace(BOUNDED, output_norm=2), 1, "Tvol"),
    (ab.LipschitzBall(dim=2), STEPS, 2, "T3"),
    (ab.LipschitzBall(dim=2), STEPS, "inf", "T3inf"),
    (ab.MonotoneFunctions(dim=2), BOUNDED, "inf", "T3inf"),
    (ab.HolderBall(smoothness="5/2", dim=2), BOUNDED, "4/3", "Tvol"),
    (ab.ConvexFunctions(dim=2), BOUNDED, "inf", "Tpoints"),
    (ab.LipschitzBall(dim=784), WIDE, 2, "Tforms"),
    (ab.LipschitzBall(dim=784), WIDE, "inf", "Tpoints"),
    (ENTROPY, BOUNDED, 3, "T2e"),
]


@pytest.mark.parametrize(("F", "G", "p", "inner"), NEAR)
def test_the_best_theorem_serves_the_class_near(F, G, p, inner):
    """It gives the bound of that theorem for the finite class, or the step networks, less rho."""
    bound = near(F, G, p)
    check_bound(bound)
    assert bound.witness["theorem"] == inner and bound.explain()
    assert ab.verify(bound.certificate.to_json())
    rho = bound.witness["rho"]
    known = next(known for known in G.neighbourhoods if known.id == bound.witness["near"])
    if known.id == "cover":
        values = [own.value for own in ab.lower_bounds(F, known.at(rho), p=p) if own.number not in (None, math.inf)]
        assert bound.value == pytest.approx(max(values) - float(rho), rel=1e-9)
    with pytest.raises(ab.NoExpressionError):
        _ = bound.rate


def holds_for_the_net(data):
    """Whether the bound of an accepted certificate, and rho, is that of its theorem for the finite class itself."""
    witness = dict(data["witness"])
    rho, theorem, way = Fraction(witness.pop("rho")), witness.pop("theorem"), witness.pop("near")
    (cover,) = (known for known in query_of(ab.Certificate.from_dict(data)).G.neighbourhoods if known.id == way)
    inner = {name.removeprefix("inner."): entry for name, entry in witness.items()}
    value = (data["value"] + float(rho)) * (1 - 1e-12)
    return ab.verify({**data, "network": cover.at(rho).to_dict(), "theorem": theorem, "witness": inner, "value": value})


@pytest.mark.parametrize(("F", "G", "p", "inner"), NEAR)
def test_witnesses_of_neighbours_are_checked(F, G, p, inner):
    """A coarser or finer net, another way, theorem or member: rejected, or true for a smaller value."""
    data = json.loads(near(F, G, p).certificate.to_json())
    names = ["Tnear", "T1", "Tblowup", "Tlin", "Thom", "limits", "cubes", "pdim-growth", "", "t3", 3, "3/2", None, True]
    names += [theorem.id for theorem in LOWER_THEOREMS if theorem.id != inner]
    changes = [{"theorem": name} for name in names]
    changes += [{"rho": rho} for rho in ("0", "-1/100", "1", "1/10", 0, 0.5, None, "1/1000000000000")]
    changes += [
        {"near": way} for way in ("nothing", 3, "cover" if data["witness"]["near"] != "cover" else "grid-steps")
    ]
    changes += [{"h": 0}, {"inner.rho": "1/2"}, {"inner.theorem": "T3"}, {"inner.near": "cover"}, {"inner.k": 3}]
    for name in ("k", "h", "dims", "degree", "points", "levels", "eps", "tau", "pdim", "bits"):
        if name in data["witness"]:
            changes += [{name: other} for other in (0, -1, 1, 10**30, "1/7", None, "cubes")]
    for change in changes:
        mutant = {**data, "witness": {**data["witness"], **change}}
        with suppress(ab.ParameterError, ab.CertificateError):
            assert not ab.verify(mutant) or holds_for_the_net(mutant), change
    for name in data["witness"]:
        if name != "theorem" or inner not in ("T3", "T3inf"):
            mutant = {**data, "witness": {key: entry for key, entry in data["witness"].items() if key != name}}
            assert not ab.verify(mutant), name
    free = {**data, "network": {**data["network"], "weight_bound": None, "output_norm": None}}
    assert not ab.verify(free)


@pytest.mark.parametrize(("F", "G", "p", "inner"), [question for question in NEAR if question[3] in ("T3", "T3inf")])
def test_witnesses_without_a_theorem_mean_the_first_two(F, G, p, inner):
    data = json.loads(near(F, G, p).certificate.to_json())
    assert data["witness"].pop("theorem") == inner
    assert ab.verify(data).reason == f"accepted: Tnear supports {data['value']!r}"


# ----------------------------------------------------------------------------------------------------- bad input

RECORDS = [
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1, activation="sin"), "activation"),
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1, weight_bound=0), "weight_bound"),
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1, output_norm=True), "output_norm"),
    (lambda: ab.TanhNetwork(widths=(10**9, 10**9), input_dim=1), "weights"),
    (lambda: ab.LSTM(hidden=0, steps=3), "hidden"),
    (lambda: ab.LSTM(hidden=3, steps=sympy.Symbol("T", positive=True)), "steps"),
    (lambda: ab.LSTM(hidden=3, steps=10**6), "steps"),
    (lambda: ab.GRU(hidden=3, steps=3, reset_after=1), "reset_after"),
    (lambda: ab.Transformer(width=10, heads=3, tokens=4), "heads"),
    (lambda: ab.Transformer(width=10, heads=True, tokens=4), "heads"),
    (lambda: ab.Transformer(width=10, tokens=4, causal=1), "causal"),
    (lambda: ab.ConvNet(size=28, channels=(8,), kernel=29), "kernel"),
    (lambda: ab.ConvNet(size=28, channels=(8,), kernel=0), "kernel"),
    (lambda: ab.ConvNet(size=5, channels=(8,), pool=4), "window"),
    (lambda: ab.ConvNet(size=True, channels=(8,)), "size"),
    (lambda: ab.Program(weights=5, chain=1, stored=4), "stored"),
    (lambda: ab.Program(weights=5, chain=-1), "chain"),
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1).deployed(bits=True), "bits"),
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1).deployed(bits=0), "bits"),
    (lambda: ab.TanhNetwork(widths=(2,), input_dim=1).deployed(bits=2.0), "bits"),
    (lambda: ab.Program.of(3), "build"),
    (lambda: ab.Program.of(lambda t: None), "build"),
    (lambda: ab.Program.of(lambda t: 3), "build"),
    (lambda: ab.Program.of(lambda t: t.input(1)), "weights"),
    (lambda: ab.Program.of(lambda t: t.dense(t.input(2), size=2)), "output"),
    (lambda: ab.Program.of(lambda t: t.dense(t.input(2, places=(3,)), size=1)), "output"),
    (lambda: ab.Tally(True), "weight_bound"),
    (lambda: ab.Tally(-1), "weight_bound"),
]
LAYERS = [
    (lambda t, x: t.input(-2), "width"),
    (lambda t, x: t.input(2, places=(0,)), "places"),
    (lambda t, x: t.parameters(True), "width"),
    (lambda t, x: t.dense(x, size=0), "size"),
    (lambda t, x: t.dense(x, size=2.5), "size"),
    (lambda t, x: t.dense(x, t.mean(x), size=1), "tensors"),
    (lambda t, x: t.apply(t.layer(3, 2), x), "inputs"),
    (lambda t, x: t.add(x, t.dense(x, size=3)), "tensors"),
    (lambda t, x: t.add(), "tensors"),
    (lambda t, x: t.multiply(x, t.mean(x)), "tensors"),
    (lambda t, x: t.part(x, 3), "width"),
    (lambda t, x: t.act(x, "sin"), "activation"),
    (lambda t, x: t.act(x, []), "activation"),
    (lambda t, x: t.attention(x, heads=3), "heads"),
    (lambda t, x: t.attention(x, heads=0), "heads"),
    (lambda t, x: t.attention(t.mean(x)), "places"),
    (lambda t, x: t.convolution(x, size=1, kernel=5), "kernel"),
    (lambda t, x: t.convolution(x, size=1, kernel=0), "kernel"),
    (lambda t, x: t.convolution(x, size=1, kernel=1, padding=-1), "padding"),
    (lambda t, x: t.convolution(t.mean(x), size=1, kernel=1), "kernel"),
    (lambda t, x: t.max_pool(x, window=0), "window"),
    (lambda t, x: t.mean_pool(x, window=5), "window"),
    (lambda t, x: t.layer_norm(x, eps=0), "eps"),
    (lambda t, x: t.lstm(x, hidden=0), "hidden"),
    (lambda t, x: t.gru(x, hidden=True), "hidden"),
]


@pytest.mark.parametrize(("make", "name"), RECORDS)
def test_bad_parameters_are_named(make, name):
    with pytest.raises(ab.ParameterError, match=rf"^{name}="):
        make()


@pytest.mark.parametrize(("use", "name"), LAYERS)
@pytest.mark.parametrize("weight_bound", [None, 2])
def test_layers_that_do_not_fit_are_named(use, name, weight_bound):
    tally = ab.Tally(weight_bound)
    x = tally.input(2, places=(4,))
    with pytest.raises(ab.ParameterError, match=rf"^{name}="):
        use(tally, x)


def test_what_a_build_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        ab.Program.of(lambda t: 1 / 0)


HUGE = [
    ab.TanhNetwork(widths=(10**9 // 4 - 10,), input_dim=2),
    ab.TanhNetwork(widths=(5,) * 300, input_dim=2, weight_bound=1),
    ab.Transformer(width=1024, heads=16, tokens=2, blocks=48),
    ab.Program(weights=10**12, chain=10**30, chain_degree=10**30, degree=10**30, tests=10**30, input_dim=2),
    ab.Program(weights=10**12, chain=0, degree=10**30, tests=10**30, input_dim=2),
]


@pytest.mark.parametrize("G", HUGE)
def test_huge_classes_have_a_dimension(G):
    best = G.pseudo_dimension()
    assert ab.verify(best.certificate) and best.value > 10**8


@pytest.mark.parametrize("G", HUGE[:2])
@pytest.mark.parametrize("p", [2, "inf"])
def test_huge_networks_have_lower_bounds(G, p):
    bound = ab.lower_bound(ab.LipschitzBall(dim=2), G, p=p)
    assert ab.verify(bound.certificate) and 0 < bound.value < 1e-3


def test_flats_know_the_program_of_their_networks():
    """Cylinders of few coordinates have fewer parameters."""
    G = ab.TanhNetwork(widths=(9,), input_dim=7)
    assert OnFlats(network=G, axes=(0, 1)).pfaffian == ab.TanhNetwork(widths=(9,), input_dim=2).pfaffian
    recurrent = ab.LSTM(hidden=2, steps=3)
    assert OnFlats(network=recurrent, axes=(0, 1)).pfaffian == recurrent.pfaffian


def test_one_more_function_or_comparison_never_counts_less():
    """Also where polynomials end and chains begin, and where 2^(c+1) - 1 nodes count as 2^(c+1)."""
    for d in (1, 2, 7, 1000):
        for change in ({"chain": 0}, {"chain": 3, "tests": 60}, {"chain": 0, "tests": 60}):
            G = ab.Program(weights=d, degree=2, **change)
            for H in G.larger():
                for m in (1, 2, 5, 10, 100, 10**4, 10**7):
                    low, high = (float(program.growth().evaluate(FLOAT, float(m))) for program in (G, H))
                    assert low <= high * (1 + 1e-12), (G, H, m)
