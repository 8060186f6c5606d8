"""Exported files: every number comes back, sizes are those of the file, damage is named."""

import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hadamrnn as hr
from hadamrnn.deployed.packed import HEAD, pack, unpack

OPTIONS = {
    "p = 4": {},
    "p = 1": {"bits": 1},
    "p = 3": {"bits": 3, "hidden": 12, "inputs": 5},
    "p = 16": {"bits": 16},
    "full precision": {"bits": None},
    "blocks": {"block": 4, "hidden": 20},
    "embedding": {"embedding": 3, "inputs": 30},
    "many-to-many": {"many_to_many": True},
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
    dense["u"] = packed.config.hidden**2
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
    data = pack(numbers, bits)
    assert len(data) == -(-count * bits // 8)
    assert (unpack(np.frombuffer(data, np.uint8), bits, count) == numbers).all()


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
