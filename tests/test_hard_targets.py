"""Trained networks against theorem T3: the test that decides can fail, its numbers are exact where they can be."""

import itertools
import json
import math
import os
import signal

import numpy as np
import pytest
import sympy
from scipy.optimize import linprog

import approxbounds as ab
import hadamrnn as hr
from approxbounds.arithmetic import FLOAT
from hadamrnn.errors import BoundViolationError
from paper_figures.hard_targets import __main__ as command
from paper_figures.hard_targets import comparison
from paper_figures.hard_targets.comparison import FAILURE, GridCase, Measurement, Pair, compare
from paper_figures.hard_targets.feedforward import FeedForward, FeedForwardConfig, sigmoid
from paper_figures.hard_targets.pairs import standard_pairs
from paper_figures.hard_targets.regression import best, fit_readout, power_loss

STANDARD = standard_pairs()
HEAVISIDE = FeedForwardConfig(inputs=1, widths=(1,), activation="heaviside")
PAIR = Pair(functions=ab.LipschitzBall(dim=1), network=HEAVISIDE, p=1, member={"k": 32})


def all_omega(cells):
    return np.array(list(itertools.product((0, 1), repeat=cells)))


def share_below(level, values):
    return np.mean(values < level)


def midpoints(q, dim):
    return (np.indices((q,) * dim).reshape(dim, -1).T + 0.5) / q


# The measure on points, and the theorem for it ------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize(
    ("functions", "member"),
    [
        (ab.LipschitzBall(dim=1), {"k": 12}),
        (ab.HolderBall(smoothness="1/2", dim=2), {"k": 4}),
        (ab.HolderBall(smoothness="3/2", dim=2), {"k": 4}),
        (ab.MonotoneFunctions(dim=1), {"k": 12}),
        (ab.MonotoneFunctions(dim=2), {"k": 5, "layers": 3}),
    ],
)
def test_fine_grids_give_the_norm_and_the_bound_on_the_cube(functions, member, p):
    case = ab.average_case(functions, ab.FiniteClass(size=2, input_dim=functions.domain_dim), p=p, member=member)
    grid = GridCase(case, midpoints(60, functions.domain_dim))
    norm = float(case.family.norm(FLOAT, case.index, p))
    assert grid.power == pytest.approx(norm**p, rel=5e-3)
    assert grid.mean == pytest.approx(case.mean, rel=5e-3)


def test_random_positions_are_unbiased():
    case = PAIR.case
    rng = np.random.default_rng(0)
    powers = [GridCase(case, comparison._positions(case, 1, rng, least=4)).power for _ in range(500)]
    exact = float(case.family.norm(FLOAT, case.index, 1))
    assert abs(np.mean(powers) - exact) < 5 * np.std(powers) / math.sqrt(500) + 1e-12
    assert np.std(powers) > 1e-3 * exact  # they do vary: the bound is for the points, not for the cube


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(
    ("functions", "member"),
    [
        (ab.LipschitzBall(dim=1), {"k": 10}),
        (ab.HolderBall(smoothness="3/2", dim=2), {"k": 3}),
        (ab.MonotoneFunctions(dim=2), {"k": 10, "layers": 1}),
    ],
)
def test_finite_classes_over_all_omega(functions, member, size, p):
    """inf over g exactly, by enumeration of the class and of every omega."""
    rng = np.random.default_rng(size)
    case = ab.average_case(functions, ab.FiniteClass(size=size, input_dim=functions.domain_dim), p=p, member=member)
    grid = GridCase(case, rng.random((3, functions.domain_dim)))
    targets = np.array([grid.target(omega) for omega in all_omega(case.cells)])
    centre = (targets[0] + targets[-1]) / 2
    for scale in (0.0, 0.5, 1.0):  # scale 0 is the class {c}, the hardest to beat
        G = centre + scale * (targets[rng.integers(len(targets), size=size)] - centre)
        Z = np.min([np.mean(np.abs(targets - g) ** p, axis=1) for g in G], axis=0)
        assert np.mean(Z) >= grid.mean * (1 - 1e-12)
        assert share_below(grid.level, Z) <= FAILURE
        assert share_below(np.mean(Z) - grid.allowance(1), Z) <= comparison.ERROR_PROBABILITY


@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_linear_spaces_over_all_omega(dimension):
    """Piecewise constants and polynomials, p = 2: the distance is that to the projection."""
    case = ab.average_case(
        ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=dimension, input_dim=1), p=2, member={"k": 12}
    )
    grid = GridCase(case, np.random.default_rng(dimension).random((5, 1)))
    targets = np.array([grid.target(omega) for omega in all_omega(12)])
    x = grid.points[:, 0]
    steps = np.floor(x * dimension)[:, None] == np.arange(dimension)
    for basis in (steps.astype(float), x[:, None] ** np.arange(dimension)):
        Q = np.linalg.qr(basis)[0]
        Z = np.mean((targets - targets @ Q @ Q.T) ** 2, axis=1)
        assert np.mean(Z) >= grid.mean
        assert np.mean(Z) <= grid.power  # 0 is in the space
        assert share_below(np.mean(Z) - grid.allowance(1), Z) <= comparison.ERROR_PROBABILITY


def test_the_bound_is_nearly_attained_by_the_centre_alone():
    """Which is in a class of at most 2^8 functions: with many cells neither the bound nor the code loses more."""
    case = ab.average_case(ab.LipschitzBall(dim=1), ab.FiniteClass(bits=8, input_dim=1), p=2, member={"k": 2**14})
    grid = GridCase(case, midpoints(3, 1))
    assert 1 <= grid.power / grid.mean < 1.04


# The verdict can be bad -----------------------------------------------------------------------------------------------


def measurement(*errors):
    return Measurement(pair=PAIR, errors=errors, bound=1.0, level=0.8, allowance=0.3, centre=2.0)


def test_verdicts():
    assert measurement(*[1.5] * 20).verdict == "above"
    assert measurement(*[0.95] * 20).verdict == "chance"
    assert measurement(*[0.69] * 20).verdict == "violated"  # by the mean
    low = measurement(*[0.79] * 6, *[1.5] * 14)
    assert low.mean > 1 and low.low_probability < 1e-6 and low.verdict == "violated"  # by the distribution
    tail = sum(math.comb(20, j) * 0.01**j * 0.99 ** (20 - j) for j in range(6, 21))
    assert low.low_probability == pytest.approx(tail, rel=1e-9)
    assert measurement(*[0.79] * 2, *[1.5] * 18).verdict == "above"
    assert measurement(math.nan, *[1.5] * 19).verdict == "violated"
    assert measurement(1.0, 3.0).ratio == 2.0 and json.dumps(measurement(1.0).to_dict())


def test_errors_below_the_bound_raise(tmp_path):
    path = tmp_path / "errors.jsonl"
    [found] = compare([PAIR], targets=20, restarts=1, path=path, progress=False)
    assert found.verdict == "above"
    first, *lines = path.read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    for entry in entries:
        entry["answer"] *= 0.5 * found.bound / found.mean
    path.write_text("\n".join([first, *map(json.dumps, entries)]) + "\n")
    with pytest.raises(BoundViolationError, match=r"HeavisideNetwork.*bound=.*wrong"):
        compare([PAIR], targets=20, restarts=1, path=path, resume=True, progress=False)


@pytest.mark.parametrize("pair", STANDARD, ids=str)
def test_the_standard_comparison_can_fail(pair):
    """With 20 targets both tests have power: an error of 0 is out of the question."""
    grid = comparison._evaluation(pair, 0)
    assert grid.allowance(20) < grid.mean < grid.power
    assert 0 < grid.level < grid.mean


def test_the_standard_comparison_is_broad():
    assert len(STANDARD) >= 20
    assert len({str(pair.approximating) for pair in STANDARD}) >= 20
    assert {pair.p for pair in STANDARD} == {1, 2, 4}
    assert {pair.functions.domain_dim for pair in STANDARD} == {1, 2, 3}
    kinds = {type(pair.approximating) for pair in STANDARD}
    assert kinds == {ab.HeavisideNetwork, ab.ReLUNetwork, ab.HadamRNN, ab.QORNN, ab.OrthogonalRNN}


# Real networks --------------------------------------------------------------------------------------------------------


def test_no_trained_network_beats_the_bound():
    quick = [pair for pair in STANDARD if pair.case.index["k"] <= 100 or pair.functions.domain_dim == 1]
    for found in compare(quick, targets=1, restarts=1, seed=1, progress=False):
        assert found.verdict == "above"
        assert 1 < found.ratio < 100
        assert found.mean > found.bound > 0


def test_runs_go_on_and_do_not_depend_on_the_number_of_processes(tmp_path, monkeypatch, capsys):
    pairs, path = [PAIR, STANDARD[22]], tmp_path / "errors.jsonl"
    whole = compare(pairs, targets=3, restarts=1, workers=2, progress=False)
    compare(pairs, targets=2, restarts=1, path=path, progress=False)
    text = path.read_text()
    path.write_text(text[:-4])  # the last line is torn
    computed = []
    original = comparison._error
    monkeypatch.setattr(comparison, "_error", lambda pair, n, *more: computed.append(n) or original(pair, n, *more))
    again = compare(pairs, targets=3, restarts=1, path=path, resume=True)
    assert sorted(computed) == [1, 2, 2]
    assert [found.errors for found in again] == [pytest.approx(found.errors, rel=1e-9) for found in whole]
    assert "6/6" in capsys.readouterr().err
    with pytest.raises(hr.ParameterError, match="other settings"):
        compare(pairs, targets=3, restarts=2, path=path, resume=True, progress=False)
    monkeypatch.setattr(ab, "__version__", "0")
    with pytest.raises(hr.ParameterError, match="other settings"):
        compare(pairs, targets=3, restarts=1, path=path, resume=True, progress=False)


def test_a_killed_worker_is_a_named_error(monkeypatch, capsys):
    monkeypatch.setattr(comparison, "_error", lambda *job: os.kill(os.getpid(), signal.SIGKILL))
    assert command.main(["--targets", "2", "--workers", "2"]) == 1
    assert capsys.readouterr() == ("", "error: a worker process was killed, perhaps because memory was short\n")


def test_ctrl_c_is_a_message(monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "compare", interrupted)
    assert command.main([]) == 1
    assert capsys.readouterr() == ("", "error: interrupted\n")


def test_numpy_numbers_are_those_of_the_file(tmp_path):
    one, widths = np.int64(1), (np.int64(1),)
    network = FeedForwardConfig(inputs=one, widths=widths, activation="heaviside")
    pair = Pair(functions=ab.LipschitzBall(dim=1), network=network, p=one, member={"k": 32})
    path = tmp_path / "errors.jsonl"
    compare([pair], targets=one, restarts=one, seed=np.int64(0), path=path, progress=False)
    json.dumps(compare([PAIR], targets=1, restarts=1, path=path, resume=True, progress=False)[0].to_dict())


class Zero:
    def predict(self, points):
        return 0 * points[:, 0]


def test_the_points_of_the_evaluation_are_not_those_of_the_training(monkeypatch):
    seen = []
    monkeypatch.setattr(comparison, "best", lambda _, x, y, **more: seen.append(x) or Zero())
    [found] = compare([PAIR], targets=3, progress=False)
    assert found.errors == pytest.approx([found.centre] * 3)  # 0 is the centre
    points = comparison._evaluation(PAIR, 0).points
    assert len(points) == 2**13 and all(not np.isin(x, points).any() for x in seen)
    assert not np.isin(seen[0], seen[1]).any()


def test_the_command_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(command, "standard_pairs", lambda: (PAIR,))
    options = ["--targets", "2", "--restarts", "1", "--out", str(tmp_path / "errors.jsonl")]
    assert command.main(options) == 0
    table = capsys.readouterr().out
    assert "HeavisideNetwork(widths=(1,)" in table and "the smallest ratio to a lower bound: 1." in table
    assert command.main([*options, "--resume", "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    assert record["verdict"] == "above" and record["member"] == {"k": 32} and record["pdim"] == 3
    assert command.main(options) == 2
    assert "exists" in capsys.readouterr().err
    assert command.main(["--out", str(tmp_path / "missing" / "errors.jsonl")]) == 2
    assert "error: [Errno 2] No such file" in capsys.readouterr().err
    monkeypatch.setattr(comparison, "_error", lambda *_: 0.0)
    assert command.main(["--restarts", "1"]) == 1
    assert "BoundViolation" not in capsys.readouterr().out


# Training -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 2, 4])
@pytest.mark.parametrize(("activation", "surrogate"), [("relu", None), ("heaviside", sigmoid(3.0))])
def test_gradients_are_those_of_finite_differences(activation, surrogate, p):
    rng = np.random.default_rng(5)
    network = FeedForward(FeedForwardConfig(inputs=2, widths=(3, 4), activation=activation))
    network.parameters.flat[...] = rng.standard_normal(network.parameters.flat.size)
    x, y = rng.random((7, 2)), rng.standard_normal(7)

    def loss():
        return network.loss_and_gradients(x, y, p=p, activation=surrogate)[0]

    gradients = network.loss_and_gradients(x, y, p=p, activation=surrogate)[1]
    for i, found in enumerate(gradients.flat):
        before, h = network.parameters.flat[i], 1e-5
        network.parameters.flat[i] = before + h
        above = loss()
        network.parameters.flat[i] = before - h
        below = loss()
        network.parameters.flat[i] = before
        assert (above - below) / (2 * h) == pytest.approx(found, rel=1e-5, abs=1e-7)


def test_hard_units_are_the_limit_of_the_sigmoids():
    network = FeedForward(FeedForwardConfig(inputs=1, widths=(5, 3), activation="heaviside"))
    rng = np.random.default_rng(2)
    network.parameters.flat[...] = rng.standard_normal(network.parameters.flat.size)
    x = rng.random((50, 1))
    assert network.loss_and_gradients(x, network.predict(x), p=2, activation=sigmoid(1e6))[0] < 1e-9


def best_steps(y, pieces):
    """The least mean square of y minus a step function with so many pieces, by dynamic programming."""
    sums, squares = np.concatenate([[0], np.cumsum(y)]), np.concatenate([[0], np.cumsum(y**2)])
    best = squares - np.append(0, sums[1:] ** 2 / np.arange(1, len(y) + 1))
    for _ in range(pieces - 1):
        longer = best.copy()
        for j in range(1, len(y) + 1):
            rest = squares[j] - squares[:j] - (sums[j] - sums[:j]) ** 2 / (j - np.arange(j))
            longer[j] = min(best[j], (best[:j] + rest).min())
        best = longer
    return best[-1] / len(y)


@pytest.mark.parametrize("units", [1, 2, 4])
def test_heaviside_networks_come_near_the_best_step_function(units):
    case = ab.average_case(ab.LipschitzBall(dim=1), ab.FiniteClass(size=1, input_dim=1), p=2, member={"k": 16})
    x = midpoints(160, 1)
    rng = np.random.default_rng(units)
    y = 100 * case.target(rng.integers(0, 2, 16), x)
    config = FeedForwardConfig(inputs=1, widths=(units,), activation="heaviside")
    network = best(config, x, y, p=2, restarts=16, rng=rng)
    optimum = best_steps(y, units + 1)
    found = power_loss(network.predict(x) - y, 2)[0]
    assert optimum * (1 - 1e-9) <= found <= 1.02 * optimum


def test_relu_networks_learn_what_they_can_be():
    rng = np.random.default_rng(0)
    x = rng.random((200, 2))
    y = np.maximum(x @ [1.0, 2.0] - 1, 0) - 3 * np.maximum(x @ [-1.0, 1.0], 0) + 5
    network = best(FeedForwardConfig(inputs=2, widths=(2,)), x, y, p=2, restarts=8, rng=rng)
    assert power_loss(network.predict(x) - y, 2)[0] < 1e-6


@pytest.mark.parametrize(("bits", "share"), [(None, 0.01), (4, 0.4)])
def test_recurrent_networks_learn_and_stay_in_their_class(bits, share):
    rng = np.random.default_rng(3)
    x = rng.random((3, 200, 1))[:, :, 0].T
    y = 10 * np.maximum(x.sum(1) - 1.5, 0)
    config = hr.QORNNConfig(inputs=1, hidden=4, outputs=1, bits=bits, loss="mse", seed=9)
    found = best(config, x, y, p=1, restarts=3, rng=rng)
    assert np.abs(found.predict(x) - y).mean() < share * np.abs(y - np.median(y)).mean()
    network = found.network
    assert hr.orthogonality_defect(network.parameters["W"]) < 1e-9 and network.config.bits == bits


def test_readouts_are_best_for_p():
    rng = np.random.default_rng(1)
    F, y = np.hstack([rng.random((60, 3)), np.ones((60, 1))]), rng.standard_normal(60)
    bounds = [(None, None)] * 4 + [(0, None)] * 60
    A = np.block([[F, -np.eye(60)], [-F, -np.eye(60)]])
    exact = linprog(np.append(np.zeros(4), np.ones(60)), A_ub=A, b_ub=np.append(y, -y), bounds=bounds)
    assert np.abs(F @ fit_readout(F, y, p=1) - y).sum() == pytest.approx(exact.fun, rel=1e-3)
    assert np.linalg.norm(F.T @ (F @ fit_readout(F, y, p=2) - y)) < 1e-9
    assert np.linalg.norm(F.T @ power_loss(F @ fit_readout(F, y, p=4) - y, 4)[1]) < 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Pair(functions=HEAVISIDE, network=HEAVISIDE, p=1), "functions=FeedForwardConfig"),
        (
            lambda: Pair(functions=ab.LipschitzBall(dim=sympy.Symbol("d", positive=True)), network=HEAVISIDE, p=1),
            "functions=",
        ),
        (lambda: Pair(functions=ab.LipschitzBall(dim=1), network=ab.LinearSpace(dimension=1), p=1), "network="),
        (lambda: FeedForwardConfig(inputs=0, widths=(1,)), "inputs=0"),
        (lambda: FeedForwardConfig(inputs=1, widths=()), r"widths=\(\)"),
        (lambda: FeedForwardConfig(inputs=1, widths=[2]), r"widths=\[2\]"),
        (lambda: FeedForwardConfig(inputs=1, widths=(True,)), "widths=True"),
        (lambda: FeedForwardConfig(inputs=1, widths=(1,), activation="tanh"), "activation='tanh'"),
        (lambda: Pair(functions=ab.LipschitzBall(dim=2), network=HEAVISIDE, p=1), "network.inputs=1: must be d=2"),
        (lambda: Pair(functions=ab.LipschitzBall(dim=1), network=HEAVISIDE, p=0), "p=0"),
        (
            lambda: Pair(
                functions=ab.LipschitzBall(dim=3), network=hr.Config(inputs=2, hidden=2, outputs=1, loss="mse"), p=1
            ),
            "must divide d=3",
        ),
        (
            lambda: Pair(functions=ab.LipschitzBall(dim=2), network=hr.Config(inputs=1, hidden=2, outputs=1), p=1),
            "one output",
        ),
        (lambda: compare([PAIR], targets=0), "targets=0"),
        (lambda: compare([PAIR], restarts=True), "restarts=True"),
        (lambda: compare([PAIR], seed=-1), "seed=-1"),
        (lambda: compare([PAIR], resume=True), "resume=True"),
        (lambda: compare([PAIR], workers=1025), "workers=1025: must be an integer from 1 to 1024"),
        (lambda: compare([PAIR], path=5), "path=5: must be the name of a file"),
        (
            lambda: compare(
                [Pair(functions=ab.AnisotropicHolderBall(smoothness=(1,)), network=HEAVISIDE, p=1)],
                targets=1,
                progress=False,
            ),
            "cells are cubes",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(hr.ParameterError, match=message):
        call()
