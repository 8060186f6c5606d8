"""A second, slow implementation of the recurrent models, in the layout (batch, n) and with dense matrices."""

import numpy as np

import hadamrnn as hr


def effective(model):
    """The numbers that the network computes with: signs for u and M, quantised U and V, the rest as they are."""
    found = {}
    for name, array in model.parameters.items():
        if name in ("u", "u2", "M"):
            found[name] = np.where(array >= 0, 1.0, -1.0)
        elif name in ("U", "V") and model.config.bits is not None:
            codes, step = hr.codes(array, bits=model.config.bits)
            found[name] = codes * step
        else:
            found[name] = array.astype(float)
    return found


def activate(a, config, p):
    if config.activation == "relu":
        return np.maximum(a, 0)
    if config.activation == "modrelu":
        return np.sign(a) * np.maximum(np.abs(a) + p["beta"], 0)
    return a


def states(config, p, x):
    """The states of each layer after each step, (layers, T, B, n), for any real p (u need not be signs)."""
    n, m = config.hidden, config.block or config.hidden
    W = p["u"][:, None] * np.kron(np.eye(n // m), hr.hadamard(m)) / np.sqrt(m)
    if x.ndim == 2:
        x = p["E"][x] if config.embedding else np.eye(config.inputs)[x]
    h, h2, found = np.zeros((x.shape[1], n)), np.zeros((x.shape[1], n)), []
    for now in x:
        h = activate(h @ W.T + now @ p["U"].T + p["b"], config, p)
        found.append([h])
        if config.layers == 2:
            between = np.maximum(h, 0) @ p["M"].T / np.sqrt(n) + p["b2"]
            h2 = h2 @ (p["u2"][:, None] * hr.hadamard(n) / np.sqrt(n)).T + between
            found[-1].append(h2)
    return np.array(found).swapaxes(0, 1)


def outputs(config, p, x):
    """(T, B, outputs)."""
    h = states(config, p, x)[-1]
    read = np.maximum(h, 0) if config.activation == "linear" else h
    return read @ p["V"].T + p["c"]


def loss(config, p, x, y):
    """The mean over all targets."""
    y = y if config.many_to_many else y[None]
    out = outputs(config, p, x)[-len(y) :]
    if config.loss == "mse":
        return np.mean((out - y) ** 2)
    out = out - out.max(-1, keepdims=True)
    return np.mean(np.log(np.exp(out).sum(-1)) - np.take_along_axis(out, y[..., None], -1)[..., 0])


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
