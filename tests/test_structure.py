"""The shape of the package: data flows one way, start-up is light, nothing executes its input."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from structure import circles, deferred, type_only, violations

import approxbounds as ab
from approxbounds.theorem import Theorem

ROOT = Path(ab.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

#: Rooms from the ground up: a module imports from its own floor or from below, also for types and inside functions.
FLOORS = [
    ["errors", "version", "bisection", "files", "jsontext", "symbolic", "tables", "asymptotics", "workers"],
    ["validation", "arithmetic", "sources", "witness"],
    ["description", "parameters"],
    ["measures"],
    ["facts"],
    ["theorem"],
    ["render", "kernel", "registry"],
    ["certificate"],
    ["bound", "brackets", "members"],
    ["complexity"],
    ["transfer", "constructions", "coverings"],
    ["functions", "networks"],
    ["catalogue"],
    ["query", "extensions", "requirement"],
    ["verdict"],
    ["inverse", "sufficiency", "comparison", "sweep", "plots", "memorisation"],
    ["__init__"],
    ["cli", "testing"],
    ["__main__"],
]


def test_nothing_imports_upwards():
    assert violations(ROOT, FLOORS) == []


def test_no_circles():
    assert circles(ROOT) == []


def test_only_slow_packages_are_imported_late():
    slow = ("sympy", "matplotlib", "scipy", "pandas", "joblib", "dask", "distributed", "tqdm", "torch")
    assert deferred(ROOT, allowed=(*slow, "approxbounds.symbolic")) == []  # symbolic is SymPy


def test_types_are_imported_like_everything_else():
    assert type_only(ROOT) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imported_names_are_in_all(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "approxbounds":
            module = import_module(node.module)
            names = {alias.name for alias in node.names if not inspect.ismodule(getattr(module, alias.name))}
            assert not names - {"__version__"} - set(getattr(module, "__all__", ())), f"not in {node.module}.__all__"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_executes_its_input(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in {"eval", "exec", "sympify", "parse_expr", "__import__"}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"pickle", "marshal", "shelve", "dill"}


def test_files_are_short():
    assert {str(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 400} == set()


def test_only_the_arithmetic_and_its_users_touch_flint():
    users = {str(path.relative_to(ROOT)) for path in FILES if "import flint" in path.read_text(encoding="utf-8")}
    assert users == {"arithmetic/balls.py", "arithmetic/floats.py", "functions/bump.py", "functions/perfect_spline.py"}


def test_start_up_is_light():
    heavy = ("matplotlib.pyplot", "scipy.stats", "sympy")
    code = f"import sys, approxbounds; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_citation_is_in_the_bibliography():
    from approxbounds.sources import bibtex, reference_keys

    for theorem in ab.THEOREMS.values():
        assert theorem.citations
        for citation in theorem.citations:
            assert citation.key in reference_keys()
            assert citation.authors and citation.title and citation.year
        assert bibtex(theorem.citations).count("@") == len({c.key for c in theorem.citations})


def test_theorem_ids_are_unique_and_documented():
    def concrete(kind: type) -> set[type]:
        below = {found for child in kind.__subclasses__() for found in concrete(child)}
        return below if inspect.isabstract(kind) else below | {kind}

    modules = {name for name in sys.modules if name.startswith("approxbounds.")}  # tests make up others
    library = {kind for kind in concrete(Theorem) if kind.__module__ in modules}
    assert {type(theorem) for theorem in ab.THEOREMS.values()} == library
    assert len(ab.THEOREMS) == len(library)  # no id hides another
    for name, theorem in ab.THEOREMS.items():
        assert theorem.id == name
        assert theorem.__doc__ and theorem.title and "$" in theorem.statement
