"""The loss and its derivative against the formula."""

import numpy as np
import pytest
from scipy.special import log_softmax

from hadamrnn.networks.readout import loss_and_slope


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_cross_entropy_for_every_type_of_class(dtype):
    rng = np.random.default_rng(0)
    outputs, y = 5 * rng.standard_normal((4, 3, 6)), rng.integers(0, 3, (4, 6)).astype(dtype)
    logarithms, chosen = log_softmax(outputs, axis=1), np.arange(3)[:, None] == y[:, None, :]
    expected = -logarithms[np.broadcast_to(chosen, outputs.shape)].sum()
    assert loss_and_slope(outputs, y) == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(outputs, np.exp(logarithms) - chosen, atol=1e-14)
