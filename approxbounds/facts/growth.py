"""Growth functions: how many patterns (1[g(x_i) > r_i])_i, i <= m, a class can show. THEORY.md, 3.1-3.2.

A :class:`GrowthBound` is the minimum of all counts that apply, often a sum over layers, and is the one
object that carries everything theorems need to know about G. All values are log2 of numbers of patterns.
Each count is a concave function of the integer m (V(., j) is log-concave: V(m+1,j)/V(m,j) = 2 - C(m,j)/V(m,j)
decreases), so growth(m) < m, once true, stays true: searches bisect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Protocol

from approxbounds.arithmetic import Arithmetic, V, spend
from approxbounds.facts.hypercube import Thresholds
from approxbounds.facts.levels import LevelCount, LevelGrowth
from approxbounds.facts.sign_patterns import (
    SIGN_PATTERNS,
    Blocks,
    bits_per_parameter,
    log2_sign_patterns,
    written_sign_patterns,
)
from approxbounds.sources import Citation

__all__ = [
    "AffineCount",
    "BitCount",
    "CodeCount",
    "Count",
    "CountedLayer",
    "GrowthBound",
    "HalfspaceCount",
    "KnotCount",
    "PolynomialCount",
    "SauerCount",
    "SignChangeCount",
    "SumCount",
    "Thresholds",
    "TotalsCount",
    "UnionCount",
]


class Count(Protocol):
    """A bound on log2 of the number of patterns of one layer (or of the whole class) on m points."""

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V: ...

    @property
    def formula(self) -> str: ...

    @property
    def citations(self) -> tuple[Citation, ...]: ...


@dataclass(frozen=True)
class HalfspaceCount:
    """``units`` affine threshold units with ``inputs`` inputs and a bias: each at most 2 V(m-1, inputs).

    Of hidden units: at thresholds of their own the hyperplanes would not pass through the origin.
    """

    units: int
    inputs: int
    citations = (Citation("Cover1965"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.number(self.units) * (1 + A.log2_binomial_sum(m - 1, self.inputs))

    @property
    def formula(self) -> str:
        return rf"{self.units}\,\log_2(2V(m-1,{self.inputs}))"


@dataclass(frozen=True)
class AffineCount(LevelCount):
    """``units`` times the patterns of ``functions`` * m functions affine in ``parameters`` reals: V(., P)."""

    units: int
    functions: int
    parameters: int
    citations = (Citation("Sauer1972"), Citation("approxbounds", "3.1"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        if self.functions == 0:
            return 0 * A.number(m)
        return A.number(self.units) * A.log2_binomial_sum(A.times(self.functions, m), self.parameters)

    @property
    def formula(self) -> str:
        points = "m" if self.functions == 1 else f"{self.functions}m"
        return (f"{self.units}\\," if self.units > 1 else "") + rf"\log_2 V({points},{self.parameters})"


@dataclass(frozen=True)
class PolynomialCount(LevelCount):
    """``functions`` * m polynomials of degree <= D_j in the P_j parameters of each of the ``blocks`` (D_j, P_j)."""

    functions: int
    blocks: Blocks
    citations = SIGN_PATTERNS

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        if self.functions == 0:
            return 0 * A.number(m)
        return log2_sign_patterns(A, A.times(self.functions, m), self.blocks)

    @property
    def formula(self) -> str:
        return written_sign_patterns(self.functions, self.blocks)


@dataclass(frozen=True)
class BitCount(LevelCount):
    """A class of at most 2^``bits`` functions, or of at most ``size``."""

    bits: int | None = None
    size: int = 1
    citations = (Citation("approxbounds", "3.6"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        bits = A.log2_integer(self.size) if self.bits is None else A.number(self.bits)
        return bits + 0 * A.number(m)

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        return self.evaluate(A, 1)

    @property
    def formula(self) -> str:
        return r"\log_2|G|"


@dataclass(frozen=True)
class CodeCount(LevelCount):
    """A layer whose parameters take one of 2^``bits`` values in all, on which alone its patterns depend."""

    bits: int
    citations = (Citation("approxbounds", "3.6"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.number(self.bits) + 0 * A.number(m)

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        return self.evaluate(A, 1)

    @property
    def formula(self) -> str:
        return str(self.bits)


@dataclass(frozen=True)
class SauerCount(LevelCount):
    """A class of pseudo-dimension at most ``pdim``, by default for its operation count: V(m, pdim)."""

    pdim: int
    citations: tuple[Citation, ...] = (Citation("Sauer1972"), Citation("AnthonyBartlett1999", "Thm 8.4"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.log2_binomial_sum(m, self.pdim)

    @property
    def formula(self) -> str:
        return rf"\log_2 V(m,{self.pdim})"


@dataclass(frozen=True)
class SignChangeCount:
    """Functions of one variable whose difference to the threshold changes sign at most ``changes`` times."""

    changes: int
    citations = (Citation("approxbounds", "3.7"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return 1 + A.log2_binomial_sum(m - 1, self.changes)

    @property
    def formula(self) -> str:
        return rf"\log_2(2V(m-1,{self.changes}))"


@dataclass(frozen=True)
class KnotCount(LevelCount):
    """The ways in which ``knots`` knots cut m points of a line into knots + 1 groups: C(m + knots, knots).

    Concave: the ratio of its values at m + 1 and m is 1 + knots/(m+1), which decreases.
    """

    knots: int
    citations = (Citation("approxbounds", "3.7"),)

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.log2_binomial(m + self.knots, self.knots)

    @property
    def formula(self) -> str:
        return rf"\log_2\binom{{m+{self.knots}}}{{{self.knots}}}"


@dataclass(frozen=True)
class TotalsCount(LevelCount):
    """A network of which only totals are known: W weights, U hidden units, L layers, K pieces, degree nu.

    Let a_l = (K-1)k_l for hidden layers and 1 for the output: sum a_l = B = (K-1)U+1 (at least L is used).
    nu = 0: layer l is affine in its own W_l parameters, so sum_l W_l log2(e m a_l/W_l) <= W log2(e m B/W)
    by Jensen, for m >= W (then x log(c/x) increases up to x = W); for m < W the count is m. nu >= 1: sum_l
    wl(m a_l; D_l^W), D_l = sum_{j<l} nu^j, at most L times that of m B/L functions, but for the degrees.
    """

    weights: int
    units: int
    depth: int
    pieces: int
    degree: int
    citations = (Citation("BartlettHarveyLiawMehrabian2019", "Thm 6"), *SIGN_PATTERNS, Citation("approxbounds", "3.2"))

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        W, breaks = A.number(self.weights), max((self.pieces - 1) * self.units + 1, self.depth)
        if self.degree > 0:
            x = A.number(m) / W * A.number(Fraction(breaks, self.depth))
            return A.minimum(A.number(m), W * (self.depth * bits_per_parameter(A, x) + self._log2_degrees(A)))
        ratio = A.log2(A.number(m)) + A.log2(A.e * A.number(breaks) / W)  # the product may overflow
        return A.at_least(m, self.weights, A.minimum(A.number(m), W * ratio), A.number(m))

    def _log2_degrees(self, A: Arithmetic[V]) -> V:
        """log2 of the product of the D_l: D_l = l (nu = 1), D_l = nu^l (1 - nu^{-l})/(nu-1) (nu >= 2).

        The factors 1 - nu^{-l} are left out from l = 65 on, where they are nearly 1: an upper bound.
        """
        L, nu = self.depth, self.degree
        if nu == 1:
            return A.log2_integer(factorial(L))
        total = A.log2_integer(nu) * (L * (L + 1) // 2) - A.log2_integer(nu - 1) * L
        for layer in range(1, min(L, 64) + 1):
            total = total + A.log2(1 - A.number(Fraction(1, nu**layer)))
        return total

    @property
    def formula(self) -> str:
        if self.degree == 0:
            return r"W\log_2\big(em((K-1)U+1)/W\big)"
        return r"L\,\mathrm{wl}(m((K-1)U+1)/L;1^W)+W\sum_{l\le L}\log_2 D_l"


@dataclass(frozen=True)
class CountedLayer:
    """A layer's name and all counts that apply to it; the smallest is used.

    ``hidden``: its patterns are those of hidden units at the points, so they have nothing to do with thresholds.
    """

    name: str
    counts: tuple[Count, ...]
    hidden: bool = False

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.minimum(*(count.evaluate(A, m) for count in self.counts))

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool) -> V:
        """The vectors of bins, see :class:`~approxbounds.facts.levels.LevelGrowth`; hidden patterns are the same."""
        if self.hidden:
            return self.evaluate(A, points)
        counts = tuple(count for count in self.counts if isinstance(count, LevelCount))
        return LevelGrowth(counts).at_levels(A, points, levels, common=common)

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        """The same where it is for all numbers of points, see `LevelCount`; None if no count is."""
        return _least_number(A, self.counts)

    def smallest(self, A: Arithmetic[V], m: int) -> Count:
        """The count that is used at m points (for display: decided with floats)."""
        return min(self.counts, key=lambda count: float(count.evaluate(A, m)))


@dataclass(frozen=True)
class SumCount(LevelCount):
    """One way to count the whole class: the sum over these layers, in each of them the smallest count."""

    layers: tuple[CountedLayer, ...]

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return self._sum(lambda layer: layer.evaluate(A, m))

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool) -> V:
        """Hidden layers at the points themselves."""
        return self._sum(lambda layer: layer.at_levels(A, points, levels, common=common))

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        values = [layer.log2_functions(A) for layer in self.layers]
        known = [value for value in values if value is not None]
        return sum(known[1:], known[0]) if len(known) == len(values) else None

    def _sum(self, value: Callable[[CountedLayer], V]) -> V:
        spend(2 * len(self.layers))
        known: dict[tuple[tuple[Count, ...], bool], V] = {}  # deep networks have many layers that are counted alike
        for layer in self.layers:
            if (layer.counts, layer.hidden) not in known:
                known[layer.counts, layer.hidden] = value(layer)
        values = [known[layer.counts, layer.hidden] for layer in self.layers]
        return sum(values[1:], values[0])

    @property
    def formula(self) -> str:
        terms = ([count.formula for count in layer.counts] for layer in self.layers)
        return "+".join(term[0] if len(term) == 1 else rf"\min({', '.join(term)})" for term in terms)

    @property
    def citations(self) -> tuple[Citation, ...]:
        counts = (count for layer in self.layers for count in layer.counts)
        return tuple(dict.fromkeys(citation for count in counts for citation in count.citations))


@dataclass(frozen=True)
class GrowthBound:
    """min(m, every bound on the whole class): an upper bound on log2 Pi_G(m)."""

    whole: tuple[Count, ...] = ()

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        """log2 of the number of patterns on m points: float arrays, or an exact int for balls.

        >>> from approxbounds.arithmetic import FLOAT, V
        >>> float(GrowthBound(whole=(HalfspaceCount(1, 2),)).evaluate(FLOAT, 3))
        3.0
        """
        return A.minimum(A.number(m), *(count.evaluate(A, m) for count in self.whole))

    def log2_functions(self, A: Arithmetic[V]) -> V | None:
        """log2 of the number of functions, those equal but for null sets counted once; None if no bound is known."""
        return _least_number(A, self.whole)

    @property
    def levels(self) -> LevelGrowth:
        """The counts that hold at several thresholds a point; only asked of a bound for any thresholds."""
        return LevelGrowth(tuple(count for count in self.whole if isinstance(count, LevelCount)))


def _least_number(A: Arithmetic[V], counts: tuple[Count, ...]) -> V | None:
    """The least of the counts that are the same for all numbers of points."""
    values = [count.log2_functions(A) for count in counts if isinstance(count, LevelCount)]
    known = [value for value in values if value is not None]
    return A.minimum(*known) if known else None


@dataclass(frozen=True)
class UnionCount(LevelCount):
    """A union of ``classes`` many: log2 of their number plus the largest of their bounds, the different ``parts``.

    Not concave, but each part plus log2 of the number is, and it is at least m at m = 1: each is below m from
    some m on for good, and so are all of them.
    """

    classes: int
    parts: tuple[GrowthBound, ...]

    def evaluate(self, A: Arithmetic[V], m: V | float) -> V:
        return A.log2_integer(self.classes) + A.maximum(*(part.evaluate(A, m) for part in self.parts))

    def at_levels(self, A: Arithmetic[V], points: V | float, levels: int, *, common: bool) -> V:
        values = (part.levels.at_levels(A, points, levels, common=common) for part in self.parts)
        return A.log2_integer(self.classes) + A.maximum(*values)

    @property
    def formula(self) -> str:
        return rf"\log_2 {self.classes}+\max_q\log_2\Pi_{{G_q}}(m)"

    @property
    def citations(self) -> tuple[Citation, ...]:
        cited = (citation for part in self.parts for count in part.whole for citation in count.citations)
        return tuple(dict.fromkeys([Citation("approxbounds", "3.6"), *cited]))
