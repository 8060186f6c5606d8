"""Hypothesis strategies for questions and answers: pairs of classes, bounds and certificates."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import approxbounds as ab
from approxbounds.testing.mutants import unsafe_mutants
from approxbounds.testing.strategies import (
    MOST_DIM,
    dims,
    exponents,
    function_classes,
    holder_balls,
    network_classes,
    norm_classes,
    numbers,
    scales,
)

__all__ = ["bounds", "certificates", "pairs", "sharp_pairs", "unsafe_certificates", "wide_pairs"]

_MOST_UNITS = 5000  # of a layer of :func:`wide_pairs`: the errors of one and two layers of it are small


@st.composite
def pairs(draw: DrawFn, *, families_only: bool = False) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """(F, G) on the same domain: two fifths any classes, as many :func:`wide_pairs`, and :func:`sharp_pairs`.

    A formula that is false by a factor only, or of a wrong order, shows where errors are known well; one that forgets a
    case, anywhere.

    >>> from hypothesis import find
    >>> F, G = find(pairs(), lambda pair: pair[1].domain_dim == 2)
    >>> F.domain_dim in (None, 2)
    True
    """
    which = draw(st.sampled_from(["any", "any", "wide", "wide", "sharp"]))
    if which != "any":
        return draw(wide_pairs() if which == "wide" else sharp_pairs())
    d = draw(dims())
    G = draw(st.one_of(network_classes(dim=d), norm_classes(dim=d)))
    return draw(function_classes(dim=d, families_only=families_only)), G


@st.composite
def wide_pairs(draw: DrawFn) -> tuple[ab.FunctionClass, ab.NetworkClass]:
    """Lipschitz and Hölder balls in one variable and wide ReLU or Heaviside networks, whose errors are known well.

    With one hidden layer, of up to 5000 units, both bounds are of the same order; with two the upper bounds are small.

    >>> from hypothesis import find
    >>> find(wide_pairs(), lambda pair: pair[1].widths[0] > 2000)[1]
    ReLUNetwork(widths=(2001,), input_dim=1, bias=True, bits=None)
    """
    units = st.integers(1, _MOST_UNITS)
    shape: dict[str, Any] = {"widths": draw(st.one_of(st.tuples(units), st.tuples(units), st.tuples(units, units)))}
    kind = draw(st.sampled_from([ab.ReLUNetwork, ab.ReLUNetwork, ab.HeavisideNetwork]))
    lipschitz = st.builds(ab.LipschitzBall, dim=st.just(1), radius=numbers())
    F = draw(st.one_of(lipschitz, lipschitz, holder_balls(dim=1)))
    return F, kind(input_dim=1, **shape)


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
    """A bound with a number: on E_p from either side, a pseudo-dimension, a fat-shattering dimension or a packing."""
    F, G = draw(pairs(families_only=True))
    p, scale = draw(exponents()), draw(scales())
    question = draw(st.sampled_from(["lower", "upper", "pdim", "vc", "fat", "packing"]))
    try:
        if question in {"lower", "upper"}:
            ask = ab.lower_bounds if question == "lower" else ab.upper_bounds
            found = [bound for bound in ask(F, G, p=p) if bound.number is not None]
        elif question == "packing":
            found = [F.packing(scale, p=p)]
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
