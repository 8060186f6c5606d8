"""How well can networks of a given size possibly approximate a class of functions? Certified bounds, with citations.

E_p(F, G) is the largest distance in L^p([0,1]^d) of a function of F from the functions of G.

>>> import approxbounds as ab
>>> F = ab.LipschitzBall(dim=1)                             # what is to be approximated
>>> G = ab.ReLUNetwork(widths=(64,), input_dim=1)           # by what
>>> ab.bracket(F, G, p=2)                                   # the error is not below and not above
0.00170933 <= E_2(F, G) <= 0.00570545
>>> ab.lower_bound(F, G, p=2).rate                          # .value, .explain(), .certificate, .bibtex() ...
1/W
>>> ab.required_weights(F, error="1/1000", p=2, depth=2)
at least 169 weights for E_2(F, G) <= 1/1000  [Tosc, certified]

Many at once: :func:`compare`, :func:`sweep`. What there is: ``FUNCTION_CLASSES``, ``NETWORK_CLASSES``, ``THEOREMS``, or
``approxbounds list`` on the command line. Your own classes and theorems: :func:`register`.
"""

import approxbounds.catalogue  # noqa: F401 - fills the registry
from approxbounds.bound import Bound, Refusal, Status
from approxbounds.brackets import Bracket
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
from approxbounds.facts.tally import Tally
from approxbounds.functions.anisotropic import AnisotropicHolderBall
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.besov import BesovBall
from approxbounds.functions.convex import ConvexFunctions
from approxbounds.functions.entropy import BarronBall, EntropyClass
from approxbounds.functions.holder import HolderBall, LipschitzBall
from approxbounds.functions.monotone import MonotoneFunctions
from approxbounds.functions.sobolev import SobolevBall
from approxbounds.functions.under import under
from approxbounds.inverse import required_bits, required_weights
from approxbounds.kernel import Verdict
from approxbounds.measures.density import Density
from approxbounds.measures.empirical import Empirical
from approxbounds.measures.products import Box, Exponential, Laplace, Lebesgue, Logistic, Normal, Product, Uniform
from approxbounds.memorisation import Memorisation, memorisation
from approxbounds.networks.base import NetworkClass
from approxbounds.networks.convolution import ConvNet
from approxbounds.networks.feedforward import (
    FeedForwardNetwork,
    HeavisideNetwork,
    NetworkSize,
    ReLUNetwork,
    ReLUPowerNetwork,
)
from approxbounds.networks.gated import GRU, LSTM
from approxbounds.networks.lipschitz import LipschitzFunctions
from approxbounds.networks.norm_bounded import BoundedLinear, NormBoundedNetwork
from approxbounds.networks.program import Program
from approxbounds.networks.recurrent import QORNN, HadamRNN, OrthogonalRNN, RecurrentNetwork
from approxbounds.networks.simple import FiniteClass, LinearSpace, PiecewisePolynomials
from approxbounds.networks.skip import SkipNetwork
from approxbounds.networks.smooth import TanhNetwork
from approxbounds.networks.splines import FreeKnotSplines
from approxbounds.networks.transformer import Transformer
from approxbounds.networks.union import Union
from approxbounds.query import (
    Candidates,
    average_case,
    bracket,
    lower_bound,
    lower_bounds,
    upper_bound,
    upper_bounds,
)
from approxbounds.registry import FUNCTION_CLASSES, NETWORK_CLASSES, THEOREMS
from approxbounds.requirement import RequiredOrder, Requirement, Sufficiency, WeightsBracket
from approxbounds.sources import Citation
from approxbounds.sufficiency import sufficient_weights, sufficient_width, weights_bracket
from approxbounds.sweep import Sweep, sweep
from approxbounds.theorem import Direction, Theorem
from approxbounds.transfer.average_case import AverageCase
from approxbounds.version import __version__

__all__ = [
    "FUNCTION_CLASSES",
    "GRU",
    "LSTM",
    "NETWORK_CLASSES",
    "QORNN",
    "THEOREMS",
    "AnisotropicHolderBall",
    "ApproxBoundsError",
    "AverageCase",
    "BarronBall",
    "BesovBall",
    "Bound",
    "BoundedLinear",
    "Box",
    "Bracket",
    "Candidates",
    "Certificate",
    "CertificateError",
    "Citation",
    "Comparison",
    "ConvNet",
    "ConvexFunctions",
    "DenseNetwork",
    "Density",
    "Direction",
    "Empirical",
    "EntropyClass",
    "Exponential",
    "FeedForwardNetwork",
    "FiniteClass",
    "FreeKnotSplines",
    "FunctionClass",
    "HadamRNN",
    "HeavisideNetwork",
    "HolderBall",
    "HypothesisError",
    "Laplace",
    "Lebesgue",
    "LinearSpace",
    "LipschitzBall",
    "LipschitzFunctions",
    "Logistic",
    "Memorisation",
    "MissingPackageError",
    "MonotoneFunctions",
    "NetworkClass",
    "NetworkSize",
    "NoExpressionError",
    "NoNumberError",
    "NormBoundedNetwork",
    "Normal",
    "NotApplicableError",
    "OrthogonalRNN",
    "ParameterError",
    "PiecewisePolynomials",
    "Product",
    "Program",
    "ReLUNetwork",
    "ReLUPowerNetwork",
    "RecurrentNetwork",
    "Refusal",
    "RequiredOrder",
    "Requirement",
    "SkipNetwork",
    "SobolevBall",
    "Status",
    "Sufficiency",
    "Sweep",
    "Tally",
    "TanhNetwork",
    "Theorem",
    "Transformer",
    "Uniform",
    "Union",
    "Verdict",
    "WeightsBracket",
    "WorkLimitError",
    "__version__",
    "average_case",
    "bracket",
    "compare",
    "extensions",
    "lower_bound",
    "lower_bounds",
    "memorisation",
    "register",
    "required_bits",
    "required_weights",
    "sufficient_weights",
    "sufficient_width",
    "sweep",
    "under",
    "upper_bound",
    "upper_bounds",
    "verify",
    "weights_bracket",
]


def __dir__() -> list[str]:
    """What there is for users, without the modules inside."""
    return sorted(__all__)
