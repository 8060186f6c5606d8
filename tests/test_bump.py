"""The bump of smooth classes: its norms against all critical points, and what its conditions cost."""

import time

import flint
import pytest

import approxbounds as ab
from approxbounds.arithmetic import precision
from approxbounds.errors import HypothesisError
from approxbounds.functions import bump


@pytest.mark.parametrize("r", range(2, 26))
def test_the_first_extremum_is_the_largest(r):
    for i in range(r):
        derivative = bump._derivative(r, i)
        with precision(400):
            squares = bump._critical_squares(r, i)
            roots = [root.real.sqrt() for root, _ in squares.complex_roots()] if squares.degree() > 0 else []
            largest = max(float(abs(derivative(x)).mid()) for x in [flint.arb(0), *roots]) * 2**i
        assert float(bump._norm_ball(r, i).mid()) == pytest.approx(largest, rel=1e-14)
        assert bump._norm_ball(r, i).rel_accuracy_bits() > 300


def test_conditions_of_the_highest_orders_cost_little():
    bump._norm_ball.cache_clear()
    begun = time.process_time()
    for n in range(80, 100):
        bump.concentrated_maximum_holds.__wrapped__(n)
    assert time.process_time() - begun < 10  # two seconds, once two minutes


def test_an_anisotropic_ball_of_twenty_high_smoothnesses_is_answered_and_verified():
    bump._norm_ball.cache_clear()
    bump.concentrated_maximum_holds.cache_clear()
    F = ab.AnisotropicHolderBall(smoothness=[f"{80 + j}.37" for j in range(20)])
    begun = time.process_time()
    bound = ab.lower_bound(F, ab.ReLUNetwork(widths=(3,), input_dim=20), p=2)
    assert bound.value > 0 and ab.verify(bound.certificate)
    assert time.process_time() - begun < 10  # two seconds, once minutes


def test_a_bump_that_violates_the_conditions_is_refused(monkeypatch):
    norms = [1, 3, 4, 5]
    monkeypatch.setattr(bump, "derivative_norm", lambda A, r, i: flint.arb(norms[i]))
    with pytest.raises(HypothesisError, match="order n=2 are not dominated"):
        bump.concentrated_maximum_holds.__wrapped__(2)
