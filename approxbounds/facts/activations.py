"""Activations made of exponentials, as functions of a net input a: what a tally must know of each. THEORY.md, 3.10.

Of a it is known that a has degree s in parameters and chain, and its derivatives degree t.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from approxbounds.arithmetic import Value

__all__ = ["SMOOTH", "Smooth"]


@dataclass(frozen=True)
class Smooth:
    """One activation: the ``functions`` of the chain that it takes, the degree of their derivatives, and its own.

    ``slope`` >= sup |f'|; ``largest`` bounds |f(a)| by a bound on |a|; ``tests``: comparisons of a with 0.
    """

    functions: int
    chain_degree: Callable[[int, int], int]  # of s and t
    degree: Callable[[int], int]
    gradient: Callable[[int, int], int]
    slope: Fraction
    largest: Callable[[Value], Value]
    tests: int = 0


def _bounded(slope: Fraction, functions: int = 1) -> Smooth:
    """tanh' = 1 - tanh^2, sigmoid' = sigmoid - sigmoid^2: of values in [-1, 1]."""
    return Smooth(functions, lambda s, t: 2 + t, lambda s: 1, lambda s, t: 2 + t, slope, lambda A: 0 * A + 1)


#: By name.
SMOOTH: Mapping[str, Smooth] = MappingProxyType(
    {
        "tanh": _bounded(Fraction(1)),
        "sigmoid": _bounded(Fraction(1, 4)),
        # a sigmoid(a), sup |f'| = 1.0998...
        "silu": Smooth(1, lambda s, t: 2 + t, lambda s: s + 1, lambda s, t: s + 2 + t, Fraction(11, 10), lambda A: A),
        # a Phi(a), with exp(-a^2/2) and Phi in the chain, sup |f'| = 1.1289...
        "gelu": Smooth(
            2, lambda s, t: 1 + s + t, lambda s: s + 1, lambda s, t: s + 1 + t, Fraction(113, 100), lambda A: A
        ),
        # a (1 + tanh(sqrt(2/pi) (a + 0.044715 a^3)))/2, sup |f'| = 1.1290
        "gelu-tanh": Smooth(
            1, lambda s, t: 2 + 2 * s + t, lambda s: s + 1, lambda s, t: 3 * s + 2 + t, Fraction(113, 100), lambda A: A
        ),
        # log(1 + e^a), with the sigmoid in the chain
        "softplus": Smooth(2, lambda s, t: 2 + t, lambda s: 1, lambda s, t: 1 + t, Fraction(1), lambda A: A + 1),
        # a for a >= 0, e^a - 1 for a < 0
        "elu": Smooth(
            1, lambda s, t: 1 + t, lambda s: max(s, 1), lambda s, t: 1 + t, Fraction(1), lambda A: A, tests=1
        ),
        # with 1/(1 + a^2) in the chain
        "arctan": Smooth(2, lambda s, t: 2 + s + t, lambda s: 1, lambda s, t: 1 + t, Fraction(1), lambda A: 0 * A + 2),
    }
)
