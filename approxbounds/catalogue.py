"""Everything the library knows: one line per class, theorem and construction.

Certificates, the command line and queries look names up here, and nowhere else. The names below are live
read-only views of :data:`REGISTRY`, to which :mod:`approxbounds.extensions` adds what users register.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from approxbounds.complexity import fat_shattering, packing, pseudo_dimension
from approxbounds.constructions.interpolation import ReLUInterpolation
from approxbounds.constructions.mcshane import McShaneEnvelope
from approxbounds.constructions.piecewise_constant import ConstantConstruction, CubeConstruction
from approxbounds.constructions.relu import KnownRate, LuShenYangZhang, ShenYangZhang
from approxbounds.functions.anisotropic import AnisotropicHolderBall
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.convex import ConvexFunctions
from approxbounds.functions.entropy import BarronBall, EntropyClass
from approxbounds.functions.holder import HolderBall, LipschitzBall
from approxbounds.functions.monotone import MonotoneFunctions
from approxbounds.functions.sobolev import SobolevBall
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.feedforward import (
    FeedForwardNetwork,
    HeavisideNetwork,
    NetworkSize,
    ReLUNetwork,
    ReLUPowerNetwork,
)
from approxbounds.networks.lipschitz import LipschitzFunctions
from approxbounds.networks.norm_bounded import BoundedLinear, NormBoundedNetwork
from approxbounds.networks.recurrent import QORNN, HadamRNN, OrthogonalRNN, RecurrentNetwork
from approxbounds.networks.simple import FiniteClass, LinearSpace, PiecewisePolynomials
from approxbounds.networks.skip import SkipNetwork
from approxbounds.networks.splines import FreeKnotSplines
from approxbounds.networks.union import Union
from approxbounds.theorem import Theorem
from approxbounds.transfer.fat_hypercube import FatHypercubeTheorem, FatSupNormTheorem
from approxbounds.transfer.fat_packing import FatPackingTransfer
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.transfer.packing_transfer import EntropyTransfer, PackingTransfer
from approxbounds.transfer.scale_sensitive import ScaleSensitiveTheorem
from approxbounds.transfer.sup_norm import SupNormTheorem

__all__ = [
    "FUNCTION_CLASSES",
    "LOWER_THEOREMS",
    "NETWORK_CLASSES",
    "REGISTRY",
    "THEOREMS",
    "UPPER_THEOREMS",
    "Registry",
]


@dataclass(frozen=True)
class Registry:
    """The tables behind the views: classes by their names on the command line, theorems on E_p(F, G) by id."""

    functions: dict[str, type[FunctionClass]]
    networks: dict[str, type[NetworkClass]]
    lower: dict[str, Theorem]
    upper: dict[str, Theorem]


def _by_id(*theorems: Theorem) -> dict[str, Theorem]:
    return {theorem.id: theorem for theorem in theorems}


#: The only mutable state; changed by :mod:`approxbounds.extensions` alone. Of the theorems, the first wins ties and
#: symbolic queries.
REGISTRY = Registry(
    functions={
        "holder": HolderBall,
        "lipschitz": LipschitzBall,
        "monotone": MonotoneFunctions,
        "sobolev": SobolevBall,
        "anisotropic": AnisotropicHolderBall,
        "convex": ConvexFunctions,
        "barron": BarronBall,
        "entropy": EntropyClass,
    },
    networks={
        "relu": ReLUNetwork,
        "heaviside": HeavisideNetwork,
        "relu-power": ReLUPowerNetwork,
        "feedforward": FeedForwardNetwork,
        "size": NetworkSize,
        "skip": SkipNetwork,
        "linear": LinearSpace,
        "finite": FiniteClass,
        "piecewise-polynomials": PiecewisePolynomials,
        "free-knot-splines": FreeKnotSplines,
        "union": Union,
        "lipschitz-functions": LipschitzFunctions,
        "bounded-linear": BoundedLinear,
        "norm-bounded": NormBoundedNetwork,
        "hadamrnn": HadamRNN,
        "qornn": QORNN,
        "orthogonal-rnn": OrthogonalRNN,
        "rnn": RecurrentNetwork,
    },
    lower=_by_id(
        HypercubeTheorem(),
        SupNormTheorem(),
        PackingTransfer(),
        EntropyTransfer(),
        FatHypercubeTheorem(),
        FatSupNormTheorem(),
        FatPackingTransfer(),
        ScaleSensitiveTheorem(),
    ),
    upper=_by_id(
        CubeConstruction(),
        ReLUInterpolation(),
        McShaneEnvelope(),
        ShenYangZhang(),
        LuShenYangZhang(),
        ConstantConstruction(),
        KnownRate(),
    ),
)

#: Function classes by their names on the command line.
FUNCTION_CLASSES: Mapping[str, type[FunctionClass]] = MappingProxyType(REGISTRY.functions)

#: Network classes and their rivals by their names on the command line.
NETWORK_CLASSES: Mapping[str, type[NetworkClass]] = MappingProxyType(REGISTRY.networks)

#: Lower bounds on E_p(F, G).
LOWER_THEOREMS: Collection[Theorem] = REGISTRY.lower.values()

#: Upper bounds on E_p(F, G).
UPPER_THEOREMS: Collection[Theorem] = REGISTRY.upper.values()

#: All theorems by id.
THEOREMS: Mapping[str, Theorem] = MappingProxyType(
    ChainMap(
        _by_id(*pseudo_dimension.METHODS, *fat_shattering.METHODS, *packing.THEOREMS), REGISTRY.upper, REGISTRY.lower
    )
)
