"""What smoothness costs: interpolation in one variable, frozen variables, sums of functions of one. THEORY.md, 5.1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT, Arithmetic, V
from approxbounds.constructions.splits import resolutions_up_to
from approxbounds.constructions.taylor import monic_norm, near_in_square_mean, square_level
from approxbounds.facts.functions import Regularity
from approxbounds.facts.grid import Function, values_at
from approxbounds.validation import Number, is_infinite, is_symbolic

__all__ = [
    "additive_error",
    "axes",
    "box_norm",
    "broken_lines_error",
    "columns_error",
    "cut_choices",
    "differentiable",
    "frozen_error",
    "gradient_refusal",
    "interpolation_error",
    "power_norm",
    "quasi_interpolation_error",
    "quasi_interpolation_values",
    "wirtinger",
]

_STEPS = 16  # the step of difference quotients is h/16: fine enough for the error, and not too fine for doubles


def differentiable(s: Number) -> bool:
    """Whether s is certainly above 1; formulas in a symbol s are those for s <= 1."""
    return not is_symbolic(s) and bool(s > 1)


def gradient_refusal(F: Regularity) -> str | None:
    """Why nothing is known of how the gradients of f change, or None: second derivatives, or Hölder first ones."""
    if F.bounded_hessian or (F.isotropic and differentiable(F.along[0])):
        return None
    return "F must have bounded second derivatives or Hölder first ones in all directions (s > 1)"


def power_norm(A: Arithmetic[V], e: V | float, p: Number) -> V:
    """|| |t|^e ||_p for t uniform on [-1,1]: (ep+1)^(-1/p), and 1 for p = inf."""
    return A.number(1) if is_infinite(p) else A.power(e * A.number(p) + 1, -1 / A.number(p))


def box_norm(A: Arithmetic[V], e: V | float, sides: Sequence[V], p: Number) -> V:
    """A bound on || |u|_2^e ||_p for u uniform on the box of the |u_j| <= a_j, a = sides; exact for one side.

    Else |a|_2^e (q+1)^(-e/q), q = max(2, ep), by Minkowski in L^(q/2) for sum u_j^2; |a|_2^e for p = inf.
    """
    if len(sides) == 1:
        return A.power(sides[0], e) * power_norm(A, e, p)
    squares = [a * a for a in sides]
    length = A.power(sum(squares[1:], squares[0]), e / 2)
    if is_infinite(p):
        return length
    q = A.maximum(A.number(2), e * A.number(p))
    return length * A.power(q + 1, -e / q)


def interpolation_error(A: Arithmetic[V], s: Number, radius: Number, h: V, p: Number) -> V:
    """The error of linear interpolation at nodes h apart on the Hölder ball of smoothness s of one variable.

    R (2h)^s b_{sp}^s for s <= 1 and R h^r b_p / r, r = min(s, 2), for s > 1; b_p = ||t(1-t)||_p, b_inf = 1/4.
    """
    R = A.number(radius)
    if not differentiable(s):
        return R * A.power(2 * h, A.number(s)) * _parabola_norm(A, p, A.number(s))
    order = A.number(min(s, 2))
    return R * A.power(h, order) / order * _parabola_norm(A, p, A.number(1))


def quasi_interpolation_error(A: Arithmetic[V], s: Number, radius: Number, h: V, p: Number) -> V:
    """The error of linear interpolation at nodes h apart of :func:`quasi_interpolation_values`.

    That of interpolation for s <= 2. Else, if it is smaller, with r = min(s, 3) - 2 and c = (1-a)/8, a = square_level,

        R h^2 (||t(1-t)/2 - c||_p + h^r (c ||(2t(1-t))^r||_p + ||t(1-t)||_p/((r+1)(r+2)) + 2c/16^r)).

    Proof: where x = th, linear interpolation of f errs by -h^2 int G(t,u) f''(uh) du with G the Green function of the
    interval, int G du = t(1-t)/2 and int G |u-t|^r du <= t(1-t)/((r+1)(r+2)); f'' is Hölder with exponent r. Linear
    interpolation of f'' errs by at most R (2t(1-t)h)^r, and the difference quotients by R ((h/16)^r + (h/16)^r).
    """
    plain = interpolation_error(A, s, radius, h, p)
    if is_symbolic(s) or s <= 2:
        return plain
    square, r, c = A.number(radius) * h * h, min(Fraction(s), Fraction(3)) - 2, (1 - square_level(p)) / 8
    share = A.number(c) * A.power(A.number(2), A.number(r)) * _parabola_norm(A, p, A.number(r))
    share = share + _parabola_norm(A, p, A.number(1)) / A.number((r + 1) * (r + 2))
    share = share + A.number(2 * c) * A.power(A.number(_STEPS), A.number(-r))
    level = monic_norm(A, 2, p) / 8 + A.power(h, A.number(r)) * share
    return square * A.minimum(_parabola_norm(A, p, A.number(1)) / 2, level)


def quasi_interpolation_values(
    f: Function, points: NDArray[np.float64], axis: int, *, s: Number, h: float, p: Number
) -> NDArray[np.float64]:
    """Values at nodes h apart in direction ``axis``: f(x), or f(x) - c h^2 D with D a difference quotient for d^2 f.

    Linear interpolation is then off by f'' times a parabola that changes its sign, no longer by one that does not.
    """
    values = values_at(f, points)
    plain = interpolation_error(FLOAT, s, 1, np.float64(h), p)
    if s <= 2 or quasi_interpolation_error(FLOAT, s, 1, np.float64(h), p) >= plain:
        return values
    step, c = h / _STEPS, float(1 - square_level(p)) / 8
    middle = points.copy()
    middle[:, axis] = np.clip(middle[:, axis], step, 1 - step)
    offset = np.eye(points.shape[1])[axis] * step
    second = values_at(f, middle - offset) - 2 * values_at(f, middle) + values_at(f, middle + offset)
    shifted: NDArray[np.float64] = values - c * _STEPS**2 * second
    return shifted


def _parabola_norm(A: Arithmetic[V], p: Number, s: V) -> V:
    """||(t(1-t))^s||_p = B(sp+1, sp+1)^(1/p)."""
    if is_infinite(p):
        return A.power(A.number(4), -s)
    b = s * A.number(p) + 1
    return A.exp_over(A.log_beta(b, b), A.number(p))


def frozen_error(A: Arithmetic[V], F: Regularity, axes: Sequence[int], sides: Sequence[V], p: Number) -> V:
    """A bound on ||f(x) - f(x')||_p, x' having the coordinates x_j - u_j, j in axes, u uniform on |u_j| <= a_j."""
    R, s = A.number(F.radius), F.along[axes[0]]
    if F.isotropic and not differentiable(s):
        return R * box_norm(A, A.number(s), sides, p)
    total, last, term = A.number(0), None, A.number(0)
    for axis, side in zip(axes, sides, strict=True):
        if last is None or side is not last[0] or F.along[axis] != last[1]:  # mostly as the one before
            r = A.number(1 if differentiable(F.along[axis]) else F.along[axis])
            last, term = (side, F.along[axis]), A.power(side, r) * power_norm(A, r, p)
        total = total + term
    return R * total


def additive_error(A: Arithmetic[V], F: Regularity, sides: Sequence[V], p: Number) -> V | None:
    """A bound on ||f(c+u) - f(c) - sum_j (f(c + u_j e_j) - f(c))||_p, u uniform on the |u_j| <= a_j; None if unknown.

    The function is sum_j int_0^{u_j} (d_j f(c + u_{<j} + v e_j) - d_j f(c + v e_j)) dv, so at most
    R sum_j |u_j| |u_{<j}|_2^(s-1) for isotropic F, 1 < s <= 2, and R sum_{i<j} |u_i u_j| for bounded d_i d_j f.
    """
    one, s = power_norm(A, A.number(1), p), F.along[0]
    bounds = []
    if F.isotropic and differentiable(s) and s <= 2:
        terms = [sides[j] * one * box_norm(A, A.number(s) - 1, sides[:j], p) for j in range(1, len(sides))]
        bounds.append(sum(terms, A.number(0)))
    if F.bounded_hessian:
        total, so_far = A.number(0), sides[0]
        for side in sides[1:]:
            total, so_far = total + so_far * side, so_far + side
        bounds.append(one * one * total)
    if not bounds:
        return None
    return A.number(F.radius) * (bounds[0] if len(bounds) == 1 else A.minimum(*bounds))


def axes(F: Regularity) -> tuple[int, ...]:
    """All coordinates: first the smoothest, in which functions are interpolated, then the others from the roughest."""
    if F.isotropic or any(is_symbolic(s) for s in F.along):
        return tuple(range(len(F.along)))
    smoothest = max(range(len(F.along)), key=lambda j: (F.along[j], -j))
    others = (j for j in range(len(F.along)) if j != smoothest)
    return (smoothest, *sorted(others, key=lambda j: (F.along[j], j)))


def columns_error(A: Arithmetic[V], F: Regularity, p: Number, intervals: V, cuts: Sequence[V]) -> V:
    """The error of interpolants in the first of the :func:`axes`, on the middle line of the column that x is in.

    The next axes are cut into so many equal parts, those left are not. At most the sum of both errors. For isotropic F
    and s <= 1 also R (h^2 ||t(1-t)||_q + sum_j a_j^2 (2q+1)^{-1/q})^{s/2}, q = max(1, sp/2): f(x) minus the mean of f
    over the two nodes is at most R times the mean of |x - node|^s, so at most R (h^2 t(1-t) + |u|^2)^{s/2} by Jensen's
    inequality, with u the distance from the middle line; and Minkowski's inequality in L^q. Or that of other functions:
    :func:`broken_lines_error`.
    """
    bound, projected = _interpolants_error(A, F, p, intervals, cuts), broken_lines_error(A, F, p, [intervals, *cuts])
    return bound if projected is None else A.minimum(bound, projected)


def wirtinger(A: Arithmetic[V]) -> V:
    """1/pi = 1/B(1/2, 1/2): the best constant for functions of mean 0 on [0,1] and their derivatives in L^2."""
    half = A.number(1) / 2
    return A.exp(-A.log_beta(half, half))


def broken_lines_error(A: Arithmetic[V], F: Regularity, p: Number, parts: Sequence[V]) -> V | None:
    """A bound on the distance in L^p, p <= 2, of f from functions of one variable on columns; None if s_j < 1 or p > 2.

    In the first of the :func:`axes` they are linear between nodes 1/K apart, K = ``parts[0]``; the next axes are cut
    into k_j parts, those left are not, k_j = 1. The mean over columns Q and the projection P in x_1 commute, so
    ||f - PQf||^2 <= ||f - Qf||^2 + ||f - Pf||^2 <= sum_j ||d_j f||^2/(pi k_j)^2, k_1 = K, which is at most R^2/(pi min
    k_j)^2 for |grad f|_2 <= R. P: for w orthogonal to such functions W = int_0^x w is 0 at 0 and 1 and has mean 0
    between nodes, as it is orthogonal to their derivatives; so int (f - Pf) w = -int f' W and ||W|| <= ||w||/(pi K).
    """
    if not near_in_square_mean(p) or any(map(is_symbolic, F.along)) or min(F.along) < 1:
        return None
    every = [*parts, *[A.number(1)] * (len(F.along) - len(parts))]
    if F.isotropic and F.along[0] == 1:
        size = 1 / A.minimum(*every) if len(every) > 1 else 1 / every[0]
    else:
        squares = [1 / (k * k) for k in every]
        size = A.power(sum(squares[1:], squares[0]), A.number(1) / 2)
    return A.number(F.radius) * size * wirtinger(A)


def _interpolants_error(A: Arithmetic[V], F: Regularity, p: Number, intervals: V, cuts: Sequence[V]) -> V:
    """What :func:`columns_error` says of interpolants."""
    order, s = axes(F), F.along[0]
    sides = [1 / (2 * k) for k in cuts] + [A.number(1) / 2] * (len(order) - 1 - len(cuts))
    error = interpolation_error(A, F.along[order[0]], F.radius, 1 / intervals, p)
    if not sides:
        return error
    total = error + frozen_error(A, F, order[1:], sides, p)
    if not F.isotropic or differentiable(s):
        return total
    q = p if is_infinite(p) else A.maximum(A.number(1), A.number(s) * A.number(p) / 2)
    squares = _parabola_norm(A, q, A.number(1)) / (intervals * intervals)
    for side in sides:
        squares = squares + side * side * power_norm(A, 2, q)
    joint = A.number(F.radius) * A.power(squares, A.number(s) / 2)
    return joint if is_infinite(p) else A.minimum(total, joint)  # (x^2 + y^2)^{s/2} <= x^s + y^s


def cut_choices(F: Regularity, count: int, most: int) -> list[tuple[int, ...]]:
    """Numbers of parts of the second to (count + 1)-th of the :func:`axes`, growing, that serve all directions alike.

    Where F is alike in all directions, they differ by one at most; up to ``most`` in each direction.
    """
    exponents = [1.0 if differentiable(F.along[axis]) else float(F.along[axis]) for axis in axes(F)[1 : count + 1]]
    least = max(exponents, default=1.0)
    choices: dict[tuple[int, ...], None] = {}
    for k in resolutions_up_to(most):
        cuts = tuple(max(1, min(most, round(k ** (least / e)))) for e in exponents)
        for index in range(count + 1):  # one direction after the other goes on to the next
            choices[tuple(min(c + (i < index), most) for i, c in enumerate(cuts))] = None
    ordered: list[tuple[int, ...]] = []
    for cuts in choices:  # only those that grow in all directions
        if not ordered or (cuts != ordered[-1] and all(a >= b for a, b in zip(cuts, ordered[-1], strict=True))):
            ordered.append(cuts)
    return ordered
