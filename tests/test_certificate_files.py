"""Certificates written by version 0.1 and kept as files: they verify for ever (the policy of ``certificate.py``), and
are issued again byte for byte.

Each file answers the question of its name below, and is never changed. ``python tests/test_certificate_files.py NAME``
writes the file of a new question.
"""

import json
import sys
from pathlib import Path

import pytest

import approxbounds as ab

FILES = Path(__file__).parent / "fixtures" / "certificates"

LIPSCHITZ = ab.LipschitzBall(dim=2, radius="7/3")
STEEP = ab.LipschitzBall(dim=5)
MONOTONE = ab.MonotoneFunctions(dim=2)
SMOOTH = ab.HolderBall(smoothness="3/2", dim=1, radius=0.1)
ENTROPY = ab.EntropyClass(exponent="4/3", norm=2, constant="1/2", valid_below="1/2")
SOBOLEV = ab.SobolevBall(smoothness=2, dim=2, integrability=2, radius=2)
ANISOTROPIC = ab.AnisotropicHolderBall(smoothness=("1/2", "3/2"))
NORMED = ab.NormBoundedNetwork(norms=(2, "3/2"), input_dim=5)
STEPS = ab.HeavisideNetwork(widths=(10, 25), input_dim=2)
DEEP = ab.ReLUNetwork(widths=(500,) * 120, input_dim=1)
SIZE = ab.NetworkSize(weights=60, depth=3, units=20, bits=2)
QORNN = ab.QORNN(hidden=2, steps=2, recurrent_bits=1, bits=2, activation="relu")
SKIP = ab.SkipNetwork(widths=(4, 3), input_dim=2, layer_weights=(3, 9, 6))
UNION = ab.Union(members=(ab.LinearSpace(dimension=9), ab.ReLUNetwork(widths=(3,), input_dim=2)))


def lower(F, G, p):
    return lambda: ab.lower_bounds(F, G, p=p)


def upper(F, G, p):
    return lambda: ab.upper_bounds(F, G, p=p)


def pdim(G):
    return lambda: _all(G.pseudo_dimension())


def fat(G, gamma):
    return lambda: _all(G.fat_shattering(gamma))


def packing(F, eps, p):
    return lambda: _all(F.packing(eps, p=p))


def _all(best):
    return (best, *(other for other in best.others if isinstance(other, ab.Bound)))


#: The theorem, or the theorem and what is special, to the question.
QUESTIONS = {
    "T3": lower(LIPSCHITZ, ab.ReLUNetwork(widths=(5, 4), input_dim=2, bias=False), "7/3"),
    "T3 layers of cubes": lower(MONOTONE, UNION, 1),
    "T3 convex": lower(ab.ConvexFunctions(dim=2), SKIP, 2),
    "T3 Sobolev": lower(SOBOLEV, ab.ReLUPowerNetwork(widths=(4,), input_dim=2, power=3), 2),
    "T3 anisotropic": lower(ANISOTROPIC, QORNN, 2),
    "T3 splines": lower(SMOOTH, ab.FreeKnotSplines(knots=5, degree=2, smooth=True), 40),
    "T3inf": lower(MONOTONE, ab.FiniteClass(size=1000), "inf"),
    "T2a": lower(SMOOTH, ab.PiecewisePolynomials(cells=4, degree=1, input_dim=1), 2),
    "T2e": lower(ENTROPY, SIZE, 3),
    "T3fat": lower(STEEP, NORMED, 2),
    "T3fat-inf": lower(STEEP, NORMED, "inf"),
    "T2b": lower(STEEP, ab.BoundedLinear(norm="1/2", input_dim=5), 1),
    "cubes": upper(LIPSCHITZ, STEPS, 2),
    "cubes monotone": upper(MONOTONE, STEPS, 1),
    "relu-interpolation": upper(SMOOTH, ab.ReLUNetwork(widths=(40,), input_dim=1), "inf"),
    "mcshane": upper(ab.HolderBall(smoothness="1/2", dim=1), ab.LipschitzFunctions(constant=1000, input_dim=1), "inf"),
    "shen-yang-zhang": upper(ab.HolderBall(smoothness="1/2", dim=1), DEEP, 2),
    "lu-shen-yang-zhang": upper(SMOOTH, DEEP, 2),
    "constant": upper(ANISOTROPIC, ab.ReLUNetwork(widths=(1,), input_dim=2), "inf"),
    "pdim-growth": pdim(ab.FeedForwardNetwork(widths=(4, 3), input_dim=2, degree=2, pieces=3)),
    "pdim-closed-form": pdim(ab.FeedForwardNetwork(widths=(4, 3), input_dim=2, degree=2, pieces=3)),
    "pdim-operations": pdim(ab.ReLUNetwork(widths=(30,) * 26, input_dim=2)),
    "pdim-recurrent": pdim(ab.RecurrentNetwork(hidden=16, steps=784, activation="relu")),
    "pdim-recurrent signs": pdim(ab.HadamRNN(hidden=128, steps=10**6)),
    "pdim-growth orthogonal": pdim(ab.OrthogonalRNN(hidden=3, steps=4, bits=3, activation="modrelu")),
    "pdim-direct": pdim(ab.LinearSpace(dimension=12, input_dim=2)),
    "fat-rademacher": fat(NORMED, "1/2"),
    "fat-lipschitz": fat(ab.LipschitzFunctions(constant="3/2", input_dim=2), "1/70"),
    "fat-pdim": fat(ab.NormBoundedNetwork(norms=(3, 1), input_dim=2, widths=(2,)), 0.3),
    "packing-gilbert-varshamov": packing(LIPSCHITZ, "1/100", 2.5),
    "packing-known-entropy": packing(ENTROPY, "1/9", "inf"),
}


def path_of(name):
    return FILES / f"{name.replace(' ', '-')}.json"


def issued(name):
    """The certificate that this version issues for the question."""
    theorem = name.partition(" ")[0]
    (certificate,) = (bound.certificate for bound in QUESTIONS[name]() if bound.theorem.id == theorem)
    return certificate.to_json() + "\n"


def test_every_file_has_its_question():
    assert set(FILES.iterdir()) == {path_of(name) for name in QUESTIONS}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_certificate_from_a_file_verifies_with_its_value(name):
    text = path_of(name).read_text(encoding="utf-8")
    certificate = ab.Certificate.from_json(text)
    verdict = ab.verify(text)
    assert verdict and not verdict.foreign
    assert verdict.reason == f"accepted: {certificate.theorem} supports {certificate.value!r}"
    assert certificate.to_json() + "\n" == text


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_certificate_is_issued_again_byte_for_byte(name):
    assert issued(name) == path_of(name).read_text(encoding="utf-8")


def test_a_parameter_that_a_file_does_not_name_has_its_default():
    """So a class may get parameters, and files from before still mean what they meant."""
    data = json.loads(path_of("T3").read_text(encoding="utf-8"))
    assert data["network"].pop("bits") is None
    assert ab.verify(data).reason == f"accepted: T3 supports {data['value']!r}"


def test_a_format_that_is_not_known_is_refused_by_its_name():
    data = json.loads(path_of("T3").read_text(encoding="utf-8")) | {"format": "approxbounds-certificate-2"}
    with pytest.raises(ab.CertificateError, match="format='approxbounds-certificate-2'"):
        ab.verify(data)


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        with path_of(asked).open("x", encoding="utf-8") as new:  # an existing file is kept
            new.write(issued(asked))
