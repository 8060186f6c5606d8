"""The impulse response and its gradient, by doubling or step by step, against powers of the matrix."""

import numpy as np
import pytest

from hadamrnn.networks.impulse import impulse_response, impulse_response_gradient
from hadamrnn.networks.transform import MOST_DOUBLING, DenseMatrix, SignedHadamard


@pytest.mark.parametrize("steps", [1, 2, 5, 64, 65, 200])
@pytest.mark.parametrize("k", [1, 3, 70])
@pytest.mark.parametrize("kind", ["dense", "Hadamard", "large Hadamard"])
def test_response_and_gradient_are_those_of_the_powers(kind, k, steps):
    rng = np.random.default_rng(0)
    u = rng.choice([-1.0, 1.0], 2 * MOST_DOUBLING if kind == "large Hadamard" else 12)
    W = DenseMatrix(np.linalg.qr(rng.standard_normal((12, 12)))[0]) if kind == "dense" else SignedHadamard(u)
    dense, n = W.dense(), W.order
    K, dK = np.empty((steps, k, n)), rng.standard_normal((steps, k, n))
    K[0] = rng.standard_normal((k, n))
    expected, D = [K[0]], [dK[-1]]
    for s in range(1, steps):
        expected.append(expected[-1] @ dense.T)
        D.insert(0, dK[-1 - s] + D[0] @ dense)
    dW = sum((after.T @ before for after, before in zip(D[1:], expected, strict=False)), np.zeros((n, n)))

    powers = impulse_response(W, K)
    np.testing.assert_allclose(K, expected, atol=1e-11)
    start, gradient = impulse_response_gradient(W, K, powers, dK)
    np.testing.assert_allclose(start, D[0], atol=1e-10)
    np.testing.assert_allclose(gradient, dW if kind == "dense" else u * (dW * dense).sum(1), atol=1e-9)
