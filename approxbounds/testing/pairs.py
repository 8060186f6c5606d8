"""Hypothesis strategies for questions and answers: pairs of classes, bounds and certificates."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import approxbounds as ab
from approxbounds.testing.mutants import unsafe_mutants
from approxbounds.testing.strategies import (
    MOST_DIM,
    anisotropic_balls,
    dims,
    exponents,
    function_classes,
    holder_balls,
    network_classes,
    norm_classes,
    numbers,
    recurrent_networks,
    scales,
)

__all__ = ["bounds", "certificates", "large_pairs", "pairs", "sharp_pairs", "unsafe_certificates", "wide_pairs"]

_LARGE_DIMS = (5, 8, 16, 17, 24, 32, 33, 64, 100, 784)
_MOST_DIRECTIONS = 20  # of anisotropic balls
_MOST_UNITS = 5000  # of a layer of :func:`wide_pairs`: the errors of one and two layers of it are small


@st.composite
def pairs(draw: DrawFn, *, families_only: bool = False) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """(F, G) on the same domain: any classes, :func:`wide_pairs`, :func:`sharp_pairs` and :func:`large_pairs`.

    A formula that is false by a factor only, or of a wrong order, shows where errors are known well; one that forgets a
    case, anywhere; one that does not see how large a dimension is, in a large one.

    >>> from hypothesis import find
    >>> F, G = find(pairs(), lambda pair: pair[1].domain_dim == 2)
    >>> F.domain_dim in (None, 2)
    True
    """
    which = draw(st.sampled_from(["any", "any", "wide", "wide", "wide", "wide", "sharp", "large"]))
    if which != "any":
        return draw({"wide": wide_pairs, "sharp": sharp_pairs, "large": large_pairs}[which]())
    d = draw(dims())
    G = draw(st.one_of(network_classes(dim=d), norm_classes(dim=d)))
    return draw(function_classes(dim=d, families_only=families_only)), G


@st.composite
def wide_pairs(draw: DrawFn) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """Wide ReLU or Heaviside networks, and classes whose errors are known well: most of them balls in one variable.

    With one hidden layer, of up to 5000 units, both bounds are of the same order for Lipschitz and Hölder balls in one
    variable; with two the upper bounds are small. Others are monotone, convex and Sobolev functions, of up to three
    variables, and networks as step functions on many cubes are.

    >>> from hypothesis import find
    >>> find(wide_pairs(), lambda pair: pair[1].widths[0] > 2000)[1]
    ReLUNetwork(widths=(2001,), input_dim=1, bias=True, bits=None)
    """
    d = draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
    units = st.integers(1, _MOST_UNITS) | st.integers(40, _MOST_UNITS)  # not too often a single one
    shapes = [st.tuples(units), st.tuples(units), st.tuples(units, units)]
    if d > 1:
        shapes = [st.tuples(st.integers(1, 100), units), st.tuples(units)]
    kind = draw(st.sampled_from([ab.ReLUNetwork, ab.ReLUNetwork, ab.HeavisideNetwork]))
    G = kind(input_dim=d, widths=draw(st.one_of(shapes)))
    return draw(_wide_functions(d)), G


@cache  # building it takes longer than drawing from it
def _wide_functions(d: int) -> SearchStrategy[ab.FunctionClass]:
    """Half of them Lipschitz balls, for which false orders show."""
    lipschitz = st.builds(ab.LipschitzBall, dim=st.just(d), radius=numbers())
    others: list[SearchStrategy[Any]] = [holder_balls(dim=d), *_others(d)]
    return st.sampled_from([lipschitz] * len(others) + others).flatmap(lambda chosen: chosen)


def _others(d: int) -> list[SearchStrategy[Any]]:
    """Monotone, convex and Sobolev functions, the latter with bounded derivatives or not."""
    dim, orders = st.just(d), {"smoothness": st.integers(1, 4), "integrability": exponents(), "radius": numbers()}
    shaped = [st.builds(kind, dim=dim) for kind in (ab.MonotoneFunctions, ab.ConvexFunctions)]
    return [*shaped, st.builds(ab.SobolevBall, dim=dim, **orders)]


@st.composite
def large_pairs(draw: DrawFn) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """Functions of many variables, up to 784; half of the networks are recurrent, with as many steps or fewer.

    The others: with and without biases, of one to six layers, and linear spaces. The dimensions are such that some
    theorem may begin or cease to apply.

    >>> from hypothesis import Phase, find, settings
    >>> F, G = find(large_pairs(), lambda pair: True, settings=settings(phases=[Phase.generate]))
    >>> F.domain_dim == G.domain_dim > 4
    True
    """
    d = draw(st.sampled_from(_LARGE_DIMS))
    return draw(_large_functions(d)), draw(_large_networks(d))


@cache
def _large_functions(d: int) -> SearchStrategy[ab.FunctionClass]:
    balls: list[SearchStrategy[Any]] = [st.builds(ab.LipschitzBall, dim=st.just(d), radius=numbers())]
    balls.append(holder_balls(dim=d))
    if d <= _MOST_DIRECTIONS:
        balls.append(anisotropic_balls(dim=d))
    return st.one_of(*balls, *_others(d))


@cache
def _large_networks(d: int) -> SearchStrategy[ab.NetworkClass]:
    inputs = st.just(d)
    shape: dict[str, Any] = {"widths": st.lists(st.integers(1, 64), min_size=1, max_size=6).map(tuple)}
    shape |= {"input_dim": inputs, "bias": st.booleans()}
    others = st.one_of(
        *(st.builds(kind, **shape) for kind in (ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork)),
        st.builds(ab.LinearSpace, dimension=st.integers(1, _MOST_UNITS), input_dim=inputs),
        st.builds(ab.PiecewisePolynomials, cells=st.integers(1, 2 ** min(d, 20)), degree=st.just(0), input_dim=inputs),
        st.builds(ab.BoundedLinear, norm=numbers(), input_dim=inputs),
    )
    return st.booleans().flatmap(lambda recurrent: recurrent_networks(dim=d, most=64) if recurrent else others)


@st.composite
def sharp_pairs(draw: DrawFn) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """Pairs whose error is known exactly, or almost, so that no false factor fits between the bounds.

    Monotone functions and a single function, where E_p = 1/2 for every p; monotone functions of several variables and
    small classes that contain the constants, where E_inf = 1/2; Lipschitz functions of one variable and linear spaces
    or step functions on fixed cells in sup norm, and Hölder balls and Lipschitz functions, too.

    >>> from hypothesis import find
    >>> F, G = find(sharp_pairs(), lambda pair: isinstance(pair[1], ab.FiniteClass))
    >>> ab.lower_bound(F, G, p=3)
    E_3(F, G) >= 0.5  [T3, certified]
    """
    which = draw(st.sampled_from(["one function", "monotone", "spaces", "extension"]))
    if which == "one function":
        return ab.MonotoneFunctions(dim=draw(dims())), ab.FiniteClass(size=1)
    if which == "monotone":
        d = draw(st.integers(2, MOST_DIM))
        cells, inputs = st.integers(1, 1000), st.just(d)
        steps = st.builds(ab.PiecewisePolynomials, cells=cells, degree=st.just(0), input_dim=inputs)
        nets = st.builds(ab.HeavisideNetwork, widths=st.tuples(st.integers(1, 1000)), input_dim=inputs)
        return ab.MonotoneFunctions(dim=d), draw(st.one_of(steps, nets))
    if which == "spaces":
        size = draw(st.integers(2, _MOST_UNITS))
        spaces = [ab.LinearSpace(dimension=size), ab.PiecewisePolynomials(cells=size, degree=0, input_dim=1)]
        return ab.LipschitzBall(dim=1, radius=draw(numbers())), draw(st.sampled_from(spaces))
    F = ab.HolderBall(smoothness=draw(st.sampled_from(["1/4", "1/2"])), dim=1, radius=draw(numbers()))
    return F, ab.LipschitzFunctions(constant=draw(st.integers(1, 1000)), input_dim=1)


@st.composite
def bounds(draw: DrawFn) -> ab.Bound:
    """A bound with a number: on E_p from either side, a dimension of G, a packing or a cover of F."""
    F, G = draw(pairs(families_only=True))
    p, scale = draw(exponents()), draw(scales())
    question = draw(st.sampled_from(["lower", "upper", "pdim", "vc", "fat", "packing", "covering"]))
    try:
        if question in {"lower", "upper"}:
            ask = ab.lower_bounds if question == "lower" else ab.upper_bounds
            found = [bound for bound in ask(F, G, p=p) if bound.number is not None]
        elif question == "packing":
            found = [F.packing(scale, p=p)]
        elif question == "covering":
            found = [F.covering(scale, p=p)]
        else:
            dimensions = {"pdim": G.pseudo_dimension, "vc": G.vc_dimension}
            best = dimensions[question]() if question in dimensions else G.fat_shattering(scale)
            found = [best, *(other for other in best.others if isinstance(other, ab.Bound))]
    except ab.NotApplicableError:
        found = []
    # there is always an answer to this question
    return (
        draw(st.sampled_from(found)) if found else ab.LinearSpace(dimension=draw(st.integers(1, 99))).pseudo_dimension()
    )


def certificates() -> SearchStrategy[ab.Certificate]:
    """Certificates of true bounds of all kinds.

    >>> from hypothesis import find
    >>> bool(ab.verify(find(certificates(), lambda certificate: certificate.direction == "upper")))
    True
    """
    return bounds().map(lambda bound: bound.certificate)


def unsafe_certificates() -> SearchStrategy[dict[str, Any]]:
    """Certificates, as JSON objects, with one change that makes them false or malformed: none may be accepted."""
    return certificates().flatmap(lambda certificate: st.sampled_from(list(unsafe_mutants(certificate))))
