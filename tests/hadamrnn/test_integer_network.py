"""Inference in integers of a few bits: the definition in Python's integers, its error, overflow, the command line."""

import json
import math

import numpy as np
import pytest
from hadamrnn_oracles import coded_model

import hadamrnn as hr
from hadamrnn.cli import main as cli
from hadamrnn.deployed.integer_network import FRACTION_BITS, _Product
from hadamrnn.tasks import CopyTask, ImageTask

OPTIONS = {
    "QORNN": {},
    "many-to-many": {"many_to_many": True},
    "relu": {"activation": "relu", "many_to_many": True},
    "modrelu": {"activation": "modrelu", "many_to_many": True},
    "ternary": {"recurrent_bits": 1, "bits": 1, "many_to_many": True},
    "bjorck": {"strategy": "bjorck"},
    "HadamRNN": {"kind": "hadamrnn"},
    "HadamRNN, blocks": {"kind": "hadamrnn", "block": 4, "hidden": 12, "many_to_many": True},
    "HadamRNN, modrelu": {"kind": "hadamrnn", "activation": "modrelu", "many_to_many": True},
}


def draw(tokens, *, steps=12, batch=5):
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, (steps, batch)) if tokens else rng.standard_normal((steps, batch, 2))


def measured(model, x):
    return hr.Ranges(1.0 if x.ndim == 2 else float(np.abs(x).max()), model.largest_state(x))


def by_hand(packed, x, ranges, bits):
    """The definition, number by number, in integers without end; (T, B, outputs)."""
    config, most = packed.config, 2 ** (bits - 1) - 1
    x_step, h_step, unit = ranges.inputs / most, ranges.states / most, 2**FRACTION_BITS
    if config.kind == "qornn":
        W, w_step = packed.arrays["W"].astype(int), packed.steps["W"]
    else:
        m = config.block or config.hidden
        W, w_step = np.kron(np.eye(config.hidden // m, dtype=int), hr.hadamard(m).astype(int)), m**-0.5
        W = packed.arrays["u"].astype(int)[:, None] * W

    def times(value, factor):
        shift = max(16 - math.frexp(factor)[1], 0)
        return (value * round(factor * 2**shift) + (2**shift >> 1)) >> shift

    U, found = packed.arrays["U"].astype(int), []
    b = [round(float(v) * unit / h_step) for v in packed.arrays["b"]]
    beta = [round(float(v) * unit / h_step) for v in packed.arrays.get("beta", np.zeros(config.hidden))]
    for k in range(x.shape[1]):
        g, rows = [0] * config.hidden, []
        for now in x[:, k]:
            after = []
            for i in range(config.hidden):
                if x.ndim == 2:
                    fed = times(int(U[i, now]), packed.steps["U"] / h_step * unit)
                else:
                    X = [int(np.clip(np.rint(v / x_step), -most, most)) for v in now]
                    total = sum(int(c) * v for c, v in zip(U[i], X, strict=True))
                    fed = times(total, packed.steps["U"] * x_step / h_step * unit)
                a = times(sum(int(c) * v for c, v in zip(W[i], g, strict=True)), w_step * unit) + fed + b[i]
                if config.activation == "relu":
                    a = max(a, 0)
                if config.activation == "modrelu":
                    a = int(np.sign(a)) * max(abs(a) + beta[i], 0)
                after.append(min(max((a + unit // 2) // unit, -most), most))
            g = after
            read = np.maximum(g, 0) if config.activation == "linear" else np.array(g)
            rows.append(packed.arrays["V"] @ read * packed.steps["V"] * h_step + packed.arrays["c"])
        found.append(rows)
    return np.array(found).swapaxes(0, 1)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("bits", [4, 12])
def test_inference_is_its_definition(option, tokens, bits):
    model, x = coded_model(**OPTIONS[option]), draw(tokens)
    packed, found = hr.Packed.of(model), measured(model, x)
    expected = by_hand(packed, x, found, bits)
    expected = expected if model.config.many_to_many else expected[-1]
    integers = hr.IntegerNetwork(packed, ranges=found, activation_bits=bits)
    np.testing.assert_allclose(integers.predict(x), expected, rtol=1e-12, atol=1e-12)


def slowly(network, x):
    """The outputs and the share of clipped states, in integers of 64 bits and with a dense matrix of codes."""
    config, packed, c, most = network.config, network.packed, network.constants, network.most
    C = config.integer_matrix(packed.arrays[config.recurrent], 1)[1].astype(np.int64)
    U, V = (packed.arrays[name].astype(np.int64) for name in ("U", "V"))
    g, found, clipped = np.zeros((config.hidden, x.shape[1]), np.int64), [], 0

    def rounded(sums, factor, shift):
        return sums * factor + (1 << shift >> 1) >> shift

    for now in x:
        if x.ndim == 2:
            fed = rounded(U[:, now], *c.token)
        else:
            fed = rounded(U @ np.clip(np.rint(now.T / c.input_step), -most, most).astype(np.int64), *c.U)
        a = rounded(C @ g, *c.W) + fed + c.b[:, None]
        if config.activation == "modrelu":
            a = np.sign(a) * np.maximum(np.abs(a) + c.beta[:, None], 0)
        elif config.activation == "relu":
            a = np.maximum(a, 0)
        wide = rounded(a, 1, FRACTION_BITS)
        g = np.clip(wide, -most, most)
        clipped += (g != wide).sum()
        read = np.maximum(g, 0) if config.activation == "linear" else g
        found.append(((V @ read) * c.output_step + packed.arrays["c"].astype(np.float64)[:, None]).T)
    return np.array(found) if config.many_to_many else found[-1], clipped / (len(x) * g.size)


LARGER = {
    "wide codes": {"hidden": 64, "recurrent_bits": 12, "many_to_many": True},
    "narrow and wide": {"hidden": 40, "recurrent_bits": 2, "bits": 16, "activation": "relu"},
    "Paley": {"kind": "hadamrnn", "hidden": 560},
    "Sylvester": {"kind": "hadamrnn", "hidden": 1024, "many_to_many": True},
    "Paley, blocks": {"kind": "hadamrnn", "block": 12, "hidden": 60, "activation": "relu", "many_to_many": True},
}


@pytest.mark.parametrize("option", OPTIONS | LARGER)
@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("bits", [3, 8, 14, 16])
def test_floats_are_the_integers_bit_by_bit(option, tokens, share, bits):
    model, x = coded_model(**(OPTIONS | LARGER)[option]), draw(tokens, steps=70, batch=3)
    found = measured(model, x)._replace(states=share * measured(model, x).states)
    try:
        network = hr.IntegerNetwork(hr.Packed.of(model), ranges=found, activation_bits=bits)
    except hr.IntegerOverflowError:
        assert bits > 8  # else all fit into 32 bits
        return
    expected, saturation = slowly(network, x)
    outputs = network.predict(x)
    assert outputs.tobytes() == np.ascontiguousarray(expected).tobytes() and network.saturation == saturation
    assert network.predict(x[:, :1]).tobytes() == np.ascontiguousarray(expected[..., :1, :]).tobytes()


@pytest.mark.parametrize("option", OPTIONS | LARGER)
def test_the_fast_map_is_the_matrix_of_codes(option):
    packed = hr.Packed.of(coded_model(**(OPTIONS | LARGER)[option]))
    codes = packed.arrays[packed.config.recurrent]
    M = packed.config.integer_map(codes.astype(np.float32)).dense()
    assert (packed.config.integer_matrix(codes, 1)[1] == M).all()


@pytest.mark.parametrize("shift", [0, 1, 16, 31, 48])
@pytest.mark.parametrize("factor", [1, 2**15, 2**16 - 1, 2**16])
def test_products_are_rounded_exactly(shift, factor):
    product = object.__new__(_Product)
    product.real = factor / 2.0**shift
    near = np.random.default_rng(0).integers(1, 2**31, 2000)
    halves = np.arange(1, 2000, 2) * 2**shift // (2 * factor)  # products near halves
    sums = np.concatenate([near, halves[halves < 2**31], [0, 2**31 - 1]]).astype(np.int64)
    sums = np.concatenate([sums, -sums])
    product.scale(found := sums.astype(np.float64))
    assert (found == (sums * factor + (1 << shift >> 1) >> shift)).all()


@pytest.mark.parametrize("option", OPTIONS)
def test_more_bits_come_nearer(option):
    model = coded_model(**OPTIONS[option])
    # ternary weights are far from orthogonal: states grow until the first ones are below a step of the last ones
    x = draw(False, steps=5 if option == "ternary" else 40, batch=20)
    if "beta" in model.parameters:  # modReLU jumps at 0 if beta > 0, and a small error may turn a sign
        model.parameters["beta"][...] = -0.1
    exact, ranges = model.predict(x), measured(model, x)
    integers = [hr.IntegerNetwork(hr.Packed.of(model), ranges=ranges, activation_bits=bits) for bits in (6, 8, 12, 16)]
    errors = [np.abs(found.predict(x) - exact).max() / np.abs(exact).max() for found in integers]
    assert errors[3] < errors[2] / 4 < errors[1] / 16 < errors[0] / 32 and errors[2] < 0.02
    assert all(found.saturation < 0.01 for found in integers)


def test_sums_beyond_single_precision_are_exact():
    """C v needs more than 24 bits, but fewer than 32."""
    model = coded_model(hidden=64, recurrent_bits=12, bits=8, many_to_many=True)
    x = draw(False, steps=4, batch=2)
    packed, ranges = hr.Packed.of(model), measured(model, x)
    found = hr.IntegerNetwork(packed, ranges=ranges, activation_bits=14).predict(x)
    np.testing.assert_allclose(found, by_hand(packed, x, ranges, 14), rtol=1e-12, atol=1e-12)


def test_states_beyond_the_range_are_clipped_and_counted():
    model, x = coded_model(many_to_many=True), draw(False, steps=40)
    packed, whole = hr.Packed.of(model), measured(model, x)
    narrow = whole._replace(states=whole.states / 4)
    found = hr.IntegerNetwork(packed, ranges=narrow, activation_bits=8)
    assert found.saturation == 0
    np.testing.assert_allclose(found.predict(x), by_hand(packed, x, narrow, 8), rtol=1e-12, atol=1e-12)
    assert 0.05 < found.saturation < 0.9


@pytest.mark.parametrize("width, fits", [(32, True), (24, True), (16, False)])
def test_sums_that_may_overflow_are_refused(width, fits):
    packed = hr.Packed.of(coded_model(hidden=32))
    if fits:
        hr.IntegerNetwork(packed, ranges=hr.Ranges(1, 1), activation_bits=8, width=width)
    else:
        with pytest.raises(hr.IntegerOverflowError, match=r"W h may reach .*, over the limit 32767"):
            hr.IntegerNetwork(packed, ranges=hr.Ranges(1, 1), activation_bits=8, width=width)


def test_large_biases_and_inputs_may_overflow():
    model = coded_model()
    with pytest.raises(hr.IntegerOverflowError, match="the scaled U x may reach"):
        hr.IntegerNetwork(hr.Packed.of(model), ranges=hr.Ranges(1e5, 1e-3), activation_bits=12)
    model.parameters["b"][...] = 1e6
    with pytest.raises(hr.IntegerOverflowError, match=r"W h \+ U x \+ b may reach"):
        hr.IntegerNetwork(hr.Packed.of(model), ranges=hr.Ranges(1, 1), activation_bits=12)


def test_factors_too_small_for_the_accumulators_are_zero():
    packed, x = hr.Packed.of(coded_model()), draw(False)
    small, ranges = hr.Packed(packed.config, packed.arrays, packed.steps | {"U": 1e-30}), hr.Ranges(4, 4)
    found = hr.IntegerNetwork(small, ranges=ranges).predict(x)
    np.testing.assert_allclose(found, by_hand(small, x, ranges, 12)[-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "settings, options, message",
    [
        ({"recurrent_bits": None}, {}, "recurrent_bits=None: must be a number"),
        ({"bits": None}, {}, "bits=None: must be a number"),
        ({"embedding": 2}, {}, "embedding=2: must be None"),
        ({}, {"activation_bits": 1}, "activation_bits=1"),
        ({}, {"activation_bits": 17}, "activation_bits=17"),
        ({}, {"width": 64}, "width=64"),
        ({}, {"ranges": hr.Ranges(0, 1)}, r"ranges\.inputs=0"),
        ({}, {"ranges": hr.Ranges(1, float("nan"))}, r"ranges\.states=nan"),
    ],
)
def test_what_cannot_run_is_refused(settings, options, message):
    with pytest.raises(hr.ParameterError, match=message):
        hr.IntegerNetwork(hr.Packed.of(coded_model(**settings)), **{"ranges": hr.Ranges(1, 1)} | options)


def test_ranges_are_those_of_the_training_data():
    task = ImageTask()
    model = hr.model_for(task, kind="qornn", hidden=8)
    found = hr.ranges(model, task, batch_size=20)
    x = np.concatenate([batch.x for batch, _ in zip(task.train(20, 0), range(10), strict=False)], axis=1)
    assert found == pytest.approx((np.abs(x).max(), model.largest_state(x)), rel=1e-5)
    copy = CopyTask(length=30, train_size=100)
    assert hr.ranges(hr.model_for(copy, hidden=8), copy).inputs == 1


@pytest.mark.parametrize("kind", ["qornn", "hadamrnn"])
def test_the_command_line_evaluates_in_integers(kind, tmp_path, capsys):
    def out(*arguments):
        assert cli.main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    run, file = tmp_path / "run", tmp_path / "model.bin"
    options = ["--recurrent-bits", 8] if kind == "qornn" else []
    options += ["--model", kind, "--hidden", 32, "--bits", 8, "--epochs", 10, "--batch-size", 50]
    out("train", "image", *options, "--learning-rate", 0.005, "--out", run)
    floats, integers = out("evaluate", run), out("evaluate", run, "--integer")
    assert integers.keys() - floats.keys() == {"saturation"} and integers["saturation"] < 0.01
    assert abs(floats["accuracy"] - integers["accuracy"]) <= 0.01 and floats["accuracy"] > 0.5
    out("export", run, file)
    assert out("evaluate", file, "image", "--integer") == integers
    assert out("evaluate", run, "--integer", "--activation-bits", 6)["loss"] != integers["loss"]
