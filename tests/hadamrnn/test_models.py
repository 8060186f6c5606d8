"""HadamRNN: gradients against finite differences and PyTorch, methods against each other, files, bad input."""

import tracemalloc
import zipfile

import hadamrnn_oracles
import numpy as np
import pytest
from hadamrnn_oracles import COMMON, OWN, draw
from hadamrnn_reference import sigma

import hadamrnn as hr
from hadamrnn.networks.impulse import leap
from hadamrnn.networks.layers import modrelu
from hadamrnn.networks.quantize import signs
from hadamrnn.networks.transform import MOST_DOUBLING, SignedHadamard


def build(settings, **options):
    return hadamrnn_oracles.build("hadamrnn", settings, **options)


KERNELS = [("hadamrnn", MOST_DOUBLING, 3), ("hadamrnn", 2 * MOST_DOUBLING, 3)]
KERNELS += [("qornn", 40, inputs) for inputs in (1, 20, 70)]


@pytest.mark.parametrize("kind, hidden, inputs", KERNELS)
@pytest.mark.parametrize("steps", [1, 2, 3, 37, 64, 100])
def test_the_kernel_is_the_recurrence(kind, hidden, inputs, steps):
    """By powers of W, which end early or at once where a step has many rows, and step by step."""
    model = hadamrnn_oracles.build(kind, {"hidden": hidden, "inputs": inputs})
    batch = draw(model, False, steps=steps)
    value, expected = model.loss_and_gradients(batch, method="checkpointed")
    found, gradients = model.loss_and_gradients(batch, method="kernel")
    assert found == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(gradients.flat, expected.flat, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", [hr.HadamRNN, hr.QORNN])
def test_states_are_kept_where_they_fit(kind, monkeypatch):
    """By default all of them only for recurrences that are not linear, and up to a limit."""
    steps, batch, size = 1024, 4, 1024 * 4 * 16

    def peak(activation, method="auto"):
        model = kind(inputs=2, hidden=16, outputs=3, activation=activation, many_to_many=True, dtype="float64")
        data = draw(model, False, steps=steps, batch=batch)
        tracemalloc.start()
        model.loss_and_gradients(data, method=method)
        found = tracemalloc.get_traced_memory()[1] / 8
        tracemalloc.stop()
        return found

    assert size < peak("relu") < 1.7 * size
    assert size < peak("linear", "stored")
    assert peak("linear") < size / 2
    monkeypatch.setattr("hadamrnn.networks.base.MOST_STORED", size - 1)
    assert peak("modrelu") < size / 2


@pytest.mark.parametrize("steps", [1, 2, 8, 64])
def test_a_leap_is_its_steps(steps):
    rng = np.random.default_rng(0)
    W = SignedHadamard(rng.choice([-1.0, 1.0], 24))
    start, columns = rng.standard_normal((4, 24)), rng.standard_normal((steps, 4, 3))
    h = before = rng.standard_normal((24, 3))
    for now in columns:
        h = W.dense() @ h + start.T @ now
    power, response = leap(W, start, steps)
    np.testing.assert_allclose(power @ before + response @ columns[::-1].reshape(-1, 3), h, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["checkpointed", "stored"])
def test_single_precision_is_close_to_double(method):
    model = build({"hidden": 128, "inputs": 10, "outputs": 9, "many_to_many": True}, dtype="float32")
    double = build({"hidden": 128, "inputs": 10, "outputs": 9, "many_to_many": True})
    double.parameters.flat[...] = model.parameters.flat
    batch = draw(model, True, steps=400, batch=4)
    value, gradients = model.loss_and_gradients(batch, method=method)
    expected, exact = double.loss_and_gradients(batch)
    assert value == pytest.approx(expected, rel=1e-5)
    for name in exact:
        np.testing.assert_allclose(gradients[name], exact[name], atol=1e-4 * np.abs(exact[name]).max(), err_msg=name)


@pytest.mark.parametrize("settings, tokens", [({"many_to_many": True}, True), ({"block": 4}, False)])
def test_gradients_are_those_of_pytorch(settings, tokens):
    torch = pytest.importorskip("torch")
    model = build({"hidden": 16} | settings)
    x, y = draw(model, tokens, steps=20)
    c, p = model.config, dict(model.parameters)
    p |= {"u": signs(p["u"])} | {name: hr.quantize(p[name], bits=c.bits) for name in ("U", "V")}
    p = {name: torch.tensor(array, requires_grad=True) for name, array in p.items()}
    m = c.block or c.hidden
    H = torch.tensor(np.kron(np.eye(c.hidden // m), hr.hadamard(m)) / m**0.5)
    inputs = torch.nn.functional.one_hot(torch.tensor(x), c.inputs).double() if tokens else torch.tensor(x)
    h, found = torch.zeros(3, c.hidden).double(), []
    for now in inputs:
        h = h @ (p["u"][:, None] * H).T + now @ p["U"].T + p["b"]
        found.append(torch.relu(h) @ p["V"].T + p["c"])
    out = torch.stack(found) if c.many_to_many else found[-1]
    target = torch.nn.functional.cross_entropy(out.reshape(-1, c.outputs), torch.tensor(y).reshape(-1))
    target.backward()
    value, gradients = model.loss_and_gradients((x, y))
    assert value == pytest.approx(float(target.detach()), rel=1e-12)
    for name, array in gradients.items():
        np.testing.assert_allclose(array, p[name].grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("beta", [0.0, 0.5, -0.5])
def test_modrelu_on_bits_is_its_definition(dtype, beta):
    tiny = np.finfo(dtype).smallest_subnormal
    a = np.array([[0.0, -0.0, 0.5, -0.5, 0.75, -0.75, tiny, -tiny, np.inf, -np.inf, np.nan]], dtype=dtype)
    expected, zero = sigma(a, "modrelu", np.array(beta, dtype=dtype)), np.zeros_like(a)
    modrelu(a, np.full_like(a, beta), zero, np.empty_like(a))
    np.testing.assert_array_equal(a, expected)


def test_batches_do_not_disturb_one_another():
    """Arrays are kept between batches; what was returned before must not change."""
    model = build({"many_to_many": True, "block": 4})
    first, second = draw(model, False, steps=30), draw(model, False, steps=30, seed=1)
    _, gradients = model.loss_and_gradients(first)
    kept, outputs = gradients.flat.copy(), model.predict(first[0])
    before = outputs.copy()
    for batch in (second, draw(model, False, steps=5, batch=2)):
        model.loss_and_gradients(batch)
        model.predict(batch[0])
    assert (gradients.flat == kept).all() and (outputs == before).all()
    assert (model.loss_and_gradients(first)[1].flat == kept).all()


def test_training_learns_and_is_reproducible():
    def train(seed):
        model = hr.HadamRNN(inputs=4, hidden=32, outputs=4, many_to_many=True, seed=seed)
        adam, rng, losses = hr.Adam(model.parameters), np.random.default_rng(0), []
        for _ in range(200):
            x = rng.integers(0, 4, (6, 16))
            y = np.vstack([x[:1], x[:-1]])  # say what came one step before
            value, gradients = model.loss_and_gradients((x, y))
            adam.step(gradients, 0.01)
            losses.append(value)
        return model.parameters.flat, losses

    first, losses = train(0)
    again, _ = train(0)
    other, _ = train(1)
    assert losses[-1] < 0.2 < np.log(4) < losses[0]
    assert (first == again).all() and not (first == other).all()


def test_initial_parameters_do_as_the_settings_say():
    model = build({"hidden": 128, "sign_scale": 10.0, "seed": 0})
    bound = np.sqrt(6 / 129)
    assert 9 * bound < np.abs(model.parameters["u"]).max() <= 10 * bound
    assert np.abs(model.parameters["U"]).max() <= np.sqrt(6 / 130)
    assert (build({"hidden": 128}, seed=0).parameters.flat != build({"hidden": 128}, seed=1).parameters.flat).any()


@pytest.mark.parametrize("option", ["modrelu", "embedding", "ternary weights"])
def test_a_saved_model_is_loaded_whole(option, tmp_path):
    settings, tokens = {**COMMON, **OWN["hadamrnn"]}[option]
    model = build(settings, dtype="float32")
    path = model.save(tmp_path / "model.npz")
    loaded = hr.HadamRNN.load(path)
    assert loaded.config == model.config
    assert (loaded.parameters.flat == model.parameters.flat).all()
    x, _ = draw(model, tokens)
    assert (loaded.predict(x) == model.predict(x)).all()
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def rewritten(path, change):
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("U"),
        lambda arrays: arrays.pop("header"),
        lambda arrays: arrays.update(header=np.array("{}")),
        lambda arrays: arrays.update(header=np.array("[1]")),
        lambda arrays: arrays.update(header=np.array("{")),
        lambda arrays: arrays.update(header=np.array(str(arrays["header"]).replace('"hidden": 8', '"hidden": 6'))),
        lambda arrays: arrays.update(header=np.array(str(arrays["header"]).replace('"hidden": 8', '"hidden": 16'))),
        lambda arrays: arrays.update(header=np.array(str(arrays["header"]).replace('"hidden"', '"hiden"'))),
        lambda arrays: arrays.update(header=np.array(str(arrays["header"]).replace('"version": 1', '"version": 9'))),
        lambda arrays: arrays.update(U=arrays["U"].T),
        lambda arrays: arrays.update(U=arrays["U"] * np.nan),
        lambda arrays: arrays.update(U=arrays["U"].astype("float16")),
        lambda arrays: arrays.update(U=np.array([None], dtype=object)),
    ],
)
def test_altered_files_are_refused(change, tmp_path):
    path = build({}).save(tmp_path / "model.npz")
    rewritten(path, change)
    with pytest.raises(hr.FileError, match=r"model\.npz"):
        hr.HadamRNN.load(path)


@pytest.mark.parametrize("broken", [b"(", b"'", b"\\", b"]", b"\x00"])
def test_arrays_with_broken_headers_are_refused(broken, tmp_path):
    """NumPy parses the header of an array as text: some defects end in a TokenError or SyntaxError of Python."""
    path, damaged = build({}).save(tmp_path / "model.npz"), tmp_path / "damaged.npz"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"}", broken, 1) if name == "U.npy" else old.read(name))
    with pytest.raises(hr.FileError, match=r"damaged\.npz"):
        hr.HadamRNN.load(damaged)


def test_broken_files_are_refused(tmp_path):
    path = build({}).save(tmp_path / "model.npz")
    whole = path.read_bytes()
    for size in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(hr.FileError):
            hr.HadamRNN.load(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    with pytest.raises(hr.FileError):
        hr.HadamRNN.load(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("array.npy", "missing.npz", "."):
        with pytest.raises(hr.FileError):
            hr.HadamRNN.load(tmp_path / name)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    model = build({})
    path = model.save(tmp_path / "model.npz")
    before = path.read_bytes()

    def fail(*arguments, **settings):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"hidden": 92}, "hidden=92: .* nearest are 88, 96"),
        ({"hidden": 6}, "hidden=6"),
        ({"hidden": 0}, "hidden=0"),
        ({"hidden": True}, "hidden=True"),
        ({"hidden": 8.0}, "hidden=8.0"),
        ({"block": 3}, "block=3"),
        ({"block": 16}, "block=16: must divide hidden=8"),
        ({"bits": 0}, "bits=0"),
        ({"bits": 17}, "bits=17"),
        ({"bits": True}, "bits=True"),
        ({"inputs": 0}, "inputs=0"),
        ({"outputs": -1}, "outputs=-1"),
        ({"activation": "tanh"}, "activation='tanh': must be one of linear, relu, modrelu"),
        ({"loss": "hinge"}, "loss='hinge'"),
        ({"many_to_many": 1}, "many_to_many=1"),
        ({"embedding": 0}, "embedding=0"),
        ({"sign_scale": 0}, "sign_scale=0"),
        ({"sign_scale": float("nan")}, "sign_scale=nan"),
        ({"dtype": "float16"}, "dtype='float16'"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": None}, "seed=None"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(hr.ParameterError, match=message):
        build(settings)


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError, match="hiden"):
        hr.HadamRNN(inputs=2, hiden=8, outputs=3)


X, Y = np.zeros((5, 3, 2)), np.zeros(3, dtype=int)


@pytest.mark.parametrize(
    "settings, x, y, message",
    [
        ({}, X[..., :1], Y, r"x\.shape=\(5, 3, 1\): must be \(T, B, 2\)"),
        ({}, X[0], Y, r"x\.shape"),
        ({}, X[:0], Y, r"x\.shape"),
        ({}, X[:, :0], Y[:0], r"x\.shape"),
        ({}, X.astype(str), Y, r"x\.dtype='<U32'"),
        ({}, X.astype(complex), Y, r"x\.dtype='complex128'"),
        ({}, X == 0, Y, r"x\.dtype='bool'"),
        ({}, X + np.nan, Y, r"x='30 of 30 entries are not, the first at \(0, 0, 0\)': must be finite"),
        ({}, X + np.inf, Y, r"x='30 of 30 entries are not, the first at \(0, 0, 0\)': must be finite"),
        ({}, np.full((5, 3), 2), Y, "tokens from 2 to 2"),
        ({}, np.full((5, 3), -1), Y, "tokens from -1 to -1"),
        ({"embedding": 2}, X, Y, r"x\.shape"),
        ({}, X, Y[:2], r"y\.shape=\(2,\): must be \(3\)"),
        ({}, X, Y + 3, "y='classes from 3 to 3': must be from 0 to 2"),
        ({}, X, Y - 1, "y='classes from -1 to -1': must be from 0 to 2"),
        ({}, X, Y + 0.5, r"y\.dtype='float64': must be integers"),
        ({}, X, Y == 0, r"y\.dtype='bool': must be integers"),
        ({"many_to_many": True}, X, Y, r"y\.shape"),
        ({"many_to_many": True}, X, np.zeros((6, 3), dtype=int), r"y\.shape=\(6, 3\): must be \(1 to 5, 3\)"),
        ({"many_to_many": True}, X, np.zeros((0, 3), dtype=int), r"y\.shape"),
        ({"loss": "mse"}, X, np.zeros((3, 2)), r"y\.shape=\(3, 2\): must be \(3, 3\)"),
        ({"loss": "mse"}, X, np.full((3, 3), np.nan), "y=.*finite"),
        ({"loss": "mse"}, X, np.zeros((3, 3), dtype=int), r"y\.dtype='int64'"),
    ],
)
def test_bad_batches_are_refused(settings, x, y, message):
    model = build(settings)
    with pytest.raises(hr.ParameterError, match=message):
        model.loss_and_gradients((x, y))


@pytest.mark.parametrize(
    "settings, method",
    [
        ({}, "reversible"),
        ({"activation": "relu"}, "kernel"),
        ({"many_to_many": True}, "kernel"),
        ({}, "fast"),
    ],
)
def test_methods_that_do_not_apply_are_refused(settings, method):
    model = build(settings)
    with pytest.raises(hr.ParameterError, match=f"method='{method}'"):
        model.loss_and_gradients(draw(model, False), method=method)
