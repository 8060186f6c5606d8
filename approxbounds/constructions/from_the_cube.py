"""Upper bounds on [0,1]^d, carried to other measures: through boxes, through quantiles. THEORY.md, section 8."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.asymptotics import decays_more_slowly
from approxbounds.constructions.placement import placement_refusal, power_of, widths_of
from approxbounds.errors import HypothesisError, NoExpressionError, echo
from approxbounds.facts.functions import Placed
from approxbounds.facts.measured import Maps
from approxbounds.facts.networks import NetworkFacts
from approxbounds.measures.base import Surrounding
from approxbounds.registry import REGISTRY
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem, of_this_package
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, integer_of, require

__all__ = ["FromTheCube"]

_OWN = ("construction", "way", "extent", "power")  # entries of the witness; the others are those of the construction
_POWERS = (1, 2, 4, 8)  # under a density also by the bound in L^(power p): its factor is nearer to 1
_MOST_POWERED = 32  # for p above this it is near to 1 anyway
_EXTENTS = [Fraction(i, 4) for i in range(1, 161)]  # units of an unbounded coordinate that the box takes up


class Way(StrEnum):
    """How a bound on [0,1]^d bounds the error under mu."""

    QUANTILES = "quantiles"  # monotone functions, by steps at quantiles: the same number
    DENSITY = "density"  # mu is at most a multiple of the uniform law on a box
    EVERYWHERE = "everywhere"  # sup norm at every point of a box that has all of mu
    CLAMPED = "clamped"  # the same on a box that has most of mu, with networks that do not change outside it


@dataclass(frozen=True)
class _Carried:
    """One construction on [0,1]^d, asked for its bound, and how that is used."""

    way: Way
    inner: Theorem
    query: Query
    power: int = 1


def box_scale(A: Arithmetic[V], placed: Placed, sides: tuple[Fraction, ...]) -> V:
    """lambda such that u -> f(low + sides u), but for a constant, is lambda times a function of the class on [0,1]^d.

    1 for classes that affine maps carry. Hölder balls, L the longest side: max(L^s, min(1, |sides|_2^s/2)) for s <= 1;
    max(L, min(1, sum of sides/2)) for s > 1 and L <= 1; L^s for s > 1 and L > 1.
    """
    s = placed.functions.carried.smoothness
    if s is None:
        return A.number(1)
    longest, power = A.number(max(sides)), A.number(s)
    if s > 1 and max(sides) > 1:
        return A.power(longest, power)
    if s > 1:
        return A.maximum(longest, A.minimum(1, A.number(sum(sides)) / 2))
    diameter = A.power(A.number(sum(side * side for side in sides)), power / 2)
    return A.maximum(A.power(longest, power), A.minimum(1, diameter / 2))


def _clamping(G: NetworkFacts) -> NetworkFacts | None:
    """A class whose networks, of x clamped to a box, are in the class G of ReLU networks; or None."""
    widths, dim = widths_of(G), G.domain_dim
    if G.symbols or power_of(G) != 1:
        return None
    if dim == 1:  # corrected by max(x - b, 0) and max(a - x, 0)
        return G.with_widths((widths[0] - 2, *widths[1:])) if widths[0] > 2 else None
    return G.with_widths(widths[1:]) if len(widths) > 1 and widths[0] >= 2 * dim else None


class FromTheCube(Theorem):
    """An upper bound for the class on [0,1]^d, by another construction, carried to a measure mu.

    Hypotheses: G is closed under affine maps of the inputs and of the output (a network with real weights and biases).
    Witness: ``construction`` (its id), ``way``, ``extent`` (of a clamped box), ``power`` (q / p under a density, if it
    is not 1), and the witness of the construction.
    """

    id = "from-the-cube"
    title = "Bounds on the cube, carried to the measure"
    statement = (
        r"$f$ on a box is, mapped to $[0,1]^d$ and up to a constant, $\lambda$ times a function of the class there. "
        r"$E_p(F,G;\mu)\le\lambda E_\infty$ if the box has all of $\mu$ and the bound holds at every point; "
        r"$\lambda K^{1/q}E_q$, $q\ge p$, if $\mu\le K\cdot$uniform law; if networks do not change outside the box, "
        r"$(\lambda^pE_\infty^p+\mu(\text{outside})(b-a+\lambda E_\infty)^p)^{1/p}$. "
        r"Monotone functions, $\mu$ a product without atoms: $E_p$ by steps, with thresholds at quantiles."
    )
    citations = (Citation("approxbounds", "8.6"),)
    direction = Direction.UPPER
    any_measure = True
    unbuilt = "build the network on [0,1]^d (upper_bound of the class there), and put the affine map before it"

    def refusal(self, query: Query) -> str | None:
        if query.F.placed is None:
            return "F is on [0,1]^d with Lebesgue measure, where the other constructions answer"
        reason = placement_refusal(query.G)
        if reason is not None:
            return reason
        if next(self._asked(query), None) is None:
            return "no construction on [0,1]^d that answers is known to hold for this measure"
        return None

    def _asked(self, query: Query) -> Iterator[_Carried]:
        ways = [(way, power) for way in Way for power in self._powers(query, way)]
        for inner in REGISTRY.upper.values():
            if of_this_package(type(inner)) and inner.numeric and inner.id != self.id:
                for way, power in ways:
                    asked = self._inner_query(query, inner, way, power)
                    if asked is not None and inner.objection(asked) is None:
                        yield _Carried(way, inner, asked, power)

    def _powers(self, query: Query, way: Way) -> tuple[int, ...]:
        """The norms L^(power p) that may help: those above L^p where the density is above that of the uniform law."""
        placed = query.F.placed
        if way is not Way.DENSITY or query.symbols or query.p > _MOST_POWERED or placed is None:
            return (1,)
        box = placed.measure.surrounding(FLOAT, Fraction(1))
        return _POWERS if box is not None and (box.crowding or 1) > 1 else (1,)

    def _inner_query(self, query: Query, inner: Theorem, way: Way, power: int) -> Query | None:
        """What the construction is asked for, or None where the way is not known to be right."""
        placed, G, p = query.F.placed, query.G, query.p
        assert placed is not None
        known, mu = placed.functions.carried, placed.measure
        box: Surrounding[float] | None = mu.surrounding(FLOAT, Fraction(1))
        if way is Way.QUANTILES:
            allowed = known.maps is Maps.INCREASING and mu.laws is not None and inner.by_steps
            return Query(functions=placed.functions, network=G, p=p) if allowed else None
        if box is None:
            return None
        if way is Way.DENSITY:
            allowed = box.crowding is not None and box.outside is None
            return Query(functions=placed.functions, network=G, p=power * p) if allowed else None
        if known.smoothness is None:  # monotone functions may jump
            everywhere = inner.by_steps and known.maps is Maps.INCREASING
        else:
            everywhere = inner.by_steps or G.is_continuous
        if not everywhere or (way is Way.EVERYWHERE) != (box.outside is None):
            return None
        if way is Way.CLAMPED:
            clamped = G if power_of(G) == 0 else _clamping(G)  # thresholds of steps are inside the box
            if is_infinite(p) or known.smoothness is None or clamped is None:
                return None
            G = clamped
        return Query(functions=placed.functions, network=G, p=math.inf)

    def search(self, query: Query) -> Witness:
        best: tuple[float, dict[str, int | Fraction | str]] | None = None
        for asked in self._asked(query):
            try:
                witness = dict(asked.inner.search(asked.query))
                error = float(asked.inner.evaluate(FLOAT, asked.query, witness))
            except HypothesisError:
                continue
            for extent in _EXTENTS if asked.way is Way.CLAMPED else [None]:
                value = float(self._carried(FLOAT, query, asked, error, extent))
                if best is None or value < best[0]:
                    own: dict[str, int | Fraction | str] = {} if extent is None else {"extent": extent}
                    own |= {} if asked.power == 1 else {"power": asked.power}
                    best = value, {"construction": asked.inner.id, "way": asked.way.value, **own, **witness}
        if best is None:
            raise HypothesisError("no construction on [0,1]^d has a bound")
        return best[1]

    def _read(self, query: Query, witness: Witness) -> _Carried:
        """The construction that the witness names, and what it is asked for."""
        name, way = witness.get("construction"), witness.get("way")
        inner = REGISTRY.upper.get(name) if isinstance(name, str) else None
        known = inner is not None and of_this_package(type(inner)) and inner.numeric and inner != self
        require(known, f"construction={echo(name)} must be one of this package")
        require(way in list(Way), f"way={echo(way)} must be one of {', '.join(Way)}")
        assert inner is not None
        power = integer_of(witness, "power") if "power" in witness else 1
        allowed = self._powers(query, Way(str(way)))
        require(power in allowed, f"power={echo(power)} must be one of {', '.join(map(str, allowed))}")
        asked = self._inner_query(query, inner, Way(str(way)), power)
        require(asked is not None, f"{way} is not known to be right for {inner.id} here")
        assert asked is not None
        reason = inner.objection(asked)
        require(reason is None, f"{inner.id}: {reason}")
        return _Carried(Way(str(way)), inner, asked, power)

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        asked = self._read(query, witness)
        extent = fraction_of(witness, "extent") if asked.way is Way.CLAMPED else None
        require(extent is None or extent <= _EXTENTS[-1], f"extent={echo(extent)} must be at most {_EXTENTS[-1]}")
        return self._carried(A, query, asked, A.number(asked.inner.evaluate(A, asked.query, witness)), extent)

    def _carried(self, A: Arithmetic[V], query: Query, asked: _Carried, error: V | float, extent: Fraction | None) -> V:
        """What an error on [0,1]^d says under the measure."""
        placed, way = query.F.placed, asked.way
        assert placed is not None
        if way is Way.QUANTILES:
            return A.number(error)
        box = placed.measure.surrounding(A, extent or Fraction(1))
        assert box is not None
        scaled = box_scale(A, placed, box.sides) * error
        if is_infinite(query.p) or way is Way.EVERYWHERE:
            return scaled
        p = A.number(query.p)
        if way is Way.DENSITY:
            assert box.crowding is not None
            return scaled * A.power(box.crowding, 1 / (asked.power * p))
        assert box.outside is not None
        farther = query.F.span(A) + scaled
        return farther * A.power(A.power(scaled / farther, p) + box.outside, 1 / p)

    def rate(self, query: Query) -> Any:
        """The strongest of those that carry over; of clamped boxes there is none, as they grow with G."""
        rates = []
        for asked in self._asked(query):
            if asked.way is not Way.CLAMPED:
                try:
                    rates.append(asked.inner.rate(asked.query))
                except NoExpressionError:
                    continue
        if not rates:
            raise NoExpressionError(f"{self.id} states no rate for {query.F.setting}")
        return reduce(lambda a, b: b if decays_more_slowly(a, b) else a, rates)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        asked = self._read(query, witness)
        value = above(self.evaluate(BALL, query, witness))
        error = above(BALL.number(asked.inner.evaluate(BALL, asked.query, witness)))
        where = f", ${witness['extent']}$ units on each side" if asked.way is Way.CLAMPED else ""
        where += f", in $L^{{{asked.query.p}}}$" if asked.power > 1 else ""
        text = f"`{asked.inner.id}` on $[0,1]^d$ ({asked.way}{where}): at most ${error}$, hence ${value}$ under $\\mu$."
        rest = {name: value for name, value in witness.items() if name not in _OWN}
        return (*self.outline(query), Step(text, self.citations), *asked.inner.argument(asked.query, rest))
