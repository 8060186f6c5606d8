"""Finite classes near networks with bounded parameters. THEORY.md, 3.11."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from approxbounds.arithmetic import BALL, Value, integer, precision
from approxbounds.description import Description
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.networks import Neighbourhood, NetworkFacts
from approxbounds.networks.simple import FiniteClass
from approxbounds.sources import Citation
from approxbounds.validation import MOST_WEIGHTS, Number

__all__ = ["Cover", "Sensitivity"]


@dataclass(frozen=True)
class Sensitivity:
    """Outputs change by at most sum_g E_g delta_g if the parameters of group g, in [-B, B], change by at most delta_g.

    ``groups``: the number of parameters W_g of each group, and a ball whose upper end is E_g.
    """

    weight_bound: Number
    groups: tuple[tuple[int, Value], ...]

    def net_bits(self, rho: Fraction) -> int:
        """log2, rounded up, of the size of a net of distance rho: sum_g W_g log2 ceil(B E_g d/(rho W_g))."""
        weights = sum(own for own, _ in self.groups)
        with precision(128):
            total = BALL.number(0)
            for own, change in self.groups:
                cells = BALL.number(Fraction(self.weight_bound * weights) / (rho * own)) * change
                if not cells <= 1:
                    total += own * BALL.log2(cells.upper().ceil())
            return integer(total.upper().ceil())


@dataclass(frozen=True)
class Cover(Neighbourhood):
    """A finite net: parameters of group g are moved to the middle of intervals of length 2 delta_g.

    delta_g = rho W_g/(d E_g), so that outputs move by at most rho.
    """

    network: Description
    sensitivity: Sensitivity
    id = "cover"
    citations = (Citation("approxbounds", "3.11"),)

    def at(self, rho: Fraction) -> NetworkFacts:
        bits = self.sensitivity.net_bits(rho)
        if bits > MOST_WEIGHTS:
            raise HypothesisError(f"rho={echo(rho)}: the net has more than 2^{MOST_WEIGHTS} functions")
        return FiniteClass(bits=bits)

    def describe(self, rho: Fraction) -> str:
        bits, B = self.sensitivity.net_bits(rho), self.sensitivity.weight_bound
        return (
            f"All parameters are in $[-{B},{B}]$, and an output changes by at most $\\sum_gE_g\\delta_g$ if those of "
            f"group $g$ change by at most $\\delta_g$. With steps of $2\\delta_g$, $\\delta_g=\\rho W_g/(dE_g)$, "
            f"at most $2^{{{bits}}}$ functions remain, of which one is within $\\rho$ of any $g$ on $[0,1]^d$."
        )
