"""VC dimensions of signs against exhaustive shattering, what is exact, and how they are asked for."""

import numpy as np
import oracles
import pytest
import sympy

import approxbounds as ab
from approxbounds.complexity.vc_dimension import METHODS, ChangesMethod, FromPseudoDimension, SignGrowthMethod
from approxbounds.theorem import Query


@pytest.mark.parametrize("units", [1, 2, 3, 6])
def test_threshold_units_on_a_line_shatter_exactly_one_point_more(units):
    """All step functions at the threshold 0; further layers add nothing."""

    def shattered(m):
        return bool((oracles.sign_changes(oracles.all_signs(m).astype(bool)) <= units).all())

    for widths in ((units,), (units, 40)):
        value = ab.HeavisideNetwork(widths=widths, input_dim=1).vc_dimension().value
        assert value == units + 1 and shattered(value) and not shattered(value + 1)


def test_networks_of_threshold_units_have_these_step_functions():
    """The signs that the proof of k + 1 asks for, by weights and biases: every pattern on k + 1 points."""
    x = np.array([-2.0, 0.5, 1.0, 7.0])
    for signs in oracles.all_signs(4):
        ends, jumps = (x[1:] + x[:-1]) / 2, np.diff(signs)
        g = (x[:, None] - ends >= 0).astype(float) @ jumps + signs[0] - 0.5
        assert ((g > 0) == signs).all()


@pytest.mark.parametrize("degree", [0, 1, 3])
def test_linear_spaces_are_exact(degree):
    bound = ab.LinearSpace(dimension=degree + 1).vc_dimension()
    points = np.linspace(-1, 1, degree + 2)
    assert bound.value == degree + 1 and bound.theorem == FromPseudoDimension()
    assert len(oracles.polynomial_patterns(points[:-1], np.zeros(degree + 1), degree)) == 2 ** (degree + 1)
    assert len(oracles.polynomial_patterns(points, np.zeros(degree + 2), degree)) < 2 ** (degree + 2)


@pytest.mark.parametrize("activation", ["relu", "absolute", "hard tanh", "staircase", "squared relu"])
@pytest.mark.parametrize(("widths", "dim"), [((1,), 1), ((2,), 1), ((1, 1), 2), ((2,), 2)])
def test_every_method_is_above_shattering_found_by_search(activation, widths, dim):
    rng = np.random.default_rng(37)
    _, degree, pieces, continuous = oracles.ACTIVATIONS[activation]
    G = ab.FeedForwardNetwork(widths=widths, input_dim=dim, degree=degree, pieces=pieces, continuous=continuous)
    largest = 0
    for m in range(1, 6):
        values = oracles.random_networks(rng, activation, widths, rng.normal(size=(m, dim)), count=8000)
        largest = m if oracles.distinct_rows(values > 0) == 2**m else largest
    assert largest >= 2
    bound = G.vc_dimension()
    assert min(each.value for each in (bound, *bound.others) if isinstance(each, ab.Bound)) >= largest


VALUES = [
    (ab.HeavisideNetwork(widths=(20,), input_dim=1), 21),
    (ab.HeavisideNetwork(widths=(6, 9), input_dim=2, bits=1), 40),  # 18 bits of the first layer, V(6,2) = 22 cells
    (ab.ReLUNetwork(widths=(64, 64), input_dim=1), 4226),
    (ab.ReLUPowerNetwork(widths=(3,), input_dim=1, power=3), 7),
    (ab.FreeKnotSplines(knots=4, degree=2, smooth=True), 7),
    (ab.HadamRNN(hidden=16, steps=10**6), 613),
    (ab.BoundedLinear(norm=1, input_dim=7), 7),
    (ab.FiniteClass(bits=9), 9),
    (ab.NetworkSize(weights=60, depth=3), 2123),
]


@pytest.mark.parametrize(("G", "value"), VALUES, ids=str)
def test_values_of_classes(G, value):
    bound = G.vc_dimension()
    assert bound.value == value <= G.pseudo_dimension().value
    assert {each.theorem.id if isinstance(each, ab.Bound) else each.theorem for each in (bound, *bound.others)} == {
        method.id for method in METHODS
    }
    assert ab.verify(bound.certificate) and str(bound).startswith(f"VC(G) <= {value}  [vc-")
    assert r"\operatorname{VC}(G)" in str(bound.explain()) and bound.formula == value


def test_symbols_have_closed_forms():
    n = sympy.Symbol("n", positive=True)
    line, plane = (ab.HeavisideNetwork(widths=(n,), input_dim=d).vc_dimension() for d in (1, 2))
    assert line.expression == n + 1 and line.theorem == ChangesMethod()
    assert plane.expression == ab.HeavisideNetwork(widths=(n,), input_dim=2).pseudo_dimension().expression


def test_what_a_certificate_may_not_say():
    G = ab.LinearSpace(dimension=5)
    data = G.vc_dimension().certificate.to_dict()
    assert data["witness"] == {"method": "pdim-direct"}
    for method in ("pdim-growth", "pdim-closed-form", "vc-pdim", "", 3):
        verdict = ab.verify(data | {"witness": {"method": method}})
        assert not verdict and "must be one of those that apply: pdim-direct" in verdict.reason
    assert not ab.verify(data | {"value": 4})
    grown = ab.ReLUNetwork(widths=(10,), input_dim=2).vc_dimension()
    assert grown.theorem == SignGrowthMethod()
    less = grown.value - 1
    verdict = ab.verify(grown.certificate.to_dict() | {"witness": {"vc": less}, "value": less})
    assert not verdict and "not certainly below" in verdict.reason


def test_refusals_name_their_reasons():
    with pytest.raises(ab.NotApplicableError) as refused:
        ab.LipschitzFunctions(constant=1, input_dim=1).vc_dimension()
    assert all(f"{method.id}: " in str(refused.value) for method in METHODS)
    assert "one variable" in ChangesMethod().refusal(Query(network=ab.ReLUNetwork(widths=(3,), input_dim=2)))
