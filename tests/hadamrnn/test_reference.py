"""The reference model against finite differences, and every kind of network, with every method, against it."""

import hadamrnn_reference as reference
import numpy as np
import pytest
from hadamrnn_oracles import CASES, COMMON, OWN, applicable, build, draw, finite_differences
from hypothesis import assume, given
from hypothesis import strategies as st

from hadamrnn.arrays import Workspace
from hadamrnn.networks.layers import DenseInput, DenseLayer, Layer, segments
from hadamrnn.networks.transform import DenseMatrix


def case(kind, option):
    settings, tokens = {**COMMON, **OWN.get(kind, {})}[option]
    return build(kind, settings), tokens


@pytest.mark.parametrize(("kind", "option"), CASES)
def test_derivatives_of_the_reference_are_finite_differences(kind, option):
    model, tokens = case(kind, option)
    x, y = draw(model, tokens)
    point, _ = reference.weights(model)
    _, found = reference.differentiate(model.config, point, x, y)
    free = {name: point[name] for name in found}
    expected = finite_differences(lambda w: reference.differentiate(model.config, point | w, x, y)[0], free)
    for name, array in expected.items():
        scale = np.abs(array).max()
        assert scale > 0, name
        np.testing.assert_allclose(found[name], array, rtol=1e-6, atol=1e-6 * scale, err_msg=name)


@pytest.mark.parametrize(("kind", "option"), CASES)
def test_every_method_has_the_gradients_of_the_reference(kind, option):
    model, tokens = case(kind, option)
    x, y = draw(model, tokens)
    value, expected = reference.loss_and_gradients(model, x, y)
    assert set(expected) == set(model.parameters)
    for method in applicable(model, x):
        found, gradients = model.loss_and_gradients((x, y), method=method)
        assert found == pytest.approx(value, rel=1e-12)
        for name, array in expected.items():
            scale = np.abs(array).max()
            assert scale > 0, name
            np.testing.assert_allclose(
                gradients[name], array, rtol=1e-9, atol=1e-10 * scale, err_msg=f"{method} {name}"
            )


@pytest.mark.parametrize(("kind", "option"), CASES)
def test_predictions_are_those_of_the_reference(kind, option):
    model, tokens = case(kind, option)
    x, _ = draw(model, tokens, steps=40, batch=12)
    np.testing.assert_allclose(model.predict(x), reference.predict(model, x), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", reference.KINDS)
@given(
    steps=st.integers(1, 90),
    batch=st.integers(1, 5),
    seed=st.integers(0, 2**32),
    settings=st.fixed_dictionaries(
        {
            "hidden": st.sampled_from([1, 2, 4, 8, 12, 20, 32]),
            "inputs": st.integers(1, 4),
            "bits": st.sampled_from([None, 1, 2, 4]),
            "many_to_many": st.booleans(),
        }
    ),
    own=st.sampled_from([0, 1]),
    tokens=st.booleans(),
)
def test_all_methods_agree_with_the_reference(*, kind, steps, batch, seed, settings, own, tokens):
    more = {"hadamrnn": ({}, {"activation": "modrelu"}), "qornn": ({}, {"recurrent_bits": 5})}.get(kind, ({}, {}))
    model = build(kind, settings | more[own], seed=seed)
    x, y = draw(model, tokens, steps=steps, batch=batch, seed=seed, targets=1 + seed % steps)
    # where a state is 0 up to rounding the rectifier has no derivative, and each method may take another one
    _, h, _ = reference.forward(model.config, reference.weights(model)[0], x)
    assume(np.abs(h).min() > 1e-9)
    value, expected = reference.loss_and_gradients(model, x, y)
    scale = max(np.abs(array).max() for array in expected.values())
    for method in applicable(model, x):
        found, gradients = model.loss_and_gradients((x, y), method=method)
        assert found == pytest.approx(value, rel=1e-9)
        for name, array in expected.items():
            np.testing.assert_allclose(gradients[name], array, rtol=1e-8, atol=1e-9 * scale)


@pytest.mark.parametrize("method", ["stored", "checkpointed"])
@pytest.mark.parametrize("activation", ["linear", "relu", "modrelu"])
def test_gradients_that_decay_to_nothing_are_not_carried_on(activation, method, monkeypatch):
    model = build("qornn", {"activation": activation, "hidden": 8}, dtype="float32")
    model.parameters["W"] *= 0.7
    x, y = draw(model, False, steps=1000, batch=4)
    visited, back = [], Layer.back
    monkeypatch.setattr(Layer, "back", lambda *given: (back(*given), visited.append(given[0].carry.copy())))
    value, gradients = model.loss_and_gradients((x, y), method=method)
    expected_value, expected = reference.loss_and_gradients(model, x, y)
    assert value == pytest.approx(expected_value, rel=1e-5)
    for name, array in expected.items():
        np.testing.assert_allclose(gradients[name], array, atol=1e-5 * np.abs(array).max(), err_msg=name)
    tiny = np.finfo(np.float32).tiny
    assert 1 < len(visited) < 16 and not visited[-1].any()  # of 32 segments
    assert all(((carry == 0) | (np.abs(carry) > tiny)).all() for carry in visited)


@pytest.mark.parametrize("kind", ["all", "starts", "end"])
def test_states_that_decay_become_zero(kind):
    workspace, x = Workspace("float32"), np.zeros((320, 2, 1), dtype=np.float32)
    x[0] = 1
    W, pieces = DenseMatrix(np.float32(0.7) * np.eye(3, dtype=np.float32)), segments(len(x), 32)
    source = DenseInput(x, np.ones((3, 1), np.float32), np.zeros(3, np.float32), workspace)
    layer = DenseLayer(source, W, 2, pieces, workspace, keep=kind, activation="relu")
    states = np.concatenate([layer.run(piece).copy() for piece in pieces])
    np.testing.assert_allclose(states[:, 0, 0], 0.7 ** np.arange(320), rtol=1e-4, atol=1e-30)
    assert (states[-80:] == 0).all() and states[states > 0].min() > np.finfo(np.float32).tiny
