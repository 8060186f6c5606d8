"""A lower and an upper bound on one quantity, held together."""

from __future__ import annotations

from dataclasses import dataclass

from approxbounds.bound import Bound
from approxbounds.errors import ApproxBoundsError
from approxbounds.facts.grid import Function
from approxbounds.render import number, plain, rounded

__all__ = ["Bracket"]


@dataclass(frozen=True)
class Bracket:
    """A lower and an upper bound on the same quantity; ``ratio`` is upper / lower.

    Raises ApproxBoundsError if they contradict each other: then one of their theorems is false.
    """

    lower: Bound
    upper: Bound

    def __post_init__(self) -> None:
        if self._has_numbers and self.lower.value > self.upper.value:
            raise ApproxBoundsError(f"the bounds contradict each other, so one is false: {self.lower}; {self.upper}")

    @property
    def ratio(self) -> float:
        """Upper over lower bound, at least 1; NoNumberError without numbers."""
        return float(self.upper.value) / float(self.lower.value)

    def measure(self, f: Function, *, per_side: int) -> float:
        """The error of the network that the upper bound builds for f, on the midpoints of per_side^d cubes.

        A measurement by the midpoint rule, not certified: for f in F the true error is at most the upper bound, and for
        the hard functions of the lower bound on average at least that one. Errors as :meth:`Bound.build`.

        >>> import approxbounds as ab
        >>> found = ab.bracket(ab.MonotoneFunctions(dim=2), ab.HeavisideNetwork(widths=(6, 15), input_dim=2), p=1)
        >>> found.lower.value < found.measure(lambda x: x.mean(axis=1), per_side=60) < found.upper.value
        True
        """
        return self.upper.build(f).error(f, p=self.upper.query.p, per_side=per_side)

    @property
    def _has_numbers(self) -> bool:
        return None not in (self.lower.number, self.upper.number)

    def __str__(self) -> str:
        if not self._has_numbers:
            return f"{self.lower}\n{self.upper}"
        quantity = plain(self.lower.theorem.quantity(self.lower.query))
        return f"{number(self.lower.value, False)} <= {quantity} <= {number(self.upper.value, True)}"

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        if not self._has_numbers:
            return f"{self.lower._repr_latex_()}\n\n{self.upper._repr_latex_()}"
        low, high = rounded(self.lower.value, False), rounded(self.upper.value, True)
        return f"$\\displaystyle {low} \\le {self.lower.theorem.quantity(self.lower.query)} \\le {high}$"
