"""Certificates written by version 0.1 and kept as files: they verify for ever (the policy of ``certificate.py``), and
are issued again, entry for entry, or with a better value. (Digits of a value may be others that mean the same double.)

Each file answers the question of its name below, and is never changed. ``python tests/test_certificate_files.py NAME``
writes the file of a new question.
"""

import codecs
import json
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import approxbounds as ab
from approxbounds.jsontext import decimal_text, dumps

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
BOUNDED = ab.TanhNetwork(widths=(6, 5), input_dim=2, weight_bound=3)
MANY_INPUTS = ab.TanhNetwork(widths=(4,), input_dim=784, weight_bound="3/2")
UNION = ab.Union(members=(ab.LinearSpace(dimension=9), ab.ReLUNetwork(widths=(3,), input_dim=2)))


def lower(F, G, p):
    return lambda: ab.lower_bounds(F, G, p=p)


def upper(F, G, p):
    return lambda: ab.upper_bounds(F, G, p=p)


def pdim(G):
    return lambda: _all(G.pseudo_dimension())


def vc(G):
    return lambda: _all(G.vc_dimension())


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
    "T3 Sobolev splines": lower(SOBOLEV, ab.ReLUPowerNetwork(widths=(4,), input_dim=2, power=3), 2),
    "T3 anisotropic": lower(ANISOTROPIC, QORNN, 2),
    "T3 splines": lower(SMOOTH, ab.FreeKnotSplines(knots=5, degree=2, smooth=True), 40),
    "Tvol": lower(ab.HolderBall(smoothness="5/2", dim=2), ab.ReLUNetwork(widths=(40, 40), input_dim=2), "7/3"),
    "Tvol convex": lower(ab.ConvexFunctions(dim=2), UNION, "inf"),
    "T3inf": lower(MONOTONE, ab.FiniteClass(size=1000), "inf"),
    "Tlin": lower(SMOOTH, ab.PiecewisePolynomials(cells=4, degree=1, input_dim=1), "7/3"),
    "Thom": lower(MONOTONE, ab.ReLUNetwork(widths=(5, 4), input_dim=2, bias=False), "7/3"),
    "T2a": lower(SMOOTH, ab.PiecewisePolynomials(cells=4, degree=1, input_dim=1), 2),
    "T2e": lower(ENTROPY, SIZE, 3),
    "T2be": lower(ab.EntropyClass(exponent=4, norm=1, constant=1, valid_below="1/2", low=0), NORMED, 2),
    "T3fat": lower(STEEP, NORMED, 2),
    "T3fat-inf": lower(STEEP, NORMED, "inf"),
    "T2b": lower(STEEP, ab.BoundedLinear(norm="1/2", input_dim=5), 1),
    "Tnear": lower(ab.HolderBall(smoothness="5/2", dim=2), BOUNDED, 2),
    "Tnear points": lower(ab.ConvexFunctions(dim=2), BOUNDED, "inf"),
    "Tnear forms": lower(ab.LipschitzBall(dim=784), MANY_INPUTS, 2),
    "cubes": upper(LIPSCHITZ, STEPS, 2),
    "cubes by means": upper(LIPSCHITZ, STEPS, 2),
    "poincare": upper(LIPSCHITZ, ab.ReLUNetwork(widths=(1,), input_dim=2), 1),
    "cubes monotone": upper(MONOTONE, STEPS, 1),
    "relu-interpolation": upper(SMOOTH, ab.ReLUNetwork(widths=(40,), input_dim=1), "inf"),
    "zigzag": upper(SMOOTH, ab.ReLUNetwork(widths=(9, 8, 9, 8), input_dim=1), 3),
    "strips": upper(ANISOTROPIC, ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=2), "inf"),
    "towers": upper(STEEP, ab.ReLUNetwork(widths=(20, 20, 8), input_dim=5), 2),
    "columns": upper(ab.LipschitzBall(dim=3), ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=3), 2),
    "monotone-columns": upper(MONOTONE, ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=2), 2),
    "level-curves": upper(MONOTONE, ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=2), 2),
    "convex-columns": upper(ab.ConvexFunctions(dim=3), ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=3), 2.5),
    "convex-columns means": upper(ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=2), "3/2"),
    "convex-cells": upper(ab.ConvexFunctions(dim=3), ab.ReLUNetwork(widths=(20, 8, 9, 8), input_dim=3), 2.5),
    "convex-cells projections": upper(ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(20, 12), input_dim=2), 2),
    "blocks": upper(ab.HolderBall(smoothness=3, dim=2), ab.ReLUNetwork(widths=(20, 8, 17, 8), input_dim=2), 2.5),
    "p1": upper(ab.HolderBall(smoothness="3/2", dim=2), ab.ReLUNetwork(widths=(20, 8, 17, 9), input_dim=2), "inf"),
    "ridges": upper(ab.HolderBall(smoothness="3/2", dim=2), ab.ReLUNetwork(widths=(20, 8, 17, 9), input_dim=2), 2.5),
    "local-polynomials": upper(
        ab.HolderBall(smoothness="7/2", dim=2, radius=3), ab.ReLUNetwork(widths=(20, 40, 30, 8), input_dim=2), 2.5
    ),
    "quadratic-columns": upper(
        ab.HolderBall(smoothness="7/2", dim=3, radius=3), ab.ReLUNetwork(widths=(20, 40, 50, 30), input_dim=3), 2
    ),
    "cubic-columns": upper(
        ab.HolderBall(smoothness=4, dim=2), ab.ReLUNetwork(widths=(20, 40, 50, 40, 60, 20), input_dim=2), 2.5
    ),
    "level-sets": upper(LIPSCHITZ, ab.HeavisideNetwork(widths=(20, 25), input_dim=2), "inf"),
    "monotone-steps": upper(ab.MonotoneFunctions(dim=1), ab.HeavisideNetwork(widths=(9, 5), input_dim=1), "inf"),
    "monotone-interpolation": upper(ab.MonotoneFunctions(dim=1), ab.ReLUNetwork(widths=(9,), input_dim=1), 2),
    "convex-free-nodes": upper(ab.ConvexFunctions(dim=1), ab.ReLUNetwork(widths=(9,), input_dim=1), "inf"),
    "convex-graded-nodes": upper(ab.ConvexFunctions(dim=1), ab.ReLUNetwork(widths=(9,), input_dim=1), 1),
    "power-cells": upper(LIPSCHITZ, ab.ReLUPowerNetwork(widths=(14, 9), input_dim=2, power=2), 2),
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
    "pdim-pieces": pdim(ab.FreeKnotSplines(knots=300, degree=300)),
    "vc-growth": vc(STEPS),
    "vc-changes": vc(ab.HeavisideNetwork(widths=(20,), input_dim=1)),
    "vc-pdim": vc(ab.LinearSpace(dimension=12, input_dim=2)),
    "fat-rademacher": fat(NORMED, "1/2"),
    "fat-lipschitz": fat(ab.LipschitzFunctions(constant="3/2", input_dim=2), "1/70"),
    "fat-pdim": fat(ab.NormBoundedNetwork(norms=(3, 1), input_dim=2, widths=(2,)), 0.3),
    "packing-gilbert-varshamov": packing(LIPSCHITZ, "1/100", 2.5),
    "packing-known-entropy": packing(ENTROPY, "1/9", "inf"),
}


#: Questions whose theorem has got a better formula since: the old value is still accepted, a better one is issued.
IMPROVED = {"blocks", "columns", "cubes", "cubes by means", "local-polynomials", "towers"}
#: Those of them for which other sizes are best now.
RESIZED = {"columns", "towers"}
#: Questions with a better answer since, from families or for sizes that were not there: the file is still accepted.
SURPASSED = {"T2a", "T2e", "T3", "T3 Sobolev", "T3 anisotropic", "T3 convex", "T3 splines", "Tlin", "Tnear", "Tvol"}
SURPASSED |= {"pdim-growth", "pdim-growth orthogonal", "strips"}
#: Files of which the witness supports more than the value that they state, since fewer patterns are counted.
STRONGER = {"T3", "T3 Sobolev", "T3 anisotropic", "T3 convex", "Tvol"}


def path_of(name):
    return FILES / f"{name.replace(' ', '-')}.json"


def issued(name):
    """The certificate that this version issues for the question."""
    theorem = name.partition(" ")[0]
    (certificate,) = (bound.certificate for bound in QUESTIONS[name]() if bound.theorem.id == theorem)
    return certificate.to_json() + "\n"


def issued_value(name):
    return json.loads(issued(name))["value"]


def test_every_file_has_its_question():
    assert set(FILES.iterdir()) == {path_of(name) for name in QUESTIONS}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_certificate_from_a_file_verifies_with_its_value(name):
    text = path_of(name).read_text(encoding="utf-8")
    certificate = ab.Certificate.from_json(text)
    verdict = ab.verify(text)
    assert verdict and not verdict.foreign
    supported = issued_value(name) if name in IMPROVED - RESIZED else certificate.value
    if name in RESIZED | STRONGER:
        supported = float(verdict.reason.rpartition(" ")[2])
        assert name in STRONGER or issued_value(name) <= supported
    low, high = (certificate.value, supported) if certificate.direction == "lower" else (supported, certificate.value)
    assert low < high if name in IMPROVED | STRONGER else low == high
    assert verdict.reason == f"accepted: {certificate.theorem} supports {supported!r}"
    assert json.loads(certificate.to_json()) == json.loads(text) and ab.verify(path_of(name)) == verdict


@pytest.mark.parametrize("name", sorted(SURPASSED))
def test_a_surpassed_certificate_is_of_the_same_question(name):
    again, old = json.loads(issued(name)), json.loads(path_of(name).read_text(encoding="utf-8"))
    larger, smaller = (again, old) if old["direction"] == "lower" else (old, again)
    assert larger.pop("value") > smaller.pop("value") and again.pop("witness") != old.pop("witness")
    assert again == old


@pytest.mark.parametrize("name", sorted(QUESTIONS.keys() - SURPASSED))
def test_a_certificate_is_issued_again_entry_for_entry(name):
    again, text = issued(name), path_of(name).read_text(encoding="utf-8")
    ignored = {"value"} if name in IMPROVED - RESIZED else {"value", "witness"} if name in RESIZED else set()
    one, other = ({key: x for key, x in json.loads(data).items() if key not in ignored} for data in (again, text))
    assert one == other
    if name in RESIZED:
        return
    assert [line for line in again.splitlines() if '"value"' not in line] == [
        line for line in text.splitlines() if '"value"' not in line
    ]


def test_the_digits_of_a_value_are_on_the_safe_side():
    """The shortest decimal that means the double of this bound is above it."""
    F, G = ab.HolderBall(smoothness="1/2", dim=1), ab.ReLUNetwork(widths=(10,), input_dim=1)
    low, high = ab.bracket(F, G, p=2).lower, ab.bracket(F, G, p=2).upper
    for bound, right in ((low, Fraction.__le__), (high, Fraction.__ge__)):
        (digits,) = re.findall(r'"value": (.*)', bound.certificate.to_json())
        assert right(Fraction(digits), Fraction(bound.value)) and float(digits) == bound.value
    assert dumps({"quantity": "lower", "value": 0.018113629648010617}).endswith("0.018113629648010616}")


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_decimal_texts_are_on_the_safe_side_and_mean_the_double(value, up):
    text = decimal_text(value, up=up)
    assert json.loads(text) == value
    assert Fraction(text) >= Fraction(value) if up else Fraction(text) <= Fraction(value)


def test_certificates_are_saved_and_loaded(tmp_path):
    certificate = ab.Certificate.load(path_of("T3"))
    path = certificate.save(tmp_path / "T3.json")
    assert ab.Certificate.load(str(path)) == certificate and ab.verify(path)
    text = path.read_text(encoding="utf-8")
    for form in (text.encode(), "\ufeff" + text, codecs.BOM_UTF8 + text.encode(), bytearray(text.encode())):
        assert ab.verify(form)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert ab.verify(path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b" " * (10**7 + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe{}")
    for name, reason in {
        "none": "No such file",
        ".": "Is a directory",
        "pipe": "is not an ordinary file",
        "long": "has more than 10000000 bytes",
        "binary": "is not UTF-8",
        "a\0b": "embedded null byte",
    }.items():
        with pytest.raises(ab.CertificateError, match=reason):
            ab.verify(tmp_path / name)
    with pytest.raises(ab.ParameterError, match="cannot be written"):
        certificate.save(tmp_path / "none" / "T3.json")


@pytest.mark.parametrize("name", QUESTIONS)
def test_fields_and_entries_that_a_theorem_does_not_read_are_refused(name):
    data = json.loads(path_of(name).read_text(encoding="utf-8"))
    for unused in ("eps", "gamma", "p"):
        if data[unused] is None:
            with pytest.raises(ab.CertificateError, match=rf"^{unused}=.* must be null: {data['theorem']} has none"):
                ab.verify(data | {unused: 2})
    verdict = ab.verify(data | {"witness": data["witness"] | {"extra": 1, "other": "1/2"}})
    assert not verdict and verdict.reason == f"witness entries 'extra, other' are not read by {data['theorem']}"


def test_a_parameter_that_a_file_does_not_name_has_its_default():
    """So a class may get parameters, and files from before still mean what they meant."""
    data = json.loads(path_of("T3 layers of cubes").read_text(encoding="utf-8"))
    assert data["network"]["members"][1].pop("bits") is None
    assert ab.verify(data).reason == f"accepted: T3 supports {data['value']!r}"


def test_a_format_that_is_not_known_is_refused_by_its_name():
    data = json.loads(path_of("T3").read_text(encoding="utf-8")) | {"format": "approxbounds-certificate-2"}
    with pytest.raises(ab.CertificateError, match="format='approxbounds-certificate-2'"):
        ab.verify(data)


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        with path_of(asked).open("x", encoding="utf-8") as new:  # an existing file is kept
            new.write(issued(asked))
