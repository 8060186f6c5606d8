"""The linear recurrence in integers alone: additions, sign flips, a few shifts and one constant factor per input.

The state is h_t = s_t g_t with integers g_t and the scale s_t = 2^-R for even t, 2^-R / sqrt(m) for odd t, so that
the irrational 1/sqrt(m) of W = diag(u) (I (x) H_m) / sqrt(m) is never computed:

    odd t:   g_t = z + f_odd(x_t),         even t:   g_t = round(z / m) + f_even(x_t),        z = diag(u) (I (x) H_m) g,

where z / m is a shift if m is a power of two. With U = s C (integer codes C), integer inputs X and x = r X, the inputs
are f(X) = round(C X Q / 2^K) + B, where Q / 2^K, with Q of 16 bits, stands for s r 2^R, and B for b 2^R, rounded
(both times sqrt(m) for odd t).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.deployed.packed import Packed
from hadamrnn.errors import IntegerOverflowError, ParameterError
from hadamrnn.networks.hadamard import factors
from hadamrnn.networks.hadamrnn import Config

__all__ = ["fixed_point", "integer_states"]

#: Bits of the constant factor Q.
FACTOR_BITS = 16


def integer_states(
    packed: Packed, x: Array, *, x_step: float = 1.0, fraction_bits: int = 12, width: int = 32
) -> Iterator[tuple[Array, float]]:
    """(g_t, s_t) for t = 1, ..., T with g_t an int64 array (n, B) of ``width``-bit integers and h_t about s_t g_t.

    x: integer vectors (T, B, inputs), worth ``x_step`` each, or tokens (T, B). The error is at most, in Euclidean norm
    and for each sequence, the sum over the steps of 2^-R (3/2) sqrt(n) + 2^-16 |U x_t|, where R is ``fraction_bits``.

    Every sum of ``width`` bits is checked, whatever the order of its terms: IntegerOverflowError instead of a wrapped
    number. Raises ParameterError if x does not fit, and for models that are not quantised, not linear, of two layers or
    with an embedding.

    >>> from hadamrnn.networks.hadamrnn import HadamRNN
    >>> model, x = HadamRNN(inputs=3, hidden=8, outputs=2), np.ones((5, 4, 3), dtype=int)
    >>> *_, (g, s) = integer_states(Packed.of(model), x)
    >>> V, c = Packed.of(model).model().parameters["V"], model.parameters["c"]
    >>> bool(np.allclose(np.maximum(s * g.T, 0) @ V.T + c, model.predict(x), atol=0.01))
    True
    """
    check.instance("packed", packed, Packed, "a Packed model")
    config = packed.config
    if not isinstance(config, Config):
        raise ParameterError("kind", config.kind, f"must be {Config.kind} for inference in integers")
    for name, needed in (("activation", "linear"), ("layers", 1), ("embedding", None)):
        if getattr(config, name) != needed:
            raise ParameterError(name, getattr(config, name), f"must be {needed} for inference in integers")
    if config.bits is None:
        raise ParameterError("bits", config.bits, "must be a number for inference in integers")
    x = check.array("x", x)
    if not np.issubdtype(x.dtype, np.integer) or x.ndim not in (2, 3) or x.shape[2:] not in ((), (config.inputs,)):
        raise ParameterError("x", f"{x.dtype}{x.shape}", f"must be integers (T, B, {config.inputs}) or tokens (T, B)")
    if 0 in x.shape or (x.ndim == 2 and not 0 <= x.min() <= x.max() < config.inputs):
        raise ParameterError("x", f"{x.dtype}{x.shape}", f"must not be empty, and tokens from 0 to {config.inputs - 1}")
    check.number("x_step", x_step)
    check.integer("fraction_bits", fraction_bits, least=0, most=30)
    check.integer("width", width, least=2, most=32)
    return _run(packed, x, x_step, 2.0**fraction_bits, m=config.block or config.hidden, limit=1 << (width - 1))


def _run(packed: Packed, x: Array, x_step: float, unit: float, *, m: int, limit: int) -> Iterator[tuple[Array, float]]:
    n, batch = packed.config.hidden, x.shape[1]
    C, u = packed.arrays["U"].astype(np.int64), packed.arrays["u"].astype(np.int64)[:, None]
    left, right = (factor.astype(np.int64) for factor in factors(m))
    biases, multipliers = [], []
    for root in (1.0, math.sqrt(m)):
        bias = np.rint(packed.arrays["b"].astype(np.float64)[:, None] * (unit * root))
        factor, shift = fixed_point(packed.steps["U"] * x_step * unit * root)
        _require(np.abs(bias).max(), limit, "b", 0)
        _require(factor >> shift, limit, "the factor of U x", 0)
        biases.append(bias.astype(np.int64))
        multipliers.append((factor, shift))
    g = np.zeros((n, batch), dtype=np.int64)
    for t, now in enumerate(x, 1):
        odd = t % 2
        _require(np.abs(g.reshape(-1, m, batch)).sum(axis=1).max() + m // 2, limit, "W h", t)
        mixed = np.matmul(right, g.reshape(-1, len(right), batch))
        z = u * np.matmul(left, mixed.reshape(-1, len(left), len(right) * batch)).reshape(n, batch)
        g = z if odd else (z + m // 2) // m
        products, largest = _products(C, now, limit, t)
        factor, shift = multipliers[odd]
        _require(largest * factor >> shift, limit, "U x", t)
        f = (products * factor + (1 << shift >> 1) >> shift) + biases[odd]
        _require((np.abs(g) + np.abs(f)).max(), limit, "W h + U x + b", t)
        g = g + f
        yield g, 1 / (unit * math.sqrt(m) if odd else unit)


def _products(C: Array, now: Array, limit: int, t: int) -> tuple[Array, int]:
    """C X, and the largest sum of the absolute values of its terms (in floats, exact as far as it is allowed)."""
    if now.ndim == 1:
        return C[:, now], int(np.abs(C).max())
    largest = float((np.abs(C).astype(np.float64) @ np.abs(now.T.astype(np.float64))).max())
    _require(max(largest, np.abs(now.astype(np.float64)).max()), limit, "x or U x", t)
    return C @ now.T.astype(np.int64), int(largest)


def fixed_point(value: float) -> tuple[int, int]:
    """(Q, K) with Q / 2^K the value up to a relative error of 2^-16, or 0 if products with 32 bits round to 0."""
    shift = max(FACTOR_BITS - math.frexp(value)[1], 0)
    return (round(value * 2.0**shift), shift) if shift <= FACTOR_BITS + 32 else (0, 0)


def _require(largest: float, limit: int, name: str, t: int) -> None:
    if not largest < limit:
        advice = "use fewer fraction_bits, or a larger width"
        raise IntegerOverflowError(f"{name} reaches {largest:.0f} at step {t}, over the limit {limit - 1}: {advice}")
