"""Whether numbers of patterns found by brute force are allowed by a class's growth bound."""

import oracles

from approxbounds.arithmetic import BALL, precision
from approxbounds.facts.growth import SignChangeCount, Thresholds
from approxbounds.networks.base import NetworkClass


def fits(patterns: int, G: NetworkClass, m: int, thresholds: Thresholds = Thresholds.ANY) -> bool:
    """Whether this many patterns are allowed by the certified upper end of the growth bound."""
    with precision(128):
        return oracles.log2_exact(patterns) <= oracles.ends(G.growth(thresholds).evaluate(BALL, m))[1]


def changes(G: NetworkClass, thresholds: Thresholds) -> int:
    """The number of sign changes that the library counts on."""
    (count,) = (count for count in G.growth(thresholds).whole if isinstance(count, SignChangeCount))
    return count.changes
