"""A function class, a network class and a theorem from outside the library: the code of approxbounds/EXTENDING.md."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

import approxbounds as ab
from approxbounds import validation
from approxbounds.arithmetic import SYMBOLIC
from approxbounds.facts.growth import AffineCount, GrowthBound, SignChangeCount, Thresholds
from approxbounds.facts.networks import Orders
from approxbounds.functions.cubes import Cubes
from approxbounds.parameters import POSITIVE, Integer, allowed

BARTLETT = ab.Citation(
    "BartlettKulkarniPosner1997",
    entry="""@article{BartlettKulkarniPosner1997,
  author = {Bartlett, Peter L. and Kulkarni, Sanjeev R. and Posner, S. Eli},
  title = {Covering numbers for real-valued function classes},
  journal = {IEEE Transactions on Information Theory},
  volume = {43},
  year = {1997}
}""",
)
PAGE = ab.Citation("approxbounds", "EXTENDING.md")


@dataclass(frozen=True)
class Steps(Cubes):
    """f_omega = +-V/(2k) on k intervals: the variation is at most (k-1) V/k."""

    id = "steps"
    citations = (PAGE,)

    def _height(self, A):  # sup w for k = 1; then sup w = V k^{-s} / 2 with s = 1
        return A.number(self.radius) / 2

    def _relative_norm(self, A, p):  # ||w||_p / sup w
        return A.number(1)

    def profile(self, t):  # w / sup w on a cell
        return np.ones(len(t))

    def describe(self, index):
        k = "k" if index is None else index["k"]
        return f"Cut $[0,1]$ into $k={k}$ intervals; $f_\\omega=\\pm V/(2k)$ on each, of variation below $V$."


@ab.register
@dataclass(frozen=True, kw_only=True)
class BoundedVariation(ab.FunctionClass):
    """Functions on [0,1] of total variation at most V, with values in [-V/2, V/2]."""

    citations = (BARTLETT,)
    variation: validation.Number = field(metadata=POSITIVE)
    dim: validation.Number = field(default=1, metadata=allowed(Integer(maximum=1)))

    @property
    def definition(self):
        return f"$F$: functions $[0,1]\\to[-V/2,V/2]$ of total variation at most $V={self.variation}$."

    def larger(self):
        return self.variants({"variation": 2 * self.variation})

    @property
    def families(self):
        return (Steps(1, 1, self.variation),)

    @property
    def value_range(self):
        half = Fraction(1, 2) * self.variation
        return -half, half

    def entropy_exponent(self, p):
        return SYMBOLIC.number(1)

    def contains(self, f, points):
        values = f(points[np.argsort(points[:, 0])])
        most = float(self.variation) + 1e-9
        return bool(np.abs(np.diff(values)).sum() <= most and (2 * np.abs(values) <= most).all())


@ab.register
@dataclass(frozen=True, kw_only=True)
class RationalFunctions(ab.NetworkClass):
    """Quotients a/b of polynomials of degree at most n in one variable, b > 0 on [0,1]."""

    citations = (PAGE,)
    degree: validation.Number = field(metadata=allowed(Integer(minimum=0, maximum=10**6)))
    input_dim: validation.Number = field(default=1, metadata=allowed(Integer(maximum=1)))

    @property
    def definition(self):
        return f"$G$: quotients $a/b$ of polynomials of degree at most $n={self.degree}$, $b>0$ on $[0,1]$."

    def growth(self, thresholds=Thresholds.ANY):
        self.require_numbers("a growth bound")
        n = self.degree
        counts = [AffineCount(1, 1, 2 * n + 1)]  # a(x_i) - r_i b(x_i) > 0 is affine in 2n+1 parameters, as b(0) = 1
        if thresholds is not Thresholds.ANY:  # a - r b changes its sign n times at most, n+1 times if r is affine
            counts.append(SignChangeCount(n + (thresholds is Thresholds.AFFINE)))
        return GrowthBound(whole=tuple(counts))

    @property
    def orders(self):
        return Orders.of_size(validation.symbol_unless_symbolic(self.degree, "n"))


@ab.register
class JumpTheorem(ab.Theorem):
    """E_inf >= V/2: near a jump of height V a continuous function is V/2 away from one of the two sides."""

    id = "jump"
    title = "A jump is far from continuous functions"
    statement = r"If $f$ jumps by $V$ and $g$ is continuous, then $\|f-g\|_\infty\ge V/2$."
    citations = (PAGE,)

    def refusal(self, query):
        if not isinstance(query.F, BoundedVariation) or not isinstance(query.G, RationalFunctions):
            return "it is about functions of bounded variation and rational functions"
        return None if validation.is_infinite(query.p) else "it holds in sup norm"

    def search(self, query):
        return {}

    def evaluate(self, A, query, witness):
        return A.number(query.F.variation) / 2

    def rate(self, query):
        return SYMBOLIC.number(1)

    def expression(self, query):
        return self.evaluate(SYMBOLIC, query, {})
