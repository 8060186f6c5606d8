"""Members of the recurrent classes: one slow implementation for floats and exact fractions, and random parameters."""

from itertools import product

import numpy as np

import approxbounds as ab
import hadamrnn as hr


def relu(a):
    return np.where(a > 0, a, 0 * a)


def net_inputs(G, p, x):
    """a_1, ..., a_T, each (m, n), for sequences x of shape (m, T, d); of the second recurrence if there is one."""
    h = g = np.zeros_like(p["b"]) + np.zeros((len(x), 1), dtype=int)
    found = []
    for t in range(x.shape[1]):
        a = h @ p["W"].T + x[:, t] @ p["U"].T + p["b"]
        h = {"linear": a, "relu": relu(a)}.get(G.activation)
        if h is None:
            h = np.sign(a) * relu(np.abs(a) + p["beta"])
        if getattr(G, "layers", 1) == 2:
            g = a = g @ p["W2"].T + relu(h) @ p["M"].T + p["b2"]
        found.append(a)
    return found, g if getattr(G, "layers", 1) == 2 else h


def outputs(G, p, x):
    """y, of shape (m,)."""
    h = net_inputs(G, p, x)[1]
    return (relu(h) if G.activation == "linear" else h) @ p["v"] + p["c"]


def code_range(bits):
    """The least and the largest code."""
    return (-1, 1) if bits == 1 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def is_coded(array, bits):
    """Whether an array is one scale >= 0 times codes of so many bits."""
    low, high = code_range(bits)
    largest = np.abs(array).max()
    scales = [largest / k for k in range(1, max(-low, high) + 1)] if largest else [1.0]
    for scale in scales:
        codes = array / scale
        if np.allclose(codes, np.rint(codes), atol=1e-5) and low - 0.1 < codes.min() and codes.max() < high + 0.1:
            return True
    return False


def signs_of(W, H):
    """The signs u with W = diag(u) H, if there are any."""
    return np.sign((W * H).sum(axis=1))


def signed_hadamard(G, u):
    """diag(u) (I (x) H) / sqrt(m)."""
    m = G.block or G.hidden
    return u[:, None] * np.kron(np.eye(G.hidden // m), hr.hadamard(m)) / np.sqrt(m)


def is_member(G, p):
    """Whether parameters are allowed by the definition of G."""
    n, W = G.hidden, p["W"]
    if isinstance(G, ab.HadamRNN):
        fits = np.allclose(W, signed_hadamard(G, signs_of(W, signed_hadamard(G, np.ones(n)))))
        if G.layers == 2:
            fits = fits and np.allclose(np.abs(p["M"]), n**-0.5)
            H = hr.hadamard(n) / np.sqrt(n)
            fits = fits and np.allclose(p["W2"], signs_of(p["W2"], H)[:, None] * H)
    elif isinstance(G, ab.QORNN):
        fits = is_coded(W, G.recurrent_bits)
    else:
        fits = isinstance(G, ab.RecurrentNetwork) or np.allclose(W @ W.T, np.eye(n), atol=1e-5)
    shapes = p["U"].shape == (n, G.inputs) and p["v"].shape == (n,) and p["b"].shape == (n,)
    return fits and shapes and (G.bits is None or (is_coded(p["U"], G.bits) and is_coded(p["v"], G.bits)))


def random_member(rng, G, *, whole=False):
    """Random parameters; ``whole``: small integers where the class allows any real number, many of them zero."""
    n = G.hidden

    def real(*shape):
        spread = np.exp(rng.normal())
        return rng.integers(-2, 3, shape).astype(float) if whole else spread * rng.normal(size=shape)

    def coded(bits, *shape):
        if bits is None:
            return real(*shape)
        low, high = code_range(bits)
        scale = rng.integers(0, 3) if whole else np.exp(2 * rng.normal())
        return scale * rng.integers(low, high + 1, shape).astype(float)

    p = {"U": coded(G.bits, n, G.inputs), "b": real(n), "beta": real(n), "v": coded(G.bits, n), "c": real()}
    if isinstance(G, ab.HadamRNN):
        p["W"] = signed_hadamard(G, rng.choice([-1.0, 1.0], n))
        if G.layers == 2:
            p["W2"] = rng.choice([-1.0, 1.0], (n, 1)) * hr.hadamard(n) / np.sqrt(n)
            p |= {"M": rng.choice([-1.0, 1.0], (n, n)) / np.sqrt(n), "b2": real(n)}
    elif isinstance(G, ab.QORNN):
        p["W"] = coded(G.recurrent_bits, n, n)
    elif isinstance(G, ab.OrthogonalRNN):
        p["W"] = np.linalg.qr(rng.normal(size=(n, n)))[0] * rng.choice([-1.0, 1.0], n)
        if whole:
            p["W"] = np.eye(n)[rng.permutation(n)] * rng.choice([-1.0, 1.0], n)
    else:
        p["W"] = real(n, n)
    return p


def random_classes(hidden, steps, inputs=1):
    """Every kind, activation and number of bits, of one small size."""
    shape = {"hidden": hidden, "steps": steps, "inputs": inputs}
    for activation, bits in product(("linear", "relu", "modrelu"), (None, 1, 2)):
        kind = shape | {"activation": activation, "bits": bits}
        yield ab.HadamRNN(**kind)
        yield ab.QORNN(**kind, recurrent_bits=1)
        yield ab.OrthogonalRNN(**kind)
        yield ab.RecurrentNetwork(**kind)
    yield ab.HadamRNN(**shape, bits=1, layers=2)
    yield ab.HadamRNN(**shape, block=1 if hidden < 4 else hidden // 2)
