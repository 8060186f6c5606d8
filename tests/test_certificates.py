"""Certificates: JSON round trips, acceptance of everything issued, and rejection of every unsafe mutation.

A mutant must be rejected with a reason, raise a named error, or be true by a computation of its own: for T3,
T3inf of the simple families in mpmath at 60 digits, written here from THEORY.md; for the rest by the theorem's
formula in balls of 1000 bits.
"""

import json
import math
import random
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain

import mpmath as mp
import oracles
import pytest
import sympy
from growth_checks import line_numbers

import approxbounds as ab
from approxbounds.arithmetic import BALL, precision
from approxbounds.certificate import Certificate, query_of
from approxbounds.errors import HypothesisError
from approxbounds.facts.hypercube import Thresholds
from approxbounds.testing.mutants import JUNK, replaced, unsafe_mutants, without

# ------------------------------------------------------------------------------------------------ the sample


def networks(d):
    return [
        ab.ReLUNetwork(widths=(7,), input_dim=d),
        ab.ReLUNetwork(widths=(5, 4), input_dim=d, bias=False),
        ab.ReLUNetwork(widths=(30,) * 26, input_dim=d),
        ab.HeavisideNetwork(widths=(8, 20), input_dim=d),
        ab.ReLUPowerNetwork(widths=(11, 9), input_dim=d, power=2),
        ab.FeedForwardNetwork(widths=(4, 3), input_dim=d, degree=2, pieces=3),
        ab.NetworkSize(weights=60, depth=3),
        ab.ReLUNetwork(widths=(5, 4), input_dim=d, bits=2),
        ab.SkipNetwork(widths=(4, 3), input_dim=d, layer_weights=(3, 9, 6)),
        ab.FreeKnotSplines(knots=5, degree=2, smooth=True) if d == 1 else ab.SkipNetwork(widths=(2,), input_dim=d),
        ab.PiecewisePolynomials(cells=4, degree=1, input_dim=d),
        ab.QORNN(hidden=2, steps=d, recurrent_bits=1, bits=2, activation="relu"),
        ab.Union(members=(ab.LinearSpace(dimension=9), ab.ReLUNetwork(widths=(3,), input_dim=d))),
        ab.LinearSpace(dimension=12, input_dim=d),
        ab.FiniteClass(bits=9),
        ab.FiniteClass(size=1000),
    ]


def classes(d):
    return [
        ab.LipschitzBall(dim=d, radius="7/3"),
        ab.HolderBall(smoothness=0.3, dim=d),
        ab.HolderBall(smoothness="5/2", dim=d, radius=2),
        ab.MonotoneFunctions(dim=d),
        ab.ConvexFunctions(dim=d),
        ab.SobolevBall(smoothness=2, dim=d, integrability=2, radius=2),
        ab.AnisotropicHolderBall(smoothness=("1/2", "3/2")[:d]),
    ]


QUERIES = [(F, G, p) for d in (1, 2) for F in classes(d) for G in networks(d) for p in (1, "7/3", math.inf)]
BLOWN_UP = ab.SobolevBall(smoothness=1, dim=2, integrability=1)
QUERIES += [(BLOWN_UP, G, p) for G in networks(2)[::4] for p in (3, math.inf)]
DELAYING = ab.RecurrentNetwork(hidden=9, inputs=1, steps=2)
QUERIES += [(ab.HolderBall(smoothness="3/2", dim=2), DELAYING, p) for p in (1, "7/3", math.inf)]
SMOOTH = ab.HolderBall(smoothness=4, dim=2), ab.ReLUNetwork(widths=(20, 30, 40, 20), input_dim=2)
QUERIES += [(*SMOOTH, p) for p in (1, "7/3")]
ENTROPY = ab.EntropyClass(exponent="4/3", norm=2, constant="1/2", valid_below="1/2")
QUERIES += [(ENTROPY, G, p) for G in networks(1) for p in (2, 3)]
SLOW = [ab.LipschitzFunctions(constant="3/2", input_dim=d) for d in (1, 2)]  # slower than the classes: no bound is 0
NORMED = [
    ab.BoundedLinear(norm="5/2", input_dim=2),
    ab.NormBoundedNetwork(norms=(1, "1/2"), input_dim=2),
    ab.NormBoundedNetwork(norms=(3, 1), input_dim=2, widths=(2,)),
]
QUERIES += [(ab.EntropyClass(exponent=4, norm=1, constant=1, valid_below="1/2"), G, 2) for G in NORMED]
QUERIES += [(F, G, p) for G in SLOW for F in classes(G.input_dim) for p in (1, 3)]
QUERIES += [(F, G, p) for G in (*NORMED, *SLOW) for F in classes(G.input_dim)[::3] for p in (2, math.inf)]
RANDOM = random.Random(0)
SAMPLE = ab.Empirical(points=[[RANDOM.random(), RANDOM.random()] for _ in range(150)])
UNDER = [
    ab.under(ab.LipschitzBall(dim=2), ab.Normal(dim=2)),
    ab.under(ab.HolderBall(smoothness="5/2", dim=2), ab.Density(sizes=(1, 1), cuts=(0, 2, 0, 1), lower=("1/3",))),
    ab.under(ab.MonotoneFunctions(dim=2), ab.Product(marginals=(ab.Uniform(high=3), ab.Logistic()))),
    ab.under(ab.LipschitzBall(dim=2), SAMPLE),
    ab.under(ab.MonotoneFunctions(dim=2), SAMPLE),
]
QUERIES += [(F, ab.LinearSpace(dimension=4, input_dim=2), p) for F in UNDER for p in ("7/3", math.inf)]
QUERIES += [(UNDER[i], ab.HeavisideNetwork(widths=(5,), input_dim=2), p) for i in (0, 2) for p in ("7/3", math.inf)]
PROGRAMS = [
    ab.TanhNetwork(widths=(4,), input_dim=1),
    ab.TanhNetwork(widths=(9, 9), input_dim=2, activation="gelu"),
    ab.TanhNetwork(widths=(3, 2), input_dim=2, weight_bound="3/2", output_norm=2),
    ab.LSTM(hidden=2, steps=2),
]
QUERIES += [(F, G, p) for G in PROGRAMS for F in classes(G.domain_dim)[::3] for p in ("7/3", math.inf)]
STEEP = ab.under(ab.LipschitzBall(dim=2, radius=20), SAMPLE)
QUERIES += [(STEEP, ab.BoundedLinear(norm="1/9", input_dim=2), p) for p in (2, math.inf)]
CARRYING = ab.ReLUNetwork(widths=(9, 9, 9, 9), input_dim=2), ab.HeavisideNetwork(widths=(9, 9), input_dim=2)
QUERIES += [(F, G, p) for F in UNDER for G in CARRYING for p in ("7/3", math.inf)]
MANY = [ab.LipschitzBall(dim=40), ab.HolderBall(smoothness="3/2", dim=40), ab.ConvexFunctions(dim=40)]
FEW = ab.FiniteClass(bits=9), ab.LinearSpace(dimension=20), ab.ReLUNetwork(widths=(2,), input_dim=40)
QUERIES += [(F, G, p) for F in MANY for G in FEW for p in (2, "7/3")]


@lru_cache(maxsize=1)
def issued():
    """Every certificate that the library issues for the sample."""
    bounds = [b for F, G, p in QUERIES for b in chain(ab.lower_bounds(F, G, p=p), ab.upper_bounds(F, G, p=p))]
    for G in (*networks(2), networks(1)[0], PROGRAMS[-1]):
        for best in (G.pseudo_dimension(), G.vc_dimension()):
            bounds += [best, *(other for other in best.others if isinstance(other, ab.Bound))]
    for G in (*NORMED, *SLOW, networks(2)[0]):
        for gamma in ("1/70", 0.3, 2):
            best = G.fat_shattering(gamma)
            bounds += [best, *(other for other in best.others if isinstance(other, ab.Bound))]
    bounds += [F.packing(eps, p=p) for F in classes(2) for eps in ("1/5000", 1e-3) for p in (1, 2.5, math.inf)]
    for F in (*classes(1), *classes(2)):
        for p in (1, 2.5, math.inf):
            with suppress(ab.NotApplicableError):
                best = F.covering("1/30", p=p)
                bounds += [best, *(other for other in best.others if isinstance(other, ab.Bound))]
    bounds += [classes(1)[0].covering(3, p=2)]
    bounds += [ENTROPY.packing("1/9", p=p) for p in (2, math.inf)]
    return tuple(bound.certificate for bound in bounds if bound.number is not None)


def of_theorem(name):
    return [certificate for certificate in issued() if certificate.theorem == name]


def some_of(name):
    """60 certificates of the theorem, or all."""
    found = of_theorem(name)
    return random.Random(name).sample(found, min(len(found), 60))


CERTIFYING = sorted(name for name, theorem in ab.THEOREMS.items() if theorem.numeric and name != "lu-shen-yang-zhang")


def test_the_sample_is_large_and_covers_every_theorem():
    assert len(QUERIES) >= 150
    assert {certificate.theorem for certificate in issued()} == set(CERTIFYING)


def test_every_issued_certificate_is_accepted_in_every_form_and_survives_json():
    for certificate in issued():
        text = certificate.to_json()
        assert Certificate.from_json(text) == certificate
        assert Certificate.from_json(text).to_json() == text
        for form in (certificate, text, json.loads(text)):
            verdict = ab.verify(form)
            assert verdict and verdict.reason.startswith("accepted")


# ------------------------------------------------------------------------------------- the independent check


def log2_sum(n, j):
    """log2 V(n, j): exact integers, or V <= 2^{n H2(j/n)} where the sum is long."""
    if j >= n:
        return mp.mpf(n)
    if j > 3000:
        x = mp.mpf(j) / n
        return mp.mpf(n) if 2 * j >= n else -n * (x * mp.log(x, 2) + (1 - x) * mp.log(1 - x, 2))
    term = total = mp.mpf(1)
    for i in range(1, j + 1):
        term = term * (n - i + 1) / i
        total += term
    return mp.log(total, 2)


def log2_growth(G, m, centred):
    """log2 of the patterns of G on m points (``centred``: at a common threshold). THEORY.md, 3.1-3.2, 3.6."""
    if isinstance(G, ab.LinearSpace):
        return log2_sum(m, G.dimension)
    if isinstance(G, ab.BoundedLinear):
        return log2_sum(m, G.input_dim)
    if isinstance(G, ab.PiecewisePolynomials):
        return log2_sum(m, G.cells * math.comb(G.degree + G.input_dim, G.degree))
    if isinstance(G, ab.FiniteClass):
        return mp.mpf(min(m, G.bits)) if G.size is None else min(mp.mpf(m), mp.log(G.size, 2))
    if isinstance(G, ab.NormBoundedNetwork):
        G = ab.ReLUNetwork(widths=G.widths, input_dim=G.input_dim, bias=False)
    a, shape, biased = G.activation, (G.input_dim, *G.widths), int(G.bias)
    own = [k * (f + biased) for f, k in zip(shape, (*G.widths, 1), strict=True)]
    breaks, nu, depth, total = a.pieces - 1, a.degree, len(own), mp.mpf(0)
    first = total
    codes = [mp.inf if G.bits is None or nu else mp.mpf(G.bits * count) for count in own]
    for layer, (inputs, units) in enumerate(zip(shape, G.widths, strict=False)):
        if layer and nu:
            term = oracles.wl(breaks * units * m, *((nu ** (layer - j), P) for j, P in enumerate(own[: layer + 1])))
        elif a.pieces == 2 and G.bias:
            term = units * (1 + log2_sum(m - 1, inputs))
        else:
            term = units * log2_sum(breaks * m, inputs + biased) if breaks else mp.mpf(0)
        total += min(term, codes[layer])
        first = total if layer == 0 else first
    output = min(log2_sum(m, own[-1]), codes[-1])
    if nu:
        output = oracles.wl(m, *((nu ** (depth - 1 - j), P) for j, P in enumerate(own)))
    if a.homogeneous:
        folded = sum(own) - G.widths[-1]
        rows = (*own[:-2], own[-2] + own[-1] - G.widths[-1])
        output = min(output, log2_sum(m, folded) if depth == 2 else oracles.wl(m, *((1, P) for P in rows)))
    result = min(mp.mpf(m), total + output)
    if nu == 0:
        cells = mp.fsum(mp.binomial(breaks * G.widths[0], i) for i in range(G.input_dim + 1))
        result = min(result, first + (cells if centred else cells * mp.log(1 + m / cells, 2)))
    if G.input_dim == 1:  # the thresholds are then an affine function of the point
        free, largest = line_numbers(G, Thresholds.COMMON if centred else Thresholds.AFFINE)
        result = min(result, free + log2_sum(m - free, largest))
    return result if G.bits is None else min(result, mp.mpf(G.bits * sum(own)))


def layer_cells(k, d, layers):
    """The number of cells in the ``layers`` most central layers of the k^d cubes, by convolution."""
    counts = [1]
    for _ in range(d):
        sums = [0]
        for count in counts + [0] * (k - 1):
            sums.append(sums[-1] + count)
        counts = [sums[i + 1] - sums[max(0, i + 1 - k)] for i in range(len(counts) + k - 1)]
    first = (len(counts) - layers) // 2
    return sum(counts[first : first + layers])


def profile(F, witness, p):
    """N, ||w||_p and sup w of a family with cubes (s <= 1) or layers."""
    k = witness["k"]
    if isinstance(F, ab.MonotoneFunctions):
        layers = witness.get("layers", k)
        cells = layer_cells(k, F.dim, layers)
        height = mp.mpf(1) / (2 * layers)
        share = mp.mpf(cells) / mp.mpf(k) ** F.dim
        return cells, height if p == mp.inf else height * share ** (1 / p), height
    s = mp.mpf(getattr(F, "smoothness", 1).numerator) / getattr(F, "smoothness", 1).denominator
    height = mp.mpf(F.radius.numerator) / F.radius.denominator / 2 * mp.mpf(k) ** -s
    mean = 1 if p == mp.inf else (F.dim * mp.beta(s * p + 1, F.dim)) ** (1 / p)
    return k**F.dim, height * mean, height


def hamming_sum(cells, growth):
    """S itself for few cells; for many, the number of its positive terms."""
    if cells <= 300:
        tails = (growth + log2_sum(cells, h - 1) - cells for h in range(1, cells + 1))
        return mp.fsum(max(mp.mpf(0), 1 - mp.mpf(2) ** tail) for tail in tails)
    low, high = 0, cells // 2  # C(N, h-1) <= V(N, h-1), so this counts too many terms at most
    while high - low > 1:
        h = (low + high) // 2
        log2_binomial = mp.log(mp.binomial(cells, h - 1), 2)
        low, high = (h, high) if growth + log2_binomial < cells else (low, h)
    return mp.mpf(low)


def few_pieces(G, cells, F):
    """Whether there are too few pieces on [0,1] to show all patterns: exact, where long sums of binomials are not."""
    counted = ab.FeedForwardNetwork, ab.ReLUNetwork, ab.ReLUPowerNetwork, ab.HeavisideNetwork
    if G.domain_dim != 1 or not isinstance(G, counted):
        return False
    return cells > sum(line_numbers(G, Thresholds.AFFINE if isinstance(F, ab.MonotoneFunctions) else Thresholds.COMMON))


#: Network classes whose growth is checked by the theorem's formula in balls only.
IN_BALLS = (ab.NetworkSize, ab.SkipNetwork, ab.FreeKnotSplines, ab.QORNN, ab.Union, ab.TanhNetwork, ab.LSTM)


def truly_supported(data):
    """Whether the claim is true, by a computation that does not share the kernel's code (see the top)."""
    certificate = Certificate.from_dict(data)
    query, value, theorem = query_of(certificate), certificate.value, ab.THEOREMS[data["theorem"]]
    F, G, witness = query.functions, query.network, data["witness"]
    if {"functions", "network"} <= set(theorem.inputs) and None not in (F.domain_dim, G.domain_dim):
        assert F.domain_dim == G.domain_dim, "F and G are on different domains: E_p(F, G) has no meaning"
    simple = isinstance(F, (ab.LipschitzBall, ab.MonotoneFunctions))
    simple = simple or (isinstance(F, ab.HolderBall) and F.smoothness <= 1)
    small = simple and "dims" not in witness and witness.get("k", 10**9) ** F.dim <= 10**6
    if theorem.id in {"T3", "T3inf"} and small and not isinstance(G, IN_BALLS):
        with mp.workdps(60):
            p = mp.inf if query.p == math.inf else mp.mpf(query.p.numerator) / query.p.denominator
            cells, norm, height = profile(F, witness, p)
            growth = log2_growth(G, cells, centred=not isinstance(F, ab.MonotoneFunctions))
            if theorem.id == "T3inf":
                return (growth < cells or few_pieces(G, cells, F)) and value <= height
            return value <= norm * (2 * hamming_sum(cells, growth) / cells) ** (1 / p)
    exact = {k: Fraction(v) if isinstance(v, str) and "/" in v else v for k, v in witness.items()}
    with precision(1000):
        try:
            ball = BALL.number(theorem.evaluate(BALL, query, exact))
        except HypothesisError:
            return False
        if theorem.infinite:
            return value <= math.inf
        if theorem.integral:  # an integer at most x is at most floor(x)
            return bool(ball < value + 1)
        return bool(ball >= value if theorem.direction is ab.Direction.LOWER else ball <= value)


# ------------------------------------------------------------------------------------------------ the mutants

CLASS_NAMES = ["HolderBall", "MonotoneFunctions", "HeavisideNetwork", "LinearSpace", "Bound", "object", "../x"]
FAMILIES = ["distance-cubes", "halves", "bump-cubes", "cube-layers", "staircases", "none"]


def neighbours(value):
    """Other values of the same JSON type, near and far."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, 2 * value, value // 2, value * 10**6 + 1, -value, 2**69]
    if isinstance(value, str) and "/" in value:
        exact = Fraction(value)
        scaled = [exact * Fraction(10**4 + 1, 10**4), exact * Fraction(10**4 - 1, 10**4), exact / 2, 3 * exact, -exact]
        return [f"{x.numerator}/{x.denominator}" for x in scaled] + ["1/0", "1"]
    if isinstance(value, list):
        others = [(i, other) for i in range(min(len(value), 2)) for other in neighbours(value[i])[:4]]
        grown = [[*value[:i], other, *value[i + 1 :]] for i, other in others]
        return [*grown, [*value, 9], value[:-1], [-1], [2.5], ["9" * 150], [True], list(reversed(value))]
    return []


def doubtful_claims(data):
    """Mutants that may happen to be true."""
    yield from (replaced(data, ["theorem"], other) for other in ab.THEOREMS if other != data["theorem"])
    yield from (replaced(data, ["p"], p) for p in [1, 2, 100, "7/3", "5/2", "inf", "1/2", *JUNK] if p != data["p"])
    yield from (replaced(data, ["value"], huge) for huge in (10**400, -(10**400), 10**5000, 10**17))
    yield from (replaced(data, [name], scale) for name in ("eps", "gamma") for scale in ["1/61", "1/2", *JUNK])
    parts = [part for part in ("functions", "network", "witness") if data[part] is not None]
    for part in parts:
        for name, value in data[part].items():
            options = CLASS_NAMES if name == "class" else FAMILIES if name == "family" else [*neighbours(value), *JUNK]
            yield from (replaced(data, [part, name], option) for option in options if option != value)
            yield without(data, [part, name])
    if data["network"] and "input_dim" in data["network"] and data["functions"] and "dim" in data["functions"]:
        for dim in (1, 2, 3, 50):
            yield replaced(replaced(data, ["network", "input_dim"], dim), ["functions", "dim"], dim)
    if "eps" in data["witness"]:
        eps = Fraction(data["witness"]["eps"]) * Fraction(10**4 + 1, 10**4)
        larger = replaced(data, ["witness", "eps"], f"{eps.numerator}/{eps.denominator}")
        yield replaced(larger, ["value"], data["value"] * (1 + 1e-4))


def outcome(mutant):
    """The verdict, or None if a named error was raised; any other exception is a failure of the test."""
    try:
        try:
            form = json.dumps(mutant)
        except ValueError:  # integers too long to be written
            form = mutant
        verdict = ab.verify(form)
    except (ab.ParameterError, ab.WorkLimitError) as error:
        assert 0 < len(str(error)) < 1000
        return None
    assert verdict.reason
    return verdict


@pytest.mark.parametrize("theorem", CERTIFYING)
def test_false_claims_are_never_accepted(theorem):
    for certificate in of_theorem(theorem):
        for mutant in unsafe_mutants(certificate):
            assert not outcome(mutant), mutant


@pytest.mark.parametrize("theorem", CERTIFYING)
def test_mutants_are_accepted_only_if_they_are_true(theorem):
    for certificate in some_of(theorem):
        for mutant in doubtful_claims(json.loads(certificate.to_json())):
            if outcome(mutant):
                assert truly_supported(mutant), mutant


def test_the_number_of_mutants_is_large():
    assert sum(1 for certificate in issued()[::5] for _ in unsafe_mutants(certificate)) >= 10**4
    for theorem in CERTIFYING:
        claims = sum(1 for certificate in some_of(theorem) for _ in doubtful_claims(certificate.to_dict()))
        assert claims >= min(10**4, 100 * len(of_theorem(theorem)))


def test_classes_on_different_domains_are_not_accepted():
    bound = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3, input_dim=1), p=2)
    data = json.loads(bound.certificate.to_json())
    assert ab.verify(data)
    assert not outcome(replaced(data, ["network", "input_dim"], 2))
    assert not outcome(replaced(data, ["functions", "dim"], 2))


def test_bounds_without_a_number_have_no_certificate():
    rate = ab.lower_bound(ab.EntropyClass(exponent=1, norm=2), ab.LinearSpace(dimension=3), p=2)
    symbolic = ab.lower_bound(ab.LipschitzBall(dim=sympy.Symbol("d", positive=True)), ab.LinearSpace(dimension=3), p=2)
    for bound in (rate, symbolic):
        with pytest.raises(ab.NoNumberError):
            _ = bound.certificate


@pytest.mark.parametrize(
    "entry", [0.5, None, [1], True, math.inf, "1/2", (), Fraction(1, 10**400), Fraction(1, 10**5000)]
)
def test_witnesses_that_could_not_be_read_are_not_written(entry):
    bound = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=2)
    for good in (7, -(10**30), "name", "", Fraction(3, 7), Fraction(4)):
        text = replace(bound, witness=bound.witness | {"x": good}).certificate.to_json()
        assert Certificate.from_json(text).to_json() == text and "'x' are not read" in ab.verify(text).reason
    with pytest.raises(ab.ParameterError, match=r"witness\.x="):
        _ = replace(bound, witness=bound.witness | {"x": entry}).certificate


@pytest.mark.parametrize("dim", [50, 300, 1000])
def test_members_with_cells_beyond_measure_are_rejected(dim):
    bound = ab.lower_bound(ab.LipschitzBall(dim=dim), ab.ReLUNetwork(widths=(8, 8), input_dim=dim), p=2)
    data = json.loads(bound.certificate.to_json())
    assert ab.verify(data)
    for k in (2**20, 2**60, 2**69, 2**70 + 1, 10**300):
        assert not outcome(replaced(data, ["witness", "k"], k))


def test_certificates_of_tiny_and_huge_values():
    """Witnesses with hundreds of digits and values near the largest double survive JSON."""
    small = ab.lower_bounds(
        ab.SobolevBall(smoothness=100, dim=20, integrability="inf"), ab.LinearSpace(dimension=3), p=2
    )
    tiny = ab.EntropyClass(exponent="1/4", norm=1, constant="1e-60", valid_below=1)
    bounds = [b for b in (*small, *ab.lower_bounds(tiny, ab.LinearSpace(dimension=1), p=1)) if b.number is not None]
    bounds += [ab.MonotoneFunctions(dim=100).packing("1e-4", p="3/2")]
    bounds += [ab.EntropyClass(exponent=50, norm=1, constant=1, valid_below=1).packing("1e-10", p=1)]
    assert {"T2a", "T2b", "T2e", "T3fat"} <= {bound.theorem.id for bound in bounds}
    assert any(0 < bound.value < 1e-250 for bound in bounds) and any(bound.value > 1e300 for bound in bounds)
    for bound in bounds:
        assert ab.verify(bound.certificate.to_json()), bound
