"""Packing numbers: codes by enumeration, distances by quadrature, and an independent upper bound."""

import math
from fractions import Fraction

import numpy as np
import oracles
import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, log2_lower_tail, precision
from approxbounds.complexity.packing import GilbertVarshamov, KnownEntropy
from approxbounds.errors import HypothesisError
from approxbounds.kernel import certified_value, check
from approxbounds.theorem import Query

THEOREM = GilbertVarshamov()


@pytest.mark.parametrize("length", range(1, 11))
def test_greedy_codes_are_as_large_as_gilbert_and_varshamov_say(length):
    for distance in range(1, length + 1):
        size = len(oracles.lexicographic_code(length, distance))
        exact = Fraction(2**length, oracles.binomial_sum(length, distance - 1))
        assert size >= exact
        if 2 * (distance - 1) < length:
            with precision(128):
                claimed = length - log2_lower_tail(BALL, length, distance - 1)
            assert oracles.ends(claimed)[0] <= oracles.log2_exact(exact)
            assert oracles.ends(claimed)[0] >= oracles.log2_exact(exact) - Fraction(5, 2)


def test_largest_codes():
    """Exhaustive search, against the table of A(n, d) of coding theory and the bound."""
    table = {(4, 2): 8, (5, 3): 4, (6, 3): 8, (6, 4): 4, (7, 4): 8, (7, 5): 2, (8, 5): 4, (9, 6): 4, (10, 7): 2}
    for (length, distance), size in table.items():
        assert oracles.largest_code(length, distance) == size
        assert size * oracles.binomial_sum(length, distance - 1) >= 2**length


@pytest.mark.parametrize(
    ("F", "index", "nodes"),
    [
        (ab.LipschitzBall(dim=1), {"k": 5}, 60),
        (ab.HolderBall(smoothness="1/2", dim=2, radius=2), {"k": 2}, 100),
        (ab.HolderBall(smoothness="5/2", dim=1), {"k": 4}, 100),
        (ab.MonotoneFunctions(dim=2), {"k": 3, "layers": 2}, 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("p", [1, 2, 3])
def test_distances_of_the_targets(F, index, nodes, p):
    """||f_omega - f_omega'||_p = 2 ||w||_p (Ham/N)^{1/p}; in sup norm 2 sup w."""
    rng = np.random.default_rng(1)
    family = F.families[0]
    points = oracles.midpoints(index["k"] * nodes, F.dim)
    cells = family.cells(index)
    for _ in range(5):
        a, b = rng.integers(0, 2, (2, cells))
        gap = np.abs(family.evaluate(index, a, points) - family.evaluate(index, b, points))
        expected = 2 * float(family.norm(FLOAT, index, p)) * (np.sum(a != b) / cells) ** (1 / p)
        assert np.mean(gap**p) ** (1 / p) == pytest.approx(expected, rel=0.01)
        if (a != b).any():
            assert gap.max() == pytest.approx(2 * float(family.norm(FLOAT, index, math.inf)), rel=0.02)


@pytest.mark.parametrize("k", [1, 2, 5, 8, 10])
@pytest.mark.parametrize("p", [1, 2])
def test_certified_packings_are_not_larger_than_greedy_codes(k, p):
    """For a fixed member: exp(value) is at most the size of an actual code of targets farther apart than eps."""
    F = ab.LipschitzBall(dim=1)
    family = F.families[0]
    for h in range(1, k // 2 + 1):
        distance = 2 * float(family.norm(FLOAT, {"k": k}, p)) * (h / k) ** (1 / p)
        query = Query(functions=F, p=p, eps=Fraction(distance * (1 - 1e-9)))
        value = certified_value(THEOREM, query, {"family": family.id, "k": k, "h": h})
        size = len(oracles.lexicographic_code(k, h))
        assert 0 <= value <= math.log(size) + 1e-12
        assert not check(THEOREM, query, {"family": family.id, "k": k, "h": h}, math.log(size) + 0.01 + math.log(4))
        too_far = Query(functions=F, p=p, eps=Fraction(distance * (1 + 1e-9)))
        with pytest.raises(HypothesisError):
            certified_value(THEOREM, too_far, {"family": family.id, "k": k, "h": h})


def test_distances_must_be_greater_than_eps_strictly():
    """M counts distances > eps; at equality the claim is refused, just below it is made."""
    F = ab.LipschitzBall(dim=1)
    just_below = Fraction(1, 4) - Fraction(1, 10**30)
    # sup norm: 2 sup w = 1/k
    assert F.packing("1/4", p="inf").value == pytest.approx(3 * math.log(2))
    assert F.packing("1/4", p="inf").value <= math.log(8)
    witness = {"family": "distance-cubes", "k": 4, "h": 1}
    with pytest.raises(HypothesisError):
        certified_value(THEOREM, Query(functions=F, p=math.inf, eps=Fraction(1, 4)), witness)
    value = certified_value(THEOREM, Query(functions=F, p=math.inf, eps=just_below), witness)
    assert value == pytest.approx(4 * math.log(2))
    # p = 1: 2 ||w||_1 h/N = (1/(2k)) (h/k)
    for k, h in [(4, 1), (4, 2), (7, 3), (1, 1)]:
        exact = Fraction(h, 2 * k * k)
        witness = {"family": "distance-cubes", "k": k, "h": h}
        with pytest.raises(HypothesisError):
            certified_value(THEOREM, Query(functions=F, p=1, eps=exact), witness)
        value = certified_value(THEOREM, Query(functions=F, p=1, eps=exact * (1 - Fraction(1, 10**30))), witness)
        assert value == pytest.approx(math.log(2) * (k - float(log2_lower_tail(FLOAT, k, h - 1))))


def covering_logarithm(delta: float) -> float:
    """log of the size of a sup-norm cover of the Lipschitz ball on [0,1] by balls of radius delta.

    Zigzags with slopes +-1 on a grid of step delta that start at multiples of 2 delta follow every f within delta.
    """
    return math.ceil(1 / delta) * math.log(2) + math.log(1 / delta + 1)


@pytest.mark.parametrize("p", [1, 2, 3, "inf"])
@pytest.mark.parametrize("eps", ["1/2", "1/3", "1/10", "7/100", "1/1000", "1/100000"])
def test_packings_are_below_an_independent_covering_bound(p, eps):
    """M(eps) <= N(eps/2) for covers; L^p distances are at most sup distances."""
    F = ab.LipschitzBall(dim=1)
    try:
        value = F.packing(eps, p=p).value
    except ab.NotApplicableError:
        assert Fraction(eps) >= Fraction(1, 4)  # only large eps are refused
        return
    upper = covering_logarithm(float(Fraction(eps)) / 2)
    assert 0 < value <= upper
    assert p == 1 or value >= upper / 40  # the same order


def test_packing_decreases_in_eps_and_increases_in_p():
    F = ab.MonotoneFunctions(dim=2)
    values = [[F.packing(eps, p=p).value for eps in ("1/100", "1/50", "1/20")] for p in (1, 2, 4)]
    for row in values:
        assert row == sorted(row, reverse=True)
    for column in zip(*values, strict=True):
        assert list(column) == sorted(column)


def test_witnesses_outside_the_hypotheses_are_refused():
    query = Query(functions=ab.LipschitzBall(dim=1), p=2, eps=Fraction(1, 1000))
    good = {"family": "distance-cubes", "k": 20, "h": 3}
    assert certified_value(THEOREM, query, good) > 0
    for bad in ({"h": 0}, {"h": 11}, {"h": 12}, {"h": 21}, {"k": 0}, {"k": 10**6}, {"family": "cube-layers"}):
        with pytest.raises(HypothesisError):
            certified_value(THEOREM, query, good | bad)


def test_known_entropy_is_used_only_where_it_is_known():
    F = ab.EntropyClass(exponent="1/2", norm=2, constant=3, valid_below="1/10")
    assert F.packing("1/100", p=2).value == pytest.approx(30)
    assert F.packing("1/100", p=2).value <= 30
    assert F.packing("1/100", p=5).value == pytest.approx(30)
    for eps, p in [("1/5", 2), ("1/100", 1), ("1/100", "3/2")]:
        with pytest.raises(ab.NotApplicableError):
            F.packing(eps, p=p)
    assert KnownEntropy().refusal(Query(functions=ab.LipschitzBall(dim=1), p=2, eps=Fraction(1, 9))) is not None
