"""Measured capacity: exact arithmetic, read-outs, cases with a known answer, bounds, resumed searches, bad input."""

import json
from itertools import product
from math import comb

import mpmath
import numpy as np
import pytest

import approxbounds as ab
import hadamrnn as hr
from approxbounds.arithmetic import BALL, precision
from hadamrnn.cli import main as cli
from hadamrnn.expressivity import capacity
from hadamrnn.expressivity.capacity import Memorisation, Shattering, memorisation, shattered
from hadamrnn.expressivity.exact import ExactStates
from hadamrnn.expressivity.fit import features, labels_of, solve_read_out
from hadamrnn.networks.kinds import network_from

ONE = {"inputs": 1, "outputs": 1, "loss": "mse", "dtype": "float64"}
QUICK = {"restarts": 1, "iterations": 50, "progress": False}


def had(**settings):
    return hr.Config(**ONE | {"hidden": 2, "bits": None} | settings)


def qor(**settings):
    return hr.QORNNConfig(**ONE | {"hidden": 2} | settings)


CONFIGS = {
    "real U and V": had(),
    "4 bits": had(hidden=4, bits=4),
    "ternary": had(bits=1),
    "two inputs": had(inputs=2, bits=2),
    "blocks": had(hidden=4, block=2),
    "order 12": had(hidden=12, bits=3),
    "relu": had(hidden=4, activation="relu"),
    "modrelu": had(activation="modrelu", bits=2),
    "orthogonal": qor(hidden=3),
    "orthogonal, relu": qor(hidden=3, activation="relu"),
    "quantised W": qor(hidden=3, activation="relu", recurrent_bits=2, bits=3),
    "ternary W, modrelu": qor(recurrent_bits=1, bits=1, activation="modrelu"),
    "Björck": qor(hidden=3, recurrent_bits=3, bits=2, strategy="bjorck"),
    "real W": qor(hidden=3, activation="relu", strategy="penalty", penalty=0.0, recurrent_rate=1.0),
}


# Exact arithmetic ----------------------------------------------------------------------------------------------------


def outputs(model, x):
    """y for sequences (T, B, inputs), by the definition, in 60 digits."""
    config, p = model.config, model.weights()

    def matrix(name):
        bits = config.bits_of(name)
        if bits is None:
            return mpmath.matrix(p[name].tolist())
        integers, step = config.coded(name, p[name])
        return mpmath.matrix(integers.tolist()) * mpmath.mpf(step)

    if "W" in p:
        W = matrix("W")
    else:
        order = config.block or config.hidden
        blocks = np.kron(np.eye(config.hidden // order), hr.hadamard(order))
        W = mpmath.diag(np.where(p["u"] < 0, -1, 1).tolist()) * mpmath.matrix(blocks.tolist()) / mpmath.sqrt(order)
    U, V, b = matrix("U"), matrix("V"), mpmath.matrix(p["b"].tolist())
    found = []
    for sequence in x.swapaxes(0, 1).tolist():
        h = mpmath.zeros(config.hidden, 1)
        for now in sequence:
            h = W * h + U * mpmath.matrix(now) + b
            if config.activation == "relu":
                h = h.apply(lambda a: max(a, mpmath.mpf(0)))
            elif config.activation == "modrelu":
                for j in range(config.hidden):
                    h[j] = mpmath.sign(h[j]) * max(abs(h[j]) + mpmath.mpf(float(p["beta"][j])), mpmath.mpf(0))
        if config.activation == "linear":
            h = h.apply(lambda a: max(a, mpmath.mpf(0)))
        found.append((V * h)[0] + mpmath.mpf(float(p["c"][0])))
    return found


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_exact_outputs_are_those_of_the_definition_to_40_digits(config):
    model, rng = network_from(config), np.random.default_rng(1)
    if "beta" in model.parameters:
        model.parameters["beta"][...] = rng.uniform(-0.6, 0.3, config.hidden)
    x, p = rng.random((4, 3, config.inputs)), model.parameters
    with mpmath.workdps(60):
        expected = outputs(model, x)
        assert np.allclose(np.array(expected, dtype=float), model.predict(x)[:, 0], rtol=1e-12)
        assert min(abs(y) for y in expected) > 0
        states = ExactStates(model, x)
        A, B, S = states.outputs(p["V"], p["c"])
        for output, a, b in zip(expected, A, B, strict=True):
            found = (mpmath.mpf(int(a)) + int(b) * mpmath.sqrt(states.radicand)) / S
            assert abs(found / output - 1) < mpmath.mpf(10) ** -40
    labels = np.array([float(mpmath.sign(y)) for y in expected])
    assert states.separates(p["V"], p["c"], labels)
    assert not states.separates(p["V"], p["c"], -labels)


def test_an_output_of_zero_is_on_no_side():
    model = network_from(had(hidden=4))
    for name, value in {"U": 1.0, "u": 1.0, "b": 0.0, "V": [[1.0, 0.0, 0.0, -1.0]], "c": -1.0}.items():
        model.parameters[name][...] = value
    x = np.full((2, 1, 1), 0.5)  # h_1 = (1/2, ...), h_2 = (3/2, 1/2, 1/2, 1/2), where sqrt(4) is an integer
    states, V = ExactStates(model, x), model.parameters["V"]
    assert not any(states.separates(V, np.array([-1.0]), np.array([s])) for s in (-1.0, 1.0))
    assert states.separates(V, np.nextafter([-1.0], 0), np.array([1.0]))
    assert states.separates(V, np.nextafter([-1.0], -2), np.array([-1.0]))


# Read-outs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points, size", [(4, 2), (6, 2), (6, 3), (5, 4)])
def test_real_read_outs_separate_as_many_dichotomies_as_there_are(points, size):
    F = np.random.default_rng(points).random((points, size))
    found = 0
    for number in range(2**points):
        labels = labels_of(number, points)
        read_out = solve_read_out(F, labels, bits=None)
        if read_out is not None:
            V, c = read_out
            assert (labels * (F @ V[0] + c) > 0).all()
            found += 1
    assert found == 2 * sum(comb(points - 1, i) for i in range(size + 1))  # Cover 1965: points in general position


def separable(F, labels, z):
    """Whether s (z f + c) > 0 for some c."""
    y = F @ z
    return max(-y[labels > 0], default=-np.inf) < min(-y[labels < 0], default=np.inf) - 1e-9


@pytest.mark.parametrize("bits, size", [(1, 3), (2, 3), (3, 2)])
def test_read_outs_of_few_bits_are_found_wherever_there_are_some(bits, size):
    half, top = 2 ** (bits - 1), max(2 ** (bits - 1) - 1, 1)
    codes = [np.array(z) for z in product(range(-half, top + 1), repeat=size) if -half in z or top in z]
    F = np.random.default_rng(bits).random((5, size))
    some = 0
    for number in range(32):
        labels = labels_of(number, 5)
        exists = any(separable(F, labels, z) for z in codes)
        read_out = solve_read_out(F, labels, bits=bits)
        assert (read_out is not None) is exists
        if read_out is not None:
            V, c = hr.quantize(read_out[0], bits=bits), read_out[1]
            assert (labels * (F @ V[0] + c) > 0).all()
            some += 1
    assert 2 < some < 32


@pytest.mark.parametrize("name", ["4 bits", "modrelu", "quantised W", "Björck"])
def test_features_are_the_states_that_are_read(name):
    model = network_from(CONFIGS[name])
    x = np.random.default_rng(0).random((5, 6, 1))
    V = model.config.quantised("V", model.parameters["V"])
    assert np.allclose(features(model, x) @ V.T + model.parameters["c"], model.predict(x))


# Cases with a known answer -------------------------------------------------------------------------------------------


def test_one_step_of_one_unit_is_monotone_and_shatters_two_points():
    found = shattered(qor(hidden=1), steps=1, most=4, candidates=32, **QUICK)
    assert (found.size, found.verify()) == (2, True)


def test_one_step_of_two_units_shatters_three_points_of_a_line():
    """Two kinks: both units rise to the right (the left piece is constant), or the function is convex, concave or
    monotone; so it has at most two sign changes, and four points ask for three."""
    found = shattered(had(), steps=1, most=5, candidates=32, **QUICK | {"restarts": 2})
    assert (found.size, found.verify()) == (3, True)


def test_points_in_general_position_up_to_the_width_plus_one_are_memorised():
    found = memorisation(had(hidden=4), steps=3, draws=3, **QUICK | {"restarts": 3})
    assert min(found.fitted) >= 5
    assert (found.rate(1), found.rate(found.capacity)) >= (1, 0.5)
    assert found.rate(max(found.fitted) + 1) == 0


# Bounds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_shattered_sets_are_proved_and_within_the_certified_bound(config):
    found = shattered(config, steps=2, sets=1, most=3, candidates=8, **QUICK)
    assert found.size >= 2
    assert found.verify() and found.size <= found.pseudo_dimension
    assert found.pseudo_dimension == capacity.network_bound(config, 2)[1]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_memorisation_is_within_its_certified_limit(config):
    found = memorisation(config, steps=2, draws=2, most=6, **QUICK)
    assert 1 <= found.capacity <= found.limit
    assert found.limit >= found.pseudo_dimension
    growth = capacity.network_bound(config, 2)[0].growth()
    with precision(128):
        excluded = [bool(growth.evaluate(BALL, m) < m - 1) for m in (found.limit, found.limit + 1)]
    assert excluded == [False, True]
    assert found.to_dict()["ratio"] == found.ratio == found.capacity / found.limit


class Empty:
    """A class of one function."""

    def growth(self):
        return self

    def evaluate(self, arithmetic, m):
        return 0.0


def test_more_than_a_bound_allows_is_an_error(monkeypatch):
    monkeypatch.setattr(capacity, "network_bound", lambda config, steps: (Empty(), 1))
    with pytest.raises(hr.errors.BoundViolationError, match="certified pseudo-dimension is 1"):
        shattered(had(), steps=2, sets=1, most=2, **QUICK)
    with pytest.raises(hr.errors.BoundViolationError, match="random dichotomies of"):
        memorisation(had(hidden=4), steps=2, draws=20, most=5, **QUICK)


# Records and files ---------------------------------------------------------------------------------------------------


def test_a_shattering_is_checked_again_from_its_json():
    found = shattered(had(bits=2), steps=2, sets=1, most=3, **QUICK)
    record = json.loads(json.dumps(found.to_dict()))
    assert Shattering.from_dict(record) == found
    swapped = record | {"witnesses": record["witnesses"][::-1]}
    fewer = record | {"witnesses": record["witnesses"][1:]}
    cut, nan = ([tail(w) for w in record["witnesses"]] for tail in (lambda w: w[1:], lambda w: [*w[:-1], float("nan")]))
    changes = [{"witnesses": cut}, {"witnesses": nan}, {"steps": 1}, {"pseudo_dimension": found.pseudo_dimension - 1}]
    for changed in (swapped, fewer, *(record | change for change in changes)):
        assert not Shattering.from_dict(changed).verify()


def test_only_orthogonal_matrices_are_witnesses_of_orthogonal_networks():
    found = shattered(qor(activation="relu"), steps=2, sets=1, most=2, **QUICK)
    scaled = [[*w[:2], *(1.0001 * x for x in w[2:6]), *w[6:]] for w in found.witnesses]  # after U comes W
    free = {"config": qor(activation="relu", strategy="penalty").record(), "pseudo_dimension": 1000}
    for changes, expected in (({}, True), ({"witnesses": scaled}, False), ({"witnesses": scaled} | free, True)):
        assert Shattering.from_dict(found.to_dict() | changes).verify() is expected


def test_the_points_of_fewer_are_the_first_of_more():
    few, many = (capacity._drawn(had(inputs=2), 3, m, (5, 1)) for m in (4, 9))
    assert (few[0] == many[0][:, :4]).all() and (few[1] == many[1][:4]).all()


@pytest.mark.parametrize(
    "measure, settings",
    [(memorisation, {"draws": 3, "most": 12}), (shattered, {"sets": 2, "most": 4, "candidates": 4})],
)
def test_an_interrupted_search_goes_on_to_the_same_result(tmp_path, monkeypatch, measure, settings):
    settings |= {"steps": 2, "seed": 0, **QUICK}
    path = tmp_path / "answers.jsonl"
    whole = measure(had(), path=path, **settings)
    assert whole == measure(had(), **settings)
    assert whole != measure(had(), **settings | {"seed": 7})
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    assert len(lines) > 4
    path.write_text("".join(lines[:3]) + lines[3][: len(lines[3]) // 2])  # stopped while writing
    assert measure(had(), path=path, resume=True, **settings) == whole
    assert path.read_text() == text
    # what is done is not done again
    monkeypatch.setattr(capacity.Trainer, "fitted", None)
    monkeypatch.setattr(capacity, "realised", None)
    assert measure(had(), path=path, resume=True, **settings) == whole


def test_stored_witnesses_are_verified_before_they_are_believed(tmp_path, monkeypatch):
    path, settings = tmp_path / "answers.jsonl", {"steps": 2, "sets": 1, "most": 3, "candidates": 8, **QUICK}
    found = shattered(had(), path=path, **settings)
    lines = path.read_text().splitlines()
    assert found.size == 3 and len(lines) == 4

    def resumed(line, change):
        answer = json.loads(lines[line])
        answer["answer"] = change(answer["answer"])
        path.write_text("\n".join([*lines[:line], json.dumps(answer), *lines[line + 1 :]]) + "\n")
        return shattered(had(), path=path, resume=True, **settings)

    assert resumed(3, lambda witnesses: witnesses) == found
    monkeypatch.setattr(capacity, "network_bound", lambda config, steps: (None, 2))  # damage is no violated bound
    changes = [lambda w: [[0.0] * len(one) for one in w], lambda w: w[::-1], lambda w: w[1:], lambda w: [[1.0]] * 8]
    for change in [*changes, lambda w: [[*one[:-1], float("nan")] for one in w]]:
        for line in (2, 3):
            with pytest.raises(hr.FileError, match=r"its witnesses that \d points are shattered are not sound"):
                resumed(line, change)
    for answer in (1, [1], "no", [["x"]]):
        with pytest.raises(hr.FileError, match="not a sound file of answers"):
            resumed(3, lambda _, answer=answer: answer)


@pytest.mark.parametrize("measure, effort", [(memorisation, {"draws": 1}), (shattered, {"sets": 1, "candidates": 4})])
def test_files_of_other_searches_and_versions_are_refused(measure, effort, tmp_path, monkeypatch):
    settings = {"steps": 2, "most": 2, "path": tmp_path / "answers.jsonl", **QUICK, **effort}
    measure(had(), **settings)
    with pytest.raises(hr.ParameterError, match="exists: go on with resume=True"):
        measure(had(), **settings)
    with pytest.raises(hr.ParameterError, match="is a search with other settings"):
        measure(had(), resume=True, **settings | {"iterations": 51})
    with pytest.raises(hr.ParameterError, match="needs the name of a file"):
        measure(had(), resume=True, **settings | {"path": None})
    monkeypatch.setattr(ab, "__version__", "0")
    with pytest.raises(hr.ParameterError, match="is a search with other settings"):
        measure(had(), **settings, resume=True)


def test_damaged_files_of_a_search_are_refused(tmp_path):
    path, settings = tmp_path / "answers.jsonl", {"steps": 2, "draws": 1, "most": 2, **QUICK}
    memorisation(had(), path=path, **settings)
    more = ("{}\n", "[1\n", '{"key": [1, 0], "answer": 2}\n')
    for text in ("", "no line", *(path.read_text() + line for line in more)):
        path.write_text(text)
        with pytest.raises(hr.FileError):
            memorisation(had(), path=path, resume=True, **settings)
    with pytest.raises(hr.FileError, match="cannot be read"):
        memorisation(had(), path=tmp_path / "missing", resume=True, **settings)


# Bad input and the command line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "measure, config, settings, message",
    [
        (memorisation, had(), {"steps": 0}, "steps=0"),
        (memorisation, had(), {"steps": True}, "steps=True"),
        (memorisation, had(), {"draws": 0}, "draws=0"),
        (memorisation, had(), {"level": 0}, "level=0: must be above 0 and at most 1"),
        (memorisation, had(), {"level": "3/2"}, "level='3/2'"),
        (memorisation, had(), {"level": "half"}, "level='half': must be a number"),
        (memorisation, had(), {"seed": -1}, "seed=-1"),
        (memorisation, had(), {"restarts": 0}, "restarts=0"),
        (memorisation, had(), {"iterations": 1.5}, "iterations=1.5"),
        (memorisation, had(), {"most": 0}, "most=0"),
        (memorisation, had(), {"path": 5}, "path=5: must be the name of a file"),
        (memorisation, "had", {}, "config='had'"),
        (memorisation, had(outputs=2), {}, "outputs=2: must be 1"),
        (memorisation, had(many_to_many=True), {}, "many_to_many=True"),
        (memorisation, had(embedding=3), {}, "embedding=3"),
        (memorisation, had(), {"level": float("nan")}, "level=nan"),
        (shattered, had(), {"sets": 0}, "sets=0"),
        (shattered, had(), {"candidates": -1}, "candidates=-1"),
        (shattered, had(), {"most": 17}, "most=17"),
        (shattered, qor(outputs=3), {}, "outputs=3"),
    ],
)
def test_bad_input(measure, config, settings, message):
    with pytest.raises(hr.ParameterError) as caught:
        measure(config, **{"steps": 2, "progress": False} | settings)
    assert message in str(caught.value)


def test_the_command_is_the_same_as_the_functions(tmp_path, capsys):
    words = ["capacity", "--model", "qornn", "--hidden", "2", "--activation", "relu", "--steps", "2", "--seed", "3"]
    more = ["--restarts", "1", "--iterations", "50", "--most", "4"]
    path = tmp_path / "answers.jsonl"
    assert cli.main([*words, *more, "--draws", "2", "--level", "1", "--out", str(path), "--json"]) == 0
    expected = memorisation(qor(activation="relu"), steps=2, seed=3, draws=2, level=1, most=4, **QUICK)
    assert json.loads(capsys.readouterr().out) == expected.to_dict()
    assert isinstance(expected, Memorisation) and path.exists()
    points = ["--method", "shatter", "--sets", "1", "--candidates", "4"]
    assert cli.main([*words, *more, *points, "--json"]) == 0
    expected = shattered(qor(activation="relu"), steps=2, seed=3, most=4, sets=1, candidates=4, **QUICK)
    assert Shattering.from_dict(json.loads(capsys.readouterr().out)) == expected
    assert cli.main([*words, *more, *points]) == 0
    captured = capsys.readouterr()
    assert f"size: {expected.size}" in captured.out and "witnesses" not in captured.out and captured.err == ""


@pytest.mark.parametrize(
    "words, message",
    [
        (["--method", "shatter", "--draws", "3"], "draws=3: is not a setting of the method shatter"),
        (["--sets", "3"], "sets=3: is not a setting of the method memorise"),
        (["--level", "0/3"], "level='0/3': must be above 0"),
        (["--level", "tenth"], "level='tenth': must be a number"),
        (["--level", "2"], "level='2'"),
        (["--resume"], "resume=True: needs the name of a file"),
        (["--out", "missing/answers.jsonl"], "No such file"),
        (["--hidden", "3"], "hidden=3: must be 1, 2 or a multiple of 4"),
    ],
)
def test_bad_command_lines(capsys, words, message):
    assert cli.main(["capacity", "--steps", "2", "--hidden", "2", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.out == ""
