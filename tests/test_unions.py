"""Unions of classes: growth, order in m, records within records, and certificates about them."""

import copy
import json
import math
from dataclasses import dataclass

import numpy as np
import oracles
import pytest
import sympy
from growth_checks import fits
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT, precision
from approxbounds.facts.growth import GrowthBound, Thresholds
from approxbounds.facts.networks import Orders
from approxbounds.networks.base import NetworkClass
from approxbounds.testing import unions

LIPSCHITZ = ab.LipschitzBall(dim=1)

# -------------------------------------------------------------------------------------------------------- unions


@pytest.mark.parametrize("m", [4, 7, 9])
def test_patterns_of_unions(m):
    """Step functions, straight lines and two constants: the patterns of the union, exactly."""
    rng = np.random.default_rng(m)
    x, levels = np.sort(rng.normal(size=m)), rng.normal(size=m)
    ranks = [int(rank) for rank in np.argsort(np.argsort(levels))]
    steps, lines = oracles.step_function_patterns(ranks, 1), oracles.polynomial_patterns(x, levels, 1)
    constants = {sum(1 << i for i in range(m) if c > levels[i]) for c in (-0.2, 0.3)}
    splines, spaces = ab.FreeKnotSplines(knots=1, degree=0), ab.LinearSpace(dimension=2, input_dim=1)
    assert fits(len(steps | lines), ab.Union(members=(splines, spaces)), m)
    G = ab.Union(members=(spaces, ab.FiniteClass(size=2), splines))
    assert fits(len(steps | lines | constants), G, m)
    with precision(128):
        parts = [member.growth().evaluate(BALL, m) for member in G.members]
        bound = BALL.minimum(BALL.number(m), BALL.log2_integer(3) + BALL.maximum(*parts))
        assert abs(G.growth().evaluate(BALL, m) - bound) < 1e-30


@given(unions(), st.sampled_from(Thresholds))
def test_growth_below_m_stays_below(G, thresholds):
    growth = G.growth(thresholds)
    with precision(128):
        below = [bool(growth.evaluate(BALL, m) < m) for m in [*range(1, 40), *(2**k for k in range(6, 60))]]
    assert below == sorted(below)


@given(unions())
def test_unions_are_larger_than_their_members(G):
    dimension = G.pseudo_dimension().value
    assert dimension >= max(member.growth().evaluate(FLOAT, 1.0) for member in G.members)
    m = np.floor(np.geomspace(1, 1e6, 50))
    lines = G.line_counts(Thresholds.ANY)  # of functions of one variable: known of the union, not of each member
    growth = GrowthBound(tuple(count for count in G.growth().whole if count not in lines))
    for member in G.members:
        assert (growth.evaluate(FLOAT, m) >= member.growth().evaluate(FLOAT, m)).all()


def test_properties_of_unions():
    lipschitz = [ab.BoundedLinear(norm=norm, input_dim=2) for norm in (2, 3)]
    assert ab.Union(members=lipschitz).lipschitz_constant == 3
    assert ab.Union(members=(*lipschitz, ab.LinearSpace(dimension=2))).lipschitz_constant is None
    assert ab.Union(members=lipschitz).domain_dim == 2
    assert ab.Union(members=(ab.FiniteClass(bits=1), ab.FiniteClass(bits=2))).domain_dim is None
    everything = ab.Union(members=(lipschitz[0], ab.LipschitzFunctions(constant=1, input_dim=2)))
    assert not everything.bounded_growth and ab.Union(members=lipschitz).bounded_growth
    assert everything.lipschitz_constant == 2
    with pytest.raises(ab.NoExpressionError, match="infinite"):
        _ = everything.orders
    assert ab.FreeKnotSplines(knots=2, degree=1).domain_dim == 1


# ----------------------------------------------------------------------------------------------- nested records

UNION = ab.Union(members=(ab.ReLUNetwork(widths=(3,), input_dim=1, bits=2), ab.LinearSpace(dimension=9)))


def test_nested_records_are_written_and_read():
    data = UNION.to_dict()
    assert [member["class"] for member in data["members"]] == ["ReLUNetwork", "LinearSpace"]
    assert str(UNION) == (
        "Union(members=(ReLUNetwork(widths=(3,), input_dim=1, bias=True, bits=2), LinearSpace(dimension=9)))"
    )
    assert UNION.symbols == frozenset() and UNION.require_numbers("a test") is None
    bound = ab.lower_bound(LIPSCHITZ, UNION, p=2)
    certificate = bound.certificate
    assert ab.Certificate.from_json(certificate.to_json()) == certificate
    assert ab.verify(certificate) and ab.verify(certificate.to_json()) and ab.verify(json.loads(certificate.to_json()))
    assert "ReLUNetwork" in bound.explain() and "$Q=2$ classes" in bound.explain()


JUNK = [None, True, 5, 2.5, "x", {}, [], [1], [None], [[]], [{}], [{"class": "object"}], {"class": "LinearSpace"}]


def test_nested_junk_is_refused():
    data = json.loads(ab.lower_bound(LIPSCHITZ, UNION, p=2).certificate.to_json())
    loop = {"class": "Union", "members": []}
    loop["members"] = [loop] * 100
    deep = data["network"]
    for _ in range(200):
        deep = {"class": "Union", "members": [deep, deep]}
    for members in (*JUNK, [data["network"]] * 2, [deep] * 2, [loop] * 2, data["network"]["members"] * 51):
        with pytest.raises(ab.ParameterError, match="network"):
            ab.verify(data | {"network": {"class": "Union", "members": members}})
    for name in ("widths", "bits", "input_dim", "dimension"):
        for junk in ({"class": "LinearSpace", "dimension": 1}, [{"class": "LinearSpace", "dimension": 1}], 2.5):
            mutant = copy.deepcopy(data)
            mutant["network"]["members"][name == "dimension"][name] = junk
            with pytest.raises(ab.ParameterError, match=name):
                ab.verify(mutant)
    with pytest.raises(ab.ParameterError, match="members"):
        ab.verify(data | {"network": {"class": "LinearSpace", "dimension": 9, "members": [data["network"]]}})
    text = json.dumps(data).replace('"members": [', '"members": [' + "[" * 10**5 + "]" * 10**5 + ", ")
    with pytest.raises(ab.CertificateError):
        ab.verify(text)


@pytest.mark.parametrize("p", [2, math.inf])
def test_claims_about_larger_members_are_rejected(p):
    data = json.loads(ab.lower_bound(LIPSCHITZ, UNION, p=p).certificate.to_json())
    members = data["network"]["members"]
    for larger in ({"dimension": 90}, {"class": "ReLUNetwork", "widths": [90], "input_dim": 1}):
        changed = members[1] | larger if "dimension" in larger else larger
        assert not ab.verify(data | {"network": {"class": "Union", "members": [members[0], changed]}})
    many = [members[0], members[1]] * 50
    assert not ab.verify(data | {"network": {"class": "Union", "members": many}})


def test_equal_members_are_counted_but_evaluated_once():
    G, other = (ab.ReLUNetwork(widths=(3,) * depth, input_dim=1) for depth in (998, 2))
    (count,) = ab.Union(members=(G,) * 99 + (other,)).growth().whole
    assert count.classes == 100 and len(count.parts) == 2
    with precision(128):
        for m in (2, 50, 10**8):
            one, more = G.growth().evaluate(BALL, m), other.growth().evaluate(BALL, m)
            assert abs(count.evaluate(BALL, m) - BALL.log2_integer(100) - BALL.maximum(one, more)) < 1e-25


@dataclass(frozen=True, kw_only=True)
class Uncounted(NetworkClass):
    """A class of finite pseudo-dimension of whose patterns nothing is known."""

    definition = "$G$ is some class."
    orders = Orders.of_size(sympy.Symbol("P", positive=True))

    def growth(self, thresholds=Thresholds.ANY):
        return GrowthBound()


LARGEST = ab.Program(weights=10**12, chain=10**30, chain_degree=10**30, degree=10**30, tests=10**30)


def test_unions_with_the_largest_programs_have_a_dimension():
    union = ab.Union(members=(LARGEST, ab.FiniteClass(bits=3)))
    largest, dimension = LARGEST.pseudo_dimension().value, union.pseudo_dimension()
    assert 2**270 < largest <= dimension.value < largest * (1 + 1e-9) and ab.verify(dimension.certificate)
    assert union.fat_shattering(gamma=1).value == dimension.value


@pytest.mark.parametrize("G", [Uncounted(), ab.Union(members=(Uncounted(), ab.FiniteClass(bits=3)))])
def test_what_has_no_count_is_refused_by_name(G):
    """No number of points up to 2^300 is excluded: theorems that need one say so."""
    for ask in (G.pseudo_dimension, G.vc_dimension, lambda: G.fat_shattering(gamma=1)):
        with pytest.raises(ab.NotApplicableError, match=r"no set of fewer than 2\^300 points"):
            ask()
    for p in (2, math.inf):
        found = ab.lower_bounds(LIPSCHITZ, G, p=p)
        assert not [bound for bound in found if bound.number is not None]
        reasons = {refusal.theorem: refusal.reason for refusal in found.refusals}
        assert all("2^300" in reasons[name] for name in (("T2a",) if p == 2 else ("T3inf", "Tpoints")))
