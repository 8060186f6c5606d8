"""Exported files: every number comes back, sizes are those of the file, damage is named; inference in integers."""

import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hadamrnn as hr
from hadamrnn.deployed.packed import HEAD, _packed, _unpacked

OPTIONS = {
    "p = 4": {},
    "p = 1": {"bits": 1},
    "p = 3": {"bits": 3, "hidden": 12, "inputs": 5},
    "p = 16": {"bits": 16},
    "full precision": {"bits": None},
    "blocks": {"block": 4, "hidden": 20},
    "embedding": {"embedding": 3, "inputs": 30},
    "two layers": {"layers": 2, "many_to_many": True},
    "modrelu": {"activation": "modrelu"},
}


def build(**settings):
    return hr.HadamRNN(**{"inputs": 3, "hidden": 8, "outputs": 5} | settings)


def draw(model, *, steps=20, batch=4, seed=0):
    rng, inputs = np.random.default_rng(seed), model.config.inputs
    if model.config.embedding:
        return rng.integers(0, inputs, (steps, batch))
    return rng.standard_normal((steps, batch, inputs))


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_exported_model_predicts_as_before(option, seed, tmp_path):
    model = build(**OPTIONS[option], seed=seed)
    model.parameters["b"][0] = -0.0
    found = hr.Packed.load(hr.Packed.of(model).save(tmp_path / "model.bin"))
    x = draw(model, seed=seed)
    assert (found.model().predict(x) == model.predict(x)).all()
    assert found.config == model.config
    assert [path.name for path in tmp_path.iterdir()] == ["model.bin"]
    again = found.save(tmp_path / "again.bin").read_bytes()
    assert again == (tmp_path / "model.bin").read_bytes()


@pytest.mark.parametrize("option", OPTIONS)
def test_the_size_is_that_of_the_file(option, tmp_path):
    packed = hr.Packed.of(build(**OPTIONS[option]))
    data = packed.save(tmp_path / "model.bin").read_bytes()
    table = hr.sizes(packed.config)
    assert len(data) == HEAD.size + HEAD.unpack_from(data)[2] + table["total"].packed + 4
    assert table["total"].packed == sum(size.packed for part, size in table.items() if part != "total")
    dense = {name: np.prod(shape) for name, shape in packed.config.shapes().items()}
    dense |= {name: packed.config.hidden**2 for name in ("u", "u2") if name in dense}
    assert table["total"].dense == 4 * sum(dense.values())


def test_sizes_by_hand():
    sizes = {name: size.packed for name, size in hr.sizes(hr.Config(inputs=1, hidden=512, outputs=10)).items()}
    assert sizes["recurrent"] == 512 / 8 and sizes["input"] == 512 / 2 and sizes["output"] == 10 * 512 / 2
    assert sizes["biases"] == 4 * (512 + 10) and sizes["scales"] == 8 and sizes["total"] == 4976
    assert hr.sizes(hr.Config(inputs=1, hidden=8, outputs=1, bits=1))["input"].packed == 2  # ternary: 2 bits each


def test_signs_and_codes_by_hand(tmp_path):
    model = build(inputs=1, hidden=8, outputs=1, bits=2)
    model.parameters.flat[...] = 0
    model.parameters["u"][...] = [1, -1, 0, 1, 1, 1, -2, 1]
    model.parameters["U"][:, 0] = [-2, -1, 0, 1, 2, 0, 0, 0]
    data = hr.Packed.of(model).save(tmp_path / "model.bin").read_bytes()
    payload = data[HEAD.size + HEAD.unpack_from(data)[2] :]
    assert payload[:4] == struct.pack("<f", 1.0)  # the step of U; then its codes + 2, clipped to 0..3, in 2 bits each
    assert payload[4:6] == bytes([0b00_01_10_11, 0b11_10_10_10])
    assert payload[6] == 0b0100_0010  # a bit is set where a sign is negative


@given(bits=st.integers(1, 16), seed=st.integers(0, 2**32), count=st.integers(0, 50))
def test_packing_is_undone(bits, seed, count):
    numbers = np.random.default_rng(seed).integers(0, 2**bits, count)
    data = _packed(numbers, bits)
    assert len(data) == -(-count * bits // 8)
    assert (_unpacked(np.frombuffer(data, np.uint8), bits, count) == numbers).all()


def rewritten(data, change):
    """The file with other settings and a sound checksum."""
    length = HEAD.unpack_from(data)[2]
    config = json.loads(data[HEAD.size : HEAD.size + length])
    text = json.dumps(change(config)).encode()
    body = HEAD.pack(b"HADAMRNN", 1, len(text)) + text + data[HEAD.size + length : -4]
    return body + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda data: b"", "not a sound"),
        (lambda data: data[:10], "not a sound"),
        (lambda data: data[:-1], "bytes; its settings need"),
        (lambda data: data[: len(data) // 2], "not a sound"),
        (lambda data: data + b"\0", "bytes; its settings need"),
        (lambda data: b"X" + data[1:], "does not begin with"),
        (lambda data: data[:8] + b"\2" + data[9:], "version 1"),
        (lambda data: data[:9] + b"\xff\xff\xff\xff" + data[13:], "not a sound"),
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "checksum"),
        (lambda data: rewritten(data, lambda config: [config]), "not a sound"),
        (lambda data: rewritten(data, lambda config: config | {"hidden": 16}), "bytes; its settings need"),
        (lambda data: rewritten(data, lambda config: config | {"hidden": 6}), "hidden=6"),
        (lambda data: rewritten(data, lambda config: config | {"dtype": "float64"}), "dtype is float64"),
        (lambda data: rewritten(data, lambda config: config | {"more": 1}), "more"),
        (lambda data: rewritten(data[:-8] + b"\0\0\xc0\x7f" + data[-4:], dict), "c has entries that are not finite"),
    ],
)
def test_damaged_files_are_refused(damage, message, tmp_path):
    path = hr.Packed.of(build()).save(tmp_path / "model.bin")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(hr.FileError, match=r"model\.bin.*" + message):
        hr.Packed.load(path)
    with pytest.raises(hr.FileError, match="cannot be read"):
        hr.Packed.load(tmp_path)


def test_every_flipped_bit_is_noticed(tmp_path):
    path = hr.Packed.of(build()).save(tmp_path / "model.bin")
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :])
        with pytest.raises(hr.FileError):
            hr.Packed.load(path)


def test_models_that_cannot_be_stored_exactly_are_refused():
    with pytest.raises(hr.ParameterError, match="dtype='float64'"):
        hr.Packed.of(build(dtype="float64"))
    for value, message in ((np.nan, "must be finite"), (1e-45, "too small")):
        model = build()
        model.parameters["U"][...] = value
        with pytest.raises(hr.ParameterError, match=message):
            hr.Packed.of(model)


# Integers ------------------------------------------------------------------------------------------------------------


def states(packed, x, x_step):
    """The states in double precision, with the stored weights."""
    config, p = packed.config, packed.arrays
    m = config.block or config.hidden
    W = p["u"][:, None] * np.kron(np.eye(config.hidden // m), hr.hadamard(m)) / np.sqrt(m)
    U, h = p["U"] * packed.steps["U"], np.zeros((config.hidden, x.shape[1]))
    for now in x:
        f = U @ (now.T * x_step) if now.ndim == 2 else U[:, now]
        h = W @ h + f + p["b"][:, None].astype(float)
        yield h, np.linalg.norm(f, axis=0)


@given(
    settings=st.fixed_dictionaries({"bits": st.sampled_from([1, 2, 4, 8]), "seed": st.integers(0, 2**32)}),
    shape=st.sampled_from([(8, None), (12, None), (1, None), (16, 2), (16, 4), (20, 4), (64, None)]),
    steps=st.integers(1, 60),
    x_step=st.sampled_from([None, 1.0, 0.25, 1 / 255]),
    fraction_bits=st.integers(0, 16),
)
def test_integer_states_are_within_the_bound(settings, shape, steps, x_step, fraction_bits):
    packed = hr.Packed.of(build(hidden=shape[0], block=shape[1], **settings))
    tokens, x_step = x_step is None, x_step or 1.0
    levels = 3 if tokens else max(round(1 / x_step), 2)
    x = np.random.default_rng(settings["seed"]).integers(0, levels, (steps, 4) if tokens else (steps, 4, 3))
    bound = np.zeros(4)
    found = hr.integer_states(packed, x, x_step=x_step, fraction_bits=fraction_bits)
    for (g, s), (h, size) in zip(found, states(packed, x, x_step), strict=True):
        bound += 1.5 * np.sqrt(shape[0]) * 2.0**-fraction_bits + 2.0**-16 * size
        assert g.dtype == np.int64 and np.abs(g).max() < 2**31
        assert (np.linalg.norm(s * g - h, axis=0) <= bound * (1 + 1e-9)).all()


def test_integers_classify_as_floats_do():
    model = build(inputs=1, hidden=64, outputs=10, seed=3)
    packed = hr.Packed.of(model)
    pixels = np.random.default_rng(0).integers(0, 256, (100, 30, 1))
    *_, (g, s) = hr.integer_states(packed, pixels, x_step=1 / 255)
    V = packed.arrays["V"] * packed.steps["V"]
    outputs = np.maximum(s * g.T, 0) @ V.T + packed.arrays["c"]
    np.testing.assert_allclose(outputs, model.predict(pixels / 255), atol=0.01)


@pytest.mark.parametrize(
    "settings, x, options, message",
    [
        ({}, np.full((50, 2, 3), 2**31 - 1), {}, "U x reaches .* at step 1"),
        ({}, np.full((50, 2, 3), np.iinfo(np.int64).min), {}, "U x reaches .* at step 1"),
        ({}, np.full((50, 2, 3), 2**64 - 1, dtype=np.uint64), {}, "U x reaches .* at step 1"),
        ({}, np.full((50, 2, 3), 10**5), {"fraction_bits": 8}, "W h.* reaches .* at step"),
        ({}, np.ones((50, 2, 3), dtype=int), {"fraction_bits": 30}, "reaches .* over the limit 2147483647"),
        ({}, np.ones((50, 2, 3), dtype=int), {"width": 16}, "over the limit 32767"),
        ({}, np.ones((50, 2, 3), dtype=int), {"width": 8, "fraction_bits": 12}, "b reaches .* over the limit 127"),
        ({"bits": 16}, np.ones((9, 2, 3), dtype=int), {"width": 12, "fraction_bits": 0}, "U x reaches"),
    ],
)
def test_overflow_is_reported(settings, x, options, message):
    with pytest.raises(hr.IntegerOverflowError, match=message):
        for g, _ in hr.integer_states(hr.Packed.of(build(**settings)), x, **options):
            assert np.abs(g).max() < 2 ** (options.get("width", 32) - 1)


def test_large_factors_are_reported():
    packed = hr.Packed.of(build())
    large = hr.Packed(packed.config, packed.arrays, packed.steps | {"U": 1e30})
    with pytest.raises(hr.IntegerOverflowError, match="the factor of U x"):
        next(hr.integer_states(large, np.zeros((1, 1, 3), dtype=int)))
    small = hr.Packed(packed.config, packed.arrays, packed.steps | {"U": 1e-30})
    *_, (g, s) = hr.integer_states(small, np.ones((9, 1, 3), dtype=int))
    *_, (h, _) = states(small, np.ones((9, 1, 3)), 1.0)
    np.testing.assert_allclose(s * g, h, atol=9 * 1.5 * np.sqrt(8) * 2.0**-12)


@pytest.mark.parametrize(
    "settings, x, options, message",
    [
        ({"activation": "relu"}, np.zeros((5, 2, 3), dtype=int), {}, "activation='relu'"),
        ({"layers": 2}, np.zeros((5, 2, 3), dtype=int), {}, "layers=2"),
        ({"embedding": 2}, np.zeros((5, 2), dtype=int), {}, "embedding=2"),
        ({"bits": None}, np.zeros((5, 2, 3), dtype=int), {}, "bits=None"),
        ({}, np.zeros((5, 2, 3)), {}, "x='float64"),
        ({}, np.zeros((5, 2, 4), dtype=int), {}, r"x='int64\(5, 2, 4\)'"),
        ({}, np.zeros((5, 0, 3), dtype=int), {}, "must not be empty"),
        ({}, np.full((5, 2), 3), {}, "tokens from 0 to 2"),
        ({}, np.full((5, 2), -1), {}, "tokens from 0 to 2"),
        ({}, np.zeros((5, 2), dtype=int), {"x_step": 0}, "x_step=0"),
        ({}, np.zeros((5, 2), dtype=int), {"fraction_bits": 31}, "fraction_bits=31"),
        ({}, np.zeros((5, 2), dtype=int), {"width": 64}, "width=64"),
    ],
)
def test_bad_input_of_integer_states_is_refused(settings, x, options, message):
    with pytest.raises(hr.ParameterError, match=message):
        hr.integer_states(hr.Packed.of(build(**settings)), x, **options)
