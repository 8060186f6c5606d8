"""Orthogonal matrices: the polar factor three ways, Björck's derivative, quantised perturbations."""

import numpy as np
import pytest
from hadamrnn_oracles import finite_differences
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

import hadamrnn as hr
from hadamrnn.networks.orthogonal import tangent


def polar(M):
    """The orthogonal matrix nearest to M."""
    return linalg.polar(M)[0]


ORDERS, SEEDS = st.integers(1, 12), st.integers(0, 2**32)


def ill(n, rng, condition=100.0):
    """A matrix with singular values from 1/condition to 1."""
    left, right = hr.random_orthogonal(n, rng), hr.random_orthogonal(n, rng)
    return left * np.geomspace(1 / condition, 1, n) @ right


@given(n=ORDERS, seed=SEEDS)
def test_random_orthogonal_matrices_are_orthogonal(n, seed):
    W = hr.random_orthogonal(n, np.random.default_rng(seed))
    assert hr.orthogonality_defect(W) < 1e-13 * n
    assert hr.singular_values(W) == pytest.approx((1, 1))


def test_random_orthogonal_matrices_are_uniform():
    """Each entry of a Haar matrix has mean 0, variance 1/n, and kurtosis 3 n / (n + 2); determinants are +-1 evenly."""
    rng, n = np.random.default_rng(0), 4
    found = np.array([hr.random_orthogonal(n, rng) for _ in range(4000)])
    np.testing.assert_allclose(found.mean(0), 0, atol=0.04)
    np.testing.assert_allclose((found**2).mean(0), 1 / n, atol=0.02)
    np.testing.assert_allclose((found**4).mean(0) * n**2, 3 * n / (n + 2), atol=0.2)
    assert abs(np.linalg.det(found).mean()) < 0.05


@given(n=ORDERS, seed=SEEDS, scale=st.sampled_from([1e-3, 0.5, 1.0, 1e3]), condition=st.sampled_from([1.0, 10.0, 1e3]))
def test_bjorck_is_polar(n, seed, scale, condition):
    M = scale * ill(n, np.random.default_rng(seed), condition)
    W = hr.bjorck(M).W
    assert hr.orthogonality_defect(W) < 1e-12
    np.testing.assert_allclose(W, polar(M), atol=1e-11 * condition)


@given(n=ORDERS, seed=SEEDS)
def test_polar_is_the_nearest_orthogonal_matrix(n, seed):
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((n, n))
    nearest = np.linalg.norm(M - polar(M))
    assert nearest**2 == pytest.approx(((np.linalg.svd(M)[1] - 1) ** 2).sum())
    for size in (1e-3, 0.1, 10.0):
        other = polar(polar(M) + size * rng.standard_normal((n, n)))
        assert nearest <= np.linalg.norm(M - other) * (1 + 1e-12)


@pytest.mark.parametrize("kind", ["near to orthogonal", "random", "large", "ill-conditioned"])
def test_the_derivative_of_bjorck_is_finite_differences(kind):
    rng = np.random.default_rng(0)
    M, G = rng.standard_normal((2, 6, 6))
    M = {
        "near to orthogonal": hr.random_orthogonal(6, rng) + 0.02 * M,
        "random": M,
        "large": 50 * M,
        "ill-conditioned": ill(6, rng),
    }[kind]
    result = hr.bjorck(M)
    assert (result.scale == 1.0) == (kind == "near to orthogonal")
    found = finite_differences(lambda p: (G * hr.bjorck(p["M"]).W).sum(), {"M": M}, step=1e-5 * np.abs(M).max())["M"]
    np.testing.assert_allclose(result.back(G), found, rtol=1e-6, atol=1e-6 * np.abs(found).max())


def test_single_precision_is_kept():
    M = np.random.default_rng(0).standard_normal((64, 64)).astype("float32")
    result = hr.bjorck(M)
    assert result.W.dtype == result.back(M).dtype == polar(M).dtype == np.float32
    assert hr.orthogonality_defect(result.W) < 1e-5
    assert hr.singular_values(result.W) == pytest.approx((1, 1), abs=1e-6)


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 3)), np.diag([1.0, 1.0, 1e-9]), np.full((3, 3), np.nan), np.full((3, 3), np.inf)]
)
def test_matrices_without_a_polar_factor_are_refused(bad):
    with pytest.raises(hr.DivergenceError, match="singular, almost, or not finite"):
        hr.bjorck(bad)


@pytest.mark.parametrize("function", [hr.bjorck, hr.orthogonality_defect, hr.singular_values])
def test_other_shapes_are_refused(function):
    for M in (np.ones((2, 3)), np.ones(4)):
        with pytest.raises(hr.ParameterError, match=r"matrix\.shape="):
            function(M)


def test_defect_and_singular_values_by_hand():
    W = np.array([[0.0, 2.0], [0.5, 0.0]])
    assert hr.singular_values(W) == (0.5, 2.0)
    assert hr.orthogonality_defect(W) == pytest.approx(np.hypot(3, 0.75))


@given(n=st.integers(2, 12), seed=SEEDS)
def test_tangents_are_nearest_and_skew(n, seed):
    rng = np.random.default_rng(seed)
    W, G, other = hr.random_orthogonal(n, rng), *rng.standard_normal((2, n, n))
    found = tangent(W, G)
    np.testing.assert_allclose(W.T @ found, -(found.T @ W), atol=1e-12)
    np.testing.assert_allclose(tangent(W, found), found, atol=1e-12)
    assert (tangent(W, other) * (G - found)).sum() == pytest.approx(0, abs=1e-10)  # the rest is normal


@given(n=ORDERS, seed=SEEDS, bits=st.integers(1, 8), hadamard=st.booleans())
def test_quantised_orthogonal_matrices_are_near(n, seed, bits, hadamard):
    """||q(W) - W||_F <= n alpha / 2^k if no entry is clipped; a clipped one may lose a whole step instead of half one.

    So do all the positive entries of a Hadamard matrix. Weyl's inequality bounds the singular values.
    """
    n = 2 ** (n % 5) if hadamard else n
    W = hr.hadamard(n) / np.sqrt(n) if hadamard else hr.random_orthogonal(n, np.random.default_rng(seed))
    codes, step = hr.codes(W, bits=bits)
    highest = max(2 ** (bits - 1) - 1, 1)
    alpha, clipped = np.abs(W).max(), int((W / step > highest + 0.5).sum())
    error = np.linalg.norm(codes * step - W)
    exact = alpha / 2**bits * np.sqrt(n**2 + 3 * clipped)
    assert error <= exact * (1 + 1e-12)
    if not clipped:
        assert error <= n * alpha / 2**bits * (1 + 1e-12)
    least, most = hr.singular_values(codes * step)
    assert 1 - exact - 1e-12 <= least <= most <= 1 + exact + 1e-12


def test_clipping_breaks_the_bound_without_it():
    W = hr.hadamard(8) / np.sqrt(8)
    for bits in (2, 4, 8):
        error = np.linalg.norm(hr.quantize(W, bits=bits) - W)
        positive = int((W > 0).sum())
        assert error == pytest.approx(np.sqrt(positive / 8) * 2 ** (1 - bits))
        assert error > 8 * np.abs(W).max() / 2**bits
    assert (hr.quantize(W, bits=1) == W).all()
