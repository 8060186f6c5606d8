"""What tests of networks share: settings of every kind, networks and batches, and derivatives by differences."""

import hadamrnn_reference as reference
import numpy as np

import hadamrnn as hr
from hadamrnn.networks.kinds import KINDS
from hadamrnn.networks.qornn import STRATEGIES

#: Settings of every kind, and whether the sequences are tokens.
COMMON = {
    "many-to-one": ({}, False),
    "many-to-many": ({"many_to_many": True}, False),
    "full precision": ({"bits": None, "many_to_many": True}, False),
    "ternary weights": ({"bits": 1}, False),
    "tokens": ({"many_to_many": True}, True),
    "many tokens": ({"inputs": 200, "many_to_many": True}, True),
    "many tokens, many-to-one": ({"inputs": 200}, True),
    "embedding": ({"inputs": 7, "embedding": 3}, True),
    "embedding, many-to-many": ({"inputs": 7, "embedding": 3, "many_to_many": True}, True),
    "relu": ({"activation": "relu"}, False),
    "relu, many-to-many": ({"activation": "relu", "many_to_many": True}, False),
    "modrelu": ({"activation": "modrelu"}, False),
    "modrelu, many-to-many": ({"activation": "modrelu", "many_to_many": True, "bits": None}, False),
    "regression": ({"loss": "mse"}, False),
    "regression, many-to-many": ({"loss": "mse", "many_to_many": True}, False),
}
#: Settings of one kind.
OWN = {
    "hadamrnn": {
        "blocks of 2": ({"block": 2, "many_to_many": True}, False),
        "blocks of 4": ({"block": 4, "hidden": 12}, False),
        "Paley": ({"hidden": 12, "many_to_many": True}, False),
        "Kronecker": ({"hidden": 24, "many_to_many": True}, False),
    },
    "qornn": {
        f"{strategy}, {bits} bits": ({"strategy": strategy, "recurrent_bits": bits, "bits": bits, "hidden": 7}, False)
        for strategy in STRATEGIES
        for bits in (None, 1, 4)
    },
}
CASES = [(kind, option) for kind in reference.KINDS for option in {**COMMON, **OWN.get(kind, {})}]


def build(kind, settings, *, seed=0, dtype="float64"):
    """A network whose thresholds are of ordinary size, some of which silence a unit; a W that is not orthogonal."""
    chosen = {"inputs": 2, "hidden": 8, "outputs": 3, "dtype": dtype, "seed": seed} | settings
    model, rng = KINDS[kind](**chosen), np.random.default_rng(seed)
    if "beta" in model.parameters:
        model.parameters["beta"][...] = rng.uniform(-0.6, 0.3, model.config.hidden)
    if settings.get("strategy") in ("bjorck", "penalty"):
        model.parameters["W"] += 0.1 * rng.standard_normal(model.parameters["W"].shape)
    return model


def coded_model(kind="qornn", **settings):
    """A small model whose weights have a few bits, with thresholds that are not 0 where it has them."""
    own = {"recurrent_bits": 6} if kind == "qornn" else {}
    cls = hr.QORNN if kind == "qornn" else hr.HadamRNN
    model = cls(**{"inputs": 2, "hidden": 8, "outputs": 3, "bits": 6, **own} | settings)
    if "beta" in model.parameters:
        model.parameters["beta"][...] = np.random.default_rng(0).uniform(-0.4, 0.2, model.config.hidden)
    return model


def draw(model, tokens, *, steps=7, batch=3, seed=0, targets=None):
    rng, c = np.random.default_rng(seed), model.config
    x = rng.integers(0, c.inputs, (steps, batch)) if tokens else rng.standard_normal((steps, batch, c.inputs))
    shape = (targets or steps, batch) if c.many_to_many else (batch,)
    y = rng.standard_normal((*shape, c.outputs)) if c.loss == "mse" else rng.integers(0, c.outputs, shape)
    return x, y


def applicable(model, x):
    """The methods that this model offers."""
    c = model.config
    simple = c.activation == "linear" and not c.many_to_many and not c.embedding
    return ["auto", "checkpointed", "stored", *(["kernel"] if simple and (x.ndim == 3 or c.inputs <= 128) else [])]


def finite_differences(function, p, step=1e-6):
    """Central differences of function(p) in every entry of every array."""
    found = {}
    for name, array in p.items():
        found[name] = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            values = []
            for sign in (1, -1):
                changed = array.copy()
                changed[index] += sign * step
                values.append(function(p | {name: changed}))
            found[name][index] = (values[0] - values[1]) / (2 * step)
    return found
