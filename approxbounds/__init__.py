"""approxbounds: how well can a network of a given size possibly approximate a class of functions?

Certified lower bounds on worst-case L^p approximation errors, with closed forms, rates and citations.
"""

import approxbounds.catalogue  # noqa: F401 - fills the registry
from approxbounds.bound import Bound, Refusal, Status
from approxbounds.certificate import Certificate, verify
from approxbounds.comparison import Comparison, compare
from approxbounds.errors import (
    ApproxBoundsError,
    CertificateError,
    HypothesisError,
    MissingPackageError,
    NoExpressionError,
    NoNumberError,
    NotApplicableError,
    ParameterError,
    WorkLimitError,
)
from approxbounds.extensions import extensions, register
from approxbounds.facts.built import DenseNetwork
from approxbounds.functions.anisotropic import AnisotropicHolderBall
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.convex import ConvexFunctions
from approxbounds.functions.entropy import BarronBall, EntropyClass
from approxbounds.functions.holder import HolderBall, LipschitzBall
from approxbounds.functions.monotone import MonotoneFunctions
from approxbounds.functions.sobolev import SobolevBall
from approxbounds.inverse import RequiredOrder, Requirement, required_bits, required_weights
from approxbounds.kernel import Verdict
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
from approxbounds.query import (
    Bracket,
    Candidates,
    average_case,
    bracket,
    lower_bound,
    lower_bounds,
    upper_bound,
    upper_bounds,
)
from approxbounds.registry import FUNCTION_CLASSES, NETWORK_CLASSES, THEOREMS
from approxbounds.sources import Citation
from approxbounds.sweep import Sweep, sweep
from approxbounds.theorem import Direction, Theorem
from approxbounds.transfer.average_case import AverageCase
from approxbounds.version import __version__

__all__ = [
    "FUNCTION_CLASSES",
    "NETWORK_CLASSES",
    "QORNN",
    "THEOREMS",
    "AnisotropicHolderBall",
    "ApproxBoundsError",
    "AverageCase",
    "BarronBall",
    "Bound",
    "BoundedLinear",
    "Bracket",
    "Candidates",
    "Certificate",
    "CertificateError",
    "Citation",
    "Comparison",
    "ConvexFunctions",
    "DenseNetwork",
    "Direction",
    "EntropyClass",
    "FeedForwardNetwork",
    "FiniteClass",
    "FreeKnotSplines",
    "FunctionClass",
    "HadamRNN",
    "HeavisideNetwork",
    "HolderBall",
    "HypothesisError",
    "LinearSpace",
    "LipschitzBall",
    "LipschitzFunctions",
    "MissingPackageError",
    "MonotoneFunctions",
    "NetworkClass",
    "NetworkSize",
    "NoExpressionError",
    "NoNumberError",
    "NormBoundedNetwork",
    "NotApplicableError",
    "OrthogonalRNN",
    "ParameterError",
    "PiecewisePolynomials",
    "ReLUNetwork",
    "ReLUPowerNetwork",
    "RecurrentNetwork",
    "Refusal",
    "RequiredOrder",
    "Requirement",
    "SkipNetwork",
    "SobolevBall",
    "Status",
    "Sweep",
    "Theorem",
    "Union",
    "Verdict",
    "WorkLimitError",
    "__version__",
    "average_case",
    "bracket",
    "compare",
    "extensions",
    "lower_bound",
    "lower_bounds",
    "register",
    "required_bits",
    "required_weights",
    "sweep",
    "upper_bound",
    "upper_bounds",
    "verify",
]
