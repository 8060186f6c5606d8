"""Bounds as curves: against the size of the network, by theorem, against the exponent of the norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter
from numpy.typing import ArrayLike

from approxbounds.bound import Bound
from approxbounds.errors import NotApplicableError, ParameterError
from approxbounds.networks.base import NetworkClass
from approxbounds.plots.looks import SERIES, Series, axes
from approxbounds.query import bracket as bracket_of
from approxbounds.query import lower_bound, lower_bounds, network_class
from approxbounds.validation import is_infinite, is_symbolic, sequence, several

__all__ = ["bracket", "bracket_lines", "norms", "theorems"]


def bracket(
    F: Any, networks: Any, *, p: Any, ax: Axes | None = None, look: Series = SERIES[0], label: str | None = None
) -> Axes:
    """Certified lower bounds (filled) and constructive upper bounds (open) on E_p(F, G), against the weights of G.

    ``networks``: one class or several, of known numbers of weights. ``look``: of the curves. ``label``: their name in a
    legend. Raises ParameterError for other input, NotApplicableError where there is no bracket.
    """
    classes = _classes(networks)
    weights, found = _weights(classes), [bracket_of(F, G, p=p) for G in classes]
    ax = axes(ax)
    lower, upper = [each.lower.value for each in found], [each.upper.value for each in found]
    bracket_lines(ax, weights, lower, upper, look=look, label=label)
    ax.set(xscale="log", yscale="log", xlabel="number of weights $W$", ylabel=f"error ${_error(found[0].lower)}$")
    return ax


def bracket_lines(
    ax: Axes,
    sizes: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    *,
    look: Series = SERIES[0],
    label: str | None = None,
    **more: Any,
) -> None:
    """Lower bounds with filled and upper bounds with open markers; ``more``: for ``Axes.plot``."""
    ax.plot(sizes, upper, **look.line(markerfacecolor="white", **more))
    ax.plot(sizes, lower, **look.line(label=label, **more))


def theorems(F: Any, networks: Any, *, p: Any, names: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """The certified lower bounds on E_p(F, G) that different theorems give, against the weights of G.

    ``names``: ids of theorems such as "T3", by default all that give a number for some network. Raises ParameterError
    for other input, NotApplicableError if there is nothing to draw.
    """
    classes = _classes(networks)
    weights = _weights(classes)
    found = [{b.theorem.id: b for b in lower_bounds(F, G, p=p) if b.number is not None} for G in classes]
    known = dict.fromkeys(name for bounds in found for name in bounds)
    asked = known if names is None else sequence("names", names, most=100, what="ids of theorems")
    for bounds in found:
        for bound in bounds.values():
            if bound.theorem.infinite:
                raise NotApplicableError(f"there is nothing to draw: {bound}")
    missing = [name for name in asked if name not in known]
    if missing or not known:
        raise NotApplicableError(f"no number by {', '.join(map(str, missing)) or 'any theorem'} for these networks")
    ax = axes(ax)
    for number, name in enumerate(asked):
        points = [(W, bounds[name].value) for W, bounds in zip(weights, found, strict=True) if name in bounds]
        ax.plot(*zip(*points, strict=True), **SERIES[number % len(SERIES)].line(label=str(name)))
    one = next(bound for bounds in found for bound in bounds.values())
    ax.set(xscale="log", yscale="log", xlabel="number of weights $W$", ylabel=f"lower bound on ${_error(one)}$")
    ax.legend()
    return ax


def norms(
    F: Any, G: Any, *, p: Sequence[Any], ax: Axes | None = None, look: Series = SERIES[0], label: str | None = None
) -> Axes:
    """Certified lower bounds on E_p(F, G) against p, and as a thin line that in the sup norm if there is a finite one.

    ``p``: finite exponents. Raises ParameterError for other input, NotApplicableError where there is no bound.
    """
    found = [lower_bound(F, G, p=each) for each in sequence("p", p, most=10**4, what="exponents")]
    if infinite := [bound for bound in found if bound.theorem.infinite]:
        raise NotApplicableError(f"there is nothing to draw: {infinite[0]}")
    exponents = [bound.query.p for bound in found]
    if any(is_infinite(each) or is_symbolic(each) for each in exponents):
        raise ParameterError("p", p, "must be finite numbers: the sup norm is drawn by itself")
    values, ax = [bound.value for bound in found], axes(ax)
    ax.plot([float(each) for each in exponents], values, **look.line(marker="", label=label))
    sup = lower_bounds(F, G, p="inf").bounds
    limit = max((bound.value for bound in sup if bound.number is not None), default=None)
    if limit is not None and math.isfinite(limit):
        ax.axhline(limit, color=look.color, linestyle=look.dashes, linewidth=0.5)
    ax.set(xscale="log", yscale="log", xlabel="$p$", ylabel="lower bound on $E_p$")
    ax.xaxis.set_major_locator(LogLocator(base=2))
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_locator(NullLocator())
    return ax


def _classes(networks: object) -> tuple[NetworkClass, ...]:
    """One network class or several."""
    return tuple(map(network_class, several("networks", networks, most=10**4, what="network classes")))


def _weights(classes: tuple[NetworkClass, ...]) -> list[int]:
    """Their numbers of weights."""
    found = []
    for G in classes:
        sizes = G.counted_sizes
        if sizes is None or is_symbolic(sizes.weights):
            raise ParameterError("networks", G, "must have a number of weights to be drawn against it")
        found.append(int(sizes.weights))
    return found


def _error(bound: Bound) -> str:
    """The quantity without its arguments."""
    return bound.theorem.quantity(bound.query).partition("(")[0]
