"""Bad calls of every public function and class: a named error that says which value, and what is allowed."""

import json
import math

import numpy as np
import pytest

import hadamrnn as hr
from hadamrnn.expressivity.capacity import memorisation, shattered
from hadamrnn.tasks import CopyTask
from hadamrnn.training.checkpoint import Checkpoint

P, F, D = hr.ParameterError, hr.FileError, hr.DivergenceError
TASK = CopyTask(length=12, symbols=2, copies=1, train_size=32, test_size=16)
MODEL = hr.model_for(TASK, hidden=8)
PACKED = hr.Packed.of(MODEL)
INTEGERS = hr.IntegerNetwork(PACKED, ranges=hr.Ranges(1, 1))
RANGES = hr.Ranges(1.0, 1.0)
SHAPE = {"inputs": 4, "hidden": 8, "outputs": 3}
FIT = {"epochs": 1, "batch_size": 16, "learning_rate": 0.01, "progress": False}
RNG = np.random.default_rng(0)
W, A = np.eye(3), np.ones((3, 1))
X, Y = np.ones((12, 2, 4)), np.zeros((12, 2), dtype=int)
RAGGED = [[1.0, 2.0], [3.0]]
JUNK = (None, 5, "m", RAGGED, object)


def fit(model=None, task=TASK, **changes):
    return hr.fit(hr.model_for(TASK, hidden=8) if model is None else model, task, **FIT | changes)


def rows(name, call, values, message, error=P):
    return [(name, lambda value=value: call(value), error, message) for value in values]


#: What is public, a call, the error, and a part of its message.
TABLE = [
    # settings
    *rows("Config", lambda v: hr.Config(**SHAPE | {"hidden": v}), (0, -1, True, 2.0, "8", None), "hidden="),
    *rows("Config", lambda v: hr.Config(**SHAPE, bits=v), (0, 17, True, 2.0, "2"), "bits="),
    *rows("Config", lambda v: hr.Config(**SHAPE, block=v), (3, 0, "8"), "block="),
    *rows("HadamRNN", lambda v: hr.HadamRNN(**SHAPE, activation=v), (None, 5, "tanh"), "activation="),
    *rows("QORNNConfig", lambda v: hr.QORNNConfig(**SHAPE, penalty=v), (-1, None, True, math.nan), "penalty="),
    *rows("QORNN", lambda v: hr.QORNN(**SHAPE, strategy=v), (None, "cayley"), "strategy="),
    *rows("NetworkConfig", lambda v: hr.NetworkConfig(**SHAPE, seed=v), (-1, None, True, 2**64), "seed="),
    *rows("Settings", lambda v: hr.Settings(batch_size=v, learning_rate=0.1), (0, None, True, 1.5), "batch_size="),
    *rows("Settings", lambda v: hr.Settings(batch_size=1, learning_rate=v), (0, -1, None, math.nan), "learning_rate="),
    *rows("Settings", lambda v: hr.Settings(batch_size=1, learning_rate=v), (math.inf, "1", True), "learning_rate="),
    *rows("Settings", lambda v: hr.Settings(batch_size=1, learning_rate=v), (10**5000, -(10**5000)), "learning_rate="),
    *rows("Settings", lambda v: hr.Settings(batch_size=1, learning_rate=v), (np.complex64(1),), "learning_rate="),
    # networks
    *rows("Network", MODEL.predict, (None, object(), "x", np.ones(3), np.ones((12, 2, 3))), "x.shape="),
    *rows("Network", MODEL.predict, (RAGGED, [[1, 2], [3]]), "x=[[1"),
    *rows("Network", MODEL.predict, (X * math.nan, X * math.inf), "must be finite numbers"),
    *rows("Network", lambda v: MODEL.check(X, v), (None, 3, [], Y[:, :1]), "y.shape="),
    *rows("Network", lambda v: MODEL.loss_and_gradients((X, v)), (RAGGED, [[1, 2], [3]]), "y=[[1"),
    *rows("Network", MODEL.save, (None, 5, "", "a\0b", b"m"), "path="),
    *rows("Network", hr.HadamRNN.load, (None, 5, "", "a\0b", b"m"), "path="),
    *rows("load_network", hr.load_network, (None, 5, "", "a\0b", b"m"), "path="),
    *rows("load_network", hr.load_network, ("/nowhere", __file__), "not a sound model file", F),
    *rows("quantised", lambda v: hr.quantised(v, recurrent_bits=2, bits=2), (*JUNK, MODEL), "must be a QORNN"),
    *rows("Workers", hr.Workers, JUNK, "must be a network"),
    *rows("Workers", lambda v: hr.Workers(MODEL, processes=v), (0, 65, True, None, "2"), "processes="),
    # files and sizes
    *rows("sizes", hr.sizes, (*JUNK, hr.Config, MODEL), "must be the settings of a network"),
    *rows("Packed", hr.Packed.of, (*JUNK, MODEL.config), "must be a network"),
    *rows("Packed", hr.Packed.load, (None, 5, "", "a\0b", b"m"), "path="),
    *rows("Packed", hr.Packed.load, ("/nowhere", __file__), "path=", F),
    # integers
    *rows("IntegerNetwork", lambda v: hr.IntegerNetwork(v, ranges=RANGES), (*JUNK, MODEL), "must be a Packed model"),
    *rows("IntegerNetwork", lambda v: hr.IntegerNetwork(PACKED, ranges=v), (None, (1, 1), 5), "ranges="),
    *rows("IntegerNetwork", lambda v: hr.IntegerNetwork(PACKED, ranges=hr.Ranges(1, v)), (0, None, "1"), ".states="),
    *rows("IntegerNetwork", lambda v: hr.IntegerNetwork(PACKED, ranges=hr.Ranges(1, v)), (5e-324, 1e999), ".states="),
    *rows("c_source", hr.c_source, (*JUNK, MODEL, PACKED), "must be an IntegerNetwork"),
    *rows("c_source", lambda v: hr.c_source(INTEGERS, name=v), (None, 7, "", "1net", "net-1", "_net", "né"), "name="),
    *rows("ranges", lambda v: hr.ranges(v, TASK), (*JUNK, PACKED), "must be a network"),
    *rows("ranges", lambda v: hr.ranges(MODEL, v), JUNK, "must be a task"),
    # training
    *rows("model_for", hr.model_for, (*JUNK, CopyTask), "must be a task"),
    *rows("model_for", lambda v: hr.model_for(TASK, hidden=8, kind=v), (None, "lstm"), "kind="),
    *rows("evaluate", lambda v: hr.evaluate(v, TASK), (*JUNK, MODEL.config), "must be a network"),
    *rows("evaluate", lambda v: hr.evaluate(MODEL, v), JUNK, "must be a task"),
    *rows("evaluate", lambda v: hr.evaluate(MODEL, TASK, batch_size=v), (0, None, True), "batch_size="),
    *rows("fit", fit, ("m", 5, MODEL.config, hr.IntegerNetwork(PACKED, ranges=RANGES)), "must be a network"),
    *rows("fit", lambda v: fit(task=v), JUNK, "must be a task"),
    *rows("fit", lambda v: fit(log=v), (5, "", "a\0b", b"m", True), "log="),
    *rows("fit", lambda v: fit(checkpoint=v), (5, "", "a\0b", b"m", True), "checkpoint="),
    *rows("fit", lambda v: fit(checkpoint=v, resume=True), (5, "", "a\0b"), "checkpoint="),
    *rows("sweep", lambda v: hr.sweep(v, directory="x"), JUNK, "task="),
    *rows("sweep", lambda v: hr.sweep("copy", directory=v), (None, 5, "", "a\0b", b"m"), "directory="),
    *rows("Vector", lambda v: hr.Vector(v, "float32"), (None, 5, {}, {"a": 3}, [("a", (3,))]), "shapes="),
    *rows("Vector", lambda v: hr.Vector({"a": (3,)}, v), (None, "float", "int32", float), "dtype="),
    *rows("Adam", hr.Adam, (*JUNK, np.ones(3)), "must be a Vector"),
    *rows("Average", lambda v: hr.Average(v, 0.5), (*JUNK, np.ones(3)), "must be a Vector"),
    *rows("Average", lambda v: hr.Average(MODEL.parameters, v), (*JUNK, 0, 1.5, True), "share="),
    *rows("clip", lambda v: hr.clip(v, most=1), (*JUNK, np.ones(3)), "must be a Vector"),
    # matrices
    *rows("hadamard", hr.hadamard, (0, 3, 92, True, 4.0, "4", None, 2**20), "n="),
    *rows("orders", hr.orders, (0, True, 4.0, None), "most="),
    *rows("codes", lambda v: hr.codes(v, bits=2), (None, "x", [None], W * 1j, W > 0), "matrix.dtype="),
    *rows("codes", lambda v: hr.codes(v, bits=2), (RAGGED, W + math.nan, W + math.inf), "matrix="),
    *rows("codes", lambda v: hr.codes(W, bits=v), (0, 17, None, True, 2.0), "bits="),
    *rows("quantize", lambda v: hr.quantize(v, bits=2), (None, "x", [None], W * 1j, W > 0), "matrix.dtype="),
    *rows("quantize", lambda v: hr.quantize(v, bits=2), (RAGGED, W + math.nan), "matrix="),
    *(
        row
        for name in ("bjorck", "orthogonality_defect", "singular_values")
        for call in (getattr(hr, name),)
        for row in (
            *rows(name, call, (None, "x", [["a"]], W * 1j, W > 0, object()), "matrix.dtype="),
            *rows(name, call, (5, [1.0], A, X, np.zeros((0, 0))), "matrix.shape="),
            *rows(name, call, (RAGGED,), "matrix="),
            *rows(name, call, (W + math.nan, W + math.inf), "finite", D if name == "bjorck" else P),
        )
    ),
    *rows("random_orthogonal", lambda v: hr.random_orthogonal(v, RNG), (0, -1, True, 2.0, None, "3"), "n="),
    *rows("random_orthogonal", lambda v: hr.random_orthogonal(3, v), (None, 0, np.random), "rng="),
    ("ParameterError", lambda: hr.ParameterError("p"), TypeError, "missing"),
    ("FileError", lambda: hr.FileError("p"), TypeError, "missing"),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_bad_calls_raise_named_errors(row, tmp_path, monkeypatch):
    _, call, error, message = row
    monkeypatch.chdir(tmp_path)
    with np.errstate(invalid="ignore"), pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
    assert 0 < len(str(caught.value)) < 300
    assert list(tmp_path.iterdir()) == []


def test_every_public_callable_has_a_row():
    public = {name for name in hr.__all__ if callable(getattr(hr, name))}
    # errors, and records that the library builds and users only read
    plain = {name for name in public if name.endswith("Error")} | {"History", "Ranges", "Sweep"}
    assert public - plain <= {row[0] for row in TABLE} <= public


def test_matrices_of_integers_and_lists_are_numbers():
    for M in (np.array([[1, 2], [0, 3]]), [[1, 2], [0, 3]], [[1.0, 2.0], [0.0, 3.0]]):
        floats = np.array(M, dtype=float)
        for function in (hr.orthogonality_defect, hr.singular_values, lambda M: hr.bjorck(M).W):
            np.testing.assert_array_equal(function(M), function(floats))
        np.testing.assert_array_equal(hr.quantize(M, bits=3), hr.quantize(floats, bits=3))


class Own(CopyTask):
    """A task whose ``empty`` part has no sequences."""

    empty = ""

    @property
    def sizes(self):
        return super().sizes | ({self.empty: 0} if self.empty else {})

    def _batches(self, part, batch_size, rng):
        return iter(()) if part == self.empty else super()._batches(part, batch_size, rng)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_empty_parts_are_named(part, monkeypatch, tmp_path):
    monkeypatch.setattr(Own, "empty", part)
    task = Own(length=12, symbols=2, copies=1, train_size=32, test_size=16)
    for call in (lambda: hr.evaluate(MODEL, task, part=part), lambda: fit(task=task, checkpoint=tmp_path / "c")):
        with pytest.raises(P, match=f"task.sizes=.*for the part {part}, which is empty"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_numpy_scalars_are_the_numbers_that_they_are(tmp_path):
    one, more = np.int64(1), {"hidden": np.int64(8), "bits": np.int8(2), "many_to_many": np.True_, "seed": np.uint32(3)}
    plain = {"hidden": 8, "bits": 2, "many_to_many": True, "seed": 3}
    for kind in (hr.HadamRNN, hr.QORNN):
        model = kind(inputs=np.int32(4), outputs=np.int16(3), **more)
        other = kind(inputs=4, outputs=3, **plain)
        assert model.save(tmp_path / "a").read_bytes() == other.save(tmp_path / "b").read_bytes()
        assert (
            hr.Packed.of(model).save(tmp_path / "a").read_bytes()
            == hr.Packed.of(other).save(tmp_path / "b").read_bytes()
        )
    found = []
    for call in (int, np.int64):
        rate = 1e-2 if call is int else np.float64(1e-2)
        changes = {"epochs": call(1), "batch_size": call(16), "patience": call(2), "clip": call(1), "decay": rate}
        path = tmp_path / f"{call.__name__}.npz"
        fit(**changes, learning_rate=rate, checkpoint=path)
        found.append(json.dumps(Checkpoint.load(path).identity))
    assert found[0] == found[1]
    assert type(hr.Settings(batch_size=one, learning_rate=np.longdouble(1)).learning_rate) is float


def test_sweeps_take_arrays_and_know_their_runs_again(tmp_path):
    task = {"length": 12, "symbols": 2, "copies": 1, "train_size": 32, "test_size": 16}
    settings = {"directory": tmp_path, "progress": False, "epochs": 1, "batch_size": 16, **task}
    first = hr.sweep("copy", **settings, hidden=[4, 8], learning_rate=0.01)
    again = hr.sweep("copy", **settings, hidden=np.array([4, 8]), learning_rate=np.array(0.01))
    assert first == again and len(list(tmp_path.iterdir())) == 2
    for values in (np.array([]), np.array([[4, 8]])):
        with pytest.raises(P, match="hidden="):
            hr.sweep("copy", **settings, hidden=values, learning_rate=0.01)


@pytest.mark.parametrize("measure, effort", [(memorisation, {}), (shattered, {"sets": 1, "candidates": 4})])
def test_measurements_of_capacity_check_truth_values_and_take_numpy_numbers(measure, effort, tmp_path):
    config = hr.Config(inputs=1, hidden=2, outputs=1, bits=None)
    numbers = {"steps": 2, "most": 2, "restarts": 1, "iterations": 5, **effort}
    settings = {**numbers, "progress": False, "path": tmp_path / "a"}
    for name in ("resume", "progress"):
        with pytest.raises(P, match=f"{name}='no': must be True or False"):
            measure(config, **settings | {name: "no"})
    assert list(tmp_path.iterdir()) == []
    found = measure(config, **settings | {name: np.int64(value) for name, value in numbers.items()})
    assert measure(config, **settings, resume=True) == found
    json.dumps(found.to_dict())


def test_networks_show_the_call_that_makes_them():
    assert repr(MODEL) == "HadamRNN(inputs=4, hidden=8, outputs=3, many_to_many=True)"
    model = hr.QORNN(**SHAPE, bits=None, recurrent_bits=2, strategy="ptq", seed=np.int64(1))
    assert repr(model) == "QORNN(inputs=4, hidden=8, outputs=3, seed=1, recurrent_bits=2, strategy='ptq')"
