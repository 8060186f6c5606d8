"""Everything the library knows: one line per class, theorem and construction, entered in the registry on import."""

from __future__ import annotations

from approxbounds.complexity import fat_shattering, packing, pseudo_dimension, vc_dimension
from approxbounds.constructions.affine_cells import AffineCells
from approxbounds.constructions.blocks import BlockConstruction
from approxbounds.constructions.columns import ColumnConstruction
from approxbounds.constructions.constants import ConstantConstruction, PoincareConstant
from approxbounds.constructions.convex import ConvexFreeNodes, ConvexGradedNodes
from approxbounds.constructions.convex_cells import ConvexCells
from approxbounds.constructions.convex_columns import ConvexColumns
from approxbounds.constructions.elements import ElementConstruction
from approxbounds.constructions.from_the_cube import FromTheCube
from approxbounds.constructions.graded_grids import GradedGrids
from approxbounds.constructions.interpolation import ReLUInterpolation
from approxbounds.constructions.known_rates import EmbeddedRate, KnownRate
from approxbounds.constructions.level_curves import LevelCurves
from approxbounds.constructions.level_sets import LevelSets
from approxbounds.constructions.limits import LimitTheorem
from approxbounds.constructions.local_polynomials import LocalPolynomials
from approxbounds.constructions.mcshane import McShaneEnvelope
from approxbounds.constructions.monotone import MonotoneInterpolation, MonotoneSteps
from approxbounds.constructions.monotone_columns import MonotoneColumns
from approxbounds.constructions.piecewise_constant import CubeConstruction
from approxbounds.constructions.polynomial_columns import CubicColumns, QuadraticColumns
from approxbounds.constructions.power_cells import PowerCells
from approxbounds.constructions.recurrent_sums import RecurrentSums
from approxbounds.constructions.relu import LuShenYangZhang, ShenYangZhang
from approxbounds.constructions.ridges import RidgeConstruction
from approxbounds.constructions.strips import StripConstruction
from approxbounds.constructions.towers import TowerConstruction
from approxbounds.constructions.zigzag import ZigzagInterpolation
from approxbounds.coverings import covering
from approxbounds.functions.anisotropic import AnisotropicHolderBall
from approxbounds.functions.besov import BesovBall
from approxbounds.functions.convex import ConvexFunctions
from approxbounds.functions.entropy import BarronBall, EntropyClass
from approxbounds.functions.holder import HolderBall, LipschitzBall
from approxbounds.functions.monotone import MonotoneFunctions
from approxbounds.functions.sobolev import SobolevBall
from approxbounds.functions.under import Under
from approxbounds.measures.density import Density
from approxbounds.measures.empirical import Empirical
from approxbounds.measures.products import Box, Exponential, Laplace, Lebesgue, Logistic, Normal, Product, Uniform
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
from approxbounds.registry import REGISTRY
from approxbounds.theorem import Theorem
from approxbounds.transfer.blow_up import BlowUpTheorem
from approxbounds.transfer.boundary_layers import BoundaryLayerTheorem
from approxbounds.transfer.curvature import CurvatureTheorem
from approxbounds.transfer.fat_entropy import FatEntropyTransfer
from approxbounds.transfer.fat_hypercube import FatHypercubeTheorem, FatSupNormTheorem
from approxbounds.transfer.fat_packing import FatPackingTransfer
from approxbounds.transfer.forms import FormsTheorem
from approxbounds.transfer.hypercube import HypercubeTheorem
from approxbounds.transfer.jump import JumpTheorem
from approxbounds.transfer.linear_spaces import LinearSpaceTheorem
from approxbounds.transfer.neighbours import NeighbourTheorem
from approxbounds.transfer.no_biases import HomogeneityTheorem
from approxbounds.transfer.oscillation import OscillationTheorem, SupNormOscillation
from approxbounds.transfer.packing_transfer import EntropyTransfer, PackingTransfer
from approxbounds.transfer.parities import ParityTheorem
from approxbounds.transfer.points import PointsTheorem
from approxbounds.transfer.regions import RegionTheorem
from approxbounds.transfer.scale_sensitive import ScaleSensitiveTheorem
from approxbounds.transfer.sup_norm import SupNormTheorem
from approxbounds.transfer.volumes import VolumeTheorem
from approxbounds.transfer.weighted import WeightedHypercubeTheorem, WeightedSupNormTheorem
from approxbounds.transfer.weighted_curvature import WeightedCurvatureTheorem
from approxbounds.transfer.weighted_fat import WeightedFatSupNorm, WeightedFatTheorem
from approxbounds.transfer.weighted_linear import WeightedLinearTheorem


def _by_id(*theorems: Theorem) -> dict[str, Theorem]:
    return {theorem.id: theorem for theorem in theorems}


REGISTRY.functions.update(
    {
        "holder": HolderBall,
        "lipschitz": LipschitzBall,
        "monotone": MonotoneFunctions,
        "sobolev": SobolevBall,
        "besov": BesovBall,
        "anisotropic": AnisotropicHolderBall,
        "convex": ConvexFunctions,
        "barron": BarronBall,
        "entropy": EntropyClass,
    }
)

REGISTRY.networks.update(
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
        "hadamrnn": HadamRNN,
        "qornn": QORNN,
        "orthogonal-rnn": OrthogonalRNN,
        "rnn": RecurrentNetwork,
        "tanh": TanhNetwork,
        "lstm": LSTM,
        "gru": GRU,
        "transformer": Transformer,
        "convnet": ConvNet,
        "program": Program,
    }
)

REGISTRY.placed.update({"under": Under})

REGISTRY.measures.update(
    {
        "lebesgue": Lebesgue,
        "box": Box,
        "normal": Normal,
        "product": Product,
        "uniform": Uniform,
        "exponential": Exponential,
        "laplace": Laplace,
        "logistic": Logistic,
        "density": Density,
        "empirical": Empirical,
    }
)

REGISTRY.lower.update(
    _by_id(
        BlowUpTheorem(),
        HypercubeTheorem(),
        JumpTheorem(),
        PointsTheorem(),
        SupNormTheorem(),
        BoundaryLayerTheorem(),
        PackingTransfer(),
        EntropyTransfer(),
        FatHypercubeTheorem(),
        FatSupNormTheorem(),
        FatPackingTransfer(),
        FatEntropyTransfer(),
        ScaleSensitiveTheorem(),
        CurvatureTheorem(),
        RegionTheorem(),
        OscillationTheorem(),
        SupNormOscillation(),
        LinearSpaceTheorem(),
        ParityTheorem(),
        HomogeneityTheorem(),
        VolumeTheorem(),
        FormsTheorem(),
        NeighbourTheorem(),
        WeightedHypercubeTheorem(),
        WeightedSupNormTheorem(),
        WeightedLinearTheorem(),
        WeightedCurvatureTheorem(),
        WeightedFatTheorem(),
        WeightedFatSupNorm(),
    )
)

REGISTRY.upper.update(
    _by_id(
        CubeConstruction(),
        ReLUInterpolation(),
        ZigzagInterpolation(),
        LevelSets(),
        MonotoneSteps(),
        MonotoneInterpolation(),
        MonotoneColumns(),
        LevelCurves(),
        ConvexFreeNodes(),
        ConvexGradedNodes(),
        ConvexColumns(),
        ConvexCells(),
        StripConstruction(),
        TowerConstruction(),
        ColumnConstruction(),
        BlockConstruction(),
        AffineCells(),
        LocalPolynomials(),
        QuadraticColumns(),
        CubicColumns(),
        ElementConstruction(),
        RidgeConstruction(),
        PowerCells(),
        RecurrentSums(),
        McShaneEnvelope(),
        ShenYangZhang(),
        LuShenYangZhang(),
        FromTheCube(),
        GradedGrids(),
        LimitTheorem(),
        ConstantConstruction(),
        PoincareConstant(),
        KnownRate(),
        EmbeddedRate(),
    )
)

REGISTRY.complexities.update(
    _by_id(
        *pseudo_dimension.METHODS, *vc_dimension.METHODS, *fat_shattering.METHODS, *packing.THEOREMS, *covering.THEOREMS
    )
)
