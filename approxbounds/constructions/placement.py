"""Whether a construction fits into G, and the size of the network that it needs."""

from __future__ import annotations

from functools import lru_cache

from approxbounds.facts.networks import NetworkFacts
from approxbounds.validation import Number

__all__ = [
    "fits",
    "placement_refusal",
    "power_of",
    "relu_refusal",
    "reshaped",
    "runs",
    "size_text",
    "two_layers_refusal",
    "widths_of",
]


def placement_refusal(G: NetworkFacts) -> str | None:
    """The reason why a construction cannot be placed in G, or None for a biased network of known activation."""
    if G.bits_per_parameter is not None:
        return f"the construction needs real parameters (bits={G.bits_per_parameter})"
    if G.free_sizes is None or G.architecture is None:
        return "G must be a fully connected network with known widths"
    if G.architecture.activation.power is None:
        return "the activation of G is not specified (max(x,0)^k or Heaviside needed)"
    return None if G.architecture.bias else "the construction needs biases"


def relu_refusal(G: NetworkFacts) -> str | None:
    """The same for constructions by ReLU networks."""
    reason = placement_refusal(G)
    return "the activation must be ReLU" if reason is None and power_of(G) != 1 else reason


def two_layers_refusal(G: NetworkFacts) -> str | None:
    """The same for those that need two hidden layers."""
    reason = relu_refusal(G)
    return "it needs two hidden layers" if reason is None and len(widths_of(G)) < 2 else reason


def widths_of(G: NetworkFacts) -> tuple[Number, ...]:
    """The hidden widths of a network in which a construction can be placed."""
    assert G.architecture is not None
    return G.architecture.widths


def power_of(G: NetworkFacts) -> int:
    """The power of its activation: 0 for Heaviside, 1 for ReLU."""
    assert G.architecture is not None and G.architecture.activation.power is not None
    return G.architecture.activation.power


@lru_cache(maxsize=256)
def _runs(widths: tuple[int, ...], dim: int) -> tuple[tuple[int, int], ...]:
    longest: dict[int, int] = {}
    last_start = next((layer for layer, width in enumerate(widths) if width < dim), len(widths))
    open_: list[tuple[int, int]] = []  # runs that end here: their least width, increasing, and where they start
    for layer, width in enumerate((*widths, 0)):
        start = layer
        while open_ and open_[-1][0] >= width:
            least, start = open_.pop()
            if start <= last_start:
                longest[least] = max(longest.get(least, 0), layer - start)
        open_.append((width, start))
    found: list[tuple[int, int]] = []
    for width in sorted(longest, reverse=True):
        if not found or longest[width] > found[-1][1]:
            found.append((width, longest[width]))
    return tuple(found)


def runs(G: NetworkFacts) -> tuple[tuple[int, int], ...]:
    """Pairs (width, length): so many consecutive hidden layers of at least that width, none better in both.

    A ReLU network of this shape and d inputs embeds in G if each layer before them has d units, which pass on x, as
    relu(x) = x on [0,1]^d; layers after them pass on the output, shifted to be non-negative, in one unit.
    """
    return _runs(widths_of(G), int(G.domain_dim))


def fits(G: NetworkFacts, width: int, hidden: int) -> bool:
    """Whether a ReLU network of this width and number of hidden layers embeds in G, layer by layer (:func:`runs`)."""
    return any(own >= width and length >= hidden for own, length in runs(G))


def reshaped(G: NetworkFacts, widths: tuple[int, ...]) -> NetworkFacts:
    """The networks of the kind of G with other hidden widths (each at least 1)."""
    return G.with_widths(tuple(max(width, 1) for width in widths))


def size_text(network: NetworkFacts) -> str:
    """Hidden widths and number of parameters, in words."""
    widths, sizes = widths_of(network), network.counted_sizes
    assert sizes is not None
    shape = f"${len(widths)}$ hidden layers of width ${widths[0]}$"
    if len(widths) == 1:
        shape = f"one hidden layer of width ${widths[0]}$"
    elif len(set(widths)) > 1:
        shape = f"hidden layers of widths ${', '.join(map(str, widths))}$"
    return f"{shape}: $W={sizes.weights}$ parameters"
