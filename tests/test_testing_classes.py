"""What approxbounds.testing finds in function classes and network classes."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

import approxbounds as ab
from approxbounds.arithmetic import SYMBOLIC
from approxbounds.facts.growth import AffineCount, BitCount, GrowthBound, Thresholds
from approxbounds.functions.cubes import DistanceCubes
from approxbounds.testing import (
    check_function_class,
    check_growth,
    check_network_class,
    check_record,
    recurrent_networks,
)

F, G = ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=10)


def fails(message):
    return pytest.raises(AssertionError, match=message)


# --------------------------------------------------------------------------------------------- network classes


@dataclass(frozen=True, kw_only=True)
class Space(ab.NetworkClass):
    """A linear space, to be spoilt."""

    dimension: int = 3
    count = AffineCount(1, 1, 3)

    def growth(self, thresholds=Thresholds.ANY):
        return GrowthBound(whole=(self.count,))

    @property
    def orders(self):
        return G.orders


@dataclass(frozen=True)
class Made:
    """A count made of any function of A and m."""

    function: object
    citations = ()
    formula = "f"

    def evaluate(self, A, m):
        return self.function(A, m)


def network(count, **members):
    """A network class of its own with this growth; GrowthBound would cut it to m."""

    class Growth:
        whole, layers, counts = (count,), (), (count,)
        evaluate = staticmethod(count.evaluate)

    kind = type("Space", (Space,), {"growth": lambda self, thresholds=Thresholds.ANY: Growth} | members)
    return dataclass(frozen=True, kw_only=True)(kind)()


def affine(A, m):
    return AffineCount(1, 1, 3).evaluate(A, m)


WRONG_GROWTH = {
    "not from 0 to": lambda A, m: 2 * A.number(m),
    r"not from 0 to 1$": lambda A, m: A.number(-1),
    "growth falls from": lambda A, m: A.minimum(A.number(m), A.number(50) / A.number(m)),
    "never below the number of points": lambda A, m: A.number(m),
    "in doubles": lambda A, m: affine(A, m) * (1 if A.name == "ball" else A.number(Fraction(1, 2))),
    "not finite in balls": lambda A, m: A.number(m) / A.number(0) if A.name == "ball" else m,
    "below the number of points at 10, not at 16": lambda A, m: A.at_least(m, 11, A.number(m), affine(A, m)),
}


@pytest.mark.parametrize("message", WRONG_GROWTH)
def test_wrong_growth_is_found(message):
    check_growth(Space())
    with fails(message):
        check_growth(network(Made(WRONG_GROWTH[message])))


def test_growth_that_grows_with_what_is_known_is_found():
    def growth(self, thresholds=Thresholds.ANY):
        return GrowthBound(whole=(BitCount(5 if thresholds is Thresholds.ANY else 6),))

    with fails("growth for AFFINE thresholds is larger"):
        check_growth(dataclass(frozen=True, kw_only=True)(type("Space", (Space,), {"growth": growth}))())


def test_growth_below_the_patterns_of_samples_is_found():
    values = np.random.default_rng(0).normal(size=(999, 3)) @ np.random.default_rng(1).normal(size=(3, 8))
    check_growth(ab.LinearSpace(dimension=3), values=values)
    check_network_class(ab.LinearSpace(dimension=3), values=values)
    for check in (check_growth, check_network_class):
        with fails("patterns on 8 points, more than"):
            check(ab.LinearSpace(dimension=1), values=values)


def test_wrong_records_are_found():
    check_record(Space())
    with fails("must be a frozen dataclass"):
        check_record(type("Thawed", (Space,), {"__setattr__": lambda *a: None})())
    with fails("not equal to a copy"):
        check_record(
            dataclass(frozen=True, kw_only=True, eq=False)(
                type("Space", (Space,), {"__eq__": lambda *a: False, "__hash__": lambda s: 1})
            )()
        )
    with fails("citations"):
        check_record(dataclass(frozen=True, kw_only=True)(type("Space", (Space,), {"citations": ("Siegel2023",)}))())
    with fails("has no definition"):
        check_record(dataclass(frozen=True, kw_only=True)(type("Space", (Space,), {"definition": ""}))())
    with fails("JSON changes"):
        check_record(
            dataclass(frozen=True, kw_only=True)(
                type("Space", (Space,), {"to_dict": lambda s: {"class": "Space", "dimension": 4}})
            )()
        )


@given(recurrent_networks(dim=6))
def test_recurrent_networks_have_the_dimension(G):
    assert G.domain_dim == G.steps * G.inputs == 6


# -------------------------------------------------------------------------------------------- function classes


@dataclass(frozen=True, kw_only=True)
class Ball(ab.FunctionClass):
    """A Lipschitz ball on [0,1]^2 whose family is to be spoilt."""

    family = DistanceCubes
    dim: int = 2

    @property
    def families(self):
        return (self.family(1, self.dim, 1),)

    @property
    def value_range(self):
        return -1, 1

    def entropy_exponent(self, p):
        return SYMBOLIC.number(self.dim)

    def contains(self, f, points):
        return ab.LipschitzBall(dim=self.dim).contains(f, points)


def ball(family=None, **members):
    """The ball with other members, and with a family of other members."""
    if family is not None:
        members |= {"family": dataclass(frozen=True)(type("Spoilt", (DistanceCubes,), family))}
    return dataclass(frozen=True, kw_only=True)(type("Ball", (Ball,), members))()


ORIGINAL = DistanceCubes.evaluate
WRONG_FAMILIES = {
    "f_omega is not in F": {"_height": lambda s, A: A.number(s.radius)},
    r"\|\|w\|\|_1 is about": {"_relative_norm": lambda s, A, p: A.number(1)},
    r"\|\|w\|\|_inf is about": {
        "norm": lambda s, A, i, p: (
            DistanceCubes.norm(s, A, i, p) * (1 if p != math.inf else A.number(Fraction(11, 10)))
        ),
        "evaluate": lambda s, i, omega, x: ORIGINAL(s, i, omega, x) / 1.1,
    },
    "values spread over": {"spread": lambda s, A, i: A.number(Fraction(1, 10**6))},
    "cells overlap": {
        "evaluate": lambda s, i, omega, x: ORIGINAL(s, i, omega, x) + 1e-3 * np.asarray(omega).sum(),
    },
    "lowers f_omega": {"evaluate": lambda s, i, omega, x: -ORIGINAL(s, i, omega, x)},
    "depends on the others|cells overlap": {
        "evaluate": lambda s, i, omega, x: ORIGINAL(s, i, omega, x) * (1 - 0.1 * (i["k"] > 1) * np.asarray(omega)[0]),
    },
    "times the mean of w over all cells": {
        "evaluate": lambda s, i, omega, x: (
            ORIGINAL(s, i, omega, x) * np.where((x[:, 0] < 1 / 2) | (i["k"] != 2), 1, 1 / 4)
        ),
    },
}


@pytest.mark.parametrize("message", WRONG_FAMILIES)
def test_wrong_families_are_found(message):
    with fails(message):
        check_function_class(ball(WRONG_FAMILIES[message]))


def test_wrong_function_classes_are_found():
    check_function_class(Ball())
    with fails("values outside of"):
        check_function_class(ball(value_range=(0, 1)))
    with fails("f_omega is not in F"):
        check_function_class(ball(contains=lambda self, f, points: bool(f(points).min() > 0)))
    with fails("steps on 1.2 cubes are"):
        check_function_class(
            ball(cube_exponent=lambda s, p: 1, cube_error=lambda s, A, k, p: A.number(Fraction(1, 10**6)))
        )
    for exponent in (2, SYMBOLIC.number(-1)):
        with fails("not a positive SymPy number"):
            check_function_class(ball(entropy_exponent=lambda self, p, exponent=exponent: exponent))
    with pytest.raises(ab.ParameterError, match="symbol"):
        import sympy

        check_function_class(ab.LipschitzBall(dim=sympy.Symbol("d", positive=True)))
