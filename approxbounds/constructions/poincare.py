"""One constant for each function: its value at the centre, or its mean. THEORY.md, section 5."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.constructions.placement import placement_refusal, reshaped, widths_of
from approxbounds.errors import NoExpressionError, NotApplicableError
from approxbounds.facts.built import DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function, midpoints, values_at
from approxbounds.facts.networks import NetworkFacts
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem, conditional
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness

__all__ = ["PoincareConstant"]

_POINTS = 10**5  # at most, at which a mean is taken


class PoincareConstant(Theorem):
    """E_p <= C/pi for p <= 2 if |f(x) - f(y)| <= C |x-y|_2; and E_p <= the error of f at the centre of the cube.

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
    citations = (Citation("approxbounds", "5"),)
    direction = Direction.UPPER

    def refusal(self, query: Query) -> str | None:
        if not query.G.contains_constants:
            return "G is not known to contain the constants (real output biases, splines, polynomials have them)"
        if query.F.cube_exponent(query.p) is None:
            return f"no error of one constant for each f is known for {type(query.F).__name__} and p = {query.p}"
        return None

    def search(self, query: Query) -> Witness:
        return {}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        centre = query.F.cube_error(A, A.number(1), query.p)
        return A.minimum(centre, self._mean(A, query)) if self._has_mean(query) else centre

    def _has_mean(self, query: Query) -> bool:
        """Whether all f are Lipschitz and p <= 2."""
        p, exponent = query.p, query.F.modulus_exponent
        if is_symbolic(p) or is_symbolic(exponent):
            return False
        return exponent == 1 and not is_infinite(p) and p <= 2

    def _mean(self, A: Arithmetic[V], query: Query) -> V:
        """C/pi, where pi = B(1/2, 1/2)."""
        half = A.number(1) / 2
        return query.F.modulus_constant(A) / A.exp(A.log_beta(half, half))

    def rate(self, query: Query) -> Any:
        return SYMBOLIC.number(1)

    def expression(self, query: Query) -> Any:
        if is_symbolic(query.F.domain_dim) and self._has_mean(query):
            raise NoExpressionError(f"{self.id}: the closed form needs a number for the dimension")
        return conditional(query, self.evaluate(SYMBOLIC, query, {}))

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        error = self.evaluate(BALL, query, witness)
        which = "mean of $f$" if self._takes_mean(query) else "value at the centre"
        return (*self.outline(query), Step(f"The {which} is within ${above(error)}$ of $f$.", self.citations))

    def smallest_network(self, query: Query, witness: Witness) -> NetworkFacts | None:
        return reshaped(query.G, (1,)) if placement_refusal(query.G) is None else None

    def _takes_mean(self, query: Query) -> bool:
        return self._has_mean(query) and bool(
            self._mean(FLOAT, query) < query.F.cube_error(FLOAT, FLOAT.number(1), query.p)
        )

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """The mean is that over the midpoints of k^d cubes: off by at most C sqrt(d)/(2k) for a C-Lipschitz f."""
        reason = placement_refusal(query.G)
        if reason is not None:
            raise NotApplicableError(f"{self.id}: there is nothing to build: {reason}")
        require_moderate(query.G)
        d = int(query.F.domain_dim)
        if self._takes_mean(query):
            value = float(values_at(f, midpoints(max(1, int(_POINTS ** (1 / d))), d)).mean())
        else:
            value = float(query.F.cube_values(f, 1)[0])
        hidden = (np.zeros((0, 0)), np.zeros(0))
        return dense(query.G, [*[hidden] * len(widths_of(query.G)), (np.zeros((1, 0)), np.array([value]))])
