"""Tcurv-w: curvature against few polynomial pieces on lines, under product measures. THEORY.md, Tcurv-w."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.measured import CurvedOn
from approxbounds.members import MOST_AXES
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.lines import common_axes, pieces_of, pieces_step
from approxbounds.transfer.monic import monic_norm
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["WeightedCurvatureTheorem"]

_MOST_ORDER = 100
_MOST_INTERVALS = 4096
_LENGTHS = [Fraction(i, 16) for i in (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48)]  # of a unit of the law
_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256)


class WeightedCurvatureTheorem(Theorem):
    """E_p >= (c/m!) kappa_{m,p} (P+M-1)^{-m} (sum_i c_i^r l)^{1/(rp)}, r = 1/(mp+1), under a product measure.

    Hypotheses: on lines in the direction of a coordinate that is independent of the others every g in G is a polynomial
    of degree < m on each of at most P intervals; F has a function of that coordinate with f^(m) = +-c on M disjoint
    intervals of length l, on which the density of the coordinate is at least c_i. p = inf: (c/m!) kappa_{m,inf}
    (l/P)^m, M = 1. Witness: ``axis`` (from 0), ``intervals`` = M, ``length`` = l. Proof: THEORY.md, Tcurv-w.
    """

    id = "Tcurv-w"
    title = "Curvature against pieces, under a product measure"
    statement = (
        r"If $f^{(m)}=\pm c$ on $M$ disjoint intervals of length $l$, on which the density of a coordinate that is "
        r"independent of the others is at least $c_i$, and $g$ has $P$ pieces of degree $<m$ on lines in its "
        r"direction: $E_p\ge\frac c{m!}\kappa_{m,p}(P+M-1)^{-m}\big(\sum_ic_i^rl\big)^{1/(rp)}$, $r=1/(mp+1)$; for "
        r"$p=\infty$, $M=1$: $\frac c{m!}\kappa_{m,\infty}(l/P)^m$."
    )
    citations = (Citation("approxbounds", "Tcurv-w"),)
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        if query.G.piecewise is None:
            return "no useful bound on the number of polynomial pieces of G on lines is known"
        if pieces_of(query).degree + 1 > _MOST_ORDER:
            return f"the pieces of G are of a degree >= {_MOST_ORDER}; derivatives of so high an order are not used"
        if any(self._curved(query, axis) for axis in self._axes(query)):
            return None
        return f"no function of F under a product measure is known to have a large derivative of order {_order(query)}"

    @staticmethod
    def _axes(query: Query) -> tuple[int, ...]:
        """The coordinates that are searched; none for Lebesgue measure on [0,1]^d, where Tcurv holds."""
        return common_axes(query)[:MOST_AXES] if query.F.setting is not None else ()

    @staticmethod
    def _curved(query: Query, axis: int) -> CurvedOn | None:
        return query.F.curved_on(axis, _order(query))

    def search(self, query: Query) -> Witness:
        found: Witness | None = None
        best, seen = 0.0, set()
        for axis in self._axes(query):
            curved = self._curved(query, axis)
            if curved is None or curved in seen:
                continue
            seen.add(curved)
            units = [length * Fraction(curved.law.unit) for length in _LENGTHS]
            if curved.law.sides is not None:
                units = [Fraction(curved.law.unit) / count for count in _COUNTS]
            longest = max(units) if curved.longest is None else Fraction(curved.longest)
            counts = _COUNTS if curved.alternating and not is_infinite(query.p) else (1,)
            if curved.convex:
                halves = 1 + _order(query) % 2
                units, counts = [Fraction(curved.law.unit) / halves], (1 if is_infinite(query.p) else halves,)
            for length in dict.fromkeys(min(unit, longest) for unit in units):
                for count in counts:
                    size = length if curved.law.sides is not None else short_fraction(float(length))
                    witness: Witness = {"axis": axis, "intervals": count, "length": size}
                    try:
                        value = float(self.evaluate(FLOAT, query, witness))
                    except (HypothesisError, OverflowError):
                        continue
                    if value > best:
                        best, found = value, witness
        if found is None:
            raise HypothesisError("no interval searched gives more than 1e-308: G may have too many pieces")
        return found

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        if not A.decides:
            raise NoExpressionError("Tcurv-w: a sum over intervals; its value is a number only")
        dim, m, p = query.F.domain_dim, _order(query), query.p
        axis, M = integer_of(witness, "axis"), integer_of(witness, "intervals", minimum=1, maximum=_MOST_INTERVALS)
        require(
            axis in pieces_of(query).among(dim), f"axis={echo(axis)} is no direction in which pieces of G are known"
        )
        curved = self._curved(query, axis)
        require(curved is not None, f"F has no function of coordinate {axis} with a large derivative of order {m}")
        assert curved is not None
        part, law = fraction_of(witness, "length"), curved.law
        require(
            curved.longest is None or part <= curved.longest, f"length={echo(part)} must be at most {curved.longest}"
        )
        if curved.convex:
            halves = 1 + m % 2  # f^(m) changes its sign in the middle if m is odd
            require(part * halves <= Fraction(law.unit), f"length={echo(part)} is more than that of one sign of f^(m)")
            require(M in {1, halves}, f"intervals={M} must be 1 or {halves}")
            require(M == 1 or M * part == Fraction(law.unit), f"length={echo(part)} must be that of a half")
        else:
            require(M == 1 or curved.alternating, f"intervals={M} must be 1 for this function")
        require(
            law.sides is None or M * part <= Fraction(law.unit),
            f"intervals={M} of length={echo(part)} are not in the box",
        )
        pieces, length = A.number(pieces_of(query).pieces), A.number(part)
        if curved.scaled or curved.convex:
            scale = A.power(A.number(Fraction(law.unit) / 2) if curved.convex else length, -A.number(m))
        else:
            scale = A.number(curved.radius) / A.number(factorial(m))
        scale = scale * monic_norm(A, m, p)
        if is_infinite(p):
            require(M == 1, "p = inf: intervals must be 1")
            return scale * A.power(length / pieces, A.number(m))
        r = 1 / (A.number(m) * A.number(p) + 1)
        total = A.number(0)
        for distance, count in _ends(M, part, two_sided=law.two_sided):
            total = total + count * length * A.power(law.density(A, A.number(distance)), r)
        return scale * A.power(pieces + (M - 1), -A.number(m)) * A.power(total, A.number(m) + 1 / A.number(p))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        axis, M = integer_of(witness, "axis"), integer_of(witness, "intervals")
        curved, l, m = self._curved(query, axis), fraction_of(witness, "length"), _order(query)
        assert curved is not None
        how = f"m!/l^{m}" if curved.scaled else f"{curved.radius}"
        if curved.convex:
            how = f"m!(2/{curved.law.unit})^{m}"
        value = below(self.evaluate(BALL, query, witness))
        return (
            Step(
                f"$f\\in F$ of $x_{{{axis + 1}}}$ has $f^{{({m})}}=\\pm c$, $c={how}$, on $M={M}$ intervals of length "
                f"$l={float(l):.6g}$ about the middle of its law.",
                self.citations,
            ),
            pieces_step(query, ""),
            Step(f"{self.statement} Here $m={m}$, and the bound is at least ${value}$.", self.citations),
        )


def _order(query: Query) -> int:
    """m = D + 1."""
    return pieces_of(query).degree + 1


def _ends(M: int, length: Fraction, *, two_sided: bool) -> list[tuple[Fraction, int]]:
    """The distance from the start of the law of the far end of each interval, and how many have it."""
    if not two_sided:
        return [(i * length, 1) for i in range(1, M + 1)]
    if M == 1:
        return [(length / 2, 1)]
    require(M % 2 == 0, f"intervals={M} must be 1 or even for a law on both sides of its start")
    return [(i * length, 2) for i in range(1, M // 2 + 1)]
