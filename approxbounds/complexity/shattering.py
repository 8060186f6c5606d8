"""The number of points that growth bounds exclude from being shattered, found by floats and decided by balls."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.errors import HypothesisError
from approxbounds.facts.growth import GrowthBound, Thresholds
from approxbounds.facts.networks import NetworkFacts

__all__ = ["largest_shattered", "nearly_excluded"]


def _first_excluded(growth: GrowthBound) -> int:
    """About the smallest m with growth(m) < m, by floats."""
    low, high = 1.0, 2.0**20
    if growth.evaluate(FLOAT, low) < low:  # one function only: no point is shattered
        return 1
    while not growth.evaluate(FLOAT, high) < high:
        if high > 2.0**300:  # the largest programs need 2^280
            raise HypothesisError("the growth bound excludes no set of fewer than 2^300 points")
        low, high = high, high * 2.0**20
    while high - low > 1:
        points = np.unique(np.floor(np.geomspace(low, high, 256)))
        excluded = np.flatnonzero(growth.evaluate(FLOAT, points) < points)
        first = int(excluded[0]) if excluded.size else points.size - 1
        following = (float(points[max(first - 1, 0)]), float(points[first]))
        if following == (low, high) or following[0] == following[1]:  # doubles resolve no further
            break
        low, high = following
    return int(high)


@lru_cache(maxsize=4096)
def nearly_excluded(G: NetworkFacts, thresholds: Thresholds = Thresholds.ANY) -> int:
    """About the least number of points that the growth bound excludes: by floats, for searches."""
    return _first_excluded(G.growth(thresholds))


@lru_cache(maxsize=4096)
def largest_shattered(G: NetworkFacts, thresholds: Thresholds = Thresholds.ANY) -> int:
    """The largest m that the growth bound does not exclude: floats find it, balls decide the last steps."""
    growth = G.growth(thresholds)

    def excluded(m: int) -> bool:
        with precision(256):
            return bool(growth.evaluate(BALL, m) < m)

    high, step = max(nearly_excluded(G, thresholds), 1), 1
    while not excluded(high):  # the floats were a little too optimistic
        high, step = high + step, 2 * step
    low, step = high - 1, 1
    while low >= 1 and excluded(low):  # ... or too cautious
        high, low, step = low, max(low - step, 0), 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return low
