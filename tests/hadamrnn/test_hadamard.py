"""Hadamard matrices, and the transform W = diag(u) (I (x) H_m) / sqrt(m) against its dense matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hadamrnn as hr
from hadamrnn.networks.hadamard import MOST_ORDER, factors
from hadamrnn.networks.transform import SignedHadamard


#: 28, 52, 100 and 244 need the fields of order 27, 25, 49 and 243
@pytest.mark.parametrize("n", [*hr.orders(100), 128, 144, 168, 244, 252, 500, 512])
def test_rows_are_orthogonal_signs(n):
    H = hr.hadamard(n)
    assert H.dtype == np.int8 and H.shape == (n, n)
    assert set(np.unique(H)) <= {-1, 1}
    wide = H.astype(np.int64)
    np.testing.assert_array_equal(wide @ wide.T, n * np.eye(n))


def test_every_order_up_to_100_but_92_is_reached():
    assert hr.orders(100) == (1, 2, *(n for n in range(4, 101, 4) if n != 92))


def test_powers_of_two_are_sylvester():
    expected = np.ones((1, 1), dtype=np.int8)
    for k in range(10):
        assert (hr.hadamard(2**k) == expected).all()
        expected = np.block([[expected, expected], [expected, -expected]])


def test_the_built_matrices_cannot_be_changed_by_accident():
    hr.hadamard(12)[0, 0] = 0
    assert abs(hr.hadamard(12)).min() == 1
    with pytest.raises(ValueError, match="read-only"):
        factors(12)[1][0, 0] = 0


@pytest.mark.parametrize("n, expected", [(128, (8, 16)), (512, (16, 32)), (64, (8, 8)), (24, (2, 12)), (20, (1, 20))])
def test_factors_are_balanced(n, expected):
    left, right = factors(n)
    assert (len(left), len(right)) == expected
    assert (np.kron(left, right) == hr.hadamard(n)).all()


@pytest.mark.parametrize("n, nearest", [(3, "2, 4"), (92, "88, 96"), (6, "4, 8"), (116, "112, 120"), (101, "100, 104")])
def test_other_orders_name_the_nearest(n, nearest):
    why = "no construction here" if n % 4 == 0 else "must be 1, 2 or a multiple of 4"
    with pytest.raises(hr.ParameterError, match=f"n={n}: .*{why}.* nearest are {nearest}"):
        hr.hadamard(n)


@pytest.mark.parametrize("n", [0, -4, 2.0, True, None, "4", MOST_ORDER + 4])
def test_what_is_no_order_is_refused(n):
    with pytest.raises(hr.ParameterError, match="n="):
        hr.hadamard(n)
    with pytest.raises(hr.ParameterError, match="most="):
        hr.orders(n)


ORDERS = st.sampled_from([1, 2, 4, 8, 12, 16, 20, 24, 32, 36, 40, 48, 64, 144])


@given(block=ORDERS, blocks=st.integers(1, 4), batch=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_the_transform_is_its_dense_matrix(block, blocks, batch, seed):
    rng, n = np.random.default_rng(seed), block * blocks
    u = rng.choice([-1.0, 1.0], n)
    W = SignedHadamard(u, block)
    dense = u[:, None] * np.kron(np.eye(blocks), hr.hadamard(block)) / np.sqrt(block)
    h, rows = rng.standard_normal((n, batch)), rng.standard_normal((batch, n))
    forth, back, out = np.empty_like(h), np.empty_like(h), np.empty_like(rows)
    np.testing.assert_allclose(W.dense(), dense, atol=1e-14)
    W.apply(W.inner(h), W.outer(forth))
    np.testing.assert_allclose(forth, dense @ h, atol=1e-12)
    W.adjoint(W.outer(forth), W.inner(back))
    np.testing.assert_allclose(back, h, atol=1e-12)
    W.rows(rows, out)
    np.testing.assert_allclose(out, rows @ dense.T, atol=1e-12)
    W.rows_adjoint(rows, out)
    np.testing.assert_allclose(out, rows @ dense, atol=1e-12)
