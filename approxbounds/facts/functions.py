"""What theorems may ask of F: hypercube families, an entropy bound, moduli of continuity, steps on cubes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.description import Description
from approxbounds.errors import NoExpressionError
from approxbounds.facts.grid import Function, midpoints, values_at
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.facts.measured import Measured
from approxbounds.facts.points import GridCodes, PointFamily
from approxbounds.facts.powers import Bowl, Curved
from approxbounds.facts.rays import RayProfile
from approxbounds.facts.splines import SmoothSplines, SplineBall
from approxbounds.facts.waves import Wave
from approxbounds.measures.base import Measure
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_infinite, is_symbolic, tidy

__all__ = [
    "BoundaryLayers",
    "EntropyBound",
    "FunctionFacts",
    "Placed",
    "Regularity",
    "SmoothBall",
    "box_gradient_error",
    "distance_norm",
    "gradient_error",
]


@dataclass(frozen=True)
class EntropyBound:
    """log M(eps, F, L^q) >= constant * eps^{-exponent} for 0 < eps <= valid_below, q = norm.

    ``constant`` and ``valid_below`` are None where the literature leaves them unspecified.
    """

    exponent: Number
    constant: Number
    valid_below: Number
    norm: Number


@dataclass(frozen=True)
class SmoothBall:
    """All f with |D^m f| <= R, |m| <= n = ceil(s) - 1, whose D^m f, |m| = n, are (s-n)-Hölder with constant R.

    s is ``smoothness``, R ``radius``. ``directional``: it is enough to know this along each coordinate direction, for
    functions of x_1 + .. + x_d and, if s <= 1, for all; else in the Euclidean distance of all points.
    """

    smoothness: Number
    radius: Number
    directional: bool = False

    @property
    def is_rough(self) -> bool:
        """Whether s <= 1 (or is a symbol), so that differences of values are all that counts."""
        return is_symbolic(self.smoothness) or bool(self.smoothness <= 1)


@dataclass(frozen=True)
class Regularity:
    """How smooth all f in F are, for constructions; R is ``radius``.

    On lines in direction j, f lies in the Hölder ball of smoothness s_j = ``along[j]`` and radius R of one variable; so
    |f(x) - f(y)| <= R sum_j |x_j - y_j|^min(s_j, 1).
    ``isotropic``: all s_j are s, and all D^m f, |m| = ceil(s) - 1, are Hölder with exponent s - |m| and constant R in
    the Euclidean distance. ``mixed``: an order up to which all derivatives, mixed ones too, are bounded: |D^m f| <= R
    (weak) for 2 <= |m| <= ``mixed``; so 1 says nothing.
    """

    along: tuple[Number, ...]
    radius: Number
    isotropic: bool = False
    mixed: int = 1

    @property
    def bounded_hessian(self) -> bool:
        """Whether all |d_i d_j f| <= R (weak)."""
        return self.mixed >= 2


@dataclass(frozen=True)
class BoundaryLayers:
    """Functions of one coordinate, which may be any, that vary by ``height`` close to each of ``ends`` ends of [0,1].

    For every M and every r > 0 there are such functions that fall or rise to the end by M equal steps, each within the
    interval between two of M+1 points whose distances from the end have ratios below r.
    """

    height: Number
    ends: int


def distance_norm(A: Arithmetic[V], diagonal: V | float, exponent: Number, p: Number, *, line: bool = False) -> V:
    """A bound on || |u|_2^e ||_p for u uniform on the box of all |u_j| <= a_j; ``diagonal`` is |a|_2.

    |a|_2^e for p = inf, else |a|_2^e (q+1)^{-e/q} with q = max(2, ep), as || sum_j u_j^2 ||_{q/2} <= sum_j a_j^2
    (q+1)^{-2/q}; (q+1)^{-1/q} grows with q, so that is the larger of q = 2 and q = ep. ``line``: only one a_j is not 0;
    then it is |a|_2^e (ep+1)^{-1/p}, exactly.
    """
    e = A.number(exponent)
    if is_infinite(p):
        return A.power(diagonal, e)
    power, exact = A.number(p), A.power(diagonal, e)
    mean = A.power(e * power + 1, -1 / power)
    return exact * (mean if line else A.maximum(mean, A.power(A.number(3), -e / 2)))


def gradient_error(A: Arithmetic[V], dim: Number, radius: Number, k: V | float, p: Number) -> V:
    """|f(x) - f(c)| <= R |x - c|_1, whose L^p norm is at most dR/(2k) (p+1)^{-1/p}, on a cube of side 1/k and centre c.

    Hypothesis: all |d_j f| <= R. For p = inf it is dR/(2k).
    """
    return A.number(dim) * A.number(radius) * distance_norm(A, A.number(1) / (2 * k), 1, p, line=True)


def box_gradient_error(A: Arithmetic[V], radius: Number, resolutions: Sequence[V | float], p: Number) -> V:
    """The same on boxes of sides 1/k_j: the sum of R/(2k_j) (p+1)^{-1/p}."""
    terms = [gradient_error(A, 1, radius, k, p) for k in resolutions]
    return sum(terms[1:], terms[0])


@dataclass(frozen=True)
class Placed:
    """The class on [0,1]^d, and the measure, of which another one is made; ``functions.carried`` says how."""

    functions: FunctionFacts
    measure: Measure


@dataclass(frozen=True, kw_only=True)
class FunctionFacts(Measured, Description, ABC):
    """What is known of a class F of functions on [0,1]^d with Lebesgue measure; None or empty where nothing is.

    A class with another measure (:attr:`setting`) states its families and range for that one.

    :class:`~approxbounds.functions.base.FunctionClass` adds the answers that theorems give.
    """

    domain_parameter = "dim"

    #: Whether f in F remains in F where coordinates are exchanged.
    symmetric: ClassVar[bool] = False

    @property
    def domain_dim(self) -> Number:
        """d, by default the parameter ``dim``; None if the class does not name a domain."""
        return self.parameters().get(self.domain_parameter)

    @property
    def placed(self) -> Placed | None:
        """What the class is made of, if it is one under a measure; else None."""
        return None

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        """The hypercube families of the class; empty if none is known."""
        return ()

    def cylinder(self, axes: tuple[int, ...]) -> FunctionFacts | None:
        """Functions of the coordinates ``axes`` (from 0) that are in F as functions of x; None if none are known."""
        return None

    @property
    def roughest_axes(self) -> tuple[int, ...]:
        """The coordinates, those in which functions may be roughest first, the last first where all are alike."""
        return tuple(range(self.domain_dim))[::-1]

    @property
    def smooth_ball(self) -> SmoothBall | None:
        """A ball of smooth functions that lies in F, or None if none is known."""
        return None

    @property
    def spline_balls(self) -> tuple[SplineBall, ...]:
        """Balls of splines in F; by default those in its ball of smooth functions. Empty if none are known."""
        ball = self.smooth_ball
        if ball is None or is_symbolic(ball.smoothness):
            return ()
        return (SmoothSplines(ball.smoothness, self.domain_dim, ball.radius),)

    def curved(self, order: int) -> Curved | None:
        """For d = 1: the most curved function of this order that is known to be in F; or None."""
        ball = self.smooth_ball
        known = ball is not None and not is_symbolic(ball.smoothness) and order <= ball.smoothness
        return Curved(order, ball.radius) if known and ball is not None else None

    @property
    def bowl(self) -> Bowl | None:
        """The most curved multiple of |x - centre|^2, minus a constant, that is known to be in F; or None."""
        ball, d = self.smooth_ball, self.domain_dim
        if ball is None or is_symbolic(ball.smoothness) or ball.smoothness < 2:
            return None
        curvature = ball.radius * Fraction(min(16, d), d)  # its values, less their middle, are within c d/16 of 0
        return Bowl(curvature, curvature * Fraction(d, 16))

    @property
    def wave(self) -> Wave | None:
        """For d = 1: functions of F that alternate on any number of equal cells; or None if none are known."""
        return None

    @property
    def point_families(self) -> tuple[PointFamily, ...]:
        """Points that F shatters with a gap; by default grids and codes, for a ball of functions with s <= 1."""
        ball = self.smooth_ball
        if ball is None or not ball.is_rough:
            return ()
        return (GridCodes(ball.smoothness, self.domain_dim, ball.radius, ball.directional),)

    def blow_up(self, p: Number) -> str | None:
        """Why F has families of any number of cells, centres 0, with ||w||_p as large as one likes; None if unknown.

        In Markdown with LaTeX. Only asked of classes without symbols, p a number or infinity.
        """
        return None

    @property
    def jump(self) -> Number | None:
        """h: some f in F has values at distance h on the two sides of a surface, near a point of it; or None."""
        return None

    @property
    def boundary_layers(self) -> BoundaryLayers | None:
        """Functions of F that vary as close to the ends of a coordinate as one likes, or None if none are known."""
        return None

    @property
    def ray_profiles(self) -> tuple[RayProfile, ...]:
        """Functions of simple form along the rays from 0; in balls R, and R max_j x_j or, if s > 1, R x_1."""
        ball = self.smooth_ball
        if ball is None:
            return ()
        if not is_symbolic(ball.smoothness) and ball.smoothness <= 1:  # |max x - max y| <= min(1, |x - y|)
            ramp = RayProfile("ramp", ball.radius, 1, r"R\max_jx_j")
        else:  # y_1 is 1 on one of the faces max_j y_j = 1, uniform on the others
            ramp = RayProfile("ramp", tidy(Fraction(1, 2) * ball.radius), 1, "Rx_1")
        return RayProfile.constant(ball.radius), ramp

    @property
    def closed_form_condition(self) -> Any:
        """A SymPy condition on symbolic parameters under which the families' closed forms hold."""
        import sympy

        return sympy.true

    @property
    @abstractmethod
    def value_range(self) -> tuple[Number, Number] | None:
        """[a, b] with a <= f <= b for all f in the class; None if there is no such interval or none is known."""

    def span(self, A: Arithmetic[V]) -> V:
        """b - a for the :attr:`value_range` [a, b]; only asked where there is one."""
        low, high = self.value_range or (0, 0)
        return A.number(high) - A.number(low)

    @property
    def is_monotone(self) -> bool:
        """Whether all f are known to be non-decreasing in each coordinate."""
        return False

    @property
    def is_convex(self) -> bool:
        """Whether all f are known to be convex on [0,1]^d."""
        return False

    @property
    def every_convex(self) -> bool:
        """Whether all convex functions with values in [0,1] are in F."""
        return False

    @abstractmethod
    def entropy_exponent(self, p: Number) -> Any:
        """a such that log M(eps, F, L^p) is at least of order eps^{-a} (SymPy).

        Raises NoExpressionError where none is known in L^p.
        """

    @property
    def entropy_citations(self) -> tuple[Citation, ...]:
        """Sources of the entropy exponent: where the class is studied, unless it says otherwise."""
        return self.citations

    def entropy_bound(self, p: Number) -> EntropyBound | None:
        """The entropy bound that *defines* the class, if it is one known by its entropy only."""
        return None

    @property
    def holder_smoothness(self) -> Number | None:
        """s with |D^m f| <= R for |m| <= s (weak derivatives; s < 1: f is s-Hölder), or None.

        R is :attr:`holder_radius`. In one dimension the class then lies in the Hölder ball of smoothness s and
        radius R.
        """
        return None

    @property
    def is_holder_ball(self) -> bool:
        """Whether D^m f, |m| = ceil(s) - 1, is Hölder with exponent s - |m| and constant R in the Euclidean distance.

        s is :attr:`holder_smoothness`, R :attr:`holder_radius`. For d = 1 it is so in any case.
        """
        return bool(self.domain_dim == 1)

    @property
    def holder_radius(self) -> Number | None:
        """R; only asked where there is a :attr:`holder_smoothness`."""
        return None

    @property
    def regularity(self) -> Regularity | None:
        """What constructions may use of the smoothness of all f in F; None if nothing is known, or d is a symbol."""
        return None

    def embedded_smoothness(self, p: Number) -> Number | None:
        """s/d such that F lies in a ball of the Besov space B^s_{q,infinity} with s/d > 1/q - 1/p; or None.

        Then the ball is compact in L^p. For an anisotropic space s/d is 1/(1/s_1 + .. + 1/s_d). None also where symbols
        leave it open.
        """
        return None

    @property
    def modulus_exponent(self) -> Number | None:
        """r in (0,1] with |f(x) - f(y)| <= C |x - y|_2^r on [0,1]^d, or None; C is :meth:`modulus_constant`."""
        s = self.holder_smoothness
        return s if s is None or is_symbolic(s) or s <= 1 else 1

    def modulus_constant(self, A: Arithmetic[V]) -> V:
        """C; only asked where there is a :attr:`modulus_exponent`."""
        raise NoExpressionError(f"no modulus of continuity of {type(self).__name__} is known")

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        """An upper bound on the L^p distance of f from the step function of :meth:`cube_values`, for every f.

        By default from the modulus of continuity: C times the L^p norm of |x - c|_2^r (:func:`distance_norm`), at
        most C (sqrt(d)/(2k))^r. Only asked where there is a :meth:`cube_exponent`.
        """
        d = self.domain_dim
        diagonal = A.power(A.number(d), A.number(1) / 2) / (2 * k)
        line = not is_symbolic(d) and d == 1
        return self.modulus_constant(A) * distance_norm(A, diagonal, self.modulus_exponent, p, line=line)

    def cube_exponent(self, p: Number) -> Number | None:
        """e such that :meth:`cube_error` is of order k^{-e}; None if no bound on it is known."""
        r = self.modulus_exponent
        if not is_symbolic(r):
            return r
        import sympy

        return sympy.Min(r, 1)

    def cube_values(self, f: Function, k: int) -> NDArray[np.float64]:
        """The values of a step function near f on the k^d cubes of side 1/k: by default f at their centres."""
        return values_at(f, midpoints(k, int(self.domain_dim)))

    def box_error(self, A: Arithmetic[V], resolutions: Sequence[V | float], p: Number) -> V:
        """The bound of :meth:`cube_error` on boxes of sides 1/k_j, with :meth:`box_values`.

        Only asked where there is a :attr:`last_modulus`, or all f are monotone and their range is known.
        """
        squares = [1 / (4 * A.number(k) * A.number(k)) for k in resolutions]
        diagonal = A.power(sum(squares[1:], squares[0]), A.number(1) / 2)
        line = len(resolutions) == 1
        return self.modulus_constant(A) * distance_norm(A, diagonal, self.modulus_exponent, p, line=line)

    def box_values(self, f: Function, resolutions: tuple[int, ...]) -> NDArray[np.float64]:
        """The values of a step function near f on the boxes of sides 1/k_j, at their indices: by default at centres."""
        centres = (np.indices(resolutions).reshape(len(resolutions), -1).T + 0.5) / np.array(resolutions)
        return values_at(f, centres).reshape(resolutions)

    @property
    def last_modulus(self) -> tuple[Number, Number] | None:
        """(r, C) with |f(x) - f(y)| <= C |x_d - y_d|^r for x, y that differ in the last coordinate only; or None."""
        return None

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        """Whether the defining inequalities hold at the points and all pairs of them (a membership test).

        ``f`` takes points of shape (m, d). Raises NoExpressionError if values of f cannot tell.
        """
        raise NoExpressionError(f"membership in {type(self).__name__} cannot be tested by values at points")
