"""The class of a model contains the model: the same function, by a second implementation of the class."""

from itertools import product

import numpy as np
import pytest
import recurrent_members as members

import approxbounds as ab
import hadamrnn as hr
from hadamrnn.networks.qornn import STRATEGIES
from hadamrnn.networks.quantize import signs

SHAPE = {"inputs": 3, "hidden": 8, "outputs": 2, "dtype": "float64", "seed": 4}


def models():
    for activation, bits in product(("linear", "relu", "modrelu"), (None, 1, 4)):
        kind = SHAPE | {"activation": activation, "bits": bits}
        yield hr.HadamRNN(**kind)
        yield hr.HadamRNN(**kind, block=4)
        for recurrent_bits, strategy in product((None, 1, 5), STRATEGIES):
            yield hr.QORNN(**kind, recurrent_bits=recurrent_bits, strategy=strategy)
    yield hr.HadamRNN(**SHAPE | {"hidden": 12}, bits=2)


def name(model):
    c = model.config
    return "-".join(
        map(str, (c.kind, c.activation, c.bits, *[getattr(c, k, "") for k in ("recurrent_bits", "strategy")]))
    )


def as_member(model, output):
    """The parameters of the class's function that one output of the model is."""
    c, p = model.config, model.parameters
    found = {key: np.array(p[key]) for key in ("b", "beta") if key in p}
    U, V = (c.quantised(name, p[name]) for name in ("U", "V"))
    found |= {"U": U @ p["E"].T if c.embedding else U, "v": V[output], "c": p["c"][output]}
    if c.kind == "qornn":
        return found | {"W": model.recurrent_matrix()}
    n, m = c.hidden, c.block or c.hidden
    found["W"] = signs(p["u"])[:, None] * np.kron(np.eye(n // m), hr.hadamard(m)) / np.sqrt(m)
    return found


def scattered(model, rng):
    """The model with random parameters, W as it must be."""
    for key, array in model.parameters.items():
        if key != "W":
            array[...] = rng.normal(size=array.shape)
    return model


@pytest.mark.parametrize("model", list(models()), ids=name)
def test_every_output_is_a_function_of_the_class(model):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(7, 5, 3))
    G = model.as_class(steps=7)
    assert model.config.as_class(steps=7) == G
    assert G.domain_dim == 21
    for output, y in enumerate(scattered(model, rng).predict(x).T):
        p = as_member(model, output)
        assert members.is_member(G, p)
        assert members.outputs(G, p, x.swapaxes(0, 1)) == pytest.approx(y)


@pytest.mark.parametrize("embedding", [None, 2])
def test_tokens_are_one_hot_and_embeddings_are_ignored(embedding):
    rng = np.random.default_rng(2)
    tokens = rng.integers(0, 5, (6, 4))
    for model in (
        hr.HadamRNN(**SHAPE | {"inputs": 5}, embedding=embedding, activation="relu"),
        hr.QORNN(**SHAPE | {"inputs": 5}, embedding=embedding, recurrent_bits=3, bits=4),
    ):
        G = scattered(model, rng).as_class(steps=6)
        assert G.inputs == 5 and G.bits == (None if embedding else 4)
        p = as_member(model, 0)
        assert members.is_member(G, p)
        assert members.outputs(G, p, np.eye(5)[tokens.T]) == pytest.approx(model.predict(tokens)[:, 0])


def test_members_can_fail_to_be_members():
    """The check above is one: other matrices, other codes, other shapes are refused."""
    rng = np.random.default_rng(3)
    for G in (*members.random_classes(4, 2, 3), ab.HadamRNN(hidden=8, steps=2, inputs=3, block=4)):
        p = members.random_member(rng, G)
        assert members.is_member(G, p)
        assert not members.is_member(G, p | {"U": p["U"][:, :2]})
        if not isinstance(G, ab.RecurrentNetwork):
            assert not members.is_member(G, p | {"W": rng.normal(size=p["W"].shape)})
        if G.bits is not None:
            assert not members.is_member(G, p | {"v": rng.normal(size=G.hidden)})


def test_kinds_of_classes():
    small = {"inputs": 1, "hidden": 8, "outputs": 1}
    assert isinstance(hr.HadamRNN(**small).as_class(steps=9), ab.HadamRNN)
    assert hr.QORNN(**small, recurrent_bits=3).as_class(steps=9).recurrent_bits == 3
    assert isinstance(hr.QORNN(**small).as_class(steps=9), ab.OrthogonalRNN)
    assert isinstance(hr.QORNN(**small, strategy="penalty").as_class(steps=9), ab.RecurrentNetwork)
    assert hr.HadamRNN(**small | {"hidden": 16}).as_class(steps=10**6).pseudo_dimension().value == 406


@pytest.mark.parametrize("steps", [0, -1, True, 2.0, None])
def test_steps_are_checked(steps):
    with pytest.raises(hr.ParameterError, match="steps"):
        hr.HadamRNN(inputs=1, hidden=4, outputs=1).as_class(steps=steps)
