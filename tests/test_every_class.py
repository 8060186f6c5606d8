"""What holds for every class of the library, by the examples that its parameters declare: a new class needs no row."""

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.parameters import Choice, Entries, Exact, Exponent, Flag, Integer, declared
from approxbounds.testing import (
    MOST_DIM,
    check_function_class,
    check_monotone,
    check_network_class,
    check_record,
    examples,
    function_classes,
    known_upper_bounds,
    network_classes,
    norm_classes,
    records,
)

FUNCTIONS, NETWORKS = list(ab.FUNCTION_CLASSES.values()), list(ab.NETWORK_CLASSES.values())
CLASSES = [*FUNCTIONS, *NETWORKS]
EXAMPLES = [record for kind in CLASSES for record in examples(kind)]


@pytest.mark.parametrize("kind", CLASSES)
def test_there_are_examples_and_every_allowed_value_is_used(kind):
    found = examples(kind)
    assert found and len(set(found)) == len(found)
    for name, check, optional in declared(kind):
        for value in check.examples():
            assert check.parse(name, value) == value
        if optional:
            assert getattr(found[0], name) is None or kind is ab.FiniteClass  # which needs one of two


@pytest.mark.parametrize("record", EXAMPLES, ids=str)
def test_examples_are_records(record):
    check_record(record)
    assert list(record.variants(record.parameters())) == [record]


@pytest.mark.parametrize("F", [F for kind in FUNCTIONS for F in examples(kind, most=2)], ids=str)
def test_function_classes_keep_the_contract(F):
    check_function_class(F)


@pytest.mark.parametrize("G", [G for kind in NETWORKS for G in examples(kind)], ids=str)
def test_network_classes_keep_the_contract(G):
    check_network_class(G)


@pytest.mark.parametrize("record", EXAMPLES, ids=str)
def test_larger_classes_are_of_the_same_kind(record):
    larger = list(record.larger())
    assert all(type(other) is type(record) and other != record for other in larger)
    for other in larger:
        assert sum(other.parameters()[name] != value for name, value in record.parameters().items()) == 1


@pytest.mark.parametrize("kind", NETWORKS)
def test_bounds_fall_as_networks_grow(kind):
    for G in examples(kind):
        d = 2 if G.domain_dim is None else G.domain_dim
        if d <= MOST_DIM:
            check_monotone(ab.THEOREMS["T3"], ab.LipschitzBall(dim=d), G, 2)
            names = dict(known_upper_bounds(ab.MonotoneFunctions(dim=d), G, p=1))
            assert "the zero function" in names  # all of the library's records describe some class with it


def asked(record):
    """A few bounds on what a class is asked for."""
    if isinstance(record, ab.NetworkClass):
        F = ab.LipschitzBall(dim=record.domain_dim or 1)
        return [*ab.lower_bounds(F, record, p=2), *ab.upper_bounds(F, record, p="inf")]
    G = ab.ReLUNetwork(widths=(600,) * 40, input_dim=record.domain_dim or 1)
    return [bound for p in (2, "inf") for ask in (ab.lower_bounds, ab.upper_bounds) for bound in ask(record, G, p=p)]


@pytest.mark.parametrize("kind", CLASSES)
def test_bibtex_has_exactly_the_keys_of_the_steps(kind):
    (record, *_) = examples(kind)
    for bound in asked(record):
        used = list(dict.fromkeys(citation.key for step in bound.steps for citation in step.citations))
        assert used and re.findall(r"^@\w+\{([^,]+),", bound.bibtex(), re.M) == used


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_is_public(kind):
    assert getattr(ab, kind.__name__) is kind and kind.__name__ in ab.__all__


def test_strategies_draw_every_class():
    drawn = set()

    @settings(max_examples=1500, database=None, phases=[Phase.generate])
    @given(function_classes(), norm_classes(dim=2), st.tuples(*[network_classes()] * 4))  # some networks are rare
    def collect(F, normed, networks):
        drawn.update(map(type, (F, normed, *networks)))

    collect()
    assert drawn == set(CLASSES)


@given(st.data(), st.sampled_from([1, 3]))
def test_strategies_keep_the_dimension(data, d):
    F, G = data.draw(function_classes(dim=d)), data.draw(network_classes(dim=d))
    assert {F.domain_dim, G.domain_dim} <= {None, d} and G.bounded_growth


@given(function_classes(families_only=True))
def test_strategies_keep_to_families(F):
    assert F.families


@given(records(ab.SobolevBall), records(ab.LinearSpace, dim=3))
def test_records_of_a_class(F, G):
    assert type(F) is ab.SobolevBall and F.dim <= MOST_DIM and G.input_dim in {None, 3}


CHECKS = [
    (Integer(minimum=0, maximum=2), (0, 1, 2)),
    (Integer(minimum=7), (7, 8, 9, 10)),
    (Exact(maximum=1), (1, "1/2", "1/3")),
    (Exact(minimum=10, maximum=11), (10, 11)),
    (Exponent(), (2, 1, "3/2", "inf")),
    (Flag(), (False, True)),
    (Choice(("a", "b")), ("a", "b")),
    (Entries(Integer(), 2, "sizes"), ((1,), (1, 2))),
    (Entries(None, 9, "any"), ()),
]


@pytest.mark.parametrize(("check", "values"), CHECKS, ids=repr)
def test_examples_of_checks(check, values):
    assert check.examples() == tuple(check.parse("x", value) for value in values)
