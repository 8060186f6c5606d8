"""Bounds from an entropy bound (T2be, T2e): their lemma by brute force, true classes, T2b, searches, refusals."""

import math
from fractions import Fraction
from itertools import combinations

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from test_fat_shattering import fat_of_vectors

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.complexity.fat_shattering import fat_floats
from approxbounds.complexity.pseudo_dimension import pdim_upper
from approxbounds.transfer.alon import log2_separated, smallest_exponent

EPS, M = sympy.symbols("eps M", positive=True)


def bound_of(F, G, p, theorem="T2be"):
    """The number of a theorem, or 0."""
    try:
        found = [bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == theorem]
    except ab.NotApplicableError:
        return 0.0
    return max((bound.value for bound in found if bound.number is not None), default=0.0)


# --------------------------------------------------------------------------------------- the lemma, every class of few


def distances(vectors, p):
    return (np.abs(vectors[:, None] - vectors[None, :]) ** p).mean(axis=2) ** (1 / p)


def largest_separated(apart):
    """The largest set of indices that are pairwise apart: by trying all sets, from the largest."""
    sizes = range(len(apart), 1, -1)
    sets = (chosen for size in sizes for chosen in combinations(range(len(apart)), size))
    return next((chosen for chosen in sets if all(apart[i, j] for i, j in combinations(chosen, 2))), (0,))


SMALL = st.tuples(st.integers(2, 7), st.integers(1, 4), st.sampled_from([1, 2, 3.5]), st.integers(0, 10**6))


@given(SMALL)
def test_separated_functions_on_a_grid_are_as_many_as_the_lemma_allows(case):
    """Functions on equal cells with values in an interval of length s = 2, for every tau: each number of the proof."""
    size, cells, p, seed = case
    rng = np.random.default_rng(seed)
    G = rng.choice([-1, 1, 0, rng.uniform(-1, 1)], (size, cells)) * rng.choice([0.05, 0.4, 1.0])
    apart = distances(G, p)
    for tau in {float(x) * share for x in apart.ravel() if x > 1e-9 for share in (0.3, 0.999)}:
        chosen = largest_separated(apart > tau)
        scale = tau / 2 * 2 ** (-1 / p)
        fat, levels, bits = fat_of_vectors(G, 2 * scale / 4), math.floor(2 / scale), int(math.log2(len(chosen)))
        if bits == 0:
            continue
        assert fat > 0  # D = 0: no two functions
        chosen = chosen[: 2**bits]
        points = math.ceil(8 * (2 / tau) ** p * math.log(4**bits / 2))
        missed = [1 - (np.abs(G[i] - G[j]) > 2 * scale).mean() for i, j in combinations(chosen, 2)]
        assert sum(share**points for share in missed) < 1  # some m points show all pairs apart
        with precision(128):
            allowed = log2_separated(BALL, points, levels, fat, smallest_exponent(points, levels, fat))
        assert not allowed < bits


def volume(n, j):
    return sum(math.comb(n, i) for i in range(j + 1))


@pytest.mark.parametrize("h", range(3, 40))
def test_balls_of_half_the_radius_are_smaller_by_enough(h):
    """V(n,h-1)/V(n,h'-1) >= (h/(2P))^P for n >= 2h, h > 2P: for T3w against a weighted T2a."""
    for n in (2 * h, 2 * h + 1, 3 * h):
        for P in range(1, (h + 1) // 2):
            assert volume(n, h - 1) * (2 * P) ** P >= volume(n, (h + 1) // 2 - 1) * h**P


# ------------------------------------------------------------------------- classes of which more is known than entropy


def known_by_entropy(F, p, eps0):
    """F as a class that is known by the closed form of its packings only.

    That is 0.456 log 2 times powers of max(0, C eps^{-1/r} - 1), so eps^a log M does not decrease as eps -> 0.
    """
    form, a = F.packing(EPS, p=p).expression, Fraction(str(F.entropy_exponent(p)))
    c = Fraction(str(sympy.N(form.subs(EPS, sympy.Rational(eps0)), 30))) * Fraction(math.nextafter(float(eps0) ** a, 0))
    c = Fraction(math.floor(c * (1 - Fraction(1, 10**9)) * 2**200), 2**200)
    low, high = F.value_range
    return ab.EntropyClass(exponent=a, norm=p, constant=c, valid_below=eps0, low=low, high=high, dim=F.domain_dim)


TRUE = [
    (ab.HolderBall(smoothness="1/2", dim=1), 2, Fraction(1, 100)),
    (ab.LipschitzBall(dim=4), 1, Fraction(1, 1000)),
    (ab.LipschitzBall(dim=4, radius="5/2"), "7/2", Fraction(1, 1000)),
    (ab.HolderBall(smoothness="3/2", dim=6), 2, Fraction(1, 10**5)),
    (ab.MonotoneFunctions(dim=4), 2, Fraction(1, 1000)),
]


def networks(d):
    return [
        ab.NormBoundedNetwork(norms=(1, 1), input_dim=d),
        ab.NormBoundedNetwork(norms=(2, 1, 1), input_dim=d),
        ab.LipschitzFunctions(constant=2, input_dim=d),
        ab.LipschitzFunctions(constant="1/20", input_dim=d),
        ab.BoundedLinear(norm=2, input_dim=d),
        ab.ReLUNetwork(widths=(6,), input_dim=d),
        ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=d),
        ab.HeavisideNetwork(widths=(10, 25), input_dim=d),
        ab.FiniteClass(size=5),
        ab.LinearSpace(dimension=3, input_dim=d),
    ]


@pytest.mark.parametrize(("F", "p", "eps0"), TRUE, ids=str)
def test_what_is_said_of_a_true_class_holds(F, p, eps0):
    known = known_by_entropy(F, p, eps0)
    for i in range(0, 12):
        eps = eps0 / 2**i
        assert 0 < known.packing(eps, p=p).value <= F.packing(eps, p=p).value


@pytest.mark.parametrize(("F", "p", "eps0"), TRUE, ids=str)
def test_bounds_of_true_classes_are_below_every_construction_and_t2b(F, p, eps0):
    """T2b uses such packings of families of narrower range, at all eps; 16 times as much is not lost."""
    known, found = known_by_entropy(F, p, eps0), 0
    for G in networks(F.domain_dim):
        value = bound_of(known, G, p)
        assert bound_of(known, G, "inf") == value
        for error in (p, "inf"):
            for bound in ab.upper_bounds(F, G, p=error):
                assert bound.number is None or value <= bound.value
        assert value <= bound_of(F, G, p, "T2b")
        assert bound_of(F, G, p, "T2b") <= 16 * value or value > eps0 / 8 or value == 0  # 2 eps + tau <= eps0
        if G.bounded_growth:
            assert value <= bound_of(known, G, p, "T2e")
        found += value > 0
    assert found >= 6


# ---------------------------------------------------------------------------------------------------- the search, rates

CASES = [
    (ab.EntropyClass(exponent=4, norm=1, constant=1, valid_below="1/2", low=0), (1, 1)),
    (ab.EntropyClass(exponent=3, norm=2, constant="1/10", valid_below="1/10"), (1, 1)),
    (ab.EntropyClass(exponent="5/2", norm="7/3", constant=1000, valid_below="19/10"), (1, "1/4", 1)),
    (ab.EntropyClass(exponent=50, norm=1, constant=1, valid_below=1), (3, 1)),
]
PAIRS = [(F, ab.NormBoundedNetwork(norms=norms, input_dim=3)) for F, norms in CASES]
PAIRS += [(F, ab.LinearSpace(dimension=20)) for F, _ in CASES]


@pytest.mark.parametrize(("F", "G"), PAIRS, ids=str)
def test_bounds_are_certified_and_explained(F, G):
    for p in (F.norm, 7, "inf"):
        (bound,) = [bound for bound in ab.lower_bounds(F, G, p=p) if bound.theorem.id == "T2be"]
        assert 0 < bound.value == float(bound.witness["eps"])
        assert ab.verify(bound.certificate.to_json())
        assert bound.theorem.evaluate(FLOAT, bound.query, bound.witness) == pytest.approx(bound.value, rel=1e-9)
        assert "AlonBenDavidCesaBianchiHaussler1997" in bound.bibtex()
        assert all(f"{name}={bound.witness[key]}" in bound.explain() for name, key in (("D", "fat"), ("m", "points")))


@pytest.mark.parametrize(("F", "G"), PAIRS, ids=str)
def test_witnesses_are_the_numbers_of_the_statement(F, G):
    (bound,) = [bound for bound in ab.lower_bounds(F, G, p=F.norm) if bound.theorem.id == "T2be"]
    eps, tau, fat, points, levels, bits, exponent = (
        bound.witness[name] for name in ("eps", "tau", "fat", "points", "levels", "bits", "exponent")
    )
    packing = F.packing(2 * eps + tau, p=F.norm).value
    with mpmath.workdps(60):
        s, q, t = (mpmath.mpf(x.numerator) / x.denominator for x in map(Fraction, (F.high - F.low, F.norm, tau)))
        scale = t / s * 2 ** (-1 / q)
        assert points == mpmath.ceil(8 * (s / t) ** q * mpmath.log(2) * (2 * bits - 1))
        assert levels == mpmath.floor(2 / scale)
        assert bits * mpmath.log(2) <= packing * (1 + 1e-15)
        assert bits > 1 + exponent * mpmath.log(points * levels**2, 2)
        least = G.fat_shattering(Fraction(str(s * scale / 4))).value
    assert least <= fat < points
    if fat < 200:
        assert sum(math.comb(points, i) * levels**i for i in range(1, fat + 1)) <= 2**exponent


@pytest.mark.parametrize(("F", "G"), PAIRS, ids=str)
def test_unsafe_witnesses_are_rejected(F, G):
    (bound,) = [bound for bound in ab.lower_bounds(F, G, p=F.norm) if bound.theorem.id == "T2be"]
    data = bound.certificate.to_dict()

    def refused(**changes):
        changed = {name: str(x) if isinstance(x, Fraction) else x for name, x in changes.items()}
        return not ab.verify(data | {"witness": data["witness"] | changed})

    assert not refused()
    witness = bound.witness
    for name in ("levels", "points", "exponent", "fat"):
        near = 1 if name != "fat" else 1 + witness[name] // 10**5  # the search rounds its scale
        assert refused(**{name: witness[name] - near}) and refused(**{name: witness[name] // 2})
    assert refused(bits=witness["bits"] + 1) and refused(bits=0) and refused(bits=1)
    assert refused(tau=witness["tau"] / 2)  # at a lower scale G may show more
    assert refused(eps=F.valid_below, tau=witness["tau"])  # 2 eps + tau > eps0


def largest_by_scan(F, allowed):
    """The largest eps on a grid of all eps and tau, from the statement."""
    share = np.linspace(0.02, 0.98, 97)[:, None]
    distance = float(F.valid_below) * np.exp(-np.linspace(0, 60, 12001))[None, :]
    with np.errstate(all="ignore"):
        bits = float(F.constant) * distance ** -float(F.exponent) / np.log(2)
        enough = allowed(share * distance, np.floor(bits))
    return float(np.max(np.where(enough, (1 - share) * distance / 2, 0.0)))


@pytest.mark.parametrize(("F", "G"), PAIRS, ids=str)
def test_the_search_finds_nearly_the_largest(F, G):
    q, s = float(F.norm), float(F.high - F.low)

    def fat(tau, mu):
        scale = tau / s * 2 ** (-1 / q)
        m, B = np.ceil(8 * (s / tau) ** q * np.log(2) * (2 * mu - 1)), np.floor(2 / scale)
        D = np.minimum(np.floor(fat_floats(G, s * scale / 4)), m)
        y = D * np.log2(np.e * m * B / np.maximum(D, 1))
        return (mu >= 1) & (mu > np.where(D < 1, 0, 1 + np.ceil(y) * np.log2(m * B**2)))

    assert bound_of(F, G, F.norm) > 0.95 * largest_by_scan(F, fat) > 0
    if G.bounded_growth:
        P = pdim_upper(G)

        def haussler(tau, mu):
            return mu > np.log2(np.e * (P + 1)) + P * np.log2(2 * np.e * (s / tau) ** q)

        assert bound_of(F, G, F.norm, "T2e") > 0.95 * largest_by_scan(F, haussler) > 0


def test_bounds_are_monotone():
    values = [
        [
            bound_of(ab.EntropyClass(exponent=4, norm=2, constant=c, valid_below="1/2"), G, 2)
            for c in ("1/100", "1/3", 1, 3, 100)
        ]
        for G in (ab.NormBoundedNetwork(norms=(n, 1), input_dim=2) for n in (1, 2, 30))
    ]
    assert all(row == sorted(row) and len(set(row)) == len(row) for row in values)
    assert all(list(column) == sorted(column, reverse=True) for column in zip(*values, strict=True))


@pytest.mark.parametrize("a", [4, 8])
def test_norm_bounded_rates(a):
    """C^{-1/(a-2)} (log C)^{-2/(a-2)}, C the square of the product of the norms."""
    F = ab.EntropyClass(exponent=a, norm=2, constant=1, valid_below="1/2")
    sizes = 10.0 ** np.arange(8, 16)
    values = [bound_of(F, ab.NormBoundedNetwork(norms=(int(x), 1), input_dim=3), 2) for x in sizes]
    corrected = np.log(values) + 2 / (a - 2) * np.log(np.log(sizes))
    assert np.polyfit(np.log(sizes), corrected, 1)[0] == pytest.approx(-2 / (a - 2), rel=0.03)
    G = ab.NormBoundedNetwork(norms=(M, 1), input_dim=3)
    (rate,) = [bound.rate for bound in ab.lower_bounds(F, G, p="inf") if bound.theorem.id == "T2be"]
    (depth,) = rate.free_symbols - {M}
    C, power = depth * M**2, sympy.Rational(1, a - 2)
    assert sympy.simplify(rate * C**power * sympy.log(C) ** (2 * power)) == 1


def test_large_networks_of_small_norms():
    """Only by their norms are they few: the pseudo-dimension is that of all networks of the widths."""
    F = ab.EntropyClass(exponent=4, norm=1, constant=1, valid_below="1/2", low=0)
    norms = ("1/10", "1/10")
    wide = ab.NormBoundedNetwork(norms=norms, input_dim=5, widths=(10**9,))
    free = ab.NormBoundedNetwork(norms=norms, input_dim=5)
    assert bound_of(F, wide, 1) >= bound_of(F, free, 1) > 0 == bound_of(F, free, 1, "T2e")
    assert bound_of(F, wide, 1) > bound_of(F, wide, 1, "T2e") > 0
    assert ab.lower_bound(F, wide, p=1).theorem.id == "T2be"


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("F", "p", "reason"),
    [
        (ab.LipschitzBall(dim=2), 2, "T2b covers them"),
        (ab.EntropyClass(exponent=4, norm=2, constant=1, valid_below="1/2"), 1, "not known for p = 1"),
        (ab.EntropyClass(exponent=4, norm="inf", constant=1, valid_below="1/2"), "inf", "need q < inf"),
        (ab.EntropyClass(exponent=4, norm=2), 2, "unspecified"),
        (ab.BarronBall(dim=2), 2, "unspecified"),
        (ab.EntropyClass(exponent="1/2", norm=2, constant=1, valid_below="1/2"), 2, "too small against G"),
    ],
)
def test_refusals_say_why(F, p, reason):
    G = ab.NormBoundedNetwork(norms=(9, 1), input_dim=2)
    reasons = {refusal.theorem: refusal.reason for refusal in ab.lower_bounds(F, G, p=p).refusals}
    assert reason in reasons["T2be"]
