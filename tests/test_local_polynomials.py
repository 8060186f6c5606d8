"""Polynomials on cubes by ReLU: the limit by brute force, its parts attained, sizes and rooms against other counts."""

import math
from functools import partial
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest
import sympy
from members import member, of

import approxbounds as ab
from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.cube_layers import Shape, most_breaks
from approxbounds.constructions.taylor import sum_norm

INF = math.inf
SLACK = 1 + 1e-9
ID = "local-polynomials"
CASES = [
    (ab.HolderBall(smoothness=3, dim=2, radius=2), (12, 20, 9)),
    (ab.HolderBall(smoothness="5/2", dim=2), (20, 40, 16)),
    (ab.HolderBall(smoothness="7/2", dim=2), (12, 30, 25)),
    (ab.HolderBall(smoothness=4, dim=2, radius=3), (20, 40, 26)),
    (ab.SobolevBall(smoothness=3, dim=2, integrability="inf"), (9, 14, 16)),
    (ab.SobolevBall(smoothness=5, dim=2, integrability="inf"), (9, 20, 16)),
    (ab.HolderBall(smoothness=3, dim=3), (9, 20, 27)),
    (ab.HolderBall(smoothness=4, dim=3), (15, 40, 8)),
    (ab.SobolevBall(smoothness=3, dim=3, integrability="inf"), (9, 12, 8)),
]


def network(F, widths):
    return ab.ReLUNetwork(widths=widths, input_dim=F.domain_dim)


def derivatives(amplitude, omega, phase):
    """f(x) = amplitude sin(omega . x + phase), and D^m f, m a tuple of coordinates."""

    def derivative(x, *m):
        factor = amplitude * np.prod(omega[list(m)])
        return factor * np.sin(x @ omega + phase + len(m) * np.pi / 2)

    return derivative


def wave(rng, F, largest):
    """A random member of F, as far out as it can be: all its derivatives and their differences are scaled into F."""
    d, s, R = F.dim, float(F.smoothness), float(F.radius)
    omega = rng.uniform(-largest, largest, d)
    whole = math.ceil(s) - 1 if F.is_holder_ball else int(s)
    sizes = [np.prod(np.abs(omega[list(m)])) for k in range(whole + 1) for m in product(range(d), repeat=k)]
    al = s - whole
    slopes = [2 ** (1 - al) * np.linalg.norm(omega) ** al * size for size in sizes] if al else []
    return derivatives(R / max(*sizes, *slopes), omega, rng.uniform(0, 7))


def limit(f, x, *, degree, d, b, J, K, p):
    """The limit network at points x: Taylor's polynomial, with interpolants of its curved parts in place of them."""
    cells = np.minimum(np.floor(x * b).astype(int), b - 1)
    c, u = (cells + 0.5) / b, x - (cells + 0.5) / b
    sign = np.where(cells % 2, -1, 1)
    w, half = u * sign, 0.5 / b  # w is continuous: coordinates are reflected

    def interpolated(y, power, ends, pieces):
        nodes = np.linspace(-ends, ends, pieces + 1)
        level = {1: 3 / 16, 2: 1 / 6}.get(p, 1 / 8) * (2 * ends / pieces) ** 2 if power == 2 else 0
        return np.interp(y, nodes, nodes**power) - level

    def axis(j, power):
        return interpolated(w[:, j], power, half, J)

    def diagonal(i, j, power, difference=1):
        return interpolated(w[:, i] + difference * w[:, j], power, 2 * half, 2 * K)

    value = f(c) + sum(f(c, j) * u[:, j] for j in range(d))
    value += sum(f(c, j, j) / 2 * axis(j, 2) for j in range(d))
    if degree == 2:
        for i, j in combinations(range(d), 2):
            mixed = f(c, i, j) * sign[:, i] * sign[:, j]
            value += mixed * (diagonal(i, j, 2) - axis(i, 2) - axis(j, 2)) / 2
        return value
    one, two = sign.T
    value += f(c, 0, 1) * one * two * (diagonal(0, 1, 2) - diagonal(0, 1, 2, -1)) / 4
    value += (f(c, 0, 0, 0) * one * axis(0, 3) + f(c, 1, 1, 1) * two * axis(1, 3)) / 6
    plus, minus = diagonal(0, 1, 3), diagonal(0, 1, 3, -1)
    value += f(c, 0, 0, 1) * two * (plus - minus - 2 * axis(1, 3)) / 12
    return value + f(c, 0, 1, 1) * one * (plus + minus - 2 * axis(0, 3)) / 12


def measured(f, F, bound, points):
    degree = 3 if F.dim == 2 and F.smoothness > 3 else 2
    p = float(bound.query.p)
    gap = np.abs(f(points) - limit(f, points, degree=degree, d=F.dim, p=p, **bound.witness))
    return np.mean(gap**p) ** (1 / p)


@pytest.mark.parametrize(("F", "widths"), CASES, ids=[str(case) for case in CASES])
@pytest.mark.parametrize("p", [1, 2, 4])
def test_the_limit_is_between_the_bounds(F, widths, p):
    rng = np.random.default_rng(0)
    bound = of(ID, F, network(F, widths), p)
    assert bound.witness["b"] >= 2 and ab.lower_bound(F, network(F, widths), p=p).value <= bound.value
    points = rng.random((20_000, F.dim))
    errors = [measured(wave(rng, F, top), F, bound, points) for top in (0.3, 1, 1, 2, 2, 5, 9) for _ in range(3)]
    assert 0.01 * bound.value < max(errors) <= bound.value


@pytest.mark.parametrize(("s", "d", "widths"), [(3, 2, (4, 8, 4)), (3, 3, (6, 15, 8)), (4, 2, (20, 26, 100))])
@pytest.mark.parametrize("p", [1, 2])
def test_the_cost_of_interpolation_is_nearly_attained(s, d, widths, p):
    """Quadratic forms are Taylor polynomials. All second derivatives are R, and add up along the axes."""
    F = ab.HolderBall(smoothness=s, dim=d)
    bound = of(ID, F, network(F, widths), p)
    b, J, K = (bound.witness[name] for name in ("b", "J", "K"))
    level = 1 / b**2 / 8 * (1 / 4 if p == 1 else (4 / 45) ** 0.5)  # of y^2 less its best constant on [-1,1]
    axes, diagonals = (d**2, math.comb(d, 2)) if s == 3 else (2, 1)
    cost = level * (axes / J**2 + diagonals / K**2)

    def quadratic(signs, x, *m):
        k = len(m)
        values = (x * (x @ signs)).sum(axis=1) / 2 if k == 0 else x @ signs[m[0]] if k == 1 else np.ones(len(x))
        return values * (signs[m] if k == 2 else 1) if k <= 2 else np.zeros(len(x))

    points, worst = np.random.default_rng(1).random((40_000, d)), 0.0
    for upper in product((1, -1), repeat=math.comb(d + 1, 2)):
        signs = np.zeros((d, d))
        for (i, j), sign in zip(combinations_with_replacement(range(d), 2), upper, strict=True):
            signs[i, j] = signs[j, i] = sign
        worst = max(worst, measured(partial(quadratic, signs), F, bound, points))
    assert cost / 4 <= worst <= cost * 1.02 and cost < bound.value


VALUES = [
    (3, 2, (64, 64, 64), 4.725e-5),
    (3, 2, (512, 512, 512), 1.513e-6),
    (4, 2, (512, 512, 512), 4.597e-8),
    (4, 2, (256,) * 6, 1.232e-7),
    (3, 3, (256, 256, 256), 1.803e-4),
]


@pytest.mark.parametrize(("s", "d", "widths", "value"), VALUES)
def test_values_for_networks_of_everyday(s, d, widths, value):
    F = ab.HolderBall(smoothness=s, dim=d)
    found = of(ID, F, network(F, widths), 2).value
    assert found == pytest.approx(value, rel=1e-3) and found < of("blocks", F, network(F, widths), 2).value / 10


def test_larger_networks_have_no_worse_bounds():
    rng = np.random.default_rng(1)
    for F in (
        ab.HolderBall(smoothness=3, dim=2),
        ab.HolderBall(smoothness=4, dim=2),
        ab.HolderBall(smoothness=3, dim=3),
    ):
        for _ in range(5):
            widths = tuple(map(int, rng.choice([3, 5, 8, 13, 21, 40], rng.integers(3, 6))))
            wider = [(*widths[:i], w + int(rng.integers(1, 6)), *widths[i + 1 :]) for i, w in enumerate(widths)]
            deeper = [(*widths[:i], max(widths), *widths[i:]) for i in range(len(widths) + 1)]
            values = []
            for shape in (widths, *wider, *deeper):
                every = ab.upper_bounds(F, network(F, shape), p=2)
                values.append(next((bound.value for bound in every if bound.theorem.id == ID), INF))
            assert max(values) == values[0], (widths, F)


def brute_force(widths, shape):
    """The most second-layer units for pieces, over all places of windows, pieces and cells, and all shares."""

    def cells(widths, passed, summed):
        if not widths:
            return 0
        width, *later = widths
        found = width - summed
        if later and width >= passed + summed:
            found = max(found, cells(later, passed, summed))
            own = width - passed - summed
            found = max(found, own + cells(later, passed, 1))
        return found

    best = 0
    for first, second in combinations(range(len(widths) - 1), 2):
        if min(widths[:first], default=shape.dim) < shape.dim or min(widths[first:second]) < shape.windows:
            continue
        for breaks in range(1, widths[second] - shape.windows + 1):
            if cells(widths[second + 1 :], shape.passed(breaks), 0) >= shape.cells:
                best = max(best, breaks)
    return best


def test_layers_are_used_as_if_all_were_tried():
    rng = np.random.default_rng(0)
    positive = 0
    for _ in range(600):
        widths = tuple(map(int, rng.integers(2, 26, rng.integers(3, 7))))
        b, dim = int(rng.integers(1, 6)), int(rng.integers(2, 4))
        shape = Shape(dim, math.comb(dim, 2), dim * b, math.comb(dim + 1, 2), b**dim)
        positive += brute_force(widths, shape) > 0
        assert most_breaks(widths, shape)[0] == brute_force(widths, shape), (widths, shape)
    assert positive > 100


def test_narrow_layers_pass_nothing_on():
    F = ab.HolderBall(smoothness=3, dim=2)
    every = lambda widths: {bound.theorem.id for bound in ab.upper_bounds(F, network(F, widths), p=2)}  # noqa: E731
    assert ID in every((2, 3, 1)) and ID not in every((2, 2, 1))  # one cube, one break
    alone = of(ID, F, network(F, (64, 64, 64)), 2).value
    for widths in ((64, 64, 64, 1, 64, 64), (2, 64, 64, 64), (64, 64, 64, 18)):
        assert of(ID, F, network(F, widths), 2).value == alone
    assert of(ID, F, network(F, (64, 64, 64, 40)), 2).value < alone
    assert ID not in every((1, 64, 64, 64))


def test_the_network_needed_is_enough():
    for F, widths in product(
        (ab.HolderBall(smoothness=3, dim=2), ab.HolderBall(smoothness=4, dim=2), ab.HolderBall(smoothness=3, dim=3)),
        [(30, 40, 30), (3, 30, 40, 35, 20, 25), (40, 20, 40, 1, 7), (15, 40, 28, 27, 26, 20)],
    ):
        bound = of(ID, F, network(F, widths), 2)
        assert of(ID, F, bound.network, 2).value <= bound.value * SLACK
        assert bound.network.weights <= bound.query.G.weights
        assert all(str(size) in bound.explain() for size in bound.witness.values())


@pytest.mark.parametrize(
    ("F", "G", "p", "reason"),
    [
        (ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=(9, 9, 9), input_dim=2), 2, "s > 2"),
        (
            ab.SobolevBall(smoothness=2, dim=2, integrability="inf"),
            ab.ReLUNetwork(widths=(9,) * 3, input_dim=2),
            2,
            "s > 2",
        ),
        (ab.AnisotropicHolderBall(smoothness=(3, 3)), ab.ReLUNetwork(widths=(9, 9, 9), input_dim=2), 2, "s > 2"),
        (ab.HolderBall(smoothness=3, dim=2), ab.ReLUNetwork(widths=(9, 9), input_dim=2), 2, "three hidden layers"),
        (ab.HolderBall(smoothness=3, dim=2), ab.ReLUNetwork(widths=(9, 9, 9), input_dim=2), INF, "finite"),
        (ab.HolderBall(smoothness=3, dim=2), ab.ReLUNetwork(widths=(9,) * 3, input_dim=2, bias=False), 2, "biases"),
        (ab.HolderBall(smoothness=3, dim=1), ab.ReLUNetwork(widths=(9, 9, 9), input_dim=1), 2, "dimensions"),
    ],
)
def test_what_it_refuses(F, G, p, reason):
    refusals = {refusal.theorem: refusal.reason for refusal in ab.upper_bounds(F, G, p=p).refusals}
    assert reason in refusals[ID]


def test_orders_and_closed_forms():
    n, W, R = sympy.symbols("n W R", positive=True)
    b, J, K = sympy.symbols("b J K", positive=True, integer=True)
    wide = ab.ReLUNetwork(widths=(n, n, n), input_dim=2)
    cubic = of(ID, ab.HolderBall(smoothness=4, dim=2, radius=R), wide, 2)
    assert cubic.rate == W ** -sympy.Rational(4, 3)
    quadratic = of(ID, ab.SobolevBall(smoothness=3, dim=2, radius=R, integrability="inf"), wide, 2)
    assert quadratic.rate == 1 / W
    curved = R / b**2 / 8 * sympy.Rational(2, 3) / sympy.sqrt(5) * (4 / J**2 + 1 / K**2)
    share = [sympy.Rational(math.factorial(m) ** 2, math.factorial(2 * m) ** 2 * (2 * m + 1)) for m in range(4)]
    rest = 2 * share[3] + 2 * share[1] * share[2]  # of the projection: orders (3,0), (2,1), (1,2), (0,3)
    assert sympy.simplify(quadratic.expression - curved - R * sympy.sqrt(rest) / b**3) == 0


DEEP = [
    (ab.HolderBall(smoothness=3, dim=2), (2, 40, 50, 40, 30, 30, 1)),
    (ab.HolderBall(smoothness=4, dim=2), (2, 40, 50, 38, 38, 30, 30, 1)),
    (ab.HolderBall(smoothness=3, dim=2), (5, 6, 17, 14, 14)),
    (ab.HolderBall(smoothness=4, dim=2), (9, 14, 12, 12, 12, 12)),  # pieces are passed on, not functions
    (ab.HolderBall(smoothness=4, dim=2), (2, 4, 1)),  # one cube
]


@pytest.mark.parametrize(("F", "widths"), [*CASES, *DEEP], ids=[str(case) for case in [*CASES, *DEEP]])
def test_built_networks_are_between_the_bounds(F, widths):
    rng = np.random.default_rng(0)
    for p in (1, 2, 4):
        bound = of(ID, F, network(F, widths), p)
        sizes, error = bound.theorem.built(bound.query)
        case = ab.average_case(F, bound.query.G, p=p)
        targets = [wave(rng, F, top) for top in (1, 2, 4)] + [member(rng, F)]
        if case.cells <= 10**5:
            targets.append(partial(case.target, rng.integers(0, 2, case.cells)))
        measured = []
        for f in targets:
            built = bound.build(f)
            assert built.widths == widths
            b = sizes["b"]
            measured += [
                built.error(f, p=p, per_side=side) for side in ({2: 14 * b, 3: 8 * b}[F.dim], {2: 61, 3: 23}[F.dim])
            ]
        assert bound.value <= error * SLACK and 0.005 * error < max(measured) <= error


@pytest.mark.parametrize(("F", "widths"), [*CASES, *DEEP], ids=[str(case) for case in [*CASES, *DEEP]])
def test_built_windows_are_exact_on_and_off_the_faces(F, widths):
    """Affine functions are built exactly, also at faces and next to them."""
    rng, slopes = np.random.default_rng(0), np.array([2.5, -1.5, 0.5])[: F.dim]
    bound = of(ID, F, network(F, widths), 2)
    b = bound.theorem.built(bound.query)[0]["b"]
    faces = np.arange(b + 1) / b
    near = np.clip(np.concatenate([faces, np.nextafter(faces, 0), np.nextafter(faces, 2), rng.random(3)]), 0, 1)
    points = np.array(list(product(near, repeat=F.dim)))
    assert bound.build(lambda x: x @ slopes - 0.7)(points) == pytest.approx(points @ slopes - 0.7, abs=1e-12)
    assert "two units at each face" in bound.explain() or b == bound.witness["b"]


@pytest.mark.parametrize("dim", [2, 3, 4])
@pytest.mark.parametrize("smoothness", ["5/2", 4])
def test_large_p(dim, smoothness):
    """Bounds are there and grow with p, though moments of |u|_1 of order p are beyond doubles."""
    F = ab.HolderBall(smoothness=smoothness, dim=dim)
    bounds = [of(ID, F, network(F, (4 * dim, 12 * dim, 2**dim)), p) for p in (100, 500, 3000, 10**6)]
    assert all(ab.verify(bound.certificate) for bound in bounds)
    values = [bound.value for bound in bounds]
    assert values == sorted(values)


@pytest.mark.parametrize("dim", [2, 3, 4])
@pytest.mark.parametrize("t", [1, 7, 250, 3000])
def test_norms_of_sums_of_large_order(dim, t):
    """Against the moment of U_1 + .. + U_d as a fraction of integers."""
    moment = sum((-1) ** k * math.comb(dim, k) * (dim - k) ** (t + dim) for k in range(dim))
    logarithm = math.log(moment) - sum(math.log(t + j) for j in range(1, dim + 1))
    assert sum_norm(FLOAT, dim, 0.5, t) == pytest.approx(0.5 * math.exp(logarithm / t), rel=1e-12)


def test_networks_of_many_variables_are_not_built():
    F = ab.HolderBall(smoothness=3, dim=7)
    bound = of(ID, F, network(F, (60, 60, 60)), 2)
    with pytest.raises(ab.NotApplicableError, match="dim=7"):
        bound.build(lambda x: x[:, 0])
