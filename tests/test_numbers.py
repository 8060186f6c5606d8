"""Numbers of other packages, and settings of the interpreter and of NumPy that must not change an answer."""

import subprocess
import sys
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy

import approxbounds as ab
from approxbounds.cli import main
from approxbounds.testing import check_lower_bound

HERE = Path(__file__).parent
F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10)


def test_binary_numbers_of_mpmath_are_exact():
    third = mpmath.mpf(1) / 3
    meant = ab.LipschitzBall(dim=1, radius=third).radius
    assert meant == Fraction(float(third))
    with mpmath.workprec(200):
        longer = ab.LipschitzBall(dim=1, radius=mpmath.mpf(1) / 3).radius
    assert longer != meant and abs(longer - Fraction(1, 3)) < Fraction(1, 2**199)
    assert ab.lower_bound(F, G, p=mpmath.inf).query.p == float("inf")
    assert ab.lower_bound(F, G, p=mpmath.mpf("2.5")) == ab.lower_bound(F, G, p=2.5)


@pytest.mark.parametrize(
    "form", [Fraction, lambda x: Decimal(str(x)), lambda x: sympy.Rational(str(x)), sympy.Float, mpmath.mpf, np.float64]
)
def test_formulas_may_return_numbers_of_every_kind(form):
    check_lower_bound(lambda F, G, p: form(0.028125), F, G, 2)
    with pytest.raises(AssertionError, match=r"above 0\.0288675\d* \(steps"):
        check_lower_bound(lambda F, G, p: form(0.03125), F, G, 2)
    with pytest.raises(AssertionError, match="must not be negative"):
        check_lower_bound(lambda F, G, p: form(-0.0625), F, G, 2)


def _answers():
    """Some of everything, with certificates and derivations."""
    plane, network = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(5, 4), input_dim=2)
    normed = ab.NormBoundedNetwork(norms=(2, "3/2"), input_dim=2)
    bounds = [*ab.lower_bounds(plane, network, p="7/3"), *ab.lower_bounds(plane, normed, p=2)]
    bounds += [ab.upper_bound(plane, network, p=2), ab.lower_bound(ab.MonotoneFunctions(dim=2), network, p="inf")]
    bounds += [network.pseudo_dimension(), normed.fat_shattering("1/9"), plane.packing("1/9", p=2)]
    bounds += [ab.QORNN(hidden=2, steps=2, recurrent_bits=1).pseudo_dimension()]
    assert all(ab.verify(bound.certificate) for bound in bounds if bound.number is not None)
    found = [(str(bound), bound.number, bound.explain()) for bound in bounds]
    found.append(str(ab.required_weights(plane, error="1/100", p=2, depth=3)))
    found.append(str(ab.FiniteClass(size=2**2500).pseudo_dimension().query.G))
    found += _with_long_integers()
    return [*found, ab.average_case(F, G, p=2).mean]


def _with_long_integers():
    """A certificate with more digits than some interpreters read and write, there and back; also a stored answer."""
    bound = ab.lower_bound(F, ab.FiniteClass(size=2**9999 + 1), p=2)
    text = bound.certificate.to_json()
    again = ab.Certificate.from_json(text)
    assert again == bound.certificate and ab.verify(text) and ab.verify(again.to_dict())
    with tempfile.TemporaryDirectory() as directory:
        path = bound.certificate.save(Path(directory) / "bound.json")
        assert ab.verify(path) and main(["verify", str(path)]) == 0
        swept = [ab.sweep([F], [bound.query.G], [2], directory=directory, progress=False) for _ in range(2)]
    assert swept[0].records == swept[1].records
    return [text, bound.certificate._repr_html_(), repr(bound.query.G), swept[0].to_csv()]


def test_settings_of_numpy_and_of_the_interpreter_change_nothing():
    program = "import sys, numpy\n{}\nfrom test_numbers import _answers\nprint(_answers())"
    settings = ("", 'numpy.seterr(all="raise")', "sys.set_int_max_str_digits(640)")
    shown = [
        subprocess.run(
            [sys.executable, "-c", program.format(line)], capture_output=True, text=True, cwd=HERE, check=False
        )
        for line in settings
    ]
    assert [run.stderr for run in shown] == ["", "", ""]
    assert shown[0].stdout == shown[1].stdout == shown[2].stdout != ""
