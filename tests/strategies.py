"""Hypothesis strategies for function classes, network classes, exponents and exact numbers."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import sympy
from hypothesis import strategies as st

import approxbounds as ab

MOST_DIM = 4


def rationals(minimum, maximum):
    """Fractions in [minimum, maximum], for tests that compute with them."""
    return st.fractions(min_value=Fraction(minimum), max_value=Fraction(maximum), max_denominator=1000)


@st.composite
def numbers(draw, minimum=Fraction(1, 4), maximum=Fraction(4)):
    """A positive rational number in [minimum, maximum] in any of the exact forms a user may write."""
    value = draw(rationals(minimum, maximum))
    decimal = math.floor(value * 1000)  # thousandths, so that a decimal text is exact
    forms = [value, f"{value.numerator}/{value.denominator}", sympy.Rational(value.numerator, value.denominator)]
    if decimal >= minimum * 1000:
        forms += [Decimal(decimal) / 1000, str(Decimal(decimal) / 1000)]
    if minimum <= float(value) <= maximum:
        forms += [float(value), np.float64(float(value))]
    if minimum <= math.floor(value):
        forms += [math.floor(value), np.int64(math.floor(value)), sympy.Integer(math.floor(value))]
    return draw(st.sampled_from(forms))


def finite_exponents():
    """1 <= p <= 40, exactly 1 and large p included."""
    return st.one_of(st.sampled_from([1, 2, "3/2", 40]), numbers(Fraction(1), Fraction(8)))


def exponents():
    """Finite exponents and infinity in its three spellings."""
    return st.one_of(finite_exponents(), st.sampled_from([math.inf, "inf", sympy.oo]))


def dims():
    return st.integers(1, MOST_DIM)


@st.composite
def holder_balls(draw, dim=None):
    d = draw(dims()) if dim is None else dim
    smoothness = draw(st.one_of(numbers(Fraction(1, 4), Fraction(1)), numbers(Fraction(1, 4), Fraction(7, 2))))
    return ab.HolderBall(smoothness=smoothness, dim=d, radius=draw(numbers(Fraction(1, 100), Fraction(100))))


@st.composite
def entropy_classes(draw, dim=None):
    """Classes known by their entropy only: eps0 below the diameter of the range, or the class is empty."""
    return ab.EntropyClass(
        exponent=draw(numbers(Fraction(1, 2), Fraction(4))),
        norm=draw(st.sampled_from([1, 2, "5/2"])),
        constant=draw(numbers(Fraction(1, 10), Fraction(10))),
        valid_below=draw(numbers(Fraction(1, 10), Fraction(1))),
        dim=draw(st.sampled_from([None, dim])),
    )


@st.composite
def anisotropic_balls(draw, dim=None):
    d = draw(dims()) if dim is None else dim
    smoothness = draw(st.lists(numbers(Fraction(1, 4), Fraction(3)), min_size=d, max_size=d))
    return ab.AnisotropicHolderBall(smoothness=smoothness, radius=draw(numbers(Fraction(1, 100), Fraction(100))))


def function_classes(dim=None, families_only=False):
    """Classes with hypercube families, and (unless families_only) entropy classes."""
    d = dims() if dim is None else st.just(dim)
    choices = [
        holder_balls(dim=dim),
        st.builds(ab.LipschitzBall, dim=d, radius=numbers()),
        st.builds(ab.MonotoneFunctions, dim=d),
        st.builds(ab.ConvexFunctions, dim=d),
        st.builds(ab.SobolevBall, dim=d, smoothness=st.integers(1, 4), integrability=exponents(), radius=numbers()),
        anisotropic_balls(dim=dim),
    ]
    return st.one_of(*choices) if families_only else st.one_of(*choices, entropy_classes(dim=dim))


def widths(most=40):
    return st.lists(st.integers(1, most), min_size=1, max_size=4).map(tuple)


def bits():
    """Real parameters or, less often, a number of bits."""
    return st.one_of(st.none(), st.none(), st.integers(1, 64))


@st.composite
def feedforward(draw, dim=None, most=40):
    """Any of the fully connected classes."""
    d = draw(dims()) if dim is None else dim
    shape = {"widths": draw(widths(most)), "input_dim": d, "bias": draw(st.booleans()), "bits": draw(bits())}
    kind = draw(st.sampled_from([ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork, ab.FeedForwardNetwork]))
    if kind is ab.ReLUPowerNetwork:
        shape["power"] = draw(st.integers(1, 3))
    if kind is ab.FeedForwardNetwork:
        shape |= {
            "degree": draw(st.integers(0, 3)),
            "pieces": draw(st.integers(1, 4)),
            "continuous": draw(st.booleans()),
        }
    return kind(**shape)


@st.composite
def network_sizes(draw):
    depth = draw(st.integers(2, 12))
    weights = draw(st.integers(depth, 10**5))
    units = draw(st.one_of(st.none(), st.integers(depth - 1, 10**4)))
    degree, pieces = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    kind = {"degree": degree, "pieces": pieces, "bits": draw(bits())}
    return ab.NetworkSize(weights=weights, depth=depth, units=units, **kind)


@st.composite
def skip_networks(draw, dim=None):
    """With all connections, or with fewer parameters in each layer."""
    d = draw(dims()) if dim is None else dim
    kind = {"degree": draw(st.integers(0, 3)), "pieces": draw(st.integers(1, 4)), "bits": draw(bits())}
    full = ab.SkipNetwork(widths=draw(widths(20)), input_dim=d, **kind)
    if draw(st.booleans()):
        return full
    own = tuple(draw(st.integers(1, most)) for most in full.connections)
    return ab.SkipNetwork(widths=full.widths, input_dim=d, layer_weights=own, **kind)


@st.composite
def free_knot_splines(draw):
    degree = draw(st.integers(0, 5))
    smooth = degree > 0 and draw(st.booleans())
    return ab.FreeKnotSplines(knots=draw(st.integers(1, 10**4)), degree=degree, smooth=smooth)


@st.composite
def unions(draw, dim=None):
    """Two or three classes of the same number of inputs."""
    d = draw(dims()) if dim is None else dim
    kinds = st.one_of(feedforward(dim=d), network_sizes(), skip_networks(dim=d), rivals(d))
    return ab.Union(members=draw(st.lists(kinds, min_size=2, max_size=3)))


def rivals(dim=None):
    """Linear spaces, finite classes and splines."""
    inputs, cells = st.sampled_from([None, dim]), st.integers(1, 10**4)
    d = dims() if dim is None else st.just(dim)
    return st.one_of(
        st.builds(ab.LinearSpace, dimension=st.integers(1, 10**6), input_dim=inputs),
        st.builds(ab.FiniteClass, bits=st.integers(0, 10**5), input_dim=inputs),
        st.builds(ab.FiniteClass, size=st.integers(1, 10**9), input_dim=inputs),
        st.builds(ab.PiecewisePolynomials, cells=cells, degree=st.integers(0, 3), input_dim=d),
        *([free_knot_splines()] if dim in {None, 1} else []),
    )


def network_classes(dim=None):
    """Networks, totals, their rivals, and unions."""
    return st.one_of(feedforward(dim=dim), network_sizes(), skip_networks(dim=dim), rivals(dim), unions(dim=dim))


def norm_classes(dim):
    """Classes with bounded weights, most of infinite pseudo-dimension."""
    norms = st.lists(numbers(), min_size=1, max_size=4).map(tuple)
    return st.one_of(
        st.builds(ab.LipschitzFunctions, constant=numbers(Fraction(1, 10), Fraction(100)), input_dim=st.just(dim)),
        st.builds(ab.BoundedLinear, norm=numbers(), input_dim=st.just(dim)),
        st.builds(ab.NormBoundedNetwork, norms=norms, input_dim=st.just(dim)),
        st.builds(ab.NormBoundedNetwork, norms=st.just((2, "1/2")), input_dim=st.just(dim), widths=st.just((3,))),
    )


@st.composite
def pairs(draw, families_only=False):
    """(F, G) on the same domain."""
    d = draw(dims())
    G = draw(st.one_of(network_classes(dim=d), norm_classes(dim=d)))
    return draw(function_classes(dim=d, families_only=families_only)), G
