"""What every kind of network owes, whatever its W: derivatives, files, its class of approxbounds, W in integers."""

import numpy as np
import pytest
from hadamrnn_oracles import applicable, build, draw, finite_differences

import approxbounds as ab
import hadamrnn as hr
from hadamrnn.networks.kinds import KINDS, NETWORKS, config_from, network_from
from hadamrnn.networks.quantize import exact

pytestmark = pytest.mark.parametrize("kind", KINDS)
ACTIVATIONS = ("linear", "relu", "modrelu")


def in_float32(kind):
    return build(kind, {"bits": 4, "many_to_many": True}, dtype="float32")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("tokens", [False, True])
def test_gradients_of_real_parameters_are_finite_differences(kind, activation, tokens):
    """Of all arrays but that behind W, whose gradient is what the kind says."""
    settings = {"activation": activation, "bits": None, "inputs": 5, "embedding": 3 if tokens else None}
    model = build(kind, settings)
    x, y = draw(model, tokens)

    def loss(p):
        for name, array in p.items():
            model.parameters[name][...] = array
        return model.loss_and_gradients((x, y))[0]

    free = {name: array.copy() for name, array in model.parameters.items() if name != model.config.recurrent}
    expected = finite_differences(loss, free)
    loss(free)
    for method in applicable(model, x):
        _, found = model.loss_and_gradients((x, y), method=method)
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-7 * np.abs(array).max(), err_msg=name)


def test_files_hold_all_of_it(kind, tmp_path):
    model = in_float32(kind)
    x, _ = draw(model, False)
    for found in (hr.load_network(model.save(tmp_path / "a")), KINDS[kind].load(tmp_path / "a")):
        assert found.config == model.config and (found.predict(x) == model.predict(x)).all()
    packed = hr.Packed.load(hr.Packed.of(model).save(tmp_path / "b"))
    assert packed.config == model.config and (packed.model().predict(x) == model.predict(x)).all()


def test_records_make_the_settings_again(kind):
    config = in_float32(kind).config
    assert config_from(config.record()) == config == network_from(config).config
    assert ("kind" in config.record()) == (KINDS[kind] is not NETWORKS[0])


@pytest.mark.parametrize("bits", [None, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_class_reads_the_sequences(kind, activation, bits):
    model = build(kind, {"activation": activation, "bits": bits})
    G = model.as_class(steps=5)
    assert isinstance(G, ab.NetworkClass) and G.domain_dim == 10
    assert G == model.config.as_class(steps=5) == model.as_class(steps=5)
    assert G.pseudo_dimension().value > 0


def test_the_integer_matrix_is_w(kind):
    model = in_float32(kind)
    name = model.config.recurrent
    behind = exact(model.weights()[name], bits=model.config.bits_of(name))
    radicand, M, denominator = model.config.integer_matrix(*behind)
    assert all(isinstance(entry, int) for entry in M.ravel().tolist())
    W = model._recurrent(training=False).dense()
    np.testing.assert_allclose(M.astype(float) * np.sqrt(radicand) / denominator, W, rtol=1e-6)


def test_inference_in_integers_comes_near(kind):
    """Of any kind whose weights are all quantised; what is not is refused by name."""
    bits = dict.fromkeys(KINDS[kind].config_type.bit_settings, 6)
    model = build(kind, {"many_to_many": True, **bits}, dtype="float32")
    x, _ = draw(model, False)
    ranges = hr.Ranges(float(np.abs(x).max()), 1.1 * model.largest_state(x))
    found = hr.IntegerNetwork(hr.Packed.of(model), ranges=ranges, activation_bits=14).predict(x)
    np.testing.assert_allclose(found, model.predict(x), atol=0.01 * np.abs(found).max())
    for name in bits:
        other = build(kind, {**bits, name: None}, dtype="float32")
        with pytest.raises(hr.ParameterError, match=f"{name}=None: must be a number for inference in integers"):
            hr.IntegerNetwork(hr.Packed.of(other), ranges=ranges)
