"""Built networks in files, and as torch modules."""

import sys
import zipfile
from contextlib import nullcontext, suppress
from types import SimpleNamespace

import numpy as np
import pytest

import approxbounds as ab
from approxbounds.facts.archives import archive, layers_of
from approxbounds.facts.built_recurrent import RecurrentWeights

LAYERS = ((np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.1, -0.2])), (np.array([[1.0, -1.0]]), np.array([7.0])))


def network(power=1):
    return ab.DenseNetwork(LAYERS, power)


@pytest.mark.parametrize("power", [0, 1, 3])
def test_networks_survive_files(tmp_path, power):
    again = ab.DenseNetwork.load(network(power).save(tmp_path / "network.npz"))
    points = np.random.default_rng(0).random((50, 2))
    assert again.power == power and (again(points) == network(power)(points)).all()
    with np.load(tmp_path / "network.npz", allow_pickle=False) as arrays:  # as users read it
        assert set(arrays) == {"power", "weights0", "biases0", "weights1", "biases1"}
        assert (arrays["weights0"] == LAYERS[0][0]).all()


def rewritten(path, **changes):
    """The archive with other arrays, None for left out."""
    arrays = {"power": np.array(1.0)}
    for i, (matrix, biases) in enumerate(LAYERS):
        arrays |= {f"weights{i}": matrix, f"biases{i}": biases}
    np.savez(path, **{name: array for name, array in (arrays | changes).items() if array is not None})


BAD = [
    {"power": np.array(0.5)},
    {"power": np.array(-1.0)},
    {"power": np.array(np.nan)},
    {"power": np.array([1.0])},
    {"power": np.array({"a": 1}, dtype=object)},
    {"weights0": LAYERS[0][0].astype(np.float32)},
    {"weights0": np.array([[1.0, np.inf], [0.0, 0.0]])},
    {"weights0": np.ones((2, 0))},
    {"weights0": np.ones((3, 2))},
    {"biases0": np.ones((2, 1))},
    {"biases1": None},
    {"weights1": np.ones((2, 2)), "biases1": np.ones(2)},
    {"more": np.ones(1)},
]


@pytest.mark.parametrize("changes", BAD)
def test_other_archives_are_refused(tmp_path, changes):
    rewritten(tmp_path / "network.npz")
    assert ab.DenseNetwork.load(tmp_path / "network.npz").widths == (2,)
    rewritten(tmp_path / "network.npz", **changes)
    with pytest.raises(ab.ParameterError, match="path="):
        ab.DenseNetwork.load(tmp_path / "network.npz")


def test_damaged_files_are_refused(tmp_path):
    data, path, rng = archive(LAYERS, 1), tmp_path / "network.npz", np.random.default_rng(0)
    places = rng.integers(0, len(data), 300)
    for place, new in zip(places, rng.integers(0, 256, 300), strict=True):
        path.write_bytes(data[:place] + bytes([new]) + data[place + 1 :])
        with suppress(ab.ParameterError):
            ab.DenseNetwork.load(path)  # a date may change
    for damaged in (b"", data[:200], data[:-10], b"PK" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ab.ParameterError):
            ab.DenseNetwork.load(path)
    with pytest.raises(ab.ParameterError):
        ab.DenseNetwork.load(tmp_path / "none.npz")
    with pytest.raises(ab.ParameterError):
        network().save(tmp_path)


def test_no_memory_is_taken_for_what_is_not_there(tmp_path):
    """A header that claims 10^15 numbers; an archive that unfolds to more numbers than are allowed."""
    path, header = (
        tmp_path / "network.npz",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (10, 100000000000000), }",
    )
    rewritten(path)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["weights0.npy"] = b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    with pytest.raises(ab.ParameterError, match="complete"):
        ab.DenseNetwork.load(path)
    rewritten(path, weights0=np.zeros((100, 100)))
    with pytest.raises(ValueError, match="more than"):
        layers_of(path.read_bytes(), 100)


class Module:
    """As much of torch as is needed, on NumPy arrays."""

    def __call__(self, x):
        return self.forward(x)


class Parameter:
    def __init__(self, shape, dtype):
        self.values = np.zeros(shape, dtype)

    def copy_(self, values):
        assert values.dtype == self.values.dtype and values.shape == self.values.shape
        self.values = values


class Linear(Module):
    def __init__(self, inputs, outputs, bias, dtype):
        self.weight, self.bias = Parameter((outputs, inputs), dtype), Parameter(outputs if bias else 0, dtype)

    def forward(self, x):
        return x @ self.weight.values.T + (self.bias.values if self.bias.values.size else 0)


class Values(np.ndarray):
    """An array with the one method of tensors that is needed."""

    def to(self, dtype):
        return self.astype(dtype)


class ReLU(Module):
    def forward(self, x):
        return np.maximum(x, 0)


class Sequential(Module):
    def __init__(self, *modules):
        self.modules = modules

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x


STAND_IN = SimpleNamespace(
    nn=SimpleNamespace(Module=Module, Linear=Linear, ReLU=ReLU, Sequential=Sequential, Parameter=lambda values: values),
    no_grad=nullcontext,
    tensor=np.array,
    relu=ReLU(),
    sign=np.sign,
    abs=np.abs,
    float64=np.dtype(float),
)


@pytest.mark.parametrize("power", [0, 1, 3])
def test_torch_modules_have_the_same_values(monkeypatch, power):
    monkeypatch.setitem(sys.modules, "torch", STAND_IN)
    points, module = np.random.default_rng(0).random((50, 2)), network(power).to_torch()
    assert module(points.view(Values)).view(np.ndarray)[:, 0] == pytest.approx(network(power)(points), abs=1e-14)
    assert isinstance(module.modules[1], ReLU) == (power == 1) and len(module.modules) == 3


@pytest.mark.parametrize("power", [0, 1, 3])
def test_real_torch_modules_have_the_same_values(power):
    torch = pytest.importorskip("torch")
    points = np.random.default_rng(0).random((50, 2))
    module = network(power).to_torch()
    with torch.no_grad():
        values = module(torch.tensor(points))
    assert values.dtype == torch.float64 and values.numpy()[:, 0] == pytest.approx(network(power)(points), abs=1e-14)
    assert sum(part.numel() for part in module.parameters()) == network(power).weights


def test_without_torch_the_error_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ab.MissingPackageError, match="pip install torch"):
        network().to_torch()


# ------------------------------------------------------------------------------------------------ recurrent ones


def recurrent(rectifies="state"):
    rng = np.random.default_rng(5)
    W, U, b, thresholds, v = (rng.normal(size=size) for size in ((3, 3), (3, 2), 3, 3, 3))
    return RecurrentWeights(W, U, b, thresholds, v, 0.25, 4, rectifies)


POINTS = np.random.default_rng(0).random((50, 8))
RECTIFIES = ["output", "state", "thresholds"]


@pytest.mark.parametrize("rectifies", RECTIFIES)
def test_recurrent_networks_survive_files(tmp_path, rectifies):
    built = recurrent(rectifies)
    again = RecurrentWeights.load(built.save(tmp_path / "network.npz"))
    assert again.rectifies == rectifies and (again(POINTS) == built(POINTS)).all()
    with pytest.raises(ab.ParameterError, match="arrays power"):
        ab.DenseNetwork.load(tmp_path / "network.npz")


@pytest.mark.parametrize(
    "changes",
    [
        {"W": np.ones((3, 2))},
        {"W": np.full((3, 3), np.nan)},
        {"W": np.ones((3, 3), np.float32)},
        {"U": np.ones((2, 2))},
        {"U": np.ones((3, 0))},
        {"v": np.ones(2)},
        {"thresholds": np.ones(4)},
        {"c": np.ones(1)},
        {"steps": np.array(0.0)},
        {"steps": np.array(1.5)},
        {"steps": np.array(1e9)},
        {"rectifies": np.array(3.0)},
        {"rectifies": None},
        {"more": np.ones(1)},
    ],
)
def test_other_archives_are_no_recurrent_networks(tmp_path, changes):
    path = recurrent().save(tmp_path / "network.npz")
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{name: array for name, array in (arrays | changes).items() if array is not None})
    with pytest.raises(ab.ParameterError, match="path="):
        RecurrentWeights.load(path)


@pytest.mark.parametrize("rectifies", RECTIFIES)
def test_recurrent_torch_modules_have_the_same_values(monkeypatch, rectifies):
    monkeypatch.setitem(sys.modules, "torch", STAND_IN)
    assert recurrent(rectifies).to_torch()(POINTS)[:, 0] == pytest.approx(recurrent(rectifies)(POINTS), abs=1e-12)


@pytest.mark.parametrize("rectifies", RECTIFIES)
def test_real_recurrent_torch_modules_have_the_same_values(rectifies):
    torch = pytest.importorskip("torch")
    module = recurrent(rectifies).to_torch()
    with torch.no_grad():
        values = module(torch.tensor(POINTS))
    assert values.dtype == torch.float64
    assert values.numpy()[:, 0] == pytest.approx(recurrent(rectifies)(POINTS), abs=1e-12)
    assert sum(part.numel() for part in module.parameters()) == 9 + 6 + 3 + 3 + 1 + 3 * (rectifies == "thresholds")
