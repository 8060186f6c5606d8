"""Recurrent classes: their formulas re-derived, and held against exact arithmetic and brute force."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, permutations, product

import mpmath
import numpy as np
import oracles
import pytest
import recurrent_members as members
import sympy
from growth_checks import fits
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.cli import main
from approxbounds.complexity.pseudo_dimension import RecurrentMethod
from approxbounds.facts.growth import GrowthBound, Thresholds
from approxbounds.facts.sign_patterns import log2_sign_patterns
from approxbounds.networks.recurrent_growth import CentralCount, StepsCount
from approxbounds.testing import recurrent_networks
from approxbounds.theorem import Query

ACTIVATIONS = ("linear", "relu", "modrelu")


# ---------------------------------------------------------------------------------------------- degrees, in fractions


def fractions(rng, *shape):
    return np.array([Fraction(int(k)) for k in rng.integers(-9, 10, math.prod(shape))], object).reshape(shape)


def inverse(matrix):
    """The inverse and the determinant, by Gauss and Jordan."""
    n, det = len(matrix), Fraction(1)
    rows = np.hstack([matrix, np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], object)])
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k, i] != 0)
        if pivot != i:
            rows[[i, pivot]], det = rows[[pivot, i]], -det
        det *= rows[i, i]
        rows[i] = rows[i] / rows[i, i]
        for k in range(n):
            if k != i:
                rows[k] = rows[k] - rows[k, i] * rows[i]
    return rows[:, n:], det


def on_a_line(rng, G, at, base, direction):
    """(a_T, y) at base + at * direction, where the pieces are fixed at random, times the powers of det(I - A)."""
    n, p = G.hidden, {name: base[name] + at * direction[name] for name in base}
    W, det = p.get("W"), Fraction(1)
    if isinstance(G, ab.QORNN):
        W = p["alpha"] * base["codes"]
    if isinstance(G, ab.OrthogonalRNN):
        A = np.triu(p["W"], 1) - np.triu(p["W"], 1).T
        identity = np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], object)
        half, det = inverse(identity - A)
        W = base["signs"][:, None] * (2 * half - identity)
        assert (W.dot(W.T) == identity).all() and det > 0
    pieces = np.random.default_rng(rng)
    h = np.array([Fraction(0)] * n, object)
    for t in range(G.steps):
        a = W.dot(h) + p["U"].dot(base["x"][t]) + p["b"]
        sign = np.append(1, pieces.integers(-1, 2, n - 1))
        h = {"linear": a, "relu": np.abs(sign) * a}.get(G.activation)
        if h is None:
            h = np.abs(sign) * a + sign * p["beta"]
    read = np.append(1, pieces.integers(0, 2, n - 1)) * h if G.activation == "linear" else h
    return det ** (G.steps - 1) * a, det ** (G.steps - 1) * (p["v"].dot(read) + p["c"])


def degree_of(values):
    """The degree of the polynomial with these values at 0, 1, 2, ..., if it is below their number."""
    orders = range(len(values))
    return max((k for k in orders if oracles.finite_difference(values[: k + 1], k) != 0), default=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("kind", [ab.QORNN, ab.OrthogonalRNN, ab.RecurrentNetwork])
def test_degrees_are_exact_on_random_lines(kind, steps, activation):
    """Along a random line of parameters, by finite differences of fractions: not below, and not above."""
    rng = np.random.default_rng(steps)
    for n in (2, 3, 4) if kind is ab.OrthogonalRNN else (2,):
        G = kind(hidden=n, steps=steps, activation=activation, **({"recurrent_bits": 2} if kind is ab.QORNN else {}))
        shapes = {"W": (n, n), "alpha": (), "U": (n, 1), "b": (n,), "beta": (n,), "v": (n,), "c": ()}
        base, direction = ({name: fractions(rng, *shape) for name, shape in shapes.items()} for _ in range(2))
        fixed = {"x": fractions(rng, steps, 1), "codes": fractions(rng, n, n), "signs": rng.choice([-1, 1], n)}
        base, direction = base | fixed, direction | {name: 0 * value for name, value in fixed.items()}
        q = {ab.OrthogonalRNN: 2 * (n // 2)}.get(kind, 1)
        expected = q * (steps - 1) + 1
        values = [on_a_line(7, G, Fraction(at), base, direction) for at in range(expected + 4)]
        assert max(degree_of([a[j] for a, _ in values]) for j in range(n)) == expected
        assert degree_of([y for _, y in values]) == expected + 1
        degrees = {W.degree for W in G.recurrent_weights}
        assert degrees == ({1, q} if kind is ab.OrthogonalRNN else {1})


def test_binary_recurrences_are_linear_in_the_rest():
    """Superposition: a_T(p + p') = a_T(p) + a_T(p') for the same signs u, and the same of the outputs' pieces."""
    rng = np.random.default_rng(3)
    for n, layers in product((1, 2, 4), (1, 2)):
        G = ab.HadamRNN(hidden=n, steps=5, inputs=2, layers=layers)
        x, p = rng.normal(size=(7, 5, 2)), members.random_member(rng, G)
        other = p | {name: rng.normal(size=p[name].shape) for name in ("U", "b", "b2") if name in p}
        both = p | {name: p[name] + other[name] for name in ("U", "b", "b2") if name in p}
        first = replace(G, layers=1)
        found = [members.net_inputs(first, q, x)[0][-1] for q in (p, other, both)]
        assert found[2] == pytest.approx(found[0] + found[1])
        if layers == 2:  # of the second recurrence where the signs of the first are fixed: scaled by 3
            tripled = p | {name: 3 * p[name] for name in ("U", "b", "b2")}
            assert members.net_inputs(G, tripled, x)[1] == pytest.approx(3 * members.net_inputs(G, p, x)[1])


def test_the_scale_of_the_output_weights_is_not_needed():
    """(U, b, beta, b2) -> s (U, b, beta, b2) multiplies y - c by s, for every kind and activation."""
    rng = np.random.default_rng(5)
    for G in members.random_classes(4, 6, 2):
        x, p, scale = rng.normal(size=(9, 6, 2)), members.random_member(rng, G), 2.5
        scaled = p | {name: scale * p[name] for name in ("U", "b", "beta", "b2") if name in p}
        expected = scale * (members.outputs(G, p, x) - p["c"]) + p["c"]
        assert members.outputs(G, scaled, x) == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_signs_bring_every_orthogonal_matrix_to_cayley_form(n):
    """All signed permutations, among which every eigenvalue -1 there can be, and random rotations."""
    rng = np.random.default_rng(n)
    signs = list(product([-1, 1], repeat=n))
    matrices = [np.eye(n)[list(p)] * s for p in permutations(range(n)) for s in signs]
    matrices += [np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(20)]
    for W in matrices:
        determinants = [np.linalg.det(np.diag(d) + W) for d in signs]
        assert np.dot(determinants, [math.prod(d) for d in signs]) == pytest.approx(2**n)
        best = max(range(2**n), key=lambda k: abs(determinants[k]))
        D, identity = np.diag(signs[best]), np.eye(n)
        A = (D @ W - identity) @ np.linalg.inv(D @ W + identity)
        assert pytest.approx(-A.T, abs=1e-9) == A
        assert D @ (2 * np.linalg.inv(identity - A) - identity) == pytest.approx(W)


# ------------------------------------------------------------------------------------------------------- brute force


def open_cells(rows):
    """The number of open cells of the arrangement of hyperplanes <a, theta> = 0, by linear programmes."""
    cells = [np.ones((0,), bool)]
    for count in range(1, len(rows) + 1):
        cells = [
            extended
            for cell in cells
            for side in (True, False)
            for extended in [np.append(cell, side)]
            if oracles.lp_feasible(rows[:count][extended], rows[:count][~extended], True, True)
        ]
    return len(cells)


@pytest.mark.parametrize(("functions", "parameters", "m"), [(1, 1, 5), (2, 2, 4), (3, 3, 3), (2, 4, 4)])
def test_cells_of_central_arrangements(functions, parameters, m):
    """In general position exactly as many as counted; never more, with repeated and degenerate planes."""
    rng = np.random.default_rng(functions)
    count = 2.0 ** CentralCount(functions, parameters).evaluate(FLOAT, m)
    assert open_cells(rng.normal(size=(functions * m, parameters))) == pytest.approx(count)
    rows = rng.integers(-1, 2, (functions * m, parameters)).astype(float)
    assert open_cells(rows[np.any(rows, axis=1)]) <= count + 1e-9


@pytest.mark.parametrize(("n", "T", "layers", "m"), [(1, 4, 1, 7), (2, 3, 1, 4), (4, 2, 1, 2), (2, 2, 2, 2)])
def test_signs_of_a_binary_recurrence(n, T, layers, m):
    """For every u (two of them if n = 4): the net inputs of the last step, or of all steps, as rows in (U, b)."""
    rng = np.random.default_rng(n)
    G = ab.HadamRNN(hidden=n, steps=T)
    x = rng.normal(size=(m, T, 1))
    for u in list(product([-1.0, 1.0], repeat=n))[: 2 if n == 4 else None]:
        rows = []
        for e in np.eye(2 * n):
            p = {"W": members.signed_hadamard(G, np.array(u)), "U": e[:n, None], "b": e[n:]}
            steps = members.net_inputs(G, p, x)[0]
            rows.append(np.stack(steps if layers == 2 else steps[-1:]).ravel())
        count = CentralCount(n * T if layers == 2 else n, 2 * n)
        assert open_cells(np.stack(rows, axis=1)) <= 2.0 ** count.evaluate(FLOAT, m) + 1e-9


@pytest.mark.parametrize(("hidden", "steps", "m"), [(1, 1, 12), (1, 3, 14), (2, 2, 12), (4, 2, 12)])
@pytest.mark.parametrize("whole", [True, False])
def test_sampled_members_stay_below(hidden, steps, m, whole):
    """Random parameters, and small integers that put points on the boundaries: exact there (n = 1, 4)."""
    rng = np.random.default_rng(11)
    x = rng.integers(-3, 4, (m, steps, 1)).astype(float) if whole else rng.normal(size=(m, steps, 1))
    for G in members.random_classes(hidden, steps):
        found = {0.0: set(), 0.5: set()}
        for _ in range(300):
            y = members.outputs(G, members.random_member(rng, G, whole=whole), x)
            for level, patterns in found.items():
                patterns.add((y > level).tobytes())
        assert all(fits(len(patterns), G, m) for patterns in found.values())


def patterns_of_one_unit(rows, v):
    """All patterns of v relu(<r_i, (U, b)>) + c > 0 over real U, b, c: from the vertices of an arrangement of planes.

    The pieces and signs change across planes through the origin of R^3. Each cell has a ray where two of them meet, and
    at general position the four cells around such a ray are reached by a small step to either side of both.
    """
    m = len(rows)
    planes = np.vstack([np.pad(rows, ((0, 0), (0, 1))), np.hstack([v * rows, np.ones((m, 1))]), [[0.0, 0.0, 1.0]]])
    found = set()
    for i, j in combinations(range(len(planes)), 2):
        ray = np.cross(planes[i], planes[j])
        steps = np.linalg.pinv(planes[[i, j]]) @ np.array([[1, 1, -1, -1], [1, -1, 1, -1]])
        for theta in np.hstack([ray[:, None] + 1e-7 * steps, -ray[:, None] + 1e-7 * steps]).T:
            found.add(tuple(v * np.maximum(rows @ theta[:2], 0) + theta[2] > 0))
    return found


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_all_patterns_of_one_unit(steps):
    """n = 1, all real parameters, exactly: |v| is 1 without loss. More points than the bound lets be shattered."""
    rng = np.random.default_rng(steps)
    G = ab.HadamRNN(hidden=1, steps=steps)
    m = G.pseudo_dimension().value + 2
    x = rng.normal(size=(m, steps))
    found = set()
    for u, v in product((-1.0, 1.0), repeat=2):
        powers = u ** np.arange(steps)[::-1]
        rows = np.column_stack([x @ powers, np.full(m, powers.sum())])
        found |= patterns_of_one_unit(rows, v)
    assert fits(len(found), G, m) and not fits(2**m, G, m)
    sampled = set()
    for _ in range(3000):
        p = members.random_member(rng, G)
        sampled.add(tuple(members.outputs(G, p, x[..., None]) > 0))
    assert sampled <= found  # so the enumeration misses none


# ------------------------------------------------------------------------------------------------- a second writing


def v(n, j):
    return mpmath.log(oracles.binomial_sum(n, j), 2)


def central(M, P):
    return 1 + v(M - 1, P - 1)


def second_writing(G, m):
    """log2 of the growth bound, from THEORY.md 6 and the docstrings, step by step."""
    n, d, T = G.hidden, G.inputs, G.steps
    linear, mod = G.activation == "linear", G.activation == "modrelu"
    values = None if G.bits is None else 3 if G.bits == 1 else 2**G.bits
    if isinstance(G, ab.HadamRNN):
        matrices = [(mpmath.mpf(n if G.layers == 1 else n * n + 2 * n), 0, 0)]  # bits, reals, degree
    elif isinstance(G, ab.QORNN):
        k = 3 if G.recurrent_bits == 1 else 2**G.recurrent_bits
        matrices = [(n * n * mpmath.log(k, 2), 1, 1), (0, n * n, 1)]
    else:
        matrices = [(0, n * n, 1)]
    if isinstance(G, ab.OrthogonalRNN):
        matrices.append((n, n * (n - 1) // 2, n - n % 2))
    shallow = linear and getattr(G, "layers", 1) == 1
    units, folded = n * (1 + v(m - 1, T * d)), v(m, n * (T * d + 1) + 1)
    ways = [mpmath.mpf(m)] + ([units + folded] if shallow else [])
    for (bits, reals, q), code_u, code_v in product(matrices, *[(False, True) if values else (False,)] * 2):
        total = bits + (n * d * mpmath.log(values, 2) if code_u else 0) + (n * mpmath.log(values, 2) if code_v else 0)
        first = (1 if code_u else n * d) + n + (n if mod else 0)
        P = first + reals
        if getattr(G, "layers", 1) == 2:
            total += central(n * T * m, first) + central(n * m, first + n)
            P = first + n
        elif linear:
            total += min(units, central(n * m, P) if q == 0 else oracles.wl(n * m, (q * (T - 1), reals), (1, first)))
        elif mod:
            total += min(n * v(4 * m, d + 2), v(4 * n * m, first))
            steps = [v(4 * n * m, P) if q == 0 else None] * (T - 1)
        else:
            total += min(n * (1 + v(m - 1, d)), central(n * m, first))
            steps = [central(n * m, P) if q == 0 else None] * (T - 1)
        if not linear:
            M = n * m * (4 if mod else 1)
            degrees = [oracles.wl(M, (q * (t - 1), reals), (1, first)) for t in range(2, T + 1)]
            # one minimum for all steps: M each, or the logarithms of all
            each = (T - 1) * oracles.wl(M, (1, reals), (1, first))
            if q:
                capped = min((T - 1) * M, each + reals * sum(mpmath.log(q * (t - 1), 2) for t in range(2, T + 1)))
                assert sum(degrees) <= capped + mpmath.mpf(10) ** -30
                total += capped
            else:
                total += sum(steps)
        others = ((1, P - reals + 1),) if code_v else ((1, P - reals), (1, n + 1))
        last = oracles.wl(m, (q * (T - 1), reals), *others)
        if code_v and q * (T - 1) == 0:
            last = v(m, P - reals + 1)
        ways.append(total + (min(last, folded) if shallow else last))
    return min(ways)


@given(recurrent_networks(), st.integers(1, 3000))
def test_growth_is_the_formula_in_every_arithmetic(G, m):
    with mpmath.workdps(60), precision(256):
        lines = G.line_counts(Thresholds.ANY)  # for functions of one variable another bound, in test_piecewise.py
        growth = GrowthBound(tuple(count for count in G.growth().whole if count not in lines))
        low, high = oracles.ends(growth.evaluate(BALL, m))
        expected = oracles.high_precision(lambda: second_writing(G, m), digits=60)
        assert low - Fraction(1, 10**30) <= expected <= high + Fraction(1, 10**30)
        assert float(growth.evaluate(FLOAT, float(m))) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
        assert bool(G.growth().evaluate(BALL, m) <= growth.evaluate(BALL, m).upper())


@pytest.mark.parametrize(("steps", "slope"), [(2, 1), (5, 1), (7, 4), (300, 16)])
def test_degrees_of_all_steps_multiply(steps, slope):
    exact = math.log2(math.prod(slope * (t - 1) for t in range(2, steps + 1)))
    count, M = StepsCount(1, steps, slope, 3, 5), 10**9
    for A in (FLOAT, BALL):
        each = log2_sign_patterns(A, M, ((1, 3), (1, 5)))
        assert float(count.evaluate(A, M)) - (steps - 1) * float(each) == pytest.approx(3 * exact)


CONCAVE = [G for G in members.random_classes(2, 3) if G.bits in (None, 1)]


@pytest.mark.parametrize("G", CONCAVE, ids=str)
def test_growth_is_concave_in_the_number_of_points(G):
    with precision(160):
        values = [G.growth().evaluate(BALL, m) for m in range(1, 130)]
        seconds = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
        assert all(oracles.ends(second)[0] <= 0 for second in seconds)


# -------------------------------------------------------------------------------------------------------- the numbers


def pdim(kind, **parameters):
    bound = kind(**parameters).pseudo_dimension()
    assert ab.verify(bound.certificate.to_json())
    return bound.value


def test_a_binary_recurrence_costs_its_bits_whatever_the_length():
    """With real U and v a little below n + log2 V(nm, P1) + wl(m; 1^P1, 1^(n+1)); with 4 bits much less."""
    for steps in (10, 784, 10**6):
        assert pdim(ab.HadamRNN, hidden=16, steps=steps) == 613  # that bound: 621
        assert pdim(ab.HadamRNN, hidden=128, steps=steps) == 5871  # that bound: 5883
        assert pdim(ab.HadamRNN, hidden=16, steps=steps, bits=4) == 406
        assert pdim(ab.HadamRNN, hidden=128, steps=steps, bits=4) == 3652
        assert pdim(ab.HadamRNN, hidden=128, steps=steps, block=8) == 5871
    assert pdim(ab.HadamRNN, hidden=16, steps=1) == ab.ReLUNetwork(widths=(16,), input_dim=1).pseudo_dimension().value
    assert pdim(ab.RecurrentNetwork, hidden=16, steps=784, activation="relu") > 10**6
    assert pdim(ab.OrthogonalRNN, hidden=16, steps=784) < pdim(ab.RecurrentNetwork, hidden=16, steps=784)
    assert pdim(ab.RecurrentNetwork, hidden=16, steps=10**6, activation="modrelu") > 10**9


@given(recurrent_networks())
def test_larger_classes_have_larger_bounds(G):
    larger = [replace(G, steps=G.steps + 3), replace(G, inputs=G.inputs + 1), replace(G, hidden=2 * G.hidden)]
    if G.bits is not None:
        larger += [replace(G, bits=G.bits + 1), replace(G, bits=None)]
    if isinstance(G, ab.QORNN):
        larger.append(replace(G, recurrent_bits=G.recurrent_bits + 1))
    value = G.pseudo_dimension().value
    for other in larger:
        assert other.pseudo_dimension().value >= value
    m = np.floor(np.geomspace(1, 1e7, 60))
    for other in larger:
        assert (other.growth().evaluate(FLOAT, m) >= G.growth().evaluate(FLOAT, m) * (1 - 1e-9)).all()


def test_classes_that_contain_others_have_larger_bounds():
    for activation in ACTIVATIONS:
        shape = {"hidden": 8, "steps": 30, "activation": activation}
        real = ab.RecurrentNetwork(**shape).pseudo_dimension().value
        for inner in (ab.HadamRNN(**shape), ab.OrthogonalRNN(**shape), ab.QORNN(**shape, recurrent_bits=1)):
            assert inner.pseudo_dimension().value <= real


@given(recurrent_networks())
def test_closed_forms_are_larger_and_symbols_give_the_same(G):
    bound = G.pseudo_dimension()
    closed = {b.theorem.id: b for b in bound.others if isinstance(b, ab.Bound)}["pdim-recurrent"]
    assert bound.theorem.id == "pdim-growth" and bound.value <= closed.value
    assert ab.verify(closed.certificate)
    n, T, d = sympy.symbols("n T d", positive=True)
    if getattr(G, "block", None) is None and not (isinstance(G, ab.OrthogonalRNN) and G.hidden % 2):
        symbolic = replace(G, hidden=n, steps=T, inputs=d)
        formula = symbolic.pseudo_dimension().expression.subs({n: G.hidden, T: G.steps, d: G.inputs})
        assert math.floor(formula.evalf(40)) == closed.value


@given(recurrent_networks(), st.integers(1, 10**4))
def test_the_closed_growth_is_above_the_growth(G, extra):
    """2^t (m r / w)^w is a bound on the patterns for m >= w, with r >= 16 and w >= t, as the closed form needs."""
    with precision(128):
        for t, w, r in G.closed_growth(BALL):
            m = math.ceil(float(w)) + extra
            assert r >= 16 and w >= t
            assert G.growth().evaluate(BALL, m) <= t + w * BALL.log2(m * r / w)


def test_orders():
    n, T, d, k, b = sympy.symbols("n T d k b", positive=True)
    log = sympy.log
    size = {"hidden": n, "steps": T, "inputs": d}
    assert ab.HadamRNN(**size).orders.pdim == n * d * log(n)
    assert ab.HadamRNN(**size, activation="relu").orders.pdim == T * n * d * log(n * T)
    assert ab.HadamRNN(**size, bits=b).orders.pdim == b * n * d + n * log(n)
    assert ab.HadamRNN(**size, layers=2).orders.pdim == n**2 + n * d * log(n * T)
    assert ab.QORNN(**size, recurrent_bits=k).orders.pdim == k * n**2 + n * d * log(n * T)
    assert ab.RecurrentNetwork(**size).orders.pdim == (n**2 + n * d) * log(n * T)
    assert ab.OrthogonalRNN(**size, activation="relu").orders.pdim == T * (n**2 + n * d) * log(n * T)
    bound = ab.lower_bound(ab.LipschitzBall(dim=T), ab.HadamRNN(hidden=n, steps=T), p=2)
    assert bound.rate.has(n) and bound.theorem.id == "T3"


@pytest.mark.parametrize(
    ("kind", "more"), [(ab.HadamRNN, {}), (ab.QORNN, {"recurrent_bits": 4}), (ab.OrthogonalRNN, {})]
)
def test_bounds_have_the_slope_of_their_order(kind, more):
    """In n, for T = n (so that log(nT) is 2 log n), d_in = 1; in T for a ReLU recurrence."""
    n = sympy.Symbol("n", positive=True)
    order = kind(hidden=n, steps=n, **more).orders.pdim.subs({sympy.Symbol("d_in", positive=True): 1})
    ratios = [
        kind(hidden=size, steps=size, **more).pseudo_dimension().value / float(order.subs({n: size}))
        for size in (2**j for j in range(9, 16))
    ]
    assert max(ratios) / min(ratios) < 1.5
    lengths = [10**j for j in range(3, 8)]
    relu = [kind(hidden=8, steps=T, activation="relu", **more).pseudo_dimension().value for T in lengths]
    assert [b / a for a, b in pairwise(relu)] == pytest.approx([12] * 4, rel=0.2)


# ------------------------------------------------------------------------------------------ everywhere in the library


EVERYWHERE = [
    ab.HadamRNN(hidden=4, steps=3),
    ab.HadamRNN(hidden=8, steps=3, bits=4, activation="modrelu", block=4),
    ab.HadamRNN(hidden=2, steps=3, layers=2),
    ab.QORNN(hidden=3, steps=3, recurrent_bits=1, bits=2, activation="relu"),
    ab.OrthogonalRNN(hidden=3, steps=3),
    ab.RecurrentNetwork(hidden=3, steps=1, inputs=3, activation="relu"),
]


@pytest.mark.parametrize("G", EVERYWHERE, ids=str)
@pytest.mark.parametrize("F", [ab.LipschitzBall(dim=3), ab.MonotoneFunctions(dim=3)], ids=["lipschitz", "monotone"])
def test_every_theorem_works(F, G):
    for p in (2, "inf"):
        for bound in ab.lower_bounds(F, G, p=p):
            if bound.number is not None:
                assert bound.value > 0 and ab.verify(bound.certificate.to_json())
            assert "Claim" in bound.explain()
    names = {bound.theorem.id for p in (2, "inf") for bound in ab.lower_bounds(F, G, p=p)}
    assert {"T3", "T2a", "T1", "T3inf", "T3fat", "T2b"} <= names
    fat = G.fat_shattering("1/10")
    assert fat.value <= G.pseudo_dimension().value
    union = ab.Union(members=(G, ab.ReLUNetwork(widths=(4,), input_dim=3)))
    assert ab.lower_bound(F, union, p=2).value <= ab.lower_bound(F, G, p=2).value
    assert ab.compare([F], [G], [2, "inf"]).to_text()
    assert G.free_sizes is None and G.domain_dim == 3
    if G.contains_constants:
        assert ab.upper_bound(F, G, p=2).theorem.id in {"constant", "poincare"}  # no construction is known
    else:
        with pytest.raises(ab.NotApplicableError):
            ab.upper_bound(F, G, p=2)


def test_bits_that_are_needed():
    F, G = ab.LipschitzBall(dim=3), ab.HadamRNN(hidden=16, steps=3)
    values = [ab.required_bits(F, G, error=error, p=2).value for error in ("1/10", "1/1000")]
    assert values[0] == 1 and values[1] == math.inf
    with pytest.raises(ab.ParameterError, match="bits"):
        ab.required_bits(F, replace(G, bits=2), error="1/10", p=2)


@pytest.mark.parametrize("G", EVERYWHERE, ids=str)
def test_certificates_of_more_than_is_proved_are_rejected(G):
    found = G.pseudo_dimension()
    closed = next(b for b in found.others if isinstance(b, ab.Bound) and b.theorem.id == "pdim-recurrent")
    for bound in (found, closed):
        data = bound.certificate.to_dict()
        assert ab.verify(data)
        witness = {name: value - 1 for name, value in data["witness"].items()}
        assert not ab.verify(data | {"value": data["value"] - 1, "witness": witness})
        assert not ab.verify(data | {"value": data["value"] - 1})
        network = data["network"]
        larger = [{"hidden": 4 * G.hidden}]
        if G.bits is not None:
            larger.append({"bits": None})
        if bound is found:
            larger.append({"inputs": 8 * G.inputs})
        for change in larger if bound is found else larger[:1]:
            assert not ab.verify(data | {"network": network | change}), change
        for name in network:
            with_junk = data | {"network": network | {name: -1}}
            with pytest.raises(ab.ParameterError):
                ab.verify(with_junk)
        with pytest.raises(ab.ParameterError):
            ab.verify(data | {"network": {k: v for k, v in network.items() if k != "hidden"}})


def test_the_closed_form_is_for_recurrent_networks():
    assert "not a recurrent" in RecurrentMethod().refusal(Query(network=ab.LinearSpace(dimension=3)))


def test_definitions_and_sources():
    for G in EVERYWHERE:
        assert f"T={G.steps}" in G.definition and f"n={G.hidden}" in G.definition
        assert {"approxbounds"} <= {source.key for source in G.pseudo_dimension().sources}
    cayley = ab.OrthogonalRNN(hidden=16, steps=100).pseudo_dimension()
    assert "LiebeckOsborne1991" in {source.key for source in cayley.sources}


def test_command_line(capsys):
    assert main(["pdim", "hadamrnn:hidden=128,steps=1000000,inputs=1"]) == 0
    assert "5871" in capsys.readouterr().out
    assert main(["pdim", "qornn:hidden=4,steps=9,recurrent_bits=1,bits=2,activation=relu"]) == 0
    assert main(["lower", "lipschitz:dim=3", "orthogonal-rnn:hidden=4,steps=3,activation=modrelu", "-p", "2"]) == 0
    assert main(["pdim", "rnn:hidden=n,steps=T"]) == 0
    assert "closed form" in capsys.readouterr().out
    assert main(["pdim", "rnn:hidden=4,steps=2,activation=tanh"]) == 2
    assert "activation='tanh'" in capsys.readouterr().err
    values = []
    for words in ("hadamrnn:hidden=4,steps=2", "hadamrnn:hidden=4,steps=2,bits=None,block=none"):
        assert main(["pdim", words]) == 0
        values.append(capsys.readouterr().out)
    assert values[0] == values[1]
    for words, message in (
        ("hidden=True,recurrent_bits=1", "hidden=True"),
        ("hidden=4,recurrent_bits=None", "bits=None"),
    ):
        assert main(["pdim", f"qornn:steps=2,{words}"]) == 2  # Python's constants are no symbols
        assert message in capsys.readouterr().err
