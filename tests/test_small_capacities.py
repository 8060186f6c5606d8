"""A smaller class never gets a worse bound than a larger one, theorem by theorem, down to the smallest classes."""

from __future__ import annotations

from itertools import pairwise

import pytest

import approxbounds as ab

#: Each class lies in the next one, or has no more patterns: the smallest capacities there are.
CHAINS: dict[str, tuple[ab.NetworkClass, ...]] = {
    "finite": tuple(ab.FiniteClass(size=size) for size in (1, 2, 3, 32)),
    "bits": tuple(ab.FiniteClass(bits=bits) for bits in (0, 1, 5)),
    "linear": tuple(ab.LinearSpace(dimension=dimension) for dimension in (1, 2, 3)),
}
#: Dimensions about which cubes of two to a side become the only ones that grids keep, and the largest.
DIMENSIONS = (2, 31, 61, 1000)


def targets(dim: int, p: object) -> tuple[ab.FunctionClass, ...]:
    if p == 2:
        return (ab.LipschitzBall(dim=dim),)
    return ab.LipschitzBall(dim=dim), ab.HolderBall(smoothness="3/2", dim=dim), ab.ConvexFunctions(dim=dim)


@pytest.mark.parametrize("p", [2, "inf"])
@pytest.mark.parametrize("dim", DIMENSIONS)
def test_smaller_classes_get_no_smaller_bounds(dim: int, p: object) -> None:
    for F in targets(dim, p):
        for name, chain in CHAINS.items():
            found = [
                {bound.theorem.id: bound.number for bound in ab.lower_bounds(F, G, p=p).bounds if bound.number}
                for G in chain
            ]
            for (smaller, fewer), (larger, more) in pairwise(zip(chain, found, strict=True)):
                for theorem, value in more.items():
                    told = f"{theorem} for {F}, p={p} ({name}): {smaller} against {larger}"
                    assert fewer.get(theorem, 0.0) >= value * (1 - 1e-12), told


def test_networks_of_one_unit_in_many_dimensions() -> None:
    F = ab.LipschitzBall(dim=61)
    for network in (ab.ReLUNetwork, ab.HeavisideNetwork):
        one, two = (
            {b.theorem.id: b.number for b in ab.lower_bounds(F, G, p=2).bounds if b.number}
            for G in (network(widths=(units,), input_dim=61) for units in (1, 2))
        )
        assert all(one.get(theorem, 0.0) >= value * (1 - 1e-12) for theorem, value in two.items())
