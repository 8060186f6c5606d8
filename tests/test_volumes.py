"""Tvol: small balls around adversarial centres, classes whose error is known, upper bounds, and its own forms."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import sympy

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, precision
from approxbounds.bound import Refusal, apply
from approxbounds.facts.hypercube import Thresholds
from approxbounds.facts.splines import b_splines
from approxbounds.members import cylinders
from approxbounds.query import make_query
from approxbounds.testing import check_lower_bound, check_monotone, check_monotone_in_p
from approxbounds.transfer.random_splines import random_splines
from approxbounds.transfer.volumes import VolumeTheorem, ball_volume_factor

TVOL = VolumeTheorem()


def bound_of(F, G, p):
    found = apply(TVOL, make_query(F, G, p))
    return None if isinstance(found, Refusal) else found


def holder(s, d):
    return ab.HolderBall(smoothness=s, dim=d)


def relu(widths, d):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


PINNED = [
    (holder(2, 2), relu((64, 64), 2), 2, 1.634e-7),
    (holder(3, 2), relu((256,) * 6, 2), 2, 8.62e-14),
    (holder(3, 2), relu((256,) * 6, 2), math.inf, 2.23e-13),
    (holder(4, 2), relu((200,) * 8, 2), 2, 9.07e-18),
    (holder(4, 1), relu((50,) * 8, 1), 2, 8.69e-26),
    (holder(3, 4), relu((64, 64), 4), 2, 2.08e-7),
    (holder(2, 8), relu((64, 64), 8), 2, 4.42e-5),
    (ab.ConvexFunctions(dim=2), relu((64, 64), 2), 2, 4.62e-7),
    (ab.AnisotropicHolderBall(smoothness=(2, 3)), relu((64, 64), 2), 2, 1.607e-8),
]


@pytest.mark.parametrize(("F", "G", "p", "least"), PINNED, ids=str)
def test_pinned_numbers(F, G, p, least):
    bound = bound_of(F, G, p)
    assert least <= bound.value < 1.005 * least and ab.verify(bound.certificate)


# ------------------------------------------------------------------------------------------------------ the proof


@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("N", [1, 3, 8])
def test_volumes_of_balls_of_means(p, N):
    """(2 Gamma(1+1/p))^N N^(N/p)/Gamma(1+N/p) is the volume for r = 1."""
    exact = 2.0**N if p == math.inf else (2 * math.gamma(1 + 1 / p)) ** N * N ** (N / p) / math.gamma(1 + N / p)
    assert exact <= float(ball_volume_factor(FLOAT, p)) ** N * (1 + 1e-12)
    assert float(ball_volume_factor(BALL, p).upper()) >= exact ** (1 / N) * (1 - 1e-12)


@pytest.mark.parametrize(("D", "k"), [(1, 3), (2, 3), (3, 2)])
@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("centres", [1, 8])
def test_small_balls_around_adversarial_centres(D, k, p, centres):
    """Centres are moved to where the values lie most densely; the union bound with M_D from the zeros must hold."""
    rng, t = np.random.default_rng(10 * D + centres), 0.3
    b = b_splines(D, np.array(t))
    T = np.array([[b[i - j + D] if 0 <= i - j + D <= D else 0.0 for j in range(k + D)] for i in range(k)])
    zeros = np.abs(np.roots(b[::-1]))
    M = b[-1] * np.maximum(zeros, 1).prod()
    y = rng.uniform(-1, 1, (100_000, k + D)) @ T.T
    chosen = y[:centres] * (0 if centres == 1 else 1)
    for _ in range(10):  # Lloyd
        nearest = np.argmin(((y[:20_000, None] - chosen) ** 2).sum(axis=2), axis=1)
        chosen = np.array(
            [y[:20_000][nearest == c].mean(axis=0) if (nearest == c).any() else chosen[c] for c in range(centres)]
        )
    gaps = np.abs(y[:, None] - chosen)
    distance = (gaps.max(axis=2) if p == math.inf else (gaps**p).mean(axis=2) ** (1 / p)).min(axis=1)
    v = float(ball_volume_factor(FLOAT, p))
    for r in np.quantile(distance, [0.003, 0.03, 0.3]):
        claimed = centres * (v * r / (2 * M)) ** k
        measured = (distance <= r).mean()
        assert measured <= claimed * 1.2
    assert claimed < 400 * measured  # and it is not far from true


@pytest.mark.parametrize("levels", [1, 3, 20])
@pytest.mark.parametrize("dim", [1, 2])
def test_the_same_splines_with_rounded_coefficients(levels, dim):
    """All f of the proof are within A/L of them, so no bound at this member is larger; nearly sharp for p = inf."""
    F, k = ab.LipschitzBall(dim=dim), 60 if dim == 1 else 12
    G = ab.FiniteClass(size=levels ** ((k + 1) ** dim))
    (ball,) = F.spline_balls
    error = float(ball.amplitude(FLOAT, {"k": k})) / levels
    found = 0.0
    for Q in (10, 1000, 10**6):
        for p in (1, 2, math.inf):
            witness = {"family": "splines", "k": k, "levels": Q, **({} if p == math.inf else {"bits": 8})}
            try:
                value = float(TVOL.evaluate(FLOAT, make_query(F, G, p), witness))
                with precision(256):
                    assert float(TVOL.evaluate(BALL, make_query(F, G, p), witness)) == pytest.approx(value, rel=1e-9)
            except ab.HypothesisError:
                continue
            assert value <= error
            found = max(found, value) if p == math.inf else found
    assert found > (0.7 if dim == 1 else 0.4) * error


# -------------------------------------------------------------------------------- classes whose error is known


FUNCTIONS = [
    holder("1/2", 1),
    ab.LipschitzBall(dim=1),
    ab.LipschitzBall(dim=2),
    holder("5/2", 2),
    holder(3, 1),
    ab.SobolevBall(smoothness=2, dim=2, integrability=math.inf),
    ab.SobolevBall(smoothness=1, dim=1, integrability=1),
    ab.AnisotropicHolderBall(smoothness=("1/2", 2)),
    ab.ConvexFunctions(dim=1),
    ab.ConvexFunctions(dim=3),
    ab.BesovBall(smoothness=2, dim=1, integrability=2),
    holder(2, 5),
]


@pytest.mark.parametrize("F", FUNCTIONS, ids=str)
@pytest.mark.parametrize("p", [1, Fraction(7, 3), math.inf])
def test_it_is_a_bound_by_the_contracts(F, p):
    for G in (ab.LinearSpace(dimension=20), ab.FiniteClass(size=1)):
        check_lower_bound(TVOL, F, G, p)
    check_monotone(TVOL, F, relu((9, 7), F.domain_dim), p)
    if p != math.inf:
        check_monotone_in_p(TVOL, F, ab.LinearSpace(dimension=30), p)


@pytest.mark.parametrize("F", FUNCTIONS[-6:], ids=str)
@pytest.mark.parametrize("p", [2, math.inf])
def test_the_search_finds_the_best_member(F, p):
    for G in (ab.LinearSpace(dimension=20), relu((9, 7), F.domain_dim), ab.FiniteClass(size=2)):
        query, best = make_query(F, G, p), 0.0
        for _, reduced in cylinders(query):
            (ball,) = reduced.F.spline_balls
            N, Q = ball.grid().cells[:, None], 2.0 ** np.arange(1, 51)
            c = 0.0 if p == math.inf else np.maximum(np.ceil(np.log2(N / (2 * np.log(2) * p))), 1)
            B = reduced.G.level_growth().at_levels(FLOAT, N, Q, common=ball.centres is Thresholds.COMMON)
            theta = 2 * ball.mean_volume(FLOAT, p) / ball_volume_factor(FLOAT, p)
            A = np.broadcast_to(ball.amplitude(FLOAT, ball.grid().index), N.size)[:, None] * (
                1 if p == math.inf else (1 - 2.0**-c) ** (1 / p)
            )
            best = max(best, (A * (theta * 2 ** (-(B + c) / N) - 1 / Q)).max())
        assert TVOL.evaluate(FLOAT, query, TVOL.search(query)) == pytest.approx(best, rel=1e-11)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_below_every_upper_bound(seed):
    rng = random.Random(seed)
    for _ in range(4):
        d, s = rng.choice((1, 2, 3)), rng.choice(("1/2", 1, "3/2", 2, "5/2", 3, 4))
        widths = tuple(rng.choice((4, 16, 100, 700, 3000)) for _ in range(rng.choice((1, 2, 3, 4, 6))))
        kind = rng.choice((ab.ReLUNetwork, ab.HeavisideNetwork))
        F, G, p = (
            rng.choice((holder(s, d), ab.ConvexFunctions(dim=d))),
            kind(widths=widths, input_dim=d),
            rng.choice((1, 2, math.inf)),
        )
        bound = bound_of(F, G, p)
        for upper in ab.upper_bounds(F, G, p=p):
            assert upper.number is None or bound.value <= upper.value


@pytest.mark.parametrize("dimension", [16, 256])
def test_linear_spaces_of_steps_are_within_a_factor(dimension):
    """The error of steps on D cells for Lipschitz functions, 1/(2D) in sup norm, is the best of all linear spaces."""
    bound = bound_of(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=dimension), math.inf)
    assert 1 / (100 * dimension) < bound.value < 1 / (2 * dimension)


# ---------------------------------------------------------------------------------------- refusals and other forms


@pytest.mark.parametrize(
    ("F", "G", "reason"),
    [
        (ab.MonotoneFunctions(dim=2), relu((4,), 2), "no ball of splines"),
        (ab.LipschitzBall(dim=2), ab.LipschitzFunctions(constant=1, input_dim=2), "sets of every size"),
        (ab.HolderBall(smoothness=sympy.Symbol("s", positive=True), dim=2), relu((4,), 2), "no ball of splines"),
    ],
    ids=str,
)
def test_refusals(F, G, reason):
    assert reason in TVOL.refusal(make_query(F, G, 2))


@pytest.mark.parametrize(
    "wrong",
    [{"levels": 1}, {"levels": None}, {"bits": 0}, {"k": 0}, {"family": "none"}, {"levels": 2, "k": 1}],
    ids=str,
)
def test_wrong_witnesses_are_rejected(wrong):
    bound = bound_of(holder(2, 2), relu((64, 64), 2), 2)
    with pytest.raises(ab.HypothesisError):
        TVOL.evaluate(BALL, bound.query, {**bound.witness, **wrong})


def test_closed_forms_and_rates():
    P, p, R, d = sympy.symbols("P p R d", positive=True)
    F, G = holder(2, 2), ab.LinearSpace(dimension=500)
    number = float(TVOL.expression(make_query(F, G, 2)))
    assert 0 < number <= bound_of(F, G, 2).value < 10 * number
    form = TVOL.expression(make_query(ab.HolderBall(smoothness=2, dim=2, radius=R), ab.LinearSpace(dimension=P), p))
    assert form.free_symbols == {P, R, p} and float(form.subs({P: 500, R: 1, p: 2})) <= number * (1 + 1e-12)
    assert TVOL.expression(make_query(ab.HolderBall(smoothness=2, dim=d), ab.LinearSpace(dimension=500), 2)).has(d)
    assert (
        TVOL.rate(make_query(F, relu((8, 8), 2), 2)) == apply(ab.THEOREMS["T3"], make_query(F, relu((8, 8), 2), 2)).rate
    )
    query = make_query(F, ab.FiniteClass(bits=30), 2)
    witness = TVOL.search(query)
    exact = TVOL.evaluate(SYMBOLIC, query, witness)
    assert float(exact) == pytest.approx(float(TVOL.evaluate(FLOAT, query, witness)))


# ----------------------------------------------------------------------------------------------- random targets


def steps_error(f, cells, p):
    """The distance of f from the best step function on equal cells, by a fine grid: p = 2, so means."""
    values = f(((np.arange(cells * 200) + 0.5) / (cells * 200))[:, None]).reshape(cells, 200)
    return float(((values - values.mean(axis=1, keepdims=True)) ** 2).mean())


@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=1), holder(2, 1), ab.ConvexFunctions(dim=1)], ids=str)
def test_random_targets_are_as_far_from_steps_as_is_claimed(F):
    """The mean of a linear space's exact error over random f, and how often it is below the quantile."""
    dimension = 6
    case = random_splines(make_query(F, ab.PiecewisePolynomials(cells=dimension, degree=0, input_dim=1), 2))
    errors = np.array([steps_error(case.function(seed), dimension, 2) for seed in range(50)])
    assert 0 < case.mean <= errors.mean() and case.mean ** (1 / 2) == pytest.approx(
        bound_of(F, case.query.G, 2).value, rel=1e-9
    )
    z = case.high_probability("1/2", confidence="0.9")
    assert 0 < z <= np.quantile(errors, 0.1)
    assert (case.function(3)([[0.3]]) == case.function(3)([[0.3]])).all()


def test_random_targets_of_cylinders_and_refusals():
    case = random_splines(make_query(holder(2, 8), relu((64, 64), 8), 2))
    assert len(case.axes) == 7 and case.witness["dims"] == 7
    f, x = case.function(0), np.random.default_rng(0).random((5, 8))
    moved = x.copy()
    (free,) = set(range(8)) - set(case.axes)
    moved[:, free] = 0.1
    assert (f(x) == f(moved)).all() and "Tvol, certified" in str(case)
    with pytest.raises(ab.NotApplicableError, match="not positive"):
        small = random_splines(make_query(holder(2, 1), ab.LinearSpace(dimension=2), 2))
        small.high_probability("1/2", confidence=1 - Fraction(1, 2**60))
    with pytest.raises(ab.ParameterError, match="confidence=1"):
        case.high_probability("1/2", confidence=1)
    with pytest.raises(ab.NotApplicableError, match="p = inf"):
        random_splines(make_query(holder(2, 1), relu((4,), 1), "inf"))
