"""Everything the library knows: one line per class, theorem and construction.

Certificates, the command line and queries look names up here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
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

__all__ = ["FUNCTION_CLASSES", "LOWER_THEOREMS", "NETWORK_CLASSES", "THEOREMS", "UPPER_THEOREMS"]

#: Function classes by their names on the command line.
FUNCTION_CLASSES: Mapping[str, type[FunctionClass]] = MappingProxyType(
    {
        "holder": HolderBall,
        "lipschitz": LipschitzBall,
        "monotone": MonotoneFunctions,
        "sobolev": SobolevBall,
        "anisotropic": AnisotropicHolderBall,
        "convex": ConvexFunctions,
        "barron": BarronBall,
        "entropy": EntropyClass,
    }
)

#: Network classes and their rivals by their names on the command line.
NETWORK_CLASSES: Mapping[str, type[NetworkClass]] = MappingProxyType(
    {
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
    }
)

#: Lower bounds on E_p(F, G); the first wins ties and symbolic queries.
LOWER_THEOREMS: tuple[Theorem, ...] = (
    HypercubeTheorem(),
    SupNormTheorem(),
    PackingTransfer(),
    EntropyTransfer(),
    FatHypercubeTheorem(),
    FatSupNormTheorem(),
    FatPackingTransfer(),
    ScaleSensitiveTheorem(),
)

#: Upper bounds on E_p(F, G).
UPPER_THEOREMS: tuple[Theorem, ...] = (
    CubeConstruction(),
    ReLUInterpolation(),
    McShaneEnvelope(),
    ShenYangZhang(),
    LuShenYangZhang(),
    ConstantConstruction(),
    KnownRate(),
)

#: All theorems by id.
THEOREMS: Mapping[str, Theorem] = MappingProxyType(
    {
        theorem.id: theorem
        for theorem in (
            *LOWER_THEOREMS,
            *UPPER_THEOREMS,
            *pseudo_dimension.METHODS,
            *fat_shattering.METHODS,
            *packing.THEOREMS,
        )
    }
)
