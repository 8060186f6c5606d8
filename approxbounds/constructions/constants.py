"""Constants: one for all functions, or one for each, its value at the centre or its mean. THEORY.md, section 5."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.construction import Construction
from approxbounds.constructions.means import cube_means, mean_error, takes_means
from approxbounds.constructions.placement import placement_refusal, reshaped, widths_of
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.theorem import Query, Step, conditional
from approxbounds.witness import Witness

__all__ = ["ConstantConstruction", "PoincareConstant"]


class _Constant(Construction):
    @abstractmethod
    def value(self, query: Query, f: Function) -> float:
        """The constant for f."""

    def refusal(self, query: Query) -> str | None:
        if query.G.contains_constants:
            return None
        return "G is not known to contain the constants (real output biases, splines, polynomials have them)"

    def search(self, query: Query) -> Witness:
        return {}

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.number(1)

    def expression(self, query: Query) -> Any:
        return self.evaluate(SYMBOLIC, query, {})

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        return reshaped(query.G, (1,)) if placement_refusal(query.G) is None else None

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """The middle of the range; or the value at the centre, or the mean over the midpoints of m^d cubes.

        That is off by at most C sqrt(d)/(2m) for a C-Lipschitz f.
        """
        reason = placement_refusal(query.G)
        if reason is not None:
            raise NotApplicableError(f"{self.id}: there is nothing to build: {reason}")
        require_moderate(query.G)
        hidden = (np.zeros((0, 0)), np.zeros(0))
        output = (np.zeros((1, 0)), np.array([self.value(query, f)]))
        return dense(query.G, [*[hidden] * len(widths_of(query.G)), output])


class ConstantConstruction(_Constant):
    """The best constant: E_p <= (b - a)/2 for functions with values in [a, b], and any G that contains it."""

    id = "constant"
    title = "The best constant"
    statement = r"The constant $(a+b)/2$ is within $(b-a)/2$ of every function with values in $[a,b]$."
    any_measure = True

    def refusal(self, query: Query) -> str | None:
        reason = super().refusal(query)
        return "no range of the functions of F is known" if reason is None and query.F.value_range is None else reason

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        return query.F.span(A) / 2

    def value(self, query: Query, f: Function) -> float:
        low, high = query.F.value_range or (0, 0)
        return float(low + high) / 2


class PoincareConstant(_Constant):
    """E_p <= C/pi for p <= 2 if |f(x) - f(y)| <= C |x-y|_2; and E_p <= the error of f at the centre of the cube.

    For p > 2 the mean is within C pi^(-2/p) (d/3)^(1/2-1/p) of f.

    Hypotheses: G contains all constants, and constants of our choice near every f in F are known (``F.cube_error`` for
    one cube). Proof of C/pi: |grad f|_2 <= C almost everywhere; the mean of f over [0,1]^d satisfies the Poincaré
    inequality ||f - mean||_2 <= ||grad f||_2/pi, as the cosines prod_j cos(pi m_j x_j) are an orthogonal basis of
    L^2 and their gradients are orthogonal with squares pi^2 |m|^2 times theirs; and E_p <= E_2.
    """

    id = "poincare"
    title = "A constant for each function"
    statement = (
        r"The value of $f$ at the centre of the cube is as near to $f$ as that of a step function on one cube; if "
        r"$|f(x)-f(y)|\le C|x-y|_2$ and $p\le2$, the mean of $f$ is within $C/\pi$ (Poincaré's inequality)."
    )

    def refusal(self, query: Query) -> str | None:
        reason = super().refusal(query)
        if reason is None and query.F.cube_exponent(query.p) is None:
            return f"no error of one constant for each f is known for {type(query.F).__name__} and p = {query.p}"
        return reason

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        centre = query.F.cube_error(A, A.number(1), query.p)
        mean = mean_error(A, query.F, A.number(1), query.p)
        return centre if mean is None else A.minimum(centre, mean)

    def expression(self, query: Query) -> Any:
        return conditional(query, super().expression(query))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        error = self.evaluate(BALL, query, witness)
        which = "mean of $f$" if takes_means(query.F, query.p) else "value at the centre"
        return (*self.outline(query), Step(f"The {which} is within ${above(error)}$ of $f$.", self.citations))

    def value(self, query: Query, f: Function) -> float:
        means = takes_means(query.F, query.p)
        values = cube_means(f, 1, int(query.F.domain_dim)) if means else query.F.cube_values(f, 1)
        return float(values[0])
