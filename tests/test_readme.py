"""The README's Python examples run and print what it says."""

import doctest
from pathlib import Path


def test_readme_examples():
    path = Path(__file__).parent.parent / "README.md"
    results = doctest.testfile(str(path), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted >= 15
    assert results.failed == 0
