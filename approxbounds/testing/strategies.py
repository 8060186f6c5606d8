"""Hypothesis strategies for function classes, network classes, exponents and scales.

Numbers come in all the exact forms that a user may write: integers, fractions, decimals, texts, SymPy and
NumPy numbers.
``dim`` fixes the dimension of the domain; by default it is drawn from 1 to 4.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import approxbounds as ab
from approxbounds.testing.records import examples, library, records

__all__ = [
    "MOST_DIM",
    "anisotropic_balls",
    "bits",
    "dims",
    "entropy_classes",
    "exponents",
    "feedforward",
    "finite_exponents",
    "free_knot_splines",
    "function_classes",
    "holder_balls",
    "network_classes",
    "network_sizes",
    "norm_classes",
    "numbers",
    "rationals",
    "recurrent_networks",
    "rivals",
    "scales",
    "skip_networks",
    "unions",
    "widths",
]

#: The largest dimension that is drawn.
MOST_DIM = 4


def rationals(minimum: Any, maximum: Any) -> SearchStrategy[Fraction]:
    """Fractions in [minimum, maximum], for tests that compute with them.

    >>> from hypothesis import find
    >>> find(rationals(1, 2), lambda x: x > 1)
    Fraction(2, 1)
    """
    return st.fractions(min_value=Fraction(minimum), max_value=Fraction(maximum), max_denominator=1000)


@st.composite
def numbers(draw: DrawFn, minimum: Any = Fraction(1, 4), maximum: Any = 4) -> Any:
    """A positive rational number in [minimum, maximum], in any of the exact forms that a user may write."""
    import sympy

    value = draw(rationals(minimum, maximum))
    decimal = math.floor(value * 1000)  # thousandths, so that a decimal text is exact
    forms: list[Any] = [value, f"{value.numerator}/{value.denominator}"]
    forms.append(sympy.Rational(value.numerator, value.denominator))
    if decimal >= minimum * 1000:
        forms += [Decimal(decimal) / 1000, str(Decimal(decimal) / 1000)]
    if minimum <= float(value) <= maximum:
        forms += [float(value), np.float64(float(value))]
    if minimum <= math.floor(value):
        forms += [math.floor(value), np.int64(math.floor(value)), sympy.Integer(math.floor(value))]
    return draw(st.sampled_from(forms))


def finite_exponents() -> SearchStrategy[Any]:
    """1 <= p <= 40, exactly 1 and large p included."""
    return st.one_of(st.sampled_from([1, 2, "3/2", 40]), numbers(Fraction(1), Fraction(8)))


def exponents() -> SearchStrategy[Any]:
    """Finite exponents, and infinity in its three spellings.

    >>> from hypothesis import find
    >>> find(exponents(), lambda p: p in (math.inf, "inf"))
    inf
    """
    import sympy

    return st.one_of(finite_exponents(), st.sampled_from([math.inf, "inf", sympy.oo]))


def scales() -> SearchStrategy[Any]:
    """Scales gamma of fat-shattering dimensions and separations eps of packings: from 1/500 to 2."""
    return numbers(Fraction(1, 500), Fraction(2))


def dims() -> SearchStrategy[int]:
    """Dimensions of the domain, from 1 to :data:`MOST_DIM`."""
    return st.integers(1, MOST_DIM)


def _dims(dim: int | None) -> SearchStrategy[int]:
    return dims() if dim is None else st.just(dim)


# ------------------------------------------------------------------------------------------ function classes


@st.composite
def holder_balls(draw: DrawFn, *, dim: int | None = None) -> ab.HolderBall:
    """Hölder balls of smoothness up to 7/2, half of them at most 1.

    >>> from hypothesis import find
    >>> F = find(holder_balls(dim=2), lambda F: F.smoothness > 1)
    >>> F.dim, F.smoothness > 1
    (2, True)
    """
    smoothness = draw(st.one_of(numbers(Fraction(1, 4), Fraction(1)), numbers(Fraction(1, 4), Fraction(7, 2))))
    radius = draw(numbers(Fraction(1, 100), Fraction(100)))
    return ab.HolderBall(smoothness=smoothness, dim=draw(_dims(dim)), radius=radius)


@st.composite
def entropy_classes(draw: DrawFn, *, dim: int | None = None) -> ab.EntropyClass:
    """Classes known by their entropy only: eps0 below the diameter of the range, or the class is empty."""
    return ab.EntropyClass(
        exponent=draw(numbers(Fraction(1, 2), Fraction(4))),
        norm=draw(st.sampled_from([1, 2, "5/2"])),
        constant=draw(numbers(Fraction(1, 10), Fraction(10))),
        valid_below=draw(numbers(Fraction(1, 10), Fraction(1))),
        dim=draw(st.sampled_from([None, dim])),
    )


@st.composite
def anisotropic_balls(draw: DrawFn, *, dim: int | None = None) -> ab.AnisotropicHolderBall:
    """Hölder balls with a smoothness from 1/4 to 3 in each coordinate."""
    d = draw(_dims(dim))
    smoothness = tuple(draw(st.lists(numbers(Fraction(1, 4), Fraction(3)), min_size=d, max_size=d)))
    return ab.AnisotropicHolderBall(smoothness=smoothness, radius=draw(numbers(Fraction(1, 100), Fraction(100))))


def function_classes(*, dim: int | None = None, families_only: bool = False) -> SearchStrategy[ab.FunctionClass]:
    """All of the library's classes, or those with hypercube families (``families_only``).

    Those without a strategy here take the examples that their parameters declare.

    >>> from hypothesis import find
    >>> find(function_classes(dim=3), lambda F: isinstance(F, ab.MonotoneFunctions))
    MonotoneFunctions(dim=3)
    """
    return _function_classes(dim, families_only)


@cache  # building it takes longer than drawing from it
def _function_classes(dim: int | None, families_only: bool) -> SearchStrategy[ab.FunctionClass]:
    d = _dims(dim)
    sobolev = {"smoothness": st.integers(1, 4), "integrability": exponents(), "radius": numbers()}
    tuned: dict[type[Any], SearchStrategy[Any]] = {
        ab.HolderBall: holder_balls(dim=dim),
        ab.LipschitzBall: st.builds(ab.LipschitzBall, dim=d, radius=numbers()),
        ab.MonotoneFunctions: st.builds(ab.MonotoneFunctions, dim=d),
        ab.ConvexFunctions: st.builds(ab.ConvexFunctions, dim=d),
        ab.SobolevBall: st.builds(ab.SobolevBall, dim=d, **sobolev),
        ab.AnisotropicHolderBall: anisotropic_balls(dim=dim),
        ab.EntropyClass: entropy_classes(dim=dim),
    }
    others = [kind for kind in library(ab.FUNCTION_CLASSES) if kind not in tuned]
    every = tuned | {kind: records(kind, dim=dim) for kind in others}
    if not families_only:
        return st.one_of(*every.values())
    kinds = [kind for kind in every if any(F.families for F in examples(kind))]
    return st.one_of(*(every[kind].filter(lambda F: bool(F.families)) for kind in kinds))


# ------------------------------------------------------------------------------------------- network classes


def widths(*, most: int = 40) -> SearchStrategy[tuple[int, ...]]:
    """One to four hidden layers of at most ``most`` units."""
    return st.lists(st.integers(1, most), min_size=1, max_size=4).map(tuple)


def bits() -> SearchStrategy[int | None]:
    """Real parameters or, less often, a number of bits."""
    return st.one_of(st.none(), st.none(), st.integers(1, 64))


@st.composite
def feedforward(draw: DrawFn, *, dim: int | None = None, most: int = 40) -> ab.NetworkClass:
    """Any of the fully connected classes.

    >>> from hypothesis import find
    >>> find(feedforward(dim=1, most=3), lambda G: isinstance(G, ab.HeavisideNetwork) and len(G.widths) == 2).input_dim
    1
    """
    shape: dict[str, Any] = {"widths": draw(widths(most=most)), "input_dim": draw(_dims(dim))}
    shape |= {"bias": draw(st.booleans()), "bits": draw(bits())}
    kind: Any = draw(st.sampled_from([ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork, ab.FeedForwardNetwork]))
    if kind is ab.ReLUPowerNetwork:
        shape["power"] = draw(st.integers(1, 3))
    if kind is ab.FeedForwardNetwork:
        shape |= {"degree": draw(st.integers(0, 3)), "pieces": draw(st.integers(1, 4))}
        shape["continuous"] = draw(st.booleans())
    network: ab.ReLUNetwork | ab.HeavisideNetwork | ab.ReLUPowerNetwork | ab.FeedForwardNetwork = kind(**shape)
    return network


@st.composite
def network_sizes(draw: DrawFn) -> ab.NetworkSize:
    """Networks of which only totals are known."""
    depth = draw(st.integers(2, 12))
    weights = draw(st.integers(depth, 10**5))
    units = draw(st.one_of(st.none(), st.integers(depth - 1, 10**4)))
    degree, pieces = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    return ab.NetworkSize(weights=weights, depth=depth, units=units, degree=degree, pieces=pieces, bits=draw(bits()))


@st.composite
def skip_networks(draw: DrawFn, *, dim: int | None = None) -> ab.SkipNetwork:
    """With all connections, or with fewer parameters in each layer."""
    d = draw(_dims(dim))
    kind: dict[str, Any] = {"degree": draw(st.integers(0, 3)), "pieces": draw(st.integers(1, 4)), "bits": draw(bits())}
    full = ab.SkipNetwork(widths=draw(widths(most=20)), input_dim=d, **kind)
    if draw(st.booleans()):
        return full
    own = tuple(draw(st.integers(1, most)) for most in full.connections)
    return ab.SkipNetwork(widths=full.widths, input_dim=d, layer_weights=own, **kind)


@st.composite
def recurrent_networks(draw: DrawFn, *, dim: int | None = None, most: int = 24) -> ab.NetworkClass:
    """Any recurrent class with at most ``most`` hidden units; ``dim`` is the number of steps times that of inputs.

    >>> from hypothesis import find
    >>> G = find(recurrent_networks(dim=6), lambda G: G.inputs == 2)
    >>> G.steps, G.domain_dim
    (3, 6)
    """
    inputs = draw(st.sampled_from([k for k in range(1, 9) if dim is None or dim % k == 0]))
    shape: dict[str, Any] = {
        "steps": draw(st.integers(1, 40)) if dim is None else dim // inputs,
        "inputs": inputs,
        "bits": draw(st.one_of(st.none(), st.integers(1, 8))),
        "activation": draw(st.sampled_from(["linear", "relu", "modrelu"])),
    }
    kind = draw(st.sampled_from([ab.HadamRNN, ab.QORNN, ab.OrthogonalRNN, ab.RecurrentNetwork]))
    if kind is not ab.HadamRNN:
        shape["hidden"] = draw(st.integers(1, most))
        if kind is ab.QORNN:
            shape["recurrent_bits"] = draw(st.integers(1, 8))
        network: ab.NetworkClass = kind(**shape)
        return network
    hidden = draw(st.sampled_from([1, 2, *range(4, most + 1, 4)]))
    block = draw(st.sampled_from([None, *(m for m in (1, 2, 4, 8) if hidden % m == 0)]))
    layers = draw(st.sampled_from([1, 2])) if shape["activation"] == "linear" else 1
    return ab.HadamRNN(hidden=hidden, block=block, layers=layers, **shape)


@st.composite
def free_knot_splines(draw: DrawFn) -> ab.FreeKnotSplines:
    """Splines in one variable with up to 10^4 free knots."""
    degree = draw(st.integers(0, 5))
    smooth = degree > 0 and draw(st.booleans())
    return ab.FreeKnotSplines(knots=draw(st.integers(1, 10**4)), degree=degree, smooth=smooth)


@st.composite
def unions(draw: DrawFn, *, dim: int | None = None) -> ab.Union:
    """Two or three classes of the same number of inputs."""
    d = draw(_dims(dim))
    kinds = st.one_of(feedforward(dim=d), network_sizes(), skip_networks(dim=d), rivals(dim=d))
    return ab.Union(members=tuple(draw(st.lists(kinds, min_size=2, max_size=3))))


def rivals(*, dim: int | None = None) -> SearchStrategy[ab.NetworkClass]:
    """Linear spaces, finite classes and splines."""
    inputs, cells = st.sampled_from([None, dim]), st.integers(1, 10**4)
    return st.one_of(
        st.builds(ab.LinearSpace, dimension=st.integers(1, 10**6), input_dim=inputs),
        st.builds(ab.FiniteClass, bits=st.integers(0, 10**5), input_dim=inputs),
        st.builds(ab.FiniteClass, size=st.integers(1, 10**9), input_dim=inputs),
        st.builds(ab.PiecewisePolynomials, cells=cells, degree=st.integers(0, 3), input_dim=_dims(dim)),
        *([free_knot_splines()] if dim in {None, 1} else []),
    )


def network_classes(*, dim: int | None = None) -> SearchStrategy[ab.NetworkClass]:
    """All of the library's classes of finite pseudo-dimension: networks, recurrent ones, totals, rivals, unions.

    Those without a strategy here take the examples that their parameters declare.

    >>> from hypothesis import find
    >>> find(network_classes(dim=2), lambda G: isinstance(G, ab.LinearSpace) and G.dimension > 3).dimension
    4
    """
    return _network_classes(dim)


@cache
def _network_classes(dim: int | None) -> SearchStrategy[ab.NetworkClass]:
    return st.one_of(
        feedforward(dim=dim),
        network_sizes(),
        skip_networks(dim=dim),
        recurrent_networks(dim=dim, most=12),
        rivals(dim=dim),
        unions(dim=dim),
        # one of these is drawn as often as one of those above
        st.sampled_from(_untuned()).flatmap(lambda kind: records(kind, dim=dim)).filter(lambda G: G.bounded_growth),
    )


#: Classes in the strategies that :func:`network_classes` joins.
_TUNED = (
    *(ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork, ab.FeedForwardNetwork, ab.NetworkSize, ab.SkipNetwork),
    *(ab.HadamRNN, ab.QORNN, ab.OrthogonalRNN, ab.RecurrentNetwork),
    *(ab.LinearSpace, ab.FiniteClass, ab.PiecewisePolynomials, ab.FreeKnotSplines, ab.Union),
)


def _untuned() -> list[type[Any]]:
    """Other classes of the library that can have a finite pseudo-dimension."""
    others = [kind for kind in library(ab.NETWORK_CLASSES) if kind not in _TUNED]
    return [kind for kind in others if any(G.bounded_growth for G in examples(kind))]


def norm_classes(*, dim: int) -> SearchStrategy[ab.NetworkClass]:
    """Classes with bounded weights, most of infinite pseudo-dimension."""
    return _norm_classes(dim)


@cache
def _norm_classes(dim: int) -> SearchStrategy[ab.NetworkClass]:
    norms, inputs = st.lists(numbers(), min_size=1, max_size=4).map(tuple), st.just(dim)
    return st.one_of(
        st.builds(ab.LipschitzFunctions, constant=numbers(Fraction(1, 10), Fraction(100)), input_dim=inputs),
        st.builds(ab.BoundedLinear, norm=numbers(), input_dim=inputs),
        st.builds(ab.NormBoundedNetwork, norms=norms, input_dim=inputs),
        st.builds(ab.NormBoundedNetwork, norms=st.just((2, "1/2")), input_dim=inputs, widths=st.just((3,))),
    )
