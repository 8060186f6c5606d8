"""The README's Python examples run and print what it says; its commands run, or at least are commands."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

import approxbounds.cli
import hadamrnn.cli.main

README = Path(__file__).parent.parent / "README.md"
COMMANDS = [
    words
    for block in re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    for words in (shlex.split(command, comments=True) for command in line.split("&&"))
]


@pytest.mark.parametrize(("page", "least"), [("README.md", 30), ("docs/programs.md", 10), ("docs/quantised.md", 5)])
def test_examples(page, least):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    results = doctest.testfile(str(README.parent / page), module_relative=False, optionflags=flags)
    assert results.attempted >= least
    assert results.failed == 0


def test_readme_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ours = [words[1:] for words in COMMANDS if words[0] == "approxbounds"]
    assert len(ours) >= 10
    for words in ours:
        assert approxbounds.cli.main(words) == 0, words
    assert "accepted" in capsys.readouterr().out


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "hadamrnn"], ids=" ".join)
def test_readme_commands_of_training_exist(words):
    """They take minutes or need data: only their options are read."""
    assert hadamrnn.cli.main.parse(words[1:]).command == words[1]


def test_nothing_else_is_shown_as_a_command():
    assert {words[0] for words in COMMANDS if words} == {"approxbounds", "hadamrnn", "make", "python"}


def test_the_figure_is_there():
    for name in re.findall(r'src="([^"]+)"', README.read_text(encoding="utf-8")):
        assert 0 < (README.parent / name).stat().st_size <= 300_000
