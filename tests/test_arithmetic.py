"""The three arithmetics agree with each other and with exact integers."""

import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import oracles
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from approxbounds.arithmetic import (
    BALL,
    EXACT_TERMS,
    FLOAT,
    SYMBOLIC,
    ceil_float,
    floor_float,
    log2_lower_tail,
    precision,
)
from approxbounds.errors import ParameterError
from approxbounds.transfer.haussler import log2_haussler

SMALL = [(n, j) for n in range(41) for j in range(n + 3)]
LARGE = [(100, 49), (100, 50), (100, 51), (101, 50), (4000, 1999), (9001, 4096), (10**6, 10), (10**18, 50), (2**70, 7)]


def encloses(ball, exact: Fraction) -> bool:
    low, high = oracles.ends(ball)
    return low <= exact <= high


@pytest.mark.parametrize("bits", [53, 200])
def test_ball_binomial_sums_enclose_the_exact_integer(bits):
    with precision(bits):
        for n, j in SMALL + LARGE:
            ball = BALL.log2_binomial_sum(n, j)
            assert encloses(ball, oracles.log2_exact(oracles.binomial_sum(n, j))), (n, j)
            assert ball.rad() < 2.0 ** (20 - bits) * max(n, 1)


def test_float_binomial_sums_are_accurate():
    for n, j in SMALL + LARGE:
        exact = math.log2(oracles.binomial_sum(n, j))
        assert float(FLOAT.log2_binomial_sum(n, j)) == pytest.approx(exact, rel=1e-11, abs=1e-11), (n, j)


def test_float_binomial_sums_are_vectorised():
    n = np.arange(0, 200.0)
    got = FLOAT.log2_binomial_sum(n, 7)
    assert got == pytest.approx([math.log2(oracles.binomial_sum(int(m), 7)) for m in n], rel=1e-11, abs=1e-11)


def test_symbolic_binomial_sums_are_the_same_formula():
    for n, j in [(0, 0), (1, 0), (5, 2), (9, 8), (12, 5)]:
        value = SYMBOLIC.log2_binomial_sum(sympy.Integer(n), j).doit()
        assert sympy.simplify(value - sympy.log(oracles.binomial_sum(n, j)) / sympy.log(2)) == 0


@pytest.mark.parametrize(
    ("n", "j"), [(8195, 4097), (9000, 4097), (20000, 5000), (20000, 9999), (20000, 10000), (20000, 15000), (4200, 4199)]
)
def test_entropy_fallback_is_above_the_exact_sum(n, j):
    assert j > EXACT_TERMS
    exact = oracles.log2_exact(oracles.binomial_sum(n, j))
    with precision(200):
        assert oracles.ends(BALL.log2_binomial_sum(n, j))[0] >= exact
        middle = float(BALL.log2_binomial_sum(n, j).mid())
        assert float(FLOAT.log2_binomial_sum(n, j)) == pytest.approx(middle, rel=1e-12)


def test_log2_binomial():
    cases = [(n, j) for n in range(61) for j in range(n + 1)] + [(10**6, 5 * 10**5), (10**15, 17), (3000, 20)]
    for n, j in cases:
        exact = oracles.log2_exact(math.comb(n, j)) if n <= 10**6 and j <= 60 else None
        if exact is None:
            exact = oracles.high_precision(lambda n=n, j=j: mpmath.log(mpmath.binomial(n, j), 2))
        with precision(128):
            assert encloses(BALL.log2_binomial(n, j), exact), (n, j)
        assert float(FLOAT.log2_binomial(n, j)) == pytest.approx(float(exact), rel=1e-11, abs=1e-11), (n, j)
    assert SYMBOLIC.log2_binomial(10, 3) == sympy.log(120) / sympy.log(2)


def test_lower_tail_is_above_the_exact_sum_everywhere():
    with precision(128):
        for n in range(1, 61):
            for j in range((n + 1) // 2):
                exact = oracles.log2_exact(oracles.binomial_sum(n, j))
                ball = log2_lower_tail(BALL, n, j)
                assert oracles.ends(ball)[1] >= exact, (n, j)  # a valid upper bound cannot be certainly below
                assert oracles.ends(ball)[0] >= exact - Fraction(1, 2**90), (n, j)  # equality at j = 0
                assert float(log2_lower_tail(FLOAT, n, j)) == pytest.approx(float(ball.mid()), rel=1e-11, abs=1e-11)
                assert ball.mid() - float(exact) < 2.6  # not vacuous: worst next to n/2


def test_lower_tail_keeps_one_bit_at_huge_n():
    n, j = 10**18, 10**17
    with precision(256):
        x = flint.arb(j) / n
        entropy = n * -(x * x.log() + (1 - x) * (1 - x).log()) / flint.arb.const_log2()
        tail = log2_lower_tail(BALL, n, j)
        assert tail < entropy
        assert tail.rad() < 1e-30


@settings(max_examples=60, deadline=None)
@given(a=st.fractions("1/50", 300), b=st.fractions("1/50", 300))
def test_log_beta(a, b):
    def log_beta() -> mpmath.mpf:
        return mpmath.log(mpmath.beta(mpmath.mpf(a.numerator) / a.denominator, mpmath.mpf(b.numerator) / b.denominator))

    exact = oracles.high_precision(log_beta, digits=60)
    with precision(128):
        low, high = oracles.ends(BALL.log_beta(a, b))
    assert low - Fraction(1, 10**40) <= exact <= high + Fraction(1, 10**40)
    assert float(FLOAT.log_beta(float(a), float(b))) == pytest.approx(float(exact), rel=1e-9, abs=1e-11)


def test_log_beta_symbolic():
    assert sympy.simplify(SYMBOLIC.log_beta(3, 4) - sympy.log(sympy.Rational(1, 60))) == 0


@pytest.mark.parametrize("value", [1, 7, Fraction(1, 3), Fraction(22, 7), 10**30])
def test_elementary_functions_agree(value):
    with precision(128):
        pairs = {
            "log": (BALL.log(BALL.number(value)), SYMBOLIC.log(SYMBOLIC.number(value)), FLOAT.log(FLOAT.number(value))),
            "log2": (BALL.log2(BALL.number(value)), SYMBOLIC.log2(SYMBOLIC.number(value)), FLOAT.log2(float(value))),
            "power": (
                BALL.power(BALL.number(value), BALL.number(Fraction(3, 7))),
                SYMBOLIC.power(SYMBOLIC.number(value), SYMBOLIC.number(Fraction(3, 7))),
                FLOAT.power(float(value), FLOAT.number(Fraction(3, 7))),
            ),
            "exp": (BALL.exp(-BALL.number(value)), SYMBOLIC.exp(-SYMBOLIC.number(value)), FLOAT.exp(-float(value))),
        }
        for name, (ball, expression, number) in pairs.items():
            middle = float(ball.mid())
            assert float(sympy.N(expression, 30)) == pytest.approx(middle, rel=1e-14), name
            assert float(number) == pytest.approx(middle, rel=1e-13), name


def test_minimum_maximum_at_least():
    for A in (BALL, FLOAT, SYMBOLIC):
        low, high = A.minimum(*map(A.number, (3, 1, 2))), A.maximum(*map(A.number, (3, 1, 2)))
        assert (float(low), float(high)) == (1.0, 3.0)
        for m, expected in ((4, 20.0), (5, 10.0), (6, 10.0)):
            assert float(A.at_least(m, 5, A.number(10), A.number(20))) == expected


def test_minimum_of_overlapping_balls_encloses_both_outcomes():
    wide = flint.arb(1, 0.5)
    for middle in (Fraction(3, 4), Fraction(5, 4)):
        other = flint.arb(float(middle), 0.01)
        for pair in ((wide, other), (other, wide)):
            low, high = oracles.ends(BALL.minimum(*pair))
            assert low <= Fraction(1, 2) and high >= middle
            low, high = oracles.ends(BALL.maximum(*pair))
            assert low <= middle and high >= Fraction(3, 2)


def test_haussler_is_one_formula():
    with precision(128):
        ball = log2_haussler(BALL, 3, BALL.number(2), BALL.number(Fraction(1, 5)), 2)
    expression = log2_haussler(SYMBOLIC, 3, SYMBOLIC.number(2), SYMBOLIC.number(Fraction(1, 5)), 2)
    exact = math.log2(math.e * 4 * (2 * math.e * 10**2) ** 3)
    values = [float(ball.mid()), float(expression), float(log2_haussler(FLOAT, 3, 2.0, 0.2, 2))]
    assert values == pytest.approx([exact] * 3)


@settings(max_examples=300, deadline=None)
@given(st.fractions(-(10**6), 10**6), st.integers(-1000, 1000), st.sampled_from([53, 64, 128]))
def test_floor_float_is_the_largest_double_certainly_below(q, exponent, bits):
    x = q * Fraction(2) ** exponent
    with precision(bits):
        ball = flint.arb(flint.fmpq(x.numerator, x.denominator))
    low, high = floor_float(ball), ceil_float(ball)
    assert low <= x <= high  # Python compares a float and a Fraction exactly
    assert not flint.arb(math.nextafter(low, math.inf)) <= ball
    assert not flint.arb(math.nextafter(high, -math.inf)) >= ball
    if bits == 128:  # an accurate ball costs at most one step between the neighbours
        assert high <= math.nextafter(math.nextafter(low, math.inf), math.inf)


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, 0.1, 5e-324, -5e-324, 1.7976931348623157e308, 2.0**-1022])
def test_doubles_are_fixed_points(x):
    assert floor_float(flint.arb(x)) == x == ceil_float(flint.arb(x))


def test_floor_float_at_the_edges_of_doubles():
    huge, tiny = flint.arb(10) ** 400, flint.arb(10) ** -400
    assert floor_float(huge) == 1.7976931348623157e308
    assert ceil_float(huge) == math.inf
    assert floor_float(tiny) == 0.0
    assert ceil_float(tiny) == 5e-324
    assert floor_float(-huge) == -math.inf
    assert floor_float(flint.arb("nan")) == -math.inf
    assert floor_float(flint.arb(1, 0.25)) == pytest.approx(0.75, abs=1e-6) and floor_float(flint.arb(1, 0.25)) <= 0.75


@pytest.mark.parametrize("value", [None, True, "1/2", 1j, b"1", [1], (1,), np.bool_(True)], ids=repr)
@pytest.mark.parametrize("A", [FLOAT, BALL, SYMBOLIC], ids=lambda A: A.name)
def test_what_is_no_number_is_refused(A, value):
    with pytest.raises(ParameterError, match=r"number=.*: must be "):
        A.number(value)


def test_only_exact_numbers_become_balls():
    """A double may hide a rounding error: 0.1 is not 1/10; None is flint's 0."""
    for value in (0.5, 0.1, math.inf, math.nan, np.float64(1), np.array([1.0]), sympy.Integer(1)):
        with pytest.raises(ParameterError, match="must be exact"):
            BALL.number(value)
    for call in (BALL.log2_integer, BALL.log, lambda x: BALL.minimum(1, x), lambda x: BALL.maximum(x, 1)):
        with pytest.raises(ParameterError, match="number=None"):
            call(None)
    assert BALL.number(Fraction(1, 2)) == flint.arb("0.5") and BALL.number(10**400) == flint.arb(10**400)
    assert SYMBOLIC.number(math.inf) == sympy.oo and FLOAT.number(np.float64(2)) == FLOAT.number(np.int64(2)) == 2


def test_precision_is_restored():
    before = flint.ctx.prec
    with precision(333):
        assert flint.ctx.prec == 333
        with precision(77):
            assert flint.ctx.prec == 77
        assert flint.ctx.prec == 333
    assert flint.ctx.prec == before
    with pytest.raises(ZeroDivisionError), precision(999):
        raise ZeroDivisionError
    assert flint.ctx.prec == before


def test_binomial_sums_are_log_concave_in_the_number_of_points():
    """What growth.py builds on: V(m+1,j)^2 >= V(m,j) V(m+2,j), also beyond m = j."""
    for j in range(16):
        sums = [oracles.binomial_sum(m, j) for m in range(90)]
        assert all(b * b >= a * c for a, b, c in zip(sums, sums[1:], sums[2:], strict=False)), j


@pytest.mark.parametrize(("n", "j"), [(2**1000, 2**998), (2**1000, 2**999), (2**1020, 2**520 + 2**469)])
def test_log2_binomial_of_huge_numbers(n, j):
    """Products of two of them overflow; a warning is an error here."""
    with precision(3000):
        exact = float(BALL.log2_binomial(n, j).mid())
    assert float(FLOAT.log2_binomial(float(n), float(j))) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("n", [129, 131, 140, 1000, 10**12, 2**200, 2**1000])
@pytest.mark.parametrize("j", [60, 64, 65, 300])
def test_binomial_sums_from_the_top_hold_the_exact_sum(n, j):
    term = total = 1
    for i in range(min(j, n)):
        term = term * (n - i) // (i + 1)
        total += term
    for bits in (64, 128, 512):
        with precision(bits):
            ball = BALL.log2_binomial_sum(n, j)
            assert ball.overlaps(BALL.log2(BALL.number(total))) and ball.rel_accuracy_bits() > bits - 32
