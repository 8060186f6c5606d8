"""The quantiser: its formula by exact rationals, its range, what it leaves alone, bad input."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import hadamrnn as hr
from hadamrnn.networks.quantize import signs

MATRICES = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)
BITS = st.integers(1, 16)


@given(matrix=MATRICES, bits=BITS)
def test_codes_are_the_formula_in_rationals(matrix, bits):
    codes, step = hr.codes(matrix, bits=bits)
    half, alpha = 2 ** (bits - 1), max(abs(Fraction(float(v))) for v in matrix.flat)
    assert Fraction(step) == alpha / half
    highest = 1 if bits == 1 else half - 1
    for code, value in zip(codes.flat, matrix.flat, strict=True):
        exact = Fraction(float(value)) / alpha * half if alpha else Fraction(0)
        nearest = {math.floor(exact), math.ceil(exact)}
        nearest = {k for k in nearest if abs(exact - k) <= Fraction(1, 2) + Fraction(1, 10**9)}
        assert int(code) in {min(max(k, -half), highest) for k in nearest}


@given(matrix=MATRICES, bits=BITS)
def test_values_are_few_and_near(matrix, bits):
    values = hr.quantize(matrix, bits=bits)
    assert values.dtype == matrix.dtype
    codes, step = hr.codes(matrix, bits=bits)
    assert codes.min() >= -(2 ** (bits - 1)) and codes.max() <= max(2 ** (bits - 1) - 1, 1)
    assert len(np.unique(values)) <= max(2**bits, 3)
    alpha = float(np.abs(matrix).max())
    # half a step, but the largest positive entries may lose a whole one
    assert np.abs(values.astype(float) - matrix).max() <= step * (1 + 1e-6) + 1e-7 * alpha


@given(matrix=MATRICES, bits=BITS, power=st.integers(-3, 3))
def test_scaling_by_a_power_of_two_scales_the_values(matrix, bits, power):
    scaled = hr.quantize(matrix * np.float32(2.0**power), bits=bits)
    assert (scaled == hr.quantize(matrix, bits=bits) * np.float32(2.0**power)).all()


def test_full_precision_and_zero():
    matrix = np.array([[0.1, -0.7]])
    assert hr.quantize(matrix, bits=None) is matrix
    codes, step = hr.codes(np.zeros((2, 3)), bits=4)
    assert step == 0.0 and (codes == 0).all()
    assert (hr.quantize(np.zeros((2, 3)), bits=4) == 0).all()


def test_one_bit_is_ternary():
    codes, step = hr.codes(np.array([-2.0, -0.9, 0.3, 1.2, 2.0]), bits=1)
    assert codes.tolist() == [-1, 0, 0, 1, 1] and step == 2.0


@pytest.mark.parametrize("bits", [0, -1, 17, True, 2.0, "4"])
def test_bad_bits_are_refused(bits):
    for function in (hr.codes, hr.quantize):
        with pytest.raises(hr.ParameterError, match="bits="):
            function(np.ones(2), bits=bits)


def test_codes_need_bits_and_finite_numbers():
    with pytest.raises(hr.ParameterError, match="bits=None"):
        hr.codes(np.ones(2), bits=None)
    with pytest.raises(hr.ParameterError, match="matrix=nan"):
        hr.codes(np.array([1.0, np.nan]), bits=4)


def test_the_sign_of_zero_is_one():
    assert signs(np.array([-1e-30, -0.0, 0.0, 3.0], dtype=np.float32)).tolist() == [-1, 1, 1, 1]
