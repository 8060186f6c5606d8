"""Tparity: linear spaces against parities of few of many coordinates. THEORY.md, Tparity."""

from __future__ import annotations

from fractions import Fraction
from math import comb

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.members import MOST_AXES
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.linear_spaces import no_space, space_step
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness, integer_of, require

__all__ = ["ParityTheorem"]


class ParityTheorem(Theorem):
    """E_p >= ||w||_2 (1 - D/M)^{1/2}, 2 <= p <= inf, M = C(d,q) > D: one function for each set of q coordinates.

    Hypotheses: F contains functions of any q of its d coordinates, the same for all sets S of q, among them those of a
    family c +- w with the 2^q halves of the cube as cells; G lies in a linear or affine space of dimension D.
    With the product of the signs of x_j - 1/2, j in S, as signs the parts +-w are orthogonal, so that most of them are
    far from a space of D dimensions. Tlin counts cells, 2^q of them for q coordinates: q must be larger, w is smaller.
    Witness: ``dims`` = q. Proof: THEORY.md, Tparity.
    """

    id = "Tparity"
    title = "Parities of few coordinates against linear spaces"
    statement = (
        r"For each set $S$ of $q$ of the $d$ coordinates $c_S\pm w_S\prod_{j\in S}\operatorname{sign}(x_j-\frac12)$ "
        r"are in $F$, and the products are orthogonal for different $S$. If $G$ lies in an affine space of dimension "
        r"$D$, then $E_p(F,G)\ge\|w\|_2(1-D/M)^{1/2}$, $p\ge2$, by one of the $M=\binom dq$ sets."
    )
    citations = (Citation("approxbounds", "Tparity"),)

    def refusal(self, query: Query) -> str | None:
        if not is_infinite(query.p) and (is_symbolic(query.p) or query.p < 2):
            return f"p = {query.p}: it is proved for p >= 2"
        if query.symbols:
            return "it is for numbers, not for symbols"
        known = query.F.symmetric and query.F.cylinder((0,)) is not None and _family(query, 1) is not None
        return no_space(query) or (None if known else "no functions of any few coordinates with two halves are known")

    def search(self, query: Query) -> Witness:
        d, D = int(query.F.domain_dim), int(query.G.linear_dimension or 0)
        best, dims = 1e-308, 0
        for q in range(1, min(d, MOST_AXES) + 1):
            family, M = _family(query, q), comb(d, q)
            if family is not None and M > D:
                value = float(family.norm(FLOAT, {}, 2)) * float(Fraction(M - D, M)) ** 0.5
                if value > best:
                    best, dims = value, q
        if not dims:
            raise HypothesisError(f"no number of coordinates has more than D={D} sets")
        return {"dims": dims}

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        family, M = self._read(query, witness)
        share = A.number(M - int(query.G.linear_dimension or 0)) / A.number(M)
        return family.norm(A, {}, 2) * A.power(share, A.number(Fraction(1, 2)))

    @staticmethod
    def _read(query: Query, witness: Witness) -> tuple[HypercubeFamily, int]:
        """The family and M."""
        q, d, D = integer_of(witness, "dims", minimum=1), int(query.F.domain_dim), int(query.G.linear_dimension or 0)
        require(q <= d, f"dims={echo(q)} must be at most the dimension of F, {d}")
        M, family = comb(d, q), _family(query, q)
        require(M > D, f"M={echo(M)} must be greater than the dimension D={D}")
        if family is None:
            raise HypothesisError(f"dims={echo(q)}: no family with the halves as cells is known")
        return family, M

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        family, M = self._read(query, witness)
        q, D = integer_of(witness, "dims"), query.G.linear_dimension
        return (
            Step(
                f"Functions of any $q={q}$ coordinates of $x$ are in $F$ as functions of $x$. {family.describe({})} "
                f"Here $\\|w\\|_2\\ge {below(family.norm(BALL, {}, 2))}$.",
                family.citations,
            ),
            space_step(query),
            Step(
                f"{self.statement} Here $\\|w\\|_2(1-{D}/{M})^{{1/2}}\\ge "
                f"{below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )


def _family(query: Query, dims: int) -> HypercubeFamily | None:
    """The family of functions of so many coordinates with the halves as cells, or None."""
    functions = query.F.cylinder(tuple(range(dims))) if dims < query.F.domain_dim else query.F
    families = () if functions is None else functions.families
    return next((family for family in families if family.mirrored), None)
