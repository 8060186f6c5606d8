"""Hostile inputs are decided or refused at once: the quick part of ``tests/benchmarks/hostile.py``."""

import json
import time

import pytest
from hostile_inputs import DISTINCT, certificate, certificates, network

import approxbounds as ab

CERTIFICATES = certificates()
#: One of each kind that was slow, or that raised an error without a name.
WORST = [
    *("pdim-growth, union of distinct", "pdim-growth, small", "fat-pdim, distinct layers", "fat-pdim, high degree"),
    *("fat-lipschitz, norms of many digits", "T2a, smooth", "T2b, monotone", "T3, anisotropic of many digits"),
    *("cubes, lipschitz", "lu-shen-yang-zhang, smooth"),
]


@pytest.mark.parametrize("name", WORST)
def test_certificates_are_decided_or_refused_at_once(name):
    text = json.dumps(CERTIFICATES[name]())
    begun = time.process_time()
    try:
        assert ab.verify(text).accepted in {True, False}
    except ab.WorkLimitError as error:
        assert str(error).startswith("budget=2000000: ")
    assert time.process_time() - begun < 5


def test_the_budget_decides_how_much_work_is_done():
    data = certificate(
        "pdim-growth", 10**11, {"pdim": 10**11}, network=network("HeavisideNetwork", [w // 8 for w in DISTINCT])
    )
    with pytest.raises(ab.WorkLimitError, match=r"^budget=1000: it takes more units of work"):
        ab.verify(data, budget=1000)
    assert ab.verify(data, budget=10**7) and ab.verify(data, budget=None)
    with pytest.raises(ab.ParameterError, match="budget=0"):
        ab.verify(data, budget=0)
