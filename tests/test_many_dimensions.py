"""Functions of up to 10^4 variables: where numbers of cells are no doubles."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import approxbounds as ab
from approxbounds.functions.monotone import cells_below
from approxbounds.members import MOST_HALVED, cylinders
from approxbounds.theorem import Query
from approxbounds.validation import MOST_DIMENSIONS

MANY = MOST_DIMENSIONS
FUNCTIONS: dict[str, Any] = {
    "lipschitz": ab.LipschitzBall,
    "holder": lambda dim: ab.HolderBall(smoothness=2, dim=dim),
    "sobolev": lambda dim: ab.SobolevBall(smoothness=1, integrability=2, dim=dim),
    "besov": lambda dim: ab.BesovBall(smoothness=2, integrability=2, dim=dim),
    "monotone": ab.MonotoneFunctions,
    "convex": ab.ConvexFunctions,
}
NETWORKS: dict[str, Any] = {
    "lstm": lambda d: ab.LSTM(hidden=128, steps=d, bits=32),
    "lstm, real": lambda d: ab.LSTM(hidden=128, steps=d),
    "hadamrnn": lambda d: ab.HadamRNN(hidden=32, steps=d),
    "relu": lambda d: ab.ReLUNetwork(widths=(64, 64), input_dim=d),
    "transformer": lambda d: ab.Transformer(width=64, heads=2, tokens=d, blocks=2, bits=32),
    "linear": lambda d: ab.LinearSpace(dimension=10**4),
}


@pytest.mark.parametrize(("kind", "p"), [*zip(FUNCTIONS, (2, 1, "inf", 2, 1, 2), strict=True)])
def test_ten_thousand_variables_have_certified_bounds(kind: str, p: Any) -> None:
    F = FUNCTIONS[kind](dim=MANY)
    for name, make in NETWORKS.items():
        lower = ab.lower_bound(F, make(MANY), p=p)
        assert ab.verify(lower.certificate), name
        numbers = [bound.number for bound in ab.upper_bounds(F, make(MANY), p=p).bounds if bound.number is not None]
        assert 0 < lower.value <= min(numbers, default=lower.value), name
        assert numbers or kind in {"sobolev", "besov"} or name not in {"relu", "lstm, real"}


def test_points_near_a_class_are_more_than_a_double_holds() -> None:
    """The steps near an LSTM of bounded parameters are asked for 2^10000 points in sup norm."""
    G = ab.LSTM(hidden=128, steps=MANY, weight_bound=1)
    for F in (ab.LipschitzBall(dim=MANY), ab.HolderBall(smoothness="1/2", dim=MANY)):
        assert ab.lower_bound(F, G, p="inf").value == 1


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_the_members_of_many_variables_are_those_of_a_thousand_of_them(kind: str) -> None:
    """The witness for a cylinder of 1000 coordinates states the bound that F has in 1000 variables."""
    G = ab.FiniteClass(bits=10**9)
    few, many = FUNCTIONS[kind](dim=MOST_HALVED), FUNCTIONS[kind](dim=MANY)
    dims = [query.F.domain_dim for _, query in cylinders(Query(functions=many, network=G, p=2))]
    assert dims == [*range(1, 33), 64, 128, 256, 512, MOST_HALVED]
    dims = [query.F.domain_dim for _, query in cylinders(Query(functions=FUNCTIONS[kind](dim=300), network=G, p=2))]
    assert dims == [300, *range(1, 33), 64, 128, 256]
    (alone,) = (b for b in ab.lower_bounds(few, G, p=1).bounds if b.theorem.id == "T3")
    (found,) = (b for b in ab.lower_bounds(many, G, p=1).bounds if b.theorem.id == "T3")
    assert found.value >= alone.value


def test_a_class_without_few_functions_on_32_coordinates_needs_more() -> None:
    """An LSTM of any real parameters may show all patterns on 2^32 points, not on 2^128."""
    bounds = ab.lower_bounds(ab.LipschitzBall(dim=MANY), ab.LSTM(hidden=128, steps=MANY), p=1).bounds
    (bound,) = (b for b in bounds if b.theorem.id == "T3")
    assert bound.witness is not None and bound.witness["dims"] == 128
    assert ab.verify(bound.certificate)


def test_layers_of_halves_are_counted_by_subsets() -> None:
    for dim, k in product(range(1, 6), (2, 3)):
        sums = [sum(place) for place in product(range(k), repeat=dim)]
        for most in range(-1, dim * (k - 1) + 2):
            assert cells_below(k, dim, most) == sum(each <= most for each in sums)


@pytest.mark.parametrize("make", FUNCTIONS.values(), ids=FUNCTIONS)
def test_more_are_refused_by_name(make: Any) -> None:
    with pytest.raises(ab.ParameterError, match=rf"dim={MANY + 1}: must be an integer from 1 to {MANY}"):
        make(dim=MANY + 1)


@pytest.mark.parametrize("make", [ab.LSTM, ab.GRU])
def test_sequences_have_as_many_steps_as_functions_have_variables(make: Any) -> None:
    with pytest.raises(ab.ParameterError, match=rf"steps={MANY + 1}: must be an integer from 1 to {MANY}"):
        make(hidden=2, steps=MANY + 1)
