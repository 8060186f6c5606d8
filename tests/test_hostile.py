"""Hostile inputs are decided or refused at once: the quick part of ``tests/benchmarks/hostile.py``."""

import json
import time
import tracemalloc

import pytest
from hostile_inputs import COMMANDS, DISTINCT, FILES, certificate, certificates, network

import approxbounds as ab
from approxbounds.cli import main

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
        assert str(error).startswith("budget=1000000: ")
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


#: What is refused before anything is computed.
REFUSED = [name for name, arguments in COMMANDS.items() if len("".join(arguments)) > 10**4 or "script" in name]


@pytest.mark.parametrize("name", [*REFUSED, *FILES])
def test_commands_and_files_are_refused_at_once_with_a_named_error(name, tmp_path, capsys):
    (tmp_path / "file").write_bytes(FILES.get(name, b""))
    begun = time.process_time()
    tracemalloc.start()
    try:
        assert main(COMMANDS.get(name, ["verify", str(tmp_path / "file")])) == 2
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("approxbounds: ") and len(err) < 1000
    assert time.process_time() - begun < 5 and most < 50 * 2**20
