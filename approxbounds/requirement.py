"""What inverse queries answer: the weights or bits that an error needs at least, and networks that reach it."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from approxbounds import render
from approxbounds.bound import Bound
from approxbounds.certificate import Certificate
from approxbounds.errors import ApproxBoundsError
from approxbounds.facts.networks import Architecture, NetworkFacts
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.sources import Citation, bibtex
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number

__all__ = ["SYMBOLS", "RequiredOrder", "Requirement", "Sufficiency", "WeightsBracket"]

#: How formulas write what is asked.
SYMBOLS = {"weights": "W", "bits": "b"}


class _Derived(ABC):
    """What answers with a derivation have in common."""

    @property
    @abstractmethod
    def latex(self) -> str:
        """The statement in LaTeX."""

    @property
    @abstractmethod
    def _steps(self) -> tuple[Step, ...]: ...

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Every source that the derivation uses, in order of first use."""
        return tuple(dict.fromkeys(citation for step in self._steps for citation in step.citations))

    def bibtex(self) -> str:
        """The BibTeX entries of :attr:`sources`."""
        return bibtex(self.sources)

    def explain(self) -> render.Derivation:
        """A numbered derivation in Markdown with LaTeX: the bounds that it rests on, and how far they reach."""
        return render.markdown(self.latex, self._steps, self.sources)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __repr__(self) -> str:
        return str(self)  # a terminal shows the statement


@dataclass(frozen=True, repr=False)
class Requirement(_Derived):
    """A lower bound on what an error needs: E_p(F, G) <= error only if G has ``value`` weights (or bits) or more.

    ``asked`` is "weights" or "bits". ``bound`` is the certified lower bound, above ``error``, for the largest
    class that is excluded, and None if nothing is excluded (then ``value`` is the least there is); ``covered``
    says why it covers all smaller ones. ``value`` is ``math.inf`` if no number of weights (or bits) suffices.
    ``limited``: the search ended there, everything that the library can describe is excluded.
    """

    asked: str
    value: int | float
    error: Number
    query: Query
    bound: Bound | None
    covered: Step
    limited: bool = False

    @property
    def certificate(self) -> Certificate | None:
        """The certificate of :attr:`bound`, which :func:`approxbounds.verify` checks; None if nothing is excluded."""
        return None if self.bound is None else self.bound.certificate

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        quantity, error = self._quantity, _shown(self.error, render.rounded)
        if math.isinf(self.value):
            return f"{quantity} > {error} \\text{{ for every number of {self.asked}}}"
        return f"{quantity} \\le {error} \\implies {SYMBOLS[self.asked]} \\ge {self.value}"

    @property
    def _quantity(self) -> str:
        return next(iter(LOWER_THEOREMS)).quantity(self.query)

    @property
    def _steps(self) -> tuple[Step, ...]:
        if self.bound is None:
            return (self.covered, Step("No certified bound excludes it, so the claim is trivial."))
        value, error = render.rounded(self.bound.value, False, 17), _shown(self.error, render.rounded)
        return (*self.bound.steps, self.covered, Step(f"The bound is above what is asked: ${value}>{error}$."))

    def __str__(self) -> str:
        goal = f"for {render.plain(self._quantity)} <= {_shown(self.error, render.number)}"
        asked = self.asked.removesuffix("s") if self.value == 1 else self.asked
        if self.bound is None:
            return f"at least {self.value} {asked} {goal}  [the least there is: nothing is excluded]"
        how = f"[{self.bound.origin}" + ("; no more can be described]" if self.limited else "]")
        if math.isinf(self.value):
            return f"no number of {self.asked} suffices {goal}  {how}"
        return f"at least {self.value} {asked} {goal}  {how}"


@dataclass(frozen=True, repr=False)
class RequiredOrder(_Derived):
    """What an error needs in symbols: classes with less than of the order ``rate`` are excluded.

    ``asked`` is "weights" or "bits" (per weight). As the error tends to 0, E_p(F, G) <= error implies that there is at
    least a constant, which is not specified, times ``rate``, a SymPy expression, for all sizes that are symbols;
    infinity: no number suffices. It follows from the rate of ``bound`` by the steps ``reasons``.
    """

    asked: str
    error: Any
    rate: Any
    bound: Bound
    reasons: tuple[Step, ...]

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        left, error = self.bound.theorem.quantity(self.bound.query), render.latex(self.error)
        if self.rate.is_infinite:
            return f"{left} > {error} \\text{{ for every number of {self.asked}}}"
        return f"{left} \\le {error} \\implies {SYMBOLS[self.asked]} \\ge c \\cdot {render.latex(self.rate)}"

    @property
    def _steps(self) -> tuple[Step, ...]:
        return (*self.bound.steps, *self.reasons)

    def __str__(self) -> str:
        goal = f"for {render.plain(self.bound.theorem.quantity(self.bound.query))} <= {self.error}"
        if self.rate.is_infinite:
            return f"no number of {self.asked} suffices {goal}, if it is small  [{self.bound.origin}]"
        return f"at least c * {self.rate} {self.asked} {goal}  [{self.bound.origin}]"


@dataclass(frozen=True, repr=False)
class Sufficiency(_Derived):
    """Networks that reach an error: E_p(F, G) <= error for G = ``network``, by a construction.

    ``bound`` is the certified upper bound, not above ``error``, for ``network``; ``smallest`` says in which sense no
    smaller network was found. Which one is the smallest of all is not known: what is known stands in
    :class:`WeightsBracket`.
    """

    error: Number
    bound: Bound
    smallest: Step

    @property
    def network(self) -> NetworkFacts:
        """The class of networks, with the widths of its layers."""
        return self.bound.query.G

    @property
    def _architecture(self) -> Architecture:
        found = self.network.architecture
        assert found is not None
        return found

    @property
    def weights(self) -> int:
        """The number of weights and biases of :attr:`network`."""
        return int(sum(self._architecture.parameters))

    @property
    def width(self) -> int:
        """The number of units of the widest layer of :attr:`network`."""
        return int(max(self._architecture.widths))

    @property
    def certificate(self) -> Certificate:
        """The certificate of :attr:`bound`, which :func:`approxbounds.verify` checks."""
        return self.bound.certificate

    @property
    def _shape(self) -> str:
        """The widths, as the command line writes them: 64x64, or 50^4."""
        runs = [(width, len(list(run))) for width, run in groupby(self._architecture.widths)]
        return "x".join(f"{width}^{times}" if times > 3 else "x".join([str(width)] * times) for width, times in runs)

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        quantity, error = self.bound.theorem.quantity(self.bound.query), _shown(self.error, render.rounded, up=True)
        widths = re.sub(r"\^(\d+)", r"^{\1}", self._shape).replace("x", r" \times ")
        size = f"\\text{{ for }} W = {self.weights} \\text{{ weights, widths }} {widths}"
        return f"{quantity} \\le {error} {size}"

    @property
    def _steps(self) -> tuple[Step, ...]:
        value, error = render.rounded(self.bound.value, True, 17), _shown(self.error, render.rounded)
        reached = Step(f"The bound is not above what is asked: ${value}\\le{error}$.")
        return (*self.bound.steps, reached, self.smallest)

    def __str__(self) -> str:
        quantity = render.plain(self.bound.theorem.quantity(self.bound.query))
        goal = f"{quantity} <= {_shown(self.error, render.number, up=True)}"
        return f"{self.weights} weights suffice for {goal}: widths {self._shape}  [{self.bound.origin}]"


@dataclass(frozen=True, repr=False)
class WeightsBracket(_Derived):
    """How many weights an error needs: at least ``required.value``, and ``sufficient.weights`` are enough.

    Both are about fully connected networks of the same number of layers. Raises ApproxBoundsError if they contradict
    each other: then one of their theorems is false.
    """

    required: Requirement
    sufficient: Sufficiency

    def __post_init__(self) -> None:
        if self.required.value > self.sufficient.weights:
            both = f"{self.required}; {self.sufficient}"
            raise ApproxBoundsError(f"the bounds contradict each other, so one is false: {both}")

    @property
    def ratio(self) -> float:
        """Sufficient over required number of weights, at least 1."""
        return self.sufficient.weights / self.required.value

    @property
    def latex(self) -> str:
        """The statement in LaTeX."""
        found = self.sufficient
        quantity, error = found.bound.theorem.quantity(found.bound.query), _shown(found.error, render.rounded)
        least = f"{self.required.value} \\le \\min\\{{W : {quantity} \\le {error}\\}}"
        return f"{least} \\le {found.weights}"

    @property
    def _steps(self) -> tuple[Step, ...]:
        return (*self.required._steps, *self.sufficient._steps)

    def __str__(self) -> str:
        quantity = render.plain(self.sufficient.bound.theorem.quantity(self.sufficient.bound.query))
        least, most = self.required.value, self.sufficient.weights
        goal = f"{quantity} <= {_shown(self.sufficient.error, render.number)}"
        return f"between {least} and {most} weights for {goal}"


def _shown(error: Number, show: Callable[[Number, bool], str], *, up: bool = False) -> str:
    """An exact number as it is if it is short, else rounded to the side on which the claim remains true."""
    text = str(error)
    return text if len(text) <= 10 else show(error, up)
