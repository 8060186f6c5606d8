"""The tests of the shape of the packages must notice what they forbid: here on made-up trees."""

from textwrap import dedent

import pytest
from structure import Import, Kind, circles, deferred, imports, modules, type_only, violations

FLOORS = [["ground"], ["rooms"], ["roof"], ["__init__"]]
CLEAN = {
    "__init__": "from house.roof import tiles",
    "ground.stones": "import os",
    "rooms.kitchen": "from house.ground.stones import hard",
    "rooms.hall": "from house.rooms import kitchen\nimport house.ground.stones as stones",
    "roof": "from house.rooms.hall import door\nfrom . import ground",
}

#: The ways in which rooms/hall.py, on floor 1, may import house/roof.py, on floor 2.
UPWARDS = {
    "from a.b import name": ("from house.roof import tiles", Kind.TOP),
    "from a import b": ("from house import roof", Kind.TOP),
    "import a.b": ("import house.roof", Kind.TOP),
    "import a.b as c": ("import os, house.roof as top", Kind.TOP),
    "star": ("from house.roof import *", Kind.TOP),
    "relative name": ("from ..roof import tiles", Kind.TOP),
    "relative module": ("from .. import roof", Kind.TOP),
    "by its name": ("from importlib import import_module\nimport_module('house.roof')", Kind.TOP),
    "by its relative name": ("import importlib\nimportlib.import_module('..roof', __package__)", Kind.TOP),
    "in a class": ("class Hall:\n    from house.roof import tiles", Kind.TOP),
    "in a try": ("try:\n    from house.roof import tiles\nexcept ImportError:\n    pass", Kind.TOP),
    "in an except": ("try:\n    pass\nexcept ImportError:\n    from house.roof import tiles", Kind.TOP),
    "in a match": ("match 1:\n    case 1:\n        from house.roof import tiles", Kind.TOP),
    "types": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.roof import tiles", Kind.TYPES),
    "types, named in full": ("import typing as t\nif t.TYPE_CHECKING:\n    from .. import roof", Kind.TYPES),
    "types, and": ("if TYPE_CHECKING and True:\n    import house.roof as top", Kind.TYPES),
    "types, else": ("if not TYPE_CHECKING:\n    pass\nelse:\n    import house.roof", Kind.TYPES),
    "not types": ("if TYPE_CHECKING:\n    pass\nelse:\n    import house.roof", Kind.TOP),
    "not types, either": ("if not TYPE_CHECKING:\n    import house.roof", Kind.TOP),
    "types inside": ("def f():\n    if TYPE_CHECKING:\n        import house.roof", Kind.TYPES),
    "inside": ("def f():\n    from house.roof import tiles", Kind.INSIDE),
    "inside, relative": ("def f():\n    from ..roof import tiles", Kind.INSIDE),
    "inside, as": ("def f():\n    if True:\n        import house.roof as top", Kind.INSIDE),
    "inside a method": (
        "class Hall:\n    async def f(self):\n        with x:\n            from .. import roof",
        Kind.INSIDE,
    ),
    "inside a lambda": ("f = lambda: __import__('house.roof')", Kind.INSIDE),
}


def tree(folder, files):
    """A package ``house`` of these modules; folders get an empty ``__init__`` unless there is one."""
    root = folder / "house"
    for name, text in files.items():
        path = root / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        for parent in {root, path.parent}:
            (parent / "__init__.py").touch()
    return root


def test_a_clean_tree_has_nothing_to_report(tmp_path):
    root = tree(tmp_path, CLEAN)
    names = ["", ".ground", ".ground.stones", ".roof", ".rooms", ".rooms.hall", ".rooms.kitchen"]
    assert sorted(modules(root)) == [f"house{name}" for name in names]
    assert violations(root, FLOORS) == circles(root) == deferred(root) == type_only(root) == []
    assert circles(root, ["ground", "rooms", "roof"]) == []


def test_imports_are_resolved_to_modules(tmp_path):
    assert imports(tree(tmp_path, CLEAN)) == [
        Import("house", "house.roof", Kind.TOP, 1),
        Import("house.ground.stones", "os", Kind.TOP, 1),
        Import("house.roof", "house.rooms.hall", Kind.TOP, 1),
        Import("house.roof", "house.ground", Kind.TOP, 2),
        Import("house.rooms.hall", "house.rooms.kitchen", Kind.TOP, 1),
        Import("house.rooms.hall", "house.ground.stones", Kind.TOP, 2),
        Import("house.rooms.kitchen", "house.ground.stones", Kind.TOP, 1),
    ]


@pytest.mark.parametrize(("code", "kind"), UPWARDS.values(), ids=UPWARDS)
def test_an_import_upwards_is_reported(tmp_path, code, kind):
    root = tree(tmp_path, CLEAN | {"rooms.hall": f"door = 1\n{code}"})
    (line,) = (i for i, text in enumerate(code.splitlines(), 2) if "roof" in text)
    report = f"house.rooms.hall, line {line}: imports house.roof {kind.value}"
    assert violations(root, FLOORS) == [f"{report}, from floor 1 up to floor 2"]
    assert circles(root) == [["house.roof", "house.rooms.hall"]]  # the roof imports the hall
    assert circles(root, ["ground", "rooms", "roof"]) == [["roof", "rooms"]]
    assert type_only(root) == ([report] if kind is Kind.TYPES else [])
    assert deferred(root) == ([report] if kind is Kind.INSIDE else [])


def test_the_package_itself_is_a_room(tmp_path):
    """Its own names come from ``__init__``, at the top: in that case from above."""
    for i, code in enumerate(["import house", "from house import version", "from .. import version"]):
        root = tree(tmp_path / str(i), CLEAN | {"rooms.hall": code})
        (found,) = violations(root, FLOORS)
        assert found.endswith("imports house at the top level, from floor 1 up to floor 3")
        assert circles(root) == [["house", "house.roof", "house.rooms.hall"]]


def test_a_name_that_hides_a_module_comes_from_the_package(tmp_path):
    """As in ``from house import roof`` if the package says ``from house.roof import roof``."""
    hides = CLEAN | {"__init__": "from house.roof import roof", "rooms.hall": "from house import roof"}
    targets = [each.target for each in imports(tree(tmp_path / "1", hides)) if each.importer == "house.rooms.hall"]
    assert targets == ["house.roof", "house"]
    shows = CLEAN | {"__init__": "from house import ground", "rooms.hall": "from house import ground"}
    targets = [each.target for each in imports(tree(tmp_path / "2", shows)) if each.importer == "house.rooms.hall"]
    assert targets == ["house.ground"]


CIRCLES = {
    "top": "import house.a",
    "types": "if TYPE_CHECKING:\n    from .a import name",
    "inside": "def f():\n    from house import a",
}


@pytest.mark.parametrize("code", CIRCLES.values(), ids=CIRCLES)
def test_a_circle_of_each_kind_is_found(tmp_path, code):
    files = {"a": "import house.b", "b": "from house import c", "c": code, "d": "import house.a", "e": ""}
    assert circles(tree(tmp_path, files)) == [["house.a", "house.b", "house.c"]]


def test_circles_are_told_apart_and_a_module_may_not_import_itself(tmp_path):
    files = {"a": "import house.b", "b": "import house.a", "c": "import house.d, house.a", "d": "import house.c"}
    root = tree(tmp_path, files | {"e": "from house import e", "f.g": "from . import h", "f.h": ""})
    assert circles(root) == [["house.a", "house.b"], ["house.c", "house.d"], ["house.e"]]


def test_rooms_may_form_a_circle_where_modules_do_not(tmp_path):
    root = tree(tmp_path, {"f.a": "import house.g.a", "g.a": "", "g.b": "import house.f.b", "f.b": "import house.f.c"})
    (root / "f" / "c.py").touch()
    assert circles(root) == []
    assert circles(root, ["f", "g"]) == [["f", "g"]]


def test_floors_must_be_complete_and_true(tmp_path):
    root = tree(tmp_path, CLEAN)
    assert violations(root, [["ground"], ["rooms"], ["roof"]]) == ["house: has no floor"]
    assert violations(root, [*FLOORS, ["cellar"]]) == ["cellar: there is no such room"]
    assert violations(root, [*FLOORS, ["rooms"]])[0] == "rooms: is on more than one floor"
    # a folder may span floors: the longest name of a room counts
    finer = [["ground", "rooms.kitchen"], ["rooms"], ["roof"], ["__init__"]]
    assert violations(root, finer) == []
    assert violations(root, [["ground", "rooms.hall"], ["rooms"], ["roof"], ["__init__"]]) == [
        "house.rooms.hall, line 1: imports house.rooms.kitchen at the top level, from floor 0 up to floor 1"
    ]


def test_rooms_are_no_beginnings_of_names(tmp_path):
    root = tree(tmp_path, {"room": "", "rooms": "import house.room"})
    assert violations(root, [["room"], ["rooms"], ["__init__"]]) == []
    assert violations(root, [["room"], ["__init__"]]) == ["house.rooms: has no floor"]


def test_late_imports_of_slow_packages_are_allowed_by_name(tmp_path):
    code = "def f():\n    import sympy.abc, scipy.stats\n    import json\n    from scipyx import a"
    root = tree(tmp_path, {"a": code})
    late = ["house.a, line 3: imports json inside a function", "house.a, line 4: imports scipyx inside a function"]
    assert deferred(root) == late
    assert deferred(root, allowed=["sympy", "scipy.stats", "json", "scipyx"]) == []
    assert len(deferred(root, allowed=["sympy", "scipy.stats.x", "json", "scipyx"])) == 1


def test_another_package_may_be_resolved_too(tmp_path):
    root = tree(tmp_path / "1", CLEAN)
    other = tmp_path / "2" / "garden"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("from house import ground, version\nfrom house.ground import stones")
    assert [each.target for each in imports(other)] == ["house", "house.ground"]
    assert [each.target for each in imports(other, root)] == ["house.ground", "house", "house.ground.stones"]


def test_a_folder_without_init_is_no_module(tmp_path):
    root = tree(tmp_path, CLEAN | {"rooms.hall": "from house.rooms import kitchen"})
    (root / "rooms" / "__init__.py").unlink()
    assert "house.rooms" not in modules(root)
    assert Import("house.rooms.hall", "house.rooms.kitchen", Kind.TOP, 1) in imports(root)
