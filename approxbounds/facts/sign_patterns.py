"""How many sign patterns polynomials show, by their degrees in blocks of parameters. THEORY.md, 3.1."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.sources import Citation

__all__ = [
    "SIGN_PATTERNS",
    "Blocks",
    "bits_per_parameter",
    "blocks_of_layers",
    "degree_of_layer",
    "log2_sign_patterns",
    "written_sign_patterns",
]

#: Degrees D_j and numbers of parameters P_j: polynomials of degree at most D_j in the P_j parameters of block j.
Blocks: TypeAlias = tuple[tuple[int, int], ...]

SIGN_PATTERNS = (Citation("Warren1968"), Citation("MorganSommese1987"), Citation("approxbounds", "3.1"))
#: The layers that are blocks of their own; those before are one, as more blocks gain little in deep networks.
_MOST_BLOCKS = 8


def blocks_of_layers(parameters: tuple[int, ...], degree: int) -> Blocks:
    """The blocks of the net inputs of the last of these layers: degree nu^{l-j} in the parameters of layer j.

    >>> blocks_of_layers((4, 6, 3), 2)
    ((4, 4), (2, 6), (1, 3))
    """
    early = max(len(parameters) - _MOST_BLOCKS, 0)
    powers = [degree ** (len(parameters) - j) for j in range(early, len(parameters) + 1)]
    blocks = tuple(zip(powers[1:], parameters[early:], strict=True))
    return ((powers[0] * degree_of_layer(degree, early), sum(parameters[:early])), *blocks) if early else blocks


def written_sign_patterns(functions: int, blocks: Blocks) -> str:
    """wl in LaTeX."""
    points = "m" if functions == 1 else f"{functions}m"
    powers = (f"{D}^{{{P}}}" if D < 10**6 else f"(2^{{{D.bit_length()}}})^{{{P}}}" for D, P in blocks)
    return rf"\mathrm{{wl}}({points};{','.join(powers)})"


def log2_sign_patterns(A: Arithmetic[V], functions: V | float, blocks: Blocks) -> V:
    """wl(M; D_1^P_1 .. D_l^P_l): log2 of the sign patterns of M polynomials of degree <= D_j in P_j parameters each.

    With P = sum P_j at most sum_j P_j log2(D_j (M+P)/P_j) + (log2 e) P (6M+P)/(6M+4P), and always at most M. Parameters
    in which the degree is 0 do not count. ``blocks``: the pairs (D_j, P_j).
    """
    acting = [(degree, size) for degree, size in blocks if degree and size]
    if not acting:
        return 0 * A.number(functions)
    M, P = A.number(functions), sum(size for _, size in acting)
    spread = [size * (A.log2_integer(degree * P) - A.log2_integer(size)) for degree, size in acting]
    return A.minimum(M, sum(spread, P * bits_per_parameter(A, M / P)))


def bits_per_parameter(A: Arithmetic[V], x: V) -> V:
    """At least log2 of C(M+P,P), over P, with x = M/P."""
    return A.log2(x + 1) + (1 - 1 / (2 * x + A.number(Fraction(4, 3)))) / A.log(A.number(2))


def degree_of_layer(degree: int, layer: int) -> int:
    """D_l = sum_{j<l} nu^j (1 if nu = 0): the degree of a net input of layer l in the parameters."""
    if degree <= 1:
        return 1 if degree == 0 else layer
    total: int = (degree**layer - 1) // (degree - 1)
    return total
