"""The tables of classes and theorems by name, in which certificates, queries and the command line look names up.

:mod:`approxbounds.catalogue` fills them with what the library knows, :mod:`approxbounds.extensions` adds what users
register; nothing else changes them. The views are live and read-only.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from approxbounds.description import Description
from approxbounds.facts.functions import FunctionFacts
from approxbounds.facts.networks import NetworkFacts
from approxbounds.theorem import Theorem

__all__ = [
    "FUNCTION_CLASSES",
    "LOWER_THEOREMS",
    "MEASURES",
    "NETWORK_CLASSES",
    "PLACED",
    "REGISTRY",
    "THEOREMS",
    "UPPER_THEOREMS",
    "Registry",
]


@dataclass(frozen=True)
class Registry:
    """Classes and measures by their names on the command line; ``placed``: classes made of a class and a measure.

    Theorems by id: on E_p(F, G) from either side, and on complexities.

    Of the theorems, the first wins ties and symbolic queries.
    """

    functions: dict[str, type[FunctionFacts]] = field(default_factory=dict)
    networks: dict[str, type[NetworkFacts]] = field(default_factory=dict)
    lower: dict[str, Theorem] = field(default_factory=dict)
    upper: dict[str, Theorem] = field(default_factory=dict)
    complexities: dict[str, Theorem] = field(default_factory=dict)
    measures: dict[str, type[Description]] = field(default_factory=dict)
    placed: dict[str, type[FunctionFacts]] = field(default_factory=dict)


#: The only mutable state.
REGISTRY = Registry()

#: Function classes by their names on the command line.
FUNCTION_CLASSES: Mapping[str, type[FunctionFacts]] = MappingProxyType(REGISTRY.functions)

#: Network classes and their rivals by their names on the command line.
NETWORK_CLASSES: Mapping[str, type[NetworkFacts]] = MappingProxyType(REGISTRY.networks)

#: Measures by their names on the command line.
MEASURES: Mapping[str, type[Description]] = MappingProxyType(REGISTRY.measures)

#: Classes that a class and a measure make.
PLACED: Mapping[str, type[FunctionFacts]] = MappingProxyType(REGISTRY.placed)

#: Lower bounds on E_p(F, G).
LOWER_THEOREMS: Collection[Theorem] = REGISTRY.lower.values()

#: Upper bounds on E_p(F, G).
UPPER_THEOREMS: Collection[Theorem] = REGISTRY.upper.values()

#: All theorems by id.
THEOREMS: Mapping[str, Theorem] = MappingProxyType(ChainMap(REGISTRY.complexities, REGISTRY.upper, REGISTRY.lower))
