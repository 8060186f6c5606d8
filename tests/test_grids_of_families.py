"""The cells of every family that declares a grid lie on one: the hypothesis of the counts on grids. THEORY.md, 3.12."""

import math
from itertools import product

import numpy as np
import pytest

import approxbounds as ab


def classes(d):
    yield ab.LipschitzBall(dim=d)
    for smoothness in ("1/2", "3/2", 3):
        yield ab.HolderBall(dim=d, smoothness=smoothness)
    yield ab.MonotoneFunctions(dim=d)
    yield ab.ConvexFunctions(dim=d)
    for integrability in (1, 2, math.inf):
        yield ab.SobolevBall(dim=d, smoothness=2, integrability=integrability)
    yield ab.SobolevBall(dim=d, smoothness=1, integrability=math.inf)
    yield ab.BesovBall(dim=d, smoothness="3/2", integrability=2)
    yield ab.AnisotropicHolderBall(smoothness=("1/2", "3/2", 2)[:d])


def members():
    """Small members of the families of all classes."""
    for d in (1, 2, 3):
        for F in classes(d):
            for family in F.families:
                indices = [index for k in (2, 3) for index in family.extremes(k)]
                indices += [family.coarsest(cells) for cells in (2, 5, 9) if cells <= family.most_cells]
                for index in indices:
                    sides = family.grid_sides(index)
                    if sides is not None and family.cells(index) <= 30:
                        yield pytest.param(family, index, id=f"{F}-{family.id}-{index}")


def grid_points(family, index, t):
    """The points of the grid for one t: of equal steps along each side, or mirror images."""
    sides = [int(k) for k, count in family.grid_sides(index) for _ in range(count)]
    if family.mirrored and sides == [2] * len(sides):
        axes = [(own / 2, 1 - own / 2) for own in t]
    else:
        axes = [(np.arange(k) + own) / k for k, own in zip(sides, t, strict=True)]
    return np.array(list(product(*axes)))


@pytest.mark.parametrize(("family", "index"), list(members()))
def test_each_cell_has_its_own_point_of_the_grid(family, index):
    """Flipping the sign of a cell changes f at one point of the grid, by the same 2 w(t) for all cells."""
    rng, N = np.random.default_rng(0), family.cells(index)
    dims = sum(count for _, count in family.grid_sides(index))
    for _ in range(3):
        x, omega = grid_points(family, index, rng.uniform(0.2, 0.8, dims)), rng.integers(0, 2, N)
        base, taken, changes = family.evaluate(index, omega, x), set(), []
        for i in range(N):
            flipped = omega.copy()
            flipped[i] = 1 - flipped[i]
            change = np.abs(family.evaluate(index, flipped, x) - base)
            (where,) = np.flatnonzero(change > 1e-12)
            taken.add(int(where))
            changes.append(change[where])
        assert len(taken) == N <= len(x)
        assert changes == pytest.approx([changes[0]] * N, rel=1e-9)
