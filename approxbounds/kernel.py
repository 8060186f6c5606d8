"""The certificate kernel: the only code whose verdict is called *certified*. THEORY.md, section 7.

Postcondition of :func:`certified_value`: the float (or int) returned is a true bound on the safe
side, given the theorem. Postcondition of :func:`check`: it accepts only if the theorem's hypotheses
and the claimed inequality hold at every point of the enclosing balls. Precision is raised until the
enclosure is narrow, so both calls see the same ball for the same data. An infinite lower bound is accepted only from a
theorem that proves just that (``infinite``) and whose formula gives infinity exactly: an overflow is never one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from approxbounds.arithmetic import BALL, ceil_float, floor_float, integer, precision, spend
from approxbounds.errors import HypothesisError
from approxbounds.theorem import Direction, Query, Theorem, naming
from approxbounds.witness import Witness

__all__ = ["Verdict", "certified_value", "check"]

_PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
_ENOUGH_BITS = 64  # relative accuracy of the enclosure; doubles have 53


@dataclass(frozen=True)
class Verdict:
    """Accepted or not, and why; true in a boolean context exactly if accepted.

    ``foreign`` names the theorems and classes from outside this package whose word was taken; usually there are none.
    """

    accepted: bool
    reason: str
    foreign: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.accepted


def _enclose(theorem: Theorem, query: Query, witness: Witness) -> Any:
    """A ball around the theorem's bound, finite or exactly infinity; HypothesisError if a hypothesis is not certain."""
    if (reason := theorem.elsewhere(query)) is not None:  # whoever asks, and however
        raise HypothesisError(reason)
    failure = HypothesisError("the enclosure is not finite")
    reading = query.work
    for bits in _PRECISIONS:
        spend(reading)
        with precision(bits):
            try:
                with naming(theorem):
                    ball = BALL.number(theorem.evaluate(BALL, query, witness))
            except HypothesisError as error:  # perhaps only undecided at this precision
                failure = error
                continue
            if theorem.infinite and theorem.direction is Direction.LOWER and ball == BALL.infinity:
                return ball
            if not ball.is_finite():
                continue
            if ball.is_zero() or ball.rel_accuracy_bits() >= _ENOUGH_BITS or bits == _PRECISIONS[-1]:
                return ball
    raise failure


def certified_value(theorem: Theorem, query: Query, witness: Witness) -> float | int:
    """The theorem's bound for these data, rounded to the safe side."""
    ball = _enclose(theorem, query, witness)
    if not ball.is_finite():
        return math.inf
    if theorem.integral:
        # An integer at most x is at most floor(x): floor of the upper end, by exact comparison.
        with precision(2 * _PRECISIONS[-1]):
            value = integer(ball.upper().floor())
        return value
    # Lower bounds are rounded down, upper bounds up.
    return floor_float(ball) if theorem.direction is Direction.LOWER else ceil_float(ball)


def check(theorem: Theorem, query: Query, witness: Witness, value: float | int) -> Verdict:
    """Whether ``value`` is a true bound by this theorem with these data, and if not, why."""
    claims_infinity = theorem.infinite and value == math.inf
    if isinstance(value, float) and not (math.isfinite(value) or claims_infinity):
        return Verdict(False, f"value={value} is not finite")
    if theorem.integral and not isinstance(value, int):
        return Verdict(False, f"value={value} must be an integer")
    refusal = theorem.objection(query)
    if refusal is not None:
        return Verdict(False, f"{theorem.id} does not apply: {refusal}")
    try:
        supported = certified_value(theorem, query, witness)
    except HypothesisError as error:
        return Verdict(False, f"a hypothesis of {theorem.id} is not established: {error}")
    if theorem.direction is Direction.LOWER:
        accepted, side = value <= supported, "above"
    else:
        accepted, side = value >= supported, "below"
    if accepted:
        return Verdict(True, f"accepted: {theorem.id} supports {supported!r}")
    return Verdict(False, f"value={value!r} is {side} what its data support, {supported!r}")
