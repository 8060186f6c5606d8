"""The best of the upper bounds on log N(eps, F, L^p), and brackets on log M(eps, F, L^p). THEORY.md, section 2.8."""

from __future__ import annotations

from fractions import Fraction

from approxbounds import validation
from approxbounds.bound import Bound, apply, best
from approxbounds.brackets import Bracket
from approxbounds.complexity.packing import packing
from approxbounds.coverings.convex import ConvexCodes
from approxbounds.coverings.envelopes import EnvelopeCodes
from approxbounds.coverings.grid_codes import GridCodes
from approxbounds.coverings.monotone import MonotoneCodes
from approxbounds.coverings.taylor import TaylorCodes
from approxbounds.coverings.zigzag import OneFunction, ZigzagCodes
from approxbounds.facts.functions import FunctionFacts
from approxbounds.theorem import Query, Theorem
from approxbounds.validation import Number, is_symbolic, tidy

__all__ = ["THEOREMS", "covering", "entropy"]

THEOREMS: tuple[Theorem, ...] = (
    OneFunction(),
    ZigzagCodes(),
    MonotoneCodes(),
    ConvexCodes(),
    EnvelopeCodes(),
    TaylorCodes(),
    GridCodes(),
)


def _covering(F: FunctionFacts, eps: Number, p: Number) -> Bound:
    query = Query(functions=F, p=p, eps=eps)
    return best(tuple(apply(theorem, query) for theorem in THEOREMS), f"a covering bound for {F}")


def covering(F: FunctionFacts, eps: object, *, p: object) -> Bound:
    """The least certified upper bound on log N(eps, F, L^p) (natural logarithm)."""
    return _covering(F, validation.exact("eps", eps), validation.exponent(p))


def entropy(F: FunctionFacts, eps: object, *, p: object) -> Bracket:
    """log M(eps) between the packing bound at eps and the covering bound at eps/2."""
    separation = validation.exact("eps", eps)
    half = separation / 2 if is_symbolic(separation) else tidy(Fraction(separation) / 2)
    return Bracket(packing(F, separation, p=p), _covering(F, half, validation.exponent(p)))
