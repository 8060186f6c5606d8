"""Whether a construction fits into G, and the size of the network that it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from approxbounds.arithmetic import SYMBOLIC
from approxbounds.networks.base import NetworkClass
from approxbounds.theorem import Query, Theorem

__all__ = ["concrete_network", "fits", "reshaped", "size_text", "sizes"]


def concrete_network(G: NetworkClass) -> str | None:
    """The reason why a construction cannot be placed in G, or None for a biased network of known activation."""
    totals = G.totals
    if getattr(G, "bits", None) is not None:
        return f"the construction needs real parameters (bits={getattr(G, 'bits', None)})"
    if totals is None or not hasattr(G, "widths"):
        return "G must be a fully connected network with known widths"
    if totals.activation.power is None:
        return "the activation of G is not specified (max(x,0)^k or Heaviside needed)"
    return None if getattr(G, "bias", False) else "the construction needs biases"


def fits(G: Any, width: int, hidden: int) -> bool:
    """Whether a ReLU network of this width and number of hidden layers embeds in G."""
    return len(G.widths) >= hidden and min(G.widths) >= width


def sizes(theorem: Theorem, query: Query, *names: str) -> list[Any]:
    """The sizes of the construction in G as SymPy numbers; symbols of these names where G has symbols."""
    import sympy

    if query.G.symbols:
        return [sympy.Symbol(name, positive=True, integer=True) for name in names]
    return [SYMBOLIC.number(size) for size in theorem.search(query).values()]


def reshaped(G: Any, widths: tuple[int, ...]) -> NetworkClass:
    """The networks of the kind of G with other hidden widths (each at least 1)."""
    network: NetworkClass = replace(G, widths=tuple(max(width, 1) for width in widths))
    return network


def size_text(network: Any) -> str:
    """Hidden widths and number of parameters, in words."""
    widths = network.widths
    shape = f"${len(widths)}$ hidden layers of width ${widths[0]}$"
    if len(widths) == 1:
        shape = f"one hidden layer of width ${widths[0]}$"
    elif len(set(widths)) > 1:
        shape = f"hidden layers of widths ${', '.join(map(str, widths))}$"
    return f"{shape}: $W={network.weights}$ parameters"
