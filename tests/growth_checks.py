"""Whether numbers of patterns found by brute force are allowed by a class's growth bound; counts written once more."""

import math

import oracles

import approxbounds as ab
from approxbounds.arithmetic import BALL, precision
from approxbounds.facts.growth import Thresholds
from approxbounds.networks.base import NetworkClass


def fits(patterns: int, G: NetworkClass, m: int, thresholds: Thresholds = Thresholds.ANY) -> bool:
    """Whether this many patterns are allowed by the certified upper end of the growth bound."""
    with precision(128):
        return oracles.log2_exact(patterns) <= oracles.ends(G.growth(thresholds).evaluate(BALL, m))[1]


def changes(G: NetworkClass, thresholds: Thresholds) -> int:
    """The number of sign changes that the library counts on."""
    return {Thresholds.COMMON: G.piecewise.changes, Thresholds.AFFINE: G.piecewise.affine_changes}[thresholds]


def line_numbers(G: ab.FeedForwardNetwork, thresholds: Thresholds) -> tuple[int, int]:
    """i and j: fully connected networks of one variable show at most 2^i V(m-i, j) patterns; THEORY.md 3.7 again."""
    a, breaks, layers = G.activation, G.activation.pieces - 1, len(G.widths)
    widths = G.widths if a.degree else G.widths[:1]
    pieces = math.prod(breaks * k * max(a.degree, 1) ** layer + 1 for layer, k in enumerate(widths))
    degree = a.degree**layers
    if thresholds is Thresholds.ANY or (degree == 0 and thresholds is Thresholds.AFFINE):
        dimension = 2 * pieces if a.continuous and degree == 1 else pieces * (degree + 2) - 1
        return 0, dimension
    most = degree * pieces + (0 if a.continuous and degree else pieces - 1)
    if layers == 1 and a.power:
        most = G.widths[0] + a.power
    return 1, most
