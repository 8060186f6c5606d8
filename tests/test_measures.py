"""Measures as records, the geometry of points, and who may answer for a class under a measure."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

import approxbounds as ab
from approxbounds.arithmetic import BALL, FLOAT
from approxbounds.certificate import describe_from
from approxbounds.errors import HypothesisError
from approxbounds.kernel import certified_value
from approxbounds.measures import geometry, neighbours
from approxbounds.measures.geometry import chain_lengths, net_separation, parts_of, separations
from approxbounds.measures.partitions import blocks, grid_cells, net
from approxbounds.measures.points import Points, Table
from approxbounds.registry import MEASURES, PLACED
from approxbounds.theorem import Query
from approxbounds.transfer.hypercube import HypercubeTheorem

X = [[0.0, 0.5], [0.25, 1.0], [0.1, 0.1]]
SPLIT = ab.Density(sizes=(2, 1), cuts=(0, "1/2", 1, 0, 1), lower=("3/2", "1/4"), upper=(2, 1))
LINE = (ab.Uniform(low=-1, high=3), ab.Normal(dim=1, mean=2, deviation="1/3"), ab.Exponential(rate=2, low=1))
LINE += (ab.Laplace(mean=1, scale=2), ab.Logistic(scale="1/2"))
ALL = (*LINE, ab.Normal(dim=2), ab.Box(low=(0, 0), high=(2, 3)), ab.Product(marginals=LINE[:2]), SPLIT)
ALL += (ab.Empirical(points=X), ab.Empirical(points=X, weights=[1, 2, 0.5]), ab.Lebesgue(dim=3))


@pytest.mark.parametrize("mu", ALL, ids=str)
def test_measures_are_records(mu):
    again = type(mu)(**mu.parameters())
    assert again == mu and hash(again) == hash(mu)
    if mu.dimension == 2 and mu.marginal((0,)):
        assert mu.marginal((0,)).laws == mu.laws[:1] and mu.marginal((1, 0)).laws == mu.laws[::-1]
    F = ab.under(ab.LipschitzBall(dim=mu.dimension), mu)
    text = json.dumps(F.to_dict())
    assert describe_from("functions", json.loads(text), {**ab.FUNCTION_CLASSES, **PLACED}, MEASURES) == F


SCIPY = (
    stats.uniform(-1, 4),
    stats.norm(2, 1 / 3),
    stats.expon(1, 0.5),
    stats.laplace(1, 2),
    stats.logistic(0, 0.5),
)


@pytest.mark.parametrize(("mu", "law"), list(zip(LINE, SCIPY, strict=True)), ids=list(map(str, LINE)))
def test_laws(mu, law):
    (own,) = mu.laws
    x = np.linspace(-9, 9, 2001)
    assert np.allclose(own.cdf(x), law.cdf(x), atol=1e-14)
    away = np.linspace(0, 3.9, 40)
    assert np.allclose(own.density(FLOAT, away), law.pdf(float(own.start) + away), rtol=1e-12)
    assert (np.diff(own.density(FLOAT, away)) <= 0).all()
    assert math.isclose(float(own.width(FLOAT)), 1 / law.pdf(float(own.start)), rel_tol=1e-12)
    assert float(own.widest) >= float(own.width(FLOAT))
    third = Fraction(1, 3)
    assert abs(float(own.density(BALL, BALL.number(third))) - law.pdf(float(own.start) + 1 / 3)) < 1e-14


def test_equal_points_are_one_place_and_weights_are_divided_by_their_sum():
    mu = ab.Empirical(points=[1.0, 0.0, 1.0, 3.0], weights=[1.0, 0.5, 2.0, 0.25])
    masses = [Fraction(w, mu.sample.total) for w in mu.sample.weights]
    assert mu.sample.places.values.ravel().tolist() == [0, 1, 3] and sum(masses) == 1
    assert masses == [Fraction(2, 15), Fraction(12, 15), Fraction(1, 15)]
    assert ab.Empirical(points=[1.0, 0.0, 1.0]).sample.weights == (1, 2)
    assert ab.Empirical(points=[-0.0]) == ab.Empirical(points=[0])


# ------------------------------------------------------------------------------------------------------------- geometry


def some_points(rng, m, d):
    kind = rng.integers(4)
    if kind == 0:
        return rng.random((m, d))
    if kind == 1:
        return np.round(rng.normal(size=(m, d)) * 3)
    if kind == 2:
        return rng.pareto(1.0, size=(m, d)) * 10.0 ** rng.integers(-9, 9)
    return 1 + rng.integers(0, 9, size=(m, d)) * 2.0**-52


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_separations_are_certain_lower_bounds(d):
    rng = np.random.default_rng(d)
    for m in (1, 2, 30, 150):
        places = Points.of_sample(Table(some_points(rng, m, d)), None).places
        exact = [[Fraction(x) for x in row] for row in places.values.tolist()]
        for kind, size, sup in (("points", 0, False), ("points", 0, True), ("blocks", 5, False), ("grid", 4, False)):
            if kind == "blocks" and len(places) < 5:
                continue
            labels, found = parts_of(places, kind, size), separations(places, kind, size, sup)
            for i, x in enumerate(exact[:40]):
                others = [y for y, label in zip(exact, labels, strict=True) if label != labels[i]]
                steps = [[(a - b) ** 2 for a, b in zip(x, y, strict=True)] for y in others]
                least = min((max(step) if sup else sum(step) for step in steps), default=math.inf)
                assert found[i] <= least and found[i] >= least * (1 - 2.0**-10)


@pytest.mark.parametrize("d", [1, 3, 6, 70])
@pytest.mark.parametrize("completed", [2**28, 0])
def test_separations_from_lists_of_neighbours(d, completed, monkeypatch):
    """Boxes for d <= 4, products for more, projected for d = 70: against all pairs; exact but deep in large parts."""
    monkeypatch.setattr(geometry, "_ALL_PAIRS", 10)
    monkeypatch.setattr(neighbours, "_COMPLETED", completed)
    rng = np.random.default_rng(d)
    for case in range(4):
        points = some_points(rng, 700, d) if case < 3 else rng.normal(size=(700, 5)) @ rng.normal(size=(5, d))
        places = Points.of_sample(Table(points), None).places
        x = places.values
        separations.cache_clear()
        for kind, size in (("points", 0), ("links", 90), ("links", 700), ("blocks", 5), ("net", 16), ("net", 3)):
            if size > len(places):
                continue
            labels, found = parts_of(places, kind, size), separations(places, kind, size)
            squares = np.zeros((len(x), len(x)))
            for column in x.T:
                squares += (column[:, None] - column) ** 2
            squares[labels[:, None] == labels] = np.inf
            exact = squares.min(axis=1)
            assert (found <= exact * (1 - 2.0**-50)).all()
            if completed or d <= 4 or kind == "points":
                longest = float(((x - x.mean(axis=0)) ** 2).sum(axis=1).max())
                taken_off = 8 * (4 * d + 64) * 2.0**-24 * longest  # |x|, |y| about a middle: at most 2 longest each
                share = 1 - 2.0**-10 if d <= 4 else 0.85
                assert (found >= share * exact)[exact > (20 * taken_off if d > 4 else 0)].all()
    separations.cache_clear()


def test_certificates_of_large_samples_have_the_digest_of_the_points():
    points = np.random.default_rng(0).random((200, 600))
    F = ab.under(ab.LipschitzBall(dim=600), ab.Empirical(points=points))
    certificate = ab.lower_bound(F, ab.LinearSpace(dimension=3, input_dim=600), p=2).certificate
    text = certificate.to_json()
    assert len(text) < 2000 and "200x600:sha256:" in text
    assert ab.verify(text, sample=points) and ab.verify(certificate, sample=points)
    with pytest.raises(ab.ParameterError, match="sample=points"):
        ab.verify(text)
    with pytest.raises(ab.CertificateError, match="that the certificate names"):
        ab.verify(text, sample=points + 1e-16 + np.eye(200, 600))


def test_links_join_the_nearest_pairs():
    x = np.cumsum(np.random.default_rng(1).random(1000))
    places, gaps = Table(x[:, None]), np.diff(x)
    sizes = []
    for count in (2, 500, 1200):
        labels = parts_of(places, "links", count)
        joined = labels[1:] == labels[:-1]
        assert gaps[joined].max() < gaps[~joined].min() and labels.max() + 1 == 1000 - joined.sum()
        sizes.append(joined.sum())
    assert sizes[0] == 1 and 100 < sizes[1] < sizes[2]  # each pair is there twice, and some are not neighbours


def test_nets():
    places = Table(np.random.default_rng(0).random((1000, 3)))
    near = ((places.values[:, None] - places.values) ** 2).sum(axis=2)
    for size in (2, 9, 64):
        found = net(places, size)
        among = near[np.ix_(found.centres, found.centres)] + np.diag([np.inf] * size)
        assert len(set(found.centres.tolist())) == size
        assert among.min() * (1 - 2.0**-11) <= net_separation(places, size) <= among.min()
        assert np.array_equal(found.labels, near[:, found.centres].argmin(axis=1))
        assert near[:, found.centres].min(axis=1).max() <= among.min() * (1 + 1e-12)


def test_partitions():
    places = Table(np.random.default_rng(0).random((1000, 2)))
    sizes = np.bincount(blocks(places, 7))
    assert sizes.size == 7 and sizes.min() >= 141 and sizes.max() <= 144
    assert grid_cells(places, 4).max() == 15 and np.array_equal(blocks(places, 1000), np.arange(1000))


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_chain_lengths(d):
    rng = np.random.default_rng(d)
    places = Points.of_sample(Table(rng.integers(0, 5, size=(60, d))), None).places
    rows = places.values.tolist()
    below = [[all(a <= b for a, b in zip(y, x, strict=True)) and x != y for y in rows] for x in rows]
    lengths = [1] * len(rows)
    for _ in rows:  # until nothing changes
        lengths = [1 + max((k for k, less in zip(lengths, row, strict=True) if less), default=0) for row in below]
    assert chain_lengths(places).tolist() == lengths


# ----------------------------------------------------------------------------------------------------------- the gate

NORMAL = ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1))
PROVED = {"T3", "T3inf", "T2a", "T3w", "T3w-inf", "Tlin", "Tlin-w", "packing-gilbert-varshamov", "constant"}
PROVED |= {"T3fat", "T3fat-inf", "T2b", "T3fat-w", "T3fat-w-inf", "Tcurv-w", "from-the-cube", "graded-grids"}


def test_theorems_must_say_that_they_are_proved_for_other_measures():
    asked = {"functions": NORMAL, "network": ab.LinearSpace(dimension=3, input_dim=1), "p": 2, "eps": 1}
    for theorem in ab.THEOREMS.values():
        if "functions" in theorem.inputs:
            query = Query(**{name: asked[name] for name in theorem.inputs})
            assert (theorem.elsewhere(query) is None) == (theorem.id in PROVED), theorem.id


def test_what_is_said_of_a_theorem_is_not_inherited_and_the_kernel_asks_too():
    class Other(HypercubeTheorem):
        id = "Other"

    query = Query(functions=NORMAL, network=ab.LinearSpace(dimension=1), p=2)
    witness = HypercubeTheorem().search(query)
    assert certified_value(HypercubeTheorem(), query, witness) > 0
    assert "Lebesgue" in Other().objection(query)
    with pytest.raises(HypothesisError, match="Lebesgue"):
        certified_value(Other(), query, witness)


def test_a_certificate_of_a_theorem_for_lebesgue_measure_is_rejected_under_another():
    G = ab.ReLUNetwork(widths=(5,), input_dim=1)
    (bound,) = [b for b in ab.lower_bounds(ab.LipschitzBall(dim=1), G, p=2) if b.theorem.id == "Tosc"]
    data = bound.certificate.to_dict()
    assert ab.verify(data)
    verdict = ab.verify({**data, "functions": NORMAL.to_dict()})
    assert not verdict and "Lebesgue" in verdict.reason


def test_records_of_a_certificate_are_of_the_right_kind():
    bound = ab.lower_bound(NORMAL, ab.LinearSpace(dimension=3, input_dim=1), p=2)
    data = bound.certificate.to_dict()
    assert ab.verify(data) and not ab.verify({**data, "value": data["value"] * (1 + 1e-9)})
    for functions in (
        ab.Normal(dim=1).to_dict(),
        {**NORMAL.to_dict(), "measure": ab.LipschitzBall(dim=1).to_dict()},
        {**NORMAL.to_dict(), "functions": NORMAL.to_dict()},
        {**NORMAL.to_dict(), "measure": 3},
    ):
        with pytest.raises(ab.ParameterError):
            ab.verify({**data, "functions": functions})
