"""Golden values: certified numbers that this version must reach, and ones known from elsewhere."""

import math

import pytest

import approxbounds as ab
from approxbounds.arithmetic import BALL, precision
from approxbounds.theorem import Query
from approxbounds.transfer.hypercube import HypercubeTheorem

#: (F, widths, p, at least, recorded): the middle number was asked for when T3 was designed (a prototype of
#: its formulas), the last is the value certified now; a smaller one would be a regression.
CASES = [
    (ab.LipschitzBall(dim=2), (10,), 2, 0.0035, 0.00355692),
    (ab.LipschitzBall(dim=2), (10, 10), 2, 0.00119, 0.00128949),
    (ab.LipschitzBall(dim=2), (50,) * 4, 2, 1.15e-4, 1.22837e-4),
    (ab.LipschitzBall(dim=4), (200,) * 6, 2, 9.4e-4, 9.73835e-4),
    (ab.MonotoneFunctions(dim=4), (30,), 4, 0.164, 0.165641),
]


@pytest.mark.parametrize(("F", "widths", "p", "least", "recorded"), CASES)
def test_certified_values(F, widths, p, least, recorded):
    bounds = ab.lower_bounds(F, ab.ReLUNetwork(widths=widths, input_dim=F.dim), p=p)
    bound = next(bound for bound in bounds if bound.theorem.id == "T3")
    assert bound.value >= least
    assert bound.value == pytest.approx(recorded, rel=1e-5) and ab.verify(bound.certificate)


def test_pseudo_dimension_of_ten_relus():
    """306 by the growth bound with Cover's count per unit and the folded output; 305 is not excluded by it."""
    bound = ab.ReLUNetwork(widths=(10,), input_dim=2).pseudo_dimension()
    assert bound.value == 306
    data = bound.certificate.to_dict()
    assert not ab.verify(data | {"value": 305})
    assert not ab.verify(data | {"value": 305, "witness": {"pdim": 305}})


@pytest.mark.parametrize("dim", (2, 3, 7))
@pytest.mark.parametrize(
    "network",
    [
        lambda d: ab.ReLUNetwork(widths=(100,) * 5, input_dim=d),
        lambda d: ab.HeavisideNetwork(widths=(3,), input_dim=d),
        lambda d: ab.FeedForwardNetwork(widths=(20, 20), input_dim=d, degree=3, pieces=4),
        lambda d: ab.NetworkSize(weights=10**6, depth=10),
        lambda d: ab.LinearSpace(dimension=1000),
        lambda d: ab.FiniteClass(bits=10**6),
    ],
)
def test_sup_norm_wall_of_monotone_functions(dim, network):
    """Exactly 1/2 for every class of finite pseudo-dimension (THEORY.md, T3inf), and a constant reaches it."""
    F, G = ab.MonotoneFunctions(dim=dim), network(dim)
    assert ab.lower_bound(F, G, p=math.inf).value == 0.5
    if isinstance(G, ab.HeavisideNetwork):
        assert ab.upper_bound(F, G, p=math.inf).value == 0.5


def test_one_dimensional_monotone_functions_in_sup_norm():
    """1/(2N) with N one more than the points that G may shatter: D + 1 for a space of dimension D."""
    bound = ab.lower_bound(ab.MonotoneFunctions(dim=1), ab.LinearSpace(dimension=9), p="inf")
    assert bound.value == math.nextafter(0.05, 0)  # the double 0.05 is above 1/20


def test_a_single_function_is_no_better_than_the_half_gap():
    """N = 1, G = {g}: T3 is an equality, here with the mean height of a pyramid."""
    query = Query(functions=ab.LipschitzBall(dim=2), network=ab.FiniteClass(size=1), p=1)
    with precision(128):
        value = HypercubeTheorem().evaluate(BALL, query, {"family": "distance-cubes", "k": 1, "h": 1})
    assert float(value) == pytest.approx(1 / 6, rel=1e-15)
