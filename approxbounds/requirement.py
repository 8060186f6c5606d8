"""What inverse queries answer: the numbers, or orders, of weights or bits that an error needs at least."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approxbounds import render
from approxbounds.bound import Bound
from approxbounds.certificate import Certificate
from approxbounds.registry import LOWER_THEOREMS
from approxbounds.sources import Citation, bibtex
from approxbounds.theorem import Query, Step
from approxbounds.validation import Number

__all__ = ["SYMBOLS", "RequiredOrder", "Requirement"]

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
        """A numbered derivation in Markdown with LaTeX: the bound that excludes, and its reach."""
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


def _shown(error: Number, show: Callable[[Number, bool], str]) -> str:
    """An exact number as it is if it is short, else rounded down: then the claim remains true."""
    text = str(error)
    return text if len(text) <= 10 else show(error, False)
