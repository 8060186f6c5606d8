"""Brute force that the tests compare the library with: exact integers and enumeration, nothing from approxbounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations, pairwise, product

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]

# ------------------------------------------------------------------------------------------ exact numbers


def binomial_sum(n: int, j: int) -> int:
    """V(n, j) = sum_{i <= j} C(n, i), exactly; 0 for j < 0, 2^n for j >= n."""
    term, total = 1, int(j >= 0)
    for i in range(1, min(j, n) + 1):
        term = term * (n - i + 1) // i
        total += term
    return total


def wl(functions: int, *blocks: tuple[int, int]) -> mpmath.mpf:
    """THEORY.md 3.1 written down a second time: sign patterns of polynomials of these (degree, parameters), in bits."""
    M, acting = mpmath.mpf(functions), [(D, P) for D, P in blocks if D and P]
    P = sum(own for _, own in acting)
    if not P or not M:
        return mpmath.mpf(0)
    x = P / M
    total = M * (x * (6 + x) / (6 + 4 * x)) + sum(own * mpmath.log(D * (M + P) / own) for D, own in acting)
    return min(M, total / mpmath.log(2))


def sign_patterns(functions: int, *blocks: tuple[int, int]) -> int:
    """The number that wl bounds: C(M+P,P) P!/prod P_j! prod D_j^P_j."""
    P = sum(own for _, own in blocks)
    above = math.comb(functions + P, P) * math.factorial(P) * math.prod(D**own for D, own in blocks)
    return above // math.prod(math.factorial(own) for _, own in blocks)


def as_fraction(x: object) -> Fraction:
    """A point ball (an endpoint) as an exact fraction."""
    mantissa, exponent = x.man_exp()  # type: ignore[attr-defined]
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def ends(ball: object) -> tuple[Fraction, Fraction]:
    """The end points of a ball, exactly."""
    return as_fraction(ball.lower()), as_fraction(ball.upper())  # type: ignore[attr-defined]


def high_precision(compute: Callable[[], object], digits: int = 400) -> Fraction:
    """A number computed by mpmath to ``digits`` digits, as the fraction that it stores."""
    with mpmath.workdps(digits):
        value = mpmath.mpf(compute())
        sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def log2_exact(n: int | Fraction) -> Fraction:
    """log2 of a positive rational: exactly for powers of two, else to 400 digits."""
    n = Fraction(n)
    if n.denominator == 1 and n.numerator & (n.numerator - 1) == 0:
        return Fraction(n.numerator.bit_length() - 1)
    return high_precision(lambda: (mpmath.log(n.numerator) - mpmath.log(n.denominator)) / mpmath.log(2))


def bits(number: int, length: int) -> tuple[int, ...]:
    """The binary digits of a number, lowest first."""
    return tuple(number >> i & 1 for i in range(length))


def all_signs(length: int) -> NDArray[np.int64]:
    """{0,1}^length as rows."""
    return (np.arange(2**length)[:, None] >> np.arange(length)) & 1


# ------------------------------------------------------------------------------------ patterns of halfspaces


def lp_feasible(positive: Array, negative: Array, strict_positive: bool, strict_negative: bool) -> bool:
    """Whether some w has <w, x> > 0 (or >= 0) on the rows of one array and < 0 (or <= 0) on those of the other."""
    rows = np.vstack([-positive, negative])
    strict = (strict_positive,) * len(positive) + (strict_negative,) * len(negative)
    right = -np.array(strict, float)
    result = linprog(np.zeros(rows.shape[1]), A_ub=rows, b_ub=right, bounds=(None, None), method="highs")
    return bool(result.status == 0)


def halfspace_patterns(points: Iterable[Iterable[float]], bias: bool, closed: bool = False) -> set[int]:
    """All patterns (1[<w,x> (+ b) > 0])_x, or >= 0 if closed, each decided by a linear programme."""
    rows = np.array([list(point) for point in points], float)
    if bias:
        rows = np.hstack([rows, np.ones((len(rows), 1))])
    found = set()
    for pattern in range(2 ** len(rows)):
        chosen = np.array(bits(pattern, len(rows)), bool)
        if lp_feasible(rows[chosen], rows[~chosen], not closed, closed):
            found.add(pattern)
    return found


def halfplane_dichotomies(points: list[tuple[int, int]]) -> set[int]:
    """All patterns of 1[<w,x> + b > 0] on integer points of the plane, by rotating w past all critical directions."""
    critical = {(0, 1), (1, 0)}
    for (a, b), (c, d) in combinations(points, 2):
        if (a, b) != (c, d):
            critical.add((b - d, c - a) if (b - d, c - a) > (0, 0) else (d - b, a - c))
    angles = sorted(np.arctan2(y, x) % np.pi for x, y in critical)
    middles = [(p + q) / 2 for p, q in zip(angles, [*angles[1:], angles[0] + np.pi], strict=True) if q - p > 1e-9]
    full, found = 2 ** len(points) - 1, set()
    for angle in middles:
        key = {point: point[0] * np.cos(angle) + point[1] * np.sin(angle) for point in points}
        below = 0
        for value in sorted(set(key.values())):
            found |= {below, full ^ below}
            below |= sum(1 << i for i, point in enumerate(points) if key[point] == value)
    return found | {0, full}


# --------------------------------------------------------------------------- patterns of functions of one variable


def chain(group: Iterable[int], ranks: list[int]) -> list[int]:
    """Patterns of a constant on a group of points whose thresholds are ordered by ``ranks``."""
    patterns = [0]
    for i in sorted(group, key=lambda i: ranks[i]):
        patterns.append(patterns[-1] | 1 << i)
    return patterns


def step_function_patterns(ranks: list[int], breaks: int) -> set[int]:
    """Patterns (1[g(x_i) > r_i])_i of all step functions with at most ``breaks`` breaks; ranks order the r_i."""
    m = len(ranks)
    found = [set(chain(range(j), ranks)) for j in range(m + 1)]
    for _ in range(breaks):
        extended = [set(patterns) for patterns in found]
        for i in range(m + 1):
            for j in range(i + 1, m + 1):
                last = chain(range(i, j), ranks)
                extended[j] |= {head | tail for head in found[i] for tail in last}
        found = extended
    return found[m]


def two_value_patterns(sets: Iterable[int], ranks: list[int]) -> set[int]:
    """Patterns of the functions a 1_A + b 1_{not A} for the sets A (bit masks) and all real a, b."""
    m, found = len(ranks), set()
    for mask in sets:
        inside = chain([i for i in range(m) if mask >> i & 1], ranks)
        outside = chain([i for i in range(m) if not mask >> i & 1], ranks)
        found |= {a | b for a in inside for b in outside}
    return found


def sign_changes(pattern: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number of changes along the last axis."""
    return (pattern[..., 1:] != pattern[..., :-1]).sum(axis=-1)


def distinct_rows(patterns: NDArray[np.bool_]) -> int:
    """The number of different rows."""
    return len(np.unique(np.packbits(patterns, axis=1), axis=0))


# ------------------------------------------------------------------------------------------- tiny networks


def staircase(x: Array) -> Array:
    """A discontinuous activation of three constants."""
    return np.where(x >= 2, 1.0, np.where(x >= 0, -1.0, 0.0))


def hard_tanh(x: Array) -> Array:
    """Continuous, three linear pieces."""
    return np.clip(x, -1, 1)


def torn(x: Array) -> Array:
    """Discontinuous, two linear pieces."""
    return np.where(x >= 0, 3 - 2 * x, x + 1)


def b_spline(x: Array) -> Array:
    """The quadratic B-spline with the knots 0, 1, 2, 3: five pieces, zero outside."""
    truncated = [np.maximum(x - knot, 0.0) ** 2 / 2 for knot in range(4)]
    return np.where(x < 3, truncated[0] - 3 * truncated[1] + 3 * truncated[2], 0.0)


#: name: (function, degree, pieces, continuous)
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], int, int, bool]] = {
    "heaviside": (lambda x: (x >= 0).astype(float), 0, 2, False),
    "staircase": (staircase, 0, 3, False),
    "relu": (lambda x: np.maximum(x, 0.0), 1, 2, True),
    "absolute": (np.abs, 1, 2, True),
    "hard tanh": (hard_tanh, 1, 3, True),
    "torn": (torn, 1, 2, False),
    "b-spline": (b_spline, 2, 5, True),
    "squared relu": (lambda x: np.maximum(x, 0.0) ** 2, 2, 2, True),
}


def random_networks(
    rng: np.random.Generator,
    activation: str,
    widths: tuple[int, ...],
    points: Array,
    *,
    count: int,
    bias: bool = True,
    largest: int | None = None,
) -> Array:
    """Outputs of random networks at the points, shape (count, m); small integer parameters if ``largest`` is given."""

    def draw(*shape: int) -> Array:
        if largest is not None:
            return rng.integers(-largest, largest + 1, shape).astype(float)
        return rng.normal(size=shape) * np.exp(rng.normal(size=(shape[0],) + (1,) * (len(shape) - 1)))

    values = np.broadcast_to(points, (count, *points.shape))
    for units in widths:
        values = values @ draw(count, values.shape[2], units)
        if bias:
            values = values + draw(count, 1, units)
        values = ACTIVATIONS[activation][0](values)
    values = values @ draw(count, values.shape[2], 1)
    return values[..., 0] + (draw(count, 1) if bias else 0.0)


# ---------------------------------------------------------------------------------------- codes and packings


def lexicographic_code(length: int, distance: int) -> list[int]:
    """Greedy code of words at pairwise Hamming distance >= distance."""
    code: list[int] = []
    for word in range(2**length):
        if all((word ^ other).bit_count() >= distance for other in code):
            code.append(word)
    return code


def largest_code(length: int, distance: int) -> int:
    """The largest size of a binary code, by exhaustive search (with 0 in the code)."""
    words = [word for word in range(1, 2**length) if word.bit_count() >= distance]

    def extend(candidates: list[int]) -> int:
        best = 0
        for i, word in enumerate(candidates):
            if len(candidates) - i <= best:
                break
            best = max(best, 1 + extend([c for c in candidates[i + 1 :] if (c ^ word).bit_count() >= distance]))
        return best

    return 1 + extend(words)


def greedy_packing(rows: NDArray[np.int64], distance: int) -> int:
    """The size of a greedy packing of 0-1 rows at pairwise Hamming distance >= distance."""
    left, count = rows, 0
    while len(left):  # the first row stays, and with it all rows far enough from it
        left, count = left[(left != left[0]).sum(axis=1) >= distance], count + 1
    return count


# ------------------------------------------------------------------------------------------- the hypercube theorem


def pattern_count(values: Array, width: float) -> int:
    """Largest number of patterns (1[v_i > r])_i over common r in [-width, width), rows v = g - c."""
    thresholds = [-width, *np.unique(values[(values > -width) & (values < width)])]
    return max(distinct_rows(values > r) for r in thresholds)


def hypercube_mass(cells: int, patterns: int | Fraction) -> Fraction:
    """S = sum_h max(0, 1 - Pi V(N,h-1) 2^{-N}), exactly."""
    terms = (1 - Fraction(patterns) * binomial_sum(cells, h - 1) / 2**cells for h in range(1, cells + 1))
    return sum((max(term, Fraction(0)) for term in terms), Fraction(0))


def errors_by_omega(values: Array, width: Array, p: float) -> Array:
    """inf over rows g of the mean over cells and nodes of |(2 omega_i - 1) w_t - v_{it}|^p, for every omega.

    ``values``: g - c of shape (|G|, N, T); ``width``: shape (T,).
    """
    up = (np.abs(width - values) ** p).mean(axis=2)  # omega_i = 1
    down = (np.abs(-width - values) ** p).mean(axis=2)
    omega = all_signs(values.shape[1])
    return np.min((omega @ up.T + (1 - omega) @ down.T) / values.shape[1], axis=1)


def projection_errors(targets: Array, basis: Array) -> Array:
    """inf over the span of the rows of ``basis`` of the mean square of f - g, for every row f of ``targets``."""
    q, _ = np.linalg.qr(basis.T)
    return ((targets - (targets @ q) @ q.T) ** 2).mean(axis=1)


def step_function_error(f: Array, breaks: int) -> float:
    """inf of the mean square of f - g over step functions g with at most ``breaks`` breaks between nodes, exactly."""
    sums, squares = np.concatenate([[0], np.cumsum(f)]), np.concatenate([[0], np.cumsum(f * f)])
    i, j = np.indices((len(f) + 1,) * 2)
    with np.errstate(all="ignore"):
        cost = squares[j] - squares[i] - (sums[j] - sums[i]) ** 2 / (j - i)
    cost = np.where(j > i, cost, np.inf)
    best = cost[0]
    for _ in range(breaks):
        best = np.minimum(best, (best[:, None] + cost).min(axis=0))
    return float(best[-1]) / len(f)


# ---------------------------------------------------------------------------------------------------- grids


def multi_indices(dim: int, order: int) -> Iterator[tuple[int, ...]]:
    """All multi-indices of the given order."""
    for heads in product(range(order + 1), repeat=dim - 1):
        if sum(heads) <= order:
            yield (*heads, order - sum(heads))


def midpoints(per_side: int, dim: int) -> Array:
    """The midpoint grid of [0,1]^dim, shape (per_side^dim, dim)."""
    axis = (np.arange(per_side) + 0.5) / per_side
    return np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), axis=-1).reshape(-1, dim)


def cells_on_layer(k: int, dim: int, total: int) -> int:
    """#{i in {0..k-1}^dim: |i| = total} by enumeration."""
    return sum(sum(i) == total for i in product(range(k), repeat=dim))


def affine_patterns(rows: Array, offsets: Array) -> set[int]:
    """All patterns (1[<a_i, theta> + b_i > 0])_i over real theta, each decided by a linear programme."""
    count, dim = rows.shape
    found = set()
    for pattern in range(2**count):
        inside = np.array(bits(pattern, count), bool)
        # maximise e <= 1 with <a, theta> + b >= e inside and <= 0 outside
        left = np.hstack([np.where(inside[:, None], -rows, rows), inside[:, None].astype(float)])
        right = np.where(inside, offsets, -offsets)
        limits = [(None, None)] * dim + [(None, 1)]
        result = linprog([0] * dim + [-1], A_ub=left, b_ub=right, bounds=limits, method="highs")
        if result.status == 0 and result.x[-1] > 1e-7:
            found.add(pattern)
    return found


def polynomial_patterns(points: Array, levels: Array, degree: int) -> set[int]:
    """All patterns (1[g(x_i) > r_i])_i of polynomials g of this degree in one variable."""
    return affine_patterns(np.vander(points, degree + 1), -levels) if len(points) else {0}


def polynomial_network(parameters: list[int], widths: tuple[int, ...], inputs: list[int], power: int) -> int:
    """The output of a network with the activation x^power and biases, in exact integers."""
    remaining, values = iter(parameters), list(inputs)
    for units in widths:
        values = [(sum(next(remaining) * v for v in values) + next(remaining)) ** power for _ in range(units)]
    return sum(next(remaining) * v for v in values) + next(remaining)


def finite_difference(values: list[int], order: int) -> int:
    """The first finite difference of the given order."""
    for _ in range(order):
        values = [b - a for a, b in pairwise(values)]
    return values[0]
