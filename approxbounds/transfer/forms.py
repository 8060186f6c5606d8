"""Tforms: random multilinear forms in many coordinates. THEORY.md, Tforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import ceil, comb, factorial, log
from typing import Any

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V
from approxbounds.complexity.pseudo_dimension import no_growth, pdim_steps, pdim_upper
from approxbounds.errors import HypothesisError, echo
from approxbounds.facts.functions import SmoothBall
from approxbounds.facts.hypercube import Thresholds
from approxbounds.render import above, below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.transfer.haussler import CITATION, checked_pdim, log2_haussler
from approxbounds.validation import is_infinite, is_symbolic
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["FormsTheorem", "RandomForms"]

_HALF = Fraction(1, 2)
_MOST_DEGREE, _MOST_FORMS = 16, 10**300  # of searches; so many coefficients are a double
_TWELFTH = Fraction(1, 12)


@dataclass(frozen=True)
class RandomForms:
    """a F with F = sum_S g_S prod_{j in S} u_j over all q-subsets S of d coordinates, u = x - (1/2, .., 1/2).

    K is the part of the cube with |u|_2 <= rho sqrt(d), all of it for rho = 1/2; M = C(d,q); g_S are normal numbers.
    ``ball`` is a ball of smooth functions in F. If ``rough``, s <= 1, f is a F at the nearest point of K, clipped to
    [-R',R']. Else K is the cube and f = a F. ``ball`` None: F has all convex functions with values in [0,1], K is the
    cube, and f = b |u|_2^2 + a F, q >= 2.
    """

    dim: int
    degree: int  # q
    ball: SmoothBall | None
    rho: Fraction = _HALF
    tilt: Fraction = Fraction(0)  # lambda

    @property
    def count(self) -> int:
        """M."""
        return comb(self.dim, self.degree)

    @property
    def rough(self) -> bool:
        return self.ball is not None and self.ball.is_rough

    def check(self) -> None:
        """Raise HypothesisError unless there are such forms, 9 or more coefficients."""
        least = 2 if self.ball is None else 1
        require(
            least <= self.degree < self.dim, f"degree={echo(self.degree)} must be from {least} to d-1={self.dim - 1}"
        )
        require(9 <= self.count < _MOST_FORMS, f"there must be 9 to 10^300 forms of degree={self.degree}")
        require(self.rho <= _HALF, f"rho={echo(self.rho)} must be at most 1/2")
        require(
            self.rough or self.rho == _HALF, "only functions of smoothness s <= 1 leave parts of the cube, rho < 1/2"
        )

    def radius(self, A: Arithmetic[V]) -> V:
        """R' = R 2^{alpha-1}: what is Lipschitz with R' and varies by 2R' at most is alpha-Hölder with R.

        1/2 for convex functions: in any case f has values in an interval of length 2R'.
        """
        if self.ball is None:
            return A.number(_HALF)
        alpha = Fraction(self.ball.smoothness) - (ceil(self.ball.smoothness) - 1)
        return A.number(self.ball.radius) * A.power(A.number(2), A.number(alpha - 1))

    def norm(self, A: Arithmetic[V]) -> V:
        """T: |F| <= T on the unit ball but with probability e^{-2}."""
        roots = A.power(A.number(self.degree * self.dim), A.number(_HALF)) + 3
        return roots / A.power(A.number(factorial(self.degree)), A.number(_HALF))

    def amplitude(self, A: Arithmetic[V]) -> V:
        """a, such that f is in the class F if |F| <= T on the unit ball."""
        q, T, side = self.degree, self.norm(A), A.power(A.number(self.dim), A.number(_HALF)) * A.number(self.rho)
        if self.rough:
            return self.radius(A) / (q * T * A.power(side, A.number(q - 1)))
        if self.ball is None:  # b = 4 q(q-1)/(d (q(q-1)+2))
            return 8 / (self.dim * (q * (q - 1) + 2) * T * A.power(side, A.number(q - 2)))
        orders = range(min(q, ceil(self.ball.smoothness)) + 1)
        sizes = (factorial(q) // factorial(q - j) * T * A.power(side, A.number(q - j)) for j in orders)
        return self.radius(A) / A.maximum(*sizes)

    def kept(self, A: Arithmetic[V]) -> V:
        """A lower bound on 12^q int_K u_1^2 .. u_q^2: what is lost outside K by the exponential moments of |u|^2."""
        if self.rho == _HALF:
            return A.number(1)
        d, q, tilt = self.dim, self.degree, A.number(self.tilt)
        moment = (A.exp(tilt / 6) - 1 - tilt / 6) / 5
        exponent = A.number(q) * tilt / 6 + (d - q) * moment - tilt * d * A.number(self.rho**2 - _TWELFTH)
        return 1 - A.exp(exponent)

    def clipped(self, A: Arithmetic[V]) -> V:
        """A bound on ||(aF - f) 1_K||_2 but with probability 1/4."""
        if not self.rough:
            return A.number(0)
        size = A.power(A.power(A.number(self.dim), A.number(_HALF)) * A.number(self.rho), A.number(self.degree))
        deviation = self.amplitude(A) * size / A.power(A.number(factorial(self.degree)), A.number(_HALF))
        c = self.radius(A) / deviation
        tail = A.number(Fraction(8, 5)) * A.exp(-c * c / 2) / (c * c * c)
        return 2 * deviation * A.power(tail, A.number(_HALF))

    def size(self, A: Arithmetic[V]) -> V:
        """A lower bound on ||a F 1_K||_2 but with probability e^{-2}."""
        kept = self.kept(A)
        if A.decides:
            require(bool(kept > 0), "K is not certainly large enough for this tilt")
        few = A.number(self.count) - 2 * A.power(A.number(2 * self.count), A.number(_HALF))
        return self.amplitude(A) * A.power(kept * few / A.number(12**self.degree), A.number(_HALF))

    def bound(self, A: Arithmetic[V], bits: V | float) -> V:
        """The distance of some f from 2^bits functions."""
        share = A.power(A.number(2), -(A.number(bits) + 1) / (A.number(self.count) - 1))
        return self.size(A) * share - self.clipped(A)

    @property
    def text(self) -> str:
        """The functions in words."""
        q, d = self.degree, self.dim
        where = "" if self.rho == _HALF else rf" with $|u|_2\le{self.rho}\sqrt d$"
        made = r"$f=aF$ on the cube $K$"
        if self.rough:
            made = r"$f$ is $aF$ at the nearest point of $K$, clipped to $\pm R'$"
        elif self.ball is None:
            made = r"$f=\frac4d\frac{q(q-1)}{q(q-1)+2}|u|_2^2+aF$ on the cube $K$"
        return (
            rf"$F=\sum_Sg_S\prod_{{j\in S}}u_j$ with independent normal $g_S$, over the $M=\binom{{{d}}}{{{q}}}="
            rf"{self.count}$ sets $S$ of $q={q}$ of $d={d}$ coordinates, $u=x-(\frac12,\dots,\frac12)$; $K$ is the "
            rf"set of all $u$ in the cube{where}; {made}, which is in the class if $|F|\le T$ on the unit ball."
        )


def _dimensions(dim: int, ball: SmoothBall | None) -> list[int]:
    """How many coordinates searches try: smooth functions of fewer ones may be larger, others grow."""
    if ball is not None and ball.is_rough:
        return [dim]
    return [dim, *(dims for dims in (int(12 * 2 ** (step / 2)) for step in range(13)) if dims < dim)]


@lru_cache(maxsize=64)
def _searched(dim: int, ball: SmoothBall | None) -> tuple[RandomForms, ...]:
    """What searches try, the same for all G: for each q the rho of the largest size, and of that less delta."""
    found = []
    for q in range(2 if ball is None else 1, min(dim - 1, _MOST_DEGREE) + 1):
        if not 9 <= comb(dim, q) < _MOST_FORMS:
            continue
        some = [RandomForms(dim, q, ball)]
        for k in (
            range(75, 128) if ball is not None and ball.is_rough else ()
        ):  # from the mean square of a coordinate on
            rho = Fraction(k, 256)
            growth = 30 * (dim * float(rho**2 - _TWELFTH) - q / 6) / (dim - q)
            if growth > 0:  # the best tilt in floats
                some.append(RandomForms(dim, q, ball, rho, Fraction(round(384 * log(1 + growth)), 64)))
        some = [forms for forms in some if float(forms.kept(FLOAT)) > 0]
        sizes = [float(forms.size(FLOAT)) for forms in some]
        lower = [size - float(forms.clipped(FLOAT)) for size, forms in zip(sizes, some, strict=True)]
        found += [some[i] for i in dict.fromkeys((sizes.index(max(sizes)), lower.index(max(lower))))]
    return tuple(found)


class FormsTheorem(Theorem):
    """E_p >= ||aF 1_K||_2 2^{-(B+1)/(M-1)} - delta - tau, 2 <= p <= inf, for random multilinear forms F of degree q.

    Hypotheses: F contains a ball of smooth functions, or all convex functions with values in [0,1]; d > q; G has at
    most 2^B functions, null sets aside, and tau = 0; or Pdim(G) <= P, and 2^B = U(tau) is Haussler's number of
    tau-separated functions. Guarantee: as stated. The M = C(d,q) forms prod_{j in S} u_j are orthogonal on K, so that
    few balls cover little of a random sum F; its norm on the unit ball is about that of a linear form, which makes a F
    large. It is for many coordinates: where functions on cells are small, while M grows like d^q/q!.
    Witness: ``degree`` = q, ``rho``, ``tilt`` if rho < 1/2; ``dims`` in place of d if F has fewer coordinates; ``pdim``
    and ``tau`` if G is not known to be finite. Proof: THEORY.md, Tforms.
    """

    id = "Tforms"
    title = "Random multilinear forms"
    statement = (
        r"For independent normal $g_S$ the $M$ forms $\prod_{j\in S}u_j$, $|S|=q$, are orthogonal on $K$, and "
        r"$|F|\le T=(\sqrt{qd}+3)/\sqrt{q!}$ on the unit ball but with probability $e^{-2}$. So for any $2^B$ "
        r"functions some $f\in F$ is at distance $\ge\|aF1_K\|_2\,2^{-(B+1)/(M-1)}-\delta$ from all of them "
        r"($\delta$ by clipping), and $E_p(F,G)$ is at least that minus $\tau$ for $p\ge2$ if they are a $\tau$-net "
        r"of $G$."
    )
    citations = (
        Citation("approxbounds", "Tforms"),
        Citation("Banach1938"),
        Citation("Fernique1975"),
        Citation("LaurentMassart2000", "Lemma 1"),
    )

    def refusal(self, query: Query) -> str | None:
        if not is_infinite(query.p) and (is_symbolic(query.p) or query.p < 2):
            return f"p = {query.p}: it is proved for p >= 2"
        ball = query.F.smooth_ball
        if query.F.symbols or not (query.F.every_convex or (ball is not None and not is_symbolic(ball.smoothness))):
            return "no ball of smooth functions, with numbers, is known to be in F"
        if query.F.domain_dim < 5:
            return "it needs d >= 5 coordinates, and is good for many"
        return no_growth(query)

    def search(self, query: Query) -> Witness:
        best, witness = 1e-308, dict[str, Any]()
        few = query.G.growth(Thresholds.ANY).log2_functions(FLOAT)
        P = pdim_upper(query.G)
        d, ball = int(query.F.domain_dim), query.F.smooth_ball
        for forms in chain.from_iterable(_searched(dims, ball) for dims in _dimensions(d, ball)):
            found = {"degree": forms.degree, "rho": forms.rho}
            if forms.rho < _HALF:
                found["tilt"] = forms.tilt
            if forms.dim < d:
                found["dims"] = forms.dim
            for tau, bits in self._nets(forms, few, P):
                value = float(forms.bound(FLOAT, bits)) - float(tau)
                if value > best:
                    best, witness = value, found | ({"pdim": P, "tau": tau} if tau else {})
        if not witness:
            raise HypothesisError("no forms searched give more than 1e-308: G has too many functions")
        return witness

    @staticmethod
    def _nets(forms: RandomForms, few: Any, P: int) -> Iterator[tuple[Fraction, float]]:
        """tau and B."""
        if few is not None:
            yield Fraction(0), float(few)
            return
        size, spread = float(forms.size(FLOAT)), 2 * float(forms.radius(FLOAT))
        for j in range(2, 20):
            tau = short_fraction(size * 2.0 ** (-j / 2))
            yield tau, float(log2_haussler(FLOAT, P, spread, float(tau), 2))

    def _read(self, query: Query, witness: Witness) -> RandomForms:
        degree, rho = integer_of(witness, "degree", minimum=1, maximum=1000), fraction_of(witness, "rho")
        tilt = fraction_of(witness, "tilt") if rho < _HALF else Fraction(0)
        d = int(query.F.domain_dim)
        dims = integer_of(witness, "dims", minimum=1) if "dims" in witness else d
        require(dims <= d, f"dims={echo(dims)} must be at most the dimension of F, {d}")
        forms = RandomForms(dims, degree, query.F.smooth_ball, rho, tilt)
        forms.check()
        return forms

    def _bits(self, A: Arithmetic[V], query: Query, forms: RandomForms, witness: Witness) -> V:
        """B."""
        if "tau" in witness:
            P, tau = checked_pdim(A, query, witness), fraction_of(witness, "tau")
            return log2_haussler(A, P, 2 * forms.radius(A), A.number(tau), 2)
        bits = query.G.growth(Thresholds.ANY).log2_functions(A)
        if bits is None:
            raise HypothesisError("G is not known to be finite: the witness needs pdim and tau")
        return bits

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        forms = self._read(query, witness)
        bound = forms.bound(A, self._bits(A, query, forms, witness))
        value = bound - A.number(fraction_of(witness, "tau")) if "tau" in witness else bound
        if A.decides:
            require(bool(value > 0), "the bound is not certainly positive")
        return value

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        forms = self._read(query, witness)
        bits = self._bits(BALL, query, forms, witness)
        if "tau" in witness:
            net = (
                *pdim_steps(query.G, integer_of(witness, "pdim")),
                Step(
                    rf"Functions of $G$, clipped to $\pm R'$, at pairwise distance at least $\tau="
                    rf"{above(fraction_of(witness, 'tau'))}$ in $L^2$ are at most $2^B$, $B\le {above(bits)}$.",
                    (CITATION,),
                ),
            )
        else:
            net = (Step(rf"$G$ has at most $2^B$ functions, null sets aside, $B\le {above(bits)}$."),)
        p = r"\infty" if is_infinite(query.p) else str(query.p)
        return (
            Step(forms.text, self.citations),
            *net,
            Step(
                rf"{self.statement} Here $\|aF1_K\|_2\ge {below(forms.size(BALL))}$ but with probability $e^{{-2}}$, "
                rf"$\delta\le {above(forms.clipped(BALL))}$, and $E_{{{p}}}\ge "
                rf"{below(self.evaluate(BALL, query, witness))}$.",
                self.citations,
            ),
        )
